/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_truth: the functions that invariants are made of, without collections.
 *
 * exists(), empty(), not(), all() and hasValue() answer with a truth. Where a
 * truth is what is wanted, these shortcuts are called in place of the rows of
 * the function tables (which call them in turn); what stands before the dot is
 * evaluated into their own frame, that of not() not even to a collection.
 *
 * FHIRPath N1 5.1, 6.5.3; FHIR R4 2.9.1.5 (hasValue).
 */
#include "fhirpath/fhirpath_int.h"

static enum truth truth_if(bool yes)
{
	return yes ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Is there an item for which the criterion is true? */
static enum truth any(struct eval *v, const struct node *criterion,
		      const struct fp_list *focus)
{
	for (size_t i = 0; i < focus->n; i++) {
		const enum truth t =
		    truth_on(v, criterion, &focus->v[i], (int64_t)i);

		if (t == TRUTH_ERROR || t == TRUTH_TRUE)
			return t;
	}
	return TRUTH_FALSE;
}

static enum truth truth_exists(struct eval *v, const struct node *n)
{
	const struct call *c = &n->u.call.call;
	LIST(room);
	struct fp_list focus;

	if (!eval_focus(v, n, &room, &focus))
		return TRUTH_ERROR;
	return c->n > 0 ? any(v, c->arg[0], &focus) : truth_if(focus.n > 0);
}

static enum truth truth_empty(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list focus;

	if (!eval_focus(v, n, &room, &focus))
		return TRUTH_ERROR;
	return truth_if(focus.n == 0);
}

static enum truth truth_not(struct eval *v, const struct node *n)
{
	const enum truth t = n->left ? eval_truth(v, n->left)
				     : truth_of(v, &v->frame.self, n->offset);

	if (t == TRUTH_TRUE)
		return TRUTH_FALSE;
	return t == TRUTH_FALSE ? TRUTH_TRUE : t;
}

static enum truth truth_all(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list focus;

	if (!eval_focus(v, n, &room, &focus))
		return TRUTH_ERROR;
	for (size_t i = 0; i < focus.n; i++) {
		const enum truth t =
		    truth_on(v, n->u.call.call.arg[0], &focus.v[i], (int64_t)i);

		if (t != TRUTH_TRUE)
			return t == TRUTH_ERROR ? t : TRUTH_FALSE;
	}
	return TRUTH_TRUE;
}

static bool is_value(const struct fp_item *x)
{
	if (x->kind != FP_NODE)
		return true;
	return x->u.node.value && json_kind(x->u.node.value) != JSON_OBJECT;
}

static enum truth truth_has_value(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list focus;

	if (!eval_focus(v, n, &room, &focus))
		return TRUTH_ERROR;
	return truth_if(focus.n == 1 && is_value(&focus.v[0]));
}

const struct shortcut fn_truth[] = {
    {"exists", truth_exists}, {"empty", truth_empty},	     {"not", truth_not},
    {"all", truth_all},	      {"hasValue", truth_has_value}, {NULL, NULL},
};
