/* SPDX-License-Identifier: Apache-2.0
 *
 * The joint-testing report: what was asked for, in which form.
 *
 *	GET /report?format=html|json|csv|junit|fhir&client_id=&hetu=&patient=
 *		&since=&lang=
 *
 * since is a number of the journal or a time. Without format the form is what
 * Accept likes best, JSON if it says nothing. The language is that of lang,
 * else of Accept-Language, else English; words for programs (verdicts, ids) are
 * the same in all.
 *
 * It is computed when it is asked for and kept nowhere, so it says what the
 * journal says now. All formats are written from one structure; a row of the
 * table below is a format.
 *
 * Facts: stand-in.md 11; contracts.md section 3.
 */
#include "admin/report_int.h"

#include <stdlib.h>
#include <strings.h>

struct format {
	const char *name, *type; /* media type, of Accept too */
	const char *content;	 /* Content-Type */
	const char *file;
	void (*write)(struct report *r, const struct report_head *h,
		      struct buf *b);
};
static const struct format formats[] = {
    {"json", "application/json", "application/json", "report.json",
     report_json},
    {"html", "text/html", "text/html;charset=utf-8", "report.html",
     report_html},
    {"csv", "text/csv", "text/csv;charset=utf-8;header=present", "report.csv",
     report_csv},
    {"junit", "application/xml", "application/xml;charset=utf-8",
     "TEST-report.xml", report_junit},
    {"junit", "text/xml", "text/xml;charset=utf-8", "TEST-report.xml",
     report_junit},
    {"fhir", "application/fhir+json", "application/fhir+json;charset=utf-8",
     "report-fhir.json", report_fhir_write},
};

/* ---- what is asked for ---- */

struct asked {
	const struct format *format;
	struct report_wanted wanted;
	enum page_language language;
};

static bool read_format(struct rq *rq, const char *value, struct asked *out)
{
	struct nearest near = {.word = value};

	for (size_t i = 0; i < LEN(formats); i++) {
		if (strcmp(formats[i].name, value) == 0) {
			out->format = &formats[i];
			return true;
		}
		nearest_try(&near, formats[i].name);
	}
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "format",
		       "There is no format \"%.40s\"%s%s: use html, json, csv, "
		       "junit or fhir",
		       value, near.best ? "; did you mean " : "",
		       near.best ? near.best : "");
}

static bool read_since(struct rq *rq, const char *value, struct asked *out)
{
	const size_t n = strspn(value, "0123456789");
	struct time_span span;

	if (n > 0 && value[n] == '\0' && n < 16) {
		out->wanted.since = strtoll(value, NULL, 10);
		return true;
	}
	if (time_parse(value, strlen(value), &span)) {
		out->wanted.since_ms = span.lo_ms;
		return true;
	}
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "since",
		       "since must be a number of the journal (seq) or a time "
		       "such as 2026-03-10T12:00:00+02:00, not \"%.40s\"",
		       value);
}

static bool read_hetu(struct rq *rq, const char *value, struct asked *out)
{
	struct store_citizen c;

	if (!citizen_get(rq, value, &c))
		return false;
	out->wanted.patient = c.patient;
	return true;
}

static bool read_patient(struct rq *rq, const char *value, struct asked *out)
{
	(void)rq;
	out->wanted.patient = value;
	return true;
}

static bool read_client(struct rq *rq, const char *value, struct asked *out)
{
	(void)rq;
	out->wanted.client_id = value;
	return true;
}

static bool read_language(struct rq *rq, const char *value, struct asked *out)
{
	return page_language_wanted(value, &out->language) ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "lang",
		       "lang must be en, fi or sv, not \"%.40s\"", value);
}

static bool read_one(struct rq *rq, const struct http_pair *p,
		     struct asked *out)
{
	static const struct {
		const char *name;
		bool (*read)(struct rq *rq, const char *v, struct asked *out);
	} all[] = {{"format", read_format},   {"client_id", read_client},
		   {"patient", read_patient}, {"hetu", read_hetu},
		   {"since", read_since},     {"lang", read_language}};
	struct nearest near = {.word = p->name};

	for (size_t i = 0; i < LEN(all); i++) {
		if (strcmp(all[i].name, p->name) == 0)
			return all[i].read(rq, p->value, out);
		nearest_try(&near, all[i].name);
	}
	return refuse_unknown(rq, &near);
}

/* ---- what Accept likes best ---- */

/* The weight of the part (RFC 9110 12.4.2), in thousandths. */
static long weight(const char *part, size_t n)
{
	const char *q = memchr(part, ';', n);

	for (; q; q = memchr(q + 1, ';', n - (size_t)(q + 1 - part))) {
		q += 1 + strspn(q + 1, " \t") - 1;
		if (strncasecmp(q + 1, "q=", 2) == 0)
			return (long)(strtod(q + 3, NULL) * 1000);
	}
	return 1000;
}

static const struct format *by_accept(const char *accept)
{
	const struct format *best = &formats[0];
	long most = 0;

	while (accept && *accept) {
		const size_t n = strcspn(accept, ",");
		const size_t skip = strspn(accept, " \t");
		const char *part = accept + skip;
		const size_t name = strcspn(part, ",; \t");

		for (size_t i = 0; skip < n && i < LEN(formats); i++) {
			const long w = weight(part, n - skip);

			if (strlen(formats[i].type) == name &&
			    strncasecmp(part, formats[i].type, name) == 0 &&
			    w > most) {
				most = w;
				best = &formats[i];
			}
		}
		accept += n + (accept[n] == ',');
	}
	return best;
}

static bool read_asked(struct rq *rq, struct asked *out)
{
	struct http_pair *pair;
	size_t n;

	*out = (struct asked){.format = by_accept(rq_header_in(rq, "Accept"))};
	(void)page_language_wanted(rq_header_in(rq, "Accept-Language"),
				   &out->language);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_one(rq, &pair[i], out))
			return false;
	return true;
}

/* ---- answers ---- */

static bool entry_at(const void *of, size_t i, struct seen *out)
{
	return journal_at(of, i, out);
}

static bool make(struct rq *rq, const struct asked *asked, struct report *r)
{
	const struct admin *a = admin_of(rq);
	const struct page_asset *asset =
	    page_asset("fixtures/report/cases.json");
	struct report_cases *cases = arena_alloc(rq->arena, sizeof(*cases));
	struct report_journal j = {entry_at, a->journal,
				   journal_dropped(a->journal)};

	if (!asset ||
	    !report_cases_read(rq, (const char *)asset->bytes, asset->n, cases))
		return false;
	*r = (struct report){
	    .arena = rq->arena,
	    .record = a->record,
	    .cases = cases,
	    .wanted = asked->wanted,
	    .locale = {a->words, asked->language},
	};
	report_make(r, &j);
	r->journal = NULL;
	return true;
}

/* A page that is a file as well: no script, and its style in itself. */
#define POLICY                                                                 \
	"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "     \
	"form-action 'none'; frame-ancestors 'none'"

bool admin_report(struct rq *rq)
{
	struct asked asked;
	struct report *r = arena_alloc(rq->arena, sizeof(*r));
	struct report_head h;

	if (!read_asked(rq, &asked) || !make(rq, &asked, r))
		return false;
	report_head(r, admin_of(rq), &h);
	asked.format->write(r, &h, &rq->out);
	rq_header(rq, "Cache-Control", "no-store");
	rq_header(rq, "Vary", "Accept, Accept-Language");
	rq_header(rq, "X-Content-Type-Options", "nosniff");
	rq_header(rq, "Content-Security-Policy", POLICY);
	rq_header(rq, "Content-Language", "%s",
		  page_language_code(asked.language));
	rq_header(rq, "Content-Disposition", "inline; filename=\"%s\"",
		  asked.format->file);
	return rq_reply(rq, 200, asked.format->content);
}

bool admin_coverage(struct rq *rq)
{
	struct asked asked;
	struct report *r = arena_alloc(rq->arena, sizeof(*r));
	struct jw w = {.b = &rq->out};

	if (!read_asked(rq, &asked) || !make(rq, &asked, r))
		return false;
	jw_open(&w, NULL, '{');
	coverage_write(r, &w);
	jw_int(&w, "entries", (int64_t)r->entries);
	jw_int(&w, "dropped", r->dropped);
	jw_bool(&w, "complete", r->complete);
	jw_close(&w);
	return reply_json(rq, 200);
}
