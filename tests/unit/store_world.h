/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the store stand on: a store in memory or in a file, and
 * things to put into it.
 */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_int.h"

#define HETU	"010190-900P"
#define HETU2	"150785-901A"
#define FOREVER INT64_MAX

struct world {
	struct arena *arena;
	struct store *store;
	struct err err;
	char path[64]; /* of the file, if it is one */
};

static const struct log quiet = {LOG_OFF, 2};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	w->arena = arena_new(0);
	w->store = store_open(":memory:", &quiet, &w->err);
	*state = w;
	return w->store == NULL;
}

static int set_up_file(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	w->arena = arena_new(0);
	snprintf(w->path, sizeof w->path, "/tmp/test_store.%d.db",
		 (int)getpid());
	unlink(w->path);
	w->store = store_open(w->path, &quiet, &w->err);
	*state = w;
	return w->store == NULL;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	store_close(w->store);
	arena_free(w->arena);
	if (w->path[0] != '\0')
		unlink(w->path);
	free(w);
	return 0;
}

#define MEMORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define FILED(test)                                                            \
	cmocka_unit_test_setup_teardown(test, set_up_file, tear_down)

static void reopen(struct world *w)
{
	store_close(w->store);
	w->store = store_open(w->path, &quiet, &w->err);
	assert_non_null(w->store);
}

/* ---- looking inside ------------------------------------------------- */

/* Runs any SQL text on the store's own handle: the rows, a line each; NULL
 * when it is refused. */
static char *exec_text(struct world *w, const char *sql)
{
	struct buf out;
	buf_init(&out, w->arena);
	for (sqlite3_stmt *st; *sql != '\0'; sqlite3_finalize(st)) {
		if (sqlite3_prepare_v2(w->store->db, sql, -1, &st, &sql) !=
		    SQLITE_OK)
			return NULL;
		int last = sqlite3_column_count(st) - 1;
		while (st != NULL && sqlite3_step(st) == SQLITE_ROW) {
			for (int i = 0; i <= last; i++) {
				const void *t = sqlite3_column_text(st, i);
				buf_puts(&out, t == NULL ? "NULL" : t);
				buf_putc(&out, i < last ? '|' : '\n');
			}
		}
	}
	return out.p;
}

/* ---- queries as constants ------------------------------------------- */

#define WORD(o, s, v)                                                          \
	{                                                                      \
		.op = (o), .system = (s), .value = (v)                         \
	}
#define SPAN(o, l, h)                                                          \
	{                                                                      \
		.op = (o), .lo_ms = (l), .hi_ms = (h)                          \
	}
#define CLAUSE(p, v, many)                                                     \
	{                                                                      \
		.param = (p), .value = (v), .n = (many)                        \
	}

/* ---- making things -------------------------------------------------- */

static struct store_resource resource(const char *id, int version)
{
	static const char text[] = "{\"resourceType\":\"Observation\","
				   "\"x\":72.50}";
	return (struct store_resource){
	    .fhir = 1,
	    .type = "Observation",
	    .id = id,
	    .version = version,
	    .updated_ms = 1000,
	    .patient = "p1",
	    .client_id = "app",
	    .method = version == 1 ? "POST" : "PUT",
	    .text = text,
	    .text_len = sizeof text - 1,
	};
}

static void put_rows(struct world *w, const char *type, const char *id,
		     const char *patient, const struct store_index_row *rows,
		     size_t n)
{
	struct store_resource r = resource(id, 1);
	r.type = type;
	r.patient = patient;
	store_resource_put(w->store, &r, rows, n);
}

static void put(struct world *w, const char *id, const char *patient)
{
	put_rows(w, "Observation", id, patient, NULL, 0);
}

/* By a request of the turn; not committed yet. */
static void put_in_turn(struct world *w, const char *id)
{
	store_enter(w->store);
	put(w, id, "p1");
	assert_true(store_leave(w->store, true));
}

static void put_indexed(struct world *w, const char *id,
			struct store_index_row row)
{
	put_rows(w, "Observation", id, "p1", &row, 1);
}

static struct store_index_row word(const char *param, const char *system,
				   const char *value)
{
	return (struct store_index_row){
	    .kind = INDEX_TOKEN,
	    .param = param,
	    .system = system,
	    .value = value,
	};
}

static struct store_index_row span(int64_t lo, int64_t hi, bool period)
{
	return (struct store_index_row){
	    .kind = INDEX_DATE,
	    .param = "date",
	    .lo_ms = lo,
	    .hi_ms = hi,
	    .period = period,
	};
}

static struct store_index_row string(const char *param, const char *folded,
				     const char *as_it_stands)
{
	return (struct store_index_row){.kind = INDEX_STRING,
					.param = param,
					.value = folded,
					.text = as_it_stands};
}

static struct store_index_row number(unsigned part, double lo, double hi)
{
	return (struct store_index_row){.kind = INDEX_NUMBER,
					.param = "value-quantity",
					.part = part,
					.system = "ucum",
					.value = "mm[Hg]",
					.text = "mmHg",
					.lo = lo,
					.hi = hi};
}

static struct store_index_row reference(const char *param, const char *to)
{
	return (struct store_index_row){
	    .kind = INDEX_REFERENCE, .param = param, .value = to};
}

static struct store_index_row uri(const char *param, const char *value)
{
	return (struct store_index_row){
	    .kind = INDEX_URI, .param = param, .value = value};
}

static struct store_index_row in_part(unsigned part, struct store_index_row r)
{
	r.part = part;
	return r;
}

static void put_citizen(struct world *w, const char *hetu, const char *patient)
{
	store_citizen_put(w->store, &(struct store_citizen){.hetu = hetu,
							    .patient = patient,
							    .created_ms = 5});
}

static void put_sharing(struct world *w, const char *id, enum sharing_kind kind,
			const char *hetu, const char *client_id)
{
	store_sharing_put(w->store,
			  &(struct store_sharing){.id = id,
						  .kind = kind,
						  .hetu = hetu,
						  .client_id = client_id,
						  .from_ms = 3,
						  .until_ms = 8});
}

static struct store_client client(const char *client_id)
{
	return (struct store_client){
	    .client_id = client_id,
	    .secret_digest = "d",
	    .name = "An app",
	    .redirect_uris = "http://localhost/cb https://localhost/cb",
	    .scope = "patient/Observation.read",
	    .grant_types = "authorization_code",
	    .auth_method = "client_secret_basic",
	    .kind = "citizen",
	    .certificate_serial_number = "",
	    .access_token_seconds = 3600,
	    .refresh_token_seconds = 0,
	    .issued_ms = 77,
	    .metadata = "{\"logo_uri\":null}",
	};
}

static void put_grant(struct world *w, const char *id, const char *client_id,
		      const char *hetu, int64_t created, int64_t remember)
{
	store_grant_put(w->store, &(struct grant){
				      .id = id,
				      .client_id = client_id,
				      .hetu = hetu,
				      .patient = "p1",
				      .scope = "a b",
				      .created_ms = created,
				      .remember_until_ms = remember,
				  });
}

static void put_token(struct world *w, const char *digest, const char *grant,
		      int64_t expires)
{
	store_token_put(w->store, &(struct store_token){
				      .digest = digest,
				      .kind = TOKEN_REFRESH,
				      .grant_id = grant,
				      .scope = "a",
				      .issued_ms = 3,
				      .expires_ms = expires,
				  });
}

static void put_code(struct world *w, const char *digest, const char *grant,
		     int64_t expires)
{
	store_code_put(w->store, &(struct store_code){
				     .digest = digest,
				     .grant_id = grant,
				     .client_id = "app",
				     .redirect_uri = "http://localhost/cb",
				     .challenge = "c",
				     .challenge_method = "S256",
				     .expires_ms = expires,
				 });
}

static bool has(struct world *w, const char *id)
{
	struct store_resource r;
	return store_resource_find(w->store, w->arena, 1, "Observation", id, 0,
				   &r);
}

/* The ids found, with a space behind each. */
static const char *ids(struct world *w, const struct store_query *q)
{
	struct store_found found;
	struct buf b;
	buf_init(&b, w->arena);
	assert_true(store_search(w->store, w->arena, q, &found, &w->err));
	for (size_t i = 0; i < found.n; i++)
		buf_printf(&b, "%s ", found.v[i].id);
	return b.p;
}

static struct store_query all(void)
{
	return (struct store_query){
	    .fhir = 1, .type = "Observation", .limit = 100};
}

/* Led by the index and without: both ways must agree. */
static const char *ids_either_way(struct world *w, const struct store_query *q)
{
	const char *found = ids(w, q);
	w->store->patience = 0;
	assert_string_equal(ids(w, q), found);
	w->store->patience = 256;
	return found;
}

/* By one clause, with and without the patient. */
static const char *ids_of(struct world *w, const struct store_clause *c)
{
	struct store_query q = all();
	q.clause = c;
	q.clause_count = 1;
	const char *found = ids_either_way(w, &q);
	q.patient = "p1";
	assert_string_equal(ids_either_way(w, &q), found);
	return found;
}

/* By one clause of one value. */
static const char *ids_by(struct world *w, const char *param,
			  struct store_value v)
{
	struct store_clause c = CLAUSE(param, &v, 1);
	return ids_of(w, &c);
}

/* Everything but the settings, as text. */
static const char *dump(struct world *w)
{
	static const char *const tables[] = {
	    "resource", "version", "index_row", "name",	      "holding",
	    "last",	"citizen", "client",	"permission", "code",
	    "token",	"ticket",  "sharing",	"chance",     "sqlite_master"};
	struct buf b;
	buf_init(&b, w->arena);
	for (size_t i = 0; i < LEN(tables); i++) {
		const char *sql =
		    arena_printf(w->arena, "SELECT * FROM %s", tables[i]);
		buf_puts(&b, exec_text(w, sql));
		buf_puts(&b, "--\n");
	}
	return b.p;
}

#endif
