/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_refs.c: what the Composition of a document names as its subject,
 * authors, sections' entries and so on, and what the MessageHeader of a message
 * focuses on, is an entry.
 *
 * Which entry a reference leads to is asked for bundle_graph.c, too. Relative
 * references are resolved by the base of the fullUrl. Where the fullUrl is not
 * one that the resource can be read from, the validator of 2018 went by type
 * and id. Today's does so in STU3 if there is only one; in R4 it is told that
 * the reference seems to mean an entry, and does not. To it an absolute URL is
 * one entry's fullUrl, with "/_history/" and the version if there are several.
 * FHIR R4 2.36.4, 3.3.1, 3.4.
 */
#include "reference_int.h"

#include <string.h>

/* ---- in 2018 ---------------------------------------------------------- */

/* Does a fullUrl end with the type and the id? */
static bool ends_with(const char *s, const char *type, const char *id)
{
	size_t n = strlen(s), t = strlen(type), i = strlen(id);
	return n > t + i && strcmp(s + n - i, id) == 0 && s[n - i - 1] == '/' &&
	       strncmp(s + n - i - 1 - t, type, t) == 0;
}

/* Where the resource around can be read from; NULL: it does not tell. */
static const char *readable(const struct check *c)
{
	const char *url = json_get_text(c->entry, "fullUrl");
	const char *type = json_get_text(c->root, "resourceType");
	const char *id = json_get_text(c->root, "id");
	return url && type && id && ends_with(url, type, id) ? url : NULL;
}

static const char *without_version(const struct check *c, const char *s)
{
	const char *history = strstr(s, "/_history/");
	return history ? arena_strndup(c->a, s, (size_t)(history - s)) : s;
}

static enum led lead_2018(const struct check *c, const char *s, uint32_t *index)
{
	struct reached f;

	find_target(c, s, &f);
	if (f.entry) {
		*index = f.index;
		return LED_TO_ENTRY;
	}
	if (is_absolute(s) || readable(c))
		return LED_NOWHERE;
	const struct lookup_row *r =
	    lookup_first(c->entries, BY_TYPE_ID, without_version(c, s));
	if (!r)
		return LED_NOWHERE;
	*index = r->index;
	return LED_TO_ENTRY;
}

/* ---- today ------------------------------------------------------------ */

/* One entry has to have that fullUrl; or, with a version in the URL, that and
 * the version. Entries with one fullUrl are looked at up to this many. */
#define SAME_MAX 32

static enum led lead_url(const struct check *c, const char *s, uint32_t *index)
{
	const char *history = strstr(s, "/_history/");
	unsigned found = 0;

	for (int pass = history ? 0 : 1; pass < 2; pass++) {
		const char *key = pass ? s : without_version(c, s);
		struct lookup_row *r =
		    lookup_first(c->entries, BY_FULL_URL, key);
		for (unsigned i = 0; r && i < SAME_MAX; i++) {
			const char *version = json_get_text(
			    json_get(r->resource, "meta"), "versionId");
			if (pass || text_is(version, history + 10)) {
				*index = r->index;
				found++;
			}
			r = lookup_next(c->entries, r);
		}
	}
	if (found == 0)
		return LED_NOWHERE;
	return found == 1 ? LED_TO_ENTRY : LED_TO_SEVERAL;
}

static enum led lead_type_id(const struct check *c, const char *s,
			     uint32_t *index)
{
	const char *slash = strchr(s, '/');
	size_t n = slash ? strcspn(slash + 1, "/") : 0;
	unsigned type =
	    slash ? find_type(c->p, s, (size_t)(slash - s)) : NO_TYPE;

	if (n == 0 || type == NO_TYPE)
		return LED_ELSEWHERE;
	const struct lookup_row *r =
	    lookup_first(c->entries, BY_TYPE_ID,
			 arena_strndup(c->a, s, (size_t)(slash + 1 - s) + n));
	if (!r)
		return LED_NOWHERE;
	*index = r->index;
	if (c->p->version == FHIR_STU3 && !lookup_next(c->entries, r))
		return LED_TO_ENTRY;
	return LED_BESIDE;
}

static enum led lead_today(const struct check *c, const char *s,
			   uint32_t *index)
{
	size_t n = strcspn(s, "#");

	if (s[n])
		s = arena_strndup(c->a, s, n);
	if (is_absolute(s))
		return lead_url(c, s, index);
	const char *from = readable(c);
	if (from && rest_type(c->p, from) != NO_TYPE) {
		size_t base = strlen(from);
		base -= strlen(json_get_text(c->root, "resourceType")) + 1 +
			strlen(json_get_text(c->root, "id"));
		enum led led = lead_url(
		    c, arena_printf(c->a, "%.*s%s", (int)base, from, s), index);
		if (led != LED_NOWHERE)
			return led;
	}
	return lead_type_id(c, s, index);
}

enum led lead_to(const struct check *c, const char *s, uint32_t *index)
{
	return c->rules == RULES_CURRENT ? lead_today(c, s, index)
					 : lead_2018(c, s, index);
}

void misled(struct check *c, enum led led, const char *s, const char *label,
	    const struct at *at, const struct json *where)
{
	if (led == LED_TO_SEVERAL)
		report(c, RULE_BUNDLE_TARGET, at, where, "one entry",
		       "let each entry have a fullUrl of its own, or refer to "
		       "the version",
		       "Found several matches for '%.200s' in the bundle (%s)",
		       s, label);
	else
		report(c, RULE_BUNDLE_TARGET, at, where,
		       "an entry of the Bundle",
		       "let the fullUrls of both entries have the same base, "
		       "or refer to the fullUrl",
		       "Can't find '%.200s' in the bundle (%s). There is a "
		       "resource of this type and id, but its fullUrl does not "
		       "match",
		       s, label);
}

/* ---- what has to be there --------------------------------------------- */

struct demand {
	struct check *c;
	const char *label;
	enum issue_severity severity;
};

/* A definition that is at hand, or that stands on a server as one. */
static bool known_elsewhere(const struct check *c, const char *s)
{
	struct fp_model m = profile_model(c->p);
	struct fp_type child;

	if (c->rules == RULES_KANTA || !is_absolute(s))
		return false;
	if (find_sd(c->p, s) || find_vs(c->p, s) || find_cs(c->p, s))
		return true;
	unsigned type = rest_type(c->p, s);
	const struct fp_type t = {NULL, type};
	return type != NO_TYPE && m.member(m.set, t, "url", &child) &&
	       m.member(m.set, t, "publisher", &child);
}

static void check_one(const struct demand *d, const struct json *v,
		      const struct at *at)
{
	const char *s = json_get_text(v, "reference");
	const struct at here = {at, "reference", -1};
	uint32_t index;

	if (!s || !*s || s[0] == '#')
		return;
	enum led led = lead_to(d->c, s, &index);
	if (led == LED_TO_SEVERAL || led == LED_BESIDE)
		misled(d->c, led, s, d->label, &here, json_get(v, "reference"));
	if (led != LED_NOWHERE || known_elsewhere(d->c, s))
		return;
	report_as(d->c, d->severity, RULE_BUNDLE_TARGET, &here,
		  json_get(v, "reference"), "an entry of the Bundle",
		  "add the resource as an entry with a fullUrl that the "
		  "reference leads to",
		  "Can't find '%.200s' in the bundle (%s)", s, d->label);
}

/* The references at "attester.party", through lists. */
static void check_path(const struct demand *d, const struct json *v,
		       const char *path, const struct at *at)
{
	size_t n = strcspn(path, ".");
	const char *name = arena_strndup(d->c->a, path, n);
	const struct json *m = json_get(v, name);
	bool list = m && json_kind(m) == JSON_ARRAY;
	const struct json *x = list ? json_first(m) : m;

	for (long i = 0; x && !d->c->stop; i++) {
		const struct at here = {at, name, list ? i : -1};
		if (path[n])
			check_path(d, x, path + n + 1, &here);
		else
			check_one(d, x, &here);
		x = list ? json_next(x) : NULL;
	}
}

static void check_sections(struct demand *d, const struct json *v,
			   const struct at *at)
{
	const struct json *s = json_first(json_get(v, "section"));

	for (long i = 0; s && !d->c->stop; s = json_next(s), i++) {
		const struct at here = {at, "section", i};
		d->label = "Section.author";
		check_path(d, s, "author", &here);
		d->label = "Section.focus";
		check_path(d, s, "focus", &here);
		d->label = "Section Entry";
		check_path(d, s, "entry", &here);
		check_sections(d, s, &here);
	}
}

static void check_composition(struct demand *d, const struct json *r,
			      const struct at *at)
{
	static const char *const paths[][2] = {
	    {"subject", "Composition.subject"},
	    {"author", "Composition.author"},
	    {"encounter", "Composition.encounter"},
	    {"custodian", "Composition.custodian"},
	    {"attester.party", "Composition.attester.party"},
	    {"event.detail", "Composition.event.detail"}};

	for (size_t i = 0; i < LEN(paths); i++) {
		d->label = paths[i][1];
		check_path(d, r, paths[i][0], at);
	}
	check_sections(d, r, at);
}

void check_bundle_targets(struct check *c, const struct spot *s, bool document)
{
	const struct json *entry = lookup_entry(c->entries, 0);
	const struct json *r = json_get(entry, "resource");
	const struct at first = {s->at, "entry", 0};
	const struct at here = {&first, "resource", -1};
	const struct check before = *c;
	struct demand d = {c, "MessageHeader Data", ISSUE_ERROR};

	scope_enter_entry(c, r, entry, &here);
	if (document) {
		check_composition(&d, r, &here);
	} else {
		if (c->rules == RULES_KANTA)
			d.severity = ISSUE_WARNING;
		check_path(&d, r, "focus", &here);
	}
	scope_leave(c, &before);
}
