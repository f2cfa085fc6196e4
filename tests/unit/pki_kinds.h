/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of pki: the CA for rehearsals. Every kind says what it is made to say
 * and has its verdict, whatever the clock shows.
 */
#ifndef PKI_KINDS_H
#define PKI_KINDS_H

#include "pki_world.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#define YEAR_MS (365 * DAY_MS)

/* What is expected of each kind. */
struct kind_row {
	const char *name;
	int error, alert;
	int after_400_days;
	const char *oid; /* NULL: none, or more than one */
	size_t oids;
	size_t chain; /* certificates in the text */
	const char *key;
	enum pki_class class;
};

#define OID1 "1.2.246.10.99999999.99.1"
#define OID2 "1.2.246.10.99999999.99.2"
#define OID9 "1.2.246.10.99999999.99.99"

static const struct kind_row kind_rows[] = {
    {"wellbeing", 0, 0, 10, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"wellbeing-nochain", 0, 0, 10, OID1, 1, 1, "EC P-256", PKI_WELLBEING},
    {"wellbeing-both", 0, 0, 10, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"wellbeing-noeku", 0, 0, 10, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"wellbeing-rsa", 0, 0, 10, OID1, 1, 2, "RSA 2048", PKI_WELLBEING},
    {"sote", 0, 0, 10, OID2, 1, 2, "EC P-256", PKI_SOTE},
    {"expired", 10, 45, 10, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"future", 9, 45, 10, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"revoked", 23, 44, 23, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"wrong-eku", 26, 43, 26, OID1, 1, 2, "EC P-256", PKI_WELLBEING},
    {"other-ca", 20, 48, 20, OID1, 1, 1, "EC P-256", PKI_WELLBEING},
    {"self-signed", 18, 48, 18, OID1, 1, 1, "EC P-256", PKI_WELLBEING},
    {"wrong-oid", 0, 0, 10, OID9, 1, 2, "EC P-256", PKI_WELLBEING},
    {"wrong-app", 0, 0, 10, OID2, 1, 2, "EC P-256", PKI_WELLBEING},
    {"no-oid", 0, 0, 10, NULL, 0, 2, "EC P-256", PKI_WELLBEING},
    {"two-oids", 0, 0, 10, NULL, 2, 2, "EC P-256", PKI_WELLBEING},
    {"weak-key", 66, 42, 66, OID1, 1, 2, "RSA 1024", PKI_WELLBEING},
};

static struct pki *made_at(int64_t now_ms, bool rsa)
{
	static const char *const host[] = {"phr.test", "10.1.2.3"};
	const struct pki_own own = {
	    .now_ms = now_ms,
	    .real_ms = DAY0,
	    .host = host,
	    .host_count = LEN(host),
	    .rsa = rsa,
	};
	struct pki *p = pki_new();

	pki_make(p, &own);
	return p;
}

/* Issued; the peer as a client with that file would show itself. */
static struct pki_peer *issue(struct world *w, struct pki *p, const char *kind,
			      int64_t now_ms, struct pki_issued *out)
{
	const struct pki_order o = {.kind = pki_kind_find(kind),
				    .now_ms = now_ms};
	struct pki_peer *peer;

	assert_non_null(o.kind);
	if (!pki_issue(p, w->arena, &o, out, &w->err))
		fail_msg("%s: %s", kind, w->err.text);
	peer = pki_peer_read(out->cert, &w->err);
	assert_non_null(peer);
	return peer;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static void check_says(const struct kind_row *r, const struct pki_peer *peer,
		       const struct pki_issued *c)
{
	const struct pki_info *info = pki_peer_info(peer);

	assert_string_equal(info->number, c->number);
	assert_string_equal(info->key, r->key);
	assert_int_equal(info->class, r->class);
	assert_int_equal(info->subject_serial_numbers, r->oids);
	if (r->oid)
		assert_string_equal(info->subject_serial_number, r->oid);
	else
		assert_null(info->subject_serial_number);
	assert_int_equal(count(c->cert, "BEGIN CERTIFICATE"), r->chain);
	assert_null(strstr(c->cert, "PRIVATE"));
	assert_non_null(strstr(c->key, "BEGIN PRIVATE KEY"));
	assert_true(pki_peer_subject_is(peer, info->subject));
}

static void every_kind_is_in_the_table(void **state)
{
	size_t n = 0;

	(void)state;
	while (pki_kind_at(n)) {
		const struct pki_kind *k = pki_kind_at(n);

		assert_true(n < LEN(kind_rows));
		assert_string_equal(k->name, kind_rows[n].name);
		assert_int_equal(k->error, kind_rows[n].error);
		assert_ptr_equal(pki_kind_find(k->name), k);
		n++;
	}
	assert_int_equal(n, LEN(kind_rows));
	assert_null(pki_kind_find("welbeing"));
	assert_null(pki_kind_find(""));
}

/* At whatever time the mock is: before 1970, where years lose two digits
 * (2050), in a thousand years. */
static void every_kind_has_its_verdict_at_any_time(void **state)
{
	static const int64_t times[] = {
	    DAY0,
	    DAY0 - 60 * YEAR_MS,
	    DAY0 - 26 * YEAR_MS,
	    DAY0 + 24 * YEAR_MS,
	    DAY0 + 1000 * YEAR_MS,
	};
	struct world *w = *state;

	for (size_t t = 0; t < LEN(times); t++) {
		const int64_t now = times[t];
		struct pki *p = made_at(now, false);

		for (size_t i = 0; i < LEN(kind_rows); i++) {
			const struct kind_row *r = &kind_rows[i];
			struct pki_issued c;
			struct pki_peer *peer = issue(w, p, r->name, now, &c);
			struct pki_verdict v = pki_verify(p, peer, now, true);

			if (v.error != r->error || v.alert != r->alert)
				fail_msg("%s, %zu: error %d (%s), alert %d",
					 r->name, t, v.error, v.text, v.alert);
			check_says(r, peer, &c);
			pki_peer_free(peer);
		}
		pki_free(p);
	}
}

/* The clock moves, what was issued stays. */
static void verdicts_move_with_the_clock(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);

	for (size_t i = 0; i < LEN(kind_rows); i++) {
		const struct kind_row *r = &kind_rows[i];
		struct pki_issued c;
		struct pki_peer *peer = issue(w, p, r->name, DAY0, &c);
		const int back = r->after_400_days == 10 ? 9 : r->error;

		for (int round = 0; round < 2; round++) {
			assert_int_equal(pki_verify(p, peer, DAY0, true).error,
					 r->error);
			assert_int_equal(
			    pki_verify(p, peer, DAY0 + 400 * DAY_MS, true)
				.error,
			    r->after_400_days);
			assert_int_equal(
			    pki_verify(p, peer, DAY0 - 20 * YEAR_MS, true)
				.error,
			    back);
		}
		pki_peer_free(peer);
	}
	pki_free(p);
}

/* Expired and not yet valid, but right in between and afterwards. */
static void expired_was_good_and_future_will_be(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);
	struct pki_issued c;
	struct pki_peer *peer = issue(w, p, "expired", DAY0, &c);

	assert_int_equal(
	    pki_verify(p, peer, DAY0 - 36 * DAY_MS / 24, false).error, 0);
	assert_int_equal(pki_verify(p, peer, DAY0 - 3 * DAY_MS, false).error,
			 9);
	pki_peer_free(peer);
	peer = issue(w, p, "future", DAY0, &c);
	assert_int_equal(pki_verify(p, peer, DAY0 + 2 * DAY_MS, false).error,
			 0);
	pki_peer_free(peer);
	pki_free(p);
}

static void revoking_is_seen_at_once(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);
	struct pki_issued c, other, sote;
	struct pki_peer *peer = issue(w, p, "wellbeing", DAY0, &c);
	struct pki_peer *stays = issue(w, p, "wellbeing", DAY0, &other);
	struct pki_peer *pro = issue(w, p, "sote", DAY0, &sote);
	const uint64_t before = pki_generation(p);

	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 0);
	assert_false(pki_revoke(p, "00FF00FF", &w->err));
	assert_int_equal(w->err.kind, ERR_NOT_FOUND);
	assert_false(pki_revoke(p, "", &w->err));
	assert_false(pki_revoke(p, "x\nz", &w->err));
	assert_int_equal(pki_generation(p), before);
	assert_true(pki_revoke(p, c.number, &w->err));
	assert_true(pki_generation(p) > before);
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 23);
	assert_int_equal(pki_verify(p, stays, DAY0, true).error, 0);
	assert_int_equal(pki_verify(p, pro, DAY0, true).error, 0);
	assert_true(pki_revoke(p, sote.number, &w->err));
	assert_int_equal(pki_verify(p, pro, DAY0, true).error, 23);
	assert_int_equal(pki_verify(p, peer, DAY0, true).error, 23);
	assert_true(pki_revoke(p, c.number, &w->err)); /* again */
	assert_int_equal(pki_verify(p, peer, DAY0 + 5000 * DAY_MS, true).error,
			 23);
	pki_peer_free(peer);
	pki_peer_free(stays);
	pki_peer_free(pro);
	pki_free(p);
}

/* What was written to files and read again is the same CA. */
static void a_ca_survives_being_read_again(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false), *q = pki_new();
	struct pki_issued good, bad, later;
	struct pki_peer *one = issue(w, p, "wellbeing", DAY0, &good);
	struct pki_peer *two = issue(w, p, "revoked", DAY0, &bad);
	struct pki_peer *three;

	assert_true(pki_load(q, pki_texts(p), &w->err));
	pki_free(p);
	assert_int_equal(pki_verify(q, one, DAY0, true).error, 0);
	assert_int_equal(pki_verify(q, two, DAY0, true).error, 23);
	three = issue(w, q, "wellbeing", DAY0, &later);
	assert_int_equal(pki_verify(q, three, DAY0, true).error, 0);
	assert_true(pki_revoke(q, good.number, &w->err));
	assert_int_equal(pki_verify(q, one, DAY0, true).error, 23);
	assert_int_equal(pki_verify(q, two, DAY0, true).error, 23);
	assert_int_equal(pki_verify(q, three, DAY0, true).error, 0);
	pki_peer_free(one);
	pki_peer_free(two);
	pki_peer_free(three);
	pki_free(q);
}

/* Of another CA's files: it judges and issues nothing. */
static void without_keys_nothing_is_issued(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);
	struct pki_texts t = *pki_texts(p);
	const struct pki_order o = {.kind = pki_kind_find("wellbeing"),
				    .now_ms = DAY0};
	struct pki_issued c;
	struct pki_peer *peer = issue(w, p, "wellbeing", DAY0, &c);

	memset(t.issuer, 0, sizeof(t.issuer));
	assert_true(pki_load(p, &t, &w->err));
	assert_int_equal(pki_verify(p, peer, DAY0, true).error, 0);
	assert_false(pki_issue(p, w->arena, &o, &c, &w->err));
	assert_int_equal(w->err.kind, ERR_CONFLICT);
	assert_false(pki_revoke(p, c.number, &w->err));
	assert_int_equal(w->err.kind, ERR_NOT_FOUND);
	pki_peer_free(peer);
	pki_free(p);
}

static void orders_say_who_it_is(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);
	struct pki_order o = {.kind = pki_kind_find("sote"),
			      .oid = "1.2.246.10.1234567.10.0",
			      .common_name = "Testi \xc3\x84ly, Oy",
			      .now_ms = DAY0};
	struct pki_issued c;
	struct pki_peer *peer;
	const struct pki_info *info;

	assert_true(pki_issue(p, w->arena, &o, &c, &w->err));
	peer = pki_peer_read(c.cert, &w->err);
	info = pki_peer_info(peer);
	assert_string_equal(info->subject_serial_number, o.oid);
	assert_non_null(strstr(info->subject, "Testi \xc3\x84ly\\, Oy"));
	assert_int_equal(info->uri.n, 1);
	assert_string_equal(info->uri.v[0], "urn:oid:1.2.246.10.1234567.10.0");
	assert_int_equal(pki_verify(p, peer, DAY0, true).error, 0);
	pki_peer_free(peer);
	o.common_name = "app.vendor.fi";
	assert_true(pki_issue(p, w->arena, &o, &c, &w->err));
	peer = pki_peer_read(c.cert, &w->err);
	assert_int_equal(pki_peer_info(peer)->dns.n, 1);
	assert_string_equal(pki_peer_info(peer)->dns.v[0], "app.vendor.fi");
	pki_peer_free(peer);
	pki_free(p);
}

/* Verified as an HTTPS client would, by the real clock. */
static void the_server_has_a_certificate(void **state)
{
	static const char *const hosts[] = {"localhost", "phr.test",
					    "fhirsandbox2.kanta.fi"};
	static const char *const addresses[] = {"127.0.0.1", "::1", "10.1.2.3"};
	struct world *w = *state;

	for (int rsa = 0; rsa < 2; rsa++) {
		struct pki *p = made_at(DAY0 - 50 * YEAR_MS, rsa != 0);
		const struct pki_texts *t = pki_texts(p);
		BIO *b = BIO_new_mem_buf(t->server_cert, -1);
		X509 *leaf = PEM_read_bio_X509(b, NULL, NULL, NULL);
		X509 *ica = PEM_read_bio_X509(b, NULL, NULL, NULL);
		BIO *ca = BIO_new_mem_buf(t->ca, -1);
		X509 *root = PEM_read_bio_X509(ca, NULL, NULL, NULL);
		STACK_OF(X509) *chain = sk_X509_new_null();
		X509_STORE *store = X509_STORE_new();
		X509_STORE_CTX *c = X509_STORE_CTX_new();
		struct pki_peer *peer = pki_peer_read(t->server_cert, &w->err);

		assert_string_equal(pki_peer_info(peer)->key,
				    rsa ? "RSA 2048" : "EC P-256");
		sk_X509_push(chain, ica);
		X509_STORE_add_cert(store, root);
		X509_STORE_CTX_init(c, store, leaf, chain);
		X509_STORE_CTX_set_purpose(c, X509_PURPOSE_SSL_SERVER);
		X509_STORE_CTX_set_time(c, 0, (time_t)(DAY0 / 1000));
		assert_int_equal(X509_verify_cert(c), 1);
		for (size_t i = 0; i < LEN(hosts); i++)
			assert_int_equal(
			    X509_check_host(leaf, hosts[i], 0, 0, NULL), 1);
		for (size_t i = 0; i < LEN(addresses); i++)
			assert_int_equal(
			    X509_check_ip_asc(leaf, addresses[i], 0), 1);
		assert_int_equal(
		    X509_check_host(leaf, "example.org", 0, 0, NULL), 0);
		X509_STORE_CTX_free(c);
		X509_STORE_free(store);
		sk_X509_pop_free(chain, X509_free);
		X509_free(leaf);
		X509_free(root);
		BIO_free(b);
		BIO_free(ca);
		pki_peer_free(peer);
		pki_free(p);
	}
}

static void pkcs12_holds_it_all(void **state)
{
	struct world *w = *state;
	struct pki *p = made_at(DAY0, false);

	for (size_t i = 0; i < LEN(kind_rows); i++) {
		struct pki_issued c;
		struct pki_peer *peer =
		    issue(w, p, kind_rows[i].name, DAY0, &c);
		struct octets o = pki_p12(w->arena, &c, "mock");
		const unsigned char *at = o.p;
		PKCS12 *file = d2i_PKCS12(NULL, &at, (long)o.n);
		STACK_OF(X509) *rest = NULL;
		EVP_PKEY *key = NULL;
		X509 *leaf = NULL;

		assert_int_equal(PKCS12_parse(file, "mocc", &key, &leaf, NULL),
				 0);
		assert_int_equal(PKCS12_parse(file, "mock", &key, &leaf, &rest),
				 1);
		assert_int_equal(X509_check_private_key(leaf, key), 1);
		assert_int_equal(rest ? sk_X509_num(rest) : 0,
				 kind_rows[i].chain - 1);
		sk_X509_pop_free(rest, X509_free);
		X509_free(leaf);
		EVP_PKEY_free(key);
		PKCS12_free(file);
		pki_peer_free(peer);
	}
	ERR_clear_error();
	pki_free(p);
}

#endif
