/* SPDX-License-Identifier: Apache-2.0
 *
 * The least HTTP client there can be: GET one URL, tell the status. It is what
 * the healthcheck command is made of, inside images that have neither a shell
 * nor curl. Blocking for its caller, with one time limit for everything after
 * the name has been resolved. TLS: probe_tls.c.
 */
#include "http/http_int.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(struct err *e, const char *url, const char *text)
{
	err_set(e, ERR_INTERNAL, NULL, url, "%s", text);
	return -1;
}

bool http_probe_ready(int fd, short what, int64_t until_us)
{
	struct pollfd p = {.fd = fd, .events = what};
	int64_t left = until_us - clock_steady_us();

	return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) > 0;
}

static bool resolve(const struct http_url *u, struct sockaddr_storage *sa,
		    socklen_t *len)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char port[8];

	if (http_url_address(u, sa, len))
		return true;
	snprintf(port, sizeof(port), "%u", u->port);
	if (u->ipv6 || getaddrinfo(u->host, port, &hints, &found) != 0)
		return false;
	memcpy(sa, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool connected(int fd, const struct sockaddr_storage *sa, socklen_t len,
		      int64_t until_us)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (connect(fd, (const struct sockaddr *)sa, len) == 0)
		return true;
	if (errno != EINPROGRESS || !http_probe_ready(fd, POLLOUT, until_us) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		return false;
	errno = error;
	return error == 0;
}

/* What the two ends talk by. */
struct line {
	int fd;
	struct http_dial *tls; /* NULL: in plain */
	int64_t until_us;
};

static ssize_t put(const struct line *l, const char *bytes, size_t n)
{
	if (l->tls)
		return http_dial_send(l->tls, bytes, n);
	if (!http_probe_ready(l->fd, POLLOUT, l->until_us))
		return -1;
	return send(l->fd, bytes, n, MSG_NOSIGNAL);
}

static ssize_t get(const struct line *l, char *bytes, size_t n)
{
	if (l->tls)
		return http_dial_recv(l->tls, bytes, n);
	if (!http_probe_ready(l->fd, POLLIN, l->until_us))
		return -1;
	return recv(l->fd, bytes, n, 0);
}

/* Sends the request and reads as far as the status. */
static int exchange(const struct line *l, const char *request, size_t len)
{
	char line[16] = ""; /* HTTP/1.1 200 */
	size_t got = 0;

	while (len > 0) {
		ssize_t n = put(l, request, len);

		if (n <= 0)
			return -1;
		request += n;
		len -= (size_t)n;
	}
	while (got < 12) {
		ssize_t n = get(l, line + got, 12 - got);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	if (memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
	    strspn(line + 9, "0123456789") != 3)
		return -1;
	return (int)strtol(line + 9, NULL, 10);
}

/* On a socket that is connected. */
static int probe(int fd, const char *url, bool tls, const char *request,
		 int64_t until_us, struct err *e)
{
	struct line l = {.fd = fd, .until_us = until_us};
	int status;

	if (tls && !(l.tls = http_dial_new(fd, url, until_us, e)))
		return -1;
	status = exchange(&l, request, strlen(request));
	if (status < 0 && !(l.tls && http_dial_refused(l.tls, url, e)))
		fail(e, url, "no answer");
	http_dial_free(l.tls);
	return status;
}

int http_probe(const char *url, int timeout_ms, struct err *e)
{
	const int64_t until_us = clock_steady_us() + timeout_ms * INT64_C(1000);
	struct http_url u;
	struct sockaddr_storage sa;
	socklen_t len;
	char request[1024];
	int fd, n, status;

	if (!http_url_split(url, &u) ||
	    (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)) {
		err_set(e, ERR_INVALID, NULL, url,
			"not a URL of the form http://host:port/path or "
			"https://host:port/path");
		return -1;
	}
	n = snprintf(request, sizeof(request),
		     "GET %s%s HTTP/1.1\r\nHost: %s%s%s:%u\r\n"
		     "Connection: close\r\n\r\n",
		     *u.rest == '/' ? "" : "/", u.rest, u.ipv6 ? "[" : "",
		     u.host, u.ipv6 ? "]" : "", u.port);
	if (n < 0 || (size_t)n >= sizeof(request))
		return fail(e, url, "the URL is too long");
	if (!resolve(&u, &sa, &len))
		return fail(e, url, "the host is unknown");
	fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connected(fd, &sa, len, until_us)) {
		fail(e, url, "no connection");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	status = probe(fd, url, strcmp(u.scheme, "https") == 0, request,
		       until_us, e);
	close(fd);
	return status;
}
