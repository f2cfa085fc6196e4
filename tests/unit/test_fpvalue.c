/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fpvalue.c: numbers, times, units and patterns against their tables
 * (tests/data/fhirpath/value-*.json), and what must end soon whatever it is
 * given. Runs from the repository's root, without definitions.
 */
#include "fhirpath/regex_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above, and has a macro for fail() */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/fhirpath/"

/* ---- tables ---------------------------------------------------------- */

static const struct json *table(struct arena *a, const char *name)
{
	const char *path = arena_printf(a, DATA "%s", name);
	FILE *f = fopen(path, "rb");
	struct err e = {0};
	const struct json *v;
	char *text;
	size_t n;

	if (!f)
		fail_msg("%s is missing", path);
	fseek(f, 0, SEEK_END);
	n = (size_t)ftell(f);
	rewind(f);
	text = arena_alloc(a, n + 1);
	assert_int_equal(fread(text, 1, n, f), n);
	fclose(f);
	v = json_parse(a, text, n, &e);
	if (!v)
		fail_msg("%s: %s at line %u", path, e.text, e.line);
	return v;
}

#define each(v, list) (v = json_first(list); v; v = json_next(v))

static const struct json *at(const struct json *row, size_t i)
{
	const struct json *v = json_first(row);

	while (i--)
		v = json_next(v);
	return v;
}

static const char *text_at(const struct json *row, size_t i)
{
	return json_text(at(row, i));
}

static bool is_null(const struct json *v)
{
	return json_kind(v) == JSON_NULL;
}

/* The last column: an order, or null where there is none. */
static void check_order(const struct json *row, size_t column, bool decided,
			int order)
{
	const struct json *want = at(row, column);
	const char *x = text_at(row, 0), *y = text_at(row, column - 1);

	if (decided == is_null(want))
		fail_msg("%s and %s: decided %d", x, y, decided);
	if (decided && order != strtol(json_text(want), NULL, 10))
		fail_msg("%s and %s: %d", x, y, order);
}

/* ---- order ----------------------------------------------------------- */

static void test_decimals(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *row;

	(void)state;
	for each (row, json_get(table(a, "value-order.json"), "decimals")) {
		const char *x = text_at(row, 0), *y = text_at(row, 1);

		check_order(row, 2, true, fp_decimal_compare(x, y));
		assert_int_equal(fp_decimal_compare(x, y),
				 -fp_decimal_compare(y, x));
	}
	arena_free(a);
}

static void test_times(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *row;

	(void)state;
	for each (row, json_get(table(a, "value-order.json"), "times")) {
		const char *x = text_at(row, 0), *y = text_at(row, 1);
		int order = 0, back = 0;
		bool decided = fp_time_compare(x, y, &order);

		check_order(row, 2, decided, order);
		assert_int_equal(fp_time_compare(y, x, &back), decided);
		assert_true(!decided || back == -order);
	}
	arena_free(a);
}

/* ---- units ----------------------------------------------------------- */

static void valid(const char *code)
{
	const char *bad = NULL;
	struct ucum u;

	if (!fp_ucum_ok(code, &bad))
		fail_msg("%s is refused at %s", code, bad);
	if (!ucum_read(code, &u, &bad))
		fail_msg("%s has no definition", code);
	assert_true(u.m > 0);
}

static void test_units(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *t = table(a, "value-ucum.json"), *row;
	size_t symbols = 0;

	(void)state;
	for each (row, json_get(t, "symbols")) {
		valid(json_text(row));
		symbols++;
	}
	assert_non_null(ucum_row(symbols - 1)); /* and no row beyond them */
	assert_null(ucum_row(symbols));
	for each (row, json_get(t, "valid"))
		valid(json_text(row));
	for each (row, json_get(t, "invalid")) {
		const char *code = text_at(row, 0), *bad = NULL;

		if (fp_ucum_ok(code, &bad))
			fail_msg("%s is accepted", code);
		assert_false(fp_ucum_ok(code, NULL));
		if (bad - code != strtol(text_at(row, 1), NULL, 10))
			fail_msg("%s: at %d", code, (int)(bad - code));
	}
	arena_free(a);
}

static void test_unit_order(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *row;

	(void)state;
	for each (row, json_get(table(a, "value-ucum.json"), "order")) {
		const char *x = text_at(row, 0), *xu = text_at(row, 1);
		const char *y = text_at(row, 2), *yu = text_at(row, 3);
		int order = 0, back = 0;
		bool decided = fp_ucum_compare(x, xu, y, yu, &order);

		if (decided == is_null(at(row, 4)))
			fail_msg("%s %s, %s %s: decided %d", x, xu, y, yu,
				 decided);
		if (!decided)
			continue;
		if (order != strtol(text_at(row, 4), NULL, 10))
			fail_msg("%s %s, %s %s: %d", x, xu, y, yu, order);
		assert_true(fp_ucum_compare(y, yu, x, xu, &back));
		assert_int_equal(back, -order);
	}
	arena_free(a);
}

/* Codes without end, and whose powers leave every number behind. */
static void test_unit_limits(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b, c;
	int order;

	(void)state;
	buf_init(&b, a);
	for (int i = 0; i < 50; i++)
		buf_putc(&b, '(');
	assert_false(fp_ucum_ok(b.p, NULL));
	buf_init(&b, a);
	buf_init(&c, a);
	for (int i = 0; i < 200; i++) {
		buf_puts(&b, i ? ".Ym60" : "Ym60");
		buf_puts(&c, i ? "/60" : "60");
	}
	assert_true(fp_ucum_ok(c.p, NULL));
	assert_true(fp_ucum_compare("1", c.p, "1", "1", &order));
	assert_int_equal(order, -1);
	assert_true(fp_ucum_compare("1", b.p, "2", b.p, &order));
	fp_ucum_compare("1", b.p, "1", "Ym60", &order);
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, ".m");
	assert_false(fp_ucum_ok(b.p, NULL));
	arena_free(a);
}

/* ---- patterns -------------------------------------------------------- */

static void check_search(struct arena *a, const struct json *row)
{
	const char *pattern = text_at(row, 0), *text = text_at(row, 1);
	const char *want = is_null(at(row, 2)) ? NULL : text_at(row, 2);
	struct regex *re = regex_compile(a, pattern, strlen(pattern));
	struct regex_span span[REGEX_GROUPS];
	int found;
	size_t n;

	if (!re)
		fail_msg("%s is refused", pattern);
	found = regex_search(re, text, strlen(text), 0, false, span, NULL);
	if (found != (want != NULL))
		fail_msg("%s in %s: %d", pattern, text, found);
	assert_int_equal(fp_regex(pattern, text, false, NULL), found);
	if (!want)
		return;
	n = span[0].to - span[0].from;
	if (n != strlen(want) || memcmp(text + span[0].from, want, n) != 0)
		fail_msg("%s in %s: %.*s", pattern, text, (int)n,
			 text + span[0].from);
}

static void test_patterns(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *t = table(a, "value-regex.json"), *row;

	(void)state;
	for each (row, json_get(t, "search"))
		check_search(a, row);
	for each (row, json_get(t, "whole")) {
		const char *p = text_at(row, 0), *text = text_at(row, 1);

		if (fp_regex(p, text, true, NULL) !=
		    (json_kind(at(row, 2)) == JSON_TRUE))
			fail_msg("%s on %s", p, text);
	}
	for each (row, json_get(t, "wrong"))
		if (fp_regex(json_text(row), "a", false, NULL) != -1)
			fail_msg("%s is accepted", json_text(row));
	arena_free(a);
}

static void test_references(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *t = table(a, "value-regex.json"), *row;
	struct fp_env env = {.arena = a};
	struct fp_list list;
	struct err e = {0};

	(void)state;
	for each (row, json_get(t, "references")) {
		const char *text = text_at(row, 0);
		struct fp_expr *x = fp_compile(a, text, &e);

		if (!x || !fp_eval(x, &env, NULL, &list, &e))
			fail_msg("%s: %s", text, e.text);
		assert_int_equal(list.n, 1);
		assert_string_equal(list.v[0].u.string.p, text_at(row, 1));
	}
	arena_free(a);
}

static const char *many(struct arena *a, const char *s, size_t times)
{
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < times; i++)
		buf_puts(&b, s);
	return b.p;
}

/* Patterns that make others stand still: an answer, or too costly, soon. The
 * bound is wide, as sanitizers are slow. */
static void test_costly(void **state)
{
	static const struct {
		const char *pattern, *of;
		size_t times;
		int least, most;
	} cases[] = {
	    {"(a+)+$", "a", 5000, 1, 1},
	    {"(a+)+!", "a", 40, 0, 0},
	    {"(a+)+!", "a", 2000, 0, 0},
	    {"(a|a)*!", "a", 20000, 0, 0},
	    {"(a|aa)+!", "a", 20000, 0, 0},
	    {"(a*)*!", "a", 1000, 0, 0},
	    {"(.*)(.*)(.*)(.*)!", "a", 3000, -1, 0},
	    {"(a{1,30}){1,30}!", "a", 400, -1, -1},
	    {"(a+)+\\1!", "a", 400, -1, -1},
	    {"(?=(a+)+!)", "a", 400, -1, 0},
	    {"((((a{1,99}){1,99}){1,99}){1,99})!", "a", 500, -1, -1},
	    {"[0-9a]+!", "a", 60000, -1, 0},
	    {"[\\s\\S]*", "a b\n", 300000, 1, 1},
	    {"(\\s*([0-9a-zA-Z+/=]){4}\\s*)+", "QUJD", 10000, 1, 1},
	};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *text = many(a, cases[i].of, cases[i].times);
		int64_t start = clock_steady_us();
		int found = fp_regex(cases[i].pattern, text, false, NULL);

		if (found < cases[i].least || found > cases[i].most)
			fail_msg("%s: %d", cases[i].pattern, found);
		assert_true(clock_steady_us() - start < 2000000);
	}
	assert_int_equal(fp_regex(many(a, "(", 10000), "a", false, NULL), -1);
	assert_int_equal(fp_regex(many(a, "a", 10000), "a", false, NULL), -1);
	assert_int_equal(fp_regex(many(a, "(a)", 30), "a", false, NULL), -1);
	assert_int_equal(fp_regex(many(a, "(?:ab){2}", 200), "a", false, NULL),
			 -1);
	arena_free(a);
}

/* Bytes that are no characters stop nothing. */
static void test_no_utf8(void **state)
{
	(void)state;
	assert_int_equal(fp_regex(".*x", "\xff\xc3\x80\x80x", false, NULL), 1);
	assert_int_equal(fp_regex("^.{2}$", "\xff\xfe", false, NULL), 1);
	assert_int_equal(fp_regex("\xff+", "a\xff\xff", false, NULL), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decimals),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_unit_order),
	    cmocka_unit_test(test_unit_limits),
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_costly),
	    cmocka_unit_test(test_no_utf8),
	};

	return cmocka_run_group_tests_name("fhirpath values", tests, NULL,
					   NULL);
}
