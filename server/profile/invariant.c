/* SPDX-License-Identifier: Apache-2.0
 *
 * invariant.c: the constraints of an element are evaluated.
 *
 * In the base pass these are what the element's definition states, what the
 * element that a contentReference names states, and what its type states; in a
 * profile's pass only what the profile adds (node.n_base says where that
 * begins). An invariant holds if its expression is true, or is one item that is
 * no boolean; empty or in error it does not (FHIR R4 ElementDefinition 2.1.14,
 * as HL7's validator has it).
 *
 * Compiled expressions are kept with the definitions, by number; those of the
 * image are compiled when they are first needed, a base's into the base
 * (fork.c). Temporaries are given back after each evaluation: what is checked
 * may be large, what is kept is only what is reported. An evaluation within an
 * evaluation (conformsTo) finds the place of the outer one put back behind it.
 */
#include "profile_int.h"

#include <assert.h>
#include <string.h>

#define WORK_BYTES 2048 /* what one evaluation usually takes */

static const struct fp_expr *expression(const struct profiles *p,
					const struct constraint *k)
{
	struct err e = {0};
	assert(k->number < p->n_expr);
	while (p->base && k->number < p->base->n_expr)
		p = p->base;
	struct fp_expr **x = &p->expr[k->number];

	if (!*x)
		*x = fp_compile(p->arena, text_at(p, k->run), &e);
	assert(*x); /* it was tried when it was loaded */
	return *x;
}

/* ---- reporting -------------------------------------------------------- */

/* What to do about those that are met most. */
static const char *hint(const char *key)
{
	static const char *const hints[][2] = {
	    {"bdl-3", "add \"request\" to each entry of a batch or "
		      "transaction, and to no other"},
	    {"dom-6", "add a narrative: \"text\" with a \"div\""},
	    {"ele-1", "give it a value, or remove it"},
	    {"obs-3", "add \"low\", \"high\" or \"text\""},
	    {"obs-6", "remove \"dataAbsentReason\" or the value"},
	    {"obs-7", "remove the value, or the component of the same code"},
	    {"per-1", "put \"start\" before \"end\""},
	    {"qty-3", "add \"system\", for UCUM http://unitsofmeasure.org"},
	    {"vs-2", "add a value, or \"dataAbsentReason\""},
	    {"vs-3", "add a value, or \"dataAbsentReason\""},
	    {"cpt-2", "add \"system\": phone, email, ..."},
	    {"que-2", "give each item a linkId of its own"},
	};
	for (size_t i = 0; i < LEN(hints); i++) {
		if (strcmp(hints[i][0], key) == 0)
			return hints[i][1];
	}
	return NULL;
}

/* "... where(code='x').exists()", perhaps behind "implies": what to add. */
static const char *wanted_hint(struct check *c, const char *expression)
{
	const char *s = strstr(expression, " implies ");
	struct buf b;

	if (is_quiet(c))
		return NULL;
	s = s ? s : expression;
	buf_init(&b, c->a);
	while ((s = strstr(s, "where(")) != NULL) {
		s += 6;
		size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		if (n == 0 || s[n] != '=' || s[n + 1] != '\'')
			return NULL;
		size_t k = strcspn(s + n + 2, "'");
		if (strncmp(s + n + 2 + k, "').exists()", 11) != 0)
			return NULL;
		buf_printf(&b, "%s%.*s = \"%.*s\"",
			   b.len > 0 ? " or " : "add one with ", (int)n, s,
			   (int)k, s + n + 2);
	}
	return b.len > 0 ? b.p : NULL;
}

static void tell(struct check *c, const struct spot *s, const char *key,
		 unsigned severity, const char *human, const char *expression,
		 const char *error)
{
	enum rule rule = error			     ? RULE_INVARIANT_ERROR
			 : severity == ISSUE_WARNING ? RULE_INVARIANT_WARNING
						     : RULE_INVARIANT;
	const char *todo = hint(key);

	if (severity == ISSUE_WARNING && c->rules == RULES_KANTA &&
	    strcmp(key, "dom-6") == 0)
		severity = ISSUE_INFO;
	if (severity > ISSUE_ERROR && c->out->n == PROFILE_ISSUES)
		return;
	c->key = key;
	report_as(c, severity, rule, s->at, s->value ? s->value : s->companion,
		  say(c, "%s: %.200s", key, expression),
		  todo ? todo : wanted_hint(c, expression),
		  error ? "%s [%s]: it cannot be evaluated: %s" : "%s [%s]%s",
		  human, expression, error ? error : "");
	c->key = NULL;
}

/* ---- evaluating ------------------------------------------------------- */

static int evaluate(struct check *c, const struct fp_expr *x,
		    const struct fp_item *focus, struct err *e)
{
	struct evaluation *ev = c->ev;
	const struct check *outer = ev->check;
	struct arena_mark mark = arena_mark(ev->env.arena);

	ev->env.steps = ev->left < FP_STEPS ? ev->left : FP_STEPS;
	evaluation_at(ev, c);
	int holds = fp_holds(x, &ev->env, focus, e);
	ev->left -= ev->env.spent < ev->left ? ev->env.spent : ev->left;
	evaluation_rewind(ev, c, &mark);
	ev->check = outer;
	if (outer)
		evaluation_at(ev, outer);
	return holds;
}

bool may_evaluate(struct check *c, const struct at *at)
{
	if (c->ev->left > 0)
		return true;
	report(c, RULE_WORK, at, c->resource, NULL,
	       "divide the resource, or simplify the invariants",
	       "The invariants of this resource take too many steps: the rest "
	       "is not checked");
	c->stop = true;
	return false;
}

static int judge(struct check *c, const struct constraint *k,
		 const struct fp_item *focus, const struct spot *s,
		 struct err *e)
{
	struct evaluation *ev = c->ev;

	if (!may_evaluate(c, s->at))
		return 1;
	if (!ev->env.arena)
		ev->env.arena = arena_new(WORK_BYTES);
	if (k->native)
		return native_holds(c, k->native, s);
	return evaluate(c, expression(c->p, k), focus, e);
}

static void check_one(struct check *c, const struct constraint *k,
		      const struct fp_item *focus, const struct spot *s)
{
	const enum issue_severity severity = weigh(c, k->weighed, k->severity);
	struct err e;

	if (severity == ISSUE_NONE)
		return;
	e.text[0] = '\0';
	int holds = judge(c, k, focus, s, &e);
	if (holds == 1)
		return;
	c->confidence = k->confidence;
	tell(c, s, text_at(c->p, k->key), severity, text_at(c->p, k->human),
	     text_at(c->p, k->expression), holds < 0 ? e.text : NULL);
	c->confidence = SURE_NONE;
}

static void check_list(struct check *c, const struct node *n,
		       const struct spot *s)
{
	unsigned from = c->base ? 0 : n->n_base;
	struct fp_item focus = {.kind = FP_NODE,
				.type = {s->node, s->type},
				.u.node = {s->value, s->companion}};

	if (from >= n->n_constraints)
		return;
	if (c->p->types[s->type].kind == KIND_RESOURCE)
		focus.type = c->ev->model.resource(c->p, s->value);
	const ref *v = rec_at(c->p, n->constraints);
	for (unsigned i = from; i < n->n_constraints && !c->stop; i++)
		check_one(c, rec_at(c->p, v[i]), &focus, s);
}

void check_invariants(struct check *c, const struct spot *s)
{
	const struct type *t = &c->p->types[s->type];

	if (c->stop || (!s->value && !s->companion))
		return;
	check_list(c, s->node, s);
	if (s->node->content)
		check_list(c, node_at(c->p, s->node->content), s);
	if (c->base && t->kind != KIND_RESOURCE && t->root)
		check_list(c, node_at(c->p, t->root), s);
}

void check_has_content(struct check *c, const struct spot *s)
{
	const struct json *only = json_first(s->value);

	if (only && !json_next(only) && strcmp(json_name(only), "id") == 0)
		tell(c, s, "ele-1", ISSUE_ERROR,
		     "All FHIR elements must have a @value or children",
		     "hasValue() or (children().count() > id.count())", NULL);
}
