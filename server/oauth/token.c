/* SPDX-License-Identifier: Apache-2.0
 *
 * The token endpoint (RFC 6749 3.2; oauth.md section 5).
 *
 * Checks come in the stock order: client, its id, scope, grant type, then the
 * grant's own, which have a file each. Every switch that matters behind the
 * client's authentication is the client's own.
 */
#include "oauth/oauth_int.h"

#include <string.h>

bool oauth_tokens(struct rq *rq, const struct record_tokens *t)
{
	record_tokens_write(&rq->out, t);
	return oauth_json(rq, 200);
}

struct record_tokens_for oauth_tokens_for(const struct rq *rq,
					  const struct oauth_exchange *x,
					  const char *scope)
{
	const struct record_presented p = oauth_presented(rq);
	const struct record_twist *t = rq->twist;

	return (struct record_tokens_for){
	    .scope = t != NULL && t->scope != NULL ? t->scope : scope,
	    .expires_in = t != NULL && t->lives ? t->expires_in : -1,
	    .issuer = oauth_issuer(rq),
	    .certificate = record_certificate_binding(rq->arena, &x->settings,
						      &x->client, &p),
	};
}

static const struct {
	const char *name;
	bool (*handler)(struct rq *rq, const struct oauth_exchange *x);
} grants[] = {
    {"authorization_code", oauth_grant_code},
    {"refresh_token", oauth_grant_refresh},
    {"client_credentials", oauth_grant_professional},
};

static bool scope_ok(const struct oauth_exchange *x, const char *scope)
{
	return scope == NULL || (strlen(scope) <= OAUTH_SCOPE_BYTES &&
				 oauth_scope_within(scope, x->client.scope));
}

static bool grant(struct rq *rq, const struct oauth_exchange *x,
		  const char *type)
{
	if (strcmp(type, "implicit") == 0)
		return oauth_refusal_as(rq, &x->settings, REFUSE_IMPLICIT,
					NULL);
	for (size_t i = 0; i < LEN(grants); i++) {
		if (strcmp(type, grants[i].name) != 0)
			continue;
		if (!scope_has(x->client.grant_types, type))
			return oauth_refusal_as(rq, &x->settings,
						REFUSE_GRANT_NOT_ALLOWED, NULL);
		return grants[i].handler(rq, x);
	}
	return oauth_refusal_as(rq, &x->settings, REFUSE_GRANT_TYPE, NULL);
}

bool oauth_token(struct rq *rq)
{
	struct oauth_form form;
	struct oauth_exchange x = {.form = &form};

	if (!oauth_form_read(rq, &form) || !oauth_client(rq, &form, &x.client))
		return false;
	rq_passed(rq, "client");
	x.settings = record_client_settings(oauth_of(rq)->site.record,
					    rq->arena, &x.client);
	const char *scope = oauth_form_get(&form, "scope");
	if (!scope_ok(&x, scope))
		return oauth_refusal_scope(rq, &x.settings, scope,
					   x.client.scope);
	if (scope != NULL)
		rq_passed(rq, "scope");
	const char *type = oauth_form_get(&form, "grant_type");
	if (type == NULL)
		return oauth_refusal_as(rq, &x.settings, REFUSE_NO_GRANT_TYPE,
					NULL);
	return grant(rq, &x, type);
}
