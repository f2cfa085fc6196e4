/* SPDX-License-Identifier: Apache-2.0
 *
 * display_value: one value of a resource in words.
 *
 * The data types are known by their shape, so what a value is needs no
 * definition and works for resources of any profile: an object with codings is
 * a CodeableConcept, one with a value and a unit a Quantity, and so on. A
 * number is the text that was sent, so 72.50 stays 72.50. A unit is as people
 * write it: UCUM's mm[Hg] is mmHg, its Cel is °C, its 1 is none; where all of
 * an entry is told, what was sent stands beside it.
 *
 * A code is called what the national definitions call it in the language of the
 * page, else what the resource calls it, else it is the code.
 */
#include "record/display_int.h"

#include <string.h>

#define OTHERS_MAX 200 /* bytes; a concept may have any number of codings */

const char *display_word(const struct telling *t, const char *english)
{
	return page_word(t->locale, english);
}

/* The scalar's text, else "". */
static const char *text_of(const struct json *v)
{
	return v != NULL ? text_or_empty(json_text(v)) : "";
}

static const char *member(const struct json *object, const char *name)
{
	return text_of(json_get(object, name));
}

/* ---- codes ----------------------------------------------------------- */

static const char *national(const struct telling *t, const struct json *coding)
{
	return display_code(t, json_get_text(coding, "system"),
			    json_get_text(coding, "code"));
}

const char *display_coding(const struct telling *t, const struct json *coding)
{
	const char *name = national(t, coding);

	if (name == NULL)
		name = json_get_text(coding, "display");
	return name != NULL ? name : member(coding, "code");
}

/* The first coding's national name, of those that have one. */
static const char *national_of(const struct telling *t,
			       const struct json *concept)
{
	const struct json *c = json_first(json_get(concept, "coding"));
	const char *name = NULL;

	for (; c != NULL && name == NULL; c = json_next(c))
		name = national(t, c);
	return name;
}

/* What the others add to it: "" for nothing. */
static const char *national_others(const struct telling *t,
				   const struct json *concept)
{
	const struct json *c = json_first(json_get(concept, "coding"));
	const char *first = NULL;
	struct buf b;

	buf_init(&b, t->arena);
	for (; c != NULL && b.len < OTHERS_MAX; c = json_next(c)) {
		const char *name = national(t, c);

		if (name != NULL && first != NULL && strcmp(name, first) != 0)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", name);
		else if (name != NULL)
			first = name;
	}
	return b.p;
}

static const char *own_words(const struct telling *t,
			     const struct json *concept)
{
	const struct json *c = json_first(json_get(concept, "coding"));

	if (json_get_text(concept, "text") != NULL)
		return json_get_text(concept, "text");
	return c != NULL ? display_coding(t, c) : "";
}

const char *display_concept(const struct telling *t, const struct json *concept)
{
	const char *name = national_of(t, concept);

	return name != NULL ? name : own_words(t, concept);
}

const char *display_concept_exact(const struct telling *t,
				  const struct json *concept)
{
	const char *others = national_others(t, concept);

	return *others != '\0' ? others : display_concept(t, concept);
}

static void put_code(struct buf *b, const struct json *coding, const char *said)
{
	const char *display = member(coding, "display");

	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", member(coding, "code"));
	if (*display != '\0' && strcmp(display, said) != 0)
		buf_printf(b, " %s", display);
	if (*member(coding, "system") != '\0')
		buf_printf(b, " (%s)", member(coding, "system"));
}

/* "29463-7 Body weight (http://loinc.org)": what was sent, but for what has
 * been said of it already. */
static const char *code_of(const struct telling *t, const struct json *coding,
			   const char *said)
{
	struct buf b;

	buf_init(&b, t->arena);
	put_code(&b, coding, said);
	return b.p;
}

/* The same of all codings, and the concept's own words. */
static const char *codes_of(const struct telling *t, const struct json *concept,
			    const char *said)
{
	const struct json *c = json_first(json_get(concept, "coding"));
	const char *text = member(concept, "text");
	struct buf b;

	buf_init(&b, t->arena);
	for (; c != NULL; c = json_next(c))
		put_code(&b, c, said);
	if (*text != '\0' && strcmp(text, said) != 0)
		buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", text);
	return b.len > 0 ? b.p : NULL;
}

/* ---- quantities ------------------------------------------------------ */

/* Units that people write in another way than UCUM. */
static const struct {
	const char *sent, *english;
} units[] = {
    {"1", ""},
    {"mm[Hg]", "mmHg"},
    {"Cel", "°C"},
    {"kg/m2", "kg/m²"},
    {"[iU]", "IU"},
    {"[iU]/h", "IU/h"},
    {"[MET]", "MET"},
    {"ug", "µg"},
    {"beats/min", "/min"},
    {"breaths/min", "/min"},
    {"a", SAY("yr")},
};

/* The unit, or else its code, as it was sent. */
static const char *sent_unit(const struct json *quantity)
{
	const char *unit = member(quantity, "unit");

	return *unit != '\0' ? unit : member(quantity, "code");
}

const char *display_unit(const struct telling *t, const struct json *quantity)
{
	const char *sent = sent_unit(quantity);

	for (size_t i = 0; i < LEN(units); i++)
		if (strcmp(units[i].sent, sent) == 0)
			return display_word(t, units[i].english);
	return sent;
}

/* "mm[Hg] (http://unitsofmeasure.org)": the code, behind the unit where neither
 * that nor the code is what is shown. */
static const char *exact_unit(const struct telling *t,
			      const struct json *quantity)
{
	const char *sent = sent_unit(quantity);
	const char *code = code_of(t, quantity, "");

	if (strcmp(sent, display_unit(t, quantity)) == 0 ||
	    strcmp(sent, member(quantity, "code")) == 0)
		return code;
	return arena_cat(t->arena, sent, *code != '\0' ? ", " : "", code, NULL);
}

const char *display_quantity(const struct telling *t,
			     const struct json *quantity)
{
	const char *unit = display_unit(t, quantity);
	const char *value = member(quantity, "value");

	return arena_cat(t->arena, member(quantity, "comparator"), value,
			 *value != '\0' && *unit != '\0' ? " " : "", unit,
			 NULL);
}

static const char *range(const struct telling *t, const struct json *v)
{
	return arena_cat(t->arena, display_quantity(t, json_get(v, "low")),
			 " – ", display_quantity(t, json_get(v, "high")), NULL);
}

static const char *ratio(const struct telling *t, const struct json *v)
{
	return arena_cat(t->arena,
			 display_quantity(t, json_get(v, "numerator")), " / ",
			 display_quantity(t, json_get(v, "denominator")), NULL);
}

const char *display_period(const struct telling *t, const struct json *period)
{
	return display_span(t, json_get_text(period, "start"),
			    json_get_text(period, "end"));
}

/* ---- any value ------------------------------------------------------- */

/* Elements whose texts are times. */
static const char *const times[] = {
    "effectiveDateTime",
    "effectiveInstant",
    "issued",
    "authored",
    "time",
    "start",
    "end",
    "created",
    "dateTime",
    "valueDateTime",
    "valueDate",
    "lastUpdated",
    "dateAsserted",
};

/* Codes of FHIR itself that people may meet. */
static const struct {
	const char *code, *english;
} fhir_codes[] = {
    {"true", SAY("Yes")},	 {"false", SAY("No")},
    {"final", SAY("Final")},	 {"completed", SAY("Completed")},
    {"active", SAY("In force")}, {"plan", SAY("Plan")},
};

static const char *scalar(const struct telling *t, const char *name,
			  const struct json *v)
{
	bool code = json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE ||
		    text_is(name, "status") || text_is(name, "intent");

	for (size_t i = 0; i < LEN(times); i++)
		if (text_is(name, times[i]))
			return record_when(t->arena, t->locale, text_of(v));
	for (size_t i = 0; code && i < LEN(fhir_codes); i++)
		if (text_is(json_text(v), fhir_codes[i].code))
			return display_word(t, fhir_codes[i].english);
	return text_of(v);
}

static bool has(const struct json *v, const char *name)
{
	return json_get(v, name) != NULL;
}

static bool is_concept(const struct json *v)
{
	return has(v, "coding") || (json_count(v) == 1 && has(v, "text"));
}

static bool is_coding(const struct json *v)
{
	return json_get_text(v, "code") != NULL && !has(v, "value");
}

static bool is_quantity(const struct json *v)
{
	return has(v, "value") &&
	       (has(v, "unit") || json_get_text(v, "code") != NULL);
}

static bool is_range(const struct json *v)
{
	size_t ends = (size_t)has(v, "low") + (size_t)has(v, "high");

	return ends > 0 && json_count(v) == ends;
}

static const char *identifier(const struct telling *t, const struct json *v)
{
	(void)t;
	return member(v, "value");
}

static const char *reference(const struct telling *t, const struct json *v)
{
	(void)t;
	return *member(v, "display") != '\0' ? member(v, "display")
					     : member(v, "reference");
}

/* A value of several members in one line, if it is of such a type; in order. */
static const struct {
	const char *has; /* one of them */
	const char *also;
	const char *(*tell)(const struct telling *t, const struct json *v);
	const char *more; /* the member that says it exactly */
} shapes[] = {
    {"start", NULL, display_period, "start"},
    {"end", NULL, display_period, "end"},
    {"reference", NULL, reference, "reference"},
    {"system", "value", identifier, "system"},
    {"numerator", "denominator", ratio, NULL},
};

static const char *by_shape(const struct telling *t, const struct json *v,
			    const char **more)
{
	for (size_t i = 0; i < LEN(shapes); i++) {
		if (!has(v, shapes[i].has) ||
		    (shapes[i].also != NULL && !has(v, shapes[i].also)))
			continue;
		const char *said = shapes[i].tell(t, v);
		if (shapes[i].more != NULL)
			*more = json_get_text(v, shapes[i].more);
		if (text_is(*more, said))
			*more = NULL;
		return said;
	}
	return NULL;
}

const char *display_any(const struct telling *t, const char *name,
			const struct json *v, const char **more)
{
	*more = NULL;
	if (json_kind(v) == JSON_ARRAY)
		return NULL;
	if (json_kind(v) != JSON_OBJECT) {
		const char *said = scalar(t, name, v);
		if (strcmp(said, text_of(v)) != 0 &&
		    json_kind(v) == JSON_STRING)
			*more = text_of(v);
		return said;
	}
	const char *said = NULL;
	if (is_concept(v)) {
		said = display_concept(t, v);
		*more = codes_of(t, v, said);
	} else if (is_quantity(v)) {
		said = display_quantity(t, v);
		*more = exact_unit(t, v);
	} else if (is_coding(v)) {
		said = display_coding(t, v);
		*more = code_of(t, v, said);
	} else if (is_range(v)) {
		said = range(t, v);
		*more =
		    exact_unit(t, json_get(v, has(v, "low") ? "low" : "high"));
	}
	return said != NULL ? said : by_shape(t, v, more);
}

bool display_is_choice(const char *name, const char *of)
{
	const char type = text_begins(name, of) ? name[strlen(of)] : '\0';

	return type >= 'A' && type <= 'Z';
}

const struct json *display_choice(const struct json *object, const char *name)
{
	const struct json *v = json_first(object);

	while (v != NULL &&
	       (json_name(v) == NULL || !display_is_choice(json_name(v), name)))
		v = json_next(v);
	return v;
}
