/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's forms: each is one call of the control API, a row of a table
 * that says what the fields are called there and what they are.
 *
 * A form that was taken leads back to its page (303), which says what has been
 * done: the query names the row, so no text comes from a URL. What can be seen
 * once alone (a secret, a key) is shown in the answer itself. A form that was
 * refused comes back as it was sent, with the words of the API and the member
 * that they are about.
 *
 * Of several fields for one member the first counts that was filled in.
 * A field that is empty is not sent. "match.path" is the member path within
 * match; such fields stand together in their row. A field of JSON with the name
 * "" is the whole body, and then no other counts.
 */
#include "web/console_int.h"

#include <stdlib.h>
#include <string.h>

enum kind {
	TEXT,
	NUMBER,
	SWITCH, /* a checkbox */
	WORDS,	/* spaces between: a list */
	LIST,	/* the same, and empty when nothing was typed */
	JSON,	/* as it is */
	NAMED,	/* what the member is called, the field "name" says */
};

struct field {
	const char *name;
	const char *member; /* NULL: as the name */
	enum kind kind;
};
#define FIELDS 16

struct form {
	const char *path; /* below /console, of POST */
	const char *method;
	const char *call;  /* below /__admin; {name}: a field's value */
	const char *back;  /* to which page */
	const char *done;  /* what is said there, as an English text */
	const char *shows; /* a page that shows the answer instead; or NULL */
	struct field field[FIELDS];
};

static const struct form forms[] = {
    {"/reset",
     "POST",
     "/reset",
     "/",
     SAY("The server is as it was when it started."),
     NULL,
     {{0}}},
    {"/requests/clear",
     "DELETE",
     "/requests",
     "/requests",
     SAY("The journal is empty."),
     NULL,
     {{0}}},

    {"/citizens",
     "POST",
     "/citizens",
     "/citizens",
     SAY("There is a new citizen."),
     NULL,
     {{"hetu", NULL, TEXT},
      {"age", NULL, NUMBER},
      {"behaviours", NULL, WORDS}}},
    {"/citizens/:hetu/behaviours",
     "POST",
     "/citizens",
     "/citizens/:hetu",
     SAY("The citizen behaves like that now."),
     NULL,
     {{"hetu", NULL, TEXT}, {"behaviours", NULL, LIST}}},
    {"/citizens/:hetu/age",
     "POST",
     "/citizens/:hetu/age",
     "/citizens/:hetu",
     SAY("What is the citizen's is older now."),
     NULL,
     {{"by", NULL, TEXT}}},
    {"/citizens/:hetu/delete-data",
     "POST",
     "/citizens/:hetu/delete-data",
     "/citizens/:hetu",
     SAY("The citizen has deleted data."),
     NULL,
     {{"type", NULL, TEXT}, {"older_than", NULL, TEXT}}},
    {"/citizens/:hetu/withdraw",
     "POST",
     "/permissions/withdraw",
     "/citizens/:hetu",
     SAY("The permission is withdrawn."),
     NULL,
     {{"hetu", NULL, TEXT}, {"client_id", NULL, TEXT}}},
    {"/citizens/:hetu/delete",
     "DELETE",
     "/citizens/:hetu",
     "/citizens",
     SAY("The citizen is gone, with everything about him or her."),
     NULL,
     {{0}}},

    {"/clients",
     "POST",
     "/clients",
     "/clients",
     SAY("The application is registered"),
     "console_answer",
     {{"whole", "", JSON},
      {"client_name", NULL, TEXT},
      {"redirect_uris", NULL, WORDS},
      {"scope", NULL, TEXT},
      {"kind", NULL, TEXT},
      {"token_endpoint_auth_method", NULL, TEXT}}},
    {"/clients/:client_id/delete",
     "DELETE",
     "/clients/:client_id",
     "/clients",
     SAY("The application is gone."),
     NULL,
     {{0}}},

    {"/tokens",
     "POST",
     "/tokens",
     "/tokens",
     SAY("Tokens were issued"),
     "console_answer",
     {{"client_id", NULL, TEXT},
      {"hetu", NULL, TEXT},
      {"scope", NULL, TEXT},
      {"expires_in", NULL, NUMBER}}},
    {"/tokens/expire",
     "POST",
     "/tokens/expire",
     "/tokens",
     SAY("The tokens have expired."),
     NULL,
     {{"client_id", NULL, TEXT}, {"hetu", NULL, TEXT}, {"token", NULL, TEXT}}},
    {"/tokens/revoke",
     "POST",
     "/tokens/revoke",
     "/tokens",
     SAY("The tokens are revoked."),
     NULL,
     {{"client_id", NULL, TEXT}, {"hetu", NULL, TEXT}, {"token", NULL, TEXT}}},

    {"/certificates",
     "POST",
     "/certificates",
     "/certificates",
     SAY("A certificate was issued"),
     "console_certificate",
     {{"kind", NULL, TEXT},
      {"oid", NULL, TEXT},
      {"common_name", NULL, TEXT},
      {"format", NULL, TEXT}}},
    {"/certificates/:number/revoke",
     "POST",
     "/certificates/:number/revoke",
     "/certificates",
     SAY("The certificate is revoked."),
     NULL,
     {{0}}},

    {"/faults",
     "POST",
     "/faults",
     "/faults",
     SAY("The fault is armed."),
     NULL,
     {{"whole", "", JSON},
      {"match_json", "match", JSON},
      {"client_id", "match.client_id", TEXT},
      {"hetu", "match.hetu", TEXT},
      {"endpoint", "match.endpoint", TEXT},
      {"interaction", "match.interaction", TEXT},
      {"path", "match.path", TEXT},
      {"action_json", "action", JSON},
      {"action", NULL, JSON},
      {"times", NULL, NUMBER},
      {"after", NULL, NUMBER}}},
    {"/faults/clear",
     "DELETE",
     "/faults",
     "/faults",
     SAY("No fault is armed."),
     NULL,
     {{0}}},
    {"/faults/:id/delete",
     "DELETE",
     "/faults/:id",
     "/faults",
     SAY("The fault is disarmed."),
     NULL,
     {{0}}},

    {"/clock/advance",
     "POST",
     "/clock/advance",
     "/clock",
     SAY("The clock was moved."),
     NULL,
     {{"by", NULL, TEXT}}},
    {"/clock",
     "PUT",
     "/clock",
     "/clock",
     SAY("The clock was set."),
     NULL,
     {{"mode", NULL, TEXT}, {"now", NULL, TEXT}}},

    {"/snapshots",
     "POST",
     "/snapshots",
     "/snapshots",
     SAY("The state is kept."),
     NULL,
     {{"name", NULL, TEXT}}},
    {"/snapshots/:name/restore",
     "POST",
     "/snapshots/:name/restore",
     "/snapshots",
     SAY("The state is what it was then."),
     NULL,
     {{0}}},
    {"/snapshots/:name/delete",
     "DELETE",
     "/snapshots/:name",
     "/snapshots",
     SAY("The snapshot is gone."),
     NULL,
     {{0}}},

    {"/settings",
     "PUT",
     "/settings",
     "/settings",
     SAY("The switch is changed."),
     NULL,
     {{"value", NULL, NAMED}}},
};

const char *console_done(const char *i)
{
	size_t n;

	if (!i || *i == '\0' || strspn(i, "0123456789") != strlen(i))
		return NULL;
	n = (size_t)strtoul(i, NULL, 10);
	return n < LEN(forms) ? forms[n].done : NULL;
}

/* ---- the body -------------------------------------------------------- */

static bool number_ok(const char *s)
{
	const size_t n = strspn(s, "0123456789");

	return n > 0 && n < 16 && s[n] == '\0' && (s[0] != '0' || n == 1);
}

/* False: rq->err says that the field holds no JSON. */
static bool write_field(struct rq *rq, struct jw *w, const struct field *f,
			const char *name, const char *value)
{
	switch (f->kind) {
	case SWITCH: jw_bool(w, name, true); return true;
	case LIST:
	case WORDS: jw_words(w, name, value); return true;
	case NUMBER:
		if (number_ok(value))
			jw_raw(w, name, value, strlen(value));
		else /* the API says what is wrong with it */
			jw_str(w, name, value);
		return true;
	case JSON:
		if (!json_parse(rq->arena, value, strlen(value), &rq->err))
			return false;
		jw_raw(w, name, value, strlen(value));
		return true;
	default: jw_str(w, name, value); return true;
	}
}

static const char *member_of(const struct field *f)
{
	return f->member ? f->member : f->name;
}

/* What was typed into a field; NULL: nothing. */
static const char *sent(const struct site_post *p, const struct field *f)
{
	const char *value = site_field(p, f->name);

	return value && (*value != '\0' || f->kind == LIST) ? value : NULL;
}

/* The object that a member is in: "match" of "match.path"; n its length. */
static size_t within(const char *member)
{
	const char *dot = strchr(member, '.');

	return dot ? (size_t)(dot - member) : 0;
}

/* Closes the object that is open and opens the one of this member. */
static const char *enter(struct jw *w, const char *open, const char *member)
{
	const size_t n = within(member);

	if (open && (strlen(open) != n || memcmp(open, member, n) != 0)) {
		jw_close(w);
		open = NULL;
	}
	if (n > 0 && !open) {
		open = arena_strndup(w->b->arena, member, n);
		jw_open(w, open, '{');
	}
	return open;
}

/* Was a field before this one sent for the same member, or a part of it? */
static bool is_said(const struct form *f, const struct site_post *p, size_t i)
{
	const char *member = member_of(&f->field[i]);
	const size_t n = strcspn(member, ".");

	for (size_t j = 0; j < i; j++) {
		const char *other = member_of(&f->field[j]);
		const bool whole = strlen(other) == n;

		if (whole && memcmp(other, member, n) == 0 &&
		    sent(p, &f->field[j]))
			return true;
	}
	return false;
}

/* The body of the call; NULL: rq->err. */
static const char *body_of(struct rq *rq, const struct form *f,
			   const struct site_post *p)
{
	struct buf b;
	struct jw w = {.b = &b};
	const char *open = NULL;

	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	for (size_t i = 0; i < FIELDS && f->field[i].name; i++) {
		const struct field *x = &f->field[i];
		const char *member = member_of(x);
		const char *value = sent(p, x);

		if (!value || is_said(f, p, i))
			continue;
		if (*member == '\0')
			return value;
		if (x->kind == NAMED)
			member = text_or_empty(site_field(p, "name"));
		else
			open = enter(&w, open, member);
		member += open ? within(member) + 1 : 0;
		if (!write_field(rq, &w, x, member, value))
			return NULL;
	}
	if (open)
		jw_close(&w);
	jw_close(&w);
	return b.p;
}

/* ---- sending it ------------------------------------------------------ */

static const struct form *form_find(const char *below)
{
	for (size_t i = 0; i < LEN(forms); i++)
		if (console_match(forms[i].path, below))
			return &forms[i];
	return NULL;
}

/* A page with what is not told again: no switch of languages. */
static bool show_once(struct rq *rq, const struct form *f,
		      const struct console_answer *answer)
{
	struct console_view v;

	console_view_init(&v, rq);
	console_text(&v, "shown_once", "1");
	console_text(&v, "title_done", site_word(rq, f->done));
	console_text(&v, "back",
		     arena_cat(rq->arena, "/console", f->back, NULL));
	console_bind(&v, answer->json);
	return console_reply(&v, 200, f->done, f->shows, NULL);
}

static bool again(struct rq *rq, const struct form *f, const char *below,
		  const struct site_post *p,
		  const struct console_answer *refused)
{
	const char *back = console_fill(rq, f->back, below, p);
	const struct console_page *page = console_page_find(rq, back);

	return console_show(rq, page, back, p, refused);
}

static bool no_json(struct rq *rq, const struct form *f, const char *below,
		    const struct site_post *p)
{
	const struct console_answer refused = {
	    .status = 400,
	    .code = rq->err.code,
	    .message = arena_strdup(rq->arena, rq->err.text),
	    .where = arena_strdup(rq->arena, rq->err.where),
	};

	rq->err = (struct err){.kind = ERR_NONE};
	return again(rq, f, below, p, &refused);
}

bool console_form(struct rq *rq)
{
	const char *below = rq->path + strlen("/console");
	const struct form *f = form_find(below);
	struct console_answer answer;
	struct site_post p;

	if (!f)
		return err_set(&rq->err, ERR_NOT_FOUND, "not-found", NULL,
			       "nothing is at %s", rq->path);
	if (!site_form(rq, &p))
		return false;
	const char *body = body_of(rq, f, &p);
	if (!body)
		return no_json(rq, f, below, &p);
	console_ask(rq, f->method, console_fill(rq, f->call, below, &p),
		    strcmp(f->method, "DELETE") == 0 ? NULL : body, &answer);
	if (answer.status == 401)
		return console_locked(rq);
	if (answer.status >= 400)
		return again(rq, f, below, &p, &answer);
	/* the call may have moved the clock, or emptied the store */
	site_session_put(rq, &p.session);
	if (f->shows)
		return show_once(rq, f, &answer);
	const char *back = console_fill(rq, f->back, below, &p);
	return site_go(rq, 303,
		       arena_printf(rq->arena, "%s%s?done=%zu",
				    strcmp(back, "/") == 0 ? "" : "/console",
				    back, (size_t)(f - forms)));
}
