/* SPDX-License-Identifier: Apache-2.0
 *
 * Unit tests of base: arena, buf, utf8, err, gzip, log, uuid. Those of time
 * are in base_clock.h.
 */
#include "base/base.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base_clock.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define HAVE_ASAN 1
#else
#define HAVE_ASAN 0
static int __asan_address_is_poisoned(const volatile void *p)
{
	(void)p;
	return 0;
}
#endif

/* ---- arena ----------------------------------------------------------- */

static void arena_gives_zeroed_aligned_memory(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 15, 16, 17, 100, 4095, 4096, 5000, 16384, 3000, 7, 1, 100000};
	struct arena *a = arena_new(0);
	size_t sum = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < LEN(sizes); i++) {
			unsigned char *p = arena_alloc(a, sizes[i]);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				if (p[k] != 0)
					fail_msg("byte %zu is not zero", k);
			memset(p, 0xa5, sizes[i]);
			sum += sizes[i];
		}
	}
	assert_int_equal(arena_used(a), sum);
	arena_free(a);
	arena_free(NULL);
}

/* Each allocation keeps its own content: none overlaps another. */
static void arena_keeps_allocations_apart(void **state)
{
	struct arena *a = arena_new(256);
	unsigned char *p[500];

	(void)state;
	for (size_t i = 0; i < LEN(p); i++) {
		p[i] = arena_alloc(a, i);
		memset(p[i], (int)(i & 0xff), i);
	}
	for (size_t i = 0; i < LEN(p); i++)
		for (size_t k = 0; k < i; k++)
			if (p[i][k] != (i & 0xff))
				fail_msg("allocation %zu was overwritten", i);
	arena_free(a);
}

static void arena_poisons_its_slack(void **state)
{
	static const size_t sizes[] = {0, 1, 8, 15, 16, 17, 31, 32, 100, 70000};
	struct arena *a = arena_new(0);

	(void)state;
	if (!HAVE_ASAN)
		skip();
	for (size_t i = 0; i < LEN(sizes); i++) {
		char *p = arena_alloc(a, sizes[i]);

		for (size_t k = 0; k < sizes[i]; k++)
			assert_false(__asan_address_is_poisoned(p + k));
		for (size_t k = 0; k < 16; k++)
			assert_true(
			    __asan_address_is_poisoned(p + sizes[i] + k));
	}
	arena_free(a);
}

static void arena_copies_texts(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_string_equal(arena_strdup(a, "Päivi"), "Päivi");
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(a, NULL, 0), "");
	assert_memory_equal(arena_strndup(a, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_printf(a, "%s-%05d", "x", 42), "x-00042");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	assert_int_equal(strlen(arena_printf(a, "%*d", 50000, 1)), 50000);
	for (int n = 250; n < 260; n++)
		assert_int_equal(strlen(arena_printf(a, "%*d", n, 1)), n);
	assert_string_equal(arena_cat(a, "a", "", "bc", NULL), "abc");
	arena_free(a);
}

static void arena_goes_back_to_a_mark(void **state)
{
	struct arena *a = arena_new(256);
	struct arena_mark empty = arena_mark(a);
	char *kept = arena_strdup(a, "kept");
	struct arena_mark m = arena_mark(a);
	size_t used = arena_used(a);

	(void)state;
	for (int round = 0; round < 3; round++) {
		char *p = arena_alloc(a, 40);
		for (size_t i = 0; i < 40; i++)
			assert_int_equal(p[i], 0);
		memset(p, 'x', 40);
		struct arena_mark inner = arena_mark(a);
		/* of its own block, and of the next ones */
		memset(arena_alloc(a, 5000), 'x', 5000);
		for (int i = 0; i < 100; i++)
			memset(arena_alloc(a, 30), 'x', 30);
		arena_rewind(a, &inner);
		assert_int_equal(p[39], 'x');
		arena_rewind(a, &m);
		assert_int_equal(arena_used(a), used);
		assert_string_equal(kept, "kept");
	}
	arena_rewind(a, &empty);
	assert_int_equal(arena_used(a), 0);
	assert_int_equal(*(char *)arena_alloc(a, 1), 0);
	arena_free(a);
}

static void arena_is_used_again(void **state)
{
	struct arena *a = arena_new(256);

	(void)state;
	arena_clear(a); /* nothing is there yet */
	for (int round = 0; round < 3; round++) {
		/* a block of its own comes first, then ordinary ones */
		char *own = arena_alloc(a, 300);
		for (size_t i = 0; i < 300; i++)
			assert_int_equal(own[i], 0);
		memset(own, 'x', 300);
		for (int i = 0; i < 100; i++) {
			char *p = arena_alloc(a, 30);
			for (size_t k = 0; k < 30; k++)
				assert_int_equal(p[k], 0);
			memset(p, 'x', 30);
		}
		assert_int_equal(arena_used(a), 3300);
		arena_clear(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_free(a);
}

static void arena_serves_a_large_request_in_linear_time(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;

	(void)state;
	buf_init(&b, a);
	for (size_t i = 0; i < 8u << 20; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 8u << 20);
	/* Twice the last size, plus the halves that were outgrown. */
	assert_true(arena_used(a) < 5 * b.len);
	arena_free(a);
}

/* ---- buf ------------------------------------------------------------- */

static void buf_grows_and_stays_terminated(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;
	char want[3000] = "";

	(void)state;
	buf_init(&b, a);
	assert_string_equal(b.p, "");
	assert_int_equal(b.len, 0);
	buf_puts(&b, "");
	buf_add(&b, NULL, 0);
	assert_string_equal(b.p, "");
	for (int i = 0; i < 200; i++) {
		buf_printf(&b, "%d,", i);
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
			 "%d,", i);
		assert_string_equal(b.p, want);
		assert_int_equal(b.len, strlen(want));
		assert_true(b.cap > b.len);
	}
	arena_free(a);
}

static void buf_takes_any_bytes(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;
	char long_text[5000];

	(void)state;
	buf_init(&b, a);
	buf_add(&b, "a\0b", 3);
	buf_putc(&b, '\0');
	buf_puts(&b, "c");
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.p, "a\0b\0c", 6);
	buf_add(&b, b.p, b.len); /* itself */
	assert_memory_equal(b.p, "a\0b\0ca\0b\0c", 11);
	memset(long_text, 'x', sizeof(long_text));
	buf_printf(&b, "%.*s", (int)sizeof(long_text), long_text);
	assert_int_equal(b.len, 10 + sizeof(long_text));
	assert_int_equal(b.p[b.len], 0);
	arena_free(a);
}

/* The lengths around each doubling, by each way of appending. */
static void buf_has_no_gap_at_its_sizes(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t n = 0; n < 300; n++) {
		struct buf x, y, z;

		buf_init(&x, a);
		buf_init(&y, a);
		buf_init(&z, a);
		for (size_t i = 0; i < n; i++)
			buf_putc(&x, 'q');
		buf_add(&y, x.p, x.len);
		buf_printf(&z, "%s", x.p);
		assert_int_equal(strlen(x.p), n);
		assert_string_equal(x.p, y.p);
		assert_string_equal(x.p, z.p);
	}
	arena_free(a);
}

/* ---- utf8 and err ---------------------------------------------------- */

static void utf8_knows_its_characters(void **state)
{
	static const struct {
		const char *s;
		size_t n, want;
	} rows[] = {{"", 0, 0},
		    {"a", 1, 1},
		    {"\0", 1, 1},
		    {"\x7f", 1, 1},
		    {"\x80", 1, 0},
		    {"\xbf", 1, 0},
		    {"\xc0\x80", 2, 0},
		    {"\xc1\xbf", 2, 0},
		    {"\xc2\x80", 2, 2},
		    {"\xc3\xa4z", 3, 2},
		    {"\xc3", 1, 0},
		    {"\xc3z", 2, 0},
		    {"\xdf\xbf", 2, 2},
		    {"\xe0\x9f\xbf", 3, 0},
		    {"\xe0\xa0\x80", 3, 3},
		    {"\xe2\x82\xac", 3, 3},
		    {"\xe2\x82", 2, 0},
		    {"\xed\x9f\xbf", 3, 3},
		    {"\xed\xa0\x80", 3, 0},
		    {"\xed\xbf\xbf", 3, 0},
		    {"\xee\x80\x80", 3, 3},
		    {"\xef\xbf\xbf", 3, 3},
		    {"\xef\xbf\x7f", 3, 0},
		    {"\xf0\x8f\xbf\xbf", 4, 0},
		    {"\xf0\x90\x80\x80", 4, 4},
		    {"\xf0\x9f\x98\x80", 4, 4},
		    {"\xf0\x9f\x98", 3, 0},
		    {"\xf4\x8f\xbf\xbf", 4, 4},
		    {"\xf4\x90\x80\x80", 4, 0},
		    {"\xf5\x80\x80\x80", 4, 0},
		    {"\xff", 1, 0}};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		if (utf8_char(rows[i].s, rows[i].n) != rows[i].want)
			fail_msg("row %zu", i);
}

static void utf8_is_written(void **state)
{
	static const struct {
		uint32_t c;
		const char *want;
	} rows[] = {{1, "\x01"},
		    {0x7f, "\x7f"},
		    {0x80, "\xc2\x80"},
		    {0x7ff, "\xdf\xbf"},
		    {0x800, "\xe0\xa0\x80"},
		    {0xffff, "\xef\xbf\xbf"},
		    {0x10000, "\xf0\x90\x80\x80"},
		    {0x10ffff, "\xf4\x8f\xbf\xbf"}};
	struct arena *a = arena_new(0);
	struct buf b;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		buf_init(&b, a);
		buf_put_char(&b, rows[i].c);
		assert_string_equal(b.p, rows[i].want);
	}
	arena_free(a);
}

static void err_is_filled_and_false(void **state)
{
	struct err e;

	(void)state;
	assert_false(err_set(&e, ERR_NOT_FOUND, "not-found", "Patient/1",
			     "no %s with id %d", "Patient", 1));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_string_equal(e.code, "not-found");
	assert_string_equal(e.where, "Patient/1");
	assert_string_equal(e.text, "no Patient with id 1");
	/* The old content may be part of the new. */
	err_set(&e, ERR_CONFLICT, e.where, e.code, "%s: %s", e.where, e.text);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_string_equal(e.code, "Patient/1");
	assert_string_equal(e.where, "not-found");
	assert_string_equal(e.text, "Patient/1: no Patient with id 1");
	err_set(&e, ERR_INVALID, NULL, NULL, "x");
	assert_string_equal(e.code, "");
	assert_string_equal(e.where, "");
}

static void check_whole(const char *s)
{
	size_t n = strlen(s), k;

	for (size_t i = 0; i < n; i += k) {
		k = utf8_char(s + i, n - i);
		if (!k)
			fail_msg("cut within a character at %zu", i);
	}
}

/* Long texts, shifted so that each byte of a character meets the limit. */
static void err_cuts_at_a_whole_character(void **state)
{
	static const char *const units[] = {"x", "ä", "€", "😀"};
	char text[3000];
	struct err e;

	(void)state;
	for (size_t u = 0; u < LEN(units); u++) {
		for (size_t shift = 0; shift < 4; shift++) {
			memset(text, '-', shift);
			text[shift] = '\0';
			while (strlen(text) + 5 < sizeof(text))
				strncat(text, units[u], 5);
			err_set(&e, ERR_INVALID, text, text, "%s", text);
			check_whole(e.code);
			check_whole(e.where);
			check_whole(e.text);
			assert_in_range(strlen(e.code), sizeof(e.code) - 4,
					sizeof(e.code) - 1);
			assert_in_range(strlen(e.where), sizeof(e.where) - 4,
					sizeof(e.where) - 1);
			assert_in_range(strlen(e.text), sizeof(e.text) - 4,
					sizeof(e.text) - 1);
		}
	}
}

/* ---- gzip ------------------------------------------------------------ */

/* Appends one gzip member that holds the text. */
static void pack(struct buf *out, const char *text, size_t n)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)text,
		      .avail_in = (unsigned)n};
	unsigned char part[65536];

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, 0), Z_OK);
	do {
		z.next_out = part;
		z.avail_out = sizeof(part);
		(void)deflate(&z, Z_FINISH);
		buf_add(out, part, sizeof(part) - z.avail_out);
	} while (z.avail_out == 0);
	deflateEnd(&z);
}

/* All of it in portions of step bytes; false: refused, with e. */
static bool unpack(struct buf *out, const char *packed, size_t n, size_t max,
		   size_t step, struct err *e)
{
	struct gunzip *g = gunzip_open(out->arena, packed, n, max);
	char part[4096];
	size_t got = step;

	assert_true(step <= sizeof(part));
	while (got == step) {
		if (!gunzip_read(g, part, step, &got, e))
			return false;
		buf_add(out, part, got);
	}
	return true;
}

static void gunzip_gives_what_was_packed(void **state)
{
	static const size_t steps[] = {1, 3, 512, 4096};
	struct arena *a = arena_new(0);
	struct buf text, packed, out;
	struct err e = {.kind = ERR_NONE};

	(void)state;
	buf_init(&text, a);
	for (int i = 0; i < 5000; i++)
		buf_printf(&text, "line %d of %d\n", i, i * 7919 % 1000);
	buf_init(&packed, a);
	pack(&packed, text.p, 20000);
	pack(&packed, "", 0); /* members follow one another */
	pack(&packed, text.p + 20000, text.len - 20000);
	buf_add(&packed, "\0\0\0\0", 4);
	for (size_t i = 0; i < LEN(steps); i++) {
		buf_init(&out, a);
		assert_true(
		    unpack(&out, packed.p, packed.len, text.len, steps[i], &e));
		assert_int_equal(out.len, text.len);
		assert_memory_equal(out.p, text.p, text.len);
	}
	arena_free(a);
}

static void gunzip_refuses_what_is_damaged(void **state)
{
	static const char text[] = "what is packed here is packed here";
	struct arena *a = arena_new(0);
	struct buf packed, out;
	struct err e;

	(void)state;
	buf_init(&packed, a);
	pack(&packed, text, sizeof(text));
	/* cut anywhere; one bit wrong anywhere */
	for (size_t n = 0; n < packed.len; n++) {
		buf_init(&out, a);
		e.kind = ERR_NONE;
		assert_false(unpack(&out, packed.p, n, 1000, 7, &e));
		assert_int_equal(e.kind, ERR_INVALID);
		assert_string_equal(e.code, "gzip");
	}
	for (size_t i = 10; i < packed.len; i++) {
		buf_init(&out, a);
		packed.p[i] ^= 0x10;
		/* but for the unused bits of deflate's last byte */
		assert_false(unpack(&out, packed.p, packed.len, 1000, 7, &e) &&
			     i != packed.len - 9);
		packed.p[i] ^= 0x10;
	}
	packed.p[packed.len - 1] ^= 1; /* the length */
	assert_false(unpack(&out, packed.p, packed.len, 1000, 7, &e));
	assert_non_null(strstr(e.text, "checksum or length"));
	packed.p[packed.len - 1] ^= 1;
	buf_puts(&packed, "more");
	assert_false(unpack(&out, packed.p, packed.len, 1000, 7, &e));
	assert_non_null(strstr(e.text, "behind its end"));
	assert_false(unpack(&out, "{\"a\":1}", 7, 1000, 7, &e));
	assert_non_null(strstr(e.text, "not gzip"));
	arena_free(a);
}

static void gunzip_holds_bombs_off(void **state)
{
	const size_t size = (size_t)32 << 20;
	struct arena *a = arena_new(0);
	char *zeros = calloc(1, size);
	struct buf packed, out;
	struct err e = {.kind = ERR_NONE};

	(void)state;
	assert_non_null(zeros);
	buf_init(&packed, a);
	pack(&packed, zeros, size);
	free(zeros);
	buf_init(&out, a);
	assert_false(unpack(&out, packed.p, packed.len, size, 4096, &e));
	assert_int_equal(e.kind, ERR_TOO_LARGE);
	assert_non_null(strstr(e.text, "times its size"));
	assert_true(out.len < (size_t)8 << 20);
	buf_init(&packed, a);
	pack(&packed, "0123456789", 10);
	buf_init(&out, a);
	assert_true(unpack(&out, packed.p, packed.len, 10, 3, &e));
	assert_false(unpack(&out, packed.p, packed.len, 9, 3, &e));
	assert_int_equal(e.kind, ERR_TOO_LARGE);
	arena_free(a);
}

/* ---- log ------------------------------------------------------------- */

/* What one log line looks like behind its time; in out without the time. */
static size_t logged(enum log_format format, const char *message, char *out,
		     size_t size)
{
	int fds[2];
	struct log l = {.format = format};
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	l.fd = fds[1];
	log_line(&l, "test", "%s", message);
	close(fds[1]);
	n = read(fds[0], out, size - 1);
	close(fds[0]);
	assert_true(n >= 0);
	out[n] = '\0';
	return (size_t)n;
}

static const char *near(const char *word)
{
	static const char *const known[] = {"listen", "log", "profiles",
					    "profile"};
	struct nearest n = {.word = word};

	for (size_t i = 0; i < LEN(known); i++)
		nearest_try(&n, known[i]);
	return n.best ? n.best : "none";
}

static void nearest_finds_the_word_meant(void **state)
{
	(void)state;
	assert_string_equal(near("lsten"), "listen");
	assert_string_equal(near("listenn"), "listen");
	assert_string_equal(near("profle"), "profile");
	assert_string_equal(near("profiles"), "profiles");
	assert_string_equal(near("lag"), "log");
	assert_string_equal(near("fish"), "none");
	assert_string_equal(near("prof"), "none");
	assert_string_equal(near(""), "none");
	assert_string_equal(near("a-word-that-is-longer-than-any-option-can-be-"
				 "and-longer-than-the-row"),
			    "none");
}

#define UUID_LIKE "12345678-1234-4234-8234-12345612345a"

static void mask_finds_personal_codes(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"010190-900P", "010190-****"},
	    {"a=010190-900P010190+900Pb", "a=010190-****010190+****b"},
	    {"%7C010190A900p", "%7C010190A****"},
	    {"010190-90", "010190-90"},
	    {"010190-900", "010190-900"},
	    {"010190/900P", "010190/900P"},
	    /* a uuid can hold one, and be followed by one */
	    {UUID_LIKE, UUID_LIKE},
	    {"x=" UUID_LIKE "010190-900P", "x=" UUID_LIKE "010190-****"},
	    {"urn%3Auuid%3A" UUID_LIKE, "urn%3Auuid%3A" UUID_LIKE},
	    {"x" UUID_LIKE, "x12345678-****-4234-8234-12345612345a"},
	};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(mask_hetu(a, cases[i][0]), cases[i][1]);
	assert_ptr_equal(mask_hetu(a, cases[4][0]), cases[4][0]);
	arena_free(a);
}

static void log_writes_text_lines(void **state)
{
	static const struct {
		const char *message, *want;
	} rows[] = {
	    {"GET /a 200", "GET /a 200"},
	    {"", ""},
	    {"\"q\" \\ ä€", "\"q\" \\ ä€"},
	    {"two\nlines\r\x1b[31m\x7f", "two\\u000alines\\u000d\\u001b"
					 "[31m\\u007f"},
	    {"c1 \xc2\x9b", "c1 \\u009b"},
	    {"bad \xff\xc3", "bad \xef\xbf\xbd\xef\xbf\xbd"},
	};
	char line[8192], want[512];

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		logged(LOG_TEXT, rows[i].message, line, sizeof(line));
		assert_int_equal(line[10], 'T');
		assert_int_equal(line[23], 'Z');
		assert_memory_equal(line, "20", 2);
		snprintf(want, sizeof(want), " test %s\n", rows[i].want);
		assert_string_equal(line + 24, want);
	}
	assert_int_equal(logged(LOG_OFF, "x", line, sizeof(line)), 0);
}

static void log_writes_json_lines(void **state)
{
	static const struct {
		const char *message, *want;
	} rows[] = {
	    {"GET /a 200", "GET /a 200"},
	    {"\"q\" \\ ä", "\\\"q\\\" \\\\ ä"},
	    {"two\nlines\t\x01", "two\\u000alines\\u0009\\u0001"},
	    {"bad \xff", "bad \xef\xbf\xbd"},
	};
	char line[8192], want[512];

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		logged(LOG_JSON, rows[i].message, line, sizeof(line));
		assert_memory_equal(line, "{\"time\":\"20", 11);
		snprintf(want, sizeof(want),
			 "Z\",\"event\":\"test\",\"message\":\"%s\"}\n",
			 rows[i].want);
		assert_string_equal(line + 9 + 23, want);
	}
}

static void log_cuts_long_messages(void **state)
{
	static char message[20000], line[60000];
	size_t n;

	(void)state;
	memset(message, '\x01', sizeof(message) - 1);
	n = logged(LOG_JSON, message, line, sizeof(line));
	assert_in_range(n, 6 * 4000, 6 * 4096 + 200);
	assert_string_equal(line + n - 6, "...\"}\n");
	memset(message, 'a', sizeof(message) - 1);
	n = logged(LOG_TEXT, message, line, sizeof(line));
	assert_in_range(n, 4000, 4200);
	assert_string_equal(line + n - 5, "a...\n");
}

/* ---- uuid ------------------------------------------------------------ */

static void uuids_are_random_and_lower_case(void **state)
{
	char x[UUID_TEXT], y[UUID_TEXT], last[UUID_TEXT] = "";
	struct uuid_pool pool = {.left = 0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uuid_make(x);
		uuid_make(y);
		assert_true(uuid_ok(x));
		assert_string_not_equal(x, y);
		uuid_take(&pool, y);
		assert_true(uuid_ok(y));
		assert_string_not_equal(x, y);
		assert_string_not_equal(y, last);
		memcpy(last, y, sizeof(last));
		assert_int_equal(x[14], '4');
		assert_non_null(strchr("89ab", x[19]));
		for (const char *p = x; *p; p++)
			assert_false(*p >= 'A' && *p <= 'Z');
	}
}

static void uuid_texts_are_checked(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
	    {"3f0c2a8e-0000-4000-8000-000000000000", true},
	    {"3F0C2A8E-0000-1000-8000-00000000ABCD", true},
	    {"00000000-0000-0000-0000-000000000000", true},
	    {"", false},
	    {"3f0c2a8e", false},
	    {"3f0c2a8e-0000-4000-8000-00000000000", false},
	    {"3f0c2a8e-0000-4000-8000-0000000000000", false},
	    {"3f0c2a8e00000400080000000000000000000", false},
	    {"3f0c2a8e-0000-4000-8000-00000000000g", false},
	    {"3f0c2a8e-0000-4000-80000-00000000000", false},
	    {"3f0c2a8-e0000-4000-8000-000000000000", false},
	    {"{3f0c2a8e-0000-4000-8000-00000000000}", false},
	    {" 3f0c2a8e-0000-4000-8000-00000000000", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		if (uuid_ok(rows[i].text) != rows[i].want)
			fail_msg("%s", rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arena_gives_zeroed_aligned_memory),
	    cmocka_unit_test(arena_keeps_allocations_apart),
	    cmocka_unit_test(arena_poisons_its_slack),
	    cmocka_unit_test(arena_copies_texts),
	    cmocka_unit_test(arena_goes_back_to_a_mark),
	    cmocka_unit_test(arena_is_used_again),
	    cmocka_unit_test(arena_serves_a_large_request_in_linear_time),
	    cmocka_unit_test(buf_grows_and_stays_terminated),
	    cmocka_unit_test(buf_takes_any_bytes),
	    cmocka_unit_test(buf_has_no_gap_at_its_sizes),
	    cmocka_unit_test(utf8_knows_its_characters),
	    cmocka_unit_test(utf8_is_written),
	    cmocka_unit_test(err_is_filled_and_false),
	    cmocka_unit_test(err_cuts_at_a_whole_character),
	    cmocka_unit_test(nearest_finds_the_word_meant),
	    cmocka_unit_test(gunzip_gives_what_was_packed),
	    cmocka_unit_test(gunzip_refuses_what_is_damaged),
	    cmocka_unit_test(gunzip_holds_bombs_off),
	    cmocka_unit_test(mask_finds_personal_codes),
	    cmocka_unit_test(log_writes_text_lines),
	    cmocka_unit_test(log_writes_json_lines),
	    cmocka_unit_test(log_cuts_long_messages),
	    cmocka_unit_test(durations_have_a_fixed_length),
	    cmocka_unit_test(clock_runs_stands_and_moves),
	    cmocka_unit_test(clock_stays_within_the_years),
	    cmocka_unit_test(clock_reads_its_option),
	    cmocka_unit_test(steady_clock_does_not_go_back),
	    cmocka_unit_test(times_are_spans),
	    cmocka_unit_test(wrong_times_are_refused),
	    cmocka_unit_test(every_day_follows_the_day_before),
	    cmocka_unit_test(finnish_time_changes_twice_a_year),
	    cmocka_unit_test(local_times_are_finnish),
	    cmocka_unit_test(http_dates_are_imf_fixdates),
	    cmocka_unit_test(uuids_are_random_and_lower_case),
	    cmocka_unit_test(uuid_texts_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
