/* SPDX-License-Identifier: Apache-2.0
 *
 * p12: a certificate with its chain and key as one file, PKCS #12 (RFC 7292),
 * which is what Java, .NET and browsers import.
 *
 * Encrypted as OpenSSL 3 does by default (AES-256-CBC, PBKDF2, SHA-256), which
 * every such program of the last years reads. The alias is the subject's
 * common name; there is none where that has a character beyond the 65536 that
 * an alias can have (BMPString).
 */
#include "pki/mint_int.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

/* Leaf first; owned by the caller. */
static STACK_OF(X509) * read_chain(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *x;

	if (!in || !chain)
		pki_broken("a chain");
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)))
		if (!sk_X509_push(chain, x))
			pki_broken("a chain");
	BIO_free(in);
	ERR_clear_error();
	return chain;
}

static struct octets octets_of(struct arena *a, PKCS12 *file)
{
	BIO *out = BIO_new(BIO_s_mem());
	struct octets o;
	char *bytes;

	if (!out || i2d_PKCS12_bio(out, file) != 1)
		pki_broken("writing PKCS #12");
	o.n = (size_t)BIO_get_mem_data(out, &bytes);
	o.p = (const unsigned char *)arena_strndup(a, bytes, o.n);
	BIO_free(out);
	return o;
}

/* The whole of it, in UTF-8: half a character would be refused. */
static const char *common_name(struct arena *a, const X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	const char *name;
	int n;

	if (at < 0)
		return NULL;
	n = ASN1_STRING_to_UTF8(
	    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n < 0)
		return NULL;
	name = arena_strndup(a, (const char *)utf8, (size_t)n);
	OPENSSL_free(utf8);
	return name;
}

struct octets pki_p12(struct arena *a, const struct pki_issued *c,
		      const char *password)
{
	STACK_OF(X509) *chain = read_chain(c->cert);
	EVP_PKEY *key = pki_pem_key(c->key);
	struct octets o;
	PKCS12 *file;
	X509 *leaf;
	const char *name;

	assert(sk_X509_num(chain) > 0 && key);
	leaf = sk_X509_shift(chain);
	name = common_name(a, leaf);
	file = PKCS12_create(password, name, key, leaf, chain, 0, 0, 0, 0, 0);
	if (!file && name)
		file = PKCS12_create(password, NULL, key, leaf, chain, 0, 0, 0,
				     0, 0);
	ERR_clear_error();
	if (!file)
		pki_broken("making PKCS #12");
	o = octets_of(a, file);
	PKCS12_free(file);
	sk_X509_pop_free(chain, X509_free);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return o;
}
