/* SPDX-License-Identifier: Apache-2.0
 *
 * application/x-www-form-urlencoded, both ways: the bodies of OAuth requests
 * and of pages, and the query of a search (WHATWG URL 5.1 for '+', RFC 3986 for
 * the escapes).
 *
 * Order and repetition are kept; what a repeated name means is the caller's
 * rule. The parser is stricter than a browser's: a broken escape, a NUL, bytes
 * that are not UTF-8 or a control character refuse the whole text, because
 * any of them in a client_id or a search value is an error worth telling, and
 * because a text that is cut at a NUL is an attack (facts: oauth.md 2.2).
 */
#include "http/http_int.h"

#include <string.h>

static bool control(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/* One name or value, decoded into the arena; NULL with e set. */
static const char *decode(struct arena *a, const char *s, size_t n,
			  struct err *e)
{
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int c = s[i] == '+' ? ' ' : (unsigned char)s[i];

		if (c == '%') {
			c = n - i > 2 ? http_hex2(s + i + 1) : -1;
			i += 2;
		}
		if (c < 0) {
			err_set(e, ERR_INVALID, "invalid_request", NULL,
				"a percent sign is not followed by two "
				"hexadecimal digits");
			return NULL;
		}
		if (control((unsigned char)c)) {
			err_set(e, ERR_INVALID, "invalid_request", NULL,
				"control character in a parameter");
			return NULL;
		}
		out[len++] = (char)c;
	}
	out[len] = '\0';
	if (http_utf8_ok(out, len))
		return out;
	err_set(e, ERR_INVALID, "invalid_request", NULL,
		"a parameter is not valid UTF-8");
	return NULL;
}

static bool pair(struct arena *a, const char *s, size_t n,
		 struct http_pair *out, struct err *e)
{
	const char *equals = memchr(s, '=', n);
	size_t name_len = equals ? (size_t)(equals - s) : n;
	struct err was;

	out->name = decode(a, s, name_len, e);
	if (!out->name)
		return false;
	out->value = equals ? decode(a, equals + 1, n - name_len - 1, e) : "";
	if (out->value)
		return true;
	/* the name is sound: say which parameter it is */
	was = *e;
	return err_set(e, was.kind, was.code, out->name, "%s", was.text);
}

bool http_form(struct arena *a, const char *text, size_t n,
	       struct http_pair **pairs, size_t *count, struct err *e)
{
	struct http_pair *v =
	    arena_alloc(a, HTTP_PARAMETERS * sizeof(struct http_pair));
	const char *end = text + n;

	*pairs = v;
	*count = 0;
	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		size_t len = (size_t)((amp ? amp : end) - text);

		if (len > 0 && *count == HTTP_PARAMETERS)
			return err_set(e, ERR_INVALID, "invalid_request", NULL,
				       "more than %d parameters",
				       HTTP_PARAMETERS);
		if (len > 0 && !pair(a, text, len, &v[*count], e))
			return false;
		*count += len > 0;
		text += len + 1;
	}
	return true;
}

const char *http_form_get(const struct http_pair *pairs, size_t count,
			  const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	}
	return NULL;
}

static bool unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

void http_escape(struct buf *b, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (unreserved(*p))
			buf_putc(b, (char)*p);
		else
			buf_printf(b, "%%%02X", *p);
	}
}
