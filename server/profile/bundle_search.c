/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_search.c: the entries of a searchset. Each says why it is there
 * (search.mode): what was searched for is of the type of the search, as far as
 * the self link tells it, and has an id, as has what came along; an outcome is
 * an OperationOutcome. Today's validator alone looks at this. FHIR R4 2.36.1.2,
 * 3.1.1.
 */
#include "reference_int.h"

#include <string.h>

/* What the self link says was searched: one type, or _type= with a list; NULL:
 * it does not tell. */
struct searched {
	const char *p;
	size_t n;
};

static const char *self_link(const struct json *bundle)
{
	const struct json *v = json_first(json_get(bundle, "link"));
	for (; v; v = json_next(v)) {
		if (text_is(json_get_text(v, "relation"), "self"))
			return json_get_text(v, "url");
	}
	return NULL;
}

static struct searched read_self(const struct check *c, const char *url)
{
	struct searched out = {NULL, 0};
	if (!url)
		return out;
	size_t n = strcspn(url, "?");
	size_t from = n;
	while (from > 0 && url[from - 1] != '/')
		from--;
	unsigned type = find_type(c->p, url + from, n - from);
	if (type != NO_TYPE && c->p->types[type].kind == KIND_RESOURCE)
		return (struct searched){url + from, n - from};
	for (const char *s = url + n; *s; s += strcspn(s, "&")) {
		s++;
		if (strncmp(s, "_type=", 6) == 0)
			return (struct searched){s + 6, strcspn(s + 6, "&")};
	}
	return out;
}

static bool is_searched(const struct searched *x, const char *type)
{
	const char *s = x->p, *end = x->p + x->n;
	size_t n = strlen(type);

	while (s && s < end) {
		size_t k = 0;
		while (s + k < end && s[k] != ',')
			k++;
		if (k == n && strncmp(s, type, n) == 0)
			return true;
		s += k + 1;
	}
	return x->p == NULL;
}

static void complain(struct check *c, const struct at *at,
		     const struct json *where, const char *expected,
		     const char *text)
{
	report(c, RULE_BUNDLE_SEARCH, at, where, expected,
	       say(c, "give %s", expected), "%s", text);
}

static void check_entry(struct check *c, const struct json *entry,
			const struct searched *x, const struct at *at)
{
	const char *mode = json_get_text(json_get(entry, "search"), "mode");
	const struct json *r = json_get(entry, "resource");
	const char *type = json_get_text(r, "resourceType");
	const struct at here = {at, "resource", -1};

	if (!r) {
		complain(c, at, entry, "a resource",
			 "SearchSet Bundle Entries must have resources");
		return;
	}
	if (!mode || !type)
		return;
	if (text_is(mode, "outcome")) {
		if (!text_is(type, "OperationOutcome"))
			complain(c, &here, r, "an OperationOutcome",
				 "This is not an OperationOutcome, but its "
				 "search mode is outcome");
		return;
	}
	if (!json_get(r, "id"))
		complain(c, &here, r, "an id", "Search results must have ids");
	if (text_is(mode, "match") && !is_searched(x, type))
		complain(c, &here, r, "the type that was searched",
			 "This is not a resource of the type that was "
			 "searched, but its search mode is match");
}

void check_bundle_search(struct check *c, const struct spot *s)
{
	struct searched x = read_self(c, self_link(s->value));
	const struct json *e = json_first(json_get(s->value, "entry"));

	for (long i = 0; e && !c->stop; e = json_next(e), i++) {
		const struct at here = {s->at, "entry", i};
		check_entry(c, e, &x, &here);
	}
}
