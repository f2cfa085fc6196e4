/* SPDX-License-Identifier: Apache-2.0
 *
 * define_terms.c: value sets, code systems and search parameters judged as
 * instances: what today's validator says of them beyond their definitions.
 *
 * A value set may only name codes that their system has, if that system is
 * loaded whole; its systems are code systems, and what it imports are value
 * sets. A code system's count is that of its concepts, and what is told of a
 * supplement agrees with what it supplements. A search parameter's expression
 * compiles, and a composite one has parts. Under the rules of kanta nothing is
 * looked at.
 *
 * FHIR R4 ValueSet 4.9, CodeSystem 4.8, SearchParameter 3.12; STU3 the same.
 */
#include "profile_int.h"

#include <stdlib.h>
#include <string.h>

static bool is_off(const struct check *c)
{
	return rule_table[RULE_VS_CODE].severity[c->rules] == ISSUE_NONE;
}

static const struct code_system *whole_system(const struct check *c,
					      const char *url)
{
	ref r = url ? find_cs(c->p, url) : 0;
	const struct code_system *cs = r ? rec_at(c->p, r) : NULL;

	return cs && cs->content == CONTENT_COMPLETE ? cs : NULL;
}

static bool is_supplement(const struct check *c, const char *url)
{
	ref r = find_cs(c->p, url);
	const struct code_system *cs = r ? rec_at(c->p, r) : NULL;

	return cs && cs->content == CONTENT_SUPPLEMENT;
}

/* ---- value sets --------------------------------------------------------- */

static void check_include_system(struct check *c, const struct json *include,
				 const char *system, const struct at *at)
{
	const struct json *v = json_get(include, "system");

	if (!is_absolute(system))
		report(c, RULE_VS_SYSTEM, at, v, "an absolute URI", NULL,
		       "The system URL '%.200s' needs to be absolute", system);
	else if (strchr(system, '|'))
		report(c, RULE_VS_SYSTEM, at, v, "the URL alone",
		       "put the version into \"version\"",
		       "The system URL '%.200s' carries a version", system);
	else if (find_vs(c->p, system) && !find_cs(c->p, system))
		report(c, RULE_VS_SYSTEM, at, v, "the URL of a code system",
		       "name it in \"valueSet\"",
		       "The system '%.200s' is a value set, not a code system",
		       system);
	else if (is_supplement(c, system))
		report(c, RULE_VS_SYSTEM, at, v, "the code system itself",
		       "name the system that is supplemented",
		       "The system '%.200s' supplements another one and has no "
		       "codes of its own",
		       system);
}

static void check_imports(struct check *c, const struct json *include,
			  const struct at *at)
{
	const struct json *list = json_get(include, "valueSet");
	long i = 0;

	for (const struct json *v = json_first(list); v;
	     v = json_next(v), i++) {
		const struct at here = {at, "valueSet", i};
		const char *url =
		    json_kind(v) == JSON_STRING ? json_text(v) : NULL;
		if (url && *url != '#' && !find_vs(c->p, url))
			report(c, RULE_VS_UNKNOWN, &here, v, NULL, NULL,
			       "The value set '%.300s' is not known", url);
	}
}

static void check_codes(struct check *c, const struct json *include,
			const struct code_system *cs, const struct at *at)
{
	const struct json *list = json_get(include, "concept");
	long i = 0;

	for (const struct json *v = json_first(list); v;
	     v = json_next(v), i++) {
		const struct at here = {at, "concept", i};
		const char *code = json_get_text(v, "code");
		if (code && !concept_find(c->p, cs, code))
			report(c, RULE_VS_CODE, &here, v,
			       "a code of the system", NULL,
			       "The code '%.100s' is not valid in the system "
			       "%.300s",
			       code, text_at(c->p, cs->url));
	}
}

static bool is_hierarchical(const char *op)
{
	return text_is(op, "is-a") || text_is(op, "descendent-of") ||
	       text_is(op, "is-not-a") || text_is(op, "generalizes");
}

static void check_filters(struct check *c, const struct json *include,
			  const struct code_system *cs, const struct at *at)
{
	const struct json *list = json_get(include, "filter");
	long i = 0;

	for (const struct json *v = json_first(list); v;
	     v = json_next(v), i++) {
		const struct at here = {at, "filter", i};
		const char *op = json_get_text(v, "op");
		const char *property = json_get_text(v, "property");
		const char *value = json_get_text(v, "value");
		const bool concept = text_is(property, "concept");

		if (!op || !value)
			continue;
		if (text_is(op, "exists") && !text_is(value, "true") &&
		    !text_is(value, "false"))
			report(c, RULE_VS_FILTER, &here, v, "true or false",
			       NULL,
			       "The value of a filter with the operation "
			       "exists must be 'true' or 'false', not '%.100s'",
			       value);
		else if (text_is(op, "regex") && concept)
			report(c, RULE_VS_FILTER, &here, v, NULL,
			       "filter the property \"code\"",
			       "Cannot apply a regex filter to the property "
			       "'concept'");
		else if (concept && is_hierarchical(op) && cs &&
			 !concept_find(c->p, cs, value))
			report_as(c, ISSUE_WARNING, RULE_VS_FILTER, &here, v,
				  "a code of the system", NULL,
				  "The value '%.100s' of a filter is no code "
				  "of the system %.300s",
				  value, text_at(c->p, cs->url));
	}
}

static void check_include(struct check *c, const struct json *include,
			  const struct at *at)
{
	const char *system = json_get_text(include, "system");
	const struct code_system *cs = whole_system(c, system);

	if (system)
		check_include_system(c, include, system, at);
	check_imports(c, include, at);
	if (cs)
		check_codes(c, include, cs, at);
	check_filters(c, include, cs, at);
}

void check_value_set(struct check *c, const struct spot *s)
{
	static const char *const parts[] = {"include", "exclude"};
	const struct json *compose = json_get(s->value, "compose");
	const struct at up = {s->at, "compose", -1};

	if (is_off(c))
		return;
	for (size_t k = 0; k < LEN(parts); k++) {
		const struct json *v = json_first(json_get(compose, parts[k]));
		for (long i = 0; v && !c->stop; v = json_next(v), i++) {
			const struct at here = {&up, parts[k], i};
			check_include(c, v, &here);
		}
	}
}

/* ---- code systems ------------------------------------------------------- */

static size_t count_concepts(const struct json *of)
{
	size_t n = 0;

	for (const struct json *v = json_first(json_get(of, "concept")); v;
	     v = json_next(v))
		n += 1 + count_concepts(v);
	return n;
}

static void check_count(struct check *c, const struct json *cs,
			const char *content, const struct at *at)
{
	const struct json *count = json_get(cs, "count");
	const struct at here = {at, "count", -1};
	unsigned long stated;
	size_t n;

	if (!count || json_kind(count) != JSON_NUMBER)
		return;
	stated = strtoul(json_text(count), NULL, 10);
	n = count_concepts(cs);
	if (text_is(content, "complete") && n != stated)
		report(c, RULE_CS_COUNT, &here, count, say(c, "%zu", n), NULL,
		       "The code system is complete, but the number of "
		       "concepts (%zu) does not match the stated total number "
		       "(%lu)",
		       n, stated);
	else if ((text_is(content, "fragment") ||
		  text_is(content, "example")) &&
		 n >= stated)
		report_as(c, ISSUE_WARNING, RULE_CS_COUNT, &here, count, NULL,
			  NULL,
			  "The code system is a %s, but the number of concepts "
			  "(%zu) is not less than the stated total number "
			  "(%lu)",
			  content, n, stated);
}

static void check_supplement(struct check *c, const struct json *cs,
			     const char *content, const struct at *at)
{
	static const char *const not_there[] = {"caseSensitive",
						"hierarchyMeaning"};
	const char *of = json_get_text(cs, "supplements");
	const bool is = text_is(content, "supplement");

	if (content && is != (of != NULL))
		report(c, RULE_CS_SUPPLEMENT, at, cs, NULL, NULL,
		       is ? "The content is 'supplement', but it is not said "
			    "what is supplemented"
			  : "A code system that supplements another one must "
			    "have the content 'supplement'");
	for (size_t i = 0; of && i < LEN(not_there); i++) {
		const struct json *v = json_get(cs, not_there[i]);
		if (v)
			report(c, RULE_CS_SUPPLEMENT, at, v, NULL, NULL,
			       "A supplement must not have the element %s",
			       not_there[i]);
	}
	const struct code_system *whole = whole_system(c, of);
	const struct json *v = json_first(json_get(cs, "concept"));
	for (long i = 0; whole && v; v = json_next(v), i++) {
		const struct at here = {at, "concept", i};
		const char *code = json_get_text(v, "code");
		if (code && !concept_find(c->p, whole, code))
			report(c, RULE_CS_SUPPLEMENT, &here, v,
			       "a code of the supplemented system", NULL,
			       "The code '%.100s' is not in the supplemented "
			       "code system %.300s",
			       code, of);
	}
}

/* The value set of all its codes must be that. */
static void check_all_codes(struct check *c, const struct json *cs,
			    const struct at *at)
{
	const struct json *v = json_get(cs, "valueSet");
	const char *name = json_get_text(cs, "valueSet");
	const char *url = json_get_text(cs, "url");
	ref r = name ? find_vs(c->p, name) : 0;
	const struct value_set *vs = r ? rec_at(c->p, r) : NULL;
	const struct part *part = vs && vs->n ? rec_at(c->p, vs->parts) : NULL;

	if (!vs || !url)
		return;
	if (vs->n == 1 && part->system &&
	    strcmp(text_at(c->p, part->system), url) != 0)
		report(c, RULE_CS_VALUE_SET, at, v, url, NULL,
		       "The code system %.200s has a value set of all its "
		       "codes (%.200s), but that is of the system %.200s",
		       url, name, text_at(c->p, part->system));
	else if (vs->n != 1)
		report(c, RULE_CS_VALUE_SET, at, v, NULL, NULL,
		       "The code system %.200s has a value set of all its "
		       "codes (%.200s), but that does not consist of them "
		       "alone",
		       url, name);
}

void check_code_system(struct check *c, const struct spot *s)
{
	const struct json *cs = s->value;
	const char *content = json_get_text(cs, "content");
	const struct json *concepts = json_get(cs, "concept");
	const struct at here = {s->at, "concept", -1};

	if (is_off(c))
		return;
	check_count(c, cs, content, s->at);
	if (text_is(content, "not-present") && json_first(concepts))
		report(c, RULE_CS_CONTENT, &here, concepts, NULL, NULL,
		       "The code system has the content 'not-present', so it "
		       "must have no concepts");
	check_supplement(c, cs, content, s->at);
	check_all_codes(c, cs, s->at);
}

/* ---- search parameters -------------------------------------------------- */

void check_search_parameter(struct check *c, const struct spot *s)
{
	const struct json *component = json_get(s->value, "component");
	const char *expression = json_get_text(s->value, "expression");
	const struct at here = {s->at, "expression", -1};
	struct err e = {.kind = ERR_NONE};
	struct arena *a;

	if (is_off(c))
		return;
	if (text_is(json_get_text(s->value, "type"), "composite") &&
	    json_count(component) < 2)
		report(c, RULE_SP_COMPONENTS, s->at,
		       component ? component : s->value, "two or more", NULL,
		       "When the SearchParameter has a type of 'composite', "
		       "then the SearchParameter must define two or more "
		       "components");
	if (!expression)
		return;
	a = arena_new(0);
	if (!fp_compile(a, expression, &e))
		report(c, RULE_SP_EXPRESSION, &here,
		       json_get(s->value, "expression"),
		       "a FHIRPath expression", NULL,
		       "The expression '%.300s' is no FHIRPath: %.300s",
		       expression, e.text);
	arena_free(a);
}
