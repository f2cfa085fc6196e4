/* SPDX-License-Identifier: Apache-2.0
 *
 * put_text: the text of a version, as it is stored and returned.
 *
 * It is the client's own. The server's id, versionId and lastUpdated are
 * written in front, every other member follows in the client's order with the
 * very characters it was sent with, but for the white space between them: so
 * 72.50 stays 72.50. What a client says of these three itself is dropped. Under
 * creating_application=add the extension that names the application is written
 * behind the client's own; under meta_merge the tags, security labels and
 * profiles of the version before stand behind those that the client sends.
 *
 * Whether an update changes anything is asked of the values, not of the
 * characters between them: the order of members does not count, the text of a
 * number does.
 *
 * Facts: fhir-rest.md 2, 2.4; kanta.md 4.3.
 */
#include "record/record_int.h"

#include <string.h>

/* ---- meta ------------------------------------------------------------- */

static const char *const merged[] = {"profile", "security", "tag"};

static bool is_merged(const char *name)
{
	for (size_t i = 0; i < LEN(merged); i++)
		if (strcmp(merged[i], name) == 0)
			return true;
	return false;
}

/* Two profiles are the same by their text; labels by system and code. */
static bool same_item(const struct json *x, const struct json *y)
{
	if (json_kind(x) != JSON_OBJECT || json_kind(y) != JSON_OBJECT)
		return json_equal(x, y);
	return text_same(json_get_text(x, "system"),
			 json_get_text(y, "system")) &&
	       text_same(json_get_text(x, "code"), json_get_text(y, "code"));
}

static bool holds(const struct json *list, const struct json *item)
{
	for (list = json_first(list); list != NULL; list = json_next(list))
		if (same_item(list, item))
			return true;
	return false;
}

/* The items of the new list, and those of the old one that it has not. */
static void write_merged(struct jw *w, const char *name,
			 const struct json *list, const struct json *old)
{
	if (list == NULL && old == NULL)
		return;
	jw_open(w, name, '[');
	for (const struct json *v = json_first(list); v; v = json_next(v))
		jw_value(w, NULL, v);
	for (const struct json *v = json_first(old); v; v = json_next(v))
		if (!holds(list, v))
			jw_value(w, NULL, v);
	jw_close(w);
}

static bool is_versions(const char *name)
{
	return strcmp(name, "versionId") == 0 ||
	       strcmp(name, "lastUpdated") == 0;
}

static void merge_meta(struct jw *w, const struct json *meta,
		       const struct stamp *s)
{
	const struct json *old = json_get(s->before, "meta");
	const struct json *m;

	jw_open(w, "meta", '{');
	jw_str(w, "versionId", arena_printf(w->b->arena, "%d", s->version));
	jw_str(w, "lastUpdated", s->updated);
	if (meta != NULL && json_kind(meta) != JSON_OBJECT)
		meta = NULL;
	for (m = json_first(meta); m != NULL; m = json_next(m)) {
		if (is_versions(json_name(m)) ||
		    (old != NULL && is_merged(json_name(m))))
			continue;
		jw_value(w, json_name(m), m);
	}
	for (size_t i = 0; old != NULL && i < LEN(merged); i++)
		write_merged(w, merged[i], json_get(meta, merged[i]),
			     json_get(old, merged[i]));
	jw_close(w);
}

/* ---- the extension that names the application -------------------------- */

static void add_part(struct jw *w, const char *url, const char *value)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", url);
	jw_str(w, "valueString", value);
	jw_close(w);
}

/* The extensions of a resource, and behind them the one that names creator. */
static void merge_extensions(struct jw *w, const struct json *list,
			     const struct store_client *creator)
{
	jw_open(w, "extension", '[');
	for (const struct json *v = json_first(list); v; v = json_next(v))
		jw_value(w, NULL, v);
	jw_open(w, NULL, '{');
	jw_str(w, "url", PROFILE_CREATOR);
	jw_open(w, "extension", '[');
	add_part(w, "name", creator->name);
	add_part(w, "applicationId", creator->client_id);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

/* ---- the whole -------------------------------------------------------- */

static bool is_servers(const char *name)
{
	return strcmp(name, "resourceType") == 0 || strcmp(name, "id") == 0 ||
	       strcmp(name, "meta") == 0;
}

void record_merge(struct buf *b, const struct json *resource,
		  const struct stamp *s)
{
	struct jw w = {.b = b};
	const struct json *m, *list = NULL;

	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", json_get_text(resource, "resourceType"));
	jw_str(&w, "id", s->id);
	merge_meta(&w, json_get(resource, "meta"), s);
	for (m = json_first(resource); m != NULL; m = json_next(m)) {
		if (s->creator != NULL &&
		    strcmp(json_name(m), "extension") == 0)
			list = m;
		else if (!is_servers(json_name(m)))
			jw_value(&w, json_name(m), m);
	}
	if (s->creator != NULL)
		merge_extensions(&w, list, s->creator);
	jw_close(&w);
}

/* The resource as it would be stored under the stamp of the stored one. */
bool record_same(struct arena *a, const struct json *stored,
		 const struct json *resource)
{
	const struct json *meta = json_get(stored, "meta");
	const struct stamp s = {
	    .id = json_get_text(stored, "id"),
	    .updated = json_get_text(meta, "lastUpdated"),
	};
	struct err ignored;
	struct buf x, y;

	buf_init(&x, a);
	buf_init(&y, a);
	record_merge(&x, stored, &s);
	record_merge(&y, resource, &s);
	return json_equal(json_parse(a, x.p, x.len, &ignored),
			  json_parse(a, y.p, y.len, &ignored));
}
