/* SPDX-License-Identifier: Apache-2.0
 *
 * refresh: refresh tokens, their limits, and what follows one that is used
 * (RFC 6749 6, RFC 9700 4.14.2; oauth.md section 7).
 *
 * By the switch refresh_rotation a refresh token is good again and again, or
 * once. Where it is good once, a used one that comes again means that two hold
 * it, and nobody knows which of them is the thief: all tokens of its grant end.
 *
 * An application that lost the answer to its refresh comes with the used token,
 * too. Within refresh_grace_s it gets the same successor again, as long as that
 * one is not used itself. So that no token need be stored for this, a successor
 * is made from the token it follows: an HMAC under a key that only the server
 * has. Who holds a token can tell its successor no better than a random text.
 *
 * A refresh token keeps the whole scope of the grant, whatever the access token
 * beside it was narrowed to. It ends with the first of three limits: the
 * client's own for one token, days without use, days since the authorization.
 *
 * Bound to a certificate is the refresh token of a public application alone
 * (RFC 8705 4): the others authenticate themselves, and may have a new one by
 * then.
 */
#include "record/record_int.h"

#include <string.h>

#define KEY_SETTING "refresh_key"
#define DAY_MS	    ((int64_t)24 * 3600 * 1000)

/* ---- limits ----------------------------------------------------------- */

/* The earlier of a limit and begin + life; life 0: no such limit. */
static int64_t earlier(int64_t limit_ms, int64_t begin_ms, int64_t life_ms)
{
	return life_ms > 0 && begin_ms < limit_ms - life_ms ? begin_ms + life_ms
							    : limit_ms;
}

static int64_t ends(const struct record *r, const struct settings *s,
		    const struct store_client *c, const struct grant *g,
		    int64_t issued_ms)
{
	int64_t end =
	    earlier(INT64_MAX, issued_ms, c->refresh_token_seconds * 1000);

	end = earlier(end, record_now_ms(r), s->refresh_idle_d * DAY_MS);
	return earlier(end, g->created_ms, s->refresh_absolute_d * DAY_MS);
}

static void put(struct record *r, const struct settings *s,
		const struct store_client *c, const struct grant *g,
		const char *token, const char *certificate, int64_t issued_ms)
{
	token_put(r, token,
		  &(struct store_token){
		      .kind = TOKEN_REFRESH,
		      .grant_id = g->id,
		      .scope = g->scope,
		      .issued_ms = issued_ms,
		      .expires_ms = ends(r, s, c, g, issued_ms),
		      .certificate = certificate,
		  });
}

const char *refresh_new(struct record *r, struct arena *a,
			const struct settings *s, const struct store_client *c,
			const struct grant *g, const char *certificate)
{
	const char *token = token_random(
	    r, a, &(struct chance){"refresh", g->hetu, g->client_id});

	if (!record_is_public(a, c))
		certificate = NULL;
	put(r, s, c, g, token, certificate, record_now_ms(r));
	return token;
}

/* ---- successors ------------------------------------------------------- */

static const char *successor(struct record *r, struct arena *a,
			     const char *token)
{
	const char *key = store_setting(r->store, a, KEY_SETTING);

	if (key == NULL) {
		key = token_random(r, a,
				   &(struct chance){.purpose = KEY_SETTING});
		store_setting_put(r->store, KEY_SETTING, key);
	}
	return jose_hmac(a, key, token);
}

/* Is the successor there, and not used itself? */
static bool unused(struct record *r, struct arena *a, const char *token)
{
	struct store_token t;
	char digest[JOSE_DIGEST];

	jose_digest(digest, token, strlen(token));
	return store_token_find(r->store, a, digest, &t, NULL) &&
	       t.used_ms == 0 && record_now_ms(r) < t.expires_ms;
}

bool record_refresh_find(struct record *r, struct arena *a, const char *text,
			 struct store_token *out, struct grant *g)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, text, strlen(text));
	return store_token_find(r->store, a, digest, out, g) &&
	       out->kind == TOKEN_REFRESH &&
	       (out->used_ms != 0 || record_now_ms(r) < out->expires_ms);
}

bool record_refresh_good(struct record *r, struct arena *a,
			 const struct settings *s, const char *text,
			 const struct store_token *t)
{
	if (t->used_ms == 0)
		return true;
	if (s->refresh_grace_s > 0 &&
	    record_now_ms(r) <
		t->used_ms + s->refresh_grace_s * INT64_C(1000) &&
	    unused(r, a, successor(r, a, text)))
		return true;
	store_family_delete(r->store, t->grant_id);
	return false;
}

const char *record_refresh_next(struct record *r, struct arena *a,
				const struct store_client *c,
				const struct grant *g, const char *text,
				const struct store_token *t)
{
	struct settings s = record_client_settings(r, a, c);

	if (t->used_ms != 0)
		return successor(r, a, text);
	if (s.refresh_rotation == 0) {
		if (s.refresh_idle_d > 0) /* this is its use */
			put(r, &s, c, g, text, t->certificate, t->issued_ms);
		return text;
	}
	store_token_use(r->store, t->digest, record_now_ms(r));
	const char *next = successor(r, a, text);
	put(r, &s, c, g, next, t->certificate, record_now_ms(r));
	return next;
}
