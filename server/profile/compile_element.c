/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_element.c: the fields of one ElementDefinition, merged onto a node.
 *
 * The same code reads the snapshot of a base definition (onto an empty node)
 * and a differential (onto a copy of the base's node). A field that is absent
 * leaves what was there; minimum and maximum only grow tighter; types and value
 * sets replace, a binding never grows weaker; invariants add up by key.
 *
 * STU3 and R4 differ in shape: STU3 repeats type[] for each target, has
 * single profile and targetProfile, and names a value set by valueSetReference
 * or valueSetUri.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

#define SYSTEM_TYPE "http://hl7.org/fhirpath/"

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);
	return n >= m && strcmp(s + n - m, tail) == 0;
}

/* An extension of a definition's element, by the end of its URL. */
static const struct json *extension(const struct json *e, const char *tail)
{
	const struct json *x = json_first(json_get(e, "extension"));
	for (; x; x = json_next(x)) {
		const char *url = json_get_text(x, "url");
		if (url && ends_with(url, tail))
			return x;
	}
	return NULL;
}

static const char *uri_value(const struct json *x)
{
	static const char *const names[] = {"valueUri", "valueUrl",
					    "valueCanonical", "valueString"};
	for (size_t i = 0; i < LEN(names); i++) {
		const char *s = json_get_text(x, names[i]);
		if (s)
			return s;
	}
	return json_get_text(json_get(x, "valueReference"), "reference");
}

/* ---- types ------------------------------------------------------------ */

static const char *type_code(const struct json *t)
{
	const char *code = json_get_text(t, "code");
	if (!code || strncmp(code, SYSTEM_TYPE, strlen(SYSTEM_TYPE)) != 0)
		return code;
	code = uri_value(extension(t, "structuredefinition-fhir-type"));
	return code ? code : "string";
}

static size_t url_count(const struct json *v)
{
	if (!v)
		return 0;
	return json_kind(v) == JSON_ARRAY ? json_count(v) : 1;
}

static void add_target(struct build *b, struct target *out, uint16_t *n,
		       const struct json *v)
{
	const char *url = json_text(v);
	if (!url)
		return;
	out[*n].url = build_textn(b, url, canonical_len(url));
	out[*n].sd = find_sd(b->p, url);
	(*n)++;
}

/* The URLs of one member over all type[] with this code. */
static ref targets(struct build *b, const struct json *types, const char *code,
		   const char *member, uint16_t *n)
{
	size_t cap = 0;
	for (const struct json *t = json_first(types); t; t = json_next(t)) {
		const char *c = type_code(t);
		if (c && strcmp(c, code) == 0)
			cap += url_count(json_get(t, member));
	}
	if (cap == 0 || cap > UINT16_MAX)
		return 0;
	ref r = heap_alloc(b->p, cap * sizeof(struct target));
	struct target *out = heap_at(b->p, r);
	for (const struct json *t = json_first(types); t; t = json_next(t)) {
		const char *c = type_code(t);
		const struct json *v = json_get(t, member);
		if (!c || strcmp(c, code) != 0 || !v)
			continue;
		if (json_kind(v) != JSON_ARRAY) {
			add_target(b, out, n, v);
			continue;
		}
		for (v = json_first(v); v; v = json_next(v))
			add_target(b, out, n, v);
	}
	return r;
}

/* The use of the base that a profile's type narrows; NULL: not allowed. */
static const struct use *narrowed(const struct profiles *p,
				  const struct node *n, unsigned type)
{
	const struct use *u = node_use(p, n, type);
	const struct use *all = rec_at(p, n->types);
	for (unsigned i = 0; !u && i < n->n_types; i++) {
		if (type_is_a(p, type, all[i].type))
			u = &all[i];
	}
	return u;
}

static bool is_new(const struct use *u, size_t n, unsigned type)
{
	for (size_t i = 0; i < n; i++) {
		if (u[i].type == type)
			return false;
	}
	return true;
}

static bool read_use(struct build *b, const struct json *types,
		     const char *code, const struct node *n, struct use *out)
{
	unsigned type = find_type(b->p, code, strlen(code));
	if (type == NO_TYPE)
		return build_fail(b, "not-found", "unknown type \"%s\"", code);
	out->type = (uint16_t)type;
	if (!b->base && n->n_types > 0) {
		const struct use *u = narrowed(b->p, n, type);
		/* snapshots give Resource.id the type string */
		if (!u && n->n_types == 1)
			u = rec_at(b->p, n->types);
		if (!u)
			return build_fail(
			    b, "invalid",
			    "type \"%s\" is not one of the base's", code);
		*out = *u;
		if (!(n->flags & NODE_CHOICE) && u->type != type &&
		    !type_is_a(b->p, type, u->type))
			type = u->type;
		out->type = (uint16_t)type;
	}
	uint16_t np = 0, nt = 0;
	ref r = targets(b, types, code, "profile", &np);
	if (np > 0) {
		out->profiles = r;
		out->n_profiles = np;
	}
	r = targets(b, types, code, "targetProfile", &nt);
	if (nt > 0) {
		out->targets = r;
		out->n_targets = nt;
	}
	uint16_t modes = 0;
	for (const struct json *t = json_first(types); t; t = json_next(t)) {
		const char *c = type_code(t);
		if (c && strcmp(c, code) == 0)
			modes |= reference_modes(t);
	}
	if (modes)
		out->modes = modes;
	return true;
}

static bool merge_types(struct build *b, ref node, const struct json *types)
{
	struct node *n = heap_at(b->p, node);
	size_t cap = json_count(types), k = 0;

	if (cap == 0 || (!b->base && n->content))
		return true;
	struct use *u = arena_alloc(b->tmp, cap * sizeof(*u));
	for (const struct json *t = json_first(types); t; t = json_next(t)) {
		const char *code = type_code(t);
		if (!code)
			continue;
		if (!read_use(b, types, code, n, &u[k]))
			return false;
		if (is_new(u, k, u[k].type))
			k++;
	}
	/* only resources are of several types without being a choice */
	if (k > 1 && !(n->flags & NODE_CHOICE) &&
	    b->p->types[u->type].kind != KIND_RESOURCE)
		k = 1;
	ref r = heap_alloc(b->p, k * sizeof(*u));
	memcpy(heap_at(b->p, r), u, k * sizeof(*u));
	n->types = r;
	n->n_types = (uint16_t)k;
	if (!b->base)
		n->flags |= NODE_OWN_TYPES;
	return true;
}

/* ---- binding ------------------------------------------------------------ */

static const char *binding_url(const struct json *j)
{
	const char *url = json_get_text(j, "valueSet");
	if (!url)
		url = json_get_text(j, "valueSetUri");
	if (!url)
		url = json_get_text(json_get(j, "valueSetReference"),
				    "reference");
	return url;
}

static unsigned strength(const char *s)
{
	static const char *const names[] = {"example", "preferred",
					    "extensible", "required"};
	for (unsigned i = 0; s && i < LEN(names); i++) {
		if (strcmp(s, names[i]) == 0)
			return i;
	}
	return BIND_EXAMPLE;
}

static void merge_binding(struct build *b, struct node *n, const struct json *j)
{
	const char *url = binding_url(j);
	const char *max =
	    uri_value(extension(j, "elementdefinition-maxValueSet"));
	struct binding now = {0};

	if (n->binding)
		now = *(const struct binding *)rec_at(b->p, n->binding);
	unsigned s = strength(json_get_text(j, "strength"));
	if (s > now.strength)
		now.strength = s;
	if (url) {
		now.url = build_textn(b, url, canonical_len(url));
		now.vs = find_vs(b->p, url);
	}
	if (max) {
		now.max_url = build_textn(b, max, canonical_len(max));
		now.max_vs = find_vs(b->p, max);
	}
	/* nothing that is ever checked, unless a profile makes it stronger
	 * without naming the value set again */
	if (now.strength < BIND_PREFERRED && !now.max_url)
		return;
	n->binding = heap_alloc(b->p, sizeof(now));
	memcpy(heap_at(b->p, n->binding), &now, sizeof(now));
	if (!b->base)
		n->flags |= NODE_OWN_BINDING;
}

/* ---- the rest --------------------------------------------------------- */

static bool read_count(const struct json *v, uint32_t *out)
{
	const char *s = json_text(v), *digit = s;
	if (strcmp(s, "*") == 0) {
		*out = UNBOUNDED;
		return true;
	}
	while (ascii_digit(*digit))
		digit++;
	if (digit == s || *digit != '\0' || digit - s > 9)
		return false;
	*out = (uint32_t)strtoul(s, NULL, 10);
	return true;
}

static bool merge_counts(struct build *b, struct node *n, const struct json *e)
{
	const struct json *min = json_get(e, "min"), *max = json_get(e, "max");
	uint32_t v;

	if (min) {
		if (!json_text(min) || !read_count(min, &v))
			return build_fail(b, "invalid", "min is no number");
		if (b->base || v > n->min)
			n->min = v;
	}
	if (max) {
		if (!json_text(max) || !read_count(max, &v))
			return build_fail(b, "invalid",
					  "max is neither a number nor \"*\"");
		if (b->base || v < n->max)
			n->max = v;
	}
	if (!b->base)
		return true;
	const struct json *base_max = json_get(json_get(e, "base"), "max");
	if (!base_max || !json_text(base_max) || !read_count(base_max, &v))
		v = n->max;
	if (v > 1)
		n->flags |= NODE_LIST;
	return true;
}

/* fixedCode, patternCoding, minValueDate */
static const struct json *choice(const struct json *e, const char *stem)
{
	const char *type;
	return choice_of(e, stem, &type);
}

static void merge_limits(struct build *b, struct node *n, const struct json *e)
{
	const struct json *lo = choice(e, "minValue");
	const struct json *hi = choice(e, "maxValue");
	const struct json *length = json_get(e, "maxLength");
	struct limits now = {0};
	uint32_t v;

	if (!lo && !hi && !length)
		return;
	if (n->limits)
		now = *(const struct limits *)rec_at(b->p, n->limits);
	if (lo)
		now.min_value = compile_constant(b, lo);
	if (hi)
		now.max_value = compile_constant(b, hi);
	if (length && json_text(length) && read_count(length, &v))
		now.max_length = v;
	n->limits = heap_alloc(b->p, sizeof(now));
	memcpy(heap_at(b->p, n->limits), &now, sizeof(now));
}

/* A switch weighs what the element says, not what is said of it elsewhere. */
static bool merge_marks(struct build *b, struct node *n, const struct json *e)
{
	struct marks own;

	if (!read_marks(b, e, "", &own))
		return false;
	n->confidence = own.confidence ? own.confidence : b->confidence;
	if (own.weighed || json_get(e, "max") || json_get(e, "slicing"))
		n->weighed = own.weighed;
	return true;
}

static void merge_flag(struct node *n, const struct json *e, const char *name,
		       enum node_flag flag)
{
	const struct json *v = json_get(e, name);

	if (v && json_kind(v) == JSON_TRUE)
		n->flags |= (uint16_t)flag;
}

bool merge_element(struct build *b, ref node, const struct json *e)
{
	struct node *n = heap_at(b->p, node);
	const struct json *fixed = choice(e, "fixed");
	const struct json *pattern = choice(e, "pattern");

	if ((!b->base && !merge_marks(b, n, e)) || !merge_counts(b, n, e) ||
	    !merge_types(b, node, json_get(e, "type")) ||
	    !merge_constraints(b, node, json_get(e, "constraint")))
		return false;
	if (json_get(e, "binding"))
		merge_binding(b, n, json_get(e, "binding"));
	if (fixed)
		n->fixed = compile_constant(b, fixed);
	if (pattern)
		n->pattern = compile_constant(b, pattern);
	merge_flag(n, e, "isModifier", NODE_MODIFIER);
	merge_flag(n, e, "isSummary", NODE_SUMMARY);
	merge_limits(b, n, e);
	if (!b->base && json_get(e, "slicing"))
		return merge_slicing(b, node, json_get(e, "slicing"));
	return true;
}
