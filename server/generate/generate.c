/* SPDX-License-Identifier: Apache-2.0
 *
 * generate: which plans, which citizens, which days, one resource after the
 * other.
 *
 * The order is by citizen, then by time. As no time leaves its day, a day at a
 * time is enough: the events of all plans on a day are gathered and sorted, and
 * a resource is made when it is asked for. So the memory that is needed does
 * not grow with the number of days, and the first resource is there at once.
 *
 * How many there will be is counted by asking every place of every day whether
 * something happens there, which costs some nanoseconds each; nothing is made.
 */
#include "generate/generate_int.h"

#include <stdlib.h>

#define FIRST_YEAR 1800

/* Where a run is. */
struct run {
	size_t citizen; /* index */
	int64_t day;	/* whose events are at hand */
	uint64_t *key;	/* of the citizen, for each plan */
	struct event *event;
	size_t n, next;
};

/* ---- plans -------------------------------------------------------------- */

bool generate_plan(struct arena *a, size_t i, struct generate_plan *out,
		   struct err *e)
{
	size_t n;
	struct plan *plans = gen_plans(a, &n, e);

	if (!plans || i >= n)
		return false;
	if (!gen_plan_open(a, &plans[i], e))
		return false;
	*out = plans[i].about;
	return true;
}

/* "bodyweight" of fiphr-sd-bodyweight and fiphr-bodyweight-stu3. */
static bool is_short(const struct plan *p, const char *name)
{
	static const char *const before[] = {"fiphr-sd-", "fiphr-"};
	static const char *const behind[] = {"", "-r4", "-stu3"};
	const size_t n = strlen(name);

	for (size_t i = 0; i < LEN(before); i++) {
		const size_t skip = strlen(before[i]);

		if (strncmp(p->name, before[i], skip) != 0 ||
		    strncmp(p->name + skip, name, n) != 0)
			continue;
		for (size_t k = 0; n > 0 && k < LEN(behind); k++)
			if (strcmp(p->name + skip + n, behind[k]) == 0)
				return true;
	}
	return false;
}

static bool named(const struct plan *p, const char *name)
{
	const size_t n = strcspn(name, "|");

	return strcmp(p->name, name) == 0 || is_short(p, name) ||
	       (strlen(p->about.profile) == n &&
		memcmp(p->about.profile, name, n) == 0);
}

static bool unknown(const struct plan *plans, size_t n, const char *name,
		    struct err *e)
{
	const char *last = strrchr(name, '/');
	struct nearest near = {.word = last ? last + 1 : name};

	for (size_t i = 0; i < n; i++)
		nearest_try(&near, plans[i].name);
	return err_set(e, ERR_INVALID, "unknown_profile", "profile",
		       "nothing is generated for the profile \"%.200s\"%s%s%s",
		       name, near.best ? "; did you mean " : "",
		       text_or_empty(near.best), near.best ? "?" : "");
}

/* Marks the plans that a name means. */
static bool choose(const struct plan *plans, size_t n, const char *name,
		   const struct generate_options *o, bool *chosen,
		   struct err *e)
{
	bool known = false, wanted = false;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, "all") != 0 && !named(&plans[i], name))
			continue;
		known = true;
		if (!o->fhir[plans[i].about.fhir])
			continue;
		chosen[i] = wanted = true;
	}
	if (!known)
		return unknown(plans, n, name, e);
	return wanted || err_set(e, ERR_INVALID, "fhir", "profile",
				 "the profile \"%.200s\" is of the other FHIR "
				 "version",
				 name);
}

static bool choose_all(struct generator *g, const struct plan *plans, size_t n,
		       bool *chosen, struct err *e)
{
	const struct generate_options *o = g->o;

	for (size_t i = 0; i < o->profile_count; i++)
		if (!choose(plans, n, o->profile[i], o, chosen, e))
			return false;
	return o->profile_count > 0 || choose(plans, n, "all", o, chosen, e);
}

static bool open_plans(struct generator *g, struct err *e)
{
	size_t n;
	struct plan *plans = gen_plans(g->arena, &n, e);
	bool *chosen;

	if (!plans)
		return false;
	chosen = arena_alloc(g->arena, n + 1);
	if (!choose_all(g, plans, n, chosen, e))
		return false;
	g->plan = arena_alloc(g->arena, (n + 1) * sizeof(*g->plan));
	for (size_t i = 0; i < n; i++) {
		if (!chosen[i])
			continue;
		g->plan[g->plan_count] = plans[i];
		if (!gen_plan_open(g->arena, &g->plan[g->plan_count], e))
			return false;
		g->plan_count++;
	}
	return true;
}

/* ---- a day -------------------------------------------------------------- */

static int by_time(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->time_ms != b->time_ms)
		return a->time_ms < b->time_ms ? -1 : 1;
	if (a->plan != b->plan)
		return a->plan < b->plan ? -1 : 1;
	return (int)a->place - (int)b->place;
}

static void begin_citizen(struct generator *g)
{
	struct run *r = g->run;

	r->day = g->first - 1;
	r->n = r->next = 0;
	if (r->citizen == g->o->citizen_count)
		return;
	for (size_t i = 0; i < g->plan_count; i++)
		r->key[i] = gen_citizen_key(g->o->seed, &g->plan[i],
					    &g->o->citizen[r->citizen]);
}

static bool is_made_for(const struct plan *p, size_t citizen)
{
	return !p->shared || citizen == 0;
}

static void gather(struct generator *g)
{
	struct run *r = g->run;
	const struct generate_citizen *c = &g->o->citizen[r->citizen];

	r->n = r->next = 0;
	for (size_t i = 0; i < g->plan_count; i++)
		for (unsigned k = 0; is_made_for(&g->plan[i], r->citizen) &&
				     k < g->plan[i].when_count;
		     k++)
			r->n += gen_event(&g->plan[i], c, r->key[i], r->day,
					  g->last, k, &r->event[r->n]);
	qsort(r->event, r->n, sizeof(*r->event), by_time);
}

/* The next event, or NULL behind the last. */
static const struct event *next_event(struct generator *g)
{
	struct run *r = g->run;

	while (r->citizen < g->o->citizen_count) {
		if (r->next < r->n)
			return &r->event[r->next++];
		if (r->day++ < g->last) {
			gather(g);
			continue;
		}
		r->citizen++;
		begin_citizen(g);
	}
	return NULL;
}

static void open_run(struct generator *g)
{
	size_t places = 0;

	for (size_t i = 0; i < g->plan_count; i++)
		places += g->plan[i].when_count;
	g->run = arena_alloc(g->arena, sizeof(*g->run));
	g->run->key =
	    arena_alloc(g->arena, (g->plan_count + 1) * sizeof(uint64_t));
	g->run->event =
	    arena_alloc(g->arena, (places + 1) * sizeof(*g->run->event));
	begin_citizen(g);
}

/* ---- the door ----------------------------------------------------------- */

struct generator *generate_open(struct arena *a,
				const struct generate_options *o, struct err *e)
{
	struct generator *g = arena_alloc(a, sizeof(*g));

	g->arena = a;
	g->o = o;
	if (o->days > GENERATE_DAYS) {
		(void)err_set(e, ERR_INVALID, "days", "days",
			      "at most %d days are generated", GENERATE_DAYS);
		return NULL;
	}
	g->last = gen_day(o->until_ms) - 1;
	g->first = g->last - (int64_t)o->days + 1;
	if (g->first < date_days(FIRST_YEAR, 1, 1)) {
		(void)err_set(e, ERR_INVALID, "days", "days",
			      "data begins in the year %d at the earliest: "
			      "fewer days, or a later clock",
			      FIRST_YEAR);
		return NULL;
	}
	buf_init(&g->text, a);
	if (!open_plans(g, e))
		return NULL;
	open_run(g);
	if (!o->invalid)
		return g;
	g->mutants = mutants_open(g, e);
	return g->mutants ? g : NULL;
}

static size_t count_plan(const struct generator *g, const struct plan *p,
			 const struct generate_citizen *c)
{
	const uint64_t citizen = gen_citizen_key(g->o->seed, p, c);
	uint64_t key;
	size_t n = 0;

	for (int64_t day = g->first; day <= g->last; day++)
		for (unsigned k = 0; k < p->when_count; k++)
			n += gen_happens(p, citizen, day, g->last, k, &key);
	return n;
}

size_t generate_count(const struct generator *g)
{
	size_t n = 0;

	if (g->mutants)
		return mutants_count(g->mutants);
	for (size_t c = 0; c < g->o->citizen_count; c++)
		for (size_t i = 0; i < g->plan_count; i++)
			if (is_made_for(&g->plan[i], c))
				n += count_plan(g, &g->plan[i],
						&g->o->citizen[c]);
	return n;
}

bool generate_next(struct generator *g, struct generated *out)
{
	const struct event *e;

	if (g->mutants)
		return mutants_next(g->mutants, out);
	e = next_event(g);
	if (!e)
		return false;
	g->text.len = 0;
	gen_render(e, NULL, &g->text, g->uuid);
	*out = (struct generated){
	    .plan = &e->plan->about,
	    .citizen = e->citizen,
	    .uuid = g->uuid,
	    .text = g->text.p,
	    .len = g->text.len,
	};
	return true;
}
