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

/* Every statement; the texts stand in statements.c. */
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
	ST_READ,
	ST_PART_BEGIN,
	ST_PART_END,
	ST_PART_UNDO,
	ST_DATA_VERSION,
	ST_BYTES,

	ST_RESET_RESOURCE,
	ST_RESET_VERSION,
	ST_RESET_NAME,
	ST_RESET_HOLDING,
	ST_RESET_LAST,
	ST_RESET_INDEX,
	ST_RESET_KEPT,
	ST_RESET_CITIZEN,
	ST_RESET_CLIENT,
	ST_RESET_PERMISSION,
	ST_RESET_SHARING,
	ST_RESET_CODE,
	ST_RESET_TOKEN,
	ST_RESET_CHANCE,
	ST_RESET_TICKET,
	ST_EMPTY,
	ST_COUNT_ROWS,
	ST_SETTING_FIND,
	ST_SETTING_PUT,
	ST_CHANCE,
	ST_CHANCE_DELETE_HETU,
	ST_CHANCE_DELETE_CLIENT,
	ST_CHANCE_DELETE_PURPOSE,

	ST_NAME_FIND,
	ST_NAME_INSERT,
	ST_HOLDING_PUT,
	ST_HOLDING_OWNERS,
	ST_KINDS,
	ST_LAST,
	ST_LAST_PUT,
	ST_RESOURCE_STATE,
	ST_RESOURCE_INSERT,
	ST_RESOURCE_UPDATE,
	ST_RESOURCE_ROWS,
	ST_RESOURCE_FIND,
	ST_RESOURCE_FIRST,
	ST_RESOURCE_LATER,
	ST_RESOURCE_GET,
	ST_RESOURCE_ROW,
	ST_RESOURCE_NAME,
	ST_VERSION_GET,
	ST_VERSION_INSERT,

	ST_INDEX_INSERT,
	ST_INDEX_DELETE,
	ST_NOT_INDEXED,
	ST_INDEX_NEXT,
	ST_LEAD,
	ST_LEAD_UPDATED,
	ST_GLANCE_GET,
	ST_GLANCE_ROWS,
	ST_REFERRERS,

	ST_HISTORY,
	ST_HISTORY_COUNT,
	ST_HISTORY_AT,
	ST_HISTORY_AT_COUNT,
	ST_HISTORY_ONE,
	ST_KEPT_PUT,
	ST_KEPT_FIND,
	ST_KEPT_SIZE,
	ST_KEPT_DROP,

	ST_ERASE_LATER,
	ST_ERASE_FIRST,
	ST_ERASE_RESOURCE,
	ST_ERASE_INDEX,
	ST_ERASE_HOLDING,
	ST_ERASE_NAME,

	ST_CITIZEN_PUT,
	ST_CITIZEN_BY_HETU,
	ST_CITIZEN_BY_PATIENT,
	ST_CITIZEN_DELETE,
	ST_CITIZEN_LIST,
	ST_CLIENT_PUT,
	ST_CLIENT_FIND,
	ST_CLIENT_OF_CERTIFICATE,
	ST_CLIENT_DELETE,
	ST_CLIENT_LIST,
	ST_CLIENT_PAGE,
	ST_CLIENT_COUNT,

	ST_GRANT_PUT,
	ST_GRANT_FIND,
	ST_GRANT_LIST,
	ST_GRANT_REMEMBERED,
	ST_GRANT_CITIZENS,
	ST_GRANT_CODES_DELETE,
	ST_GRANT_TOKENS_DELETE,
	ST_GRANT_DELETE,
	ST_CODE_PUT,
	ST_CODE_FIND,
	ST_CODE_USE,
	ST_TOKEN_PUT,
	ST_TOKEN_FIND,
	ST_TOKEN_LIST,
	ST_TOKEN_EXPIRE,
	ST_TOKEN_DELETE,
	ST_TOKEN_USE,
	ST_FAMILY_DELETE,
	ST_EXPIRED_CODES,
	ST_EXPIRED_TOKENS,
	ST_EXPIRED_GRANTS,
	ST_AGE_CODES,
	ST_AGE_TOKENS,
	ST_AGE_GRANTS,
	ST_AGE_TICKETS,
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

/* What name holds: texts that come again and again, by class and what they
 * belong to (of). */
enum name_class {
	NAME_KIND = 1, /* a type; of: fhir */
	NAME_OWNER,    /* a Patient id, "" for nobody's; of: 0 */
	NAME_SYSTEM,   /* of a token or unit; of: 0 */
	/* parameters, by what their rows are; of: a kind */
	NAME_WORD, /* tokens, uris */
	NAME_REFERENCE,
	NAME_STRING,
	NAME_DATE, /* narrow ones: see rows.c */
	NAME_DATE_WIDE,
	NAME_NUMBER, /* points */
	NAME_NUMBER_WIDE,
	NAME_CLASSES
};

/* The names met of late, for those who come next: a table without chains. */
#define NAME_SLOTS 2048
#define NAME_BYTES 104
struct name_slot {
	int64_t id, of;
	uint64_t generation; /* the store's, else it is free */
	int class;
	char text[NAME_BYTES];
};

/* The tokens that were looked up of late, likewise; see token.c. */
#define TOKEN_SLOTS 64
#define TOKEN_BYTES 1024
struct token_slot {
	uint64_t epoch; /* the store's access_epoch, else it is free */
	struct store_token token;
	struct grant grant;
	size_t len;		/* of text */
	char text[TOKEN_BYTES]; /* where their texts are */
};

struct store {
	sqlite3 *db;
	const struct log *log;
	struct arena *work; /* of one operation, rewound behind it */
	sqlite3_stmt *stmt[ST_COUNT];
	int64_t last;	      /* the version stored last; -1: not known */
	int64_t data_version; /* another process wrote when it changes */
	int64_t patience;     /* index rows read of each clause before the
			       * first that ends leads; 0: none ever does */
	bool entered;	      /* between enter and leave */
	bool reading;	      /* the turn's transaction has only read so far */
	bool open;	      /* the turn's transaction may write */
	bool saved;	      /* the request has written */
	bool whole;	      /* the transaction is its savepoint */
	bool settled;	      /* the request takes nothing back */
	bool rehearsed;	      /* the request is rolled back in any case */
	bool bare;	      /* and has written without a savepoint */
	unsigned nesting;     /* parts within parts: nest without unnest */
	unsigned nested;      /* of them, from the outermost on, those whose
			       * savepoints stand */
	bool kept;	 /* the transaction holds what a request left behind */
	bool failed;	 /* a storage error since enter */
	bool lost;	 /* SQLite gave up the transaction with what was kept */
	sqlite3_vfs vfs; /* see wal.c */
	char vfs_name[32];
	uint64_t generation; /* of what is remembered of the file */
	uint64_t setting_epoch;
	unsigned attached;	  /* images, until the turn ends; see image.c */
	uint64_t access_epoch;	  /* of tokens and permissions; never 0 */
	bool of_access[ST_COUNT]; /* statements that write those */
	struct token_slot token[TOKEN_SLOTS];
	struct name_slot name[NAME_SLOTS];
};

/* ---- arguments, bound in order -------------------------------------- */

enum arg_kind { ARG_TEXT, ARG_INT, ARG_BLOB };
struct arg {
	enum arg_kind kind;
	const void *bytes; /* text, blob: of length i */
	int64_t i;
};
/* A NULL text is bound as NULL, a NULL blob as an empty one. */
struct arg store_int(int64_t i);
struct arg store_text(const char *s);
struct arg store_text_n(const char *s, size_t n);
struct arg store_blob(const void *bytes, size_t n);

#define INT(i)	    store_int(i)
#define TEXT(s)	    store_text(s)
#define TEXTN(s, n) store_text_n(s, n)
#define BLOB(p, n)  store_blob(p, n)
#define ARGS(...)                                                              \
	((const struct arg[]){__VA_ARGS__}),                                   \
	    LEN(((const struct arg[]){__VA_ARGS__}))
#define NO_ARGS NULL, 0

/* ---- running statements --------------------------------------------- */

/* Remembers and logs a failure, with SQLite's own reason. Always false. */
bool store_fail(struct store *s, const char *what);

/* Binds. The statement is ready for store_row(). */
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

/* A column's text in the arena; NULL for NULL. */
char *store_column(struct arena *a, sqlite3_stmt *st, int column);

/* Brackets every public operation that writes: joins the request's savepoint
 * or makes a transaction of its own. False: do not write, it is no use. */
bool store_write_begin(struct store *s);
void store_write_end(struct store *s);

/* Has another process written since the last look, or was something undone?
 * Then what is remembered of the file is forgotten. */
void store_refresh(struct store *s);
void store_forget(struct store *s);

/* ---- image.c ---------------------------------------------------------- */

/* Behind a commit: what the turn restored from is let go. */
void store_detach(struct store *s);

/* ---- wal.c: how the log is written ------------------------------------- */

/* Makes a file system of SQLite's known, for this store alone: its name, or
 * NULL for the usual one. */
const char *store_vfs_add(struct store *s);
void store_vfs_remove(struct store *s);

/* ---- name.c: texts by number ---------------------------------------- */

/* The number of a text; find: 0 when it has none, put gives it one (0: failed).
 */
int64_t store_name_find(struct store *s, enum name_class class, int64_t of,
			const char *text);
int64_t store_name_put(struct store *s, enum name_class class, int64_t of,
		       const char *text);

/* Of a system; "" is 0. find: -1 for one that no row has. */
int64_t store_system_find(struct store *s, const char *system);
int64_t store_system_put(struct store *s, const char *system);

/* ---- rows.c: the index rows of one resource ------------------------- */

/* One row. Texts are not terminated. */
struct row {
	enum store_index kind;
	int64_t term; /* the parameter's number */
	int64_t system;
	unsigned part;
	const char *value, *text; /* text: NULL if there is none */
	size_t value_len, text_len;
	int64_t lo_ms, hi_ms;
	bool period;
	double lo, hi;
};

/* A span of time that is longer than this is wide. */
#define DATE_NARROW_MS (INT64_C(25) * 3600 * 1000)

/* Puts the rows of a resource of that kind into the buffer, one behind the
 * other. */
void store_rows_encode(struct store *s, struct buf *b, int64_t kind,
		       const struct store_index_row *rows, size_t n);
/* The row at *p, which moves behind it; false at the end. */
bool store_rows_next(const char **p, const char *end, struct row *out);

/* Puts them into the index, or takes them away. */
void store_rows_write(struct store *s, bool insert, int64_t owner,
		      int64_t serial, const char *rows, size_t len);

/* Keys of values: of words any, of others in their order. prefix: the first
 * and the last key of the strings that begin so. */
int64_t store_key_word(const char *value, size_t len);
int64_t store_key_prefix(const char *value, size_t len, bool last);
int64_t store_key_number(double d);

/* ---- resource.c ----------------------------------------------------- */

/* The current version of the resource with that serial number. */
bool store_resource_get(struct store *s, struct arena *a, int64_t serial,
			struct store_resource *out);
/* The same; text is NULL when it has more than most bytes. */
bool store_resource_get_small(struct store *s, struct arena *a, int64_t serial,
			      size_t most, struct store_resource *out);
/* The version with that seq. */
bool store_version_get(struct store *s, struct arena *a, int64_t seq,
		       struct store_resource *out);

/* The serial number of the current resource "Type/id"; 0 when there is none. */
int64_t store_resolve(struct store *s, struct arena *a, int fhir,
		      const char *reference, size_t len);

/* ---- set.c: serial numbers in order --------------------------------- */

struct set {
	int64_t *v;
	size_t n, cap;
};
void store_set_add(struct set *set, struct arena *a, int64_t serial);
/* Behind the last add: ascending, each once. */
void store_set_close(struct set *set, struct arena *a);
bool store_set_has(const struct set *set, int64_t serial);
/* Those of set that are in other too. */
void store_set_meet(struct set *set, const struct set *other);

/* ---- match.c: does a resource hold a clause? ------------------------ */

enum family { FAMILY_ROW, FAMILY_WORD, FAMILY_DATE, FAMILY_NUMBER, FAMILY_ANY };

/* A parameter may have rows of several tables. */
#define TERMS_MAX 16
struct terms {
	int64_t id[TERMS_MAX];
	enum name_class class[TERMS_MAX];
	size_t n;
};

/* A clause with its names as numbers. */
struct hunt {
	const struct store_clause *c;
	enum family family; /* of its values */
	bool known;	    /* it holds anyway */
	struct terms first, second;
	int64_t *system; /* of each value; see match.c */
	struct set set;	 /* chain: what must be referred to; reverse: those
			  * that are referred to */
};

/* One search, or one within another (chains). */
struct scope {
	struct store *store;
	struct arena *arena;
	int fhir;
	int64_t kind;
	const char *patient; /* NULL: everybody's */
	const char *chained; /* and in chains: NULL: everybody's, too */
	struct set owner;    /* whose resources count */
	int64_t snapshot;
	struct hunt *hunt;
	size_t n;
};

/* What is judged. */
struct candidate {
	int64_t serial, updated_ms;
	const char *id, *rows;
	size_t id_len, len;
};

void store_hunt_make(const struct scope *sc, const struct store_clause *c,
		     struct hunt *out);
enum family store_op_family(enum store_op op);

bool store_hunt_holds(const struct scope *sc, const struct hunt *h,
		      const struct candidate *c);

/* ---- lead.c: the candidates that the index gives ------------------------- */

/* All that hold the clause are among them, in order. False, with nothing of use
 * in out, when more than the budget of rows must be read, or when the index
 * cannot lead to them. */
bool store_lead(const struct scope *sc, const struct hunt *h, int64_t budget,
		struct set *out);

/* ---- search.c ------------------------------------------------------- */

/* All current resources of a type for which the clauses hold; for chains. */
void store_search_set(const struct scope *outer, const char *type,
		      const struct store_clause *c, size_t n, struct set *out);

/* ---- order.c: matches and their order ------------------------------- */

enum key_kind { KEY_NONE, KEY_INT, KEY_REAL, KEY_TEXT };
struct key {
	enum key_kind kind;
	int64_t i;
	double real;
	const char *text;
	size_t len;
};
struct match {
	int64_t serial, updated_ms;
	struct key *key; /* of each sort */
};
/* Which rows a sort looks at. */
struct order {
	const struct store_sort *sort;
	struct terms *terms;
	size_t n;
};
void store_order_make(const struct scope *sc, const struct store_query *q,
		      struct order *out);
/* Must candidates be read for their keys? */
bool store_order_reads(const struct order *o);
void store_order_keys(const struct order *o, struct arena *a,
		      const struct candidate *c, struct match *m);
void store_order_apply(const struct order *o, struct arena *a, struct match *v,
		       size_t n);
void store_terms_find(const struct scope *sc, const char *param,
		      struct terms *out);

/* ---- kept.c for search.c -------------------------------------------- */

/* Keeps the matches; sets token and total. */
void store_keep(struct store *s, struct arena *a, struct store_kept *k,
		const struct match *v, size_t n);

/* ---- grant.c for people.c and token.c -------------------------------- */

/* The first seven columns of a row. out: struct grant. */
void store_grant_take(sqlite3_stmt *st, struct arena *a, void *out);

/* store_grant_withdraw() inside an operation that has begun. */
int64_t store_grants_delete(struct store *s, const char *client_id,
			    const char *hetu);

#endif
