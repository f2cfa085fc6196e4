/* SPDX-License-Identifier: Apache-2.0
 *
 * everything: Patient/id/$everything, all that is stored of a citizen.
 *
 * That is the Patient and every current resource whose owner the citizen is,
 * of all types that the token's scope holds, in the order in which they were
 * stored; answered as the result of a search, with the same pages. On the
 * authorised server it is one's own citizen or nobody, and without an id too;
 * in the open sandbox the id has to say who.
 *
 *	_type=A,B	of these types alone
 *	_since=instant	stored then or later
 *	_count=n	entries on a page
 *
 * By POST the same parameters may stand in a Parameters resource. start and
 * end, dates of care, are not looked at.
 *
 * FHIR R4 Patient-operation-everything; facts: fhir-rest.md 1.1.
 */
#include "fhir/search_int.h"

#include <assert.h>
#include <string.h>

#define EVERYTHING "$everything"

/* ---- parameters ---------------------------------------------------------- */

/* The value of a Parameters' parameter, whatever its type. */
static const char *value_text(const struct json *parameter)
{
	for (const struct json *v = json_first(parameter); v; v = json_next(v))
		if (text_begins(text_or_empty(json_name(v)), "value"))
			return json_text(v);
	return NULL;
}

/* The pairs of the URL and, behind them, those of the body. */
static bool read_pairs(struct rq *rq, const struct wish *w,
		       struct http_pair **out, size_t *n)
{
	const struct json *body = NULL, *v;
	size_t more;

	if (rq->body_len > 0 && strcmp(rq->method, "POST") == 0) {
		body = json_parse(rq->arena, rq->body, rq->body_len, &rq->err);
		if (!body)
			return false;
	}
	v = json_get(body, "parameter");
	more = v ? json_count(v) : 0;
	*out = arena_alloc(rq->arena, (w->pairs + more + 1) * sizeof(**out));
	*n = w->pairs;
	if (*n > 0)
		memcpy(*out, w->pair, *n * sizeof(**out));
	for (v = json_first(v); v; v = json_next(v)) {
		const char *name = json_get_text(v, "name");
		const char *value = value_text(v);

		if (name && value)
			(*out)[(*n)++] = (struct http_pair){name, value};
	}
	return true;
}

/* Does a list with commas hold the word? */
static bool holds(const char *list, const char *word)
{
	const size_t n = strlen(word);

	while (list && *list) {
		const size_t k = strcspn(list, ",");

		if (k == n && strncmp(list, word, n) == 0)
			return true;
		list += k + (list[k] == ',');
	}
	return false;
}

/* Of these types it is: those that are a citizen's, in scope and in _type. */
static const char *const *types_of(struct rq *rq, const struct search_rules *r,
				   const char *only)
{
	const char **out =
	    arena_alloc(rq->arena, (STORE_SEARCH_TYPES + 1) * sizeof(*out));
	const struct record_type *t;
	size_t n = 0;

	for (size_t i = 0;
	     (t = record_type_at(r->fhir, i)) != NULL && n < STORE_SEARCH_TYPES;
	     i++)
		if (!t->shared && fhir_may_see(r, t->type) &&
		    (!only || !*only || holds(only, t->type)))
			out[n++] = t->type;
	return out;
}

static bool read_since(struct rq *rq, const char *text, struct store_query *q)
{
	struct store_clause *c = arena_alloc(rq->arena, sizeof(*c));
	struct store_value *v = arena_alloc(rq->arena, sizeof(*v));
	struct time_span span;

	if (!text || !*text)
		return true;
	if (!time_parse(text, strlen(text), &span))
		return err_set(&rq->err, ERR_INVALID, RULE_VALUE, NULL,
			       "Invalid date/time format: \"%.100s\"", text);
	*v = (struct store_value){.op = OP_UPDATED_GE, .lo_ms = span.lo_ms};
	*c = (struct store_clause){.param = "_lastUpdated", .value = v, .n = 1};
	q->clause = c;
	q->clause_count = 1;
	return true;
}

/* ---- the operation ---------------------------------------------------------
 */

static bool refuse_type(struct rq *rq, const char *type)
{
	return err_set(&rq->err, ERR_INVALID, RULE_OPERATION, NULL,
		       "Invalid request: The FHIR endpoint on this server does "
		       "not know how to handle %s operation[%s/" EVERYTHING
		       "] with parameters [[]]",
		       rq->method, type);
}

/* Whose it is; the Patient must be there. */
static const char *whose(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const char *id = rq_param(rq, "id");
	struct store_resource found;

	if (!*id)
		id = rq->grant->patient;
	if (!id) {
		(void)err_set(&rq->err, ERR_INVALID, RULE_PATIENT, NULL,
			      "Say whose: Patient/[id]/" EVERYTHING);
		return NULL;
	}
	if (!record_read(f->record, rq->arena, f->version, rq->grant, "Patient",
			 id, 0, &found, &rq->err))
		return NULL;
	return id;
}

bool fhir_everything(struct rq *rq)
{
	const char *type = rq_param(rq, "type"), *count;
	struct kept_words words = {.what = EVERYTHING};
	struct search s = {.count = -1};
	const char *const *types;
	struct search_rules r;
	struct http_pair *pair;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w))
		return false;
	if (strcmp(type, "Patient") != 0)
		return refuse_type(rq, type);
	s.query.patient = whose(rq);
	if (!s.query.patient || !read_pairs(rq, &w, &pair, &words.pairs) ||
	    !fhir_subset_read(pair, words.pairs, &s.subset, &rq->err))
		return false;
	words.pair = pair;
	words.self =
	    fhir_self_url(rq, rq->path + strlen(((struct fhir *)rq->ctx)->base),
			  w.pair, w.pairs);
	r = fhir_search_rules(
	    rq, record_type_find(((struct fhir *)rq->ctx)->version, type), &w);
	count = http_form_get(pair, words.pairs, "_count");
	if (count)
		(void)fhir_read_count(count, &s.count);
	s.count_only = s.subset.summary == SUMMARY_COUNT;
	s.count = fhir_page_size(r.settings, s.count);
	types = types_of(rq, &r, http_form_get(pair, words.pairs, "_type"));
	s.nothing = !types[0];
	s.query.fhir = (int)r.fhir;
	s.query.type = type;
	s.query.types = types;
	s.query.limit = s.count_only ? 0 : s.count;
	return read_since(rq, http_form_get(pair, words.pairs, "_since"),
			  &s.query) &&
	       fhir_run_search(rq, &w, &r, &s, &words);
}
