/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: a chain that somebody presented, and what its leaf says.
 *
 * Everything in it is a stranger's. The number of certificates and of bytes is
 * capped before anything is parsed. The leaf has to be a certificate; the
 * others are kept as bytes until a verification needs them. Texts are copied
 * into the peer's arena, in UTF-8, with NUL and control characters escaped: a
 * name "app.example.fi\0.evil.example" never becomes a shorter one, and nothing
 * of it can write a line of the log (pki_clean_text()).
 *
 * Two digests: the leaf's thumbprint over the bytes that were presented
 * (x5t#S256, RFC 8705 3.1), and one over all of them, by which a verdict is
 * remembered (verify.c).
 *
 * Reading a certificate is dearer than a signature: OpenSSL 3 looks for a
 * decoder of its key every time. So pki_peer_again() hands out one that it has,
 * which lives until its last holder is gone.
 *
 * The class is read from the issuer's name, as the issuing CAs of wellbeing
 * applications and of social welfare and health care are told apart by nothing
 * else (facts: 13).
 */
#include "pki/pki_int.h"

#include "jose/jose.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

/* Parts of issuers' names, without regard to case. */
static const char *const sote_issuers[] = {
    "social welfare and health",
    "sosiaali- ja tervey",
};

static void sha256(unsigned char out[PKI_SHA256], const void *p, size_t n)
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) != 1)
		pki_broken("SHA-256");
}

static char *string_text(struct arena *a, const ASN1_STRING *s)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, s);
	char *out;

	if (n < 0)
		return pki_clean_text(a, ASN1_STRING_get0_data(s),
				      (size_t)ASN1_STRING_length(s));
	out = pki_clean_text(a, utf8, (size_t)n);
	OPENSSL_free(utf8);
	return out;
}

/* Subject serialNumber: only when there is one alone (facts: 5.2). */
static void read_subject_number(struct pki_peer *peer)
{
	const X509_NAME *name = X509_get_subject_name(peer->leaf);
	struct pki_info *info = &peer->info;
	int at = -1, first = -1;

	for (;;) {
		at = X509_NAME_get_index_by_NID(name, NID_serialNumber, at);
		if (at < 0)
			break;
		if (info->subject_serial_numbers++ == 0)
			first = at;
	}
	if (info->subject_serial_numbers == 1)
		info->subject_serial_number = string_text(
		    peer->arena,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
}

static const char *curve_name(struct arena *a, const EVP_PKEY *key)
{
	char group[64];
	size_t n;
	const char *nist;

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1)
		return "of no named curve";
	nist = EC_curve_nid2nist(OBJ_txt2nid(group));
	return nist ? nist
		    : pki_clean_text(a, (unsigned char *)group, strlen(group));
}

static const char *key_text(struct arena *a, X509 *leaf)
{
	const EVP_PKEY *key = X509_get0_pubkey(leaf);
	int type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	if (type == EVP_PKEY_RSA)
		return arena_printf(a, "RSA %d", EVP_PKEY_get_bits(key));
	if (type == EVP_PKEY_RSA_PSS)
		return arena_printf(a, "RSA-PSS %d", EVP_PKEY_get_bits(key));
	if (type == EVP_PKEY_EC)
		return arena_cat(a, "EC ", curve_name(a, key), NULL);
	if (type == EVP_PKEY_ED25519)
		return "Ed25519";
	return type == EVP_PKEY_ED448 ? "Ed448" : "of an unknown kind";
}

static enum pki_class class_of(const char *issuer)
{
	for (size_t i = 0; i < LEN(sote_issuers); i++)
		if (strcasestr(issuer, sote_issuers[i]))
			return PKI_SOTE;
	return PKI_WELLBEING;
}

/* ---- subjectAltName ------------------------------------------------ */

static const char *address_text(struct arena *a, const ASN1_STRING *s)
{
	const int family = ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6;
	char out[INET6_ADDRSTRLEN];

	if (family == AF_INET6 && ASN1_STRING_length(s) != 16)
		return NULL;
	if (!inet_ntop(family, ASN1_STRING_get0_data(s), out, sizeof(out)))
		return NULL;
	return arena_strdup(a, out);
}

/* The names of one kind; what is no name of it is left out. */
static struct pki_names names_of(struct arena *a, const GENERAL_NAMES *all,
				 int kind)
{
	const int count = sk_GENERAL_NAME_num(all);
	const char **v;
	size_t n = 0;

	if (count <= 0)
		return (struct pki_names){0};
	v = arena_alloc(a, (size_t)count * sizeof(*v));
	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
		const ASN1_STRING *s = g->d.ia5; /* or d.ip: the same */

		if (g->type != kind)
			continue;
		v[n] =
		    kind == GEN_IPADD ? address_text(a, s) : string_text(a, s);
		n += v[n] != NULL;
	}
	return (struct pki_names){.v = v, .n = n};
}

static void read_alternatives(struct pki_peer *peer)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(peer->leaf, NID_subject_alt_name, NULL, NULL);
	struct pki_info *info = &peer->info;

	info->dns = names_of(peer->arena, all, GEN_DNS);
	info->uri = names_of(peer->arena, all, GEN_URI);
	info->ip = names_of(peer->arena, all, GEN_IPADD);
	info->email = names_of(peer->arena, all, GEN_EMAIL);
	GENERAL_NAMES_free(all);
}

/* ---- the chain ----------------------------------------------------- */

static void read_leaf(struct pki_peer *peer, const struct octets *der)
{
	struct pki_info *info = &peer->info;
	struct arena *a = peer->arena;
	unsigned char digest[PKI_SHA256];

	info->subject = pki_name_text(a, X509_get_subject_name(peer->leaf));
	info->issuer = pki_name_text(a, X509_get_issuer_name(peer->leaf));
	info->number = pki_number_text(a, X509_get0_serialNumber(peer->leaf));
	read_subject_number(peer);
	info->key = key_text(a, peer->leaf);
	info->class = class_of(info->issuer);
	if (!pki_time_ms(X509_get0_notBefore(peer->leaf), &info->not_before_ms))
		info->not_before_ms = 0;
	if (!pki_time_ms(X509_get0_notAfter(peer->leaf), &info->not_after_ms))
		info->not_after_ms = 0;
	sha256(digest, der->p, der->n);
	memcpy(info->thumbprint, jose_b64url(a, digest, sizeof(digest)),
	       PKI_THUMBPRINT);
	read_alternatives(peer);
	ERR_clear_error();
}

/* How many of them are looked at. */
static size_t capped(const struct octets *chain, size_t n)
{
	size_t bytes = 0, i = 0;

	while (i < n && i < PKI_CHAIN && chain[i].n <= PKI_CHAIN_BYTES - bytes)
		bytes += chain[i++].n;
	return i;
}

/* Over the digests, so that where one ends counts too. */
static void digest_chain(unsigned char out[PKI_SHA256],
			 const struct octets *chain, size_t n)
{
	unsigned char each[PKI_CHAIN][PKI_SHA256];

	for (size_t i = 0; i < n; i++)
		sha256(each[i], chain[i].p, chain[i].n);
	sha256(out, each, n * PKI_SHA256);
}

static struct octets copy_of(struct arena *a, const struct octets *o)
{
	return (struct octets){
	    .p = (unsigned char *)arena_strndup(a, (const char *)o->p, o->n),
	    .n = o->n,
	};
}

struct pki_peer *pki_peer_new(const struct octets *chain, size_t n,
			      struct err *e)
{
	const size_t all = capped(chain, n);
	X509 *leaf = all > 0 ? pki_der_cert(&chain[0]) : NULL;
	struct arena *a;
	struct pki_peer *peer;

	if (!leaf) {
		err_set(e, ERR_INVALID, "certificate", NULL,
			"what was presented is no X.509 certificate in DER, or "
			"is larger than %u bytes",
			PKI_CHAIN_BYTES);
		return NULL;
	}
	a = arena_new(4096);
	peer = arena_alloc(a, sizeof(*peer));
	peer->arena = a;
	peer->holders = 1;
	peer->leaf = leaf;
	for (size_t i = 1; i < all; i++)
		peer->rest[peer->rest_n++] = copy_of(a, &chain[i]);
	digest_chain(peer->digest, chain, all);
	read_leaf(peer, &chain[0]);
	return peer;
}

struct pki_peer *pki_peer_again(struct pki *p, const struct octets *chain,
				size_t n, struct err *e)
{
	unsigned char digest[PKI_SHA256];
	struct pki_peer **at;

	digest_chain(digest, chain, capped(chain, n));
	at = &p->recent[digest[0] % PKI_RECENT];
	if (!*at || memcmp((*at)->digest, digest, PKI_SHA256) != 0) {
		struct pki_peer *fresh = pki_peer_new(chain, n, e);

		if (!fresh)
			return NULL;
		pki_peer_free(*at);
		*at = fresh;
	}
	(*at)->holders++;
	return *at;
}

struct pki_peer *pki_peer_read(const char *pem, struct err *e)
{
	struct arena *a = arena_new(0);
	struct pki_peer *peer = NULL;
	const char *why;
	size_t n;
	struct octets *v =
	    pki_pem_blocks(a, pem, PEM_STRING_X509, PKI_CHAIN, &n, &why);

	if (v)
		peer = pki_peer_new(v, n, e);
	else
		err_set(e, ERR_INVALID, "certificate", NULL,
			"no certificate can be read: %s", why);
	arena_free(a);
	return peer;
}

void pki_peer_free(struct pki_peer *peer)
{
	if (!peer || --peer->holders > 0)
		return;
	X509_free(peer->leaf);
	arena_free(peer->arena);
}

const struct pki_info *pki_peer_info(const struct pki_peer *peer)
{
	return &peer->info;
}

bool pki_peer_subject_is(const struct pki_peer *peer, const char *dn)
{
	X509_NAME *name = pki_name_parse(dn);
	bool same =
	    name && X509_NAME_cmp(X509_get_subject_name(peer->leaf), name) == 0;

	X509_NAME_free(name);
	return same;
}
