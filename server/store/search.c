/* SPDX-License-Identifier: Apache-2.0
 *
 * search: the one place that puts SQL together, from the constant fragments
 * below; every value from outside is bound.
 *
 * A search is a count and a page of serial numbers over the same conditions;
 * the resources of the page are then fetched one by one, so that sorting never
 * carries their texts. The count is left out when the page shows the total.
 *
 * Which index drives it: with a patient the citizen's own resources, each tried
 * against the clauses (EXISTS, by resource); without one the rows of the first
 * clause of words, or else of dates (IN, by value). So do, even with a patient,
 * the rows of a word that only few have, such as an identifier. A unary plus
 * keeps SQLite from choosing differently.
 *
 * Dates follow the "spec" column of fhir-rest.md 4.2 with the rule of Kanta for
 * "eq" on periods. The spans here are half-open, S = [lo, hi) stored and
 * P = [lo, hi) searched, so "S ends at or after the start of P" becomes
 * S.hi > P.lo, and "S begins after P" S.lo >= P.hi.
 *
 * Limits: SQLite bounds the depth of an expression and the number of its terms;
 * ORs are written as balanced trees and the counts are capped.
 */
#include "store/store_int.h"

#include <string.h>

#define SORTS_MAX   16
#define CLAUSES_MAX 100

/* ---- fragments ------------------------------------------------------ */

enum family { FAMILY_ROW, FAMILY_WORD, FAMILY_DATE };

#define DATE_EQ                                                                \
	"x.lo_ms<? AND x.hi_ms>? AND(x.period OR x.lo_ms>=? AND x.hi_ms<=?)"

#define HAPI_HIGH "iif(x.period,x.hi_ms-1,x.lo_ms)"

/* bind: which members of the value, in order: v(alue), s(ystem), l(o), h(i) */
static const struct condition {
	enum family family;
	const char *sql;
	const char *bind;
} conditions[] = {
    [OP_TOKEN] = {FAMILY_WORD, "x.value=? AND x.system=?", "vs"},
    [OP_NOT_TOKEN] = {FAMILY_WORD, "x.value=? AND x.system=?", "vs"},
    [OP_ID] = {FAMILY_ROW, "r.id=?", "v"},
    [OP_REFERENCE] = {FAMILY_WORD, "x.value=?", "v"},
    [OP_URI] = {FAMILY_WORD, "x.value=?", "v"},
    [OP_DATE_EQ] = {FAMILY_DATE, DATE_EQ, "hllh"},
    [OP_DATE_NE] = {FAMILY_DATE, "NOT(" DATE_EQ ")", "hllh"},
    [OP_DATE_GT] = {FAMILY_DATE, "x.hi_ms>?", "h"},
    [OP_DATE_GE] = {FAMILY_DATE, "x.hi_ms>?", "l"},
    [OP_DATE_LT] = {FAMILY_DATE, "x.lo_ms<?", "l"},
    [OP_DATE_LE] = {FAMILY_DATE, "x.lo_ms<?", "h"},
    [OP_DATE_SA] = {FAMILY_DATE, "x.lo_ms>=?", "h"},
    [OP_DATE_EB] = {FAMILY_DATE, "x.hi_ms<=?", "l"},
    [OP_DATE_EQ_CONTAIN] = {FAMILY_DATE, "x.lo_ms>=? AND x.hi_ms<=?", "lh"},
    [OP_DATE_NE_CONTAIN] = {FAMILY_DATE, "x.lo_ms<? OR x.hi_ms>?", "lh"},
    [OP_DATE_HAPI_EQ] = {FAMILY_DATE, "x.lo_ms>=? AND " HAPI_HIGH "<?", "lh"},
    [OP_DATE_HAPI_NE] = {FAMILY_DATE, "x.lo_ms<? OR " HAPI_HIGH ">=?", "lh"},
    [OP_DATE_HAPI_GT] = {FAMILY_DATE, HAPI_HIGH ">=?", "h"},
    [OP_DATE_HAPI_GE] = {FAMILY_DATE, HAPI_HIGH ">=?", "l"},
    [OP_DATE_HAPI_EB] = {FAMILY_DATE, HAPI_HIGH "<?", "l"},
    [OP_UPDATED_GE] = {FAMILY_ROW, "r.updated_ms>=?", "l"},
    [OP_UPDATED_LT] = {FAMILY_ROW, "r.updated_ms<?", "h"},
};
/* tokens that leave something open */
static const struct condition any_system = {FAMILY_WORD, "x.value=?", "v"};
static const struct condition any_code = {FAMILY_WORD, "x.system=?", "s"};
static const struct condition any_token = {FAMILY_WORD, "1", ""};

enum driver {
	DRIVE_PATIENT,
	DRIVE_PATIENT_CLAUSE,
	DRIVE_CLAUSE,
	DRIVE_TYPE,
	DRIVE_ID
};
static const char *const from[] = {
    [DRIVE_PATIENT] = " FROM resource r WHERE r.patient=? AND r.fhir=?"
		      " AND r.type=? AND r.deleted=0 AND +r.serial<=?",
    [DRIVE_PATIENT_CLAUSE] = " FROM resource r WHERE +r.patient=?"
			     " AND +r.fhir=? AND +r.type=? AND +r.deleted=0"
			     " AND +r.serial<=?",
    [DRIVE_CLAUSE] = " FROM resource r WHERE +r.fhir=? AND +r.type=?"
		     " AND +r.deleted=0 AND +r.serial<=?",
    [DRIVE_TYPE] = " FROM resource r WHERE r.fhir=? AND r.type=?"
		   " AND r.deleted=0 AND +r.serial<=?",
    [DRIVE_ID] = " FROM resource r WHERE r.fhir=? AND r.type=?"
		 " AND +r.deleted=0 AND +r.serial<=?",
};

static const char *const table[] = {
    [FAMILY_WORD] = " FROM index_word x WHERE ",
    [FAMILY_DATE] = " FROM index_date x WHERE ",
};

#define LEAST                                                                  \
	"coalesce((SELECT min(y.lo_ms)FROM index_date y WHERE"                 \
	" y.serial=r.serial AND y.param=?),(SELECT min(z.value)FROM"           \
	" index_word z WHERE z.serial=r.serial AND z.param=?))"                \
	" ASC NULLS LAST"
#define MOST                                                                   \
	"coalesce((SELECT max(y.lo_ms)FROM index_date y WHERE"                 \
	" y.serial=r.serial AND y.param=?),(SELECT max(z.value)FROM"           \
	" index_word z WHERE z.serial=r.serial AND z.param=?))"                \
	" DESC NULLS FIRST"

static const struct order {
	const char *param;  /* NULL: any indexed one, bound twice */
	const char *sql[2]; /* ascending, descending */
} orders[] = {
    {"_lastUpdated", {"r.updated_ms", "r.updated_ms DESC,r.serial DESC"}},
    {"_id", {"r.id", "r.id DESC"}},
    {NULL, {LEAST, MOST}},
};

/* ---- putting them together ------------------------------------------ */

struct text {
	struct buf sql;
	struct arg *arg;
	size_t n;
};

static void put(struct text *t, const char *sql, struct arg arg)
{
	buf_puts(&t->sql, sql);
	t->arg[t->n++] = arg;
}

static const struct condition *condition_of(const struct store_value *v)
{
	if (v->op != OP_TOKEN && v->op != OP_NOT_TOKEN)
		return &conditions[v->op];
	if (v->value == NULL)
		return v->system == NULL ? &any_token : &any_code;
	return v->system == NULL ? &any_system : &conditions[v->op];
}

static struct arg member(const struct store_value *v, char which)
{
	switch (which) {
	case 'v': return TEXT(v->value);
	case 's': return TEXT(v->system);
	case 'l': return INT(v->lo_ms);
	default: return INT(v->hi_ms);
	}
}

/* (a OR b) OR (c OR d): as deep as the logarithm of their number */
static void any_of(struct text *t, const struct store_value *v, size_t n)
{
	buf_putc(&t->sql, '(');
	if (n > 1) {
		any_of(t, v, n / 2);
		buf_puts(&t->sql, " OR ");
		any_of(t, v + n / 2, n - n / 2);
	} else {
		const struct condition *c = condition_of(v);
		buf_puts(&t->sql, c->sql);
		for (const char *b = c->bind; *b != '\0'; b++)
			t->arg[t->n++] = member(v, *b);
	}
	buf_putc(&t->sql, ')');
}

static enum family family_of(const struct store_clause *c)
{
	return conditions[c->value[0].op].family;
}

static bool is_negative(const struct store_clause *c)
{
	return c->value[0].op == OP_NOT_TOKEN;
}

static void put_clause(struct text *t, const struct store_clause *c,
		       bool drives)
{
	enum family family = family_of(c);
	buf_puts(&t->sql, " AND ");
	if (family == FAMILY_ROW) {
		any_of(t, c->value, c->n);
		return;
	}
	if (drives)
		buf_puts(&t->sql, "r.serial IN(SELECT x.serial");
	else
		buf_puts(&t->sql, is_negative(c) ? "NOT EXISTS(SELECT 1"
						 : "EXISTS(SELECT 1");
	buf_puts(&t->sql, table[family]);
	if (!drives)
		buf_puts(&t->sql, "x.serial=r.serial AND ");
	put(t, "x.param=? AND ", TEXT(c->param));
	any_of(t, c->value, c->n);
	buf_putc(&t->sql, ')');
}

/* The clause whose index rows are the best to begin with, or NULL. */
static const struct store_clause *driving_clause(const struct store_query *q,
						 enum family family)
{
	for (size_t i = 0; i < q->clause_count; i++) {
		const struct store_clause *c = &q->clause[i];
		if (c->n > 0 && family_of(c) == family && !is_negative(c))
			return c;
	}
	return NULL;
}

/* The clause that one word of few rows makes the best to begin with. */
static const struct store_clause *rare_clause(struct store *s,
					      const struct store_query *q)
{
	for (size_t i = 0; i < q->clause_count; i++) {
		const struct store_clause *c = &q->clause[i];
		if (c->n == 1 && family_of(c) == FAMILY_WORD &&
		    !is_negative(c) && c->value->value != NULL &&
		    store_number(s, ST_WORD_COUNT,
				 ARGS(TEXT(c->param), TEXT(c->value->value),
				      INT(s->few))) < s->few)
			return c;
	}
	return NULL;
}

static bool asks_for_ids(const struct store_query *q)
{
	for (size_t i = 0; i < q->clause_count; i++) {
		if (q->clause[i].n > 0 && q->clause[i].value[0].op == OP_ID)
			return true;
	}
	return false;
}

static enum driver driver_of(struct store *s, const struct store_query *q,
			     const struct store_clause **clause)
{
	*clause = NULL;
	if (q->patient != NULL) {
		*clause = rare_clause(s, q);
		return *clause == NULL ? DRIVE_PATIENT : DRIVE_PATIENT_CLAUSE;
	}
	if (asks_for_ids(q))
		return DRIVE_ID;
	*clause = driving_clause(q, FAMILY_WORD);
	if (*clause == NULL)
		*clause = driving_clause(q, FAMILY_DATE);
	return *clause == NULL ? DRIVE_TYPE : DRIVE_CLAUSE;
}

static void put_conditions(struct store *s, struct text *t,
			   const struct store_query *q)
{
	const struct store_clause *first;
	enum driver driver = driver_of(s, q, &first);
	if (q->patient != NULL)
		t->arg[t->n++] = TEXT(q->patient);
	put(t, from[driver], INT(q->fhir));
	t->arg[t->n++] = TEXT(q->type);
	t->arg[t->n++] = INT(q->snapshot);
	for (size_t i = 0; i < q->clause_count; i++) {
		if (q->clause[i].n > 0)
			put_clause(t, &q->clause[i], &q->clause[i] == first);
	}
}

static void put_order(struct text *t, const struct store_query *q)
{
	buf_puts(&t->sql, " ORDER BY ");
	for (size_t i = 0; i < q->sort_count; i++) {
		const struct store_sort *s = &q->sort[i];
		const struct order *o = orders;
		while (o->param != NULL && strcmp(o->param, s->param) != 0)
			o++;
		buf_puts(&t->sql, o->sql[s->descending]);
		if (o->param == NULL) {
			t->arg[t->n++] = TEXT(s->param);
			t->arg[t->n++] = TEXT(s->param);
		}
		buf_putc(&t->sql, ',');
	}
	buf_puts(&t->sql, "r.updated_ms,r.serial");
}

static size_t count_values(const struct store_query *q)
{
	size_t values = 0;
	for (size_t i = 0; i < q->clause_count; i++)
		values += q->clause[i].n;
	return values;
}

static void text_init(struct text *t, struct arena *a,
		      const struct store_query *q, const char *select)
{
	/* head 4, page 2, a param each, at most 4 members a value */
	size_t most =
	    6 + q->clause_count + 2 * q->sort_count + 4 * count_values(q);
	buf_init(&t->sql, a);
	buf_puts(&t->sql, select);
	t->arg = arena_alloc(a, most * sizeof *t->arg);
	t->n = 0;
}

static void text_count(struct store *s, struct text *t, struct arena *a,
		       const struct store_query *q)
{
	text_init(t, a, q, "SELECT count(*)");
	put_conditions(s, t, q);
}

static void text_page(struct store *s, struct text *t, struct arena *a,
		      const struct store_query *q)
{
	text_init(t, a, q, "SELECT r.serial");
	put_conditions(s, t, q);
	put_order(t, q);
	put(t, " LIMIT ?", INT(q->limit));
	put(t, " OFFSET ?", INT(q->offset < 0 ? 0 : q->offset));
}

/* ---- running -------------------------------------------------------- */

/* Bound and ready; NULL when SQLite refuses the text (a defect of ours). */
static sqlite3_stmt *prepare(struct store *s, const struct text *t)
{
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(s->db, t->sql.p, (int)t->sql.len + 1, &st,
			       NULL) != SQLITE_OK) {
		store_fail(s, t->sql.p);
		return NULL;
	}
	return store_bind(s, st, t->arg, t->n);
}

static void total(struct store *s, struct arena *a, const struct store_query *q,
		  struct store_found *out)
{
	struct text t;
	text_count(s, &t, a, q);
	sqlite3_stmt *st = prepare(s, &t);
	if (st == NULL)
		return;
	if (store_row(s, st))
		out->total = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
}

static void add(struct arena *a, struct store_found *out, size_t *cap,
		const struct store_resource *r)
{
	if (out->n == *cap) {
		*cap = *cap == 0 ? 16 : *cap * 2;
		struct store_resource *v = arena_alloc(a, *cap * sizeof *v);
		if (out->n > 0)
			memcpy(v, out->v, out->n * sizeof *v);
		out->v = v;
	}
	out->v[out->n++] = *r;
}

/* False: it ended before the limit because its texts are large enough. */
static bool page(struct store *s, struct arena *a, const struct store_query *q,
		 struct store_found *out)
{
	struct text t;
	struct store_resource r;
	size_t cap = 0, bytes = 0;
	text_page(s, &t, a, q);
	sqlite3_stmt *st = prepare(s, &t);
	if (st == NULL)
		return true;
	while (bytes < STORE_PAGE_BYTES && store_row(s, st)) {
		if (!store_resource_get(s, a, sqlite3_column_int64(st, 0), &r))
			continue;
		add(a, out, &cap, &r);
		bytes += r.text_len;
	}
	sqlite3_finalize(st);
	return bytes < STORE_PAGE_BYTES;
}

static bool can_search(const struct store_query *q, struct err *e)
{
	if (count_values(q) > STORE_SEARCH_VALUES ||
	    q->clause_count > CLAUSES_MAX || q->sort_count > SORTS_MAX)
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

int64_t store_serial(struct store *s)
{
	return store_number(s, ST_RESOURCE_LAST, NO_ARGS);
}

bool store_search(struct store *s, struct arena *a,
		  const struct store_query *asked, struct store_found *out,
		  struct err *e)
{
	*out = (struct store_found){0};
	if (!can_search(asked, e))
		return false;
	struct store_query q = *asked;
	if (q.snapshot <= 0)
		q.snapshot = store_serial(s);
	out->snapshot = q.snapshot;
	bool whole = q.limit <= 0 || page(s, a, &q, out);
	/* A page with room left ends the result, unless it lies behind it. */
	int64_t before = q.offset < 0 ? 0 : q.offset;
	if (whole && (int64_t)out->n < q.limit && (out->n > 0 || before == 0))
		out->total = before + (int64_t)out->n;
	else
		total(s, a, &q, out);
	return true;
}

bool store_page(struct store *s, struct arena *a, const char *token,
		int64_t now_ms, int64_t offset, int64_t limit,
		struct store_kept *what, struct store_found *out, int64_t *next)
{
	(void)s, (void)a, (void)token, (void)now_ms, (void)offset, (void)limit;
	(void)what, (void)out, (void)next;
	return false;
}

void store_history(struct store *s, struct arena *a,
		   const struct store_history_query *q, struct store_found *out)
{
	(void)s, (void)a, (void)q;
	*out = (struct store_found){0};
}

bool store_referrer(struct store *s, struct arena *a, int fhir,
		    const char *reference, struct store_resource *out,
		    const char **param)
{
	(void)s, (void)a, (void)fhir, (void)reference, (void)out, (void)param;
	return false;
}
