/* SPDX-License-Identifier: Apache-2.0
 *
 * The console: the page at / for the person who runs the mock, and those below
 * /console.
 *
 * The control API is the product; a page shows it. Each page is a row of a
 * table: the answer to one call of the API, put into a template by the names of
 * its members (console_bind.c). Each button is one call, too, and a row of
 * another table (console_form.c). A page and its call have the same path, below
 * /console here and below /__admin there, and /console/x.json is the call's own
 * answer. So a new page is a row and a template, and nothing can be done here
 * that a script could not do there.
 *
 *	console_ask.c		asking the API, and the token for it
 *	console_overview.c	what is ready to paste
 *	console_journal.c	the filter of the journal
 *	console_explain.c	why a request was refused; console_text.c: its
 *JSON console_resources.c	the browser of resources
 *
 * The group has the empty prefix, so it also answers what nobody else does: a
 * browser reads a page there, a program the words it has always read.
 *
 * Facts: stand-in.md 15, contracts.md 2.
 */
#include "web/console_int.h"

#include <string.h>

#define FORM  HTTP_FORM_BODY_BYTES
#define BELOW "/console"

#define PLAIN NULL, NULL

/* In the order of the ways through the site. */
static const struct console_page pages[] = {
    {"/", "/state", SAY("Overview"), "console_overview", SAY("Overview"), "",
     console_overview_more, NULL},
    {"/requests", NULL, SAY("Journal"), "console_requests", SAY("Journal"), "",
     console_requests_more, console_requests_call},
    {"/requests/:id", NULL, SAY("One request"), "console_request",
     SAY("Journal"), "", console_explain_more, NULL},
    {"/resources", NULL, SAY("Resources"), NULL, SAY("Resources"), "", PLAIN},
    {"/citizens", NULL, SAY("Citizens"), "console_citizens", SAY("Citizens"),
     "", PLAIN},
    {"/citizens/:hetu", NULL, SAY("A citizen"), "console_citizen",
     SAY("Citizens"), "", PLAIN},
    {"/clients", NULL, SAY("Applications"), "console_clients",
     SAY("Applications"), "", PLAIN},
    {"/clients/:client_id", NULL, SAY("An application"), "console_client",
     SAY("Applications"), "", PLAIN},
    {"/tokens", NULL, SAY("Tokens"), "console_tokens", SAY("Tokens"),
     "client_id hetu active", PLAIN},
    {"/certificates", NULL, SAY("Certificates"), "console_certificates",
     SAY("Certificates"), "", PLAIN},
    {"/faults", NULL, SAY("Faults"), "console_faults", SAY("Faults"), "",
     console_faults_more, NULL},
    {"/clock", NULL, SAY("Clock"), "console_clock", SAY("Clock"), "", PLAIN},
    {"/snapshots", NULL, SAY("Snapshots"), "console_snapshots",
     SAY("Snapshots"), "", PLAIN},
    {"/settings", "/state", SAY("Settings"), "console_settings",
     SAY("Settings"), "", PLAIN},
    {"/profiles", NULL, SAY("Profiles"), "console_profiles", SAY("Profiles"),
     "", PLAIN},
    {"/profiles/coverage", NULL, SAY("Coverage"), "console_coverage",
     SAY("Profiles"), "client_id since", PLAIN},
    {"/report", NULL, SAY("Report"), "console_report", SAY("Report"),
     "client_id since", PLAIN},
};

/* What is handed on as the control API gives it. */
static const struct {
	const char *path, *call, *query;
} files[] = {
    {"/report/:format", "/report?format=:format", "client_id since lang"},
    {"/certificates/ca.pem", "/certificates/ca.pem", ""},
    {"/certificates/crl.pem", "/certificates/crl.pem", ""},
    {"/snapshots/:name", "/snapshots/:name", ""},
};

/* ---- patterns -------------------------------------------------------- */

/* Goes through both, a segment at a time. */
static bool same_segment(const char *pattern, const char *path, size_t *n,
			 size_t *m)
{
	*n = strcspn(pattern, "/");
	*m = strcspn(path, "/");
	return pattern[0] == ':' ? *m > 0
				 : *n == *m && memcmp(pattern, path, *n) == 0;
}

bool console_match(const char *pattern, const char *path)
{
	size_t n, m;

	while (*pattern == '/' && *path == '/') {
		if (!same_segment(++pattern, ++path, &n, &m))
			return false;
		pattern += n;
		path += m;
	}
	return *pattern == '\0' && (*path == '\0' || strcmp(path, "/") == 0);
}

static void fill_field(struct buf *b, const char *name, size_t n,
		       const struct site_post *form)
{
	const char *value =
	    form ? site_field(form, arena_strndup(b->arena, name, n)) : NULL;

	http_escape(b, text_or_empty(value));
}

const char *console_fill(struct rq *rq, const char *pattern, const char *path,
			 const struct site_post *form)
{
	struct buf b;
	size_t n, m;

	buf_init(&b, rq->arena);
	for (const char *at = path; *pattern == '/'; pattern += n, at += m) {
		at += *at == '/';
		n = strcspn(++pattern, "/");
		m = strcspn(at, "/");
		buf_putc(&b, '/');
		if (pattern[0] == ':')
			http_escape(&b, arena_strndup(rq->arena, at, m));
		else if (pattern[0] == '{')
			fill_field(&b, pattern + 1, n - 2, form);
		else
			buf_add(&b, pattern, n);
	}
	return b.p;
}

const struct console_page *console_page_find(struct rq *rq, const char *below)
{
	(void)rq;
	for (size_t i = 0; i < LEN(pages); i++)
		if (pages[i].file && console_match(pages[i].path, below))
			return &pages[i];
	return NULL;
}

/* ---- what is asked --------------------------------------------------- */

/* Is it one of the words? */
static bool among(const char *words, const char *name)
{
	return *name != '\0' && scope_has(words, name);
}

/* The parameters of the query that the page hands on, as a query. */
static const char *handed_on(struct rq *rq, const char *names)
{
	struct http_pair *pair;
	struct err ignored;
	struct buf b;
	size_t n;

	buf_init(&b, rq->arena);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &ignored))
		return "";
	for (size_t i = 0; i < n; i++) {
		if (!among(names, pair[i].name) || pair[i].value[0] == '\0')
			continue;
		buf_putc(&b, b.len > 0 ? '&' : '?');
		http_escape(&b, pair[i].name);
		buf_putc(&b, '=');
		http_escape(&b, pair[i].value);
	}
	return b.p;
}

static const char *call_of(struct rq *rq, const struct console_page *page,
			   const char *below)
{
	if (page->asks)
		return page->asks(rq);
	return arena_cat(
	    rq->arena,
	    console_fill(rq, page->call ? page->call : page->path, below, NULL),
	    handed_on(rq, page->query), NULL);
}

/* ---- showing --------------------------------------------------------- */

const char *console_file(struct rq *rq, const char *name)
{
	return arena_cat(rq->arena, "server/web/", name, ".html", NULL);
}

static void put_rail(struct console_view *v, const char *here)
{
	struct page_values *row =
	    arena_alloc(v->rq->arena, LEN(pages) * sizeof(*row));
	size_t n = 0;

	for (size_t i = 0; i < LEN(pages); i++) {
		const struct console_page *p = &pages[i];

		if (strchr(p->path + 1, '/'))
			continue;
		const struct page_value link[] = {
		    {.name = "url",
		     .text = i == 0 ? "/"
				    : arena_cat(v->rq->arena, BELOW, p->path,
						NULL)},
		    {.name = "name", .text = site_word(v->rq, p->rail)},
		    {.name = "here", .text = text_is(here, p->rail) ? "1" : ""},
		};
		row[n++] = page_row(v->rq->arena, link, LEN(link));
	}
	console_rows(v, "rail", row, n);
}

bool console_reply(struct console_view *v, int status, const char *title,
		   const char *file, const char *rail)
{
	put_rail(v, rail);
	return site_page(v->rq, status, title, console_file(v->rq, file),
			 &(struct page_values){v->v, v->n}, "");
}

/* What was sent, so that nobody has to type it again. */
static void put_form(struct console_view *v, const struct site_post *form)
{
	for (size_t i = 0; form && i < form->n; i++)
		console_text(
		    v, arena_cat(v->rq->arena, "f_", form->pair[i].name, NULL),
		    form->pair[i].value);
}

/* What the query said: q_NAME; and what of it is handed on, as more. */
static void put_query(struct console_view *v, const struct console_page *page)
{
	struct http_pair *pair;
	struct err ignored;
	struct rq *rq = v->rq;
	size_t n;

	console_text(v, "more", handed_on(rq, page->query));
	console_text(v, "auth_path", web_of(rq)->issuer_path);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &ignored))
		return;
	for (size_t i = 0; i < n; i++)
		console_text(v, arena_cat(rq->arena, "q_", pair[i].name, NULL),
			     pair[i].value);
}

/* The same page as the call that it shows, for programs. */
static void put_twin(struct console_view *v, const char *below,
		     const char *call)
{
	struct arena *a = v->rq->arena;
	const char *query = strchr(call, '?');

	console_text(v, "call", arena_cat(a, "GET /__admin", call, NULL));
	console_text(v, "twin",
		     arena_cat(a, BELOW,
			       strcmp(below, "/") == 0 ? "/state" : below,
			       ".json", text_or_empty(query), NULL));
}

void console_trouble(struct console_view *v, const struct console_answer *r)
{
	const char *text = r->message[0] != '\0' ? r->message : r->code;

	if (text[0] == '\0')
		text = arena_printf(v->rq->arena, "%d %s", r->status,
				    http_reason(r->status));
	console_text(v, "refused", text);
	console_text(v, "frame.trouble", text);
	console_text(v, "frame.where", r->where);
}

static void put_done(struct console_view *v)
{
	const char *done = console_done(web_query(v->rq, "done"));

	console_text(v, "frame.done", done ? site_word(v->rq, done) : NULL);
}

bool console_show(struct rq *rq, const struct console_page *page,
		  const char *below, const struct site_post *form,
		  const struct console_answer *refused)
{
	const char *call = call_of(rq, page, below);
	struct console_answer answer;
	struct site_session session;
	struct console_view v;

	console_ask(rq, "GET", call, NULL, &answer);
	if (answer.status == 401)
		return console_locked(rq);
	if (answer.status >= 400)
		refused = &answer;
	console_session(rq, &session);
	console_view_init(&v, rq);
	console_text(&v, "csrf", site_csrf(rq, &session));
	put_done(&v);
	put_twin(&v, below, call);
	if (refused)
		console_trouble(&v, refused);
	put_query(&v, page);
	put_form(&v, form);
	if (page->more)
		page->more(&v, answer.json);
	console_bind(&v, answer.status < 400 ? answer.json : NULL);
	return console_reply(&v, refused ? refused->status : 200, page->title,
			     page->file, page->rail);
}

/* ---- handlers -------------------------------------------------------- */

static const char *below_of(const struct rq *rq)
{
	const char *path = rq->path;

	if (text_begins(path, BELOW "/"))
		return path + strlen(BELOW);
	return "/";
}

/* Is it "/requests.json"? Then that without its end. */
static const char *without_json(struct rq *rq, const char *below)
{
	const size_t n = strlen(below), end = strlen(".json");

	if (n <= end || strcmp(below + n - end, ".json") != 0)
		return NULL;
	return arena_strndup(rq->arena, below, n - end);
}

/* A file, with the headers that it needs. */
static bool hand_on(struct rq *rq, const struct console_answer *answer)
{
	static const char *const names[] = {"Content-Disposition",
					    "Content-Security-Policy",
					    "Content-Language"};

	for (size_t i = 0; i < LEN(names); i++) {
		const char *value = rq_header_out(answer->from, names[i]);

		if (value)
			rq_header_text(rq, names[i], value);
	}
	rq_header(rq, "Cache-Control", "no-store");
	rq_header(rq, "X-Content-Type-Options", "nosniff");
	buf_add(&rq->out, answer->text, answer->len);
	return rq_reply(rq, answer->status,
			answer->type ? answer->type : "application/json");
}

/* What the control API says, as it says it. */
static bool twin(struct rq *rq, const char *below)
{
	const struct console_page *page = strcmp(below, "/state") == 0
					      ? &pages[0]
					      : console_page_find(rq, below);
	struct console_answer answer;

	if (!page)
		return false;
	console_ask(rq, "GET", call_of(rq, page, below), NULL, &answer);
	return hand_on(rq, &answer);
}

static const char *file_call(struct rq *rq, size_t i, const char *below)
{
	const char *call = files[i].call, *query = strchr(call, '?');
	const char *more = handed_on(rq, files[i].query);
	const char *format = strrchr(below, '/') + 1;

	if (!query)
		return console_fill(rq, call, below, NULL);
	return arena_printf(
	    rq->arena, "%.*s%s%s%s", (int)(strchr(query, ':') - call), call,
	    format, *more != '\0' ? "&" : "", *more != '\0' ? more + 1 : "");
}

/* False: it is no such file, and nothing was answered. */
static bool open_file(struct rq *rq, const char *below)
{
	struct console_answer answer;

	for (size_t i = 0; i < LEN(files); i++) {
		if (!console_match(files[i].path, below))
			continue;
		console_ask(rq, "GET", file_call(rq, i, below), NULL, &answer);
		if (answer.status == 401)
			return console_locked(rq);
		return hand_on(rq, &answer);
	}
	return false;
}

static bool nothing_here(struct rq *rq)
{
	return err_set(&rq->err, ERR_NOT_FOUND, "not-found", NULL,
		       "nothing is at %s", rq->path);
}

static bool open_page(struct rq *rq)
{
	const char *below = below_of(rq);
	const char *json = without_json(rq, below);
	const struct console_page *page;

	if (json && twin(rq, json))
		return true;
	page = console_page_find(rq, below);
	if (!page && open_file(rq, below))
		return true;
	if (!page)
		return nothing_here(rq);
	return console_show(rq, page, below, NULL, NULL);
}

static bool to_front(struct rq *rq)
{
	return site_go(rq, 302, "/");
}

static const struct route routes[] = {
    {"GET", "/", open_page, ACCESS_OPEN, 0, "the overview", "overview"},
    {"GET", "/console", to_front, ACCESS_OPEN, 0, "leads there", "console"},
    {"GET", "/console/unlock", console_unlock_get, ACCESS_OPEN, 0,
     "asks for the token of the control API", "unlock_get"},
    {"POST", "/console/unlock", console_unlock_post, ACCESS_OPEN, FORM,
     "lets this browser use it", "unlock_post"},
    {"GET", "/console/style.css", site_style, ACCESS_OPEN, 0,
     "how the pages look", "style"},
    {"GET", "/console/icon.svg", site_icon, ACCESS_OPEN, 0, "their icon",
     "icon"},
    {"GET", "/console/script.js", site_script, ACCESS_OPEN, 0,
     "what makes the pages livelier", "script"},
    {"GET", "/console/resources", console_resources_front, ACCESS_OPEN, 0,
     "leads to the browser of resources", "resources_front"},
    {"GET", "/console/resources/:base", console_resources, ACCESS_OPEN, 0,
     "types of resources", "resources"},
    {"GET", "/console/resources/:base/:type", console_resources, ACCESS_OPEN, 0,
     "a search", "resources_search"},
    {"GET", "/console/resources/:base/:type/$new", console_resource_new,
     ACCESS_OPEN, 0, "a form for a new one", "resource_new"},
    {"GET", "/console/resources/:base/:type/:id", console_resource, ACCESS_OPEN,
     0, "one of them, and its versions", "resource"},
    {"GET", "/console/resources/:base/:type/:id/:vid", console_resource,
     ACCESS_OPEN, 0, "a version", "resource_version"},
    {"POST", "/console/resources/:base/:type", console_resource_post,
     ACCESS_OPEN, HTTP_FHIR_BODY_BYTES, "stores or judges one",
     "resource_post"},
    {"POST", "/console/resources/:base/:type/:id", console_resource_post,
     ACCESS_OPEN, HTTP_FHIR_BODY_BYTES, "changes, judges or deletes it",
     "resource_change"},
    {"GET", "/console/:a", open_page, ACCESS_OPEN, 0, "a page", "page_1"},
    {"GET", "/console/:a/:b", open_page, ACCESS_OPEN, 0, "a page", "page_2"},
    {"GET", "/console/:a/:b/:c", open_page, ACCESS_OPEN, 0, "a page", "page_3"},
    {"POST", "/console/:a", console_form, ACCESS_OPEN, FORM, "a form",
     "form_1"},
    {"POST", "/console/:a/:b", console_form, ACCESS_OPEN, FORM, "a form",
     "form_2"},
    {"POST", "/console/:a/:b/:c", console_form, ACCESS_OPEN, FORM, "a form",
     "form_3"},
};

/* Who asks for pages gets one; programs are told which paths there are. */
static void refuse(struct rq *rq)
{
	const char *accept = rq_header_in(rq, "Accept");
	struct console_view v;

	if (!accept || !strstr(accept, "text/html")) {
		http_refuse_plain(rq);
		return;
	}
	console_view_init(&v, rq);
	console_text(&v, "code", rq->err.code);
	console_text(&v, "text", site_refused(rq));
	console_text(&v, "front", "/");
	console_text(&v, "status", web_number(rq, http_status(rq->err.kind)));
	put_rail(&v, NULL);
	site_page(rq, http_status(rq->err.kind), SAY("Request refused"),
		  "server/site/error.html", &(struct page_values){v.v, v.n},
		  "");
}

void web_console_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = "",
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = w,
	    .refuse = refuse,
	    .kind = "page",
	    .unseen = true,
	};
}

/* ---- where the HAPI tester was ---------------------------------------- */

static bool to_resources(struct rq *rq)
{
	return site_go(rq, 302, BELOW "/resources");
}

static void anything_to_resources(struct rq *rq)
{
	to_resources(rq);
}

static const struct route tester[] = {
    {"GET", "/", to_resources, ACCESS_OPEN, 0, "leads to the resource browser",
     "tester"},
};

void web_tester_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = "/phr-resourceserver-ui",
	    .routes = tester,
	    .route_count = LEN(tester),
	    .ctx = w,
	    .refuse = anything_to_resources,
	    .kind = "page",
	};
}
