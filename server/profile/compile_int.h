/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_int.h: what the files say to each other that make the compiled form:
 * compile_*.c, and those of load and terminology that take part in it.
 */
#ifndef COMPILE_INT_H
#define COMPILE_INT_H

#include "form_int.h"

/* One profile_compile() under way. */
struct build {
	struct profiles *p;
	struct arena *tmp;
	struct err *e;
	ref *strings; /* open addressing */
	size_t n_strings, cap_strings;
	ref *constraints;
	size_t n_constraints, cap_constraints;
	uint32_t *by_all, *by_run; /* indexes of them: compile_constraint.c */
	size_t cap_slots;
	struct item **sd, **vs, **cs, **sp, **ig; /* sorted by URL */
	size_t n_sd, n_vs, n_cs, n_sp, n_ig;
	struct item *item;  /* that is being compiled */
	const char *part;   /* "snapshot" or "differential" */
	unsigned element;   /* index in it */
	const char *inside; /* it: ".constraint[2].expression", or NULL */
	bool base;	    /* a type's own definition */
	uint8_t confidence; /* of the definition */
	unsigned depth;	    /* of compilations within each other */
	unsigned work;	    /* elements looked at for slices */
	bool crowded;	    /* slices need too many counters */
	struct hierarchy *hierarchy; /* term_filter.c's */
	size_t terms; /* codes looked at for value sets: term_expand.c */
};

/* Fills b->e with where = "source: JSON path" of the current element. */
bool build_fail(struct build *b, const char *code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
ref build_text(struct build *b, const char *s); /* interned; NULL gives 0 */
ref build_textn(struct build *b, const char *s, size_t n);
/* An array of n items of size bytes in tmp with room for one more: v, or a copy
 * of twice the capacity (first: 64). */
void *build_room(struct build *b, void *v, size_t n, size_t *cap, size_t size);

/* compile_types.c: the table of types, unless it is there */
bool compile_types(struct build *b);
/* Is it a type's own definition, no profile? */
bool defines_type(const struct profiles *p, const struct json *sd);
/* The name of the type that it defines or constrains; or NULL. */
const char *defined_type(const struct json *sd);

/* compile_base.c: a type's own definition */
bool compile_base(struct build *b, struct item *it);

/* compile.c: all definitions that were added; one of them, with what it needs.
 * False: refused, see build_fail(). */
bool compile_definitions(struct build *b);
bool compile_sd(struct build *b, struct item *it);
/* In a list that is sorted by URL; NULL: not there. */
struct item *item_find(struct item **v, size_t n, const char *url);
/* The one that a record is made of; NULL: none of those being compiled. */
struct item *item_of(struct build *b, ref sd);

/* compile_element.c: the fields of one ElementDefinition onto a node */
bool merge_element(struct build *b, ref node, const struct json *element);

/* compile_mark.c: what the extensions of a piece of a definition say */
struct marks {
	uint8_t confidence; /* enum sure */
	uint8_t weighed;    /* enum profile_switch */
};
/* place: that of j in the element, for the refusal. */
bool read_marks(struct build *b, const struct json *j, const char *place,
		struct marks *out);
/* Of a StructureDefinition as a whole. */
bool read_sd_marks(struct build *b, const struct json *sd, uint8_t *out);

/* compile_constraint.c: invariants onto a node */
bool merge_constraints(struct build *b, ref node, const struct json *list);

/* invariant_fixes.c: published invariants that are not evaluated as they are */
enum fix_kind {
	FIX_TEXT,      /* another expression */
	FIX_NATIVE,    /* invariant_native.c */
	FIX_ELSEWHERE, /* another rule of the engine holds it */
	FIX_NEVER      /* it is not meant as published, or can never fail */
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

/* constant.c: from a value of a definition */
ref compile_constant(struct build *b, const struct json *v);

/* compile_overlay.c: the elements of a differential onto the tree at root */
bool overlay_elements(struct build *b, ref root, const char *type,
		      const struct json *elements);
/* Content references lead to what root has of it, not base. */
bool overlay_contents(struct build *b, ref root, ref base);
/* A copy that owner may change. */
ref copy_node(struct build *b, ref from, ref owner);

/* compile_slicing.c */
bool merge_slicing(struct build *b, ref node, const struct json *slicing);
/* The slice of that name, made if need be; 0: refused. type: that a choice's
 * JSON name tells, or NO_TYPE. */
ref own_slice(struct build *b, ref node, const char *name, size_t len,
	      unsigned type);

/* compile_criteria.c: at the end of a definition, what decides on its slices */
bool resolve_slicing(struct build *b, ref node, ref mark);

/* term_expand.c: value sets; code systems before them, by term_codesystem.c */
void compile_terminology(struct build *b);
void compile_code_system(struct build *b, const struct item *it);

/* term_filter.c: how many codes pass all filters, which are in *out; -1: *why
 * it cannot be told. Of a code system, or a table of codes. */
long filter_codes(struct build *b, const struct code_system *cs,
		  const struct json *filters, const char ***out,
		  const char **why);
long filter_table(struct build *b, enum grammar g, const struct json *filters,
		  const char ***out, const char **why);
/* term_expand.c: takes n codes off what all value sets that are loaded may
 * cost; false when that is used up: what would cost more cannot be told, for
 * the reason TERMS_COSTLY. */
bool terms_afford(struct build *b, size_t n);
#define TERMS_COSTLY "it takes too long to compute"

/* compile_context.c: where an extension may stand, and how a reference may
 * reach its target */
void compile_contexts(struct build *b, const struct item *it);
uint16_t reference_modes(const struct json *type);

/* compile_search.c */
void compile_search_params(struct build *b);

#endif
