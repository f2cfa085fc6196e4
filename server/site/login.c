/* SPDX-License-Identifier: Apache-2.0
 *
 * Logging in and out (oauth.md 3.4). A test personal code is all it takes; any
 * sound one of the 900 series is a citizen, known or new. What is wrong with a
 * code is said in plain words above the form, with status 200.
 *
 * The session that comes out of it is a new one: an id that was planted before
 * is worth nothing afterwards.
 */
#include "site/site.h"

#include <string.h>

#define AGE_LIMIT      16
#define CITIZENS_SHOWN 20

/* ---- the page -------------------------------------------------------- */

static const char *age_text(struct rq *rq, const struct store_citizen *c)
{
	int age = hetu_age(c->hetu, site_now_ms(rq));
	bool may = age >= AGE_LIMIT && !record_behaves(c, "minor");
	const struct page_value v[] = {
	    {.name = "age", .text = arena_printf(rq->arena, "%d", age)}};

	return site_say(
	    rq, may ? SAY("{age} years") : SAY("{age} years: too young"),
	    &(struct page_values){v, LEN(v)});
}

static size_t citizen_rows(struct rq *rq, struct page_values **rows)
{
	struct store_citizen *c;
	size_t n =
	    store_citizen_list(site_of(rq)->record->store, rq->arena, &c);

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

bool site_login_page(struct rq *rq, const struct site_session *s,
		     const struct site_login *l, const char *refused)
{
	struct page_values *rows;
	size_t n = citizen_rows(rq, &rows);
	struct page_value v[] = {
	    {.name = "csrf", .text = site_csrf(rq, s)},
	    {.name = "username", .text = l->username},
	    {.name = "refused", .text = refused},
	    {.name = "client", .text = l->client},
	    {.name = "hetu", .text = s->hetu},
	    {.name = "any", .text = n > 0 ? "1" : ""},
	    {.name = "citizens", .rows = rows, .row_count = n},
	};

	return site_page(rq, 200, SAY("Log in"), "server/site/login.html",
			 &(struct page_values){v, LEN(v)}, l->form_to);
}

/* ---- who may --------------------------------------------------------- */

bool site_login_citizen(struct rq *rq, const char *hetu,
			struct store_citizen *out)
{
	if (!hetu_check(hetu, &rq->err))
		return false;
	int age = hetu_age(hetu, site_now_ms(rq));
	if (age < AGE_LIMIT)
		return err_set(&rq->err, ERR_INVALID, "invalid_request",
			       "username",
			       "This person is %d years old; the service is "
			       "for those who have turned %d.",
			       age, AGE_LIMIT);
	if (!record_citizen(site_of(rq)->record, rq->arena, hetu, -1, NULL, out,
			    &rq->err))
		return false;
	if (!record_behaves(out, "minor"))
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_request", "username",
		       "This person behaves as a minor; the service is for "
		       "those who have turned %d.",
		       AGE_LIMIT);
}

/* ---- the form -------------------------------------------------------- */

/* Shows the page again with what is wrong. */
static bool again(struct rq *rq, const struct site_session *s,
		  const struct site_login *l, const char *username,
		  const char *refused)
{
	struct site_login shown = *l;

	shown.username = username;
	return site_login_page(rq, s, &shown, site_word(rq, refused));
}

bool site_login_post(struct rq *rq, struct site_post *p,
		     const struct site_login *l, bool *done)
{
	struct site_session *s = &p->session;
	struct store_citizen citizen;
	const char *hetu = site_field(p, "username");

	*done = true;
	if (hetu == NULL)
		hetu = site_field(p, "hetu");
	if (hetu == NULL || hetu[0] == '\0')
		return again(rq, s, l, "",
			     SAY("Give a personal identity code."));
	if (!site_login_citizen(rq, hetu, &citizen)) {
		if (rq->err.kind == ERR_INTERNAL)
			return false;
		/* what may be somebody's own code is not shown again */
		if (strcmp(rq->err.code, "real_hetu") == 0)
			hetu = "";
		const char *why = arena_strdup(rq->arena, rq->err.text);
		rq->err = (struct err){0};
		return again(rq, s, l, hetu, why);
	}
	site_session_begin(rq, s);
	s->hetu = citizen.hetu;
	s->login_ms = site_now_ms(rq);
	s->fresh = s->saved;
	s->saved = "";
	*done = false;
	return true;
}

/* ---- logging out ----------------------------------------------------- */

bool site_logout_get(struct rq *rq)
{
	struct site_session s;

	site_session_find(rq, &s);
	struct page_value v[] = {
	    {.name = "hetu", .text = s.hetu},
	    {.name = "csrf", .text = site_csrf(rq, &s)},
	};
	return site_page(rq, 200, SAY("Log out"), "server/site/logout.html",
			 &(struct page_values){v, LEN(v)}, "");
}

bool site_logout_post(struct rq *rq)
{
	struct site_post p;

	if (!site_form(rq, &p))
		return false;
	site_session_end(rq, &p.session, true);
	return site_page(rq, 200, SAY("Logged out"), "server/site/logout.html",
			 &(struct page_values){NULL, 0}, "");
}
