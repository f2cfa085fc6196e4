/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_type: is, as, ofType() and type().
 *
 * A type's name without a space (System, FHIR) is looked for among the FHIR
 * types first, then among those of the language; Quantity is both. A FHIR
 * primitive is no System value here: active is boolean, not Boolean. "is" takes
 * subtypes into account (a code is a string, an Age a Quantity); "as" and
 * ofType() do so for all but primitives, of which a choice offers several that
 * descend from one another.
 *
 * "as" is for one item in the specification. Published search parameters use
 * it on several, so it filters then, unless the evaluation is strict.
 *
 * Without a model a resource is of the type that it says, anything else of the
 * System type that its JSON is.
 *
 * FHIRPath N1 6.3 (types), FHIR R4 2.9.1.1.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

/* ---- names to types ---------------------------------------------- */

static uint32_t fhir_type(struct eval *v, const struct type_name *t)
{
	struct type_cache *c = t->cache;

	if (!v->model || t->space == SPACE_SYSTEM)
		return FP_NO_TYPE;
	if (c->set != v->model->set) {
		c->set = v->model->set;
		c->id = v->model->type_find(c->set, t->name, strlen(t->name));
	}
	return c->id;
}

static bool type_known(struct eval *v, const struct node *type)
{
	const struct type_name *t = &type->u.type;

	return !v->model || t->space == SPACE_SYSTEM || t->system != FP_NODE ||
	       fhir_type(v, t) != FP_NO_TYPE ||
	       fail_at(v, type->offset, "there is no type %s", t->name);
}

/* ---- items ------------------------------------------------------- */

static bool is_primitive(const struct fp_model *m, uint32_t type)
{
	const enum fp_kind k = m->system_kind(m->set, type);

	return k != FP_NODE && k != FP_QUANTITY;
}

static bool is_untyped(struct eval *v, const struct fp_item *x,
		       const struct type_name *t)
{
	const struct json *j = x->u.node.value;
	const char *type = j ? json_get_text(j, "resourceType") : NULL;
	struct fp_item s;

	if (type)
		return t->space != SPACE_SYSTEM && strcmp(type, t->name) == 0;
	s = system_value(v, x);
	return s.kind != FP_NODE && s.kind == t->system;
}

/* narrow: as "as" sees it */
static bool item_is(struct eval *v, const struct fp_item *x,
		    const struct type_name *t, bool narrow)
{
	const struct fp_model *m = v->model;
	uint32_t wanted;

	if (x->kind != FP_NODE)
		return x->kind == t->system;
	if (!m || x->type.id == FP_NO_TYPE)
		return is_untyped(v, x, t);
	wanted = fhir_type(v, t);
	if (wanted == FP_NO_TYPE)
		return false;
	if (wanted == x->type.id)
		return true;
	return !(narrow && is_primitive(m, wanted)) &&
	       m->type_is_a(m->set, x->type.id, wanted);
}

struct fp_item item_type_info(const struct fp_env *env, const struct fp_item *x)
{
	static const char *const names[] = {[FP_NODE] = "",
					    [FP_BOOLEAN] = "Boolean",
					    [FP_INTEGER] = "Integer",
					    [FP_LONG] = "Long",
					    [FP_DECIMAL] = "Decimal",
					    [FP_STRING] = "String",
					    [FP_DATE] = "Date",
					    [FP_DATETIME] = "DateTime",
					    [FP_TIME] = "Time",
					    [FP_QUANTITY] = "Quantity",
					    [FP_TYPE_INFO] = "TypeInfo"};
	const struct fp_model *m = env->model;
	struct fp_item out = {.kind = FP_TYPE_INFO};
	const char *name = NULL;

	out.u.info.space = "FHIR";
	if (x->kind == FP_NODE && m && x->type.id != FP_NO_TYPE)
		name = m->type_name(m->set, x->type.id);
	else if (x->kind == FP_NODE && x->u.node.value)
		name = json_get_text(x->u.node.value, "resourceType");
	if (!name) {
		out.u.info.space = "System";
		name = names[item_system(env, x).kind];
	}
	out.u.info.name = name;
	return out;
}

/* ---- operators --------------------------------------------------- */

static enum truth is_type(struct eval *v, const struct fp_list *l,
			  const struct node *type)
{
	if (!type_known(v, type))
		return TRUTH_ERROR;
	if (l->n == 0)
		return TRUTH_EMPTY;
	if (l->n > 1) {
		(void)fail_at(v, type->offset,
			      "one item can be of a type, not %zu", l->n);
		return TRUTH_ERROR;
	}
	return item_is(v, &l->v[0], &type->u.type, false) ? TRUTH_TRUE
							  : TRUTH_FALSE;
}

static bool filter(struct eval *v, const struct fp_list *l,
		   const struct node *type, struct list *out)
{
	if (!type_known(v, type))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (item_is(v, &l->v[i], &type->u.type, true))
			push(v, out, l->v[i]);
	return true;
}

static bool as_type(struct eval *v, const struct fp_list *l,
		    const struct node *type, struct list *out)
{
	if (l->n > 1 && v->env->flags & FP_STRICT)
		return fail_at(v, type->offset,
			       "as takes one item, not %zu; ofType() takes "
			       "several",
			       l->n);
	return filter(v, l, type, out);
}

enum truth op_is(struct eval *v, const struct node *n)
{
	LIST(room);
	struct fp_list l;

	if (!eval_operand(v, n->left, &room))
		return TRUTH_ERROR;
	l = list_view(&room);
	return is_type(v, &l, n->right);
}

bool op_as(struct eval *v, const struct node *n, struct list *out)
{
	LIST(room);
	struct fp_list l;

	if (!eval_operand(v, n->left, &room))
		return false;
	l = list_view(&room);
	return as_type(v, &l, n->right, out);
}

/* ---- functions --------------------------------------------------- */

static bool fn_is(struct eval *v, const struct call *c,
		  const struct fp_list *focus, struct list *out)
{
	const enum truth t = is_type(v, focus, c->arg[0]);

	push_truth(v, out, t);
	return t != TRUTH_ERROR;
}

static bool fn_as(struct eval *v, const struct call *c,
		  const struct fp_list *focus, struct list *out)
{
	return as_type(v, focus, c->arg[0], out);
}

static bool fn_of_type(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	return filter(v, focus, c->arg[0], out);
}

static bool fn_type_info(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	(void)c;
	for (size_t i = 0; i < focus->n; i++)
		push(v, out, item_type_info(v->env, &focus->v[i]));
	return true;
}

const struct function fn_type[] = {
    {"is", 1, 1, fn_is},	  {"as", 1, 1, fn_as},
    {"ofType", 1, 1, fn_of_type}, {"type", 0, 0, fn_type_info},
    {NULL, 0, 0, NULL},
};
