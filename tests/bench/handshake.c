/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick of the benchmark's handshakes: what one thread with GnuTLS can
 * do at most on this machine when it asks for a client certificate, verifies
 * its chain, reads one request, answers it and closes. No HTTP, no routes, no
 * journal, no limits.
 *
 *	handshake SERVER.pem CA.pem
 *
 * SERVER.pem holds certificate, chain and key. Prints one JSON line with the
 * port, and ends with its standard input.
 *
 * For its best rate it goes on with whichever connection has something to read
 * (epoll), so that it never waits for one client's half of a handshake, and
 * makes no system call that it can do without: what it writes fits into the
 * socket's buffer. Priorities, tickets (none) and cache (none) are those of the
 * server that it is compared with (server/http/tls.c).
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define EVENTS	   64
#define REQUEST	   4096

static const char answer[] = "HTTP/1.1 200 OK\r\n"
			     "Content-Type: application/json\r\n"
			     "Connection: close\r\n"
			     "Content-Length: 15\r\n\r\n"
			     "{\"status\":\"ok\"}";

struct server {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	int epoll;
	int listener;
};

struct client {
	gnutls_session_t session;
	int fd;
	int secured;
	size_t n;
	char request[REQUEST];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A client for TLS, whose chain ends at one of the CAs. */
static int verify(gnutls_session_t s)
{
	gnutls_typed_vdata_st purpose = {
	    .type = GNUTLS_DT_KEY_PURPOSE_OID,
	    .data = (unsigned char *)(size_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned status = 1;

	if (gnutls_certificate_verify_peers(s, &purpose, 1, &status) < 0)
		return -1;
	return status == 0 ? 0 : -1;
}

static void add(struct server *s, int fd, void *what)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl");
}

static void take(struct server *s)
{
	const int on = 1;
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct client *c = calloc(1, sizeof(*c));

		if (!c)
			die("calloc");
		c->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		gnutls_init(&c->session,
			    GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
		gnutls_priority_set(c->session, s->priority);
		gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE,
				       s->credentials);
		gnutls_certificate_server_set_request(c->session,
						      GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_function(c->session, verify);
		gnutls_transport_set_int(c->session, fd);
		add(s, fd, c);
	}
}

static void end(struct client *c)
{
	close(c->fd);
	gnutls_deinit(c->session);
	free(c);
}

/* Read as far as there is; answered at the end of the headers. */
static void go_on(struct client *c)
{
	ssize_t n = 0;

	if (!c->secured) {
		n = gnutls_handshake(c->session);
		c->secured = n == 0;
	}
	while (c->secured && c->n < REQUEST - 1) {
		n = gnutls_record_recv(c->session, c->request + c->n,
				       REQUEST - 1 - c->n);
		if (n <= 0)
			break;
		c->n += (size_t)n;
		if (!strstr(c->request, "\r\n\r\n"))
			continue;
		gnutls_record_send(c->session, answer, sizeof(answer) - 1);
		gnutls_bye(c->session, GNUTLS_SHUT_WR);
		end(c);
		return;
	}
	if (n == 0 || (n < 0 && gnutls_error_is_fatal((int)n)))
		end(c);
}

static void open_tls(struct server *s, const char *identity, const char *ca)
{
	gnutls_certificate_allocate_credentials(&s->credentials);
	if (gnutls_certificate_set_x509_key_file(
		s->credentials, identity, identity, GNUTLS_X509_FMT_PEM) < 0 ||
	    gnutls_certificate_set_x509_trust_file(s->credentials, ca,
						   GNUTLS_X509_FMT_PEM) < 1 ||
	    gnutls_priority_init(&s->priority, PRIORITIES, NULL) < 0) {
		fprintf(stderr, "handshake: %s, %s: cannot be used\n", identity,
			ca);
		exit(1);
	}
}

static void open_socket(struct server *s)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t n = sizeof(sa);

	s->epoll = epoll_create1(0);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s->epoll < 0 || s->listener < 0 ||
	    bind(s->listener, (struct sockaddr *)&sa, n) != 0 ||
	    listen(s->listener, SOMAXCONN) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&sa, &n) != 0)
		die("listen");
	add(s, s->listener, s);
	add(s, STDIN_FILENO, NULL);
	printf("{\"port\":%u}\n", ntohs(sa.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct server s = {.epoll = -1};
	struct epoll_event ev[EVENTS];

	if (argc != 3) {
		fputs("usage: handshake SERVER.pem CA.pem\n", stderr);
		return 2;
	}
	open_tls(&s, argv[1], argv[2]);
	open_socket(&s);
	for (;;) {
		int n = epoll_wait(s.epoll, ev, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL)
				return 0; /* the end of standard input */
			if (ev[i].data.ptr == &s)
				take(&s);
			else
				go_on(ev[i].data.ptr);
		}
	}
}
