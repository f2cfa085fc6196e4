/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta: what is stored, in lists. The front page has a line for each kind
 * of data: the newest value, when, how many. A kind has its entries, the newest
 * first, PAGE to a page, and above them charts of the newest ones.
 *
 * The shelves (record_shelves) know of every entry which kind it is of and
 * when it was; a resource is read only to be shown. So a page costs what it
 * shows, and some milliseconds for ten thousand entries. An entry may be
 * megabytes large: of those that a list has no room to read, it says only when
 * they were, and they stand on a page of their own in full.
 *
 * Facts: kanta.md 5.
 */
#include "web/omakanta_int.h"

#include <string.h>

#define PAGE	   50
#define PAGE_BYTES ((size_t)2 << 20) /* read for one list */

static const char *const fhir_names[FHIR_VERSIONS] = {"STU3", "R4"};

/* ---- entries --------------------------------------------------------- */

/* False when it is there no more. bytes: how many may be read, and how many of
 * them are left then; a larger one is not looked into. */
static bool read_entry(struct rq *rq, const struct record_shelf *s, size_t i,
		       size_t *bytes, struct om_entry *out)
{
	struct record *r = site_of(rq)->record;
	struct page_locale locale = site_locale(rq);
	const struct json *v = NULL;
	struct err ignored;

	*out = (struct om_entry){.glance = &s->v[i]};
	if (!store_glance_read(r->store, rq->arena, out->glance, *bytes,
			       &out->resource))
		return false;
	if (out->resource.text != NULL) {
		*bytes -= out->resource.text_len;
		v = json_parse(rq->arena, out->resource.text,
			       out->resource.text_len, &ignored);
	}
	if (v != NULL)
		record_display_brief(r, rq->arena, &locale, v, &out->display);
	else
		out->display = (struct record_display){
		    .kind = s->kind,
		    .name = site_word(rq, SAY("Too large for a list")),
		    .value = "",
		    .when =
			record_when_ms(rq->arena, &locale, out->glance->at_ms),
		    .at_ms = INT64_MIN,
		};
	return true;
}

static size_t read_entries(struct rq *rq, const struct record_shelf *s,
			   size_t from, size_t most, struct om_entry **out)
{
	size_t left = from < s->n ? s->n - from : 0, n = 0;
	size_t bytes = PAGE_BYTES;

	if (left > most)
		left = most;
	*out = arena_alloc(rq->arena, (left + 1) * sizeof(**out));
	for (size_t i = 0; i < left; i++)
		n += read_entry(rq, s, from + i, &bytes, &(*out)[n]);
	return n;
}

static const char *when(struct rq *rq, const struct om_entry *e)
{
	struct page_locale locale = site_locale(rq);

	if (e->display.when[0] != '\0')
		return e->display.when;
	return record_when_ms(rq->arena, &locale, e->resource.updated_ms);
}

/* ---- the front page -------------------------------------------------- */

static struct page_values kind_row(struct rq *rq, const struct record_shelf *s)
{
	struct om_entry *e;
	size_t n = read_entries(rq, s, 0, 1, &e);
	const char *name = n > 0 ? e->display.name : "";
	const struct page_value v[] = {
	    {.name = "url",
	     .text = arena_cat(rq->arena, site_of(rq)->path, "/data/",
			       s->kind->key, NULL)},
	    {.name = "title", .text = site_word(rq, s->kind->title)},
	    {.name = "value",
	     .text = n > 0 && e->display.value[0] != '\0' ? e->display.value
							  : name},
	    {.name = "when", .text = n > 0 ? when(rq, e) : NULL},
	    {.name = "count", .text = arena_printf(rq->arena, "%zu", s->n)},
	};

	return page_row(rq->arena, v, LEN(v));
}

bool om_front(struct rq *rq)
{
	struct record_shelf *s;
	struct visitor v;

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	size_t n = record_shelves(site_of(rq)->record, rq->arena,
				  v.citizen.patient, &s);
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));
	for (size_t i = 0; i < n; i++)
		row[i] = kind_row(rq, &s[i]);
	const struct page_value value[] = {
	    {.name = "kinds", .rows = row, .row_count = n},
	    {.name = "any", .text = n > 0 ? "1" : NULL},
	    {.name = "patient", .text = v.citizen.patient},
	};
	return om_page(rq, &v, OM_DATA, 200, SAY("My data"),
		       "server/web/omakanta.html", value, LEN(value));
}

/* ---- the entries of a kind ------------------------------------------- */

static const struct record_shelf *
find_shelf(struct rq *rq, const struct visitor *v, const struct record_kind *k)
{
	struct record_shelf *s;
	size_t n = record_shelves(site_of(rq)->record, rq->arena,
				  v->citizen.patient, &s);

	for (size_t i = 0; i < n; i++)
		if (s[i].kind == k)
			return &s[i];
	return NULL;
}

static struct page_values entry_row(struct rq *rq, const struct om_entry *e)
{
	const struct page_value v[] = {
	    {.name = "url", .text = om_entry_url(rq, &e->resource, "")},
	    {.name = "when", .text = when(rq, e)},
	    {.name = "value", .text = e->display.value},
	    {.name = "name", .text = e->display.name},
	    {.name = "client", .text = om_client(rq, e->resource.client_id)},
	    {.name = "fhir", .text = fhir_names[e->resource.fhir]},
	};

	return page_row(rq->arena, v, LEN(v));
}

bool om_kind(struct rq *rq)
{
	const struct record_kind *k = record_kind_find(rq_param(rq, "kind"));
	struct om_entry *e, *drawn = NULL;
	struct visitor v;

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	if (k == NULL)
		return err_set(&rq->err, ERR_NOT_FOUND, "not_found", NULL,
			       SAY("There is no such page."));
	const struct record_shelf *s = find_shelf(rq, &v, k);
	const struct record_shelf empty = {.kind = k};
	if (s == NULL)
		s = &empty;
	int64_t last = s->n == 0 ? 1 : (int64_t)((s->n + PAGE - 1) / PAGE);
	int64_t page = web_page(rq, last);
	size_t n = read_entries(rq, s, (size_t)(page - 1) * PAGE, PAGE, &e);
	size_t draw = page > 1 || k->profile[0] == NULL
			  ? 0
			  : read_entries(rq, s, 0, OM_CHART_ENTRIES, &drawn);
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));
	for (size_t i = 0; i < n; i++)
		row[i] = entry_row(rq, &e[i]);
	const struct page_value value[] = {
	    {.name = "title", .text = site_word(rq, k->title)},
	    {.name = "entries", .rows = row, .row_count = n},
	    {.name = "count", .text = arena_printf(rq->arena, "%zu", s->n)},
	    {.name = "page", .text = web_number(rq, page)},
	    {.name = "pages", .text = last > 1 ? web_number(rq, last) : NULL},
	    {.name = "newer", .text = web_page_link(rq, page - 1, last)},
	    {.name = "older", .text = web_page_link(rq, page + 1, last)},
	    om_charts(rq, drawn, draw),
	};
	return om_page(rq, &v, OM_DATA, 200, k->title,
		       "server/web/omakanta_kind.html", value, LEN(value));
}
