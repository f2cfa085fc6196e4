/* SPDX-License-Identifier: Apache-2.0
 *
 * What the console knows it asks the control API for, as anybody may: a request
 * within the request, past the same guard. So a page of another origin, or
 * another machine, sees here what it would see there, which is a refusal.
 *
 * Where the control API wants a token (--admin-token) the browser is asked for
 * it once. The session then notes that it was shown, by its digest, and the
 * token itself goes into the header of each inner request: it is in no URL, no
 * page, no cookie and no database. With another token after a restart the note
 * is worth nothing.
 */
#include "web/console_int.h"

#include "jose/jose.h"

#include <string.h>

#define CONTROL "/__admin"
#define NOTE	"control:"

/* ---- who is asking --------------------------------------------------- */

/* The token that is to be shown; NULL: none is. */
static const char *token_of(const struct rq *rq)
{
	const char *token = web_of(rq)->admin_token;

	return token && strcmp(token, "none") != 0 ? token : NULL;
}

static const char *note_of(struct rq *rq)
{
	return arena_cat(rq->arena, NOTE,
			 site_digest(rq, "control", token_of(rq)), NULL);
}

/* "Bearer ..." when this browser has shown the token. */
static const char *authorization(struct rq *rq)
{
	struct site_session s;

	if (!token_of(rq))
		return NULL;
	site_session_find(rq, &s);
	if (!scope_has(s.notes, note_of(rq)))
		return NULL;
	return arena_cat(rq->arena, "Bearer ", token_of(rq), NULL);
}

void console_session(struct rq *rq, struct site_session *s)
{
	site_session_find(rq, s);
	if (s->id[0] != '\0')
		return;
	site_session_begin(rq, s);
	site_session_put(rq, s);
}

/* ---- asking ---------------------------------------------------------- */

static void read_answer(struct rq *rq, struct rq *in,
			struct console_answer *out)
{
	struct err ignored;

	*out = (struct console_answer){
	    .status = in->status,
	    .type = rq_content_type(in),
	    .text = in->out.p,
	    .len = in->out.len,
	    .from = in,
	};
	if (out->type && strstr(out->type, "json"))
		out->json =
		    json_parse(rq->arena, out->text, out->len, &ignored);
	const struct json *error = json_get(out->json, "error");
	out->code = text_or_empty(json_get_text(error, "code"));
	out->message = text_or_empty(json_get_text(error, "message"));
	out->where = text_or_empty(json_get_text(error, "where"));
}

void console_ask_group(struct rq *rq, const char *method, const char *url,
		       const char *body, const char *auth,
		       struct console_answer *out)
{
	const bool fhir = !text_begins(url, CONTROL "/");
	struct http_pair header[3];
	size_t n = 0;

	header[n++] = (struct http_pair){
	    "Accept", fhir ? "application/fhir+json" : "application/json"};
	if (body)
		header[n++] = (struct http_pair){"Content-Type",
						 fhir ? "application/fhir+json"
						      : "application/json"};
	if (auth)
		header[n++] = (struct http_pair){"Authorization", auth};
	read_answer(rq,
		    http_inner(rq,
			       &(struct http_nested){
				   .method = method,
				   .url = url,
				   .header = header,
				   .header_count = n,
				   .body = body,
				   .body_len = body ? strlen(body) : 0,
			       }),
		    out);
}

void console_ask(struct rq *rq, const char *method, const char *path,
		 const char *body, struct console_answer *out)
{
	console_ask_group(rq, method, arena_cat(rq->arena, CONTROL, path, NULL),
			  body, authorization(rq), out);
}

/* ---- unlocking ------------------------------------------------------- */

bool console_locked(struct rq *rq)
{
	struct site_session s;

	site_session_find(rq, &s);
	if (s.id[0] == '\0')
		site_session_begin(rq, &s);
	if (strcmp(rq->method, "GET") == 0)
		s.saved =
		    arena_cat(rq->arena, rq->path,
			      rq->query[0] != '\0' ? "?" : "", rq->query, NULL);
	site_session_put(rq, &s);
	return site_go(rq, 303, "/console/unlock");
}

static bool unlock_page(struct rq *rq, const struct site_session *s, bool wrong)
{
	struct console_view v;

	console_view_init(&v, rq);
	console_text(&v, "csrf", site_csrf(rq, s));
	console_text(&v, "refused", wrong ? "1" : "");
	return console_reply(&v, wrong ? 403 : 200, SAY("Unlock the console"),
			     "console_unlock", NULL);
}

bool console_unlock_get(struct rq *rq)
{
	struct site_session s;

	if (!token_of(rq))
		return site_go(rq, 303, "/");
	console_session(rq, &s);
	return unlock_page(rq, &s, false);
}

bool console_unlock_post(struct rq *rq)
{
	const char *token = token_of(rq);
	struct site_post p;

	if (!site_form(rq, &p))
		return false;
	if (!token)
		return site_go(rq, 303, "/");
	if (!jose_equal(text_or_empty(site_field(&p, "token")), token))
		return unlock_page(rq, &p.session, true);
	const char *to = p.session.saved;
	p.session.saved = "";
	if (!scope_has(p.session.notes, note_of(rq)))
		p.session.notes = arena_cat(rq->arena, p.session.notes, " ",
					    note_of(rq), NULL);
	site_session_begin(rq, &p.session);
	site_session_put(rq, &p.session);
	return site_go(rq, 303, text_begins(to, "/console") ? to : "/");
}
