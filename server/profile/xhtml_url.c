/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml_url.c: the addresses in a narrative (a.href, img.src) as today's
 * validator takes them: not empty, of the characters that a URL may have, no
 * script, nothing that a reader cannot follow (urn:, cid:), and data that is
 * well encoded. Whether the address leads anywhere is not asked.
 * FHIR R4 2.1.0.3.4, RFC 3986 2, RFC 2397 (data:).
 */
#include "base/base.h"
#include "term_int.h"

#include <string.h>
#include <strings.h>

static bool is_one_of(char ch, const char *set)
{
	return ch != '\0' && strchr(set, ch) != NULL;
}

static bool url_char(char ch)
{
	return ascii_letter(ch) || ascii_digit(ch) ||
	       (unsigned char)ch >= 0x80 ||
	       is_one_of(ch, ";?:@&=+$.,/%-_~#[]!'()*|");
}

static bool has_scheme(const char *s, size_t n, const char *scheme)
{
	size_t k = strlen(scheme);
	return n > k && s[k] == ':' && strncasecmp(s, scheme, k) == 0;
}

/* "data:[type][;base64],data" */
static const char *data_problem(const char *s, size_t n)
{
	const char *comma = memchr(s, ',', n);
	const char *end = s + n;

	if (!comma || comma + 1 == end)
		return "there is no data in it";
	if (memchr(comma + 1, ',', (size_t)(end - comma) - 1))
		return "there is a comma in the data";
	if (comma - s < 12 || memcmp(comma - 7, ";base64", 7) != 0)
		return NULL;
	return base64_ok(comma + 1, (size_t)(end - comma) - 1)
		   ? NULL
		   : "the data is not base64";
}

const char *url_problem(const char *s, size_t n)
{
	if (n == 0)
		return "it is empty";
	if (has_scheme(s, n, "data"))
		return data_problem(s, n);
	for (size_t i = 0; i < n; i++) {
		if (!url_char(s[i]))
			return "it has a character that no URL has";
	}
	if (has_scheme(s, n, "javascript") || has_scheme(s, n, "vbscript"))
		return "it is a script";
	if (has_scheme(s, n, "urn") || has_scheme(s, n, "cid"))
		return "it cannot be followed";
	return NULL;
}
