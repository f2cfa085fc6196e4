/* SPDX-License-Identifier: Apache-2.0
 *
 * Coverage: of each profile what an application ever sent, which errors it ever
 * met, whether it went on to a next page; and what it never did.
 *
 * GET /profiles/coverage answers it alone; the report has it as a part. What is
 * told of elements: report_cover.c. "never" has first what is mandatory or what
 * the profile speaks of, which is most worth a look, then the rest.
 *
 * Facts: stand-in.md 11; contracts.md section 3.
 */
#include "admin/report_int.h"

static void write_met(struct jw *w, const unsigned *met, size_t n)
{
	char name[8];

	jw_open(w, "statuses", '{');
	for (size_t i = 100; i < n; i++) {
		if (met[i] == 0)
			continue;
		name[0] = (char)('0' + i / 100);
		name[1] = (char)('0' + i / 10 % 10);
		name[2] = (char)('0' + i % 10);
		name[3] = '\0';
		jw_int(w, name, met[i]);
	}
	jw_close(w);
}

static void write_sent(struct jw *w, const struct report_subject *s)
{
	jw_open(w, "sent", '{');
	for (size_t i = 0; i < s->parts; i++)
		if (s->part[i].count > 0)
			jw_int(w, s->part[i].path, (int64_t)s->part[i].count);
	jw_close(w);
}

static void write_never(struct jw *w, const struct report_subject *s)
{
	jw_open(w, "never_sent", '[');
	for (int rest = 0; rest < 2; rest++)
		for (size_t i = 0; i < s->parts; i++)
			if (report_never_sent(s, i) &&
			    report_is_stated(s, i) != rest)
				jw_str(w, NULL, s->part[i].path);
	jw_close(w);
}

static size_t sent_of(const struct report_subject *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->parts; i++)
		n += s->part[i].count > 0;
	return n;
}

static void write_codes(struct jw *w, struct report_words *codes)
{
	jw_open(w, "codes", '[');
	if (codes)
		report_words_sort(codes);
	for (size_t i = 0; codes && i < codes->n; i++)
		jw_str(w, NULL, codes->v[i]);
	jw_close(w);
}

static void write_profile(struct jw *w, struct report_subject *s)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", s->profile);
	jw_str(w, "fhir", report_fhir(s->fhir));
	jw_str(w, "type", s->type);
	if (*s->title)
		jw_str(w, "title", s->title);
	jw_int(w, "requests", (int64_t)s->kept);
	jw_int(w, "resources", (int64_t)s->resources);
	write_met(w, s->met, LEN(s->met));
	if (s->part) {
		jw_open(w, "elements", '{');
		jw_int(w, "all", (int64_t)s->parts);
		jw_int(w, "sent", (int64_t)sent_of(s));
		jw_close(w);
		write_sent(w, s);
		write_never(w, s);
		write_codes(w, s->codes);
	}
	jw_close(w);
}

static void write_errors(struct jw *w, const struct report *r)
{
	int status;

	write_met(w, r->met, LEN(r->met));
	jw_open(w, "never_met", '[');
	for (size_t i = 0; (status = report_error_status(i)); i++)
		if (r->met[status] == 0)
			jw_int(w, NULL, status);
	jw_close(w);
}

void coverage_write(struct report *r, struct jw *w)
{
	write_errors(w, r);
	jw_open(w, "searches", '{');
	jw_int(w, "count", (int64_t)r->searches);
	jw_int(w, "next_offered", (int64_t)r->pages_offered);
	jw_int(w, "next_followed", (int64_t)r->pages_followed);
	jw_close(w);
	jw_open(w, "creates", '{');
	jw_int(w, "count", (int64_t)r->creates);
	jw_int(w, "conditional", (int64_t)r->creates_conditional);
	jw_close(w);
	jw_open(w, "profiles", '[');
	for (size_t i = 0; i < r->subjects; i++)
		if (r->subject[i].profile)
			write_profile(w, &r->subject[i]);
	jw_close(w);
}
