/* SPDX-License-Identifier: Apache-2.0
 *
 * suggest.c: which national profile was meant, when a resource names none, or
 * one that is not known.
 *
 * A profile whose name differs by a few letters is a misspelled one; it may be
 * one of the other FHIR version. Else the
 * resource is checked against each national profile of its type, and the one
 * with the fewest problems is named with their number: whoever asks sees how
 * far it is. One that demands another code is about something else, however few
 * its problems are, and comes after all that are not. The same trial tells
 * whether a resource names one profile and conforms to another. Abstract
 * profiles, and those that the national content itself builds upon, are not
 * meant for instances and not suggested.
 *
 * It is the answer to a person, so it is worked out for the first such issue of
 * a check alone, for TRIALS profiles at most, and when explanations are wanted.
 */
#include "profile_int.h"

#include <string.h>

#define NATIONAL_BASE "http://phr.kanta.fi/"
#define TRIALS	      64
#define EDITS_MAX     4

static bool is_base_of_one(const struct profiles *p, const struct table *t,
			   const char *url)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct sd *sd = rec_at(p, t->v[i]);
		const char *base = text_at(p, sd->base);
		if (base && strcmp(base, url) == 0 &&
		    text_begins(text_at(p, sd->url), NATIONAL_BASE))
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

/* The i-th national profile that is meant for resources of a type; 0 behind the
 * last. */
static ref meant_for(const struct profiles *p, unsigned type, size_t i)
{
	const struct table *const tables[] = {&p->sd, &p->image_sd};

	for (size_t t = 0; t < LEN(tables); t++) {
		for (size_t k = 0; k < tables[t]->n; k++) {
			ref r = tables[t]->v[k];
			const struct sd *sd = rec_at(p, r);
			if (!(sd->flags & SD_NATIONAL) || sd->type != type ||
			    (sd->flags & SD_ABSTRACT) || !sd->root ||
			    is_base(p, text_at(p, sd->url)))
				continue;
			if (i-- == 0)
				return r;
		}
	}
	return 0;
}

static const char *url_of(const struct profiles *p, ref sd)
{
	const struct sd *s = rec_at(p, sd);
	return text_at(p, s->url);
}

static const char *national_profiles(struct check *c, unsigned type)
{
	struct buf b;
	ref r;

	buf_init(&b, c->a);
	for (size_t i = 0; (r = meant_for(c->p, type, i)); i++) {
		buf_puts(&b, i > 0 ? ", " : "name one of: ");
		buf_puts(&b, url_of(c->p, r));
	}
	if (b.len == 0)
		buf_puts(&b, "there is no national profile for this type");
	return b.p;
}

/* ---- the one that was meant -------------------------------------------- */

static const char *tail(const char *url)
{
	const char *slash = strrchr(url, '/');
	return slash ? slash + 1 : url;
}

/* By its spelling; NULL: none is near. A slash at the end is no name. */
static const char *misspelled(const struct check *c, const char *url,
			      unsigned type)
{
	size_t whole = canonical_len(url);
	while (whole > 0 && url[whole - 1] == '/')
		whole--;
	const char *name = tail(arena_strndup(c->a, url, whole));
	const size_t n = strlen(name);
	struct nearest near = {.word = name};
	ref r;

	for (size_t i = 0; (r = meant_for(c->p, type, i)); i++)
		nearest_try(&near, tail(url_of(c->p, r)));
	if (!near.best || near.edits > EDITS_MAX || near.edits * 4 > n)
		return NULL;
	for (size_t i = 0; (r = meant_for(c->p, type, i)); i++)
		if (tail(url_of(c->p, r)) == near.best)
			return url_of(c->p, r);
	return NULL;
}

/* How many errors the resource would have by it, beside those that it has by
 * its type. What stands in meta is not counted: it is what is being mended. */
struct distance {
	size_t problems;
	size_t weight; /* a wrong value is less than one missing or forbidden */
	bool other_code; /* it is about something else */
};

static bool farther(const struct distance *x, const struct distance *y)
{
	if (x->other_code != y->other_code)
		return x->other_code;
	return x->weight >= y->weight;
}

/* None of its codes is one of those that the profile is about. */
static bool is_other_code(const struct issue *i)
{
	const char *path = strchr(i->path, '.');

	return path && strcmp(path, ".code") == 0 &&
	       strcmp(i->rule, rule_table[RULE_BINDING_EXTENSIBLE].id) == 0;
}

static struct distance distance(const struct check *c, ref sd,
				const struct json *resource,
				const struct at *top)
{
	struct check trial = *c;
	struct issues found = {0};
	struct distance d = {0};

	trial.a = arena_new(0);
	trial.out = &found;
	trial.keys = NULL;
	trial.stop = false;
	check_definition(&trial, sd, resource, top);
	for (size_t i = 0; i < found.n; i++) {
		const char *path = strchr(found.v[i].path, '.');
		d.other_code |= is_other_code(&found.v[i]);
		if (found.v[i].severity > ISSUE_ERROR ||
		    (path && text_begins(path, ".meta")))
			continue;
		d.problems++;
		d.weight += strcmp(found.v[i].code, "value") == 0 ? 1 : 3;
		d.other_code |= path && text_begins(path, ".code");
		d.other_code |=
		    found.v[i].key && strstr(found.v[i].text, "[code.coding");
		d.other_code |=
		    found.v[i].key && strstr(found.v[i].text, "[(code.coding");
	}
	arena_free(trial.a);
	return d;
}

static ref fewest_problems(struct check *c, unsigned type,
			   const struct json *resource, const struct at *top,
			   struct distance *least)
{
	ref best = 0, r;

	for (size_t i = 0; i < TRIALS && (r = meant_for(c->p, type, i)); i++) {
		const struct distance d = distance(c, r, resource, top);
		if (best && farther(&d, least))
			continue;
		*least = d;
		best = r;
	}
	return best;
}

static const char *by_trial(struct check *c, unsigned type,
			    const struct json *resource, const struct at *top,
			    const char *all)
{
	struct distance least = {0};
	ref best = fewest_problems(c, type, resource, top, &least);

	if (!best)
		return all;
	if (least.problems == 0)
		return say(c, "it conforms to %.300s: name that profile",
			   url_of(c->p, best));
	return arena_printf(c->a, "%sthe nearest is %s, with %zu problem%s; %s",
			    least.other_code ? "none fits its code; " : "",
			    url_of(c->p, best), least.problems,
			    least.problems == 1 ? "" : "s", all);
}

/* A profile of the other FHIR version. */
static bool is_other(const struct check *c, const char *url)
{
	struct profile_info info;
	return url && c->o->other && profile_find(c->o->other, url, &info) &&
	       info.national;
}

const char *suggest_profile(struct check *c, const char *url, unsigned type,
			    const struct json *resource, const struct at *top)
{
	const char *all = national_profiles(c, type);
	const bool other = is_other(c, url);
	const char *meant = NULL;

	if (!c->o->explain || c->dry)
		return all;
	if (url && !other)
		meant = misspelled(c, url, type);
	/* bodyheight is no misspelled bodyweight */
	if (meant && resource &&
	    distance(c, find_sd(c->p, meant), resource, top).other_code)
		meant = NULL;
	if (meant)
		return say(c, "did you mean %.400s?", meant);
	if (resource)
		all = by_trial(c, type, resource, top, all);
	if (!other)
		return all;
	return arena_printf(c->a,
			    "that is a profile of %s: send the resource there; "
			    "here %s",
			    c->p->version == FHIR_R4 ? "STU3" : "R4", all);
}

const char *suggest_extension(struct check *c, const char *url)
{
	const char *meant = NULL;

	if (c->o->explain && !c->dry && !c->stop)
		meant = misspelled(c, url, c->p->known[T_EXTENSION]);
	return meant ? say(c, "did you mean %.400s?", meant) : NULL;
}

/* ---- the wrong one ------------------------------------------------------ */

static bool refuses_code(const struct issue *i)
{
	const char *path = strchr(i->path, '.');
	return i->severity <= ISSUE_ERROR && path && text_begins(path, ".code");
}

void suggest_another(struct check *c, size_t before, unsigned type,
		     const struct json *resource, const struct at *top)
{
	struct distance least = {0};

	if (!c->o->explain || c->dry || c->stop)
		return;
	while (before < c->out->n && !refuses_code(&c->out->v[before]))
		before++;
	if (before == c->out->n)
		return;
	struct issue *i = &c->out->v[before];
	ref best = fewest_problems(c, type, resource, top, &least);
	if (!best || least.problems > 0)
		return;
	i->hint =
	    arena_printf(c->a, "it conforms to %s: name that profile, or %s",
			 url_of(c->p, best), i->hint ? i->hint : "mend it");
	c->keys[before].first = true;
}
