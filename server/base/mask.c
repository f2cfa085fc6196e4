/* SPDX-License-Identifier: Apache-2.0
 *
 * mask: personal identity codes in what clients send (DDMMYY, the sign of the
 * century, three digits, a check character), before it is written where others
 * read it: the log and the journal.
 *
 * They are looked for by their form, wherever they stand, since nobody knows
 * where a client puts one: into a path, into a search value, into a resource.
 * What stays is the date of birth and the sign, enough to see which test
 * citizen it was. A uuid can hold that form by chance and is named in most
 * requests, so one that begins behind a character that is none of a word, or
 * behind an escape, is passed over as a whole. The sign may be escaped as in a
 * URL.
 *
 * A text without one, which is nearly every text, is given back as it is. As
 * whole bodies go through here, it is looked at in steps of six characters: a
 * code has a digit at every sixth.
 */
#include "base/base_int.h"

#include <string.h>

#define DIGITS 6 /* before the sign */
#define LONG   11
#define STARS  4

static bool alnum(char c)
{
	return ascii_digit(c) || ascii_letter(c);
}

static size_t sign_at(const char *s, size_t n)
{
	if (n > 0 && s[0] != '\0' && strchr("-+ABCDEFUVWXYabcdefuvwxy", s[0]))
		return 1;
	if (n > 2 && s[0] == '%' && s[1] == '2' && s[2] != '\0' &&
	    strchr("DdBb", s[2]))
		return 3;
	return 0;
}

/* Behind six digits: what is shown of a code, or 0 when it is none. */
static size_t shown(const char *s, size_t n)
{
	size_t sign = sign_at(s + DIGITS, n - DIGITS), i;

	if (sign == 0 || n < DIGITS + sign + STARS)
		return 0;
	for (i = DIGITS + sign; i < DIGITS + sign + 3; i++)
		if (!ascii_digit(s[i]))
			return 0;
	return alnum(s[i]) ? DIGITS + sign : 0;
}

static bool uuid_at(const char *text, size_t n, size_t at)
{
	const bool begins =
	    at == 0 || !alnum(text[at - 1]) || (at >= 3 && text[at - 3] == '%');
	char first[UUID_TEXT];

	if (!begins || n - at < UUID_TEXT - 1 || text[at + 8] != '-')
		return false;
	memcpy(first, text + at, UUID_TEXT - 1);
	first[UUID_TEXT - 1] = '\0';
	return uuid_ok(first);
}

/* The end of the uuid that at stands in, or 0. */
static size_t uuid_around(const char *text, size_t n, size_t at)
{
	size_t from = at < UUID_TEXT - 2 ? 0 : at - (UUID_TEXT - 2);

	for (; from <= at; from++)
		if (uuid_at(text, n, from))
			return from + UUID_TEXT - 1;
	return 0;
}

/* How many of the characters before the one at s + 5, which is a digit, can be
 * passed over, as the digits begin behind them. */
static size_t before_digits(const char *s)
{
	size_t n = DIGITS - 1;

	while (n > 0 && ascii_digit(s[n - 1]))
		n--;
	return n;
}

/* The first of them from at on: where, and what is shown of it; n: none. */
static size_t find(const char *text, size_t n, size_t at, size_t *show)
{
	while (at + LONG <= n) {
		size_t past = DIGITS;

		if (ascii_digit(text[at + DIGITS - 1]))
			past = before_digits(text + at);
		if (past == 0) {
			*show = shown(text + at, n - at);
			past = *show ? uuid_around(text, n, at) : at + 1;
			if (past == 0)
				return at;
			past -= at;
		}
		at += past;
	}
	return n;
}

const char *mask_hetu_in(struct arena *a, const char *text, size_t n)
{
	size_t show, at = find(text, n, 0, &show);
	char *masked;

	if (at == n)
		return text;
	masked = arena_strndup(a, text, n);
	for (; at < n; at = find(text, n, at + show + STARS, &show))
		memset(masked + at + show, '*', STARS);
	return masked;
}

const char *mask_hetu(struct arena *a, const char *text)
{
	return mask_hetu_in(a, text, strlen(text));
}
