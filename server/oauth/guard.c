/* SPDX-License-Identifier: Apache-2.0
 *
 * The guards of the resource server: who asks (RFC 6750 2.1, 3; oauth.md 11.2),
 * and whether the citizen allowed it (oauth.md section 8).
 *
 * The token comes in the Authorization header and nowhere else; it is looked up
 * by its digest, never trusted by its signature. What the guard puts on the
 * request is the citizen's grant with the scope of this token, which a refresh
 * may have narrowed. The challenge is filled in here; the body of a refusal is
 * the group's.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

#define REALM "phr-resourceserver"

const char *oauth_bearer_read(struct arena *a, const char *header)
{
	if (!oauth_scheme(header, "Bearer"))
		return NULL;
	const char *text = header + strlen("Bearer");
	text += strspn(text, " ");
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	size_t end = n + strspn(text + n, "=");
	end += strspn(text + end, " ");
	if (n == 0 || text[end] != '\0')
		return NULL;
	return arena_strndup(a, text, n + strspn(text + n, "="));
}

static bool refuse(struct rq *rq, enum err_kind kind, const char *error,
		   const char *text)
{
	rq_header(rq, "WWW-Authenticate",
		  "Bearer realm=\"" REALM
		  "\", error=\"%s\", error_description=\"%s\"",
		  error, text);
	return err_set(&rq->err, kind, error, "Authorization", "%s", text);
}

/* A live access token by its digest. What stands in the header is looked for as
 * it is: only what was not found need be looked at for its form. */
static bool live(struct rq *rq, const struct oauth *o, const char *header,
		 struct grant *g)
{
	const char *token = header + strlen("Bearer");
	struct store_token t;
	char digest[JOSE_DIGEST];
	size_t n;

	token += strspn(token, " ");
	n = strlen(token);
	while (n > 0 && token[n - 1] == ' ')
		n--;
	jose_digest(digest, token, n);
	if (!store_token_find(o->site.record->store, rq->arena, digest, &t,
			      g) ||
	    t.kind != TOKEN_ACCESS ||
	    record_now_ms(o->site.record) >= t.expires_ms)
		return false;
	g->scope = t.scope;
	return true;
}

bool oauth_guard_bearer(struct rq *rq, void *ctx)
{
	const struct oauth *o = ctx;
	const char *header = rq_header_in(rq, "Authorization");

	if (rq->route->access == ACCESS_OPEN)
		return true;
	if (header == NULL || (!oauth_scheme(header, "Bearer") &&
			       strncasecmp(header, "Bearer", 6) != 0)) {
		rq_header(rq, "WWW-Authenticate", "Bearer realm=\"" REALM "\"");
		return err_set(&rq->err, ERR_UNAUTHORIZED, "login",
			       "Authorization",
			       "An access token is required: send "
			       "Authorization: Bearer and the token");
	}
	struct grant *g = arena_alloc(rq->arena, sizeof(*g));
	bool once = rq_header_count(rq, "Authorization") == 1;
	if (once && oauth_scheme(header, "Bearer") && live(rq, o, header, g)) {
		rq->grant = g;
		return !g->professional ||
		       record_professional(o->site.record, rq->arena,
					   g->client_id, g->hetu, &rq->err);
	}
	if (!once || oauth_bearer_read(rq->arena, header) == NULL)
		return refuse(rq, ERR_INVALID, "invalid_request",
			      "The Authorization header is malformed");
	return refuse(rq, ERR_UNAUTHORIZED, "invalid_token",
		      "The access token expired");
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
	if (rq->grant != NULL && scope_allows(rq->grant->scope, type, write))
		return true;
	rq_header(rq, "WWW-Authenticate",
		  "Bearer realm=\"" REALM "\", error=\"insufficient_scope\", "
		  "scope=\"patient/%s.%s\"",
		  oauth_header_text(rq->arena, type), write ? "write" : "read");
	return err_set(&rq->err, ERR_FORBIDDEN, "insufficient_scope", NULL,
		       "The token's scope does not hold patient/%s.%s", type,
		       write ? "write" : "read");
}
