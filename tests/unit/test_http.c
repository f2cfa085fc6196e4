/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of http: a live server judged from outside, over a raw socket
 * (http_live.h). What is hardly HTTP is in http_wire.h; the parts that need no
 * server are in http_pure.h.
 */
#include "http_effect.h"
#include "http_live.h"
#include "http_nested.h"
#include "http_proxy.h"
#include "http_pure.h"
#include "http_rehearse.h"
#include "http_stream.h"
#include "http_tls.h"
#include "http_wait.h"
#include "http_wire.h"

/* ---- answers ---------------------------------------------------------- */

static void test_answers(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	ask(&s, &c, "GET /base/Patient/1?a=%20b HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_string_equal(c.body, "GET /base/Patient/1 q=a=%20b t=Patient "
				    "i=1 o=http://localhost l=1 f=0");
	assert_true(has(&c, "\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
	assert_true(has(&c, "\r\nAccess-Control-Allow-Origin: *\r\n"));
	assert_true(has(&c, "\r\nAccess-Control-Expose-Headers: "
			    "Content-Location, Location, ETag, Last-Modified, "
			    "WWW-Authenticate\r\n"));
	assert_false(has(&c, "Allow-Credentials"));
	assert_true(has(&c, "\r\nContent-Type: text/plain\r\n"));

	ask(&s, &c,
	    "GET /base/a%2Fb/c%20d/ HTTP/1.1\r\nHost: evil.com\r\n\r\n");
	assert_int_equal(c.status, 200);
	assert_non_null(strstr(c.body, "t=a%2Fb i=c d o=http://127.0.0.1:"));

	ask(&s, &c, "GET http://other/base/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_non_null(strstr(c.body, "GET /base/x "));
	assert_non_null(strstr(c.body, " o=http://other "));

	ask(&s, &c, "GET /plain HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_false(has(&c, "Access-Control"));

	ask(&s, &c, "GET /base/redirect HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 303);
	assert_true(has(&c, "\r\nLocation: /a%20b%0D%0AX:%20y?%C3%A4\r\n"));

	ask(&s, &c, "GET /base/empty HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 204);
	assert_false(has(&c, "Content-Type"));
	assert_int_equal(c.len, 0);

	ask(&s, &c,
	    "GET /base/headers HTTP/1.1\r\n" H
	    "X-A: one\r\nx-a: two\r\nCookie: a=b; sid=\"x y\"; sid=z\r\n\r\n");
	assert_string_equal(c.body, "n=2 a=one cookie=x y");
	assert_true(has(&c, "\r\nX-Clean: aSet-Cookie: b c\r\n"));
	stop(&s);
}

static void test_request_id(void **state)
{
	struct server s;
	struct client c;
	const char *log;

	(void)state;
	start(&s, (struct setup){0});
	ask(&s, &c,
	    "GET /base/x?code=SECRET HTTP/1.1\r\n" H
	    "X-Request-Id: a.B-9_\r\n\r\n");
	assert_true(has(&c, "\r\nX-Request-Id: a.B-9_\r\n"));
	ask(&s, &c, "GET /base/x HTTP/1.1\r\n" H "X-Request-Id: a b\r\n\r\n");
	assert_false(has(&c, "X-Request-Id: a b"));
	assert_true(
	    uuid_ok(strndupa(strcasestr(c.head, "X-Request-Id: ") + 14, 36)));
	/* the reason of a 500 is in the log, and only there */
	ask(&s, &c, "GET /base/internal HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 500);
	assert_null(strstr(c.body, "secret"));
	log = stop(&s);
	assert_non_null(strstr(log, "the secret reason"));
	assert_non_null(strstr(log, "GET /base/x 200"));
	assert_non_null(strstr(log, "a.B-9_"));
	assert_null(strstr(log, "SECRET"));
}

/* rq->foreign: by a Host that is not ours, or by a page of another origin */
static void test_foreign(void **state)
{
	static const struct {
		const char *target, *headers;
		int foreign;
	} cases[] = {
	    {"/plain", "Host: localhost\r\n", 0},
	    {"/plain", "Host: 127.0.0.1:8080\r\n", 0},
	    {"/plain", "Host: phr:8080\r\n", 0},
	    {"/plain", "Host: evil.example\r\n", 1},
	    {"/plain", "Host: 10.0.0.1\r\n", 1},
	    {"/plain", "Host: \r\n", 1},
	    {"http://evil.example/plain", "Host: localhost\r\n", 1},
	    {"http://localhost/plain", "Host: evil.example\r\n", 0},
	    {"/plain", H "Origin: http://localhost\r\n", 0},
	    {"/plain", "Host: a:81\r\nOrigin: http://a:81\r\n", 0},
	    {"/plain", "Host: a:81\r\nOrigin: http://A:81\r\n", 0},
	    {"/plain", "Host: a:81\r\nOrigin: http://a:82\r\n", 1},
	    {"/plain", "Host: a:81\r\nOrigin: https://a:81\r\n", 1},
	    {"/plain", H "Origin: http://evil.example\r\n", 1},
	    {"/plain", H "Origin: null\r\n", 1},
	    {"/plain", H "Origin: \r\n", 1},
	    {"/plain",
	     H "Origin: http://localhost\r\nOrigin: http://localhost\r\n", 1},
	    {"/plain", H "Sec-Fetch-Site: same-origin\r\n", 0},
	    {"/plain", H "Sec-Fetch-Site: none\r\n", 0},
	    {"/plain", H "Sec-Fetch-Site: cross-site\r\n", 1},
	    {"/plain", H "sec-fetch-site: Cross-Site\r\n", 1},
	};
	struct server s;
	struct client c;
	char request[400];

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < LEN(cases); i++) {
		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n",
			 cases[i].target, cases[i].headers);
		ask(&s, &c, request);
		if (c.status != 200 ||
		    !strstr(c.body, cases[i].foreign ? " f=1" : " f=0"))
			fail_msg("%s%s", request, c.body);
	}
	ask(&s, &c, "GET /plain HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(c.body, " f=0"));
	stop(&s);
}

/* What has the shape of a personal code never is in the log, on whatever path.
 */
static void test_log_masks(void **state)
{
	static const char *const target[] = {
	    "/base/010190-900P/x/y",
	    "/nowhere/241262-961Ax",
	    "/base/x240301a9017",
	    "/base/24%30301a9012;240302%2B9018/1",
	    "/base/Patient/12345678-1234-4234-8234-123456789012",
	    "/base/12345678-1234-4234-8234-123456789012240303-901X",
	    "/base/240304-90",
	};
	struct server s;
	struct client c;
	char request[200];
	const char *log;

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < LEN(target); i++) {
		snprintf(request, sizeof(request),
			 "GET %s HTTP/1.1\r\n" H "\r\n", target[i]);
		ask(&s, &c, request);
	}
	ask(&s, &c,
	    "GET /base/x HTTP/1.1\r\n" H "X-Request-Id: 240305-901X\r\n\r\n");
	assert_true(has(&c, "\r\nX-Request-Id: 240305-901X\r\n"));
	log = stop(&s);
	assert_non_null(strstr(log, "GET /base/010190-****/x/y 404"));
	assert_non_null(strstr(log, "GET /nowhere/241262-****x 404"));
	assert_non_null(strstr(log, "GET /base/x240301a**** 200"));
	assert_non_null(strstr(log, "GET /base/240301a****;240302+****/1 200"));
	assert_non_null(
	    strstr(log, "/Patient/12345678-1234-4234-8234-123456789012 200"));
	assert_non_null(strstr(log, "-123456789012240303-**** 200"));
	assert_non_null(strstr(log, "GET /base/240304-90 200"));
	assert_non_null(strstr(log, " 240305-****"));
	assert_null(strstr(log, "240305-9"));
}

static void test_refusals(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	ask(&s, &c, "GET /nowhere HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 404);
	assert_non_null(strstr(c.body, "\"/base/\",\"/plain/\""));
	ask(&s, &c, "GET /base HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 404);
	assert_non_null(strstr(c.body, "refused not-found"));
	ask(&s, &c, "GET /base//x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 404);
	ask(&s, &c, "PUT /base/A/1 HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 405);
	assert_non_null(strstr(c.body, "refused method-not-allowed"));
	assert_true(has(&c, "\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n"));
	assert_true(has(&c, "\r\nAccess-Control-Allow-Origin: *\r\n"));

	/* what a handler said before refusing stays, the status is its kind */
	ask(&s, &c, "DELETE /base/A/1 HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 409);
	assert_string_equal(c.body, "refused conflict here: refused 1");
	assert_true(has(&c, "\r\nX-Before: yes\r\n"));
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, "kept="), 0);
	assert_int_equal(number(&c, "entered="), 1);
	ask(&s, &c, "DELETE /base/A/keep HTTP/1.1\r\n" H "\r\n");
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, "kept="), 2); /* with the state before */

	/* guards, in order */
	ask(&s, &c, "GET /plain/forbidden HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 401);
	assert_true(has(&c, "\r\nWWW-Authenticate: Bearer\r\n"));
	ask(&s, &c,
	    "GET /plain/forbidden HTTP/1.1\r\n" H
	    "Authorization: Bearer x\r\n\r\n");
	assert_int_equal(c.status, 403);
	ask(&s, &c,
	    "GET /plain/x HTTP/1.1\r\n" H "Authorization: Bearer x\r\n\r\n");
	assert_int_equal(c.status, 200);
	stop(&s);
}

static void test_options_and_head(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	ask(&s, &c,
	    "OPTIONS /base/A/1 HTTP/1.1\r\n" H
	    "Origin: http://app\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
	assert_int_equal(c.status, 200);
	assert_true(has(&c, "\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n"));
	assert_true(has(&c, "\r\nAccess-Control-Allow-Origin: *\r\n"));
	assert_true(has(&c, "\r\nAccess-Control-Allow-Methods: GET, POST, "
			    "PUT, DELETE"));
	assert_true(has(&c, "\r\nAccess-Control-Allow-Headers: "
			    "X-Requested-With,Origin,Content-Type, Accept, "
			    "Authorization"));
	ask(&s, &c, "OPTIONS /plain/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200); /* no token asked for */
	assert_true(has(&c, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
	assert_false(has(&c, "Access-Control"));
	ask(&s, &c, "OPTIONS /base/A/1/2 HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 404);
	ask(&s, &c, "OPTIONS * HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 400);

	dial(&c, &s);
	tell(&c, "HEAD /base/x HTTP/1.1\r\n" H "\r\n");
	hear(&c, true);
	assert_int_equal(c.status, 200);
	assert_true(has(&c, "\r\nContent-Length: "));
	assert_false(has(&c, "\r\nContent-Length: 0\r\n"));
	tell(&c, "GET /base/y HTTP/1.1\r\n" H "\r\n");
	hear(&c, false); /* no body between the two */
	assert_int_equal(c.status, 200);
	assert_non_null(strstr(c.body, "GET /base/y "));
	hang_up(&c);
	stop(&s);
}

/* Fills b with a request that has n bytes in one place. */
static void padded(struct buf *b, const char *before, char fill, size_t n,
		   const char *after)
{
	b->len = 0;
	buf_puts(b, before);
	for (size_t i = 0; i < n; i++)
		buf_putc(b, fill);
	buf_puts(b, after);
}

static void test_limits(void **state)
{
	struct arena *a = arena_new(0);
	struct server s;
	struct client c;
	struct buf b;

	(void)state;
	start(&s, (struct setup){0});
	buf_init(&b, a);
	padded(&b, "GET /base/", 'a', HTTP_URL_BYTES - 6,
	       " HTTP/1.1\r\n" H "\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 200);
	padded(&b, "GET /base/", 'a', HTTP_URL_BYTES - 5,
	       " HTTP/1.1\r\n" H "\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 414);
	assert_non_null(strstr(c.body, "refused too-long"));
	padded(&b, "GET /base/x HTTP/1.1\r\n" H "X-A: ", 'a',
	       HTTP_HEADER_BYTES - 26, "\r\n\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 200);
	padded(&b, "GET /base/x HTTP/1.1\r\n" H "X-A: ", 'a',
	       HTTP_HEADER_BYTES - 20, "\r\n\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 431);
	assert_non_null(strstr(c.body, "refused too-long"));
	/* beyond libmicrohttpd's own memory */
	padded(&b, "GET /base/x HTTP/1.1\r\n" H "X-A: ", 'a', 200000,
	       "\r\n\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 431);
	padded(&b, "GET /base/", 'a', 200000, " HTTP/1.1\r\n" H "\r\n");
	ask_n(&s, &c, b.p, b.len);
	assert_int_equal(c.status, 414);
	stop(&s);
	arena_free(a);
}

static unsigned sum_of(const char *s, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + (unsigned char)s[i];
	return sum;
}

static void test_bodies(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 999, 65535, 65536, 65537, 1 << 20, HTTP_FHIR_BODY_BYTES};
	struct arena *a = arena_new(0);
	char *bytes = arena_alloc(a, HTTP_FHIR_BODY_BYTES);
	static const char nul[] =
	    "POST /base/sum HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na\0b";
	char head[200], expected[64];
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	for (size_t i = 0; i < HTTP_FHIR_BODY_BYTES; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < LEN(sizes); i++) {
		snprintf(expected, sizeof(expected), "%zu %u", sizes[i],
			 sum_of(bytes, sizes[i]));
		dial(&c, &s);
		snprintf(head, sizeof(head),
			 "POST /base/sum HTTP/1.1\r\n" H
			 "Content-Length: %zu\r\n\r\n",
			 sizes[i]);
		say(&c, head, strlen(head));
		say(&c, bytes, sizes[i]);
		hear(&c, false);
		assert_string_equal(c.body, expected);
		/* the same in chunks, on the same connection */
		tell(&c, "POST /base/sum HTTP/1.1\r\n" H
			 "Transfer-Encoding: chunked\r\n\r\n");
		for (size_t at = 0; at < sizes[i];) {
			size_t n =
			    sizes[i] - at < 70001 ? sizes[i] - at : 70001;

			snprintf(head, sizeof(head), "%zx\r\n", n);
			say(&c, head, strlen(head));
			say(&c, bytes + at, n);
			tell(&c, "\r\n");
			at += n;
		}
		tell(&c, "0\r\n\r\n");
		hear(&c, false);
		assert_string_equal(c.body, expected);
		hang_up(&c);
	}
	/* a NUL is a byte like any other here */
	ask_n(&s, &c, nul, sizeof(nul) - 1);
	snprintf(expected, sizeof(expected), "3 %u", sum_of("a\0b", 3));
	assert_string_equal(c.body, expected);
	/* a client that asks first */
	dial(&c, &s);
	tell(&c, "POST /base/body HTTP/1.1\r\n" H
		 "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	hear(&c, false);
	assert_int_equal(c.status, 100);
	tell(&c, "ab");
	hear(&c, false);
	assert_string_equal(c.body, "2:ab");
	hang_up(&c);
	/* a route that takes none gets none */
	ask(&s, &c,
	    "POST /base/none HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc");
	assert_string_equal(c.body, "0:");
	stop(&s);
	arena_free(a);
}

/* A client that sends a body far too large, all of it, sees the 413 and not
 * a reset; so does one whose chunks grow too many. */
static void test_too_large(void **state)
{
	struct arena *a = arena_new(0);
	size_t n = 10 << 20;
	char *bytes = arena_alloc(a, n);
	struct server s;
	struct client c;
	char chunk[32];

	(void)state;
	start(&s, (struct setup){0});
	memset(bytes, 'x', n);
	for (int i = 0; i < 5; i++) {
		dial(&c, &s);
		tell(&c, "POST /base/sum HTTP/1.1\r\n" H
			 "Content-Length: 10485760\r\n\r\n");
		say(&c, bytes, n);
		hear(&c, false);
		assert_int_equal(c.status, 413);
		assert_true(has(&c, "\r\nConnection: close\r\n"));
		assert_true(has(&c, "\r\nAccess-Control-Allow-Origin: *\r\n"));
		hang_up(&c);
	}
	dial(&c, &s);
	tell(&c, "POST /base/sum HTTP/1.1\r\n" H
		 "Transfer-Encoding: chunked\r\n\r\n");
	snprintf(chunk, sizeof(chunk), "%zx\r\n", n);
	say(&c, chunk, strlen(chunk));
	say(&c, bytes, n);
	tell(&c, "\r\n0\r\n\r\n");
	hear(&c, false);
	assert_int_equal(c.status, 413);
	/* and the connection goes on */
	tell(&c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	hear(&c, false);
	assert_int_equal(c.status, 200);
	hang_up(&c);
	stop(&s);
	arena_free(a);
}

static void test_large_answer(void **state)
{
	struct server s;
	struct client c;
	char scrap[65536];
	size_t got = 0;
	ssize_t n;

	(void)state;
	start(&s, (struct setup){0});
	dial(&c, &s);
	tell(&c, "GET /base/large HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
	while ((n = recv(c.fd, scrap, sizeof(scrap), 0)) > 0)
		got += (size_t)n;
	assert_true(got > 16u << 20);
	hang_up(&c);
	/* and one that goes away in the middle */
	dial(&c, &s);
	tell(&c, "GET /base/large HTTP/1.1\r\n" H "\r\n");
	assert_true(recv(c.fd, scrap, 1000, 0) > 0);
	hang_up(&c);
	ask(&s, &c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_non_null(strstr(stop(&s), " cut"));
}

static void test_pipelining(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){0});
	dial(&c, &s);
	tell(&c, "GET /base/one HTTP/1.1\r\n" H "\r\n"
		 "POST /base/write HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab"
		 "DELETE /base/A/1 HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab"
		 "GET /base/two HTTP/1.1\r\n" H "\r\n");
	hear(&c, false);
	assert_non_null(strstr(c.body, "/base/one"));
	hear(&c, false);
	assert_int_equal(c.status, 201);
	hear(&c, false);
	assert_int_equal(c.status, 409);
	hear(&c, false);
	assert_non_null(strstr(c.body, "/base/two"));
	hang_up(&c);
	stop(&s);
}

/* A client that ends its side gets its answers, and then the end. */
static void test_half_closed(void **state)
{
	static const struct {
		const char *request;
		int answers;
	} cases[] = {
	    {"G", 0},
	    {"\r\n\r\n", 0},
	    {"GET /base/x HTTP/1.1\r\n" H "\r\n", 1},
	    {"GET /base/x HTTP/1.1\r\n" H "\r\nGET /ba", 1},
	    {"GET /base/x HTTP/1.1\r\n" H "\r\n"
	     "POST /base/write HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab"
	     "GET /base/x HTTP/1.1\r\n" H "\r\n"
	     "GET /base/x HTTP/1.1\r\n" H "\r\n",
	     4},
	    {"POST /base/body HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nab", 0},
	};
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){
		      .limits = {.request_ms = 1000000, .idle_ms = 1000000}});
	for (size_t i = 0; i < 20 * LEN(cases); i++) {
		dial(&c, &s);
		tell(&c, cases[i % LEN(cases)].request);
		shutdown(c.fd, SHUT_WR);
		for (int k = 0; k < cases[i % LEN(cases)].answers; k++) {
			hear(&c, false);
			if (c.status < 200 || c.status > 201)
				fail_msg("%s", cases[i % LEN(cases)].request);
		}
		/* what libmicrohttpd may say of a part is not looked at */
		while (more(&c))
			;
		hang_up(&c);
	}
	stop(&s);
}

/* ---- turns -------------------------------------------------------------- */

#define POST(path) "POST " path " HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"

static void test_held(void **state)
{
	struct server s;
	struct client c[8], last;

	(void)state;
	/* All requests are there before the first turn: it takes them all. */
	start(&s, (struct setup){.hold = true});
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		say(&c[i], POST("/base/write"), strlen(POST("/base/write")));
	}
	go_server(&s);
	for (size_t i = 0; i < LEN(c); i++) {
		hear(&c[i], false);
		assert_int_equal(c[i].status, 201);
		assert_true(has(&c[i], "\r\nLocation: http://localhost/made"));
		assert_string_equal(c[i].body, "written before commit 0");
		hang_up(&c[i]);
	}
	ask(&s, &last, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&last, "commits="), 1);
	stop(&s);
}

static void test_commit_fails(void **state)
{
	struct server s;
	struct client c[3], last;
	static const char *const request[] = {POST("/base/write"),
					      POST("/base/fail-commit"),
					      POST("/base/write")};

	(void)state;
	start(&s, (struct setup){.hold = true});
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		say(&c[i], request[i], strlen(request[i]));
	}
	go_server(&s);
	for (size_t i = 0; i < LEN(c); i++) {
		const char *id;

		hear(&c[i], false);
		assert_int_equal(c[i].status, 500);
		assert_false(has(&c[i], "\r\nLocation:"));
		id = strcasestr(c[i].head, "X-Request-Id: ") + 14;
		assert_non_null(strstr(c[i].body, strndupa(id, UUID_TEXT - 1)));
		hang_up(&c[i]);
	}
	/* a savepoint that cannot be kept */
	ask(&s, &last, POST("/base/fail-leave"));
	assert_int_equal(last.status, 500);
	assert_false(has(&last, "\r\nLocation:"));
	ask(&s, &last, POST("/base/write"));
	assert_int_equal(last.status, 201);
	stop(&s);
}

/* ---- time ---------------------------------------------------------------- */

/* A request that trickles in is cut, though it is never idle. */
static void test_deadline(void **state)
{
	struct server s;
	struct client c;
	int sent = 0;

	(void)state;
	start(&s, (struct setup){.limits = {.request_ms = 300}});
	dial(&c, &s);
	tell(&c, "GET /base/x HTTP/1.1\r\nX-A: ");
	while (send(c.fd, "a", 1, MSG_NOSIGNAL) == 1 && sent < 1000) {
		struct pollfd p = {.fd = c.fd, .events = POLLIN};

		sent++;
		if (poll(&p, 1, 20) > 0)
			break;
	}
	assert_true(at_end(&c));
	assert_true(sent < 1000);
	hang_up(&c);
	/* a second request on a connection, trickling its body */
	dial(&c, &s);
	tell(&c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	hear(&c, false);
	assert_int_equal(c.status, 200);
	tell(&c, "POST /base/body HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\n");
	assert_true(at_end(&c));
	hang_up(&c);
	stop(&s);
}

static void test_idle(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s,
	      (struct setup){.limits = {.request_ms = 30000, .idle_ms = 200}});
	dial(&c, &s);
	tell(&c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	hear(&c, false);
	assert_int_equal(c.status, 200);
	assert_true(at_end(&c));
	hang_up(&c);
	stop(&s);
}

/* Half a request costs no turns: the loop waits. */
static void test_no_spin(void **state)
{
	struct server s;
	struct client half[3], c;
	int before;

	(void)state;
	start(&s, (struct setup){.listeners = 2});
	dial(&half[0], &s);
	tell(&half[0], "GET /ba");
	dial(&half[1], &s);
	tell(&half[1],
	     "POST /base/body HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nx");
	dial(&half[2], &s);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, "under_way="), 2);
	assert_int_equal(number(&c, "conns="), 4);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	before = number(&c, "turns=");
	poll(NULL, 0, 300);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	assert_true(number(&c, "turns=") - before < 20);
	for (size_t i = 0; i < LEN(half); i++)
		hang_up(&half[i]);
	stop(&s);
}

/* ---- the end ------------------------------------------------------------- */

static void test_stop_finishes(void **state)
{
	struct server s;
	struct client c, idle;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd;

	(void)state;
	start(&s, (struct setup){0});
	dial(&idle, &s);
	tell(&idle, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	hear(&idle, false);
	dial(&c, &s);
	tell(&c,
	     "POST /base/body HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nab");
	/* its body has begun to arrive before the signal does */
	ask(&s, &(struct client){0}, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	kill(s.pid, SIGHUP);
	kill(s.pid, SIGTERM);
	/* nobody new is let in any more, sooner or later */
	sa.sin_port = htons(s.port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 1000; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
			break;
		close(fd);
		fd = -1;
		poll(NULL, 0, 10);
	}
	assert_true(fd >= 0);
	close(fd);
	tell(&c, "cd");
	hear(&c, false);
	assert_int_equal(c.status, 200);
	assert_string_equal(c.body, "4:abcd");
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	hang_up(&c);
	assert_non_null(strstr(join(&s), "SIGHUP"));
	hang_up(&idle);
}

static void test_stop_gives_up(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){.limits = {.stop_ms = 100}});
	dial(&c, &s);
	tell(&c, "POST /base/body HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\n");
	ask(&s, &(struct client){0}, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	stop(&s);
	hang_up(&c);
	/* a second signal is not asked to wait at all */
	start(&s, (struct setup){.limits = {.stop_ms = 1000000}});
	dial(&c, &s);
	tell(&c, "POST /base/body HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\n");
	ask(&s, &(struct client){0}, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	kill(s.pid, SIGTERM);
	kill(s.pid, SIGINT);
	join(&s);
	hang_up(&c);
}

static void test_stop_stdin(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, (struct setup){.on_stdin = true});
	ask(&s, &c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_int_equal(write(s.in, "ignored", 7), 7);
	ask(&s, &c, "GET /base/x HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	close(s.in);
	s.in = -1;
	join(&s);
}

/* A signal between the ready line and the loop ends it as properly. */
static void test_stop_early(void **state)
{
	struct server s;

	(void)state;
	start(&s, (struct setup){.hold = true});
	kill(s.pid, SIGTERM);
	go_server(&s);
	join(&s);
}

/* ---- opening and probing ------------------------------------------------- */

static enum err_kind open_fails(const char *url)
{
	const char *const listen[] = {url};
	struct clock clock = {0};
	struct log log = {0};
	struct http_config c = {
	    .listen = listen, .listen_count = 1, .clock = &clock, .log = &log};
	struct err e = {0};
	struct http *h = http_open(&c, &e);

	if (h) {
		http_close(h);
		return ERR_NONE;
	}
	assert_string_equal(e.where, url);
	return e.kind;
}

static void test_open(void **state)
{
	static const struct {
		const char *url;
		enum err_kind kind;
	} cases[] = {
	    {"http://127.0.0.1:0", ERR_NONE},
	    {"http://localhost:0", ERR_NONE},
	    /* without a certificate */
	    {"https://127.0.0.1:0", ERR_INVALID},
	    {"mtls://127.0.0.1:0", ERR_INVALID},
	    {"ftp://127.0.0.1:0", ERR_INVALID},
	    {"http://127.0.0.1:0/", ERR_INVALID},
	    {"http://127.0.0.1:65536", ERR_INVALID},
	    {"http://127.0.0.1:x", ERR_INVALID},
	    {"http://127.0.0.1:", ERR_INVALID},
	    {"http://:80", ERR_INVALID},
	    {"http://example.fi:0", ERR_INVALID},
	    {"http://192.0.2.1:0", ERR_INVALID}, /* not our address */
	    {"127.0.0.1:0", ERR_INVALID},
	    {"", ERR_INVALID},
	};
	struct server s;
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		if (open_fails(cases[i].url) != cases[i].kind)
			fail_msg("%s", cases[i].url);
	}
	start(&s, (struct setup){0});
	assert_int_equal(open_fails(s.url), ERR_CONFLICT);
	stop(&s);
}

static void test_probe(void **state)
{
	struct server s;
	struct err e = {0};
	char url[128];

	(void)state;
	start(&s, (struct setup){.listeners = 2});
	assert_memory_equal(s.url, "http://localhost:", 17);
	snprintf(url, sizeof(url), "%s/base/x?y", s.url);
	assert_int_equal(http_probe(url, PATIENCE_MS, &e), 200);
	snprintf(url, sizeof(url), "%s/base/internal", s.url);
	assert_int_equal(http_probe(url, PATIENCE_MS, &e), 500);
	assert_int_equal(http_probe(s.url, PATIENCE_MS, &e), 404);
	stop(&s);
	assert_int_equal(http_probe(s.url, PATIENCE_MS, &e), -1);
	assert_int_equal(http_probe("mtls://127.0.0.1:1/", 10, &e), -1);
	assert_int_equal(e.kind, ERR_INVALID);
	/* TLS with a server that speaks none */
	start(&s, (struct setup){0});
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", s.port);
	assert_int_equal(http_probe(url, PATIENCE_MS, &e), -1);
	assert_non_null(strstr(e.text, "TLS"));
	stop(&s);
	/* a server that accepts and says nothing */
	start(&s, (struct setup){.hold = true});
	assert_int_equal(http_probe(s.url, 50, &e), -1);
	kill(s.pid, SIGTERM);
	go_server(&s);
	join(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_form_limits),
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_target),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_origin),
	    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_groups),
	    cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_request_id),
	    cmocka_unit_test(test_foreign),
	    cmocka_unit_test(test_log_masks),
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_listen_kind),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_mtls_peer),
	    cmocka_unit_test(test_mtls_alert),
	    cmocka_unit_test(test_tls_identity_changes),
	    cmocka_unit_test(test_tls_half_open),
	    cmocka_unit_test(test_tls_deadline),
	    cmocka_unit_test(test_cidr),
	    cmocka_unit_test(test_certificate_texts),
	    cmocka_unit_test(test_proxy_config),
	    cmocka_unit_test(test_certificate_header),
	    cmocka_unit_test(test_other_header),
	    cmocka_unit_test(test_stranger),
	    cmocka_unit_test(test_forwarded),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_options_and_head),
	    cmocka_unit_test(test_wire),
	    cmocka_unit_test(test_wire_nul),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_large_answer),
	    cmocka_unit_test(test_pipelining),
	    cmocka_unit_test(test_half_closed),
	    cmocka_unit_test(test_held),
	    cmocka_unit_test(test_commit_fails),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_nested_savepoints),
	    cmocka_unit_test(test_inner),
	    cmocka_unit_test(test_rehearsed),
	    cmocka_unit_test(test_rehearsed_keeps_nothing),
	    cmocka_unit_test(test_wait),
	    cmocka_unit_test(test_wait_late),
	    cmocka_unit_test(test_wait_is_quiet),
	    cmocka_unit_test(test_wait_left),
	    cmocka_unit_test(test_wait_many),
	    cmocka_unit_test(test_wait_stop),
	    cmocka_unit_test(test_wait_tls),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_stream_pulse),
	    cmocka_unit_test(test_stream_bounds),
	    cmocka_unit_test(test_stream_unread),
	    cmocka_unit_test(test_stream_long),
	    cmocka_unit_test(test_stream_tls),
	    cmocka_unit_test(test_amend),
	    cmocka_unit_test(test_delay),
	    cmocka_unit_test(test_delay_flush),
	    cmocka_unit_test(test_drop),
	    cmocka_unit_test(test_drop_tls),
	    cmocka_unit_test(test_stall),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_storm),
	    cmocka_unit_test(test_deadline),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(test_no_spin),
	    cmocka_unit_test(test_stop_finishes),
	    cmocka_unit_test(test_stop_gives_up),
	    cmocka_unit_test(test_stop_stdin),
	    cmocka_unit_test(test_stop_early),
	    cmocka_unit_test(test_probe),
	};

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1) /* some of them: "test_wait*" */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
