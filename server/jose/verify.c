/* SPDX-License-Identifier: Apache-2.0
 *
 * verify: was this signed with the private half of that key? (RFC 7515 5.2,
 * RFC 7518 3.3 to 3.5, 6.2, 6.3.)
 *
 * What comes in was made by strangers: the key stands in the metadata of an
 * application, the signature in its request. So the algorithm is looked up in
 * one table and has to go with the kind of the key, which keeps out "none" and
 * every confusion of a public key with a shared secret; and the work is
 * bounded: a modulus of 2048 to 4096 bits, an exponent of at most 32, the
 * curves P-256 and P-384. Coordinates have the length of their curve (RFC 7518
 * 6.2.1.2) and must lie on it, which OpenSSL checks when it takes the point.
 *
 * An ECDSA signature is two numbers of the curve's size one behind the other
 * (RFC 7518 3.4); OpenSSL wants them as DER.
 */
#include "jose/jose_int.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define MODULUS_MIN_BYTES 256
#define MODULUS_MAX_BYTES 512
#define EXPONENT_BYTES	  4
#define POINT_BYTES	  48 /* of a coordinate, P-384 */

struct algorithm {
	const char *name, *kty, *crv, *digest, *group;
	bool pss;
	size_t bytes; /* of a coordinate; 0: RSA */
};

static const struct algorithm algorithms[] = {
    {"RS256", "RSA", NULL, "SHA256", NULL, false, 0},
    {"RS384", "RSA", NULL, "SHA384", NULL, false, 0},
    {"RS512", "RSA", NULL, "SHA512", NULL, false, 0},
    {"PS256", "RSA", NULL, "SHA256", NULL, true, 0},
    {"PS384", "RSA", NULL, "SHA384", NULL, true, 0},
    {"PS512", "RSA", NULL, "SHA512", NULL, true, 0},
    {"ES256", "EC", "P-256", "SHA256", "prime256v1", false, 32},
    {"ES384", "EC", "P-384", "SHA384", "secp384r1", false, 48},
};

static bool same(const char *x, const char *y)
{
	return x != NULL && strcmp(x, y) == 0;
}

/* The algorithm of that name if the key is one for it. */
static const struct algorithm *algorithm_of(const struct jose_jwk *k,
					    const char *name)
{
	for (size_t i = 0; i < LEN(algorithms); i++) {
		const struct algorithm *g = &algorithms[i];

		if (strcmp(g->name, name) == 0)
			return same(k->kty, g->kty) &&
				       (g->crv == NULL || same(k->crv, g->crv))
				   ? g
				   : NULL;
	}
	return NULL;
}

bool jose_jws_possible(const struct jose_jwk *k, const char *alg)
{
	return algorithm_of(k, alg) != NULL;
}

const char *jose_jws_algorithm(size_t i)
{
	return i < LEN(algorithms) ? algorithms[i].name : NULL;
}

/* ---- the key ---------------------------------------------------------- */

/* The bytes of one of its members; NULL when it is absent, no base64url, or has
 * not from min to max bytes. */
static unsigned char *member(struct arena *a, const char *text, size_t min,
			     size_t max, size_t *n)
{
	unsigned char *bytes;

	if (text == NULL)
		return NULL;
	bytes = (unsigned char *)jose_b64url_decode(a, text, strlen(text), n);
	return bytes != NULL && *n >= min && *n <= max ? bytes : NULL;
}

/* What was built becomes a public key; NULL when there is no such key. */
static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		jose_broken("taking a public key");
	if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *rsa_key(struct arena *a, const struct jose_jwk *k)
{
	size_t n_len, e_len;
	const unsigned char *n =
	    member(a, k->n, MODULUS_MIN_BYTES, MODULUS_MAX_BYTES, &n_len);
	const unsigned char *e = member(a, k->e, 1, EXPONENT_BYTES, &e_len);

	/* leading zeros are none of its form; even numbers none of its kind */
	if (n == NULL || e == NULL || n[0] == 0 || e[0] == 0 ||
	    (n[n_len - 1] & 1) == 0 || (e[e_len - 1] & 1) == 0)
		return NULL;
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *bn = BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *be = BN_bin2bn(e, (int)e_len, NULL);
	if (b == NULL || bn == NULL || be == NULL ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) != 1)
		jose_broken("building a public key");
	EVP_PKEY *key = key_of("RSA", b);
	OSSL_PARAM_BLD_free(b);
	BN_free(bn);
	BN_free(be);
	return key;
}

static EVP_PKEY *ec_key(struct arena *a, const struct jose_jwk *k,
			const struct algorithm *g)
{
	unsigned char point[1 + 2 * POINT_BYTES] = {
	    POINT_CONVERSION_UNCOMPRESSED};
	size_t n;
	const unsigned char *x = member(a, k->x, g->bytes, g->bytes, &n);
	const unsigned char *y = member(a, k->y, g->bytes, g->bytes, &n);

	if (x == NULL || y == NULL)
		return NULL;
	memcpy(point + 1, x, g->bytes);
	memcpy(point + 1 + g->bytes, y, g->bytes);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	if (b == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
					    g->group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
					     1 + 2 * g->bytes) != 1)
		jose_broken("building a public key");
	EVP_PKEY *key = key_of("EC", b);
	OSSL_PARAM_BLD_free(b);
	return key;
}

/* ---- the signature ---------------------------------------------------- */

/* The two numbers as DER, in the arena; NULL when they are not as long as they
 * must be. */
static unsigned char *der(struct arena *a, const unsigned char *raw, size_t n,
			  const struct algorithm *g, size_t *der_len)
{
	ECDSA_SIG *sig;
	BIGNUM *r, *s;
	unsigned char *out, *p;

	if (n != 2 * g->bytes)
		return NULL;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw, (int)g->bytes, NULL);
	s = BN_bin2bn(raw + g->bytes, (int)g->bytes, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(sig, r, s) != 1)
		jose_broken("reading a signature");
	*der_len = (size_t)i2d_ECDSA_SIG(sig, NULL);
	out = p = arena_alloc(a, *der_len);
	i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
	return out;
}

static bool verify(EVP_PKEY *key, const struct algorithm *g, const char *text,
		   size_t n, const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx; /* ctx's */

	if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, &pctx, g->digest, NULL,
						   NULL, key, NULL) != 1)
		jose_broken("verifying");
	if (g->pss &&
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) !=
		 1))
		jose_broken("verifying with PSS");
	bool ok = EVP_DigestVerify(ctx, sig, sig_len,
				   (const unsigned char *)text, n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool jose_jws_verify(struct arena *a, const struct jose_jwk *k, const char *alg,
		     const char *text, size_t n, const char *signature)
{
	const struct algorithm *g = algorithm_of(k, alg);
	size_t len;
	unsigned char *sig;
	EVP_PKEY *key;

	if (g == NULL)
		return false;
	sig = (unsigned char *)jose_b64url_decode(a, signature,
						  strlen(signature), &len);
	if (sig != NULL && g->bytes > 0)
		sig = der(a, sig, len, g, &len);
	if (sig == NULL)
		return false;
	key = g->bytes > 0 ? ec_key(a, k, g) : rsa_key(a, k);
	bool ok = key != NULL && verify(key, g, text, n, sig, len);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}
