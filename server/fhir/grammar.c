/* SPDX-License-Identifier: Apache-2.0
 *
 * The search grammar: a query becomes a store_query.
 *
 *	query	:= pair ('&' pair)*
 *	pair	:= name [':' modifier] '=' value (',' value)*
 *
 * All pairs hold (repeating is AND), and of a pair one of its values. Which
 * parameters a type has stands in record's table; how a value of each kind is
 * read stands in value.c. Empty values count as absent. A parameter that nobody
 * knows is ignored and logged, or refused, by switch and by Prefer.
 *
 * Only the caller's own patient can be asked for, and the query is restricted
 * to it whatever it says: so patient= and subject= are checked here and need
 * no clause of their own. A type that is shared is not restricted.
 *
 * Limits: SEARCH_VALUES values in one query; of the modifiers only :not (for
 * tokens) and :Patient (for the patient); _lastUpdated takes one value at a
 * time when it means an equal span.
 *
 * FHIR R4 3.1.1.3, 3.1.1.4; facts: fhir-rest.md section 4, kanta.md 4.1.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_VALUES 200

/* What a query is read with and into. */
struct reading {
	struct arena *arena;
	const struct search_rules *rules;
	struct search *out;
	struct err *err;
	struct store_clause *clause;
	size_t clauses;
	struct store_sort *sort;
	size_t values; /* in the whole query */
	size_t capacity;
	int64_t count; /* -1: none given */
	bool patient;  /* was it named? */
};

/* One parameter of the query. */
struct named {
	const char *name;     /* without modifier */
	const char *modifier; /* or NULL */
	const char *value;
};

/* ---- refusals -------------------------------------------------------- */

static bool bad_value(struct reading *g, const char *name, const char *why)
{
	return err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Invalid value of search parameter \"%s\": %s", name,
		       why);
}

static bool bad_modifier(struct reading *g, const struct named *p)
{
	return err_set(g->err, ERR_INVALID, RULE_MODIFIER, NULL,
		       "Modifier \":%.64s\" is not supported for search "
		       "parameter \"%.64s\"",
		       p->modifier, p->name);
}

/* ---- clauses --------------------------------------------------------- */

/* Without values there is nothing to hold. */
static void new_clause(struct reading *g, const char *param,
		       const struct store_value *v, size_t n)
{
	if (n == 0)
		return;
	assert(g->clauses < g->capacity);
	g->clause[g->clauses++] =
	    (struct store_clause){.param = param, .value = v, .n = n};
}

static bool too_many(struct reading *g)
{
	return err_set(g->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Too many search values: at most %d in one query",
		       SEARCH_VALUES);
}

static size_t parts(const char *list)
{
	const char *part;
	size_t n = 0;

	for (; list; n++)
		fhir_value_part(&list, ',', &part);
	return n;
}

/* The values of a list, empty ones left out; *n may be 0. */
static bool read_list(struct reading *g, const struct named *q,
		      fhir_value_reader *read, struct store_value **out,
		      size_t *n)
{
	const struct value_context c = {g->arena, g->rules, g->err};
	const size_t all = parts(q->value);
	const char *list = q->value, *part;

	*n = 0;
	*out = NULL;
	g->values += all;
	if (g->values > SEARCH_VALUES)
		return too_many(g);
	*out = arena_alloc(g->arena, all * sizeof(**out));
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);

		if (k > 0 && !read(&c, part, k, &(*out)[(*n)++]))
			return false;
	}
	return true;
}

/* A parameter without modifiers whose values are one clause. */
static bool add_plain(struct reading *g, const char *param,
		      const struct named *q, fhir_value_reader *read)
{
	struct store_value *v;
	size_t n;

	if (q->modifier)
		return bad_modifier(g, q);
	if (!read_list(g, q, read, &v, &n))
		return false;
	new_clause(g, param, v, n);
	return true;
}

/* ---- token, id ------------------------------------------------------- */

/* Codes without a system mean the parameter's own one: always, or (as the
 * real statement words it) when several are given. */
static void add_default_system(const struct reading *g,
			       const struct record_param *p,
			       struct store_value *v, size_t n)
{
	if (!p->default_system ||
	    (n < 2 && !g->rules->settings->code_default_system))
		return;
	for (size_t i = 0; i < n; i++)
		if (!v[i].system)
			v[i].system = p->default_system;
}

static bool add_token(struct reading *g, const struct record_param *p,
		      const struct named *q)
{
	struct store_value *v;
	size_t n;

	if (q->modifier && !text_is(q->modifier, "not"))
		return bad_modifier(g, q);
	if (!read_list(g, q, fhir_value_token, &v, &n))
		return false;
	add_default_system(g, p, v, n);
	if (!q->modifier) {
		new_clause(g, p->name, v, n);
		return true;
	}
	/* none of them: every value is a clause of its own */
	for (size_t i = 0; i < n; i++) {
		v[i].op = OP_NOT_TOKEN;
		new_clause(g, p->name, &v[i], 1);
	}
	return true;
}

static bool add_id(struct reading *g, const struct named *q)
{
	return add_plain(g, "_id", q, fhir_value_id);
}

static bool add_date(struct reading *g, const struct record_param *p,
		     const struct named *q)
{
	return add_plain(g, p->name, q, fhir_value_date);
}

static bool add_updated(struct reading *g, const struct named *q)
{
	struct store_value *date, *v;
	size_t dates, n = 0;
	bool both = false;

	if (q->modifier)
		return bad_modifier(g, q);
	if (!read_list(g, q, fhir_value_date, &date, &dates))
		return false;
	v = arena_alloc(g->arena, 2 * dates * sizeof(*v));
	for (size_t i = 0; i < dates; i++)
		n += fhir_value_updated(&date[i], v + n, &both);
	if (!both) {
		new_clause(g, "_lastUpdated", v, n);
		return true;
	}
	if (dates > 1)
		return bad_value(g, "_lastUpdated",
				 "repeat the parameter or use ge and lt rather "
				 "than a list");
	new_clause(g, "_lastUpdated", &v[0], 1);
	new_clause(g, "_lastUpdated", &v[1], 1);
	return true;
}

static bool add_reference(struct reading *g, const struct record_param *p,
			  const struct named *q)
{
	struct store_value *v;
	size_t n;

	if (q->modifier)
		return bad_modifier(g, q);
	if (!read_list(g, q, fhir_value_reference, &v, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (p->target && !strpbrk(v[i].value, "/:"))
			v[i].value = arena_printf(g->arena, "%s/%s", p->target,
						  v[i].value);
	new_clause(g, p->name, v, n);
	return true;
}

static bool add_uri(struct reading *g, const struct record_param *p,
		    const struct named *q)
{
	return add_plain(g, p->name, q, fhir_value_uri);
}

/* ---- patient --------------------------------------------------------- */

static bool refuse_other(struct reading *g)
{
	const bool hide = g->rules->settings->patient_mismatch_status == 404;

	return err_set(g->err, hide ? ERR_NOT_FOUND : ERR_FORBIDDEN,
		       RULE_OTHER_PATIENT, NULL,
		       "Access denied: the search is for another patient than "
		       "the one who granted the permission");
}

static bool check_patient(struct reading *g, const struct named *q)
{
	struct store_value *v;
	size_t n;

	if (q->modifier && !text_is(q->modifier, "Patient"))
		return bad_modifier(g, q);
	if (!read_list(g, q, fhir_value_reference, &v, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *id = v[i].value;

		if (strncmp(id, "Patient/", 8) == 0)
			id += 8;
		if (strcmp(id, g->rules->patient) != 0)
			return refuse_other(g);
		g->patient = true;
	}
	return true;
}

/* ---- parameters about the answer ------------------------------------- */

const struct record_param *fhir_find_param(const struct record_type *t,
					   const char *name)
{
	for (const struct record_param *p = t->param; p && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* A decimal number without sign; false for anything else. */
static bool read_number(const char *s, int64_t *out)
{
	const size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 18 || s[n])
		return false;
	*out = strtoll(s, NULL, 10);
	return true;
}

/* What is not a number is ignored, as the real stack does. */
static bool set_count(struct reading *g, const struct named *q)
{
	int64_t n;

	if (read_number(q->value, &n))
		g->count = n;
	return true;
}

static bool sortable(const struct record_type *t, const char *name)
{
	return text_is(name, "_id") || text_is(name, "_lastUpdated") ||
	       fhir_find_param(t, name) != NULL;
}

static bool add_sort(struct reading *g, const struct named *q)
{
	const char *list = q->value, *part;
	const bool falling = text_is(q->modifier, "desc");

	if (q->modifier && !falling && !text_is(q->modifier, "asc"))
		return bad_modifier(g, q);
	while (list) {
		size_t k = fhir_value_part(&list, ',', &part);
		struct store_sort s = {.descending = falling};

		if (k > 0 && *part == '-') {
			s.descending = true;
			part++, k--;
		}
		s.param = arena_strndup(g->arena, part, k);
		if (!sortable(g->rules->type, s.param))
			return err_set(g->err, ERR_INVALID, RULE_SORT, NULL,
				       "Unknown _sort parameter value "
				       "\"%.64s\"",
				       s.param);
		if (g->out->query.sort_count >= 8)
			return bad_value(g, "_sort", "too many keys");
		g->sort[g->out->query.sort_count++] = s;
	}
	return true;
}

static bool set_summary(struct reading *g, const struct named *q)
{
	if (text_is(q->value, "count"))
		g->out->count_only = true;
	else if (!text_is(q->value, "false"))
		log_line(g->rules->log, "search",
			 "_summary other than count is ignored");
	return true;
}

static bool set_total(struct reading *g, const struct named *q)
{
	g->out->no_total = text_is(q->value, "none");
	return true;
}

bool fhir_no_page(struct err *e, const char *token)
{
	return err_set(e, ERR_GONE, RULE_PAGE, NULL,
		       "Search ID \"%.64s\" does not exist and may have "
		       "expired",
		       token);
}

static bool set_page(struct reading *g, const struct named *q)
{
	if (!read_number(q->value, &g->out->query.snapshot) ||
	    g->out->query.snapshot == 0)
		return fhir_no_page(g->err, q->value);
	return true;
}

static bool set_offset(struct reading *g, const struct named *q)
{
	if (!read_number(q->value, &g->out->query.offset))
		return fhir_no_page(g->err, q->value);
	return true;
}

static bool set_nothing(struct reading *g, const struct named *q)
{
	(void)g;
	(void)q;
	return true;
}

/* ---- one parameter --------------------------------------------------- */

static const struct control {
	const char *name;
	bool (*read)(struct reading *g, const struct named *q);
} control[] = {
    {"_count", set_count},     {"_format", set_nothing},
    {"_id", add_id},	       {"_lastUpdated", add_updated},
    {"_pretty", set_nothing},  {"_sort", add_sort},
    {"_summary", set_summary}, {"_total", set_total},
    {PARAM_PAGES, set_page},   {PARAM_OFFSET, set_offset},
};

static bool (*const add_kind[])(struct reading *g, const struct record_param *p,
				const struct named *q) = {
    [INDEX_TOKEN] = add_token,
    [INDEX_DATE] = add_date,
    [INDEX_REFERENCE] = add_reference,
    [INDEX_URI] = add_uri,
};

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The names a search of the type takes, sorted, with commas. */
static const char *known_names(struct reading *g)
{
	const char *name[64];
	size_t n = 0;
	struct buf b;

	for (size_t i = 0; i < LEN(control); i++)
		if (strncmp(control[i].name, "_getpages", 9) != 0)
			name[n++] = control[i].name;
	for (const struct record_param *p = g->rules->type->param;
	     p && p->name && n < LEN(name); p++)
		if (*p->name != '_')
			name[n++] = p->name;
	qsort(name, n, sizeof(name[0]), by_name);
	buf_init(&b, g->arena);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", name[i]);
	return b.p;
}

static bool unknown_param(struct reading *g, const struct named *q)
{
	const struct search_rules *r = g->rules;
	const bool refuse =
	    r->handling == HANDLING_STRICT ||
	    (r->handling == HANDLING_OPEN && r->settings->unknown_search_param);

	if (!refuse) {
		log_line(r->log, "search",
			 "unknown parameter %.64s of %s is ignored", q->name,
			 r->type->type);
		return true;
	}
	return err_set(g->err, ERR_INVALID, RULE_PARAMETER, NULL,
		       "Unknown search parameter \"%.64s\". Value search "
		       "parameters for this search are: [%s]",
		       q->name, known_names(g));
}

static bool read_pair(struct reading *g, const struct http_pair *pair)
{
	const char *colon = strchr(pair->name, ':');
	const struct record_param *p;
	struct named q = {.name = pair->name, .value = pair->value};

	if (!*pair->value)
		return true;
	if (colon) {
		q.name = arena_strndup(g->arena, pair->name,
				       (size_t)(colon - pair->name));
		q.modifier = colon + 1;
	}
	for (size_t i = 0; i < LEN(control); i++)
		if (text_is(q.name, control[i].name))
			return control[i].read(g, &q);
	p = fhir_find_param(g->rules->type, q.name);
	if (!p)
		return unknown_param(g, &q);
	if (text_is(q.name, "patient") || text_is(q.name, "subject"))
		return check_patient(g, &q);
	return add_kind[p->kind](g, p, &q);
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

static void set_page_size(struct reading *g)
{
	const struct settings *s = g->rules->settings;
	struct search *out = g->out;

	out->count = g->count > 0 ? g->count : s->page_default;
	if (out->count > s->page_max)
		out->count = s->page_max;
	if (g->count == 0)
		out->count_only = true;
	out->query.limit = out->count_only ? 0 : out->count;
}

bool fhir_search_parse(struct arena *a, const struct search_rules *r,
		       const struct http_pair *pair, size_t n,
		       struct search *out, struct err *e)
{
	struct reading g = {
	    .arena = a,
	    .rules = r,
	    .out = out,
	    .err = e,
	    .count = -1,
	    .capacity = SEARCH_VALUES + 2 * n,
	};

	*out = (struct search){
	    .query = {.type = r->type->type, .patient = r->patient}};
	g.clause = arena_alloc(a, g.capacity * sizeof(*g.clause));
	g.sort = arena_alloc(a, 8 * sizeof(*g.sort));
	for (size_t i = 0; i < n; i++)
		if (!read_pair(&g, &pair[i]))
			return false;
	if (!check_mandatory(&g))
		return false;
	set_page_size(&g);
	out->query.clause = g.clause;
	out->query.clause_count = g.clauses;
	out->query.sort = g.sort;
	return true;
}
