/* SPDX-License-Identifier: Apache-2.0
 *
 * The application as the one who signed this: client_assertion, the method
 * private_key_jwt (RFC 7523 2.2, 3; OpenID Connect Core 9; RFC 7515).
 *
 * The keys are those that its registration holds by value, as jwks; an address
 * of keys is never asked. Before the signature is known to be good, a refusal
 * tells nothing but what the text alone shows; an unknown application costs a
 * verification, too. Behind that the one who reads it is the application, and
 * is told what is wrong.
 *
 * An assertion is good once, and for an hour at most, which is what one of the
 * libraries makes them for: its jti is remembered until it has expired, also
 * when the request is refused for something else.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <stdlib.h>
#include <string.h>

#define JWT_BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define METHOD	   "private_key_jwt"
#define TICKET	   "assertion"
#define LIFE_S	   3600
#define SKEW_S	   60 /* between their clock and ours */
#define KEYS	   8  /* that are tried */
#define JTI_BYTES  512

/* A key that is nobody's, for the work (RFC 7515 A.2). */
static const struct jose_jwk nobodys = {
    .kty = "RSA",
    .n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"
	 "Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b"
	 "32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KX"
	 "BdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ih"
	 "lJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4"
	 "FRWyuXpoQ",
    .e = "AQAB",
};

struct assertion {
	const char *text;
	size_t signed_n; /* bytes in front of the last dot */
	const char *signature;
	const char *alg, *kid; /* kid may be NULL */
	const struct json *claims;
	const char *sub;
};

static bool refuse(struct rq *rq, const char *why)
{
	rq->why = why;
	return oauth_refusal(rq, REFUSE_BAD_ASSERTION, why);
}

/* ---- reading it ------------------------------------------------------- */

static const struct json *part(struct arena *a, const char *text, size_t n)
{
	struct err e;
	size_t len;
	const char *json = jose_b64url_decode(a, text, n, &len);
	const struct json *v = json ? json_parse(a, json, len, &e) : NULL;

	return v != NULL && json_kind(v) == JSON_OBJECT ? v : NULL;
}

/* Three parts; a header whose algorithm is named and whose extensions need not
 * be understood; claims that say who it is. */
static bool parse(struct arena *a, const char *text, struct assertion *x)
{
	const char *dot = strchr(text, '.');
	const char *last = strrchr(text, '.');

	if (dot == NULL || last == dot || strchr(dot + 1, '.') != last)
		return false;
	const struct json *header = part(a, text, (size_t)(dot - text));
	*x = (struct assertion){
	    .text = text,
	    .signed_n = (size_t)(last - text),
	    .signature = last + 1,
	    .alg = json_get_text(header, "alg"),
	    .kid = json_get_text(header, "kid"),
	    .claims = part(a, dot + 1, (size_t)(last - dot - 1)),
	};
	x->sub = json_get_text(x->claims, "sub");
	const char *iss = json_get_text(x->claims, "iss");
	return x->alg != NULL && json_get(header, "crit") == NULL &&
	       x->sub != NULL && iss != NULL && strcmp(iss, x->sub) == 0;
}

/* ---- the signature ---------------------------------------------------- */

static bool matches(const struct json *key, const char *name, const char *want)
{
	const char *is = json_get_text(key, name);

	return is == NULL || want == NULL || strcmp(is, want) == 0;
}

static bool signed_with(struct rq *rq, const struct assertion *x,
			const struct json *key, size_t *tried)
{
	struct jose_jwk k = {
	    .kty = json_get_text(key, "kty"),
	    .n = json_get_text(key, "n"),
	    .e = json_get_text(key, "e"),
	    .crv = json_get_text(key, "crv"),
	    .x = json_get_text(key, "x"),
	    .y = json_get_text(key, "y"),
	};

	if (*tried == KEYS || !matches(key, "use", "sig") ||
	    !matches(key, "alg", x->alg) || !matches(key, "kid", x->kid) ||
	    !jose_jws_possible(&k, x->alg))
		return false;
	++*tried;
	return jose_jws_verify(rq->arena, &k, x->alg, x->text, x->signed_n,
			       x->signature);
}

/* Did the client sign it, with one of its keys? c NULL: there is none. */
static bool signature_ok(struct rq *rq, const struct assertion *x,
			 const struct store_client *c)
{
	const struct json *kept = NULL;
	struct err e;
	size_t tried = 0;

	if (c != NULL)
		kept =
		    json_parse(rq->arena, c->metadata, strlen(c->metadata), &e);
	bool may = matches(kept, "token_endpoint_auth_signing_alg", x->alg);
	const struct json *keys = json_get(json_get(kept, "jwks"), "keys");
	for (const struct json *k = keys && may ? json_first(keys) : NULL; k;
	     k = json_next(k))
		if (signed_with(rq, x, k, &tried))
			return true;
	if (tried == 0)
		jose_jws_verify(rq->arena, &nobodys, "RS256", x->text,
				x->signed_n, x->signature);
	return false;
}

/* ---- the claims ------------------------------------------------------- */

static bool is_us(struct rq *rq, const struct json *v)
{
	const char *const ours[] = {oauth_issuer(rq), site_url(rq, ""),
				    site_url(rq, "/"), site_url(rq, "/token"),
				    site_url(rq, rq->route->path)};

	for (size_t i = 0; i < LEN(ours); i++)
		if (json_kind(v) == JSON_STRING &&
		    strcmp(json_text(v), ours[i]) == 0)
			return true;
	return false;
}

static bool below(struct rq *rq, const char *aud, const char *origin)
{
	const char *base =
	    arena_cat(rq->arena, origin, oauth_of(rq)->site.path, NULL);
	const size_t n = strlen(base);

	return strncmp(aud, base, n) == 0 &&
	       (aud[n] == '\0' || strcmp(aud + n, "/") == 0 ||
		strcmp(aud + n, "/token") == 0 ||
		strcmp(aud + n, rq->route->path) == 0);
}

/* Does it name us by another listener, at its address or at the host that was
 * asked? Who found us at an https:// listener signs for that one, and goes to
 * an mtls:// one with it (RFC 8705 5). */
static bool is_beside(struct rq *rq, const struct json *v)
{
	const char *const *at = oauth_of(rq)->site.record->origins;
	const char *host = strstr(rq->origin, "://") + 3;
	const int n =
	    (int)(*host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/"));

	if (json_kind(v) != JSON_STRING)
		return false;
	for (; at != NULL && *at != NULL; at++)
		if (below(rq, json_text(v), *at) ||
		    below(rq, json_text(v),
			  arena_printf(rq->arena, "%.*s%.*s%s",
				       (int)(strstr(*at, "://") + 3 - *at), *at,
				       n, host, strrchr(*at, ':'))))
			return true;
	return false;
}

static bool for_us(struct rq *rq, const struct json *aud)
{
	if (aud == NULL)
		return false;
	if (json_kind(aud) != JSON_ARRAY)
		return is_us(rq, aud) || is_beside(rq, aud);
	for (aud = json_first(aud); aud != NULL; aud = json_next(aud))
		if (is_us(rq, aud) || is_beside(rq, aud))
			return true;
	return false;
}

/* A NumericDate, in seconds from now; otherwise when it is absent. */
static double from_now(struct rq *rq, const struct assertion *x,
		       const char *name, double otherwise)
{
	const struct json *v = json_get(x->claims, name);

	if (v == NULL || json_kind(v) != JSON_NUMBER)
		return otherwise;
	return strtod(json_text(v), NULL) - (double)site_now_ms(rq) / 1000;
}

/* NULL, or what is wrong. */
static const char *wrong_claim(struct rq *rq, const struct assertion *x)
{
	const double exp = from_now(rq, x, "exp", 0);
	const char *jti = json_get_text(x->claims, "jti");

	if (!for_us(rq, json_get(x->claims, "aud")))
		return "aud must be the issuer or the token endpoint";
	if (exp <= 0)
		return "by the server's clock it has expired (exp)";
	if (exp > LIFE_S + SKEW_S)
		return "exp must be within an hour by the server's clock";
	if (from_now(rq, x, "nbf", 0) > SKEW_S ||
	    from_now(rq, x, "iat", 0) > SKEW_S)
		return "by the server's clock it is not valid yet (nbf, iat)";
	if (jti == NULL || *jti == '\0' || strlen(jti) > JTI_BYTES)
		return "jti is missing, or longer than 512 bytes";
	return NULL;
}

/* Good once. */
static bool first_time(struct rq *rq, const struct assertion *x)
{
	struct store *store = oauth_of(rq)->site.record->store;
	const char *digest =
	    site_digest(rq, TICKET,
			arena_printf(rq->arena, "%s %s", x->sub,
				     json_get_text(x->claims, "jti")));
	const int64_t now_ms = site_now_ms(rq);

	if (store_ticket_find(store, rq->arena, digest, TICKET, now_ms) != NULL)
		return false;
	store_ticket_put(store, digest, TICKET, "",
			 now_ms + (LIFE_S + SKEW_S) * INT64_C(1000));
	rq->keep = true;
	return true;
}

/* ---- the method ------------------------------------------------------- */

/* Who it says it is, when that is an application with this method. */
static bool client_of(struct rq *rq, const struct assertion *x,
		      struct store_client *out)
{
	return store_client_find(oauth_of(rq)->site.record->store, rq->arena,
				 x->sub, out) &&
	       strcmp(out->auth_method, METHOD) == 0;
}

bool oauth_assertion(struct rq *rq, const struct oauth_form *f,
		     struct store_client *out)
{
	const char *type = oauth_form_get(f, "client_assertion_type");
	const char *text = oauth_form_get(f, "client_assertion");
	const char *id = oauth_form_get(f, "client_id");
	struct assertion x;

	if (type == NULL || strcmp(type, JWT_BEARER) != 0)
		return refuse(rq, "client_assertion_type must be " JWT_BEARER);
	if (text == NULL || !parse(rq->arena, text, &x))
		return refuse(rq, "it must be a signed JWT whose iss and sub "
				  "are the client_id");
	if (id != NULL && strcmp(id, x.sub) != 0)
		return refuse(rq, "its sub is not the client_id");
	bool known = client_of(rq, &x, out);
	rq->client_id = known ? out->client_id : NULL;
	if (!signature_ok(rq, &x, known ? out : NULL) || !known)
		return refuse(rq, "no key of an application that registered "
				  "for " METHOD " verifies it");
	const char *why = wrong_claim(rq, &x);
	if (why != NULL)
		return refuse(rq, why);
	return first_time(rq, &x) ||
	       refuse(rq, "its jti was used before: each one is good once");
}
