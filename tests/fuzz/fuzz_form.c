/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of http's texts: forms and request targets.
 *
 * Of each form that is taken: no more pairs than allowed, every name and value
 * is UTF-8 without control characters, and the pairs, escaped anew, read as the
 * same pairs. Any sound text comes through http_escape() and http_form()
 * unchanged. Of each request target that is taken: the path is sound, has the
 * slashes that it was sent with and no others (an escaped one stays escaped),
 * and reads the same when it is escaped anew; the query is what was sent.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with the
 * files of http and base.
 */
#include "http/http_int.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool control(char c)
{
	return ((unsigned char)c < 0x20 && !strchr("\t\n\r", c)) || c == 0x7f;
}

/* UTF-8 without NUL and control characters other than TAB LF CR? */
static bool sound(const char *s, size_t n)
{
	size_t k;

	for (size_t i = 0; i < n; i += k) {
		k = utf8_char(s + i, n - i);
		if (k == 0 || s[i] == '\0' || control(s[i]))
			return false;
	}
	return true;
}

/* ---- forms ----------------------------------------------------------------
 */

static bool refused(const struct err *e)
{
	return e->kind == ERR_INVALID && *e->text &&
	       strcmp(e->code, "invalid_request") == 0;
}

static void check_pairs(struct arena *a, const struct http_pair *pair, size_t n)
{
	struct http_pair *again;
	struct err e = {.kind = ERR_NONE};
	struct buf b;
	size_t m;

	buf_init(&b, a);
	for (size_t i = 0; i < n; i++) {
		assert(sound(pair[i].name, strlen(pair[i].name)));
		assert(sound(pair[i].value, strlen(pair[i].value)));
		assert(http_form_get(pair, i + 1, pair[i].name) != NULL);
		buf_puts(&b, i > 0 ? "&" : "");
		http_escape(&b, pair[i].name);
		buf_putc(&b, '=');
		http_escape(&b, pair[i].value);
	}
	assert(http_form(a, b.p, b.len, &again, &m, &e) && m == n);
	for (size_t i = 0; i < n; i++) {
		assert(strcmp(again[i].name, pair[i].name) == 0);
		assert(strcmp(again[i].value, pair[i].value) == 0);
	}
}

static void check_form(struct arena *a, const char *text, size_t n)
{
	struct err e = {.kind = ERR_NONE};
	struct http_pair *pair;
	size_t count;

	if (!http_form(a, text, n, &pair, &count, &e)) {
		assert(refused(&e));
		return;
	}
	assert(count <= HTTP_PARAMETERS);
	check_pairs(a, pair, count);
}

/* The text as a value of ours: it comes through whatever it holds. */
static void check_escape(struct arena *a, const char *text, size_t n)
{
	struct err e = {.kind = ERR_NONE};
	struct http_pair *pair;
	struct buf b;
	size_t count;
	bool ok;

	buf_init(&b, a);
	buf_puts(&b, "x=");
	http_escape(&b, text);
	assert(b.len <= 2 + 3 * n);
	assert(strspn(b.p + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
			       "qrstuvwxyz0123456789-._~%") == b.len - 2);
	ok = http_form(a, b.p, b.len, &pair, &count, &e);
	assert(ok == sound(text, n));
	assert(!ok || (count == 1 && strcmp(pair[0].value, text) == 0));
	assert(ok || (refused(&e) && strcmp(e.where, "x") == 0));
}

/* ---- request targets ------------------------------------------------------
 */

static size_t count_of(const char *s, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += s[i] == c;
	return found;
}

/* The path, every byte but the slashes escaped, reads as the same path. */
static void check_path(struct arena *a, const char *path)
{
	struct http_target again;
	struct buf b;

	buf_init(&b, a);
	for (const char *p = path; *p; p++) {
		const char one[] = {*p, '\0'};

		if (*p == '/')
			buf_putc(&b, '/');
		else
			http_escape(&b, one);
	}
	assert(http_target_decode(a, b.p, &again));
	assert(strcmp(again.path, path) == 0 && *again.query == '\0');
}

static void check_target(struct arena *a, const char *raw)
{
	const char *local = http_target_local(raw);
	size_t n = strcspn(local, "?");
	struct http_target t;

	if (!http_target_decode(a, raw, &t))
		return;
	assert(t.path[0] == '/' && sound(t.path, strlen(t.path)));
	assert(!strpbrk(t.path, "\t\r\n") && !strpbrk(t.query, " \t\r\n#"));
	assert(n == 0 || count_of(t.path, strlen(t.path), '/') ==
			     count_of(local, n, '/'));
	assert(strcmp(t.query, local[n] ? local + n + 1 : "") == 0);
	check_path(a, t.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);

	check_form(a, (const char *)data, size);
	if (strlen(text) == size) {
		check_escape(a, text, size);
		check_target(a, text);
		check_target(a, arena_printf(a, "/%s", text));
	}
	arena_free(a);
	return 0;
}
