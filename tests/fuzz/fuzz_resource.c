/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of the rule engine's walk: the input is a resource, and once more
 * the members that it has are laid over those of a sound Observation, so that
 * small inputs reach deep. Definitions: those of R4 and the national profiles.
 *
 * A check comes to the same verdict twice, and of the same resource written
 * compactly; its list of issues is sound (fuzz_profile.h); and what is allowed
 * when profiles are demanded is allowed when they are not.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with
 * profile and the layers below it; runs from the repository's root.
 */
#include "fuzz_profile.h"

#include <dirent.h>

#define NATIONAL "profiles/finnish-phr-r4"

static void add_file(struct profiles *p, struct arena *a, const char *name)
{
	const char *path = arena_printf(a, NATIONAL "/%s", name);
	struct err e = {.kind = ERR_NONE};
	const char *text;
	size_t n;

	text = file_read(a, path, &n);
	assert(profile_add(p, parse_text(a, text, n), path, &e));
}

static const struct profiles *the_profiles(void)
{
	static struct profiles *p;
	struct arena *a;
	struct err e = {.kind = ERR_NONE};
	struct dirent **file;
	const char *image;
	size_t size;
	int n;

	if (p)
		return p;
	a = arena_new(0); /* lives as long as the program */
	image = file_read(a, "build/image/r4.img", &size);
	p = profile_open(a, FHIR_R4, image, size, &e);
	assert(p);
	n = scandir(NATIONAL, &file, NULL, alphasort);
	assert(n > 2);
	for (int i = 0; i < n; i++) {
		if (file[i]->d_name[0] != '.')
			add_file(p, a, file[i]->d_name);
		free(file[i]);
	}
	free(file);
	assert(profile_compile(p, &e));
	return p;
}

static const struct json *rewritten(struct arena *a, const struct json *v)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, v, false);
	return parse_text(a, b.p, b.len);
}

static void check(const struct profiles *p, struct arena *a,
		  const struct json *resource)
{
	const struct profile_options strict = {
	    .own_base = "http://h/phr-resourceserver/baseR4"};
	const struct profile_options mild = {.required = REQUIRED_OFF,
					     .unknown_warns = true};
	const struct profile_options today = {.required = REQUIRED_OFF,
					      .unknown_warns = true,
					      .rules = RULES_CURRENT};
	const struct issues *by_strict = checked(p, a, resource, &strict);
	const struct issues *by_mild = checked(p, a, resource, &mild);

	issues_equal(by_strict, checked(p, a, rewritten(a, resource), &strict),
		     false);
	(void)checked(p, a, resource, &today);
	assert(by_strict->errors > 0 || by_mild->errors == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct profiles *p = the_profiles();
	struct arena *a = arena_new((size_t)256 << 10);
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, (const char *)data, size, &e);

	if (v)
		check(p, a, v);
	if (v && json_kind(v) == JSON_OBJECT) {
		const struct json *sound =
		    parse_text(a, observation, strlen(observation));

		check(p, a, laid_over(a, sound, v));
	}
	arena_free(a);
	return 0;
}
