/* SPDX-License-Identifier: Apache-2.0
 *
 * The second ring of checks of an authorization request: what is wrong behind a
 * sound client and redirect URI, and is told to the application through the
 * browser (RFC 6749 4.1.2.1, RFC 7636 4.4.1).
 *
 * One table of short checks, asked in the stock order; the first that finds
 * something ends it. Where the two behaviours differ, a switch says so, as the
 * application's own settings have it. The texts end up in error_description, so
 * they are printable ASCII without quotes; what a client sent is shown in one
 * place alone, by the stock message about scopes, and is percent-encoded with
 * the rest.
 *
 * Facts: oauth.md 2.2, 3.2, 3.3, 6.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static bool fault(struct oauth_fault *f, const char *error, const char *text)
{
	*f = (struct oauth_fault){.error = error, .text = text};
	return true;
}

static bool repeated(struct rq *rq, struct oauth_request *q,
		     struct oauth_fault *f)
{
	if (q->repeated == NULL || q->set.duplicate_parameters == 0)
		return false;
	return fault(f, "invalid_request",
		     arena_printf(rq->arena,
				  "The parameter %s is there more than once",
				  q->repeated));
}

/* No client may have a token from this endpoint, whatever the response type
 * asks for. */
bool oauth_request_type_fault(const struct oauth_request *q,
			      struct oauth_fault *f)
{
	const char *type = text_or_empty(q->response_type);

	*f = (struct oauth_fault){0};
	if (q->set.oauth_errors != 0 && type[0] == '\0')
		return fault(f, "invalid_request",
			     "The parameter response_type is missing");
	if (q->set.oauth_errors != 0)
		return strcmp(type, "code") != 0 &&
		       fault(f, "unsupported_response_type",
			     "The only response_type here is code");
	if (scope_has(type, "code") && !scope_has(type, "token"))
		return false;
	return fault(f, "unsupported_response_type",
		     SAY("Unsupported response types"));
}

static bool response_type(struct rq *rq, struct oauth_request *q,
			  struct oauth_fault *f)
{
	(void)rq;
	return oauth_request_type_fault(q, f);
}

static bool not_for_it(struct rq *rq, struct oauth_request *q,
		       struct oauth_fault *f)
{
	(void)rq;
	if (!scope_has(q->client.grant_types, "authorization_code"))
		return fault(f, "unauthorized_client",
			     "Unauthorized grant type");
	if (strcmp(q->client.kind, "professional") == 0)
		return fault(f, "unauthorized_client",
			     "Applications for professionals are not "
			     "authorized by citizens");
	return false;
}

static bool scope(struct rq *rq, struct oauth_request *q, struct oauth_fault *f)
{
	const char *wanted =
	    oauth_scope_wanted(rq->arena, q->scope, q->client.scope);
	const char *asked = text_or_empty(q->scope);

	if (wanted == NULL) {
		fault(f, "invalid_scope",
		      arena_printf(rq->arena, "Invalid scope; requested:%s",
				   oauth_scope_shown(rq->arena, asked)));
		f->scope = q->client.scope;
		return true;
	}
	q->scope = wanted;
	return false;
}

static bool challenge(struct rq *rq, struct oauth_request *q,
		      struct oauth_fault *f)
{
	int required = q->set.pkce_required;

	if (q->challenge == NULL)
		return (required == PKCE_ALL ||
			(required == PKCE_PUBLIC &&
			 record_is_public(rq->arena, &q->client))) &&
		       fault(f, "invalid_request", "code challenge required");
	const char *text =
	    record_challenge_fault(&q->set, q->challenge, q->method);
	return text != NULL && fault(f, "invalid_request", text);
}

/* OpenID Connect Core 3.1.2.1 */
static bool prompt(struct rq *rq, struct oauth_request *q,
		   struct oauth_fault *f)
{
	(void)rq;
	return q->set.oauth_errors != 0 && oauth_prompts(q, "none") &&
	       strcmp(q->prompt, "none") != 0 &&
	       fault(f, "invalid_request",
		     "prompt=none cannot stand beside other values");
}

bool oauth_request_fault(struct rq *rq, struct oauth_request *q,
			 struct oauth_fault *f)
{
	static const struct {
		bool (*finds)(struct rq *, struct oauth_request *,
			      struct oauth_fault *);
		const char *name; /* for who wants to know what was passed */
	} checks[] = {
	    {repeated, NULL},	{response_type, "response_type"},
	    {not_for_it, NULL}, {scope, "scope"},
	    {challenge, NULL},	{prompt, NULL},
	};

	*f = (struct oauth_fault){0};
	for (size_t i = 0; i < LEN(checks); i++) {
		if (checks[i].finds(rq, q, f))
			return true;
		if (checks[i].name != NULL)
			rq_passed(rq, checks[i].name);
	}
	return false;
}
