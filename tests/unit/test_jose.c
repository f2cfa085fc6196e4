/* SPDX-License-Identifier: Apache-2.0
 *
 * Unit tests of jose: the vectors of RFC 4231, RFC 4648, RFC 7515, RFC 7636 and
 * FIPS 180, what the decoders refuse, and tokens verified with OpenSSL alone
 * from the published JWK, as a client would do it.
 */
#include "jose/jose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static int new_arena(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int end_arena(void **state)
{
	arena_free(*state);
	return 0;
}

/* ---- base64 ----------------------------------------------------------- */

#define R(text) text, sizeof(text) - 1

struct codec_row {
	const char *bytes;
	size_t n;
	const char *url, *plain;
};

static const struct codec_row codec_rows[] = {
    {R(""), "", ""},
    {R("f"), "Zg", "Zg=="},
    {R("fo"), "Zm8", "Zm8="},
    {R("foo"), "Zm9v", "Zm9v"},
    {R("foob"), "Zm9vYg", "Zm9vYg=="},
    {R("fooba"), "Zm9vYmE", "Zm9vYmE="},
    {R("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
    {R("\0"), "AA", "AA=="},
    {R("\0\0\0"), "AAAA", "AAAA"},
    {R("\xff"), "_w", "/w=="},
    {R("\xff\xff\xff"), "____", "////"},
    {R("\xfb\xff\xfe"), "-__-", "+//+"},
    {R("\x03\xec\xff\xe0\xc1"), "A-z_4ME", "A+z/4ME="},
    {R("client:s3cr\xc3\xa4t"), "Y2xpZW50OnMzY3LDpHQ", "Y2xpZW50OnMzY3LDpHQ="},
};

static void base64_both_ways(void **state)
{
	for (size_t i = 0; i < LEN(codec_rows); i++) {
		const struct codec_row *r = &codec_rows[i];
		size_t n = 99;
		char *p;

		assert_string_equal(jose_b64url(*state, r->bytes, r->n),
				    r->url);
		p = jose_b64url_decode(*state, r->url, strlen(r->url), &n);
		assert_non_null(p);
		assert_int_equal(n, r->n);
		assert_memory_equal(p, r->bytes, n + 1); /* and the NUL */
		p = jose_b64_decode(*state, r->plain, strlen(r->plain), &n);
		assert_non_null(p);
		assert_int_equal(n, r->n);
		assert_memory_equal(p, r->bytes, n + 1);
	}
}

static void base64_of_every_length_comes_back(void **state)
{
	unsigned char bytes[300];

	jose_random(bytes, sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char *text = jose_b64url(*state, bytes, n);
		size_t back = 0;
		char *p = jose_b64url_decode(*state, text, strlen(text), &back);

		assert_int_equal(strlen(text), (n * 4 + 2) / 3);
		assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "abcdefghijklmnopqrstuvwxyz"
					      "0123456789-_"),
				 strlen(text));
		assert_int_equal(back, n);
		assert_memory_equal(p, bytes, n);
	}
}

static void base64_is_decoded_strictly(void **state)
{
	static const char *const not_url[] = {
	    "A",    "AAAAA", "Zg==", "Zm8=",	 "Zm9v=",
	    "Zm9+", "Zm9/",  "Zm 9", "Zm9\n",	 "=",
	    "Zh",   "Zm9",   "A.A",  "\xc3\xa4", "Zm9v\n"};
	static const char *const not_plain[] = {
	    "Z",    "Zg",   "Zg=",	"Zm8",	"Zm9v=",    "Zm9v====",
	    "====", "=",    "==",	"Z===", "Zg==Zg==", "Zm9-",
	    "Zm9_", "Zm 9", "Zm9\n",	"Zh==", "Zm9=",	    "=AAA",
	    "A=AA", "AA=A", "Zm9v Zm9v"};
	size_t n;

	for (size_t i = 0; i < LEN(not_url); i++)
		if (jose_b64url_decode(*state, not_url[i], strlen(not_url[i]),
				       &n))
			fail_msg("base64url: %s", not_url[i]);
	for (size_t i = 0; i < LEN(not_plain); i++)
		if (jose_b64_decode(*state, not_plain[i], strlen(not_plain[i]),
				    &n))
			fail_msg("base64: %s", not_plain[i]);
	assert_null(jose_b64url_decode(*state, "Zm\0v", 4, &n));
	assert_null(jose_b64_decode(*state, "Zm\0v", 4, &n));
}

/* ---- digest, randomness, comparison ----------------------------------- */

static void digests_are_sha256(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb924"
		 "27ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	     "248d6a61d20638b8e5c026930c3e6039"
	     "a33ce45964ff2167f6ecedd419db06c1"},
	};
	char digest[JOSE_DIGEST];

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		jose_digest(digest, rows[i].text, strlen(rows[i].text));
		assert_string_equal(digest, rows[i].want);
	}
}

static void random_texts_use_all_their_letters(void **state)
{
	unsigned seen[256] = {0};
	char text[64], other[64];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		memset(text, '!', sizeof(text));
		jose_random_text(text, 43);
		jose_random_text(other, 43);
		assert_int_equal(strlen(text), 43);
		assert_int_equal(text[44], '!');
		assert_string_not_equal(text, other);
		for (const char *p = text; *p; p++)
			seen[(unsigned char)*p]++;
	}
	/* 86 000 / 62 = 1387 expected of each, the standard deviation is 37:
	 * eight of them are never reached by chance. */
	for (int c = 0; c < 256; c++) {
		bool letter = (c >= '0' && c <= '9') ||
			      (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		assert_in_range(seen[c], letter ? 1091 : 0, letter ? 1683 : 0);
	}
	jose_random_text(text, 0);
	assert_string_equal(text, "");
}

#define DRAWN	  10000
#define DRAWN_LEN 32

static int by_text(const void *x, const void *y)
{
	return strcmp(x, y);
}

/* Ten thousand of a code's length: none twice, and in each place each letter as
 * often as chance has it (chi-square of 61 degrees of freedom: 61 expected, the
 * standard deviation is 11; ten of them are never reached). */
static void ten_thousand_random_texts(void **state)
{
	static char drawn[DRAWN][DRAWN_LEN + 1];
	static unsigned seen[DRAWN_LEN][256];
	const double expected = DRAWN / 62.0;

	(void)state;
	for (size_t i = 0; i < DRAWN; i++) {
		jose_random_text(drawn[i], DRAWN_LEN);
		for (size_t at = 0; at < DRAWN_LEN; at++)
			seen[at][(unsigned char)drawn[i][at]]++;
	}
	for (size_t at = 0; at < DRAWN_LEN; at++) {
		double chi = 0;

		for (const char *c = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
		     *c; c++) {
			double off = seen[at][(unsigned char)*c] - expected;

			chi += off * off / expected;
		}
		assert_true(chi < 171);
	}
	qsort(drawn, DRAWN, sizeof(drawn[0]), by_text);
	for (size_t i = 1; i < DRAWN; i++)
		assert_string_not_equal(drawn[i - 1], drawn[i]);
}

static void random_bytes_fill_exactly(void **state)
{
	static unsigned char x[10002], y[10002];
	size_t same = 0;

	(void)state;
	jose_random(x + 1, 10000);
	jose_random(y + 1, 10000);
	assert_int_equal(x[0] | x[10001] | y[0] | y[10001], 0);
	for (size_t i = 1; i <= 10000; i++)
		same += x[i] == y[i];
	assert_in_range(same, 0, 120); /* 39 expected */
}

static void texts_are_compared(void **state)
{
	static const struct {
		const char *x, *y;
		bool want;
	} rows[] = {
	    {"", "", true},
	    {"a", "a", true},
	    {"a", "b", false},
	    {"a", "", false},
	    {"a", "aa", false},
	    {"secret", "secret", true},
	    {"secret", "Secret", false},
	    {"secret", "secreT", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(jose_equal(rows[i].x, rows[i].y),
				 rows[i].want);
		assert_int_equal(jose_equal(rows[i].y, rows[i].x),
				 rows[i].want);
	}
}

/* ---- PKCE -------------------------------------------------------------- */

#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define A42	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void pkce_follows_its_rfc(void **state)
{
	static const struct {
		const char *verifier, *challenge, *method;
		bool want;
	} rows[] = {
	    {VERIFIER, CHALLENGE, "S256", true}, /* RFC 7636 appendix B */
	    {VERIFIER, VERIFIER, "plain", true},
	    {VERIFIER, CHALLENGE, "plain", false},
	    {VERIFIER, VERIFIER, "S256", false},
	    {VERIFIER, CHALLENGE, "s256", false},
	    {VERIFIER, CHALLENGE, "", false},
	    {VERIFIER, CHALLENGE, "S512", false},
	    {VERIFIER, CHALLENGE "=", "S256", false},
	    {VERIFIER, "", "S256", false},
	    {VERIFIER, "", "plain", false},
	    {"", "", "plain", false},
	    {A42, A42, "plain", false},
	    {A42 "a", A42 "a", "plain", true},
	    {A42 "~", A42 "~", "plain", true},
	    {A42 ".", A42 ".", "plain", true},
	    {A42 "-_", A42 "-_", "plain", true},
	    {A42 "+", A42 "+", "plain", false},
	    {A42 "=", A42 "=", "plain", false},
	    {A42 " ", A42 " ", "plain", false},
	    {A42 "\xc3\xa4", A42 "\xc3\xa4", "plain", false},
	    {A42 A42 A42 "aa", A42 A42 A42 "aa", "plain", true},
	    {A42 A42 A42 "aaa", A42 A42 A42 "aaa", "plain", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		if (jose_pkce_ok(rows[i].verifier, rows[i].challenge,
				 rows[i].method) != rows[i].want)
			fail_msg("row %zu", i);
}

static void challenges_have_their_form(void **state)
{
	(void)state;
	assert_true(jose_pkce_challenge_ok(CHALLENGE));
	assert_true(jose_pkce_challenge_ok(A42 "-"));
	assert_false(jose_pkce_challenge_ok(""));
	assert_false(jose_pkce_challenge_ok(A42));
	assert_false(jose_pkce_challenge_ok(A42 "aa"));
	assert_false(jose_pkce_challenge_ok(A42 "="));
	assert_false(jose_pkce_challenge_ok(A42 "+"));
	assert_false(jose_pkce_challenge_ok(A42 "."));
}

/* ---- keys and tokens ---------------------------------------------------- */

/* One key for all tests: making one takes a while. */
static int make_key(void **state)
{
	*state = jose_key_new();
	return *state ? 0 : 1;
}

static int free_key(void **state)
{
	jose_key_free(*state);
	return 0;
}

static void tokens_verify_with_the_published_key(void **state);

static void a_seed_decides_on_the_key(void **state)
{
	struct arena *a = arena_new(0);
	struct jose_key *k[] = {jose_key_of("7"), jose_key_of("7"),
				jose_key_of("8")};
	const char *pem[LEN(k)];
	struct jose_key *read;

	(void)state;
	for (size_t i = 0; i < LEN(k); i++) {
		pem[i] = jose_key_pem(a, k[i]);
		read = jose_key_read(pem[i]); /* 2048 bits, and sound */
		assert_non_null(read);
		assert_string_equal(jose_jwt(a, read, "k", "{}", 2),
				    jose_jwt(a, k[i], "k", "{}", 2));
		jose_key_free(read);
	}
	tokens_verify_with_the_published_key((void *[]){k[0]});
	assert_string_equal(pem[0], pem[1]);
	assert_string_not_equal(pem[0], pem[2]);
	for (size_t i = 0; i < LEN(k); i++)
		jose_key_free(k[i]);
	arena_free(a);
}

/* The value of a text member of the JWK, which has no escapes. */
static char *jwk_member(struct arena *a, const char *jwk, const char *name)
{
	const char *at = strstr(jwk, arena_printf(a, "\"%s\":\"", name));

	assert_non_null(at);
	at += strlen(name) + 4;
	return arena_strndup(a, at, strcspn(at, "\""));
}

static BIGNUM *jwk_number(struct arena *a, const char *jwk, const char *name)
{
	const char *text = jwk_member(a, jwk, name);
	size_t n;
	char *bytes = jose_b64url_decode(a, text, strlen(text), &n);

	assert_non_null(bytes);
	assert_int_not_equal(bytes[0], 0); /* RFC 7518 2: no leading zeros */
	return BN_bin2bn((unsigned char *)bytes, (int)n, NULL);
}

static EVP_PKEY *public_key(struct arena *a, const char *jwk)
{
	BIGNUM *n = jwk_number(a, jwk, "n"), *e = jwk_number(a, jwk, "e");
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	assert_int_equal(BN_num_bits(n), 2048);
	assert_int_equal(BN_get_word(e), 65537);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

/* Verifies as RFC 7515 5.2 does; the signature covers text before last dot. */
static bool verified(struct arena *a, EVP_PKEY *key, const char *jwt)
{
	const char *dot = strrchr(jwt, '.');
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n;
	char *sig = jose_b64url_decode(a, dot + 1, strlen(dot + 1), &n);
	int result = 0;

	assert_non_null(sig);
	assert_int_equal(n, 256);
	if (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1)
		result = EVP_DigestVerify(ctx, (unsigned char *)sig, n,
					  (const unsigned char *)jwt,
					  (size_t)(dot - jwt));
	EVP_MD_CTX_free(ctx);
	return result == 1;
}

static void check_part(struct arena *a, const char *jwt, int part,
		       const char *want, size_t want_n)
{
	size_t n;
	char *text;

	for (; part; part--)
		jwt = strchr(jwt, '.') + 1;
	text = jose_b64url_decode(a, jwt, strcspn(jwt, "."), &n);
	assert_non_null(text);
	assert_int_equal(n, want_n);
	assert_memory_equal(text, want, n);
}

static void tokens_verify_with_the_published_key(void **state)
{
	static const char claims[] = "{\"iss\":\"http://127.0.0.1/\",\"sub\":"
				     "\"P\xc3\xa4ivi\",\"exp\":1795259700}";
	struct arena *a = arena_new(0);
	const struct jose_key *k = *state;
	EVP_PKEY *key = public_key(a, jose_key_jwk(a, k, "kid-1"));
	char *jwt = jose_jwt(a, k, "kid-1", claims, sizeof(claims) - 1);
	char *damaged = arena_strdup(a, jwt);

	check_part(a, jwt, 0, R("{\"kid\":\"kid-1\",\"alg\":\"RS256\"}"));
	check_part(a, jwt, 1, claims, sizeof(claims) - 1);
	assert_true(verified(a, key, jwt));
	/* RS256 has no randomness. */
	assert_string_equal(jose_jwt(a, k, "kid-1", claims, sizeof(claims) - 1),
			    jwt);
	*strchr(damaged, '.') = '_';
	assert_false(verified(a, key, damaged));
	assert_true(verified(a, key, jose_jwt(a, k, "k", "", 0)));
	EVP_PKEY_free(key);
	arena_free(a);
}

static void jwk_is_as_published(void **state)
{
	struct arena *a = arena_new(0);
	const char *jwk = jose_key_jwk(a, *state, "2026.rsa_1-a");
	const char *n = jwk_member(a, jwk, "n");

	assert_string_equal(jwk,
			    arena_printf(a,
					 "{\"kty\":\"RSA\",\"e\":\"AQAB\","
					 "\"use\":\"sig\",\"kid\":"
					 "\"2026.rsa_1-a\",\"alg\":\"RS256\","
					 "\"n\":\"%s\"}",
					 n));
	assert_int_equal(strlen(n), 342);
	assert_null(strstr(jwk, "\"d\""));
	arena_free(a);
}

static void keys_come_back_from_their_pem(void **state)
{
	struct arena *a = arena_new(0);
	char *pem = jose_key_pem(a, *state);
	struct jose_key *back = jose_key_read(pem);

	assert_memory_equal(pem, "-----BEGIN PRIVATE KEY-----\n", 28);
	assert_non_null(back);
	assert_string_equal(jose_key_jwk(a, back, "k"),
			    jose_key_jwk(a, *state, "k"));
	assert_string_equal(jose_jwt(a, back, "k", "{}", 2),
			    jose_jwt(a, *state, "k", "{}", 2));
	assert_string_equal(jose_key_pem(a, back), pem);
	jose_key_free(back);
	jose_key_free(NULL);
	arena_free(a);
}

static char *pem_of(struct arena *a, EVP_PKEY *key, const EVP_CIPHER *cipher,
		    const char *password)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes, *pem;
	long n;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
			     out, key, cipher, password,
			     password ? (int)strlen(password) : 0, NULL, NULL),
			 1);
	n = BIO_get_mem_data(out, &bytes);
	pem = arena_strndup(a, bytes, (size_t)n);
	BIO_free(out);
	EVP_PKEY_free(key);
	return pem;
}

/* Also a key with a password: it must not ask for it at the terminal. */
static void other_keys_are_refused(void **state)
{
	struct arena *a = arena_new(0);
	char *pem = jose_key_pem(a, *state);
	char *cut = arena_strndup(a, pem, strlen(pem) / 2);

	assert_null(jose_key_read(""));
	assert_null(jose_key_read("no key"));
	assert_null(jose_key_read(cut));
	memset(strchr(pem, '\n') + 1, 'A', 40);
	assert_null(jose_key_read(pem));
	assert_null(jose_key_read(pem_of(
	    a, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL, NULL)));
	assert_null(jose_key_read(pem_of(a, EVP_RSA_gen(1024), NULL, NULL)));
	assert_null(jose_key_read(
	    pem_of(a, EVP_RSA_gen(2048), EVP_aes_128_cbc(), "pw")));
	arena_free(a);
}

/* ---- signatures of others ----------------------------------------------- */

#define CLAIMS                                                                 \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"     \
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

/* RFC 7515 appendices A.2 and A.3 */
static const struct jose_jwk rfc_rsa = {
    .kty = "RSA",
    .n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"
	 "Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b"
	 "32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KX"
	 "BdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ih"
	 "lJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4"
	 "FRWyuXpoQ",
    .e = "AQAB",
};
static const char rfc_rsa_sig[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-"
    "0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn"
    "byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi1"
    "2jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs"
    "98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const struct jose_jwk rfc_ec = {
    .kty = "EC",
    .crv = "P-256",
    .x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    .y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
static const char rfc_ec_sig[] = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFC"
				 "gfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static void signatures_of_the_rfc_verify(void **state)
{
	static const char rsa[] = "eyJhbGciOiJSUzI1NiJ9." CLAIMS;
	static const char ec[] = "eyJhbGciOiJFUzI1NiJ9." CLAIMS;

	assert_true(
	    jose_jws_verify(*state, &rfc_rsa, "RS256", R(rsa), rfc_rsa_sig));
	assert_true(
	    jose_jws_verify(*state, &rfc_ec, "ES256", R(ec), rfc_ec_sig));
	assert_false(jose_jws_verify(*state, &rfc_rsa, "RS256", rsa,
				     sizeof(rsa) - 2, rfc_rsa_sig));
	assert_false(
	    jose_jws_verify(*state, &rfc_ec, "ES256", R(rsa), rfc_ec_sig));
}

static void algorithm_and_key_go_together(void **state)
{
	static const char *const wrong[] = {"none",  "HS256", "ES256", "ES384",
					    "rs256", "",      "RS256 "};
	static const char rsa[] = "eyJhbGciOiJSUzI1NiJ9." CLAIMS;
	size_t n = 0;

	for (size_t i = 0; i < LEN(wrong); i++) {
		assert_false(jose_jws_possible(&rfc_rsa, wrong[i]));
		assert_false(jose_jws_verify(*state, &rfc_rsa, wrong[i], R(rsa),
					     rfc_rsa_sig));
	}
	/* the padding and the digest are part of it */
	assert_false(
	    jose_jws_verify(*state, &rfc_rsa, "PS256", R(rsa), rfc_rsa_sig));
	assert_false(
	    jose_jws_verify(*state, &rfc_rsa, "RS512", R(rsa), rfc_rsa_sig));
	assert_false(jose_jws_possible(&rfc_ec, "RS256"));
	assert_false(jose_jws_possible(&rfc_ec, "ES384"));
	while (jose_jws_algorithm(n) != NULL)
		n++;
	assert_int_equal(n, 8);
}

static void damaged_signatures_are_refused(void **state)
{
	static const char ec[] = "eyJhbGciOiJFUzI1NiJ9." CLAIMS;
	static const char *const bad[] = {"", "AA", "!",
					  "DtEhU3ljbEg8L38VWAfUA"};
	char zeros[87];

	for (size_t i = 0; i < LEN(bad); i++) {
		assert_false(
		    jose_jws_verify(*state, &rfc_ec, "ES256", R(ec), bad[i]));
		assert_false(
		    jose_jws_verify(*state, &rfc_rsa, "RS256", R(ec), bad[i]));
	}
	/* r = s = 0 (CVE-2022-21449) */
	memset(zeros, 'A', 86);
	zeros[86] = '\0';
	assert_false(jose_jws_verify(*state, &rfc_ec, "ES256", R(ec), zeros));
}

/* An exponent or modulus that would cost much, or none at all; a point off the
 * curve; members that are missing. */
static void strange_keys_are_refused(void **state)
{
	static const char ec[] = "eyJhbGciOiJFUzI1NiJ9." CLAIMS;
	static const char rsa[] = "eyJhbGciOiJSUzI1NiJ9." CLAIMS;
	char *huge = arena_alloc(*state, 1400);
	struct jose_jwk k = rfc_ec;

	k.y = k.x;
	assert_false(jose_jws_verify(*state, &k, "ES256", R(ec), rfc_ec_sig));
	k.y = NULL;
	assert_false(jose_jws_verify(*state, &k, "ES256", R(ec), rfc_ec_sig));
	k.y = "AA";
	assert_false(jose_jws_verify(*state, &k, "ES256", R(ec), rfc_ec_sig));
	memset(huge, 'b', 1388);
	static const char *const exponents[] = {
	    "", "AA", "Ag", "AAEAAQ", "AQAAAAAB", "!", NULL};
	for (size_t i = 0; i < LEN(exponents); i++) {
		k = rfc_rsa;
		k.e = exponents[i];
		assert_false(
		    jose_jws_verify(*state, &k, "RS256", R(rsa), rfc_rsa_sig));
	}
	k = rfc_rsa;
	k.n = huge;
	assert_false(jose_jws_verify(*state, &k, "RS256", R(rsa), rfc_rsa_sig));
	k.n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoQ";
	assert_false(jose_jws_verify(*state, &k, "RS256", R(rsa), rfc_rsa_sig));
	k.kty = NULL;
	assert_false(jose_jws_verify(*state, &k, "RS256", R(rsa), rfc_rsa_sig));
}

/* What another implementation of the same library signed, for each of them. */
static char *signed_by(struct arena *a, EVP_PKEY *key, const char *digest,
		       bool pss, const char *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p;
	unsigned char sig[600];
	size_t n = sizeof(sig);

	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, &p, digest, NULL, NULL, key, NULL), 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(ctx, sig, &n,
					(const unsigned char *)text,
					strlen(text)),
			 1);
	EVP_MD_CTX_free(ctx);
	return jose_b64url(a, sig, n);
}

static char *bn_text(struct arena *a, EVP_PKEY *key, const char *name)
{
	unsigned char bytes[512];
	BIGNUM *bn = NULL;
	int n;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &bn), 1);
	n = BN_bn2bin(bn, bytes);
	BN_free(bn);
	return jose_b64url(a, bytes, (size_t)n);
}

static void every_rsa_algorithm_verifies(void **state)
{
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
	EVP_PKEY *key = EVP_RSA_gen(3072);
	struct jose_jwk k = {.kty = "RSA",
			     .n = bn_text(*state, key, OSSL_PKEY_PARAM_RSA_N),
			     .e = bn_text(*state, key, OSSL_PKEY_PARAM_RSA_E)};

	for (size_t i = 0; i < 6; i++) {
		const char *alg = jose_jws_algorithm(i);
		char *sig =
		    signed_by(*state, key, digests[i % 3], i >= 3, "a.b");

		assert_true(jose_jws_verify(*state, &k, alg, R("a.b"), sig));
		assert_false(jose_jws_verify(*state, &k, alg, R("a.c"), sig));
		assert_false(jose_jws_verify(*state, &k,
					     jose_jws_algorithm((i + 3) % 6),
					     R("a.b"), sig));
	}
	EVP_PKEY_free(key);
}

/* The curve of the RFC's vectors is P-256 alone. */
static void es384_verifies(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	unsigned char raw[96], x[48], y[48];
	size_t n;
	BIGNUM *bx = NULL, *by = NULL;
	char *der = signed_by(*state, key, "SHA384", false, "a.b");

	der = jose_b64url_decode(*state, der, strlen(der), &n);
	const unsigned char *p = (const unsigned char *)der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 48);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 48, 48);
	ECDSA_SIG_free(sig);
	EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &bx);
	EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &by);
	BN_bn2binpad(bx, x, 48);
	BN_bn2binpad(by, y, 48);
	BN_free(bx);
	BN_free(by);
	EVP_PKEY_free(key);

	struct jose_jwk k = {.kty = "EC",
			     .crv = "P-384",
			     .x = jose_b64url(*state, x, 48),
			     .y = jose_b64url(*state, y, 48)};
	char *text = jose_b64url(*state, raw, 96);
	assert_true(jose_jws_verify(*state, &k, "ES384", R("a.b"), text));
	assert_false(jose_jws_verify(*state, &k, "ES384", R("a.c"), text));
	assert_false(jose_jws_verify(*state, &k, "ES256", R("a.b"), text));
}

static void hmac_follows_its_rfc(void **state)
{
	/* RFC 4231 4.3 */
	assert_string_equal(
	    jose_hmac(*state, "Jefe", "what do ya want for nothing?"),
	    "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
	assert_string_not_equal(
	    jose_hmac(*state, "Jeff", "what do ya want for nothing?"),
	    jose_hmac(*state, "Jefe", "what do ya want for nothing?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_arena, end_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(base64_both_ways),
	    TEST(base64_of_every_length_comes_back),
	    TEST(base64_is_decoded_strictly),
	    cmocka_unit_test(digests_are_sha256),
	    cmocka_unit_test(random_texts_use_all_their_letters),
	    cmocka_unit_test(ten_thousand_random_texts),
	    cmocka_unit_test(random_bytes_fill_exactly),
	    cmocka_unit_test(texts_are_compared),
	    cmocka_unit_test(pkce_follows_its_rfc),
	    cmocka_unit_test(challenges_have_their_form),
	    TEST(hmac_follows_its_rfc),
	    TEST(signatures_of_the_rfc_verify),
	    TEST(algorithm_and_key_go_together),
	    TEST(damaged_signatures_are_refused),
	    TEST(strange_keys_are_refused),
	    TEST(every_rsa_algorithm_verifies),
	    TEST(es384_verifies),
	};
	const struct CMUnitTest with_key[] = {
	    cmocka_unit_test(tokens_verify_with_the_published_key),
	    cmocka_unit_test(jwk_is_as_published),
	    cmocka_unit_test(a_seed_decides_on_the_key),
	    cmocka_unit_test(keys_come_back_from_their_pem),
	    cmocka_unit_test(other_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(with_key, make_key, free_key);
}
