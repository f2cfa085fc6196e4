/* SPDX-License-Identifier: Apache-2.0
 *
 * permission: what a citizen allowed an application, and the code that stands
 * for it until tokens do (tokens.c).
 *
 * A grant is the permission; codes and tokens hang on it and die with it. Of
 * each of them only the SHA-256 is stored: who reads the database cannot use
 * it. Each authorization makes a grant of its own, so that what descends from
 * it is one family.
 *
 * Facts: oauth.md 8, 14; kanta.md 3.2.
 */
#include "record/record_int.h"

#include <string.h>

#define CODE_CHARS 32

int64_t record_now_ms(const struct record *r)
{
	return clock_now_ms(&r->clock);
}

/* ---- permission ------------------------------------------------------- */

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
	scope_add(&g->granted, word, strlen(word));
	return true;
}

bool record_grant(struct record *r, struct arena *a, const char *client_id,
		  const char *hetu, const char *scope,
		  int64_t remember_until_ms, struct grant *out, struct err *e)
{
	struct granting g = {.e = e};
	struct store_client client;
	struct store_citizen citizen;
	struct chance chance = {"grant", NULL, client_id};

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
	if (record_behaves(&citizen, "deceased"))
		return err_set(e, ERR_FORBIDDEN, "access_denied", "hetu",
			       "this citizen has died (\"deceased\"): nobody "
			       "permits anything any more");
	buf_init(&g.granted, a);
	g.allowed = client.scope;
	if (!scope_each(a, scope != NULL ? scope : client.scope, grant_word,
			&g))
		return false;
	if (g.granted.len == 0)
		return err_set(e, ERR_INVALID, "invalid_scope", "scope",
			       "no scope is granted");
	chance.citizen = citizen.hetu;
	*out = (struct grant){
	    .id = record_uuid(r, a, &chance),
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

	record_random_text(r, &(struct chance){"code", g->hetu, g->client_id},
			   code, CODE_CHARS);
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
		.issuer = f->issuer,
		.expires_ms = record_now_ms(r) + f->life_s * 1000,
	    });
	return arena_strdup(a, code);
}
