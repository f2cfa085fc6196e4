/* SPDX-License-Identifier: Apache-2.0
 *
 * The search grammar: a query becomes a store_query.
 *
 *	query	:= pair ('&' pair)*
 *	pair	:= name '=' value (',' value)*
 *	name	:= param [':' modifier] ['.' name] | '_has:' Type ':' param ':'
 *		   name
 *
 * All pairs hold (repeating is AND), and of a pair one of its values. Here are
 * the pairs that say what the answer looks like; those that say what is looked
 * for become clauses (clauses.c and below), by record's table of parameters.
 * Empty values count as absent. A parameter that nobody knows is ignored and
 * logged, or refused, by switch and by Prefer.
 *
 * Only the caller's own patient can be asked for, and the query is restricted
 * to it whatever it says. A type that is shared is not restricted.
 *
 * Limits: those of search_int.h; they are refused, never cut.
 *
 * FHIR R4 3.1.1; facts: fhir-rest.md section 4, kanta.md 4.1.
 */
#include "fhir/search_int.h"

#include <stdlib.h>
#include <string.h>

/* What becomes of a query beside its clauses. */
struct query {
	struct reading g;
	struct clauses clauses;
	struct store_sort *sort;
	int64_t count; /* -1: none given */
};

/* ---- parameters about the answer ------------------------------------- */

bool fhir_read_count(const char *s, int64_t *out)
{
	const size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 18 || s[n])
		return false;
	*out = strtoll(s, NULL, 10);
	return true;
}

/* What is not a number is ignored, as the real stack does. */
static bool set_count(struct query *y, const struct named *q)
{
	int64_t n;

	if (fhir_read_count(q->value, &n))
		y->count = n;
	return true;
}

static bool bad_sort(struct reading *g, const char *name)
{
	return err_set(g->err, ERR_INVALID, RULE_SORT, NULL,
		       "Unknown _sort parameter value \"%.64s\"", name);
}

/* The index rows to sort by; NULL: there are none. */
static const char *sort_rows(const struct reading *g, const char *name)
{
	const struct search_rules *r = g->rules;
	const struct record_param *p;
	const char *also;

	if (text_is(name, "_id") || text_is(name, "_lastUpdated"))
		return name;
	p = fhir_find_param(r, r->type, name);
	if (!p || fhir_param_type(p) == PARAM_COMPOSITE)
		return NULL;
	return fhir_param_row(p, &also);
}

static bool add_sort(struct query *y, const struct named *q)
{
	struct store_query *query = &y->g.out->query;
	const bool falling = text_is(q->modifier, "desc");
	const char *list = q->value, *part;

	if (q->modifier && !falling && !text_is(q->modifier, "asc"))
		return fhir_bad_modifier(&y->g, q);
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);
		struct store_sort s = {.descending = falling};
		const char *name;

		if (k > 0 && *part == '-') {
			s.descending = true;
			part++, k--;
		}
		name = arena_strndup(y->g.arena, part, k);
		s.param = sort_rows(&y->g, name);
		if (!s.param)
			return bad_sort(&y->g, name);
		if (query->sort_count == SEARCH_SORTS)
			return fhir_bad_value(&y->g, "_sort", "too many keys");
		y->sort[query->sort_count++] = s;
	}
	return true;
}

static bool set_total(struct query *y, const struct named *q)
{
	if (!text_is(q->value, "none") && !text_is(q->value, "estimate") &&
	    !text_is(q->value, "accurate"))
		return fhir_bad_value(&y->g, "_total",
				      "use none, estimate or accurate");
	y->g.out->no_total = text_is(q->value, "none");
	return true;
}

static bool add_include(struct query *y, const struct named *q)
{
	struct search *s = y->g.out;
	const char *list = q->value, *part;

	if (q->modifier && !text_is(q->modifier, "iterate") &&
	    !text_is(q->modifier, "recurse"))
		return fhir_bad_modifier(&y->g, q);
	if (!s->include)
		s->include = arena_alloc(y->g.arena,
					 SEARCH_INCLUDES * sizeof(*s->include));
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);
		struct search_include *at = &s->include[s->includes];

		if (k == 0)
			continue;
		if (s->includes == SEARCH_INCLUDES)
			return fhir_bad_value(&y->g, q->name,
					      "there are too many");
		at->iterate = q->modifier != NULL;
		if (!fhir_include_read(y->g.arena, y->g.rules, q->name,
				       arena_strndup(y->g.arena, part, k), at,
				       y->g.err))
			return false;
		s->includes++;
	}
	return true;
}

/* Read elsewhere: fhir_wish(), fhir_subset_read(). */
static bool set_nothing(struct query *y, const struct named *q)
{
	(void)y;
	(void)q;
	return true;
}

/* ---- one parameter --------------------------------------------------- */

static const struct control {
	const char *name;
	bool (*read)(struct query *y, const struct named *q);
	bool modified; /* may have modifiers */
} control[] = {
    {"_count", set_count, false},    {"_elements", set_nothing, false},
    {"_format", set_nothing, false}, {"_include", add_include, true},
    {"_pretty", set_nothing, false}, {"_revinclude", add_include, true},
    {"_sort", add_sort, true},	     {"_summary", set_nothing, false},
    {"_total", set_total, false},
};

/* Read by themselves, whatever the table says of them. */
static const char *const own[] = {"_has", "_id", "_lastUpdated"};

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The names a search of the type takes, sorted, with commas. */
static const char *known_names(const struct reading *g)
{
	const struct search_rules *r = g->rules;
	const char *name[200];
	const struct record_param *p;
	size_t n = 0;
	struct buf b;

	for (size_t i = 0; i < LEN(control); i++)
		name[n++] = control[i].name;
	for (size_t i = 0; i < LEN(own); i++)
		name[n++] = own[i];
	for (size_t i = 0;
	     (p = record_param_at(r->record, r->fhir, r->type, i)) != NULL &&
	     n < LEN(name);
	     i++)
		if (fhir_find_param(r, r->type, p->name))
			name[n++] = p->name;
	qsort(name, n, sizeof(name[0]), by_name);
	buf_init(&b, g->arena);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(name[i - 1], name[i]) != 0)
			buf_printf(&b, "%s%s", i > 0 ? ", " : "", name[i]);
	return b.p;
}

static bool unknown_param(struct query *y, const struct named *q)
{
	const struct search_rules *r = y->g.rules;
	struct search *s = y->g.out;
	const bool refuse =
	    r->handling == HANDLING_STRICT ||
	    (r->handling == HANDLING_OPEN && r->settings->unknown_search_param);

	if (!refuse) {
		log_line(r->log, "search",
			 "unknown parameter %.64s of %s is ignored", q->name,
			 r->type->type);
		s->ignored[s->ignored_count++] = q->name;
		return true;
	}
	return err_set(y->g.err, ERR_INVALID, RULE_PARAMETER, NULL,
		       "Unknown search parameter \"%.64s\". Value search "
		       "parameters for this search are: [%s]",
		       q->name, known_names(&y->g));
}

static bool read_pair(struct query *y, const struct http_pair *pair)
{
	struct named q;
	bool known;

	if (!*pair->value)
		return true;
	q = fhir_named(y->g.arena, pair);
	for (size_t i = 0; i < LEN(control); i++) {
		if (!text_is(q.name, control[i].name))
			continue;
		if ((q.modifier && !control[i].modified) || q.chain)
			return fhir_bad_modifier(&y->g, &q);
		return control[i].read(y, &q);
	}
	if (!fhir_add_clauses(&y->g, &y->clauses, &q, &known))
		return false;
	return known || unknown_param(y, &q);
}

/* ---- the whole query ------------------------------------------------- */

/* The service wants every search of a citizen's data to say whose it is. */
static bool check_mandatory(struct reading *g)
{
	for (const struct record_param *p = g->rules->type->param; p && p->name;
	     p++) {
		if (!p->mandatory || g->patient)
			continue;
		if (g->rules->settings->missing_patient == 0) {
			g->out->nothing = true;
			continue;
		}
		return err_set(
		    g->err, ERR_INVALID, RULE_PATIENT, NULL,
		    "Missing mandatory search parameter \"%s\" of %s", p->name,
		    g->rules->type->type);
	}
	return true;
}

int64_t fhir_page_size(const struct settings *s, int64_t n)
{
	const int64_t size = n > 0 ? n : s->page_default;

	return size < s->page_max ? size : s->page_max;
}

static void set_page_size(struct query *y)
{
	const struct settings *s = y->g.rules->settings;
	struct search *out = y->g.out;

	out->count = fhir_page_size(s, y->count);
	if (out->includes > 0 && out->count > SEARCH_INCLUDED)
		out->count = SEARCH_INCLUDED;
	out->count_only = out->subset.summary == SUMMARY_COUNT ||
			  (y->count == 0 && s->count_zero);
	out->query.limit = out->count_only ? 0 : out->count;
}

bool fhir_search_parse(struct arena *a, const struct search_rules *r,
		       const struct http_pair *pair, size_t n,
		       struct search *out, struct err *e)
{
	struct query y = {
	    .g = {.arena = a, .rules = r, .out = out, .err = e},
	    .clauses = {.type = r->type},
	    .count = -1,
	};

	*out = (struct search){
	    .query = {.fhir = (int)r->fhir,
		      .type = r->type->type,
		      .patient = r->type->shared ? NULL : r->patient,
		      .chained = r->patient}};
	out->ignored = arena_alloc(a, n * sizeof(*out->ignored));
	y.sort = arena_alloc(a, SEARCH_SORTS * sizeof(*y.sort));
	if (!fhir_subset_read(pair, n, &out->subset, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_pair(&y, &pair[i]))
			return false;
	if (!check_mandatory(&y.g))
		return false;
	set_page_size(&y);
	out->query.clause = y.clauses.v;
	out->query.clause_count = y.clauses.n;
	out->query.sort = y.sort;
	return true;
}
