/* SPDX-License-Identifier: Apache-2.0
 *
 * clause_reference: references to look for, the citizen's above all.
 *
 * A reference is stored as "Type/id" when it is local and as it stands when it
 * is not; so it is looked for. A bare id means each type that the parameter may
 * lead to, or the one that the modifier names (subject:Patient=1). :identifier
 * is a token on the identifier that a reference may carry.
 *
 * patient= and subject= of the type that is searched name the citizen. Where
 * the token has one, another is refused, and no clause is needed: the query is
 * restricted to that citizen anyway. In the open sandbox the one that is named
 * becomes the query's patient.
 *
 * FHIR R4 3.1.1.4.11; facts: fhir-rest.md 4.6, 4.9.
 */
#include "fhir/search_int.h"

#include <string.h>

/* ---- the citizen ------------------------------------------------------- */

static bool refuse_other(struct reading *g)
{
	const bool hide = g->rules->settings->patient_mismatch_status == 404;

	return err_set(g->err, hide ? ERR_NOT_FOUND : ERR_FORBIDDEN,
		       RULE_OTHER_PATIENT, NULL,
		       "Access denied: the search is for another patient than "
		       "the one who granted the permission");
}

static const char *patient_id(const char *reference)
{
	if (text_begins(reference, "Patient/"))
		reference += 8;
	return strpbrk(reference, "/:") ? NULL : reference;
}

static bool check_patient(struct reading *g, const struct store_value *v,
			  size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!text_same(patient_id(v[i].value), g->rules->patient))
			return refuse_other(g);
	return true;
}

/* In the open sandbox: the one patient who is named for the first time. */
static bool becomes_patient(struct reading *g, const struct store_value *v,
			    size_t n)
{
	struct store_query *q = &g->out->query;

	if (n != 1 || q->patient || g->rules->type->shared ||
	    !patient_id(v[0].value))
		return false;
	q->patient = patient_id(v[0].value);
	return true;
}

/* ---- references ---------------------------------------------------------- */

static size_t target_count(const struct record_param *p)
{
	size_t n = 0;

	while (p->targets && p->targets[n])
		n++;
	return n;
}

/* A bare id becomes a reference of each type that may be meant. */
static size_t add_types(const struct reading *g, const struct record_param *p,
			const char *type, const struct store_value *v,
			struct store_value *out)
{
	const char *const one[] = {type ? type : p->target, NULL};
	const char *const *types = one[0] ? one : p->targets;
	size_t n = 0;

	out[0] = *v;
	if (strpbrk(v->value, "/:") || !types)
		return 1;
	for (; types[n]; n++) {
		out[n] = *v;
		out[n].value =
		    arena_printf(g->arena, "%s/%s", types[n], v->value);
	}
	return n;
}

static bool add_list(struct reading *g, struct clauses *c,
		     const struct record_param *p, const char *type,
		     const struct store_value *v, size_t n)
{
	const size_t most = 1 + target_count(p);
	struct store_clause *clause;
	struct store_value *out;

	if (n == 0)
		return true;
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	out = arena_alloc(g->arena, n * most * sizeof(*out));
	clause->param = fhir_param_row(p, &clause->also);
	clause->value = out;
	for (size_t i = 0; i < n; i++)
		clause->n += add_types(g, p, type, &v[i], out + clause->n);
	g->references += clause->n - n;
	return g->references <= STORE_SEARCH_VALUES ||
	       err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Too many search values: an id without its type stands "
		       "for one of each type that \"%s\" may lead to; write "
		       "the type before it, as in Patient/[id]",
		       p->name);
}

/* Of the type that is searched, not of one that a chain leads to. */
static bool names_citizen(const struct reading *g, const struct clauses *c,
			  const struct named *q)
{
	return g->depth == 0 && c->type == g->rules->type && !c->type->shared &&
	       (text_is(q->name, "patient") || text_is(q->name, "subject"));
}

static bool add_identifier(struct reading *g, struct clauses *c,
			   const struct record_param *p, const struct named *q)
{
	const char *also, *row = fhir_param_row(p, &also);
	struct store_clause *clause;
	struct store_value *v;
	size_t n;

	if (!fhir_read_list(g, q->value, fhir_value_token, &v, &n))
		return false;
	if (n == 0)
		return true;
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	clause->param = arena_printf(g->arena, "%s:identifier", row);
	clause->value = v;
	clause->n = n;
	return true;
}

static bool is_type(const struct reading *g, const struct record_param *p,
		    const char *name)
{
	for (size_t i = 0; i < target_count(p); i++)
		if (strcmp(p->targets[i], name) == 0)
			return true;
	return !p->targets && record_type_find(g->rules->fhir, name);
}

bool fhir_add_reference(struct reading *g, struct clauses *c,
			const struct record_param *p, const struct named *q)
{
	const bool citizen = names_citizen(g, c, q);
	struct store_value *v;
	size_t n;

	if (text_is(q->modifier, "identifier")) {
		g->patient |= citizen;
		return add_identifier(g, c, p, q);
	}
	if (q->modifier && !is_type(g, p, q->modifier) &&
	    !(citizen && text_is(q->modifier, "Patient")))
		return fhir_bad_modifier(g, q);
	if (!fhir_read_list(g, q->value, fhir_value_reference, &v, &n))
		return false;
	if (!citizen)
		return add_list(g, c, p, q->modifier, v, n);
	g->patient |= n > 0;
	if (g->rules->patient)
		return check_patient(g, v, n);
	return becomes_patient(g, v, n) ||
	       add_list(g, c, p, q->modifier ? q->modifier : "Patient", v, n);
}
