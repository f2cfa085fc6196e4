/* SPDX-License-Identifier: Apache-2.0
 *
 * test_profile.c: the rule engine against its data tables (tests/data/profile,
 * whose README says what a case is) and what no table can say: the image,
 * lists, terminology, the limits. Runs from the repository's root, on the
 * images that the build made of the official definitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "profile/profile.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DATA "tests/data/profile/"

/* ---- files and images --------------------------------------------------- */

static char *read_file(struct arena *a, const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("%s is missing: run \"make build/image/stu3.img "
			 "build/image/r4.img\" in the repository's root",
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
	struct err e = {0};
	const struct json *v = json_parse(a, text, n, &e);
	if (!v)
		fail_msg("%s: %s in %.300s", e.where, e.text, text);
	return v;
}

static const struct json *read_json(struct arena *a, const char *path)
{
	size_t n;
	char *text = read_file(a, path, &n);
	return parse(a, text, n);
}

static struct profiles *open_image(struct arena *a, enum fhir_version v)
{
	size_t n;
	struct err e = {0};
	const char *image = read_file(
	    a, v == FHIR_R4 ? "build/image/r4.img" : "build/image/stu3.img",
	    &n);
	struct profiles *p = profile_open(a, v, image, n, &e);
	if (!p)
		fail_msg("%s", e.text);
	return p;
}

static struct profiles *open_with(struct arena *a, enum fhir_version v,
				  const struct json *definitions)
{
	struct err e = {0};
	struct profiles *p = open_image(a, v);
	for (const struct json *d = json_first(definitions); d;
	     d = json_next(d))
		assert_true(profile_add(p, d, "file.json", &e));
	if (!profile_compile(p, &e))
		fail_msg("%s: %s", e.where, e.text);
	return p;
}

/* ---- RFC 7396 --------------------------------------------------------- */

static void merge(struct buf *b, const struct json *base,
		  const struct json *patch);

static void member(struct buf *b, const struct json *base,
		   const struct json *patch, const char *name, bool *some)
{
	if (patch && json_kind(patch) == JSON_NULL)
		return;
	if (*some)
		buf_putc(b, ',');
	*some = true;
	json_quote(b, name, strlen(name));
	buf_putc(b, ':');
	merge(b, base, patch);
}

/* Writes base changed by patch (NULL: unchanged). */
static void merge(struct buf *b, const struct json *base,
		  const struct json *patch)
{
	bool some = false;
	if (!patch) {
		json_write(b, base, false);
		return;
	}
	if (json_kind(patch) != JSON_OBJECT) {
		json_write(b, patch, false);
		return;
	}
	if (base && json_kind(base) != JSON_OBJECT)
		base = NULL;
	buf_putc(b, '{');
	for (const struct json *m = json_first(base); m; m = json_next(m))
		member(b, m, json_get(patch, json_name(m)), json_name(m),
		       &some);
	for (const struct json *m = json_first(patch); m; m = json_next(m)) {
		if (!json_get(base, json_name(m)))
			member(b, NULL, m, json_name(m), &some);
	}
	buf_putc(b, '}');
}

/* ---- the tables ------------------------------------------------------- */

struct table {
	struct arena *a; /* of the case */
	const struct profiles *p;
	const char *file;
	unsigned failed;
};

static void complain(struct table *t, const struct json *c, const char *what,
		     const char *detail)
{
	const char *name = json_get_text(c, "name");
	print_error("%s: \"%s\": %s %s\n", t->file, name ? name : "?", what,
		    detail);
	t->failed++;
}

static bool is_issue(const struct issue *i, const struct json *want)
{
	const char *rule = json_text(json_first(want));
	const char *path = json_text(json_next(json_first(want)));
	return strcmp(i->rule + strlen("KPHR-PROF-"), rule) == 0 &&
	       strcmp(i->path, path) == 0;
}

static bool listed(const struct json *list, const struct issue *i)
{
	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		if (is_issue(i, w))
			return true;
	}
	return false;
}

/* The issue's third word, if it has one, is the hint. */
static bool has_hint(const struct issue *i, const struct json *want)
{
	const struct json *hint = json_next(json_next(json_first(want)));
	return !hint || json_kind(hint) == JSON_NULL ||
	       (i->hint && strcmp(i->hint, json_text(hint)) == 0);
}

/* The "confidence" of an issue, by its path; "-" for none. */
static bool has_confidence(const struct issue *i, const struct json *c)
{
	const char *want = json_get_text(json_get(c, "confidence"), i->path);
	return !want || strcmp(i->confidence ? i->confidence : "-", want) == 0;
}

/* The fourth and the fifth: how today's validator files it, and where. */
static bool has_place(const struct issue *i, const struct json *want)
{
	const struct json *hint = json_next(json_next(json_first(want)));
	const struct json *code = hint ? json_next(hint) : NULL;
	if (!code)
		return true;
	return strcmp(i->code, json_text(code)) == 0 &&
	       strcmp(i->place ? i->place : i->path,
		      json_text(json_next(code))) == 0;
}

/* The invariant that the case is about. */
static bool has_key(const struct issue *i, const struct json *c)
{
	const char *key = json_get_text(c, "key");
	return !key || !i->key || strcmp(i->key, key) == 0;
}

static const char *line(struct table *t, const struct issue *i)
{
	return arena_printf(t->a, "%s at %s: %s", i->rule, i->path, i->text);
}

static bool is_error(const struct issue *i)
{
	return i->severity <= ISSUE_ERROR;
}

/* Every issue has what a user needs; errors come first, then warnings. */
static void check_form(struct table *t, const struct json *c,
		       const struct issues *is)
{
	size_t errors = 0;
	for (size_t k = 0; k < is->n; k++) {
		const struct issue *i = &is->v[k];
		errors += is_error(i);
		if (errors < k + 1 && is_error(i))
			complain(t, c, "out of order:", line(t, i));
		if (!i->text[0] || !i->path[0] || !i->code || i->line == 0)
			complain(t, c, "incomplete:", line(t, i));
		if (k > 0 && !is_error(i) && i->severity < i[-1].severity)
			complain(t, c, "out of order:", line(t, i));
	}
	if (errors != is->errors)
		complain(t, c, "errors are miscounted", "");
}

static void compare(struct table *t, const struct json *c,
		    const struct issues *is)
{
	const struct json *want = json_get(c, "issues");
	const struct json *also = json_get(c, "also");

	for (size_t k = 0; k < is->n; k++) {
		if (is_error(&is->v[k]) && !listed(want, &is->v[k]))
			complain(t, c, "not expected:", line(t, &is->v[k]));
	}
	for (int pass = 0; pass < 2; pass++) {
		const struct json *w = json_first(pass ? also : want);
		for (; w; w = json_next(w)) {
			size_t n = 0;
			for (size_t k = 0; k < is->n; k++) {
				if (!is_issue(&is->v[k], w) ||
				    !has_key(&is->v[k], c) ||
				    is_error(&is->v[k]) != (pass == 0))
					continue;
				n++;
				if (!has_confidence(&is->v[k], c))
					complain(t, c, "confidence:",
						 line(t, &is->v[k]));
				if (!has_hint(&is->v[k], w))
					complain(t, c, "hint:", is->v[k].hint);
				if (!has_place(&is->v[k], w))
					complain(t, c,
						 "place:", line(t, &is->v[k]));
			}
			if (n != 1)
				complain(t, c, n ? "twice:" : "missing:",
					 json_text(json_first(w)));
		}
	}
}

/* "weight": {switch: "warning" or "silent"} */
static void weigh(const struct json *weight, struct profile_options *o)
{
	static const char *const names[PROFILE_SWITCHES] = {
	    [SWITCH_GLUCOSE_PAIR] = "glucose_pair",
	    [SWITCH_STU3_BP_55284] = "stu3_bp_55284",
	    [SWITCH_STU3_EXTRA_CODINGS] = "stu3_extra_codings",
	    [SWITCH_SNAPSHOT_LITERAL] = "snapshot_literal",
	    [SWITCH_STU3_DEVICE] = "stu3_device",
	    [SWITCH_STU3_METHOD] = "stu3_method",
	};
	for (const struct json *w = json_first(weight); w; w = json_next(w)) {
		size_t i = 1;
		while (i < LEN(names) && strcmp(names[i], json_name(w)) != 0)
			i++;
		assert_in_range(i, 1, LEN(names) - 1);
		o->weight[i] = strcmp(json_text(w), "silent") == 0
				   ? WEIGHT_SILENT
				   : WEIGHT_WARNING;
	}
}

/* "off", "warning", "error"; NULL: by the rules */
static enum profile_say say_of(const char *word)
{
	static const char *const words[] = {"off", "warning", "error"};
	for (size_t i = 0; word && i < LEN(words); i++)
		if (strcmp(words[i], word) == 0)
			return (enum profile_say)(SAY_OFF + (int)i);
	return SAY_BY_RULES;
}

static void options_of(struct arena *a, const struct json *c,
		       struct profile_options *o)
{
	const char *required = json_get_text(c, "required");
	const struct json *extra = json_get(c, "extra");

	*o = (struct profile_options){.required = REQUIRED_OFF};
	if (required)
		o->required = strcmp(required, "all") == 0
				  ? REQUIRED_ALL
				  : REQUIRED_NOT_PATIENT;
	o->unknown_warns = json_get(c, "warn") != NULL;
	o->own_base = json_get_text(c, "own_base");
	o->no_examples = json_get(c, "no_examples") != NULL;
	if (json_get_text(c, "rules"))
		o->rules = strcmp(json_get_text(c, "rules"), "current") == 0
			       ? RULES_CURRENT
			       : RULES_KANTA;
	weigh(json_get(c, "weight"), o);
	o->foreign_rejected = json_get(c, "foreign_rejected") != NULL;
	o->creator_required = json_get(c, "creator_required") != NULL;
	o->display = say_of(json_get_text(c, "display"));
	o->unknown_code = say_of(json_get_text(c, "unknown_code"));
	const char **v = arena_alloc(a, json_count(extra) * sizeof(*v));
	for (extra = json_first(extra); extra; extra = json_next(extra))
		v[o->extra_count++] = json_text(extra);
	o->extra = v;
}

static const struct issues *check_text(struct table *t, const char *text,
				       const struct profile_options *o)
{
	const struct json *r = parse(t->a, text, strlen(text));
	return profile_check(t->p, t->a, r, o);
}

static void run_case(struct table *t, const struct json *base,
		     const struct json *c)
{
	struct profile_options o;
	struct buf good, bad;

	if (json_get(c, "resource"))
		base = json_get(c, "resource");
	options_of(t->a, c, &o);
	buf_init(&good, t->a);
	buf_init(&bad, t->a);
	merge(&good, base, json_get(c, "good"));
	if (json_get_text(c, "text"))
		buf_puts(&bad, json_get_text(c, "text"));
	else
		merge(&bad, base, json_get(c, "bad"));

	const struct issues *is = check_text(t, bad.p, &o);
	check_form(t, c, is);
	compare(t, c, is);
	if (json_get(c, "good_extra"))
		o.extra_count = 0;
	is = check_text(t, good.p, &o);
	check_form(t, c, is);
	for (size_t k = 0; k < is->n; k++) {
		if (is_error(&is->v[k]))
			complain(t, c, "the good one:", line(t, &is->v[k]));
	}
}

/* "codes": [value set, system or null, code, what the answer is] */
static void run_code(struct table *t, const struct json *row)
{
	const struct json *system = json_next(json_first(row));
	const struct json *code = json_next(system);
	int want = (int)strtol(json_text(json_next(code)), NULL, 10);
	int has = profile_code_in(
	    t->p, json_text(json_first(row)),
	    json_kind(system) == JSON_NULL ? NULL : json_text(system),
	    json_text(code));
	if (has == want)
		return;
	print_error("%s: %s in %s: %d\n", t->file, json_text(code),
		    json_text(json_first(row)), has);
	t->failed++;
}

static unsigned run_table(const char *file)
{
	struct arena *boot = arena_new(0);
	const struct json *j = read_json(boot, file);
	const char *version = json_get_text(j, "fhir");
	struct table t = {.file = file};
	const struct json *c = json_first(json_get(j, "cases"));

	t.p = open_with(boot, strcmp(version, "r4") == 0 ? FHIR_R4 : FHIR_STU3,
			json_get(j, "definitions"));
	assert_non_null(c);
	const struct json *row = json_first(json_get(j, "codes"));
	for (; row; row = json_next(row))
		run_code(&t, row);
	for (; c; c = json_next(c)) {
		t.a = arena_new(0);
		run_case(&t, json_get(j, "resource"), c);
		arena_free(t.a);
	}
	arena_free(boot);
	return t.failed;
}

/* Every file of the folder whose name says a version. */
static void test_tables(void **state)
{
	struct dirent **v;
	int n = scandir(DATA, &v, NULL, alphasort);
	unsigned failed = 0;
	int run = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		const char *name = v[i]->d_name;
		char path[512];

		snprintf(path, sizeof(path), DATA "%s", name);
		if (strstr(name, "-r4.json") || strstr(name, "-stu3.json")) {
			failed += run_table(path);
			run++;
		}
		free(v[i]);
	}
	free(v);
	assert_true(run >= 7);
	assert_int_equal(failed, 0);
}

/* ---- definitions that are refused ------------------------------------- */

static void test_refused(void **state)
{
	(void)state;
	struct arena *boot = arena_new(0);
	const struct json *c = json_first(read_json(boot, DATA "compile.json"));
	assert_non_null(c);
	for (; c; c = json_next(c)) {
		struct arena *a = arena_new(0);
		struct err e = {0};
		struct profiles *p = open_image(a, FHIR_R4);
		const struct json *d = json_first(json_get(c, "definitions"));
		for (; d; d = json_next(d))
			assert_true(profile_add(p, d, "file.json", &e));
		if (profile_compile(p, &e))
			fail_msg("%s: compiled", json_get_text(c, "name"));
		assert_string_equal(e.where, json_get_text(c, "where"));
		if (!strstr(e.text, json_get_text(c, "text")))
			fail_msg("%s: %s", json_get_text(c, "name"), e.text);
		arena_free(a);
	}
	arena_free(boot);
}

static bool add_text(struct arena *a, struct profiles *p, const char *text,
		     struct err *e)
{
	return profile_add(p, parse(a, text, strlen(text)), "f.json", e);
}

static void test_add(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);

	assert_false(add_text(a, p, "[]", &e));
	assert_string_equal(e.where, "f.json");
	assert_false(add_text(a, p,
			      "{\"resourceType\":\"StructureDefinition\","
			      "\"derivation\":\"constraint\"}",
			      &e));
	assert_true(add_text(a, p, "{\"resourceType\":\"Patient\"}", &e));
	assert_true(add_text(a, p,
			     "{\"resourceType\":\"StructureDefinition\","
			     "\"url\":\"http://example.org/l\","
			     "\"kind\":\"logical\"}",
			     &e));
	assert_true(profile_compile(p, &e));
	arena_free(a);
}

/* ---- what the caller fetches ------------------------------------------ */

static const struct json *fetch(void *ctx, const char *canonical)
{
	const char *want = "http://example.org/Questionnaire/stored|1";
	return strcmp(canonical, want) == 0 ? ctx : NULL;
}

static void test_fetch(void **state)
{
	(void)state;
	static const char stored[] =
	    "{\"resourceType\":\"Questionnaire\",\"status\":\"active\","
	    "\"item\":[{\"linkId\":\"a\",\"type\":\"integer\"}]}";
	static const char response[] =
	    "{\"resourceType\":\"QuestionnaireResponse\",\"status\":"
	    "\"completed\",\"questionnaire\":\"http://example.org/"
	    "Questionnaire/stored|%d\",\"item\":[{\"linkId\":\"a\","
	    "\"answer\":[{\"valueString\":\"1\"}]}]}";
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	const struct profile_options o = {
	    .required = REQUIRED_OFF,
	    .fetch = fetch,
	    .fetch_ctx = (void *)parse(a, stored, strlen(stored))};

	for (int version = 1; version <= 2; version++) {
		const char *text = arena_printf(a, response, version);
		const struct json *r = parse(a, text, strlen(text));
		const struct issues *is = profile_check(p, a, r, &o);
		assert_int_equal(is->errors, version == 1);
	}
	arena_free(a);
}

/* ---- what is loaded --------------------------------------------------- */

static void test_list(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	const struct json *j = read_json(a, DATA "policy-r4.json");
	struct profiles *p = open_with(a, FHIR_R4, json_get(j, "definitions"));
	struct profile_info info, before = {.url = ""};
	size_t i = 0;

	for (; profile_list(p, i, &info) && info.national; i++) {
		assert_true(strcmp(before.url, info.url) < 0);
		assert_string_equal(info.source, "file.json");
		before = info;
	}
	assert_int_equal(i, 5);
	assert_true(profile_list(p, i, &info));
	assert_string_equal(info.source, "hl7.fhir.r4.examples@4.0.1");
	while (profile_list(p, i, &info))
		i++;
	assert_true(i > 150 && i < 250); /* 148 types, 43 profiles */

	assert_true(profile_find(
	    p, "http://phr.kanta.fi/StructureDefinition/test-base|2", &info));
	assert_true(info.abstract && info.national);
	assert_string_equal(info.type, "Observation");
	assert_string_equal(info.base, "http://hl7.org/fhir/"
				       "StructureDefinition/Observation");
	assert_true(profile_find(
	    p, "http://hl7.org/fhir/StructureDefinition/vitalsigns", &info));
	assert_false(info.national);
	assert_false(profile_find(p, "http://example.org/none", &info));
	arena_free(a);
}

static void test_terminology(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	const struct json *j = read_json(a, DATA "profile-r4.json");
	struct profiles *p = open_with(a, FHIR_R4, json_get(j, "definitions"));
	static const struct {
		const char *vs, *system, *code;
		int want;
	} cases[] = {
	    {"http://example.org/vs", "http://example.org/cs", "a21", 1},
	    {"http://example.org/vs", "http://example.org/cs", "A21", 0},
	    {"http://example.org/vs", "http://example.org/other", "a21", 0},
	    {"http://example.org/vs", NULL, "b", 1},
	    {"http://example.org/vs-a", NULL, "a", 1},
	    {"http://example.org/vs-a", NULL, "a21", 1},
	    {"http://example.org/vs-a", NULL, "a2", 0},
	    {"http://example.org/vs-a", NULL, "b", 0},
	    {"http://example.org/vs-nested", "http://loinc.org", "1-1", 1},
	    {"http://example.org/vs-nested", NULL, "a1", 1},
	    {"http://example.org/vs-nested", NULL, "b", 0},
	    {"http://example.org/vs-both", NULL, "a1", 1},
	    {"http://example.org/vs-both", NULL, "b", 0},
	    {"http://example.org/vs-open", "http://example.org/not-loaded", "x",
	     -1},
	    {"http://example.org/vs-open", "http://loinc.org", "x", 0},
	    {"http://example.org/vs-nocase", NULL, "UPPER", 1},
	    {"http://example.org/vs-nocase", NULL, "Lower", 1},
	    {"http://example.org/vs-nocase", NULL, "low", 0},
	    {"http://example.org/vs-nocase-listed", NULL, "uPPER", 1},
	    {"http://example.org/vs-nocase-listed", NULL, "lower", 0},
	    {"http://example.org/vs-ring", NULL, "x", -1},
	    {"http://example.org/vs-expanded", "http://loinc.org", "9-9", 1},
	    {"http://example.org/vs-expanded", "http://loinc.org", "9-8", 0},
	    {"http://example.org/none", NULL, "x", -1},
	    {"http://hl7.org/fhir/ValueSet/languages", NULL, "fi", 1},
	    {"http://hl7.org/fhir/ValueSet/languages|4.0.1", NULL, "sv-SE", 1},
	    {"http://hl7.org/fhir/ValueSet/languages", NULL, "fi-FI", 0},
	    {"http://hl7.org/fhir/ValueSet/ucum-vitals-common",
	     "http://unitsofmeasure.org", "mm[Hg]", 1},
	    {"http://hl7.org/fhir/ValueSet/ucum-vitals-common",
	     "http://unitsofmeasure.org", "mmHg", 0},
	    {"http://hl7.org/fhir/ValueSet/mimetypes", NULL, "text/plain", 1},
	    {"http://hl7.org/fhir/ValueSet/mimetypes", NULL, "text", 0},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		int has = profile_code_in(p, cases[i].vs, cases[i].system,
					  cases[i].code);
		if (has != cases[i].want)
			fail_msg("%s %s: %d", cases[i].vs, cases[i].code, has);
	}
	arena_free(a);
}

/* A definition given later wins, also over an official one. */
static void test_later_wins(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	static const char *const texts[] = {
	    "{\"resourceType\":\"ValueSet\",\"url\":\"http://hl7.org/fhir/"
	    "ValueSet/observation-status\",\"compose\":{\"include\":[{"
	    "\"system\":\"x:y\",\"concept\":[{\"code\":\"first\"}]}]}}",
	    "{\"resourceType\":\"ValueSet\",\"url\":\"http://hl7.org/fhir/"
	    "ValueSet/observation-status\",\"compose\":{\"include\":[{"
	    "\"system\":\"x:y\",\"concept\":[{\"code\":\"second\"}]}]}}",
	};
	static const char good[] =
	    "{\"resourceType\":\"Observation\",\"status\":\"second\","
	    "\"code\":{\"text\":\"x\"}}";
	static const char bad[] =
	    "{\"resourceType\":\"Observation\",\"status\":\"final\","
	    "\"code\":{\"text\":\"x\"}}";
	struct profile_options o = {.required = REQUIRED_OFF};

	for (size_t i = 0; i < LEN(texts); i++)
		assert_true(add_text(a, p, texts[i], &e));
	assert_true(profile_compile(p, &e));
	const struct json *r = parse(a, good, strlen(good));
	assert_int_equal(profile_check(p, a, r, &o)->errors, 0);
	r = parse(a, bad, strlen(bad));
	assert_int_equal(profile_check(p, a, r, &o)->errors, 1);
	arena_free(a);
}

#include "profile_fhirpath.h"

/* ---- texts ------------------------------------------------------------ */

static void test_texts(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	const struct json *j = read_json(a, DATA "profile-r4.json");
	struct profiles *p = open_with(a, FHIR_R4, json_get(j, "definitions"));
	struct profile_options o = {.required = REQUIRED_OFF};
	static const char text[] =
	    "{\"resourceType\": \"Observation\",\n"
	    " \"meta\": {\"profile\":\n"
	    "  [\"http://example.org/StructureDefinition/bp\"]},\n"
	    " \"status\": \"draft\",\n"
	    " \"code\": {\"coding\": [{\"system\": \"http://loinc.org\",\n"
	    "   \"code\": \"85354-9\"}]}, \"effectiveDateTime\": \"2024\",\n"
	    " \"subject\": {\"reference\": \"Patient/1\"},\n"
	    " \"category\": [{\"coding\": [{\"code\": \"vital-signs\",\n"
	    "  \"system\": \"http://terminology.hl7.org/CodeSystem/"
	    "observation-category\"}]}],\n"
	    " \"text\": {\"status\": \"empty\", \"div\": \"<div "
	    "xmlns='http://www.w3.org/1999/xhtml'>-</div>\"}}";
	const struct issues *is =
	    profile_check(p, a, parse(a, text, strlen(text)), &o);

	assert_int_equal(is->n, 4);
	assert_string_equal(is->v[0].path, "Observation.component");
	assert_string_equal(
	    is->v[0].text,
	    "Profile http://example.org/StructureDefinition/bp, Element "
	    "'Observation.component': minimum required = 2, but only found 0");
	assert_string_equal(is->v[0].hint,
			    "add \"component\" with sys (code.coding.system = "
			    "\"http://loinc.org\", code.coding.code = "
			    "\"8480-6\", valueQuantity.unit = \"mm[Hg]\"), "
			    "dia (code.coding.system = \"http://loinc.org\", "
			    "code.coding.code = \"8462-4\", "
			    "valueQuantity.unit = \"mm[Hg]\")");
	assert_string_equal(is->v[0].code, "required");
	assert_int_equal(is->v[0].line, 1);

	assert_string_equal(is->v[1].text,
			    "Value is 'draft' but must be 'final'");
	assert_string_equal(is->v[1].expected, "final");
	assert_string_equal(is->v[1].hint, "use \"final\"");
	assert_string_equal(is->v[1].profile,
			    "http://example.org/StructureDefinition/bp");

	assert_string_equal(is->v[2].path,
			    "Observation.code.coding[0].display");
	assert_string_equal(is->v[2].hint, "add \"display\"");

	/* what follows from another one */
	assert_string_equal(is->v[3].rule, "KPHR-PROF-0046");
	assert_int_equal(is->v[3].line, 4);
	assert_int_equal(is->v[3].column, 12);
	assert_string_equal(is->v[3].code, "code-invalid");
	assert_string_equal(
	    is->v[3].profile,
	    "http://hl7.org/fhir/StructureDefinition/Observation");
	assert_non_null(strstr(is->v[3].hint, "preliminary"));
	arena_free(a);
}

/* ---- the image -------------------------------------------------------- */

static void test_image(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	size_t n;
	char *image = read_file(a, "build/image/r4.img", &n);

	assert_non_null(profile_open(a, FHIR_R4, image, n, &e));
	assert_null(profile_open(a, FHIR_STU3, image, n, &e));
	assert_null(profile_open(a, FHIR_R4, image, n - 4, &e));
	assert_null(profile_open(a, FHIR_R4, image, 16, &e));
	image[0] ^= 1;
	assert_null(profile_open(a, FHIR_R4, image, n, &e));
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_true(n < 4 * 1024 * 1024);
	arena_free(a);
}

/* A set without the official definitions: two types and a profile of one. What
 * is written out and opened again gives the same verdict. */
static void test_own_image(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct buf b;
	const struct json *list = read_json(a, DATA "tiny.json");
	static const char good[] =
	    "{\"resourceType\":\"Thing\",\"size\":\"s\"}";
	static const char bad[] = "{\"resourceType\":\"Thing\",\"sise\":\"s\"}";
	const char *extra[] = {"http://hl7.org/fhir/StructureDefinition/small"};
	struct profile_options o = {.required = REQUIRED_OFF};

	struct profiles *p = profile_new(a, FHIR_R4);
	for (const struct json *d = json_first(list); d; d = json_next(d))
		assert_true(profile_add(p, d, "tiny.json", &e));
	if (!profile_compile(p, &e))
		fail_msg("%s: %s", e.where, e.text);
	buf_init(&b, a);
	assert_true(profile_write_image(p, &b, &e));
	char *copy = arena_alloc(a, b.len);
	memcpy(copy, b.p, b.len);
	struct profiles *q = profile_open(a, FHIR_R4, copy, b.len, &e);
	assert_non_null(q);
	assert_false(profile_write_image(q, &b, &e));

	const struct json *r[] = {parse(a, good, strlen(good)),
				  parse(a, bad, strlen(bad))};
	for (size_t i = 0; i < LEN(r); i++) {
		o.extra_count = 0;
		assert_int_equal(profile_check(p, a, r[i], &o)->errors, i);
		assert_int_equal(profile_check(q, a, r[i], &o)->errors, i);
		o.extra = extra;
		o.extra_count = 1; /* small: size is fixed to "m" */
		assert_int_equal(profile_check(p, a, r[i], &o)->errors, 1 + i);
		assert_int_equal(profile_check(q, a, r[i], &o)->errors, 1 + i);
	}
	const struct issues *is = profile_check(q, a, r[1], &o);
	assert_string_equal(is->v[0].hint, "did you mean \"size\"?");
	arena_free(a);
}

/* ---- limits ----------------------------------------------------------- */

static void test_many_items(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	const struct json *j = read_json(a, DATA "profile-r4.json");
	struct profiles *p = open_with(a, FHIR_R4, json_get(j, "definitions"));
	struct profile_options o = {.required = REQUIRED_OFF};
	struct buf b;

	/* each is an item of a sliced list, and wrong; a quadratic walk would
	 * not end within minutes */
	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Observation\",\"meta\":{\"profile\":["
		     "\"http://example.org/StructureDefinition/bp\"]},"
		     "\"component\":[");
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, i ? ",{\"code\":{\"coding\":[{\"code\":\"8480-6\""
				 "}]}}"
			       : "{\"x\":1}");
	buf_puts(&b, "]}");
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_int_equal(is->n, PROFILE_ISSUES);
	arena_free(a);
}

/* How much is told is limited, never the verdict. */
static void test_warnings_do_not_hide_errors(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	struct profile_options o = {.required = REQUIRED_OFF};
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\","
		     "\"code\":{\"text\":\"x\"},\"interpretation\":[");
	for (int i = 0; i < PROFILE_ISSUES + 50; i++)
		buf_printf(&b,
			   "%s{\"coding\":[{\"system\":\"urn:x\","
			   "\"code\":\"c%d\"}]}",
			   i ? "," : "", i);
	buf_puts(&b, "]");
	size_t sound = b.len;
	buf_puts(&b, "}");
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_int_equal(is->n, PROFILE_ISSUES);
	assert_int_equal(is->errors, 0);
	b.len = sound;
	buf_puts(&b, ",\"component\":[{},{},{}]}");
	is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_int_equal(is->n, PROFILE_ISSUES);
	/* each is empty, and has no code */
	assert_int_equal(is->errors, 6);
	assert_string_equal(is->v[0].path, "Observation.component[0].code");
	assert_string_equal(is->v[5].path, "Observation.component[2]");
	assert_int_equal(is->v[6].severity, ISSUE_WARNING);
	assert_string_equal(is->v[6].path, "Observation.interpretation[0]");
	b.len = sound;
	buf_puts(&b, ",\"component\":[{}");
	for (int i = 0; i < PROFILE_ISSUES; i++)
		buf_puts(&b, ",{}");
	buf_puts(&b, "]}");
	is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_int_equal(is->n, PROFILE_ISSUES);
	assert_int_equal(is->errors, PROFILE_ISSUES);
	arena_free(a);
}

static void test_many_good_items(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	const struct json *j = read_json(a, DATA "overlay-r4.json");
	struct profiles *p = open_with(a, FHIR_R4, json_get(j, "definitions"));
	const char *extra[] = {
	    "http://example.org/StructureDefinition/kitchen"};
	struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = extra, .extra_count = 1};
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\","
		     "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
		     "\"code\":\"29463-7\"}]},\"component\":[");
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, i ? ",{\"code\":{\"text\":\"2\"}}"
			       : "{\"code\":{\"text\":\"1\"}}");
	buf_puts(&b, "]}");
	const struct json *r = parse(a, b.p, b.len);
	size_t used = arena_used(a);
	const struct issues *is = profile_check(p, a, r, &o);
	assert_int_equal(is->errors, 0);
	/* nothing is allocated for an item that is right */
	assert_true(arena_used(a) - used < 64 * 1024);
	arena_free(a);
}

static void test_deep(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	struct profile_options o = {.required = REQUIRED_OFF};
	struct buf b;
	int n = (JSON_MAX_DEPTH - 3) / 2;

	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Questionnaire\",\"status\":"
		     "\"active\",\"item\":[");
	for (int i = 0; i < n; i++)
		buf_printf(&b,
			   "{\"linkId\":\"x%d\",\"type\":\"group\","
			   "\"item\":[",
			   i);
	buf_puts(&b, "{}");
	for (int i = 0; i < n; i++)
		buf_puts(&b, "]}");
	buf_puts(&b, "]}");
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_int_equal(is->errors, 4); /* empty, linkId, type, que-1 */
	arena_free(a);
}

#include "profile_sets.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_add),
	    cmocka_unit_test(test_fetch),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_terminology),
	    cmocka_unit_test(test_later_wins),
	    cmocka_unit_test(test_model),
	    cmocka_unit_test(test_search_params),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_image),
	    cmocka_unit_test(test_own_image),
	    cmocka_unit_test(test_many_items),
	    cmocka_unit_test(test_many_good_items),
	    cmocka_unit_test(test_warnings_do_not_hide_errors),
	    cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_more_later),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_fork_again),
	    cmocka_unit_test(test_knows),
	    cmocka_unit_test(test_named_before),
	    cmocka_unit_test(test_failure_changes_nothing),
	    cmocka_unit_test(test_slices_multiply),
	    cmocka_unit_test(test_profiles_multiply),
	    cmocka_unit_test(test_options_multiply),
	    cmocka_unit_test(test_many_elements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
