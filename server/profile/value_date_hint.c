/* SPDX-License-Identifier: Apache-2.0
 *
 * value_date_hint.c: a date as somebody else would write it: 1.3.2026, a space
 * for the T, no seconds, no colon in the zone, no zone, no time of day. It is
 * read loosely and given back in the one form that FHIR has, for a hint. The
 * zone that is missing is that of Finland in winter: whoever copies the hint
 * has to look at it. Months and days are looked at as far as needed to say that
 * there is no such day. Runs only when there is something to report.
 */
#include "profile_int.h"

#include <stdio.h>
#include <string.h>

struct loose {
	const char *s;
	int year, month, day;
	int hour, minute, second;
	char fraction[16];
	char zone[8];
	bool time;
};

/* At most n digits; -1: there is none. */
static int digits(struct loose *l, int n)
{
	int v = 0, i = 0;

	for (; i < n && ascii_digit(*l->s); i++)
		v = v * 10 + (*l->s++ - '0');
	return i > 0 ? v : -1;
}

static bool one_of(struct loose *l, const char *set)
{
	if (!*l->s || !strchr(set, *l->s))
		return false;
	l->s++;
	return true;
}

/* 2026-3-1, 2026/03/01, 1.3.2026 */
static bool read_date(struct loose *l)
{
	int first = digits(l, 4);

	if (first < 0 || !one_of(l, "-./"))
		return false;
	l->month = digits(l, 2);
	if (l->month < 0 || !one_of(l, "-./"))
		return false;
	int last = digits(l, 4);
	l->year = first > 31 ? first : last;
	l->day = first > 31 ? last : first;
	return l->year >= 1000 && last >= 0;
}

/* Z, +02:00, +0200, +2 */
static bool read_zone(struct loose *l)
{
	if (one_of(l, "Zz")) {
		l->zone[0] = 'Z';
		return true;
	}
	char sign = *l->s;
	if (!one_of(l, "+-"))
		return false;
	int hour = digits(l, 2);
	one_of(l, ":");
	int minute = digits(l, 2);
	if (hour < 0 || hour > 14 || minute > 59)
		return false;
	snprintf(l->zone, sizeof(l->zone), "%c%02d:%02d", sign, hour,
		 minute < 0 ? 0 : minute);
	return true;
}

/* 8:00, 08.00, 08:00:00.123 */
static bool read_time(struct loose *l)
{
	l->hour = digits(l, 2);
	if (l->hour < 0 || l->hour > 23 || !one_of(l, ":."))
		return false;
	l->minute = digits(l, 2);
	if (l->minute < 0 || l->minute > 59)
		return false;
	if (one_of(l, ":.") && (l->second = digits(l, 2)) < 0)
		return false;
	size_t n = *l->s == '.' ? 1 + strspn(l->s + 1, "0123456789") : 0;
	if (n > 1 && n < sizeof(l->fraction))
		memcpy(l->fraction, l->s, n);
	l->s += n;
	l->time = true;
	while (one_of(l, " "))
		;
	return l->second <= 60 && (!*l->s || (read_zone(l) && !*l->s));
}

const char *date_hint(struct check *c, const char *text, enum prim prim)
{
	struct loose l = {.s = text};
	const char *day;

	if (is_quiet(c) || !read_date(&l))
		return NULL;
	if (!date_exists((struct date){l.year, l.month, l.day}))
		return "there is no such day";
	day = arena_printf(c->a, "%04d-%02d-%02d", l.year, l.month, l.day);
	if (prim == PRIM_DATE)
		return say(c, "write \"%s\"", day);
	while (one_of(&l, "Tt "))
		;
	if (*l.s && !read_time(&l))
		return NULL;
	if (!l.time && prim == PRIM_DATETIME)
		return say(c, "write \"%s\"", day);
	if (!l.time)
		return say(c,
			   "add the time of day and its zone: "
			   "\"%sT08:00:00+02:00\"",
			   day);
	return say(c, "write \"%sT%02d:%02d:%02d%s%s\"%s", day, l.hour,
		   l.minute, l.second, l.fraction,
		   l.zone[0] ? l.zone : "+02:00",
		   l.zone[0] ? "" : ", with the zone of the place");
}
