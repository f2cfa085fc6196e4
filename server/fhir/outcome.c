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
 * details.text says that the service may accept it. R4 carries the place a
 * second time as expression.
 *
 * A failure of our own surroundings (ERR_INTERNAL) says nothing but the
 * request's id, by which the log tells the rest.
 *
 * FHIR R4 and STU3 OperationOutcome; facts: fhir-rest.md 1.4,
 * fhir-validation.md 2.2, stand-in.md 10.
 */
#include "fhir/fhir_int.h"

#include <stdlib.h>
#include <string.h>

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

/* What a refusal is called in explain style, when nobody was more exact. */
static const struct {
	const char *code; /* IssueType of both versions */
	const char *rule;
} refusal[] = {
    [ERR_NONE] = {"exception", "KPHR-REST-0001"},
    [ERR_INVALID] = {"invalid", "KPHR-REST-0002"},
    [ERR_UNAUTHORIZED] = {"login", "KPHR-REST-0003"},
    [ERR_FORBIDDEN] = {"forbidden", "KPHR-REST-0004"},
    [ERR_NOT_FOUND] = {"not-found", "KPHR-REST-0005"},
    [ERR_METHOD] = {"not-supported", "KPHR-REST-0006"},
    [ERR_MEDIA_TYPE] = {"not-supported", "KPHR-REST-0016"},
    [ERR_NOT_ACCEPTABLE] = {"not-supported", "KPHR-REST-0007"},
    [ERR_TIMEOUT] = {"timeout", "KPHR-REST-0008"},
    [ERR_CONFLICT] = {"conflict", "KPHR-REST-0009"},
    [ERR_GONE] = {"not-found", "KPHR-REST-0010"},
    [ERR_PRECONDITION] = {"conflict", "KPHR-REST-0011"},
    [ERR_TOO_LARGE] = {"too-long", "KPHR-REST-0012"},
    [ERR_UNPROCESSABLE] = {"business-rule", "KPHR-REST-0013"},
    [ERR_INTERNAL] = {"exception", "KPHR-REST-0014"},
    [ERR_NOT_IMPLEMENTED] = {"not-supported", "KPHR-REST-0015"},
};

/* What to do about a refusal, where one sentence tells it. */
static const char *hint_of(const char *rule)
{
	static const char *const hints[][2] = {
	    {"KPHR-REST-0003", "send Authorization: Bearer and a valid token"},
	    {"KPHR-REST-0004",
	     "refer to the citizen of the token, as Patient/{id}"},
	    {"KPHR-REST-0006", "see /metadata for what is offered"},
	    {RULE_FORMAT, "ask for application/fhir+json"},
	    {RULE_CONTENT_TYPE, "set Content-Type: application/fhir+json"},
	    {RULE_BODY, "send one resource: a JSON object with resourceType"},
	    {RULE_BODY_TYPE, "send it to the URL of its resourceType"},
	    {RULE_BODY_ID, "leave the id out of the URL: the server gives one"},
	    {RULE_TYPE, "see /metadata for the types that are served"},
	    {RULE_INTERACTION, "see /metadata for what is offered"},
	    {RULE_NOT_DEFINED, "use read and search"},
	    {RULE_CONDITION, "send If-None-Exist: identifier=system|value"},
	    {RULE_PATIENT, "add patient={id} to the query"},
	    {RULE_OTHER_PATIENT, "search with the Patient of the token"},
	    {RULE_PARAMETER, "see /metadata for the search parameters"},
	    {RULE_DEFINITIONS_OFF,
	     "use a sandbox, or allow_test_profiles=on, or --package"},
	    {RULE_DEFINITION_OFFICIAL, "give the definition a URL of its own"},
	    {RULE_DEFINITIONS_FULL, "update a definition that is stored"},
	};

	for (size_t i = 0; i < LEN(hints); i++)
		if (strcmp(hints[i][0], rule) == 0)
			return hints[i][1];
	return NULL;
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
				buf_puts(b, "\xEF\xBF\xBD");
			else
				buf_putc(b, *s);
		}
	}
}

/* The white space is that of the template of the time. */
static void add_narrative(struct jw *w, struct arena *a,
			  const struct issue *issue, const char *const *place,
			  const char *const *text, size_t n)
{
	struct buf t;

	buf_init(&t, a);
	buf_puts(&t, "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
		     "<h1>Operation Outcome</h1><table border=\"0\">");
	for (size_t i = 0; i < n; i++) {
		buf_printf(&t,
			   "%s<tr><td style=\"font-weight: bold;\">%s</td>"
			   "<td>[",
			   i > 0 ? "\n\t\t\t" : "",
			   severity_title[issue[i].severity]);
		add_escaped(&t, place[i] ? place[i] : "");
		buf_puts(&t, "]</td><td><pre>");
		add_escaped(&t, text[i]);
		buf_puts(&t, "</pre></td>\n\t\t\t</tr>");
	}
	buf_puts(&t, "\n\t\t</table>\n\t</div>");
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
		return doubt ? doubt : i->hint;
	return arena_printf(a, "%s; %s", i->hint, doubt);
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
 * the one that says that there is nothing to say. */
static const char *plain_code(const struct issue *i)
{
	return i == &no_issue ? no_issue.code : "processing";
}

static void add_issue(struct jw *w, const struct issue *i, const char *place,
		      const char *text, bool explain)
{
	jw_open(w, NULL, '{');
	if (explain)
		add_extensions(w, i);
	jw_str(w, "severity", severity_code[i->severity]);
	jw_str(w, "code", explain && i->code ? i->code : plain_code(i));
	if (explain)
		add_details(w, i);
	jw_str(w, "diagnostics", text);
	add_place(w, "location", place);
	if (i->path && *i->path)
		add_place(w, "expression", i->place ? i->place : i->path);
	jw_close(w);
}

/* The path, else the position, else nothing. */
static const char *place_of(struct arena *a, const struct issue *i)
{
	if (i->path && *i->path)
		return i->path;
	if (i->line == 0)
		return NULL;
	return arena_printf(a, "Line[%u] Col[%u]", i->line, i->column);
}

static const char *text_of(struct arena *a, const struct issue *i, bool explain)
{
	if (!explain || !i->expected)
		return i->text;
	return arena_printf(a, "%s (expected: %s)", i->text, i->expected);
}

void fhir_outcome(struct buf *b, const struct issues *issues, int style,
		  bool narrative)
{
	struct arena *a = b->arena;
	const bool explain = style == ERRORS_EXPLAIN;
	const struct issue *issue = issues->n > 0 ? issues->v : &no_issue;
	const size_t n = issues->n > 0 ? issues->n : 1;
	const char **place = arena_alloc(a, n * sizeof(*place));
	const char **text = arena_alloc(a, n * sizeof(*text));
	struct jw w = {.b = b};

	for (size_t i = 0; i < n; i++) {
		place[i] = place_of(a, &issue[i]);
		text[i] = text_of(a, &issue[i], explain);
	}
	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "OperationOutcome");
	if (narrative)
		add_narrative(&w, a, issue, place, text, n);
	jw_open(&w, "issue", '[');
	for (size_t i = 0; i < n; i++)
		add_issue(&w, &issue[i], place[i], text[i], explain);
	jw_close(&w);
	jw_close(&w);
}

/* ---- replies --------------------------------------------------------- */

bool fhir_reply_issues(struct rq *rq, const struct wish *w, int status,
		       const struct issues *issues)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;

	buf_init(&rq->out, rq->arena);
	issues = fhir_within_issues(rq, issues);
	fhir_outcome(&rq->out, issues, s->errors, s->oo_narrative);
	return fhir_reply(rq, w, status);
}

void fhir_refuse(struct rq *rq)
{
	const struct err *e = &rq->err;
	struct err kept = *e; /* what a second failure below may overwrite */
	struct wish w;
	struct issue issue = {
	    .severity = ISSUE_ERROR,
	    .code = refusal[e->kind].code,
	    .rule = refusal[e->kind].rule,
	    .text = arena_strdup(rq->arena, e->text),
	};
	const struct issues one = {.v = &issue, .n = 1, .errors = 1};

	(void)fhir_wish(rq, &w);
	rq->err = kept;
	if (strncmp(e->code, "KPHR-", 5) == 0)
		issue.rule = e->code;
	issue.hint = e->line > 0 ? "correct the JSON in that place"
				 : hint_of(issue.rule);
	issue.line = e->line;
	issue.column = e->column;
	if (e->line == 0 && *e->where)
		issue.path = arena_strdup(rq->arena, e->where);
	if (e->kind == ERR_INTERNAL) {
		issue.path = NULL;
		issue.text = arena_printf(rq->arena,
					  "Internal error; request %s", rq->id);
	}
	(void)fhir_reply_issues(rq, &w, http_status(e->kind), &one);
}
