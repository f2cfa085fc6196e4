/* SPDX-License-Identifier: Apache-2.0
 *
 * glance: all resources of a citizen at a glance, the newest first.
 *
 * Who shows a person what is stored about him or her (how much of each kind,
 * the newest of it, a page of it) needs of most resources no more than two
 * facts, which profile and when, and the index has both. So they are read from
 * there, three short scans for each type, and joined in memory; texts are read
 * of those alone that are shown. Ten thousand resources take some milliseconds.
 *
 * The key of an index row is where a date begins, and a hash of a profile's
 * URL (rows.c): whoever has the key has the fact.
 */
#include "store/store_int.h"

#include <stdlib.h>

struct list {
	struct store_glance *v;
	size_t n, cap;
};

struct word {
	int64_t key;
	size_t i;
};

/* What is read for one type. */
struct look {
	struct store *store;
	struct scope scope; /* its patient and kind */
	int64_t owner;
	struct store_glance *v; /* of this type, by serial */
	size_t n;
	const struct word *word; /* by key */
	size_t words;
};

static int by_serial(const void *x, const void *y)
{
	const struct store_glance *p = x, *q = y;

	return (p->serial > q->serial) - (p->serial < q->serial);
}

static int newest_first(const void *x, const void *y)
{
	const struct store_glance *p = x, *q = y;

	if (p->at_ms != q->at_ms)
		return p->at_ms < q->at_ms ? 1 : -1;
	return by_serial(y, x);
}

static int by_key(const void *x, const void *y)
{
	const struct word *p = x, *q = y;

	return (p->key > q->key) - (p->key < q->key);
}

static struct store_glance *at(const struct look *l, int64_t serial)
{
	struct store_glance key = {.serial = serial};

	return bsearch(&key, l->v, l->n, sizeof(key), by_serial);
}

static void take_date(const struct look *l, int64_t key, int64_t serial)
{
	struct store_glance *g = at(l, serial);

	if (g != NULL)
		g->at_ms = key;
}

static void take_word(const struct look *l, int64_t key, int64_t serial)
{
	struct word wanted = {.key = key};
	const struct word *w =
	    l->words == 0
		? NULL
		: bsearch(&wanted, l->word, l->words, sizeof(wanted), by_key);
	struct store_glance *g = w != NULL ? at(l, serial) : NULL;

	if (g != NULL)
		g->word = w->i;
}

static void each_row(const struct look *l, const char *param,
		     void (*take)(const struct look *l, int64_t key,
				  int64_t serial))
{
	struct terms terms;

	store_terms_find(&l->scope, param, &terms);
	for (size_t i = 0; i < terms.n; i++) {
		sqlite3_stmt *st =
		    store_query(l->store, ST_GLANCE_ROWS,
				ARGS(INT(l->owner), INT(terms.id[i])));
		while (store_row(l->store, st))
			take(l, sqlite3_column_int64(st, 0),
			     sqlite3_column_int64(st, 1));
	}
}

static void add(struct arena *a, struct list *all, int64_t serial,
		int64_t updated_ms, size_t type)
{
	if (all->n == all->cap) {
		all->cap = all->cap == 0 ? 64 : 2 * all->cap;
		struct store_glance *v = arena_alloc(a, all->cap * sizeof(*v));
		if (all->n > 0)
			memcpy(v, all->v, all->n * sizeof(*v));
		all->v = v;
	}
	all->v[all->n++] = (struct store_glance){.serial = serial,
						 .at_ms = updated_ms,
						 .type = type,
						 .word = STORE_GLANCE_NONE};
}

static void take_type(struct look *l, const struct store_glance_type *t,
		      size_t type, struct list *all)
{
	const size_t before = all->n;

	l->scope.fhir = t->fhir;
	l->scope.kind = store_name_find(l->store, NAME_KIND, t->fhir, t->type);
	if (l->scope.kind == 0)
		return;
	sqlite3_stmt *st =
	    store_query(l->store, ST_LEAD_UPDATED,
			ARGS(INT(l->owner), INT(l->scope.kind), INT(INT64_MIN),
			     INT(INT64_MAX), INT(-1)));
	while (store_row(l->store, st))
		add(l->scope.arena, all, sqlite3_column_int64(st, 0),
		    sqlite3_column_int64(st, 1), type);
	l->n = all->n - before;
	if (l->n == 0)
		return;
	l->v = all->v + before;
	qsort(l->v, l->n, sizeof(*l->v), by_serial);
	each_row(l, t->date, take_date);
	each_row(l, "_profile", take_word);
}

static struct word *keys_of(struct arena *a, const char *const *word, size_t n)
{
	struct word *v = arena_alloc(a, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = (struct word){
		    .key = store_key_word(word[i], strlen(word[i])), .i = i};
	if (n > 0)
		qsort(v, n, sizeof(*v), by_key);
	return v;
}

size_t store_glance(struct store *s, struct arena *a, const char *patient,
		    const struct store_glance_type *type, size_t types,
		    const char *const *word, size_t words,
		    struct store_glance **out)
{
	struct list all = {NULL, 0, 0};
	struct look l = {
	    .store = s,
	    .scope = {.store = s, .arena = a},
	    .owner = store_name_find(s, NAME_OWNER, 0, patient),
	    .word = keys_of(a, word, words),
	    .words = words,
	};

	*out = NULL;
	for (size_t i = 0; i < types && l.owner != 0; i++)
		take_type(&l, &type[i], i, &all);
	if (all.n > 0)
		qsort(all.v, all.n, sizeof(*all.v), newest_first);
	*out = all.v;
	return all.n;
}

bool store_glance_read(struct store *s, struct arena *a,
		       const struct store_glance *g, size_t most,
		       struct store_resource *out)
{
	return store_resource_get_small(s, a, g->serial, most, out);
}
