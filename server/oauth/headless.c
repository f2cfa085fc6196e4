/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorizing without pages (oauth.md section 16): one request ends with the
 * redirect, for test suites whose browser is a single fetch.
 *
 * The server is told so for all applications (--auto-approve), or an
 * application by its registration's member auto_approve: true, false, "deny" or
 * a personal identity code. The registration wins, so that one application can
 * be asked properly, or be refused, while others are not. Who the citizen is,
 * login_hint says first of all. What is checked about a request and about who
 * may log in is the same as with pages; only nobody is asked.
 */
#include "oauth/oauth_int.h"

#include <string.h>

bool oauth_headless_find(struct rq *rq, const struct oauth_request *q,
			 struct oauth_headless *h)
{
	const char *server = oauth_of(rq)->auto_approve;
	const struct json *v =
	    q->known
		? record_client_member(rq->arena, &q->client, "auto_approve")
		: NULL;

	*h = (struct oauth_headless){.hetu = text_or_empty(server)};
	if (v == NULL || json_kind(v) == JSON_NULL)
		return server != NULL;
	if (json_kind(v) != JSON_STRING)
		return json_kind(v) == JSON_TRUE;
	if (strcmp(json_text(v), "deny") == 0)
		h->deny = true;
	else
		h->hetu = json_text(v);
	return true;
}

/* The citizen that is meant. False: rq->err says why that one cannot. */
static bool citizen(struct rq *rq, const struct oauth_request *q,
		    const struct oauth_headless *h, struct store_citizen *out)
{
	struct record *r = oauth_of(rq)->site.record;
	struct store_citizen *list;

	if (q->login_hint != NULL)
		return site_login_citizen(rq, q->login_hint, out);
	if (h->hetu[0] != '\0')
		return site_login_citizen(rq, h->hetu, out);
	if (store_citizen_list(r->store, rq->arena, &list) > 0)
		return site_login_citizen(rq, list[0].hetu, out);
	if (r->settings.citizens)
		return err_set(&rq->err, ERR_INVALID, "invalid_request", NULL,
			       "No test citizen is registered here: register "
			       "one by POST /__admin/citizens or a fixture");
	return record_citizen(r, rq->arena, NULL, -1, NULL, out, &rq->err);
}

bool oauth_headless_authorize(struct rq *rq, struct oauth_request *q,
			      const struct oauth_headless *h)
{
	struct oauth_fault f;
	struct store_citizen c;

	if (!oauth_request_client(rq, q))
		return false;
	if (oauth_request_fault(rq, q, &f))
		return oauth_request_error(rq, q, 303, &f);
	if (h->deny)
		return oauth_request_deny(rq, q);
	if (citizen(rq, q, h, &c)) {
		rq_passed(rq, "login");
		return oauth_request_grant(
		    rq, q,
		    &(struct oauth_yes){.hetu = c.hetu, .scope = q->scope});
	}
	if (rq->err.kind == ERR_INTERNAL)
		return false;
	f = (struct oauth_fault){.error = "access_denied",
				 .text = arena_strdup(rq->arena, rq->err.text)};
	rq->err = (struct err){0};
	return oauth_request_error(rq, q, 303, &f);
}
