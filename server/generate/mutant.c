/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant: resources with exactly one broken rule.
 *
 * The catalogue of mutations is found when the generator is opened. A sample of
 * each shape of a plan is walked, operators (mutant_ops.c) offer what they can
 * do to its values, and each candidate is judged: it counts when it is refused
 * with one rule, at one place, that its operator meant to break; for a server
 * that explains as for one that does not. What breaks two rules is no mutation,
 * nor is what passes.
 *
 * So the catalogue follows the definitions, whatever they say, and what a
 * mutant is expected to break is what the judge found. It does not repeat
 * itself: a rule at an element (whichever item of a list it is in) is broken
 * in two ways at most.
 *
 * A mutation is a list of edits and can be done to any resource of its shape: a
 * mutant is made of a generated resource, with its citizen's values and times.
 */
#include "generate/mutant_int.h"

#include <stdlib.h>

#define WAYS 2 /* to break a rule at an element */
#define OPS  64

struct mutation {
	struct generate_mutation is;
	const char *element; /* the path without indexes */
	const char *source;  /* of the rule: "dom-3" for one in its own code */
	const struct plan *plan;
	const struct shape *shape;
	const struct edit *e;
	size_t n;
};

struct mutants {
	const struct generator *g;
	struct mutation *v;
	size_t n, cap;
	size_t citizen, next;
	struct buf text; /* the mutant at hand */
	char uuid[UUID_TEXT];
};

struct offers {
	struct mutants *to;
	struct arena *arena;   /* of the catalogue */
	struct arena *scratch; /* of a candidate */
	const struct plan *plan;
	const struct shape *shape;
	const struct json *sample;
	const struct mutant_op *op;
	size_t first;	 /* mutation of this plan */
	unsigned *taken; /* of the operator */
	unsigned tallies[OPS];
};

struct arena *offer_arena(struct offers *o)
{
	return o->scratch;
}

/* ---- judging ------------------------------------------------------------ */

static const struct issues *judge(const struct offers *o,
				  const struct json *mutant, bool explain)
{
	const struct generate_options *g = o->to->g->o;
	const enum fhir_version v = o->plan->about.fhir;
	const struct profile_options with = {
	    .required = REQUIRED_ALL,
	    .explain = explain,
	    .other = g->judge[v == FHIR_R4 ? FHIR_STU3 : FHIR_R4],
	    .now_ms = g->until_ms,
	};

	return profile_check(g->judge[v], o->scratch, mutant, &with);
}

static bool is_error(const struct issue *i)
{
	return i->severity == ISSUE_FATAL || i->severity == ISSUE_ERROR;
}

/* The error that all errors are; NULL: there is none, or there are several. */
static const struct issue *only_error(const struct issues *found)
{
	const struct issue *one = NULL;

	for (size_t i = 0; i < found->n; i++) {
		const struct issue *x = &found->v[i];

		if (!is_error(x))
			continue;
		if (one && (strcmp(x->rule, one->rule) != 0 ||
			    strcmp(x->path, one->path) != 0 ||
			    !text_same(x->key, one->key)))
			return NULL;
		one = one ? one : x;
	}
	return one;
}

/* Where the rule comes from: many an invariant is a rule of its own. */
static const char *source_of(const struct issue *i)
{
	struct rule_about r;

	for (size_t k = 0; profile_rule(k, &r); k++)
		if (strcmp(r.id, i->rule) == 0)
			return r.source;
	return "";
}

static bool is_meant(const char *means, const struct issue *i)
{
	return text_is(means, "*") || text_is(means, i->key) ||
	       text_is(means, source_of(i)) ||
	       strstr(means, i->rule + strlen("KPHR-PROF-")) != NULL;
}

/* The rule that the candidate breaks, when it is one, and meant. */
static const struct issue *broken(struct offers *o, const char *means,
				  const struct edit *e, size_t n)
{
	struct err err = {.kind = ERR_NONE};
	size_t len;
	const char *text = edit_apply(o->scratch, o->sample, e, n, &len);
	const struct json *mutant =
	    text ? json_parse(o->scratch, text, len, &err) : NULL;
	const struct issue *i, *explained;

	if (!mutant)
		return NULL;
	i = only_error(judge(o, mutant, false));
	if (!i || !is_meant(means, i))
		return NULL;
	explained = only_error(judge(o, mutant, true));
	return explained && strcmp(explained->rule, i->rule) == 0 &&
		       strcmp(explained->path, i->path) == 0
		   ? i
		   : NULL;
}

/* ---- the catalogue ------------------------------------------------------ */

static struct mutation *new_mutation(struct mutants *m)
{
	if (m->n == m->cap) {
		struct mutation *old = m->v;

		m->cap = m->cap ? 2 * m->cap : 256;
		m->v = arena_alloc(m->g->arena, m->cap * sizeof(*m->v));
		if (old)
			memcpy(m->v, old, m->n * sizeof(*old));
	}
	return &m->v[m->n++];
}

static const char *without_indexes(struct arena *a, const char *path)
{
	struct buf b;

	buf_init(&b, a);
	for (; *path; path++) {
		if (*path == '[')
			path += strcspn(path, "]");
		else
			buf_putc(&b, *path);
	}
	return b.p;
}

/* Was the same done to another shape of the plan? */
static bool is_done(const struct offers *o, const char *what)
{
	for (size_t i = o->first; i < o->to->n; i++)
		if (strcmp(o->to->v[i].is.what, what) == 0)
			return true;
	return false;
}

/* Is the rule broken often enough: at this element, or anywhere when the
 * operator is for rules that nothing else breaks? Those that are apart leave
 * their place to others. */
static bool is_enough(const struct offers *o, const struct issue *x,
		      const char *element, const char *what)
{
	const struct generate_mutation now = {
	    .rule = x->rule, .key = x->key, .what = what};
	const bool apart = mutant_apart(&now, o->plan->about.profile) != NULL;
	unsigned ways = 0, all = 0;

	for (size_t i = o->first; i < o->to->n; i++) {
		const struct mutation *m = &o->to->v[i];

		if (strcmp(m->is.rule, x->rule) != 0 ||
		    !text_same(m->is.key, x->key) || (m->is.apart && !apart))
			continue;
		all++;
		ways += strcmp(m->element, element) == 0;
	}
	return ways >= WAYS || (o->op->if_new && all > 0);
}

static const char *kept(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static void take(struct offers *o, const struct issue *i, const char *element,
		 const struct edit *e, size_t n, const char *what)
{
	struct mutation *m = new_mutation(o->to);
	struct edit *own = arena_alloc(o->arena, n * sizeof(*own));

	for (size_t k = 0; k < n; k++)
		own[k] = (struct edit){.kind = e[k].kind,
				       .path = kept(o->arena, e[k].path),
				       .text = kept(o->arena, e[k].text),
				       .with = kept(o->arena, e[k].with)};
	*m = (struct mutation){
	    .is = {.rule = kept(o->arena, i->rule),
		   .key = kept(o->arena, i->key),
		   .path = kept(o->arena, i->path),
		   .what = kept(o->arena, what)},
	    .element = kept(o->arena, element),
	    .source = source_of(i),
	    .plan = o->plan,
	    .shape = o->shape,
	    .e = own,
	    .n = n,
	};
	m->is.apart = mutant_apart(&m->is, o->plan->about.profile);
	*o->taken += 1;
}

void offer(struct offers *o, const char *means, const struct edit *e, size_t n,
	   const char *what)
{
	struct arena_mark mark = arena_mark(o->scratch);
	const struct issue *i;
	const char *element;

	if (*o->taken >= o->op->most || is_done(o, what))
		return;
	i = broken(o, means, e, n);
	if (i) {
		element = without_indexes(o->scratch, i->path);
		if (!is_enough(o, i, element, what))
			take(o, i, element, e, n, what);
	}
	arena_rewind(o->scratch, &mark);
}

/* ---- walking ------------------------------------------------------------ */

static void try_ops(struct offers *o, const struct target *t, bool if_new)
{
	for (size_t k = 0; mutant_op(k); k++) {
		struct arena_mark mark = arena_mark(o->scratch);

		o->op = mutant_op(k);
		o->taken = &o->tallies[k];
		if (o->op->if_new == if_new && *o->taken < o->op->most)
			o->op->offer(o, t);
		arena_rewind(o->scratch, &mark);
	}
}

static void walk(struct offers *o, const struct target *t)
{
	size_t i = 0;

	try_ops(o, t, false);
	for (const struct json *v = json_first(t->v); v; v = json_next(v)) {
		struct target x = *t;
		const char *dot = *t->path ? "." : "";

		x.v = v;
		x.parent = t->v;
		x.path = json_name(v)
			     ? arena_printf(o->arena, "%s%s%s", t->path, dot,
					    json_name(v))
			     : arena_printf(o->arena, "%s[%zu]", t->path, i++);
		x.shown = arena_printf(o->arena, "%s.%s",
				       json_get_text(t->root, "resourceType"),
				       x.path);
		walk(o, &x);
	}
}

static const struct json *elements_of(struct arena *a, enum fhir_version v)
{
	struct err e = {.kind = ERR_NONE};

	return gen_asset(a,
			 v == FHIR_R4 ? PLANS "elements-r4.json"
				      : PLANS "elements-stu3.json",
			 &e);
}

/* The resource as it is, with all that is in it, or else by itself, by the
 * operators that are for what nothing else breaks. */
static void find_in_shape(struct offers *o, const struct json *elements,
			  bool if_new)
{
	const struct generator *g = o->to->g;
	struct err e = {.kind = ERR_NONE};
	char uuid[UUID_TEXT];
	struct buf text;
	struct target t = {.plan = o->plan,
			   .shape = o->shape,
			   .elements = elements,
			   .path = ""};

	buf_init(&text, o->arena);
	gen_sample(g, o->plan, o->shape, &g->o->citizen[0], 0, &text, uuid);
	o->sample = json_parse(o->arena, text.p, text.len, &e);
	if (!o->sample || judge(o, o->sample, false)->errors > 0)
		return;
	t.v = t.root = o->sample;
	t.shown = json_get_text(t.root, "resourceType");
	if (if_new)
		try_ops(o, &t, true);
	else
		walk(o, &t);
}

static void find_in_plan(struct offers *o, const struct plan *p,
			 const struct json *elements)
{
	memset(o->tallies, 0, sizeof(o->tallies));
	o->plan = p;
	o->first = o->to->n;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->shape_count; i++) {
			o->shape = &p->shape[i];
			find_in_shape(o, elements, pass == 1);
		}
	}
}

static void find_all(struct mutants *m)
{
	struct arena *a = m->g->arena;
	struct offers o = {.to = m, .arena = a, .scratch = arena_new(0)};
	const struct json *elements[FHIR_VERSIONS];

	for (int v = 0; v < FHIR_VERSIONS; v++)
		elements[v] = elements_of(a, v);
	for (size_t i = 0; i < m->g->plan_count; i++)
		find_in_plan(&o, &m->g->plan[i],
			     elements[m->g->plan[i].about.fhir]);
	arena_free(o.scratch);
}

/* ---- choosing ----------------------------------------------------------- */

static bool is_asked(const char *rule, const struct mutation *m)
{
	if (strcmp(rule, "all") == 0)
		return !m->is.apart;
	if (strcmp(rule, "apart") == 0)
		return m->is.apart != NULL;
	return strcmp(rule, "list") == 0 || strcmp(rule, m->is.rule) == 0 ||
	       text_is(rule, m->is.key) || text_is(rule, m->source);
}

static bool refuse(const struct mutants *m, const char *rule, struct err *e)
{
	struct nearest near = {.word = rule};

	for (size_t i = 0; i < m->n; i++) {
		nearest_try(&near, m->v[i].is.rule);
		nearest_try(&near, m->v[i].source);
		if (m->v[i].is.key)
			nearest_try(&near, m->v[i].is.key);
	}
	return err_set(e, ERR_INVALID, "invalid", "invalid",
		       "no mutant of these profiles breaks the rule \"%.80s\"; "
		       "%s%s%s--invalid list shows all there are",
		       rule, near.best ? "did you mean \"" : "",
		       near.best ? near.best : "", near.best ? "\"? " : "");
}

static bool choose(struct mutants *m, const char *rule, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += is_asked(rule, &m->v[i]);
	if (n == 0)
		return refuse(m, rule, e);
	n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (is_asked(rule, &m->v[i]))
			m->v[n++] = m->v[i];
	m->n = n;
	return true;
}

struct mutants *mutants_open(struct generator *g, struct err *e)
{
	struct mutants *m = arena_alloc(g->arena, sizeof(*m));

	*m = (struct mutants){.g = g};
	buf_init(&m->text, g->arena);
	if (g->o->citizen_count > 0)
		find_all(m);
	return choose(m, g->o->invalid, e) ? m : NULL;
}

/* ---- making ------------------------------------------------------------- */

size_t mutants_count(const struct mutants *m)
{
	return m->n * m->g->o->citizen_count;
}

/* Into m->text; a is for what is in between. */
static bool make(struct mutants *m, struct arena *a, const struct mutation *x)
{
	const struct generate_citizen *c = &m->g->o->citizen[m->citizen];
	struct err e = {.kind = ERR_NONE};
	const struct json *sample;
	const char *made = NULL;
	struct buf text;
	size_t len = 0;

	buf_init(&text, a);
	gen_sample(m->g, x->plan, x->shape, c, m->next, &text, m->uuid);
	sample = json_parse(a, text.p, text.len, &e);
	if (sample)
		made = edit_apply(a, sample, x->e, x->n, &len);
	m->text.len = 0;
	buf_add(&m->text, made, len);
	return made != NULL;
}

bool mutants_next(struct mutants *m, struct generated *out)
{
	if (m->next == m->n) {
		m->next = 0;
		m->citizen++;
	}
	if (m->citizen >= m->g->o->citizen_count)
		return false;
	const struct mutation *x = &m->v[m->next];
	struct arena *a = arena_new(0);
	const bool made = make(m, a, x);

	arena_free(a);
	*out = (struct generated){
	    .plan = &x->plan->about,
	    .citizen = &m->g->o->citizen[m->citizen],
	    .mutation = &x->is,
	    .uuid = m->uuid,
	    .text = m->text.p,
	    .len = m->text.len,
	};
	m->next++;
	return made;
}
