/* SPDX-License-Identifier: Apache-2.0
 *
 * step: from elements to the elements below.
 *
 * A node is the JSON of an element, with the companion "_x" of a primitive
 * beside it. Its children are the members of the value if that is an object,
 * else those of the companion (id and extension of a primitive). A list
 * element gives one node for each of its items, a choice ("value") the member
 * that is there ("valueQuantity"); an element that holds a resource has the
 * type that the resource says. What a name leads to, the model is asked once
 * for each type that a step of the expression meets.
 *
 * Without a model members are found by their name alone. With one, the name of
 * a choice's member ("valueQuantity" in a path) is accepted unless the
 * evaluation is strict, because published expressions have it; a name that is
 * no element at all is then an error.
 *
 * FHIRPath N1 4.1 and 5.8.1, FHIR R4 2.6.2 (JSON of primitives), 2.9.1.
 */
#include "fhirpath/fhirpath_int.h"

#include <ctype.h>
#include <string.h>

/* ---- nodes ------------------------------------------------------- */

static uint32_t resource_type(struct eval *v)
{
	if (!v->has_resource_type) {
		v->resource_type =
		    v->model->type_find(v->model->set, "Resource", 8);
		v->has_resource_type = true;
	}
	return v->resource_type;
}

static bool holds_resource(struct eval *v, struct fp_type t)
{
	return t.id != FP_NO_TYPE &&
	       v->model->type_is_a(v->model->set, t.id, resource_type(v));
}

struct fp_item fp_resource(const struct fp_env *env, const struct json *r)
{
	struct fp_item x = {.kind = FP_NODE, .type = {NULL, FP_NO_TYPE}};

	x.u.node.value = r;
	if (env->model && r)
		x.type = env->model->resource(env->model->set, r);
	return x;
}

static const struct json *real(const struct json *v)
{
	return v && json_kind(v) != JSON_NULL ? v : NULL;
}

static bool is_list(const struct json *v)
{
	return v && json_kind(v) == JSON_ARRAY;
}

static void push_node(struct eval *v, const struct json *value,
		      const struct json *companion, struct fp_type type,
		      bool resource, struct list *out)
{
	struct fp_item x = {.kind = FP_NODE, .type = type};

	x.u.node.value = real(value);
	x.u.node.companion = real(companion);
	if (!x.u.node.value && !x.u.node.companion)
		return;
	if (resource && x.u.node.value)
		x.type = v->model->resource(v->model->set, x.u.node.value);
	push(v, out, x);
}

/* One member with its companion; lists item by item. */
static void push_member(struct eval *v, const struct json *value,
			const struct json *companion, struct fp_type type,
			bool resource, struct list *out)
{
	const struct json *i, *j;

	if (!is_list(value) && !(is_list(companion) && !value)) {
		push_node(v, value, is_list(companion) ? NULL : companion, type,
			  resource, out);
		return;
	}
	list_reserve(v, out, json_count(value ? value : companion));
	i = json_first(value);
	j = is_list(companion) ? json_first(companion) : NULL;
	while (i || j) {
		push_node(v, i, j, type, resource, out);
		i = i ? json_next(i) : NULL;
		j = j ? json_next(j) : NULL;
	}
}

/* The object that has the children. */
static const struct json *holder(const struct fp_item *x)
{
	const struct json *v = x->u.node.value;

	if (v && json_kind(v) == JSON_OBJECT)
		return v;
	v = x->u.node.companion;
	return v && json_kind(v) == JSON_OBJECT ? v : NULL;
}

/* ---- one name ---------------------------------------------------- */

static bool is_primitive(struct eval *v, struct fp_type t)
{
	enum fp_kind k;

	if (t.id == FP_NO_TYPE)
		return true;
	k = v->model->system_kind(v->model->set, t.id);
	return k != FP_NODE && k != FP_QUANTITY;
}

static void fill(struct eval *v, const struct step *s, struct fp_type of)
{
	const struct fp_model *m = v->model;
	struct step_cache *c = s->cache;

	*c = (struct step_cache){.set = m->set, .of = of};
	c->child = (struct fp_type){NULL, FP_NO_TYPE};
	c->element = m->element(m->set, of, s->name, &c->child);
	if (c->element == FP_ABSENT)
		c->as_member = m->member(m->set, of, s->name, &c->child);
	c->primitive = is_primitive(v, c->child);
	c->resource = holds_resource(v, c->child);
}

static const struct step_cache *look_up(struct eval *v, const struct step *s,
					struct fp_type of)
{
	const struct step_cache *c = s->cache;

	if (c->set != v->model->set || c->of.def != of.def || c->of.id != of.id)
		fill(v, s, of);
	return c;
}

static bool is_choice_of(const char *member, const char *stem, size_t n)
{
	return strncmp(member, stem, n) == 0 &&
	       isupper((unsigned char)member[n]);
}

/* Does the object have the member "x" to this "_x"? */
static bool has_plain(const struct json *object, const char *companion)
{
	return json_get(object, companion + 1) != NULL;
}

/* "value" of an object that has "valueString", "_valueString" or both. */
static bool push_choice(struct eval *v, const struct node *n,
			const struct fp_item *x, const struct json *object,
			struct list *out)
{
	const struct step *s = &n->u.step;
	const struct fp_model *m = v->model;
	struct fp_type t;

	for (const struct json *i = json_first(object); i; i = json_next(i)) {
		const char *name = json_name(i);
		const bool beside = *name == '_';
		char twin[64];

		if (!is_choice_of(name + beside, s->name, s->n) ||
		    strlen(name) >= sizeof(twin) - 1 ||
		    !m->member(m->set, x->type, name + beside, &t))
			continue;
		if (!beside) {
			twin[0] = '_';
			memcpy(twin + 1, name, strlen(name) + 1);
			push_member(v, i,
				    is_primitive(v, t) ? json_get(object, twin)
						       : NULL,
				    t, false, out);
		} else if (!has_plain(object, name)) {
			push_member(v, NULL, i, t, false, out);
		}
	}
	return true;
}

static bool push_untyped(struct eval *v, const struct step *s,
			 const struct json *object, struct list *out)
{
	const struct fp_type none = {NULL, FP_NO_TYPE};

	push_member(v, json_get(object, s->name),
		    json_get(object, s->companion), none, false, out);
	return true;
}

static const char *name_of(struct eval *v, struct fp_type t)
{
	const char *name = v->model && t.id != FP_NO_TYPE
			       ? v->model->type_name(v->model->set, t.id)
			       : NULL;

	return name ? name : "This element";
}

static bool unknown_element(struct eval *v, const struct node *n,
			    const struct fp_item *x)
{
	return fail_at(v, n->offset, "%s has no element \"%s\"",
		       name_of(v, x->type), n->u.step.name);
}

/* Members of System values: what their types have. */
static bool push_part(struct eval *v, const struct node *n,
		      const struct fp_item *x, struct list *out)
{
	const char *name = n->u.step.name;
	const char *text = NULL;

	if (x->kind == FP_TYPE_INFO && strcmp(name, "name") == 0)
		text = x->u.info.name;
	else if (x->kind == FP_TYPE_INFO && strcmp(name, "namespace") == 0)
		text = x->u.info.space;
	else if (x->kind == FP_QUANTITY && strcmp(name, "unit") == 0)
		text = x->u.quantity->unit;
	else if (x->kind == FP_QUANTITY && strcmp(name, "value") == 0)
		push_decimal(v, out, x->u.quantity->value);
	if (text)
		push_string(v, out, text, strlen(text));
	return true;
}

static bool push_step(struct eval *v, const struct node *n,
		      const struct fp_item *x, struct list *out)
{
	const struct step *s = &n->u.step;
	const struct json *object;
	const struct step_cache *c;

	if (x->kind != FP_NODE)
		return push_part(v, n, x, out);
	object = holder(x);
	charge(v, json_count(object) / MEMBER_STEP);
	if (!v->model || x->type.id == FP_NO_TYPE)
		return !object || push_untyped(v, s, object, out);
	c = look_up(v, s, x->type);
	if (c->element == FP_ABSENT && v->env->flags & FP_STRICT)
		return unknown_element(v, n, x);
	if (!object || (c->element == FP_ABSENT && !c->as_member))
		return true;
	if (c->element == FP_CHOICE)
		return push_choice(v, n, x, object, out);
	push_member(v, json_get(object, s->name),
		    c->primitive ? json_get(object, s->companion) : NULL,
		    c->child, c->resource, out);
	return true;
}

/* ---- a step of the expression ------------------------------------ */

/* Is the name that begins a path the type of what it begins with? */
static bool is_type(struct eval *v, const struct step *s,
		    const struct fp_item *x)
{
	const struct fp_model *m = v->model;
	const char *type;

	if (x->kind != FP_NODE || !x->u.node.value)
		return false;
	type = json_get_text(x->u.node.value, "resourceType");
	if (type && strcmp(type, s->name) == 0)
		return true;
	return m && x->type.id != FP_NO_TYPE &&
	       m->type_is_a(m->set, x->type.id,
			    m->type_find(m->set, s->name, s->n));
}

/* With types that were named, a name can be wrong without data: (x as Period)
 * has no unit, whatever x is. */
static bool cast_has(struct eval *v, const struct node *n)
{
	const struct node *type =
	    n->left && n->left->kind == N_AS ? n->left->right : NULL;
	const struct fp_model *m = v->model;
	struct fp_type t = {NULL, FP_NO_TYPE}, child;

	if (!type || !m)
		return true;
	t.id =
	    m->type_find(m->set, type->u.type.name, strlen(type->u.type.name));
	return t.id == FP_NO_TYPE ||
	       m->element(m->set, t, n->u.step.name, &child) != FP_ABSENT ||
	       fail_at(v, n->offset, "%s has no element \"%s\"",
		       type->u.type.name, n->u.step.name);
}

bool eval_step(struct eval *v, const struct node *n, struct list *out)
{
	LIST(room);
	struct fp_list focus;

	if (!eval_focus(v, n, &room, &focus))
		return false;
	if (room.unordered)
		out->unordered = true;
	if (n->u.step.type_like && focus.n > 0 &&
	    is_type(v, &n->u.step, &focus.v[0])) {
		push(v, out, focus.v[0]);
		return true;
	}
	if (v->env->flags & FP_STRICT && !cast_has(v, n))
		return false;
	for (size_t i = 0; i < focus.n; i++)
		if (!push_step(v, n, &focus.v[i], out))
			return false;
	return true;
}

/* ---- all names --------------------------------------------------- */

static bool has_companions(const struct json *object)
{
	for (const struct json *i = json_first(object); i; i = json_next(i))
		if (*json_name(i) == '_')
			return true;
	return false;
}

/* "_x" in an object; looking for it costs as many steps as it has members. */
static const struct json *
companion_of(struct eval *v, const struct json *object, const char *name)
{
	charge(v, json_count(object));
	return v->steps ? json_get(object, arena_printf(v->arena, "_%s", name))
			: NULL;
}

static void push_child(struct eval *v, const struct fp_item *x,
		       const struct json *object, const struct json *member,
		       bool companions, struct list *out)
{
	const struct fp_model *m = v->model;
	const char *name = json_name(member);
	const bool beside = *name == '_';
	struct fp_type t = {NULL, FP_NO_TYPE};

	if (strcmp(name, "resourceType") == 0)
		return;
	if (m && x->type.id != FP_NO_TYPE &&
	    !m->member(m->set, x->type, name + beside, &t))
		return;
	if (beside && !has_plain(object, name))
		push_member(v, NULL, member, t, false, out);
	if (!beside)
		push_member(v, member,
			    companions ? companion_of(v, object, name) : NULL,
			    t, m && holds_resource(v, t), out);
}

void push_children(struct eval *v, const struct fp_item *x, struct list *out)
{
	const struct json *object;
	bool companions;

	out->unordered = true;
	if (x->kind != FP_NODE || !(object = holder(x)))
		return;
	charge(v, json_count(object) / MEMBER_STEP);
	companions = has_companions(object);
	for (const struct json *i = json_first(object); i && v->steps > 0;
	     i = json_next(i))
		push_child(v, x, object, i, companions, out);
}

/* Depth first. JSON's depth bounds the recursion. */
bool push_descendants(struct eval *v, const struct fp_item *x, unsigned offset,
		      struct list *out)
{
	LIST(children);

	if (!spend(v, 1, offset))
		return false;
	push_children(v, x, &children);
	out->unordered = true;
	for (size_t i = 0; i < children.n; i++) {
		push(v, out, children.v[i]);
		if (!push_descendants(v, &children.v[i], offset, out))
			return false;
	}
	return true;
}

void push_element(struct eval *v, const struct fp_item *x, const char *name,
		  struct list *out)
{
	const struct json *object = x->kind == FP_NODE ? holder(x) : NULL;
	const struct fp_model *m = v->model;
	struct fp_type t = {NULL, FP_NO_TYPE};

	if (!object)
		return;
	charge(v, json_count(object) / MEMBER_STEP);
	if (m && x->type.id != FP_NO_TYPE)
		(void)m->member(m->set, x->type, name, &t);
	push_member(v, json_get(object, name), NULL, t, false, out);
}
