/* SPDX-License-Identifier: Apache-2.0
 *
 * define_int.h: a StructureDefinition that is judged as an instance; for
 * define_structure.c, define_element.c and define_type.c alone.
 */
#ifndef DEFINE_INT_H
#define DEFINE_INT_H

#include "profile_int.h"

/* A StructureDefinition that is judged. */
#define KEYS_MAX 256
struct def {
	struct check *c;
	const struct json *sd;
	const char *url;
	const char *type_name;	   /* "" when it has none */
	const struct sd *base;	   /* NULL: unknown */
	const struct json *sliced; /* the last element with a slicing */
	bool constraint;
	bool snapshot; /* which list is looked at */
	struct {
		const char *key, *expression;
	} keys[KEYS_MAX]; /* of invariants of the list */
	size_t n_keys;
};

/* One element that is looked at. */
struct piece {
	const struct json *e;
	const char *path;
	const struct at *at;
	const struct node *node; /* of the base; NULL: unknown, or in a slice */
};

/* define_element.c: one element of the list */
void check_element_definition(struct def *d, const struct json *e,
			      const struct at *at);

/* define_type.c: the types of an element and their profiles, and what may be
 * said of values of such types */
void check_types(struct def *d, const struct piece *k);
void check_traits(struct def *d, const struct piece *k);
/* The name of a type as it is stated; or NULL. */
const char *type_code(const struct json *type);

#endif
