/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as CSV (RFC 4180): a row for each cell, one for each finding. Its
 * reader is a spreadsheet, which takes a text that begins with = + - @ for a
 * formula: such a text gets an apostrophe in front, and the names of profiles
 * and applications come from others.
 */
#include "admin/report_int.h"

static void field(struct buf *b, const char *s, bool last)
{
	const bool formula = *s && strchr("=+-@\t\r", *s);

	buf_putc(b, '"');
	if (formula)
		buf_putc(b, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(b, '"');
		buf_putc(b, *s);
	}
	buf_puts(b, last ? "\"\r\n" : "\",");
}

static void row(struct buf *b, const char *const *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		field(b, text_or_empty(text[i]), i + 1 == n);
}

static const char *number(struct report *r, size_t n)
{
	return arena_printf(r->arena, "%zu", n);
}

static const char *cited(struct report *r, const struct report_cited *c)
{
	struct buf b;

	buf_init(&b, r->arena);
	for (size_t i = 0; i < c->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "",
			   r->evidence[c->of[i]].id);
	return b.p;
}

static void cell_row(struct report *r, struct buf *b,
		     const struct report_cell *c)
{
	const struct report_subject *s = c->subject;
	const char *const text[] = {
	    c->of->group->id,
	    report_cell_id(r->arena, c),
	    report_text(c->of->requirement, &r->locale),
	    s ? report_fhir(s->fhir) : "",
	    s ? s->type : "",
	    s ? s->profile : "",
	    page_word(&r->locale, report_verdict(c->verdict)),
	    number(r, c->passed),
	    number(r, c->failed),
	    number(r, c->faulted),
	    c->why,
	    c->of->source->url,
	    c->of->mark,
	    cited(r, &c->cited),
	};

	row(b, text, LEN(text));
}

static void habit_row(struct report *r, struct buf *b,
		      const struct report_habit *h)
{
	const char *const text[] = {
	    "finding",
	    h->id,
	    page_word(&r->locale, h->what),
	    "",
	    "",
	    "",
	    page_word(&r->locale, SAY("worth mending")),
	    "",
	    number(r, h->count),
	    "",
	    page_word(&r->locale, h->change),
	    "",
	    "",
	    cited(r, &h->cited),
	};

	row(b, text, LEN(text));
}

void report_csv(struct report *r, const struct report_head *h, struct buf *b)
{
	static const char *const names[] = {
	    "group",   "id",	  "requirement", "fhir",    "type",
	    "profile", "verdict", "passed",	 "failed",  "under_fault",
	    "why",     "source",  "mark",	 "evidence"};

	(void)h;
	row(b, names, LEN(names));
	for (size_t i = 0; i < r->cells; i++)
		cell_row(r, b, &r->cell[i]);
	for (size_t i = 0; i < r->habits; i++)
		habit_row(r, b, &r->habit[i]);
}
