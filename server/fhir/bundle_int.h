/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bundle files share: a Bundle while it is carried out.
 */
#ifndef BUNDLE_INT_H
#define BUNDLE_INT_H

#include "fhir/fhir_int.h"

/* In the order in which entries are carried out. */
enum bundle_step { STEP_DELETE, STEP_POST, STEP_PUT, STEP_GET, BUNDLE_STEPS };

#define BUNDLE_HEADERS 8

struct bundle_entry {
	size_t i; /* where it stands in the Bundle */
	enum bundle_step step;
	const char *method;	     /* "POST"; or NULL: it is refused */
	const char *url;	     /* below the base, no slash at its ends */
	const char *full_url;	     /* or NULL */
	const struct json *resource; /* or NULL */
	struct http_pair header[BUNDLE_HEADERS];
	size_t headers;
	const struct err *refused; /* what is wrong with it; or NULL */

	/* of a transaction */
	const char *id;	    /* that a create gives */
	const char *target; /* "Type/id" that references to it become */
	bool moved;	    /* its references were resolved */

	/* its part of the answer: members of an object */
	const char *answer;
	size_t answer_len;
};

/* Texts by text (bundle_map.c). */
struct bundle_map {
	struct arena *arena;
	struct bundle_pair {
		const char *key, *value;
	} * slot;
	size_t room; /* a power of two, or 0 */
	size_t used;
};
/* The key's value, or NULL. */
const char *bundle_map_get(const struct bundle_map *m, const char *key);
/* False when the key was there; it keeps its value then. */
bool bundle_map_put(struct bundle_map *m, const char *key, const char *value);

struct bundle {
	struct rq *rq;
	struct wish wish;
	bool transaction;
	bool representation; /* stored resources are wanted in the answer */
	const char *base;    /* the own base's URL */
	const char *prefer;  /* of the requests within */
	struct bundle_entry *v;
	size_t n;
	struct arena *scratch; /* of one request within */
	size_t answer_bytes;   /* so far */

	/* of a transaction */
	struct bundle_map links; /* what is referred to -> "Type/id" */
	const char **expected;	 /* "Type/id" of all that will be there */
	size_t expected_count;
	const char **leaving; /* of what is deleted or updated */
	size_t leaving_count;
};

/* bundle_read.c: the entries of the request's body. False with rq->err set for
 * what concerns all of it; what is wrong with one entry is noted there. */
bool bundle_read(struct bundle *b);

/* Notes that the entry is refused (400 unless another kind is said); always
 * false. place: within it ("request.url"), or NULL. */
bool bundle_refuse(struct bundle *b, struct bundle_entry *e, enum err_kind kind,
		   const char *place, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* bundle_answer.c: writes the entry's part of the answer. in: how the request
 * was answered; done: the version it is about, or one of version 0. */
void bundle_answer_entry(struct bundle *b, struct bundle_entry *e,
			 const struct rq *in,
			 const struct store_resource *done);

/* Replies with what all entries were answered. Always true. */
bool bundle_reply(struct bundle *b);

/* Is it a read, when the answer has become so large that nothing more is read?
 * It is refused then. */
bool bundle_too_much(struct bundle *b, struct bundle_entry *e);

/* For transactions. bundle_target.c: does something stand there twice? That
 * entry, which is refused, or NULL. */
struct bundle_entry *bundle_twice(struct bundle *b);
/* The condition of a create or an update; NULL when there is none. */
const char *bundle_condition(const struct bundle_entry *e);
/* Notes what is deleted or updated by its id. */
void bundle_leaving(struct bundle *b);
/* Says what references to the entries become, with new ids for creates. */
void bundle_targets(struct bundle *b);

/* bundle_link.c: resolves the references of all entries. The one that is
 * refused, or NULL. */
struct bundle_entry *bundle_link(struct bundle *b);

#endif
