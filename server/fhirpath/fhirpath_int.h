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

/* ---- an evaluation ------------------------------------------------------ */

/* A collection in the making. It may begin in its owner's stack frame and moves
 * to the arena when it outgrows that. */
struct list {
	struct fp_item *v;
	size_t n, cap;
	bool unordered; /* of children() and descendants() */
};

struct node; /* of the expression; below */
struct eval; /* environment, steps left, variables, error; below */

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

/* fn_pattern.c and fn_code.c, in the table of fn_string.c */
fp_fn fn_matches, fn_matches_full, fn_replace_matches;
fp_fn fn_encode, fn_decode, fn_escape, fn_unescape;
/* A computed text: false with the error set when texts become too much. */
bool give_text(struct eval *v, const struct call *c, struct list *out,
	       const char *s, size_t n);
#define TEXT_LIMIT (4u << 20)

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
/* Zeros up to that scale; false when they do not fit. */
bool decimal_pad(struct fp_decimal *d, int scale);
/* Towards zero, as an integer: false when it has more than 18 digits. */
bool decimal_integer(struct fp_decimal x, int64_t *out);
double decimal_double(struct fp_decimal x);
/* By the 15 digits that a double surely holds; false: not finite, too large */
bool decimal_of_double(double x, struct fp_decimal *out);

/* in milliseconds */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* time.c: kind FP_DATE, FP_DATETIME or FP_TIME; text without '@' ("T12:30" and
 * "12:30" for times) */
bool time_read(const char *s, size_t n, enum fp_kind kind, struct fp_time *out);
/* As FHIR writes them: no '@', no T before a time, no T behind a date. */
void time_write(struct buf *b, const struct fp_time *t, enum fp_kind kind);
/* The fields of a moment, in that zone and to the millisecond. */
void time_of_ms(int64_t ms, int zone_minutes, struct fp_time *out);
/* Days from 1970-01-01, and how many the month has. */
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

/* calendar.c */
/* The earliest (high: latest) moment that t can mean, written with so many
 * digits (4 a year ... 17 milliseconds; times of day 2 to 9); false when there
 * is no such precision. */
bool time_boundary(const struct fp_time *t, enum fp_kind kind, int digits,
		   bool high, struct fp_time *out);
int time_digits(const struct fp_time *t); /* its precision, counted so */
/* Periods of that unit ("year", "days", ...) from x to y: whole ones, or
 * (crossed) how many borders of it lie between. False: it cannot be told. */
bool time_between(const struct fp_time *x, const struct fp_time *y,
		  const char *unit, bool crossed, int64_t *out);

/* quantity.c: value and unit by UCUM and calendar words */
/* "days", "day" -> "day": the word as struct fp_quantity holds it (a string
 * constant), and its UCUM code ("d"; year and month only resemble theirs); NULL
 * when it is none. ucum may be NULL. */
const char *quantity_calendar(const char *s, size_t n, const char **ucum);
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
/* The same amount in another UCUM unit or calendar word (a string that lives as
 * long as the result); false when that is not possible. */
bool quantity_convert(const struct fp_quantity *x, const char *unit,
		      struct fp_quantity *out);

/* ucum.c: a unit as a number times base units. Equal dim and mark: the same
 * kind of quantity. value in base units = value * m * 10^e10 + offset. */
#define UCUM_BASES 7
struct ucum {
	long double m;
	int e10;
	signed char dim[UCUM_BASES];
	uint32_t mark; /* of arbitrary units and logarithms */
	long double offset;
};
bool ucum_read(const char *code, struct ucum *out, const char **bad);
/* v * 10^e10 */
long double ucum_scaled(long double v, int e10);

/* ucum_units.c: a row of the table, NULL when there is no such symbol */
enum ucum_flag {
	UCUM_METRIC = 1, /* takes prefixes */
	UCUM_BASE = 2,	 /* m: which dimension */
	UCUM_OWN = 4	 /* arbitrary, or on a scale of its own */
};
struct ucum_atom {
	const char *code;
	unsigned flags;
	int e10;
	int64_t m;
	const char *unit; /* m * 10^e10 of that; NULL: of one */
	int zero;	  /* of the scale, in hundredths */
};
const struct ucum_atom *ucum_atom(const char *s, size_t n);
/* The i-th row of the tables, NULL beyond the last. */
const struct ucum_atom *ucum_row(size_t i);
struct ucum_prefix {
	const char *code;
	int e10;
	int64_t m;
};
const struct ucum_prefix *ucum_prefix(size_t i);

/* ---- characters and patterns --------------------------------------------- */

/* chars.c: the code point at s (n > 0 bytes), *length bytes long; a byte that
 * begins no character counts as one. */
uint32_t char_at(const char *s, size_t n, size_t *length);
void char_put(struct buf *b, uint32_t c);
size_t char_count(const char *s, size_t n);
/* Of Latin, Greek, Cyrillic and Armenian letters; others are their own. */
uint32_t char_lower(uint32_t c);
uint32_t char_upper(uint32_t c);
bool char_letter(uint32_t c);
bool char_space(uint32_t c);

/* regex_parse.c: a pattern compiled into the arena; NULL when it is wrong, or
 * too large. */
#define REGEX_GROUPS 20
#define REGEX_REGS   128 /* two for each group, the rest for loops */
struct regex_inst {
	unsigned char op, flags;
	unsigned short slot; /* of the memory of failures; 0: none */
	int x, y;	     /* operands; places are relative to this one */
	unsigned min, max;
};
struct regex_name {
	const char *p;
	size_t n;
	unsigned group;
};
struct regex {
	const struct regex_inst *code;
	unsigned n;
	const uint32_t *ranges; /* of sets, in pairs */
	const struct regex_name *names;
	unsigned name_count;
	unsigned groups; /* the whole match is group 0 */
	unsigned slots;
	bool remembers; /* a failure depends on place and position alone */
	bool anchored;	/* begins with ^ */
};
struct regex *regex_compile(struct arena *a, const char *pattern, size_t n);
/* The number of a named group; 0: none. */
unsigned regex_group(const struct regex *re, const char *name, size_t n);
/* regex.c: searches from byte "at" on (whole: the text from there to its end
 * must match). 1 found (span[0] is the match), 0 not, -1 too costly. steps,
 * unless NULL, grows by what it cost. */
struct regex_span {
	size_t from, to; /* bytes; from > to: the group took no part */
};
int regex_search(const struct regex *re, const char *text, size_t n, size_t at,
		 bool whole, struct regex_span span[REGEX_GROUPS],
		 size_t *steps);

/* what the two files agree on: operations, flags, classes */
enum regex_op {
	RE_CHAR, /* x */
	RE_ANY,
	RE_SET,	  /* y pairs from x on */
	RE_REP,	  /* min..max times the next, one of the above */
	RE_SPLIT, /* x, then y */
	RE_JUMP,  /* x */
	RE_SAVE,  /* the position, in register x */
	RE_MARK,  /* the same, where a loop's body begins */
	RE_MOVED, /* since mark x? else y */
	RE_ZERO,  /* register x */
	RE_LOOP,  /* count in x, leave to y */
	RE_BEGIN, /* ^ */
	RE_END,	  /* $ */
	RE_WORD,  /* \b */
	RE_LOOK,  /* what follows, up to RE_DONE, matches here; then to x */
	RE_ATOM,  /* the same, and moves on */
	RE_DONE,
	RE_BACK, /* the text of group x again */
	RE_MATCH,
	RE_OPS
};
enum regex_flag {
	RE_FOLD = 1,  /* case does not count */
	RE_NOT = 2,   /* set, look, word */
	RE_DOTS = 4,  /* . is also a line's end */
	RE_LINES = 8, /* ^ and $ at lines */
	RE_LAZY = 16,
	RE_POSSESSIVE = 32
};
#define REGEX_MANY   UINT32_MAX
#define REGEX_CLASS  0x80000000u /* first of a pair: class, second: which */
#define REGEX_MARKED (2 * REGEX_GROUPS)

/* ======================================================================= */
/* From here on: what compiling and evaluating say to each other. Functions of
 * values (strings, mathematics, times) need none of it. */

/* ---- tokens (lex.c) ----------------------------------------------------- */

enum token_kind {
	TOK_END,
	TOK_NAME,      /* identifier or word operator */
	TOK_DELIMITED, /* `identifier`: never an operator */
	TOK_STRING,    /* quotes and escapes resolved */
	TOK_NUMBER,
	TOK_TIME, /* without the @ */
	TOK_SYMBOL
};

struct token {
	enum token_kind kind;
	unsigned offset;
	const char *p; /* NUL behind it, but for TOK_SYMBOL */
	size_t n;
};

struct lexer {
	struct arena *arena;
	const char *text;
	const char *p; /* behind the token */
	struct token now;
	struct err *e;
};

/* Moves to the next token; false with e set. */
bool lex_next(struct lexer *l);
/* Refuses at a place of the text: e gets line and column; returns false. */
bool lex_refuse(const char *text, struct err *e, unsigned offset,
		const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Is the current token this symbol or word? */
bool lex_is(const struct lexer *l, const char *word);
/* Line and column (from 1, in characters) of an offset. */
void lex_place(const char *text, unsigned offset, unsigned *line,
	       unsigned *column);

/* ---- the tree (parse.c) ------------------------------------------------- */

enum node_kind {
	N_EMPTY,
	N_LITERAL,
	N_THIS,
	N_INDEX,
	N_TOTAL,
	N_VARIABLE,
	N_STEP,
	N_CALL,
	N_ITEM, /* left[right] */
	N_IS,
	N_AS,
	N_TYPE, /* a type's name: right side of is and as, or argument */
	N_PLUS, /* unary */
	N_MINUS,
	N_MULTIPLY,
	N_DIVIDE,
	N_DIV,
	N_MOD,
	N_ADD,
	N_SUBTRACT,
	N_CONCAT,
	N_UNION,
	N_LESS,
	N_GREATER,
	N_NOT_GREATER, /* <= */
	N_NOT_LESS,    /* >= */
	N_EQUAL,
	N_UNEQUAL,
	N_ALIKE,
	N_UNALIKE,
	N_IN,
	N_CONTAINS,
	N_AND,
	N_OR,
	N_XOR,
	N_IMPLIES,
	NODE_KINDS
};

/* What a look-up in the model said the last time, for a set and a type: most
 * steps of an expression meet one type only. The one thing of a compiled
 * expression that evaluating changes; nobody can see it. */
struct step_cache {
	const void *set;
	struct fp_type of, child;
	enum fp_element element;
	bool as_member; /* "valueQuantity": absent, but a member is called so */
	bool primitive; /* child may have a companion */
	bool resource;	/* child's type is in the JSON */
};

struct step {
	const char *name;
	const char *companion; /* "_name" */
	size_t n;
	bool type_like; /* begins the path, with a capital letter */
	struct step_cache *cache;
};

struct type_cache {
	const void *set;
	uint32_t id;
};

enum type_space { SPACE_ANY, SPACE_SYSTEM, SPACE_FHIR };
struct type_name {
	enum type_space space;
	const char *name;
	enum fp_kind system; /* FP_NODE: no System type is called so */
	struct type_cache *cache;
};

/* An expression's truth: of the singleton in boolean context. */
enum truth { TRUTH_ERROR = -2, TRUTH_EMPTY = -1, TRUTH_FALSE, TRUTH_TRUE };

typedef enum truth truth_fn(struct eval *v, const struct node *n);

struct invocation {
	struct call call;
	fp_fn *fn;
	truth_fn *truth; /* without a list; or NULL */
	bool ordered;	 /* its answer depends on the order of its input */
};

struct node {
	enum node_kind kind;
	unsigned offset;
	unsigned depth;		 /* of the tree below, itself included */
	const struct node *left; /* operand, or what is before the dot; NULL for
				  * steps and calls: $this */
	const struct node *right;
	union {
		struct fp_item literal;
		struct step step;
		struct invocation call;
		struct type_name type;
		struct {
			const char *name;
			size_t n;
		} variable;
	} u;
	bool descends; /* sort(x desc) */
};

struct fp_expr {
	const char *text;
	const struct node *root;
};

/* The row of a function, and its shortcut if it has one. */
const struct function *function_find(const char *name);
truth_fn *truth_find(const char *name);
const char *function_nearest(const char *name);

/* Shortcuts; a row without name ends it. */
struct shortcut {
	const char *name;
	truth_fn *fn;
};
extern const struct shortcut fn_truth[]; /* fn_truth.c */

/* ---- evaluating (eval.c, list.c, variable.c) ------------------------------
 */

struct frame {
	struct fp_list self;	     /* $this: one item at most, but for the
				      * value of a variable that is defined */
	int64_t index;		     /* $index; -1: none */
	const struct fp_list *total; /* $total; NULL: none */
};

struct variable {
	const char *name;
	struct fp_list value;
	const struct variable *next;
};

struct eval {
	struct fp_env *env;
	struct arena *arena;
	const struct fp_model *model;
	const struct fp_expr *x;
	struct err *e;
	struct frame frame;
	const struct variable *vars; /* of defineVariable() */
	const struct fp_item *context;
	unsigned steps; /* left; 0: the evaluation is over */
	bool failed;
	uint32_t resource_type; /* "Resource" in the model */
	bool has_resource_type;
};

/* Room for what most collections hold, in the frame of whom it belongs to. */
#define LIST_SMALL 4
#define LIST(name)                                                             \
	struct fp_item name##_room[LIST_SMALL];                                \
	struct list name = {name##_room, 0, LIST_SMALL, false}

bool fail_at(struct eval *v, unsigned offset, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* n steps; false with the error set when there are no more. */
bool spend(struct eval *v, size_t n, unsigned offset);

/* Appends the value of the expression, in the current frame. */
bool eval_list(struct eval *v, const struct node *n, struct list *out);
/* Its truth; TRUTH_ERROR with the error set. */
enum truth eval_truth(struct eval *v, const struct node *n);
/* The same with another $this (and $index, unless it is negative). Variables
 * that are defined inside end there. */
bool eval_within(struct eval *v, const struct node *n, struct fp_list self,
		 struct list *out);
bool eval_on(struct eval *v, const struct node *n, const struct fp_item *self,
	     int64_t index, struct list *out);
enum truth truth_on(struct eval *v, const struct node *n,
		    const struct fp_item *self, int64_t index);
/* An operand: variables that it defines end with it. */
bool eval_operand(struct eval *v, const struct node *n, struct list *out);
enum truth truth_operand(struct eval *v, const struct node *n);
/* What stands before the dot. room is the caller's; *focus may be in it. */
bool eval_focus(struct eval *v, const struct node *n, struct list *room,
		struct fp_list *focus);
enum truth truth_of(struct eval *v, const struct fp_list *l, unsigned offset);

/* n steps, whether there are so many or not: the next node notices. Long texts
 * cost a step for each TEXT_STEP bytes, large objects for each MEMBER_STEP
 * members that are looked at. */
#define TEXT_STEP   64
#define MEMBER_STEP 16
void charge(struct eval *v, size_t n);
void list_reserve(struct eval *v, struct list *l, size_t more);
void push_all(struct eval *v, struct list *l, const struct fp_list *from);
void push_truth(struct eval *v, struct list *l, enum truth t);
/* A copy in the arena. */
struct fp_list list_keep(struct eval *v, const struct fp_list *l);
static inline struct fp_list list_view(const struct list *l)
{
	return (struct fp_list){l->v, l->n};
}

/* variable.c */
bool eval_variable(struct eval *v, const struct node *n, struct list *out);
bool variable_define(struct eval *v, const struct call *c, const char *name,
		     struct fp_list value);

/* step.c */
bool eval_step(struct eval *v, const struct node *n, struct list *out);
void push_children(struct eval *v, const struct fp_item *x, struct list *out);
bool push_descendants(struct eval *v, const struct fp_item *x, unsigned offset,
		      struct list *out);
/* Elements of one name of a node, its type unknown to the expression. */
void push_element(struct eval *v, const struct fp_item *x, const char *name,
		  struct list *out);

/* item.c: what one item is */
struct fp_item item_system(const struct fp_env *env, const struct fp_item *x);
/* Its text when it is a string, or a node with the text of one. */
bool item_text(const struct fp_env *env, const struct fp_item *x,
	       const char **p, size_t *n);
bool item_number(const struct fp_item *x, struct fp_decimal *out);
bool item_is_number(const struct fp_item *x);
bool item_is_moment(const struct fp_item *x); /* a date or dateTime */
bool item_is_time(const struct fp_item *x);   /* one of these, or a time */
/* Of a quantity, or a number without unit. */
bool item_quantity(const struct fp_item *x, struct fp_quantity *out);
/* Plain JSON has no dates: x, a string, is read as what y beside it is. */
void item_read_alike(struct eval *v, struct fp_item *x,
		     const struct fp_item *y);
const char *item_kind_name(enum fp_kind k);

/* op_equal.c: 1, 0, -1 (empty) */
int item_equal(struct eval *v, const struct fp_item *x,
	       const struct fp_item *y);
uint32_t item_hash(struct eval *v, const struct fp_item *x);
enum truth op_equal(struct eval *v, const struct node *n);
enum truth op_alike(struct eval *v, const struct node *n);
enum truth op_member(struct eval *v, const struct node *n);

/* op_order.c: false: the kinds cannot be compared; *order is -1, 0, 1, or
 * UNDECIDED */
#define UNDECIDED 2
bool item_order(struct eval *v, const struct fp_item *x,
		const struct fp_item *y, int *order);
enum truth op_order(struct eval *v, const struct node *n);

/* op_logic.c */
enum truth op_and(struct eval *v, const struct node *n);
enum truth op_or(struct eval *v, const struct node *n);
enum truth op_xor(struct eval *v, const struct node *n);
enum truth op_implies(struct eval *v, const struct node *n);

/* op_math.c */
bool op_math(struct eval *v, const struct node *n, struct list *out);
bool op_sign(struct eval *v, const struct node *n, struct list *out);
bool op_concat(struct eval *v, const struct node *n, struct list *out);

/* set.c: items that are there once; few are compared in turn, many by hash */
struct set {
	struct list *items; /* the set's own order; others may be before */
	size_t first;	    /* of items that count */
	uint32_t *bucket;   /* index + 1; NULL while there are few */
	uint32_t *hash;	    /* of each item */
	size_t buckets;
};
bool set_has(struct eval *v, const struct set *s, const struct fp_item *x);
/* False: it was there. */
bool set_add(struct eval *v, struct set *s, const struct fp_item *x);
bool op_union(struct eval *v, const struct node *n, struct list *out);

/* fn_type.c */
enum truth op_is(struct eval *v, const struct node *n);
bool op_as(struct eval *v, const struct node *n, struct list *out);
struct fp_item item_type_info(const struct fp_env *env,
			      const struct fp_item *x);

#endif
