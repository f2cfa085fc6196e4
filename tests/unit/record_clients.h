/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of scopes, applications, grants, codes and tokens.
 */
#ifndef RECORD_CLIENTS_H
#define RECORD_CLIENTS_H

#include "record_cases.h"

/* ---- scopes ----------------------------------------------------------- */

/* Finds a code that was not used, and uses it. */
static bool code_take(struct store *s, struct arena *a, const char *digest,
		      struct store_code *out, struct grant *g)
{
	return store_code_find(s, a, digest, out, g) &&
	       store_code_use(s, digest, 1);
}

static void test_scopes(void **state)
{
	struct t *t = *state;
	static const char scope[] =
	    "offline_access  patient/Observation.read patient/Patient.write";

	for (size_t i = 0; i < LEN(scope_rows); i++) {
		if (scope_has(scope, scope_rows[i].word) != scope_rows[i].has ||
		    scope_known(&t->r.settings, scope_rows[i].word) !=
			scope_rows[i].known)
			fail_msg("%s", scope_rows[i].word);
	}
	assert_true(scope_allows(scope, "Observation", false));
	assert_false(scope_allows(scope, "Observation", true));
	assert_true(scope_allows(scope, "Patient", true));
	assert_false(scope_allows(scope, "Patient", false));
	assert_false(scope_allows(scope, "Obs", false));
	assert_false(scope_allows(
	    scope,
	    "AVeryLongTypeNameAVeryLongTypeNameAVeryLongTypeNameAVeryLongType"
	    "NameAVeryLongTypeName",
	    false));
	assert_string_equal(scope_words(t->a, "  b a  b a c "), "b a c");
	assert_string_equal(scope_words(t->a, "  "), "");
}

/* An asterisk stands for every type once it is granted; whether it may be asked
 * for, and openid, the switches say. */
static void test_wildcard_scopes(void **state)
{
	struct t *t = *state;
	static const char scope[] = "offline_access patient/*.read";
	static const struct {
		const char *word;
		bool covered;
	} rows[] = {
	    {"patient/Observation.read", true},
	    {"patient/*.read", true},
	    {"patient/Observation.write", false},
	    {"patient/*.write", false},
	    {"patient/Observation.rs", false},
	    {"patient/Observation", false},
	    {"patient/", false},
	    {"patient", false},
	    {"user/Observation.read", false},
	    {"offline_access", true},
	    {".read", false},
	    {"", false},
	};

	for (size_t i = 0; i < LEN(rows); i++)
		if (scope_covers(scope, rows[i].word, strlen(rows[i].word)) !=
		    rows[i].covered)
			fail_msg("%s", rows[i].word);
	assert_true(scope_allows(scope, "Observation", false));
	assert_false(scope_allows(scope, "Observation", true));
	assert_false(scope_allows("patient/**.read", "Observation", false));
	assert_false(scope_allows("patient/.read", "Observation", false));
	assert_false(scope_allows("patient/*", "Observation", false));
	assert_false(scope_allows("*.read", "Observation", false));
	t->r.settings.scope_wildcards = 1;
	t->r.settings.openid = 1;
	assert_true(scope_known(&t->r.settings, "patient/*.read"));
	assert_true(scope_known(&t->r.settings, "patient/*.write"));
	assert_false(scope_known(&t->r.settings, "patient/*.cruds"));
	assert_true(scope_known(&t->r.settings, "openid"));
}

/* ---- applications ----------------------------------------------------- */

static void test_client_refusals(void **state)
{
	struct t *t = *state;
	struct store_counts n;

	client(t, APP);
	for (size_t i = 0; i < LEN(client_rows); i++) {
		struct store_client c;
		struct record_secrets secrets;

		if (record_client(&t->r, t->a, J(t, client_rows[i].metadata),
				  true, &c, &secrets, &t->e))
			fail_msg("%s", client_rows[i].metadata);
		if (strcmp(t->e.code, client_rows[i].code) != 0)
			fail_msg("%s: %s", client_rows[i].metadata, t->e.code);
		has(t->e.text, client_rows[i].word);
	}
	store_count(t->r.store, &n);
	assert_int_equal(n.clients, 1);
}

static void test_client_caps(void **state)
{
	struct t *t = *state;
	static const struct {
		size_t uris, bytes, metadata;
		bool ok;
	} rows[] = {
	    {20, 30, 0, true},	 {21, 30, 0, false},   {1, 2048, 0, true},
	    {1, 2049, 0, false}, {1, 30, 15000, true}, {1, 30, 17000, false},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct store_client c;
		struct record_secrets secrets;
		struct buf b;

		buf_init(&b, t->a);
		buf_puts(&b, "{'redirect_uris':[");
		for (size_t u = 0; u < rows[i].uris; u++) {
			buf_printf(&b, "%s'https://a.example/%02zu",
				   u ? "," : "", u);
			for (size_t n = 20; n < rows[i].bytes; n++)
				buf_putc(&b, 'x');
			buf_putc(&b, '\'');
		}
		buf_puts(&b, "],'jwks':{'keys':'");
		for (size_t n = 0; n < rows[i].metadata; n++)
			buf_putc(&b, 'y');
		buf_puts(&b, "'}}");
		if (record_client(&t->r, t->a, J(t, b.p), false, &c, &secrets,
				  &t->e) != rows[i].ok)
			fail_msg("row %zu: %s", i, t->e.text);
	}
}

static void test_client_defaults(void **state)
{
	struct t *t = *state;
	struct store_client c, found;
	struct record_secrets secrets;
	char digest[JOSE_DIGEST];

	assert_true(record_client(
	    &t->r, t->a,
	    J(t, "{'client_id':'mine','client_secret':'mine','extra':1," U "}"),
	    false, &c, &secrets, &t->e));
	assert_true(uuid_ok(c.client_id));
	assert_true(strlen(secrets.client_secret) >= 43);
	jose_digest(digest, secrets.client_secret,
		    strlen(secrets.client_secret));
	assert_string_equal(c.secret_digest, digest);
	assert_string_equal(c.auth_method, "client_secret_basic");
	assert_string_equal(c.grant_types, "authorization_code refresh_token");
	assert_true(scope_allows(c.scope, "Observation", true));
	assert_string_equal(c.kind, "citizen");
	assert_int_equal(c.access_token_seconds, 3600);
	assert_int_equal(c.refresh_token_seconds, 0);
	assert_true(store_client_find(t->r.store, t->a, c.client_id, &found));
	assert_string_equal(found.redirect_uris, "https://a.example/cb");
	assert_string_equal(found.secret_digest, digest);

	assert_true(record_client(
	    &t->r, t->a,
	    J(t, "{'redirect_uris':['fi.example.app:/cb','http://[::1]:1/x?y=1'"
		 "],'token_endpoint_auth_method':'none',"
		 "'scope':'patient/Observation.read'}"),
	    false, &c, &secrets, &t->e));
	assert_null(secrets.client_secret);
	assert_string_equal(c.secret_digest, "");
	assert_string_equal(c.grant_types, "authorization_code");
	assert_string_equal(c.redirect_uris,
			    "fi.example.app:/cb http://[::1]:1/x?y=1");
}

/* The token by which a registration is managed: whose it is. */
static void test_registration_token(void **state)
{
	struct t *t = *state;
	struct store_client one, two, found;
	struct record_secrets first, second;
	const char *token;

	assert_true(record_client(&t->r, t->a, J(t, "{" U "}"), false, &one,
				  &first, &t->e));
	assert_true(record_client(&t->r, t->a, J(t, "{" U "}"), false, &two,
				  &second, &t->e));
	token = first.registration_access_token;
	assert_true(strcspn(token, ".") >= 43);
	assert_string_not_equal(token, second.registration_access_token);
	assert_null(strstr(one.metadata, token));
	assert_true(record_client_of_token(&t->r, t->a, token, &found));
	assert_string_equal(found.client_id, one.client_id);
	assert_false(record_client_of_token(
	    &t->r, t->a, arena_printf(t->a, "%.43s.%s", token, two.client_id),
	    &found));
	assert_false(record_client_of_token(&t->r, t->a, "", &found));
	assert_false(record_client_of_token(&t->r, t->a, ".", &found));
	assert_false(record_client_of_token(
	    &t->r, t->a, arena_printf(t->a, ".%s", one.client_id), &found));
	/* a registration that has none (of an older file) */
	one.registration_digest = NULL;
	store_client_put(t->r.store, &one);
	assert_false(record_client_of_token(&t->r, t->a, token, &found));
	/* a change leaves it as it was */
	assert_true(record_client_change(&t->r, t->a, &two, J(t, "{" U "}"),
					 &found, &first, &t->e));
	assert_null(first.registration_access_token);
	assert_true(record_client_of_token(
	    &t->r, t->a, second.registration_access_token, &found));
}

/* The mock's own members: for who runs it alone, and they stay. */
static void test_client_own(void **state)
{
	struct t *t = *state;
	static const char own[] =
	    "'auto_approve':'010190-900P','allow_introspection':true,"
	    "'set':{'code_s':'7','refresh_rotation':'rotate'},"
	    "'access_point':'1.2.3','access_token_seconds':77,";
	struct store_client c, changed;
	struct record_secrets secrets;
	struct settings s;
	struct buf b;
	struct jw w = {.b = &b};

	c = client(t, arena_printf(t->a, "{'client_id':'app',%s" U "}", own));
	s = record_client_settings(&t->r, t->a, &c);
	assert_int_equal(s.code_s, 7);
	assert_int_equal(s.refresh_rotation, 1);
	assert_int_equal(t->r.settings.code_s, 300);
	t->r.settings.page_max = 99;
	assert_int_equal(record_client_settings(&t->r, t->a, &c).page_max, 99);
	assert_string_equal(
	    json_text(record_client_member(t->a, &c, "access_point")), "1.2.3");
	assert_null(record_client_member(t->a, &c, "service_provider"));

	/* its own change cannot touch them */
	assert_true(record_client_change_self(
	    &t->r, t->a, &c,
	    J(t,
	      "{'auto_approve':true,'set':{'code_s':'9'},'access_point':'1.4',"
	      "'access_token_seconds':1,'client_secret':'new'," U "}"),
	    &changed, &secrets, &t->e));
	assert_null(secrets.client_secret);
	assert_string_equal(changed.secret_digest, c.secret_digest);
	buf_init(&b, t->a);
	jw_open(&w, NULL, '{');
	record_client_write_own(&w, &changed);
	jw_close(&w);
	assert_string_equal(
	    b.p, "{\"kind\":\"citizen\",\"certificate_serial_number\":\"\","
		 "\"access_token_seconds\":77,\"refresh_token_seconds\":0,"
		 "\"allow_introspection\":true,"
		 "\"auto_approve\":\"010190-900P\",\"set\":{\"code_s\":\"7\","
		 "\"refresh_rotation\":\"rotate\"},"
		 "\"service_provider\":null,\"access_point\":\"1.2.3\"}");
	/* nor can one that registers itself have them */
	assert_true(record_client(&t->r, t->a,
				  J(t, arena_printf(t->a, "{%s" U "}", own)),
				  false, &c, &secrets, &t->e));
	assert_string_equal(c.metadata, "{\"self_registered\":true}");
	/* settings of its own decide what it may register for */
	client(t, "{'set':{'openid':'on'},'scope':'openid'," U "}");
}

/* Its own metadata change nothing, however it came in. */
static void test_client_metadata(void **state)
{
	struct t *t = *state;
	static const struct {
		const char *metadata;
		bool chosen;
	} rows[] = {
	    {"{" U "}", false},
	    {"{'client_name':'N','supplier':'S','contacts':['a','b'],"
	     "'jwks':{'keys':[{'n':1.50}]},'grant_types':['refresh_token',"
	     "'authorization_code'],'scope':'registration-token'," U "}",
	     false},
	    {"{'client_id':'one','client_secret':'s','default_max_age':5,"
	     "'certificate_serial_number':'1.2.3','access_token_seconds':9,"
	     "'refresh_token_seconds':8,'auto_approve':'deny','scope':'openid',"
	     "'set':{'openid':'on'},'allow_introspection':true,"
	     "'token_endpoint_auth_method':'client_secret_post'," U "}",
	     true},
	    {"{'client_id':'two','kind':'professional','scope':"
	     "'patient/Patient.read','service_provider':'1.2.3',"
	     "'access_point':'1.2.4'}",
	     true},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct store_client c, d;
		struct record_secrets secrets;

		if (!record_client(&t->r, t->a, J(t, rows[i].metadata),
				   rows[i].chosen, &c, &secrets, &t->e) ||
		    !record_client_change(&t->r, t->a, &c,
					  record_client_metadata(t->a, &c), &d,
					  &secrets, &t->e))
			fail_msg("%zu: %s", i, t->e.text);
		assert_null(secrets.client_secret);
		const char *const same[][2] = {
		    {c.client_id, d.client_id},
		    {c.secret_digest, d.secret_digest},
		    {c.name, d.name},
		    {c.redirect_uris, d.redirect_uris},
		    {c.scope, d.scope},
		    {c.grant_types, d.grant_types},
		    {c.auth_method, d.auth_method},
		    {c.kind, d.kind},
		    {c.certificate_serial_number, d.certificate_serial_number},
		    {c.metadata, d.metadata},
		    {c.registration_digest, d.registration_digest},
		};
		for (size_t k = 0; k < LEN(same); k++)
			assert_string_equal(same[k][0], same[k][1]);
		assert_int_equal(c.access_token_seconds,
				 d.access_token_seconds);
		assert_int_equal(c.refresh_token_seconds,
				 d.refresh_token_seconds);
		assert_int_equal(c.issued_ms, d.issued_ms);
	}
}

static void test_public_clients(void **state)
{
	struct t *t = *state;
	static const char none[] =
	    "{'token_endpoint_auth_method':'none'," U "}";
	struct store_client c;
	struct record_secrets secrets;

	t->r.settings.public_clients = 0;
	assert_false(
	    record_client(&t->r, t->a, J(t, none), false, &c, &secrets, &t->e));
	has(t->e.text, "cannot register themselves");
	assert_true(
	    record_client(&t->r, t->a, J(t, none), true, &c, &secrets, &t->e));
	assert_true(
	    record_client(&t->r, t->a,
			  J(t, "{'certificate_serial_number':'1.2.246.10.1.1',"
			       "'token_endpoint_auth_method':'none'," U "}"),
			  false, &c, &secrets, &t->e));
	t->r.settings.public_clients = 1;
	assert_true(
	    record_client(&t->r, t->a, J(t, none), false, &c, &secrets, &t->e));
}

/* Ways to authenticate that need no secret. */
static void test_client_methods(void **state)
{
	struct t *t = *state;
	static const char *const rows[] = {
	    "'token_endpoint_auth_method':'private_key_jwt',"
	    "'jwks':{'keys':[{'kty':'RSA'}]},",
	    "'token_endpoint_auth_method':'tls_client_auth',"
	    "'certificate_serial_number':'1.2.246.10.1.1',",
	    "'token_endpoint_auth_method':'tls_client_auth',"
	    "'tls_client_auth_subject_dn':'CN=a',",
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct store_client c;
		struct record_secrets secrets;

		if (!record_client(
			&t->r, t->a,
			J(t, arena_printf(t->a, "{%s" U "}", rows[i])), false,
			&c, &secrets, &t->e))
			fail_msg("%s: %s", rows[i], t->e.text);
		assert_null(secrets.client_secret);
		assert_string_equal(c.secret_digest, "");
	}
}

static void write_client(struct t *t, struct buf *b,
			 const struct store_client *c, const char *secret,
			 bool nulls)
{
	struct jw w = {.b = b};

	buf_init(b, t->a);
	jw_open(&w, NULL, '{');
	record_client_write(
	    &w, c,
	    &(struct record_secrets){.client_secret = secret,
				     .registration_access_token = "token"},
	    "http://h/as", nulls);
	jw_close(&w);
}

static void test_client_answer(void **state)
{
	struct t *t = *state;
	static const char metadata[] =
	    "{'tos_uri':'https://a.example/tos','scope':'offline_access',"
	    "'client_id':'app','client_secret':'s3cret',"
	    "'client_name':'N\\u00e4yte','contacts':['a@a.example'],"
	    "'logo_uri':null,'default_max_age':10," U "}";
	static const char expected[] =
	    "{'client_id':'app','client_secret':'s3cret',"
	    "'redirect_uris':['https://a.example/cb'],"
	    "'client_name':'N\xc3\xa4yte','client_uri':null,'logo_uri':null,"
	    "'logoId':null,'contacts':['a@a.example'],"
	    "'tos_uri':'https://a.example/tos',"
	    "'token_endpoint_auth_method':'client_secret_basic',"
	    "'scope':'offline_access',"
	    "'grant_types':['authorization_code','refresh_token'],"
	    "'response_types':['code'],'policy_uri':null,'jwks_uri':null,"
	    "'jwks':null,'jwksType':'URI','sector_identifier_uri':null,"
	    "'request_object_signing_alg':null,"
	    "'userinfo_signed_response_alg':null,"
	    "'userinfo_encrypted_response_alg':null,"
	    "'userinfo_encrypted_response_enc':null,"
	    "'id_token_signed_response_alg':null,"
	    "'id_token_encrypted_response_alg':null,"
	    "'id_token_encrypted_response_enc':null,'default_max_age':10,"
	    "'require_auth_time':true,'default_acr_values':[],"
	    "'initiate_login_uri':null,'post_logout_redirect_uris':[],"
	    "'claims_redirect_uris':[],'request_uris':[],"
	    "'software_statement':null,'software_id':null,"
	    "'software_version':null,'code_challenge_method':null,"
	    "'registration_access_token':'token',"
	    "'registration_client_uri':'http://h/as/register/app',"
	    "'softwareId':null,'softwareVersion':null,"
	    "'token_endpoint_auth_signing_alg':null,"
	    "'client_secret_expires_at':0,'client_id_issued_at':1795255200}";
	struct store_client c = client(t, metadata);
	struct buf b;

	write_client(t, &b, &c, "s3cret", true);
	for (char *p = b.p; *p != '\0'; p++)
		*p = *p == '"' ? '\'' : *p;
	assert_string_equal(b.p, expected);
	/* Without a secret there is no such member, not a null. */
	write_client(t, &b, &c, NULL, true);
	assert_null(strstr(b.p, "\"client_secret\""));
	write_client(t, &b, &c, "s3cret", false);
	assert_null(strstr(b.p, "null"));
	assert_non_null(strstr(b.p, "\"tos_uri\":\"https://a.example/tos\""));
	assert_non_null(strstr(b.p, "\"default_acr_values\":[]"));
}

/* ---- grants, codes, tokens -------------------------------------------- */

static void test_grant_scope(void **state)
{
	struct t *t = *state;
	static const struct {
		const char *asked, *granted; /* NULL: refused */
	} rows[] = {
	    {NULL, "patient/Observation.read patient/Observation.write "
		   "offline_access"},
	    {"offline_access patient/Observation.read",
	     "offline_access patient/Observation.read"},
	    {"registration-token patient/Observation.read",
	     "patient/Observation.read"},
	    {"patient/Observation.read patient/Observation.read",
	     "patient/Observation.read"},
	    {"patient/Patient.read", NULL},
	    {"registration-token", NULL},
	    {"", NULL},
	};
	struct grant g;

	citizen(t, HETU, PATIENT);
	client(t, APP);
	for (size_t i = 0; i < LEN(rows); i++) {
		bool ok = record_grant(&t->r, t->a, "app", HETU, rows[i].asked,
				       0, &g, &t->e);

		assert_int_equal(ok, rows[i].granted != NULL);
		if (ok)
			assert_string_equal(g.scope, rows[i].granted);
		else
			assert_string_equal(t->e.code, "invalid_scope");
	}
	assert_false(
	    record_grant(&t->r, t->a, "none", HETU, NULL, 0, &g, &t->e));
	assert_string_equal(t->e.code, "unknown_client");
	assert_false(
	    record_grant(&t->r, t->a, "app", OTHER, NULL, 0, &g, &t->e));
	assert_string_equal(t->e.code, "unknown_citizen");
}

static struct grant granted(struct t *t, const char *scope)
{
	struct grant g;

	assert_true(
	    record_grant(&t->r, t->a, "app", HETU, scope, 0, &g, &t->e));
	return g;
}

/* What tokens are made for. */
#define FOR(s, r, e, i)                                                        \
	&(struct record_tokens_for)                                            \
	{                                                                      \
		.scope = (s), .refresh = (r), .expires_in = (e), .issuer = (i) \
	}

static const char *part(struct t *t, const char *jwt, int which)
{
	size_t n;

	while (which-- > 0)
		jwt = strchr(jwt, '.') + 1;
	return jose_b64url_decode(t->a, jwt, strcspn(jwt, "."), &n);
}

static void test_tokens(void **state)
{
	struct t *t = *state;
	struct store_client c;
	struct record_tokens k;
	struct store_token stored;
	struct grant g, found;
	char digest[JOSE_DIGEST];
	const struct json *claims;
	struct buf b;

	citizen(t, HETU, PATIENT);
	c = client(t, APP);
	g = granted(t, NULL);
	record_tokens(&t->r, t->a, &c, &g,
		      FOR(g.scope, true, -1, "https://h/as"), &k);
	assert_int_equal(k.expires_in, 3600);
	assert_string_equal(k.sub, PATIENT);
	assert_string_equal(part(t, k.access_token, 0),
			    "{\"kid\":\"rsa1\",\"alg\":\"RS256\"}");
	claims = J(t, part(t, k.access_token, 1));
	assert_string_equal(json_name(json_first(claims)), "sub");
	assert_string_equal(json_get_text(claims, "sub"), PATIENT);
	assert_string_equal(json_get_text(claims, "azp"), "app");
	assert_string_equal(json_get_text(claims, "iss"), "https://h/as");
	assert_string_equal(json_text(json_get(claims, "iat")), "1795255200");
	assert_string_equal(json_text(json_get(claims, "exp")), "1795258800");
	assert_true(uuid_ok(json_get_text(claims, "jti")));
	assert_int_equal(json_count(claims), 6);

	jose_digest(digest, k.access_token, strlen(k.access_token));
	assert_true(
	    store_token_find(t->r.store, t->a, digest, &stored, &found));
	assert_int_equal(stored.kind, TOKEN_ACCESS);
	assert_int_equal(stored.expires_ms, ms(NOW) + 3600 * 1000);
	assert_string_equal(found.hetu, HETU);
	assert_true(strlen(k.refresh_token) >= 43);
	jose_digest(digest, k.refresh_token, strlen(k.refresh_token));
	assert_true(
	    store_token_find(t->r.store, t->a, digest, &stored, &found));
	assert_int_equal(stored.kind, TOKEN_REFRESH);
	assert_true(stored.expires_ms == INT64_MAX);
	assert_string_equal(stored.scope, g.scope);

	buf_init(&b, t->a);
	record_tokens_write(&b, &k);
	assert_string_equal(
	    b.p, arena_printf(t->a,
			      "{\"access_token\":\"%s\",\"token_type\":"
			      "\"Bearer\",\"refresh_token\":\"%s\","
			      "\"expires_in\":3600,\"scope\":\"%s\","
			      "\"sub\":\"" PATIENT "\"}",
			      k.access_token, k.refresh_token, g.scope));
}

static void test_token_lifetimes(void **state)
{
	struct t *t = *state;
	static const struct {
		enum clock_mode mode;
		int64_t asked, told;
	} rows[] = {
	    {CLOCK_FROZEN, -1, 600}, {CLOCK_REAL, -1, 599},
	    {CLOCK_OFFSET, -1, 599}, {CLOCK_FROZEN, 5, 5},
	    {CLOCK_REAL, 5, 4},	     {CLOCK_REAL, 0, 0},
	    {CLOCK_FROZEN, 0, 0},
	};
	struct store_client c;
	struct record_tokens k;
	struct store_token stored;
	struct grant g;
	char digest[JOSE_DIGEST];

	citizen(t, HETU, PATIENT);
	c = client(t, "{'client_id':'app','access_token_seconds':600,"
		      "'refresh_token_seconds':900,"
		      "'scope':'offline_access patient/Patient.read'," U "}");
	g = granted(t, NULL);
	for (size_t i = 0; i < LEN(rows); i++) {
		t->r.clock.mode = rows[i].mode;
		record_tokens(&t->r, t->a, &c, &g,
			      FOR(g.scope, false, rows[i].asked, "i"), &k);
		assert_int_equal(k.expires_in, rows[i].told);
		assert_null(k.refresh_token);
	}
	/* Absurd lifetimes do not overflow. */
	record_tokens(&t->r, t->a, &c, &g, FOR(g.scope, false, INT64_MAX, "i"),
		      &k);
	jose_digest(digest, k.access_token, strlen(k.access_token));
	assert_true(store_token_find(t->r.store, t->a, digest, &stored, NULL));
	assert_true(stored.expires_ms > ms(NOW));

	record_tokens(&t->r, t->a, &c, &g, FOR(g.scope, true, -1, "i"), &k);
	jose_digest(digest, k.refresh_token, strlen(k.refresh_token));
	assert_true(store_token_find(t->r.store, t->a, digest, &stored, NULL));
	assert_int_equal(stored.expires_ms, ms(NOW) + 900 * 1000);

	g = granted(t, "patient/Patient.read"); /* without offline_access */
	record_tokens(&t->r, t->a, &c, &g, FOR(g.scope, true, -1, "i"), &k);
	assert_null(k.refresh_token);
}

static void test_code(void **state)
{
	struct t *t = *state;
	struct store_code stored;
	struct grant g, held;
	char digest[JOSE_DIGEST];
	const char *code;

	citizen(t, HETU, PATIENT);
	client(t, APP);
	g = granted(t, NULL);
	code = record_code(
	    &t->r, t->a, &g,
	    &(struct record_code_for){.redirect_uri = "https://app.example/cb",
				      .life_s = 300});
	assert_true(strlen(code) >= 22);
	assert_false(code_take(t->r.store, t->a, code, &stored, &held));
	jose_digest(digest, code, strlen(code));
	assert_true(code_take(t->r.store, t->a, digest, &stored, &held));
	assert_string_equal(stored.grant_id, g.id);
	assert_string_equal(held.id, g.id);
	assert_string_equal(stored.client_id, "app");
	assert_string_equal(stored.redirect_uri, "https://app.example/cb");
	assert_string_equal(stored.challenge, "");
	assert_int_equal(stored.expires_ms, ms(NOW) + 300 * 1000);
	assert_false(code_take(t->r.store, t->a, digest, &stored, &held));
}

static const char *key_set(struct t *t)
{
	return jose_key_jwk(t->a, record_key(&t->r, t->a), "rsa1");
}

static void test_signing_key_is_kept(void **state)
{
	struct t *t = *state;
	const char *first;

	/* Made in a request that is then rolled back: stored the next time. */
	store_enter(t->r.store);
	first = key_set(t);
	store_leave(t->r.store, false);
	assert_null(store_setting(t->r.store, t->a, "signing_key"));
	assert_string_equal(key_set(t), first);
	assert_non_null(store_setting(t->r.store, t->a, "signing_key"));
	record_close(&t->r);
	store_reset(t->r.store);
	assert_string_equal(key_set(t), first);
	/* One that cannot be read is replaced, for good. */
	record_close(&t->r);
	store_setting_put(t->r.store, "signing_key", "no key");
	first = key_set(t);
	record_close(&t->r);
	assert_string_equal(key_set(t), first);
}

/* Nothing that opens a door can be read in the file. */
static void test_secrets_not_in_the_file(void **state)
{
	struct t *t = *state;
	char dir[] = "/tmp/test_record.XXXXXX";
	struct store_client c;
	struct record_tokens k;
	struct grant g;
	const char *path, *code, *text;
	char digest[JOSE_DIGEST];
	size_t n;

	assert_non_null(mkdtemp(dir));
	path = arena_printf(t->a, "%s/db", dir);
	store_close(t->r.store);
	t->r.store = store_open(path, &t->log, &t->e);
	assert_non_null(t->r.store);
	store_enter(t->r.store);
	citizen(t, HETU, PATIENT);
	c = client(t, APP);
	g = granted(t, NULL);
	code = record_code(
	    &t->r, t->a, &g,
	    &(struct record_code_for){.redirect_uri = "https://app.example/cb",
				      .life_s = 300});
	record_tokens(&t->r, t->a, &c, &g, FOR(g.scope, true, -1, "i"), &k);
	assert_true(store_leave(t->r.store, true));
	assert_true(store_commit(t->r.store));
	store_close(t->r.store);
	text = slurp(t->a, path, &n);
	jose_digest(digest, k.access_token, strlen(k.access_token));
	assert_non_null(memmem(text, n, digest, strlen(digest)));
	assert_null(memmem(text, n, "app-secret", 10));
	assert_null(memmem(text, n, code, strlen(code)));
	assert_null(memmem(text, n, k.refresh_token, strlen(k.refresh_token)));
	assert_null(memmem(text, n, k.access_token, 40));
	unlink(path);
	rmdir(dir);
	t->r.store = store_open(":memory:", &t->log, &t->e);
}

#endif
