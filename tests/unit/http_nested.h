/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests within a request (nested.c), seen from outside: handlers of the live
 * server (http_live.h) that run the lines of their bodies.
 */
#ifndef HTTP_NESTED_H
#define HTTP_NESTED_H

#include "http_live.h"

static void nest(const struct server *s, struct client *c, const char *query,
		 const char *lines)
{
	char request[8192];

	snprintf(request, sizeof(request),
		 "POST /nest/%s HTTP/1.1\r\n" H "Authorization: Bearer x\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 query, strlen(lines), lines);
	ask(s, c, request);
}

/* What a nested request is answered. */
static void test_nested(void **state)
{
	static const char *const rows[][2] = {
	    {"GET within", "200|-|1 1 1 token=no x= http://localhost"},
	    {"GET /within 5", "200|-|1 1 1 token=no x=5 http://localhost"},
	    {"GET a/b?c=%20d",
	     "200|-|GET /nest/a/b q=c=%20d t=a i=b o=http://localhost l=1 "
	     "f=0"},
	    {"HEAD a/b/", "200h|-|GET /nest/a/b/ q= t=a i=b "
			  "o=http://localhost l=1 f=0"},
	    {"POST a/b text", "200|-|4:text"},
	    {"POST a/b", "200|-|0:"},
	    {"POST made", "201|http://localhost/made/1|written before commit "
			  "0"},
	    /* guards after the first, routes, limits, refusals */
	    {"GET forbidden", "403|-|refused forbidden : no"},
	    {"GET none", "404|-|refused not-found : nothing is at /nest/none"},
	    {"PUT a/b", "405|-|refused method-not-allowed : PUT is not "
			"possible at /nest/a/b: "
			"GET, HEAD, POST, DELETE, OPTIONS"},
	    {"GET a/%zz", "400|-|refused invalid_request : the URL holds a "
			  "broken escape, a control character or bytes that "
			  "are not UTF-8"},
	    {"GET a/#b", "400|-|refused invalid_request : the URL holds a "
			 "broken escape, a control character or bytes that "
			 "are not UTF-8"},
	    {"GET a/b x\x01y", "400|-|refused invalid_request : X-A holds "
			       "bytes that it may not"},
	    {"POST a/b 123456789012345678901",
	     "413|-|refused too-long : the body is larger than 20 bytes"},
	    {"DELETE a/b", "409|-|refused conflict here: refused b"},
	    {"DELETE a/keep", "409|-|refused conflict here: refused keep"},
	};
	struct server s;
	struct client c;
	char want[4096];

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < LEN(rows); i++) {
		nest(&s, &c, "", rows[i][0]);
		snprintf(want, sizeof(want), "%s\n", rows[i][1]);
		assert_int_equal(c.status, 200);
		assert_string_equal(c.body, want);
	}
	/* a path too long for any request */
	memset(want, 'a', sizeof(want) - 1);
	memcpy(want, "GET ", 4);
	want[4095] = '\0';
	nest(&s, &c, "", want);
	assert_memory_equal(c.body, "404|", 4);
	stop(&s);
}

/* Each has a savepoint of its own; the outer one can take all of it back. */
static void test_nested_savepoints(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	nest(&s, &c, "", "POST made\nDELETE a/b\nDELETE a/keep\nGET none\n");
	assert_int_equal(c.status, 200);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, " nested="), 0);
	assert_int_equal(number(&c, " nested_kept="), 2);
	assert_int_equal(number(&c, " kept="), 1);

	nest(&s, &c, "?undo", "POST made\n");
	assert_int_equal(c.status, 200);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, " nested_kept="), 3);
	assert_int_equal(number(&c, " kept="), 2); /* that of the question */

	/* what is wrong inside is for the log; one that cannot be kept */
	nest(&s, &c, "", "GET internal\n");
	assert_memory_equal(c.body, "500|-|refused exception : internal", 34);
	assert_null(strstr(c.body, "secret"));
	nest(&s, &c, "?undo", "POST fail-leave\n");
	assert_int_equal(c.status, 500); /* nor can the outer one then */
	assert_non_null(strstr(stop(&s), "the secret reason"));
}

/* ---- requests to any group --------------------------------------------- */

static void inner(const struct server *s, struct client *c, const char *lines)
{
	char request[8192];

	snprintf(request, sizeof(request),
		 "POST /base/inner HTTP/1.1\r\n" H "Authorization: Bearer x\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 strlen(lines), lines);
	ask(s, c, request);
}

static void test_inner(void **state)
{
	static const char *const rows[][2] = {
	    {"GET /plain", "200|-|GET /plain q= t= i= o=http://localhost l=1 "
			   "f=0"},
	    {"HEAD /plain/?a=b", "200h|-|GET /plain/ q=a=b t= i= "
				 "o=http://localhost l=1 f=0"},
	    {"POST /base/body text", "200|-|4:text"},
	    {"POST /base/write", "201|http://localhost/made/1|written before "
				 "commit 0"},
	    /* all guards, and no header of the outer one */
	    {"GET /plain/x", "401|-|refused invalid_token : no token"},
	    {"GET /plain/x me", "200|-|GET /plain/x q= t= i= "
				"o=http://localhost l=1 f=0"},
	    {"GET /plain/forbidden me", "403|-|refused forbidden : no"},
	    {"GET /nest/within me",
	     "200|-|1 1 1 token=yes x=- http://localhost"},
	    /* one that nests, one that asks another one that nests */
	    {"POST /nest/ GET a/b", "200|-|200|-|GET /nest/a/b q= t=a i=b "
				    "o=http://localhost l=1 f=0\n"},
	    {"POST /base/inner POST /nest/ POST made",
	     "200|-|200|-|201|http://localhost/made/1|written before commit "
	     "1\n\n"},
	    /* what is at no handler */
	    {"GET /base/none/of/it",
	     "404|-|refused not-found : nothing is at /base/none/of/it"},
	    {"PUT /plain", "405|-|refused method-not-allowed : PUT is not "
			   "possible at /plain: "
			   "GET, HEAD, OPTIONS"},
	    {"OPTIONS /plain", "200|-|"},
	    {"GET base/x", "400|-|{\"error\":{\"code\":\"invalid_request\","
			   "\"message\":\"the URL holds a broken escape, a "
			   "control character or bytes that are not UTF-8\","
			   "\"paths\":[\"/base/\",\"/plain/\",\"/nest/\"]}}"
			   "\n"},
	    {"GET /other", "404|-|{\"error\":{\"code\":\"not-found\","
			   "\"message\":\"nothing is at /other\",\"paths\":["
			   "\"/base/\",\"/plain/\",\"/nest/\"]}}\n"},
	    {"GET /plain/x a\x01z",
	     "400|-|refused invalid_request : Authorization holds bytes that "
	     "it may not"},
	    {"DELETE /base/a/b", "409|-|refused conflict here: refused b"},
	};
	struct server s;
	struct client c;
	char want[4096];

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < LEN(rows); i++) {
		inner(&s, &c, rows[i][0]);
		snprintf(want, sizeof(want), "%s\n", rows[i][1]);
		assert_int_equal(c.status, 200);
		assert_string_equal(c.body, want);
	}
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, " nested="), 0);
	stop(&s);
}

#endif
