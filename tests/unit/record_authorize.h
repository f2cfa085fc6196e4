/* SPDX-License-Identifier: Apache-2.0
 *
 * A citizen's yes to an authorization request: the permission, its code, what
 * the code is bound to; challenges; faults of personal identity codes.
 */
#ifndef RECORD_AUTHORIZE_H
#define RECORD_AUTHORIZE_H

static void test_authorize(void **state)
{
	struct t *t = *state;
	struct store_code stored;
	struct grant held;
	char digest[JOSE_DIGEST];

	citizen(t, HETU, PATIENT);
	client(t, APP);
	struct store_client app;
	assert_true(store_client_find(t->r.store, t->a, "app", &app));
	struct record_authorization x = {
	    .client = &app,
	    .hetu = HETU,
	    .scope = "patient/Observation.read",
	    .remember_until_ms = 5,
	    .audience = "https://fhir.example",
	    .code = {.nonce = "n", .auth_ms = 7},
	};
	assert_int_equal(store_grant_citizens(t->r.store, "app"), 0);
	for (int i = 0; i < 2; i++) {
		const char *code = record_authorize(&t->r, t->a, &x, &t->e);

		assert_non_null(code);
		jose_digest(digest, code, strlen(code));
		assert_true(
		    store_code_find(t->r.store, t->a, digest, &stored, &held));
		/* the same citizen, however many permissions */
		assert_int_equal(store_grant_citizens(t->r.store, "app"), 1);
	}
	assert_int_equal(store_grant_citizens(t->r.store, "none"), 0);
	assert_string_equal(held.scope, "patient/Observation.read");
	assert_string_equal(held.audience, "https://fhir.example");
	assert_int_equal(held.remember_until_ms, 5);
	assert_string_equal(stored.nonce, "n");
	assert_int_equal(stored.auth_ms, 7);
	assert_int_equal(stored.expires_ms, ms(NOW) + 300 * 1000);
	x.code = (struct record_code_for){.life_s = 9};
	const char *code = record_authorize(&t->r, t->a, &x, &t->e);
	jose_digest(digest, code, strlen(code));
	assert_true(store_code_find(t->r.store, t->a, digest, &stored, &held));
	assert_int_equal(stored.expires_ms, ms(NOW) + 9 * 1000);
	assert_int_equal(stored.auth_ms, ms(NOW));
	x.scope = "patient/Consent.read fish";
	assert_null(record_authorize(&t->r, t->a, &x, &t->e));
	assert_string_equal(t->e.code, "invalid_scope");
}

static void test_challenges(void **state)
{
	static const char s256[] =
	    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
	static const struct {
		const char *challenge, *method, *both, *s256_alone;
	} rows[] = {
	    {s256, "S256", NULL, NULL},
	    {s256 + 1, "S256", "base64url", "base64url"},
	    {s256, "s256", "transform", "transform"},
	    {s256, "", "transform", "transform"},
	    {s256, NULL, NULL, "transform"},
	    {s256, "plain", NULL, "transform"},
	    {s256 + 1, "plain", "unreserved", "transform"},
	};
	struct settings s;

	(void)state;
	settings_init(&s);
	for (size_t i = 0; i < 2 * LEN(rows); i++) {
		size_t k = i / 2;
		s.pkce_methods = (int)(i % 2);
		const char *wanted =
		    s.pkce_methods ? rows[k].s256_alone : rows[k].both;
		const char *text = record_challenge_fault(&s, rows[k].challenge,
							  rows[k].method);

		if ((text == NULL) != (wanted == NULL))
			fail_msg("%zu: %s", i, text ? text : "(nothing)");
		if (wanted != NULL)
			has(text, wanted);
	}
}

static void test_hetu_fault(void **state)
{
	static const struct {
		const char *hetu;
		enum hetu_fault fault;
	} rows[] = {
	    {"010190-900P", HETU_SOUND},
	    {"010190-900p", HETU_SOUND},
	    {"", HETU_LENGTH},
	    {"010190-900PP", HETU_LENGTH},
	    {"0x0190-900P", HETU_DIGITS},
	    {"010190-9x0P", HETU_DIGITS},
	    {"010190*900P", HETU_SIGN},
	    {"320190-900P", HETU_DAY},
	    {"010190-900R", HETU_CHARACTER},
	    {"010190-001P", HETU_NUMBER},
	    {"010190-123M", HETU_REAL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		if (hetu_fault(rows[i].hetu) != rows[i].fault)
			fail_msg("%s: %d", rows[i].hetu,
				 (int)hetu_fault(rows[i].hetu));
}

#endif
