/* SPDX-License-Identifier: Apache-2.0
 *
 * oauth: what needs no server. Words and scopes, redirects, credentials, tokens
 * in headers, what may stand in a header. The protocol itself is tested over
 * HTTP (tests/http/test_oauth.py).
 */
#include "oauth/oauth_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Equal, or both NULL. */
static void same(const char *got, const char *wanted, const char *what)
{
	if ((got == NULL) != (wanted == NULL) ||
	    (got != NULL && strcmp(got, wanted) != 0))
		fail_msg("%s: got %s, not %s", what, got ? got : "(null)",
			 wanted ? wanted : "(null)");
}

/* ---- words and scopes ------------------------------------------------ */

static void words(void **state)
{
	(void)state;
	static const struct {
		const char *list, *word;
		bool has;
	} cases[] = {
	    {"a b c", "a", true},
	    {"a b c", "c", true},
	    {"  a  b ", "b", true},
	    {"a b c", "d", false},
	    {"", "a", false},
	    {"a b", "", false},
	    {"", "", false},
	    {"abc", "ab", false},
	    {"ab", "abc", false},
	    {"xab", "ab", false},
	    {"http://a/cb http://b/cb", "http://b/cb", true},
	    {"http://a/cb http://b/cb", "http://b/CB", false},
	    {"http://a/cb http://b/cb", "http://b/cb/", false},
	    /* two words are not one */
	    {"http://a/cb http://b/cb", "http://a/cb http://b/cb", false},
	    {"a b", "a b", false},
	    {"a b", "b ", false},
	    {"a\tb", "a", false},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		if (scope_has(cases[i].list, cases[i].word) != cases[i].has)
			fail_msg("\"%s\" in \"%s\"", cases[i].word,
				 cases[i].list);
}

static void scopes_wanted(void **state)
{
	(void)state;
	static const char all[] = "offline_access patient/Observation.read "
				  "patient/Observation.write";
	static const struct {
		const char *asked, *client, *wanted;
	} cases[] = {
	    {NULL, all, all},
	    {"", all, all},
	    {"offline_access", all, "offline_access"},
	    /* in the order of the request, each once */
	    {"patient/Observation.write offline_access", all,
	     "patient/Observation.write offline_access"},
	    {"offline_access  offline_access", all, "offline_access"},
	    {"openid", all, NULL},
	    {"offline_access openid", all, NULL},
	    {"patient/*.read", all, NULL},
	    {"patient/Observation.Read", all, NULL},
	    {"patient/Observation", all, NULL},
	    {"offline_access\npatient/Observation.read", all, NULL},
	    /* reserved words fall out */
	    {NULL, "a registration-token b", "a b"},
	    {"a registration-token", "a registration-token b", "a"},
	    {"registration-token", "a registration-token", NULL},
	    {NULL, "registration-token", NULL},
	    {NULL, "", NULL},
	    {" ", all, NULL},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		same(oauth_scope_wanted(arena, cases[i].asked, cases[i].client),
		     cases[i].wanted, cases[i].asked ? cases[i].asked : "-");
}

static void scope_length(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, arena);
	while (b.len < OAUTH_SCOPE_BYTES - 1)
		buf_puts(&b, "a ");
	assert_string_equal(oauth_scope_wanted(arena, b.p, "a b"), "a");
	buf_puts(&b, " a a");
	assert_null(oauth_scope_wanted(arena, b.p, "a b"));
}

static void scopes_within(void **state)
{
	(void)state;
	assert_true(oauth_scope_within("a b", "b a c"));
	assert_true(oauth_scope_within("", "a"));
	assert_true(oauth_scope_within("", ""));
	assert_false(oauth_scope_within("a d", "b a c"));
	assert_false(oauth_scope_within("a", ""));
	assert_string_equal(oauth_scope_shown(arena, "a  b"), "[a, b]");
	assert_string_equal(oauth_scope_shown(arena, ""), "[]");
}

static void scope_texts(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"patient/Observation.read", "Read your measurements and activity"},
	    {"patient/Observation.write",
	     "Save and change your measurements and activity"},
	    {"patient/Basic.read", "Read your data of the type Basic"},
	    {"patient/Observation", "patient/Observation"},
	    {"patient/Observation.readx", "patient/Observation.readx"},
	    {"user/Observation.read", "user/Observation.read"},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		same(site_scope_say(arena, NULL, cases[i][0]), cases[i][1],
		     cases[i][0]);
}

/* ---- redirects ------------------------------------------------------- */

static void redirects(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *name, *value, *wanted;
	} cases[] = {
	    {"http://h/cb", "code", "x", "http://h/cb?code=x"},
	    {"http://h/cb?", "code", "x", "http://h/cb?code=x"},
	    {"http://h/cb?a=1", "code", "x", "http://h/cb?a=1&code=x"},
	    {"http://h/cb?a=1&", "code", "x", "http://h/cb?a=1&code=x"},
	    {"http://h/cb?a=%20b+c", "code", "x",
	     "http://h/cb?a=%20b+c&code=x"},
	    {"app:/cb", "code", "x", "app:/cb?code=x"},
	    {"http://h/cb", "state", "", "http://h/cb?state="},
	    {"http://h/cb", "state", NULL, "http://h/cb"},
	    {"http://h/cb", "state", "a b+c&d=e#f\r\n\"ä",
	     "http://h/cb?state=a%20b%2Bc%26d%3De%23f%0D%0A%22%C3%A4"},
	    {"http://h/cb", "error_description", "User denied access",
	     "http://h/cb?error_description=User+denied+access"},
	    {"http://h/cb", "error_description", "a+b %20",
	     "http://h/cb?error_description=a%2Bb+%2520"},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct http_pair pair = {cases[i].name, cases[i].value};
		same(site_redirect_uri(arena, cases[i].uri, &pair, 1),
		     cases[i].wanted, cases[i].uri);
	}
	const struct http_pair two[] = {
	    {"error_description", "a b"}, {"none", NULL}, {"state", "s t"}};
	same(site_redirect_uri(arena, "http://h/", two, LEN(two)),
	     "http://h/?error_description=a+b&state=s%20t", "order");
}

static void policy_sources(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"https://app.example/cb?x=1", "https://app.example"},
	    {"http://127.0.0.1:1300/cb", "http://127.0.0.1:1300"},
	    {"http://h", "http://h"},
	    {"http://h?x", "http://h"},
	    {"com.example.app:/cb", "com.example.app:"},
	    /* what could end the directive or begin another one */
	    {"http://h;script-src/cb", ""},
	    {"http://a,b/cb", ""},
	    {"http://a b/cb", ""},
	    {"http://user@h/cb", ""},
	    {"http://*/cb", ""},
	    {"http://'self'/cb", ""},
	    {"http:///cb", ""},
	    {"ht tp://h", ""},
	    {"://h", ""},
	    {"/cb", ""},
	    {"", ""},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		same(site_policy_source(arena, cases[i][0]), cases[i][1],
		     cases[i][0]);
}

/* ---- headers --------------------------------------------------------- */

static void basic_credentials(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool ok;
		const char *id, *secret, *decoded_id, *decoded_secret;
	} cases[] = {
	    {"Basic YTpi", true, "a", "b", "a", "b"},
	    {"basic   YTpi", true, "a", "b", "a", "b"},
	    {"Basic YTpiOmM=", true, "a", "b:c", "a", "b:c"},
	    {"Basic Og==", true, "", "", "", ""},
	    {"Basic YTo=", true, "a", "", "a", ""},
	    /* %61+x:%3A%2Bc */
	    {"Basic JTYxK3g6JTNBJTJCYw==", true, "%61+x", "%3A%2Bc", "a x",
	     ":+c"},
	    /* broken escapes are a raw secret: 100%:5%2 */
	    {"Basic MTAwJTo1JTI=", true, "100%", "5%2", NULL, NULL},
	    /* a:%00 */
	    {"Basic YTolMDA=", true, "a", "%00", NULL, NULL},
	    {"Basic", false, NULL, NULL, NULL, NULL},
	    {"Basic ", false, NULL, NULL, NULL, NULL},
	    {"Basic YWI=", false, NULL, NULL, NULL, NULL},
	    {"Basic !!!!", false, NULL, NULL, NULL, NULL},
	    {"Basic YTpi YTpi", false, NULL, NULL, NULL, NULL},
	    /* a:b, then a NUL */
	    {"Basic YTpiAA==", false, NULL, NULL, NULL, NULL},
	    {"Basic\tYTpi", false, NULL, NULL, NULL, NULL},
	    {"BasicYTpi", false, NULL, NULL, NULL, NULL},
	    {"Bearer YTpi", false, NULL, NULL, NULL, NULL},
	    {"", false, NULL, NULL, NULL, NULL},
	};
	for (size_t i = 0; i < LEN(cases); i++) {
		struct oauth_credentials raw = {NULL, NULL}, decoded = raw;
		bool ok =
		    oauth_basic_read(arena, cases[i].header, &raw, &decoded);
		if (ok != cases[i].ok)
			fail_msg("%s: %d", cases[i].header, ok);
		same(raw.id, cases[i].id, cases[i].header);
		same(raw.secret, cases[i].secret, cases[i].header);
		same(decoded.id, cases[i].decoded_id, cases[i].header);
		same(decoded.secret, cases[i].decoded_secret, cases[i].header);
	}
}

static void bearer_tokens(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"Bearer abc", "abc"},
	    {"bearer abc", "abc"},
	    {"BEARER   a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="},
	    {"Bearer abc ", "abc"},
	    {"Bearer", NULL},
	    {"Bearer ", NULL},
	    {"Bearer =", NULL},
	    {"Bearer a=b", NULL},
	    {"Bearer a b", NULL},
	    {"Bearer a,b", NULL},
	    {"Bearer \"a\"", NULL},
	    {"Bearer\tabc", NULL},
	    {"Bearer a\t", NULL},
	    {"Bearer\xc3\xa4", NULL},
	    {"Bearer \xc3\xa4", NULL},
	    {"Bearerabc", NULL},
	    {"Basic abc", NULL},
	    {"", NULL},
	};
	for (size_t i = 0; i < LEN(cases); i++)
		same(oauth_bearer_read(arena, cases[i][0]), cases[i][1],
		     cases[i][0]);
}

static void header_texts(void **state)
{
	(void)state;
	same(oauth_header_text(arena, "Invalid refresh token: xyz"),
	     "Invalid refresh token: xyz", "plain");
	same(oauth_header_text(arena, "a\"b\\c\r\nX: 1\tä\x7f~"), "abcX: 1~",
	     "stripped");
	same(oauth_header_text(arena, ""), "", "empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test(scopes_wanted),
	    cmocka_unit_test(scope_length),
	    cmocka_unit_test(scopes_within),
	    cmocka_unit_test(scope_texts),
	    cmocka_unit_test(redirects),
	    cmocka_unit_test(policy_sources),
	    cmocka_unit_test(basic_credentials),
	    cmocka_unit_test(bearer_tokens),
	    cmocka_unit_test(header_texts),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
