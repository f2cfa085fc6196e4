/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.c: meta.profile: which profiles are demanded, allowed and applied.
 *
 * The national service takes only resources that name a national profile of
 * their type; a foreign profile beside it is allowed and not looked at. A
 * profile that is not known here cannot be checked: that is an error or, if the
 * caller likes, a warning. An abstract profile is the base of others; naming it
 * alone says nothing about the kind of data.
 */
#include "profile_int.h"

#include <string.h>

#define NATIONAL_BASE "http://phr.kanta.fi/"
#define APPLIED_MAX   64

struct named {
	ref applied[APPLIED_MAX];
	size_t n;
	bool national; /* a known national one */
	bool concrete; /* a known national one that is not abstract */
	const struct json *abstract;
};

static bool is_below(const char *url, const char *base)
{
	return strncmp(url, base, strlen(base)) == 0;
}

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
	return json_kind(v) == JSON_STRING ? json_text(v) : NULL;
}

static void take_stock(struct check *c, const struct json *list, unsigned type,
		       struct named *out)
{
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
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

/* ---- hints ------------------------------------------------------------ */

static bool is_base_of_one(const struct profiles *p, const struct table *t,
			   const char *url)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct sd *sd = rec_at(p, t->v[i]);
		const char *base = text_at(p, sd->base);
		if (base && strcmp(base, url) == 0 &&
		    is_below(text_at(p, sd->url), NATIONAL_BASE))
			return true;
	}
	return false;
}

/* What the national content itself builds upon is not meant for instances, even
 * where it is not marked abstract: it is taken, but nobody is sent there. */
static bool is_base(const struct profiles *p, const char *url)
{
	return is_base_of_one(p, &p->sd, url) ||
	       is_base_of_one(p, &p->image_sd, url);
}

static void list_national(const struct profiles *p, const struct table *t,
			  unsigned type, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct sd *sd = rec_at(p, t->v[i]);
		if (!(sd->flags & SD_NATIONAL) || sd->type != type ||
		    (sd->flags & SD_ABSTRACT) ||
		    is_base(p, text_at(p, sd->url)))
			continue;
		buf_puts(out, out->len > 0 ? ", " : "name one of: ");
		buf_puts(out, text_at(p, sd->url));
	}
}

/* The national profiles of a type. */
static const char *national_hint(struct check *c, unsigned type)
{
	struct buf b;
	buf_init(&b, c->a);
	list_national(c->p, &c->p->sd, type, &b);
	list_national(c->p, &c->p->image_sd, type, &b);
	if (b.len == 0)
		buf_puts(&b, "there is no national profile for this type");
	return b.p;
}

/* ---- rules ------------------------------------------------------------ */

bool profile_demanded(const struct check *c, const char *type)
{
	if (c->o->required == REQUIRED_NOT_PATIENT)
		return strcmp(type, "Patient") != 0;
	return c->o->required == REQUIRED_ALL;
}

static void check_required(struct check *c, const struct json *resource,
			   unsigned type, const struct named *named,
			   const struct at *at)
{
	const struct json *list = profiles_of(resource);
	const struct json *meta = json_get(resource, "meta");

	if (named->abstract && !named->concrete)
		report(c, RULE_PROFILE_ABSTRACT, at, named->abstract, NULL,
		       national_hint(c, type),
		       "Profile %.200s is abstract: it is the base of others",
		       url_of(named->abstract));
	if (named->national ||
	    !profile_demanded(c, text_at(c->p, c->p->types[type].name)))
		return;
	report(c, RULE_PROFILE_REQUIRED, at,
	       list   ? list
	       : meta ? meta
		      : resource,
	       "a Finnish PHR profile", national_hint(c, type),
	       "A resource SHALL always reference to a Finnish PHR profile");
}

static void unresolved(struct check *c, const char *url, unsigned type,
		       const struct named *named, const struct json *v,
		       const struct at *at)
{
	if (named->national && !is_below(url, NATIONAL_BASE)) {
		report(c, RULE_PROFILE_FOREIGN, at, v, NULL, NULL,
		       "Profile %.300s is not known here and was not checked",
		       url);
		return;
	}
	report_as(c, c->o->unknown_warns ? ISSUE_WARNING : ISSUE_ERROR,
		  RULE_PROFILE_UNKNOWN, at, v, "a known profile",
		  national_hint(c, type),
		  "StructureDefinition reference \"%.300s\" could not be "
		  "resolved",
		  url);
}

static bool is_applied(struct named *named, ref r)
{
	for (size_t i = 0; i < named->n; i++) {
		if (named->applied[i] == r)
			return true;
	}
	if (named->n == APPLIED_MAX)
		return true;
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
	const struct at *top = at;

	if (!sd || !sd->root) {
		unresolved(c, url, type, named, where, at);
		return;
	}
	if (!type_is_a(c->p, type, sd->type)) {
		const char *want = text_at(c->p, c->p->types[sd->type].name);
		report(c, RULE_PROFILE_TYPE, at, where, want,
		       national_hint(c, type),
		       "Specified profile type was '%s', but found type '%s'",
		       want, text_at(c->p, c->p->types[type].name));
		return;
	}
	while (top->up)
		top = top->up;
	if (!is_applied(named, r))
		check_definition(c, r, resource, top);
}

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
	check_required(c, resource, type, &named, &profile);
	for (const struct json *v = json_first(list); v && !c->stop;
	     v = json_next(v), i++) {
		const struct at here = {&meta, "profile", i};
		if (url_of(v))
			apply(c, url_of(v), resource, type, &named, v, &here);
	}
	for (size_t k = 0; k < c->o->extra_count && !c->stop; k++)
		apply(c, c->o->extra[k], resource, type, &named, resource, at);
}
