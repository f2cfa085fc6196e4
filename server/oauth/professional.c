/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens for professional use: the grant client_credentials (RFC 6749 4.4).
 *
 *	grant_type=client_credentials
 *	patient_hetu=...	the citizen's personal identity code
 *	scope=...		patient/[type].read; absent: all it may read
 *
 * An assumption, since the protocol is not public; what is assumed, and why,
 * stands in record/professional.c, which also decides. Here it is only spoken:
 * the citizen is named in the body (a URL ends in logs), the application must
 * have authenticated itself (so a public one gets nothing), the answer has no
 * refresh token, and a refusal says which condition does not hold, with its
 * rule. Which OAuth error that is, is decided here too: unauthorized_client
 * where the application's registration is in the way, access_denied where the
 * citizen or the treatment is (as RFC 8628 3.5 has it at the token endpoint).
 * They are 400 in both behaviours.
 */
#include "oauth/oauth_int.h"

#include <string.h>

#define MEMBER "patient_hetu"

static bool refuse(struct rq *rq, const char *error, const char *text)
{
	return err_set(&rq->err, ERR_INVALID, error, NULL, "%s", text);
}

/* The citizen's code; NULL: rq->err. */
static const char *read_hetu(struct rq *rq, const struct oauth_form *f)
{
	const char *hetu = http_form_get(f->body, f->body_n, MEMBER);
	struct err e = {.kind = ERR_NONE};

	if (http_form_get(f->query, f->query_n, MEMBER) != NULL)
		refuse(rq, "invalid_request",
		       MEMBER " belongs into the body, never into a URL");
	else if (hetu == NULL || *hetu == '\0')
		refuse(rq, "invalid_request",
		       MEMBER " is missing: the personal identity code of the "
			      "citizen, in the form");
	else if (!hetu_check(hetu, &e))
		refuse(rq, "invalid_request",
		       arena_printf(rq->arena, MEMBER ": %s", e.text));
	else
		return hetu;
	return NULL;
}

/* What record refused, in the words of OAuth. */
static bool refuse_condition(struct rq *rq, const struct err *e)
{
	const bool registration = strcmp(e->code, RULE_NOT_PROFESSIONAL) == 0 ||
				  strcmp(e->code, RULE_UNREGISTERED) == 0;

	if (!text_begins(e->code, "KPHR-"))
		return refuse(rq, arena_strdup(rq->arena, e->code),
			      arena_strdup(rq->arena, e->text));
	return refuse(rq,
		      registration ? "unauthorized_client" : "access_denied",
		      arena_printf(rq->arena, "%s (%s)", e->text, e->code));
}

bool oauth_grant_professional(struct rq *rq, const struct oauth_exchange *x)
{
	const struct store_client *c = &x->client;
	struct record *r = oauth_of(rq)->site.record;
	struct err e = {.kind = ERR_NONE};
	struct record_tokens t;
	struct grant g;

	if (record_is_public(rq->arena, c))
		return refuse(rq, "unauthorized_client",
			      "an application for professionals must "
			      "authenticate itself");
	const char *hetu = read_hetu(rq, x->form);
	if (hetu == NULL)
		return false;
	rq->hetu = hetu;
	if (!record_professional_grant(r, rq->arena, c, hetu,
				       oauth_form_get(x->form, "scope"), &g,
				       &e))
		return refuse_condition(rq, &e);
	rq_passed(rq, "grant");
	const struct record_tokens_for what = oauth_tokens_for(rq, x, g.scope);
	record_tokens(r, rq->arena, c, &g, &what, &t);
	return oauth_tokens(rq, &t);
}
