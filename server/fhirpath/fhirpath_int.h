/* SPDX-License-Identifier: Apache-2.0
 *
 * fhirpath_int.h: the tree of an expression, the evaluation under way, and what
 * functions are made of. Values by themselves are in value_int.h.
 */
#ifndef FHIRPATH_INT_H
#define FHIRPATH_INT_H

#include "value_int.h"

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

/* ---- evaluating (eval.c, list.c, variable.c) ---------------------------- */

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
/* Pays for all that is in it. */
void item_pay(struct eval *v, const struct fp_item *x);
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
