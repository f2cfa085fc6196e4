/* SPDX-License-Identifier: Apache-2.0
 *
 * run: how the store's files talk to SQLite, and the transactions.
 *
 * A statement is bound, stepped and reset through the functions below; a
 * failure anywhere ends up in store_fail(), which logs SQLite's own words and
 * marks the request. Callers read on as if nothing was found, and store_leave()
 * says so.
 *
 * The turn's transaction begins with its first request and only reads, which
 * spares each statement the file locks; with the first write of the first
 * request that writes it ends, and one that writes begins. Each further request
 * that writes has a savepoint in it: kept when it is released, gone when it is
 * rolled back. The first needs none: before it the transaction was empty; nor
 * does one that has said that it takes nothing back (settled). A part of a
 * request (nest) has a savepoint within, and a part of that one too. On some
 * failures (a full disk) SQLite itself gives up the whole transaction, and with
 * it what earlier requests of the turn had left; that is found out by asking
 * for its autocommit state, and the turn's store_commit() then fails.
 *
 * Outside a request every operation has a savepoint of its own, which is a
 * transaction when none is open.
 */
#include "store/store_int.h"

#include <assert.h>
#include <string.h>

/* ---- statements ----------------------------------------------------- */

struct arg store_int(int64_t i)
{
	return (struct arg){.kind = ARG_INT, .i = i};
}

struct arg store_text_n(const char *s, size_t n)
{
	return (struct arg){.kind = ARG_TEXT, .bytes = s, .i = (int64_t)n};
}

struct arg store_text(const char *s)
{
	return store_text_n(s, s == NULL ? 0 : strlen(s));
}

struct arg store_blob(const void *bytes, size_t n)
{
	return (struct arg){
	    .kind = ARG_BLOB, .bytes = n > 0 ? bytes : "", .i = (int64_t)n};
}

bool store_fail(struct store *s, const char *what)
{
	s->failed = true;
	if (s->log != NULL)
		log_line(s->log, "storage", "%s: %s", what,
			 sqlite3_errmsg(s->db));
	return false;
}

static int bind_one(sqlite3_stmt *st, int i, const struct arg *a)
{
	switch (a->kind) {
	case ARG_INT: return sqlite3_bind_int64(st, i, a->i);
	case ARG_BLOB:
		return sqlite3_bind_blob64(st, i, a->bytes,
					   (sqlite3_uint64)a->i, SQLITE_STATIC);
	default: break;
	}
	if (a->bytes == NULL)
		return sqlite3_bind_null(st, i);
	return sqlite3_bind_text64(st, i, a->bytes, (sqlite3_uint64)a->i,
				   SQLITE_STATIC, SQLITE_UTF8);
}

sqlite3_stmt *store_query(struct store *s, enum stmt which,
			  const struct arg *arg, size_t n)
{
	sqlite3_stmt *st = s->stmt[which];
	s->access_epoch += s->of_access[which];
	assert((size_t)sqlite3_bind_parameter_count(st) == n);
	for (size_t i = 0; i < n; i++) {
		if (bind_one(st, (int)i + 1, &arg[i]) != SQLITE_OK)
			store_fail(s, store_sql[which]);
	}
	return st;
}

bool store_row(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		store_fail(s, sqlite3_sql(st));
	store_done(st);
	return false;
}

void store_done(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	/* bound texts belong to callers, who will be gone */
	sqlite3_clear_bindings(st);
}

/* After a failure SQLite may have given up the transaction: what is written
 * then would stay. */
bool store_run(struct store *s, enum stmt which, const struct arg *arg,
	       size_t n)
{
	if (s->failed && which > ST_DATA_VERSION)
		return false;
	sqlite3_stmt *st = store_query(s, which, arg, n);
	int rc = sqlite3_step(st);
	while (rc == SQLITE_ROW)
		rc = sqlite3_step(st);
	if (rc != SQLITE_DONE)
		store_fail(s, store_sql[which]);
	store_done(st);
	return rc == SQLITE_DONE;
}

int64_t store_number(struct store *s, enum stmt which, const struct arg *arg,
		     size_t n)
{
	sqlite3_stmt *st = store_query(s, which, arg, n);
	if (!store_row(s, st))
		return 0;
	int64_t number = sqlite3_column_int64(st, 0);
	store_done(st);
	return number;
}

bool store_one(struct store *s, struct arena *a, sqlite3_stmt *st,
	       store_taker *take, void *out)
{
	if (!store_row(s, st))
		return false;
	take(st, a, out);
	store_done(st);
	return true;
}

void *store_list(struct store *s, struct arena *a, sqlite3_stmt *st,
		 size_t size, store_taker *take, size_t *n)
{
	size_t room = 0;
	char *v = NULL;
	for (*n = 0; store_row(s, st); (*n)++) {
		if (*n == room) {
			room = room == 0 ? 8 : 2 * room;
			char *more = arena_alloc(a, room * size);
			if (*n > 0)
				memcpy(more, v, *n * size);
			v = more;
		}
		take(st, a, v + *n * size);
	}
	return v;
}

char *store_column(struct arena *a, sqlite3_stmt *st, int column)
{
	const void *text = sqlite3_column_text(st, column);
	if (text == NULL)
		return NULL;
	return arena_strndup(a, text, (size_t)sqlite3_column_bytes(st, column));
}

/* ---- transactions --------------------------------------------------- */

void store_forget(struct store *s)
{
	s->last = -1;
	s->generation++;
	s->setting_epoch++;
	s->access_epoch++;
}

void store_refresh(struct store *s)
{
	int64_t now = store_number(s, ST_DATA_VERSION, NO_ARGS);
	if (now == s->data_version)
		return;
	s->data_version = now;
	store_forget(s);
}

/* Has SQLite given up the transaction by itself? */
static void notice_loss(struct store *s)
{
	if (!(s->open || s->reading) || !sqlite3_get_autocommit(s->db))
		return;
	s->lost = s->lost || s->kept;
	s->open = s->saved = s->kept = s->whole = s->reading = false;
	s->nested = 0;
	store_forget(s);
}

static void undo(struct store *s, enum stmt to, enum stmt end)
{
	store_forget(s);
	if (store_run(s, to, NO_ARGS))
		store_run(s, end, NO_ARGS);
}

static void give_up(struct store *s)
{
	store_forget(s);
	store_run(s, ST_ROLLBACK, NO_ARGS);
	s->open = s->whole = false;
}

/* With what other requests of the turn have left. */
static void give_up_turn(struct store *s)
{
	s->lost = s->lost || s->kept;
	s->kept = false;
	give_up(s);
}

void store_enter(struct store *s)
{
	assert(!s->entered);
	s->entered = true;
	s->failed = s->settled = s->bare = s->rehearsed = false;
	if (s->open || s->reading)
		return;
	s->reading = store_run(s, ST_READ, NO_ARGS);
	store_refresh(s);
}

/* A transaction that has only read would be refused to write when another
 * process has written meanwhile, so it ends and another one begins. */
static void begin(struct store *s)
{
	if (s->reading)
		store_run(s, ST_COMMIT, NO_ARGS);
	s->reading = false;
	s->open = store_run(s, ST_BEGIN, NO_ARGS);
	store_refresh(s);
}

static bool savepoint_begin(struct store *s)
{
	if (s->failed)
		return false;
	if (!s->saved && !s->open) {
		begin(s);
		s->whole = s->saved = s->open;
	} else if (!s->saved && s->settled) {
		s->saved = s->bare = true;
	} else if (!s->saved) {
		s->saved = store_run(s, ST_SAVEPOINT, NO_ARGS);
	}
	while (s->saved && s->nested < s->nesting &&
	       store_run(s, ST_PART_BEGIN, NO_ARGS))
		s->nested++;
	return s->saved && s->nested == s->nesting;
}

void store_settle(struct store *s)
{
	assert(s->entered);
	s->settled = s->settled || (!s->nesting && !s->saved && !s->rehearsed);
}

void store_rehearse(struct store *s)
{
	assert(s->entered && !s->saved && !s->settled);
	s->rehearsed = true;
}

bool store_write_begin(struct store *s)
{
	if (s->entered)
		return savepoint_begin(s);
	s->failed = false;
	if (s->reading)
		store_commit(s);
	if (!store_run(s, ST_OP_BEGIN, NO_ARGS))
		return false;
	store_refresh(s);
	return true;
}

void store_write_end(struct store *s)
{
	if (s->entered)
		return;
	if (s->failed)
		store_forget(s);
	if (s->failed && !sqlite3_get_autocommit(s->db))
		store_run(s, ST_OP_UNDO, NO_ARGS);
	if (!sqlite3_get_autocommit(s->db) &&
	    !store_run(s, ST_OP_END, NO_ARGS) && !s->open &&
	    !sqlite3_get_autocommit(s->db))
		store_run(s, ST_ROLLBACK, NO_ARGS);
	notice_loss(s);
}

int64_t store_write(struct store *s, enum stmt which, const struct arg *arg,
		    size_t n)
{
	int64_t changed = 0;
	if (!store_write_begin(s))
		return 0;
	if (store_run(s, which, arg, n))
		changed = sqlite3_changes64(s->db);
	store_write_end(s);
	return changed;
}

bool store_leave(struct store *s, bool keep)
{
	assert(s->entered && !s->nesting);
	notice_loss(s);
	assert(keep || s->failed || !s->bare);
	keep = keep && !s->failed;
	if (s->saved && s->bare && s->failed)
		give_up_turn(s);
	else if (s->saved && keep)
		s->kept |=
		    s->whole || s->bare || store_run(s, ST_RELEASE, NO_ARGS);
	else if (s->saved && !s->whole)
		undo(s, ST_ROLLBACK_TO, ST_RELEASE);
	s->saved = s->whole = false;
	notice_loss(s);
	if (s->open && !s->kept)
		give_up(s);
	bool ok = !s->failed;
	s->entered = s->failed = false;
	return ok;
}

bool store_pending(const struct store *s)
{
	return s->kept || s->lost;
}

bool store_commit(struct store *s)
{
	assert(!s->entered);
	bool ok = !s->lost;
	if (s->open || s->reading)
		ok = store_run(s, ST_COMMIT, NO_ARGS) && ok;
	if (s->open && !ok && !sqlite3_get_autocommit(s->db))
		give_up(s);
	if (!ok)
		store_forget(s);
	s->open = s->reading = s->kept = s->lost = s->failed = false;
	if (s->attached > 0)
		store_detach(s);
	return ok;
}

void store_nest(struct store *s)
{
	assert(s->entered);
	s->nesting++;
}

bool store_unnest(struct store *s, bool keep)
{
	assert(s->entered && s->nesting > 0);
	notice_loss(s);
	if (s->nested == s->nesting) {
		if (keep && !s->failed)
			store_run(s, ST_PART_END, NO_ARGS);
		else
			undo(s, ST_PART_UNDO, ST_PART_END);
		s->nested--;
	}
	s->nesting--;
	notice_loss(s);
	return !s->failed;
}
