/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as a page that is a file as well: no script, its style in itself,
 * made to be printed. The template (report.html) escapes every value; what is
 * made here is rows for it.
 *
 * Of the matrix all types are shown, and of the profiles those that were used:
 * the others are named below it. The other groups are lists, where what was not
 * exercised of a type or profile is counted and not listed, so that the paper
 * is about the application; the JSON form has every cell.
 */
#include "admin/report_int.h"

#include <assert.h>

#define MARKER "<!-- style -->\n"

/* Rows that are added one by one. */
struct rows {
	struct arena *a;
	struct page_values *v;
	size_t n, cap;
};

static void add_row(struct rows *r, const struct page_value *v, size_t n)
{
	if (r->n == r->cap) {
		const size_t cap = r->cap == 0 ? 16 : r->cap * 2;
		struct page_values *more =
		    arena_alloc(r->a, cap * sizeof(*more));

		for (size_t i = 0; i < r->n; i++)
			more[i] = r->v[i];
		r->v = more;
		r->cap = cap;
	}
	r->v[r->n++] = page_row(r->a, v, n);
}

#define ROW(rows, ...)                                                         \
	do {                                                                   \
		const struct page_value row_[] = {__VA_ARGS__};                \
		add_row(rows, row_, LEN(row_));                                \
	} while (0)
#define TEXT(key, value)                                                       \
	{                                                                      \
		.name = (key), .text = (value)                                 \
	}
#define ROWS(key, value)                                                       \
	{                                                                      \
		.name = (key), .rows = (value).v, .row_count = (value).n       \
	}

/* ---- small texts ---- */

static const char *word(const struct report *r, const char *english)
{
	return page_word(&r->locale, english);
}

static const char *number(struct report *r, size_t n)
{
	return arena_printf(r->arena, "%zu", n);
}

static const char *some(struct report *r, size_t n)
{
	return n > 0 ? number(r, n) : NULL;
}

static const char *class_of(enum verdict v)
{
	static const char *const classes[VERDICTS] = {
	    [VERDICT_UNTRIED] = "none",
	    [VERDICT_PASSED] = "passed",
	    [VERDICT_FAILED] = "failed",
	    [VERDICT_FAULT] = "fault",
	};

	return classes[v];
}

static const char *tail(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash && slash[1] ? slash + 1 : url;
}

static const char *request_url(struct report *r, const char *id)
{
	struct buf b;

	buf_init(&b, r->arena);
	buf_puts(&b, "/__admin/requests/");
	http_escape(&b, id);
	return b.p;
}

static struct rows cited_rows(struct report *r, const struct report_cited *c)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < c->n; i++) {
		const struct report_evidence *e = &r->evidence[c->of[i]];

		ROW(&out, TEXT("href", request_url(r, e->id)),
		    TEXT("seq", number(r, (size_t)e->seq)));
	}
	return out;
}

/* ---- the head ---- */

static const char *clients_text(struct report *r)
{
	struct buf b;

	buf_init(&b, r->arena);
	for (size_t i = 0; i < r->clients; i++) {
		const struct report_client *c = r->client[i];

		if (c->requests == 0)
			continue;
		buf_printf(&b, "%s%s", b.len > 0 ? "; " : "",
			   *c->name ? c->name : "");
		buf_printf(&b, *c->name ? " (%s)" : "%s",
			   *c->client_id ? c->client_id
					 : word(r, SAY("no client_id")));
		for (size_t k = 0; k < c->agents.n; k++)
			buf_printf(&b, "%s%s", k > 0 ? ", " : ", User-Agent: ",
				   c->agents.v[k]);
	}
	return b.len > 0 ? b.p : word(r, SAY("none"));
}

static void fact(struct report *r, struct rows *out, const char *label,
		 const char *value, bool code)
{
	ROW(out, TEXT("label", word(r, label)), TEXT("value", value),
	    TEXT("code", code ? "1" : ""));
}

static const char *filter_text(struct report *r)
{
	const struct report_wanted *w = &r->wanted;
	struct buf b;

	buf_init(&b, r->arena);
	if (w->client_id)
		buf_printf(&b, "client_id %s ", w->client_id);
	if (w->patient)
		buf_printf(&b, "patient %s ", w->patient);
	if (w->since > 0)
		buf_printf(&b, "since %lld", (long long)w->since);
	return b.len > 0 ? b.p : NULL;
}

static struct rows fact_rows(struct report *r, const struct report_head *h)
{
	struct rows out = {.a = r->arena};
	const char *filter = filter_text(r);

	fact(r, &out, SAY("Application"), clients_text(r), false);
	fact(r, &out, SAY("Made at"), h->at, false);
	fact(r, &out, SAY("Program"),
	     arena_cat(r->arena, "mock-kanta-phr ", h->version, NULL), false);
	fact(r, &out, SAY("Environment"), h->environment, false);
	fact(r, &out, SAY("Clock"), h->clock, false);
	fact(r, &out, SAY("Rules"), h->rules, false);
	fact(r, &out, SAY("SHA-256 of the rules"), h->rules_digest, true);
	fact(r, &out, SAY("Requests looked at"),
	     arena_printf(r->arena, "%zu (%lld – %lld)", r->entries,
			  (long long)r->first, (long long)r->last),
	     false);
	if (filter)
		fact(r, &out, SAY("Only those of"), filter, false);
	return out;
}

static struct rows summary_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->cases->groups; i++) {
		const struct report_group *g = &r->cases->group[i];
		const char *n[VERDICTS], *any[VERDICTS];

		for (int v = 0; v < VERDICTS; v++) {
			const size_t count =
			    report_count(r, g, (enum verdict)v);

			n[v] = number(r, count);
			any[v] = count > 0 ? "1" : "";
		}
		ROW(&out, TEXT("title", report_text(g->title, &r->locale)),
		    TEXT("mark", g->mark), TEXT("passed", any[VERDICT_PASSED]),
		    TEXT("failed", any[VERDICT_FAILED]),
		    TEXT("fault", any[VERDICT_FAULT]),
		    TEXT("passed_count", n[VERDICT_PASSED]),
		    TEXT("failed_count", n[VERDICT_FAILED]),
		    TEXT("fault_count", n[VERDICT_FAULT]),
		    TEXT("none_count", n[VERDICT_UNTRIED]));
	}
	return out;
}

/* ---- the matrix ---- */

static struct page_values matrix_cell(struct report *r,
				      const struct report_cell *c)
{
	static const char *const marks[VERDICTS] = {
	    [VERDICT_UNTRIED] = "·",
	    [VERDICT_PASSED] = "✓",
	    [VERDICT_FAILED] = "✗",
	    [VERDICT_FAULT] = "!",
	};
	const size_t n = c ? c->passed + c->failed + c->faulted : 0;
	const struct page_value v[] = {
	    TEXT("class", c ? class_of(c->verdict) : "none"),
	    TEXT("mark", c ? marks[c->verdict] : "–"),
	    TEXT("word",
		 word(r, c ? report_verdict(c->verdict) : SAY("not offered"))),
	    TEXT("count", some(r, n)),
	};

	return page_row(r->arena, v, LEN(v));
}

static struct rows matrix_row(struct report *r, const struct report_subject *s)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->cases->n; i++) {
		const struct report_case *c = &r->cases->of[i];
		struct page_values cell;

		if (!c->column)
			continue;
		cell = matrix_cell(r, report_cell_at(r, c, s));
		add_row(&out, cell.v, cell.n);
	}
	return out;
}

static struct rows column_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->cases->n; i++)
		if (r->cases->of[i].column)
			ROW(&out, TEXT("name", r->cases->of[i].column));
	return out;
}

static void add_matrix(struct report *r, struct rows *out, enum fhir_version v,
		       struct rows columns)
{
	struct rows rows = {.a = r->arena};
	bool used = false;
	struct buf unused;

	buf_init(&unused, r->arena);
	for (size_t i = 0; i < r->subjects; i++) {
		const struct report_subject *s = &r->subject[i];
		struct rows cells;

		if (s->fhir != v)
			continue;
		used |= s->kept > 0;
		if (s->profile && s->kept == 0) {
			buf_printf(&unused, "%s%s", unused.len > 0 ? ", " : "",
				   tail(s->profile));
			continue;
		}
		cells = matrix_row(r, s);
		ROW(&rows,
		    TEXT("name", s->profile ? tail(s->profile) : s->type),
		    TEXT("below", s->profile ? "1" : ""), ROWS("cells", cells));
	}
	ROW(out, TEXT("title", v == FHIR_R4 ? "FHIR R4" : "FHIR STU3"),
	    TEXT("used", used ? "1" : ""), ROWS("rows", rows),
	    ROWS("columns", columns), TEXT("unused", unused.p));
}

static struct rows matrix_rows(struct report *r)
{
	const struct rows columns = column_rows(r);
	struct rows out = {.a = r->arena};

	add_matrix(r, &out, FHIR_R4, columns);
	add_matrix(r, &out, FHIR_STU3, columns);
	return out;
}

/* ---- the groups ---- */

static const char *counts_text(struct report *r, const struct report_cell *c)
{
	struct buf b;

	buf_init(&b, r->arena);
	if (c->passed > 0)
		buf_printf(&b, "%u %s", c->passed,
			   word(r, report_verdict(VERDICT_PASSED)));
	if (c->failed > 0)
		buf_printf(&b, "%s%u %s", b.len > 0 ? ", " : "", c->failed,
			   word(r, report_verdict(VERDICT_FAILED)));
	if (c->faulted > 0)
		buf_printf(&b, "%s%u %s", b.len > 0 ? ", " : "", c->faulted,
			   word(r, SAY("under a fault")));
	return b.p;
}

static void add_cell(struct report *r, struct rows *out,
		     const struct report_cell *c)
{
	const struct rows cited = cited_rows(r, &c->cited);

	ROW(out, TEXT("id", c->of->id),
	    TEXT("requirement", report_text(c->of->requirement, &r->locale)),
	    TEXT("subject", report_subject_name(r, c->subject)),
	    TEXT("class", class_of(c->verdict)),
	    TEXT("verdict", word(r, report_verdict(c->verdict))),
	    TEXT("counts", counts_text(r, c)),
	    TEXT("why", c->why ? word(r, c->why) : ""), ROWS("cited", cited));
}

static void add_group(struct report *r, struct rows *out,
		      const struct report_group *g)
{
	struct rows rows = {.a = r->arena};
	size_t untried = 0;

	for (size_t i = 0; i < r->cells; i++) {
		const struct report_cell *c = &r->cell[i];
		const bool matrix = c->of->column && c->subject;

		if (c->of->group != g || matrix)
			continue;
		if (c->subject && c->verdict == VERDICT_UNTRIED)
			untried++;
		else
			add_cell(r, &rows, c);
	}
	if (rows.n == 0 && untried == 0)
		return;
	ROW(out, TEXT("title", report_text(g->title, &r->locale)),
	    TEXT("any", rows.n > 0 ? "1" : ""), ROWS("rows", rows),
	    TEXT("untried", some(r, untried)));
}

static struct rows group_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->cases->groups; i++)
		add_group(r, &out, &r->cases->group[i]);
	return out;
}

/* ---- habits, coverage ---- */

static struct rows habit_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->habits; i++) {
		const struct report_habit *h = &r->habit[i];
		const struct rows cited = cited_rows(r, &h->cited);

		ROW(&out, TEXT("what", word(r, h->what)),
		    TEXT("change", word(r, h->change)),
		    TEXT("client", h->client_id),
		    TEXT("count", number(r, h->count)), ROWS("cited", cited));
	}
	return out;
}

static void say(struct report *r, struct rows *out, const char *english,
		const char *value)
{
	const struct page_value v[] = {TEXT("value", value)};
	const struct page_values values = {v, LEN(v)};

	ROW(out,
	    TEXT("text", page_say(r->arena, &r->locale, english, &values)));
}

static struct rows never_rows(struct report *r)
{
	struct rows out = {.a = r->arena};
	struct buf b;
	int status;

	buf_init(&b, r->arena);
	for (size_t i = 0; (status = report_error_status(i)); i++)
		if (r->met[status] == 0)
			buf_printf(&b, "%s%d", b.len > 0 ? ", " : "", status);
	if (b.len > 0)
		say(r, &out, SAY("It has never met these answers: {value}."),
		    b.p);
	if (r->pages_followed == 0)
		say(r, &out,
		    SAY("It has never followed a link to a next page."), "");
	if (r->creates_conditional == 0)
		say(r, &out, SAY("It has never sent If-None-Exist."), "");
	return out;
}

static const char *never_sent(struct report *r, const struct report_subject *s)
{
	struct buf b;

	buf_init(&b, r->arena);
	for (int rest = 0; rest < 2; rest++)
		for (size_t i = 0; i < s->parts; i++) {
			if (report_never_sent(s, i) &&
			    report_is_stated(s, i) != rest)
				buf_printf(&b, "%s%s", b.len > 0 ? ", " : "",
					   s->part[i].path);
		}
	return b.p;
}

static struct rows profile_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->subjects; i++) {
		const struct report_subject *s = &r->subject[i];
		size_t sent = 0;

		if (!s->part)
			continue;
		for (size_t k = 0; k < s->parts; k++)
			sent += s->part[k].count > 0;
		ROW(&out, TEXT("name", report_subject_name(r, s)),
		    TEXT("resources", number(r, s->resources)),
		    TEXT("sent", number(r, sent)),
		    TEXT("all", number(r, s->parts)),
		    TEXT("missing", never_sent(r, s)));
	}
	return out;
}

/* ---- sources, evidence ---- */

static struct rows mark_rows(struct report *r)
{
	const struct json *v = json_first(json_get(r->cases->doc, "marks"));
	struct rows out = {.a = r->arena};

	for (; v; v = json_next(v))
		ROW(&out, TEXT("mark", json_name(v)),
		    TEXT("meaning", report_text(v, &r->locale)));
	return out;
}

static struct rows case_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->cases->n; i++) {
		const struct report_case *c = &r->cases->of[i];

		ROW(&out, TEXT("id", c->id),
		    TEXT("requirement",
			 report_text(c->requirement, &r->locale)),
		    TEXT("mark", c->mark), TEXT("url", c->source->url),
		    TEXT("source", c->source->title));
	}
	return out;
}

static struct rows evidence_rows(struct report *r)
{
	struct rows out = {.a = r->arena};

	for (size_t i = 0; i < r->evidences; i++) {
		const struct report_evidence *e = &r->evidence[i];

		ROW(&out, TEXT("href", request_url(r, e->id)),
		    TEXT("seq", number(r, (size_t)e->seq)), TEXT("at", e->at),
		    TEXT("request",
			 arena_cat(r->arena, e->method, " ", e->path,
				   *e->query ? "?" : "", e->query, NULL)),
		    TEXT("status", number(r, (size_t)e->status)),
		    TEXT("fault", e->fault), TEXT("digest", e->digest));
	}
	return out;
}

/* The template with its style in place of the marker. The style is ours, and no
 * value is put into it. */
static void render(struct report *r, struct buf *b,
		   const struct page_values *values)
{
	const struct page_asset *page = page_asset("server/admin/report.html");
	const struct page_asset *style = page_asset("server/admin/report.css");
	const char *text = page ? (const char *)page->bytes : "";
	const char *cut = strstr(text, MARKER);

	assert(cut != NULL && style != NULL);
	page_render(b, &r->locale,
		    arena_strndup(r->arena, text, (size_t)(cut - text)),
		    values);
	buf_puts(b, "<style>\n");
	buf_add(b, style->bytes, style->n);
	buf_puts(b, "</style>\n");
	page_render(b, &r->locale, cut + strlen(MARKER), values);
}

void report_html(struct report *r, const struct report_head *h, struct buf *b)
{
	const struct json *doc = r->cases->doc;
	const struct rows facts = fact_rows(r, h), summary = summary_rows(r),
			  matrices = matrix_rows(r), groups = group_rows(r),
			  findings = habit_rows(r), never = never_rows(r),
			  profiles = profile_rows(r), marks = mark_rows(r),
			  cases = case_rows(r), evidence = evidence_rows(r);
	const struct page_value v[] = {
	    TEXT("lang", page_language_code(r->locale.language)),
	    TEXT("title", report_text(json_get(doc, "title"), &r->locale)),
	    TEXT("notice", report_text(json_get(doc, "notice"), &r->locale)),
	    TEXT("incomplete", r->complete ? "" : "1"),
	    TEXT("dropped", number(r, (size_t)r->dropped)),
	    TEXT("empty", r->entries == 0 ? "1" : ""),
	    TEXT("manifest", h->manifest_digest),
	    TEXT("evidence_any", evidence.n > 0 ? "1" : ""),
	    ROWS("facts", facts),
	    ROWS("summary", summary),
	    ROWS("matrices", matrices),
	    ROWS("groups", groups),
	    ROWS("findings", findings),
	    ROWS("never", never),
	    ROWS("profiles", profiles),
	    ROWS("marks", marks),
	    ROWS("cases", cases),
	    ROWS("evidence", evidence),
	};
	const struct page_values values = {v, LEN(v)};

	render(r, b, &values);
}
