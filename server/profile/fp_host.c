/* SPDX-License-Identifier: Apache-2.0
 *
 * fp_host.c: what FHIRPath asks the world, answered by the rule engine: what a
 * reference leads to, whether a code is in a value set or below another,
 * whether an element conforms to a profile, whether a narrative is allowed.
 * What cannot be told is empty.
 *
 * An evaluation may ask for a check (conformsTo), which evaluates invariants in
 * turn. So the place that answers are given for is set anew by each evaluation
 * and put back behind it (invariant.c), and temporaries are given back in the
 * order of a stack. FHIR R4 2.9.1 (fhirpath.html), terminology service.
 */
#include "profile_int.h"

#include <string.h>

/* Of profiles within profiles: each has the temporaries of its evaluation. */
#define CONFORMS_DEPTH 3

static const struct at nowhere = {NULL, "", -1};

/* ---- references, profiles, narratives --------------------------------- */

static struct fp_item resource_item(const struct evaluation *ev,
				    const struct json *r)
{
	return (struct fp_item){.kind = FP_NODE,
				.type = ev->model.resource(ev->model.set, r),
				.u.node = {r, NULL}};
}

static bool host_resolve(void *ctx, const char *reference, struct fp_item *out)
{
	struct evaluation *ev = ctx;
	unsigned type;
	const struct json *r = resolve(ev->check, reference, &type);
	if (!r)
		return false;
	*out = resource_item(ev, r);
	return true;
}

static bool is_of_type(const struct profiles *p, const struct fp_item *x,
		       unsigned type)
{
	return x->type.id < p->n_types && type_is_a(p, x->type.id, type);
}

static int host_conforms(void *ctx, const struct fp_item *node,
			 const char *profile)
{
	struct evaluation *ev = ctx;
	const struct profiles *p = ev->check->p;
	ref r = find_sd(p, profile);
	const struct sd *sd = r ? rec_at(p, r) : NULL;

	if (!sd || !sd->root)
		return -1;
	if (node->kind != FP_NODE || !is_of_type(p, node, sd->type))
		return 0;
	if (!node->u.node.value)
		return -1;
	struct check c = *ev->check;
	c.depth += CONFORMS_DEPTH;
	return fits_definition(&c, r, node->u.node.value, &nowhere);
}

static int host_html(void *ctx, const struct fp_item *div)
{
	struct evaluation *ev = ctx;
	struct check c = *ev->check;

	if (div->kind != FP_NODE || !div->u.node.value ||
	    json_kind(div->u.node.value) != JSON_STRING)
		return -1;
	c.dry = true;
	c.stop = false;
	check_xhtml(&c, &(struct spot){NULL, NO_TYPE, div->u.node.value, NULL,
				       &nowhere});
	return !c.stop;
}

/* ---- terminology ------------------------------------------------------ */

/* One code: a Coding, a code, a string. */
static bool code_of(const struct fp_item *x, const char **system,
		    const char **code)
{
	*system = *code = NULL;
	if (x->kind == FP_STRING) {
		*code = x->u.string.p;
	} else if (x->kind == FP_NODE && x->u.node.value) {
		const struct json *v = x->u.node.value;
		if (json_kind(v) == JSON_STRING) {
			*code = json_text(v);
		} else {
			*system = json_get_text(v, "system");
			*code = json_get_text(v, "code");
		}
	}
	return *code != NULL;
}

static int host_member(void *ctx, const struct fp_item *coded, const char *url)
{
	const struct evaluation *ev = ctx;
	const struct profiles *p = ev->check->p;
	const char *system, *code;

	if (code_of(coded, &system, &code))
		return profile_code_in(p, url, system, code);
	if (coded->kind != FP_NODE)
		return -1;
	const struct json *v = json_get(coded->u.node.value, "coding");
	int result = v ? 0 : -1;
	for (v = json_first(v); v; v = json_next(v)) {
		system = json_get_text(v, "system");
		code = json_get_text(v, "code");
		int has = code ? profile_code_in(p, url, system, code) : 0;
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

static int host_subsumes(void *ctx, const struct fp_item *a,
			 const struct fp_item *b)
{
	const struct evaluation *ev = ctx;
	const struct profiles *p = ev->check->p;
	const char *system, *code, *other, *below;

	if (!code_of(a, &system, &code) || !code_of(b, &other, &below) ||
	    !system || !other)
		return -1;
	if (strcmp(system, other) != 0)
		return 0;
	if (strcmp(code, below) == 0)
		return 1;
	return code_subsumes(p, system, code, below);
}

/* ---- the evaluation --------------------------------------------------- */

void evaluation_init(struct evaluation *ev, const struct profiles *p,
		     const struct profile_options *o)
{
	*ev = (struct evaluation){
	    .model = profile_model(p),
	    .host = {.resolve = host_resolve,
		     .member_of = host_member,
		     .conforms_to = host_conforms,
		     .subsumes = host_subsumes,
		     .html_ok = host_html},
	    .left = STEPS_OF_CHECK,
	};
	ev->env = (struct fp_env){.model = &ev->model,
				  .host = &ev->host,
				  .ctx = ev,
				  .now_ms = o->now_ms,
				  .flags = FP_ANCHORED};
}

void evaluation_end(struct evaluation *ev)
{
	arena_free(ev->env.arena);
}

void evaluation_rewind(struct evaluation *ev, const struct check *c,
		       const struct arena_mark *mark)
{
	if (ev->env.arena != c->a)
		arena_rewind(ev->env.arena, mark);
}

void evaluation_at(struct evaluation *ev, const struct check *c)
{
	ev->check = c;
	if (ev->env.resource.u.node.value != c->resource)
		ev->env.resource = resource_item(ev, c->resource);
	if (ev->env.root.u.node.value != c->root)
		ev->env.root = resource_item(ev, c->root);
}

void profile_fhirpath(const struct profiles *p, struct arena *a,
		      const struct json *resource, struct fp_env *env)
{
	static const struct profile_options none = {.required = REQUIRED_OFF};
	struct evaluation *ev = arena_alloc(a, sizeof(*ev));
	struct check *c = arena_alloc(a, sizeof(*c));
	unsigned *work = arena_alloc(a, sizeof(*work));

	evaluation_init(ev, p, &none);
	*work = WORK_OF_CHECK;
	*c = (struct check){.p = p,
			    .work = work,
			    .a = a,
			    .o = &none,
			    .out = arena_alloc(a, sizeof(struct issues)),
			    .root = resource,
			    .resource = resource,
			    .ev = ev};
	ev->env.arena = a;
	ev->env.flags = env->flags;
	ev->env.steps = env->steps;
	ev->env.trace = env->trace;
	ev->env.now_ms = env->now_ms;
	evaluation_at(ev, c);
	*env = ev->env;
}
