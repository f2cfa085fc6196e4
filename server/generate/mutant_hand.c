/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_hand.c: operators that read files. A plan has a list of mutants of its
 * own, for invariants and whatever cannot be derived; and for each resource
 * type there is a list of elements that a profile may forbid, with values
 * (fixtures/generate/elements-*.json): each is put in.
 *
 * What an element's value breaks is not known beforehand: it may be forbidden,
 * be one too many, or differ from a fixed value. fixtures/README.md describes
 * the files.
 */
#include "generate/mutant_int.h"

#define EDITS 8
#define WORDS 60 /* of a value, in a text */

static const char *json_of(struct arena *a, const struct json *v)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, v, false);
	return b.p;
}

/* A value in a text: its beginning, when it is long. */
static const char *shown(struct arena *a, const char *json)
{
	const size_t n = strlen(json);
	size_t end = 0;

	while (end < n && end + utf8_char(json + end, n - end) <= WORDS)
		end += utf8_char(json + end, n - end);
	return end < n ? arena_printf(a, "%.*s...", (int)end, json) : json;
}

/* ---- the plan's own ----------------------------------------------------- */

struct script {
	struct edit e[EDITS];
	size_t n;
	struct buf what;
};

static void add(struct script *s, const struct edit *e, const char *verb,
		const char *type)
{
	if (s->n == EDITS)
		return;
	buf_printf(&s->what, "%s%s%s.%s", s->n > 0 ? ", " : "", verb, type,
		   e->path);
	if (e->text)
		buf_printf(&s->what, " is %s", shown(s->what.arena, e->text));
	s->e[s->n++] = *e;
}

/* What is removed goes first. */
static void read_script(struct arena *a, const struct json *m, const char *type,
			struct script *s)
{
	const struct json *v = json_first(json_get(m, "remove"));

	*s = (struct script){.n = 0};
	buf_init(&s->what, a);
	for (; v; v = json_next(v))
		add(s,
		    &(struct edit){.kind = EDIT_REMOVE, .path = json_text(v)},
		    "without ", type);
	for (v = json_first(json_get(m, "put")); v; v = json_next(v))
		add(s,
		    &(struct edit){.kind = EDIT_PUT,
				   .path = json_name(v),
				   .text = json_of(a, v)},
		    "", type);
}

/* "KPHR-PROF-0080": its digits; a key as it is. */
static const char *means_of(const char *rule)
{
	return text_begins(rule, "KPHR-PROF-") ? rule + 10 : rule;
}

void offer_by_hand(struct offers *o, const struct target *t)
{
	const struct json *m = json_first(json_get(t->plan->doc, "mutants"));
	const char *type = json_get_text(t->root, "resourceType");
	struct script s;

	if (t->v != t->root)
		return;
	for (; m; m = json_next(m)) {
		const char *rule = json_get_text(m, "rule");
		const char *shape = json_get_text(m, "shape");
		const char *what = json_get_text(m, "what");

		if (!rule || (shape && !text_is(shape, t->shape->example)))
			continue;
		read_script(offer_arena(o), m, type, &s);
		if (s.n > 0)
			offer(o, means_of(rule), s.e, s.n,
			      what ? what : s.what.p);
	}
}

/* ---- elements ----------------------------------------------------------- */

/* Is there what it is put into? */
static bool has_room(struct arena *a, const struct json *root, const char *path)
{
	const char *dot = strrchr(path, '.');

	return !dot ||
	       gen_find(root, arena_strndup(a, path, (size_t)(dot - path)));
}

/* One item more of an array that is there. */
static void offer_more(struct offers *o, const struct target *t,
		       const struct json *now, const struct json *v)
{
	struct arena *a = offer_arena(o);

	if (json_kind(now) != JSON_ARRAY || json_kind(v) != JSON_ARRAY)
		return;
	offer(o, "*",
	      &(struct edit){.kind = EDIT_PUT,
			     .path = arena_printf(a, "%s[99]", json_name(v)),
			     .text = json_of(a, json_first(v))},
	      1,
	      arena_printf(a, "%s.%s has %s, too", t->shown, json_name(v),
			   shown(a, json_of(a, json_first(v)))));
}

void offer_elements(struct offers *o, const struct target *t)
{
	const char *type = json_get_text(t->root, "resourceType");
	const struct json *v = json_first(json_get(t->elements, type));
	struct arena *a = offer_arena(o);

	for (; t->v == t->root && v; v = json_next(v)) {
		const struct json *now = gen_find(t->root, json_name(v));
		const char *text = json_of(a, v);

		if (!has_room(a, t->root, json_name(v)))
			continue;
		offer(o, "*",
		      &(struct edit){
			  .kind = EDIT_PUT, .path = json_name(v), .text = text},
		      1,
		      now ? arena_printf(a, "%s.%s is %s", t->shown,
					 json_name(v), shown(a, text))
			  : arena_printf(a, "with %s.%s", t->shown,
					 json_name(v)));
		if (now)
			offer_more(o, t, now, v);
	}
}
