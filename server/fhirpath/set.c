/* SPDX-License-Identifier: Apache-2.0
 *
 * set: collections in which nothing stands twice.
 *
 * Few items are compared with one another; when there are more than SMALL, a
 * hash table finds those that can be equal, so that the distinct of a Bundle's
 * thousand entries is not a million comparisons. The items stand in a list, in
 * the order in which they came; each comparison is a step of the evaluation.
 *
 * FHIRPath N1 5.3 (subsets), 6.3 (union).
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

#define SMALL 12

static void pay(struct eval *v)
{
	if (v->steps > 0)
		v->steps--;
}

static void insert(struct set *s, uint32_t hash, uint32_t index)
{
	size_t at = hash & (s->buckets - 1);

	while (s->bucket[at])
		at = (at + 1) & (s->buckets - 1);
	s->bucket[at] = index + 1;
	s->hash[index] = hash;
}

/* Makes the table, or a larger one. */
static void grow(struct eval *v, struct set *s)
{
	const size_t n = s->items->n - s->first;
	const uint32_t *old = s->hash;
	const bool first = s->bucket == NULL;

	s->buckets = first ? 64 : s->buckets * 2;
	s->bucket = arena_alloc(v->arena, s->buckets * sizeof(uint32_t));
	s->hash = arena_alloc(v->arena, s->buckets * sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		insert(s,
		       first ? item_hash(v, &s->items->v[s->first + i])
			     : old[i],
		       i);
}

static bool equal_at(struct eval *v, const struct set *s, size_t i,
		     const struct fp_item *x)
{
	pay(v);
	return item_equal(v, &s->items->v[s->first + i], x) == 1;
}

static bool hashed_has(struct eval *v, const struct set *s, uint32_t hash,
		       const struct fp_item *x)
{
	size_t at = hash & (s->buckets - 1);

	for (; s->bucket[at]; at = (at + 1) & (s->buckets - 1)) {
		const size_t i = s->bucket[at] - 1;

		if (s->hash[i] == hash && equal_at(v, s, i, x))
			return true;
		if (v->steps == 0)
			return true; /* over: the evaluation ends with it */
	}
	return false;
}

bool set_has(struct eval *v, const struct set *s, const struct fp_item *x)
{
	const size_t n = s->items->n - s->first;

	if (s->bucket)
		return hashed_has(v, s, item_hash(v, x), x);
	for (size_t i = 0; i < n; i++)
		if (equal_at(v, s, i, x))
			return true;
	return false;
}

bool set_add(struct eval *v, struct set *s, const struct fp_item *x)
{
	const size_t n = s->items->n - s->first;
	uint32_t hash;

	if (!s->bucket && n < SMALL) {
		if (set_has(v, s, x))
			return false;
		push(v, s->items, *x);
		return true;
	}
	if (!s->bucket || (n + 1) * 2 > s->buckets)
		grow(v, s);
	hash = item_hash(v, x);
	if (hashed_has(v, s, hash, x))
		return false;
	push(v, s->items, *x);
	if (s->items->n - s->first > n)
		insert(s, hash, (uint32_t)n);
	return true;
}

bool op_union(struct eval *v, const struct node *n, struct list *out)
{
	LIST(x);
	LIST(y);
	struct set s = {.items = out, .first = out->n};

	if (!eval_operand(v, n->left, &x) || !eval_operand(v, n->right, &y))
		return false;
	for (size_t i = 0; i < x.n; i++)
		(void)set_add(v, &s, &x.v[i]);
	for (size_t i = 0; i < y.n; i++)
		(void)set_add(v, &s, &y.v[i]);
	return spend(v, 0, n->offset);
}
