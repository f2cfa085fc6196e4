/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as a TestReport of FHIR R4 (a maturity 0 resource: the form may
 * change with FHIR): a test for each case, an assertion for each of its cells.
 * What was not exercised, or only while a fault was injected, is skipped; the
 * whole has failed when a cell has, and is pending while none has been tried.
 *
 * FHIR R4, TestReport.
 */
#include "admin/report_int.h"

static const char *const results[VERDICTS] = {
    [VERDICT_UNTRIED] = "skip",
    [VERDICT_PASSED] = "pass",
    [VERDICT_FAILED] = "fail",
    [VERDICT_FAULT] = "skip",
};

static void write_text(struct report *r, struct jw *w)
{
	struct buf b;

	buf_init(&b, r->arena);
	buf_puts(&b, "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>");
	page_escape(&b,
		    report_text(json_get(r->cases->doc, "notice"), &r->locale));
	buf_puts(&b, "</p></div>");
	jw_open(w, "text", '{');
	jw_str(w, "status", "generated");
	jw_str(w, "div", b.p);
	jw_close(w);
}

static void write_participant(struct jw *w, const char *type, const char *uri,
			      const char *display)
{
	jw_open(w, NULL, '{');
	jw_str(w, "type", type);
	jw_str(w, "uri", uri);
	jw_str(w, "display", display);
	jw_close(w);
}

static void write_participants(struct report *r, const struct report_head *h,
			       struct jw *w)
{
	jw_open(w, "participant", '[');
	write_participant(w, "server", "urn:mock-kanta-phr",
			  arena_cat(r->arena, "mock-kanta-phr ", h->version,
				    ", ", h->environment, NULL));
	for (size_t i = 0; i < r->clients; i++) {
		const struct report_client *c = r->client[i];
		struct buf b;

		if (c->requests == 0 || *c->client_id == '\0')
			continue;
		buf_init(&b, r->arena);
		buf_puts(&b, "urn:mock-kanta-phr:client:");
		http_escape(&b, c->client_id);
		write_participant(w, "client", b.p, *c->name ? c->name : NULL);
	}
	jw_close(w);
}

static void write_cell(struct report *r, struct jw *w,
		       const struct report_cell *c)
{
	const char *message = arena_cat(
	    r->arena, report_subject_name(r, c->subject), ": ",
	    page_word(&r->locale, report_verdict(c->verdict)),
	    c->why ? " (" : "", c->why ? c->why : "", c->why ? ")" : "", NULL);

	jw_open(w, NULL, '{');
	jw_open(w, "assert", '{');
	jw_str(w, "result", results[c->verdict]);
	jw_str(w, "message", message);
	if (c->cited.n > 0)
		jw_str(w, "detail",
		       arena_cat(r->arena, "urn:uuid:",
				 r->evidence[c->cited.of[0]].id, NULL));
	jw_close(w);
	jw_close(w);
}

static bool has_cells(const struct report *r, const struct report_case *c)
{
	for (size_t i = 0; i < r->cells; i++)
		if (r->cell[i].of == c)
			return true;
	return false;
}

static void write_test(struct report *r, struct jw *w,
		       const struct report_case *c)
{
	if (!has_cells(r, c))
		return;
	jw_open(w, NULL, '{');
	jw_str(w, "name", c->id);
	jw_str(w, "description", report_text(c->requirement, &r->locale));
	jw_open(w, "action", '[');
	for (size_t i = 0; i < r->cells; i++)
		if (r->cell[i].of == c)
			write_cell(r, w, &r->cell[i]);
	jw_close(w);
	jw_close(w);
}

static void write_score(struct report *r, struct jw *w, size_t good, size_t bad)
{
	const char *score;

	if (good + bad == 0)
		return;
	score = arena_printf(r->arena, "%.2f",
			     100.0 * (double)good / (double)(good + bad));
	jw_raw(w, "score", score, strlen(score));
}

void report_fhir_write(struct report *r, const struct report_head *h,
		       struct buf *b)
{
	const size_t good = report_count(r, NULL, VERDICT_PASSED);
	const size_t bad = report_count(r, NULL, VERDICT_FAILED);
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "TestReport");
	write_text(r, &w);
	jw_open(&w, "identifier", '{');
	jw_str(&w, "system", "urn:mock-kanta-phr:manifest.sha256");
	jw_str(&w, "value", h->manifest_digest);
	jw_close(&w);
	jw_str(&w, "name",
	       report_text(json_get(r->cases->doc, "title"), &r->locale));
	jw_str(&w, "status", r->complete ? "completed" : "stopped");
	jw_open(&w, "testScript", '{');
	jw_str(&w, "display", "mock-kanta-phr: fixtures/report/cases.json");
	jw_close(&w);
	jw_str(&w, "result", bad ? "fail" : good ? "pass" : "pending");
	write_score(r, &w, good, bad);
	jw_str(&w, "tester", "mock-kanta-phr");
	jw_str(&w, "issued", h->at);
	write_participants(r, h, &w);
	jw_open(&w, "test", '[');
	for (size_t i = 0; i < r->cases->n; i++)
		write_test(r, &w, &r->cases->of[i]);
	jw_close(&w);
	jw_close(&w);
	buf_putc(b, '\n');
}
