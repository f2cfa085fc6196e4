/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_time: functions of dates and times, and of how well something is known.
 *
 * now(), today() and timeOfDay() are the one moment of the evaluation, told in
 * Finnish time, as the server tells all times. A part of a date that is not
 * known is empty.
 *
 * lowBoundary and highBoundary of a number are half of its last digit away,
 * then cut (on the side of zero) or rounded (on the other) to the digits asked
 * for; of a date or time see calendar.c. precision() counts digits.
 * comparable() asks whether two units are of one kind.
 *
 * FHIRPath 2.0, section 5.9, and of its successor: the parts of dates and
 * times, duration, difference, boundaries, precision, comparable.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

#define DECIMAL_DEFAULT	 8
#define DECIMAL_ASKED	 31
#define DATE_DEFAULT	 8
#define DATETIME_DEFAULT 17
#define TIME_DEFAULT	 9

/* ---- now --------------------------------------------------------- */

static struct fp_time now(const struct eval *v)
{
	char text[TIME_TEXT];
	struct fp_time t;

	time_finnish(text, eval_env(v)->now_ms);
	if (!time_read(text, strlen(text), FP_DATETIME, &t))
		time_of_ms(eval_env(v)->now_ms, 0, &t);
	return t;
}

static struct fp_time date_part(struct fp_time t)
{
	t.hour = t.minute = t.second = t.milli = 0;
	t.has_zone = false;
	t.zone_minutes = 0;
	if (t.precision > FP_DAY)
		t.precision = FP_DAY;
	return t;
}

static struct fp_time time_part(struct fp_time t)
{
	t.year = t.month = t.day = 0;
	t.has_zone = false;
	t.zone_minutes = 0;
	return t;
}

static bool fn_now(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	(void)c, (void)focus;
	push_time(v, out, FP_DATETIME, now(v));
	return true;
}

static bool fn_today(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	(void)c, (void)focus;
	push_time(v, out, FP_DATE, date_part(now(v)));
	return true;
}

static bool fn_time_of_day(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	(void)c, (void)focus;
	push_time(v, out, FP_TIME, time_part(now(v)));
	return true;
}

/* ---- parts ------------------------------------------------------- */

/* The date, moment or time before the dot. */
static bool read_time(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct fp_item *x,
		      bool *some)
{
	if (!one(v, c, focus, x, some))
		return false;
	return !*some || item_is_time(x) ||
	       fail(v, c, "%s(): a date or time is wanted, not %s", c->name,
		    item_kind_name(x->kind));
}

static int field(const struct fp_time *t, enum fp_precision p)
{
	switch (p) {
	case FP_YEAR: return t->year;
	case FP_MONTH: return t->month;
	case FP_DAY: return t->day;
	case FP_HOUR: return t->hour;
	case FP_MINUTE: return t->minute;
	case FP_SECOND: return t->second;
	default: return t->milli;
	}
}

static bool part(struct eval *v, const struct call *c,
		 const struct fp_list *focus, struct list *out,
		 enum fp_precision p)
{
	struct fp_item x;
	bool some;

	if (!read_time(v, c, focus, &x, &some) || !some)
		return !v->failed;
	if (x.u.time->precision >= p && (x.u.time->year || p >= FP_HOUR))
		push_integer(v, out, field(x.u.time, p));
	return true;
}

#define PART(name, precision)                                                  \
	static bool name(struct eval *v, const struct call *c,                 \
			 const struct fp_list *focus, struct list *out)        \
	{                                                                      \
		return part(v, c, focus, out, precision);                      \
	}

PART(fn_year, FP_YEAR)
PART(fn_month, FP_MONTH)
PART(fn_day, FP_DAY)
PART(fn_hour, FP_HOUR)
PART(fn_minute, FP_MINUTE)
PART(fn_second, FP_SECOND)
PART(fn_milli, FP_MILLI)

static bool fn_zone(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	struct fp_decimal hours;
	struct fp_item x;
	bool some;

	if (!read_time(v, c, focus, &x, &some) || !some)
		return !v->failed;
	if (x.u.time->has_zone &&
	    decimal_div(decimal_of(x.u.time->zone_minutes), decimal_of(60),
			&hours))
		push_decimal(v, out, hours);
	return true;
}

static bool fn_date(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	struct fp_item x;
	bool some;

	if (!read_time(v, c, focus, &x, &some) || !some)
		return !v->failed;
	if (x.u.time->year)
		push_time(v, out, FP_DATE, date_part(*x.u.time));
	return true;
}

static bool fn_clock(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	struct fp_item x;
	bool some;

	if (!read_time(v, c, focus, &x, &some) || !some)
		return !v->failed;
	if (x.u.time->precision >= FP_HOUR)
		push_time(v, out, FP_TIME, time_part(*x.u.time));
	return true;
}

/* ---- between ----------------------------------------------------- */

static bool between(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out, bool crossed)
{
	struct fp_item x, y;
	struct fp_list arg;
	const char *unit;
	bool some, given, named;
	int64_t count;
	size_t n;

	if (!read_time(v, c, focus, &x, &some) || !arg_list(v, c, 0, &arg) ||
	    !read_time(v, c, &arg, &y, &given) ||
	    !arg_string(v, c, 1, &unit, &n, &named))
		return false;
	if (some && given && named &&
	    time_between(x.u.time, y.u.time, unit, crossed, &count))
		push_integer(v, out, count);
	return true;
}

static bool fn_duration(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return between(v, c, focus, out, false);
}

static bool fn_difference(struct eval *v, const struct call *c,
			  const struct fp_list *focus, struct list *out)
{
	return between(v, c, focus, out, true);
}

/* ---- how well it is known ---------------------------------------- */

/* d plus or minus half of its last digit, to that many digits. */
static bool decimal_boundary(struct fp_decimal d, int64_t digits, bool high,
			     struct fp_decimal *out)
{
	bool outwards = (d.n < 0) != high;
	struct fp_decimal half = {.n = high ? 5 : -5, .scale = d.scale + 1};

	if (digits < 0 || digits > DECIMAL_ASKED || d.scale >= DECIMAL_SCALE)
		return false;
	if (!decimal_add(d, half, out))
		return false;
	if (outwards)
		return decimal_round(*out, (int)digits, out) &&
		       decimal_pad(out, (int)digits);
	for (; out->scale > digits; out->scale--)
		out->n /= 10;
	return decimal_pad(out, (int)digits);
}

static void push_decimal_boundary(struct eval *v, struct list *out,
				  struct fp_decimal d, int64_t digits,
				  bool high)
{
	if (decimal_boundary(d, digits, high, &d))
		push_decimal(v, out, d);
}

static void push_time_boundary(struct eval *v, struct list *out,
			       const struct fp_item *x, int64_t digits,
			       bool high)
{
	struct fp_time t;

	if (digits >= 0 && digits <= DATETIME_DEFAULT &&
	    time_boundary(x->u.time, x->kind, (int)digits, high, &t))
		push_time(v, out, x->kind, t);
}

static int64_t default_digits(enum fp_kind kind)
{
	switch (kind) {
	case FP_DATE: return DATE_DEFAULT;
	case FP_DATETIME: return DATETIME_DEFAULT;
	case FP_TIME: return TIME_DEFAULT;
	default: return DECIMAL_DEFAULT;
	}
}

static bool boundary(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out, bool high)
{
	struct fp_quantity q;
	struct fp_decimal d;
	struct fp_item x;
	int64_t digits;
	bool some, given = false;

	if (!one(v, c, focus, &x, &some) || !some)
		return !v->failed;
	digits = default_digits(x.kind);
	if (c->n && !arg_integer(v, c, 0, &digits, &given))
		return false;
	if (item_is_time(&x)) {
		push_time_boundary(v, out, &x, digits, high);
	} else if (x.kind == FP_QUANTITY) {
		q = *x.u.quantity;
		if (decimal_boundary(q.value, digits, high, &q.value))
			push_quantity(v, out, q);
	} else if (item_number(&x, &d)) {
		push_decimal_boundary(v, out, d, digits, high);
	} else {
		return fail(v, c, "%s(): %s has no boundaries", c->name,
			    item_kind_name(x.kind));
	}
	return true;
}

static bool fn_low(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	return boundary(v, c, focus, out, false);
}

static bool fn_high(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	return boundary(v, c, focus, out, true);
}

static bool fn_precision(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	struct fp_decimal d;
	struct fp_item x;
	bool some;

	if (!one(v, c, focus, &x, &some) || !some)
		return !v->failed;
	if (item_is_time(&x))
		push_integer(v, out, time_digits(x.u.time));
	else if (x.kind == FP_QUANTITY)
		push_integer(v, out, x.u.quantity->value.scale);
	else if (item_number(&x, &d))
		push_integer(v, out, d.scale);
	else
		return fail(v, c, "precision(): %s has none",
			    item_kind_name(x.kind));
	return true;
}

static bool fn_comparable(struct eval *v, const struct call *c,
			  const struct fp_list *focus, struct list *out)
{
	struct fp_item x, y;
	struct fp_list arg;
	bool some, given;
	int order;

	if (!one(v, c, focus, &x, &some) || !arg_list(v, c, 0, &arg) ||
	    !one(v, c, &arg, &y, &given))
		return false;
	if (!some || !given)
		return true;
	if (x.kind != FP_QUANTITY || y.kind != FP_QUANTITY)
		return fail(v, c, "comparable(): quantities are wanted");
	push_boolean(v, out,
		     quantity_order(x.u.quantity, y.u.quantity, &order));
	return true;
}

/* The parts also by the names that they had before. */
const struct function fn_time[] = {
    {"now", 0, 0, fn_now},
    {"today", 0, 0, fn_today},
    {"timeOfDay", 0, 0, fn_time_of_day},
    {"yearOf", 0, 0, fn_year},
    {"monthOf", 0, 0, fn_month},
    {"dayOf", 0, 0, fn_day},
    {"hourOf", 0, 0, fn_hour},
    {"minuteOf", 0, 0, fn_minute},
    {"secondOf", 0, 0, fn_second},
    {"millisecondOf", 0, 0, fn_milli},
    {"timezoneOffsetOf", 0, 0, fn_zone},
    {"dateOf", 0, 0, fn_date},
    {"timeOf", 0, 0, fn_clock},
    {"year", 0, 0, fn_year},
    {"month", 0, 0, fn_month},
    {"day", 0, 0, fn_day},
    {"hour", 0, 0, fn_hour},
    {"minute", 0, 0, fn_minute},
    {"second", 0, 0, fn_second},
    {"millisecond", 0, 0, fn_milli},
    {"timezone", 0, 0, fn_zone},
    {"date", 0, 0, fn_date},
    {"time", 0, 0, fn_clock},
    {"duration", 2, 2, fn_duration},
    {"difference", 2, 2, fn_difference},
    {"lowBoundary", 0, 1, fn_low},
    {"highBoundary", 0, 1, fn_high},
    {"precision", 0, 0, fn_precision},
    {"comparable", 1, 1, fn_comparable},
    {NULL, 0, 0, NULL},
};
