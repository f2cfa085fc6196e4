/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization endpoint (RFC 6749 3.1, 4.1; oauth.md section 3).
 *
 * A request, by GET or as a form, is answered with a login, a page, or the
 * browser sent back; the form of our own page carries the citizen's decision
 * about a request that was kept when the page was made, and nothing of the
 * request itself. In the order of the stock software who is there comes before
 * what is asked for, so even a bad request first meets the login page; the
 * other order looks at the request first. The switch authorize_order says
 * which. Behind both stands the same decision: terms of use, what is
 * remembered, the page.
 *
 * A login that was made for a request is good for it once (prompt=login), and
 * it is used up only when the request gets further than the terms of use.
 *
 * Each authorization makes a grant of its own with exactly the scope that was
 * allowed this time, so that several connections of one citizen do not disturb
 * one another.
 */
#include "oauth/oauth_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- login ----------------------------------------------------------- */

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

/* Was that login made for this very request? */
static bool is_fresh(const struct oauth_request *q,
		     const struct site_session *s)
{
	return s->fresh[0] != '\0' && strcmp(s->fresh, q->text) == 0;
}

static bool must_login(struct rq *rq, const struct oauth_request *q,
		       const struct site_session *s)
{
	if (s->hetu == NULL)
		return true;
	return (oauth_prompts(q, "login") || too_old(rq, q, s)) &&
	       !is_fresh(q, s);
}

static void use_login(struct rq *rq, const struct oauth_request *q,
		      struct site_session *s)
{
	if (!is_fresh(q, s))
		return;
	s->fresh = "";
	site_session_put(rq, s);
}

static const struct oauth_fault login_needed = {.error = "login_required"};

/* ---- the decision ---------------------------------------------------- */

/* Has the citizen allowed all of this before, at one time, to be remembered?
 * What was allowed since then, for other scopes, changes nothing about it. */
static bool is_remembered(struct rq *rq, const struct oauth_request *q,
			  const struct site_session *s)
{
	struct grant *list;

	if (oauth_prompts(q, "consent"))
		return false;
	size_t n = store_grant_remembered(oauth_of(rq)->site.record->store,
					  rq->arena, q->client.client_id,
					  s->hetu, site_now_ms(rq), &list);
	for (size_t i = 0; i < n; i++)
		if (oauth_scope_within(q->scope, list[i].scope))
			return true;
	return false;
}

/* A test citizen who does so is not asked. */
static bool always_denies(struct rq *rq, const struct site_session *s)
{
	struct store_citizen c;

	return store_citizen_find(oauth_of(rq)->site.record->store, rq->arena,
				  s->hetu, NULL, &c) &&
	       record_behaves(&c, "refuses-consent");
}

static bool decide(struct rq *rq, struct oauth_request *q,
		   struct site_session *s)
{
	static const struct oauth_fault page_needed = {
	    .error = "interaction_required"};
	static const struct oauth_fault consent_needed = {
	    .error = "consent_required"};
	bool silent = oauth_prompts(q, "none");

	rq_passed(rq, "login");
	if (always_denies(rq, s))
		return oauth_request_deny(rq, q);
	if (oauth_terms_due(rq, q, s))
		return silent ? oauth_request_error(rq, q, 303, &page_needed)
			      : oauth_terms_page(rq, q, s);
	use_login(rq, q, s);
	if (is_remembered(rq, q, s))
		return oauth_request_grant(
		    rq, q,
		    &(struct oauth_yes){.hetu = s->hetu,
					.scope = q->scope,
					.login_ms = s->login_ms});
	if (silent)
		return oauth_request_error(
		    rq, q, 303,
		    q->set.oauth_errors != 0 ? &consent_needed : &page_needed);
	return oauth_consent_page(rq, q, s);
}

/* ---- the two orders -------------------------------------------------- */

/* The stock software looks at the response type before it looks at the client:
 * without a sound one, that refusal is a page as well. */
static bool stock_client(struct rq *rq, struct oauth_request *q)
{
	struct oauth_fault f;

	if (oauth_request_client(rq, q))
		return true;
	if (oauth_request_type_fault(q, &f))
		err_set(&rq->err, ERR_INVALID, f.error, "response_type", "%s",
			f.text);
	return false;
}

static bool login_first(struct rq *rq, struct oauth_request *q,
			struct site_session *s)
{
	struct oauth_fault f;

	if (must_login(rq, q, s) && !oauth_prompts(q, "none"))
		return oauth_login_first(rq, q, s);
	if (!stock_client(rq, q))
		return false;
	if (must_login(rq, q, s))
		return oauth_request_error(rq, q, 302, &login_needed);
	if (oauth_request_fault(rq, q, &f))
		return oauth_request_error(rq, q, 303, &f);
	return decide(rq, q, s);
}

static bool request_first(struct rq *rq, struct oauth_request *q,
			  struct site_session *s)
{
	struct oauth_fault f;

	if (!oauth_request_client(rq, q))
		return false;
	if (oauth_request_fault(rq, q, &f))
		return oauth_request_error(rq, q, 303, &f);
	if (!must_login(rq, q, s))
		return decide(rq, q, s);
	return oauth_prompts(q, "none")
		   ? oauth_request_error(rq, q, 303, &login_needed)
		   : oauth_login_first(rq, q, s);
}

bool oauth_authorize_get(struct rq *rq)
{
	struct oauth_request q;
	struct oauth_headless h;
	struct site_session s;
	const char *text;

	if (!oauth_request_text(rq, &text) || !oauth_request_read(rq, text, &q))
		return false;
	if (oauth_headless_find(rq, &q, &h))
		return oauth_headless_authorize(rq, &q, &h);
	site_session_find(rq, &s);
	return q.set.authorize_order != 0 ? request_first(rq, &q, &s)
					  : login_first(rq, &q, &s);
}

/* ---- the form of our own page ---------------------------------------- */

/* The words of the request that were ticked; others do not count. */
static const char *ticked(struct rq *rq, const char *scope,
			  const struct site_post *p)
{
	struct buf b;
	size_t len;

	buf_init(&b, rq->arena);
	for (const char *w; (w = oauth_word(&scope, &len)) != NULL;) {
		const char *word = arena_strndup(rq->arena, w, len);
		const char *value =
		    site_field(p, arena_printf(rq->arena, "scope_%s", word));
		if (text_is(value, word))
			scope_add(&b, w, len);
	}
	return b.p;
}

static int64_t remember_until(struct rq *rq, const char *choice)
{
	if (text_is(choice, "until-revoked"))
		return INT64_MAX;
	if (text_is(choice, "one-hour"))
		return site_now_ms(rq) + OAUTH_REMEMBER_HOUR_MS;
	return 0;
}

/* Whatever the hidden field says: a pressed Deny is a refusal. */
static bool approved(const struct site_post *p)
{
	return site_field(p, "deny") == NULL &&
	       text_is(site_field(p, "user_oauth_approval"), "true");
}

static bool decided(struct rq *rq, const struct site_post *p)
{
	struct oauth_request q;

	if (!oauth_request_take(rq, p->csrf, &p->session, &q))
		return false;
	const char *scope = ticked(rq, q.scope, p);
	if (!approved(p) || scope[0] == '\0')
		return oauth_request_deny(rq, &q);
	return oauth_request_grant(rq, &q,
				   &(struct oauth_yes){
				       .hetu = p->session.hetu,
				       .scope = scope,
				       .remember_until_ms = remember_until(
					   rq, site_field(p, "remember")),
				       .login_ms = p->session.login_ms,
				   });
}

/* Is it our page's form, and not an application's request? */
static bool is_ours(const struct site_post *p)
{
	static const char *const fields[] = {"_csrf", "user_oauth_approval",
					     "authorize", "deny"};

	for (size_t i = 0; i < LEN(fields); i++)
		if (site_field(p, fields[i]) != NULL)
			return true;
	return site_field(p, "client_id") == NULL;
}

bool oauth_authorize_post(struct rq *rq)
{
	struct site_post p;

	if (!site_posted(rq, &p))
		return false;
	return is_ours(&p) ? decided(rq, &p) : oauth_authorize_get(rq);
}
