/* SPDX-License-Identifier: Apache-2.0
 *
 * search_bundle: the Bundle that answers a search.
 *
 * Its members stand in the order of the real stack: id, meta, type, total,
 * link, entry; an empty result has no entry. The total counts all matches, not
 * those of the page and not what came along. Links to pages lead to the base:
 * everything else about the search was kept with its result (page.c).
 *
 * The self link is there even when only the count was asked for: clients look
 * for a next link in every Bundle (oauth.md 15, trap 9).
 *
 * With --errors explain an entry of mode outcome tells of parameters that were
 * ignored; the real service says nothing.
 *
 * FHIR R4 3.1.1.1, 3.1.1.2; facts: fhir-rest.md 4.1.
 */
#include "fhir/search_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- links ------------------------------------------------------------- */

/* A modifier is no part of the name: what belongs to one parameter stays in
 * the order in which it came, which for _sort is its meaning. */
static int by_name(const void *x, const void *y)
{
	const struct http_pair *p = *(const struct http_pair *const *)x;
	const struct http_pair *q = *(const struct http_pair *const *)y;
	const size_t m = strcspn(p->name, ":"), n = strcspn(q->name, ":");
	int order = strncmp(p->name, q->name, m < n ? m : n);

	if (order != 0)
		return order;
	if (m != n)
		return m < n ? -1 : 1;
	return p < q ? -1 : p > q;
}

const char *fhir_self_url(struct rq *rq, const char *path,
			  const struct http_pair *pair, size_t n)
{
	const struct http_pair **sorted =
	    arena_alloc(rq->arena, (n + 1) * sizeof(struct http_pair *));
	struct buf url;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &pair[i];
	qsort(sorted, n, sizeof(struct http_pair *), by_name);
	buf_init(&url, rq->arena);
	buf_printf(&url, "%s%s", fhir_own_base(rq), path);
	for (size_t i = 0; i < n; i++) {
		buf_putc(&url, i == 0 ? '?' : '&');
		http_escape(&url, sorted[i]->name);
		buf_putc(&url, '=');
		http_escape(&url, sorted[i]->value);
	}
	return url.p;
}

static void add_link(struct jw *w, const char *relation, const char *url)
{
	jw_open(w, NULL, '{');
	jw_str(w, "relation", relation);
	jw_str(w, "url", url);
	jw_close(w);
}

static const char *page_url(struct rq *rq, const struct answer *a,
			    int64_t offset)
{
	const char *format =
	    http_form_get(a->wish->pair, a->wish->pairs, "_format");
	struct buf url;

	buf_init(&url, rq->arena);
	buf_printf(&url,
		   "%s?" PARAM_PAGES "=%s&" PARAM_OFFSET "=%lld&_count=%lld",
		   fhir_own_base(rq), a->token, (long long)offset,
		   (long long)a->count);
	if (format && *format) {
		buf_puts(&url, "&_format=");
		http_escape(&url, format);
	}
	if (a->wish->pretty)
		buf_puts(&url, "&_pretty=true");
	buf_puts(&url, "&_bundletype=searchset");
	return url.p;
}

static void add_links(struct jw *w, struct rq *rq, const struct answer *a)
{
	const int64_t before = a->offset > a->count ? a->offset - a->count : 0;

	jw_open(w, "link", '[');
	add_link(w, "self", a->self);
	if (a->token && a->next > 0)
		add_link(w, "next", page_url(rq, a, a->next));
	if (a->token && a->offset > 0)
		add_link(w, "previous", page_url(rq, a, before));
	jw_close(w);
}

/* ---- entries ---- */

static void add_mode(struct jw *w, const char *mode)
{
	jw_open(w, "search", '{');
	jw_str(w, "mode", mode);
	jw_close(w);
}

static void add_entries(struct jw *w, struct rq *rq, const struct answer *a,
			const struct store_found *found, const char *mode)
{
	const char *base = fhir_own_base(rq);
	const struct subset *subset = &a->search->subset;

	for (size_t i = 0; i < found->n; i++) {
		const struct store_resource *r = &found->v[i];
		struct buf part;

		jw_open(w, NULL, '{');
		jw_str(
		    w, "fullUrl",
		    arena_printf(rq->arena, "%s/%s/%s", base, r->type, r->id));
		if (fhir_subset_asked(subset)) {
			buf_init(&part, rq->arena);
			fhir_subset(&part, rq->ctx, subset, r);
			jw_raw(w, "resource", part.p, part.len);
		} else {
			jw_raw(w, "resource", r->text, r->text_len);
		}
		add_mode(w, mode);
		jw_close(w);
	}
}

static bool tells_ignored(const struct rq *rq, const struct answer *a)
{
	const struct fhir *f = rq->ctx;

	return f->record->settings.errors == ERRORS_EXPLAIN && a->offset == 0 &&
	       a->search->ignored_count > 0;
}

/* What was passed over, as an OperationOutcome among the entries. */
static void add_outcome(struct jw *w, struct rq *rq, const struct answer *a)
{
	const struct search *s = a->search;
	struct issues list = {.n = s->ignored_count};
	struct buf text;

	list.v = arena_alloc(rq->arena, list.n * sizeof(*list.v));
	for (size_t i = 0; i < list.n; i++)
		list.v[i] = (struct issue){
		    .severity = ISSUE_WARNING,
		    .code = "not-supported",
		    .rule = RULE_PARAMETER,
		    .text = arena_printf(rq->arena,
					 "Unknown search parameter \"%.64s\" "
					 "is ignored",
					 s->ignored[i]),
		};
	buf_init(&text, rq->arena);
	fhir_outcome(&text, &list, ERRORS_EXPLAIN, false);
	jw_open(w, NULL, '{');
	jw_raw(w, "resource", text.p, text.len);
	add_mode(w, "outcome");
	jw_close(w);
}

const char *fhir_answer_id(struct rq *rq, const char *what)
{
	const struct fhir *f = rq->ctx;
	const struct record *r = f->record;

	return record_answer_id(
	    r, rq->arena, rq->grant ? rq->grant->patient : NULL,
	    r->seed == NULL
		? NULL
		: arena_cat(rq->arena, what, " ", f->base, " ", rq->path, "?",
			    rq->query, " ", text_or_empty(rq->body), NULL));
}

void fhir_bundle_open(struct jw *w, struct rq *rq, const char *type)
{
	const struct fhir *f = rq->ctx;
	char when[TIME_TEXT];

	record_instant(f->record, when, rq->now_ms);
	jw_open(w, NULL, '{');
	jw_str(w, "resourceType", "Bundle");
	jw_str(w, "id", fhir_answer_id(rq, type));
	jw_open(w, "meta", '{');
	jw_str(w, "lastUpdated", when);
	jw_close(w);
	jw_str(w, "type", type);
}

bool fhir_reply_found(struct rq *rq, const struct answer *a)
{
	struct jw w = {.b = &rq->out};

	fhir_bundle_open(&w, rq, "searchset");
	if (!a->search->no_total || a->search->count_only)
		jw_int(&w, "total", a->found->total);
	add_links(&w, rq, a);
	if (a->found->n + a->included->n > 0 || tells_ignored(rq, a)) {
		jw_open(&w, "entry", '[');
		add_entries(&w, rq, a, a->found, "match");
		add_entries(&w, rq, a, a->included, "include");
		if (tells_ignored(rq, a))
			add_outcome(&w, rq, a);
		jw_close(&w);
	}
	jw_close(&w);
	return fhir_reply(rq, a->wish, 200);
}
