/* SPDX-License-Identifier: Apache-2.0
 *
 * mint_int: what the files of pki that make certificates share: the parts that
 * a certificate is put together from, and the table of kinds.
 */
#ifndef MINT_INT_H
#define MINT_INT_H

#include "pki/pki_int.h"

/* Where a CA's certificate stands in pki_texts.issuer; its key is behind it. */
#define CA_TEXT(ca) ((size_t)2 * (ca))

/* ---- kinds.c ------------------------------------------------------------- */

enum mint_signer {
	SIGNER_ICA,
	SIGNER_SOTE,
	SIGNER_FOREIGN, /* a root that nobody here knows */
	SIGNER_SELF
};
enum mint_key { KEY_EC, KEY_RSA, KEY_RSA_WEAK };
enum mint_time { TIME_GOOD, TIME_EXPIRED, TIME_FUTURE };
enum mint_oid { OID_ORDERED, OID_NOBODYS, OID_ANOTHERS, OID_NONE, OID_TWO };

/* The purpose (EKU). FOR_ANY: the extension is left out. FOR_CA: a root, or an
 * issuing CA. */
enum mint_use {
	FOR_CLIENTS,
	FOR_SERVERS,
	FOR_BOTH,
	FOR_ANY,
	FOR_ROOT,
	FOR_ISSUING
};

struct mint_kind {
	struct pki_kind kind;
	enum mint_signer signer;
	enum mint_key key;
	enum mint_time time;
	enum mint_use use;
	enum mint_oid oid;
	bool alone;   /* the issuing CA is not sent along */
	bool revoked; /* at once */
};
const struct mint_kind *mint_kind(const struct pki_kind *kind);

/* ---- mint.c -------------------------------------------------------------- */

/* Owned by the caller. */
EVP_PKEY *mint_key(enum mint_key kind);

/* A certificate's number, hexadecimal: 127 bits, random but for a check by
 * which the issuer knows its own again, so that no list of them is kept. */
#define MINT_NUMBER 33
void mint_number(char out[MINT_NUMBER], EVP_PKEY *issuer);
bool mint_number_ok(const char *number, EVP_PKEY *issuer);
/* The same as certificates and lists have it; owned by the caller. */
ASN1_INTEGER *mint_serial(const char *number);

/* What is to be certified. */
struct mint {
	const char *company, *name; /* O, CN */
	const char *oid[2];	    /* Subject serialNumbers; NULL: none */
	int64_t from_ms, until_ms;
	enum mint_use use;
	const char *const *host; /* subjectAltName: names, addresses */
	size_t host_count;
	const char *uri;    /* one more there, or NULL */
	EVP_PKEY *key;	    /* the subject's */
	const X509 *issuer; /* NULL: signs itself */
	EVP_PKEY *issuer_key;
};
/* Owned by the caller. NULL with e set (ERR_INVALID, where is "common_name" or
 * "oid") when the subject cannot be written so. */
X509 *mint_certificate(const struct mint *m, struct err *e);

/* What a certificate can name (RFC 5280 4.1.2.5): the last instant, and the
 * first that every library reads. */
#define MINT_FIRST_MS INT64_C(86400000)	       /* 1970-01-02 */
#define MINT_LAST_MS  INT64_C(253402300799000) /* 9999-12-31T23:59:59Z */
#define MINT_DAY_MS   INT64_C(86400000)
#define MINT_YEAR_MS  (365 * MINT_DAY_MS)
void mint_time(ASN1_TIME *t, int64_t ms);

/* PEM texts. */
char *mint_pem_certificate(struct arena *a, const X509 *x);
char *mint_pem_key(struct arena *a, const EVP_PKEY *key);

/* What was written to a memory BIO, as a text; frees the BIO. */
char *mint_text(struct arena *a, BIO *out);

/* ---- crl.c --------------------------------------------------------------- */

/* The lists of both issuing CAs, PEM, one behind the other: what stood in old
 * (NULL: nothing), and number (NULL: none) of the CA that issued it. */
char *mint_crls(struct arena *a, const struct pki_issuer issuer[PKI_CAS],
		const char *old, enum pki_ca ca, const char *number);

#endif
