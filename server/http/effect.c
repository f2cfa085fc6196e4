/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody wants to become of an answer on its way (rq->effect), so that a
 * client can be tried with it: late, dropped, cut, stalled, dripping. The
 * answer itself stands, is committed, logged and told to the journal before
 * any of it begins; so a delay is not in the time that a request took.
 *
 * Nobody else waits for it: what has nothing to send for now is put aside
 * (park.c). Only requests behind it on the same connection do, as HTTP has it.
 *
 * How a connection ends is the part where libmicrohttpd has to be led. To
 * return MHD_NO from the handler closes it without a byte. A reset takes a
 * connect() to nowhere before that, as libmicrohttpd shuts the socket down in
 * good order whatever SO_LINGER says. A reader that ends with an error cuts the
 * body where it is, behind a length that stays true. The middle of a chunk it
 * never leaves by itself, so such an answer is written by hand (facts:
 * mtls-libmicrohttpd.md 11). Garbage goes past TLS, as it is no TLS either.
 *
 * A stop ends what is late at once, what drips as fast as it goes, and cuts
 * what is stalled; so does a client that ends its side.
 *
 * Limits: an answer that goes out before its request was read is not delayed.
 * An answer without a body (HEAD) cannot be cut: its connection is closed. Of a
 * stream, only what is before the first byte.
 */
#include "http/http_int.h"

#include <gnutls/gnutls.h>
#include <string.h>

#define BLOCK_BYTES 16384
#define CHUNK_BYTES 4096 /* of the body, of the chunk that is cut */
#define MOST_MS	    ((int64_t)7 * 24 * 3600 * 1000)

/* A body that is sent as the effect says. */
struct http_way {
	struct buf body;
	size_t given;
	size_t end;	  /* it is cut there; the body's length: nowhere */
	size_t stall;	  /* it stalls there, once; SIZE_MAX: nowhere */
	bool stalled;	  /* it does now */
	int64_t stall_us; /* 0: for ever */
	size_t rate;	  /* bytes per second; 0: any */
	int64_t next_us;  /* of a rate: when there may be more */
};

static int64_t later_us(int64_t ms)
{
	return clock_steady_us() + (ms < MOST_MS ? ms : MOST_MS) * 1000;
}

/* ---- the log ------------------------------------------------------------ */

const char *http_effect_text(const struct rq_private *p)
{
	static const char *const drops[] = {
	    [HTTP_DROP_NONE] = "",
	    [HTTP_DROP_EMPTY] = ", closed without an answer",
	    [HTTP_DROP_RESET] = ", reset",
	    [HTTP_DROP_GARBAGE] = ", garbage instead",
	    [HTTP_DROP_HEADERS] = ", closed behind the headers",
	    [HTTP_DROP_DURING] = ", closed in the body",
	    [HTTP_DROP_CHUNK] = ", closed in a chunk",
	};
	const struct http_effect *e = p->rq.effect;
	struct buf b;

	if (!e)
		return "";
	buf_init(&b, p->rq.arena);
	if (e->delay_ms > 0)
		buf_printf(&b, ", %lld ms late", (long long)e->delay_ms);
	buf_puts(&b, drops[e->drop]);
	if (e->cut)
		buf_printf(&b, ", cut at %zu bytes", e->cut_bytes);
	if (e->stall)
		buf_printf(&b, ", stalled at %zu bytes", e->stall_bytes);
	if (e->bytes_per_second > 0)
		buf_printf(&b, ", %zu bytes a second", e->bytes_per_second);
	return b.p;
}

/* ---- before the first byte ---------------------------------------------- */

static bool delay_over(struct rq_private *p, enum http_wake why)
{
	(void)p;
	(void)why;
	return true;
}

void http_flush_delayed(struct rq *rq,
			bool (*change)(struct rq *delayed, void *ctx),
			void *ctx)
{
	struct http *h = rq->private->http;

	for (struct rq_private *p = h->parked[false]; p; p = p->park.next) {
		if (p->park.wake != delay_over || !change(&p->rq, ctx))
			continue;
		p->rq.effect = NULL;
		http_log_request(p, ", instead of the late one");
		http_park_due(p);
	}
}

/* A struct sockaddr without an address: the socket is connected no more. */
static void reset(struct rq_private *p)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	(void)connect(http_conn_fd(p->connection), &nowhere, sizeof(nowhere));
}

static void raw_send(struct rq_private *p, const char *bytes, size_t n)
{
	(void)send(http_conn_fd(p->connection), bytes, n,
		   MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void garbage(struct rq_private *p)
{
	static const char bytes[] = "\x02\xff\xfe"
				    "lk3lk2j34\x07\x80,9#\xf0"
				    "ajs dkl\x1b\r\n;;\r\n";

	raw_send(p, bytes, sizeof(bytes) - 1);
}

/* ---- in a chunk --------------------------------------------------------- */

static enum MHD_Result one_line(void *cls, enum MHD_ValueKind kind,
				const char *key, const char *value)
{
	(void)kind;
	buf_printf(cls, "%s: %s\r\n", key, value);
	return MHD_YES;
}

static void broken_chunk(struct rq_private *p)
{
	const union MHD_ConnectionInfo *tls = MHD_get_connection_info(
	    p->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	const struct buf body = http_reply_body(p);
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	size_t some = body.len / 2 < CHUNK_BYTES ? body.len / 2 : CHUNK_BYTES;
	struct buf b;

	if (!r)
		return;
	buf_init(&b, p->rq.arena);
	buf_printf(&b, "HTTP/1.1 %d %s\r\n", p->rq.status,
		   http_reason(p->rq.status));
	http_reply_dress(p, r);
	MHD_get_response_headers(r, one_line, &b);
	MHD_destroy_response(r);
	buf_printf(&b, "Transfer-Encoding: chunked\r\n\r\n%zX\r\n",
		   body.len > 0 ? body.len : 1);
	buf_add(&b, body.p, some);
	if (tls && tls->tls_session)
		(void)gnutls_record_send(tls->tls_session, b.p, b.len);
	else
		raw_send(p, b.p, b.len);
}

/* ---- the body ----------------------------------------------------------- */

static bool body_wake(struct rq_private *p, enum http_wake why)
{
	struct http_way *w = p->way;

	if (why != WAKE_TIME)
		w->rate = 0;
	if (why != WAKE_TIME && w->stalled)
		w->end = w->given;
	w->stalled = false;
	return true;
}

/* How much may go now; 0: none, it is put aside. */
static size_t allowance(struct rq_private *p)
{
	struct http_way *w = p->way;
	size_t n = w->end - w->given;
	int64_t now_us;

	if (w->stall >= w->given && w->stall - w->given < n)
		n = w->stall - w->given;
	if (n == 0) {
		http_park(p, false,
			  w->stall_us > 0 ? clock_steady_us() + w->stall_us : 0,
			  body_wake);
		w->stall = SIZE_MAX;
		w->stalled = true;
		return 0;
	}
	if (w->rate == 0)
		return n;
	now_us = clock_steady_us();
	if (w->next_us > now_us) {
		http_park(p, false, w->next_us, body_wake);
		return 0;
	}
	return n < w->rate / 10 + 1 ? n : w->rate / 10 + 1;
}

static ssize_t reader(void *cls, uint64_t pos, char *to, size_t max)
{
	struct rq_private *p = cls;
	struct http_way *w = p->way;
	size_t n;

	(void)pos;
	p->http->progress = true;
	if (w->given == w->end)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = allowance(p);
	n = n < max ? n : max;
	memcpy(to, w->body.p + w->given, n);
	w->given += n;
	if (w->rate > 0 && n > 0)
		w->next_us =
		    clock_steady_us() + (int64_t)(n * 1000000 / w->rate);
	return (ssize_t)n;
}

static void plan(struct rq_private *p)
{
	const struct http_effect *e = p->rq.effect;
	struct http_way *w = arena_alloc(p->rq.arena, sizeof(*w));

	p->way = w;
	w->body = http_reply_body(p);
	w->end = w->body.len;
	if (e->drop == HTTP_DROP_HEADERS)
		w->end = 0;
	else if (e->drop != HTTP_DROP_NONE)
		w->end /= 2;
	if (e->cut && e->cut_bytes < w->end)
		w->end = e->cut_bytes;
	w->stall =
	    e->stall && e->stall_bytes < w->end ? e->stall_bytes : SIZE_MAX;
	w->stall_us = (e->stall_ms < MOST_MS ? e->stall_ms : MOST_MS) * 1000;
	w->rate = e->bytes_per_second;
}

static enum MHD_Result slow_body(struct rq_private *p)
{
	const struct http_effect *e = p->rq.effect;
	const bool closed = e->drop != HTTP_DROP_NONE || e->cut;
	struct MHD_Response *r;
	enum MHD_Result done;

	plan(p);
	/* the answer says that it is the last one only when it is whole */
	if (closed && (p->way->end == p->way->body.len || p->rq.head))
		p->close = true;
	r = MHD_create_response_from_callback(p->way->body.len, BLOCK_BYTES,
					      reader, p, NULL);
	done = http_reply_send(p, r);
	p->close = p->close || closed;
	return done;
}

/* ---- which of them ------------------------------------------------------ */

static bool of_the_body(const struct rq_private *p)
{
	const struct http_effect *e = p->rq.effect;

	return !p->stream && (e->drop != HTTP_DROP_NONE || e->cut || e->stall ||
			      e->bytes_per_second > 0);
}

enum MHD_Result http_effect_send(struct rq_private *p)
{
	const struct http_effect *e = p->rq.effect;

	if (e->delay_ms > 0 && !p->delayed && !p->early) {
		p->delayed = true;
		http_park(p, false, later_us(e->delay_ms), delay_over);
		return MHD_YES;
	}
	p->close = p->close || e->drop == HTTP_DROP_EMPTY ||
		   e->drop == HTTP_DROP_GARBAGE;
	switch (e->drop) {
	case HTTP_DROP_EMPTY: return MHD_NO;
	case HTTP_DROP_RESET: reset(p); return MHD_NO;
	case HTTP_DROP_GARBAGE: garbage(p); return MHD_NO;
	case HTTP_DROP_CHUNK:
		if (p->http10 || p->rq.head || p->stream)
			break;
		broken_chunk(p);
		p->close = true;
		return MHD_NO;
	default: break;
	}
	return of_the_body(p) ? slow_body(p) : http_reply_queue(p);
}
