/* SPDX-License-Identifier: Apache-2.0
 *
 * site: what every page for people stands on. The browser's session and the
 * tokens of its forms, the headers of a page, its language, its refusals.
 *
 * Services of pages (oauth, web) never include each other; what they share is
 * here. The ctx of a route group of pages begins with its struct site. Texts
 * that a function gives are the request's: they last as long as its arena, and
 * so do those in a session or a post. What replies returns true, as rq_reply()
 * does.
 * Facts: oauth.md sections 3.4, 13, 14, 18.
 */
#ifndef SITE_H
#define SITE_H

#include "http/http.h"
#include "page/page.h"
#include "record/record.h"

#define SITE_SESSION_MS	  ((int64_t)30 * 60 * 1000)
#define SITE_SECRET_CHARS 43 /* 256 bits and some of [A-Za-z0-9] */
#define SITE_HTML	  "text/html;charset=utf-8"

/* Outlives its groups, with all that it points to. */
struct site {
	struct record *record;
	const char *path;   /* below which its pages are, and where the browser
			     * sends the cookie: "/phr-authserver-sandbox" */
	const char *cookie; /* its name */
	const char *style;  /* path of the style sheet; see site_style() */
	const char *icon;   /* and of the icon */
	const char *script; /* path of the script of its pages, which they do
			     * without, too; NULL: none */
	bool tells_origin;  /* its forms say from which origin they are, for a
			     * guard that asks (rq->foreign) */
	int64_t session_ms; /* how long a session lasts; 0: SITE_SESSION_MS */
	const char *front;  /* where a refusal leads to: the path of the site's
			     * first page; NULL: back to the application */
	const struct page_words *words;
};
/* The site of the request's group. */
static inline const struct site *site_of(const struct rq *rq)
{
	return rq->ctx;
}

/* The time now, by the clock that the record has: since 1970, UTC. */
int64_t site_now_ms(const struct rq *rq);

/* "http://host/phr-authserver-sandbox" and below. */
const char *site_url(const struct rq *rq, const char *below);

/* ---- pages ----------------------------------------------------------- */

/* The language of the request: the query's lang (which the answer makes the
 * browser remember), else what it remembers, else ui_locales, else
 * Accept-Language, else English. */
struct page_locale site_locale(struct rq *rq);

/* The ui_locales of a query (raw, without "?") as a query of its own,
 * "?ui_locales=fi", to go on with them elsewhere; "" when there are none. */
const char *site_locales_query(struct rq *rq, const char *query);

/* page_say() in that language, and page_word(); whoever says many texts finds
 * it once, with site_locale(). */
const char *site_say(struct rq *rq, const char *english,
		     const struct page_values *values);
const char *site_word(struct rq *rq, const char *english);

/* Replies with a page: the file, such as "server/oauth/login.html", filled with
 * the values; title is an English text. form_to: where a form on it may lead
 * besides ourselves, as a source of a content security policy ("https://app"),
 * or "". Values that are there anyway: path (the site's). A value shown_once,
 * whatever it is, leaves out the switch of languages; with a value refused the
 * title says that something is wrong. */
bool site_page(struct rq *rq, int status, const char *title, const char *file,
	       const struct page_values *values, const char *form_to);

/* Answers rq->err as a page: for http_group.refuse of groups of pages. hint:
 * what its developer should look at, or NULL; stayed: says why the browser was
 * not sent back to the application. Texts are looked up in the language. */
void site_refuse(struct rq *rq, const char *hint, bool stayed);

/* What a person reads about rq->err, in the language; where there is no word
 * for it, its own text. */
const char *site_refused(struct rq *rq);

/* Sends the browser elsewhere after a form (303), or as the status says; url is
 * site_url() or one that was checked. Never kept. */
bool site_go(struct rq *rq, int status, const char *url);

/* Handlers: the style sheet of every page, its icon, and the script of those
 * sites that have one. Pages name them with their digests. */
bool site_style(struct rq *rq);
bool site_icon(struct rq *rq);
bool site_script(struct rq *rq);

/* ---- scopes: scope.c ------------------------------------------------- */

/* What a person reads about a word of scope: in the request's language, or in
 * a locale. The word itself when it is no scope of a citizen's data. */
const char *site_scope_text(struct rq *rq, const char *word);
const char *site_scope_say(struct arena *a, const struct page_locale *l,
			   const char *word);

/* The i-th type of data that scopes speak of, and its name for people as an
 * English text; NULL behind the last. */
const char *site_scope_type(size_t i, const char **name);

/* ---- what is shown of an application: client.c ------------------------ */

/* Is it an address that a page may link to: http or https? NULL is none. */
bool site_is_web(const char *url);

/* A member of an application's metadata that is an address, and what the link
 * is called, as an English text. */
struct site_link {
	const char *member, *label;
};
/* The value "links": rows of label and url, for those of the n members that are
 * there and may be linked to. */
struct page_value site_links(struct rq *rq, const struct json *metadata,
			     const struct site_link *link, size_t n);

/* Its contacts in one line, in the arena; "" for none. */
const char *site_contacts(struct arena *a, const struct json *metadata);

/* ---- redirects to applications: redirect.c --------------------------- */

/* The URI with the pairs in its query, behind what stands there already. A pair
 * whose value is NULL is left out. */
const char *site_redirect_uri(struct arena *a, const char *uri,
			      const struct http_pair *pair, size_t n);

/* The part of a URI that a content security policy names it by (form_to of
 * site_page()): scheme, host and port, or the scheme alone ("app:"). "" when it
 * cannot be told, or holds what could change the policy. */
const char *site_policy_source(struct arena *a, const char *uri);

/* ---- sessions -------------------------------------------------------- */

/* A browser. Made when it first meets a form; a new one with a new id takes its
 * place at login. */
struct site_session {
	const char *id;	  /* the cookie; "" when there is no session */
	const char *hetu; /* NULL: not logged in */
	int64_t login_ms;
	const char *saved; /* where it was going when it met the login page:
			    * a query, or what the service makes of it; ""
			    * for nowhere */
	const char *fresh; /* the same, when just logged in for it */
	const char *notes; /* what the service keeps of this browser: words */
};

/* The session of the request's cookie; without id when there is none, or it has
 * ended. No text of it is NULL but hetu. */
void site_session_find(struct rq *rq, struct site_session *s);

/* Gives the session an id if it has none, or a new one, with which the old one
 * ends; sets the cookie. Nothing is kept until site_session_put(). */
void site_session_begin(struct rq *rq, struct site_session *s);

/* Keeps what the members say, for the site's session_ms from now. It has an id.
 */
void site_session_put(struct rq *rq, const struct site_session *s);

/* Ends it, and forgets the cookie when asked to. */
void site_session_end(struct rq *rq, struct site_session *s, bool cookie);

/* The token of the session's own forms (login, logout, the portal, ...). */
const char *site_csrf(struct rq *rq, const struct site_session *s);

/* Does the form carry it (csrf: as it was sent, or NULL)? False: rq->err. */
bool site_csrf_ok(struct rq *rq, const struct site_session *s,
		  const char *csrf);

/* What a page's form sent, and the browser that sent it. */
struct site_post {
	struct http_pair *pair;
	size_t n;
	const char *csrf; /* the form token as sent; NULL when absent */
	struct site_session session;
};

/* Reads it; the token is still to be checked. False: rq->err. */
bool site_posted(struct rq *rq, struct site_post *p);
/* Reads it and checks the token. False: rq->err. */
bool site_form(struct rq *rq, struct site_post *p);
/* A field's value, NULL when absent. */
const char *site_field(const struct site_post *p, const char *name);

/* The digest (hexadecimal SHA-256) by which a secret that serves this purpose
 * is stored: one of another purpose is another one. */
const char *site_digest(struct rq *rq, const char *what, const char *secret);

/* May applications register and change themselves here (self_service)? False:
 * rq->err. */
bool site_self_service(struct rq *rq);

/* ---- logging in ------------------------------------------------------ */

/* The login page and its form, for any site. What is going on when the citizen
 * has logged in is the service's: see struct site_login. */
struct site_login {
	const char *client;   /* the application that asks, or NULL */
	const char *username; /* to be filled in, or NULL */
	const char *form_to;  /* as in site_page() */
};
/* The page; refused: what is said above the form, or NULL. */
bool site_login_page(struct rq *rq, const struct site_session *s,
		     const struct site_login *l, const char *refused);

/* The form was posted. True with p->session logged in (a new id, login_ms,
 * fresh what was saved), which the caller puts: *done false. True with *done:
 * it is answered (the page again, with what is wrong); or false: rq->err. */
bool site_login_post(struct rq *rq, struct site_post *p,
		     const struct site_login *l, bool *done);

/* Handlers: the page that asks, and the form. */
bool site_logout_get(struct rq *rq);
bool site_logout_post(struct rq *rq);

/* May this citizen log in (age, behaviour)? Makes the citizen known. False:
 * rq->err. */
bool site_login_citizen(struct rq *rq, const char *hetu,
			struct store_citizen *out);

#endif
