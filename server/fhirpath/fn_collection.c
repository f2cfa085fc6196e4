/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_collection: functions of collections: filtering, picking, combining.
 *
 * Functions with a criterion or projection evaluate it for each item, in a
 * frame where $this is the item and $index its place. Those that must not have
 * anything twice use a set. exists(), empty(), not(), all() and hasValue() are
 * shortcuts of fn_truth.c; their rows here serve where a collection is wanted.
 *
 * repeat() ends because what it has found already it does not follow again;
 * repeatAll() has no such end, and the steps of the evaluation bound it.
 *
 * FHIRPath N1 5.1 (existence), 5.2 (filtering), 5.3 (subsetting), 5.4
 * (combining), 5.8 (navigation).
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

/* ---- existence --------------------------------------------------- */

/* A function of fn_truth.c, in a place where a collection is wanted: the focus
 * is evaluated already, so it becomes the frame of a call without left side. */
static bool fn_exists(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out)
{
	enum truth t = focus->n > 0 ? TRUTH_TRUE : TRUTH_FALSE;

	if (c->n > 0) {
		t = TRUTH_FALSE;
		for (size_t i = 0; i < focus->n && t != TRUTH_TRUE; i++) {
			t = truth_on(v, c->arg[0], &focus->v[i], (int64_t)i);
			if (t == TRUTH_ERROR)
				return false;
		}
		t = t == TRUTH_TRUE ? t : TRUTH_FALSE;
	}
	push_truth(v, out, t);
	return true;
}

static bool fn_empty(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	(void)c;
	push_boolean(v, out, focus->n == 0);
	return true;
}

static bool fn_not(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	const enum truth t = truth_of(v, focus, c->offset);

	if (t >= TRUTH_FALSE)
		push_boolean(v, out, t == TRUTH_FALSE);
	return t != TRUTH_ERROR;
}

static bool fn_all(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out)
{
	enum truth t = TRUTH_TRUE;

	for (size_t i = 0; i < focus->n && t == TRUTH_TRUE; i++)
		t = truth_on(v, c->arg[0], &focus->v[i], (int64_t)i);
	if (t == TRUTH_ERROR)
		return false;
	push_boolean(v, out, t == TRUTH_TRUE);
	return true;
}

/* allTrue and its like: does each (any) of the items have the truth? */
static bool quantify(struct eval *v, const struct call *c,
		     const struct fp_list *focus, bool all, bool wanted,
		     struct list *out)
{
	bool result = all;

	for (size_t i = 0; i < focus->n; i++) {
		const struct fp_item x = system_value(v, &focus->v[i]);

		if (x.kind != FP_BOOLEAN)
			return fail(v, c, "%s(): booleans are wanted, not %s",
				    c->name, item_kind_name(x.kind));
		if ((x.u.boolean == wanted) != all)
			result = !all;
	}
	push_boolean(v, out, result);
	return true;
}

static bool fn_all_true(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return quantify(v, c, focus, true, true, out);
}

static bool fn_any_true(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return quantify(v, c, focus, false, true, out);
}

static bool fn_all_false(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	return quantify(v, c, focus, true, false, out);
}

static bool fn_any_false(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	return quantify(v, c, focus, false, false, out);
}

static bool fn_count(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	(void)c;
	push_integer(v, out, (int64_t)focus->n);
	return true;
}

/* ---- filtering --------------------------------------------------- */

static bool fn_where(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	for (size_t i = 0; i < focus->n; i++) {
		const enum truth t =
		    truth_on(v, c->arg[0], &focus->v[i], (int64_t)i);

		if (t == TRUTH_ERROR)
			return false;
		if (t == TRUTH_TRUE)
			push(v, out, focus->v[i]);
	}
	return true;
}

static bool fn_select(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out)
{
	for (size_t i = 0; i < focus->n; i++)
		if (!eval_on(v, c->arg[0], &focus->v[i], (int64_t)i, out))
			return false;
	return true;
}

/* The projection of each item, then of what that gave, and so on. */
static bool repeat(struct eval *v, const struct call *c,
		   const struct fp_list *focus, bool once, struct list *out)
{
	struct list found = {0};
	struct set s = {.items = &found};
	size_t next = 0;

	for (size_t i = 0; i < focus->n || next < found.n; i++) {
		const struct fp_item self =
		    i < focus->n ? focus->v[i] : found.v[next++];
		LIST(more);

		if (!eval_on(v, c->arg[0], &self, (int64_t)i, &more))
			return false;
		for (size_t j = 0; j < more.n; j++) {
			if (once)
				(void)set_add(v, &s, &more.v[j]);
			else
				push(v, &found, more.v[j]);
		}
	}
	if (out->n == 0 && found.n > out->cap) {
		*out = found;
		return true;
	}
	for (size_t i = 0; i < found.n; i++)
		push(v, out, found.v[i]);
	return true;
}

static bool fn_repeat(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out)
{
	return repeat(v, c, focus, true, out);
}

static bool fn_repeat_all(struct eval *v, const struct call *c,
			  const struct fp_list *focus, struct list *out)
{
	return repeat(v, c, focus, false, out);
}

/* ---- subsets ----------------------------------------------------- */

static void push_from(struct eval *v, const struct fp_list *focus, size_t from,
		      size_t to, struct list *out)
{
	if (to > focus->n)
		to = focus->n;
	if (from < to)
		push_all(v, out, &(struct fp_list){focus->v + from, to - from});
}

static bool fn_single(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out)
{
	if (focus->n > 1)
		return fail(v, c, "single(): there are %zu items", focus->n);
	push_from(v, focus, 0, 1, out);
	return true;
}

static bool fn_first(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	(void)c;
	push_from(v, focus, 0, 1, out);
	return true;
}

static bool fn_last(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	(void)c;
	if (focus->n > 0)
		push(v, out, focus->v[focus->n - 1]);
	return true;
}

static bool fn_tail(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	(void)c;
	push_from(v, focus, 1, focus->n, out);
	return true;
}

static bool count_argument(struct eval *v, const struct call *c, size_t *n,
			   bool *some)
{
	int64_t i = 0;

	if (!arg_integer(v, c, 0, &i, some))
		return false;
	*n = i < 0 ? 0 : (size_t)i;
	return true;
}

static bool fn_skip(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	size_t n = 0;
	bool some;

	if (!count_argument(v, c, &n, &some))
		return false;
	if (some)
		push_from(v, focus, n, focus->n, out);
	return true;
}

static bool fn_take(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	size_t n = 0;
	bool some;

	if (!count_argument(v, c, &n, &some))
		return false;
	if (some)
		push_from(v, focus, 0, n, out);
	return true;
}

/* ---- combining --------------------------------------------------- */

/* A set of the items; list is its store. */
static struct set make_set(struct eval *v, const struct fp_list *from,
			   struct list *store)
{
	struct set s = {.items = store};

	for (size_t i = 0; i < from->n; i++)
		(void)set_add(v, &s, &from->v[i]);
	return s;
}

static bool push_set(struct eval *v, const struct call *c,
		     const struct fp_list *x, const struct fp_list *y,
		     struct list *out)
{
	struct set s = {.items = out, .first = out->n};

	for (size_t i = 0; i < x->n; i++)
		(void)set_add(v, &s, &x->v[i]);
	for (size_t i = 0; y && i < y->n; i++)
		(void)set_add(v, &s, &y->v[i]);
	return spend(v, 0, c->offset);
}

static bool fn_distinct(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return push_set(v, c, focus, NULL, out);
}

static bool fn_is_distinct(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	LIST(store);
	struct set s = {.items = &store};
	size_t i = 0;

	while (i < focus->n && set_add(v, &s, &focus->v[i]))
		i++;
	push_boolean(v, out, i == focus->n);
	return spend(v, 0, c->offset);
}

static bool fn_union(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	struct fp_list other;

	return arg_list(v, c, 0, &other) && push_set(v, c, focus, &other, out);
}

static bool fn_combine(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	struct fp_list other;

	if (!arg_list(v, c, 0, &other))
		return false;
	push_all(v, out, focus);
	push_all(v, out, &other);
	return true;
}

static bool fn_intersect(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	struct set result = {.items = out, .first = out->n};
	struct fp_list other;
	LIST(store);
	struct set s;

	if (!arg_list(v, c, 0, &other))
		return false;
	s = make_set(v, &other, &store);
	for (size_t i = 0; i < focus->n; i++)
		if (set_has(v, &s, &focus->v[i]))
			(void)set_add(v, &result, &focus->v[i]);
	return spend(v, 0, c->offset);
}

static bool fn_exclude(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	struct fp_list other;
	LIST(store);
	struct set s;

	if (!arg_list(v, c, 0, &other))
		return false;
	s = make_set(v, &other, &store);
	for (size_t i = 0; i < focus->n; i++)
		if (!set_has(v, &s, &focus->v[i]))
			push(v, out, focus->v[i]);
	return spend(v, 0, c->offset);
}

static bool contained(struct eval *v, const struct call *c,
		      const struct fp_list *x, const struct fp_list *y,
		      struct list *out)
{
	LIST(store);
	struct set s = make_set(v, y, &store);
	size_t i = 0;

	while (i < x->n && set_has(v, &s, &x->v[i]))
		i++;
	push_boolean(v, out, i == x->n);
	return spend(v, 0, c->offset);
}

static bool fn_subset_of(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	struct fp_list other;

	return arg_list(v, c, 0, &other) && contained(v, c, focus, &other, out);
}

static bool fn_superset_of(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	struct fp_list other;

	return arg_list(v, c, 0, &other) && contained(v, c, &other, focus, out);
}

/* ---- trees ------------------------------------------------------- */

static bool fn_children(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	(void)c;
	for (size_t i = 0; i < focus->n; i++)
		push_children(v, &focus->v[i], out);
	return true;
}

static bool fn_descendants(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	for (size_t i = 0; i < focus->n; i++)
		if (!push_descendants(v, &focus->v[i], c->offset, out))
			return false;
	return true;
}

const struct function fn_collection[] = {
    {"exists", 0, 1, fn_exists},
    {"empty", 0, 0, fn_empty},
    {"not", 0, 0, fn_not},
    {"all", 1, 1, fn_all},
    {"allTrue", 0, 0, fn_all_true},
    {"anyTrue", 0, 0, fn_any_true},
    {"allFalse", 0, 0, fn_all_false},
    {"anyFalse", 0, 0, fn_any_false},
    {"count", 0, 0, fn_count},
    {"where", 1, 1, fn_where},
    {"select", 1, 1, fn_select},
    {"repeat", 1, 1, fn_repeat},
    {"repeatAll", 1, 1, fn_repeat_all},
    {"single", 0, 0, fn_single},
    {"first", 0, 0, fn_first},
    {"last", 0, 0, fn_last},
    {"tail", 0, 0, fn_tail},
    {"skip", 1, 1, fn_skip},
    {"take", 1, 1, fn_take},
    {"distinct", 0, 0, fn_distinct},
    {"isDistinct", 0, 0, fn_is_distinct},
    {"union", 1, 1, fn_union},
    {"combine", 1, 1, fn_combine},
    {"intersect", 1, 1, fn_intersect},
    {"exclude", 1, 1, fn_exclude},
    {"subsetOf", 1, 1, fn_subset_of},
    {"supersetOf", 1, 1, fn_superset_of},
    {"children", 0, 0, fn_children},
    {"descendants", 0, 0, fn_descendants},
    {NULL, 0, 0, NULL},
};
