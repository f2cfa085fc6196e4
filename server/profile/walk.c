/* SPDX-License-Identifier: Apache-2.0
 *
 * walk.c: one object against the list of children that its definition gives.
 *
 * There are two kinds of pass. The base pass looks at everything: unknown
 * members, arrays where there should be none, formats, cardinality. A profile's
 * pass goes only where the profile says something (NODE_CONSTRAINED) and trusts
 * the base pass for the rest. The members are first put beside the children
 * they belong to, x and _x together, then the children are checked in the order
 * of the definition.
 *
 * Invariants are evaluated by check_item(), after what is below.
 */
#include "profile_int.h"

#include <string.h>

/* What an object has of one child. */
struct slot {
	const struct json *value;     /* may be NULL */
	const struct json *companion; /* _x */
	const char *name;	      /* JSON name; NULL: not there */
	unsigned type;		      /* NO_TYPE: the child's only one */
};

/* ---- names ------------------------------------------------------------ */

static const char *choice_name(struct check *c, const struct node *n,
			       unsigned type)
{
	const char *stem = text_at(c->p, n->name);
	const char *t = text_at(c->p, c->p->types[type].name);
	char first = *t;
	if (first >= 'a' && first <= 'z')
		first -= 'a' - 'A';
	return say(c, "%s%c%s", stem, first, t + 1);
}

/* The type that a choice must have: its only one, or that of a slice that must
 * be there; NO_TYPE: it is left open. */
static unsigned only_type(const struct profiles *p, const struct node *n)
{
	const struct use *u = rec_at(p, n->types);
	if (n->n_types == 1)
		return u->type;
	if (!n->slicing)
		return NO_TYPE;
	const struct slicing *s = rec_at(p, n->slicing);
	const ref *v = rec_at(p, s->slices);
	for (unsigned i = 0; i < s->n; i++) {
		const struct node *slice = node_at(p, v[i]);
		u = rec_at(p, slice->types);
		if (slice->min > 0 && slice->n_types == 1)
			return u->type;
	}
	return NO_TYPE;
}

const char *element_name(struct check *c, const struct node *n)
{
	if (!(n->flags & NODE_CHOICE))
		return text_at(c->p, n->name);
	unsigned type = only_type(c->p, n);
	if (type != NO_TYPE)
		return choice_name(c, n, type);
	return say(c, "%s[x]", text_at(c->p, n->name));
}

/* ---- the members of an object ----------------------------------------- */

/* What STU3 and R4 call by another name. */
static const char *renamed(const struct list *l, const struct profiles *p,
			   const char *name)
{
	static const char *const pairs[][2] = {
	    {"comment", "note"},
	    {"context", "encounter"},
	    {"related", "hasMember"},
	    {"indication", "reasonReference"},
	};
	for (size_t i = 0; i < LEN(pairs); i++) {
		for (unsigned k = 0; k < 2; k++) {
			if (strcmp(name, pairs[i][k]) == 0 &&
			    list_find(p, l, pairs[i][1 - k]))
				return pairs[i][1 - k];
		}
	}
	return NULL;
}

/* "value" or "valueMoney" where value[x] has other types: how it may go. */
static const char *choice_names(struct check *c, const struct list *l,
				const char *name)
{
	const struct name *v = rec_at(c->p, l->names);
	struct buf b;

	buf_init(&b, c->a);
	for (unsigned i = 0; i < l->n_names; i++) {
		const struct node *n = node_at(c->p, l->child[v[i].child]);
		const char *stem = text_at(c->p, n->name);
		size_t k = strlen(stem);
		if (!(n->flags & NODE_CHOICE) || strncmp(name, stem, k) != 0 ||
		    (name[k] && (name[k] < 'A' || name[k] > 'Z')))
			continue;
		buf_puts(&b, b.len > 0 ? ", " : "use one of: ");
		buf_puts(&b, text_at(c->p, v[i].text));
	}
	return b.len > 0 ? b.p : NULL;
}

static const char *unknown_hint(struct check *c, const struct list *l,
				const char *name)
{
	const struct name *v = rec_at(c->p, l->names);
	struct nearest near = {.word = name};
	const char *other = renamed(l, c->p, name);

	if (other)
		return say(c, "in %s it is \"%s\"",
			   c->p->version == FHIR_R4 ? "R4" : "STU3", other);
	for (unsigned i = 0; i < l->n_names; i++)
		nearest_try(&near, text_at(c->p, v[i].text));
	/* of a short name much is wrong with a few letters */
	if (near.best && (near.edits == 1 || near.edits * 4 <= strlen(name)))
		return say(c, "did you mean \"%s\"?", near.best);
	other = choice_names(c, l, name);
	return other ? other : say(c, "remove \"%s\"", name);
}

static void unknown(struct check *c, const struct list *l, const struct json *m,
		    const struct at *at)
{
	const struct at here = {at, json_name(m), -1};

	if (c->stop || c->dry) {
		c->stop = true;
		return;
	}
	report(c, RULE_UNKNOWN_ELEMENT, &here, m, NULL,
	       unknown_hint(c, l, json_name(m)), "Unrecognised property '@%s'",
	       json_name(m));
}

static bool may_have_companion(const struct profiles *p, const struct node *n,
			       unsigned type)
{
	const struct use *u = rec_at(p, n->types);
	if (type == NO_TYPE)
		type = n->n_types > 0 ? u->type : NO_TYPE;
	return type != NO_TYPE && p->types[type].kind == KIND_PRIMITIVE;
}

static void collect_member(struct check *c, const struct list *l,
			   const struct json *m, struct slot *slots,
			   const struct at *at)
{
	const char *name = json_name(m);
	bool companion = name[0] == '_';
	const struct name *found = list_find(c->p, l, name + companion);
	const struct node *n =
	    found ? node_at(c->p, l->child[found->child]) : NULL;

	if (!n || (companion && !may_have_companion(c->p, n, found->type))) {
		if (c->base)
			unknown(c, l, m, at);
		return;
	}
	struct slot *s = &slots[found->child];
	if (s->name && strcmp(s->name, name + companion) != 0) {
		const struct at here = {at, name, -1};
		if (c->base)
			report(c, RULE_CHOICE_TWICE, &here, m, NULL,
			       say(c, "remove \"%s\" or \"%s\"", name, s->name),
			       "The element %s is illegal: there is %s "
			       "already",
			       name, s->name);
		return;
	}
	s->name = name + companion;
	s->type = found->type;
	if (companion)
		s->companion = m;
	else
		s->value = m;
}

/* ---- how many --------------------------------------------------------- */

static size_t item_count(const struct json *v)
{
	if (!v)
		return 0;
	return json_kind(v) == JSON_ARRAY ? json_count(v) : 1;
}

/* The element in a text: its path, and its slice in brackets. */
static const char *element_text(struct check *c, const struct node *n,
				const struct at *at)
{
	const char *path = path_text(c, at);
	if (!n->slice)
		return path;
	return say(c, "%s[%s]", path, text_at(c->p, n->slice));
}

void too_few(struct check *c, enum rule rule, const struct node *n,
	     const struct json *object, size_t count, const struct at *at,
	     const char *expected, const char *hint)
{
	const struct node *outer = c->node;

	if (!expected)
		expected = say(c, "at least %u", n->min);
	c->node = n;
	report(c, rule, at, object, expected, hint,
	       "Profile %s, Element '%s': minimum required = %u, but only "
	       "found %zu",
	       profile_url(c), element_text(c, n, at), n->min, count);
	c->node = outer;
}

void too_many(struct check *c, enum rule rule, const struct node *n,
	      const struct json *where, size_t count, const struct at *at)
{
	const enum issue_severity severity =
	    weigh(c, n->weighed, rule_table[rule].severity[c->rules]);
	const struct node *outer = c->node;
	const char *slice = n->slice ? text_at(c->p, n->slice) : NULL;
	const char *of = slice ? " of " : "";

	if (severity == ISSUE_NONE)
		return;
	const char *hint =
	    n->max == 0 ? say(c, "remove \"%s\"", at->name)
			: say(c, "keep %u%s%s", n->max, of, slice ? slice : "");
	c->node = n;
	report_as(c, severity, rule, at, where,
		  say(c, "at most %u%s%s", n->max, of, slice ? slice : ""),
		  hint,
		  "Profile %s, Element '%s': max allowed = %u, but found %zu",
		  profile_url(c), element_text(c, n, at), n->max, count);
	c->node = outer;
}

static void check_count(struct check *c, const struct json *object,
			const struct node *n, const struct slot *s,
			size_t count, const struct at *up)
{
	if (count < n->min) {
		const char *name = s->name ? s->name : element_name(c, n);
		const struct at here = {up, name, -1};
		too_few(c, RULE_MIN, n, object, count, &here, NULL,
			count == 0 ? member_hint(c, n, name)
				   : say(c, "give %u of \"%s\"", n->min, name));
	} else if (count > n->max) {
		const struct at here = {up, s->name, -1};
		too_many(c, RULE_MAX, n, s->value ? s->value : s->companion,
			 count, &here);
	}
}

/* ---- one child -------------------------------------------------------- */

/* An array where there should be none, or the reverse. True: it is worth a look
 * all the same. */
static bool wrong_shape(struct check *c, bool list, const struct json *v,
			const struct at *at)
{
	bool null = json_kind(v) == JSON_NULL;

	if (!c->base)
		return list && !null;
	if (list && null)
		report(c, RULE_NULL, at, v, "an array",
		       say(c, "remove \"%s\"", json_name(v)),
		       "This property must be an Array, not null");
	else if (list)
		report(
		    c, RULE_NOT_ARRAY, at, v, "an array",
		    say(c, "put [ ] around the value of \"%s\"", json_name(v)),
		    "This property must be an Array, not %s",
		    json_kind(v) == JSON_OBJECT ? "an Object"
						: "a simple value");
	else
		report(c, RULE_IS_ARRAY, at, v, "no array",
		       say(c, "remove the [ ] around the value of \"%s\"",
			   json_name(v)),
		       "This property must be an simple value or an object, "
		       "not an Array");
	return list && !null;
}

/* False: there is nothing in it that can be checked. */
static bool check_array(struct check *c, bool list, const struct json *v,
			const struct at *at)
{
	bool array = json_kind(v) == JSON_ARRAY;

	if (array && json_count(v) == 0) {
		if (c->base)
			report(c, RULE_EMPTY_ARRAY, at, v, NULL,
			       say(c, "remove \"%s\"", json_name(v)),
			       "Array cannot be empty - the property should "
			       "not be present if it has no values");
		return false;
	}
	return list == array || wrong_shape(c, list, v, at);
}

/* x and _x are arrays if the element repeats, and only then. False: it makes no
 * sense to look into x, or into _x if it stands alone. */
static bool check_arrays(struct check *c, const struct node *n,
			 const struct slot *s, const struct at *at)
{
	bool list = n->flags & NODE_LIST;
	bool value = s->value && check_array(c, list, s->value, at);
	bool companion = s->companion && check_array(c, list, s->companion, at);
	return s->value ? value : companion;
}

static bool type_allowed(struct check *c, const struct node *n,
			 const struct slot *s, unsigned type,
			 const struct at *at)
{
	const struct use *u = rec_at(c->p, n->types);
	struct buf b;

	if (c->base || !(n->flags & NODE_CHOICE) || node_use(c->p, n, type))
		return true;
	if (c->dry) {
		c->stop = true;
		return false;
	}
	buf_init(&b, c->a);
	for (unsigned i = 0; i < n->n_types; i++) {
		if (i > 0)
			buf_puts(&b, ", ");
		buf_puts(&b, text_at(c->p, c->p->types[u[i].type].name));
	}
	report(c, RULE_CHOICE_TYPE, at, s->value, b.p,
	       n->n_types == 1
		   ? say(c, "use \"%s\"", choice_name(c, n, u->type))
		   : NULL,
	       "The element %s is illegal. Valid types at this point are %s",
	       s->name, b.p);
	return false;
}

static const struct json *first_of(const struct json *v)
{
	return v && json_kind(v) == JSON_ARRAY ? json_first(v) : v;
}

static const struct json *next_of(const struct json *list, const struct json *v)
{
	return v && json_kind(list) == JSON_ARRAY ? json_next(v) : NULL;
}

static void check_items(struct check *c, const struct node *n,
			const struct slot *s, unsigned type,
			const struct at *up, struct tally *t)
{
	const struct json *v = first_of(s->value);
	const struct json *k = first_of(s->companion);
	bool list = json_kind(s->value ? s->value : s->companion) == JSON_ARRAY;

	for (long i = 0; (v || k) && !c->stop; i++) {
		const struct at here = {up, s->name, list ? i : -1};
		const struct spot spot = {n, type, v, k, &here};
		check_item(c, &spot);
		if (t->slicing)
			tally_item(c, t, &spot);
		v = next_of(s->value, v);
		k = next_of(s->companion, k);
	}
}

static void check_child(struct check *c, const struct json *object,
			const struct node *n, const struct slot *s,
			const struct at *up)
{
	const struct node *outer = c->node;
	size_t count = 0;
	struct tally t;

	c->node = n;
	if (s->name) {
		size_t values = item_count(s->value);
		count = item_count(s->companion);
		if (values > count)
			count = values;
	}
	check_count(c, object, n, s, count, up);
	tally_start(c, n, &t);
	const struct use *u = rec_at(c->p, n->types);
	const struct at here = {up, s->name ? s->name : text_at(c->p, n->name),
				-1};
	unsigned type = s->type;
	if (type == NO_TYPE && n->n_types > 0)
		type = u->type;
	if (s->name && check_arrays(c, n, s, &here) && type != NO_TYPE &&
	    type_allowed(c, n, s, type, &here))
		check_items(c, n, s, type, up, &t);
	if (t.slicing) {
		const struct spot all = {n, type, s->value, s->companion,
					 &here};
		tally_end(c, &t, object, count, &all);
	}
	c->node = outer;
}

void check_object(struct check *c, const struct json *object,
		  const struct node *node, unsigned type, const struct at *at)
{
	struct slot slots[CHILDREN_MAX];
	const struct list *l = node_list(c->p, node, type);

	if (!l || c->stop || (c->depth > 0 && !may_work(c, at)))
		return;
	bool resource = c->p->types[type].kind == KIND_RESOURCE;
	memset(slots, 0, l->n * sizeof(slots[0]));
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		if (resource && strcmp(json_name(m), "resourceType") == 0)
			continue;
		collect_member(c, l, m, slots, at);
	}
	for (unsigned i = 0; i < l->n && !c->stop; i++) {
		const struct node *n = node_at(c->p, l->child[i]);
		if (!slots[i].name) {
			/* most of a type's elements are absent, and may be */
			if (n->min == 0 && (c->base || !n->slicing))
				continue;
			slots[i].type = NO_TYPE;
		}
		if (c->base || (n->flags & NODE_CONSTRAINED))
			check_child(c, object, n, &slots[i], at);
	}
}
