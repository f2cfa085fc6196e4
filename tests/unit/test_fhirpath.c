/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fhirpath.c: the language against its tables (tests/data/fhirpath, whose
 * README says what a case is), and what no table can say: all truth tables,
 * limits, carets, sets that are large enough to be hashed. Runs from the
 * repository's root, without definitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "fhirpath/fhirpath.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/fhirpath/"

/* ---- asking ---------------------------------------------------------- */

static const struct json *parse(struct arena *a, const char *text)
{
	struct err e = {0};
	const struct json *v = json_parse(a, text, strlen(text), &e);

	if (!v)
		fail_msg("%s: %s in %.300s", e.where, e.text, text);
	return v;
}

/* The result as JSON; NULL with e set. */
static const char *ask(struct arena *a, const char *text,
		       const struct json *input, unsigned flags, unsigned steps,
		       struct err *e)
{
	struct fp_env env = {.arena = a, .flags = flags, .steps = steps};
	const struct fp_expr *x = fp_compile(a, text, e);
	struct fp_list list;
	struct buf b;
	struct jw w = {.b = &b};

	if (!x)
		return NULL;
	buf_init(&b, a);
	if (input)
		env.resource = env.root = fp_resource(&env, input);
	if (!fp_eval(x, &env, input ? &env.resource : NULL, &list, e))
		return NULL;
	fp_write(&w, &env, &list, false);
	return b.p;
}

static void gives(const char *text, const char *input, const char *expected)
{
	struct arena *a = arena_new(0);
	struct err e = {0};
	const char *got =
	    ask(a, text, input ? parse(a, input) : NULL, 0, 0, &e);

	if (!got || strcmp(got, expected) != 0)
		fail_msg("%.200s gives %s, not %s", text, got ? got : e.text,
			 expected);
	arena_free(a);
}

static void refused(const char *text, enum err_kind kind, const char *part)
{
	struct arena *a = arena_new(0);
	struct err e = {0};

	assert_null(ask(a, text, NULL, 0, 0, &e));
	assert_int_equal(e.kind, kind);
	if (!strstr(e.text, part))
		fail_msg("%.200s: \"%s\" does not say \"%s\"", text, e.text,
			 part);
	arena_free(a);
}

/* ---- tables ---------------------------------------------------------- */

static char *read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long n;

	if (!f)
		fail_msg("%s is missing", path);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	text = arena_alloc(a, (size_t)n + 1);
	assert_int_equal(fread(text, 1, (size_t)n, f), n);
	fclose(f);
	return text;
}

static unsigned flags_of(const struct json *group)
{
	const struct json *f = json_first(json_get(group, "flags"));
	unsigned flags = 0;

	for (; f; f = json_next(f)) {
		if (strcmp(json_text(f), "strict") == 0)
			flags |= FP_STRICT;
		else if (strcmp(json_text(f), "anchored") == 0)
			flags |= FP_ANCHORED;
		else if (strcmp(json_text(f), "ordered") == 0)
			flags |= FP_ORDERED;
		else
			fail_msg("no flag %s", json_text(f));
	}
	return flags;
}

/* Says what is wrong with a case; all of them are run before the test fails. */
static bool wrong(const char *text, const char *got, const char *wanted)
{
	print_message("%s\n  gives %s\n  not   %s\n", text, got, wanted);
	return false;
}

static bool expect_result(struct arena *a, const char *text,
			  const struct json *wanted, const char *got,
			  const struct err *e)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, wanted, false);
	if (!got || strcmp(got, b.p) != 0)
		return wrong(text, got ? got : e->text, b.p);
	return true;
}

/* column 0: when it is evaluated */
static bool expect_refusal(const char *text, const char *part, unsigned column,
			   const char *got, const struct err *e)
{
	char place[80];

	if (got || !strstr(e->text, part))
		return wrong(text, got ? got : e->text, part);
	if (e->kind != (column ? ERR_INVALID : ERR_UNPROCESSABLE) ||
	    e->line == 0 || e->column == 0)
		return wrong(text, "another kind of error", part);
	snprintf(place, sizeof(place), "column %u", e->column);
	return !column || e->column == column || wrong(text, place, part);
}

static bool run_case(struct arena *a, const struct json *group,
		     const struct json *c)
{
	const struct json *x = json_first(c), *wanted = json_next(x);
	const struct json *steps = json_get(group, "steps");
	const unsigned budget =
	    steps ? (unsigned)strtoul(json_text(steps), NULL, 10) : 0;
	struct err e = {0};
	const char *got = ask(a, json_text(x), json_get(group, "input"),
			      flags_of(group), budget, &e);

	if (json_kind(wanted) == JSON_ARRAY)
		return expect_result(a, json_text(x), wanted, got, &e);
	if (json_kind(wanted) == JSON_STRING)
		return expect_refusal(json_text(x), json_text(wanted), 0, got,
				      &e);
	return expect_refusal(json_text(x), json_text(json_next(wanted)),
			      (unsigned)strtoul(json_text(wanted), NULL, 10),
			      got, &e);
}

/* Counts the cases of a file and those that fail. */
static void run_file(const char *name, size_t *cases, size_t *failed)
{
	struct arena *a = arena_new(0);
	const struct json *g = json_first(
	    parse(a, read_file(a, arena_printf(a, DATA "%s", name))));

	for (; g; g = json_next(g)) {
		const struct json *c = json_first(json_get(g, "cases"));

		for (; c; c = json_next(c), ++*cases) {
			struct arena *own = arena_new(0);

			*failed += !run_case(own, g, c);
			arena_free(own);
		}
	}
	arena_free(a);
}

static int is_table(const struct dirent *d)
{
	const size_t n = strlen(d->d_name);

	return strncmp(d->d_name, "plain-", 6) == 0 && n > 5 &&
	       strcmp(d->d_name + n - 5, ".json") == 0;
}

static void test_tables(void **state)
{
	struct dirent **file;
	size_t cases = 0, failed = 0;
	int n = scandir(DATA, &file, is_table, alphasort);

	(void)state;
	assert_true(n >= 2);
	for (int i = 0; i < n; i++) {
		run_file(file[i]->d_name, &cases, &failed);
		free(file[i]);
	}
	free(file);
	assert_true(cases > 300);
	assert_int_equal(failed, 0);
}

/* ---- three values ---------------------------------------------------- */

static const char *const value[] = {"true", "false", "{}"};

/* As the specification prints them: rows left, columns right, in the order of
 * value; t, f, - for empty. */
static const struct {
	const char *operator, * table;
} truth_tables[] = {
    {"and", "tf-"
	    "fff"
	    "-f-"},
    {"or", "ttt"
	   "tf-"
	   "t--"},
    {"xor", "ft-"
	    "tf-"
	    "---"},
    {"implies", "tf-"
		"ttt"
		"t--"},
};

static void expect_truth(const char *text, char wanted)
{
	struct arena *a = arena_new(0);
	struct fp_env env = {.arena = a};
	struct err e = {0};
	const struct fp_expr *x = fp_compile(a, text, &e);

	assert_non_null(x);
	gives(text, NULL,
	      wanted == 't'   ? "[true]"
	      : wanted == 'f' ? "[false]"
			      : "[]");
	assert_int_equal(fp_holds(x, &env, NULL, &e), wanted == 't');
	arena_free(a);
}

static void test_truth_tables(void **state)
{
	char text[80];

	(void)state;
	for (size_t o = 0; o < LEN(truth_tables); o++)
		for (size_t i = 0; i < 9; i++) {
			snprintf(text, sizeof(text), "%s %s %s", value[i / 3],
				 truth_tables[o].operator, value[i % 3]);
			expect_truth(text, truth_tables[o].table[i]);
		}
	expect_truth("true.not()", 'f');
	expect_truth("false.not()", 't');
	expect_truth("{}.not()", '-');
}

/* What an invariant's result means. */
static void test_holds(void **state)
{
	static const struct {
		const char *text;
		int holds;
	} cases[] = {{"true", 1},
		     {"false", 0},
		     {"{}", 0},
		     {"'x'", 1},
		     {"0", 1},
		     {"1 | 2", 1},
		     {"a.exists()", 1},
		     {"b.exists()", 0},
		     {"a", 1},
		     {"f", 0},
		     {"%nothing", -1},
		     {"(1 | 2) and true", -1},
		     {"a = 1", 1},
		     {"b = 1", 0},
		     {"a is Integer", 1},
		     {"all(f)", 0},
		     {"a.hasValue()", 1},
		     {"exists()", 1},
		     {"empty()", 0},
		     {"f.not()", 1},
		     {"not()", 0}};
	struct arena *a = arena_new(0);
	struct fp_env env = {.arena = a};
	const struct json *v = parse(a, "{\"a\":1,\"f\":false}");

	(void)state;
	env.resource = fp_resource(&env, v);
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = {0};
		const struct fp_expr *x = fp_compile(a, cases[i].text, &e);
		const int got = fp_holds(x, &env, &env.resource, &e);

		if (got != cases[i].holds)
			fail_msg("%s: %d", cases[i].text, got);
		assert_int_equal(e.kind != ERR_NONE, got < 0);
	}
	arena_free(a);
}

/* ---- limits ---------------------------------------------------------- */

static char *repeated(struct arena *a, const char *before, const char *unit,
		      size_t n, const char *after)
{
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, unit);
	buf_puts(&b, after);
	return b.p;
}

static void test_nesting(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	gives(repeated(a, repeated(a, "", "(", FP_DEPTH - 1, "1"), ")",
		       FP_DEPTH - 1, ""),
	      NULL, "[1]");
	refused(repeated(a, "", "(", FP_DEPTH, "1"), ERR_INVALID,
		"nested too deeply");
	refused(repeated(a, "", "-", 50000, "1"), ERR_INVALID,
		"nested too deeply");
	refused("'\xff'", ERR_INVALID, "no UTF-8");
	refused(repeated(a, "a", "[0", 5000, ""), ERR_INVALID,
		"nested too deeply");
	refused(repeated(a, "", "iif(true,", 5000, ""), ERR_INVALID,
		"nested too deeply");
	gives(repeated(a, "1", " + 1", 900, ""), NULL, "[901]");
	gives(repeated(a, "true", " and true", 900, ""), NULL, "[true]");
	refused(repeated(a, "a", ".a", 5000, ""), ERR_INVALID, "long a chain");
	refused(repeated(a, "a", ".where(a.b", 120, ""), ERR_INVALID,
		"nested too deeply");
	refused(repeated(a, "'", "x", FP_TEXT, "'"), ERR_INVALID,
		"at most 65536 bytes");
	arena_free(a);
}

static void test_budget(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	refused("1.repeatAll($this)", ERR_UNPROCESSABLE, "too many steps");
	refused("1L.repeat($this + 1)", ERR_UNPROCESSABLE, "too many steps");
	refused(repeated(a, "(1|2)", ".select($this.combine($this))", 40, ""),
		ERR_UNPROCESSABLE, "too many steps");
	refused(repeated(a, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
			 ".select($this & $this)", 40, ""),
		ERR_UNPROCESSABLE, "too many steps");
	arena_free(a);
}

/* A thousand things and more: the cost must not be that of all pairs. */
static void test_large_sets(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;

	(void)state;
	buf_init(&b, a);
	buf_puts(&b, "{\"s\":[");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "%s\"%d\"", i ? "," : "", i % 10000);
	buf_puts(&b, "],\"o\":[");
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "%s{\"a\":%d,\"b\":[true]}", i ? "," : "", i);
	buf_puts(&b, "],\"n\":[");
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "%s%d.%d", i ? "," : "", i / 10, i % 10);
	buf_puts(&b, "]}");
	gives("s.distinct().count()", b.p, "[10000]");
	gives("s.isDistinct()", b.p, "[false]");
	gives("o.isDistinct()", b.p, "[true]");
	gives("n.isDistinct()", b.p, "[true]");
	gives("(s | s).count()", b.p, "[10000]");
	gives("(o | o).count()", b.p, "[5000]");
	gives("s.intersect(s).count()", b.p, "[10000]");
	gives("s.exclude(s).count()", b.p, "[0]");
	gives("s.subsetOf(s.distinct())", b.p, "[true]");
	gives("n.select($this * 1.00).subsetOf(n)", b.p, "[true]");
	gives("o.sort(-a).first().a", b.p, "[4999]");
	arena_free(a);
}

/* ---- for people ------------------------------------------------------ */

static void explains(const char *text, const char *expected)
{
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct buf b;

	assert_null(ask(a, text, NULL, 0, 0, &e));
	buf_init(&b, a);
	fp_explain(&b, text, &e);
	assert_string_equal(b.p, expected);
	arena_free(a);
}

static void test_carets(void **state)
{
	(void)state;
	explains("a b", "a b\n  ^\nexpected an operator or the end but found "
			"'b'\n");
	explains("a.where(\n\tb c)\n.d",
		 "\tb c)\n\t  ^\nexpected ',' but found 'c'\n");
	explains("'äö€' b",
		 "'äö€' b\n      ^\nexpected an operator or the end but found "
		 "'b'\n");
	explains("1 +", "1 +\n   ^\nexpected an operand but found the end\n");
	explains("true and ('a' < 1)",
		 "true and ('a' < 1)\n              ^\n"
		 "a string and an integer cannot be compared\n");
}

static void test_types(void **state)
{
	struct arena *a = arena_new(0);
	struct fp_env env = {.arena = a};
	struct err e = {0};
	struct fp_list l;
	struct buf b;
	struct jw w = {.b = &b};

	(void)state;
	env.resource = fp_resource(
	    &env, parse(a, "{\"resourceType\":\"X\",\"a\":{\"b\":null}}"));
	assert_true(fp_eval(fp_compile(a,
				       "1.combine('x').combine(true)"
				       ".combine(1.5).combine(@2012)"
				       ".combine(@T10).combine(1 'kg')"
				       ".combine(%resource).combine(5L)",
				       &e),
			    &env, NULL, &l, &e));
	buf_init(&b, a);
	fp_write(&w, &env, &l, true);
	assert_string_equal(b.p,
			    "[{\"type\":\"integer\",\"value\":1},"
			    "{\"type\":\"string\",\"value\":\"x\"},"
			    "{\"type\":\"boolean\",\"value\":true},"
			    "{\"type\":\"decimal\",\"value\":1.5},"
			    "{\"type\":\"date\",\"value\":\"2012\"},"
			    "{\"type\":\"time\",\"value\":\"10\"},"
			    "{\"type\":\"Quantity\",\"value\":\"1 'kg'\"},"
			    "{\"type\":\"X\",\"value\":{\"resourceType\":\"X\","
			    "\"a\":{\"b\":null}}},"
			    "{\"type\":\"long\",\"value\":5}]");
	arena_free(a);
}

/* ---- the host -------------------------------------------------------- */

static int yes_to_a(void *ctx, const struct fp_item *x, const char *text)
{
	(void)x;
	assert_ptr_equal(ctx, truth_tables);
	return strcmp(text, "a") == 0 ? 1 : strcmp(text, "b") == 0 ? 0 : -1;
}

static int before(void *ctx, const struct fp_item *x, const struct fp_item *y)
{
	(void)ctx;
	return x->u.integer < y->u.integer;
}

static int html(void *ctx, const struct fp_item *x)
{
	(void)ctx, (void)x;
	return 0;
}

static bool variable(void *ctx, const char *name, struct fp_list *out)
{
	static const struct fp_item seven = {.kind = FP_INTEGER,
					     .u.integer = 7};

	(void)ctx;
	*out = (struct fp_list){&seven, 1};
	return strcmp(name, "seven") == 0;
}

static bool resolve(void *ctx, const char *reference, struct fp_item *out)
{
	(void)ctx;
	*out = (struct fp_item){.kind = FP_INTEGER, .u.integer = 42};
	return strcmp(reference, "answer") == 0;
}

static void test_host(void **state)
{
	static const struct fp_host host = {resolve, yes_to_a, yes_to_a,
					    before,  html,     variable};
	static const struct {
		const char *text;
		const char *gives; /* NULL: an error when strict */
	} cases[] = {{"1.memberOf('a')", "[true]"},
		     {"1.memberOf('b')", "[false]"},
		     {"1.conformsTo('a')", "[true]"},
		     {"1.conformsTo('c')", NULL},
		     {"1.subsumes(2)", "[true]"},
		     {"1.subsumedBy(2)", "[false]"},
		     {"1.htmlChecks()", "[false]"},
		     {"{}.htmlChecks()", "[]"},
		     {"%seven", "[7]"},
		     {"'answer'.resolve()", "[42]"},
		     {"'#x'.resolve()", "[]"}};
	struct arena *a = arena_new(0);
	struct fp_env env = {.arena = a,
			     .host = &host,
			     .ctx = (void *)(uintptr_t)truth_tables,
			     .flags = FP_STRICT};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = {0};
		struct fp_list l;
		struct buf b;
		struct jw w = {.b = &b};
		const struct fp_expr *x = fp_compile(a, cases[i].text, &e);
		const bool ok = fp_eval(x, &env, NULL, &l, &e);

		assert_int_equal(ok, cases[i].gives != NULL);
		if (!ok)
			continue;
		buf_init(&b, a);
		fp_write(&w, &env, &l, false);
		assert_string_equal(b.p, cases[i].gives);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables), cmocka_unit_test(test_truth_tables),
	    cmocka_unit_test(test_holds),  cmocka_unit_test(test_nesting),
	    cmocka_unit_test(test_budget), cmocka_unit_test(test_large_sets),
	    cmocka_unit_test(test_carets), cmocka_unit_test(test_types),
	    cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
