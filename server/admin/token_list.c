/* SPDX-License-Identifier: Apache-2.0
 *
 * token_list: the tokens that there are, as far as anybody may know them: by
 * the beginning of their digest, as in the journal, never by their value.
 *
 * Facts: stand-in.md 4.3.
 */
#include "admin/admin_int.h"

#include <string.h>

#define LIMIT 500

/* The digest's first letters, as the journal has them. */
#define SHOWN 6

static void time_write(struct jw *w, const char *name, int64_t ms)
{
	char when[TIME_TEXT];

	if (ms == INT64_MAX) {
		jw_null(w, name);
		return;
	}
	time_finnish(when, ms);
	jw_str(w, name, when);
}

static void token_write(struct jw *w, const struct store_token_row *r,
			int64_t now_ms)
{
	const struct store_token *t = &r->token;

	jw_open(w, NULL, '{');
	jw_str(w, "token",
	       arena_printf(w->b->arena, "sha256:%.*s", SHOWN, t->digest));
	jw_str(w, "type", t->kind == TOKEN_ACCESS ? "access" : "refresh");
	jw_str(w, "client_id", r->grant.client_id);
	jw_str(w, "hetu", r->grant.hetu);
	jw_str(w, "patient", r->grant.patient);
	jw_str(w, "scope", t->scope);
	time_write(w, "issued", t->issued_ms);
	time_write(w, "expires", t->expires_ms);
	jw_bool(w, "active", t->expires_ms > now_ms && t->used_ms == 0);
	if (t->used_ms != 0)
		time_write(w, "replaced", t->used_ms);
	if (*text_or_empty(t->certificate) != '\0')
		jw_str(w, "certificate", t->certificate);
	jw_str(w, "family", r->grant.id);
	jw_close(w);
}

/* What a query may say; texts are NULL when absent. */
struct wanted {
	const char *client_id, *hetu;
	bool active;
};

static bool read_one(struct rq *rq, const struct http_pair *p,
		     struct wanted *want)
{
	static const char *const names[] = {"client_id", "hetu", "active"};
	struct nearest near = {.word = p->name};
	struct store_citizen citizen;
	struct store_client client;

	if (strcmp(p->name, names[0]) == 0) {
		want->client_id = p->value;
		return client_get(rq, p->value, &client);
	}
	if (strcmp(p->name, names[1]) == 0) {
		if (!citizen_get(rq, p->value, &citizen))
			return false;
		want->hetu = citizen.hetu;
		return true;
	}
	if (strcmp(p->name, names[2]) == 0) {
		want->active = strcmp(p->value, "true") == 0;
		return want->active || strcmp(p->value, "false") == 0 ||
		       err_set(&rq->err, ERR_INVALID, "invalid_value", "active",
			       "active must be true or false, not \"%.40s\"",
			       p->value);
	}
	for (size_t i = 0; i < LEN(names); i++)
		nearest_try(&near, names[i]);
	return refuse_unknown(rq, &near);
}

bool admin_tokens(struct rq *rq)
{
	const int64_t now_ms = record_now_ms(admin_of(rq)->record);
	struct wanted want = {0};
	struct jw w = {.b = &rq->out};
	struct store_token_row *row;
	struct http_pair *pair;
	size_t n;

	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_one(rq, &pair[i], &want))
			return false;
	n = store_token_list(store_of(rq), rq->arena, want.client_id, want.hetu,
			     want.active ? now_ms : -1, LIMIT + 1, &row);
	jw_open(&w, NULL, '{');
	jw_open(&w, "tokens", '[');
	for (size_t i = 0; i < n && i < LIMIT; i++)
		token_write(&w, &row[i], now_ms);
	jw_close(&w);
	jw_bool(&w, "complete", n <= LIMIT);
	jw_close(&w);
	return reply_json(rq, 200);
}
