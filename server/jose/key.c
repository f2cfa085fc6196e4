/* SPDX-License-Identifier: Apache-2.0
 *
 * key: the server's signing key, and what is signed with it.
 *
 * RS256 with 2048 bits, as the real service's tokens have it (RFC 7518 3.3).
 * The private half leaves this file as PEM alone, to be kept in the database;
 * the public half is shown as a JWK (RFC 7517 4, RFC 7518 6.3.1). A JWS is the
 * compact form (RFC 7515 3.1): header, claims and signature in base64url, with
 * dots between. The header holds kid and alg in this order and nothing else,
 * as clients of the service have seen it.
 *
 * A kid is chosen by the server and made of base64url characters, so it needs
 * no escaping. Signing is deterministic: the same claims give the same token.
 */
#include "jose/jose_int.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BITS  2048
#define RSA_BYTES (KEY_BITS / 8)

struct jose_key {
	EVP_PKEY *pkey;
};

/* ---- making, reading, keeping ---------------------------------------- */

struct jose_key *jose_key_wrap(EVP_PKEY *pkey)
{
	struct jose_key *k = malloc(sizeof(*k));

	if (!k)
		jose_broken("malloc");
	k->pkey = pkey;
	return k;
}

struct jose_key *jose_key_new(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(KEY_BITS);

	if (!pkey)
		jose_broken("making an RSA key");
	return jose_key_wrap(pkey);
}

/* Without it OpenSSL would ask at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static EVP_PKEY *read_pem(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pkey;

	if (!in)
		jose_broken("BIO_new_mem_buf");
	pkey = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	ERR_clear_error();
	return pkey;
}

struct jose_key *jose_key_read(const char *pem)
{
	EVP_PKEY *pkey = read_pem(pem);

	if (!pkey)
		return NULL;
	if (EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) == KEY_BITS)
		return jose_key_wrap(pkey);
	EVP_PKEY_free(pkey);
	return NULL;
}

char *jose_key_pem(struct arena *a, const struct jose_key *k)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes, *pem;
	long n;

	if (!out || PEM_write_bio_PKCS8PrivateKey(out, k->pkey, NULL, NULL, 0,
						  NULL, NULL) != 1)
		jose_broken("writing a key");
	n = BIO_get_mem_data(out, &bytes);
	pem = arena_strndup(a, bytes, (size_t)n);
	BIO_free(out);
	return pem;
}

void jose_key_free(struct jose_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

/* ---- the public half -------------------------------------------------- */

static void assert_kid(const char *kid)
{
	assert(*kid);
	for (; *kid; kid++)
		assert(jose_b64url_char(*kid) || *kid == '.');
}

/* One number of the key, big-endian without leading zeros, in base64url. */
static char *number(struct arena *a, const struct jose_key *k, const char *name)
{
	unsigned char bytes[RSA_BYTES];
	BIGNUM *bn = NULL;
	int n;

	if (EVP_PKEY_get_bn_param(k->pkey, name, &bn) != 1 ||
	    BN_num_bytes(bn) > RSA_BYTES)
		jose_broken("reading a public key");
	n = BN_bn2bin(bn, bytes);
	BN_free(bn);
	return jose_b64url(a, bytes, (size_t)n);
}

char *jose_key_jwk(struct arena *a, const struct jose_key *k, const char *kid)
{
	assert_kid(kid);
	return arena_printf(a,
			    "{\"kty\":\"RSA\",\"e\":\"%s\",\"use\":\"sig\","
			    "\"kid\":\"%s\",\"alg\":\"RS256\",\"n\":\"%s\"}",
			    number(a, k, OSSL_PKEY_PARAM_RSA_E), kid,
			    number(a, k, OSSL_PKEY_PARAM_RSA_N));
}

/* ---- signing ---------------------------------------------------------- */

static void sign(const struct jose_key *k, const char *text, size_t n,
		 unsigned char out[RSA_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = RSA_BYTES;

	/* An RSA key's default padding is that of RS256, PKCS #1 1.5. */
	if (!ctx ||
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, out, &size, (const unsigned char *)text, n) !=
		1 ||
	    size != RSA_BYTES)
		jose_broken("signing");
	EVP_MD_CTX_free(ctx);
}

char *jose_jwt(struct arena *a, const struct jose_key *k, const char *kid,
	       const char *claims, size_t n)
{
	unsigned char signature[RSA_BYTES];
	const char *header;
	struct buf b;

	assert_kid(kid);
	header = arena_printf(a, "{\"kid\":\"%s\",\"alg\":\"RS256\"}", kid);
	buf_init(&b, a);
	buf_puts(&b, jose_b64url(a, header, strlen(header)));
	buf_putc(&b, '.');
	buf_puts(&b, jose_b64url(a, claims, n));
	sign(k, b.p, b.len, signature);
	buf_putc(&b, '.');
	buf_puts(&b, jose_b64url(a, signature, sizeof(signature)));
	return b.p;
}
