/* SPDX-License-Identifier: Apache-2.0
 *
 * The guards of the resource server: who asks (RFC 6750 2.1, 3; oauth.md 11.2),
 * and whether the citizen allowed it (oauth.md section 8).
 *
 * The token comes in the Authorization header and, unless the switch
 * bearer_in_query says so, nowhere else; it is looked up by its digest, never
 * trusted by its signature. What the guard puts on the request is the citizen's
 * grant with the scope of this token, which a refresh may have narrowed. The
 * challenge is filled in here; the body of a refusal is the group's.
 *
 * Where a client certificate is demanded (kanta.md 2.2; not at userinfo), it
 * comes first: without a good one the token is not looked at. Whose it must be,
 * only the token tells; and a token that is bound to one (RFC 8705 3) is good
 * with that one alone, whatever is demanded.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

#define REALM  "phr-resourceserver"
#define SCHEME "Bearer"

const char *oauth_bearer_read(struct arena *a, const char *header)
{
	if (!oauth_scheme(header, SCHEME))
		return NULL;
	const char *text = header + strlen(SCHEME);
	text += strspn(text, " ");
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	size_t end = n + strspn(text + n, "=");
	end += strspn(text + end, " ");
	if (n == 0 || text[end] != '\0')
		return NULL;
	return arena_strndup(a, text, n + strspn(text + n, "="));
}

/* Which of our two doors the token was meant for. */
static bool at_userinfo(const struct rq *rq)
{
	return strcmp(rq->route->path, "/userinfo") == 0;
}

static const char *realm(const struct rq *rq)
{
	return at_userinfo(rq) ? "openidconnect" : REALM;
}

bool oauth_bearer_refuse(struct rq *rq, enum err_kind kind, const char *error,
			 const char *text, const char *scope)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_printf(&b, "Bearer realm=\"%s\", error=\"%s\"", realm(rq), error);
	if (scope != NULL)
		buf_printf(&b, ", scope=\"%s\"",
			   oauth_header_text(rq->arena, scope));
	else
		buf_printf(&b, ", error_description=\"%s\"", text);
	rq_header_text(rq, "WWW-Authenticate", b.p);
	return err_set(&rq->err, kind, error, "Authorization", "%s", text);
}

static bool refuse_form(struct rq *rq, const char *text)
{
	rq->why = NULL;
	return oauth_bearer_refuse(rq, ERR_INVALID, "invalid_request", text,
				   NULL);
}

static bool refuse_token(struct rq *rq)
{
	return oauth_bearer_refuse(rq, ERR_UNAUTHORIZED, "invalid_token",
				   "The access token expired", NULL);
}

/* What a token stands for. */
struct bearer {
	struct grant grant; /* with the token's scope */
	struct store_token token;
};

/* A live access token by its digest. */
static bool live(struct rq *rq, const struct oauth *o, const char *token,
		 size_t n, struct bearer *b)
{
	struct store_token *t = &b->token;
	struct grant *g = &b->grant;
	char digest[JOSE_DIGEST];

	jose_digest(digest, token, n);
	rq->token = arena_strdup(rq->arena, digest);
	rq->why = "no such token is here (any more): it was revoked or "
		  "withdrawn, ended long ago, or is of another server";
	if (!store_token_find(o->site.record->store, rq->arena, digest, t, g))
		return false;
	rq->client_id = g->client_id;
	rq->why = "it is no access token but a refresh token";
	if (t->kind != TOKEN_ACCESS)
		return false;
	rq->why = "it has expired by the server's clock";
	if (record_now_ms(o->site.record) >= t->expires_ms)
		return false;
	rq->why = NULL;
	g->scope = t->scope;
	rq_passed(rq, "token");
	return true;
}

/* What stands in the header is looked for as it is: only what was not found
 * need be looked at for its form. */
static bool live_header(struct rq *rq, const struct oauth *o,
			const char *header, struct bearer *b)
{
	const char *token = header + strlen(SCHEME);
	size_t n;

	token += strspn(token, " ");
	n = strlen(token);
	while (n > 0 && token[n - 1] == ' ')
		n--;
	return live(rq, o, token, n, b);
}

/* ---- the certificate -------------------------------------------------- */

/* RFC 8705 3: whatever is wrong with the certificate, it is the token that is
 * of no use. */
static bool refuse_certificate(struct rq *rq, const struct err *e)
{
	static const char token[] = "invalid_token";

	rq->certificate = arena_strdup(rq->arena, e->text);
	if (e->kind == ERR_UNAUTHORIZED)
		rq_header(rq, "WWW-Authenticate",
			  "Bearer realm=\"%s\", error=\"%s\", "
			  "error_description=\"%s\"",
			  realm(rq), token,
			  oauth_header_text(rq->arena, e->text));
	return err_set(&rq->err, e->kind, at_userinfo(rq) ? token : e->code,
		       NULL, "%s", rq->certificate);
}

static bool certificate_first(struct rq *rq, const struct oauth *o)
{
	struct err e = {.kind = ERR_NONE};

	return at_userinfo(rq) ||
	       oauth_certificate_policy(rq, o->site.record, &e) ||
	       refuse_certificate(rq, &e);
}

/* Is the certificate there that is demanded of the token's application? */
static bool of_application(struct rq *rq, const struct oauth *o,
			   const char *client_id, struct err *e)
{
	const struct record_presented p = oauth_presented(rq);
	struct record *r = o->site.record;
	struct arena *a = rq->arena;
	struct store_client c;

	if (at_userinfo(rq) ||
	    r->settings.client_certificate == CERTIFICATE_OFF ||
	    !store_client_find(r->store, a, client_id, &c))
		return true;
	const struct settings s = record_client_settings(r, a, &c);
	if (!record_certificate_demanded(a, &s, &c))
		return true;
	return s.fhir_certificate ? record_certificate_own(r, a, &s, &c, &p, e)
				  : record_certificate_good(r, a, &s, &p, e);
}

static bool admit(struct rq *rq, const struct oauth *o, struct bearer *b)
{
	const struct record_presented p = oauth_presented(rq);
	struct err e = {.kind = ERR_NONE};
	struct grant *g = &b->grant;

	if (!of_application(rq, o, g->client_id, &e) ||
	    !record_certificate_bound(rq->arena, b->token.certificate, &p, &e))
		return refuse_certificate(rq, &e);
	if (rq->peer != NULL)
		rq_passed(rq, "certificate");
	rq->grant = g;
	return !g->professional ||
	       record_professional(o->site.record, rq->arena, g->client_id,
				   g->hetu, &rq->err);
}

/* ---- in the query, by switch ------------------------------------------ */

#define IN_QUERY "access_token"

/* Takes it out of the query: nobody behind us is to show it to anyone. NULL:
 * there is more than one. */
static const char *take_query_token(struct rq *rq, const struct http_pair *pair,
				    size_t n)
{
	const char *token = NULL;
	struct buf rest;

	buf_init(&rest, rq->arena);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(pair[i].name, IN_QUERY) == 0) {
			if (token != NULL)
				return NULL;
			token = pair[i].value;
			continue;
		}
		if (rest.len > 0)
			buf_putc(&rest, '&');
		http_escape(&rest, pair[i].name);
		buf_putc(&rest, '=');
		http_escape(&rest, pair[i].value);
	}
	rq->query = rest.p;
	return token;
}

static bool guard_query(struct rq *rq, const struct oauth *o,
			const char *header)
{
	struct bearer *b = arena_alloc(rq->arena, sizeof(*b));
	struct http_pair *pair;
	const char *token;
	size_t n;

	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return refuse_form(rq, "The query is malformed");
	token = take_query_token(rq, pair, n);
	if (token == NULL || header != NULL)
		return refuse_form(rq, "The access token must be sent once");
	return live(rq, o, token, strlen(token), b) ? admit(rq, o, b)
						    : refuse_token(rq);
}

static bool has_query_token(const struct rq *rq)
{
	const char *at = rq->query;

	for (; (at = strstr(at, IN_QUERY "=")) != NULL; at++)
		if (at == rq->query || at[-1] == '&')
			return true;
	return false;
}

/* ---- the guards ------------------------------------------------------- */

static bool refuse_no_token(struct rq *rq)
{
	rq_header(rq, "WWW-Authenticate", "Bearer realm=\"%s\"", realm(rq));
	return err_set(&rq->err, ERR_UNAUTHORIZED, "unauthorized",
		       "Authorization",
		       "An access token is required: send Authorization: "
		       "Bearer and the token");
}

bool oauth_guard_bearer(struct rq *rq, void *ctx)
{
	const struct oauth *o = ctx;
	const char *header = rq_header_in(rq, "Authorization");

	if (rq->route->access == ACCESS_OPEN)
		return true;
	if (!certificate_first(rq, o))
		return false;
	if (o->site.record->settings.bearer_in_query && has_query_token(rq))
		return guard_query(rq, o, header);
	if (header == NULL || strncasecmp(header, SCHEME, strlen(SCHEME)) != 0)
		return refuse_no_token(rq);
	struct bearer *b = arena_alloc(rq->arena, sizeof(*b));
	bool once = rq_header_count(rq, "Authorization") == 1;
	if (once && oauth_scheme(header, SCHEME) &&
	    live_header(rq, o, header, b))
		return admit(rq, o, b);
	if (!once || oauth_bearer_read(rq->arena, header) == NULL)
		return refuse_form(rq, "The Authorization header is malformed");
	return refuse_token(rq);
}

bool oauth_guard_scope(struct rq *rq, void *ctx)
{
	bool write = rq->route->access == ACCESS_WRITE;

	(void)ctx;
	if (rq->route->access != ACCESS_READ && !write)
		return true;
	if (strstr(rq->route->path, "/:type") == NULL)
		return true;
	if (write && rq->grant != NULL && rq->grant->professional)
		return err_set(&rq->err, ERR_FORBIDDEN, RULE_READS_ONLY, NULL,
			       "applications for professionals read and store "
			       "nothing");
	if (rq->grant != NULL && rq->grant->patient == NULL)
		return true; /* the open sandbox: nobody granted anything */
	const char *type = rq_param(rq, "type");
	const struct record_type *t = record_type_find(FHIR_R4, type);
	if (rq->grant != NULL && t != NULL && t->definition)
		return true; /* nobody's data: there is no scope for them */
	if (rq->grant != NULL && scope_allows(rq->grant->scope, type, write)) {
		rq_passed(rq, "scope");
		return true;
	}
	const char *word = arena_printf(rq->arena, "patient/%s.%s", type,
					write ? "write" : "read");
	return oauth_bearer_refuse(
	    rq, ERR_FORBIDDEN, "insufficient_scope",
	    arena_printf(rq->arena, "The token's scope does not hold %s", word),
	    word);
}
