/* SPDX-License-Identifier: Apache-2.0
 *
 * history: the versions of one resource, of a type or of all, the newest first.
 *
 * Their numbers (seq) give the order, and the snapshot from which pages do not
 * move. An index of version by owner and kind leads: of each place that is
 * asked for (one owner's resources of one kind) it gives as many numbers as the
 * page may need, and how many there are; the page is cut from all of them
 * together. Without a patient there is a place for each owner that has such
 * resources. One resource's versions are few, and are read as they are.
 *
 * A version was current from when it was stored until the next one was (_at).
 *
 * Facts: fhir-rest.md 2.7.
 */
#include "store/store_int.h"

#include <string.h>

struct reading {
	struct store *s;
	struct arena *arena;
	const struct store_history_query *q;
	int64_t snapshot;
	int64_t need; /* numbers that the page and what is before it take */
	struct set seq;
	int64_t total;
};

/* ---- one owner's resources of one kind ------------------------------ */

static void read_since(struct reading *g, int64_t owner, int64_t kind)
{
	struct arg since = INT(g->q->since_ms), until = INT(g->snapshot);
	g->total += store_number(g->s, ST_HISTORY_COUNT,
				 ARGS(INT(owner), INT(kind), until, since));
	sqlite3_stmt *st = store_query(
	    g->s, ST_HISTORY,
	    ARGS(INT(owner), INT(kind), until, since, INT(g->need)));
	while (store_row(g->s, st))
		store_set_add(&g->seq, g->arena, sqlite3_column_int64(st, 0));
}

static void read_at(struct reading *g, int64_t owner, int64_t kind)
{
	struct arg until = INT(g->snapshot);
	struct arg lo = INT(g->q->at_lo_ms), hi = INT(g->q->at_hi_ms);
	g->total += store_number(g->s, ST_HISTORY_AT_COUNT,
				 ARGS(INT(owner), INT(kind), until, hi, lo));
	sqlite3_stmt *st = store_query(
	    g->s, ST_HISTORY_AT,
	    ARGS(INT(owner), INT(kind), until, hi, lo, INT(g->need)));
	while (store_row(g->s, st))
		store_set_add(&g->seq, g->arena, sqlite3_column_int64(st, 0));
}

static void read_place(struct reading *g, int64_t owner, int64_t kind)
{
	if (g->q->at)
		read_at(g, owner, kind);
	else
		read_since(g, owner, kind);
}

static void read_kind(struct reading *g, int64_t kind)
{
	struct set owners = {0};
	if (g->q->patient != NULL) {
		int64_t owner =
		    store_name_find(g->s, NAME_OWNER, 0, g->q->patient);
		read_place(g, owner, kind);
		if (g->q->nobodys)
			read_place(g, store_name_find(g->s, NAME_OWNER, 0, ""),
				   kind);
		return;
	}
	sqlite3_stmt *st =
	    store_query(g->s, ST_HOLDING_OWNERS, ARGS(INT(kind)));
	while (store_row(g->s, st))
		store_set_add(&owners, g->arena, sqlite3_column_int64(st, 0));
	for (size_t i = 0; i < owners.n; i++)
		read_place(g, owners.v[i], kind);
}

static bool is_asked(const struct store_history_query *q, const char *type)
{
	if (q->type != NULL)
		return strcmp(q->type, type) == 0;
	for (const char *const *t = q->types; t != NULL; t++) {
		if (*t == NULL)
			return false;
		if (strcmp(*t, type) == 0)
			return true;
	}
	return true;
}

static void read_kinds(struct reading *g)
{
	struct set kinds = {0};
	sqlite3_stmt *st = store_query(g->s, ST_KINDS, ARGS(INT(g->q->fhir)));
	while (store_row(g->s, st)) {
		if (is_asked(g->q, (const char *)sqlite3_column_text(st, 1)))
			store_set_add(&kinds, g->arena,
				      sqlite3_column_int64(st, 0));
	}
	for (size_t i = 0; i < kinds.n; i++)
		read_kind(g, kinds.v[i]);
}

/* ---- one resource --------------------------------------------------- */

/* next_ms: when the version behind it was stored. */
static bool is_within(const struct reading *g, int64_t updated_ms,
		      int64_t next_ms)
{
	const struct store_history_query *q = g->q;
	if (q->at)
		return updated_ms < q->at_hi_ms && next_ms > q->at_lo_ms;
	return updated_ms >= q->since_ms;
}

static void read_one(struct reading *g)
{
	const struct store_history_query *q = g->q;
	int64_t kind = store_name_find(g->s, NAME_KIND, q->fhir, q->type);
	int64_t owner = q->patient == NULL
			    ? 0
			    : store_name_find(g->s, NAME_OWNER, 0, q->patient);
	int64_t serial =
	    store_number(g->s, ST_RESOURCE_STATE, ARGS(INT(kind), TEXT(q->id)));
	int64_t next_ms = INT64_MAX;
	sqlite3_stmt *st = store_query(g->s, ST_HISTORY_ONE, ARGS(INT(serial)));
	while (store_row(g->s, st)) {
		int64_t seq = sqlite3_column_int64(st, 0);
		int64_t updated_ms = sqlite3_column_int64(st, 1);
		bool mine =
		    q->patient == NULL || sqlite3_column_int64(st, 2) == owner;
		if (mine && seq <= g->snapshot &&
		    is_within(g, updated_ms, next_ms))
			store_set_add(&g->seq, g->arena, seq);
		next_ms = updated_ms;
	}
	g->total = (int64_t)g->seq.n;
}

/* ---- the answer ----------------------------------------------------- */

static void page(const struct reading *g, int64_t offset,
		 struct store_found *out)
{
	size_t from = (size_t)offset, bytes = 0;
	if (from >= g->seq.n || g->q->limit <= 0)
		return;
	size_t n = g->seq.n - from;
	if ((uint64_t)g->q->limit < n)
		n = (size_t)g->q->limit;
	out->v = arena_alloc(g->arena, n * sizeof *out->v);
	for (size_t i = 0; i < n && bytes < STORE_PAGE_BYTES; i++) {
		struct store_resource *r = &out->v[out->n];
		int64_t seq = g->seq.v[g->seq.n - 1 - from - i];
		if (!store_version_get(g->s, g->arena, seq, r))
			continue;
		bytes += r->text_len;
		out->n++;
	}
}

void store_history(struct store *s, struct arena *a,
		   const struct store_history_query *q, struct store_found *out)
{
	int64_t offset = q->offset < 0 ? 0 : q->offset;
	int64_t limit = q->limit < 0 ? 0 : q->limit;
	struct reading g = {.s = s, .arena = a, .q = q};
	*out = (struct store_found){0};
	g.snapshot = q->snapshot > 0 ? q->snapshot : store_serial(s);
	g.need = limit == 0		      ? 0
		 : offset > INT64_MAX - limit ? INT64_MAX
					      : offset + limit;
	if (q->id != NULL)
		read_one(&g);
	else
		read_kinds(&g);
	store_set_close(&g.seq, a);
	page(&g, offset, out);
	out->total = g.total;
	out->snapshot = g.snapshot;
}
