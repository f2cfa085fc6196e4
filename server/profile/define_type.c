/* SPDX-License-Identifier: Apache-2.0
 *
 * define_type.c: the types of an ElementDefinition that is judged: the profiles
 * of each are known and of that type, targets are resources, an extension that
 * modifies stands in modifierExtension, and what else is said of the element
 * (a binding, limits) is something that values of these types have. A profile
 * may be one text, as in STU3, or a list.
 *
 * FHIR R4 ElementDefinition.type (2.27); STU3 the same.
 */
#include "define_int.h"

#include <string.h>

/* The values of a member that may be one or a list: the first, and the next. */
static const struct json *first_of(const struct json *v)
{
	return v && json_kind(v) == JSON_ARRAY ? json_first(v) : v;
}
static const struct json *after(const struct json *v, const struct json *item)
{
	return item == v ? NULL : json_next(item);
}

enum trait {
	CAN_BIND = 1,
	HAS_RANGE = 2,
	HAS_LENGTH = 4,
	HAS_TARGET = 8,
	ALL_TRAITS = 15
};

/* What may be said of the values of a type. */
static unsigned traits(const char *type)
{
	static const struct {
		const char *name;
		unsigned traits;
	} table[] = {
	    {"integer", HAS_RANGE | HAS_LENGTH},
	    {"decimal", HAS_RANGE | HAS_LENGTH},
	    {"instant", HAS_RANGE | HAS_LENGTH},
	    {"date", HAS_RANGE | HAS_LENGTH},
	    {"dateTime", HAS_RANGE | HAS_LENGTH},
	    {"time", HAS_RANGE | HAS_LENGTH},
	    {"positiveInt", HAS_RANGE | HAS_LENGTH},
	    {"unsignedInt", HAS_RANGE | HAS_LENGTH},
	    {"string", HAS_LENGTH | CAN_BIND},
	    {"uri", HAS_LENGTH | CAN_BIND},
	    {"url", HAS_LENGTH | CAN_BIND},
	    {"oid", HAS_LENGTH | CAN_BIND},
	    {"uuid", HAS_LENGTH | CAN_BIND},
	    {"code", HAS_LENGTH | CAN_BIND},
	    {"id", HAS_LENGTH},
	    {"markdown", HAS_LENGTH},
	    {"canonical", HAS_LENGTH | HAS_TARGET},
	    {"Reference", HAS_TARGET},
	    {"Coding", CAN_BIND},
	    {"CodeableConcept", CAN_BIND},
	    {"Extension", CAN_BIND},
	    {"Range", CAN_BIND},
	    {"Quantity", CAN_BIND | HAS_RANGE},
	    {"SimpleQuantity", CAN_BIND | HAS_RANGE},
	    {"MoneyQuantity", CAN_BIND | HAS_RANGE},
	    {"Age", CAN_BIND | HAS_RANGE},
	    {"Distance", CAN_BIND | HAS_RANGE},
	    {"Duration", CAN_BIND | HAS_RANGE},
	    {"Count", CAN_BIND | HAS_RANGE},
	    {"Money", CAN_BIND | HAS_RANGE},
	};

	for (size_t i = 0; i < LEN(table); i++)
		if (strcmp(table[i].name, type) == 0)
			return table[i].traits;
	return 0;
}

/* Types with a name in another language (that of FHIRPath) say in an extension
 * what they are. */
const char *type_code(const struct json *type)
{
	const char *code = json_get_text(type, "code");
	const struct json *x = json_first(json_get(type, "extension"));

	for (; x; x = json_next(x)) {
		const char *url = json_get_text(x, "url");
		const char *v = json_get_text(x, "valueUrl");
		if (!v)
			v = json_get_text(x, "valueUri");
		if (v && url && strstr(url, "structuredefinition-fhir-type"))
			return v;
	}
	if (code && text_begins(code, "http://hl7.org/fhirpath/System."))
		return "string";
	return code;
}

/* What the stated types may be told, all together; ALL_TRAITS: none is
 * stated. */
static unsigned traits_of(const struct piece *k)
{
	const struct json *list = json_get(k->e, "type");
	unsigned all = 0, n = 0;

	for (const struct json *t = json_first(list); t; t = json_next(t)) {
		const char *code = type_code(t);
		if (!code)
			return ALL_TRAITS;
		all |= traits(code);
		n++;
	}
	return n > 0 ? all : ALL_TRAITS;
}

void check_traits(struct def *d, const struct piece *k)
{
	static const struct {
		const char *stem;
		const char *what;
		unsigned trait;
	} table[] = {
	    {"binding", "Binding", CAN_BIND},
	    {"maxLength", "MaxLength", HAS_LENGTH},
	    {"minValue", "MinValue", HAS_RANGE},
	    {"maxValue", "MaxValue", HAS_RANGE},
	};
	const unsigned has = traits_of(k);
	const char *type;

	for (size_t i = 0; i < LEN(table) && has != ALL_TRAITS; i++) {
		const struct json *m = json_get(k->e, table[i].stem);
		if (!m)
			m = choice_of(k->e, table[i].stem, &type);
		if (!m || has & table[i].trait)
			continue;
		report(d->c, RULE_SD_TYPE, k->at, m, NULL, NULL,
		       "The element %.200s has a %s, but its types do not "
		       "support this",
		       k->path, table[i].what);
	}
}

static const char *sd_type(const struct profiles *p, const struct sd *sd)
{
	return sd->type < p->n_types ? text_at(p, p->types[sd->type].name) : "";
}

static bool fits_code(const struct profiles *p, const struct sd *sd,
		      const char *code)
{
	unsigned t = find_type(p, code, strlen(code));

	return t == NO_TYPE || sd->type >= p->n_types ||
	       type_is_a(p, sd->type, t);
}

static void check_type_profile(struct def *d, const struct piece *k,
			       const struct at *at, const struct json *v,
			       const char *code)
{
	const struct profiles *p = d->c->p;
	const char *url = json_text(v);
	ref r = find_sd(p, url);
	const struct sd *sd = r ? rec_at(p, r) : NULL;

	if (!sd || !sd->root) {
		report(d->c, RULE_SD_PROFILE_UNKNOWN, at, v, NULL, NULL,
		       "The type profile '%.300s' is not known", url);
		return;
	}
	if (!fits_code(p, sd, code)) {
		report(d->c, RULE_SD_TYPE, at, v, code, NULL,
		       "The profile '%.300s' has type '%s', which is not "
		       "consistent with the stated type '%.100s'",
		       url, sd_type(p, sd), code);
		return;
	}
	if (!text_is(code, "Extension"))
		return;
	const bool modifier = node_at(p, sd->root)->flags & NODE_MODIFIER;
	if (modifier == text_is(json_tail(k->path), "modifierExtension"))
		return;
	report(d->c, RULE_SD_TYPE, at, v,
	       modifier ? "modifierExtension" : "extension", NULL,
	       modifier ? "The extension '%.300s' is a modifier extension, "
			  "but is not used as one"
			: "The extension '%.300s' is no modifier extension, "
			  "but is used as one",
	       url);
}

static void check_target_profile(struct def *d, const struct at *at,
				 const struct json *v, const char *code)
{
	const struct profiles *p = d->c->p;
	const char *url = json_text(v);
	ref r = find_sd(p, url);
	const struct sd *sd = r ? rec_at(p, r) : NULL;

	if (!(traits(code) & HAS_TARGET))
		return; /* eld-17 says so */
	if (!sd || !sd->root) {
		report(d->c, RULE_SD_PROFILE_UNKNOWN, at, v, NULL, NULL,
		       "The target profile '%.300s' is not known", url);
		return;
	}
	if (sd->type < p->n_types && p->types[sd->type].kind != KIND_RESOURCE)
		report(d->c, RULE_SD_TYPE, at, v, "a profile of a resource",
		       NULL,
		       "The target profile '%.300s' has type '%s', which is no "
		       "resource",
		       url, sd_type(p, sd));
}

void check_types(struct def *d, const struct piece *k)
{
	long i = 0;

	for (const struct json *t = json_first(json_get(k->e, "type")); t;
	     t = json_next(t), i++) {
		const struct at here = {k->at, "type", i};
		const struct json *profile = json_get(t, "profile");
		const struct json *target = json_get(t, "targetProfile");
		const char *code = type_code(t);

		for (const struct json *v = first_of(profile); code && v;
		     v = after(profile, v))
			if (json_kind(v) == JSON_STRING)
				check_type_profile(d, k, &here, v, code);
		for (const struct json *v = first_of(target); code && v;
		     v = after(target, v))
			if (json_kind(v) == JSON_STRING)
				check_target_profile(d, &here, v, code);
	}
}
