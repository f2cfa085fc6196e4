/* SPDX-License-Identifier: Apache-2.0
 *
 * define_map.c: a concept map judged as an instance: its codes, on both sides,
 * are codes of their code systems, if those are loaded whole and in the version
 * that is meant, and of the value sets that the map is said to be from and to;
 * and what stands there as a value set is one. Today's validator looks; that of
 * 2018 did not. FHIR R4 ConceptMap 4.10; STU3 the same.
 */
#include "profile_int.h"

#include <stdio.h>
#include <string.h>

/* One side of the map. */
struct side {
	const char *word; /* "source", "target": of the group and of the map */
	const struct value_set *vs; /* or NULL */
	const struct code_system *cs;
};

static const char *scope_url(const struct json *map, const char *word,
			     const struct json **where)
{
	static const char *const tails[] = {"Uri", "Canonical", "Reference"};
	char name[32];

	for (size_t i = 0; i < LEN(tails); i++) {
		snprintf(name, sizeof(name), "%s%s", word, tails[i]);
		*where = json_get(map, name);
		if (*where && json_kind(*where) == JSON_OBJECT)
			return json_get_text(*where, "reference");
		if (*where)
			return json_text(*where);
	}
	return NULL;
}

static void find_scope(struct check *c, const struct json *map, struct side *x,
		       const struct at *up)
{
	const struct json *where;
	const char *url = scope_url(map, x->word, &where);
	const struct at at = {up, x->word, -1};

	if (!url)
		return;
	ref r = find_vs(c->p, url);
	if (r)
		x->vs = rec_at(c->p, r);
	else if (find_cs(c->p, url) || find_sd(c->p, url))
		report(c, RULE_CM_SCOPE, &at, where, "the URL of a value set",
		       "name the value set of these codes",
		       "The %s of the concept map, %.300s, is no value set",
		       x->word, url);
}

static void find_system(const struct check *c, const struct json *group,
			struct side *x)
{
	const char *url = json_get_text(group, x->word);
	const char *version = json_get_text(
	    group, *x->word == 's' ? "sourceVersion" : "targetVersion");
	ref r = url ? find_cs(c->p, url) : 0;

	x->cs = r ? rec_at(c->p, r) : NULL;
	if (x->cs &&
	    (x->cs->content != CONTENT_COMPLETE ||
	     (version && !text_same(version, text_at(c->p, x->cs->version)))))
		x->cs = NULL;
}

static void check_code(struct check *c, const struct side *x,
		       const struct json *v, const struct at *at)
{
	const char *code = json_get_text(v, "code");
	const struct at here = {at, "code", -1};

	if (!code || !x->cs)
		return;
	const char *url = text_at(c->p, x->cs->url);
	if (!concept_find(c->p, x->cs, code))
		report(c, RULE_CM_CODE, &here, json_get(v, "code"),
		       "a code of the system", "use a code of the system",
		       "The %s code '%.100s' is not valid in the code system "
		       "%.300s",
		       x->word, code, url);
	else if (x->vs && value_set_has(c->p, x->vs, url, code) == 0)
		report(c, RULE_CM_CODE, &here, json_get(v, "code"),
		       "a code of the value set", "use a code of the value set",
		       "The %s code '%.100s' is not valid in the value set "
		       "%.300s",
		       x->word, code, text_at(c->p, x->vs->url));
}

static void check_group(struct check *c, const struct json *group,
			struct side *sides, const struct at *at)
{
	const struct json *e = json_first(json_get(group, "element"));

	find_system(c, group, &sides[0]);
	find_system(c, group, &sides[1]);
	if (!sides[0].cs && !sides[1].cs)
		return;
	for (long i = 0; e && !c->stop; e = json_next(e), i++) {
		const struct at here = {at, "element", i};
		const struct json *t = json_first(json_get(e, "target"));
		check_code(c, &sides[0], e, &here);
		for (long k = 0; t; t = json_next(t), k++) {
			const struct at target = {&here, "target", k};
			check_code(c, &sides[1], t, &target);
		}
	}
}

void check_concept_map(struct check *c, const struct spot *s)
{
	struct side sides[] = {{.word = "source"}, {.word = "target"}};
	const struct json *g = json_first(json_get(s->value, "group"));

	if (c->rules != RULES_CURRENT)
		return;
	find_scope(c, s->value, &sides[0], s->at);
	find_scope(c, s->value, &sides[1], s->at);
	for (long i = 0; g && !c->stop; g = json_next(g), i++) {
		const struct at here = {s->at, "group", i};
		check_group(c, g, sides, &here);
	}
}
