/* SPDX-License-Identifier: Apache-2.0
 *
 * condition: a resource that a request names by a search instead of an id.
 *
 *	If-None-Exist: identifier=system|value
 *	PUT Type?identifier=..   DELETE Type?identifier=..
 *	a reference "Patient?identifier=.." in a transaction
 *
 * The service allows one condition, an identifier, and looks only in the
 * caller's own record. The condition may come with "?" or "Type?" before it,
 * as clients send it. Everything in it has to name an identifier: what would
 * match more than its author meant is refused.
 *
 * FHIR R4 3.1.0.8.1; facts: fhir-rest.md 2.2, 2.5, 2.6, kanta.md 4.4.
 */
#include "fhir/search_int.h"

#include <string.h>

#define CONDITION_PAIRS	 20
#define CONDITION_VALUES 100

struct condition {
	struct rq *rq;
	const struct record_type *type;
	const char *text; /* as it was sent */
	const char *what; /* "CREATE", ...; or NULL */
};

static bool refuse(const struct condition *c, const char *why)
{
	const bool create = text_is(c->what, "CREATE");

	return err_set(&c->rq->err, ERR_INVALID, RULE_CONDITION, NULL,
		       "Invalid %s \"%.200s\": %s",
		       create ? "If-None-Exist" : "condition", c->text, why);
}

/* The pairs behind "?" or "Type?". */
static bool read_pairs(const struct condition *c, struct http_pair **pair,
		       size_t *n)
{
	const char *type = c->type->type, *query = c->text;
	const size_t before = strcspn(query, "?=");

	if (query[before] == '?') {
		if (before > 0 && (before != strlen(type) ||
				   strncmp(query, type, before) != 0))
			return refuse(c, "it is about another type");
		query += before + 1;
	}
	if (!http_form(c->rq->arena, query, strlen(query), pair, n,
		       &c->rq->err))
		return false;
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*pair)[i].name, "identifier") != 0)
			return refuse(c, "only identifier is allowed as a "
					 "condition");
	if (*n == 0)
		return refuse(c, "it names no identifier");
	return *n <= CONDITION_PAIRS || refuse(c, "it is too long");
}

/* One pair: its identifiers become the values of a clause. */
static bool read_values(const struct condition *c, const char *list,
			struct store_clause *clause)
{
	const struct value_context v = {c->rq->arena, NULL, &c->rq->err};
	struct store_value *value =
	    arena_alloc(c->rq->arena, CONDITION_VALUES * sizeof(*value));
	const char *part;

	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);
		struct store_value *at = &value[clause->n];

		if (k == 0)
			continue;
		if (clause->n == CONDITION_VALUES)
			return refuse(c, "it is too long");
		if (!fhir_value_token(&v, part, k, at))
			return false;
		if (!at->value && !(at->system && *at->system))
			return refuse(c, "it names no identifier");
		clause->n++;
	}
	clause->value = value;
	return clause->n > 0 || refuse(c, "it names no identifier");
}

static bool read_query(const struct condition *c, struct store_query *q)
{
	const struct fhir *f = c->rq->ctx;
	const struct record_param *p =
	    record_param_find(f->record, f->version, c->type, "identifier");
	struct store_clause *clause;
	struct http_pair *pair = NULL;
	size_t n = 0;

	if (!p)
		return refuse(c, "this type has no identifier to search by");
	if (!read_pairs(c, &pair, &n))
		return false;
	clause = arena_alloc(c->rq->arena, n * sizeof(*clause));
	for (size_t i = 0; i < n; i++) {
		clause[i].param = p->rows ? p->rows[0] : p->name;
		if (!read_values(c, pair[i].value, &clause[i]))
			return false;
	}
	q->clause = clause;
	q->clause_count = n;
	return true;
}

bool fhir_condition_find(struct rq *rq, const struct record_type *t,
			 const char *text, const char *what,
			 struct store_resource *out, size_t *n)
{
	const struct fhir *f = rq->ctx;
	const struct condition c = {rq, t, text, what};
	struct store_query q = {
	    .fhir = (int)f->version,
	    .type = t->type,
	    .patient = t->shared ? NULL : rq->grant->patient,
	    .limit = 2,
	};
	struct store_found found;

	*n = 0;
	if (!read_query(&c, &q) ||
	    !store_search(f->record->store, rq->arena, &q, &found, &rq->err))
		return false;
	*n = (size_t)found.total;
	if (*n > 1 && what)
		return err_set(&rq->err, ERR_PRECONDITION, RULE_CONDITION, NULL,
			       "Failed to %s resource with match URL "
			       "\"%.300s\" because this search matched %d "
			       "resources",
			       what, text, (int)*n);
	if (*n > 0)
		*out = found.v[0];
	return true;
}
