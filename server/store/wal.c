/* SPDX-License-Identifier: Apache-2.0
 *
 * wal: SQLite's write-ahead log, written in one piece.
 *
 * To commit, SQLite writes each page that changed with two calls to the system,
 * a head of 24 bytes and the page behind it. A turn that stores a dozen
 * resources writes a hundred pages, and the calls cost more than the bytes. So
 * the log is opened through a file of ours, which gathers what is written
 * one behind the other and hands it on at once: behind the page whose head
 * marks a commit, and before anything else is done to the file. All other files
 * are SQLite's own.
 *
 * What must hold: when SQLite is told that the last page of a commit is
 * written, everything before it is written, too; so another process, or this
 * one after a kill, never finds a commit without its pages. A failure to write
 * is told to that last page at the latest, and the commit fails. When it came
 * earlier (the buffer was full, or the log was read), what was lost must not be
 * committed: nothing can be written behind it until the log has been taken back
 * to where it was lost, or further.
 *
 * SQLite's own words: sqlite.org/fileformat2.html, section 4.1; vfs.html.
 */
#include "store/store_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES   24
#define BUFFER_BYTES ((size_t)1 << 20)
#define PIECE_BYTES  ((size_t)1 << 16) /* SQLite writes less than 128 KiB */

struct wal {
	sqlite3_file base; /* SQLite's view; must be the first */
	sqlite3_file *real;
	char *buffer;
	sqlite3_int64 start; /* where the buffer belongs */
	size_t len;
	sqlite3_int64 lost; /* from there on nothing is written; -1: all is */
	bool commit;	    /* the page that follows ends one */
};

/* ---- gathering --------------------------------------------------------- */

static int flush(struct wal *w)
{
	int rc = SQLITE_OK;
	for (size_t i = 0; i < w->len && rc == SQLITE_OK; i += PIECE_BYTES) {
		size_t n = w->len - i < PIECE_BYTES ? w->len - i : PIECE_BYTES;
		rc = w->real->pMethods->xWrite(w->real, w->buffer + i, (int)n,
					       w->start + (sqlite3_int64)i);
	}
	if (rc != SQLITE_OK)
		w->lost = w->start;
	w->start += (sqlite3_int64)w->len;
	w->len = 0;
	return rc;
}

/* Four bytes of a page's head: the size of the database if it ends a commit. */
static bool ends_commit(const char *head)
{
	static const char no[4];
	return memcmp(head + 4, no, sizeof no) != 0;
}

static int write_through(struct wal *w, const void *bytes, int n,
			 sqlite3_int64 at)
{
	int rc = flush(w);
	if (rc == SQLITE_OK)
		rc = w->real->pMethods->xWrite(w->real, bytes, n, at);
	w->start = at + n;
	return rc;
}

static int gather(struct wal *w, const void *bytes, int n)
{
	memcpy(w->buffer + w->len, bytes, (size_t)n);
	w->len += (size_t)n;
	return SQLITE_OK;
}

static int wal_write(sqlite3_file *f, const void *bytes, int n,
		     sqlite3_int64 at)
{
	struct wal *w = (struct wal *)f;
	bool head = n == HEAD_BYTES;
	if (w->lost >= 0 && (at == 0 || (head && at <= w->lost)))
		w->lost = -1; /* taken back */
	if (w->lost >= 0)
		return SQLITE_IOERR_WRITE;
	bool last = w->commit && !head;
	w->commit = head && ends_commit(bytes);
	if (w->len + (size_t)n > BUFFER_BYTES && flush(w) != SQLITE_OK)
		return SQLITE_IOERR_WRITE;
	if ((size_t)n > BUFFER_BYTES || w->buffer == NULL ||
	    at != w->start + (sqlite3_int64)w->len)
		return write_through(w, bytes, n, at);
	int rc = gather(w, bytes, n);
	return last ? flush(w) : rc;
}

/* ---- everything else: first what was gathered --------------------------- */

static int wal_close(sqlite3_file *f)
{
	struct wal *w = (struct wal *)f;
	int rc = flush(w);
	int closed = w->real->pMethods->xClose(w->real);
	free(w->buffer);
	return rc != SQLITE_OK ? rc : closed;
}

static int wal_read(sqlite3_file *f, void *bytes, int n, sqlite3_int64 at)
{
	struct wal *w = (struct wal *)f;
	int rc = flush(w);
	return rc != SQLITE_OK
		   ? rc
		   : w->real->pMethods->xRead(w->real, bytes, n, at);
}

static int wal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct wal *w = (struct wal *)f;
	int rc = flush(w);
	return rc != SQLITE_OK ? rc
			       : w->real->pMethods->xTruncate(w->real, size);
}

static int wal_sync(sqlite3_file *f, int flags)
{
	struct wal *w = (struct wal *)f;
	int rc = flush(w);
	return rc != SQLITE_OK ? rc : w->real->pMethods->xSync(w->real, flags);
}

static int wal_size(sqlite3_file *f, sqlite3_int64 *size)
{
	struct wal *w = (struct wal *)f;
	int rc = flush(w);
	return rc != SQLITE_OK ? rc
			       : w->real->pMethods->xFileSize(w->real, size);
}

static int wal_lock(sqlite3_file *f, int level)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xLock(w->real, level);
}

static int wal_unlock(sqlite3_file *f, int level)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xUnlock(w->real, level);
}

static int wal_check_lock(sqlite3_file *f, int *out)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xCheckReservedLock(w->real, out);
}

static int wal_control(sqlite3_file *f, int what, void *arg)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xFileControl(w->real, what, arg);
}

static int wal_sector(sqlite3_file *f)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xSectorSize(w->real);
}

static int wal_traits(sqlite3_file *f)
{
	struct wal *w = (struct wal *)f;
	return w->real->pMethods->xDeviceCharacteristics(w->real);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_check_lock,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_traits,
};

/* ---- opening ------------------------------------------------------------ */

/* SQLite gives room for both: ours, and behind it the system's. */
static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f,
		    int flags, int *out)
{
	sqlite3_vfs *real = vfs->pAppData;
	struct wal *w = (struct wal *)f;
	if (!(flags & SQLITE_OPEN_WAL))
		return real->xOpen(real, name, f, flags, out);
	*w = (struct wal){.lost = -1, .start = -1};
	w->real = (sqlite3_file *)(w + 1);
	int rc = real->xOpen(real, name, w->real, flags, out);
	if (rc != SQLITE_OK)
		return rc;
	w->buffer = malloc(BUFFER_BYTES);
	w->base.pMethods = &wal_methods;
	return SQLITE_OK;
}

const char *store_vfs_add(struct store *s)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	assert(real != NULL);
	sqlite3_snprintf(sizeof s->vfs_name, s->vfs_name, "store-%p",
			 (void *)s);
	s->vfs = *real;
	s->vfs.pNext = NULL;
	s->vfs.pAppData = real;
	s->vfs.zName = s->vfs_name;
	s->vfs.xOpen = vfs_open;
	s->vfs.szOsFile = (int)sizeof(struct wal) + real->szOsFile;
	return sqlite3_vfs_register(&s->vfs, 0) == SQLITE_OK ? s->vfs_name
							     : NULL;
}

void store_vfs_remove(struct store *s)
{
	sqlite3_vfs_unregister(&s->vfs);
}
