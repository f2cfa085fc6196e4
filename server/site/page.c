/* SPDX-License-Identifier: Apache-2.0
 *
 * A page as an answer: its headers, its language, and the refusals for people.
 *
 * A page carries the headers of oauth.md section 13: never framed, never
 * sniffed, never kept, no referrer to anybody, and a policy that allows our own
 * style sheet and nothing else (and our own script, where a site has one).
 * Chromium applies form-action to the redirect after the form as well, so a
 * page whose form ends at an application names the application's origin.
 *
 * The switch of languages is a link to the same page with ?lang=, which works
 * without scripts; the answer to it makes the browser remember. A page that
 * answers a form is not there for a link, so its links lead to the same path
 * without what the form said.
 */
#include "site/site.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define STYLE	   "server/page/style.css"
#define ICON	   "server/page/icon.svg"
#define SCRIPT	   "server/page/page.js"
#define COOKIE	   "lang"
#define REMEMBER_S "31536000"

int64_t site_now_ms(const struct rq *rq)
{
	return record_now_ms(site_of(rq)->record);
}

const char *site_url(const struct rq *rq, const char *below)
{
	return arena_printf(rq->arena, "%s%s%s", rq->origin, site_of(rq)->path,
			    below);
}

/* ---- language -------------------------------------------------------- */

/* The raw value of a parameter of the query, its length in *n; or NULL. */
static const char *parameter(const char *query, const char *name, size_t *n)
{
	const size_t len = strlen(name);

	for (const char *p = query; *p != '\0'; p += *n, p += *p == '&') {
		*n = strcspn(p, "&");
		if (*n <= len || strncmp(p, name, len) != 0 || p[len] != '=')
			continue;
		*n -= len + 1;
		return p + len + 1;
	}
	return NULL;
}

static bool wanted_by(struct rq *rq, const char *name, enum page_language *l)
{
	size_t n;
	const char *value = parameter(rq->query, name, &n);

	if (value == NULL)
		return false;
	char *list = arena_strndup(rq->arena, value, n);
	for (char *c = list; *c != '\0'; c++)
		if (*c == '+' || *c == '%')
			*c = ' ';
	return page_language_wanted(list, l);
}

struct page_locale site_locale(struct rq *rq)
{
	struct page_locale l = {site_of(rq)->words, PAGE_EN};

	if (!wanted_by(rq, "lang", &l.language) &&
	    !page_language_wanted(rq_cookie(rq, COOKIE), &l.language) &&
	    !wanted_by(rq, "ui_locales", &l.language))
		page_language_wanted(rq_header_in(rq, "Accept-Language"),
				     &l.language);
	return l;
}

const char *site_locales_query(struct rq *rq, const char *query)
{
	size_t n;
	const char *value = parameter(query, "ui_locales", &n);

	if (value == NULL || n == 0)
		return "";
	return arena_printf(rq->arena, "?ui_locales=%.*s", (int)n, value);
}

const char *site_say(struct rq *rq, const char *english,
		     const struct page_values *values)
{
	struct page_locale l = site_locale(rq);

	return page_say(rq->arena, &l, english, values);
}

const char *site_word(struct rq *rq, const char *english)
{
	struct page_locale l = site_locale(rq);

	return page_word(&l, english);
}

static void remember_language(struct rq *rq)
{
	enum page_language l;

	if (wanted_by(rq, "lang", &l))
		rq_header(rq, "Set-Cookie",
			  COOKIE "=%s; Path=/; Max-Age=" REMEMBER_S
				 "; HttpOnly; SameSite=Lax",
			  page_language_code(l));
}

/* The query without lang, with an & at its end if anything is left. */
static const char *query_besides(struct rq *rq)
{
	struct buf b;

	buf_init(&b, rq->arena);
	if (strcmp(rq->method, "GET") != 0)
		return b.p;
	for (const char *p = rq->query; *p != '\0'; p += *p == '&') {
		size_t n = strcspn(p, "&");

		if (n > 0 && strncmp(p, "lang=", 5) != 0) {
			buf_add(&b, p, n);
			buf_putc(&b, '&');
		}
		p += n;
	}
	return b.p;
}

static struct page_value language_links(struct rq *rq, enum page_language now)
{
	struct page_values *row =
	    arena_alloc(rq->arena, PAGE_LANGUAGES * sizeof(*row));
	const char *rest = query_besides(rq);

	for (size_t i = 0; i < PAGE_LANGUAGES; i++) {
		enum page_language l = (enum page_language)i;
		const char *code = page_language_code(l);
		const char *url =
		    arena_printf(rq->arena, "?%slang=%s", rest, code);
		const struct page_value v[] = {
		    {.name = "code", .text = code},
		    {.name = "name", .text = page_language_name(l)},
		    {.name = "url", .text = l == now ? NULL : url},
		};
		row[i] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "languages", .rows = row, .row_count = PAGE_LANGUAGES};
}

/* ---- a page ---------------------------------------------------------- */

/* Where the file is, with its digest: it may be kept for ever. */
static const char *asset_url(struct rq *rq, const char *path, const char *file)
{
	const struct page_asset *f = page_asset(file);

	assert(f != NULL);
	return arena_printf(rq->arena, "%s?v=%012" PRIx64, path,
			    f->digest >> 16);
}

static void page_headers(struct rq *rq, const char *form_to)
{
	rq_header(rq, "X-Frame-Options", "DENY");
	rq_header(rq, "X-Content-Type-Options", "nosniff");
	/* without a referrer a browser says of its forms "Origin: null" */
	rq_header(rq, "Referrer-Policy",
		  site_of(rq)->tells_origin ? "same-origin" : "no-referrer");
	rq_header(rq, "Vary", "Accept-Language, Cookie");
	rq_header(rq, "Cache-Control",
		  "no-cache, no-store, max-age=0, must-revalidate");
	rq_header(rq, "Pragma", "no-cache");
	rq_header(rq, "Expires", "0");
	rq_header(rq, "Content-Security-Policy",
		  "default-src 'none'; style-src 'self'; img-src 'self'; "
		  "%sform-action 'self'%s%s; frame-ancestors 'none'; "
		  "base-uri 'none'",
		  site_of(rq)->script
		      ? "script-src 'self'; connect-src 'self'; "
		      : "",
		  form_to[0] != '\0' ? " " : "", form_to);
}

static const struct page_value *value_of(const struct page_values *values,
					 const char *name)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->v[i].name, name) == 0)
			return &values->v[i];
	return NULL;
}

/* Whoever hears a page read hears its title first: that of a form that comes
 * back says that something is wrong. */
static const char *title_of(struct rq *rq, const char *title,
			    const struct page_values *values)
{
	const struct page_value *refused = value_of(values, "refused");

	if (refused == NULL || text_or_empty(refused->text)[0] == '\0')
		return title;
	return arena_cat(rq->arena, site_word(rq, SAY("Error")), ": ",
			 site_word(rq, title), NULL);
}

bool site_page(struct rq *rq, int status, const char *title, const char *file,
	       const struct page_values *values, const char *form_to)
{
	const struct page_asset *html = page_asset(file);
	struct page_locale locale = site_locale(rq);
	const struct page_value own[] = {
	    {.name = "style", .text = asset_url(rq, site_of(rq)->style, STYLE)},
	    {.name = "icon", .text = asset_url(rq, site_of(rq)->icon, ICON)},
	    {.name = "script",
	     .text = site_of(rq)->script
			 ? asset_url(rq, site_of(rq)->script, SCRIPT)
			 : NULL},
	    {.name = "path", .text = site_of(rq)->path},
	    {.name = "multilingual",
	     /* following a link to another language would lose it */
	     .text = value_of(values, "shown_once") != NULL ? NULL : "1"},
	    language_links(rq, locale.language),
	};

	assert(html != NULL);
	size_t n = values->n + LEN(own);
	struct page_value *v = arena_alloc(rq->arena, n * sizeof(*v));
	memcpy(v, own, sizeof(own));
	if (values->n > 0)
		memcpy(v + LEN(own), values->v, values->n * sizeof(*v));
	remember_language(rq);
	page_headers(rq, form_to);
	rq_header(rq, "Content-Language", "%s",
		  page_language_code(locale.language));
	page_document(&rq->out, &locale, title_of(rq, title, values),
		      (const char *)html->bytes, &(struct page_values){v, n});
	return rq_reply(rq, status, SITE_HTML);
}

bool site_go(struct rq *rq, int status, const char *url)
{
	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(rq, status, url);
}

static bool send_asset(struct rq *rq, const char *file, const char *type)
{
	const struct page_asset *f = page_asset(file);

	assert(f != NULL);
	buf_add(&rq->out, f->bytes, f->n);
	rq_header(rq, "Cache-Control", "public, max-age=31536000, immutable");
	rq_header(rq, "X-Content-Type-Options", "nosniff");
	return rq_reply(rq, 200, type);
}

bool site_style(struct rq *rq)
{
	return send_asset(rq, STYLE, "text/css;charset=utf-8");
}

bool site_icon(struct rq *rq)
{
	return send_asset(rq, ICON, "image/svg+xml");
}

bool site_script(struct rq *rq)
{
	return send_asset(rq, SCRIPT, "text/javascript;charset=utf-8");
}

/* ---- refusals -------------------------------------------------------- */

/* http refuses in words for programs, with numbers in them. */
static const struct {
	const char *code, *text;
} by_http[] = {
    {"not-found", SAY("There is no such page here.")},
    {"method-not-allowed", SAY("This page is not there for such a request.")},
    {"too-long", SAY("The request is too large.")},
};

const char *site_refused(struct rq *rq)
{
	const struct page_value v[] = {{.name = "request", .text = rq->id}};

	if (rq->err.kind == ERR_INTERNAL)
		return site_say(rq, SAY("Internal error; request {request}"),
				&(struct page_values){v, LEN(v)});
	for (size_t i = 0; i < LEN(by_http); i++)
		if (strcmp(rq->err.code, by_http[i].code) == 0)
			return site_word(rq, by_http[i].text);
	return site_word(rq, rq->err.text);
}

void site_refuse(struct rq *rq, const char *hint, bool stayed)
{
	int status = http_status(rq->err.kind);
	struct page_value v[] = {
	    {.name = "code", .text = rq->err.code},
	    {.name = "text", .text = site_refused(rq)},
	    {.name = "hint", .text = hint},
	    {.name = "stayed", .text = stayed ? "1" : NULL},
	    {.name = "front", .text = site_of(rq)->front},
	    {.name = "status", .text = arena_printf(rq->arena, "%d", status)},
	};
	site_page(rq, status, SAY("Request refused"), "server/site/error.html",
		  &(struct page_values){v, LEN(v)}, "");
}

bool site_self_service(struct rq *rq)
{
	const struct record *r = site_of(rq)->record;

	if (r->settings.self_service)
		return true;
	rq->why = record_preset_note(r, rq->arena, "self_service");
	return err_set(
	    &rq->err, ERR_FORBIDDEN, "access_denied", NULL,
	    SAY("Applications do not register or change themselves in this "
		"environment: Kela does it. Here POST /__admin/clients does, "
		"or a fixture."));
}
