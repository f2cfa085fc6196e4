/* SPDX-License-Identifier: Apache-2.0
 *
 * count: how often was something asked, and has it been asked by now?
 *
 *	POST /requests/count {"match": {"type": "Observation", "status": 201}}
 *	POST /requests/wait  {"match": {…}, "count": 2, "timeout_ms": 5000}
 *
 * A question is a match, or several that have to come one behind the other
 * ("in_order", beside members that hold for each of them); then what is counted
 * is how often the whole sequence came. Where nothing was found, the answer
 * tells what was nearest, and what about it was different: the entries in which
 * the most members match.
 *
 * What is not in the journal any more cannot be counted: then the answer is not
 * "complete", so that nobody takes a part for the whole; nor is it when an
 * expression costs so much that it was given up.
 *
 * A wait is answered at once when it is satisfied, else with the request that
 * satisfies it; entries are looked at once each. When the time is over the
 * answer is 408, with what was nearest.
 *
 * Facts: stand-in.md 5; contracts.md section 3.
 */
#include "admin/admin_int.h"

#include <string.h>

#define NEAR	    3
#define STEPS	    20
#define SHOWN	    100 /* entries in the answer to a wait */
#define TIMEOUT_MS  5000
#define TIMEOUT_MAX 600000
#define COUNT_MAX   1000000

struct question {
	struct match *all;	   /* each entry */
	struct match *step[STEPS]; /* of a sequence */
	size_t steps;		   /* 0: none */
	int64_t since, want, timeout_ms;
	/* What was found so far. */
	int64_t looked; /* up to that number */
	int64_t count;
	size_t at; /* step that is next */
	bool lost; /* entries went before they were looked at */
	int64_t found[SHOWN];
	size_t founds;
};

/* ---- reading ----------------------------------------------------------- */

static bool read_steps(struct rq *rq, const struct json *list,
		       const char *where, struct question *q)
{
	if (list == NULL || json_kind(list) == JSON_NULL)
		return true;
	if (json_kind(list) != JSON_ARRAY || json_count(list) == 0 ||
	    json_count(list) > STEPS)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", where,
			       "\"in_order\" must be a list of 1 to %d "
			       "matches.",
			       STEPS);
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		const char *at =
		    arena_printf(rq->arena, "%s/%zu", where, q->steps);

		q->step[q->steps] = match_read(rq, rq->arena, v, at);
		if (q->step[q->steps++] == NULL)
			return false;
	}
	return true;
}

static bool read_match(struct rq *rq, const struct json *v, const char *where,
		       struct question *q)
{
	static const char *const others[] = {"in_order", NULL};

	q->all = match_read_but(rq, rq->arena, v, where, others);
	return q->all != NULL &&
	       read_steps(rq, json_get(v, "in_order"),
			  arena_cat(rq->arena, where, "/in_order", NULL), q);
}

static bool read_limits(struct rq *rq, const struct json *body,
			struct question *q)
{
	const struct {
		const char *name;
		int64_t *to, most;
	} counts[] = {{"count", &q->want, COUNT_MAX},
		      {"timeout_ms", &q->timeout_ms, TIMEOUT_MAX}};

	q->since = member_count(body, "since", 0);
	for (size_t i = 0; i < LEN(counts); i++) {
		*counts[i].to =
		    member_count(body, counts[i].name, *counts[i].to);
		if (*counts[i].to <= counts[i].most)
			continue;
		return err_set(&rq->err, ERR_INVALID, "invalid_value",
			       arena_cat(rq->arena, "/", counts[i].name, NULL),
			       "\"%s\" must not be more than %lld.",
			       counts[i].name, (long long)counts[i].most);
	}
	return true;
}

static const struct member asked[] = {
    {"match", MEMBER_OBJECT, false},	 {"in_order", MEMBER_LIST, false},
    {"since", MEMBER_COUNT, false},	 {"count", MEMBER_COUNT, false},
    {"timeout_ms", MEMBER_COUNT, false},
};

const struct body requests_count_body = {asked, 3, NULL};
const struct body requests_wait_body = BODY_OF(asked);

/* waits: a count and a time belong to it. */
static struct question *read_question(struct rq *rq, bool waits)
{
	struct question *q = arena_alloc(rq->arena, sizeof(*q));
	const struct json *body;

	*q = (struct question){.want = 1, .timeout_ms = TIMEOUT_MS};
	if (!body_read(rq, waits ? &requests_wait_body : &requests_count_body,
		       &body) ||
	    !read_match(rq, json_get(body, "match"), "/match", q) ||
	    !read_limits(rq, body, q))
		return NULL;
	if (json_get(body, "in_order") != NULL && q->steps > 0) {
		err_set(&rq->err, ERR_INVALID, "invalid_value", "/in_order",
			"\"in_order\" stands in \"match\" already.");
		return NULL;
	}
	if (!read_steps(rq, json_get(body, "in_order"), "/in_order", q))
		return NULL;
	q->looked = q->since;
	return q;
}

/* ---- asking ------------------------------------------------------------ */

static void found(struct question *q, const struct seen *s)
{
	if (q->founds < SHOWN)
		q->found[q->founds++] = s->seq;
}

static void look(struct question *q, const struct seen *s)
{
	q->looked = s->seq;
	if (!match_is(q->all, s))
		return;
	if (q->steps > 0 && !match_is(q->step[q->at], s))
		return;
	found(q, s);
	if (q->steps > 0 && ++q->at < q->steps)
		return;
	q->at = 0;
	q->count++;
}

/* At all that came since it was done last. */
static void look_on(struct rq *rq, struct question *q)
{
	const struct journal *j = admin_of(rq)->journal;
	struct seen s;

	match_again(q->all, store_of(rq), rq->arena);
	for (size_t i = 0; i < q->steps; i++)
		match_again(q->step[i], store_of(rq), rq->arena);
	q->lost = q->lost || journal_lost(j) > q->looked;
	for (size_t i = journal_behind(j, q->looked); journal_at(j, i, &s); i++)
		look(q, &s);
}

/* ---- what was nearest --------------------------------------------------- */

struct candidate {
	int64_t seq;
	size_t score; /* and among equals, what is told of the rest */
};

/* What does not match, in how many of how many members. */
struct misses {
	size_t score, of, told; /* told: what is there instead */
	struct match_difference *d[2];
	size_t n[2];
};

/* Of a sequence: also of the step that did not come. */
static struct misses misses(const struct question *q, const struct seen *s,
			    struct arena *a)
{
	const struct match *m[] = {q->all,
				   q->steps > 0 ? q->step[q->at] : NULL};
	struct misses out = {.score = 0};

	for (int i = 0; i < 2 && m[i]; i++) {
		size_t of;

		out.score += match_score(m[i], s, a, &of, &out.d[i], &out.n[i]);
		out.of += of;
		for (size_t k = 0; k < out.n[i]; k++)
			out.told += *out.d[i][k].actual != '\0';
	}
	return out;
}

static void rank(struct candidate best[NEAR], size_t *n,
		 const struct candidate *c)
{
	size_t at = *n;

	while (at > 0 && best[at - 1].score < c->score)
		at--;
	if (at == NEAR)
		return;
	if (*n < NEAR)
		(*n)++;
	for (size_t i = *n - 1; i > at; i--)
		best[i] = best[i - 1];
	best[at] = *c;
}

/* The newest first, among equals. */
static size_t nearest(const struct rq *rq, const struct question *q,
		      struct candidate best[NEAR])
{
	const struct journal *j = admin_of(rq)->journal;
	struct arena *scrap = arena_new(0);
	size_t n = 0;
	struct seen s;

	for (size_t i = journal_kept(j); i > 0; i--) {
		struct candidate c;
		struct misses m;

		journal_at(j, i - 1, &s);
		if (s.seq <= q->since)
			break;
		arena_clear(scrap);
		m = misses(q, &s, scrap);
		c = (struct candidate){s.seq, m.score * 1000 + m.told};
		if (m.score > 0)
			rank(best, &n, &c);
	}
	arena_free(scrap);
	return n;
}

static void write_differences(struct jw *w, const struct misses *m)
{
	jw_open(w, "differences", '[');
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < m->n[side]; i++) {
			const struct match_difference *d = &m->d[side][i];

			jw_open(w, NULL, '{');
			jw_str(w, "field", d->field);
			jw_str(w, "expected", d->expected);
			jw_str(w, "actual", d->actual);
			jw_close(w);
		}
	jw_close(w);
}

static void write_near_one(struct jw *w, struct rq *rq,
			   const struct question *q, int64_t seq)
{
	const struct journal *j = admin_of(rq)->journal;
	struct misses m;
	struct seen s;

	journal_at(j, journal_behind(j, seq - 1), &s);
	m = misses(q, &s, rq->arena);
	jw_open(w, NULL, '{');
	jw_str(w, "id", s.id);
	jw_int(w, "seq", s.seq);
	jw_str(w, "method", s.method);
	jw_str(w, "path", s.path);
	jw_int(w, "status", s.status);
	jw_int(w, "score", (int64_t)m.score);
	jw_int(w, "of", (int64_t)m.of);
	write_differences(w, &m);
	jw_close(w);
}

static void write_near(struct jw *w, struct rq *rq, const struct question *q)
{
	struct candidate best[NEAR];
	const size_t n = nearest(rq, q, best);

	jw_open(w, "near", '[');
	for (size_t i = 0; i < n; i++)
		write_near_one(w, rq, q, best[i].seq);
	jw_close(w);
}

static bool gave_up(const struct question *q)
{
	bool some = match_gave_up(q->all);

	for (size_t i = 0; i < q->steps; i++)
		some = some || match_gave_up(q->step[i]);
	return some;
}

static void write_count(struct jw *w, struct rq *rq, const struct question *q)
{
	const struct journal *j = admin_of(rq)->journal;

	jw_int(w, "count", q->count);
	if (q->steps > 0)
		jw_int(w, "step", (int64_t)q->at);
	jw_bool(w, "complete", !q->lost && !gave_up(q));
	jw_int(w, "next", q->looked);
	jw_int(w, "dropped", journal_dropped(j));
}

/* ---- the calls ----------------------------------------------------------- */

bool admin_requests_count(struct rq *rq)
{
	struct jw w = {.b = &rq->out};
	struct question *q = read_question(rq, false);

	if (q == NULL)
		return false;
	look_on(rq, q);
	jw_open(&w, NULL, '{');
	write_count(&w, rq, q);
	if (q->count == 0)
		write_near(&w, rq, q);
	jw_close(&w);
	return reply_json(rq, 200);
}

static bool reply_found(struct rq *rq, const struct question *q)
{
	const struct journal *j = admin_of(rq)->journal;
	struct jw w = {.b = &rq->out};
	struct seen s;

	jw_open(&w, NULL, '{');
	write_count(&w, rq, q);
	jw_open(&w, "requests", '[');
	for (size_t i = 0; i < q->founds; i++)
		if (journal_at(j, journal_behind(j, q->found[i] - 1), &s) &&
		    s.seq == q->found[i])
			seen_write(&w, j, &s, false);
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

static bool reply_late(struct rq *rq, const struct question *q)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_open(&w, "error", '{');
	jw_str(&w, "code", "timeout");
	jw_str(&w, "message",
	       arena_printf(rq->arena,
			    "%lld of the %lld awaited came within %lld ms.",
			    (long long)q->count, (long long)q->want,
			    (long long)q->timeout_ms));
	jw_str(&w, "where", "/timeout_ms");
	jw_close(&w);
	write_count(&w, rq, q);
	write_near(&w, rq, q);
	jw_close(&w);
	return reply_json(rq, 408);
}

static bool again(struct rq *rq, bool late, void *state)
{
	struct question *q = state;

	look_on(rq, q);
	if (q->count >= q->want)
		return reply_found(rq, q);
	return late && reply_late(rq, q);
}

bool admin_requests_wait(struct rq *rq)
{
	struct question *q = read_question(rq, true);

	if (q == NULL)
		return false;
	return again(rq, false, q) || rq_wait(rq, q->timeout_ms, again, q);
}
