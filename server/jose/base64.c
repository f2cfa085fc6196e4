/* SPDX-License-Identifier: Apache-2.0
 *
 * base64: bytes as text (RFC 4648).
 *
 * base64url without padding is the alphabet of tokens, keys and challenges
 * (RFC 7515 2); plain base64 with padding comes in an Authorization: Basic
 * header alone. Decoding is strict, as a decoder must be that stands between a
 * token and a decision: no foreign characters or line breaks, no missing or
 * surplus padding, and no bits set beyond the last byte (3.5), so that each
 * value has exactly one text.
 */
#include "jose/jose_int.h"

#include <string.h>

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* The value of a character; -1 for one outside the alphabet. */
static int value_of(char c, char last_but_one, char last)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == last_but_one)
		return 62;
	return c == last ? 63 : -1;
}

bool jose_b64url_char(char c)
{
	return value_of(c, '-', '_') >= 0;
}

void jose_b64url_to(char *out, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | p[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = url_alphabet[held >> (bits - 6) & 63];
	}
	if (bits)
		*out++ = url_alphabet[held << (6 - bits) & 63];
	*out = '\0';
}

char *jose_b64url(struct arena *a, const void *bytes, size_t n)
{
	char *out = arena_alloc(a, B64URL_CHARS(n) + 1);

	jose_b64url_to(out, bytes, n);
	return out;
}

/* n characters without padding, in the alphabet that ends with those two. */
static char *decode(struct arena *a, const char *text, size_t n,
		    const char ends[2], size_t *n_out)
{
	unsigned held = 0, bits = 0;
	char *out, *p;

	if (n % 4 == 1)
		return NULL;
	out = p = arena_alloc(a, n / 4 * 3 + 3);
	for (size_t i = 0; i < n; i++) {
		int v = value_of(text[i], ends[0], ends[1]);

		if (v < 0)
			return NULL;
		held = (held << 6 | (unsigned)v) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		*p++ = (char)(held >> bits & 0xff);
	}
	if (held & ((1u << bits) - 1))
		return NULL;
	*n_out = (size_t)(p - out);
	return out;
}

char *jose_b64url_decode(struct arena *a, const char *text, size_t n,
			 size_t *n_out)
{
	return decode(a, text, n, "-_", n_out);
}

char *jose_b64_decode(struct arena *a, const char *text, size_t n,
		      size_t *n_out)
{
	size_t padding = 0;

	if (n % 4)
		return NULL;
	while (padding < 2 && padding < n && text[n - padding - 1] == '=')
		padding++;
	return decode(a, text, n - padding, "+/", n_out);
}
