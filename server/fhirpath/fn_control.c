/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_control: functions that decide what is evaluated, or say something aside.
 *
 * iif() evaluates one of its branches alone and in the frame of its own single
 * item; aggregate() carries $total along; sort() orders by keys; coalesce()
 * takes the first argument that has anything; defineVariable() and trace() hand
 * their input on.
 *
 * Also the one place that knows all the tables of functions.
 *
 * FHIRPath N1 5.5.4 (iif), 5.9 (utility), 7 (aggregates); its successor: sort,
 * coalesce, defineVariable.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

/* ---- branches ---------------------------------------------------- */

static bool strict_boolean(struct eval *v, const struct call *c,
			   const struct fp_item *self)
{
	LIST(room);
	struct fp_item x;

	if (!eval_on(v, c->arg[0], self, -1, &room))
		return false;
	x = (struct fp_item){.kind = FP_BOOLEAN};
	if (room.n == 1)
		x = system_value(v, &room.v[0]);
	return x.kind == FP_BOOLEAN ||
	       fail(v, c, "iif(): the criterion is %s, not a boolean",
		    item_kind_name(x.kind));
}

static bool fn_iif(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	const struct fp_item *self = focus->n > 0 ? &focus->v[0] : NULL;
	enum truth t;

	if (focus->n > 1)
		return fail(v, c,
			    "iif(): one item is wanted before the dot, "
			    "not %zu",
			    focus->n);
	if (v->env->flags & FP_STRICT && !strict_boolean(v, c, self))
		return false;
	t = truth_on(v, c->arg[0], self, -1);
	if (t == TRUTH_ERROR)
		return false;
	if (t == TRUTH_TRUE)
		return eval_on(v, c->arg[1], self, -1, out);
	return c->n < 3 || eval_on(v, c->arg[2], self, -1, out);
}

static bool fn_coalesce(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	const size_t before = out->n;

	(void)focus;
	for (unsigned i = 0; i < c->n && out->n == before; i++)
		if (!eval_operand(v, c->arg[i], out))
			return false;
	return true;
}

/* ---- totals ------------------------------------------------------ */

static bool fn_aggregate(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	const struct fp_list *outer = v->frame.total;
	struct fp_list total = {NULL, 0};

	if (c->n > 1 && !arg_list(v, c, 1, &total))
		return false;
	for (size_t i = 0; i < focus->n; i++) {
		struct list next = {0};
		bool ok;

		v->frame.total = &total;
		ok = eval_on(v, c->arg[0], &focus->v[i], (int64_t)i, &next);
		v->frame.total = outer;
		if (!ok)
			return false;
		total = list_view(&next);
	}
	push_all(v, out, &total);
	return true;
}

/* ---- order ------------------------------------------------------- */

/* One key of one item; without an argument the item itself. */
struct key {
	struct fp_item value;
	bool some;
};

struct sorting {
	struct eval *v;
	const struct call *c;
	struct key *keys; /* of item i: from i * width */
	size_t width;
	bool ok;
};

static bool descends(const struct call *c, size_t i)
{
	return c->n > 0 && (c->arg[i]->descends || c->arg[i]->kind == N_MINUS);
}

static bool make_key(struct eval *v, const struct call *c, size_t arg,
		     const struct fp_item *self, size_t index, struct key *out)
{
	const struct node *n = c->arg[arg];
	LIST(room);

	/* -x: by x, the greatest first; also for what has no sign */
	if (n->kind == N_MINUS)
		n = n->left;
	if (!eval_on(v, n, self, (int64_t)index, &room))
		return false;
	if (room.n > 1)
		return fail(v, c, "sort(): a key has %zu items", room.n);
	out->some = room.n == 1;
	if (out->some)
		out->value = system_value(v, &room.v[0]);
	return true;
}

/* Empty keys come first, whatever the direction. */
static int by_key(struct sorting *s, const struct key *x, const struct key *y,
		  bool down)
{
	int order;

	if (!x->some || !y->some)
		return x->some - y->some;
	if (!item_order(s->v, &x->value, &y->value, &order)) {
		s->ok = fail(s->v, s->c, "sort(): %s and %s have no order",
			     item_kind_name(x->value.kind),
			     item_kind_name(y->value.kind));
		return 0;
	}
	if (order == UNDECIDED)
		return 0;
	return down ? -order : order;
}

static int by_keys(struct sorting *s, size_t x, size_t y)
{
	int order = 0;

	if (s->v->steps > 0)
		s->v->steps--;
	for (size_t k = 0; k < s->width && order == 0 && s->ok; k++)
		order = by_key(s, &s->keys[x * s->width + k],
			       &s->keys[y * s->width + k], descends(s->c, k));
	return order;
}

/* Merges two sorted runs of indexes; what is equal keeps its order. */
static void merge(struct sorting *s, const size_t *from, size_t lo, size_t mid,
		  size_t hi, size_t *to)
{
	size_t i = lo, j = mid;

	for (size_t k = lo; k < hi; k++) {
		const bool left =
		    i < mid && (j >= hi || by_keys(s, from[i], from[j]) <= 0);

		to[k] = left ? from[i++] : from[j++];
	}
}

/* Merge sort, from the bottom up. Returns where the result stands. */
static size_t *sort_indexes(struct sorting *s, size_t *from, size_t *to,
			    size_t n)
{
	for (size_t width = 1; width < n && s->ok; width *= 2) {
		size_t *swap = from;

		for (size_t lo = 0; lo < n; lo += 2 * width) {
			const size_t mid = lo + width < n ? lo + width : n;
			const size_t hi = mid + width < n ? mid + width : n;

			merge(s, from, lo, mid, hi, to);
		}
		from = to;
		to = swap;
	}
	return from;
}

static bool make_keys(struct sorting *s, const struct fp_list *focus)
{
	for (size_t i = 0; i < focus->n; i++) {
		struct key *k = &s->keys[i * s->width];

		if (s->c->n == 0)
			*k = (struct key){system_value(s->v, &focus->v[i]),
					  true};
		for (unsigned a = 0; a < s->c->n; a++)
			if (!make_key(s->v, s->c, a, &focus->v[i], i, &k[a]))
				return false;
	}
	return true;
}

static bool fn_sort(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	const size_t n = focus->n;
	struct sorting s = {
	    .v = v, .c = c, .width = c->n > 0 ? c->n : 1, .ok = true};
	size_t *index;

	s.keys = arena_alloc(v->arena, n * s.width * sizeof(*s.keys));
	if (!make_keys(&s, focus))
		return false;
	index = arena_alloc(v->arena, 2 * n * sizeof(*index));
	for (size_t i = 0; i < n; i++)
		index[i] = i;
	index = sort_indexes(&s, index, index + n, n);
	for (size_t i = 0; i < n && s.ok; i++)
		push(v, out, focus->v[index[i]]);
	return s.ok;
}

/* ---- aside ------------------------------------------------------- */

static bool fn_define_variable(struct eval *v, const struct call *c,
			       const struct fp_list *focus, struct list *out)
{
	struct list made = {0};
	struct fp_list value;
	const char *name;
	size_t n;
	bool some;

	if (!arg_string(v, c, 0, &name, &n, &some))
		return false;
	if (!some)
		return fail(v, c, "defineVariable(): the name is missing");
	if (c->n == 1)
		value = list_keep(v, focus);
	else if (!eval_within(v, c->arg[1], *focus, &made))
		return false;
	else
		value = list_view(&made);
	push_all(v, out, focus);
	return variable_define(v, c, arena_strndup(v->arena, name, n), value);
}

static bool trace(struct eval *v, const struct call *c,
		  const struct fp_list *focus)
{
	struct jw w = {.b = v->env->trace};
	struct list projected = {0};
	struct fp_list l = *focus;
	const char *name;
	size_t n;
	bool some;

	if (!arg_string(v, c, 0, &name, &n, &some))
		return false;
	for (size_t i = 0; c->n > 1 && i < focus->n; i++)
		if (!eval_on(v, c->arg[1], &focus->v[i], (int64_t)i,
			     &projected))
			return false;
	if (c->n > 1)
		l = list_view(&projected);
	if (!v->env->trace)
		return true;
	for (size_t i = 0; i < l.n && v->steps > 0; i++)
		item_pay(v, &l.v[i]);
	if (!spend(v, 0, c->offset))
		return false;
	buf_printf(v->env->trace, "%s: ", some ? name : "");
	fp_write(&w, v->env, &l, true);
	buf_putc(v->env->trace, '\n');
	return true;
}

static bool fn_trace(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	push_all(v, out, focus);
	return trace(v, c, focus);
}

static const struct function fn_control[] = {
    {"iif", 2, 3, fn_iif},
    {"coalesce", 1, 64, fn_coalesce},
    {"aggregate", 1, 2, fn_aggregate},
    {"sort", 0, 64, fn_sort},
    {"defineVariable", 1, 2, fn_define_variable},
    {"trace", 1, 2, fn_trace},
    {NULL, 0, 0, NULL},
};

/* ---- all functions ----------------------------------------------- */

static const struct function *const tables[] = {
    fn_collection, fn_control, fn_type, fn_fhir,
    fn_string,	   fn_math,    fn_time, fn_convert,
};

const struct function *function_find(const char *name)
{
	for (size_t t = 0; t < LEN(tables); t++)
		for (const struct function *f = tables[t]; f->name; f++)
			if (strcmp(f->name, name) == 0)
				return f;
	return NULL;
}

truth_fn *truth_find(const char *name)
{
	for (const struct shortcut *s = fn_truth; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s->fn;
	return NULL;
}

const char *function_nearest(const char *name)
{
	struct nearest near = {.word = name};

	for (size_t t = 0; t < LEN(tables); t++)
		for (const struct function *f = tables[t]; f->name; f++)
			nearest_try(&near, f->name);
	return near.best;
}
