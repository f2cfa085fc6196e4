/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_int.h: a part of profile_int.h, which includes it: what the files say
 * to each other that make the compiled form.
 */
#ifndef COMPILE_INT_H
#define COMPILE_INT_H

#include "profile_int.h"

struct build {
	struct profiles *p;
	struct arena *tmp;
	struct err *e;
	ref *strings; /* open addressing */
	size_t n_strings, cap_strings;
	ref *constraints;
	size_t n_constraints, cap_constraints;
	struct item **sd, **vs, **cs, **sp, **ig; /* sorted by URL */
	size_t n_sd, n_vs, n_cs, n_sp, n_ig;
	struct item *item;  /* that is being compiled */
	const char *part;   /* "snapshot" or "differential" */
	unsigned element;   /* index in it */
	const char *inside; /* it: ".constraint[2].expression", or NULL */
	bool base;	    /* a type's own definition */
	unsigned depth;	    /* of compilations within each other */
	unsigned work;	    /* elements looked at for slices */
	bool crowded;	    /* slices need too many counters */
	struct hierarchy *hierarchy; /* term_filter.c's */
};

/* Fills b->e with where = "source: JSON path" of the current element. */
bool build_fail(struct build *b, const char *code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
ref build_text(struct build *b, const char *s); /* interned; NULL gives 0 */
ref build_textn(struct build *b, const char *s, size_t n);
/* An array of n items of size bytes in tmp with room for one more: v, or a copy
 * of twice the capacity (first: 64). */
void *build_room(struct build *b, void *v, size_t n, size_t *cap, size_t size);
const char *json_tail(const char *path); /* behind the last dot */

/* compile.c */
bool compile_types(struct build *b);
bool compile_definitions(struct build *b);
bool compile_sd(struct build *b, struct item *it);
struct item *item_find(struct item **v, size_t n, const char *url);
bool defines_type(const struct profiles *p, const struct json *sd);
/* The one that a record is made of; NULL: none of those being compiled. */
struct item *item_of(struct build *b, ref sd);

/* compile_element.c: the fields of one ElementDefinition onto a node */
bool merge_element(struct build *b, ref node, const struct json *element);

/* compile_constraint.c: invariants onto a node */
bool merge_constraints(struct build *b, ref node, const struct json *list);

/* invariant_fixes.c: published invariants that are not evaluated as they are */
enum fix_kind {
	FIX_TEXT,      /* another expression */
	FIX_NATIVE,    /* invariant_native.c */
	FIX_ELSEWHERE, /* another rule of the engine holds it */
	FIX_NEVER      /* it is not meant as published, or can never fail */
};
enum native {
	NATIVE_NONE,
	NATIVE_PERIOD,
	NATIVE_RANGE,
	NATIVE_NARRATIVE,
	NATIVE_FULL_URLS,
	NATIVE_LINK_IDS,
	NATIVE_CONCEPT_CODES,
	NATIVE_PATHS,
	NATIVE_SNAPSHOT_IDS,
	NATIVE_DIFFERENTIAL_IDS,
	NATIVE_SNAPSHOT_ROOT,
	NATIVE_DIFFERENTIAL_ROOT,
	NATIVES
};
struct fix {
	const char *key;       /* NULL: any */
	const char *published; /* how the expression begins; NULL: any */
	const char *text;      /* FIX_TEXT */
	uint8_t versions;      /* bit for each enum fhir_version */
	uint8_t kind;
	uint8_t native;
};
const struct fix *fix_find(enum fhir_version v, const char *key,
			   const char *expression);

/* constant.c */
ref compile_constant(struct build *b, const struct json *v);
bool constant_equal(const struct profiles *p, ref constant,
		    const struct json *v);
bool constant_within(const struct profiles *p, ref pattern,
		     const struct json *v);
const char *constant_text(const struct profiles *p, struct arena *a, ref r);
void constant_print(const struct profiles *p, struct buf *out,
		    const struct constant *c);
/* The first place where a value differs; false: it does not. */
enum miss_kind { MISS_VALUE, MISS_ABSENT, MISS_SURPLUS };
struct miss {
	enum miss_kind kind;
	struct buf path;	     /* below the value; empty: itself */
	const struct constant *want; /* NULL: nothing */
	const struct json *is;	     /* NULL: nothing, or none of several */
};
bool constant_miss(const struct profiles *p, struct arena *a, ref constant,
		   const struct json *v, bool pattern, struct miss *out);
/* Does the constant have something at the end of the path, and if so, does the
 * value have it too? */
bool constant_has(const struct profiles *p, ref constant,
		  const struct path_step *step, unsigned n);
bool constant_along(const struct profiles *p, ref constant,
		    const struct path_step *step, unsigned n, bool pattern,
		    const struct json *v);

/* compile_overlay.c */
bool overlay_elements(struct build *b, ref root, const char *type,
		      const struct json *elements);
bool overlay_contents(struct build *b, ref root, ref base);
ref copy_node(struct build *b, ref from, ref owner);

/* compile_slicing.c */
bool merge_slicing(struct build *b, ref node, const struct json *slicing);
/* The slice of that name, made if need be; 0: refused. type: that a choice's
 * JSON name tells, or NO_TYPE. */
ref own_slice(struct build *b, ref node, const char *name, size_t len,
	      unsigned type);

/* compile_criteria.c: at the end of a definition, what decides on its slices */
bool resolve_slicing(struct build *b, ref node, ref mark);
bool has_criterion(const struct profiles *p, const struct node *n,
		   unsigned depth);

/* term_expand.c, term_lookup.c; more in term_int.h */
void compile_terminology(struct build *b);
int code_cmp(const char *x, const char *y); /* by letters, then by case */
int value_set_has(const struct profiles *p, const struct value_set *vs,
		  const char *system, const char *code);
int part_has(const struct profiles *p, const struct part *part,
	     const char *code);
const struct concept *concept_find(const struct profiles *p,
				   const struct code_system *cs,
				   const char *code);
const struct fact *facts_of(const struct profiles *p, ref facts, uint32_t n,
			    uint32_t concept, uint32_t *count);
/* Does code a subsume code b? 1, 0, or -1: it cannot be told. */
int code_subsumes(const struct profiles *p, const char *system, const char *a,
		  const char *b);

/* compile_search.c */
void compile_search_params(struct build *b);

/* ---- packages ------------------------------------------------------------ */

/* load_tar.c: an archive, entry by entry */
#define TAR_NAME    1024
#define TAR_ENTRIES 20000U
#define TAR_FILE    (64U << 20)

struct tar {
	struct gunzip *in;
	struct arena *arena; /* of text */
	char *text;	     /* the last extended header */
	size_t left;	     /* of the entry's content */
	unsigned entries;
	char name[TAR_NAME];
};
struct tar_entry {
	const char *name; /* without "./"; until the next; NULL: the end */
	size_t size;
	bool file; /* not a folder */
};
void tar_open(struct tar *t, struct arena *a, struct gunzip *in);
/* False with e set: not an archive, damaged, or with what has no place in a
 * package. At the end out->name is NULL, and all has been verified. */
bool tar_next(struct tar *t, struct tar_entry *out, struct err *e);
/* The content of the entry, size bytes; once. */
bool tar_content(struct tar *t, char *out, struct err *e);

#endif
