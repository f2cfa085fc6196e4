/* SPDX-License-Identifier: Apache-2.0
 *
 * display_rows: everything that a resource says, line by line.
 *
 * A citizen may see all that is stored, also what the national profiles do not
 * know of. So this is a walk over whatever is there, not a list of what should
 * be: each member is a line, with a label if people have a word for it, else
 * with its name; what has parts is a heading with its parts below. Only
 * components, answers and extensions are told in their own way, since their
 * names stand in them.
 *
 * Left out are the parts that are told elsewhere (id, meta, narrative) and
 * whose it is. At most ROWS_MAX lines: then one says that there is more.
 */
#include "record/display_int.h"

#include <string.h>

#define ROWS_MAX  500
#define DEPTH_MAX 5 /* deeper lines are shown as deep */

static const struct {
	const char *name, *english;
} labels[] = {
    {"language", SAY("Language")},
    {"identifier", SAY("Identifier")},
    {"status", SAY("Status")},
    {"intent", SAY("Intent")},
    {"category", SAY("Category")},
    {"code", SAY("What")},
    {"issued", SAY("Recorded")},
    {"created", SAY("Recorded")},
    {"dateTime", SAY("Recorded")},
    {"authored", SAY("Answered")},
    {"performer", SAY("Made by")},
    {"actor", SAY("Made by")},
    {"author", SAY("Made by")},
    {"source", SAY("Told by")},
    {"consentingParty", SAY("Given by")},
    {"interpretation", SAY("Interpretation")},
    {"comment", SAY("Comment")},
    {"note", SAY("Comment")},
    {"text", SAY("Text")},
    {"time", SAY("Time")},
    {"period", SAY("Time")},
    {"referenceRange", SAY("Reference range")},
    {"low", SAY("At least")},
    {"high", SAY("At most")},
    {"age", SAY("Age")},
    {"type", SAY("Type")},
    {"use", SAY("Use")},
    {"function", SAY("Role")},
    {"appliesTo", SAY("Applies to")},
    {"dataAbsentReason", SAY("Why there is no value")},
    {"hasMember", SAY("Belongs together with")},
    {"partOf", SAY("Part of")},
    {"basedOn", SAY("Based on")},
    {"supportingInfo", SAY("Belongs together with")},
    {"questionnaire", SAY("Questionnaire")},
    {"title", SAY("Title")},
    {"description", SAY("Description")},
    {"dosage", SAY("Dosage")},
    {"dose", SAY("Dose")},
    {"site", SAY("Site")},
    {"route", SAY("Route")},
    {"method", SAY("Method")},
    {"policyRule", SAY("Policy")},
};

/* Members in FHIR's form name[x]. */
static const struct {
	const char *name, *english;
} choices[] = {
    {"value", SAY("Value")},	 {"effective", SAY("Time")},
    {"medication", SAY("What")}, {"rate", SAY("Rate")},
    {"author", SAY("Made by")},
};

/* Extensions, by the last segment of their URLs. */
static const struct {
	const char *name, *english;
} extensions[] = {
    {"fiphr-ext-creatingapplication", SAY("Application that made it")},
    {"name", SAY("Name")},
    {"applicationId", SAY("Identifier")},
    {"fiphr-ext-pq-translation", SAY("In another unit")},
    {"fiphr-unsignedint", SAY("Hours after a meal")},
    {"fiphr-medicationcontext", SAY("Medication")},
};

/* Told elsewhere, or about whose it is. */
static const char *const untold[] = {"resourceType", "id",	"meta",
				     "text",	     "subject", "patient"};

struct rows {
	const struct telling *t;
	struct record_row *v;
	size_t n, cap;
	bool full;
};

/* ---- lines ----------------------------------------------------------- */

static void add(struct rows *r, const char *label, const char *value,
		const char *more, unsigned depth)
{
	struct arena *a = r->t->arena;

	r->full |= r->n >= ROWS_MAX;
	if (r->full)
		return;
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 32 : 2 * r->cap;
		struct record_row *v = arena_alloc(a, r->cap * sizeof(*v));
		if (r->n > 0)
			memcpy(v, r->v, r->n * sizeof(*v));
		r->v = v;
	}
	r->v[r->n++] = (struct record_row){
	    .label = label,
	    .value = value,
	    .more = more,
	    .depth = depth < DEPTH_MAX ? depth : DEPTH_MAX,
	};
}

static const char *label_of(const struct telling *t, const char *name)
{
	for (size_t i = 0; i < LEN(labels); i++)
		if (strcmp(labels[i].name, name) == 0)
			return display_word(t, labels[i].english);
	for (size_t i = 0; i < LEN(choices); i++)
		if (display_is_choice(name, choices[i].name))
			return display_word(t, choices[i].english);
	return name;
}

/* ---- what is told in its own way ------------------------------------- */

/* The members of an object but for those that its line has told. */
static void tell_others(struct rows *r, const struct json *v,
			const char *const *told, size_t n, unsigned depth);

/* What the line of a value of one line tells (display_any). */
static const char *const in_line[] = {
    "coding", "text",	   "code", "system",	"display",     "value",
    "unit",   "low",	   "high", "numerator", "denominator", "start",
    "end",    "reference", "url",  "version",	"comparator",  "userSelected",
};

static void tell_value(struct rows *r, const char *label, const char *name,
		       const struct json *v, unsigned depth)
{
	const char *more, *value = display_any(r->t, name, v, &more);

	add(r, label, text_or_empty(value), more, depth);
	if (value == NULL)
		tell_others(r, v, NULL, 0, depth + 1);
	else if (json_kind(v) == JSON_OBJECT)
		tell_others(r, v, in_line, LEN(in_line), depth + 1);
}

static const char *extension_label(const struct telling *t, const char *url)
{
	const char *slash = strrchr(url, '/');
	const char *name = slash != NULL ? slash + 1 : url;

	for (size_t i = 0; i < LEN(extensions); i++)
		if (strcmp(extensions[i].name, name) == 0)
			return display_word(t, extensions[i].english);
	return url;
}

static void tell_extension(struct rows *r, const struct json *e, unsigned depth)
{
	const char *label =
	    extension_label(r->t, text_or_empty(json_get_text(e, "url")));
	const struct json *v = display_choice(e, "value");
	const struct json *inner = json_first(json_get(e, "extension"));

	if (v != NULL)
		tell_value(r, label, json_name(v), v, depth);
	else
		add(r, label, "", NULL, depth);
	for (; inner != NULL; inner = json_next(inner))
		tell_extension(r, inner, depth + 1);
}

static void tell_component(struct rows *r, const struct json *c, unsigned depth)
{
	static const char *const told[] = {"code", "valueQuantity",
					   "valueCodeableConcept"};
	const char *ignored = NULL, *more = NULL, *value = NULL;
	const struct json *code = json_get(c, "code");
	const struct json *v = json_get(c, "valueQuantity");

	if (v == NULL)
		v = json_get(c, "valueCodeableConcept");
	if (v != NULL)
		value = display_any(r->t, NULL, v, &ignored);
	if (code != NULL)
		display_any(r->t, NULL, code, &more);
	add(r, display_concept_exact(r->t, code), text_or_empty(value), more,
	    depth);
	tell_others(r, c, told, LEN(told), depth + 1);
}

static const char *answers(const struct telling *t, const struct json *item)
{
	const struct json *answer = json_first(json_get(item, "answer"));
	struct buf b;

	buf_init(&b, t->arena);
	for (; answer != NULL; answer = json_next(answer)) {
		const struct json *v = display_choice(answer, "value");
		const char *more, *said = NULL;

		if (v != NULL)
			said = display_any(t, json_name(v), v, &more);
		if (said != NULL)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", said);
	}
	return b.p;
}

static void tell_item(struct rows *r, const struct json *item, unsigned depth)
{
	const char *question = json_get_text(item, "text");
	const char *link = json_get_text(item, "linkId");
	const struct json *answer = json_first(json_get(item, "answer"));
	const struct json *inner = json_first(json_get(item, "item"));

	add(r, question != NULL ? question : text_or_empty(link),
	    answers(r->t, item), question != NULL ? link : NULL, depth);
	for (; inner != NULL; inner = json_next(inner))
		tell_item(r, inner, depth + 1);
	for (; answer != NULL; answer = json_next(answer)) {
		inner = json_first(json_get(answer, "item"));
		for (; inner != NULL; inner = json_next(inner))
			tell_item(r, inner, depth + 1);
	}
}

static const struct {
	const char *name;
	void (*tell)(struct rows *r, const struct json *v, unsigned depth);
} own_ways[] = {
    {"extension", tell_extension},
    {"modifierExtension", tell_extension},
    {"component", tell_component},
    {"item", tell_item},
};

/* ---- the walk -------------------------------------------------------- */

static void tell_member(struct rows *r, const struct json *m, unsigned depth)
{
	const struct json *v = json_kind(m) == JSON_ARRAY ? json_first(m) : m;
	const char *name = json_name(m);
	size_t own = 0;

	while (own < LEN(own_ways) && strcmp(own_ways[own].name, name) != 0)
		own++;
	for (; v != NULL; v = v == m ? NULL : json_next(v)) {
		if (r->full)
			return;
		if (own < LEN(own_ways))
			own_ways[own].tell(r, v, depth);
		else
			tell_value(r, label_of(r->t, name), name, v, depth);
	}
}

static bool among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void tell_others(struct rows *r, const struct json *v,
			const char *const *told, size_t n, unsigned depth)
{
	const struct json *m = json_first(v);

	for (; m != NULL && !r->full; m = json_next(m)) {
		const char *name = json_name(m);
		if (name != NULL && name[0] != '_' && !among(name, told, n))
			tell_member(r, m, depth);
	}
}

void display_rows(const struct telling *t, const struct json *resource,
		  struct record_display *out)
{
	struct rows r = {.t = t};

	tell_others(&r, resource, untold, LEN(untold), 0);
	if (r.full)
		r.v[r.n - 1] = (struct record_row){
		    .label = display_word(t, SAY("More is stored than is "
						 "shown here.")),
		    .value = ""};
	out->row = r.v;
	out->rows = r.n;
}
