/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop. One epoll set holds the epoll sets of all libmicrohttpd daemons,
 * a signalfd and, if asked, stdin. A turn waits for any of them, then runs
 * EVERY daemon (their own sets are edge-triggered: skipping one stalls its
 * connections), then commits what the turn's requests wrote, once, and
 * releases the answers that were held for it. So an acknowledged write is on
 * disk, and its cost is shared by all requests of the turn.
 *
 * Nothing here sleeps but epoll_wait, whose limit is the smallest of what the
 * daemons ask for and the next deadline. Should a daemon keep asking for a
 * timeout of 0 without need, it would spin (as for a TLS handshake that waits
 * for its peer, which handshake.c keeps from it; facts: mtls-libmicrohttpd.md
 * 6). So turns that were asked for at once, and in which neither the set nor
 * any callback saw anything, are counted; from the 4th on a turn waits 1 ms,
 * from the 200th on 5 ms, and anything that happens starts the count anew.
 *
 * Stopping: the listening sockets are closed, requests under way get
 * limits.stop_ms; a second signal ends the loop at once.
 */
#include "http/http_int.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENTS	   64
#define STOP_TURNS 4 /* to read what had already arrived */

int http_backoff_ms(struct http_backoff *b, int wanted_ms, bool happened)
{
	if (happened || wanted_ms != 0) {
		b->idle_turns = 0;
		return wanted_ms;
	}
	b->idle_turns++;
	if (b->idle_turns < 4)
		return 0;
	return b->idle_turns < 200 ? 1 : 5;
}

bool http_event_add(struct http *h, int fd, enum http_event kind, size_t i)
{
	struct epoll_event ev = {.events = EPOLLIN,
				 .data.u64 = (uint64_t)i << EVENT_BITS | kind};

	return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

bool http_event_conn(struct http *h, struct conn *k, int op)
{
	const uint32_t shaking = EPOLLIN | EPOLLRDHUP | EPOLLET;
	struct epoll_event ev = {
	    .events = k->shaking ? shaking : EPOLLRDHUP | EPOLLONESHOT,
	    .data.ptr = k};

	return epoll_ctl(h->epoll, op, k->fd, &ev) == 0;
}

static void stop(struct http *h)
{
	if (h->stop_signals++ == 0)
		log_line(h->config->log, "stop",
			 "stopping: %zu requests under way", h->under_way);
}

static void reload(struct http *h)
{
	const struct http_tls *tls = h->config->tls;

	if (tls && tls->reload)
		tls->reload(tls->ctx);
	else
		log_line(h->config->log, "signal",
			 "SIGHUP: there are no certificates to read");
}

static void on_signal(struct http *h)
{
	struct signalfd_siginfo info;

	while (read(h->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(h);
		else
			stop(h);
	}
}

static void on_stdin(struct http *h)
{
	char scrap[4096];
	ssize_t n = read(STDIN_FILENO, scrap, sizeof(scrap));

	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	epoll_ctl(h->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	stop(h);
}

static void on_conn(struct http *h, struct conn *k)
{
	if (k->shaking)
		http_shake_event(h, k);
	else
		http_conn_half(h, k);
}

static void on_event(struct http *h, const struct epoll_event *ev)
{
	const uint64_t data = ev->data.u64;

	switch ((enum http_event)(data & ((1u << EVENT_BITS) - 1))) {
	case EVENT_CONN: on_conn(h, ev->data.ptr); break;
	case EVENT_DAEMON: break; /* all of them run anyway */
	case EVENT_SIGNAL: on_signal(h); break;
	case EVENT_STDIN: on_stdin(h); break;
	case EVENT_LINGER: http_linger_read(h, data >> EVENT_BITS); break;
	}
}

/* What the daemons and deadlines allow to wait; -1: for ever. */
static int wanted_ms(struct http *h)
{
	int64_t least = -1;
	int64_t left = -1;
	int64_t now_us = clock_steady_us();
	int64_t next_us = h->expire_us;

	if (h->wake_us != 0 && (next_us == 0 || h->wake_us < next_us))
		next_us = h->wake_us;
	for (size_t i = 0; i < h->listener_count; i++) {
		MHD_UNSIGNED_LONG_LONG ms;

		if (MHD_get_timeout(h->listener[i].daemon, &ms) == MHD_YES &&
		    (least < 0 || (int64_t)ms < least))
			least = ms > INT_MAX ? INT_MAX : (int64_t)ms;
	}
	if (h->stopping && (next_us == 0 || h->stop_until_us < next_us))
		next_us = h->stop_until_us;
	if (next_us != 0)
		left = next_us > now_us ? (next_us - now_us) / 1000 + 1 : 0;
	if (h->released || (h->stop_signals > 0 && h->stop_turns < STOP_TURNS))
		left = 0;
	if (left >= 0 && (least < 0 || left < least))
		least = left;
	return least > INT_MAX ? INT_MAX : (int)least;
}

static void run_daemons(struct http *h)
{
	for (size_t i = 0; i < h->listener_count; i++)
		MHD_run(h->listener[i].daemon);
	http_shake_rest(h);
}

void http_hold(struct rq_private *p)
{
	p->next_held = p->http->held;
	p->http->held = p;
	MHD_suspend_connection(p->connection);
}

/* The answers told of writes that are not there. */
static void fail_held(struct http *h)
{
	for (struct rq_private *p = h->held; p; p = p->next_held) {
		err_set(&p->rq.err, ERR_INTERNAL, NULL, NULL,
			"the commit of the turn failed");
		http_reply_reset(p);
		http_refuse(p);
	}
}

static void end_turn(struct http *h)
{
	const struct http_turn *t = &h->config->turn;
	bool kept = true;

	h->released = h->held != NULL;
	if (t->commit)
		kept = t->commit(t->ctx);
	if (!kept)
		fail_held(h);
	while (h->held) {
		struct rq_private *p = h->held;

		h->held = p->next_held;
		MHD_resume_connection(p->connection);
	}
}

static void stop_listening(struct http *h)
{
	for (size_t i = 0; i < h->listener_count; i++) {
		int fd = MHD_quiesce_daemon(h->listener[i].daemon);

		if (fd >= 0)
			close(fd);
	}
	h->stopping = true;
	h->stop_until_us =
	    clock_steady_us() + h->limits.stop_ms * INT64_C(1000);
}

static void turn(struct http *h)
{
	struct epoll_event ev[EVENTS];
	bool happened = h->progress;
	int n;

	h->turns++;
	n = epoll_wait(h->epoll, ev, EVENTS,
		       http_backoff_ms(&h->backoff, wanted_ms(h), happened));
	h->progress = n > 0;
	for (int i = 0; i < n; i++)
		on_event(h, &ev[i]);
	run_daemons(h);
	if (h->halves > 0)
		http_conn_wake_half(h);
	end_turn(h);
	if (h->parked[false] || h->parked[true])
		http_park_turn(h);
	if (h->expire_us != 0 && h->expire_us <= clock_steady_us())
		h->expire_us = http_conn_expire(h, clock_steady_us());
	if (h->stop_signals > 0 && !h->stopping)
		stop_listening(h);
	h->stop_turns += h->stopping;
}

static bool done(const struct http *h)
{
	if (h->stop_signals > 1)
		return true;
	if (!h->stopping || h->stop_turns < STOP_TURNS)
		return false;
	return h->under_way == 0 || h->stop_until_us <= clock_steady_us();
}

static bool watch_signals(struct http *h)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	h->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	return h->signals >= 0 &&
	       http_event_add(h, h->signals, EVENT_SIGNAL, 0);
}

int http_run(struct http *h)
{
	assert(h->signals < 0); /* a server runs once */
	if (!watch_signals(h)) {
		log_line(h->config->log, "internal", "signalfd: %s",
			 strerror(errno));
		return 1;
	}
	/* A file (or /dev/null) cannot be watched: it is at its end already. */
	if (h->config->stop_on_stdin_eof &&
	    !http_event_add(h, STDIN_FILENO, EVENT_STDIN, 0))
		stop(h);
	while (!done(h))
		turn(h);
	return 0;
}
