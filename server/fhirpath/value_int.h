/* SPDX-License-Identifier: Apache-2.0
 *
 * value_int.h: the System values and what can be done with them, and
 * characters: pure functions that know nothing of expressions.
 */
#ifndef VALUE_INT_H
#define VALUE_INT_H

#include "fhirpath.h"

/* n * 10^-scale. 28 digits, at most DECIMAL_SCALE behind the point; scale is
 * the precision as it was written: 1.50 is {150, 2}. */
#define DECIMAL_DIGITS 28
#define DECIMAL_SCALE  28
struct fp_decimal {
	__extension__ __int128 n;
	int scale;
};

enum fp_precision {
	FP_YEAR,
	FP_MONTH,
	FP_DAY,
	FP_HOUR,
	FP_MINUTE,
	FP_SECOND,
	FP_MILLI
};
struct fp_time {
	int year, month, day; /* 0 for times of day */
	int hour, minute, second, milli;
	enum fp_precision precision; /* what is known */
	bool has_zone;
	int zone_minutes;
};

/* unit: a UCUM code; "1" when there was none. calendar: "year", "month", ...
 * was written as a word, which UCUM's a and mo do not equal. */
struct fp_quantity {
	struct fp_decimal value;
	const char *unit;
	bool calendar;
};

/* decimal.c: false: it has more than 28 digits, or division by zero */
bool decimal_parse(const char *s, size_t n, struct fp_decimal *out);
void decimal_write(struct buf *b, struct fp_decimal d); /* keeps precision */
struct fp_decimal decimal_of(int64_t n);
int decimal_cmp(struct fp_decimal x, struct fp_decimal y);
bool decimal_add(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_sub(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_mul(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out);
bool decimal_div(struct fp_decimal x, struct fp_decimal y,
		 struct fp_decimal *out); /* trailing zeros dropped */
bool decimal_round(struct fp_decimal x, int digits, struct fp_decimal *out);
/* ~: equal when rounded to the lesser precision of the two */
bool decimal_alike(struct fp_decimal x, struct fp_decimal y);
/* Zeros up to that scale; false when they do not fit. */
bool decimal_pad(struct fp_decimal *d, int scale);
/* Towards zero, as an integer: false when it has more than 18 digits. */
bool decimal_integer(struct fp_decimal x, int64_t *out);
double decimal_double(struct fp_decimal x);
/* By the 15 digits that a double surely holds; false: not finite, too large */
bool decimal_of_double(double x, struct fp_decimal *out);

/* in milliseconds */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* time.c: kind FP_DATE, FP_DATETIME or FP_TIME; text without '@' ("T12:30" and
 * "12:30" for times) */
bool time_read(const char *s, size_t n, enum fp_kind kind, struct fp_time *out);
/* As FHIR writes them: no '@', no T before a time, no T behind a date. */
void time_write(struct buf *b, const struct fp_time *t, enum fp_kind kind);
/* The fields of a moment, in that zone and to the millisecond. */
void time_of_ms(int64_t ms, int zone_minutes, struct fp_time *out);
/* Days from 1970-01-01, and how many the month has. */
/* Order by the common precision: 1 decided, *order set; 0 it cannot be told.
 * Zones are taken into account; a time without zone and one with cannot be
 * compared unless their dates decide beyond all zones. */
bool time_order(const struct fp_time *x, const struct fp_time *y, int *order);
/* =: 1, 0, or -1 empty */
int time_equal(const struct fp_time *x, const struct fp_time *y);
/* ~ */
bool time_alike(const struct fp_time *x, const struct fp_time *y);
/* t + (sign) q; false: the unit does not fit */
bool time_shift(const struct fp_time *t, enum fp_kind kind,
		const struct fp_quantity *q, int sign, struct fp_time *out);

/* calendar.c */
/* The earliest (high: latest) moment that t can mean, written with so many
 * digits (4 a year ... 17 milliseconds; times of day 2 to 9); false when there
 * is no such precision. */
bool time_boundary(const struct fp_time *t, enum fp_kind kind, int digits,
		   bool high, struct fp_time *out);
int time_digits(const struct fp_time *t); /* its precision, counted so */
/* Periods of that unit ("year", "days", ...) from x to y: whole ones, or
 * (crossed) how many borders of it lie between. False: it cannot be told. */
bool time_between(const struct fp_time *x, const struct fp_time *y,
		  const char *unit, bool crossed, int64_t *out);

/* quantity.c: value and unit by UCUM and calendar words */
/* "days", "day" -> "day": the word as struct fp_quantity holds it (a string
 * constant), and its UCUM code ("d"; year and month only resemble theirs); NULL
 * when it is none. ucum may be NULL. */
const char *quantity_calendar(const char *s, size_t n, const char **ucum);
bool quantity_read(struct arena *a, const char *s, size_t n,
		   struct fp_quantity *out); /* 4 'mg', 4 days, 4 */
void quantity_write(struct buf *b, const struct fp_quantity *q);
/* False: the units are not commensurable. */
bool quantity_order(const struct fp_quantity *x, const struct fp_quantity *y,
		    int *order);
int quantity_equal(const struct fp_quantity *x, const struct fp_quantity *y);
bool quantity_alike(const struct fp_quantity *x, const struct fp_quantity *y);
bool quantity_add(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, int sign,
		  struct fp_quantity *out);
bool quantity_mul(struct arena *a, const struct fp_quantity *x,
		  const struct fp_quantity *y, bool divide,
		  struct fp_quantity *out);
/* The same amount in another UCUM unit or calendar word (a string that lives as
 * long as the result); false when that is not possible. */
bool quantity_convert(const struct fp_quantity *x, const char *unit,
		      struct fp_quantity *out);

/* ucum.c: a unit as a number times base units. Equal dim and mark: the same
 * kind of quantity. value in base units = value * m * 10^e10 + offset. */
#define UCUM_BASES 7
struct ucum {
	long double m;
	int e10;
	signed char dim[UCUM_BASES];
	uint32_t mark; /* of arbitrary units and logarithms */
	long double offset;
};
bool ucum_read(const char *code, struct ucum *out, const char **bad);
/* v * 10^e10 */
long double ucum_scaled(long double v, int e10);

/* ucum_units.c: a row of the table, NULL when there is no such symbol */
enum ucum_flag {
	UCUM_METRIC = 1, /* takes prefixes */
	UCUM_BASE = 2,	 /* m: which dimension */
	UCUM_OWN = 4	 /* arbitrary, or on a scale of its own */
};
struct ucum_atom {
	const char *code;
	unsigned flags;
	int e10;
	int64_t m;
	const char *unit; /* m * 10^e10 of that; NULL: of one */
	int zero;	  /* of the scale, in hundredths */
};
const struct ucum_atom *ucum_atom(const char *s, size_t n);
/* The i-th row of the tables, NULL beyond the last. */
const struct ucum_atom *ucum_row(size_t i);
struct ucum_prefix {
	const char *code;
	int e10;
	int64_t m;
};
const struct ucum_prefix *ucum_prefix(size_t i);

/* chars.c: the code point at s (n > 0 bytes), *length bytes long; a byte that
 * begins no character counts as one. */
uint32_t char_at(const char *s, size_t n, size_t *length);
size_t char_count(const char *s, size_t n);
/* Of Latin, Greek, Cyrillic and Armenian letters; others are their own. */
uint32_t char_lower(uint32_t c);
uint32_t char_upper(uint32_t c);
bool char_letter(uint32_t c);
bool char_space(uint32_t c);

#endif
