/* SPDX-License-Identifier: Apache-2.0
 *
 * The two ends of an authorization request: the browser goes back to the
 * application with a code, or with an error (RFC 6749 4.1.2, RFC 9207).
 *
 * Only a request whose client and redirect URI are sound comes here. state is
 * what was sent, to the octet; iss is added by its switch, to errors as well.
 * 303 after a form and elsewhere, so that no browser sends the form on (RFC
 * 9700 4.12).
 */
#include "oauth/oauth_int.h"

#include <string.h>

static const char *issuer_for(struct rq *rq, const struct oauth_request *q)
{
	return q->set.iss_parameter != 0 ? oauth_issuer(rq) : NULL;
}

static bool go(struct rq *rq, const struct oauth_request *q, int status,
	       const struct http_pair *pair, size_t n)
{
	return site_go(rq, status,
		       site_redirect_uri(rq->arena, q->redirect_uri, pair, n));
}

bool oauth_request_error(struct rq *rq, const struct oauth_request *q,
			 int status, const struct oauth_fault *f)
{
	const struct http_pair pair[] = {{"error", f->error},
					 {"error_description", f->text},
					 {"state", q->state},
					 {"scope", f->scope},
					 {"iss", issuer_for(rq, q)}};

	if (!go(rq, q, status, pair, LEN(pair)))
		return false;
	/* the journal counts it among what was refused */
	err_set(&rq->err, ERR_INVALID, f->error, NULL, "%s",
		f->text != NULL ? f->text : f->error);
	rq->why = arena_cat(
	    rq->arena, "the application was told so by a redirect",
	    rq->why != NULL ? "; " : "", text_or_empty(rq->why), NULL);
	return true;
}

bool oauth_request_deny(struct rq *rq, const struct oauth_request *q)
{
	static const struct oauth_fault denied = {.error = "access_denied",
						  .text = "User denied access"};

	return oauth_request_error(rq, q, 303, &denied);
}

/* A citizen who always says no says it to the application; any other refusal is
 * answered here. */
static bool no_grant(struct rq *rq, const struct oauth_request *q)
{
	if (strcmp(rq->err.code, "access_denied") != 0)
		return false;
	rq->err = (struct err){0};
	return oauth_request_deny(rq, q);
}

bool oauth_request_grant(struct rq *rq, const struct oauth_request *q,
			 const struct oauth_yes *yes)
{
	const char *method = q->method != NULL ? q->method : "plain";
	const struct record_authorization x = {
	    .client = &q->client,
	    .hetu = yes->hetu,
	    .scope = yes->scope,
	    .remember_until_ms = yes->remember_until_ms,
	    .audience = q->audience,
	    .code =
		{
		    .redirect_uri = q->redirect_given ? q->redirect_uri : NULL,
		    .challenge = q->challenge,
		    .challenge_method = q->challenge != NULL ? method : NULL,
		    .nonce = q->nonce,
		    .auth_ms = yes->login_ms,
		    .issuer = oauth_issuer(rq),
		},
	};
	const char *code = record_authorize(oauth_of(rq)->site.record,
					    rq->arena, &x, &rq->err);

	if (code == NULL)
		return no_grant(rq, q);
	rq_passed(rq, "consent");
	const struct http_pair pair[] = {
	    {"code", code}, {"state", q->state}, {"iss", issuer_for(rq, q)}};
	return go(rq, q, 303, pair, LEN(pair));
}
