/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer that goes on and on: server-sent events. Its handler leaves a
 * function that is asked for more at the end of each turn in which something
 * was answered, and at each pulse; between, the request is put aside (park.c).
 *
 * One piece at a time: more is asked when libmicrohttpd has taken the last one
 * whole, which it does as fast as the client reads. So a client that does not
 * read costs one piece and what the sockets hold, and gets what is new when it
 * reads on; who wants to know what it missed numbers its pieces.
 *
 * A piece has an arena of its own, emptied when the piece is gone, and so has
 * what is made on the way to it: nothing grows with the time that a stream
 * takes. It has no length: chunks for HTTP/1.1, the end of the connection for
 * HTTP/1.0 and for HEAD, which has nothing else.
 *
 * Limits: HTTP_STREAMS at once. What an effect does to bodies (effect.c) it
 * does not do to these.
 */
#include "http/http_int.h"

#include <string.h>

#define BLOCK_BYTES 8192

struct http_stream {
	rq_more more;
	void *state;
	int64_t pulse_us; /* 0: none */
	int64_t next_us;  /* of them; 0: never */
	uint64_t seen;	  /* answers that it knows of */
	struct arena *scrap;
	struct arena *piece; /* out lives in it */
	struct buf out;
	size_t taken;
	bool over;
};

bool rq_stream(struct rq *rq, const char *content_type, int64_t pulse_ms,
	       rq_more more, void *state)
{
	struct rq_private *p = rq->private;
	struct http *h = p->http;

	if (p->aside)
		return err_set(&rq->err, ERR_CONFLICT, "conflict", NULL,
			       "what goes on and on cannot be asked for within "
			       "another request");
	if (h->streams == HTTP_STREAMS)
		return err_set(&rq->err, ERR_CONFLICT, "conflict", NULL,
			       "there are %d streams already: close one",
			       HTTP_STREAMS);
	p->stream = arena_alloc(rq->arena, sizeof(*p->stream));
	*p->stream = (struct http_stream){
	    .more = more,
	    .state = state,
	    .pulse_us = pulse_ms > 0 ? pulse_ms * 1000 : 0,
	    .next_us = 1, /* at once */
	    .scrap = arena_new(0),
	    .piece = arena_new(0),
	};
	buf_init(&p->stream->out, p->stream->piece);
	h->streams++;
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 200, content_type);
}

void http_stream_over(struct rq_private *p)
{
	if (!p->stream)
		return;
	p->http->streams--;
	arena_free(p->stream->scrap);
	arena_free(p->stream->piece);
	p->stream = NULL;
}

static void empty(struct http_stream *s)
{
	arena_clear(s->piece);
	buf_init(&s->out, s->piece);
	s->taken = 0;
}

static bool wake(struct rq_private *p, enum http_wake why)
{
	struct http_stream *s = p->stream;

	s->over = why == WAKE_LEFT || why == WAKE_STOP;
	if (s->over)
		return true;
	s->seen = p->http->answers;
	s->more(&p->rq, s->scrap, &s->out, s->state);
	arena_clear(s->scrap);
	s->next_us = s->pulse_us > 0 ? clock_steady_us() + s->pulse_us : 0;
	p->park.wake_us = s->next_us;
	return s->out.len > 0;
}

/* Of libmicrohttpd, when it has sent what it was given before. */
static ssize_t reader(void *cls, uint64_t pos, char *to, size_t max)
{
	struct rq_private *p = cls;
	struct http_stream *s = p->stream;
	size_t n = s->out.len - s->taken;

	(void)pos;
	p->http->progress = true;
	if (n > 0) {
		n = n < max ? n : max;
		memcpy(to, s->out.p + s->taken, n);
		s->taken += n;
		return (ssize_t)n;
	}
	if (s->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	empty(s);
	http_park(p, true, s->seen == p->http->answers ? s->next_us : 1, wake);
	return 0;
}

/* For HEAD libmicrohttpd would send the end of the chunks: there are none. */
struct MHD_Response *http_stream_response(struct rq_private *p)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, BLOCK_BYTES, reader, p, NULL);

	if (r && p->rq.head)
		MHD_set_response_options(r, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
					 MHD_RO_END);
	return r;
}
