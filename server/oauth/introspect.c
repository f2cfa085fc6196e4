/* SPDX-License-Identifier: Apache-2.0
 *
 * What is this token? (RFC 7662; oauth.md section 9.)
 *
 * By the switch introspection_needs_permission the endpoint is for applications
 * that are registered for it, as in the stock software, where one that
 * registered itself is not: it gets 403 with nothing. Where no permission is
 * needed, an application without it is told about its own tokens alone; a
 * stranger's is as inactive as one that never was, so that nothing is learnt by
 * trying. An application that cannot authenticate itself is told nothing then.
 *
 * The switch introspection_answer says which members there are, and in which
 * order. The stock scope is cut to what the caller itself may have. user_id is
 * the login name there, which here would be a personal identity code: it is the
 * Patient id, as sub. A token for professional use says so, and is inactive
 * while a condition of that use does not hold.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

bool oauth_token_find(struct rq *rq, const char *text, struct store_token *t,
		      struct grant *g)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, text, strlen(text));
	return store_token_find(oauth_of(rq)->site.record->store, rq->arena,
				digest, t, g) &&
	       site_now_ms(rq) < t->expires_ms;
}

/* ---- the members ------------------------------------------------------ */

struct inspected {
	const struct store_client *caller;
	struct store_token token;
	struct grant grant;
};

static bool is_access(const struct inspected *x)
{
	return x->token.kind == TOKEN_ACCESS;
}

static void write_expiry(struct jw *w, const struct inspected *x)
{
	if (x->token.expires_ms != INT64_MAX)
		jw_int(w, "exp", x->token.expires_ms / 1000);
}

/* "2026-01-31T12:00:00+0200": the stock form of a time. */
static const char *stock_time(struct rq *rq, int64_t ms)
{
	enum { SECONDS = 19 };
	char text[TIME_TEXT];
	const char *zone;

	record_instant(oauth_of(rq)->site.record, text, ms);
	zone = text + SECONDS + strcspn(text + SECONDS, "+-Z");
	if (strchr(zone, ':') == NULL)
		return arena_printf(rq->arena, "%.*s+0000", SECONDS, text);
	return arena_printf(rq->arena, "%.*s%.3s%s", SECONDS, text, zone,
			    zone + 4);
}

static const char *cut_scope(struct arena *a, const char *scope, const char *to)
{
	struct buf b;
	size_t n;

	buf_init(&b, a);
	for (const char *w; (w = oauth_word(&scope, &n)) != NULL;) {
		if (scope_covers(to, w, n))
			scope_add(&b, w, n);
	}
	return b.p;
}

static void write_stock(struct rq *rq, struct jw *w, const struct inspected *x)
{
	jw_str(w, "scope",
	       cut_scope(rq->arena, x->token.scope, x->caller->scope));
	if (x->token.expires_ms != INT64_MAX)
		jw_str(w, "expires_at", stock_time(rq, x->token.expires_ms));
	write_expiry(w, x);
	jw_str(w, "sub", x->grant.patient);
	jw_str(w, "user_id", x->grant.patient);
	jw_str(w, "client_id", x->grant.client_id);
	jw_str(w, "token_type", is_access(x) ? "Bearer" : NULL);
}

static void write_rfc(struct rq *rq, struct jw *w, const struct inspected *x)
{
	jw_str(w, "scope", x->token.scope);
	jw_str(w, "client_id", x->grant.client_id);
	jw_str(w, "token_type", is_access(x) ? "Bearer" : NULL);
	write_expiry(w, x);
	jw_int(w, "iat", x->token.issued_ms / 1000);
	jw_str(w, "sub", x->grant.patient);
	jw_str(w, "iss", oauth_issuer(rq));
}

/* x NULL: inactive. */
static bool answer(struct rq *rq, const struct settings *s,
		   const struct inspected *x)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_bool(&w, "active", x != NULL);
	if (x != NULL)
		(s->introspection_answer ? write_rfc : write_stock)(rq, &w, x);
	if (x != NULL)
		record_bound_write(&w, x->token.certificate);
	if (x != NULL && x->grant.professional)
		jw_bool(&w, "professional", true);
	jw_close(&w);
	return oauth_json(rq, 200);
}

/* ---- the endpoint ----------------------------------------------------- */

static bool is_permitted(struct rq *rq, const struct store_client *c)
{
	const struct json *v =
	    record_client_member(rq->arena, c, "allow_introspection");

	return v != NULL && json_kind(v) == JSON_TRUE;
}

static bool usable(struct rq *rq, const struct grant *g)
{
	struct err e = {.kind = ERR_NONE};

	return !g->professional ||
	       record_professional(oauth_of(rq)->site.record, rq->arena,
				   g->client_id, g->hetu, &e);
}

/* Active: good for what it is for. May the caller know? */
static bool inspect(struct rq *rq, const char *text, bool permitted,
		    struct inspected *x)
{
	return oauth_token_find(rq, text, &x->token, &x->grant) &&
	       x->token.used_ms == 0 && usable(rq, &x->grant) &&
	       (permitted ||
		strcmp(x->grant.client_id, x->caller->client_id) == 0);
}

bool oauth_introspect(struct rq *rq)
{
	struct oauth_form form;
	struct store_client caller;
	struct inspected x = {.caller = &caller};

	if (!oauth_form_read(rq, &form) || !oauth_client(rq, &form, &caller))
		return false;
	rq_passed(rq, "client");
	struct settings s = record_client_settings(oauth_of(rq)->site.record,
						   rq->arena, &caller);
	const char *text = oauth_form_get(&form, "token");
	bool permitted = is_permitted(rq, &caller);
	if (text == NULL)
		return oauth_refusal_as(rq, &s, REFUSE_NO_TOKEN, NULL);
	if (!permitted && s.introspection_needs_permission)
		return oauth_refuse_empty(
		    rq, ERR_FORBIDDEN,
		    "the application is registered without "
		    "allow_introspection (introspection_needs_permission)");
	if (!permitted && record_is_public(rq->arena, &caller))
		return oauth_refusal_as(rq, &s, REFUSE_NO_CREDENTIALS, NULL);
	return answer(rq, &s, inspect(rq, text, permitted, &x) ? &x : NULL);
}
