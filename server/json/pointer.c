/* SPDX-License-Identifier: Apache-2.0
 *
 * pointer: a value by its path in the document (RFC 6901).
 *
 * "/a/0/b": a member's name or an item's number for each step, ~1 for a slash
 * and ~0 for a tilde within a name, "" for the whole document. Steps are
 * compared as they stand, without a copy. An item's number has no zero before
 * it; "-", the place behind the last item, is nowhere to be read.
 */
#include "json/json_int.h"

#include <string.h>

#define INDEX_DIGITS 7 /* no text has more values than that */

bool json_pointer_ok(const char *pointer)
{
	if (*pointer != '\0' && *pointer != '/')
		return false;
	for (const char *p = pointer; *p; p++)
		if (*p == '~' && p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

/* Is the step of n bytes this name? */
static bool names(const char *step, size_t n, const char *name, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++, at++) {
		char c = step[i];

		if (c == '~' && i + 1 < n)
			c = step[++i] == '1' ? '/' : '~';
		if (at >= len || name[at] != c)
			return false;
	}
	return at == len;
}

static const struct json *member(const struct json *v, const char *step,
				 size_t n)
{
	for (const struct json *m = json_first(v); m; m = json_next(m))
		if (names(step, n, json_name(m), m->name_len))
			return m;
	return NULL;
}

bool json_pointer_index(const char *step, size_t n, size_t *out)
{
	*out = 0;
	if (n == 0 || n > INDEX_DIGITS || (n > 1 && step[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ascii_digit(step[i]))
			return false;
		*out = *out * 10 + (size_t)(step[i] - '0');
	}
	return true;
}

static const struct json *item(const struct json *v, const char *step, size_t n)
{
	const struct json *m = json_first(v);
	size_t i;

	if (!json_pointer_index(step, n, &i))
		return NULL;
	while (m && i-- > 0)
		m = json_next(m);
	return m;
}

const struct json *json_pointer(const struct json *v, const char *pointer)
{
	if (!json_pointer_ok(pointer))
		return NULL;
	while (v && *pointer == '/') {
		const char *step = ++pointer;
		size_t n = strcspn(step, "/");

		if (json_kind(v) == JSON_ARRAY)
			v = item(v, step, n);
		else
			v = json_kind(v) == JSON_OBJECT ? member(v, step, n)
							: NULL;
		pointer += n;
	}
	return v;
}

const char *json_pointer_step(struct arena *a, const char *where,
			      const char *name)
{
	struct buf b;

	buf_init(&b, a);
	buf_printf(&b, "%s/", where);
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_puts(&b, *name == '~' ? "~0" : "~1");
		else
			buf_putc(&b, *name);
	}
	return b.p;
}
