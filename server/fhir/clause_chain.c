/* SPDX-License-Identifier: Apache-2.0
 *
 * clause_chain: conditions on the resources that a reference leads to, and on
 * those that lead here.
 *
 *	subject:Patient.identifier=x	a clause CLAUSE_CHAIN
 *	_has:Observation:patient:code=x	a clause CLAUSE_REVERSE
 *
 * What follows is read as a parameter of the other type, so chains nest; their
 * depth is bounded (SEARCH_DEPTH). A chain that does not say which type it
 * means goes to every type that the reference may lead to and that has the
 * parameter, all of them with the same kind of it.
 *
 * Whoever may not search a type may not look at it this way either: the token's
 * scope has to hold it. That the resources looked at are the caller's own, the
 * store sees to: it looks at no others than the query's patient's.
 *
 * Limit: a chain follows references, not canonical URLs.
 *
 * FHIR R4 3.1.1.5.6, 3.1.1.5.7; facts: fhir-rest.md 4.1, 4.6.
 */
#include "fhir/search_int.h"

#include <string.h>

bool fhir_bad_chain(struct reading *g, const struct named *q)
{
	return err_set(g->err, ERR_INVALID, RULE_CHAIN, NULL,
		       "Invalid parameter chain: %.64s%s%.64s%s%.128s", q->name,
		       q->modifier ? ":" : "", q->modifier ? q->modifier : "",
		       q->chain ? "." : "", q->chain ? q->chain : "");
}

bool fhir_may_see(const struct search_rules *r, const char *type)
{
	const struct record_type *t = record_type_find(r->fhir, type);

	/* definitions are nobody's data: there is no scope for them */
	return !r->scope || (t && t->definition) ||
	       scope_allows(r->scope, type, false);
}

static bool not_in_scope(struct reading *g, const char *type)
{
	return err_set(g->err, ERR_FORBIDDEN, "insufficient_scope", NULL,
		       "The token's scope does not hold patient/%s.read", type);
}

static bool deeper(struct reading *g)
{
	return ++g->depth <= SEARCH_DEPTH ||
	       err_set(g->err, ERR_INVALID, RULE_CHAIN, NULL,
		       "A chain may have at most %d steps", SEARCH_DEPTH);
}

/* What is asked of the other resources, with the pair's name cut to it. */
static bool read_rest(struct reading *g, const struct record_type *t,
		      const char *name, const char *value,
		      struct store_clause *out, bool *known)
{
	const struct http_pair pair = {name, value};
	const struct named q = fhir_named(g->arena, &pair);
	struct clauses sub = {.type = t};

	if (!deeper(g) || !fhir_add_clauses(g, &sub, &q, known))
		return false;
	g->depth--;
	out->sub = sub.v;
	out->sub_count = sub.n;
	return true;
}

/* ---- chains ---------------------------------------------------------------
 */

/* Can it have the first parameter of the chain, of the same type as the first
 * of them? */
static bool fits(const struct reading *g, const struct record_type *t,
		 const struct record_type *first, const char *chain)
{
	const struct http_pair pair = {chain, ""};
	const char *name = fhir_named(g->arena, &pair).name;
	const struct record_param *p, *as;

	if (*name == '_' && !fhir_find_param(g->rules, t, name))
		return text_is(name, "_id") || text_is(name, "_lastUpdated") ||
		       text_is(name, "_has");
	p = fhir_find_param(g->rules, t, name);
	if (!p || !first)
		return p != NULL;
	as = fhir_find_param(g->rules, first, name);
	return as && fhir_param_type(as) == fhir_param_type(p);
}

bool fhir_leads_to(const struct record_param *p, const char *type)
{
	if (!p->targets)
		return true;
	for (const char *const *t = p->targets; *t; t++)
		if (strcmp(*t, type) == 0)
			return true;
	return false;
}

/* The types that the chain may go to; NULL with g->err set. */
static const char *const *targets(struct reading *g,
				  const struct record_param *p,
				  const struct named *q,
				  const struct record_type **first)
{
	const enum fhir_version v = g->rules->fhir;
	const struct record_type *t;
	const char **out, *hidden = NULL;
	size_t n = 0, all = 0;

	while (record_type_at(v, all))
		all++;
	out = arena_alloc(g->arena, (all + 1) * sizeof(*out));
	*first = NULL;
	for (size_t i = 0; (t = record_type_at(v, i)) != NULL; i++) {
		if ((q->modifier && !text_is(t->type, q->modifier)) ||
		    !fhir_leads_to(p, t->type) || !fits(g, t, *first, q->chain))
			continue;
		if (!fhir_may_see(g->rules, t->type)) {
			hidden = t->type;
			continue;
		}
		if (!*first)
			*first = t;
		out[n++] = t->type;
	}
	if (n > 0)
		return out;
	(void)(hidden ? not_in_scope(g, hidden) : fhir_bad_chain(g, q));
	return NULL;
}

bool fhir_add_chain(struct reading *g, struct clauses *c,
		    const struct record_param *p, const struct named *q)
{
	struct store_clause *clause;
	const struct record_type *first;
	const char *const *types;
	const char *also;
	size_t at;
	bool known;

	if (fhir_param_type(p) != PARAM_REFERENCE || !*q->chain)
		return fhir_bad_chain(g, q);
	types = targets(g, p, q, &first);
	clause = types ? fhir_new_clause(g, c) : NULL;
	if (!clause)
		return false;
	at = c->n - 1;
	clause->kind = CLAUSE_CHAIN;
	clause->param = fhir_param_row(p, &also);
	clause->also = also;
	clause->types = types;
	if (!read_rest(g, first, q->chain, q->value, &c->v[at], &known))
		return false;
	if (text_is(q->name, "patient") && g->depth == 0)
		g->patient = true;
	return known || fhir_bad_chain(g, q);
}

/* ---- _has ------------------------------------------------------------------
 */

static bool bad_has(struct reading *g, const struct named *q)
{
	return err_set(g->err, ERR_INVALID, RULE_CHAIN, NULL,
		       "Invalid _has parameter syntax: _has%s%.128s (it is "
		       "_has:Type:reference:parameter)",
		       q->modifier ? ":" : "", q->modifier ? q->modifier : "");
}

/* The next word of "Type:param:rest"; *s moves behind the colon. */
static const char *word(struct arena *a, const char **s)
{
	const size_t n = strcspn(*s, ":");
	const char *out = arena_strndup(a, *s, n);

	*s += n + ((*s)[n] == ':');
	return out;
}

/* The reference of t by which it leads to c's type. */
static const struct record_param *leads_here(struct reading *g,
					     const struct record_type *t,
					     const char *name,
					     const struct clauses *c)
{
	const struct record_param *p = fhir_find_param(g->rules, t, name);

	if (!p || fhir_param_type(p) != PARAM_REFERENCE ||
	    !fhir_leads_to(p, c->type->type))
		return NULL;
	return p;
}

bool fhir_add_reverse(struct reading *g, struct clauses *c,
		      const struct named *q)
{
	const char *rest = q->modifier ? q->modifier : "", *also, **types;
	const char *type = word(g->arena, &rest);
	const char *name = word(g->arena, &rest);
	const struct record_type *t = record_type_find(g->rules->fhir, type);
	const struct record_param *p = t ? leads_here(g, t, name, c) : NULL;
	struct store_clause *clause;
	size_t at;
	bool known;

	if (!p || !*rest)
		return bad_has(g, q);
	if (!fhir_may_see(g->rules, type))
		return not_in_scope(g, type);
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	at = c->n - 1;
	types = arena_alloc(g->arena, 2 * sizeof(*types));
	types[0] = t->type;
	clause->kind = CLAUSE_REVERSE;
	clause->param = fhir_param_row(p, &also);
	clause->also = also;
	clause->types = types;
	if (!read_rest(g, t, rest, q->value, &c->v[at], &known))
		return false;
	return known || bad_has(g, q);
}
