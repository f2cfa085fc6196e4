/* SPDX-License-Identifier: Apache-2.0
 *
 * What the entries of a transaction are called, and what they will be.
 *
 * Within a Bundle a resource is named by its fullUrl, which for a new one is a
 * placeholder (urn:uuid:..), and one without by its type and id. Before
 * anything is stored each entry gets its target, the "Type/id" under which it
 * will be found: that of its URL, a new id, or, for a conditional create, the
 * resource that is there already. So entries can refer to each other in any
 * direction, in circles even.
 *
 * A name may stand once, and a resource may be changed once: otherwise it would
 * depend on the order what comes of it.
 *
 * FHIR R4 and STU3 3.1.0.11.2; facts: fhir-rest.md 3.
 */
#include "fhir/bundle_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ------------------------------------------------------------ */

/* An update or a delete by id, as "Type/id"; NULL for anything else. */
static const char *named_by_url(const struct bundle_entry *e)
{
	const char *slash = strchr(e->url, '/');

	if ((e->step != STEP_PUT && e->step != STEP_DELETE) || !slash ||
	    strpbrk(slash + 1, "/?"))
		return NULL;
	return e->url;
}

/* What others call a new resource that has no fullUrl. */
static const char *named_by_id(struct arena *a, const struct bundle_entry *e)
{
	const char *type = json_get_text(e->resource, "resourceType");
	const char *id = json_get_text(e->resource, "id");

	if (e->step != STEP_POST || !type || !id || !*id)
		return NULL;
	return text_begins(id, "urn:") ? id : arena_cat(a, type, "/", id, NULL);
}

static const char *full_url(const struct bundle_entry *e)
{
	return e->full_url && *e->full_url ? e->full_url : NULL;
}

static bool once(struct bundle *b, struct bundle_map *seen,
		 struct bundle_entry *e, const char *name)
{
	if (!name || bundle_map_put(seen, name, name))
		return true;
	return bundle_refuse(b, e, ERR_INVALID, NULL,
			     "Transaction bundle contains multiple resources "
			     "with ID: %.300s",
			     name);
}

struct bundle_entry *bundle_twice(struct bundle *b)
{
	struct bundle_map seen = {.arena = b->rq->arena};

	for (size_t i = 0; i < b->n; i++) {
		struct bundle_entry *e = &b->v[i];
		const char *name = full_url(e);

		if (!name)
			name = named_by_id(b->rq->arena, e);
		if (!once(b, &seen, e, name))
			return e;
		if (!text_same(name, named_by_url(e)) &&
		    !once(b, &seen, e, named_by_url(e)))
			return e;
	}
	return NULL;
}

/* ---- targets ---------------------------------------------------------- */

const char *bundle_condition(const struct bundle_entry *e)
{
	if (e->step == STEP_PUT)
		return strchr(e->url, '?');
	for (size_t i = 0; i < e->headers; i++)
		if (strcmp(e->header[i].name, "If-None-Exist") == 0)
			return e->header[i].value;
	return NULL;
}

/* Looks for the one resource that the condition names. What is wrong with the
 * condition, the entry itself will be told. */
static bool exists(struct bundle *b, const struct bundle_entry *e,
		   const struct record_type *t, struct store_resource *out)
{
	const char *text = bundle_condition(e);
	size_t n = 0;

	if (!text)
		return false;
	if (!fhir_condition_find(b->rq, t, text, NULL, out, &n))
		b->rq->err = (struct err){.kind = ERR_NONE};
	return n == 1;
}

/* A create, or an update on a condition. One of an unknown type has a target
 * too: that it is unknown is told of the entry, and not of who refers to it. */
static void target_new(struct bundle *b, struct bundle_entry *e)
{
	const struct fhir *f = b->rq->ctx;
	struct arena *a = b->rq->arena;
	const char *type = arena_strndup(a, e->url, strcspn(e->url, "?"));
	const struct record_type *t = record_type_find(f->version, type);
	struct store_resource found;

	if (t && exists(b, e, t, &found)) {
		e->target = arena_cat(a, type, "/", found.id, NULL);
		return;
	}
	e->id = record_resource_id(f->record, a, b->rq->grant->patient);
	e->target = arena_cat(a, type, "/", e->id, NULL);
}

static void add_names(struct bundle *b, const struct bundle_entry *e)
{
	const char *by_id = named_by_id(b->rq->arena, e);

	if (full_url(e))
		bundle_map_put(&b->links, e->full_url, e->target);
	if (by_id)
		bundle_map_put(&b->links, by_id, e->target);
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

void bundle_leaving(struct bundle *b)
{
	b->leaving = arena_alloc(b->rq->arena, b->n * sizeof(*b->leaving));
	for (size_t i = 0; i < b->n; i++)
		if (named_by_url(&b->v[i]))
			b->leaving[b->leaving_count++] = named_by_url(&b->v[i]);
}

void bundle_targets(struct bundle *b)
{
	b->links = (struct bundle_map){.arena = b->rq->arena};
	b->expected = arena_alloc(b->rq->arena, b->n * sizeof(*b->expected));
	for (size_t i = 0; i < b->n; i++) {
		struct bundle_entry *e = &b->v[i];

		if (e->step != STEP_POST && e->step != STEP_PUT)
			continue;
		e->target = named_by_url(e);
		if (!e->target && !strchr(e->url, '/'))
			target_new(b, e);
		if (!e->target)
			continue;
		b->expected[b->expected_count++] = e->target;
		add_names(b, e);
	}
	qsort(b->expected, b->expected_count, sizeof(*b->expected), by_text);
}
