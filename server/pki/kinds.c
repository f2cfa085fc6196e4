/* SPDX-License-Identifier: Apache-2.0
 *
 * kinds: every certificate that a rehearsal needs, as one table.
 *
 * What is wrong with a kind is wrong in one place: each row differs from the
 * first, a sound certificate of a wellbeing application, in what its name says
 * and in nothing else; what a row leaves out is as there. So what refuses it
 * refuses it for that.
 *
 * error is what pki_verify() says of it at the time it was made for, which is
 * what OpenSSL says (X509_V_ERR_). A kind without an error may still be the
 * wrong one: whose it is, the policy decides.
 *
 * Facts: mtls-libmicrohttpd.md section 12.
 */
#include "pki/mint_int.h"

#include <assert.h>
#include <openssl/x509_vfy.h>

/* kind is first: a kind that was handed out is its row. */
static const struct mint_kind rows[] = {
    {{"wellbeing", "of a wellbeing application: accepted", 0},
     .use = FOR_CLIENTS},
    {{"wellbeing-nochain", "sent without its issuing CA: accepted", 0},
     .alone = true},
    {{"wellbeing-both", "for servers as well as clients: accepted", 0},
     .use = FOR_BOTH},
    {{"wellbeing-noeku", "says nothing of its purpose: accepted", 0},
     .use = FOR_ANY},
    {{"wellbeing-rsa", "RSA 2048 and not P-256: accepted", 0}, .key = KEY_RSA},
    {{"sote",
      "of social welfare and health care: accepted of professional "
      "applications alone",
      0},
     .signer = SIGNER_SOTE},
    {{"expired", "its validity has ended: refused",
      X509_V_ERR_CERT_HAS_EXPIRED},
     .time = TIME_EXPIRED},
    {{"future", "its validity has not begun: refused",
      X509_V_ERR_CERT_NOT_YET_VALID},
     .time = TIME_FUTURE},
    {{"revoked", "on its CA's list of revoked ones: refused",
      X509_V_ERR_CERT_REVOKED},
     .revoked = true},
    {{"wrong-eku", "for servers alone: refused", X509_V_ERR_INVALID_PURPOSE},
     .use = FOR_SERVERS},
    {{"other-ca", "of a CA that is not trusted: refused",
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
     .signer = SIGNER_FOREIGN,
     .alone = true},
    {{"self-signed", "of no CA at all: refused",
      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
     .signer = SIGNER_SELF,
     .alone = true},
    {{"wrong-oid", "sound, but the OID is no application's: refused", 0},
     .oid = OID_NOBODYS},
    {{"wrong-app", "sound, but the OID is another application's: refused", 0},
     .oid = OID_ANOTHERS},
    {{"no-oid", "sound, but without an OID: refused", 0}, .oid = OID_NONE},
    {{"two-oids", "sound, but with two OIDs: refused", 0}, .oid = OID_TWO},
    {{"weak-key", "RSA 1024, which is too short: refused",
      X509_V_ERR_EE_KEY_TOO_SMALL},
     .key = KEY_RSA_WEAK},
};

const struct pki_kind *pki_kind_at(size_t i)
{
	return i < LEN(rows) ? &rows[i].kind : NULL;
}

const struct pki_kind *pki_kind_find(const char *name)
{
	for (size_t i = 0; i < LEN(rows); i++)
		if (strcmp(rows[i].kind.name, name) == 0)
			return &rows[i].kind;
	return NULL;
}

const struct mint_kind *mint_kind(const struct pki_kind *kind)
{
	for (size_t i = 0; i < LEN(rows); i++)
		if (&rows[i].kind == kind)
			return &rows[i];
	assert(!"a kind of the table");
	return NULL;
}
