/* SPDX-License-Identifier: Apache-2.0
 *
 * terminology.c: is a code in a value set?
 *
 * A compiled value set is a list of parts: so many codes of one system, all
 * codes of a code system that is loaded, or a part that cannot be enumerated
 * here (a system that is not loaded, a filter on properties). The answer has
 * three values: what is listed is in, a code of a system that the set does not
 * mention is not, and for the rest it cannot be told. Codes are sorted by their
 * letters without regard to case, so that one array serves systems of both
 * kinds. FHIR R4 4.9, 4.8 (CodeSystem.caseSensitive).
 */
#include "profile_int.h"

#include <string.h>
#include <strings.h>

int code_cmp(const char *x, const char *y)
{
	int d = strcasecmp(x, y);
	return d ? d : strcmp(x, y);
}

static bool codes_have(const struct profiles *p, const struct part *part,
		       const char *code)
{
	const ref *v = rec_at(p, part->codes);
	size_t lo = 0, hi = part->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *s = text_at(p, v[mid]);
		int d = part->nocase ? strcasecmp(s, code) : code_cmp(s, code);
		if (d == 0)
			return true;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

const struct concept *concept_find(const struct profiles *p,
				   const struct code_system *cs,
				   const char *code)
{
	const struct concept *v = rec_at(p, cs->concepts);
	size_t lo = 0, hi = cs->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *s = text_at(p, v[mid].code);
		int d = cs->nocase ? strcasecmp(s, code) : code_cmp(s, code);
		if (d == 0)
			return &v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

int part_has(const struct profiles *p, const struct part *part,
	     const char *code)
{
	if (part->kind == PART_OPEN)
		return -1;
	if (part->kind == PART_CODES)
		return codes_have(p, part, code);
	return concept_find(p, rec_at(p, part->cs), code) != NULL;
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
	return r ? value_set_has(p, rec_at(p, r), system, code) : -1;
}
