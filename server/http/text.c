/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that claim to be text. Everything that http hands to a handler is
 * UTF-8 without NUL, so that no later layer has to look again: a text that a
 * C string function sees is the whole text, and what is stored or echoed is
 * never broken. Checked here, by RFC 3629: shortest form, no surrogates, at
 * most U+10FFFF.
 */
#include "http/http_int.h"

#include <string.h>

/* One row for each form of a lead byte: how many bytes follow it, and the range
 * of the first of them, which is what excludes long forms and surrogates. */
static const struct {
	unsigned char lead_lo, lead_hi, follow, next_lo, next_hi;
} forms[] = {
    {0x00, 0x7f, 0, 0x00, 0x00}, {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* The length of the character at s, or 0. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t f = 0;

	while (f < LEN(forms) &&
	       (*s < forms[f].lead_lo || *s > forms[f].lead_hi))
		f++;
	if (f == LEN(forms) || n <= forms[f].follow)
		return 0;
	if (forms[f].follow > 0 &&
	    (s[1] < forms[f].next_lo || s[1] > forms[f].next_hi))
		return 0;
	for (size_t i = 2; i <= forms[f].follow; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return forms[f].follow + 1u;
}

/* Eight bytes at a time. In a byte below 0x80 the high bit of the difference
 * tells whether it is less than 0x20; after turning the bits of 0x7f over,
 * whether it was that. A borrow from a neighbour can only be seen where that
 * neighbour is refused too. */
size_t http_plain(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t i = 0;
	uint64_t x;

	for (; n - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, s + i, sizeof(x));
		if (((x | (x - 0x20 * ones) | ((x ^ 0x7f * ones) - ones)) &
		     0x80 * ones) != 0)
			return i;
	}
	while (i < n && s[i] >= 0x20 && s[i] < 0x7f)
		i++;
	return i;
}

bool http_utf8_ok(const char *s, size_t n)
{
	size_t plain = http_plain(s, n);
	const unsigned char *p = (const unsigned char *)s + plain;

	n -= plain;
	while (n > 0) {
		size_t k = *p < 0x80 ? 1 : character(p, n);

		if (k == 0)
			return false;
		p += k;
		n -= k;
	}
	return true;
}

static int hex1(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int http_hex2(const char *s)
{
	int hi = hex1(s[0]);
	int lo = hi < 0 ? -1 : hex1(s[1]);

	return lo < 0 ? -1 : hi * 16 + lo;
}
