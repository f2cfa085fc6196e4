/* SPDX-License-Identifier: Apache-2.0
 *
 * calendar: moving dates and times by durations, their boundaries, and the time
 * between two of them.
 *
 * A duration is moved by whole units of the value's own precision: 2014 plus 24
 * months is 2016, and what a unit is finer than the value is divided first (12
 * months, 30 days to a month, 365 days to a year). Years and months move the
 * calendar's fields, and a day that the month does not have becomes its last
 * one; weeks and shorter ones are counted in milliseconds. Decimals are cut
 * off, except of seconds written as a word. 'mo' and 'a' are lengths in UCUM
 * (a twelfth of 365.25 days), not months and years, and are refused; 'month'
 * and 'year' in quotes are no UCUM units and taken as the words they are.
 *
 * The boundaries of a value are the first and last moment it can mean, in the
 * outermost zones when it has none.
 *
 * FHIRPath 2.0, section 6.7; the functions lowBoundary, highBoundary,
 * precision, duration and difference of its successor.
 */
#include "fhirpath/value_int.h"

#include <string.h>

#define MONTHS_END INT64_C(120000) /* the year 10000 */

/* ---- units ------------------------------------------------------- */

struct unit {
	const char *word, *ucum;
	int64_t ms;		  /* years and months: of their usual length */
	enum fp_precision finest; /* the field that it counts */
	int months;		  /* 0: it is counted in ms */
};

static const struct unit units[] = {
    {"year", NULL, 365 * DAY, FP_YEAR, 12},
    {"month", NULL, 30 * DAY, FP_MONTH, 1},
    {"week", "wk", 7 * DAY, FP_DAY, 0},
    {"day", "d", DAY, FP_DAY, 0},
    {"hour", "h", HOUR, FP_HOUR, 0},
    {"minute", "min", MINUTE, FP_MINUTE, 0},
    {"second", "s", SECOND, FP_SECOND, 0},
    {"millisecond", "ms", 1, FP_MILLI, 0},
};

static const struct unit *find_unit(const char *name)
{
	const char *word = quantity_calendar(name, strlen(name), NULL);

	for (size_t i = 0; i < LEN(units); i++) {
		if (word && !strcmp(word, units[i].word))
			return &units[i];
		if (units[i].ucum && !strcmp(name, units[i].ucum))
			return &units[i];
	}
	return NULL;
}

/* ---- moving ------------------------------------------------------ */

static int64_t day_ms(const struct fp_time *t)
{
	return t->hour * HOUR + t->minute * MINUTE + t->second * SECOND +
	       t->milli;
}

static bool move_months(struct fp_time *t, int64_t months)
{
	int64_t all = (int64_t)t->year * 12 + (t->month ? t->month - 1 : 0);
	int last;

	if (months > MONTHS_END || months < -MONTHS_END)
		return false;
	all += months;
	if (all < 12 || all >= MONTHS_END)
		return false;
	t->year = (int)(all / 12);
	if (!t->month)
		return true;
	t->month = (int)(all % 12) + 1;
	last = date_month_days(t->year, t->month);
	if (t->day > last)
		t->day = last;
	return true;
}

static bool move_ms(struct fp_time *t, int64_t ms)
{
	struct fp_time moved;
	int64_t at = date_days(t->year, t->month, t->day) * DAY + day_ms(t);

	if (__builtin_add_overflow(at, ms, &at) ||
	    at < date_days(1, 1, 1) * DAY || at >= date_days(10000, 1, 1) * DAY)
		return false;
	time_of_ms(at, 0, &moved);
	moved.precision = t->precision;
	moved.has_zone = t->has_zone;
	moved.zone_minutes = t->zone_minutes;
	*t = moved;
	return true;
}

/* Times of day go round. */
static bool move_clock(struct fp_time *t, int64_t ms)
{
	int64_t at = (day_ms(t) + ms % DAY + DAY) % DAY;

	t->hour = (int)(at / HOUR);
	t->minute = (int)(at % HOUR / MINUTE);
	t->second = (int)(at % MINUTE / SECOND);
	t->milli = (int)(at % SECOND);
	return true;
}

static int64_t cut(int64_t ms, int64_t unit)
{
	return ms - ms % unit;
}

/* Milliseconds, in whole units of what t knows. */
static bool move_by(struct fp_time *t, enum fp_kind kind, int64_t ms)
{
	static const int64_t of[] = {[FP_DAY] = DAY,
				     [FP_HOUR] = HOUR,
				     [FP_MINUTE] = MINUTE,
				     [FP_SECOND] = SECOND,
				     [FP_MILLI] = 1};

	if (t->precision == FP_SECOND && ms % SECOND)
		t->precision = FP_MILLI; /* one precision with seconds */
	if (kind == FP_TIME)
		return move_clock(t, cut(ms, of[t->precision]));
	if (t->precision == FP_YEAR)
		return move_months(t, ms / (365 * DAY) * 12);
	if (t->precision == FP_MONTH)
		return move_months(t, ms / (30 * DAY));
	return move_ms(t, cut(ms, of[t->precision]));
}

/* The duration in units' milliseconds; false when it is far too long. */
static bool duration_ms(const struct fp_quantity *q, const struct unit *u,
			int64_t *ms)
{
	struct fp_decimal exact;
	int64_t whole;

	if (u->ms == SECOND && q->calendar) {
		if (!decimal_mul(q->value, decimal_of(SECOND), &exact))
			return false;
		return decimal_integer(exact, ms);
	}
	return decimal_integer(q->value, &whole) &&
	       !__builtin_mul_overflow(whole, u->ms, ms);
}

bool time_shift(const struct fp_time *t, enum fp_kind kind,
		const struct fp_quantity *q, int sign, struct fp_time *out)
{
	const struct unit *u = find_unit(q->unit);
	int64_t whole, ms;

	*out = *t;
	if (!u || (kind == FP_TIME && u->finest < FP_HOUR))
		return false;
	if (u->months) {
		if (!decimal_integer(q->value, &whole) || whole > 1000000 ||
		    whole < -1000000)
			return false;
		whole *= (int64_t)sign * u->months;
		if (t->precision == FP_YEAR)
			whole -= whole % 12;
		return move_months(out, whole);
	}
	return duration_ms(q, u, &ms) && move_by(out, kind, sign * ms);
}

/* ---- boundaries -------------------------------------------------- */

/* How many digits each precision has, of dates and of times of day. */
static const signed char date_digits[] = {4, 6, 8, 10, 12, 14, 17};

static int digits_of(enum fp_precision p, bool clock)
{
	return date_digits[p] - (clock ? 8 : 0);
}

int time_digits(const struct fp_time *t)
{
	return digits_of(t->precision, !t->year);
}

static bool precision_of(int digits, bool clock, enum fp_precision *out)
{
	for (int p = clock ? FP_HOUR : FP_YEAR; p <= FP_MILLI; p++)
		if (digits_of((enum fp_precision)p, clock) == digits) {
			*out = (enum fp_precision)p;
			return true;
		}
	return false;
}

/* Sets the fields beyond what is known to their first or last value. */
static void fill(struct fp_time *t, bool high)
{
	if (t->precision < FP_MONTH)
		t->month = high ? 12 : 1;
	if (t->precision < FP_DAY)
		t->day = high ? date_month_days(t->year, t->month) : 1;
	if (t->precision < FP_HOUR)
		t->hour = high ? 23 : 0;
	/* an hour alone stands for hh:00, as FHIR has no such precision */
	if (t->precision < FP_MINUTE)
		t->minute = high && t->precision != FP_HOUR ? 59 : 0;
	if (t->precision < FP_SECOND)
		t->second = high ? 59 : 0;
	if (t->precision < FP_MILLI)
		t->milli = high ? 999 : 0;
}

static void blank(struct fp_time *t)
{
	if (t->precision < FP_MILLI)
		t->milli = 0;
	if (t->precision < FP_SECOND)
		t->second = 0;
	if (t->precision < FP_MINUTE)
		t->minute = 0;
	if (t->precision < FP_HOUR)
		t->hour = 0;
	if (t->precision < FP_DAY)
		t->day = 0;
	if (t->precision < FP_MONTH)
		t->month = 0;
	if (t->precision < FP_HOUR) {
		t->has_zone = false;
		t->zone_minutes = 0;
	}
}

bool time_boundary(const struct fp_time *t, enum fp_kind kind, int digits,
		   bool high, struct fp_time *out)
{
	enum fp_precision wanted;
	bool clock = kind == FP_TIME;

	*out = *t;
	if (!precision_of(digits, clock, &wanted) ||
	    (kind == FP_DATE && wanted > FP_DAY))
		return false;
	fill(out, high);
	if (!clock && wanted >= FP_HOUR && !t->has_zone) {
		out->has_zone = true;
		out->zone_minutes = (high ? -12 : 14) * 60;
	}
	out->precision = wanted;
	blank(out);
	return true;
}

/* ---- between ----------------------------------------------------- */

static int64_t whole_ms(const struct fp_time *t)
{
	int64_t day = t->year ? date_days(t->year, t->month, t->day) : 0;

	return day * DAY + day_ms(t) - t->zone_minutes * MINUTE;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Whole months: the last one is not over before its day and time. */
static int64_t months_between(const struct fp_time *x, const struct fp_time *y,
			      bool crossed)
{
	int64_t months =
	    (int64_t)(y->year - x->year) * 12 + y->month - x->month;
	int64_t rest = (y->day - x->day) * DAY + day_ms(y) - day_ms(x);

	if (!crossed && months > 0 && rest < 0)
		months--;
	if (!crossed && months < 0 && rest > 0)
		months++;
	return months;
}

static int64_t count_ms(const struct fp_time *x, const struct fp_time *y,
			const struct unit *u, bool crossed)
{
	/* 1970-01-01 was a Thursday; weeks begin on Sunday */
	int64_t shift = u->ms == 7 * DAY ? 4 * DAY : 0;
	int64_t a = whole_ms(x), b = whole_ms(y);

	if (!crossed)
		return (b - a) / u->ms;
	a += x->zone_minutes * MINUTE + shift;
	b += x->zone_minutes * MINUTE + shift;
	return floor_div(b, u->ms) - floor_div(a, u->ms);
}

bool time_between(const struct fp_time *x, const struct fp_time *y,
		  const char *unit, bool crossed, int64_t *out)
{
	const struct unit *u = find_unit(unit);
	enum fp_precision needed;
	struct fp_time a, b;

	if (!u || !x->year != !y->year || x->has_zone != y->has_zone)
		return false;
	if (!x->year && u->finest < FP_HOUR)
		return false;
	needed = u->finest == FP_MILLI ? FP_SECOND : u->finest;
	if (needed > x->precision || needed > y->precision)
		return false;
	a = *x;
	b = *y;
	fill(&a, false);
	fill(&b, false);
	if (!u->months) {
		*out = count_ms(&a, &b, u, crossed);
		return true;
	}
	if (x->has_zone)
		time_of_ms(whole_ms(&b), a.zone_minutes, &b);
	*out = crossed && u->months == 12
		   ? b.year - a.year
		   : months_between(&a, &b, crossed) / u->months;
	return true;
}
