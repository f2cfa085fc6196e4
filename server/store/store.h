/* SPDX-License-Identifier: Apache-2.0
 *
 * store: all that outlives a request, and the only place that knows SQLite.
 *
 * Every statement stands in one list, is prepared when the file is opened and
 * is always bound; search alone puts statements together, from constant
 * fragments. A request writes inside a savepoint; one COMMIT ends each turn of
 * the loop, so what was acknowledged is on disk (WAL, synchronous=NORMAL).
 *
 * "find" functions answer true when found; a storage failure is fatal to
 * the request: it is remembered, store_leave() then answers false and the
 * request becomes a 500. So nobody checks for it after every call. Texts handed
 * out live in the given arena; texts handed in are only read during the call.
 * Times (_ms) are milliseconds since 1970 by the caller's clock.
 */
#ifndef STORE_H
#define STORE_H

#include "base/base.h"

struct store;

/* Opens or makes the file (":memory:" for none); migrates an older one. log,
 * which may be NULL, must outlive the store. NULL with e set (ERR_INTERNAL;
 * ERR_INVALID when the file is not ours or is newer). Closing takes NULL, and
 * drops what was not committed. */
struct store *store_open(const char *path, const struct log *log,
			 struct err *e);
void store_close(struct store *s);

/* ---- transactions --------------------------------------------------- */

/* Between enter and leave the first write opens the turn's transaction, if none
 * is open, and a savepoint for the request. A write outside (at start-up, in
 * tests) is a transaction of its own, or joins the turn's if one is open; its
 * failure is only logged. Whoever loads much, or wants to know, brackets it:
 * enter, writes, leave, commit. Reads see what was written before them. */
void store_enter(struct store *s);	      /* a request begins */
bool store_leave(struct store *s, bool keep); /* it ends: keep or roll back */
/* The request will not take back what it writes from here on, unless storage
 * fails: so it needs no savepoint (a tenth of a create). It must not be rolled
 * back after it has written. Has no effect within a nested part. */
void store_settle(struct store *s);
/* Said right behind enter: the request is rolled back, whatever becomes of it
 * (leave with keep false), and settles nothing. */
void store_rehearse(struct store *s);
bool store_pending(const struct store *s); /* kept, not yet committed */
bool store_commit(struct store *s);	   /* at the end of a turn */

/* A part of a request that is kept or rolled back by itself, between enter and
 * leave; it may have parts of its own. False: it could not be kept. */
void store_nest(struct store *s);
bool store_unnest(struct store *s, bool keep);

/* Deletes every row but those of setting, and starts the serial numbers again:
 * what is left equals a new file. One transaction, or part of the request's. */
void store_reset(struct store *s);
/* The same of a part: all resources; a citizen's (Patient id); codes, tokens
 * and sessions, of an application, of a citizen (NULL: of all), returns how
 * many tokens. */
void store_reset_resources(struct store *s);
void store_reset_resources_of(struct store *s, const char *patient);
int64_t store_reset_tokens(struct store *s, const char *client_id,
			   const char *hetu);

/* The whole file as bytes, an SQLite file of its own, with what the request
 * and the turn have written; and back, in place of all that is there, settings
 * too: as part of the request, all or nothing. Freed by store_image_free(),
 * which takes NULL. False when it cannot be taken (the request fails then);
 * put: e, ERR_INVALID when it is not ours or of another version. */
size_t store_bytes(struct store *s); /* of an image */
bool store_image_take(struct store *s, unsigned char **bytes, size_t *n);
void store_image_free(unsigned char *bytes);
bool store_image_put(struct store *s, const unsigned char *bytes, size_t n,
		     struct err *e);

/* Is the database without citizens, clients and resources? */
bool store_is_empty(struct store *s);

/* Rows by kind, for GET /__admin/state. */
struct store_counts {
	int64_t citizens, clients;
	int64_t resources; /* current ones; deleted ones count no more */
	int64_t versions;  /* all of them */
	int64_t grants, tokens;
	int64_t consents; /* and refusals */
	int64_t treatments;
};
void store_count(struct store *s, struct store_counts *out);

/* Texts that belong to the file itself: the signing key. NULL when there is
 * none of that name; put replaces. */
const char *store_setting(struct store *s, struct arena *a, const char *name);
void store_setting_put(struct store *s, const char *name, const char *value);
/* Another one whenever a setting may have changed: by a put, or because writes
 * were rolled back. So what was made of a setting holds as long as this is the
 * same. */
uint64_t store_setting_epoch(const struct store *s);

/* Counts how often it was asked for the citizen (a hetu or a Patient id; "":
 * nobody) and the application ("": none), by purpose: 1, 2, ... It begins again
 * when either of them is deleted. */
#define STORE_CHANCE_RESOURCE "resource" /* the purpose of resources' ids */
int64_t store_chance(struct store *s, const char *citizen,
		     const char *client_id, const char *purpose);
/* Begins again for a purpose, of a citizen (NULL: of all). */
void store_chance_delete(struct store *s, const char *purpose,
			 const char *citizen);

/* ---- resources ------------------------------------------------------ */

/* fhir is enum fhir_version as an int: 0 STU3, 1 R4. */
struct store_resource {
	int fhir;
	const char *type;
	const char *id;
	int version; /* 1, 2, ... */
	int64_t updated_ms;
	const char *patient;   /* Patient id it belongs to; "" for none */
	const char *client_id; /* which application stored this version */
	bool deleted;
	const char *method; /* "POST", "PUT", "DELETE" */
	const char *text;   /* the JSON as it is returned; NULL if deleted */
	size_t text_len;
};

/* One row of the search index. Which members count depends on the kind. */
enum store_index {
	INDEX_TOKEN,
	INDEX_DATE,
	INDEX_REFERENCE,
	INDEX_URI,
	INDEX_STRING,
	INDEX_NUMBER
};
struct store_index_row {
	enum store_index kind;
	const char *param; /* "code" */
	/* Of several items of one top-level element (component) that which it
	 * stands in, from 1; 0: of none. Composites are searched within one. */
	unsigned part;
	const char *system; /* token: system or ""; number: a unit's system or
			     * "" */
	const char *value;  /* token: code; reference: "Patient/1"; uri;
			     * string: folded (record_fold); number: the unit's
			     * code or "" */
	const char *text;   /* token: what it is called (display, text), folded;
			     * string: as it stands; number: the unit as it is
			     * shown; NULL: nothing */
	int64_t lo_ms, hi_ms; /* date: half-open; open ends INT64_MIN/MAX */
	bool period;	      /* date: from a Period (or Timing), not from a
			       * date, dateTime or instant; see OP_DATE_EQ */
	double lo, hi;	      /* number: from, to; open ends -/+INFINITY */
};

/* Stores a version and makes it the current one, with its index rows (which
 * replace those of the version before). r->version decides: it must be the
 * successor of the stored one (asserted). */
void store_resource_put(struct store *s, const struct store_resource *r,
			const struct store_index_row *rows, size_t n);

/* Resources of an older file have no index rows until they are indexed anew: so
 * for every one that next gives, put replaces the rows. next: the first current
 * resource, not deleted, that was stored after *after (0: of all), which it
 * moves; false at the end. */
bool store_must_index(struct store *s);
bool store_index_next(struct store *s, struct arena *a, int64_t *after,
		      struct store_resource *out);
void store_index_put(struct store *s, const struct store_resource *r,
		     const struct store_index_row *rows, size_t n);

/* version 0: the current one. */
bool store_resource_find(struct store *s, struct arena *a, int fhir,
			 const char *type, const char *id, int version,
			 struct store_resource *out);

/* Removes a citizen's resources, versions and index rows without a trace. */
void store_resource_erase(struct store *s, const char *patient);

/* A search: all clauses hold, within a clause one of its values does. The
 * values of a clause are of one family: words (tokens, strings, references,
 * uris), dates, numbers, OP_ID, or OP_UPDATED. A clause without values
 * holds. */
#define STORE_SEARCH_VALUES 1000 /* in one search */
enum store_op {
	OP_TOKEN,     /* value, system (NULL: any; "": none); value NULL: any */
	OP_ID,	      /* value */
	OP_REFERENCE, /* value */
	OP_URI,
	OP_URI_BELOW,	    /* stored begins with value */
	OP_URI_ABOVE,	    /* value begins with stored */
	OP_TOKEN_TEXT,	    /* the text begins with value (folded) */
	OP_STRING,	    /* begins with value (folded) */
	OP_STRING_EXACT,    /* the text is value */
	OP_STRING_CONTAINS, /* value (folded) is somewhere in it */
	OP_ANY,		    /* there is a row of the parameter */
	/* [lo,hi] stored against number_lo <= x < number_hi of the search
	 * value; system NULL: any, value (a unit) NULL: any, else the code or,
	 * if system is NULL, the unit's text */
	OP_NUMBER_EQ, /* stored lies within */
	OP_NUMBER_NE, /* it does not */
	OP_NUMBER_GT, /* part of stored lies above number_lo itself */
	OP_NUMBER_GE,
	OP_NUMBER_LT, /* part of stored lies below number_lo itself */
	OP_NUMBER_LE,
	OP_NUMBER_SA, /* stored begins above number_lo */
	OP_NUMBER_EB, /* stored ends below number_lo */
	OP_NUMBER_AP, /* overlaps [number_lo, number_hi] */
	/* [lo,hi) of the search value against the stored [lo,hi) */
	OP_DATE_EQ, /* overlaps a stored period; contains a stored instant */
	OP_DATE_NE,
	OP_DATE_EQ_CONTAIN, /* contains what is stored, periods too */
	OP_DATE_NE_CONTAIN,
	OP_DATE_GT,
	OP_DATE_GE,
	OP_DATE_LT,
	OP_DATE_LE,
	OP_DATE_SA,
	OP_DATE_EB,
	/* as HAPI 3.6 has it: of what is no period only its start counts (S =
	 * [lo, lo]); LT, LE and SA are the same there */
	OP_DATE_HAPI_EQ,
	OP_DATE_HAPI_NE,
	OP_DATE_HAPI_GT,
	OP_DATE_HAPI_GE,
	OP_DATE_HAPI_EB,
	OP_UPDATED_GE, /* _lastUpdated: updated_ms >= lo */
	OP_UPDATED_LT  /* updated_ms < hi */
};
struct store_value {
	enum store_op op;
	const char *system;
	const char *value;
	int64_t lo_ms, hi_ms;
	double number_lo, number_hi;
};
enum store_clause_kind {
	CLAUSE_VALUES,	  /* a row of param (or of also) has one of the values
			   */
	CLAUSE_COMPOSITE, /* value holds pairs, n is even: of one pair a row of
			   * param (or also) has the first and a row of
			   * param2 (or also2), in the same part, the second */
	/* The other resources that these two look at are of the query's
	 * patient (when that is not NULL) or nobody's. */
	CLAUSE_CHAIN,  /* a row of param refers to a resource of one of the
			* types for which all of sub hold */
	CLAUSE_REVERSE /* _has: a resource of types[0] for which all of sub
			* hold refers to this one by a row of param */
};
struct store_clause {
	enum store_clause_kind kind;
	const char *param;
	const char *also; /* a second parameter whose rows count, or NULL */
	const char *param2, *also2; /* composite */
	bool negative; /* it must not hold (of a resource; a resource without
			* rows of the parameter passes) */
	const struct store_value *value;
	size_t n;
	const char *const *types; /* chains; ended by NULL */
	const struct store_clause *sub;
	size_t sub_count;
};
struct store_sort {
	const char *param; /* "_lastUpdated", "_id" or an indexed date, token,
			    * reference or uri parameter */
	bool descending;   /* the mirror: resources without the value come last
			    * ascending, first descending; of those updated in
			    * one millisecond the one stored last is newer */
};
#define STORE_SEARCH_TYPES 40
struct store_query {
	int fhir;
	const char *type;
	/* Not NULL: of any of these instead (ended by NULL; at most
	 * STORE_SEARCH_TYPES); type is what a kept result is filed under. */
	const char *const *types;
	const char *patient; /* only this citizen's; NULL: everybody's */
	/* patient NULL: chains look at this citizen's alone (and nobody's) */
	const char *chained;
	const struct store_clause *clause;
	size_t clause_count;
	const struct store_sort *sort; /* then by updated_ms, first stored */
	size_t sort_count;
	int64_t limit;	/* rows in the answer at most; 0: only the total */
	int64_t offset; /* rows to leave out; below 0 is 0 */
	/* Resources have serial numbers in the order they were first stored;
	 * those after this one do not count, so pages stay as they were while
	 * data comes in (not when it is changed or deleted). 0: now; the answer
	 * tells which, for the links to the other pages. */
	int64_t snapshot;
	/* Not NULL: when the result is larger than the page, keep it (below)
	 * and say its token there. Everything but token and total is the
	 * caller's. */
	struct store_kept *keep;
};
struct store_found {
	int64_t total;		  /* all that match, on whatever page */
	int64_t snapshot;	  /* the query's, or the one of now */
	struct store_resource *v; /* in the arena; NULL for none */
	size_t n;		  /* the next page begins at offset + n */
};
/* A page ends before its limit behind the text with which it reaches this
 * size, so it is never empty for that. */
#define STORE_PAGE_BYTES ((size_t)16 << 20)
/* False with e set (ERR_INVALID) only for a sort parameter that begins with "_"
 * and is none of the two (which others exist is the caller's knowledge: by an
 * unknown one nothing is sorted), and for too much: more than
 * STORE_SEARCH_VALUES values, 100 clauses or 16 sorts. */
bool store_search(struct store *s, struct arena *a, const struct store_query *q,
		  struct store_found *out, struct err *e);
/* The latest serial number that was given to a resource; 0: none yet. */
int64_t store_serial(struct store *s);

/* A result that is kept, so that its pages stay what they were while resources
 * come, change and go: the serial numbers of all matches in order. It is gone
 * after STORE_KEPT_MS of the clock, after a restart or a reset, and when
 * newer results need the room. */
#define STORE_KEPT_MS (INT64_C(60) * 60 * 1000)
struct store_kept {
	int fhir;
	const char *token;   /* uuid */
	const char *wanted;  /* the token, or, while that one is taken, one
			      * near it; NULL: a random one */
	const char *type;    /* of the search */
	const char *patient; /* whose data it was restricted to; "" for all */
	const char *query;   /* the caller's own: how it was asked */
	int64_t total;
	int64_t made_ms;
};
/* A page of a kept result: the current versions of its resources, those deleted
 * since left out; out->n entries of the limit, and the next page begins at
 * *next (0: there is none). False: no such result (any more). */
bool store_page(struct store *s, struct arena *a, const char *token,
		int64_t now_ms, int64_t offset, int64_t limit,
		struct store_kept *what, struct store_found *out,
		int64_t *next);

/* Versions, the newest first. */
struct store_history_query {
	int fhir;
	const char *type;	  /* NULL: of all types */
	const char *id;		  /* NULL: of all resources */
	const char *patient;	  /* only this citizen's; NULL: everybody's */
	bool nobodys;		  /* patient: what is nobody's, too */
	const char *const *types; /* type NULL: only of these; NULL: all */
	int64_t since_ms;	  /* stored then or later; INT64_MIN: ever */
	bool at; /* instead: current at some time in [at_lo, at_hi) */
	int64_t at_lo_ms, at_hi_ms;
	int64_t limit, offset; /* as in store_query */
	int64_t snapshot;      /* versions stored later do not count; 0: now */
};
void store_history(struct store *s, struct arena *a,
		   const struct store_history_query *q,
		   struct store_found *out);

/* A current resource, another than that itself and none of the n of except
 * ("Type/id"), that refers to "Type/id" by one of its search parameters;
 * *param: by which. */
bool store_referrer(struct store *s, struct arena *a, int fhir,
		    const char *reference, const char *const *except, size_t n,
		    struct store_resource *out, const char **param);

/* ---- a citizen's resources at a glance ------------------------------- */

/* Where to look, and the search parameter that tells a resource's date. */
struct store_glance_type {
	int fhir;
	const char *type, *date;
};
/* A current resource: which of the types it is of, which of the words its
 * _profile is (STORE_GLANCE_NONE: none of them), when it was (where its date
 * begins; without one, when it was stored). */
#define STORE_GLANCE_NONE SIZE_MAX
struct store_glance {
	int64_t serial, at_ms;
	size_t type, word;
};
/* All of the citizen's of those types, the newest first, from the index alone:
 * some tenths of a microsecond each. Returns how many (0: *out is NULL). */
size_t store_glance(struct store *s, struct arena *a, const char *patient,
		    const struct store_glance_type *type, size_t types,
		    const char *const *word, size_t words,
		    struct store_glance **out);
/* The resource itself; its text is NULL when it has more than most bytes. */
bool store_glance_read(struct store *s, struct arena *a,
		       const struct store_glance *g, size_t most,
		       struct store_resource *out);

/* ---- citizens ------------------------------------------------------- */

struct store_citizen {
	const char *hetu;
	const char *patient; /* Patient id = OAuth sub */
	int64_t created_ms;
	const char *behaviours; /* words with spaces between; put takes NULL
				 * for none */
	int64_t terms_ms; /* when the terms of use were accepted; 0: never */
};
/* Makes or replaces the one of that hetu. */
void store_citizen_put(struct store *s, const struct store_citizen *c);
/* by hetu, or by patient when hetu is NULL */
bool store_citizen_find(struct store *s, struct arena *a, const char *hetu,
			const char *patient, struct store_citizen *out);
/* With grants, codes, tokens, sessions and sharings; the resources stay. */
void store_citizen_delete(struct store *s, const char *hetu);
/* All of them by hetu; returns how many (0: *out is NULL). */
size_t store_citizen_list(struct store *s, struct arena *a,
			  struct store_citizen **out);

/* ---- applications (OAuth clients) ----------------------------------- */

/* Lists are space separated (no member of them can hold a space). */
struct store_client {
	const char *client_id;
	const char *secret_digest; /* jose_digest of the secret; "" for none */
	const char *name;
	const char *redirect_uris;
	const char *scope;
	const char *grant_types;
	const char *auth_method;	       /* token_endpoint_auth_method */
	const char *kind;		       /* "citizen", "professional" */
	const char *certificate_serial_number; /* or "" */
	int64_t access_token_seconds;
	int64_t refresh_token_seconds; /* 0: unlimited */
	int64_t issued_ms;
	const char *metadata; /* JSON object: further registration members */
	/* jose_digest of the registration access token; put takes NULL for
	 * none, as "" */
	const char *registration_digest;
};
/* Makes or replaces the one of that client_id. */
void store_client_put(struct store *s, const struct store_client *c);
bool store_client_find(struct store *s, struct arena *a, const char *client_id,
		       struct store_client *out);
/* With its grants, codes, tokens and sharings. */
void store_client_delete(struct store *s, const char *client_id);
/* The client_id of the one with that certificate_serial_number (the first by
 * client_id); NULL: none, or it is "". */
const char *store_client_of_certificate(struct store *s, struct arena *a,
					const char *serial_number);
/* All of them by client_id; returns how many (0: *out is NULL). */
size_t store_client_list(struct store *s, struct arena *a,
			 struct store_client **out);
/* A page of them by name (ASCII letters without regard to case; those without a
 * name by their client_id): up to limit, offset left out. */
size_t store_client_page(struct store *s, struct arena *a, int64_t offset,
			 int64_t limit, struct store_client **out);
int64_t store_client_count(struct store *s);

/* ---- permissions, codes, tokens ------------------------------------- */

/* What a citizen allowed an application; what a guard puts on a request. */
struct grant {
	const char *id; /* uuid */
	const char *client_id;
	const char *hetu;
	const char *patient;
	const char *scope;
	int64_t created_ms;
	int64_t remember_until_ms; /* 0: ask again; INT64_MAX: until revoked */
	const char *audience;	   /* the parameter aud, for access tokens;
				    * put takes NULL for none, as "" */
	bool professional; /* not the citizen's doing: see record/professional.c
			    */
};
/* Makes or replaces the one of that id. */
void store_grant_put(struct store *s, const struct grant *g);
/* Those of the pair whose approval is still remembered at now_ms, the newest
 * first, at most STORE_REMEMBERED; returns how many (0: *out is NULL). */
#define STORE_REMEMBERED 100
size_t store_grant_remembered(struct store *s, struct arena *a,
			      const char *client_id, const char *hetu,
			      int64_t now_ms, struct grant **out);
/* All of the citizen, by application and time; returns how many (0: *out is
 * NULL). */
size_t store_grant_list(struct store *s, struct arena *a, const char *hetu,
			struct grant **out);
/* How many citizens allow the application something. */
int64_t store_grant_citizens(struct store *s, const char *client_id);
/* Ends the grants of the pair with their codes and tokens (NULL: any client,
 * any citizen); returns how many grants there were. */
int64_t store_grant_withdraw(struct store *s, const char *client_id,
			     const char *hetu);

struct store_code {
	const char *digest; /* jose_digest of the code */
	const char *grant_id;
	const char *client_id;
	const char *redirect_uri; /* as in the authorization request; "" if it
				   * was not there */
	const char *challenge;	  /* "" for none */
	const char *challenge_method;
	int64_t expires_ms;
	const char *nonce; /* for an ID token; put takes NULL for none, as "" */
	int64_t auth_ms;   /* when the citizen logged in */
	/* Who the server was where it was given; "": not known. put takes NULL,
	 * as "" */
	const char *issuer;
};
/* A new code is unused. */
void store_code_put(struct store *s, const struct store_code *c);
/* With the grant it was given for; also when it was used or has expired. */
bool store_code_find(struct store *s, struct arena *a, const char *digest,
		     struct store_code *out, struct grant *grant);
/* Notes that it is used: a code is good once (RFC 6749 4.1.2). False: it was
 * before, or there is none. */
bool store_code_use(struct store *s, const char *digest, int64_t now_ms);

enum token_kind { TOKEN_ACCESS, TOKEN_REFRESH };
struct store_token {
	const char *digest; /* jose_digest of the token */
	enum token_kind kind;
	const char *grant_id;
	const char *scope; /* may be less than the grant's */
	int64_t issued_ms;
	int64_t expires_ms; /* INT64_MAX: never */
	int64_t used_ms;    /* a refresh token that has a successor: since when;
			     * 0: it has none. put does not take it */
	const char *certificate; /* x5t#S256 of the only certificate that it is
				  * good with; "": of none. put takes NULL for
				  * none, as "" */
};
void store_token_put(struct store *s, const struct store_token *t);
/* The token and the grant it belongs to (grant may be NULL); also when it has
 * expired. */
bool store_token_find(struct store *s, struct arena *a, const char *digest,
		      struct store_token *out, struct grant *grant);
/* A token with its grant. */
struct store_token_row {
	struct store_token token;
	struct grant grant;
};
/* The newest first, at most limit: those of an application and a citizen (NULL:
 * of any), and of those that are good at now_ms alone (below 0: all). Returns
 * how many. */
size_t store_token_list(struct store *s, struct arena *a, const char *client_id,
			const char *hetu, int64_t now_ms, int64_t limit,
			struct store_token_row **out);
/* Expires (sets expires_ms to now_ms; those that had expired before do not
 * count) or deletes the tokens that match all of the arguments that are not
 * NULL; returns how many. */
int64_t store_token_expire(struct store *s, const char *client_id,
			   const char *hetu, const char *digest,
			   int64_t now_ms);
int64_t store_token_delete(struct store *s, const char *client_id,
			   const char *hetu, const char *digest);
/* Notes that a refresh token has a successor. False: it had one before, or
 * there is none such. */
bool store_token_use(struct store *s, const char *digest, int64_t now_ms);
/* Deletes all tokens of the grant: a family, since each authorization makes a
 * grant of its own. The permission stays. Returns how many. */
int64_t store_family_delete(struct store *s, const char *grant_id);
/* How many codes and tokens expired in (from_ms, to_ms]. */
void store_expired(struct store *s, int64_t from_ms, int64_t to_ms,
		   int64_t *codes, int64_t *tokens);
/* How many approvals ceased to be remembered then. */
int64_t store_expired_grants(struct store *s, int64_t from_ms, int64_t to_ms);

/* Makes what a citizen allowed, its codes and tokens and the citizen's sessions
 * older by so much; counts what there was of each. */
struct store_aged {
	int64_t codes, tokens, approvals, sessions;
};
void store_age(struct store *s, const char *hetu, int64_t ms,
	       struct store_aged *out);

/* ---- professional use ----------------------------------------------- */

/* What providers of care may see of a citizen: a consent, a refusal, or a
 * relationship of treatment. */
enum sharing_kind { SHARING_CONSENT, SHARING_REFUSAL, SHARING_TREATMENT };
struct store_sharing {
	const char *id; /* uuid */
	enum sharing_kind kind;
	const char *hetu;
	const char *client_id;	   /* a professional application; "": all */
	int64_t from_ms, until_ms; /* [from, until); INT64_MAX: no end */
};
/* Makes or replaces the one of that id. */
void store_sharing_put(struct store *s, const struct store_sharing *x);
/* Those of the citizen (NULL: of everybody) in the order they were first put;
 * returns how many (0: *out is NULL). */
size_t store_sharing_list(struct store *s, struct arena *a, const char *hetu,
			  struct store_sharing **out);
/* True if it was there. */
bool store_sharing_delete(struct store *s, const char *id);

/* ---- forms under way: login sessions and authorization requests ----- */

/* One table of short-lived texts by digest: a session holds the hetu (and ends
 * with the citizen), an authorization request its parameters as JSON. Only the
 * newest STORE_TICKETS of each kind are kept, so that many of one kind end
 * none of another. */
#define STORE_TICKETS 10000
void store_ticket_put(struct store *s, const char *digest, const char *kind,
		      const char *text, int64_t expires_ms);
/* The text if it is of that kind and not expired, else NULL. */
const char *store_ticket_find(struct store *s, struct arena *a,
			      const char *digest, const char *kind,
			      int64_t now_ms);
/* True if it was there. */
bool store_ticket_delete(struct store *s, const char *digest, const char *kind);

#endif
