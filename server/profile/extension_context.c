/* SPDX-License-Identifier: Apache-2.0
 *
 * extension_context.c: may an extension stand here? Its definition lists
 * contexts: types ("HumanName"), paths ("Patient.contact", "Address.line",
 * "Observation.value[x]"), all elements, other extensions.
 *
 * The place is followed from the resource down through the definitions, so that
 * each step has its type: an element is known by the path from any type above
 * it, or from an ancestor of that type, and by its own type and the ancestors
 * of that. Where an element is defined by a reference to another
 * (item.item), the path of the other holds too. This is worked out only for an
 * extension whose definition is loaded; what cannot be followed is allowed, and
 * so are contexts in FHIRPath. FHIR R4 2.4.1.1.
 */
#include "reference_int.h"

#include <string.h>

#define FRAMES_MAX 64

struct frame {
	const struct node *node; /* NULL for the resource */
	const char *name;	 /* as in JSON */
	unsigned type;
};
struct way {
	struct frame v[FRAMES_MAX]; /* v[0]: the resource */
	size_t n;
	bool lost;
};

/* ---- where we are ----------------------------------------------------- */

static const struct node *step_from(const struct profiles *p,
				    const struct frame *f)
{
	return f->node ? f->node : node_at(p, p->types[f->type].root);
}

static void follow(const struct profiles *p, struct way *out, const char *name)
{
	const struct frame *f = &out->v[out->n - 1];
	const struct list *l = node_list(p, step_from(p, f), f->type);
	const struct name *found = l ? list_find(p, l, name) : NULL;

	if (!found || out->n == FRAMES_MAX) {
		out->lost = true;
		return;
	}
	const struct node *n = node_at(p, l->child[found->child]);
	const struct use *u = rec_at(p, n->types);
	unsigned type = found->type;
	if (type == NO_TYPE && n->n_types > 0)
		type = u->type;
	if (type == NO_TYPE)
		out->lost = true;
	else
		out->v[out->n++] = (struct frame){n, name, type};
}

static void find_place(const struct check *c, const struct at *at,
		       struct way *out)
{
	const struct at *v[FRAMES_MAX];
	size_t n = 0;

	out->v[0].node = NULL;
	out->v[0].type = resource_type(c->p, c->resource);
	out->v[0].name = "";
	out->n = 1;
	out->lost = out->v[0].type == NO_TYPE;
	for (; at && at != c->place && n < FRAMES_MAX; at = at->up)
		v[n++] = at;
	if (at != c->place)
		out->lost = true;
	while (n > 0 && !out->lost)
		follow(c->p, out, v[--n]->name);
}

/* An element that is defined as another one is: the path of that. */
static bool fold(const struct profiles *p, struct way *out)
{
	for (size_t i = out->n; i-- > 1;) {
		const struct node *n = out->v[i].node;
		if (!n->content)
			continue;
		const struct node *to = node_at(p, n->content);
		for (size_t k = 1; k < i; k++) {
			if (out->v[k].node != to)
				continue;
			size_t cut = i - k;
			memmove(&out->v[k + 1], &out->v[i + 1],
				(out->n - i - 1) * sizeof(out->v[0]));
			out->n -= cut;
			return true;
		}
	}
	return false;
}

/* ---- names ------------------------------------------------------------ */

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncmp(s, word, n) == 0;
}

static bool type_named(const struct profiles *p, unsigned type, const char *s,
		       size_t n)
{
	unsigned want = find_type(p, s, n);
	return want != NO_TYPE && type_is_a(p, type, want);
}

static bool frame_named(const struct profiles *p, const struct frame *f,
			const char *s, size_t n)
{
	const char *stem = text_at(p, f->node->name);
	if (is_word(s, n, f->name) || is_word(s, n, stem))
		return true;
	return n > 3 && strncmp(s + n - 3, "[x]", 3) == 0 &&
	       is_word(s, n - 3, stem);
}

static size_t dots(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += *s == '.';
	return n;
}

/* "Type.a.b" */
static bool path_fits(const struct profiles *p, const struct way *at,
		      const char *path)
{
	size_t steps = dots(path);
	size_t n = strcspn(path, ".");

	if (steps >= at->n)
		return false;
	size_t i = at->n - 1 - steps;
	if (!type_named(p, at->v[i].type, path, n))
		return false;
	for (i++; i < at->n; i++) {
		path += n + 1;
		n = strcspn(path, ".");
		if (!frame_named(p, &at->v[i], path, n))
			return false;
	}
	return true;
}

/* In an example, a fixed value or a pattern of a definition anything may
 * stand. */
static bool is_quoted(const struct profiles *p, const struct way *at)
{
	for (size_t i = 1; i < at->n; i++) {
		const struct node *n = at->v[i].node;
		const char *name = text_at(p, n->name);
		if ((n->flags & NODE_CHOICE) &&
		    (strcmp(name, "fixed") == 0 ||
		     strcmp(name, "pattern") == 0 ||
		     (strcmp(name, "value") == 0 &&
		      strcmp(at->v[i - 1].name, "example") == 0)))
			return true;
	}
	return false;
}

/* ---- contexts --------------------------------------------------------- */

static bool element_fits(const struct profiles *p, struct way *at,
			 const char *e)
{
	const char *hash = strchr(e, '#');

	if (hash)
		e = hash + 1;
	if (strcmp(e, "Any") == 0 || strcmp(e, "Element") == 0 ||
	    strcmp(e, "CanonicalResource") == 0)
		return true;
	struct way folded = *at;
	do {
		if (path_fits(p, &folded, e))
			return true;
	} while (fold(p, &folded));
	return false;
}

/* Definitions whose published contexts are too narrow: what the HL7 validator
 * takes them to mean. */
static bool is_loose(const char *url)
{
	static const char *const tails[] = {
	    "structuredefinition-normative-version",
	    "capabilitystatement-expectation",
	    "capabilitystatement-prohibited",
	    "structuredefinition-fhir-type",
	    "structuredefinition-json-type",
	    "structuredefinition-xml-type",
	    "structuredefinition-rdf-type",
	    "structuredefinition-regex",
	    "regex"};
	static const char base[] = "http://hl7.org/fhir/StructureDefinition/";

	if (strncmp(url, base, sizeof(base) - 1) != 0)
		return false;
	for (size_t i = 0; i < LEN(tails); i++) {
		if (strcmp(url + sizeof(base) - 1, tails[i]) == 0)
			return true;
	}
	return false;
}

/* An extension stands beside the value of another one. */
static bool in_value(const struct at *at)
{
	return at->up && strncmp(at->name, "value", 5) == 0 &&
	       (strcmp(at->up->name, "extension") == 0 ||
		strcmp(at->up->name, "modifierExtension") == 0);
}

static bool fits(struct check *c, const struct context *x, struct way *place,
		 const struct at *at, const char *around)
{
	const char *e = text_at(c->p, x->expression);

	if (x->kind == CONTEXT_FHIRPATH)
		return true;
	if (x->kind == CONTEXT_EXTENSION)
		return around ? strcmp(around, e) == 0 : in_value(at);
	return element_fits(c->p, place, e);
}

bool context_allows(struct check *c, const struct sd *sd, const struct at *at,
		    const char *around)
{
	const struct context *x = rec_at(c->p, sd->contexts);
	struct way place;

	if (is_loose(text_at(c->p, sd->url)))
		return true;
	find_place(c, at, &place);
	if (place.lost || is_quoted(c->p, &place))
		return true;
	for (uint32_t i = 0; i < sd->n_contexts; i++) {
		if (fits(c, &x[i], &place, at, around))
			return true;
	}
	return false;
}

bool profile_has_creator(const struct profiles *p, const char *type)
{
	const ref r = find_sd(p, PROFILE_CREATOR);
	const struct sd *sd = r ? rec_at(p, r) : NULL;
	const struct context *x = sd ? rec_at(p, sd->contexts) : NULL;
	const unsigned t = find_type(p, type, strlen(type));

	for (uint32_t i = 0; x && t != NO_TYPE && i < sd->n_contexts; i++) {
		const char *e = text_at(p, x[i].expression);
		if (x[i].kind == CONTEXT_ELEMENT &&
		    (strcmp(e, "Element") == 0 ||
		     type_named(p, t, e, strlen(e))))
			return true;
	}
	return false;
}

const char *context_list(struct check *c, const struct sd *sd)
{
	const struct context *x = rec_at(c->p, sd->contexts);
	struct buf b;

	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	for (uint32_t i = 0; i < sd->n_contexts && b.len < 300; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			   text_at(c->p, x[i].expression));
	return b.p;
}
