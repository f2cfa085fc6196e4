/* SPDX-License-Identifier: Apache-2.0
 *
 * reset: back to the start, all of it or what is named.
 *
 * The whole is the state of a fresh start with the same options: the rows go
 * and the fixtures come again (record_reset), the clock and the switches are
 * put back to what they were when the server started, and journal, faults and
 * snapshots are emptied. The rows change inside the request's savepoint; the
 * clock and the switches are memory, so they are put back again when the rows
 * cannot be had.
 *
 * A part is a word of scope, everybody's or a citizen's or an application's.
 * What makes no sense for one of them (a citizen has no clock) is refused,
 * since whoever asks for it believes something that is not so.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1, 7 and 8.
 */
#include "admin/admin_int.h"

#include <string.h>

enum {
	PART_REQUESTS = 16,
	PART_FAULTS = 32,
	PART_CLOCK = 64,
	PART_SETTINGS = 128,
	PART_ALL = 256
};

/* Of whom there is such a thing. */
#define OF_CITIZEN 1u
#define OF_CLIENT  2u
#define OF_BOTH	   4u /* of a citizen with an application */

static const struct part {
	const char *name;
	unsigned bit, of;
} parts[] = {
    {"all", PART_ALL, OF_CITIZEN | OF_CLIENT | OF_BOTH},
    {"data", RESET_DATA, OF_CITIZEN},
    {"requests", PART_REQUESTS, OF_CITIZEN},
    {"tokens", RESET_TOKENS, OF_CITIZEN | OF_CLIENT | OF_BOTH},
    {"permissions", RESET_PERMISSIONS, OF_CITIZEN | OF_CLIENT | OF_BOTH},
    {"clients", RESET_CLIENTS, OF_CLIENT},
    {"faults", PART_FAULTS, OF_CITIZEN},
    {"clock", PART_CLOCK, 0},
    {"settings", PART_SETTINGS, 0},
};

struct wish {
	unsigned parts;
	const char *hetu, *client_id; /* NULL: everybody's */
	const char *patient;	      /* of hetu; NULL: not known */
};

/* ---- reading it ----------------------------------------------------- */

static bool of_fits(struct rq *rq, const struct wish *w, const struct part *p)
{
	static const char *const whose[] = {
	    [OF_CITIZEN] = "a citizen has no such thing: leave \"hetu\" out",
	    [OF_CLIENT] = "an application has no such thing: leave "
			  "\"client_id\" out",
	    [OF_BOTH] = "a citizen and an application have in common tokens "
			"and permissions alone",
	};
	unsigned of = (w->hetu != NULL ? OF_CITIZEN : 0) |
		      (w->client_id != NULL ? OF_CLIENT : 0);

	if (of == (OF_CITIZEN | OF_CLIENT))
		of = OF_BOTH;
	return of == 0 || (p->of & of) ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "/scope",
		       "\"%s\": %s.", p->name, whose[of]);
}

static bool part_read(struct rq *rq, struct wish *w, const struct json *v)
{
	struct nearest near = {.word = json_text(v)};

	if (json_kind(v) != JSON_STRING)
		return err_set(&rq->err, ERR_INVALID, "wrong_type", "/scope",
			       "\"scope\" must be a list of words.");
	for (size_t i = 0; i < LEN(parts); i++) {
		nearest_try(&near, parts[i].name);
		if (strcmp(parts[i].name, near.word) != 0)
			continue;
		w->parts |= parts[i].bit;
		return of_fits(rq, w, &parts[i]);
	}
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "/scope",
		       "There is no scope \"%.64s\"%s%s%s: all, data, "
		       "requests, tokens, permissions, clients, faults, clock "
		       "and settings are.",
		       near.word, near.best ? ", did you mean \"" : "",
		       near.best ? near.best : "", near.best ? "\"?" : "");
}

static const struct member reset_members[] = {
    {"scope", MEMBER_LIST, false},
    {"hetu", MEMBER_TEXT, false},
    {"client_id", MEMBER_TEXT, false},
};
const struct body reset_body = BODY_OF(reset_members);

static bool wish_read(struct rq *rq, struct wish *w)
{
	struct store_citizen citizen;
	struct store_client client;
	const struct json *body, *v;

	*w = (struct wish){0};
	if (!body_read(rq, &reset_body, &body))
		return false;
	w->hetu = member_text(body, "hetu");
	w->client_id = member_text(body, "client_id");
	v = json_get(body, "scope");
	if (v == NULL || json_kind(v) == JSON_NULL)
		w->parts = PART_ALL;
	else
		for (v = json_first(v); v != NULL; v = json_next(v))
			if (!part_read(rq, w, v))
				return false;
	if (w->parts == 0)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/scope",
			       "\"scope\" names nothing: leave it out for "
			       "all.");
	if (w->client_id != NULL && !client_get(rq, w->client_id, &client))
		return false;
	if (w->hetu != NULL && !hetu_check(w->hetu, &rq->err))
		return refuse_member(rq);
	if (w->hetu != NULL &&
	    record_citizen_find(admin_of(rq)->record, rq->arena, w->hetu,
				&citizen))
		w->patient = citizen.patient;
	return true;
}

/* ---- doing it ------------------------------------------------------- */

static bool reset_all(struct rq *rq)
{
	struct admin *a = admin_of(rq);
	struct clock clock = a->record->clock;
	struct settings settings = a->record->settings;

	a->record->clock = a->clock;
	a->record->settings = a->settings;
	if (record_reset(a->record, rq->arena, &rq->err)) {
		journal_clear(a->journal);
		faults_clear(a->faults, NULL);
		faults_flush(rq, NULL);
		shadow_clear(&a->shadows);
		snapshots_clear(a->snapshots);
		certificates_reset(a->certificates, a->record->pki);
		return true;
	}
	a->record->clock = clock;
	a->record->settings = settings;
	return false;
}

/* Fixtures are judged by the switches of the start, whichever are in force. */
static bool reset_rows(struct rq *rq, const struct wish *w, unsigned what)
{
	struct admin *a = admin_of(rq);
	struct settings settings = a->record->settings;
	bool ok;

	a->record->settings = a->settings;
	ok = record_reset_part(a->record, rq->arena, what, w->hetu,
			       w->client_id, &rq->err);
	a->record->settings = settings;
	return ok || refuse_member(rq);
}

static bool reset_citizen(struct rq *rq, const struct wish *w)
{
	struct admin *a = admin_of(rq);
	struct settings settings = a->record->settings;
	bool ok;

	a->record->settings = a->settings;
	ok = record_reset_citizen(a->record, rq->arena, w->hetu, &rq->err);
	a->record->settings = settings;
	return ok || refuse_member(rq);
}

/* What is memory is emptied when the rows are sure. */
static void reset_memory(struct rq *rq, const struct wish *w, unsigned what)
{
	struct admin *a = admin_of(rq);

	if ((what & PART_REQUESTS) && w->hetu == NULL) {
		journal_clear(a->journal);
		shadow_clear(&a->shadows);
	}
	if ((what & PART_REQUESTS) && w->patient != NULL)
		journal_clear_patient(a->journal, w->patient);
	if ((what & PART_FAULTS) && (w->hetu == NULL || w->patient != NULL)) {
		faults_clear(a->faults, w->patient);
		faults_flush(rq, w->patient);
	}
	if (what & PART_CLOCK)
		a->record->clock = a->clock;
	if (what & PART_SETTINGS)
		a->record->settings = a->settings;
}

static bool reset(struct rq *rq, struct wish *w)
{
	const unsigned rows =
	    RESET_DATA | RESET_TOKENS | RESET_PERMISSIONS | RESET_CLIENTS;
	bool all = (w->parts & PART_ALL) != 0;

	if (all && w->hetu == NULL && w->client_id == NULL)
		return reset_all(rq);
	if (all && w->client_id == NULL) {
		w->parts = PART_REQUESTS | PART_FAULTS;
		if (!reset_citizen(rq, w))
			return false;
	} else if (all) {
		w->parts = w->hetu == NULL ? RESET_CLIENTS : RESET_PERMISSIONS;
	}
	if ((w->parts & rows) && !reset_rows(rq, w, w->parts & rows))
		return false;
	reset_memory(rq, w, w->parts);
	return true;
}

bool admin_reset(struct rq *rq)
{
	struct wish w;

	if (!wish_read(rq, &w) || !reset(rq, &w))
		return false;
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 204, NULL);
}
