/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of words in one text: scopes (RFC 6749 3.3), and the lists of a
 * client's row (redirect URIs, grant types), which are kept the same way.
 *
 * A scope is compared word by word, never as a text. More than
 * OAUTH_SCOPE_BYTES of it are refused, so the work per request is bounded. The
 * words of oauth.md section 8 that are reserved are listed in registrations and
 * never granted: they fall out of a request without a complaint, as they do in
 * the software the sandbox was built on.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static const char *const reserved[] = {"registration-token", "resource-token"};

const char *oauth_word(const char **p, size_t *n)
{
	const char *s = *p + strspn(*p, " ");
	*n = strcspn(s, " ");
	*p = s + *n;
	return *n > 0 ? s : NULL;
}

static bool is_reserved(const char *word, size_t n)
{
	for (size_t i = 0; i < LEN(reserved); i++)
		if (strlen(reserved[i]) == n && !memcmp(reserved[i], word, n))
			return true;
	return false;
}

const char *oauth_scope_wanted(struct arena *a, const char *requested,
			       const char *client_scope)
{
	struct buf b;
	size_t n;

	buf_init(&b, a);
	if (requested == NULL || requested[0] == '\0')
		requested = client_scope;
	else if (strlen(requested) > OAUTH_SCOPE_BYTES)
		return NULL;
	for (const char *w; (w = oauth_word(&requested, &n)) != NULL;) {
		if (!scope_covers(client_scope, w, n))
			return NULL;
		if (!is_reserved(w, n))
			scope_add(&b, w, n);
	}
	return b.len > 0 ? b.p : NULL;
}

bool oauth_scope_within(const char *inner, const char *outer)
{
	size_t n;
	for (const char *w; (w = oauth_word(&inner, &n)) != NULL;)
		if (!scope_covers(outer, w, n))
			return false;
	return true;
}

const char *oauth_scope_shown(struct arena *a, const char *scope)
{
	struct buf b;
	size_t n;

	buf_init(&b, a);
	buf_putc(&b, '[');
	for (const char *w; (w = oauth_word(&scope, &n)) != NULL;) {
		if (b.len > 1)
			buf_puts(&b, ", ");
		buf_add(&b, w, n);
	}
	buf_putc(&b, ']');
	return b.p;
}
