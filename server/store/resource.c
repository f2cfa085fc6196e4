/* SPDX-License-Identifier: Apache-2.0
 *
 * resource: versions of resources and their rows in the search index.
 *
 * Versions are numbered in the order they come, over all resources (seq); a
 * resource bears the number of its first one (serial). The row in resource says
 * which version is the current one and where it belongs; everything else stands
 * with the version. Only current versions that are not deleted have index rows,
 * so a search never meets another. Version numbers go on after a deletion
 * (fhir-rest.md 2.6).
 *
 * The number given last is remembered between writes. What is erased may have
 * borne it, and a number is never given again: so it is written down then.
 */
#include "store/store_int.h"

#include <assert.h>
#include <string.h>

/* What is known of a resource before a version is put. */
struct state {
	int64_t serial; /* 0: it is new */
	int64_t version, owner;
	const char *rows;
	size_t len;
};

/* ---- numbers -------------------------------------------------------- */

int64_t store_serial(struct store *s)
{
	if (s->last < 0)
		s->last = store_number(s, ST_LAST, NO_ARGS);
	return s->last;
}

static int64_t next_seq(struct store *s)
{
	return s->last = store_serial(s) + 1;
}

/* ---- putting -------------------------------------------------------- */

static struct state state_of(struct store *s, int64_t kind, const char *id)
{
	struct state out = {0};
	sqlite3_stmt *st =
	    store_query(s, ST_RESOURCE_STATE, ARGS(INT(kind), TEXT(id)));
	if (!store_row(s, st))
		return out;
	out.serial = sqlite3_column_int64(st, 0);
	out.version = sqlite3_column_int64(st, 1);
	out.owner = sqlite3_column_int64(st, 2);
	out.len = (size_t)sqlite3_column_bytes(st, 4);
	if (out.len > 0)
		out.rows =
		    arena_strndup(s->work, sqlite3_column_blob(st, 4), out.len);
	store_done(st);
	return out;
}

/* Makes the index tables hold these rows instead of those of before. */
static void rows_put(struct store *s, const struct state *before, int64_t owner,
		     int64_t serial, const struct buf *rows)
{
	assert(before->len == 0 || before->rows != NULL);
	if (before->serial != 0 && before->owner == owner &&
	    before->len == rows->len &&
	    (rows->len == 0 || memcmp(before->rows, rows->p, rows->len) == 0))
		return;
	if (before->len > 0)
		store_rows_write(s, false, before->owner, serial, before->rows,
				 before->len);
	store_rows_write(s, true, owner, serial, rows->p, rows->len);
}

/* The row of resource; and of holding, where it mostly is already. */
static void row_put(struct store *s, const struct store_resource *r,
		    const struct state *before, int64_t kind, int64_t owner,
		    int64_t seq, const struct buf *rows)
{
	if (before->serial == 0)
		store_run(s, ST_RESOURCE_INSERT,
			  ARGS(INT(seq), INT(kind), TEXT(r->id),
			       INT(r->version), INT(seq), INT(r->updated_ms),
			       INT(owner), INT(r->deleted),
			       BLOB(rows->p, rows->len)));
	else
		store_run(s, ST_RESOURCE_UPDATE,
			  ARGS(INT(before->serial), INT(r->version), INT(seq),
			       INT(r->updated_ms), INT(owner), INT(r->deleted),
			       BLOB(rows->p, rows->len)));
	if (before->serial == 0 || before->owner != owner)
		store_run(s, ST_HOLDING_PUT, ARGS(INT(kind), INT(owner)));
}

static void put(struct store *s, const struct store_resource *r,
		const struct store_index_row *v, size_t n)
{
	int64_t kind = store_name_put(s, NAME_KIND, r->fhir, r->type);
	int64_t owner = store_name_put(s, NAME_OWNER, 0, r->patient);
	struct state before = {0};
	struct buf rows;
	if (r->version > 1)
		before = state_of(s, kind, r->id);
	buf_init(&rows, s->work);
	store_rows_encode(s, &rows, kind, v, r->deleted ? 0 : n);
	int64_t seq = next_seq(s);
	int64_t serial = before.serial != 0 ? before.serial : seq;
	if (s->failed)
		return;
	assert(r->version == before.version + 1);
	store_run(s, ST_VERSION_INSERT,
		  ARGS(INT(seq), INT(serial), INT(r->version),
		       INT(r->updated_ms), INT(owner), INT(kind),
		       TEXT(r->client_id), INT(r->deleted), TEXT(r->method),
		       TEXTN(r->text, r->text_len)));
	row_put(s, r, &before, kind, owner, seq, &rows);
	rows_put(s, &before, owner, serial, &rows);
}

void store_resource_put(struct store *s, const struct store_resource *r,
			const struct store_index_row *rows, size_t n)
{
	assert(r->deleted == (r->text == NULL));
	if (!store_write_begin(s))
		return;
	struct arena_mark mark = arena_mark(s->work);
	put(s, r, rows, n);
	arena_rewind(s->work, &mark);
	store_write_end(s);
}

/* ---- finding -------------------------------------------------------- */

/* The columns are those of RESOURCE_COLUMNS in statements.c. */
static void resource_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	struct store_resource *r = out;
	*r = (struct store_resource){
	    .fhir = sqlite3_column_int(st, 0),
	    .type = store_column(a, st, 1),
	    .id = store_column(a, st, 2),
	    .version = sqlite3_column_int(st, 3),
	    .updated_ms = sqlite3_column_int64(st, 4),
	    .patient = store_column(a, st, 5),
	    .client_id = store_column(a, st, 6),
	    .deleted = sqlite3_column_int(st, 7) != 0,
	    .method = store_column(a, st, 8),
	    .text = store_column(a, st, 9),
	    .text_len = (size_t)sqlite3_column_bytes(st, 9),
	};
}

bool store_resource_find(struct store *s, struct arena *a, int fhir,
			 const char *type, const char *id, int version,
			 struct store_resource *out)
{
	int64_t kind = store_name_find(s, NAME_KIND, fhir, type);
	sqlite3_stmt *st;
	if (version == 0)
		st =
		    store_query(s, ST_RESOURCE_FIND, ARGS(INT(kind), TEXT(id)));
	else if (version == 1)
		st = store_query(s, ST_RESOURCE_FIRST,
				 ARGS(INT(kind), TEXT(id)));
	else
		st = store_query(s, ST_RESOURCE_LATER,
				 ARGS(INT(kind), TEXT(id), INT(version)));
	return store_one(s, a, st, resource_take, out);
}

bool store_resource_get(struct store *s, struct arena *a, int64_t serial,
			struct store_resource *out)
{
	return store_one(s, a,
			 store_query(s, ST_RESOURCE_GET, ARGS(INT(serial))),
			 resource_take, out);
}

bool store_resource_get_small(struct store *s, struct arena *a, int64_t serial,
			      size_t most, struct store_resource *out)
{
	return store_one(s, a,
			 store_query(s, ST_GLANCE_GET,
				     ARGS(INT(serial), INT((int64_t)most))),
			 resource_take, out);
}

bool store_version_get(struct store *s, struct arena *a, int64_t seq,
		       struct store_resource *out)
{
	return store_one(s, a, store_query(s, ST_VERSION_GET, ARGS(INT(seq))),
			 resource_take, out);
}

int64_t store_resolve(struct store *s, struct arena *a, int fhir,
		      const char *reference, size_t len)
{
	const char *slash = memchr(reference, '/', len);
	if (slash == NULL)
		return 0;
	struct arena_mark mark = arena_mark(a);
	const char *text = arena_strndup(a, reference, len);
	const char *id = text + (slash - reference) + 1;
	const char *type = arena_strndup(a, text, (size_t)(slash - reference));
	int64_t kind = store_name_find(s, NAME_KIND, fhir, type), serial = 0;
	sqlite3_stmt *st =
	    store_query(s, ST_RESOURCE_STATE, ARGS(INT(kind), TEXT(id)));
	if (kind != 0 && store_row(s, st) && sqlite3_column_int(st, 3) == 0)
		serial = sqlite3_column_int64(st, 0);
	store_done(st);
	arena_rewind(a, &mark);
	return serial;
}

/* Does a row of that parameter of the resource refer so? Else its key is only
 * the same. */
static bool refers(struct store *s, int64_t serial, int64_t term,
		   const char *reference)
{
	bool yes = false;
	sqlite3_stmt *st = store_query(s, ST_RESOURCE_ROW, ARGS(INT(serial)));
	if (!store_row(s, st))
		return false;
	size_t n = strlen(reference);
	const char *p = sqlite3_column_blob(st, 2);
	const char *end = p + sqlite3_column_bytes(st, 2);
	for (struct row r; p != NULL && store_rows_next(&p, end, &r);)
		yes = yes || (r.term == term && r.value_len == n &&
			      memcmp(r.value, reference, n) == 0);
	store_done(st);
	return yes;
}

/* Is it one of the "Type/id"? */
static bool listed(const struct store_resource *r, const char *const *list,
		   size_t n)
{
	size_t type = strlen(r->type);
	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i], r->type, type) == 0 &&
		    list[i][type] == '/' &&
		    strcmp(list[i] + type + 1, r->id) == 0)
			return true;
	return false;
}

bool store_referrer(struct store *s, struct arena *a, int fhir,
		    const char *reference, const char *const *except, size_t n,
		    struct store_resource *out, const char **param)
{
	size_t len = strlen(reference);
	int64_t self = store_resolve(s, a, fhir, reference, len);
	sqlite3_stmt *st =
	    store_query(s, ST_REFERRERS,
			ARGS(INT(fhir), INT(store_key_word(reference, len))));
	while (store_row(s, st)) {
		int64_t serial = sqlite3_column_int64(st, 0);
		if (serial == self ||
		    !refers(s, serial, sqlite3_column_int64(st, 2),
			    reference) ||
		    !store_resource_get(s, a, serial, out) ||
		    listed(out, except, n))
			continue;
		*param = store_column(a, st, 1);
		store_done(st);
		return true;
	}
	return false;
}

/* ---- indexing anew -------------------------------------------------- */

bool store_must_index(struct store *s)
{
	return store_number(s, ST_NOT_INDEXED, NO_ARGS) != 0;
}

bool store_index_next(struct store *s, struct arena *a, int64_t *after,
		      struct store_resource *out)
{
	int64_t serial = store_number(s, ST_INDEX_NEXT, ARGS(INT(*after)));
	*after = serial;
	return serial != 0 && store_resource_get(s, a, serial, out);
}

void store_index_put(struct store *s, const struct store_resource *r,
		     const struct store_index_row *v, size_t n)
{
	assert(!r->deleted);
	if (!store_write_begin(s))
		return;
	struct arena_mark mark = arena_mark(s->work);
	int64_t kind = store_name_find(s, NAME_KIND, r->fhir, r->type);
	struct state before = state_of(s, kind, r->id);
	struct buf rows;
	buf_init(&rows, s->work);
	store_rows_encode(s, &rows, kind, v, n);
	assert(s->failed || before.serial != 0);
	store_run(s, ST_RESOURCE_ROWS,
		  ARGS(INT(before.serial), BLOB(rows.p, rows.len)));
	rows_put(s, &before, before.owner, before.serial, &rows);
	arena_rewind(s->work, &mark);
	store_write_end(s);
}

/* ---- erasing -------------------------------------------------------- */

void store_resource_erase(struct store *s, const char *patient)
{
	assert(patient[0] != '\0'); /* "" are those that belong to nobody */
	if (!store_write_begin(s))
		return;
	int64_t owner = store_name_find(s, NAME_OWNER, 0, patient);
	int64_t last = store_serial(s);
	store_run(s, ST_RESET_LAST, NO_ARGS);
	store_run(s, ST_LAST_PUT, ARGS(INT(last)));
	for (int i = ST_ERASE_LATER; i <= ST_ERASE_NAME; i++)
		store_run(s, (enum stmt)i, ARGS(INT(owner)));
	store_forget(s);
	store_write_end(s);
}
