/* SPDX-License-Identifier: Apache-2.0
 *
 * search: GET Type, answered by a Bundle.
 *
 * The Bundle's members stand in the order of the real stack: id, meta, type,
 * total, link, entry; an empty result has no entry. The total counts all
 * matches, not those of the page.
 *
 * A page link carries all that its page needs: the parameters of the search,
 * the serial number up to which resources count (_getpages) and how many of
 * them were shown before (_getpagesoffset). Nothing is kept for it, so it
 * never expires and works after a restart; and as later resources do not
 * count, no page shows one twice or leaves one out while data comes in. A page
 * has as many entries as were asked for, or less when they are large.
 *
 * FHIR R4 3.1.1.1, 3.1.1.2; facts: fhir-rest.md 4.1.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Two more, for the page, must fit into a link. */
#define SEARCH_PARAMETERS (HTTP_PARAMETERS - 2)

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

static bool names_page(const struct http_pair *p)
{
	return strcmp(p->name, PARAM_PAGES) == 0 ||
	       strcmp(p->name, PARAM_OFFSET) == 0;
}

/* The query's pairs by name, without those that say which page. */
static const struct http_pair **sorted(struct arena *a, const struct wish *w,
				       size_t *n)
{
	const struct http_pair **out =
	    arena_alloc(a, (w->pairs + 1) * sizeof(struct http_pair *));

	*n = 0;
	for (size_t i = 0; i < w->pairs; i++)
		if (!names_page(&w->pair[i]))
			out[(*n)++] = &w->pair[i];
	qsort(out, *n, sizeof(struct http_pair *), by_name);
	return out;
}

static bool few_enough(const struct wish *w, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < w->pairs; i++)
		n += !names_page(&w->pair[i]);
	return n <= SEARCH_PARAMETERS ||
	       err_set(e, ERR_INVALID, NULL, NULL,
		       "A search may have at most %d parameters",
		       SEARCH_PARAMETERS);
}

/* snapshot 0: the link to the first page, as the client wrote it. */
static void add_link(struct jw *w, struct rq *rq, const char *relation,
		     const struct wish *wish, int64_t snapshot, int64_t offset)
{
	const struct http_pair **pair;
	struct buf url;
	size_t n;

	pair = sorted(rq->arena, wish, &n);
	buf_init(&url, rq->arena);
	buf_printf(&url, "%s/%s", fhir_own_base(rq), rq_param(rq, "type"));
	for (size_t i = 0; i < n; i++) {
		buf_putc(&url, i == 0 ? '?' : '&');
		http_escape(&url, pair[i]->name);
		buf_putc(&url, '=');
		http_escape(&url, pair[i]->value);
	}
	if (snapshot > 0)
		buf_printf(&url, "%c" PARAM_PAGES "=%lld&" PARAM_OFFSET "=%lld",
			   n == 0 ? '?' : '&', (long long)snapshot,
			   (long long)offset);
	jw_open(w, NULL, '{');
	jw_str(w, "relation", relation);
	jw_str(w, "url", url.p);
	jw_close(w);
}

static void add_links(struct jw *w, struct rq *rq, const struct wish *wish,
		      const struct search *s, const struct store_found *found)
{
	const int64_t offset = s->query.offset;
	const int64_t next = offset + (int64_t)found->n;
	const int64_t before = offset > s->count ? offset - s->count : 0;

	jw_open(w, "link", '[');
	/* There even when only the count was asked for: clients look for a next
	 * link in every Bundle (oauth.md 15, trap 9). */
	add_link(w, rq, "self", wish, s->query.snapshot, offset);
	if (!s->count_only && next < found->total)
		add_link(w, rq, "next", wish, found->snapshot, next);
	if (offset > 0)
		add_link(w, rq, "previous", wish, found->snapshot, before);
	jw_close(w);
}

static void add_entries(struct jw *w, struct rq *rq,
			const struct store_found *found)
{
	const char *base = fhir_own_base(rq);

	if (found->n == 0)
		return;
	jw_open(w, "entry", '[');
	for (size_t i = 0; i < found->n; i++) {
		const struct store_resource *r = &found->v[i];

		jw_open(w, NULL, '{');
		jw_str(
		    w, "fullUrl",
		    arena_printf(rq->arena, "%s/%s/%s", base, r->type, r->id));
		jw_raw(w, "resource", r->text, r->text_len);
		jw_open(w, "search", '{');
		jw_str(w, "mode", "match");
		jw_close(w);
		jw_close(w);
	}
	jw_close(w);
}

static void write_bundle(struct rq *rq, const struct wish *wish,
			 const struct search *s,
			 const struct store_found *found)
{
	struct jw w = {.b = &rq->out};
	char id[UUID_TEXT], when[TIME_TEXT];

	uuid_make(id);
	time_finnish(when, rq->now_ms);
	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "Bundle");
	jw_str(&w, "id", id);
	jw_open(&w, "meta", '{');
	jw_str(&w, "lastUpdated", when);
	jw_close(&w);
	jw_str(&w, "type", "searchset");
	if (!s->no_total || s->count_only)
		jw_int(&w, "total", found->total);
	add_links(&w, rq, wish, s, found);
	add_entries(&w, rq, found);
	jw_close(&w);
}

bool fhir_search(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	struct search_rules rules = {
	    .settings = &f->record->settings,
	    .own_base = fhir_own_base(rq),
	    .now_ms = rq->now_ms,
	    .log = f->record->log,
	};
	struct store_found found = {.total = 0};
	struct search s;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !fhir_offers(rq, IA_SEARCH, &rules.type) ||
	    !few_enough(&w, &rq->err))
		return false;
	rules.patient = rules.type->shared ? NULL : rq->grant->patient;
	rules.handling = w.handling;
	if (!fhir_search_parse(rq->arena, &rules, w.pair, w.pairs, &s,
			       &rq->err))
		return false;
	s.query.fhir = (int)f->version;
	if (s.query.snapshot > store_serial(f->record->store))
		return fhir_no_page(&rq->err,
				    arena_printf(rq->arena, "%lld",
						 (long long)s.query.snapshot));
	if (!s.nothing && !store_search(f->record->store, rq->arena, &s.query,
					&found, &rq->err))
		return false;
	write_bundle(rq, &w, &s, &found);
	return fhir_reply(rq, &w, 200);
}
