/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: pages for people, JSON for programs, and the refusals of both.
 *
 * A page carries the headers of oauth.md section 13: never framed, never
 * sniffed, never kept, no referrer, and a policy that allows our own style
 * sheet and nothing else. Chromium applies form-action to the redirect after
 * the form as well, so a page whose form ends at the application names the
 * application's origin. JSON answers carry no-store also when they refuse
 * (RFC 6749 5.1), and their content type also when they are empty, for clients
 * that look at it first.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <assert.h>
#include <string.h>

/* Which answers are for people; everything else is for programs. */
static const char *const page_paths[] = {"/authorize", "/login", "/logout",
					 "/style.css", ""};

struct oauth *oauth_of(const struct rq *rq)
{
	return rq->ctx;
}

const char *oauth_url(const struct rq *rq, const char *below)
{
	return arena_printf(rq->arena, "%s%s%s", rq->origin, oauth_of(rq)->path,
			    below);
}

const char *oauth_issuer(const struct rq *rq)
{
	return oauth_url(rq, "/");
}

int64_t oauth_now_ms(const struct rq *rq)
{
	return record_now_ms(oauth_of(rq)->record);
}

/* ---- pages ----------------------------------------------------------- */

/* The sheet may be kept for long, so its URL names its content. */
static const char *style_url(struct rq *rq)
{
	const struct page_asset *css = page_asset("server/page/style.css");
	char digest[JOSE_DIGEST];

	assert(css != NULL);
	jose_digest(digest, css->bytes, css->n);
	return arena_printf(rq->arena, "%s/style.css?v=%.12s",
			    oauth_of(rq)->path, digest);
}

static void page_headers(struct rq *rq, const char *form_to)
{
	rq_header(rq, "X-Frame-Options", "DENY");
	rq_header(rq, "X-Content-Type-Options", "nosniff");
	rq_header(rq, "Referrer-Policy", "no-referrer");
	rq_header(rq, "Cache-Control",
		  "no-cache, no-store, max-age=0, must-revalidate");
	rq_header(rq, "Pragma", "no-cache");
	rq_header(rq, "Expires", "0");
	rq_header(rq, "Content-Security-Policy",
		  "default-src 'none'; style-src 'self'; img-src 'self'; "
		  "form-action 'self'%s%s; frame-ancestors 'none'; "
		  "base-uri 'none'",
		  form_to[0] != '\0' ? " " : "", form_to);
}

bool oauth_page(struct rq *rq, int status, const char *title, const char *name,
		const struct page_values *values, const char *form_to)
{
	const struct page_asset *html =
	    page_asset(arena_printf(rq->arena, "server/oauth/%s.html", name));
	assert(html != NULL);
	size_t n = values->n + 2;
	struct page_value *v = arena_alloc(rq->arena, n * sizeof(*v));
	v[0] = (struct page_value){.name = "style", .text = style_url(rq)};
	v[1] = (struct page_value){.name = "path", .text = oauth_of(rq)->path};
	if (values->n > 0)
		memcpy(v + 2, values->v, values->n * sizeof(*v));

	page_headers(rq, form_to);
	page_document(&rq->out, title, (const char *)html->bytes,
		      &(struct page_values){v, n});
	return rq_reply(rq, status, OAUTH_HTML);
}

/* ---- JSON ------------------------------------------------------------ */

bool oauth_json(struct rq *rq, int status)
{
	rq_header(rq, "Access-Control-Allow-Origin", "*");
	rq_header(rq, "Cache-Control", "no-store");
	rq_header(rq, "Pragma", "no-cache");
	return rq_reply(rq, status, OAUTH_JSON);
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

/* The error of a refusal that http made, before any handler of ours. */
static const char *error_code(const struct err *e)
{
	switch (e->kind) {
	case ERR_METHOD: return "method_not_allowed";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_INTERNAL: return "server_error";
	case ERR_TOO_LARGE:
	case ERR_TIMEOUT: return "invalid_request";
	default: return e->code[0] != '\0' ? e->code : "invalid_request";
	}
}

static const char *error_text(const struct rq *rq)
{
	if (rq->err.kind == ERR_METHOD)
		return arena_printf(rq->arena,
				    "Request method '%s' not supported",
				    rq->head ? "HEAD" : rq->method);
	if (rq->err.kind == ERR_INTERNAL)
		return arena_printf(rq->arena, "Internal error; request %s",
				    rq->id);
	return rq->err.text;
}

static bool is_page(const struct rq *rq)
{
	const char *below = rq->path + strlen(oauth_of(rq)->path);
	size_t n = strlen(below);

	if (n > 0 && below[n - 1] == '/')
		n--; /* as routing forgives it */
	for (size_t i = 0; i < LEN(page_paths); i++)
		if (strlen(page_paths[i]) == n &&
		    memcmp(below, page_paths[i], n) == 0)
			return true;
	return false;
}

void oauth_refuse(struct rq *rq)
{
	int status = http_status(rq->err.kind);
	const char *code = error_code(&rq->err);
	const char *text = error_text(rq);

	if (!is_page(rq)) {
		oauth_error_write(rq, code, text, NULL);
		oauth_json(rq, status);
		return;
	}
	bool stayed = rq->err.kind == ERR_UNAUTHORIZED ||
		      strcmp(code, "invalid_grant") == 0;
	struct page_value v[] = {
	    {.name = "code", .text = code},
	    {.name = "text", .text = text},
	    {.name = "hint", .text = oauth_request_hint(rq)},
	    {.name = "stayed", .text = stayed ? "1" : NULL},
	    {.name = "status",
	     .text =
		 arena_printf(rq->arena, "%d %s", status, http_reason(status))},
	};
	oauth_page(rq, status, "Request refused", "error",
		   &(struct page_values){v, LEN(v)}, "");
}
