/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: the one time that tokens, lastUpdated, Date and the journal go by.
 *
 * A test must be able to let an hour pass without waiting for it, and to get
 * the same answer tomorrow: so a clock is the wall clock, the wall clock moved
 * by an offset, or an instant that stands still. Whatever a test asks for, the
 * clock stays within the years that FHIR can write (0001 to 9999); a move
 * beyond stops at the end, and sums saturate instead of wrapping.
 *
 * Durations are ISO 8601 without the parts that have no fixed length (years,
 * months), fractions in the seconds alone.
 */
#include "base/base_int.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

static int64_t add(int64_t x, int64_t y)
{
	int64_t sum;

	if (__builtin_add_overflow(x, y, &sum))
		return y < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(const struct clock *c)
{
	switch (c->mode) {
	case CLOCK_FROZEN: return time_clamp(c->frozen_ms);
	case CLOCK_OFFSET: return time_clamp(add(wall_ms(), c->offset_ms));
	case CLOCK_REAL: break;
	}
	return wall_ms();
}

int64_t clock_steady_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

void clock_tick(struct clock *c)
{
	if (c->tick_ms > 0 && c->mode == CLOCK_FROZEN)
		clock_advance(c, c->tick_ms);
}

void clock_advance(struct clock *c, int64_t ms)
{
	switch (c->mode) {
	case CLOCK_FROZEN:
		c->frozen_ms = time_clamp(add(c->frozen_ms, ms));
		break;
	case CLOCK_OFFSET: c->offset_ms = add(c->offset_ms, ms); break;
	case CLOCK_REAL:
		c->mode = CLOCK_OFFSET;
		c->offset_ms = ms;
		break;
	}
}

bool clock_parse(struct clock *c, const char *text, struct err *e)
{
	struct clock new = {.mode = CLOCK_REAL};
	struct time_span t;

	if (*text == '+' && duration_parse(text + 1, &new.offset_ms)) {
		new.mode = CLOCK_OFFSET;
	} else if (time_parse(text, strlen(text), &t) && t.has_zone) {
		new.mode = CLOCK_FROZEN;
		new.frozen_ms = t.lo_ms;
	} else if (strcmp(text, "real") != 0) {
		return err_set(e, ERR_INVALID, "invalid", "clock",
			       "'%s' is not a clock: write real, +PT1H or "
			       "2026-11-21T12:00:00+02:00",
			       text);
	}
	*c = new;
	return true;
}

/* ---- durations ------------------------------------------------------- */

struct part {
	char letter;
	bool time; /* stands behind the T */
	int64_t ms;
};

/* In the order in which they may stand. */
static const struct part parts[] = {
    {'D', false, 86400000},
    {'H', true, 3600000},
    {'M', true, 60000},
    {'S', true, 1000},
};

struct amount {
	int64_t whole;
	int64_t thousandths;
	bool has_fraction;
};

/* digits [ "." digits ]; NULL when it is not there or overflows. */
static const char *scan_amount(const char *s, struct amount *out)
{
	int64_t unit = 100;

	*out = (struct amount){0};
	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(out->whole, 10, &out->whole) ||
		    __builtin_add_overflow(out->whole, *s - '0', &out->whole))
			return NULL;
	if (*s != '.')
		return s;
	out->has_fraction = true;
	if (!isdigit((unsigned char)*++s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, unit /= 10)
		out->thousandths += (*s - '0') * unit;
	return s;
}

/* The part that a letter names, from the first that may still come. */
static const struct part *find_part(char letter, bool time, size_t first)
{
	for (size_t i = first; i < LEN(parts); i++)
		if (parts[i].letter == letter && parts[i].time == time)
			return &parts[i];
	return NULL;
}

bool duration_parse(const char *text, int64_t *ms)
{
	const char *s = text;
	bool time = false;
	size_t next = 0;
	int64_t sum = 0;

	if (*s++ != 'P')
		return false;
	do {
		struct amount n;
		const struct part *p;

		if (*s == 'T' && !time) {
			time = true;
			s++;
		}
		s = scan_amount(s, &n);
		p = s ? find_part(*s++, time, next) : NULL;
		if (!p || (n.has_fraction && p->letter != 'S'))
			return false;
		if (__builtin_mul_overflow(n.whole, p->ms, &n.whole) ||
		    __builtin_add_overflow(sum, n.whole, &sum) ||
		    __builtin_add_overflow(sum, n.thousandths, &sum))
			return false;
		next = (size_t)(p - parts) + 1;
	} while (*s);
	*ms = sum;
	return true;
}
