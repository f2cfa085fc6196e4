/* SPDX-License-Identifier: Apache-2.0
 *
 * jw: JSON of our own, written from front to back.
 *
 * Answers are put together as text, without a tree in between. The writer
 * knows just enough to put the commas and to catch a programmer's mistake: a
 * member without a name, a name within an array, a second root, a close without
 * its open. kind[depth] is the brace that is open there ('\0' at the root),
 * some[depth] tells whether a comma is due.
 */
#include "json/json.h"

#include <assert.h>
#include <string.h>

/* What stands before a value: the comma and the name. */
static void begin(struct jw *w, const char *name)
{
	assert((name != NULL) == (w->kind[w->depth] == '{'));
	assert(w->depth > 0 || !w->some[0]);
	if (w->some[w->depth])
		buf_putc(w->b, ',');
	w->some[w->depth] = true;
	if (!name)
		return;
	json_quote(w->b, name, strlen(name));
	buf_putc(w->b, ':');
}

void jw_open(struct jw *w, const char *name, char brace)
{
	assert(brace == '{' || brace == '[');
	assert(w->depth + 1 < LEN(w->kind));
	begin(w, name);
	buf_putc(w->b, brace);
	w->depth++;
	w->kind[w->depth] = brace;
	w->some[w->depth] = false;
}

void jw_close(struct jw *w)
{
	assert(w->depth > 0);
	buf_putc(w->b, w->kind[w->depth] == '{' ? '}' : ']');
	w->depth--;
}

void jw_str(struct jw *w, const char *name, const char *value)
{
	if (!value)
		return;
	begin(w, name);
	json_quote(w->b, value, strlen(value));
}

void jw_int(struct jw *w, const char *name, int64_t value)
{
	begin(w, name);
	buf_printf(w->b, "%lld", (long long)value);
}

void jw_bool(struct jw *w, const char *name, bool value)
{
	begin(w, name);
	buf_puts(w->b, value ? "true" : "false");
}

void jw_null(struct jw *w, const char *name)
{
	begin(w, name);
	buf_puts(w->b, "null");
}

void jw_value(struct jw *w, const char *name, const struct json *value)
{
	if (!value)
		return;
	begin(w, name);
	json_write(w->b, value, false);
}

void jw_raw(struct jw *w, const char *name, const char *text, size_t n)
{
	if (!text)
		return;
	assert(n > 0);
	begin(w, name);
	buf_add(w->b, text, n);
}

void jw_words(struct jw *w, const char *name, const char *words)
{
	jw_open(w, name, '[');
	while (*(words += strspn(words, " ")) != '\0') {
		size_t n = strcspn(words, " ");

		jw_str(w, NULL, arena_strndup(w->b->arena, words, n));
		words += n;
	}
	jw_close(w);
}
