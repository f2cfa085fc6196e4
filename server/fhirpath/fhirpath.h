/* SPDX-License-Identifier: Apache-2.0
 *
 * fhirpath: FHIRPath, compiled once and evaluated many times.
 *
 * Expressions of the definitions (invariants, search parameters, enableWhen)
 * and of people run here. The engine knows JSON and nothing of definitions:
 * what an element's type is, it asks the model; what a reference leads to or
 * whether a code is in a value set, it asks the host. Both may be missing: then
 * types come from JSON alone and such questions have the empty answer.
 *
 * Sources: FHIRPath 2.0 (N1) and its successor's functions, FHIR R4 2.9
 * (fhirpath.html: FHIR functions, variables, type rules), UCUM 2.1.
 */
#ifndef FHIRPATH_H
#define FHIRPATH_H

#include "json/json.h"

/* ---- values ----------------------------------------------------------- */

/* What an item of a collection is. A node is a piece of a resource, a FHIR
 * primitive included; the others are System values that were computed. */
enum fp_kind {
	FP_NODE,
	FP_BOOLEAN,
	FP_INTEGER,
	FP_LONG,
	FP_DECIMAL,
	FP_STRING,
	FP_DATE,
	FP_DATETIME,
	FP_TIME,
	FP_QUANTITY,
	FP_TYPE_INFO /* what type() answers */
};

#define FP_NO_TYPE UINT32_MAX

/* Of what type a node is, in the model's own terms: def is its element's
 * definition, id its type. Without a model: NULL and FP_NO_TYPE. */
struct fp_type {
	const void *def;
	uint32_t id;
};

struct fp_decimal; /* number with its written precision: value_int.h */
struct fp_time;	   /* date, dateTime or time with its precision */
struct fp_quantity;

struct fp_item {
	enum fp_kind kind;
	struct fp_type type; /* FP_NODE */
	union {
		struct {
			const struct json *value;     /* may be NULL */
			const struct json *companion; /* _x; may be NULL */
		} node;
		bool boolean;
		int64_t integer; /* FP_INTEGER, FP_LONG */
		const struct fp_decimal *decimal;
		const struct fp_time *time; /* FP_DATE, FP_DATETIME, FP_TIME */
		const struct fp_quantity *quantity;
		struct {
			const char *p; /* NUL behind it */
			size_t n;
		} string;
		struct {
			const char *space; /* "System", "FHIR" */
			const char *name;
		} info;
	} u;
};

/* A collection; v may be NULL when n is 0. */
struct fp_list {
	const struct fp_item *v;
	size_t n;
};

/* ---- compiling -------------------------------------------------------- */

struct fp_expr;

/* Compiles an expression of at most FP_TEXT bytes; the text is copied. NULL
 * with e set (ERR_INVALID, code "invalid", line and column of the place, text
 * one sentence without the expression). Nesting is limited to FP_DEPTH. */
#define FP_TEXT	 65536
#define FP_DEPTH 100
struct fp_expr *fp_compile(struct arena *a, const char *text, struct err *e);

/* "expression\n   ^\nmessage": for people, from what fp_compile said. */
void fp_explain(struct buf *out, const char *text, const struct err *e);

/* ---- evaluating ------------------------------------------------------- */

enum fp_element { FP_ABSENT, FP_PLAIN, FP_CHOICE };

/* Definitions, as the engine sees them. All functions are given set. */
struct fp_model {
	const void *set;
	/* A FHIR type by name; FP_NO_TYPE when there is none. */
	uint32_t (*type_find)(const void *set, const char *name, size_t n);
	const char *(*type_name)(const void *set, uint32_t type);
	bool (*type_is_a)(const void *set, uint32_t type, uint32_t ancestor);
	/* The System kind that a primitive (and Quantity) converts to; FP_NODE
	 * for types that do not. */
	enum fp_kind (*system_kind)(const void *set, uint32_t type);
	/* Is there an element of this name below? A choice goes by its stem
	 * ("value"). For FP_PLAIN child is set. */
	enum fp_element (*element)(const void *set, struct fp_type of,
				   const char *name, struct fp_type *child);
	/* The element that a JSON member belongs to ("valueQuantity"; no
	 * leading underscore); false when it belongs to none. */
	bool (*member)(const void *set, struct fp_type of, const char *name,
		       struct fp_type *child);
	/* Of a resource, by its resourceType. */
	struct fp_type (*resource)(const void *set,
				   const struct json *resource);
};

/* Questions to the world outside of the expression; each may be NULL. Answers
 * of three values: 1 yes, 0 no, -1 it cannot be told (empty). */
struct fp_host {
	/* What a Reference.reference, canonical or uri leads to. */
	bool (*resolve)(void *ctx, const char *reference, struct fp_item *out);
	/* coded: a node (code, Coding, CodeableConcept, string) or a string */
	int (*member_of)(void *ctx, const struct fp_item *coded,
			 const char *value_set);
	int (*conforms_to)(void *ctx, const struct fp_item *node,
			   const char *profile);
	int (*subsumes)(void *ctx, const struct fp_item *a,
			const struct fp_item *b);
	/* Is a narrative's div allowed (txt-1)? */
	int (*html_ok)(void *ctx, const struct fp_item *div);
	/* %name that is none of the standard ones. */
	bool (*variable)(void *ctx, const char *name, struct fp_list *out);
};

enum fp_flag {
	FP_STRICT = 1, /* an element that the model does not know is an error */
	FP_ANCHORED = 2, /* matches(): of the whole text, as the HL7 engine of
			  * 2018 did for invariants */
	FP_ORDERED = 4 /* refuse order-dependent functions on unordered input */
};

#define FP_STEPS 1000000 /* of one evaluation; about 50 ms */

/* Everything that an evaluation stands on. The caller fills it once and may use
 * it for many expressions; results and temporaries are in the arena. */
struct fp_env {
	struct arena *arena;
	const struct fp_model *model; /* NULL: types from JSON alone */
	const struct fp_host *host;   /* or NULL */
	void *ctx;		      /* of host */
	struct fp_item resource;      /* %resource */
	struct fp_item root;	      /* %rootResource */
	int64_t now_ms; /* now(), today(); one evaluation sees one time */
	unsigned flags;
	unsigned steps;	   /* allowed for each evaluation; 0: FP_STEPS */
	unsigned spent;	   /* set by each evaluation: the steps it took */
	struct buf *trace; /* what trace() says; NULL: nobody listens */
};

/* A node for a resource. */
struct fp_item fp_resource(const struct fp_env *env, const struct json *r);

/* Evaluates on one item ($this and %context), or on nothing when focus is NULL.
 * False with e set to ERR_UNPROCESSABLE: the expression does not fit the data
 * (several items where one is wanted, kinds that cannot be compared, too many
 * steps). An input can make it no other error. */
bool fp_eval(const struct fp_expr *x, struct fp_env *env,
	     const struct fp_item *focus, struct fp_list *out, struct err *e);

/* The same as an invariant is judged: 1 it holds; 0 it does not (false, or
 * empty); -1 an error, e is set. One item that is not boolean holds, and so do
 * several. */
int fp_holds(const struct fp_expr *x, struct fp_env *env,
	     const struct fp_item *focus, struct err *e);

/* ---- results ---------------------------------------------------------- */

/* The lexical value: 1.50, 2020-01, T12:00, 4 'mg'; NULL for complex nodes. */
const char *fp_value_text(const struct fp_env *env, const struct fp_item *v);

/* The whole collection: a JSON array; items are {"type",
 * "value"} if typed, else the bare values. */
void fp_write(struct jw *w, const struct fp_env *env,
	      const struct fp_list *list, bool typed);

/* ---- beside the language, because others need it too ------------------- */

/* Does the pattern (the regular expressions of FHIR: Java's and ECMAScript's
 * common part) match the text, all of it if whole? 1, 0, or -1: the pattern is
 * wrong or too costly. *steps (unless NULL) grows by what it cost: some 5 ns
 * each. */
int fp_regex(const char *pattern, const char *text, bool whole, size_t *steps);

/* Is it a unit of UCUM (case-sensitive form)? False: bad points to the first
 * character of code that is wrong. NULL bad is allowed. */
bool fp_ucum_ok(const char *code, const char **bad);

/* Compares quantities by UCUM: sets *order to -1, 0, 1; false when the units
 * cannot be compared (or are not known). Values are decimal texts. */
bool fp_ucum_compare(const char *x, const char *x_unit, const char *y,
		     const char *y_unit, int *order);

/* Compares two decimal texts: -1, 0, 1. Exact for up to 28 digits. */
int fp_decimal_compare(const char *x, const char *y);

/* Compares two dates, dateTimes, instants or times of FHIR: sets *order; false
 * when their precision does not decide, or one is none. */
bool fp_time_compare(const char *x, const char *y, int *order);

#endif
