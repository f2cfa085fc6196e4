/* SPDX-License-Identifier: Apache-2.0
 *
 * A request within a request: an entry of a batch is answered as if it had come
 * alone, by the same routes, guards and handlers.
 *
 * What differs: who asks is known, so the group's first guard is left out and
 * its finding copied; there are no headers but those that the caller names; and
 * nothing leaves. The answer stays in the struct that is returned, for the
 * outer handler to read. What the request wrote is kept or taken back by
 * itself, in a savepoint within the outer one's, and the outer one can still
 * take all of it back (rq->undo).
 *
 * An inner request (http_inner) is a stranger to the outer one: any group, all
 * its guards, no finding copied. It comes from where the outer one came from,
 * and that is all. It is what a page asks the control API with.
 *
 * Neither is told to the journal nor meets a fault, and neither can wait: the
 * outer request does.
 *
 * Texts are as strictly looked at as those that come from the network: what a
 * handler sees of a URL or of a header's value is clean, whoever made it.
 *
 * Limits: bodies are taken as they are, not unpacked.
 */
#include "http/http_int.h"

#include <string.h>

/* What both have in common; no group yet. */
static struct rq_private *begin(struct rq *outer, const struct http_nested *n)
{
	const struct rq_private *o = outer->private;
	struct arena *a = n->arena ? n->arena : outer->arena;
	struct rq_private *p = arena_alloc(a, sizeof(*p));

	p->http = o->http;
	p->listener = o->listener;
	p->aside = true;
	p->request_id = o->request_id;
	p->started_us = o->started_us;
	p->last_header = &p->first_header;
	p->rq = *outer;
	p->rq.arena = a;
	p->rq.private = p;
	p->rq.err = (struct err){.kind = ERR_NONE};
	p->rq.head = strcmp(n->method, "HEAD") == 0;
	p->rq.method = p->rq.head ? "GET" : n->method;
	p->rq.body = n->body ? n->body : "";
	p->rq.body_len = n->body ? n->body_len : 0;
	p->rq.within = n->within;
	p->rq.status = 0;
	p->rq.keep = p->rq.undo = false;
	memset(p->rq.passed, 0, sizeof(p->rq.passed));
	p->rq.twist = NULL;
	p->rq.effect = NULL;
	p->verb = n->method;
	p->header = arena_alloc(a, n->header_count * sizeof(*p->header));
	if (n->header_count > 0)
		memcpy(p->header, n->header,
		       n->header_count * sizeof(*p->header));
	p->header_count = n->header_count;
	buf_init(&p->rq.out, a);
	return p;
}

/* What guards of the outer one's group found is no news to another group. */
static void estrange(struct rq *rq)
{
	rq->grant = NULL;
	rq->fault = rq->client_id = NULL;
	rq->why = rq->certificate = rq->shadow = NULL;
	rq->ctx = NULL;
}

static bool check_headers(struct rq_private *p)
{
	for (size_t i = 0; i < p->header_count; i++)
		if (!http_value_ok(p->header[i].value))
			return err_set(&p->rq.err, ERR_INVALID,
				       "invalid_request", NULL,
				       "%s holds bytes that it may not",
				       p->header[i].name);
	return true;
}

/* The target is where it goes. */
static bool decode(struct rq_private *p)
{
	struct rq *rq = &p->rq;
	struct http_target t;

	if (strlen(p->target) > HTTP_URL_BYTES) {
		p->forced_status = 414;
		return err_set(&rq->err, ERR_TOO_LARGE, "too-long", NULL,
			       "the URL is longer than %u bytes",
			       HTTP_URL_BYTES);
	}
	p->target_ok = http_target_decode(rq->arena, p->target, &t);
	if (p->target_ok) {
		rq->path = t.path;
		rq->query = t.query;
	}
	return http_check_target(p);
}

/* A path below the group's prefix, whatever it is. */
static bool find(struct rq_private *p, const char *url)
{
	struct rq *rq = &p->rq;

	url += strspn(url, "/");
	rq->path = p->group->prefix;
	rq->query = "";
	p->target = arena_cat(rq->arena, p->group->prefix, "/", url, NULL);
	return decode(p) && http_check_route(p);
}

/* A path anywhere. */
static bool find_anywhere(struct rq_private *p, const char *url)
{
	struct rq *rq = &p->rq;

	rq->path = rq->query = "";
	p->target = url;
	if (!decode(p))
		return false;
	p->group = http_group_find(p->http->config, rq->path, strlen(rq->path));
	rq->ctx = p->group ? p->group->ctx : NULL;
	return http_check_route(p);
}

static bool check_body(struct rq_private *p)
{
	struct rq *rq = &p->rq;
	const size_t most = rq->route ? rq->route->body_max : 0;

	if (most == 0) {
		rq->body = "";
		rq->body_len = 0;
	}
	return rq->body_len <= most ||
	       err_set(&rq->err, ERR_TOO_LARGE, "too-long", NULL,
		       "the body is larger than %zu bytes", most);
}

/* first: the first guard that is asked. */
static struct rq *answer(struct rq_private *p, size_t first)
{
	if (p->refused)
		http_refuse(p);
	else if (p->options)
		http_options(p);
	else
		http_dispatch_nested(p, first);
	return &p->rq;
}

struct rq *http_nested(struct rq *outer, const struct http_nested *n)
{
	struct rq_private *p = begin(outer, n);

	p->group = outer->private->group;
	if (n->refused)
		p->rq.err = *n->refused;
	else
		p->rq.route = NULL;
	p->refused = n->refused || !find(p, n->url) || !check_headers(p) ||
		     !check_body(p);
	return answer(p, 1);
}

struct rq *http_inner(struct rq *outer, const struct http_nested *n)
{
	struct rq_private *p = begin(outer, n);

	estrange(&p->rq);
	p->rq.route = NULL;
	if (n->refused)
		p->rq.err = *n->refused;
	p->refused = n->refused || !find_anywhere(p, n->url) ||
		     !check_headers(p) || !check_body(p);
	return answer(p, 0);
}
