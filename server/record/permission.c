/* SPDX-License-Identifier: Apache-2.0
 *
 * permission: what a citizen allowed an application, and the codes and tokens
 * that stand for it.
 *
 * A grant is the permission; codes and tokens hang on it and die with it. Of
 * each of them only the SHA-256 is stored: who reads the database cannot use
 * it. The access token has the form of the stock server's, a JWT signed with
 * RS256 (developers paste it into decoders), but is looked up by its digest and
 * never trusted by its signature. A refresh token is 256 random bits.
 *
 * Everything ends by the one clock: dead when now >= expiry. expires_in is what
 * is left when the answer leaves, whole seconds: one less than the lifetime
 * when the clock runs, all of it when the clock stands still.
 *
 * Facts: oauth.md 5.2, 8, 11.1, 14; kanta.md 3.2.
 */
#include "record/record_int.h"

#include <stdio.h>
#include <string.h>

#define CODE_CHARS   32
#define SECONDS_MAX  ((int64_t)100 * 365 * 24 * 3600)
#define KEY_SETTING  "signing_key"
#define KEY_ID	     "rsa1"
#define REFRESH_BITS 256

int64_t record_now_ms(const struct record *r)
{
	return clock_now_ms(&r->clock);
}

/* ---- permission ------------------------------------------------------- */

static void add_word(struct buf *b, const char *word)
{
	if (!scope_has(b->p, word))
		buf_printf(b, "%s%s", b->len > 0 ? " " : "", word);
}

struct granting {
	struct buf granted;
	const char *allowed;
	struct err *e;
};

static bool grant_word(const char *word, void *ctx)
{
	struct granting *g = ctx;

	/* For the server's own use: listed in registrations, never granted. */
	if (strcmp(word, "registration-token") == 0)
		return true;
	if (!scope_covers(g->allowed, word, strlen(word)))
		return err_set(g->e, ERR_INVALID, "invalid_scope", "scope",
			       "the application is not registered for the "
			       "scope \"%.64s\"",
			       word);
	add_word(&g->granted, word);
	return true;
}

bool record_grant(struct record *r, struct arena *a, const char *client_id,
		  const char *hetu, const char *scope,
		  int64_t remember_until_ms, struct grant *out, struct err *e)
{
	struct granting g = {.e = e};
	struct store_client client;
	struct store_citizen citizen;
	char id[UUID_TEXT];

	if (!store_client_find(r->store, a, client_id, &client))
		return err_set(e, ERR_NOT_FOUND, "unknown_client", "client_id",
			       "there is no application \"%.128s\"", client_id);
	if (!store_citizen_find(r->store, a, hetu_canonical(a, hetu), NULL,
				&citizen))
		return err_set(e, ERR_NOT_FOUND, "unknown_citizen", "hetu",
			       "there is no such citizen");
	if (strcmp(client.kind, "professional") == 0)
		return err_set(e, ERR_FORBIDDEN, "unauthorized_client",
			       "client_id",
			       "citizens give no permission to an application "
			       "for professionals: it gets its tokens by "
			       "grant_type=client_credentials");
	if (record_behaves(&citizen, "refuses-consent"))
		return err_set(e, ERR_FORBIDDEN, "access_denied", "hetu",
			       "this citizen behaves as \"refuses-consent\": "
			       "no application is permitted anything");
	buf_init(&g.granted, a);
	g.allowed = client.scope;
	if (!scope_each(a, scope != NULL ? scope : client.scope, grant_word,
			&g))
		return false;
	if (g.granted.len == 0)
		return err_set(e, ERR_INVALID, "invalid_scope", "scope",
			       "no scope is granted");
	uuid_make(id);
	*out = (struct grant){
	    .id = arena_strdup(a, id),
	    .client_id = client.client_id,
	    .hetu = citizen.hetu,
	    .patient = citizen.patient,
	    .scope = g.granted.p,
	    .created_ms = record_now_ms(r),
	    .remember_until_ms = remember_until_ms,
	};
	store_grant_put(r->store, out);
	return true;
}

const char *record_code(struct record *r, struct arena *a,
			const struct grant *g, const struct record_code_for *f)
{
	char code[CODE_CHARS + 1], digest[JOSE_DIGEST];

	jose_random_text(code, CODE_CHARS);
	jose_digest(digest, code, CODE_CHARS);
	store_code_put(
	    r->store,
	    &(struct store_code){
		.digest = digest,
		.grant_id = g->id,
		.client_id = g->client_id,
		.redirect_uri = text_or_empty(f->redirect_uri),
		.challenge = text_or_empty(f->challenge),
		.challenge_method = text_or_empty(f->challenge_method),
		.nonce = f->nonce,
		.auth_ms = f->auth_ms,
		.expires_ms = record_now_ms(r) + f->life_s * 1000,
	    });
	return arena_strdup(a, code);
}

/* ---- the signing key -------------------------------------------------- */

struct jose_key *record_key(struct record *r, struct arena *a)
{
	const char *pem = store_setting(r->store, a, KEY_SETTING);

	if (r->key == NULL && pem != NULL)
		r->key = jose_key_read(pem);
	if (r->key == NULL) {
		r->key = jose_key_new();
		pem = NULL;
	}
	/* Also when the request that made the key was rolled back. */
	if (pem == NULL)
		store_setting_put(r->store, KEY_SETTING,
				  jose_key_pem(a, r->key));
	return r->key;
}

void record_close(struct record *r)
{
	jose_key_free(r->key);
	r->key = NULL;
	record_definitions_close(r);
	record_params_free(r);
}

const char *record_issuer(const struct record *r, struct arena *a,
			  const char *origin, const char *path)
{
	return arena_printf(a, "%s%s%s", origin, path,
			    r->settings.issuer_trailing_slash ? "/" : "");
}

/* ---- tokens ----------------------------------------------------------- */

static const char *access_token(struct record *r, struct arena *a,
				const struct grant *g, const char *issuer,
				int64_t issued_ms, int64_t expires_ms)
{
	char jti[UUID_TEXT];
	struct buf claims;
	struct jw w = {.b = &claims};

	uuid_make(jti);
	buf_init(&claims, a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "sub", g->patient);
	jw_str(&w, "azp", g->client_id);
	jw_str(&w, "iss", issuer);
	jw_int(&w, "exp", expires_ms / 1000);
	jw_int(&w, "iat", issued_ms / 1000);
	jw_str(&w, "jti", jti);
	jw_close(&w);
	return jose_jwt(a, record_key(r, a), KEY_ID, claims.p, claims.len);
}

static void put_token(struct record *r, const char *token, enum token_kind kind,
		      const char *grant_id, const char *scope,
		      int64_t issued_ms, int64_t expires_ms)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, token, strlen(token));
	store_token_put(r->store, &(struct store_token){
				      .digest = digest,
				      .kind = kind,
				      .grant_id = grant_id,
				      .scope = scope,
				      .issued_ms = issued_ms,
				      .expires_ms = expires_ms,
				  });
}

/* The refresh token keeps the whole scope of the grant, whatever the access
 * token beside it was narrowed to (RFC 6749 6). */
static const char *refresh_token(struct record *r, struct arena *a,
				 const struct store_client *c,
				 const struct grant *g, int64_t now_ms)
{
	unsigned char random[REFRESH_BITS / 8];
	const char *token;
	int64_t life_s = c->refresh_token_seconds;

	jose_random(random, sizeof random);
	token = jose_b64url(a, random, sizeof random);
	put_token(r, token, TOKEN_REFRESH, g->id, g->scope, now_ms,
		  life_s > 0 ? now_ms + life_s * 1000 : INT64_MAX);
	return token;
}

static int64_t within(int64_t seconds)
{
	return seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
}

void record_tokens(struct record *r, struct arena *a,
		   const struct store_client *c, const struct grant *g,
		   const char *scope, bool refresh, int64_t expires_in,
		   const char *issuer, struct record_tokens *out)
{
	int64_t now_ms = record_now_ms(r);
	int64_t life_s =
	    within(expires_in < 0 ? c->access_token_seconds : expires_in);
	int64_t expires_ms = now_ms + life_s * 1000;

	*out = (struct record_tokens){
	    .expires_in = life_s,
	    .scope = scope,
	    .sub = g->patient,
	};
	if (r->clock.mode != CLOCK_FROZEN && life_s > 0)
		out->expires_in--;
	out->access_token = access_token(r, a, g, issuer, now_ms, expires_ms);
	put_token(r, out->access_token, TOKEN_ACCESS, g->id, scope, now_ms,
		  expires_ms);
	if (refresh && scope_has(g->scope, "offline_access") &&
	    scope_has(c->grant_types, "refresh_token"))
		out->refresh_token = refresh_token(r, a, c, g, now_ms);
}

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
	jw_close(&w);
}
