/* SPDX-License-Identifier: Apache-2.0
 *
 * Unit tests of json: what is taken and what is refused (json_texts.h), that
 * nothing is lost or reformatted on the way through, positions, limits, large
 * texts, damaged texts, equality, and the writer.
 */
#include "json/json.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_patches.h"
#include "json_texts.h"

#define MIB ((size_t)1024 * 1024)

static int new_arena(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int end_arena(void **state)
{
	arena_free(*state);
	return 0;
}

/* Parses a copy that ends where the text does, so that reading beyond its end
 * is seen. The copy is in the arena, as the text must outlive the tree. */
static const struct json *parse_n(struct arena *a, const char *text, size_t n,
				  struct err *e)
{
	char *copy = arena_alloc(a, n);

	if (n)
		memcpy(copy, text, n);
	memset(e, 0, sizeof(*e));
	return json_parse(a, copy, n, e);
}

static const struct json *parse(struct arena *a, const char *text)
{
	struct err e;
	const struct json *v = parse_n(a, text, strlen(text), &e);

	if (!v)
		fail_msg("%.200s: %s: %s", text, e.where, e.text);
	return v;
}

static const char *written(struct arena *a, const struct json *v, bool pretty)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, v, pretty);
	return b.p;
}

/* ---- the grammar ------------------------------------------------------ */

static void json_is_taken_and_given_back(void **state)
{
	for (size_t i = 0; i < LEN(accept_rows); i++) {
		const struct accept_row *r = &accept_rows[i];
		const char *want = r->compact ? r->compact : r->text;
		struct err e;
		const struct json *v = parse_n(*state, r->text, r->n, &e);

		if (!v)
			fail_msg("%s: %s: %s", r->text, e.where, e.text);
		assert_string_equal(written(*state, v, false), want);
		v = parse(*state, written(*state, v, true));
		assert_string_equal(written(*state, v, false), want);
	}
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
	for (size_t i = 0; i < LEN(reject_rows); i++) {
		const struct reject_row *r = &reject_rows[i];
		char where[64];
		struct err e;

		if (parse_n(*state, r->text, r->n, &e))
			fail_msg("row %zu was taken: %s", i, r->text);
		snprintf(where, sizeof(where), "line %u, column %u", r->line,
			 r->column);
		if (strcmp(e.where, where) != 0 || !strstr(e.text, r->words))
			fail_msg("row %zu (%s): %s: %s", i, r->text, e.where,
				 e.text);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

/* Every beginning of a text that is not the whole is refused. */
static void beginnings_are_refused(void **state)
{
	static const char text[] = "{\"a\":[1.5e+7,true,null,\"x\\u00e4\\n\"],"
				   "\"\xc3\xa4\":{\"b\":\"\\ud83d\\ude00\"}}";
	struct err e;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		if (parse_n(*state, text, n, &e))
			fail_msg("%.*s was taken", (int)n, text);
		assert_int_not_equal(e.text[0], 0);
	}
	assert_non_null(parse_n(*state, text, sizeof(text) - 1, &e));
}

/* Long names are shown in part, cut at a whole character. */
static void long_twins_are_named_in_part(void **state)
{
	struct buf b;
	struct err e;

	for (size_t shift = 0; shift < 4; shift++) {
		buf_init(&b, *state);
		for (int twin = 0; twin < 2; twin++) {
			buf_puts(&b, twin ? ",\"" : "{\"");
			buf_add(&b, "xxx", shift);
			for (int i = 0; i < 500; i++)
				buf_puts(&b, "€");
			buf_puts(&b, "\":1");
		}
		buf_putc(&b, '}');
		assert_null(parse_n(*state, b.p, b.len, &e));
		for (const char *p = e.text; *p;) {
			size_t k = utf8_char(p, strlen(p));

			assert_true(k > 0);
			p += k;
		}
		assert_true(strlen(e.text) < 200);
	}
}

/* ---- the tree --------------------------------------------------------- */

static void kinds_and_texts(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		const char *want; /* NULL: a container */
	} rows[] = {
	    {"null", JSON_NULL, "null"},
	    {"true", JSON_TRUE, "true"},
	    {"false", JSON_FALSE, "false"},
	    {"72.50", JSON_NUMBER, "72.50"},
	    {"-0", JSON_NUMBER, "-0"},
	    {"1.0", JSON_NUMBER, "1.0"},
	    {"1E400", JSON_NUMBER, "1E400"},
	    {"\"\"", JSON_STRING, ""},
	    {"\"a b\"", JSON_STRING, "a b"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_STRING, "\"\\/\b\f\n\r\t"},
	    {"\"\\u0041\\u00e4\\u20AC\"", JSON_STRING, "Aä€"},
	    {"\"\\ud83d\\ude00!\"", JSON_STRING, "😀!"},
	    {"\"\\ud800\\udc00\"", JSON_STRING, "\xf0\x90\x80\x80"},
	    {"\"\\udbff\\udfff\"", JSON_STRING, "\xf4\x8f\xbf\xbf"},
	    {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", JSON_STRING,
	     "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
	    {"\"\\\\u0041\"", JSON_STRING, "\\u0041"},
	    {"[]", JSON_ARRAY, NULL},
	    {"[1]", JSON_ARRAY, NULL},
	    {"{}", JSON_OBJECT, NULL},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct json *v = parse(*state, rows[i].text);

		assert_int_equal(json_kind(v), rows[i].kind);
		assert_null(json_name(v));
		assert_null(json_next(v));
		if (!rows[i].want) {
			assert_null(json_text(v));
			continue;
		}
		assert_string_equal(json_text(v), rows[i].want);
		assert_int_equal(json_len(v), strlen(rows[i].want));
		assert_null(json_first(v));
		assert_int_equal(json_count(v), 0);
	}
}

static void numbers_keep_every_digit(void **state)
{
	size_t n = 100000;
	char *digits = arena_alloc(*state, n + 1);
	const struct json *v;

	for (size_t i = 0; i < n; i++)
		digits[i] = (char)('1' + i % 9);
	digits[n / 2] = '.';
	v = parse(*state, digits);
	assert_string_equal(json_text(v), digits);
	assert_string_equal(written(*state, v, false), digits);
}

static void members_are_found_and_walked(void **state)
{
	static const char *const names[] = {"a", "b", "", "\xc3\xa4", "ab"};
	const struct json *v = parse(*state, "{\"a\":\"x\",\"b\":[10,20,30],"
					     "\"\":null,\"\\u00e4\":{\"c\":"
					     "{\"d\":\"deep\"}},\"ab\":1}");
	const struct json *m = json_first(v);

	assert_int_equal(json_count(v), LEN(names));
	for (size_t i = 0; i < LEN(names); i++, m = json_next(m)) {
		assert_string_equal(json_name(m), names[i]);
		assert_ptr_equal(json_get(v, names[i]), m);
	}
	assert_null(m);
	assert_null(json_get(v, "A"));
	assert_null(json_get(v, "c"));
	assert_null(json_get(v, "a "));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(v, "a"), "a"));
	assert_null(json_get(json_get(v, "b"), "a"));
	assert_null(json_first(NULL));
	assert_string_equal(json_get_text(v, "a"), "x");
	assert_null(json_get_text(v, "b"));
	assert_null(json_get_text(v, "ab"));
	assert_null(json_get_text(v, ""));
	assert_null(json_get_text(NULL, "a"));
	assert_string_equal(
	    json_get_text(json_get(json_get(v, "\xc3\xa4"), "c"), "d"), "deep");
	m = json_first(json_get(v, "b"));
	assert_null(json_name(m));
	assert_string_equal(json_text(m), "10");
	assert_string_equal(json_text(json_next(json_next(m))), "30");
	assert_null(json_next(json_next(json_next(m))));
	assert_int_equal(json_count(json_get(v, "b")), 3);
}

static void check_position(const struct json *v, unsigned line, unsigned column)
{
	unsigned l = 0, c = 0;

	json_position(v, &l, &c);
	if (l != line || c != column)
		fail_msg("%u,%u instead of %u,%u", l, c, line, column);
}

static void positions_count_lines_and_characters(void **state)
{
	const struct json *v = parse(*state, " {\n  \"a\": 1,\r\n\t\"ö\": "
					     "[ \"€😀\", true ],\n\"c\":{}}");
	const struct json *list = json_get(v, "ö");

	check_position(json_next(json_first(list)), 3, 15);
	check_position(v, 1, 2);
	check_position(json_get(v, "a"), 2, 8);
	check_position(list, 3, 7);
	check_position(json_first(list), 3, 9);
	check_position(json_get(v, "c"), 4, 5);
}

static void check_source(const struct json *v, const char *text)
{
	size_t n;
	const char *p = json_source(v, &n);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(p, text, n);
}

static void sources_are_the_bytes_that_were_read(void **state)
{
	const char *text = " {\"a\": [ 1.50 ,\"\\u00e9 \" ] , \"b\":{ } } ";
	const struct json *v = parse(*state, text);
	const struct json *list = json_get(v, "a");
	size_t n;

	check_source(v, "{\"a\": [ 1.50 ,\"\\u00e9 \" ] , \"b\":{ } }");
	check_source(list, "[ 1.50 ,\"\\u00e9 \" ]");
	check_source(json_first(list), "1.50");
	check_source(json_next(json_first(list)), "\"\\u00e9 \"");
	check_source(json_get(v, "b"), "{ }");
	assert_ptr_equal(json_source(v, &n) + 6, json_source(list, &n));
}

/* "é,"... eight on a line: the place of each follows from its number. */
static void positions_are_right_in_long_texts(void **state)
{
	const unsigned items = 200000;
	const struct json *v;
	unsigned i = 0;
	struct buf b;

	buf_init(&b, *state);
	buf_putc(&b, '[');
	for (i = 0; i < items; i++) {
		buf_puts(&b, i ? "," : "");
		buf_puts(&b, i % 8 ? "\"é\"" : "\n\"é\"");
	}
	buf_puts(&b, "]");
	v = json_first(parse(*state, b.p));
	for (i = 0; v; v = json_next(v), i++)
		check_position(v, 2 + i / 8, 1 + i % 8 * 4);
	assert_int_equal(i, items);
	/* One line of them. */
	buf_init(&b, *state);
	for (i = 0; i < items; i++)
		buf_puts(&b, i ? ",\"é\"" : "[\"é\"");
	buf_puts(&b, "]");
	v = json_first(parse(*state, b.p));
	for (i = 0; v; v = json_next(v), i++)
		check_position(v, 1, 2 + i * 4);
}

/* ---- limits ----------------------------------------------------------- */

static char *nested(struct arena *a, size_t depth, const char *open,
		    const char *close)
{
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < depth; i++)
		buf_puts(&b, open);
	buf_puts(&b, "0");
	for (size_t i = 0; i < depth; i++)
		buf_puts(&b, close);
	return b.p;
}

static void depth_is_limited(void **state)
{
	static const size_t too_deep[] = {129, 130, 10000, 1000000};
	static const char *const pairs[][2] = {
	    {"[", "]"}, {"{\"a\":", "}"}, {"[", ""}};
	const char *text;
	struct err e;

	assert_int_equal(JSON_MAX_DEPTH, 128);
	for (size_t p = 0; p < 2; p++) {
		text = nested(*state, 128, pairs[p][0], pairs[p][1]);
		assert_string_equal(written(*state, parse(*state, text), false),
				    text);
		assert_non_null(written(*state, parse(*state, text), true));
	}
	for (size_t i = 0; i < LEN(too_deep); i++) {
		for (size_t p = 0; p < LEN(pairs); p++) {
			text = nested(*state, too_deep[i], pairs[p][0],
				      pairs[p][1]);
			assert_null(parse_n(*state, text, strlen(text), &e));
			assert_string_equal(e.text,
					    "nested deeper than 128 levels");
			assert_string_equal(e.where,
					    p == 1 ? "line 1, column 641"
						   : "line 1, column 129");
		}
	}
	/* Siblings are no depth. */
	text = nested(*state, 126, "[[],{\"a\":[]},", "]");
	parse(*state, text);
}

/* A text of some 8 MiB that repeats a part with a number in it. */
static char *large(struct arena *a, const char *first, const char *before,
		   const char *behind, const char *last)
{
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, first);
	for (unsigned i = 0; b.len < 8 * MIB - 64; i++)
		buf_printf(&b, "%s%s%u%s", i ? "," : "", before, i, behind);
	buf_puts(&b, last);
	return b.p;
}

/* Were one of these quadratic, it would take hours. */
static void large_texts_take_linear_time(void **state)
{
	static const char *const rows[][4] = {
	    {"{", "\"", "\":0", "}"},
	    {"{", "\"a name that begins like all the others ", "\":{}", "}"},
	    {"[", "1000000000", "", "]"},
	    {"[", "\"", " \\u00e4\\n\"", "]"},
	    {"{\"a\":\"", "", " \xe2\x82\xac", "\"}"},
	    {"[", "[{\"a name of some length\":1,\"another\":[", "]}]", "]"},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct arena *a = arena_new(0);
		char *text =
		    large(a, rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
		const struct json *v = parse(a, text);

		assert_int_equal(strlen(written(a, v, false)), strlen(text));
		assert_true(json_equal(v, parse(a, text)));
		arena_free(a);
	}
	(void)state;
}

/* A tree takes much more memory than its text, so values are counted. */
static void values_are_limited(void **state)
{
	struct arena *a = arena_new(0);
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, a);
	buf_putc(&b, '[');
	for (unsigned i = 1; i < JSON_MAX_VALUES - 1; i++)
		buf_puts(&b, "0,");
	size_t n = b.len;
	buf_puts(&b, "0]");
	assert_non_null(parse_n(a, b.p, b.len, &e));
	b.len = n;
	buf_puts(&b, "0,0]");
	assert_null(parse_n(a, b.p, b.len, &e));
	assert_non_null(strstr(e.text, "more than 1048576 values"));
	arena_free(a);
}

/* The refusal names the earliest twin of many, by small and large objects. */
static void check_twins(struct arena *a, unsigned n, unsigned first,
			unsigned second)
{
	char where[64], text[64];
	struct err e;
	struct buf b;

	buf_init(&b, a);
	for (unsigned k = 0; k < n; k++)
		buf_printf(&b, "%c\n\"name %05u\":1", k ? ',' : '{',
			   k * 7919 % 99991);
	buf_printf(&b, ",\n\"name %05u\":2", first * 7919 % 99991);
	buf_printf(&b, ",\n\"name %05u\":2}", second * 7919 % 99991);
	assert_null(parse_n(a, b.p, b.len, &e));
	snprintf(where, sizeof(where), "line %u, column 1", n + 2);
	snprintf(text, sizeof(text), "in line %u, column 1", first + 2);
	assert_string_equal(e.where, where);
	assert_non_null(strstr(e.text, text));
}

static void twins_are_found_in_objects_of_any_size(void **state)
{
	static const unsigned sizes[] = {2, 3, 15, 16, 17, 18, 100, 5000};

	for (size_t i = 0; i < LEN(sizes); i++) {
		check_twins(*state, sizes[i], sizes[i] / 2, 0);
		check_twins(*state, sizes[i], 0, sizes[i] / 2);
	}
}

static void a_twin_among_a_million_is_found(void **state)
{
	struct arena *a = arena_new(0);
	char *text = large(a, "{", "\"", "\":0", ",\"127\":1}");
	struct err e;

	(void)state;
	assert_null(json_parse(a, text, strlen(text), &e));
	assert_non_null(strstr(e.text, "\"127\" stands already"));
	arena_free(a);
}

/* ---- equality --------------------------------------------------------- */

static void equality_is_of_values(void **state)
{
	static const struct {
		const char *x, *y;
		bool want;
	} rows[] = {
	    {"1", "1", true},
	    {"1", "1.0", false},
	    {"1e2", "100", false},
	    {"1", "\"1\"", false},
	    {"\"a\"", "\"a\"", true},
	    {"\"a\"", "\"\\u0061\"", true},
	    {"\"a\"", "\"b\"", false},
	    {"\"a\"", "\"aa\"", false},
	    {"null", "null", true},
	    {"null", "false", false},
	    {"true", "false", false},
	    {"[]", "{}", false},
	    {"[]", "[ ]", true},
	    {"[]", "[null]", false},
	    {"[1,2]", "[1, 2]", true},
	    {"[1,2]", "[2,1]", false},
	    {"[1,2]", "[1]", false},
	    {"[[1],[2]]", "[[1],[3]]", false},
	    {"{}", "{}", true},
	    {"{\"a\":1}", "{\"a\":1}", true},
	    {"{\"a\":1}", "{\"a\":2}", false},
	    {"{\"a\":1}", "{\"b\":1}", false},
	    {"{\"a\":1}", "{\"A\":1}", false},
	    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	    {"{\"a\":1,\"b\":{\"c\":[1]}}", "{\"b\":{\"c\":[1]},\"a\":1}",
	     true},
	    {"{\"a\":1,\"b\":{\"c\":[1]}}", "{\"b\":{\"c\":[2]},\"a\":1}",
	     false},
	    {"{\"\\u0061\":1}", "{\"a\":1}", true},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct json *x = parse(*state, rows[i].x);
		const struct json *y = parse(*state, rows[i].y);

		if (json_equal(x, y) != rows[i].want ||
		    json_equal(y, x) != rows[i].want || !json_equal(x, x))
			fail_msg("%s and %s", rows[i].x, rows[i].y);
	}
}

/* An object of n members in order, or backwards; names share their beginning
 * in every way that matters to the sorting. */
static const struct json *object_of(struct arena *a, unsigned n, bool backwards,
				    unsigned changed)
{
	struct buf b;

	buf_init(&b, a);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = backwards ? n - 1 - i : i;

		buf_printf(&b, "%c\"%.*s%u\":%u", i ? ',' : '{', (int)(k % 12),
			   "aaaaaaaaaaaa", k, k + (k == changed));
	}
	buf_puts(&b, "}");
	return parse(a, b.p);
}

static void order_of_members_does_not_count(void **state)
{
	static const unsigned sizes[] = {1, 2, 16, 17, 40, 1000};

	for (size_t i = 0; i < LEN(sizes); i++) {
		unsigned n = sizes[i];
		const struct json *v = object_of(*state, n, false, n);

		assert_true(json_equal(v, object_of(*state, n, true, n)));
		assert_false(json_equal(v, object_of(*state, n, true, n / 2)));
		assert_false(json_equal(v, object_of(*state, n + 1, true, n)));
	}
}

static void large_objects_are_compared_quickly(void **state)
{
	struct arena *a = arena_new(0);
	const struct json *x = object_of(a, 300000, false, 300000);
	const struct json *y = object_of(a, 300000, true, 300000);

	(void)state;
	assert_true(json_equal(x, y));
	arena_free(a);
}

/* ---- damaged texts ---------------------------------------------------- */

static const char observation[] =
    "{\"resourceType\": \"Observation\", \"meta\": {\"profile\": [\n"
    "  \"http://phr.kanta.fi/StructureDefinition/fiphr-sd-bloodpressure-r4\""
    "]},\n\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
    "\"http://loinc.org\",\"code\":\"85354-9\",\"display\":\"Verenpaine \\u2013"
    " \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}]},\"subject\":{\"reference\":"
    "\"Patient/1\"},\"effectiveDateTime\":\"2026-11-21T12:00:00.5+02:00\",\n"
    "\"component\":[{\"valueQuantity\":{\"value\":120.50,\"unit\":\"mmHg\"}},"
    "{\"valueQuantity\":{\"value\":-8.0e+1,\"unit\":\"mm\\\"Hg\\ud83d\\ude00\""
    "}}],\"x\":[true,false,null,[],{},0,-0.0,1E400]}";

/* Whatever is taken comes through: written, read again, the same. */
static void check_round_trip(struct arena *a, const struct json *v)
{
	const char *compact = written(a, v, false);
	const struct json *again = parse(a, compact);

	assert_true(json_equal(v, again));
	assert_string_equal(written(a, again, false), compact);
	assert_true(json_equal(v, parse(a, written(a, v, true))));
}

/* The next number of a fixed sequence (Park and Miller). */
static unsigned next_random(uint64_t *seed)
{
	*seed = *seed * 48271 % 2147483647;
	return (unsigned)*seed;
}

static void damage(char *text, size_t *n, uint64_t *seed)
{
	static const char signs[] = "{}[]\",:\\u0eE+-.tfn \n\x80\xc3\xed\xff";
	size_t at = next_random(seed) % *n;

	switch (next_random(seed) % 5) {
	case 0: text[at] ^= (char)(1u << next_random(seed) % 8); break;
	case 1:
		text[at] = signs[next_random(seed) % (sizeof(signs) - 1)];
		break;
	case 2: *n = at + 1; break;
	case 3:
		memmove(text + at, text + at + 1, *n - at - 1);
		*n -= *n > 1;
		break;
	default: text[at] = (char)next_random(seed); break;
	}
}

static void damaged_texts_do_no_harm(void **state)
{
	uint64_t seed = 20261121;
	unsigned taken = 0, rounds = 10000;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		struct arena *a = arena_new(0);
		size_t n = sizeof(observation) - 1;
		char *text = arena_strndup(a, observation, n);
		const struct json *v;
		struct err e;

		for (unsigned k = next_random(&seed) % 3 + 1; k; k--)
			damage(text, &n, &seed);
		v = parse_n(a, text, n, &e);
		if (v) {
			taken++;
			check_round_trip(a, v);
		} else {
			assert_int_equal(e.kind, ERR_INVALID);
			assert_memory_equal(e.where, "line ", 5);
			assert_int_not_equal(e.text[0], '\0');
		}
		arena_free(a);
	}
	/* Damage within a string is often harmless: both must have occurred. */
	assert_in_range(taken, rounds / 50, rounds / 2);
}

/* ---- writing ---------------------------------------------------------- */

static void pretty_is_one_member_a_line(void **state)
{
	const struct json *v =
	    parse(*state, "{\"a\":72.50,\"b\":[1,{\"c\":\"\\u0041\"},[]],"
			  "\"d\":{},\"\\u0065\":null}");

	assert_string_equal(written(*state, v, true),
			    "{\n"
			    "  \"a\": 72.50,\n"
			    "  \"b\": [\n"
			    "    1,\n"
			    "    {\n"
			    "      \"c\": \"\\u0041\"\n"
			    "    },\n"
			    "    []\n"
			    "  ],\n"
			    "  \"d\": {},\n"
			    "  \"\\u0065\": null\n"
			    "}");
}

static void quoting_escapes_what_it_must(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want;
	} rows[] = {
	    {R(""), "\"\""},
	    {R("a/b <&>' \x7f"), "\"a/b <&>' \x7f\""},
	    {R("\"\\"), "\"\\\"\\\\\""},
	    {R("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
	    {R("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\""},
	    {R("ä€😀\xe2\x80\xa8"), "\"ä€😀\xe2\x80\xa8\""},
	    {R("a\xff"
	       "b\xc3"),
	     "\"a\xef\xbf\xbd"
	     "b\xef\xbf\xbd\""},
	    {R("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	struct buf b;

	for (size_t i = 0; i < LEN(rows); i++) {
		buf_init(&b, *state);
		json_quote(&b, rows[i].text, rows[i].n);
		assert_string_equal(b.p, rows[i].want);
	}
}

/* Every character there is survives quoting and reading. */
static void quoted_characters_come_back(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;

	(void)state;
	buf_init(&b, a);
	for (unsigned c = 1; c <= 0x10ffff; c += c < 0x3000 ? 1 : 97) {
		char u[4];
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		unsigned rest = c;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		for (size_t i = n - 1; i > 0; i--, rest >>= 6)
			u[i] = (char)(0x80 | (rest & 0x3f));
		u[0] = (char)(n == 1 ? c : (0xf00 >> n & 0xff) | rest);
		b.len = 0;
		json_quote(&b, u, n);
		const struct json *v = parse(a, b.p);

		assert_int_equal(json_len(v), n);
		assert_memory_equal(json_text(v), u, n);
	}
	arena_free(a);
}

static void the_writer_puts_the_commas(void **state)
{
	const struct json *v = parse(*state, "{ \"n\" : 1.0 }");
	struct buf b;

	buf_init(&b, *state);
	struct jw w = {.b = &b};

	jw_open(&w, NULL, '{');
	jw_str(&w, "a", "x\"y");
	jw_str(&w, "left out", NULL);
	jw_value(&w, "left out", NULL);
	jw_raw(&w, "left out", NULL, 0);
	jw_int(&w, "min", INT64_MIN);
	jw_open(&w, "list", '[');
	jw_str(&w, NULL, NULL);
	jw_bool(&w, NULL, true);
	jw_bool(&w, NULL, false);
	jw_null(&w, NULL);
	jw_open(&w, NULL, '[');
	jw_close(&w);
	jw_open(&w, NULL, '{');
	jw_close(&w);
	jw_value(&w, NULL, v);
	jw_raw(&w, NULL, "[72.50]xx", 7);
	jw_close(&w);
	jw_value(&w, "v", json_get(v, "n"));
	jw_null(&w, "k\"\n");
	jw_close(&w);
	assert_int_equal(w.depth, 0);
	assert_string_equal(b.p,
			    "{\"a\":\"x\\\"y\",\"min\":-9223372036854775808,"
			    "\"list\":[true,false,null,[],{},{\"n\":1.0},"
			    "[72.50]],\"v\":1.0,\"k\\\"\\n\":null}");
	parse(*state, b.p);
}

static void the_writer_writes_a_scalar_root(void **state)
{
	struct buf b;

	buf_init(&b, *state);
	struct jw w = {.b = &b};

	jw_str(&w, NULL, "only");
	assert_string_equal(b.p, "\"only\"");
}

static void close_without_open(struct jw *w)
{
	jw_close(w);
}

static void name_in_array(struct jw *w)
{
	jw_open(w, NULL, '[');
	jw_null(w, "a");
}

static void member_without_name(struct jw *w)
{
	jw_open(w, NULL, '{');
	jw_null(w, NULL);
}

static void two_roots(struct jw *w)
{
	jw_null(w, NULL);
	jw_null(w, NULL);
}

static void too_deep(struct jw *w)
{
	for (int i = 0; i < 64; i++)
		jw_open(w, NULL, '[');
}

static void deep_enough(struct jw *w)
{
	for (int i = 0; i < 63; i++)
		jw_open(w, NULL, '[');
	for (int i = 0; i < 63; i++)
		jw_close(w);
}

/* Does it end in abort()? Tried in a child, which tells nobody. */
static bool aborts(void (*mistake)(struct jw *))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct buf b;
		struct jw w = {.b = &b};

		fclose(stderr);
		buf_init(&b, arena_new(0));
		mistake(&w);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void the_writer_catches_mistakes(void **state)
{
	(void)state;
	assert_true(aborts(close_without_open));
	assert_true(aborts(name_in_array));
	assert_true(aborts(member_without_name));
	assert_true(aborts(two_roots));
	assert_true(aborts(too_deep));
	assert_false(aborts(deep_enough));
}

/* ---- pointers and patches ------------------------------------------- */

static const struct json *tree_of(struct arena *a, const char *text)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, text, strlen(text), &e);

	if (!v)
		fail_msg("%s: %s", text, e.text);
	return v;
}

static void pointers_lead_where_the_rfc_says(void **state)
{
	const struct json *doc = tree_of(*state, POINTED);

	for (size_t i = 0; i < LEN(pointer_rows); i++) {
		const struct pointer_row *row = &pointer_rows[i];
		const struct json *v = json_pointer(doc, row->pointer);

		if (!v != !row->value)
			fail_msg("\"%s\" leads %s", row->pointer,
				 v ? "somewhere" : "nowhere");
		if (v)
			assert_true(json_equal(v, tree_of(*state, row->value)));
	}
}

static void patches_do_what_the_rfc_says(void **state)
{
	for (size_t i = 0; i < LEN(patch_rows); i++) {
		const struct patch_row *row = &patch_rows[i];
		struct err e = {.kind = ERR_NONE};
		const struct json *patch = tree_of(*state, row->patch);
		const struct json *v;
		const char *text;
		size_t n;

		assert_true(json_patch_ok(patch, &e));
		v = json_patch(*state, tree_of(*state, row->doc), patch, &e);
		if (!v != !row->result)
			fail_msg("%s on %s: %s", row->patch, row->doc, e.text);
		if (!v) {
			assert_string_equal(e.code, "json_patch");
			continue;
		}
		text = json_source(v, &n);
		if (n != strlen(row->result) ||
		    memcmp(text, row->result, n) != 0)
			fail_msg("%s on %s: %.*s", row->patch, row->doc, (int)n,
				 text);
	}
}

static void what_is_no_patch_is_refused(void **state)
{
	for (size_t i = 0; i < LEN(no_patches); i++) {
		struct err e = {.kind = ERR_NONE};

		if (json_patch_ok(tree_of(*state, no_patches[i]), &e))
			fail_msg("%s", no_patches[i]);
		assert_string_equal(e.code, "json_patch");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_arena, end_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(json_is_taken_and_given_back),
	    TEST(what_is_not_json_is_refused_with_its_place),
	    TEST(beginnings_are_refused),
	    TEST(long_twins_are_named_in_part),
	    TEST(kinds_and_texts),
	    TEST(numbers_keep_every_digit),
	    TEST(members_are_found_and_walked),
	    TEST(positions_count_lines_and_characters),
	    TEST(sources_are_the_bytes_that_were_read),
	    TEST(positions_are_right_in_long_texts),
	    TEST(depth_is_limited),
	    TEST(large_texts_take_linear_time),
	    TEST(values_are_limited),
	    TEST(twins_are_found_in_objects_of_any_size),
	    TEST(a_twin_among_a_million_is_found),
	    TEST(equality_is_of_values),
	    TEST(order_of_members_does_not_count),
	    TEST(large_objects_are_compared_quickly),
	    TEST(damaged_texts_do_no_harm),
	    TEST(pretty_is_one_member_a_line),
	    TEST(quoting_escapes_what_it_must),
	    TEST(quoted_characters_come_back),
	    TEST(the_writer_puts_the_commas),
	    TEST(the_writer_writes_a_scalar_root),
	    TEST(pointers_lead_where_the_rfc_says),
	    TEST(patches_do_what_the_rfc_says),
	    TEST(what_is_no_patch_is_refused),
	    cmocka_unit_test(the_writer_catches_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
