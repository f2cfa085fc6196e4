/* SPDX-License-Identifier: Apache-2.0
 *
 * Logging in on the way to an authorization (oauth.md 3.4); the page and what
 * may be typed there are site's.
 *
 * The authorization request that brought the browser here waits in the session
 * and is gone on with afterwards, as a redirect to the same URL. The form can
 * therefore end at the application itself (a remembered approval, an error), so
 * the page's policy names that origin: but only when it is the client's own.
 */
#include "oauth/oauth_int.h"

#include <string.h>

/* What is known about the request that led here; its faults do not matter
 * yet, so what cannot be read is left empty. */
static struct site_login waiting_request(struct rq *rq,
					 const struct site_session *s)
{
	struct site_login l = {.form_to = ""};
	struct err kept = rq->err;
	struct oauth_request q = {0};

	if (s->saved[0] != '\0' && oauth_request_read(rq, s->saved, &q) &&
	    oauth_request_client(rq, &q))
		l.form_to = site_policy_source(rq->arena, q.redirect_uri);
	rq->err = kept;
	l.client = q.client.name;
	l.username = q.login_hint;
	return l;
}

/* A form that another site sent came without our cookie (SameSite), so who is
 * there, a GET has to ask. */
static bool ask_again(struct rq *rq, const struct oauth_request *q)
{
	const char *url = arena_printf(rq->arena, "%s?%s",
				       site_url(rq, "/authorize"), q->text);

	if (strlen(url) > HTTP_URL_BYTES)
		return err_set(&rq->err, ERR_TOO_LARGE, "invalid_request", NULL,
			       SAY("The request is too long to be gone on with "
				   "after a login."));
	return site_go(rq, 303, url);
}

bool oauth_login_first(struct rq *rq, const struct oauth_request *q,
		       struct site_session *s)
{
	if (strcmp(rq->method, "POST") == 0)
		return ask_again(rq, q);
	s->saved = q->text;
	s->fresh = "";
	if (s->id[0] == '\0')
		site_session_begin(rq, s);
	site_session_put(rq, s);
	/* the login page speaks the language that the request asked for */
	return site_go(rq, 302,
		       arena_printf(rq->arena, "%s%s", site_url(rq, "/login"),
				    site_locales_query(rq, q->text)));
}

bool oauth_login_get(struct rq *rq)
{
	struct site_session s;

	site_session_find(rq, &s);
	if (s.id[0] == '\0') {
		site_session_begin(rq, &s);
		site_session_put(rq, &s);
	}
	struct site_login l = waiting_request(rq, &s);
	return site_login_page(rq, &s, &l, NULL);
}

/* Where to go on: the request that waited, or the login page's greeting. */
static const char *next_url(struct rq *rq, const char *query)
{
	if (query[0] == '\0')
		return site_url(rq, "/login");
	return arena_printf(rq->arena, "%s?%s", site_url(rq, "/authorize"),
			    query);
}

bool oauth_login_post(struct rq *rq)
{
	struct site_post p;
	bool done;

	if (!site_form(rq, &p))
		return false;
	struct site_login l = waiting_request(rq, &p.session);
	if (!site_login_post(rq, &p, &l, &done))
		return false;
	if (done)
		return true;
	site_session_put(rq, &p.session);
	return site_go(rq, 302, next_url(rq, p.session.fresh));
}
