/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens for a refresh token (RFC 6749 6; oauth.md section 7).
 *
 * The answer always has a refresh token, the same one or its successor: clients
 * store whatever comes. The scope may shrink for the access token of this
 * answer; the refresh token keeps all of it. What rotation, reuse and the
 * limits mean stands in record/refresh.c.
 *
 * Whose token it is comes first, so that another application can do no more
 * with it than the switch foreign_refresh_token says; whether it was used
 * before comes next, and only a request with nothing else wrong uses it.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

static bool refuse_foreign(struct rq *rq, const struct oauth_exchange *x,
			   const struct store_token *token)
{
	struct store *store = oauth_of(rq)->site.record->store;

	if (x->settings.foreign_refresh_token == 0) {
		store_token_delete(store, NULL, NULL, token->digest);
		rq->keep = true;
	}
	return oauth_refusal_as(rq, &x->settings, REFUSE_REFRESH_OF_OTHER,
				NULL);
}

/* Is it good with the certificate of this connection? Where it is not, it is
 * not used up either: whoever comes with another one may have stolen it. */
static bool bound_ok(struct rq *rq, const struct store_token *token)
{
	const struct record_presented p = oauth_presented(rq);
	struct err e = {.kind = ERR_NONE};

	if (record_certificate_bound(rq->arena, token->certificate, &p, &e))
		return true;
	rq->why = arena_strdup(rq->arena, e.text);
	return false;
}

bool oauth_grant_refresh(struct rq *rq, const struct oauth_exchange *x)
{
	struct record *r = oauth_of(rq)->site.record;
	const struct settings *s = &x->settings;
	const char *text = oauth_form_get(x->form, "refresh_token");
	struct store_token token;
	struct grant g;
	struct record_tokens t;

	if (text == NULL)
		return oauth_refusal_as(rq, s, REFUSE_NO_REFRESH_TOKEN, NULL);
	rq->why = "no such refresh token is here (any more): it expired, was "
		  "revoked or withdrawn, or ended with its family";
	if (!record_refresh_find(r, rq->arena, text, &token, &g))
		return oauth_refusal_as(rq, s, REFUSE_REFRESH_TOKEN, text);
	rq->why = NULL;
	rq->hetu = g.hetu;
	rq->patient = g.patient;
	if (strcmp(g.client_id, x->client.client_id) != 0)
		return refuse_foreign(rq, x, &token);
	if (!bound_ok(rq, &token))
		return oauth_refusal_as(rq, s, REFUSE_REFRESH_TOKEN, text);
	if (!record_refresh_good(r, rq->arena, s, text, &token)) {
		rq->keep = true;
		rq->why = "it was used before (refresh_rotation): all tokens "
			  "of its family have ended";
		return oauth_refusal_as(rq, s, REFUSE_REFRESH_TOKEN, text);
	}
	rq_passed(rq, "grant");
	const char *scope = oauth_scope_wanted(
	    rq->arena, oauth_form_get(x->form, "scope"), token.scope);
	if (scope == NULL)
		return oauth_refusal_as(rq, s, REFUSE_UPSCOPING, NULL);
	rq_passed(rq, "scope");
	const struct record_tokens_for what = oauth_tokens_for(rq, x, scope);
	record_tokens(r, rq->arena, &x->client, &g, &what, &t);
	if (rq->twist != NULL && rq->twist->omit_refresh)
		return oauth_tokens(rq, &t);
	t.refresh_token =
	    record_refresh_next(r, rq->arena, &x->client, &g, text, &token);
	return oauth_tokens(rq, &t);
}
