/* SPDX-License-Identifier: Apache-2.0
 *
 * op_order: <, >, <=, >=, and the order that sort() uses.
 *
 * Both sides are one item: strings, numbers, times of the same sort, or
 * quantities. A side that is empty makes the answer empty, as does a precision
 * that does not decide and a pair of units that measure different things; kinds
 * that have no order between them are an error.
 *
 * FHIRPath N1 6.2.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static int text_order(const struct fp_item *x, const struct fp_item *y)
{
	const size_t a = x->u.string.n, b = y->u.string.n;
	const int c = memcmp(x->u.string.p, y->u.string.p, a < b ? a : b);

	return c ? sign(c) : (a > b) - (a < b);
}

bool item_order(struct eval *v, const struct fp_item *x,
		const struct fp_item *y, int *order)
{
	struct fp_item a = system_value(v, x), b = system_value(v, y);
	struct fp_decimal c, d;
	struct fp_quantity q, r;

	item_read_alike(v, &a, &b);
	item_read_alike(v, &b, &a);
	*order = UNDECIDED;
	if (a.kind == FP_STRING && b.kind == FP_STRING) {
		charge(v, (a.u.string.n < b.u.string.n ? a : b).u.string.n /
			      TEXT_STEP);
		*order = text_order(&a, &b);
	} else if (item_number(&a, &c) && item_number(&b, &d)) {
		*order = decimal_cmp(c, d);
	} else if ((item_is_moment(&a) && item_is_moment(&b)) ||
		   (a.kind == FP_TIME && b.kind == FP_TIME)) {
		if (!time_order(a.u.time, b.u.time, order))
			*order = UNDECIDED;
	} else if (item_quantity(&a, &q) && item_quantity(&b, &r)) {
		if (!quantity_order(&q, &r, order))
			*order = UNDECIDED;
	} else {
		return false;
	}
	return true;
}

static enum truth answer(enum node_kind kind, int order)
{
	bool yes = false;

	switch (kind) {
	case N_LESS: yes = order < 0; break;
	case N_GREATER: yes = order > 0; break;
	case N_NOT_GREATER: yes = order <= 0; break;
	default: yes = order >= 0; break;
	}
	return yes ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth refuse(struct eval *v, const struct node *n, const char *what)
{
	(void)fail_at(v, n->offset, "%s", what);
	return TRUTH_ERROR;
}

/* A primitive that is extensions alone has no value to compare. */
static bool valueless(const struct fp_item *x)
{
	return x->kind == FP_NODE && !x->u.node.value;
}

enum truth op_order(struct eval *v, const struct node *n)
{
	LIST(x);
	LIST(y);
	int order;

	if (!eval_operand(v, n->left, &x) || !eval_operand(v, n->right, &y))
		return TRUTH_ERROR;
	if (x.n == 0 || y.n == 0)
		return TRUTH_EMPTY;
	if (x.n > 1 || y.n > 1)
		return refuse(v, n, "one item can be compared, not several");
	if (valueless(&x.v[0]) || valueless(&y.v[0]))
		return TRUTH_EMPTY;
	if (!item_order(v, &x.v[0], &y.v[0], &order)) {
		const struct fp_item a = system_value(v, &x.v[0]);
		const struct fp_item b = system_value(v, &y.v[0]);

		(void)fail_at(v, n->offset, "%s and %s cannot be compared",
			      item_kind_name(a.kind), item_kind_name(b.kind));
		return TRUTH_ERROR;
	}
	return order == UNDECIDED ? TRUTH_EMPTY : answer(n->kind, order);
}
