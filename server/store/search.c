/* SPDX-License-Identifier: Apache-2.0
 *
 * search: which resources hold all clauses, and a page of them in order.
 *
 * It is done with lists of serial numbers. The clause whose index rows come to
 * an end first, all being read for the same while (lead.c), gives the
 * candidates; what is cheap to read beside them thins them out; the rest of the
 * clauses is judged on the candidates' own index rows (match.c). So a search
 * costs as much as its most selective clause, however much else the citizen or
 * the file has. Where no clause can lead, all resources of the citizen do.
 *
 * Without a patient the same is done over all owners that have resources of the
 * type: one look-up each. A search within a search (a chain, _has) is done
 * first, and gives a list that the outer one uses; the other resource is
 * then the same citizen's or nobody's.
 *
 * Limits: values, clauses, sorts and depth are capped; the memory is the
 * request's, 24 bytes a match and more for its sort keys.
 */
#include "store/store_int.h"

#include <string.h>

#define SORTS_MAX   16
#define CLAUSES_MAX 100
#define DEPTH_MAX   8

/* ---- where is searched ---------------------------------------------- */

static void add_owner(struct scope *sc, const char *patient)
{
	int64_t id = store_name_find(sc->store, NAME_OWNER, 0, patient);
	if (id != 0)
		store_set_add(&sc->owner, sc->arena, id);
}

static void add_owners(struct scope *sc)
{
	sqlite3_stmt *st =
	    store_query(sc->store, ST_HOLDING_OWNERS, ARGS(INT(sc->kind)));
	while (store_row(sc->store, st))
		store_set_add(&sc->owner, sc->arena,
			      sqlite3_column_int64(st, 0));
}

static void scope_open(struct scope *sc, const char *type)
{
	sc->kind = store_name_find(sc->store, NAME_KIND, sc->fhir, type);
	sc->owner = (struct set){0};
	if (sc->kind != 0 && sc->patient == NULL)
		add_owners(sc);
	else if (sc->kind != 0)
		add_owner(sc, sc->patient);
}

static void scope_hunt(struct scope *sc, const struct store_clause *c, size_t n)
{
	sc->n = n;
	sc->hunt = arena_alloc(sc->arena, (n + 1) * sizeof *sc->hunt);
	for (size_t i = 0; i < n; i++)
		store_hunt_make(sc, &c[i], &sc->hunt[i]);
}

/* ---- candidates ----------------------------------------------------- */

struct matches {
	struct match *v;
	size_t n;
};

/* 0: that was without limit. */
static int64_t more(int64_t budget)
{
	if (budget == INT64_MAX)
		return 0;
	return budget > 65536 ? INT64_MAX : 16 * budget;
}

/* Which clause leads, with its candidates in set; sc->n: none does. Those that
 * come to no end are given more time, all of them, until one does. */
static size_t find_leader(const struct scope *sc, struct set *set)
{
	int64_t budget = sc->store->patience;
	for (; budget > 0; budget = more(budget)) {
		for (size_t i = 0; i < sc->n; i++) {
			if (store_lead(sc, &sc->hunt[i], budget, set))
				return i;
		}
	}
	return sc->n;
}

/* Thins the candidates out by a clause, if reading its index rows costs less
 * than judging them would. */
static void thin_out(const struct scope *sc, const struct hunt *h,
		     struct set *set)
{
	struct set other = {0};
	if (store_lead(sc, h, 4 * (int64_t)set->n, &other))
		store_set_meet(set, &other);
}

static void from_set(const struct scope *sc, const struct set *set,
		     struct matches *m)
{
	m->n = set->n;
	m->v = arena_alloc(sc->arena, (set->n + 1) * sizeof *m->v);
	for (size_t i = 0; i < set->n; i++)
		m->v[i] = (struct match){.serial = set->v[i]};
}

/* All of the type, with updated_ms: when all clauses hold anyway they are not
 * judged. */
static void from_owners(const struct scope *sc, struct matches *m)
{
	size_t cap = 0;
	for (size_t o = 0; o < sc->owner.n; o++) {
		sqlite3_stmt *st =
		    store_query(sc->store, ST_LEAD_UPDATED,
				ARGS(INT(sc->owner.v[o]), INT(sc->kind),
				     INT(INT64_MIN), INT(INT64_MAX), INT(-1)));
		while (store_row(sc->store, st)) {
			int64_t serial = sqlite3_column_int64(st, 0);
			if (serial > sc->snapshot)
				continue;
			if (m->n == cap) {
				cap = cap == 0 ? 64 : 2 * cap;
				struct match *v =
				    arena_alloc(sc->arena, cap * sizeof *v);
				if (m->n > 0)
					memcpy(v, m->v, m->n * sizeof *v);
				m->v = v;
			}
			m->v[m->n++] = (struct match){
			    .serial = serial,
			    .updated_ms = sqlite3_column_int64(st, 1)};
		}
	}
}

static void find_candidates(const struct scope *sc, struct matches *m)
{
	struct set set = {0};
	size_t leader = find_leader(sc, &set);
	if (leader == sc->n) {
		from_owners(sc, m);
		return;
	}
	for (size_t i = 0; i < sc->n && set.n > 0; i++) {
		if (i != leader)
			thin_out(sc, &sc->hunt[i], &set);
	}
	from_set(sc, &set, m);
}

/* ---- judging -------------------------------------------------------- */

static bool must_judge(const struct scope *sc)
{
	for (size_t i = 0; i < sc->n; i++) {
		if (!sc->hunt[i].known)
			return true;
	}
	return false;
}

static bool holds_all(const struct scope *sc, const struct candidate *c)
{
	for (size_t i = 0; i < sc->n; i++) {
		if (!sc->hunt[i].known &&
		    !store_hunt_holds(sc, &sc->hunt[i], c))
			return false;
	}
	return true;
}

/* The row at hand, if it is within the scope. */
static bool take_candidate(const struct scope *sc, sqlite3_stmt *st,
			   int64_t serial, struct candidate *c)
{
	c->serial = serial;
	c->updated_ms = sqlite3_column_int64(st, 0);
	c->id = (const char *)sqlite3_column_text(st, 1);
	c->id_len = (size_t)sqlite3_column_bytes(st, 1);
	c->rows = sqlite3_column_blob(st, 2);
	c->len = (size_t)sqlite3_column_bytes(st, 2);
	if (c->rows == NULL)
		c->rows = "";
	return serial <= sc->snapshot && sqlite3_column_int(st, 4) == 0 &&
	       sqlite3_column_int64(st, 5) == sc->kind &&
	       store_set_has(&sc->owner, sqlite3_column_int64(st, 3));
}

/* Leaves those that hold all clauses, with their sort keys. */
static void judge(const struct scope *sc, const struct order *o,
		  struct matches *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct match match = m->v[i];
		struct candidate c;
		sqlite3_stmt *st = store_query(sc->store, ST_RESOURCE_ROW,
					       ARGS(INT(match.serial)));
		if (!store_row(sc->store, st))
			continue;
		if (take_candidate(sc, st, match.serial, &c) &&
		    holds_all(sc, &c)) {
			match.updated_ms = c.updated_ms;
			store_order_keys(o, sc->arena, &c, &match);
			m->v[n++] = match;
		}
		store_done(st);
	}
	m->n = n;
}

static void find_matches(const struct scope *sc, const struct order *o,
			 bool in_order, struct matches *m)
{
	*m = (struct matches){0};
	find_candidates(sc, m);
	if (must_judge(sc) || (in_order && store_order_reads(o)))
		judge(sc, o, m);
}

static void append(struct arena *a, struct matches *m,
		   const struct matches *more)
{
	if (m->n == 0) {
		*m = *more;
		return;
	}
	struct match *v = arena_alloc(a, (m->n + more->n + 1) * sizeof *v);
	memcpy(v, m->v, m->n * sizeof *v);
	if (more->n > 0)
		memcpy(v + m->n, more->v, more->n * sizeof *v);
	m->v = v;
	m->n += more->n;
}

/* Those of one type are added. */
static void find_type(const struct scope *outer, const struct store_query *q,
		      const char *type, struct matches *m)
{
	struct scope sc = *outer;
	struct order order;
	struct matches more;
	scope_open(&sc, type);
	if (sc.kind == 0)
		return;
	scope_hunt(&sc, q->clause, q->clause_count);
	store_order_make(&sc, q, &order);
	find_matches(&sc, &order, q->limit > 0 || q->keep != NULL, &more);
	append(sc.arena, m, &more);
}

static void find_types(const struct scope *sc, const struct store_query *q,
		       struct matches *m)
{
	*m = (struct matches){0};
	if (q->types == NULL)
		find_type(sc, q, q->type, m);
	for (const char *const *t = q->types; t != NULL && *t != NULL; t++)
		find_type(sc, q, *t, m);
}

void store_search_set(const struct scope *outer, const char *type,
		      const struct store_clause *c, size_t n, struct set *out)
{
	static const struct order none = {0};
	struct scope sc = *outer;
	struct matches m;
	if (sc.patient == NULL)
		sc.patient = sc.chained;
	scope_open(&sc, type);
	if (sc.kind != 0 && sc.patient != NULL && sc.patient[0] != '\0')
		add_owner(&sc, "");
	store_set_close(&sc.owner, sc.arena);
	scope_hunt(&sc, c, n);
	find_matches(&sc, &none, false, &m);
	for (size_t i = 0; i < m.n; i++)
		store_set_add(out, sc.arena, m.v[i].serial);
}

/* ---- the answer ----------------------------------------------------- */

static void page(const struct scope *sc, const struct store_query *q,
		 const struct matches *m, struct store_found *out)
{
	size_t from = q->offset < 0 ? 0 : (size_t)q->offset, bytes = 0;
	if (q->limit <= 0 || from >= m->n)
		return;
	size_t n = m->n - from;
	if ((uint64_t)q->limit < n)
		n = (size_t)q->limit;
	out->v = arena_alloc(sc->arena, n * sizeof *out->v);
	for (size_t i = 0; i < n && bytes < STORE_PAGE_BYTES; i++) {
		struct store_resource *r = &out->v[out->n];
		if (!store_resource_get(sc->store, sc->arena,
					m->v[from + i].serial, r))
			continue;
		bytes += r->text_len;
		out->n++;
	}
}

static bool count(const struct store_clause *c, size_t n, int depth,
		  size_t *clauses, size_t *values)
{
	*clauses += n;
	for (size_t i = 0; i < n; i++) {
		*values += c[i].n;
		if (depth == 0 || !count(c[i].sub, c[i].sub_count, depth - 1,
					 clauses, values))
			return false;
	}
	return true;
}

static bool can_search(const struct store_query *q, struct err *e)
{
	size_t clauses = 0, values = 0;
	if (!count(q->clause, q->clause_count, DEPTH_MAX, &clauses, &values) ||
	    values > STORE_SEARCH_VALUES || clauses > CLAUSES_MAX ||
	    q->sort_count > SORTS_MAX)
		return err_set(e, ERR_INVALID, "too-costly", NULL,
			       "The search asks for too much: at most %d "
			       "values, %d conditions and %d sort keys are "
			       "allowed.",
			       STORE_SEARCH_VALUES, CLAUSES_MAX, SORTS_MAX);
	for (size_t i = 0; i < q->sort_count; i++) {
		const char *param = q->sort[i].param;
		if (param[0] == '_' && strcmp(param, "_id") != 0 &&
		    strcmp(param, "_lastUpdated") != 0)
			return err_set(e, ERR_INVALID, "processing", param,
				       "Results cannot be sorted by \"%s\".",
				       param);
	}
	return true;
}

bool store_search(struct store *s, struct arena *a, const struct store_query *q,
		  struct store_found *out, struct err *e)
{
	struct scope sc = {.store = s,
			   .arena = a,
			   .fhir = q->fhir,
			   .patient = q->patient,
			   .chained = q->chained,
			   .snapshot = q->snapshot};
	const struct order order = {.sort = q->sort, .n = q->sort_count};
	struct matches m;
	*out = (struct store_found){0};
	if (!can_search(q, e))
		return false;
	if (sc.snapshot <= 0)
		sc.snapshot = store_serial(s);
	find_types(&sc, q, &m);
	if (q->limit > 0 || q->keep != NULL)
		store_order_apply(&order, a, m.v, m.n);
	page(&sc, q, &m, out);
	out->total = (int64_t)m.n;
	out->snapshot = sc.snapshot;
	if (q->keep != NULL && out->n < m.n)
		store_keep(s, a, q->keep, m.v, m.n);
	return true;
}
