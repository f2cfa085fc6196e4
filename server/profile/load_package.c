/* SPDX-License-Identifier: Apache-2.0
 *
 * load_package.c: FHIR packages: the conformance resources of one are taken in,
 * out of an archive in memory or file by file as the caller reads them.
 *
 * The archive is that of the FHIR package specification: gzip over tar, the
 * resources as package/NAME.json, package/package.json telling name, FHIR
 * versions and dependencies. Other folders (examples, tests, openapi) are not
 * part of what a package defines and are passed over, as are the types without
 * use here. The archive is walked twice if package.json does not come first:
 * the versions must be known before anything is taken.
 *
 * FHIR's own packages are built in: of them only the Questionnaires are taken.
 * Which packages a package depends on is kept for the caller to tell;
 * whether the definitions fit together, the compiler says.
 *
 * Limits: PACKAGE_BYTES unpacked, PACKAGE_TAKEN of them definitions; a file is
 * parsed in memory of its own, so examples by the thousand leave nothing.
 */
#include "load_int.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER	      "package/"
#define MANIFEST      "package.json"
#define OFFICIAL      "http://hl7.org/fhir"
#define PACKAGE_BYTES ((size_t)256 << 20)
#define PACKAGE_TAKEN ((size_t)96 << 20)

/* Versions that a text like "4.0.1" means, as bits. */
static unsigned fhir_bits(const char *version)
{
	static const char prefix[FHIR_VERSIONS][3] = {"3.", "4."};
	unsigned bits = 0;

	for (int v = 0; version && v < FHIR_VERSIONS; v++)
		if (strncmp(version, prefix[v], 2) == 0)
			bits |= 1U << v;
	return bits;
}

/* ---- reading one file ---------------------------------------------------- */

static const struct json *parse(const struct package *k, struct arena *a,
				const char *name, const char *text, size_t n,
				struct err *e)
{
	struct err bad = {.kind = ERR_NONE};
	const struct json *v;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		n -= 3;
	}
	v = json_parse(a, text, n, &bad);
	if (v)
		return v;
	(void)err_set(
	    e, ERR_INVALID, "json",
	    arena_printf(a, "%s%s%s", k->source, *name ? ": " : "", name),
	    "%s (line %u, column %u)", bad.text, bad.line, bad.column);
	return NULL;
}

bool profile_package_manifest(struct package *k, const char *text, size_t n,
			      struct err *e)
{
	const char *copy = arena_strndup(k->arena, text, n);
	const struct json *v = parse(k, k->arena, MANIFEST, copy, n, e);
	const struct json *list = json_get(v, "fhirVersions");

	if (!v)
		return false;
	k->name = json_get_text(v, "name");
	k->version = json_get_text(v, "version");
	k->dependencies = json_get(v, "dependencies");
	k->official = text_is(json_get_text(v, "canonical"), OFFICIAL);
	if (!list)
		list = json_get(v, "fhir-version-list");
	k->fhir = 0;
	for (const struct json *i = json_first(list); i; i = json_next(i))
		k->fhir |= fhir_bits(json_text(i));
	if (k->fhir != 0 || !list)
		return true;
	return err_set(
	    e, ERR_INVALID, "not-supported",
	    arena_printf(k->arena, "%s: " MANIFEST ": fhirVersions", k->source),
	    "the package is for FHIR %.40s; this server knows STU3 "
	    "(3.0) and R4 (4.0)",
	    json_text(json_first(list)) ? json_text(json_first(list))
					: "versions of no name");
}

/* ---- taking -------------------------------------------------------------- */

static bool has_use(const char *type)
{
	static const char *const types[] = {
	    "StructureDefinition", "ImplementationGuide", "ValueSet",
	    "CodeSystem",	   "SearchParameter",	  "Questionnaire",
	};

	for (size_t i = 0; type && i < LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool give(struct package *k, struct profiles *p, const char *source,
		 const char *text, size_t n, const struct json *seen,
		 struct err *e)
{
	const bool lasting =
	    text_is(json_get_text(seen, "resourceType"), "Questionnaire");
	struct arena *a = lasting ? p->arena : k->arena;
	const struct json *r;

	if (k->official && !lasting)
		return true;
	k->taken++;
	k->taken_bytes += n;
	if (k->taken_bytes > PACKAGE_TAKEN)
		return err_set(e, ERR_TOO_LARGE, "too-long", k->source,
			       "the package holds more than %zu MB of "
			       "definitions",
			       PACKAGE_TAKEN >> 20);
	r = parse(k, a, "", arena_strndup(a, text, n), n, e);
	return r && profile_add(p, r, source, e);
}

static bool take(struct package *k, const char *name, const char *text,
		 size_t n, struct arena *tmp, struct err *e)
{
	const struct json *seen = parse(k, tmp, name, text, n, e);
	unsigned bits = k->fhir;
	const char *source =
	    arena_printf(tmp, "%s%s%s", k->source, *name ? ": " : "", name);

	if (!seen)
		return false;
	if (!has_use(json_get_text(seen, "resourceType")))
		return true;
	if (!bits)
		bits = fhir_bits(json_get_text(seen, "fhirVersion"));
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (k->set[v] && (!bits || bits & 1U << v) &&
		    !give(k, k->set[v], source, text, n, seen, e))
			return false;
	return true;
}

bool profile_package_file(struct package *k, const char *name, const char *text,
			  size_t n, struct err *e)
{
	struct arena *tmp;
	bool ok;

	k->files++;
	k->bytes += n;
	if (k->files > TAR_ENTRIES)
		return err_set(e, ERR_TOO_LARGE, "too-long", k->source,
			       "the package has more than %u files",
			       TAR_ENTRIES);
	if (k->bytes > PACKAGE_BYTES)
		return err_set(e, ERR_TOO_LARGE, "too-long", k->source,
			       "the package is larger than %zu MB",
			       PACKAGE_BYTES >> 20);
	tmp = arena_new(0);
	ok = take(k, name, text, n, tmp, e);
	arena_free(tmp);
	return ok;
}

/* ---- archives ------------------------------------------------------------ */

/* Its name in the folder "package"; NULL: it is not there, or no JSON. */
static const char *member(const struct tar_entry *entry)
{
	const size_t n = strlen(FOLDER);
	const char *name = entry->name + n;
	size_t len;

	if (!entry->file || strncmp(entry->name, FOLDER, n) != 0 ||
	    strchr(name, '/') || *name == '.')
		return NULL;
	len = strlen(name);
	return len > 5 && strcmp(name + len - 5, ".json") == 0 ? name : NULL;
}

static bool read_member(struct package *k, struct tar *t,
			const struct tar_entry *entry, bool manifest,
			struct err *e)
{
	struct arena *a = arena_new(0);
	const char *name = arena_strdup(a, entry->name);
	char *text = arena_alloc(a, entry->size + 1);
	bool ok = tar_content(t, text, e);

	ok = ok &&
	     (manifest ? profile_package_manifest(k, text, entry->size, e)
		       : profile_package_file(k, name, text, entry->size, e));
	arena_free(a);
	return ok;
}

/* One walk: for the manifest alone, which ends it, or for all the others. */
static bool walk(struct package *k, struct arena *a, const void *tgz, size_t n,
		 bool manifest, struct err *e)
{
	struct tar *t = arena_alloc(a, sizeof(*t));
	struct tar_entry entry;

	tar_open(t, a, gunzip_open(a, tgz, n, PACKAGE_BYTES));
	while (tar_next(t, &entry, e)) {
		const char *name = entry.name ? member(&entry) : "";

		if (!entry.name)
			return true;
		if (!name || (strcmp(name, MANIFEST) == 0) != manifest)
			continue;
		if (!read_member(k, t, &entry, manifest, e))
			return false;
		if (manifest)
			return true;
	}
	return false;
}

bool profile_package_archive(struct package *k, const void *tgz, size_t n,
			     struct err *e)
{
	struct arena *a = arena_new(0);
	struct err bad = {.kind = ERR_NONE};
	bool ok =
	    walk(k, a, tgz, n, true, &bad) && walk(k, a, tgz, n, false, &bad);

	if (ok && !k->name && k->files == 0)
		ok = err_set(&bad, ERR_INVALID, "archive", NULL,
			     "there is no package/ folder with JSON files in "
			     "it, so it is no FHIR package");
	if (!ok)
		(void)err_set(e, bad.kind, bad.code,
			      *bad.where ? bad.where : k->source, "%s",
			      bad.text);
	arena_free(a);
	return ok;
}
