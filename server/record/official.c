/* SPDX-License-Identifier: Apache-2.0
 *
 * official: the definitions that the server came with, as resources.
 *
 * The service lets applications read its profiles, value sets and code systems
 * like any other resource. They are put into the database when somebody first
 * asks for a resource of these types, so a start pays nothing for them, and
 * reading, searching and paging need to know nothing of them either. Which ones
 * are there, a setting tells (a digest of their texts), written in the same
 * savepoint: so a request that is refused takes them away again, a reset too,
 * and a newer program brings new versions of those that changed.
 *
 * They go by their own ids, were stored when the service stated what it can do,
 * and have none of the extensions by which this server notes where a statement
 * is from. What judges resources is what was compiled at the start, not these
 * rows; definition.c sees to it that nobody changes them.
 *
 * Facts: kanta.md 2.3, 4.1.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define OWN_EXTENSION "urn:mock-kanta-phr:"

static const char *const setting[FHIR_VERSIONS] = {
    [FHIR_STU3] = "official-stu3",
    [FHIR_R4] = "official-r4",
};
/* The dates of the capability statements, in Finland. */
static const int64_t stored_ms[FHIR_VERSIONS] = {
    [FHIR_STU3] = 1529010000000, /* 2018-06-15 */
    [FHIR_R4] = 1637704800000,	 /* 2021-11-24 */
};

/* ---- without what is only this server's -------------------------------- */

static bool is_own_extension(const struct json *v)
{
	const char *url = json_get_text(v, "url");

	return url != NULL && text_begins(url, OWN_EXTENSION);
}

static bool only_own(const struct json *list)
{
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (!is_own_extension(v))
			return false;
	return true;
}

static void write_plain(struct jw *w, const char *name, const struct json *v)
{
	const bool object = json_kind(v) == JSON_OBJECT;

	if (!object && json_kind(v) != JSON_ARRAY) {
		jw_value(w, name, v);
		return;
	}
	jw_open(w, name, object ? '{' : '[');
	for (v = json_first(v); v; v = json_next(v)) {
		if (object ? text_is(json_name(v), "extension") && only_own(v)
			   : is_own_extension(v))
			continue;
		write_plain(w, object ? json_name(v) : NULL, v);
	}
	jw_close(w);
}

static const struct json *read_plain(struct arena *a,
				     const struct record_official *o)
{
	struct jw w = {0};
	const struct json *v;
	struct err ignored;
	struct buf text;

	v = json_parse(a, o->text, o->n, &ignored);
	assert(v != NULL); /* it was compiled while building */
	buf_init(&text, a);
	w.b = &text;
	write_plain(&w, NULL, v);
	v = json_parse(a, text.p, text.len, &ignored);
	assert(v != NULL);
	return v;
}

/* ---- into the database ------------------------------------------------- */

static void put(struct record *r, struct arena *a, enum fhir_version v,
		const struct json *resource)
{
	char updated[TIME_TEXT];
	struct store_resource before,
	    next = {.fhir = (int)v,
		    .type = json_get_text(resource, "resourceType"),
		    .id = json_get_text(resource, "id"),
		    .version = 1,
		    .updated_ms = stored_ms[v],
		    .patient = "",
		    .client_id = OFFICIAL_CLIENT,
		    .method = "PUT"};
	const struct record_type *type = record_type_find(v, next.type);
	struct stamp stamp = {.id = next.id, .updated = updated};
	struct err ignored;
	struct buf text;
	size_t n;

	if (type == NULL || !type->definition || next.id == NULL)
		return;
	if (store_resource_find(r->store, a, (int)v, next.type, next.id, 0,
				&before)) {
		if (record_same(
			a,
			json_parse(a, before.text, before.text_len, &ignored),
			resource))
			return;
		next.version = before.version + 1;
		next.updated_ms = before.updated_ms + 1;
	}
	stamp.version = next.version;
	record_instant(r, updated, next.updated_ms);
	buf_init(&text, a);
	record_merge(&text, resource, &stamp);
	next.text = text.p;
	next.text_len = text.len;
	const struct store_index_row *rows =
	    record_index(r, a, v, type, resource, NULL, &n);
	store_resource_put(r->store, &next, rows, n);
}

/* Is a later one of its type and id there? That one stands. */
static bool is_replaced(const struct json *const *all, size_t i, size_t n)
{
	const char *type = json_get_text(all[i], "resourceType");
	const char *id = json_get_text(all[i], "id");

	for (size_t k = i + 1; k < n; k++)
		if (text_is(type, json_get_text(all[k], "resourceType")) &&
		    text_is(id, json_get_text(all[k], "id")))
			return true;
	return false;
}

static void put_all(struct record *r, enum fhir_version v)
{
	const size_t n = r->official_count[v];
	struct arena *a = arena_new((size_t)256 << 10);
	const struct json **all = arena_alloc(a, (n + 1) * sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = read_plain(a, &r->official[v][i]);
	for (size_t i = 0; i < n; i++)
		if (!is_replaced(all, i, n))
			put(r, a, v, all[i]);
	arena_free(a);
}

static const char *digest(struct arena *a, const struct record *r,
			  enum fhir_version v)
{
	uint64_t h = HASH_START;

	for (size_t i = 0; i < r->official_count[v]; i++)
		h = hash_bytes(h, r->official[v][i].text, r->official[v][i].n);
	return arena_printf(a, "%zu-%016llx", r->official_count[v],
			    (unsigned long long)h);
}

void record_official(struct record *r, struct arena *a, enum fhir_version v)
{
	uint64_t *seen = &r->official_epoch[v];
	const char *wanted;

	/* 0: never looked at */
	if (*seen == store_setting_epoch(r->store) + 1)
		return;
	wanted = digest(a, r, v);
	if (!text_same(store_setting(r->store, a, setting[v]), wanted)) {
		put_all(r, v);
		store_setting_put(r->store, setting[v], wanted);
	}
	*seen = store_setting_epoch(r->store) + 1;
}

void record_official_reset(struct record *r, struct arena *a)
{
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (store_setting(r->store, a, setting[v]) != NULL)
			store_setting_put(r->store, setting[v], "");
}
