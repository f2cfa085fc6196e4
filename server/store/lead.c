/* SPDX-License-Identifier: Apache-2.0
 *
 * lead: which resources the index gives for a clause.
 *
 * Each value of a clause is a stretch of keys (rows.c): of each owner, of each
 * number that the parameter has. All resources that hold the clause are among
 * those that are found there; others may be too, and are judged later
 * (match.c). The stretch is as short as the keys allow: a word has one key, a
 * string those with its first bytes, a date or number those within its ends.
 * What keys say nothing of (texts, units, systems, the middle of a string)
 * takes all of the parameter's rows.
 *
 * The caller gives a budget of rows to read, and whoever ends within it leads:
 * so nothing needs to be known of how the values are distributed. What cannot
 * lead at all is a negative clause.
 */
#include "store/store_int.h"

#include <math.h>
#include <string.h>

/* Keys, both ends included. */
struct stretch {
	int64_t from, to;
};

static const struct stretch all_keys = {INT64_MIN, INT64_MAX};

/* ---- words ------------------------------------------------------------- */

static struct stretch words(const struct store_value *v)
{
	bool equal =
	    v->op == OP_TOKEN || v->op == OP_REFERENCE || v->op == OP_URI;
	if (!equal || v->value == NULL)
		return all_keys;
	int64_t key = store_key_word(v->value, strlen(v->value));
	return (struct stretch){key, key};
}

static struct stretch strings(const struct store_value *v)
{
	if (v->op != OP_STRING || v->value == NULL)
		return all_keys;
	size_t n = strlen(v->value);
	return (struct stretch){store_key_prefix(v->value, n, false),
				store_key_prefix(v->value, n, true)};
}

/* ---- dates and numbers ------------------------------------------------- */

static int64_t less(int64_t a, int64_t b)
{
	return a < INT64_MIN + b ? INT64_MIN : a - b;
}

/* Where a date must begin. */
static struct stretch dates(const struct store_value *v, bool wide)
{
	struct stretch k = all_keys;
	int64_t end = INT64_MIN; /* it must not end before this */
	switch (v->op) {
	case OP_DATE_EQ:
		k.to = less(v->hi_ms, 1);
		end = v->lo_ms;
		break;
	case OP_DATE_EQ_CONTAIN:
	case OP_DATE_HAPI_EQ:
		k.from = v->lo_ms;
		k.to = v->hi_ms;
		break;
	case OP_DATE_GT:
	case OP_DATE_HAPI_GT: end = v->hi_ms; break;
	case OP_DATE_GE:
	case OP_DATE_HAPI_GE: end = v->lo_ms; break;
	case OP_DATE_LT: k.to = less(v->lo_ms, 1); break;
	case OP_DATE_LE: k.to = less(v->hi_ms, 1); break;
	case OP_DATE_SA: k.from = v->hi_ms; break;
	case OP_DATE_EB:
	case OP_DATE_HAPI_EB: k.to = v->lo_ms; break;
	default: break;
	}
	if (!wide && k.from < less(end, DATE_NARROW_MS))
		k.from = less(end, DATE_NARROW_MS);
	return k;
}

/* Where a number must begin. */
static struct stretch numbers(const struct store_value *v, bool wide)
{
	double from = -INFINITY, to = INFINITY;
	switch (v->op) {
	case OP_NUMBER_EQ:
		from = v->number_lo;
		to = v->number_hi;
		break;
	case OP_NUMBER_SA: from = v->number_lo; break;
	case OP_NUMBER_GT:
	case OP_NUMBER_GE: from = wide ? from : v->number_lo; break;
	case OP_NUMBER_LT:
	case OP_NUMBER_LE:
	case OP_NUMBER_EB: to = v->number_lo; break;
	case OP_NUMBER_AP:
		from = wide ? from : v->number_lo;
		to = v->number_hi;
		break;
	default: break;
	}
	return (struct stretch){store_key_number(from), store_key_number(to)};
}

/* False: rows of that class cannot have the value. */
static bool find_stretch(const struct store_value *v, enum name_class class,
			 struct stretch *out)
{
	enum family asked = store_op_family(v->op);
	enum family has = class >= NAME_NUMBER ? FAMILY_NUMBER
			  : class >= NAME_DATE ? FAMILY_DATE
					       : FAMILY_WORD;
	*out = all_keys;
	if (asked == FAMILY_ANY)
		return true;
	if (has == FAMILY_NUMBER)
		*out = numbers(v, class == NAME_NUMBER_WIDE);
	else if (has == FAMILY_DATE)
		*out = dates(v, class == NAME_DATE_WIDE);
	else
		*out = class == NAME_STRING ? strings(v) : words(v);
	return asked == has;
}

/* ---- reading ----------------------------------------------------------- */

struct reading {
	const struct scope *scope;
	const struct hunt *hunt;
	struct set *out;
	int64_t left; /* of the budget */
};

/* One more row than may be read, to see that there is more. */
static struct arg limit(const struct reading *g)
{
	return INT(g->left < INT64_MAX ? g->left + 1 : -1);
}

/* To the end, or to the end of the budget (false). */
static bool read_all(struct reading *g, sqlite3_stmt *st)
{
	struct store *s = g->scope->store;
	while (store_row(s, st)) {
		if (--g->left < 0) {
			store_done(st);
			return false;
		}
		int64_t serial = sqlite3_column_int64(st, 0);
		if (serial <= g->scope->snapshot)
			store_set_add(g->out, g->scope->arena, serial);
	}
	return true;
}

/* One value, of all owners and of all the parameter's numbers. */
static bool read_value(struct reading *g, const struct store_value *v)
{
	const struct terms *terms = &g->hunt->first;
	const struct scope *sc = g->scope;
	for (size_t t = 0; t < terms->n; t++) {
		struct stretch k;
		if (!find_stretch(v, terms->class[t], &k))
			continue;
		for (size_t o = 0; o < sc->owner.n; o++) {
			sqlite3_stmt *st = store_query(
			    sc->store, ST_LEAD,
			    ARGS(INT(sc->owner.v[o]), INT(terms->id[t]),
				 INT(k.from), INT(k.to), limit(g)));
			if (!read_all(g, st))
				return false;
		}
	}
	return true;
}

static bool read_id(struct reading *g, const struct store_value *v)
{
	const struct scope *sc = g->scope;
	int64_t serial = store_number(sc->store, ST_RESOURCE_STATE,
				      ARGS(INT(sc->kind), TEXT(v->value)));
	if (serial != 0 && serial <= sc->snapshot)
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
		if (!read_all(g, st))
			return false;
	}
	return true;
}

/* Of a composite the first halves of its pairs. */
static bool read_values(struct reading *g)
{
	const struct store_clause *c = g->hunt->c;
	size_t step = c->kind == CLAUSE_COMPOSITE ? 2 : 1;
	for (size_t i = 0; i < c->n; i += step) {
		const struct store_value *v = &c->value[i];
		bool done = v->op == OP_ID		    ? read_id(g, v)
			    : g->hunt->family == FAMILY_ROW ? read_updated(g, v)
							    : read_value(g, v);
		if (!done)
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
		sqlite3_stmt *st = store_query(sc->store, ST_RESOURCE_NAME,
					       ARGS(INT(g->hunt->set.v[i])));
		if (--g->left < 0) {
			store_done(st);
			return false;
		}
		if (!store_row(sc->store, st))
			continue;
		v.value = store_column(sc->arena, st, 0);
		store_done(st);
		if (!read_value(g, &v))
			return false;
	}
	return true;
}

static void read_reverse(struct reading *g)
{
	for (size_t i = 0; i < g->hunt->set.n; i++)
		store_set_add(g->out, g->scope->arena, g->hunt->set.v[i]);
}

bool store_lead(const struct scope *sc, const struct hunt *h, int64_t budget,
		struct set *out)
{
	struct reading g = {sc, h, out, budget};
	bool done = true;
	out->n = 0;
	if (h->c->negative || h->known)
		return false;
	switch (h->c->kind) {
	case CLAUSE_CHAIN: done = read_chain(&g); break;
	case CLAUSE_REVERSE: read_reverse(&g); break;
	default: done = read_values(&g);
	}
	if (done)
		store_set_close(out, sc->arena);
	return done;
}
