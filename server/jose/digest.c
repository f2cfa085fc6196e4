/* SPDX-License-Identifier: Apache-2.0
 *
 * digest: randomness, SHA-256, HMAC and comparison.
 *
 * Secrets, codes and tokens are made here from the generator of the library,
 * which the operating system seeds, and are stored as digests alone, so that
 * neither the database file nor a look-up by index gives one away.
 *
 * Texts made of random bytes use rejection: a byte beyond the largest multiple
 * of the alphabet's size is thrown away, for a plain remainder would prefer the
 * first letters.
 *
 * SHA-256 is called by its old name: the new interface looks the algorithm up,
 * under locks, at every call, which takes as long as the digest of a token, and
 * one is made for each request.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "jose/jose_int.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES 64

void jose_broken(const char *what)
{
	fprintf(stderr, "mock-kanta-phr: OpenSSL: %s failed\n", what);
	abort();
}

void jose_random(void *out, size_t n)
{
	unsigned char *p = out;

	while (n) {
		size_t part = n < 4096 ? n : 4096;

		if (RAND_bytes(p, (int)part) != 1)
			jose_broken("RAND_bytes");
		p += part;
		n -= part;
	}
}

void jose_random_text(char *out, size_t chars)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned size = sizeof(letters) - 1;
	unsigned char batch[BATCH_BYTES];
	size_t done = 0;

	while (done < chars) {
		jose_random(batch, sizeof(batch));
		for (size_t i = 0; i < sizeof(batch) && done < chars; i++)
			if (batch[i] < 256 / size * size)
				out[done++] = letters[batch[i] % size];
	}
	out[chars] = '\0';
	OPENSSL_cleanse(batch, sizeof(batch));
}

void jose_sha256(unsigned char out[SHA256_BYTES], const void *bytes, size_t n)
{
	SHA256_CTX c;

	if (SHA256_Init(&c) != 1 || SHA256_Update(&c, bytes, n) != 1 ||
	    SHA256_Final(out, &c) != 1)
		jose_broken("SHA-256");
}

void jose_digest(char out[JOSE_DIGEST], const void *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[SHA256_BYTES];

	jose_sha256(digest, bytes, n);
	for (size_t i = 0; i < sizeof(digest); i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[2 * sizeof(digest)] = '\0';
}

void jose_mac(unsigned char out[JOSE_MAC], const char *key, const char *text)
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), key, (int)strlen(key),
		 (const unsigned char *)text, strlen(text), out, &n) == NULL ||
	    n != JOSE_MAC)
		jose_broken("HMAC");
}

char *jose_hmac(struct arena *a, const char *key, const char *text)
{
	unsigned char mac[JOSE_MAC];

	jose_mac(mac, key, text);
	return jose_b64url(a, mac, sizeof(mac));
}

bool jose_equal(const char *x, const char *y)
{
	size_t n = strlen(x);

	return n == strlen(y) && CRYPTO_memcmp(x, y, n) == 0;
}
