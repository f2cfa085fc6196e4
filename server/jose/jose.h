/* SPDX-License-Identifier: Apache-2.0
 *
 * jose: the one door to OpenSSL. Randomness, digests, base64url, signed tokens
 * (RFC 7515, 7519), the key set (RFC 7517), PKCE (RFC 7636), comparison in
 * constant time, and whether somebody's signature is good.
 */
#ifndef JOSE_H
#define JOSE_H

#include "base/base.h"

/* n random bytes from the operating system's generator; aborts if there are
 * none to be had. */
void jose_random(void *out, size_t n);

/* A secret of at least 128 random bits with characters [A-Za-z0-9]: chars of
 * them (22 carry 130 bits), NUL-terminated; out holds chars + 1. */
void jose_random_text(char *out, size_t chars);

/* Lower-case hexadecimal SHA-256 of n bytes; what is stored of every secret,
 * code and token. */
#define JOSE_DIGEST 65
void jose_digest(char out[JOSE_DIGEST], const void *bytes, size_t n);

/* Are the two texts equal? The time taken depends on their lengths alone. */
bool jose_equal(const char *x, const char *y);

/* HMAC-SHA-256 (RFC 2104) of a text under a key: its bytes. */
#define JOSE_MAC 32
void jose_mac(unsigned char out[JOSE_MAC], const char *key, const char *text);

/* The same as base64url in the arena: who does not know the key cannot tell it
 * from a random text. */
char *jose_hmac(struct arena *a, const char *key, const char *text);

/* base64url without padding (RFC 4648 5), allocated in the arena. Decoding
 * accepts only that alphabet, without padding; NULL otherwise. The decoded
 * bytes are followed by a NUL that *n_out does not count. */
char *jose_b64url(struct arena *a, const void *bytes, size_t n);
char *jose_b64url_decode(struct arena *a, const char *text, size_t n,
			 size_t *n_out);

/* Plain base64 with padding, as in an Authorization: Basic header (RFC 7617);
 * same rules for the result. */
char *jose_b64_decode(struct arena *a, const char *text, size_t n,
		      size_t *n_out);

/* Does the verifier belong to the challenge? method is "S256" or "plain"
 * (RFC 7636 4.6). False for any other method, and for a verifier that is not
 * 43 to 128 unreserved characters. */
bool jose_pkce_ok(const char *verifier, const char *challenge,
		  const char *method);

/* Is it a well-formed S256 challenge: 43 characters of base64url? */
bool jose_pkce_challenge_ok(const char *challenge);

/* ---- the signing key (RS256, 2048 bits) ------------------------------ */

struct jose_key;

/* Makes a new key, or reads one from the PEM text of jose_key_pem(), which is
 * in the arena and not encrypted. Making takes some 50-200 ms, so the server
 * makes it when it is first needed. NULL when pem is not such a key. Freed by
 * jose_key_free(), which takes NULL. */
struct jose_key *jose_key_new(void);
struct jose_key *jose_key_read(const char *pem);
/* The same key at every call with that text, for tests: who knows the text has
 * the key. */
struct jose_key *jose_key_of(const char *seed);
char *jose_key_pem(struct arena *a, const struct jose_key *k);
void jose_key_free(struct jose_key *k);

/* The public half as a JWK object (RFC 7517 4) with kty, e, use, kid, alg, n, a
 * text in the arena, as a token is. Here and in jose_jwt, kid is made of
 * [A-Za-z0-9._-] alone (asserted). */
char *jose_key_jwk(struct arena *a, const struct jose_key *k, const char *kid);

/* A compact JWS (RFC 7515 7.1) over the claims (n bytes of JSON), with the
 * header {"kid":kid,"alg":"RS256"}. */
char *jose_jwt(struct arena *a, const struct jose_key *k, const char *kid,
	       const char *claims, size_t n);

/* ---- signatures of others --------------------------------------------- */

/* The members of somebody's public key that count here (RFC 7518 6.2, 6.3), as
 * they stand in its JWK; NULL when absent. */
struct jose_jwk {
	const char *kty; /* "RSA": n, e; "EC": crv, x, y */
	const char *n, *e, *crv, *x, *y;
};

/* Is the signature (base64url) one of the n bytes of text, by that key and that
 * algorithm (RFC 7518 3: RS, PS 256 to 512, ES256, ES384)? False too when the
 * two do not go together, or the key is none, or an RSA key whose modulus has
 * not 256 to 512 bytes. Works in the arena. */
bool jose_jws_verify(struct arena *a, const struct jose_jwk *k, const char *alg,
		     const char *text, size_t n, const char *signature);

/* Do the algorithm and the kind of the key go together? */
bool jose_jws_possible(const struct jose_jwk *k, const char *alg);

/* The algorithms by index, for the metadata; NULL behind the last. */
const char *jose_jws_algorithm(size_t i);

#endif
