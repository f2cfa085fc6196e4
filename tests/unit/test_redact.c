/* SPDX-License-Identifier: Apache-2.0
 *
 * redact: what texts, forms, JSON and headers look like when their secrets have
 * been taken out; and which profiles a body names, whole or cut off.
 */
#include "admin/admin_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum as { TEXT, FORM };

/* {x} in what comes out is the mark of the token x. */
static const struct {
	enum as as;
	bool fhir;
	const char *in, *out;
} cases[] = {
    /* forms and queries: a value ends at the next & */
    {FORM, false, "", ""},
    {FORM, false, "a=b&c", "a=b&c"},
    {FORM, false, "code=XYZ", "code={XYZ}"},
    {FORM, false, "a=1&code=XYZ&b=2", "a=1&code={XYZ}&b=2"},
    {FORM, false, "CODE=XYZ", "CODE={XYZ}"},
    {FORM, false, "code=", "code="},
    {FORM, false, "code=a b;c,d\"e'f#g&x=y", "code={a b;c,d\"e'f#g}&x=y"},
    {FORM, false, "client%5Fsecret=a&%63ode=XYZ",
     "client%5Fsecret=***&%63ode={XYZ}"},
    {FORM, false, "client_secret=a=b&x", "client_secret=***&x"},
    {FORM, false, "postcode=02100&codes=1&xcode_=2",
     "postcode=02100&codes=1&xcode_=2"},
    {FORM, false, "next=/cb%3Fcode%3DXYZ%26state%3D1&b",
     "next=/cb%3Fcode%3D{XYZ}%26state%3D1&b"},
    /* signed tokens are known by their form */
    {FORM, true, "x=eyJh.eyJi.c_-9&b", "x={eyJh.eyJi.c_-9}&b"},
    {TEXT, true, "/Patient/eyJh.eyJi.c", "/Patient/{eyJh.eyJi.c}"},
    {TEXT, false, "eyJh.eyJi", "{eyJh.eyJi}"},
    {TEXT, false, "eyJh.b.c eyJ eyJh. eyJh", "eyJh.b.c eyJ eyJh. eyJh"},
    {TEXT, true, "{\"data\":\"eyJh\",\"x\":\"eyJh.eyJi.c\"}",
     "{\"data\":\"eyJh\",\"x\":\"{eyJh.eyJi.c}\"}"},
    {FORM, false, "username=010190-900P&password=p",
     "username=010190-****&password=***"},
    {FORM, false, "username=Matti", "username=***"},
    {FORM, true, "code=8480-6&patient=1", "code=8480-6&patient=1"},
    {FORM, true, "code=1&access_token=XYZ", "code=1&access_token={XYZ}"},
    {FORM, true, "identifier=urn:x%7C010190-900P",
     "identifier=urn:x%7C010190-****"},
    {FORM, true, "x=010190%2D900P", "x=010190%2D****"},
    /* JSON */
    {TEXT, false, "{\"code\":\"XYZ\",\"a\":1}", "{\"code\":\"{XYZ}\",\"a\":1}"},
    {TEXT, false, "{ \"client_secret\" : \"a\\\"b\" }",
     "{ \"client_secret\" : \"***\" }"},
    {TEXT, false, "{\"client_secret\":[1,{\"x\":\"]\"}],\"b\":2}",
     "{\"client_secret\":\"***\",\"b\":2}"},
    {TEXT, false, "{\"client_secret\":12.5}", "{\"client_secret\":\"***\"}"},
    {TEXT, false, "{\"cl\\u0069ent\\u005fsecret\":\"a\"}",
     "{\"cl\\u0069ent\\u005fsecret\":\"***\"}"},
    {TEXT, false, "{\"a\":\"code\"}", "{\"a\":\"code\"}"},
    {TEXT, false, "{\"client_secret\":\"ab", "{\"client_secret\":\"***\""},
    {TEXT, false, "{\"url\":\"https://a/cb?code=XYZ&state=1\"}",
     "{\"url\":\"https://a/cb?code={XYZ}&state=1\"}"},
    {TEXT, false, "{\"url\":\"https://a/cb?code=XYZ\"}",
     "{\"url\":\"https://a/cb?code={XYZ}\"}"},
    {TEXT, false, "{\"t\":\"{\\\"code\\\":\\\"XYZ\\\"}\"}",
     "{\"t\":\"{\\\"code\\\":\\\"{XYZ}\\\"}\"}"},
    {TEXT, false, "{client_secret: 'a b', b: 1}",
     "{client_secret: '***', b: 1}"},
    {TEXT, false, "{\"hetu\":\"010190-900P\"}", "{\"hetu\":\"010190-****\"}"},
    {TEXT, true, "{\"code\":{\"text\":\"x\"}}", "{\"code\":{\"text\":\"x\"}}"},
    {TEXT, true, "{\"id_token\":\"XYZ\"}", "{\"id_token\":\"{XYZ}\"}"},
    {TEXT, true, "{\"id\\u005Ftoken\":\"XYZ\"}",
     "{\"id\\u005Ftoken\":\"{XYZ}\"}"},
    {TEXT, true, "{\"value\":\"010190-900P\"}", "{\"value\":\"010190-****\"}"},
    {TEXT, true, "{\"_birthDate\":{},\"a_b\":1}",
     "{\"_birthDate\":{},\"a_b\":1}"},
    /* anything else */
    {TEXT, false, "client_secret: hunter2\ncode: XYZ",
     "client_secret: ***\ncode: {XYZ}"},
    {TEXT, false, "token=\"XYZ\" x", "token=\"{XYZ}\" x"},
    {TEXT, false, "hetu=\"010190-900P and much more than that code=1",
     "hetu=\"***"},
    {TEXT, false, "no secret here", "no secret here"},
};

static const char *expected(struct arena *a, const char *s)
{
	struct buf b;

	buf_init(&b, a);
	for (; *s != '\0'; s++) {
		const char *end = *s == '{' ? strchr(s, '}') : NULL;
		const size_t n = end ? (size_t)(end - s) - 1 : 0;

		if (n > 0 && (memcmp(s + 1, "XYZ", 3) == 0 ||
			      memcmp(s + 1, "eyJ", 3) == 0 ||
			      memcmp(s + 1, "a b;", n < 4 ? n : 4) == 0)) {
			buf_puts(&b, redact_token(a, s + 1, n));
			s = end;
		} else {
			buf_putc(&b, *s);
		}
	}
	return b.p;
}

static void test_texts(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		size_t n = strlen(cases[i].in);
		const char *out = (cases[i].as == FORM ? redact_form : redact)(
		    a, cases[i].in, &n, cases[i].fhir);

		out = arena_strndup(a, out, n);
		assert_string_equal(out, expected(a, cases[i].out));
	}
	arena_free(a);
}

/* Nothing is copied where there is nothing to take out, which is what makes it
 * cheap. */
static void test_a_resource_is_kept_as_it_is(void **state)
{
	static const char text[] =
	    "{\"resourceType\":\"Observation\",\"text\":{\"div\":\"<div "
	    "xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>\"},\"subject\":"
	    "{\"reference\":\"Patient/90090090-0900-4900-8900-900900900900\"}}";
	struct arena *a = arena_new(0);
	size_t n = sizeof(text) - 1;

	(void)state;
	assert_ptr_equal(redact(a, text, &n, true), text);
	assert_int_equal(n, sizeof(text) - 1);
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
}

static const struct {
	const char *name, *value, *out;
} headers[] = {
    {"Authorization", "Bearer XYZ", "Bearer {XYZ}"},
    {"authorization", "Basic YTpi", "Basic ***"},
    {"Authorization", "XYZ", "***"},
    {"Proxy-Authorization", "Digest a=b", "Digest ***"},
    {"Cookie", "sid=1; other=2", "sid=***"},
    {"Set-Cookie", "sid=1; Path=/", "sid=***"},
    {"X-Api-Key", "1", "***"},
    {"X-Auth-Token", "1", "***"},
    {"Location", "http://a/cb?code=XYZ&state=1",
     "http://a/cb?code={XYZ}&state=1"},
    {"Referer", "http://a/cb?x=1&code=XYZ", "http://a/cb?x=1&code={XYZ}"},
    {"User-Agent", "app of 010190-900P", "app of 010190-****"},
    {"If-None-Exist", "identifier=x|010190-900P", "identifier=x|010190-****"},
    {"ETag", "W/\"1\"", "W/\"1\""},
};

static void test_headers(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < LEN(headers); i++) {
		const struct http_pair h = {headers[i].name, headers[i].value};

		assert_string_equal(redact_header(a, &h, true),
				    expected(a, headers[i].out));
	}
	arena_free(a);
}

static void test_a_value_that_is_repeated(void **state)
{
	static const char text[] = "{\"x\":\"no code a\\\"b, or a\"b\"}";
	struct arena *a = arena_new(0);
	size_t n = sizeof(text) - 1;
	const char *mark = redact_token(a, "a\"b", 3);
	const char *out = redact_value(a, text, &n, "a\"b");

	(void)state;
	assert_string_equal(out, arena_cat(a, "{\"x\":\"no code ", mark,
					   ", or ", mark, "\"}", NULL));
	n = sizeof(text) - 1;
	assert_null(redact_value(a, text, &n, "other"));
	arena_free(a);
}

static const struct {
	const char *text, *profiles;
} named[] = {
    {"{\"meta\":{\"profile\":[\"a\",\"b\"]}}", "a b"},
    {"{\"resourceType\":\"X\", \"meta\" : { \"tag\":[{}], \"profile\" : "
     "[ \"a\" ] } }",
     "a"},
    {"{\"meta\":{\"profile\":\"a\"}}", "a"},
    {"{\"a\":{\"meta\":{\"profile\":[\"x\"]}},\"meta\":{\"profile\":[\"a\"]}}",
     "a"},
    {"{\"a\":[1,true,null,\"}\",{\"b\":-2}],\"meta\":{\"profile\":[\"a\"]}}",
     "a"},
    {"{\"contained\":[{\"meta\":{\"profile\":[\"x\"]}}]}", ""},
    {"{\"meta\":{\"profile\":[\"a\",\"b", "a"},
    {"{\"meta\":{}}", ""},
    {"{\"meta\":[\"profile\",\"x\"]}", ""},
    {"[{\"meta\":{\"profile\":[\"x\"]}}]", ""},
    {"{\"meta\":", ""},
    {"{\"a\\", ""},
    {"", ""},
    {"a=b", ""},
};

static void test_profiles_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(named); i++) {
		char *out =
		    profiles_named(named[i].text, strlen(named[i].text));

		assert_string_equal(out, named[i].profiles);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_a_resource_is_kept_as_it_is),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_a_value_that_is_repeated),
	    cmocka_unit_test(test_profiles_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
