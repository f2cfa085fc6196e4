/* SPDX-License-Identifier: Apache-2.0
 *
 * value_limits.c: minValue[x], maxValue[x] and maxLength of an element.
 *
 * Numbers are compared as decimals, dates and times by what their precision
 * decides, quantities by UCUM. What cannot be compared (another dimension, a
 * unit that is not known, a year against a day in it) breaks no limit. A limit
 * without a unit is on the number alone. A comparator counts: "< 5" is not
 * known to be at least 4, but "> 5" is more than 4. Lengths are in characters.
 * FHIR R4 ElementDefinition.minValue[x], maxValue[x], maxLength.
 */
#include "profile_int.h"

#include "fhirpath/fhirpath.h"
#include <string.h>

#define UCUM "http://unitsofmeasure.org"

enum scale { NO_SCALE, SCALE_NUMBER, SCALE_TIME };

static const uint8_t scales[] = {
    [PRIM_DATE] = SCALE_TIME,	   [PRIM_DATETIME] = SCALE_TIME,
    [PRIM_DECIMAL] = SCALE_NUMBER, [PRIM_INSTANT] = SCALE_TIME,
    [PRIM_INTEGER] = SCALE_NUMBER, [PRIM_POSITIVEINT] = SCALE_NUMBER,
    [PRIM_TIME] = SCALE_TIME,	   [PRIM_UNSIGNEDINT] = SCALE_NUMBER,
    [PRIM_XHTML] = NO_SCALE,
};

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool is_number(const char *s)
{
	return s && (ascii_digit(*s) || *s == '-');
}

/* ---- quantities ------------------------------------------------------- */

static const char *part(const struct profiles *p, ref limit, const char *name)
{
	const struct constant *c = rec_at(p, limit);
	for (ref r = c->first; r;) {
		c = rec_at(p, r);
		if (strcmp(text_at(p, c->name), name) == 0)
			return text_at(p, c->text);
		r = c->next;
	}
	return NULL;
}

static const char *number_of(const struct json *q)
{
	const struct json *v = json_get(q, "value");
	return v && json_kind(v) == JSON_NUMBER ? json_text(v) : NULL;
}

/* Where the quantity lies: -1 below, 0, 1 above; false: it cannot be told. */
static bool quantity_order(const struct profiles *p, const struct json *q,
			   ref limit, int *order)
{
	const char *value = number_of(q);
	const char *bound = part(p, limit, "value");
	const char *unit = json_get_text(q, "code");
	const char *want = part(p, limit, "code");
	const char *system = json_get_text(q, "system");

	if (!value || !is_number(bound))
		return false;
	bool bare = !want && !part(p, limit, "unit");
	bool words =
	    !want && text_is(part(p, limit, "unit"), json_get_text(q, "unit"));
	if (bare || words ||
	    (text_is(unit, want) &&
	     text_is(system, part(p, limit, "system")))) {
		*order = fp_decimal_compare(value, bound);
		return true;
	}
	return unit && want && text_is(system, UCUM) &&
	       text_is(part(p, limit, "system"), UCUM) &&
	       fp_ucum_compare(value, unit, bound, want, order);
}

static const char *limit_text(struct check *c, ref limit)
{
	const struct constant *k = rec_at(c->p, limit);
	if (k->text)
		return text_at(c->p, k->text);
	const char *unit = part(c->p, limit, "code");
	if (!unit)
		unit = part(c->p, limit, "unit");
	const char *value = part(c->p, limit, "value");
	return say(c, "%s%s%s", value ? value : "?", unit ? " " : "",
		   unit ? unit : "");
}

static const char *value_text(struct check *c, const struct spot *s)
{
	if (json_text(s->value))
		return json_text(s->value);
	const char *value = number_of(s->value);
	const char *unit = json_get_text(s->value, "code");
	return say(c, "%.60s%s%.60s", value ? value : "?", unit ? " " : "",
		   unit ? unit : "");
}

/* ---- the check -------------------------------------------------------- */

static bool primitive_order(const struct profiles *p, const struct spot *s,
			    ref limit, int *order)
{
	const struct constant *k = rec_at(p, limit);
	unsigned prim = p->types[s->type].prim;
	unsigned scale = prim < LEN(scales) ? scales[prim] : NO_SCALE;
	const char *value = json_text(s->value);
	const char *bound = text_at(p, k->text);

	if (!value || !bound || scale == NO_SCALE)
		return false;
	if (scale == SCALE_TIME)
		return fp_time_compare(value, bound, order);
	if (json_kind(s->value) != JSON_NUMBER || !is_number(bound))
		return false;
	*order = fp_decimal_compare(value, bound);
	return true;
}

static bool order_of(struct check *c, const struct spot *s, ref limit,
		     int *order)
{
	if (json_kind(s->value) != JSON_OBJECT)
		return primitive_order(c->p, s, limit, order);
	if (!type_is_a(c->p, s->type, c->p->known[T_QUANTITY]))
		return false;
	return quantity_order(c->p, s->value, limit, order);
}

/* Is the value beyond the limit (side -1: too low, 1: too high)? */
static bool is_beyond(struct check *c, const struct spot *s, ref limit,
		      int side)
{
	const char *than = json_kind(s->value) == JSON_OBJECT
			       ? json_get_text(s->value, "comparator")
			       : NULL;
	int order;

	if (!limit || !order_of(c, s, limit, &order))
		return false;
	/* "< 5" may be anything below, "> 5" anything above */
	if (than &&
	    ((than[0] == '<' && side > 0) || (than[0] == '>' && side < 0)))
		return false;
	if (than && than[1] != '=' && order == 0 &&
	    (than[0] == '<' || than[0] == '>'))
		return true;
	return order == side;
}

static void check_length(struct check *c, const struct spot *s, uint32_t max)
{
	const char *text = json_text(s->value);
	size_t n = text ? characters(text) : 0;

	if (!max || n <= max)
		return;
	report(c, RULE_MAX_LENGTH, s->at, s->value,
	       say(c, "at most %u characters", max),
	       say(c, "shorten it: it has %zu", n),
	       "value is longer than permitted maximum length of %u", max);
}

/* Today two units of UCUM of which one cannot be told in the other are wrong.
 */
static void check_units_fit(struct check *c, const struct spot *s, ref limit)
{
	int order;

	if (!limit || c->rules != RULES_CURRENT ||
	    json_kind(s->value) != JSON_OBJECT)
		return;
	const char *value = number_of(s->value);
	const char *bound = part(c->p, limit, "value");
	const char *unit = json_get_text(s->value, "code");
	const char *want = part(c->p, limit, "code");

	if (!value || !is_number(bound) || !unit || !want ||
	    text_same(unit, want) ||
	    !text_same(json_get_text(s->value, "system"), UCUM) ||
	    !text_same(part(c->p, limit, "system"), UCUM) ||
	    fp_ucum_compare(value, unit, bound, want, &order))
		return;
	report(c, RULE_MIN_VALUE, s->at, s->value, want,
	       say(c, "give it in %s, or a unit that can be told in %s", want,
		   want),
	       "Unable to convert value %.60s from unit %.60s to %.60s", value,
	       unit, want);
}

static const char *sort_of(const struct check *c, const struct spot *s)
{
	unsigned prim = c->p->types[s->type].prim;
	if (prim == PRIM_NONE)
		return "quantity";
	return scales[prim] == SCALE_TIME ? "date/time"
	       : prim == PRIM_DECIMAL	  ? "decimal"
					  : "integer";
}

void check_limits(struct check *c, const struct spot *s)
{
	const struct limits *l = rec_at(c->p, s->node->limits);

	check_length(c, s, l->max_length);
	check_units_fit(c, s, l->min_value ? l->min_value : l->max_value);
	if (is_beyond(c, s, l->min_value, -1)) {
		const char *min = limit_text(c, l->min_value);
		report(c, RULE_MIN_VALUE, s->at, s->value,
		       say(c, "at least %s", min),
		       say(c, "the %s is %s", sort_of(c, s), value_text(c, s)),
		       "value is less than permitted minimum value of %s", min);
	}
	if (is_beyond(c, s, l->max_value, 1)) {
		const char *max = limit_text(c, l->max_value);
		report(c, RULE_MAX_VALUE, s->at, s->value,
		       say(c, "at most %s", max),
		       say(c, "the %s is %s", sort_of(c, s), value_text(c, s)),
		       "value is greater than permitted maximum value of %s",
		       max);
	}
}
