/* SPDX-License-Identifier: Apache-2.0
 *
 * quantity: a decimal and its unit.
 *
 * Two quantities of one unit are compared as decimals, exactly. Otherwise both
 * are brought to base units (ucum.c): when their factors differ by a power of
 * ten only, as mg and g do, that too is exact; else they are compared as long
 * doubles, of which 15 digits count.
 *
 * Calendar words: weeks and shorter ones are the same as wk, d, h, min, s, ms.
 * A year is 12 months, and neither has an order against a number of days nor
 * against UCUM's mean a and mo; ~ alone takes year for a, and month for mo.
 *
 * The unit of a sum is the finer one of the two; a product's is written out
 * ("cm.m"), not simplified, as equality sees through it. Temperatures with a
 * zero of their own (Cel, [degF]) add only to their own kind.
 *
 * FHIRPath 2.0, sections 4.1.8, 6.1.1, 6.1.2, 6.2 and 6.6.
 */
#include "fhirpath/value_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CLOSE	 1e-15L /* relative */
#define UNIT_MAX 200	/* bytes of a product's unit */

/* ---- calendar words ---------------------------------------------- */

struct word {
	const char *one, *many, *ucum;
};

static const struct word words[] = {
    {"year", "years", "a"},	{"month", "months", "mo"},
    {"week", "weeks", "wk"},	{"day", "days", "d"},
    {"hour", "hours", "h"},	{"minute", "minutes", "min"},
    {"second", "seconds", "s"}, {"millisecond", "milliseconds", "ms"},
};

static bool same(const char *word, const char *s, size_t n)
{
	return strlen(word) == n && !memcmp(word, s, n);
}

static const struct word *find_word(const char *s, size_t n)
{
	for (size_t i = 0; i < LEN(words); i++)
		if (same(words[i].one, s, n) || same(words[i].many, s, n))
			return &words[i];
	return NULL;
}

const char *quantity_calendar(const char *s, size_t n, const char **ucum)
{
	const struct word *w = find_word(s, n);

	if (w && ucum)
		*ucum = w->ucum;
	return w ? w->one : NULL;
}

/* ---- text -------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t number_length(const char *s, size_t n)
{
	size_t i = n && (s[0] == '-' || s[0] == '+');

	while (i < n && (ascii_digit(s[i]) || s[i] == '.'))
		i++;
	return i;
}

bool quantity_read(struct arena *a, const char *s, size_t n,
		   struct fp_quantity *out)
{
	size_t i = number_length(s, n);

	*out = (struct fp_quantity){.unit = "1"};
	if (!decimal_parse(s, i, &out->value))
		return false;
	if (i == n)
		return true;
	while (i < n && is_blank(s[i]))
		i++;
	s += i;
	n -= i;
	if (n > 2 && s[0] == '\'' && s[n - 1] == '\'') {
		out->unit = arena_strndup(a, s + 1, n - 2);
		return !strchr(out->unit, '\'');
	}
	out->unit = quantity_calendar(s, n, NULL);
	out->calendar = true;
	return out->unit != NULL;
}

void quantity_write(struct buf *b, const struct fp_quantity *q)
{
	decimal_write(b, q->value);
	if (!q->calendar)
		buf_printf(b, " '%s'", q->unit);
	else
		buf_printf(b, " %s%s", q->unit,
			   decimal_cmp(q->value, decimal_of(1)) ? "s" : "");
}

/* ---- base units -------------------------------------------------- */

enum { DIM_MONTHS = 0x6d6f6e74 };

/* The unit in base units; years and months are a kind of their own. */
static bool reduce(const struct fp_quantity *q, struct ucum *out)
{
	const char *ucum = q->unit;
	const char *word;

	word = quantity_calendar(q->unit, strlen(q->unit), &ucum);
	if (!word || (word[0] != 'y' && strcmp(word, "month") != 0))
		return ucum_read(ucum, out, NULL);
	*out = (struct ucum){.m = word[0] == 'y' ? 12 : 1, .mark = DIM_MONTHS};
	return true;
}

static bool commensurable(const struct ucum *x, const struct ucum *y)
{
	return x->mark == y->mark && !memcmp(x->dim, y->dim, sizeof(x->dim));
}

static long double in_base(const struct fp_decimal *v, const struct ucum *u)
{
	return ucum_scaled((long double)v->n * u->m, u->e10 - v->scale) +
	       u->offset;
}

/* n * 10^e as a decimal; false when it does not fit. */
static bool shifted(struct fp_decimal v, int e10, struct fp_decimal *out)
{
	*out = v;
	if (e10 <= 0) {
		out->scale -= e10;
		return out->scale <= DECIMAL_SCALE;
	}
	for (; e10 > 0 && out->scale > 0; e10--)
		out->scale--;
	for (; e10 > 0; e10--)
		if (!decimal_mul(*out, decimal_of(10), out))
			return false;
	return true;
}

/* x and y brought to the finer power of ten of the two, when their units
 * differ in nothing else. */
static bool aligned(struct fp_decimal *x, const struct ucum *ux,
		    struct fp_decimal *y, const struct ucum *uy)
{
	int e = ux->e10 < uy->e10 ? ux->e10 : uy->e10;

	if (ux->m != uy->m || ux->offset != 0 || uy->offset != 0)
		return false;
	return shifted(*x, ux->e10 - e, x) && shifted(*y, uy->e10 - e, y);
}

static int compare(const struct fp_decimal *x, const struct ucum *ux,
		   const struct fp_decimal *y, const struct ucum *uy)
{
	struct fp_decimal ax = *x, ay = *y;
	long double a, b;

	if (aligned(&ax, ux, &ay, uy))
		return decimal_cmp(ax, ay);
	a = in_base(x, ux);
	b = in_base(y, uy);
	if (fabsl(a - b) <= CLOSE * (fabsl(a) + fabsl(b)))
		return 0;
	return a < b ? -1 : 1;
}

/* ---- order ------------------------------------------------------- */

bool quantity_order(const struct fp_quantity *x, const struct fp_quantity *y,
		    int *order)
{
	struct ucum ux, uy;

	if (!strcmp(x->unit, y->unit)) {
		*order = decimal_cmp(x->value, y->value);
		return true;
	}
	if (!reduce(x, &ux) || !reduce(y, &uy) || !commensurable(&ux, &uy))
		return false;
	*order = compare(&x->value, &ux, &y->value, &uy);
	return true;
}

int quantity_equal(const struct fp_quantity *x, const struct fp_quantity *y)
{
	int order;

	return quantity_order(x, y, &order) ? order == 0 : -1;
}

/* year as a, month as mo */
static struct fp_quantity by_ucum(const struct fp_quantity *q)
{
	struct fp_quantity out = *q;

	quantity_calendar(q->unit, strlen(q->unit), &out.unit);
	out.calendar = false;
	return out;
}

/* The size of the last digit that was measured. */
static long double grain(const struct fp_quantity *q, const struct ucum *u)
{
	return ucum_scaled(fabsl(u->m), u->e10 - q->value.scale);
}

/* Equal, when the one that is known better is brought to the other's unit and
 * rounded as that one is. */
bool quantity_alike(const struct fp_quantity *x, const struct fp_quantity *y)
{
	struct fp_quantity a = *x, b = *y, converted;
	struct ucum ua, ub;
	bool swap;

	if (!strcmp(x->unit, y->unit))
		return decimal_alike(x->value, y->value);
	if (!reduce(&a, &ua) || !reduce(&b, &ub))
		return false;
	if (ua.mark != ub.mark) {
		a = by_ucum(x);
		b = by_ucum(y);
		if (!reduce(&a, &ua) || !reduce(&b, &ub))
			return false;
	}
	if (!commensurable(&ua, &ub))
		return false;
	swap = grain(&a, &ua) < grain(&b, &ub);
	if (!quantity_convert(swap ? &a : &b, swap ? b.unit : a.unit,
			      &converted))
		return compare(&a.value, &ua, &b.value, &ub) == 0;
	decimal_round(converted.value, swap ? b.value.scale : a.value.scale,
		      &converted.value);
	return !decimal_cmp(converted.value, swap ? b.value : a.value);
}

bool fp_ucum_compare(const char *x, const char *x_unit, const char *y,
		     const char *y_unit, int *order)
{
	struct fp_quantity a = {.unit = x_unit}, b = {.unit = y_unit};
	struct ucum ua, ub;

	if (!strcmp(x_unit, y_unit)) {
		*order = fp_decimal_compare(x, y);
		return true;
	}
	if (!decimal_parse(x, strlen(x), &a.value) ||
	    !decimal_parse(y, strlen(y), &b.value) ||
	    !ucum_read(x_unit, &ua, NULL) || !ucum_read(y_unit, &ub, NULL) ||
	    !commensurable(&ua, &ub))
		return false;
	*order = compare(&a.value, &ua, &b.value, &ub);
	return true;
}

/* ---- arithmetic -------------------------------------------------- */

static bool of_long_double(long double v, struct fp_decimal *out)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%.15Lg", v);

	return decimal_parse(text, (size_t)n, out);
}

bool quantity_convert(const struct fp_quantity *x, const char *unit,
		      struct fp_quantity *out)
{
	const char *word = quantity_calendar(unit, strlen(unit), NULL);
	struct ucum ux, uy;

	*out = (struct fp_quantity){.value = x->value,
				    .unit = word ? word : unit,
				    .calendar = word != NULL};
	if (!strcmp(x->unit, out->unit))
		return true;
	if (!reduce(x, &ux) || !reduce(out, &uy) || !commensurable(&ux, &uy))
		return false;
	if (ux.m == uy.m && ux.offset == 0 && uy.offset == 0)
		return shifted(x->value, ux.e10 - uy.e10, &out->value);
	return of_long_double((in_base(&x->value, &ux) - uy.offset) /
				  ucum_scaled(uy.m, uy.e10),
			      &out->value);
}

bool quantity_add(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, int sign,
		  struct fp_quantity *out)
{
	struct fp_quantity cx = *x, cy = *y;
	struct ucum ux, uy;

	(void)a;
	if (strcmp(x->unit, y->unit) != 0) {
		if (!reduce(x, &ux) || !reduce(y, &uy) || ux.offset != 0 ||
		    uy.offset != 0)
			return false;
		if (ucum_scaled(ux.m, ux.e10) < ucum_scaled(uy.m, uy.e10)) {
			if (!quantity_convert(y, x->unit, &cy))
				return false;
		} else if (!quantity_convert(x, y->unit, &cx)) {
			return false;
		}
	}
	*out = cx;
	return sign < 0 ? decimal_sub(cx.value, cy.value, &out->value)
			: decimal_add(cx.value, cy.value, &out->value);
}

static const char *ucum_unit(const struct fp_quantity *q)
{
	const char *unit = q->unit;

	quantity_calendar(q->unit, strlen(q->unit), &unit);
	return unit;
}

/* NULL: it becomes too long. */
static const char *joined(struct arena *a, const char *x, const char *y,
			  bool divide)
{
	bool compound = strpbrk(y, "./") != NULL;

	if (strlen(x) + strlen(y) > UNIT_MAX)
		return NULL;
	if (!strcmp(y, "1"))
		return x;
	if (divide && !strcmp(x, y))
		return "1";
	if (!strcmp(x, "1") && !divide)
		return y;
	if (!strcmp(x, "1"))
		x = "";
	return arena_printf(a, "%s%s%s%s%s", x, divide ? "/" : ".",
			    compound ? "(" : "", y, compound ? ")" : "");
}

bool quantity_mul(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, bool divide,
		  struct fp_quantity *out)
{
	const char *ux = ucum_unit(x), *uy = ucum_unit(y);

	*out = (struct fp_quantity){.unit = ux};
	if (!(divide ? decimal_div : decimal_mul)(x->value, y->value,
						  &out->value))
		return false;
	if (!strcmp(uy, "1")) { /* a number: the unit stays as it is */
		out->unit = x->unit;
		out->calendar = x->calendar;
		return true;
	}
	if (!divide && !strcmp(ux, "1")) {
		out->unit = y->unit;
		out->calendar = y->calendar;
		return true;
	}
	out->unit = joined(a, ux, uy, divide);
	return out->unit && ucum_read(out->unit, &(struct ucum){0}, NULL);
}
