/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_math: functions of numbers.
 *
 * Whole numbers stay whole where the mathematics does; abs and powers with a
 * whole exponent are exact decimals. The rest is computed in doubles and told
 * to 15 digits, which leaves 100.log(10) at 2 and the square root of 81 at 9.
 * What has no real value (the root of a negative number), and what needs more
 * digits than a decimal holds, is empty.
 *
 * sum, avg, min and max are over the whole input, of numbers or of quantities
 * that can be added, min and max of anything that has an order.
 *
 * FHIRPath 2.0, section 5.7, and the aggregates of its successor.
 */
#include "fhirpath/fhirpath_int.h"

#include <math.h>
#include <string.h>

#define POWER_MAX 4096

/* The number before the dot, also as a decimal. */
static bool read_number(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct fp_item *x,
			struct fp_decimal *d, bool *some)
{
	if (!one(v, c, focus, x, some))
		return false;
	return !*some || item_number(x, d) ||
	       fail(v, c, "%s(): a number is wanted, not %s", c->name,
		    item_kind_name(x->kind));
}

static bool arg_number(struct eval *v, const struct call *c, unsigned i,
		       struct fp_decimal *d, bool *some)
{
	struct fp_list l;
	struct fp_item x;

	return arg_list(v, c, i, &l) && read_number(v, c, &l, &x, d, some);
}

static bool is_whole(const struct fp_item *x)
{
	return x->kind == FP_INTEGER || x->kind == FP_LONG;
}

static void push_whole(struct eval *v, struct list *out, enum fp_kind kind,
		       int64_t n)
{
	push(v, out, (struct fp_item){.kind = kind, .u.integer = n});
}

/* ---- exact ------------------------------------------------------- */

static bool fn_abs(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	struct fp_quantity q;
	struct fp_decimal d;
	struct fp_item x;
	bool some;

	if (!one(v, c, focus, &x, &some))
		return false;
	if (some && x.kind == FP_QUANTITY) {
		q = *x.u.quantity;
		q.value.n = q.value.n < 0 ? -q.value.n : q.value.n;
		push_quantity(v, out, q);
		return true;
	}
	if (!read_number(v, c, focus, &x, &d, &some) || !some)
		return !v->failed;
	d.n = d.n < 0 ? -d.n : d.n;
	if (!is_whole(&x))
		push_decimal(v, out, d);
	else if (x.u.integer != INT64_MIN)
		push_whole(v, out, x.kind, (int64_t)d.n);
	return true;
}

/* Towards zero, and one further when there is a rest in that direction. */
static bool to_whole(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out,
		     int direction)
{
	struct fp_decimal d, whole;
	struct fp_item x;
	int64_t n;
	bool some;

	if (!read_number(v, c, focus, &x, &d, &some) || !some)
		return !v->failed;
	if (is_whole(&x)) {
		push_whole(v, out, x.kind, x.u.integer);
		return true;
	}
	if (!decimal_integer(d, &n))
		return true;
	whole = decimal_of(n);
	if (direction && decimal_cmp(d, whole) == direction)
		n += direction;
	push_integer(v, out, n);
	return true;
}

static bool fn_ceiling(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	return to_whole(v, c, focus, out, 1);
}

static bool fn_floor(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	return to_whole(v, c, focus, out, -1);
}

static bool fn_truncate(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return to_whole(v, c, focus, out, 0);
}

static bool fn_round(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	struct fp_quantity q = {.unit = NULL};
	struct fp_decimal d;
	int64_t digits = 0;
	struct fp_item x;
	bool some, given = true;

	if (c->n && !arg_integer(v, c, 0, &digits, &given))
		return false;
	if (digits < 0)
		return fail(v, c, "round(): the precision is negative");
	if (!one(v, c, focus, &x, &some))
		return false;
	if (some && x.kind == FP_QUANTITY) {
		q = *x.u.quantity;
		d = q.value;
	} else if (!read_number(v, c, focus, &x, &d, &some)) {
		return false;
	}
	if (!some || !decimal_round(d, digits > 100 ? 100 : (int)digits, &d))
		return true;
	q.value = d;
	if (q.unit)
		push_quantity(v, out, q);
	else
		push_decimal(v, out, d);
	return true;
}

/* ---- in doubles -------------------------------------------------- */

static void push_double(struct eval *v, struct list *out, double x)
{
	struct fp_decimal d;

	if (decimal_of_double(x, &d))
		push_decimal(v, out, d);
}

static bool by_double(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out,
		      double (*f)(double))
{
	struct fp_decimal d;
	struct fp_item x;
	bool some;

	if (!read_number(v, c, focus, &x, &d, &some))
		return false;
	if (some)
		push_double(v, out, f(decimal_double(d)));
	return true;
}

static bool fn_exp(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	return by_double(v, c, focus, out, exp);
}

static bool fn_ln(struct eval *v, const struct call *c,
		  const struct fp_list *focus, struct list *out)
{
	return by_double(v, c, focus, out, log);
}

static bool fn_sqrt(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	return by_double(v, c, focus, out, sqrt);
}

static bool fn_log(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	struct fp_decimal d, base;
	struct fp_item x;
	bool some, given;

	if (!read_number(v, c, focus, &x, &d, &some) ||
	    !arg_number(v, c, 0, &base, &given))
		return false;
	if (some && given)
		push_double(v, out,
			    log(decimal_double(d)) / log(decimal_double(base)));
	return true;
}

/* d to the power of a whole number that is not negative. */
static bool power(struct fp_decimal d, int64_t exponent, struct fp_decimal *out)
{
	*out = decimal_of(1);
	for (; exponent; exponent /= 2) {
		if (exponent % 2 && !decimal_mul(*out, d, out))
			return false;
		if (exponent > 1 && !decimal_mul(d, d, &d))
			return false;
	}
	return true;
}

static bool fn_power(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	struct fp_decimal d, e, result;
	struct fp_item x;
	bool some, given;
	int64_t n;

	if (!read_number(v, c, focus, &x, &d, &some) ||
	    !arg_number(v, c, 0, &e, &given))
		return false;
	if (!some || !given)
		return true;
	if (e.scale || e.n < 0 || e.n > POWER_MAX) {
		push_double(v, out, pow(decimal_double(d), decimal_double(e)));
		return true;
	}
	if (!power(d, (int64_t)e.n, &result))
		return true;
	if (is_whole(&x) && decimal_integer(result, &n) && n <= INT32_MAX &&
	    n >= INT32_MIN)
		push_whole(v, out, x.kind, n);
	else
		push_decimal(v, out, result);
	return true;
}

/* ---- over the whole input ---------------------------------------- */

/* total + x, where total is the first item to begin with. */
static bool add(struct eval *v, const struct call *c, struct fp_item *total,
		const struct fp_item *x, bool *fits)
{
	struct fp_decimal a, b, *sum = arena_alloc(eval_arena(v), sizeof(*sum));
	struct fp_quantity *q;

	if (total->kind == FP_QUANTITY && x->kind == FP_QUANTITY) {
		q = arena_alloc(eval_arena(v), sizeof(*q));
		*fits = quantity_add(eval_arena(v), total->u.quantity,
				     x->u.quantity, 1, q);
		total->u.quantity = q;
		return true;
	}
	if (!item_number(total, &a) || !item_number(x, &b))
		return fail(v, c, "%s(): %s and %s have no sum", c->name,
			    item_kind_name(total->kind),
			    item_kind_name(x->kind));
	*fits = decimal_add(a, b, sum);
	if (is_whole(total) && is_whole(x) && *fits && sum->n <= INT64_MAX &&
	    sum->n >= INT64_MIN) {
		total->u.integer = (int64_t)sum->n;
		return true;
	}
	*total = (struct fp_item){.kind = FP_DECIMAL, .u.decimal = sum};
	return true;
}

/* *fits is false when there is no such sum: empty, too large, other units. */
static bool sum_of(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct fp_item *total,
		   bool *fits)
{
	*fits = focus->n > 0;
	if (!spend(v, focus->n, c->offset))
		return false;
	for (size_t i = 0; i < focus->n && *fits; i++) {
		struct fp_item x = system_value(v, &focus->v[i]);
		struct fp_decimal d;

		if (i && !add(v, c, total, &x, fits))
			return false;
		if (i)
			continue;
		*total = x;
		if (x.kind != FP_QUANTITY && !item_number(&x, &d))
			return fail(v, c, "%s(): numbers are wanted, not %s",
				    c->name, item_kind_name(x.kind));
	}
	return true;
}

static bool fn_sum(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	struct fp_item total;
	bool fits;

	if (!sum_of(v, c, focus, &total, &fits))
		return false;
	if (fits)
		push(v, out, total);
	return true;
}

static bool fn_avg(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	struct fp_decimal count = decimal_of((int64_t)focus->n), d;
	struct fp_item total;
	struct fp_quantity q;
	bool fits;

	if (!sum_of(v, c, focus, &total, &fits) || !fits)
		return !v->failed;
	if (total.kind == FP_QUANTITY) {
		q = *total.u.quantity;
		if (decimal_div(q.value, count, &q.value))
			push_quantity(v, out, q);
	} else if (item_number(&total, &d) && decimal_div(d, count, &d)) {
		push_decimal(v, out, d);
	}
	return true;
}

static bool extreme(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out, int wanted)
{
	struct fp_item best = {0};
	int order;

	if (!spend(v, focus->n, c->offset))
		return false;
	for (size_t i = 0; i < focus->n; i++) {
		struct fp_item x = system_value(v, &focus->v[i]);

		if (i && !item_order(v, &x, &best, &order))
			return fail(v, c, "%s(): %s and %s have no order",
				    c->name, item_kind_name(x.kind),
				    item_kind_name(best.kind));
		if (i && order == UNDECIDED)
			return true;
		if (!i || order == wanted)
			best = x;
	}
	if (focus->n)
		push(v, out, best);
	return true;
}

static bool fn_min(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	return extreme(v, c, focus, out, -1);
}

static bool fn_max(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	return extreme(v, c, focus, out, 1);
}

const struct function fn_math[] = {
    {"abs", 0, 0, fn_abs},     {"ceiling", 0, 0, fn_ceiling},
    {"exp", 0, 0, fn_exp},     {"floor", 0, 0, fn_floor},
    {"ln", 0, 0, fn_ln},       {"log", 1, 1, fn_log},
    {"power", 1, 1, fn_power}, {"round", 0, 1, fn_round},
    {"sqrt", 0, 0, fn_sqrt},   {"truncate", 0, 0, fn_truncate},
    {"sum", 0, 0, fn_sum},     {"avg", 0, 0, fn_avg},
    {"min", 0, 0, fn_min},     {"max", 0, 0, fn_max},
    {NULL, 0, 0, NULL},
};
