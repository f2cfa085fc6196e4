/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant: resources with exactly one broken rule.
 *
 * The catalogue of mutations is made from the plans that were asked for, their
 * examples and their own lists of mutants, and each is judged before it counts:
 * a mutant that breaks no rule, or more than one, is none. Until that is there
 * nothing breaks any rule, and asking for a mutant is refused.
 */
#include "generate/generate_int.h"

struct mutants *mutants_open(struct generator *g, struct err *e)
{
	(void)err_set(e, ERR_INVALID, "invalid", "invalid",
		      "no mutant breaks the rule \"%.80s\"", g->o->invalid);
	return NULL;
}

size_t mutants_count(const struct mutants *m)
{
	(void)m;
	return 0;
}

bool mutants_next(struct mutants *m, struct generated *out)
{
	(void)m;
	(void)out;
	return false;
}
