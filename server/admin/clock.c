/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: the one time of the server, from outside.
 *
 * It can be real, run on from an instant that was set (offset), or stand still
 * (frozen), ticking with each request if that is asked for; advancing moves it
 * forward, backwards only where that is said, and counts what expired on the
 * way; setting it may take it anywhere in its range. That ends
 * some centuries before the year 9999, so that what is reckoned from it (the
 * end of a token) can still be written as a date.
 *
 * Facts: contracts.md section 3, stand-in.md 6.
 */
#include "admin/admin_int.h"

#include <string.h>

#define FIRST_MS INT64_C(-62104060800000) /* 0002-01-01T00:00:00Z */
#define LAST_MS	 INT64_C(240779519999999) /* 9599-12-31T23:59:59.999Z */

static const char *const modes[] = {
    [CLOCK_REAL] = "real",
    [CLOCK_OFFSET] = "offset",
    [CLOCK_FROZEN] = "frozen",
};

void clock_write(struct jw *w, const struct clock *c)
{
	char now[TIME_TEXT];

	time_finnish(now, clock_now_ms(c));
	jw_str(w, "now", now);
	jw_str(w, "mode", modes[c->mode]);
	if (c->mode == CLOCK_FROZEN)
		jw_int(w, "tick_ms", c->tick_ms);
}

bool admin_clock(struct rq *rq)
{
	const struct clock real = {.mode = CLOCK_REAL};
	struct jw w = {.b = &rq->out};
	char wall[TIME_TEXT];

	time_finnish(wall, clock_now_ms(&real));
	jw_open(&w, NULL, '{');
	clock_write(&w, &admin_of(rq)->record->clock);
	jw_str(&w, "wall", wall);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* The answer to a move: the new time, and what it made expire. */
static bool reply_moved(struct rq *rq, int64_t from_ms)
{
	const struct clock *c = &admin_of(rq)->record->clock;
	struct jw w = {.b = &rq->out};
	int64_t codes, tokens;

	store_expired(store_of(rq), from_ms, clock_now_ms(c), &codes, &tokens);
	jw_open(&w, NULL, '{');
	clock_write(&w, c);
	jw_open(&w, "expired", '{');
	jw_int(&w, "tokens", tokens);
	jw_int(&w, "codes", codes);
	jw_int(&w, "approvals",
	       store_expired_grants(store_of(rq), from_ms, clock_now_ms(c)));
	jw_int(&w, "certificates",
	       certificates_expired(admin_of(rq)->certificates, from_ms,
				    clock_now_ms(c)));
	certificates_expired_write(&w, "certificate_numbers",
				   admin_of(rq)->certificates, from_ms,
				   clock_now_ms(c));
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_clock_check(int64_t now_ms, const char *where, struct err *e)
{
	if (now_ms >= FIRST_MS && now_ms <= LAST_MS)
		return true;
	return err_set(e, ERR_INVALID, "invalid_value", where,
		       "The clock goes from 0002-01-01T00:00:00Z to "
		       "9599-12-31T23:59:59Z.");
}

/* ---- setting -------------------------------------------------------- */

static bool mode_of(struct rq *rq, const char *text, enum clock_mode *out)
{
	for (size_t i = 0; i < LEN(modes); i++) {
		if (strcmp(modes[i], text) == 0) {
			*out = (enum clock_mode)i;
			return true;
		}
	}
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "/mode",
		       "\"mode\" must be real, offset or frozen.");
}

static bool now_of(struct rq *rq, const char *text, int64_t *ms)
{
	struct time_span t;

	if (!time_parse(text, strlen(text), &t) || !t.has_zone)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/now",
			       "\"now\" must be a time with a zone, such as "
			       "2026-03-01T10:00:00+02:00.");
	*ms = t.lo_ms;
	return admin_clock_check(t.lo_ms, "/now", &rq->err);
}

static const struct member clock_put[] = {{"mode", MEMBER_TEXT, true},
					  {"now", MEMBER_TEXT, false},
					  {"tick_ms", MEMBER_COUNT, false}};
const struct body clock_put_body = BODY_OF(clock_put);

bool admin_clock_put(struct rq *rq)
{
	struct clock *c = &admin_of(rq)->record->clock;
	int64_t before = clock_now_ms(c), now = before;
	struct clock real = {.mode = CLOCK_REAL};
	const struct json *body;
	enum clock_mode mode = CLOCK_REAL;

	if (!body_read(rq, &clock_put_body, &body) ||
	    !mode_of(rq, member_text(body, "mode"), &mode))
		return false;
	const char *text = member_text(body, "now");
	if (text != NULL && !now_of(rq, text, &now))
		return false;
	if (text != NULL && mode == CLOCK_REAL)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/now",
			       "A real clock cannot be set; the mode must be "
			       "offset or frozen.");
	const int64_t tick_ms = member_count(body, "tick_ms", -1);
	if (tick_ms >= 0 && mode != CLOCK_FROZEN)
		return err_set(&rq->err, ERR_INVALID, "invalid_value",
			       "/tick_ms",
			       "Only a frozen clock ticks, by that much with "
			       "each request.");
	*c = (struct clock){.mode = mode};
	if (tick_ms > 0)
		c->tick_ms = tick_ms;
	if (mode == CLOCK_FROZEN)
		c->frozen_ms = now;
	if (mode == CLOCK_OFFSET)
		c->offset_ms = now - clock_now_ms(&real);
	return reply_moved(rq, before);
}

/* ---- advancing ------------------------------------------------------ */

/* "PT1H"; "-PT1H" only where it may go back. */
static bool by_of(struct rq *rq, const char *text, bool back, int64_t *ms)
{
	const bool minus = *text == '-';

	if (minus && !back)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/by",
			       "The clock goes back only with "
			       "\"allow_back\": true, since what was made "
			       "later is then from the future.");
	if (!duration_parse(text + minus, ms))
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/by",
			       "\"by\" must be an ISO 8601 duration of days, "
			       "hours, minutes and seconds, such as PT1H30M.");
	if (minus)
		*ms = -*ms;
	return true;
}

static int64_t moved(int64_t from, int64_t by)
{
	int64_t sum;

	return __builtin_add_overflow(from, by, &sum) ? INT64_MAX : sum;
}

static const struct member advance[] = {{"by", MEMBER_TEXT, true},
					{"allow_back", MEMBER_FLAG, false}};
const struct body clock_advance_body = BODY_OF(advance);

bool admin_clock_advance(struct rq *rq)
{
	struct clock *c = &admin_of(rq)->record->clock;
	int64_t before = clock_now_ms(c), by = 0;
	const struct json *body;

	if (!body_read(rq, &clock_advance_body, &body) ||
	    !by_of(rq, member_text(body, "by"), member_flag(body, "allow_back"),
		   &by))
		return false;
	if (!admin_clock_check(moved(before, by), "/by", &rq->err))
		return false;
	clock_advance(c, by);
	return reply_moved(rq, before);
}

/* ---- one citizen ---------------------------------------------------- */

static const struct member citizen_age[] = {{"by", MEMBER_TEXT, true}};
const struct body citizen_age_body = BODY_OF(citizen_age);

bool admin_citizen_age(struct rq *rq)
{
	struct jw w = {.b = &rq->out};
	struct store_citizen c;
	struct store_aged n;
	const struct json *body;
	int64_t by = 0;

	if (!citizen_get(rq, rq_param(rq, "hetu"), &c) ||
	    !body_read(rq, &citizen_age_body, &body) ||
	    !by_of(rq, member_text(body, "by"), false, &by))
		return false;
	if (by > LAST_MS)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/by",
			       "\"by\" is longer than there has been time.");
	store_age(store_of(rq), c.hetu, by, &n);
	jw_open(&w, NULL, '{');
	jw_int(&w, "count", n.codes + n.tokens + n.approvals + n.sessions);
	jw_int(&w, "codes", n.codes);
	jw_int(&w, "tokens", n.tokens);
	jw_int(&w, "approvals", n.approvals);
	jw_int(&w, "sessions", n.sessions);
	jw_close(&w);
	return reply_json(rq, 200);
}
