/* SPDX-License-Identifier: Apache-2.0
 *
 * search.c: the SearchParameters of the definitions, read.
 *
 * They are sorted by the type that they are for and by code, a record for each
 * type (compile_search.c). A resource has those of its own type and, behind
 * them, those of its ancestors; so a search by name finds the most special one.
 * Parameters that users define are not among them: what is indexed must not
 * depend on what was loaded when a resource was stored.
 */
#include "form_int.h"

/* A run of the sorted records. */
struct run {
	const struct search_param *v;
	size_t n;
};

/* The first record that is for the type or a later one, or for one behind it.
 */
static size_t bound(const struct profiles *p, const char *base, bool behind)
{
	size_t lo = 0, hi = p->n_search;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = strcmp(text_at(p, p->search[mid].base), base);
		if (d < 0 || (behind && d == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct run run_of(const struct profiles *p, const char *base)
{
	size_t from = bound(p, base, false);
	return (struct run){p->search + from, bound(p, base, true) - from};
}

static bool fill(const struct profiles *p, const struct search_param *s,
		 struct search_info *out)
{
	*out = (struct search_info){
	    .code = text_at(p, s->code),
	    .type = text_at(p, s->type),
	    .expression = text_at(p, s->expression),
	    .targets = text_at(p, s->targets),
	};
	return true;
}

bool profile_search_param(const struct profiles *p, const char *type, size_t i,
			  struct search_info *out)
{
	static const char *const ancestors[] = {"DomainResource", "Resource"};
	struct run run = run_of(p, type);
	unsigned t;

	if (i < run.n)
		return fill(p, &run.v[i], out);
	i -= run.n;
	t = find_type(p, type, strlen(type));
	for (size_t b = 0; b < LEN(ancestors) && t != NO_TYPE; b++) {
		unsigned base =
		    find_type(p, ancestors[b], strlen(ancestors[b]));
		if (base == NO_TYPE || base == t || !type_is_a(p, t, base))
			continue;
		run = run_of(p, ancestors[b]);
		if (i < run.n)
			return fill(p, &run.v[i], out);
		i -= run.n;
	}
	return false;
}

bool profile_search_find(const struct profiles *p, const char *type,
			 const char *code, struct search_info *out)
{
	for (size_t i = 0; profile_search_param(p, type, i, out); i++) {
		if (strcmp(out->code, code) == 0)
			return true;
	}
	return false;
}
