/* SPDX-License-Identifier: Apache-2.0
 *
 * mask: personal identity codes in what clients send (DDMMYY, the sign of the
 * century, three digits, a check character), before it is written where others
 * read it: the log and the journal.
 *
 * They are looked for by their form, wherever they stand, since nobody knows
 * where a client puts one: into a path, into a search value. What stays is the
 * date of birth and the sign, enough to see which test citizen it was. A uuid
 * can hold that form by chance and is named in most requests, so one that
 * begins behind a character that is none of a word, or behind an escape, is
 * passed over as a whole.
 *
 * A text without one, which is nearly every text, is given back as it is.
 */
#include "base/base_int.h"

#include <ctype.h>
#include <string.h>

#define DIGITS "0123456789"
#define SHOWN  7 /* characters */
#define STARS  4

static bool hetu_at(const char *s)
{
	return strspn(s, DIGITS) >= 6 && s[6] &&
	       strchr("-+ABCDEFUVWXYabcdefuvwxy", s[6]) &&
	       strspn(s + SHOWN, DIGITS) >= 3 && isalnum((unsigned char)s[10]);
}

static bool uuid_at(const char *text, const char *at)
{
	char first[UUID_TEXT];
	bool begins = at == text || !isalnum((unsigned char)at[-1]) ||
		      (at - text >= 3 && at[-3] == '%');

	if (!begins || strnlen(at, UUID_TEXT - 1) < UUID_TEXT - 1)
		return false;
	memcpy(first, at, UUID_TEXT - 1);
	first[UUID_TEXT - 1] = '\0';
	return uuid_ok(first);
}

/* The first of them from at on, or NULL. */
static const char *find(const char *text, const char *at)
{
	for (; *at != '\0'; at++) {
		if (!isxdigit((unsigned char)*at))
			continue;
		if (uuid_at(text, at))
			at += UUID_TEXT - 2;
		else if (hetu_at(at))
			return at;
	}
	return NULL;
}

const char *mask_hetu(struct arena *a, const char *text)
{
	const char *at = find(text, text);
	char *masked;

	if (at == NULL)
		return text;
	masked = arena_strdup(a, text);
	for (; at != NULL; at = find(text, at + SHOWN + STARS))
		memset(masked + (at - text) + SHOWN, '*', STARS);
	return masked;
}
