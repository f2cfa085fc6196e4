/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a request can mostly be said when its headers are known.
 * libmicrohttpd is generous: of two lengths it takes the first, of a length
 * and chunks the chunks, and two Host headers are none of its business. So the
 * checks are made here, each a short function in a table, and worded by the
 * group that the path belongs to.
 *
 * Limits: what libmicrohttpd refuses itself never comes here, and its answers
 * look damaged: the header block is sent twice, so that a client sees a body
 * beginning with "HTTP/1.1 400", with a little HTML behind it and neither JSON
 * nor a request id. The connection is closed. Such are a Content-Length that is
 * no plain number ("-3", "+4", "3, 3", "": 400) or beyond 64 bits (10^30: 413),
 * a chunk size that is none, a missing Host, a space before a header's
 * colon and a NUL in its name (facts: mtls-libmicrohttpd.md 9).
 *
 * Framing first (RFC 9112 6: what smuggles a second request closes the
 * connection), then texts, then the route, then the length of the body.
 */
#include "http/http_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A refusal after which nobody knows where the next request would begin. */
static bool broken(struct rq_private *p, enum err_kind kind, const char *text)
{
	p->close = true;
	return err_set(&p->rq.err, kind, "invalid_request", NULL, "%s", text);
}

static bool check_transfer_encoding(struct rq_private *p)
{
	const char *coding = rq_header_in(&p->rq, "Transfer-Encoding");

	if (!coding)
		return true;
	if (rq_header_count(&p->rq, "Content-Length") > 0)
		return broken(p, ERR_INVALID,
			      "both Content-Length and Transfer-Encoding");
	if (p->http10)
		return broken(p, ERR_INVALID,
			      "Transfer-Encoding in an HTTP/1.0 request");
	if (rq_header_count(&p->rq, "Transfer-Encoding") > 1 ||
	    strcasecmp(coding, "chunked") != 0)
		return broken(p, ERR_INVALID,
			      "Transfer-Encoding other than chunked");
	return true;
}

static bool check_content_length(struct rq_private *p)
{
	const char *length = rq_header_in(&p->rq, "Content-Length");
	size_t n;

	if (!length) {
		if (!rq_header_in(&p->rq, "Transfer-Encoding"))
			p->declared = 0;
		return true;
	}
	n = strlen(length);
	if (rq_header_count(&p->rq, "Content-Length") > 1)
		return broken(p, ERR_INVALID, "more than one Content-Length");
	if (n == 0 || strspn(length, "0123456789") != n)
		return broken(p, ERR_INVALID, "Content-Length is no number");
	p->declared = strtoull(length, NULL, 10); /* ULLONG_MAX if too big */
	return true;
}

bool http_token_ok(const char *s)
{
	static const char also[] = "!#$%&'*+-.^_`|~";
	const char *c = s;

	while (ascii_letter(*c) || *c == '-' || ascii_digit(*c) ||
	       (*c && strchr(also, *c)))
		c++;
	return c > s && *c == '\0';
}

bool http_value_ok(const char *s)
{
	size_t n = strlen(s);
	size_t plain = http_plain(s, n);

	for (size_t i = plain; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return http_utf8_ok(s + plain, n - plain);
}

/* RFC 9110 5.5, 5.6.2 */
static bool check_header_texts(struct rq_private *p)
{
	for (size_t i = 0; i < p->header_count; i++) {
		if (!http_token_ok(p->header[i].name))
			return broken(p, ERR_INVALID,
				      "a header name is malformed");
		if (!http_value_ok(p->header[i].value))
			return broken(p, ERR_INVALID,
				      "a header value holds bytes that it may "
				      "not");
	}
	return true;
}

/* RFC 9112 3.2 */
static bool check_host(struct rq_private *p)
{
	size_t n = rq_header_count(&p->rq, "Host");

	if (n > 1)
		return broken(p, ERR_INVALID, "more than one Host");
	if (n == 0 && !p->http10)
		return broken(p, ERR_INVALID, "the Host header is missing");
	return true;
}

static bool check_sizes(struct rq_private *p)
{
	if (strlen(p->target) > HTTP_URL_BYTES) {
		p->forced_status = 414;
		return err_set(&p->rq.err, ERR_TOO_LARGE, "too-long", NULL,
			       "the URL is longer than %u bytes",
			       HTTP_URL_BYTES);
	}
	if (p->header_bytes > HTTP_HEADER_BYTES) {
		p->forced_status = 431;
		return err_set(&p->rq.err, ERR_TOO_LARGE, "too-long", NULL,
			       "the headers are longer than %u bytes",
			       HTTP_HEADER_BYTES);
	}
	return true;
}

bool http_check_target(struct rq_private *p)
{
	if (p->target_ok)
		return true;
	return err_set(&p->rq.err, ERR_INVALID, "invalid_request", NULL,
		       "the URL holds a broken escape, a control character or "
		       "bytes that are not UTF-8");
}

bool http_check_route(struct rq_private *p)
{
	struct rq *rq = &p->rq;
	enum http_found found;

	if (!p->group)
		return err_set(&rq->err, ERR_NOT_FOUND, "not-found", NULL,
			       "nothing is at %s", rq->path);
	found = http_route_find(rq->arena, p->group, rq->method,
				rq->path + strlen(p->group->prefix), &p->match);
	if (found == FOUND_NOTHING)
		return err_set(&rq->err, ERR_NOT_FOUND, "not-found", NULL,
			       "nothing is at %s", rq->path);
	rq->route = p->match.route;
	p->options = found == FOUND_PATH && strcmp(rq->method, "OPTIONS") == 0;
	if (found == FOUND_ROUTE || p->options)
		return true;
	rq_header(rq, "Allow", "%s", p->match.allow);
	return err_set(&rq->err, ERR_METHOD, "method-not-allowed", NULL,
		       "%s is not possible at %s: %s", rq->method, rq->path,
		       p->match.allow);
}

/* Runs also for requests that were refused: their bodies have limits too. */
static bool check_length(struct rq_private *p)
{
	const struct route *r = p->rq.route;

	p->body_max = HTTP_FORM_BODY_BYTES;
	if (p->refused)
		p->body_max = HTTP_FHIR_BODY_BYTES;
	else if (r && r->body_max > 0)
		p->body_max = r->body_max;
	if (p->declared == UINT64_MAX || p->declared <= p->body_max)
		return true;
	p->close = true;
	if (p->refused)
		return true;
	return err_set(&p->rq.err, ERR_TOO_LARGE, "too-long", NULL,
		       "the body is larger than %zu bytes", p->body_max);
}

/* ---- what is set up on the way ---------------------------------------- */

/* First of all, so that the log has the path of every refusal. */
static void read_target(struct rq_private *p)
{
	struct http_target t;

	p->target_ok = http_target_decode(p->rq.arena, p->target, &t);
	if (!p->target_ok)
		return;
	p->rq.path = t.path;
	p->rq.query = t.query;
}

static void find_group(struct rq_private *p)
{
	const char *path = http_target_local(p->target);
	size_t n = strcspn(path, "?");

	if (p->target_ok) {
		path = p->rq.path;
		n = strlen(path);
	}
	p->group = http_group_find(p->http->config, path, n);
	p->rq.ctx = p->group ? p->group->ctx : NULL;
	/* A path that cannot be decoded is still refused in the words of the
	 * group that it begins with, which may rely on its prefix. */
	if (!p->target_ok)
		p->rq.path = p->group ? p->group->prefix : "";
}

static bool id_ok(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") == n;
}

/* A listener on all addresses has no address of its own to print: the one
 * that this connection came to is. */
static const char *own_url(const struct rq_private *p)
{
	struct sockaddr_storage sa;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&sa;
	struct sockaddr_in *four = (struct sockaddr_in *)&sa;
	socklen_t len = sizeof(sa);
	const char *scheme = http_url_scheme(p->listener->url);
	char host[INET6_ADDRSTRLEN] = "";

	memset(&sa, 0, sizeof(sa));
	if (!p->listener->any_address ||
	    getsockname(http_conn_fd(p->connection), (struct sockaddr *)&sa,
			&len) != 0)
		return p->listener->url;
	if (sa.ss_family == AF_INET) {
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		return arena_printf(p->rq.arena, "%s%s:%u", scheme, host,
				    (unsigned)ntohs(four->sin_port));
	}
	inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return arena_printf(p->rq.arena, "%s%s:%u", scheme,
				    strrchr(host, ':') + 1,
				    (unsigned)ntohs(six->sin6_port));
	return arena_printf(p->rq.arena, "%s[%s]:%u", scheme, host,
			    (unsigned)ntohs(six->sin6_port));
}

/* http_host_allowed, which takes its time, asked for a new host alone. */
static bool host_allowed(struct http *h, const char *host)
{
	struct http_host_seen *seen = &h->host_seen;
	size_t n = strlen(host);

	if (n == 0 || n >= sizeof(seen->host))
		return http_host_allowed(h->config, host);
	if (memcmp(seen->host, host, n + 1) != 0) {
		memcpy(seen->host, host, n + 1);
		seen->allowed = http_host_allowed(h->config, host);
	}
	return seen->allowed;
}

bool http_check(struct rq_private *p)
{
	static bool (*const checks[])(struct rq_private *) = {
	    check_transfer_encoding,
	    check_content_length,
	    check_header_texts,
	    check_host,
	    check_sizes,
	    http_check_target,
	    http_check_certificate,
	    http_check_coding,
	    http_check_route,
	};
	const char *id = rq_header_in(&p->rq, "X-Request-Id");
	const char *host = http_target_authority(p->rq.arena, p->target);
	const char *own = own_url(p);
	bool allowed;

	if (id && id_ok(id))
		p->request_id = id;
	if (!host)
		host = rq_header_in(&p->rq, "Host");
	if (p->forwarded.host)
		host = p->forwarded.host;
	allowed = host && host_allowed(p->http, host);
	p->rq.origin =
	    http_origin(p->rq.arena, p->http->config, own, host, allowed);
	p->rq.origin = http_proxy_origin(p, p->rq.origin, allowed);
	p->rq.foreign = http_foreign(&p->rq, own, host, allowed);
	read_target(p);
	find_group(p);
	for (size_t i = 0; i < LEN(checks) && !p->refused; i++)
		p->refused = !checks[i](p);
	return check_length(p) && !p->refused;
}
