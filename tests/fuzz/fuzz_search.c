/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of the search grammar, with a store of a few Observations behind
 * it: the input is the query of GET Observation.
 *
 * A query that is taken stays within what the store takes, but for the number
 * of its clauses, which the store refuses itself. Whatever is asked, the answer
 * is a Bundle or a refusal in the words of an OperationOutcome. The links are
 * ours; the next ones lead to pages of the same search until all that was
 * counted has been shown, nothing twice.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with fhir
 * and the layers below it.
 */
#include "fhir/search_int.h"
#include "http/http_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELF  "3f0c2a8e-0000-4000-8000-000000000001"
#define HOST  "http://h"
#define PATH  "/phr-resourceserver/baseR4"
#define COUNT 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the record -----------------------------------------------------------
 */

static const struct log quiet = {LOG_OFF, 2};

static void put(struct store *s, int i)
{
	static const char *const code[COUNT] = {"a", "b", "a", "a,b", "a|b"};
	const int64_t day = INT64_C(86400000) * i;
	char id[] = "0", to[] = "Observation/0";
	char text[] = "{\"resourceType\":\"Observation\",\"id\":\"0\","
		      "\"hasMember\":[{\"reference\":\"Observation/0\"}]}";
	const struct store_index_row rows[] = {
	    {.kind = INDEX_TOKEN,
	     .param = "code",
	     .system = "http://loinc.org",
	     .value = code[i],
	     .text = "AB"},
	    {.kind = INDEX_TOKEN,
	     .param = "identifier",
	     .system = "",
	     .value = id},
	    {.kind = INDEX_REFERENCE,
	     .param = "subject",
	     .value = "Patient/" SELF},
	    {.kind = INDEX_REFERENCE, .param = "has-member", .value = to},
	    {.kind = INDEX_STRING,
	     .param = "value-string",
	     .value = "ABC",
	     .text = "abc"},
	    {.kind = INDEX_NUMBER,
	     .param = "value-quantity",
	     .system = "s",
	     .value = "kg",
	     .lo = i,
	     .hi = i},
	    {.kind = INDEX_DATE,
	     .param = "date",
	     .lo_ms = day,
	     .hi_ms = day + 1 + i % 2 * day,
	     .period = i % 2 == 1},
	};
	struct store_resource r = {.fhir = FHIR_R4,
				   .type = "Observation",
				   .id = id,
				   .version = 1,
				   .updated_ms = day / 2 * 2,
				   .patient = SELF,
				   .client_id = "c",
				   .method = "POST",
				   .text = text};

	id[0] = (char)('0' + i);
	strstr(text, "\"0\"")[1] = id[0];
	/* each one leads to the one before, the first to itself */
	to[sizeof(to) - 2] = (char)(i > 0 ? id[0] - 1 : id[0]);
	*strstr(text, "0\"}]") = to[sizeof(to) - 2];
	r.text_len = strlen(text);
	/* the last one has no date */
	store_resource_put(s, &r, rows, LEN(rows) - (i == COUNT - 1));
}

static void *image(struct arena *a, size_t *n)
{
	FILE *f = fopen("build/image/r4.img", "rb");
	void *p;

	assert(f && fseek(f, 0, SEEK_END) == 0);
	*n = (size_t)ftell(f);
	rewind(f);
	p = arena_alloc(a, *n);
	assert(fread(p, 1, *n, f) == *n);
	fclose(f);
	return p;
}

static struct record *the_record(void)
{
	static struct record r = {.log = &quiet,
				  .fhir_base = {[FHIR_R4] = PATH}};
	struct err e = {.kind = ERR_NONE};
	struct arena *a;
	size_t n;
	void *bytes;

	if (r.store)
		return &r;
	a = arena_new(0);
	bytes = image(a, &n);
	r.profiles[FHIR_R4] = profile_open(a, FHIR_R4, bytes, n, &e);
	assert(r.profiles[FHIR_R4]);
	r.store = store_open(":memory:", &quiet, &e);
	assert(r.store);
	for (int i = 0; i < COUNT; i++)
		put(r.store, i);
	settings_init(&r.settings);
	r.settings.page_default = 2;
	r.settings.page_max = 3;
	return &r;
}

/* ---- a request ------------------------------------------------------------
 */

static struct rq *request(struct arena *a, const struct fhir *f,
			  const char *query)
{
	static const struct grant grant = {
	    .patient = SELF,
	    .scope = "patient/Observation.read patient/Patient.read"};
	struct rq_private *p = arena_alloc(a, sizeof(*p));

	p->last_header = &p->first_header;
	p->match.param[0] = (struct http_pair){"type", "Observation"};
	p->match.param_count = 1;
	p->rq = (struct rq){
	    .arena = a,
	    .method = "GET",
	    .path = PATH "/Observation",
	    .query = query,
	    .origin = HOST,
	    .ctx = (void *)f,
	    .grant = &grant,
	    .now_ms = 1000000,
	    .private = p,
	};
	buf_init(&p->rq.out, a);
	return &p->rq;
}

static const struct json *body(const struct rq *rq, const char *type)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v =
	    json_parse(rq->arena, rq->out.p, rq->out.len, &e);

	assert(v && strcmp(json_get_text(v, "resourceType"), type) == 0);
	return v;
}

static void check_refusal(struct rq *rq)
{
	const struct json *issue;

	assert(rq->err.kind != ERR_NONE && rq->err.kind != ERR_INTERNAL);
	assert(*rq->err.text && rq->status == 0);
	fhir_refuse(rq);
	assert(rq->status >= 400 && rq->status < 500);
	issue = json_first(json_get(body(rq, "OperationOutcome"), "issue"));
	assert(issue && *json_get_text(issue, "diagnostics"));
}

/* ---- pages ----------------------------------------------------------------
 */

/* What was seen of a result so far. */
struct seen {
	bool id[COUNT];
	size_t n;
};

static void check_entries(const struct json *bundle, struct seen *seen)
{
	const struct json *entry = json_get(bundle, "entry");

	assert(!entry || json_count(entry) > 0);
	for (entry = json_first(entry); entry; entry = json_next(entry)) {
		const char *url = json_get_text(entry, "fullUrl");
		size_t i = (size_t)(url[strlen(url) - 1] - '0');

		if (strcmp(json_get_text(json_get(entry, "search"), "mode"),
			   "match") != 0)
			continue;
		assert(i < COUNT && !seen->id[i]);
		seen->id[i] = true;
		seen->n++;
	}
}

/* The query of the link of that relation, or NULL. Pages are at the base. */
static const char *link_of(const struct json *bundle, const char *relation)
{
	const struct json *v = json_first(json_get(bundle, "link"));

	while (v && strcmp(json_get_text(v, "relation"), relation) != 0)
		v = json_next(v);
	if (!v)
		return NULL;
	assert(text_begins(json_get_text(v, "url"), HOST PATH));
	return text_or_empty(strchr(json_get_text(v, "url"), '?')) + 1;
}

static int64_t total_of(const struct json *bundle)
{
	const struct json *v = json_get(bundle, "total");

	return v ? strtoll(json_text(v), NULL, 10) : -1;
}

/* Goes on from the first page to the last. */
static void check_pages(struct arena *a, const struct fhir *f,
			const struct search *s, const struct json *bundle)
{
	const int64_t total = total_of(bundle);
	struct seen seen = {.n = 0};
	const char *query;

	assert(total <= COUNT && (total >= 0 || s->no_total));
	check_entries(bundle, &seen);
	if (s->count_only) {
		assert(seen.n == 0 && !link_of(bundle, "next"));
		return;
	}
	while ((query = link_of(bundle, "next")) != NULL) {
		struct rq *rq = request(a, f, query);
		size_t before = seen.n;

		assert(fhir_at_base(rq) && rq->status == 200);
		bundle = body(rq, "Bundle");
		assert(total_of(bundle) == total);
		check_entries(bundle, &seen);
		assert(seen.n > before && link_of(bundle, "previous"));
	}
	if (total >= 0)
		assert((int64_t)seen.n == total);
}

/* ---- the grammar ----------------------------------------------------------
 */

static bool same_text(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static void check_clauses(const struct store_clause *x,
			  const struct store_clause *y, size_t n);

static void check_values(const struct store_clause *x,
			 const struct store_clause *y)
{
	assert(same_text(x->param, y->param) && same_text(x->also, y->also));
	assert(same_text(x->param2, y->param2) && x->n == y->n);
	assert(x->kind == y->kind && x->negative == y->negative);
	assert(x->n > 0 || x->kind == CLAUSE_CHAIN ||
	       x->kind == CLAUSE_REVERSE);
	for (size_t i = 0; i < x->n; i++) {
		const struct store_value *v = &x->value[i], *w = &y->value[i];

		assert(v->op == w->op && v->lo_ms == w->lo_ms &&
		       v->hi_ms == w->hi_ms);
		assert(v->number_lo <= v->number_hi);
		assert(same_text(v->system, w->system) &&
		       same_text(v->value, w->value));
	}
	assert(x->sub_count == y->sub_count);
	check_clauses(x->sub, y->sub, x->sub_count);
}

static void check_clauses(const struct store_clause *x,
			  const struct store_clause *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_values(&x[i], &y[i]);
}

/* The self link names the same search. */
static void check_same(const struct search *x, const struct search *y)
{
	assert(x->count == y->count && x->count_only == y->count_only);
	assert(x->query.limit == y->query.limit);
	assert(x->query.clause_count == y->query.clause_count);
	assert(x->query.sort_count == y->query.sort_count);
	for (size_t i = 0; i < x->query.sort_count; i++)
		assert(
		    same_text(x->query.sort[i].param, y->query.sort[i].param) &&
		    x->query.sort[i].descending == y->query.sort[i].descending);
}

static void parse(struct arena *a, const struct fhir *f, const char *query,
		  struct search *out)
{
	const struct search_rules rules = {
	    .record = f->record,
	    .fhir = FHIR_R4,
	    .scope = "patient/Observation.read patient/Patient.read",
	    .type = record_type_find(FHIR_R4, "Observation"),
	    .settings = &f->record->settings,
	    .own_base = HOST PATH,
	    .patient = SELF,
	    .now_ms = 1000000,
	    .log = &quiet,
	};
	struct err e = {.kind = ERR_NONE};
	struct http_pair *pair;
	size_t n;

	assert(http_form(a, query, strlen(query), &pair, &n, &e));
	assert(fhir_search_parse(a, &rules, pair, n, out, &e));
}

static void check_caps(const struct search *s)
{
	size_t values = 0;

	for (size_t i = 0; i < s->query.clause_count; i++)
		values += s->query.clause[i].n;
	assert(values <= STORE_SEARCH_VALUES + SEARCH_VALUES);
	assert(s->query.sort_count <= SEARCH_SORTS);
	assert(s->count >= 1 && s->count <= 3);
	assert(s->query.limit == (s->count_only ? 0 : s->count));
	assert(same_text(s->query.patient, SELF));
}

/* Clauses in the order of the names: as the links have them. */
static void check_self(struct arena *a, const struct fhir *f,
		       const struct search *s, const char *query)
{
	struct search first, again;
	const struct json *bundle;
	struct rq *rq = request(a, f, query);

	parse(a, f, query, &first);
	check_same(s, &first);
	assert(fhir_search(rq));
	bundle = body(rq, "Bundle");
	parse(a, f, link_of(bundle, "self"), &again);
	check_same(&first, &again);
	check_clauses(first.query.clause, again.query.clause,
		      first.query.clause_count);
}

static void check_query(struct arena *a, const struct fhir *f,
			const char *query)
{
	struct rq *rq = request(a, f, query);
	const struct json *bundle;
	struct search s;

	if (!fhir_search(rq)) {
		check_refusal(rq);
		return;
	}
	assert(rq->status == 200);
	bundle = body(rq, "Bundle");
	parse(a, f, query, &s);
	check_caps(&s);
	assert(s.query.clause_count <= 100);
	check_self(a, f, &s, link_of(bundle, "self"));
	check_pages(a, f, &s, bundle);
}

/* The same as the query of the base: a page, or a refusal. */
static void check_base(struct arena *a, const struct fhir *f, const char *query)
{
	struct rq *rq = request(a, f, query);

	if (fhir_at_base(rq))
		assert(rq->status == 200 && body(rq, "Bundle"));
	else
		check_refusal(rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record *r = the_record();
	const struct fhir f = {.record = r, .version = FHIR_R4, .base = PATH};
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);
	struct http_target t;

	/* what cannot be a request target never comes so far */
	if (http_target_decode(a, arena_printf(a, "/?%s", text), &t)) {
		check_base(a, &f, t.query);
		check_query(a, &f, t.query);
		check_query(a, &f,
			    arena_printf(a, "patient=" SELF "&%s", t.query));
	}
	arena_free(a);
	return 0;
}
