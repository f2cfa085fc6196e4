/* SPDX-License-Identifier: Apache-2.0
 *
 * One request explained: what was asked, which check refused it, by which rule,
 * where in the resource, and what to change.
 *
 * The entry of the journal says what happened. A resource in it is judged
 * again, by the rules in force now, as the answer that an application gets says
 * less (--errors kanta): no rule, no hint. So the page may say more than the
 * application was told, and after a change of settings something else; the
 * answer stands there as it was sent.
 *
 * Limits: the journal keeps the beginning of long bodies alone, and no personal
 * code; a body that is cut is shown as text.
 */
#include "web/console_int.h"

#include <string.h>
#include <strings.h>

/* ---- rules ----------------------------------------------------------- */

static bool rule_find(const char *id, struct rule_about *out)
{
	for (size_t i = 0; id && profile_rule(i, out); i++)
		if (strcmp(out->id, id) == 0)
			return true;
	return false;
}

static const char *weight(enum issue_severity s)
{
	static const char *const words[] = {
	    [ISSUE_FATAL] = "fatal",	 [ISSUE_ERROR] = "error",
	    [ISSUE_WARNING] = "warning", [ISSUE_INFO] = "information",
	    [ISSUE_NONE] = "-",
	};
	return words[s];
}

static struct page_values issue_row(struct arena *a, const struct issue *i)
{
	struct rule_about rule = {0};
	const bool known = rule_find(i->rule, &rule);
	const char *doubt = profile_doubt(i);
	const struct page_value v[] = {
	    {.name = "severity", .text = weight(i->severity)},
	    {.name = "badge",
	     .text = i->severity <= ISSUE_ERROR	    ? "badge bad"
		     : i->severity == ISSUE_WARNING ? "badge warn"
						    : "badge"},
	    {.name = "path", .text = i->path},
	    {.name = "says", .text = i->text},
	    {.name = "rule", .text = i->rule},
	    {.name = "rule_title", .text = known ? rule.title : NULL},
	    {.name = "rule_source", .text = known ? rule.source : NULL},
	    {.name = "rule_option", .text = known ? rule.option : NULL},
	    {.name = "invariant", .text = i->key},
	    {.name = "profile", .text = i->profile},
	    {.name = "expected", .text = i->expected},
	    {.name = "hint", .text = i->hint},
	    {.name = "doubt", .text = doubt},
	};
	return page_row(a, v, LEN(v));
}

void console_judge(struct console_view *v, const char *name,
		   enum fhir_version fhir, const char *text)
{
	struct rq *rq = v->rq;
	struct record *r = site_of(rq)->record;
	struct err e = {.kind = ERR_NONE};
	const struct json *json = json_parse(rq->arena, text, strlen(text), &e);

	if (!json || !json_get_text(json, "resourceType")) {
		console_lines_of(v, name, text, NULL);
		return;
	}
	const struct issues *all = record_check(
	    r, rq->arena, fhir, json,
	    arena_cat(rq->arena, rq->origin, r->fhir_base[fhir], NULL));
	struct page_values *row = arena_alloc(rq->arena, all->n * sizeof(*row));
	struct console_mark *mark =
	    arena_alloc(rq->arena, all->n * sizeof(*mark));
	for (size_t i = 0; i < all->n; i++) {
		const struct issue *x = &all->v[i];

		row[i] = issue_row(rq->arena, x);
		mark[i] =
		    (struct console_mark){x->path, x->hint ? x->hint : x->text,
					  x->severity <= ISSUE_ERROR};
	}
	console_rows(v, "issues", all->n > 0 ? row : NULL, all->n);
	console_lines(v, name, json, &(struct console_marks){mark, all->n});
}

/* ---- as curl ---------------------------------------------------------- */

/* Within single quotes of a shell. */
static void quoted(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *s);
	}
	buf_putc(b, '\'');
}

/* Any client may have invented it, and a pipe may stand in it. */
static void put_method(struct buf *b, const char *method)
{
	if (strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method))
		buf_puts(b, method);
	else
		quoted(b, method);
}

/* What curl sends anyway, or only this connection had. */
static bool is_own(const char *name)
{
	static const char *const names[] = {"Host", "Content-Length",
					    "User-Agent", "Connection",
					    "Accept-Encoding"};

	for (size_t i = 0; i < LEN(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static void put_header(struct buf *b, const char *name, const char *value)
{
	if (is_own(name))
		return;
	buf_puts(b, " \\\n  -H ");
	if (strcasecmp(name, "Authorization") == 0) {
		/* in double quotes nothing stands that a client invented */
		buf_printf(b, "\"Authorization: %s $TOKEN\"",
			   text_begins(value, "Basic ") ? "Basic" : "Bearer");
		return;
	}
	quoted(b, arena_cat(b->arena, name, ": ", value, NULL));
}

static const char *as_curl(struct rq *rq, const struct json *entry)
{
	const struct json *request = json_get(entry, "request");
	const char *query = console_said(entry, "query");
	const char *body = json_get_text(request, "body");
	struct buf b;

	buf_init(&b, rq->arena);
	buf_puts(&b, "curl -i -X ");
	put_method(&b, console_said(entry, "method"));
	buf_putc(&b, ' ');
	quoted(&b, arena_cat(rq->arena, rq->origin, console_said(entry, "path"),
			     query[0] != '\0' ? "?" : "", query, NULL));
	for (const struct json *h = json_first(json_get(request, "headers")); h;
	     h = json_next(h))
		put_header(&b, console_said(h, "name"),
			   console_said(h, "value"));
	if (body) {
		buf_puts(&b, " \\\n  --data-raw ");
		quoted(&b, body);
	}
	return b.p;
}

/* ---- the page -------------------------------------------------------- */

/* A check that refused, with what its rule says. */
static void put_refusal(struct console_view *v, const struct json *entry)
{
	struct rule_about rule;

	for (const struct json *d = json_first(json_get(entry, "decision")); d;
	     d = json_next(d)) {
		if (!rule_find(json_get_text(d, "rule"), &rule))
			continue;
		console_text(v, "about", rule.id);
		console_text(v, "about_title", rule.title);
		console_text(v, "about_source", rule.source);
		console_text(v, "about_option", rule.option);
		return;
	}
}

/* Is it what a client wanted to store? */
static bool is_resource(const struct json *entry)
{
	const char *method = console_said(entry, "method");

	return strcmp(console_said(entry, "endpoint"), "fhir") == 0 &&
	       (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0);
}

void console_explain_more(struct console_view *v, const struct json *answer)
{
	const char *status = console_said(answer, "status");
	const char *fhir = console_said(answer, "fhir_version");
	const char *body = json_get_text(json_get(answer, "request"), "body");

	console_text(v, "badge", console_status_class(status));
	if (!json_get(answer, "seq"))
		return;
	put_refusal(v, answer);
	if (body && is_resource(answer))
		console_judge(v, "asked",
			      strcmp(fhir, "stu3") == 0 ? FHIR_STU3 : FHIR_R4,
			      body);
	else
		console_lines_of(v, "asked", body, NULL);
	console_lines_of(v, "answered",
			 json_get_text(json_get(answer, "response"), "body"),
			 NULL);
	if (json_get(answer, "request"))
		console_text(v, "curl", as_curl(v->rq, answer));
}
