/* SPDX-License-Identifier: Apache-2.0
 *
 * term_expand.c: ValueSets to sorted arrays.
 *
 * Of a value set's compose, an include becomes a part: its listed codes; the
 * whole of a loaded system; the codes of a loaded system that pass the filters
 * (term_filter.c); all codes of a grammar; the parts of another value set.
 * Several value sets in one include intersect, with its system too. Whatever
 * cannot be enumerated is an open part with the reason; what is cut with an
 * open part may be in, and is a part of kind PART_MAYBE. Excluded codes are
 * taken out; if it cannot be told what is excluded of a system, it cannot be
 * told what is left. A value set that has only an expansion is read from that.
 * Cutting, taking out and filtering multiply: all that is loaded shares a
 * budget, and what exceeds it is an open part.
 * FHIR R4 4.9.5 (value set composition rules).
 */
#include "compile_int.h"
#include "term_int.h"

#include <stdlib.h>
#include <string.h>

#define NESTED_MAX 32
#define PARTS_MAX  1000
#define TERMS_MAX  8000000 /* codes; about half a second */

/* ---- lists of parts while a value set is made ------------------------- */

struct parts {
	struct part *v;
	size_t n, cap;
};

static struct part *add_part(struct build *b, struct parts *out)
{
	out->v = build_room(b, out->v, out->n, &out->cap, sizeof(*out->v));
	return &out->v[out->n++];
}

static const struct code_system *system_of(struct build *b, ref system, ref *cs)
{
	*cs = system ? find_cs(b->p, text_at(b->p, system)) : 0;
	return *cs ? rec_at(b->p, *cs) : NULL;
}

static int cmp_text(const void *x, const void *y)
{
	const char *const *a = x, *const *b = y;
	return code_cmp(*a, *b);
}

/* What comes from a code system is in order already. */
static void sort_codes(const char **v, size_t n)
{
	size_t i = 1;
	while (i < n && code_cmp(v[i - 1], v[i]) <= 0)
		i++;
	if (i < n)
		qsort(v, n, sizeof(*v), cmp_text);
}

/* Makes a part of texts; sorts them and takes out doubles. */
static void set_codes(struct build *b, struct part *part, const char **v,
		      size_t n)
{
	part->kind = PART_CODES;
	part->cs = 0;
	part->n = 0;
	sort_codes(v, n);
	part->codes = heap_alloc(b->p, n * sizeof(ref));
	ref *out = heap_at(b->p, part->codes);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(v[i], v[i - 1]) != 0)
			out[part->n++] = build_text(b, v[i]);
	}
}

/* All codes of an enumerable part. */
static const char **part_codes(struct build *b, const struct part *part,
			       size_t *n)
{
	const ref *codes = part->n ? rec_at(b->p, part->codes) : NULL;
	const struct concept *c = NULL;
	*n = part->n;
	if (part->kind == PART_WHOLE) {
		const struct code_system *cs = rec_at(b->p, part->cs);
		c = rec_at(b->p, cs->concepts);
		*n = cs->n;
	}
	const char **v = arena_alloc(b->tmp, (*n + 1) * sizeof(*v));
	for (size_t i = 0; i < *n && (c || codes); i++)
		v[i] = text_at(b->p, c ? c[i].code : codes[i]);
	return v;
}

static bool is_listed(const struct part *part)
{
	return part->kind != PART_OPEN && part->kind != PART_GRAMMAR;
}

bool terms_afford(struct build *b, size_t n)
{
	bool enough = n <= TERMS_MAX - b->terms;
	b->terms = enough ? b->terms + n : TERMS_MAX;
	return enough;
}

/* ---- cutting and taking out ------------------------------------------- */

static bool same_system(struct build *b, const struct part *x,
			const struct part *y)
{
	return !x->system || !y->system ||
	       strcmp(text_at(b->p, x->system), text_at(b->p, y->system)) == 0;
}

/* Is the code in any of the parts of that system? 1, 0, -1. */
static int parts_have(struct build *b, const struct parts *in,
		      const struct part *of, const char *code)
{
	int result = 0;
	for (size_t i = 0; i < in->n; i++) {
		if (!same_system(b, of, &in->v[i]))
			continue;
		int has = part_has(b->p, &in->v[i], code);
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

/* What made it undecidable: the first open part of the system. */
static ref reason(struct build *b, const struct parts *in,
		  const struct part *of)
{
	for (size_t i = 0; i < in->n; i++) {
		if (same_system(b, of, &in->v[i]) && in->v[i].text)
			return in->v[i].text;
	}
	return 0;
}

static void add_codes(struct build *b, struct parts *out, struct part part,
		      const char **v, size_t n, bool maybe, ref why)
{
	if (n == 0)
		return;
	set_codes(b, &part, v, n);
	if (maybe) {
		part.kind = PART_MAYBE;
		part.text = why;
	}
	*add_part(b, out) = part;
}

/* A part whose codes are known, against others: those that are (keep) or are
 * not in them stay; those of which it cannot be told become a part of their
 * own. */
static void sift(struct build *b, struct part part, const struct parts *others,
		 bool keep, struct parts *out)
{
	size_t n, sure = 0, open = 0;
	const char **v = part_codes(b, &part, &n);
	const char **maybe = arena_alloc(b->tmp, (n + 1) * sizeof(*maybe));
	bool was_maybe = part.kind == PART_MAYBE;
	ref why = part.text;

	if (!terms_afford(b, n * (4 + others->n / 8))) {
		part.kind = PART_OPEN;
		part.text = build_text(b, TERMS_COSTLY);
		*add_part(b, out) = part;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int has = parts_have(b, others, &part, v[i]);
		if (has < 0)
			maybe[open++] = v[i];
		else if ((has == 1) == keep)
			v[sure++] = v[i];
	}
	add_codes(b, out, part, v, sure, was_maybe, why);
	add_codes(b, out, part, maybe, open, true, reason(b, others, &part));
}

/* An open part or a grammar, cut with others: what they list of its system. */
static void cut_open(struct build *b, struct part part,
		     const struct parts *others, struct parts *out)
{
	const struct parts self = {&part, 1, 1};
	for (size_t i = 0; i < others->n; i++) {
		struct part o = others->v[i];
		if (!same_system(b, &part, &o))
			continue;
		if (!o.system)
			o.system = part.system;
		if (is_listed(&o))
			sift(b, o, &self, true, out);
		else
			*add_part(b, out) = part.kind == PART_OPEN ? part : o;
	}
}

static void intersect(struct build *b, struct parts *in, size_t from,
		      const struct parts *others)
{
	struct parts out = {0};
	for (size_t i = from; i < in->n; i++) {
		if (is_listed(&in->v[i]))
			sift(b, in->v[i], others, true, &out);
		else
			cut_open(b, in->v[i], others, &out);
	}
	in->n = from;
	for (size_t i = 0; i < out.n; i++)
		*add_part(b, in) = out.v[i];
}

static void take_out(struct build *b, struct parts *in,
		     const struct parts *others)
{
	struct parts all = *in, out = {0};
	for (size_t i = 0; i < all.n; i++) {
		if (is_listed(&all.v[i]))
			sift(b, all.v[i], others, false, &out);
		else
			*add_part(b, &out) = all.v[i];
	}
	*in = out;
}

/* ---- includes --------------------------------------------------------- */

static void compile_value_set(struct build *b, struct item *it, unsigned depth);

static void crowded(struct build *b, struct part *last)
{
	*last = (struct part){.kind = PART_OPEN};
	last->text = build_text(b, "the value set has too many parts");
}

/* Sets that take in each other's parts again and again must not grow without
 * bound: what is there already is not added. */
static void add_once(struct build *b, struct parts *out,
		     const struct part *part)
{
	for (size_t i = 0; i < out->n; i++) {
		if (memcmp(&out->v[i], part, sizeof(*part)) == 0)
			return;
	}
	if (out->n < PARTS_MAX) {
		*add_part(b, out) = *part;
		return;
	}
	crowded(b, &out->v[out->n - 1]);
}

/* The parts of another value set. */
static void parts_of(struct build *b, const char *url, struct parts *out,
		     unsigned depth)
{
	struct item *it = item_find(b->vs, b->n_vs, url);
	if (it && it->state == ITEM_NEW && depth < NESTED_MAX)
		compile_value_set(b, it, depth + 1);
	ref r = it ? it->rec : find_vs(b->p, url);
	if (!r || (it && it->state != ITEM_DONE)) {
		struct part *open = add_part(b, out);
		open->kind = PART_OPEN;
		open->text = build_text(
		    b, arena_printf(b->tmp, "the value set %.200s %s", url,
				    r ? "includes itself" : "is not loaded"));
		return;
	}
	const struct value_set *vs = rec_at(b->p, r);
	const struct part *v = rec_at(b->p, vs->parts);
	for (uint32_t i = 0; i < vs->n; i++)
		add_once(b, out, &v[i]);
}

static void filtered(struct build *b, const struct code_system *cs, ref cs_ref,
		     const struct json *filters, struct part *part)
{
	enum grammar g = grammar_of_system(text_at(b->p, part->system));
	const char **v, *why = NULL;
	long n = cs ? filter_codes(b, cs, filters, &v, &why)
		    : filter_table(b, g, filters, &v, &why);
	if (n < 0) {
		part->text = build_text(b, why);
	} else if (cs && n == (long)cs->n) {
		part->kind = PART_WHOLE;
		part->cs = cs_ref;
	} else {
		set_codes(b, part, v, (size_t)n);
	}
}

static void listed(struct build *b, const struct json *list, struct part *part)
{
	const char **v =
	    arena_alloc(b->tmp, (json_count(list) + 1) * sizeof(*v));
	size_t n = 0;
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		const char *code = json_get_text(c, "code");
		if (code)
			v[n++] = code;
	}
	set_codes(b, part, v, n);
}

/* Of units one filter is usual: comparable with some unit. */
static bool comparable(struct build *b, const struct json *filters,
		       struct part *part)
{
	const struct json *f = json_first(filters);
	const char *property = json_get_text(f, "property");
	const char *op = json_get_text(f, "op");
	const char *value = json_get_text(f, "value");

	if (part->grammar != GRAMMAR_UCUM || !f || json_next(f) || !property ||
	    !op || !value || strcmp(property, "canonical") != 0 ||
	    strcmp(op, "=") != 0)
		return false;
	part->kind = PART_GRAMMAR;
	part->text = build_text(b, value);
	return true;
}

static void include_system(struct build *b, const struct json *inc,
			   struct part *part)
{
	const struct json *list = json_get(inc, "concept");
	const struct json *filters = json_get(inc, "filter");
	ref cs_ref;

	const char *version = json_get_text(inc, "version");
	part->system = build_text(b, json_get_text(inc, "system"));
	const struct code_system *cs = system_of(b, part->system, &cs_ref);
	if (cs && version) {
		cs_ref = find_cs(b->p, arena_printf(b->tmp, "%s|%s",
						    text_at(b->p, part->system),
						    version));
		cs = cs_ref ? rec_at(b->p, cs_ref) : NULL;
	}
	part->nocase = cs && cs->nocase;
	part->kind = PART_OPEN;
	if (!cs)
		part->grammar =
		    (uint8_t)grammar_of_system(text_at(b->p, part->system));
	bool whole = cs && cs->content == CONTENT_COMPLETE;
	if (cs && !whole)
		part->text = build_text(b, "of the code system only a part is "
					   "loaded");
	if (json_count(list) > 0) {
		part->text = 0;
		listed(b, list, part);
	} else if (json_count(filters) > 0) {
		if ((whole || part->grammar) && !comparable(b, filters, part))
			filtered(b, cs, cs_ref, filters, part);
	} else if (whole) {
		part->kind = PART_WHOLE;
		part->cs = cs_ref;
	} else if (part->grammar) {
		part->kind = PART_GRAMMAR;
	}
}

/* compose.inactive is false: codes out of use are not meant. */
static void drop_inactive(struct build *b, struct parts *in)
{
	for (size_t i = 0; i < in->n; i++) {
		struct part *part = &in->v[i];
		ref cs_ref;
		const struct code_system *cs =
		    system_of(b, part->system, &cs_ref);
		if (!cs || !is_listed(part))
			continue;
		size_t n, k = 0;
		const char **v = part_codes(b, part, &n);
		for (size_t m = 0; m < n; m++) {
			const struct concept *c = concept_find(b->p, cs, v[m]);
			if (!c || !c->inactive)
				v[k++] = v[m];
		}
		uint8_t kind = part->kind;
		if (k == n)
			continue;
		set_codes(b, part, v, k);
		if (kind == PART_MAYBE)
			part->kind = kind;
	}
}

static void include(struct build *b, const struct json *inc, struct parts *out,
		    unsigned depth)
{
	const struct json *sets = json_get(inc, "valueSet");
	const struct json *set = json_first(sets);
	size_t from = out->n;

	if (json_get_text(inc, "system")) {
		include_system(b, inc, add_part(b, out));
	} else if (set && json_text(set)) {
		parts_of(b, json_text(set), out, depth);
		set = json_next(set);
	}
	/* an include's value sets intersect */
	for (; set; set = json_next(set)) {
		struct parts other = {0};
		if (!json_text(set))
			continue;
		parts_of(b, json_text(set), &other, depth);
		intersect(b, out, from, &other);
	}
}

/* ---- expansions ------------------------------------------------------- */

struct contained {
	const char *system; /* "" if there is none */
	const char *code;
};
struct expansion {
	struct contained *v;
	size_t n, cap;
};

static void expand(struct build *b, const struct json *contains,
		   struct expansion *out, unsigned depth)
{
	for (const struct json *c = json_first(contains); c; c = json_next(c)) {
		const char *code = json_get_text(c, "code");
		const char *system = json_get_text(c, "system");
		if (code) {
			out->v = build_room(b, out->v, out->n, &out->cap,
					    sizeof(*out->v));
			out->v[out->n++] =
			    (struct contained){system ? system : "", code};
		}
		if (depth < NESTED_MAX)
			expand(b, json_get(c, "contains"), out, depth + 1);
	}
}

static int by_system(const void *x, const void *y)
{
	const struct contained *a = x, *b = y;
	return strcmp(a->system, b->system);
}

static void expansion(struct build *b, const struct json *contains,
		      struct parts *out)
{
	struct expansion e = {0};
	ref cs_ref;

	expand(b, contains, &e, 0);
	if (e.n > 0)
		qsort(e.v, e.n, sizeof(*e.v), by_system);
	const char **v = arena_alloc(b->tmp, (e.n + 1) * sizeof(*v));
	for (size_t i = 0; i < e.n;) {
		struct part *part = add_part(b, out);
		const char *system = e.v[i].system;
		size_t n = 0;
		if (*system)
			part->system = build_text(b, system);
		for (; i < e.n && strcmp(e.v[i].system, system) == 0; i++)
			v[n++] = e.v[i].code;
		const struct code_system *cs =
		    system_of(b, part->system, &cs_ref);
		part->nocase = cs && cs->nocase;
		set_codes(b, part, v, n);
	}
}

/* ---- the whole -------------------------------------------------------- */

static void compile_value_set(struct build *b, struct item *it, unsigned depth)
{
	const struct json *compose = json_get(it->json, "compose");
	const struct json *inc = json_first(json_get(compose, "include"));
	const struct json *exc = json_first(json_get(compose, "exclude"));
	const struct json *inactive = json_get(compose, "inactive");
	struct value_set *vs = heap_at(b->p, it->rec);
	struct parts parts = {0}, out = {0};

	it->state = ITEM_BUSY;
	if (!inc)
		expansion(b,
			  json_get(json_get(it->json, "expansion"), "contains"),
			  &parts);
	for (; inc; inc = json_next(inc))
		include(b, inc, &parts, depth);
	for (; exc; exc = json_next(exc))
		include(b, exc, &out, depth);
	if (out.n > 0)
		take_out(b, &parts, &out);
	if (inactive && json_kind(inactive) == JSON_FALSE)
		drop_inactive(b, &parts);
	if (parts.n == 0 && !json_get(compose, "include")) {
		struct part *open = add_part(b, &parts);
		open->kind = PART_OPEN;
		open->text = build_text(b, "the value set names no codes");
	}
	if (parts.n > PARTS_MAX) {
		parts.n = PARTS_MAX;
		crowded(b, &parts.v[PARTS_MAX - 1]);
	}
	vs->parts = heap_alloc(b->p, parts.n * sizeof(struct part));
	if (parts.n > 0)
		memcpy(heap_at(b->p, vs->parts), parts.v,
		       parts.n * sizeof(struct part));
	vs->n = (uint32_t)parts.n;
	it->state = ITEM_DONE;
}

void compile_terminology(struct build *b)
{
	for (size_t i = 0; i < b->n_cs; i++)
		compile_code_system(b, b->cs[i]);
	for (size_t i = 0; i < b->n_vs; i++) {
		if (b->vs[i]->state == ITEM_NEW)
			compile_value_set(b, b->vs[i], 0);
	}
}
