/* SPDX-License-Identifier: Apache-2.0
 *
 * What anyone may read: the key set (RFC 7517) and the discovery document
 * (OpenID Connect Discovery; oauth.md section 12).
 *
 * The document says what works here and nothing else. The issuer ends with a
 * slash, as the real service's registration answers show. Which scopes there
 * are follows from the table of resource types.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

bool oauth_jwk(struct rq *rq)
{
	struct jose_key *key = record_key(oauth_of(rq)->site.record, rq->arena);

	buf_puts(&rq->out, "{\"keys\":[");
	buf_puts(&rq->out, jose_key_jwk(rq->arena, key, "rsa1"));
	buf_puts(&rq->out, "]}");
	return oauth_json(rq, 200);
}

static void add_scope(struct jw *w, struct buf *seen, const char *word)
{
	if (oauth_has_word(seen->p, word))
		return;
	buf_printf(seen, " %s", word);
	jw_str(w, NULL, word);
}

static void scopes(struct jw *w, struct arena *a)
{
	struct buf seen;
	const struct record_type *t;

	buf_init(&seen, a);
	jw_open(w, "scopes_supported", '[');
	add_scope(w, &seen, "offline_access");
	for (int v = 0; v < FHIR_VERSIONS; v++)
		for (size_t i = 0;
		     (t = record_type_at((enum fhir_version)v, i)) != NULL;
		     i++) {
			if (t->interactions & (IA_READ | IA_SEARCH))
				add_scope(w, &seen,
					  arena_printf(a, "patient/%s.read",
						       t->type));
			if (t->interactions & IA_CREATE)
				add_scope(w, &seen,
					  arena_printf(a, "patient/%s.write",
						       t->type));
		}
	jw_close(w);
}

static const struct {
	const char *member, *words;
} lists[] = {
    {"response_types_supported", "code"},
    {"grant_types_supported", "authorization_code refresh_token"},
    {"subject_types_supported", "public"},
    {"id_token_signing_alg_values_supported", "RS256"},
    {"token_endpoint_auth_methods_supported",
     "client_secret_post client_secret_basic none"},
    {"code_challenge_methods_supported", "plain S256"},
};

static void list(struct jw *w, struct arena *a, const char *member,
		 const char *words)
{
	size_t n;

	jw_open(w, member, '[');
	for (const char *p; (p = oauth_word(&words, &n)) != NULL;)
		jw_str(w, NULL, arena_strndup(a, p, n));
	jw_close(w);
}

bool oauth_discovery(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "issuer", oauth_issuer(rq));
	jw_str(&w, "authorization_endpoint", site_url(rq, "/authorize"));
	jw_str(&w, "token_endpoint", site_url(rq, "/token"));
	jw_str(&w, "jwks_uri", site_url(rq, "/jwk"));
	jw_str(&w, "registration_endpoint", site_url(rq, "/register"));
	scopes(&w, rq->arena);
	for (size_t i = 0; i < LEN(lists); i++)
		list(&w, rq->arena, lists[i].member, lists[i].words);
	jw_close(&w);
	return oauth_json(rq, 200);
}
