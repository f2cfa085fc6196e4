/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets of profile share: files of the repository (the targets
 * run from its root), a sound Observation, members laid over an object, and
 * what must hold of every list of issues.
 */
#ifndef FUZZ_PROFILE_H
#define FUZZ_PROFILE_H

#include "profile/profile.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sound by the national profile of body weight. */
static const char observation[] =
    "{\"resourceType\":\"Observation\",\"meta\":{\"profile\":[\"http://"
    "phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight\"]},"
    "\"language\":\"fi\",\"text\":{\"status\":\"generated\",\"div\":\"<div "
    "xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Paino</div>\"},"
    "\"identifier\":[{\"system\":\"urn:ietf:rfc:3986\",\"value\":"
    "\"urn:uuid:0c5ddb9a-0d7c-4d3a-9a3b-1d5a4d9f3f10\"}],"
    "\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"http://"
    "terminology.hl7.org/CodeSystem/observation-category\",\"code\":"
    "\"vital-signs\"}]}],\"code\":{\"coding\":[{\"system\":\"http://"
    "loinc.org\",\"code\":\"29463-7\",\"display\":\"Paino\"}]},"
    "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":"
    "\"2026-03-01T08:00:00+02:00\",\"issued\":\"2026-03-01T08:00:00Z\","
    "\"performer\":[{\"reference\":\"Patient/p1\"}],\"valueQuantity\":{"
    "\"value\":72.50,\"unit\":\"kg\",\"system\":\"http://"
    "unitsofmeasure.org\",\"code\":\"kg\"}}";

static inline const char *file_read(struct arena *a, const char *path,
				    size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *text;

	if (!f)
		fprintf(stderr,
			"%s is missing: build it, and run from the "
			"repository's root\n",
			path);
	assert(f && fseek(f, 0, SEEK_END) == 0);
	*n = (size_t)ftell(f);
	rewind(f);
	text = arena_alloc(a, *n + 1);
	assert(fread(text, 1, *n, f) == *n);
	fclose(f);
	return text;
}

static inline const struct json *parse_text(struct arena *a, const char *text,
					    size_t n)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, text, n, &e);

	if (!v)
		fprintf(stderr, "%s: %s\n", e.where, e.text);
	assert(v);
	return v;
}

/* base with the members of over in place of its own; null takes one away. */
static inline const struct json *
laid_over(struct arena *a, const struct json *base, const struct json *over)
{
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	for (const struct json *m = json_first(base); m; m = json_next(m))
		if (!json_get(over, json_name(m)))
			jw_value(&w, json_name(m), m);
	for (const struct json *m = json_first(over); m; m = json_next(m))
		if (json_kind(m) != JSON_NULL)
			jw_value(&w, json_name(m), m);
	jw_close(&w);
	return parse_text(a, b.p, b.len);
}

static inline bool texts_equal(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* Is it type, or a place in it? */
static inline bool path_begins(const char *path, const char *type)
{
	size_t n = strlen(type);

	return strncmp(path, type, n) == 0 && strchr(".", path[n]);
}

/* Errors, warnings, informations. */
static inline int weight(const struct issue *i)
{
	return i->severity <= ISSUE_ERROR ? ISSUE_ERROR : (int)i->severity;
}

static inline bool stands_before(const struct issue *x, const struct issue *y)
{
	return x->line < y->line ||
	       (x->line == y->line && x->column <= y->column);
}

/* Of one weight: those that say what is meant, causes, what is said twice, what
 * follows; each part in the order of the text. */
#define PARTS 4

static inline void order_holds(const struct issues *list)
{
	unsigned parts = 1;

	for (size_t i = 1; i < list->n; i++) {
		const struct issue *v = &list->v[i], *last = v - 1;

		assert(weight(last) <= weight(v));
		if (weight(last) < weight(v))
			parts = 1;
		else
			parts += !stands_before(last, v);
		assert(parts <= PARTS);
	}
}

/* Whatever was checked: the counts are right, every issue says what, where and
 * by which rule, and they stand in their order (profile.h). */
static inline void issues_hold(const struct issues *list,
			       const struct json *resource)
{
	const char *type = json_get_text(resource, "resourceType");
	size_t errors = 0;

	assert(list->n <= PROFILE_ISSUES);
	for (size_t i = 0; i < list->n; i++) {
		const struct issue *v = &list->v[i];

		errors += v->severity <= ISSUE_ERROR;
		assert(v->severity <= ISSUE_INFO && *v->code && *v->text);
		assert(strncmp(v->rule, "KPHR-PROF-", 10) == 0);
		assert(path_begins(v->path, "Resource") ||
		       path_begins(v->path, type));
	}
	assert(list->errors == errors);
	order_holds(list);
}

/* The same rules at the same places, in the same order. places: of the text
 * too. */
static inline void issues_equal(const struct issues *x, const struct issues *y,
				bool places)
{
	assert(x->n == y->n && x->errors == y->errors);
	for (size_t i = 0; i < x->n; i++) {
		const struct issue *v = &x->v[i], *w = &y->v[i];

		assert(v->severity == w->severity);
		assert(texts_equal(v->code, w->code));
		assert(texts_equal(v->rule, w->rule));
		assert(texts_equal(v->path, w->path));
		assert(texts_equal(v->text, w->text));
		assert(texts_equal(v->profile, w->profile));
		assert(texts_equal(v->expected, w->expected));
		assert(texts_equal(v->hint, w->hint));
		assert(!places ||
		       (v->line == w->line && v->column == w->column));
	}
}

/* What every check of a resource must hold. Returns the list. */
static inline const struct issues *checked(const struct profiles *p,
					   struct arena *a,
					   const struct json *resource,
					   const struct profile_options *o)
{
	const struct issues *once = profile_check(p, a, resource, o);

	issues_hold(once, resource);
	issues_equal(once, profile_check(p, a, resource, o), true);
	return once;
}

#endif
