/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_constraint.c: the invariants of an ElementDefinition, merged onto a
 * node.
 *
 * A node's list holds what the type's own definition states first (n_base of
 * them: the base pass evaluates those) and what profiles add behind it. What a
 * profile only repeats is not kept twice; what it states anew under a key of
 * the base stands beside the base's, for a profile cannot take a rule back. But
 * if a profile repeats what another profile states and names a switch for it,
 * that switch weighs it.
 *
 * Each distinct expression has a number, by which the compiled form is kept
 * with the set. The expressions of a package are compiled here and now, so that
 * a wrong one is found when it is loaded and not when a resource comes; the
 * compiler of the image does the same to try them. Expressions that are not
 * evaluated as published: invariant_fixes.c.
 */
#include "compile_int.h"

#include <string.h>

static bool same(const struct constraint *x, const struct constraint *y)
{
	return x->key == y->key && x->human == y->human &&
	       x->expression == y->expression && x->run == y->run &&
	       x->severity == y->severity && x->native == y->native &&
	       x->confidence == y->confidence && x->weighed == y->weighed;
}

/* ---- those of this compilation ---------------------------------------- */

/* Two indexes of open addressing: by all that is said, and by what is run. A
 * slot holds 1 + the place among the constraints. */

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1U;
	return h ^ h >> 15;
}

static uint32_t hash_all(const struct constraint *c)
{
	const uint32_t small = c->severity | (uint32_t)c->native << 8 |
			       (uint32_t)c->confidence << 16 |
			       (uint32_t)c->weighed << 24;

	return mix(
	    mix(mix(mix(mix(0, c->key), c->human), c->expression), c->run),
	    small);
}

static const struct constraint *constraint_in(const struct build *b,
					      uint32_t slot)
{
	return rec_at(b->p, b->constraints[slot - 1]);
}

/* Where a constraint like it is, or the empty slot for it. */
static uint32_t *slot_of_all(const struct build *b, const struct constraint *c)
{
	size_t i = hash_all(c) & (b->cap_slots - 1);

	while (b->by_all[i] && !same(constraint_in(b, b->by_all[i]), c))
		i = (i + 1) & (b->cap_slots - 1);
	return &b->by_all[i];
}

static uint32_t *slot_of_run(const struct build *b, ref run)
{
	size_t i = mix(0, run) & (b->cap_slots - 1);

	while (b->by_run[i] && constraint_in(b, b->by_run[i])->run != run)
		i = (i + 1) & (b->cap_slots - 1);
	return &b->by_run[i];
}

static void file(struct build *b, size_t i)
{
	const struct constraint *c = rec_at(b->p, b->constraints[i]);
	uint32_t *run = slot_of_run(b, c->run);

	*slot_of_all(b, c) = (uint32_t)i + 1;
	if (!*run)
		*run = (uint32_t)i + 1;
}

static void make_slots(struct build *b)
{
	if (b->n_constraints * 2 < b->cap_slots)
		return;
	b->cap_slots = b->cap_slots ? b->cap_slots * 2 : 256;
	b->by_all = arena_alloc(b->tmp, b->cap_slots * sizeof(*b->by_all));
	b->by_run = arena_alloc(b->tmp, b->cap_slots * sizeof(*b->by_run));
	for (size_t i = 0; i < b->n_constraints; i++)
		file(b, i);
}

/* A number that the same expression has in this compilation already. */
static bool known_number(const struct build *b, ref run, uint32_t *out)
{
	const uint32_t slot = *slot_of_run(b, run);

	if (slot)
		*out = constraint_in(b, slot)->number;
	return slot != 0;
}

/* ---- compiling -------------------------------------------------------- */

static uint32_t new_number(struct profiles *p, struct fp_expr *x)
{
	if (p->n_expr == p->cap_expr) {
		p->cap_expr = p->cap_expr ? p->cap_expr * 2 : 64;
		struct fp_expr **v =
		    arena_alloc(p->arena, p->cap_expr * sizeof(*v));
		if (p->n_expr > 0)
			memcpy(v, p->expr, p->n_expr * sizeof(*v));
		p->expr = v;
	}
	p->expr[p->n_expr] = x;
	return p->n_expr++;
}

static bool compile(struct build *b, const char *text, struct fp_expr **out)
{
	struct err e = {0};
	struct buf said;

	*out = fp_compile(b->p->arena, text, &e);
	if (*out)
		return true;
	buf_init(&said, b->tmp);
	fp_explain(&said, text, &e);
	return build_fail(b, "invalid", "this is no FHIRPath expression:\n%.*s",
			  (int)said.len - 1, said.p);
}

static bool intern(struct build *b, struct constraint *c, ref *out)
{
	struct fp_expr *x;

	make_slots(b);
	if (*slot_of_all(b, c)) {
		*out = b->constraints[*slot_of_all(b, c) - 1];
		return true;
	}
	if (c->run && !known_number(b, c->run, &c->number)) {
		if (!compile(b, text_at(b->p, c->run), &x))
			return false;
		c->number = new_number(b->p, x);
	}
	b->constraints = build_room(b, b->constraints, b->n_constraints,
				    &b->cap_constraints, sizeof(ref));
	*out = heap_alloc(b->p, sizeof(*c));
	memcpy(heap_at(b->p, *out), c, sizeof(*c));
	b->constraints[b->n_constraints] = *out;
	file(b, b->n_constraints++);
	return true;
}

/* ---- one constraint --------------------------------------------------- */

static bool is_best_practice(const struct json *j)
{
	static const char url[] = "http://hl7.org/fhir/StructureDefinition/"
				  "elementdefinition-bestpractice";
	const struct json *x = json_first(json_get(j, "extension"));

	for (; x; x = json_next(x)) {
		const char *have = json_get_text(x, "url");
		const struct json *v = json_get(x, "valueBoolean");
		if (have && strcmp(have, url) == 0 && v)
			return json_kind(v) == JSON_TRUE;
	}
	return false;
}

/* False: there is nothing to evaluate. */
static bool read_constraint(struct build *b, const struct json *j,
			    struct constraint *out)
{
	const char *key = json_get_text(j, "key");
	const char *text = json_get_text(j, "expression");
	const char *severity = json_get_text(j, "severity");
	const char *human = json_get_text(j, "human");

	if (!key || !text)
		return false;
	const struct fix *fix = fix_find(b->p->version, key, text);
	if (fix && (fix->kind == FIX_ELSEWHERE || fix->kind == FIX_NEVER))
		return false;
	bool warning = (severity && strcmp(severity, "warning") == 0) ||
		       is_best_practice(j);
	*out = (struct constraint){
	    .key = build_text(b, key),
	    .human = build_text(b, human ? human : key),
	    .expression = build_text(b, text),
	    .severity = warning ? ISSUE_WARNING : ISSUE_ERROR,
	};
	if (fix && fix->kind == FIX_NATIVE)
		out->native = fix->native;
	else
		out->run = build_text(b, fix ? fix->text : text);
	return true;
}

/* Where in the list it goes; (size_t)-1: it is there already. */
static size_t place(const struct profiles *p, const ref *v, size_t n,
		    size_t n_base, const struct constraint *c)
{
	const char *key = text_at(p, c->key);
	const char *text = text_at(p, c->expression);

	for (size_t i = 0; i < n; i++) {
		const struct constraint *have = rec_at(p, v[i]);
		if (strcmp(text_at(p, have->key), key) != 0)
			continue;
		if (have->severity == c->severity &&
		    strcmp(text_at(p, have->expression), text) == 0)
			return c->weighed && i >= n_base ? i : (size_t)-1;
		if (i >= n_base)
			return i;
	}
	return n;
}

static bool merge_one(struct build *b, const struct node *n,
		      const struct json *j, ref *v, size_t *k)
{
	const char *where = b->inside;
	struct constraint c;
	struct marks own;

	if (!read_constraint(b, j, &c))
		return true;
	if (!b->base && !read_marks(b, j, where, &own))
		return false;
	if (!b->base) {
		c.weighed = own.weighed;
		c.confidence = own.confidence ? own.confidence : n->confidence;
	}
	b->inside = arena_printf(b->tmp, "%s.expression", where);
	size_t at = place(b->p, v, *k, b->base ? 0 : n->n_base, &c);
	if (at == (size_t)-1)
		return true;
	if (!intern(b, &c, &v[at]))
		return false;
	if (at == *k)
		(*k)++;
	return true;
}

bool merge_constraints(struct build *b, ref node, const struct json *list)
{
	struct node *n = heap_at(b->p, node);
	size_t k = n->n_constraints, cap = k + json_count(list), i = 0;

	if (json_count(list) == 0)
		return true;
	if (cap > 1000)
		return build_fail(b, "too-long", "more than 1000 invariants");
	ref *v = arena_alloc(b->tmp, cap * sizeof(*v));
	if (k > 0)
		memcpy(v, rec_at(b->p, n->constraints), k * sizeof(*v));
	for (const struct json *j = json_first(list); j; j = json_next(j)) {
		b->inside = arena_printf(b->tmp, ".constraint[%zu]", i++);
		if (!merge_one(b, n, j, v, &k))
			return false;
	}
	b->inside = NULL;
	if (k == 0)
		return true;
	n->constraints = heap_alloc(b->p, k * sizeof(*v));
	memcpy(heap_at(b->p, n->constraints), v, k * sizeof(*v));
	n->n_constraints = (uint16_t)k;
	if (b->base)
		n->n_base = n->n_constraints;
	return true;
}
