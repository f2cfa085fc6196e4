/* SPDX-License-Identifier: Apache-2.0
 *
 * fold: text as strings are searched, so that "Ämmälä" is found by "ammala".
 *
 * That is: decomposed (NFD), without the combining marks U+0300-036F, in
 * capitals. Nothing is stored of Unicode's tables but what two bytes of UTF-8
 * reach and people here write: Latin-1 and Latin Extended-A, the letters of
 * modern Greek and of Cyrillic. Anything else stays as it is, so it is found
 * by its own spelling alone: Vietnamese, the letters of the Skolt Sami that lie
 * in Extended-B, ligatures. Letters that Unicode does not decompose keep what
 * makes them (ø, đ, ł), as in the stack of the service; ß is SS.
 *
 * The result is never longer than the text. FHIR R4 3.1.1.4.8; facts:
 * fhir-rest.md 4.4.
 */
#include "record/record_int.h"

#define LATIN	  0xc0
#define GREEK	  0x386
#define CYRILLIC  0x400
#define MARKS	  0x300
#define MARKS_END 0x370

/* The capital that is left of U+00C0 and those after it; '.': none, it is no
 * letter with a mark (see single()). */
static const char latin[] = "AAAAAA.CEEEEIIII"
			    ".NOOOOO..UUUUY.."
			    "AAAAAA.CEEEEIIII"
			    ".NOOOOO..UUUUY.Y"
			    "AAAAAACCCCCCCCDD"
			    "..EEEEEEEEEEGGGG"
			    "GGGGHH..IIIIIIII"
			    "II..JJKK.LLLLLL."
			    "...NNNNNN...OOOO"
			    "OO..RRRRRRSSSSSS"
			    "SSTTTT..UUUUUUUU"
			    "UUUUWWYYYZZZZZZS";

/* Greek letters with marks, from U+0386, as the offset of their base in
 * U+0391-03A9 from 'A' (so "A" is alpha, "E" epsilon, "G" eta, "I" iota, "O"
 * omicron, "U" upsilon, "Y" omega); '.': none. */
static const char greek[] = "A.EGI.O.UYI"
			    "........................."
			    "IUAEGIU"
			    "........................."
			    "IUOUY";

/* Cyrillic ones with marks: their base. */
static const struct {
	uint16_t with, base;
} cyrillic[] = {
    {0x400, 0x415}, {0x401, 0x415}, {0x403, 0x413}, {0x407, 0x406},
    {0x40c, 0x41a}, {0x40d, 0x418}, {0x40e, 0x423}, {0x419, 0x418},
};

/* Of the letters of Latin that keep their form, the capital. */
static unsigned single(unsigned c)
{
	switch (c) {
	case 0xf7: return c; /* the sign between oe and ø */
	case 0x131: return 'I';
	case 0x138:
	case 0x149: return c;
	default: break;
	}
	if (c >= 0xe0 && c <= 0xfe)
		return c - 0x20;
	/* in Extended-A capitals are even, but between these */
	if (c >= 0x100)
		return c >= 0x139 && c <= 0x148 ? c - !(c & 1) : c & ~1u;
	return c;
}

static unsigned fold_latin(unsigned c)
{
	const char base = latin[c - LATIN];

	return base != '.' ? (unsigned char)base : single(c);
}

static unsigned fold_greek(unsigned c)
{
	if (c - GREEK < sizeof greek - 1 && greek[c - GREEK] != '.')
		return 0x391u + (unsigned)(greek[c - GREEK] - 'A');
	if (c == 0x3c2)
		return 0x3a3; /* final sigma */
	return c >= 0x3b1 && c <= 0x3c9 ? c - 0x20 : c;
}

static unsigned fold_cyrillic(unsigned c)
{
	if (c >= 0x450 && c <= 0x45f)
		c -= 0x50;
	else if (c >= 0x430 && c <= 0x44f)
		c -= 0x20;
	for (size_t i = 0; i < LEN(cyrillic); i++)
		if (cyrillic[i].with == c)
			return cyrillic[i].base;
	return c;
}

/* Of a character of two bytes; 0: nothing is left of it. */
static unsigned fold_char(unsigned c)
{
	if (c >= MARKS && c < MARKS_END)
		return 0;
	if (c >= LATIN && c < LATIN + sizeof latin - 1)
		return fold_latin(c);
	if (c >= GREEK && c < CYRILLIC)
		return fold_greek(c);
	if (c >= CYRILLIC && c <= 0x45f)
		return fold_cyrillic(c);
	return c;
}

static char *put(char *out, unsigned c)
{
	if (c == 0xdf) { /* sharp s */
		*out++ = 'S';
		*out++ = 'S';
	} else if (c >= 0x80) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c != 0) {
		*out++ = (char)c;
	}
	return out;
}

const char *record_fold(struct arena *a, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *folded = arena_alloc(a, strlen(text) + 1), *out = folded;

	for (; *s != '\0'; s++) {
		if (*s >= 'a' && *s <= 'z') {
			*out++ = (char)(*s - 'a' + 'A');
		} else if ((*s & 0xe0) == 0xc0 && (s[1] & 0xc0) == 0x80) {
			out = put(
			    out, fold_char((*s & 0x1fu) << 6 | (s[1] & 0x3fu)));
			s++;
		} else {
			*out++ = (char)*s;
		}
	}
	return folded;
}
