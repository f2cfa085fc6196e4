/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_criteria.c: what decides whether an item belongs to a slice, worked
 * out once when the definition is complete.
 *
 * For each slice and discriminator the path is followed through the slice's
 * tree to the elements that say something: a fixed or pattern value, a required
 * binding, or children that have one. On the way it passes through the profiles
 * that types name, extensions by their url, the profiles of a reference's
 * targets, and the slices of an element that says nothing itself
 * (component:x.code.coding:y.code). A value may also be said above: by the
 * fixed value or pattern of an element that the path passes; then the rest of
 * the path leads on through that value.
 *
 * A discriminator about which a slice says nothing is passed over if another
 * one decides; a slice about which none does matches nothing and demands
 * nothing. FHIR R4 profiling 5.1.0.7, discriminator types.
 */
#include "compile_int.h"

#include <string.h>

#define PLACES_MAX 32	   /* that decide on one slice by one discriminator */
#define LOOK_TOTAL 2000000 /* elements looked at for a definition's slices */

#define LOOK_DEPTH 6
#define LOOK_MAX   2000 /* elements looked at for one slice */

/* ---- criteria --------------------------------------------------------- */

/* A path that is being followed, and what was found. */
struct search {
	const struct profiles *p;
	const struct path_step *step;
	unsigned n;    /* steps */
	bool ends;     /* want the element at the end, whatever it says */
	unsigned work; /* elements looked at */
	struct place place[PLACES_MAX];
	unsigned found;
	ref text; /* the url of an extension */
};

bool has_criterion(const struct profiles *p, const struct node *n,
		   unsigned depth)
{
	const struct binding *bind = n->binding ? rec_at(p, n->binding) : NULL;
	if (n->fixed || n->pattern ||
	    (bind && bind->strength == BIND_REQUIRED && bind->vs))
		return true;
	if (!n->list || !(n->flags & NODE_CONSTRAINED) || depth == 0)
		return false;
	const struct list *l = list_at(p, n->list);
	for (unsigned i = 0; i < l->n; i++) {
		const struct node *c = node_at(p, l->child[i]);
		if ((c->flags & NODE_CONSTRAINED) &&
		    has_criterion(p, c, depth - 1))
			return true;
	}
	return false;
}

static void add(struct search *s, ref node, unsigned i)
{
	if (s->found < PLACES_MAX)
		s->place[s->found++] = (struct place){node, i};
}

static void follow(struct search *s, ref node, unsigned i);

static void follow_child(struct search *s, const struct list *l, unsigned i)
{
	const char *want = text_at(s->p, s->step[i].name);
	const struct name *by_name = l ? list_find(s->p, l, want) : NULL;

	if (by_name) {
		follow(s, l->child[by_name->child], i + 1);
		return;
	}
	for (unsigned k = 0; l && k < l->n; k++) {
		const struct node *c = node_at(s->p, l->child[k]);
		if (strcmp(text_at(s->p, c->name), want) == 0) {
			follow(s, l->child[k], i + 1);
			return;
		}
	}
}

/* Into the profiles that a type names, or the type itself. */
static void follow_use(struct search *s, const struct node *n,
		       const struct use *u, unsigned i)
{
	const struct target *t = rec_at(s->p, u->profiles);
	bool any = false;

	for (unsigned k = 0; k < u->n_profiles; k++) {
		const struct sd *sd = target_sd(s->p, &t[k]);
		if (!sd || !sd->root || !type_is_a(s->p, u->type, sd->type))
			continue;
		const struct node *root = node_at(s->p, sd->root);
		follow_child(s, node_list(s->p, root, sd->type), i);
		any = true;
	}
	if (!any)
		follow_child(s, node_list(s->p, n, u->type), i);
}

static void follow_down(struct search *s, const struct node *n, unsigned i)
{
	const struct use *u = rec_at(s->p, n->types);
	unsigned before = s->found;

	if (n->list || n->content) {
		follow_child(s, node_list(s->p, n, n->of_type), i);
		if (s->found > before)
			return;
	}
	for (unsigned k = 0; k < n->n_types && s->found == before; k++)
		follow_use(s, n, &u[k], i);
}

/* The slices of an element that says nothing itself. */
static void follow_slices(struct search *s, const struct node *n, unsigned i)
{
	if (!n->slicing)
		return;
	const struct slicing *sl = rec_at(s->p, n->slicing);
	const ref *v = rec_at(s->p, sl->slices);
	for (unsigned k = 0; k < sl->n; k++)
		follow(s, v[k], i);
}

/* ofType(T): the slice of that type if there is one. */
static void follow_type(struct search *s, ref node, unsigned i)
{
	const struct node *n = node_at(s->p, node);
	const char *name = text_at(s->p, s->step[i].name);
	unsigned type = find_type(s->p, name, strlen(name));
	const struct slicing *sl = n->slicing ? rec_at(s->p, n->slicing) : NULL;
	const ref *v = sl ? rec_at(s->p, sl->slices) : NULL;
	unsigned before = s->found;

	for (unsigned k = 0; sl && k < sl->n; k++) {
		const struct node *slice = node_at(s->p, v[k]);
		if (slice->n_types == 1 && node_use(s->p, slice, type))
			follow(s, v[k], i + 1);
	}
	if (s->found == before && (n->n_types > 1 || node_use(s->p, n, type)))
		follow(s, node, i + 1);
}

/* resolve(): what the targets' definitions say. */
static void follow_targets(struct search *s, const struct node *n, unsigned i)
{
	const struct use *u = rec_at(s->p, n->types);
	for (unsigned k = 0; k < n->n_types; k++) {
		const struct target *t = rec_at(s->p, u[k].targets);
		for (unsigned m = 0; m < u[k].n_targets; m++) {
			const struct sd *sd = target_sd(s->p, &t[m]);
			if (sd && sd->root)
				follow(s, sd->root, i + 1);
		}
	}
}

/* The URL of an extension that is a profile's: the definition's own. */
static ref profile_url_of(const struct profiles *p, const struct node *n)
{
	const struct use *u = rec_at(p, n->types);
	if (n->n_types != 1 || u->type != p->known[T_EXTENSION] ||
	    u->n_profiles != 1)
		return 0;
	const struct target *t = rec_at(p, u->profiles);
	return t->url;
}

/* What the url of an extension has to be; 0: that is left open. */
static const char *extension_url(const struct profiles *p, const struct node *n)
{
	const struct list *l = n->list ? list_at(p, n->list) : NULL;
	const struct name *url = l ? list_find(p, l, "url") : NULL;
	if (url) {
		const struct node *c = node_at(p, l->child[url->child]);
		const struct constant *k =
		    c->fixed ? rec_at(p, c->fixed) : NULL;
		if (k && k->text)
			return text_at(p, k->text);
	}
	return text_at(p, profile_url_of(p, n));
}

/* extension('url'): the slice with that url, else what its definition says. */
static void follow_extension(struct search *s, const struct node *n, unsigned i)
{
	const struct profiles *p = s->p;
	const char *want = text_at(p, s->step[i].name);
	const struct use *u = rec_at(p, n->types);
	const struct list *l = n->n_types > 0 ? node_list(p, n, u->type) : NULL;
	const struct name *found = l ? list_find(p, l, "extension") : NULL;
	const struct node *x =
	    found ? node_at(p, l->child[found->child]) : NULL;
	const struct slicing *sl =
	    x && x->slicing ? rec_at(p, x->slicing) : NULL;
	const ref *v = sl ? rec_at(p, sl->slices) : NULL;
	unsigned before = s->found;

	for (unsigned k = 0; sl && k < sl->n; k++) {
		const char *url = extension_url(p, node_at(p, v[k]));
		if (url && strcmp(url, want) == 0)
			follow(s, v[k], i + 1);
	}
	ref r = s->found == before ? find_sd(p, want) : 0;
	const struct sd *sd = r ? rec_at(p, r) : NULL;
	if (sd && sd->root && i + 1 < s->n)
		follow(s, sd->root, i + 1);
}

static void follow_step(struct search *s, ref node, unsigned i)
{
	const struct node *n = node_at(s->p, node);
	switch (s->step[i].op) {
	case STEP_RESOLVE: follow_targets(s, n, i); break;
	case STEP_EXTENSION: follow_extension(s, n, i); break;
	case STEP_OFTYPE: follow_type(s, node, i); break;
	default: follow_down(s, n, i); break;
	}
}

/* Is all that was found what the base's type says anyway? */
static bool only_inherited(const struct search *s, unsigned from)
{
	for (unsigned k = from; k < s->found; k++) {
		const struct node *n = node_at(s->p, s->place[k].node);
		if (n->flags & NODE_CONSTRAINED)
			return false;
	}
	return true;
}

static void replace(struct search *s, unsigned from, ref node, unsigned i)
{
	s->found = from;
	add(s, node, i);
}

static void follow(struct search *s, ref node, unsigned i)
{
	const struct node *n = node_at(s->p, node);
	unsigned before = s->found;

	if (s->work++ >= LOOK_MAX || s->found == PLACES_MAX)
		return;
	if (i < s->n)
		follow_step(s, node, i);
	else if (s->ends || has_criterion(s->p, n, LOOK_DEPTH))
		add(s, node, i);
	if (s->found == before)
		follow_slices(s, n, i);
	if (i == s->n || s->ends)
		return;
	if (s->found > before && !only_inherited(s, before))
		return;
	/* said above, by a value that has the path in it */
	if ((n->fixed && constant_has(s->p, n->fixed, s->step + i, s->n - i)) ||
	    (n->pattern &&
	     constant_has(s->p, n->pattern, s->step + i, s->n - i)))
		replace(s, before, node, i);
	else if (s->found == before && i + 1 == s->n && !s->text &&
		 strcmp(text_at(s->p, s->step[i].name), "url") == 0)
		s->text = profile_url_of(s->p, n);
}

/* ---- criteria of a slice ---------------------------------------------- */

static void set_places(struct build *b, struct criterion *c,
		       const struct search *s, unsigned kind)
{
	c->places = heap_alloc(b->p, s->found * sizeof(struct place));
	memcpy(heap_at(b->p, c->places), s->place,
	       s->found * sizeof(struct place));
	c->n = (uint16_t)s->found;
	c->kind = (uint16_t)kind;
}

/* By presence: of the element at the end of the path. */
static void decide_presence(struct search *s, struct criterion *c)
{
	if (s->found == 0)
		return;
	const struct node *n = node_at(s->p, s->place[0].node);
	if (n->max == 0)
		c->kind = CRIT_ABSENT;
	else if (n->min > 0)
		c->kind = CRIT_EXISTS;
}

static struct search search_for(const struct profiles *p,
				const struct discriminator *d, bool ends)
{
	struct search s = {.p = p, .n = d->n_steps, .ends = ends};
	s.step = rec_at(p, d->steps);
	/* what a reference leads to is told by the reference */
	if ((d->kind == BY_TYPE || d->kind == BY_PROFILE) && s.n > 0 &&
	    s.step[s.n - 1].op == STEP_RESOLVE)
		s.n--;
	return s;
}

static void decide(struct build *b, const struct discriminator *d, bool only,
		   ref slice, struct criterion *c)
{
	struct search s = search_for(b->p, d, d->kind != BY_VALUE);

	c->kind = CRIT_NONE;
	follow(&s, slice, 0);
	b->work += s.work;
	if (d->kind == BY_EXISTS) {
		decide_presence(&s, c);
	} else if (s.found > 0) {
		set_places(b, c, &s,
			   d->kind == BY_TYPE	   ? CRIT_TYPE
			   : d->kind == BY_PROFILE ? CRIT_PROFILE
						   : CRIT_NODE);
	} else if (s.text) {
		c->kind = CRIT_TEXT;
		c->text = s.text;
	} else if (d->kind == BY_VALUE) {
		/* no value is said, but perhaps whether there is one */
		s = search_for(b->p, d, true);
		follow(&s, slice, 0);
		decide_presence(&s, c);
		if (c->kind == CRIT_EXISTS && !only)
			c->kind = CRIT_NONE;
	}
}

/* How many counters the slices of an element need, inner ones included. */
static void count_slots(struct build *b, struct slicing *s)
{
	const ref *slice = rec_at(b->p, s->slices);
	unsigned slots = TALLY_HEAD + s->n;

	s->fallback = 0;
	s->nested = 0;
	for (unsigned i = 0; i < s->n; i++) {
		const struct node *n = node_at(b->p, slice[i]);
		if (strcmp(text_at(b->p, n->slice), "@default") == 0)
			s->fallback = (uint8_t)(i + 1);
		if (!n->slicing)
			continue;
		const struct slicing *inner = rec_at(b->p, n->slicing);
		s->nested = 1;
		slots += inner->slots;
	}
	if (slots > TALLY_SLOTS)
		b->crowded = true;
	s->slots = (uint16_t)(slots < UINT16_MAX ? slots : UINT16_MAX);
}

static void resolve_one(struct build *b, ref slicing)
{
	struct slicing *s = heap_at(b->p, slicing);
	const struct discriminator *d = rec_at(b->p, s->disc);
	const ref *slice = rec_at(b->p, s->slices);

	count_slots(b, s);
	if (s->n == 0 || s->n_disc == 0)
		return;
	size_t n = (size_t)s->n * s->n_disc;
	s->criteria = heap_alloc(b->p, n * sizeof(struct criterion));
	struct criterion *c = heap_at(b->p, s->criteria);
	for (unsigned i = 0; i < s->n; i++) {
		for (unsigned k = 0; k < s->n_disc; k++)
			decide(b, &d[k], s->n_disc == 1, slice[i],
			       &c[i * s->n_disc + k]);
	}
}

static void resolve_below(struct build *b, ref node, ref mark, unsigned depth)
{
	if (node < mark || depth > STEPS_MAX * 2 || b->work > LOOK_TOTAL)
		return;
	struct node *n = heap_at(b->p, node);
	/* slices share what is below the element they slice */
	if (n->flags & NODE_DONE)
		return;
	n->flags |= NODE_DONE;
	if (n->slicing >= mark) {
		const struct slicing *s = rec_at(b->p, n->slicing);
		const ref *v = rec_at(b->p, s->slices);
		for (unsigned i = 0; i < s->n; i++)
			resolve_below(b, v[i], mark, depth + 1);
		if (!s->criteria)
			resolve_one(b, n->slicing);
	}
	if (n->list < mark)
		return;
	const struct list *l = list_at(b->p, n->list);
	for (unsigned i = 0; i < l->n; i++)
		resolve_below(b, l->child[i], mark, depth + 1);
}

bool resolve_slicing(struct build *b, ref node, ref mark)
{
	b->work = 0;
	b->crowded = false;
	resolve_below(b, node, mark, 0);
	b->part = NULL;
	if (b->work > LOOK_TOTAL)
		return build_fail(b, "too-long",
				  "its slices within slices take too much "
				  "work to tell apart");
	if (b->crowded)
		return build_fail(b, "too-long",
				  "more than %d slices of one element, those "
				  "within slices included",
				  TALLY_SLOTS);
	return true;
}
