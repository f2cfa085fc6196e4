/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_convert: toX() and convertsToX().
 *
 * One function a kind says whether and as what a value becomes that kind; toX
 * gives the value, or nothing when it has none, and convertsToX whether it has
 * one. Nothing here is an error but several items before the dot.
 *
 * FHIRPath 2.0, section 5.5; toLong of its successor.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>
#include <strings.h>

/* Makes *out, of the kind that is wanted, of x. */
typedef bool convert_fn(struct eval *v, const struct fp_item *x,
			struct fp_item *out);

static bool is_whole(const struct fp_item *x)
{
	return x->kind == FP_INTEGER || x->kind == FP_LONG;
}

static bool keep_decimal(struct eval *v, struct fp_decimal d,
			 struct fp_item *out)
{
	struct fp_decimal *kept = arena_alloc(eval_arena(v), sizeof(*kept));

	*kept = d;
	*out = (struct fp_item){.kind = FP_DECIMAL, .u.decimal = kept};
	return true;
}

/* ---- boolean and numbers ----------------------------------------- */

static bool word_truth(const char *s, bool *truth)
{
	static const char *const yes[] = {"true", "t", "yes", "y", "1", "1.0"};
	static const char *const no[] = {"false", "f", "no", "n", "0", "0.0"};

	for (size_t i = 0; i < LEN(yes); i++) {
		*truth = !strcasecmp(s, yes[i]);
		if (*truth || !strcasecmp(s, no[i]))
			return true;
	}
	return false;
}

static bool to_boolean(struct eval *v, const struct fp_item *x,
		       struct fp_item *out)
{
	struct fp_decimal d;

	(void)v;
	out->kind = FP_BOOLEAN;
	if (x->kind == FP_STRING)
		return word_truth(x->u.string.p, &out->u.boolean);
	if (x->kind == FP_BOOLEAN) {
		out->u.boolean = x->u.boolean;
		return true;
	}
	if (!item_number(x, &d))
		return false;
	out->u.boolean = d.n != 0;
	return !d.n || !decimal_cmp(d, decimal_of(1));
}

/* [+-]digits within the limits */
static bool read_whole(const char *s, size_t n, int64_t *out)
{
	bool minus = n && s[0] == '-';
	size_t i = n && (s[0] == '-' || s[0] == '+');

	*out = 0;
	if (i == n)
		return false;
	for (; i < n; i++) {
		int d = s[i] - '0';

		if (d < 0 || d > 9 || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, minus ? -d : d, out))
			return false;
	}
	return true;
}

static bool to_whole(const struct fp_item *x, int64_t *n)
{
	if (x->kind == FP_BOOLEAN)
		*n = x->u.boolean;
	else if (is_whole(x))
		*n = x->u.integer;
	else
		return x->kind == FP_STRING &&
		       read_whole(x->u.string.p, x->u.string.n, n);
	return true;
}

static bool to_integer(struct eval *v, const struct fp_item *x,
		       struct fp_item *out)
{
	(void)v;
	out->kind = FP_INTEGER;
	return to_whole(x, &out->u.integer) && out->u.integer <= INT32_MAX &&
	       out->u.integer >= INT32_MIN;
}

static bool to_long(struct eval *v, const struct fp_item *x,
		    struct fp_item *out)
{
	(void)v;
	out->kind = FP_LONG;
	return to_whole(x, &out->u.integer);
}

static bool to_decimal(struct eval *v, const struct fp_item *x,
		       struct fp_item *out)
{
	struct fp_decimal d;

	if (x->kind == FP_BOOLEAN)
		return keep_decimal(
		    v,
		    (struct fp_decimal){.n = x->u.boolean ? 10 : 0, .scale = 1},
		    out);
	if (item_number(x, &d))
		return keep_decimal(v, d, out);
	return x->kind == FP_STRING && !strpbrk(x->u.string.p, "eE") &&
	       decimal_parse(x->u.string.p, x->u.string.n, &d) &&
	       keep_decimal(v, d, out);
}

static bool keep_quantity(struct eval *v, struct fp_quantity q,
			  struct fp_item *out)
{
	struct fp_quantity *kept = arena_alloc(eval_arena(v), sizeof(*kept));

	*kept = q;
	*out = (struct fp_item){.kind = FP_QUANTITY, .u.quantity = kept};
	return true;
}

static bool to_quantity(struct eval *v, const struct fp_item *x,
			struct fp_item *out)
{
	struct fp_quantity q = {.unit = "1"};

	if (x->kind == FP_QUANTITY) {
		*out = *x;
		return true;
	}
	if (x->kind == FP_BOOLEAN)
		q.value =
		    (struct fp_decimal){.n = x->u.boolean ? 10 : 0, .scale = 1};
	else if (x->kind == FP_STRING) {
		if (!quantity_read(eval_arena(v), x->u.string.p, x->u.string.n,
				   &q))
			return false;
	} else if (!item_number(x, &q.value)) {
		return false;
	}
	return keep_quantity(v, q, out);
}

/* ---- text, dates and times --------------------------------------- */

static bool to_string(struct eval *v, const struct fp_item *x,
		      struct fp_item *out)
{
	struct buf b;

	if (x->kind == FP_STRING) {
		*out = *x;
		return true;
	}
	buf_init(&b, eval_arena(v));
	switch (x->kind) {
	case FP_BOOLEAN: buf_puts(&b, x->u.boolean ? "true" : "false"); break;
	case FP_INTEGER:
	case FP_LONG: buf_printf(&b, "%lld", (long long)x->u.integer); break;
	case FP_DECIMAL: decimal_write(&b, *x->u.decimal); break;
	case FP_DATE:
	case FP_DATETIME:
	case FP_TIME: time_write(&b, x->u.time, x->kind); break;
	case FP_QUANTITY: quantity_write(&b, x->u.quantity); break;
	default: return false;
	}
	*out = (struct fp_item){.kind = FP_STRING, .u.string = {b.p, b.len}};
	return true;
}

static bool to_time_kind(struct eval *v, const struct fp_item *x,
			 enum fp_kind kind, struct fp_item *out)
{
	struct fp_time *t;

	*out = *x;
	if (x->kind == kind)
		return true;
	out->kind = kind;
	if (kind == FP_DATETIME && x->kind == FP_DATE)
		return true;
	t = arena_alloc(eval_arena(v), sizeof(*t));
	out->u.time = t;
	if (x->kind == FP_STRING)
		return time_read(x->u.string.p, x->u.string.n, kind, t);
	if (kind != FP_DATE || x->kind != FP_DATETIME)
		return false;
	*t = *x->u.time;
	t->hour = t->minute = t->second = t->milli = t->zone_minutes = 0;
	t->has_zone = false;
	if (t->precision > FP_DAY)
		t->precision = FP_DAY;
	return true;
}

static bool to_date(struct eval *v, const struct fp_item *x,
		    struct fp_item *out)
{
	return to_time_kind(v, x, FP_DATE, out);
}

static bool to_date_time(struct eval *v, const struct fp_item *x,
			 struct fp_item *out)
{
	return to_time_kind(v, x, FP_DATETIME, out);
}

static bool to_time(struct eval *v, const struct fp_item *x,
		    struct fp_item *out)
{
	return to_time_kind(v, x, FP_TIME, out);
}

/* ---- the functions ----------------------------------------------- */

/* toQuantity('mg'): in that unit. */
static bool in_unit(struct eval *v, const struct call *c, struct fp_item *x,
		    bool *ok)
{
	struct fp_quantity q;
	const char *unit;
	bool given;
	size_t n;

	if (!c->n || !*ok)
		return true;
	if (!arg_string(v, c, 0, &unit, &n, &given))
		return false;
	if (!given || x->kind != FP_QUANTITY)
		return true;
	*ok = quantity_convert(x->u.quantity, unit, &q);
	return !*ok || keep_quantity(v, q, x);
}

static bool convert(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out,
		    convert_fn *to)
{
	struct fp_item x, result = {0};
	bool some, ok;

	if (!one(v, c, focus, &x, &some) || !some)
		return !v->failed;
	ok = to(v, &x, &result);
	if (!in_unit(v, c, &result, &ok))
		return false;
	if (c->name[0] == 'c')
		push_boolean(v, out, ok);
	else if (ok)
		push(v, out, result);
	return true;
}

/* One function a kind serves both names. */
#define CONVERT(name, to)                                                      \
	static bool name(struct eval *v, const struct call *c,                 \
			 const struct fp_list *focus, struct list *out)        \
	{                                                                      \
		return convert(v, c, focus, out, to);                          \
	}

CONVERT(fn_boolean, to_boolean)
CONVERT(fn_integer, to_integer)
CONVERT(fn_long, to_long)
CONVERT(fn_decimal, to_decimal)
CONVERT(fn_quantity, to_quantity)
CONVERT(fn_text, to_string)
CONVERT(fn_date, to_date)
CONVERT(fn_date_time, to_date_time)
CONVERT(fn_clock, to_time)

const struct function fn_convert[] = {
    {"toBoolean", 0, 0, fn_boolean},
    {"convertsToBoolean", 0, 0, fn_boolean},
    {"toInteger", 0, 0, fn_integer},
    {"convertsToInteger", 0, 0, fn_integer},
    {"toLong", 0, 0, fn_long},
    {"convertsToLong", 0, 0, fn_long},
    {"toDecimal", 0, 0, fn_decimal},
    {"convertsToDecimal", 0, 0, fn_decimal},
    {"toQuantity", 0, 1, fn_quantity},
    {"convertsToQuantity", 0, 1, fn_quantity},
    {"toString", 0, 0, fn_text},
    {"convertsToString", 0, 0, fn_text},
    {"toDate", 0, 0, fn_date},
    {"convertsToDate", 0, 0, fn_date},
    {"toDateTime", 0, 0, fn_date_time},
    {"convertsToDateTime", 0, 0, fn_date_time},
    {"toTime", 0, 0, fn_clock},
    {"convertsToTime", 0, 0, fn_clock},
    {NULL, 0, 0, NULL},
};
