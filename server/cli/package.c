/* SPDX-License-Identifier: Apache-2.0
 *
 * --package: a folder, an archive or a single resource, read from the disk and
 * given to the rule engine.
 *
 * What a file is, its first bytes say: gzip is an archive. A folder is one with
 * the package's files in it, or one with the folder "package" inside, as an
 * archive leaves it when it is unpacked; folders below are examples and the
 * like and are not looked at.
 *
 * A package that depends on another one which is not loaded is no error: the
 * canonical URLs decide, and where one is missing the compiler or the check
 * says so. But it is told, once for each, because it is what explains them.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MANIFEST "package.json"

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Reads one file and gives it to the package; an archive as a whole one. */
static bool add_file(struct package *k, const char *path, bool manifest,
		     struct err *e)
{
	struct arena *tmp = arena_new(0);
	size_t n;
	const char *text = file_read(tmp, path, &n, e);
	bool ok = text != NULL;

	if (ok && manifest)
		ok = profile_package_manifest(k, text, n, e);
	else if (ok && n >= 2 && memcmp(text, "\x1f\x8b", 2) == 0)
		ok = profile_package_archive(k, text, n, e);
	else if (ok)
		ok = profile_package_file(k, "", text, n, e);
	arena_free(tmp);
	return ok;
}

static bool add_folder(struct arena *a, struct package *k, const char *path,
		       struct err *e)
{
	const char *inner = arena_printf(a, "%s/package", path);
	struct file_list files = {.arena = a};
	const char *manifest;

	if (is_folder(inner))
		path = inner;
	manifest = arena_printf(a, "%s/" MANIFEST, path);
	k->source = path;
	if (is_file(manifest) && !add_file(k, manifest, true, e))
		return false;
	if (!file_find(&files, path, false, e))
		return false;
	if (files.n == 0)
		return err_set(e, ERR_INVALID, "package", path,
			       "there is no *.json file in this folder");
	for (size_t i = 0; i < files.n; i++) {
		if (strcmp(files.v[i], manifest) == 0)
			continue;
		k->source = files.v[i];
		if (!add_file(k, files.v[i], false, e))
			return false;
	}
	k->source = path;
	return true;
}

/* ---- what they depend on ------------------------------------------------- */

/* FHIR itself, in whatever portions it is sold. */
static bool is_built_in(const char *name)
{
	static const char *const prefix[] = {"hl7.fhir.core", "hl7.fhir.r3.",
					     "hl7.fhir.r4."};

	for (size_t i = 0; i < LEN(prefix); i++)
		if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

static bool is_loaded(const struct package *k, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].name && strcmp(k[i].name, name) == 0)
			return true;
	return false;
}

#define BUILT_IN                                                               \
	"%s is a part of FHIR itself: its definitions are built in and were "  \
	"not read again"
#define NOT_LOADED                                                             \
	"%s depends on %s %s, which is not loaded: what only it defines is "   \
	"unknown here"

/* To the log, or else to stderr. */
static void tell(const struct log *log, const char *text)
{
	if (log)
		log_line(log, "package", "%s", text);
	else
		fprintf(stderr, "mock-kanta-phr: %s\n", text);
}

static void tell_missing(struct arena *a, const struct package *all, size_t n,
			 const struct package *k, const struct log *log)
{
	const struct json *d = json_first(k->dependencies);

	for (; d; d = json_next(d)) {
		const char *version = json_text(d);

		if (!json_name(d) || is_built_in(json_name(d)) ||
		    is_loaded(all, n, json_name(d)))
			continue;
		tell(log, arena_printf(a, NOT_LOADED, k->source, json_name(d),
				       version ? version : ""));
	}
}

static void tell_all(struct arena *a, const struct package *k, size_t n,
		     const struct log *log)
{
	for (size_t i = 0; i < n; i++) {
		if (k[i].official)
			tell(log, arena_printf(a, BUILT_IN, k[i].source));
		else
			tell_missing(a, k, n, &k[i], log);
	}
}

bool packages_add(struct arena *a, const struct config *c,
		  struct profiles *const set[FHIR_VERSIONS],
		  const struct log *log, struct err *e)
{
	struct package *k = arena_alloc(a, (c->package_count + 1) * sizeof(*k));

	for (size_t i = 0; i < c->package_count; i++) {
		const char *path = c->package[i];

		k[i] = (struct package){.set = set, .arena = a, .source = path};
		if (is_folder(path) ? !add_folder(a, &k[i], path, e)
				    : !add_file(&k[i], path, false, e))
			return false;
	}
	tell_all(a, k, c->package_count, log);
	return true;
}
