/* SPDX-License-Identifier: Apache-2.0
 *
 * jose_int: what the files of jose know of one another.
 */
#ifndef JOSE_INT_H
#define JOSE_INT_H

#include <openssl/evp.h>

#include "jose/jose.h"

#define SHA256_BYTES 32

/* A call into OpenSSL that no input can make fail has failed: the library
 * itself is broken or out of memory. Says so and aborts. */
_Noreturn void jose_broken(const char *what);

/* Takes it over. */
struct jose_key *jose_key_wrap(EVP_PKEY *pkey);

void jose_sha256(unsigned char out[SHA256_BYTES], const void *bytes, size_t n);

/* Characters of the base64url text of n bytes, without padding. */
#define B64URL_CHARS(n) (((n)*4 + 2) / 3)

/* Writes those characters and a NUL. */
void jose_b64url_to(char *out, const void *bytes, size_t n);

/* Is it one of the 64 characters of base64url? */
bool jose_b64url_char(char c);

#endif
