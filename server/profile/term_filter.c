/* SPDX-License-Identifier: Apache-2.0
 *
 * term_filter.c: the filters of a value set's include, computed on a code
 * system that is loaded.
 *
 * Hierarchy: is-a, descendent-of, is-not-a, generalizes, child-of,
 * descendent-leaf on the concept itself; "=" and "in" on parent and child.
 * Texts: "=", "in", "not-in", "regex", "exists" on code, display and any
 * property that the system carries. For a hierarchy filter the concepts below
 * its value are marked once, breadth first over the edges, so that each filter
 * costs the size of the system whatever its shape; the edges are sorted once.
 * What cannot be computed (a property that is not there, an operator that is
 * not known) makes the include undecidable, with a text that says why. FHIR
 * R4 4.9.5.1.
 */
#include "compile_int.h"
#include "fhirpath/fhirpath.h"
#include "term_int.h"

#include <string.h>

#define STEPS_A_CODE 4	/* of a regular expression */
#define BYTES_A_CODE 16 /* of a list of words */

struct edge {
	uint32_t upper, lower;
};

struct filter {
	struct build *b;
	const struct code_system *cs; /* NULL: a table of a grammar */
	const struct concept *v;
	const char *property, *op, *value;
	uint32_t top; /* index of value; UINT32_MAX: none */
	const struct hierarchy *tree;
	uint8_t *reached; /* marked: below top (or above it), top too */
	bool costly;	  /* more than can be afforded */
};

/* ---- hierarchy -------------------------------------------------------- */

/* One direction of the edges: those of concept i lead to to[first[i]] and on,
 * up to first[i + 1]. */
struct ways {
	uint32_t *first, *to;
};

/* The edges of the system that was filtered last, kept for its next filter. */
struct hierarchy {
	const struct code_system *cs;
	struct ways down, up;
};

static size_t all_edges(const struct filter *f, struct edge *e)
{
	const struct profiles *p = f->b->p;
	const struct fact *fact =
	    f->cs->n_properties ? rec_at(p, f->cs->properties) : NULL;
	size_t n = 0;

	for (uint32_t i = 0; i < f->cs->n; i++) {
		if (f->v[i].parent)
			e[n++] = (struct edge){f->v[i].parent - 1U, i};
	}
	for (uint32_t i = 0; i < f->cs->n_properties; i++) {
		if (!text_is(text_at(p, fact[i].name), "parent"))
			continue;
		const struct concept *u =
		    concept_find(p, f->cs, text_at(p, fact[i].value));
		if (u)
			e[n++] = (struct edge){(uint32_t)(u - f->v),
					       fact[i].concept};
	}
	return n;
}

/* Sorted by counting: linear, whatever the shape. */
static struct ways ways_of(const struct filter *f, const struct edge *e,
			   size_t n, bool down)
{
	struct ways w;
	w.first =
	    arena_alloc(f->b->tmp, (f->cs->n + (size_t)2) * sizeof(*w.first));
	w.to = arena_alloc(f->b->tmp, (n + 1) * sizeof(*w.to));
	for (size_t i = 0; i < n; i++)
		w.first[(down ? e[i].upper : e[i].lower) + 2]++;
	for (uint32_t i = 1; i <= f->cs->n; i++)
		w.first[i + 1] += w.first[i];
	for (size_t i = 0; i < n; i++)
		w.to[w.first[(down ? e[i].upper : e[i].lower) + 1]++] =
		    down ? e[i].lower : e[i].upper;
	return w;
}

static void hierarchy_of(struct filter *f)
{
	struct hierarchy *h = f->b->hierarchy;

	if (!h)
		f->b->hierarchy = h = arena_alloc(f->b->tmp, sizeof(*h));
	f->tree = h;
	if (h->cs == f->cs)
		return;
	struct edge *e = arena_alloc(
	    f->b->tmp,
	    (f->cs->n + (size_t)1 + f->cs->n_properties) * sizeof(*e));
	size_t n = all_edges(f, e);
	h->cs = f->cs;
	h->down = ways_of(f, e, n, true);
	h->up = ways_of(f, e, n, false);
}

/* Marks what can be reached from top. */
static uint8_t *reach(const struct filter *f, const struct ways *w)
{
	uint8_t *mark = arena_alloc(f->b->tmp, f->cs->n + (size_t)1);
	uint32_t *queue =
	    arena_alloc(f->b->tmp, (f->cs->n + (size_t)1) * sizeof(*queue));
	size_t from = 0, to = 0;

	if (f->top == UINT32_MAX)
		return mark;
	mark[f->top] = 1;
	queue[to++] = f->top;
	while (from < to) {
		uint32_t x = queue[from++];
		for (uint32_t i = w->first[x]; i < w->first[x + 1]; i++) {
			if (mark[w->to[i]])
				continue;
			mark[w->to[i]] = 1;
			queue[to++] = w->to[i];
		}
	}
	return mark;
}

static void mark_hierarchy(struct filter *f)
{
	const struct concept *top = concept_find(f->b->p, f->cs, f->value);

	hierarchy_of(f);
	f->top = top ? (uint32_t)(top - f->v) : UINT32_MAX;
	f->reached =
	    text_is(f->op, "generalizes") ? reach(f, &f->tree->up)
	    : strstr(" is-a descendent-of is-not-a descendent-leaf ", f->op)
		? reach(f, &f->tree->down)
		: NULL;
}

static bool is_leaf(const struct filter *f, uint32_t i)
{
	return f->tree->down.first[i] == f->tree->down.first[i + 1];
}

/* ---- one concept ------------------------------------------------------ */

/* Is the text one of the words between commas? */
static bool listed(const char *list, const char *text)
{
	size_t n = strlen(text);
	for (const char *p = list; *p;) {
		p += strspn(p, " ,");
		size_t len = strcspn(p, ",");
		size_t word = len;
		while (word > 0 && p[word - 1] == ' ')
			word--;
		if (word == n && word > 0 && memcmp(p, text, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* 1, 0, or -1: the operator is not one for texts. */
static int regex_passes(struct filter *f, const char *text)
{
	size_t steps = 0;
	int fits = fp_regex(f->value, text, true, &steps);
	f->costly = !terms_afford(f->b, steps / STEPS_A_CODE);
	return f->costly ? -1 : fits;
}

static int text_passes(struct filter *f, const char *text)
{
	if (text_is(f->op, "="))
		return text && text_is(text, f->value);
	if (text_is(f->op, "in"))
		return text && listed(f->value, text);
	if (text_is(f->op, "not-in"))
		return !text || !listed(f->value, text);
	if (text_is(f->op, "exists"))
		return (text != NULL) == text_is(f->value, "true");
	if (text_is(f->op, "regex"))
		return text ? regex_passes(f, text) : 0;
	return -1;
}

static bool is_parent(const struct filter *f, uint32_t upper, uint32_t lower)
{
	const struct profiles *p = f->b->p;
	uint32_t n;

	if (f->v[lower].parent == upper + 1)
		return true;
	const struct fact *fact =
	    facts_of(p, f->cs->properties, f->cs->n_properties, lower, &n);
	for (uint32_t i = 0; i < n; i++) {
		if (text_is(text_at(p, fact[i].name), "parent") &&
		    text_is(text_at(p, fact[i].value),
			    text_at(p, f->v[upper].code)))
			return true;
	}
	return false;
}

static int concept_passes(struct filter *f, uint32_t i)
{
	const bool in = f->reached && f->reached[i];

	if (text_is(f->op, "is-a") || text_is(f->op, "generalizes"))
		return in;
	if (text_is(f->op, "descendent-of"))
		return in && i != f->top;
	if (text_is(f->op, "is-not-a"))
		return !in;
	if (text_is(f->op, "descendent-leaf"))
		return in && i != f->top && is_leaf(f, i);
	if (text_is(f->op, "child-of"))
		return f->top != UINT32_MAX && is_parent(f, f->top, i);
	return text_passes(f, text_at(f->b->p, f->v[i].code));
}

/* parent = X, child = X */
static int edge_passes(const struct filter *f, uint32_t i, bool parent)
{
	if (text_is(f->op, "exists")) {
		bool has = parent ? f->v[i].parent != 0 : !is_leaf(f, i);
		return has == text_is(f->value, "true");
	}
	if (!text_is(f->op, "="))
		return -1;
	if (f->top == UINT32_MAX)
		return 0;
	return parent ? is_parent(f, f->top, i) : is_parent(f, i, f->top);
}

static int fact_passes(struct filter *f, uint32_t i)
{
	const struct profiles *p = f->b->p;
	bool some = false;
	uint32_t n;

	const struct fact *fact =
	    facts_of(p, f->cs->properties, f->cs->n_properties, i, &n);
	for (uint32_t k = 0; k < n; k++) {
		if (!text_is(text_at(p, fact[k].name), f->property))
			continue;
		some = true;
		int ok = text_passes(f, text_at(p, fact[k].value));
		if (ok != 0)
			return ok;
	}
	return some ? 0 : text_passes(f, NULL);
}

static int passes(struct filter *f, uint32_t i)
{
	const struct concept *c = &f->v[i];
	if (text_is(f->property, "concept") || text_is(f->property, "code"))
		return concept_passes(f, i);
	if (text_is(f->property, "parent") || text_is(f->property, "child"))
		return edge_passes(f, i, *f->property == 'p');
	if (text_is(f->property, "display"))
		return text_passes(f, text_at(f->b->p, c->display));
	/* whether they are stated or not */
	if (text_is(f->property, "notSelectable") ||
	    text_is(f->property, "abstract"))
		return text_passes(f, c->abstract ? "true" : "false");
	if (text_is(f->property, "inactive"))
		return text_passes(f, c->inactive ? "true" : "false");
	return fact_passes(f, i);
}

/* ---- the filters of an include ---------------------------------------- */

/* Does any concept have the property? If not, nobody knows what it means. */
static bool is_known(const struct filter *f)
{
	static const char own[] = " concept code parent child display "
				  "notSelectable abstract inactive ";
	const struct profiles *p = f->b->p;
	const struct fact *fact =
	    f->cs->n_properties ? rec_at(p, f->cs->properties) : NULL;
	const char *at = strstr(own, f->property);

	if (at && at[-1] == ' ' && at[strlen(f->property)] == ' ')
		return true;
	for (uint32_t i = 0; i < f->cs->n_properties; i++) {
		if (text_is(text_at(p, fact[i].name), f->property))
			return true;
	}
	return false;
}

static bool read_filter(struct filter *f, const struct json *j)
{
	f->property = json_get_text(j, "property");
	f->op = json_get_text(j, "op");
	f->value = json_get_text(j, "value");
	return f->property && *f->property && f->op && f->value;
}

static const char *why_not(struct build *b, const struct json *j)
{
	const char *property = json_get_text(j, "property");
	const char *op = json_get_text(j, "op");
	return arena_printf(b->tmp, "the filter %.60s %.20s cannot be computed",
			    property ? property : "(without property)",
			    op ? op : "(without op)");
}

/* In codes that are looked at: each once, for a list of words more often. */
static size_t cost_of(const struct filter *f)
{
	size_t words = text_is(f->op, "in") || text_is(f->op, "not-in")
			   ? strlen(f->value) / BYTES_A_CODE
			   : 0;
	return (size_t)f->cs->n * (1 + words) + f->cs->n_properties;
}

long filter_codes(struct build *b, const struct code_system *cs,
		  const struct json *filters, const char ***out,
		  const char **why)
{
	uint8_t *keep = arena_alloc(b->tmp, cs->n + (size_t)1);
	struct filter f = {.b = b, .cs = cs, .v = rec_at(b->p, cs->concepts)};
	long n = 0;

	memset(keep, 1, cs->n);
	for (const struct json *j = json_first(filters); j; j = json_next(j)) {
		*why = why_not(b, j);
		if (!read_filter(&f, j) || !is_known(&f))
			return -1;
		f.costly = !terms_afford(b, cost_of(&f));
		if (!f.costly)
			mark_hierarchy(&f);
		for (uint32_t i = 0; i < cs->n; i++) {
			int ok = f.costly ? -1 : keep[i] ? passes(&f, i) : 0;
			if (f.costly)
				*why = TERMS_COSTLY;
			if (ok < 0)
				return -1;
			keep[i] = ok > 0;
		}
	}
	*out = arena_alloc(b->tmp, (cs->n + (size_t)1) * sizeof(**out));
	for (uint32_t i = 0; i < cs->n; i++) {
		if (keep[i])
			(*out)[n++] = text_at(b->p, f.v[i].code);
	}
	return n;
}

static const char *table_at(enum grammar g, size_t i, char code[4])
{
	return g == GRAMMAR_COUNTRY ? country_at(i, code)
				    : currency_at(i, code);
}

/* 1, 0, -1: the code passes all of them, not, or it cannot be told. */
static int all_pass(struct filter *f, const struct json *filters,
		    const char *code, const char **why)
{
	for (const struct json *j = json_first(filters); j; j = json_next(j)) {
		*why = why_not(f->b, j);
		if (!read_filter(f, j) || (!text_is(f->property, "code") &&
					   !text_is(f->property, "concept")))
			return -1;
		int ok = text_passes(f, code);
		if (ok <= 0)
			return ok;
	}
	return 1;
}

long filter_table(struct build *b, enum grammar g, const struct json *filters,
		  const char ***out, const char **why)
{
	struct filter f = {.b = b};
	char code[4];
	size_t count = 0;
	long n = 0;

	*why = "codes of this system cannot be filtered";
	if (g != GRAMMAR_COUNTRY && g != GRAMMAR_CURRENCY)
		return -1;
	while (table_at(g, count, code))
		count++;
	*out = arena_alloc(b->tmp, (count + 1) * sizeof(**out));
	for (size_t i = 0; i < count; i++) {
		table_at(g, i, code);
		int ok = all_pass(&f, filters, code, why);
		if (ok < 0)
			return -1;
		if (ok)
			(*out)[n++] = arena_strdup(b->tmp, code);
	}
	return n;
}
