/* SPDX-License-Identifier: Apache-2.0
 *
 * OperationOutcome: how a refusal looks to a FHIR client.
 *
 * The shape is that of HAPI 3.6, on which the real service runs: the code of
 * every issue is "processing", the text stands in diagnostics, the place in
 * location, and a narrative repeats both in a small table. So an application
 * sees here what it will see there.
 *
 * --errors explain adds what the real service does not tell: the issue's own
 * code instead of "processing", the stable id of the rule as details.coding,
 * the hint as details.text, the expected value at the end of diagnostics, and
 * as extensions the profile that demanded it and the line and column in the
 * text that was sent. What is not official is marked by an extension too, and
 * details.text says that the service may accept it. Both versions carry the
 * place a second time as expression.
 *
 * An issue without a rule tells what was done or found; its code is always its
 * own. oo_style=hapi8 is the shape of the stack's successors: a narrative
 * without white space, refusals with codes of their own and numbers (stack8.c),
 * successes with a coding of what was done.
 *
 * FHIR R4 and STU3 OperationOutcome; facts: fhir-rest.md 1.4,
 * fhir-validation.md 2.2, stand-in.md 10.
 */
#include "fhir/fhir_int.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT	 "\xEF\xBF\xBD" /* U+FFFD */
#define RULE_SYSTEM	 "urn:mock-kanta-phr:rule"
#define INVARIANT_SYSTEM "urn:mock-kanta-phr:invariant"
#define EXT_PROFILE	 "urn:mock-kanta-phr:profile"
#define EXT_CONFIDENCE	 "urn:mock-kanta-phr:confidence"
#define EXT_ISSUE	 "http://hl7.org/fhir/StructureDefinition/operationoutcome-"

static const char *const severity_code[] = {
    [ISSUE_FATAL] = "fatal",
    [ISSUE_ERROR] = "error",
    [ISSUE_WARNING] = "warning",
    [ISSUE_INFO] = "information",
};

static const char *const severity_title[] = {
    [ISSUE_FATAL] = "FATAL",
    [ISSUE_ERROR] = "ERROR",
    [ISSUE_WARNING] = "WARNING",
    [ISSUE_INFO] = "INFORMATION",
};

/* ---- texts ------------------------------------------------------------ */

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 && !strchr("\t\n\r", c);
}

/* What a client sent comes back in texts; some of it has no place in a FHIR
 * string. */
static const char *clean(struct arena *a, const char *s)
{
	struct buf b;
	const char *p = s;

	while (p && *p && !is_control(*p))
		p++;
	if (!p || !*p)
		return s;
	buf_init(&b, a);
	for (; *s; s++) {
		if (is_control(*s))
			buf_puts(&b, REPLACEMENT);
		else
			buf_putc(&b, *s);
	}
	return b.p;
}

/* ---- narrative ------------------------------------------------------- */

/* XHTML text: markup escaped, characters that XML has not replaced. */
static void add_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&': buf_puts(b, "&amp;"); break;
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		case '"': buf_puts(b, "&quot;"); break;
		case '\'': buf_puts(b, "&#39;"); break;
		case '\t':
		case '\n':
		case '\r': buf_putc(b, *s); break;
		default:
			if ((unsigned char)*s < 0x20)
				buf_puts(b, REPLACEMENT);
			else
				buf_putc(b, *s);
		}
	}
}

/* The white space is that of the template of the time. */
static void add_narrative(struct jw *w, struct arena *a,
			  const struct issue *issue, const char *const *place,
			  const char *const *text, size_t n, bool stack8)
{
	struct buf t;

	buf_init(&t, a);
	buf_puts(&t, "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
		     "<h1>Operation Outcome</h1><table border=\"0\">");
	for (size_t i = 0; i < n; i++) {
		buf_printf(&t,
			   "%s<tr><td style=\"font-weight: bold;\">%s</td>"
			   "<td>[",
			   i > 0 && !stack8 ? "\n\t\t\t" : "",
			   severity_title[issue[i].severity]);
		add_escaped(&t, place[i] ? place[i] : "");
		buf_puts(&t, stack8 ? "]</td><td>" : "]</td><td><pre>");
		add_escaped(&t, text[i]);
		buf_puts(&t,
			 stack8 ? "</td></tr>" : "</pre></td>\n\t\t\t</tr>");
	}
	buf_puts(&t, stack8 ? "</table></div>" : "\n\t\t</table>\n\t</div>");
	jw_open(w, "text", '{');
	jw_str(w, "status", "generated");
	jw_str(w, "div", t.p);
	jw_close(w);
}

/* ---- issues ---------------------------------------------------------- */

static void add_extension(struct jw *w, const char *url, const char *member,
			  const char *value)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", url);
	jw_str(w, member, value);
	jw_close(w);
}

static void add_extension_int(struct jw *w, const char *name, unsigned value)
{
	if (value == 0)
		return;
	jw_open(w, NULL, '{');
	jw_str(w, "url", name);
	jw_int(w, "valueInteger", value);
	jw_close(w);
}

static void add_extensions(struct jw *w, const struct issue *i)
{
	const bool sure = !i->confidence || !strcmp(i->confidence, "official");

	if (!i->profile && i->line == 0 && sure)
		return;
	jw_open(w, "extension", '[');
	if (i->profile)
		add_extension(w, EXT_PROFILE, "valueUri", i->profile);
	if (!sure)
		add_extension(w, EXT_CONFIDENCE, "valueCode", i->confidence);
	add_extension_int(w, EXT_ISSUE "issue-line", i->line);
	add_extension_int(w, EXT_ISSUE "issue-col", i->column);
	jw_close(w);
}

static void add_coding(struct jw *w, const char *system, const char *code)
{
	jw_open(w, NULL, '{');
	jw_str(w, "system", system);
	jw_str(w, "code", code);
	jw_close(w);
}

/* What to change, and how sure it is that it has to be. */
static const char *advice(struct arena *a, const struct issue *i)
{
	const char *doubt = profile_doubt(i);

	if (!doubt || !i->hint)
		return doubt ? doubt : clean(a, i->hint);
	return clean(a, arena_printf(a, "%s; %s", i->hint, doubt));
}

static void add_details(struct jw *w, const struct issue *i)
{
	const char *text = advice(w->b->arena, i);

	if (!i->rule && !text)
		return;
	jw_open(w, "details", '{');
	if (i->rule) {
		jw_open(w, "coding", '[');
		add_coding(w, RULE_SYSTEM, i->rule);
		if (i->key)
			add_coding(w, INVARIANT_SYSTEM, i->key);
		jw_close(w);
	}
	jw_str(w, "text", text);
	jw_close(w);
}

static void add_place(struct jw *w, const char *name, const char *place)
{
	if (!place)
		return;
	jw_open(w, name, '[');
	jw_str(w, NULL, place);
	jw_close(w);
}

static const struct issue no_issue = {
    .severity = ISSUE_INFO,
    .code = "informational",
    .text = "No issues detected during validation",
};

/* The code that HAPI 3.6 gives: it has no other, whatever the severity; but for
 * what is no finding. */
static const char *code_of(const struct issue *i, bool own)
{
	return i->code && (own || !i->rule) ? i->code : "processing";
}

static void add_issue(struct jw *w, const struct issue *i, const char *place,
		      const char *text, const struct look *look)
{
	jw_open(w, NULL, '{');
	if (look->explain)
		add_extensions(w, i);
	jw_str(w, "severity", severity_code[i->severity]);
	jw_str(w, "code", code_of(i, look->explain || look->own_codes));
	if (!i->rule && i->key && look->stack8)
		fhir_stack8_done(w, i->key);
	else if (look->explain)
		add_details(w, i);
	jw_str(w, "diagnostics", text);
	add_place(w, "location", place);
	if (i->path && *i->path)
		add_place(w, "expression", i->place ? i->place : place);
	jw_close(w);
}

/* The path, else the position, else nothing. */
static const char *place_of(struct arena *a, const struct issue *i)
{
	if (i->path && *i->path)
		return clean(a, i->path);
	if (i->line == 0)
		return NULL;
	return arena_printf(a, "Line[%u] Col[%u]", i->line, i->column);
}

static const char *text_of(struct arena *a, const struct issue *i, bool explain)
{
	if (!explain || !i->expected)
		return clean(a, i->text);
	return clean(
	    a, arena_printf(a, "%s (expected: %s)", i->text, i->expected));
}

static void write_outcome(struct buf *b, const struct issues *issues,
			  const struct look *look)
{
	struct arena *a = b->arena;
	const struct issue *issue = issues->n > 0 ? issues->v : &no_issue;
	const size_t n = issues->n > 0 ? issues->n : 1;
	const char **place = arena_alloc(a, n * sizeof(*place));
	const char **text = arena_alloc(a, n * sizeof(*text));
	struct jw w = {.b = b};

	for (size_t i = 0; i < n; i++) {
		place[i] = place_of(a, &issue[i]);
		text[i] = text_of(a, &issue[i], look->explain);
	}
	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "OperationOutcome");
	if (look->narrative)
		add_narrative(&w, a, issue, place, text, n, look->stack8);
	jw_open(&w, "issue", '[');
	for (size_t i = 0; i < n; i++)
		add_issue(&w, &issue[i], place[i], text[i], look);
	jw_close(&w);
	jw_close(&w);
}

void fhir_outcome(struct buf *b, const struct issues *issues, int style,
		  bool narrative)
{
	const struct look look = {
	    .explain = style == ERRORS_EXPLAIN,
	    .narrative = narrative,
	};

	write_outcome(b, issues, &look);
}

/* ---- replies --------------------------------------------------------- */

struct look fhir_look(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;

	return (struct look){
	    .explain = s->errors == ERRORS_EXPLAIN,
	    .narrative = s->oo_narrative,
	    .stack8 = s->oo_style == 8,
	};
}

bool fhir_reply_look(struct rq *rq, const struct wish *w, int status,
		     const struct issues *issues, const struct look *look)
{
	buf_init(&rq->out, rq->arena);
	issues = fhir_within_issues(rq, issues);
	write_outcome(&rq->out, issues, look);
	return fhir_reply(rq, w, status);
}

bool fhir_reply_issues(struct rq *rq, const struct wish *w, int status,
		       const struct issues *issues)
{
	const struct look look = fhir_look(rq);

	return fhir_reply_look(rq, w, status, issues, &look);
}

bool fhir_reply_done(struct rq *rq, const struct wish *w, int status,
		     const char *code, const char *text)
{
	const struct fhir *f = rq->ctx;
	const struct look look = fhir_look(rq);
	const int64_t took = record_now_ms(f->record) - rq->now_ms;
	struct issue i = {
	    .severity = ISSUE_INFO,
	    .code = "informational",
	    .key = code,
	    .text = arena_printf(
		rq->arena, look.stack8 ? "%s. Took %dms." : "%s in %dms", text,
		took > 0 && took < 60000 ? (int)took : 0),
	};
	const struct issues one = {.v = &i, .n = 1};

	return fhir_reply_look(rq, w, status, &one, &look);
}
