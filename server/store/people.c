/* SPDX-License-Identifier: Apache-2.0
 *
 * people: citizens and applications, the two ends of every permission. What
 * hangs on them (permissions, codes, tokens, sessions, sharings) goes with
 * them; the resources of a citizen do not, for their removal is the record's
 * decision.
 */
#include "store/store_int.h"

/* ---- citizens ------------------------------------------------------- */

void store_citizen_put(struct store *s, const struct store_citizen *c)
{
	store_write(s, ST_CITIZEN_PUT,
		    ARGS(TEXT(c->hetu), TEXT(c->patient), INT(c->created_ms),
			 TEXT(text_or_empty(c->behaviours)), INT(c->terms_ms)));
}

/* The columns are those of CITIZEN_COLUMNS in statements.c. */
static void citizen_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	*(struct store_citizen *)out = (struct store_citizen){
	    .hetu = store_column(a, st, 0),
	    .patient = store_column(a, st, 1),
	    .created_ms = sqlite3_column_int64(st, 2),
	    .behaviours = store_column(a, st, 3),
	    .terms_ms = sqlite3_column_int64(st, 4),
	};
}

bool store_citizen_find(struct store *s, struct arena *a, const char *hetu,
			const char *patient, struct store_citizen *out)
{
	sqlite3_stmt *st =
	    hetu != NULL
		? store_query(s, ST_CITIZEN_BY_HETU, ARGS(TEXT(hetu)))
		: store_query(s, ST_CITIZEN_BY_PATIENT, ARGS(TEXT(patient)));
	return store_one(s, a, st, citizen_take, out);
}

void store_citizen_delete(struct store *s, const char *hetu)
{
	if (!store_write_begin(s))
		return;
	store_grants_delete(s, NULL, hetu);
	store_run(s, ST_TICKET_DELETE_TEXT, ARGS(TEXT(hetu)));
	store_run(s, ST_SHARING_DELETE_HETU, ARGS(TEXT(hetu)));
	store_run(s, ST_CHANCE_DELETE_HETU, ARGS(TEXT(hetu)));
	store_run(s, ST_CITIZEN_DELETE, ARGS(TEXT(hetu)));
	store_write_end(s);
}

size_t store_citizen_list(struct store *s, struct arena *a,
			  struct store_citizen **out)
{
	size_t n;
	*out = store_list(s, a, store_query(s, ST_CITIZEN_LIST, NO_ARGS),
			  sizeof **out, citizen_take, &n);
	return n;
}

/* ---- applications --------------------------------------------------- */

void store_client_put(struct store *s, const struct store_client *c)
{
	store_write(s, ST_CLIENT_PUT,
		    ARGS(TEXT(c->client_id), TEXT(c->secret_digest),
			 TEXT(c->name), TEXT(c->redirect_uris), TEXT(c->scope),
			 TEXT(c->grant_types), TEXT(c->auth_method),
			 TEXT(c->kind), TEXT(c->certificate_serial_number),
			 INT(c->access_token_seconds),
			 INT(c->refresh_token_seconds), INT(c->issued_ms),
			 TEXT(c->metadata),
			 TEXT(text_or_empty(c->registration_digest))));
}

/* The columns are those of CLIENT_COLUMNS in statements.c. */
static void client_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	*(struct store_client *)out = (struct store_client){
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
	    .registration_digest = store_column(a, st, 13),
	};
}

bool store_client_find(struct store *s, struct arena *a, const char *client_id,
		       struct store_client *out)
{
	return store_one(s, a,
			 store_query(s, ST_CLIENT_FIND, ARGS(TEXT(client_id))),
			 client_take, out);
}

const char *store_client_of_certificate(struct store *s, struct arena *a,
					const char *serial_number)
{
	sqlite3_stmt *st =
	    store_query(s, ST_CLIENT_OF_CERTIFICATE, ARGS(TEXT(serial_number)));

	if (!store_row(s, st))
		return NULL;
	const char *id = store_column(a, st, 0);
	store_done(st);
	return id;
}

void store_client_delete(struct store *s, const char *client_id)
{
	if (!store_write_begin(s))
		return;
	store_grants_delete(s, client_id, NULL);
	store_run(s, ST_SHARING_DELETE_CLIENT, ARGS(TEXT(client_id)));
	store_run(s, ST_CHANCE_DELETE_CLIENT, ARGS(TEXT(client_id)));
	store_run(s, ST_CLIENT_DELETE, ARGS(TEXT(client_id)));
	store_write_end(s);
}

size_t store_client_list(struct store *s, struct arena *a,
			 struct store_client **out)
{
	size_t n;
	*out = store_list(s, a, store_query(s, ST_CLIENT_LIST, NO_ARGS),
			  sizeof **out, client_take, &n);
	return n;
}

size_t store_client_page(struct store *s, struct arena *a, int64_t offset,
			 int64_t limit, struct store_client **out)
{
	size_t n;
	*out = store_list(
	    s, a, store_query(s, ST_CLIENT_PAGE, ARGS(INT(limit), INT(offset))),
	    sizeof **out, client_take, &n);
	return n;
}

int64_t store_client_count(struct store *s)
{
	return store_number(s, ST_CLIENT_COUNT, NO_ARGS);
}
