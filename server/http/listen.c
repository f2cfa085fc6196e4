/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing the server. Each listener is a libmicrohttpd daemon of
 * its own on a socket that we bound (so that "address in use" can be told
 * from other failures, and port 0 be asked back), in external epoll mode: it
 * has no thread and does nothing until the loop calls MHD_run (facts:
 * mtls-libmicrohttpd.md 6).
 *
 * TLS listeners are the same with a flag more; their certificate is not the
 * daemon's but each connection's (tls.c).
 *
 * Signals are blocked from here on, not from http_run: a SIGTERM that comes
 * right after the ready line is then waiting for the loop and ends it
 * properly. The number of open files is raised to what the connections need;
 * when the system does not allow it, the connections are fewer.
 */
#include "http/http_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FILES 64 /* database, epoll, standard streams, lingering */

static const struct http_limits limits_default = {
    .connections = HTTP_CONNECTIONS,
    .idle_ms = HTTP_IDLE_S * 1000,
    .request_ms = HTTP_REQUEST_S * 1000,
    .stop_ms = HTTP_STOP_MS,
};

static bool kind_of(const char *scheme, enum http_kind *out)
{
	static const char *const schemes[] = {
	    [HTTP_PLAIN] = "http",
	    [HTTP_TLS] = "https",
	    [HTTP_MTLS] = "mtls",
	};

	for (size_t i = 0; i < LEN(schemes); i++) {
		if (strcmp(scheme, schemes[i]) == 0) {
			*out = (enum http_kind)i;
			return true;
		}
	}
	return false;
}

bool http_listen_kind(const char *url, enum http_kind *out)
{
	struct http_url u;

	return http_url_split(url, &u) && kind_of(u.scheme, out);
}

static bool parse(const char *listen, struct http_url *u, enum http_kind *kind,
		  struct sockaddr_storage *sa, socklen_t *len, struct err *e)
{
	if (!http_url_split(listen, u) || *u->rest != '\0')
		return err_set(
		    e, ERR_INVALID, NULL, listen,
		    "a listener is written http://HOST:PORT, or with "
		    "https:// or mtls://");
	if (!kind_of(u->scheme, kind))
		return err_set(e, ERR_INVALID, NULL, listen,
			       "unknown kind of listener: %s; there are http, "
			       "https and mtls",
			       u->scheme);
	if (!http_url_address(u, sa, len))
		return err_set(e, ERR_INVALID, NULL, listen,
			       "the host of a listener is an IPv4 address, an "
			       "[IPv6] address or localhost");
	return true;
}

/* A bound and listening socket, or -1 with e set. */
static int bound_socket(const char *listen_url, struct sockaddr_storage *sa,
			socklen_t len, struct err *e)
{
	const int on = 1;
	int fd = socket(sa->ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)sa, len) == 0 &&
	    listen(fd, SOMAXCONN) == 0 &&
	    getsockname(fd, (struct sockaddr *)sa, &len) == 0)
		return fd;
	err_set(e, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INVALID, NULL,
		listen_url, "cannot listen there: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool any_address(const struct sockaddr_storage *sa)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)sa;

	if (sa->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
	return four->sin_addr.s_addr == htonl(INADDR_ANY);
}

static void name_listener(struct http *h, struct http_listener *l,
			  const struct http_url *u,
			  const struct sockaddr_storage *sa)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)sa;
	unsigned port = ntohs(u->ipv6 ? six->sin6_port : four->sin_port);

	l->any_address = any_address(sa);
	l->url = arena_printf(h->arena, u->ipv6 ? "%s[%s]:%u" : "%s%s:%u",
			      l->kind == HTTP_PLAIN ? "http://" : "https://",
			      u->host, port);
}

static struct MHD_Daemon *start_daemon(struct http_listener *l, int fd,
				       unsigned connections)
{
	const unsigned idle_s =
	    ((unsigned)l->http->limits.idle_ms + 999) / 1000;
	struct MHD_OptionItem tls[HTTP_TLS_OPTIONS] = {
	    {MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_SUPPRESS_DATE_NO_CLOCK;

	if (l->kind != HTTP_PLAIN) {
		flags |= MHD_USE_TLS;
		http_tls_options(tls);
	}
	/* clang-format off */
	return MHD_start_daemon(
	    flags, 0, NULL, NULL, http_request_handle, l,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_POOL_BYTES,
	    MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
	    MHD_OPTION_STRICT_FOR_CLIENT, 0, /* check.c is stricter */
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_URI_LOG_CALLBACK, http_request_uri, l,
	    MHD_OPTION_NOTIFY_COMPLETED, http_request_completed, l,
	    MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, l,
	    MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
	/* clang-format on */
}

static bool open_listener(struct http *h, const char *url, unsigned connections,
			  struct err *e)
{
	struct http_listener *l = &h->listener[h->listener_count];
	struct http_url u;
	struct sockaddr_storage sa;
	socklen_t len = 0;
	int fd;

	memset(&sa, 0, sizeof(sa));
	if (!parse(url, &u, &l->kind, &sa, &len, e) ||
	    (l->kind != HTTP_PLAIN && !http_tls_open(h, url, e)))
		return false;
	fd = bound_socket(url, &sa, len, e);
	if (fd < 0)
		return false;
	l->http = h;
	name_listener(h, l, &u, &sa);
	l->daemon = start_daemon(l, fd, connections);
	if (!l->daemon) {
		close(fd);
		return err_set(e, ERR_INTERNAL, NULL, url,
			       "the listener could not be started");
	}
	h->listener_count++;
	return http_event_add(
	    h,
	    MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
	    EVENT_DAEMON, 0);
}

/* Connections for each listener, after asking for as many open files. */
static unsigned raise_files(unsigned connections, size_t listeners)
{
	const rlim_t wanted = (rlim_t)connections * listeners + SPARE_FILES;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return connections;
	if (r.rlim_cur < wanted) {
		r.rlim_cur = r.rlim_max < wanted ? r.rlim_max : wanted;
		(void)setrlimit(RLIMIT_NOFILE, &r);
		(void)getrlimit(RLIMIT_NOFILE, &r);
	}
	if (r.rlim_cur >= wanted)
		return connections;
	return r.rlim_cur > SPARE_FILES + listeners
		   ? (unsigned)((r.rlim_cur - SPARE_FILES) / listeners)
		   : 1;
}

static void block_signals(struct http *h)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &h->old_mask);
	signal(SIGPIPE, SIG_IGN);
}

struct http *http_open_limited(const struct http_config *config,
			       const struct http_limits *limits, struct err *e)
{
	struct arena *a = arena_new(0);
	struct http *h = arena_alloc(a, sizeof(*h));
	unsigned connections;

	h->arena = a;
	h->config = config;
	h->limits = *limits;
	h->signals = -1;
	h->listener =
	    arena_alloc(a, config->listen_count * sizeof(*h->listener));
	http_linger_init(h);
	block_signals(h);
	h->epoll = -1;
	if (!http_proxy_open(h, e)) {
		http_close(h);
		return NULL;
	}
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (h->epoll < 0) {
		err_set(e, ERR_INTERNAL, NULL, NULL, "epoll: %s",
			strerror(errno));
		http_close(h);
		return NULL;
	}
	connections = raise_files(limits->connections, config->listen_count);
	for (size_t i = 0; i < config->listen_count; i++) {
		if (!open_listener(h, config->listen[i], connections, e)) {
			http_close(h);
			return NULL;
		}
	}
	return h;
}

struct http *http_open(const struct http_config *config, struct err *e)
{
	return http_open_limited(config, &limits_default, e);
}

void http_close(struct http *h)
{
	assert(!h->held); /* libmicrohttpd aborts when one is suspended */
	h->stopping = true;
	http_shake_wake_all(h);
	http_park_wake_all(h);
	for (size_t i = 0; i < h->listener_count; i++)
		MHD_stop_daemon(h->listener[i].daemon);
	http_tls_close(h);
	http_linger_fini(h);
	while (h->spares > 0)
		arena_free(h->spare[--h->spares]);
	if (h->signals >= 0)
		close(h->signals);
	if (h->epoll >= 0)
		close(h->epoll);
	sigprocmask(SIG_SETMASK, &h->old_mask, NULL);
	arena_free(h->arena);
}

size_t http_listener_count(const struct http *h)
{
	return h->listener_count;
}

const char *http_listener_url(const struct http *h, size_t i)
{
	assert(i < h->listener_count);
	return h->listener[i].url;
}

enum http_kind http_listener_kind(const struct http *h, size_t i)
{
	assert(i < h->listener_count);
	return h->listener[i].kind;
}
