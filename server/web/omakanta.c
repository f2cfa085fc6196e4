/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta below /omakanta: what is stored about a test citizen, and who may
 * see it.
 *
 * The real My Kanta is where a citizen looks at the data of the PHR, deletes
 * it, and withdraws what he or she permitted. Here it is for the same: to see
 * what an application's data looks like to a person, and to make happen what
 * only the citizen can. It has a session of its own, logged in by a test
 * personal code as at the authorization server, so that who is logged in there
 * is not thereby here.
 *
 * Whoever is not logged in is sent to the login page and from there to where he
 * or she was going. What changes something is a form with the session's token,
 * and its answer leads to a page that says what was done, so that reloading
 * does it not again.
 *
 * Facts: kanta.md 5.
 */
#include "web/omakanta_int.h"

#include <string.h>

#define SAVED_BYTES 512

static bool login_get(struct rq *rq);
static bool login_post(struct rq *rq);

static const struct route routes[] = {
    {"GET", "/", om_front, ACCESS_OPEN, 0,
     "what is stored about the citizen, by kind", "front"},
    {"GET", "/data/:kind", om_kind, ACCESS_OPEN, 0,
     "the entries of a kind, with charts", "kind"},
    {"GET", "/entry/:fhir/:type/:id", om_entry, ACCESS_OPEN, 0,
     "all that an entry says", "entry"},
    {"GET", "/entry/:fhir/:type/:id/delete", om_delete_get, ACCESS_OPEN, 0,
     "asks before an entry is deleted", "delete_get"},
    {"POST", "/entry/:fhir/:type/:id/delete", om_delete_post, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "deletes an entry, as the citizen", "delete_post"},
    {"GET", "/applications", om_applications, ACCESS_OPEN, 0,
     "the applications that have a permission", "applications"},
    {"POST", "/applications/withdraw", om_withdraw, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "withdraws a permission; its tokens end",
     "withdraw"},
    {"GET", "/professionals", om_professionals, ACCESS_OPEN, 0,
     "consents, refusals, relationships of treatment", "professionals"},
    {"POST", "/professionals/decide", om_decide, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "consents or refuses", "decide"},
    {"POST", "/professionals/withdraw", om_undo, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "withdraws a consent or a refusal", "undo"},
    {"GET", "/login", login_get, ACCESS_OPEN, 0, "the login page", "login_get"},
    {"POST", "/login", login_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "log in with a test personal identity code", "login_post"},
    {"GET", "/logout", site_logout_get, ACCESS_OPEN, 0, "the logout page",
     "logout_get"},
    {"POST", "/logout", site_logout_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "end the session", "logout_post"},
};

/* ---- who ------------------------------------------------------------- */

static bool known(struct rq *rq, struct visitor *v)
{
	return v->session.hetu != NULL &&
	       store_citizen_find(site_of(rq)->record->store, rq->arena,
				  v->session.hetu, NULL, &v->citizen);
}

bool om_visitor(struct rq *rq, struct visitor *v)
{
	site_session_find(rq, &v->session);
	return known(rq, v);
}

/* The page's path below the site's, and its query, as it goes into a URL. */
static const char *here(struct rq *rq)
{
	const char *below = rq->path + strlen(site_of(rq)->path);
	struct buf b;

	buf_init(&b, rq->arena);
	while (*below != '\0') {
		size_t n = strcspn(below, "/");

		if (n > 0)
			http_escape(&b, arena_strndup(rq->arena, below, n));
		below += n;
		if (*below == '/')
			buf_putc(&b, *below++);
	}
	if (rq->query[0] != '\0')
		buf_printf(&b, "?%s", rq->query);
	return b.len < SAVED_BYTES && b.p[0] == '/' ? b.p : "/";
}

bool om_login_first(struct rq *rq)
{
	struct site_session s;

	site_session_find(rq, &s);
	s.hetu = NULL;
	s.fresh = "";
	s.saved = strcmp(rq->method, "GET") == 0 ? here(rq) : "/";
	if (s.id[0] == '\0')
		site_session_begin(rq, &s);
	site_session_put(rq, &s);
	return site_go(rq, 302, site_url(rq, "/login"));
}

bool om_posted(struct rq *rq, struct site_post *p, struct visitor *v,
	       bool *done)
{
	*done = false;
	if (!site_form(rq, p))
		return false;
	v->session = p->session;
	if (known(rq, v))
		return true;
	*done = om_login_first(rq);
	return false;
}

/* ---- logging in ------------------------------------------------------ */

static bool login_get(struct rq *rq)
{
	const struct site_login l = {.form_to = ""};
	struct site_session s;

	site_session_find(rq, &s);
	if (s.id[0] == '\0') {
		site_session_begin(rq, &s);
		site_session_put(rq, &s);
	}
	return site_login_page(rq, &s, &l, NULL);
}

static bool login_post(struct rq *rq)
{
	const struct site_login l = {.form_to = ""};
	struct site_post p;
	bool done;

	if (!site_form(rq, &p))
		return false;
	if (!site_login_post(rq, &p, &l, &done))
		return false;
	if (done)
		return true;
	const char *to = p.session.fresh[0] == '/' ? p.session.fresh : "/";
	p.session.fresh = "";
	site_session_put(rq, &p.session);
	return site_go(rq, 303, site_url(rq, to));
}

/* ---- pages ----------------------------------------------------------- */

static const struct {
	const char *below, *label;
} parts[] = {
    [OM_DATA] = {"/", SAY("My data")},
    [OM_APPLICATIONS] = {"/applications", SAY("Applications")},
    [OM_PROFESSIONALS] = {"/professionals", SAY("Professionals")},
    {"/logout", SAY("Log out")},
};

/* What a form did, said on the page that it leads to. */
static const struct {
	const char *done, *text;
} notices[] = {
    {"deleted", SAY("The entry has been deleted. Applications do not get it "
		    "any more.")},
    {"withdrawn", SAY("The permission has been withdrawn. The application "
		      "cannot use your data any more.")},
    {"consented", SAY("Your consent is in force.")},
    {"refused", SAY("Your refusal is in force.")},
    {"undone", SAY("The decision has been withdrawn.")},
};

static struct page_value nav(struct rq *rq, enum om_part part)
{
	struct page_values *row =
	    arena_alloc(rq->arena, LEN(parts) * sizeof(*row));

	for (size_t i = 0; i < LEN(parts); i++) {
		const struct page_value v[] = {
		    {.name = "url",
		     .text = arena_cat(rq->arena, site_of(rq)->path,
				       parts[i].below, NULL)},
		    {.name = "label", .text = site_word(rq, parts[i].label)},
		    {.name = "here", .text = i == part ? "1" : NULL},
		};
		row[i] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "nav", .rows = row, .row_count = LEN(parts)};
}

static const char *notice(struct rq *rq)
{
	const char *done = web_query(rq, "done");

	for (size_t i = 0; i < LEN(notices); i++)
		if (text_is(done, notices[i].done))
			return site_word(rq, notices[i].text);
	return NULL;
}

bool om_page(struct rq *rq, const struct visitor *v, enum om_part part,
	     int status, const char *title, const char *file,
	     const struct page_value *value, size_t n)
{
	const struct page_value own[] = {
	    nav(rq, part),
	    {.name = "hetu", .text = v->citizen.hetu},
	    {.name = "csrf", .text = site_csrf(rq, &v->session)},
	    {.name = "notice", .text = notice(rq)},
	};
	struct page_value *all =
	    arena_alloc(rq->arena, (LEN(own) + n) * sizeof(*all));

	memcpy(all, own, sizeof(own));
	if (n > 0)
		memcpy(all + LEN(own), value, n * sizeof(*all));
	return site_page(rq, status, title, file,
			 &(struct page_values){all, LEN(own) + n}, "");
}

bool om_done(struct rq *rq, const char *below, const char *done)
{
	return site_go(
	    rq, 303,
	    arena_cat(rq->arena, site_url(rq, below), "?done=", done, NULL));
}

const char *om_client(struct rq *rq, const char *client_id)
{
	struct store_client c;

	if (client_id == NULL || client_id[0] == '\0')
		return site_word(rq, SAY("Not known"));
	if (!store_client_find(site_of(rq)->record->store, rq->arena, client_id,
			       &c) ||
	    c.name[0] == '\0')
		return client_id;
	return c.name;
}

void web_omakanta_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = w->prefix,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = w,
	    .refuse = web_refuse,
	    .kind = "page",
	};
}
