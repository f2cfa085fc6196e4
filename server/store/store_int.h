/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the store: the statement list's names, and the few functions through
 * which every file of the module talks to SQLite.
 */
#ifndef STORE_INT_H
#define STORE_INT_H

#include <sqlite3.h>

#include "store/store.h"

#define STORE_APPLICATION_ID 0x4d504852 /* "MPHR" */

/* Every statement but those of search; the texts stand in statements.c. */
enum stmt {
	ST_BEGIN,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_SAVEPOINT,
	ST_RELEASE,
	ST_ROLLBACK_TO,
	ST_OP_BEGIN,
	ST_OP_END,
	ST_OP_UNDO,

	ST_RESET_RESOURCE,
	ST_RESET_VERSION,
	ST_RESET_WORD,
	ST_RESET_DATE,
	ST_RESET_CITIZEN,
	ST_RESET_CLIENT,
	ST_RESET_PERMISSION,
	ST_RESET_SHARING,
	ST_RESET_CODE,
	ST_RESET_TOKEN,
	ST_RESET_TICKET,
	ST_RESET_SEQUENCE,
	ST_EMPTY,
	ST_COUNT_ROWS,
	ST_SETTING_FIND,
	ST_SETTING_PUT,

	ST_RESOURCE_SERIAL,
	ST_RESOURCE_INSERT,
	ST_RESOURCE_UPDATE,
	ST_RESOURCE_FIND,
	ST_RESOURCE_GET,
	ST_RESOURCE_LAST,
	ST_WORD_COUNT,
	ST_VERSION_INSERT,
	ST_WORD_INSERT,
	ST_DATE_INSERT,
	ST_WORD_DELETE,
	ST_DATE_DELETE,
	ST_ERASE_VERSION,
	ST_ERASE_WORD,
	ST_ERASE_DATE,
	ST_ERASE_RESOURCE,

	ST_CITIZEN_PUT,
	ST_CITIZEN_BY_HETU,
	ST_CITIZEN_BY_PATIENT,
	ST_CITIZEN_DELETE,
	ST_CITIZEN_LIST,
	ST_CLIENT_PUT,
	ST_CLIENT_FIND,
	ST_CLIENT_DELETE,
	ST_CLIENT_LIST,

	ST_GRANT_PUT,
	ST_GRANT_FIND,
	ST_GRANT_REMEMBERED,
	ST_GRANT_CODES_DELETE,
	ST_GRANT_TOKENS_DELETE,
	ST_GRANT_DELETE,
	ST_CODE_PUT,
	ST_CODE_TAKE,
	ST_TOKEN_PUT,
	ST_TOKEN_FIND,
	ST_TOKEN_EXPIRE,
	ST_TOKEN_DELETE,
	ST_EXPIRED_CODES,
	ST_EXPIRED_TOKENS,
	ST_SHARING_PUT,
	ST_SHARING_LIST,
	ST_SHARING_DELETE,
	ST_SHARING_DELETE_HETU,
	ST_SHARING_DELETE_CLIENT,
	ST_TICKET_PUT,
	ST_TICKET_TRIM,
	ST_TICKET_FIND,
	ST_TICKET_DELETE,
	ST_TICKET_DELETE_TEXT,

	ST_COUNT
};
extern const char *const store_sql[ST_COUNT];

/* The numbered steps from an empty file to today's; NULL ends the list. */
extern const char *const store_migrations[];

struct store {
	sqlite3 *db;
	const struct log *log;
	sqlite3_stmt *stmt[ST_COUNT];
	uint64_t setting_epoch;
	bool entered; /* between enter and leave */
	bool open;    /* the turn's transaction has begun */
	bool saved;   /* the request's savepoint stands */
	bool kept;    /* the transaction holds what a request left behind */
	bool failed;  /* a storage error since enter */
	bool lost;    /* SQLite gave up the transaction with what was kept */
	int64_t few;  /* a word with fewer index rows leads even to a citizen's
		       * resources; see search.c */
};

/* ---- arguments, bound in order -------------------------------------- */

struct arg {
	const char *text; /* n bytes */
	int64_t n;	  /* the number itself when is_int */
	bool is_int;
};
/* A NULL text is bound as NULL. */
struct arg store_int(int64_t i);
struct arg store_text(const char *s);
struct arg store_text_n(const char *s, size_t n);

#define INT(i)	store_int(i)
#define TEXT(s) store_text(s)
#define ARGS(...)                                                              \
	((const struct arg[]){__VA_ARGS__}),                                   \
	    LEN(((const struct arg[]){__VA_ARGS__}))
#define NO_ARGS NULL, 0

/* ---- running statements --------------------------------------------- */

/* Remembers and logs a failure, with SQLite's own reason. Always false. */
bool store_fail(struct store *s, const char *what);

/* Binds. The statement is ready for store_row(). */
sqlite3_stmt *store_bind(struct store *s, sqlite3_stmt *st,
			 const struct arg *arg, size_t n);
sqlite3_stmt *store_query(struct store *s, enum stmt which,
			  const struct arg *arg, size_t n);

/* The next row? After false (end or failure) the statement is reset. A caller
 * that stops earlier calls store_done(). */
bool store_row(struct store *s, sqlite3_stmt *st);
void store_done(sqlite3_stmt *st);

/* Runs to the end; false when it failed. */
bool store_run(struct store *s, enum stmt which, const struct arg *arg,
	       size_t n);

/* One statement that writes, as an operation of its own: how many rows it
 * changed; 0 when it failed. */
int64_t store_write(struct store *s, enum stmt which, const struct arg *arg,
		    size_t n);

/* Reads the row at hand into a structure of the kind that it knows. */
typedef void store_taker(sqlite3_stmt *st, struct arena *a, void *out);

/* The first row of a bound statement, if there is one. */
bool store_one(struct store *s, struct arena *a, sqlite3_stmt *st,
	       store_taker *take, void *out);

/* All rows of a bound statement, in the arena: an array of *n members of that
 * size; NULL for none. */
void *store_list(struct store *s, struct arena *a, sqlite3_stmt *st,
		 size_t size, store_taker *take, size_t *n);

/* The first column of the first row; 0 without one. */
int64_t store_number(struct store *s, enum stmt which, const struct arg *arg,
		     size_t n);

/* A column's text in the arena, with its length if asked; NULL for NULL. */
char *store_column(struct arena *a, sqlite3_stmt *st, int column);

/* Brackets every public operation that writes: joins the request's savepoint
 * or makes a transaction of its own. False: do not write, it is no use. */
bool store_write_begin(struct store *s);
void store_write_end(struct store *s);

/* ---- resource.c for search.c ---------------------------------------- */

/* The current version of the resource with that serial number. */
bool store_resource_get(struct store *s, struct arena *a, int64_t serial,
			struct store_resource *out);

/* ---- grant.c for people.c ------------------------------------------- */

/* store_grant_withdraw() inside an operation that has begun. */
int64_t store_grants_delete(struct store *s, const char *client_id,
			    const char *hetu);

#endif
