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

/* The first record that is not before base and code; code NULL: behind all of
 * the base. */
static size_t bound(const struct profiles *p, const char *base,
		    const char *code)
{
	size_t lo = 0, hi = p->n_search;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = strcmp(text_at(p, p->search[mid].base), base);
		if (d == 0 && code)
			d = strcmp(text_at(p, p->search[mid].code), code);
		if (d < 0 || (d == 0 && !code))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct run run_of(const struct profiles *p, const char *base)
{
	size_t from = bound(p, base, "");
	return (struct run){p->search + from, bound(p, base, NULL) - from};
}

/* The bases that a type has parameters of, its own first; how many. */
static size_t bases_of(const struct profiles *p, const char *type,
		       const char *out[3])
{
	static const char *const ancestors[] = {"DomainResource", "Resource"};
	unsigned t = find_type(p, type, strlen(type));
	size_t n = 0;

	if (t == NO_TYPE)
		return 0;
	out[n++] = type;
	for (size_t i = 0; i < LEN(ancestors); i++) {
		unsigned a = find_type(p, ancestors[i], strlen(ancestors[i]));
		if (a != NO_TYPE && a != t && type_is_a(p, t, a))
			out[n++] = ancestors[i];
	}
	return n;
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
	struct run run = run_of(p, type);
	const char *bases[3];
	size_t n;

	if (i < run.n)
		return fill(p, &run.v[i], out);
	n = bases_of(p, type, bases);
	for (size_t b = 1; b < n; b++) {
		i -= run.n;
		run = run_of(p, bases[b]);
		if (i < run.n)
			return fill(p, &run.v[i], out);
	}
	return false;
}

bool profile_search_find(const struct profiles *p, const char *type,
			 const char *code, struct search_info *out)
{
	const char *bases[3];
	size_t n = bases_of(p, type, bases);

	for (size_t b = 0; b < n; b++) {
		size_t at = bound(p, bases[b], code);
		const struct search_param *s = p->search + at;
		if (at < p->n_search &&
		    strcmp(text_at(p, s->base), bases[b]) == 0 &&
		    strcmp(text_at(p, s->code), code) == 0)
			return fill(p, s, out);
	}
	return false;
}
