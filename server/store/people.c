/* SPDX-License-Identifier: Apache-2.0
 *
 * people: citizens and applications, the two ends of every permission. What
 * hangs on them (permissions, codes, tokens, sessions) goes with them; the
 * resources of a citizen do not, for their removal is the record's decision.
 */
#include "store/store_int.h"

#include <string.h>

/* Room for one more in a list that doubles in an arena. */
static void *grown(struct arena *a, void *v, size_t n, size_t size)
{
	if (n > 0 && (n < 8 || (n & (n - 1)) != 0))
		return v;
	void *more = arena_alloc(a, (n < 8 ? 8 : 2 * n) * size);
	if (n > 0)
		memcpy(more, v, n * size);
	return more;
}

/* ---- citizens ------------------------------------------------------- */

void store_citizen_put(struct store *s, const struct store_citizen *c)
{
	if (!store_write_begin(s))
		return;
	store_run(s, ST_CITIZEN_PUT,
		  ARGS(TEXT(c->hetu), TEXT(c->patient), INT(c->created_ms)));
	store_write_end(s);
}

static void citizen_take(sqlite3_stmt *st, struct arena *a,
			 struct store_citizen *out)
{
	out->hetu = store_column(a, st, 0);
	out->patient = store_column(a, st, 1);
	out->created_ms = sqlite3_column_int64(st, 2);
}

bool store_citizen_find(struct store *s, struct arena *a, const char *hetu,
			const char *patient, struct store_citizen *out)
{
	sqlite3_stmt *st =
	    hetu != NULL
		? store_query(s, ST_CITIZEN_BY_HETU, ARGS(TEXT(hetu)))
		: store_query(s, ST_CITIZEN_BY_PATIENT, ARGS(TEXT(patient)));
	if (!store_row(s, st))
		return false;
	citizen_take(st, a, out);
	store_done(st);
	return true;
}

void store_citizen_delete(struct store *s, const char *hetu)
{
	if (!store_write_begin(s))
		return;
	store_grants_delete(s, NULL, hetu);
	store_run(s, ST_TICKET_DELETE_TEXT, ARGS(TEXT(hetu)));
	store_run(s, ST_CITIZEN_DELETE, ARGS(TEXT(hetu)));
	store_write_end(s);
}

size_t store_citizen_list(struct store *s, struct arena *a,
			  struct store_citizen **out)
{
	size_t n = 0;
	*out = NULL;
	sqlite3_stmt *st = store_query(s, ST_CITIZEN_LIST, NO_ARGS);
	while (store_row(s, st)) {
		*out = grown(a, *out, n, sizeof **out);
		citizen_take(st, a, &(*out)[n++]);
	}
	return n;
}

/* ---- applications --------------------------------------------------- */

void store_client_put(struct store *s, const struct store_client *c)
{
	if (!store_write_begin(s))
		return;
	store_run(s, ST_CLIENT_PUT,
		  ARGS(TEXT(c->client_id), TEXT(c->secret_digest),
		       TEXT(c->name), TEXT(c->redirect_uris), TEXT(c->scope),
		       TEXT(c->grant_types), TEXT(c->auth_method),
		       TEXT(c->kind), TEXT(c->certificate_serial_number),
		       INT(c->access_token_seconds),
		       INT(c->refresh_token_seconds), INT(c->issued_ms),
		       TEXT(c->metadata)));
	store_write_end(s);
}

/* The columns are those of CLIENT_COLUMNS in statements.c. */
static void client_take(sqlite3_stmt *st, struct arena *a,
			struct store_client *out)
{
	*out = (struct store_client){
	    .client_id = store_column(a, st, 0),
	    .secret_digest = store_column(a, st, 1),
	    .name = store_column(a, st, 2),
	    .redirect_uris = store_column(a, st, 3),
	    .scope = store_column(a, st, 4),
	    .grant_types = store_column(a, st, 5),
	    .auth_method = store_column(a, st, 6),
	    .kind = store_column(a, st, 7),
	    .certificate_serial_number = store_column(a, st, 8),
	    .access_token_seconds = sqlite3_column_int64(st, 9),
	    .refresh_token_seconds = sqlite3_column_int64(st, 10),
	    .issued_ms = sqlite3_column_int64(st, 11),
	    .metadata = store_column(a, st, 12),
	};
}

bool store_client_find(struct store *s, struct arena *a, const char *client_id,
		       struct store_client *out)
{
	sqlite3_stmt *st =
	    store_query(s, ST_CLIENT_FIND, ARGS(TEXT(client_id)));
	if (!store_row(s, st))
		return false;
	client_take(st, a, out);
	store_done(st);
	return true;
}

void store_client_delete(struct store *s, const char *client_id)
{
	if (!store_write_begin(s))
		return;
	store_grants_delete(s, client_id, NULL);
	store_run(s, ST_CLIENT_DELETE, ARGS(TEXT(client_id)));
	store_write_end(s);
}

size_t store_client_list(struct store *s, struct arena *a,
			 struct store_client **out)
{
	size_t n = 0;
	*out = NULL;
	sqlite3_stmt *st = store_query(s, ST_CLIENT_LIST, NO_ARGS);
	while (store_row(s, st)) {
		*out = grown(a, *out, n, sizeof **out);
		client_take(st, a, &(*out)[n++]);
	}
	return n;
}
