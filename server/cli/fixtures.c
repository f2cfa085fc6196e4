/* SPDX-License-Identifier: Apache-2.0
 *
 * Fixtures: the documents that a new database is filled with.
 *
 * The small set that is built in, or the files and folders that are named, with
 * built-in among them: both, in the order in which they are named. What stands
 * in them, record/ reads. A document lives as long as the server, since
 * every reset loads it again.
 */
#include "cli/cli_int.h"
#include "page/page.h"

#include <string.h>

#define WORLD "fixtures/"

static const struct json *
asset_json(struct arena *boot, const struct page_asset *asset, struct err *e)
{
	struct err bad = {.kind = ERR_NONE};
	const struct json *v =
	    json_parse(boot, (const char *)asset->bytes, asset->n, &bad);

	if (!v)
		(void)err_set(e, ERR_INVALID, "json", NULL, "%s, %s: %s",
			      asset->name, bad.where, bad.text);
	return v;
}

/* The documents read so far. */
struct documents {
	struct arena *arena;
	struct fixture *v;
	size_t n, cap;
};

static void add_document(struct documents *d, const struct json *doc,
			 const char *source, bool built_in)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 8;
		struct fixture *v = arena_alloc(d->arena, cap * sizeof(*v));

		if (d->n > 0)
			memcpy(v, d->v, d->n * sizeof(*v));
		d->v = v;
		d->cap = cap;
	}
	d->v[d->n++] = (struct fixture){doc, source, built_in};
}

static bool built_in_fixtures(struct documents *d, struct err *e)
{
	const struct page_asset *asset;

	for (size_t i = 0; (asset = page_asset_below(WORLD, i)); i++) {
		const struct json *doc;

		if (strchr(asset->name + strlen(WORLD), '/'))
			continue; /* examples, plans */
		doc = asset_json(d->arena, asset, e);
		if (!doc)
			return false;
		add_document(d, doc, asset->name, true);
	}
	return true;
}

static bool named_fixtures(struct documents *d, const char *path, struct err *e)
{
	struct file_list files = {.arena = d->arena};

	if (!file_find(&files, path, false, e))
		return false;
	for (size_t i = 0; i < files.n; i++) {
		const struct json *doc = file_json(d->arena, files.v[i], e);

		if (!doc)
			return false;
		add_document(d, doc, files.v[i], false);
	}
	return true;
}

static bool add_named(struct documents *d, const char *name, struct err *e)
{
	if (strcmp(name, "none") == 0)
		return true;
	if (strcmp(name, "built-in") == 0)
		return built_in_fixtures(d, e);
	return named_fixtures(d, name, e);
}

bool cli_fixtures(struct arena *boot, const struct config *c,
		  const struct fixture **out, size_t *n, struct err *e)
{
	struct documents d = {.arena = boot};

	if (c->fixtures_count == 0 && !built_in_fixtures(&d, e))
		return false;
	for (size_t i = 0; i < c->fixtures_count; i++)
		if (!add_named(&d, c->fixtures[i], e))
			return false;
	*out = d.v;
	*n = d.n;
	return true;
}
