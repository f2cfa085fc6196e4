/* SPDX-License-Identifier: Apache-2.0
 *
 * Redirect URIs: adding an answer to one, and naming its origin.
 *
 * What is registered is kept to the octet; an answer goes behind a query that
 * stands there already (RFC 6749 3.1.2). Values are percent-encoded down to
 * unreserved characters, so no client's state can break out of its parameter
 * or out of the header. Messages alone are ours, and show spaces as '+'.
 */
#include "site/site.h"

#include <ctype.h>
#include <string.h>

static void add_value(struct buf *b, const char *name, const char *value)
{
	size_t from = b->len;
	http_escape(b, value);
	if (strcmp(name, "error_description") != 0)
		return;
	/* %20 -> +, in place: the text only gets shorter */
	char *out = b->p + from;
	for (const char *in = out; *in != '\0';) {
		bool space = strncmp(in, "%20", 3) == 0;
		*out++ = space ? '+' : *in;
		in += space ? 3 : 1;
	}
	*out = '\0';
	b->len = (size_t)(out - b->p);
}

/* What must stand between the URI and its next parameter. */
static const char *separator(const char *uri)
{
	size_t n = strlen(uri);
	if (strchr(uri, '?') == NULL)
		return "?";
	return uri[n - 1] == '?' || uri[n - 1] == '&' ? "" : "&";
}

const char *site_redirect_uri(struct arena *a, const char *uri,
			      const struct http_pair *pair, size_t n)
{
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, uri);
	for (size_t i = 0; i < n; i++) {
		if (pair[i].value == NULL)
			continue;
		buf_puts(&b, separator(b.p));
		buf_puts(&b, pair[i].name);
		buf_putc(&b, '=');
		add_value(&b, pair[i].name, pair[i].value);
	}
	return b.p;
}

static bool all_of(const char *s, size_t n, const char *besides_alnum)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr(besides_alnum, s[i]) == NULL)
			return false;
	return n > 0;
}

const char *site_policy_source(struct arena *a, const char *uri)
{
	const char *colon = strchr(uri, ':');
	if (colon == NULL || !isalpha((unsigned char)uri[0]) ||
	    !all_of(uri, (size_t)(colon - uri), "+-."))
		return "";
	if (strncmp(colon, "://", 3) != 0)
		return arena_strndup(a, uri, (size_t)(colon - uri) + 1);
	const char *host = colon + 3;
	size_t n = strcspn(host, "/?#");
	if (!all_of(host, n, ".-_:[]"))
		return "";
	return arena_strndup(a, uri, (size_t)(host - uri) + n);
}
