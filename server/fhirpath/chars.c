/* SPDX-License-Identifier: Apache-2.0
 *
 * chars: characters of UTF-8, counted and classified.
 *
 * Strings of FHIRPath are counted in characters. Everything that arrives has
 * been checked to be UTF-8 by json/; a byte that is none all the same (of an
 * expression from the command line) counts as a character of its own, so that
 * no loop here can stand still.
 *
 * Case is known of the scripts whose letters come in pairs at a fixed distance
 * or side by side: Latin, Greek, Cyrillic, Armenian, and the letters in
 * circles and of full width. A letter whose other case is several letters (ß)
 * stays as it is. What is a letter is told coarsely: everything beyond ASCII
 * except the blocks of controls, punctuation, symbols and digits.
 *
 * Unicode 15, as far as said above.
 */
#include "fhirpath/value_int.h"

uint32_t char_at(const char *s, size_t n, size_t *length)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t k = utf8_char(s, n);
	uint32_t c;

	*length = k ? k : 1;
	if (!k)
		return (unsigned char)s[0];
	c = (unsigned char)s[0] & masks[k];
	for (size_t i = 1; i < k; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

size_t char_count(const char *s, size_t n)
{
	size_t count = 0, length;

	for (size_t i = 0; i < n; i += length, count++)
		char_at(s + i, n - i, &length);
	return count;
}

/* ---- case -------------------------------------------------------- */

/* Capitals from..to. step 0: the small letter is distance further; 1: capitals
 * have the parity of "from", and the small letter is the next one. */
struct pairs {
	uint32_t from, to, distance;
	bool alternate;
};

static const struct pairs cases[] = {
    {'A', 'Z', 32, false},	 {0xc0, 0xd6, 32, false},
    {0xd8, 0xde, 32, false},	 {0x100, 0x12e, 1, true},
    {0x132, 0x136, 1, true},	 {0x139, 0x147, 1, true},
    {0x14a, 0x176, 1, true},	 {0x179, 0x17d, 1, true},
    {0x1cd, 0x1db, 1, true},	 {0x1de, 0x1ee, 1, true},
    {0x1f8, 0x21e, 1, true},	 {0x222, 0x232, 1, true},
    {0x386, 0x386, 38, false},	 {0x388, 0x38a, 37, false},
    {0x38c, 0x38c, 64, false},	 {0x38e, 0x38f, 63, false},
    {0x391, 0x3a1, 32, false},	 {0x3a3, 0x3ab, 32, false},
    {0x3d8, 0x3ee, 1, true},	 {0x400, 0x40f, 80, false},
    {0x410, 0x42f, 32, false},	 {0x460, 0x480, 1, true},
    {0x48a, 0x4be, 1, true},	 {0x4c1, 0x4cd, 1, true},
    {0x4d0, 0x52e, 1, true},	 {0x531, 0x556, 48, false},
    {0x1e00, 0x1e94, 1, true},	 {0x1ea0, 0x1efe, 1, true},
    {0x24b6, 0x24cf, 26, false}, {0xff21, 0xff3a, 32, false},
};

uint32_t char_lower(uint32_t c)
{
	for (size_t i = 0; i < LEN(cases) && c >= cases[i].from; i++) {
		const struct pairs *p = &cases[i];

		if (c <= p->to && (!p->alternate || (c - p->from) % 2 == 0))
			return c + p->distance;
	}
	return c == 0x178 ? 0xff : c;
}

uint32_t char_upper(uint32_t c)
{
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct pairs *p = &cases[i];
		uint32_t capital = c - p->distance;

		if (capital >= p->from && capital <= p->to &&
		    (!p->alternate || (capital - p->from) % 2 == 0))
			return capital;
	}
	return c == 0xff ? 0x178 : c == 0x3c2 ? 0x3a3 : c; /* ÿ, final sigma */
}

/* ---- classes ----------------------------------------------------- */

struct range {
	uint32_t from, to;
};

static bool within(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n && c >= r[i].from; i++)
		if (c <= r[i].to)
			return true;
	return false;
}

bool char_space(uint32_t c)
{
	static const struct range spaces[] = {
	    {'\t', '\r'},     {' ', ' '},	{0x85, 0x85},
	    {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
	    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
	    {0x3000, 0x3000}, {0xfeff, 0xfeff},
	};

	return within(spaces, LEN(spaces), c);
}

bool char_letter(uint32_t c)
{
	static const struct range others[] = {
	    {0x00, 0x40},	{0x5b, 0x60},	     {0x7b, 0xa9},
	    {0xab, 0xb4},	{0xb6, 0xb9},	     {0xbb, 0xbf},
	    {0xd7, 0xd7},	{0xf7, 0xf7},	     {0x2c2, 0x2c5},
	    {0x2d2, 0x2df},	{0x300, 0x36f},	     {0x37e, 0x37e},
	    {0x482, 0x489},	{0x55a, 0x55f},	     {0x589, 0x5cf},
	    {0x600, 0x61f},	{0x64b, 0x66d},	     {0x6d4, 0x6d4},
	    {0x6f0, 0x6f9},	{0x964, 0x96f},	     {0x2000, 0x2070},
	    {0x2074, 0x207e},	{0x2080, 0x208e},    {0x20a0, 0x2101},
	    {0x2140, 0x2144},	{0x2190, 0x2bff},    {0x2e00, 0x2e2e},
	    {0x2e30, 0x3004},	{0x3007, 0x3030},    {0xd800, 0xf8ff},
	    {0xfe00, 0xfe6f},	{0xfeff, 0xff20},    {0xff3b, 0xff40},
	    {0xff5b, 0xff65},	{0xffe0, 0xffff},    {0x1d7ce, 0x1d7ff},
	    {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
	};

	return !within(others, LEN(others), c);
}
