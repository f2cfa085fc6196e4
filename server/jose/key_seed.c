/* SPDX-License-Identifier: Apache-2.0
 *
 * key_seed: a signing key that a seed decides.
 *
 * OpenSSL makes keys from its own randomness alone, so here the two primes are
 * looked for by hand: HMAC-SHA-256 under the seed gives the first odd number of
 * 1024 bits, and every second one from there is tried until one is prime. The
 * rest follows from them (RFC 8017 3.2). Such a key is worth what the seed is
 * worth: nothing. It is for tests that want the same tokens at every run.
 */
#include "jose/jose_int.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#define PRIME_BYTES 128
#define EXPONENT    65537

/* A key's numbers, in the order of names. */
enum number { N, E, D, P, Q, DP, DQ, QI, NUMBERS };
static const char *const names[NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N,	   OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,	   OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

struct numbers {
	BIGNUM *v[NUMBERS];
	BIGNUM *x, *y; /* p-1, q-1, and what is reckoned from them */
	BN_CTX *ctx;
};

static void need(bool ok)
{
	if (!ok)
		jose_broken("making an RSA key");
}

/* The exponent is a prime, so it must only not divide p-1. */
static bool fits(const BIGNUM *p, BN_CTX *ctx)
{
	return BN_mod_word(p, EXPONENT) != 1 &&
	       BN_check_prime(p, ctx, NULL) == 1;
}

/* Its two highest bits are set, so that the product has all of its bits. */
static void make_prime(BIGNUM *p, BN_CTX *ctx, const char *seed,
		       const char *name)
{
	unsigned char bytes[PRIME_BYTES];
	char text[32];

	for (unsigned i = 0; i < PRIME_BYTES / JOSE_MAC; i++) {
		snprintf(text, sizeof text, "rsa\n%s\n%u", name, i);
		jose_mac(bytes + (size_t)i * JOSE_MAC, seed, text);
	}
	bytes[0] |= 0xc0;
	bytes[PRIME_BYTES - 1] |= 1;
	need(BN_bin2bn(bytes, sizeof bytes, p) != NULL);
	while (!fits(p, ctx))
		need(BN_add_word(p, 2) == 1);
}

static void reckon(struct numbers *n, const char *seed)
{
	BIGNUM **v = n->v;
	BN_CTX *c = n->ctx;

	make_prime(v[P], c, seed, "p");
	make_prime(v[Q], c, seed, "q");
	need(BN_set_word(v[E], EXPONENT) == 1 &&
	     BN_mul(v[N], v[P], v[Q], c) == 1 &&
	     BN_sub(n->x, v[P], BN_value_one()) == 1 &&
	     BN_sub(n->y, v[Q], BN_value_one()) == 1 &&
	     BN_mul(v[D], n->x, n->y, c) == 1 &&
	     BN_mod_inverse(v[D], v[E], v[D], c) != NULL &&
	     BN_mod(v[DP], v[D], n->x, c) == 1 &&
	     BN_mod(v[DQ], v[D], n->y, c) == 1 &&
	     BN_mod_inverse(v[QI], v[Q], v[P], c) != NULL);
}

static EVP_PKEY *build(const struct numbers *n)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	need(b != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
	for (size_t i = 0; i < NUMBERS; i++)
		need(OSSL_PARAM_BLD_push_BN(b, names[i], n->v[i]) == 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	need(params != NULL &&
	     EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

struct jose_key *jose_key_of(const char *seed)
{
	struct numbers n = {.x = BN_new(), .y = BN_new(), .ctx = BN_CTX_new()};
	EVP_PKEY *pkey;

	need(n.x != NULL && n.y != NULL && n.ctx != NULL);
	for (size_t i = 0; i < NUMBERS; i++)
		need((n.v[i] = BN_new()) != NULL);
	reckon(&n, seed);
	pkey = build(&n);
	for (size_t i = 0; i < NUMBERS; i++)
		BN_clear_free(n.v[i]);
	BN_clear_free(n.x);
	BN_clear_free(n.y);
	BN_CTX_free(n.ctx);
	return jose_key_wrap(pkey);
}
