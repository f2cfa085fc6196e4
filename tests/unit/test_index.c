/* SPDX-License-Identifier: Apache-2.0
 *
 * index: which search parameters each type has, and which rows a resource gives
 * the search index. What is expected stands in tests/data/index: params-*.txt
 * (a line for each parameter) and rows-*.json (resources and their rows); what
 * is found is written beside the program, for comparing.
 *
 * Runs from the repository's root, with the compiled definitions; the official
 * examples are looked at when they are there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/index_int.h"
#include "slurp.h"

#define OWN_BASE "http://127.0.0.1:8080/phr-resourceserver/baseR4"

static const struct {
	const char *name, *image, *examples;
} version[FHIR_VERSIONS] = {
    {"stu3", "build/image/stu3.img",
     "build/definitions/node_modules/hl7.fhir.r3.examples"},
    {"r4", "build/image/r4.img",
     "build/definitions/node_modules/hl7.fhir.r4.examples"},
};

static struct {
	struct arena *a;
	struct log log;
	struct record r;
} t;

/* ---- files ------------------------------------------------------------ */

static const struct json *parse(struct arena *a, const char *path)
{
	struct err e;
	size_t n = 0;
	const char *text = slurp(a, path, &n);
	const struct json *v;

	if (text != NULL && strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	v = text ? json_parse(a, text, n, &e) : NULL;

	if (v == NULL)
		fail_msg("%s: %s", path, text ? e.text : "not there");
	return v;
}

/* What was found is what the file has; else it is left for comparing. */
static void same_as(const char *path, const char *found)
{
	const char *name = strrchr(path, '/') + 1;
	const char *beside = arena_printf(t.a, "build/found-%s", name);
	size_t n, at = 0, line = 1;
	const char *wanted = slurp(t.a, path, &n);
	FILE *f;

	if (wanted != NULL && strcmp(wanted, found) == 0)
		return;
	f = fopen(beside, "w");
	assert_non_null(f);
	fputs(found, f);
	fclose(f);
	for (; wanted && wanted[at] && wanted[at] == found[at]; at++)
		line += found[at] == '\n';
	fail_msg("%s, line %zu: see %s", path, line, beside);
}

/* ---- printing --------------------------------------------------------- */

static void print_names(struct buf *b, const char *label,
			const char *const *name)
{
	for (size_t i = 0; name != NULL && name[i] != NULL; i++)
		buf_printf(b, "%s%s", i == 0 ? label : ",", name[i]);
}

static void print_ms(struct buf *b, int64_t at)
{
	char text[TIME_TEXT];

	if (at == INT64_MIN || at == INT64_MAX) {
		buf_puts(b, at < 0 ? "-inf" : "inf");
		return;
	}
	time_finnish(text, at);
	buf_puts(b, text);
}

static const char *print_row(const struct store_index_row *row)
{
	struct buf b;

	buf_init(&b, t.a);
	buf_puts(&b, row->param);
	if (row->part > 0)
		buf_printf(&b, "#%u", row->part);
	buf_putc(&b, ' ');
	switch (row->kind) {
	case INDEX_DATE:
		print_ms(&b, row->lo_ms);
		buf_puts(&b, row->period ? ".." : " ");
		print_ms(&b, row->hi_ms);
		break;
	case INDEX_NUMBER:
		buf_printf(&b, "%g..%g %s|%s", row->lo, row->hi, row->system,
			   row->value);
		break;
	case INDEX_TOKEN:
		buf_printf(&b, "%s|%s", row->system, row->value);
		break;
	case INDEX_REFERENCE:
	case INDEX_URI:
	case INDEX_STRING: buf_puts(&b, row->value); break;
	}
	if (row->text != NULL)
		buf_printf(&b, " (%s)", row->text);
	return b.p;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* A line for each row, sorted; with_parts: and told apart by them. */
static const char *print_rows(const struct store_index_row *row, size_t n,
			      bool parts)
{
	const char **line = arena_alloc(t.a, (n + 1) * sizeof *line);
	struct buf b;

	for (size_t i = 0; i < n; i++) {
		struct store_index_row one = row[i];

		if (!parts)
			one.part = 0;
		line[i] = print_row(&one);
	}
	qsort(line, n, sizeof *line, by_text);
	buf_init(&b, t.a);
	for (size_t i = 0; i < n; i++)
		if (parts || i == 0 || strcmp(line[i], line[i - 1]) != 0)
			buf_printf(&b, "%s\n", line[i]);
	return b.p;
}

/* ---- parameters ------------------------------------------------------- */

static void print_param(struct buf *b, const struct record_type *type,
			const struct record_param *p)
{
	buf_printf(b, "%s %s %s%s", type->type, p->name,
		   record_param_type(p->type),
		   !p->stated	  ? ""
		   : p->mandatory ? " mandatory"
				  : " stated");
	if (p->expression != NULL)
		buf_printf(b, " = %s", p->expression);
	else
		print_names(b, " rows ", p->rows);
	print_names(b, " with ", p->rows2);
	if (p->target != NULL)
		buf_printf(b, " -> %s", p->target);
	buf_putc(b, '\n');
}

static void test_params(void **state)
{
	const struct record_type *type;
	const struct record_param *p;
	struct buf b;

	(void)state;
	for (int i = 0; i < FHIR_VERSIONS; i++) {
		const enum fhir_version v = (enum fhir_version)i;

		buf_init(&b, t.a);
		for (size_t k = 0; (type = record_type_at(v, k)) != NULL; k++)
			for (size_t m = 0;
			     (p = record_param_at(&t.r, v, type, m)) != NULL;
			     m++) {
				print_param(&b, type, p);
				assert_ptr_equal(
				    record_param_find(&t.r, v, type, p->name),
				    p);
			}
		same_as(arena_printf(t.a, "tests/data/index/params-%s.txt",
				     version[i].name),
			b.p);
	}
}

/* ---- rows ------------------------------------------------------------- */

static const char *rows_of(enum fhir_version v, const struct json *resource)
{
	const struct record_type *type =
	    record_type_find(v, json_get_text(resource, "resourceType"));
	size_t n;
	const struct store_index_row *row;

	assert_non_null(type);
	row = record_index(&t.r, t.a, v, type, resource, OWN_BASE, &n);
	return print_rows(row, n, true);
}

static void test_rows(void **state)
{
	(void)state;
	for (int i = 0; i < FHIR_VERSIONS; i++) {
		const struct json *c = json_first(parse(
		    t.a, arena_printf(t.a, "tests/data/index/rows-%s.json",
				      version[i].name)));

		for (; c != NULL; c = json_next(c)) {
			const struct json *row =
			    json_first(json_get(c, "rows"));
			const char *found = rows_of((enum fhir_version)i,
						    json_get(c, "resource"));
			struct buf b;

			buf_init(&b, t.a);
			for (; row != NULL; row = json_next(row))
				buf_printf(&b, "%s\n", json_text(row));
			if (strcmp(b.p, found) != 0)
				fail_msg("%s, %s: found\n%s", version[i].name,
					 json_get_text(c, "what"), found);
		}
	}
}

/* ---- what is broken --------------------------------------------------- */

static const char *const oddities[] = {"7",	"\"x\"", "{}",	 "[]",
				       "[[7]]", "null",	 "true", "-1e400"};

/* Writes v, but what in place of the value that *left leads to. */
static void write_odd(struct jw *w, const char *name, const struct json *v,
		      size_t *left, const char *what)
{
	const enum json_kind kind = json_kind(v);

	if (*left > 0 && --*left == 0) {
		jw_raw(w, name, what, strlen(what));
		return;
	}
	if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
		jw_value(w, name, v);
		return;
	}
	jw_open(w, name, kind == JSON_OBJECT ? '{' : '[');
	for (v = json_first(v); v != NULL; v = json_next(v))
		write_odd(w, json_name(v), v, left, what);
	jw_close(w);
}

static size_t index_odd(enum fhir_version v, const struct record_type *type,
			const struct json *resource, size_t at,
			const char *what)
{
	const struct arena_mark m = arena_mark(t.a);
	size_t left = at, n;
	struct buf b;
	struct jw w = {.b = &b};
	const struct json *odd;
	struct err e;

	buf_init(&b, t.a);
	write_odd(&w, NULL, resource, &left, what);
	odd = json_parse(t.a, b.p, b.len, &e);
	assert_non_null(odd);
	record_index(&t.r, t.a, v, type, odd, OWN_BASE, &n);
	record_index_by_engine(&t.r, t.a, v, type, odd, OWN_BASE, &n);
	arena_rewind(t.a, &m);
	return left;
}

static void break_everywhere(enum fhir_version v, const struct json *resource)
{
	const struct record_type *type =
	    record_type_find(v, json_get_text(resource, "resourceType"));
	bool more = true;
	size_t at = 0;

	while (more) {
		at++;
		for (size_t i = 0; i < LEN(oddities); i++)
			more =
			    index_odd(v, type, resource, at, oddities[i]) == 0;
	}
}

static void test_broken(void **state)
{
	(void)state;
	for (int i = 0; i < FHIR_VERSIONS; i++) {
		const struct json *c = json_first(parse(
		    t.a, arena_printf(t.a, "tests/data/index/rows-%s.json",
				      version[i].name)));

		for (; c != NULL; c = json_next(c))
			break_everywhere((enum fhir_version)i,
					 json_get(c, "resource"));
	}
}

static const struct json *many_codes(size_t n)
{
	struct buf b;
	struct err e;

	buf_init(&b, t.a);
	buf_puts(&b, "{\"resourceType\":\"CodeSystem\",\"concept\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s{\"code\":\"c%zu\"}", i > 0 ? "," : "", i);
	buf_puts(&b, "],\"url\":\"http://s\"}");
	return json_parse(t.a, b.p, b.len, &e);
}

/* Many codes do not hide what else there is. */
static void test_bounds(void **state)
{
	const struct record_type *type =
	    record_type_find(FHIR_R4, "CodeSystem");
	size_t n;
	const struct store_index_row *row = record_index(
	    &t.r, t.a, FHIR_R4, type, many_codes(3000), OWN_BASE, &n);

	(void)state;
	assert_int_equal(n, ROWS_OF_PARAM + 1);
	assert_string_equal(row[n - 1].param, "url");
}

/* ---- references, folding ---------------------------------------------- */

static void test_references(void **state)
{
	static const char text[] =
	    "{\"resourceType\":\"Observation\",\"subject\":{\"reference\":"
	    "\"Device/1\"},\"performer\":[{\"reference\":\"" OWN_BASE
	    "/Patient/2/_history/3\"},{\"reference\":\"#x\"},{\"identifier\":"
	    "{\"value\":\"v\"}},{\"reference\":\"urn:uuid:1\"}]}";
	static const struct {
		const char *param, *found[3];
	} rows[] = {
	    {"subject", {"Device/1", NULL}},
	    {"patient", {NULL}},
	    {"performer", {"Patient/2", "urn:uuid:1", NULL}},
	    {"specimen", {NULL}},
	    {"code", {NULL}},
	};
	const struct record_type *type =
	    record_type_find(FHIR_R4, "Observation");
	struct err e;
	const struct json *r = json_parse(t.a, text, strlen(text), &e);
	const char **out;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct record_param *p =
		    record_param_find(&t.r, FHIR_R4, type, rows[i].param);
		size_t n = record_references(&t.r, t.a, FHIR_R4, type, p, r,
					     OWN_BASE, &out);

		for (size_t k = 0; k < n; k++)
			assert_string_equal(out[k], rows[i].found[k]);
		assert_null(rows[i].found[n]);
		assert_true(n > 0 || out == NULL);
	}
	assert_null(record_param_find(&t.r, FHIR_R4, type, "nothing"));
}

static void test_fold(void **state)
{
	static const struct {
		const char *text, *folded;
	} rows[] = {
	    {"", ""},
	    {"Paino 72,5 kg", "PAINO 72,5 KG"},
	    {"\xc3\x84mm\xc3\xa4l\xc3\xa4 \xc3\x85sa \xc3\xb6", "AMMALA ASA O"},
	    /* the same, decomposed */
	    {"A\xcc\x88mma\xcc\x88la\xcc\x88", "AMMALA"},
	    {"\xc5\xa1\xc5\xbd\xc4\x8d\xc4\xab", "SZCI"},
	    /* no marks, but letters of their own */
	    {"\xc3\xb8\xc3\xa6\xc4\x91\xc5\x82\xc5\x8b\xc3\xb0",
	     "\xc3\x98\xc3\x86\xc4\x90\xc5\x81\xc5\x8a\xc3\x90"},
	    {"Stra\xc3\x9f"
	     "e",
	     "STRASSE"},
	    {"\xc3\x97\xc3\xb7\xc4\xb8", "\xc3\x97\xc3\xb7\xc4\xb8"},
	    /* alpha with tonos, final sigma, iota with both */
	    {"\xce\xac\xcf\x82\xce\x90\xcf\x8e",
	     "\xce\x91\xce\xa3\xce\x99\xce\xa9"},
	    /* short i, io, ya */
	    {"\xd0\xb9\xd1\x91\xd1\x8f\xd0\x81",
	     "\xd0\x98\xd0\x95\xd0\xaf\xd0\x95"},
	    /* of three and four bytes: as they are */
	    {"\xe1\xba\xa1\xe2\x82\xac\xf0\x9f\x99\x82x",
	     "\xe1\xba\xa1\xe2\x82\xac\xf0\x9f\x99\x82X"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const char *once = record_fold(t.a, rows[i].text);

		assert_string_equal(once, rows[i].folded);
		assert_string_equal(record_fold(t.a, once), once);
	}
}

/* ---- indexing anew ---------------------------------------------------- */

static void store_one(const char *id, const char *text)
{
	const struct store_resource r = {
	    .fhir = FHIR_R4,
	    .type = "Observation",
	    .id = id,
	    .version = 1,
	    .patient = "7",
	    .client_id = "",
	    .method = "POST",
	    .text = text,
	    .text_len = strlen(text),
	};

	store_resource_put(t.r.store, &r, NULL, 0);
}

static int64_t referring(const char *reference)
{
	const struct store_value v = {.op = OP_REFERENCE, .value = reference};
	const struct store_clause c = {.param = "subject", .value = &v, .n = 1};
	const struct store_query q = {.fhir = FHIR_R4,
				      .type = "Observation",
				      .clause = &c,
				      .clause_count = 1};
	struct store_found found;
	struct err e;

	assert_true(store_search(t.r.store, t.a, &q, &found, &e));
	return found.total;
}

/* A file of another version of the index; the second one's base is unknown. */
static void test_reindex(void **state)
{
	struct err e;

	(void)state;
	t.r.store = store_open(":memory:", t.r.log, &e);
	assert_non_null(t.r.store);
	store_one("1", "{\"resourceType\":\"Observation\",\"subject\":"
		       "{\"reference\":\"Patient/7\"}}");
	store_one("2", "{\"resourceType\":\"Observation\",\"subject\":"
		       "{\"reference\":\"https://elsewhere.example/phr-"
		       "resourceserver/baseR4/Patient/7\"}}");
	store_one("3", "{\"resourceType\":\"Observation\",\"subject\":"
		       "{\"reference\":\"https://elsewhere.example/baseR4/"
		       "Patient/7\"}}");
	assert_false(record_reindex(&t.r, t.a));
	assert_int_equal(referring("Patient/7"), 0);
	store_setting_put(t.r.store, "index_version", "0");
	assert_true(record_reindex(&t.r, t.a));
	assert_int_equal(referring("Patient/7"), 2);
	assert_int_equal(referring("https://elsewhere.example/baseR4/"
				   "Patient/7"),
			 1);
	assert_false(record_reindex(&t.r, t.a));
	store_close(t.r.store);
	t.r.store = NULL;
}

/* ---- official examples ------------------------------------------------ */

static bool is_example(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && strcmp(dot, ".json") == 0 &&
	       strcmp(name, "package.json") != 0 && name[0] != '.';
}

/* The tree finds what FHIRPath finds; how many rows. */
static size_t compare(enum fhir_version v, const char *path)
{
	const struct arena_mark m = arena_mark(t.a);
	const struct json *r = parse(t.a, path);
	const char *name = json_get_text(r, "resourceType");
	const struct record_type *type =
	    name != NULL ? record_type_find(v, name) : NULL;
	struct store_index_row *tree, *engine;
	size_t n = 0, n_engine;

	if (type != NULL) {
		tree = record_index(&t.r, t.a, v, type, r, OWN_BASE, &n);
		engine = record_index_by_engine(&t.r, t.a, v, type, r, OWN_BASE,
						&n_engine);
		if (n < ROWS_OF_PARAM &&
		    strcmp(print_rows(tree, n, false),
			   print_rows(engine, n_engine, false)) != 0)
			fail_msg("%s\ntree\n%sengine\n%s", path,
				 print_rows(tree, n, false),
				 print_rows(engine, n_engine, false));
		assert_true(n <= ROWS_MAX);
	}
	arena_rewind(t.a, &m);
	return n;
}

static void test_examples(void **state)
{
	(void)state;
	for (int i = 0; i < FHIR_VERSIONS; i++) {
		DIR *dir = opendir(version[i].examples);
		struct dirent *entry;
		size_t rows = 0;
		const struct record_type *type;

		if (dir == NULL)
			skip();
		/* made before the marks */
		for (size_t k = 0;
		     (type = record_type_at((enum fhir_version)i, k)) != NULL;
		     k++)
			record_param_at(&t.r, (enum fhir_version)i, type, 0);
		while ((entry = readdir(dir)) != NULL)
			if (is_example(entry->d_name))
				rows +=
				    compare((enum fhir_version)i,
					    arena_printf(t.a, "%s/%s",
							 version[i].examples,
							 entry->d_name));
		closedir(dir);
		assert_true(rows > 10000);
	}
}

/* ---- set up ----------------------------------------------------------- */

static int open_definitions(void **state)
{
	struct err e;

	(void)state;
	t.a = arena_new(1 << 20);
	t.log.format = LOG_OFF;
	t.r.log = &t.log;
	t.r.fhir_base[FHIR_STU3] = "/phr-resourceserver/baseStu3";
	t.r.fhir_base[FHIR_R4] = "/phr-resourceserver/baseR4";
	for (int i = 0; i < FHIR_VERSIONS; i++) {
		size_t n;
		const char *image = slurp(t.a, version[i].image, &n);

		if (image == NULL)
			return 1;
		t.r.profiles[i] =
		    profile_open(t.a, (enum fhir_version)i, image, n, &e);
		if (t.r.profiles[i] == NULL)
			return 1;
	}
	return 0;
}

static int close_definitions(void **state)
{
	(void)state;
	record_close(&t.r);
	arena_free(t.a);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_params),     cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_broken),     cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_references), cmocka_unit_test(test_fold),
	    cmocka_unit_test(test_reindex),    cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, open_definitions,
				      close_definitions);
}
