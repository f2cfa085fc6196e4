/* SPDX-License-Identifier: Apache-2.0
 *
 * define_structure.c: a StructureDefinition is judged as an instance: not
 * whether it has the form of one (its own definition says that), but whether it
 * can be used as a profile.
 *
 * Two ways lead there. What is wrong beyond use, the compiler finds: the
 * definition is compiled on top of the loaded ones, in memory that is given
 * back, and the first reason against it is the issue. What would compile but
 * cannot be meant is looked for element by element (define_element.c).
 *
 * HL7's validator of the service's era did none of this, so under the rules of
 * kanta nothing is looked at.
 *
 * Limits: ELEMENTS of each list are looked at.
 * FHIR R4 StructureDefinition 5.3; STU3 the same.
 */
#include "define_int.h"

#include <string.h>

#define ELEMENTS 20000

static const char *const kind_code[] = {
    [KIND_PRIMITIVE] = "primitive-type",
    [KIND_COMPLEX] = "complex-type",
    [KIND_RESOURCE] = "resource",
};

static const char *name_of_type(const struct profiles *p, unsigned type)
{
	return type < p->n_types ? text_at(p, p->types[type].name) : "";
}

/* ---- the head ----------------------------------------------------------- */

static void check_context(struct def *d, const struct at *at)
{
	const struct json *list = json_get(d->sd, "context");
	long i = 0;

	for (const struct json *v = json_first(list); v;
	     v = json_next(v), i++) {
		const struct at here = {at, "context", i};
		const bool anywhere =
		    text_is(json_get_text(v, "type"), "element") &&
		    text_is(json_get_text(v, "expression"), "Element");

		if (!text_is(d->type_name, "Extension"))
			report(d->c, RULE_SD_CONTEXT, &here, v, NULL,
			       "remove \"context\"",
			       "The type is %.100s, not Extension, so a "
			       "context should not be defined",
			       d->type_name);
		else if (anywhere)
			report_as(d->c, ISSUE_WARNING, RULE_SD_CONTEXT, &here,
				  v, NULL, "name the elements it is meant for",
				  "The extension may be used on every element; "
				  "review whether that is meant");
	}
}

static void check_kind_of_base(struct def *d, const struct at *at)
{
	const struct profiles *p = d->c->p;
	const struct type *t = &p->types[d->base->type];
	const char *kind = json_get_text(d->sd, "kind");
	const char *derivation = json_get_text(d->sd, "derivation");
	const char *type = name_of_type(p, d->base->type);

	if (!derivation) {
		report(d->c, RULE_SD_DERIVATION, at, d->sd,
		       "derivation: constraint or specialization",
		       "add \"derivation\"",
		       "StructureDefinition %.200s must have a derivation, "
		       "since it has a baseDefinition",
		       d->url);
		return;
	}
	if (kind && (d->constraint || !t->abstract) &&
	    strcmp(kind, kind_code[t->kind]) != 0)
		report(d->c, RULE_SD_DERIVATION, at, json_get(d->sd, "kind"),
		       kind_code[t->kind], NULL,
		       "The kind '%.100s' must be the same as that of the base "
		       "definition, '%s'",
		       kind, kind_code[t->kind]);
	if (d->constraint == !text_is(d->type_name, type))
		report(d->c, RULE_SD_DERIVATION, at, json_get(d->sd, "type"),
		       d->constraint ? type : "another type", NULL,
		       d->constraint ? "The type '%.100s' must be the same as "
				       "the type in the base definition '%s'"
				     : "The type '%.100s' must be different "
				       "from the type in the base definition "
				       "'%s' as it is specialized",
		       d->type_name, type);
}

/* ---- compiling it -------------------------------------------------------- */

static void check_compiles(struct def *d, const struct at *at)
{
	static const char source[] = "-";
	struct arena *a = arena_new((size_t)64 << 10);
	struct profiles *trial = profile_fork(d->c->p, a);
	struct err e = {.kind = ERR_NONE};
	const char *place;
	bool ok = profile_add(trial, d->sd, source, &e);

	ok = ok && profile_compile(trial, &e);
	/* "-: StructureDefinition.differential.element[3]" */
	place = strchr(e.where, '.');
	if (!ok && place && !strstr(place, ".constraint[")) {
		const struct at here = {at, arena_strdup(d->c->a, place + 1),
					-1};
		report(d->c, RULE_SD_COMPILE, &here, d->sd,
		       "a definition that can be applied", NULL,
		       "Error generating Snapshot: %.600s", e.text);
	} else if (!ok && !place) {
		report(d->c, RULE_SD_COMPILE, at, d->sd,
		       "a definition that can be applied", NULL,
		       "Error generating Snapshot: %.600s", e.text);
	}
	arena_free(a);
}

/* ---- the whole ----------------------------------------------------------- */

static void check_list(struct def *d, const struct at *at, const char *name)
{
	const struct json *list = json_get(json_get(d->sd, name), "element");
	const struct at part = {at, name, -1};
	long i = 0;

	d->n_keys = 0;
	d->snapshot = text_is(name, "snapshot");
	d->sliced = NULL;
	if (!list || json_kind(list) != JSON_ARRAY)
		return;
	for (const struct json *e = json_first(list);
	     e && i < ELEMENTS && !d->c->stop; e = json_next(e), i++) {
		const struct at here = {&part, "element", i};
		if (json_kind(e) == JSON_OBJECT)
			check_element_definition(d, e, &here);
	}
}

void check_structure_definition(struct check *c, const struct spot *s)
{
	const char *base = json_get_text(s->value, "baseDefinition");
	ref r = base ? find_sd(c->p, base) : 0;
	struct def *d;

	if (rule_table[RULE_SD_COMPILE].severity[c->rules] == ISSUE_NONE ||
	    text_is(json_get_text(s->value, "kind"), "logical"))
		return;
	d = arena_alloc(c->a, sizeof(*d));
	d->c = c;
	d->sd = s->value;
	d->url = json_get_text(s->value, "url");
	d->type_name = json_get_text(s->value, "type");
	d->constraint =
	    text_is(json_get_text(s->value, "derivation"), "constraint");
	d->base = r ? rec_at(c->p, r) : NULL;
	if (d->base && !d->base->root)
		d->base = NULL;
	if (!d->url)
		d->url = "(without url)";
	if (!d->type_name)
		d->type_name = "";
	check_context(d, s->at);
	if (base && !d->base)
		report(c, RULE_SD_BASE, s->at,
		       json_get(s->value, "baseDefinition"),
		       "a definition that is loaded", NULL,
		       "Unable to find base definition '%.300s', so the "
		       "differential cannot be checked",
		       base);
	if (d->base)
		check_kind_of_base(d, s->at);
	check_list(d, s->at, "differential");
	check_list(d, s->at, "snapshot");
	if (d->base && d->constraint)
		check_compiles(d, s->at);
}
