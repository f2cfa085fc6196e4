/* SPDX-License-Identifier: Apache-2.0
 *
 * pki: what its files share. peer.c reads what is presented, name.c
 * distinguished names, pki.c keeps what is loaded, verify.c judges; make.c,
 * issue.c and crl.c are the CA for rehearsals, p12.c wraps.
 */
#ifndef PKI_INT_H
#define PKI_INT_H

#include "pki/pki.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define PKI_SHA256 32
#define PKI_RECENT 64 /* peers that are kept */

/* ---- what is loaded: pki.c ----------------------------------------------- */

/* The places of struct pki_texts.issuer, by twos: certificate, key. */
enum pki_ca { PKI_ROOT, PKI_ICA, PKI_SOTE_ICA, PKI_CAS };

/* A CA with its key; both NULL: it is not ours. */
struct pki_issuer {
	X509 *cert;
	EVP_PKEY *key;
};

/* What pki_load() replaces as a whole. The texts stand in the arena, crl in one
 * of its own, as it changes more often. */
struct pki_set {
	struct arena *arena, *crl_arena;
	struct pki_texts texts;
	STACK_OF(X509) * ca;
	STACK_OF(X509_CRL) * crl; /* empty: none is asked */
	X509_STORE *store;	  /* both of them */
	struct pki_issuer issuer[PKI_CAS];
};

struct pki_cache;

struct pki {
	struct arena *arena; /* it stands there itself */
	struct pki_set set;  /* all zero before the first pki_load() */
	uint64_t generation;
	struct pki_cache *cache; /* verify.c */
	/* What was presented lately, by its digest; peer.c */
	struct pki_peer *recent[PKI_RECENT];
};

/* The CRLs (PEM, of any of the CAs, several behind one another) take the place
 * of those that are loaded; another generation. False with e set: all stays.
 *
 * What the rehearsals' CA signs is in force as long as the CA itself, from its
 * notBefore to its notAfter: so moving the clock never makes it out of date,
 * and there is nothing to sign anew (facts: 5.1). */
bool pki_set_crl(struct pki *p, const char *pem, struct err *e);

/* pki_load() of texts that were made here, with the issuers that stand in them,
 * which p frees: reading keys takes OpenSSL longer than making them. */
void pki_adopt(struct pki *p, const struct pki_texts *t,
	       const struct pki_issuer issuer[PKI_CAS]);

/* ---- PEM and numbers: pem.c ---------------------------------------------- */

/* Something of OpenSSL failed that no input can make fail: aborts. */
void pki_broken(const char *what) __attribute__((noreturn));

/* The contents of the blocks of a text that have this label, "CERTIFICATE", in
 * order, n_out of them; what stands between blocks is left out, and what comes
 * after max of them. NULL when one of them cannot be read or there is none;
 * then why is said in a few words. */
struct octets *pki_pem_blocks(struct arena *a, const char *pem,
			      const char *label, size_t max, size_t *n_out,
			      const char **why);
/* All certificates, all CRLs of a text, in order; NULL as above. Owned by the
 * caller: sk_X509_pop_free(certs, X509_free). */
STACK_OF(X509) * pki_pem_certs(const char *pem, const char **why);
STACK_OF(X509_CRL) * pki_pem_crls(const char *pem, const char **why);
/* A private key; NULL when it is none, or has a password. */
EVP_PKEY *pki_pem_key(const char *pem);

/* The certificate that all n bytes are, or NULL. */
X509 *pki_der_cert(const struct octets *der);

/* A serial number in hexadecimal, upper case, whole octets: "0A", "01F3". */
char *pki_number_text(struct arena *a, const ASN1_INTEGER *number);

/* The time in ms since 1970; false when it is none. */
bool pki_time_ms(const ASN1_TIME *t, int64_t *ms);

/* ---- names: name.c ------------------------------------------------------- */

/* A distinguished name as RFC 2253 writes it, in UTF-8, without control
 * characters. */
char *pki_name_text(struct arena *a, const X509_NAME *name);

/* A text of a certificate in UTF-8, with control characters (NUL among them),
 * backslashes and what is no UTF-8 as \XX: no two texts look alike. */
char *pki_clean_text(struct arena *a, const unsigned char *p, size_t n);

/* The name that a text of RFC 4514 (and the quoted values and ";" of RFC 2253)
 * means; NULL when it means none. Owned by the caller: X509_NAME_free(). */
X509_NAME *pki_name_parse(const char *dn);

/* ---- what was presented: peer.c ------------------------------------------ */

struct pki_peer {
	struct arena *arena;
	unsigned holders; /* who will free it */
	X509 *leaf;
	/* What came behind it, as bytes in the arena: reading a certificate
	 * takes as long as verifying one, and is due to a full verification
	 * alone. */
	struct octets rest[PKI_CHAIN - 1];
	size_t rest_n;
	unsigned char digest[PKI_SHA256]; /* of all of them, in order */
	struct pki_info info;
};

/* ---- verdicts: verify.c -------------------------------------------------- */

/* A store of these CAs; CRLs are those of the set that verify.c has in hand. */
X509_STORE *pki_store_new(const STACK_OF(X509) * ca);

/* What is kept of earlier verdicts; pki_new() and pki_free() alone. */
struct pki_cache *pki_cache_new(void);
void pki_cache_free(struct pki_cache *c);

#endif
