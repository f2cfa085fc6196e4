/* SPDX-License-Identifier: Apache-2.0
 *
 * What the live tests of http stand on: a server with a small route table in a
 * forked child on a free port, and a client on a raw socket that sends it what
 * a well-behaved library never would. The child ends by a signal and through
 * exit(), so that LeakSanitizer has the last word about each test.
 */
#ifndef HTTP_LIVE_H
#define HTTP_LIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

/* ---- a live server ----------------------------------------------------- */

/* Lives in the child; the routes tell of it. */
struct world {
	struct http *http;
	struct arena *arena;
	int pending;
	int commits;
	int entered;
	int kept;
	int nested; /* savepoints within the request's: open, kept */
	int nested_kept;
	bool fail_commit;
	bool fail_leave;
	int news; /* see http_wait.h */
	int asked;
	size_t used;
	int64_t us; /* of the last answer with an effect */
};

static struct world *world_of(struct rq *rq)
{
	return rq->ctx;
}

static void w_enter(void *ctx)
{
	((struct world *)ctx)->entered++;
}

static bool w_leave(void *ctx, bool keep)
{
	struct world *w = ctx;
	bool ok = !w->fail_leave;

	w->entered--;
	w->kept += keep;
	w->fail_leave = false;
	return ok;
}

static void w_rehearse(void *ctx)
{
	w_enter(ctx);
}

static void w_nest(void *ctx)
{
	struct world *w = ctx;

	assert_int_equal(w->entered, 1);
	w->nested++;
}

static bool w_unnest(void *ctx, bool keep)
{
	struct world *w = ctx;

	w->nested--;
	w->nested_kept += keep;
	return !w->fail_leave;
}

static bool w_pending(void *ctx)
{
	return ((struct world *)ctx)->pending > 0;
}

static bool w_commit(void *ctx)
{
	struct world *w = ctx;
	bool ok = !w->fail_commit;

	w->commits += w->pending > 0; /* it ends every turn */
	w->pending = 0;
	w->fail_commit = false;
	return ok;
}

static bool h_echo(struct rq *rq)
{
	buf_printf(&rq->out, "%s %s q=%s t=%s i=%s o=%s l=%d f=%d", rq->method,
		   rq->path, rq->query, rq_param(rq, "type"),
		   rq_param(rq, "id"), rq->origin, rq->loopback, rq->foreign);
	return rq_reply(rq, 200, "text/plain");
}

/* What stands in for a certificate: how many there were, how many bytes. */
struct pki_peer {
	size_t n, bytes;
};

static struct pki_peer *peer_new(void *ctx, const struct octets *chain,
				 size_t n)
{
	struct pki_peer *peer = NULL;

	(void)ctx;
	if (n == 0 || chain[0].p[0] != '0')
		return NULL;
	peer = calloc(1, sizeof(*peer));
	assert_non_null(peer);
	peer->n = n;
	for (size_t i = 0; i < n; i++)
		peer->bytes += chain[i].n;
	return peer;
}

static void peer_free(struct pki_peer *peer)
{
	free(peer);
}

static const struct http_tls fake_tls = {.peer_new = peer_new,
					 .peer_free = peer_free};

static bool h_peer(struct rq *rq)
{
	buf_printf(&rq->out, "asked=%d n=%zu bytes=%zu why=%s", rq->asked,
		   rq->peer ? rq->peer->n : 0, rq->peer ? rq->peer->bytes : 0,
		   rq->why ? rq->why : "-");
	return rq_reply(rq, 200, "text/plain");
}

static bool h_body(struct rq *rq)
{
	buf_printf(&rq->out, "%zu:", rq->body_len);
	buf_add(&rq->out, rq->body, rq->body_len < 100 ? rq->body_len : 100);
	assert_int_equal(rq->body[rq->body_len], '\0');
	return rq_reply(rq, 200, "text/plain");
}

static bool h_sum(struct rq *rq)
{
	unsigned sum = 0;

	for (size_t i = 0; i < rq->body_len; i++)
		sum = sum * 31 + (unsigned char)rq->body[i];
	buf_printf(&rq->out, "%zu %u", rq->body_len, sum);
	return rq_reply(rq, 200, "text/plain");
}

static bool h_write(struct rq *rq)
{
	struct world *w = world_of(rq);

	w->pending++;
	buf_printf(&rq->out, "written before commit %d", w->commits);
	rq_header(rq, "Location", "%s/made/1", rq->origin);
	return rq_reply(rq, 201, "text/plain");
}

static bool h_fail_commit(struct rq *rq)
{
	world_of(rq)->fail_commit = true;
	return h_write(rq);
}

static bool h_fail_leave(struct rq *rq)
{
	world_of(rq)->fail_leave = true;
	return h_write(rq);
}

static bool h_refuse(struct rq *rq)
{
	rq_header(rq, "X-Before", "yes");
	rq->keep = strcmp(rq_param(rq, "id"), "keep") == 0;
	return err_set(&rq->err, ERR_CONFLICT, "conflict", "here", "refused %s",
		       rq_param(rq, "id"));
}

static bool h_internal(struct rq *rq)
{
	return err_set(&rq->err, ERR_INTERNAL, NULL, NULL, "the secret reason");
}

static bool h_state(struct rq *rq)
{
	struct world *w = world_of(rq);
	size_t conns = 0;

	for (struct conn *k = w->http->conns; k; k = k->next)
		conns++;
	buf_printf(&rq->out,
		   "commits=%d entered=%d kept=%d turns=%d "
		   "conns=%zu under_way=%zu nested=%d nested_kept=%d",
		   w->commits, w->entered, w->kept, (int)w->http->turns, conns,
		   w->http->under_way, w->nested, w->nested_kept);
	return rq_reply(rq, 200, "text/plain");
}

static bool h_headers(struct rq *rq)
{
	rq_header(rq, "X-Clean", "a\r\nSet-Cookie: b\xc3\xa4\x01 c");
	buf_printf(&rq->out, "n=%zu a=%s cookie=%s", rq_header_count(rq, "X-A"),
		   rq_header_in(rq, "x-a") ? rq_header_in(rq, "x-a") : "-",
		   rq_cookie(rq, "sid") ? rq_cookie(rq, "sid") : "-");
	return rq_reply(rq, 200, "text/plain");
}

/* The body's lines are requests: method, URL, and what a header and the body
 * say. */
static bool nest_lines(struct rq *rq, const char *header,
		       struct rq *(*send)(struct rq *outer,
					  const struct http_nested *n))
{
	char *save = NULL, *text = arena_strdup(rq->arena, rq->body);
	struct arena *a = arena_new(0);
	struct arena_mark mark = arena_mark(a);

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *at = strchr(line, ' ');
		struct http_pair x = {header, ""};
		struct http_nested n = {
		    .method = arena_strndup(a, line, (size_t)(at - line)),
		    .url = at + 1,
		    .header = &x,
		    .header_count = 1,
		    .within = rq,
		    .arena = a};
		const struct rq *in;

		if ((at = strchr(n.url, ' '))) {
			*at = '\0';
			n.body = x.value = at + 1;
			n.body_len = strlen(n.body);
		}
		in = send(rq, &n);
		buf_printf(&rq->out, "%d%s|%s|%s\n", in->status,
			   in->head ? "h" : "",
			   rq_header_out(in, "Location")
			       ? rq_header_out(in, "Location")
			       : "-",
			   in->out.p);
		arena_rewind(a, &mark);
	}
	arena_free(a);
	rq->undo = *rq->query != '\0';
	return rq_reply(rq, 200, "text/plain");
}

static bool h_nest(struct rq *rq)
{
	return nest_lines(rq, "X-A", http_nested);
}

static bool h_inner(struct rq *rq)
{
	return nest_lines(rq, "Authorization", http_inner);
}

/* What of the outer request a nested one sees. */
static bool h_within(struct rq *rq)
{
	const struct rq *outer = rq->within;

	buf_printf(&rq->out, "%d %d %d token=%s x=%s %s", rq->ctx == outer->ctx,
		   rq->grant == outer->grant, strcmp(rq->id, outer->id) == 0,
		   rq_header_in(rq, "Authorization") ? "yes" : "no",
		   rq_header_in(rq, "x-a") ? rq_header_in(rq, "x-a") : "-",
		   rq->origin);
	return rq_reply(rq, 200, "text/plain");
}

static bool h_redirect(struct rq *rq)
{
	return rq_redirect(rq, 303, "/a b\r\nX: y?\xc3\xa4");
}

/* As an authorization server refuses. */
static bool h_denied(struct rq *rq)
{
	if (strcmp(rq_param(rq, "id"), "hash") == 0)
		return rq_redirect(rq, 303, "/cb#error=login_required&state=1");
	if (strcmp(rq_param(rq, "id"), "no") == 0)
		return rq_redirect(rq, 303, "/cb?code=1&no_error=1&error");
	return rq_redirect(rq, 303, "/cb?state=1&error=access_denied&x=1");
}

static bool h_large(struct rq *rq)
{
	for (int i = 0; i < 1 << 20; i++)
		buf_puts(&rq->out, "0123456789abcdef");
	return rq_reply(rq, 200, "text/plain");
}

static bool h_empty(struct rq *rq)
{
	buf_puts(&rq->out, "never sent");
	return rq_reply(rq, 204, NULL);
}

static const struct route base_routes[] = {
    {"GET", "/metadata", h_echo, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/state", h_state, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/headers", h_headers, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/peer", h_peer, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/redirect", h_redirect, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/denied", h_denied, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/denied/:id", h_denied, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/large", h_large, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/empty", h_empty, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/internal", h_internal, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/:type", h_echo, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/:type/:id", h_echo, ACCESS_OPEN, 0, "", NULL},
    {"DELETE", "/:type/:id", h_refuse, ACCESS_OPEN, 0, "", NULL},
    {"POST", "/body", h_body, ACCESS_OPEN, 1000, "", NULL},
    {"POST", "/sum", h_sum, ACCESS_OPEN, HTTP_FHIR_BODY_BYTES, "", NULL},
    {"POST", "/none", h_body, ACCESS_OPEN, 0, "", NULL},
    {"POST", "/inner", h_inner, ACCESS_OPEN, 10000, "", NULL},
    {"POST", "/write", h_write, ACCESS_OPEN, 100, "", NULL},
    {"POST", "/fail-commit", h_fail_commit, ACCESS_OPEN, 100, "", NULL},
    {"POST", "/fail-leave", h_fail_leave, ACCESS_OPEN, 100, "", NULL},
};

static const struct route nest_routes[] = {
    {"POST", "/", h_nest, ACCESS_READ, 10000, "", NULL},
    {"POST", "/made", h_write, ACCESS_READ, 20, "", NULL},
    {"POST", "/fail-leave", h_fail_leave, ACCESS_READ, 20, "", NULL},
    {"GET", "/within", h_within, ACCESS_READ, 0, "", NULL},
    {"GET", "/internal", h_internal, ACCESS_READ, 0, "", NULL},
    {"GET", "/forbidden", h_echo, ACCESS_READ, 0, "", NULL},
    {"GET", "/:type/:id", h_echo, ACCESS_READ, 0, "", NULL},
    {"POST", "/:type/:id", h_body, ACCESS_READ, 20, "", NULL},
    {"DELETE", "/:type/:id", h_refuse, ACCESS_READ, 0, "", NULL},
};

static bool g_token(struct rq *rq, void *ctx)
{
	const char *token = rq_header_in(rq, "Authorization");

	(void)ctx;
	if (rq->route->access == ACCESS_OPEN || (token && *token))
		return true;
	rq_header(rq, "WWW-Authenticate", "Bearer");
	return err_set(&rq->err, ERR_UNAUTHORIZED, "invalid_token", NULL,
		       "no token");
}

static bool g_never(struct rq *rq, void *ctx)
{
	(void)ctx;
	return !strstr(rq->path, "/forbidden") ||
	       err_set(&rq->err, ERR_FORBIDDEN, "forbidden", NULL, "no");
}

static const struct route plain_routes[] = {
    {"GET", "/", h_echo, ACCESS_OPEN, 0, "", NULL},
    {"GET", "/forbidden", h_echo, ACCESS_READ, 0, "", NULL},
    {"GET", "/:x", h_echo, ACCESS_READ, 0, "", NULL},
};

static void refuse(struct rq *rq)
{
	/* groups rely on this, even when the path cannot be decoded */
	if (strncmp(rq->path, "/base", 5) != 0 &&
	    strncmp(rq->path, "/plain", 6) != 0 &&
	    strncmp(rq->path, "/nest", 5) != 0 &&
	    strncmp(rq->path, "/more", 5) != 0)
		exit(95);
	buf_printf(&rq->out, "refused %s %s: %s", rq->err.code, rq->err.where,
		   rq->err.text);
	rq_reply(rq, http_status(rq->err.kind), "text/plain");
}

struct server {
	pid_t pid;
	char url[64];
	uint16_t port;
	int go;	 /* write end: a byte lets it run */
	int in;	 /* write end of its stdin */
	int log; /* read end of its log */
};

struct setup {
	struct http_limits limits;
	bool hold;     /* do not run before go_server() */
	bool on_stdin; /* stop_on_stdin_eof */
	size_t listeners;
	const char *listen;	    /* NULL: http://, on one or two */
	const struct http_tls *tls; /* NULL: what needs none */
	const char *trusted_proxy;  /* NULL: none */
	const char *certificate_header;
	bool rehearse;		  /* before each answer of /base and /nest */
	const struct route *more; /* of one more group, /more */
	size_t more_count;
	bool (*fault)(struct rq *rq, bool let, void *ctx); /* of /more */
	void (*amend)(struct rq *rq, void *ctx);
	void (*answered)(const struct rq *rq, int64_t us, void *ctx);
};

/* Twice, and says what came of the second time. */
static void w_before(struct rq *rq, void *ctx)
{
	struct arena *a = arena_new(0);
	struct http_rehearsed r;

	assert_int_equal(((struct world *)ctx)->entered, 0);
	http_rehearse(rq, a, &r);
	arena_clear(a);
	http_rehearse(rq, a, &r);
	assert_int_equal(rq->status, 0);
	assert_int_equal(rq->err.kind, ERR_NONE);
	assert_int_equal(rq->out.len, 0);
	rq_header(rq, "X-Would", "%d %d %s", r.status, r.refused, r.err.code);
	arena_free(a);
}

static void serve(const struct setup *s, int url_fd, int go_fd, int log_fd)
{
	static const char *const listen[] = {"http://127.0.0.1:0",
					     "http://localhost:0"};
	struct world w = {0};
	struct clock clock = {.mode = CLOCK_FROZEN, .frozen_ms = 0};
	struct log log = {.format = LOG_TEXT, .fd = log_fd};
	struct http_group groups[] = {
	    {.prefix = "/base",
	     .routes = base_routes,
	     .route_count = LEN(base_routes),
	     .ctx = &w,
	     .refuse = refuse,
	     .cors = true,
	     .rehearsed = true},
	    {.prefix = "/plain",
	     .routes = plain_routes,
	     .route_count = LEN(plain_routes),
	     .guard = {{g_token, NULL}, {g_never, NULL}},
	     .refuse = refuse},
	    {.prefix = "/nest",
	     .routes = nest_routes,
	     .route_count = LEN(nest_routes),
	     .ctx = &w,
	     .guard = {{g_token, NULL}, {g_never, NULL}},
	     .refuse = refuse,
	     .rehearsed = true},
	    {.prefix = "/more",
	     .routes = s->more,
	     .route_count = s->more_count,
	     .ctx = &w,
	     .refuse = refuse,
	     .faults = true},
	};
	struct http_config c = {
	    .listen = s->listen ? &s->listen : listen,
	    .listen_count = s->listeners ? s->listeners : 1,
	    .clock = &clock,
	    .log = &log,
	    .group = groups,
	    .group_count = LEN(groups) - (s->more ? 0 : 1),
	    .turn = {w_enter, w_leave, w_pending, w_commit, w_rehearse, w_nest,
		     w_unnest, &w},
	    .stop_on_stdin_eof = s->on_stdin,
	    .tls = s->tls ? s->tls : &fake_tls,
	    .before = s->rehearse ? w_before : NULL,
	    .before_ctx = &w,
	    .fault = s->fault,
	    .amend = s->amend,
	    .fault_ctx = &w,
	    .answered = s->answered,
	    .answered_ctx = &w,
	    .trusted_proxy = &s->trusted_proxy,
	    .trusted_proxy_count = s->trusted_proxy ? 1 : 0,
	    .client_certificate_header = s->certificate_header,
	};
	struct err e = {0};
	const char *url;
	char byte;
	int rc;

	w.http = http_open_limited(&c, &s->limits, &e);
	if (!w.http)
		exit(98);
	url = http_listener_url(w.http, c.listen_count - 1);
	if (write(url_fd, url, strlen(url) + 1) < 0 ||
	    read(go_fd, &byte, 1) != 1)
		exit(97);
	rc = http_run(w.http);
	http_close(w.http);
	exit(w.entered == 0 ? rc : 96);
}

static void go_server(struct server *s)
{
	assert_int_equal(write(s->go, "g", 1), 1);
}

static void start(struct server *s, struct setup setup)
{
	int url[2], go[2], in[2], log[2];

	if (setup.limits.connections == 0)
		setup.limits.connections = 200;
	if (setup.limits.idle_ms == 0)
		setup.limits.idle_ms = 30000;
	if (setup.limits.request_ms == 0)
		setup.limits.request_ms = 30000;
	if (setup.limits.stop_ms == 0)
		setup.limits.stop_ms = 10000;
	assert_int_equal(pipe2(url, O_CLOEXEC) | pipe2(go, O_CLOEXEC) |
			     pipe2(in, O_CLOEXEC) | pipe2(log, O_CLOEXEC),
			 0);
	fcntl(log[0], F_SETPIPE_SZ, 1 << 20);
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		close(url[0]);
		close(go[1]);
		close(in[1]);
		close(log[0]);
		serve(&setup, url[1], go[0], log[1]);
	}
	close(url[1]);
	close(go[0]);
	close(in[0]);
	close(log[1]);
	s->go = go[1];
	s->in = in[1];
	s->log = log[0];
	assert_true(read(url[0], s->url, sizeof(s->url)) > 10);
	close(url[0]);
	s->port = (uint16_t)strtoul(strrchr(s->url, ':') + 1, NULL, 10);
	if (!setup.hold)
		go_server(s);
}

/* Waits for its end, which must be a proper one. Returns its log. */
static char *join(struct server *s)
{
	static char log[1 << 20];
	size_t n = 0;
	ssize_t got;
	int status;

	while ((got = read(s->log, log + n, sizeof(log) - 1 - n)) > 0)
		n += (size_t)got;
	log[n] = '\0';
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	close(s->go);
	close(s->in);
	close(s->log);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("server ended with %x\n%s", status, log);
	return log;
}

static char *stop(struct server *s)
{
	kill(s->pid, SIGTERM);
	return join(s);
}

/* ---- a rude client ----------------------------------------------------- */

struct client {
	int fd;
	size_t len;
	char in[64 << 10];
	int status; /* of the last answer; 0: the connection ended instead */
	char head[8192];
	char body[32768];
};

static void dial(struct client *c, const struct server *s)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_port = htons(s->port)};

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

static void say(struct client *c, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t k = send(c->fd, bytes, n, MSG_NOSIGNAL);

		if (k <= 0)
			fail_msg("send: %s", strerror(errno));
		bytes += k;
		n -= (size_t)k;
	}
}

static void tell(struct client *c, const char *text)
{
	say(c, text, strlen(text));
}

/* False at the end of the connection. */
static bool more(struct client *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, PATIENCE_MS) <= 0)
		fail_msg("no answer; so far: %.*s", (int)c->len, c->in);
	assert_true(c->len < sizeof(c->in) - 1);
	n = recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	return true;
}

/* Reads one answer. */
static void hear(struct client *c, bool head_only)
{
	char *end, *length;
	size_t head_len, body_len;

	c->status = 0;
	c->in[c->len] = '\0';
	while (!(end = strstr(c->in, "\r\n\r\n"))) {
		if (!more(c))
			return;
	}
	head_len = (size_t)(end - c->in) + 4;
	snprintf(c->head, sizeof(c->head), "%.*s", (int)head_len, c->in);
	length = strcasestr(c->head, "\r\nContent-Length:");
	body_len = length && !head_only ? strtoul(length + 17, NULL, 10) : 0;
	while (c->len < head_len + body_len && more(c))
		;
	assert_true(c->len >= head_len + body_len);
	snprintf(c->body, sizeof(c->body), "%.*s", (int)body_len,
		 c->in + head_len);
	c->len -= head_len + body_len;
	memmove(c->in, c->in + head_len + body_len, c->len + 1);
	assert_memory_equal(c->head, "HTTP/1.", 7);
	c->status = (int)strtol(c->head + 9, NULL, 10);
}

static bool at_end(struct client *c)
{
	return c->len == 0 && !more(c);
}

static void hang_up(struct client *c)
{
	close(c->fd);
}

static bool has(const struct client *c, const char *header)
{
	return strcasestr(c->head, header) != NULL;
}

/* One request on a connection of its own. */
static void ask_n(const struct server *s, struct client *c, const char *bytes,
		  size_t n)
{
	dial(c, s);
	say(c, bytes, n);
	hear(c, strncmp(bytes, "HEAD", 4) == 0);
	hang_up(c);
}

static void ask(const struct server *s, struct client *c, const char *request)
{
	ask_n(s, c, request, strlen(request));
}

static int number(const struct client *c, const char *name)
{
	const char *at = strstr(c->body, name);

	assert_non_null(at);
	return (int)strtol(at + strlen(name), NULL, 10);
}

#define H "Host: localhost\r\n"

#endif
