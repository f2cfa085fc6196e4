/* SPDX-License-Identifier: Apache-2.0
 *
 * define_element.c: one ElementDefinition of a StructureDefinition that is
 * judged as an instance: what would compile but cannot be meant. Its types are
 * in define_type.c; here are bindings of what has no codes, values of another
 * type, cardinalities wider than the base's, slicings that contradict each
 * other, discriminators that lead nowhere, invariants of one key and two
 * expressions.
 *
 * Elements of a differential are compared with the base's tree; those within
 * slices are not, as their base is the slice. What an element of STU3 says in
 * other words (profile as a string, valueSetReference) is read too.
 *
 * FHIR R4 ElementDefinition 2.27; STU3 the same.
 */
#include "define_int.h"

#include <stdlib.h>
#include <string.h>

#define FOLLOWING 64 /* elements that are looked at for one */

/* ---- the base's tree ----------------------------------------------------- */

static const struct node *child_of(const struct profiles *p,
				   const struct node *n, unsigned type,
				   const char *name, size_t len)
{
	const struct list *l = node_list(p, n, type);

	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *k = node_at(p, l->child[i]);
		const char *s = text_at(p, k->name);
		if (strncmp(s, name, len) == 0 && s[len] == '\0')
			return k;
	}
	return NULL;
}

/* A child by its name; of an element of several types, any of them. */
static const struct node *below(const struct profiles *p, const struct node *n,
				const char *name, size_t len)
{
	const struct use *u = rec_at(p, n->types);
	const struct node *found = NULL;

	if (n->n_types == 0)
		return child_of(p, n, NO_TYPE, name, len);
	for (unsigned i = 0; !found && i < n->n_types; i++)
		found = child_of(p, n, u[i].type, name, len);
	return found;
}

static size_t segment(const char *s)
{
	return strcspn(s, ".");
}

static size_t bare(const char *s, size_t n)
{
	return n > 3 && memcmp(s + n - 3, "[x]", 3) == 0 ? n - 3 : n;
}

/* The node of the base at a path; NULL: it is not there, or in a slice. */
static const struct node *base_node(const struct def *d, const char *path)
{
	const struct node *n;

	if (!d->base)
		return NULL;
	n = node_at(d->c->p, d->base->root);
	for (path += segment(path); n && *path;) {
		const size_t len = segment(++path);
		n = below(d->c->p, n, path, bare(path, len));
		path += len;
	}
	return n;
}

/* ---- bindings ----------------------------------------------------------- */

static const char *value_set_of(const struct json *binding)
{
	const char *url = json_get_text(binding, "valueSet");

	if (!url)
		url = json_get_text(binding, "valueSetUri");
	if (!url)
		url = json_get_text(json_get(binding, "valueSetReference"),
				    "reference");
	return url;
}

static void check_element_binding(struct def *d, const struct piece *k)
{
	static const char *const word[] = {"example", "preferred", "extensible",
					   "required"};
	const struct profiles *p = d->c->p;
	const struct json *binding = json_get(k->e, "binding");
	const struct at here = {k->at, "binding", -1};
	const char *url = value_set_of(binding);
	const char *strength = json_get_text(binding, "strength");

	if (url && *url != '#' && !find_vs(p, url) && !find_sd(p, url) &&
	    !find_cs(p, url))
		report_as(d->c, ISSUE_WARNING, RULE_SD_BINDING, &here, binding,
			  "a value set that is known", NULL,
			  "The value set of %.200s, '%.300s', is not known",
			  k->path, url);
	if (!k->node || !k->node->binding || !strength)
		return;
	const struct binding *old = rec_at(p, k->node->binding);
	if (old->strength == BIND_REQUIRED &&
	    !text_is(strength, word[BIND_REQUIRED]))
		report(d->c, RULE_SD_BINDING, &here, binding, "required", NULL,
		       "The binding of %.200s cannot be changed from required "
		       "to %.20s",
		       k->path, strength);
}

/* ---- values -------------------------------------------------------------- */

/* "Uri" is the type uri, "CodeableConcept" itself. */
static bool same_type(const char *written, const char *code)
{
	const char first = code[0] >= 'a' && code[0] <= 'z'
			       ? (char)(code[0] - 'a' + 'A')
			       : code[0];

	return *written == first && strcmp(written + 1, code + 1) == 0;
}

/* Is it one of the types that are stated, or else of those of the base? */
static bool type_allowed(const struct def *d, const struct piece *k,
			 const char *written)
{
	const struct json *list = json_get(k->e, "type");
	const struct profiles *p = d->c->p;

	for (const struct json *t = json_first(list); t; t = json_next(t)) {
		const char *code = type_code(t);
		if (!code || same_type(written, code))
			return true;
	}
	if (list || !k->node || k->node->n_types == 0)
		return !list;
	const struct use *u = rec_at(p, k->node->types);
	for (unsigned i = 0; i < k->node->n_types; i++)
		if (same_type(written, text_at(p, p->types[u[i].type].name)) ||
		    p->types[u[i].type].abstract)
			return true;
	return false;
}

static void check_values(struct def *d, const struct piece *k)
{
	static const char *const stems[] = {"fixed", "pattern", "defaultValue"};
	const struct profiles *p = d->c->p;
	const char *type;

	for (size_t i = 0; i < LEN(stems); i++) {
		const struct json *v = choice_of(k->e, stems[i], &type);
		const struct at here = {k->at, stems[i], -1};
		if (v && strchr(k->path, '.') && !type_allowed(d, k, type))
			report(d->c, RULE_SD_VALUE, &here, v,
			       "a value of the element's type", NULL,
			       "The element %.200s has a %s of type %.60s, "
			       "which is not in the list of allowed types",
			       k->path, stems[i], type);
	}
	const struct json *fixed = choice_of(k->e, "fixed", &type);
	if (!fixed || !k->node || !k->node->fixed ||
	    constant_equal(p, k->node->fixed, fixed))
		return;
	const char *was = constant_text(p, d->c->a, k->node->fixed);
	report(d->c, RULE_SD_VALUE, k->at, fixed, was, NULL,
	       "Value is '%.200s' but is fixed to '%.200s' in the base, "
	       "because the value must match the fixed value defined there",
	       json_text(fixed) ? json_text(fixed) : "another one", was);
}

/* ---- cardinality --------------------------------------------------------- */

static void check_cardinality(struct def *d, const struct piece *k)
{
	const struct json *min = json_get(k->e, "min");
	const char *max = json_get_text(k->e, "max");

	if (!k->node || json_get(k->e, "sliceName") || !strchr(k->path, '.'))
		return;
	if (min && json_kind(min) == JSON_NUMBER &&
	    strtoul(json_text(min), NULL, 10) < k->node->min)
		report(d->c, RULE_SD_CARDINALITY, k->at, min,
		       say(d->c, "at least %u", (unsigned)k->node->min), NULL,
		       "Element %.200s: derived min (%.20s) cannot be less "
		       "than the base min (%u)",
		       k->path, json_text(min), (unsigned)k->node->min);
	if (!max || k->node->max == UNBOUNDED)
		return;
	if (text_is(max, "*") || strtoul(max, NULL, 10) > k->node->max)
		report(d->c, RULE_SD_CARDINALITY, k->at, json_get(k->e, "max"),
		       say(d->c, "at most %u", (unsigned)k->node->max), NULL,
		       "Element %.200s: derived max (%.20s) cannot be greater "
		       "than the base max (%u)",
		       k->path, max, (unsigned)k->node->max);
}

/* ---- slicing ------------------------------------------------------------- */

/* Does a discriminator's path lead somewhere? Steps that are functions but
 * ofType(), and what comes behind resolve(), cannot be told here: yes. */
static bool leads(const struct profiles *p, const struct node *n,
		  const char *path)
{
	if (text_is(path, "$this"))
		return true;
	if (text_begins(path, "$this."))
		path += 6;
	while (n && *path) {
		const size_t len = segment(path);
		if (memchr(path, '(', len))
			return true;
		n = below(p, n, path, len);
		path += len;
		path += *path == '.';
	}
	return n != NULL;
}

static void check_discriminators(struct def *d, const struct piece *k,
				 const struct json *slicing)
{
	const struct json *list = json_get(slicing, "discriminator");
	const struct at up = {k->at, "slicing", -1};
	const struct node *n = k->node ? k->node : base_node(d, k->path);
	long i = 0;

	if (!n)
		return;
	for (const struct json *v = json_first(list); v;
	     v = json_next(v), i++) {
		const struct at here = {&up, "discriminator", i};
		const char *path = json_get_text(v, "path");
		if (path && !leads(d->c->p, n, path))
			report(d->c, RULE_SD_DISCRIMINATOR, &here, v,
			       "a path of the element", NULL,
			       "The discriminator path '%.200s' does not "
			       "appear to be valid for the element that is "
			       "being sliced '%.200s'",
			       path, k->path);
	}
}

static bool same_slicing(const struct json *x, const struct json *y)
{
	const struct json *a = json_get(x, "discriminator");
	const struct json *b = json_get(y, "discriminator");

	return a && b ? json_equal(a, b) : a == b;
}

/* The same, of the base. */
static bool as_in_base(const struct profiles *p, ref base,
		       const struct json *slicing)
{
	const struct slicing *s = rec_at(p, base);
	const struct discriminator *disc = rec_at(p, s->disc);
	const struct json *v = json_first(json_get(slicing, "discriminator"));
	unsigned i = 0;

	for (; v && i < s->n_disc; v = json_next(v), i++)
		if (!text_is(json_get_text(v, "path"),
			     text_at(p, disc[i].path)))
			return false;
	return !v && i == s->n_disc;
}

/* Is it another slicing than that of the element it is a slice of, stated
 * before or in the base? */
static bool redefines(const struct def *d, const struct piece *k,
		      const struct json *slicing)
{
	const struct node *n;

	if (text_is(json_get_text(d->sliced, "path"), k->path))
		return !same_slicing(json_get(d->sliced, "slicing"), slicing);
	n = base_node(d, k->path);
	return n && n->slicing && !as_in_base(d->c->p, n->slicing, slicing);
}

/* Is the slice sliced again ("name/part")? Those parts follow it. */
static bool resliced(const struct json *e, const char *name)
{
	const size_t n = strlen(name);

	for (int i = 0; (e = json_next(e)) && i < FOLLOWING; i++) {
		const char *s = json_get_text(e, "sliceName");
		if (s && strncmp(s, name, n) == 0 && s[n] == '/')
			return true;
	}
	return false;
}

static void check_slicing(struct def *d, const struct piece *k)
{
	const struct json *slicing = json_get(k->e, "slicing");
	const char *name = json_get_text(k->e, "sliceName");

	if (!slicing || json_kind(slicing) != JSON_OBJECT)
		return;
	check_discriminators(d, k, slicing);
	if (!name) {
		d->sliced = k->e;
		return;
	}
	if (redefines(d, k, slicing) && !resliced(k->e, name))
		report(d->c, RULE_SD_SLICING, k->at, slicing, NULL,
		       "remove \"slicing\" from the slice",
		       "The element at %.200s defines the slicing, but then an "
		       "element in the slicing, %.100s, tries to redefine it",
		       k->path, name);
}

/* ---- invariants --------------------------------------------------------- */

static void compile_invariant(struct def *d, const struct at *at,
			      const struct json *v, const char *key,
			      const char *expression)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};

	if (!fp_compile(a, expression, &e))
		report(d->c, RULE_SD_INVARIANT, at, v, "a FHIRPath expression",
		       NULL,
		       "Error in constraint '%.60s' with expression '%.300s': "
		       "%.200s",
		       key, expression, e.text);
	arena_free(a);
}

static void check_invariant(struct def *d, const struct at *at,
			    const struct json *v)
{
	const char *key = json_get_text(v, "key");
	const char *expression = json_get_text(v, "expression");
	const char *source = json_get_text(v, "source");
	size_t i = 0;

	if (!key || !expression)
		return;
	while (i < d->n_keys && strcmp(d->keys[i].key, key) != 0)
		i++;
	if (i < d->n_keys && strcmp(d->keys[i].expression, expression) == 0)
		return;
	if (i < d->n_keys && strcmp(key, "ele-1") != 0)
		report(d->c, RULE_SD_INVARIANT, at, v, d->keys[i].expression,
		       "give one of them another key",
		       "The constraint key '%.60s' already exists in the "
		       "definition with another expression",
		       key);
	if (i == d->n_keys && i < LEN(d->keys)) {
		d->keys[i].key = key;
		d->keys[d->n_keys++].expression = expression;
	}
	if (!source || text_is(source, d->url))
		compile_invariant(d, at, v, key, expression);
}

static void check_keys(struct def *d, const struct piece *k)
{
	long i = 0;

	for (const struct json *v = json_first(json_get(k->e, "constraint")); v;
	     v = json_next(v), i++) {
		const struct at here = {k->at, "constraint", i};
		check_invariant(d, &here, v);
	}
}

/* ---- one element -------------------------------------------------------- */

void check_element_definition(struct def *d, const struct json *e,
			      const struct at *at)
{
	const char *id = json_get_text(e, "id");
	struct piece k = {.e = e, .path = json_get_text(e, "path"), .at = at};
	const size_t n = strlen(d->type_name);

	if (!k.path)
		return;
	if (n > 0 && (strncmp(k.path, d->type_name, n) != 0 ||
		      (k.path[n] && k.path[n] != '.'))) {
		report(
		    d->c, RULE_SD_PATH, at, json_get(e, "path"),
		    say(d->c, "a path that begins with %.100s", d->type_name),
		    NULL,
		    "The path must start with the type of the definition, "
		    "'%.100s', but is '%.200s'",
		    d->type_name, k.path);
		return;
	}
	if (!id || !strchr(id, ':'))
		k.node = base_node(d, k.path);
	check_traits(d, &k);
	check_types(d, &k);
	check_element_binding(d, &k);
	check_values(d, &k);
	if (!d->snapshot)
		check_cardinality(d, &k);
	check_slicing(d, &k);
	check_keys(d, &k);
}
