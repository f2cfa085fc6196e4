/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that are put aside: they wait for something (wait.c), have nothing
 * more to say for now (stream.c), or somebody wants them late (effect.c).
 *
 * libmicrohttpd knows nothing of such a request: its connection is suspended,
 * so it costs no turn anything, and neither does the client that has gone:
 * nobody would notice. So the loop does, at the end of a turn. It wakes a
 * request when its time has come, when news came (an answer left in this turn,
 * for those that asked for news), when its client has ended its side of the
 * connection, and when the server stops. What then becomes of it, its own
 * function says: it goes on, or waits further.
 *
 * A client that has ended its side may still read, but nearly always it is
 * gone, and without sending something the two cannot be told apart. So it is
 * not kept waiting: who is gone does not hear it, who is not has it early.
 *
 * There are two lists, so that news are not brought to those that have no use
 * for them. Nothing is done when both are empty. Resumed ones run with the
 * daemons in the next turn, which comes at once.
 */
#include "http/http_int.h"

#include <assert.h>

static void wake_at(struct http *h, int64_t us)
{
	if (us != 0 && (h->wake_us == 0 || us < h->wake_us))
		h->wake_us = us;
}

void http_park(struct rq_private *p, bool news, int64_t wake_us,
	       http_waker wake)
{
	struct http *h = p->http;
	struct http_park *k = &p->park;
	struct conn *conn = http_conn_of(p->connection);

	assert(!k->at);
	k->wake = wake;
	k->wake_us = conn->ended ? 1 : wake_us;
	k->conn = conn;
	k->at = &h->parked[news];
	k->next = h->parked[news];
	if (k->next)
		k->next->park.at = &k->next;
	h->parked[news] = p;
	conn->parked = p;
	wake_at(h, k->wake_us);
	MHD_suspend_connection(p->connection);
}

static void resume(struct rq_private *p)
{
	struct http_park *k = &p->park;

	assert(k->at);
	*k->at = k->next;
	if (k->next)
		k->next->park.at = k->at;
	k->at = NULL;
	k->conn->parked = NULL;
	p->http->released = true;
	MHD_resume_connection(p->connection);
}

void http_park_due(struct rq_private *p)
{
	p->park.wake_us = 1;
	wake_at(p->http, 1);
}

void http_park_left(struct conn *k)
{
	if (k->parked)
		http_park_due(k->parked);
}

/* Why it is woken; false: it is not. */
static bool reason(const struct rq_private *p, bool news, int64_t now_us,
		   enum http_wake *why)
{
	const struct http_park *k = &p->park;

	if (p->http->stop_signals > 0)
		*why = WAKE_STOP;
	else if (k->conn->ended)
		*why = WAKE_LEFT;
	else if (k->wake_us != 0 && k->wake_us <= now_us)
		*why = WAKE_TIME;
	else
		*why = WAKE_NEWS;
	return *why != WAKE_NEWS || news;
}

static void visit(struct http *h, struct rq_private *p, bool news,
		  int64_t now_us)
{
	struct rq_private *next;
	enum http_wake why;

	for (; p; p = next) {
		next = p->park.next;
		if (reason(p, news, now_us, &why) && p->park.wake(p, why))
			resume(p);
		else
			wake_at(h, p->park.wake_us);
	}
}

void http_park_turn(struct http *h)
{
	const struct http_turn *t = &h->config->turn;
	const int64_t now_us = h->wake_us != 0 ? clock_steady_us() : 0;
	const bool all =
	    h->stop_signals > 0 || (h->wake_us != 0 && h->wake_us <= now_us);
	const bool news = h->answers != h->answers_seen;

	h->answers_seen = h->answers;
	if (!all && !news)
		return;
	if (all)
		h->wake_us = 0;
	visit(h, h->parked[true], news, now_us);
	if (all)
		visit(h, h->parked[false], false, now_us);
	/* what they read ends here */
	if (t->commit)
		(void)t->commit(t->ctx);
}

void http_park_wake_all(struct http *h)
{
	for (size_t i = 0; i < LEN(h->parked); i++) {
		while (h->parked[i])
			resume(h->parked[i]);
	}
}
