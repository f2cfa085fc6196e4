/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization endpoint (RFC 6749 3.1, 4.1; oauth.md section 3).
 *
 * GET reads the request and answers with a login, a page, or the browser sent
 * back; POST carries the citizen's decision about a request that was kept at
 * GET, and nothing of the request itself. The order is that of the stock
 * software: who is there comes before what is asked for, so even a bad request
 * first meets the login page. With --auto-approve there are no pages: one GET
 * ends with a code.
 *
 * Each authorization makes a grant of its own with exactly the scope that was
 * allowed this time, so that several connections of one citizen do not disturb
 * one another.
 */
#include "oauth/oauth_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- GET ------------------------------------------------------------- */

/* Is the login too old for the request? Digits only; others do not count. */
static bool too_old(struct rq *rq, const struct oauth_request *q,
		    const struct site_session *s)
{
	if (q->max_age == NULL || q->max_age[0] == '\0' ||
	    strspn(q->max_age, "0123456789") != strlen(q->max_age) ||
	    strlen(q->max_age) > 9)
		return false;
	int64_t max_ms = strtoll(q->max_age, NULL, 10) * 1000;
	return site_now_ms(rq) - s->login_ms > max_ms;
}

static bool must_login(struct rq *rq, const struct oauth_request *q,
		       struct site_session *s)
{
	if (s->hetu == NULL)
		return true;
	if (!oauth_prompts(q, "login") && !too_old(rq, q, s))
		return false;
	if (strcmp(s->fresh, rq->query) != 0)
		return true;
	/* logged in for this very request: good once */
	s->fresh = "";
	site_session_put(rq, s);
	return false;
}

/* No page may be shown: the browser goes back at once. */
static bool without_login(struct rq *rq, struct oauth_request *q)
{
	static const struct oauth_fault f = {.error = "login_required"};

	if (!oauth_request_client(rq, q))
		return false;
	return oauth_request_error(rq, q, 302, &f);
}

/* As whom to approve without pages: the request's hint, the configured
 * citizen, or the first there is. */
static const char *auto_hetu(struct rq *rq, const struct oauth_request *q)
{
	const struct oauth *o = oauth_of(rq);
	struct store_citizen *list;

	if (q->login_hint != NULL)
		return q->login_hint;
	if (o->auto_approve[0] != '\0')
		return o->auto_approve;
	if (store_citizen_list(o->site.record->store, rq->arena, &list) > 0)
		return list[0].hetu;
	return NULL;
}

static bool authorize_at_once(struct rq *rq, struct oauth_request *q)
{
	struct oauth_fault f;
	struct store_citizen citizen;

	if (!oauth_request_client(rq, q))
		return false;
	if (oauth_request_fault(rq, q, &f))
		return oauth_request_error(rq, q, 303, &f);
	const char *hetu = auto_hetu(rq, q);
	bool ok = hetu != NULL
		      ? site_login_citizen(rq, hetu, &citizen)
		      : record_citizen(oauth_of(rq)->site.record, rq->arena,
				       NULL, -1, NULL, &citizen, &rq->err);
	if (!ok && rq->err.kind == ERR_INTERNAL)
		return false;
	if (!ok) {
		f = (struct oauth_fault){
		    .error = "access_denied",
		    .text = arena_strdup(rq->arena, rq->err.text)};
		rq->err = (struct err){0};
		return oauth_request_error(rq, q, 303, &f);
	}
	return oauth_request_grant(rq, q, citizen.hetu, q->scope, 0);
}

/* Has the citizen allowed all of this before, to be remembered? */
static bool is_remembered(struct rq *rq, const struct oauth_request *q,
			  const struct site_session *s)
{
	struct grant g;

	return !oauth_prompts(q, "consent") &&
	       store_grant_remembered(oauth_of(rq)->site.record->store,
				      rq->arena, q->client.client_id, s->hetu,
				      site_now_ms(rq), &g) &&
	       oauth_scope_within(q->scope, g.scope);
}

/* A test citizen who does so is not asked. */
static bool always_denies(struct rq *rq, const struct site_session *s)
{
	struct store_citizen c;

	return store_citizen_find(oauth_of(rq)->site.record->store, rq->arena,
				  s->hetu, NULL, &c) &&
	       record_behaves(&c, "refuses-consent");
}

bool oauth_authorize_get(struct rq *rq)
{
	static const struct oauth_fault page_needed = {
	    .error = "interaction_required"};
	struct oauth_request q;
	struct site_session s;
	struct oauth_fault f;

	if (!oauth_request_read(rq, rq->query, &q))
		return false;
	if (oauth_of(rq)->auto_approve != NULL)
		return authorize_at_once(rq, &q);
	site_session_find(rq, &s);
	if (must_login(rq, &q, &s))
		return oauth_prompts(&q, "none") ? without_login(rq, &q)
						 : oauth_login_first(rq, &s);
	if (!oauth_request_client(rq, &q))
		return false;
	if (oauth_request_fault(rq, &q, &f))
		return oauth_request_error(rq, &q, 303, &f);
	if (always_denies(rq, &s))
		return oauth_request_error(rq, &q, 303, &oauth_denied);
	if (is_remembered(rq, &q, &s))
		return oauth_request_grant(rq, &q, s.hetu, q.scope, 0);
	if (oauth_prompts(&q, "none"))
		return oauth_request_error(rq, &q, 303, &page_needed);
	return oauth_consent_page(rq, &q, &s);
}

/* ---- POST ------------------------------------------------------------ */

/* The words of the request that were ticked; others do not count. */
static const char *ticked(struct rq *rq, const char *scope,
			  const struct http_pair *form, size_t n)
{
	struct buf b;
	size_t len;

	buf_init(&b, rq->arena);
	for (const char *w; (w = oauth_word(&scope, &len)) != NULL;) {
		const char *word = arena_strndup(rq->arena, w, len);
		const char *field = arena_printf(rq->arena, "scope_%s", word);
		const char *value = http_form_get(form, n, field);
		if (value == NULL || strcmp(value, word) != 0)
			continue;
		if (b.len > 0)
			buf_putc(&b, ' ');
		buf_puts(&b, word);
	}
	return b.p;
}

static int64_t remember_until(struct rq *rq, const char *choice)
{
	if (choice != NULL && strcmp(choice, "until-revoked") == 0)
		return INT64_MAX;
	if (choice != NULL && strcmp(choice, "one-hour") == 0)
		return site_now_ms(rq) + OAUTH_REMEMBER_HOUR_MS;
	return 0;
}

/* Whatever the hidden field says: a pressed Deny is a refusal. */
static bool approved(const struct http_pair *form, size_t n)
{
	const char *approval = http_form_get(form, n, "user_oauth_approval");

	return http_form_get(form, n, "deny") == NULL && approval != NULL &&
	       strcmp(approval, "true") == 0;
}

bool oauth_authorize_post(struct rq *rq)
{
	struct oauth_request q;
	struct site_post p;

	if (!site_posted(rq, &p) ||
	    !oauth_request_take(rq, p.csrf, &p.session, &q))
		return false;
	const char *scope = ticked(rq, q.scope, p.pair, p.n);
	if (!approved(p.pair, p.n) || scope[0] == '\0')
		return oauth_request_error(rq, &q, 303, &oauth_denied);
	return oauth_request_grant(
	    rq, &q, p.session.hetu, scope,
	    remember_until(rq, http_form_get(p.pair, p.n, "remember")));
}
