/* SPDX-License-Identifier: Apache-2.0
 *
 * The browser of resources, in the place of the HAPI tester: types with counts,
 * a search by form, versions, and writing.
 *
 *	/console/resources/r4/Observation?patient=...&.hetu=...&.client=...
 *
 * Everything is a request to the FHIR server, asked from within, and the page
 * shows each as it was sent: the query on the page is the one that was
 *answered. Which parameters a type has, the CapabilityStatement says. Members
 *of the query that begin with a dot are this page's own: the citizen, the
 * application, and more of a query as it would be typed.
 *
 * Without an application it asks the open sandbox. With one it orders a token
 * of the citizen for it from the control API, for a minute; a page that only
 * reads takes all of that back when it is done (rq->undo).
 *
 * Limits: where a client certificate is demanded nothing can be shown, as a
 * request from within has none; what the server says then is shown.
 *
 * Facts: stand-in.md 15; kanta.md 2.
 */
#include "web/console_int.h"

#include <string.h>

#define COUNT "20"

/* ---- which server, who asks ------------------------------------------ */

static const char *own(struct rq *rq, const char *name)
{
	return text_or_empty(web_query(rq, name));
}

/* What of the query goes along in every link. */
static const char *along_of(struct rq *rq, const char *hetu, const char *client)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_puts(&b, "?.hetu=");
	http_escape(&b, hetu);
	if (client[0] != '\0') {
		buf_puts(&b, "&.client=");
		http_escape(&b, client);
	}
	return b.p;
}

/* The citizen that is asked about, else the first there is. */
static bool find_citizen(struct browse *s, struct console_answer *citizens)
{
	const struct json *first =
	    json_first(json_get(citizens->json, "citizens"));

	for (const struct json *c = first; c; c = json_next(c)) {
		if (s->hetu[0] != '\0' &&
		    strcmp(console_said(c, "hetu"), s->hetu) != 0)
			continue;
		s->hetu = console_said(c, "hetu");
		s->patient = console_said(c, "patient_id");
		return true;
	}
	s->patient = "";
	return false;
}

static void put_citizens(struct browse *s, const struct json *all)
{
	const size_t n = json_count(all);
	struct page_values *row = arena_alloc(s->rq->arena, n * sizeof(*row));
	size_t i = 0;

	for (const struct json *c = json_first(all); c; c = json_next(c)) {
		const char *hetu = console_said(c, "hetu");
		const struct page_value v[] = {
		    {.name = "hetu", .text = hetu},
		    {.name = "chosen",
		     .text = strcmp(hetu, s->hetu) == 0 ? "1" : NULL},
		};
		row[i++] = page_row(s->rq->arena, v, LEN(v));
	}
	console_rows(&s->view, "citizens", row, n);
}

static void order_token(struct browse *s)
{
	struct rq *rq = s->rq;
	struct console_answer answer;
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	jw_str(&w, "client_id", s->client);
	jw_str(&w, "hetu", s->hetu);
	jw_int(&w, "expires_in", 60);
	jw_close(&w);
	console_ask(rq, "POST", "/tokens", b.p, &answer);
	const char *token = json_get_text(answer.json, "access_token");
	if (token)
		s->authorization = arena_cat(rq->arena, "Bearer ", token, NULL);
	else
		console_trouble(&s->view, &answer);
}

bool browse_begin(struct browse *s, struct rq *rq, const struct site_post *form)
{
	struct record *r = site_of(rq)->record;
	struct console_answer citizens;

	*s = (struct browse){.rq = rq};
	s->fhir =
	    strcmp(rq_param(rq, "base"), "stu3") == 0 ? FHIR_STU3 : FHIR_R4;
	s->version = s->fhir == FHIR_STU3 ? "stu3" : "r4";
	s->type = rq_param(rq, "type");
	s->id = rq_param(rq, "id");
	s->hetu =
	    form ? text_or_empty(site_field(form, ".hetu")) : own(rq, ".hetu");
	s->client = form ? text_or_empty(site_field(form, ".client"))
			 : own(rq, ".client");
	console_view_init(&s->view, rq);
	console_ask(rq, "GET", "/citizens", NULL, &citizens);
	if (citizens.status == 401 || citizens.status == 403) {
		s->locked = citizens.status;
		return false;
	}
	find_citizen(s, &citizens);
	s->along = along_of(rq, s->hetu, s->client);
	s->open = s->client[0] == '\0' && r->settings.open_sandbox;
	s->base = arena_cat(rq->arena, s->open ? "/open" : "",
			    r->fhir_base[s->fhir], NULL);
	if (s->client[0] != '\0')
		order_token(s);
	put_citizens(s, json_get(citizens.json, "citizens"));
	return true;
}

bool browse_locked(struct browse *s)
{
	if (s->locked == 401)
		return console_locked(s->rq);
	return err_set(&s->rq->err, ERR_FORBIDDEN, "forbidden", NULL,
		       SAY("The console answers whom the control API "
			   "answers, and nobody else."));
}

/* ---- asking ---------------------------------------------------------- */

void browse_ask(struct browse *s, const char *method, const char *below,
		const char *body, struct console_answer *out)
{
	console_ask_group(s->rq, method,
			  arena_cat(s->rq->arena, s->base, below, NULL), body,
			  s->authorization, out);
}

/* Asks, and puts on the page what was asked and how it was answered. */
void browse_show(struct browse *s, const char *method, const char *below,
		 const char *body, struct console_answer *out)
{
	struct console_view *v = &s->view;
	const struct json *issue;

	browse_ask(s, method, below, body, out);
	console_text(
	    v, "asked",
	    arena_cat(s->rq->arena, method, " ", s->base, below, NULL));
	console_text(v, "status", web_number(s->rq, out->status));
	console_text(v, "badge",
		     console_status_class(web_number(s->rq, out->status)));
	issue = json_first(json_get(out->json, "issue"));
	if (out->status < 400)
		return;
	console_text(v, "refused", "1");
	console_text(v, "frame.trouble",
		     issue ? console_said(issue, "diagnostics")
			   : http_reason(out->status));
}

/* ---- the page -------------------------------------------------------- */

static void put_common(struct browse *s)
{
	struct console_view *v = &s->view;

	console_text(v, "version", s->version);
	console_text(v, s->fhir == FHIR_STU3 ? "is_stu3" : "is_r4", "1");
	console_text(v, "type", s->type);
	console_text(v, "id", s->id);
	console_text(v, "hetu", s->hetu);
	console_text(v, "patient", s->patient);
	console_text(v, "client", s->client);
	console_text(v, "open", s->open ? "1" : NULL);
	console_text(v, "along", s->along);
	console_text(v, "base", s->base);
}

bool browse_reply(struct browse *s, int status, const char *file)
{
	struct site_session session;

	site_session_find(s->rq, &session);
	/* what was ordered for reading goes again; a new session stays */
	s->rq->undo =
	    session.id[0] != '\0' && strcmp(s->rq->method, "GET") == 0;
	console_session(s->rq, &session);
	console_text(&s->view, "csrf", site_csrf(s->rq, &session));
	put_common(s);
	return console_reply(&s->view, status < 400 ? 200 : status,
			     SAY("Resources"), file, SAY("Resources"));
}

/* ---- types ----------------------------------------------------------- */

static const struct json *resources_of(struct browse *s)
{
	struct console_answer answer;

	browse_ask(s, "GET", "/metadata", NULL, &answer);
	return json_get(json_first(json_get(answer.json, "rest")), "resource");
}

static const struct json *about(const struct json *all, const char *type)
{
	const struct json *r = json_first(all);

	while (r && strcmp(console_said(r, "type"), type) != 0)
		r = json_next(r);
	return r;
}

static bool has_param(const struct json *about_type, const char *name)
{
	for (const struct json *p =
		 json_first(json_get(about_type, "searchParam"));
	     p; p = json_next(p))
		if (strcmp(console_said(p, "name"), name) == 0)
			return true;
	return false;
}

/* The query that finds what is the citizen's. */
static const char *of_citizen(struct browse *s, const struct json *about_type)
{
	const char *type = console_said(about_type, "type");
	const char *name = strcmp(type, "Patient") == 0	      ? "_id"
			   : has_param(about_type, "patient") ? "patient"
							      : NULL;

	return name && s->patient[0] != '\0'
		   ? arena_cat(s->rq->arena, name, "=", s->patient, "&", NULL)
		   : "";
}

static struct page_values type_row(struct browse *s, const struct json *r)
{
	struct console_answer answer;
	const char *type = console_said(r, "type");
	const char *query = arena_cat(s->rq->arena, "/", type, "?",
				      of_citizen(s, r), "_summary=count", NULL);

	browse_ask(s, "GET", query, NULL, &answer);
	const struct page_value v[] = {
	    {.name = "name", .text = type},
	    {.name = "count", .text = console_said(answer.json, "total")},
	    {.name = "here", .text = strcmp(type, s->type) == 0 ? "1" : NULL},
	};
	return page_row(s->rq->arena, v, LEN(v));
}

static const struct json *put_types(struct browse *s)
{
	const struct json *all = resources_of(s);
	const size_t n = json_count(all);
	struct page_values *row = arena_alloc(s->rq->arena, n * sizeof(*row));
	size_t i = 0;

	for (const struct json *r = json_first(all); r; r = json_next(r))
		row[i++] = type_row(s, r);
	console_rows(&s->view, "types", row, n);
	return all;
}

/* ---- searching -------------------------------------------------------- */

/* The query as it is sent: what was filled in, in order. */
static const char *query_of(struct browse *s, const struct json *about_type)
{
	struct rq *rq = s->rq;
	struct http_pair *pair;
	struct err ignored;
	struct buf b;
	size_t n;

	buf_init(&b, rq->arena);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &ignored))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (pair[i].name[0] == '.' || pair[i].value[0] == '\0' ||
		    strcmp(pair[i].name, "lang") == 0)
			continue;
		buf_putc(&b, b.len > 0 ? '&' : '?');
		http_escape(&b, pair[i].name);
		buf_putc(&b, '=');
		http_escape(&b, pair[i].value);
	}
	const char *more = own(rq, ".more");
	if (more[0] != '\0')
		buf_printf(&b, "%c%s", b.len > 0 ? '&' : '?', more);
	if (b.len == 0 && about_type && own(rq, ".search")[0] == '\0')
		buf_printf(&b, "?%s_count=" COUNT, of_citizen(s, about_type));
	return b.p;
}

/* The value of a parameter in the query that is sent, decoded. */
static const char *value_in(struct rq *rq, const char *query, const char *name)
{
	struct http_pair *pair;
	struct err ignored;
	size_t n;

	query += *query == '?';
	if (!http_form(rq->arena, query, strlen(query), &pair, &n, &ignored))
		return NULL;
	return http_form_get(pair, n, name);
}

static void put_params(struct browse *s, const struct json *about_type,
		       const char *query)
{
	const struct json *all = json_get(about_type, "searchParam");
	const size_t n = json_count(all);
	struct page_values *row = arena_alloc(s->rq->arena, n * sizeof(*row));
	size_t i = 0;

	for (const struct json *p = json_first(all); p; p = json_next(p)) {
		const char *name = console_said(p, "name");
		const struct page_value v[] = {
		    {.name = "name", .text = name},
		    {.name = "kind", .text = console_said(p, "type")},
		    {.name = "value", .text = value_in(s->rq, query, name)},
		};
		row[i++] = page_row(s->rq->arena, v, LEN(v));
	}
	console_rows(&s->view, "params", row, n);
}

static struct page_values found_row(struct browse *s, const struct json *entry)
{
	struct rq *rq = s->rq;
	const struct json *r = json_get(entry, "resource");
	const struct json *meta = json_get(r, "meta");
	const struct page_locale l = site_locale(rq);
	struct record_display d = {.title = ""};

	if (r)
		record_display_brief(site_of(rq)->record, rq->arena, &l, r, &d);
	const char *request =
	    console_said(json_get(entry, "request"), "method");
	const struct page_value v[] = {
	    {.name = "of", .text = console_said(r, "resourceType")},
	    {.name = "which", .text = console_said(r, "id")},
	    {.name = "vid", .text = console_said(meta, "versionId")},
	    {.name = "updated", .text = console_said(meta, "lastUpdated")},
	    {.name = "title", .text = d.title},
	    {.name = "said", .text = text_or_empty(d.value)},
	    {.name = "when", .text = text_or_empty(d.when)},
	    {.name = "method", .text = request},
	};
	return page_row(rq->arena, v, LEN(v));
}

/* The query of the next page, below the base. */
static const char *next_of(struct browse *s, const struct json *bundle)
{
	for (const struct json *l = json_first(json_get(bundle, "link")); l;
	     l = json_next(l)) {
		const char *url = console_said(l, "url");
		const char *query = strchr(url, '?');

		if (query && strcmp(console_said(l, "relation"), "next") == 0)
			return arena_cat(s->rq->arena, "/console/resources/",
					 s->version, s->along, "&", query + 1,
					 NULL);
	}
	return NULL;
}

void browse_found(struct browse *s, const struct console_answer *answer)
{
	const struct json *list = json_get(answer->json, "entry");
	const size_t n = json_count(list);
	struct page_values *row = arena_alloc(s->rq->arena, n * sizeof(*row));
	size_t i = 0;

	for (const struct json *e = json_first(list); e; e = json_next(e))
		row[i++] = found_row(s, e);
	console_rows(&s->view, "found", row, n);
	console_text(&s->view, "total", console_said(answer->json, "total"));
	console_text(&s->view, "next", next_of(s, answer->json));
}

bool console_resources(struct rq *rq)
{
	struct console_answer answer;
	struct browse s;

	if (!browse_begin(&s, rq, NULL))
		return browse_locked(&s);
	const struct json *all = put_types(&s);
	const struct json *type = about(all, s.type);
	const char *query = query_of(&s, type);
	answer.status = 200;
	if (s.type[0] != '\0' || query[0] != '\0') {
		const char *below =
		    s.type[0] != '\0' ? arena_cat(rq->arena, "/", s.type, NULL)
				      : "";

		put_params(&s, type, query);
		browse_show(&s, "GET", arena_cat(rq->arena, below, query, NULL),
			    NULL, &answer);
		browse_found(&s, &answer);
		if (answer.status >= 400)
			console_lines(&s.view, "lines", answer.json, NULL);
		console_text(&s.view, "dot_more", own(rq, ".more"));
	}
	return browse_reply(&s, answer.status, "console_resources");
}

bool console_resources_front(struct rq *rq)
{
	return site_go(rq, 302, "/console/resources/r4");
}
