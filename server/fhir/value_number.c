/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and quantities as values of search parameters.
 *
 *	number	 := [prefix] decimal ['e' exponent]
 *	quantity := number ['|' system '|' unit]
 *
 * Without a prefix (and with ne) a number means what rounds to it: half a unit
 * of its last digit on both sides, 5.40 is 5.395 <= x < 5.405. These bounds are
 * found on the decimal text, by one more digit, and only then become doubles:
 * so they are the doubles nearest to them, and equal to what is read from the
 * same text in a resource. 1e2 has one digit: it is 50 <= x < 150. The other
 * prefixes compare with the number itself; ap takes a tenth of it on both
 * sides.
 *
 * A unit is the code of its system, or (number||unit) of any system, or what is
 * shown. Nothing is converted.
 *
 * FHIR R4 3.1.1.4.6, 3.1.1.4.13; facts: fhir-rest.md 4.5.
 */
#include "fhir/search_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 60

/* A decimal as its text has it: sign, digits without a point, and the exponent
 * of the last digit. */
struct decimal {
	bool negative;
	char digits[DIGITS_MAX + 2];
	size_t n;
	int exponent;
};

static bool read_exponent(const char *s, int *out)
{
	const bool negative = *s == '-';
	size_t n;

	s += negative || *s == '+';
	n = strspn(s, "0123456789");
	if (n == 0 || n > 3 || s[n])
		return false;
	*out = (int)strtol(s, NULL, 10) * (negative ? -1 : 1);
	return true;
}

static bool read_decimal(const char *s, struct decimal *d)
{
	bool point = false;

	*d = (struct decimal){.negative = *s == '-'};
	s += *s == '-' || *s == '+';
	for (; ascii_digit(*s) || (*s == '.' && !point && d->n > 0); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		if (d->n == DIGITS_MAX)
			return false;
		d->digits[d->n++] = *s;
		d->exponent -= point;
	}
	if (*s == 'e' || *s == 'E') {
		int more;

		if (!read_exponent(s + 1, &more))
			return false;
		d->exponent += more;
		s += strlen(s);
	}
	return d->n > 0 && *s == '\0' && s[-1] != '.';
}

static double value_of(const struct decimal *d)
{
	char text[DIGITS_MAX + 32];

	text[0] = d->negative ? '-' : '+';
	memcpy(text + 1, d->digits, d->n);
	text[1 + d->n] = 'e';
	text[2 + d->n] = d->exponent < 0 ? '-' : '+';
	for (int k = 4, e = abs(d->exponent); k > 0; k--, e /= 10)
		text[2 + d->n + (size_t)k] = (char)('0' + e % 10);
	text[7 + d->n] = '\0';
	return strtod(text, NULL);
}

/* Half a unit of the last digit further from zero, or nearer to it. */
static double half_further(struct decimal d)
{
	d.digits[d.n++] = '5';
	d.exponent--;
	return value_of(&d);
}

static double half_nearer(struct decimal d)
{
	size_t i = d.n;

	while (i > 0 && d.digits[i - 1] == '0')
		i--;
	if (i == 0) { /* zero: it goes on to the other side */
		d.negative = !d.negative;
		return half_further(d);
	}
	d.digits[i - 1]--;
	memset(d.digits + i, '9', d.n - i);
	return half_further(d);
}

/* ---- prefixes ------------------------------------------------------------ */

static const struct {
	char prefix[3];
	enum store_op op;
} number_op[] = {
    {"eq", OP_NUMBER_EQ}, {"ne", OP_NUMBER_NE}, {"gt", OP_NUMBER_GT},
    {"ge", OP_NUMBER_GE}, {"lt", OP_NUMBER_LT}, {"le", OP_NUMBER_LE},
    {"sa", OP_NUMBER_SA}, {"eb", OP_NUMBER_EB}, {"ap", OP_NUMBER_AP},
};

static enum store_op take_prefix(const char **s)
{
	for (size_t i = 0; i < LEN(number_op); i++) {
		if (strncmp(*s, number_op[i].prefix, 2) != 0)
			continue;
		*s += 2;
		return number_op[i].op;
	}
	return OP_NUMBER_EQ;
}

static void set_bounds(const struct decimal *d, struct store_value *v)
{
	const double x = value_of(d);
	const double tenth = fabs(x) / 10;

	v->number_lo = v->number_hi = x;
	if (v->op == OP_NUMBER_AP) {
		v->number_lo = x - tenth;
		v->number_hi = x + tenth;
	} else if (v->op == OP_NUMBER_EQ || v->op == OP_NUMBER_NE) {
		v->number_lo = d->negative ? half_further(*d) : half_nearer(*d);
		v->number_hi = d->negative ? half_nearer(*d) : half_further(*d);
	}
}

static bool read_number(const struct value_context *c, const char *text,
			struct store_value *v)
{
	const char *s = text;
	struct decimal d;

	v->op = take_prefix(&s);
	if (!read_decimal(s, &d))
		return err_set(c->err, ERR_INVALID, RULE_VALUE, NULL,
			       "Invalid number: \"%.80s\"", text);
	set_bounds(&d, v);
	return (isfinite(v->number_lo) && isfinite(v->number_hi)) ||
	       err_set(c->err, ERR_INVALID, RULE_VALUE, NULL,
		       "The number is too large: \"%.80s\"", text);
}

bool fhir_value_number(const struct value_context *c, const char *p, size_t n,
		       struct store_value *v)
{
	return read_number(c, fhir_unescaped(c->arena, p, n), v);
}

bool fhir_value_quantity(const struct value_context *c, const char *p, size_t n,
			 struct store_value *v)
{
	const char *rest = arena_strndup(c->arena, p, n), *part;
	const char *text[3] = {"", "", ""};

	for (size_t i = 0; rest && i < LEN(text); i++) {
		size_t k = fhir_value_part(&rest, '|', &part);

		text[i] = fhir_unescaped(c->arena, part, k);
	}
	if (rest)
		return err_set(c->err, ERR_INVALID, RULE_VALUE, NULL,
			       "Invalid quantity: \"%.*s\" (write number, "
			       "number|system|code or number||code)",
			       n > 80 ? 80 : (int)n, p);
	v->system = *text[1] ? text[1] : NULL;
	v->value = *text[2] ? text[2] : NULL;
	return read_number(c, text[0], v);
}
