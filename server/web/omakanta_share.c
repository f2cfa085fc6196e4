/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta: who may see the data. The applications that the citizen has given
 * permission, and what he or she has decided about professionals.
 *
 * A permission is withdrawn as a whole: all grants of the pair end with their
 * codes and tokens, so the application's next request is refused
 * (store_grant_withdraw). What several authorizations allowed is shown as one.
 *
 * A consent or refusal concerns all providers or one application; giving one
 * puts a row (record_consent), withdrawing takes it away. What follows from
 * them, and which of several counts, is decided in record/professional.c.
 * Relationships of treatment are the providers': they are only shown.
 *
 * Facts: kanta.md 5.
 */
#include "web/omakanta_int.h"

#include <string.h>

#define SCOPES_MAX  100 /* shown of one application */
#define SHARING_MAX 100 /* shown of a list: the latest */

static struct store *store_of(const struct rq *rq)
{
	return site_of(rq)->record->store;
}

static const char *when_ms(struct rq *rq, int64_t ms)
{
	struct page_locale locale = site_locale(rq);

	if (ms == INT64_MAX)
		return NULL;
	return record_when_ms(rq->arena, &locale, ms);
}

/* ---- applications ---------------------------------------------------- */

struct scopes {
	struct page_values row[SCOPES_MAX];
	const char *word[SCOPES_MAX];
	size_t n;
};

static void add_scope(struct rq *rq, struct scopes *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->word[i], word) == 0)
			return;
	if (s->n == SCOPES_MAX)
		return;
	const struct page_value v[] = {
	    {.name = "text", .text = site_scope_text(rq, word)},
	    {.name = "scope", .text = word},
	};
	s->word[s->n] = word;
	s->row[s->n++] = page_row(rq->arena, v, LEN(v));
}

static void add_scopes(struct rq *rq, struct scopes *s, const char *scope)
{
	while (*(scope += strspn(scope, " ")) != '\0') {
		size_t n = strcspn(scope, " ");

		add_scope(rq, s, arena_strndup(rq->arena, scope, n));
		scope += n;
	}
}

/* The grants g[0..n) of one application. */
static struct page_values application_row(struct rq *rq, const struct grant *g,
					  size_t n)
{
	struct scopes *s = arena_alloc(rq->arena, sizeof(*s));
	struct store_client c = {.name = ""};
	int64_t since = g[0].created_ms;
	const struct json *supplier = NULL;

	if (store_client_find(store_of(rq), rq->arena, g->client_id, &c))
		supplier = record_client_member(rq->arena, &c, "supplier");
	for (size_t i = 0; i < n; i++) {
		add_scopes(rq, s, g[i].scope);
		if (g[i].created_ms < since)
			since = g[i].created_ms;
	}
	const struct page_value v[] = {
	    {.name = "client_id", .text = g->client_id},
	    {.name = "name", .text = om_client(rq, g->client_id)},
	    {.name = "supplier",
	     .text = supplier != NULL ? json_text(supplier) : NULL},
	    {.name = "since", .text = when_ms(rq, since)},
	    {.name = "scopes", .rows = s->row, .row_count = s->n},
	};
	return page_row(rq->arena, v, LEN(v));
}

/* Those of the citizen's doing, the ones of an application together. */
static size_t own_grants(struct rq *rq, const char *hetu, struct grant **out)
{
	size_t all = store_grant_list(store_of(rq), rq->arena, hetu, out);
	size_t n = 0;

	for (size_t i = 0; i < all; i++)
		if (!(*out)[i].professional)
			(*out)[n++] = (*out)[i];
	return n;
}

bool om_applications(struct rq *rq)
{
	struct visitor v;
	struct grant *g;

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	size_t n = own_grants(rq, v.citizen.hetu, &g), rows = 0;
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));
	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n; same++)
			if (strcmp(g[i].client_id, g[i + same].client_id) != 0)
				break;
		row[rows++] = application_row(rq, &g[i], same);
	}
	const struct page_value value[] = {
	    {.name = "applications", .rows = row, .row_count = rows},
	};
	return om_page(
	    rq, &v, OM_APPLICATIONS, 200, SAY("Applications with permission"),
	    "server/web/omakanta_applications.html", value, LEN(value));
}

bool om_withdraw(struct rq *rq)
{
	struct site_post p;
	struct visitor v;
	bool done;

	if (!om_posted(rq, &p, &v, &done))
		return done;
	const char *client_id = site_field(&p, "client_id");
	if (client_id == NULL ||
	    store_grant_withdraw(store_of(rq), client_id, v.citizen.hetu) == 0)
		return err_set(&rq->err, ERR_NOT_FOUND, "not_found",
			       "client_id",
			       SAY("This application has no permission; "
				   "perhaps it was withdrawn already."));
	return om_done(rq, "/applications", "withdrawn");
}

/* ---- professionals --------------------------------------------------- */

static bool in_force(const struct store_sharing *x, int64_t now)
{
	return x->from_ms <= now && now < x->until_ms;
}

static struct page_values sharing_row(struct rq *rq,
				      const struct store_sharing *x)
{
	bool now = in_force(x, site_now_ms(rq));
	bool consent = x->kind == SHARING_CONSENT;
	const struct page_value v[] = {
	    {.name = "id", .text = x->id},
	    {.name = "decision",
	     .text = site_word(rq, consent ? SAY("Consent") : SAY("Refusal"))},
	    {.name = "consent", .text = consent ? "1" : NULL},
	    {.name = "whom",
	     .text = x->client_id[0] != '\0'
			 ? om_client(rq, x->client_id)
			 : site_word(rq, SAY("All providers of social welfare "
					     "and health care"))},
	    {.name = "from", .text = when_ms(rq, x->from_ms)},
	    {.name = "until", .text = when_ms(rq, x->until_ms)},
	    {.name = "over", .text = now ? NULL : "1"},
	};

	return page_row(rq->arena, v, LEN(v));
}

static struct page_value sharing_rows(struct rq *rq, const char *name,
				      const struct store_sharing *x, size_t n,
				      bool treatments)
{
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));
	size_t rows = 0, all = 0, seen = 0;

	for (size_t i = 0; i < n; i++)
		all += (x[i].kind == SHARING_TREATMENT) == treatments;
	for (size_t i = 0; i < n; i++)
		if ((x[i].kind == SHARING_TREATMENT) == treatments &&
		    seen++ + SHARING_MAX >= all)
			row[rows++] = sharing_row(rq, &x[i]);
	return (struct page_value){
	    .name = name, .rows = row, .row_count = rows};
}

/* Applications that a citizen can refuse: those for professionals. */
static struct page_value choices(struct rq *rq)
{
	struct store_client *c;
	size_t n = store_client_list(store_of(rq), rq->arena, &c), rows = 0;
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));

	for (size_t i = 0; i < n; i++) {
		if (strcmp(c[i].kind, "professional") != 0)
			continue;
		const struct page_value v[] = {
		    {.name = "client_id", .text = c[i].client_id},
		    {.name = "name", .text = om_client(rq, c[i].client_id)},
		};
		row[rows++] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "choices", .rows = row, .row_count = rows};
}

bool om_professionals(struct rq *rq)
{
	struct store_sharing *x;
	struct visitor v;

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	size_t n =
	    store_sharing_list(store_of(rq), rq->arena, v.citizen.hetu, &x);
	struct page_value decisions =
	    sharing_rows(rq, "decisions", x, n, false);
	struct page_value treatments =
	    sharing_rows(rq, "treatments", x, n, true);
	const struct page_value value[] = {
	    decisions,
	    treatments,
	    choices(rq),
	    {.name = "any_decision",
	     .text = decisions.row_count > 0 ? "1" : NULL},
	    {.name = "any_treatment",
	     .text = treatments.row_count > 0 ? "1" : NULL},
	    {.name = "more",
	     .text =
		 decisions.row_count + treatments.row_count < n ? "1" : NULL},
	};
	return om_page(rq, &v, OM_PROFESSIONALS, 200, SAY("Professionals"),
		       "server/web/omakanta_professionals.html", value,
		       LEN(value));
}

bool om_decide(struct rq *rq)
{
	struct store_sharing put;
	struct site_post p;
	struct visitor v;
	struct err ignored;
	struct buf b;
	struct jw w = {.b = &b};
	bool done;

	if (!om_posted(rq, &p, &v, &done))
		return done;
	const char *client_id = site_field(&p, "client_id");
	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	jw_str(&w, "hetu", v.citizen.hetu);
	jw_str(&w, "decision", text_or_empty(site_field(&p, "decision")));
	if (client_id != NULL && client_id[0] != '\0')
		jw_str(&w, "client_id", client_id);
	jw_close(&w);
	if (!record_consent(site_of(rq)->record, rq->arena,
			    json_parse(rq->arena, b.p, b.len, &ignored), &put,
			    &rq->err))
		return false;
	return om_done(rq, "/professionals",
		       put.kind == SHARING_CONSENT ? "consented" : "refused");
}

bool om_undo(struct rq *rq)
{
	struct store_sharing *x;
	struct site_post p;
	struct visitor v;
	bool done;

	if (!om_posted(rq, &p, &v, &done))
		return done;
	const char *id = site_field(&p, "id");
	size_t n =
	    store_sharing_list(store_of(rq), rq->arena, v.citizen.hetu, &x);
	for (size_t i = 0; i < n; i++) {
		if (x[i].kind == SHARING_TREATMENT || !text_is(id, x[i].id))
			continue;
		store_sharing_delete(store_of(rq), x[i].id);
		return om_done(rq, "/professionals", "undone");
	}
	return err_set(&rq->err, ERR_NOT_FOUND, "not_found", "id",
		       SAY("There is no such consent or refusal; perhaps it "
			   "was withdrawn already."));
}
