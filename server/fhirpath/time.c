/* SPDX-License-Identifier: Apache-2.0
 *
 * time: dates, moments and times of day that may be known in part.
 *
 * 2018-03 is not the first of March but some moment of that month. So every
 * value is taken as the span of time that it can mean, and two values are
 * compared by their spans: one lies wholly before the other, or they are the
 * same span, or they overlap and nothing can be told. Seconds and milliseconds
 * are one precision. A value without zone, beside one with a zone, can lie
 * anywhere between the zones +14:00 and -12:00: its span grows by that.
 *
 * Times of day are spans within one day; a time of day and a date have no order
 * and are never equal. Years are 1 to 9999, so year 0 marks a time of day.
 * Digits behind the milliseconds are read and dropped. Nothing is allocated.
 *
 * FHIRPath 2.0, sections 6.1.1, 6.2 and 4.1.5 to 4.1.7.
 */
#include "fhirpath/value_int.h"

#include <stdlib.h>
#include <string.h>

#define ZONE_EAST (14 * HOUR)
#define ZONE_WEST (12 * HOUR)

/* ---- the calendar ------------------------------------------------ */

void time_of_ms(int64_t ms, int zone_minutes, struct fp_time *out)
{
	int64_t local = ms + zone_minutes * MINUTE;
	int64_t days = local / DAY, rest = local % DAY;
	struct date date;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	*out = (struct fp_time){.precision = FP_MILLI,
				.has_zone = true,
				.zone_minutes = zone_minutes};
	date = date_of_days(days);
	out->year = date.year;
	out->month = date.month;
	out->day = date.day;
	out->hour = (int)(rest / HOUR);
	out->minute = (int)(rest % HOUR / MINUTE);
	out->second = (int)(rest % MINUTE / SECOND);
	out->milli = (int)(rest % SECOND);
}

/* ---- text -------------------------------------------------------- */

struct reader {
	const char *p, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Exactly so many digits, of a value between lo and hi. */
static bool number(struct reader *r, int digits, int lo, int hi, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++, r->p++) {
		if (r->p == r->end || !ascii_digit(*r->p))
			return false;
		*out = *out * 10 + (*r->p - '0');
	}
	return *out >= lo && *out <= hi;
}

static bool read_date(struct reader *r, struct fp_time *t)
{
	if (!number(r, 4, 1, 9999, &t->year))
		return false;
	t->precision = FP_YEAR;
	if (!take(r, '-'))
		return true;
	if (!number(r, 2, 1, 12, &t->month))
		return false;
	t->precision = FP_MONTH;
	if (!take(r, '-'))
		return true;
	t->precision = FP_DAY;
	return number(r, 2, 1, date_month_days(t->year, t->month), &t->day);
}

static bool read_fraction(struct reader *r, struct fp_time *t)
{
	int digit, weight = 100;

	if (!number(r, 1, 0, 9, &digit))
		return false;
	do {
		t->milli += digit * weight;
		weight /= 10;
	} while (r->p < r->end && ascii_digit(*r->p) &&
		 number(r, 1, 0, 9, &digit));
	t->precision = FP_MILLI;
	return true;
}

static bool read_clock(struct reader *r, struct fp_time *t)
{
	if (!number(r, 2, 0, 23, &t->hour))
		return false;
	t->precision = FP_HOUR;
	if (!take(r, ':'))
		return true;
	if (!number(r, 2, 0, 59, &t->minute))
		return false;
	t->precision = FP_MINUTE;
	if (!take(r, ':'))
		return true;
	if (!number(r, 2, 0, 60, &t->second)) /* 60: a leap second */
		return false;
	t->precision = FP_SECOND;
	return !take(r, '.') || read_fraction(r, t);
}

static bool read_zone(struct reader *r, struct fp_time *t)
{
	int hours, minutes;
	bool west;

	if (r->p == r->end)
		return true;
	t->has_zone = true;
	if (take(r, 'Z'))
		return r->p == r->end;
	west = take(r, '-');
	if (!west && !take(r, '+'))
		return false;
	if (!number(r, 2, 0, 14, &hours) || !take(r, ':') ||
	    !number(r, 2, 0, 59, &minutes))
		return false;
	t->zone_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
	return r->p == r->end && hours * 60 + minutes <= 14 * 60;
}

bool time_read(const char *s, size_t n, enum fp_kind kind, struct fp_time *out)
{
	struct reader r = {s, s + n};

	*out = (struct fp_time){0};
	if (kind == FP_TIME) {
		take(&r, 'T');
		return read_clock(&r, out) && r.p == r.end;
	}
	if (!read_date(&r, out))
		return false;
	if (kind == FP_DATE || r.p == r.end)
		return r.p == r.end;
	if (!take(&r, 'T'))
		return false;
	if (r.p == r.end)
		return true;
	return out->precision == FP_DAY && read_clock(&r, out) &&
	       read_zone(&r, out);
}

/* A character (none: NUL), then so many digits. Invariants ask for the texts of
 * times so often that printf is too slow. */
static void write_digits(struct buf *b, char before, int n, int digits)
{
	char text[8];

	text[0] = before;
	for (int i = digits; i > 0; i--, n /= 10)
		text[i] = (char)('0' + n % 10);
	buf_add(b, text + !before, (size_t)digits + !!before);
}

static void write_clock(struct buf *b, const struct fp_time *t)
{
	write_digits(b, '\0', t->hour, 2);
	if (t->precision >= FP_MINUTE)
		write_digits(b, ':', t->minute, 2);
	if (t->precision >= FP_SECOND)
		write_digits(b, ':', t->second, 2);
	if (t->precision >= FP_MILLI)
		write_digits(b, '.', t->milli, 3);
}

void time_write(struct buf *b, const struct fp_time *t, enum fp_kind kind)
{
	int zone = abs(t->zone_minutes);

	if (kind == FP_TIME) {
		write_clock(b, t);
		return;
	}
	write_digits(b, '\0', t->year, 4);
	if (t->precision >= FP_MONTH)
		write_digits(b, '-', t->month, 2);
	if (t->precision >= FP_DAY)
		write_digits(b, '-', t->day, 2);
	if (t->precision < FP_HOUR)
		return;
	buf_putc(b, 'T');
	write_clock(b, t);
	if (t->has_zone && !zone)
		buf_putc(b, 'Z');
	else if (t->has_zone) {
		write_digits(b, t->zone_minutes < 0 ? '-' : '+', zone / 60, 2);
		write_digits(b, ':', zone % 60, 2);
	}
}

/* ---- order ------------------------------------------------------- */

struct span {
	int64_t lo, hi;
};

static struct span days_from(int64_t from, int64_t to)
{
	return (struct span){from * DAY, to * DAY};
}

static struct span span_of(const struct fp_time *t)
{
	static const int64_t lengths[] = {
	    [FP_DAY] = DAY,  [FP_HOUR] = HOUR, [FP_MINUTE] = MINUTE,
	    [FP_SECOND] = 1, [FP_MILLI] = 1,
	};
	int64_t day = 0, lo;

	if (t->year && t->precision == FP_YEAR)
		return days_from(date_days(t->year, 1, 1),
				 date_days(t->year + 1, 1, 1));
	if (t->year && t->precision == FP_MONTH) {
		day = date_days(t->year, t->month, 1);
		return days_from(day, day + date_month_days(t->year, t->month));
	}
	if (t->year)
		day = date_days(t->year, t->month, t->day);
	lo = day * DAY + t->hour * HOUR + t->minute * MINUTE +
	     t->second * SECOND + t->milli - t->zone_minutes * MINUTE;
	return (struct span){lo, lo + lengths[t->precision]};
}

static void widen(struct span *s)
{
	s->lo -= ZONE_EAST;
	s->hi += ZONE_WEST;
}

bool time_order(const struct fp_time *x, const struct fp_time *y, int *order)
{
	struct span a, b;

	if (!x->year != !y->year)
		return false;
	a = span_of(x);
	b = span_of(y);
	if (x->has_zone && !y->has_zone)
		widen(&b);
	if (y->has_zone && !x->has_zone)
		widen(&a);
	*order = 0;
	if (a.lo == b.lo && a.hi == b.hi)
		return x->has_zone == y->has_zone;
	*order = a.hi <= b.lo ? -1 : 1;
	return a.hi <= b.lo || b.hi <= a.lo;
}

int time_equal(const struct fp_time *x, const struct fp_time *y)
{
	int order;

	if (!x->year != !y->year)
		return 0;
	return time_order(x, y, &order) ? order == 0 : -1;
}

bool time_alike(const struct fp_time *x, const struct fp_time *y)
{
	return time_equal(x, y) == 1;
}

/* Any of the three, told apart by what stands behind the first digits. */
static bool read_any(const char *s, struct fp_time *out)
{
	size_t n = strlen(s);
	bool clock = n >= 2 && (s[0] == 'T' || n == 2 || s[2] == ':');

	return time_read(s, n, clock ? FP_TIME : FP_DATETIME, out);
}

bool fp_time_compare(const char *x, const char *y, int *order)
{
	struct fp_time tx, ty;

	return read_any(x, &tx) && read_any(y, &ty) &&
	       time_order(&tx, &ty, order);
}
