/* SPDX-License-Identifier: Apache-2.0
 *
 * slice_why.c: slices explained: what an item lacks to be in one. Runs only
 * when there is something to report; the texts are short, since a slicing may
 * have dozens of slices and an element thousands of items.
 */
#include "profile_int.h"

#include <string.h>

#define WANTED_BYTES ((size_t)400)
#define SHOWN_ITEMS  3
#define SHOWN_SLICES 8

/* ---- what an item has ------------------------------------------------- */

struct shown {
	struct probe q;
	struct buf out;
	unsigned n;
};

/* Called for each value at the end of the path; never the last one. */
static bool show(const struct probe *q, const struct json *v,
		 const struct json *companion)
{
	struct shown *s = (struct shown *)(uintptr_t)q;

	(void)companion;
	if (s->n++ >= SHOWN_ITEMS)
		return false;
	buf_puts(&s->out, s->n > 1 ? ", " : "");
	if (v && json_text(v))
		buf_printf(&s->out, "\"%.200s\"", json_text(v));
	else if (v && json_get_text(v, "resourceType"))
		buf_printf(&s->out, "of type %.60s",
			   json_get_text(v, "resourceType"));
	else if (v && json_get_text(v, "reference"))
		buf_printf(&s->out, "a reference to %.80s",
			   json_get_text(v, "reference"));
	else
		buf_puts(&s->out, "something else");
	return false;
}

static const char *values_at(struct check *c, const struct discriminator *d,
			     const struct spot *s)
{
	struct shown shown = {.q = {.c = c, .d = d, .test = show}};
	const struct path_step *step = rec_at(c->p, d->steps);

	shown.q.n = d->n_steps;
	if (d->n_steps > 0 && step[d->n_steps - 1].op == STEP_RESOLVE)
		shown.q.n--;
	buf_init(&shown.out, c->a);
	probe_reach(&shown.q, s->value, s->companion, 0);
	if (shown.n > SHOWN_ITEMS)
		buf_puts(&shown.out, ", ...");
	return shown.n > 0 ? shown.out.p : "missing";
}

/* ---- what is wanted --------------------------------------------------- */

static void want_uses(struct check *c, struct buf *b, const struct node *n,
		      bool targets)
{
	const struct use *u = rec_at(c->p, n->types);
	for (unsigned i = 0; i < n->n_types; i++) {
		const struct target *t =
		    rec_at(c->p, targets ? u[i].targets : u[i].profiles);
		unsigned k = targets ? u[i].n_targets : u[i].n_profiles;
		if (!targets)
			buf_printf(b, "%s%s", i ? " or " : "",
				   text_at(c->p, c->p->types[u[i].type].name));
		for (unsigned m = 0; m < k; m++)
			buf_printf(b, "%s%s",
				   !targets	? " by "
				   : i + m == 0 ? ""
						: " or ",
				   text_at(c->p, t[m].url));
	}
}

static void want_place(struct check *c, struct buf *b, const struct place *at,
		       unsigned n_steps)
{
	const struct node *n = node_at(c->p, at->node);
	ref r = n->fixed ? n->fixed : n->pattern;
	const struct binding *bind =
	    n->binding ? rec_at(c->p, n->binding) : NULL;

	if (r && at->steps == n_steps)
		buf_printf(b, "\"%.200s\"", constant_text(c->p, c->a, r));
	else if (r)
		buf_printf(b, "as in %.200s", constant_text(c->p, c->a, r));
	else if (bind && bind->url && bind->strength == BIND_REQUIRED)
		buf_printf(b, "a code of %s", text_at(c->p, bind->url));
	else
		buf_puts(b, "what the profile says");
}

static const char *wanted(struct check *c, const struct discriminator *d,
			  const struct criterion *crit)
{
	const struct place *place = rec_at(c->p, crit->places);
	struct buf b;

	buf_init(&b, c->a);
	switch (crit->kind) {
	case CRIT_EXISTS: return "one";
	case CRIT_ABSENT: return "none";
	case CRIT_TEXT: return say(c, "\"%.200s\"", text_at(c->p, crit->text));
	case CRIT_TYPE:
	case CRIT_PROFILE:
		want_uses(c, &b, node_at(c->p, place->node),
			  place->steps < d->n_steps);
		return b.p ? b.p : "";
	default: break;
	}
	for (unsigned i = 0; i < crit->n && i < SHOWN_ITEMS; i++) {
		buf_puts(&b, i ? " or " : "");
		want_place(c, &b, &place[i], d->n_steps);
	}
	return b.p ? b.p : "";
}

/* ---- why not ---------------------------------------------------------- */

/* "code.coding.code is "8480-5", wanted "8480-6"" */
static void why(struct check *c, struct buf *out, const struct slicing *s,
		unsigned i, const struct spot *spot)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	int k = slice_fails(c, s, i, spot);

	if (k < 0) {
		buf_puts(out, "it fits");
	} else if (k == s->n_disc) {
		buf_puts(out, "nothing tells it from others");
	} else {
		buf_printf(out, "%s is %s, wanted %s", text_at(c->p, d[k].path),
			   values_at(c, &d[k], spot),
			   wanted(c, &d[k], &crit[i * s->n_disc + k]));
	}
}

const char *slices_tried(struct check *c, const struct slicing *s,
			 const struct spot *spot)
{
	const ref *slice = rec_at(c->p, s->slices);
	struct buf b;

	if (is_quiet(c))
		return NULL;
	buf_init(&b, c->a);
	for (unsigned i = 0; i < s->n; i++) {
		if (i == SHOWN_SLICES || b.len > 2 * WANTED_BYTES) {
			buf_printf(&b, "; and %u more", s->n - i);
			break;
		}
		buf_printf(&b, "%s%s: ", i ? "; " : "",
			   text_at(c->p, node_at(c->p, slice[i])->slice));
		why(c, &b, s, i, spot);
	}
	return b.len > 0 ? b.p : NULL;
}

const char *slices_named(struct check *c, const struct slicing *s)
{
	const ref *slice = rec_at(c->p, s->slices);
	struct buf b;

	if (is_quiet(c) || s->n == 0)
		return NULL;
	buf_init(&b, c->a);
	for (unsigned i = 0; i < s->n && b.len < WANTED_BYTES; i++)
		buf_printf(&b, "%s%s", i ? ", " : "one of the slices ",
			   text_at(c->p, node_at(c->p, slice[i])->slice));
	return b.p;
}

/* "at least 1; component[0]: code.coding.code is "8480-5", ..." */
const char *slice_missing(struct check *c, const struct slicing *s, unsigned i,
			  const struct spot *first)
{
	const ref *slice = rec_at(c->p, s->slices);
	const struct node *n = node_at(c->p, slice[i]);
	struct spot spot = *first;
	struct buf b;

	if (is_quiet(c))
		return NULL;
	buf_init(&b, c->a);
	buf_printf(&b, "at least %u of %s", n->min, text_at(c->p, n->slice));
	bool list = first->value && json_kind(first->value) == JSON_ARRAY;
	spot.value = list ? json_first(first->value) : first->value;
	spot.companion = NULL;
	for (long k = 0; spot.value && k < SHOWN_ITEMS; k++) {
		if (slice_fails(c, s, i, &spot) >= 0) {
			buf_printf(&b, "; %s", text_at(c->p, n->name));
			if (list)
				buf_printf(&b, "[%ld]", k);
			buf_puts(&b, ": ");
			why(c, &b, s, i, &spot);
		}
		spot.value = list ? json_next(spot.value) : NULL;
	}
	return b.p;
}

const char *slice_value(struct check *c, const struct discriminator *d,
			const struct criterion *x)
{
	if (x->kind == CRIT_TEXT)
		return text_at(c->p, x->text);
	if (x->kind != CRIT_NODE || x->n != 1)
		return NULL;
	const struct place *place = rec_at(c->p, x->places);
	const struct node *n = node_at(c->p, place->node);
	const struct constant *k = n->fixed ? rec_at(c->p, n->fixed) : NULL;
	return k && place->steps == d->n_steps ? text_at(c->p, k->text) : NULL;
}
