/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of base: clock, durations, dates and times. Times that are compared
 * were worked out with another calendar implementation and the time zone data
 * of Europe/Helsinki.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

#include "base_times.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* ---- clock and durations --------------------------------------------- */

static void durations_have_a_fixed_length(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {{"PT1H", HOUR},
		    {"P1D", DAY},
		    {"P1DT2H30M", DAY + 2 * HOUR + 30 * MINUTE},
		    {"P1DT2H30M4.25S", DAY + 2 * HOUR + 30 * MINUTE + 4250},
		    {"PT0.5S", 500},
		    {"PT0.0019S", 1},
		    {"PT0S", 0},
		    {"PT90M", 90 * MINUTE},
		    {"PT036H", 36 * HOUR},
		    {"PT3600S", HOUR},
		    {"PT1H1S", HOUR + SECOND},
		    {"PT9223372036854775S", INT64_C(9223372036854775000)},
		    {"PT9223372036854775.807S", INT64_MAX},
		    {"PT9223372036854775.808S", -1},
		    {"PT9223372036854776S", -1},
		    {"P99999999999999999999D", -1},
		    {"P106751991167DT8H", -1},
		    {"", -1},
		    {"P", -1},
		    {"PT", -1},
		    {"P1", -1},
		    {"P1DT", -1},
		    {"1H", -1},
		    {"T1H", -1},
		    {"P1H", -1},
		    {"PT1D", -1},
		    {"P1Y", -1},
		    {"P1M", -1},
		    {"P1W", -1},
		    {"pt1h", -1},
		    {"PT1h", -1},
		    {"PT1M1H", -1},
		    {"PT1H1H", -1},
		    {"PT1.5H", -1},
		    {"PT.5S", -1},
		    {"PT1.S", -1},
		    {"PT1,5S", -1},
		    {"PT-1H", -1},
		    {"-PT1H", -1},
		    {"PT1H ", -1},
		    {" PT1H", -1},
		    {"PT1HT1M", -1}};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		int64_t ms = -1;
		bool ok = duration_parse(rows[i].text, &ms);

		if (ok != (rows[i].ms >= 0) || ms != rows[i].ms)
			fail_msg("%s: %d, %lld", rows[i].text, ok,
				 (long long)ms);
	}
}

static void clock_runs_stands_and_moves(void **state)
{
	struct clock c = {.mode = CLOCK_REAL};
	int64_t now = clock_now_ms(&c);

	(void)state;
	assert_true(now > INT64_C(1700000000000));
	clock_advance(&c, HOUR);
	assert_int_equal(c.mode, CLOCK_OFFSET);
	assert_in_range(clock_now_ms(&c) - now, HOUR, HOUR + 10 * SECOND);
	clock_advance(&c, -3 * HOUR);
	assert_in_range(now - clock_now_ms(&c), 2 * HOUR - 10 * SECOND,
			2 * HOUR);
	c = (struct clock){.mode = CLOCK_FROZEN, .frozen_ms = 1000};
	assert_int_equal(clock_now_ms(&c), 1000);
	clock_advance(&c, 500);
	assert_int_equal(c.mode, CLOCK_FROZEN);
	assert_int_equal(clock_now_ms(&c), 1500);
}

/* However far it is moved, what it shows can be written. */
static void clock_stays_within_the_years(void **state)
{
	struct clock frozen = {.mode = CLOCK_FROZEN};
	struct clock offset = {.mode = CLOCK_REAL};
	char text[TIME_TEXT];

	(void)state;
	for (int i = 0; i < 3; i++) {
		clock_advance(&frozen, INT64_MAX);
		clock_advance(&offset, INT64_MAX);
	}
	assert_int_equal(clock_now_ms(&frozen), clock_now_ms(&offset));
	time_finnish(text, clock_now_ms(&frozen));
	assert_memory_equal(text, "9999-12-31T", 11);
	for (int i = 0; i < 3; i++) {
		clock_advance(&frozen, INT64_MIN);
		clock_advance(&offset, INT64_MIN);
	}
	assert_int_equal(clock_now_ms(&frozen), clock_now_ms(&offset));
	time_finnish(text, clock_now_ms(&frozen));
	assert_memory_equal(text, "0001-01-0", 9);
	time_finnish(text, INT64_MAX);
	assert_int_equal(strlen(text), 29);
	time_http(text, INT64_MIN);
	assert_int_equal(strlen(text), 29);
}

static void clock_reads_its_option(void **state)
{
	static const char *const wrong[] = {
	    "",		  "now",  "Real",  "+",
	    "+1h",	  "PT1H", "+P1M",  "-PT1H",
	    "2026-11-21", "2026", "real ", "2026-11-21T12:00:00",
	    "12:00:00Z"};
	struct clock c = {.mode = CLOCK_FROZEN};
	struct err e;

	(void)state;
	assert_true(clock_parse(&c, "real", &e));
	assert_int_equal(c.mode, CLOCK_REAL);
	assert_true(clock_parse(&c, "+PT1H", &e));
	assert_int_equal(c.mode, CLOCK_OFFSET);
	assert_int_equal(c.offset_ms, HOUR);
	assert_true(clock_parse(&c, "2026-11-21T12:00:00+02:00", &e));
	assert_int_equal(c.mode, CLOCK_FROZEN);
	assert_int_equal(c.frozen_ms, INT64_C(1795255200000));
	for (size_t i = 0; i < LEN(wrong); i++) {
		memset(&e, 0, sizeof(e));
		if (clock_parse(&c, wrong[i], &e))
			fail_msg("%s was taken", wrong[i]);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_non_null(strstr(e.text, "PT1H"));
		assert_int_equal(c.frozen_ms, INT64_C(1795255200000));
	}
}

static void steady_clock_does_not_go_back(void **state)
{
	int64_t last = clock_steady_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_steady_us();

		assert_true(now >= last);
		last = now;
	}
}

/* ---- dates and times -------------------------------------------------- */

static void times_are_spans(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(time_rows); i++) {
		const struct time_row *r = &time_rows[i];
		struct time_span t;

		if (!time_parse(r->text, strlen(r->text), &t))
			fail_msg("%s was refused", r->text);
		if (t.lo_ms != r->lo_ms || t.hi_ms - t.lo_ms != r->length_ms ||
		    t.precision != r->precision || t.has_zone != r->has_zone)
			fail_msg("%s: lo %lld length %lld precision %d zone %d",
				 r->text, (long long)t.lo_ms,
				 (long long)(t.hi_ms - t.lo_ms), t.precision,
				 t.has_zone);
	}
}

static void wrong_times_are_refused(void **state)
{
	struct time_span t;

	(void)state;
	for (size_t i = 0; i < LEN(wrong_times); i++)
		if (time_parse(wrong_times[i], strlen(wrong_times[i]), &t))
			fail_msg("%s was taken", wrong_times[i]);
	/* The length counts, not a NUL; and a NUL is no character of it. */
	assert_true(time_parse("2023-01-01xyz", 10, &t));
	assert_false(time_parse("2023-01-01\0", 11, &t));
	assert_false(time_parse("2023-01-01T10:00", 15, &t));
}

/* Every day of the calendar in turn has the next number. */
static void every_day_follows_the_day_before(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};
	int64_t expected = INT64_MIN;
	char text[48], back[TIME_TEXT];

	(void)state;
	for (int y = 2; y <= 9998; y += y < 1890 || y > 2110 ? 97 : 1) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

		expected = INT64_MIN;
		for (int m = 1; m <= 12; m++) {
			int last = lengths[m - 1] + (m == 2 && leap);

			for (int d = 1; d <= last; d++) {
				struct time_span t;

				snprintf(text, sizeof(text),
					 "%04d-%02d-%02dT12:00Z", y, m, d);
				assert_true(time_parse(text, strlen(text), &t));
				if (expected != INT64_MIN)
					assert_int_equal(t.lo_ms, expected);
				expected = t.lo_ms + DAY;
				time_finnish(back, t.lo_ms);
				assert_memory_equal(back, text, 10);
			}
			snprintf(text, sizeof(text), "%04d-%02d-%02d", y, m,
				 last + 1);
			assert_false(time_parse(text, strlen(text), NULL));
		}
	}
}

static void finnish_time_changes_twice_a_year(void **state)
{
	char text[TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < LEN(finnish_rows); i++) {
		struct time_span t;

		time_finnish(text, finnish_rows[i].ms);
		assert_string_equal(text, finnish_rows[i].text);
		assert_true(time_parse(text, strlen(text), &t));
		assert_int_equal(t.lo_ms, finnish_rows[i].ms);
		assert_int_equal(t.hi_ms, finnish_rows[i].ms + 1);
		assert_true(t.has_zone);
	}
}

/* Without zone: the same instants, but for the hours that are skipped or that
 * happen twice. */
static void local_times_are_finnish(void **state)
{
	char text[TIME_TEXT];
	struct time_span t;

	(void)state;
	for (int64_t ms = INT64_C(946684800000); ms < INT64_C(1830297600000);
	     ms += 37 * HOUR + 123457) {
		time_finnish(text, ms);
		assert_true(time_parse(text, 23, &t));
		assert_false(t.has_zone);
		if (t.lo_ms == ms)
			continue;
		/* The second of two equal hours: Sunday, 03:xx, winter. */
		assert_int_equal(ms - t.lo_ms, HOUR);
		assert_memory_equal(text + 10, "T03:", 4);
		assert_string_equal(text + 23, "+02:00");
	}
	/* Skipped: read as winter time. */
	assert_true(time_parse("2023-03-26T03:30:00", 19, &t));
	time_finnish(text, t.lo_ms);
	assert_string_equal(text, "2023-03-26T04:30:00.000+03:00");
	/* Days of 23 and 25 hours. */
	assert_true(time_parse("2023-03-26", 10, &t));
	assert_int_equal(t.hi_ms - t.lo_ms, 23 * HOUR);
	assert_true(time_parse("2023-10-29", 10, &t));
	assert_int_equal(t.hi_ms - t.lo_ms, 25 * HOUR);
	assert_true(time_parse("2023-10-29T03:59", 16, &t));
	assert_int_equal(t.hi_ms - t.lo_ms, MINUTE);
}

static void http_dates_are_imf_fixdates(void **state)
{
	static const struct finnish_row rows[] = {
	    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
	    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
	    {INT64_C(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT"},
	    {INT64_C(784111777999), "Sun, 06 Nov 1994 08:49:37 GMT"},
	    {INT64_C(1709164799000), "Wed, 28 Feb 2024 23:59:59 GMT"},
	    {INT64_C(1709164800000), "Thu, 29 Feb 2024 00:00:00 GMT"},
	    {INT64_C(1672870067614), "Wed, 04 Jan 2023 22:07:47 GMT"},
	    {INT64_C(4102444800000), "Fri, 01 Jan 2100 00:00:00 GMT"},
	};
	char text[TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		time_http(text, rows[i].ms);
		assert_string_equal(text, rows[i].text);
	}
}

#endif
