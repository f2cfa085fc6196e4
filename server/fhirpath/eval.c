/* SPDX-License-Identifier: Apache-2.0
 *
 * eval: from tree and data to a collection, or to a truth.
 *
 * A table has for each kind of node how its collection is made and, for those
 * that are boolean by nature, how its truth is found without one. Whoever needs
 * the one that a node lacks gets it by way of the other. Invariants are
 * truths: "a.exists() or b.exists()" makes no collection but those of a and b,
 * which stand in stack frames.
 *
 * A frame is what $this, $index and $total mean; functions that take a
 * criterion evaluate it in a frame of their own. Variables of defineVariable()
 * are seen by what follows in the same chain; operands, arguments and criteria
 * end them.
 *
 * Limits: each node evaluated and each item produced is a step; the budget is
 * the environment's. The depth of recursion is that of the tree, which the
 * parser bounds.
 *
 * FHIRPath N1, sections 2 and 4.
 */
#include "fhirpath/fhirpath_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- failing ----------------------------------------------------- */

static bool set_error(struct eval *v, unsigned offset, const char *what)
{
	if (v->failed)
		return false;
	v->failed = true;
	(void)err_set(v->e, ERR_UNPROCESSABLE, "processing", NULL, "%s", what);
	lex_place(v->x->text, offset, &v->e->line, &v->e->column);
	return false;
}

bool fail_at(struct eval *v, unsigned offset, const char *fmt, ...)
{
	char what[512];
	va_list list;

	va_start(list, fmt);
	vsnprintf(what, sizeof(what), fmt, list);
	va_end(list);
	return set_error(v, offset, what);
}

bool fail(struct eval *v, const struct call *c, const char *fmt, ...)
{
	char what[512];
	va_list list;

	va_start(list, fmt);
	vsnprintf(what, sizeof(what), fmt, list);
	va_end(list);
	return set_error(v, c->offset, what);
}

bool spend(struct eval *v, size_t n, unsigned offset)
{
	if (v->steps > n) {
		v->steps -= (unsigned)n;
		return true;
	}
	v->steps = 0;
	return set_error(v, offset, "the evaluation takes too many steps");
}

/* ---- simple nodes ------------------------------------------------ */

static bool eval_empty(struct eval *v, const struct node *n, struct list *out)
{
	(void)v, (void)n, (void)out;
	return true;
}

static bool eval_literal(struct eval *v, const struct node *n, struct list *out)
{
	push(v, out, n->u.literal);
	return true;
}

static enum truth truth_literal(struct eval *v, const struct node *n)
{
	(void)v;
	return n->u.literal.kind == FP_BOOLEAN && !n->u.literal.u.boolean
		   ? TRUTH_FALSE
		   : TRUTH_TRUE;
}

static bool eval_this(struct eval *v, const struct node *n, struct list *out)
{
	(void)n;
	push_all(v, out, &v->frame.self);
	return true;
}

static bool eval_index(struct eval *v, const struct node *n, struct list *out)
{
	if (v->frame.index < 0)
		return fail_at(v, n->offset, "$index has no meaning here");
	push_integer(v, out, v->frame.index);
	return true;
}

static bool eval_total(struct eval *v, const struct node *n, struct list *out)
{
	if (!v->frame.total)
		return fail_at(v, n->offset, "$total has no meaning here");
	push_all(v, out, v->frame.total);
	return true;
}

static bool in_order(struct eval *v, const struct node *n,
		     const struct list *room)
{
	return !room->unordered || !(v->env->flags & FP_ORDERED) ||
	       fail_at(v, n->offset,
		       "the collection before has no order to rely on");
}

/* left[right] */
static bool eval_item(struct eval *v, const struct node *n, struct list *out)
{
	LIST(left);
	LIST(right);
	struct fp_item i;

	if (!eval_list(v, n->left, &left) || !in_order(v, n, &left) ||
	    !eval_operand(v, n->right, &right))
		return false;
	if (right.n == 0)
		return true;
	i = system_value(v, &right.v[0]);
	if (right.n > 1 || (i.kind != FP_INTEGER && i.kind != FP_LONG))
		return fail_at(v, n->offset, "an index is one integer");
	if (i.u.integer >= 0 && (uint64_t)i.u.integer < left.n)
		push(v, out, left.v[i.u.integer]);
	return true;
}

static bool eval_call(struct eval *v, const struct node *n, struct list *out)
{
	const struct invocation *i = &n->u.call;
	LIST(room);
	struct fp_list focus;

	return eval_focus(v, n, &room, &focus) &&
	       (!i->ordered || in_order(v, n, &room)) &&
	       i->fn(v, &i->call, &focus, out);
}

static enum truth list_truth(struct eval *v, const struct node *n);

static enum truth truth_call(struct eval *v, const struct node *n)
{
	return n->u.call.truth ? n->u.call.truth(v, n) : list_truth(v, n);
}

/* ---- the table --------------------------------------------------- */

static const struct {
	bool (*list)(struct eval *v, const struct node *n, struct list *out);
	enum truth (*truth)(struct eval *v, const struct node *n);
} evaluators[NODE_KINDS] = {
    [N_EMPTY] = {eval_empty, NULL},
    [N_LITERAL] = {eval_literal, truth_literal},
    [N_THIS] = {eval_this, NULL},
    [N_INDEX] = {eval_index, NULL},
    [N_TOTAL] = {eval_total, NULL},
    [N_VARIABLE] = {eval_variable, NULL},
    [N_STEP] = {eval_step, NULL},
    [N_CALL] = {eval_call, truth_call},
    [N_ITEM] = {eval_item, NULL},
    [N_IS] = {NULL, op_is},
    [N_AS] = {op_as, NULL},
    [N_TYPE] = {eval_empty, NULL},
    [N_PLUS] = {op_sign, NULL},
    [N_MINUS] = {op_sign, NULL},
    [N_MULTIPLY] = {op_math, NULL},
    [N_DIVIDE] = {op_math, NULL},
    [N_DIV] = {op_math, NULL},
    [N_MOD] = {op_math, NULL},
    [N_ADD] = {op_math, NULL},
    [N_SUBTRACT] = {op_math, NULL},
    [N_CONCAT] = {op_concat, NULL},
    [N_UNION] = {op_union, NULL},
    [N_LESS] = {NULL, op_order},
    [N_GREATER] = {NULL, op_order},
    [N_NOT_GREATER] = {NULL, op_order},
    [N_NOT_LESS] = {NULL, op_order},
    [N_EQUAL] = {NULL, op_equal},
    [N_UNEQUAL] = {NULL, op_equal},
    [N_ALIKE] = {NULL, op_alike},
    [N_UNALIKE] = {NULL, op_alike},
    [N_IN] = {NULL, op_member},
    [N_CONTAINS] = {NULL, op_member},
    [N_AND] = {NULL, op_and},
    [N_OR] = {NULL, op_or},
    [N_XOR] = {NULL, op_xor},
    [N_IMPLIES] = {NULL, op_implies},
};

bool eval_list(struct eval *v, const struct node *n, struct list *out)
{
	truth_fn *truth = evaluators[n->kind].truth;
	enum truth t;

	if (!spend(v, 1, n->offset))
		return false;
	if (evaluators[n->kind].list)
		return evaluators[n->kind].list(v, n, out);
	assert(truth); /* each kind has one of the two */
	t = truth(v, n);
	push_truth(v, out, t);
	return t != TRUTH_ERROR;
}

enum truth truth_of(struct eval *v, const struct fp_list *l, unsigned offset)
{
	const struct fp_item *x = l->v;

	if (l->n == 0)
		return TRUTH_EMPTY;
	if (l->n > 1) {
		(void)fail_at(v, offset, "one item is wanted here, not %zu",
			      l->n);
		return TRUTH_ERROR;
	}
	if (x->kind == FP_BOOLEAN)
		return x->u.boolean ? TRUTH_TRUE : TRUTH_FALSE;
	if (x->kind == FP_NODE && x->u.node.value &&
	    json_kind(x->u.node.value) == JSON_FALSE)
		return TRUTH_FALSE;
	return TRUTH_TRUE;
}

static enum truth list_truth(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list l;

	if (!evaluators[n->kind].list(v, n, &room))
		return TRUTH_ERROR;
	l = list_view(&room);
	return truth_of(v, &l, n->offset);
}

enum truth eval_truth(struct eval *v, const struct node *n)
{
	if (!spend(v, 1, n->offset))
		return TRUTH_ERROR;
	if (evaluators[n->kind].truth)
		return evaluators[n->kind].truth(v, n);
	return list_truth(v, n);
}

/* ---- frames ------------------------------------------------------ */

bool eval_focus(struct eval *v, const struct node *n, struct list *room,
		struct fp_list *focus)
{
	if (!n->left) {
		*focus = v->frame.self;
		return true;
	}
	if (!eval_list(v, n->left, room))
		return false;
	*focus = list_view(room);
	return true;
}

bool eval_operand(struct eval *v, const struct node *n, struct list *out)
{
	const struct variable *vars = v->vars;
	const bool ok = eval_list(v, n, out);

	v->vars = vars;
	return ok;
}

enum truth truth_operand(struct eval *v, const struct node *n)
{
	const struct variable *vars = v->vars;
	const enum truth t = eval_truth(v, n);

	v->vars = vars;
	return t;
}

static struct frame enter(struct eval *v, const struct fp_item *self,
			  int64_t index)
{
	const struct frame outer = v->frame;

	v->frame.self = (struct fp_list){self, self != NULL};
	if (index >= 0)
		v->frame.index = index;
	return outer;
}

bool eval_within(struct eval *v, const struct node *n, struct fp_list self,
		 struct list *out)
{
	const struct frame outer = v->frame;
	bool ok;

	v->frame.self = self;
	ok = eval_operand(v, n, out);
	v->frame = outer;
	return ok;
}

bool eval_on(struct eval *v, const struct node *n, const struct fp_item *self,
	     int64_t index, struct list *out)
{
	const struct frame outer = enter(v, self, index);
	const bool ok = eval_operand(v, n, out);

	v->frame = outer;
	return ok;
}

enum truth truth_on(struct eval *v, const struct node *n,
		    const struct fp_item *self, int64_t index)
{
	const struct frame outer = enter(v, self, index);
	const enum truth t = truth_operand(v, n);

	v->frame = outer;
	return t;
}

/* ---- the door ---------------------------------------------------- */

static struct eval begin(const struct fp_expr *x, struct fp_env *env,
			 const struct fp_item *focus, struct err *e)
{
	return (struct eval){
	    .env = env,
	    .arena = env->arena,
	    .model = env->model,
	    .x = x,
	    .e = e,
	    .frame = {.self = {focus, focus != NULL}, .index = -1},
	    .context = focus,
	    .steps = env->steps ? env->steps : FP_STEPS,
	};
}

/* Tells what it cost; false: there was not enough. */
static bool end(struct eval *v)
{
	v->env->spent = (v->env->steps ? v->env->steps : FP_STEPS) - v->steps;
	return spend(v, 0, 0);
}

bool fp_eval(const struct fp_expr *x, struct fp_env *env,
	     const struct fp_item *focus, struct fp_list *out, struct err *e)
{
	struct eval v = begin(x, env, focus, e);
	struct list l = {0};

	*out = (struct fp_list){NULL, 0};
	const bool done = eval_list(&v, x->root, &l);

	if (!end(&v) || !done)
		return false;
	*out = list_view(&l);
	return true;
}

/* Of an invariant as a whole: several items are something, whatever they are.
 */
static enum truth whole_truth(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list l;

	if (n->kind == N_CALL ? n->u.call.truth != NULL
			      : evaluators[n->kind].truth != NULL)
		return eval_truth(v, n);
	if (!eval_list(v, n, &room))
		return TRUTH_ERROR;
	l = list_view(&room);
	return l.n > 1 ? TRUTH_TRUE : truth_of(v, &l, n->offset);
}

int fp_holds(const struct fp_expr *x, struct fp_env *env,
	     const struct fp_item *focus, struct err *e)
{
	struct eval v = begin(x, env, focus, e);
	const enum truth t = whole_truth(&v, x->root);

	if (!end(&v) || t == TRUTH_ERROR)
		return -1;
	return t == TRUTH_TRUE;
}
