/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer that a fault puts into the place of the real one, and changes of
 * an answer that stands.
 *
 * A client must see what the real server would send, so a status without a body
 * is worded by the group, as a refusal of its own would be: an OperationOutcome
 * of the behaviour in force, OAuth's JSON, a page. What the group does not
 * know (429, 503) is a refusal of the nearest kind, whose status and code are
 * then put in.
 *
 * Headers that others put on the answer stay: those of a shadow, and those that
 * a fault does not name.
 */
#include "admin/fault_int.h"

#include <strings.h>

#define TYPE_FHIR  "application/fhir+json;charset=UTF-8"
#define TYPE_OAUTH "application/json;charset=UTF-8"
#define TYPE_HTML  "text/html;charset=utf-8"
#define HEADERS	   64

static bool is_fhir(const struct rq *rq)
{
	return text_is(rq_group(rq)->kind, "fhir");
}

/* ---- headers -------------------------------------------------------- */

/* The headers there are, but for one; nothing of the answer is lost. */
static void without(struct rq *rq, const char *name)
{
	struct http_pair kept[HEADERS], h;
	const char *type = rq_content_type(rq);
	const struct buf out = rq->out;
	const int status = rq->status;
	size_t n = 0;

	for (size_t i = 0; n < HEADERS && rq_header_out_at(rq, i, &h); i++)
		if (strcasecmp(h.name, name) != 0)
			kept[n++] = h;
	rq_reply_again(rq);
	rq->out = out;
	for (size_t i = 0; i < n; i++)
		rq_header_text(rq, kept[i].name, kept[i].value);
	rq_reply(rq, status, type);
}

void fault_header(struct rq *rq, const char *name, const char *value)
{
	if (strcasecmp(name, "Content-Type") == 0) {
		const struct buf out = rq->out;

		rq_reply(rq, rq->status,
			 value ? arena_strdup(rq->arena, value) : NULL);
		rq->out = out;
		return;
	}
	if (rq_header_out(rq, name))
		without(rq, name);
	if (value)
		rq_header_text(rq, arena_strdup(rq->arena, name), value);
}

/* Begins anew; what a shadow said stays said. */
static void begin(struct rq *rq)
{
	struct http_pair kept[HEADERS], h;
	size_t n = 0;

	for (size_t i = 0; n < HEADERS && rq_header_out_at(rq, i, &h); i++)
		if (strcasecmp(h.name, "X-Mock-Shadow") == 0)
			kept[n++] = h;
	rq_reply_again(rq);
	for (size_t i = 0; i < n; i++)
		rq_header_text(rq, kept[i].name, kept[i].value);
}

/* ---- what is answered ----------------------------------------------- */

static int status_of(const struct rq *rq, const struct action *x)
{
	const struct fault_oauth_error *o =
	    fault_oauth_error_find(x->oauth_error);

	if (x->status != 0)
		return x->status;
	if (o)
		return o->status;
	if (x->outcome_code)
		return fault_outcome_status(x->outcome_code);
	if (x->error_page)
		return strcmp(x->error_page, "client_id") == 0 ? 401 : 400;
	if (x->body)
		return 200;
	(void)rq;
	return 503;
}

static enum err_kind kind_of(int status)
{
	for (int k = ERR_INVALID; k <= ERR_NOT_IMPLEMENTED; k++)
		if (k != ERR_INTERNAL &&
		    http_status((enum err_kind)k) == status)
			return (enum err_kind)k;
	return ERR_INVALID;
}

/* For programs, where nobody said which. */
static const char *oauth_code(int status)
{
	if (status == 401)
		return "invalid_client";
	if (status == 403)
		return "access_denied";
	if (status == 429 || status == 503)
		return "temporarily_unavailable";
	return status >= 500 ? "server_error" : "invalid_request";
}

static const char *text_of(const struct action *x, int status)
{
	const struct fault_oauth_error *o =
	    fault_oauth_error_find(x->oauth_error);
	const char *reason = http_reason(status);

	if (x->error_description)
		return x->error_description;
	if (o)
		return o->text;
	return reason ? reason : "Refused";
}

/* RFC 6750 3: to who came with a token, or without one. */
static void challenge(struct rq *rq, const struct action *x, int status,
		      const char *text)
{
	const char *error = x->oauth_error;
	const char *sent = rq_header_in(rq, "Authorization");

	if (!is_fhir(rq)) {
		if (status == 401 && sent && strncasecmp(sent, "Basic", 5) == 0)
			rq_header(rq, "WWW-Authenticate",
				  "Basic realm=\"oauth\"");
		return;
	}
	if (!error && status == 401) {
		error = "invalid_token";
		text = fault_oauth_error_find(error)->text;
	}
	if (error)
		rq_header(rq, "WWW-Authenticate",
			  "Bearer realm=\"phr-resourceserver\", error=\"%s\", "
			  "error_description=\"%s\"",
			  error, text);
}

static void put_code(struct rq *rq, const char *code)
{
	const char *patch = arena_printf(rq->arena,
					 "[{\"op\":\"replace\",\"path\":\"/"
					 "issue/0/code\",\"value\":\"%s\"}]",
					 code);
	struct err e = {.kind = ERR_NONE};

	(void)fault_patch(rq, json_parse(rq->arena, patch, strlen(patch), &e),
			  &e);
}

/* In the words of the group. */
static void refuse(struct rq *rq, const struct action *x, int status)
{
	const char *text = text_of(x, status);
	const char *code = x->oauth_error;
	const char *outcome = x->outcome_code;

	if (is_fhir(rq) && !outcome)
		outcome = fault_outcome_of(status);
	if (is_fhir(rq))
		code = outcome;
	else if (x->error_page)
		code = "invalid_client";
	else if (!code)
		code = oauth_code(status);
	err_set(&rq->err, kind_of(status), code, x->error_page, "%s", text);
	challenge(rq, x, status, text);
	rq_group(rq)->refuse(rq);
	if (is_fhir(rq))
		put_code(rq, outcome);
	rq->status = status;
}

static const char *type_of(const struct rq *rq, const struct action *x)
{
	if (x->body[strspn(x->body, " \t\r\n")] == '<')
		return TYPE_HTML;
	return is_fhir(rq) ? TYPE_FHIR : TYPE_OAUTH;
}

static void answer_body(struct rq *rq, const struct action *x, int status)
{
	if (!is_fhir(rq)) {
		rq_header(rq, "Access-Control-Allow-Origin", "*");
		rq_header(rq, "Cache-Control", "no-store");
	}
	buf_add(&rq->out, x->body, x->body_len);
	rq_reply(rq, status, type_of(rq, x));
}

void fault_replace(struct rq *rq, const struct action *x)
{
	const int status = status_of(rq, x);

	begin(rq);
	rq->err = (struct err){.kind = ERR_NONE};
	if (x->body)
		answer_body(rq, x, status);
	else if (status < 400)
		rq_reply(rq, status, NULL);
	else
		refuse(rq, x, status);
	if (x->body && status >= 400)
		err_set(&rq->err, kind_of(status), "fault", NULL, "%s",
			text_of(x, status));
	if (x->retry_after)
		fault_header(rq, "Retry-After", x->retry_after);
}

/* ---- a patch -------------------------------------------------------- */

bool fault_patch(struct rq *rq, const struct json *patch, struct err *e)
{
	const struct json *doc =
	    json_parse(rq->arena, rq->out.p, rq->out.len, e);
	const char *text;
	size_t n;

	if (!doc)
		return err_set(e, ERR_INVALID, "json_patch", NULL,
			       "json_patch: the answer is not JSON");
	doc = json_patch(rq->arena, doc, patch, e);
	if (!doc)
		return false;
	text = json_source(doc, &n);
	buf_init(&rq->out, rq->arena);
	buf_add(&rq->out, text, n);
	return true;
}
