/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pki stand on: certificates and CRLs made with OpenSSL
 * alone, so that what pki makes is not judged by itself. Days count from DAY0.
 */
#ifndef PKI_WORLD_H
#define PKI_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pki/pki.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define DAY0   INT64_C(1767225600000) /* 2026-01-01 */
#define DAY_MS INT64_C(86400000)

enum test_key { EC256, EC192, RSA2K, RSA1K, ED, KEYS };

struct pair {
	X509 *cert;
	EVP_PKEY *key; /* of the world */
};

/* A certificate to be made; what is NULL it has not. */
struct form {
	const char *cn;
	enum test_key key;
	int from, to; /* days; both 0: -100 and 300 */
	const char *basic, *usage, *eku, *san;
	const EVP_MD *(*md)(void); /* SHA-256 */
};

enum test_ca {
	ICA, /* of the root */
	ROOT,
	SOTE,	   /* of it */
	OLD_ICA,   /* of it, has expired */
	WEAK_ICA,  /* of it, RSA 1024 */
	SHORT_ICA, /* of it, may have no CA below */
	BELOW_ICA, /* of that one */
	NO_CA,	   /* of it, not made to be a CA */
	OTHER_ROOT,
	OTHER_ICA, /* of that one */
	SAME_NAME, /* named as ICA, another key */
	CAS,
	ITSELF = CAS
};

struct world {
	struct arena *arena;
	EVP_PKEY *keys[KEYS];
	EVP_PKEY *ca_key[CAS]; /* keys of their own */
	struct pair ca[CAS];
	long next_number;
	struct err err;
};

static EVP_PKEY *make_key(enum test_key k)
{
	switch (k) {
	case EC256: return EVP_EC_gen("P-256");
	case EC192: return EVP_EC_gen("P-192");
	case RSA2K: return EVP_RSA_gen(2048);
	case RSA1K: return EVP_RSA_gen(1024);
	default: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
}

static void put_time(ASN1_TIME *t, int day)
{
	time_t zero = (time_t)(DAY0 / 1000);

	assert_non_null(X509_time_adj_ex(t, day, 0, &zero));
}

static void put_extension(X509 *x, X509V3_CTX *c, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (!value)
		return;
	e = X509V3_EXT_conf_nid(NULL, c, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* The name that all have: C, O, CN. */
static void put_name(X509_NAME *name, const char *cn)
{
	static const char *const c[][2] = {{"C", "FI"}, {"O", "Mock Kanta"}};

	for (size_t i = 0; i < LEN(c); i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(
				     name, c[i][0], MBSTRING_UTF8,
				     (const unsigned char *)c[i][1], -1, -1, 0),
				 1);
	assert_int_equal(
	    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
				       (const unsigned char *)cn, -1, -1, 0),
	    1);
}

static X509 *begin_cert(struct world *w, EVP_PKEY *key, const struct form *f)
{
	const bool usual = f->from == 0 && f->to == 0;
	X509 *x = X509_new();

	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++w->next_number);
	put_time(X509_getm_notBefore(x), usual ? -100 : f->from);
	put_time(X509_getm_notAfter(x), usual ? 300 : f->to);
	X509_set_pubkey(x, key);
	return x;
}

/* Extensions, then the signature; by NULL: its own. */
static void end_cert(X509 *x, const struct form *f, const struct pair *by)
{
	X509V3_CTX c;
	EVP_PKEY *key = by->key;
	const EVP_MD *md = f->md ? f->md() : EVP_sha256();

	X509_set_issuer_name(x, X509_get_subject_name(by->cert));
	X509V3_set_ctx(&c, by->cert, x, NULL, NULL, 0);
	put_extension(x, &c, NID_basic_constraints, f->basic);
	put_extension(x, &c, NID_key_usage, f->usage);
	put_extension(x, &c, NID_ext_key_usage, f->eku);
	put_extension(x, &c, NID_subject_alt_name, f->san);
	put_extension(x, &c, NID_subject_key_identifier, "hash");
	put_extension(x, &c, NID_authority_key_identifier, "keyid");
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		md = NULL;
	assert_true(X509_sign(x, key, md) > 0);
}

static X509 *cert_of(struct world *w, EVP_PKEY *key, const struct form *f,
		     const struct pair *by)
{
	X509 *x = begin_cert(w, key, f);

	put_name(X509_get_subject_name(x), f->cn);
	end_cert(x, f, by ? by : &(struct pair){x, key});
	return x;
}

static X509 *leaf_of(struct world *w, const struct form *f, enum test_ca by)
{
	return cert_of(w, w->keys[f->key], f, by == ITSELF ? NULL : &w->ca[by]);
}

/* ---- the CAs ---------------------------------------------------------- */

#define CA_BASIC "critical,CA:TRUE"
#define CA_USAGE "critical,keyCertSign,cRLSign"

#define CA_FORM(name, k, begin, end)                                           \
	.form = {.cn = (name),                                                 \
		 .key = (k),                                                   \
		 .from = (begin),                                              \
		 .to = (end),                                                  \
		 .basic = CA_BASIC,                                            \
		 .usage = CA_USAGE}

/* clang-format off */
static const struct {
	struct form form;
	enum test_ca by; /* ITSELF, a root, or an earlier one */
} ca_forms[CAS] = {
    [ROOT] = {CA_FORM("MOCK Root - G1", EC256, -1000, 3000), .by = ITSELF},
    [ICA] = {CA_FORM("MOCK Service Certificates - G1", EC256, -900, 2000),
	     .by = ROOT},
    [SOTE] = {CA_FORM("MOCK Social Welfare and Health Care Prof. - G1", EC256,
		      -900, 2000), .by = ROOT},
    [OLD_ICA] = {CA_FORM("MOCK Old - G0", EC256, -900, -10), .by = ROOT},
    [WEAK_ICA] = {CA_FORM("MOCK Weak", RSA1K, 0, 0), .by = ROOT},
    [SHORT_ICA] = {.form = {.cn = "MOCK Short", .usage = CA_USAGE,
			    .basic = "critical,CA:TRUE,pathlen:0"},
		   .by = ROOT},
    [BELOW_ICA] = {CA_FORM("MOCK Below", EC256, 0, 0), .by = SHORT_ICA},
    [NO_CA] = {.form = {.cn = "MOCK Leaf", .basic = "critical,CA:FALSE"},
	       .by = ROOT},
    [OTHER_ROOT] = {CA_FORM("OTHER Root", EC256, 0, 0), .by = ITSELF},
    [OTHER_ICA] = {CA_FORM("OTHER Service", EC256, 0, 0), .by = OTHER_ROOT},
    [SAME_NAME] = {CA_FORM("MOCK Service Certificates - G1", EC256, 0, 0),
		   .by = ROOT},
};
/* clang-format on */

static void make_ca(struct world *w, enum test_ca ca)
{
	const struct form *f = &ca_forms[ca].form;
	const enum test_ca by = ca_forms[ca].by;

	w->ca_key[ca] = make_key(f->key);
	w->ca[ca].key = w->ca_key[ca];
	w->ca[ca].cert =
	    cert_of(w, w->ca_key[ca], f, by == ITSELF ? NULL : &w->ca[by]);
}

static int build_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->arena = arena_new(0);
	w->next_number = 0x1000;
	for (int i = 0; i < KEYS; i++)
		w->keys[i] = make_key((enum test_key)i);
	make_ca(w, ROOT);
	make_ca(w, OTHER_ROOT);
	for (int i = 0; i < CAS; i++)
		if (!w->ca[i].cert)
			make_ca(w, (enum test_ca)i);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(w->keys[i]);
	for (int i = 0; i < CAS; i++) {
		EVP_PKEY_free(w->ca_key[i]);
		X509_free(w->ca[i].cert);
	}
	arena_free(w->arena);
	free(w);
	return 0;
}

/* ---- as bytes and as texts ------------------------------------------- */

static struct octets der_of(struct arena *a, X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	struct octets out;

	assert_true(n > 0);
	out.p = (unsigned char *)arena_strndup(a, (char *)der, (size_t)n);
	out.n = (size_t)n;
	OPENSSL_free(der);
	return out;
}

static char *text_of(struct arena *a, BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);
	char *out = arena_strndup(a, p, (size_t)n);

	BIO_free(b);
	return out;
}

static char *pem_of(struct arena *a, X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(b, x), 1);
	return text_of(a, b);
}

static char *pem_of_key(struct arena *a, EVP_PKEY *key, const char *password)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
			     b, key, password ? EVP_aes_256_cbc() : NULL,
			     password, password ? (int)strlen(password) : 0,
			     NULL, NULL),
			 1);
	return text_of(a, b);
}

/* PEM of the CAs whose bits are set. */
#define BIT(ca) (1U << (ca))
static const char *pem_of_cas(struct world *w, unsigned bits)
{
	struct buf out;

	buf_init(&out, w->arena);
	for (int i = 0; i < CAS; i++)
		if (bits & BIT(i))
			buf_puts(&out, pem_of(w->arena, w->ca[i].cert));
	return out.len > 0 ? out.p : NULL;
}

/* A CRL from a day to another one that lists x, which may be NULL. */
static char *crl_of(struct world *w, enum test_ca by, int from, int to,
		    const X509 *x)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	BIO *b = BIO_new(BIO_s_mem());

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(w->ca[by].cert));
	put_time(t, from);
	X509_CRL_set1_lastUpdate(crl, t);
	put_time(t, to);
	X509_CRL_set1_nextUpdate(crl, t);
	if (x) {
		X509_REVOKED *r = X509_REVOKED_new();

		put_time(t, -5);
		X509_REVOKED_set_serialNumber(
		    r, (ASN1_INTEGER *)X509_get0_serialNumber(x));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
	}
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, w->ca_key[by], EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_CRL(b, crl), 1);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	return text_of(w->arena, b);
}

/* The leaf and the CAs whose bits are set, as presented. */
static struct pki_peer *present(struct world *w, X509 *leaf, unsigned bits)
{
	struct octets chain[1 + CAS];
	size_t n = 0;
	struct pki_peer *peer;

	chain[n++] = der_of(w->arena, leaf);
	for (int i = CAS - 1; i >= 0; i--) /* issuing CAs before roots */
		if (bits & BIT(i))
			chain[n++] = der_of(w->arena, w->ca[i].cert);
	peer = pki_peer_new(chain, n, &w->err);
	assert_non_null(peer);
	return peer;
}

static struct pki *trusting(struct world *w, unsigned cas, const char *crl)
{
	struct pki *p = pki_new();
	const struct pki_texts t = {.ca = pem_of_cas(w, cas), .crl = crl};

	if (!pki_load(p, &t, &w->err))
		fail_msg("%s: %s", w->err.where, w->err.text);
	return p;
}

#endif
