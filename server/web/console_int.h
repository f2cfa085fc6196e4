/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the console share: the page for the person who runs the
 * mock.
 */
#ifndef CONSOLE_INT_H
#define CONSOLE_INT_H

#include "web/web_int.h"

/* ---- asking: console_ask.c ------------------------------------------- */

/* The answer to a request from within. */
struct console_answer {
	int status;
	const char *type; /* Content-Type; NULL: none */
	const char *text; /* the body, len bytes */
	size_t len;
	const struct json *json;	    /* NULL: it is none */
	const char *code, *message, *where; /* of a refusal; "" for none */
	const struct rq *from;
};

/* Asks the control API for the path ("/requests?limit=1"), with its token when
 * this browser has shown it. */
void console_ask(struct rq *rq, const char *method, const char *path,
		 const char *body, struct console_answer *out);

/* Asks any group; authorization: that header's value, or NULL. */
void console_ask_group(struct rq *rq, const char *method, const char *url,
		       const char *body, const char *authorization,
		       struct console_answer *out);

/* The browser's session, with an id. */
void console_session(struct rq *rq, struct site_session *s);

/* Goes to where the token of the control API is asked for, and back to the
 * page afterwards. */
bool console_locked(struct rq *rq);
bool console_unlock_get(struct rq *rq);
bool console_unlock_post(struct rq *rq);

/* ---- values: console_bind.c ------------------------------------------ */

/* The values of a page under way. */
struct console_view {
	struct rq *rq;
	struct page_value *v;
	size_t n, cap;
};
void console_view_init(struct console_view *v, struct rq *rq);
void console_put(struct console_view *v, struct page_value value);
void console_text(struct console_view *v, const char *name, const char *text);
void console_rows(struct console_view *v, const char *name,
		  const struct page_values *row, size_t n);

/* A value of JSON as a value of a page:
 *	"x", 1, true	the text; false and null are absent
 *	{..}		one row, its members; as a text, the JSON itself
 *	[{..}, ..]	rows; as a text, how many
 *	["a", ..]	rows of item; as a text, all with spaces between
 * Of a list that has rows, NAME.on is "1"; of an object, NAME.each is rows of
 *key and value, and of the members of the value when that is an object. */
struct page_value console_value(struct arena *a, const char *name,
				const struct json *json);
/* The members of an object, each as a value of the page; and all of them within
 * the section it (and it.each), where no value of the page has their name. */
void console_bind(struct console_view *v, const struct json *object);

/* The text of a member (a number's, too), or "". */
const char *console_said(const struct json *object, const char *name);

/* ---- JSON to be read: console_json.c --------------------------------- */

/* What is said about places of a resource, by their FHIRPath. */
struct console_mark {
	const char *path, *text;
	bool bad; /* an error; else a warning */
};
struct console_marks {
	const struct console_mark *v;
	size_t n;
};
/* Lines as rows of indent, key, value, kind, tail, mark and said (rows of
 * says); marks may be NULL. */
void console_lines(struct console_view *v, const char *name,
		   const struct json *json, const struct console_marks *marks);
/* The same of a text; what is no JSON becomes the value NAME_text. */
void console_lines_of(struct console_view *v, const char *name,
		      const char *text, const struct console_marks *marks);

/* ---- why it was refused: console_explain.c --------------------------- */

void console_explain_more(struct console_view *v, const struct json *answer);

/* A resource as the rules judge it: rows issues, and the lines NAME with marks.
 * base: of the FHIR server, for references. */
void console_judge(struct console_view *v, const char *name,
		   enum fhir_version fhir, const char *text);

/* ---- pages: console.c ------------------------------------------------ */

/* A page: what it asks the control API, and the template that the answer is put
 * into. */
struct console_page {
	const char *path;  /* below /console, and of the call below /__admin */
	const char *call;  /* NULL: as the path; else what is asked instead */
	const char *title; /* English */
	const char *file;  /* below server/web/, without .html */
	const char *rail;  /* what the ways through the site call it, or the
			    * page that it is behind */
	const char *query; /* parameters that are handed on, spaces between */
	/* What the page has beside the answer; or NULL. */
	void (*more)(struct console_view *v, const struct json *answer);
	/* The call, where a pattern cannot say it; or NULL. */
	const char *(*asks)(struct rq *rq);
};

/* The page whose path matches one below /console; or NULL. */
const struct console_page *console_page_find(struct rq *rq, const char *below);

/* The path of a pattern ("/requests/:id"): each :name by the segment of path
 * that matched, or {name} by the value in the form; escaped. */
const char *console_fill(struct rq *rq, const char *pattern, const char *path,
			 const struct site_post *form);
/* Does the path match the pattern? */
bool console_match(const char *pattern, const char *path);

/* The page of what was answered to its question. form: what was sent from it,
 * and refused for why; both NULL when it was just opened. */
bool console_show(struct rq *rq, const struct console_page *page,
		  const char *below, const struct site_post *form,
		  const struct console_answer *refused);
/* Says on the page what the control API refused. */
void console_trouble(struct console_view *v, const struct console_answer *r);
/* The page of the values alone; rail: which of the ways it is. */
bool console_reply(struct console_view *v, int status, const char *title,
		   const char *file, const char *rail);

/* The file below server/web/ in which a page is. */
const char *console_file(struct rq *rq, const char *name);

/* ---- forms: console_form.c ------------------------------------------- */

/* POST of any form below /console. */
bool console_form(struct rq *rq);

/* What the i-th form has done, as an English text; NULL when there is none. */
const char *console_done(const char *i);

/* ---- the journal: console_journal.c ---------------------------------- */

const char *console_requests_call(struct rq *rq);
void console_requests_more(struct console_view *v, const struct json *answer);
/* The classes of a badge with a status. */
const char *console_status_class(const char *status);
/* How many requests the journal forgot, if any: the value forgotten. */
void console_forgotten(struct console_view *v, const struct json *of);

/* ---- faults: console_faults.c ---------------------------------------- */

void console_faults_more(struct console_view *v, const struct json *answer);

/* ---- the browser of resources: console_resources.c, console_resource.c - */

struct browse {
	struct rq *rq;
	struct console_view view;
	enum fhir_version fhir;
	const char *version;	   /* "r4", "stu3" */
	const char *type, *id;	   /* of the path; "" for none */
	const char *hetu, *client; /* who is asked about, and for whom */
	const char *patient;	   /* the citizen's, or "" */
	bool open;		   /* without a token */
	const char *base;	   /* path of the FHIR server */
	const char *authorization; /* NULL: none */
	const char *along;	   /* "?.hetu=...": what all links have */
	int locked;		   /* the control API's refusal */
};
/* form: what was posted, or NULL. False: return browse_locked(). */
bool browse_begin(struct browse *s, struct rq *rq,
		  const struct site_post *form);
bool browse_locked(struct browse *s);
/* Asks for a path below the base; browse_show() also says so on the page. */
void browse_ask(struct browse *s, const char *method, const char *below,
		const char *body, struct console_answer *out);
void browse_show(struct browse *s, const char *method, const char *below,
		 const char *body, struct console_answer *out);
/* The entries of a Bundle as the rows found. */
void browse_found(struct browse *s, const struct console_answer *answer);
bool browse_reply(struct browse *s, int status, const char *file);

bool console_resources_front(struct rq *rq);
bool console_resources(struct rq *rq);
bool console_resource(struct rq *rq);
bool console_resource_new(struct rq *rq);
bool console_resource_post(struct rq *rq);

/* ---- the overview: console_overview.c -------------------------------- */

void console_overview_more(struct console_view *v, const struct json *answer);

#endif
