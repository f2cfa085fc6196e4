/* SPDX-License-Identifier: Apache-2.0
 *
 * calendar: Finnish days, and what happens on them.
 *
 * A day of a citizen with a plan has a place for each of the plan's occasions.
 * Whether something happens there and when is drawn from the key of the place,
 * so a day can be looked at without its neighbours, and days that are added in
 * front change nothing. A time never leaves its day; a day has 23 or 25 hours
 * when the clocks are changed (base/time.c).
 *
 * What happens once happens on the last day of the run, and its key has no day:
 * with another end it is the same thing at another time.
 *
 * "Every n-th day" is counted from a day that chance gives to the citizen and
 * plan, so that not everybody fills in a form on the same one.
 */
#include "generate/generate_int.h"

#define DAY_S	INT64_C(86400)
#define DAY_MS	(DAY_S * 1000)
#define HOUR_MS INT64_C(3600000)

/* What is drawn from a place's key, and from a citizen's for all days. */
enum { KEY_CHANCE = 1, KEY_EARLIER, KEY_LATER };
enum { KEY_PHASE = 1000 };

/* The day of what happens once, in keys. */
#define ONCE UINT64_MAX

/* How far neighbours are looked for. */
#define NEIGHBOUR_DAYS 100

/* ---- Finnish time -------------------------------------------------------- */

int64_t gen_day(int64_t utc_ms)
{
	const int64_t local = utc_ms + time_finnish_zone_ms(utc_ms);

	return local / DAY_MS - (local % DAY_MS < 0);
}

int64_t gen_instant(int64_t day, int64_t second)
{
	return time_of_finnish_ms(day * DAY_MS + second * 1000);
}

struct local gen_local(int64_t utc_ms)
{
	const int64_t zone = time_finnish_zone_ms(utc_ms);
	const int64_t day = gen_day(utc_ms);
	const int of_day = (int)((utc_ms + zone - day * DAY_MS) / 1000);

	return (struct local){
	    .date = date_of_days(day),
	    .day = day,
	    .weekday = (int)(((day + 3) % 7 + 7) % 7),
	    .hour = of_day / 3600,
	    .minute = of_day / 60 % 60,
	    .second = of_day % 60,
	    .zone_h = (int)(zone / HOUR_MS),
	};
}

/* ---- events -------------------------------------------------------------- */

static bool drawn(const struct occasion *o, int64_t day, uint64_t key)
{
	const int64_t weight = o->weekday[((day + 3) % 7 + 7) % 7];

	return gen_uniform(gen_key(key, KEY_CHANCE)) <
	       gen_times(o->chance, weight);
}

static int64_t second_of(const struct occasion *o, uint64_t key)
{
	int64_t s = o->at_s;

	if (o->spread_s > 0)
		s +=
		    (gen_between(gen_key(key, KEY_EARLIER), 0,
				 2 * o->spread_s) +
		     gen_between(gen_key(key, KEY_LATER), 0, 2 * o->spread_s)) /
			2 -
		    o->spread_s;
	if (s < 0)
		return 0;
	return s < DAY_S ? s : DAY_S - 1;
}

static bool comes_round(const struct occasion *o, uint64_t citizen_key,
			int64_t day)
{
	const uint64_t phase = gen_key(citizen_key, KEY_PHASE) % o->every_days;

	return ((uint64_t)day + phase) % o->every_days == 0;
}

bool gen_happens(const struct plan *p, uint64_t citizen_key, int64_t day,
		 int64_t last, unsigned place, uint64_t *key)
{
	const struct occasion *o = &p->when[place];

	*key = gen_key(gen_key(citizen_key, o->once ? ONCE : (uint64_t)day),
		       place);
	if (o->once)
		return day == last;
	return (o->every_days <= 1 || comes_round(o, citizen_key, day)) &&
	       drawn(o, day, *key);
}

uint64_t gen_citizen_key(uint64_t seed, const struct plan *p,
			 const struct generate_citizen *c)
{
	const char *whose = p->shared ? "" : c->hetu;

	return gen_key(gen_key_text(gen_key(seed, 0), whose), p->hash);
}

bool gen_event(const struct plan *p, const struct generate_citizen *c,
	       uint64_t citizen_key, int64_t day, int64_t last, unsigned place,
	       struct event *out)
{
	uint64_t key;

	if (!gen_happens(p, citizen_key, day, last, place, &key))
		return false;
	*out = (struct event){
	    .plan = p,
	    .citizen = c,
	    .citizen_key = citizen_key,
	    .key = key,
	    .day = day,
	    .time_ms = gen_instant(day, second_of(&p->when[place], key)),
	    .place = place,
	};
	return true;
}

/* ---- neighbours ---------------------------------------------------------- */

static bool before(const struct event *x, const struct event *y)
{
	return x->time_ms < y->time_ms ||
	       (x->time_ms == y->time_ms && x->place < y->place);
}

/* The next one on a day behind e (step 1) or before it (-1). */
static bool nearest_on(const struct event *e, int64_t day, int step,
		       struct event *out)
{
	bool found = false;
	struct event x;

	for (unsigned i = 0; i < e->plan->when_count; i++) {
		if (e->plan->when[i].once ||
		    !gen_event(e->plan, e->citizen, e->citizen_key, day, 0, i,
			       &x))
			continue;
		if (step > 0 ? !before(e, &x) : !before(&x, e))
			continue;
		if (!found || (step > 0 ? before(&x, out) : before(out, &x)))
			*out = x;
		found = true;
	}
	return found;
}

static bool step_on(struct event *e, int step)
{
	struct event next = *e;

	for (int64_t i = 0; i < NEIGHBOUR_DAYS; i++)
		if (nearest_on(e, e->day + i * step, step, &next)) {
			*e = next;
			return true;
		}
	return false;
}

struct event gen_neighbour(const struct event *e, int n)
{
	struct event x = *e;
	const int step = n < 0 ? -1 : 1;
	const bool once = e->plan->when[e->place].once;

	for (int i = 0; i != n; i += step) {
		if (!once && step_on(&x, step))
			continue;
		/* it has none: as it would be a day further on */
		x.day += step;
		x.time_ms += step * DAY_MS;
		x.key = gen_key(x.key, (uint64_t)step);
	}
	return x;
}
