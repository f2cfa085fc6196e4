/* SPDX-License-Identifier: Apache-2.0
 *
 * item: what one item of a collection is worth.
 *
 * A node is a piece of JSON until somebody needs its value: then a FHIR
 * primitive becomes the System value of its type, and a Quantity with a value
 * and no comparator becomes a System quantity. Nothing is converted before,
 * and texts are never copied. A primitive whose JSON does not fit its type
 * stays what its JSON is, so that wrong data make no error here: the rule
 * engine reports them by themselves.
 *
 * Without a model the kind of JSON is the type: true, 5, 5.0, "x".
 *
 * FHIR R4 2.9.1.1 (FHIRPath types), FHIRPath N1 2.1.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

#define UNIT_STEP 4    /* bytes of a unit */
#define UNIT_MAX  1024 /* beyond it no unit can be read */

#define NUMBER_TEXT 100 /* longer ones are no values */

static bool is_scalar(const struct json *v)
{
	return v && json_kind(v) != JSON_OBJECT && json_kind(v) != JSON_ARRAY &&
	       json_kind(v) != JSON_NULL;
}

static enum fp_kind kind_of(const struct fp_env *env, const struct fp_item *x)
{
	if (!env->model || x->type.id == FP_NO_TYPE)
		return FP_NODE;
	return env->model->system_kind(env->model->set, x->type.id);
}

static struct fp_item string_item(const struct json *v)
{
	return (struct fp_item){.kind = FP_STRING,
				.u.string = {json_text(v), json_len(v)}};
}

/* 12, 1.5, 1e3. False: too many digits. */
static bool number_item(const struct fp_env *env, const struct json *v,
			bool whole, struct fp_item *out)
{
	const char *s = json_text(v);
	const size_t n = json_len(v);
	struct fp_decimal d, *keep;

	if (n > NUMBER_TEXT || !decimal_parse(s, n, &d))
		return false;
	if (whole && strcspn(s, ".eE") == n && d.n >= INT64_MIN &&
	    d.n <= INT64_MAX) {
		*out = (struct fp_item){
		    .kind = d.n >= INT32_MIN && d.n <= INT32_MAX ? FP_INTEGER
								 : FP_LONG,
		    .u.integer = (int64_t)d.n};
		return true;
	}
	keep = arena_alloc(env->arena, sizeof(*keep));
	*keep = d;
	*out = (struct fp_item){.kind = FP_DECIMAL, .u.decimal = keep};
	return true;
}

static struct fp_item by_json(const struct fp_env *env, const struct fp_item *x)
{
	const struct json *v = x->u.node.value;
	struct fp_item out;

	switch (json_kind(v)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return (struct fp_item){.kind = FP_BOOLEAN,
					.u.boolean = json_kind(v) == JSON_TRUE};
	case JSON_STRING: return string_item(v);
	case JSON_NUMBER: return number_item(env, v, true, &out) ? out : *x;
	default: return *x;
	}
}

static struct fp_item by_type(const struct fp_env *env, const struct fp_item *x,
			      enum fp_kind kind)
{
	const struct json *v = x->u.node.value;
	const bool text = json_kind(v) == JSON_STRING;
	struct fp_item out;
	struct fp_time *t;

	if (kind == FP_DECIMAL && json_kind(v) == JSON_NUMBER)
		return number_item(env, v, false, &out) ? out : *x;
	if (!text ||
	    (kind != FP_DATE && kind != FP_DATETIME && kind != FP_TIME))
		return by_json(env, x);
	t = arena_alloc(env->arena, sizeof(*t));
	if (!time_read(json_text(v), json_len(v), kind, t))
		return string_item(v);
	return (struct fp_item){.kind = kind, .u.time = t};
}

static struct fp_item quantity_item(const struct fp_env *env,
				    const struct fp_item *x)
{
	const struct json *v = x->u.node.value, *number = json_get(v, "value");
	const char *system = json_get_text(v, "system");
	const char *code = json_get_text(v, "code");
	const char *unit = json_get_text(v, "unit");
	struct fp_quantity q = {.unit = "1"}, *keep;

	if (!number || json_kind(number) != JSON_NUMBER ||
	    json_get(v, "comparator") ||
	    !decimal_parse(json_text(number), json_len(number), &q.value))
		return *x;
	if (code && system && strcmp(system, "http://unitsofmeasure.org") == 0)
		q.unit = code;
	else if (code || unit)
		q.unit = unit ? unit : code;
	keep = arena_alloc(env->arena, sizeof(*keep));
	*keep = q;
	return (struct fp_item){.kind = FP_QUANTITY, .u.quantity = keep};
}

/* Age, Duration and their like are quantities too. */
static bool is_quantity(const struct fp_env *env, const struct fp_item *x)
{
	const struct fp_model *m = env->model;

	if (!m || x->type.id == FP_NO_TYPE)
		return false;
	return m->type_is_a(m->set, x->type.id,
			    m->type_find(m->set, "Quantity", 8));
}

struct fp_item item_system(const struct fp_env *env, const struct fp_item *x)
{
	enum fp_kind kind;

	if (x->kind != FP_NODE || !x->u.node.value)
		return *x;
	kind = kind_of(env, x);
	if (is_scalar(x->u.node.value))
		return kind == FP_NODE ? by_json(env, x)
				       : by_type(env, x, kind);
	if (kind == FP_QUANTITY || (kind == FP_NODE && is_quantity(env, x)))
		return quantity_item(env, x);
	return *x;
}

struct fp_item system_value(struct eval *v, const struct fp_item *x)
{
	const struct fp_item s = item_system(v->env, x);

	if (s.kind == FP_QUANTITY) /* its unit may have to be read */
		charge(v, strnlen(s.u.quantity->unit, UNIT_MAX) / UNIT_STEP);
	return s;
}

bool item_text(const struct fp_env *env, const struct fp_item *x,
	       const char **p, size_t *n)
{
	enum fp_kind kind;

	if (x->kind == FP_STRING) {
		*p = x->u.string.p;
		*n = x->u.string.n;
		return true;
	}
	if (x->kind != FP_NODE || !x->u.node.value ||
	    json_kind(x->u.node.value) != JSON_STRING)
		return false;
	kind = kind_of(env, x);
	if (kind != FP_NODE && kind != FP_STRING)
		return false;
	*p = json_text(x->u.node.value);
	*n = json_len(x->u.node.value);
	return true;
}

bool item_is_number(const struct fp_item *x)
{
	return x->kind == FP_INTEGER || x->kind == FP_LONG ||
	       x->kind == FP_DECIMAL;
}

bool item_number(const struct fp_item *x, struct fp_decimal *out)
{
	if (!item_is_number(x))
		return false;
	*out = x->kind == FP_DECIMAL ? *x->u.decimal : decimal_of(x->u.integer);
	return true;
}

bool item_is_moment(const struct fp_item *x)
{
	return x->kind == FP_DATE || x->kind == FP_DATETIME;
}

bool item_is_time(const struct fp_item *x)
{
	return item_is_moment(x) || x->kind == FP_TIME;
}

bool item_quantity(const struct fp_item *x, struct fp_quantity *out)
{
	*out = (struct fp_quantity){.unit = "1"};
	if (x->kind != FP_QUANTITY)
		return item_number(x, &out->value);
	*out = *x->u.quantity;
	return true;
}

void item_read_alike(struct eval *v, struct fp_item *x, const struct fp_item *y)
{
	struct fp_time *t;

	if (v->model || x->kind != FP_STRING || !item_is_time(y))
		return;
	t = arena_alloc(v->arena, sizeof(*t));
	if (!time_read(x->u.string.p, x->u.string.n, y->kind, t))
		return;
	x->u.time = t;
	x->kind = y->kind;
}

const char *item_kind_name(enum fp_kind k)
{
	static const char *const names[] = {
	    [FP_NODE] = "an element",	 [FP_BOOLEAN] = "a boolean",
	    [FP_INTEGER] = "an integer", [FP_LONG] = "a long",
	    [FP_DECIMAL] = "a decimal",	 [FP_STRING] = "a string",
	    [FP_DATE] = "a date",	 [FP_DATETIME] = "a dateTime",
	    [FP_TIME] = "a time",	 [FP_QUANTITY] = "a quantity",
	    [FP_TYPE_INFO] = "a type",
	};

	return names[k];
}
