/* SPDX-License-Identifier: Apache-2.0
 *
 * search: GET Type and POST Type/_search, answered by a Bundle.
 *
 * The parameters of a POST stand in its URL and in its body, and add up; they
 * do not come back in the self link, for that is why they were sent so.
 *
 * A result that does not fit on its page is kept (store.h), and its other pages
 * are asked for by a link on the base (page.c). What else a page needs, its
 * includes and which parts of the resources it shows, is read again from the
 * query, which is kept with it.
 *
 * FHIR R4 3.1.1.1, 3.1.1.2; facts: fhir-rest.md 4.1, 4.9.
 */
#include "fhir/search_int.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct search_rules fhir_search_rules(const struct rq *rq,
				      const struct record_type *t,
				      const struct wish *w)
{
	const struct fhir *f = rq->ctx;
	const bool open = rq->grant->patient == NULL;

	return (struct search_rules){
	    .record = f->record,
	    .fhir = f->version,
	    .type = t,
	    .settings = &f->record->settings,
	    .own_base = fhir_own_base(rq),
	    .patient = rq->grant->patient,
	    .scope = open ? NULL : text_or_empty(rq->grant->scope),
	    .handling = w->handling,
	    .now_ms = rq->now_ms,
	    .log = f->record->log,
	};
}

bool fhir_run_search(struct rq *rq, const struct wish *w,
		     const struct search_rules *r, const struct search *s,
		     const struct kept_words *words)
{
	struct store_found found = {.total = 0}, included;
	struct store_kept kept = {
	    .fhir = (int)r->fhir,
	    .type = r->type->type,
	    .patient = text_or_empty(s->query.patient),
	    .query = fhir_kept_query(rq->arena, r, words),
	    .made_ms = rq->now_ms,
	};
	struct store_query query = s->query;
	struct answer a = {
	    .wish = w,
	    .search = s,
	    .found = &found,
	    .included = &included,
	    .self = words->self,
	    .count = s->count,
	};

	if (r->record->seed != NULL)
		kept.wanted = fhir_answer_id(rq, "page");
	query.keep = s->count_only ? NULL : &kept;
	if (!s->nothing && !store_search(r->record->store, rq->arena, &query,
					 &found, &rq->err))
		return false;
	if (!fhir_include(rq->arena, r, s, &found, &included, &rq->err))
		return false;
	a.token = kept.token;
	if ((int64_t)found.n < found.total)
		a.next = (int64_t)found.n;
	return fhir_reply_found(rq, &a);
}

static bool run(struct rq *rq, struct wish *w, const struct http_pair *pair,
		size_t n, const char *self)
{
	const struct kept_words words = {"", pair, n, self};
	const struct record_type *t;
	struct search_rules r;
	struct search s;

	if (!fhir_offers(rq, IA_SEARCH, &t))
		return false;
	r = fhir_search_rules(rq, t, w);
	if (!fhir_search_parse(rq->arena, &r, pair, n, &s, &rq->err))
		return false;
	rq_passed(rq, "parameter");
	return fhir_run_search(rq, w, &r, &s, &words);
}

static const char *path_of(struct rq *rq)
{
	return arena_printf(rq->arena, "/%s", rq_param(rq, "type"));
}

bool fhir_search(struct rq *rq)
{
	struct wish w;

	assert(rq->grant);
	return fhir_wish(rq, &w) &&
	       run(rq, &w, w.pair, w.pairs,
		   fhir_self_url(rq, path_of(rq), w.pair, w.pairs));
}

/* ---- POST Type/_search ------------------------------------------------------
 */

static bool is_form(struct rq *rq)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = rq_header_in(rq, "Content-Type");
	const size_t n = sizeof(form) - 1;

	if (rq->body_len == 0 ||
	    (type && strncasecmp(type, form, n) == 0 &&
	     (type[n] == '\0' || type[n] == ';' || type[n] == ' ')))
		return true;
	return err_set(&rq->err, ERR_INVALID, RULE_CONTENT_TYPE, NULL,
		       "Incorrect Content-Type header value of \"%.200s\" was "
		       "provided in the request. %s is required for "
		       "\"SEARCH_TYPE\" operation",
		       text_or_empty(type), form);
}

bool fhir_search_post(struct rq *rq)
{
	struct http_pair *body, *all;
	const char *pretty;
	struct wish w;
	size_t n;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !is_form(rq) ||
	    !http_form(rq->arena, text_or_empty(rq->body), rq->body_len, &body,
		       &n, &rq->err))
		return false;
	all = arena_alloc(rq->arena, (w.pairs + n + 1) * sizeof(*all));
	if (w.pairs > 0)
		memcpy(all, w.pair, w.pairs * sizeof(*all));
	if (n > 0)
		memcpy(all + w.pairs, body, n * sizeof(*all));
	pretty = http_form_get(body, n, "_pretty");
	w.pretty |= text_is(pretty, "true");
	return run(rq, &w, all, w.pairs + n,
		   fhir_self_url(rq, path_of(rq), NULL, 0));
}
