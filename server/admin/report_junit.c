/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as JUnit XML, for the servers of continuous integration: a suite
 * for each mandatory group, a case for each cell. What was not exercised, or
 * only while a fault was injected, is skipped and says so; findings are the
 * output of a suite of their own, as they fail nothing.
 */
#include "admin/report_int.h"

static void attribute(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, " %s=\"", name);
	buf_xml(b, value);
	buf_putc(b, '"');
}

static void add_evidence(struct report *r, struct buf *b,
			 const struct report_cited *c)
{
	if (c->n == 0)
		return;
	buf_puts(b, "   <system-out>");
	for (size_t i = 0; i < c->n; i++) {
		const struct report_evidence *e = &r->evidence[c->of[i]];

		buf_xml(b, arena_printf(r->arena, "%s %s %s -> %d%s%s\n", e->id,
					e->method, e->path, e->status,
					*e->fault ? " fault " : "", e->fault));
	}
	buf_puts(b, "</system-out>\n");
}

static void add_case(struct report *r, struct buf *b,
		     const struct report_cell *c)
{
	buf_puts(b, "  <testcase");
	attribute(b, "classname", c->of->group->id);
	attribute(b, "name",
		  arena_cat(r->arena, report_cell_id(r->arena, c), ": ",
			    report_text(c->of->requirement, &r->locale), NULL));
	buf_puts(b, " time=\"0\">\n");
	if (c->verdict == VERDICT_FAILED) {
		buf_puts(b, "   <failure");
		attribute(b, "type", "failed");
		attribute(b, "message", text_or_empty(c->why));
		buf_puts(b, "></failure>\n");
	} else if (c->verdict != VERDICT_PASSED) {
		buf_puts(b, "   <skipped");
		attribute(b, "message",
			  page_word(&r->locale, report_verdict(c->verdict)));
		buf_puts(b, "></skipped>\n");
	}
	add_evidence(r, b, &c->cited);
	buf_puts(b, "  </testcase>\n");
}

static void begin_suite(struct buf *b, const char *name, size_t tests,
			size_t failures, size_t skipped)
{
	buf_puts(b, " <testsuite");
	attribute(b, "name", name);
	buf_printf(b,
		   " tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		   "skipped=\"%zu\" time=\"0\">\n",
		   tests, failures, skipped);
}

static void property(struct buf *b, const char *name, const char *value)
{
	buf_puts(b, "   <property");
	attribute(b, "name", name);
	attribute(b, "value", value);
	buf_puts(b, "></property>\n");
}

static void add_group(struct report *r, const struct report_head *h,
		      struct buf *b, const struct report_group *g)
{
	size_t n[VERDICTS], all = 0;

	for (int v = 0; v < VERDICTS; v++)
		all += n[v] = report_count(r, g, (enum verdict)v);
	begin_suite(b, report_text(g->title, &r->locale), all,
		    n[VERDICT_FAILED], n[VERDICT_UNTRIED] + n[VERDICT_FAULT]);
	buf_puts(b, "  <properties>\n");
	property(b, "notice",
		 report_text(json_get(r->cases->doc, "notice"), &r->locale));
	property(b, "version", h->version);
	property(b, "environment", h->environment);
	property(b, "manifest.sha256", h->manifest_digest);
	property(b, "complete", r->complete ? "true" : "false");
	buf_puts(b, "  </properties>\n");
	for (size_t i = 0; i < r->cells; i++)
		if (r->cell[i].of->group == g)
			add_case(r, b, &r->cell[i]);
	buf_puts(b, " </testsuite>\n");
}

static void add_habits(struct report *r, struct buf *b)
{
	begin_suite(b, "findings", r->habits, 0, 0);
	for (size_t i = 0; i < r->habits; i++) {
		const struct report_habit *h = &r->habit[i];

		buf_puts(b, "  <testcase");
		attribute(b, "classname", "findings");
		attribute(b, "name",
			  arena_cat(r->arena, h->id, " ", h->client_id, NULL));
		buf_puts(b, " time=\"0\">\n   <system-err>");
		buf_xml(b, arena_printf(r->arena, "%zu: %s %s", h->count,
					page_word(&r->locale, h->what),
					page_word(&r->locale, h->change)));
		buf_puts(b, "</system-err>\n  </testcase>\n");
	}
	buf_puts(b, " </testsuite>\n");
}

void report_junit(struct report *r, const struct report_head *h, struct buf *b)
{
	buf_printf(b,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<testsuites name=\"mock-kanta-phr joint testing\" "
		   "tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n",
		   r->cells + r->habits, report_count(r, NULL, VERDICT_FAILED));
	for (size_t i = 0; i < r->cases->groups; i++)
		add_group(r, h, b, &r->cases->group[i]);
	if (r->habits > 0)
		add_habits(r, b);
	buf_puts(b, "</testsuites>\n");
}
