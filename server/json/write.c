/* SPDX-License-Identifier: Apache-2.0
 *
 * write: tree and text to JSON.
 *
 * A tree is written with the bytes it was read from: names and strings keep the
 * client's own escapes, numbers every digit. Only the white space between the
 * tokens is ours: none, or two spaces a level.
 *
 * Text of our own is escaped as RFC 8259 7 demands and no further. Bytes that
 * are not UTF-8 become U+FFFD, so that nothing written here, an echoed
 * parameter included, can make an answer that is not JSON.
 */
#include "json/json_int.h"

#define INDENT 2

/* ---- strings --------------------------------------------------------- */

static void put_control(struct buf *b, unsigned char c)
{
	switch (c) {
	case '\b': buf_puts(b, "\\b"); return;
	case '\f': buf_puts(b, "\\f"); return;
	case '\n': buf_puts(b, "\\n"); return;
	case '\r': buf_puts(b, "\\r"); return;
	case '\t': buf_puts(b, "\\t"); return;
	default: buf_printf(b, "\\u%04x", c);
	}
}

/* Bytes at s that are written as they are; 0 when the first is not. */
static size_t plain_bytes(const char *s, size_t n)
{
	size_t i = 0, k;

	while (i < n) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\')
			break;
		k = c < 0x80 ? 1 : utf8_char(s + i, n - i);
		if (!k)
			break;
		i += k;
	}
	return i;
}

void json_quote(struct buf *b, const char *s, size_t n)
{
	size_t i = 0;

	buf_putc(b, '"');
	for (;;) {
		size_t k = plain_bytes(s + i, n - i);

		buf_add(b, s + i, k);
		i += k;
		if (i == n)
			break;
		unsigned char c = (unsigned char)s[i++];

		if (c < 0x20)
			put_control(b, c);
		else if (c < 0x80)
			buf_add(b, (char[]){'\\', (char)c}, 2);
		else
			buf_puts(b, "\xef\xbf\xbd");
	}
	buf_putc(b, '"');
}

/* ---- trees ----------------------------------------------------------- */

struct writer {
	struct buf *b;
	bool pretty;
	unsigned depth;
};

static void new_line(struct writer *w)
{
	static const char blanks[] = "                                ";
	size_t left = (size_t)w->depth * INDENT;

	if (!w->pretty)
		return;
	buf_putc(w->b, '\n');
	for (size_t n; left; left -= n) {
		n = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
		buf_add(w->b, blanks, n);
	}
}

static void put_token(struct writer *w, const struct json *v, uint32_t start,
		      uint32_t end)
{
	buf_add(w->b, v->doc->text + start, end - start);
}

static void write_value(struct writer *w, const struct json *v)
{
	bool object = v->node.type == cJSON_Object;
	const struct json *first = json_first(v);

	if (!object && v->node.type != cJSON_Array) {
		put_token(w, v, v->start, v->end);
		return;
	}
	buf_putc(w->b, object ? '{' : '[');
	w->depth++;
	for (const struct json *c = first; c; c = json_next(c)) {
		if (c != first)
			buf_putc(w->b, ',');
		new_line(w);
		if (object) {
			put_token(w, c, c->name_start, c->name_end);
			buf_puts(w->b, w->pretty ? ": " : ":");
		}
		write_value(w, c);
	}
	w->depth--;
	if (first)
		new_line(w);
	buf_putc(w->b, object ? '}' : ']');
}

void json_write(struct buf *b, const struct json *v, bool pretty)
{
	struct writer w = {.b = b, .pretty = pretty};

	write_value(&w, v);
}
