/* SPDX-License-Identifier: Apache-2.0
 *
 * reference_conform.c: does the resource that a reference led to fit the
 * profile that is wanted of it?
 *
 * References may lead around in circles, and many may lead to one resource: so
 * each pair of resource and profile is tried once, and what was found is kept
 * for the rest of the check. A pair that is being tried when it is asked for
 * again is taken to fit: nothing has spoken against it yet. So the cost is
 * bounded by resources times profiles, and there is no way to go round.
 *
 * Why a resource does not fit is worked out for those alone that are reported:
 * then the same pass runs once more with a list of its own.
 */
#include "reference_int.h"

#include <string.h>

struct tried {
	const struct json *resource;
	ref sd;
	bool fits;
};
struct memo {
	struct arena *a; /* a trial's may end before */
	struct tried *v; /* open addressing; resource NULL: free */
	size_t n, cap;
};

static size_t place_of(const struct memo *m, const struct json *resource,
		       ref sd)
{
	uint64_t h = (uint64_t)(uintptr_t)resource * 0x9e3779b97f4a7c15ULL;
	size_t i =
	    (size_t)((h ^ (uint64_t)sd * 0x85ebca6bU) >> 20) & (m->cap - 1);
	while (m->v[i].resource &&
	       (m->v[i].resource != resource || m->v[i].sd != sd))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void grow(struct memo *m)
{
	struct memo old = *m;
	m->cap = old.cap ? old.cap * 2 : 64;
	m->v = arena_alloc(m->a, m->cap * sizeof(*m->v));
	for (size_t i = 0; i < old.cap; i++) {
		const struct tried *t = &old.v[i];
		if (t->resource)
			m->v[place_of(m, t->resource, t->sd)] = *t;
	}
}

/* The place of a pair; *known: it is there already. */
static size_t remember(struct memo *m, const struct json *resource, ref sd,
		       bool *known)
{
	if ((m->n + 1) * 2 > m->cap)
		grow(m);
	size_t i = place_of(m, resource, sd);
	*known = m->v[i].resource != NULL;
	if (!*known) {
		m->v[i] = (struct tried){resource, sd, true};
		m->n++;
	}
	return i;
}

/* The profile on the target, in the target's own surroundings. */
static void check_target(struct check *c, ref sd, const struct reached *t)
{
	const struct at top = {NULL, text_at(c->p, c->p->types[t->type].name),
			       -1};

	if (t->entry)
		scope_enter_entry(c, t->resource, t->entry, &top);
	c->resource = t->resource;
	c->place = &top;
	check_definition(c, sd, t->resource, &top);
}

static const char *first_error(struct check *c, ref sd, const struct reached *t)
{
	struct issues own = {.n = 0};
	struct check trial = *c;

	trial.out = &own;
	trial.keys = NULL;
	check_target(&trial, sd, t);
	for (size_t i = 0; i < own.n; i++) {
		const struct issue *e = &own.v[i];
		if (e->severity <= ISSUE_ERROR)
			return arena_printf(c->a, "%s: %s", e->path, e->text);
	}
	return NULL;
}

bool conforms(struct check *c, ref sd, const struct reached *t,
	      const char **why)
{
	bool known;
	if (!c->memo) {
		c->memo = arena_alloc(c->a, sizeof(*c->memo));
		c->memo->a = c->a;
	}
	size_t i = remember(c->memo, t->resource, sd, &known);
	bool fits = c->memo->v[i].fits;

	if (!known) {
		struct check trial = *c;
		trial.dry = true;
		trial.stop = false;
		check_target(&trial, sd, t);
		fits = !trial.stop;
		/* it may have grown */
		c->memo->v[place_of(c->memo, t->resource, sd)].fits = fits;
	}
	if (!fits && why && !c->dry && !c->stop)
		*why = first_error(c, sd, t);
	return fits;
}
