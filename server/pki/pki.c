/* SPDX-License-Identifier: Apache-2.0
 *
 * pki: what is loaded. Texts come in; what they say is parsed, and whether they
 * go together is checked, into a set of its own that takes the old one's place
 * only when all of it is right. So a bad file at a reload changes nothing.
 *
 * Checked: each text has what it should have, a key belongs to its certificate,
 * a CRL is signed by one of the CAs. Not checked: dates; whether something is
 * valid depends on the mock's clock, which moves (verify.c).
 */
#include "pki/pki_int.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

struct pki *pki_new(void)
{
	struct arena *a = arena_new(4096);
	struct pki *p = arena_alloc(a, sizeof(*p));

	p->arena = a;
	p->cache = pki_cache_new();
	return p;
}

static void set_fini(struct pki_set *s)
{
	for (size_t i = 0; i < PKI_CAS; i++) {
		X509_free(s->issuer[i].cert);
		EVP_PKEY_free(s->issuer[i].key);
	}
	X509_STORE_free(s->store);
	sk_X509_CRL_pop_free(s->crl, X509_CRL_free);
	sk_X509_pop_free(s->ca, X509_free);
	arena_free(s->crl_arena);
	arena_free(s->arena);
}

void pki_free(struct pki *p)
{
	if (!p)
		return;
	set_fini(&p->set);
	pki_cache_free(p->cache);
	for (size_t i = 0; i < PKI_RECENT; i++)
		pki_peer_free(p->recent[i]);
	arena_free(p->arena);
}

/* ---- what belongs together ----------------------------------------- */

/* The certificate and its key, both given. The first of several is meant. */
static bool read_pair(const char *cert_pem, const char *key_pem,
		      const char *where_cert, const char *where_key,
		      struct pki_issuer *out, struct err *e)
{
	const char *why;
	STACK_OF(X509) *certs = pki_pem_certs(cert_pem, &why);

	if (!certs)
		return err_set(e, ERR_INVALID, "pki", where_cert,
			       "no certificate can be read: %s", why);
	out->cert = sk_X509_shift(certs);
	sk_X509_pop_free(certs, X509_free);
	out->key = pki_pem_key(key_pem);
	if (!out->key)
		return err_set(e, ERR_INVALID, "pki", where_key,
			       "it is no private key in PEM, or one with a "
			       "password: give it without");
	if (X509_check_private_key(out->cert, out->key) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_INVALID, "pki", where_key,
			       "it is not the key of the certificate (the "
			       "first one in the text, if there are several)");
	}
	return true;
}

static bool check_server(const struct pki_texts *t, struct err *e)
{
	struct pki_issuer pair = {0};
	bool ok;

	if (!t->server_cert && !t->server_key)
		return true;
	if (!t->server_cert || !t->server_key)
		return err_set(e, ERR_INVALID, "pki",
			       t->server_cert ? "server_key" : "server_cert",
			       "a server's certificate and its key come "
			       "together; this one is missing");
	ok = read_pair(t->server_cert, t->server_key, "server_cert",
		       "server_key", &pair, e);
	X509_free(pair.cert);
	EVP_PKEY_free(pair.key);
	return ok;
}

static bool read_issuers(struct pki_set *s, const struct pki_texts *t,
			 struct err *e)
{
	static const char *const names[] = {"issuer[0]", "issuer[1]",
					    "issuer[2]", "issuer[3]",
					    "issuer[4]", "issuer[5]"};

	for (size_t i = 0; i < PKI_CAS; i++) {
		const char *cert = t->issuer[2 * i];
		const char *key = t->issuer[2 * i + 1];

		if (!cert && !key)
			continue;
		if (!cert || !key)
			return err_set(e, ERR_INVALID, "pki",
				       names[2 * i + (cert != NULL)],
				       "a CA's certificate and its key come "
				       "together; this one is missing");
		if (!read_pair(cert, key, names[2 * i], names[2 * i + 1],
			       &s->issuer[i], e))
			return false;
	}
	return true;
}

/* ---- whom to believe ----------------------------------------------- */

static bool signed_by(const STACK_OF(X509) * ca, X509_CRL *crl)
{
	const X509_NAME *issuer = X509_CRL_get_issuer(crl);

	for (int i = 0; i < sk_X509_num(ca); i++) {
		X509 *x = sk_X509_value(ca, i);
		EVP_PKEY *key = X509_get0_pubkey(x);

		if (key &&
		    X509_NAME_cmp(X509_get_subject_name(x), issuer) == 0 &&
		    X509_CRL_verify(crl, key) == 1)
			return true;
	}
	return false;
}

/* The CRLs of a text, NULL: an empty list; NULL with e set. */
static STACK_OF(X509_CRL) *
    read_crls(const STACK_OF(X509) * ca, const char *pem, struct err *e)
{
	const char *why = "";
	STACK_OF(X509_CRL) *crls =
	    pem ? pki_pem_crls(pem, &why) : sk_X509_CRL_new_null();

	if (!crls)
		err_set(e, ERR_INVALID, "pki", "crl", "no CRL can be read: %s",
			why);
	for (int i = 0; crls && i < sk_X509_CRL_num(crls); i++) {
		if (signed_by(ca, sk_X509_CRL_value(crls, i)))
			continue;
		err_set(e, ERR_INVALID, "pki", "crl",
			"CRL %d is not signed by any of the CAs: add the "
			"certificate of its issuer to them",
			i + 1);
		sk_X509_CRL_pop_free(crls, X509_CRL_free);
		crls = NULL;
	}
	ERR_clear_error();
	return crls;
}

/* ---- loading ------------------------------------------------------- */

static const char *copy(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static void copy_texts(struct pki_set *s, const struct pki_texts *t)
{
	s->arena = arena_new(0);
	s->crl_arena = arena_new(0);
	s->texts.server_cert = copy(s->arena, t->server_cert);
	s->texts.server_key = copy(s->arena, t->server_key);
	s->texts.ca = copy(s->arena, t->ca);
	s->texts.crl = copy(s->crl_arena, t->crl);
	for (size_t i = 0; i < LEN(t->issuer); i++)
		s->texts.issuer[i] = copy(s->arena, t->issuer[i]);
}

static bool read_trust(struct pki_set *s, const struct pki_texts *t,
		       struct err *e)
{
	const char *why = "";

	s->ca = t->ca ? pki_pem_certs(t->ca, &why) : sk_X509_new_null();
	if (!s->ca)
		return err_set(e, ERR_INVALID, "pki", "ca",
			       "no certificate can be read: %s", why);
	s->crl = read_crls(s->ca, t->crl, e);
	if (!s->crl)
		return false;
	s->store = pki_store_new(s->ca);
	return true;
}

/* Takes over what s holds. t may be the old texts: they are copied before these
 * end. */
static void replace(struct pki *p, struct pki_set *s, const struct pki_texts *t)
{
	copy_texts(s, t);
	set_fini(&p->set);
	p->set = *s;
	p->generation++;
}

bool pki_load(struct pki *p, const struct pki_texts *t, struct err *e)
{
	struct pki_set s = {0};

	if (!check_server(t, e) || !read_trust(&s, t, e) ||
	    !read_issuers(&s, t, e)) {
		set_fini(&s);
		return false;
	}
	replace(p, &s, t);
	return true;
}

void pki_adopt(struct pki *p, const struct pki_texts *t,
	       const struct pki_issuer issuer[PKI_CAS])
{
	struct err e = {.kind = ERR_NONE};
	struct pki_set s = {0};
	bool ok = read_trust(&s, t, &e);

	assert(ok);
	(void)ok;
	memcpy(s.issuer, issuer, sizeof(s.issuer));
	replace(p, &s, t);
}

bool pki_set_crl(struct pki *p, const char *pem, struct err *e)
{
	struct pki_set *s = &p->set;
	STACK_OF(X509_CRL) *crls = read_crls(s->ca, pem, e);
	struct arena *a;

	if (!crls)
		return false;
	a = arena_new(0);
	s->texts.crl = arena_strdup(a, pem);
	arena_free(s->crl_arena);
	s->crl_arena = a;
	sk_X509_CRL_pop_free(s->crl, X509_CRL_free);
	s->crl = crls;
	p->generation++;
	return true;
}

const struct pki_texts *pki_texts(const struct pki *p)
{
	return &p->set.texts;
}

uint64_t pki_generation(const struct pki *p)
{
	return p->generation;
}
