/* SPDX-License-Identifier: Apache-2.0
 *
 * expand.c: CodeSystems and ValueSets to sorted arrays.
 *
 * Code systems keep their codes, displays and the parent of each code (nested
 * concepts are is-a). Of a value set's compose, an include becomes a part: its
 * listed codes; the whole of a loaded system; the codes of a loaded system that
 * pass the filters is-a, descendent-of and is-not-a; the parts of another value
 * set. Whatever else it says (other filters, systems that are not loaded) is an
 * open part. Excluded codes are taken out of the parts that are enumerable. A
 * value set that has only an expansion is read from that.
 * FHIR R4 4.9.5 (value set composition rules).
 */
#include "profile_int.h"

#include <stdlib.h>
#include <string.h>

#define NESTED_MAX 32

/* ---- code systems ----------------------------------------------------- */

struct raw {
	const char *code;
	const char *display;
	const char *parent;
};
struct raws {
	struct raw *v;
	size_t n, cap;
};

static void collect(struct build *b, const struct json *list,
		    const char *parent, struct raws *out)
{
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		const char *code = json_get_text(c, "code");
		if (!code)
			continue;
		out->v =
		    build_room(b, out->v, out->n, &out->cap, sizeof(*out->v));
		out->v[out->n++] =
		    (struct raw){code, json_get_text(c, "display"), parent};
		collect(b, json_get(c, "concept"), code, out);
	}
}

static int by_code(const void *x, const void *y)
{
	const struct raw *a = x, *b = y;
	return code_cmp(a->code, b->code);
}

static void compile_code_system(struct build *b, const struct item *it)
{
	const char *content = json_get_text(it->json, "content");
	const struct json *cased = json_get(it->json, "caseSensitive");
	struct code_system *cs = heap_at(b->p, it->rec);
	struct raws raw = {0};

	collect(b, json_get(it->json, "concept"), NULL, &raw);
	if (raw.n > 0)
		qsort(raw.v, raw.n, sizeof(*raw.v), by_code);
	cs->nocase = !cased || json_kind(cased) != JSON_TRUE;
	cs->complete = content && strcmp(content, "complete") == 0 && raw.n > 0;
	cs->concepts = heap_alloc(b->p, raw.n * sizeof(struct concept));
	cs->n = (uint32_t)raw.n;
	struct concept *v = heap_at(b->p, cs->concepts);
	for (size_t i = 0; i < raw.n; i++) {
		v[i].code = build_text(b, raw.v[i].code);
		v[i].display = build_text(b, raw.v[i].display);
	}
	for (size_t i = 0; i < raw.n; i++) {
		const char *parent = raw.v[i].parent;
		const struct concept *c =
		    parent ? concept_find(b->p, cs, parent) : NULL;
		v[i].parent = c ? (uint32_t)(c - v) + 1 : 0;
	}
}

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

/* Makes a part of texts; sorts them and takes out doubles. */
static void set_codes(struct build *b, struct part *part, const char **v,
		      size_t n)
{
	part->kind = PART_CODES;
	if (n > 0)
		qsort(v, n, sizeof(*v), cmp_text);
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
	const ref *codes = rec_at(b->p, part->codes);
	const struct concept *c = NULL;
	*n = part->n;
	if (part->kind == PART_WHOLE) {
		const struct code_system *cs = rec_at(b->p, part->cs);
		c = rec_at(b->p, cs->concepts);
		*n = cs->n;
	}
	const char **v = arena_alloc(b->tmp, *n * sizeof(*v));
	for (size_t i = 0; i < *n; i++)
		v[i] = text_at(b->p, c ? c[i].code : codes[i]);
	return v;
}

/* Is the code in any (system's) part? Open parts say no: what is not known to
 * be there is neither excluded nor intersected away. */
static bool parts_have(struct build *b, const struct parts *in,
		       const char *system, const char *code, bool open)
{
	for (size_t i = 0; i < in->n; i++) {
		const char *s = text_at(b->p, in->v[i].system);
		if (s && system && strcmp(s, system) != 0)
			continue;
		int has = part_has(b->p, &in->v[i], code);
		if (has == 1 || (has < 0 && open))
			return true;
	}
	return false;
}

/* Keeps of part's codes those that are (keep) or are not in the others. */
static void filter_part(struct build *b, struct part *part,
			const struct parts *others, bool keep)
{
	size_t n, k = 0;
	if (part->kind == PART_OPEN)
		return;
	const char **v = part_codes(b, part, &n);
	const char *system = text_at(b->p, part->system);
	for (size_t i = 0; i < n; i++) {
		if (parts_have(b, others, system, v[i], keep) == keep)
			v[k++] = v[i];
	}
	part->n = 0;
	part->cs = 0;
	set_codes(b, part, v, k);
}

/* ---- includes --------------------------------------------------------- */

static void compile_value_set(struct build *b, struct item *it, unsigned depth);

/* The parts of another value set. */
static void parts_of(struct build *b, const char *url, struct parts *out,
		     unsigned depth)
{
	struct item *it = item_find(b->vs, b->n_vs, url);
	if (it && it->state == ITEM_NEW && depth < NESTED_MAX)
		compile_value_set(b, it, depth + 1);
	ref r = it ? it->rec : find_vs(b->p, url);
	if (!r || (it && it->state != ITEM_DONE)) {
		add_part(b, out)->kind = PART_OPEN;
		return;
	}
	const struct value_set *vs = rec_at(b->p, r);
	const struct part *v = rec_at(b->p, vs->parts);
	for (uint32_t i = 0; i < vs->n; i++)
		*add_part(b, out) = v[i];
}

static bool below(const struct concept *v, const struct concept *c,
		  uint32_t ancestor)
{
	for (unsigned i = 0; i < 1000 && c->parent; i++) {
		if (c->parent == ancestor)
			return true;
		c = &v[c->parent - 1];
	}
	return false;
}

/* 1, 0, or -1 for a filter that is not known. */
static int passes(struct build *b, const struct code_system *cs,
		  const struct concept *c, const struct json *filter)
{
	const char *property = json_get_text(filter, "property");
	const char *op = json_get_text(filter, "op");
	const char *value = json_get_text(filter, "value");
	const struct concept *v = rec_at(b->p, cs->concepts);

	if (!property || !op || !value || strcmp(property, "concept") != 0)
		return -1;
	const struct concept *top = concept_find(b->p, cs, value);
	uint32_t top_id = top ? (uint32_t)(top - v) + 1 : UINT32_MAX;
	if (strcmp(op, "is-a") == 0)
		return c == top || below(v, c, top_id);
	if (strcmp(op, "descendent-of") == 0)
		return below(v, c, top_id);
	if (strcmp(op, "is-not-a") == 0)
		return c != top && !below(v, c, top_id);
	return -1;
}

static void filtered(struct build *b, const struct code_system *cs,
		     const struct json *filters, struct part *part)
{
	const struct concept *c = rec_at(b->p, cs->concepts);
	const char **v = arena_alloc(b->tmp, cs->n * sizeof(*v));
	size_t n = 0;

	for (uint32_t i = 0; i < cs->n; i++) {
		int ok = 1;
		for (const struct json *f = json_first(filters); f && ok == 1;
		     f = json_next(f))
			ok = passes(b, cs, &c[i], f);
		if (ok < 0) {
			part->kind = PART_OPEN;
			return;
		}
		if (ok)
			v[n++] = text_at(b->p, c[i].code);
	}
	set_codes(b, part, v, n);
}

static void listed(struct build *b, const struct json *list, struct part *part)
{
	const char **v = arena_alloc(b->tmp, json_count(list) * sizeof(*v));
	size_t n = 0;
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		const char *code = json_get_text(c, "code");
		if (code)
			v[n++] = code;
	}
	set_codes(b, part, v, n);
}

static void include_system(struct build *b, const struct json *inc,
			   struct part *part)
{
	const struct json *list = json_get(inc, "concept");
	const struct json *filters = json_get(inc, "filter");
	ref cs_ref;

	part->system = build_text(b, json_get_text(inc, "system"));
	const struct code_system *cs = system_of(b, part->system, &cs_ref);
	part->nocase = cs && cs->nocase;
	part->kind = PART_OPEN;
	if (json_count(list) > 0) {
		listed(b, list, part);
	} else if (cs && cs->complete && json_count(filters) > 0) {
		filtered(b, cs, filters, part);
	} else if (cs && cs->complete) {
		part->kind = PART_WHOLE;
		part->cs = cs_ref;
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
		for (size_t i = from; i < out->n; i++)
			filter_part(b, &out->v[i], &other, true);
	}
}

static void expansion(struct build *b, const struct json *contains,
		      struct parts *out, unsigned depth)
{
	for (const struct json *c = json_first(contains); c; c = json_next(c)) {
		const char *code = json_get_text(c, "code");
		ref system = build_text(b, json_get_text(c, "system"));
		if (code) {
			struct part *part = add_part(b, out);
			part->system = system;
			set_codes(b, part, &code, 1);
		}
		if (depth < NESTED_MAX)
			expansion(b, json_get(c, "contains"), out, depth + 1);
	}
}

static void compile_value_set(struct build *b, struct item *it, unsigned depth)
{
	const struct json *compose = json_get(it->json, "compose");
	const struct json *inc = json_first(json_get(compose, "include"));
	const struct json *exc = json_first(json_get(compose, "exclude"));
	struct value_set *vs = heap_at(b->p, it->rec);
	struct parts parts = {0}, out = {0};

	it->state = ITEM_BUSY;
	if (!inc)
		expansion(b,
			  json_get(json_get(it->json, "expansion"), "contains"),
			  &parts, 0);
	for (; inc; inc = json_next(inc))
		include(b, inc, &parts, depth);
	for (; exc; exc = json_next(exc))
		include(b, exc, &out, depth);
	for (size_t i = 0; out.n > 0 && i < parts.n; i++)
		filter_part(b, &parts.v[i], &out, false);
	if (parts.n == 0) /* it says nothing */
		add_part(b, &parts)->kind = PART_OPEN;
	vs->parts = heap_alloc(b->p, parts.n * sizeof(struct part));
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
