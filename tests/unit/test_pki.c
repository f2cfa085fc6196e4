/* SPDX-License-Identifier: Apache-2.0
 *
 * Unit tests of pki: what a certificate says, names, verdicts, loading, and
 * the CA for rehearsals.
 */
#include "pki_kinds.h"
#include "pki_peers.h"
#include "pki_verdicts.h"

#include <openssl/err.h>

/* ---- loading ------------------------------------------------------------- */

/* Texts that go together, of which a test spoils one. */
static struct pki_texts good_texts(struct world *w, X509 **server)
{
	const struct form f = {"localhost", .eku = "serverAuth"};
	struct pki_texts t = {
	    .server_key = pem_of_key(w->arena, w->keys[EC256], NULL),
	    .ca = pem_of_cas(w, TREE),
	    .crl = crl_of(w, ICA, -3, 27, NULL),
	};

	*server = leaf_of(w, &f, ICA);
	t.server_cert = arena_cat(w->arena, pem_of(w->arena, *server),
				  pem_of(w->arena, w->ca[ICA].cert), NULL);
	for (int i = 0; i < 3; i++) {
		const enum test_ca ca = i == 0 ? ROOT : i == 1 ? ICA : SOTE;

		t.issuer[2 * i] = pem_of(w->arena, w->ca[ca].cert);
		t.issuer[2 * i + 1] = pem_of_key(w->arena, w->ca_key[ca], NULL);
	}
	return t;
}

enum member { SERVER_CERT, SERVER_KEY, CA, CRL, ISSUER };

static const char **member(struct pki_texts *t, enum member m)
{
	switch (m) {
	case SERVER_CERT: return &t->server_cert;
	case SERVER_KEY: return &t->server_key;
	case CA: return &t->ca;
	case CRL: return &t->crl;
	default: return &t->issuer[m - ISSUER];
	}
}

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

static void what_does_not_go_together_is_not_loaded(void **state)
{
	struct world *w = *state;
	X509 *server;
	const struct pki_texts good = good_texts(w, &server);
	const char *other_key = pem_of_key(w->arena, w->keys[RSA2K], NULL);
	const char *locked = pem_of_key(w->arena, w->keys[EC256], "secret");
	const struct {
		enum member m;
		const char *text, *where;
	} rows[] = {
	    {SERVER_CERT, NULL, "server_cert"},
	    {SERVER_CERT, "", "server_cert"},
	    {SERVER_CERT, "nonsense", "server_cert"},
	    {SERVER_CERT, good.server_key, "server_cert"},
	    {SERVER_CERT, pem_of(w->arena, w->ca[ICA].cert), "server_key"},
	    {SERVER_CERT, BEGIN "MIIB\n" END, "server_cert"},
	    {SERVER_CERT, arena_cat(w->arena, good.server_cert, BEGIN, NULL),
	     "server_cert"},
	    {SERVER_KEY, NULL, "server_key"},
	    {SERVER_KEY, "", "server_key"},
	    {SERVER_KEY, good.server_cert, "server_key"},
	    {SERVER_KEY, other_key, "server_key"},
	    {SERVER_KEY, locked, "server_key"},
	    {CA, "", "ca"},
	    {CA, "# no certificate yet\n", "ca"},
	    {CA, good.server_key, "ca"},
	    {CA, BEGIN "AAAA\n" END, "ca"},
	    {CA, arena_cat(w->arena, good.ca, BEGIN "!\n" END, NULL), "ca"},
	    {CA, NULL, "crl"},
	    {CA, pem_of_cas(w, BIT(ROOT)), "crl"},
	    {CA, pem_of_cas(w, BIT(ROOT) | BIT(SAME_NAME)), "crl"},
	    {CRL, "", "crl"},
	    {CRL, good.ca, "crl"},
	    {CRL, crl_of(w, OTHER_ICA, -3, 27, NULL), "crl"},
	    {CRL,
	     arena_cat(w->arena, good.crl, crl_of(w, OLD_ICA, -3, 27, NULL),
		       NULL),
	     "crl"},
	    {ISSUER, NULL, "issuer[0]"},
	    {ISSUER + 1, NULL, "issuer[1]"},
	    {ISSUER + 1, other_key, "issuer[1]"},
	    {ISSUER + 2, "x", "issuer[2]"},
	    {ISSUER + 3, "x", "issuer[3]"},
	    {ISSUER + 4, good.issuer[0], "issuer[5]"},
	    {ISSUER + 5, good.issuer[1], "issuer[5]"},
	};
	struct pki *p = pki_new();
	const char *before;

	assert_true(pki_load(p, &good, &w->err));
	before = pki_texts(p)->ca;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct pki_texts t = good;
		const uint64_t generation = pki_generation(p);

		*member(&t, rows[i].m) = rows[i].text;
		w->err = (struct err){0};
		if (pki_load(p, &t, &w->err))
			fail_msg("row %zu was loaded", i);
		if (strcmp(w->err.where, rows[i].where) != 0)
			fail_msg("row %zu: %s: %s", i, w->err.where,
				 w->err.text);
		assert_int_equal(w->err.kind, ERR_INVALID);
		assert_int_equal(pki_generation(p), generation);
		assert_ptr_equal(pki_texts(p)->ca, before);
		assert_int_equal(ERR_peek_error(), 0);
	}
	pki_free(p);
	X509_free(server);
}

static void what_is_optional_may_be_missing(void **state)
{
	struct world *w = *state;
	X509 *server;
	const struct pki_texts good = good_texts(w, &server);
	struct pki_texts t = {.ca = good.ca};
	struct pki *p = pki_new();

	assert_true(pki_load(p, &t, &w->err));
	assert_null(pki_texts(p)->server_cert);
	t = (struct pki_texts){.server_cert = good.server_cert,
			       .server_key = good.server_key};
	assert_true(pki_load(p, &t, &w->err));
	assert_null(pki_texts(p)->ca);
	assert_string_equal(pki_texts(p)->server_key, good.server_key);
	t = good;
	t.issuer[4] = t.issuer[5] = NULL;
	assert_true(pki_load(p, &t, &w->err));
	assert_null(pki_texts(p)->issuer[4]);
	assert_string_equal(pki_texts(p)->issuer[3], good.issuer[3]);
	assert_true(pki_load(p, pki_texts(p), &w->err)); /* its own texts */
	assert_string_equal(pki_texts(p)->ca, good.ca);
	pki_free(p);
	X509_free(server);
}

/* Files as people have them: what stands around the blocks does not count. */
static void texts_around_the_blocks_do_not_matter(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = CLIENT};
	X509 *leaf = leaf_of(w, &f, ICA);
	struct pki *p = pki_new();
	const struct pki_texts t = {
	    .ca = arena_cat(w->arena, "Certificate:\n  Data:\r\n",
			    pem_of_key(w->arena, w->keys[EC256], NULL),
			    pem_of(w->arena, w->ca[ROOT].cert), "\n# ICA\n",
			    pem_of(w->arena, w->ca[ICA].cert),
			    pem_of(w->arena, w->ca[ICA].cert), "the end", NULL),
	    .crl = arena_cat(w->arena, "\xef\xbb\xbf# CRLs\n",
			     crl_of(w, ICA, -3, 27, leaf),
			     crl_of(w, ROOT, -3, 27, NULL), NULL),
	};
	struct pki_peer *peer;

	assert_true(pki_load(p, &t, &w->err));
	peer =
	    pki_peer_read(arena_cat(w->arena, "subject=a\n",
				    pem_of(w->arena, leaf), "issuer=b\n", NULL),
			  &w->err);
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 23);
	pki_peer_free(peer);
	pki_free(p);
	X509_free(leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_compared_as_names),
	    cmocka_unit_test(printed_names_read_as_themselves),
	    cmocka_unit_test(long_names_are_refused_not_read),
	    cmocka_unit_test(a_leaf_says_what_it_is),
	    cmocka_unit_test(the_thumbprint_is_that_of_the_der),
	    cmocka_unit_test(keys_have_names),
	    cmocka_unit_test(one_serial_number_counts),
	    cmocka_unit_test(texts_are_whole_and_clean),
	    cmocka_unit_test(nul_cuts_no_name_short),
	    cmocka_unit_test(alternatives_are_whole_and_clean),
	    cmocka_unit_test(what_is_no_certificate_is_refused),
	    cmocka_unit_test(changed_certificates_do_no_harm),
	    cmocka_unit_test(garbage_behind_the_leaf_is_left_out),
	    cmocka_unit_test(a_chain_that_comes_again_is_known),
	    cmocka_unit_test(chains_have_a_size),
	    cmocka_unit_test(every_row_has_its_verdict),
	    cmocka_unit_test(kept_verdicts_are_those_that_would_be_found),
	    cmocka_unit_test(a_load_ends_what_was_kept),
	    cmocka_unit_test(verdicts_are_of_the_whole_chain),
	    cmocka_unit_test(a_full_table_mixes_nothing_up),
	    cmocka_unit_test(a_wrong_signature_is_seen),
	    cmocka_unit_test(chains_end_at_their_cap),
	    cmocka_unit_test(without_a_load_nobody_is_believed),
	    cmocka_unit_test(what_does_not_go_together_is_not_loaded),
	    cmocka_unit_test(what_is_optional_may_be_missing),
	    cmocka_unit_test(texts_around_the_blocks_do_not_matter),
	    cmocka_unit_test(every_kind_is_in_the_table),
	    cmocka_unit_test(every_kind_has_its_verdict_at_any_time),
	    cmocka_unit_test(verdicts_move_with_the_clock),
	    cmocka_unit_test(expired_was_good_and_future_will_be),
	    cmocka_unit_test(revoking_is_seen_at_once),
	    cmocka_unit_test(a_ca_survives_being_read_again),
	    cmocka_unit_test(without_keys_nothing_is_issued),
	    cmocka_unit_test(orders_say_who_it_is),
	    cmocka_unit_test(the_server_has_a_certificate),
	    cmocka_unit_test(pkcs12_holds_it_all),
	};

	return cmocka_run_group_tests(tests, build_world, end_world);
}
