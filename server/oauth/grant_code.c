/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens for a code (RFC 6749 4.1.3, RFC 7636 4.5; oauth.md 5.3, 5.4, 6).
 *
 * A code is used up at its first presentation, also when a check behind that
 * refuses it, so such a refusal keeps what it wrote. Whose presentation counts
 * is a switch, foreign_code: anybody's, as in the stock software, or that of
 * the application it was given to. A code that comes again is refused and, by
 * code_replay_revokes, takes with it whatever was issued for it, since one of
 * the two who presented it is not its owner. Expired is unknown.
 *
 * The order of the checks is the stock order: redirect URI, client, PKCE. It
 * shows where two of them fail.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

static bool refuse(struct rq *rq, const struct oauth_exchange *x,
		   enum oauth_refusal which, const char *value)
{
	return oauth_refusal_as(rq, &x->settings, which, value);
}

static bool foreign(const struct oauth_exchange *x, const struct store_code *c)
{
	return strcmp(c->client_id, x->client.client_id) != 0;
}

/* Finds the code, with the grant it stands for, and uses it up. False:
 * refused. */
static bool take_code(struct rq *rq, const struct oauth_exchange *x,
		      const char *text, struct store_code *code,
		      struct grant *g)
{
	struct store *store = oauth_of(rq)->site.record->store;
	char digest[JOSE_DIGEST];

	jose_digest(digest, text, strlen(text));
	if (!store_code_find(store, rq->arena, digest, code, g)) {
		rq->why = "no such code was given, or its grant has ended";
		return refuse(rq, x, REFUSE_CODE, text);
	}
	rq->hetu = g->hetu;
	rq->patient = g->patient;
	if (x->settings.foreign_code != 0 && foreign(x, code))
		return refuse(rq, x, REFUSE_CODE_OF_OTHER, NULL);
	rq->keep = true;
	bool first = store_code_use(store, digest, site_now_ms(rq));
	if (!first && x->settings.code_replay_revokes)
		store_family_delete(store, g->id);
	if (first && site_now_ms(rq) < code->expires_ms)
		return true;
	rq->why = first ? "the code has expired"
			: "the code was presented before: each one is good "
			  "once, whatever came of it";
	return refuse(rq, x, REFUSE_CODE, text);
}

/* Required when the authorization request had one; when it had none, only the
 * client's own is accepted. */
static bool redirect_ok(const struct rq *rq, const struct oauth_exchange *x,
			const struct store_code *code)
{
	if (rq->twist != NULL && rq->twist->skip_redirect_uri)
		return true;
	const char *uri = oauth_form_get(x->form, "redirect_uri");

	if (code->redirect_uri[0] != '\0')
		return uri != NULL && strcmp(uri, code->redirect_uri) == 0;
	return uri == NULL || scope_has(x->client.redirect_uris, uri);
}

static const char *why_redirect(struct rq *rq, const struct oauth_exchange *x,
				const struct store_code *code)
{
	const char *uri = oauth_form_get(x->form, "redirect_uri");
	const char *wanted = code->redirect_uri;

	return arena_printf(rq->arena,
			    "redirect_uri is %.200s, and in the authorization "
			    "request was %.200s",
			    uri != NULL ? uri : "missing",
			    *wanted != '\0' ? wanted : "missing");
}

/* Must this application have sent a challenge? */
static bool challenge_needed(struct rq *rq, const struct oauth_exchange *x)
{
	return x->settings.pkce_required == PKCE_ALL ||
	       (x->settings.pkce_required == PKCE_PUBLIC &&
		record_is_public(rq->arena, &x->client));
}

static const char *why_verifier(struct rq *rq, const char *verifier,
				const struct store_code *code)
{
	if (verifier == NULL)
		return "the authorization request had a code_challenge, and "
		       "code_verifier is missing";
	return arena_printf(rq->arena,
			    "code_verifier, %zu bytes long (43 to 128 are "
			    "possible), does not give the code_challenge by "
			    "%s",
			    strlen(verifier), code->challenge_method);
}

static bool pkce_ok(struct rq *rq, const struct oauth_exchange *x,
		    const struct store_code *code)
{
	const char *verifier = oauth_form_get(x->form, "code_verifier");
	if (rq->twist != NULL && rq->twist->skip_pkce)
		return true;
	bool s256 = strcmp(code->challenge_method, "S256") == 0;
	bool downgraded = verifier != NULL && x->settings.pkce_downgrade_check;

	if (code->challenge[0] == '\0' &&
	    (downgraded || challenge_needed(rq, x)))
		return refuse(rq, x, REFUSE_NO_CHALLENGE, NULL);
	if (code->challenge[0] == '\0')
		return true;
	if (verifier == NULL || (x->settings.pkce_methods != 0 && !s256) ||
	    !jose_pkce_ok(verifier, code->challenge, code->challenge_method)) {
		rq->why = why_verifier(rq, verifier, code);
		return refuse(rq, x, REFUSE_VERIFIER, NULL);
	}
	return true;
}

bool oauth_grant_code(struct rq *rq, const struct oauth_exchange *x)
{
	struct record *r = oauth_of(rq)->site.record;
	const char *text = oauth_form_get(x->form, "code");
	struct store_code code;
	struct grant g;
	struct record_tokens t;

	if (text == NULL)
		return refuse(rq, x, REFUSE_NO_CODE, NULL);
	if (!take_code(rq, x, text, &code, &g))
		return false;
	rq_passed(rq, "grant");
	if (!redirect_ok(rq, x, &code)) {
		rq->why = why_redirect(rq, x, &code);
		return refuse(rq, x, REFUSE_REDIRECT, NULL);
	}
	rq_passed(rq, "redirect_uri");
	if (foreign(x, &code))
		return refuse(rq, x, REFUSE_CODE_OF_OTHER, NULL);
	if (!pkce_ok(rq, x, &code))
		return false;
	if (code.challenge[0] != '\0')
		rq_passed(rq, "pkce");
	struct record_tokens_for what = oauth_tokens_for(rq, x, g.scope);
	what.refresh = rq->twist == NULL || !rq->twist->omit_refresh;
	record_tokens(r, rq->arena, &x->client, &g, &what, &t);
	if (x->settings.openid && scope_has(g.scope, "openid"))
		t.id_token =
		    record_id_token(r, rq->arena, &g, &code, oauth_issuer(rq));
	return oauth_tokens(rq, &t);
}
