/* SPDX-License-Identifier: Apache-2.0
 *
 * term_language.c: language tags by their grammar (RFC 5646 2.1) and two small
 * tables: a primary language of two letters is one of ISO 639-1, a region of
 * two letters a country of ISO 3166. Languages of three letters, scripts,
 * variants and regions of three digits are taken as they are: their registry
 * has some thousand entries. Case does not matter.
 */
#include "term_int.h"

#include <string.h>
#include <strings.h>

/* ISO 639-1, and the withdrawn codes that the registry keeps. */
static const char primary[] =
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce "
    "ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr "
    "fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io "
    "is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la "
    "lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc "
    "sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl "
    "tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/* Tags that do not follow the grammar (RFC 5646 2.1, "irregular"). */
static const char *const irregular[] = {
    "en-GB-oed", "i-ami", "i-bnn",     "i-default", "i-enochian", "i-hak",
    "i-klingon", "i-lux", "i-mingo",   "i-navajo",  "i-pwn",	  "i-tao",
    "i-tay",	 "i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE",
};

enum shape { LETTERS = 1, DIGITS = 2 };

static unsigned shape_of(const char *s, size_t n)
{
	unsigned shape = 0;
	for (size_t i = 0; i < n; i++) {
		if (ascii_digit(s[i]))
			shape |= DIGITS;
		else if (ascii_letter(s[i]))
			shape |= LETTERS;
		else
			return 0;
	}
	return shape;
}

/* The next subtag: its length; 0 behind the last or when it is none. */
static size_t subtag(const char *s)
{
	size_t n = strcspn(s, "-");
	return n <= 8 && shape_of(s, n) ? n : 0;
}

static const char *next(const char *s, size_t n)
{
	s += n;
	return *s == '-' ? s + 1 : s;
}

static bool is_primary(const char *s)
{
	char a = (char)(s[0] | 32), b = (char)(s[1] | 32);
	for (const char *p = primary; *p; p += p[2] ? 3 : 2) {
		if (p[0] == a && p[1] == b)
			return true;
	}
	return false;
}

static bool is_country(const char *s)
{
	char code[3] = {(char)(s[0] & ~32), (char)(s[1] & ~32), '\0'};
	return country_ok(code) || strcmp(code, "EU") == 0 ||
	       strcmp(code, "UN") == 0;
}

/* 4 letters; 2 letters or 3 digits; 5 to 8, or 4 that begin with a digit;
 * a singleton and what belongs to it. NULL: something else. */
static const char *rest(const char *s)
{
	size_t n = subtag(s);
	if (n == 4 && shape_of(s, n) == LETTERS) {
		s = next(s, n);
		n = subtag(s);
	}
	if ((n == 2 && shape_of(s, n) == LETTERS) ||
	    (n == 3 && shape_of(s, n) == DIGITS)) {
		if (n == 2 && !is_country(s))
			return NULL;
		s = next(s, n);
		n = subtag(s);
	}
	while (n >= 5 || (n == 4 && shape_of(s, 1) == DIGITS)) {
		s = next(s, n);
		n = subtag(s);
	}
	while (n == 1) {
		bool private = (*s | 32) == 'x';
		s = next(s, n);
		n = subtag(s);
		if (n < (private ? 1U : 2U))
			return NULL;
		while (n > (private ? 0U : 1U)) {
			s = next(s, n);
			n = subtag(s);
		}
	}
	return *s ? NULL : s;
}

bool language_ok(const char *tag)
{
	size_t len = strlen(tag);
	size_t n = subtag(tag);

	for (size_t i = 0; i < LEN(irregular); i++) {
		if (strcasecmp(irregular[i], tag) == 0)
			return true;
	}
	if (len == 0 || tag[len - 1] == '-' || n == 0)
		return false;
	if (n == 1 && (*tag | 32) == 'x')
		return rest(tag) != NULL;
	if (n < 2 || shape_of(tag, n) != LETTERS || n == 4)
		return false;
	if (n == 2 && !is_primary(tag))
		return false;
	if (n > 3)
		return false; /* 5 to 8 letters: never registered */
	const char *s = next(tag, n);
	/* extended languages */
	for (int i = 0; i < 3 && subtag(s) == 3 && shape_of(s, 3) == LETTERS;
	     i++)
		s = next(s, 3);
	return !*s || rest(s) != NULL;
}
