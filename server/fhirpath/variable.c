/* SPDX-License-Identifier: Apache-2.0
 *
 * variable: what %name means.
 *
 * The names of FHIRPath and FHIR stand in a table; those of value sets and
 * extensions are made from their prefix. Then come the variables that the
 * expression defines itself, then those of the host. A name that is none of
 * them is an error, as is defining one that is taken.
 *
 * FHIRPath N1 9 (environment variables), FHIR R4 2.9.1.4.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

static const struct {
	const char *name, *value;
} texts[] = {
    {"ucum", "http://unitsofmeasure.org"},
    {"sct", "http://snomed.info/sct"},
    {"loinc", "http://loinc.org"},
};

static const struct {
	const char *prefix, *value;
} prefixes[] = {
    {"vs-", "http://hl7.org/fhir/ValueSet/"},
    {"ext-", "http://hl7.org/fhir/StructureDefinition/"},
};

static bool is_node(const struct fp_item *x)
{
	return x->kind != FP_NODE || x->u.node.value || x->u.node.companion;
}

/* %resource, %rootResource, %context */
static bool push_place(struct eval *v, const char *name, struct list *out)
{
	const struct fp_env *env = v->env;
	const struct fp_item *x = NULL;

	if (strcmp(name, "resource") == 0)
		x = &env->resource;
	else if (strcmp(name, "rootResource") == 0)
		x = is_node(&env->root) ? &env->root : &env->resource;
	else if (strcmp(name, "context") != 0)
		return false;
	else if (v->context)
		x = v->context;
	if (x && is_node(x))
		push(v, out, *x);
	return true;
}

static bool push_text(struct eval *v, const char *name, struct list *out)
{
	for (size_t i = 0; i < LEN(texts); i++) {
		if (strcmp(name, texts[i].name) != 0)
			continue;
		push(v, out,
		     (struct fp_item){
			 .kind = FP_STRING,
			 .u.string = {texts[i].value, strlen(texts[i].value)}});
		return true;
	}
	for (size_t i = 0; i < LEN(prefixes); i++) {
		const size_t n = strlen(prefixes[i].prefix);
		const char *s;

		if (strncmp(name, prefixes[i].prefix, n) != 0)
			continue;
		s = arena_printf(v->arena, "%s%s", prefixes[i].value, name + n);
		push_string(v, out, s, strlen(s));
		return true;
	}
	return false;
}

static const struct variable *defined(const struct eval *v, const char *name)
{
	const struct variable *d = v->vars;

	while (d && strcmp(d->name, name) != 0)
		d = d->next;
	return d;
}

bool eval_variable(struct eval *v, const struct node *n, struct list *out)
{
	const char *name = n->u.variable.name;
	const struct fp_host *host = v->env->host;
	const struct variable *d = defined(v, name);
	struct fp_list l;

	if (d) {
		push_all(v, out, &d->value);
		return true;
	}
	if (push_place(v, name, out) || push_text(v, name, out))
		return true;
	if (!host || !host->variable || !host->variable(v->env->ctx, name, &l))
		return fail_at(v, n->offset, "there is no variable %%%s", name);
	push_all(v, out, &l);
	return true;
}

bool variable_define(struct eval *v, const struct call *c, const char *name,
		     struct fp_list value)
{
	struct variable *d;
	struct list taken = {0};

	if (defined(v, name) || push_place(v, name, &taken) ||
	    push_text(v, name, &taken))
		return fail(v, c, "%%%s is defined already", name);
	d = arena_alloc(v->arena, sizeof(*d));
	*d = (struct variable){name, value, v->vars};
	v->vars = d;
	return true;
}
