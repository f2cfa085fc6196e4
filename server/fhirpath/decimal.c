/* SPDX-License-Identifier: Apache-2.0
 *
 * decimal: numbers as people write them.
 *
 * A decimal is an integer and how many of its digits stand behind the point, so
 * 0.1 is 0.1 and 1.50 remembers that it was measured to two digits. Integers of
 * 128 bits hold 38 digits; values keep to 28, which leaves room to align two of
 * them by up to ten digits before anything has to be rounded.
 *
 * Results are exact where 28 digits suffice; else they are rounded half away
 * from zero to as many digits as fit. What would need more than 28 digits in
 * front of the point is refused, and becomes the empty collection.
 *
 * FHIRPath 2.0, sections 4.1.3 (at least 28 digits) and 6.6; FHIR R4 2.24.0.1
 * (exponents are allowed in JSON).
 */
#include "fhirpath/value_int.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

#define POWERS 39

static wide power(int digits)
{
	static const int64_t powers[] = {
	    1,
	    10,
	    100,
	    1000,
	    10000,
	    100000,
	    1000000,
	    10000000,
	    100000000,
	    1000000000,
	    10000000000,
	    100000000000,
	    1000000000000,
	    10000000000000,
	    100000000000000,
	    1000000000000000,
	    10000000000000000,
	    100000000000000000,
	    1000000000000000000,
	};
	const int half = (int)LEN(powers) - 1;

	assert(digits >= 0 && digits < POWERS);
	if (digits <= half)
		return powers[digits];
	if (digits <= 2 * half)
		return (wide)powers[half] * powers[digits - half];
	return (wide)powers[half] * powers[half] * powers[digits - 2 * half];
}

static uwide magnitude(wide n)
{
	return n < 0 ? (uwide)-n : (uwide)n;
}

static bool fits(wide n)
{
	return magnitude(n) < magnitude(power(DECIMAL_DIGITS));
}

static int digit_count(uwide n)
{
	int count = 0;

	for (; n; n /= 10)
		count++;
	return count;
}

/* n / 10^digits, halves away from zero. */
static wide shorten(wide n, int digits)
{
	wide p, q, r;

	if (digits <= 0)
		return n;
	if (digits >= POWERS)
		return 0;
	p = power(digits);
	q = n / p;
	r = n % p;
	if (magnitude(r) >= (magnitude(p) + 1) / 2)
		q += n < 0 ? -1 : 1;
	return q;
}

/* Brings n * 10^-scale into the limits; false: too large. */
static bool settle(wide n, int scale, struct fp_decimal *out)
{
	int excess = 0;

	if (!fits(n))
		excess = digit_count(magnitude(n)) - DECIMAL_DIGITS;

	if (scale - excess > DECIMAL_SCALE)
		excess = scale - DECIMAL_SCALE;
	n = shorten(n, excess);
	scale -= excess;
	if (!fits(n)) { /* rounding 99.9 made a digit more */
		n = shorten(n, 1);
		scale--;
	}
	for (; scale < 0 && fits(n); scale++)
		n *= 10;
	if (scale < 0 || !fits(n))
		return false;
	*out = (struct fp_decimal){.n = n, .scale = scale};
	return true;
}

/* ---- text -------------------------------------------------------- */

struct reading {
	const char *s;
	size_t n, i;
	wide value;
	int scale;
};

static bool is_digit(const struct reading *r)
{
	return r->i < r->n && ascii_digit(r->s[r->i]);
}

/* Digits; false when there is none, or they are too many. */
static bool read_digits(struct reading *r, bool fraction)
{
	if (!is_digit(r))
		return false;
	for (; is_digit(r); r->i++) {
		if (!fits(r->value))
			return false;
		r->value = r->value * 10 + (r->s[r->i] - '0');
		r->scale += fraction;
	}
	return true;
}

static bool read_exponent(struct reading *r)
{
	int e = 0;
	bool minus;

	if (r->i == r->n || (r->s[r->i] != 'e' && r->s[r->i] != 'E'))
		return true;
	r->i++;
	minus = r->i < r->n && r->s[r->i] == '-';
	if (r->i < r->n && (r->s[r->i] == '-' || r->s[r->i] == '+'))
		r->i++;
	if (!is_digit(r))
		return false;
	for (; is_digit(r); r->i++)
		e = e < 1000 ? e * 10 + (r->s[r->i] - '0') : e;
	r->scale += minus ? e : -e;
	return true;
}

bool decimal_parse(const char *s, size_t n, struct fp_decimal *out)
{
	struct reading r = {.s = s, .n = n};
	bool minus = n && s[0] == '-';

	if (n && (s[0] == '-' || s[0] == '+'))
		r.i++;
	if (!read_digits(&r, false))
		return false;
	if (r.i < n && s[r.i] == '.') {
		r.i++;
		if (!read_digits(&r, true))
			return false;
	}
	if (!read_exponent(&r) || r.i != n)
		return false;
	if (!r.value && r.scale < 0)
		r.scale = 0;
	for (; r.scale > DECIMAL_SCALE && r.value % 10 == 0 && r.value;
	     r.scale--)
		r.value /= 10;
	if (!fits(r.value) || r.scale > DECIMAL_SCALE)
		return false;
	return settle(minus ? -r.value : r.value, r.scale, out);
}

void decimal_write(struct buf *b, struct fp_decimal d)
{
	char text[DECIMAL_DIGITS + DECIMAL_SCALE + 8];
	size_t at = sizeof(text);
	uwide n = magnitude(d.n);
	int written = 0;

	do {
		text[--at] = (char)('0' + (int)(n % 10));
		n /= 10;
		if (++written == d.scale)
			text[--at] = '.';
	} while (n || written <= d.scale);
	if (d.n < 0)
		text[--at] = '-';
	buf_add(b, text + at, sizeof(text) - at);
}

/* ---- order ------------------------------------------------------- */

struct fp_decimal decimal_of(int64_t n)
{
	return (struct fp_decimal){.n = n};
}

static int sign_of(wide n)
{
	return n < 0 ? -1 : n > 0;
}

/* Can be aligned with another such number. */
static bool is_small(struct fp_decimal x)
{
	return x.scale <= 18 && x.n <= INT64_MAX / 2 && x.n >= -INT64_MAX / 2;
}

int decimal_cmp(struct fp_decimal x, struct fp_decimal y)
{
	int scale = x.scale > y.scale ? x.scale : y.scale;
	wide xp, yp, xi, yi;

	if (x.scale == y.scale)
		return x.n < y.n ? -1 : x.n > y.n;
	if (is_small(x) && is_small(y))
		return sign_of(x.n * power(scale - x.scale) -
			       y.n * power(scale - y.scale));
	xp = power(x.scale);
	yp = power(y.scale);
	xi = x.n / xp;
	yi = y.n / yp;
	if (xi != yi)
		return xi < yi ? -1 : 1;
	/* the fractions alone have at most DECIMAL_SCALE digits */
	return sign_of(x.n % xp * power(scale - x.scale) -
		       y.n % yp * power(scale - y.scale));
}

bool decimal_alike(struct fp_decimal x, struct fp_decimal y)
{
	int scale = x.scale < y.scale ? x.scale : y.scale;

	return shorten(x.n, x.scale - scale) == shorten(y.n, y.scale - scale);
}

int fp_decimal_compare(const char *x, const char *y)
{
	struct fp_decimal dx, dy;
	long double lx, ly;

	if (decimal_parse(x, strlen(x), &dx) &&
	    decimal_parse(y, strlen(y), &dy))
		return decimal_cmp(dx, dy);
	lx = strtold(x, NULL);
	ly = strtold(y, NULL);
	return lx < ly ? -1 : lx > ly;
}

/* ---- arithmetic -------------------------------------------------- */

/* x with that many digits behind the point; false when it does not fit. */
static bool align(struct fp_decimal x, int scale, wide *out)
{
	if (scale <= x.scale) {
		*out = shorten(x.n, x.scale - scale);
		return true;
	}
	return !__builtin_mul_overflow(x.n, power(scale - x.scale), out);
}

bool decimal_add(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out)
{
	int scale = x.scale > y.scale ? x.scale : y.scale;
	wide xn, yn, sum;

	for (; scale >= 0; scale--)
		if (align(x, scale, &xn) && align(y, scale, &yn) &&
		    !__builtin_add_overflow(xn, yn, &sum))
			return settle(sum, scale, out);
	return false;
}

bool decimal_sub(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out)
{
	y.n = -y.n;
	return decimal_add(x, y, out);
}

/* The product of two magnitudes in halves of 14 digits: exact, 56 digits in
 * *high and *low of 28 each. */
static void multiply(uwide x, uwide y, uwide *high, uwide *low)
{
	const uwide half = (uwide)power(14);
	uwide xh = x / half, xl = x % half, yh = y / half, yl = y % half;
	uwide middle = xh * yl + xl * yh;
	uwide bottom = xl * yl + middle % half * half;

	*low = bottom % (half * half);
	*high = xh * yh + middle / half + bottom / (half * half);
}

bool decimal_mul(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out)
{
	bool minus = (x.n < 0) != (y.n < 0);
	int scale = x.scale + y.scale, lost;
	uwide high, low;
	wide n;

	multiply(magnitude(x.n), magnitude(y.n), &high, &low);
	lost = digit_count(high);
	n = (wide)high * power(DECIMAL_DIGITS - lost) +
	    shorten((wide)low, lost);
	return settle(minus ? -n : n, scale - lost, out);
}

bool decimal_div(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out)
{
	bool minus = (x.n < 0) != (y.n < 0);
	uwide n = magnitude(x.n), d = magnitude(y.n), q, rest;
	int scale = x.scale - y.scale;

	if (!d)
		return false;
	q = n / d;
	rest = n % d;
	for (; (rest || scale < 0) && scale < DECIMAL_SCALE &&
	       q < (uwide)power(DECIMAL_DIGITS - 1);
	     scale++) {
		rest *= 10;
		q = q * 10 + rest / d;
		rest %= d;
	}
	if (rest * 2 >= d)
		q++;
	for (; scale > 0 && q % 10 == 0; scale--)
		q /= 10;
	return settle(minus ? -(wide)q : (wide)q, scale, out);
}

bool decimal_round(struct fp_decimal x, int digits, struct fp_decimal *out)
{
	*out = x;
	if (digits < 0)
		return false;
	if (digits < x.scale) {
		out->n = shorten(x.n, x.scale - digits);
		out->scale = digits;
	}
	return true;
}

bool decimal_pad(struct fp_decimal *d, int scale)
{
	if (scale > DECIMAL_SCALE)
		return false;
	for (; d->scale < scale && fits(d->n * 10); d->scale++)
		d->n *= 10;
	return d->scale >= scale;
}

/* ---- other numbers ----------------------------------------------- */

bool decimal_integer(struct fp_decimal x, int64_t *out)
{
	wide n = x.n / power(x.scale);

	*out = (int64_t)n;
	return magnitude(n) < (uwide)power(18);
}

double decimal_double(struct fp_decimal x)
{
	/* both are exact for the usual 15 digits, so that the quotient is the
	 * nearest double */
	return (double)x.n / (double)power(x.scale);
}

bool decimal_of_double(double x, struct fp_decimal *out)
{
	char text[48];
	int n;

	if (!isfinite(x))
		return false;
	n = snprintf(text, sizeof(text), "%.15g", x);
	if (decimal_parse(text, (size_t)n, out))
		return true;
	/* smaller than any digit that is kept */
	if (fabs(x) >= 1)
		return false;
	n = snprintf(text, sizeof(text), "%.*f", DECIMAL_SCALE, x);
	return decimal_parse(text, (size_t)n, out);
}
