/* SPDX-License-Identifier: Apache-2.0
 *
 * tally.c: the items of a sliced element are counted: each goes to the slices
 * it belongs to (slice.c says which) and is checked against them; at the end
 * each slice's own minimum and maximum are held. What belongs to no slice is
 * refused by a closed slicing, and by openAtEnd if slices follow. FHIR R4
 * profiling 5.1.0.7.
 */
#include "profile_int.h"

#include <string.h>

void tally_start(struct check *c, const struct node *n, struct tally *t)
{
	t->slicing = NULL;
	if (c->base || !n->slicing)
		return;
	const struct slicing *s = rec_at(c->p, n->slicing);
	if (s->n == 0 && s->rules != SLICES_CLOSED)
		return;
	t->slicing = s;
	t->slice = rec_at(c->p, s->slices);
	t->last = 0;
	t->unmatched = false;
	memset(t->count, 0, s->n * sizeof(t->count[0]));
}

static const char *slice_name(struct check *c, const struct tally *t,
			      unsigned i)
{
	return text_at(c->p, node_at(c->p, t->slice[i])->slice);
}

/* "a/b" is a slice of slice "a": an item is in both. */
static bool is_within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return strncmp(inner, outer, n) == 0 && inner[n] == '/';
}

static void check_two(struct check *c, const struct tally *t, unsigned i,
		      unsigned k, const struct spot *s)
{
	const char *x = slice_name(c, t, i), *y = slice_name(c, t, k);
	if (is_within(x, y) || is_within(y, x))
		return;
	report(c, RULE_SLICE_TWO, s->at, s->value, say(c, "%s or %s", x, y),
	       NULL, "Profile %s, Element matches more than one slice - %s, %s",
	       profile_url(c), x, y);
}

static void no_slice(struct check *c, struct tally *t, const struct spot *s)
{
	t->unmatched = true;
	if (t->slicing->rules != SLICES_CLOSED)
		return;
	report(c, RULE_SLICE_CLOSED, s->at, s->value, NULL,
	       "remove it, or make it one of the slices",
	       "This element does not match any known slice for profile %s and "
	       "slicing is CLOSED",
	       profile_url(c));
}

static void check_order(struct check *c, struct tally *t, unsigned i,
			const struct spot *s)
{
	bool wrong = t->slicing->ordered && i + 1 < t->last;
	if (t->slicing->rules == SLICES_OPEN_AT_END && t->unmatched)
		wrong = true;
	if (wrong)
		report(c, RULE_SLICE_ORDER, s->at, s->value, NULL,
		       "put the elements into the order of the profile",
		       "As specified by profile %s, Element '%s' is out of "
		       "order in ordered slice",
		       profile_url(c), path_text(c, s->at));
	t->last = i + 1;
}

/* One item: which slices it is in, and their rules on it. */
void tally_item(struct check *c, struct tally *t, const struct spot *s)
{
	uint64_t in = slice_matches(c, t->slicing, s);
	unsigned first = SLICES_MAX;

	if (!in) {
		no_slice(c, t, s);
		return;
	}
	for (unsigned i = 0; i < t->slicing->n; i++) {
		if (!(in >> i & 1))
			continue;
		if (first == SLICES_MAX) {
			first = i;
			check_order(c, t, i, s);
		} else {
			check_two(c, t, first, i, s);
		}
		t->count[i]++;
		struct spot inner = *s;
		inner.node = node_at(c->p, t->slice[i]);
		check_item(c, &inner);
	}
}

void tally_end(struct check *c, const struct tally *t,
	       const struct json *object, const struct json *where,
	       size_t count, const struct node *n, const char *name,
	       const struct at *up)
{
	for (unsigned i = 0; t->slicing && i < t->slicing->n; i++) {
		const struct node *s = node_at(c->p, t->slice[i]);
		const struct at here = {
		    up, (n->flags & NODE_CHOICE) ? element_name(c, s) : name,
		    -1};
		if (t->count[i] > s->max)
			too_many(c, RULE_SLICE_MAX, s, where, t->count[i],
				 &here);
		/* what is missing altogether was said of the element */
		if (t->count[i] < s->min && (count > 0 || n->min == 0) &&
		    slice_decides(c->p, t->slicing, i))
			too_few(c, RULE_SLICE_MIN, s, where ? where : object,
				t->count[i], &here,
				(n->flags & NODE_CHOICE)
				    ? say(c, "use \"%s\"", here.name)
				    : slice_hint(c, t->slicing, i));
	}
}
