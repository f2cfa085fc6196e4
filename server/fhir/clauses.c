/* SPDX-License-Identifier: Apache-2.0
 *
 * clauses: one parameter of a query becomes clauses of a store_query.
 *
 *	param=a,b	a row of the parameter has one of the values
 *	param:modifier	read by another reader, or negative: no row has
 *	param:missing	there is a row, or (true) there is none
 *	param.chain	clause_chain.c
 *
 * One table says which modifiers a type of parameter takes and how a value is
 * read then (value.c); what becomes more than a list of values has a function
 * of its own (codes of value sets, references, composites). A parameter may
 * stand for two others (combo-code), whose rows count both.
 *
 * The same functions read what a chain asks of the resources that it leads to,
 * so everything here is told the type it is about.
 *
 * FHIR R4 3.1.1.4, 3.1.1.5; facts: fhir-rest.md 4.2 to 4.7.
 */
#include "fhir/search_int.h"

#include <string.h>

/* ---- refusals -------------------------------------------------------- */

bool fhir_bad_value(struct reading *g, const char *name, const char *why)
{
	return err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Invalid value of search parameter \"%.64s\": %s", name,
		       why);
}

bool fhir_bad_modifier(struct reading *g, const struct named *q)
{
	return err_set(g->err, ERR_INVALID, RULE_MODIFIER, NULL,
		       "Modifier \":%.64s\" is not supported for search "
		       "parameter \"%.64s\"",
		       q->modifier ? q->modifier : q->chain, q->name);
}

/* ---- names ------------------------------------------------------------ */

struct named fhir_named(struct arena *a, const struct http_pair *pair)
{
	const char *name = pair->name;
	const size_t n = strcspn(name, ":.");
	struct named q = {.value = pair->value};
	size_t k;

	q.name = arena_strndup(a, name, n);
	name += n;
	if (*name == ':' && text_is(q.name, "_has")) {
		q.modifier = name + 1;
		return q;
	}
	if (*name == ':') {
		k = strcspn(name + 1, ".");
		q.modifier = arena_strndup(a, name + 1, k);
		name += k + 1;
	}
	if (*name == '.')
		q.chain = name + 1;
	return q;
}

const struct record_param *fhir_find_param(const struct search_rules *r,
					   const struct record_type *t,
					   const char *name)
{
	/* what FHIR names and nobody indexes */
	static const char *const not_here[] = {
	    "_content", "_filter", "_in", "_list", "_query", "_text", "_type",
	};

	for (size_t i = 0; i < LEN(not_here); i++)
		if (strcmp(not_here[i], name) == 0)
			return NULL;
	return record_param_find(r->record, r->fhir, t, name);
}

const char *fhir_param_row(const struct record_param *p, const char **also)
{
	*also = NULL;
	if (!p->rows || !p->rows[0])
		return p->name;
	*also = p->rows[1];
	return p->rows[0];
}

enum param_type fhir_param_type(const struct record_param *p)
{
	return p->type;
}

/* ---- clauses, lists of values ------------------------------------------ */

struct store_clause *fhir_new_clause(struct reading *g, struct clauses *c)
{
	struct store_clause *v;

	if (g->clauses++ == SEARCH_CLAUSES) {
		(void)err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
			      "Too many search parameters: at most %d in one "
			      "query",
			      SEARCH_CLAUSES);
		return NULL;
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 8;
		v = arena_alloc(g->arena, c->cap * sizeof(*v));
		if (c->n > 0)
			memcpy(v, c->v, c->n * sizeof(*v));
		c->v = v;
	}
	c->v[c->n] = (struct store_clause){.kind = CLAUSE_VALUES};
	return &c->v[c->n++];
}

static size_t parts(const char *list)
{
	const char *part;
	size_t n = 0;

	for (; list; n++)
		fhir_value_part(&list, ',', &part);
	return n;
}

/* Room for the values of a list; false: they are too many. */
static bool take_values(struct reading *g, size_t n)
{
	g->values += n;
	return g->values <= SEARCH_VALUES ||
	       err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Too many search values: at most %d in one query",
		       SEARCH_VALUES);
}

bool fhir_read_list(struct reading *g, const char *list,
		    fhir_value_reader *read, struct store_value **out,
		    size_t *n)
{
	const struct value_context c = {g->arena, g->rules, g->err};
	const size_t all = parts(list);
	const char *part;

	*n = 0;
	*out = NULL;
	if (!take_values(g, all))
		return false;
	*out = arena_alloc(g->arena, all * sizeof(**out));
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);

		if (k > 0 && !read(&c, part, k, &(*out)[(*n)++]))
			return false;
	}
	return true;
}

/* Values of the parameter's rows; without any there is nothing to hold. */
static bool add_values(struct reading *g, struct clauses *c, const char *row,
		       const char *also, struct store_value *v, size_t n,
		       bool negative)
{
	struct store_clause *clause;

	if (n == 0)
		return true;
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	clause->param = row;
	clause->also = also;
	clause->value = v;
	clause->n = n;
	clause->negative = negative;
	return true;
}

/* ---- :missing ----------------------------------------------------------- */

static bool read_missing(struct reading *g, const struct named *q,
			 bool *missing)
{
	if (!g->rules->settings->missing_modifier)
		return err_set(g->err, ERR_METHOD, RULE_MODIFIER, NULL,
			       ":missing modifier is disabled on this server");
	*missing = text_is(q->value, "true");
	return *missing || text_is(q->value, "false") ||
	       fhir_bad_value(g, q->name, ":missing is true or false");
}

static bool add_missing(struct reading *g, struct clauses *c,
			const struct record_param *p, const struct named *q)
{
	struct store_value *any = arena_alloc(g->arena, sizeof(*any));
	const char *also, *row = fhir_param_row(p, &also);
	bool missing = false;

	if (!read_missing(g, q, &missing))
		return false;
	any->op = OP_ANY;
	return add_values(g, c, row, also, any, 1, missing);
}

/* ---- _id, which every resource has ------------------------- */

bool fhir_missing_always(struct reading *g, struct clauses *c,
			 const struct named *q)
{
	struct store_value *none;
	bool missing = false;

	if (!read_missing(g, q, &missing))
		return false;
	if (!missing)
		return true;
	none = arena_alloc(g->arena, sizeof(*none));
	*none = (struct store_value){.op = OP_ID, .value = ""};
	return add_values(g, c, "_id", NULL, none, 1, false);
}

static bool add_id(struct reading *g, struct clauses *c, const struct named *q)
{
	const bool not = text_is(q->modifier, "not");
	struct store_value *v = NULL;
	size_t n = 0;

	if (text_is(q->modifier, "missing"))
		return fhir_missing_always(g, c, q);
	if (q->modifier && !not )
		return fhir_bad_modifier(g, q);
	return fhir_read_list(g, q->value, fhir_value_id, &v, &n) &&
	       add_values(g, c, "_id", NULL, v, n, not );
}

/* ---- values, as their modifier says ------------------------------------- */

static const struct reader {
	const char *modifier; /* NULL: without */
	fhir_value_reader *read;
	enum param_type type;
	bool negative;
} readers[] = {
    {NULL, fhir_value_token, PARAM_TOKEN, false},
    {"not", fhir_value_token, PARAM_TOKEN, true},
    {"text", fhir_value_token_text, PARAM_TOKEN, false},
    {NULL, fhir_value_date, PARAM_DATE, false},
    {NULL, fhir_value_uri, PARAM_URI, false},
    {"above", fhir_value_uri_above, PARAM_URI, false},
    {"below", fhir_value_uri_below, PARAM_URI, false},
    {NULL, fhir_value_string, PARAM_STRING, false},
    {"exact", fhir_value_string_exact, PARAM_STRING, false},
    {"contains", fhir_value_string_contains, PARAM_STRING, false},
    {NULL, fhir_value_number, PARAM_NUMBER, false},
    {NULL, fhir_value_quantity, PARAM_QUANTITY, false},
    {NULL, fhir_value_reference, PARAM_REFERENCE, false},
};

static const struct reader *reader_of(enum param_type type,
				      const char *modifier)
{
	for (size_t i = 0; i < LEN(readers); i++)
		if (readers[i].type == type &&
		    text_same(readers[i].modifier, modifier))
			return &readers[i];
	return NULL;
}

static bool add_plain(struct reading *g, struct clauses *c,
		      const struct record_param *p, const struct named *q)
{
	const struct reader *how = reader_of(fhir_param_type(p), q->modifier);
	const char *also, *row = fhir_param_row(p, &also);
	struct store_value *v = NULL;
	size_t n = 0;

	if (!how)
		return fhir_bad_modifier(g, q);
	if (!fhir_read_list(g, q->value, how->read, &v, &n))
		return false;
	if (how->read == fhir_value_token)
		fhir_default_system(g, p, v, n);
	return add_values(g, c, row, also, v, n, how->negative);
}

static bool add_token(struct reading *g, struct clauses *c,
		      const struct record_param *p, const struct named *q)
{
	static const char *const of_codes[] = {"in", "not-in", "above",
					       "below"};

	for (size_t i = 0; i < LEN(of_codes); i++)
		if (text_is(q->modifier, of_codes[i]))
			return fhir_add_codes(g, c, p, q);
	return add_plain(g, c, p, q);
}

/* ---- composites ---------------------------------------------------------- */

/* The readers of both parts, by the parameters whose rows they look at. */
static bool part_readers(struct reading *g, const struct clauses *c,
			 const struct record_param *p, fhir_value_reader *out[])
{
	const char *const *const rows[] = {p->rows, p->rows2};

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct record_param *part =
		    rows[i] ? fhir_find_param(g->rules, c->type, rows[i][0])
			    : NULL;
		const struct reader *how =
		    part ? reader_of(fhir_param_type(part), NULL) : NULL;

		if (!how)
			return false;
		out[i] = how->read;
	}
	return true;
}

static bool read_pair(struct reading *g, const struct named *q,
		      fhir_value_reader *const read[], const char *p, size_t n,
		      struct store_value *v)
{
	const struct value_context c = {g->arena, g->rules, g->err};
	const char *rest = arena_strndup(g->arena, p, n), *first, *second;
	const size_t k = fhir_value_part(&rest, '$', &first);
	size_t m = rest ? fhir_value_part(&rest, '$', &second) : 0;

	if (k == 0 || m == 0 || rest)
		return fhir_bad_value(g, q->name,
				      "a composite has two parts with $ "
				      "between them");
	return read[0](&c, first, k, &v[0]) && read[1](&c, second, m, &v[1]);
}

static bool add_composite(struct reading *g, struct clauses *c,
			  const struct record_param *p, const struct named *q)
{
	const size_t all = parts(q->value);
	fhir_value_reader *read[2];
	const char *list = q->value, *part;
	struct store_clause *clause;
	struct store_value *v;
	size_t n = 0;

	if (q->modifier || !part_readers(g, c, p, read))
		return fhir_bad_modifier(g, q);
	if (!take_values(g, 2 * all))
		return false;
	v = arena_alloc(g->arena, 2 * all * sizeof(*v));
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);

		if (k == 0)
			continue;
		if (!read_pair(g, q, read, part, k, &v[n]))
			return false;
		n += 2;
	}
	if (!add_values(g, c, p->rows[0], p->rows[1], v, n, false) || n == 0)
		return n == 0;
	clause = &c->v[c->n - 1];
	clause->kind = CLAUSE_COMPOSITE;
	clause->param2 = p->rows2[0];
	clause->also2 = p->rows2[1];
	return true;
}

/* ---- one parameter --------------------------------------------------- */

static bool add_param(struct reading *g, struct clauses *c,
		      const struct record_param *p, const struct named *q)
{
	const enum param_type type = fhir_param_type(p);

	if (q->chain)
		return fhir_add_chain(g, c, p, q);
	if (text_is(q->modifier, "missing"))
		return add_missing(g, c, p, q);
	switch (type) {
	case PARAM_TOKEN: return add_token(g, c, p, q);
	case PARAM_REFERENCE: return fhir_add_reference(g, c, p, q);
	case PARAM_COMPOSITE: return add_composite(g, c, p, q);
	default: return add_plain(g, c, p, q);
	}
}

bool fhir_add_clauses(struct reading *g, struct clauses *c,
		      const struct named *q, bool *known)
{
	const struct record_param *p;

	*known = true;
	if (text_is(q->name, "_has"))
		return fhir_add_reverse(g, c, q);
	if (text_is(q->name, "_id") && !q->chain)
		return add_id(g, c, q);
	if (text_is(q->name, "_lastUpdated") && !q->chain)
		return fhir_add_updated(g, c, q);
	p = fhir_find_param(g->rules, c->type, q->name);
	if (!p || *q->name == '\0') {
		*known = false;
		return true;
	}
	return add_param(g, c, p, q);
}
