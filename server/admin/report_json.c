/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as JSON: everything that it has, of which the other formats are
 * extracts. Verdicts are words for programs here, whatever the language; cells
 * and findings name their evidence by the ids of the journal, and the list of
 * evidence has each of them once. The member "used" is what "report diff"
 * compares: what an application uses of the service, as sorted texts. Members
 * may come to it, and none goes ("format" says when one did).
 */
#include "admin/report_int.h"

static const char *const verdicts[VERDICTS] = {
    [VERDICT_UNTRIED] = "not_exercised",
    [VERDICT_PASSED] = "passed",
    [VERDICT_FAILED] = "failed",
    [VERDICT_FAULT] = "only_under_fault",
};

static void write_counts(struct jw *w, const struct report *r,
			 const struct report_group *g)
{
	jw_open(w, "summary", '{');
	for (int v = 0; v < VERDICTS; v++)
		jw_int(w, verdicts[v],
		       (int64_t)report_count(r, g, (enum verdict)v));
	jw_close(w);
}

static void write_cited(struct jw *w, const struct report *r,
			const struct report_cited *c)
{
	jw_open(w, "evidence", '[');
	for (size_t i = 0; i < c->n; i++)
		jw_str(w, NULL, r->evidence[c->of[i]].id);
	jw_close(w);
}

/* ---- the head ---- */

static void write_clients(struct jw *w, const struct report *r)
{
	jw_open(w, "applications", '[');
	for (size_t i = 0; i < r->clients; i++) {
		const struct report_client *c = r->client[i];

		if (c->requests == 0)
			continue;
		jw_open(w, NULL, '{');
		jw_str(w, "client_id", c->client_id);
		jw_str(w, "name", c->name);
		jw_open(w, "user_agents", '[');
		for (size_t k = 0; k < c->agents.n; k++)
			jw_str(w, NULL, c->agents.v[k]);
		jw_close(w);
		jw_int(w, "requests", (int64_t)c->requests);
		jw_close(w);
	}
	jw_close(w);
}

static void write_head(struct jw *w, struct report *r,
		       const struct report_head *h)
{
	jw_str(w, "report", "mock-kanta-phr joint testing");
	jw_int(w, "format", 1);
	jw_str(w, "title",
	       report_text(json_get(r->cases->doc, "title"), &r->locale));
	jw_str(w, "notice",
	       report_text(json_get(r->cases->doc, "notice"), &r->locale));
	jw_str(w, "at", h->at);
	jw_open(w, "tool", '{');
	jw_str(w, "name", "mock-kanta-phr");
	jw_str(w, "version", h->version);
	jw_str(w, "rules", h->rules);
	jw_str(w, "rules_sha256", h->rules_digest);
	jw_close(w);
	jw_str(w, "environment", h->environment);
	jw_str(w, "clock", h->clock);
	write_clients(w, r);
	jw_open(w, "filter", '{');
	jw_str(w, "client_id", r->wanted.client_id);
	jw_str(w, "patient", r->wanted.patient);
	if (r->wanted.since > 0)
		jw_int(w, "since", r->wanted.since);
	jw_close(w);
	jw_open(w, "journal", '{');
	jw_int(w, "entries", (int64_t)r->entries);
	jw_int(w, "first", r->first);
	jw_int(w, "last", r->last);
	jw_int(w, "dropped", r->dropped);
	jw_close(w);
	jw_bool(w, "complete", r->complete);
}

/* ---- the cells ---- */

static void write_subject(struct jw *w, const struct report_subject *s)
{
	if (!s) {
		jw_null(w, "subject");
		return;
	}
	jw_open(w, "subject", '{');
	jw_str(w, "fhir", report_fhir(s->fhir));
	jw_str(w, "type", s->type);
	jw_str(w, "profile", s->profile);
	jw_close(w);
}

static void write_cell(struct jw *w, struct report *r,
		       const struct report_cell *c)
{
	jw_open(w, NULL, '{');
	jw_str(w, "id", report_cell_id(r->arena, c));
	jw_str(w, "case", c->of->id);
	jw_str(w, "column", c->of->column);
	write_subject(w, c->subject);
	jw_str(w, "verdict", verdicts[c->verdict]);
	jw_int(w, "passed", c->passed);
	jw_int(w, "failed", c->failed);
	jw_int(w, "under_fault", c->faulted);
	jw_str(w, "why", c->why);
	write_cited(w, r, &c->cited);
	jw_close(w);
}

static void write_case(struct jw *w, const struct report *r,
		       const struct report_case *c)
{
	jw_open(w, NULL, '{');
	jw_str(w, "id", c->id);
	jw_str(w, "requirement", report_text(c->requirement, &r->locale));
	jw_str(w, "source", c->source->url);
	jw_str(w, "source_title", c->source->title);
	jw_str(w, "mark", c->mark);
	jw_close(w);
}

static void write_group(struct jw *w, struct report *r,
			const struct report_group *g)
{
	jw_open(w, NULL, '{');
	jw_str(w, "id", g->id);
	jw_str(w, "title", report_text(g->title, &r->locale));
	jw_str(w, "source", g->source->url);
	jw_str(w, "mark", g->mark);
	write_counts(w, r, g);
	jw_open(w, "cases", '[');
	for (size_t i = 0; i < r->cases->n; i++)
		if (r->cases->of[i].group == g)
			write_case(w, r, &r->cases->of[i]);
	jw_close(w);
	jw_open(w, "cells", '[');
	for (size_t i = 0; i < r->cells; i++)
		if (r->cell[i].of->group == g)
			write_cell(w, r, &r->cell[i]);
	jw_close(w);
	jw_close(w);
}

/* ---- the rest ---- */

static void write_habits(struct jw *w, const struct report *r)
{
	jw_open(w, "findings", '[');
	for (size_t i = 0; i < r->habits; i++) {
		const struct report_habit *h = &r->habit[i];

		jw_open(w, NULL, '{');
		jw_str(w, "id", h->id);
		jw_str(w, "client_id", h->client_id);
		jw_str(w, "what", page_word(&r->locale, h->what));
		jw_str(w, "change", page_word(&r->locale, h->change));
		jw_int(w, "count", (int64_t)h->count);
		write_cited(w, r, &h->cited);
		jw_close(w);
	}
	jw_close(w);
}

static void write_used(struct jw *w, const struct report *r)
{
	static const char *const names[USEDS] = {
	    [USED_FUNCTIONS] = "functions", [USED_TYPES] = "types",
	    [USED_PROFILES] = "profiles",   [USED_SCOPES] = "scopes",
	    [USED_CODES] = "codes",
	};

	jw_open(w, "used", '{');
	for (int i = 0; i < USEDS; i++) {
		jw_open(w, names[i], '[');
		for (size_t k = 0; k < r->used[i].n; k++)
			jw_str(w, NULL, r->used[i].v[k]);
		jw_close(w);
	}
	jw_close(w);
}

static void write_evidence(struct jw *w, struct report *r)
{
	jw_open(w, "evidence", '[');
	for (size_t i = 0; i < r->evidences; i++) {
		const struct report_evidence *e = &r->evidence[i];

		jw_open(w, NULL, '{');
		jw_str(w, "id", e->id);
		jw_int(w, "seq", e->seq);
		jw_str(w, "at", e->at);
		jw_str(w, "method", e->method);
		jw_str(w, "path", e->path);
		if (*e->query)
			jw_str(w, "query", e->query);
		jw_int(w, "status", e->status);
		if (*e->fault)
			jw_str(w, "fault", e->fault);
		jw_str(w, "sha256", e->digest);
		jw_str(w, "href",
		       arena_cat(r->arena, "/__admin/requests/", e->id, NULL));
		jw_close(w);
	}
	jw_close(w);
}

void report_json(struct report *r, const struct report_head *h, struct buf *b)
{
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	write_head(&w, r, h);
	write_counts(&w, r, NULL);
	jw_open(&w, "groups", '[');
	for (size_t i = 0; i < r->cases->groups; i++)
		write_group(&w, r, &r->cases->group[i]);
	jw_close(&w);
	write_habits(&w, r);
	write_used(&w, r);
	jw_open(&w, "coverage", '{');
	coverage_write(r, &w);
	jw_close(&w);
	write_evidence(&w, r);
	jw_open(&w, "manifest", '{');
	jw_str(&w, "sha256", h->manifest_digest);
	jw_str(&w, "text", h->manifest);
	jw_close(&w);
	jw_close(&w);
	buf_putc(b, '\n');
}
