/* SPDX-License-Identifier: Apache-2.0
 *
 * verify: is a chain to be believed at a time (RFC 5280 6)? OpenSSL judges, for
 * the purpose of a TLS client, at the mock's clock, with keys and signatures of
 * at least 112 bits (its security level 2: no RSA below 2048, no SHA-1).
 *
 * A CA whose own issuer is not among the CAs stands for itself: who trusts an
 * issuing CA alone need not have its root (X509_V_FLAG_PARTIAL_CHAIN).
 *
 * Revocation is asked of the leaf alone, and only when a CRL of its issuer is
 * loaded; else every certificate would fail. A CRL that is out of date still
 * revokes what it lists, but is no reason to refuse the others, unless
 * crl_strict: the mock's clock moves, a vendor's CRL does not (facts: 5.1).
 *
 * Verdicts are kept. What one depends on is the chain as it was presented, what
 * is loaded (the generation), crl_strict, and the time; and by time it changes
 * only where one of the certificates or CRLs, presented or loaded, begins or
 * ends. Between two such instants the verdict stands, whichever of them it
 * rests on. The table is small and of one size: an entry takes the place of the
 * one that was in its way, which costs that one another verification and no
 * more.
 */
#include "pki/pki_int.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define ENTRIES	       256
#define SECURITY_LEVEL 2 /* 112 bits */

/* TLS alerts (RFC 8446 6). */
enum {
	BAD_CERTIFICATE = 42,
	UNSUPPORTED_CERTIFICATE = 43,
	CERTIFICATE_REVOKED = 44,
	CERTIFICATE_EXPIRED = 45,
	UNKNOWN_CA = 48,
	INTERNAL_ERROR = 80
};

static const struct pki_verdict sound = {.error = X509_V_OK,
					 .text = "it is sound"};

/* What is wrong, in words, and the alert. Others: bad_certificate, in OpenSSL's
 * words. */
static const struct pki_verdict verdicts[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, UNKNOWN_CA,
     "the chain ends at an issuing CA whose own issuer is not among the CAs "
     "that are trusted here"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, INTERNAL_ERROR,
     "there is no CRL of its issuer that could say whether it is revoked"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, BAD_CERTIFICATE,
     "its signature, or one in its chain, is not its issuer's"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, INTERNAL_ERROR,
     "the signature of its issuer's CRL is wrong"},
    {X509_V_ERR_CERT_NOT_YET_VALID, CERTIFICATE_EXPIRED,
     "it, or a certificate of its chain, is not yet valid"},
    {X509_V_ERR_CERT_HAS_EXPIRED, CERTIFICATE_EXPIRED,
     "it, or a certificate of its chain, has expired"},
    {X509_V_ERR_CRL_NOT_YET_VALID, INTERNAL_ERROR,
     "its issuer's CRL is not yet in force"},
    {X509_V_ERR_CRL_HAS_EXPIRED, INTERNAL_ERROR,
     "its issuer's CRL is out of date"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, UNKNOWN_CA,
     "it is signed by itself, and by no CA that is trusted here"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, UNKNOWN_CA,
     "its root is no CA that is trusted here"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, UNKNOWN_CA,
     "its issuer is no CA that is trusted here, and no chain to one was sent"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, UNKNOWN_CA,
     "its issuer is no CA that is trusted here, and no chain was sent"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, BAD_CERTIFICATE, "its chain is too long"},
    {X509_V_ERR_CERT_REVOKED, CERTIFICATE_REVOKED,
     "it is revoked: its issuer's CRL lists it"},
    {X509_V_ERR_INVALID_CA, UNKNOWN_CA,
     "a certificate of its chain is not that of a CA, but issued others"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, BAD_CERTIFICATE,
     "a CA of its chain may not have so many CAs below it"},
    {X509_V_ERR_INVALID_PURPOSE, UNSUPPORTED_CERTIFICATE,
     "it, or a CA of its chain, is not made for TLS clients: extended key "
     "usage has no clientAuth"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, UNKNOWN_CA,
     "a certificate of its chain may not sign certificates"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, BAD_CERTIFICATE,
     "its key is too small: at least RSA 2048 or EC 224 bits"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, BAD_CERTIFICATE,
     "the key of a CA of its chain is too small: at least RSA 2048 or EC 224 "
     "bits"},
    {X509_V_ERR_CA_MD_TOO_WEAK, BAD_CERTIFICATE,
     "its signature, or one in its chain, is by a digest that is too weak, as "
     "SHA-1 is: at least SHA-224"},
};

static struct pki_verdict verdict_of(int error)
{
	if (error == X509_V_OK)
		return sound;
	for (size_t i = 0; i < LEN(verdicts); i++)
		if (verdicts[i].error == error)
			return verdicts[i];
	return (struct pki_verdict){
	    .error = error,
	    .text = X509_verify_cert_error_string(error),
	    .alert = BAD_CERTIFICATE,
	};
}

/* ---- what is kept -------------------------------------------------- */

struct kept {
	unsigned char digest[PKI_SHA256];
	uint64_t generation; /* 0: nothing is here */
	bool crl_strict;
	int64_t from_ms, until_ms; /* it stands in [from, until) */
	struct pki_verdict verdict;
};

struct pki_cache {
	struct arena *arena;
	struct kept v[ENTRIES];
};

struct pki_cache *pki_cache_new(void)
{
	struct arena *a = arena_new(sizeof(struct pki_cache) + 1024);
	struct pki_cache *c = arena_alloc(a, sizeof(*c));

	c->arena = a;
	return c;
}

void pki_cache_free(struct pki_cache *c)
{
	arena_free(c->arena);
}

static struct kept *place(const struct pki *p, const struct pki_peer *peer)
{
	return &p->cache->v[peer->digest[0] % ENTRIES];
}

static bool stands(const struct kept *k, const struct pki *p,
		   const struct pki_peer *peer, int64_t now_ms, bool crl_strict)
{
	return k->generation == p->generation && k->generation != 0 &&
	       k->crl_strict == crl_strict && k->from_ms <= now_ms &&
	       now_ms < k->until_ms &&
	       memcmp(k->digest, peer->digest, PKI_SHA256) == 0;
}

/* An instant at which a verdict may change bounds the time that it stands. */
static void bound(struct kept *k, const ASN1_TIME *t, int64_t now_ms)
{
	int64_t ms;

	if (!pki_time_ms(t, &ms))
		return;
	if (ms <= now_ms && ms > k->from_ms)
		k->from_ms = ms;
	if (ms > now_ms && ms < k->until_ms)
		k->until_ms = ms;
}

static void bound_certs(struct kept *k, const STACK_OF(X509) * certs,
			int64_t now_ms)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		const X509 *x = sk_X509_value(certs, i);

		bound(k, X509_get0_notBefore(x), now_ms);
		bound(k, X509_get0_notAfter(x), now_ms);
	}
}

static void keep(const struct pki *p, struct kept *k,
		 const struct pki_peer *peer, const STACK_OF(X509) * chain,
		 int64_t now_ms, bool crl_strict, struct pki_verdict verdict)
{
	*k = (struct kept){
	    .generation = p->generation,
	    .crl_strict = crl_strict,
	    .from_ms = INT64_MIN,
	    .until_ms = INT64_MAX,
	    .verdict = verdict,
	};
	memcpy(k->digest, peer->digest, PKI_SHA256);
	bound_certs(k, chain, now_ms);
	bound_certs(k, p->set.ca, now_ms);
	for (int i = 0; i < sk_X509_CRL_num(p->set.crl); i++) {
		const X509_CRL *crl = sk_X509_CRL_value(p->set.crl, i);

		bound(k, X509_CRL_get0_lastUpdate(crl), now_ms);
		bound(k, X509_CRL_get0_nextUpdate(crl), now_ms);
	}
}

/* ---- verifying ----------------------------------------------------- */

static bool has_crl(const struct pki_set *s, const X509 *leaf)
{
	const X509_NAME *issuer = X509_get_issuer_name(leaf);

	for (int i = 0; i < sk_X509_CRL_num(s->crl); i++)
		if (X509_NAME_cmp(
			X509_CRL_get_issuer(sk_X509_CRL_value(s->crl, i)),
			issuer) == 0)
			return true;
	return false;
}

/* Did this key sign the CRL? Which CA of the set did is known since it was
 * loaded, if only one has the name: then there is nothing to compute. */
static bool signed_with(const struct pki_set *s, X509_CRL *crl, EVP_PKEY *key)
{
	const X509_NAME *name = X509_CRL_get_issuer(crl);
	X509 *signer = NULL;
	int named = 0;

	for (int i = 0; i < sk_X509_num(s->ca); i++) {
		X509 *x = sk_X509_value(s->ca, i);

		if (X509_NAME_cmp(X509_get_subject_name(x), name) != 0)
			continue;
		signer = x;
		named++;
	}
	if (named == 1)
		return EVP_PKEY_eq(X509_get0_pubkey(signer), key) == 1;
	return X509_CRL_verify(crl, key) == 1;
}

/* The CRLs that the issuer's own key signed: another CA of the same name, as
 * there is when one gets a new key, speaks for its own certificates alone. */
static STACK_OF(X509_CRL) *
    crls_of_issuer(const X509_STORE_CTX *c, const X509_NAME *name)
{
	const struct pki_set *s = X509_STORE_CTX_get_app_data(c);
	const int at = X509_STORE_CTX_get_error_depth(c) + 1;
	X509 *issuer = sk_X509_value(X509_STORE_CTX_get0_chain(c), at);
	EVP_PKEY *key = issuer ? X509_get0_pubkey(issuer) : NULL;
	STACK_OF(X509_CRL) *found = sk_X509_CRL_new_null();

	for (int i = 0; key && i < sk_X509_CRL_num(s->crl); i++) {
		X509_CRL *crl = sk_X509_CRL_value(s->crl, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), name) == 0 &&
		    signed_with(s, crl, key) && X509_CRL_up_ref(crl))
			sk_X509_CRL_push(found, crl);
	}
	return found;
}

/* Is the issuer of x among them? */
static bool has_issuer(const STACK_OF(X509) * ca, X509 *x)
{
	for (int i = 0; i < sk_X509_num(ca); i++)
		if (X509_check_issued(sk_X509_value(ca, i), x) == X509_V_OK)
			return true;
	return false;
}

X509_STORE *pki_store_new(const STACK_OF(X509) * ca)
{
	X509_STORE *store = X509_STORE_new();
	bool ok = store != NULL;

	for (int i = 0; ok && i < sk_X509_num(ca); i++) {
		X509 *x = sk_X509_value(ca, i);

		ok = X509_STORE_add_cert(store, x) == 1;
		if (ok && !has_issuer(ca, x))
			X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	}
	if (!ok)
		pki_broken("X509_STORE");
	X509_STORE_set_lookup_crls(store, crls_of_issuer);
	ERR_clear_error();
	return store;
}

/* A CRL that is missing or out of date does not end a verification that is not
 * strict; what it lists is found afterwards all the same. */
static int without_crl(int ok, X509_STORE_CTX *c)
{
	const int error = X509_STORE_CTX_get_error(c);

	if (ok || (error != X509_V_ERR_UNABLE_TO_GET_CRL &&
		   error != X509_V_ERR_CRL_NOT_YET_VALID &&
		   error != X509_V_ERR_CRL_HAS_EXPIRED))
		return ok;
	X509_STORE_CTX_set_error(c, X509_V_OK);
	return 1;
}

static int64_t seconds(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}

static int verify(const struct pki_set *s, STACK_OF(X509) * chain,
		  int64_t now_ms, bool crl_strict)
{
	X509 *leaf = sk_X509_value(chain, 0);
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error = X509_V_OK;

	if (!c || X509_STORE_CTX_init(c, s->store, leaf, chain) != 1)
		pki_broken("X509_STORE_CTX");
	param = X509_STORE_CTX_get0_param(c);
	X509_STORE_CTX_set_purpose(c, X509_PURPOSE_SSL_CLIENT);
	X509_VERIFY_PARAM_set_time(param, (time_t)seconds(now_ms));
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	if (has_crl(s, leaf))
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK);
	X509_STORE_CTX_set_app_data(c, (void *)s);
	if (!crl_strict)
		X509_STORE_CTX_set_verify_cb(c, without_crl);
	if (X509_verify_cert(c) != 1) {
		error = X509_STORE_CTX_get_error(c);
		if (error == X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	X509_STORE_CTX_free(c);
	ERR_clear_error();
	return error;
}

/* What came behind the leaf; what is no certificate is as if it had not been
 * sent: a chain that needs it does not verify. */
static void add_rest(STACK_OF(X509) * chain, const struct pki_peer *peer)
{
	for (size_t i = 0; i < peer->rest_n; i++) {
		X509 *x = pki_der_cert(&peer->rest[i]);

		if (x)
			sk_X509_push(chain, x);
	}
}

/* Most leafs verify by what is loaded; the rest of the chain is read for those
 * that do not. */
static int verify_peer(const struct pki_set *s, const struct pki_peer *peer,
		       STACK_OF(X509) * chain, int64_t now_ms, bool crl_strict)
{
	int error;

	if (!chain || X509_up_ref(peer->leaf) != 1)
		pki_broken("sk_X509_new_reserve");
	sk_X509_push(chain, peer->leaf);
	error = verify(s, chain, now_ms, crl_strict);
	if (error == X509_V_OK || peer->rest_n == 0)
		return error;
	add_rest(chain, peer);
	return verify(s, chain, now_ms, crl_strict);
}

struct pki_verdict pki_verify(struct pki *p, const struct pki_peer *peer,
			      int64_t now_ms, bool crl_strict)
{
	struct kept *k = place(p, peer);
	STACK_OF(X509) * chain;
	int error;

	if (!p->set.store) /* nothing is loaded, nobody believed */
		return verdict_of(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	if (stands(k, p, peer, now_ms, crl_strict))
		return k->verdict;
	chain = sk_X509_new_reserve(NULL, PKI_CHAIN);
	error = verify_peer(&p->set, peer, chain, now_ms, crl_strict);
	keep(p, k, peer, chain, now_ms, crl_strict, verdict_of(error));
	sk_X509_pop_free(chain, X509_free);
	return k->verdict;
}
