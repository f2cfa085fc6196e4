/* SPDX-License-Identifier: Apache-2.0
 *
 * requests: looking through the journal.
 *
 * What is looked for is a match (match.c), the same that faults and counts
 * have; here it comes as parameters of a query, one for each member whose value
 * is a text. since and limit page through it: next is where to go on. order
 * says which end comes first. Whatever is asked, the answer tells how many
 * entries went before anybody looked (dropped).
 *
 * Facts: contracts.md section 3, stand-in.md 5.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT	  100  /* entries in an answer, unless asked */
#define LIMIT_MAX 1000 /* and whatever was asked */

static bool read_count(struct rq *rq, const char *name, const char *value,
		       int64_t *out)
{
	const size_t n = strspn(value, "0123456789");

	if (n == 0 || n > 15 || value[n] != '\0')
		return err_set(&rq->err, ERR_INVALID, "invalid_value", name,
			       "%s must be a number, not \"%.40s\"", name,
			       value);
	*out = strtoll(value, NULL, 10);
	return true;
}

static bool read_order(struct rq *rq, const char *value,
		       struct journal_wanted *want)
{
	want->newest_first = strcmp(value, "newest") == 0;
	return want->newest_first || strcmp(value, "oldest") == 0 ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "order",
		       "order must be oldest or newest, whichever comes "
		       "first, not \"%.40s\"",
		       value);
}

/* A member of the match that a query can have. */
static bool is_member(struct rq *rq, const char *name)
{
	static const char *const own[] = {"since", "limit", "order"};
	struct nearest near = {.word = name};
	struct member_told told;

	for (size_t i = 0; i < LEN(own); i++)
		nearest_try(&near, own[i]);
	for (size_t i = 0; match_member(i, &told); i++) {
		const bool object = strncmp(told.type, "an object", 9) == 0;

		if (!object && strcmp(told.name, name) == 0)
			return true;
		if (!object)
			nearest_try(&near, told.name);
	}
	return refuse_unknown(rq, &near);
}

static bool read_one(struct rq *rq, const struct http_pair *p,
		     struct journal_wanted *want, struct jw *w)
{
	struct store_citizen c;

	if (strcmp(p->name, "since") == 0) {
		want->has_since = true;
		return read_count(rq, p->name, p->value, &want->since);
	}
	if (strcmp(p->name, "limit") == 0)
		return read_count(rq, p->name, p->value, &want->limit);
	if (strcmp(p->name, "order") == 0)
		return read_order(rq, p->value, want);
	if (!is_member(rq, p->name))
		return false;
	if (strcmp(p->name, "hetu") == 0 && !citizen_get(rq, p->value, &c))
		return false;
	if (strcmp(p->name, "refused") == 0 &&
	    (strcmp(p->value, "true") == 0 || strcmp(p->value, "false") == 0))
		jw_bool(w, p->name, strcmp(p->value, "true") == 0);
	else
		jw_str(w, p->name, p->value);
	return true;
}

bool requests_wanted(struct rq *rq, struct journal_wanted *want)
{
	const struct json *members;
	struct http_pair *pair;
	struct buf b;
	struct jw w = {.b = &b};
	size_t n;

	*want = (struct journal_wanted){.limit = LIMIT};
	buf_init(&b, rq->arena);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	jw_open(&w, NULL, '{');
	for (size_t i = 0; i < n; i++)
		if (!read_one(rq, &pair[i], want, &w))
			return false;
	jw_close(&w);
	members = json_parse(rq->arena, b.p, b.len, &rq->err);
	if (members == NULL)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", NULL,
			       "A parameter was sent twice.");
	want->match = match_read(rq, rq->arena, members, "");
	if (want->limit > LIMIT_MAX)
		want->limit = LIMIT_MAX;
	return want->match != NULL;
}

bool admin_requests(struct rq *rq)
{
	const struct journal *j = admin_of(rq)->journal;
	struct jw w = {.b = &rq->out};
	struct journal_wanted want;
	struct seen s;
	size_t n;
	int64_t next;

	if (!requests_wanted(rq, &want))
		return false;
	next = want.since;
	n = journal_kept(j);
	jw_open(&w, NULL, '{');
	jw_open(&w, "requests", '[');
	for (size_t i = 0; i < n && want.limit > 0; i++) {
		journal_at(j, want.newest_first ? n - 1 - i : i, &s);
		if (s.seq > next)
			next = s.seq;
		if (s.seq <= want.since || !match_is(want.match, &s))
			continue;
		seen_write(&w, j, &s, false);
		want.limit--;
	}
	jw_close(&w);
	jw_int(&w, "next", next);
	jw_int(&w, "dropped", journal_dropped(j));
	jw_close(&w);
	return reply_json(rq, 200);
}

bool request_find(struct rq *rq, const char *id, struct seen *out)
{
	const struct journal *j = admin_of(rq)->journal;
	const bool latest = strcmp(id, "latest") == 0;

	for (size_t i = journal_kept(j); i > 0; i--) {
		journal_at(j, i - 1, out);
		if (latest ? strcmp(out->kind, "control") != 0
			   : strcmp(out->id, id) == 0)
			return true;
	}
	return err_set(&rq->err, ERR_NOT_FOUND, "unknown_request", "/id",
		       "The journal has no request \"%.64s\" (any more).", id);
}

bool admin_request(struct rq *rq)
{
	const char *id = rq_param(rq, "id"), *as = strrchr(id, '.');
	struct jw w = {.b = &rq->out};
	struct seen s;

	if (as != NULL &&
	    (strcmp(as, ".curl") == 0 || strcmp(as, ".http") == 0))
		id = arena_strndup(rq->arena, id, (size_t)(as - id));
	else
		as = NULL;
	if (!request_find(rq, id, &s))
		return false;
	if (as != NULL)
		return replay(rq, &s, as);
	seen_write(&w, admin_of(rq)->journal, &s, true);
	return reply_json(rq, 200);
}

bool admin_requests_delete(struct rq *rq)
{
	journal_clear(admin_of(rq)->journal);
	return rq_reply(rq, 204, NULL);
}
