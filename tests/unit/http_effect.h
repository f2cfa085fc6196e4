/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of answers on their way (effect.c) and who may change them
 * (http_config.fault, amend), seen from outside. The query of a request says
 * what is to become of its answer.
 */
#ifndef HTTP_EFFECT_H
#define HTTP_EFFECT_H

#include "http_stream.h"

/* ---- the server's side -------------------------------------------------- */

/* "drop=2" in the query is 2; absent is fallback. */
static long asked_for(const struct rq *rq, const char *name, long fallback)
{
	const char *at = strstr(rq->query, name);

	return at ? strtol(at + strlen(name), NULL, 10) : fallback;
}

static bool e_fault(struct rq *rq, bool let, void *ctx)
{
	(void)ctx;
	if (!strstr(rq->query, "fault"))
		return false;
	buf_printf(&rq->out, "fault %d", let);
	return rq_reply(rq, 503, "text/plain");
}

static void e_amend(struct rq *rq, void *ctx)
{
	struct http_effect *e = arena_alloc(rq->arena, sizeof(*e));

	(void)ctx;
	if (strstr(rq->query, "replace")) {
		rq_reply_again(rq);
		buf_puts(&rq->out, "replaced");
		rq_reply(rq, 503, "text/plain");
	}
	rq_header(rq, "X-Amended", "%d", rq->route != NULL);
	*e = (struct http_effect){
	    .delay_ms = asked_for(rq, "delay=", 0),
	    .drop = (enum http_drop)asked_for(rq, "drop=", 0),
	    .cut = strstr(rq->query, "cut="),
	    .cut_bytes = (size_t)asked_for(rq, "cut=", 0),
	    .stall = strstr(rq->query, "stall="),
	    .stall_bytes = (size_t)asked_for(rq, "stall=", 0),
	    .stall_ms = asked_for(rq, "ms=", 0),
	    .bytes_per_second = (size_t)asked_for(rq, "rate=", 0),
	};
	rq->effect = e;
}

static void e_answered(const struct rq *rq, int64_t us, void *ctx)
{
	if (rq->effect && rq->effect->delay_ms > 0)
		((struct world *)ctx)->us = us;
}

/* A hundred bytes, or as many. */
static bool h_bytes(struct rq *rq)
{
	const long n = asked_for(rq, "n=", 100);

	for (long i = 0; i < n; i++)
		buf_putc(&rq->out, (char)('a' + i % 26));
	if (strstr(rq->query, "write"))
		world_of(rq)->pending++;
	return rq_reply(rq, 200, "text/plain");
}

static bool e_change(struct rq *delayed, void *ctx)
{
	(void)ctx;
	if (!strstr(delayed->query, "reset"))
		return false;
	rq_reply_again(delayed);
	rq_header(delayed, "X-Mock-Reset", "yes");
	return rq_reply(delayed, 503, NULL);
}

static bool h_flush(struct rq *rq)
{
	http_flush_delayed(rq, e_change, NULL);
	return rq_reply(rq, 204, NULL);
}

static bool h_took(struct rq *rq)
{
	buf_printf(&rq->out, "us=%d commits=%d kept=%d ", (int)world_of(rq)->us,
		   world_of(rq)->commits, world_of(rq)->kept);
	return rq_reply(rq, 200, "text/plain");
}

static const struct route effect_routes[] = {
    {"GET", "/parked", h_parked, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/took", h_took, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/bytes", h_bytes, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/wait", h_wait, ACCESS_OPEN, 0, "", NULL},
    {"POST", "/news", h_news, ACCESS_OPEN, 100, "", NULL},
    {"POST", "/flush", h_flush, ACCESS_OPEN, 10, "", NULL},
    {"POST", "/refuse/:id", h_refuse, ACCESS_OPEN, 10, "", NULL},
};

static const struct setup effects = {.more = effect_routes,
				     .more_count = LEN(effect_routes),
				     .fault = e_fault,
				     .amend = e_amend,
				     .answered = e_answered};

/* ---- the client's side -------------------------------------------------- */

#define BYTES(query) "GET /more/bytes?" query " HTTP/1.1\r\n" H "\r\n"

/* Everything until the end; -1: it was a reset. */
static int hear_all(struct client *c)
{
	ssize_t n;

	while ((n = recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len,
			 0)) > 0)
		c->len += (size_t)n;
	c->in[c->len] = '\0';
	if (n < 0)
		assert_int_equal(errno, ECONNRESET);
	return (int)n;
}

/* What is behind the headers; NULL: there are none, or not all. */
static const char *behind_headers(const struct client *c)
{
	const char *end = strstr(c->in, "\r\n\r\n");

	return end ? end + 4 : NULL;
}

static void test_amend(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *amended; /* NULL: it was not asked */
		const char *body;
	} cases[] = {
	    {"GET /more/bytes?n=3", 200, "1", "abc"},
	    {"GET /more/bytes?replace", 503, "1", "replaced"},
	    {"GET /more/bytes?fault", 503, "1", "fault 1"},
	    {"POST /more/refuse/x", 409, "1",
	     "refused conflict here: "
	     "refused x"},
	    {"POST /more/refuse/x?replace", 503, "1", "replaced"},
	    /* no route, and what was never asked */
	    {"GET /more/none", 404, "0",
	     "refused not-found : nothing is at /more/none"},
	    {"GET /more/none?replace", 503, "0", "replaced"},
	    {"PUT /more/bytes?replace", 503, "0", "replaced"},
	    {"OPTIONS /more/bytes?replace", 200, NULL, ""},
	    {"GET /base/x?replace", 200, NULL,
	     "GET /base/x q=replace t=x i= o=http://localhost l=1 f=0"},
	    {"GET /none?replace", 404, NULL, NULL},
	};
	struct server s;
	struct client c;
	char request[200];

	(void)state;
	start(&s, effects);
	for (size_t i = 0; i < LEN(cases); i++) {
		snprintf(request, sizeof(request),
			 "%s HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
			 cases[i].line);
		ask(&s, &c, request);
		snprintf(request, sizeof(request), "\r\nX-Amended: %s\r\n",
			 text_or_empty(cases[i].amended));
		if (c.status != cases[i].status ||
		    has(&c, "X-Amended") != (cases[i].amended != NULL) ||
		    (cases[i].amended && !has(&c, request)) ||
		    (cases[i].body && strcmp(c.body, cases[i].body) != 0))
			fail_msg("%s: %s%s", cases[i].line, c.head, c.body);
	}
	/* one that is refused before it is read, one that waited */
	ask(&s, &c,
	    "POST /more/flush?replace&delay=100000 HTTP/1.1\r\n" H
	    "Content-Length: 11\r\n\r\n");
	assert_string_equal(c.body, "replaced");
	ask(&s, &c, "GET /more/wait?ms=20&replace HTTP/1.1\r\n" H "\r\n");
	assert_string_equal(c.body, "replaced");
	/* nobody hears of what is asked within */
	inner(&s, &c, "GET /more/bytes?fault&replace&n=3\n");
	assert_string_equal(c.body, "200|-|abc\n");
	/* what it wrote stays when its answer is replaced */
	ask(&s, &c, BYTES("write&replace"));
	assert_int_equal(c.status, 503);
	ask(&s, &c, "GET /more/took HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&c, "commits="), 1);
	stop(&s);
}

static void test_delay(void **state)
{
	struct server s;
	struct client c, other;
	const char *log;

	(void)state;
	start(&s, effects);
	dial(&c, &s);
	tell(&c, BYTES("delay=400&n=3&write") BYTES("n=2"));
	until(&s, "parked=", 1);
	/* it is on disk, told and logged; nobody waits for it */
	ask(&s, &other, "GET /more/took HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(number(&other, "commits="), 1);
	assert_in_range(number(&other, "us="), 1, 399000);
	assert_int_equal(recv(c.fd, c.in, 1, MSG_DONTWAIT), -1);
	hear(&c, false);
	assert_string_equal(c.body, "abc");
	hear(&c, false);
	assert_string_equal(c.body, "ab");
	hang_up(&c);
	/* one whose client goes */
	dial(&c, &s);
	tell(&c, BYTES("delay=1000000"));
	until(&s, "parked=", 1);
	hang_up(&c);
	until(&s, "conns=", 1);
	/* or half goes */
	dial(&c, &s);
	tell(&c, BYTES("delay=9223372036854775807&n=3"));
	until(&s, "parked=", 1);
	shutdown(c.fd, SHUT_WR);
	hear(&c, false);
	assert_string_equal(c.body, "abc");
	hang_up(&c);
	/* the end of the server is that of all delays */
	dial(&c, &s);
	tell(&c, BYTES("delay=1000000&n=3"));
	until(&s, "parked=", 1);
	log = stop(&s);
	hear(&c, false);
	assert_string_equal(c.body, "abc");
	hang_up(&c);
	assert_non_null(strstr(log, ", 400 ms late\n"));
}

static void test_delay_flush(void **state)
{
	struct server s;
	struct client a, b;

	(void)state;
	start(&s, effects);
	dial(&a, &s);
	tell(&a, BYTES("delay=1000000&reset&cut=3"));
	dial(&b, &s);
	tell(&b, BYTES("delay=1000000&n=3"));
	until(&s, "parked=", 2);
	ask(&s, &(struct client){0},
	    "POST /more/flush HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n");
	hear(&a, false);
	assert_int_equal(a.status, 503);
	assert_true(has(&a, "\r\nX-Mock-Reset: yes\r\n"));
	assert_int_equal(parked(&s, "parked="), 1);
	hang_up(&a);
	assert_non_null(strstr(stop(&s), "instead of the late one"));
	hear(&b, false);
	assert_int_equal(b.status, 200);
	hang_up(&b);
}

#define ABC100                                                                 \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnop" \
	"qrstuvwxyzabcdefghijklmnopqrstuv"

static const struct dropped {
	const char *request;
	int body;	    /* bytes of it, -1: no headers either */
	const char *before; /* of the body: that of a chunk */
	bool reset;
	const char *log;
} dropped[] = {
    {BYTES("drop=1"), -1, "", false, ", closed without an answer\n"},
    {BYTES("drop=2"), -1, "", true, ", reset\n"},
    {BYTES("drop=3"), -1, "", false, ", garbage instead\n"},
    {BYTES("drop=4"), 0, "", false, ", closed behind the headers\n"},
    {BYTES("drop=5"), 50, "", false, ", closed in the body\n"},
    {BYTES("drop=6"), 50, "64\r\n", false, ", closed in a chunk\n"},
    {BYTES("drop=6&delay=20"), 50, "64\r\n", false,
     ", 20 ms late, closed in a chunk\n"},
    {BYTES("drop=2&delay=20"), -1, "", true, ", 20 ms late, reset\n"},
    {BYTES("drop=6&n=0"), 0, "1\r\n", false, ""},
    {BYTES("drop=5&n=0&whole"), 0, "", false, ""},
    {BYTES("cut=7"), 7, "", false, ", cut at 7 bytes\n"},
    {BYTES("cut=0"), 0, "", false, ""},
    {BYTES("cut=99"), 99, "", false, ""},
    {BYTES("cut=100"), 100, "", false, ""},
    {BYTES("cut=1000"), 100, "", false, ""},
    {BYTES("cut=9&stall=5&ms=20"), 9, "", false,
     ", cut at 9 bytes, stalled at 5 bytes\n"},
    {BYTES("cut=9&rate=1000"), 9, "", false,
     ", cut at 9 bytes, 1000 bytes a second\n"},
    {"GET /more/bytes?drop=6 HTTP/1.0\r\n" H "\r\n", 50, "", false, ""},
    {"HEAD /more/bytes?drop=6 HTTP/1.1\r\n" H "\r\n", 0, "", false, ""},
    {"HEAD /more/bytes?drop=4 HTTP/1.1\r\n" H "\r\n", 0, "", false, ""},
};

static void judge_dropped(const struct dropped *d, const struct client *c)
{
	const char *body = behind_headers(c);
	const size_t n = strlen(d->before);

	if (d->body < 0) {
		if (body || strncmp(c->in, "HTTP", 4) == 0)
			fail_msg("%s%s", d->request, c->in);
		return;
	}
	if (!body || strncmp(c->in, "HTTP/1.1 200", 12) != 0 ||
	    strlen(body) != n + (size_t)d->body ||
	    strncmp(body, d->before, n) != 0 ||
	    strncmp(body + n, ABC100, (size_t)d->body) != 0)
		fail_msg("%s%s", d->request, c->in);
	if (n > 0)
		assert_non_null(
		    strstr(c->in, "\r\nTransfer-Encoding: chunked\r\n"));
	else if (!strstr(d->request, "n=0"))
		assert_non_null(strstr(c->in, "\r\nContent-Length: 100\r\n"));
	/* it is said of a whole answer alone */
	assert_int_equal(strstr(c->in, "\r\nConnection: close\r\n") != NULL,
			 d->body == 100 || strstr(d->request, "n=0&whole") ||
			     d->request[0] == 'H' ||
			     strstr(d->request, "HTTP/1.0"));
	assert_non_null(strstr(c->in, "\r\nX-Amended: 1\r\n"));
	assert_non_null(strstr(c->in, "\r\nX-Request-Id: "));
}

static void test_drop(void **state)
{
	struct server s;
	struct client c;
	const char *log;

	(void)state;
	start(&s, effects);
	for (size_t i = 0; i < LEN(dropped); i++) {
		dial(&c, &s);
		tell(&c, dropped[i].request);
		if (hear_all(&c) != (dropped[i].reset ? -1 : 0))
			fail_msg("%s", dropped[i].request);
		judge_dropped(&dropped[i], &c);
		if (strstr(dropped[i].request, "drop=3"))
			assert_true(c.len > 10);
		hang_up(&c);
	}
	until(&s, "conns=", 1);
	log = stop(&s);
	for (size_t i = 0; i < LEN(dropped); i++)
		assert_non_null(strstr(log, dropped[i].log));
	assert_null(strstr(log, " cut\n"));
}

static void test_drop_tls(void **state)
{
	struct setup setup = effects;
	struct made made;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x;
	ssize_t n;

	(void)state;
	make(&made, "drops");
	t.identity[0] = (struct http_identity){made.cert, made.key, NULL, 1};
	setup.listen = "mtls://127.0.0.1:0";
	setup.tls = &tls;
	start(&s, setup);
	for (size_t i = 0; i < 2 * LEN(dropped); i++) {
		const struct dropped *d = &dropped[i / 2];
		struct client *c = &x.c;

		shake(&x, &s, NULL, versions[i % 2]);
		gnutls_record_send(x.session, d->request, strlen(d->request));
		while ((n = gnutls_record_recv(x.session, c->in + c->len,
					       sizeof(c->in) - 1 - c->len)) > 0)
			c->len += (size_t)n;
		c->in[c->len] = '\0';
		judge_dropped(d, c);
		if (strstr(d->request, "drop=3") || d->reset)
			assert_true(n < 0);
		part(&x);
	}
	stop(&s);
}

static void test_stall(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, effects);
	dial(&c, &s);
	tell(&c, BYTES("stall=10"));
	hear(&c, true);
	assert_true(has(&c, "\r\nContent-Length: 100\r\n"));
	hear_until(&c, "abcdefghij");
	until(&s, "parked=", 1);
	assert_int_equal(recv(c.fd, c.in, 1, MSG_DONTWAIT), -1);
	hang_up(&c); /* it gave up */
	until(&s, "conns=", 1);
	/* at once behind the headers; for a while; at the end */
	dial(&c, &s);
	tell(&c, BYTES("stall=0"));
	hear(&c, true);
	until(&s, "parked=", 1);
	shutdown(c.fd, SHUT_WR);
	assert_int_equal(hear_all(&c), 0);
	assert_int_equal(c.len, 0);
	hang_up(&c);
	ask(&s, &c, BYTES("stall=10&ms=30"));
	assert_string_equal(c.body, ABC100);
	ask(&s, &c, BYTES("stall=100"));
	assert_string_equal(c.body, ABC100);
	ask(&s, &c, "HEAD /more/bytes?stall=1 HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	/* the end of the server is that of the answer */
	dial(&c, &s);
	tell(&c, BYTES("stall=10&ms=1000000"));
	hear(&c, true);
	hear_until(&c, "abcdefghij");
	until(&s, "parked=", 1);
	stop(&s);
	assert_int_equal(hear_all(&c), 0);
	assert_int_equal(c.len, 10);
	hang_up(&c);
}

static void test_rate(void **state)
{
	struct server s;
	struct client c;
	int turns;

	(void)state;
	start(&s, effects);
	ask(&s, &c, BYTES("rate=1000"));
	assert_string_equal(c.body, ABC100);
	ask(&s, &c, BYTES("rate=1000000&n=30000"));
	assert_int_equal(strlen(c.body), 30000);
	ask(&s, &c, BYTES("rate=18446744073709551615&n=30000"));
	assert_int_equal(strlen(c.body), 30000);
	/* a byte now and one in an hour: nothing turns meanwhile */
	dial(&c, &s);
	tell(&c, BYTES("rate=1"));
	hear(&c, true);
	hear_until(&c, "a");
	until(&s, "parked=", 1);
	turns = parked(&s, "turns=");
	poll(NULL, 0, 300);
	assert_in_range(parked(&s, "turns=") - turns, 0, 14);
	stop(&s);
	assert_int_equal(hear_all(&c), 0);
	assert_string_equal(c.in, ABC100);
	hang_up(&c);
}

/* Clients with every kind of effect that leave when they like: nothing is
 * left of any. */
static void test_storm(void **state)
{
	static const char *const queries[] = {
	    "delay=30",	      "drop=1",
	    "drop=2",	      "drop=3",
	    "drop=4",	      "drop=5",
	    "drop=6",	      "cut=7&n=200000",
	    "stall=3",	      "stall=90000&n=200000&ms=9",
	    "rate=50",	      "rate=300000&n=200000",
	    "delay=5&drop=2", "n=500000",
	    "delay=9&write",  "fault&delay=7",
	    "replace&rate=9"};
	static struct client c[120];
	struct server s;
	unsigned dice = 12345;

	(void)state;
	start(&s, effects);
	for (size_t i = 0; i < 12 * LEN(c); i++) {
		struct client *k = &c[i % LEN(c)];
		char request[300];

		dice = dice * 1103515245 + 12345;
		if (i >= LEN(c)) {
			if (dice & 0x10000)
				(void)recv(k->fd, k->in, 3000, MSG_DONTWAIT);
			if (dice & 0x20000)
				shutdown(k->fd, SHUT_WR);
			hang_up(k);
		}
		dial(k, &s);
		snprintf(request, sizeof(request),
			 "GET /more/bytes?%s HTTP/1.1\r\n" H "\r\n",
			 queries[(dice >> 18) % LEN(queries)]);
		tell(k, request);
		if (dice & 0x40000) /* one more behind it, perhaps half */
			(void)send(k->fd, request, dice & 0x80000 ? 9 : 200,
				   MSG_NOSIGNAL);
	}
	ask(&s, &(struct client){0}, BYTES(""));
	for (size_t i = 0; i < LEN(c); i += 2)
		hang_up(&c[i]);
	ask(&s, &(struct client){0}, BYTES(""));
	stop(&s); /* with the others */
	for (size_t i = 1; i < LEN(c); i += 2)
		hang_up(&c[i]);
	start(&s, effects);
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		tell(&c[i], BYTES("delay=100&n=3"));
	}
	for (size_t i = 0; i < LEN(c); i++) {
		hear(&c[i], false);
		assert_string_equal(c[i].body, "abc");
		hang_up(&c[i]);
	}
	until(&s, "conns=", 1);
	assert_int_equal(parked(&s, "parked="), 0);
	stop(&s);
}

#endif
