/* SPDX-License-Identifier: Apache-2.0
 *
 * index_rows: from a value to rows of the index.
 *
 * What rows a value gives depends on two things, so it is a table: its FHIR
 * type, and how its parameter is searched.
 *
 *	token		Coding; each coding of a CodeableConcept, and its text;
 *			Identifier; ContactPoint (use as system); bare code,
 *			string, boolean, uri
 *	date		dateTime, date, instant as the span of their precision;
 *			Period from the start of its start to the end of its
 *			end, open at a side that is missing; Timing by its
 *			events, else by its bounds
 *	reference	"Type/id" without base and version, other texts as they
 *			are; a canonical with and without its version; what
 *			Reference.identifier says is a token of another name,
 *			"subject:identifier"
 *	uri		as it is; a canonical also without its version
 *	string		bare ones; each part of a HumanName or Address
 *	number		the bounds between which it lies: a comparator opens
 *			one of them, a Range has two; Money has its currency
 *
 * A token carries what it is called, folded: its display, or the text of the
 * concept when it has none. A text that no coding is called by is a row without
 * a code. A value that does not have the form of its type gives no row: what
 * may be stored is decided by the profile rules, not here.
 *
 * Facts: fhir-rest.md 4.2-4.8.
 */
#include "record/index_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CURRENCIES "urn:iso:std:iso:4217"

/* ---- adding ----------------------------------------------------------- */

/* NULL when there are enough. */
static struct store_index_row *add(struct rows *rows)
{
	uint16_t *made = &rows->made[rows->of->number];

	if (*made >= ROWS_OF_PARAM || rows->n >= ROWS_MAX)
		return NULL;
	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? 2 * rows->cap : 32;
		struct store_index_row *v =
		    arena_alloc(rows->arena, cap * sizeof *v);

		if (rows->n > 0)
			memcpy(v, rows->v, rows->n * sizeof *v);
		rows->v = v;
		rows->cap = cap;
	}
	++*made;
	struct store_index_row *row = &rows->v[rows->n++];
	*row = (struct store_index_row){
	    .kind = rows->of->kind,
	    .param = rows->of->param->name,
	    .part = rows->part,
	    .system = "",
	    .value = "",
	};
	return row;
}

static const char *nonempty(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

static const char *fold(struct rows *rows, const char *text)
{
	return nonempty(text) ? record_fold(rows->arena, text) : NULL;
}

/* text: folded, or NULL */
static struct store_index_row *add_token(struct rows *rows, const char *system,
					 const char *value, const char *text)
{
	struct store_index_row *row;

	if (!nonempty(value) && !text)
		return NULL;
	row = add(rows);
	if (row) {
		row->system = system ? system : "";
		row->value = value ? value : "";
		row->text = text;
	}
	return row;
}

static void add_value(struct rows *rows, const char *value)
{
	struct store_index_row *row = nonempty(value) ? add(rows) : NULL;

	if (row)
		row->value = value;
}

/* ---- token ------------------------------------------------------------ */

static void plain_token(struct rows *rows, const struct json *v)
{
	if (json_kind(v) == JSON_STRING)
		add_token(rows, NULL, json_text(v), NULL);
}

static void truth_token(struct rows *rows, const struct json *v)
{
	if (json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE)
		add_token(rows, NULL, json_text(v), NULL);
}

void rows_truth(struct rows *rows, bool v)
{
	if (rows->of->kind == INDEX_TOKEN)
		add_token(rows, NULL, v ? "true" : "false", NULL);
}

static void coding_token(struct rows *rows, const struct json *v)
{
	const char *code = nonempty(json_get_text(v, "code"));

	if (code)
		add_token(rows, json_get_text(v, "system"), code,
			  fold(rows, json_get_text(v, "display")));
}

static void concept_token(struct rows *rows, const struct json *v)
{
	const char *text = fold(rows, json_get_text(v, "text"));
	const struct json *c = json_first(json_get(v, "coding"));
	bool told = false;

	for (; c; c = json_next(c)) {
		const char *code = nonempty(json_get_text(c, "code"));
		const char *name = fold(rows, json_get_text(c, "display"));

		if (!code)
			continue;
		if (!name)
			name = text;
		told |= text && strcmp(name, text) == 0;
		add_token(rows, json_get_text(c, "system"), code, name);
	}
	if (text && !told)
		add_token(rows, NULL, NULL, text);
}

static void identifier_token(struct rows *rows, const struct json *v)
{
	add_token(rows, json_get_text(v, "system"), json_get_text(v, "value"),
		  NULL);
}

static void contact_token(struct rows *rows, const struct json *v)
{
	add_token(rows, json_get_text(v, "use"), json_get_text(v, "value"),
		  NULL);
}

/* ---- date ------------------------------------------------------------- */

static bool span(const struct json *v, struct time_span *out)
{
	return v && json_kind(v) == JSON_STRING &&
	       time_parse(json_text(v), json_len(v), out);
}

static void add_date(struct rows *rows, int64_t lo_ms, int64_t hi_ms,
		     bool period)
{
	struct store_index_row *row = add(rows);

	if (!row)
		return;
	row->lo_ms = lo_ms;
	row->hi_ms = hi_ms;
	row->period = period;
}

static void date(struct rows *rows, const struct json *v)
{
	struct time_span s;

	if (span(v, &s))
		add_date(rows, s.lo_ms, s.hi_ms, false);
}

static void period_date(struct rows *rows, const struct json *v)
{
	struct time_span start, end;
	const bool has_start = span(json_get(v, "start"), &start);
	const bool has_end = span(json_get(v, "end"), &end);

	if (has_start || has_end)
		add_date(rows, has_start ? start.lo_ms : INT64_MIN,
			 has_end ? end.hi_ms : INT64_MAX, true);
}

/* Only the outer limits count. */
static void timing_date(struct rows *rows, const struct json *v)
{
	const struct json *i = json_first(json_get(v, "event"));
	int64_t lo = INT64_MAX, hi = INT64_MIN;
	struct time_span s;

	for (; i; i = json_next(i)) {
		if (!span(i, &s))
			continue;
		lo = s.lo_ms < lo ? s.lo_ms : lo;
		hi = s.hi_ms > hi ? s.hi_ms : hi;
	}
	if (lo < hi)
		add_date(rows, lo, hi, true);
	else
		period_date(rows,
			    json_get(json_get(v, "repeat"), "boundsPeriod"));
}

/* ---- reference, uri --------------------------------------------------- */

/* Without |version; NULL when there is none. */
static const char *versionless(struct rows *rows, const char *text)
{
	const size_t n = strcspn(text, "|");

	return text[n] == '|' ? arena_strndup(rows->arena, text, n) : NULL;
}

static void add_reference(struct rows *rows, const char *text)
{
	add_value(rows, record_reference(rows->arena, text, rows->own_base));
}

static void reference(struct rows *rows, const struct json *v)
{
	const char *text = json_get_text(v, "reference");
	const struct json *id = json_get(v, "identifier");
	struct store_index_row *row;

	if (text)
		add_reference(rows, text);
	if (!id)
		return;
	row = add_token(rows, json_get_text(id, "system"),
			json_get_text(id, "value"), NULL);
	if (row) {
		row->kind = INDEX_TOKEN;
		row->param = rows->of->identifier;
	}
}

static void canonical_reference(struct rows *rows, const struct json *v)
{
	const char *bare;

	if (json_kind(v) != JSON_STRING)
		return;
	add_reference(rows, json_text(v));
	bare = versionless(rows, json_text(v));
	if (bare)
		add_reference(rows, bare);
}

static void uri(struct rows *rows, const struct json *v)
{
	if (json_kind(v) == JSON_STRING)
		add_value(rows, json_text(v));
}

static void canonical_uri(struct rows *rows, const struct json *v)
{
	uri(rows, v);
	if (json_kind(v) == JSON_STRING)
		add_value(rows, versionless(rows, json_text(v)));
}

/* ---- string ----------------------------------------------------------- */

static void string(struct rows *rows, const struct json *v)
{
	struct store_index_row *row;

	if (json_kind(v) != JSON_STRING || json_len(v) == 0)
		return;
	row = add(rows);
	if (row) {
		row->value = record_fold(rows->arena, json_text(v));
		row->text = json_text(v);
	}
}

static void parts(struct rows *rows, const struct json *v,
		  const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct json *part = json_get(v, name[i]);

		if (part && json_kind(part) == JSON_ARRAY)
			for (part = json_first(part); part;
			     part = json_next(part))
				string(rows, part);
		else if (part)
			string(rows, part);
	}
}

static void name_string(struct rows *rows, const struct json *v)
{
	static const char *const name[] = {"text", "family", "given", "prefix",
					   "suffix"};

	parts(rows, v, name, LEN(name));
}

static void address_string(struct rows *rows, const struct json *v)
{
	static const char *const name[] = {"text",     "line",	"city",
					   "district", "state", "postalCode",
					   "country"};

	parts(rows, v, name, LEN(name));
}

/* ---- number ----------------------------------------------------------- */

static bool to_double(const struct json *v, double *out)
{
	if (!v || json_kind(v) != JSON_NUMBER)
		return false;
	*out = strtod(json_text(v), NULL);
	return isfinite(*out);
}

static void add_number(struct rows *rows, double lo, double hi,
		       const struct json *unit)
{
	struct store_index_row *row = add(rows);
	const char *system = json_get_text(unit, "system");
	const char *code = json_get_text(unit, "code");

	if (!row)
		return;
	row->lo = lo;
	row->hi = hi;
	row->system = system ? system : "";
	row->value = code ? code : "";
	row->text = nonempty(json_get_text(unit, "unit"));
}

static void number(struct rows *rows, const struct json *v)
{
	double x;

	if (to_double(v, &x))
		add_number(rows, x, x, NULL);
}

static void quantity(struct rows *rows, const struct json *v)
{
	const char *comparator = json_get_text(v, "comparator");
	double lo, hi;

	if (!to_double(json_get(v, "value"), &lo))
		return;
	hi = lo;
	if (comparator && *comparator == '<')
		lo = -INFINITY;
	else if (comparator && *comparator == '>')
		hi = INFINITY;
	add_number(rows, lo, hi, v);
}

static void range(struct rows *rows, const struct json *v)
{
	const struct json *low = json_get(v, "low"),
			  *high = json_get(v, "high");
	double lo = -INFINITY, hi = INFINITY;
	const bool has_low = to_double(json_get(low, "value"), &lo);
	const bool has_high = to_double(json_get(high, "value"), &hi);

	if (has_low || has_high)
		add_number(rows, has_low ? lo : -INFINITY,
			   has_high ? hi : INFINITY, has_low ? low : high);
}

/* STU3's is a Quantity. */
static void money(struct rows *rows, const struct json *v)
{
	const char *currency = json_get_text(v, "currency");
	const size_t before = rows->n;

	quantity(rows, v);
	if (currency && rows->n > before) {
		rows->v[before].system = CURRENCIES;
		rows->v[before].value = currency;
	}
}

/* ---- the table -------------------------------------------------------- */

static void extension_token(struct rows *rows, const struct json *v);
static void extension_string(struct rows *rows, const struct json *v);

static const struct {
	const char *type;
	rows_fn *token, *date, *reference, *uri, *string, *number;
} makers[] = {
    {"Address", .string = address_string},
    {"Age", .number = quantity},
    {"CodeableConcept", .token = concept_token},
    {"Coding", .token = coding_token},
    {"ContactPoint", .token = contact_token},
    {"Count", .number = quantity},
    {"Distance", .number = quantity},
    {"Duration", .number = quantity},
    {"Extension", .token = extension_token, .string = extension_string},
    {"HumanName", .string = name_string},
    {"Identifier", .token = identifier_token},
    {"Money", .number = money},
    {"Period", .date = period_date},
    {"Quantity", .number = quantity},
    {"Range", .number = range},
    {"Reference", .reference = reference},
    {"Timing", .date = timing_date},
    {"boolean", .token = truth_token},
    {"canonical", .token = plain_token, .reference = canonical_reference,
     .uri = canonical_uri},
    {"code", .token = plain_token},
    {"date", .date = date},
    {"dateTime", .date = date},
    {"decimal", .number = number},
    {"id", .token = plain_token},
    {"instant", .date = date},
    {"integer", .number = number},
    {"markdown", .token = plain_token, .string = string},
    {"oid", .token = plain_token, .reference = canonical_reference, .uri = uri},
    {"positiveInt", .number = number},
    {"string", .token = plain_token, .string = string},
    {"unsignedInt", .number = number},
    {"uri", .token = plain_token, .reference = canonical_reference,
     .uri = canonical_uri},
    {"url", .token = plain_token, .reference = canonical_reference, .uri = uri},
    {"uuid", .token = plain_token, .reference = canonical_reference,
     .uri = uri},
};

rows_fn *rows_maker(enum param_type param, const char *fhir_type)
{
	size_t i = 0;

	while (i < LEN(makers) && strcmp(makers[i].type, fhir_type) != 0)
		i++;
	if (i == LEN(makers))
		return NULL;
	switch (param) {
	case PARAM_TOKEN: return makers[i].token;
	case PARAM_DATE: return makers[i].date;
	case PARAM_REFERENCE: return makers[i].reference;
	case PARAM_URI: return makers[i].uri;
	case PARAM_STRING: return makers[i].string;
	case PARAM_NUMBER:
	case PARAM_QUANTITY: return makers[i].number;
	case PARAM_COMPOSITE: break;
	}
	return NULL;
}

const char *rows_type_at(size_t i)
{
	return i < LEN(makers) ? makers[i].type : NULL;
}

/* ---- extensions: what stands in value[x] ------------------------------ */

static void extension(struct rows *rows, const struct json *v,
		      enum param_type param)
{
	const struct json *i = json_first(v);

	for (; i; i = json_next(i)) {
		const char *name = json_name(i);
		char type[32];
		rows_fn *make;

		if (strncmp(name, "value", 5) != 0 || strlen(name) >= 32)
			continue;
		snprintf(type, sizeof type, "%s", name + 5);
		make = rows_maker(param, type);
		if (!make && *type >= 'A' && *type <= 'Z') {
			*type = (char)(*type - 'A' + 'a');
			make = rows_maker(param, type);
		}
		if (make)
			make(rows, i);
	}
}

static void extension_token(struct rows *rows, const struct json *v)
{
	if (json_kind(v) == JSON_OBJECT)
		extension(rows, v, PARAM_TOKEN);
}

static void extension_string(struct rows *rows, const struct json *v)
{
	if (json_kind(v) == JSON_OBJECT)
		extension(rows, v, PARAM_STRING);
}
