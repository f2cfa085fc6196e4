/* SPDX-License-Identifier: Apache-2.0
 *
 * value_url.c: what today's validator demands of a uri, url, oid or canonical
 * beyond its form: an object identifier or a UUID in it is a right one, a
 * canonical is absolute or leads to something inside ("#x"), any other "#x"
 * leads to an element of the resource, and, if the caller wants it so, no URL
 * is one that is meant for examples. The rules of 2018 know none of this.
 *
 * To find the element that "#x" names the resource is searched; so only some
 * are followed in one check, and the rest are taken to be right.
 * FHIR R4 2.24.0.1 (uri, oid, uuid), 2.24.0.7 (canonical), RFC 2606.
 */
#include "base/base.h"
#include "reference_int.h"
#include "term_int.h"

#include <string.h>

/* Numbers with dots between them, without needless zeros. */
bool oid_ok(const char *s)
{
	if (*s < '0' || *s > '2' || s[1] != '.')
		return false;
	for (s++; *s == '.';) {
		s++;
		if (!ascii_digit(*s) || (*s == '0' && ascii_digit(s[1])))
			return false;
		while (ascii_digit(*s))
			s++;
	}
	return *s == '\0';
}

/* In lower case, up to n bytes. */
static bool uuid_lower(const char *s, size_t n)
{
	char text[37];

	if (n != 36)
		return false;
	memcpy(text, s, 36);
	text[36] = '\0';
	for (size_t i = 0; i < 36; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			return false;
	}
	return uuid_ok(text);
}

/* Roots that are given to nobody are too short to be the name of something. */
static bool long_enough(const char *oid)
{
	const char *dot = strrchr(oid, '.');
	return text_begins(oid, "1.3") || (dot && dot - oid >= 4);
}

static void check_urn(struct check *c, const struct spot *s, const char *t)
{
	bool canonical = c->p->types[s->type].prim == PRIM_CANONICAL;

	if (text_begins(t, "urn:uuid:") &&
	    !uuid_lower(t + 9, strcspn(t + 9, canonical ? "#|" : "#")))
		report(c, RULE_UUID, s->at, s->value,
		       "urn:uuid: and a uuid in lower case", NULL,
		       "UUIDs must be valid and lowercase (%.100s)", t + 9);
	else if (text_begins(t, "urn:oid:") &&
		 (!oid_ok(t + 8) || !long_enough(t + 8)))
		report(c, RULE_OID, s->at, s->value, "urn:oid:...", NULL,
		       "OIDs must be valid (%.100s)", t + 8);
}

/* ---- where it leads --------------------------------------------------- */

/* Is it the url of a definition, by which others name it? */
static bool is_own_url(const struct check *c, const struct spot *s)
{
	const char *type = json_get_text(c->resource, "resourceType");
	return json_get(c->resource, "url") == s->value && type &&
	       strcmp(type, "Contract") != 0;
}

static void check_absolute(struct check *c, const struct spot *s, const char *t)
{
	bool canonical = c->p->types[s->type].prim == PRIM_CANONICAL;

	if (is_absolute(t) || !(is_own_url(c, s) || (canonical && *t != '#')))
		return;
	report(c, RULE_CANONICAL_RELATIVE, s->at, s->value, "an absolute URL",
	       "begin it with http: or urn:",
	       "Canonical URLs must be absolute URLs if they are not fragment "
	       "references (%.100s)",
	       t);
}

#define INSIDE_MAX 256 /* so many are looked for in one check */

static void check_inside(struct check *c, const struct spot *s, const char *t)
{
	bool canonical = c->p->types[s->type].prim == PRIM_CANONICAL;

	if (*t != '#' || !t[1] || canonical || is_own_url(c, s) ||
	    c->ev->inside++ >= INSIDE_MAX || has_anchor(c->root, t + 1))
		return;
	report(c, RULE_LINK_INSIDE, s->at, s->value,
	       "an element of the resource", "give an element this id",
	       "URL value '%.100s' does not resolve", t);
}

static bool is_example_url(const char *url)
{
	static const char *const hosts[] = {"example.org", "example.com",
					    "example.net", "acme.com",
					    "acme.org"};

	for (size_t i = 0; i < LEN(hosts); i++) {
		const char *p = strstr(url, hosts[i]);
		for (; p; p = strstr(p + 1, hosts[i])) {
			char behind = p[strlen(hosts[i])];
			if (behind == '/' || behind == '\0')
				return true;
		}
	}
	return text_begins(url, "urn:oid:1.3.6.1.4.1.32473.") ||
	       text_begins(url, "urn:oid:2.999.");
}

static void check_example(struct check *c, const struct spot *s, const char *t)
{
	if (!c->o->no_examples || !is_example_url(t) || is_own_url(c, s) ||
	    strcmp(s->at->name, "fullUrl") == 0 || find_sd(c->p, t) ||
	    find_vs(c->p, t) || find_cs(c->p, t))
		return;
	report(c, RULE_EXAMPLE_URL, s->at, s->value, "no URL for examples",
	       "use the URL of your own",
	       "Example URLs are not allowed in this context (%.200s)", t);
}

void check_url(struct check *c, const struct spot *s)
{
	const char *t = json_text(s->value);

	if (c->rules != RULES_CURRENT)
		return;
	check_absolute(c, s, t);
	check_inside(c, s, t);
	check_example(c, s, t);
	if (c->p->types[s->type].prim != PRIM_OID &&
	    c->p->types[s->type].prim != PRIM_UUID)
		check_urn(c, s, t);
}
