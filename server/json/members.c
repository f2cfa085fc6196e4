/* SPDX-License-Identifier: Apache-2.0
 *
 * members: the names within one object.
 *
 * Two questions need all names of an object at once: is any of them there
 * twice, and have two objects the same ones? For the few members that objects
 * have in practice, comparing each pair is fastest. But an object of a million
 * members fits into a request, so larger ones are sorted: n log n whatever the
 * names are, which no hash table without a secret could promise.
 *
 * The order is by the first eight bytes as a number, then by the rest: most
 * comparisons are decided without touching the name. Equal names stay in
 * document order. The scratch memory belongs to an arena of its own.
 */
#include "json/json_int.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES 8

struct entry {
	uint64_t head; /* the first bytes of the name, big-endian */
	const struct json *member;
};

bool json_same_name(const struct json *x, const struct json *y)
{
	return x->name_len == y->name_len &&
	       memcmp(x->node.string, y->node.string, x->name_len) == 0;
}

static uint64_t head_of(const struct json *m)
{
	uint64_t head = 0;

	for (uint32_t i = 0; i < HEAD_BYTES; i++) {
		unsigned char c = 0;

		if (i < m->name_len)
			c = (unsigned char)m->node.string[i];
		head = head << 8 | c;
	}
	return head;
}

static int by_name(const void *left, const void *right)
{
	const struct entry *x = left, *y = right;
	int order;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	/* Names hold no NUL, so a shorter one ends within an equal head. */
	if (x->member->name_len > HEAD_BYTES &&
	    y->member->name_len > HEAD_BYTES) {
		order = strcmp(x->member->node.string + HEAD_BYTES,
			       y->member->node.string + HEAD_BYTES);
		if (order)
			return order;
	} else if (x->member->name_len != y->member->name_len) {
		return x->member->name_len < y->member->name_len ? -1 : 1;
	}
	return x->member->name_start < y->member->name_start ? -1 : 1;
}

const struct json **json_sorted(struct arena *a, const struct json *object)
{
	size_t n = object->size, i = 0;
	struct entry *entries = arena_alloc(a, n * sizeof(*entries));
	const struct json **sorted = arena_alloc(a, n * sizeof(*sorted));

	for (const cJSON *c = object->node.child; c; c = c->next, i++) {
		const struct json *m = json_of(c);

		entries[i] = (struct entry){head_of(m), m};
	}
	qsort(entries, n, sizeof(*entries), by_name);
	for (i = 0; i < n; i++)
		sorted[i] = entries[i].member;
	return sorted;
}

static const struct json *small_duplicate(const struct json *object,
					  const struct json **earlier)
{
	const cJSON *first = object->node.child;

	for (const cJSON *c = first; c; c = c->next) {
		for (const cJSON *d = first; d != c; d = d->next) {
			if (!json_same_name(json_of(c), json_of(d)))
				continue;
			*earlier = json_of(d);
			return json_of(c);
		}
	}
	return NULL;
}

const struct json *json_duplicate(const struct json *object,
				  const struct json **earlier)
{
	const struct json *found = NULL, **sorted;
	struct arena *scratch;

	if (object->size <= JSON_SMALL)
		return small_duplicate(object, earlier);
	scratch = arena_new(0);
	sorted = json_sorted(scratch, object);
	for (uint32_t i = 1; i < object->size; i++) {
		if (!json_same_name(sorted[i - 1], sorted[i]))
			continue;
		if (found && found->name_start < sorted[i]->name_start)
			continue;
		*earlier = sorted[i - 1];
		found = sorted[i];
	}
	arena_free(scratch);
	return found;
}
