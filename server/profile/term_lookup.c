/* SPDX-License-Identifier: Apache-2.0
 *
 * term_lookup.c: is a code in a value set?
 *
 * A compiled value set is a list of parts: so many codes of one system, all
 * codes of a code system that is loaded, all codes of a grammar, or a part that
 * cannot be enumerated here (a system that is not loaded, a filter that cannot
 * be computed). The answer has three values: what is listed is in, a code of a
 * system that the set does not mention is not, and for the rest it cannot be
 * told. Codes are sorted by their letters without regard to case, so that one
 * array serves systems of both kinds; what is spelled exactly so is found
 * first. FHIR R4 4.9, 4.8 (CodeSystem.caseSensitive).
 */
#include "term_int.h"

#include <string.h>
#include <strings.h>

#define CLIMB_MAX 4096 /* steps from a concept to its ancestors */

int code_cmp(const char *x, const char *y)
{
	int d = strcasecmp(x, y);
	return d ? d : strcmp(x, y);
}

/* ---- finding ---------------------------------------------------------- */

/* Where the code is among n records of stride refs, each beginning with its
 * code; n: it is not. */
static size_t code_find(const struct profiles *p, const ref *v, size_t stride,
			size_t n, const char *code, bool nocase)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *s = text_at(p, v[mid * stride]);
		int d = nocase ? strcasecmp(s, code) : code_cmp(s, code);
		if (d == 0)
			return mid;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return n;
}

static size_t code_seek(const struct profiles *p, const ref *v, size_t stride,
			size_t n, const char *code, bool nocase)
{
	size_t i = code_find(p, v, stride, n, code, false);
	if (i == n && nocase)
		i = code_find(p, v, stride, n, code, true);
	return i;
}

const struct concept *concept_find(const struct profiles *p,
				   const struct code_system *cs,
				   const char *code)
{
	const struct concept *v = rec_at(p, cs->concepts);
	if (cs->n == 0)
		return NULL;
	size_t i = code_seek(p, &v->code, sizeof(*v) / sizeof(ref), cs->n, code,
			     cs->nocase);
	return i < cs->n ? &v[i] : NULL;
}

const struct fact *facts_of(const struct profiles *p, ref facts, uint32_t n,
			    uint32_t concept, uint32_t *count)
{
	const struct fact *v = n ? rec_at(p, facts) : NULL;
	uint32_t lo = 0, hi = n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (v[mid].concept < concept)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*count = 0; lo + *count < n && v[lo + *count].concept == concept;)
		++*count;
	return n ? v + lo : NULL;
}

/* ---- hierarchy -------------------------------------------------------- */

struct climb {
	const struct profiles *p;
	const struct code_system *cs;
	const struct concept *to;
	unsigned steps;
	unsigned depth;
};

/* Depth first; bounded, because parents may be many and run in a ring. */
static bool climbs(struct climb *w, const struct concept *c)
{
	const struct concept *v = rec_at(w->p, w->cs->concepts);
	bool found = c == w->to;
	uint32_t n;

	if (found || w->depth == 100 || w->steps++ > CLIMB_MAX)
		return found;
	w->depth++;
	if (c->parent)
		found = climbs(w, &v[c->parent - 1]);
	const struct fact *f =
	    facts_of(w->p, w->cs->properties, w->cs->n_properties,
		     (uint32_t)(c - v), &n);
	for (uint32_t i = 0; i < n && !found && w->steps <= CLIMB_MAX; i++) {
		w->steps++;
		if (!f[i].name ||
		    strcmp(text_at(w->p, f[i].name), "parent") != 0)
			continue;
		const struct concept *up =
		    concept_find(w->p, w->cs, text_at(w->p, f[i].value));
		found = up && climbs(w, up);
	}
	w->depth--;
	return found;
}

int code_subsumes(const struct profiles *p, const char *system, const char *a,
		  const char *b)
{
	ref r = system ? find_cs(p, system) : 0;
	if (!r)
		return -1;
	const struct code_system *cs = rec_at(p, r);
	const struct concept *x = concept_find(p, cs, a);
	const struct concept *y = concept_find(p, cs, b);
	if (!x || !y)
		return -1;
	return climbs(&(struct climb){p, cs, x, 0, 0}, y);
}

/* ---- membership ------------------------------------------------------- */

static bool codes_have(const struct profiles *p, const struct part *part,
		       const char *code)
{
	const ref *v = rec_at(p, part->codes);
	return code_seek(p, v, 1, part->n, code, part->nocase) < part->n;
}

static bool is_of_grammar(const struct profiles *p, const struct part *part,
			  const char *code)
{
	const char *unit = text_at(p, part->text);
	int order;
	if (unit)
		return fp_ucum_compare("1", code, "1", unit, &order);
	return grammar_has(part->grammar, code);
}

int part_has(const struct profiles *p, const struct part *part,
	     const char *code)
{
	switch ((enum part_kind)part->kind) {
	case PART_OPEN: return -1;
	case PART_MAYBE: return codes_have(p, part, code) ? -1 : 0;
	case PART_CODES: return codes_have(p, part, code);
	case PART_WHOLE:
		return concept_find(p, rec_at(p, part->cs), code) != NULL;
	case PART_GRAMMAR: return is_of_grammar(p, part, code);
	}
	return -1;
}

int value_set_has(const struct profiles *p, const struct value_set *vs,
		  const char *system, const char *code)
{
	const struct part *part = rec_at(p, vs->parts);
	int result = 0;

	for (uint32_t i = 0; i < vs->n; i++) {
		const char *s = text_at(p, part[i].system);
		if (s && system && strcmp(s, system) != 0)
			continue;
		int has = part_has(p, &part[i], code);
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

int profile_code_in(const struct profiles *p, const char *value_set,
		    const char *system, const char *code)
{
	ref r = find_vs(p, value_set);
	enum grammar g = r ? GRAMMAR_NONE : grammar_of_set(value_set);
	if (g)
		return grammar_has(g, code);
	return r ? value_set_has(p, rec_at(p, r), system, code) : -1;
}
