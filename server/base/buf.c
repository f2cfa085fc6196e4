/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: text that grows.
 *
 * Every answer, page and log line is put together here. The room doubles in
 * the arena, so appending n bytes one by one costs O(n); what was outgrown
 * stays behind in the arena until that ends.
 *
 * Invariant: p[len] is NUL, also in an empty buf, which has no memory of its
 * own yet and shares a constant "". Bytes may hold NULs. What is appended may
 * be a part of the buf itself, since the old memory stays valid.
 */
#include "base/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FIRST_ROOM 64

/* The text of every empty buf; its cap of 0 keeps it from being written to. */
static const char nothing[1];

/* Room for n more bytes and the NUL. */
static void reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_ROOM;
	char *p;

	assert(n < SIZE_MAX / 4 - b->len);
	if (b->cap > b->len + n)
		return;
	while (cap <= b->len + n)
		cap *= 2;
	p = arena_alloc(b->arena, cap);
	if (b->len)
		memcpy(p, b->p, b->len);
	b->p = p;
	b->cap = cap;
}

void buf_init(struct buf *b, struct arena *a)
{
	*b = (struct buf){.arena = a, .p = (char *)nothing};
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (!n)
		return;
	reserve(b, n);
	memmove(b->p + b->len, bytes, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	reserve(b, 1);
	b->p[b->len++] = c;
	b->p[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t room = b->cap - b->len;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(b->cap ? b->p + b->len : NULL, room, fmt, ap);
	assert(n >= 0);
	if ((size_t)n >= room) {
		reserve(b, (size_t)n);
		vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
	}
	b->len += (size_t)n;
	va_end(again);
	va_end(ap);
}

void buf_xml(struct buf *b, const char *s)
{
	static const char *const entity[128] = {
	    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};

	for (; *s; s++) {
		const unsigned char ch = (unsigned char)*s;

		if (ch < 128 && entity[ch])
			buf_puts(b, entity[ch]);
		else if (ch < 0x20 && ch != '\n' && ch != '\t')
			buf_puts(b, "\xEF\xBF\xBD");
		else if (strncmp(s, "\xEF\xBF\xBE", 3) == 0 ||
			 strncmp(s, "\xEF\xBF\xBF", 3) == 0)
			s += 2; /* U+FFFE, U+FFFF: no characters of XML */
		else
			buf_putc(b, *s);
	}
}
