/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that is whole and has a route: guards in order, then the handler,
 * both inside one savepoint of the turn's transaction. A refusal takes back
 * what was written, unless the request says otherwise (rq->keep; and rq->undo
 * takes back what an answer stands for), and is then worded by the group: an
 * OperationOutcome here, OAuth's JSON there, a page elsewhere. A path that
 * belongs to no group gets a few words of JSON that name the known prefixes,
 * which helps whoever mistyped a base URL.
 *
 * What failed inside (disk, SQLite) is for the log; the client gets the request
 * id by which to find it there.
 */
#include "http/http_int.h"

#include <assert.h>
#include <string.h>

/* first: the guards before it were asked already. */
static bool let_pass(struct rq *rq, const struct http_group *g, size_t first)
{
	for (size_t i = first; i < HTTP_GUARDS && g->guard[i].check; i++) {
		if (!g->guard[i].check(rq, g->guard[i].ctx))
			return false;
	}
	return true;
}

static bool guarded(struct rq *rq, const struct http_group *g, size_t first)
{
	const struct http_config *c = rq->private->http->config;
	const bool let = let_pass(rq, g, first);

	if (!rq->private->aside && g->faults && c->fault &&
	    c->fault(rq, let, c->fault_ctx))
		return true;
	return let && rq->route->handler(rq);
}

/* Whether what was written is to stay, when it is asked for that. */
static bool answer(struct rq_private *p, size_t first)
{
	struct rq *rq = &p->rq;
	bool replied;

	p->http->depth++;
	replied = guarded(rq, p->group, first);
	p->http->depth--;
	assert(replied ? rq->status != 0 || p->wait : rq->err.kind != ERR_NONE);
	p->replied = replied;
	return (replied || rq->keep) && !rq->undo;
}

/* Between open and close of a savepoint. */
static void run(struct rq_private *p, size_t first, void (*open)(void *ctx),
		bool (*close)(void *ctx, bool keep))
{
	void *ctx = p->http->config->turn.ctx;
	bool keep;

	if (open)
		open(ctx);
	keep = answer(p, first);
	if (close && !close(ctx, keep)) {
		err_set(&p->rq.err, ERR_INTERNAL, NULL, NULL,
			"what was written could not be kept");
		http_reply_reset(p);
		p->replied = false;
	}
	if (p->replied)
		return;
	http_wait_over(p);
	http_refuse(p);
}

void http_amend(struct rq_private *p)
{
	const struct http_config *c = p->http->config;

	if (c->amend && p->group && p->group->faults)
		c->amend(&p->rq, c->fault_ctx);
}

void http_dispatch(struct rq_private *p)
{
	const struct http_config *c = p->http->config;

	if (c->before && p->group->rehearsed)
		c->before(&p->rq, c->before_ctx);
	run(p, 0, c->turn.enter, c->turn.leave);
	if (!p->wait)
		http_amend(p);
}

void http_dispatch_nested(struct rq_private *p, size_t first)
{
	const struct http_turn *t = &p->http->config->turn;

	if (p->http->depth > 0) {
		run(p, first, t->nest, t->unnest);
		return;
	}
	/* asked by one who waits or streams, and writes nothing */
	if (t->rehearse)
		t->rehearse(t->ctx);
	run(p, first, NULL, NULL);
	if (t->leave)
		(void)t->leave(t->ctx, false);
}

bool http_dispatch_rehearsal(struct rq_private *p)
{
	const struct http_turn *t = &p->http->config->turn;
	bool sound;

	t->rehearse(t->ctx);
	(void)answer(p, 0);
	sound = t->leave(t->ctx, false);
	if (sound && !p->replied)
		http_refuse(p);
	return sound;
}

/* Text between the quotes of a JSON string. */
static void json_text(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_printf(b, "\\%c", *s);
		else if ((unsigned char)*s >= 0x20)
			buf_putc(b, *s);
	}
}

void http_refuse_plain(struct rq *rq)
{
	const struct http_config *c = rq->private->http->config;
	const char *comma = "";

	buf_puts(&rq->out, "{\"error\":{\"code\":\"");
	json_text(&rq->out, rq->err.code);
	buf_puts(&rq->out, "\",\"message\":\"");
	json_text(&rq->out, rq->err.text);
	buf_puts(&rq->out, "\",\"paths\":[");
	for (size_t i = 0; i < c->group_count; i++) {
		buf_printf(&rq->out, "%s\"", comma);
		json_text(&rq->out, c->group[i].prefix);
		buf_puts(&rq->out, "/\"");
		comma = ",";
	}
	buf_puts(&rq->out, "]}}\n");
	rq_reply(rq, http_status(rq->err.kind), "application/json");
}

void http_refuse(struct rq_private *p)
{
	struct rq *rq = &p->rq;

	http_stream_over(p);
	rq->status = 0;
	p->content_type = NULL;
	buf_init(&rq->out, rq->arena);
	if (rq->err.kind == ERR_INTERNAL) {
		log_line(p->http->config->log, "internal", "%s %s %s: %s",
			 rq->id, rq->err.code, rq->err.where, rq->err.text);
		err_set(&rq->err, ERR_INTERNAL, "exception", NULL,
			"internal error; the log has it as request %s", rq->id);
	}
	if (p->group)
		p->group->refuse(rq);
	else
		http_refuse_plain(rq);
	assert(rq->status != 0);
	if (p->forced_status)
		rq->status = p->forced_status;
}

void http_options(struct rq_private *p)
{
	struct rq *rq = &p->rq;

	rq_header(rq, "Allow", "%s", p->match.allow);
	if (p->group->cors) {
		rq_header(rq, "Access-Control-Allow-Methods", "%s",
			  "GET, POST, PUT, DELETE, OPTIONS, HEAD");
		rq_header(rq, "Access-Control-Allow-Headers", "%s",
			  "X-Requested-With,Origin,Content-Type, Accept, "
			  "Authorization, If-None-Exist, If-Match, "
			  "If-None-Match, If-Modified-Since, Prefer, "
			  "Content-Encoding, X-Request-Id");
	}
	rq_reply(rq, 200, NULL);
}
