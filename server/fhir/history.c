/* SPDX-License-Identifier: Apache-2.0
 *
 * history: the versions of a resource, of a type, of all types, newest first.
 *
 * Who may not read a resource does not see its history either: a citizen's
 * application gets the citizen's versions and those that are nobody's, of the
 * types that its permission covers. A deletion is an entry without a resource.
 * request.url is the version's own, as the real stack has it; R4 demands a
 * response beside it.
 *
 * A page link carries all that its page needs: the parameters of the request,
 * the latest version that counts (_getpages) and how many were shown before
 * (_getpagesoffset). Versions never change, so pages hold still whatever is
 * stored meanwhile.
 *
 * _at may have a prefix or be repeated, as a date of a search: all of them hold
 * together. By the switch history, only a resource has one, or nothing.
 *
 * FHIR R4 3.1.0.12; facts: fhir-rest.md 2.7.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What is asked for. */
struct asked {
	struct store_history_query query;
	struct subset part;
	bool count_only;
};

/* ---- times ------------------------------------------------------------ */

static bool refuse_time(struct rq *rq, const char *text)
{
	return err_set(&rq->err, ERR_INVALID, RULE_VALUE, NULL,
		       "Invalid date/time format: \"%.64s\"", text);
}

static bool read_since(struct rq *rq, const char *text, struct asked *a)
{
	struct time_span span;

	if (!time_parse(text, strlen(text), &span))
		return refuse_time(rq, text);
	a->query.since_ms = span.lo_ms;
	return true;
}

/* Which end of the asked interval a prefix moves, and to which end of what it
 * stands before. */
static const struct {
	const char *prefix;
	int from, until; /* 0: nowhere, 1: its begin, 2: its end */
} prefixes[] = {
    {"eq", 1, 2}, {"ge", 1, 0}, {"gt", 2, 0}, {"le", 0, 2}, {"lt", 0, 1},
};

static bool read_at(struct rq *rq, const char *text, struct asked *a)
{
	struct store_history_query *q = &a->query;
	struct time_span span;
	const char *p = text;
	size_t k = 0;

	for (size_t i = 0; i < LEN(prefixes); i++)
		if (text_begins(text, prefixes[i].prefix))
			k = i, p = text + 2;
	if (!time_parse(p, strlen(p), &span))
		return refuse_time(rq, text);
	int64_t from = prefixes[k].from == 2 ? span.hi_ms : span.lo_ms;
	int64_t until = prefixes[k].until == 1 ? span.lo_ms : span.hi_ms;

	q->at = true;
	if (prefixes[k].from && from > q->at_lo_ms)
		q->at_lo_ms = from;
	if (prefixes[k].until && until < q->at_hi_ms)
		q->at_hi_ms = until;
	return true;
}

/* ---- pages ------------------------------------------------------------ */

/* A number without a sign, at most 18 digits. */
static bool read_number(const char *text, int64_t *out)
{
	const size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 18 || text[n])
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

/* What cannot be read is as if it were not there; so is 0, by the switch. */
static bool read_count(struct rq *rq, const char *text, struct asked *a)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;
	int64_t n;

	if (!read_number(text, &n))
		return true;
	if (n == 0)
		a->count_only = s->count_zero;
	else
		a->query.limit = n < s->page_max ? n : s->page_max;
	return true;
}

static bool read_page(struct rq *rq, const char *text, struct asked *a)
{
	return (read_number(text, &a->query.snapshot) &&
		a->query.snapshot > 0) ||
	       fhir_no_page(&rq->err, text);
}

static bool read_offset(struct rq *rq, const char *text, struct asked *a)
{
	return read_number(text, &a->query.offset) ||
	       fhir_no_page(&rq->err, text);
}

static const struct {
	const char *name;
	bool (*read)(struct rq *rq, const char *text, struct asked *a);
} params[] = {
    {"_since", read_since},	 {"_at", read_at},
    {"_count", read_count},	 {PARAM_PAGES, read_page},
    {PARAM_OFFSET, read_offset},
};

static bool read_param(struct rq *rq, const struct http_pair *pair,
		       struct asked *a)
{
	for (size_t i = 0; i < LEN(params); i++)
		if (*pair->value && strcmp(params[i].name, pair->name) == 0)
			return params[i].read(rq, pair->value, a);
	return true;
}

static bool read_query(struct rq *rq, const struct wish *w, struct asked *a)
{
	const struct fhir *f = rq->ctx;

	*a = (struct asked){.query = {
				.fhir = (int)f->version,
				.since_ms = INT64_MIN,
				.at_lo_ms = INT64_MIN,
				.at_hi_ms = INT64_MAX,
				.limit = f->record->settings.page_default,
			    }};
	if (!fhir_subset_read(w->pair, w->pairs, &a->part, &rq->err))
		return false;
	a->count_only = a->part.summary == SUMMARY_COUNT;
	for (size_t i = 0; i < w->pairs; i++)
		if (!read_param(rq, &w->pair[i], a))
			return false;
	if (a->query.at && a->query.since_ms != INT64_MIN)
		return err_set(&rq->err, ERR_INVALID, RULE_VALUE, NULL,
			       "Unable to combine _at and _since parameters "
			       "for history operation");
	if (a->count_only)
		a->query.limit = 0;
	return true;
}

/* ---- whose ------------------------------------------------------------ */

/* Of what: a resource, which must be there (deleted ones are), or a type. */
static bool of_type(struct rq *rq, struct asked *a)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t;
	struct store_resource r;

	if (!fhir_offers(rq, IA_HISTORY, &t))
		return false;
	a->query.type = t->type;
	a->query.patient = t->shared ? NULL : rq->grant->patient;
	if (!*rq_param(rq, "id"))
		return true;
	a->query.id = rq_param(rq, "id");
	if (!record_read(f->record, rq->arena, f->version, rq->grant, t->type,
			 a->query.id, 0, &r, &rq->err) &&
	    rq->err.kind != ERR_GONE)
		return false;
	rq->err.kind = ERR_NONE;
	return true;
}

/* Of all types that the permission covers. */
static bool of_types(struct rq *rq, struct asked *a)
{
	const struct fhir *f = rq->ctx;
	const struct grant *g = rq->grant;
	const struct record_type *t;
	const char **types;
	size_t n = 0, all = 0;

	a->query.patient = g->patient;
	a->query.nobodys = true;
	if (!g->patient)
		return true;
	while (record_type_at(f->version, all))
		all++;
	types = arena_alloc(rq->arena, (all + 1) * sizeof(*types));
	for (size_t i = 0; (t = record_type_at(f->version, i)) != NULL; i++)
		if (scope_allows(g->scope, t->type, false))
			types[n++] = t->type;
	a->query.types = types;
	return n > 0 || err_set(&rq->err, ERR_FORBIDDEN, NULL, NULL,
				"The token's scope does not hold "
				"patient/*.read of any type");
}

/* ---- the answer -------------------------------------------------------- */

static bool names_page(const struct http_pair *p)
{
	return strcmp(p->name, PARAM_PAGES) == 0 ||
	       strcmp(p->name, PARAM_OFFSET) == 0;
}

/* snapshot 0: the link to the first page, as the client wrote it. */
static void add_link(struct jw *w, struct rq *rq, const char *relation,
		     const struct wish *wish, int64_t snapshot, int64_t offset)
{
	struct buf url;
	size_t n = 0;

	buf_init(&url, rq->arena);
	buf_puts(&url, fhir_own_base(rq));
	for (size_t i = 0; i < 2; i++) {
		const char *part = rq_param(rq, i == 0 ? "type" : "id");

		buf_puts(&url, *part ? "/" : "");
		http_escape(&url, part);
	}
	buf_puts(&url, "/_history");
	for (size_t i = 0; i < wish->pairs; i++) {
		if (names_page(&wish->pair[i]))
			continue;
		buf_putc(&url, n++ == 0 ? '?' : '&');
		http_escape(&url, wish->pair[i].name);
		buf_putc(&url, '=');
		http_escape(&url, wish->pair[i].value);
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
		      const struct asked *a, const struct store_found *found)
{
	const int64_t offset = a->query.offset, limit = a->query.limit;
	const int64_t next = offset + (int64_t)found->n;

	jw_open(w, "link", '[');
	add_link(w, rq, "self", wish, a->query.snapshot, offset);
	if (found->n > 0 && next < found->total)
		add_link(w, rq, "next", wish, found->snapshot, next);
	if (offset > 0)
		add_link(w, rq, "previous", wish, found->snapshot,
			 offset > limit ? offset - limit : 0);
	jw_close(w);
}

static const char *status_text(const struct store_resource *r,
			       const struct settings *s)
{
	if (r->deleted)
		return s->delete_status == 204 ? "204 No Content" : "200 OK";
	return r->version == 1 ? "201 Created" : "200 OK";
}

static void add_response(struct jw *w, struct rq *rq,
			 const struct store_resource *r)
{
	const struct fhir *f = rq->ctx;
	char when[TIME_TEXT];

	record_instant(f->record, when, r->updated_ms);
	jw_open(w, "response", '{');
	jw_str(w, "status", status_text(r, &f->record->settings));
	jw_str(w, "etag", arena_printf(rq->arena, "W/\"%d\"", r->version));
	jw_str(w, "lastModified", when);
	jw_close(w);
}

static void add_entry(struct jw *w, struct rq *rq, const struct asked *a,
		      const struct store_resource *r)
{
	const struct fhir *f = rq->ctx;
	struct buf part;

	jw_open(w, NULL, '{');
	jw_str(w, "fullUrl",
	       arena_cat(rq->arena, fhir_own_base(rq), "/", r->type, "/", r->id,
			 NULL));
	if (!r->deleted && fhir_subset_asked(&a->part)) {
		buf_init(&part, rq->arena);
		fhir_subset(&part, f, &a->part, r);
		jw_raw(w, "resource", part.p, part.len);
	} else if (!r->deleted) {
		jw_raw(w, "resource", r->text, r->text_len);
	}
	jw_open(w, "request", '{');
	jw_str(w, "method", r->method);
	jw_str(w, "url",
	       arena_printf(rq->arena, "%s/%s/_history/%d", r->type, r->id,
			    r->version));
	jw_close(w);
	if (f->version != FHIR_STU3)
		add_response(w, rq, r);
	jw_close(w);
}

static void write_bundle(struct rq *rq, const struct wish *wish,
			 const struct asked *a, const struct store_found *found)
{
	struct jw w = {.b = &rq->out};

	fhir_bundle_open(&w, rq, "history");
	jw_int(&w, "total", found->total);
	add_links(&w, rq, wish, a, found);
	if (found->n > 0) {
		jw_open(&w, "entry", '[');
		for (size_t i = 0; i < found->n; i++)
			add_entry(&w, rq, a, &found->v[i]);
		jw_close(&w);
	}
	jw_close(&w);
}

bool fhir_history(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const int offered = f->record->settings.history;
	const bool of_one = *rq_param(rq, "id") != '\0';
	struct store_found found = {.total = 0};
	struct asked a;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w))
		return false;
	if (offered == HISTORY_OFF || (offered == HISTORY_INSTANCE && !of_one))
		return fhir_unknown(rq);
	if (!read_query(rq, &w, &a))
		return false;
	if (!(*rq_param(rq, "type") ? of_type(rq, &a) : of_types(rq, &a)))
		return false;
	store_history(f->record->store, rq->arena, &a.query, &found);
	write_bundle(rq, &w, &a, &found);
	return fhir_reply(rq, &w, 200);
}
