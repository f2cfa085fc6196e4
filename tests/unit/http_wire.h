/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of http by what comes over the wire: what libmicrohttpd lets through
 * and this server must not. A table, one row a request.
 */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include "http_live.h"

/* What may happen on the wire, one row each. Then the connection goes on or is
 * closed; DAMAGED: libmicrohttpd answers itself, with too many bytes. */
static const struct {
	const char *request;
	int status;
	enum { OPEN, CLOSES, DAMAGED } then;
} wire[] = {
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     400, CLOSES},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
     400, CLOSES},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
     400, CLOSES},
    {"POST /base/body HTTP/1.1\r\n" H
     "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
     400, CLOSES},
    {"POST /base/body HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\nabc", 400,
     CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\nabc", 400,
     CLOSES},
    {"POST /base/body HTTP/1.0\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "Host: localhost\r\n\r\n", 400, CLOSES},
    {"GET /base/x HTTP/1.1\r\n\r\n", 400, CLOSES},
    {"GET /base/x HTTP/1.0\r\n\r\n", 200, CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "X-A: a\x01"
     "b\r\n\r\n",
     400, CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "X-A: \xff\r\n\r\n", 400, CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "X A: b\r\n\r\n", 400, CLOSES},
    {"GET /base/x HTTP/1.1\r\n" H "X-A : b\r\n\r\n", 400, CLOSES},
    {"GET /base/x HTTP/1.1\nHost: a\n\n", 200, OPEN},
    {"get /base/x HTTP/1.1\r\n" H "\r\n", 405, OPEN},
    {"FOO /base/x HTTP/1.1\r\n" H "\r\n", 405, OPEN},
    {"TRACE /base/x HTTP/1.1\r\n" H "\r\n", 405, OPEN},
    {"CONNECT a:80 HTTP/1.1\r\n" H "\r\n", 400, OPEN},
    {"GET /base/x%00y HTTP/1.1\r\n" H "\r\n", 400, OPEN},
    {"GET /base/x%zz HTTP/1.1\r\n" H "\r\n", 400, OPEN},
    {"GET /base/%C3 HTTP/1.1\r\n" H "\r\n", 400, OPEN},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 4\r\nContent-Encoding: gzip\r\n\r\nabcd",
     400, OPEN},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 4\r\nContent-Encoding: identity\r\n\r\nabcd",
     200, OPEN},
    {"POST /base/body HTTP/1.1\r\n" H
     "Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n2\r\ncd\r\n"
     "0\r\n\r\n",
     200, OPEN},
    {"POST /base/body HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400,
     DAMAGED},
    {"POST /base/body HTTP/1.1\r\n" H "Content-Length: +4\r\n\r\n", 400,
     DAMAGED},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 99999999999999999999\r\n\r\n",
     413, DAMAGED},
    {"POST /base/body HTTP/1.1\r\n" H "Content-Length: 1001\r\n\r\n", 413,
     CLOSES},
    {"POST /base/none HTTP/1.1\r\n" H "Content-Length: 65537\r\n\r\n", 413,
     CLOSES},
    {"POST /nowhere HTTP/1.1\r\n" H "Content-Length: 99999999\r\n\r\n", 404,
     CLOSES},
    {"POST /base/body HTTP/1.1\r\n" H
     "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
     413, CLOSES},
    {"POST /nowhere HTTP/1.1\r\n" H
     "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n",
     404, CLOSES},
    {"POST /nowhere HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd", 404, OPEN},
    {"GET /base/x HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd", 200, OPEN},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSES},
};

static void test_wire(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < LEN(wire); i++) {
		static const char again[] =
		    "GET /base/again HTTP/1.1\r\n" H "\r\n";

		dial(&c, &s);
		say(&c, wire[i].request, strlen(wire[i].request));
		hear(&c, false);
		if (c.status != wire[i].status)
			fail_msg("%s\n-> %d %s", wire[i].request, c.status,
				 c.body);
		/* an answer to a second request, or the end */
		if (wire[i].then != OPEN) {
			if (wire[i].then == CLOSES && !at_end(&c))
				fail_msg("stays open: %s\n%s", wire[i].request,
					 c.in);
			hang_up(&c);
			continue;
		}
		say(&c, again, sizeof(again) - 1);
		hear(&c, false);
		if (c.status != 200 || !strstr(c.body, "/base/again"))
			fail_msg("is not in step: %s", wire[i].request);
		hang_up(&c);
	}
	stop(&s);
}

/* A NUL cannot stand in a C string of the table above. */
static void test_wire_nul(void **state)
{
	static const char value[] =
	    "GET /base/headers HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n";
	static const char name[] =
	    "GET /base/x HTTP/1.1\r\n" H "X-\0A: b\r\n\r\n";
	static const char line[] = "GET /base/\0x HTTP/1.1\r\n" H "\r\n";
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	/* what comes behind the NUL is never seen */
	ask_n(&s, &c, value, sizeof(value) - 1);
	assert_int_equal(c.status, 200);
	assert_string_equal(c.body, "n=1 a=a cookie=-");
	ask_n(&s, &c, name, sizeof(name) - 1);
	assert_int_equal(c.status, 400);
	ask_n(&s, &c, line, sizeof(line) - 1);
	assert_int_equal(c.status, 404);
	ask(&s, &c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	stop(&s);
}

#endif
