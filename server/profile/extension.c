/* SPDX-License-Identifier: Apache-2.0
 *
 * extension.c: what holds for every extension: a value or extensions inside,
 * never both (ext-1), an absolute URL unless it is a part of another extension;
 * and if its URL names a definition that is loaded: that it stands where it
 * may, in the right one of extension and modifierExtension, with a value of a
 * type that the definition knows, with parts that it knows, and then the
 * definition itself.
 *
 * Unknown extensions are allowed by the validator of 2018 as HAPI ran it;
 * today's refuses them unless their URL is one for examples. Definitions that
 * HL7 published after these versions are not loaded: those extensions cannot be
 * told from invented ones and get a warning. FHIR R4 2.4.
 */
#include "reference_int.h"

#include <string.h>

struct ext {
	const struct spot *s;
	const char *url;
	const struct json *value; /* its value[x], or _value[x]; or NULL */
	bool inner;		  /* has extensions */
	bool modifier;
	bool part; /* stands in another extension */
	const struct sd *def;
};

static const struct json *value_of(const struct json *extension)
{
	for (const struct json *m = json_first(extension); m;
	     m = json_next(m)) {
		const char *name = json_name(m);
		name += name[0] == '_';
		if (strncmp(name, "value", 5) == 0 && name[5] >= 'A' &&
		    name[5] <= 'Z')
			return m;
	}
	return NULL;
}

static bool is_extension(const struct at *at)
{
	return at && (strcmp(at->name, "extension") == 0 ||
		      strcmp(at->name, "modifierExtension") == 0);
}

/* ---- the URL ---------------------------------------------------------- */

/* Of these an unknown one is nothing to complain of. */
static bool is_free(const struct check *c, const char *url)
{
	return strstr(url, "nema.org") ||
	       text_begins(url,
			   "http://hl7.org/fhir/tools/StructureDefinition/") ||
	       (!c->o->no_examples &&
		(strstr(url, "example.org") || strstr(url, "acme.com")));
}

/* Published by HL7 for all of FHIR: later than what is loaded here, it may be
 * known to others. */
static bool is_published(const char *url)
{
	static const char *const bases[] = {
	    "http://hl7.org/fhir/StructureDefinition/",
	    "http://hl7.org/fhir/1.0/StructureDefinition/extension-",
	    "http://hl7.org/fhir/3.0/StructureDefinition/extension-",
	    "http://hl7.org/fhir/4.0/StructureDefinition/extension-",
	    "http://hl7.org/fhir/4.3/StructureDefinition/extension-",
	    "http://hl7.org/fhir/5.0/StructureDefinition/extension-"};
	for (size_t i = 0; i < LEN(bases); i++) {
		if (text_begins(url, bases[i]))
			return true;
	}
	return false;
}

static void unknown(struct check *c, const struct ext *x)
{
	const struct at here = {x->s->at, "url", -1};
	const struct json *where = json_get(x->s->value, "url");
	enum issue_severity severity = x->modifier ? ISSUE_WARNING : ISSUE_INFO;

	if (c->rules == RULES_CURRENT && !is_free(c, x->url))
		severity = is_published(x->url) ? ISSUE_WARNING : ISSUE_ERROR;
	if (severity > ISSUE_ERROR)
		report_as(c, severity, RULE_EXTENSION_UNKNOWN, &here, where,
			  NULL, suggest_extension(c, x->url),
			  "Unknown extension %.200s", x->url);
	else
		report_as(c, severity, RULE_EXTENSION_UNKNOWN, &here, where,
			  "a known extension",
			  "load the package that defines it, or remove it",
			  "The extension %.200s could not be found so is not "
			  "allowed here",
			  x->url);
}

/* The URL of an extension is its definition's, never with a version. */
static void versioned(struct check *c, const struct ext *x)
{
	const struct at here = {x->s->at, "url", -1};
	if (!x->def || !strchr(x->url, '|'))
		return;
	report(c, RULE_EXTENSION_URL, &here, json_get(x->s->value, "url"),
	       "a URL without version", "remove the version",
	       "The extension URL '%.200s' must not have a version", x->url);
}

static void relative(struct check *c, const struct ext *x)
{
	const struct at here = {x->s->at, "url", -1};
	if (x->part)
		return;
	report(c, RULE_EXTENSION_URL, &here, json_get(x->s->value, "url"),
	       "an absolute URL", "begin it with http: or urn:",
	       "Extension.url must be an absolute URL");
}

/* ---- by its definition ------------------------------------------------ */

static void check_modifier(struct check *c, const struct ext *x)
{
	const struct node *root = node_at(c->p, x->def->root);
	bool is = root->flags & NODE_MODIFIER;

	if (is == x->modifier)
		return;
	if (is)
		report(c, RULE_EXTENSION_MODIFIER, x->s->at, x->s->value,
		       "modifierExtension", "move it to \"modifierExtension\"",
		       "The Extension '%.200s' must not be used as an "
		       "extension (it's a modifierExtension)",
		       x->url);
	else
		report(c, RULE_EXTENSION_MODIFIER, x->s->at, x->s->value,
		       "extension", "move it to \"extension\"",
		       "The Extension '%.200s' must not be used as a "
		       "modifierExtension (it's a regular extension)",
		       x->url);
}

static const struct node *child(const struct profiles *p, const struct node *n,
				unsigned type, const char *name)
{
	const struct list *l = node_list(p, n, type);
	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *k = node_at(p, l->child[i]);
		if (strcmp(text_at(p, k->name), name) == 0)
			return k;
	}
	return NULL;
}

static const char *type_names(struct check *c, const struct node *v)
{
	const struct slicing *s = v->slicing && !(v->flags & NODE_OWN_TYPES) &&
					  c->p->version == FHIR_STU3
				      ? rec_at(c->p, v->slicing)
				      : NULL;
	const ref *slice = s && s->n > 0 ? rec_at(c->p, s->slices) : NULL;
	const struct node *n = slice ? node_at(c->p, slice[0]) : v;
	const struct use *u = rec_at(c->p, n->types);
	struct buf b;

	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	for (unsigned i = 0; i < n->n_types; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			   text_at(c->p, c->p->types[u[i].type].name));
	return b.p;
}

/* The type of value[x], as its JSON name says it; NO_TYPE: none. */
static unsigned value_type(const struct check *c, const struct ext *x)
{
	unsigned type = x->s->type;
	const struct list *l =
	    node_list(c->p, node_at(c->p, c->p->types[type].root), type);
	const char *name = json_name(x->value);
	const struct name *found = list_find(c->p, l, name + (*name == '_'));
	return found ? found->type : NO_TYPE;
}

static bool slice_has(const struct check *c, const struct node *v,
		      unsigned type)
{
	const struct slicing *s = rec_at(c->p, v->slicing);
	const ref *slice = rec_at(c->p, s->slices);
	for (unsigned i = 0; i < s->n; i++) {
		if (node_use(c->p, node_at(c->p, slice[i]), type))
			return true;
	}
	return s->n == 0;
}

/* Definitions of STU3 name the one type by the path valueString; value[x]
 * itself keeps them all. */
static bool has_type(const struct check *c, const struct node *v, unsigned type)
{
	if (c->p->version == FHIR_STU3 && v->slicing &&
	    !(v->flags & NODE_OWN_TYPES))
		return slice_has(c, v, type);
	return node_use(c->p, v, type) != NULL;
}

/* That there must be no value at all, the definition says itself. */
static bool value_fits(struct check *c, const struct ext *x,
		       const struct node *v)
{
	unsigned type = value_type(c, x);
	if (type == NO_TYPE || v->max == 0 || has_type(c, v, type))
		return true;
	const struct at here = {x->s->at, json_name(x->value), -1};
	const char *want = type_names(c, v);
	char first = *want >= 'a' && *want <= 'z' ? (char)(*want - 32) : *want;
	report(c, RULE_EXTENSION_TYPE, &here, x->value, want,
	       *want && !strchr(want, ',')
		   ? say(c, "use \"value%c%s\"", first, want + 1)
		   : say(c, "give it a value of type %s", want),
	       "The Extension '%.200s' definition allows for the types [%s] "
	       "but found type %s",
	       x->url, want, text_at(c->p, c->p->types[type].name));
	return false;
}

/* Simple or complex, and of which type? False: its definition has nothing more
 * to say. */
static bool check_value(struct check *c, const struct ext *x)
{
	const struct node *v =
	    child(c->p, node_at(c->p, x->def->root), x->def->type, "value");
	if (!v)
		return true;
	if (x->value)
		return x->inner || value_fits(c, x, v);
	if (!x->inner || v->max == 0 || v->min == 0)
		return true;
	report(c, RULE_EXTENSION_TYPE, x->s->at, x->s->value, type_names(c, v),
	       "give it a value",
	       "The Extension '%.200s' definition is for a simple extension, "
	       "so it must contain a value, not extensions",
	       x->url);
	return false;
}

/* ---- its parts -------------------------------------------------------- */

static bool slice_is(const struct check *c, const struct node *slice,
		     const char *url)
{
	const struct node *n =
	    child(c->p, slice, c->p->known[T_EXTENSION], "url");
	const struct constant *k =
	    n && n->fixed ? rec_at(c->p, n->fixed) : NULL;
	const char *fixed = k ? text_at(c->p, k->text) : NULL;
	return fixed && strcmp(fixed, url) == 0;
}

static bool knows_part(const struct check *c, const struct slicing *s,
		       const char *url)
{
	const ref *v = rec_at(c->p, s->slices);
	for (unsigned i = 0; i < s->n; i++) {
		if (slice_is(c, node_at(c->p, v[i]), url))
			return true;
	}
	return false;
}

static void check_part(struct check *c, const struct ext *x,
		       const struct slicing *s, const struct json *part,
		       const struct at *at)
{
	const char *url = json_get_text(part, "url");
	const struct at here = {at, "url", -1};

	if (!url || is_absolute(url) || knows_part(c, s, url))
		return;
	report(c, RULE_EXTENSION_PART, &here, json_get(part, "url"),
	       "a part that the extension defines", "remove it",
	       "Sub-extension url '%.200s' is not defined by the Extension "
	       "%.200s",
	       url, x->url);
}

static void wrong_place(struct check *c, const struct sd *def, const char *url,
			const struct json *where, const struct at *at)
{
	const char *list = context_list(c, def);
	report(c, RULE_EXTENSION_CONTEXT, at, where, list,
	       say(c, "it may stand in: %s", list),
	       "The extension %.200s is not allowed to be used at this point "
	       "(allowed = %s)",
	       url, list);
}

/* Of an extension inside: it may be meant for this one alone. */
static void check_part_place(struct check *c, const struct ext *x,
			     const struct json *part, const struct at *at)
{
	const char *url = json_get_text(part, "url");
	ref r = url && is_absolute(url) ? find_sd(c->p, url) : 0;
	const struct sd *def = r ? rec_at(c->p, r) : NULL;

	if (def && def->n_contexts > 0 &&
	    !context_allows(c, def, x->s->at, x->url))
		wrong_place(c, def, url, part, at);
}

static void check_parts(struct check *c, const struct ext *x)
{
	const struct json *part =
	    json_first(json_get(x->s->value, "extension"));
	const struct node *n = x->def ? child(c->p, node_at(c->p, x->def->root),
					      x->def->type, "extension")
				      : NULL;
	const struct slicing *s =
	    n && n->slicing ? rec_at(c->p, n->slicing) : NULL;

	for (long i = 0; part && !c->stop; part = json_next(part), i++) {
		const struct at here = {x->s->at, "extension", i};
		if (s && s->n > 0)
			check_part(c, x, s, part, &here);
		check_part_place(c, x, part, &here);
	}
}

/* ---- the whole -------------------------------------------------------- */

static void check_known(struct check *c, struct ext *x, ref sd)
{
	x->def = rec_at(c->p, sd);
	if (x->def->type != c->p->known[T_EXTENSION] || !x->def->root) {
		x->def = NULL;
		return;
	}
	/* parts of another were looked at with that */
	if (!x->part && x->def->n_contexts > 0 &&
	    !context_allows(c, x->def, x->s->at->up, NULL))
		wrong_place(c, x->def, x->url, x->s->value, x->s->at);
	versioned(c, x);
	check_modifier(c, x);
	if (check_value(c, x))
		check_definition(c, sd, x->s->value, x->s->at);
}

void check_extension(struct check *c, const struct spot *s)
{
	struct ext x = {.s = s, .url = json_get_text(s->value, "url")};

	x.value = value_of(s->value);
	x.inner = json_get(s->value, "extension") != NULL;
	x.modifier = strcmp(s->at->name, "modifierExtension") == 0;
	x.part = is_extension(s->at->up);
	if ((x.value != NULL) == x.inner)
		report(c, RULE_EXTENSION_VALUE, s->at, s->value,
		       "a value or extensions",
		       x.value ? "remove the value or the extensions"
			       : "add a value",
		       "Must have either extensions or value[x], not both "
		       "[extension.exists() != value.exists()]");
	if (!x.url || !*x.url)
		return;
	ref sd = find_sd(c->p, x.url);
	if (!is_absolute(x.url))
		relative(c, &x);
	else if (sd)
		check_known(c, &x, sd);
	else
		unknown(c, &x);
	if (x.inner)
		check_parts(c, &x);
}
