/* SPDX-License-Identifier: Apache-2.0
 *
 * pki: certificates (RFC 5280). What one says, whether it is to be believed
 * at a given time, whose it is (RFC 8705 2.1), and a CA that makes every kind
 * that a rehearsal needs. Knows neither sockets nor applications: http brings
 * the chain that a client presented, record says what follows from the verdict.
 * Beside jose the only place that knows OpenSSL.
 * Facts: mtls-libmicrohttpd.md sections 4, 5, 12, 13.
 */
#ifndef PKI_H
#define PKI_H

#include "base/base.h"

#define PKI_CHAIN	8	    /* certificates that are looked at */
#define PKI_CHAIN_BYTES (64u << 10) /* all of them together */
#define PKI_THUMBPRINT	44	    /* x5t#S256 as text, with its NUL */

/* ---- what a client presented ------------------------------------------- */

/* A chain, leaf first, with what its leaf says. */
struct pki_peer;

/* The class of the issuer (facts: section 12, 13): read from its name, as the
 * names of the real issuers of both classes tell them apart. */
enum pki_class {
	PKI_WELLBEING, /* service certificate, or any other */
	PKI_SOTE       /* of social welfare and health care: professionals */
};

struct pki_names {
	const char *const *v;
	size_t n;
};

/* Texts are UTF-8 without control characters, never NULL unless said. */
struct pki_info {
	const char *subject, *issuer; /* distinguished names, RFC 2253 */
	const char *number; /* the certificate's own serial number, hex */
	/* The Subject's serialNumber (2.5.4.5), which is not that number but
	 * the OID that links a certificate to its application; NULL unless
	 * there is exactly one. */
	const char *subject_serial_number;
	size_t subject_serial_numbers;
	const char *key; /* "EC P-256", "RSA 2048" */
	enum pki_class class;
	int64_t not_before_ms, not_after_ms;
	char thumbprint[PKI_THUMBPRINT];      /* x5t#S256 (RFC 8705 3.1) */
	struct pki_names dns, uri, ip, email; /* subjectAltName */
};

/* Reads a chain of DER certificates, leaf first; what is beyond PKI_CHAIN and
 * PKI_CHAIN_BYTES is left out. NULL with e set (ERR_INVALID) when the leaf is
 * no certificate. Freed by pki_peer_free(), which takes NULL. */
struct pki_peer *pki_peer_new(const struct octets *chain, size_t n,
			      struct err *e);
/* The same from PEM text (RFC 7468): all certificates in it. */
struct pki_peer *pki_peer_read(const char *pem, struct err *e);
void pki_peer_free(struct pki_peer *peer);

/* As pki_peer_new(), but a chain that was presented to p not long ago is not
 * read again: for connections, as clients open many. Freed in the same way,
 * whether p still is or not. */
struct pki;
struct pki_peer *pki_peer_again(struct pki *p, const struct octets *chain,
				size_t n, struct err *e);

/* What the leaf says; lives as long as the peer. */
const struct pki_info *pki_peer_info(const struct pki_peer *peer);

/* Is dn (a distinguished name as RFC 4514 writes it) the leaf's Subject?
 * Compared as names, not as texts: spelling of types, order of writing, spaces
 * and kinds of strings do not matter, the order of the parts does. */
bool pki_peer_subject_is(const struct pki_peer *peer, const char *dn);

/* Could it be one at all? For registrations. */
bool pki_dn_ok(const char *dn);

/* ---- whom to believe, and who we are ------------------------------------ */

/* What a server is and whom it trusts. Changed while it runs, by loading,
 * issuing and revoking; every change of what counts for clients or connections
 * is another generation. */
struct pki *pki_new(void);
void pki_free(struct pki *p);

/* PEM texts. */
struct pki_texts {
	const char *server_cert; /* leaf first, then its chain */
	const char *server_key;	 /* both NULL: no listener of ours has TLS */
	const char *ca;	 /* whom clients' certificates may come from: roots
			  * and issuing CAs; NULL: from nobody */
	const char *crl; /* of any of them; NULL: none is asked */
	/* the issuing CAs' own keys, if the server is to issue and revoke:
	 * certificate and key of root, ica, sote-ica; NULL: it cannot */
	const char *issuer[6];
};
/* Replaces everything. False with e set (ERR_INVALID, where names the member:
 * "ca", "issuer[1]") when something cannot be read or does not go together;
 * then all stays as it was. The texts are copied. */
bool pki_load(struct pki *p, const struct pki_texts *t, struct err *e);

/* Makes a CA and a server certificate of its own. now_ms: the mock's clock,
 * for what clients present; the server's certificate is judged by the clients'
 * clocks and made for real_ms (facts: 5.1). host: names and addresses beside
 * the usual ones, host_count of them. rsa: the server's key is RSA 2048 and not
 * P-256. */
struct pki_own {
	int64_t now_ms, real_ms;
	const char *const *host;
	size_t host_count;
	bool rsa;
};
void pki_make(struct pki *p, const struct pki_own *own);

/* What is loaded or was made; lives until the next change. issuer members are
 * NULL when it cannot issue. */
const struct pki_texts *pki_texts(const struct pki *p);
uint64_t pki_generation(const struct pki *p);

struct pki_verdict {
	int error;	  /* 0: sound; else OpenSSL's X509_V_ERR_ number */
	int alert;	  /* the TLS alert that says so (RFC 8446 6.2) */
	const char *text; /* what is wrong, in words; lasting */
};

/* Is the chain to be believed at now_ms: issuer, validity, purpose, revocation,
 * strength of the key (facts: section 5)? Answers are kept for as long as
 * nothing can have changed them, so asking for every request is cheap.
 * crl_strict: an out of date CRL is an error, and no reason to go without. */
struct pki_verdict pki_verify(struct pki *p, const struct pki_peer *peer,
			      int64_t now_ms, bool crl_strict);

/* ---- a CA for rehearsals ------------------------------------------------- */

/* What can be issued (facts: section 12): one table. */
struct pki_kind {
	const char *name; /* "wellbeing", "expired", "wrong-eku" */
	const char *what; /* one line: how it differs, what is to be expected */
	int error;	  /* pki_verify's verdict on it */
};
const struct pki_kind *pki_kind_at(size_t i); /* NULL behind the last */
const struct pki_kind *pki_kind_find(const char *name);

/* What the built-in applications are registered with: one for citizens, one for
 * professionals. */
#define PKI_OID	     "1.2.246.10.99999999.99.1"
#define PKI_OID_SOTE "1.2.246.10.99999999.99.2"

struct pki_order {
	const struct pki_kind *kind;
	/* Subject serialNumber; NULL: of the kind, which for some is all there
	 * is: wrong-oid, wrong-app and no-oid take no other. */
	const char *oid;
	const char *common_name; /* NULL: of the kind */
	int64_t now_ms;		 /* by which it is valid or is not */
};
/* Texts in the arena. */
struct pki_issued {
	const char *cert; /* PEM, leaf first, chain as the kind has it */
	const char *key;  /* PEM, PKCS #8, not encrypted */
	const char *number;
};
/* False with e set: p has no issuing keys (ERR_CONFLICT), or a certificate
 * cannot say that (ERR_INVALID, where is "oid" or "common_name"). */
bool pki_issue(struct pki *p, struct arena *a, const struct pki_order *o,
	       struct pki_issued *out, struct err *e);

/* Puts a certificate's number on the CRL, if it is not there. False
 * (ERR_NOT_FOUND): p never issued it, or cannot issue. */
bool pki_revoke(struct pki *p, const char *number, struct err *e);

/* A PKCS #12 file (RFC 7292) of both, for programs that read nothing else. Its
 * bytes are the arena's. c is one of pki_issue(): it cannot fail. */
struct octets pki_p12(struct arena *a, const struct pki_issued *c,
		      const char *password);

#endif
