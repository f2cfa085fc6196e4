/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: the one time of the server, from outside.
 *
 * It can be real, run on from an instant that was set (offset), or stand still
 * (frozen); advancing moves it forward, never backwards, and counts what
 * expired on the way; setting it may take it anywhere in its range. That ends
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
}

bool admin_clock(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	clock_write(&w, &admin_of(rq)->record->clock);
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
	jw_int(&w, "certificates",
	       certificates_expired(admin_of(rq)->certificates, from_ms,
				    clock_now_ms(c)));
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
					  {"now", MEMBER_TEXT, false}};
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
	*c = (struct clock){.mode = mode};
	if (mode == CLOCK_FROZEN)
		c->frozen_ms = now;
	if (mode == CLOCK_OFFSET)
		c->offset_ms = now - clock_now_ms(&real);
	return reply_moved(rq, before);
}

/* ---- advancing ------------------------------------------------------ */

static const struct member advance[] = {{"by", MEMBER_TEXT, true}};
const struct body clock_advance_body = BODY_OF(advance);

bool admin_clock_advance(struct rq *rq)
{
	struct clock *c = &admin_of(rq)->record->clock;
	int64_t before = clock_now_ms(c), by;
	const struct json *body;

	if (!body_read(rq, &clock_advance_body, &body))
		return false;
	if (!duration_parse(member_text(body, "by"), &by))
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/by",
			       "\"by\" must be an ISO 8601 duration of days, "
			       "hours, minutes and seconds, such as PT1H30M.");
	if (!admin_clock_check(by > LAST_MS - before ? INT64_MAX : before + by,
			       "/by", &rq->err))
		return false;
	clock_advance(c, by);
	return reply_moved(rq, before);
}
