/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of oauth's small texts. The input is up to three of them, a line
 * each, and each is taken for whatever may come from outside.
 *
 * Basic: a pair in base64 reads as itself, also percent-encoded. Bearer: what
 * is read is a token (RFC 6750 2.1) and reads as itself. A redirect begins with
 * the registered URI to the octet, what follows is query alone, and reads as
 * the pairs that were put there. A policy source begins the URI and cannot end
 * a directive. A scope is within both what was asked and what the client may
 * have, each word once.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with oauth
 * and the layers below it.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define UNRESERVED                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const char *x, const char *y)
{
	return strcmp(x, y) == 0;
}

static bool made_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

/* ---- Authorization --------------------------------------------------------
 */

/* Base64 with padding of id:secret, made from the form that has neither. */
static const char *basic(struct arena *a, const char *id, const char *secret)
{
	const char *pair = arena_printf(a, "%s:%s", id, secret);
	char *text = jose_b64url(a, pair, strlen(pair));
	size_t n = strlen(text);

	for (char *p = text; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	return arena_printf(a, "basic %s%.*s", text, (int)(-n & 3), "==");
}

static const char *escaped(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, a);
	http_escape(&b, text);
	return b.p;
}

static void check_pair(struct arena *a, const char *id, const char *secret)
{
	struct oauth_credentials raw, decoded;
	bool colon = strchr(id, ':') != NULL;

	assert(oauth_basic_read(a, basic(a, id, secret), &raw, &decoded));
	assert(same(arena_printf(a, "%s:%s", raw.id, raw.secret),
		    arena_printf(a, "%s:%s", id, secret)));
	assert(colon || same(raw.id, id));
	assert(oauth_basic_read(a, basic(a, escaped(a, id), escaped(a, secret)),
				&raw, &decoded));
	assert(same(decoded.id, id) && same(decoded.secret, secret));
}

static void check_basic(struct arena *a, const char *header)
{
	struct oauth_credentials raw, decoded, again, ignored;

	if (!oauth_basic_read(a, header, &raw, &decoded))
		return;
	assert(strncasecmp(header, "Basic ", 6) == 0);
	assert(!strchr(raw.id, ':'));
	assert((decoded.id == NULL) == (decoded.secret == NULL));
	assert(oauth_basic_read(a, basic(a, raw.id, raw.secret), &again,
				&ignored));
	assert(same(again.id, raw.id) && same(again.secret, raw.secret));
}

static void check_bearer(struct arena *a, const char *header)
{
	const char *token = oauth_bearer_read(a, header);
	const char *again;

	if (!token)
		return;
	assert(strncasecmp(header, "Bearer ", 7) == 0);
	assert(*token && *token != '=' && strstr(header, token));
	assert(made_of(token, UNRESERVED "+/="));
	assert(made_of(token + strcspn(token, "="), "="));
	again = oauth_bearer_read(a, arena_printf(a, "bearer %s", token));
	assert(again && same(again, token));
}

/* Everything that is a token is taken. */
static void check_token(struct arena *a, const char *text)
{
	size_t n = strspn(text, UNRESERVED "+/");
	bool token = n > 0 && made_of(text + n, "=");
	const char *got = oauth_bearer_read(
	    a, arena_printf(a, "Bearer %s", token ? text : "="));

	assert(token ? got && same(got, text) : !got);
}

/* ---- redirects ------------------------------------------------------------
 */

static void check_redirect(struct arena *a, const char *uri, const char *text,
			   const char *state)
{
	const struct http_pair pair[] = {
	    {"error_description", text}, {"none", NULL}, {"state", state}};
	const char *out = site_redirect_uri(a, uri, pair, LEN(pair));
	const char *rest = out + strlen(uri);
	struct err e = {.kind = ERR_NONE};
	struct http_pair *got;
	size_t n;

	assert(strncmp(out, uri, strlen(uri)) == 0);
	assert(strchr(uri, '?') || *rest == '?');
	rest += *rest == '?' || *rest == '&';
	assert(made_of(rest, UNRESERVED "%+&="));
	if (!http_form(a, rest, strlen(rest), &got, &n, &e)) {
		assert(e.kind == ERR_INVALID); /* controls, no UTF-8 */
		return;
	}
	assert(n == 2 && same(got[0].name, pair[0].name) &&
	       same(got[1].name, pair[2].name));
	assert(same(got[0].value, text) && same(got[1].value, state));
}

static void check_source(struct arena *a, const char *uri)
{
	const char *source = site_policy_source(a, uri);

	assert(strncmp(uri, source, strlen(source)) == 0);
	assert(made_of(source, UNRESERVED "+:/[]"));
	assert(!*source || strchr(source, ':'));
}

/* ---- scopes ---------------------------------------------------------------
 */

static bool reserved(const char *word)
{
	return same(word, "registration-token") || same(word, "resource-token");
}

/* How often does the word occur? */
static size_t occurrences(const char *list, const char *word, size_t len)
{
	size_t n, found = 0;

	for (const char *w; (w = oauth_word(&list, &n)) != NULL;)
		found += n == len && memcmp(w, word, n) == 0;
	return found;
}

/* There is none: then a word is forbidden, or none is left. */
static void check_refused(struct arena *a, const char *asked, const char *may)
{
	size_t n;

	if (strlen(asked) > OAUTH_SCOPE_BYTES ||
	    !oauth_scope_within(asked, may))
		return;
	for (const char *w; (w = oauth_word(&asked, &n)) != NULL;)
		assert(reserved(arena_strndup(a, w, n)));
}

static void check_scope(struct arena *a, const char *asked, const char *may)
{
	const char *out = oauth_scope_wanted(a, asked, may);
	const char *again, *rest = out;
	size_t n;

	if (*asked == '\0')
		asked = may;
	if (!out) {
		check_refused(a, asked, may);
		return;
	}
	assert(oauth_scope_within(out, may) && oauth_scope_within(out, asked));
	again = oauth_scope_wanted(a, out, may);
	assert(strlen(out) > OAUTH_SCOPE_BYTES || (again && same(again, out)));
	for (const char *w; (w = oauth_word(&rest, &n)) != NULL;) {
		const char *word = arena_strndup(a, w, n);

		assert(occurrences(out, w, n) == 1 && !reserved(word));
		assert(scope_has(may, word) && scope_has(out, word));
		assert(*site_scope_say(a, NULL, word));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const char *rest = arena_strndup(a, (const char *)data, size);
	const char *line[3] = {"", "", ""};

	for (size_t i = 0; i < LEN(line); i++) {
		size_t n = strcspn(rest, "\n");

		line[i] = arena_strndup(a, rest, n);
		rest += n + (rest[n] != '\0');
		check_basic(a, line[i]);
		check_bearer(a, line[i]);
		check_bearer(a, arena_printf(a, "Bearer %s", line[i]));
		check_token(a, line[i]);
		check_source(a, line[i]);
		assert(!strpbrk(oauth_header_text(a, line[i]), "\"\\\r\n"));
	}
	check_pair(a, line[0], line[1]);
	check_redirect(a, line[0], line[1], line[2]);
	check_scope(a, line[0], line[1]);
	arena_free(a);
	return 0;
}
