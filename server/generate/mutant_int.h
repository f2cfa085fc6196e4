/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the mutants share: edits of a resource, candidates for a
 * mutation, and the catalogue of those that break exactly one rule.
 */
#ifndef MUTANT_INT_H
#define MUTANT_INT_H

#include "generate/generate_int.h"

/* ---- edit.c: one change of a resource ----------------------------------- */

enum edit_kind {
	EDIT_PUT,      /* text becomes the value, made when it is not there */
	EDIT_REMOVE,   /* without the member or item */
	EDIT_RENAME,   /* the member's name is text */
	EDIT_QUOTE,    /* a number or boolean as a string */
	EDIT_WRAP,     /* an array of the value */
	EDIT_UNWRAP,   /* an array's first item in its place */
	EDIT_TWICE,    /* an item, and the same again */
	EDIT_REPLACE,  /* within a string: text, the first time, by with */
	EDIT_NO_ZONE,  /* a time of day without its time zone */
	EDIT_FEBRUARY, /* the 30th of February of the same year */
	EDIT_BACKWARDS /* an array, last item first */
};

struct edit {
	enum edit_kind kind;
	const char *path; /* below the resource: "component[0].code" */
	const char *text; /* JSON for EDIT_PUT, else plain */
	const char *with;
};

/* The n edits one after the other; the result is one line, *len bytes. NULL
 * when one of them has no place in this resource. */
const char *edit_apply(struct arena *a, const struct json *resource,
		       const struct edit *e, size_t n, size_t *len);

/* ---- mutant_ops.c and others: what can be done to a resource ------------ */

/* Takes candidates; the catalogue's. */
struct offers;

/* A value of the resource, while its tree is walked. */
struct target {
	const struct json *v, *parent, *root;
	const char *path;  /* below the resource, "" for itself */
	const char *shown; /* "Observation.component[0].code" */
	const struct plan *plan;
	const struct shape *shape;
	const struct json *elements; /* values of elements-*.json, by path */
};

/* A candidate: n edits that are meant to break one of the rules. means: their
 * last four digits ("0014 0018"), or "*" for whichever. what says in words what
 * was done. The edits' texts must live as long as the catalogue. */
void offer(struct offers *o, const char *means, const struct edit *e, size_t n,
	   const char *what);
struct arena *offer_arena(struct offers *o);

/* One operator: offers what it can do to a value. At most this many of its
 * candidates become mutations of a plan. */
struct mutant_op {
	unsigned most;
	bool if_new; /* only for a rule that the plan's others do not break */
	void (*offer)(struct offers *o, const struct target *t);
};
/* The i-th operator; NULL behind the last. */
const struct mutant_op *mutant_op(size_t i);

/* mutant_value.c: by tables, for values of certain names. */
void offer_values(struct offers *o, const struct target *t);
void offer_controls(struct offers *o, const struct target *t);
void offer_dates(struct offers *o, const struct target *t);
void offer_narratives(struct offers *o, const struct target *t);
void offer_references(struct offers *o, const struct target *t);

/* mutant_put.c: what is put in. */
void offer_choices(struct offers *o, const struct target *t);
void offer_second_choices(struct offers *o, const struct target *t);
void offer_items(struct offers *o, const struct target *t);
void offer_codings(struct offers *o, const struct target *t);
void offer_extensions(struct offers *o, const struct target *t);
void offer_contained(struct offers *o, const struct target *t);
void offer_insides(struct offers *o, const struct target *t);

/* mutant_answers.c: responses that do not fit a questionnaire. */
void offer_answers(struct offers *o, const struct target *t);

/* mutant_apart.c: why a mutant is not among "all"; NULL: it is. */
const char *mutant_apart(const struct generate_mutation *m,
			 const char *profile);

/* mutant_hand.c: what files say. */
void offer_by_hand(struct offers *o, const struct target *t);
void offer_elements(struct offers *o, const struct target *t);

#endif
