/* SPDX-License-Identifier: Apache-2.0
 *
 * tokens: what login, consent and time do to them, without waiting for either.
 *
 * Tokens are made by the same function as those of the token endpoint, for a
 * permission of their own that is not remembered: the next login asks again. An
 * application for professionals gets one as at the token endpoint: when the
 * citizen's consent and the treatment allow it.
 * The filters of expiring and revoking all have to match; without any, every
 * token does. A name that nobody has is refused, so that a test does not go on
 * with tokens it believes dead.
 *
 * Facts: contracts.md section 3, stand-in.md 4.2 and 4.3.
 */
#include "admin/admin_int.h"

#include <string.h>

#include "jose/jose.h"

/* By the citizen, or for professional use under its conditions. */
static bool permit(struct rq *rq, const struct store_client *c,
		   const char *hetu, const char *scope, struct grant *out)
{
	struct record *r = admin_of(rq)->record;
	struct err e = {.kind = ERR_NONE};

	if (strcmp(c->kind, "professional") != 0)
		return record_grant(r, rq->arena, c->client_id, hetu, scope, 0,
				    out, &rq->err);
	if (record_professional_grant(r, rq->arena, c, hetu, scope, out, &e))
		return true;
	if (!text_begins(e.code, "KPHR-"))
		return err_set(&rq->err, e.kind, e.code, e.where, "%s", e.text);
	return err_set(&rq->err, e.kind, "access_denied", NULL, "%s (%s)",
		       e.text, e.code);
}

/* What tokens are to be bound to (RFC 8705 3); NULL: nothing. */
static bool thumbprint_ok(struct rq *rq, const char *text)
{
	return text == NULL ||
	       (strlen(text) == PKI_THUMBPRINT - 1 &&
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_") ==
		    PKI_THUMBPRINT - 1) ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "/certificate",
		       "certificate must be a thumbprint x5t#S256: the SHA-256 "
		       "of the certificate's DER as base64url, %d characters.",
		       PKI_THUMBPRINT - 1);
}

static const struct member tokens_post[] = {
    {"client_id", MEMBER_TEXT, true},	 {"hetu", MEMBER_TEXT, true},
    {"scope", MEMBER_TEXT, false},	 {"expires_in", MEMBER_COUNT, false},
    {"certificate", MEMBER_TEXT, false},
};
const struct body tokens_post_body = BODY_OF(tokens_post);

bool admin_tokens_post(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	struct record_tokens tokens;
	struct store_citizen citizen;
	struct store_client client;
	struct grant grant;
	const struct json *body;

	if (!body_read(rq, &tokens_post_body, &body) ||
	    !thumbprint_ok(rq, member_text(body, "certificate")) ||
	    !client_get(rq, member_text(body, "client_id"), &client))
		return false;
	if (!record_citizen(r, rq->arena, member_text(body, "hetu"), -1, NULL,
			    &citizen, &rq->err) ||
	    !permit(rq, &client, citizen.hetu, member_text(body, "scope"),
		    &grant))
		return refuse_member(rq);
	record_tokens(r, rq->arena, &client, &grant,
		      &(struct record_tokens_for){
			  .scope = grant.scope,
			  .refresh = !grant.professional,
			  .expires_in = member_count(body, "expires_in", -1),
			  .issuer = issuer_of(rq),
			  .certificate = member_text(body, "certificate"),
		      },
		      &tokens);
	record_tokens_write(&rq->out, &tokens);
	return reply_json(rq, 200);
}

/* ---- ending them ---------------------------------------------------- */

struct filter {
	const char *client_id, *hetu, *digest; /* NULL: any */
	const char *type; /* "access", "refresh"; NULL: both */
};

static const struct member tokens_end[] = {
    {"client_id", MEMBER_TEXT, false},
    {"hetu", MEMBER_TEXT, false},
    {"token", MEMBER_TEXT, false},
    {"type", MEMBER_TEXT, false},
};
const struct body tokens_end_body = BODY_OF(tokens_end);

static bool filter_read(struct rq *rq, struct filter *f)
{
	struct store_citizen citizen;
	struct store_client client;
	const struct json *body;
	char digest[JOSE_DIGEST];

	*f = (struct filter){0};
	if (!body_read(rq, &tokens_end_body, &body))
		return false;
	const char *token = member_text(body, "token");
	f->type = member_text(body, "type");
	if (f->type != NULL && strcmp(f->type, "access") != 0 &&
	    strcmp(f->type, "refresh") != 0)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/type",
			       "\"type\" must be access or refresh.");
	f->client_id = member_text(body, "client_id");
	f->hetu = member_text(body, "hetu");
	if (f->client_id != NULL && !client_get(rq, f->client_id, &client))
		return false;
	if (f->hetu != NULL && !citizen_get(rq, f->hetu, &citizen))
		return false;
	if (f->hetu != NULL)
		f->hetu = citizen.hetu;
	if (token != NULL) {
		jose_digest(digest, token, strlen(token));
		f->digest = arena_strdup(rq->arena, digest);
	}
	return true;
}

static bool reply_count(struct rq *rq, int64_t count)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_int(&w, "count", count);
	jw_close(&w);
	return reply_json(rq, 200);
}

static int64_t end(struct rq *rq, const struct filter *f, const char *digest,
		   bool forget)
{
	struct store *s = store_of(rq);

	return forget ? store_token_delete(s, f->client_id, f->hetu, digest)
		      : store_token_expire(s, f->client_id, f->hetu, digest,
					   record_now_ms(admin_of(rq)->record));
}

/* Those of one type one by one: there are few of a citizen or a client. */
static int64_t end_typed(struct rq *rq, const struct filter *f, bool forget)
{
	const enum token_kind kind =
	    strcmp(f->type, "access") == 0 ? TOKEN_ACCESS : TOKEN_REFRESH;
	struct store_token_row *v;
	size_t n = store_token_list(store_of(rq), rq->arena, f->client_id,
				    f->hetu, -1, INT64_MAX, &v);
	int64_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].token.kind == kind &&
		    (f->digest == NULL ||
		     jose_equal(v[i].token.digest, f->digest)))
			count += end(rq, f, v[i].token.digest, forget);
	return count;
}

static bool end_them(struct rq *rq, bool forget)
{
	struct filter f;

	if (!filter_read(rq, &f))
		return false;
	return reply_count(rq, f.type != NULL ? end_typed(rq, &f, forget)
					      : end(rq, &f, f.digest, forget));
}

bool admin_tokens_expire(struct rq *rq)
{
	return end_them(rq, false);
}

bool admin_tokens_revoke(struct rq *rq)
{
	return end_them(rq, true);
}

bool admin_keys_rotate(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	struct jw w = {.b = &rq->out};
	const struct json *body;

	if (!body_members(rq, NULL, 0, &body))
		return false;
	jw_open(&w, NULL, '{');
	jw_str(&w, "kid", record_key_rotate(r, rq->arena));
	record_keys_write(&w, "keys", r, rq->arena);
	jw_close(&w);
	return reply_json(rq, 200);
}

static const struct member withdraw[] = {
    {"client_id", MEMBER_TEXT, true},
    {"hetu", MEMBER_TEXT, true},
};
const struct body withdraw_body = BODY_OF(withdraw);

bool admin_withdraw(struct rq *rq)
{
	struct store_citizen citizen;
	struct store_client client;
	const struct json *body;

	if (!body_read(rq, &withdraw_body, &body) ||
	    !client_get(rq, member_text(body, "client_id"), &client) ||
	    !citizen_get(rq, member_text(body, "hetu"), &citizen))
		return false;
	return reply_count(
	    rq,
	    store_grant_withdraw(store_of(rq), client.client_id, citizen.hetu));
}
