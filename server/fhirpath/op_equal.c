/* SPDX-License-Identifier: Apache-2.0
 *
 * op_equal: =, !=, ~, !~, in, contains.
 *
 * Equal are System values of the same sort and the same worth: numbers of any
 * kind, quantities by UCUM, times as far as their precision decides (else the
 * answer is empty); elements that are no values when their JSON says the same.
 * Equivalent is more: case and white space of strings do not count, numbers are
 * rounded to the lesser precision, the order of collections is free.
 *
 * Two strings, by far the most frequent pair, are compared where they stand.
 * The hash that sets use agrees with equality, but for quantities that equal a
 * plain number.
 *
 * FHIRPath N1 6.1, 6.4.
 */
#include "fhirpath/fhirpath_int.h"

#include <ctype.h>
#include <string.h>

#define ALIKE_STEP 8 /* bytes; it goes character by character */

/* ---- items ------------------------------------------------------- */

/* Pays a step for each value of a tree that is to be compared or hashed, and
 * for its text. */
static void pay(struct eval *v, const struct json *x)
{
	charge(v, 1 + (x ? json_len(x) / TEXT_STEP : 0));
	for (x = json_first(x); x && v->steps > 0; x = json_next(x))
		pay(v, x);
}

void item_pay(struct eval *v, const struct fp_item *x)
{
	if (x->kind != FP_NODE)
		return;
	pay(v, x->u.node.value);
	pay(v, x->u.node.companion);
}

static bool same_json(struct eval *v, const struct json *x,
		      const struct json *y)
{
	if (x == y || !x || !y || json_kind(x) != json_kind(y) ||
	    json_count(x) != json_count(y))
		return x == y;
	pay(v, x);
	return v->steps > 0 && json_equal(x, y);
}

static bool same_node(struct eval *v, const struct fp_item *x,
		      const struct fp_item *y)
{
	return same_json(v, x->u.node.value, y->u.node.value) &&
	       same_json(v, x->u.node.companion, y->u.node.companion);
}

/* Sorts of values that are compared with one another. */
enum sort { OTHER, TEXT, NUMBER, AMOUNT, MOMENT, CLOCK, TRUTH, INFO };

static enum sort sort_of(const struct fp_item *x)
{
	static const enum sort sorts[] = {
	    [FP_NODE] = OTHER,	   [FP_BOOLEAN] = TRUTH,
	    [FP_INTEGER] = NUMBER, [FP_LONG] = NUMBER,
	    [FP_DECIMAL] = NUMBER, [FP_STRING] = TEXT,
	    [FP_DATE] = MOMENT,	   [FP_DATETIME] = MOMENT,
	    [FP_TIME] = CLOCK,	   [FP_QUANTITY] = AMOUNT,
	    [FP_TYPE_INFO] = INFO};

	return sorts[x->kind];
}

static bool same_text(const struct fp_item *x, const struct fp_item *y)
{
	return x->u.string.n == y->u.string.n &&
	       memcmp(x->u.string.p, y->u.string.p, x->u.string.n) == 0;
}

static bool same_number(const struct fp_item *x, const struct fp_item *y)
{
	struct fp_decimal a, b;

	if (x->kind != FP_DECIMAL && y->kind != FP_DECIMAL)
		return x->u.integer == y->u.integer;
	return item_number(x, &a) && item_number(y, &b) &&
	       decimal_cmp(a, b) == 0;
}

static int equal_values(struct eval *v, const struct fp_item *x,
			const struct fp_item *y)
{
	const enum sort sx = sort_of(x), sy = sort_of(y);
	struct fp_quantity a, b;

	if ((sx == AMOUNT && sy == NUMBER) || (sx == NUMBER && sy == AMOUNT)) {
		(void)item_quantity(x, &a);
		(void)item_quantity(y, &b);
		return quantity_equal(&a, &b);
	}
	if (sx != sy)
		return 0;
	switch (sx) {
	case TEXT: return same_text(x, y);
	case NUMBER: return same_number(x, y);
	case AMOUNT: return quantity_equal(x->u.quantity, y->u.quantity);
	case MOMENT:
	case CLOCK: return time_equal(x->u.time, y->u.time);
	case TRUTH: return x->u.boolean == y->u.boolean;
	case INFO:
		return strcmp(x->u.info.space, y->u.info.space) == 0 &&
		       strcmp(x->u.info.name, y->u.info.name) == 0;
	case OTHER: break;
	}
	return same_node(v, x, y);
}

int item_equal(struct eval *v, const struct fp_item *x, const struct fp_item *y)
{
	struct fp_item a, b;
	const char *p, *q;
	size_t n, m;

	if (item_text(v->env, x, &p, &n) && item_text(v->env, y, &q, &m)) {
		charge(v, n / TEXT_STEP);
		return n == m && (p == q || memcmp(p, q, n) == 0);
	}
	if (x->kind == FP_NODE && y->kind == FP_NODE && x->u.node.value &&
	    x->u.node.value == y->u.node.value)
		return 1;
	a = system_value(v, x);
	b = system_value(v, y);
	item_read_alike(v, &a, &b);
	item_read_alike(v, &b, &a);
	return equal_values(v, &a, &b);
}

/* ---- equivalence ------------------------------------------------- */

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

/* The next character as it counts: lower case, a run of spaces as one. */
static int next_char(const char **p, const char *end)
{
	const char *s = *p;

	if (s == end)
		return -1;
	if (isspace((unsigned char)*s)) {
		*p = skip_space(s, end);
		return *p == end ? -1 : ' ';
	}
	*p = s + 1;
	return tolower((unsigned char)*s);
}

static bool alike_text(const struct fp_item *x, const struct fp_item *y)
{
	const char *p = x->u.string.p, *pe = p + x->u.string.n;
	const char *q = y->u.string.p, *qe = q + y->u.string.n;
	int c, d;

	p = skip_space(p, pe);
	q = skip_space(q, qe);
	do {
		c = next_char(&p, pe);
		d = next_char(&q, qe);
	} while (c == d && c >= 0);
	return c == d;
}

static bool item_alike(struct eval *v, const struct fp_item *x,
		       const struct fp_item *y)
{
	struct fp_item a = system_value(v, x), b = system_value(v, y);
	struct fp_decimal c, d;
	struct fp_quantity q, r;

	item_read_alike(v, &a, &b);
	item_read_alike(v, &b, &a);
	if (a.kind == FP_STRING && b.kind == FP_STRING) {
		charge(v, (a.u.string.n < b.u.string.n ? a : b).u.string.n /
			      ALIKE_STEP);
		return v->steps > 0 && alike_text(&a, &b);
	}
	if (item_number(&a, &c) && item_number(&b, &d))
		return decimal_alike(c, d);
	if (sort_of(&a) == AMOUNT || sort_of(&b) == AMOUNT)
		return item_quantity(&a, &q) && item_quantity(&b, &r) &&
		       quantity_alike(&q, &r);
	if (item_is_time(&a) && sort_of(&a) == sort_of(&b))
		return time_alike(a.u.time, b.u.time);
	return equal_values(v, &a, &b) == 1;
}

/* ---- hashes ------------------------------------------------------ */

/* The same for 1, 1.0 and 1.00. */
static uint32_t number_hash(struct fp_decimal d)
{
	int64_t low;

	while (d.scale > 0 && d.n % 10 == 0) {
		d.n /= 10;
		d.scale--;
	}
	low = (int64_t)d.n;
	return (uint32_t)hash_bytes(HASH_START + (unsigned)d.scale, &low,
				    sizeof(low));
}

/* Of objects the members count in any order. */
static uint32_t json_hash(const struct json *v)
{
	const bool object = json_kind(v) == JSON_OBJECT;
	uint32_t h = 7u + (uint32_t)json_kind(v);

	if (json_kind(v) < JSON_ARRAY)
		return (uint32_t)hash_bytes(h, json_text(v), json_len(v));
	for (const struct json *i = json_first(v); i; i = json_next(i)) {
		if (object)
			h += json_hash(i) ^ hash_text(json_name(i));
		else
			h = h * 31u + json_hash(i);
	}
	return h;
}

/* What zones and written precision cannot change of times that are equal. */
static uint32_t time_hash(const struct fp_time *t)
{
	const int zoned[] = {t->minute % 15, t->second, t->milli};
	const int fields[] = {t->year,	 t->month,  t->day,  t->hour,
			      t->minute, t->second, t->milli};

	const int *part = t->has_zone ? zoned : fields;
	const size_t n = t->has_zone ? LEN(zoned) : LEN(fields);
	uint32_t h = 5u;

	for (size_t i = 0; i < n; i++)
		h = h * 61u + (uint32_t)part[i];
	return h;
}

uint32_t item_hash(struct eval *v, const struct fp_item *x)
{
	const struct fp_item s = system_value(v, x);
	struct fp_decimal d;

	charge(v, 1);
	if (s.kind == FP_STRING) {
		charge(v, s.u.string.n / TEXT_STEP);
		return v->steps ? hash_textn(s.u.string.p, s.u.string.n) : 0;
	}
	if (item_number(&s, &d))
		return number_hash(d);
	if (item_is_time(&s))
		return time_hash(s.u.time);
	if (s.kind != FP_NODE)
		return 100u + (uint32_t)sort_of(&s);
	item_pay(v, &s);
	if (v->steps == 0)
		return 0;
	return (s.u.node.value ? json_hash(s.u.node.value) : 0) +
	       (s.u.node.companion ? json_hash(s.u.node.companion) : 0);
}

/* ---- collections ------------------------------------------------- */

static bool both(struct eval *v, const struct node *n, struct list *x,
		 struct list *y)
{
	return eval_operand(v, n->left, x) && eval_operand(v, n->right, y) &&
	       spend(v, x->n, n->offset);
}

static enum truth equal_lists(struct eval *v, const struct list *x,
			      const struct list *y)
{
	enum truth all = TRUTH_TRUE;

	if (x->n == 0 || y->n == 0)
		return TRUTH_EMPTY;
	if (x->n != y->n)
		return TRUTH_FALSE;
	for (size_t i = 0; i < x->n && v->steps > 0; i++) {
		const int equal = item_equal(v, &x->v[i], &y->v[i]);

		if (equal == 0)
			return TRUTH_FALSE;
		if (equal < 0)
			all = TRUTH_EMPTY;
	}
	return all;
}

static enum truth negated(enum truth t)
{
	return t == TRUTH_TRUE	  ? TRUTH_FALSE
	       : t == TRUTH_FALSE ? TRUTH_TRUE
				  : t;
}

enum truth op_equal(struct eval *v, const struct node *n)
{
	LIST(x);
	LIST(y);
	enum truth t;

	if (!both(v, n, &x, &y))
		return TRUTH_ERROR;
	t = equal_lists(v, &x, &y);
	return n->kind == N_UNEQUAL ? negated(t) : t;
}

/* Each of x has one of y for itself. */
static enum truth alike_lists(struct eval *v, const struct node *n,
			      const struct list *x, const struct list *y)
{
	bool *taken;

	if (x->n != y->n)
		return TRUTH_FALSE;
	taken = arena_alloc(v->arena, y->n);
	for (size_t i = 0; i < x->n; i++) {
		size_t j = 0;

		while (j < y->n && v->steps > 0 &&
		       (taken[j] || !item_alike(v, &x->v[i], &y->v[j])))
			j++;
		if (!spend(v, j, n->offset))
			return TRUTH_ERROR;
		if (j == y->n)
			return TRUTH_FALSE;
		taken[j] = true;
	}
	return TRUTH_TRUE;
}

enum truth op_alike(struct eval *v, const struct node *n)
{
	LIST(x);
	LIST(y);
	enum truth t;

	if (!both(v, n, &x, &y))
		return TRUTH_ERROR;
	t = alike_lists(v, n, &x, &y);
	return n->kind == N_UNALIKE ? negated(t) : t;
}

/* in, contains */
enum truth op_member(struct eval *v, const struct node *n)
{
	const bool in = n->kind == N_IN;
	LIST(item);
	LIST(of);

	if (!eval_operand(v, in ? n->left : n->right, &item) ||
	    !eval_operand(v, in ? n->right : n->left, &of) ||
	    !spend(v, of.n, n->offset))
		return TRUTH_ERROR;
	if (item.n > 1) {
		(void)fail_at(v, n->offset,
			      "one item can be %s a collection, "
			      "not %zu",
			      in ? "in" : "contained by", item.n);
		return TRUTH_ERROR;
	}
	if (item.n == 0)
		return TRUTH_EMPTY;
	for (size_t i = 0; i < of.n && v->steps > 0; i++)
		if (item_equal(v, &item.v[0], &of.v[i]) == 1)
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}
