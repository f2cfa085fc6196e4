/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_base.c: a type's own definition (of a resource or data type) from its
 * snapshot: the flat list of paths becomes nodes with lists of children, and
 * each list knows the JSON names that its children go by.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists of children ------------------------------------------------ */

struct named {
	const char *text;
	struct name name;
};

static int by_text(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	return strcmp(a->text, b->text);
}

static size_t expand_choice(struct build *b, const struct node *n,
			    struct named *out)
{
	const struct use *u = rec_at(b->p, n->types);
	const char *stem = text_at(b->p, n->name);
	for (size_t i = 0; i < n->n_types; i++) {
		const char *type = text_at(b->p, b->p->types[u[i].type].name);
		char *name = arena_printf(b->tmp, "%s%s", stem, type);
		char *first = name + strlen(stem);
		if (*first >= 'a' && *first <= 'z')
			*first -= 'a' - 'A';
		out[i].text = name;
		out[i].name.type = u[i].type;
	}
	return n->n_types;
}

static ref make_names(struct build *b, const ref *child, size_t n,
		      uint16_t *n_names)
{
	size_t cap = 0, k = 0;
	for (size_t i = 0; i < n; i++)
		cap += 1U + node_at(b->p, child[i])->n_types;
	struct named *v = arena_alloc(b->tmp, cap * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const struct node *c = node_at(b->p, child[i]);
		size_t from = k;
		if (c->flags & NODE_CHOICE) {
			k += expand_choice(b, c, v + k);
		} else {
			v[k].text = text_at(b->p, c->name);
			v[k++].name.type = NO_TYPE;
		}
		for (; from < k; from++)
			v[from].name.child = (uint16_t)i;
	}
	qsort(v, k, sizeof(*v), by_text);
	ref r = heap_alloc(b->p, k * sizeof(struct name));
	struct name *out = heap_at(b->p, r);
	for (size_t i = 0; i < k; i++) {
		out[i] = v[i].name;
		out[i].text = build_text(b, v[i].text);
	}
	*n_names = (uint16_t)k;
	return r;
}

static ref make_list(struct build *b, ref owner, const ref *child, size_t n)
{
	ref r = heap_alloc(b->p, sizeof(struct list) + n * sizeof(ref));
	struct list *l = heap_at(b->p, r);
	l->owner = owner;
	l->n = (uint16_t)n;
	if (n > 0)
		memcpy(l->child, child, n * sizeof(ref));
	l->names = make_names(b, child, n, &l->n_names);
	return r;
}

/* ---- a type's own definition ------------------------------------------ */

/* The place in a snapshot while it becomes a tree. */
struct cursor {
	const struct json *e; /* next element; NULL at the end */
	unsigned index;
	uint8_t kind; /* of the type */
};

static void name_node(struct build *b, ref r, const char *path)
{
	struct node *n = heap_at(b->p, r);
	const char *name = json_tail(path);
	size_t len = strlen(name);
	if (len > 3 && strcmp(name + len - 3, "[x]") == 0) {
		n->flags |= NODE_CHOICE;
		len -= 3;
	}
	n->name = build_textn(b, name, len);
	n->of_type = NO_TYPE;
}

/* Does path lie one level below parent (n bytes)? */
static bool is_child(const char *path, const char *parent, size_t n)
{
	return strncmp(path, parent, n) == 0 && path[n] == '.' &&
	       !strchr(path + n + 1, '.');
}

/* The element's type is not stated, or stated as string: Resource.id. */
static void fix_id(struct build *b, ref r, const struct cursor *c,
		   unsigned depth)
{
	struct node *n = heap_at(b->p, r);
	if (depth != 1 || c->kind != KIND_RESOURCE ||
	    strcmp(text_at(b->p, n->name), "id") != 0 || n->n_types != 1)
		return;
	struct use *u = heap_at(b->p, n->types);
	unsigned id = find_type(b->p, "id", 2);
	if (id != NO_TYPE)
		u->type = (uint16_t)id;
}

static ref build_node(struct build *b, struct cursor *c, unsigned depth);

static bool build_children(struct build *b, struct cursor *c, ref parent,
			   const char *path, unsigned depth)
{
	ref child[CHILDREN_MAX];
	size_t n = 0, len = strlen(path);

	while (c->e) {
		const char *next = json_get_text(c->e, "path");
		if (!next || !is_child(next, path, len))
			break;
		if (n == CHILDREN_MAX)
			return build_fail(b, "too-long", "too many children");
		/* the value of a primitive is no element in JSON */
		if (c->kind == KIND_PRIMITIVE && depth == 0 &&
		    strcmp(json_tail(next), "value") == 0) {
			c->e = json_next(c->e);
			c->index++;
			continue;
		}
		child[n] = build_node(b, c, depth + 1);
		if (!child[n])
			return false;
		struct node *node = heap_at(b->p, child[n++]);
		node->owner = parent;
	}
	if (n > 0) {
		struct node *node = heap_at(b->p, parent);
		node->list = make_list(b, parent, child, n);
	}
	return true;
}

static ref build_node(struct build *b, struct cursor *c, unsigned depth)
{
	const struct json *e = c->e;
	const char *path = json_get_text(e, "path");

	if (depth > STEPS_MAX) {
		build_fail(b, "too-long", "elements are nested too deep");
		return 0;
	}
	ref r = heap_alloc(b->p, sizeof(struct node));
	name_node(b, r, path);
	b->element = c->index;
	c->e = json_next(e);
	c->index++;
	if (!merge_element(b, r, e))
		return 0;
	fix_id(b, r, c, depth);
	return build_children(b, c, r, path, depth) ? r : 0;
}

/* ---- contentReference ------------------------------------------------- */

static ref child_named(const struct profiles *p, ref node, const char *name,
		       size_t n)
{
	const struct node *parent = node_at(p, node);
	if (!parent->list)
		return 0;
	const struct list *l = list_at(p, parent->list);
	for (size_t i = 0; i < l->n; i++) {
		const char *s = text_at(p, node_at(p, l->child[i])->name);
		if (strncmp(s, name, n) == 0 && s[n] == '\0')
			return l->child[i];
	}
	return 0;
}

/* The node at "Type.a.b" below root. */
static ref node_by_path(const struct profiles *p, ref root, const char *path)
{
	const char *dot = strchr(path, '.');
	while (root && dot) {
		const char *name = dot + 1;
		dot = strchr(name, '.');
		size_t n = dot ? (size_t)(dot - name) : strlen(name);
		root = child_named(p, root, name, n);
	}
	return root;
}

static bool link_contents(struct build *b, ref root,
			  const struct json *elements)
{
	b->element = 0;
	for (const struct json *e = json_first(elements); e;
	     e = json_next(e), b->element++) {
		const char *to = json_get_text(e, "contentReference");
		if (!to)
			continue;
		to = strchr(to, '#');
		const char *path = json_get_text(e, "path");
		ref from = node_by_path(b->p, root, path);
		ref target = to ? node_by_path(b->p, root, to + 1) : 0;
		if (!from || !target)
			return build_fail(b, "not-found",
					  "contentReference leads nowhere");
		struct node *n = heap_at(b->p, from);
		const struct node *t = node_at(b->p, target);
		n->content = target;
		n->types = t->types;
		n->n_types = t->n_types;
	}
	return true;
}

bool compile_base(struct build *b, struct item *it)
{
	struct sd *sd = heap_at(b->p, it->rec);
	const struct json *elements =
	    json_get(json_get(it->json, "snapshot"), "element");

	b->part = "snapshot";
	b->base = true;
	struct cursor c = {.e = json_first(elements)};
	c.kind = b->p->types[sd->type].kind;
	if (c.kind != KIND_RESOURCE)
		sd->flags |= SD_DATATYPE;
	if (!c.e || !json_get_text(c.e, "path"))
		return build_fail(b, "required", "there is no snapshot");
	sd->root = build_node(b, &c, 0);
	if (!sd->root)
		return false;
	if (c.e) {
		b->element = c.index;
		return build_fail(
		    b, "invalid",
		    "the path does not follow from the one before");
	}
	return link_contents(b, sd->root, elements);
}
