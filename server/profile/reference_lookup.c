/* SPDX-License-Identifier: Apache-2.0
 *
 * reference_lookup.c: the contained resources of a resource, and the entries of
 * a Bundle, by what references call them.
 *
 * A hash table with chains, made in one pass over the list when somebody first
 * asks, so that resolving all references of a Bundle is linear in its size.
 * Rows of one key come in the order of the document. Keys are an id, a fullUrl,
 * or "Type/id"; the same table holds the last two.
 */
#include "reference_int.h"

#include <string.h>

struct lookup {
	struct arena *a;	 /* a trial's may end before */
	const struct json *list; /* contained, or entry */
	size_t n;		 /* items */
	bool bundle;
	bool filled;
	const struct json **item; /* of a Bundle: entries by index */
	struct lookup_row *row;
	size_t rows;
	uint32_t *bucket; /* 1 + row */
	size_t mask;
};

static struct lookup *lookup_new(struct check *c, const struct json *list)
{
	if (!list || json_kind(list) != JSON_ARRAY || !json_first(list))
		return NULL;
	struct lookup *l = arena_alloc(c->a, sizeof(*l));
	l->a = c->a;
	l->list = list;
	l->n = json_count(list);
	return l;
}

struct lookup *lookup_contained(struct check *c, const struct json *root)
{
	return lookup_new(c, json_get(root, "contained"));
}

struct lookup *lookup_list(struct check *c, const struct json *list)
{
	struct lookup *l = lookup_new(c, list);
	size_t i = 0;

	if (!l)
		return NULL;
	l->bundle = true;
	l->item = arena_alloc(c->a, l->n * sizeof(const struct json *));
	for (const struct json *v = json_first(l->list); v; v = json_next(v))
		l->item[i++] = v;
	return l;
}

static void add_row(struct lookup *l, enum lookup_by by, const char *key,
		    const struct json *item, const struct json *resource,
		    size_t index)
{
	if (key)
		l->row[l->rows++] = (struct lookup_row){
		    key, item, resource, (uint32_t)index, by, 0, 0};
}

static void add_entry(struct lookup *l, const struct json *v, size_t i)
{
	const struct json *r = json_get(v, "resource");
	const char *type = json_get_text(r, "resourceType");
	const char *id = json_get_text(r, "id");

	add_row(l, BY_FULL_URL, json_get_text(v, "fullUrl"), v, r, i);
	if (type && id)
		add_row(l, BY_TYPE_ID, arena_printf(l->a, "%s/%s", type, id), v,
			r, i);
}

static void fill(struct lookup *l)
{
	size_t i = 0, cap = 2 * l->n;

	l->filled = true;
	l->row = arena_alloc(l->a, cap * sizeof(*l->row));
	for (const struct json *v = json_first(l->list); v; v = json_next(v)) {
		if (l->bundle)
			add_entry(l, v, i);
		else
			add_row(l, BY_ID, json_get_text(v, "id"), v, v, i);
		i++;
	}
	for (l->mask = 8; l->mask < cap;)
		l->mask *= 2;
	l->bucket = arena_alloc(l->a, l->mask * sizeof(*l->bucket));
	l->mask--;
	/* from behind, so that the first comes first in its chain */
	for (i = l->rows; i-- > 0;) {
		uint32_t *b = &l->bucket[hash_text(l->row[i].key) & l->mask];
		l->row[i].next = *b;
		*b = (uint32_t)i + 1;
	}
}

static struct lookup_row *matching(struct lookup *l, uint32_t at,
				   enum lookup_by by, const char *key)
{
	for (; at; at = l->row[at - 1].next) {
		struct lookup_row *r = &l->row[at - 1];
		if (r->by == by && strcmp(r->key, key) == 0)
			return r;
	}
	return NULL;
}

struct lookup_row *lookup_first(struct lookup *l, enum lookup_by by,
				const char *key)
{
	if (!l)
		return NULL;
	if (!l->filled)
		fill(l);
	return matching(l, l->bucket[hash_text(key) & l->mask], by, key);
}

struct lookup_row *lookup_next(struct lookup *l, const struct lookup_row *r)
{
	return matching(l, r->next, r->by, r->key);
}

const struct json *lookup_entry(const struct lookup *l, size_t i)
{
	return l && l->item && i < l->n ? l->item[i] : NULL;
}

size_t lookup_count(const struct lookup *l)
{
	return l ? l->n : 0;
}
