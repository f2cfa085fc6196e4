/* SPDX-License-Identifier: Apache-2.0
 *
 * term_mime.c: media types by their grammar: a registered top-level type (or
 * x-...), a slash, a subtype, and parameters. RFC 2045 5.1, RFC 6838 4.2; the
 * top-level types are those of the IANA registry.
 */
#include "term_int.h"

#include <string.h>
#include <strings.h>

static const char types[] =
    " application text image audio video multipart message model font example "
    "chemical ";

/* RFC 6838 4.2: restricted-name. The wildcard of Accept is none, but as a
 * subtype others take it for one. */
static size_t name_len(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "!#$&-^_.+";
	return strspn(s, letters);
}

static bool is_type(const char *s, size_t n)
{
	const char *p = types;
	if (n > 2 && strncasecmp(s, "x-", 2) == 0)
		return true;
	for (; *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") == n && n > 0 && strncasecmp(p, s, n) == 0)
			return true;
	}
	return false;
}

/* attribute=value, the value a token or a quoted string; NULL: it is not. */
static const char *parameter(const char *s)
{
	size_t n = name_len(s);
	if (n == 0 || s[n] != '=')
		return NULL;
	s += n + 1;
	if (*s != '"') {
		n = strcspn(s, " \t;\"");
		return n > 0 ? s + n : NULL;
	}
	for (s++; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
	}
	return *s == '"' ? s + 1 : NULL;
}

bool mime_ok(const char *s)
{
	size_t n = name_len(s);
	if (s[n] != '/' || !is_type(s, n))
		return false;
	s += n + 1;
	n = *s == '*' ? 1 : name_len(s);
	if (n == 0)
		return false;
	for (s += n; *s;) {
		s += strspn(s, " \t");
		if (*s != ';')
			return false;
		s += 1 + strspn(s + 1, " \t");
		if (!*s)
			return true;
		s = parameter(s);
		if (!s)
			return false;
	}
	return true;
}
