/* SPDX-License-Identifier: Apache-2.0
 *
 * scope.c: which resource the walk is in. A resource that is contained shares
 * its root with the one around it; any other is a root of its own. Inside of a
 * Bundle references lead to its entries, and the entry that the root belongs to
 * says what relative ones are relative to. FHIR R4 2.3.0.4, 2.36.4.
 */
#include "reference_int.h"

#include <string.h>

static bool is_named(const struct at *at, const char *name)
{
	return at && strcmp(at->name, name) == 0;
}

static void set_root(struct check *c, const struct json *root)
{
	c->root = root;
	c->contained = lookup_contained(c, root);
}

void scope_enter(struct check *c, const struct json *resource,
		 const struct at *at)
{
	const char *type = json_get_text(resource, "resourceType");

	c->resource = resource;
	c->place = at;
	if (at->up && is_named(at, "contained"))
		return;
	if (is_named(at->up, "entry") && at->up->index >= 0)
		c->entry = lookup_entry(c->entries, (size_t)at->up->index);
	set_root(c, resource);
	if (type && strcmp(type, "Bundle") == 0) {
		c->bundle = resource;
		c->entry = NULL;
		c->entries = lookup_list(c, json_get(resource, "entry"));
	} else if (type && strcmp(type, "Parameters") == 0) {
		c->parameters = lookup_list(c, json_get(resource, "parameter"));
	}
}

void scope_enter_entry(struct check *c, const struct json *resource,
		       const struct json *entry, const struct at *at)
{
	c->resource = resource;
	c->place = at;
	c->entry = entry;
	set_root(c, resource);
}

void scope_leave(struct check *c, const struct check *before)
{
	c->root = before->root;
	c->resource = before->resource;
	c->place = before->place;
	c->bundle = before->bundle;
	c->entry = before->entry;
	c->contained = before->contained;
	c->entries = before->entries;
	c->parameters = before->parameters;
}
