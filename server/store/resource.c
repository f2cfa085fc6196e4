/* SPDX-License-Identifier: Apache-2.0
 *
 * resource: versions of resources and their rows in the search index.
 *
 * The row in resource says which version is the current one and where it
 * belongs; everything else stands with the version. Only current versions that
 * are not deleted have index rows, so a search never meets another. Version
 * numbers go on after a deletion (fhir-rest.md 2.6).
 */
#include "store/store_int.h"

#include <assert.h>

static void index_row_put(struct store *s, int64_t serial,
			  const struct store_index_row *r)
{
	if (r->kind == INDEX_DATE)
		store_run(s, ST_DATE_INSERT,
			  ARGS(INT(serial), TEXT(r->param), INT(r->lo_ms),
			       INT(r->hi_ms), INT(r->period)));
	else
		store_run(s, ST_WORD_INSERT,
			  ARGS(INT(serial), TEXT(r->param), TEXT(r->value),
			       TEXT(r->system == NULL ? "" : r->system)));
}

/* The serial number of the resource's row, made or brought up to date; 0 when
 * that failed. */
static int64_t resource_row_put(struct store *s, const struct store_resource *r)
{
	int64_t serial = 0, before = 0;
	sqlite3_stmt *st =
	    store_query(s, ST_RESOURCE_SERIAL,
			ARGS(INT(r->fhir), TEXT(r->type), TEXT(r->id)));
	if (store_row(s, st)) {
		serial = sqlite3_column_int64(st, 0);
		before = sqlite3_column_int64(st, 1);
		store_done(st);
	}
	if (s->failed)
		return 0;
	assert(r->version == before + 1);
	/* RETURNING would cost as much as all the rest: it is a trigger with
	 * a table of its own, and opens a journal for the statement */
	if (serial == 0)
		return store_run(s, ST_RESOURCE_INSERT,
				 ARGS(INT(r->fhir), TEXT(r->type), TEXT(r->id),
				      INT(r->version), INT(r->updated_ms),
				      TEXT(r->patient), INT(r->deleted)))
			   ? sqlite3_last_insert_rowid(s->db)
			   : 0;
	store_run(s, ST_RESOURCE_UPDATE,
		  ARGS(INT(serial), INT(r->version), INT(r->updated_ms),
		       TEXT(r->patient), INT(r->deleted)));
	store_run(s, ST_WORD_DELETE, ARGS(INT(serial)));
	store_run(s, ST_DATE_DELETE, ARGS(INT(serial)));
	return serial;
}

void store_resource_put(struct store *s, const struct store_resource *r,
			const struct store_index_row *rows, size_t n)
{
	assert(r->deleted == (r->text == NULL));
	if (!store_write_begin(s))
		return;
	int64_t serial = resource_row_put(s, r);
	if (serial != 0)
		store_run(s, ST_VERSION_INSERT,
			  ARGS(INT(serial), INT(r->version), INT(r->updated_ms),
			       TEXT(r->client_id), INT(r->deleted),
			       TEXT(r->method),
			       store_text_n(r->text, r->text_len)));
	for (size_t i = 0; i < n && serial != 0 && !r->deleted; i++)
		index_row_put(s, serial, &rows[i]);
	store_write_end(s);
}

/* The columns are those of RESOURCE_COLUMNS in statements.c. */
static bool resource_take(struct store *s, sqlite3_stmt *st, struct arena *a,
			  struct store_resource *out)
{
	if (!store_row(s, st))
		return false;
	*out = (struct store_resource){
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
	store_done(st);
	return true;
}

bool store_resource_find(struct store *s, struct arena *a, int fhir,
			 const char *type, const char *id, int version,
			 struct store_resource *out)
{
	return resource_take(
	    s,
	    store_query(s, ST_RESOURCE_FIND,
			ARGS(INT(fhir), TEXT(type), TEXT(id), INT(version))),
	    a, out);
}

bool store_resource_get(struct store *s, struct arena *a, int64_t serial,
			struct store_resource *out)
{
	return resource_take(
	    s, store_query(s, ST_RESOURCE_GET, ARGS(INT(serial))), a, out);
}

void store_resource_erase(struct store *s, const char *patient)
{
	assert(patient[0] != '\0'); /* "" are those that belong to nobody */
	if (!store_write_begin(s))
		return;
	for (int i = ST_ERASE_VERSION; i <= ST_ERASE_RESOURCE; i++)
		store_run(s, (enum stmt)i, ARGS(TEXT(patient)));
	store_write_end(s);
}
