/* SPDX-License-Identifier: Apache-2.0
 *
 * op_logic: and, or, xor, implies, in three values.
 *
 * The tables are those of FHIRPath: empty stands for "not known". The right
 * side is evaluated only when the left one does not decide; an error that it
 * would have had is then never seen, which published expressions rely on.
 *
 * FHIRPath N1 6.5.
 */
#include "fhirpath/fhirpath_int.h"

/* decided: the truth of the left side that needs no right one. */
static bool operands(struct eval *v, const struct node *n, enum truth decided,
		     enum truth *x, enum truth *y)
{
	*y = TRUTH_EMPTY;
	*x = truth_operand(v, n->left);
	if (*x == TRUTH_ERROR)
		return false;
	if (*x == decided)
		return true;
	*y = truth_operand(v, n->right);
	return *y != TRUTH_ERROR;
}

enum truth op_and(struct eval *v, const struct node *n)
{
	enum truth x, y;

	if (!operands(v, n, TRUTH_FALSE, &x, &y))
		return TRUTH_ERROR;
	if (x == TRUTH_FALSE || y == TRUTH_FALSE)
		return TRUTH_FALSE;
	return x == TRUTH_TRUE && y == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_EMPTY;
}

enum truth op_or(struct eval *v, const struct node *n)
{
	enum truth x, y;

	if (!operands(v, n, TRUTH_TRUE, &x, &y))
		return TRUTH_ERROR;
	if (x == TRUTH_TRUE || y == TRUTH_TRUE)
		return TRUTH_TRUE;
	return x == TRUTH_FALSE && y == TRUTH_FALSE ? TRUTH_FALSE : TRUTH_EMPTY;
}

enum truth op_xor(struct eval *v, const struct node *n)
{
	enum truth x, y;

	if (!operands(v, n, TRUTH_EMPTY, &x, &y))
		return TRUTH_ERROR;
	if (x == TRUTH_EMPTY || y == TRUTH_EMPTY)
		return TRUTH_EMPTY;
	return x != y ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth op_implies(struct eval *v, const struct node *n)
{
	enum truth x, y;

	if (!operands(v, n, TRUTH_FALSE, &x, &y))
		return TRUTH_ERROR;
	if (x == TRUTH_FALSE || y == TRUTH_TRUE)
		return TRUTH_TRUE;
	return x == TRUTH_TRUE ? y : TRUTH_EMPTY;
}
