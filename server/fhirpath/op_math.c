/* SPDX-License-Identifier: Apache-2.0
 *
 * op_math: + - * / div mod, the signs, and &.
 *
 * An operation is a row of a table: what it does with whole numbers, with
 * decimals and with quantities. A side that is empty makes the result empty;
 * so does what cannot be represented: division by zero, more than 32 bits of an
 * integer or 28 digits of a decimal. Sides that do not fit the operator are an
 * error. + and - also take a date or time and a quantity, + also strings.
 *
 * FHIRPath N1 6.6.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

__extension__ typedef __int128 wide;

/* ---- whole numbers ----------------------------------------------- */

static bool whole(enum node_kind k, int64_t x, int64_t y, int64_t *out)
{
	switch (k) {
	case N_ADD: return !__builtin_add_overflow(x, y, out);
	case N_SUBTRACT: return !__builtin_sub_overflow(x, y, out);
	case N_MULTIPLY: return !__builtin_mul_overflow(x, y, out);
	default: break;
	}
	if (y == 0 || (x == INT64_MIN && y == -1))
		return false;
	*out = k == N_DIV ? x / y : x % y;
	return true;
}

static void push_whole(struct eval *v, const struct fp_item *x,
		       const struct fp_item *y, enum node_kind k,
		       struct list *out)
{
	const bool is_long = x->kind == FP_LONG || y->kind == FP_LONG;
	int64_t n;

	if (!whole(k, x->u.integer, y->u.integer, &n))
		return;
	if (is_long || (n >= INT32_MIN && n <= INT32_MAX))
		push(v, out,
		     (struct fp_item){.kind = is_long ? FP_LONG : FP_INTEGER,
				      .u.integer = n});
}

/* ---- decimals ---------------------------------------------------- */

/* Brings both to one scale; false when that takes too many digits. */
static bool align(struct fp_decimal x, struct fp_decimal y, wide *a, wide *b,
		  int *scale)
{
	*scale = x.scale > y.scale ? x.scale : y.scale;
	*a = x.n;
	*b = y.n;
	for (int i = x.scale; i < *scale; i++)
		if (__builtin_mul_overflow(*a, (wide)10, a))
			return false;
	for (int i = y.scale; i < *scale; i++)
		if (__builtin_mul_overflow(*b, (wide)10, b))
			return false;
	return *b != 0;
}

static void push_div(struct eval *v, struct fp_decimal x, struct fp_decimal y,
		     enum node_kind k, struct list *out)
{
	wide a, b, n;
	int scale;

	if (!align(x, y, &a, &b, &scale))
		return;
	n = k == N_DIV ? a / b : a % b;
	if (k == N_MOD)
		push_decimal(v, out, (struct fp_decimal){n, scale});
	else if (n >= INT64_MIN && n <= INT64_MAX)
		push_integer(v, out, (int64_t)n);
}

static void push_decimals(struct eval *v, struct fp_decimal x,
			  struct fp_decimal y, enum node_kind k,
			  struct list *out)
{
	struct fp_decimal d;
	bool ok = false;

	switch (k) {
	case N_ADD: ok = decimal_add(x, y, &d); break;
	case N_SUBTRACT: ok = decimal_sub(x, y, &d); break;
	case N_MULTIPLY: ok = decimal_mul(x, y, &d); break;
	case N_DIVIDE: ok = decimal_div(x, y, &d); break;
	default: push_div(v, x, y, k, out); return;
	}
	if (ok)
		push_decimal(v, out, d);
}

/* ---- the rest ---------------------------------------------------- */

static bool misfit(struct eval *v, const struct node *n,
		   const struct fp_item *x, const struct fp_item *y)
{
	static const char *const signs[NODE_KINDS] = {
	    [N_ADD] = "+",    [N_SUBTRACT] = "-", [N_MULTIPLY] = "*",
	    [N_DIVIDE] = "/", [N_DIV] = "div",	  [N_MOD] = "mod"};

	return fail_at(v, n->offset, "%s does not take %s and %s",
		       signs[n->kind], item_kind_name(x->kind),
		       item_kind_name(y->kind));
}

static bool push_quantities(struct eval *v, const struct node *n,
			    const struct fp_item *x, const struct fp_item *y,
			    struct list *out)
{
	struct fp_quantity a, b, q;
	bool ok;

	(void)item_quantity(x, &a);
	(void)item_quantity(y, &b);
	if (n->kind == N_ADD || n->kind == N_SUBTRACT)
		ok = quantity_add(v->arena, &a, &b, n->kind == N_ADD ? 1 : -1,
				  &q);
	else if (n->kind == N_MULTIPLY || n->kind == N_DIVIDE)
		ok = quantity_mul(v->arena, &a, &b, n->kind == N_DIVIDE, &q);
	else
		return misfit(v, n, x, y);
	if (ok)
		push_quantity(v, out, q);
	return true;
}

static bool push_shifted(struct eval *v, const struct node *n,
			 const struct fp_item *x, const struct fp_item *y,
			 struct list *out)
{
	struct fp_time t;

	if (!time_shift(x->u.time, x->kind, y->u.quantity,
			n->kind == N_ADD ? 1 : -1, &t))
		return fail_at(v, n->offset,
			       "that quantity cannot be added to %s",
			       item_kind_name(x->kind));
	push_time(v, out, x->kind, t);
	return true;
}

static void push_joined(struct eval *v, const char *p, size_t n, const char *q,
			size_t m, struct list *out)
{
	char *s = arena_alloc(v->arena, n + m + 1);

	if (n > 0)
		memcpy(s, p, n);
	if (m > 0)
		memcpy(s + n, q, m);
	push(v, out,
	     (struct fp_item){.kind = FP_STRING, .u.string = {s, n + m}});
}

static bool calculate(struct eval *v, const struct node *n,
		      const struct fp_item *x, const struct fp_item *y,
		      struct list *out)
{
	const bool additive = n->kind == N_ADD || n->kind == N_SUBTRACT;
	struct fp_decimal a, b;

	if (item_number(x, &a) && item_number(y, &b)) {
		if (n->kind != N_DIVIDE && x->kind != FP_DECIMAL &&
		    y->kind != FP_DECIMAL)
			push_whole(v, x, y, n->kind, out);
		else
			push_decimals(v, a, b, n->kind, out);
		return true;
	}
	if ((x->kind == FP_QUANTITY || item_is_number(x)) &&
	    (y->kind == FP_QUANTITY || item_is_number(y)))
		return push_quantities(v, n, x, y, out);
	if (additive && item_is_time(x) && y->kind == FP_QUANTITY)
		return push_shifted(v, n, x, y, out);
	if (n->kind != N_ADD || x->kind != FP_STRING || y->kind != FP_STRING)
		return misfit(v, n, x, y);
	if (!spend(v, (x->u.string.n + y->u.string.n) / 16, n->offset))
		return false;
	push_joined(v, x->u.string.p, x->u.string.n, y->u.string.p,
		    y->u.string.n, out);
	return true;
}

bool op_math(struct eval *v, const struct node *n, struct list *out)
{
	LIST(x);
	LIST(y);
	struct fp_item a, b;

	if (!eval_operand(v, n->left, &x) || !eval_operand(v, n->right, &y))
		return false;
	if (x.n == 0 || y.n == 0)
		return true;
	if (x.n > 1 || y.n > 1)
		return fail_at(v, n->offset,
			       "one item can be calculated with, not several");
	a = system_value(v, &x.v[0]);
	b = system_value(v, &y.v[0]);
	return calculate(v, n, &a, &b, out);
}

bool op_sign(struct eval *v, const struct node *n, struct list *out)
{
	const bool minus = n->kind == N_MINUS;
	LIST(room);
	struct fp_item x;
	struct fp_quantity q;

	if (!eval_list(v, n->left, &room))
		return false;
	if (room.n == 0)
		return true;
	x = system_value(v, &room.v[0]);
	if (room.n > 1 || (!item_is_number(&x) && x.kind != FP_QUANTITY))
		return fail_at(v, n->offset,
			       "a sign is for one number or quantity");
	if (!minus) {
		push(v, out, x);
	} else if (x.kind == FP_DECIMAL) {
		push_decimal(
		    v, out,
		    (struct fp_decimal){-x.u.decimal->n, x.u.decimal->scale});
	} else if (x.kind == FP_QUANTITY) {
		q = *x.u.quantity;
		q.value.n = -q.value.n;
		push_quantity(v, out, q);
	} else if (x.u.integer != INT64_MIN) {
		push_integer(v, out, -x.u.integer);
	}
	return true;
}

/* ---- & ----------------------------------------------------------- */

static bool concat_text(struct eval *v, const struct node *n,
			const struct list *l, const char **p)
{
	*p = "";
	if (l->n == 0)
		return true;
	if (l->n > 1)
		return fail_at(v, n->offset, "& takes one item, not %zu", l->n);
	*p = fp_value_text(v->env, &l->v[0]);
	if (*p)
		return true;
	*p = "";
	return (l->v[0].kind == FP_NODE && !l->v[0].u.node.value) ||
	       fail_at(v, n->offset, "& takes values, not elements");
}

bool op_concat(struct eval *v, const struct node *n, struct list *out)
{
	LIST(x);
	LIST(y);
	const char *p, *q;

	if (!eval_operand(v, n->left, &x) || !eval_operand(v, n->right, &y) ||
	    !concat_text(v, n, &x, &p) || !concat_text(v, n, &y, &q) ||
	    !spend(v, (strlen(p) + strlen(q)) / 16, n->offset))
		return false;
	push_joined(v, p, strlen(p), q, strlen(q), out);
	return true;
}
