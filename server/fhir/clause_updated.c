/* SPDX-License-Identifier: Apache-2.0
 *
 * clause_updated: _lastUpdated, when the current version was stored.
 *
 * That is an instant, and the store compares it with one bound at a time. So
 * what a list of dates allows is first made a set of spans, sorted and without
 * overlaps; and such a set is said by its bounds:
 *
 *	x >= the first start
 *	x < an end or x >= the next start	for each gap
 *	x < the last end
 *
 * each of which is a clause. Spans are half-open; an open side has no clause.
 *
 * FHIR R4 3.1.1.4.4, 3.1.1.4.7; facts: fhir-rest.md 4.2.
 */
#include "fhir/search_int.h"

#include <stdlib.h>

struct span {
	int64_t lo, hi; /* INT64_MIN, INT64_MAX: open */
};

/* What one date allows; two at most. */
static size_t spans_of(const struct store_value *d, struct span *out)
{
	const struct span all = {INT64_MIN, INT64_MAX};

	out[0] = all;
	out[1] = all;
	switch (d->op) {
	case OP_DATE_GE:
	case OP_DATE_HAPI_GE: out[0].lo = d->lo_ms; return 1;
	case OP_DATE_GT:
	case OP_DATE_HAPI_GT:
	case OP_DATE_SA: out[0].lo = d->hi_ms; return 1;
	case OP_DATE_LT:
	case OP_DATE_HAPI_EB:
	case OP_DATE_EB: out[0].hi = d->lo_ms; return 1;
	case OP_DATE_LE: out[0].hi = d->hi_ms; return 1;
	case OP_DATE_NE:
	case OP_DATE_HAPI_NE:
	case OP_DATE_NE_CONTAIN:
		out[0].hi = d->lo_ms;
		out[1].lo = d->hi_ms;
		return 2;
	default: out[0] = (struct span){d->lo_ms, d->hi_ms}; return 1;
	}
}

static int by_start(const void *x, const void *y)
{
	const struct span *a = x, *b = y;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* Sorts them and joins those that meet; how many are left. */
static size_t join(struct span *v, size_t n)
{
	size_t k = 0;

	qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 1; i < n; i++) {
		if (v[i].lo > v[k].hi)
			v[++k] = v[i];
		else if (v[i].hi > v[k].hi)
			v[k].hi = v[i].hi;
	}
	return n > 0 ? k + 1 : 0;
}

/* x < hi or x >= lo; a side that is open says nothing. */
static bool add_bounds(struct reading *g, struct clauses *c, int64_t hi,
		       int64_t lo)
{
	struct store_value *v = arena_alloc(g->arena, 2 * sizeof(*v));
	struct store_clause *clause;
	size_t n = 0;

	if (hi < INT64_MAX)
		v[n++] = (struct store_value){.op = OP_UPDATED_LT, .hi_ms = hi};
	if (lo > INT64_MIN)
		v[n++] = (struct store_value){.op = OP_UPDATED_GE, .lo_ms = lo};
	if (n == 0)
		return true;
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	clause->param = "_lastUpdated";
	clause->value = v;
	clause->n = n;
	return true;
}

bool fhir_add_updated(struct reading *g, struct clauses *c,
		      const struct named *q)
{
	struct store_value *date;
	struct span *v;
	size_t dates, n = 0;

	if (text_is(q->modifier, "missing"))
		return fhir_missing_always(g, c, q);
	if (q->modifier)
		return fhir_bad_modifier(g, q);
	if (!fhir_read_list(g, q->value, fhir_value_date, &date, &dates))
		return false;
	v = arena_alloc(g->arena, (2 * dates + 1) * sizeof(*v));
	for (size_t i = 0; i < dates; i++)
		n += spans_of(&date[i], v + n);
	n = join(v, n);
	if (n == 0)
		return true;
	if (!add_bounds(g, c, INT64_MAX, v[0].lo))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!add_bounds(g, c, v[i - 1].hi, v[i].lo))
			return false;
	return add_bounds(g, c, v[n - 1].hi, INT64_MIN);
}
