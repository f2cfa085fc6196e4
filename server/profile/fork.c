/* SPDX-License-Identifier: Apache-2.0
 *
 * fork.c: a set of definitions that grows apart from another one.
 *
 * What clients store while the server runs comes on top of what it started
 * with, and goes again with a reset; a definition that is judged is compiled to
 * see whether it can be. For both a set is made that reads what the other one
 * has and writes into memory of its own: refs are offsets, so the fork takes
 * over the pointers to its base's chunks and begins a chunk of its own behind
 * them. Nothing below `frozen` is ever written: what a definition changes it
 * copies, and records that it replaces (load.c) stay what they are below.
 *
 * Compiled invariants are shared as well: those of the base are compiled into
 * the base's memory when somebody needs them (invariant.c), so that they are
 * there for the next fork. That is the only thing a fork ever leaves behind.
 */
#include "term_int.h"

#include <string.h>

struct profiles *profile_fork(const struct profiles *base, struct arena *a)
{
	struct profiles *p = arena_alloc(a, sizeof(*p));

	*p = *base;
	p->base = base;
	p->arena = a;
	/* no room in what is shared: the first addition makes a copy */
	p->chunk_cap = p->chunks;
	p->cap_expr = p->n_expr;
	p->top = p->end;
	p->frozen = p->image_bytes + p->end;
	p->added = NULL;
	p->tail = &p->added;
	p->n_added = 0;
	p->rank = 0;
	return p;
}

bool profile_knows(const struct profiles *p, const char *type, const char *url)
{
	if (strcmp(type, "StructureDefinition") == 0)
		return find_sd(p, url) != 0;
	if (strcmp(type, "ValueSet") == 0)
		return find_vs(p, url) != 0 ||
		       grammar_of_set(url) != GRAMMAR_NONE;
	if (strcmp(type, "CodeSystem") == 0)
		return find_cs(p, url) != 0 ||
		       grammar_of_system(url) != GRAMMAR_NONE;
	return false;
}
