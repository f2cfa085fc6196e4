/* SPDX-License-Identifier: Apache-2.0
 *
 * Logging in and out (oauth.md 3.4). A test personal code is all it takes; any
 * sound one of the 900 series is a citizen, known or new. What is wrong with a
 * code is said in plain words above the form, with status 200.
 *
 * The authorization request that brought the browser here waits in the session
 * and is gone on with afterwards, as a redirect to the same URL. The form can
 * therefore end at the application itself (a remembered approval, an error), so
 * the page's policy names that origin: but only when it is the client's own.
 */
#include "oauth/oauth_int.h"

#include <string.h>

#define CITIZENS_SHOWN 20

/* ---- the page -------------------------------------------------------- */

static const char *age_text(struct rq *rq, const struct store_citizen *c)
{
	int age = hetu_age(c->hetu, oauth_now_ms(rq));

	if (age >= OAUTH_AGE_LIMIT && !record_behaves(c, "minor"))
		return arena_printf(rq->arena, "%d years", age);
	return arena_printf(rq->arena, "%d years: too young", age);
}

static size_t citizen_rows(struct rq *rq, struct page_values **rows)
{
	struct store_citizen *c;
	size_t n =
	    store_citizen_list(oauth_of(rq)->record->store, rq->arena, &c);

	if (n > CITIZENS_SHOWN)
		n = CITIZENS_SHOWN;
	*rows = arena_alloc(rq->arena, n * sizeof(**rows));
	for (size_t i = 0; i < n; i++) {
		struct page_value *v = arena_alloc(rq->arena, 2 * sizeof(*v));
		v[0] = (struct page_value){.name = "code", .text = c[i].hetu};
		v[1] = (struct page_value){.name = "age",
					   .text = age_text(rq, &c[i])};
		(*rows)[i] = (struct page_values){v, 2};
	}
	return n;
}

/* What is known about the request that led here; its faults do not matter
 * yet, so what cannot be read is left empty. */
static void waiting_request(struct rq *rq, const struct oauth_session *s,
			    struct oauth_request *q, const char **form_to)
{
	struct err kept = rq->err;

	*form_to = "";
	*q = (struct oauth_request){0};
	if (s->saved[0] != '\0' && oauth_request_read(rq, s->saved, q) &&
	    oauth_request_client(rq, q))
		*form_to = oauth_policy_source(rq->arena, q->redirect_uri);
	rq->err = kept;
}

static bool login_page(struct rq *rq, const struct oauth_session *s,
		       const char *username, const char *refused)
{
	struct oauth_request q;
	const char *form_to;
	struct page_values *rows;
	size_t n = citizen_rows(rq, &rows);

	waiting_request(rq, s, &q, &form_to);
	if (username == NULL)
		username = q.login_hint;
	struct page_value v[] = {
	    {.name = "csrf", .text = oauth_session_csrf(rq, s)},
	    {.name = "username", .text = username},
	    {.name = "refused", .text = refused},
	    {.name = "client", .text = q.client.name},
	    {.name = "hetu", .text = s->hetu},
	    {.name = "any", .text = n > 0 ? "1" : ""},
	    {.name = "citizens", .rows = rows, .row_count = n},
	};
	return oauth_page(rq, 200, "Log in", "login",
			  &(struct page_values){v, LEN(v)}, form_to);
}

/* ---- who may --------------------------------------------------------- */

bool oauth_login_citizen(struct rq *rq, const char *hetu,
			 struct store_citizen *out)
{
	if (!hetu_check(hetu, &rq->err))
		return false;
	int age = hetu_age(hetu, oauth_now_ms(rq));
	if (age < OAUTH_AGE_LIMIT)
		return err_set(&rq->err, ERR_INVALID, "invalid_request",
			       "username",
			       "This person is %d years old; the service is "
			       "for those who have turned %d.",
			       age, OAUTH_AGE_LIMIT);
	if (!record_citizen(oauth_of(rq)->record, rq->arena, hetu, -1, NULL,
			    out, &rq->err))
		return false;
	if (!record_behaves(out, "minor"))
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_request", "username",
		       "This person behaves as a minor; the service is for "
		       "those who have turned %d.",
		       OAUTH_AGE_LIMIT);
}

/* ---- handlers -------------------------------------------------------- */

bool oauth_login_first(struct rq *rq, struct oauth_session *s)
{
	s->saved = rq->query;
	s->fresh = "";
	if (s->id[0] == '\0')
		oauth_session_begin(rq, s);
	oauth_session_put(rq, s);
	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(rq, 302, oauth_url(rq, "/login"));
}

bool oauth_login_get(struct rq *rq)
{
	struct oauth_session s;

	oauth_session_find(rq, &s);
	if (s.id[0] == '\0') {
		oauth_session_begin(rq, &s);
		oauth_session_put(rq, &s);
	}
	return login_page(rq, &s, NULL, NULL);
}

/* Where to go on: the request that waited, or the login page's greeting. */
static const char *next_url(struct rq *rq, const char *query)
{
	if (query[0] == '\0')
		return oauth_url(rq, "/login");
	return arena_printf(rq->arena, "%s?%s", oauth_url(rq, "/authorize"),
			    query);
}

bool oauth_login_post(struct rq *rq)
{
	struct oauth_post p;
	struct oauth_session *s = &p.session;
	struct store_citizen citizen = {0};

	if (!oauth_posted(rq, &p) || !oauth_session_csrf_ok(rq, s, p.csrf))
		return false;
	const char *hetu = http_form_get(p.pair, p.n, "username");
	if (hetu == NULL)
		hetu = http_form_get(p.pair, p.n, "hetu");
	if (hetu == NULL || hetu[0] == '\0')
		return login_page(rq, s, "", "Give a personal identity code.");
	if (!oauth_login_citizen(rq, hetu, &citizen)) {
		if (rq->err.kind == ERR_INTERNAL)
			return false;
		/* what may be somebody's own code is not shown again */
		if (strcmp(rq->err.code, "real_hetu") == 0)
			hetu = "";
		const char *why = arena_strdup(rq->arena, rq->err.text);
		rq->err = (struct err){0};
		return login_page(rq, s, hetu, why);
	}
	oauth_session_begin(rq, s);
	s->hetu = citizen.hetu;
	s->login_ms = oauth_now_ms(rq);
	s->fresh = s->saved;
	s->saved = "";
	oauth_session_put(rq, s);
	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(rq, 302, next_url(rq, s->fresh));
}

bool oauth_logout_get(struct rq *rq)
{
	struct oauth_session s;

	oauth_session_find(rq, &s);
	struct page_value v[] = {
	    {.name = "hetu", .text = s.hetu},
	    {.name = "csrf", .text = oauth_session_csrf(rq, &s)},
	};
	return oauth_page(rq, 200, "Log out", "logout",
			  &(struct page_values){v, LEN(v)}, "");
}

bool oauth_logout_post(struct rq *rq)
{
	struct oauth_post p;

	if (!oauth_posted(rq, &p) ||
	    !oauth_session_csrf_ok(rq, &p.session, p.csrf))
		return false;
	oauth_session_end(rq, &p.session, true);
	return oauth_page(rq, 200, "Logged out", "logout",
			  &(struct page_values){NULL, 0}, "");
}
