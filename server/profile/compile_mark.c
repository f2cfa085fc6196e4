/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_mark.c: how sure a statement is, and which switch weighs it.
 *
 * Not all that is known of the national service was published. So a definition,
 * an element of it or a constraint may carry an extension that says where it
 * comes from (confidence); and where two sources contradict each other, one
 * that names the switch by which the user decides (switch): then what the
 * constraint states, or what the element itself states of its maximum and of a
 * closed slicing, refuses, warns or is silent as the options say.
 *
 * Marks are resolved here: an element or constraint without one of its own has
 * that of the definition that states it. What a profile only inherits keeps the
 * mark of its base. A definition of a type has none. A word that is not known
 * is refused, or a misspelled one would mean the opposite of what was meant.
 */
#include "compile_int.h"

#include <string.h>

#define CONFIDENCE "urn:mock-kanta-phr:confidence"
#define SWITCH	   "urn:mock-kanta-phr:switch"

static const char *const confidences[] = {
    [SURE_NONE] = NULL,		  [SURE_OFFICIAL] = "official",
    [SURE_CLIENT] = "client",	  [SURE_STOCK] = "stock",
    [SURE_INFERRED] = "inferred", [SURE_UNKNOWN] = "unknown",
};
_Static_assert(LEN(confidences) == SURES, "confidences");

static const char *const switches[] = {
    [SWITCH_NONE] = NULL,
    [SWITCH_GLUCOSE_PAIR] = "glucose_pair",
    [SWITCH_STU3_BP_55284] = "stu3_bp_55284",
    [SWITCH_STU3_EXTRA_CODINGS] = "stu3_extra_codings",
    [SWITCH_SNAPSHOT_LITERAL] = "snapshot_literal",
    [SWITCH_STU3_DEVICE] = "stu3_device",
    [SWITCH_STU3_METHOD] = "stu3_method",
};
_Static_assert(LEN(switches) == PROFILE_SWITCHES, "switches");

const char *confidence_text(unsigned confidence)
{
	return confidences[confidence];
}

/* What one of the two extensions may say. */
struct words {
	const char *url;
	const char *what;
	const char *const *v;
	size_t n;
};
static const struct words confidence_words = {CONFIDENCE, "confidence",
					      confidences, LEN(confidences)};
static const struct words switch_words = {SWITCH, "switch", switches,
					  LEN(switches)};

static bool refuse(struct build *b, const struct words *w, const char *code)
{
	struct buf all;

	if (!code)
		return build_fail(b, "required", "the %s has no valueCode",
				  w->what);
	buf_init(&all, b->tmp);
	for (size_t i = 1; i < w->n; i++)
		buf_printf(&all, "%s%s", i > 1 ? ", " : "", w->v[i]);
	return build_fail(b, "code-invalid",
			  "unknown %s \"%.100s\"; use one of: %s", w->what,
			  code, all.p);
}

static bool read_word(struct build *b, const struct json *x,
		      const struct words *w, uint8_t *out)
{
	const char *code = json_get_text(x, "valueCode");

	for (size_t i = 1; code && i < w->n; i++) {
		if (strcmp(code, w->v[i]) != 0)
			continue;
		*out = (uint8_t)i;
		return true;
	}
	return refuse(b, w, code);
}

bool read_marks(struct build *b, const struct json *j, const char *place,
		struct marks *out)
{
	const struct json *x = json_first(json_get(j, "extension"));
	bool ok = true;

	*out = (struct marks){SURE_NONE, SWITCH_NONE};
	for (unsigned i = 0; ok && x; x = json_next(x), i++) {
		const char *url = json_get_text(x, "url");
		if (!text_is(url, CONFIDENCE) && !text_is(url, SWITCH))
			continue;
		b->inside =
		    arena_printf(b->tmp, "%s.extension[%u]%s", place, i,
				 json_get(x, "valueCode") ? ".valueCode" : "");
		ok = text_is(url, CONFIDENCE)
			 ? read_word(b, x, &confidence_words, &out->confidence)
			 : read_word(b, x, &switch_words, &out->weighed);
	}
	if (ok)
		b->inside = NULL;
	return ok;
}

bool read_sd_marks(struct build *b, const struct json *sd, uint8_t *out)
{
	struct marks m;

	b->part = NULL;
	if (!read_marks(b, sd, "", &m))
		return false;
	*out = m.confidence;
	if (m.weighed == SWITCH_NONE)
		return true;
	return build_fail(b, "invalid",
			  "a switch stands on an element or a constraint, not "
			  "on the whole definition");
}
