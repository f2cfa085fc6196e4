/* SPDX-License-Identifier: Apache-2.0
 *
 * include: what else a page of a search brings along.
 *
 *	_include=Type:param[:Target]	where the references of Type lead
 *	_revinclude=Type:param[:Target]	what of Type refers to what was found
 *	:iterate (:recurse)		again for what came along
 *
 * "*" is every reference. In rounds: the first looks at the matches, each
 * further one at what the one before brought, by the parameters with :iterate
 * alone. What is there already does not come again, so it ends; and it ends in
 * a refusal when there would be more than SEARCH_INCLUDED, for a part of them
 * would not be noticed.
 *
 * Nothing comes along that the caller could not search for: not of another
 * citizen, not of a type outside the token's scope, and no deleted resource.
 *
 * FHIR R4 3.1.1.6.3; facts: fhir-rest.md 4.1.
 */
#include "fhir/search_int.h"

#include <string.h>

#define SLOTS	4096 /* a power of two, above twice SEARCH_INCLUDED */
#define AT_ONCE 100  /* references in one search */

/* ---- reading the parameter --------------------------------------------- */

/* The i-th reference of a type; NULL behind the last. */
static const struct record_param *reference_at(const struct search_rules *r,
					       const struct record_type *t,
					       size_t *i)
{
	const struct record_param *p;

	while ((p = record_param_at(r->record, r->fhir, t, *i)) != NULL) {
		++*i;
		if (fhir_param_type(p) == PARAM_REFERENCE)
			return p;
	}
	return NULL;
}

static bool is_valid(const struct search_rules *r,
		     const struct search_include *x,
		     const struct record_type *t, const struct record_param *p)
{
	if (x->reverse)
		return fhir_leads_to(p, r->type->type);
	return x->iterate || t == r->type;
}

static const char *valid_values(struct arena *a, const struct search_rules *r,
				const struct search_include *x)
{
	const struct record_type *t;
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, "*");
	for (size_t i = 0; (t = record_type_at(r->fhir, i)) != NULL; i++) {
		const struct record_param *p;
		size_t k = 0;

		while ((p = reference_at(r, t, &k)) != NULL)
			if (is_valid(r, x, t, p))
				buf_printf(&b, ", %s:%s", t->type, p->name);
	}
	return b.p;
}

static bool bad_include(struct arena *a, const struct search_rules *r,
			const char *name, const char *value,
			const struct search_include *x, struct err *e)
{
	return err_set(e, ERR_INVALID, RULE_INCLUDE, NULL,
		       "Invalid %s parameter value: \"%.128s\". Valid values "
		       "are: [%s]",
		       name, value, valid_values(a, r, x));
}

bool fhir_include_read(struct arena *a, const struct search_rules *r,
		       const char *name, const char *value,
		       struct search_include *out, struct err *e)
{
	const size_t n = strcspn(value, ":");
	const char *type = arena_strndup(a, value, n);
	const char *param = value + n + (value[n] == ':');
	const size_t k = strcspn(param, ":");

	out->reverse = strcmp(name, "_revinclude") == 0;
	if (strcmp(value, "*") == 0)
		return true;
	out->type = record_type_find(r->fhir, type);
	if (param[k] == ':' && param[k + 1])
		out->target = param + k + 1;
	param = arena_strndup(a, param, k);
	if (out->type && strcmp(param, "*") == 0 &&
	    (out->reverse || out->iterate || out->type == r->type))
		return true;
	if (out->type)
		out->param = fhir_find_param(r, out->type, param);
	if (!out->param || fhir_param_type(out->param) != PARAM_REFERENCE ||
	    !is_valid(r, out, out->type, out->param) ||
	    (out->target && !fhir_leads_to(out->param, out->target)))
		return bad_include(a, r, name, value, out, e);
	return true;
}

/* ---- what came along --------------------------------------------------- */

struct work {
	struct arena *arena;
	const struct search_rules *r;
	const struct search *s;
	struct store_found *out;
	struct err *err;
	struct store_resource **slot; /* what is there, by Type/id */
	size_t slots;
};

static size_t slot_of(const struct work *w, const char *type, const char *id)
{
	uint64_t h = hash_bytes(HASH_START, type, strlen(type) + 1);
	size_t at;

	h = hash_bytes(h, id, strlen(id));
	at = (size_t)(h ^ h >> 32) & (w->slots - 1);
	while (w->slot[at] && (strcmp(w->slot[at]->id, id) != 0 ||
			       strcmp(w->slot[at]->type, type) != 0))
		at = (at + 1) & (w->slots - 1);
	return at;
}

static bool has(const struct work *w, const char *type, const char *id)
{
	return w->slot[slot_of(w, type, id)] != NULL;
}

static bool bring(struct work *w, const struct store_resource *found)
{
	const size_t at = slot_of(w, found->type, found->id);

	if (w->slot[at])
		return true;
	if (w->out->n == SEARCH_INCLUDED)
		return err_set(w->err, ERR_TOO_LARGE, RULE_INCLUDE, NULL,
			       "More than %d resources would be included: use "
			       "a smaller _count, or search for them by "
			       "themselves",
			       SEARCH_INCLUDED);
	w->out->v[w->out->n] = *found;
	w->slot[at] = &w->out->v[w->out->n++];
	return true;
}

static bool may_bring(const struct work *w, const struct store_resource *found)
{
	return !found->deleted && (!w->r->patient || !*found->patient ||
				   strcmp(found->patient, w->r->patient) == 0);
}

/* ---- forward ---- */

/* A canonical: by the url of the type that it is of. */
static bool bring_canonical(struct work *w, const struct record_param *p,
			    const char *url)
{
	const struct record_type *t =
	    p->target ? record_type_find(w->r->fhir, p->target) : NULL;
	const struct store_value v = {
	    .op = OP_URI,
	    .value = arena_strndup(w->arena, url, strcspn(url, "|")),
	};
	const struct store_clause c = {.param = "url", .value = &v, .n = 1};
	const struct store_query q = {
	    .fhir = (int)w->r->fhir,
	    .type = t ? t->type : "",
	    .patient = t && t->shared ? NULL : w->r->patient,
	    .clause = &c,
	    .clause_count = 1,
	    .limit = 1,
	};
	struct store_found found;

	if (!t || !fhir_may_see(w->r, t->type))
		return true;
	if (!store_search(w->r->record->store, w->arena, &q, &found, w->err))
		return false;
	return found.n == 0 || bring(w, &found.v[0]);
}

static bool bring_reference(struct work *w, const struct search_include *x,
			    const struct record_param *p, const char *ref)
{
	const char *slash = strchr(ref, '/'), *type;
	struct store_resource found;

	if (strchr(ref, ':') || !slash)
		return x->target && !text_same(x->target, p->target)
			   ? true
			   : bring_canonical(w, p, ref);
	type = arena_strndup(w->arena, ref, (size_t)(slash - ref));
	if ((x->target && strcmp(x->target, type) != 0) ||
	    !record_type_find(w->r->fhir, type) || !fhir_may_see(w->r, type) ||
	    has(w, type, slash + 1))
		return true;
	if (!store_resource_find(w->r->record->store, w->arena, (int)w->r->fhir,
				 type, slash + 1, 0, &found) ||
	    !may_bring(w, &found))
		return true;
	return bring(w, &found);
}

static bool follow(struct work *w, const struct search_include *x,
		   const struct record_type *t, const struct record_param *p,
		   const struct json *resource)
{
	const char **ref;
	const size_t n =
	    record_references(w->r->record, w->arena, w->r->fhir, t, p,
			      resource, w->r->own_base, &ref);

	for (size_t i = 0; i < n; i++)
		if (!bring_reference(w, x, p, ref[i]))
			return false;
	return true;
}

static bool follow_all(struct work *w, const struct search_include *x,
		       const struct store_resource *from)
{
	const struct record_type *t = record_type_find(w->r->fhir, from->type);
	const struct record_param *p;
	const struct json *v;
	struct err ignored;
	size_t i = 0;

	if (!t || (x->type && x->type != t))
		return true;
	v = json_parse(w->arena, from->text, from->text_len, &ignored);
	if (!v)
		return true;
	if (x->param)
		return follow(w, x, t, x->param, v);
	while ((p = reference_at(w->r, t, &i)) != NULL)
		if (!follow(w, x, t, p, v))
			return false;
	return true;
}

/* ---- backward ---- */

/* What of t refers by p to one of these. */
static bool look_back(struct work *w, const struct record_type *t,
		      const struct record_param *p, const struct store_value *v,
		      size_t n)
{
	struct store_clause c = {.value = v, .n = n};
	const struct store_query q = {
	    .fhir = (int)w->r->fhir,
	    .type = t->type,
	    .patient = t->shared ? NULL : w->r->patient,
	    .clause = &c,
	    .clause_count = 1,
	    .limit = SEARCH_INCLUDED + 1,
	};
	struct store_found found;

	c.param = fhir_param_row(p, &c.also);
	if (n == 0)
		return true;
	if (!store_search(w->r->record->store, w->arena, &q, &found, w->err))
		return false;
	for (size_t i = 0; i < found.n; i++)
		if (!bring(w, &found.v[i]))
			return false;
	return true;
}

static bool look_back_by(struct work *w, const struct search_include *x,
			 const struct record_type *t,
			 const struct record_param *p,
			 const struct store_resource *from, size_t n)
{
	struct store_value v[AT_ONCE];
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!fhir_leads_to(p, from[i].type) ||
		    (x->target && strcmp(x->target, from[i].type) != 0))
			continue;
		v[k++] = (struct store_value){
		    .op = OP_REFERENCE,
		    .value = arena_printf(w->arena, "%s/%s", from[i].type,
					  from[i].id)};
		if (k < AT_ONCE)
			continue;
		if (!look_back(w, t, p, v, k))
			return false;
		k = 0;
	}
	return look_back(w, t, p, v, k);
}

static bool look_back_all(struct work *w, const struct search_include *x,
			  const struct store_resource *from, size_t n)
{
	const struct record_type *t;
	const struct record_param *p;

	for (size_t i = 0; (t = record_type_at(w->r->fhir, i)) != NULL; i++) {
		size_t k = 0;

		if ((x->type && x->type != t) || !fhir_may_see(w->r, t->type))
			continue;
		if (x->param) {
			if (!look_back_by(w, x, t, x->param, from, n))
				return false;
			continue;
		}
		while ((p = reference_at(w->r, t, &k)) != NULL)
			if (!look_back_by(w, x, t, p, from, n))
				return false;
	}
	return true;
}

/* ---- rounds ---- */

static bool go_round(struct work *w, const struct store_resource *from,
		     size_t n, bool first)
{
	for (size_t i = 0; i < w->s->includes; i++) {
		const struct search_include *x = &w->s->include[i];

		if (!first && !x->iterate)
			continue;
		if (x->reverse && !look_back_all(w, x, from, n))
			return false;
		for (size_t k = 0; k < n && !x->reverse; k++)
			if (!follow_all(w, x, &from[k]))
				return false;
	}
	return true;
}

bool fhir_include(struct arena *a, const struct search_rules *r,
		  const struct search *s, const struct store_found *matches,
		  struct store_found *out, struct err *e)
{
	struct work w = {a, r, s, out, e, NULL, SLOTS};
	size_t from = 0, n;

	*out = (struct store_found){.total = 0};
	if (s->includes == 0 || matches->n == 0)
		return true;
	while (w.slots < 2 * (matches->n + SEARCH_INCLUDED))
		w.slots *= 2;
	w.slot = arena_alloc(a, w.slots * sizeof(struct store_resource *));
	out->v = arena_alloc(a, SEARCH_INCLUDED * sizeof(*out->v));
	for (size_t i = 0; i < matches->n; i++)
		w.slot[slot_of(&w, matches->v[i].type, matches->v[i].id)] =
		    &matches->v[i];
	if (!go_round(&w, matches->v, matches->n, true))
		return false;
	while ((n = out->n) > from) {
		if (!go_round(&w, out->v + from, n - from, false))
			return false;
		from = n;
	}
	return true;
}
