/* SPDX-License-Identifier: Apache-2.0
 *
 * What validate prints: four forms of the same verdicts.
 *
 *	text	one line an issue, in the form that editors and CI systems turn
 *		into links (file:line:column: severity rule path: text), and a
 *		line of sums
 *	ndjson	one object a resource and line: file, valid, outcome
 *	json	the same objects as one array
 *	junit	a test case for each resource; a resource with errors is a
 *		failed one, what does not refuse stands in its output
 *
 * All but junit are printed as the verdicts come; junit has the sums in front,
 * so its cases are gathered. In a stream of resources each is named by its
 * line, and its issues are placed in the stream's lines.
 *
 * contracts.md section 1, "validate".
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static const char *const severity[] = {
    [ISSUE_FATAL] = "fatal",
    [ISSUE_ERROR] = "error",
    [ISSUE_WARNING] = "warning",
    [ISSUE_INFO] = "information",
};

static const char *place(struct arena *a, const struct verdict *v)
{
	return v->line > 0 ? arena_printf(a, "%s:%u", v->file, v->line)
			   : v->file;
}

/* ---- text ---------------------------------------------------------------- */

static void add_line(struct buf *b, const struct verdict *v,
		     const struct issue *p)
{
	const unsigned line = p->line ? p->line : 1;
	const char *const extra[] = {p->expected, p->hint, profile_doubt(p)};
	const char *before = " (";

	buf_printf(b, "%s:%u:%u: %s", v->file,
		   v->line > 0 ? v->line + line - 1 : line,
		   p->column ? p->column : 1, severity[p->severity]);
	buf_printf(b, "%s%s", p->rule ? " " : "", p->rule ? p->rule : "");
	buf_printf(b, "%s%s: %s", p->path ? " " : "", p->path ? p->path : "",
		   p->text);
	for (size_t i = 0; i < LEN(extra); i++) {
		if (!extra[i])
			continue;
		buf_printf(b, "%s%s%s", before, i == 0 ? "expected " : "",
			   extra[i]);
		before = "; ";
	}
	buf_puts(b, before[0] == ';' ? ")\n" : "\n");
}

static void text_add(struct verdicts *r, struct arena *a,
		     const struct verdict *v)
{
	struct buf b;

	(void)r;
	buf_init(&b, a);
	for (size_t i = 0; i < v->issues->n; i++)
		add_line(&b, v, &v->issues->v[i]);
	fwrite(b.p, 1, b.len, stdout);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void text_end(struct verdicts *r)
{
	printf("%zu %s%s: %zu valid, %zu invalid; %zu error%s, "
	       "%zu warning%s\n",
	       r->n, r->streams ? "resource" : "file", plural(r->n),
	       r->n - r->invalid, r->invalid, r->errors, plural(r->errors),
	       r->warnings, plural(r->warnings));
}

/* ---- ndjson, json -------------------------------------------------------- */

static const char *object(struct verdicts *r, struct arena *a,
			  const struct verdict *v)
{
	const struct settings *s = &r->config->settings;
	struct buf outcome, line;
	struct jw w = {.b = &line};

	buf_init(&outcome, a);
	buf_init(&line, a);
	fhir_outcome(&outcome, v->issues, s->errors, s->oo_narrative);
	jw_open(&w, NULL, '{');
	jw_str(&w, "file", v->file);
	if (v->line > 0)
		jw_int(&w, "line", v->line);
	jw_bool(&w, "valid", v->valid);
	jw_raw(&w, "outcome", outcome.p, outcome.len);
	jw_close(&w);
	return line.p;
}

static void ndjson_add(struct verdicts *r, struct arena *a,
		       const struct verdict *v)
{
	puts(object(r, a, v));
}

static void json_add(struct verdicts *r, struct arena *a,
		     const struct verdict *v)
{
	printf("%s%s", r->n > 1 ? ",\n" : "[", object(r, a, v));
}

static void json_end(struct verdicts *r)
{
	puts(r->n > 0 ? "]" : "[]");
}

/* ---- junit --------------------------------------------------------------- */

static void add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, " %s=\"", name);
	buf_xml(b, value);
	buf_putc(b, '"');
}

/* The lines of its errors, or of the others. */
static void add_lines(struct buf *b, struct arena *a, const struct verdict *v,
		      bool errors)
{
	struct buf lines;

	buf_init(&lines, a);
	for (size_t i = 0; i < v->issues->n; i++)
		if ((v->issues->v[i].severity <= ISSUE_ERROR) == errors)
			add_line(&lines, v, &v->issues->v[i]);
	buf_xml(b, lines.p);
}

static const struct issue *first_error(const struct issues *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].severity <= ISSUE_ERROR)
			return &list->v[i];
	return NULL;
}

static void junit_add(struct verdicts *r, struct arena *a,
		      const struct verdict *v)
{
	const struct issue *first = first_error(v->issues);
	struct buf *b = &r->cases;

	buf_puts(b, "  <testcase classname=\"validate\"");
	add_attribute(b, "name", place(a, v));
	add_attribute(b, "file", v->file);
	buf_puts(b, ">\n");
	if (first) {
		buf_puts(b, "    <failure");
		add_attribute(b, "type", first->rule ? first->rule : "");
		add_attribute(b, "message", first->text);
		buf_putc(b, '>');
		add_lines(b, a, v, true);
		buf_puts(b, "</failure>\n");
	}
	if (v->issues->n > v->issues->errors) {
		buf_puts(b, "    <system-out>");
		add_lines(b, a, v, false);
		buf_puts(b, "</system-out>\n");
	}
	buf_puts(b, "  </testcase>\n");
}

static void junit_end(struct verdicts *r)
{
	printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	       "<testsuites>\n"
	       " <testsuite name=\"mock-kanta-phr validate\" tests=\"%zu\" "
	       "failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
	       r->n, r->invalid);
	fwrite(r->cases.p, 1, r->cases.len, stdout);
	puts(" </testsuite>\n</testsuites>");
}

/* ---- all of them --------------------------------------------------------- */

static const struct {
	const char *name;
	void (*add)(struct verdicts *, struct arena *, const struct verdict *);
	void (*end)(struct verdicts *);
} formats[] = {
    {"text", text_add, text_end},
    {"ndjson", ndjson_add, NULL},
    {"json", json_add, json_end},
    {"junit", junit_add, junit_end},
};

void verdicts_start(struct verdicts *r, struct arena *a, const struct config *c)
{
	*r = (struct verdicts){.config = c, .worst = ISSUE_INFO};
	buf_init(&r->cases, a);
	for (size_t i = 0; i < LEN(formats); i++)
		if (strcmp(formats[i].name, c->format) == 0)
			r->format = i;
	for (unsigned i = 0; c->level && i < LEN(severity); i++)
		if (strcmp(severity[i], c->level) == 0)
			r->worst = (enum issue_severity)i;
}

/* Those of the level that was asked for. */
static const struct issues *at_level(struct arena *a, const struct issues *all,
				     enum issue_severity least)
{
	struct issues *out = arena_alloc(a, sizeof(*out));

	out->errors = all->errors;
	out->v = arena_alloc(a, all->n * sizeof(*out->v));
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].severity <= least)
			out->v[out->n++] = all->v[i];
	return out;
}

void verdicts_add(struct verdicts *r, struct arena *a, const char *file,
		  unsigned line, const struct issues *issues)
{
	struct verdict v = {.file = file,
			    .line = line,
			    .valid = issues->errors == 0,
			    .issues = at_level(a, issues, r->worst)};

	r->n++;
	r->streams |= line > 0;
	r->invalid += !v.valid;
	r->errors += issues->errors;
	for (size_t i = 0; i < issues->n; i++)
		r->warnings += issues->v[i].severity == ISSUE_WARNING;
	formats[r->format].add(r, a, &v);
}

int verdicts_end(struct verdicts *r)
{
	if (formats[r->format].end)
		formats[r->format].end(r);
	return r->invalid > 0 ? EXIT_FAILED : EXIT_DONE;
}
