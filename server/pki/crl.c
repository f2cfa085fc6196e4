/* SPDX-License-Identifier: Apache-2.0
 *
 * crl: the lists of revoked certificates of the CA that is made here (RFC 5280
 * 5).
 *
 * A list has a life of its own, and one that is out of date refuses everybody.
 * As the mock's clock may be set anywhere at any time, these are valid as long
 * as their issuer is: no jump of the clock makes one old. Each revocation signs
 * the list anew, with the next number. The time of revocation is the real one;
 * whoever checks a list looks for the number alone.
 *
 * Both issuing CAs have one, empty from the start, since a list that is missing
 * is an error to who asks for it.
 */
#include "pki/mint_int.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* The list of that issuer among those of the text; NULL: there is none. Owned
 * by the caller. */
static X509_CRL *find_list(const char *pem, const X509 *issuer)
{
	BIO *in = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	X509_CRL *list = NULL;

	while (in && (list = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) &&
	       X509_NAME_cmp(X509_CRL_get_issuer(list),
			     X509_get_subject_name(issuer)) != 0)
		X509_CRL_free(list);
	BIO_free(in);
	ERR_clear_error();
	return list;
}

/* Whatever stood in old, too. */
static void copy_entries(X509_CRL *list, X509_CRL *old)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(old);

	for (int i = 0; i < sk_X509_REVOKED_num(all); i++) {
		X509_REVOKED *one =
		    X509_REVOKED_dup(sk_X509_REVOKED_value(all, i));

		if (!one || X509_CRL_add0_revoked(list, one) != 1)
			pki_broken("a revocation list");
	}
}

static void add_entry(X509_CRL *list, const char *number)
{
	const struct clock real = {.mode = CLOCK_REAL};
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	X509_REVOKED *one = X509_REVOKED_new();
	ASN1_INTEGER *serial = mint_serial(number);
	ASN1_TIME *now = ASN1_TIME_new();

	if (!one || !now || !reason)
		pki_broken("a revocation");
	mint_time(now, clock_now_ms(&real));
	if (X509_REVOKED_set_serialNumber(one, serial) != 1 ||
	    X509_REVOKED_set_revocationDate(one, now) != 1 ||
	    ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE) != 1 ||
	    X509_REVOKED_add1_ext_i2d(one, NID_crl_reason, reason, 0, 0) != 1 ||
	    X509_CRL_add0_revoked(list, one) != 1)
		pki_broken("a revocation");
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(now);
}

/* The number of a list (RFC 5280 5.2.3); 0: it has none. */
static long number_of(const X509_CRL *list)
{
	ASN1_INTEGER *n =
	    X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	long number = n ? ASN1_INTEGER_get(n) : 0;

	ASN1_INTEGER_free(n);
	return number > 0 ? number : 0;
}

static void extend(X509_CRL *list, X509 *issuer, long number)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, NULL, NULL, list, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
				  "keyid:always");
	if (!n || !ext || ASN1_INTEGER_set(n, number) != 1 ||
	    X509_CRL_add_ext(list, ext, -1) != 1 ||
	    X509_CRL_add1_ext_i2d(list, NID_crl_number, n, 0, 0) != 1)
		pki_broken("extending a revocation list");
	X509_EXTENSION_free(ext);
	ASN1_INTEGER_free(n);
}

/* old: the one before it, or NULL; number: one more, or NULL. */
static X509_CRL *make_list(X509 *issuer, EVP_PKEY *key, X509_CRL *old,
			   const char *number)
{
	X509_CRL *list = X509_CRL_new();

	if (!list || X509_CRL_set_version(list, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) !=
		1 ||
	    X509_CRL_set1_lastUpdate(list, X509_get0_notBefore(issuer)) != 1 ||
	    X509_CRL_set1_nextUpdate(list, X509_get0_notAfter(issuer)) != 1)
		pki_broken("a revocation list");
	if (old)
		copy_entries(list, old);
	if (number)
		add_entry(list, number);
	extend(list, issuer, old ? number_of(old) + 1 : 1);
	X509_CRL_sort(list);
	if (X509_CRL_sign(list, key, EVP_sha256()) <= 0)
		pki_broken("signing a revocation list");
	return list;
}

/* One CA's list as it is to be; one that nothing is added to stays as it was.
 */
static char *list_text(struct arena *a, const struct pki_issuer *issuer,
		       const char *text, const char *number)
{
	X509_CRL *old = find_list(text, issuer->cert);
	X509_CRL *list =
	    old && !number ? old
			   : make_list(issuer->cert, issuer->key, old, number);
	BIO *out = BIO_new(BIO_s_mem());

	if (!out || PEM_write_bio_X509_CRL(out, list) != 1)
		pki_broken("writing a revocation list");
	if (list != old)
		X509_CRL_free(list);
	X509_CRL_free(old);
	return mint_text(a, out);
}

char *mint_crls(struct arena *a, const struct pki_issuer issuer[PKI_CAS],
		const char *old, enum pki_ca ca, const char *number)
{
	return arena_cat(
	    a,
	    list_text(a, &issuer[PKI_ICA], old, ca == PKI_ICA ? number : NULL),
	    list_text(a, &issuer[PKI_SOTE_ICA], old,
		      ca == PKI_SOTE_ICA ? number : NULL),
	    (char *)NULL);
}
