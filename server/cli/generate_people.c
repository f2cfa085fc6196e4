/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose data is generated: citizens by their codes, or fresh ones.
 *
 * A citizen of the fixtures has the Patient id that stands there, so what is
 * printed and what a server holds are about the same Patient. Anybody else's
 * id is made from the code, the same on every machine.
 *
 * A fresh code has a day of birth and an individual number of 900-999. The i-th
 * one is a step from the one before it through all days and numbers, from a
 * place that the seed decides; the length of the step has no factor in common
 * with their count, so no code comes twice. The check character is found by
 * trying: hetu_check() is the only place that knows the rule.
 *
 * Limits: born 1940 to 2004, so all are adults.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>

#define HETU_TEXT    12
#define CITIZENS_MAX 100000
#define NUMBERS	     100 /* 900-999 */
#define STEP	     INT64_C(1000003)

/* ---- fresh codes -------------------------------------------------------- */

static bool complete(char hetu[HETU_TEXT])
{
	static const char checks[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
	struct err e = {.kind = ERR_NONE};

	for (const char *c = checks; *c; c++) {
		hetu[10] = *c;
		if (hetu_check(hetu, &e))
			return true;
	}
	return false;
}

static const char *fresh(struct arena *a, uint64_t seed, size_t i)
{
	const int64_t first = date_days(1940, 1, 1);
	const int64_t all = (date_days(2005, 1, 1) - first) * NUMBERS;
	const int64_t from = (int64_t)(seed * 0x9e3779b97f4a7c15ULL >> 24);
	const int64_t at = (from + (int64_t)i * STEP) % all;
	const struct date d = date_of_days(first + at / NUMBERS);
	char *hetu = arena_alloc(a, HETU_TEXT);

	snprintf(hetu, HETU_TEXT, "%02u%02u%02u%c%03u", (unsigned)d.day % 100,
		 (unsigned)d.month % 100, (unsigned)d.year % 100,
		 d.year < 2000 ? '-' : 'A', 900 + (unsigned)(at % NUMBERS));
	return complete(hetu) ? hetu : NULL;
}

/* ---- Patient ids -------------------------------------------------------- */

static const char *patient_of(struct arena *a, const char *hetu,
			      const struct fixture *f, size_t n)
{
	char id[UUID_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct json *c = json_get(f[i].doc, "citizens");

		for (c = json_first(c); c; c = json_next(c))
			if (text_is(json_get_text(c, "hetu"), hetu) &&
			    json_get_text(c, "patient_id"))
				return json_get_text(c, "patient_id");
	}
	generate_uuid(id, hetu);
	return arena_strdup(a, id);
}

/* ---- the list ----------------------------------------------------------- */

static const char *canonical(struct arena *a, const char *hetu)
{
	char *s = arena_strdup(a, hetu);

	for (char *c = s; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return s;
}

static bool count_read(const struct config *c, size_t *n, struct err *e)
{
	const char *s = text_or_empty(c->citizens);
	const size_t digits = strspn(s, "0123456789");

	*n = strtoul(s, NULL, 10);
	if (c->citizen_count > 0)
		return err_set(e, ERR_INVALID, NULL, "--citizens",
			       "either --citizen or --citizens, not both");
	return (digits > 0 && !s[digits] && digits <= 6 && *n > 0 &&
		*n <= CITIZENS_MAX) ||
	       err_set(e, ERR_INVALID, NULL, "--citizens",
		       "must be a number from 1 to %d", CITIZENS_MAX);
}

/* Those told by name; without any, the first one of the fixtures' world. */
static bool named(struct arena *a, const struct config *c,
		  struct generate_citizen **out, size_t *n, struct err *e)
{
	static const char *const usual[] = {"010190-900P"};
	const char *const *hetu = c->citizen_count ? c->citizen : usual;
	const size_t all = c->citizen_count ? c->citizen_count : 1;
	struct err why = {.kind = ERR_NONE};

	*out = arena_alloc(a, all * sizeof(**out));
	*n = 0;
	for (size_t i = 0; i < all; i++) {
		const char *h = canonical(a, hetu[i]);
		size_t k = 0;

		if (!hetu_check(h, &why))
			return err_set(e, ERR_INVALID, NULL, "--citizen",
				       "\"%s\": %s", hetu[i], why.text);
		while (k < *n && strcmp((*out)[k].hetu, h) != 0)
			k++;
		if (k == *n)
			(*out)[(*n)++].hetu = h;
	}
	return true;
}

bool citizens_read(struct arena *a, const struct config *c,
		   const struct fixture *f, size_t fixtures, uint64_t seed,
		   struct generate_citizen **out, size_t *n, struct err *e)
{
	if (!c->citizens) {
		if (!named(a, c, out, n, e))
			return false;
	} else {
		if (!count_read(c, n, e))
			return false;
		*out = arena_alloc(a, *n * sizeof(**out));
		for (size_t i = 0; i < *n; i++)
			(*out)[i].hetu = fresh(a, seed, i);
	}
	for (size_t i = 0; i < *n; i++)
		(*out)[i].patient_id =
		    patient_of(a, (*out)[i].hetu, f, fixtures);
	return true;
}
