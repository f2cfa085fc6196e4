/* SPDX-License-Identifier: Apache-2.0
 *
 * kept: results of searches that stay as they were.
 *
 * A temporary table (in memory, of this process alone) holds the serial numbers
 * of all matches in their order, eight bytes each in one blob. A page takes its
 * stretch of them and reads the current versions, so it shows today's content
 * in the order of then. What has been deleted since is left out, which makes
 * that page shorter, not the next one shift.
 *
 * Bounds: KEPT_MOST results, KEPT_BYTES of numbers; the oldest go first.
 */
#include "store/store_int.h"

#include <string.h>

#define KEPT_MOST  500
#define KEPT_BYTES (INT64_C(64) << 20)

static bool too_much(struct store *s)
{
	sqlite3_stmt *st =
	    store_query(s, ST_KEPT_SIZE, ARGS(INT(KEPT_MOST), INT(KEPT_BYTES)));
	if (!store_row(s, st))
		return false;
	bool much =
	    sqlite3_column_int64(st, 0) > 0 || sqlite3_column_int64(st, 1) > 0;
	store_done(st);
	return much;
}

static bool taken(struct store *s, const char *token)
{
	sqlite3_stmt *st = store_query(
	    s, ST_KEPT_FIND, ARGS(TEXT(token), INT(INT64_MIN), INT(0), INT(0)));
	if (!store_row(s, st))
		return false;
	store_done(st);
	return true;
}

/* The results are not so many that none of these were free. */
static void choose(struct store *s, const char *wanted, char token[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	if (wanted == NULL) {
		uuid_make(token);
		return;
	}
	memcpy(token, wanted, UUID_TEXT);
	for (unsigned i = 0; taken(s, token); i++)
		for (unsigned k = 0; k < 4; k++)
			token[UUID_TEXT - 2 - k] = hex[i >> 4 * k & 15];
}

void store_keep(struct store *s, struct arena *a, struct store_kept *k,
		const struct match *v, size_t n)
{
	if ((int64_t)(n * sizeof(int64_t)) > KEPT_BYTES)
		return;
	char *token = arena_alloc(a, UUID_TEXT);
	int64_t *serials = arena_alloc(a, (n + 1) * sizeof *serials);
	for (size_t i = 0; i < n; i++)
		serials[i] = v[i].serial;
	choose(s, k->wanted, token);
	k->token = token;
	k->total = (int64_t)n;
	store_run(s, ST_KEPT_PUT,
		  ARGS(TEXT(token), INT(k->fhir), TEXT(k->type),
		       TEXT(k->patient), TEXT(k->query), INT(k->total),
		       INT(k->made_ms), BLOB(serials, n * sizeof *serials)));
	while (too_much(s) && store_run(s, ST_KEPT_DROP, NO_ARGS))
		continue;
}

/* The columns are those of ST_KEPT_FIND. */
static void kept_take(sqlite3_stmt *st, struct arena *a, struct store_kept *out)
{
	*out = (struct store_kept){
	    .fhir = sqlite3_column_int(st, 0),
	    .token = store_column(a, st, 1),
	    .type = store_column(a, st, 2),
	    .patient = store_column(a, st, 3),
	    .query = store_column(a, st, 4),
	    .total = sqlite3_column_int64(st, 5),
	    .made_ms = sqlite3_column_int64(st, 6),
	};
}

/* Reads the current versions; how many numbers that took. */
static int64_t read_page(struct store *s, struct arena *a, const char *serials,
			 size_t n, struct store_found *out)
{
	size_t i = 0, bytes = 0;
	out->v = arena_alloc(a, (n + 1) * sizeof *out->v);
	for (; i < n && bytes < STORE_PAGE_BYTES; i++) {
		struct store_resource *r = &out->v[out->n];
		int64_t serial;
		memcpy(&serial, serials + i * sizeof serial, sizeof serial);
		if (!store_resource_get(s, a, serial, r) || r->deleted)
			continue;
		bytes += r->text_len;
		out->n++;
	}
	return (int64_t)i;
}

bool store_page(struct store *s, struct arena *a, const char *token,
		int64_t now_ms, int64_t offset, int64_t limit,
		struct store_kept *what, struct store_found *out, int64_t *next)
{
	*out = (struct store_found){0};
	*next = 0;
	offset = offset < 0 ? 0 : offset;
	limit = limit < 0 ? 0 : limit;
	if (offset > KEPT_BYTES)
		offset = KEPT_BYTES;
	if (limit > KEPT_BYTES)
		limit = KEPT_BYTES;
	sqlite3_stmt *st =
	    store_query(s, ST_KEPT_FIND,
			ARGS(TEXT(token), INT(now_ms - STORE_KEPT_MS),
			     INT(offset), INT(limit)));
	if (!store_row(s, st))
		return false;
	kept_take(st, a, what);
	const char *serials = sqlite3_column_blob(st, 7);
	size_t n = (size_t)sqlite3_column_bytes(st, 7) / sizeof(int64_t);
	int64_t end = offset + read_page(s, a, serials, n, out);
	store_done(st);
	out->total = what->total;
	*next = limit > 0 && end < what->total ? end : 0;
	return true;
}
