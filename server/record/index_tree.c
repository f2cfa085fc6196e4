/* SPDX-License-Identifier: Apache-2.0
 *
 * index_tree: all that is indexed of a resource, found in one walk.
 *
 * Nearly every published expression is a path ("Observation.component.code"),
 * and those of a type share their beginnings. So they are laid together as a
 * tree of member names (index_path.c plants it when a type is first met), and a
 * resource is walked once, along with it: a member that nobody asks for costs
 * one look-up, and what FHIR types the ends have was found out before. That
 * takes about a quarter of the time that evaluating each expression does.
 *
 * The part of a row is the position in the list of the resource's own member.
 * Lists within lists are no FHIR; nothing is found there. The depth is that of
 * the tree.
 */
#include "record/index_int.h"

static const struct branch *find(const struct branch *b, const char *name)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const int d = strcmp(b->child[mid]->name, name);

		if (d == 0)
			return b->child[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool fits(const struct leaf *l, const struct json *v)
{
	return !l->where || text_is(json_get_text(v, l->where), l->is);
}

static void walk(const struct branch *b, struct rows *rows,
		 const struct json *v);

static void enter(const struct branch *b, struct rows *rows,
		  const struct json *v)
{
	for (const struct leaf *l = b->leaf; l; l = l->next) {
		if (!fits(l, v))
			continue;
		rows->of = l->of;
		l->make(rows, v);
	}
	if (b->n > 0)
		walk(b, rows, v);
}

static void walk(const struct branch *b, struct rows *rows,
		 const struct json *v)
{
	if (json_kind(v) != JSON_OBJECT)
		return;
	for (v = json_first(v); v; v = json_next(v)) {
		const struct branch *child = find(b, json_name(v));

		if (!child)
			continue;
		if (json_kind(v) != JSON_ARRAY) {
			enter(child, rows, v);
			continue;
		}
		for (const struct json *i = json_first(v); i; i = json_next(i))
			enter(child, rows, i);
	}
}

void tree_walk(const struct branch *root, struct rows *rows,
	       const struct json *resource)
{
	if (json_kind(resource) != JSON_OBJECT)
		return;
	for (const struct json *v = json_first(resource); v; v = json_next(v)) {
		const struct branch *child = find(root, json_name(v));

		rows->part = 0;
		if (child && json_kind(v) != JSON_ARRAY)
			enter(child, rows, v);
		if (!child || json_kind(v) != JSON_ARRAY)
			continue;
		for (const struct json *i = json_first(v); i;
		     i = json_next(i)) {
			rows->part++;
			enter(child, rows, i);
		}
	}
	rows->part = 0;
}
