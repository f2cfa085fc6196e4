/* SPDX-License-Identifier: Apache-2.0
 *
 * index_int.h: how resources are indexed, shared by the files params.c and
 * index*.c.
 */
#ifndef INDEX_INT_H
#define INDEX_INT_H

#include "record/record_int.h"

/* Rows of one parameter, and of one resource, at most: a CodeSystem has as many
 * codes as it likes. What comes behind is not found. */
#define ROWS_OF_PARAM 1000
#define ROWS_MAX      5000

/* A parameter that has rows of its own. */
struct source {
	const struct record_param *param;
	enum store_index kind;
	unsigned number;	/* among those of the type */
	const char *identifier; /* of references: "subject:identifier" */
	bool direct; /* the tree finds all that the expression does */
	const struct fp_expr *expr; /* unless it is direct */
};

/* Rows in the making, and of which parameter and part. */
struct rows {
	struct arena *arena;
	struct store_index_row *v;
	size_t n, cap;
	uint16_t *made; /* rows so far, by number of the source */
	const struct source *of;
	const char *own_base;
	unsigned part;
};

/* ---- index_rows.c: from a value to rows --------------------------------- */

typedef void rows_fn(struct rows *rows, const struct json *v);

/* What makes rows of a parameter of that type from a value of a FHIR type; NULL
 * when there are none. */
rows_fn *rows_maker(enum param_type param, const char *fhir_type);
/* The FHIR types that make rows at all, by index; NULL behind the last. */
const char *rows_type_at(size_t i);
/* Of values that an expression computed. */
void rows_truth(struct rows *rows, bool v);

/* ---- index_tree.c: expressions that are paths, walked together ---------- */

/* What is looked for below an element: members by name, and what they give. */
struct branch {
	const char *name;
	struct branch **child; /* sorted by name */
	size_t n, cap;
	struct leaf *leaf; /* in the order of the sources */
};
struct leaf {
	struct leaf *next;
	const struct source *of;
	rows_fn *make;
	const char *where, *is; /* only of an element that has that member with
				 * that text; or NULL */
};
/* The rows of all leaves. */
void tree_walk(const struct branch *root, struct rows *rows,
	       const struct json *resource);

/* ---- index_path.c: published expressions, read -------------------------- */

/* A step of a path: a member; of which type, where it is a choice; and which of
 * its items (a member that has that text). */
struct hop {
	const char *name;
	const char *type;
	const char *where, *is;
};
#define HOPS_MAX 8
struct path {
	const char *text; /* as FHIRPath */
	struct hop hop[HOPS_MAX];
	size_t n;	  /* 0: more than a path */
	const char *only; /* "... resolve() is Patient": the type; or NULL */
};
/* The next operand of the union *s that is for the type; false behind the last.
 * Types of the language are put right ("as(DateTime)" is never true). */
bool path_next(struct arena *a, const struct fp_model *m, const char *type,
	       const char **s, struct path *out);
/* Can the tree do it? */
static inline bool path_is_plain(const struct path *p)
{
	return p->n > 0 && !p->only;
}
/* Puts what a plain path gives of the source into the tree. */
void path_plant(struct arena *a, const struct fp_model *m, const char *type,
		const struct path *path, const struct source *of,
		struct branch *root);

/* ---- params.c: the parameters of a type --------------------------------- */

struct indexing {
	struct indexing *next;
	const struct record_type *type;
	struct record_param *param; /* ended by a name NULL */
	size_t n;
	struct source *source;
	size_t sources;
	struct branch root;
	bool engine; /* for some source the tree does not do */
};
const struct indexing *record_indexing(struct record *r, enum fhir_version v,
				       const struct record_type *t);

/* ---- index.c ------------------------------------------------------------ */

/* As record_index(), all expressions by FHIRPath alone; for the test that the
 * tree finds the same. Parts are not known. */
struct store_index_row *record_index_by_engine(struct record *r,
					       struct arena *a,
					       enum fhir_version v,
					       const struct record_type *type,
					       const struct json *resource,
					       const char *own_base, size_t *n);

#endif
