/* SPDX-License-Identifier: Apache-2.0
 *
 * fhirpath_int.h: the tree of an expression, the evaluation under way, and the
 * System values; what the files of this module say to each other.
 */
#ifndef FHIRPATH_INT_H
#define FHIRPATH_INT_H

#include "fhirpath.h"

/* ---- System values (value.c, decimal.c, time.c, quantity.c) ------------ */

/* n * 10^-scale. 28 digits, at most DECIMAL_SCALE behind the point; scale is
 * the precision as it was written: 1.50 is {150, 2}. */
#define DECIMAL_DIGITS 28
#define DECIMAL_SCALE  28
struct fp_decimal {
	__extension__ __int128 n;
	int scale;
};

enum fp_precision {
	FP_YEAR,
	FP_MONTH,
	FP_DAY,
	FP_HOUR,
	FP_MINUTE,
	FP_SECOND,
	FP_MILLI
};
struct fp_time {
	int year, month, day; /* 0 for times of day */
	int hour, minute, second, milli;
	enum fp_precision precision; /* what is known */
	bool has_zone;
	int zone_minutes;
};

/* unit: a UCUM code; "1" when there was none. calendar: "year", "month", ...
 * was written as a word, which UCUM's a and mo do not equal. */
struct fp_quantity {
	struct fp_decimal value;
	const char *unit;
	bool calendar;
};

/* ---- the tree --------------------------------------------------------- */

struct node; /* of the expression: ast.h is not needed by functions */

/* ---- an evaluation ------------------------------------------------------ */

/* A collection in the making. */
struct list {
	struct fp_item *v;
	size_t n, cap;
	bool unordered; /* of children(), union ... */
};

struct eval; /* eval.c: environment, steps left, variables, error */

struct call {
	const char *name;
	const struct node *const *arg;
	unsigned n;
	unsigned offset; /* in the expression, for errors */
};

/* A function: focus is what stands before the dot. Returns false with the
 * evaluation's error set (fail). Appends its result to out. */
typedef bool fp_fn(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out);

struct function {
	const char *name;
	int min_args, max_args;
	fp_fn *fn;
};

/* The tables of functions, one for each file; a row with name NULL ends it. */
extern const struct function fn_collection[]; /* fn_collection.c */
extern const struct function fn_type[];	      /* fn_type.c */
extern const struct function fn_fhir[];	      /* fn_fhir.c */
extern const struct function fn_string[];     /* fn_string.c */
extern const struct function fn_math[];	      /* fn_math.c */
extern const struct function fn_time[];	      /* fn_time.c */
extern const struct function fn_convert[];    /* fn_convert.c */

/* eval.c, for functions */
struct arena *eval_arena(const struct eval *v);
const struct fp_env *eval_env(const struct eval *v);
/* Sets the error of the evaluation, once; returns false. */
bool fail(struct eval *v, const struct call *c, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void push(struct eval *v, struct list *l, struct fp_item x);
void push_boolean(struct eval *v, struct list *l, bool b);
void push_integer(struct eval *v, struct list *l, int64_t n);
void push_decimal(struct eval *v, struct list *l, struct fp_decimal d);
void push_string(struct eval *v, struct list *l, const char *s, size_t n);
void push_time(struct eval *v, struct list *l, enum fp_kind kind,
	       struct fp_time t);
void push_quantity(struct eval *v, struct list *l, struct fp_quantity q);

/* The i-th argument, evaluated on what the call itself stands on (not on each
 * item of the focus). */
bool arg_list(struct eval *v, const struct call *c, unsigned i,
	      struct fp_list *out);
/* One System value: *some is false when the argument is empty; an error when
 * there are several items, or the item is not (convertible to) that kind. */
bool arg_string(struct eval *v, const struct call *c, unsigned i,
		const char **s, size_t *n, bool *some);
bool arg_integer(struct eval *v, const struct call *c, unsigned i, int64_t *n,
		 bool *some);
/* The focus as one item, primitives converted to System values: *some false
 * when it is empty; an error when there are several. */
bool one(struct eval *v, const struct call *c, const struct fp_list *focus,
	 struct fp_item *out, bool *some);
/* The focus as one string; an error for other kinds. */
bool one_string(struct eval *v, const struct call *c,
		const struct fp_list *focus, const char **s, size_t *n,
		bool *some);

/* A node that is a primitive (or a Quantity) as a System value; anything else
 * as it is. */
struct fp_item system_value(struct eval *v, const struct fp_item *x);

/* ---- values: pure functions --------------------------------------------- */

/* decimal.c: false: it has more than 28 digits, or division by zero */
bool decimal_parse(const char *s, size_t n, struct fp_decimal *out);
void decimal_write(struct buf *b, struct fp_decimal d); /* keeps precision */
struct fp_decimal decimal_of(int64_t n);
int decimal_cmp(struct fp_decimal x, struct fp_decimal y);
bool decimal_add(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_sub(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_mul(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_div(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out); /* trailing zeros dropped */
bool decimal_round(struct fp_decimal x, int digits, struct fp_decimal *out);
/* ~: equal when rounded to the lesser precision of the two */
bool decimal_alike(struct fp_decimal x, struct fp_decimal y);

/* time.c: kind FP_DATE, FP_DATETIME or FP_TIME; text without '@' ("T12:30" and
 * "12:30" for times) */
bool time_read(const char *s, size_t n, enum fp_kind kind, struct fp_time *out);
void time_write(struct buf *b, const struct fp_time *t, enum fp_kind kind);
/* Order by the common precision: 1 decided, *order set; 0 it cannot be told.
 * Zones are taken into account; a time without zone and one with cannot be
 * compared unless their dates decide beyond all zones. */
bool time_order(const struct fp_time *x, const struct fp_time *y, int *order);
/* =: 1, 0, or -1 empty */
int time_equal(const struct fp_time *x, const struct fp_time *y);
/* ~ */
bool time_alike(const struct fp_time *x, const struct fp_time *y);
/* t + (sign) q; false: the unit does not fit */
bool time_shift(const struct fp_time *t, enum fp_kind kind,
		const struct fp_quantity *q, int sign, struct fp_time *out);

/* quantity.c: value and unit by UCUM and calendar words */
bool quantity_read(struct arena *a, const char *s, size_t n,
		   struct fp_quantity *out); /* 4 'mg', 4 days, 4 */
void quantity_write(struct buf *b, const struct fp_quantity *q);
/* False: the units are not commensurable. */
bool quantity_order(const struct fp_quantity *x, const struct fp_quantity *y,
		    int *order);
int quantity_equal(const struct fp_quantity *x, const struct fp_quantity *y);
bool quantity_alike(const struct fp_quantity *x, const struct fp_quantity *y);
bool quantity_add(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, int sign,
		  struct fp_quantity *out);
bool quantity_mul(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, bool divide,
		  struct fp_quantity *out);

#endif
