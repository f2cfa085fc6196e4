/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may change an application: the browser that registered it, whoever knows
 * its client secret or its registration access token, and whoever may use the
 * control API of this server anyway (as admin/ decides it).
 *
 * The browser's session keeps what it may change, as words "edit:{client_id}"
 * among its notes, the latest first and at most EDITS of them. They end with
 * the session. Unlocking changes what a session is worth, so it gets a new id;
 * registering does not, since a form that is sent twice must find the session
 * that it was sent from.
 *
 * A secret is compared by its digest, in constant time, with both digests of
 * the application, and the answer to a wrong one is that to an application that
 * is not there.
 */
#include "web/portal_int.h"

#include "jose/jose.h"

#include <string.h>

#define EDITS 20
#define EDIT  "edit:"

/* ---- what the session keeps ------------------------------------------ */

static const char *note_of(struct arena *a, const char *client_id)
{
	return arena_cat(a, EDIT, client_id, NULL);
}

/* The notes without one, and with no more than that many of ours. */
static const char *notes_but(struct arena *a, const char *notes,
			     const char *note, size_t most)
{
	struct buf b;
	size_t n, edits = 0;

	buf_init(&b, a);
	for (; *(notes += strspn(notes, " ")) != '\0'; notes += n) {
		n = strcspn(notes, " ");
		if (strlen(note) == n && memcmp(notes, note, n) == 0)
			continue;
		if (text_begins(notes, EDIT) && ++edits > most)
			continue;
		buf_putc(&b, ' ');
		buf_add(&b, notes, n);
	}
	return b.p;
}

void portal_allow(struct rq *rq, struct site_session *s, const char *client_id)
{
	const char *note = note_of(rq->arena, client_id);

	s->notes =
	    arena_cat(rq->arena, note,
		      notes_but(rq->arena, s->notes, note, EDITS - 1), NULL);
}

void portal_disallow(struct rq *rq, struct site_session *s,
		     const char *client_id)
{
	s->notes = notes_but(rq->arena, s->notes, note_of(rq->arena, client_id),
			     EDITS);
}

/* As the guard of the control API has it. */
static bool controls(const struct rq *rq)
{
	const char *token = web_of(rq)->admin_token;

	return token == NULL ? rq->loopback && !rq->foreign
			     : strcmp(token, "none") == 0;
}

static bool may(struct rq *rq, const struct portal_visit *v)
{
	return controls(rq) ||
	       scope_has(v->post.session.notes,
			 note_of(rq->arena, v->client.client_id));
}

/* ---- coming in ------------------------------------------------------- */

static bool find(struct rq *rq, struct store_client *c)
{
	return store_client_find(portal_record(rq)->store, rq->arena,
				 rq_param(rq, "id"), c) ||
	       err_set(&rq->err, ERR_NOT_FOUND, "not_found", NULL,
		       SAY("There is no such application."));
}

/* A page with a form needs a session, which begins to last again. */
static void last(struct rq *rq, struct site_session *s)
{
	if (s->id[0] == '\0')
		site_session_begin(rq, s);
	site_session_put(rq, s);
}

bool portal_enter(struct rq *rq, struct portal_visit *v, bool *done)
{
	*done = false;
	v->post = (struct site_post){0};
	if (!find(rq, &v->client))
		return false;
	site_session_find(rq, &v->post.session);
	if (may(rq, v)) {
		last(rq, &v->post.session);
		return true;
	}
	*done = true;
	return site_go(rq, 303,
		       portal_url_of(rq, v->client.client_id, "/unlock"));
}

bool portal_enter_form(struct rq *rq, struct portal_visit *v)
{
	if (!site_form(rq, &v->post) || !find(rq, &v->client))
		return false;
	if (!may(rq, v))
		return err_set(&rq->err, ERR_FORBIDDEN, "forbidden", NULL,
			       SAY("This browser may not change this "
				   "application. Open its page from the list "
				   "and unlock it with its client secret."));
	if (!controls(rq) && !site_self_service(rq))
		return false;
	site_session_put(rq, &v->post.session);
	return true;
}

/* ---- unlocking ------------------------------------------------------- */

static bool unlock_page(struct rq *rq, const struct site_session *s,
			const char *client_id, const char *name, bool wrong)
{
	struct page_value v[] = {
	    {.name = "name", .text = name},
	    {.name = "csrf", .text = site_csrf(rq, s)},
	    {.name = "action", .text = portal_url_of(rq, client_id, "/unlock")},
	    {.name = "list", .text = portal_url(rq, "")},
	    {.name = "refused", .text = wrong ? "1" : ""},
	};

	return site_page(rq, wrong ? 403 : 200, SAY("Unlock an application"),
			 "server/web/portal_unlock.html",
			 &(struct page_values){v, LEN(v)}, "");
}

bool portal_unlock_get(struct rq *rq)
{
	struct portal_visit v = {0};

	if (!find(rq, &v.client))
		return false;
	site_session_find(rq, &v.post.session);
	if (may(rq, &v))
		return site_go(rq, 303,
			       portal_url_of(rq, v.client.client_id, ""));
	last(rq, &v.post.session);
	return unlock_page(rq, &v.post.session, v.client.client_id,
			   portal_name(&v.client), false);
}

static bool opens(const struct store_client *c, const char *secret)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, secret, strlen(secret));
	bool as_secret = jose_equal(digest, c->secret_digest);
	bool as_token =
	    jose_equal(digest, text_or_empty(c->registration_digest));
	return as_secret || as_token;
}

bool portal_unlock_post(struct rq *rq)
{
	const char *id = rq_param(rq, "id");
	struct store_client c = {.secret_digest = ""};
	struct site_post p;

	if (!site_form(rq, &p))
		return false;
	bool there =
	    store_client_find(portal_record(rq)->store, rq->arena, id, &c);
	const char *secret = text_or_empty(site_field(&p, "secret"));
	if (!opens(&c, secret) || !there)
		return unlock_page(rq, &p.session, id,
				   there ? portal_name(&c) : id, true);
	portal_allow(rq, &p.session, id);
	site_session_begin(rq, &p.session);
	site_session_put(rq, &p.session);
	return site_go(rq, 303, portal_url_of(rq, id, ""));
}
