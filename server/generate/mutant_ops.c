/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_ops.c: operators that need to know nothing but JSON: a member less, an
 * item more, an array in the place of a value, a number in quotes.
 *
 * Each is given every value of an example, the resource itself included, and
 * offers what it can do to it. It says which rules it means to break; whether
 * it does is for the judge (mutant.c). So an operator may offer freely: what
 * comes out valid, or breaks two rules, is no mutation.
 *
 * The table at the end is in the order of interest: of several candidates that
 * break the same rule at the same place the first ones stay. The numbers keep
 * what would be the same again (an unknown element here, and there, and there)
 * from crowding out the rest.
 */
#include "generate/mutant_int.h"

/* Offers one edit; what is a format with the path as its %s. */
#define offer_edit(o, t, means, what, ...)                                     \
	offer(o, means, &(struct edit){.path = (t)->path, __VA_ARGS__}, 1,     \
	      arena_printf(offer_arena(o), what, (t)->shown))

static bool is_root(const struct target *t)
{
	return t->v == t->root;
}

static bool is_item(const struct target *t)
{
	return t->parent && json_kind(t->parent) == JSON_ARRAY;
}

static bool is_container(const struct target *t)
{
	return json_kind(t->v) == JSON_OBJECT || json_kind(t->v) == JSON_ARRAY;
}

static bool is_bare(const struct target *t)
{
	return json_kind(t->v) == JSON_NUMBER || json_kind(t->v) == JSON_TRUE ||
	       json_kind(t->v) == JSON_FALSE;
}

/* ---- less, more --------------------------------------------------------- */

static void offer_without(struct offers *o, const struct target *t)
{
	if (is_root(t) || text_is(json_name(t->v), "resourceType") ||
	    (is_item(t) && json_count(t->parent) == 1))
		return;
	offer_edit(o, t,
		   "0014 0018 0047 0080 0057 0063 0013 0129 0020 0046 0062",
		   "without %s", .kind = EDIT_REMOVE);
}

static void offer_twice(struct offers *o, const struct target *t)
{
	if (is_item(t))
		offer_edit(o, t, "0015 0019 0020 0021 0080 0107", "%s twice",
			   .kind = EDIT_TWICE);
}

static void offer_backwards(struct offers *o, const struct target *t)
{
	if (json_kind(t->v) == JSON_ARRAY && json_count(t->v) > 1)
		offer_edit(o, t, "0022", "%s in the opposite order",
			   .kind = EDIT_BACKWARDS);
}

static void offer_unknown(struct offers *o, const struct target *t)
{
	const char *dot = *t->path ? "." : "";

	if (json_kind(t->v) != JSON_OBJECT)
		return;
	offer(o, "0003",
	      &(struct edit){.kind = EDIT_PUT,
			     .path = arena_printf(offer_arena(o),
						  "%s%sunknownElement", t->path,
						  dot),
			     .text = "\"x\""},
	      1,
	      arena_printf(offer_arena(o),
			   "%s.unknownElement, which FHIR does "
			   "not have",
			   t->shown));
}

/* ---- nothing ------------------------------------------------------------ */

static void offer_empty(struct offers *o, const struct target *t)
{
	static const struct {
		const char *text, *means;
	} empty[] = {
	    [JSON_NULL] = {NULL, NULL},
	    [JSON_STRING] = {"\"\"", "0029 0031 0034 0060"},
	    [JSON_ARRAY] = {"[]", "0009"},
	    [JSON_OBJECT] = {"{}", "0010"},
	};
	const enum json_kind k = json_kind(t->v);

	if (!is_root(t) && empty[k].text)
		offer(o, empty[k].means,
		      &(struct edit){.kind = EDIT_PUT,
				     .path = t->path,
				     .text = empty[k].text},
		      1,
		      arena_printf(offer_arena(o), "%s is %s", t->shown,
				   empty[k].text));
}

static void offer_null(struct offers *o, const struct target *t)
{
	if (!is_root(t))
		offer_edit(o, t, "0011 0013", "%s is null", .kind = EDIT_PUT,
			   .text = "null");
}

/* ---- another JSON type -------------------------------------------------- */

static void offer_wrapped(struct offers *o, const struct target *t)
{
	if (!is_root(t) && !is_item(t) && json_kind(t->v) != JSON_ARRAY)
		offer_edit(o, t, "0005", "%s is an array", .kind = EDIT_WRAP);
}

static void offer_unwrapped(struct offers *o, const struct target *t)
{
	if (json_kind(t->v) == JSON_ARRAY)
		offer_edit(o, t, "0004", "%s is no array", .kind = EDIT_UNWRAP);
}

static void offer_quoted(struct offers *o, const struct target *t)
{
	if (is_bare(t))
		offer_edit(o, t, "0012", "%s in quotes", .kind = EDIT_QUOTE);
}

static void offer_other_kind(struct offers *o, const struct target *t)
{
	if (is_bare(t) && json_kind(t->v) == JSON_NUMBER)
		offer_edit(o, t, "0012", "%s is true", .kind = EDIT_PUT,
			   .text = "true");
	else if (json_kind(t->v) == JSON_STRING &&
		 !text_is(json_name(t->v), "resourceType"))
		offer_edit(o, t, "0012", "%s is the number 7", .kind = EDIT_PUT,
			   .text = "7");
	else if (is_bare(t))
		offer_edit(o, t, "0012", "%s is the number 1", .kind = EDIT_PUT,
			   .text = "1");
}

static void offer_simple(struct offers *o, const struct target *t)
{
	if (!is_root(t) && json_kind(t->v) == JSON_OBJECT)
		offer_edit(o, t, "0007", "%s is a string", .kind = EDIT_PUT,
			   .text = "\"x\"");
}

static void offer_complex(struct offers *o, const struct target *t)
{
	if (!is_container(t) && !text_is(json_name(t->v), "resourceType"))
		offer_edit(o, t, "0006", "%s is an object", .kind = EDIT_PUT,
			   .text = "{\"value\":\"x\"}");
}

/* ---- _name -------------------------------------------------------------- */

/* The path of a member's companion; NULL for items and containers. */
static const char *companion(struct offers *o, const struct target *t)
{
	const char *name = json_name(t->v);
	const size_t n = strlen(t->path);

	if (!name || is_container(t) || text_is(name, "resourceType"))
		return NULL;
	return arena_printf(offer_arena(o), "%.*s_%s", (int)(n - strlen(name)),
			    t->path, name);
}

static void offer_companions(struct offers *o, const struct target *t)
{
	static const struct {
		const char *text, *means;
	} is[] = {
	    {"\"x\"", "0008"},
	    {"{}", "0010 0013"},
	    {"{\"extension\":[{\"url\":\"http://example.org/note\","
	     "\"valueString\":\"x\"}]}",
	     "0090"},
	    {"{\"id\":\"a b\"}", "0034"},
	};
	const char *path = companion(o, t);

	for (size_t i = 0; path && i < LEN(is); i++)
		offer(o, is[i].means,
		      &(struct edit){
			  .kind = EDIT_PUT, .path = path, .text = is[i].text},
		      1,
		      arena_printf(offer_arena(o), "%s with the companion %s",
				   t->shown, is[i].text));
}

/* ---- the type ----------------------------------------------------------- */

static void offer_types(struct offers *o, const struct target *t)
{
	if (is_root(t))
		offer(o, "0002",
		      &(struct edit){.kind = EDIT_PUT,
				     .path = "resourceType",
				     .text = "\"Measurement\""},
		      1, "resourceType is \"Measurement\"");
}

static const struct mutant_op table[] = {
    {99, false, offer_by_hand},	   {40, false, offer_without},
    {40, false, offer_values},	   {10, false, offer_references},
    {12, false, offer_dates},	   {12, false, offer_twice},
    {12, false, offer_choices},	   {6, false, offer_second_choices},
    {12, false, offer_items},	   {20, false, offer_insides},
    {12, false, offer_narratives}, {10, false, offer_contained},
    {20, false, offer_answers},	   {60, false, offer_elements},
    {2, false, offer_codings},	   {3, false, offer_controls},
    {4, false, offer_unknown},	   {4, false, offer_empty},
    {3, false, offer_null},	   {3, false, offer_wrapped},
    {3, false, offer_unwrapped},   {3, false, offer_quoted},
    {3, false, offer_other_kind},  {3, false, offer_simple},
    {3, false, offer_complex},	   {4, false, offer_companions},
    {2, false, offer_backwards},   {1, false, offer_types},
    {40, true, offer_extensions},
};

const struct mutant_op *mutant_op(size_t i)
{
	return i < LEN(table) ? &table[i] : NULL;
}
