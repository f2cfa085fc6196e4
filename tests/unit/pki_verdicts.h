/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of pki: whom to believe. The matrix of certificates, CAs, CRLs and
 * times, and that a verdict that is kept is the one that would be found.
 */
#ifndef PKI_VERDICTS_H
#define PKI_VERDICTS_H

#include "pki_world.h"

#define CLIENT "clientAuth"

#define NO_USE ""
#define NOBODY BIT(31)

/* What is asked, and the answer. Unless said otherwise, a leaf is for clients
 * and by the issuing CA, its chain is not sent, and the tree is trusted. crl:
 * by which CA, from and to which day, and whether it lists the leaf. */
struct verdict_row {
	const char *name;
	struct form leaf;
	enum test_ca by;
	unsigned sent, trusted; /* bits of CAs */
	struct {
		enum test_ca by;
		int from, to; /* both 0: there is none */
		bool lists;
	} crl;
	bool strict;
	int day;
	int error, alert;
};

#define TREE (BIT(ROOT) | BIT(ICA) | BIT(SOTE))

/* clang-format off */
static const struct verdict_row verdict_rows[] = {
    /* chains */
    {"good", .sent = BIT(ICA)},
    {"nothing sent", .day = 0},
    {"root sent too", .sent = BIT(ICA) | BIT(ROOT)},
    {"root alone known", .sent = BIT(ICA), .trusted = BIT(ROOT)},
    {"root alone known, nothing sent", .trusted = BIT(ROOT), .error = 20,
     .alert = 48},
    {"issuing CA alone known", .trusted = BIT(ICA)},
    {"issuing CA alone known, sent", .sent = BIT(ICA) | BIT(ROOT),
     .trusted = BIT(ICA)},
    {"another issuing CA alone known", .sent = BIT(ICA), .trusted = BIT(SOTE),
     .error = 20, .alert = 48},
    {"one tree's root, another's issuing CA", .by = OTHER_ICA,
     .trusted = BIT(ROOT) | BIT(OTHER_ICA)},
    {"sent in disorder and with strangers",
     .sent = BIT(ROOT) | BIT(ICA) | BIT(OTHER_ICA) | BIT(OLD_ICA),
     .trusted = BIT(ROOT)},
    {"of the other class", .by = SOTE, .sent = BIT(SOTE)},
    {"by the root itself", .by = ROOT},
    /* strangers */
    {"other CA", .by = OTHER_ICA, .error = 20, .alert = 48},
    {"other CA, its root sent", .by = OTHER_ICA,
     .sent = BIT(OTHER_ICA) | BIT(OTHER_ROOT), .error = 19, .alert = 48},
    {"other CA, the chain ends early", .by = OTHER_ICA, .sent = BIT(OTHER_ICA),
     .error = 20, .alert = 48},
    {"self-signed", .by = ITSELF, .error = 18, .alert = 48},
    {"a CA of the same name", .by = SAME_NAME, .error = 20, .alert = 48},
    {"nobody trusted", .sent = BIT(ICA), .trusted = NOBODY, .error = 20,
     .alert = 48},
    /* time */
    {"the first day", .leaf = {.from = 0, .to = 30}},
    {"the day before", .leaf = {.from = 0, .to = 30}, .day = -1, .error = 9,
     .alert = 45},
    {"the last day", .leaf = {.from = 0, .to = 30}, .day = 29},
    {"the day after", .leaf = {.from = 0, .to = 30}, .day = 30, .error = 10,
     .alert = 45},
    {"400 days later", .day = 400, .error = 10, .alert = 45},
    {"years back", .day = -20000, .error = 9, .alert = 45},
    {"centuries on", .day = 200000, .error = 10, .alert = 45},
    {"the issuing CA has expired", .by = OLD_ICA, .sent = BIT(OLD_ICA),
     .error = 10, .alert = 45},
    {"the issuing CA had not expired", .by = OLD_ICA, .sent = BIT(OLD_ICA),
     .day = -11},
    {"an issuing CA that is known has expired", .by = OLD_ICA,
     .trusted = TREE | BIT(OLD_ICA), .error = 10, .alert = 45},
    /* purpose */
    {"no extended key usage", .leaf = {.eku = NO_USE}},
    {"both usages", .leaf = {.eku = "serverAuth,clientAuth"}},
    {"servers alone", .leaf = {.eku = "serverAuth"}, .error = 26, .alert = 43},
    {"keys may not sign", .leaf = {.usage = "critical,keyAgreement"}},
    {"keys may do nothing of use", .leaf = {.usage = "critical,cRLSign"},
     .error = 26, .alert = 43},
    {"issued by who is no CA", .by = NO_CA, .sent = BIT(NO_CA), .error = 79,
     .alert = 48},
    {"a CA too deep", .by = BELOW_ICA, .sent = BIT(BELOW_ICA) | BIT(SHORT_ICA),
     .error = 25, .alert = 42},
    /* strength */
    {"RSA 2048", .leaf = {.key = RSA2K}},
    {"Ed25519", .leaf = {.key = ED}},
    {"RSA 1024", .leaf = {.key = RSA1K}, .error = 66, .alert = 42},
    {"EC P-192", .leaf = {.key = EC192}, .error = 66, .alert = 42},
    {"a CA of RSA 1024", .by = WEAK_ICA, .sent = BIT(WEAK_ICA), .error = 67,
     .alert = 42},
    {"SHA-1", .leaf = {.md = EVP_sha1}, .error = 68, .alert = 42},
    {"SHA-224", .leaf = {.md = EVP_sha224}},
    {"SHA-512", .leaf = {.md = EVP_sha512}},
    /* revocation */
    {"an empty CRL", .crl = {ICA, -3, 27, false}},
    {"revoked", .crl = {ICA, -3, 27, true}, .error = 23, .alert = 44},
    {"revoked, asked strictly", .crl = {ICA, -3, 27, true}, .strict = true,
     .error = 23, .alert = 44},
    {"revoked and known by its issuing CA", .trusted = BIT(ICA),
     .crl = {ICA, -3, 27, true}, .error = 23, .alert = 44},
    {"CRL out of date", .crl = {ICA, -3, 27, false}, .day = 40},
    {"CRL out of date, strictly", .crl = {ICA, -3, 27, false}, .strict = true,
     .day = 40, .error = 12, .alert = 80},
    {"CRL not yet in force", .crl = {ICA, 3, 27, false}},
    {"CRL not yet in force, strictly", .crl = {ICA, 3, 27, false},
     .strict = true, .error = 11, .alert = 80},
    {"revoked by a CRL out of date", .crl = {ICA, -3, 27, true}, .day = 40,
     .error = 23, .alert = 44},
    {"revoked by a CRL not yet in force", .crl = {ICA, 3, 27, true},
     .error = 23, .alert = 44},
    {"expired, revoked, CRL out of date", .crl = {ICA, -3, 27, true},
     .day = 400, .error = 23, .alert = 44},
    {"another CA's CRL", .crl = {SOTE, -3, 27, true}},
    {"another CA's CRL, strictly", .crl = {SOTE, -3, 27, true},
     .strict = true},
    {"the root's CRL", .crl = {ROOT, -3, 27, true}},
    {"the CRL of a CA of the same name", .trusted = TREE | BIT(SAME_NAME),
     .crl = {SAME_NAME, -3, 27, true}},
    {"revoked, by one of two CAs of the same name", .by = SAME_NAME,
     .trusted = TREE | BIT(SAME_NAME), .crl = {SAME_NAME, -3, 27, true},
     .error = 23, .alert = 44},
    {"the CRL of the one, a leaf of the other that was sent", .by = SAME_NAME,
     .sent = BIT(SAME_NAME), .crl = {ICA, -3, 27, true}},
    {"the same, strictly", .by = SAME_NAME, .sent = BIT(SAME_NAME),
     .crl = {ICA, -3, 27, true}, .strict = true, .error = 3, .alert = 80},
};
/* clang-format on */

static X509 *row_leaf(struct world *w, const struct verdict_row *r)
{
	struct form f = r->leaf;

	f.cn = "app.example.fi";
	if (!f.eku)
		f.eku = CLIENT;
	else if (strcmp(f.eku, NO_USE) == 0)
		f.eku = NULL;
	return leaf_of(w, &f, r->by);
}

static struct pki *row_pki(struct world *w, const struct verdict_row *r,
			   const X509 *leaf)
{
	const X509 *listed = r->crl.lists ? leaf : NULL;
	const char *crl = NULL;

	if (r->crl.to != 0)
		crl = crl_of(w, r->crl.by, r->crl.from, r->crl.to, listed);
	return trusting(w, r->trusted ? r->trusted : TREE, crl);
}

static void every_row_has_its_verdict(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LEN(verdict_rows); i++) {
		const struct verdict_row *r = &verdict_rows[i];
		X509 *leaf = row_leaf(w, r);
		struct pki *p = row_pki(w, r, leaf);
		struct pki_peer *peer = present(w, leaf, r->sent);
		const int64_t now = DAY0 + r->day * DAY_MS;
		struct pki_verdict v = pki_verify(p, peer, now, r->strict);

		if (v.error != r->error || v.alert != r->alert)
			fail_msg("%s: error %d (%s), alert %d", r->name,
				 v.error, v.text, v.alert);
		assert_non_null(v.text);
		assert_string_equal(v.text,
				    pki_verify(p, peer, now, r->strict).text);
		pki_peer_free(peer);
		pki_free(p);
		X509_free(leaf);
	}
}

/* One pki is asked in a row, first leniently, then strictly; another one only
 * that: they agree. */
static void kept_verdicts_are_those_that_would_be_found(void **state)
{
	static const int days[] = {
	    0,	 -1,  26,  27,	 28,   0, -3,	-4,    -9,    -10, -11, 40, 299,
	    300, 299, 400, -100, -101, 0, 2000, -1000, -1001, 29,  30,	26, 0};
	struct world *w = *state;

	for (size_t i = 0; i < LEN(verdict_rows); i++) {
		const struct verdict_row *r = &verdict_rows[i];
		X509 *leaf = row_leaf(w, r);
		struct pki *p = row_pki(w, r, leaf);
		struct pki_peer *peer = present(w, leaf, r->sent);

		for (size_t d = 0; d < 2 * LEN(days); d++) {
			const int day = days[d % LEN(days)];
			const bool strict = d >= LEN(days);
			const int64_t now = DAY0 + day * DAY_MS - d % 3 / 2;
			struct pki *fresh = row_pki(w, r, leaf);
			int want = pki_verify(fresh, peer, now, strict).error;
			int got = pki_verify(p, peer, now, strict).error;

			if (got != want)
				fail_msg("%s: day %d: kept %d, found %d",
					 r->name, day, got, want);
			pki_free(fresh);
		}
		pki_peer_free(peer);
		pki_free(p);
		X509_free(leaf);
	}
}

/* Loading is what changes the answer, not the certificate. */
static void a_load_ends_what_was_kept(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = CLIENT};
	X509 *leaf = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, TREE, NULL);
	struct pki_peer *peer = present(w, leaf, 0);
	const uint64_t before = pki_generation(p);
	struct pki_texts t = *pki_texts(p);

	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 0);
	t.crl = crl_of(w, ICA, -3, 27, leaf);
	assert_true(pki_load(p, &t, &w->err));
	assert_true(pki_generation(p) > before);
	assert_string_equal(pki_texts(p)->crl, t.crl);
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 23);
	t.crl = NULL;
	t.ca = pem_of_cas(w, BIT(OTHER_ROOT));
	assert_true(pki_load(p, &t, &w->err));
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 20);
	pki_peer_free(peer);
	pki_free(p);
	X509_free(leaf);
}

/* The same leaf with another chain is another question. */
static void verdicts_are_of_the_whole_chain(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = CLIENT};
	X509 *leaf = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, BIT(ROOT), NULL);
	struct pki_peer *bare = present(w, leaf, 0);
	struct pki_peer *whole = present(w, leaf, BIT(ICA));

	for (int i = 0; i < 3; i++) {
		assert_int_equal(pki_verify(p, bare, DAY0, false).error, 20);
		assert_int_equal(pki_verify(p, whole, DAY0, false).error, 0);
	}
	pki_peer_free(bare);
	pki_peer_free(whole);
	pki_free(p);
	X509_free(leaf);
}

/* More chains than can be kept, each asked again and again. */
static void a_full_table_mixes_nothing_up(void **state)
{
	enum { MANY = 600 };
	struct world *w = *state;
	struct pki *p = trusting(w, TREE, NULL);
	struct pki_peer *peers[MANY];

	for (int i = 0; i < MANY; i++) {
		const struct form f = {.cn = "a",
				       .from = i % 3 == 1 ? 10 : -10,
				       .to = i % 3 == 2 ? -5 : 20,
				       .eku = CLIENT};
		X509 *leaf = leaf_of(w, &f, ICA);

		peers[i] = present(w, leaf, 0);
		X509_free(leaf);
	}
	for (int i = 0; i < 2 * MANY; i++)
		assert_int_equal(
		    pki_verify(p, peers[i % MANY], DAY0, false).error,
		    i % MANY % 3 == 0	? 0
		    : i % MANY % 3 == 1 ? 9
					: 10);
	for (int i = 0; i < MANY; i++)
		pki_peer_free(peers[i]);
	pki_free(p);
}

/* A bit of the signature is another one. */
static void a_wrong_signature_is_seen(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = CLIENT};
	X509 *leaf = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, TREE, NULL);
	struct octets der = der_of(w->arena, leaf);
	unsigned char *end = (unsigned char *)der.p + der.n - 1;
	struct pki_peer *peer;
	struct pki_verdict v;

	*end ^= 1;
	peer = pki_peer_new(&der, 1, &w->err);
	assert_non_null(peer);
	v = pki_verify(p, peer, DAY0, false);
	assert_int_equal(v.error, 7);
	assert_int_equal(v.alert, 42);
	pki_peer_free(peer);
	pki_free(p);
	X509_free(leaf);
}

/* A chain of CAs, the last of them by the root: how many may there be? */
static int verdict_of_long_chain(struct world *w, int cas)
{
	const struct form ca = {
	    .cn = "MOCK Link", EC256, -50, 50, CA_BASIC, CA_USAGE};
	const struct form f = {"a", .eku = CLIENT};
	struct octets chain[2 * PKI_CHAIN];
	struct pair by = w->ca[ROOT];
	struct pki *p = trusting(w, BIT(ROOT), NULL);
	X509 *made[2 * PKI_CHAIN], *leaf;
	struct pki_peer *peer;
	int error;

	for (int i = 0; i < cas; i++) {
		struct form one = ca;

		one.cn = arena_printf(w->arena, "MOCK Link %d", i);
		made[i] = cert_of(w, w->keys[EC256], &one, &by);
		by = (struct pair){made[i], w->keys[EC256]};
		chain[cas - i] = der_of(w->arena, made[i]);
	}
	leaf = cert_of(w, w->keys[EC256], &f, &by);
	chain[0] = der_of(w->arena, leaf);
	peer = pki_peer_new(chain, (size_t)cas + 1, &w->err);
	error = pki_verify(p, peer, DAY0, false).error;
	pki_peer_free(peer);
	for (int i = 0; i < cas; i++)
		X509_free(made[i]);
	X509_free(leaf);
	pki_free(p);
	return error;
}

static void chains_end_at_their_cap(void **state)
{
	assert_int_equal(verdict_of_long_chain(*state, 1), 0);
	assert_int_equal(verdict_of_long_chain(*state, PKI_CHAIN - 1), 0);
	assert_int_equal(verdict_of_long_chain(*state, PKI_CHAIN), 20);
	assert_int_equal(verdict_of_long_chain(*state, PKI_CHAIN + 5), 20);
}

static void without_a_load_nobody_is_believed(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = CLIENT};
	X509 *leaf = leaf_of(w, &f, ICA);
	struct pki *p = pki_new();
	struct pki_peer *peer = present(w, leaf, BIT(ICA) | BIT(ROOT));

	assert_int_equal(pki_generation(p), 0);
	assert_null(pki_texts(p)->ca);
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 20);
	assert_int_equal(pki_verify(p, peer, DAY0, false).alert, 48);
	pki_peer_free(peer);
	pki_free(p);
	X509_free(leaf);
}

#endif
