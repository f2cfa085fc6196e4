/* SPDX-License-Identifier: Apache-2.0
 *
 * index: what of a resource can be searched for.
 *
 * Each search parameter names a simple path ("code", "effective[x]",
 *"subject"). The walker follows it through members and lists and hands over
 *what it finds there; by the kind of the parameter that becomes rows:
 *
 *	token		Coding, each coding of a CodeableConcept, Identifier,
 *			ContactPoint, and bare code, string, boolean
 *	date		dateTime, date, instant as the span of their precision;
 *			Period from the start of its start to the end of its
 *			end, open at a side that is missing
 *	reference	"Type/id" without base and version, other texts as they
 *			are; a canonical with and without its version
 *	uri		as it is
 *
 * A value that does not have the form of its kind gives no row: what may be
 * stored is decided by the profile rules, not here. Contained resources are not
 * indexed. Work and memory are linear in the resource.
 *
 * Facts: fhir-rest.md 4.2, 4.3, 4.6, 4.8.
 */
#include "record/record_int.h"

#include <ctype.h>
#include <string.h>

struct rows {
	struct arena *arena;
	struct store_index_row *v;
	size_t n, cap;
	const struct record_param *param;
	const char *own_base;
};

/* ---- the walker ------------------------------------------------------- */

/* Is name the member that a path segment of n characters means? For "value[x]":
 * the word, and a type behind it. */
static bool means(const char *segment, size_t n, const char *name)
{
	if (n > 3 && memcmp(segment + n - 3, "[x]", 3) == 0)
		return strncmp(name, segment, n - 3) == 0 &&
		       isupper((unsigned char)name[n - 3]);
	return strncmp(name, segment, n) == 0 && name[n] == '\0';
}

void record_walk(const struct json *v, const char *path,
		 void (*f)(const struct json *v, void *ctx), void *ctx)
{
	size_t n = strcspn(path, "*.|"), more = strcspn(path, ".|");

	if (v != NULL && json_kind(v) == JSON_ARRAY) {
		for (v = json_first(v); v != NULL; v = json_next(v))
			record_walk(v, path, f, ctx);
		return;
	}
	if (n == 0) {
		f(v, ctx);
		return;
	}
	if (v == NULL || json_kind(v) != JSON_OBJECT)
		return;
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (!means(path, n, json_name(v)))
			continue;
		record_walk(v, path + more + (path[more] == '.'), f, ctx);
		if (path[n] == '*')
			record_walk(v, path, f, ctx);
	}
}

/* ---- rows ------------------------------------------------------------- */

static struct store_index_row *add(struct rows *rows)
{
	struct store_index_row *row;

	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? 2 * rows->cap : 16;
		struct store_index_row *v =
		    arena_alloc(rows->arena, cap * sizeof *v);

		if (rows->n > 0)
			memcpy(v, rows->v, rows->n * sizeof *v);
		rows->v = v;
		rows->cap = cap;
	}
	row = &rows->v[rows->n++];
	row->kind = rows->param->kind;
	row->param = rows->param->name;
	row->system = "";
	row->value = "";
	return row;
}

static void add_token(struct rows *rows, const char *system, const char *value)
{
	struct store_index_row *row;

	if (value == NULL || *value == '\0')
		return;
	row = add(rows);
	row->system = system != NULL ? system : "";
	row->value = value;
}

static void token(const struct json *v, void *ctx)
{
	struct rows *rows = ctx;
	const struct json *coding = json_get(v, "coding");
	const char *system = json_get_text(v, "system");

	switch (json_kind(v)) {
	case JSON_STRING:
	case JSON_TRUE:
	case JSON_FALSE: add_token(rows, NULL, json_text(v)); break;
	case JSON_OBJECT:
		if (coding != NULL)
			record_walk(coding, "", token, rows);
		else if (json_get(v, "code") != NULL)
			add_token(rows, system, json_get_text(v, "code"));
		else
			add_token(rows, system, json_get_text(v, "value"));
		break;
	default: break;
	}
}

static bool span(const struct json *v, struct time_span *out)
{
	return v != NULL && json_kind(v) == JSON_STRING &&
	       time_parse(json_text(v), json_len(v), out);
}

static void date(const struct json *v, void *ctx)
{
	struct time_span start, end;
	bool has_start, has_end;
	struct store_index_row *row;

	if (json_kind(v) == JSON_OBJECT) {
		has_start = span(json_get(v, "start"), &start);
		has_end = span(json_get(v, "end"), &end);
	} else {
		has_start = has_end = span(v, &start);
		end = start;
	}
	if (!has_start && !has_end)
		return;
	row = add(ctx);
	row->lo_ms = has_start ? start.lo_ms : INT64_MIN;
	row->hi_ms = has_end ? end.hi_ms : INT64_MAX;
	row->period = json_kind(v) == JSON_OBJECT;
}

/* Letters, then '/', then something without a further '/'. */
static bool is_local(const char *s)
{
	size_t letters = 0;

	while (isalpha((unsigned char)s[letters]))
		letters++;
	return letters > 0 && s[letters] == '/' && s[letters + 1] != '\0' &&
	       strchr(s + letters + 1, '/') == NULL;
}

const char *record_reference(struct arena *a, const char *text,
			     const char *own_base)
{
	size_t base = own_base != NULL ? strlen(own_base) : 0;
	const char *local = text, *version;

	if (*text == '#')
		return NULL;
	if (base > 0 && strncmp(text, own_base, base) == 0 && text[base] == '/')
		local = text + base + 1;
	version = strstr(local, "/_history/");
	if (version != NULL)
		local = arena_strndup(a, local, (size_t)(version - local));
	return is_local(local) ? local : text;
}

static void add_reference(struct rows *rows, const char *text)
{
	const char *value = record_reference(rows->arena, text, rows->own_base);

	if (value != NULL && *value != '\0')
		add(rows)->value = value;
}

/* A canonical is found by its url as well as with the version behind it. */
static void reference(const struct json *v, void *ctx)
{
	struct rows *rows = ctx;
	bool canonical =
	    rows->param->target != NULL && json_kind(v) == JSON_STRING;
	const char *text =
	    canonical ? json_text(v) : json_get_text(v, "reference");
	size_t n = text != NULL ? strcspn(text, "|") : 0;

	if (text == NULL)
		return;
	add_reference(rows, text);
	if (canonical && text[n] == '|')
		add_reference(rows, arena_strndup(rows->arena, text, n));
}

static void uri(const struct json *v, void *ctx)
{
	if (json_kind(v) == JSON_STRING && json_len(v) > 0)
		add(ctx)->value = json_text(v);
}

struct store_index_row *record_index(struct record *r, struct arena *a,
				     enum fhir_version v,
				     const struct record_type *type,
				     const struct json *resource,
				     const char *own_base, size_t *n)
{
	static void (*const by_kind[])(const struct json *, void *) = {
	    [INDEX_TOKEN] = token,
	    [INDEX_DATE] = date,
	    [INDEX_REFERENCE] = reference,
	    [INDEX_URI] = uri,
	};
	struct rows rows = {.arena = a, .own_base = own_base};

	(void)r, (void)v;
	for (const struct record_param *p = type->param; p->name; p++) {
		const char *path = p->path;

		rows.param = p;
		while (path != NULL) {
			record_walk(resource, path, by_kind[p->kind], &rows);
			path = strchr(path, '|');
			path += path != NULL;
		}
	}
	*n = rows.n;
	return rows.v;
}

size_t record_references(struct record *r, struct arena *a, enum fhir_version v,
			 const struct record_type *t,
			 const struct record_param *p,
			 const struct json *resource, const char *own_base,
			 const char ***out)
{
	(void)r, (void)a, (void)v, (void)t, (void)p, (void)resource;
	(void)own_base;
	*out = NULL;
	return 0;
}

const char *record_fold(struct arena *a, const char *text)
{
	return arena_strdup(a, text);
}
