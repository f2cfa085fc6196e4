/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the body of POST /faults: the rule around its actions. Each object is
 * a table of members with a reader each, which is its documentation, too.
 *
 * When a rule fires is counted in requests that match. Of those, "after" let
 * the first ones pass; "nth" and "every" choose among the rest by number, and
 * "probability" by dice. Then it fires, "times" times: the actions of a
 * sequence one after another. They may stand in the match as well, as
 * stand-in.md 4.4 lists them there.
 *
 * A rule lives in an arena of its own, from the request that brought it until
 * it is deleted.
 */
#include "admin/fault_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jose/jose.h"

#define TIMES_MAX 1000000000
#define TTL_S_MAX 31536000.0 /* a year */
#define NAME_MAX  64

/* ---- values --------------------------------------------------------- */

bool fault_wrong(struct fault_reading *in, const char *must)
{
	return err_set(&in->rq->err, ERR_INVALID, "invalid_value", in->where,
		       "\"%s\" must be %s.", in->name, must);
}

bool fault_number(struct fault_reading *in, const struct json *v, int64_t lo,
		  int64_t hi, int64_t *out)
{
	char must[80];
	bool ok = json_kind(v) == JSON_NUMBER && json_len(v) <= 12 &&
		  strspn(json_text(v), "-0123456789") == json_len(v);

	*out = ok ? strtoll(json_text(v), NULL, 10) : 0;
	if (ok && *out >= lo && *out <= hi)
		return true;
	snprintf(must, sizeof(must), "a whole number from %lld to %lld",
		 (long long)lo, (long long)hi);
	return fault_wrong(in, must);
}

bool fault_decimal(struct fault_reading *in, const struct json *v, double lo,
		   double hi, double *out)
{
	char must[80];
	bool ok = json_kind(v) == JSON_NUMBER && json_len(v) <= 24;

	*out = ok ? strtod(json_text(v), NULL) : 0;
	if (ok && *out >= lo && *out <= hi)
		return true;
	snprintf(must, sizeof(must), "a number from %g to %g", lo, hi);
	return fault_wrong(in, must);
}

bool fault_text(struct fault_reading *in, const struct json *v,
		const char **out)
{
	if (json_kind(v) != JSON_STRING)
		return fault_wrong(in, "a string");
	*out = arena_strdup(in->arena, json_text(v));
	return true;
}

bool fault_truth(struct fault_reading *in, const struct json *v, bool *out)
{
	*out = json_kind(v) == JSON_TRUE;
	return *out || json_kind(v) == JSON_FALSE ||
	       fault_wrong(in, "true or false");
}

bool fault_word(struct fault_reading *in, const struct json *v,
		const char *const *words, size_t *out)
{
	struct nearest near = {.word = ""};

	if (json_kind(v) != JSON_STRING)
		return fault_wrong(in, "a string");
	near.word = json_text(v);
	for (*out = 0; words[*out]; (*out)++) {
		if (strcmp(words[*out], near.word) == 0)
			return true;
		nearest_try(&near, words[*out]);
	}
	return err_set(&in->rq->err, ERR_INVALID, "invalid_value", in->where,
		       "\"%s\" is never \"%.64s\"%s", in->name, near.word,
		       nearest_hint(&near, in->rq->arena));
}

/* ---- tables --------------------------------------------------------- */

static const struct part *find(struct fault_reading *in,
			       const struct part *parts, size_t n,
			       const char *name)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < n; i++) {
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
		nearest_try(&near, parts[i].name);
	}
	admin_unknown(in->rq, &near,
		      json_pointer_step(in->rq->arena, in->where, name));
	return NULL;
}

bool fault_parts(struct fault_reading *in, const struct part *parts, size_t n,
		 const struct json *v)
{
	if (json_kind(v) != JSON_OBJECT)
		return fault_wrong(in, "an object");
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		const struct part *p = find(in, parts, n, json_name(m));
		struct fault_reading sub = *in;

		if (!p)
			return false;
		sub.where =
		    json_pointer_step(in->rq->arena, in->where, p->name);
		sub.name = p->name;
		if (json_kind(m) != JSON_NULL && !p->read(&sub, m))
			return false;
	}
	return true;
}

/* ---- the rule ------------------------------------------------------- */

static bool read_times(struct fault_reading *in, const struct json *v)
{
	return fault_number(in, v, 1, TIMES_MAX, &in->rule->times);
}

static bool read_after(struct fault_reading *in, const struct json *v)
{
	return fault_number(in, v, 0, TIMES_MAX, &in->rule->after);
}

static bool read_every(struct fault_reading *in, const struct json *v)
{
	return fault_number(in, v, 1, TIMES_MAX, &in->rule->every);
}

static bool read_nth(struct fault_reading *in, const struct json *v)
{
	struct rule *r = in->rule;

	if (r->nths > 0)
		return fault_wrong(in, "said once: in match, or beside it");
	if (json_kind(v) == JSON_NUMBER)
		return fault_number(in, v, 1, TIMES_MAX, &r->nth[r->nths++]);
	if (json_kind(v) != JSON_ARRAY || json_count(v) == 0 ||
	    json_count(v) > FAULT_LIST)
		return fault_wrong(in, "a number, or a list of 1 to 20");
	for (const struct json *x = json_first(v); x; x = json_next(x))
		if (!fault_number(in, x, 1, TIMES_MAX, &r->nth[r->nths++]))
			return false;
	return true;
}

static bool read_probability(struct fault_reading *in, const struct json *v)
{
	return fault_decimal(in, v, 0, 1, &in->rule->probability);
}

static bool read_ttl(struct fault_reading *in, const struct json *v)
{
	double s;

	if (!fault_decimal(in, v, 0.001, TTL_S_MAX, &s))
		return false;
	in->rule->ttl_ms = (int64_t)(s * 1000);
	return true;
}

static bool read_name(struct fault_reading *in, const struct json *v)
{
	return fault_text(in, v, &in->rule->name) &&
	       (strlen(in->rule->name) <= NAME_MAX ||
		fault_wrong(in, "at most 64 bytes long"));
}

static const struct part counting[] = {
    {"nth", "a number, or a list of them",
     "only the 2nd and the 5th, say, of the requests that match", read_nth},
    {"every", "a number", "each third, say, of them", read_every},
    {"probability", "0 to 1", "by dice (of --seed)", read_probability},
};

static bool read_match(struct fault_reading *in, const struct json *v)
{
	static const char *const ours[] = {"nth", "every", "probability", NULL};
	struct rule *r = in->rule;

	r->match = match_read_but(in->rq, in->arena, v, in->where, ours);
	if (!r->match)
		return false;
	for (size_t i = 0; i < LEN(counting); i++) {
		const struct json *m = json_get(v, counting[i].name);
		struct fault_reading sub = *in;

		sub.name = counting[i].name;
		sub.where =
		    json_pointer_step(in->rq->arena, in->where, sub.name);
		if (m && json_kind(m) != JSON_NULL &&
		    !counting[i].read(&sub, m))
			return false;
	}
	return true;
}

static bool some_action(struct fault_reading *in)
{
	struct rule *r = in->rule;

	r->action = arena_alloc(in->arena, ACTIONS_MAX * sizeof(*r->action));
	r->actions = 0;
	return true;
}

static bool add_action(struct fault_reading *in, const struct json *v)
{
	struct rule *r = in->rule;

	in->action = &r->action[r->actions++];
	return fault_action(in, v);
}

static bool read_actions(struct fault_reading *in, const struct json *v)
{
	const char *where = in->where;
	char number[24];
	size_t i = 0;

	if (in->rule->actions > 0)
		return fault_wrong(in, "alone: action is there, too");
	if (json_kind(v) != JSON_ARRAY || json_count(v) == 0 ||
	    json_count(v) > ACTIONS_MAX)
		return fault_wrong(in, "a list of 1 to 50 actions");
	some_action(in);
	for (const struct json *x = json_first(v); x; x = json_next(x), i++) {
		snprintf(number, sizeof(number), "%zu", i);
		in->where = json_pointer_step(in->rq->arena, where, number);
		if (!add_action(in, x))
			return false;
	}
	return true;
}

static bool read_action(struct fault_reading *in, const struct json *v)
{
	const struct json *sequence = json_get(v, "sequence");

	if (in->rule->actions > 0)
		return fault_wrong(in, "alone: actions are there, too");
	if (sequence && json_count(v) == 1) {
		in->where =
		    json_pointer_step(in->rq->arena, in->where, "sequence");
		in->name = "sequence";
		return read_actions(in, sequence);
	}
	some_action(in);
	return add_action(in, v) &&
	       (in->action->does != 0 ||
		fault_wrong(in, "an object that says what is to happen"));
}

static const struct part members[] = {
    {"match", "an object", "which requests; none: all of them", read_match},
    {"action", "an object, or a name",
     "what happens to them; {\"sequence\": [...]} is as actions", read_action},
    {"actions", "a list of objects",
     "one after another, {} for nothing: then the rule disarms, unless times "
     "says more",
     read_actions},
    {"times", "a number", "how often it fires; not said: always", read_times},
    {"after", "a number", "so many of the requests that match pass first",
     read_after},
    {"nth", "a number, or a list of them", "as in match", read_nth},
    {"every", "a number", "as in match", read_every},
    {"probability", "0 to 1", "as in match", read_probability},
    {"ttl_s", "a number", "it disarms after so many seconds of the clock",
     read_ttl},
    {"name", "a string", "for people", read_name},
};

bool fault_counting_member(size_t i, struct member_told *out)
{
	if (i >= LEN(counting))
		return false;
	*out = (struct member_told){counting[i].name, counting[i].type,
				    counting[i].what};
	return true;
}

bool fault_member(size_t i, struct member_told *out)
{
	if (i >= LEN(members))
		return false;
	*out = (struct member_told){members[i].name, members[i].type,
				    members[i].what};
	return true;
}

/* ---- what goes together --------------------------------------------- */

/* What is asked of the answer comes too late for what is done before it. */
static bool in_time(struct rq *rq, const struct rule *r, const struct action *x)
{
	const unsigned early = DOES_TOKEN | DOES_TWIST;

	return !(match_wants(r->match) & MATCH_ANSWER) || !(x->does & early) ||
	       err_set(&rq->err, ERR_INVALID, "contradiction", "/action",
		       "status, outcome_code, refused and fault are known "
		       "when the request has been answered; this action "
		       "comes before that.");
}

/* A handshake has nothing else to be matched by. */
static bool of_handshake(struct rq *rq, const struct rule *r,
			 const struct action *x)
{
	static const char *const there[] = {"kind", "since", "certificate",
					    NULL};

	return !(x->does & DOES_ALERT) || match_within(r->match, there) ||
	       err_set(&rq->err, ERR_INVALID, "contradiction", "/match",
		       "tls_alert comes before there is a request: of the "
		       "members of match only certificate and since can be "
		       "asked.");
}

static bool check(struct rq *rq, struct rule *r)
{
	if (r->actions == 0)
		return err_set(&rq->err, ERR_INVALID, "missing_member",
			       "/action", "\"action\" is missing.");
	if (!r->match)
		r->match = match_read(rq, r->arena, NULL, "/match");
	if (r->actions > 1 && r->times < 0)
		r->times = (int64_t)r->actions;
	for (size_t i = 0; i < r->actions; i++)
		if (!in_time(rq, r, &r->action[i]) ||
		    !of_handshake(rq, r, &r->action[i]))
			return false;
	return true;
}

struct rule *fault_rule(struct rq *rq, const struct json *body)
{
	struct arena *a = arena_new(0);
	struct rule *r = arena_alloc(a, sizeof(*r));
	struct fault_reading in = {
	    .rq = rq, .arena = a, .where = "", .name = "body", .rule = r};
	struct err never;
	const char *text;
	size_t n;

	*r = (struct rule){.arena = a,
			   .times = -1,
			   .probability = -1,
			   .ttl_ms = -1,
			   .ends_ms = -1,
			   .armed = true};
	text = json_source(body, &n);
	r->body = json_parse(a, arena_strndup(a, text, n), n, &never);
	if (fault_parts(&in, members, LEN(members), r->body) && check(rq, r))
		return r;
	arena_free(a);
	return NULL;
}
