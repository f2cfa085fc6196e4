/* SPDX-License-Identifier: Apache-2.0
 *
 * image: the whole file as a text in memory, and back.
 *
 * An image is an SQLite file of its own, taken between two statements of the
 * request that asks for it: with what that request and those before it in the
 * turn have written. It is read back table by table within the request's
 * savepoint, so it is there as a whole or not at all; SQLite copies rows of
 * equal tables without looking into them, some hundred thousand a second.
 *
 * For that the image is attached as a database beside the file, as a copy that
 * SQLite owns, since the caller may forget his within the turn; it is detached
 * behind the turn's commit, because before that it is being read.
 *
 * An image of another version of the schema is refused: whoever kept one as a
 * file opens it with --db, which migrates it.
 */
#include "store/store_int.h"

#include <assert.h>
#include <string.h>

/* SQLite's header: how the file is written and read (2: by a log, which an
 * image has not), whose it is and which version. */
#define AT_WRITE_VERSION  18
#define AT_READ_VERSION	  19
#define AT_USER_VERSION	  60
#define AT_APPLICATION_ID 68
#define HEADER_BYTES	  100

#define ATTACHED_MAX 8 /* images in one turn */

size_t store_bytes(struct store *s)
{
	return (size_t)store_number(s, ST_BYTES, NO_ARGS);
}

bool store_image_take(struct store *s, unsigned char **bytes, size_t *n)
{
	sqlite3_int64 size = 0;

	*bytes = sqlite3_serialize(s->db, "main", &size, 0);
	*n = (size_t)size;
	if (*bytes == NULL || size < HEADER_BYTES)
		return store_fail(s, "serialize");
	(*bytes)[AT_WRITE_VERSION] = (*bytes)[AT_READ_VERSION] = 1;
	return true;
}

void store_image_free(unsigned char *bytes)
{
	sqlite3_free(bytes);
}

/* ---- putting it back -------------------------------------------------- */

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool is_ours(const unsigned char *bytes, size_t n, struct err *e)
{
	uint32_t known = 0;

	while (store_migrations[known] != NULL)
		known++;
	if (n < HEADER_BYTES || memcmp(bytes, "SQLite format 3", 16) != 0 ||
	    number_at(bytes + AT_APPLICATION_ID) != STORE_APPLICATION_ID)
		return err_set(e, ERR_INVALID, "storage", NULL,
			       "This is no database of this program.");
	return number_at(bytes + AT_USER_VERSION) == known ||
	       err_set(e, ERR_INVALID, "storage", NULL,
		       "The database has version %u; it must be %u.",
		       number_at(bytes + AT_USER_VERSION), known);
}

static bool run_text(struct store *s, char *sql)
{
	bool ok = sql != NULL &&
		  sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;

	if (!ok)
		store_fail(s, sql != NULL ? sql : "out of memory");
	sqlite3_free(sql);
	return ok;
}

static bool attach(struct store *s, const unsigned char *bytes, size_t n)
{
	char name[32];
	unsigned char *copy;

	sqlite3_snprintf(sizeof name, name, "image%u", s->attached);
	if (!run_text(s, sqlite3_mprintf("ATTACH ':memory:' AS %s", name)))
		return false;
	s->attached++;
	copy = sqlite3_malloc64(n);
	if (copy == NULL)
		return store_fail(s, "out of memory");
	memcpy(copy, bytes, n);
	/* it frees the copy, also when it fails */
	return sqlite3_deserialize(
		   s->db, name, copy, (sqlite3_int64)n, (sqlite3_int64)n,
		   SQLITE_DESERIALIZE_READONLY |
		       SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK ||
	       store_fail(s, "deserialize");
}

void store_detach(struct store *s)
{
	while (s->attached > 0 &&
	       run_text(s, sqlite3_mprintf("DETACH image%u", s->attached - 1)))
		s->attached--;
}

/* The tables of the file; the temporary ones are not in it. */
static bool copy_tables(struct store *s)
{
	sqlite3_stmt *st = NULL;
	bool ok = true;

	if (sqlite3_prepare_v2(s->db,
			       "SELECT name FROM main.sqlite_schema WHERE "
			       "type='table' AND name NOT LIKE 'sqlite_%'",
			       -1, &st, NULL) != SQLITE_OK)
		return store_fail(s, "tables");
	while (ok && sqlite3_step(st) == SQLITE_ROW) {
		const unsigned char *t = sqlite3_column_text(st, 0);

		ok = run_text(
		    s, sqlite3_mprintf("DELETE FROM main.\"%w\";"
				       "INSERT INTO main.\"%w\" SELECT * FROM "
				       "image%u.\"%w\"",
				       t, t, s->attached - 1, t));
	}
	sqlite3_finalize(st);
	return ok;
}

bool store_image_put(struct store *s, const unsigned char *bytes, size_t n,
		     struct err *e)
{
	bool ok;

	if (!is_ours(bytes, n, e))
		return false;
	if (s->attached == ATTACHED_MAX)
		return err_set(e, ERR_CONFLICT, "storage", NULL,
			       "Too much is restored at a time: do one after "
			       "the other.");
	if (!store_write_begin(s))
		return err_set(e, ERR_INTERNAL, "storage", NULL,
			       "The database cannot be written.");
	ok = attach(s, bytes, n) && copy_tables(s) &&
	     store_run(s, ST_RESET_KEPT, NO_ARGS);
	store_forget(s);
	store_write_end(s);
	if (!s->entered)
		store_detach(s);
	return ok || err_set(e, ERR_INTERNAL, "storage", NULL,
			     "The database could not be restored.");
}
