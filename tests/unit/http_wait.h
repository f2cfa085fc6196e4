/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that wait for something (wait.c, park.c), seen from outside: one
 * waits until another one brings news.
 */
#ifndef HTTP_WAIT_H
#define HTTP_WAIT_H

#include "http_live.h"
#include "http_nested.h"
#include "http_tls.h"

/* ---- the server's side -------------------------------------------------- */

/* state: how many news there were when the request came */
static bool wait_again(struct rq *rq, bool late, void *state)
{
	struct world *w = world_of(rq);
	const int *had = state;

	w->asked++;
	if (w->news == *had && !late)
		return false;
	if (strstr(rq->query, "refuse"))
		return err_set(&rq->err, ERR_TIMEOUT, "timeout", NULL,
			       "%d news", w->news - *had) ||
		       true;
	rq_header(rq, "X-Late", "%d", late);
	buf_printf(&rq->out, "%d news, %d commits", w->news - *had, w->commits);
	return rq_reply(rq, 200, "text/plain");
}

/* ?ms=20 or longer than any test */
static bool h_wait(struct rq *rq)
{
	const char *ms = strstr(rq->query, "ms=");
	int *had = arena_alloc(rq->arena, sizeof(*had));

	*had = world_of(rq)->news;
	return rq_wait(rq, ms ? strtol(ms + 3, NULL, 10) : 1000000, wait_again,
		       had);
}

static bool h_news(struct rq *rq)
{
	struct world *w = world_of(rq);

	w->news++;
	w->pending += strstr(rq->query, "write") != NULL;
	return rq_reply(rq, 204, NULL);
}

static bool h_parked(struct rq *rq)
{
	struct world *w = world_of(rq);
	struct http *h = w->http;
	size_t n = 0, conns = 0;

	for (size_t i = 0; i < LEN(h->parked); i++) {
		for (struct rq_private *p = h->parked[i]; p; p = p->park.next)
			n++;
	}
	for (struct conn *k = h->conns; k; k = k->next)
		conns++;
	buf_printf(&rq->out,
		   "parked=%zu waits=%zu conns=%zu under_way=%zu asked=%d "
		   "turns=%d ",
		   n, h->waits, conns, h->under_way, w->asked, (int)h->turns);
	return rq_reply(rq, 200, "text/plain");
}

static const struct route wait_routes[] = {
    {"GET", "/wait", h_wait, ACCESS_OPEN, 0, "", NULL},
    {"POST", "/news", h_news, ACCESS_OPEN, 100, "", NULL},
    {"GET", "/parked", h_parked, ACCESS_OPEN, 0, "", NULL},
};

static const struct setup waiting = {.more = wait_routes,
				     .more_count = LEN(wait_routes)};

/* ---- the client's side -------------------------------------------------- */

#define WAIT "GET /more/wait HTTP/1.1\r\n" H "\r\n"

static int parked(const struct server *s, const char *name)
{
	struct client c;

	ask(s, &c, "GET /more/parked HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	return number(&c, name);
}

/* Until so many are. */
static void until(const struct server *s, const char *name, int n)
{
	int is = -1;

	for (int i = 0; i < 2000; i++) {
		is = parked(s, name);
		if (is == n)
			return;
		poll(NULL, 0, 5);
	}
	fail_msg("%s%d, not %d", name, is, n);
}

static void news(const struct server *s, const char *query)
{
	char request[200];
	struct client c;

	snprintf(request, sizeof(request),
		 "POST /more/news%s HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
		 query);
	ask(s, &c, request);
	assert_int_equal(c.status, 204);
}

static void test_wait(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, waiting);
	dial(&c, &s);
	/* the one behind it waits for its turn */
	tell(&c, WAIT "GET /base/after HTTP/1.1\r\n" H "\r\n");
	until(&s, "waits=", 1);
	assert_int_equal(c.len, 0);
	news(&s, "");
	hear(&c, false);
	assert_int_equal(c.status, 200);
	assert_string_equal(c.body, "1 news, 0 commits");
	assert_true(has(&c, "\r\nX-Late: 0\r\n"));
	hear(&c, false);
	assert_memory_equal(c.body, "GET /base/after ", 16);
	/* news that are written are on disk first */
	tell(&c, WAIT);
	until(&s, "waits=", 1);
	news(&s, "?write");
	hear(&c, false);
	assert_string_equal(c.body, "1 news, 1 commits");
	/* one that refuses; HEAD */
	tell(&c, "GET /more/wait?refuse HTTP/1.1\r\n" H "\r\n");
	until(&s, "waits=", 1);
	news(&s, "");
	hear(&c, false);
	assert_int_equal(c.status, 408);
	assert_string_equal(c.body, "refused timeout : 1 news");
	tell(&c, "HEAD /more/wait HTTP/1.1\r\n" H "\r\n");
	until(&s, "waits=", 1);
	news(&s, "");
	hear(&c, true);
	assert_int_equal(c.status, 200);
	assert_int_equal(parked(&s, "parked="), 0);
	hang_up(&c);
	stop(&s);
}

static void test_wait_late(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	start(&s, waiting);
	ask(&s, &c, "GET /more/wait?ms=20 HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 200);
	assert_string_equal(c.body, "0 news, 0 commits");
	assert_true(has(&c, "\r\nX-Late: 1\r\n"));
	ask(&s, &c, "GET /more/wait?ms=20&refuse HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 408);
	/* no time at all, or too much of it */
	ask(&s, &c, "GET /more/wait?ms=0 HTTP/1.1\r\n" H "\r\n");
	assert_string_equal(c.body, "0 news, 0 commits");
	ask(&s, &c, "GET /more/wait?ms=0&refuse HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(c.status, 408);
	dial(&c, &s);
	tell(&c, "GET /more/wait?ms=9223372036854775807 HTTP/1.1\r\n" H "\r\n");
	until(&s, "waits=", 1);
	news(&s, "");
	hear(&c, false);
	assert_string_equal(c.body, "1 news, 0 commits");
	hang_up(&c);
	/* within another one */
	inner(&s, &c, "GET /more/wait\nGET /more/wait?refuse\n");
	assert_string_equal(c.body, "200|-|0 news, 0 commits\n"
				    "408|-|refused timeout : 0 news\n");
	assert_int_equal(parked(&s, "waits="), 0);
	stop(&s);
}

/* It is asked when there may be news, and never else. */
static void test_wait_is_quiet(void **state)
{
	struct server s;
	struct client c[3];
	int asked, turns;

	(void)state;
	start(&s, waiting);
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		tell(&c[i], WAIT);
	}
	until(&s, "waits=", 3);
	asked = parked(&s, "asked=");
	turns = parked(&s, "turns=");
	poll(NULL, 0, 300);
	assert_in_range(parked(&s, "turns=") - turns, 0, 12);
	assert_in_range(parked(&s, "asked=") - asked, 3, 9);
	news(&s, "");
	for (size_t i = 0; i < LEN(c); i++) {
		hear(&c[i], false);
		assert_string_equal(c[i].body, "1 news, 0 commits");
		hang_up(&c[i]);
	}
	stop(&s);
}

/* A client that is gone is noticed, however it went. */
static void test_wait_left(void **state)
{
	const struct linger at_once = {.l_onoff = 1};
	struct server s;
	struct client c[4];

	(void)state;
	start(&s, waiting);
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		tell(&c[i], WAIT);
	}
	until(&s, "waits=", 4);
	hang_up(&c[0]);
	setsockopt(c[1].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(&c[1]);
	tell(&c[2], WAIT); /* unread when it goes */
	hang_up(&c[2]);
	until(&s, "waits=", 1);
	until(&s, "conns=", 2);
	assert_int_equal(parked(&s, "under_way="), 2);
	/* one that may still listen: it has an answer */
	shutdown(c[3].fd, SHUT_WR);
	hear(&c[3], false);
	assert_string_equal(c[3].body, "0 news, 0 commits");
	assert_true(at_end(&c[3]));
	hang_up(&c[3]);
	/* and one that was half closed from the beginning */
	dial(&c[0], &s);
	tell(&c[0], WAIT);
	shutdown(c[0].fd, SHUT_WR);
	hear(&c[0], false);
	assert_true(has(&c[0], "\r\nX-Late: 1\r\n"));
	hang_up(&c[0]);
	until(&s, "conns=", 1);
	stop(&s);
}

static void test_wait_many(void **state)
{
	static struct client c[HTTP_WAITS];
	struct setup setup = waiting;
	struct server s;
	struct client one;

	(void)state;
	setup.limits.connections = HTTP_WAITS + 50;
	start(&s, setup);
	for (size_t i = 0; i < LEN(c); i++) {
		dial(&c[i], &s);
		tell(&c[i], WAIT);
	}
	until(&s, "waits=", HTTP_WAITS);
	ask(&s, &one, WAIT);
	assert_true(has(&one, "\r\nX-Late: 1\r\n"));
	news(&s, "");
	for (size_t i = 0; i < LEN(c); i++) {
		hear(&c[i], false);
		assert_string_equal(c[i].body, "1 news, 0 commits");
		hang_up(&c[i]);
	}
	assert_int_equal(parked(&s, "waits="), 0);
	stop(&s);
}

static void test_wait_stop(void **state)
{
	struct server s;
	struct client c;
	struct setup setup = waiting;

	(void)state;
	setup.limits.stop_ms = 1000000;
	start(&s, setup);
	dial(&c, &s);
	tell(&c, WAIT);
	until(&s, "waits=", 1);
	stop(&s);
	hear(&c, false);
	assert_string_equal(c.body, "0 news, 0 commits");
	assert_true(has(&c, "\r\nX-Late: 1\r\n"));
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	hang_up(&c);
	/* two signals at once: nobody is answered, nothing is lost */
	start(&s, waiting);
	dial(&c, &s);
	tell(&c, WAIT);
	until(&s, "waits=", 1);
	kill(s.pid, SIGSTOP);
	kill(s.pid, SIGTERM);
	kill(s.pid, SIGINT);
	kill(s.pid, SIGCONT);
	join(&s);
	hang_up(&c);
}

/* The same over TLS: told, gone, late at the end. */
static void test_wait_tls(void **state)
{
	struct setup setup = waiting;
	struct made made;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x[2], eye;

	(void)state;
	make(&made, "waits");
	t.identity[0] = (struct http_identity){made.cert, made.key, NULL, 1};
	setup.listen = "mtls://127.0.0.1:0";
	setup.tls = &tls;
	setup.limits.stop_ms = 1000000;
	start(&s, setup);
	shake(&eye, &s, NULL, "NORMAL");
	for (size_t i = 0; i < LEN(x); i++) {
		shake(&x[i], &s, NULL, versions[i]);
		assert_int_equal(x[i].code, 0);
		gnutls_record_send(x[i].session, WAIT, strlen(WAIT));
	}
	while (!strstr(secretly(&eye, GET("/more/parked")), "waits=2"))
		poll(NULL, 0, 5);
	part(&x[0]);
	while (!strstr(secretly(&eye, GET("/more/parked")), "waits=1 conns=2 "))
		poll(NULL, 0, 5);
	secretly(&eye, "POST /more/news HTTP/1.1\r\n" H
		       "Content-Length: 0\r\n\r\n" GET("/base/x"));
	/* its answer is there, and the next one is late */
	assert_string_equal(secretly(&x[1], WAIT), "1 news, 0 commits");
	while (!strstr(secretly(&eye, GET("/more/parked")), "waits=1"))
		poll(NULL, 0, 5);
	stop(&s);
	assert_string_equal(overhear(&x[1]), "0 news, 0 commits");
	part(&x[1]);
	part(&eye);
}

#endif
