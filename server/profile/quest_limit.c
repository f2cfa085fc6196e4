/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_limit.c: what the extensions of a question demand of its answers: least
 * and greatest value, length, regular expression, decimal places, type and size
 * of an attachment, units, and types of what is referred to. One row of a table
 * for each extension. None of it was known to the validators of 2018 and 2019:
 * nothing is looked at under --rules kanta. Each is looked at for those types
 * of questions for which today's validator looks at it.
 *
 * Numbers are compared exactly; dates and dateTimes by when they begin; times
 * as they are written; quantities of other units by UCUM, and those without a
 * unit, or with a comparator, cannot be. A bound itself is allowed. A bound
 * without a value (it is to be calculated) refuses every answer.
 * FHIR R4 extensions of Questionnaire;
 * Structured Data Capture (sdc-questionnaire-minQuantity, maxQuantity).
 */
#include "quest_int.h"

#include <stdlib.h>
#include <string.h>

#define CORE	    "http://hl7.org/fhir/StructureDefinition/"
#define SDC	    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
#define UCUM	    "http://unitsofmeasure.org"
#define BIT(kind)   (1u << (kind))
#define REGEX_STEPS 4 /* of a regular expression, in a step of the budget */

struct limit {
	struct response *r;
	struct check *c;
	const struct q_item *item;
	const struct q_value *v;
	const struct json *ext; /* the extension */
	struct q_value bound;	/* its value */
	const struct at *answer, *at;
};

/* ---- values ----------------------------------------------------------- */

static void out_of_range(const struct limit *l, bool least, const char *is,
			 const char *bound)
{
	report(l->c, RULE_QR_RANGE, l->at, l->v->json,
	       say(l->c, "at %s %.60s", least ? "least" : "most", bound), NULL,
	       "The value %.100s is %s than the allowed %s of %.60s", is,
	       least ? "less" : "greater", least ? "minimum" : "maximum",
	       bound);
}

static void unreadable(const struct limit *l)
{
	report(l->c, RULE_QR_RANGE, l->at, l->v->json, "a bound with a value",
	       "correct the questionnaire's extension",
	       "The value cannot be checked: the questionnaire's bound %.100s "
	       "cannot be read",
	       text_or_empty(json_get_text(l->ext, "url")));
}

static bool is_number(const char *s, bool whole)
{
	size_t n;

	s += *s == '-' || *s == '+';
	n = strspn(s, "0123456789");
	if (whole)
		return n > 0 && !s[n];
	return (n > 0 || *s == '.') && !s[strspn(s, "0123456789.eE+-")];
}

/* False: the bound is of another kind. */
static bool order_of(const struct limit *l, const char *is, const char *bound,
		     int *order)
{
	if (l->item->type == Q_TIME)
		*order = strcmp(is, bound);
	else if (l->item->type == Q_DATE || l->item->type == Q_DATETIME)
		return q_dates_order(is, bound, order);
	else if (!is_number(bound, l->item->type == Q_INTEGER))
		return false;
	else
		*order = fp_decimal_compare(is, bound);
	return true;
}

static void check_bound(const struct limit *l, bool least)
{
	const char *is = json_text(l->v->json);
	const char *bound = l->bound.json ? json_text(l->bound.json) : NULL;
	int order;

	if (!is)
		return;
	if (!bound || !order_of(l, is, bound, &order))
		unreadable(l);
	else if (least ? order < 0 : order > 0)
		out_of_range(l, least, is, bound);
}

static void min_value(const struct limit *l)
{
	check_bound(l, true);
}

static void max_value(const struct limit *l)
{
	check_bound(l, false);
}

static void max_decimals(const struct limit *l)
{
	const struct json *n = l->v->kind == QK_QUANTITY
				   ? json_get(l->v->json, "value")
				   : l->v->json;
	const char *is = n ? json_text(n) : NULL;
	const char *bound = json_text(l->bound.json);
	const char *point = is ? strchr(is, '.') : NULL;
	size_t places = point ? strlen(point + 1) : 0;

	if (!bound || strtoul(bound, NULL, 10) >= places)
		return;
	report(l->c, RULE_QR_DECIMALS, l->at, n,
	       say(l->c, "at most %.10s decimal places", bound),
	       "round the value",
	       "The value %.60s has more than %.10s decimal places", is, bound);
}

/* ---- texts ------------------------------------------------------------ */

static size_t characters(const struct json *v)
{
	const char *s = json_text(v);
	size_t n = 0;

	for (; s && *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Today's validator looks at no texts but those of type string. */
static enum issue_severity text_severity(const struct q_item *item)
{
	return item->type == Q_STRING ? ISSUE_ERROR : ISSUE_WARNING;
}

static void min_length(const struct limit *l)
{
	const char *bound = json_text(l->bound.json);

	if (!bound || characters(l->v->json) >= strtoul(bound, NULL, 10))
		return;
	report_as(l->c, text_severity(l->item), RULE_QR_LENGTH, l->at,
		  l->v->json, say(l->c, "at least %.10s characters", bound),
		  NULL,
		  "The answer '%.200s' is shorter then the required minimum "
		  "length of %.10s",
		  json_text(l->v->json), bound);
}

/* maxLength is an element. */
static void max_length(struct response *r, const struct q_item *item,
		       const struct q_value *v, const struct at *at)
{
	const char *bound = q_text(item->json, "maxLength");

	if (!bound || (v->kind != QK_STRING && v->kind != QK_URI) ||
	    characters(v->json) <= strtoul(bound, NULL, 10))
		return;
	report_as(r->c, text_severity(item), RULE_QR_LENGTH, at, v->json,
		  say(r->c, "at most %.10s characters", bound), "shorten it",
		  "The answer '%.200s' is longer then the allowed maximum "
		  "length of %.10s",
		  text_or_empty(json_text(v->json)), bound);
}

static void regex(const struct limit *l)
{
	const char *pattern = json_text(l->bound.json);
	const char *is = json_text(l->v->json);
	const struct json *format =
	    q_extension(l->item->json, NULL, CORE "entryFormat");
	const char *form = json_get_text(format, "valueString");

	if (!pattern || !is || !response_spend(l->r, 1 + strlen(is) / 16))
		return;
	size_t steps = 0;
	int fits = fp_regex(pattern, is, true, &steps);
	if (!response_spend(l->r, steps / REGEX_STEPS) || fits != 0)
		return;
	report_as(l->c, text_severity(l->item), RULE_QR_REGEX, l->at,
		  l->v->json, say(l->c, "%.200s", form ? form : pattern),
		  form ? say(l->c, "write it as %.200s", form) : NULL,
		  "The answer '%.200s' does not match the regular expression "
		  "'%.200s'",
		  is, pattern);
}

static void check_line(struct response *r, const struct q_value *v,
		       const struct at *at)
{
	const char *s = json_text(v->json);

	if (!s || !strpbrk(s, "\r\n"))
		return;
	report(r->c, RULE_QR_LINE, at, v->json, NULL, NULL,
	       "The answer to a question of type string should be one line");
}

/* ---- attachments ------------------------------------------------------ */

/* "a, b": the values of all extensions of that URL */
static const char *all_values(const struct limit *l, const char *url)
{
	const struct json *e = l->ext;
	struct q_value v;
	struct buf b;

	buf_init(&b, l->c->a);
	for (; e && b.len < 300; e = q_extension(l->item->json, e, url)) {
		const struct json *code = json_get(e, "valueCode");
		const char *s;
		if (!code && q_value_of(e, "value", &v))
			code = v.json;
		s = code ? json_text(code) : NULL;
		if (!s)
			s = json_get_text(code, "code");
		buf_printf(&b, "%s%.80s", b.len ? ", " : "", text_or_empty(s));
	}
	return b.p;
}

static void mime_type(const struct limit *l)
{
	const char *is = json_get_text(l->v->json, "contentType");
	const struct json *e = l->ext;

	for (; is && e; e = q_extension(l->item->json, e, CORE "mimeType")) {
		const char *want = json_get_text(e, "valueCode");
		if (want && strncmp(is, want, strlen(want)) == 0)
			return;
	}
	const char *all = all_values(l, CORE "mimeType");
	if (!is)
		report(l->c, RULE_QR_ATTACHMENT, l->answer, l->v->json, all,
		       "add \"contentType\"",
		       "A content type is required for this answer (allowed = "
		       "%.300s)",
		       all);
	else
		report(l->c, RULE_QR_ATTACHMENT, l->answer, l->v->json, all,
		       NULL,
		       "The mime type %.100s is not valid for this answer "
		       "(allowed = %.300s)",
		       is, all);
}

static size_t decoded_bytes(const char *data)
{
	size_t n = 0;
	for (; *data; data++)
		n += strchr("= \t\r\n", *data) == NULL;
	return n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
}

static void max_size(const struct limit *l)
{
	const char *data = json_get_text(l->v->json, "data");
	const char *bound = json_text(l->bound.json);
	unsigned long max = bound ? strtoul(bound, NULL, 10) : 0;
	size_t n = data ? decoded_bytes(data) : 0;

	if (!max || n <= max)
		return;
	report(l->c, RULE_QR_ATTACHMENT, l->answer, l->v->json,
	       say(l->c, "at most %lu bytes", max), NULL,
	       "The attachment is too large (allowed = %lu, found = %zu)", max,
	       n);
}

/* ---- quantities ------------------------------------------------------- */

static const char *quantity_text(struct check *c, const struct json *q)
{
	const char *unit = json_get_text(q, "unit");
	const char *code = json_get_text(q, "code");

	return say(c, "%s%.60s%s%.60s%s%.60s%s",
		   text_or_empty(json_get_text(q, "comparator")),
		   text_or_empty(q_text(q, "value")), unit ? " " : "",
		   text_or_empty(unit), code ? " (" : "", text_or_empty(code),
		   code ? ")" : "");
}

static bool has_unit(const struct json *q)
{
	return json_get_text(q, "system") && json_get_text(q, "code");
}

/* 1: *order is set; 0: they cannot be compared; -1: nor be by anybody, without
 * formal units */
static int compare(const struct json *x, const struct json *y, int *order)
{
	const char *xs = q_text(x, "value"), *ys = q_text(y, "value");

	if (!has_unit(x) || !has_unit(y))
		return -1;
	if (!xs || !ys ||
	    strcmp(json_get_text(x, "system"), json_get_text(y, "system")) != 0)
		return 0;
	if (strcmp(json_get_text(x, "code"), json_get_text(y, "code")) == 0) {
		*order = fp_decimal_compare(xs, ys);
		return 1;
	}
	return strcmp(json_get_text(x, "system"), UCUM) == 0 &&
	       fp_ucum_compare(xs, json_get_text(x, "code"), ys,
			       json_get_text(y, "code"), order);
}

static void check_quantity(const struct limit *l, bool least)
{
	const char *word = least ? "minimum" : "maximum";
	const struct json *is = l->v->json, *bound = l->bound.json;
	int order = 0, result;

	if (!bound || l->bound.kind != QK_QUANTITY) {
		unreadable(l);
		return;
	}
	result = compare(is, bound, &order);
	if (result == 1 && (least ? order >= 0 : order <= 0))
		return;
	const char *x = quantity_text(l->c, is);
	const char *y = quantity_text(l->c, bound);
	const char *want = say(l->c, "at %s %s", least ? "least" : "most", y);
	if (result == 1)
		report(l->c, RULE_QR_RANGE, l->at, is, want, NULL,
		       "The quantity %s is %s than the allowed %s of %s", x,
		       least ? "less" : "greater", word, y);
	else
		report(l->c, RULE_QR_RANGE, l->at, is, want,
		       say(l->c, "give it in the unit of %s", y),
		       "The quantity %s cannot be compared to the allowed %s "
		       "of %s%s",
		       x, word, y,
		       result < 0 ? " because no formal units are specified"
				  : "");
}

static void min_quantity(const struct limit *l)
{
	check_quantity(l, true);
}

static void max_quantity(const struct limit *l)
{
	check_quantity(l, false);
}

static bool is_same(const struct json *x, const char *xm, const struct json *y,
		    const char *ym)
{
	const char *want = json_get_text(x, xm), *is = json_get_text(y, ym);
	return !want || (is && strcmp(want, is) == 0);
}

/* What the option says counts, the unit's name as well. */
static bool is_unit(const struct json *quantity, const struct json *coding)
{
	return is_same(coding, "system", quantity, "system") &&
	       is_same(coding, "code", quantity, "code") &&
	       is_same(coding, "display", quantity, "unit");
}

static void unit_option(const struct limit *l)
{
	static const char url[] = CORE "questionnaire-unitOption";
	const struct json *e = l->ext;

	for (; e; e = q_extension(l->item->json, e, url)) {
		if (!response_spend(l->r, 1) ||
		    is_unit(l->v->json, json_get(e, "valueCoding")))
			return;
	}
	const char *all = all_values(l, url);
	report(l->c, RULE_QR_UNIT, l->at, l->v->json, all,
	       say(l->c, "use one of: %.300s", all),
	       "The value %s has a unit that is not valid (allowed = %.300s)",
	       quantity_text(l->c, l->v->json), all);
}

static void unit_value_set(const struct limit *l)
{
	const char *url = json_text(l->bound.json);
	const char *code = json_get_text(l->v->json, "code");

	if (!url) /* STU3 */
		url = json_get_text(l->bound.json, "reference");

	if (!url ||
	    profile_code_in(l->c->p, url, json_get_text(l->v->json, "system"),
			    text_or_empty(code)) != 0)
		return;
	report(l->c, RULE_QR_UNIT, l->at, l->v->json, say(l->c, "%.200s", url),
	       "use a unit of the value set",
	       "The value %s has a unit that is not in the value set %.200s",
	       quantity_text(l->c, l->v->json), url);
}

/* Today's validator can read no quantity with one. */
static void check_comparator(struct response *r, const struct q_value *v,
			     const struct at *at)
{
	const struct json *than = json_get(v->json, "comparator");
	const struct at here = {at, "comparator", -1};

	if (than)
		report(r->c, RULE_QR_RANGE, &here, than, "no comparator",
		       "give the value alone",
		       "The answer %s cannot be checked: it has a comparator",
		       quantity_text(r->c, v->json));
}

/* ---- references ------------------------------------------------------- */

/* The type that a reference tells: "Patient" of Patient/1 and of
 * http://h/base/Patient/1; *n is its length, 0 when it does not tell. */
static const char *type_in(struct check *c, const char *reference, size_t *n)
{
	const char *end = strstr(reference, "/_history/");
	const char *last = NULL, *before = NULL;
	unsigned type;

	*n = 0;
	if (resolve(c, reference, &type)) {
		const char *name = type == NO_TYPE
				       ? ""
				       : text_at(c->p, c->p->types[type].name);
		*n = strlen(name);
		return name;
	}
	for (const char *s = reference; *s && s != end; s++) {
		if (*s != '/')
			continue;
		before = last;
		last = s;
	}
	if (!last || (is_absolute(reference) && !before))
		return reference;
	before = before ? before + 1 : reference;
	*n = (size_t)(last - before);
	return before;
}

static void reference_resource(const struct limit *l)
{
	static const char url[] = CORE "questionnaire-referenceResource";
	const char *text = json_get_text(l->v->json, "reference");
	const struct json *e = l->ext;
	size_t n = 0;
	const char *type = text ? type_in(l->c, text, &n) : NULL;

	if (!type || n == 0)
		return;
	for (; e; e = q_extension(l->item->json, e, url)) {
		const char *want = json_get_text(e, "valueCode");
		if (want && strncmp(want, type, n) == 0 && !want[n])
			return;
	}
	const char *all = all_values(l, url);
	report(
	    l->c, RULE_QR_REFERENCE, l->at, l->v->json, all,
	    say(l->c, "refer to one of: %.300s", all),
	    "The resource type '%.*s' in the reference %.200s is not allowed "
	    "(allowed = %.300s)",
	    (int)(n < 60 ? n : 60), type, text, all);
}

/* Does it look like the name of a type, and there is none such? */
static bool is_wrong_type(const struct check *c, const char *type, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool upper = type[i] >= 'A' && type[i] <= 'Z';
		if (!upper && (i == 0 || type[i] < 'a' || type[i] > 'z'))
			return false;
	}
	return n > 0 && find_type(c->p, type, n) == NO_TYPE;
}

/* Of any question of type reference. */
static void check_target(struct response *r, const struct q_value *v,
			 const struct at *at)
{
	const char *text = json_get_text(v->json, "reference");
	const char *type;
	size_t n;

	if (!text)
		return;
	type = type_in(r->c, text, &n);
	if (is_wrong_type(r->c, type, n))
		report(r->c, RULE_QR_REFERENCE, at, v->json,
		       "a type of resource", "correct the type",
		       "The resource type %.*s in the reference %.200s is not "
		       "valid",
		       (int)(n < 60 ? n : 60), type, text);
}

/* ---- the table -------------------------------------------------------- */

#define NUMBERS	 (BIT(Q_INTEGER) | BIT(Q_DECIMAL))
#define TIMES	 (BIT(Q_DATE) | BIT(Q_DATETIME) | BIT(Q_TIME))
#define TEXTS	 (BIT(Q_STRING) | BIT(Q_TEXT) | BIT(Q_URL))
#define QUANTITY BIT(Q_QUANTITY)

static const struct {
	const char *url;
	void (*check)(const struct limit *l);
	unsigned types; /* of questions */
	bool empty;	/* also without a value */
} limits[] = {
    {CORE "minValue", min_value, NUMBERS | TIMES, true},
    {CORE "maxValue", max_value, NUMBERS | TIMES, true},
    {CORE "maxDecimalPlaces", max_decimals, BIT(Q_DECIMAL) | QUANTITY, false},
    {CORE "minLength", min_length, TEXTS, false},
    {CORE "regex", regex, TEXTS, false},
    {CORE "mimeType", mime_type, BIT(Q_ATTACHMENT), false},
    {CORE "maxSize", max_size, BIT(Q_ATTACHMENT), false},
    {SDC "minQuantity", min_quantity, QUANTITY, true},
    {SDC "maxQuantity", max_quantity, QUANTITY, true},
    {CORE "questionnaire-unitOption", unit_option, QUANTITY, false},
    {CORE "questionnaire-unitValueSet", unit_value_set, QUANTITY, false},
    {CORE "questionnaire-referenceResource", reference_resource,
     BIT(Q_REFERENCE), false},
};

static int limit_of(const struct json *ext, const struct q_item *item)
{
	const char *url = json_get_text(ext, "url");

	for (unsigned i = 0; url && i < LEN(limits); i++) {
		if ((limits[i].types & BIT(item->type)) &&
		    strcmp(limits[i].url, url) == 0)
			return (int)i;
	}
	return -1;
}

/* What every answer of the type is checked for, without an extension. */
static void check_plain(struct response *r, const struct q_item *item,
			const struct q_value *v, const struct at *at)
{
	max_length(r, item, v, at);
	if (item->type == Q_STRING)
		check_line(r, v, at);
	if (v->kind == QK_REFERENCE)
		check_target(r, v, at);
	if (item->type == Q_QUANTITY)
		check_comparator(r, v, at);
}

void check_answer_limits(struct response *r, const struct q_item *item,
			 const struct q_value *v, const struct at *answer,
			 const struct at *at)
{
	struct limit l = {.r = r,
			  .c = r->c,
			  .item = item,
			  .v = v,
			  .answer = answer,
			  .at = at};
	unsigned seen = 0;

	if (r->c->rules == RULES_KANTA)
		return;
	check_plain(r, item, v, at);
	l.ext = json_first(q_list(item->json, "extension"));
	for (; l.ext; l.ext = json_next(l.ext)) {
		int i = limit_of(l.ext, item);
		if (!response_spend(r, 1))
			return;
		if (i < 0 || (seen & BIT(i)))
			continue;
		l.bound = (struct q_value){NULL, QK_NONE};
		if (!q_value_of(l.ext, "value", &l.bound) && !limits[i].empty)
			continue;
		seen |= BIT(i); /* it sees the others of its URL itself */
		limits[i].check(&l);
	}
}
