/* SPDX-License-Identifier: Apache-2.0
 *
 * issue: certificates of every kind from the CA that was made or loaded, and
 * their revocation.
 *
 * Nothing is kept of what was issued: the CA's certificates and keys stand in
 * pki_texts, a number says by itself who issued it (mint.c), and the list of
 * revoked ones is a text that is signed anew. So a CA that was written to files
 * and read again issues and revokes as before.
 *
 * A sound certificate is valid for a year from the mock's time on, and has been
 * since 2020, or for a year where the clock stands earlier. What names the
 * application is the Subject's serialNumber; for the rules of RFC 8705 2.1.2
 * the subjectAltName repeats it as a URI (urn:oid:...) and the common name as a
 * DNS name, if it could be one.
 *
 * Facts: mtls-libmicrohttpd.md sections 5.1, 12.
 */
#include "pki/mint_int.h"

#include <assert.h>

#define NOBODYS	 "1.2.246.10.99999999.99.99"
#define Y2020_MS INT64_C(1577836800000)

/* Who stands in certificates, by class. */
static const struct {
	const char *company, *name, *oid;
} subjects[] = {
    [PKI_WELLBEING] = {"Mock Hyvinvointi Oy", "app.example.fi", PKI_OID},
    [PKI_SOTE] = {"Mock Terveys Oy", "pro.example.fi", PKI_OID_SOTE},
};

/* A root that nobody here knows; owned by the caller. */
static struct pki_issuer foreign_root(int64_t now_ms)
{
	struct mint m = {
	    .company = "Foreign",
	    .name = "FOREIGN Root CA - G1",
	    .from_ms = now_ms - MINT_YEAR_MS,
	    .until_ms = now_ms + 2 * MINT_YEAR_MS,
	    .use = FOR_ROOT,
	    .key = mint_key(KEY_EC),
	};
	struct err e;
	struct pki_issuer root = {mint_certificate(&m, &e), m.key};

	assert(root.cert);
	return root;
}

static struct pki_issuer find_issuer(const struct pki *p,
				     enum mint_signer signer, int64_t now_ms)
{
	switch (signer) {
	case SIGNER_ICA: return p->set.issuer[PKI_ICA];
	case SIGNER_SOTE: return p->set.issuer[PKI_SOTE_ICA];
	case SIGNER_FOREIGN: return foreign_root(now_ms);
	default: return (struct pki_issuer){NULL, NULL};
	}
}

/* ---- what is ordered ------------------------------------------------------
 */

static void set_oids(struct mint *m, const struct mint_kind *kind,
		     const char *oid)
{
	switch (kind->oid) {
	case OID_ORDERED: m->oid[0] = oid; break;
	case OID_NOBODYS: m->oid[0] = NOBODYS; break;
	case OID_ANOTHERS:
		m->oid[0] =
		    strcmp(oid, PKI_OID_SOTE) == 0 ? PKI_OID : PKI_OID_SOTE;
		break;
	case OID_NONE: break;
	case OID_TWO:
		m->oid[0] = oid;
		m->oid[1] = NOBODYS;
		break;
	}
}

static void set_validity(struct mint *m, enum mint_time time, int64_t now_ms)
{
	const int64_t year_ago = now_ms - MINT_YEAR_MS;

	m->from_ms = year_ago < Y2020_MS ? year_ago : Y2020_MS;
	m->until_ms = now_ms + MINT_YEAR_MS;
	if (time == TIME_EXPIRED) {
		m->from_ms = now_ms - 2 * MINT_DAY_MS;
		m->until_ms = now_ms - MINT_DAY_MS;
	}
	if (time == TIME_FUTURE)
		m->from_ms = now_ms + MINT_DAY_MS;
}

/* Could it stand in a subjectAltName as dNSName? */
static bool is_host(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-.")] == '\0';
}

static struct mint order_of(struct arena *a, const struct pki_order *o,
			    const struct mint_kind *kind)
{
	const enum pki_class class =
	    kind->signer == SIGNER_SOTE ? PKI_SOTE : PKI_WELLBEING;
	struct mint m = {
	    .company = subjects[class].company,
	    .name = o->common_name ? o->common_name : subjects[class].name,
	    .use = kind->use,
	};

	set_oids(&m, kind, o->oid ? o->oid : subjects[class].oid);
	set_validity(&m, kind->time, o->now_ms);
	if (m.oid[0] && !m.oid[1])
		m.uri = arena_printf(a, "urn:oid:%s", m.oid[0]);
	return m;
}

/* ---- the whole ------------------------------------------------------------
 */

static bool can_sign(const struct pki *p)
{
	return p->set.issuer[PKI_ICA].key && p->set.issuer[PKI_SOTE_ICA].key;
}

static bool can_issue(const struct pki *p, struct err *e)
{
	return can_sign(p) ||
	       err_set(e, ERR_CONFLICT, "cannot_issue", NULL,
		       "The server has no CA of its own: it was started with "
		       "the files of another one. Start it without "
		       "--client-ca, or with --pki, and it issues "
		       "certificates.");
}

/* What is sent behind the leaf. */
static const char *chain_of(const struct pki *p, const struct mint_kind *kind)
{
	if (kind->alone)
		return "";
	if (kind->signer == SIGNER_SOTE)
		return p->set.texts.issuer[CA_TEXT(PKI_SOTE_ICA)];
	return p->set.texts.issuer[CA_TEXT(PKI_ICA)];
}

static void write_issued(struct arena *a, const X509 *x, const EVP_PKEY *key,
			 const char *chain, struct pki_issued *out)
{
	out->cert = arena_cat(a, mint_pem_certificate(a, x), chain, NULL);
	out->key = mint_pem_key(a, key);
	out->number = pki_number_text(a, X509_get0_serialNumber(x));
}

bool pki_issue(struct pki *p, struct arena *a, const struct pki_order *o,
	       struct pki_issued *out, struct err *e)
{
	const struct mint_kind *kind = mint_kind(o->kind);
	struct mint m = order_of(a, o, kind);
	struct pki_issuer issuer;
	X509 *x;

	if (!can_issue(p, e))
		return false;
	issuer = find_issuer(p, kind->signer, o->now_ms);
	m.host = &m.name;
	m.host_count = is_host(m.name);
	m.key = mint_key(kind->key);
	m.issuer = issuer.cert;
	m.issuer_key = issuer.key;
	x = mint_certificate(&m, e);
	if (x)
		write_issued(a, x, m.key, chain_of(p, kind), out);
	if (kind->signer == SIGNER_FOREIGN) {
		X509_free(issuer.cert);
		EVP_PKEY_free(issuer.key);
	}
	EVP_PKEY_free(m.key);
	X509_free(x);
	return x && (!kind->revoked || pki_revoke(p, out->number, e));
}

/* ---- revoking -------------------------------------------------------------
 */

/* The CA that issued it; PKI_ROOT: neither. */
static enum pki_ca issuer_of(const struct pki *p, const char *number)
{
	for (int ca = PKI_ICA; can_sign(p) && ca < PKI_CAS; ca++)
		if (mint_number_ok(number, p->set.issuer[ca].key))
			return (enum pki_ca)ca;
	return PKI_ROOT;
}

/* Does it stand on its issuer's list? Twice nobody needs it (RFC 5280 5.1.2.6),
 * and each list is written and read as a whole. */
static bool is_listed(const struct pki *p, enum pki_ca ca, const char *number)
{
	const X509_NAME *issuer = X509_get_subject_name(p->set.issuer[ca].cert);
	ASN1_INTEGER *serial = mint_serial(number);
	X509_REVOKED *entry;
	bool found = false;

	for (int i = 0; !found && i < sk_X509_CRL_num(p->set.crl); i++) {
		X509_CRL *list = sk_X509_CRL_value(p->set.crl, i);

		found = X509_NAME_cmp(X509_CRL_get_issuer(list), issuer) == 0 &&
			X509_CRL_get0_by_serial(list, &entry, serial) == 1;
	}
	ASN1_INTEGER_free(serial);
	return found;
}

bool pki_revoke(struct pki *p, const char *number, struct err *e)
{
	const enum pki_ca ca = issuer_of(p, number);
	struct arena *a;
	bool ok;

	if (ca == PKI_ROOT)
		return err_set(e, ERR_NOT_FOUND, "unknown_certificate", NULL,
			       "The server's CA issued no certificate of the "
			       "number \"%.64s\".",
			       number);
	if (is_listed(p, ca, number))
		return true;
	a = arena_new(0);
	ok = pki_set_crl(
	    p, mint_crls(a, p->set.issuer, p->set.texts.crl, ca, number), e);
	arena_free(a);
	return ok;
}
