/* SPDX-License-Identifier: Apache-2.0
 *
 * page: GET base?_getpages=.., the pages of a result that is kept.
 *
 * The link names the result (a uuid that nobody guesses), where its page
 * begins and how long it is. With the result is kept who asked for what:
 *
 *	patient '\n' operation '\n' query
 *
 * so the page is given to the same citizen's applications alone, and its
 * includes, its elements and whether it has a total are those of the first one.
 * The scope is that of the token that asks now. Whatever is wrong with a link,
 * unknown, expired or another citizen's, it has the same words: 410.
 *
 * FHIR R4 3.1.1.2 (paging: 3.1.0.1.6); facts: fhir-rest.md 1.1, 4.1.
 */
#include "fhir/search_int.h"

#include <assert.h>
#include <string.h>

bool fhir_no_page(struct err *e, const char *token)
{
	return err_set(e, ERR_GONE, RULE_PAGE, NULL,
		       "Search ID \"%.64s\" does not exist and may have "
		       "expired",
		       token);
}

const char *fhir_kept_query(struct arena *a, const struct search_rules *r,
			    const struct kept_words *words)
{
	struct buf b;

	buf_init(&b, a);
	buf_printf(&b, "%s\n%s\n", text_or_empty(r->patient), words->what);
	for (size_t i = 0; i < words->pairs; i++) {
		buf_puts(&b, i > 0 ? "&" : "");
		http_escape(&b, words->pair[i].name);
		buf_putc(&b, '=');
		http_escape(&b, words->pair[i].value);
	}
	return b.p;
}

/* The next line of *s; *s moves behind it. */
static const char *line(struct arena *a, const char **s)
{
	const size_t n = strcspn(*s, "\n");
	const char *out = arena_strndup(a, *s, n);

	*s += n + ((*s)[n] == '\n');
	return out;
}

/* What was asked, as it was read then; false: not by this caller. */
static bool read_again(struct rq *rq, const struct wish *w,
		       const struct store_kept *kept, struct search_rules *r,
		       struct search *s)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t = record_type_find(f->version, kept->type);
	const char *text = kept->query, *owner, *what;
	struct http_pair *pair;
	struct err ignored;
	size_t n;

	if (!t || kept->fhir != (int)f->version)
		return false;
	*r = fhir_search_rules(rq, t, w);
	r->handling = HANDLING_LENIENT;
	owner = line(rq->arena, &text);
	what = line(rq->arena, &text);
	if (strcmp(owner, text_or_empty(r->patient)) != 0 ||
	    !fhir_may_see(r, kept->type) ||
	    !http_form(rq->arena, text, strlen(text), &pair, &n, &ignored))
		return false;
	if (*what) {
		*s = (struct search){.count = 0};
		return fhir_subset_read(pair, n, &s->subset, &ignored);
	}
	return fhir_search_parse(rq->arena, r, pair, n, s, &ignored);
}

static bool reply_page(struct rq *rq, const struct wish *w, const char *token)
{
	const struct fhir *f = rq->ctx;
	const char *offset = http_form_get(w->pair, w->pairs, PARAM_OFFSET);
	const char *count = http_form_get(w->pair, w->pairs, "_count");
	struct store_found found = {.total = 0}, included;
	struct search_rules r;
	struct search s;
	struct answer a = {
	    .wish = w,
	    .search = &s,
	    .found = &found,
	    .included = &included,
	    .self = fhir_self_url(rq, "", w->pair, w->pairs),
	    .token = token,
	    .count = -1,
	};
	struct store_kept kept;

	if ((offset && !fhir_read_count(offset, &a.offset)) ||
	    (count && !fhir_read_count(count, &a.count)))
		return fhir_no_page(&rq->err, token);
	a.count = fhir_page_size(&f->record->settings, a.count);
	if (!store_page(f->record->store, rq->arena, token, rq->now_ms,
			a.offset, a.count, &kept, &found, &a.next) ||
	    !read_again(rq, w, &kept, &r, &s))
		return fhir_no_page(&rq->err, token);
	if (s.includes > 0 && a.count > SEARCH_INCLUDED) {
		a.count = SEARCH_INCLUDED; /* as on the first page */
		(void)store_page(f->record->store, rq->arena, token, rq->now_ms,
				 a.offset, a.count, &kept, &found, &a.next);
	}
	found.total = kept.total;
	return fhir_include(rq->arena, &r, &s, &found, &included, &rq->err) &&
	       fhir_reply_found(rq, &a);
}

bool fhir_at_base(struct rq *rq)
{
	const char *token;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w))
		return false;
	token = http_form_get(w.pair, w.pairs, PARAM_PAGES);
	if (token)
		return reply_page(rq, &w, token);
	return err_set(&rq->err, ERR_INVALID, NULL, NULL,
		       "This is the base URL of FHIR server. Unable to handle "
		       "this request, as it does not contain a resource type "
		       "or operation name.");
}
