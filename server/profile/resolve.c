/* SPDX-License-Identifier: Apache-2.0
 *
 * resolve.c: what a reference leads to: a contained resource by "#id", an entry
 * of the Bundle around, or nothing that is at hand; then its form may still
 * tell the type. FHIR R4 2.3 (References), 2.26.3 (resolving in a Bundle).
 */
#include "profile_int.h"

#include <string.h>

/* Does the URI begin with a scheme (RFC 3986 3.1)? */
bool is_absolute(const char *uri)
{
	size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return n > 0 && uri[n] == ':' && !(uri[0] >= '0' && uri[0] <= '9');
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
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		      (ch >= '0' && ch <= '9') || ch == '-' || ch == '.'))
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

/* "Type?parameters" stands in bundles before they are carried out. */
bool is_search(const struct profiles *p, const char *s)
{
	size_t n = strcspn(s, "?");
	unsigned type = find_type(p, s, n);
	return s[n] == '?' && type != NO_TYPE &&
	       p->types[type].kind == KIND_RESOURCE;
}

static const struct json *contained(const struct check *c, const char *id)
{
	const struct json *r = json_first(json_get(c->root, "contained"));
	for (; r; r = json_next(r)) {
		const char *have = json_get_text(r, "id");
		if (have && strcmp(have, id) == 0)
			return r;
	}
	return NULL;
}

const struct json *resolve(const struct check *c, const char *reference,
			   unsigned *type)
{
	*type = NO_TYPE;
	if (reference[0] == '#') {
		const struct json *r =
		    reference[1] ? contained(c, reference + 1) : c->root;
		if (r)
			*type = resource_type(c->p, r);
		return r;
	}
	const char *local = local_part(c, reference);
	if (local)
		*type = literal_type(c->p, local);
	return NULL;
}
