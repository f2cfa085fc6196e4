/* SPDX-License-Identifier: Apache-2.0
 *
 * index_path: what the published expressions of search parameters say.
 *
 * An expression is written for all types that share the parameter, a union
 * with an operand for each. What is for another type is left out. Of the rest
 * nearly all are paths:
 *
 *	operand	:= chain | '(' chain 'as' type ')' ('.' step)*
 *	chain	:= type ('.' step)*
 *	step	:= name | 'as(' type ')' | 'ofType(' type ')'
 *		 | "extension('" url "')" | "where(" name "='" text "')"
 *		 | 'where(resolve() is ' type ')'
 *
 * with "where" and "extension" at the end alone. They are planted in the tree
 * of index_tree.c; anything else FHIRPath evaluates. Both mean the same, and a
 * test holds them together over all official examples.
 *
 * STU3 writes FHIR's types with capitals ("as(DateTime)"); no element is of
 * such a type, so they are put right. FHIR R4 3.1.1.5, FHIRPath N1; facts:
 * fhir-rest.md 4.8, fhir-validation.md 3.1.
 */
#include "record/index_int.h"

#include <ctype.h>

/* ---- reading ---------------------------------------------------------- */

/* Where the operand that begins at s ends: '|' outside of brackets and texts.
 */
static size_t operand(const char *s)
{
	int depth = 0;
	bool text = false;
	size_t n = 0;

	for (; s[n] && (text || depth > 0 || s[n] != '|'); n++) {
		if (s[n] == '\'')
			text = !text;
		else if (!text && s[n] == '(')
			depth++;
		else if (!text && s[n] == ')')
			depth--;
	}
	return n;
}

static bool skip(const char **s, const char *word)
{
	if (!text_begins(*s, word))
		return false;
	*s += strlen(word);
	return true;
}

/* A name; NULL when there is none. */
static const char *word(struct arena *a, const char **s)
{
	const char *from = *s;

	if (!isalpha((unsigned char)*from))
		return NULL;
	while (isalnum((unsigned char)**s) || **s == '_')
		++*s;
	return arena_strndup(a, from, (size_t)(*s - from));
}

/* What stands up to the next quote, and the end behind it. */
static const char *quoted(struct arena *a, const char **s, const char *end)
{
	const size_t n = strcspn(*s, "'\\");
	const char *text = arena_strndup(a, *s, n);

	*s += n;
	return skip(s, end) ? text : NULL;
}

/* A type's name, put right, and the bracket behind it. */
static const char *type_name(struct arena *a, const struct fp_model *m,
			     const char **s)
{
	const char *name = word(a, s);
	char *lower;

	if (!name || !skip(s, ")"))
		return NULL;
	if (m->type_find(m->set, name, strlen(name)) != FP_NO_TYPE)
		return name;
	lower = arena_strdup(a, name);
	*lower = (char)tolower((unsigned char)*lower);
	return lower;
}

static bool last_hop(struct path *p, const char *where, const char *is)
{
	if (p->n == 0 || p->hop[p->n - 1].where || !where || !is)
		return false;
	p->hop[p->n - 1].where = where;
	p->hop[p->n - 1].is = is;
	return true;
}

static bool add_hop(struct path *p, const char *name)
{
	if (!name || p->n == HOPS_MAX)
		return false;
	p->hop[p->n++] = (struct hop){.name = name};
	return true;
}

static bool add_type(struct path *p, const char *type)
{
	if (!type || p->n == 0 || p->hop[p->n - 1].type)
		return false;
	p->hop[p->n - 1].type = type;
	return true;
}

static bool step(struct arena *a, const struct fp_model *m, const char **s,
		 struct path *p)
{
	const char *name;

	if (p->only || (p->n > 0 && p->hop[p->n - 1].where))
		return false; /* these end it */
	if (skip(s, "as(") || skip(s, "ofType("))
		return add_type(p, type_name(a, m, s));
	if (skip(s, "extension('"))
		return add_hop(p, "extension") &&
		       last_hop(p, "url", quoted(a, s, "')"));
	if (skip(s, "where(resolve() is ")) {
		p->only = type_name(a, m, s);
		return p->only && skip(s, ")");
	}
	if (skip(s, "where(")) {
		name = word(a, s);
		return skip(s, "='") && last_hop(p, name, quoted(a, s, "')"));
	}
	name = word(a, s);
	return **s != '(' && add_hop(p, name);
}

/* The operand s, which is for a type; false: it is more than a path. */
static bool read(struct arena *a, const struct fp_model *m, const char *s,
		 struct path *p)
{
	const bool cast = skip(&s, "(");

	(void)word(a, &s);
	while (skip(&s, "."))
		if (!step(a, m, &s, p))
			return false;
	if (cast && !(skip(&s, " as ") && add_type(p, type_name(a, m, &s))))
		return false;
	while (cast && skip(&s, "."))
		if (!step(a, m, &s, p))
			return false;
	return *s == '\0' && p->n > 0;
}

static const char *print(struct arena *a, const char *type,
			 const struct path *p)
{
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, type);
	for (size_t i = 0; i < p->n; i++) {
		const struct hop *h = &p->hop[i];

		buf_printf(&b, ".%s", h->name);
		if (h->type)
			buf_printf(&b, ".ofType(%s)", h->type);
		if (h->where)
			buf_printf(&b, ".where(%s = '%s')", h->where, h->is);
	}
	if (p->only)
		buf_printf(&b, ".where(resolve() is %s)", p->only);
	return b.p;
}

/* Does the operand begin with the name of the type, or of an ancestor? */
static bool is_for(const char *operand, const char *type)
{
	const char *const names[] = {type, "Resource", "DomainResource"};

	operand += *operand == '(';
	for (size_t i = 0; i < LEN(names); i++) {
		const char *s = operand;

		if (skip(&s, names[i]) && !isalnum((unsigned char)*s))
			return true;
	}
	return false;
}

bool path_next(struct arena *a, const struct fp_model *m, const char *type,
	       const char **s, struct path *out)
{
	while (**s) {
		const char *from = *s + strspn(*s, " \n\r\t");
		size_t n = operand(from);

		*s = from + n + (from[n] == '|');
		while (n > 0 && isspace((unsigned char)from[n - 1]))
			n--;
		if (!is_for(from, type))
			continue;
		from = arena_strndup(a, from, n);
		*out = (struct path){.text = from};
		if (read(a, m, from, out))
			out->text = print(a, type, out);
		else
			out->n = 0;
		return true;
	}
	return false;
}

/* ---- planting --------------------------------------------------------- */

static struct branch *branch_of(struct arena *a, struct branch *b,
				const char *name)
{
	size_t at = 0;

	while (at < b->n && strcmp(b->child[at]->name, name) < 0)
		at++;
	if (at < b->n && strcmp(b->child[at]->name, name) == 0)
		return b->child[at];
	if (b->n == b->cap) {
		const size_t cap = b->cap ? 2 * b->cap : 4;
		struct branch **v = arena_alloc(a, cap * sizeof(*v));

		if (b->n > 0)
			memcpy(v, b->child, b->n * sizeof(*v));
		b->child = v;
		b->cap = cap;
	}
	memmove(b->child + at + 1, b->child + at,
		(b->n - at) * sizeof(*b->child));
	b->n++;
	b->child[at] = arena_alloc(a, sizeof(struct branch));
	b->child[at]->name = arena_strdup(a, name);
	return b->child[at];
}

static void add_leaf(struct arena *a, struct branch *b, const struct source *of,
		     rows_fn *make, const struct hop *h)
{
	struct leaf **tail = &b->leaf;

	while (*tail)
		tail = &(*tail)->next;
	*tail = arena_alloc(a, sizeof(**tail));
	**tail = (struct leaf){
	    .of = of, .make = make, .where = h->where, .is = h->is};
}

/* Planting goes hop by hop. */
struct plant {
	struct arena *arena;
	const struct fp_model *model;
	const struct path *path;
	const struct source *of;
};

static void grow(const struct plant *g, size_t at, struct fp_type type,
		 struct branch *b);

/* The member that a hop means has been found. */
static void arrive(const struct plant *g, size_t at, struct fp_type type,
		   const char *member, struct branch *b)
{
	const char *name = g->model->type_name(g->model->set, type.id);
	rows_fn *make;

	if (at + 1 < g->path->n) {
		grow(g, at + 1, type, branch_of(g->arena, b, member));
		return;
	}
	make = name ? rows_maker(g->of->param->type, name) : NULL;
	if (make)
		add_leaf(g->arena, branch_of(g->arena, b, member), g->of, make,
			 &g->path->hop[at]);
}

/* A choice: of the hop's type, or of each that makes rows. */
static void choose(const struct plant *g, size_t at, struct fp_type type,
		   struct branch *b)
{
	const struct hop *h = &g->path->hop[at];
	const size_t stem = strlen(h->name);
	const char *name;
	struct fp_type child;

	for (size_t i = 0; (name = rows_type_at(i)) != NULL; i++) {
		char *member;

		if (h->type && strcmp(h->type, name) != 0)
			continue;
		member = arena_printf(g->arena, "%s%s", h->name, name);
		member[stem] = (char)toupper((unsigned char)member[stem]);
		if (g->model->member(g->model->set, type, member, &child))
			arrive(g, at, child, member, b);
	}
}

static void grow(const struct plant *g, size_t at, struct fp_type type,
		 struct branch *b)
{
	const struct hop *h = &g->path->hop[at];
	struct fp_type child;

	switch (g->model->element(g->model->set, type, h->name, &child)) {
	case FP_CHOICE: choose(g, at, type, b); break;
	case FP_PLAIN: arrive(g, at, child, h->name, b); break;
	case FP_ABSENT: break;
	}
}

void path_plant(struct arena *a, const struct fp_model *m, const char *type,
		const struct path *path, const struct source *of,
		struct branch *root)
{
	const struct plant g = {a, m, path, of};
	const struct fp_type t = {NULL,
				  m->type_find(m->set, type, strlen(type))};

	if (t.id != FP_NO_TYPE)
		grow(&g, 0, t, root);
}
