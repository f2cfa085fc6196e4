/* SPDX-License-Identifier: Apache-2.0
 *
 * compile.c: StructureDefinitions to element trees.
 *
 * A type's own definition (every resource and data type) comes from its
 * snapshot: the flat list of paths becomes nodes with lists of children. All
 * others are profiles: a copy of the base's root on which the elements of the
 * differential are laid (compile_overlay.c). Where the differential or the base
 * is missing, the snapshot is laid on the type itself instead: it is only a
 * longer differential.
 *
 * A profile may need another one compiled first (its base, or the profile of an
 * element's type); that happens on the way. A definition that needs itself as
 * its base is refused.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

#define SD_PREFIX  "http://hl7.org/fhir/StructureDefinition/"
#define NESTED_MAX 64

struct item *item_find(struct item **v, size_t n, const char *url)
{
	size_t lo = 0, hi = n, len = url ? canonical_len(url) : 0;
	struct item *found = NULL;

	while (url && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strncmp(v[mid]->url, url, len);
		if (d == 0)
			d = v[mid]->url[len] != '\0';
		if (d == 0)
			found = v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return found;
}

/* Versions of one URL stand together. */
struct item *item_of(struct build *b, ref sd)
{
	const ref *url = sd ? rec_at(b->p, sd) : NULL;
	const char *text = url ? text_at(b->p, *url) : NULL;
	struct item *it = item_find(b->sd, b->n_sd, text);
	while (it && it->rec != sd)
		it = it->later && strcmp(it->later->url, text) == 0 ? it->later
								    : NULL;
	return it;
}

/* ---- types ------------------------------------------------------------ */

/* A type's own definition? Those come with the image. */
bool defines_type(const struct profiles *p, const struct json *sd)
{
	const char *derivation = json_get_text(sd, "derivation");
	return p->image_bytes == 0 &&
	       (!derivation || strcmp(derivation, "constraint") != 0);
}

static const char *type_name(const struct json *sd)
{
	const char *type = json_get_text(sd, "type");
	return type ? type : json_get_text(sd, "id");
}

static enum prim primitive(const char *name)
{
	static const struct {
		const char *name;
		enum prim prim;
	} table[] = {
	    {"base64Binary", PRIM_BASE64},
	    {"boolean", PRIM_BOOLEAN},
	    {"canonical", PRIM_CANONICAL},
	    {"code", PRIM_CODE},
	    {"date", PRIM_DATE},
	    {"dateTime", PRIM_DATETIME},
	    {"decimal", PRIM_DECIMAL},
	    {"id", PRIM_ID},
	    {"instant", PRIM_INSTANT},
	    {"integer", PRIM_INTEGER},
	    {"markdown", PRIM_MARKDOWN},
	    {"oid", PRIM_OID},
	    {"positiveInt", PRIM_POSITIVEINT},
	    {"string", PRIM_STRING},
	    {"time", PRIM_TIME},
	    {"unsignedInt", PRIM_UNSIGNEDINT},
	    {"uri", PRIM_URI},
	    {"url", PRIM_URL},
	    {"uuid", PRIM_UUID},
	    {"xhtml", PRIM_XHTML},
	};
	for (size_t i = 0; i < LEN(table); i++) {
		if (strcmp(name, table[i].name) == 0)
			return table[i].prim;
	}
	return PRIM_NONE;
}

static int by_type_name(const void *x, const void *y)
{
	const struct item *const *a = x, *const *b = y;
	return strcmp(type_name((*a)->json), type_name((*b)->json));
}

static void fill_type(struct build *b, struct type *t, const struct item *it)
{
	const char *kind = json_get_text(it->json, "kind");
	const struct json *abstract = json_get(it->json, "abstract");
	const char *name = type_name(it->json);

	t->name = build_text(b, name);
	t->sd = it->rec;
	t->prim = (uint8_t)primitive(name);
	t->kind = KIND_COMPLEX;
	if (t->prim)
		t->kind = KIND_PRIMITIVE;
	else if (kind && strcmp(kind, "resource") == 0)
		t->kind = KIND_RESOURCE;
	t->abstract = abstract && json_kind(abstract) == JSON_TRUE;
	t->parent = NO_TYPE;
	for (uint8_t i = T_RESOURCE + 1; i < T_KNOWN; i++) {
		if (strcmp(name, known_names[i]) == 0)
			t->known = i + 1;
	}
}

/* Age is a Quantity. */
static uint8_t inherited(const struct type *types, unsigned i)
{
	while (!types[i].known && types[i].parent != NO_TYPE)
		i = types[i].parent;
	return types[i].known;
}

static unsigned parent_type(const struct profiles *p, const struct json *sd)
{
	const char *url = json_get_text(sd, "baseDefinition");
	if (!url || strncmp(url, SD_PREFIX, strlen(SD_PREFIX)) != 0)
		return NO_TYPE;
	url += strlen(SD_PREFIX);
	return find_type(p, url, canonical_len(url));
}

/* The table of types, made once: with the image, or from the definitions. */
bool compile_types(struct build *b)
{
	struct profiles *p = b->p;
	size_t n = 0;

	if (p->n_types > 0)
		return true;
	struct item **base = arena_alloc(b->tmp, b->n_sd * sizeof(*base));
	for (size_t i = 0; i < b->n_sd; i++) {
		b->item = b->sd[i];
		if (!defines_type(b->p, b->sd[i]->json))
			continue;
		if (!type_name(b->sd[i]->json))
			return build_fail(b, "required", "type is missing");
		base[n++] = b->sd[i];
	}
	if (n >= NO_TYPE)
		return build_fail(b, "too-long", "too many types");
	qsort(base, n, sizeof(*base), by_type_name);
	ref r = heap_alloc(p, n * sizeof(struct type));
	struct type *t = heap_at(p, r);
	for (size_t i = 0; i < n; i++) {
		fill_type(b, &t[i], base[i]);
		struct sd *sd = heap_at(p, base[i]->rec);
		sd->type = (uint16_t)i;
	}
	p->types = t;
	p->n_types = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		t[i].parent = (uint16_t)parent_type(p, base[i]->json);
	for (size_t i = 0; i < n; i++)
		t[i].known = inherited(t, (unsigned)i);
	know_types(p);
	return true;
}

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

static bool compile_base(struct build *b, struct item *it)
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

/* ---- profiles --------------------------------------------------------- */

/* "a, based on b, based on a" */
static bool ring(struct build *b, const struct item *it)
{
	const struct item *chain[8];
	struct buf names;
	size_t n = 0;

	for (const struct item *i = b->item; i && n < LEN(chain);
	     i = i->asker) {
		chain[n++] = i;
		if (i == it)
			break;
	}
	buf_init(&names, b->tmp);
	while (n > 0)
		buf_printf(&names, "%.100s, based on ", chain[--n]->url);
	b->part = NULL;
	return build_fail(b, "invalid", "a ring of definitions: %s%.100s",
			  names.p, it->url);
}

/* A definition by canonical, compiled if need be; 0 with no error when it is
 * unknown. */
static bool compiled(struct build *b, const char *url, ref *out)
{
	*out = find_sd(b->p, url);
	struct item *it = item_of(b, *out);
	if (!it)
		return true;
	if (it == b->item) {
		b->part = NULL;
		return build_fail(b, "invalid", "it is its own base");
	}
	if (it->state == ITEM_BUSY)
		return ring(b, it);
	return compile_sd(b, it);
}

/* The list of elements of a "snapshot" or "differential"; NULL when there is
 * none. */
static bool elements_of(struct build *b, const struct item *it,
			const char *part, const struct json **out)
{
	const struct json *whole = json_get(it->json, part);

	*out = json_get(whole, "element");
	b->part = NULL;
	if (whole && json_kind(whole) != JSON_OBJECT)
		return build_fail(b, "invalid", "%s is not an object", part);
	if (*out && json_kind(*out) != JSON_ARRAY)
		return build_fail(b, "invalid", "%s.element is not an array",
				  part);
	return true;
}

/* Which tree to start from, and which elements to lay on it. */
static bool start(struct build *b, const struct item *it, ref *from,
		  const struct json **elements)
{
	const char *base = json_get_text(it->json, "baseDefinition");
	const char *type = type_name(it->json);
	ref r = 0;

	if (base && !compiled(b, base, &r))
		return false;
	const struct json *full;
	if (!elements_of(b, it, "differential", elements) ||
	    !elements_of(b, it, "snapshot", &full))
		return false;
	b->part = "differential";
	if (!r || json_count(*elements) == 0) {
		unsigned t =
		    type ? find_type(b->p, type, strlen(type)) : NO_TYPE;
		if (json_count(full) > 0 && t != NO_TYPE) {
			*elements = full;
			b->part = "snapshot";
			r = b->p->types[t].sd;
		}
	}
	if (!r) {
		b->part = NULL;
		return build_fail(b, "not-found", "unknown baseDefinition %s",
				  base ? base : "(none)");
	}
	*from = r;
	return true;
}

static bool check_type(struct build *b, const struct item *it, ref from)
{
	const struct sd *base = rec_at(b->p, from);
	const char *want = type_name(it->json);
	const char *is = text_at(b->p, b->p->types[base->type].name);

	if (!want || strcmp(want, is) == 0)
		return true;
	b->part = NULL;
	return build_fail(b, "invalid",
			  "type is \"%s\", but that of the base is \"%s\"",
			  want, is);
}

/* The elements on a copy of a definition's tree; 0: refused. */
static ref laid_on(struct build *b, ref from, const struct json *elements)
{
	struct profiles *p = b->p;
	const struct sd *base = rec_at(p, from);
	ref mark = heap_alloc(p, 0);
	ref root = heap_alloc(p, sizeof(struct node));
	struct node *n = heap_at(p, root);

	*n = *node_at(p, base->root);
	n->owner = 0;
	n->flags &= (uint16_t)~NODE_DONE;
	n->flags |= NODE_CONSTRAINED;
	if (!overlay_elements(b, root, text_at(p, p->types[base->type].name),
			      elements) ||
	    !overlay_contents(b, root, base->root) ||
	    !resolve_slicing(b, root, mark))
		return 0;
	return root;
}

static bool compile_profile(struct build *b, struct item *it)
{
	const struct json *elements = NULL;
	struct sd *sd = heap_at(b->p, it->rec);
	ref from = 0;

	if (!start(b, it, &from, &elements) || !check_type(b, it, from))
		return false;
	const struct sd *base = rec_at(b->p, from);
	sd->type = base->type;
	if (b->p->types[sd->type].kind != KIND_RESOURCE)
		sd->flags |= SD_DATATYPE;
	b->base = false;
	sd->root = laid_on(b, from, elements);
	return sd->root != 0;
}

bool compile_sd(struct build *b, struct item *it)
{
	struct build saved = *b;

	/* a ring of profiles on types is cut here, one of bases in compiled()
	 */
	if (it->state != ITEM_NEW)
		return true;
	b->item = it;
	if (b->depth >= NESTED_MAX)
		return build_fail(b, "too-long", "bases are nested too deep");
	it->state = ITEM_BUSY;
	it->asker = saved.item;
	b->depth++;
	bool ok = defines_type(b->p, it->json) ? compile_base(b, it)
					       : compile_profile(b, it);
	if (!ok)
		return false;
	compile_contexts(b, it);
	it->state = ITEM_DONE;
	b->depth--;
	b->item = saved.item;
	b->part = saved.part;
	b->element = saved.element;
	b->base = saved.base;
	return true;
}

bool compile_definitions(struct build *b)
{
	struct type *types = NULL;

	for (int bases = 1; bases >= 0; bases--) {
		for (size_t i = 0; i < b->n_sd; i++) {
			if (defines_type(b->p, b->sd[i]->json) != (bases == 1))
				continue;
			if (!compile_sd(b, b->sd[i]))
				return false;
		}
		if (bases == 0 || b->p->image_bytes > 0)
			continue;
		/* what types this set has was its own to say */
		types = (struct type *)(uintptr_t)b->p->types;
		for (size_t i = 0; i < b->p->n_types; i++) {
			const struct sd *sd = rec_at(b->p, types[i].sd);
			types[i].root = sd->root;
		}
	}
	return true;
}
