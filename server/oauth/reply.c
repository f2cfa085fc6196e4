/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: JSON for programs, and the refusals of both kinds (pages for people
 * are site's).
 *
 * JSON answers carry no-store also when they refuse (RFC 6749 5.1), and their
 * content type also when they are empty, for clients that look at it first.
 */
#include "oauth/oauth_int.h"

#include <string.h>

/* Which answers are for people; everything else is for programs. */
static const char *const page_paths[] = {
    "/authorize", "/login", "/terms", "/logout", "/style.css", "/icon.svg", ""};

struct oauth *oauth_of(const struct rq *rq)
{
	return rq->ctx;
}

const char *oauth_issuer(const struct rq *rq)
{
	const struct site *site = &oauth_of(rq)->site;

	return record_issuer(site->record, rq->arena, rq->origin, site->path);
}

/* ---- JSON ------------------------------------------------------------ */

bool oauth_json(struct rq *rq, int status)
{
	rq_header(rq, "Access-Control-Allow-Origin", "*");
	rq_header(rq, "Cache-Control", "no-store");
	rq_header(rq, "Pragma", "no-cache");
	return rq_reply(rq, status, OAUTH_JSON);
}

bool oauth_empty(struct rq *rq, int status)
{
	rq->out.len = 0;
	return oauth_json(rq, status);
}

bool oauth_refuse_empty(struct rq *rq, enum err_kind kind, const char *why)
{
	err_set(&rq->err, kind, "refused", NULL, "The answer has no body");
	rq->why = why;
	return oauth_empty(rq, http_status(kind));
}

void oauth_error_write(struct rq *rq, const char *error, const char *text,
		       const char *scope)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "error", error);
	jw_str(&w, "error_description", text);
	jw_str(&w, "scope", scope);
	jw_close(&w);
}

/* ---- refusals -------------------------------------------------------- */

/* The error of a refusal that http made, before any handler of ours: by the
 * switch oauth_errors. RFC 6749 5.2 has one code for what is wrong with a
 * request as such. */
static const char *error_code(const struct rq *rq)
{
	static const struct {
		enum err_kind kind;
		const char *mitreid, *rfc;
	} codes[] = {
	    {ERR_METHOD, "method_not_allowed", "invalid_request"},
	    {ERR_NOT_FOUND, "not_found", "not_found"},
	    {ERR_INTERNAL, "server_error", "server_error"},
	    {ERR_TOO_LARGE, "invalid_request", "invalid_request"},
	    {ERR_MEDIA_TYPE, "invalid_request", "invalid_request"},
	    {ERR_TIMEOUT, "invalid_request", "invalid_request"},
	};
	bool rfc = oauth_of(rq)->site.record->settings.oauth_errors != 0;

	for (size_t i = 0; i < LEN(codes); i++)
		if (codes[i].kind == rq->err.kind)
			return rfc ? codes[i].rfc : codes[i].mitreid;
	return rq->err.code[0] != '\0' ? rq->err.code : "invalid_request";
}

static bool is_page(const struct rq *rq)
{
	const char *below = rq->path + strlen(oauth_of(rq)->site.path);
	size_t n = strlen(below);

	if (n > 0 && below[n - 1] == '/')
		n--; /* as routing forgives it */
	for (size_t i = 0; i < LEN(page_paths); i++)
		if (strlen(page_paths[i]) == n &&
		    memcmp(below, page_paths[i], n) == 0)
			return true;
	return false;
}

/* For programs. */
static const char *error_text(const struct rq *rq)
{
	const char *method = rq->head ? "HEAD" : rq->method;

	if (rq->err.kind == ERR_METHOD)
		return arena_printf(
		    rq->arena, "Request method '%s' not supported", method);
	if (rq->err.kind == ERR_INTERNAL)
		return arena_printf(rq->arena, "Internal error; request %s",
				    rq->id);
	return rq->err.text;
}

void oauth_refuse(struct rq *rq)
{
	int status = http_status(rq->err.kind);
	const char *code = error_code(rq);

	if (!is_page(rq)) {
		oauth_error_write(rq, code, error_text(rq), NULL);
		oauth_json(rq, status);
		return;
	}
	bool stayed = strcmp(rq->err.where, "client_id") == 0 ||
		      strcmp(rq->err.where, "redirect_uri") == 0;
	const char *hint = oauth_request_hint(rq);
	const char *text = arena_strdup(rq->arena, site_refused(rq));

	err_set(&rq->err, rq->err.kind, code, rq->err.where, "%s", text);
	site_refuse(rq, hint, stayed);
}
