/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_overlay.c: a differential laid on its base's tree.
 *
 * Each element of a differential names its place by an id such as
 * "Observation.component:systolic.code.coding:fiphrCoding.code". Walking there
 * copies what is passed, on write: a node may be changed only if its owner is
 * the node it hangs from, a list or a slicing only if it is owned by its node.
 * So all that a profile does not mention stays shared with its base, and
 * NODE_CONSTRAINED on the copies tells the check where there is anything to do.
 *
 * Where the path runs into a data type, the type's list is copied below the
 * node (or that of the profile which the type names). "value[x]:valueQuantity"
 * and "valueQuantity" are slices by type (compile_slicing.c). Ids that do not
 * fit their path are ignored: then path and sliceName count, and the slices of
 * the element before.
 *
 * An element that refers to another one (contentReference) is told, in the end,
 * what the profile says of that: a Questionnaire's items hold at every depth.
 * So it was in the validator of 2018; today's reads such a reference as one to
 * the base definition, hence NODE_RECURS. What a definition may grow to is
 * bounded. FHIR R4 ElementDefinition 2.1.14, profiling 5.1.
 */
#include "compile_int.h"

#include <assert.h>
#include <string.h>

#define SLICE_NAME_MAX 255
#define GROWTH_MAX     (16U << 20) /* bytes of one definition */

struct step {
	const char *name;
	size_t n;
	const char *slice; /* NULL: none */
	size_t slice_n;
};
struct steps {
	struct step v[STEPS_MAX];
	size_t n;
};

/* ---- where an element belongs ----------------------------------------- */

static bool split(const char *s, struct steps *out)
{
	out->n = 0;
	while (*s) {
		if (out->n == STEPS_MAX)
			return false;
		struct step *t = &out->v[out->n++];
		size_t n = strcspn(s, ".");
		const char *colon = memchr(s, ':', n);
		t->name = s;
		t->n = colon ? (size_t)(colon - s) : n;
		t->slice = colon ? colon + 1 : NULL;
		t->slice_n = colon ? n - t->n - 1 : 0;
		s += n;
		if (*s == '.')
			s++;
	}
	return out->n > 0;
}

/* "value[x]" and "valueQuantity" may stand for the same element. */
static bool same_name(const struct step *x, const struct step *y)
{
	const char *open = memchr(x->name, '[', x->n);
	size_t n = open ? (size_t)(open - x->name) : x->n;
	if (!open && x->n != y->n)
		return false;
	return y->n >= n && strncmp(x->name, y->name, n) == 0;
}

static bool id_fits(const struct steps *id, const struct steps *path)
{
	if (id->n != path->n)
		return false;
	for (size_t i = 0; i < id->n; i++) {
		if (!same_name(&id->v[i], &path->v[i]))
			return false;
	}
	return true;
}

/* Without an id: the slices that the element before was in still hold as far
 * as the paths agree. */
static void inherit_slices(struct steps *s, const struct steps *before)
{
	for (size_t i = 0; i + 1 < s->n && i < before->n; i++) {
		if (s->v[i].n != before->v[i].n ||
		    strncmp(s->v[i].name, before->v[i].name, s->v[i].n) != 0)
			return;
		s->v[i].slice = before->v[i].slice;
		s->v[i].slice_n = before->v[i].slice_n;
	}
}

/* The slice that the element itself is, by its sliceName. */
static bool name_slice(struct build *b, const char *slice, struct steps *out)
{
	struct step *last = &out->v[out->n - 1];
	if (slice && out->n > 1) {
		last->slice = slice;
		last->slice_n = strlen(slice);
	}
	for (size_t i = 0; i < out->n; i++) {
		if (out->v[i].slice_n > SLICE_NAME_MAX)
			return build_fail(b, "too-long",
					  "the name of a slice is too long");
	}
	return true;
}

static bool place(struct build *b, const struct json *e,
		  const struct steps *before, struct steps *out)
{
	const char *id = json_get_text(e, "id");
	const char *path = json_get_text(e, "path");
	const char *slice = json_get_text(e, "sliceName");
	struct steps by_path;

	if (!path || !split(path, &by_path))
		return build_fail(b, "required",
				  "path is missing or has too many segments");
	if (id && split(id, out) && id_fits(out, &by_path))
		return name_slice(b, slice, out);
	*out = by_path;
	inherit_slices(out, before);
	return name_slice(b, slice, out);
}

/* ---- copies on write -------------------------------------------------- */

ref copy_node(struct build *b, ref from, ref owner)
{
	ref r = heap_alloc(b->p, sizeof(struct node));
	struct node *n = heap_at(b->p, r);
	*n = *node_at(b->p, from);
	n->owner = owner;
	n->flags &= (uint16_t)~NODE_DONE;
	n->flags |= NODE_CONSTRAINED;
	return r;
}

/* Index of the child that a segment names; via a choice's JSON name *type is
 * its type. -1: none. */
static int child_index(const struct profiles *p, const struct list *l,
		       const struct step *s, unsigned *type)
{
	char name[128];
	*type = NO_TYPE;
	if (s->n >= sizeof(name))
		return -1;
	memcpy(name, s->name, s->n);
	name[s->n] = '\0';
	const struct name *found = list_find(p, l, name);
	if (found) {
		*type = found->type;
		return found->child;
	}
	size_t n = strcspn(name, "[");
	for (int i = 0; name[n] && i < l->n; i++) {
		const struct node *c = node_at(p, l->child[i]);
		const char *text = text_at(p, c->name);
		if ((c->flags & NODE_CHOICE) && strncmp(text, name, n) == 0 &&
		    text[n] == '\0')
			return i;
	}
	return -1;
}

/* The list of children that a profile named by the element's type has. */
static bool profile_list_of(struct build *b, const struct use *u,
			    const struct list **out)
{
	*out = NULL;
	if (u->n_profiles != 1)
		return true;
	const struct target *t = rec_at(b->p, u->profiles);
	struct item *it = item_of(b, t->sd);
	if (it && !compile_sd(b, it))
		return false;
	const struct sd *sd = target_sd(b->p, t);
	if (!sd || !sd->root || sd->type != u->type)
		return true;
	const struct node *root = node_at(b->p, sd->root);
	if (root->list)
		*out = list_at(b->p, root->list);
	return true;
}

/* Which list a step leads into: that of the first type that has such a child.
 */
static bool source_list(struct build *b, const struct node *n,
			const struct step *s, const struct list **out,
			uint16_t *of)
{
	const struct use *u = rec_at(b->p, n->types);
	unsigned ignored;

	*of = n->of_type;
	*out = NULL;
	if (n->list || n->content) {
		*out = node_list(b->p, n, n->of_type);
		return true;
	}
	for (unsigned i = 0; i < n->n_types; i++) {
		const struct list *l;
		if (!profile_list_of(b, &u[i], &l))
			return false;
		if (!l)
			l = node_list(b->p, n, u[i].type);
		if (l && child_index(b->p, l, s, &ignored) >= 0) {
			*out = l;
			*of = u[i].type;
			return true;
		}
	}
	return true;
}

static bool own_list(struct build *b, ref parent, const struct step *s)
{
	struct node *n = heap_at(b->p, parent);
	const struct list *from;
	uint16_t of;

	if (n->list && list_at(b->p, n->list)->owner == parent)
		return true;
	if (!source_list(b, n, s, &from, &of))
		return false;
	if (!from)
		return build_fail(b, "not-found",
				  "there is no element \"%.*s\" here",
				  (int)s->n, s->name);
	size_t bytes = sizeof(*from) + from->n * sizeof(ref);
	ref r = heap_alloc(b->p, bytes);
	struct list *l = heap_at(b->p, r);
	memcpy(l, from, bytes);
	l->owner = parent;
	n->list = r;
	n->of_type = of;
	return true;
}

/* ---- the walk --------------------------------------------------------- */

static ref step_into(struct build *b, ref parent, const struct step *s)
{
	unsigned type;

	if (!own_list(b, parent, s))
		return 0;
	struct node *n = heap_at(b->p, parent);
	struct list *l = heap_at(b->p, n->list);
	int i = child_index(b->p, l, s, &type);
	if (i < 0) {
		build_fail(b, "not-found", "there is no element \"%.*s\" here",
			   (int)s->n, s->name);
		return 0;
	}
	if (node_at(b->p, l->child[i])->owner != parent)
		l->child[i] = copy_node(b, l->child[i], parent);
	ref child = l->child[i];
	if (type != NO_TYPE)
		return own_slice(b, child, s->slice ? s->slice : s->name,
				 s->slice ? s->slice_n : s->n, type);
	if (s->slice)
		return own_slice(b, child, s->slice, s->slice_n, NO_TYPE);
	return child;
}

/* "Observation.code" of a profile on Observation. */
static bool check_start(struct build *b, const struct step *s, const char *type)
{
	if (strlen(type) == s->n && strncmp(s->name, type, s->n) == 0)
		return true;
	return build_fail(b, "invalid",
			  "the path begins with \"%.*s\", but the type is "
			  "\"%s\"",
			  (int)s->n, s->name, type);
}

bool overlay_elements(struct build *b, ref root, const char *type,
		      const struct json *elements)
{
	struct steps before = {.n = 0}, now = {.n = 0};
	uint32_t start = b->p->top;

	b->element = 0;
	for (const struct json *e = json_first(elements); e;
	     e = json_next(e), b->element++) {
		ref r = root;
		if (!place(b, e, &before, &now))
			return false;
		assert(now.n > 0 && now.v[0].name);
		if (!check_start(b, &now.v[0], type))
			return false;
		for (size_t i = 1; r && i < now.n; i++)
			r = step_into(b, r, &now.v[i]);
		if (!r || !merge_element(b, r, e))
			return false;
		if (b->p->top - start > GROWTH_MAX)
			return build_fail(b, "too-long",
					  "the definition is too large");
		before = now;
	}
	return true;
}

/* ---- contentReference ------------------------------------------------- */

#define PAIRS_MAX 256

/* Elements of the base and what they became. */
struct pairs {
	struct {
		ref from, to;
	} v[PAIRS_MAX];
	size_t n;
};

static ref became(const struct pairs *pairs, ref from)
{
	for (size_t i = 0; from && i < pairs->n; i++) {
		if (pairs->v[i].from == from)
			return pairs->v[i].to;
	}
	return 0;
}

/* Only elements with children of their own are referred to. */
static void pair_up(const struct profiles *p, struct pairs *pairs, ref from,
		    ref to, unsigned depth)
{
	const struct node *x = node_at(p, from), *y = node_at(p, to);

	if (!x->list || !y->list || x->list == y->list || depth > STEPS_MAX ||
	    pairs->n == PAIRS_MAX)
		return;
	pairs->v[pairs->n].from = from;
	pairs->v[pairs->n++].to = to;
	const struct list *l = list_at(p, x->list), *m = list_at(p, y->list);
	for (unsigned i = 0; l->n == m->n && i < l->n; i++)
		pair_up(p, pairs, l->child[i], m->child[i], depth + 1);
}

/* Does anything below refer to an element that became another? */
static bool refers(const struct profiles *p, ref node,
		   const struct pairs *pairs, unsigned depth)
{
	const struct node *n = node_at(p, node);
	if (!n->list)
		return became(pairs, n->content) != 0;
	const struct list *l = list_at(p, n->list);
	for (unsigned i = 0; i < l->n && depth < STEPS_MAX; i++) {
		if (refers(p, l->child[i], pairs, depth + 1))
			return true;
	}
	return false;
}

static bool redirect(struct build *b, ref node, const struct pairs *pairs,
		     unsigned depth);

/* The slices that the profile itself made. */
static bool redirect_slices(struct build *b, ref node,
			    const struct pairs *pairs, unsigned depth)
{
	const struct node *n = node_at(b->p, node);
	const struct slicing *s = n->slicing ? rec_at(b->p, n->slicing) : NULL;
	const ref *v = s ? rec_at(b->p, s->slices) : NULL;

	for (unsigned i = 0; s && i < s->n; i++) {
		if (node_at(b->p, v[i])->owner == node &&
		    refers(b->p, v[i], pairs, depth + 1) &&
		    !redirect(b, v[i], pairs, depth + 1))
			return false;
	}
	return true;
}

/* The references below node lead to what the profile made of the elements. */
static bool redirect(struct build *b, ref node, const struct pairs *pairs,
		     unsigned depth)
{
	const struct node *n = node_at(b->p, node);

	if (!n->list) {
		struct node *own = heap_at(b->p, node);
		own->content = became(pairs, n->content);
		own->flags |= NODE_RECURS;
		return true;
	}
	const struct list *l = list_at(b->p, n->list);
	for (unsigned i = 0; i < l->n && depth < STEPS_MAX; i++) {
		/* the list may be copied on the way */
		ref child = list_at(b->p, node_at(b->p, node)->list)->child[i];
		if (!refers(b->p, child, pairs, depth + 1))
			continue;
		const char *name = text_at(b->p, node_at(b->p, child)->name);
		const struct step s = {name, strlen(name), NULL, 0};
		child = step_into(b, node, &s);
		if (!child || !redirect(b, child, pairs, depth + 1) ||
		    !redirect_slices(b, child, pairs, depth))
			return false;
	}
	return true;
}

bool overlay_contents(struct build *b, ref root, ref base)
{
	struct pairs pairs = {.n = 0};

	pair_up(b->p, &pairs, base, root, 0);
	/* the first is the root */
	if (pairs.n < 2 || !refers(b->p, root, &pairs, 0))
		return true;
	return redirect(b, root, &pairs, 0);
}
