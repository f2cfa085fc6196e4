/* SPDX-License-Identifier: Apache-2.0
 *
 * display_int: what the files display*.c know of one another.
 */
#ifndef DISPLAY_INT_H
#define DISPLAY_INT_H

#include "record/record_int.h"

/* For whom something is put into words. */
struct telling {
	struct record *record;
	struct arena *arena;
	const struct page_locale *locale;
};

/* ---- display_words.c -------------------------------------------------- */

/* What the national code systems and value sets call a code, in the language;
 * NULL: nothing. */
const char *display_code(const struct telling *t, const char *system,
			 const char *code);

/* ---- display_value.c -------------------------------------------------- */

/* An English text in the language. */
const char *display_word(const struct telling *t, const char *english);

/* Each gives "" for what is not there or not of that type. */
const char *display_coding(const struct telling *t, const struct json *coding);
const char *display_concept(const struct telling *t,
			    const struct json *concept);
/* What exactly is meant: of several national codes the first says the most
 * common name, so the names of the others. */
const char *display_concept_exact(const struct telling *t,
				  const struct json *concept);
const char *display_quantity(const struct telling *t,
			     const struct json *quantity);
/* The unit as people write it; "" for the unit 1. */
const char *display_unit(const struct telling *t, const struct json *quantity);
const char *display_period(const struct telling *t, const struct json *period);

/* Any value by its shape, in one line: of an element with that name (NULL: of
 * none). NULL: it is a structure of several. more: see record_row. */
const char *display_any(const struct telling *t, const char *name,
			const struct json *v, const char **more);

/* Is it a member of[x]: valueQuantity of value? */
bool display_is_choice(const char *name, const char *of);
/* The member value[x] of an object: valueQuantity and so on, or NULL. */
const struct json *display_choice(const struct json *object, const char *name);

/* ---- display_time.c --------------------------------------------------- */

/* "9.3.2026 7.10–8.00" of two texts, either of which may be NULL. */
const char *display_span(const struct telling *t, const char *start,
			 const char *end);

/* ---- display_text.c --------------------------------------------------- */

/* The text of a narrative's div without its markup. */
const char *display_narrative(struct arena *a, const char *div);

/* ---- display_rows.c --------------------------------------------------- */

void display_rows(const struct telling *t, const struct json *resource,
		  struct record_display *out);

#endif
