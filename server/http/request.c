/* SPDX-License-Identifier: Apache-2.0
 *
 * What libmicrohttpd tells us of a request, in its order: the request line
 * (http_request_uri makes the struct), the headers (first call of the handler),
 * the body in pieces, its end (last call), and that it is over
 * (http_request_completed frees everything).
 *
 * A request that is refused by its headers alone is usually still read to its
 * end, into nowhere, and refused then, so that the connection can go on. It is
 * answered at once, and the connection closed, when it cannot be told
 * where the next request begins, when the body is declared too large, or when
 * the client waits for permission to send it (RFC 9110 10.1.1).
 *
 * An answer made while the turn has uncommitted writes is held: the connection
 * is suspended, and when the loop resumes it the handler is called once more
 * and finds the answer ready. A request that waits for something (wait.c) is
 * put aside in the same way.
 */
#include "http/http_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_BODY_BYTES (64u << 10) /* believed before any has come */
#define ARENA_BYTES	 (64u << 10) /* enough for nearly every request */

/* libmicrohttpd would read the query into a list of its own next, of which it
 * has no room for some thousand parameters: then the connection hangs without
 * an answer. Ours is read from a copy (target.c), so its is cut short. uri lies
 * in its own buffer, in which it is about to write itself. */
static void cut_query(const char *uri)
{
	const char *query = strchr(uri, '?');

	if (query && query[1])
		*(char *)(uintptr_t)(query + 1) = '\0';
}

void *http_request_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct http_listener *l = cls;
	struct http *h = l->http;
	struct arena *a =
	    h->spares > 0 ? h->spare[--h->spares] : arena_new(ARENA_BYTES);
	struct rq_private *p = arena_alloc(a, sizeof(*p));

	p->http = h;
	p->listener = l;
	p->connection = c;
	p->target = arena_strdup(a, uri);
	cut_query(uri);
	p->started_us = clock_steady_us();
	p->declared = UINT64_MAX;
	p->last_header = &p->first_header;
	p->rq.arena = a;
	p->rq.private = p;
	p->rq.path = p->rq.query = p->rq.body = "";
	p->rq.now_ms = clock_now_ms(h->config->clock);
	uuid_take(&h->ids, p->rq.id);
	p->request_id = p->rq.id;
	buf_init(&p->rq.out, a);
	h->under_way++;
	h->progress = true;
	http_conn_began(h, c);
	return p;
}

/* ---- the log ---------------------------------------------------------- */

#define SIGNED_BYTES 64 /* no signed token is shorter */

/* The path for the log: never the query, which may hold a code, and never a
 * personal code or what may be a token (base64url of {"). */
static const char *log_path(const struct rq_private *p)
{
	const char *token = strstr(p->rq.path, "eyJ");

	if (token && strlen(token) >= SIGNED_BYTES)
		return mask_hetu(p->rq.arena,
				 arena_printf(p->rq.arena, "%.*s...",
					      (int)(token - p->rq.path),
					      p->rq.path));
	if (*rq_param(&p->rq, "hetu"))
		return arena_printf(p->rq.arena, "%s%s", p->group->prefix,
				    p->rq.route->path);
	return *p->rq.path ? mask_hetu(p->rq.arena, p->rq.path) : "-";
}

void http_log_request(const struct rq_private *p, const char *end)
{
	const struct rq *rq = &p->rq;
	const struct log *log = p->http->config->log;
	bool named = p->request_id != rq->id; /* by the client */
	double ms;

	if (log->format == LOG_OFF)
		return;
	ms = (double)(clock_steady_us() - p->started_us) / 1000.0;
	log_line(log, "request", "%s %s %d %.1f ms %zu bytes %s%s%s%s",
		 p->verb ? p->verb : "-", log_path(p), rq->status, ms,
		 rq->out.len, rq->id, named ? " " : "",
		 named ? mask_hetu(rq->arena, p->request_id) : "", end);
}

/* The line is written before the answer leaves, so that whoever has the answer
 * finds the line. What becomes of it then is in no time that is told. */
static void tell_of(struct rq_private *p)
{
	const struct http_config *c = p->http->config;

	http_log_request(p, http_effect_text(p));
	if (c->answered)
		c->answered(&p->rq, clock_steady_us() - p->started_us,
			    c->answered_ctx);
	p->sent = true;
	p->http->answers++;
}

static enum MHD_Result send_answer(struct rq_private *p)
{
	if (!p->sent)
		tell_of(p);
	return p->rq.effect ? http_effect_send(p) : http_reply_queue(p);
}

/* ---- headers ---------------------------------------------------------- */

#define HEADERS 16 /* of nearly every request */

/* The texts are libmicrohttpd's own, which has them until the request is over
 * (http_request_completed). The sizes are those of C strings: it cuts a
 * header's value at a NUL and tells nobody, so what we see is the part before
 * it, and a NUL in a name is its own 400. */
static enum MHD_Result one_header(void *cls, enum MHD_ValueKind kind,
				  const char *key, size_t key_size,
				  const char *value, size_t value_size)
{
	struct rq_private *p = cls;
	size_t n = p->header_count++;

	(void)kind;
	if (n >= HEADERS && (n & (n - 1)) == 0) {
		struct http_pair *more =
		    arena_alloc(p->rq.arena, 2 * n * sizeof(*more));

		memcpy(more, p->header, n * sizeof(*more));
		p->header = more;
	}
	p->header[n] = (struct http_pair){key, value ? value : ""};
	p->header_bytes += key_size + value_size + 4; /* ": " and CR LF */
	return MHD_YES;
}

static void read_headers(struct rq_private *p)
{
	p->header = arena_alloc(p->rq.arena, HEADERS * sizeof(*p->header));
	MHD_get_connection_values_n(p->connection, MHD_HEADER_KIND, one_header,
				    p);
}

static void begin(struct rq_private *p, const char *method, const char *version)
{
	struct rq *rq = &p->rq;

	p->begun = true;
	p->verb = arena_strdup(rq->arena, method);
	p->http10 = strcmp(version, "HTTP/1.0") == 0;
	rq->head = strcmp(method, "HEAD") == 0;
	rq->method = rq->head ? "GET" : p->verb;
	rq->peer = http_conn_of(p->connection)->peer;
	rq->asked = p->listener->kind == HTTP_MTLS;
	read_headers(p);
	http_proxy_read(p);
	p->refused = !http_check(p);
}

static bool waits_to_send(const struct rq_private *p)
{
	const char *expect = rq_header_in(&p->rq, "Expect");

	return expect && strcasecmp(expect, "100-continue") == 0;
}

static enum MHD_Result first_call(struct rq_private *p)
{
	if (!p->refused || (!p->close && !waits_to_send(p)))
		return MHD_YES;
	p->close = p->early = true;
	p->answered = true;
	http_conn_complete(p->http, p->connection);
	http_refuse(p);
	http_amend(p);
	return send_answer(p);
}

/* ---- body ------------------------------------------------------------- */

/* Grows by what has come, not by what was promised: memory is reserved for
 * the declared length only after the client has sent the first part of it. */
static void reserve(struct rq_private *p, size_t n)
{
	size_t cap = p->body_cap ? p->body_cap * 2 : FIRST_BODY_BYTES;
	char *grown;

	if (n <= p->body_cap)
		return;
	if (p->declared <= p->body_max &&
	    (p->body_cap > 0 || p->declared < cap))
		cap = (size_t)p->declared + 1;
	if (cap < n)
		cap = n;
	grown = arena_alloc(p->rq.arena, cap);
	if (p->rq.body_len > 0)
		memcpy(grown, p->body, p->rq.body_len);
	p->body = grown;
	p->body_cap = cap;
}

static enum MHD_Result body(struct rq_private *p, const char *data, size_t n)
{
	struct rq *rq = &p->rq;

	p->http->progress = true;
	p->received += n;
	if (p->received > HTTP_DISCARD_BYTES)
		return MHD_NO;
	if (p->refused || !rq->route || rq->route->body_max == 0 ||
	    p->received > p->body_max)
		return MHD_YES;
	reserve(p, rq->body_len + n + 1);
	memcpy(p->body + rq->body_len, data, n);
	rq->body_len += n;
	p->body[rq->body_len] = '\0';
	rq->body = p->body;
	return MHD_YES;
}

/* ---- the end ---------------------------------------------------------- */

static void answer(struct rq_private *p)
{
	p->answered = true;
	if (!p->refused && p->received > p->body_max) {
		err_set(&p->rq.err, ERR_TOO_LARGE, "too-long", NULL,
			"the body is larger than %zu bytes", p->body_max);
		p->refused = true;
	}
	if (!p->refused && !p->options)
		p->refused = !http_unpack(p);
	if (p->refused) {
		http_refuse(p);
		http_amend(p);
	} else if (p->options) {
		http_options(p);
	} else {
		http_dispatch(p);
	}
}

static enum MHD_Result last_call(struct rq_private *p)
{
	const struct http_turn *t = &p->http->config->turn;

	if (p->answered)
		return send_answer(p); /* it was held */
	http_conn_complete(p->http, p->connection);
	answer(p);
	if (p->wait) {
		http_wait_begin(p);
		return MHD_YES;
	}
	if (!t->pending || !t->pending(t->ctx))
		return send_answer(p);
	http_hold(p);
	return MHD_YES;
}

enum MHD_Result http_request_handle(void *cls, struct MHD_Connection *c,
				    const char *url, const char *method,
				    const char *version, const char *data,
				    size_t *size, void **con_cls)
{
	struct rq_private *p = *con_cls;
	size_t n = *size;

	(void)cls;
	(void)c;
	(void)url; /* decoded with %2F and %00; see target.c */
	p->http->progress = true;
	if (!p->begun) {
		begin(p, method, version);
		return first_call(p);
	}
	*size = 0;
	return n > 0 ? body(p, data, n) : last_call(p);
}

/* p was in it. */
static void give_back(struct http *h, struct arena *a)
{
	if (h->spares == HTTP_SPARES) {
		arena_free(a);
		return;
	}
	arena_clear(a);
	h->spare[h->spares++] = a;
}

void http_request_completed(void *cls, struct MHD_Connection *c, void **con_cls,
			    enum MHD_RequestTerminationCode why)
{
	struct http_listener *l = cls;
	struct rq_private *p = *con_cls;

	if (!p)
		return;
	assert(!p->park.at);
	l->http->under_way--;
	l->http->progress = true;
	http_conn_answered(l->http, c);
	if (p->close && p->answered)
		http_linger_start(l->http, http_conn_fd(c));
	/* the end of a stream, or one that somebody wanted, is no surprise */
	if (!p->sent || (why != MHD_REQUEST_TERMINATED_COMPLETED_OK &&
			 !p->stream && !p->rq.effect))
		http_log_request(p, " cut");
	*con_cls = NULL;
	http_certificate_free(p);
	http_wait_over(p);
	http_stream_over(p);
	give_back(l->http, p->rq.arena);
}
