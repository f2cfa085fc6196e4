/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases of the joint-testing report, read from data.
 *
 * fixtures/report/cases.json has the four mandatory groups, and for each case
 * what is required in three languages, where that is known from, which requests
 * it is about (a match, as faults and the journal have it) and which answers
 * are as required. fixtures/README.md describes the members. The file is ours,
 * but whoever edits it makes mistakes: what is unknown or missing is named by
 * its place, and nothing is passed over.
 *
 * Facts: stand-in.md 11, kanta.md 6.
 */
#include "admin/report_int.h"

#include <stdio.h>

static bool wrong(struct rq *rq, const char *where, const char *what)
{
	return err_set(&rq->err, ERR_INTERNAL, "report_cases", where,
		       "fixtures/report/cases.json: %s: %s", where, what);
}

static const struct report_source *source_find(const struct report_cases *c,
					       const char *id)
{
	for (size_t i = 0; id && i < c->sources; i++)
		if (strcmp(c->source[i].id, id) == 0)
			return &c->source[i];
	return NULL;
}

static const struct report_group *group_find(const struct report_cases *c,
					     const char *id)
{
	for (size_t i = 0; id && i < c->groups; i++)
		if (strcmp(c->group[i].id, id) == 0)
			return &c->group[i];
	return NULL;
}

/* ---- words ---- */

struct bit {
	const char *name;
	unsigned bit;
};
static const struct bit pers[] = {{"application", PER_APPLICATION},
				  {"type", PER_TYPE},
				  {"profile", PER_PROFILE}};
static const struct bit needs[] = {
    {"create", IA_CREATE},  {"read", IA_READ},	   {"vread", IA_VREAD},
    {"update", IA_UPDATE},  {"delete", IA_DELETE}, {"search", IA_SEARCH},
    {"history", IA_HISTORY}};
static const struct bit looks[] = {{"national", LOOK_NATIONAL},
				   {"display", LOOK_DISPLAY}};

/* Of one word or of a list of them; 0: one is unknown. */
static unsigned bits(const struct bit *table, size_t n, const struct json *v)
{
	const bool list = json_kind(v) == JSON_ARRAY;
	unsigned out = 0, one;

	for (v = list ? json_first(v) : v; v; v = list ? json_next(v) : NULL) {
		one = 0;
		for (size_t i = 0; i < n; i++)
			if (text_is(json_text(v), table[i].name))
				one = table[i].bit;
		if (one == 0)
			return 0;
		out |= one;
	}
	return out;
}

static bool truth(const struct json *object, const char *name)
{
	const struct json *v = json_get(object, name);

	return v && json_kind(v) == JSON_TRUE;
}

static bool languages(const struct json *v)
{
	return json_get_text(v, "en") && json_get_text(v, "fi") &&
	       json_get_text(v, "sv");
}

/* ---- one case ---- */

static bool known_members(struct rq *rq, const struct json *v,
			  const char *where)
{
	static const char *const names[] = {
	    "id",     "group",	 "column",  "per",	   "needs",   "mark",
	    "source", "match",	 "expect",  "requirement", "batch",   "neither",
	    "all",    "refused", "anybody", "look",	   "redirect"};

	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		bool known = false;

		for (size_t i = 0; i < LEN(names); i++)
			known |= strcmp(json_name(m), names[i]) == 0;
		if (!known)
			return wrong(rq,
				     arena_cat(rq->arena, where, "/",
					       json_name(m), NULL),
				     "there is no such member");
	}
	return true;
}

static bool whole(struct rq *rq, const struct json *v, const char *where,
		  const struct report_case *c)
{
	if (!c->id || !c->mark)
		return wrong(rq, where, "needs an id and a mark");
	if (!c->group || !c->source)
		return wrong(rq, where,
			     "needs a group and a source that exist");
	if (!languages(c->requirement))
		return wrong(rq, where, "needs a requirement in en, fi and sv");
	if (!c->per)
		return wrong(rq, where, "per is application, type or profile");
	if (json_get(v, "needs") && !c->needs)
		return wrong(rq, where, "needs names an unknown interaction");
	if (json_get(v, "look") && c->look == LOOK_NONE)
		return wrong(rq, where, "look is national or display");
	return (c->expect && json_get(v, "match")) ||
	       wrong(rq, where, "needs match and expect");
}

static bool read_case(struct rq *rq, const struct json *v, const char *where,
		      struct report_cases *all)
{
	struct report_case *c = &all->of[all->n++];

	*c = (struct report_case){
	    .id = json_get_text(v, "id"),
	    .mark = json_get_text(v, "mark"),
	    .column = json_get_text(v, "column"),
	    .requirement = json_get(v, "requirement"),
	    .group = group_find(all, json_get_text(v, "group")),
	    .source = source_find(all, json_get_text(v, "source")),
	    .expect = json_get(v, "expect"),
	    .neither = json_get(v, "neither"),
	    .redirect = json_get(v, "redirect"),
	    .refused = truth(v, "refused"),
	    .all = truth(v, "all"),
	    .batch = truth(v, "batch"),
	    .anybody = truth(v, "anybody"),
	};
	if (json_get(v, "per"))
		c->per = bits(pers, LEN(pers), json_get(v, "per"));
	if (json_get(v, "needs"))
		c->needs = bits(needs, LEN(needs), json_get(v, "needs"));
	if (json_get(v, "look"))
		c->look = (enum report_look)bits(looks, LEN(looks),
						 json_get(v, "look"));
	if (!known_members(rq, v, where) || !whole(rq, v, where, c))
		return false;
	c->match = match_read(rq, rq->arena, json_get(v, "match"),
			      arena_cat(rq->arena, where, "/match", NULL));
	return c->match != NULL;
}

/* ---- the file ---- */

static bool read_sources(struct rq *rq, struct report_cases *all)
{
	const struct json *v = json_first(json_get(all->doc, "sources"));

	for (; v; v = json_next(v)) {
		struct report_source *s = &all->source[all->sources++];

		*s = (struct report_source){json_get_text(v, "id"),
					    json_get_text(v, "title"),
					    json_get_text(v, "url")};
		if (!s->id || !s->title || !s->url)
			return wrong(rq, "/sources", "id, title and url");
		if (all->sources == LEN(all->source))
			break;
	}
	return true;
}

static bool read_groups(struct rq *rq, struct report_cases *all)
{
	const struct json *v = json_first(json_get(all->doc, "groups"));

	for (; v; v = json_next(v)) {
		struct report_group *g = &all->group[all->groups++];

		*g = (struct report_group){
		    .id = json_get_text(v, "id"),
		    .mark = json_get_text(v, "mark"),
		    .title = json_get(v, "title"),
		    .source = source_find(all, json_get_text(v, "source")),
		};
		if (!g->id || !g->mark || !languages(g->title) || !g->source)
			return wrong(rq, "/groups",
				     "id, title, source and mark");
		if (all->groups == LEN(all->group))
			break;
	}
	return true;
}

bool report_cases_read(struct rq *rq, const char *text, size_t n,
		       struct report_cases *out)
{
	const struct json *v;

	*out = (struct report_cases){
	    .doc = json_parse(rq->arena, text, n, &rq->err)};
	if (!out->doc)
		return false;
	if (!languages(json_get(out->doc, "title")) ||
	    !languages(json_get(out->doc, "notice")))
		return wrong(rq, "/title, /notice", "in en, fi and sv");
	if (!read_sources(rq, out) || !read_groups(rq, out))
		return false;
	v = json_first(json_get(out->doc, "cases"));
	for (size_t i = 0; v; v = json_next(v), i++) {
		if (i == REPORT_CASES)
			return wrong(rq, "/cases", "too many");
		if (!read_case(rq, v, arena_printf(rq->arena, "/cases/%zu", i),
			       out))
			return false;
	}
	return true;
}

const char *report_text(const struct json *v, const struct page_locale *l)
{
	const char *text = json_get_text(v, page_language_code(l->language));

	return text ? text : text_or_empty(json_get_text(v, "en"));
}
