/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c: a set of definitions comes to be: conformance resources are taken in
 * in any order, sorted by URL, and compiled in one go; and what is loaded can
 * be listed.
 *
 * Of two definitions with one URL and version the one given later stands; of
 * several versions of a URL each does (heap.c says which one is found). What is
 * put on top of others has a rank: it stands before them whatever the versions
 * say. When definitions are added to a set that was compiled before, what they
 * replace is replaced wherever it is named; profiles based upon it keep what
 * they were made of. A set that does not compile stays as it was. Kinds without
 * use are passed over: logical models, definitions of types when the types are
 * there already. Of an ImplementationGuide the global profiles are kept.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

#define OFFICIAL "http://hl7.org/fhir/"

struct profiles *profile_new(struct arena *boot, enum fhir_version v)
{
	struct profiles *p = arena_alloc(boot, sizeof(*p));
	p->arena = boot;
	p->version = v;
	p->tail = &p->added;
	return p;
}

/* ---- taking in -------------------------------------------------------- */

static bool has_use(const struct profiles *p, const struct json *r,
		    const char *type)
{
	if (text_is(type, "ValueSet") || text_is(type, "CodeSystem") ||
	    text_is(type, "SearchParameter") ||
	    text_is(type, "Questionnaire") ||
	    text_is(type, "ImplementationGuide"))
		return true;
	if (!text_is(type, "StructureDefinition") ||
	    text_is(json_get_text(r, "kind"), "logical"))
		return false;
	if (p->image_bytes == 0 ||
	    text_is(json_get_text(r, "derivation"), "constraint"))
		return true;
	/* a "specialization" of a type that is there is a profile by mistake */
	const char *t = json_get_text(r, "type");
	unsigned i = t ? find_type(p, t, strlen(t)) : NO_TYPE;
	if (i == NO_TYPE || !json_get(r, "baseDefinition"))
		return false;
	const struct canonical *own = rec_at(p, p->types[i].sd);
	return !text_is(json_get_text(r, "url"), text_at(p, own->url));
}

bool profile_add(struct profiles *p, const struct json *resource,
		 const char *source, struct err *e)
{
	const char *type = json_get_text(resource, "resourceType");
	const char *url = json_get_text(resource, "url");

	if (!type)
		return err_set(e, ERR_INVALID, "structure", source,
			       "this is no FHIR resource: there is no "
			       "resourceType");
	if (!has_use(p, resource, type))
		return true;
	if (!url || !*url) {
		/* a code system or value set without one can never be named */
		if (text_is(type, "StructureDefinition"))
			return err_set(e, ERR_INVALID, "required", source,
				       "StructureDefinition.url is missing");
		return true;
	}
	struct item *it = arena_alloc(p->arena, sizeof(*it));
	it->json = resource;
	it->source = arena_strdup(p->arena, source ? source : "");
	it->url = arena_strndup(p->arena, url, canonical_len(url));
	it->version = json_get_text(resource, "version");
	if (text_is(type, "Questionnaire")) {
		it->next = p->questionnaires;
		p->questionnaires = it;
		return true;
	}
	it->order = p->n_added++;
	it->rank = p->rank;
	*p->tail = it;
	p->tail = &it->next;
	return true;
}

void profile_on_top(struct profiles *p)
{
	p->rank++;
}

const struct json *find_questionnaire(const struct profiles *p,
				      const char *canonical)
{
	const size_t n = canonical_len(canonical);
	const char *version = canonical[n] == '|' ? canonical + n + 1 : NULL;

	for (const struct item *it = p->questionnaires; it; it = it->next) {
		if (strncmp(it->url, canonical, n) != 0 || it->url[n])
			continue;
		if (!version ||
		    text_is(json_get_text(it->json, "version"), version))
			return it->json;
	}
	return NULL;
}

/* ---- sorting ---------------------------------------------------------- */

static int by_version_last_first(const void *x, const void *y)
{
	const struct item *const *a = x, *const *b = y;
	int d = strcmp((*a)->url, (*b)->url);
	if (d == 0)
		d = version_cmp((*a)->version, (*b)->version);
	if (d == 0)
		d = (*a)->order < (*b)->order ? 1 : -1;
	return d;
}

static int by_rank_and_version(const void *x, const void *y)
{
	const struct item *const *a = x, *const *b = y;
	int d = strcmp((*a)->url, (*b)->url);
	if (d == 0)
		d = (*a)->rank == (*b)->rank  ? 0
		    : (*a)->rank < (*b)->rank ? 1
					      : -1;
	return d ? d : by_version_last_first(x, y);
}

static bool same_canonical(const struct item *x, const struct item *y)
{
	return strcmp(x->url, y->url) == 0 &&
	       version_cmp(x->version, y->version) == 0;
}

/* The added resources of one type, sorted, each canonical once. */
static struct item **pick(struct build *b, const char *type, size_t *n)
{
	struct item **v = arena_alloc(b->tmp, (b->p->n_added + 1) * sizeof(*v));
	size_t k = 0;

	*n = 0;
	for (struct item *it = b->p->added; it; it = it->next) {
		if (text_is(json_get_text(it->json, "resourceType"), type))
			v[k++] = it;
	}
	if (k > 0)
		qsort(v, k, sizeof(*v), by_version_last_first);
	for (size_t i = 0; i < k; i++) {
		if (*n == 0 || !same_canonical(v[*n - 1], v[i]))
			v[(*n)++] = v[i];
	}
	if (*n > 0)
		qsort(v, *n, sizeof(*v), by_rank_and_version);
	for (size_t i = 1; i < *n; i++)
		v[i - 1]->later = v[i];
	return v;
}

/* Makes the records that are found by URL, empty as yet. */
static void make_records(struct build *b, struct item **v, size_t n,
			 size_t bytes)
{
	for (size_t i = 0; i < n; i++) {
		v[i]->rec = heap_alloc(b->p, bytes);
		struct canonical *c = heap_at(b->p, v[i]->rec);
		c->url = build_text(b, v[i]->url);
		c->version = build_text(b, v[i]->version);
	}
}

static int canonical_cmp(const struct profiles *p, ref r, const struct item *it)
{
	const struct canonical *c = rec_at(p, r);
	int d = strcmp(text_at(p, c->url), it->url);
	return d ? d : version_cmp(text_at(p, c->version), it->version);
}

/* Merges new records into a table; a new one replaces an old one. */
static void merge_table(struct build *b, struct table *t, struct item **v,
			size_t n)
{
	struct profiles *p = b->p;
	ref *out = arena_alloc(p->arena, (t->n + n) * sizeof(*out));
	size_t i = 0, k = 0, m = 0;

	while (i < t->n || k < n) {
		int d = i == t->n ? 1 : k == n ? -1 : 0;
		if (d == 0)
			d = canonical_cmp(p, t->v[i], v[k]);
		if (d == 0)
			v[k]->old = t->v[i];
		if (d < 0)
			out[m++] = t->v[i++];
		if (d == 0)
			i++;
		if (d >= 0)
			out[m++] = v[k++]->rec;
	}
	t->v = out;
	t->n = m;
}

static void fill_sd(struct build *b, const struct item *it)
{
	struct sd *sd = heap_at(b->p, it->rec);
	const struct json *abstract = json_get(it->json, "abstract");
	const char *title = json_get_text(it->json, "title");
	const char *base = json_get_text(it->json, "baseDefinition");

	if (!title)
		title = json_get_text(it->json, "name");
	sd->title = build_text(b, title);
	sd->source = build_text(b, it->source);
	sd->base = base ? build_textn(b, base, canonical_len(base)) : 0;
	sd->type = NO_TYPE;
	if (abstract && json_kind(abstract) == JSON_TRUE)
		sd->flags |= SD_ABSTRACT;
	if (!defines_type(b->p, it->json))
		sd->flags |= SD_CONSTRAINT;
	if (strncmp(it->url, OFFICIAL, strlen(OFFICIAL)) != 0)
		sd->flags |= SD_NATIONAL;
}

static void fill_vs(struct build *b, const struct item *it)
{
	struct value_set *vs = heap_at(b->p, it->rec);
	const char *title = json_get_text(it->json, "title");
	if (!title)
		title = json_get_text(it->json, "name");
	vs->title = build_text(b, title);
	if (table_find(b->p, &b->p->image_vs, it->url, false))
		b->p->vs_override = true;
}

static void make_tables(struct build *b)
{
	struct profiles *p = b->p;

	b->sd = pick(b, "StructureDefinition", &b->n_sd);
	b->vs = pick(b, "ValueSet", &b->n_vs);
	b->cs = pick(b, "CodeSystem", &b->n_cs);
	b->sp = pick(b, "SearchParameter", &b->n_sp);
	b->ig = pick(b, "ImplementationGuide", &b->n_ig);
	make_records(b, b->sd, b->n_sd, sizeof(struct sd));
	make_records(b, b->vs, b->n_vs, sizeof(struct value_set));
	make_records(b, b->cs, b->n_cs, sizeof(struct code_system));
	merge_table(b, &p->sd, b->sd, b->n_sd);
	merge_table(b, &p->vs, b->vs, b->n_vs);
	merge_table(b, &p->cs, b->cs, b->n_cs);
	for (size_t i = 0; i < b->n_sd; i++)
		fill_sd(b, b->sd[i]);
	for (size_t i = 0; i < b->n_vs; i++)
		fill_vs(b, b->vs[i]);
}

/* The global profiles of ImplementationGuides. */
static void compile_globals(struct build *b)
{
	struct profiles *p = b->p;
	size_t cap = p->n_globals, n = p->n_globals;

	for (size_t i = 0; i < b->n_ig; i++)
		cap += json_count(json_get(b->ig[i]->json, "global"));
	if (cap == n)
		return;
	struct global *v = arena_alloc(p->arena, cap * sizeof(*v));
	if (n > 0)
		memcpy(v, p->globals, n * sizeof(*v));
	for (size_t i = 0; i < b->n_ig; i++) {
		const struct json *j =
		    json_first(json_get(b->ig[i]->json, "global"));
		for (; j; j = json_next(j)) {
			const char *url = json_get_text(j, "profile");
			if (!url)
				url = json_get_text(json_get(j, "profile"),
						    "reference");
			v[n].type = build_text(b, json_get_text(j, "type"));
			v[n++].profile = build_text(b, url);
		}
	}
	p->globals = v;
	p->n_globals = n;
}

/* What names the old record means the new one. */
static void replace(struct build *b, struct item **v, size_t n, size_t bytes)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i]->old >= b->p->frozen && v[i]->old > 0)
			memcpy(heap_at(b->p, v[i]->old),
			       rec_at(b->p, v[i]->rec), bytes);
	}
}

static bool compile_all(struct build *b)
{
	make_tables(b);
	if (!compile_types(b))
		return false;
	compile_terminology(b);
	compile_search_params(b);
	compile_globals(b);
	if (!compile_definitions(b))
		return false;
	replace(b, b->sd, b->n_sd, sizeof(struct sd));
	replace(b, b->vs, b->n_vs, sizeof(struct value_set));
	replace(b, b->cs, b->n_cs, sizeof(struct code_system));
	return true;
}

/* Nothing is found any more of what did not compile. */
static void forget(struct profiles *p, const struct profiles *before)
{
	p->sd = before->sd;
	p->vs = before->vs;
	p->cs = before->cs;
	p->vs_override = before->vs_override;
	p->search = before->search;
	p->n_search = before->n_search;
	p->globals = before->globals;
	p->n_globals = before->n_globals;
}

bool profile_compile(struct profiles *p, struct err *e)
{
	struct build b = {.p = p, .e = e, .tmp = arena_new((size_t)256 << 10)};

	if (p->end == 0 && p->image_bytes == 0)
		heap_alloc(p, IMAGE_HEAD); /* ref 0 is none */
	const struct profiles before = *p;
	bool ok = compile_all(&b);
	if (!ok)
		forget(p, &before);
	arena_free(b.tmp);
	p->added = NULL;
	p->tail = &p->added;
	p->n_added = 0;
	p->rank = 0;
	return ok;
}

/* ---- what is loaded --------------------------------------------------- */

static void describe(const struct profiles *p, ref r, struct profile_info *out)
{
	const struct sd *sd = rec_at(p, r);
	out->url = text_at(p, sd->url);
	out->type =
	    sd->type < p->n_types ? text_at(p, p->types[sd->type].name) : "";
	out->base = text_or_empty(text_at(p, sd->base));
	out->source = text_or_empty(text_at(p, sd->source));
	out->title = text_or_empty(text_at(p, sd->title));
	out->confidence = confidence_text(sd->confidence);
	out->abstract = sd->flags & SD_ABSTRACT;
	out->national = sd->flags & SD_NATIONAL;
}

/* The next one of a table that is to be listed, counting i down to it. */
static bool list_from(const struct profiles *p, const struct table *t,
		      bool national, size_t *i, struct profile_info *out)
{
	for (size_t k = 0; k < t->n; k++) {
		const struct sd *sd = rec_at(p, t->v[k]);
		if (!sd->root || (sd->flags & SD_DATATYPE) ||
		    !!(sd->flags & SD_NATIONAL) != national)
			continue;
		if ((*i)-- > 0)
			continue;
		describe(p, t->v[k], out);
		return true;
	}
	return false;
}

bool profile_list(const struct profiles *p, size_t i, struct profile_info *out)
{
	for (int national = 1; national >= 0; national--) {
		if (list_from(p, &p->sd, national, &i, out) ||
		    list_from(p, &p->image_sd, national, &i, out))
			return true;
	}
	return false;
}

bool profile_find(const struct profiles *p, const char *url,
		  struct profile_info *out)
{
	ref r = find_sd(p, url);
	if (!r || !((const struct sd *)rec_at(p, r))->root)
		return false;
	describe(p, r, out);
	return true;
}
