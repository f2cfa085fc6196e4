/* SPDX-License-Identifier: Apache-2.0
 *
 * What cannot be done: interactions that a type does not offer, operations that
 * nobody knows, and one that is named without being defined.
 *
 * The real stack has one sentence for whatever it finds no method for, with the
 * path below the base and the names of the parameters; clients see it for a
 * mistyped operation as well as for a conditional update. An interaction with
 * an id that a type does not offer (DELETE of a Patient) is a matter of the
 * switch hapi_unknown_method: 405 with Allow as FHIR has it, or that sentence.
 *
 * readWithIncludes stands in the newer guide as an operation of Observation,
 * but no OperationDefinition was published, so nobody can tell what it takes
 * and answers: 501 says so, where an invented answer would mislead.
 *
 * FHIR R4 3.1.0; facts: fhir-rest.md 1.1, kanta.md 4.1.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <string.h>

/* ---- what no method is there for -------------------------------------- */

static bool named_before(const struct http_pair *pair, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(pair[k].name, pair[i].name) == 0)
			return true;
	return false;
}

/* "a, b": the names of the query's parameters, each once. */
static const char *parameter_names(struct rq *rq)
{
	struct err ignored = {.kind = ERR_NONE};
	struct http_pair *pair = NULL;
	struct buf b;
	size_t n = 0;

	buf_init(&b, rq->arena);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &ignored))
		return b.p;
	for (size_t i = 0; i < n; i++)
		if (*pair[i].name && !named_before(pair, i))
			buf_printf(&b, "%s%.64s", b.len > 0 ? ", " : "",
				   pair[i].name);
	return b.p;
}

/* The path below the base, without slashes at its ends. */
static const char *operation_path(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const char *p = rq->path;
	size_t n;

	if (text_begins(p, f->base))
		p += strlen(f->base);
	p += *p == '/';
	n = strlen(p);
	n -= n > 0 && p[n - 1] == '/';
	return arena_strndup(rq->arena, p, n);
}

bool fhir_unknown(struct rq *rq)
{
	return err_set(&rq->err, ERR_INVALID, RULE_INTERACTION, NULL,
		       "Invalid request: The FHIR endpoint on this server does "
		       "not know how to handle %s operation[%.200s] with "
		       "parameters [[%.200s]]",
		       rq->method, operation_path(rq), parameter_names(rq));
}

/* ---- what a type does not offer --------------------------------------- */

static const struct {
	unsigned ia;
	const char *method;
} of_an_id[] = {
    {IA_READ, "GET, HEAD, "},
    {IA_UPDATE, "PUT, "},
    {IA_DELETE, "DELETE, "},
};

static bool refuse_method(struct rq *rq, const struct record_type *t)
{
	struct buf allow;

	buf_init(&allow, rq->arena);
	for (size_t i = 0; i < LEN(of_an_id); i++)
		if (t->interactions & of_an_id[i].ia)
			buf_puts(&allow, of_an_id[i].method);
	rq_header(rq, "Allow", "%sOPTIONS", allow.p);
	return err_set(&rq->err, ERR_METHOD, RULE_INTERACTION, NULL,
		       "%s is not possible for the type %s", rq->method,
		       t->type);
}

bool fhir_offers(struct rq *rq, enum interaction ia,
		 const struct record_type **out)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t =
	    record_type_find(f->version, rq_param(rq, "type"));

	assert(t); /* by fhir_guard_type */
	*out = t;
	if (t->interactions & (unsigned)ia)
		return true;
	if ((ia == IA_UPDATE || ia == IA_DELETE) && *rq_param(rq, "id") &&
	    f->record->settings.hapi_unknown_method == 405)
		return refuse_method(rq, t);
	return fhir_unknown(rq);
}

/* ---- what is named and not defined ------------------------------------ */

bool fhir_not_defined(struct rq *rq)
{
	return err_set(
	    &rq->err, ERR_NOT_IMPLEMENTED, RULE_NOT_DEFINED, NULL,
	    "The operation readWithIncludes is named in the service's "
	    "guide, but its definition is not published: what it "
	    "takes and answers is not known. Read the resource, and "
	    "search for what refers to it");
}
