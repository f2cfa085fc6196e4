/* SPDX-License-Identifier: Apache-2.0
 *
 * index: what of a resource can be searched for.
 *
 * The parameters of the resource's type (params.c) say by FHIRPath expressions
 * where their values stand. Those that are paths are found together in one walk
 * (index_tree.c), the few others by evaluating them; index_rows.c makes rows of
 * what was found. An expression that does not fit the data, or costs too much,
 * gives no row: what may be stored is decided by the profile rules, not here.
 *
 * Nothing is resolved: of "resolve() is Patient" the reference's own words
 * tell the type. Contained resources are not indexed. Work and memory are
 * linear in the resource, and the rows are bounded (index_int.h). The part of
 * what an expression finds that is no path is not known: it is 0.
 *
 * Facts: fhir-rest.md 4.8.
 */
#include "record/index_int.h"

#include <assert.h>

#define STEPS 100000 /* of an expression: some 5 ms */

/* ---- by FHIRPath ------------------------------------------------------ */

/* Of what type is that which "Type/id" leads to? */
static bool resolve(void *ctx, const char *reference, struct fp_item *out)
{
	const struct fp_model *m = ctx;
	const char *version = strstr(reference, "/_history/");
	const char *end = version ? version : reference + strlen(reference);
	const char *id = end, *type;
	uint32_t t;

	while (id > reference && id[-1] != '/')
		id--;
	if (id == reference)
		return false;
	for (type = --id; type > reference && type[-1] != '/';)
		type--;
	t = m->type_find(m->set, type, (size_t)(id - type));
	if (t == FP_NO_TYPE)
		return false;
	*out = (struct fp_item){.kind = FP_NODE, .type = {NULL, t}};
	return true;
}

static void item(struct rows *rows, const struct fp_model *m,
		 const struct fp_item *x)
{
	const char *type;
	rows_fn *make;

	if (x->kind == FP_BOOLEAN)
		rows_truth(rows, x->u.boolean);
	if (x->kind != FP_NODE || !x->u.node.value)
		return;
	type = m->type_name(m->set, x->type.id);
	make = type ? rows_maker(rows->of->param->type, type) : NULL;
	if (make)
		make(rows, x->u.node.value);
}

static void evaluate(struct rows *rows, struct fp_env *env,
		     const struct source *s)
{
	struct err e = {.kind = ERR_NONE};
	struct fp_list found;
	const struct fp_expr *x =
	    s->expr ? s->expr
		    : fp_compile(rows->arena, s->param->expression, &e);

	assert(x != NULL);
	if (!fp_eval(x, env, &env->resource, &found, &e))
		return;
	rows->of = s;
	for (size_t i = 0; i < found.n; i++)
		item(rows, env->model, &found.v[i]);
}

/* All sources, or those that are not in the tree. */
static void by_engine(struct rows *rows, const struct profiles *set,
		      const struct indexing *x, const struct json *resource,
		      bool all)
{
	static const struct fp_host host = {.resolve = resolve};
	struct fp_model model = profile_model(set);
	struct fp_env env = {
	    .arena = rows->arena,
	    .model = &model,
	    .host = &host,
	    .ctx = &model,
	    .steps = STEPS,
	};

	env.resource = env.root = fp_resource(&env, resource);
	for (size_t i = 0; i < x->sources; i++)
		if (all || !x->source[i].direct)
			evaluate(rows, &env, &x->source[i]);
}

/* ---- rows of a resource ----------------------------------------------- */

static struct store_index_row *make(struct record *r, struct arena *a,
				    enum fhir_version v,
				    const struct record_type *type,
				    const struct json *resource,
				    const char *own_base, bool tree, size_t *n)
{
	const struct indexing *x = record_indexing(r, v, type);
	struct rows rows = {
	    .arena = a,
	    .own_base = own_base,
	    .made = arena_alloc(a, x->sources * sizeof *rows.made),
	};

	if (tree)
		tree_walk(&x->root, &rows, resource);
	if (!tree || x->engine)
		by_engine(&rows, r->profiles[v], x, resource, !tree);
	*n = rows.n;
	return rows.v;
}

struct store_index_row *record_index(struct record *r, struct arena *a,
				     enum fhir_version v,
				     const struct record_type *type,
				     const struct json *resource,
				     const char *own_base, size_t *n)
{
	return make(r, a, v, type, resource, own_base, true, n);
}

struct store_index_row *record_index_by_engine(struct record *r,
					       struct arena *a,
					       enum fhir_version v,
					       const struct record_type *type,
					       const struct json *resource,
					       const char *own_base, size_t *n)
{
	return make(r, a, v, type, resource, own_base, false, n);
}

/* ---- references of a parameter ---------------------------------------- */

/* Does it lead to one of the types? What is no "Type/id" may. */
static bool is_target(const struct record_param *p, const char *reference)
{
	const size_t n = strcspn(reference, "/:");

	if (!p->targets || reference[n] != '/')
		return true;
	for (size_t i = 0; p->targets[i]; i++)
		if (strlen(p->targets[i]) == n &&
		    memcmp(p->targets[i], reference, n) == 0)
			return true;
	return false;
}

static bool is_row_of(const struct record_param *p,
		      const struct store_index_row *row)
{
	if (row->kind != INDEX_REFERENCE || !is_target(p, row->value))
		return false;
	for (size_t i = 0; p->rows && p->rows[i]; i++)
		if (strcmp(p->rows[i], row->param) == 0)
			return true;
	return false;
}

size_t record_references(struct record *r, struct arena *a, enum fhir_version v,
			 const struct record_type *t,
			 const struct record_param *p,
			 const struct json *resource, const char *own_base,
			 const char ***out)
{
	size_t rows, n = 0;
	const struct store_index_row *row =
	    record_index(r, a, v, t, resource, own_base, &rows);

	*out = rows > 0 ? arena_alloc(a, rows * sizeof **out) : NULL;
	for (; rows > 0; rows--, row++)
		if (is_row_of(p, row))
			(*out)[n++] = row->value;
	if (n == 0)
		*out = NULL;
	return n;
}
