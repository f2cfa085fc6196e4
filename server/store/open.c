/* SPDX-License-Identifier: Apache-2.0
 *
 * open: the file as a whole. Opening, migrating, counting.
 *
 * A file is ours when its application_id says so; user_version is the number of
 * the last step of the schema that was applied. A file without either must be
 * without tables too, which is a new one. Anything else is refused untouched:
 * somebody's other database, or the file of a newer program.
 *
 * All statements are prepared here: on :memory: the whole of store_open() takes
 * less than a start may spend on it (2 ms), and a wrong statement then is found
 * at the first start instead of at the first use.
 */
#include "store/store_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Another process reading or copying the file may hold it for a moment. */
#define BUSY_MS 1000

/* In KiB. Not more: a page that moves within its b-tree has the number of a
 * page far behind the file's end for a moment, after which SQLite searches the
 * whole cache at the commit for pages behind the end. With 256 MiB that took
 * half of the time of a create. What is not here is in the system's cache. */
#define CACHE "PRAGMA cache_size=-16384;"

/* The log is written back when it has that many pages: many more than a turn
 * writes, since what is written again and again is then written back once. */
#define CHECKPOINT "PRAGMA wal_autocheckpoint=8192;"

/* See search.c. */
#define PATIENCE 256

/* Of this process alone, and in memory; see kept.c. */
#define KEPT                                                                   \
	"CREATE TEMP TABLE kept(serial INTEGER PRIMARY KEY,"                   \
	" token TEXT NOT NULL UNIQUE,fhir INTEGER NOT NULL,"                   \
	" type TEXT NOT NULL,patient TEXT NOT NULL,query TEXT NOT NULL,"       \
	" total INTEGER NOT NULL,made_ms INTEGER NOT NULL,"                    \
	" serials BLOB NOT NULL)STRICT;"

static bool exec(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK || store_fail(s, sql);
}

/* The number a PRAGMA or SELECT answers; -1 when it fails. */
static int64_t ask(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return number;
}

static bool refuse(struct store *s, struct err *e, const char *path)
{
	int rc = sqlite3_errcode(s->db) & 0xff;
	if (rc == SQLITE_NOTADB)
		return err_set(e, ERR_INVALID, "storage", path,
			       "The file is not an SQLite database.");
	return err_set(e, ERR_INTERNAL, "storage", path,
		       "The database cannot be used: %s.",
		       sqlite3_errmsg(s->db));
}

/* Ours, or new, and not newer than this program? */
static bool identify(struct store *s, const char *path, int64_t *version,
		     struct err *e)
{
	int64_t id = ask(s, "PRAGMA application_id");
	int64_t tables = ask(s, "SELECT count(*) FROM sqlite_master");
	*version = ask(s, "PRAGMA user_version");
	if (id < 0 || tables < 0 || *version < 0)
		return refuse(s, e, path);
	bool new = id == 0 && *version == 0 && tables == 0;
	if (!new &&id != STORE_APPLICATION_ID)
		return err_set(e, ERR_INVALID, "storage", path,
			       "The database belongs to another program.");
	int64_t known = 0;
	while (store_migrations[known] != NULL)
		known++;
	if (*version > known)
		return err_set(e, ERR_INVALID, "storage", path,
			       "The database has version %lld; this program "
			       "knows versions up to %lld.",
			       (long long)*version, (long long)known);
	return true;
}

static bool migrate(struct store *s, int64_t version)
{
	char mark[96];
	for (; store_migrations[version] != NULL; version++) {
		sqlite3_snprintf(sizeof mark, mark,
				 "PRAGMA application_id=%d;"
				 "PRAGMA user_version=%lld;COMMIT",
				 STORE_APPLICATION_ID, (long long)version + 1);
		if (!exec(s, "BEGIN IMMEDIATE") ||
		    !exec(s, store_migrations[version]) || !exec(s, mark))
			return false; /* closing rolls back */
	}
	return true;
}

/* What a statement does, told while it is prepared. ctx: where to note that it
 * writes what decides on a token. */
static int note_access(void *ctx, int action, const char *table, const char *a,
		       const char *b, const char *c)
{
	bool *const *of_access = ctx;

	(void)a, (void)b, (void)c;
	if ((action == SQLITE_INSERT || action == SQLITE_UPDATE ||
	     action == SQLITE_DELETE) &&
	    (strcmp(table, "token") == 0 || strcmp(table, "permission") == 0))
		**of_access = true;
	return SQLITE_OK;
}

static bool prepare(struct store *s)
{
	bool *of_access = NULL;
	bool ok = true;

	/* set once: statements prepared before would have to be again */
	sqlite3_set_authorizer(s->db, note_access, &of_access);
	for (size_t i = 0; i < ST_COUNT && ok; i++) {
		assert(store_sql[i] != NULL);
		of_access = &s->of_access[i];
		ok = sqlite3_prepare_v3(s->db, store_sql[i], -1,
					SQLITE_PREPARE_PERSISTENT, &s->stmt[i],
					NULL) == SQLITE_OK ||
		     store_fail(s, store_sql[i]);
	}
	sqlite3_set_authorizer(s->db, NULL, NULL);
	return ok;
}

static bool set_up(struct store *s, const char *path, struct err *e)
{
	int64_t version;
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (!identify(s, path, &version, e))
		return false;
	if (exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
		    "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;" CACHE
			CHECKPOINT KEPT) &&
	    migrate(s, version) && prepare(s))
		return true;
	return refuse(s, e, path);
}

/* There is one thread, so SQLite's own locks and counters guard nothing; a
 * tenth of the time of a write goes into them. Too late, and without effect,
 * once a database has been opened, which is no harm. */
static void without_locks(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct store *store_open(const char *path, const struct log *log, struct err *e)
{
	struct store *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	without_locks();
	s->log = log;
	s->last = s->data_version = -1;
	s->generation = s->access_epoch = 1;
	s->patience = PATIENCE;
	s->work = arena_new(0);
	(void)arena_alloc(s->work, 1); /* what is rewound keeps its block */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(path, &s->db, flags, store_vfs_add(s)) !=
	    SQLITE_OK) {
		refuse(s, e, path);
	} else if (set_up(s, path, e)) {
		return s;
	}
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < ST_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	int rc = sqlite3_close(s->db);
	assert(rc != SQLITE_BUSY); /* a statement was left behind */
	(void)rc;
	store_vfs_remove(s);
	arena_free(s->work);
	free(s);
}

/* ---- the whole content ---------------------------------------------- */

bool store_is_empty(struct store *s)
{
	return store_number(s, ST_EMPTY, NO_ARGS) != 0;
}

void store_count(struct store *s, struct store_counts *out)
{
	*out = (struct store_counts){0};
	sqlite3_stmt *st = store_query(s, ST_COUNT_ROWS, NO_ARGS);
	if (!store_row(s, st))
		return;
	out->citizens = sqlite3_column_int64(st, 0);
	out->clients = sqlite3_column_int64(st, 1);
	out->resources = sqlite3_column_int64(st, 2);
	out->versions = sqlite3_column_int64(st, 3);
	out->grants = sqlite3_column_int64(st, 4);
	out->tokens = sqlite3_column_int64(st, 5);
	out->consents = sqlite3_column_int64(st, 6);
	out->treatments = sqlite3_column_int64(st, 7);
	store_done(st);
}

const char *store_setting(struct store *s, struct arena *a, const char *name)
{
	sqlite3_stmt *st = store_query(s, ST_SETTING_FIND, ARGS(TEXT(name)));
	if (!store_row(s, st))
		return NULL;
	char *value = store_column(a, st, 0);
	store_done(st);
	return value;
}

void store_setting_put(struct store *s, const char *name, const char *value)
{
	s->setting_epoch++;
	store_write(s, ST_SETTING_PUT, ARGS(TEXT(name), TEXT(value)));
}

int64_t store_chance(struct store *s, const char *citizen,
		     const char *client_id, const char *purpose)
{
	if (!store_write_begin(s))
		return 0;
	int64_t n = store_number(
	    s, ST_CHANCE, ARGS(TEXT(citizen), TEXT(client_id), TEXT(purpose)));
	store_write_end(s);
	return n;
}

uint64_t store_setting_epoch(const struct store *s)
{
	return s->setting_epoch;
}
