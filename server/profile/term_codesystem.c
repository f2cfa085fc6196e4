/* SPDX-License-Identifier: Apache-2.0
 *
 * term_codesystem.c: a CodeSystem to arrays: its concepts sorted by code, and
 * what is said of them beside their display: designations (displays in other
 * languages) and properties.
 *
 * Nested concepts are below the one around them; further parents come from the
 * properties parent, subsumedBy and (from the other side) child, and from the
 * extension "subsumes" of STU3. They all end up as properties "parent" of the
 * lower concept, so that one form is read. What may not be chosen and what is
 * no longer in use are bits. A supplement is compiled like the others; the
 * check of displays looks it up by the system that it supplements.
 * FHIR R4 4.8 (CodeSystem; 4.8.7 hierarchy, 4.8.10 supplements).
 */
#include "compile_int.h"
#include "term_int.h"

#include <stdlib.h>
#include <string.h>

#define SUBSUMES "http://hl7.org/fhir/StructureDefinition/codesystem-subsumes"

struct raw {
	const char *code;
	const struct json *json;
	const char *parent;
};
struct raws {
	struct raw *v;
	size_t n, cap;
};
struct facts {
	struct fact *v;
	size_t n, cap;
};

/* What a code system is compiled with. */
struct work {
	struct build *b;
	struct code_system *cs;
	struct concept *v;
	struct facts words;
	struct facts properties;
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
		out->v[out->n++] = (struct raw){code, c, parent};
		collect(b, json_get(c, "concept"), code, out);
	}
}

static int by_code(const void *x, const void *y)
{
	const struct raw *a = x, *b = y;
	return code_cmp(a->code, b->code);
}

static void add_fact(struct build *b, struct facts *f, uint32_t concept,
		     const char *name, const char *value)
{
	f->v = build_room(b, f->v, f->n, &f->cap, sizeof(*f->v));
	f->v[f->n++] =
	    (struct fact){concept, build_text(b, name), build_text(b, value)};
}

static int order(uint32_t x, uint32_t y)
{
	return (x > y) - (x < y);
}

static int by_concept(const void *x, const void *y)
{
	const struct fact *a = x, *b = y;
	int d = order(a->concept, b->concept);

	if (d == 0)
		d = order(a->name, b->name);
	return d ? d : order(a->value, b->value);
}

static ref put_facts(struct build *b, struct facts *f, uint32_t *n)
{
	*n = (uint32_t)f->n;
	if (f->n == 0)
		return 0;
	qsort(f->v, f->n, sizeof(*f->v), by_concept);
	ref r = heap_alloc(b->p, f->n * sizeof(*f->v));
	memcpy(heap_at(b->p, r), f->v, f->n * sizeof(*f->v));
	return r;
}

/* ---- properties ------------------------------------------------------- */

/* The text of value[x]; of a Coding its code. */
static const char *value_of(const struct json *property)
{
	const struct json *v = json_first(property);
	for (; v; v = json_next(v)) {
		if (strncmp(json_name(v), "value", 5) != 0)
			continue;
		if (json_kind(v) == JSON_OBJECT)
			return json_get_text(v, "code");
		return json_text(v);
	}
	return NULL;
}

/* concept lower is below concept upper too */
static void add_parent(struct work *w, const char *lower, const char *upper)
{
	const struct concept *l = concept_find(w->b->p, w->cs, lower);
	const struct concept *u = concept_find(w->b->p, w->cs, upper);
	if (!l || !u || l == u)
		return;
	struct concept *c = &w->v[l - w->v];
	uint32_t id = (uint32_t)(u - w->v) + 1;
	if (!c->parent)
		c->parent = id & 0x3fffffffU;
	else if (c->parent != id)
		add_fact(w->b, &w->properties, (uint32_t)(l - w->v), "parent",
			 upper);
}

static void add_property(struct work *w, uint32_t i, const struct json *p)
{
	const char *code = text_at(w->b->p, w->v[i].code);
	const char *name = json_get_text(p, "code");
	const char *value = value_of(p);

	if (!name || !value)
		return;
	if (text_is(name, "parent") || text_is(name, "subsumedBy")) {
		add_parent(w, code, value);
		return;
	}
	if (text_is(name, "child")) {
		add_parent(w, value, code);
		return;
	}
	if ((text_is(name, "notSelectable") || text_is(name, "abstract")) &&
	    text_is(value, "true"))
		w->v[i].abstract = 1;
	if ((text_is(name, "inactive") && text_is(value, "true")) ||
	    (text_is(name, "status") &&
	     (text_is(value, "inactive") || text_is(value, "retired"))))
		w->v[i].inactive = 1;
	add_fact(w->b, &w->properties, i, name, value);
}

static void add_subsumed(struct work *w, uint32_t i, const struct json *list)
{
	const char *code = text_at(w->b->p, w->v[i].code);
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		const char *url = json_get_text(e, "url");
		const char *value = value_of(e);
		if (url && value && text_is(url, SUBSUMES))
			add_parent(w, value, code);
	}
}

static void add_facts(struct work *w, uint32_t i, const struct json *concept)
{
	const struct json *d = json_first(json_get(concept, "designation"));
	for (; d; d = json_next(d)) {
		const char *value = json_get_text(d, "value");
		if (value)
			add_fact(w->b, &w->words, i,
				 json_get_text(d, "language"), value);
	}
	d = json_first(json_get(concept, "property"));
	for (; d; d = json_next(d))
		add_property(w, i, d);
	add_subsumed(w, i, json_get(concept, "extension"));
	add_subsumed(w, i, json_get(concept, "modifierExtension"));
}

/* ---- the whole -------------------------------------------------------- */

static enum content content_of(const struct json *j, size_t n)
{
	const char *s = json_get_text(j, "content");
	if (!s)
		return CONTENT_FRAGMENT;
	if (text_is(s, "supplement"))
		return CONTENT_SUPPLEMENT;
	if (n == 0)
		return CONTENT_ABSENT;
	return text_is(s, "complete") ? CONTENT_COMPLETE : CONTENT_FRAGMENT;
}

static void fill_head(struct build *b, const struct json *j,
		      struct code_system *cs, size_t n)
{
	const struct json *cased = json_get(j, "caseSensitive");
	const char *other = json_get_text(j, "supplements");

	cs->nocase = !cased || json_kind(cased) != JSON_TRUE;
	cs->content = (uint8_t)content_of(j, n);
	if (other)
		cs->supplements = build_textn(b, other, canonical_len(other));
	cs->n = (uint32_t)n;
}

void compile_code_system(struct build *b, const struct item *it)
{
	struct raws raw = {0};
	struct work w = {.b = b, .cs = heap_at(b->p, it->rec)};

	collect(b, json_get(it->json, "concept"), NULL, &raw);
	if (raw.n > 0)
		qsort(raw.v, raw.n, sizeof(*raw.v), by_code);
	fill_head(b, it->json, w.cs, raw.n);
	w.cs->concepts = heap_alloc(b->p, raw.n * sizeof(struct concept));
	w.v = heap_at(b->p, w.cs->concepts);
	for (size_t i = 0; i < raw.n; i++) {
		w.v[i].code = build_text(b, raw.v[i].code);
		w.v[i].display =
		    build_text(b, json_get_text(raw.v[i].json, "display"));
	}
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.v[i].parent)
			add_parent(&w, raw.v[i].code, raw.v[i].parent);
	}
	for (size_t i = 0; i < raw.n; i++)
		add_facts(&w, (uint32_t)i, raw.v[i].json);
	w.cs->words = put_facts(b, &w.words, &w.cs->n_words);
	w.cs->properties = put_facts(b, &w.properties, &w.cs->n_properties);
}
