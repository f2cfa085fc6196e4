/* SPDX-License-Identifier: Apache-2.0
 *
 * pem: texts that hold certificates, CRLs and keys (RFC 7468), and the two
 * numbers of a certificate that all files of pki write alike.
 *
 * A text is read block by block, by label: people put the key, the chain and
 * what openssl prints about them into one file, and all of that is left out. A
 * block that has the label and cannot be read is an error, though: half a chain
 * would be found out much later. "TRUSTED CERTIFICATE", which carries settings
 * of OpenSSL's own, is none of the labels.
 *
 * A key with a password is no key: nobody is there to be asked for it, and
 * OpenSSL left alone would ask the terminal. Every function leaves OpenSSL's
 * queue of errors empty; what a queue holds belongs to nobody later.
 */
#include "pki/pki_int.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_BLOCKS 1000 /* of a file of CAs */

void pki_broken(const char *what)
{
	fprintf(stderr, "mock-kanta-phr: OpenSSL: %s failed\n", what);
	abort();
}

static BIO *reader(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);

	if (!b)
		pki_broken("BIO_new_mem_buf");
	return b;
}

/* The next block with this label. False at the end, and then broken tells
 * whether it is the end of what can be read. */
static bool next_block(struct arena *a, BIO *b, const char *label,
		       struct octets *out, bool *broken)
{
	char *name, *header;
	unsigned char *data;
	long n;
	bool found = false;

	while (!found) {
		if (PEM_read_bio(b, &name, &header, &data, &n) != 1) {
			*broken = ERR_GET_REASON(ERR_peek_last_error()) !=
				  PEM_R_NO_START_LINE;
			return false;
		}
		found = strcmp(name, label) == 0;
		if (found)
			*out = (struct octets){
			    .p = (unsigned char *)arena_strndup(
				a, (const char *)data, (size_t)n),
			    .n = (size_t)n,
			};
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n);
	}
	return true;
}

struct octets *pki_pem_blocks(struct arena *a, const char *pem,
			      const char *label, size_t max, size_t *n_out,
			      const char **why)
{
	struct octets *v = arena_alloc(a, max * sizeof(*v));
	bool broken = false;
	BIO *b = reader(pem);
	size_t n = 0;

	ERR_clear_error();
	while (n < max && next_block(a, b, label, &v[n], &broken))
		n++;
	BIO_free(b);
	ERR_clear_error();
	*n_out = n;
	*why = broken ? "a block of the PEM text is damaged"
		      : "it has no such block of PEM text";
	return broken || n == 0 ? NULL : v;
}

X509 *pki_der_cert(const struct octets *der)
{
	const unsigned char *p = der->p;
	X509 *x = d2i_X509(NULL, &p, (long)der->n);

	if (x && p != der->p + der->n) {
		X509_free(x);
		x = NULL;
	}
	ERR_clear_error();
	return x;
}

static X509_CRL *der_crl(const struct octets *der)
{
	const unsigned char *p = der->p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der->n);

	if (crl && p != der->p + der->n) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	ERR_clear_error();
	return crl;
}

STACK_OF(X509) * pki_pem_certs(const char *pem, const char **why)
{
	struct arena *a = arena_new(0);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t n;
	struct octets *v =
	    pki_pem_blocks(a, pem, PEM_STRING_X509, MAX_BLOCKS, &n, why);
	bool ok = v != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		X509 *x = pki_der_cert(&v[i]);

		ok = x && sk_X509_push(certs, x) > 0;
		*why = "a certificate in it cannot be read";
	}
	arena_free(a);
	if (ok)
		return certs;
	sk_X509_pop_free(certs, X509_free);
	return NULL;
}

STACK_OF(X509_CRL) * pki_pem_crls(const char *pem, const char **why)
{
	struct arena *a = arena_new(0);
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	size_t n;
	struct octets *v =
	    pki_pem_blocks(a, pem, PEM_STRING_X509_CRL, MAX_BLOCKS, &n, why);
	bool ok = v != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		X509_CRL *crl = der_crl(&v[i]);

		ok = crl && sk_X509_CRL_push(crls, crl) > 0;
		*why = "a CRL in it cannot be read";
	}
	arena_free(a);
	if (ok)
		return crls;
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return NULL;
}

static int no_password(char *out, int size, int writing, void *ctx)
{
	(void)out, (void)size, (void)writing, (void)ctx;
	return -1;
}

EVP_PKEY *pki_pem_key(const char *pem)
{
	BIO *b = reader(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, no_password, NULL);

	BIO_free(b);
	ERR_clear_error();
	return key;
}

char *pki_number_text(struct arena *a, const ASN1_INTEGER *number)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(number, NULL);
	char *hex = n ? BN_bn2hex(n) : NULL;
	char *out = arena_strdup(a, text_or_empty(hex));

	OPENSSL_free(hex);
	BN_free(n);
	ERR_clear_error();
	return out;
}

bool pki_time_ms(const ASN1_TIME *t, int64_t *ms)
{
	struct tm tm;
	int64_t seconds;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1) {
		ERR_clear_error();
		return false;
	}
	seconds = date_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) *
		  INT64_C(86400);
	seconds += tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	*ms = seconds * 1000;
	return true;
}
