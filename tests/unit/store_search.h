/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches: words, dates, clauses, sorting, pages; and that none of them scans
 * a table.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "store_world.h"

/* ---- search --------------------------------------------------------- */

static void searches_by_words(void **state)
{
	struct world *w = *state;
	put_indexed(w, "bp", word("code", "loinc", "85354-9"));
	put_indexed(w, "kg", word("code", "loinc", "29463-7"));
	put_indexed(w, "own", word("code", "", "85354-9"));
	put_indexed(w, "ref", reference("subject", "Patient/1"));
	put_indexed(w, "uri", uri("url", "http://x"));
	static const struct {
		const char *param;
		struct store_value v;
		const char *found;
	} cases[] = {
	    {"code", WORD(OP_TOKEN, NULL, "85354-9"), "bp own "},
	    {"code", WORD(OP_TOKEN, "loinc", "85354-9"), "bp "},
	    {"code", WORD(OP_TOKEN, "", "85354-9"), "own "},
	    {"code", WORD(OP_TOKEN, "loinc", NULL), "bp kg "},
	    {"code", WORD(OP_TOKEN, NULL, NULL), "bp kg own "},
	    {"code", WORD(OP_TOKEN, NULL, "85354-"), ""},
	    {"code", WORD(OP_TOKEN, "LOINC", "85354-9"), ""},
	    {"kode", WORD(OP_TOKEN, NULL, "85354-9"), ""},
	    {"_id", WORD(OP_ID, NULL, "kg"), "kg "},
	    {"_id", WORD(OP_ID, NULL, "k"), ""},
	    {"subject", WORD(OP_REFERENCE, NULL, "Patient/1"), "ref "},
	    {"subject", WORD(OP_REFERENCE, NULL, "Patient/2"), ""},
	    {"url", WORD(OP_URI, NULL, "http://x"), "uri "},
	    {"url", WORD(OP_URI, NULL, "http://"), ""},
	    {"_lastUpdated", SPAN(OP_UPDATED_GE, 1000, 2000),
	     "bp kg own ref uri "},
	    {"_lastUpdated", SPAN(OP_UPDATED_GE, 1001, 2000), ""},
	    {"_lastUpdated", SPAN(OP_UPDATED_LT, 0, 1001),
	     "bp kg own ref uri "},
	    {"_lastUpdated", SPAN(OP_UPDATED_LT, 0, 1000), ""},
	    {"code", WORD(OP_TOKEN, NULL, "' OR 1--"), ""},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(ids_by(w, cases[i].param, cases[i].v),
				    cases[i].found);
	struct store_value v = WORD(OP_TOKEN, NULL, "85354-9");
	struct store_clause without = CLAUSE("code", &v, 1);
	without.negative = true;
	assert_string_equal(ids_of(w, &without), "kg ref uri ");
	v.system = "";
	assert_string_equal(ids_of(w, &without), "bp kg ref uri ");
}

/* [40,60) is searched; which operators find what is stored? A letter for each
 * that does, in the order of the enumeration:
 * = eq, ! ne, > gt, ) ge, < lt, ( le, s sa, e eb. */
static const struct {
	int64_t lo, hi;
	bool period;
	const char *found;
} spans[] = {
    /* a date, dateTime or instant: eq means contained in the search */
    {10, 20, false, "!<(e"},  /* before */
    {30, 40, false, "!<(e"},  /* touches the start */
    {30, 41, false, "!)<("},  /* a millisecond inside */
    {30, 50, false, "!)<("},  /* overlaps the start */
    {40, 60, false, "=)("},   /* equal */
    {45, 55, false, "=)("},   /* inside */
    {40, 41, false, "=)("},   /* an instant at the start */
    {59, 60, false, "=)("},   /* an instant at the end */
    {30, 70, false, "!>)<("}, /* contains it */
    {50, 70, false, "!>)("},  /* overlaps the end */
    {60, 70, false, "!>)s"},  /* touches the end */
    {70, 80, false, "!>)s"},  /* after */
    {40, 70, false, "!>)("},  /* same start, longer */
    {30, 60, false, "!)<("},  /* same end, longer */
    /* a period: eq means overlap */
    {10, 20, true, "!<(e"},
    {30, 40, true, "!<(e"},
    {30, 41, true, "=)<("},
    {30, 50, true, "=)<("},
    {40, 60, true, "=)("},
    {45, 55, true, "=)("},
    {30, 70, true, "=>)<("},
    {50, 70, true, "=>)("},
    {60, 70, true, "!>)s"},
    {70, 80, true, "!>)s"},
    /* open ends */
    {INT64_MIN, 20, true, "!<(e"},
    {INT64_MIN, 40, true, "!<(e"},
    {INT64_MIN, 50, true, "=)<("},
    {INT64_MIN, 70, true, "=>)<("},
    {INT64_MIN, INT64_MAX, true, "=>)<("},
    {50, INT64_MAX, true, "=>)("},
    {60, INT64_MAX, true, "!>)s"},
};

static void date_operators(void **state)
{
	static const char letters[] = "=!>)<(se";
	static const enum store_op ops[] = {OP_DATE_EQ, OP_DATE_NE, OP_DATE_GT,
					    OP_DATE_GE, OP_DATE_LT, OP_DATE_LE,
					    OP_DATE_SA, OP_DATE_EB};
	struct world *w = *state;
	for (size_t i = 0; i < LEN(spans); i++)
		put_indexed(w, arena_printf(w->arena, "%zu", i),
			    span(spans[i].lo, spans[i].hi, spans[i].period));
	put(w, "none", "p1"); /* without a date: found by no operator */
	for (size_t op = 0; op < 8; op++) {
		struct buf want;
		buf_init(&want, w->arena);
		for (size_t i = 0; i < LEN(spans); i++) {
			if (strchr(spans[i].found, letters[op]) != NULL)
				buf_printf(&want, "%zu ", i);
		}
		struct store_value v = {
		    .op = ops[op],
		    .lo_ms = 40,
		    .hi_ms = 60,
		};
		assert_string_equal(ids_by(w, "date", v), want.p);
	}
}

static void clauses_and_values(void **state)
{
	struct world *w = *state;
	struct store_index_row rows[] = {word("code", "s", "a"),
					 word("category", "s", "vital"),
					 span(40, 50, false)};
	struct store_resource r = resource("one", 1);
	store_resource_put(w->store, &r, rows, 3);
	r = resource("two", 1);
	rows[0].value = "b";
	store_resource_put(w->store, &r, rows, 3);
	r = resource("three", 1);
	rows[0].value = "c";
	rows[1].value = "fitness";
	store_resource_put(w->store, &r, rows, 3);
	const struct store_value codes[] = {WORD(OP_TOKEN, NULL, "a"),
					    WORD(OP_TOKEN, "s", "c")};
	const struct store_value not_codes[] = {WORD(OP_TOKEN, NULL, "a"),
						WORD(OP_TOKEN, NULL, "c")};
	const struct store_value vital = WORD(OP_TOKEN, NULL, "vital");
	const struct store_value from = SPAN(OP_DATE_GE, 40, 41);
	const struct store_value until = SPAN(OP_DATE_LT, 40, 41);
	const struct store_clause clauses[] = {
	    CLAUSE("code", codes, 2),
	    CLAUSE("category", &vital, 1),
	    CLAUSE("date", &from, 1),
	    CLAUSE("date", &until, 1),
	    {.param = "code", .value = not_codes, .n = 2, .negative = true},
	    CLAUSE("nothing", NULL, 0)};
	static const struct {
		size_t first, n;
		const char *found;
	} cases[] = {
	    {0, 1, "one three "}, {0, 2, "one "},     {0, 3, "one "},
	    {0, 4, ""},		  {1, 1, "one two "}, {2, 1, "one two three "},
	    {4, 1, "two "},	  {4, 2, "two "},     {5, 1, "one two three "},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_query q = all();
		q.clause = clauses + cases[i].first;
		q.clause_count = cases[i].n;
		assert_string_equal(ids_either_way(w, &q), cases[i].found);
		q.patient = "p1";
		assert_string_equal(ids_either_way(w, &q), cases[i].found);
		q.patient = "p2";
		assert_string_equal(ids(w, &q), "");
	}
}

static void old_and_deleted_states_do_not_match(void **state)
{
	struct world *w = *state;
	struct store_index_row old = word("code", "", "old");
	struct store_index_row new = word("code", "", "new");
	struct store_resource r = resource("a", 1);
	store_resource_put(w->store, &r, &old, 1);
	r.version = 2;
	store_resource_put(w->store, &r, &new, 1);
	struct store_value v = WORD(OP_TOKEN, NULL, "old");
	assert_string_equal(ids_by(w, "code", v), "");
	v.value = "new";
	assert_string_equal(ids_by(w, "code", v), "a ");
	r.version = 3;
	r.deleted = true;
	r.text = NULL;
	store_resource_put(w->store, &r, &new, 1);
	assert_string_equal(ids_by(w, "code", v), "");
	struct store_query q = all();
	assert_string_equal(ids(w, &q), "");
	v = (struct store_value)WORD(OP_ID, NULL, "a");
	assert_string_equal(ids_by(w, "_id", v), "");
	r = resource("a", 4);
	store_resource_put(w->store, &r, &new, 1);
	assert_string_equal(ids(w, &q), "a ");
}

static void searches_keep_to_base_type_and_patient(void **state)
{
	struct world *w = *state;
	put(w, "a", "p1");
	put(w, "b", "p2");
	struct store_resource r = resource("c", 1);
	r.fhir = 0;
	store_resource_put(w->store, &r, NULL, 0);
	r = resource("d", 1);
	r.type = "CarePlan";
	store_resource_put(w->store, &r, NULL, 0);
	struct store_query q = all();
	assert_string_equal(ids(w, &q), "a b ");
	q.patient = "p2";
	assert_string_equal(ids(w, &q), "b ");
	q.patient = "p1";
	q.fhir = 0;
	assert_string_equal(ids(w, &q), "c ");
	q.fhir = 1;
	q.type = "CarePlan";
	assert_string_equal(ids(w, &q), "d ");
}

static void put_at(struct world *w, const char *id, int64_t updated,
		   struct store_index_row row)
{
	struct store_resource r = resource(id, 1);
	r.updated_ms = updated;
	store_resource_put(w->store, &r, &row, 1);
}

static void sorts(void **state)
{
	struct world *w = *state;
	put_at(w, "m", 30, span(500, 600, false));
	put_at(w, "z", 20, span(100, 900, true));
	put_at(w, "b", 20, word("code", "", "x"));
	put_at(w, "k", 10, span(300, 400, false));
	put_at(w, "a", 40, span(300, 301, false));
	struct store_index_row two[] = {span(50, 51, false),
					span(1000, 1001, false)};
	struct store_resource r = resource("t", 1);
	r.updated_ms = 50;
	store_resource_put(w->store, &r, two, 2);
	static const struct {
		struct store_sort sort[2];
		size_t n;
		const char *found;
	} cases[] = {
	    {{{0}}, 0, "k z b m a t "},
	    {{{"_lastUpdated", false}}, 1, "k z b m a t "},
	    {{{"_lastUpdated", true}}, 1, "t a m b z k "},
	    {{{"_id", false}}, 1, "a b k m t z "},
	    {{{"_id", true}}, 1, "z t m k b a "},
	    {{{"date", false}}, 1, "t z k a m b "},
	    {{{"date", true}}, 1, "b t m k a z "},
	    {{{"date", false}, {"_id", false}}, 2, "t z a k m b "},
	    {{{"code", false}}, 1, "b k z m a t "},
	    {{{"unknown", false}}, 1, "k z b m a t "},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_query q = all();
		q.sort = cases[i].sort;
		q.sort_count = cases[i].n;
		assert_string_equal(ids(w, &q), cases[i].found);
		q.patient = "p1";
		assert_string_equal(ids(w, &q), cases[i].found);
	}
}

static void too_much_is_refused(void **state)
{
	struct world *w = *state;
	struct store_found found;
	struct store_sort sorts[] = {{"_foo", false}};
	struct store_query q = all();
	q.sort = sorts;
	q.sort_count = 1;
	assert_false(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_int_equal(w->err.kind, ERR_INVALID);
	assert_string_equal(w->err.where, "_foo");

	struct store_value many[STORE_SEARCH_VALUES + 1];
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = (struct store_value)SPAN(i % 2 == 0 ? OP_DATE_EQ
							      : OP_DATE_NE,
						   (int64_t)i, (int64_t)i + 1);
	struct store_clause c = CLAUSE("date", many, LEN(many));
	q = all();
	q.clause = &c;
	q.clause_count = 1;
	assert_false(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_int_equal(w->err.kind, ERR_INVALID);
	c.n--; /* as much as is allowed must work */
	put_indexed(w, "a", span(7, 8, false));
	store_enter(w->store);
	assert_true(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_true(store_leave(w->store, true));
	assert_int_equal(found.total, 1);

	struct store_clause each[100];
	for (size_t i = 0; i < LEN(each); i++)
		each[i] =
		    (struct store_clause)CLAUSE("date", many + 10 * i, 10);
	q.clause = each;
	q.clause_count = LEN(each);
	store_enter(w->store);
	assert_true(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_true(store_leave(w->store, true));
}

static void pages_stay_while_data_comes_in(void **state)
{
	struct world *w = *state;
	struct store_found one, two;
	for (int i = 0; i < 5; i++)
		put(w, arena_printf(w->arena, "r%d", i), "p1");
	struct store_query q = all();
	q.patient = "p1";
	q.limit = 2;
	assert_true(store_search(w->store, w->arena, &q, &one, &w->err));
	assert_int_equal(one.total, 5);
	assert_int_equal(one.n, 2);
	struct store_resource early = resource("early", 1);
	early.updated_ms = 1; /* would be the first */
	store_resource_put(w->store, &early, NULL, 0);
	q.snapshot = one.snapshot;
	q.offset = 2;
	assert_string_equal(ids(w, &q), "r2 r3 ");
	q.offset = 4;
	assert_true(store_search(w->store, w->arena, &q, &two, &w->err));
	assert_int_equal(two.n, 1);
	assert_int_equal(two.total, 5);
	assert_int_equal(two.snapshot, one.snapshot);
	q.offset = 10;
	assert_true(store_search(w->store, w->arena, &q, &two, &w->err));
	assert_int_equal(two.n, 0);
	assert_int_equal(two.total, 5);
	q.offset = 0;
	q.snapshot = 0;
	assert_string_equal(ids(w, &q), "early r0 ");
	q.limit = 0;
	assert_true(store_search(w->store, w->arena, &q, &two, &w->err));
	assert_int_equal(two.n, 0);
	assert_int_equal(two.total, 6);
	q.limit = 6;
	assert_true(store_search(w->store, w->arena, &q, &two, &w->err));
	assert_int_equal(two.total, 6);
	/* a serial number is not given twice, even to a resource that
	 * comes when the newest is gone */
	store_resource_erase(w->store, "p1");
	put(w, "later", "p2");
	q = all();
	q.snapshot = two.snapshot;
	assert_string_equal(ids(w, &q), "");
}

/* What a page of a search contains, as its own values are returned. */
static void search_returns_whole_resources(void **state)
{
	struct world *w = *state;
	struct store_found found;
	put(w, "a", "p1");
	struct store_query q = all();
	assert_true(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_int_equal(found.n, 1);
	assert_string_equal(found.v[0].patient, "p1");
	assert_string_equal(found.v[0].client_id, "app");
	assert_non_null(strstr(found.v[0].text, "72.50"));
	assert_int_equal(found.v[0].text_len, strlen(found.v[0].text));
	assert_int_equal(found.v[0].version, 1);
}

/* Three texts of 6 MiB reach 16 MiB; one of 17 MiB is a page of its own. */
static void pages_end_at_their_size(void **state)
{
	static const struct {
		int64_t offset;
		const char *ids;
	} pages[] = {{0, "a b c "}, {3, "large "}, {4, "d "}};
	struct world *w = *state;
	size_t n = (size_t)17 << 20;
	char *text = arena_alloc(w->arena, n);
	memset(text, ' ', n);
	for (const char *id = "a\0b\0c\0large\0d\0"; *id != '\0';
	     id += strlen(id) + 1) {
		struct store_resource r = resource(id, 1);
		r.text = text;
		r.text_len = strcmp(id, "large") == 0 ? n : (size_t)6 << 20;
		store_resource_put(w->store, &r, NULL, 0);
	}
	for (size_t i = 0; i < LEN(pages); i++) {
		struct store_found found;
		struct store_query q = all();
		q.offset = pages[i].offset;
		assert_string_equal(ids(w, &q), pages[i].ids);
		assert_true(
		    store_search(w->store, w->arena, &q, &found, &w->err));
		assert_int_equal(found.total, 5);
	}
}

/* A link to a page stays good when the newest resource is erased. */
static void serials_outlive_their_resources(void **state)
{
	struct world *w = *state;
	assert_int_equal(store_serial(w->store), 0);
	put(w, "a", "p1");
	put(w, "b", "p2");
	assert_int_equal(store_serial(w->store), 2);
	store_resource_erase(w->store, "p2");
	assert_int_equal(store_serial(w->store), 2);
}

/* ---- plans ---------------------------------------------------------- */

/* Statements that see every row on purpose. */
static bool sees_all(enum stmt i)
{
	return i == ST_EMPTY || i == ST_NOT_INDEXED || i == ST_COUNT_ROWS ||
	       i == ST_LAST || i == ST_CITIZEN_LIST || i == ST_CLIENT_LIST ||
	       (i >= ST_RESET_RESOURCE && i <= ST_RESET_TICKET);
}

static bool is_about_resources(const char *sql)
{
	return strstr(sql, "resource") != NULL ||
	       strstr(sql, "version") != NULL || strstr(sql, "index_") != NULL;
}

/* Searches, reads and history are made of these alone. */
static void no_statement_scans(void **state)
{
	struct world *w = *state;
	int seen = 0;
	for (int i = ST_NAME_FIND; i < ST_COUNT; i++) {
		const char *sql = store_sql[i];
		if (sees_all((enum stmt)i) || !is_about_resources(sql))
			continue;
		const char *p = exec_text(
		    w, arena_printf(w->arena, "EXPLAIN QUERY PLAN %s", sql));
		if (strstr(p, "SCAN ") != NULL)
			fail_msg("%s\n%s", sql, p);
		assert_true(strncmp(sql, "INSERT", 6) == 0 ||
			    strstr(p, "SEARCH ") != NULL);
		seen++;
	}
	assert_true(seen > 20);
}

static const struct CMUnitTest search_tests[] = {
    MEMORY(searches_by_words),
    MEMORY(date_operators),
    MEMORY(clauses_and_values),
    MEMORY(old_and_deleted_states_do_not_match),
    MEMORY(searches_keep_to_base_type_and_patient),
    MEMORY(sorts),
    MEMORY(too_much_is_refused),
    MEMORY(pages_stay_while_data_comes_in),
    MEMORY(search_returns_whole_resources),
    MEMORY(pages_end_at_their_size),
    MEMORY(serials_outlive_their_resources),
    MEMORY(no_statement_scans),
};

#endif
