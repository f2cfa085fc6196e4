/* SPDX-License-Identifier: Apache-2.0
 *
 * What anyone may read: the key set (RFC 7517) and the metadata (OpenID Connect
 * Discovery 4, RFC 8414; oauth.md section 12).
 *
 * The document says what works here and nothing else, so most of it follows
 * from switches: what is off is not there. Which scopes there are follows from
 * the table of resource types. It begins with the members, and in the order,
 * that clients of the real service would see. The issuer is the string that
 * tokens and the parameter iss have. At the places of RFC 8414 it is served by
 * the switch rfc8414_document; that also says what RFC 8705 adds where a
 * listener asks for certificates.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

bool oauth_jwk(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	record_keys_write(&w, "keys", oauth_of(rq)->site.record, rq->arena);
	jw_close(&w);
	return oauth_json(rq, 200);
}

/* ---- the document ----------------------------------------------------- */

static void endpoints(struct jw *w, struct rq *rq, const struct settings *s)
{
	jw_str(w, "issuer", oauth_issuer(rq));
	jw_str(w, "authorization_endpoint", site_url(rq, "/authorize"));
	jw_str(w, "token_endpoint", site_url(rq, "/token"));
	jw_str(w, "jwks_uri", site_url(rq, "/jwk"));
	if (s->self_service)
		jw_str(w, "registration_endpoint", site_url(rq, "/register"));
	jw_str(w, "introspection_endpoint", site_url(rq, "/introspect"));
	jw_str(w, "revocation_endpoint", site_url(rq, "/revoke"));
	if (s->openid)
		jw_str(w, "userinfo_endpoint", site_url(rq, "/userinfo"));
}

static void scopes(struct jw *w, struct arena *a, const struct settings *s)
{
	const char *words = scope_offered(a, s, ~0u);

	if (s->openid)
		words = arena_printf(a, "openid %s", words);
	scope_write(w, "scopes_supported", words);
}

/* Can a certificate be presented, and do the metadata speak of it? The
 * service's own, as far as they are known, do not. */
static bool tells_certificates(const struct record *r)
{
	return r->settings.rfc8414_document && r->mtls_origin != NULL;
}

/* What a client may authenticate itself with at token, introspect, revoke. */
static void methods(struct jw *w, struct arena *a, const struct record *r)
{
	const struct settings *s = &r->settings;

	scope_write(
	    w, "token_endpoint_auth_methods_supported",
	    arena_printf(a,
			 "client_secret_post client_secret_basic "
			 "%sprivate_key_jwt%s",
			 s->public_clients || s->client_auth ? "none " : "",
			 tells_certificates(r) ? " tls_client_auth" : ""));
	jw_open(w, "token_endpoint_auth_signing_alg_values_supported", '[');
	for (size_t i = 0; jose_jws_algorithm(i) != NULL; i++)
		jw_str(w, NULL, jose_jws_algorithm(i));
	jw_close(w);
}

/* The mtls:// listener as the client reaches it: one that listens everywhere
 * has no address of its own, so the host is the one that was asked. */
static const char *mtls_origin(struct rq *rq)
{
	const char *own = oauth_of(rq)->site.record->mtls_origin;
	const char *host = strstr(rq->origin, "://") + 3;
	const char *port = strrchr(own, ':');
	int n;

	if (strncmp(own, "https://0.0.0.0:", 16) != 0 &&
	    strncmp(own, "https://[::]:", 13) != 0)
		return own;
	n = (int)(*host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/"));
	return arena_printf(rq->arena, "https://%.*s%s", n, host, port);
}

static void alias(struct jw *w, struct rq *rq, const char *name,
		  const char *path)
{
	const struct site *site = &oauth_of(rq)->site;

	jw_str(w, name,
	       arena_printf(rq->arena, "%s%s%s", mtls_origin(rq), site->path,
			    path));
}

/* Where a certificate is asked for (RFC 8705 3.3, 5): a client that has one
 * goes there instead. */
static void certificates(struct jw *w, struct rq *rq, const struct settings *s)
{
	jw_bool(w, "tls_client_certificate_bound_access_tokens",
		s->bind_tokens != 0);
	jw_open(w, "mtls_endpoint_aliases", '{');
	alias(w, rq, "token_endpoint", "/token");
	alias(w, rq, "introspection_endpoint", "/introspect");
	alias(w, rq, "revocation_endpoint", "/revoke");
	if (s->openid)
		alias(w, rq, "userinfo_endpoint", "/userinfo");
	jw_close(w);
}

bool oauth_discovery(struct rq *rq)
{
	const struct settings *s = &oauth_of(rq)->site.record->settings;
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	endpoints(&w, rq, s);
	scopes(&w, rq->arena, s);
	scope_write(&w, "response_types_supported", "code");
	scope_write(&w, "grant_types_supported",
		    "authorization_code refresh_token");
	scope_write(&w, "subject_types_supported", "public");
	scope_write(&w, "id_token_signing_alg_values_supported", "RS256");
	methods(&w, rq->arena, oauth_of(rq)->site.record);
	scope_write(&w, "code_challenge_methods_supported",
		    s->pkce_methods ? "S256" : "plain S256");
	if (s->iss_parameter)
		jw_bool(&w, "authorization_response_iss_parameter_supported",
			true);
	if (tells_certificates(oauth_of(rq)->site.record))
		certificates(&w, rq, s);
	jw_close(&w);
	return oauth_json(rq, 200);
}

bool oauth_metadata(struct rq *rq)
{
	if (oauth_of(rq)->site.record->settings.rfc8414_document)
		return oauth_discovery(rq);
	return err_set(&rq->err, ERR_NOT_FOUND, NULL, NULL,
		       "The metadata are at %s, here too with "
		       "--set rfc8414_document=on",
		       site_url(rq, "/.well-known/openid-configuration"));
}
