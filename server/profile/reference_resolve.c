/* SPDX-License-Identifier: Apache-2.0
 *
 * reference_resolve.c: what a reference leads to: a contained resource by
 * "#id", an entry of the Bundle around, or nothing that is at hand; then its
 * form may still tell the type.
 *
 * In a Bundle an absolute reference is an entry's fullUrl. A relative one is
 * added to the base of the fullUrl of the entry it stands in; from a urn:uuid:
 * its id alone is taken, as the HL7 validator does. "/_history/v" is no part of
 * a fullUrl: meta.versionId has to be v. An entry without fullUrl resolves
 * nothing that is relative. Lookups are made once (reference_lookup.c). FHIR R4
 * 2.3 (References), 2.36.4 (resolving in a Bundle).
 */
#include "reference_int.h"

#include <string.h>

/* Does the URI begin with a scheme (RFC 3986 3.1)? */
bool is_absolute(const char *uri)
{
	const char *s = uri;

	while (ascii_letter(*s) || ascii_digit(*s) || *s == '+' || *s == '-' ||
	       *s == '.')
		s++;
	return s > uri && *s == ':' && !ascii_digit(uri[0]);
}

/* The part of a reference below our own base; NULL: it is elsewhere. */
const char *local_part(const struct check *c, const char *s)
{
	const char *base = c->o->own_base;
	if (!is_absolute(s))
		return s;
	size_t n = base ? strlen(base) : 0;
	while (n > 0 && base[n - 1] == '/')
		n--;
	if (n == 0 || strncmp(s, base, n) != 0 || s[n] != '/')
		return NULL;
	return s + n + 1;
}

static bool id_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char ch = s[i];
		if (!(ascii_letter(ch) || ascii_digit(ch) || ch == '-' ||
		      ch == '.'))
			return false;
	}
	return n >= 1 && n <= 64;
}

/* Type of "Type/id[/_history/v]"; NO_TYPE when it is not of that form. */
unsigned literal_type(const struct profiles *p, const char *s)
{
	size_t n = strcspn(s, "/");
	unsigned type = find_type(p, s, n);
	if (type == NO_TYPE || p->types[type].kind != KIND_RESOURCE ||
	    p->types[type].abstract || s[n] != '/')
		return NO_TYPE;
	s += n + 1;
	n = strcspn(s, "/");
	if (!id_ok(s, n))
		return NO_TYPE;
	s += n;
	if (*s == '\0')
		return type;
	if (strncmp(s, "/_history/", 10) != 0)
		return NO_TYPE;
	return id_ok(s + 10, strlen(s + 10)) ? type : NO_TYPE;
}

/* The type in http(s)://.../Type/id[/_history/v]; NO_TYPE: no such URL. */
unsigned rest_type(const struct profiles *p, const char *url)
{
	const char *s = strncmp(url, "http://", 7) == 0	   ? url + 7
			: strncmp(url, "https://", 8) == 0 ? url + 8
							   : NULL;
	for (; s && *s; s += *s == '/') {
		unsigned type = literal_type(p, s);
		if (type != NO_TYPE)
			return type;
		s += strcspn(s, "/");
	}
	return NO_TYPE;
}

/* "Type?parameters" stands in bundles before they are carried out. */
bool is_search(const struct profiles *p, const char *s)
{
	size_t n = strcspn(s, "?");
	unsigned type = find_type(p, s, n);
	return s[n] == '?' && type != NO_TYPE &&
	       p->types[type].kind == KIND_RESOURCE;
}

bool is_urn(const char *s)
{
	return strncmp(s, "urn:uuid:", 9) == 0 ||
	       strncmp(s, "urn:oid:", 8) == 0;
}

/* ---- in a Bundle ------------------------------------------------------ */

/* How much of a fullUrl is the base that relative references are added to:
 * up to Type/id, or up to the uuid. 0: it gives none. */
static size_t base_len(const char *full_url)
{
	if (is_urn(full_url))
		return (size_t)(strrchr(full_url, ':') - full_url) + 1;
	const char *id = strrchr(full_url, '/');
	const char *type = id;
	while (type && type > full_url && type[-1] != '/')
		type--;
	return type ? (size_t)(type - full_url) : 0;
}

/* The fullUrl that the reference asks for, without its version. False: none, or
 * one that is longer than any that is in use. */
#define URL_MAX 2048
static bool target_url(const struct check *c, const char *s, size_t n,
		       char url[URL_MAX])
{
	const char *from = json_get_text(c->entry, "fullUrl");
	size_t base = 0;

	if (!is_absolute(s)) {
		const char *slash = memchr(s, '/', n);
		if (!from || !slash)
			return false;
		base = base_len(from);
		if (is_urn(from)) {
			n -= (size_t)(slash + 1 - s);
			s = slash + 1;
		}
	}
	if (base + n >= URL_MAX)
		return false;
	memcpy(url, from ? from : "", base);
	memcpy(url + base, s, n);
	url[base + n] = '\0';
	return true;
}

static bool version_fits(const struct json *resource, const char *version)
{
	const char *have =
	    json_get_text(json_get(resource, "meta"), "versionId");
	return !version || (have && strcmp(have, version) == 0);
}

/* Entries with one fullUrl are looked at up to this many. */
#define SAME_MAX 32

static void find_entry(const struct check *c, const char *s,
		       struct reached *out)
{
	const char *history = strstr(s, "/_history/");
	const char *version = history ? history + 10 : NULL;
	size_t n = history ? (size_t)(history - s) : strlen(s);
	unsigned same = 0;
	char url[URL_MAX];

	if (!target_url(c, s, n, url))
		return;
	struct lookup_row *r = lookup_first(c->entries, BY_FULL_URL, url);
	for (; r && same < SAME_MAX; r = lookup_next(c->entries, r), same++) {
		if (!r->resource || !version_fits(r->resource, version))
			continue;
		if (out->matches++ > 0)
			continue;
		out->resource = r->resource;
		out->entry = r->item;
		out->index = r->index;
	}
}

/* ---- everywhere ------------------------------------------------------- */

static const struct json *contained(const struct check *c, const char *id)
{
	const struct lookup_row *r = lookup_first(c->contained, BY_ID, id);
	return r ? r->item : NULL;
}

void find_target(const struct check *c, const char *s, struct reached *out)
{
	memset(out, 0, sizeof(*out));
	out->type = NO_TYPE;
	out->place = MODE_REFERENCED;
	if (s[0] == '#') {
		out->place = MODE_CONTAINED;
		out->resource = s[1] ? contained(c, s + 1) : c->root;
		out->matches = out->resource != NULL;
	} else if (c->bundle) {
		find_entry(c, s, out);
		if (out->resource)
			out->place = MODE_BUNDLED;
	} else if (c->parameters && c->rules == RULES_CURRENT) {
		const struct lookup_row *r =
		    lookup_first(c->parameters, BY_TYPE_ID, s);
		out->resource = r ? r->resource : NULL;
		out->matches = r != NULL;
		if (r)
			out->place = MODE_BUNDLED;
	}
	if (out->resource) {
		out->type = resource_type(c->p, out->resource);
		return;
	}
	const char *local = s[0] == '#' ? NULL : local_part(c, s);
	if (local)
		out->type = literal_type(c->p, local);
}

const struct json *resolve(const struct check *c, const char *reference,
			   unsigned *type)
{
	struct reached f;
	find_target(c, reference, &f);
	*type = f.type;
	return f.resource;
}
