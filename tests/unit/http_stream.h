/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that go on (stream.c), seen from outside: each news (http_wait.h) is
 * a piece of them.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http_wait.h"

/* ---- the server's side -------------------------------------------------- */

#define BIG_BYTES ((size_t)100 * 1000)

static void stream_more(struct rq *rq, struct arena *scrap, struct buf *out,
			void *state)
{
	struct world *w = world_of(rq);
	int *seen = state;

	if (out->len != 0 || arena_used(scrap) != 0)
		exit(94);
	arena_alloc(scrap, 100000);
	w->asked++;
	if (strstr(rq->query, "pulse"))
		buf_puts(out, ":\n");
	for (; *seen < w->news; (*seen)++) {
		buf_printf(out, "%d", *seen + 1);
		for (size_t i = 0; strstr(rq->query, "big") && i < BIG_BYTES;
		     i++)
			buf_putc(out, '.');
		buf_putc(out, '\n');
	}
	if (strstr(rq->query, "inner")) {
		struct http_nested n = {
		    .method = "GET", .url = "/base/x", .arena = scrap};

		buf_printf(out, "%.11s\n", http_inner(rq, &n)->out.p);
	}
	w->used = arena_used(rq->arena) + arena_used(out->arena) - out->cap;
}

static bool h_stream(struct rq *rq)
{
	const char *pulse = strstr(rq->query, "pulse=");
	int *seen = arena_alloc(rq->arena, sizeof(*seen));

	*seen = world_of(rq)->news;
	return rq_stream(rq, "text/event-stream",
			 pulse ? strtol(pulse + 6, NULL, 10) : 0, stream_more,
			 seen);
}

static bool h_streams(struct rq *rq)
{
	struct world *w = world_of(rq);

	buf_printf(&rq->out, "streams=%zu used=%zu", w->http->streams, w->used);
	return rq_reply(rq, 200, "text/plain");
}

static const struct route stream_routes[] = {
    {"GET", "/wait", h_wait, ACCESS_OPEN, 0, "", NULL},
    {"POST", "/news", h_news, ACCESS_OPEN, 100, "", NULL},
    {"GET", "/parked", h_parked, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/stream", h_stream, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/streams", h_streams, ACCESS_OPEN, 0, "", NULL},
};

static const struct setup streaming = {.more = stream_routes,
				       .more_count = LEN(stream_routes)};

static int streams(const struct server *s, const char *name)
{
	struct client c;

	ask(s, &c, "GET /more/streams HTTP/1.1\r\n" H "\r\n");
	return number(&c, name);
}

static void until_streams(const struct server *s, int n)
{
	for (int i = 0; streams(s, "streams=") != n; i++) {
		if (i == 2000)
			fail_msg("not %d streams", n);
		poll(NULL, 0, 5);
	}
}

/* ---- the client's side -------------------------------------------------- */

#define STREAM "GET /more/stream HTTP/1.1\r\n" H "\r\n"

/* Reads until the end of what has come is text. */
static void hear_until(struct client *c, const char *text)
{
	size_t n = strlen(text);

	while (c->len < n || memcmp(c->in + c->len - n, text, n) != 0) {
		if (!more(c))
			fail_msg("ended, not in %s: %s", text, c->in);
	}
}

/* The next chunk, and no more. */
static void hear_chunk(struct client *c, const char *text)
{
	char want[200];

	snprintf(want, sizeof(want), "%zX\r\n%s\r\n", strlen(text), text);
	hear_until(c, want);
	assert_int_equal(c->len, strlen(want));
	c->len = 0;
}

static void open_stream(const struct server *s, struct client *c,
			const char *request)
{
	dial(c, s);
	tell(c, request);
	hear(c, true); /* its headers, though there is nothing to tell */
	assert_int_equal(c->status, 200);
	assert_true(has(c, "\r\nContent-Type: text/event-stream\r\n"));
	assert_true(has(c, "\r\nCache-Control: no-store\r\n"));
	assert_false(has(c, "\r\nContent-Length:"));
}

static void test_stream(void **state)
{
	struct setup setup = streaming;
	struct server s;
	struct client c, old;

	(void)state;
	setup.limits.stop_ms = 1000000;
	start(&s, setup);
	open_stream(&s, &c, STREAM);
	assert_true(has(&c, "\r\nTransfer-Encoding: chunked\r\n"));
	news(&s, "");
	hear_chunk(&c, "1\n");
	news(&s, "?write");
	hear_chunk(&c, "2\n");
	/* without chunks; it begins where it begins */
	open_stream(&s, &old, "GET /more/stream HTTP/1.0\r\n" H "\r\n");
	assert_false(has(&old, "Transfer-Encoding"));
	news(&s, "");
	hear_chunk(&c, "3\n");
	hear_until(&old, "3\n");
	assert_int_equal(old.len, 2);
	/* it ends with the server */
	stop(&s);
	hear_until(&c, "0\r\n\r\n");
	assert_int_equal(c.len, 5);
	c.len = old.len = 0;
	assert_true(at_end(&c));
	assert_true(at_end(&old));
	hang_up(&c);
	hang_up(&old);
}

static void test_stream_pulse(void **state)
{
	struct server s;
	struct client c;
	int asked, turns;

	(void)state;
	start(&s, streaming);
	open_stream(&s, &c, "GET /more/stream?pulse=20 HTTP/1.1\r\n" H "\r\n");
	for (int i = 0; i < 5; i++, c.len = 0)
		hear_until(&c, "2\r\n:\n\r\n");
	hang_up(&c);
	until_streams(&s, 0);
	/* without one it is left alone */
	open_stream(&s, &c, STREAM);
	asked = parked(&s, "asked=");
	turns = parked(&s, "turns=");
	poll(NULL, 0, 300);
	assert_in_range(parked(&s, "turns=") - turns, 0, 12);
	assert_in_range(parked(&s, "asked=") - asked, 1, 4);
	hang_up(&c);
	/* what it asks of others within */
	open_stream(&s, &c, "GET /more/stream?inner HTTP/1.1\r\n" H "\r\n");
	hear_until(&c, "C\r\nGET /base/x\n\r\n");
	hang_up(&c);
	until_streams(&s, 0);
	stop(&s);
}

static void test_stream_bounds(void **state)
{
	static struct client c[HTTP_STREAMS];
	struct server s;
	struct client one;

	(void)state;
	start(&s, streaming);
	dial(&one, &s);
	tell(&one, "HEAD /more/stream HTTP/1.1\r\n" H "\r\n");
	hear(&one, true);
	assert_int_equal(one.status, 200);
	assert_true(at_end(&one));
	hang_up(&one);
	assert_int_equal(streams(&s, "streams="), 0);
	for (size_t i = 0; i < LEN(c); i++)
		open_stream(&s, &c[i], STREAM);
	ask(&s, &one, STREAM);
	assert_int_equal(one.status, 409);
	assert_string_equal(one.body, "refused conflict : there are 64 "
				      "streams already: close one");
	hang_up(&c[7]);
	until_streams(&s, HTTP_STREAMS - 1);
	open_stream(&s, &c[7], STREAM);
	inner(&s, &one, "GET /more/stream\n");
	assert_memory_equal(one.body, "409|-|refused conflict", 22);
	news(&s, "");
	for (size_t i = 0; i < LEN(c); i++) {
		hear_chunk(&c[i], "1\n");
		hang_up(&c[i]);
	}
	until_streams(&s, 0);
	assert_int_equal(parked(&s, "conns="), 1);
	assert_null(strstr(stop(&s), " cut"));
}

/* A client that does not read is not told more and more. */
static void test_stream_unread(void **state)
{
	const int small = 4096;
	struct server s;
	struct client c;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	size_t read = 0;
	int used, asked;

	(void)state;
	start(&s, streaming);
	memset(&c, 0, sizeof(c));
	sa.sin_port = htons(s.port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(connect(c.fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	tell(&c, "GET /more/stream?big HTTP/1.1\r\n" H "\r\n");
	until_streams(&s, 1);
	for (int i = 0; i < 60; i++)
		news(&s, ""); /* more than any socket takes */
	asked = parked(&s, "asked=");
	used = streams(&s, "used=");
	for (int i = 0; i < 20; i++)
		news(&s, "");
	assert_int_equal(parked(&s, "asked="), asked);
	assert_int_equal(streams(&s, "used="), used);
	/* all the same it has everything when it reads */
	while (read < 80 * BIG_BYTES) {
		ssize_t n = recv(c.fd, c.in, sizeof(c.in), 0);

		assert_true(n > 0);
		read += (size_t)n;
	}
	/* one that goes while it is being told */
	for (int i = 0; i < 60; i++)
		news(&s, "");
	hang_up(&c);
	until_streams(&s, 0);
	stop(&s);
}

/* Thousands of pieces leave nothing behind; a long silence does not end it. */
static void test_stream_long(void **state)
{
	struct setup setup = streaming;
	struct server s;
	struct client c;
	char text[20];
	int used;

	(void)state;
	setup.limits.idle_ms = 1000;
	start(&s, setup);
	open_stream(&s, &c, STREAM);
	for (int i = 1; i <= 2000; i++) {
		news(&s, "");
		snprintf(text, sizeof(text), "%d\n", i);
		hear_chunk(&c, text);
		if (i == 10)
			used = streams(&s, "used=");
	}
	assert_int_equal(streams(&s, "used="), used);
	poll(NULL, 0, 2200);
	news(&s, "");
	hear_chunk(&c, "2001\n");
	hang_up(&c);
	stop(&s);
}

static void test_stream_tls(void **state)
{
	static const char tell_it[] =
	    "POST /more/news HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n";
	struct setup setup = streaming;
	struct made made;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x, eye;
	struct client *c = &x.c;
	ssize_t n = 1;

	(void)state;
	make(&made, "streams");
	t.identity[0] = (struct http_identity){made.cert, made.key, NULL, 1};
	setup.listen = "https://127.0.0.1:0";
	setup.tls = &tls;
	setup.limits.stop_ms = 1000000;
	start(&s, setup);
	shake(&eye, &s, NULL, "NORMAL");
	shake(&x, &s, NULL, "NORMAL");
	gnutls_record_send(x.session, STREAM, strlen(STREAM));
	while (!strstr(secretly(&eye, GET("/more/streams")), "streams=1"))
		poll(NULL, 0, 5);
	gnutls_record_send(eye.session, tell_it, strlen(tell_it));
	while (n > 0 && !strstr(c->in, "2\r\n1\n\r\n")) {
		n = gnutls_record_recv(x.session, c->in + c->len,
				       sizeof(c->in) - 1 - c->len);
		c->len += n > 0 ? (size_t)n : 0;
	}
	assert_true(n > 0);
	stop(&s);
	n = gnutls_record_recv(x.session, c->in, sizeof(c->in));
	assert_int_equal(n, 5);
	assert_memory_equal(c->in, "0\r\n\r\n", 5);
	part(&x);
	part(&eye);
}

#endif
