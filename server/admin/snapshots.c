/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshots: the state of now under a name, to come back to.
 *
 * A snapshot is an image of the database (store_image_take), with it the
 * counters that a seed is reckoned from, and of what is memory the clock, the
 * switches, the certificates that were issued or revoked, and the faults with
 * what they have counted. Restoring puts all of it back within the request's
 * savepoint, so it is there as a whole or not at all. The journal is not in it:
 * it tells what happened, and its numbers never repeat.
 *
 * Snapshots are memory, at most SNAPSHOTS_MAX of them and SNAPSHOTS_BYTES
 * together, so that a suite that takes one for each test and forgets them is
 * told so, and the server stays up. A reset deletes them. GET gives the
 * SQLite file itself, for whoever wants to look into it, or to start a server
 * from it with --db.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1 and 8.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

#define SNAPSHOTS_MAX	64
#define SNAPSHOTS_BYTES ((size_t)1 << 30)
#define NAME_MAX_CHARS	64

struct snapshot {
	char name[NAME_MAX_CHARS + 1];
	unsigned char *bytes;
	size_t n;
	int64_t at_ms; /* by the clock */
	struct clock clock;
	struct settings settings;
	struct certificates *certificates;
	struct faults *faults;
};

struct snapshots {
	struct snapshot v[SNAPSHOTS_MAX]; /* in the order they were taken */
	size_t n, bytes;
};

struct snapshots *snapshots_new(void)
{
	struct snapshots *all = calloc(1, sizeof *all);

	if (all == NULL)
		abort();
	return all;
}

static void drop(struct snapshots *all, struct snapshot *x)
{
	const size_t behind = (size_t)(all->v + all->n - x) - 1;

	all->bytes -= x->n;
	store_image_free(x->bytes);
	certificates_free(x->certificates);
	faults_free(x->faults);
	memmove(x, x + 1, behind * sizeof *x);
	all->n--;
}

void snapshots_clear(struct snapshots *all)
{
	while (all->n > 0)
		drop(all, &all->v[all->n - 1]);
}

void snapshots_free(struct snapshots *all)
{
	if (all == NULL)
		return;
	snapshots_clear(all);
	free(all);
}

/* ---- finding and telling --------------------------------------------- */

static struct snapshots *all_of(const struct rq *rq)
{
	return admin_of(rq)->snapshots;
}

static struct snapshot *find(const struct rq *rq, const char *name)
{
	struct snapshots *all = all_of(rq);

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return &all->v[i];
	return NULL;
}

static struct snapshot *get(struct rq *rq)
{
	struct snapshot *x = find(rq, rq_param(rq, "name"));

	if (x == NULL)
		err_set(&rq->err, ERR_NOT_FOUND, "unknown_snapshot", "/name",
			"There is no snapshot \"%.64s\".",
			rq_param(rq, "name"));
	return x;
}

static void members_write(struct jw *w, const struct snapshot *x)
{
	char at[TIME_TEXT];

	time_finnish(at, x->at_ms);
	jw_str(w, "name", x->name);
	jw_str(w, "at", at);
	jw_int(w, "bytes", (int64_t)x->n);
}

static void took_write(struct jw *w, struct arena *a, int64_t from_us)
{
	const char *ms = arena_printf(
	    a, "%.1f", (double)(clock_steady_us() - from_us) / 1000.0);

	jw_raw(w, "ms", ms, strlen(ms));
}

bool admin_snapshots(struct rq *rq)
{
	const struct snapshots *all = all_of(rq);
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_open(&w, "snapshots", '[');
	for (size_t i = 0; i < all->n; i++) {
		jw_open(&w, NULL, '{');
		members_write(&w, &all->v[i]);
		jw_close(&w);
	}
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_snapshot(struct rq *rq)
{
	const struct snapshot *x = get(rq);

	if (x == NULL)
		return false;
	buf_add(&rq->out, x->bytes, x->n);
	rq_header(rq, "Cache-Control", "no-store");
	rq_header(rq, "Content-Disposition", "attachment; filename=\"%s.db\"",
		  x->name);
	return rq_reply(rq, 200, "application/vnd.sqlite3");
}

/* ---- taking ----------------------------------------------------------- */

static bool name_ok(struct rq *rq, const char *name)
{
	const size_t n = strlen(name);

	return (n > 0 && n <= NAME_MAX_CHARS &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n) ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "/name",
		       "\"name\" must be 1 to %d of a-z, 0-9 and '-'.",
		       NAME_MAX_CHARS);
}

/* One of the same name gives way, so the room that it has counts as free. */
static bool room_for(struct rq *rq, const char *name, size_t bytes)
{
	const struct snapshots *all = all_of(rq);
	const struct snapshot *old = find(rq, name);

	if (all->n - (old != NULL) >= SNAPSHOTS_MAX)
		return err_set(&rq->err, ERR_CONFLICT, "too_many", "/name",
			       "There are %d snapshots, and no room for more: "
			       "DELETE /__admin/snapshots/NAME removes one.",
			       SNAPSHOTS_MAX);
	return all->bytes - (old != NULL ? old->n : 0) + bytes <=
		   SNAPSHOTS_BYTES ||
	       err_set(&rq->err, ERR_CONFLICT, "too_large", "/name",
		       "All snapshots together may have %zu MiB; this one has "
		       "%zu. Remove others, or have less in the database.",
		       SNAPSHOTS_BYTES >> 20, bytes >> 20);
}

static struct snapshot *add(struct rq *rq, const char *name,
			    unsigned char *bytes, size_t n)
{
	const struct admin *a = admin_of(rq);
	struct snapshots *all = all_of(rq);
	struct snapshot *x = find(rq, name);

	if (x != NULL)
		drop(all, x);
	x = &all->v[all->n++];
	*x = (struct snapshot){
	    .bytes = bytes,
	    .n = n,
	    .at_ms = record_now_ms(a->record),
	    .clock = a->record->clock,
	    .settings = a->record->settings,
	    .certificates = certificates_copy(a->certificates, a->record->pki),
	    .faults = faults_copy(rq, a->faults),
	};
	memcpy(x->name, name, strlen(name));
	all->bytes += n;
	return x;
}

static const struct member posted[] = {{"name", MEMBER_TEXT, true}};
const struct body snapshot_post_body = BODY_OF(posted);

bool admin_snapshot_post(struct rq *rq)
{
	const int64_t from_us = clock_steady_us();
	struct jw w = {.b = &rq->out};
	const struct json *body;
	unsigned char *bytes;
	size_t n;

	if (!body_read(rq, &snapshot_post_body, &body))
		return false;
	const char *name = member_text(body, "name");
	if (!name_ok(rq, name) ||
	    !room_for(rq, name, store_bytes(store_of(rq))))
		return false;
	if (!store_image_take(store_of(rq), &bytes, &n))
		return err_set(&rq->err, ERR_INTERNAL, "storage", NULL,
			       "The database could not be copied.");
	const struct snapshot *x = add(rq, name, bytes, n);
	jw_open(&w, NULL, '{');
	members_write(&w, x);
	took_write(&w, rq->arena, from_us);
	jw_close(&w);
	return reply_json(rq, 201);
}

bool admin_snapshot_delete(struct rq *rq)
{
	struct snapshot *x = get(rq);

	if (x == NULL)
		return false;
	drop(all_of(rq), x);
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 204, NULL);
}

/* ---- restoring -------------------------------------------------------- */

bool admin_snapshot_restore(struct rq *rq)
{
	const int64_t from_us = clock_steady_us();
	struct admin *a = admin_of(rq);
	const struct snapshot *x = get(rq);
	struct jw w = {.b = &rq->out};
	const struct json *body;

	if (x == NULL || !body_members(rq, NULL, 0, &body) ||
	    !store_image_put(store_of(rq), x->bytes, x->n, &rq->err))
		return false;
	a->record->clock = x->clock;
	a->record->settings = x->settings;
	certificates_restore(a->certificates, a->record->pki, x->certificates);
	faults_restore(rq, a->faults, x->faults);
	faults_flush(rq, NULL);
	jw_open(&w, NULL, '{');
	members_write(&w, x);
	took_write(&w, rq->arena, from_us);
	jw_close(&w);
	return reply_json(rq, 200);
}
