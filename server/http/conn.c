/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a connection may take. libmicrohttpd's own limit is inactivity: a
 * client that sends one byte every second is never cut (facts:
 * mtls-libmicrohttpd.md 8). So each connection carries a deadline: a new one
 * has limits.request_ms for its first whole request; a further request has
 * as long from its request line on, and limits.idle_ms to get there. Nothing
 * runs out while a request is being answered. The loop shuts the sockets of
 * those that are late; libmicrohttpd then notices and ends them.
 *
 * Half-closed: a client may end its side and still wait for the answer. Under
 * edge-triggered epoll libmicrohttpd misses that end when it arrives together
 * with the last bytes (a short read makes it wait for an edge that has already
 * been), and would keep the connection until a limit runs out. So the loop
 * watches for the end itself, and when all bytes have been read it shuts the
 * reading side, which is an edge of its own.
 *
 * Lingering: an answer that goes out before the body was read (413, broken
 * framing) is followed by a close, and a close with unread bytes makes the
 * kernel send a reset, which in many clients wins over the answer that is
 * already there. So a duplicate of the socket is kept and read empty until the
 * peer is done, for HTTP_LINGER_MS and HTTP_DISCARD_BYTES at most.
 */
#include "http/http_int.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

int http_conn_fd(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)
	    ->connect_fd;
}

const struct sockaddr *http_conn_address(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
	    ->client_addr;
}

struct conn *http_conn_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

static void set_deadline(struct http *h, struct conn *k, int ms)
{
	k->deadline_us = clock_steady_us() + ms * INT64_C(1000);
	if (h->expire_us == 0 || k->deadline_us < h->expire_us)
		h->expire_us = k->deadline_us;
}

static void started(struct http_listener *l, struct MHD_Connection *c,
		    void **context)
{
	struct http *h = l->http;
	/* lives as long as the connection, so no arena */
	struct conn *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->connection = c;
	k->listener = l;
	k->fd = http_conn_fd(c);
	k->next = h->conns;
	if (k->next)
		k->next->prev = k;
	h->conns = k;
	*context = k;
	if (l->kind != HTTP_PLAIN) {
		http_tls_started(k);
		http_shake_begin(h, k);
	}
	(void)http_event_conn(h, k, EPOLL_CTL_ADD);
	set_deadline(h, k, h->limits.request_ms);
}

static void closed(struct http *h, struct conn *k)
{
	/* closing is not enough: a lingering duplicate would keep it there */
	epoll_ctl(h->epoll, EPOLL_CTL_DEL, k->fd, NULL);
	h->halves -= k->half;
	if (k->listener->kind != HTTP_PLAIN) {
		http_shake_closed(h, k);
		http_tls_closed(k);
	}
	if (k->prev)
		k->prev->next = k->next;
	else
		h->conns = k->next;
	if (k->next)
		k->next->prev = k->prev;
	free(k);
}

void http_conn_notify(void *cls, struct MHD_Connection *c, void **context,
		      enum MHD_ConnectionNotificationCode what)
{
	struct http_listener *l = cls;

	l->http->progress = true;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		started(l, c, context);
	else if (*context)
		closed(l->http, *context);
}

void http_conn_began(struct http *h, struct MHD_Connection *c)
{
	struct conn *k = http_conn_of(c);

	if (k->waiting)
		set_deadline(h, k, h->limits.request_ms);
	k->waiting = false;
	k->secured = k->asked = true;
}

void http_conn_complete(struct http *h, struct MHD_Connection *c)
{
	(void)h;
	http_conn_of(c)->deadline_us = 0;
}

void http_conn_answered(struct http *h, struct MHD_Connection *c)
{
	struct conn *k = http_conn_of(c);

	k->waiting = true;
	set_deadline(h, k, h->limits.idle_ms);
}

void http_conn_half(struct http *h, struct conn *k)
{
	h->halves += !k->half;
	k->half = k->ended = true;
	http_park_left(k);
}

void http_conn_wake_half(struct http *h)
{
	for (struct conn *k = h->conns; k; k = k->next) {
		int unread = 0;

		if (!k->half || ioctl(k->fd, FIONREAD, &unread) != 0 ||
		    unread > 0)
			continue;
		shutdown(k->fd, SHUT_RD);
		k->half = false;
		h->halves--;
	}
}

static void linger_end(struct linger_fd *l)
{
	close(l->fd); /* also leaves the epoll set: nobody else has it */
	l->fd = -1;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

int64_t http_conn_expire(struct http *h, int64_t now_us)
{
	int64_t next = 0;

	for (struct conn *k = h->conns; k; k = k->next) {
		if (k->deadline_us != 0 && k->deadline_us <= now_us) {
			shutdown(k->fd, SHUT_RDWR);
			k->deadline_us = 0;
			k->late = true;
		}
		next = earlier(next, k->deadline_us);
	}
	for (size_t i = 0; i < HTTP_LINGERS; i++) {
		struct linger_fd *l = &h->linger[i];

		if (l->fd >= 0 && l->until_us <= now_us)
			linger_end(l);
		if (l->fd >= 0)
			next = earlier(next, l->until_us);
	}
	return next;
}

void http_linger_init(struct http *h)
{
	for (size_t i = 0; i < HTTP_LINGERS; i++)
		h->linger[i].fd = -1;
}

void http_linger_start(struct http *h, int fd)
{
	size_t i = 0;

	while (i < HTTP_LINGERS && h->linger[i].fd >= 0)
		i++;
	if (i == HTTP_LINGERS)
		return; /* the peer may see a reset; nothing worse */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	h->linger[i] = (struct linger_fd){
	    .fd = fd,
	    .until_us = clock_steady_us() + HTTP_LINGER_MS * INT64_C(1000),
	    .left_bytes = HTTP_DISCARD_BYTES,
	};
	h->expire_us = earlier(h->expire_us, h->linger[i].until_us);
	if (!http_event_add(h, fd, EVENT_LINGER, i))
		linger_end(&h->linger[i]);
}

void http_linger_read(struct http *h, size_t i)
{
	struct linger_fd *l = &h->linger[i];
	char scrap[16384];
	ssize_t n;

	if (l->fd < 0)
		return;
	/* level-triggered: what is left comes back in the next turn */
	n = recv(l->fd, scrap, sizeof(scrap), MSG_DONTWAIT);
	if (n > 0 && (uint64_t)n < l->left_bytes)
		l->left_bytes -= (uint64_t)n;
	else
		linger_end(l);
}

void http_linger_fini(struct http *h)
{
	for (size_t i = 0; i < HTTP_LINGERS; i++) {
		if (h->linger[i].fd >= 0)
			linger_end(&h->linger[i]);
	}
}
