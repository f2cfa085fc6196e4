/* SPDX-License-Identifier: Apache-2.0
 *
 * pkce: proof that the one who redeems a code is the one who asked for it
 * (RFC 7636).
 *
 * The application keeps a verifier, sends its digest (S256) or the verifier
 * itself (plain) along with the authorization request, and shows the verifier
 * at the token endpoint. Whether "plain" is allowed at all is the caller's
 * decision; here both are only compared, in constant time.
 */
#include "jose/jose_int.h"

#include <string.h>

#define VERIFIER_MIN	43 /* RFC 7636 4.1 */
#define VERIFIER_MAX	128
#define CHALLENGE_CHARS B64URL_CHARS(SHA256_BYTES)

static bool verifier_ok(const char *verifier)
{
	size_t n = strlen(verifier);

	if (n < VERIFIER_MIN || n > VERIFIER_MAX)
		return false;
	for (const char *p = verifier; *p; p++)
		if (!jose_b64url_char(*p) && *p != '.' && *p != '~')
			return false;
	return true;
}

bool jose_pkce_ok(const char *verifier, const char *challenge,
		  const char *method)
{
	unsigned char digest[SHA256_BYTES];
	char s256[CHALLENGE_CHARS + 1];

	if (!verifier_ok(verifier))
		return false;
	if (strcmp(method, "plain") == 0)
		return jose_equal(verifier, challenge);
	if (strcmp(method, "S256") != 0)
		return false;
	jose_sha256(digest, verifier, strlen(verifier));
	jose_b64url_to(s256, digest, sizeof(digest));
	return jose_equal(s256, challenge);
}

bool jose_pkce_challenge_ok(const char *challenge)
{
	size_t n = strlen(challenge);

	for (size_t i = 0; i < n; i++)
		if (!jose_b64url_char(challenge[i]))
			return false;
	return n == CHALLENGE_CHARS;
}
