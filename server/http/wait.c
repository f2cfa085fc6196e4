/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler that cannot answer yet: the request waits (park.c), and whoever it
 * belongs to is asked again when something was answered. What it waits for is
 * known to that function alone, which is cheap and asked often; so nobody has
 * to tell what happened to whom.
 *
 * It has to be sure of its answer in the end: when the time is over, when the
 * server stops, when the client is gone, it is asked for the last time and may
 * not put it off. A refusal is worded by the group as any other.
 *
 * Limits: HTTP_WAITS at once, as each keeps its connection and its memory. A
 * request within another one or in a rehearsal cannot wait, as that one would
 * have to wait with it.
 */
#include "http/http_int.h"

#include <assert.h>

#define MOST_MS ((int64_t)7 * 24 * 3600 * 1000)

struct http_wait {
	rq_again again;
	void *state;
	int64_t until_us;
};

bool rq_wait(struct rq *rq, int64_t timeout_ms, rq_again again, void *state)
{
	struct rq_private *p = rq->private;
	struct http *h = p->http;

	if (p->aside || timeout_ms <= 0 || h->waits == HTTP_WAITS ||
	    h->stop_signals > 0) {
		const bool done = again(rq, true, state);

		assert(done);
		return rq->status != 0;
	}
	if (timeout_ms > MOST_MS)
		timeout_ms = MOST_MS;
	p->wait = arena_alloc(rq->arena, sizeof(*p->wait));
	*p->wait = (struct http_wait){.again = again,
				      .state = state,
				      .until_us = clock_steady_us() +
						  timeout_ms * 1000};
	h->waits++;
	return true;
}

void http_wait_over(struct rq_private *p)
{
	if (p->wait)
		p->http->waits--;
	p->wait = NULL;
}

static bool wake(struct rq_private *p, enum http_wake why)
{
	const struct http_wait *w = p->wait;
	const bool late = why != WAKE_NEWS;

	if (!w->again(&p->rq, late, w->state)) {
		assert(!late);
		return false;
	}
	http_wait_over(p);
	p->replied = p->rq.status != 0;
	assert(p->replied || p->rq.err.kind != ERR_NONE);
	if (!p->replied)
		http_refuse(p);
	http_amend(p);
	return true;
}

void http_wait_begin(struct rq_private *p)
{
	http_park(p, true, p->wait->until_us, wake);
}
