/* SPDX-License-Identifier: Apache-2.0
 *
 * The door between handlers and the wire: what a handler may ask of a request,
 * what it may say in answer, and how that becomes a response of libmicrohttpd.
 *
 * The body is not copied: it lives in the request's arena, which ends in the
 * completed callback, after the last byte has left. Values of headers are
 * cleaned here and not by each handler: no control character (so no second
 * header by way of a Location), no byte that is not ASCII.
 */
#include "http/http_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what came in ----------------------------------------------------- */

const char *rq_param(const struct rq *rq, const char *name)
{
	const struct http_match *m = &rq->private->match;

	for (size_t i = 0; i < m->param_count; i++) {
		if (strcmp(m->param[i].name, name) == 0)
			return m->param[i].value;
	}
	return "";
}

/* Most differ in the first letter. */
static bool same_name(const char *x, const char *y)
{
	return ((*x ^ *y) & ~0x20) == 0 && strcasecmp(x, y) == 0;
}

const char *rq_header_in(const struct rq *rq, const char *name)
{
	const struct rq_private *p = rq->private;

	for (size_t i = 0; i < p->header_count; i++) {
		if (same_name(p->header[i].name, name))
			return p->header[i].value;
	}
	return NULL;
}

size_t rq_header_count(const struct rq *rq, const char *name)
{
	const struct rq_private *p = rq->private;
	size_t n = 0;

	for (size_t i = 0; i < p->header_count; i++)
		n += same_name(p->header[i].name, name);
	return n;
}

/* name=value or name="value" (RFC 6265 4.1.1) */
const char *rq_cookie(const struct rq *rq, const char *name)
{
	const char *s = rq_header_in(rq, "Cookie");
	size_t want = strlen(name);

	while (s && *s) {
		size_t n;

		s += strspn(s, "; \t");
		n = strcspn(s, ";");
		if (n > want && s[want] == '=' && memcmp(s, name, want) == 0) {
			s += want + 1;
			n -= want + 1;
			while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
				n--;
			if (n >= 2 && s[0] == '"' && s[n - 1] == '"') {
				s++;
				n -= 2;
			}
			return arena_strndup(rq->arena, s, n);
		}
		s += n;
	}
	return NULL;
}

/* ---- what goes out ---------------------------------------------------- */

void rq_header_text(struct rq *rq, const char *name, const char *text)
{
	struct rq_private *p = rq->private;
	struct http_header *h = arena_alloc(rq->arena, sizeof(*h));
	char *value = arena_alloc(rq->arena, strlen(text) + 1);

	h->name = name;
	h->value = value;
	for (const char *s = text; *s; s++) {
		if (*s >= 0x20 && *s < 0x7f)
			*value++ = *s;
	}
	*value = '\0';
	*p->last_header = h;
	p->last_header = &h->next;
}

void rq_header(struct rq *rq, const char *name, const char *fmt, ...)
{
	va_list args;
	char *value;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	value = arena_alloc(rq->arena, (size_t)n + 1);
	va_start(args, fmt);
	vsnprintf(value, (size_t)n + 1, fmt, args);
	va_end(args);
	rq_header_text(rq, name, value);
}

void rq_passed(struct rq *rq, const char *check)
{
	for (size_t i = 0; i < HTTP_PASSED; i++) {
		if (rq->passed[i])
			continue;
		rq->passed[i] = check;
		return;
	}
}

const struct http_group *rq_group(const struct rq *rq)
{
	return rq->private->group;
}

bool rq_header_in_at(const struct rq *rq, size_t i, struct http_pair *out)
{
	const struct rq_private *p = rq->private;

	if (i >= p->header_count)
		return false;
	*out = p->header[i];
	return true;
}

bool rq_header_out_at(const struct rq *rq, size_t i, struct http_pair *out)
{
	const struct http_header *h = rq->private->first_header;

	while (h && i-- > 0)
		h = h->next;
	if (!h)
		return false;
	*out = (struct http_pair){h->name, h->value};
	return true;
}

const char *rq_content_type(const struct rq *rq)
{
	return rq->private->content_type;
}

void rq_reply_again(struct rq *rq)
{
	http_reply_reset(rq->private);
	rq->private->content_type = NULL;
	buf_init(&rq->out, rq->arena);
}

bool rq_reply(struct rq *rq, int status, const char *content_type)
{
	assert(status >= 200 && status <= 599);
	rq->status = status;
	rq->private->content_type = content_type;
	if (!content_type)
		buf_init(&rq->out, rq->arena); /* whatever is there */
	return true;
}

bool rq_redirect(struct rq *rq, int status, const char *location)
{
	struct buf b;

	buf_init(&b, rq->arena);
	for (const unsigned char *s = (const unsigned char *)location; *s;
	     s++) {
		if (*s > 0x20 && *s < 0x7f)
			buf_putc(&b, (char)*s);
		else
			buf_printf(&b, "%%%02X", *s);
	}
	rq_header(rq, "Location", "%s", b.p);
	return rq_reply(rq, status, NULL);
}

void http_reply_reset(struct rq_private *p)
{
	http_stream_over(p);
	p->first_header = NULL;
	p->last_header = &p->first_header;
	p->rq.status = 0;
}

int http_status(enum err_kind kind)
{
	static const int status[] = {
	    [ERR_NONE] = 500,		[ERR_INVALID] = 400,
	    [ERR_UNAUTHORIZED] = 401,	[ERR_FORBIDDEN] = 403,
	    [ERR_NOT_FOUND] = 404,	[ERR_METHOD] = 405,
	    [ERR_NOT_ACCEPTABLE] = 406, [ERR_MEDIA_TYPE] = 415,
	    [ERR_TIMEOUT] = 408,	[ERR_CONFLICT] = 409,
	    [ERR_GONE] = 410,		[ERR_PRECONDITION] = 412,
	    [ERR_TOO_LARGE] = 413,	[ERR_UNPROCESSABLE] = 422,
	    [ERR_INTERNAL] = 500,	[ERR_NOT_IMPLEMENTED] = 501,
	};

	assert((size_t)kind < LEN(status));
	return status[kind];
}

const char *http_reason(int status)
{
	return MHD_get_reason_phrase_for((unsigned)status);
}

/* ---- to libmicrohttpd -------------------------------------------------- */

static bool has_header(const struct rq_private *p, const char *name)
{
	const struct http_header *h = p->first_header;

	while (h && strcasecmp(h->name, name) != 0)
		h = h->next;
	return h != NULL;
}

const char *rq_header_out(const struct rq *rq, const char *name)
{
	const struct http_header *h = rq->private->first_header;

	while (h && strcasecmp(h->name, name) != 0)
		h = h->next;
	return h ? h->value : NULL;
}

/* Also of what a redirect tells. */
static void add_explain(const struct rq_private *p, struct MHD_Response *r)
{
	const struct http_config *c = p->http->config;
	const struct rq *rq = &p->rq;
	const bool refused = rq->status >= 400 ||
			     (rq->status >= 300 && rq->err.kind != ERR_NONE);

	if (refused && c->explain && p->group && p->group->faults)
		MHD_add_response_header(
		    r, "X-Mock-Explain",
		    arena_cat(rq->arena, rq->origin, c->explain, rq->id, NULL));
}

static void add_standard(struct rq_private *p, struct MHD_Response *r)
{
	char date[TIME_TEXT];

	time_http(date, clock_now_ms(p->http->config->clock));
	if (!has_header(p, "Date"))
		MHD_add_response_header(r, "Date", date);
	MHD_add_response_header(r, "X-Request-Id", p->request_id);
	if (p->content_type)
		MHD_add_response_header(r, "Content-Type", p->content_type);
	if (p->close || p->http->stop_signals > 0)
		MHD_add_response_header(r, "Connection", "close");
	add_explain(p, r);
	if (!p->group || !p->group->cors)
		return;
	/* twice would be as good as never for a browser */
	if (!has_header(p, "Access-Control-Allow-Origin"))
		MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
	MHD_add_response_header(r, "Access-Control-Expose-Headers",
				"Content-Location, Location, ETag, "
				"Last-Modified, WWW-Authenticate");
}

struct buf http_reply_body(struct rq_private *p)
{
	struct buf packed;

	return http_pack(p, &packed) ? packed : p->rq.out;
}

void http_reply_dress(struct rq_private *p, struct MHD_Response *r)
{
	add_standard(p, r);
	for (const struct http_header *h = p->first_header; h; h = h->next)
		MHD_add_response_header(r, h->name, h->value);
}

enum MHD_Result http_reply_send(struct rq_private *p, struct MHD_Response *r)
{
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	http_reply_dress(p, r);
	done = MHD_queue_response(p->connection, (unsigned)p->rq.status, r);
	MHD_destroy_response(r);
	return done;
}

static struct MHD_Response *whole(struct rq_private *p)
{
	const struct buf body = http_reply_body(p);

	return MHD_create_response_from_buffer(body.len, body.p,
					       MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result http_reply_queue(struct rq_private *p)
{
	return http_reply_send(p,
			       p->stream ? http_stream_response(p) : whole(p));
}
