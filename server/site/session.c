/* SPDX-License-Identifier: Apache-2.0
 *
 * The browser's session: one cookie, two tickets in the store.
 *
 * The cookie is a random text of 256 bits; only digests of it are stored. Under
 * one digest stands who is logged in (so that the session ends with the
 * citizen), under another what the browser was about: the authorization
 * request that led to the login page. The id changes at login, so an id that
 * was planted before is worth nothing afterwards. The token of the session's
 * forms is a third digest of the id: whoever cannot read the cookie cannot
 * make it, and it needs no row of its own.
 *
 * The name JSESSIONID is what scripted logins look for (oauth.md 3.4).
 */
#include "site/site.h"

#include "jose/jose.h"

#include <stdlib.h>
#include <string.h>

const char *site_digest(struct rq *rq, const char *what, const char *secret)
{
	const char *text = arena_printf(rq->arena, "%s:%s", what, secret);
	char *digest = arena_alloc(rq->arena, JOSE_DIGEST);

	jose_digest(digest, text, strlen(text));
	return digest;
}

static struct store *store_of(const struct rq *rq)
{
	return site_of(rq)->record->store;
}

static void read_visit(struct rq *rq, struct site_session *s, const char *text)
{
	struct err ignored;
	const struct json *v =
	    json_parse(rq->arena, text, strlen(text), &ignored);
	const char *login = json_get_text(v, "login_ms");

	s->login_ms = login != NULL ? strtoll(login, NULL, 10) : 0;
	if (json_get_text(v, "saved") != NULL)
		s->saved = json_get_text(v, "saved");
	if (json_get_text(v, "fresh") != NULL)
		s->fresh = json_get_text(v, "fresh");
	if (json_get_text(v, "notes") != NULL)
		s->notes = json_get_text(v, "notes");
}

void site_session_find(struct rq *rq, struct site_session *s)
{
	const char *id = rq_cookie(rq, site_of(rq)->cookie);
	int64_t now = site_now_ms(rq);

	*s = (struct site_session){
	    .id = "", .saved = "", .fresh = "", .notes = ""};
	if (id == NULL || id[0] == '\0')
		return;
	const char *visit =
	    store_ticket_find(store_of(rq), rq->arena,
			      site_digest(rq, "visit", id), "visit", now);
	if (visit == NULL)
		return;
	s->id = id;
	s->hetu =
	    store_ticket_find(store_of(rq), rq->arena,
			      site_digest(rq, "session", id), "session", now);
	rq->hetu = s->hetu;
	read_visit(rq, s, visit);
}

void site_session_put(struct rq *rq, const struct site_session *s)
{
	const int64_t lasts = site_of(rq)->session_ms;
	int64_t expires =
	    site_now_ms(rq) + (lasts > 0 ? lasts : SITE_SESSION_MS);
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	jw_str(&w, "login_ms",
	       arena_printf(rq->arena, "%lld", (long long)s->login_ms));
	jw_str(&w, "saved", s->saved);
	jw_str(&w, "fresh", s->fresh);
	jw_str(&w, "notes", s->notes);
	jw_close(&w);
	store_ticket_put(store_of(rq), site_digest(rq, "visit", s->id), "visit",
			 b.p, expires);
	if (s->hetu != NULL)
		store_ticket_put(store_of(rq),
				 site_digest(rq, "session", s->id), "session",
				 s->hetu, expires);
}

static void set_cookie(struct rq *rq, const char *value, const char *more)
{
	bool tls = strncmp(rq->origin, "https:", 6) == 0;
	const char *path = site_of(rq)->path;

	rq_header(rq, "Set-Cookie",
		  "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s%s",
		  site_of(rq)->cookie, value, *path != '\0' ? path : "/",
		  tls ? "; Secure" : "", more);
}

void site_session_begin(struct rq *rq, struct site_session *s)
{
	char *id = arena_alloc(rq->arena, SITE_SECRET_CHARS + 1);

	if (s->id[0] != '\0')
		site_session_end(rq, s, false);
	jose_random_text(id, SITE_SECRET_CHARS);
	s->id = id;
	set_cookie(rq, id, "");
}

void site_session_end(struct rq *rq, struct site_session *s, bool cookie)
{
	store_ticket_delete(store_of(rq), site_digest(rq, "visit", s->id),
			    "visit");
	store_ticket_delete(store_of(rq), site_digest(rq, "session", s->id),
			    "session");
	s->id = "";
	if (cookie)
		set_cookie(rq, "", "; Max-Age=0");
}

const char *site_csrf(struct rq *rq, const struct site_session *s)
{
	return site_digest(rq, "csrf", s->id);
}

bool site_csrf_ok(struct rq *rq, const struct site_session *s, const char *csrf)
{
	if (s->id[0] != '\0' && csrf != NULL &&
	    jose_equal(csrf, site_csrf(rq, s)))
		return true;
	return err_set(&rq->err, ERR_FORBIDDEN, "invalid_csrf", "_csrf",
		       "This form does not belong to your session, or the "
		       "session has ended. Open the page again and repeat.");
}

bool site_posted(struct rq *rq, struct site_post *p)
{
	if (!http_form(rq->arena, rq->body, rq->body_len, &p->pair, &p->n,
		       &rq->err))
		return false;
	site_session_find(rq, &p->session);
	p->csrf = http_form_get(p->pair, p->n, "_csrf");
	return true;
}

bool site_form(struct rq *rq, struct site_post *p)
{
	return site_posted(rq, p) && site_csrf_ok(rq, &p->session, p->csrf);
}

const char *site_field(const struct site_post *p, const char *name)
{
	return http_form_get(p->pair, p->n, name);
}
