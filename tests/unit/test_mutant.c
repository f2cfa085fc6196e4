/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mutant.c: mutants break what they are said to break, and nothing else;
 * every rule that a resource of the record can break is broken by one of them;
 * what plans list by hand is among them. Runs from the repository's root, on
 * the images that the build made of the official definitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "generate/mutant_int.h"
#include "page/page.h"
#include <stdio.h>
#include <stdlib.h>

#define GLUCOSE "fiphr-sd-bloodglucose"
#define UNTIL	1773136800000 /* 2026-03-10T12:00:00+02:00 */

static const struct generate_citizen people[] = {
    {"010190-900P", "90090090-0900-4900-8900-900900900900"},
    {"050585-901X", "90190190-1901-4901-8901-901901901901"},
};

/* The definitions, and all mutations there are. */
static struct {
	struct arena *arena;
	struct profiles *of[FHIR_VERSIONS];
	const struct generate_mutation *mutation[20000];
	const struct generate_plan *plan[20000];
	size_t n;
} rules;

/* ---- definitions ----------------------------------------------------------
 */

static const char *slurp(struct arena *a, const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("%s is missing: make it in the repository's root",
			 path);
	fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f);
	rewind(f);
	char *text = arena_alloc(a, *n + 1);
	assert_int_equal(fread(text, 1, *n, f), *n);
	fclose(f);
	return text;
}

static const struct json *parse(struct arena *a, const char *text, size_t n)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, text, n, &e);

	if (!v)
		fail_msg("%s: %s in %.300s", e.where, e.text, text);
	return v;
}

static void open_version(enum fhir_version v, const char *image,
			 const char *folder)
{
	struct arena *a = rules.arena;
	const struct page_asset *file;
	struct err e = {.kind = ERR_NONE};
	size_t n;
	const char *bytes = slurp(a, image, &n);

	rules.of[v] = profile_open(a, v, bytes, n, &e);
	assert_non_null(rules.of[v]);
	for (size_t i = 0; (file = page_asset_below(folder, i)) != NULL; i++)
		assert_true(profile_add(
		    rules.of[v], parse(a, (const char *)file->bytes, file->n),
		    file->name, &e));
	if (!profile_compile(rules.of[v], &e))
		fail_msg("%s: %s", e.where, e.text);
}

static int close_rules(void **state)
{
	(void)state;
	arena_free(rules.arena);
	return 0;
}

/* ---- generating -----------------------------------------------------------
 */

static struct generate_options *options(struct arena *a, const char *invalid,
					size_t citizens)
{
	struct generate_options *o = arena_alloc(a, sizeof(*o));

	*o = (struct generate_options){
	    .seed = 7,
	    .until_ms = UNTIL,
	    .days = 1,
	    .citizen = people,
	    .citizen_count = citizens,
	    .fhir = {true, true},
	    .invalid = invalid,
	    .judge = {rules.of[0], rules.of[1]},
	};
	return o;
}

/* profile NULL: all. */
static struct generator *opened(struct arena *a, const char *profile,
				const char *invalid, size_t citizens)
{
	struct err e = {.kind = ERR_NONE};
	struct generate_options *o = options(a, invalid, citizens);
	const char **name = arena_alloc(a, sizeof(*name));
	struct generator *g;

	*name = profile;
	o->profile = name;
	o->profile_count = profile ? 1 : 0;
	g = generate_open(a, o, &e);

	if (!g)
		fail_msg("%s: %s", e.where, e.text);
	return g;
}

static int open_rules(void **state)
{
	struct generator *g;
	struct generated one;

	(void)state;
	rules.arena = arena_new(1 << 20);
	open_version(FHIR_STU3, "build/image/stu3.img",
		     "profiles/finnish-phr-stu3/");
	open_version(FHIR_R4, "build/image/r4.img", "profiles/finnish-phr-r4/");
	g = opened(rules.arena, NULL, "list", 1);
	while (generate_next(g, &one)) {
		assert_true(rules.n < LEN(rules.plan));
		rules.plan[rules.n] = one.plan;
		rules.mutation[rules.n++] = one.mutation;
	}
	return 0;
}

static void check_errors(struct arena *a, const struct generated *g)
{
	const struct profile_options o = {.required = REQUIRED_ALL,
					  .other = rules.of[1 - g->plan->fhir]};
	const struct issues *found = profile_check(
	    rules.of[g->plan->fhir], a, parse(a, g->text, g->len), &o);

	if (found->errors == 0)
		fail_msg("%s: %s is accepted", g->plan->profile,
			 g->mutation->what);
	for (size_t i = 0; i < found->n; i++) {
		const struct issue *x = &found->v[i];

		if (x->severity > ISSUE_ERROR)
			continue;
		if (strcmp(x->rule, g->mutation->rule) != 0 ||
		    strcmp(x->path, g->mutation->path) != 0 ||
		    !text_same(x->key, g->mutation->key))
			fail_msg("%s: %s: %s at %s, and not %s at %s",
				 g->plan->profile, g->mutation->what, x->rule,
				 x->path, g->mutation->rule, g->mutation->path);
	}
}

/* Of two citizens. That explanations say the same, tests/http checks. */
static void test_each_breaks_one_rule(void **state)
{
	struct arena *a = arena_new(0);
	struct generator *g = opened(a, NULL, "list", LEN(people));
	struct generated one;
	size_t n = 0;

	(void)state;
	for (; generate_next(g, &one); n++) {
		struct arena *b = arena_new(0);

		check_errors(b, &one);
		arena_free(b);
	}
	assert_int_equal(n, generate_count(g));
	assert_true(n > 0);
	arena_free(a);
}

/* A citizen's mutants have the citizen's data, others' have others'. */
static void test_data_is_the_citizens(void **state)
{
	struct arena *a = arena_new(0);
	struct generator *g = opened(a, GLUCOSE, "PHR-2", LEN(people));
	struct generated one;
	size_t n = 0;

	(void)state;
	for (; generate_next(g, &one); n++) {
		assert_string_equal(one.mutation->key, "PHR-2");
		assert_non_null(strstr(one.text, one.citizen->patient_id));
	}
	assert_true(n >= 2 && n % 2 == 0);
	arena_free(a);
}

/* ---- what there is ----------------------------------------------------------
 */

/* Rules that no resource of the record breaks by itself, in one way only. */
static const char *const unreachable[] = {
    "KPHR-PROF-0022", /* no slicing of theirs is ordered */
    "KPHR-PROF-0024", /* no fixed value of theirs is complex */
    "KPHR-PROF-0025", /* they have no pattern */
    "KPHR-PROF-0026", /* no maxLength: a string must have a megabyte */
    "KPHR-PROF-0027", /* no minValue */
    "KPHR-PROF-0028", /* no maxValue */
    "KPHR-PROF-0047", /* what must have a code is refused for its coding */
    "KPHR-PROF-0050", /* maximum value sets are of languages: a warning */
    "KPHR-PROF-0054", /* no element has several profiles to choose from */
    "KPHR-PROF-0056", /* for Bundle and Parameters */
    "KPHR-PROF-0082", /* theirs can be evaluated */
    "KPHR-PROF-0091", /* a budget: only what takes seconds exceeds it */
    "KPHR-PROF-0102", /* Bundles, up to 0116 */
    "KPHR-PROF-0103", /* what is contained must be elsewhere: 0104, too */
    "KPHR-PROF-0110", "KPHR-PROF-0111", "KPHR-PROF-0115",
    "KPHR-PROF-0116", "KPHR-PROF-0184", /* a budget */
    "KPHR-PROF-0239",			/* unless a switch demands it */
};

static bool is_unreachable(const char *rule)
{
	for (size_t i = 0; i < LEN(unreachable); i++)
		if (strcmp(rule, unreachable[i]) == 0)
			return true;
	return false;
}

static void test_rules_are_covered(void **state)
{
	bool broken[400] = {false};
	struct rule_about r;

	(void)state;
	for (size_t i = 0; i < rules.n; i++)
		broken[atoi(rules.mutation[i]->rule + strlen("KPHR-PROF-"))] =
		    true;
	for (size_t i = 0; profile_rule(i, &r); i++) {
		const int k = atoi(r.id + strlen("KPHR-PROF-"));

		if (r.severity[RULES_KANTA] > ISSUE_ERROR)
			continue;
		if (broken[k] == is_unreachable(r.id))
			fail_msg("%s (%s) is %s", r.id, r.title,
				 broken[k] ? "broken after all"
					   : "broken by no mutant");
	}
}

/* By its id, its invariant, or the invariant that it is. */
static bool is_broken(const char *profile, const char *rule)
{
	struct rule_about r;

	for (size_t i = 0; i < rules.n; i++) {
		const struct generate_mutation *m = rules.mutation[i];

		if (strcmp(rules.plan[i]->profile, profile) != 0)
			continue;
		if (strcmp(m->rule, rule) == 0 || text_is(m->key, rule))
			return true;
		for (size_t k = 0; profile_rule(k, &r); k++)
			if (strcmp(r.id, m->rule) == 0 &&
			    strcmp(r.source, rule) == 0)
				return true;
	}
	return false;
}

/* What a plan lists by hand is refused with the rule it says. */
static void test_lists_are_used(void **state)
{
	const struct page_asset *file;
	size_t n = 0;

	(void)state;
	for (size_t i = 0;
	     (file = page_asset_below("fixtures/generate/fiphr-", i)); i++) {
		const struct json *plan =
		    parse(rules.arena, (const char *)file->bytes, file->n);
		const struct json *m = json_first(json_get(plan, "mutants"));
		const char *profile = json_get_text(plan, "profile");

		for (; m; m = json_next(m), n++)
			if (!is_broken(profile, json_get_text(m, "rule")))
				fail_msg("%s: no mutant breaks %s", file->name,
					 json_get_text(m, "rule"));
	}
	assert_true(n > 100);
}

/* Each profile has many, and no two are alike. */
static void test_profiles_have_many(void **state)
{
	size_t first = 0;

	(void)state;
	for (size_t i = 1; i <= rules.n; i++) {
		if (i < rules.n && rules.plan[i] == rules.plan[first])
			continue;
		if (i - first < 40)
			fail_msg("%s has %zu", rules.plan[first]->profile,
				 i - first);
		for (size_t k = first; k < i; k++)
			for (size_t x = first; x < k; x++)
				assert_string_not_equal(
				    rules.mutation[k]->what,
				    rules.mutation[x]->what);
		first = i;
	}
}

/* "all" is what the HL7 validator refuses, too; the rest by name, and each has
 * a reason. */
static void test_some_are_apart(void **state)
{
	static const char *const named[] = {"KPHR-PROF-0063", "KPHR-PROF-0036",
					    "vs-1"};
	struct arena *a = arena_new(0);
	struct generator *g = opened(a, GLUCOSE, "all", 1);
	struct generated one;
	size_t n = 0, apart = 0, total = 0;

	(void)state;
	for (; generate_next(g, &one); n++)
		assert_null(one.mutation->apart);
	for (size_t i = 0; i < rules.n; i++) {
		if (!strstr(rules.plan[i]->profile, "/" GLUCOSE))
			continue;
		total++;
		apart += rules.mutation[i]->apart != NULL;
	}
	assert_true(n > 0 && apart > 0 && n + apart == total);
	for (size_t i = 0; i < LEN(named); i++) {
		g = opened(a, GLUCOSE, named[i], 1);
		assert_true(generate_next(g, &one));
		assert_true(text_is(one.mutation->key, named[i]) ||
			    text_is(one.mutation->rule, named[i]));
		assert_non_null(one.mutation->apart);
	}
	arena_free(a);
}

static void test_unknown_rules(void **state)
{
	static const struct {
		const char *rule, *says;
	} cases[] = {
	    {"KPHR-PROF-0012x", "did you mean \"KPHR-PROF-0012\"?"},
	    {"PRH-2", "did you mean \"PHR-2\"?"},
	    {"KPHR-PROF-0154", "no mutant of these profiles breaks"},
	    {"nothing-like-it", "--invalid list"},
	};
	const char *profile = GLUCOSE;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena *a = arena_new(0);
		struct err e = {.kind = ERR_NONE};

		struct generate_options *o = options(a, cases[i].rule, 1);

		o->profile = &profile;
		o->profile_count = 1;
		assert_null(generate_open(a, o, &e));
		assert_int_equal(e.kind, ERR_INVALID);
		assert_non_null(strstr(e.text, cases[i].says));
		arena_free(a);
	}
}

/* ---- edits ------------------------------------------------------------------
 */

static void test_edits(void **state)
{
	static const char text[] =
	    "{\"a\":1.50,\"b\":[{\"c\":\"x\"},{\"c\":\"2026-03-09T07:10:00"
	    "+02:00\"}],\"d\":{\"e\":true}}";
	static const struct {
		struct edit e;
		const char *gives;
	} cases[] = {
	    {{EDIT_REMOVE, "b", NULL, NULL}, "{\"a\":1.50,\"d\":{\"e\":true}}"},
	    {{EDIT_REMOVE, "b[0]", NULL, NULL},
	     "{\"a\":1.50,\"b\":[{\"c\":\"2026-03-09T07:10:00+02:00\"}],"
	     "\"d\":{\"e\":true}}"},
	    {{EDIT_PUT, "b", "7", NULL},
	     "{\"a\":1.50,\"b\":7,\"d\":{\"e\":true}}"},
	    {{EDIT_PUT, "d.f[9].g", "7", NULL},
	     "{\"a\":1.50,\"b\":[{\"c\":\"x\"},{\"c\":\"2026-03-09T07:10:00"
	     "+02:00\"}],\"d\":{\"e\":true,\"f\":[{\"g\":7}]}}"},
	    {{EDIT_PUT, "a.x", "7", NULL}, NULL},
	    {{EDIT_PUT, "b.x", "7", NULL}, NULL},
	    {{EDIT_PUT, "d[0]", "7", NULL}, NULL},
	    {{EDIT_REMOVE, "nothing", NULL, NULL}, NULL},
	    {{EDIT_REMOVE, "", NULL, NULL}, NULL},
	    {{EDIT_UNWRAP, "a", NULL, NULL}, NULL},
	    {{EDIT_REPLACE, "b[0].c", "y", "z"}, NULL},
	    {{EDIT_NO_ZONE, "b[0].c", NULL, NULL}, NULL},
	    {{EDIT_FEBRUARY, "b[0].c", NULL, NULL}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena *a = arena_new(0);
		size_t n;
		const char *got = edit_apply(a, parse(a, text, strlen(text)),
					     &cases[i].e, 1, &n);

		if (!text_same(got, cases[i].gives))
			fail_msg("%s: %s", cases[i].e.path,
				 got ? got : "no place");
		arena_free(a);
	}
}

/* What becomes of "b" when the edits are done one after the other. */
static void test_edits_of_values(void **state)
{
	static const char text[] = "{\"b\":[{\"c\":\"x\"},{\"c\":\"2026-03-09T"
				   "07:10:00-02:00\"}],\"n\":1.50}";
	static const struct edit e[] = {
	    {EDIT_BACKWARDS, "b", NULL, NULL},
	    {EDIT_FEBRUARY, "b[0].c", NULL, NULL},
	    {EDIT_NO_ZONE, "b[0].c", NULL, NULL},
	    {EDIT_REPLACE, "b[1].c", "x", "\"y\""},
	    {EDIT_TWICE, "b[1]", NULL, NULL},
	    {EDIT_RENAME, "b", "bb", NULL},
	    {EDIT_QUOTE, "n", NULL, NULL},
	    {EDIT_WRAP, "n", NULL, NULL},
	};
	struct arena *a = arena_new(0);
	size_t n;

	(void)state;
	assert_string_equal(
	    edit_apply(a, parse(a, text, strlen(text)), e, LEN(e), &n),
	    "{\"bb\":[{\"c\":\"2026-02-30T07:10:00\"},{\"c\":\"\\\"y\\\"\"},"
	    "{\"c\":\"\\\"y\\\"\"}],\"n\":[\"1.50\"]}");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_edits_of_values),
	    cmocka_unit_test(test_each_breaks_one_rule),
	    cmocka_unit_test(test_data_is_the_citizens),
	    cmocka_unit_test(test_rules_are_covered),
	    cmocka_unit_test(test_lists_are_used),
	    cmocka_unit_test(test_profiles_have_many),
	    cmocka_unit_test(test_some_are_apart),
	    cmocka_unit_test(test_unknown_rules),
	};
	return cmocka_run_group_tests(tests, open_rules, close_rules);
}
