/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of http that need no socket: forms, escapes, targets, origins, URLs,
 * routing, the loop's back-off. Tables, one row a case.
 */
#ifndef HTTP_PURE_H
#define HTTP_PURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/http_int.h"

/* ---- forms ------------------------------------------------------------ */

static void test_form(void **state)
{
	static const struct {
		const char *text;
		const char *expected; /* "name=value|..." or NULL: refused */
	} cases[] = {
	    {"", ""},
	    {"a=1", "a=1|"},
	    {"a=1&b=2&a=3", "a=1|b=2|a=3|"},
	    {"a", "a=|"},
	    {"a=", "a=|"},
	    {"=x", "=x|"},
	    {"&&a=1&&", "a=1|"},
	    {"a=b=c", "a=b=c|"},
	    {"a=b+c%20d", "a=b c d|"},
	    {"a%3db=%26", "a=b=&|"},
	    {"scope=patient%2FObservation.read",
	     "scope=patient/Observation.read|"},
	    {"n=%C3%A4", "n=\xc3\xa4|"},
	    {"n=\xc3\xa4", "n=\xc3\xa4|"},
	    {"n=%0D%0A%09", "n=\r\n\t|"},
	    {"a=%", NULL},
	    {"a=%4", NULL},
	    {"a=%zz", NULL},
	    {"a=%4z", NULL},
	    {"%=a", NULL},
	    {"a=abc%00def", NULL},
	    {"a=%01", NULL},
	    {"a=%7F", NULL},
	    {"a=\x1b", NULL},
	    {"a=%C3", NULL},
	    {"a=%C0%80", NULL},
	    {"a=%ED%A0%80", NULL},
	    {"a=%F5%80%80%80", NULL},
	    {"a=\xff", NULL},
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena *a = arena_new(0);
		struct http_pair *v;
		struct err e = {0};
		struct buf b;
		size_t n;
		bool ok = http_form(a, cases[i].text, strlen(cases[i].text), &v,
				    &n, &e);

		buf_init(&b, a);
		for (size_t k = 0; ok && k < n; k++)
			buf_printf(&b, "%s=%s|", v[k].name, v[k].value);
		if (ok != (cases[i].expected != NULL))
			fail_msg("%s: %s", cases[i].text, e.text);
		if (ok) {
			assert_string_equal(b.p, cases[i].expected);
		} else {
			assert_int_equal(e.kind, ERR_INVALID);
			assert_string_equal(e.code, "invalid_request");
		}
		arena_free(a);
	}
}

static void test_form_limits(void **state)
{
	struct arena *a = arena_new(0);
	struct http_pair *v;
	struct err e = {0};
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, a);
	for (int i = 0; i < HTTP_PARAMETERS; i++)
		buf_printf(&b, "p%d=%d&", i, i);
	assert_true(http_form(a, b.p, b.len, &v, &n, &e));
	assert_int_equal(n, HTTP_PARAMETERS);
	assert_string_equal(http_form_get(v, n, "p49"), "49");
	assert_null(http_form_get(v, n, "p50"));
	buf_puts(&b, "one=more");
	assert_false(http_form(a, b.p, b.len, &v, &n, &e));
	assert_non_null(strstr(e.text, "50"));
	/* a real NUL inside, and a length that ends in an escape */
	assert_false(http_form(a, "a=b\0c", 5, &v, &n, &e));
	assert_false(http_form(a, "a=%41", 4, &v, &n, &e));
	assert_true(http_form(a, "a=1&a=2", 7, &v, &n, &e));
	assert_string_equal(http_form_get(v, n, "a"), "1");
	/* says which parameter */
	assert_false(http_form(a, "state=%zz", 9, &v, &n, &e));
	assert_string_equal(e.where, "state");
	arena_free(a);
}

static void test_escape(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b;

	(void)state;
	buf_init(&b, a);
	http_escape(&b, "aZ09-._~ /?&=+%\"\xc3\xa4\n");
	assert_string_equal(b.p, "aZ09-._~%20%2F%3F%26%3D%2B%25%22%C3%A4%0A");
	arena_free(a);
}

/* ---- target ----------------------------------------------------------- */

static void test_target(void **state)
{
	static const struct {
		const char *raw, *path, *query; /* path NULL: refused */
	} cases[] = {
	    {"/", "/", ""},
	    {"/a/b", "/a/b", ""},
	    {"/a?b=c", "/a", "b=c"},
	    {"/a?", "/a", ""},
	    {"/a?b?c%20d", "/a", "b?c%20d"},
	    {"/a%20b", "/a b", ""},
	    {"/a%2Fb", "/a%2Fb", ""},
	    {"/a%2fb%2F", "/a%2fb%2F", ""},
	    {"/%41%42", "/AB", ""},
	    {"/%C3%A4", "/\xc3\xa4", ""},
	    {"/\xc3\xa4", "/\xc3\xa4", ""},
	    {"/$validate", "/$validate", ""},
	    {"http://a.example/x?y", "/x", "y"},
	    {"HTTPS://a.example:1/x", "/x", ""},
	    {"http://a.example", "/", ""},
	    {"http://a.example?y", "/", "y"},
	    {"//a", "//a", ""},
	    {"/a%00b", NULL, NULL},
	    {"/a%01b", NULL, NULL},
	    {"/a%7fb", NULL, NULL},
	    {"/a%", NULL, NULL},
	    {"/a%2", NULL, NULL},
	    {"/a%2x", NULL, NULL},
	    {"/a%zz", NULL, NULL},
	    {"/a%C3", NULL, NULL},
	    {"/a%C3/%A4", NULL, NULL},
	    {"/\xff", NULL, NULL},
	    {"/a?\xff", NULL, NULL},
	    {"/a?\x01", NULL, NULL},
	    {"/a b", NULL, NULL},
	    {"/a#b", NULL, NULL},
	    {"*", NULL, NULL},
	    {"", NULL, NULL},
	    {"a.example:80", NULL, NULL},
	    {"ftp://a/x", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena *a = arena_new(0);
		struct http_target t;
		bool ok = http_target_decode(a, cases[i].raw, &t);

		if (ok != (cases[i].path != NULL))
			fail_msg("%s: %s", cases[i].raw, ok ? t.path : "-");
		if (ok) {
			assert_string_equal(t.path, cases[i].path);
			assert_string_equal(t.query, cases[i].query);
		}
		arena_free(a);
	}
}

/* ---- origin ----------------------------------------------------------- */

/* Every byte, at every place of a text of two steps and a rest. */
static void test_plain(void **state)
{
	char s[20];

	(void)state;
	for (size_t at = 0; at < sizeof(s); at++) {
		for (int c = 0; c < 256; c++) {
			size_t got;

			memset(s, 'a', sizeof(s));
			s[at] = (char)c;
			got = http_plain(s, sizeof(s));
			if (c >= 0x20 && c < 0x7f)
				assert_int_equal(got, sizeof(s));
			else
				assert_true(got <= at && at - got < 8);
		}
	}
	assert_int_equal(http_plain("", 0), 0);
}

static void test_origin(void **state)
{
	static const char *const allowed[] = {"mock.example.fi"};
	static const struct {
		const char *host;
		bool ok;
	} cases[] = {
	    {"localhost", true},
	    {"LOCALHOST:8080", true},
	    {"127.0.0.1:1", true},
	    {"127.1.2.3", true},
	    {"[::1]:8080", true},
	    {"[::1]", true},
	    {"phr", true},
	    {"mock_phr-1:8080", true},
	    {"a.localhost:80", true},
	    {"a.b.localhost", true},
	    {"fhirsandbox.kanta.fi", true},
	    {"fhirsandbox2.kanta.fi:443", true},
	    {"fhirsandbox2-auth.kanta.fi", true},
	    {"FHIRSANDBOX2.KANTA.FI", true},
	    {"mock.example.fi", true},
	    {"mock.example.fi:65535", true},
	    {"evil.example", false},
	    {"localhost.evil.example", false},
	    {"evil.localhost.example", false},
	    {".localhost", false},
	    {"fhirsandbox.kanta.fi.evil.example", false},
	    {"fhirsandbox.evil.kanta.fi", false},
	    {"xfhirsandbox.kanta.fi", false},
	    {"www.kanta.fi", false},
	    {"10.0.0.1", false},
	    {"[::2]", false},
	    {"[::1", false},
	    {"::1", false},
	    {"", false},
	    {":80", false},
	    {"phr:", false},
	    {"phr:0", false},
	    {"phr:65536", false},
	    {"phr:80x", false},
	    {"phr:80:80", false},
	    {"a@b", false},
	    {"phr/x", false},
	    {"ph\"r", false},
	    {"xmock.example.fi", false},
	};
	struct http_config c = {.allowed_host = allowed,
				.allowed_host_count = 1};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *got =
		    http_origin(a, &c, "http://own:1", cases[i].host,
				http_host_allowed(&c, cases[i].host));

		if (http_host_allowed(&c, cases[i].host) != cases[i].ok)
			fail_msg("%s", cases[i].host);
		assert_string_equal(
		    got, cases[i].ok
			     ? arena_printf(a, "http://%s", cases[i].host)
			     : "http://own:1");
	}
	assert_string_equal(http_origin(a, &c, "http://own:1", NULL, false),
			    "http://own:1");
	c.public_url = "https://phr.example/";
	assert_string_equal(
	    http_origin(a, &c, "http://own:1", "localhost", true),
	    "https://phr.example");
	arena_free(a);
}

/* ---- URLs ------------------------------------------------------------- */

static void test_url(void **state)
{
	static const struct {
		const char *url;
		const char *expected; /* NULL: refused */
	} cases[] = {
	    {"http://127.0.0.1:8080", "http 127.0.0.1 8080 "},
	    {"http://localhost", "http localhost 80 "},
	    {"https://[::1]:0/x", "https ::1 0 /x"},
	    {"http://a:65535?x", "http a 65535 ?x"},
	    {"http://a:65536", NULL},
	    {"http://a:", NULL},
	    {"http://a:8x", NULL},
	    {"http://:80", NULL},
	    {"http://[::1", NULL},
	    {"http://[]:1", NULL},
	    {"http://u@a:1", NULL},
	    {"http:/a", NULL},
	    {"a:80", NULL},
	    {"://a", NULL},
	    {"averylongscheme://a", NULL},
	    {"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct http_url u;
		char text[300];
		bool ok = http_url_split(cases[i].url, &u);

		if (ok != (cases[i].expected != NULL))
			fail_msg("%s", cases[i].url);
		if (!ok)
			continue;
		snprintf(text, sizeof(text), "%s %s %u %s", u.scheme, u.host,
			 u.port, u.rest);
		assert_string_equal(text, cases[i].expected);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *text;
		bool host, url;
	} cases[] = {
	    {"phr", true, false},
	    {"mock_phr-1.example.fi", true, false},
	    {"10.0.0.1", true, false},
	    {"", false, false},
	    {"a b", false, false},
	    {"a:80", false, false},
	    {"*.example", false, false},
	    {".example", false, false},
	    {"example.", false, false},
	    {"a..b", false, false},
	    {"-a", false, false},
	    {"[::1]", false, false},
	    {"http://phr", false, true},
	    {"https://phr.example:8443/a/b-c%20", false, true},
	    {"http://[::1]:1/", false, true},
	    {"http://[phr]", false, false},
	    {"http://", false, false},
	    {"http://a b", false, false},
	    {"http://a/b c", false, false},
	    {"http://a/\"", false, false},
	    {"http://a?b", false, false},
	    {"http://a/?b", false, false},
	    {"http://a/#b", false, false},
	    {"http://a:99999", false, false},
	    {"http://u@a", false, false},
	    {"http:/a", false, false},
	    {"httpfish://a", false, false},
	    {"ftp://a", false, false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		if (http_host_name_ok(cases[i].text) != cases[i].host ||
		    http_base_url_ok(cases[i].text) != cases[i].url)
			fail_msg("%s", cases[i].text);
	}
}

/* ---- routing ---------------------------------------------------------- */

static bool no_handler(struct rq *rq)
{
	return rq_reply(rq, 200, NULL);
}

#define R(m, p)                                                                \
	{                                                                      \
		m, p, no_handler, ACCESS_OPEN, 0, p, NULL                      \
	}

static void test_routes(void **state)
{
	static const struct route routes[] = {
	    R("GET", "/:type/:id"),
	    R("PUT", "/:type/:id"),
	    R("POST", "/:type/_search"),
	    R("GET", "/:type"),
	    R("POST", "/:type"),
	    R("GET", "/metadata"),
	    R("POST", "/"),
	    R("GET", "/.well-known/:what"),
	    R("GET", "/:type/:id/_history/:vid"),
	};
	const struct http_group g = {.routes = routes,
				     .route_count = LEN(routes)};
	static const struct {
		const char *method, *below;
		const char *expected; /* pattern + params, or "405 allow" */
	} cases[] = {
	    {"GET", "/Patient", "/:type type=Patient"},
	    {"GET", "/Patient/", "/:type type=Patient"},
	    {"GET", "/metadata", "/metadata"},
	    {"GET", "/metadata/", "/metadata"},
	    {"POST", "", "/"},
	    {"POST", "/", "/"},
	    {"GET", "/Patient/1", "/:type/:id type=Patient id=1"},
	    {"PUT", "/Patient/1", "/:type/:id type=Patient id=1"},
	    {"POST", "/Patient/_search", "/:type/_search type=Patient"},
	    {"GET", "/Patient/_search", "405 POST, OPTIONS"},
	    {"GET", "/.well-known/x", "/.well-known/:what what=x"},
	    {"GET", "/A/b%2Fc", "/:type/:id type=A id=b%2Fc"},
	    {"GET", "/A/1/_history/2",
	     "/:type/:id/_history/:vid type=A id=1 vid=2"},
	    {"DELETE", "/Patient/1", "405 GET, HEAD, PUT, OPTIONS"},
	    {"get", "/Patient", "405 GET, HEAD, POST, OPTIONS"},
	    {"POST", "/metadata", "405 GET, HEAD, OPTIONS"},
	    {"GET", "/", "405 POST, OPTIONS"},
	    {"OPTIONS", "/metadata", "405 GET, HEAD, OPTIONS"},
	    {"GET", "//", "404"},
	    {"GET", "/Patient//", "404"},
	    {"GET", "//Patient", "404"},
	    {"GET", "/Patient//1", "404"},
	    {"GET", "/A/1/x/2", "404"},
	    {"GET", "/A/1/_history", "404"},
	    {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", "404"},
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena *a = arena_new(0);
		struct http_match m;
		struct buf b;
		enum http_found f =
		    http_route_find(a, &g, cases[i].method, cases[i].below, &m);

		buf_init(&b, a);
		if (f == FOUND_NOTHING)
			buf_puts(&b, "404");
		if (f == FOUND_PATH)
			buf_printf(&b, "405 %s", m.allow);
		if (f == FOUND_ROUTE)
			buf_puts(&b, m.route->path);
		for (size_t k = 0; k < m.param_count; k++)
			buf_printf(&b, " %s=%s", m.param[k].name,
				   m.param[k].value);
		if (strcmp(b.p, cases[i].expected) != 0)
			fail_msg("%s %s: %s", cases[i].method, cases[i].below,
				 b.p);
		arena_free(a);
	}
}

static void test_groups(void **state)
{
	static const struct http_group groups[] = {
	    {.prefix = "/a"}, {.prefix = "/a/b"}, {.prefix = "/a/bc"}};
	static const struct http_group with_root[] = {{.prefix = "/a"},
						      {.prefix = ""}};
	struct http_config c = {.group = groups, .group_count = LEN(groups)};
	static const struct {
		const char *path, *prefix;
	} cases[] = {
	    {"/a", "/a"},     {"/a/", "/a"},	  {"/a/x", "/a"},
	    {"/a/b", "/a/b"}, {"/a/b/c", "/a/b"}, {"/a/bc", "/a/bc"},
	    {"/a/bcd", "/a"}, {"/ab", NULL},	  {"/", NULL},
	    {"/a%2Fb", NULL},
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct http_group *g =
		    http_group_find(&c, cases[i].path, strlen(cases[i].path));

		if (!cases[i].prefix)
			assert_null(g);
		else
			assert_string_equal(g->prefix, cases[i].prefix);
	}
	c.group = with_root;
	c.group_count = LEN(with_root);
	assert_string_equal(http_group_find(&c, "/b", 2)->prefix, "");
	assert_string_equal(http_group_find(&c, "/a/b", 4)->prefix, "/a");
}

/* ---- the loop's patience ----------------------------------------------- */

static void test_backoff(void **state)
{
	struct http_backoff b = {0};
	int waited_ms = 0;

	(void)state;
	assert_int_equal(http_backoff_ms(&b, -1, false), -1);
	assert_int_equal(http_backoff_ms(&b, 7, false), 7);
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_backoff_ms(&b, 0, false), 0);
	assert_int_equal(http_backoff_ms(&b, 0, false), 1);
	for (int i = 0; i < 1000; i++)
		waited_ms += http_backoff_ms(&b, 0, false);
	assert_true(waited_ms > 4000);
	assert_int_equal(http_backoff_ms(&b, 0, false), 5);
	assert_int_equal(http_backoff_ms(&b, 0, true), 0);
	assert_int_equal(http_backoff_ms(&b, 0, false), 0);
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(http_status(ERR_INVALID), 400);
	assert_int_equal(http_status(ERR_UNPROCESSABLE), 422);
	assert_int_equal(http_status(ERR_NOT_IMPLEMENTED), 501);
	assert_string_equal(http_reason(404), "Not Found");
}

#endif
