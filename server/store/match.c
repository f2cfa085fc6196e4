/* SPDX-License-Identifier: Apache-2.0
 *
 * match: does a resource hold a clause of a search? Judged by its own index
 * rows (rows.c), so that it does not matter which table led to it.
 *
 * Dates follow the "spec" column of fhir-rest.md 4.2 with the rule of Kanta for
 * "eq" on periods. The spans here are half-open, S = [lo, hi) stored and
 * P = [lo, hi) searched, so "S ends at or after the start of P" becomes
 * S.hi > P.lo, and "S begins after P" S.lo >= P.hi. Numbers are closed,
 * [lo, hi], against number_lo <= x < number_hi (4.5).
 *
 * A value's system is looked up once for a search: ANY_SYSTEM when it does not
 * matter, 0 for "none", -1 for one that no row has.
 *
 * The two halves of a composite must stand in the same part of the resource
 * (4.7). A chain holds when a row refers to one of the resources that were
 * found beforehand; a reverse chain when the resource is one of those.
 */
#include "store/store_int.h"

#include <string.h>

#define ANY_SYSTEM (-2)

/* ---- values --------------------------------------------------------- */

enum family store_op_family(enum store_op op)
{
	if (op == OP_ID || op == OP_UPDATED_GE || op == OP_UPDATED_LT)
		return FAMILY_ROW;
	if (op == OP_ANY)
		return FAMILY_ANY;
	if (op >= OP_NUMBER_EQ && op <= OP_NUMBER_AP)
		return FAMILY_NUMBER;
	return op >= OP_DATE_EQ && op <= OP_DATE_HAPI_EB ? FAMILY_DATE
							 : FAMILY_WORD;
}

static enum family family_of_row(enum store_index kind)
{
	if (kind == INDEX_DATE)
		return FAMILY_DATE;
	return kind == INDEX_NUMBER ? FAMILY_NUMBER : FAMILY_WORD;
}

static bool is_text(const char *s, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(s, text, n) == 0;
}

static bool begins(const char *s, size_t n, const char *with)
{
	size_t m = strlen(with);
	return m <= n && memcmp(s, with, m) == 0;
}

static bool contains(const char *s, size_t n, const char *part)
{
	size_t m = strlen(part);
	for (size_t i = 0; i + m <= n; i++) {
		if (memcmp(s + i, part, m) == 0)
			return true;
	}
	return false;
}

static bool word_has(const struct row *r, const struct store_value *v,
		     int64_t system)
{
	const char *value = v->value == NULL ? "" : v->value;
	switch (v->op) {
	case OP_TOKEN:
		return (system == ANY_SYSTEM || system == r->system) &&
		       (v->value == NULL ||
			is_text(r->value, r->value_len, value));
	case OP_URI_BELOW:
	case OP_STRING: return begins(r->value, r->value_len, value);
	case OP_URI_ABOVE:
		return r->value_len <= strlen(value) &&
		       memcmp(r->value, value, r->value_len) == 0;
	case OP_STRING_CONTAINS: return contains(r->value, r->value_len, value);
	case OP_TOKEN_TEXT:
		return r->text != NULL && begins(r->text, r->text_len, value);
	case OP_STRING_EXACT:
		return r->text != NULL && is_text(r->text, r->text_len, value);
	default: return is_text(r->value, r->value_len, value);
	}
}

static bool date_has(const struct row *r, const struct store_value *v)
{
	int64_t lo = v->lo_ms, hi = v->hi_ms;
	int64_t hapi_hi = r->period ? r->hi_ms - 1 : r->lo_ms;
	bool overlap = r->lo_ms < hi && r->hi_ms > lo;
	bool within = r->lo_ms >= lo && r->hi_ms <= hi;
	switch (v->op) {
	case OP_DATE_EQ: return overlap && (r->period || within);
	case OP_DATE_NE: return !(overlap && (r->period || within));
	case OP_DATE_EQ_CONTAIN: return overlap && within;
	case OP_DATE_NE_CONTAIN: return !(overlap && within);
	case OP_DATE_GT: return r->hi_ms > hi;
	case OP_DATE_GE: return r->hi_ms > lo;
	case OP_DATE_LT: return r->lo_ms < lo;
	case OP_DATE_LE: return r->lo_ms < hi;
	case OP_DATE_SA: return r->lo_ms >= hi;
	case OP_DATE_HAPI_EQ: return r->lo_ms >= lo && hapi_hi < hi;
	case OP_DATE_HAPI_NE: return !(r->lo_ms >= lo && hapi_hi < hi);
	case OP_DATE_HAPI_GT: return hapi_hi >= hi;
	case OP_DATE_HAPI_GE: return hapi_hi >= lo;
	case OP_DATE_HAPI_EB: return hapi_hi < lo;
	default: return r->hi_ms <= lo; /* OP_DATE_EB */
	}
}

/* The unit: its code, or when the system does not matter what is shown. */
static bool unit_has(const struct row *r, const struct store_value *v,
		     int64_t system)
{
	if (system != ANY_SYSTEM && system != r->system)
		return false;
	return v->value == NULL || is_text(r->value, r->value_len, v->value) ||
	       (system == ANY_SYSTEM && r->text != NULL &&
		is_text(r->text, r->text_len, v->value));
}

static bool number_has(const struct row *r, const struct store_value *v)
{
	double lo = v->number_lo, hi = v->number_hi;
	switch (v->op) {
	case OP_NUMBER_EQ: return r->lo >= lo && r->hi < hi;
	case OP_NUMBER_NE: return !(r->lo >= lo && r->hi < hi);
	case OP_NUMBER_GT: return r->hi > lo;
	case OP_NUMBER_GE: return r->hi >= lo;
	case OP_NUMBER_LT: return r->lo < lo;
	case OP_NUMBER_LE: return r->lo <= lo;
	case OP_NUMBER_SA: return r->lo > lo;
	case OP_NUMBER_EB: return r->hi < lo;
	default: return r->lo <= hi && r->hi >= lo; /* OP_NUMBER_AP */
	}
}

static bool row_has(const struct row *row, const struct store_value *v,
		    int64_t system)
{
	enum family family = store_op_family(v->op);
	if (family == FAMILY_ANY)
		return true;
	if (family != family_of_row(row->kind))
		return false;
	switch (family) {
	case FAMILY_WORD: return word_has(row, v, system);
	case FAMILY_DATE: return date_has(row, v);
	default: return number_has(row, v) && unit_has(row, v, system);
	}
}

/* ---- making a hunt -------------------------------------------------- */

static void terms_add(const struct scope *sc, const char *param,
		      struct terms *out)
{
	for (int class = NAME_WORD; param != NULL && class < NAME_CLASSES;
	     class ++) {
		int64_t id = store_name_find(sc->store, (enum name_class) class,
					     sc->kind, param);
		if (id == 0)
			continue;
		out->class[out->n] = (enum name_class) class;
		out->id[out->n++] = id;
	}
}

void store_terms_find(const struct scope *sc, const char *param,
		      struct terms *out)
{
	out->n = 0;
	terms_add(sc, param, out);
}

/* What one who looks for these values needs to know of them. */
static void take_values(const struct scope *sc, struct hunt *h)
{
	const struct store_clause *c = h->c;
	h->system = arena_alloc(sc->arena, (c->n + 1) * sizeof *h->system);
	for (size_t i = 0; i < c->n; i++) {
		const struct store_value *v = &c->value[i];
		h->system[i] = v->system == NULL
				   ? ANY_SYSTEM
				   : store_system_find(sc->store, v->system);
	}
	if (c->n > 0)
		h->family = store_op_family(c->value[0].op);
}

/* Chain: the resources that may be referred to. */
static void find_targets(const struct scope *sc, struct hunt *h)
{
	for (const char *const *t = h->c->types; t != NULL && *t != NULL; t++)
		store_search_set(sc, *t, h->c->sub, h->c->sub_count, &h->set);
	store_set_close(&h->set, sc->arena);
}

static bool has_term(const struct terms *terms, int64_t id)
{
	for (size_t i = 0; i < terms->n; i++) {
		if (terms->id[i] == id)
			return true;
	}
	return false;
}

/* Reverse: what the resources that hold the inner clauses refer to. */
static void add_referred(const struct scope *sc, struct hunt *h,
			 int64_t referrer, const struct terms *terms)
{
	sqlite3_stmt *st =
	    store_query(sc->store, ST_RESOURCE_ROW, ARGS(INT(referrer)));
	if (!store_row(sc->store, st))
		return;
	const char *p = sqlite3_column_blob(st, 2);
	const char *end = p + sqlite3_column_bytes(st, 2);
	for (struct row r; p != NULL && store_rows_next(&p, end, &r);) {
		int64_t serial = 0;
		if (r.kind == INDEX_REFERENCE && has_term(terms, r.term))
			serial = store_resolve(sc->store, sc->arena, sc->fhir,
					       r.value, r.value_len);
		if (serial != 0)
			store_set_add(&h->set, sc->arena, serial);
	}
	store_done(st);
}

static void find_referred(const struct scope *sc, struct hunt *h)
{
	const struct store_clause *c = h->c;
	struct scope inner = *sc;
	struct set referrers = {0};
	struct terms terms = {0};
	if (c->types == NULL || c->types[0] == NULL)
		return;
	inner.kind =
	    store_name_find(sc->store, NAME_KIND, sc->fhir, c->types[0]);
	terms_add(&inner, c->param, &terms);
	store_search_set(sc, c->types[0], c->sub, c->sub_count, &referrers);
	for (size_t i = 0; i < referrers.n; i++)
		add_referred(sc, h, referrers.v[i], &terms);
	store_set_close(&h->set, sc->arena);
}

void store_hunt_make(const struct scope *sc, const struct store_clause *c,
		     struct hunt *out)
{
	*out = (struct hunt){.c = c};
	if (c->kind == CLAUSE_REVERSE) {
		find_referred(sc, out);
		return;
	}
	terms_add(sc, c->param, &out->first);
	terms_add(sc, c->also, &out->first);
	terms_add(sc, c->param2, &out->second);
	terms_add(sc, c->also2, &out->second);
	take_values(sc, out);
	if (c->kind == CLAUSE_CHAIN)
		find_targets(sc, out);
	out->known = c->kind == CLAUSE_VALUES && c->n == 0;
}

/* ---- judging -------------------------------------------------------- */

static bool itself_has(const struct candidate *c, const struct store_value *v)
{
	switch (v->op) {
	case OP_ID: return is_text(c->id, c->id_len, v->value);
	case OP_UPDATED_GE: return c->updated_ms >= v->lo_ms;
	default: return c->updated_ms < v->hi_ms; /* OP_UPDATED_LT */
	}
}

static bool row_has_one(const struct hunt *h, const struct row *r)
{
	for (size_t i = 0; i < h->c->n; i++) {
		if (row_has(r, &h->c->value[i], h->system[i]))
			return true;
	}
	return false;
}

static bool values_hold(const struct hunt *h, const struct candidate *c)
{
	const char *p = c->rows;
	for (size_t i = 0; h->family == FAMILY_ROW && i < h->c->n; i++) {
		if (itself_has(c, &h->c->value[i]))
			return true;
	}
	for (struct row r; store_rows_next(&p, c->rows + c->len, &r);) {
		if (has_term(&h->first, r.term) && row_has_one(h, &r))
			return true;
	}
	return false;
}

/* Is there a row of that part that is the other half of pair i? */
static bool has_half(const struct hunt *h, const struct candidate *c, size_t i,
		     unsigned part)
{
	const char *p = c->rows;
	for (struct row r; store_rows_next(&p, c->rows + c->len, &r);) {
		if (r.part == part && has_term(&h->second, r.term) &&
		    row_has(&r, &h->c->value[i], h->system[i]))
			return true;
	}
	return false;
}

static bool pairs_hold(const struct hunt *h, const struct candidate *c)
{
	const char *p = c->rows;
	for (struct row r; store_rows_next(&p, c->rows + c->len, &r);) {
		if (!has_term(&h->first, r.term))
			continue;
		for (size_t i = 0; i + 1 < h->c->n; i += 2) {
			if (row_has(&r, &h->c->value[i], h->system[i]) &&
			    has_half(h, c, i + 1, r.part))
				return true;
		}
	}
	return false;
}

static bool chain_holds(const struct scope *sc, const struct hunt *h,
			const struct candidate *c)
{
	const char *p = c->rows;
	for (struct row r; store_rows_next(&p, c->rows + c->len, &r);) {
		if (r.kind != INDEX_REFERENCE || !has_term(&h->first, r.term))
			continue;
		int64_t serial = store_resolve(sc->store, sc->arena, sc->fhir,
					       r.value, r.value_len);
		if (serial != 0 && store_set_has(&h->set, serial))
			return true;
	}
	return false;
}

static bool holds(const struct scope *sc, const struct hunt *h,
		  const struct candidate *c)
{
	switch (h->c->kind) {
	case CLAUSE_COMPOSITE: return pairs_hold(h, c);
	case CLAUSE_CHAIN: return chain_holds(sc, h, c);
	case CLAUSE_REVERSE: return store_set_has(&h->set, c->serial);
	default: return values_hold(h, c);
	}
}

bool store_hunt_holds(const struct scope *sc, const struct hunt *h,
		      const struct candidate *c)
{
	return holds(sc, h, c) != h->c->negative;
}
