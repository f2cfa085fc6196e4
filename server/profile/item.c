/* SPDX-License-Identifier: Apache-2.0
 *
 * item.c: one occurrence of an element: its JSON shape, its fixed value and
 * pattern (value_fixed.c), limits (value_limits.c) and binding, the profiles
 * that its type names, and what is special about its type. Elements with
 * children go on in walk.c.
 */
#include "profile_int.h"
#include "reference_int.h"

#include <string.h>

static void check_rules(struct check *c, const struct spot *s)
{
	if (s->node->fixed || s->node->pattern)
		check_constants(c, s);
	if (s->node->limits && s->value)
		check_limits(c, s);
	if (!s->node->binding ||
	    !(c->base || s->node->flags & NODE_OWN_BINDING))
		return;
	if (s->value)
		check_binding(c, s);
	else if (s->companion && json_kind(s->companion) == JSON_OBJECT)
		check_binding_absent(c, s);
}

/* ---- primitives ------------------------------------------------------- */

/* meta of the whole resource, where the profile has to be named? */
static bool is_demanded_meta(const struct check *c, const struct at *at)
{
	return at->up && !at->up->up && strcmp(at->name, "meta") == 0 &&
	       profile_demanded(c, at->up->name);
}

static void empty_object(struct check *c, const struct at *at,
			 const struct json *v)
{
	report(c, RULE_EMPTY_OBJECT, at, v, NULL,
	       is_demanded_meta(c, at) ? "add \"profile\" to \"meta\""
				       : say(c, "remove \"%s\"", at->name),
	       "Object must have some content");
}

/* In an array a null keeps the place of an item; what stands alone goes. */
static const char *null_hint(struct check *c, const struct at *at,
			     const char *prefix)
{
	return at->index >= 0 ? "remove the null"
			      : say(c, "give \"%s%s\" a value, or remove it",
				    prefix, at->name);
}

static void check_companion(struct check *c, const struct spot *s)
{
	const struct json *k = s->companion;
	const struct type *t = &c->p->types[s->type];

	if (json_kind(k) == JSON_NULL && s->at->index >= 0 && s->value &&
	    json_kind(s->value) != JSON_NULL)
		return;
	if (json_kind(k) == JSON_NULL) {
		report(c, RULE_NULL, s->at, k, NULL, null_hint(c, s->at, "_"),
		       "This property must be an object, not null");
		return;
	}
	if (json_kind(k) != JSON_OBJECT) {
		report(c, RULE_COMPANION, s->at, k, "an object", NULL,
		       "This property must be an object, not %s",
		       json_kind(k) == JSON_ARRAY ? "an Array"
						  : "a simple value");
		return;
	}
	if (!json_first(k))
		empty_object(c, s->at, k);
	check_object(c, k, node_at(c->p, t->root), s->type, s->at);
}

/* A primitive without value: allowed if there are extensions. */
static void check_no_value(struct check *c, const struct spot *s)
{
	bool object = s->companion && json_kind(s->companion) == JSON_OBJECT;

	if (s->value && !object) {
		report(c, RULE_NULL, s->at, s->value, NULL,
		       null_hint(c, s->at, ""),
		       "This property must be an simple value, not null");
		return;
	}
	if (object && json_first(s->companion) &&
	    !json_get(s->companion, "extension"))
		report(c, RULE_NO_VALUE, s->at, s->companion, NULL,
		       "give a value or an extension",
		       "primitive types must have a value or must have child "
		       "extensions");
}

static void check_simple(struct check *c, const struct spot *s)
{
	const struct json *v = s->value;
	const struct type *t = &c->p->types[s->type];
	enum json_kind kind = v ? json_kind(v) : JSON_NULL;

	if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
		if (c->base)
			report(c, RULE_NOT_SIMPLE, s->at, v, "a simple value",
			       say(c, "write the value of \"%s\" alone",
				   s->at->name),
			       "This property must be an simple value, not %s",
			       kind == JSON_ARRAY ? "an Array" : "an object");
		return;
	}
	if (c->base && kind == JSON_NULL)
		check_no_value(c, s);
	else if (c->base)
		check_primitive(c, s);
	if (c->base && s->companion)
		check_companion(c, s);
	if (!c->base && s->node->list && s->companion &&
	    json_kind(s->companion) == JSON_OBJECT)
		check_object(c, s->companion, s->node, s->type, s->at);
	if (c->base && t->prim == PRIM_CANONICAL && kind == JSON_STRING)
		check_canonical(c, s);
	struct spot copy = *s;
	if (kind == JSON_NULL)
		copy.value = NULL;
	check_rules(c, &copy);
	check_invariants(c, &copy);
}

/* ---- complex types ---------------------------------------------------- */

#define EXPLAINED 3 /* of several profiles */

/* None of several profiles fits: what each of them misses. */
static void no_choice(struct check *c, const struct spot *s,
		      const struct use *u)
{
	const struct target *t = rec_at(c->p, u->profiles);
	struct buf names, why;

	buf_init(&names, c->a);
	buf_init(&why, c->a);
	for (unsigned i = 0; !c->dry && i < u->n_profiles; i++) {
		const char *url = text_at(c->p, t[i].url);
		buf_printf(&names, "%s%s", i ? ", " : "", url);
		if (i < EXPLAINED)
			buf_printf(&why, "%sby %s: %s", i ? "; " : "", url,
				   why_misfit(c, target_ref(c->p, &t[i]),
					      s->value, s->at));
	}
	report(c, RULE_PROFILE_CHOICE, s->at, s->value, names.p, why.p,
	       "Unable to find matching profile among choices: %s",
	       names.p ? names.p : "");
}

/* What a profile demands and is not at hand cannot be held: by the rules of
 * today that is an error. */
static void unknown_type_profile(struct check *c, const struct spot *s,
				 const char *url)
{
	report(c, RULE_PROFILE_OF_TYPE, s->at, s->value, "a known profile",
	       "load the package that defines it", "Unknown profile %.200s",
	       url);
}

/* The profiles that the element's type names: its own, or one of several. */
static void check_type_profiles(struct check *c, const struct spot *s,
				const struct use *u)
{
	if (!u || u->n_profiles == 0)
		return;
	const struct target *t = rec_at(c->p, u->profiles);
	if (u->n_profiles == 1) {
		ref sd = target_ref(c->p, t);
		if (!sd)
			unknown_type_profile(c, s, text_at(c->p, t->url));
		check_definition(c, sd, s->value, s->at);
		return;
	}
	for (unsigned i = 0; i < u->n_profiles; i++) {
		ref r = target_ref(c->p, &t[i]);
		if (!r && c->rules == RULES_CURRENT)
			unknown_type_profile(c, s, text_at(c->p, t[i].url));
		else if (!r || fits_definition(c, r, s->value, s->at))
			return;
	}
	no_choice(c, s, u);
}

/* Which of the types that are allowed here the resource is of. */
static const struct use *resource_use(struct check *c, const struct spot *s)
{
	const struct use *u = rec_at(c->p, s->node->types);
	unsigned type = resource_type(c->p, s->value);
	struct buf b;

	if (type == NO_TYPE)
		return NULL;
	for (unsigned i = 0; i < s->node->n_types; i++) {
		if (type_is_a(c->p, type, u[i].type))
			return &u[i];
	}
	buf_init(&b, c->a);
	for (unsigned i = 0; !c->dry && i < s->node->n_types; i++)
		buf_printf(&b, "%s%s", i ? ", " : "",
			   text_at(c->p, c->p->types[u[i].type].name));
	report(c, RULE_RESOURCE_TYPE, s->at, s->value, b.p, NULL,
	       "Specified profile type was '%s', but found type '%s'",
	       b.p ? b.p : "", text_at(c->p, c->p->types[type].name));
	return NULL;
}

/* What the profile itself says of elements inside of a resource in it. */
static void check_within(struct check *c, const struct spot *s)
{
	unsigned type = resource_type(c->p, s->value);
	if (!s->node->list || type == NO_TYPE)
		return;
	if (type_is_a(c->p, type, s->node->of_type))
		type = s->node->of_type;
	check_object(c, s->value, s->node, type, s->at);
}

static void check_inner_resource(struct check *c, const struct spot *s)
{
	const struct check before = *c;

	scope_enter(c, s->value, s->at);
	if (c->base)
		check_resource(c, s->value, s->at);
	if (c->base || (s->node->flags & NODE_OWN_TYPES))
		check_type_profiles(c, s, resource_use(c, s));
	if (c->base)
		check_own_profiles(c, s->value, s->at);
	else
		check_within(c, s);
	scope_leave(c, &before);
	check_invariants(c, s);
}

/* An object around a simple value, for what it was meant for, perhaps. */
static const char *object_hint(struct check *c, const struct spot *s)
{
	static const char *const parts[][3] = {
	    {"Reference", "{\"reference\": ", "}"},
	    {"CodeableConcept",
	     "{\"coding\": [{\"system\": ..., \"code\": ", "}]}"},
	    {"Coding", "{\"system\": ..., \"code\": ", "}"},
	    {"Quantity", "{\"value\": ", ", \"unit\": ...}"},
	    {"Identifier", "{\"system\": ..., \"value\": ", "}"},
	    {"Annotation", "{\"text\": ", "}"},
	    {"Period", "{\"start\": ", ", \"end\": ...}"},
	    {"HumanName", "{\"text\": ", "}"}};
	const char *type = text_at(c->p, c->p->types[s->type].name);
	const char *text = json_text(s->value);
	const char *quote = json_kind(s->value) == JSON_NUMBER ? "" : "\"";

	if (s->type == c->p->known[T_NARRATIVE])
		return "write {\"status\": \"generated\", \"div\": \"<div "
		       "xmlns='http://www.w3.org/1999/xhtml'>...</div>\"}";
	for (size_t i = 0; text && i < LEN(parts); i++) {
		if (strcmp(parts[i][0], type) == 0)
			return say(c, "write %s%s%.100s%s%s", parts[i][1],
				   quote, text, quote, parts[i][2]);
	}
	return say(c, "write an object { } of type %s", type);
}

static void not_object(struct check *c, const struct spot *s)
{
	enum json_kind kind = json_kind(s->value);
	if (kind == JSON_NULL)
		report(c, RULE_NULL, s->at, s->value, NULL,
		       null_hint(c, s->at, ""),
		       "This property must be an object, not null");
	else
		report(c, RULE_NOT_OBJECT, s->at, s->value, "an object",
		       object_hint(c, s),
		       "This property must be an object, not %s",
		       kind == JSON_ARRAY ? "an Array" : "a simple value");
}

static void check_complex(struct check *c, const struct spot *s)
{
	const struct profiles *p = c->p;

	if (!s->value || json_kind(s->value) != JSON_OBJECT) {
		if (c->base && s->value)
			not_object(c, s);
		return;
	}
	if (p->types[s->type].kind == KIND_RESOURCE) {
		check_inner_resource(c, s);
		return;
	}
	if (c->base && !json_first(s->value))
		empty_object(c, s->at, s->value);
	check_rules(c, s);
	if (c->base || s->node->list ||
	    ((s->node->flags & NODE_RECURS) && c->rules == RULES_KANTA))
		check_object(c, s->value, s->node, s->type, s->at);
	if (c->base)
		check_has_content(c, s);
	check_invariants(c, s);
	if (!c->base && !(s->node->flags & NODE_OWN_TYPES))
		return;
	if (s->type == p->known[T_REFERENCE])
		check_reference(c, s);
	if (c->base)
		check_kind(c, s);
	check_type_profiles(c, s, node_use(c->p, s->node, s->type));
}

void check_item(struct check *c, const struct spot *s)
{
	if (c->stop)
		return;
	if (c->p->types[s->type].kind == KIND_PRIMITIVE)
		check_simple(c, s);
	else
		check_complex(c, s);
}
