/* SPDX-License-Identifier: Apache-2.0
 *
 * An application gives a token back (RFC 7009; oauth.md section 9).
 *
 * What kind it is, is found out, whatever the hint says. An access token ends
 * alone; with a refresh token ends all that was issued for the same
 * authorization. The citizen's permission stays. A token that is unknown or
 * dead is no error, so that asking twice is none either. Another application's
 * is refused without an effect: by the stock software with an empty 403, by the
 * RFC as an invalid request.
 *
 * The answers are empty and yet of the type JSON: there are libraries that look
 * at it first (oauth.md 15.1).
 */
#include "oauth/oauth_int.h"

#include <string.h>

static void end(struct store *store, const struct store_token *t,
		const struct grant *g)
{
	if (t->kind == TOKEN_REFRESH)
		store_family_delete(store, g->id);
	else
		store_token_delete(store, NULL, NULL, t->digest);
}

bool oauth_revoke(struct rq *rq)
{
	struct record *r = oauth_of(rq)->site.record;
	struct oauth_form form;
	struct store_client client;
	struct store_token t;
	struct grant g;

	if (!oauth_form_read(rq, &form) || !oauth_client(rq, &form, &client))
		return false;
	rq_passed(rq, "client");
	struct settings s = record_client_settings(r, rq->arena, &client);
	const char *text = oauth_form_get(&form, "token");
	if (text == NULL)
		return oauth_refusal_as(rq, &s, REFUSE_NO_TOKEN, NULL);
	if (!oauth_token_find(rq, text, &t, &g))
		return oauth_empty(rq, 200);
	rq->hetu = g.hetu;
	rq->patient = g.patient;
	if (strcmp(g.client_id, client.client_id) == 0)
		end(r->store, &t, &g);
	else if (s.oauth_errors)
		return oauth_refusal_as(rq, &s, REFUSE_TOKEN_OF_OTHER, NULL);
	else
		return oauth_refuse_empty(
		    rq, ERR_FORBIDDEN,
		    "the token was given to another application");
	return oauth_empty(rq, 200);
}
