/* SPDX-License-Identifier: Apache-2.0
 *
 * reference_int.h: references, contained resources, Bundles and extensions:
 * what their files say to each other, and where the walk calls them.
 */
#ifndef REFERENCE_INT_H
#define REFERENCE_INT_H

#include "profile_int.h"

/* scope.c: which resource we are in, for "#id" and references in a Bundle */
void scope_enter(struct check *c, const struct json *resource,
		 const struct at *at);
/* Of an entry's resource that is not reached by the walk. */
void scope_enter_entry(struct check *c, const struct json *resource,
		       const struct json *entry, const struct at *at);
void scope_leave(struct check *c, const struct check *before);

/* reference_lookup.c: contained resources by id, entries of a Bundle by fullUrl
 * and by Type/id; filled when it is first asked */
enum lookup_by { BY_ID, BY_FULL_URL, BY_TYPE_ID };
struct lookup_row {
	const char *key;
	const struct json *item; /* contained resource, or entry */
	const struct json *resource;
	uint32_t index; /* of item in its list */
	uint32_t by;
	uint32_t next;	/* 1 + the next in its bucket */
	uint32_t flags; /* for who owns the lookup */
};
struct lookup *lookup_contained(struct check *c, const struct json *root);
/* Of the entries of a Bundle; of the parameters of a Parameters. */
struct lookup *lookup_list(struct check *c, const struct json *list);
struct lookup_row *lookup_first(struct lookup *l, enum lookup_by by,
				const char *key);
struct lookup_row *lookup_next(struct lookup *l, const struct lookup_row *r);
/* The i-th entry; NULL: there are not so many. */
const struct json *lookup_entry(const struct lookup *l, size_t i);
size_t lookup_count(const struct lookup *l);

/* reference_resolve.c */
struct reached {
	const struct json *resource; /* NULL: it is not at hand */
	const struct json *entry;    /* of the Bundle; or NULL */
	unsigned type;		     /* of it, or implied; or NO_TYPE */
	unsigned matches;	     /* entries that fit; 2: several */
	uint32_t index;		     /* of entry */
	enum reference_mode place;
};
void find_target(const struct check *c, const char *reference,
		 struct reached *out);
bool is_urn(const char *uri);
/* The type in http(s)://.../Type/id[/_history/v]; NO_TYPE: no such URL. */
unsigned rest_type(const struct profiles *p, const char *url);

/* reference_canonical.c: the type of what a canonical URL names */
void check_canonical(struct check *c, const struct spot *s);

/* reference_conform.c: does a resource that a reference led to fit a profile?
 * Each pair is tried once. On false *why is the first error, if it is wanted.
 */
bool conforms(struct check *c, ref sd, const struct reached *target,
	      const char **why);

/* contained.c */
void check_contained(struct check *c, const struct json *root,
		     const struct at *at);
/* The profiles that a resource inside of another one names itself. */
void check_own_profiles(struct check *c, const struct json *resource,
			const struct at *at);

/* meta.c */
void check_meta(struct check *c, const struct json *resource,
		const struct at *at);

/* element_id.c */
void check_element_ids(struct check *c, const struct json *resource,
		       const struct at *at);

/* bundle.c, bundle_refs.c, bundle_graph.c, bundle_search.c */
void check_bundle(struct check *c, const struct spot *s);
void check_bundle_targets(struct check *c, const struct spot *s, bool document);
void check_bundle_reach(struct check *c, const struct spot *s, bool document);
/* Where a reference in c->entry leads to among the entries. */
enum led {
	LED_TO_ENTRY,
	LED_TO_SEVERAL,
	LED_BESIDE, /* it has the type and the id of an entry */
	LED_NOWHERE,
	LED_ELSEWHERE /* it cannot mean an entry */
};
enum led lead_to(const struct check *c, const char *reference, uint32_t *index);
/* The entry that a document's link has the style sheet in; NULL: none. */
const struct lookup_row *style_entry(const struct check *c,
				     const struct json *link);
/* Reports LED_TO_SEVERAL and LED_BESIDE. */
void misled(struct check *c, enum led led, const char *reference,
	    const char *label, const struct at *at, const struct json *where);
void check_bundle_search(struct check *c, const struct spot *s);

/* extension_context.c */
/* May it stand in the element at `at`? around: the URL of the extension that
 * element is, or NULL. */
bool context_allows(struct check *c, const struct sd *sd, const struct at *at,
		    const char *around);
const char *context_list(struct check *c, const struct sd *sd);

#endif
