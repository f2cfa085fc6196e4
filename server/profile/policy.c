/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.c: meta.profile: which profiles are demanded, allowed and applied.
 *
 * The national service takes only resources that name a national profile of
 * their type, definitions excepted; a foreign profile beside it is allowed and
 * not looked at, or, if the caller likes, refused. The application that made
 * the resource may have to be named. A profile that is not known here cannot be
 * checked: that is an error or, if the caller likes, a warning. An abstract
 * profile is the base of others; naming it alone says nothing about the kind of
 * data. A batch or a transaction is not kept: what is in its entries has to
 * name profiles, not the Bundle.
 */
#include "profile_int.h"

#include <string.h>

#define NATIONAL_BASE "http://phr.kanta.fi/"
#define APPLIED_MAX   64

struct named {
	ref applied[APPLIED_MAX];
	size_t n;
	bool services;	/* one of the service itself, by its URL */
	bool national;	/* a known national one */
	bool concrete;	/* a known national one that is not abstract */
	bool suggested; /* a profile, in the hint of an issue */
	const struct json *abstract;
};

static const struct sd *sd_at(const struct profiles *p, ref r)
{
	return r ? rec_at(p, r) : NULL;
}

/* ---- what is named ---------------------------------------------------- */

static const struct json *profiles_of(const struct json *resource)
{
	const struct json *v = json_get(json_get(resource, "meta"), "profile");
	return v && json_kind(v) == JSON_ARRAY ? v : NULL;
}

static const char *url_of(const struct json *v)
{
	return v && json_kind(v) == JSON_STRING ? json_text(v) : NULL;
}

static void take_stock(struct check *c, const struct json *list, unsigned type,
		       struct named *out)
{
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		if (url_of(v) && text_begins(url_of(v), NATIONAL_BASE))
			out->services = true;
		const struct sd *sd =
		    sd_at(c->p, url_of(v) ? find_sd(c->p, url_of(v)) : 0);
		if (!sd || !(sd->flags & SD_NATIONAL) || sd->type != type)
			continue;
		out->national = true;
		if (sd->flags & SD_ABSTRACT)
			out->abstract = v;
		else
			out->concrete = true;
	}
}

/* ---- rules ------------------------------------------------------------ */

/* Definitions are no data of anybody: no national profile is for them. */
static bool is_definition(const struct profiles *p, unsigned type)
{
	return type == p->known[T_STRUCTUREDEFINITION] ||
	       type == p->known[T_VALUESET] || type == p->known[T_CODESYSTEM];
}

bool profile_demanded(const struct check *c, const char *type)
{
	const unsigned is = find_type(c->p, type, strlen(type));

	if (is != NO_TYPE && is_definition(c->p, is))
		return false;
	if (c->o->required == REQUIRED_NOT_PATIENT)
		return strcmp(type, "Patient") != 0;
	return c->o->required == REQUIRED_ALL;
}

static const struct at *top_of(const struct at *at)
{
	while (at->up)
		at = at->up;
	return at;
}

/* The hint that names profiles; the one that is nearest once in a check. */
static const char *profile_hint(struct check *c, const char *url, unsigned type,
				const struct json *resource,
				struct named *named, const struct at *at)
{
	const bool trials = !named->suggested;

	named->suggested = true;
	return suggest_profile(c, url, type, trials ? resource : NULL,
			       top_of(at));
}

static void check_required(struct check *c, const struct json *resource,
			   unsigned type, struct named *named,
			   const struct at *at)
{
	const struct json *list = profiles_of(resource);
	const struct json *meta = json_get(resource, "meta");

	if (named->abstract && !named->concrete)
		report(c, RULE_PROFILE_ABSTRACT, at, named->abstract, NULL,
		       profile_hint(c, NULL, type, resource, named, at),
		       "Profile %.200s is abstract: it is the base of others",
		       url_of(named->abstract));
	if (named->national ||
	    !profile_demanded(c, text_at(c->p, c->p->types[type].name)))
		return;
	report(c, RULE_PROFILE_REQUIRED, at,
	       list   ? list
	       : meta ? meta
		      : resource,
	       "a Finnish PHR profile",
	       profile_hint(c, url_of(json_first(list)), type, resource, named,
			    at),
	       "A resource SHALL always reference to a Finnish PHR profile");
}

/* Which application made it: an extension of the resource. */
static void check_creator(struct check *c, const struct json *resource,
			  unsigned type, const struct at *at)
{
	const struct json *list = json_get(resource, "extension");
	const struct at here = {at, "extension", -1};

	if (!c->o->creator_required ||
	    !profile_has_creator(c->p, text_at(c->p, c->p->types[type].name)))
		return;
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (text_is(json_get_text(v, "url"), PROFILE_CREATOR))
			return;
	report(c, RULE_CREATOR, &here, list ? list : resource, PROFILE_CREATOR,
	       "add the extension with two parts, \"name\" and "
	       "\"applicationId\" (valueString)",
	       "The application that made the resource SHALL be named");
}

/* A profile of somebody else, beside one of the service. */
static bool is_refused(struct check *c, const char *url,
		       const struct named *named, const struct json *where,
		       const struct at *at)
{
	if (!c->o->foreign_rejected || !named->services ||
	    text_begins(url, NATIONAL_BASE))
		return false;
	report_as(c, ISSUE_ERROR, RULE_PROFILE_FOREIGN, at, where,
		  "Finnish PHR profiles alone",
		  "remove it from \"meta.profile\"",
		  "Profile %.300s is no Finnish PHR profile", url);
	return true;
}

static void unresolved(struct check *c, const char *url, unsigned type,
		       struct named *named, const struct json *resource,
		       const struct json *v, const struct at *at)
{
	if (named->national && !text_begins(url, NATIONAL_BASE)) {
		report(c, RULE_PROFILE_FOREIGN, at, v, NULL, NULL,
		       "Profile %.300s is not known here and was not checked",
		       url);
		return;
	}
	report_as(c, c->o->unknown_warns ? ISSUE_WARNING : ISSUE_ERROR,
		  RULE_PROFILE_UNKNOWN, at, v, "a known profile",
		  profile_hint(c, url, type, resource, named, at),
		  "StructureDefinition reference \"%.300s\" could not be "
		  "resolved",
		  url);
}

/* True: there is nothing to do. */
static bool is_applied(struct check *c, struct named *named, ref r,
		       const struct json *where, const struct at *at)
{
	for (size_t i = 0; i < named->n; i++) {
		if (named->applied[i] == r)
			return true;
	}
	if (named->n == APPLIED_MAX) {
		report(c, RULE_WORK, at, where, "fewer profiles",
		       "name the profiles that matter",
		       "More than %d profiles are named: the rest is not "
		       "checked",
		       APPLIED_MAX);
		return true;
	}
	named->applied[named->n++] = r;
	return false;
}

/* One profile by its URL, from meta.profile or from the caller. */
static void apply(struct check *c, const char *url, const struct json *resource,
		  unsigned type, struct named *named, const struct json *where,
		  const struct at *at)
{
	ref r = find_sd(c->p, url);
	const struct sd *sd = sd_at(c->p, r);

	if (!sd || !sd->root) {
		unresolved(c, url, type, named, resource, where, at);
		return;
	}
	if (!type_is_a(c->p, type, sd->type)) {
		const char *want = text_at(c->p, c->p->types[sd->type].name);
		report(c, RULE_PROFILE_TYPE, at, where, want,
		       arena_printf(
			   c->a, "write resourceType \"%s\"; or %s", want,
			   profile_hint(c, NULL, type, resource, named, at)),
		       "Specified profile type was '%s', but found type '%s'",
		       want, text_at(c->p, c->p->types[type].name));
		return;
	}
	if (is_applied(c, named, r, where, at))
		return;
	size_t before = c->out->n;
	check_definition(c, r, resource, top_of(at));
	if (sd->flags & SD_NATIONAL)
		suggest_another(c, before, type, resource, top_of(at));
}

/* ---- Bundles that are carried out -------------------------------------- */

static bool is_carried_out(const struct json *resource)
{
	const char *kind = json_get_text(resource, "type");

	return text_is(json_get_text(resource, "resourceType"), "Bundle") &&
	       (text_is(kind, "batch") || text_is(kind, "transaction"));
}

static void check_entry(struct check *c, const struct json *resource,
			bool *suggested, const struct at *at)
{
	const struct at meta = {at, "meta", -1};
	const struct at profile = {&meta, "profile", -1};
	const unsigned type = resource_type(c->p, resource);
	struct named named = {.suggested = *suggested};

	if (type == NO_TYPE)
		return;
	take_stock(c, profiles_of(resource), type, &named);
	check_required(c, resource, type, &named, &profile);
	check_creator(c, resource, type, at);
	*suggested = named.suggested;
}

static void check_entries(struct check *c, const struct json *bundle,
			  const struct at *at)
{
	const struct json *list = json_get(bundle, "entry");
	bool suggested = false;
	long i = 0;

	if (!list || json_kind(list) != JSON_ARRAY)
		return;
	for (const struct json *e = json_first(list); e && !c->stop;
	     e = json_next(e), i++) {
		const struct at entry = {at, "entry", i};
		const struct at here = {&entry, "resource", -1};
		const struct json *r = json_get(e, "resource");
		if (r && json_kind(r) == JSON_OBJECT)
			check_entry(c, r, &suggested, &here);
	}
}

/* ---- all --------------------------------------------------------------- */

void check_profiles(struct check *c, const struct json *resource, unsigned type,
		    const struct at *at)
{
	const struct at meta = {at, "meta", -1};
	const struct at profile = {&meta, "profile", -1};
	const struct json *list = profiles_of(resource);
	struct named named = {.n = 0};
	long i = 0;

	c->sd = NULL;
	take_stock(c, list, type, &named);
	for (const struct json *v = json_first(list); v && !c->stop;
	     v = json_next(v), i++) {
		const struct at here = {&meta, "profile", i};
		if (url_of(v) && !is_refused(c, url_of(v), &named, v, &here))
			apply(c, url_of(v), resource, type, &named, v, &here);
	}
	c->sd = NULL;
	if (is_carried_out(resource)) {
		check_entries(c, resource, at);
	} else {
		check_required(c, resource, type, &named, &profile);
		check_creator(c, resource, type, at);
	}
	for (size_t k = 0; k < c->o->extra_count && !c->stop; k++)
		apply(c, c->o->extra[k], resource, type, &named, resource, at);
	/* what an implementation guide demands of every resource of the type */
	const char *name = text_at(c->p, c->p->types[type].name);
	for (size_t k = 0; c->rules == RULES_CURRENT && k < c->p->n_globals;
	     k++) {
		const struct global *g = &c->p->globals[k];
		const char *url = text_at(c->p, g->profile);
		if (g->type && url && strcmp(text_at(c->p, g->type), name) == 0)
			apply(c, url, resource, type, &named, resource, at);
	}
}
