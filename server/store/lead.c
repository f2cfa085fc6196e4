/* SPDX-License-Identifier: Apache-2.0
 *
 * lead: which resources the index tables give for a clause.
 *
 * Each value of a clause is a stretch of an index table: of each owner, of each
 * number that the parameter has, between two ends. A date or number is found by
 * where it begins; what is wide (25 hours, or not a point) lies apart, so that
 * the others have both ends bounded whichever the question is. Rows within the
 * stretch are still judged (match.c), so the answer is exact, except for
 * what the tables do not hold: texts and units (loose).
 *
 * The caller gives a budget of rows to read, and whoever ends within it leads:
 * so nothing needs to be known of how the values are distributed. What cannot
 * lead at all is a negative clause.
 */
#include "store/store_int.h"

#include <math.h>
#include <string.h>

struct reading {
	const struct scope *scope;
	const struct hunt *hunt;
	struct set *out;
	int64_t left; /* of the budget */
};

/* ---- one stretch ---------------------------------------------------- */

static void take_row(sqlite3_stmt *st, enum family family, struct row *r)
{
	*r = (struct row){0};
	switch (family) {
	case FAMILY_DATE:
		r->kind = INDEX_DATE;
		r->lo_ms = sqlite3_column_int64(st, 1);
		r->hi_ms = sqlite3_column_int64(st, 2);
		r->period = sqlite3_column_int(st, 3) != 0;
		break;
	case FAMILY_NUMBER:
		r->kind = INDEX_NUMBER;
		r->lo = sqlite3_column_double(st, 1);
		r->hi = sqlite3_column_double(st, 2);
		break;
	default:
		r->kind = INDEX_TOKEN;
		r->value = (const char *)sqlite3_column_text(st, 1);
		r->value_len = (size_t)sqlite3_column_bytes(st, 1);
		r->system = sqlite3_column_int64(st, 2);
	}
}

/* Reads to the end, or to the end of the budget (false). The statement's last
 * parameter is its limit. */
static bool read_all(struct reading *g, sqlite3_stmt *st, enum family family,
		     size_t value)
{
	struct store *s = g->scope->store;
	const struct store_value *v = &g->hunt->c->value[value];
	while (store_row(s, st)) {
		struct row r;
		int64_t serial = sqlite3_column_int64(st, 0);
		if (--g->left < 0) {
			store_done(st);
			return false;
		}
		take_row(st, family, &r);
		if (serial <= g->scope->snapshot &&
		    store_row_has(&r, v, g->hunt->system[value], true))
			store_set_add(g->out, g->scope->arena, serial);
	}
	return true;
}

/* One more row than may be read, to see that there is more. */
static struct arg limit(const struct reading *g)
{
	return INT(g->left < INT64_MAX ? g->left + 1 : -1);
}

/* The text that comes behind all that begin so; NULL: there is none. */
static const char *behind(struct arena *a, const char *prefix)
{
	size_t n = strlen(prefix);
	char *end = arena_strndup(a, prefix, n);
	if (n == 0)
		return NULL;
	end[n - 1]++; /* no byte of UTF-8 is 255 */
	return end;
}

static bool read_words(struct reading *g, size_t i, int64_t owner, int64_t term)
{
	struct store *s = g->scope->store;
	const struct store_value *v = &g->hunt->c->value[i];
	int64_t system = g->hunt->system[i];
	const char *end = NULL;
	sqlite3_stmt *st;
	if (v->op == OP_STRING || v->op == OP_URI_BELOW)
		end = behind(g->scope->arena, v->value);
	bool equal =
	    v->op == OP_TOKEN || v->op == OP_REFERENCE || v->op == OP_URI;
	if (end != NULL)
		st = store_query(s, ST_LEAD_WORD_FROM,
				 ARGS(INT(owner), INT(term), TEXT(v->value),
				      TEXT(end), limit(g)));
	else if (equal && v->value != NULL && v->op == OP_TOKEN && system >= 0)
		st = store_query(s, ST_LEAD_WORD_OF,
				 ARGS(INT(owner), INT(term), TEXT(v->value),
				      INT(system), limit(g)));
	else if (equal && v->value != NULL)
		st = store_query(
		    s, ST_LEAD_WORD_EQ,
		    ARGS(INT(owner), INT(term), TEXT(v->value), limit(g)));
	else
		st = store_query(s, ST_LEAD_WORD,
				 ARGS(INT(owner), INT(term), limit(g)));
	return read_all(g, st, FAMILY_WORD, i);
}

/* ---- dates and numbers ---------------------------------------------- */

static int64_t less(int64_t a, int64_t b)
{
	return a < INT64_MIN + b ? INT64_MIN : a - b;
}

/* Where a date must begin, both ends included. */
static void date_ends(const struct store_value *v, bool wide, int64_t *from,
		      int64_t *to)
{
	int64_t hi_from = INT64_MIN; /* it must not end before this */
	*from = INT64_MIN;
	*to = INT64_MAX;
	switch (v->op) {
	case OP_DATE_EQ:
		*to = less(v->hi_ms, 1);
		hi_from = v->lo_ms;
		break;
	case OP_DATE_EQ_CONTAIN:
		*from = v->lo_ms;
		*to = v->hi_ms;
		break;
	case OP_DATE_GT: hi_from = v->hi_ms; break;
	case OP_DATE_GE: hi_from = v->lo_ms; break;
	case OP_DATE_LT: *to = less(v->lo_ms, 1); break;
	case OP_DATE_LE: *to = less(v->hi_ms, 1); break;
	case OP_DATE_SA: *from = v->hi_ms; break;
	case OP_DATE_HAPI_EQ:
		*from = v->lo_ms;
		*to = v->hi_ms;
		break;
	case OP_DATE_HAPI_GT: hi_from = v->hi_ms; break;
	case OP_DATE_HAPI_GE: hi_from = v->lo_ms; break;
	case OP_DATE_HAPI_EB: *to = v->lo_ms; break;
	case OP_DATE_EB: *to = v->lo_ms; break;
	default: break;
	}
	if (!wide && *from < less(hi_from, DATE_NARROW_MS))
		*from = less(hi_from, DATE_NARROW_MS);
}

static bool read_dates(struct reading *g, size_t i, int64_t owner, int64_t term)
{
	for (int wide = 0; wide < 2; wide++) {
		int64_t from, to;
		date_ends(&g->hunt->c->value[i], wide != 0, &from, &to);
		sqlite3_stmt *st =
		    store_query(g->scope->store, ST_LEAD_DATE,
				ARGS(INT(owner), INT(term), INT(wide),
				     INT(from), INT(to), limit(g)));
		if (!read_all(g, st, FAMILY_DATE, i))
			return false;
	}
	return true;
}

/* Where a number must begin, both ends included. */
static void number_ends(const struct store_value *v, bool wide, double *from,
			double *to)
{
	*from = -INFINITY;
	*to = INFINITY;
	switch (v->op) {
	case OP_NUMBER_EQ:
		*from = v->number_lo;
		*to = v->number_hi;
		break;
	case OP_NUMBER_SA: *from = v->number_lo; break;
	case OP_NUMBER_GT:
	case OP_NUMBER_GE:
		if (!wide)
			*from = v->number_lo;
		break;
	case OP_NUMBER_LT:
	case OP_NUMBER_LE:
	case OP_NUMBER_EB: *to = v->number_lo; break;
	case OP_NUMBER_AP:
		*to = v->number_hi;
		if (!wide)
			*from = v->number_lo;
		break;
	default: break;
	}
}

static bool read_numbers(struct reading *g, size_t i, int64_t owner,
			 int64_t term)
{
	for (int wide = 0; wide < 2; wide++) {
		double from, to;
		number_ends(&g->hunt->c->value[i], wide != 0, &from, &to);
		sqlite3_stmt *st =
		    store_query(g->scope->store, ST_LEAD_NUMBER,
				ARGS(INT(owner), INT(term), INT(wide),
				     REAL(from), REAL(to), limit(g)));
		if (!read_all(g, st, FAMILY_NUMBER, i))
			return false;
	}
	return true;
}

/* ---- a value, a clause ---------------------------------------------- */

static enum family family_of_class(enum name_class class)
{
	if (class == NAME_DATE)
		return FAMILY_DATE;
	return class == NAME_NUMBER ? FAMILY_NUMBER : FAMILY_WORD;
}

static bool read_term(struct reading *g, size_t i, int64_t owner, int64_t term,
		      enum name_class class)
{
	enum family family = family_of_class(class);
	enum family asked = store_op_family(g->hunt->c->value[i].op);
	if (asked != FAMILY_ANY && asked != family)
		return true;
	switch (family) {
	case FAMILY_DATE: return read_dates(g, i, owner, term);
	case FAMILY_NUMBER: return read_numbers(g, i, owner, term);
	default: return read_words(g, i, owner, term);
	}
}

/* One value, of all owners and of all the parameter's numbers. */
static bool read_value(struct reading *g, size_t i)
{
	const struct terms *terms = &g->hunt->first;
	for (size_t o = 0; o < g->scope->owner.n; o++) {
		for (size_t t = 0; t < terms->n; t++) {
			if (!read_term(g, i, g->scope->owner.v[o], terms->id[t],
				       terms->class[t]))
				return false;
		}
	}
	return true;
}

static bool read_id(struct reading *g, const struct store_value *v)
{
	const struct scope *sc = g->scope;
	sqlite3_stmt *st = store_query(sc->store, ST_RESOURCE_STATE,
				       ARGS(INT(sc->kind), TEXT(v->value)));
	if (!store_row(sc->store, st))
		return true;
	int64_t serial = sqlite3_column_int64(st, 0);
	bool deleted = sqlite3_column_int(st, 3) != 0;
	int64_t owner = sqlite3_column_int64(st, 2);
	store_done(st);
	if (!deleted && serial <= sc->snapshot &&
	    store_set_has(&sc->owner, owner))
		store_set_add(g->out, sc->arena, serial);
	return true;
}

static bool read_updated(struct reading *g, const struct store_value *v)
{
	const struct scope *sc = g->scope;
	bool ge = v->op == OP_UPDATED_GE;
	for (size_t o = 0; o < sc->owner.n; o++) {
		sqlite3_stmt *st = store_query(
		    sc->store, ST_LEAD_UPDATED,
		    ARGS(INT(sc->owner.v[o]), INT(sc->kind),
			 INT(ge ? v->lo_ms : INT64_MIN),
			 INT(ge ? INT64_MAX : less(v->hi_ms, 1)), limit(g)));
		while (store_row(sc->store, st)) {
			if (--g->left < 0) {
				store_done(st);
				return false;
			}
			int64_t serial = sqlite3_column_int64(st, 0);
			if (serial <= sc->snapshot)
				store_set_add(g->out, sc->arena, serial);
		}
	}
	return true;
}

static bool read_row_value(struct reading *g, size_t i)
{
	const struct store_value *v = &g->hunt->c->value[i];
	return v->op == OP_ID ? read_id(g, v) : read_updated(g, v);
}

static bool read_values(struct reading *g)
{
	bool pairs = g->hunt->c->kind == CLAUSE_COMPOSITE;
	for (size_t i = 0; i < g->hunt->c->n; i += 1 + pairs) {
		bool itself = g->hunt->family == FAMILY_ROW;
		if (!(itself ? read_row_value(g, i) : read_value(g, i)))
			return false;
	}
	return true;
}

/* Those that refer to one of the set. */
static bool read_chain(struct reading *g)
{
	const struct scope *sc = g->scope;
	for (size_t i = 0; i < g->hunt->set.n; i++) {
		struct store_value v = {.op = OP_REFERENCE};
		struct store_clause c = {.value = &v, .n = 1};
		struct hunt one = *g->hunt;
		int64_t no_system = 0;
		struct reading inner = *g;
		sqlite3_stmt *st = store_query(sc->store, ST_RESOURCE_NAME,
					       ARGS(INT(g->hunt->set.v[i])));
		if (--inner.left < 0 || !store_row(sc->store, st))
			return false;
		v.value = store_column(sc->arena, st, 0);
		store_done(st);
		one.c = &c;
		one.system = &no_system;
		inner.hunt = &one;
		if (!read_value(&inner, 0))
			return false;
		g->left = inner.left;
	}
	return true;
}

bool store_lead(const struct scope *sc, const struct hunt *h, int64_t budget,
		struct set *out)
{
	struct reading g = {sc, h, out, budget};
	bool done;
	out->n = 0;
	if (h->negative || (h->c->kind == CLAUSE_VALUES && h->c->n == 0))
		return false;
	switch (h->c->kind) {
	case CLAUSE_CHAIN: done = read_chain(&g); break;
	case CLAUSE_REVERSE:
		for (size_t i = 0; i < h->set.n; i++)
			store_set_add(out, sc->arena, h->set.v[i]);
		done = true;
		break;
	default: done = read_values(&g);
	}
	if (done)
		store_set_close(out, sc->arena);
	return done;
}
