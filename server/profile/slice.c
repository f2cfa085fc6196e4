/* SPDX-License-Identifier: Apache-2.0
 *
 * slice.c: to which slices does an item belong? What decides was worked out
 * when the definition was compiled (discriminate.c); here the discriminator's
 * path is followed through the item. Several discriminators must all agree;
 * where a path runs through a list, some item of it must fit. References are
 * followed only to contained resources. FHIR R4 profiling 5.1.0.7.
 */
#include "profile_int.h"

#include <string.h>

struct probe {
	struct check *c;
	const struct criterion *crit;
};

static bool fits_node(struct check *c, const struct node *n,
		      const struct json *v, unsigned depth);

static bool starts_choice(const char *name, const char *stem)
{
	size_t n = strlen(stem);
	return strncmp(name, stem, n) == 0 && name[n] >= 'A' && name[n] <= 'Z';
}

/* The member for an element: by its name, or as a choice. */
static const struct json *member(const struct json *object, const char *name)
{
	const struct json *m = json_get(object, name);
	if (m)
		return m;
	for (m = json_first(object); m; m = json_next(m)) {
		if (json_name(m) && starts_choice(json_name(m), name))
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

/* ---- at the end of the path ------------------------------------------- */

/* Is the JSON name that of a choice of this type, or the resource of it? */
static bool value_is(struct check *c, const struct node *n,
		     const struct json *v, unsigned type)
{
	unsigned resource = resource_type(c->p, v);
	const char *t = text_at(c->p, c->p->types[type].name);
	const char *name = json_name(v);
	const char *stem = text_at(c->p, n->name);

	if (c->p->types[type].kind == KIND_RESOURCE)
		return resource != NO_TYPE && type_is_a(c->p, resource, type);
	if (!(n->flags & NODE_CHOICE))
		return true;
	return name && starts_choice(name, stem) &&
	       strcmp(name + strlen(stem) + 1, t + 1) == 0;
}

static bool type_fits(struct check *c, const struct node *n,
		      const struct json *v)
{
	const struct use *u = rec_at(c->p, n->types);
	for (unsigned i = 0; i < n->n_types; i++) {
		if (value_is(c, n, v, u[i].type))
			return true;
	}
	return false;
}

static bool test(const struct probe *q, const struct json *v)
{
	struct check *c = q->c;
	const ref *nodes = rec_at(c->p, q->crit->nodes);

	if (q->crit->kind == CRIT_EXISTS || q->crit->kind == CRIT_ABSENT)
		return true;
	if (q->crit->kind == CRIT_TEXT)
		return json_kind(v) == JSON_STRING &&
		       strcmp(json_text(v), text_at(c->p, q->crit->text)) == 0;
	if (q->crit->kind == CRIT_TYPE)
		return type_fits(c, node_at(c->p, nodes[0]), v);
	for (unsigned i = 0; i < q->crit->n; i++) {
		if (fits_node(c, node_at(c->p, nodes[i]), v, 6))
			return true;
	}
	return false;
}

/* ---- along the path --------------------------------------------------- */

static bool reach(const struct probe *q, const struct json *v,
		  const struct path_step *step, unsigned n);

static bool reach_extension(const struct probe *q, const struct json *v,
			    const struct path_step *step, unsigned n)
{
	const char *want = text_at(q->c->p, step->name);
	const struct json *x = json_first(json_get(v, "extension"));
	for (; x; x = json_next(x)) {
		const char *url = json_get_text(x, "url");
		if (url && strcmp(url, want) == 0 &&
		    reach(q, x, step + 1, n - 1))
			return true;
	}
	return false;
}

static bool reach_resolved(const struct probe *q, const struct json *v,
			   const struct path_step *step, unsigned n)
{
	const char *s = json_get_text(v, "reference");
	const struct json *r = json_first(json_get(q->c->root, "contained"));
	for (; s && s[0] == '#' && r; r = json_next(r)) {
		const char *id = json_get_text(r, "id");
		if (id && strcmp(id, s + 1) == 0)
			return reach(q, r, step + 1, n - 1);
	}
	return false;
}

static bool reach(const struct probe *q, const struct json *v,
		  const struct path_step *step, unsigned n)
{
	if (!v)
		return false;
	if (json_kind(v) == JSON_ARRAY) {
		for (v = json_first(v); v; v = json_next(v)) {
			if (reach(q, v, step, n))
				return true;
		}
		return false;
	}
	if (n == 0)
		return test(q, v);
	switch (step->op) {
	case STEP_EXTENSION: return reach_extension(q, v, step, n);
	case STEP_RESOLVE: return reach_resolved(q, v, step, n);
	case STEP_OFTYPE: return reach(q, v, step + 1, n - 1);
	default: break;
	}
	return reach(q, member(v, text_at(q->c->p, step->name)), step + 1,
		     n - 1);
}

/* ---- slices ----------------------------------------------------------- */

static bool fits_profile(struct check *c, const struct criterion *crit,
			 const struct spot *s)
{
	const ref *nodes = rec_at(c->p, crit->nodes);
	const struct use *u = node_use(c->p, node_at(c->p, nodes[0]), s->type);
	if (!u || u->n_profiles == 0)
		return false;
	const struct target *t = rec_at(c->p, u->profiles);
	for (unsigned i = 0; i < u->n_profiles; i++) {
		if (t[i].sd && fits_definition(c, t[i].sd, s->value, s->at))
			return true;
	}
	return false;
}

static bool decides(struct check *c, const struct discriminator *d,
		    const struct criterion *crit, const struct spot *s)
{
	struct probe q = {c, crit};
	const ref *nodes = rec_at(c->p, crit->nodes);

	switch (crit->kind) {
	case CRIT_NONE: return false;
	case CRIT_PROFILE: return fits_profile(c, crit, s);
	case CRIT_TYPE:
		if (d->n_steps == 0 &&
		    c->p->types[s->type].kind != KIND_RESOURCE)
			return node_use(c->p, node_at(c->p, nodes[0]),
					s->type) != NULL;
		break;
	default: break;
	}
	bool reached = reach(&q, s->value, rec_at(c->p, d->steps), d->n_steps);
	return crit->kind == CRIT_ABSENT ? !reached : reached;
}

uint64_t slice_matches(struct check *c, const struct slicing *s,
		       const struct spot *spot)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	uint64_t in = 0;

	if (!s->criteria)
		return 0;
	for (unsigned i = 0; i < s->n; i++, crit += s->n_disc) {
		unsigned k = 0;
		while (k < s->n_disc && decides(c, &d[k], &crit[k], spot))
			k++;
		if (k == s->n_disc)
			in |= UINT64_C(1) << i;
	}
	return in;
}

bool slice_decides(const struct profiles *p, const struct slicing *s,
		   unsigned i)
{
	const struct criterion *crit = rec_at(p, s->criteria);
	if (!s->criteria)
		return false;
	for (unsigned k = 0; k < s->n_disc; k++) {
		if (crit[i * s->n_disc + k].kind == CRIT_NONE)
			return false;
	}
	return true;
}

/* ---- what is wanted --------------------------------------------------- */

#define WANTED_DEPTH 6
#define WANTED_BYTES 400

/* A hint in the making, and the path of what is being added to it. */
struct wanted {
	struct check *c;
	const char *told; /* a path that has its value already; or NULL */
	struct buf out;
	struct buf path;
};

static void want(struct wanted *w, const char *path, const char *value)
{
	const char *quote = value ? "\"" : "";
	if (!value && w->told && strcmp(path, w->told) == 0)
		return;
	buf_puts(&w->out, w->out.len > 0 ? ", " : "add one with ");
	buf_printf(&w->out, "%s = %s%s%s", path, quote, value ? value : "...",
		   quote);
}

/* Of several slices the one that must be there. */
static const struct node *mandatory(const struct profiles *p,
				    const struct node *n)
{
	if (!n->slicing)
		return n;
	const struct slicing *s = rec_at(p, n->slicing);
	const ref *v = rec_at(p, s->slices);
	for (unsigned i = 0; i < s->n; i++) {
		if (node_at(p, v[i])->min > 0)
			return node_at(p, v[i]);
	}
	return n;
}

/* Everything below n that is mandatory or has a fixed value. */
static void want_below(struct wanted *w, const struct node *n, unsigned depth)
{
	const struct profiles *p = w->c->p;
	size_t up = w->path.len;

	if (n->fixed && up > 0) {
		want(w, w->path.p, constant_text(p, w->c->a, n->fixed));
		return;
	}
	size_t before = w->out.len;
	const struct list *l =
	    n->list && depth > 0 ? list_at(p, n->list) : NULL;
	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *child = node_at(p, l->child[i]);
		bool wanted = child->min > 0 || child->fixed;
		if (!wanted || child->max == 0 || w->out.len > WANTED_BYTES)
			continue;
		buf_printf(&w->path, "%s%s", up > 0 ? "." : "",
			   element_name(w->c, child));
		want_below(w, mandatory(p, child), depth - 1);
		w->path.len = up;
		w->path.p[up] = '\0';
	}
	if (w->out.len == before && up > 0)
		want(w, w->path.p, NULL);
}

/* "add one with system = "http://loinc.org", code = "8480-6", display = ..." */
const char *slice_hint(struct check *c, const struct slicing *s, unsigned i)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	const ref *slice = rec_at(c->p, s->slices);
	struct wanted w = {.c = c};

	if (c->dry || c->stop)
		return NULL;
	buf_init(&w.out, c->a);
	buf_init(&w.path, c->a);
	for (unsigned k = 0; k < s->n_disc; k++) {
		const struct criterion *x = &crit[i * s->n_disc + k];
		if (x->kind != CRIT_TEXT)
			continue;
		w.told = text_at(c->p, d[k].path);
		want(&w, w.told, text_at(c->p, x->text));
	}
	const struct node *n = node_at(c->p, slice[i]);
	if (n->fixed)
		return say(c, "add \"%s\"",
			   constant_text(c->p, c->a, n->fixed));
	want_below(&w, n, WANTED_DEPTH);
	return w.out.len > 0 ? w.out.p : NULL;
}
