/* SPDX-License-Identifier: Apache-2.0
 *
 * Clauses beyond words and dates: strings, numbers, composites, chains, what
 * must not hold; several types at once; sorting by all of them.
 */
#ifndef STORE_CLAUSES_H
#define STORE_CLAUSES_H

#include <math.h>

#include "store_world.h"

/* ---- strings ------------------------------------------------------- */

static void searches_by_strings(void **state)
{
	struct world *w = *state;
	struct store_index_row display = word("code", "loinc", "29463-7");
	display.text = "body weight";
	put_indexed(w, "weight", display);
	put_indexed(w, "makinen", string("name", "makinen", "Mäkinen"));
	put_indexed(w, "maki", string("name", "maki", "Mäki"));
	put_indexed(w, "virtanen", string("name", "virtanen-makela", "V-M"));
	put_indexed(w, "x", uri("url", "http://a/b/c"));
	static const struct {
		const char *param;
		struct store_value v;
		const char *found;
	} cases[] = {
	    {"name", WORD(OP_STRING, NULL, "mak"), "makinen maki "},
	    {"name", WORD(OP_STRING, NULL, "makinen"), "makinen "},
	    {"name", WORD(OP_STRING, NULL, "virtanen-m"), "virtanen "},
	    {"name", WORD(OP_STRING, NULL, "virtanen-x"), ""},
	    {"name", WORD(OP_STRING, NULL, ""), "makinen maki virtanen "},
	    {"name", WORD(OP_STRING_EXACT, NULL, "Mäki"), "maki "},
	    {"name", WORD(OP_STRING_EXACT, NULL, "maki"), ""},
	    {"name", WORD(OP_STRING_CONTAINS, NULL, "ak"),
	     "makinen maki virtanen "},
	    {"name", WORD(OP_STRING_CONTAINS, NULL, "kinen"), "makinen "},
	    {"name", WORD(OP_ANY, NULL, NULL), "makinen maki virtanen "},
	    {"code", WORD(OP_TOKEN_TEXT, NULL, "body"), "weight "},
	    {"code", WORD(OP_TOKEN_TEXT, NULL, "weight"), ""},
	    {"url", WORD(OP_URI_BELOW, NULL, "http://a/"), "x "},
	    {"url", WORD(OP_URI_BELOW, NULL, "http://a/b/c/d"), ""},
	    {"url", WORD(OP_URI_ABOVE, NULL, "http://a/b/c/d"), "x "},
	    {"url", WORD(OP_URI_ABOVE, NULL, "http://a/b"), ""},
	    {"url", WORD(OP_URI, NULL, "http://a/b/c"), "x "},
	    {"nothing", WORD(OP_ANY, NULL, NULL), ""},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(ids_by(w, cases[i].param, cases[i].v),
				    cases[i].found);
}

/* ---- numbers -------------------------------------------------------- */

#define NUMBER(o, l, h)                                                        \
	{                                                                      \
		.op = (o), .number_lo = (l), .number_hi = (h)                  \
	}
#define UNIT(s, v)                                                             \
	{                                                                      \
		.op = OP_NUMBER_GE, .system = (s), .value = (v),               \
		.number_lo = -1000                                             \
	}

static void searches_by_numbers(void **state)
{
	struct world *w = *state;
	put_indexed(w, "99.4", number(0, 99.4, 99.4));
	put_indexed(w, "99.5", number(0, 99.5, 99.5));
	put_indexed(w, "100", number(0, 100, 100));
	put_indexed(w, "100.5", number(0, 100.5, 100.5));
	put_indexed(w, "range", number(0, 90, 110));
	put_indexed(w, "open", number(0, 120, INFINITY));
	put_indexed(w, "minus", number(0, -5, -5));
	put_indexed(w, "zero", number(0, -0.0, 0.0));
	static const struct {
		struct store_value v;
		const char *found;
	} cases[] = {
	    {NUMBER(OP_NUMBER_EQ, 99.5, 100.5), "99.5 100 "},
	    {NUMBER(OP_NUMBER_EQ, 90, 110.1), "99.4 99.5 100 100.5 range "},
	    {NUMBER(OP_NUMBER_EQ, -0.5, 0.5), "zero "},
	    {NUMBER(OP_NUMBER_EQ, -5.5, -4.5), "minus "},
	    {NUMBER(OP_NUMBER_NE, 99.5, 100.5),
	     "99.4 100.5 range open minus zero "},
	    {NUMBER(OP_NUMBER_GT, 100, 0), "100.5 range open "},
	    {NUMBER(OP_NUMBER_GE, 100, 0), "100 100.5 range open "},
	    {NUMBER(OP_NUMBER_LT, 99.5, 0), "99.4 range minus zero "},
	    {NUMBER(OP_NUMBER_LE, 99.5, 0), "99.4 99.5 range minus zero "},
	    {NUMBER(OP_NUMBER_LT, 0, 0), "minus "},
	    {NUMBER(OP_NUMBER_GE, 0, 0),
	     "99.4 99.5 100 100.5 range open zero "},
	    {NUMBER(OP_NUMBER_SA, 100, 0), "100.5 open "},
	    {NUMBER(OP_NUMBER_EB, 99.5, 0), "99.4 minus zero "},
	    {NUMBER(OP_NUMBER_AP, 108, 132), "range open "},
	    {NUMBER(OP_NUMBER_AP, 100.5, 101), "100.5 range "},
	    {UNIT("ucum", "mm[Hg]"),
	     "99.4 99.5 100 100.5 range open minus zero "},
	    {UNIT(NULL, "mmHg"), "99.4 99.5 100 100.5 range open minus zero "},
	    {UNIT("ucum", "mmHg"), ""},
	    {UNIT(NULL, "kg"), ""},
	    {UNIT("si", "mm[Hg]"), ""},
	    {UNIT("", NULL), ""},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(ids_by(w, "value-quantity", cases[i].v),
				    cases[i].found);
}

/* The letters of date_operators for what HAPI 3.6 does: = ! > ) e; and W, X for
 * contains and contains not. [40,60) is searched. */
static void other_date_operators(void **state)
{
	static const enum store_op ops[] = {
	    OP_DATE_HAPI_EQ,	OP_DATE_HAPI_NE, OP_DATE_HAPI_GT,
	    OP_DATE_HAPI_GE,	OP_DATE_HAPI_EB, OP_DATE_EQ_CONTAIN,
	    OP_DATE_NE_CONTAIN,
	};
	static const char letters[] = "=!>)eWX";
	static const struct {
		int64_t lo, hi;
		bool period;
		const char *found;
	} rows[] = {
	    {10, 20, false, "!eX"},  {30, 50, false, "!eX"},
	    {40, 99, false, "=)X"},  {45, 55, false, "=)W"},
	    {60, 70, false, "!>)X"}, {30, 50, true, "!)X"},
	    {45, 60, true, "=)W"},   {50, 70, true, "!>)X"},
	    {10, 40, true, "!eX"},   {60, INT64_MAX, true, "!>)X"},
	    {40, 60, true, "=)W"},
	};
	struct world *w = *state;
	for (size_t i = 0; i < LEN(rows); i++)
		put_indexed(w, arena_printf(w->arena, "%zu", i),
			    span(rows[i].lo, rows[i].hi, rows[i].period));
	for (size_t op = 0; op < LEN(ops); op++) {
		struct buf want;
		buf_init(&want, w->arena);
		for (size_t i = 0; i < LEN(rows); i++) {
			if (strchr(rows[i].found, letters[op]) != NULL)
				buf_printf(&want, "%zu ", i);
		}
		struct store_value v = SPAN(ops[op], 40, 60);
		assert_string_equal(ids_by(w, "date", v), want.p);
	}
}

/* Dates that are wide and narrow lie apart; each must be found at its ends. */
static void wide_dates(void **state)
{
	struct world *w = *state;
	const int64_t day = 24 * 3600 * INT64_C(1000);
	put_indexed(w, "day", span(100 * day, 101 * day, false));
	put_indexed(w, "month", span(90 * day, 120 * day, true));
	put_indexed(w, "ever", span(INT64_MIN, INT64_MAX, true));
	struct store_value v = SPAN(OP_DATE_GE, 101 * day - 1, 101 * day);
	assert_string_equal(ids_by(w, "date", v), "day month ever ");
	v.lo_ms = 101 * day;
	v.hi_ms = 102 * day;
	assert_string_equal(ids_by(w, "date", v), "month ever ");
	v = (struct store_value)SPAN(OP_DATE_LT, 100 * day, 101 * day);
	assert_string_equal(ids_by(w, "date", v), "month ever ");
	v = (struct store_value)SPAN(OP_DATE_EQ, 100 * day, 101 * day);
	assert_string_equal(ids_by(w, "date", v), "day month ever ");
}

/* ---- composites ----------------------------------------------------- */

static void searches_by_composites(void **state)
{
	struct world *w = *state;
	struct store_index_row bp[] = {
	    in_part(1, word("code", "l", "sys")), number(1, 120, 120),
	    in_part(2, word("code", "l", "dia")), number(2, 80, 80)};
	struct store_index_row whole[] = {word("code", "l", "dia"),
					  number(0, 120, 120)};
	put_rows(w, "Observation", "bp", "p1", bp, LEN(bp));
	put_rows(w, "Observation", "whole", "p1", whole, LEN(whole));
	static const struct {
		struct store_value pair[4];
		size_t n;
		bool negative;
		const char *found;
	} cases[] = {
	    {{WORD(OP_TOKEN, NULL, "sys"), NUMBER(OP_NUMBER_GE, 120, 0)},
	     2,
	     false,
	     "bp "},
	    {{WORD(OP_TOKEN, NULL, "dia"), NUMBER(OP_NUMBER_GE, 120, 0)},
	     2,
	     false,
	     "whole "},
	    {{WORD(OP_TOKEN, NULL, "dia"), NUMBER(OP_NUMBER_GE, 80, 0)},
	     2,
	     false,
	     "bp whole "},
	    {{WORD(OP_TOKEN, NULL, "sys"), NUMBER(OP_NUMBER_LT, 80, 0),
	      WORD(OP_TOKEN, "l", "dia"), NUMBER(OP_NUMBER_EQ, 79.5, 80.5)},
	     4,
	     false,
	     "bp "},
	    {{WORD(OP_TOKEN, NULL, "sys"), NUMBER(OP_NUMBER_GE, 120, 0)},
	     2,
	     true,
	     "whole "},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_clause c = {.kind = CLAUSE_COMPOSITE,
					 .param = "code",
					 .param2 = "value-quantity",
					 .value = cases[i].pair,
					 .n = cases[i].n,
					 .negative = cases[i].negative};
		assert_string_equal(ids_of(w, &c), cases[i].found);
	}
}

/* ---- also, negative --------------------------------------------------- */

static void second_parameters_and_negatives(void **state)
{
	struct world *w = *state;
	struct store_index_row two[] = {word("code", "", "a"),
					word("component-code", "", "b")};
	put_rows(w, "Observation", "two", "p1", two, 2);
	put_indexed(w, "one", word("code", "", "b"));
	put_indexed(w, "none", span(1, 2, false));
	const struct store_value b = WORD(OP_TOKEN, NULL, "b");
	const struct store_value any = WORD(OP_ANY, NULL, NULL);
	struct store_clause c = CLAUSE("code", &b, 1);
	assert_string_equal(ids_of(w, &c), "one ");
	c.also = "component-code";
	assert_string_equal(ids_of(w, &c), "two one ");
	c.negative = true;
	assert_string_equal(ids_of(w, &c), "none ");
	c.also = NULL;
	assert_string_equal(ids_of(w, &c), "two none ");
	c.value = &any; /* :missing=true */
	assert_string_equal(ids_of(w, &c), "none ");
	c.negative = false;
	assert_string_equal(ids_of(w, &c), "two one ");
	c.param = "date";
	assert_string_equal(ids_of(w, &c), "none ");
}

/* ---- chains -------------------------------------------------------------- */

static void put_family(struct world *w)
{
	struct store_index_row hetu = word("identifier", "h", "900P");
	struct store_index_row blue = word("identifier", "h", "901A");
	struct store_index_row rows[3];
	put_rows(w, "Patient", "p1", "p1", &hetu, 1);
	put_rows(w, "Patient", "p2", "p2", &blue, 1);
	rows[0] = word("code", "", "form");
	put_rows(w, "Questionnaire", "q1", "", rows, 1);
	rows[0] = reference("subject", "Patient/p1");
	rows[1] = word("code", "", "x");
	rows[2] = reference("form", "Questionnaire/q1");
	put_rows(w, "Observation", "o1", "p1", rows, 3);
	rows[0] = reference("subject", "Patient/p2");
	put_rows(w, "Observation", "o2", "p2", rows, 2);
	rows[0] = reference("subject", "Group/p1");
	put_rows(w, "Observation", "o3", "p1", rows, 2);
}

static const char *ids_among(struct world *w, const char *type,
			     const char *patient, const struct store_clause *c)
{
	struct store_query q = all();
	q.type = type;
	q.patient = patient;
	q.clause = c;
	q.clause_count = 1;
	return ids_either_way(w, &q);
}

static void searches_by_chains(void **state)
{
	static const char *const patients[] = {"Group", "Patient", NULL};
	static const char *const groups[] = {"Group", NULL};
	static const char *const forms[] = {"Questionnaire", NULL};
	const struct store_value value = WORD(OP_TOKEN, NULL, "900P");
	const struct store_clause inner = CLAUSE("identifier", &value, 1);
	struct store_clause c = {.kind = CLAUSE_CHAIN,
				 .param = "subject",
				 .types = patients,
				 .sub = &inner,
				 .sub_count = 1};
	struct world *w = *state;
	put_family(w);
	assert_string_equal(ids_among(w, "Observation", NULL, &c), "o1 ");
	assert_string_equal(ids_among(w, "Observation", "p1", &c), "o1 ");
	assert_string_equal(ids_among(w, "Observation", "p2", &c), "");
	c.negative = true;
	assert_string_equal(ids_among(w, "Observation", NULL, &c), "o2 o3 ");
	c.negative = false;
	c.sub_count = 0; /* any of the types that is there */
	assert_string_equal(ids_among(w, "Observation", NULL, &c), "o1 o2 ");
	c.types = groups;
	assert_string_equal(ids_among(w, "Observation", NULL, &c), "");
	const struct store_value form = WORD(OP_TOKEN, NULL, "form");
	const struct store_clause shared = CLAUSE("code", &form, 1);
	c = (struct store_clause){.kind = CLAUSE_CHAIN,
				  .param = "form",
				  .types = forms,
				  .sub = &shared,
				  .sub_count = 1};
	assert_string_equal(ids_among(w, "Observation", "p1", &c), "o1 ");
}

static void searches_by_reverse_chains(void **state)
{
	static const char *const types[] = {"Observation", NULL};
	const struct store_value value = WORD(OP_TOKEN, NULL, "x");
	const struct store_clause inner = CLAUSE("code", &value, 1);
	struct store_clause c = {.kind = CLAUSE_REVERSE,
				 .param = "subject",
				 .types = types,
				 .sub = &inner,
				 .sub_count = 1};
	struct world *w = *state;
	put_family(w);
	assert_string_equal(ids_among(w, "Patient", NULL, &c), "p1 p2 ");
	assert_string_equal(ids_among(w, "Patient", "p1", &c), "p1 ");
	assert_string_equal(ids_among(w, "Questionnaire", NULL, &c), "");
	c.param = "form";
	assert_string_equal(ids_among(w, "Questionnaire", NULL, &c), "q1 ");
	assert_string_equal(ids_among(w, "Questionnaire", "", &c), "");
	c.negative = true;
	assert_string_equal(ids_among(w, "Patient", NULL, &c), "p1 p2 ");
	c.negative = false;
	c.param = "nothing";
	assert_string_equal(ids_among(w, "Patient", NULL, &c), "");
}

static void chains_have_a_depth(void **state)
{
	static const char *const types[] = {"Observation", NULL};
	struct world *w = *state;
	struct store_clause c[12] = {0};
	struct store_query q = all();
	struct store_found found;
	for (size_t i = 0; i < LEN(c); i++)
		c[i] = (struct store_clause){.kind = CLAUSE_CHAIN,
					     .param = "subject",
					     .types = types,
					     .sub = i > 0 ? &c[i - 1] : NULL,
					     .sub_count = i > 0};
	q.clause = &c[6];
	q.clause_count = 1;
	assert_true(store_search(w->store, w->arena, &q, &found, &w->err));
	q.clause = &c[11];
	assert_false(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_int_equal(w->err.kind, ERR_INVALID);
}

/* ---- several types, sorting ------------------------------------------ */

static void searches_several_types(void **state)
{
	static const char *const types[] = {"Patient", "Nothing", "Observation",
					    NULL};
	struct world *w = *state;
	put_family(w);
	struct store_query q = all();
	q.types = types;
	assert_string_equal(ids(w, &q), "p1 p2 o1 o2 o3 ");
	q.patient = "p1";
	q.limit = 2;
	q.offset = 1;
	assert_string_equal(ids(w, &q), "o1 o3 ");
}

static void sorts_by_strings_and_numbers(void **state)
{
	struct world *w = *state;
	struct store_index_row rows[] = {string("name", "b", "B"),
					 number(0, 10, 10)};
	put_rows(w, "Observation", "b10", "p1", rows, 2);
	rows[0].value = "a";
	rows[1].lo = rows[1].hi = 9;
	put_rows(w, "Observation", "a9", "p1", rows, 2);
	rows[1].lo = rows[1].hi = -9.5;
	put_rows(w, "Observation", "a-9", "p1", rows, 2);
	put(w, "none", "p1");
	static const struct {
		struct store_sort sort[2];
		size_t n;
		const char *found;
	} cases[] = {
	    {{{"name", false}}, 1, "a9 a-9 b10 none "},
	    {{{"name", true}}, 1, "none b10 a9 a-9 "},
	    {{{"value-quantity", false}}, 1, "a-9 a9 b10 none "},
	    {{{"value-quantity", true}}, 1, "none b10 a9 a-9 "},
	    {{{"name", false}, {"value-quantity", true}},
	     2,
	     "a9 a-9 b10 none "},
	    {{{"name", true}, {"value-quantity", false}},
	     2,
	     "none b10 a-9 a9 "},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_query q = all();
		q.sort = cases[i].sort;
		q.sort_count = cases[i].n;
		assert_string_equal(ids(w, &q), cases[i].found);
	}
}

/* Whatever leads, the same is found: clauses of all kinds two by two, over
 * enough resources that the budgets of find_leader() end early. */
static void leaders_do_not_matter(void **state)
{
	struct world *w = *state;
	static const struct store_value values[] = {
	    WORD(OP_TOKEN, NULL, "3"),	  WORD(OP_TOKEN, "s1", "5"),
	    SPAN(OP_DATE_GE, 500, 501),	  SPAN(OP_DATE_LT, 900, 901),
	    NUMBER(OP_NUMBER_LT, 7, 0),	  WORD(OP_STRING, NULL, "n1"),
	    SPAN(OP_UPDATED_GE, 1900, 0),
	};
	static const char *const params[] = {
	    "code", "code", "date", "date", "value-quantity", "name", "x"};
	store_enter(w->store);
	for (int i = 0; i < 1200; i++) {
		struct store_index_row rows[] = {
		    word("code", i % 2 == 0 ? "s0" : "s1",
			 arena_printf(w->arena, "%d", i % 10)),
		    span(i, i + 1, false), number(0, i % 13, i % 13),
		    string("name", arena_printf(w->arena, "n%d", i % 17), "")};
		struct store_resource r =
		    resource(arena_printf(w->arena, "r%d", i), 1);
		r.updated_ms = 1000 + i;
		r.patient = i % 3 == 0 ? "p2" : "p1";
		store_resource_put(w->store, &r, rows, LEN(rows));
	}
	assert_true(store_leave(w->store, true));
	for (size_t i = 0; i < LEN(values); i++) {
		for (size_t j = 0; j < LEN(values); j++) {
			struct store_clause c[] = {
			    CLAUSE(params[i], &values[i], 1),
			    CLAUSE(params[j], &values[j], 1)};
			struct store_query q = all();
			q.clause = c;
			q.clause_count = 2;
			q.limit = 10000;
			q.patient = (i + j) % 2 == 0 ? "p1" : NULL;
			const char *found = ids_either_way(w, &q);
			assert_true(i != j || found[0] != '\0');
		}
	}
}

static const struct CMUnitTest clause_tests[] = {
    MEMORY(searches_by_strings),
    MEMORY(searches_by_numbers),
    MEMORY(other_date_operators),
    MEMORY(wide_dates),
    MEMORY(searches_by_composites),
    MEMORY(second_parameters_and_negatives),
    MEMORY(searches_by_chains),
    MEMORY(searches_by_reverse_chains),
    MEMORY(chains_have_a_depth),
    MEMORY(searches_several_types),
    MEMORY(sorts_by_strings_and_numbers),
    MEMORY(leaders_do_not_matter),
};

#endif
