/* SPDX-License-Identifier: Apache-2.0
 *
 * The token endpoint (RFC 6749 3.2, 4.1.3, 6; RFC 7636 4.5; oauth.md sections 5
 * to 7, column kanta).
 *
 * Checks come in the stock order: client, its id, scope, grant type, then the
 * grant's own. A code is used up at its first presentation, also when a check
 * behind that refuses it, so such a refusal keeps what it wrote. A refresh
 * answers with the same refresh token again: clients store whatever comes.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

struct exchange {
	const struct oauth_form *form;
	struct store_client client;
};

static bool answer(struct rq *rq, struct record_tokens *t)
{
	record_tokens_write(&rq->out, t);
	return oauth_json(rq, 200);
}

/* ---- authorization_code ---------------------------------------------- */

/* Takes the code out of the store, with the grant it stands for. */
static bool take_code(struct rq *rq, const char *text, struct store_code *code,
		      struct grant *g)
{
	struct store *store = oauth_of(rq)->site.record->store;
	char digest[JOSE_DIGEST];

	jose_digest(digest, text, strlen(text));
	if (!store_code_find(store, rq->arena, digest, code, g) ||
	    !store_code_use(store, digest, site_now_ms(rq)))
		return false;
	rq->keep = true;
	return site_now_ms(rq) < code->expires_ms;
}

/* Required when the authorization request had one; when it had none, only the
 * client's own is accepted. */
static bool redirect_ok(const struct store_code *code, const char *uri,
			const struct store_client *c)
{
	if (code->redirect_uri[0] != '\0')
		return uri != NULL && strcmp(uri, code->redirect_uri) == 0;
	return uri == NULL || oauth_has_word(c->redirect_uris, uri);
}

static bool verifier_ok(const struct store_code *code, const char *verifier)
{
	if (code->challenge[0] == '\0')
		return true;
	return verifier != NULL &&
	       jose_pkce_ok(verifier, code->challenge, code->challenge_method);
}

static bool grant_code(struct rq *rq, struct exchange *x)
{
	const char *text = oauth_form_get(x->form, "code");
	const char *uri = oauth_form_get(x->form, "redirect_uri");
	const char *verifier = oauth_form_get(x->form, "code_verifier");
	struct store_code code;
	struct grant g;
	struct record_tokens t;

	if (text == NULL)
		return oauth_refusal(rq, REFUSE_NO_CODE, NULL);
	if (!take_code(rq, text, &code, &g))
		return oauth_refusal(rq, REFUSE_CODE, text);
	if (!redirect_ok(&code, uri, &x->client))
		return oauth_refusal(rq, REFUSE_REDIRECT, NULL);
	if (strcmp(code.client_id, x->client.client_id) != 0)
		return oauth_refusal(rq, REFUSE_CODE_OF_OTHER, NULL);
	if (!verifier_ok(&code, verifier))
		return oauth_refusal(rq, REFUSE_VERIFIER, NULL);
	record_tokens(oauth_of(rq)->site.record, rq->arena, &x->client, &g,
		      g.scope, true, -1, oauth_issuer(rq), &t);
	return answer(rq, &t);
}

/* ---- refresh_token --------------------------------------------------- */

static bool find_refresh(struct rq *rq, const char *digest,
			 struct store_token *token, struct grant *g)
{
	struct store *store = oauth_of(rq)->site.record->store;

	return store_token_find(store, rq->arena, digest, token, g) &&
	       token->kind == TOKEN_REFRESH &&
	       site_now_ms(rq) < token->expires_ms;
}

static bool grant_refresh(struct rq *rq, struct exchange *x)
{
	const char *text = oauth_form_get(x->form, "refresh_token");
	const char *asked = oauth_form_get(x->form, "scope");
	char digest[JOSE_DIGEST];
	struct store_token token;
	struct grant g;
	struct record_tokens t;

	if (text == NULL)
		return oauth_refusal(rq, REFUSE_NO_REFRESH_TOKEN, NULL);
	jose_digest(digest, text, strlen(text));
	if (!find_refresh(rq, digest, &token, &g))
		return oauth_refusal(rq, REFUSE_REFRESH_TOKEN, text);
	if (strcmp(g.client_id, x->client.client_id) != 0) {
		store_token_delete(oauth_of(rq)->site.record->store, NULL, NULL,
				   digest);
		rq->keep = true;
		return oauth_refusal(rq, REFUSE_REFRESH_OF_OTHER, NULL);
	}
	const char *scope = oauth_scope_wanted(rq->arena, asked, token.scope);
	if (scope == NULL)
		return oauth_refusal(rq, REFUSE_UPSCOPING, NULL);
	record_tokens(oauth_of(rq)->site.record, rq->arena, &x->client, &g,
		      scope, false, -1, oauth_issuer(rq), &t);
	t.refresh_token = text;
	return answer(rq, &t);
}

/* ---- client_credentials: professional use ----------------------------- */

static bool grant_professional(struct rq *rq, struct exchange *x)
{
	return oauth_professional(rq, x->form, &x->client);
}

/* ---- the endpoint ---------------------------------------------------- */

static const struct {
	const char *name;
	bool (*handler)(struct rq *rq, struct exchange *x);
} grants[] = {
    {"authorization_code", grant_code},
    {"refresh_token", grant_refresh},
    {"client_credentials", grant_professional},
};

bool oauth_token(struct rq *rq)
{
	struct oauth_form form;
	struct exchange x = {.form = &form};

	if (!oauth_form_read(rq, &form) || !oauth_client(rq, &form, &x.client))
		return false;
	const char *scope = oauth_form_get(&form, "scope");
	if (scope != NULL && (strlen(scope) > OAUTH_SCOPE_BYTES ||
			      !oauth_scope_within(scope, x.client.scope)))
		return oauth_refusal_scope(rq,
					   &oauth_of(rq)->site.record->settings,
					   scope, x.client.scope);
	const char *type = oauth_form_get(&form, "grant_type");
	if (type == NULL)
		return oauth_refusal(rq, REFUSE_NO_GRANT_TYPE, NULL);
	if (strcmp(type, "implicit") == 0)
		return oauth_refusal(rq, REFUSE_IMPLICIT, NULL);
	for (size_t i = 0; i < LEN(grants); i++) {
		if (strcmp(type, grants[i].name) != 0)
			continue;
		if (!oauth_has_word(x.client.grant_types, type))
			return oauth_refusal(rq, REFUSE_GRANT_NOT_ALLOWED,
					     NULL);
		return grants[i].handler(rq, &x);
	}
	return oauth_refusal(rq, REFUSE_GRANT_TYPE, NULL);
}
