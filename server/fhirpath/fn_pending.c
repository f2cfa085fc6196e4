/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_pending: names in the place of functions that are not written yet.
 *
 * Expressions that use them compile, and say so when they are evaluated;
 * invariants hold. Each
 * table is weak: the real one wins as soon as its file is there; then this one
 * goes.
 */
#include "fhirpath/fhirpath_int.h"

static bool fn_pending(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	(void)focus, (void)out;
	v->pending = true;
	return fail(v, c, "%s() is not available yet", c->name);
}

#define PENDING __attribute__((weak)) const struct function

PENDING fn_string[] = {
    {"indexOf", 1, 1, fn_pending},     {"lastIndexOf", 1, 1, fn_pending},
    {"substring", 1, 2, fn_pending},   {"startsWith", 1, 1, fn_pending},
    {"endsWith", 1, 1, fn_pending},    {"contains", 1, 1, fn_pending},
    {"upper", 0, 0, fn_pending},       {"lower", 0, 0, fn_pending},
    {"replace", 2, 2, fn_pending},     {"matches", 1, 2, fn_pending},
    {"matchesFull", 1, 2, fn_pending}, {"replaceMatches", 2, 3, fn_pending},
    {"length", 0, 0, fn_pending},      {"toChars", 0, 0, fn_pending},
    {"trim", 0, 0, fn_pending},	       {"split", 1, 1, fn_pending},
    {"join", 0, 1, fn_pending},	       {"encode", 1, 1, fn_pending},
    {"decode", 1, 1, fn_pending},      {"escape", 1, 1, fn_pending},
    {"unescape", 1, 1, fn_pending},    {NULL, 0, 0, NULL},
};

PENDING fn_math[] = {
    {"abs", 0, 0, fn_pending},	 {"ceiling", 0, 0, fn_pending},
    {"exp", 0, 0, fn_pending},	 {"floor", 0, 0, fn_pending},
    {"ln", 0, 0, fn_pending},	 {"log", 1, 1, fn_pending},
    {"power", 1, 1, fn_pending}, {"round", 0, 1, fn_pending},
    {"sqrt", 0, 0, fn_pending},	 {"truncate", 0, 0, fn_pending},
    {"sum", 0, 0, fn_pending},	 {"min", 0, 0, fn_pending},
    {"max", 0, 0, fn_pending},	 {"avg", 0, 0, fn_pending},
    {NULL, 0, 0, NULL},
};

PENDING fn_time[] = {
    {"now", 0, 0, fn_pending},
    {"today", 0, 0, fn_pending},
    {"timeOfDay", 0, 0, fn_pending},
    {"lowBoundary", 0, 1, fn_pending},
    {"highBoundary", 0, 1, fn_pending},
    {"precision", 0, 0, fn_pending},
    {NULL, 0, 0, NULL},
};

PENDING fn_convert[] = {
    {"toInteger", 0, 0, fn_pending},
    {"toString", 0, 0, fn_pending},
    {"toDecimal", 0, 0, fn_pending},
    {"toBoolean", 0, 0, fn_pending},
    {"toDate", 0, 0, fn_pending},
    {"toDateTime", 0, 0, fn_pending},
    {"toTime", 0, 0, fn_pending},
    {"toQuantity", 0, 1, fn_pending},
    {"comparable", 1, 1, fn_pending},
    {"convertsToInteger", 0, 0, fn_pending},
    {"convertsToString", 0, 0, fn_pending},
    {"convertsToDecimal", 0, 0, fn_pending},
    {"convertsToBoolean", 0, 0, fn_pending},
    {"convertsToDate", 0, 0, fn_pending},
    {"convertsToDateTime", 0, 0, fn_pending},
    {"convertsToTime", 0, 0, fn_pending},
    {"convertsToQuantity", 0, 1, fn_pending},
    {NULL, 0, 0, NULL},
};

__attribute__((weak)) int fp_regex(const char *pattern, const char *text,
				   bool whole)
{
	(void)pattern, (void)text, (void)whole;
	return -1;
}
