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
	JSON,	/* as it is */
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

static void write_words(struct jw *w, const char *name, const char *words)
{
	jw_open(w, name, '[');
	while (*(words += strspn(words, " ")) != '\0') {
		size_t n = strcspn(words, " ");

		jw_str(w, NULL, arena_strndup(w->b->arena, words, n));
		words += n;
	}
	jw_close(w);
}

/* False: rq->err says that the field holds no JSON. */
static bool write_field(struct rq *rq, struct jw *w, const struct field *f,
			const char *name, const char *value)
{
	switch (f->kind) {
	case SWITCH: jw_bool(w, name, true); return true;
	case WORDS: write_words(w, name, value); return true;
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
		const char *member = x->member ? x->member : x->name;
		const char *value = site_field(p, x->name);

		if (!value || *value == '\0')
			continue;
		if (*member == '\0')
			return value;
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
