/* SPDX-License-Identifier: Apache-2.0
 *
 * discriminate.c: what decides whether an item belongs to a slice, worked out
 * once when the definition is complete.
 *
 * For each slice and discriminator the path is followed through the slice's
 * tree to the elements that say something: a fixed or pattern value, a required
 * binding, or children that have one. The fixed code may sit in a slice inside
 * the slice (component:x.code.coding:y.code), so slices on the way are followed
 * too when the element itself says nothing. The url of an extension whose type
 * names a profile is the URL of that profile's definition.
 * A slice about which nothing can be found out matches nothing and demands
 * nothing. FHIR R4 profiling 5.1.0.7, discriminator types.
 */
#include "profile_int.h"

#include <string.h>

#define CRITERIA_MAX 32
#define LOOK_DEPTH   6

/* ---- reading discriminators ------------------------------------------- */

static bool parse_step(struct build *b, const char *s, size_t n,
		       struct path_step *out)
{
	static const struct {
		const char *open;
		enum step_op op;
	} calls[] = {{"extension(", STEP_EXTENSION},
		     {"ofType(", STEP_OFTYPE},
		     {"resolve(", STEP_RESOLVE}};

	out->op = STEP_CHILD;
	for (size_t i = 0; i < LEN(calls); i++) {
		size_t k = strlen(calls[i].open);
		if (n <= k || strncmp(s, calls[i].open, k) != 0)
			continue;
		if (s[n - 1] != ')')
			return false;
		out->op = calls[i].op;
		s += k;
		n -= k + 1;
		if (n >= 2 && (s[0] == '\'' || s[0] == '"')) {
			s++;
			n -= 2;
		}
		break;
	}
	out->name = build_textn(b, s, n);
	return n > 0 || out->op == STEP_RESOLVE;
}

/* One segment: up to a dot that is not inside of quotes or parentheses. */
static size_t segment(const char *s)
{
	int depth = 0;
	size_t n = 0;
	for (; s[n] && (s[n] != '.' || depth > 0); n++)
		depth += (s[n] == '(') - (s[n] == ')');
	return n;
}

static bool parse_path(struct build *b, const char *s, struct discriminator *d)
{
	struct path_step v[STEPS_MAX];
	size_t n = 0;

	d->path = build_text(b, s);
	if (strncmp(s, "$this", 5) == 0)
		s += s[5] == '.' ? 6 : 5;
	while (*s) {
		size_t k = segment(s);
		if (n == STEPS_MAX || !parse_step(b, s, k, &v[n++]))
			return build_fail(b, "invalid",
					  "discriminator \"%s\" is no path",
					  text_at(b->p, d->path));
		s += k;
		if (*s == '.')
			s++;
	}
	d->n_steps = (uint16_t)n;
	if (n == 0)
		return true;
	d->steps = heap_alloc(b->p, n * sizeof(*v));
	memcpy(heap_at(b->p, d->steps), v, n * sizeof(*v));
	return true;
}

static unsigned discriminator_kind(const char *s)
{
	static const char *const names[] = {"value", "exists", "type",
					    "profile"};
	for (unsigned i = 0; s && i < LEN(names); i++) {
		if (strcmp(s, names[i]) == 0)
			return i;
	}
	return BY_VALUE; /* pattern */
}

bool parse_discriminators(struct build *b, struct slicing *s,
			  const struct json *list)
{
	size_t n = json_count(list);
	if (n > 8)
		return build_fail(b, "too-long", "too many discriminators");
	s->disc = heap_alloc(b->p, n * sizeof(struct discriminator));
	s->n_disc = (uint16_t)n;
	s->criteria = 0;
	struct discriminator *d = heap_at(b->p, s->disc);
	for (const struct json *j = json_first(list); j;
	     j = json_next(j), d++) {
		const char *path = json_get_text(j, "path");
		d->kind =
		    (uint16_t)discriminator_kind(json_get_text(j, "type"));
		if (!path)
			return build_fail(b, "required",
					  "discriminator without path");
		if (!parse_path(b, path, d))
			return false;
	}
	return true;
}

bool implicit_slicing(struct build *b, struct slicing *s, bool by_type)
{
	s->disc = heap_alloc(b->p, sizeof(struct discriminator));
	s->n_disc = 1;
	struct discriminator *d = heap_at(b->p, s->disc);
	d->kind = by_type ? BY_TYPE : BY_VALUE;
	return parse_path(b, by_type ? "$this" : "url", d);
}

/* ---- criteria --------------------------------------------------------- */

struct found {
	ref node[CRITERIA_MAX];
	unsigned n;
	ref text;
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

/* The children that a step may lead to: the node's own, or of the profile that
 * its only type names. */
static const struct list *list_for(const struct profiles *p,
				   const struct node *n)
{
	const struct use *u = rec_at(p, n->types);
	if (n->list || n->content || n->n_types == 0)
		return node_list(p, n, n->of_type);
	if (u->n_profiles == 1) {
		const struct target *t = rec_at(p, u->profiles);
		const struct sd *sd = t->sd ? rec_at(p, t->sd) : NULL;
		if (sd && sd->root && sd->type == u->type)
			n = node_at(p, sd->root);
	}
	return node_list(p, n, u->type);
}

static const ref *child_of(const struct profiles *p, const struct list *l,
			   ref name)
{
	const char *want = text_at(p, name);
	for (unsigned i = 0; l && i < l->n; i++) {
		const struct node *c = node_at(p, l->child[i]);
		if (strcmp(text_at(p, c->name), want) == 0)
			return &l->child[i];
	}
	return NULL;
}

/* url of an extension that is a profile's: the definition's own URL. */
static ref profile_url_of(const struct profiles *p, const struct node *n)
{
	const struct use *u = rec_at(p, n->types);
	if (n->n_types != 1 || u->type != p->known[T_EXTENSION] ||
	    u->n_profiles != 1)
		return 0;
	const struct target *t = rec_at(p, u->profiles);
	return t->url;
}

static void add(const struct profiles *p, struct found *f, ref node)
{
	if (f->n < CRITERIA_MAX &&
	    has_criterion(p, node_at(p, node), LOOK_DEPTH))
		f->node[f->n++] = node;
}

static void follow(const struct profiles *p, ref node,
		   const struct path_step *step, unsigned n, struct found *f);

/* The slices of an element that says nothing itself. */
static void follow_slices(const struct profiles *p, ref node,
			  const struct path_step *step, unsigned n,
			  struct found *f)
{
	const struct node *at_node = node_at(p, node);
	if (!at_node->slicing)
		return;
	const struct slicing *s = rec_at(p, at_node->slicing);
	const ref *v = rec_at(p, s->slices);
	for (unsigned i = 0; i < s->n; i++)
		follow(p, v[i], step, n, f);
}

static void follow(const struct profiles *p, ref node,
		   const struct path_step *step, unsigned n, struct found *f)
{
	const struct node *from = node_at(p, node);
	unsigned before = f->n;

	if (n == 0) {
		add(p, f, node);
		if (f->n == before)
			follow_slices(p, node, step, n, f);
		return;
	}
	if (step->op == STEP_RESOLVE || step->op == STEP_EXTENSION)
		return;
	if (step->op == STEP_OFTYPE) {
		follow(p, node, step + 1, n - 1, f);
		return;
	}
	const ref *child = child_of(p, list_for(p, from), step->name);
	if (child)
		follow(p, *child, step + 1, n - 1, f);
	if (f->n > before)
		return;
	follow_slices(p, node, step, n, f);
	if (f->n == before && n == 1 && !f->text &&
	    strcmp(text_at(p, step->name), "url") == 0)
		f->text = profile_url_of(p, from);
}

/* The definition of the element at the end of the path, for exists and type. */
static ref element_at(const struct profiles *p, ref node,
		      const struct path_step *step, unsigned n)
{
	for (; node && n > 0; step++, n--) {
		if (step->op != STEP_CHILD)
			continue;
		const ref *child =
		    child_of(p, list_for(p, node_at(p, node)), step->name);
		node = child ? *child : 0;
	}
	return node;
}

static void set_nodes(struct build *b, struct criterion *c, const ref *node,
		      unsigned n, unsigned kind)
{
	c->nodes = heap_alloc(b->p, n * sizeof(ref));
	memcpy(heap_at(b->p, c->nodes), node, n * sizeof(ref));
	c->n = (uint16_t)n;
	c->kind = (uint16_t)kind;
}

static void decide(struct build *b, const struct discriminator *d, ref slice,
		   struct criterion *c)
{
	const struct profiles *p = b->p;
	const struct path_step *steps = rec_at(p, d->steps);
	struct found f = {.n = 0};

	c->kind = CRIT_NONE;
	if (d->kind == BY_PROFILE) {
		if (d->n_steps == 0)
			set_nodes(b, c, &slice, 1, CRIT_PROFILE);
		return;
	}
	if (d->kind != BY_VALUE) {
		ref end = element_at(p, slice, steps, d->n_steps);
		if (!end)
			return;
		const struct node *n = node_at(p, end);
		if (d->kind == BY_TYPE)
			set_nodes(b, c, &end, 1, CRIT_TYPE);
		else if (n->max == 0)
			c->kind = CRIT_ABSENT;
		else if (n->min > 0)
			c->kind = CRIT_EXISTS;
		return;
	}
	follow(p, slice, steps, d->n_steps, &f);
	if (f.n > 0) {
		set_nodes(b, c, f.node, f.n, CRIT_NODE);
	} else if (f.text) {
		c->kind = CRIT_TEXT;
		c->text = f.text;
	}
}

static void resolve_one(struct build *b, ref slicing)
{
	struct slicing *s = heap_at(b->p, slicing);
	const struct discriminator *d = rec_at(b->p, s->disc);
	const ref *slice = rec_at(b->p, s->slices);

	if (s->n == 0 || s->n_disc == 0)
		return;
	size_t n = (size_t)s->n * s->n_disc;
	s->criteria = heap_alloc(b->p, n * sizeof(struct criterion));
	struct criterion *c = heap_at(b->p, s->criteria);
	for (unsigned i = 0; i < s->n; i++) {
		for (unsigned k = 0; k < s->n_disc; k++)
			decide(b, &d[k], slice[i], &c[i * s->n_disc + k]);
	}
}

static void resolve_below(struct build *b, ref node, ref mark, unsigned depth)
{
	const struct node *n = node_at(b->p, node);

	if (node < mark || depth > STEPS_MAX * 2)
		return;
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

void resolve_slicing(struct build *b, ref node, ref mark)
{
	resolve_below(b, node, mark, 0);
}
