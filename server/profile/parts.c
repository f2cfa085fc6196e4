/* SPDX-License-Identifier: Apache-2.0
 *
 * parts.c: the elements that a definition lets a resource have, and how often a
 * resource has each; what an application never sends of a profile is found by
 * adding these up over all that it sent.
 *
 * The list is a walk over the compiled tree: the children of the resource, and
 * of each element that has children of its own (backbone elements, and what the
 * profile says something about); slices stand behind their element, as
 * "component:systolic". Left out are elements that may not be there, those of
 * every resource and element (id, extension, ...) unless they are sliced or set
 * by the server, and what is deeper than PARTS_DEEP. A choice is "value[x]", or
 * "valueQuantity" when it has one type alone. The order depends on the
 * definition alone, so that lists of several resources can be added up by
 * index.
 */
#include "profile_int.h"
#include "reference_int.h"

#include <string.h>

#define PARTS_DEEP 3
#define PARTS_MAX  400

/* The values of one element in a resource. */
struct items {
	const struct json **v;
	unsigned *type;
	size_t n;
};

struct parting {
	struct check *c;
	struct arena *a;
	struct profile_part *part;
	size_t n;
};

static bool everywhere(const char *name)
{
	static const char *const names[] = {
	    "id",	  "implicitRules",     "contained",
	    "extension",  "modifierExtension", "versionId",
	    "lastUpdated"};

	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static const char *part_name(const struct parting *w, const struct node *n)
{
	const char *stem = text_at(w->c->p, n->name);
	const struct use *u = rec_at(w->c->p, n->types);
	const char *type;

	if (!(n->flags & NODE_CHOICE))
		return stem;
	if (n->n_types != 1)
		return arena_printf(w->a, "%s[x]", stem);
	type = text_at(w->c->p, w->c->p->types[u->type].name);
	return arena_printf(w->a, "%s%c%s", stem,
			    *type >= 'a' && *type <= 'z' ? *type - 32 : *type,
			    type + 1);
}

static void add_part(struct parting *w, const char *path, const struct node *n,
		     size_t count)
{
	if (w->n == PARTS_MAX)
		return;
	w->part[w->n++] = (struct profile_part){
	    .path = path,
	    .mandatory = n->min > 0,
	    .stated = n->flags & NODE_CONSTRAINED,
	    .count = count,
	};
}

/* The member of an object that is the element's, by its name or as a choice. */
static const struct json *member_of(const struct parting *w,
				    const struct list *l, unsigned child,
				    const struct json *object, unsigned *type)
{
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		const struct name *found =
		    json_name(m) ? list_find(w->c->p, l, json_name(m)) : NULL;

		if (found && found->child == child) {
			*type = found->type;
			return m;
		}
	}
	return NULL;
}

static void add_items(struct items *to, const struct json *m, unsigned type,
		      size_t max)
{
	const bool list = json_kind(m) == JSON_ARRAY;

	for (const struct json *v = list ? json_first(m) : m; v && to->n < max;
	     v = list ? json_next(v) : NULL) {
		to->v[to->n] = v;
		to->type[to->n++] = type;
	}
}

static struct items items_of(const struct parting *w, const struct list *l,
			     unsigned child, const struct items *objects)
{
	const struct node *n = node_at(w->c->p, l->child[child]);
	const struct use *u = rec_at(w->c->p, n->types);
	struct items out = {.n = 0};
	size_t max = 0;
	unsigned type;

	for (size_t i = 0; i < objects->n; i++) {
		const struct json *m =
		    member_of(w, l, child, objects->v[i], &type);
		if (m)
			max += json_kind(m) == JSON_ARRAY ? json_count(m) : 1;
	}
	out.v = arena_alloc(w->a, max * sizeof(struct json *));
	out.type = arena_alloc(w->a, max * sizeof(unsigned));
	for (size_t i = 0; i < objects->n && max > 0; i++) {
		const struct json *m =
		    member_of(w, l, child, objects->v[i], &type);
		if (m && type == NO_TYPE && n->n_types > 0)
			type = u->type;
		if (m)
			add_items(&out, m, type, max);
	}
	return out;
}

static void add_slices(struct parting *w, const char *path,
		       const struct node *n, const struct items *items)
{
	const struct profiles *p = w->c->p;
	const struct slicing *s = rec_at(p, n->slicing);
	const ref *slice = rec_at(p, s->slices);
	size_t count[SLICES_MAX] = {0};
	const struct at at = {NULL, text_at(p, n->name), -1};

	for (size_t k = 0; k < items->n; k++) {
		const struct spot spot = {n, items->type[k], items->v[k], NULL,
					  &at};
		const uint64_t in = items->type[k] == NO_TYPE
					? 0
					: slice_matches(w->c, s, &spot);
		for (unsigned i = 0; i < s->n; i++)
			count[i] += in >> i & 1;
	}
	for (unsigned i = 0; i < s->n; i++) {
		const struct node *of = node_at(p, slice[i]);

		if (of->max > 0 && of->slice)
			add_part(w,
				 arena_printf(w->a, "%s:%s", path,
					      text_at(p, of->slice)),
				 of, count[i]);
	}
}

static void walk_list(struct parting *w, const struct list *l,
		      const char *prefix, const struct items *objects,
		      unsigned deep)
{
	const struct profiles *p = w->c->p;

	for (unsigned i = 0; i < l->n; i++) {
		const struct node *n = node_at(p, l->child[i]);
		const bool usual = everywhere(text_at(p, n->name));
		const char *path;
		struct items items;

		if (n->max == 0 || (usual && !n->slicing))
			continue;
		path = arena_printf(w->a, "%s%s", prefix, part_name(w, n));
		items = items_of(w, l, i, objects);
		if (!usual)
			add_part(w, path, n, items.n);
		if (n->slicing)
			add_slices(w, path, n, &items);
		if (!usual && n->list && deep > 1)
			walk_list(w, list_at(p, n->list),
				  arena_printf(w->a, "%s.", path), &items,
				  deep - 1);
	}
}

static void walk_root(struct parting *w, const struct sd *sd,
		      const struct json *resource)
{
	const struct node *root = node_at(w->c->p, sd->root);
	const struct list *l = node_list(w->c->p, root, sd->type);
	const struct json *one[1] = {resource};
	unsigned type[1] = {sd->type};
	const struct items objects = {one, type, resource ? 1 : 0};

	w->part = arena_alloc(w->a, PARTS_MAX * sizeof(*w->part));
	if (l)
		walk_list(w, l, "", &objects, PARTS_DEEP);
}

size_t profile_parts(const struct profiles *p, struct arena *a, const char *url,
		     const struct json *resource, struct profile_part **out)
{
	const struct profile_options o = {.required = REQUIRED_OFF};
	const ref r = find_sd(p, url);
	struct issues ignored = {.n = 0};
	struct evaluation ev;
	unsigned work = WORK_OF_CHECK;
	struct check c = {.p = p,
			  .a = a,
			  .o = &o,
			  .ev = &ev,
			  .out = &ignored,
			  .dry = true,
			  .work = &work};
	struct parting w = {.c = &c, .a = a};
	const struct at top = {NULL, "Resource", -1};

	*out = NULL;
	if (!r || !((const struct sd *)rec_at(p, r))->root)
		return 0;
	evaluation_init(&ev, p, &o);
	if (resource)
		scope_enter(&c, resource, &top);
	walk_root(&w, rec_at(p, r), resource);
	evaluation_end(&ev);
	*out = w.part;
	return w.n;
}
