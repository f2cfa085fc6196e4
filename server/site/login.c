/* SPDX-License-Identifier: Apache-2.0
 *
 * Logging in and out (oauth.md 3.4). A test personal code is all it takes; any
 * sound one of the 900 series is a citizen, known or new, unless the switch
 * citizens says that only those may log in who are registered (kanta.md 2). How
 * old one must be, login_age says. What is wrong with a code is said in plain
 * words above the form, with status 200.
 *
 * The session that comes out of it is a new one: an id that was planted before
 * is worth nothing afterwards.
 */
#include "site/site.h"

#include <string.h>

#define CITIZENS_SHOWN 20

static const struct settings *settings_of(const struct rq *rq)
{
	return &site_of(rq)->record->settings;
}

/* ---- the page -------------------------------------------------------- */

static const char *age_text(struct rq *rq, const struct store_citizen *c)
{
	int age = hetu_age(c->hetu, site_now_ms(rq));
	bool may =
	    age >= settings_of(rq)->login_age && !record_behaves(c, "minor");
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
		const struct page_value v[] = {
		    {.name = "code", .text = c[i].hetu},
		    {.name = "age", .text = age_text(rq, &c[i])},
		};
		(*rows)[i] = page_row(rq->arena, v, LEN(v));
	}
	return n;
}

bool site_login_page(struct rq *rq, const struct site_session *s,
		     const struct site_login *l, const char *refused)
{
	const struct settings *now = settings_of(rq);
	struct page_values *rows;
	size_t n = citizen_rows(rq, &rows);
	struct page_value v[] = {
	    {.name = "csrf", .text = site_csrf(rq, s)},
	    {.name = "username", .text = l->username},
	    {.name = "refused", .text = refused},
	    {.name = "client", .text = l->client},
	    {.name = "hetu", .text = s->hetu},
	    {.name = "query", .text = site_locales_query(rq, rq->query)},
	    {.name = "registered", .text = now->citizens ? "1" : ""},
	    {.name = "limit",
	     .text = arena_printf(rq->arena, "%d", now->login_age)},
	    {.name = "any", .text = n > 0 ? "1" : ""},
	    {.name = "citizens", .rows = rows, .row_count = n},
	};

	return site_page(rq, 200, SAY("Log in"), "server/site/login.html",
			 &(struct page_values){v, LEN(v)}, l->form_to);
}

/* ---- who may --------------------------------------------------------- */

static const char *const faults[] = {
    [HETU_LENGTH] = SAY("A personal identity code has 11 characters: the date "
			"of birth, the sign of the century, three digits and a "
			"check character."),
    [HETU_DIGITS] = SAY("A personal identity code begins with six digits, and "
			"has three more behind the sign of the century."),
    [HETU_SIGN] = SAY("The seventh character must be the sign of a century, "
		      "such as - or A."),
    [HETU_DAY] = SAY("The calendar has no such date of birth."),
    [HETU_CHARACTER] = SAY("The check character does not fit. Look at the "
			   "personal identity code again."),
    [HETU_NUMBER] = SAY("The three digits behind the sign of the century begin "
			"with 002."),
    [HETU_REAL] = SAY("This may be a real person's personal identity code. "
		      "Only test codes, whose three digits are 900 to 999, are "
		      "accepted here."),
};

/* The text, when a switch decided: the journal says where that rests on
 * inference. */
static const char *noted(struct rq *rq, const char *name, const char *text)
{
	rq->why = record_preset_note(site_of(rq)->record, rq->arena, name);
	return text;
}

/* Why this citizen may not log in, as an English text with {age} and {limit};
 * NULL when nothing is against it: then out is the citizen. */
static const char *why_not(struct rq *rq, const char *hetu,
			   struct store_citizen *out)
{
	struct record *r = site_of(rq)->record;
	enum hetu_fault fault = hetu_fault(hetu);

	if (fault != HETU_SOUND)
		return faults[fault];
	int age = hetu_age(hetu, site_now_ms(rq));
	if (age < 0)
		return SAY("This person has not been born yet.");
	if (age < settings_of(rq)->login_age)
		return noted(rq, "login_age",
			     SAY("This person is {age} years old; the service "
				 "is for those who have turned {limit}."));
	if (settings_of(rq)->citizens &&
	    !record_citizen_known(r, rq->arena, hetu))
		return noted(rq, "citizens",
			     SAY("No test citizen with this code is registered "
				 "here, and only registered ones can log in. "
				 "Register one: POST /__admin/citizens with "
				 "the code as hetu, or citizens of a "
				 "fixture."));
	if (!record_citizen(r, rq->arena, hetu, -1, NULL, out, &rq->err))
		return arena_strdup(rq->arena, rq->err.text);
	if (record_behaves(out, "minor"))
		return SAY("This person behaves as a minor; the service is for "
			   "those who have turned {limit}.");
	if (record_behaves(out, "deceased"))
		return SAY("This person has died: nobody logs in any more.");
	return NULL;
}

/* The text with its numbers; in the page's language, or in English. */
static const char *filled(struct rq *rq, const char *text, const char *hetu,
			  bool english)
{
	int age = hetu_fault(hetu) == HETU_SOUND
		      ? hetu_age(hetu, site_now_ms(rq))
		      : 0;
	const struct page_value v[] = {
	    {.name = "age", .text = arena_printf(rq->arena, "%d", age)},
	    {.name = "limit",
	     .text = arena_printf(rq->arena, "%d", settings_of(rq)->login_age)},
	};
	const struct page_values values = {v, LEN(v)};

	return english ? page_say(rq->arena, NULL, text, &values)
		       : site_say(rq, text, &values);
}

bool site_login_citizen(struct rq *rq, const char *hetu,
			struct store_citizen *out)
{
	const char *why = why_not(rq, hetu, out);

	if (why == NULL) {
		rq->hetu = out->hetu;
		return true;
	}
	if (rq->err.kind == ERR_INTERNAL)
		return false;
	return err_set(&rq->err, ERR_INVALID, "invalid_request", "username",
		       "%s", filled(rq, why, hetu, true));
}

/* ---- the form -------------------------------------------------------- */

/* Shows the page again with what is wrong. What may be somebody's own code is
 * not shown again. */
static bool again(struct rq *rq, const struct site_session *s,
		  const struct site_login *l, const char *username,
		  const char *refused)
{
	struct site_login shown = *l;

	rq->err = (struct err){0};
	shown.username = hetu_fault(username) == HETU_REAL ? "" : username;
	return site_login_page(rq, s, &shown,
			       filled(rq, refused, username, false));
}

bool site_login_post(struct rq *rq, struct site_post *p,
		     const struct site_login *l, bool *done)
{
	struct site_session *s = &p->session;
	struct store_citizen citizen = {0};
	const char *hetu = site_field(p, "username");

	*done = true;
	if (hetu == NULL)
		hetu = site_field(p, "hetu");
	if (hetu == NULL || hetu[0] == '\0')
		return again(rq, s, l, "",
			     SAY("Give a personal identity code."));
	const char *why = why_not(rq, hetu, &citizen);
	if (why != NULL && rq->err.kind == ERR_INTERNAL)
		return false;
	if (why != NULL)
		return again(rq, s, l, hetu, why);
	site_session_begin(rq, s);
	s->hetu = citizen.hetu;
	rq->hetu = citizen.hetu;
	rq_passed(rq, "login");
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
