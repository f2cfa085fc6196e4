/* SPDX-License-Identifier: Apache-2.0
 *
 * slice.c: to which slices does an item belong? What decides was worked out
 * when the definition was compiled (compile_criteria.c); here the
 * discriminator's path is followed through the item. Several discriminators
 * must all agree, those that say nothing left aside; where a path runs through
 * a list, some item of it must fit. An element is looked at together with its
 * companion (x with _x), since extensions of primitives can decide too.
 * References lead as far as resolve() knows. What is in no other slice is in
 * "@default". FHIR R4 profiling 5.1.0.7.
 */
#include "profile_int.h"

#include <string.h>

static bool starts_choice(const char *name, const char *stem)
{
	size_t n = strlen(stem);
	return strncmp(name, stem, n) == 0 && name[n] >= 'A' && name[n] <= 'Z';
}

/* ---- does a value fit? ------------------------------------------------ */

static bool fits_node(struct check *c, const struct node *n,
		      const struct json *v, unsigned depth);

/* The member for an element: by its name, or as a choice. */
static const struct json *member(const struct json *object, const char *name)
{
	const struct json *m = json_get(object, name);
	if (m)
		return m;
	for (m = json_first(object); m; m = json_next(m)) {
		if (starts_choice(json_name(m), name))
			return m;
	}
	return NULL;
}

static bool some_fits(struct check *c, const struct node *n,
		      const struct json *v, unsigned depth)
{
	if (!v)
		return false;
	if (json_kind(v) != JSON_ARRAY)
		return fits_node(c, n, v, depth);
	for (v = json_first(v); v; v = json_next(v)) {
		if (fits_node(c, n, v, depth))
			return true;
	}
	return false;
}

/* Do the children that say something fit? */
static bool children_fit(struct check *c, const struct node *n,
			 const struct json *v, unsigned depth)
{
	bool any = false;
	if (!n->list || depth == 0 || json_kind(v) != JSON_OBJECT)
		return false;
	const struct list *l = list_at(c->p, n->list);
	for (unsigned i = 0; i < l->n; i++) {
		const struct node *child = node_at(c->p, l->child[i]);
		if (!(child->flags & NODE_CONSTRAINED) ||
		    !has_criterion(c->p, child, depth - 1))
			continue;
		if (!some_fits(c, child, member(v, text_at(c->p, child->name)),
			       depth - 1))
			return false;
		any = true;
	}
	return any;
}

static bool fits_node(struct check *c, const struct node *n,
		      const struct json *v, unsigned depth)
{
	const struct use *u = rec_at(c->p, n->types);
	if (n->fixed)
		return constant_equal(c->p, n->fixed, v);
	if (n->pattern)
		return constant_within(c->p, n->pattern, v);
	if (n->list && (n->flags & NODE_CONSTRAINED) &&
	    children_fit(c, n, v, depth))
		return true;
	const struct binding *b = n->binding ? rec_at(c->p, n->binding) : NULL;
	if (!b || b->strength != BIND_REQUIRED || n->n_types == 0)
		return false;
	return binding_has(c->p, n, u->type, v) == 1;
}

/* ---- of what type, and by what profile? ------------------------------- */

/* Is the JSON name that of a choice of this type, or the resource of it? */
static bool value_is(struct check *c, const struct node *n,
		     const struct json *v, unsigned type)
{
	const char *t = text_at(c->p, c->p->types[type].name);
	const char *name = json_name(v);
	const char *stem = text_at(c->p, n->name);

	if (c->p->types[type].kind == KIND_RESOURCE) {
		unsigned resource = resource_type(c->p, v);
		return resource != NO_TYPE && type_is_a(c->p, resource, type);
	}
	if (!(n->flags & NODE_CHOICE))
		return true;
	return name && starts_choice(name, stem) &&
	       strcmp(name + strlen(stem) + 1, t + 1) == 0;
}

static bool profiles_fit(struct check *c, const struct use *u,
			 const struct json *v, const struct at *at)
{
	const struct target *t = rec_at(c->p, u->profiles);
	for (unsigned i = 0; i < u->n_profiles; i++) {
		ref r = target_ref(c->p, &t[i]);
		if (r && fits_definition(c, r, v, at))
			return true;
	}
	return u->n_profiles == 0;
}

static bool uses_fit(const struct probe *q, const struct node *n,
		     const struct json *v)
{
	const struct profiles *p = q->c->p;
	const struct use *u = rec_at(p, n->types);
	bool profiles = q->crit->kind == CRIT_PROFILE;

	for (unsigned i = 0; i < n->n_types; i++) {
		bool type = q->type == NO_TYPE ? value_is(q->c, n, v, u[i].type)
					       : q->type == u[i].type;
		if (type && (!profiles || profiles_fit(q->c, &u[i], v, q->at)))
			return true;
	}
	return false;
}

/* A reference: by the type that it leads to or tells, and for profiles by the
 * resource, if that is at hand. */
static bool targets_fit(const struct probe *q, const struct node *n,
			const struct json *v)
{
	const struct profiles *p = q->c->p;
	const char *text = json_kind(v) == JSON_STRING
			       ? json_text(v)
			       : json_get_text(v, "reference");
	const struct use *u = rec_at(p, n->types);
	unsigned type = NO_TYPE;
	const struct json *r = text ? resolve(q->c, text, &type) : NULL;

	if (type == NO_TYPE || n->n_types == 0)
		return false;
	const struct target *t = rec_at(p, u->targets);
	for (unsigned i = 0; i < u->n_targets; i++) {
		ref to = target_ref(p, &t[i]);
		const struct sd *sd = to ? rec_at(p, to) : NULL;
		if (!sd || !type_is_a(p, type, sd->type))
			continue;
		if (q->crit->kind == CRIT_TYPE || !(sd->flags & SD_CONSTRAINT))
			return true;
		if (r && fits_definition(q->c, to, r, q->at))
			return true;
	}
	return u->n_targets == 0;
}

/* ---- at the end of the path ------------------------------------------- */

static bool node_fits(const struct probe *q, const struct node *n,
		      const struct json *v)
{
	const struct path_step *step = rec_at(q->c->p, q->d->steps);
	unsigned rest = q->d->n_steps - q->n;
	if (rest == 0)
		return fits_node(q->c, n, v, 6);
	return constant_along(q->c->p, n->fixed ? n->fixed : n->pattern,
			      step + q->n, rest, !n->fixed, v);
}

static bool test(const struct probe *q, const struct json *v,
		 const struct json *companion)
{
	const struct profiles *p = q->c->p;

	if (q->crit->kind == CRIT_EXISTS || q->crit->kind == CRIT_ABSENT)
		return companion || json_kind(v) != JSON_NULL;
	if (!v || json_kind(v) == JSON_NULL)
		return false;
	if (q->crit->kind == CRIT_TEXT)
		return json_kind(v) == JSON_STRING &&
		       strcmp(json_text(v), text_at(p, q->crit->text)) == 0;
	const struct node *n = node_at(p, q->node);
	if (q->crit->kind == CRIT_NODE)
		return node_fits(q, n, v);
	/* resolve() is the one step that was not taken */
	return q->n < q->d->n_steps ? targets_fit(q, n, v) : uses_fit(q, n, v);
}

/* ---- along the path --------------------------------------------------- */

/* x and _x of an object. */
static void find_pair(const struct json *object, const char *name,
		      const struct json **v, const struct json **k)
{
	*v = *k = NULL;
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		const char *s = json_name(m);
		bool companion = s[0] == '_';
		if (strcmp(s + companion, name) != 0 &&
		    !starts_choice(s + companion, name))
			continue;
		if (companion)
			*k = m;
		else
			*v = m;
	}
}

static bool reach_extension(const struct probe *q, const struct json *object,
			    unsigned i)
{
	const struct path_step *step = rec_at(q->c->p, q->d->steps);
	const char *want = text_at(q->c->p, step[i].name);
	const struct json *x = json_first(json_get(object, "extension"));
	for (; x; x = json_next(x)) {
		const char *url = json_get_text(x, "url");
		if (url && strcmp(url, want) == 0 &&
		    probe_reach(q, x, NULL, i + 1))
			return true;
	}
	return false;
}

static bool reach_resolved(const struct probe *q, const struct json *v,
			   unsigned i)
{
	const char *s = NULL;
	unsigned type;
	if (v && json_kind(v) == JSON_STRING)
		s = json_text(v);
	else if (v && json_kind(v) == JSON_OBJECT)
		s = json_get_text(v, "reference");
	const struct json *r = s ? resolve(q->c, s, &type) : NULL;
	return r && probe_reach(q, r, NULL, i + 1);
}

/* valueQuantity is of type Quantity; what is no choice is what it is. */
static bool is_of_type(const struct probe *q, const struct json *v,
		       const struct path_step *step, unsigned i)
{
	const char *type = text_at(q->c->p, step[i].name);
	const char *resource = v && json_kind(v) == JSON_OBJECT
				   ? json_get_text(v, "resourceType")
				   : NULL;
	if (resource)
		return strcmp(resource, type) == 0;
	if (i == 0 || step[i - 1].op != STEP_CHILD || !v || !json_name(v))
		return true;
	const char *stem = text_at(q->c->p, step[i - 1].name);
	if (!starts_choice(json_name(v), stem))
		return true;
	return strcmp(json_name(v) + strlen(stem) + 1, type + 1) == 0;
}

static bool reach_items(const struct probe *q, const struct json *v,
			const struct json *k, unsigned i)
{
	v = v && json_kind(v) == JSON_ARRAY ? json_first(v) : NULL;
	k = k && json_kind(k) == JSON_ARRAY ? json_first(k) : NULL;
	while (v || k) {
		if (probe_reach(q, v, k, i))
			return true;
		v = v ? json_next(v) : NULL;
		k = k ? json_next(k) : NULL;
	}
	return false;
}

bool probe_reach(const struct probe *q, const struct json *v,
		 const struct json *k, unsigned i)
{
	const struct path_step *step = rec_at(q->c->p, q->d->steps);

	if (!v && !k)
		return false;
	if (json_kind(v ? v : k) == JSON_ARRAY)
		return reach_items(q, v, k, i);
	if (i == q->n)
		return q->test(q, v, k);
	/* children of a primitive are in its companion */
	const struct json *object = v && json_kind(v) == JSON_OBJECT ? v : k;
	switch (step[i].op) {
	case STEP_EXTENSION: return object && reach_extension(q, object, i);
	case STEP_RESOLVE: return reach_resolved(q, v, i);
	case STEP_OFTYPE:
		return is_of_type(q, v, step, i) && probe_reach(q, v, k, i + 1);
	default: break;
	}
	if (!object)
		return false;
	find_pair(object, text_at(q->c->p, step[i].name), &v, &k);
	return probe_reach(q, v, k, i + 1);
}

/* ---- slices ----------------------------------------------------------- */

static bool decides(struct check *c, const struct discriminator *d,
		    const struct criterion *crit, const struct spot *s)
{
	const struct place *place = rec_at(c->p, crit->places);
	struct probe q = {.c = c,
			  .d = d,
			  .crit = crit,
			  .n = d->n_steps,
			  .type = d->n_steps == 0 ? s->type : NO_TYPE,
			  .at = s->at,
			  .test = test};

	if (q.type != NO_TYPE && c->p->types[q.type].kind == KIND_RESOURCE)
		q.type = NO_TYPE;
	if (crit->n == 0) {
		bool reached = probe_reach(&q, s->value, s->companion, 0);
		return crit->kind == CRIT_ABSENT ? !reached : reached;
	}
	for (unsigned i = 0; i < crit->n; i++) {
		q.node = place[i].node;
		q.n = place[i].steps;
		if (probe_reach(&q, s->value, s->companion, 0))
			return true;
	}
	return false;
}

/* Does an item pass the k-th discriminator of slice i? */
bool slice_passes(struct check *c, const struct slicing *s, unsigned i,
		  unsigned k, const struct spot *spot)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	const struct criterion *x = &crit[i * s->n_disc + k];

	return x->kind == CRIT_NONE || decides(c, &d[k], x, spot);
}

/* The first discriminator that an item fails; -1: it is in the slice; n_disc:
 * nothing decides. */
int slice_fails(struct check *c, const struct slicing *s, unsigned i,
		const struct spot *spot)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	bool any = false;

	for (unsigned k = 0; s->criteria && k < s->n_disc; k++) {
		const struct criterion *x = &crit[i * s->n_disc + k];
		if (x->kind == CRIT_NONE)
			continue;
		any = true;
		if (!decides(c, &d[k], x, spot))
			return (int)k;
	}
	return any ? -1 : (int)s->n_disc;
}

uint64_t slice_matches(struct check *c, const struct slicing *s,
		       const struct spot *spot)
{
	uint64_t in = 0;

	for (unsigned i = 0; i < s->n; i++) {
		if (i + 1U != s->fallback && slice_fails(c, s, i, spot) < 0)
			in |= UINT64_C(1) << i;
	}
	if (!in && s->fallback)
		in = UINT64_C(1) << (s->fallback - 1U);
	return in;
}

bool slice_decides(const struct profiles *p, const struct slicing *s,
		   unsigned i)
{
	const struct criterion *crit = rec_at(p, s->criteria);
	for (unsigned k = 0; s->criteria && k < s->n_disc; k++) {
		if (crit[i * s->n_disc + k].kind != CRIT_NONE)
			return true;
	}
	return i + 1U == s->fallback;
}
