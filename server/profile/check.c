/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c: a resource is checked: against the definition of its type, then each
 * profile that it names and each that the caller adds (policy.c decides what
 * has to be named). Resources inside of resources are checked against their
 * type.
 *
 * Cost is linear in the size of the resource for each profile: nothing is
 * allocated for a node, and how often profiles may lead to profiles is bounded,
 * in depth and in all.
 * The depth of the walk is that of the JSON text.
 */
#include "profile_int.h"
#include "reference_int.h"

#include <string.h>

#define NESTED_MAX 24

unsigned resource_type(const struct profiles *p, const struct json *resource)
{
	const char *name = json_get_text(resource, "resourceType");
	unsigned t = name ? find_type(p, name, strlen(name)) : NO_TYPE;
	if (t == NO_TYPE || p->types[t].kind != KIND_RESOURCE ||
	    p->types[t].abstract)
		return NO_TYPE;
	return t;
}

static const char *near_type(struct check *c, const char *name)
{
	struct nearest near = {.word = name};

	for (unsigned i = 0; i < c->p->n_types; i++) {
		const struct type *t = &c->p->types[i];
		if (t->kind == KIND_RESOURCE && !t->abstract)
			nearest_try(&near, text_at(c->p, t->name));
	}
	return near.best ? say(c, "did you mean \"%s\"?", near.best) : NULL;
}

static bool type_known(struct check *c, const struct json *resource,
		       unsigned type, const struct at *at)
{
	const char *name = json_get_text(resource, "resourceType");
	if (type != NO_TYPE)
		return true;
	if (!name)
		report(c, RULE_NO_TYPE, at, resource, "resourceType",
		       "add \"resourceType\"",
		       "Unable to find resourceType property");
	else
		report(c, RULE_UNKNOWN_TYPE, at,
		       json_get(resource, "resourceType"), "a resource type",
		       near_type(c, name),
		       "This does not appear to be a FHIR resource (unknown "
		       "name '%.100s')",
		       name);
	return false;
}

static bool is_contained(const struct at *at)
{
	return at->up && strcmp(at->name, "contained") == 0;
}

static void nested(struct check *c, const struct json *contained,
		   const struct at *at)
{
	const struct at here = {at, "contained", -1};
	report(c, RULE_CONTAINED_NESTED, &here, contained, NULL,
	       "move the inner resource beside the outer one",
	       "If the resource is contained in another resource, it SHALL NOT "
	       "contain nested Resources [contained.contained.empty()]");
}

void check_resource(struct check *c, const struct json *resource,
		    const struct at *at)
{
	struct check saved = *c;
	unsigned type = resource_type(c->p, resource);

	if (json_kind(resource) != JSON_OBJECT) {
		report(c, RULE_NO_TYPE, at, resource, "an object", NULL,
		       "Unable to find resourceType property");
		return;
	}
	if (!type_known(c, resource, type, at))
		return;
	const struct type *t = &c->p->types[type];
	c->sd = rec_at(c->p, t->sd);
	c->base = true;
	c->node = NULL;
	if (is_contained(at) && json_get(resource, "contained"))
		nested(c, json_get(resource, "contained"), at);
	const struct spot whole = {node_at(c->p, t->root), type, resource, NULL,
				   at};
	check_object(c, resource, whole.node, type, at);
	check_invariants(c, &whole);
	check_kind(c, &whole);
	if (c->contained && !is_contained(at))
		check_contained(c, resource, at);
	check_meta(c, resource, at);
	if (rule_table[RULE_ELEMENT_ID].severity[c->rules] != ISSUE_NONE)
		check_element_ids(c, resource, at);
	c->sd = saved.sd;
	c->node = saved.node;
	c->base = saved.base;
}

/* ---- definitions on values -------------------------------------------- */

static bool sd_fits_type(struct check *c, const struct sd *sd,
			 const struct json *value, const struct at *at)
{
	if (c->p->types[sd->type].kind != KIND_RESOURCE)
		return true;
	unsigned type = resource_type(c->p, value);
	if (type == NO_TYPE || type_is_a(c->p, type, sd->type))
		return true;
	const char *want = text_at(c->p, c->p->types[sd->type].name);
	report(c, RULE_RESOURCE_TYPE, at, value, want, NULL,
	       "Specified profile type was '%s', but found type '%s'", want,
	       text_at(c->p, c->p->types[type].name));
	return false;
}

void check_definition(struct check *c, ref r, const struct json *value,
		      const struct at *at)
{
	const struct sd *sd = r ? rec_at(c->p, r) : NULL;
	struct check saved = *c;

	if (!sd || !sd->root || !(sd->flags & SD_CONSTRAINT) ||
	    c->depth >= NESTED_MAX || json_kind(value) != JSON_OBJECT)
		return;
	c->sd = sd;
	c->node = NULL;
	c->base = false;
	c->depth++;
	if (c->p->types[sd->type].kind == KIND_RESOURCE)
		c->resource = value;
	if (sd_fits_type(c, sd, value, at)) {
		const struct spot s = {node_at(c->p, sd->root), sd->type, value,
				       NULL, at};
		check_object(c, value, s.node, s.type, at);
		check_invariants(c, &s);
	}
	c->depth--;
	c->resource = saved.resource;
	c->base = saved.base;
	c->sd = saved.sd;
	c->node = saved.node;
}

bool may_work(struct check *c, const struct at *at)
{
	if (*c->work > 0) {
		(*c->work)--;
		return true;
	}
	report(c, RULE_WORK, at, c->resource, NULL,
	       "divide the resource, or simplify its profiles",
	       "Profiles lead to profiles too often: the rest is not checked");
	c->stop = true;
	return false;
}

const char *why_misfit(struct check *c, ref sd, const struct json *value,
		       const struct at *at)
{
	struct issues found = {.n = 0};
	struct check trial = *c;

	if (is_quiet(c))
		return "";
	trial.out = &found;
	check_definition(&trial, sd, value, at);
	for (size_t i = 0; i < found.n; i++) {
		if (found.v[i].severity <= ISSUE_ERROR)
			return say(c, "%s: %s", found.v[i].path,
				   found.v[i].text);
	}
	return "it is not known why";
}

bool fits_definition(struct check *c, ref sd, const struct json *value,
		     const struct at *at)
{
	struct check trial = *c;
	trial.dry = true;
	trial.stop = false;
	check_definition(&trial, sd, value, at);
	return !trial.stop;
}

/* ---- the whole -------------------------------------------------------- */

const struct issues *profile_check(const struct profiles *p, struct arena *a,
				   const struct json *resource,
				   const struct profile_options *o)
{
	struct issues *out = arena_alloc(a, sizeof(*out));
	struct evaluation ev;
	unsigned work = WORK_OF_CHECK;
	struct check c = {.p = p,
			  .a = a,
			  .o = o,
			  .ev = &ev,
			  .out = out,
			  .rules = o->rules,
			  .work = &work};
	const char *name = json_get_text(resource, "resourceType");
	unsigned type = resource_type(p, resource);
	const struct at top = {NULL, type == NO_TYPE ? "Resource" : name, -1};

	evaluation_init(&ev, p, o);
	scope_enter(&c, resource, &top);
	check_resource(&c, resource, &top);
	if (type != NO_TYPE)
		check_profiles(&c, resource, type, &top);
	if (work == 0)
		may_work(&c, &top); /* it ran out where nothing is reported */
	may_evaluate(&c, &top);
	evaluation_end(&ev);
	issues_settle(&c);
	return out;
}
