/* SPDX-License-Identifier: Apache-2.0
 *
 * run: how the store's files talk to SQLite, and the transactions.
 *
 * A statement is bound, stepped and reset through the functions below; a
 * failure anywhere ends up in store_fail(), which logs SQLite's own words and
 * marks the request. Callers read on as if nothing was found, and store_leave()
 * says so.
 *
 * The turn's transaction begins with the first write of the first request that
 * writes, so a turn that only reads costs nothing. Each request that writes has
 * a savepoint in it: kept when it is released, gone when it is rolled back.
 * On some failures (a full disk) SQLite itself gives up the whole transaction,
 * and with it what earlier requests of the turn had left; that is found out by
 * asking for its autocommit state, and the turn's store_commit() then fails.
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
	return (struct arg){.n = i, .is_int = true};
}

struct arg store_text_n(const char *s, size_t n)
{
	return (struct arg){.text = s, .n = (int64_t)n};
}

struct arg store_text(const char *s)
{
	return store_text_n(s, s == NULL ? 0 : strlen(s));
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
	if (a->is_int)
		return sqlite3_bind_int64(st, i, a->n);
	if (a->text == NULL)
		return sqlite3_bind_null(st, i);
	return sqlite3_bind_text64(st, i, a->text, (sqlite3_uint64)a->n,
				   SQLITE_STATIC, SQLITE_UTF8);
}

sqlite3_stmt *store_bind(struct store *s, sqlite3_stmt *st,
			 const struct arg *arg, size_t n)
{
	assert((size_t)sqlite3_bind_parameter_count(st) == n);
	for (size_t i = 0; i < n; i++) {
		if (bind_one(st, (int)i + 1, &arg[i]) != SQLITE_OK)
			store_fail(s, sqlite3_sql(st));
	}
	return st;
}

sqlite3_stmt *store_query(struct store *s, enum stmt which,
			  const struct arg *arg, size_t n)
{
	return store_bind(s, s->stmt[which], arg, n);
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

/* May settings be others after it? */
static bool changes_settings(enum stmt which)
{
	return which == ST_SETTING_PUT || which == ST_ROLLBACK ||
	       which == ST_ROLLBACK_TO || which == ST_OP_UNDO;
}

bool store_run(struct store *s, enum stmt which, const struct arg *arg,
	       size_t n)
{
	if (changes_settings(which))
		s->setting_epoch++;
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

/* Has SQLite given up the transaction by itself? */
static void notice_loss(struct store *s)
{
	if (!s->open || !sqlite3_get_autocommit(s->db))
		return;
	s->lost = s->lost || s->kept;
	s->setting_epoch++;
	s->open = s->saved = s->kept = false;
}

void store_enter(struct store *s)
{
	assert(!s->entered);
	s->entered = true;
	s->failed = false;
}

static bool savepoint_begin(struct store *s)
{
	if (s->failed)
		return false;
	if (!s->open)
		s->open = store_run(s, ST_BEGIN, NO_ARGS);
	if (s->open && !s->saved)
		s->saved = store_run(s, ST_SAVEPOINT, NO_ARGS);
	return s->saved;
}

bool store_write_begin(struct store *s)
{
	if (s->entered)
		return savepoint_begin(s);
	s->failed = false;
	return store_run(s, ST_OP_BEGIN, NO_ARGS);
}

void store_write_end(struct store *s)
{
	if (s->entered)
		return;
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
	assert(s->entered);
	notice_loss(s);
	if (s->saved && keep && !s->failed)
		s->kept |= store_run(s, ST_RELEASE, NO_ARGS);
	else if (s->saved && store_run(s, ST_ROLLBACK_TO, NO_ARGS))
		store_run(s, ST_RELEASE, NO_ARGS);
	s->saved = false;
	notice_loss(s);
	if (s->open && !s->kept) {
		store_run(s, ST_ROLLBACK, NO_ARGS);
		s->open = false;
	}
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
	if (s->open)
		ok = ok && store_run(s, ST_COMMIT, NO_ARGS);
	if (s->open && !ok && !sqlite3_get_autocommit(s->db))
		store_run(s, ST_ROLLBACK, NO_ARGS);
	s->open = s->kept = s->lost = s->failed = false;
	return ok;
}

void store_nest(struct store *s)
{
	(void)s;
}

bool store_unnest(struct store *s, bool keep)
{
	(void)s;
	return keep;
}
