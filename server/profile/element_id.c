/* SPDX-License-Identifier: Apache-2.0
 *
 * element_id.c: the ids of the elements of a resource are all different (FHIR
 * R4 2.24.0.2: unique within the resource). The resource's own id is another
 * matter, and so are those of the resources inside of it. Today's HL7 validator
 * refuses repeated ones; that of 2018 did not look.
 *
 * The ids of a StructureDefinition's elements name places in a tree that is
 * told twice (snapshot and differential): each of them is looked at alone.
 */
#include "reference_int.h"

#include <string.h>

struct ids {
	struct check *c;
	const char **v; /* open addressing */
	size_t n, cap;
};

static size_t place_of(const struct ids *s, const char *id)
{
	size_t i = hash_text(id) & (s->cap - 1);
	while (s->v[i] && strcmp(s->v[i], id) != 0)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void grow(struct ids *s)
{
	struct ids old = *s;
	s->cap = old.cap ? old.cap * 2 : 32;
	s->v = arena_alloc(s->c->a, s->cap * sizeof(*s->v));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.v[i])
			s->v[place_of(s, old.v[i])] = old.v[i];
	}
}

static void take(struct ids *s, const struct json *id, const struct at *at)
{
	if ((s->n + 1) * 2 > s->cap)
		grow(s);
	size_t i = place_of(s, json_text(id));
	if (s->v[i]) {
		report(s->c, RULE_ELEMENT_ID, at, id, "another id",
		       "give each element an id of its own, or none",
		       "Duplicate id value '%.100s'", json_text(id));
		return;
	}
	s->v[i] = json_text(id);
	s->n++;
}

static void walk(struct ids *s, const struct json *v, const struct at *at);

static void walk_object(struct ids *s, const struct json *v,
			const struct at *at)
{
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		const char *name = json_name(m);
		if (strcmp(name, "id") == 0 && json_kind(m) == JSON_STRING) {
			if (at->up)
				take(s, m, at);
			continue;
		}
		const struct at here = {at, name + (name[0] == '_'), -1};
		walk(s, m, &here);
	}
}

static void walk(struct ids *s, const struct json *v, const struct at *at)
{
	if (json_kind(v) == JSON_ARRAY) {
		long i = 0;
		for (const struct json *m = json_first(v); m;
		     m = json_next(m), i++) {
			const struct at here = {at->up, at->name, i};
			walk(s, m, &here);
		}
	} else if (json_kind(v) == JSON_OBJECT && !s->c->stop &&
		   !json_get(v, "resourceType")) {
		walk_object(s, v, at);
	}
}

void check_element_ids(struct check *c, const struct json *resource,
		       const struct at *at)
{
	const char *type = json_get_text(resource, "resourceType");
	bool is_definition = strcmp(type, "StructureDefinition") == 0;
	struct ids s = {.c = c};

	for (const struct json *m = json_first(resource); m; m = json_next(m)) {
		const struct at here = {at, json_name(m), -1};
		bool tree = is_definition && json_kind(m) == JSON_OBJECT;
		struct ids own = {.c = c};
		if (json_kind(m) == JSON_ARRAY || json_kind(m) == JSON_OBJECT)
			walk(tree ? &own : &s, m, &here);
	}
}
