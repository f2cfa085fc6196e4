/* SPDX-License-Identifier: Apache-2.0
 *
 * mint: the parts of a certificate, put together as RFC 5280 has it.
 *
 * Version 3, ECDSA or RSA keys, SHA-256. The subject is written as those of
 * real service certificates are: C, O, serialNumber, CN, in this order. CAs
 * have basicConstraints and keyUsage, critical, and their children name them by
 * key identifier, so that a chain is found however it is sent.
 *
 * Numbers have the form that real CAs use, 127 unpredictable bits. Here the
 * second half is a digest of the first and of the issuer's private key: a CA
 * that is read from files tells its own certificates from others', of whatever
 * earlier run, without a list of them; only so can they be revoked by number.
 *
 * Names come from outside (a control API, a command line); they are the only
 * thing that can be refused. Whatever else fails in OpenSSL is a broken
 * library, and ends the program.
 */
#include "pki/mint_int.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <strings.h>

#include "jose/jose.h"

#define RSA_BITS      2048
#define RSA_BITS_WEAK 1024

EVP_PKEY *mint_key(enum mint_key kind)
{
	EVP_PKEY *key = kind == KEY_EC	  ? EVP_EC_gen("P-256")
			: kind == KEY_RSA ? EVP_RSA_gen(RSA_BITS)
					  : EVP_RSA_gen(RSA_BITS_WEAK);

	if (!key)
		pki_broken("making a key");
	return key;
}

/* ---- numbers --------------------------------------------------------------
 */

#define HALF ((size_t)16) /* hexadecimal digits */

/* The digits that follow the first half of a number. */
static void check_digits(char out[JOSE_DIGEST], const char *half,
			 EVP_PKEY *issuer)
{
	struct arena *a = arena_new(0);
	unsigned char *der = NULL;
	int n = i2d_PrivateKey(issuer, &der);
	struct buf b;

	if (n <= 0)
		pki_broken("writing a key");
	buf_init(&b, a);
	buf_add(&b, der, (size_t)n);
	buf_add(&b, half, HALF);
	jose_digest(out, b.p, b.len);
	OPENSSL_clear_free(der, (size_t)n);
	arena_free(a);
}

void mint_number(char out[MINT_NUMBER], EVP_PKEY *issuer)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char random[HALF];
	char check[JOSE_DIGEST];

	jose_random(random, sizeof(random));
	for (size_t i = 0; i < HALF; i++)
		out[i] = digits[random[i] & 15];
	out[0] = digits[4 + (random[0] & 3)]; /* 127 bits, and positive */
	check_digits(check, out, issuer);
	for (size_t i = 0; i < HALF; i++)
		out[HALF + i] = digits[check[i] <= '9' ? check[i] - '0'
						       : check[i] - 'a' + 10];
	out[2 * HALF] = '\0';
}

bool mint_number_ok(const char *number, EVP_PKEY *issuer)
{
	char check[JOSE_DIGEST], half[HALF + 1];

	if (strlen(number) != 2 * HALF ||
	    strspn(number, "0123456789ABCDEFabcdef") != 2 * HALF)
		return false;
	for (size_t i = 0; i < HALF; i++)
		half[i] = number[i] >= 'a' ? (char)(number[i] - 'a' + 'A')
					   : number[i];
	check_digits(check, half, issuer);
	return strncasecmp(number + HALF, check, HALF) == 0;
}

ASN1_INTEGER *mint_serial(const char *number)
{
	ASN1_INTEGER *serial = NULL;
	BIGNUM *bn = NULL;

	if (BN_hex2bn(&bn, number))
		serial = BN_to_ASN1_INTEGER(bn, NULL);
	if (!serial)
		pki_broken("a number");
	BN_free(bn);
	return serial;
}

static void set_number(X509 *x, EVP_PKEY *issuer)
{
	char text[MINT_NUMBER];
	ASN1_INTEGER *serial;

	mint_number(text, issuer);
	serial = mint_serial(text);
	if (X509_set_serialNumber(x, serial) != 1)
		pki_broken("numbering a certificate");
	ASN1_INTEGER_free(serial);
}

/* ---- subjects -------------------------------------------------------------
 */

static bool add_name(X509_NAME *n, const char *type, const char *value)
{
	if (!value)
		return true;
	/* X509_NAME_add_entry_by_txt: -1, its length is measured */
	return X509_NAME_add_entry_by_txt(n, type, MBSTRING_UTF8,
					  (const unsigned char *)value, -1, -1,
					  0) == 1;
}

static bool set_subject(X509_NAME *n, const struct mint *m, struct err *e)
{
	bool ok = add_name(n, "C", "FI") && add_name(n, "O", m->company);

	if (!ok)
		pki_broken("naming a certificate");
	if (!add_name(n, "serialNumber", m->oid[0]) ||
	    !add_name(n, "serialNumber", m->oid[1]))
		ok = err_set(e, ERR_INVALID, "invalid_value", "oid",
			     "An OID in a certificate has 1 to 64 characters: "
			     "digits, dots, letters and '()+,-/:=?.");
	else if (!add_name(n, "CN", m->name))
		ok = err_set(e, ERR_INVALID, "invalid_value", "common_name",
			     "The common name of a certificate has 1 to 64 "
			     "characters.");
	ERR_clear_error();
	return ok;
}

/* ---- extensions -----------------------------------------------------------
 */

/* Of each use: basicConstraints, keyUsage, extendedKeyUsage. */
static const struct {
	const char *basic, *usage, *extended;
} uses[] = {
    [FOR_CLIENTS] = {"critical,CA:FALSE", "critical,digitalSignature",
		     "clientAuth"},
    [FOR_SERVERS] = {"critical,CA:FALSE", "critical,digitalSignature",
		     "serverAuth"},
    [FOR_BOTH] = {"critical,CA:FALSE", "critical,digitalSignature",
		  "serverAuth,clientAuth"},
    [FOR_ANY] = {"critical,CA:FALSE", "critical,digitalSignature", NULL},
    [FOR_ROOT] = {"critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL},
    [FOR_ISSUING] = {"critical,CA:TRUE,pathlen:0",
		     "critical,keyCertSign,cRLSign", NULL},
};

static void extend(X509 *x, const X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	/* neither is written to; the prototypes of 3.0 do not say so */
	X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!ext || X509_add_ext(x, ext, -1) != 1)
		pki_broken("an extension");
	X509_EXTENSION_free(ext);
}

static void add_alternative(GENERAL_NAMES *all, int type, void *value)
{
	GENERAL_NAME *one = GENERAL_NAME_new();

	if (!one || !value)
		pki_broken("subjectAltName");
	GENERAL_NAME_set0_value(one, type, value);
	if (!sk_GENERAL_NAME_push(all, one))
		pki_broken("subjectAltName");
}

static void add_text(GENERAL_NAMES *all, int type, const char *text)
{
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (!s || ASN1_STRING_set(s, text, -1) != 1)
		pki_broken("subjectAltName");
	add_alternative(all, type, s);
}

/* A text may be anything that was given as a host: an address, or a name. It is
 * never parsed as OpenSSL's "DNS:a,IP:b". */
static void add_host(GENERAL_NAMES *all, const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

	ERR_clear_error();
	if (address)
		add_alternative(all, GEN_IPADD, address);
	else
		add_text(all, GEN_DNS, host);
}

static void set_alternatives(X509 *x, const struct mint *m)
{
	GENERAL_NAMES *all;

	if (m->host_count == 0 && !m->uri)
		return;
	all = GENERAL_NAMES_new();
	if (!all)
		pki_broken("subjectAltName");
	for (size_t i = 0; i < m->host_count; i++)
		add_host(all, m->host[i]);
	if (m->uri)
		add_text(all, GEN_URI, m->uri);
	if (X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) != 1)
		pki_broken("subjectAltName");
	GENERAL_NAMES_free(all);
}

/* ---- the whole ------------------------------------------------------------
 */

void mint_time(ASN1_TIME *t, int64_t ms)
{
	if (!ASN1_TIME_set(t, (time_t)(ms / 1000)))
		pki_broken("a time");
}

X509 *mint_certificate(const struct mint *m, struct err *e)
{
	EVP_PKEY *signer = m->issuer ? m->issuer_key : m->key;
	const X509 *issuer = m->issuer;
	X509 *x = X509_new();

	if (!x)
		pki_broken("X509_new");
	if (!set_subject(X509_get_subject_name(x), m, e)) {
		X509_free(x);
		return NULL;
	}
	if (!issuer)
		issuer = x;
	set_number(x, signer);
	mint_time(X509_getm_notBefore(x), m->from_ms);
	mint_time(X509_getm_notAfter(x), m->until_ms);
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1 ||
	    X509_set_pubkey(x, m->key) != 1)
		pki_broken("filling a certificate");
	extend(x, issuer, NID_basic_constraints, uses[m->use].basic);
	extend(x, issuer, NID_key_usage, uses[m->use].usage);
	extend(x, issuer, NID_ext_key_usage, uses[m->use].extended);
	extend(x, issuer, NID_subject_key_identifier, "hash");
	if (m->issuer)
		extend(x, issuer, NID_authority_key_identifier, "keyid:always");
	set_alternatives(x, m);
	if (X509_sign(x, signer, EVP_sha256()) <= 0)
		pki_broken("signing a certificate");
	return x;
}

/* ---- texts ----------------------------------------------------------------
 */

char *mint_text(struct arena *a, BIO *out)
{
	char *bytes, *text;
	long n = BIO_get_mem_data(out, &bytes);

	text = arena_strndup(a, bytes, (size_t)n);
	BIO_free(out);
	return text;
}

char *mint_pem_certificate(struct arena *a, const X509 *x)
{
	BIO *out = BIO_new(BIO_s_mem());

	if (!out || PEM_write_bio_X509(out, x) != 1)
		pki_broken("writing a certificate");
	return mint_text(a, out);
}

char *mint_pem_key(struct arena *a, const EVP_PKEY *key)
{
	BIO *out = BIO_new(BIO_s_mem());

	if (!out || PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL,
						  NULL) != 1)
		pki_broken("writing a key");
	return mint_text(a, out);
}
