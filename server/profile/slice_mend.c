/* SPDX-License-Identifier: Apache-2.0
 *
 * slice_mend.c: what to change or to add where something is missing: an item
 * that would be in a slice but for one letter, or but for one of the values
 * that decide, is probably meant for it; else the hint lists what the missing
 * item or element has to have: what is mandatory in it, with the values that
 * are fixed. Runs only when there is something to report.
 */
#include "profile_int.h"

#include <string.h>
#include <strings.h>

#define WANTED_DEPTH 6
#define WANTED_BYTES ((size_t)400)

/* ---- what to change ----------------------------------------------------- */

/* The value of an item at the end of a discriminator's path, if it is one. */
struct found {
	struct probe q;
	const char *text;
	unsigned n;
};

static bool take(const struct probe *q, const struct json *v,
		 const struct json *companion)
{
	struct found *f = (struct found *)(uintptr_t)q;

	(void)companion;
	f->n++;
	f->text = v && json_kind(v) == JSON_STRING ? json_text(v) : NULL;
	return false;
}

static const char *value_at(struct check *c, const struct discriminator *d,
			    const struct spot *s)
{
	struct found f = {.q = {.c = c, .d = d, .n = d->n_steps, .test = take}};

	probe_reach(&f.q, s->value, s->companion, 0);
	return f.n == 1 ? f.text : NULL;
}

/* But for a letter, capital letters, or something in front or behind. */
static bool is_like(const char *is, const char *want)
{
	size_t n = strlen(is), m = strlen(want);
	struct nearest near = {.word = is};

	nearest_try(&near, want);
	return (near.best && near.edits <= 1 && m > 3) ||
	       strcasecmp(is, want) == 0 ||
	       (m > 3 && (strncmp(is, want, m) == 0 ||
			  (n > m && strcmp(is + n - m, want) == 0)));
}

/* Writes the changes that bring an item into slice i. False: it is something
 * else, or they cannot be told. */
static bool changes(struct check *c, const struct slicing *s, unsigned i,
		    const struct spot *item, struct buf *out)
{
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);
	bool near = false;

	for (unsigned k = 0; s->criteria && k < s->n_disc; k++) {
		const struct criterion *x = &crit[i * s->n_disc + k];
		if (slice_passes(c, s, i, k, item)) {
			near |= x->kind != CRIT_NONE;
			continue;
		}
		const char *want = slice_value(c, &d[k], x);
		const char *is = value_at(c, &d[k], item);
		if (!want || !is)
			return false;
		near |= is_like(is, want);
		buf_puts(out, out->len > 0 ? ", " : "write ");
		if (d[k].n_steps > 0)
			buf_printf(out, "%s = ", text_at(c->p, d[k].path));
		buf_printf(out, "\"%s\" instead of \"%.200s\"", want, is);
	}
	return near && out->len > 0;
}

const char *slice_change(struct check *c, const struct slicing *s, unsigned i,
			 const struct spot *all)
{
	bool list = all->value && json_kind(all->value) == JSON_ARRAY;
	struct spot item = *all, only = {.value = NULL};
	struct buf b;
	long at = -1;

	if (is_quiet(c) || !list)
		return NULL;
	item.companion = NULL;
	item.value = json_first(all->value);
	for (long k = 0; item.value; item.value = json_next(item.value), k++) {
		if (slice_matches(c, s, &item))
			continue;
		if (only.value)
			return NULL;
		only = item;
		at = k;
	}
	buf_init(&b, c->a);
	if (!only.value || !changes(c, s, i, &only, &b))
		return NULL;
	return arena_printf(c->a, "in %s[%ld] %s", all->at->name, at, b.p);
}

/* ---- what to add ------------------------------------------------------ */

/* A hint in the making, and the path of what is being added to it. */
struct adding {
	struct check *c;
	/* paths that have their values already */
	const char *told[DISCRIMINATORS_MAX];
	unsigned n_told;
	struct buf out;
	struct buf path;
};

static void want(struct adding *w, const char *path, const char *value)
{
	const char *quote = value ? "\"" : "";
	size_t n = strlen(path);
	for (unsigned i = 0; !value && i < w->n_told; i++) {
		const char *told = w->told[i];
		if (strncmp(told, path, n) == 0 && (!told[n] || told[n] == '.'))
			return;
	}
	buf_puts(&w->out, w->out.len > 0 ? ", " : "");
	buf_printf(&w->out, "%s = %s%s%s", path, quote, value ? value : "...",
		   quote);
}

/* Of several slices the one that must be there. */
static const struct node *mandatory(const struct profiles *p,
				    const struct node *n)
{
	if (!n->slicing)
		return n;
	const struct slicing *s = rec_at(p, n->slicing);
	const ref *v = rec_at(p, s->slices);
	for (unsigned i = 0; i < s->n; i++) {
		if (node_at(p, v[i])->min > 0)
			return node_at(p, v[i]);
	}
	return n;
}

static unsigned slices_wanted(const struct profiles *p, const struct node *n,
			      unsigned *last)
{
	const struct slicing *s = n->slicing ? rec_at(p, n->slicing) : NULL;
	const ref *v = s ? rec_at(p, s->slices) : NULL;
	unsigned found = 0;

	for (unsigned i = 0; s && i < s->n; i++) {
		if (node_at(p, v[i])->min == 0)
			continue;
		found++;
		*last = i;
	}
	return found;
}

/* Has it to be there, or something in it, once what is around it is? */
static bool is_wanted(const struct profiles *p, const struct node *n)
{
	unsigned last;

	return n->max > 0 &&
	       (n->min > 0 || n->fixed || slices_wanted(p, n, &last) > 0);
}

/* What a profile says of its children; else those of its type, if it is a small
 * one that would be written as a whole. */
static const struct list *children_of(struct check *c, const struct node *n)
{
	const struct use *u = rec_at(c->p, n->types);

	if (n->list)
		return list_at(c->p, n->list);
	if (n->n_types != 1 || u->type != c->p->known[T_NARRATIVE])
		return NULL;
	return node_list(c->p, n, u->type);
}

/* "Patient/{id}" for the member reference of a Reference to one type. */
static const char *target(struct check *c, const struct node *n,
			  const char *name)
{
	const struct use *u = rec_at(c->p, n->types);

	if (n->n_types != 1 || u->type != c->p->known[T_REFERENCE] ||
	    u->n_targets != 1 || strcmp(name, "reference") != 0)
		return NULL;
	const struct sd *sd = target_sd(c->p, rec_at(c->p, u->targets));
	return sd ? say(c, "%s/{id}", text_at(c->p, c->p->types[sd->type].name))
		  : NULL;
}

/* Everything below n that is mandatory or has a fixed value. */
static void want_below(struct adding *w, const struct node *n, unsigned depth)
{
	const struct profiles *p = w->c->p;
	size_t up = w->path.len;

	if (n->fixed && up > 0) {
		want(w, w->path.p, constant_text(p, w->c->a, n->fixed));
		return;
	}
	size_t before = w->out.len;
	const struct list *l = depth > 0 ? children_of(w->c, n) : NULL;
	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *child = node_at(p, l->child[i]);
		if (!is_wanted(p, child) || w->out.len > WANTED_BYTES)
			continue;
		buf_printf(&w->path, "%s%s", up > 0 ? "." : "",
			   element_name(w->c, child));
		const char *to = target(w->c, n, element_name(w->c, child));
		if (to)
			want(w, w->path.p, to);
		else
			want_below(w, mandatory(p, child), depth - 1);
		w->path.len = up;
		w->path.p[up] = '\0';
	}
	if (w->out.len == before && up > 0)
		want(w, w->path.p, NULL);
}

/* First what the discriminators say, unless it is mandatory anyway. */
static void want_told(struct adding *w, const struct slicing *s, unsigned i,
		      const char *before)
{
	struct check *c = w->c;
	const struct discriminator *d = rec_at(c->p, s->disc);
	const struct criterion *crit = rec_at(c->p, s->criteria);

	for (unsigned k = 0; s->criteria && k < s->n_disc; k++) {
		const struct criterion *x = &crit[i * s->n_disc + k];
		const char *value = slice_value(c, &d[k], x);
		if (!value || d[k].n_steps == 0 ||
		    (before && strstr(before, say(c, "\"%s\"", value))))
			continue;
		const char *path = text_at(c->p, d[k].path);
		want(w, path, value);
		w->told[w->n_told++] = path;
	}
}

/* "system = "http://loinc.org", code = "8480-6", display = ..."; or "". */
static const char *slice_parts(struct check *c, const struct slicing *s,
			       unsigned i)
{
	const ref *slice = rec_at(c->p, s->slices);
	const struct node *n = node_at(c->p, slice[i]);
	struct adding w = {.c = c};

	buf_init(&w.out, c->a);
	buf_init(&w.path, c->a);
	want_below(&w, n, WANTED_DEPTH);
	const char *mandatory = w.out.len > 0 ? w.out.p : NULL;
	buf_init(&w.out, c->a);
	want_told(&w, s, i, mandatory);
	want_below(&w, n, WANTED_DEPTH);
	return w.out.len > 0 ? w.out.p : "";
}

const char *slice_hint(struct check *c, const struct slicing *s, unsigned i)
{
	const ref *slice = rec_at(c->p, s->slices);

	if (is_quiet(c))
		return NULL;
	const struct node *n = node_at(c->p, slice[i]);
	if (n->fixed && ((const struct constant *)rec_at(c->p, n->fixed))->text)
		return say(c, "add \"%s\"",
			   constant_text(c->p, c->a, n->fixed));
	const char *parts = slice_parts(c, s, i);
	return *parts ? arena_printf(c->a, "add one with %s", parts) : NULL;
}

/* An item for each slice that must be there. */
static const char *slices_hint(struct check *c, const struct node *n,
			       const char *name)
{
	const struct slicing *s = rec_at(c->p, n->slicing);
	const ref *v = rec_at(c->p, s->slices);
	unsigned found = 0;
	struct buf b;

	buf_init(&b, c->a);
	buf_printf(&b, "add \"%s\" with", name);
	for (unsigned i = 0; i < s->n; i++) {
		const struct node *slice = node_at(c->p, v[i]);
		if (slice->min == 0 || b.len > 2 * WANTED_BYTES)
			continue;
		buf_printf(&b, "%s %s (%s)", found++ ? "," : "",
			   text_at(c->p, slice->slice), slice_parts(c, s, i));
	}
	return b.p;
}

const char *member_hint(struct check *c, const struct node *n, const char *name)
{
	struct adding w = {.c = c};
	unsigned only = 0, slices;
	const char *hint;

	if (is_quiet(c))
		return NULL;
	if (n->fixed)
		return say(c, "add \"%s\": \"%s\"", name,
			   constant_text(c->p, c->a, n->fixed));
	bool choice = n->flags & NODE_CHOICE;
	slices = choice ? 0 : slices_wanted(c->p, n, &only);
	if (slices == 1 &&
	    (hint = slice_hint(c, rec_at(c->p, n->slicing), only)) != NULL)
		return hint;
	if (slices > 1)
		return slices_hint(c, n, name);
	buf_init(&w.out, c->a);
	buf_init(&w.path, c->a);
	want_below(&w, mandatory(c->p, n), WANTED_DEPTH);
	return w.out.len > 0
		   ? arena_printf(c->a, "add \"%s\" with %s", name, w.out.p)
		   : say(c, "add \"%s\"", name);
}
