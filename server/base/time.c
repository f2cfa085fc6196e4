/* SPDX-License-Identifier: Apache-2.0
 *
 * time: texts of dates and times, both ways.
 *
 * Reading is strict: FHIR date, dateTime and instant (R4 2.24.0.1), searches'
 * minutes without seconds, the calendar with its leap years. A text is a span,
 * because FHIR compares at the precision that was written: 2023-01 is the whole
 * of January. A second of 60 is tolerated and equals the next minute's first.
 *
 * The service lives in Finnish time, which is computed here by the EU's rule,
 * so no time zone data has to be installed: summer time from 01:00 UTC on the
 * last Sunday of March to 01:00 UTC on the last Sunday of October (before 1996:
 * of September). Before 1981 there is none; the odd years (1942, 1981 and 1982,
 * which changed one hour earlier) are not modelled. A local time that an hour's
 * change skips is read as winter time, one that happens twice as the first.
 *
 * Days are counted from 1970-01-01 in the proleptic Gregorian calendar; years
 * that begin in March put the leap day at the end, which makes the day of the
 * year a linear function of the month.
 */
#include "base/base_int.h"

#include <string.h>

#define MINUTE_MS  INT64_C(60000)
#define HOUR_MS	   (60 * MINUTE_MS)
#define DAY_MS	   (24 * HOUR_MS)
#define WINTER_MS  (2 * HOUR_MS)
#define SUMMER_MS  (3 * HOUR_MS)
#define ZONE_MAX_H 14

/* Years of March to February are counted in eras of 400 years. */
#define ERA_DAYS   146097
#define EPOCH_DAYS 719468 /* 0000-03-01 to 1970-01-01 */

int64_t time_clamp(int64_t ms)
{
	if (ms < TIME_MIN_MS)
		return TIME_MIN_MS;
	return ms > TIME_MAX_MS ? TIME_MAX_MS : ms;
}

/* ---- the calendar ---------------------------------------------------- */

int64_t date_days(int year, int month, int day)
{
	int y = year - (month <= 2);
	int from_march = (month + 9) % 12;
	int64_t leaps = y / 4 - y / 100 + y / 400;

	return y * INT64_C(365) + leaps + (153 * from_march + 2) / 5 + day - 1 -
	       EPOCH_DAYS;
}

struct date date_of_days(int64_t days)
{
	int64_t n = days + EPOCH_DAYS;
	int era = (int)(n / ERA_DAYS);
	int of_era = (int)(n % ERA_DAYS);
	/* The years before it had 365 days, but for every fourth, ... */
	int year = (of_era - of_era / 1460 + of_era / 36524 -
		    of_era / (ERA_DAYS - 1)) /
		   365;
	int of_year = of_era - (365 * year + year / 4 - year / 100);
	int from_march = (5 * of_year + 2) / 153;
	int month = from_march < 10 ? from_march + 3 : from_march - 9;

	return (struct date){
	    .year = era * 400 + year + (month <= 2),
	    .month = month,
	    .day = of_year - (153 * from_march + 2) / 5 + 1,
	};
}

int date_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (leap && month == 2);
}

bool date_exists(struct date d)
{
	return d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= date_month_days(d.year, d.month);
}

static int64_t floor_div(int64_t n, int64_t d)
{
	return n / d - (n % d < 0);
}

/* 0 is Sunday; 1970-01-01 was a Thursday. */
static int weekday(int64_t days)
{
	return (int)(((days + 4) % 7 + 7) % 7);
}

/* ---- Finnish time ---------------------------------------------------- */

/* 01:00 UTC on the last Sunday of a month that has 30 or 31 days. */
static int64_t change_ms(int year, int month)
{
	int64_t last = date_days(year, month, date_month_days(year, month));

	return (last - weekday(last)) * DAY_MS + HOUR_MS;
}

int64_t time_finnish_zone_ms(int64_t utc_ms)
{
	int year = date_of_days(floor_div(utc_ms, DAY_MS)).year;

	if (year < 1981)
		return WINTER_MS;
	if (utc_ms < change_ms(year, 3))
		return WINTER_MS;
	return utc_ms < change_ms(year, year < 1996 ? 9 : 10) ? SUMMER_MS
							      : WINTER_MS;
}

int64_t time_of_finnish_ms(int64_t local_ms)
{
	int64_t summer = local_ms - SUMMER_MS;

	return time_finnish_zone_ms(summer) == SUMMER_MS ? summer
							 : local_ms - WINTER_MS;
}

/* ---- writing --------------------------------------------------------- */

/* The parts of a time, for the texts below; all non-negative. */
struct parts {
	struct date date;
	int weekday, hour, minute, second, ms;
};

static struct parts split(int64_t ms)
{
	int64_t days = floor_div(ms, DAY_MS);
	int of_day = (int)(ms - days * DAY_MS);

	return (struct parts){
	    .date = date_of_days(days),
	    .weekday = weekday(days),
	    .hour = of_day / (int)HOUR_MS,
	    .minute = of_day / (int)MINUTE_MS % 60,
	    .second = of_day / 1000 % 60,
	    .ms = of_day % 1000,
	};
}

/* Every answer and every resource carries some: no printf here. */
static char *put_number(char *to, int n, int digits, char behind)
{
	for (int i = digits; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	to[digits] = behind;
	return to + digits + 1;
}

static char *put_clock(char *to, const struct parts *p, char behind)
{
	to = put_number(to, p->hour, 2, ':');
	to = put_number(to, p->minute, 2, ':');
	return put_number(to, p->second, 2, behind);
}

static void write_iso(char out[TIME_TEXT], int64_t ms, const char *zone)
{
	struct parts p = split(ms);
	char *to = put_number(out, p.date.year, 4, '-');

	to = put_number(to, p.date.month, 2, '-');
	to = put_number(to, p.date.day, 2, 'T');
	to = put_clock(to, &p, '.');
	to = put_number(to, p.ms, 3, '\0') - 1;
	memcpy(to, zone, strlen(zone) + 1);
}

void time_finnish(char out[TIME_TEXT], int64_t ms)
{
	int64_t utc = time_clamp(ms);
	int64_t zone = time_finnish_zone_ms(utc);

	write_iso(out, utc + zone, zone == SUMMER_MS ? "+03:00" : "+02:00");
}

void time_greenwich(char out[TIME_TEXT], int64_t ms)
{
	write_iso(out, time_clamp(ms), "+00:00");
}

void time_utc(char out[TIME_TEXT], int64_t ms)
{
	write_iso(out, time_clamp(ms), "Z");
}

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

void time_http(char out[TIME_TEXT], int64_t ms)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
				       "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr",
					 "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	struct parts p = split(time_clamp(ms));
	char *to = out;

	to = put_text(to, days[p.weekday]);
	to = put_text(to, ", ");
	to = put_number(to, p.date.day, 2, ' ');
	to = put_text(to, months[p.date.month - 1]);
	*to++ = ' ';
	to = put_number(to, p.date.year, 4, ' ');
	to = put_clock(to, &p, ' ');
	*put_text(to, "GMT") = '\0';
}

/* ---- reading --------------------------------------------------------- */

struct scan {
	const char *s, *end;
};

static bool take(struct scan *in, char c)
{
	if (in->s == in->end || *in->s != c)
		return false;
	in->s++;
	return true;
}

/* Exactly `digits` digits whose value is in [low, high]. */
static bool take_number(struct scan *in, int digits, int low, int high,
			int *out)
{
	int n = 0;

	if (in->end - in->s < digits)
		return false;
	for (int i = 0; i < digits; i++, in->s++) {
		if (!ascii_digit(*in->s))
			return false;
		n = n * 10 + (*in->s - '0');
	}
	*out = n;
	return n >= low && n <= high;
}

/* YYYY [ "-" MM [ "-" DD ] ]: the local span of a date. */
static bool take_date(struct scan *in, struct time_span *out)
{
	struct date from = {0, 1, 1}, to;

	if (!take_number(in, 4, 1, 9999, &from.year))
		return false;
	out->precision = TIME_YEAR;
	to = (struct date){from.year + 1, 1, 1};
	if (take(in, '-')) {
		if (!take_number(in, 2, 1, 12, &from.month))
			return false;
		out->precision = TIME_MONTH;
		to = (struct date){from.year + from.month / 12,
				   from.month % 12 + 1, 1};
	}
	if (out->precision == TIME_MONTH && take(in, '-')) {
		int last = date_month_days(from.year, from.month);

		if (!take_number(in, 2, 1, last, &from.day))
			return false;
		out->precision = TIME_DAY;
		to = from;
		to.day++;
	}
	out->lo_ms = date_days(from.year, from.month, from.day) * DAY_MS;
	out->hi_ms = date_days(to.year, to.month, to.day) * DAY_MS;
	return true;
}

/* The digits behind the point: those beyond milliseconds are read only. */
static bool take_fraction(struct scan *in, struct time_span *out)
{
	int64_t unit = 1000;
	int digits = 0;

	for (; in->s < in->end && ascii_digit(*in->s); in->s++) {
		if (++digits > 9)
			return false;
		if (unit > 1) {
			unit /= 10;
			out->lo_ms += (*in->s - '0') * unit;
		}
	}
	out->precision = TIME_FRACTION;
	out->hi_ms = out->lo_ms + unit;
	return digits > 0;
}

/* hh ":" mm [ ":" ss [ "." fraction ] ], on top of the day in out. */
static bool take_time(struct scan *in, struct time_span *out)
{
	int hour, minute, second;

	if (!take_number(in, 2, 0, 23, &hour) || !take(in, ':') ||
	    !take_number(in, 2, 0, 59, &minute))
		return false;
	out->precision = TIME_MINUTE;
	out->lo_ms += hour * HOUR_MS + minute * MINUTE_MS;
	out->hi_ms = out->lo_ms + MINUTE_MS;
	if (!take(in, ':'))
		return true;
	if (!take_number(in, 2, 0, 60, &second))
		return false;
	out->precision = TIME_SECOND;
	out->lo_ms += second * INT64_C(1000);
	out->hi_ms = out->lo_ms + 1000;
	return !take(in, '.') || take_fraction(in, out);
}

/* "Z" or ("+" | "-") hh ":" mm; absent: *has is false. */
static bool take_zone(struct scan *in, bool *has, int64_t *zone)
{
	int sign, hour, minute;

	*zone = 0;
	*has = in->s < in->end;
	if (!*has || take(in, 'Z'))
		return true;
	sign = take(in, '-') ? -1 : 1;
	if (sign > 0 && !take(in, '+'))
		return false;
	if (!take_number(in, 2, 0, ZONE_MAX_H, &hour) || !take(in, ':') ||
	    !take_number(in, 2, 0, hour == ZONE_MAX_H ? 0 : 59, &minute))
		return false;
	*zone = sign * (hour * HOUR_MS + minute * MINUTE_MS);
	return true;
}

bool time_parse(const char *s, size_t n, struct time_span *out)
{
	struct scan in = {s, s + n};
	struct time_span t = {0};
	int64_t zone;

	if (!take_date(&in, &t))
		return false;
	if (t.precision == TIME_DAY && take(&in, 'T')) {
		if (!take_time(&in, &t) || !take_zone(&in, &t.has_zone, &zone))
			return false;
		int64_t length = t.hi_ms - t.lo_ms;

		t.lo_ms =
		    t.has_zone ? t.lo_ms - zone : time_of_finnish_ms(t.lo_ms);
		t.hi_ms = t.lo_ms + length;
	} else {
		t.lo_ms = time_of_finnish_ms(t.lo_ms);
		t.hi_ms = time_of_finnish_ms(t.hi_ms);
	}
	if (in.s != in.end)
		return false;
	*out = t;
	return true;
}
