/* SPDX-License-Identifier: Apache-2.0
 *
 * display_time: times as people write them, in Finnish time.
 *
 * Only as much is shown as was said: a year, a month, a day, or a time of day.
 * What was sent in another zone is shown by Finnish clocks; a text without a
 * zone is Finnish time already. Seconds are shown where there are some. A text
 * that is no time is shown as it is.
 *
 *	en	2026-03-09 07:10
 *	fi	9.3.2026 klo 7.10
 *	sv	9.3.2026 kl. 7.10
 */
#include "record/display_int.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

struct moment {
	struct date day;
	int hour, minute, second;
};

static struct moment moment_of(int64_t ms)
{
	int64_t local = ms + time_finnish_zone_ms(ms);
	int64_t days = local / DAY_MS - (local % DAY_MS < 0);
	int s = (int)((local - days * DAY_MS) / 1000);

	return (struct moment){date_of_days(days), s / 3600, s / 60 % 60,
			       s % 60};
}

static bool english(const struct page_locale *l)
{
	return l == NULL || l->language == PAGE_EN;
}

static void put_day(struct buf *b, const struct page_locale *l,
		    const struct moment *m, enum time_precision p)
{
	const struct date *d = &m->day;

	if (p == TIME_YEAR)
		buf_printf(b, "%04d", d->year);
	else if (p == TIME_MONTH && english(l))
		buf_printf(b, "%04d-%02d", d->year, d->month);
	else if (p == TIME_MONTH)
		buf_printf(b, "%d/%d", d->month, d->year);
	else if (english(l))
		buf_printf(b, "%04d-%02d-%02d", d->year, d->month, d->day);
	else
		buf_printf(b, "%d.%d.%d", d->day, d->month, d->year);
}

static void put_hour(struct buf *b, const struct page_locale *l,
		     const struct moment *m)
{
	const char *dot = english(l) ? ":" : ".";

	buf_printf(b, english(l) ? "%02d%s%02d" : "%d%s%02d", m->hour, dot,
		   m->minute);
	if (m->second != 0)
		buf_printf(b, "%s%02d", dot, m->second);
}

static const char *between(const struct page_locale *l)
{
	if (english(l))
		return " ";
	return l->language == PAGE_FI ? " klo " : " kl. ";
}

static void put(struct buf *b, const struct page_locale *l,
		const struct moment *m, enum time_precision p)
{
	put_day(b, l, m, p);
	if (p < TIME_MINUTE)
		return;
	buf_puts(b, between(l));
	put_hour(b, l, m);
}

const char *record_when(struct arena *a, const struct page_locale *l,
			const char *time)
{
	struct time_span s;
	struct buf b;

	if (time == NULL || !time_parse(time, strlen(time), &s))
		return text_or_empty(time);
	struct moment m = moment_of(s.lo_ms);
	buf_init(&b, a);
	put(&b, l, &m, s.precision);
	return b.p;
}

const char *record_when_ms(struct arena *a, const struct page_locale *l,
			   int64_t ms)
{
	struct moment m = moment_of(ms);
	struct buf b;

	buf_init(&b, a);
	put(&b, l, &m, TIME_SECOND);
	return b.p;
}

/* Do both say a time of the same day? */
static bool same_day(const char *start, const char *end, struct moment *m)
{
	struct time_span s, e;

	if (!time_parse(start, strlen(start), &s) ||
	    !time_parse(end, strlen(end), &e) || s.precision < TIME_MINUTE ||
	    e.precision < TIME_MINUTE)
		return false;
	struct moment from = moment_of(s.lo_ms);
	*m = moment_of(e.lo_ms);
	return memcmp(&from.day, &m->day, sizeof(from.day)) == 0;
}

const char *display_span(const struct telling *t, const char *start,
			 const char *end)
{
	struct moment m;
	struct buf b;

	buf_init(&b, t->arena);
	if (start != NULL)
		buf_puts(&b, record_when(t->arena, t->locale, start));
	if (start == NULL && end == NULL)
		return b.p;
	buf_puts(&b, " – ");
	if (start != NULL && end != NULL && same_day(start, end, &m))
		put_hour(&b, t->locale, &m);
	else if (end != NULL)
		buf_puts(&b, record_when(t->arena, t->locale, end));
	return b.p;
}
