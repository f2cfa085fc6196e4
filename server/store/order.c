/* SPDX-License-Identifier: Apache-2.0
 *
 * order: in which order matches are shown.
 *
 * A sort parameter gives each match a key: of several rows the least when it
 * ascends, the greatest when it descends (dates and numbers by where they
 * begin, words as they stand in the index, which for strings is folded). A
 * match without a row comes last ascending and first descending: the mirror.
 * What is equal by all keys stands by when it was updated, then by when it was
 * first stored, so an order is total and pages never overlap.
 */
#include "store/store_int.h"

#include <string.h>

#define UPDATED "_lastUpdated"

void store_order_make(const struct scope *sc, const struct store_query *q,
		      struct order *out)
{
	out->sort = q->sort;
	out->n = q->sort_count;
	out->terms = arena_alloc(sc->arena, (out->n + 1) * sizeof *out->terms);
	for (size_t i = 0; i < out->n; i++)
		store_terms_find(sc, q->sort[i].param, &out->terms[i]);
}

bool store_order_reads(const struct order *o)
{
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->sort[i].param, UPDATED) != 0)
			return true;
	}
	return false;
}

/* ---- keys ----------------------------------------------------------- */

static int compare_texts(const char *a, size_t n, const char *b, size_t m)
{
	int c = memcmp(a, b, n < m ? n : m);
	return c != 0 ? c : (n > m) - (n < m);
}

static int compare_keys(const struct key *a, const struct key *b)
{
	if (a->kind == KEY_NONE || b->kind == KEY_NONE)
		return (a->kind == KEY_NONE) - (b->kind == KEY_NONE);
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	switch (a->kind) {
	case KEY_INT: return (a->i > b->i) - (a->i < b->i);
	case KEY_REAL: return (a->real > b->real) - (a->real < b->real);
	default: return compare_texts(a->text, a->len, b->text, b->len);
	}
}

static struct key key_of(const struct row *r)
{
	switch (r->kind) {
	case INDEX_DATE: return (struct key){.kind = KEY_INT, .i = r->lo_ms};
	case INDEX_NUMBER: return (struct key){.kind = KEY_REAL, .real = r->lo};
	default:
		return (struct key){
		    .kind = KEY_TEXT, .text = r->value, .len = r->value_len};
	}
}

static bool is_of(const struct terms *terms, int64_t term)
{
	for (size_t i = 0; i < terms->n; i++) {
		if (terms->id[i] == term)
			return true;
	}
	return false;
}

/* The least or greatest of the parameter's rows. */
static struct key row_key(const struct terms *terms, bool greatest,
			  const struct candidate *c)
{
	struct key best = {.kind = KEY_NONE};
	const char *p = c->rows;
	for (struct row r; store_rows_next(&p, c->rows + c->len, &r);) {
		if (!is_of(terms, r.term))
			continue;
		struct key k = key_of(&r);
		int order = compare_keys(&k, &best);
		if (best.kind == KEY_NONE || (greatest ? order > 0 : order < 0))
			best = k;
	}
	return best;
}

void store_order_keys(const struct order *o, struct arena *a,
		      const struct candidate *c, struct match *m)
{
	m->key = o->n > 0 ? arena_alloc(a, o->n * sizeof *m->key) : NULL;
	for (size_t i = 0; i < o->n; i++) {
		const struct store_sort *s = &o->sort[i];
		struct key *k = &m->key[i];
		*k = (struct key){.kind = KEY_INT}; /* _lastUpdated: below */
		if (strcmp(s->param, "_id") == 0)
			*k = (struct key){
			    .kind = KEY_TEXT, .text = c->id, .len = c->id_len};
		else if (strcmp(s->param, UPDATED) != 0)
			*k = row_key(&o->terms[i], s->descending, c);
		if (k->kind == KEY_TEXT)
			k->text = arena_strndup(a, k->text, k->len);
	}
}

/* ---- sorting -------------------------------------------------------- */

/* As _lastUpdated does: of one millisecond the one stored last is newer. */
static int compare_ages(const struct match *a, const struct match *b)
{
	if (a->updated_ms != b->updated_ms)
		return a->updated_ms < b->updated_ms ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

static int compare(const struct order *o, const struct match *a,
		   const struct match *b)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct store_sort *s = &o->sort[i];
		bool age = strcmp(s->param, UPDATED) == 0;
		int c = age && s->descending ? compare_ages(a, b)
			: age		     ? (a->updated_ms > b->updated_ms) -
				    (a->updated_ms < b->updated_ms)
			      : compare_keys(&a->key[i], &b->key[i]);
		if (c != 0)
			return s->descending ? -c : c;
	}
	return compare_ages(a, b);
}

static void merge(const struct order *o, const struct match *v, size_t middle,
		  size_t n, struct match *out)
{
	size_t i = 0, j = middle;
	for (size_t k = 0; k < n; k++) {
		bool left =
		    j >= n || (i < middle && compare(o, &v[i], &v[j]) <= 0);
		out[k] = left ? v[i++] : v[j++];
	}
}

/* v, with room of the same size. */
static void sort(const struct order *o, struct match *v, size_t n,
		 struct match *room)
{
	size_t middle = n / 2;
	if (n < 2)
		return;
	sort(o, v, middle, room);
	sort(o, v + middle, n - middle, room);
	if (compare(o, &v[middle - 1], &v[middle]) <= 0)
		return; /* it was in order, as it often is */
	merge(o, v, middle, n, room);
	memcpy(v, room, n * sizeof *v);
}

void store_order_apply(const struct order *o, struct arena *a, struct match *v,
		       size_t n)
{
	if (n > 1)
		sort(o, v, n, arena_alloc(a, n * sizeof *v));
}
