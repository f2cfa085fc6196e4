/* SPDX-License-Identifier: Apache-2.0
 *
 * overlay.c: a differential laid on its base's tree.
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
 * and "valueQuantity" are slices by type. A slice begins as a copy of the
 * element that it slices, or of the slice that it re-slices ("a/b"). Ids that
 * do not fit their path are ignored: then path and sliceName count, and the
 * slices of the element before. FHIR R4 ElementDefinition 2.1.14,
 * profiling 5.1.
 */
#include "profile_int.h"

#include <string.h>
#include <strings.h>

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
	if (id && split(id, out) && id_fits(out, &by_path)) {
		struct step *last = &out->v[out->n - 1];
		if (slice && out->n > 1) {
			last->slice = slice;
			last->slice_n = strlen(slice);
		}
		return true;
	}
	*out = by_path;
	inherit_slices(out, before);
	if (slice && out->n > 1) {
		out->v[out->n - 1].slice = slice;
		out->v[out->n - 1].slice_n = strlen(slice);
	}
	return true;
}

/* ---- copies on write -------------------------------------------------- */

static ref copy_node(struct build *b, ref from, ref owner)
{
	ref r = heap_alloc(b->p, sizeof(struct node));
	struct node *n = heap_at(b->p, r);
	*n = *node_at(b->p, from);
	n->owner = owner;
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
	struct item *it = item_find(b->sd, b->n_sd, text_at(b->p, t->url));
	if (it && !compile_sd(b, it))
		return false;
	const struct sd *sd = t->sd ? rec_at(b->p, t->sd) : NULL;
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

/* ---- slices ----------------------------------------------------------- */

static ref own_slicing(struct build *b, ref node)
{
	struct node *n = heap_at(b->p, node);
	if (n->slicing) {
		const struct slicing *have = rec_at(b->p, n->slicing);
		if (have->owner == node)
			return n->slicing;
	}
	ref r = heap_alloc(b->p, sizeof(struct slicing));
	struct slicing *s = heap_at(b->p, r);
	if (n->slicing) {
		*s = *(const struct slicing *)rec_at(b->p, n->slicing);
		s->cap = 0; /* the array is another's */
		s->criteria = 0;
	}
	s->owner = node;
	n->slicing = r;
	return r;
}

/* Room for one more slice in an array of its own. */
static bool own_slices(struct build *b, struct slicing *s)
{
	if (s->cap > 0 && s->n < s->cap)
		return true;
	if (s->n >= SLICES_MAX)
		return build_fail(b, "too-long",
				  "more than %d slices of one element",
				  SLICES_MAX - 1);
	uint16_t cap = s->n < 7 ? 8 : SLICES_MAX;
	ref r = heap_alloc(b->p, cap * sizeof(ref));
	if (s->n > 0)
		memcpy(heap_at(b->p, r), rec_at(b->p, s->slices),
		       s->n * sizeof(ref));
	s->slices = r;
	s->cap = cap;
	return true;
}

bool merge_slicing(struct build *b, ref node, const struct json *j)
{
	static const char *const rules[] = {"open", "openAtEnd", "closed"};
	struct slicing *s = heap_at(b->p, own_slicing(b, node));
	const char *rule = json_get_text(j, "rules");
	const struct json *ordered = json_get(j, "ordered");

	for (uint8_t i = 0; rule && i < LEN(rules); i++) {
		if (strcmp(rule, rules[i]) == 0)
			s->rules = i;
	}
	if (ordered)
		s->ordered = json_kind(ordered) == JSON_TRUE;
	if (json_get(j, "discriminator"))
		return parse_discriminators(b, s, json_get(j, "discriminator"));
	return true;
}

/* The type that a slice's name stands for: valueQuantity of value[x]. */
static unsigned slice_type(const struct profiles *p, const struct node *n,
			   const char *slice, size_t len)
{
	const char *stem = text_at(p, n->name);
	size_t k = strlen(stem);
	const struct use *u = rec_at(p, n->types);

	if (len <= k || strncmp(slice, stem, k) != 0)
		return NO_TYPE;
	for (unsigned i = 0; i < n->n_types; i++) {
		const char *type = text_at(p, p->types[u[i].type].name);
		if (strlen(type) == len - k &&
		    strncasecmp(type, slice + k, len - k) == 0)
			return u[i].type;
	}
	return NO_TYPE;
}

static void only_type(struct build *b, struct node *n, unsigned type)
{
	const struct use *u = node_use(b->p, n, type);
	if (!u)
		return;
	ref r = heap_alloc(b->p, sizeof(*u));
	memcpy(heap_at(b->p, r), u, sizeof(*u));
	n->types = r;
	n->n_types = 1;
}

static int slice_index(const struct profiles *p, const struct slicing *s,
		       const char *name, size_t n)
{
	const ref *v = rec_at(p, s->slices);
	for (int i = 0; i < s->n; i++) {
		const char *have = text_at(p, node_at(p, v[i])->slice);
		/* ids of STU3 write slice names in lower case */
		if (strncasecmp(have, name, n) == 0 && have[n] == '\0')
			return i;
	}
	return -1;
}

static ref new_slice(struct build *b, ref node, const struct slicing *s,
		     const char *name, size_t len, unsigned type)
{
	const char *slash = memchr(name, '/', len);
	int i = slash ? slice_index(b->p, s, name, (size_t)(slash - name)) : -1;
	const ref *v = rec_at(b->p, s->slices);
	ref r = copy_node(b, i >= 0 ? v[i] : node, node);
	struct node *n = heap_at(b->p, r);

	n->slice = build_textn(b, name, len);
	n->slicing = 0;
	n->min = 0;
	n->flags &= (uint16_t) ~(NODE_OWN_TYPES | NODE_OWN_BINDING);
	if (!(n->flags & NODE_CHOICE))
		return r;
	if (type == NO_TYPE)
		type = slice_type(b->p, n, name, len);
	if (type != NO_TYPE)
		only_type(b, n, type);
	return r;
}

static ref own_slice(struct build *b, ref node, const char *name, size_t len,
		     unsigned type)
{
	struct node *n = heap_at(b->p, node);
	const char *element = text_at(b->p, n->name);
	bool extension = strcmp(element, "extension") == 0 ||
			 strcmp(element, "modifierExtension") == 0;

	if (!n->slicing && !extension && !(n->flags & NODE_CHOICE)) {
		if (!(n->flags & NODE_LIST))
			return node; /* a name for the only one there is */
		build_fail(b, "invalid",
			   "slice \"%.*s\" of an element without slicing",
			   (int)len, name);
		return 0;
	}
	struct slicing *s = heap_at(b->p, own_slicing(b, node));
	if (s->n_disc == 0 && (extension || (n->flags & NODE_CHOICE)) &&
	    !implicit_slicing(b, s, !extension))
		return 0;
	int i = slice_index(b->p, s, name, len);
	const ref *have = rec_at(b->p, s->slices);
	if (i >= 0 && node_at(b->p, have[i])->owner == node)
		return have[i];
	ref r = i >= 0 ? copy_node(b, have[i], node)
		       : new_slice(b, node, s, name, len, type);
	if (!own_slices(b, s))
		return 0;
	ref *v = heap_at(b->p, s->slices);
	v[i >= 0 ? i : s->n++] = r;
	s->criteria = 0;
	return r;
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

bool overlay_elements(struct build *b, ref root, const struct json *elements)
{
	struct steps before = {.n = 0}, now = {.n = 0};

	b->element = 0;
	for (const struct json *e = json_first(elements); e;
	     e = json_next(e), b->element++) {
		ref r = root;
		if (!place(b, e, &before, &now))
			return false;
		for (size_t i = 1; r && i < now.n; i++)
			r = step_into(b, r, &now.v[i]);
		if (!r || !merge_element(b, r, e))
			return false;
		before = now;
	}
	return true;
}
