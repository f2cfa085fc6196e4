/* SPDX-License-Identifier: Apache-2.0
 *
 * tokens: what an application holds for a citizen's permission.
 *
 * An access token has the form of the stock server's, a JWT signed with RS256
 * (developers paste it into decoders), or is a random text, by the switch
 * access_token_format. Either is looked up by its digest and never trusted by
 * its signature, so that revocation is immediate; only that digest is stored.
 *
 * An ID token (OpenID Connect Core 2) says who logged in and when. It is made
 * where the citizen granted openid and the code is exchanged, and nowhere else:
 * clients validate whatever stands in a member of that name.
 *
 * Everything ends by the one clock: dead when now >= expiry. expires_in is what
 * is left when the answer leaves, whole seconds: one less than the lifetime
 * when the clock runs, all of it when the clock stands still.
 *
 * A token may be bound to a certificate (RFC 8705 3): it is good with that one
 * alone, and says so as cnf.
 *
 * Facts: oauth.md 5.2, 11.1, 11.3, 14; kanta.md 3.2.
 */
#include "record/record_int.h"

#include <string.h>

#define SECONDS_MAX ((int64_t)100 * 365 * 24 * 3600)
#define ID_TOKEN_S  600 /* as the stock server has it */

/* ---- who signs -------------------------------------------------------- */

void record_close(struct record *r)
{
	jose_key_free(r->key);
	r->key = NULL;
	record_definitions_close(r);
	record_params_free(r);
	record_display_close(r);
}

const char *record_issuer(const struct record *r, struct arena *a,
			  const char *origin, const char *path)
{
	return arena_printf(a, "%s%s%s", origin, path,
			    r->settings.issuer_trailing_slash ? "/" : "");
}

/* ---- access tokens ---------------------------------------------------- */

static const char *signed_claims(struct record *r, struct arena *a,
				 const struct buf *claims)
{
	return jose_jwt(a, record_key(r, a), record_key_id(r, a), claims->p,
			claims->len);
}

void record_bound_write(struct jw *w, const char *certificate)
{
	if (certificate == NULL || *certificate == '\0')
		return;
	jw_open(w, "cnf", '{');
	jw_str(w, "x5t#S256", certificate);
	jw_close(w);
}

static const char *access_jwt(struct record *r, struct arena *a,
			      const struct grant *g,
			      const struct record_tokens_for *f,
			      int64_t issued_ms, int64_t expires_ms)
{
	struct buf claims;
	struct jw w = {.b = &claims};
	bool for_one = g->audience != NULL && g->audience[0] != '\0';

	buf_init(&claims, a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "sub", g->patient);
	jw_str(&w, "azp", g->client_id);
	jw_str(&w, "iss", f->issuer);
	jw_int(&w, "exp", expires_ms / 1000);
	jw_int(&w, "iat", issued_ms / 1000);
	jw_str(
	    &w, "jti",
	    record_uuid(r, a, &(struct chance){"jti", g->hetu, g->client_id}));
	jw_str(&w, "aud", for_one ? g->audience : NULL);
	record_bound_write(&w, f->certificate);
	jw_close(&w);
	return signed_claims(r, a, &claims);
}

const char *token_random(struct record *r, struct arena *a,
			 const struct chance *c)
{
	unsigned char random[TOKEN_RANDOM_BITS / 8];

	record_random(r, c, random, sizeof random);
	return jose_b64url(a, random, sizeof random);
}

void token_put(struct record *r, const char *token, struct store_token *t)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, token, strlen(token));
	t->digest = digest;
	store_token_put(r->store, t);
	t->digest = NULL;
}

static int64_t within(int64_t seconds)
{
	return seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
}

void record_tokens(struct record *r, struct arena *a,
		   const struct store_client *c, const struct grant *g,
		   const struct record_tokens_for *f, struct record_tokens *out)
{
	struct settings s = record_client_settings(r, a, c);
	int64_t now_ms = record_now_ms(r);
	int64_t life_s =
	    within(f->expires_in < 0 ? c->access_token_seconds : f->expires_in);
	int64_t expires_ms = now_ms + life_s * 1000;

	*out = (struct record_tokens){
	    .expires_in = life_s,
	    .scope = f->scope,
	    .sub = g->patient,
	    .patient = s.token_patient_member ? g->patient : NULL,
	};
	if (r->clock.mode != CLOCK_FROZEN && life_s > 0)
		out->expires_in--;
	out->access_token =
	    s.access_token_format == 0
		? access_jwt(r, a, g, f, now_ms, expires_ms)
		: token_random(
		      r, a, &(struct chance){"token", g->hetu, g->client_id});
	token_put(r, out->access_token,
		  &(struct store_token){
		      .kind = TOKEN_ACCESS,
		      .grant_id = g->id,
		      .scope = f->scope,
		      .issued_ms = now_ms,
		      .expires_ms = expires_ms,
		      .certificate = f->certificate,
		  });
	if (f->refresh && scope_has(g->scope, "offline_access") &&
	    scope_has(c->grant_types, "refresh_token"))
		out->refresh_token =
		    refresh_new(r, a, &s, c, g, f->certificate);
}

/* ---- ID tokens -------------------------------------------------------- */

const char *record_id_token(struct record *r, struct arena *a,
			    const struct grant *g,
			    const struct store_code *code, const char *issuer)
{
	int64_t now_s = record_now_ms(r) / 1000;
	struct buf claims;
	struct jw w = {.b = &claims};

	buf_init(&claims, a);
	jw_open(&w, NULL, '{');
	/* the browser and the back end may know us by different listeners; the
	 * application began where the browser was (OpenID Connect Core 3.1.3.7)
	 */
	jw_str(&w, "iss", code->issuer[0] != '\0' ? code->issuer : issuer);
	jw_str(&w, "sub", g->patient);
	jw_str(&w, "aud", g->client_id);
	jw_int(&w, "exp", now_s + ID_TOKEN_S);
	jw_int(&w, "iat", now_s);
	if (code->auth_ms > 0)
		jw_int(&w, "auth_time", code->auth_ms / 1000);
	jw_str(&w, "nonce", code->nonce[0] != '\0' ? code->nonce : NULL);
	jw_close(&w);
	return signed_claims(r, a, &claims);
}

/* ---- the answer ------------------------------------------------------- */

void record_tokens_write(struct buf *b, const struct record_tokens *t)
{
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	jw_str(&w, "access_token", t->access_token);
	jw_str(&w, "token_type", "Bearer");
	jw_str(&w, "refresh_token", t->refresh_token);
	jw_int(&w, "expires_in", t->expires_in);
	jw_str(&w, "scope", t->scope);
	jw_str(&w, "sub", t->sub);
	jw_str(&w, "patient", t->patient);
	jw_str(&w, "id_token", t->id_token);
	jw_close(&w);
}
