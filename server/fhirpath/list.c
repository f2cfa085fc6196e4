/* SPDX-License-Identifier: Apache-2.0
 *
 * list: collections in the making, and how functions get at their operands.
 *
 * A list begins with the room that its owner has in its own stack frame; what
 * outgrows that moves to the arena and doubles there. A producer that knows how
 * much it will append reserves it first. Each item that is appended costs one
 * step of the evaluation; when there are none left nothing is appended any
 * more, and the next node that is evaluated says so. Functions pay for the
 * length of the texts that they take: it is what their work is made of.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

/* ---- appending --------------------------------------------------- */

void list_reserve(struct eval *v, struct list *l, size_t more)
{
	struct fp_item *items;
	size_t cap = l->cap ? 2 * l->cap : 8;

	if (l->cap - l->n >= more)
		return;
	if (more > v->steps)
		more = v->steps; /* the rest is never appended */
	while (cap < l->n + more)
		cap *= 2;
	items = arena_alloc(v->arena, cap * sizeof(*items));
	if (l->n > 0)
		memcpy(items, l->v, l->n * sizeof(*items));
	l->v = items;
	l->cap = cap;
}

void push(struct eval *v, struct list *l, struct fp_item x)
{
	if (v->steps == 0)
		return;
	v->steps--;
	if (l->n == l->cap)
		list_reserve(v, l, 1);
	l->v[l->n++] = x;
}

void push_all(struct eval *v, struct list *l, const struct fp_list *from)
{
	list_reserve(v, l, from->n);
	for (size_t i = 0; i < from->n; i++)
		push(v, l, from->v[i]);
}

void push_boolean(struct eval *v, struct list *l, bool b)
{
	push(v, l, (struct fp_item){.kind = FP_BOOLEAN, .u.boolean = b});
}

void push_truth(struct eval *v, struct list *l, enum truth t)
{
	if (t >= TRUTH_FALSE)
		push_boolean(v, l, t == TRUTH_TRUE);
}

void push_integer(struct eval *v, struct list *l, int64_t n)
{
	const bool small = n >= INT32_MIN && n <= INT32_MAX;

	push(v, l,
	     (struct fp_item){.kind = small ? FP_INTEGER : FP_LONG,
			      .u.integer = n});
}

void push_decimal(struct eval *v, struct list *l, struct fp_decimal d)
{
	struct fp_decimal *keep = arena_alloc(v->arena, sizeof(*keep));

	*keep = d;
	push(v, l, (struct fp_item){.kind = FP_DECIMAL, .u.decimal = keep});
}

void push_string(struct eval *v, struct list *l, const char *s, size_t n)
{
	push(v, l,
	     (struct fp_item){.kind = FP_STRING,
			      .u.string = {arena_strndup(v->arena, s, n), n}});
}

void push_time(struct eval *v, struct list *l, enum fp_kind kind,
	       struct fp_time t)
{
	struct fp_time *keep = arena_alloc(v->arena, sizeof(*keep));

	*keep = t;
	push(v, l, (struct fp_item){.kind = kind, .u.time = keep});
}

void push_quantity(struct eval *v, struct list *l, struct fp_quantity q)
{
	struct fp_quantity *keep = arena_alloc(v->arena, sizeof(*keep));

	*keep = q;
	push(v, l, (struct fp_item){.kind = FP_QUANTITY, .u.quantity = keep});
}

struct fp_list list_keep(struct eval *v, const struct fp_list *l)
{
	struct fp_item *items;

	if (l->n == 0)
		return (struct fp_list){NULL, 0};
	items = arena_alloc(v->arena, l->n * sizeof(*items));
	memcpy(items, l->v, l->n * sizeof(*items));
	return (struct fp_list){items, l->n};
}

void charge(struct eval *v, size_t n)
{
	v->steps = v->steps > n ? v->steps - (unsigned)n : 0;
}

/* ---- what functions take ----------------------------------------- */

struct arena *eval_arena(const struct eval *v)
{
	return v->arena;
}

const struct fp_env *eval_env(const struct eval *v)
{
	return v->env;
}

bool arg_list(struct eval *v, const struct call *c, unsigned i,
	      struct fp_list *out)
{
	struct list l = {0};

	*out = (struct fp_list){NULL, 0};
	if (!eval_operand(v, c->arg[i], &l))
		return false;
	*out = list_view(&l);
	return true;
}

static bool several(struct eval *v, const struct call *c, size_t n,
		    const char *of)
{
	return fail(v, c, "%s(): one item is wanted %s, not %zu", c->name, of,
		    n);
}

bool one(struct eval *v, const struct call *c, const struct fp_list *focus,
	 struct fp_item *out, bool *some)
{
	*some = focus->n == 1;
	if (focus->n > 1)
		return several(v, c, focus->n, "before the dot");
	if (!*some)
		return true;
	*out = system_value(v, &focus->v[0]);
	if (out->kind == FP_STRING)
		charge(v, out->u.string.n / TEXT_STEP);
	return true;
}

/* The text of a string, and of any primitive node that is text in JSON; of a
 * number or boolean node too unless the evaluation is strict. */
static bool as_string(struct eval *v, const struct fp_item *x, const char **s,
		      size_t *n)
{
	const struct json *j;

	if (item_text(v->env, x, s, n)) {
		charge(v, *n / TEXT_STEP);
		return true;
	}
	j = x->kind == FP_NODE ? x->u.node.value : NULL;
	if (!j || json_kind(j) == JSON_OBJECT ||
	    (json_kind(j) != JSON_STRING && v->env->flags & FP_STRICT))
		return false;
	*s = json_text(j);
	*n = json_len(j);
	charge(v, *n / TEXT_STEP);
	return true;
}

static bool no_string(struct eval *v, const struct call *c,
		      const struct fp_item *x)
{
	return fail(v, c, "%s(): a string is wanted, not %s", c->name,
		    item_kind_name(x->kind));
}

bool one_string(struct eval *v, const struct call *c,
		const struct fp_list *focus, const char **s, size_t *n,
		bool *some)
{
	*some = focus->n == 1;
	if (focus->n > 1)
		return several(v, c, focus->n, "before the dot");
	if (!*some || as_string(v, &focus->v[0], s, n))
		return true;
	if (focus->v[0].kind == FP_NODE && !focus->v[0].u.node.value) {
		*some = false; /* a primitive that is extensions alone */
		return true;
	}
	return no_string(v, c, &focus->v[0]);
}

static bool arg_one(struct eval *v, const struct call *c, unsigned i,
		    struct list *room, struct fp_item *out, bool *some)
{
	*some = false;
	if (!eval_operand(v, c->arg[i], room))
		return false;
	if (room->n > 1)
		return several(v, c, room->n, "as argument");
	*some = room->n == 1;
	if (*some)
		*out = room->v[0];
	return true;
}

bool arg_string(struct eval *v, const struct call *c, unsigned i,
		const char **s, size_t *n, bool *some)
{
	LIST(room);
	struct fp_item x = {0};

	if (!arg_one(v, c, i, &room, &x, some))
		return false;
	if (!*some || as_string(v, &x, s, n))
		return true;
	return no_string(v, c, &x);
}

bool arg_integer(struct eval *v, const struct call *c, unsigned i, int64_t *n,
		 bool *some)
{
	LIST(room);
	struct fp_item x = {0};

	if (!arg_one(v, c, i, &room, &x, some))
		return false;
	if (!*some)
		return true;
	x = system_value(v, &x);
	if (x.kind != FP_INTEGER && x.kind != FP_LONG)
		return fail(v, c, "%s(): an integer is wanted, not %s", c->name,
			    item_kind_name(x.kind));
	*n = x.u.integer;
	return true;
}
