/* SPDX-License-Identifier: Apache-2.0
 *
 * Habits of an application that are worth mending: not failures, but what will
 * hurt in production, or what the service asks of nobody to bear.
 *
 * Each habit is seen in the order of the journal, for each application alone. A
 * little is remembered of each: the last request and when it came, tokens that
 * were exchanged, identifiers that were sent, pages that were offered. How fast
 * somebody came back is a matter of the real clock, whatever the server's shows
 * (struct seen, wall_ms); where that is not known it is not judged.
 *
 * What the journal took out (tokens, secrets) can be told apart only as far as
 * it left a digest; a personal identity code is known by its masked form.
 *
 * Facts: stand-in.md 11, kanta.md 4.4, 7.
 */
#include "admin/report_int.h"

#define SOON_MS	     1000
#define POLLS	     3	  /* the same question so often, each time too soon */
#define TOKENS	     3	  /* from so many on their use is looked at */
#define PAGES	     1000 /* offered, that are remembered of an application */
#define TLS_VERSION  70	  /* alerts, RFC 8446 6.2 */
#define TLS_REQUIRED 116

enum habit {
	NO_BACK_OFF,
	TOKEN_PER_CALL,
	REFRESH_REUSED,
	NO_IF_NONE_EXIST,
	NEXT_NOT_FOLLOWED,
	HETU_IN_URL,
	HETU_IN_RESOURCE,
	NO_USER_AGENT,
	OLD_TLS,
	POLLING,
	DEAD_TOKEN_USED,
	NO_CERTIFICATE,
	HABITS
};

static const struct {
	const char *id, *what, *change;
} told[HABITS] = {
    [NO_BACK_OFF] = {"no-back-off",
		     SAY("After 429 or 503 the same request came again within "
			 "a second."),
		     SAY("Wait as long as Retry-After says, and longer with "
			 "each attempt.")},
    [TOKEN_PER_CALL] = {"token-per-call",
			SAY("A new access token was fetched for nearly every "
			    "call."),
			SAY("Keep the access token until shortly before it "
			    "expires (expires_in).")},
    [REFRESH_REUSED] = {"refresh-token-reused",
			SAY("A refresh token was used again after it had been "
			    "exchanged for another one."),
			SAY("Store the refresh token of every answer, and use "
			    "the latest one alone.")},
    [NO_IF_NONE_EXIST] = {"no-if-none-exist",
			  SAY("A create was repeated with the same identifier "
			      "and without If-None-Exist."),
			  SAY("Send If-None-Exist: identifier=... with every "
			      "create: a repeated one then makes no "
			      "duplicate.")},
    [NEXT_NOT_FOLLOWED] = {"next-not-followed",
			   SAY("A search had more pages, and they were not "
			       "fetched."),
			   SAY("Follow the link \"next\" of the Bundle until "
			       "there is none.")},
    [HETU_IN_URL] = {"hetu-in-url",
		     SAY("A personal identity code stood in a URL."),
		     SAY("Speak of the citizen by the Patient id that the "
			 "token answer tells (sub): URLs end up in logs.")},
    [HETU_IN_RESOURCE] = {"hetu-in-resource",
			  SAY("A personal identity code stood in a "
			      "resource."),
			  SAY("Refer to the citizen as Patient/ID: resources "
			      "hold no personal identity code.")},
    [NO_USER_AGENT] = {"no-user-agent",
		       SAY("Requests came without User-Agent."),
		       SAY("Send the name and version of the application as "
			   "User-Agent, so that it can be found in logs.")},
    [OLD_TLS] = {"old-tls",
		 SAY("A connection was tried with a version of TLS before "
		     "1.2."),
		 SAY("Use TLS 1.2 or 1.3.")},
    [POLLING] = {"polling",
		 SAY("The same question was asked more often than once a "
		     "second."),
		 SAY("Ask less often, and for what is new alone "
		     "(_lastUpdated).")},
    [DEAD_TOKEN_USED] = {"dead-token-used",
			 SAY("An access token was used again after it had been "
			     "refused with 401."),
			 SAY("After 401 refresh the access token first, and "
			     "ask for a new permission when that is "
			     "refused.")},
    [NO_CERTIFICATE] = {"no-certificate",
			SAY("No client certificate was presented where one is "
			    "demanded."),
			SAY("Present the service certificate on every "
			    "connection to the token endpoint and to FHIR.")},
};

/* A page that was offered. */
struct offered {
	const char *query;
	size_t entry; /* of the journal, which offered it */
	bool followed;
	struct offered *next;
};

struct habits {
	size_t count[HABITS];
	struct report_cited cited[HABITS];
	const char *throttled; /* what was answered 429 or 503; NULL: nothing */
	int64_t throttled_ms;
	size_t tokens, calls;
	size_t token[REPORT_CITED]; /* entries of the journal */
	unsigned unauthorized;	    /* in a row */
	const char *asked;	    /* the last question */
	int64_t asked_ms;
	unsigned asked_often;
	struct report_words spent; /* refresh tokens */
	struct report_words sent;  /* identifiers, of what may be stored */
	struct offered *offered, **last;
	size_t pages;
};

static void note(struct report *r, struct habits *h, enum habit which,
		 const struct seen *s)
{
	h->count[which]++;
	report_cite(r, &h->cited[which], s);
}

/* ---- personal identity codes ---- */

static bool is_code(const char *s)
{
	char text[12];
	struct err e;

	for (int i = 0; i < 6; i++)
		if (!ascii_digit(s[i]))
			return false;
	if (!s[6] || !strchr("+-YXWVUABCDEF", s[6]))
		return false;
	if (strncmp(s + 7, "****", 4) == 0)
		return true;
	if (strlen(s) < 11)
		return false;
	memcpy(text, s, 11);
	text[11] = '\0';
	return hetu_check(text, &e);
}

static bool has_code(const char *s, size_t n)
{
	for (size_t i = 0; s && i + 11 <= n; i++) {
		const bool first = i == 0 || !(ascii_digit(s[i - 1]) ||
					       ascii_letter(s[i - 1]));

		if (first && ascii_digit(s[i]) && is_code(s + i))
			return true;
	}
	return false;
}

/* ---- one habit each ---- */

typedef void (*habit_see)(struct report *r, struct arena *a, struct habits *h,
			  const struct report_event *e);

static const char *asked_text(struct arena *a, const struct seen *s)
{
	return arena_cat(a, s->method, " ", s->path, "?",
			 text_or_empty(s->query), NULL);
}

static void see_back_off(struct report *r, struct arena *a, struct habits *h,
			 const struct report_event *e)
{
	const struct seen *s = e->seen;
	const char *text = asked_text(a, s);

	if (h->throttled && s->wall_ms - h->throttled_ms < SOON_MS &&
	    strcmp(text, h->throttled) == 0)
		note(r, h, NO_BACK_OFF, s);
	h->throttled = NULL;
	if (s->wall_ms == 0 || (s->status != 429 && s->status != 503))
		return;
	h->throttled = arena_strdup(r->arena, text);
	h->throttled_ms = s->wall_ms;
}

static void see_polling(struct report *r, struct arena *a, struct habits *h,
			const struct report_event *e)
{
	const struct seen *s = e->seen;
	const char *text;

	if (!e->is_fhir || s->wall_ms == 0 || strcmp(s->method, "GET") != 0)
		return;
	text = asked_text(a, s);
	if (h->asked && s->wall_ms - h->asked_ms < SOON_MS &&
	    strcmp(text, h->asked) == 0) {
		if (++h->asked_often >= POLLS)
			note(r, h, POLLING, s);
	} else {
		h->asked_often = 1;
		h->asked = arena_strdup(r->arena, text);
	}
	h->asked_ms = s->wall_ms;
}

static bool is_token(const struct report_event *e)
{
	return text_is(e->seen->endpoint, "token");
}

static void see_tokens(struct report *r, struct arena *a, struct habits *h,
		       const struct report_event *e)
{
	(void)a;
	if (e->is_fhir)
		h->calls++;
	if (!is_token(e) || e->status != 200)
		return;
	if (h->tokens < LEN(h->token))
		h->token[h->tokens] = r->now;
	h->tokens++;
}

static void see_dead_token(struct report *r, struct arena *a, struct habits *h,
			   const struct report_event *e)
{
	(void)a;
	if (is_token(e) || (e->is_fhir && e->status != 401))
		h->unauthorized = 0;
	else if (e->is_fhir && ++h->unauthorized > 1)
		note(r, h, DEAD_TOKEN_USED, e->seen);
}

static void see_refresh(struct report *r, struct arena *a, struct habits *h,
			const struct report_event *e)
{
	const char *next = json_get_text(e->answer, "refresh_token");
	struct http_pair *pair;
	const char *used;
	struct err err;
	size_t n;

	if (text_begins(text_or_empty(e->seen->why), "it was used before")) {
		note(r, h, REFRESH_REUSED, e->seen);
		return;
	}
	if (!is_token(e) || !text_is(e->seen->grant_type, "refresh_token") ||
	    !http_form(a, text_or_empty(e->seen->body), e->seen->body_len,
		       &pair, &n, &err))
		return;
	used = http_form_get(pair, n, "refresh_token");
	if (!used || *used == '*' || *used == '\0')
		return;
	n = h->spent.n;
	if (report_words_add(&h->spent, used) < n)
		note(r, h, REFRESH_REUSED, e->seen);
	else if (e->status != 200 || !next || strcmp(next, used) == 0)
		report_words_forget(&h->spent); /* it is good yet */
}

static bool may_be_stored(const struct report_event *e)
{
	return e->status < 400 || e->status >= 500 ||
	       *text_or_empty(e->seen->fault);
}

static void see_create(struct report *r, struct arena *a, struct habits *h,
		       const struct report_event *e)
{
	const struct json *v = json_get(e->resource, "identifier");
	const struct seen *s = e->seen;
	size_t before;

	if (!text_is(s->interaction, "create") || !v || e->entry)
		return;
	r->creates++;
	if (s->header && s->header(s, "If-None-Exist")) {
		r->creates_conditional++;
		return;
	}
	v = json_kind(v) == JSON_ARRAY ? json_first(v) : v;
	if (!json_get_text(v, "value"))
		return;
	before = h->sent.n;
	if (report_words_add(
		&h->sent, arena_cat(a, report_fhir(e->fhir), " ", e->type, " ",
				    text_or_empty(json_get_text(v, "system")),
				    "|", json_get_text(v, "value"), NULL)) <
	    before)
		note(r, h, NO_IF_NONE_EXIST, s);
	else if (!may_be_stored(e))
		report_words_forget(&h->sent);
}

static const char *next_of(const struct json *bundle)
{
	const struct json *v = json_first(json_get(bundle, "link"));

	for (; v; v = json_next(v))
		if (text_is(json_get_text(v, "relation"), "next"))
			return json_get_text(v, "url");
	return NULL;
}

static void see_pages(struct report *r, struct arena *a, struct habits *h,
		      const struct report_event *e)
{
	const char *next = next_of(e->answer);
	const char *query = next ? strchr(next, '?') : NULL;
	struct offered *o;

	(void)a;
	if (!e->is_fhir || e->seen->query == NULL)
		return;
	for (o = h->offered; o && *e->seen->query; o = o->next) {
		if (o->followed || strcmp(o->query, e->seen->query) != 0)
			continue;
		o->followed = true;
		r->pages_followed++;
	}
	if (!query || h->pages++ >= PAGES)
		return;
	o = arena_alloc(r->arena, sizeof(*o));
	o->query = arena_strdup(r->arena, query + 1);
	o->entry = r->now;
	*h->last = o;
	h->last = &o->next;
	r->pages_offered++;
}

/* ---- habits that show in one request ---- */

static bool is_fhir(const struct seen *s)
{
	return text_is(s->endpoint, "fhir");
}

static bool shows_code_in_url(const struct seen *s)
{
	return has_code(s->path, strlen(text_or_empty(s->path))) ||
	       has_code(s->query, strlen(text_or_empty(s->query)));
}

static bool shows_code_in_resource(const struct seen *s)
{
	return is_fhir(s) && has_code(s->body, s->body_len);
}

static bool shows_no_agent(const struct seen *s)
{
	return (is_fhir(s) || text_is(s->endpoint, "token")) && s->header &&
	       *text_or_empty(s->header(s, "User-Agent")) == '\0';
}

static bool shows_old_tls(const struct seen *s)
{
	return s->alert == TLS_VERSION;
}

static bool shows_no_certificate(const struct seen *s)
{
	const char *why = text_or_empty(s->why);
	const char *error = text_or_empty(s->error);

	return s->alert == TLS_REQUIRED ||
	       ((s->status == 400 || s->status == 401) &&
		*text_or_empty(s->thumbprint) == '\0' &&
		(strstr(error, "ertificate") || strstr(why, "ertificate")));
}

static const struct {
	enum habit habit;
	bool (*shows)(const struct seen *s);
} alone[] = {
    {HETU_IN_URL, shows_code_in_url},
    {HETU_IN_RESOURCE, shows_code_in_resource},
    {NO_USER_AGENT, shows_no_agent},
    {OLD_TLS, shows_old_tls},
    {NO_CERTIFICATE, shows_no_certificate},
};

const char *report_habit_shown(const struct seen *s, size_t i)
{
	if (i >= LEN(alone))
		return NULL;
	return alone[i].shows(s) ? told[alone[i].habit].id : "";
}

static void see_alone(struct report *r, struct arena *a, struct habits *h,
		      const struct report_event *e)
{
	const struct seen *s = e->seen;
	const char *agent = s->header ? s->header(s, "User-Agent") : NULL;

	(void)a;
	for (size_t i = 0; i < LEN(alone); i++)
		if (alone[i].shows(s))
			note(r, h, alone[i].habit, s);
	if ((is_fhir(s) || is_token(e)) && *text_or_empty(agent) &&
	    e->client->agents.n < REPORT_AGENTS)
		report_words_add(&e->client->agents, agent);
}

/* ---- all of them ---- */

static struct habits *habits_of(struct report *r, struct report_client *c)
{
	if (c->habits)
		return c->habits;
	c->habits = arena_alloc(r->arena, sizeof(*c->habits));
	c->habits->last = &c->habits->offered;
	report_words_init(&c->habits->spent, r->arena);
	report_words_init(&c->habits->sent, r->arena);
	return c->habits;
}

void report_habits(struct report *r, struct arena *a,
		   const struct report_event *e)
{
	static const habit_see all[] = {
	    see_back_off, see_polling, see_tokens, see_dead_token,
	    see_refresh,  see_create,  see_pages,  see_alone,
	};

	if (e->entry || e->others || !e->first)
		return;
	for (size_t i = 0; i < LEN(all); i++)
		all[i](r, a, habits_of(r, e->client), e);
}

static void end_client(struct report *r, const struct report_journal *j,
		       struct habits *h)
{
	struct seen s;

	for (size_t i = 0; i < h->tokens && i < LEN(h->token); i++)
		if (h->tokens >= TOKENS && h->calls <= h->tokens &&
		    j->at(j->of, h->token[i], &s))
			note(r, h, TOKEN_PER_CALL, &s);
	if (h->count[TOKEN_PER_CALL] > 0)
		h->count[TOKEN_PER_CALL] = h->tokens;
	for (const struct offered *o = h->offered; o; o = o->next)
		if (!o->followed && j->at(j->of, o->entry, &s))
			note(r, h, NEXT_NOT_FOLLOWED, &s);
}

static void add_habit(struct report *r, const struct report_client *c,
		      enum habit i)
{
	r->habit[r->habits++] = (struct report_habit){
	    .id = told[i].id,
	    .what = told[i].what,
	    .change = told[i].change,
	    .client_id = c->client_id,
	    .count = c->habits->count[i],
	    .cited = c->habits->cited[i],
	};
}

void report_habits_end(struct report *r, const struct report_journal *j)
{
	r->habit =
	    arena_alloc(r->arena, r->clients * HABITS * sizeof(*r->habit));
	for (size_t i = 0; i < r->clients; i++) {
		struct report_client *c = r->client[i];

		if (!c->habits)
			continue;
		end_client(r, j, c->habits);
		for (int k = 0; k < HABITS; k++)
			if (c->habits->count[k] > 0)
				add_habit(r, c, (enum habit)k);
	}
}
