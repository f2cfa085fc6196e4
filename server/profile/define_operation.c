/* SPDX-License-Identifier: Apache-2.0
 *
 * define_operation.c: an OperationDefinition is judged as an instance: its
 * parameters and the profiles of its Parameters resources say the same.
 *
 * A profile slices Parameters.parameter by the name; each slice must have the
 * cardinality, types and targets of the parameter of that name. Under the rules
 * of kanta nothing is looked at.
 *
 * Limits: parts of parameters are not compared.
 * FHIR R4 OperationDefinition 5.5 (STU3 names no such profiles).
 */
#include "profile_int.h"

#include <stdlib.h>
#include <string.h>

/* One profile of parameters, and what it is compared with. */
struct side {
	struct check *c;
	const struct json *list; /* of parameters */
	const struct at *at;
	const char *use; /* "in", "out" */
	const char *url;
};

/* A parameter and its slice. */
struct pair {
	const struct json *parameter;
	const struct node *slice;
	const char *name;
	const struct at *at;
};

static const struct node *child(const struct profiles *p, const struct node *n,
				const char *name)
{
	const struct use *u = rec_at(p, n->types);
	const struct list *l =
	    node_list(p, n, n->n_types > 0 ? u->type : NO_TYPE);

	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *k = node_at(p, l->child[i]);
		if (strcmp(text_at(p, k->name), name) == 0)
			return k;
	}
	return NULL;
}

static const char *fixed_name(const struct profiles *p, const struct node *n)
{
	const struct node *name = child(p, n, "name");
	ref r = !name ? 0 : name->fixed ? name->fixed : name->pattern;
	const struct constant *k = r ? rec_at(p, r) : NULL;

	return k ? text_at(p, k->text) : NULL;
}

/* ---- cardinality -------------------------------------------------------- */

static void mismatch(const struct side *s, const struct pair *k,
		     const char *what, const char *stated, const char *profile)
{
	report(s->c, RULE_OD_PARAMETER, k->at, k->parameter, stated, NULL,
	       "The parameter '%.100s' has a value for '%s' of '%.20s' in the "
	       "'%s' profile that is different to '%.20s' which is the value "
	       "in the operation definition",
	       k->name, what, profile, s->use, stated);
}

static void check_cardinality(const struct side *s, const struct pair *k)
{
	const struct json *min = json_get(k->parameter, "min");
	const char *max = json_get_text(k->parameter, "max");
	const char *profile_max =
	    k->slice->max == UNBOUNDED
		? "*"
		: say(s->c, "%u", (unsigned)k->slice->max);

	if (min && json_kind(min) == JSON_NUMBER &&
	    strtoul(json_text(min), NULL, 10) != k->slice->min)
		mismatch(s, k, "min", json_text(min),
			 say(s->c, "%u", (unsigned)k->slice->min));
	if (max && strcmp(max, profile_max) != 0 && *profile_max)
		mismatch(s, k, "max", max, profile_max);
}

/* ---- types -------------------------------------------------------------- */

/* The element that holds the parameter's value: value[x] or resource; NULL: it
 * cannot be told. */
static const struct node *holder(const struct profiles *p,
				 const struct node *slice)
{
	const struct node *value = child(p, slice, "value");
	const struct node *resource = child(p, slice, "resource");
	const struct node *part = child(p, slice, "part");

	if (!value || !resource || !part || part->min > 0)
		return NULL;
	if (value->max > 0 && resource->min == 0 &&
	    (value->min > 0 || resource->max == 0))
		return value;
	if (resource->max > 0 && value->min == 0 &&
	    (resource->min > 0 || value->max == 0))
		return resource;
	return NULL;
}

static bool has_target(const struct profiles *p, const struct use *u,
		       const char *url)
{
	const struct target *t = rec_at(p, u->targets);

	for (unsigned i = 0; i < u->n_targets; i++)
		if (strcmp(text_at(p, t[i].url), url) == 0)
			return true;
	return false;
}

static bool has_text(const struct json *list, const char *text)
{
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (text_is(json_text(v), text))
			return true;
	return false;
}

static void check_targets(const struct side *s, const struct pair *k,
			  const struct use *u)
{
	const struct profiles *p = s->c->p;
	const struct json *list = json_get(k->parameter, "targetProfile");
	const struct target *t = rec_at(p, u->targets);

	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (json_text(v) && !has_target(p, u, json_text(v)))
			report(s->c, RULE_OD_PARAMETER, k->at, v, NULL, NULL,
			       "The target profile '%.200s' is not allowed for "
			       "the parameter '%.100s' in the '%s' profile, "
			       "but is in the operation definition",
			       json_text(v), k->name, s->use);
	for (unsigned i = 0; i < u->n_targets; i++)
		if (!has_text(list, text_at(p, t[i].url)))
			report(s->c, RULE_OD_PARAMETER, k->at, k->parameter,
			       NULL, NULL,
			       "The target profile '%.200s' is allowed for the "
			       "parameter '%.100s' in the '%s' profile, but is "
			       "not in the operation definition",
			       text_at(p, t[i].url), k->name, s->use);
}

static void check_types(const struct side *s, const struct pair *k)
{
	const struct profiles *p = s->c->p;
	const char *type = json_get_text(k->parameter, "type");
	const struct node *n = holder(p, k->slice);
	const struct use *u = n ? rec_at(p, n->types) : NULL;
	bool found = false;

	/* a parameter of any type, or of several, says so in other places */
	if (!n || !type || json_get(k->parameter, "extension"))
		return;
	for (unsigned i = 0; i < n->n_types; i++) {
		if (strcmp(text_at(p, p->types[u[i].type].name), type) != 0)
			continue;
		found = true;
		check_targets(s, k, &u[i]);
	}
	if (found && n->n_types == 1)
		return;
	report(s->c, RULE_OD_PARAMETER, k->at, k->parameter, type, NULL,
	       found ? "The '%s' profile %.200s allows the parameter '%.100s' "
		       "other types than '%.60s', that of the operation "
		       "definition"
		     : "The '%s' profile %.200s does not allow the parameter "
		       "'%.100s' the type '%.60s', that of the operation "
		       "definition",
	       s->use, s->url, k->name, type);
}

/* ---- one profile -------------------------------------------------------- */

static const struct json *parameter_named(const struct side *s,
					  const char *name, long *index)
{
	*index = 0;
	for (const struct json *v = json_first(s->list); v;
	     v = json_next(v), ++*index)
		if (text_is(json_get_text(v, "name"), name) &&
		    text_is(json_get_text(v, "use"), s->use))
			return v;
	return NULL;
}

static void compare(const struct side *s, const struct node *slice)
{
	const char *name = fixed_name(s->c->p, slice);
	struct pair k = {.slice = slice, .name = name};
	long index;

	if (!name)
		return;
	k.parameter = parameter_named(s, name, &index);
	const struct at here = {s->at, "parameter", index};
	k.at = &here;
	if (!k.parameter) {
		report(s->c, RULE_OD_UNMATCHED, s->at, s->list, NULL, NULL,
		       "The '%s' profile defines a parameter '%.100s', but "
		       "this is not in the operation definition",
		       s->use, name);
		return;
	}
	check_cardinality(s, &k);
	check_types(s, &k);
}

static void check_profile(const struct side *s)
{
	const struct profiles *p = s->c->p;
	ref r = find_sd(p, s->url);
	const struct sd *sd = r ? rec_at(p, r) : NULL;

	if (!sd || !sd->root) {
		report(s->c, RULE_OD_PROFILE, s->at, s->list, NULL, NULL,
		       "The '%s' profile '%.300s' could not be found", s->use,
		       s->url);
		return;
	}
	if (strcmp(text_at(p, p->types[sd->type].name), "Parameters") != 0) {
		report(s->c, RULE_OD_PROFILE, s->at, s->list,
		       "a profile of Parameters", NULL,
		       "The '%s' profile '%.300s' is not a profile of "
		       "Parameters",
		       s->use, s->url);
		return;
	}
	const struct node *n = child(p, node_at(p, sd->root), "parameter");
	if (!n || !n->slicing)
		return;
	const struct slicing *slicing = rec_at(p, n->slicing);
	const ref *slice = rec_at(p, slicing->slices);
	for (unsigned i = 0; i < slicing->n; i++)
		compare(s, node_at(p, slice[i]));
}

void check_operation_definition(struct check *c, const struct spot *s)
{
	static const struct {
		const char *member, *use;
	} profiles[] = {{"inputProfile", "in"}, {"outputProfile", "out"}};

	if (rule_table[RULE_OD_PROFILE].severity[c->rules] == ISSUE_NONE)
		return;
	for (size_t i = 0; i < LEN(profiles); i++) {
		const struct at here = {s->at, profiles[i].member, -1};
		struct side side = {.c = c,
				    .list = json_get(s->value, "parameter"),
				    .at = &here,
				    .use = profiles[i].use};
		side.url = json_get_text(s->value, profiles[i].member);
		if (side.url)
			check_profile(&side);
	}
}
