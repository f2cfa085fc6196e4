/* SPDX-License-Identifier: Apache-2.0
 *
 * params: the search parameters of each type, compiled when it is first met.
 *
 * First come those that the service states (types.c), then all that FHIR
 * defines for the type or for every resource. An expression comes from the
 * definitions, unless the service means something else. What is left out:
 *
 *	_content, _text, _query, _filter, and what only names an extension
 *		of somebody's (age, mothersMaidenName in STU3): the definitions
 *		have no expression for them
 *	what is for other types alone (part-agree of a Patient)
 *
 * Parameters that find the same (patient and subject, encounter and context,
 * system and url) share the rows of one of them; combo-code looks at those of
 * code and of component-code, a composite at those of its two parts. So an
 * Observation has about ten rows, and rows are what storing costs.
 *
 * All of it lives in an arena of the record's, until record_close(). The
 * expressions are evaluated with the definitions of the start: what is indexed
 * does not depend on what clients store.
 *
 * FHIR R4 3.1.1.5, 3.1.1.6; facts: kanta.md 4.1, fhir-rest.md 4.1, 4.8.
 */
#include "record/index_int.h"

#include <assert.h>

#define PARAMS_MAX 128 /* of one type; the most are some 60 */
#define PATHS_MAX  8   /* of one of them and one type */

struct record_params {
	struct arena *arena;
	struct indexing *of[FHIR_VERSIONS];
};

/* ---- what the definitions do not say ---------------------------------- */

/* Parameters whose rows are those of others, and composites. */
static const struct combination {
	const char *name;
	const char *rows[3], *rows2[3];
} combinations[] = {
    {"combo-code", {"code", "component-code"}, {0}},
    {"combo-data-absent-reason",
     {"data-absent-reason", "component-data-absent-reason"},
     {0}},
    {"combo-value-concept", {"value-concept", "component-value-concept"}, {0}},
    {"combo-value-quantity",
     {"value-quantity", "component-value-quantity"},
     {0}},
    {"code-value-concept", {"code"}, {"value-concept"}},
    {"code-value-date", {"code"}, {"value-date"}},
    {"code-value-quantity", {"code"}, {"value-quantity"}},
    {"code-value-string", {"code"}, {"value-string"}},
    {"combo-code-value-concept",
     {"code", "component-code"},
     {"value-concept", "component-value-concept"}},
    {"combo-code-value-quantity",
     {"code", "component-code"},
     {"value-quantity", "component-value-quantity"}},
    {"component-code-value-concept",
     {"component-code"},
     {"component-value-concept"}},
    {"component-code-value-quantity",
     {"component-code"},
     {"component-value-quantity"}},
    {"context-type-quantity", {"context-type"}, {"context-quantity"}},
    {"context-type-value", {"context-type"}, {"context"}},
    {"related", {"related-target"}, {"related-type"}},
};

/* Published in words that FHIRPath does not have. */
static const struct {
	const char *type, *name, *expression;
} own_expressions[] = {
    {"QuestionnaireResponse", "item-subject",
     "QuestionnaireResponse.item.where(extension('http://hl7.org/fhir/"
     "StructureDefinition/questionnaireresponse-isSubject').exists())"
     ".answer.value.ofType(Reference)"},
};

static const char *const param_types[] = {
    [PARAM_TOKEN] = "token",	     [PARAM_DATE] = "date",
    [PARAM_REFERENCE] = "reference", [PARAM_URI] = "uri",
    [PARAM_STRING] = "string",	     [PARAM_NUMBER] = "number",
    [PARAM_QUANTITY] = "quantity",   [PARAM_COMPOSITE] = "composite",
};
static const enum store_index kinds[] = {
    [PARAM_TOKEN] = INDEX_TOKEN,	 [PARAM_DATE] = INDEX_DATE,
    [PARAM_REFERENCE] = INDEX_REFERENCE, [PARAM_URI] = INDEX_URI,
    [PARAM_STRING] = INDEX_STRING,	 [PARAM_NUMBER] = INDEX_NUMBER,
    [PARAM_QUANTITY] = INDEX_NUMBER,	 [PARAM_COMPOSITE] = INDEX_TOKEN,
};

/* ---- collecting ------------------------------------------------------- */

/* A parameter in the making. */
struct draft {
	struct record_param p;
	const struct path *path[PATHS_MAX];
	size_t paths;
	struct buf same; /* what it finds, without "resolve() is" */
	bool only;	 /* with it */
	size_t targets;
	const struct draft *rows_of; /* whose rows it shares */
};
struct drafts {
	struct arena *arena, *tmp;
	struct fp_model model;
	const struct profiles *set;
	const char *type;
	struct draft *v;
	size_t n;
};

static struct draft *find(const struct drafts *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].p.name, name) == 0)
			return &d->v[i];
	return NULL;
}

static const char *const *names(struct arena *a, const char *one)
{
	const char **v = arena_alloc(a, 2 * sizeof *v);

	v[0] = one;
	return v;
}

static void add_targets(const struct drafts *d, struct draft *x,
			const char *text)
{
	const char **v;
	size_t n = 1;

	if (!text)
		return;
	for (const char *s = text; *s; s++)
		n += *s == ' ';
	v = arena_alloc(d->arena, (n + 1) * sizeof *v);
	for (size_t i = 0; i < n; i++, text += *text == ' ') {
		const size_t len = strcspn(text, " ");

		v[i] = arena_strndup(d->arena, text, len);
		text += len;
	}
	x->p.targets = v;
	x->targets = n;
	if (n == 1 && !x->p.target)
		x->p.target = v[0];
}

/* Of the expression the operands that are for the type. */
static void read_paths(const struct drafts *d, struct draft *x,
		       const char *expression)
{
	struct buf text;
	struct path next, *path;

	buf_init(&text, d->arena);
	buf_init(&x->same, d->tmp);
	while (path_next(d->arena, &d->model, d->type, &expression, &next)) {
		const char *only =
		    next.only ? strstr(next.text, ".where(resolve()") : NULL;
		const char *bar = text.len > 0 ? " | " : "";

		assert(x->paths < PATHS_MAX);
		path = arena_alloc(d->tmp, sizeof *path);
		*path = next;
		x->path[x->paths++] = path;
		x->only |= only != NULL;
		buf_printf(&text, "%s%s", bar, next.text);
		buf_puts(&x->same, bar);
		buf_add(&x->same, next.text,
			only ? (size_t)(only - next.text) : strlen(next.text));
	}
	x->p.expression = x->paths > 0 ? text.p : NULL;
}

static const char *own_expression(const char *type, const char *name)
{
	for (size_t i = 0; i < LEN(own_expressions); i++)
		if (strcmp(own_expressions[i].name, name) == 0 &&
		    strcmp(own_expressions[i].type, type) == 0)
			return own_expressions[i].expression;
	return NULL;
}

/* What the store knows of a resource without rows. */
static bool is_column(const char *name)
{
	return strcmp(name, "_id") == 0 || strcmp(name, "_lastUpdated") == 0;
}

static struct draft *add(struct drafts *d, const struct record_param *p,
			 const char *expression, const char *targets)
{
	struct draft *x = &d->v[d->n++];

	assert(d->n <= PARAMS_MAX);
	*x = (struct draft){.p = *p};
	x->p.expression = NULL;
	if (p->type == PARAM_REFERENCE) /* some definitions add Group */
		add_targets(d, x,
			    strcmp(p->name, "patient") == 0 ? "Patient"
							    : targets);
	if (expression && p->type != PARAM_COMPOSITE && !is_column(p->name))
		read_paths(d, x, expression);
	return x;
}

static void add_stated(struct drafts *d, const struct record_param *p)
{
	struct search_info info;
	struct record_param stated = *p;

	if (!profile_search_find(d->set, d->type, p->name, &info))
		info = (struct search_info){.code = NULL};
	stated.stated = true;
	add(d, &stated, p->expression ? p->expression : info.expression,
	    info.targets);
}

static bool is_type(const char *text, enum param_type *out)
{
	for (size_t i = 0; i < LEN(param_types); i++) {
		if (strcmp(param_types[i], text) != 0)
			continue;
		*out = (enum param_type)i;
		return true;
	}
	return false;
}

static void add_defined(struct drafts *d, const struct search_info *info)
{
	struct record_param p = {.name = info->code};
	const char *expression = own_expression(d->type, info->code);
	struct draft *x;

	if (!info->type || !is_type(info->type, &p.type) || find(d, info->code))
		return;
	if (!expression)
		expression = info->expression;
	p.what = expression;
	x = add(d, &p, expression, info->targets);
	x->p.what = x->p.expression;
}

/* ---- whose rows ------------------------------------------------------- */

/* Of two that find the same: does x stand for both? The wider one does. */
static bool comes_first(const struct draft *x, const struct draft *y)
{
	if (x->only != y->only)
		return y->only;
	if (x->targets != y->targets)
		return x->targets > y->targets;
	if (x->p.stated != y->p.stated)
		return x->p.stated;
	return strcmp(x->p.name, y->p.name) < 0;
}

static void share(struct drafts *d, struct draft *x)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct draft *y = &d->v[i];
		const struct draft *best = x->rows_of ? x->rows_of : x;

		if (y != x && y->paths > 0 && y->p.type == x->p.type &&
		    y->same.len == x->same.len &&
		    memcmp(y->same.p, x->same.p, x->same.len) == 0 &&
		    comes_first(y, best))
			x->rows_of = y;
	}
}

static const char *const *known(const struct drafts *d, const char *const *name)
{
	const char **v = arena_alloc(d->arena, 3 * sizeof *v);

	for (size_t i = 0; name[i]; i++) {
		const struct draft *x = find(d, name[i]);

		if (!x || x->paths == 0)
			return NULL;
		v[i] = x->rows_of ? x->rows_of->p.name : x->p.name;
	}
	return v;
}

static void combine(const struct drafts *d, struct draft *x)
{
	for (size_t i = 0; i < LEN(combinations); i++) {
		const struct combination *c = &combinations[i];

		if (strcmp(c->name, x->p.name) != 0)
			continue;
		x->p.rows = known(d, c->rows);
		x->p.rows2 = c->rows2[0] ? known(d, c->rows2) : NULL;
		if (c->rows2[0] && !x->p.rows2)
			x->p.rows = NULL;
	}
}

/* Tells each whose rows it looks at; true: its own. */
static bool has_rows(const struct drafts *d, struct draft *x)
{
	combine(d, x);
	if (!x->p.rows && x->rows_of)
		x->p.rows = names(d->arena, x->rows_of->p.name);
	if (x->p.rows || x->paths == 0) {
		x->p.expression = NULL;
		return false;
	}
	x->p.rows = names(d->arena, x->p.name);
	return true;
}

static bool is_kept(const struct draft *x)
{
	return x->p.rows || x->p.stated || is_column(x->p.name);
}

/* ---- compiling -------------------------------------------------------- */

/* False: FHIRPath would be needed and cannot. */
static bool compile(const struct drafts *d, struct indexing *out,
		    const struct draft *x, struct record_param *p)
{
	struct source *s = &out->source[out->sources];
	struct err e = {.kind = ERR_NONE};

	*s = (struct source){
	    .param = p,
	    .kind = kinds[p->type],
	    .number = (unsigned)out->sources,
	    .direct = true,
	};
	if (p->type == PARAM_REFERENCE)
		s->identifier =
		    arena_printf(d->arena, "%s:identifier", p->name);
	for (size_t i = 0; i < x->paths; i++)
		s->direct &= path_is_plain(x->path[i]);
	if (!s->direct) {
		s->expr = fp_compile(d->arena, p->expression, &e);
		if (!s->expr)
			return false;
	}
	out->sources++;
	for (size_t i = 0; s->direct && i < x->paths; i++)
		path_plant(d->arena, &d->model, d->type, x->path[i], s,
			   &out->root);
	out->engine |= !s->direct;
	return true;
}

static void collect(struct drafts *d, const struct record_type *t)
{
	static const struct record_param language = {.name = "_language",
						     .type = PARAM_TOKEN};
	struct search_info info;

	for (const struct record_param *p = t->param; p->name; p++)
		add_stated(d, p);
	for (size_t i = 0; profile_search_param(d->set, t->type, i, &info); i++)
		add_defined(d, &info);
	add(d, &language, "Resource.language", NULL);
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].paths > 0)
			share(d, &d->v[i]);
}

static struct indexing *make(struct arena *a, const struct profiles *set,
			     const struct record_type *t)
{
	struct arena *tmp = arena_new(0);
	struct drafts d = {
	    .arena = a,
	    .tmp = tmp,
	    .model = profile_model(set),
	    .set = set,
	    .type = t->type,
	    .v = arena_alloc(tmp, PARAMS_MAX * sizeof *d.v),
	};
	struct indexing *out = arena_alloc(a, sizeof *out);

	collect(&d, t);
	out->type = t;
	out->param = arena_alloc(a, (d.n + 1) * sizeof *out->param);
	out->source = arena_alloc(a, d.n * sizeof *out->source);
	for (size_t i = 0; i < d.n; i++) {
		struct draft *x = &d.v[i];
		const bool rows = has_rows(&d, x);
		struct record_param *p = &out->param[out->n];

		*p = x->p;
		if (is_kept(x) && (!rows || compile(&d, out, x, p)))
			out->n++;
		else
			*p = (struct record_param){.name = NULL};
	}
	arena_free(tmp);
	return out;
}

/* ---- the record's ----------------------------------------------------- */

const struct indexing *record_indexing(struct record *r, enum fhir_version v,
				       const struct record_type *t)
{
	struct indexing *i;

	if (r->params == NULL) {
		struct arena *a = arena_new(64 << 10);

		r->params = arena_alloc(a, sizeof *r->params);
		r->params->arena = a;
	}
	for (i = r->params->of[v]; i; i = i->next)
		if (i->type == t)
			return i;
	i = make(r->params->arena, r->profiles[v], t);
	i->next = r->params->of[v];
	r->params->of[v] = i;
	return i;
}

const char *record_param_type(enum param_type type)
{
	return param_types[type];
}

void record_params_free(struct record *r)
{
	if (r->params)
		arena_free(r->params->arena);
	r->params = NULL;
}

const struct record_param *record_param_find(struct record *r,
					     enum fhir_version v,
					     const struct record_type *t,
					     const char *name)
{
	const struct indexing *i = record_indexing(r, v, t);

	for (const struct record_param *p = i->param; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const struct record_param *record_param_at(struct record *r,
					   enum fhir_version v,
					   const struct record_type *t,
					   size_t i)
{
	const struct indexing *x = record_indexing(r, v, t);

	return i < x->n ? &x->param[i] : NULL;
}
