/* SPDX-License-Identifier: Apache-2.0
 *
 * faults: what the server does wrong because somebody asked for it.
 *
 * A rule says which requests (match) and what happens to them (action), how
 * often and when. Each request has one fault at most: the oldest armed rule
 * that it matches and whose action fits it. Rules that answer in the server's
 * place, or change what the handler does, are asked before it (admin_fault);
 * those that change the answer or its way are asked of the answer
 * (admin_amend), and so are those that ask how it was answered. A firing is
 * told in the header X-Mock-Fault and in the journal, so that nobody takes it
 * for the real thing.
 *
 * A rule that has done its work is disarmed and stays, to be looked at, until
 * it is deleted or FAULTS_MAX newer ones are there. Rules are in memory, in an
 * arena each; nothing is done for a request while none is armed.
 *
 * Dice are the rule's own, so that what one rule does does not depend on
 * another one's requests.
 *
 * Facts: stand-in.md 4.4, 7, 8; contracts.md section 3.
 */
#include "admin/fault_int.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct faults *faults_new(void)
{
	struct faults *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	f->last = &f->first;
	return f;
}

/* ---- the list ------------------------------------------------------- */

static void count(struct faults *f)
{
	f->armed = 0;
	f->wants = 0;
	for (const struct rule *r = f->first; r; r = r->next) {
		f->armed += r->armed;
		f->wants |= r->armed ? match_wants(r->match) : 0;
	}
}

/* Takes away those of whom gone says so; returns how many. */
static size_t sweep(struct faults *f,
		    bool (*gone)(const struct rule *r, const void *what),
		    const void *what)
{
	struct rule **at = &f->first;
	size_t n = 0;

	f->last = at;
	while (*at) {
		struct rule *r = *at;

		if (!gone(r, what)) {
			at = &r->next;
			f->last = at;
			continue;
		}
		*at = r->next;
		arena_free(r->arena);
		n++;
	}
	f->n -= n;
	f->under = NULL;
	count(f);
	return n;
}

static bool all(const struct rule *r, const void *what)
{
	(void)r;
	(void)what;
	return true;
}

static bool about(const struct rule *r, const void *patient)
{
	return match_about(r->match, patient);
}

static bool is(const struct rule *r, const void *id)
{
	return strcmp(r->id, id) == 0;
}

void faults_clear(struct faults *f, const char *patient)
{
	sweep(f, patient ? about : all, patient);
	if (!patient)
		f->given = 0;
}

/* What was going to be answered is of a world that is gone. */
static bool after_reset(struct rq *late, void *patient)
{
	const struct action outage = {.status = 503, .does = DOES_REPLACE};

	if (patient && !(late->grant && text_is(late->grant->patient, patient)))
		return false;
	fault_replace(late, &outage);
	rq_header_text(late, "X-Mock-Reset", "true");
	return true;
}

void faults_flush(struct rq *rq, const char *patient)
{
	http_flush_delayed(rq, after_reset,
			   patient ? arena_strdup(rq->arena, patient) : NULL);
}

void faults_free(struct faults *f)
{
	if (f == NULL)
		return;
	faults_clear(f, NULL);
	free(f);
}

/* The oldest one that is of no use any more; false: all are armed. */
static bool make_room(struct faults *f)
{
	for (const struct rule *r = f->first; r; r = r->next)
		if (!r->armed)
			return sweep(f, is, r->id) > 0;
	return false;
}

static void disarm(struct faults *f, struct rule *r)
{
	r->armed = false;
	count(f);
}

/* ---- dice ----------------------------------------------------------- */

/* splitmix64: [0, 1) */
static double roll(struct rule *r)
{
	uint64_t z = r->dice += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1.0p-53;
}

/* Box and Muller */
static double normal(struct rule *r)
{
	const double u = 1 - roll(r), v = roll(r);

	return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

int64_t fault_delay(struct rule *r, const struct action *x)
{
	double ms = x->delay_a;

	if (x->delay == DELAY_NONE)
		return 0;
	if (x->delay == DELAY_UNIFORM)
		ms += (x->delay_b - x->delay_a) * roll(r);
	if (x->delay == DELAY_LOGNORMAL)
		ms *= exp(x->delay_b * normal(r));
	return ms < (double)DELAY_MS_MAX ? (int64_t)ms : DELAY_MS_MAX;
}

/* ---- choosing ------------------------------------------------------- */

static bool is_armed(struct faults *f, struct rule *r, int64_t now_ms)
{
	if (r->armed && r->ends_ms >= 0 && now_ms >= r->ends_ms)
		disarm(f, r);
	return r->armed;
}

static const struct action *next_action(const struct rule *r)
{
	return &r->action[r->fired % (int64_t)r->actions];
}

/* Is it done before the handler runs? */
static bool comes_before(const struct rule *r, const struct action *x)
{
	const unsigned early = DOES_TOKEN | DOES_TWIST;

	if (match_wants(r->match) & MATCH_ANSWER)
		return false;
	if (x->does == 0 || (x->does & early))
		return true;
	return (x->does & (DOES_REPLACE | DOES_DROP)) && !x->commit_first;
}

static bool is_nth(const struct rule *r, int64_t n)
{
	for (size_t i = 0; i < r->nths; i++)
		if (r->nth[i] == n)
			return true;
	return r->nths == 0;
}

/* The request matches: is it its turn? */
static bool due(struct rule *r)
{
	const int64_t n = ++r->matched - r->after;

	return n > 0 && is_nth(r, n) && (r->every == 0 || n % r->every == 0) &&
	       (r->probability < 0 || roll(r) < r->probability);
}

static void fire(struct faults *f, struct rule *r, struct rq *rq)
{
	r->fired++;
	r->note = NULL;
	memcpy(r->last, rq->id, sizeof(r->last));
	if (r->times >= 0 && r->fired >= r->times)
		disarm(f, r);
	f->under = rq;
	f->rule = r;
	if (f->action->does != 0)
		rq->fault = arena_strdup(rq->arena, r->id);
}

/* Of the rules that are asked now, the first that fires. */
static bool choose(struct faults *f, const struct admin *a, struct rq *rq,
		   bool before)
{
	struct seen s;

	fault_seen(rq, a, f->wants, &s);
	for (struct rule *r = f->first; r; r = r->next) {
		const struct action *x = next_action(r);

		if (!is_armed(f, r, s.at_ms) || (x->does & DOES_ALERT) ||
		    comes_before(r, x) != before)
			continue;
		if (match_wants(r->match) & MATCH_WHO)
			match_again(r->match, a->record->store, r->arena);
		if (!match_is(r->match, &s) || !fault_fits_request(rq, a, x) ||
		    (!before && !fault_fits_answer(rq, r, x)) || !due(r))
			continue;
		f->action = x;
		fire(f, r, rq);
		return true;
	}
	return false;
}

bool admin_fault(struct rq *rq, bool let, void *ctx)
{
	const struct admin *a = ctx;
	struct faults *f = a->faults;

	(void)let;
	f->under = NULL;
	if (f->armed == 0 || !choose(f, a, rq, true))
		return false;
	return fault_before(rq, a, f->action);
}

void admin_amend(struct rq *rq, void *ctx)
{
	const struct admin *a = ctx;
	struct faults *f = a->faults;

	if (f->under != rq && (f->armed == 0 || !choose(f, a, rq, false)))
		return;
	f->under = NULL;
	if (f->action->does != 0)
		fault_after(rq, f->rule, f->action);
}

int faults_alert(struct admin *a, const struct seen *s, const char **id)
{
	struct faults *f = a->faults;

	if (f->armed == 0)
		return 0;
	for (struct rule *r = f->first; r; r = r->next) {
		const struct action *x = next_action(r);

		if (!is_armed(f, r, s->at_ms) || !(x->does & DOES_ALERT) ||
		    !match_is(r->match, s) || !due(r))
			continue;
		r->fired++;
		if (r->times >= 0 && r->fired >= r->times)
			disarm(f, r);
		*id = r->id;
		return x->alert;
	}
	return 0;
}

/* ---- the control API ------------------------------------------------ */

static void write_rule(struct jw *w, const struct rule *r)
{
	char when[TIME_TEXT];

	jw_open(w, NULL, '{');
	jw_str(w, "id", r->id);
	for (const struct json *m = json_first(r->body); m; m = json_next(m))
		jw_value(w, json_name(m), m);
	jw_bool(w, "armed", r->armed);
	jw_int(w, "matched", r->matched);
	jw_int(w, "fired", r->fired);
	if (r->times >= 0)
		jw_int(w, "left", r->armed ? r->times - r->fired : 0);
	if (r->ends_ms >= 0) {
		time_finnish(when, r->ends_ms);
		jw_str(w, "until", when);
	}
	if (r->last[0] != '\0')
		jw_str(w, "last", r->last);
	jw_str(w, "note",
	       match_gave_up(r->match)
		   ? "an expression of match costs too much: it is not asked "
		     "any more"
		   : r->note);
	jw_close(w);
}

static struct rule *find(struct faults *f, const char *id)
{
	struct rule *r = f->first;

	while (r && strcmp(r->id, id) != 0)
		r = r->next;
	return r;
}

static bool unknown(struct rq *rq)
{
	return err_set(&rq->err, ERR_NOT_FOUND, "unknown_fault", "/id",
		       "There is no fault \"%.64s\".", rq_param(rq, "id"));
}

static void add(struct faults *f, struct rule *r)
{
	*f->last = r;
	f->last = &r->next;
	f->n++;
	count(f);
}

/* Dice fall by the seed, for each citizen as if there were no other. */
static void arm(struct admin *a, struct rule *r)
{
	const struct json *match = json_get(r->body, "match");
	const char *hetu = json_get_text(match, "hetu");
	const struct chance chance = {
	    .purpose = "fault",
	    .citizen = hetu ? hetu : json_get_text(match, "patient")};

	snprintf(r->id, sizeof(r->id), "f%lld", (long long)++a->faults->given);
	if (r->ttl_ms >= 0)
		r->ends_ms = record_now_ms(a->record) + r->ttl_ms;
	record_random(a->record, &chance, &r->dice, sizeof(r->dice));
	add(a->faults, r);
}

/* ---- snapshots ------------------------------------------------------ */

/* Another one of the same words, as far as it has come. */
static struct rule *again(struct rq *rq, const struct rule *r)
{
	struct rule *twin = fault_rule(rq, r->body);

	assert(twin); /* it was read before */
	memcpy(twin->id, r->id, sizeof(twin->id));
	memcpy(twin->last, r->last, sizeof(twin->last));
	twin->ends_ms = r->ends_ms;
	twin->dice = r->dice;
	twin->armed = r->armed;
	twin->matched = r->matched;
	twin->fired = r->fired;
	return twin;
}

struct faults *faults_copy(struct rq *rq, const struct faults *from)
{
	struct faults *f = faults_new();

	for (const struct rule *r = from->first; r; r = r->next)
		add(f, again(rq, r));
	return f;
}

void faults_restore(struct rq *rq, struct faults *f, const struct faults *from)
{
	sweep(f, all, NULL);
	for (const struct rule *r = from->first; r; r = r->next)
		add(f, again(rq, r));
}

/* ---- the control API, again ----------------------------------------- */

void faults_write(struct jw *w, struct faults *f, int64_t now_ms)
{
	int64_t armed = 0;

	jw_open(w, "faults", '{');
	jw_open(w, "ids", '[');
	for (struct rule *r = f->first; r; r = r->next) {
		if (!is_armed(f, r, now_ms))
			continue;
		jw_str(w, NULL, r->id);
		armed++;
	}
	jw_close(w);
	jw_int(w, "armed", armed);
	jw_close(w);
}

bool admin_fault_post(struct rq *rq)
{
	struct admin *a = admin_of(rq);
	struct jw w = {.b = &rq->out};
	const struct json *body;
	struct rule *r;

	if (!body_object(rq, &body))
		return false;
	if (a->faults->n >= FAULTS_MAX && !make_room(a->faults))
		return err_set(&rq->err, ERR_CONFLICT, "too_many", NULL,
			       "%d faults are armed: delete some first.",
			       FAULTS_MAX);
	r = fault_rule(rq, body);
	if (!r)
		return false;
	arm(a, r);
	write_rule(&w, r);
	return reply_json(rq, 201);
}

bool admin_faults(struct rq *rq)
{
	struct admin *a = admin_of(rq);
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_open(&w, "faults", '[');
	for (struct rule *r = a->faults->first; r; r = r->next) {
		(void)is_armed(a->faults, r, record_now_ms(a->record));
		write_rule(&w, r);
	}
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_fault_get(struct rq *rq)
{
	struct admin *a = admin_of(rq);
	struct rule *r = find(a->faults, rq_param(rq, "id"));
	struct jw w = {.b = &rq->out};

	if (!r)
		return unknown(rq);
	(void)is_armed(a->faults, r, record_now_ms(a->record));
	write_rule(&w, r);
	return reply_json(rq, 200);
}

bool admin_fault_delete(struct rq *rq)
{
	if (sweep(admin_of(rq)->faults, is, rq_param(rq, "id")) == 0)
		return unknown(rq);
	return rq_reply(rq, 204, NULL);
}

/* All of them, or ?hetu= and ?patient= those about that citizen alone. */
bool admin_faults_delete(struct rq *rq)
{
	struct faults *f = admin_of(rq)->faults;
	struct store_citizen c;
	struct http_pair *pair;
	size_t n;

	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	if (n == 0)
		sweep(f, all, NULL);
	for (size_t i = 0; i < n; i++) {
		struct nearest near = {.word = pair[i].name};

		c.patient = pair[i].value;
		if (strcmp(near.word, "hetu") == 0 &&
		    !citizen_get(rq, pair[i].value, &c))
			return false;
		nearest_try(&near, "hetu");
		nearest_try(&near, "patient");
		if (!near.best || near.edits > 0)
			return refuse_unknown(rq, &near);
		sweep(f, about, c.patient);
	}
	return rq_reply(rq, 204, NULL);
}
