/* SPDX-License-Identifier: Apache-2.0
 *
 * Unit tests of the CA for rehearsals: every kind gets exactly the verdict that
 * its row says, by the library's own check and by pki_verify(), whatever the
 * clock shows; numbers, revocation lists, PKCS #12, and what is refused.
 */
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define NOW_MS	INT64_C(1773136800000) /* 2026-03-10T10:00:00Z */
#define DAY_MS	INT64_C(86400000)
#define YEAR_MS (365 * DAY_MS)

struct world {
	struct arena *arena;
	struct pki *pki;
};

static int new_world(void **state)
{
	static struct world w;
	struct pki_own own = {.now_ms = NOW_MS, .real_ms = NOW_MS};

	w.arena = arena_new(0);
	w.pki = pki_new();
	pki_make(w.pki, &own);
	*state = &w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	pki_free(w->pki);
	arena_free(w->arena);
	return 0;
}

static struct pki_issued issue_at(struct world *w, const char *kind,
				  const char *oid, const char *name,
				  int64_t now_ms)
{
	struct pki_order o = {pki_kind_find(kind), oid, name, now_ms};
	struct err e = {.kind = ERR_NONE};
	struct pki_issued out;

	assert_non_null(o.kind);
	if (!pki_issue(w->pki, w->arena, &o, &out, &e))
		fail_msg("%s: %s", kind, e.text);
	return out;
}

static struct pki_issued issue(struct world *w, const char *kind)
{
	return issue_at(w, kind, NULL, NULL, NOW_MS);
}

static struct pki_peer *peer_of(const struct pki_issued *c)
{
	struct err e = {.kind = ERR_NONE};
	struct pki_peer *peer = pki_peer_read(c->cert, &e);

	if (!peer)
		fail_msg("%s", e.text);
	return peer;
}

static int verdict(struct world *w, const struct pki_issued *c, int64_t now_ms)
{
	struct pki_peer *peer = peer_of(c);
	struct pki_verdict v = pki_verify(w->pki, peer, now_ms, true);

	pki_peer_free(peer);
	return v.error;
}

/* ---- kinds ------------------------------------------------------------ */

static const char *const names[] = {
    "wellbeing",      "wellbeing-nochain",
    "wellbeing-both", "wellbeing-noeku",
    "wellbeing-rsa",  "sote",
    "expired",	      "future",
    "revoked",	      "wrong-eku",
    "other-ca",	      "self-signed",
    "wrong-oid",      "wrong-app",
    "no-oid",	      "two-oids",
    "weak-key",
};

static void the_table_has_every_kind_once(void **state)
{
	size_t n = 0;

	(void)state;
	while (pki_kind_at(n))
		n++;
	assert_int_equal(n, LEN(names));
	for (size_t i = 0; i < LEN(names); i++) {
		const struct pki_kind *kind = pki_kind_find(names[i]);

		assert_non_null(kind);
		assert_ptr_equal(kind, pki_kind_at(i));
		assert_true(strlen(kind->what) > 0);
	}
	assert_null(pki_kind_find("wellbein"));
	assert_null(pki_kind_find(""));
}

static void a_kind_gets_its_verdict(void **state)
{
	for (size_t i = 0; i < LEN(names); i++) {
		struct pki_issued c = issue(*state, names[i]);
		int error = verdict(*state, &c, NOW_MS);

		if (error != pki_kind_at(i)->error)
			fail_msg("%s: %d, not %d", names[i], error,
				 pki_kind_at(i)->error);
	}
}

/* A CA of any time is good at any other. */
static void the_clock_may_be_anywhere(void **state)
{
	static const int64_t times[] = {
	    INT64_C(-62104060800000), /* 0002-01-01 */
	    INT64_C(-2208988800000),  /* 1900-01-01 */
	    0,
	    INT64_C(1420070400000),   /* 2015-01-01 */
	    INT64_C(2208988800000),   /* 2040-01-01 */
	    INT64_C(2840140800000),   /* 2060-01-01 */
	    INT64_C(240779519999999), /* 9599-12-31 */
	};
	struct world *w = *state;

	for (size_t i = 0; i < LEN(times); i++) {
		struct pki_own own = {.now_ms = times[i], .real_ms = NOW_MS};

		pki_make(w->pki, &own);
		for (size_t k = 0; k < LEN(names); k++) {
			struct pki_issued c =
			    issue_at(w, names[k], NULL, NULL, times[i]);

			assert_int_equal(verdict(w, &c, times[i]),
					 pki_kind_at(k)->error);
		}
	}
	for (size_t i = 2; i < LEN(times); i++) {
		struct pki_own own = {.now_ms = NOW_MS, .real_ms = NOW_MS};
		struct pki_issued c;

		pki_make(w->pki, &own);
		if (i == 2)
			continue; /* 1970-01-01: before the CA's own */
		c = issue_at(w, "wellbeing", NULL, NULL, times[i]);
		assert_int_equal(verdict(w, &c, times[i]), 0);
	}
}

static void a_sound_one_ends_after_a_year(void **state)
{
	struct pki_issued c = issue(*state, "wellbeing");

	assert_int_equal(verdict(*state, &c, NOW_MS + YEAR_MS - DAY_MS), 0);
	assert_int_equal(verdict(*state, &c, NOW_MS + YEAR_MS + DAY_MS),
			 X509_V_ERR_CERT_HAS_EXPIRED);
	assert_int_equal(verdict(*state, &c, INT64_C(1577923200000)), 0);
	assert_int_equal(verdict(*state, &c, INT64_C(1577750400000)),
			 X509_V_ERR_CERT_NOT_YET_VALID);
	c = issue(*state, "future");
	assert_int_equal(verdict(*state, &c, NOW_MS + 2 * DAY_MS), 0);
	c = issue(*state, "expired");
	assert_int_equal(verdict(*state, &c, NOW_MS - 36 * 3600 * 1000), 0);
}

/* ---- what stands in it ------------------------------------------------ */

static void check_oid(void **state, const char *kind, const char *ordered,
		      const char *oid, size_t n)
{
	struct pki_issued c = issue_at(*state, kind, ordered, NULL, NOW_MS);
	struct pki_peer *peer = peer_of(&c);
	const struct pki_info *info = pki_peer_info(peer);

	assert_int_equal(info->subject_serial_numbers, n);
	if (oid)
		assert_string_equal(info->subject_serial_number, oid);
	else
		assert_null(info->subject_serial_number);
	assert_string_equal(info->number, c.number);
	pki_peer_free(peer);
}

static void the_oid_is_what_was_ordered(void **state)
{
	check_oid(state, "wellbeing", NULL, PKI_OID, 1);
	check_oid(state, "wellbeing", "1.2.3", "1.2.3", 1);
	check_oid(state, "expired", "1.2.3", "1.2.3", 1);
	check_oid(state, "sote", NULL, PKI_OID_SOTE, 1);
	check_oid(state, "sote", "1.2.3", "1.2.3", 1);
	check_oid(state, "wrong-oid", NULL, "1.2.246.10.99999999.99.99", 1);
	check_oid(state, "wrong-oid", "1.2.3", "1.2.246.10.99999999.99.99", 1);
	check_oid(state, "wrong-app", NULL, PKI_OID_SOTE, 1);
	check_oid(state, "wrong-app", "1.2.3", PKI_OID_SOTE, 1);
	check_oid(state, "wrong-app", PKI_OID_SOTE, PKI_OID, 1);
	check_oid(state, "no-oid", NULL, NULL, 0);
	check_oid(state, "no-oid", "1.2.3", NULL, 0);
	check_oid(state, "two-oids", "1.2.3", NULL, 2);
}

static void names_are_where_rules_look_for_them(void **state)
{
	struct pki_issued c =
	    issue_at(*state, "wellbeing", "1.2.3", "oma.example.fi", NOW_MS);
	struct pki_peer *peer = peer_of(&c);
	const struct pki_info *info = pki_peer_info(peer);

	assert_string_equal(info->subject,
			    "CN=oma.example.fi,serialNumber=1.2.3,"
			    "O=Mock Hyvinvointi Oy,C=FI");
	assert_string_equal(info->issuer, "CN=MOCK Service Certificates - G1,"
					  "O=Mock Kanta,C=FI");
	assert_int_equal(info->dns.n, 1);
	assert_string_equal(info->dns.v[0], "oma.example.fi");
	assert_int_equal(info->uri.n, 1);
	assert_string_equal(info->uri.v[0], "urn:oid:1.2.3");
	assert_int_equal(info->class, PKI_WELLBEING);
	assert_string_equal(info->key, "EC P-256");
	pki_peer_free(peer);
	c = issue_at(*state, "sote", NULL, "Äänekosken terveys", NOW_MS);
	peer = peer_of(&c);
	info = pki_peer_info(peer);
	assert_int_equal(info->dns.n, 0);
	assert_int_equal(info->class, PKI_SOTE);
	assert_non_null(strstr(info->subject, "CN=Äänekosken terveys,"));
	pki_peer_free(peer);
}

static void what_no_certificate_can_say_is_refused(void **state)
{
	static const struct {
		const char *oid, *name, *where;
	} rows[] = {
	    {"", NULL, "oid"},
	    {"1.2.3_4", NULL, "oid"},
	    {"1.2.ä", NULL, "oid"},
	    {"11111111111111111111111111111111"
	     "222222222222222222222222222222223",
	     NULL, "oid"},
	    {NULL, "", "common_name"},
	    {NULL,
	     "xnimi nimi nimi nimi nimi nimi nimi nimi nimi nimi nimi nimi "
	     "nimi",
	     "common_name"},
	    {NULL, "\xff\xfe", "common_name"},
	};
	struct world *w = *state;
	struct pki_issued out;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct pki_order o = {pki_kind_find("wellbeing"), rows[i].oid,
				      rows[i].name, NOW_MS};
		struct err e = {.kind = ERR_NONE};

		if (pki_issue(w->pki, w->arena, &o, &out, &e))
			fail_msg("row %zu was issued", i);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_string_equal(e.where, rows[i].where);
	}
}

/* ---- the server's ----------------------------------------------------- */

static X509 *server_of(struct world *w)
{
	BIO *in = BIO_new_mem_buf(pki_texts(w->pki)->server_cert, -1);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

	BIO_free(in);
	assert_non_null(x);
	return x;
}

static void the_server_is_known_by_its_names(void **state)
{
	static const char *const given[] = {"phr.test", "10.1.2.3", "fd00::1"};
	struct pki_own own = {.now_ms = 0,
			      .real_ms = NOW_MS,
			      .host = given,
			      .host_count = LEN(given),
			      .rsa = true};
	time_t before = (time_t)(NOW_MS / 1000 - 2 * 86400),
	       after = (time_t)(NOW_MS / 1000), year = after + 390 * 86400,
	       late = after + 398 * 86400;
	X509 *x = server_of(*state);

	assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
	assert_int_equal(
	    X509_check_host(x, "fhirsandbox2-auth.kanta.fi", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
	assert_int_equal(X509_check_host(x, "phr.test", 0, 0, NULL), 0);
	assert_true(EVP_PKEY_is_a(X509_get0_pubkey(x), "EC"));
	X509_free(x);

	pki_make(((struct world *)*state)->pki, &own);
	x = server_of(*state);
	assert_int_equal(X509_check_host(x, "phr.test", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(x, "10.1.2.3", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "fd00::1", 0), 1);
	assert_true(EVP_PKEY_is_a(X509_get0_pubkey(x), "RSA"));
	assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 2048);
	/* by the real clock, whatever the mock's says */
	assert_int_equal(X509_cmp_time(X509_get0_notBefore(x), &before), 1);
	assert_int_equal(X509_cmp_time(X509_get0_notBefore(x), &after), -1);
	assert_int_equal(X509_cmp_time(X509_get0_notAfter(x), &year), 1);
	assert_int_equal(X509_cmp_time(X509_get0_notAfter(x), &late), -1);
	X509_free(x);
}

/* ---- revoking --------------------------------------------------------- */

static void revoking_is_by_number(void **state)
{
	struct world *w = *state;
	struct pki_issued a = issue(w, "wellbeing"), b = issue(w, "wellbeing"),
			  s = issue(w, "sote");
	struct err e = {.kind = ERR_NONE};
	uint64_t generation = pki_generation(w->pki);

	assert_string_not_equal(a.number, b.number);
	assert_int_equal(strlen(a.number), 32);
	assert_true(pki_revoke(w->pki, a.number, &e));
	assert_true(pki_generation(w->pki) > generation);
	assert_int_equal(verdict(w, &a, NOW_MS), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(verdict(w, &b, NOW_MS), 0);
	assert_true(pki_revoke(w->pki, s.number, &e));
	assert_int_equal(verdict(w, &a, NOW_MS), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(verdict(w, &s, NOW_MS), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(verdict(w, &b, NOW_MS), 0);
	/* again: nothing happens */
	assert_true(pki_revoke(w->pki, a.number, &e));
	assert_int_equal(verdict(w, &a, NOW_MS), X509_V_ERR_CERT_REVOKED);
}

static void only_own_numbers_are_revoked(void **state)
{
	static const char *const strange[] = {
	    "",
	    "1",
	    "0",
	    "-1",
	    "zz",
	    "40000000000000000000000000000000",
	    "400000000000000000000000000000000",
	    "0x40",
	};
	struct world *w = *state;
	struct pki_issued foreign = issue(w, "other-ca"),
			  self = issue(w, "self-signed"),
			  mine = issue(w, "wellbeing");
	struct err e = {.kind = ERR_NONE};
	struct pki_own own = {.now_ms = NOW_MS, .real_ms = NOW_MS};

	for (size_t i = 0; i < LEN(strange); i++) {
		e.kind = ERR_NONE;
		assert_false(pki_revoke(w->pki, strange[i], &e));
		assert_int_equal(e.kind, ERR_NOT_FOUND);
	}
	assert_false(pki_revoke(w->pki, foreign.number, &e));
	assert_false(pki_revoke(w->pki, self.number, &e));
	pki_make(w->pki, &own);
	assert_false(pki_revoke(w->pki, mine.number, &e));
}

/* Read from its own texts by another one, as from files. */
static void a_ca_goes_on_from_its_texts(void **state)
{
	struct world *w = *state, other = {w->arena, pki_new()};
	struct pki_issued old = issue(w, "wellbeing"),
			  gone = issue(w, "revoked"), fresh;
	struct err e = {.kind = ERR_NONE};

	assert_true(pki_load(other.pki, pki_texts(w->pki), &e));
	assert_int_equal(verdict(&other, &old, NOW_MS), 0);
	assert_int_equal(verdict(&other, &gone, NOW_MS),
			 X509_V_ERR_CERT_REVOKED);
	assert_true(pki_revoke(other.pki, old.number, &e));
	assert_int_equal(verdict(&other, &old, NOW_MS),
			 X509_V_ERR_CERT_REVOKED);
	assert_int_equal(verdict(&other, &gone, NOW_MS),
			 X509_V_ERR_CERT_REVOKED);
	fresh = issue(&other, "wellbeing");
	assert_int_equal(verdict(w, &fresh, NOW_MS), 0);
	pki_free(other.pki);
}

static void without_keys_nothing_is_issued(void **state)
{
	struct world *w = *state, other = {w->arena, pki_new()};
	struct pki_order o = {pki_kind_at(0), NULL, NULL, NOW_MS};
	struct pki_issued c = issue(w, "wellbeing"), out;
	struct pki_texts t = *pki_texts(w->pki);
	struct err e = {.kind = ERR_NONE};

	memset(t.issuer, 0, sizeof(t.issuer));
	assert_true(pki_load(other.pki, &t, &e));
	assert_false(pki_issue(other.pki, w->arena, &o, &out, &e));
	assert_int_equal(e.kind, ERR_CONFLICT);
	e.kind = ERR_NONE;
	assert_false(pki_revoke(other.pki, c.number, &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	pki_free(other.pki);
}

/* ---- PKCS #12 --------------------------------------------------------- */

static void check_p12(struct world *w, const char *kind, int chain)
{
	struct pki_issued c = issue(w, kind);
	struct octets file = pki_p12(w->arena, &c, "mock");
	const unsigned char *at = file.p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)file.n);
	STACK_OF(X509) *ca = NULL;
	EVP_PKEY *key = NULL, *wrong = NULL;
	X509 *x = NULL;

	assert_non_null(p12);
	assert_int_equal(PKCS12_parse(p12, "other", &wrong, &x, NULL), 0);
	assert_int_equal(PKCS12_parse(p12, "mock", &key, &x, &ca), 1);
	assert_int_equal(X509_check_private_key(x, key), 1);
	assert_int_equal(ca ? sk_X509_num(ca) : 0, chain);
	sk_X509_pop_free(ca, X509_free);
	EVP_PKEY_free(key);
	X509_free(x);
	PKCS12_free(p12);
}

static void a_file_opens_again(void **state)
{
	check_p12(*state, "wellbeing", 1);
	check_p12(*state, "wellbeing-nochain", 0);
	check_p12(*state, "wellbeing-rsa", 1);
	check_p12(*state, "sote", 1);
	check_p12(*state, "self-signed", 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, new_world, end_world)
	const struct CMUnitTest tests[] = {
	    T(the_table_has_every_kind_once),
	    T(a_kind_gets_its_verdict),
	    T(the_clock_may_be_anywhere),
	    T(a_sound_one_ends_after_a_year),
	    T(the_oid_is_what_was_ordered),
	    T(names_are_where_rules_look_for_them),
	    T(what_no_certificate_can_say_is_refused),
	    T(the_server_is_known_by_its_names),
	    T(revoking_is_by_number),
	    T(only_own_numbers_are_revoked),
	    T(a_ca_goes_on_from_its_texts),
	    T(without_keys_nothing_is_issued),
	    T(a_file_opens_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
