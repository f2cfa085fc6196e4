/* SPDX-License-Identifier: Apache-2.0
 *
 * slice_tally.c: the items of a sliced element are counted: each goes to the
 * slices it belongs to (slice.c says which) and is checked against them; at the
 * end each slice's own minimum and maximum are held. What belongs to no slice
 * is refused by a closed slicing, and by openAtEnd if slices follow.
 *
 * A slice may be sliced again. Then its items are tallied once more, on
 * counters of their own: a slicing takes TALLY_HEAD + n of them, and behind
 * those what the slicings of its slices take, in their order. FHIR R4
 * profiling 5.1.0.7.
 */
#include "profile_int.h"

#include <string.h>

enum { LAST, UNMATCHED }; /* the counters of the head */

/* One slicing while an item goes by, with its counters. */
struct level {
	const struct slicing *s;
	const ref *slice;
	unsigned *count;
};

static struct level level_of(struct check *c, ref slicing, unsigned *count)
{
	struct level l = {.count = count};
	l.s = rec_at(c->p, slicing);
	l.slice = rec_at(c->p, l.s->slices);
	return l;
}

void tally_start(struct check *c, const struct node *n, struct tally *t)
{
	t->slicing = 0;
	if (c->base || !n->slicing)
		return;
	const struct slicing *s = rec_at(c->p, n->slicing);
	if (s->n == 0 && s->rules != SLICES_CLOSED)
		return;
	t->slicing = n->slicing;
	memset(t->count, 0, s->slots * sizeof(t->count[0]));
}

static const struct node *slice_at(struct check *c, const struct level *l,
				   unsigned i)
{
	return node_at(c->p, l->slice[i]);
}

static const char *slice_name(struct check *c, const struct level *l,
			      unsigned i)
{
	return text_at(c->p, slice_at(c, l, i)->slice);
}

/* "a/b" beside "a": an item is in both. */
static bool is_within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return strncmp(inner, outer, n) == 0 && inner[n] == '/';
}

static void check_two(struct check *c, const struct level *l, unsigned i,
		      unsigned k, const struct spot *s)
{
	const char *x = slice_name(c, l, i), *y = slice_name(c, l, k);
	if (is_within(x, y) || is_within(y, x))
		return;
	report(c, RULE_SLICE_TWO, s->at, s->value ? s->value : s->companion,
	       say(c, "%s or %s", x, y),
	       say(c, "change it so that it is only one of %s, %s", x, y),
	       "Profile %s, Element matches more than one slice - %s, %s",
	       profile_url(c), x, y);
}

static void no_slice(struct check *c, const struct level *l,
		     const struct spot *s)
{
	const enum issue_severity severity =
	    weigh(c, s->node->weighed,
		  rule_table[RULE_SLICE_CLOSED].severity[c->rules]);

	l->count[UNMATCHED] = 1;
	if (l->s->rules != SLICES_CLOSED || severity == ISSUE_NONE)
		return;
	const char *why = slices_tried(c, l->s, s);
	report_as(c, severity, RULE_SLICE_CLOSED, s->at,
		  s->value ? s->value : s->companion, slices_named(c, l->s),
		  why ? arena_printf(c->a,
				     "remove it, or make it one of the "
				     "slices: %s",
				     why)
		      : "remove it, or make it one of the slices",
		  "This element does not match any known slice for profile %s "
		  "and slicing is CLOSED",
		  profile_url(c));
}

static void check_order(struct check *c, const struct level *l, unsigned i,
			const struct spot *s)
{
	bool wrong = l->s->ordered && i + 1 < l->count[LAST];
	if (l->s->rules == SLICES_OPEN_AT_END && l->count[UNMATCHED])
		wrong = true;
	if (wrong)
		report(c, RULE_SLICE_ORDER, s->at,
		       s->value ? s->value : s->companion, NULL,
		       "put the elements into the order of the profile",
		       "As specified by profile %s, Element '%s' is out of "
		       "order in ordered slice",
		       profile_url(c), path_text(c, s->at));
	l->count[LAST] = i + 1;
}

/* The counters of the slices within slice i. */
static unsigned *inner_count(struct check *c, const struct level *l, unsigned i)
{
	unsigned *count = l->count + TALLY_HEAD + l->s->n;
	for (unsigned k = 0; k < i; k++) {
		const struct node *n = slice_at(c, l, k);
		if (n->slicing) {
			const struct slicing *s = rec_at(c->p, n->slicing);
			count += s->slots;
		}
	}
	return count;
}

/* One item: which slices it is in, and their rules on it. */
static void item_in(struct check *c, const struct level *l,
		    const struct spot *s)
{
	uint64_t in = slice_matches(c, l->s, s);
	unsigned first = SLICES_MAX;

	if (!in) {
		no_slice(c, l, s);
		return;
	}
	for (unsigned i = 0; i < l->s->n; i++) {
		if (!(in >> i & 1))
			continue;
		if (first == SLICES_MAX) {
			first = i;
			check_order(c, l, i, s);
		} else {
			check_two(c, l, first, i, s);
		}
		l->count[TALLY_HEAD + i]++;
		if (!may_work(c, s->at))
			return;
		struct spot inner = *s;
		inner.node = slice_at(c, l, i);
		c->node = inner.node;
		check_item(c, &inner);
		c->node = s->node;
		if (!inner.node->slicing)
			continue;
		const struct level below =
		    level_of(c, inner.node->slicing, inner_count(c, l, i));
		item_in(c, &below, &inner);
	}
}

void tally_item(struct check *c, struct tally *t, const struct spot *s)
{
	const struct level l = level_of(c, t->slicing, t->count);
	item_in(c, &l, s);
}

static const char *missing_hint(struct check *c, const struct level *l,
				unsigned i, const struct spot *all,
				const char *name)
{
	const char *hint = slice_change(c, l->s, i, all);

	if (all->node->flags & NODE_CHOICE)
		return all->value || all->companion
			   ? say(c, "use \"%s\"", name)
			   : member_hint(c, slice_at(c, l, i), name);
	return hint ? hint : slice_hint(c, l->s, i);
}

static void end_of(struct check *c, const struct level *l,
		   const struct json *object, const struct spot *all)
{
	bool choice = all->node->flags & NODE_CHOICE;

	for (unsigned i = 0; i < l->s->n; i++) {
		const struct node *s = slice_at(c, l, i);
		unsigned found = l->count[TALLY_HEAD + i];
		const struct at here = {
		    all->at->up, choice ? element_name(c, s) : all->at->name,
		    -1};
		const struct json *where =
		    all->value ? all->value : all->companion;
		if (found > s->max)
			too_many(c, RULE_SLICE_MAX, s, where, found, &here);
		if (found < s->min && slice_decides(c->p, l->s, i))
			too_few(c, RULE_SLICE_MIN, s, where ? where : object,
				found, &here, slice_missing(c, l->s, i, all),
				missing_hint(c, l, i, all, here.name));
		/* what an absent slice would have to have is not missing */
		if (!s->slicing || (found == 0 && s->min == 0))
			continue;
		const struct level below =
		    level_of(c, s->slicing, inner_count(c, l, i));
		end_of(c, &below, object, all);
	}
}

/* all: the element as a whole, its value the array or the single one. */
void tally_end(struct check *c, struct tally *t, const struct json *object,
	       size_t count, const struct spot *all)
{
	const struct level l = level_of(c, t->slicing, t->count);
	/* what is missing altogether was said of the element */
	if (count > 0 || all->node->min == 0)
		end_of(c, &l, object, all);
}
