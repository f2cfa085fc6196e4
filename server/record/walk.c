/* SPDX-License-Identifier: Apache-2.0
 *
 * walk: to the values at a path of a resource, and where a reference leads.
 *
 * The walker is for what must be looked at wherever it stands and however it is
 * formed: whose a resource is. It follows a path through members and lists and
 * hands over what it finds there. What is searched for is found by FHIRPath
 * instead (index.c).
 *
 * A reference is compared as the index has it: "Type/id" when it is relative or
 * lies below the own base, without the version. Work is linear in the resource.
 *
 * Facts: fhir-rest.md 4.6.
 */
#include "record/record_int.h"

#include <ctype.h>

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
