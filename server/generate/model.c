/* SPDX-License-Identifier: Apache-2.0
 *
 * model: how a value behaves.
 *
 * A number is a sum: a base that is drawn once for a citizen (or a linear
 * function of another value), a slow drift over weeks, what the hour of the day
 * adds, what meals add, and noise; times a factor of the weekday; within its
 * bounds; rounded to the digits that are shown. A word is drawn from a list.
 *
 * All of it is a function of the event's time and keys, with whole millionths:
 * the drift is interpolated between numbers that belong to spans of days since
 * 1970, not walked step by step, so any day can be computed alone.
 *
 * Values refer to one another by index, and to earlier ones only, so there are
 * no circles.
 */
#include "generate/generate_int.h"

#define DAY_S	   INT64_C(86400)
#define VALUES	   64
#define FACTOR_MAX (1000 * MILLION)
#define SLOW_DAYS  23
#define FAST_DAYS  6
#define LATE_S	   900 /* how late or early a meal may be */

/* What is drawn, below the key of the value. */
enum { DRAW_BASE = 1, DRAW_SLOW, DRAW_FAST, DRAW_NOISE, DRAW_MEAL, DRAW_WORD };

/* ---- reading ------------------------------------------------------------- */

static bool bounds_read(const struct reader *r, const struct json *v,
			const char *place, const char *name, int64_t out[2])
{
	const struct json *m = json_get(v, name);

	if (m && json_kind(m) == JSON_NUMBER) {
		if (!gen_number(r, v, place, name, &out[0]))
			return false;
		out[1] = out[0];
		return true;
	}
	return gen_numbers(r, v, place, name, out, 2) &&
	       (out[0] <= out[1] ||
		gen_refuse(r, arena_printf(r->arena, "%s.%s", place, name),
			   "the lower bound stands first"));
}

static bool hours_read(const struct reader *r, const struct json *v,
		       const char *place, struct value *out)
{
	static const char *const any[] = {NULL};
	const struct json *hours = json_get(v, "hours");

	if (!hours)
		return true;
	place = arena_printf(r->arena, "%s.hours", place);
	if (json_kind(hours) != JSON_OBJECT)
		return gen_only(r, hours, place, any);
	out->hour =
	    arena_alloc(r->arena, json_count(hours) * sizeof(*out->hour));
	for (v = json_first(hours); v; v = json_next(v)) {
		struct hour *h = &out->hour[out->hour_count];

		if (!gen_clock(json_name(v), &h->at_s) ||
		    (out->hour_count > 0 && h[-1].at_s >= h->at_s))
			return gen_refuse(r, place,
					  "hours are 0 to 23 (or \"7:30\"), "
					  "earlier ones first");
		if (!gen_number(r, hours, place, json_name(v), &h->adds))
			return false;
		out->hour_count++;
	}
	return true;
}

static bool meals_read(const struct reader *r, const struct json *v,
		       const char *place, struct value *out)
{
	static const char *const names[] = {"at", "rise", "peak_min",
					    "fall_min", NULL};
	const struct json *at;
	int64_t peak = 50 * MILLION, fall = 150 * MILLION;

	v = json_get(v, "meals");
	if (!v)
		return true;
	place = arena_printf(r->arena, "%s.meals", place);
	at = json_get(v, "at");
	if (!gen_only(r, v, place, names) || !gen_is_list(r, at, place) ||
	    !bounds_read(r, v, place, "rise", out->rise) ||
	    !gen_number(r, v, place, "peak_min", &peak) ||
	    !gen_number(r, v, place, "fall_min", &fall))
		return false;
	if (peak < MILLION || fall < MILLION || peak + fall > 1200 * MILLION)
		return gen_refuse(r, place,
				  "peak_min and fall_min are from 1 "
				  "to 1200 minutes together");
	out->peak_s = peak * 60 / MILLION;
	out->fall_s = fall * 60 / MILLION;
	out->meal = arena_alloc(r->arena, json_count(at) * sizeof(int64_t));
	for (at = json_first(at); at; at = json_next(at))
		if (json_kind(at) != JSON_STRING ||
		    !gen_clock(json_text(at), &out->meal[out->meal_count++]))
			return gen_refuse(r, place, "at is a list of times");
	return true;
}

/* Of each item of a list of words, a member that is a number. */
static bool item_numbers(const struct reader *r, const struct value *v,
			 const char *place, const char *name, int64_t **out)
{
	*out = arena_alloc(r->arena, v->item_count * sizeof(**out));
	for (size_t i = 0; i < v->item_count; i++)
		if (!json_get(v->item[i].words, name))
			return gen_refuse(r, place,
					  "not every item of %s has \"%s\"",
					  v->name, name);
		else if (!gen_number(r, v->item[i].words, place, name,
				     &(*out)[i]))
			return false;
	return true;
}

bool gen_operand_read(const struct reader *r, const struct json *v,
		      const char *place, const char *name, const struct plan *p,
		      struct operand *out)
{
	const char *of = json_get_text(v, name);
	const size_t n = strcspn(text_or_empty(of), ".");

	if (!of)
		return gen_number(r, v, place, name, &out->number);
	place = arena_printf(r->arena, "%s.%s", place, name);
	out->value = gen_value_find(p, of, n);
	if (out->value < 0)
		return gen_refuse(r, place, "no value \"%s\" stands before it",
				  of);
	if ((of[n] == '.') != (p->value[out->value].item_count > 0))
		return gen_refuse(r, place,
				  "words need a member, numbers have "
				  "none");
	return !of[n] || item_numbers(r, &p->value[out->value], place,
				      of + n + 1, &out->item);
}

/* The base, or the value it is made of. */
static bool origin_read(const struct reader *r, const struct json *v,
			const char *place, const struct plan *p,
			struct value *out)
{
	out->made = json_get(v, "of") != NULL;
	if (!json_get(v, "base") == !out->made)
		return gen_refuse(r, place,
				  "needs a base, or the value that "
				  "it is made of, and not both");
	if (out->made && !json_get_text(v, "of"))
		return gen_refuse(r, place, "of is the name of a value");
	return bounds_read(r, v, place, "base", out->base) &&
	       gen_operand_read(r, v, place, "of", p, &out->of) &&
	       gen_operand_read(r, v, place, "times", p, &out->times) &&
	       gen_operand_read(r, v, place, "plus", p, &out->plus);
}

static bool digits_read(const struct reader *r, const struct json *v,
			const char *place, struct value *out)
{
	int64_t digits = 0;

	if (!gen_number(r, v, place, "min", &out->min) ||
	    !gen_number(r, v, place, "max", &out->max) ||
	    !gen_number(r, v, place, "digits", &digits))
		return false;
	if (out->min > out->max)
		return gen_refuse(r, place, "min is above max");
	if (digits < 0 || digits > 6 * MILLION || digits % MILLION)
		return gen_refuse(r, place, "digits is 0 to 6");
	out->digits = (unsigned)(digits / MILLION);
	return true;
}

static bool number_read(const struct reader *r, const struct json *v,
			const char *place, const struct plan *p,
			struct value *out)
{
	static const char *const names[] = {
	    "base",  "of",    "times", "plus", "wander", "hours", "weekdays",
	    "meals", "noise", "min",   "max",  "digits", NULL};

	if (!gen_only(r, v, place, names) ||
	    !origin_read(r, v, place, p, out) ||
	    !gen_number(r, v, place, "wander", &out->wander) ||
	    !hours_read(r, v, place, out) ||
	    !gen_numbers(r, v, place, "weekdays", out->weekday, 7) ||
	    !meals_read(r, v, place, out) ||
	    !gen_number(r, v, place, "noise", &out->noise) ||
	    !digits_read(r, v, place, out))
		return false;
	for (size_t i = 0; i < 7; i++)
		if (out->weekday[i] < 0 || out->weekday[i] > 1000 * MILLION)
			return gen_refuse(r, place, "weekdays are 0 to 1000");
	return true;
}

static bool words_read(const struct reader *r, const struct json *v,
		       const char *place, struct value *out)
{
	static const char *const names[] = {"choice", "by", NULL};
	const struct json *item = json_get(v, "choice");
	const char *by = json_get_text(v, "by");

	if (!gen_only(r, v, place, names) || !gen_is_list(r, item, place))
		return false;
	if (json_get(v, "by") && !text_is(by, "citizen"))
		return gen_refuse(r, place, "by can only be \"citizen\"");
	out->by_citizen = by != NULL;
	out->item =
	    arena_alloc(r->arena, json_count(item) * sizeof(*out->item));
	for (item = json_first(item); item; item = json_next(item)) {
		struct item *i = &out->item[out->item_count++];

		*i = (struct item){item, MILLION};
		if (json_kind(item) != JSON_OBJECT)
			return gen_refuse(r, place,
					  "choice: a list of objects");
		if (!gen_number(r, item, place, "weight", &i->weight))
			return false;
		if (i->weight < 0 || i->weight > 1000000 * MILLION)
			return gen_refuse(r, place, "weight: 0 to 1000000");
		out->weights += i->weight;
	}
	return out->weights > 0 || gen_refuse(r, place, "needs some weight");
}

/* A name that slots can have: letters and underscores. */
static bool name_ok(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

bool gen_values_read(const struct reader *r, struct plan *p)
{
	const struct json *v = json_get(p->doc, "values");

	p->value = arena_alloc(r->arena, VALUES * sizeof(*p->value));
	if (v && json_kind(v) != JSON_OBJECT)
		return gen_refuse(r, "values", "must be an object");
	for (v = json_first(v); v; v = json_next(v)) {
		struct value *out = &p->value[p->value_count];
		const char *place =
		    arena_printf(r->arena, "values.%s", json_name(v));

		if (p->value_count == VALUES || !name_ok(json_name(v)))
			return gen_refuse(r, place,
					  "names are of small letters; there "
					  "are at most %d",
					  VALUES);
		*out = (struct value){
		    .name = json_name(v),
		    .hash = gen_key_text(0, json_name(v)),
		    .of = {.value = -1},
		    .times = {.number = MILLION, .value = -1},
		    .plus = {.value = -1},
		    .min = -NUMBER_MAX,
		    .max = NUMBER_MAX,
		};
		for (size_t i = 0; i < 7; i++)
			out->weekday[i] = MILLION;
		if (json_get(v, "choice") ? !words_read(r, v, place, out)
					  : !number_read(r, v, place, p, out))
			return false;
		p->value_count++;
	}
	return true;
}

int gen_value_find(const struct plan *p, const char *name, size_t n)
{
	for (size_t i = 0; i < p->value_count; i++)
		if (strlen(p->value[i].name) == n &&
		    memcmp(p->value[i].name, name, n) == 0)
			return (int)i;
	return -1;
}

/* ---- parts of a number -------------------------------------------------- */

/* From 0 to 1 (millionths), level at both ends. */
static int64_t smooth(int64_t t)
{
	return t * t / MILLION * (3 * MILLION - 2 * t) / MILLION;
}

static int64_t between(int64_t from, int64_t to, int64_t t)
{
	return from + gen_times(to - from, t);
}

/* A number in [-1, 1] that moves from one drawn one to the next every so many
 * days. */
static int64_t drift(uint64_t key, int64_t second, int64_t days)
{
	const int64_t span = days * DAY_S;
	const int64_t n = second / span;
	const int64_t t = second % span * MILLION / span;

	return between(
	    gen_between(gen_key(key, (uint64_t)n), -MILLION, MILLION),
	    gen_between(gen_key(key, (uint64_t)n + 1), -MILLION, MILLION),
	    smooth(t));
}

static int64_t wander(const struct value *v, const struct event *e,
		      uint64_t key)
{
	const int64_t s = e->time_ms / 1000;
	const int64_t slow = drift(gen_key(key, DRAW_SLOW), s, SLOW_DAYS);
	const int64_t fast = drift(gen_key(key, DRAW_FAST), s, FAST_DAYS);

	return gen_times(v->wander, (3 * slow + fast) / 4);
}

/* Linear between the hours that are named, round the clock. */
static int64_t of_hour(const struct value *v, int64_t second)
{
	const size_t n = v->hour_count;
	size_t next = 0;
	int64_t span, since;

	while (next < n && v->hour[next].at_s <= second)
		next++;
	const struct hour *from = &v->hour[(next + n - 1) % n];
	const struct hour *to = &v->hour[next % n];

	span = (to->at_s - from->at_s + DAY_S) % DAY_S;
	since = (second - from->at_s + DAY_S) % DAY_S;
	if (span == 0)
		return from->adds;
	return between(from->adds, to->adds, since * MILLION / span);
}

/* What a meal adds so many seconds after it. */
static int64_t of_meal(const struct value *v, int64_t since, int64_t rise)
{
	if (since < 0 || since >= v->peak_s + v->fall_s)
		return 0;
	if (since < v->peak_s)
		return gen_times(rise, smooth(since * MILLION / v->peak_s));
	since -= v->peak_s;
	return gen_times(rise, MILLION - smooth(since * MILLION / v->fall_s));
}

static int64_t of_meals(const struct value *v, int64_t day, int64_t second,
			uint64_t key)
{
	int64_t sum = 0;

	for (int64_t ago = 0; ago < 2; ago++)
		for (size_t i = 0; i < v->meal_count; i++) {
			const uint64_t meal =
			    gen_key(gen_key(key, (uint64_t)(day - ago)), i);
			const int64_t at =
			    v->meal[i] +
			    gen_between(gen_key(meal, 0), -LATE_S, LATE_S);

			sum += of_meal(v, second + ago * DAY_S - at,
				       gen_between(gen_key(meal, 1), v->rise[0],
						   v->rise[1]));
		}
	return sum;
}

/* ---- a value ------------------------------------------------------------- */

/* Half away from zero. */
static int64_t rounded(int64_t x, unsigned digits)
{
	int64_t unit = MILLION;

	while (digits-- > 0)
		unit /= 10;
	return x < 0 ? -((-x + unit / 2) / unit * unit)
		     : (x + unit / 2) / unit * unit;
}

static int64_t bounded(int64_t x, int64_t min, int64_t max)
{
	if (x < min)
		return min;
	return x > max ? max : x;
}

int64_t gen_operand(const struct event *e, const struct operand *o)
{
	if (o->value < 0)
		return o->number;
	if (o->item)
		return o->item[gen_word(e, (size_t)o->value)];
	return gen_value(e, (size_t)o->value);
}

/* The factors of a product are bounded, so that it is no overflow. */
static int64_t origin(const struct value *v, const struct event *e,
		      uint64_t own)
{
	int64_t x, times;

	if (v->made)
		x = gen_operand(e, &v->of);
	else
		x = gen_between(gen_key(own, DRAW_BASE), v->base[0],
				v->base[1]);
	times = bounded(gen_operand(e, &v->times), -FACTOR_MAX, FACTOR_MAX);
	return bounded(gen_times(x, times), -NUMBER_MAX, NUMBER_MAX) +
	       gen_operand(e, &v->plus);
}

int64_t gen_value(const struct event *e, size_t i)
{
	const struct value *v = &e->plan->value[i];
	const uint64_t own = gen_key(e->citizen_key, v->hash);
	const struct local t = gen_local(e->time_ms);
	const int64_t second =
	    INT64_C(3600) * t.hour + INT64_C(60) * t.minute + t.second;
	int64_t x = origin(v, e, own);

	if (v->wander != 0)
		x += wander(v, e, own);
	if (v->noise != 0)
		x += gen_normal(gen_key(gen_key(e->key, v->hash), DRAW_NOISE),
				v->noise);
	if (v->hour_count > 0)
		x += of_hour(v, second);
	if (v->meal_count > 0)
		x += of_meals(v, t.day, second, gen_key(own, DRAW_MEAL));
	x = gen_times(bounded(x, -NUMBER_MAX, NUMBER_MAX),
		      v->weekday[t.weekday]);
	return rounded(bounded(x, v->min, v->max), v->digits);
}

size_t gen_word(const struct event *e, size_t i)
{
	const struct value *v = &e->plan->value[i];
	const uint64_t key =
	    gen_key(v->by_citizen ? e->citizen_key : e->key, v->hash);
	int64_t x = gen_between(gen_key(key, DRAW_WORD), 0, v->weights - 1);
	size_t n = 0;

	while (x >= v->item[n].weight)
		x -= v->item[n++].weight;
	return n;
}
