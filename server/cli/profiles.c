/* SPDX-License-Identifier: Apache-2.0
 *
 * The definitions that are loaded at start, and the list of them.
 *
 * The official definitions of both FHIR versions are mapped from the binary;
 * the national profiles, embedded as JSON, and the user's packages are overlaid
 * on them. Between these two come the drafts of 2017, if they are to be used:
 * they have the canonical URLs of what they replace. A user's definition comes
 * last. Each of these is put on top of the one before: it wins over one of the
 * same canonical URL even if it has a lower version. STU3 knows
 * the value sets and code systems of R4 too, unless it has its own of that URL.
 *
 * To which version a file of a package belongs, its package.json says, else its
 * own fhirVersion; what says nothing (a code system) goes to both. A definition
 * that does not compile stops the start with file, JSON path and reason.
 *
 * What the JSON said is compiled in the end, so the texts and trees are given
 * back then: they are many times the size of what is kept. As long as nothing
 * is to come on top of the national profiles, they need not be read at all: the
 * build has compiled them to a layer.
 */
#include "cli/cli_int.h"
#include "page/page.h"

#include <stdio.h>
#include <string.h>

#define DRAFTS	    "profiles/finnish-phr-stu3-draft2017/"
#define R4_NATIONAL "profiles/finnish-phr-r4/"

static const struct {
	const char *image, *layer;
	/* what the names of the national ones begin with, in order (the
	 * Makefile says the same of the layer) */
	const char *national[3];
	const char *name;
} version[FHIR_VERSIONS] = {
    [FHIR_STU3] = {"build/image/stu3.img",
		   "build/image/stu3-national.img",
		   {R4_NATIONAL "fiphr-cs-", R4_NATIONAL "fiphr-vs-",
		    "profiles/finnish-phr-stu3/"},
		   "stu3"},
    [FHIR_R4] = {"build/image/r4.img",
		 "build/image/r4-national.img",
		 {R4_NATIONAL},
		 "r4"},
};

/* ---- built in ------------------------------------------------------------ */

static const struct page_asset *built(const char *name, struct err *e)
{
	const struct page_asset *asset = page_asset(name);

	if (!asset)
		(void)err_set(e, ERR_INTERNAL, "build", name,
			      "this build has no definitions");
	return asset;
}

static struct profiles *open_image(struct arena *boot, enum fhir_version v,
				   struct err *e)
{
	const struct page_asset *image = built(version[v].image, e);

	return image ? profile_open(boot, v, image->bytes, image->n, e) : NULL;
}

static bool add_layer(struct profiles *p, enum fhir_version v, struct err *e)
{
	const struct page_asset *layer = built(version[v].layer, e);

	return layer && profile_add_layer(p, layer->bytes, layer->n, e);
}

static bool wants(const struct page_asset *asset)
{
	const size_t n = strlen(asset->name);

	return n > 5 && strcmp(asset->name + n - 5, ".json") == 0;
}

static bool add_folder(struct arena *tmp, struct profiles *p,
		       enum fhir_version v, const char *folder, struct err *e)
{
	struct profiles *set[FHIR_VERSIONS] = {NULL};
	struct package k = {.set = set, .arena = tmp};
	const struct page_asset *asset;

	set[v] = p;
	for (size_t i = 0; (asset = page_asset_below(folder, i)); i++) {
		k.source = asset->name;
		if (wants(asset) &&
		    !profile_package_file(&k, "", (const char *)asset->bytes,
					  asset->n, e))
			return false;
	}
	return true;
}

static bool add_national(struct arena *tmp, const struct config *c,
			 struct profiles *p, enum fhir_version v, struct err *e)
{
	const bool drafts = v == FHIR_STU3 && c->settings.stu3_rules;

	if (c->package_count == 0 && !drafts)
		return add_layer(p, v, e);
	for (size_t i = 0; i < LEN(version[v].national); i++)
		if (version[v].national[i] &&
		    !add_folder(tmp, p, v, version[v].national[i], e))
			return false;
	if (!drafts)
		return true;
	profile_on_top(p);
	if (page_asset_below(DRAFTS, 0))
		return add_folder(tmp, p, v, DRAFTS, e);
	return err_set(e, ERR_INVALID, NULL, "stu3_rules",
		       "this build has no drafts of 2017");
}

/* ---- all of it ----------------------------------------------------------- */

static bool add_all(struct arena *boot, struct arena *tmp,
		    const struct config *c, const struct log *log,
		    struct profiles *out[FHIR_VERSIONS], struct err *e)
{
	const bool national = strcmp(c->profiles, "none") != 0;

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		out[v] = open_image(boot, (enum fhir_version)v, e);
		if (!out[v])
			return false;
		if (national &&
		    !add_national(tmp, c, out[v], (enum fhir_version)v, e))
			return false;
		profile_on_top(out[v]);
	}
	return packages_add(tmp, c, out, log, e);
}

/* The texts below a folder; returns how many there are from out[n] on. */
static size_t list_folder(const char *folder, struct record_official *out,
			  size_t n)
{
	const struct page_asset *asset;

	for (size_t i = 0; (asset = page_asset_below(folder, i)); i++) {
		if (!wants(asset))
			continue;
		if (out)
			out[n] = (struct record_official){
			    (const char *)asset->bytes, asset->n};
		n++;
	}
	return n;
}

static size_t list_national(const struct config *c, enum fhir_version v,
			    struct record_official *out)
{
	size_t n = 0;

	for (size_t i = 0; i < LEN(version[v].national); i++)
		if (version[v].national[i])
			n = list_folder(version[v].national[i], out, n);
	if (v == FHIR_STU3 && c->settings.stu3_rules)
		n = list_folder(DRAFTS, out, n);
	return n;
}

void cli_official(struct arena *boot, const struct config *c, struct record *r)
{
	if (strcmp(c->profiles, "none") == 0)
		return;
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		const enum fhir_version fhir = (enum fhir_version)v;
		const size_t n = list_national(c, fhir, NULL);
		struct record_official *out =
		    arena_alloc(boot, (n + 1) * sizeof(*out));

		r->official_count[v] = list_national(c, fhir, out);
		r->official[v] = out;
	}
}

bool cli_profiles(struct arena *boot, const struct config *c,
		  const struct log *log, struct profiles *out[FHIR_VERSIONS],
		  struct err *e)
{
	struct arena *tmp = arena_new((size_t)256 << 10);
	bool ok = add_all(boot, tmp, c, log, out, e);

	for (int v = 0; ok && v < FHIR_VERSIONS; v++)
		ok = profile_compile(out[v], e);
	arena_free(tmp);
	return ok;
}

/* ---- the profiles command ------------------------------------------------ */

static void print_line(const struct profile_info *info, enum fhir_version v)
{
	printf("%s\t%s\t%s\t%s\t%s\n", info->url, version[v].name,
	       *info->base ? info->base : "-", info->source,
	       info->confidence ? info->confidence : "-");
}

static void list_version(const struct profiles *p, enum fhir_version v,
			 struct jw *w)
{
	struct profile_info info;

	for (size_t i = 0; profile_list(p, i, &info) && info.national; i++) {
		if (w)
			profile_info_write(w, &info, version[v].name);
		else
			print_line(&info, v);
	}
}

/* One line for each profile: URL, FHIR version, base, source, confidence, with
 * tabs; or an array with more of each. The definitions of FHIR itself are
 * always there and not listed. */
int cli_list_profiles(struct arena *boot, const struct config *c)
{
	const bool json = strcmp(c->format, "json") == 0;
	struct profiles *p[FHIR_VERSIONS];
	struct err e = {.kind = ERR_NONE};
	struct buf out;
	struct jw w = {.b = &out};

	if (!cli_profiles(boot, c, NULL, p, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	buf_init(&out, boot);
	jw_open(&w, NULL, '[');
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (!c->fhir || strcmp(c->fhir, version[v].name) == 0)
			list_version(p[v], (enum fhir_version)v,
				     json ? &w : NULL);
	jw_close(&w);
	if (json)
		puts(out.p);
	return EXIT_DONE;
}
