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

void record_walk(const struct json *v, const char *path,
		 void (*f)(const struct json *v, void *ctx), void *ctx)
{
	const size_t n = strcspn(path, ".");

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
	for (v = json_first(v); v != NULL; v = json_next(v))
		if (strncmp(json_name(v), path, n) == 0 &&
		    json_name(v)[n] == '\0')
			record_walk(v, path + n + (path[n] == '.'), f, ctx);
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
