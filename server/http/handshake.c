/* SPDX-License-Identifier: Apache-2.0
 *
 * Handshakes that wait for their client, without anybody waiting for them.
 *
 * libmicrohttpd takes a connection in its handshake for readable for ever: it
 * asks for a timeout of 0 and tries each of them in every turn. One client that
 * stops after three bytes would cost a whole processor, and five hundred would
 * make every turn of everybody else five hundred times longer (facts:
 * mtls-libmicrohttpd.md 6). So it never sees one that has nothing to read: at
 * the end of a turn those whose handshake is not done are suspended, and
 * resumed, before the daemons run, when something happens to their socket,
 * which the loop watches itself, edge-triggered: bytes, its end, or our own
 * shutdown of it when the time for the first request is over (conn.c). When the
 * handshake is done libmicrohttpd does it right, and has the connection to
 * itself. Writing is not waited for: what we say in a handshake fits into the
 * socket's buffer, and a client that makes it otherwise runs out of time.
 *
 * Also here: what the log says of a handshake that did not end well, as
 * libmicrohttpd tells neither us nor the client; and plain HTTP that is sent to
 * a TLS listener, which gets a plain answer, as nginx gives one.
 */
#include "http/http_int.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>

/* ---- who is awake ------------------------------------------------------- */

static void link_awake(struct http *h, struct conn *k)
{
	if (k->awake)
		return;
	k->awake = &h->awake;
	k->next_awake = h->awake;
	if (k->next_awake)
		k->next_awake->awake = &k->next_awake;
	h->awake = k;
}

static void unlink_awake(struct conn *k)
{
	if (!k->awake)
		return;
	*k->awake = k->next_awake;
	if (k->next_awake)
		k->next_awake->awake = k->awake;
	k->awake = NULL;
	k->next_awake = NULL;
}

static void wake(struct conn *k)
{
	if (k->asleep)
		MHD_resume_connection(k->connection);
	k->asleep = false;
}

void http_shake_begin(struct http *h, struct conn *k)
{
	k->shaking = true;
	link_awake(h, k);
}

/* ---- plain HTTP --------------------------------------------------------- */

/* What the client says first; a TLS handshake begins with byte 22. */
static bool plain_http(struct conn *k)
{
	static const char *const methods[] = {"GET ",	"POST ", "PUT ",
					      "HEAD ",	"PATCH", "DELET",
					      "OPTION", "PRI "};
	char head[8] = "";

	k->spoke =
	    recv(k->fd, head, sizeof(head) - 1, MSG_PEEK | MSG_DONTWAIT) > 0;
	for (size_t i = 0; i < LEN(methods); i++) {
		if (strncmp(head, methods[i], strlen(methods[i])) == 0)
			return true;
	}
	return false;
}

static void answer_plain(struct http *h, struct conn *k)
{
	static const char answer[] =
	    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 61\r\nConnection: close\r\n\r\n"
	    "plain HTTP was sent to a TLS listener: write https:// for it\n";
	char from[INET6_ADDRSTRLEN];

	k->refused = true;
	http_peer_name(http_conn_address(k->connection), from);
	log_line(h->config->log, "tls",
		 "%s sent plain HTTP to %s: the URL must begin with https://",
		 from, k->listener->url);
	if (send(k->fd, answer, sizeof(answer) - 1,
		 MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		http_linger_start(h, k->fd);
}

/* ---- the loop ----------------------------------------------------------- */

void http_shake_event(struct http *h, struct conn *k)
{
	if (!k->spoke && plain_http(k))
		answer_plain(h, k);
	wake(k);
	link_awake(h, k);
}

/* In TLS 1.3 the client has the last word, so nothing that we send takes the
 * acknowledgement of it along; the kernel would keep that back for 40 ms, and
 * with it a client that by Nagle's rule sends no request before. */
static void done(struct http *h, struct conn *k)
{
	const int on = 1;

	k->shaking = false;
	(void)http_event_conn(h, k, EPOLL_CTL_MOD);
	if (!k->asked)
		setsockopt(k->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

void http_shake_rest(struct http *h)
{
	while (h->awake) {
		struct conn *k = h->awake;

		unlink_awake(k);
		if (k->secured) {
			done(h, k);
			continue;
		}
		k->asleep = true;
		MHD_suspend_connection(k->connection);
	}
}

void http_shake_wake_all(struct http *h)
{
	for (struct conn *k = h->conns; k; k = k->next)
		wake(k);
}

void http_shake_closed(struct http *h, struct conn *k)
{
	char from[INET6_ADDRSTRLEN];

	unlink_awake(k);
	if (k->secured || k->refused || !k->spoke || h->stopping)
		return;
	http_peer_name(http_conn_address(k->connection), from);
	if (k->late)
		log_line(h->config->log, "tls",
			 "%s did not finish its handshake in time", from);
	else if (k->greeted)
		log_line(h->config->log, "tls",
			 "%s ended the handshake: it may not trust the "
			 "server's certificate (ca.pem), or its name",
			 from);
	else
		log_line(h->config->log, "tls",
			 "%s began no handshake that can be answered: TLS 1.2 "
			 "and 1.3 are spoken here",
			 from);
}
