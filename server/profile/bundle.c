/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle.c: what holds for a Bundle by its type, beyond its invariants (bdl-1
 * to bdl-12): its first entry, fullUrl of the entries, links, the date of a
 * document. What documents and messages refer to is in bundle_refs.c, search
 * results in bundle_search.c.
 *
 * Much of this came after 2018: there, fullUrl might be missing, relative, or
 * at odds with the id; that is a warning in the rules of that time. FHIR R4
 * 2.36, 3.3 (documents), 3.4 (messages).
 */
#include "reference_int.h"

#include <string.h>

enum kind {
	KIND_OTHER,
	KIND_DOCUMENT,
	KIND_MESSAGE,
	KIND_SEARCHSET,
	KIND_HISTORY,
	KIND_CARRIED_OUT /* transaction, batch, and their responses */
};

static enum kind kind_of(const struct json *bundle)
{
	static const struct {
		const char *type;
		enum kind kind;
	} table[] = {{"document", KIND_DOCUMENT},
		     {"message", KIND_MESSAGE},
		     {"searchset", KIND_SEARCHSET},
		     {"history", KIND_HISTORY},
		     {"transaction", KIND_CARRIED_OUT},
		     {"transaction-response", KIND_CARRIED_OUT},
		     {"batch", KIND_CARRIED_OUT},
		     {"batch-response", KIND_CARRIED_OUT}};
	const char *type = json_get_text(bundle, "type");
	for (size_t i = 0; type && i < LEN(table); i++) {
		if (strcmp(type, table[i].type) == 0)
			return table[i].kind;
	}
	return KIND_OTHER;
}

/* ---- the first entry -------------------------------------------------- */

/* Is it what this kind of Bundle begins with? */
static bool check_first(struct check *c, const struct spot *s, bool document)
{
	const struct json *entry = json_get(s->value, "entry");
	const struct json *r = json_get(json_first(entry), "resource");
	const struct at list = {s->at, "entry", entry ? 0 : -1};
	const struct at here = {&list, "resource", -1};
	const char *want = document ? "Composition" : "MessageHeader";

	if (!json_first(entry)) {
		report(c, RULE_BUNDLE_EMPTY, &list, s->value, "an entry",
		       say(c, "begin with a %s", want),
		       "Documents or Messages must contain at least one entry");
		return false;
	}
	if (text_is(json_get_text(r, "resourceType"), want))
		return true;
	report(c, RULE_BUNDLE_FIRST, &here, r ? r : json_first(entry), want,
	       say(c, "put the %s first", want), "%s",
	       document ? "The first entry in a document must be a composition"
			: "The first entry in a message must be a "
			  "MessageHeader");
	return false;
}

/* Of a STU3 document it is meta.lastUpdated; R4 has an invariant for it. */
static void check_date(struct check *c, const struct spot *s)
{
	if (c->p->version != FHIR_STU3 ||
	    json_get_text(json_get(s->value, "meta"), "lastUpdated"))
		return;
	report(c, RULE_BUNDLE_DATE, s->at, s->value, "meta.lastUpdated",
	       "add \"lastUpdated\" to \"meta\"",
	       "A document must have a date (meta.lastUpdated)");
}

/* ---- fullUrl ---------------------------------------------------------- */

/* Does url end with Type/id? */
static bool ends_with_id(const char *url, const struct json *r)
{
	const char *type = json_get_text(r, "resourceType");
	const char *id = json_get_text(r, "id");
	size_t n = strlen(url), t = type ? strlen(type) : 0;
	size_t i = id ? strlen(id) : 0;

	if (!type || !id || n < t + i + 2)
		return false;
	url += n - i - t - 2;
	return url[0] == '/' && strncmp(url + 1, type, t) == 0 &&
	       url[t + 1] == '/' && strcmp(url + t + 2, id) == 0;
}

static void check_rest_url(struct check *c, const struct json *where,
			   const struct json *r, const struct at *at)
{
	const char *url = json_text(where);
	const char *id = json_get_text(r, "id");
	const char *type = json_get_text(r, "resourceType");

	if (!r || rest_type(c->p, url) == NO_TYPE || ends_with_id(url, r))
		return;
	report(
	    c, RULE_BUNDLE_ID, at, where,
	    say(c, "%s/%s at the end", type ? type : "Type", id ? id : "id"),
	    "let fullUrl, resourceType and id agree, or use a urn:uuid:",
	    "Resource ID does not match the ID in the entry fullUrl ('%.64s' "
	    "vs '%.200s')",
	    id ? id : "", url);
}

/* A definition's own URL is where it can be read only if its id fits. */
static void check_canonical_url(struct check *c, const struct json *where,
				const struct json *r, const struct at *at)
{
	const char *url = json_get_text(r, "url");
	const char *id = json_get_text(r, "id");
	size_t n, k = id ? strlen(id) : 0;

	if (!text_is(url, json_text(where)) ||
	    strncmp(url, "http://hl7.org/fhir/v2/", 23) == 0 ||
	    strncmp(url, "http://hl7.org/fhir/v3/", 23) == 0)
		return;
	n = strlen(url);
	if (n > k && k > 0 && url[n - k - 1] == '/' &&
	    strcmp(url + n - k, id) == 0 && rest_type(c->p, url) != NO_TYPE)
		return;
	report_as(
	    c, ISSUE_ERROR, RULE_BUNDLE_ID, at, where, "a fullUrl of its own",
	    "use the URL it can be read from",
	    "The canonical URL (%.200s) cannot match the fullUrl (%.200s) "
	    "unless the resource id (%.64s) also matches",
	    url, json_text(where), id ? id : "");
}

static void no_full_url(struct check *c, const struct json *entry,
			enum kind kind, const struct at *at)
{
	bool refs = kind == KIND_DOCUMENT || kind == KIND_MESSAGE;
	enum issue_severity severity =
	    refs ? ISSUE_ERROR
		 : rule_table[RULE_BUNDLE_FULLURL].severity[c->rules];
	if (kind == KIND_CARRIED_OUT)
		return;
	report_as(c, severity, RULE_BUNDLE_FULLURL, at, entry, "a fullUrl",
		  "add \"fullUrl\": where the resource can be read, or a "
		  "urn:uuid:",
		  "Bundle entry missing fullUrl");
}

/* A resource that was or can be read has an id; one that is to be made, or that
 * goes by a uuid, need not have one yet. False: it misses one. */
static bool check_id(struct check *c, const struct json *entry, enum kind kind,
		     const struct at *at)
{
	const char *url = json_get_text(entry, "fullUrl");
	const struct json *r = json_get(entry, "resource");
	const struct at here = {at, "resource", -1};

	if (c->rules == RULES_CURRENT || kind == KIND_CARRIED_OUT ||
	    kind == KIND_HISTORY || !r || json_get(r, "id") ||
	    (url && strncmp(url, "urn:", 4) == 0) ||
	    text_is(json_get_text(r, "resourceType"), "OperationOutcome"))
		return true;
	report(c, RULE_CONTAINED_ID, &here, r, "an id",
	       "add \"id\", or use a urn:uuid: as fullUrl",
	       "Resource requires an id, but none is present");
	return false;
}

static void check_full_url(struct check *c, const struct json *entry,
			   enum kind kind, const struct at *at)
{
	const struct json *where = json_get(entry, "fullUrl");
	const struct json *r = json_get(entry, "resource");
	const struct at here = {at, "fullUrl", -1};
	bool id = check_id(c, entry, kind, at);

	if (!where || json_kind(where) != JSON_STRING) {
		no_full_url(c, entry, kind, at);
		return;
	}
	if (!is_absolute(json_text(where)))
		report(c, RULE_BUNDLE_ABSOLUTE, &here, where, "an absolute URL",
		       "begin it with http: or urn:uuid:",
		       "The fullUrl must be an absolute URL (not '%.200s')",
		       json_text(where));
	else if (id)
		check_rest_url(c, where, r, &here);
	check_canonical_url(c, where, r, &here);
}

/* ---- links ------------------------------------------------------------ */

/* The relations that a search result has to turn its pages. */
static int page_relation(const char *relation)
{
	static const char *const names[] = {"self", "first", "previous", "next",
					    "last"};
	for (int i = 0; relation && i < (int)LEN(names); i++) {
		if (strcmp(relation, names[i]) == 0)
			return i;
	}
	return -1;
}

static bool is_style(const struct json *link)
{
	return text_is(json_get_text(link, "relation"), "stylesheet") &&
	       json_get_text(link, "url");
}

const struct lookup_row *style_entry(const struct check *c,
				     const struct json *link)
{
	return is_style(link) ? lookup_first(c->entries, BY_TYPE_ID,
					     json_get_text(link, "url"))
			      : NULL;
}

/* A style sheet that is not on the web is an entry. */
static void check_style(struct check *c, const struct json *link,
			const struct at *at)
{
	const struct at here = {at, "url", -1};

	if (c->rules == RULES_KANTA || !is_style(link) ||
	    is_absolute(json_get_text(link, "url")) || style_entry(c, link))
		return;
	report(c, RULE_BUNDLE_LINK, &here, json_get(link, "url"),
	       "an absolute URL, or the type and id of an entry", NULL,
	       "The stylesheet is not found in the bundle");
}

static void check_links(struct check *c, const struct spot *s, enum kind kind)
{
	const struct json *v = json_first(json_get(s->value, "link"));
	bool pages = kind == KIND_SEARCHSET || kind == KIND_HISTORY;
	unsigned seen = 0;

	for (long i = 0; v && !c->stop; v = json_next(v), i++) {
		const struct at list = {s->at, "link", i};
		const struct at here = {&list, "relation", -1};
		const struct json *where = json_get(v, "relation");
		const char *name = json_get_text(v, "relation");
		int k = page_relation(name);
		if (kind == KIND_DOCUMENT)
			check_style(c, v, &list);
		if (k < 0)
			continue;
		if (k > 0 && !pages)
			report(c, RULE_BUNDLE_LINK, &here, where, NULL,
			       "remove the link",
			       "The link relationship type '%s' used in search "
			       "sets is prohibited in this context",
			       name);
		else if (seen >> k & 1)
			report(c, RULE_BUNDLE_LINK, pages ? &list : &here,
			       where, "one",
			       "remove all but one of these links",
			       "The link relationship type '%s' can only occur "
			       "once",
			       name);
		seen |= 1U << k;
	}
}

/* ---- the whole -------------------------------------------------------- */

void check_bundle(struct check *c, const struct spot *s)
{
	enum kind kind = kind_of(s->value);
	const struct json *e = json_first(json_get(s->value, "entry"));
	bool document = kind == KIND_DOCUMENT;

	if (json_get(s->value, "link") && json_get(s->value, "type"))
		check_links(c, s, kind);
	for (long i = 0; e && !c->stop; e = json_next(e), i++) {
		const struct at here = {s->at, "entry", i};
		check_full_url(c, e, kind, &here);
	}
	if (kind == KIND_SEARCHSET)
		check_bundle_search(c, s);
	if (document)
		check_date(c, s);
	if (!document && kind != KIND_MESSAGE)
		return;
	if (check_first(c, s, document))
		check_bundle_targets(c, s, document);
	if (c->entries)
		check_bundle_reach(c, s, document);
}
