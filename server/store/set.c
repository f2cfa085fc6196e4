/* SPDX-License-Identifier: Apache-2.0
 *
 * set: serial numbers in ascending order, each once. Index tables give their
 * rows by value, so a set is collected as it comes and sorted when it is whole;
 * the rows of one value already come in order, which the sort notices. Merging
 * runs that are already there keeps it linear in that case.
 *
 * The memory is the arena's.
 */
#include "store/store_int.h"

#include <string.h>

void store_set_add(struct set *set, struct arena *a, int64_t serial)
{
	if (set->n == set->cap) {
		set->cap = set->cap == 0 ? 64 : 2 * set->cap;
		int64_t *v = arena_alloc(a, set->cap * sizeof *v);
		if (set->n > 0)
			memcpy(v, set->v, set->n * sizeof *v);
		set->v = v;
	}
	set->v[set->n++] = serial;
}

/* Where the ascending run that begins at i ends. */
static size_t run_end(const int64_t *v, size_t i, size_t n)
{
	while (i + 1 < n && v[i] <= v[i + 1])
		i++;
	return i + 1;
}

static void merge(const int64_t *v, size_t i, size_t middle, size_t end,
		  int64_t *out)
{
	size_t j = middle, k = i;
	for (size_t a = i; k < end; k++)
		out[k] =
		    a < middle && (j >= end || v[a] <= v[j]) ? v[a++] : v[j++];
}

/* Merges runs two by two; how many there were. */
static size_t pass(const int64_t *v, size_t n, int64_t *out)
{
	size_t runs = 0;
	for (size_t i = 0; i < n; runs++) {
		size_t middle = run_end(v, i, n);
		size_t end = middle < n ? run_end(v, middle, n) : n;
		merge(v, i, middle, end, out);
		runs += middle < n;
		i = end;
	}
	return runs;
}

static void drop_twins(struct set *set)
{
	size_t n = 0;
	for (size_t i = 0; i < set->n; i++) {
		if (n == 0 || set->v[n - 1] != set->v[i])
			set->v[n++] = set->v[i];
	}
	set->n = n;
}

void store_set_close(struct set *set, struct arena *a)
{
	if (run_end(set->v, 0, set->n) < set->n) {
		int64_t *other = arena_alloc(a, set->cap * sizeof *other);
		while (pass(set->v, set->n, other) > 2) {
			int64_t *v = set->v;
			set->v = other;
			other = v;
		}
		set->v = other;
	}
	drop_twins(set);
}

bool store_set_has(const struct set *set, int64_t serial)
{
	size_t lo = 0, hi = set->n;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (set->v[middle] < serial)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < set->n && set->v[lo] == serial;
}

void store_set_meet(struct set *set, const struct set *other)
{
	size_t n = 0;
	for (size_t i = 0, j = 0; i < set->n && j < other->n;) {
		if (set->v[i] == other->v[j])
			set->v[n++] = set->v[i];
		if (set->v[i] <= other->v[j])
			i++;
		else
			j++;
	}
	set->n = n;
}
