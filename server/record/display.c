/* SPDX-License-Identifier: Apache-2.0
 *
 * display: a stored resource as a person reads it.
 *
 * What is it, when was it, what is the value: a line for a list, whatever the
 * type; with the numbers that can be drawn. A value is told by what is there,
 * in the order of a table: a quantity, a concept, other values, components, a
 * dose, a title, answers, a category. Two components that share a unit and have
 * no other beside them are written as one ("128/82 mmHg"), as blood pressure
 * is everywhere.
 *
 * What a number is a measurement of, its point says by the name of its code, as
 * exactly as the national names go: so steps of a day and of a week are two
 * lines in a picture.
 *
 * Nothing here judges a resource: it may be of any profile or none. Numbers
 * stay the text that was sent; only to be drawn are they read as numbers.
 *
 * Facts: kanta.md sections 4, 5.
 */
#include "record/display_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 8

/* ---- when ------------------------------------------------------------ */

/* Where a time may stand, in the order in which it is looked for. */
static const struct {
	const char *name;
	bool period;
} times[] = {
    {"effectiveDateTime", false},
    {"effectivePeriod", true},
    {"effectiveInstant", false},
    {"period", true},
    {"authored", false},
    {"dateTime", false},
    {"issued", false},
};

static void take_time(const struct telling *t, const struct json *v,
		      struct record_display *out)
{
	const struct json *m = NULL;
	struct time_span span;
	size_t i = 0;

	out->when = out->sent = "";
	out->at_ms = INT64_MIN;
	while (i < LEN(times) && (m = json_get(v, times[i].name)) == NULL)
		i++;
	if (m == NULL)
		return;
	const char *start =
	    times[i].period ? json_get_text(m, "start") : json_text(m);
	const char *end = times[i].period ? json_get_text(m, "end") : NULL;
	out->when = times[i].period ? display_span(t, start, end)
				    : record_when(t->arena, t->locale, start);
	out->sent = arena_cat(t->arena, text_or_empty(start),
			      end != NULL ? "/" : "", text_or_empty(end), NULL);
	if (start != NULL && time_parse(start, strlen(start), &span))
		out->at_ms = span.lo_ms;
}

/* ---- numbers --------------------------------------------------------- */

struct points {
	struct record_point *v;
	size_t n;
};

static void add_point(const struct telling *t, struct points *p,
		      const struct json *code, const struct json *quantity,
		      bool part)
{
	const struct json *value = json_get(quantity, "value");

	if (value == NULL || json_kind(value) != JSON_NUMBER ||
	    json_get(quantity, "comparator") != NULL || p->n == POINTS_MAX)
		return;
	double number = strtod(json_text(value), NULL);
	if (!isfinite(number))
		return;
	p->v[p->n++] = (struct record_point){
	    .series = display_concept_exact(t, code),
	    .unit = display_unit(t, quantity),
	    .text = json_text(value),
	    .value = number,
	    .part = part,
	};
}

static void take_points(const struct telling *t, const struct json *v,
			const struct json *code, struct record_display *out)
{
	struct points p = {arena_alloc(t->arena, POINTS_MAX * sizeof(*p.v)), 0};
	const struct json *c = json_first(json_get(v, "component"));

	add_point(t, &p, code, json_get(v, "valueQuantity"), false);
	add_point(t, &p, code, json_get(json_get(v, "dosage"), "dose"), false);
	for (; c != NULL; c = json_next(c))
		add_point(t, &p, json_get(c, "code"),
			  json_get(c, "valueQuantity"), true);
	out->point = p.v;
	out->points = p.n;
}

/* ---- the value ------------------------------------------------------- */

static const char *of_value(const struct telling *t, const struct json *v)
{
	const struct json *value = display_choice(v, "value");
	const char *more;

	return value != NULL ? display_any(t, json_name(value), value, &more)
			     : NULL;
}

/* Two quantities of one unit: "128/82 mmHg". */
static const char *pair(const struct telling *t, const struct json *first)
{
	const struct json *second = json_next(first);
	const struct json *x = json_get(first, "valueQuantity");
	const struct json *y = json_get(second, "valueQuantity");

	if (x == NULL || y == NULL || json_next(second) != NULL ||
	    strcmp(display_unit(t, x), display_unit(t, y)) != 0 ||
	    json_get(x, "comparator") != NULL ||
	    json_get(y, "comparator") != NULL)
		return NULL;
	/* 8462-4 is the diastolic one, wherever it stands */
	const struct json *code =
	    json_first(json_get(json_get(first, "code"), "coding"));
	bool turned = text_is(json_get_text(code, "code"), "8462-4");
	const struct json *value[] = {json_get(turned ? y : x, "value"),
				      json_get(turned ? x : y, "value")};
	if (value[0] == NULL || value[1] == NULL)
		return NULL;
	return arena_cat(t->arena, text_or_empty(json_text(value[0])), "/",
			 text_or_empty(json_text(value[1])), " ",
			 display_unit(t, x), NULL);
}

static const char *of_components(const struct telling *t, const struct json *v)
{
	const struct json *c = json_first(json_get(v, "component"));
	const char *both = c != NULL ? pair(t, c) : NULL;
	struct buf b;

	if (c == NULL || both != NULL)
		return both;
	buf_init(&b, t->arena);
	for (size_t n = 0; c != NULL && n < POINTS_MAX; c = json_next(c), n++) {
		const char *value = of_value(t, c);
		if (value != NULL)
			buf_printf(&b, "%s%s", b.len > 0 ? "; " : "", value);
	}
	return b.p;
}

static const char *of_dose(const struct telling *t, const struct json *v)
{
	const struct json *dosage = json_get(v, "dosage");
	const struct json *dose = json_get(dosage, "dose");

	if (dosage != NULL && json_kind(dosage) == JSON_ARRAY)
		dosage = json_first(dosage);
	return dose != NULL ? display_quantity(t, dose)
			    : json_get_text(dosage, "text");
}

static const char *of_title(const struct telling *t, const struct json *v)
{
	(void)t;
	return json_get_text(v, "title");
}

static size_t answered(const struct json *item)
{
	size_t n = 0;

	for (; item != NULL; item = json_next(item))
		n += (json_get(item, "answer") != NULL) +
		     answered(json_first(json_get(item, "item")));
	return n;
}

static const char *of_answers(const struct telling *t, const struct json *v)
{
	const struct json *item = json_first(json_get(v, "item"));
	size_t n = answered(item);

	if (item == NULL)
		return NULL;
	const struct page_value value[] = {
	    {.name = "n", .text = arena_printf(t->arena, "%zu", n)}};
	return page_say(t->arena, t->locale,
			n == 1 ? SAY("{n} answer") : SAY("{n} answers"),
			&(struct page_values){value, LEN(value)});
}

static const char *of_reason(const struct telling *t, const struct json *v)
{
	const struct json *why = json_get(v, "dataAbsentReason");

	return why != NULL ? display_concept(t, why) : NULL;
}

static const char *of_description(const struct telling *t, const struct json *v)
{
	(void)t;
	return json_get_text(v, "description");
}

static const char *(*const ways[])(const struct telling *t,
				   const struct json *v) = {
    of_value,	of_components, of_dose,	       of_title,
    of_answers, of_reason,     of_description,
};

static const char *value_of(const struct telling *t, const struct json *v)
{
	for (size_t i = 0; i < LEN(ways); i++) {
		const char *said = ways[i](t, v);
		if (said != NULL && *said != '\0')
			return said;
	}
	return "";
}

/* ---- the whole ------------------------------------------------------- */

/* What says what it is. */
static const char *const naming[] = {"code", "medicationCodeableConcept",
				     "category"};

static const struct json *code_of(const struct json *v)
{
	for (size_t i = 0; i < LEN(naming); i++) {
		const struct json *code = json_get(v, naming[i]);

		if (code != NULL && json_kind(code) == JSON_ARRAY)
			code = json_first(code);
		if (code != NULL)
			return code;
	}
	return NULL;
}

/* The first profile that says of which kind it is, else the first. */
static void take_profile(const struct json *v, struct record_display *out)
{
	const struct json *p =
	    json_first(json_get(json_get(v, "meta"), "profile"));

	out->profile = p != NULL ? json_text(p) : NULL;
	out->kind = record_kind_of(out->profile);
	for (; p != NULL && out->kind->profile[0] == NULL; p = json_next(p)) {
		if (record_kind_of(json_text(p))->profile[0] == NULL)
			continue;
		out->profile = json_text(p);
		out->kind = record_kind_of(out->profile);
	}
}

void record_display_brief(struct record *r, struct arena *a,
			  const struct page_locale *l, const struct json *v,
			  struct record_display *out)
{
	const struct telling t = {r, a, l};
	const struct json *code = code_of(v);

	*out = (struct record_display){.text = ""};
	take_profile(v, out);
	out->name = code != NULL ? display_concept_exact(&t, code) : "";
	out->title = page_word(l, out->kind->title);
	if (out->kind->profile[0] == NULL)
		out->title =
		    *out->name != '\0'
			? out->name
			: text_or_empty(json_get_text(v, "resourceType"));
	take_time(&t, v, out);
	take_points(&t, v, code, out);
	out->value = value_of(&t, v);
}

void record_display(struct record *r, struct arena *a,
		    const struct page_locale *l, const struct json *resource,
		    struct record_display *out)
{
	const struct telling t = {r, a, l};

	record_display_brief(r, a, l, resource, out);
	out->text = display_narrative(
	    a, json_get_text(json_get(resource, "text"), "div"));
	display_rows(&t, resource, out);
}
