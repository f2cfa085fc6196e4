/* SPDX-License-Identifier: Apache-2.0
 *
 * contained.c: resources inside of resources.
 *
 * A contained resource has an id of its own in the resource around it, and
 * something there refers to it, or it refers back with "#" (dom-3; natively,
 * because the published expression is slow and takes too few kinds of reference
 * into account). Walks over the resource find all texts that begin with "#",
 * today also links in the narrative; that any of them counts, whatever its
 * element, is a little more lenient than the rule. Nothing is done where
 * nothing is contained.
 *
 * Every resource inside of another one, contained or in an entry or a
 * parameter, is held to the profiles that it names itself. That it must name
 * one is asked of the whole, and of what a batch or transaction holds
 * (policy.c). FHIR R4 2.3.3 (Contained).
 */
#include "reference_int.h"

#include <string.h>

enum used { USED = 1, REFERS_BACK = 2 };

struct uses {
	struct check *c;
	struct lookup_row *in; /* the contained resource that is walked */
	bool back; /* only what refers to the resource around is looked for */
	/* by the rules of today: contained resources that are reached */
	struct lookup_row **queue;
	size_t head, tail;
};

static void mark(struct uses *u, struct lookup_row *r, unsigned flag)
{
	if (u->queue && r->flags == 0)
		u->queue[u->tail++] = r;
	r->flags |= flag;
}

static void note(struct uses *u, const char *id)
{
	struct lookup_row *r;

	if (id[0] == '\0') {
		if (u->in)
			mark(u, u->in, REFERS_BACK);
		return;
	}
	if (u->back)
		return;
	r = lookup_first(u->c->contained, BY_ID, id);
	for (; r && !(r->flags & USED); r = lookup_next(u->c->contained, r))
		mark(u, r, USED);
}

/* The links and images of a narrative. */
static void note_links(struct uses *u, const char *div)
{
	static const char *const names[] = {"href=", "src="};

	for (size_t i = 0; i < LEN(names); i++) {
		const char *p = strstr(div, names[i]);
		for (; p; p = strstr(p, names[i])) {
			p += strlen(names[i]);
			const char *end = *p ? strchr(p + 1, *p) : NULL;
			if (end && p[1] == '#' && end > p + 2)
				note(u, arena_strndup(u->c->a, p + 2,
						      (size_t)(end - p) - 2));
		}
	}
}

static void walk(struct uses *u, const struct json *v)
{
	if (json_kind(v) == JSON_STRING) {
		const char *text = json_text(v), *name = json_name(v);
		if (text[0] == '#')
			note(u, text + 1);
		else if (u->queue && name && strcmp(name, "div") == 0)
			note_links(u, text);
		return;
	}
	for (const struct json *m = json_first(v); m; m = json_next(m))
		walk(u, m);
}

/* The row of a contained resource; *same: another one has its id too. */
static struct lookup_row *row_of(struct check *c, const struct json *r,
				 const char *id, bool *same)
{
	struct lookup_row *row = lookup_first(c->contained, BY_ID, id);
	*same = row && row->item != r;
	return row;
}

static void walk_around(struct uses *u, const struct json *root)
{
	for (const struct json *m = json_first(root); m; m = json_next(m)) {
		if (strcmp(json_name(m), "contained") != 0)
			walk(u, m);
	}
}

static void walk_contained(struct uses *u, const struct json *root)
{
	const struct json *r = json_first(json_get(root, "contained"));
	bool same;

	for (; r; r = json_next(r)) {
		const char *id = json_get_text(r, "id");
		u->in = id ? row_of(u->c, r, id, &same) : NULL;
		walk(u, r);
	}
	u->in = NULL;
}

/* In 2018 it did not matter who refers to it. Today that has to be the resource
 * around, or a contained one that is itself held by that or refers back. */
static void find_uses(struct check *c, const struct json *root)
{
	const struct json *list = json_get(root, "contained");
	struct uses u = {.c = c};

	if (c->rules == RULES_KANTA) {
		walk_around(&u, root);
		walk_contained(&u, root);
		return;
	}
	u.queue = arena_alloc(c->a, (json_count(list) + 1) * sizeof(*u.queue));
	walk_around(&u, root);
	u.back = true;
	walk_contained(&u, root);
	u.back = false;
	while (u.head < u.tail) {
		u.in = u.queue[u.head++];
		walk(&u, u.in->item);
	}
}

static void check_one(struct check *c, const struct json *r,
		      const struct at *at)
{
	const char *id = json_get_text(r, "id");
	bool same;

	if (json_kind(r) != JSON_OBJECT)
		return;
	if (!id || !*id) {
		report(c, RULE_CONTAINED_ID, at, r, "an id",
		       "give the contained resource an \"id\" and refer to it "
		       "with \"#id\"",
		       "Resource requires an id, but none is present");
		return;
	}
	const struct lookup_row *row = row_of(c, r, id, &same);
	if (same)
		report(c, RULE_CONTAINED_SAME, at, json_get(r, "id"),
		       "another id", say(c, "change the id \"%.64s\"", id),
		       "Duplicate id value '%.64s'", id);
	else if (row && row->flags == 0)
		report(c, RULE_CONTAINED_UNUSED, at, r,
		       say(c, "a reference to \"#%.64s\"", id),
		       "refer to it, or remove it",
		       "The contained resource '%.64s' is not referenced to "
		       "from elsewhere in the containing resource nor does it "
		       "refer to the containing resource (dom-3)",
		       id);
}

void check_contained(struct check *c, const struct json *root,
		     const struct at *at)
{
	const struct json *r = json_first(json_get(root, "contained"));

	find_uses(c, root);
	for (long i = 0; r && !c->stop; r = json_next(r), i++) {
		const struct at here = {at, "contained", i};
		check_one(c, r, &here);
	}
}

/* ---- profiles --------------------------------------------------------- */

#define OWN_MAX 16 /* profiles of one inner resource that are looked at */

static bool is_repeated(const ref *v, size_t n, ref sd)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] == sd)
			return true;
	}
	return false;
}

static void unknown_profile(struct check *c, const struct json *v,
			    const struct at *at)
{
	report_as(c, ISSUE_WARNING, RULE_PROFILE_UNKNOWN, at, v,
		  "a known profile", NULL,
		  "StructureDefinition reference \"%.300s\" could not be "
		  "resolved",
		  json_text(v));
}

void check_own_profiles(struct check *c, const struct json *resource,
			const struct at *at)
{
	const struct json *list =
	    json_get(json_get(resource, "meta"), "profile");
	const struct at meta = {at, "meta", -1};
	ref done[OWN_MAX];
	size_t n = 0;
	long i = 0;

	if (!list || json_kind(list) != JSON_ARRAY)
		return;
	for (const struct json *v = json_first(list);
	     v && n < OWN_MAX && !c->stop; v = json_next(v), i++) {
		const struct at here = {&meta, "profile", i};
		if (json_kind(v) != JSON_STRING)
			continue;
		ref sd = find_sd(c->p, json_text(v));
		if (!sd) {
			unknown_profile(c, v, &here);
		} else if (!is_repeated(done, n, sd)) {
			done[n++] = sd;
			check_definition(c, sd, resource, at);
		}
	}
}
