/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of FHIRPath's values: numbers, times, units and patterns.
 *
 * The input is two texts, the first up to a NUL. What reads as a number, a time
 * or a quantity is written and reads again as the same; orders are the same
 * from both sides; a unit whose grammar is right has a definition; a pattern
 * ends, and what it finds lies within the text.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with the
 * files of fhirpath, json and base.
 */
#include "fhirpath/regex_int.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decimal(struct arena *a, const char *x, const char *y)
{
	struct fp_decimal d, again, out;
	struct buf b;

	assert(fp_decimal_compare(x, y) == -fp_decimal_compare(y, x));
	if (!decimal_parse(x, strlen(x), &d))
		return;
	buf_init(&b, a);
	decimal_write(&b, d);
	assert(decimal_parse(b.p, b.len, &again));
	assert(!decimal_cmp(d, again) && d.scale == again.scale);
	assert(decimal_alike(d, again));
	if (!decimal_parse(y, strlen(y), &again))
		return;
	if (decimal_add(d, again, &out) && decimal_sub(out, again, &out))
		decimal_cmp(out, d);
	if (decimal_mul(d, again, &out))
		decimal_div(out, again, &out);
	decimal_of_double(decimal_double(d), &out);
}

static void check_time(struct arena *a, const char *x, const char *y)
{
	static const enum fp_kind kinds[] = {FP_DATE, FP_DATETIME, FP_TIME};
	struct fp_quantity q;
	struct fp_time t, out;
	int there = 0, back = 0;
	bool decided = fp_time_compare(x, y, &there);

	assert(decided == fp_time_compare(y, x, &back));
	assert(!decided || there == -back);
	for (size_t i = 0; i < LEN(kinds); i++) {
		struct buf b;

		if (!time_read(x, strlen(x), kinds[i], &t))
			continue;
		buf_init(&b, a);
		time_write(&b, &t, kinds[i]);
		assert(time_read(b.p, b.len, kinds[i], &out));
		assert(time_equal(&t, &out) == 1);
		for (int digits = -1; digits < 19; digits++)
			if (time_boundary(&t, kinds[i], digits, true, &out))
				assert(time_digits(&out) == digits);
		if (quantity_read(a, y, strlen(y), &q))
			time_shift(&t, kinds[i], &q, -1, &out);
	}
}

static void check_quantity(struct arena *a, const char *x, const char *y)
{
	struct fp_quantity p, q, out;
	int there, back;

	if (!quantity_read(a, x, strlen(x), &p) ||
	    !quantity_read(a, y, strlen(y), &q))
		return;
	if (quantity_order(&p, &q, &there)) {
		assert(quantity_order(&q, &p, &back));
		assert(there == -back);
	}
	quantity_alike(&p, &q);
	quantity_add(a, &p, &q, 1, &out);
	if (quantity_mul(a, &p, &q, true, &out))
		quantity_convert(&out, q.unit, &p);
}

static void check_unit(const char *code)
{
	const char *bad = NULL;
	struct ucum u;

	if (fp_ucum_ok(code, &bad))
		assert(ucum_read(code, &u, &bad) && u.m > 0);
	else
		assert(bad >= code && bad <= code + strlen(code));
}

static void check_pattern(struct arena *a, const char *pattern,
			  const char *text)
{
	struct regex *re = regex_compile(a, pattern, strlen(pattern));
	struct regex_span span[REGEX_GROUPS];
	size_t n = strlen(text);

	if (!re || regex_search(re, text, n, 0, false, span, NULL) != 1)
		return;
	for (size_t g = 0; g < REGEX_GROUPS; g++)
		assert(span[g].from > span[g].to || span[g].to <= n);
	assert(span[0].from <= span[0].to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const char *x = arena_strndup(a, (const char *)data, size);
	size_t n = strlen(x);
	const char *y = n < size ? x + n + 1 : "";

	check_decimal(a, x, y);
	check_time(a, x, y);
	check_quantity(a, x, y);
	check_unit(x);
	check_pattern(a, x, y);
	arena_free(a);
	return 0;
}
