/* SPDX-License-Identifier: Apache-2.0
 *
 * fp_model.c: the compiled definitions as FHIRPath sees them.
 *
 * A type of the engine is a pair: the node of the element's definition, and the
 * index of its type. The node alone tells what stands below an element that has
 * children of its own (backbone elements); the type tells the rest, and which
 * of a choice's types it is. Nothing is made or copied: the engine walks the
 * trees that the check walks, the overlaid ones of profiles included.
 *
 * An element that holds a resource (contained, Bundle.entry.resource) has the
 * type Resource until resource() has seen its resourceType.
 *
 * FHIR R4 2.9.1 (types and FHIRPath), STU3 the same.
 */
#include "profile_int.h"

#include <string.h>

static const enum fp_kind kinds[] = {
    [PRIM_NONE] = FP_NODE,	     [PRIM_BASE64] = FP_STRING,
    [PRIM_BOOLEAN] = FP_BOOLEAN,     [PRIM_CANONICAL] = FP_STRING,
    [PRIM_CODE] = FP_STRING,	     [PRIM_DATE] = FP_DATE,
    [PRIM_DATETIME] = FP_DATETIME,   [PRIM_DECIMAL] = FP_DECIMAL,
    [PRIM_ID] = FP_STRING,	     [PRIM_INSTANT] = FP_DATETIME,
    [PRIM_INTEGER] = FP_INTEGER,     [PRIM_MARKDOWN] = FP_STRING,
    [PRIM_OID] = FP_STRING,	     [PRIM_POSITIVEINT] = FP_INTEGER,
    [PRIM_STRING] = FP_STRING,	     [PRIM_TIME] = FP_TIME,
    [PRIM_UNSIGNEDINT] = FP_INTEGER, [PRIM_URI] = FP_STRING,
    [PRIM_URL] = FP_STRING,	     [PRIM_UUID] = FP_STRING,
    [PRIM_XHTML] = FP_STRING,
};

static uint32_t type_find(const void *set, const char *name, size_t n)
{
	unsigned t = find_type(set, name, n);
	return t == NO_TYPE ? FP_NO_TYPE : t;
}

static const char *type_name(const void *set, uint32_t type)
{
	const struct profiles *p = set;
	return type < p->n_types ? text_at(p, p->types[type].name) : NULL;
}

static bool is_a(const void *set, uint32_t type, uint32_t ancestor)
{
	const struct profiles *p = set;
	return type < p->n_types && ancestor < p->n_types &&
	       type_is_a(p, type, ancestor);
}

static enum fp_kind system_kind(const void *set, uint32_t type)
{
	const struct profiles *p = set;
	if (type >= p->n_types)
		return FP_NODE;
	const struct type *t = &p->types[type];
	return t->known == T_QUANTITY + 1 ? FP_QUANTITY : kinds[t->prim];
}

static const struct list *children(const struct profiles *p, struct fp_type of)
{
	if (of.def)
		return node_list(p, of.def, of.id);
	if (of.id >= p->n_types || !p->types[of.id].root)
		return NULL;
	return node_list(p, node_at(p, p->types[of.id].root), of.id);
}

/* type: of a choice that was made, else NO_TYPE */
static struct fp_type typed(const struct profiles *p, const struct node *n,
			    unsigned type)
{
	const struct use *u = rec_at(p, n->types);
	if (type == NO_TYPE && n->n_types > 0)
		type = u->type;
	return (struct fp_type){n, type == NO_TYPE ? FP_NO_TYPE : type};
}

/* The first of the list's names that is not before this one. */
static unsigned lower_bound(const struct profiles *p, const struct list *l,
			    const char *name)
{
	const struct name *v = rec_at(p, l->names);
	unsigned lo = 0, hi = l->n_names;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (strcmp(text_at(p, v[mid].text), name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static enum fp_element element(const void *set, struct fp_type of,
			       const char *name, struct fp_type *child)
{
	const struct profiles *p = set;
	const struct list *l = children(p, of);
	size_t len = strlen(name);

	if (!l)
		return FP_ABSENT;
	const struct name *v = rec_at(p, l->names);
	unsigned i = lower_bound(p, l, name);
	/* names that begin with a stem follow where it would stand itself */
	for (; i < l->n_names; i++) {
		const char *text = text_at(p, v[i].text);
		if (strncmp(text, name, len) != 0)
			break;
		const struct node *n = node_at(p, l->child[v[i].child]);
		bool choice = n->flags & NODE_CHOICE;
		if (choice && strcmp(text_at(p, n->name), name) == 0)
			return FP_CHOICE;
		if (!choice && text[len] == '\0') {
			*child = typed(p, n, NO_TYPE);
			return FP_PLAIN;
		}
	}
	return FP_ABSENT;
}

static bool member(const void *set, struct fp_type of, const char *name,
		   struct fp_type *child)
{
	const struct profiles *p = set;
	const struct list *l = children(p, of);
	const struct name *found = l ? list_find(p, l, name) : NULL;
	if (!found)
		return false;
	*child = typed(p, node_at(p, l->child[found->child]), found->type);
	return true;
}

static struct fp_type resource(const void *set, const struct json *r)
{
	const struct profiles *p = set;
	unsigned t = resource_type(p, r);
	if (t == NO_TYPE || !p->types[t].root)
		return (struct fp_type){NULL, FP_NO_TYPE};
	return (struct fp_type){node_at(p, p->types[t].root), t};
}

struct fp_model profile_model(const struct profiles *p)
{
	return (struct fp_model){.set = p,
				 .type_find = type_find,
				 .type_name = type_name,
				 .type_is_a = is_a,
				 .system_kind = system_kind,
				 .element = element,
				 .member = member,
				 .resource = resource};
}
