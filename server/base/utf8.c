/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8: what is a character, and how is one written?
 *
 * The one place that knows the table of well-formed byte sequences (Unicode
 * 15, table 3-7; RFC 3629): no surrogates, no overlong forms, nothing beyond
 * U+10FFFF. The lead byte decides the length and the range that the second
 * byte must be in; all later bytes are 80..BF.
 */
#include "base/base_int.h"

struct lead {
	unsigned char from, to;	 /* lead bytes of this row */
	unsigned char length;	 /* of the whole character */
	unsigned char low, high; /* range of the second byte */
};

static const struct lead leads[] = {
    {0x00, 0x7f, 1, 0, 0},	 {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *find_lead(unsigned char c)
{
	for (size_t i = 0; i < LEN(leads); i++)
		if (c >= leads[i].from && c <= leads[i].to)
			return &leads[i];
	return NULL;
}

size_t utf8_char(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	const struct lead *l = n ? find_lead(u[0]) : NULL;

	if (!l || l->length > n)
		return 0;
	if (l->length > 1 && (u[1] < l->low || u[1] > l->high))
		return 0;
	for (size_t i = 2; i < l->length; i++)
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
	return l->length;
}

void buf_put_char(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_putc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_putc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_putc(b, (char)(0xf0 | c >> 18));
			buf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_putc(b, (char)(0x80 | (c & 0x3f)));
}

size_t utf8_whole(const char *s, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = (unsigned char)s[n - back];

		if (c < 0x80)
			return n;
		if (c < 0xc0)
			continue;
		const struct lead *l = find_lead(c);
		return l && l->length > back ? n - back : n;
	}
	return n;
}
