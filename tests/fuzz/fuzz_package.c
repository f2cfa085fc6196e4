/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of the profile compiler: the input is a conformance resource, or
 * an array of several, put on top of the definitions of R4. Once more its
 * members (or, of an array, each item's) are laid over a small profile of
 * Observation, so that little is needed to come to the element list.
 *
 * A package is refused only with words that say where and why. One that is
 * taken lists what it defines, and a sound Observation checked by it comes to
 * an end and to a sound list of issues, the same one twice; and so does each
 * definition that is judged as an instance itself.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with
 * profile and the layers below it; runs from the repository's root.
 */
#include "fuzz_profile.h"

#define SOURCE "fuzz.json"
#define URL    "http://phr.kanta.fi/StructureDefinition/fuzz"
#define ITEMS  8

static const char definition[] =
    "{\"resourceType\":\"StructureDefinition\",\"url\":\"" URL "\","
    "\"name\":\"Fuzz\",\"status\":\"draft\",\"kind\":\"resource\","
    "\"abstract\":false,\"type\":\"Observation\",\"baseDefinition\":"
    "\"http://hl7.org/fhir/StructureDefinition/Observation\","
    "\"derivation\":\"constraint\",\"differential\":{\"element\":["
    "{\"id\":\"Observation.value[x]\",\"path\":\"Observation.value[x]\","
    "\"min\":1}]}}";

static const void *image(size_t *n)
{
	static struct arena *whole; /* ends with the program */
	static const char *bytes;
	static size_t size;

	if (!whole) {
		whole = arena_new(0);
		bytes = file_read(whole, "build/image/r4.img", &size);
	}
	*n = size;
	return bytes;
}

/* The sound Observation by the input's own profiles. */
static void check_with(const struct profiles *p, struct arena *a,
		       const char *const *url, size_t n)
{
	const struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = url, .extra_count = n};
	struct profile_info info;

	checked(p, a, parse_text(a, observation, strlen(observation)), &o);
	for (size_t i = 0; i < n; i++) {
		if (!profile_find(p, url[i], &info))
			continue;
		assert(strncmp(info.url, url[i], strlen(info.url)) == 0);
		assert(info.type && info.base && info.source && info.title);
	}
	assert(profile_list(p, 0, &info));
}

/* The definitions themselves, judged as today's validator judges them: each is
 * compiled once more, apart from the set, which stays as it is. */
static void check_items(const struct profiles *p, struct arena *a,
			const struct json *const *item, size_t n)
{
	const struct profile_options o = {.required = REQUIRED_OFF,
					  .rules = RULES_CURRENT};

	for (size_t i = 0; i < n; i++)
		if (json_get_text(item[i], "resourceType"))
			checked(p, a, item[i], &o);
}

static bool refused(const struct err *e)
{
	return e->kind == ERR_INVALID && *e->text && *e->code &&
	       strncmp(e->where, SOURCE, strlen(SOURCE)) == 0;
}

static void check(struct arena *a, const struct json *const *item, size_t n)
{
	const char *url[ITEMS];
	struct err e = {.kind = ERR_NONE};
	struct profiles *p;
	size_t size, urls = 0;
	const void *bytes = image(&size);

	p = profile_open(a, FHIR_R4, bytes, size, &e);
	assert(p);
	for (size_t i = 0; i < n; i++) {
		const char *own = json_get_text(item[i], "url");

		if (!profile_add(p, item[i], SOURCE, &e)) {
			assert(refused(&e));
			return;
		}
		if (own)
			url[urls++] = own;
	}
	if (profile_compile(p, &e)) {
		check_items(p, a, item, n);
		check_with(p, a, url, urls);
	} else {
		assert(refused(&e));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)256 << 10);
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, (const char *)data, size, &e);
	const struct json *own = parse_text(a, definition, strlen(definition));
	const struct json *item[ITEMS], *over[ITEMS];
	size_t n = 0;

	if (v && json_kind(v) == JSON_ARRAY)
		for (v = json_first(v); v && n < ITEMS; v = json_next(v))
			item[n++] = v;
	else if (v)
		item[n++] = v;
	for (size_t i = 0; i < n; i++)
		over[i] = laid_over(a, own, item[i]);
	check(a, item, n);
	check(a, over, n);
	arena_free(a);
	return 0;
}
