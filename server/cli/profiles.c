/* SPDX-License-Identifier: Apache-2.0
 *
 * What is loaded at start: definitions and fixtures.
 *
 * The official definitions of both FHIR versions are mapped from the binary;
 * the national profiles, embedded as JSON, and the user's packages are overlaid
 * on them. A user's definition comes last, so it wins over a built-in one of
 * the same canonical URL.
 *
 * To which version a file of a package belongs, its package.json says, else its
 * own fhirVersion; what says nothing (a code system) goes to both. A definition
 * that does not compile stops the start with file, JSON path and reason.
 *
 * Limits: packages are folders or single files; an archive has to be unpacked.
 */
#include "cli/cli_int.h"
#include "page/page.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *image;
	const char *national;
	const char *prefix; /* of its version numbers */
	const char *name;
} version[FHIR_VERSIONS] = {
    [FHIR_STU3] = {"build/image/stu3.img", "profiles/finnish-phr-stu3/", "3.",
		   "stu3"},
    [FHIR_R4] = {"build/image/r4.img", "profiles/finnish-phr-r4/", "4.", "r4"},
};

/* ---- built in ------------------------------------------------------------ */

static struct profiles *open_image(struct arena *boot, enum fhir_version v,
				   struct err *e)
{
	const struct page_asset *image = page_asset(version[v].image);

	if (!image) {
		(void)err_set(e, ERR_INTERNAL, "build", version[v].image,
			      "this build has no definitions");
		return NULL;
	}
	return profile_open(boot, v, image->bytes, image->n, e);
}

static bool wants(const struct page_asset *asset)
{
	const size_t n = strlen(asset->name);

	return n > 5 && strcmp(asset->name + n - 5, ".json") == 0;
}

static const struct json *
asset_json(struct arena *boot, const struct page_asset *asset, struct err *e)
{
	struct err bad = {.kind = ERR_NONE};
	const struct json *v =
	    json_parse(boot, (const char *)asset->bytes, asset->n, &bad);

	if (!v)
		(void)err_set(e, ERR_INVALID, "json", NULL, "%s, %s: %s",
			      asset->name, bad.where, bad.text);
	return v;
}

static bool add_national(struct arena *boot, struct profiles *p,
			 enum fhir_version v, struct err *e)
{
	const struct page_asset *asset;

	for (size_t i = 0; (asset = page_asset_below(version[v].national, i));
	     i++) {
		const struct json *r;

		if (!wants(asset))
			continue;
		r = asset_json(boot, asset, e);
		if (!r || !profile_add(p, r, asset->name, e))
			return false;
	}
	return true;
}

/* ---- packages ------------------------------------------------------------ */

/* Bits of the versions that a text like "4.0.1" means; 0: none of ours. */
static unsigned version_bits(const char *text)
{
	unsigned bits = 0;

	for (int v = 0; text && v < FHIR_VERSIONS; v++)
		if (strncmp(text, version[v].prefix, 2) == 0)
			bits |= 1u << v;
	return bits;
}

static unsigned package_bits(struct arena *boot, const char *folder)
{
	struct err ignored = {.kind = ERR_NONE};
	const struct json *v = file_json(
	    boot, arena_printf(boot, "%s/package.json", folder), &ignored);
	const struct json *list = json_get(v, "fhirVersions");
	unsigned bits = 0;

	if (!list)
		list = json_get(v, "fhir-version-list");
	for (v = json_first(list); v; v = json_next(v))
		bits |= version_bits(json_text(v));
	return bits;
}

static bool add_file(struct arena *boot, const char *path, unsigned bits,
		     struct profiles *const p[FHIR_VERSIONS], struct err *e)
{
	const struct json *r = file_json(boot, path, e);

	if (!r)
		return false;
	if (!json_get_text(r, "resourceType"))
		return true; /* package.json and its like */
	if (!bits)
		bits = version_bits(json_get_text(r, "fhirVersion"));
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if ((!bits || bits & 1u << v) && !profile_add(p[v], r, path, e))
			return false;
	return true;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *s, const char *end)
{
	const size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool add_package(struct arena *boot, const char *path,
			struct profiles *const p[FHIR_VERSIONS], struct err *e)
{
	struct file_list files = {.arena = boot};
	unsigned bits = 0;

	if (ends_with(path, ".tgz") || ends_with(path, ".tar.gz"))
		return err_set(e, ERR_NOT_IMPLEMENTED, "package", NULL,
			       "%s: an archive cannot be read in this version; "
			       "unpack it and name the folder",
			       path);
	if (is_folder(path)) {
		/* an unpacked archive has one folder, "package" */
		const char *inner = arena_printf(boot, "%s/package", path);

		if (is_folder(inner))
			path = inner;
		bits = package_bits(boot, path);
	}
	if (!file_find(&files, path, false, e))
		return false;
	for (size_t i = 0; i < files.n; i++)
		if (!add_file(boot, files.v[i], bits, p, e))
			return false;
	return true;
}

bool cli_profiles(struct arena *boot, const struct config *c,
		  struct profiles *out[FHIR_VERSIONS], struct err *e)
{
	const bool national = strcmp(c->profiles, "none") != 0;

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		out[v] = open_image(boot, (enum fhir_version)v, e);
		if (!out[v])
			return false;
		if (national &&
		    !add_national(boot, out[v], (enum fhir_version)v, e))
			return false;
	}
	for (size_t i = 0; i < c->package_count; i++)
		if (!add_package(boot, c->package[i], out, e))
			return false;
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (!profile_compile(out[v], e))
			return false;
	return true;
}

/* ---- the profiles command ------------------------------------------------ */

static void print_version(const struct profiles *p, enum fhir_version v)
{
	struct profile_info info;

	for (size_t i = 0; profile_list(p, i, &info) && info.national; i++)
		printf("%s\t%s\t%s\t%s\n", info.url, version[v].name,
		       *info.base ? info.base : "-", info.source);
}

/* One line for each profile: URL, FHIR version, base, source, with tabs. The
 * definitions of FHIR itself are always there and not listed. */
int cli_list_profiles(struct arena *boot, const struct config *c)
{
	struct profiles *p[FHIR_VERSIONS];
	struct err e = {.kind = ERR_NONE};

	if (!cli_profiles(boot, c, p, &e)) {
		fprintf(stderr, "mock-kanta-phr: %s%s%s\n", e.where,
			*e.where ? ": " : "", e.text);
		return EXIT_BAD_DATA;
	}
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (!c->fhir || strcmp(c->fhir, version[v].name) == 0)
			print_version(p[v], (enum fhir_version)v);
	return EXIT_DONE;
}

/* ---- fixtures ------------------------------------------------------------ */

/* The documents read so far. */
struct documents {
	struct arena *arena;
	struct fixture *v;
	size_t n, cap;
};

static void add_document(struct documents *d, const struct json *doc,
			 const char *source)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 8;
		struct fixture *v = arena_alloc(d->arena, cap * sizeof(*v));

		if (d->n > 0)
			memcpy(v, d->v, d->n * sizeof(*v));
		d->v = v;
		d->cap = cap;
	}
	d->v[d->n++] = (struct fixture){doc, source};
}

static bool built_in_fixtures(struct documents *d, struct err *e)
{
	const struct page_asset *asset;

	for (size_t i = 0; (asset = page_asset_below("fixtures/", i)); i++) {
		const struct json *doc = asset_json(d->arena, asset, e);

		if (!doc)
			return false;
		add_document(d, doc, asset->name);
	}
	return true;
}

static bool named_fixtures(struct documents *d, const char *path, struct err *e)
{
	struct file_list files = {.arena = d->arena};

	if (!file_find(&files, path, false, e))
		return false;
	for (size_t i = 0; i < files.n; i++) {
		const struct json *doc = file_json(d->arena, files.v[i], e);

		if (!doc)
			return false;
		add_document(d, doc, files.v[i]);
	}
	return true;
}

bool cli_fixtures(struct arena *boot, const struct config *c,
		  const struct fixture **out, size_t *n, struct err *e)
{
	struct documents d = {.arena = boot};

	if (c->fixtures_count == 0 && !built_in_fixtures(&d, e))
		return false;
	for (size_t i = 0; i < c->fixtures_count; i++) {
		if (strcmp(c->fixtures[i], "none") == 0)
			continue;
		if (!named_fixtures(&d, c->fixtures[i], e))
			return false;
	}
	*out = d.v;
	*n = d.n;
	return true;
}
