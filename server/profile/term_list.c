/* SPDX-License-Identifier: Apache-2.0
 *
 * term_list.c: the codes of a value set, and those above or below a code, one
 * by one.
 *
 * Checking asks whether a code is in a set and never needs the list; a search
 * (:in, :not-in, :above, :below) does, because it looks for rows that have one
 * of them. So there is a limit, PROFILE_CODES codes, and what cannot be
 * enumerated (a part whose system is not loaded, a grammar, a filter that
 * cannot be computed) is refused with its reason instead of being left out: a
 * search that finds too little would not be noticed.
 *
 * A code is below itself. FHIR R4 3.1.1.5.5, 4.9, 4.8.
 */
#include "term_int.h"

#include <string.h>

struct list_of {
	const struct profiles *p;
	const char *what; /* for refusals: the value set, or the code */
	struct profile_code *v;
	size_t n;
	struct err *e;
};

static bool over_limit(const struct list_of *l)
{
	return err_set(l->e, ERR_INVALID, NULL, NULL,
		       "%.200s has more than %d codes: that is too many to "
		       "search for",
		       l->what, PROFILE_CODES);
}

static bool take(struct list_of *l, const char *system, const char *code)
{
	if (l->n == PROFILE_CODES)
		return over_limit(l);
	l->v[l->n++] = (struct profile_code){system, code};
	return true;
}

/* ---- value sets -------------------------------------------------------- */

static bool refuse_part(const struct list_of *l, const struct part *part)
{
	const char *system = text_at(l->p, part->system);
	const char *why = "it is not loaded";

	if (part->kind == PART_GRAMMAR)
		why = "its codes are told by a grammar";
	else if (part->text)
		why = text_at(l->p, part->text);
	return err_set(l->e, ERR_INVALID, NULL, NULL,
		       "%.200s cannot be enumerated: %.200s: %.200s", l->what,
		       system ? system : "a part of it", why);
}

static bool take_whole(struct list_of *l, const struct part *part)
{
	const struct code_system *cs = rec_at(l->p, part->cs);
	const struct concept *c = cs->n ? rec_at(l->p, cs->concepts) : NULL;

	for (uint32_t i = 0; i < cs->n; i++)
		if (!take(l, text_at(l->p, cs->url), text_at(l->p, c[i].code)))
			return false;
	return true;
}

static bool take_codes(struct list_of *l, const struct part *part)
{
	const ref *code = part->n ? rec_at(l->p, part->codes) : NULL;

	for (uint32_t i = 0; i < part->n; i++)
		if (!take(l, text_at(l->p, part->system),
			  text_at(l->p, code[i])))
			return false;
	return true;
}

static bool take_part(struct list_of *l, const struct part *part)
{
	switch ((enum part_kind)part->kind) {
	case PART_CODES: return take_codes(l, part);
	case PART_WHOLE: return take_whole(l, part);
	default: return refuse_part(l, part);
	}
}

bool profile_value_set_codes(const struct profiles *p, struct arena *a,
			     const char *value_set, struct profile_code **out,
			     size_t *n, struct err *e)
{
	struct list_of l = {.p = p, .what = value_set, .e = e};
	const ref r = find_vs(p, value_set);
	const struct value_set *vs;
	const struct part *part;

	if (!r)
		return err_set(e, ERR_INVALID, NULL, NULL,
			       "There is no value set %.200s here", value_set);
	vs = rec_at(p, r);
	part = vs->n ? rec_at(p, vs->parts) : NULL;
	l.v = arena_alloc(a, PROFILE_CODES * sizeof(*l.v));
	for (uint32_t i = 0; i < vs->n; i++)
		if (!take_part(&l, &part[i]))
			return false;
	*out = l.v;
	*n = l.n;
	return true;
}

/* ---- hierarchies ------------------------------------------------------- */

bool profile_code_tree(const struct profiles *p, struct arena *a,
		       const char *system, const char *code, bool above,
		       struct profile_code **out, size_t *n, struct err *e)
{
	struct list_of l = {.p = p, .what = code, .e = e};
	const ref r = find_cs(p, system);
	const struct code_system *cs = r ? rec_at(p, r) : NULL;
	const struct concept *c;

	if (!cs || cs->content != CONTENT_COMPLETE)
		return err_set(e, ERR_INVALID, NULL, NULL,
			       "The code system %.200s is not loaded in full, "
			       "so what is above or below its codes cannot be "
			       "told",
			       system);
	if (!concept_find(p, cs, code))
		return err_set(e, ERR_INVALID, NULL, NULL,
			       "The code system %.200s has no code \"%.100s\"",
			       system, code);
	l.v = arena_alloc(a, PROFILE_CODES * sizeof(*l.v));
	c = rec_at(p, cs->concepts);
	for (uint32_t i = 0; i < cs->n; i++) {
		const char *other = text_at(p, c[i].code);
		const int is = above ? code_subsumes(p, system, other, code)
				     : code_subsumes(p, system, code, other);

		if (is == 1 && !take(&l, text_at(p, cs->url), other))
			return false;
	}
	*out = l.v;
	*n = l.n;
	return true;
}
