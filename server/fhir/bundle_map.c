/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts by text: what a transaction knows by which name. An open table of
 * pointers, less than half full, so that a Bundle of any size is resolved in
 * one walk. Keys and values are the caller's, and live as long as the map.
 */
#include "fhir/bundle_int.h"

#include <string.h>

/* The key's slot, or the free one where it belongs. */
static struct bundle_pair *slot_of(const struct bundle_map *m, const char *key)
{
	size_t i = hash_text(key) & (m->room - 1);

	while (m->slot[i].key && strcmp(m->slot[i].key, key) != 0)
		i = (i + 1) & (m->room - 1);
	return &m->slot[i];
}

static void grow(struct bundle_map *m)
{
	const struct bundle_map old = *m;

	m->room = old.room ? 2 * old.room : 64;
	m->slot = arena_alloc(m->arena, m->room * sizeof(*m->slot));
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i].key)
			*slot_of(m, old.slot[i].key) = old.slot[i];
}

const char *bundle_map_get(const struct bundle_map *m, const char *key)
{
	return m->room > 0 ? slot_of(m, key)->value : NULL;
}

bool bundle_map_put(struct bundle_map *m, const char *key, const char *value)
{
	struct bundle_pair *p;

	if (2 * (m->used + 1) > m->room)
		grow(m);
	p = slot_of(m, key);
	if (p->key)
		return false;
	*p = (struct bundle_pair){key, value};
	m->used++;
	return true;
}
