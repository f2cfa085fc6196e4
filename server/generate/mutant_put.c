/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_put.c: operators that put something in: a choice of another type, a
 * second choice, an item that no slice has, an extension whose value is wrong,
 * contained resources that are.
 *
 * An extension may have a value of nearly any type, and one that nobody knows
 * is allowed anywhere: so it carries the faults of data types that the profile
 * has no element of (an OID, a time, base64).
 */
#include "generate/mutant_int.h"

#define X "{\"url\":\"http://example.org/note\","
#define CODED                                                                  \
	"{\"coding\":[{\"system\":\"http://example.org/"                       \
	"codes\",\"code\":\"x\"}]}"

static const char *below(struct offers *o, const struct target *t,
			 const char *name)
{
	return arena_printf(offer_arena(o), "%s%s%s", t->path,
			    *t->path && *name != '[' ? "." : "", name);
}

/* ---- choices ------------------------------------------------------------ */

/* Elements of several types, by the beginning of their names, with values. */
static const struct choice {
	const char *stem, *name, *text;
} choices[] = {
    {"value", "valueString", "\"x\""},
    {"value", "valueQuantity",
     "{\"value\":1,\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\","
     "\"code\":\"kg\"}"},
    {"value", "valueInteger", "1"},
    {"value", "valueBoolean", "true"},
    {"value", "valueCodeableConcept", "{\"text\":\"x\"}"},
    {"effective", "effectivePeriod",
     "{\"start\":\"2026-03-09T07:10:00+02:00\"}"},
    {"effective", "effectiveDateTime", "\"2026-03-09T07:10:00+02:00\""},
    {"effective", "effectiveInstant", "\"2026-03-09T07:10:00+02:00\""},
    {"effective", "effectiveTiming", "{\"event\":[\"2026-03-09\"]}"},
    {"medication", "medicationReference", "{\"reference\":\"Medication/7\"}"},
    {"rate", "rateRatio",
     "{\"numerator\":{\"value\":1},\"denominator\":{\"value\":2}}"},
    {"author", "authorString", "\"x\""},
    {"answer", "answerString", "\"x\""},
    {"source", "sourceReference", "{\"reference\":\"Consent/7\"}"},
};

/* The stem with a type behind it, but not this choice itself. */
static bool is_other(const char *name, const struct choice *c)
{
	const size_t n = strlen(c->stem);

	return name && text_begins(name, c->stem) && name[n] >= 'A' &&
	       name[n] <= 'Z' && strcmp(name, c->name) != 0;
}

static const char *beside(struct offers *o, const struct target *t,
			  const char *name)
{
	const size_t n = strlen(t->path) - strlen(json_name(t->v));

	return arena_printf(offer_arena(o), "%.*s%s", (int)n, t->path, name);
}

void offer_choices(struct offers *o, const struct target *t)
{
	for (size_t i = 0; i < LEN(choices); i++) {
		if (!is_other(json_name(t->v), &choices[i]))
			continue;
		const struct edit e[] = {{.kind = EDIT_REMOVE, .path = t->path},
					 {.kind = EDIT_PUT,
					  .path = beside(o, t, choices[i].name),
					  .text = choices[i].text}};
		offer(o, "0016 0003 0014 0018 0080 0122", e, LEN(e),
		      arena_printf(offer_arena(o), "%s in place of %s",
				   choices[i].name, t->shown));
	}
}

void offer_second_choices(struct offers *o, const struct target *t)
{
	for (size_t i = 0; i < LEN(choices); i++) {
		if (!is_other(json_name(t->v), &choices[i]))
			continue;
		offer(o, "0016 0017 0003",
		      &(struct edit){.kind = EDIT_PUT,
				     .path = beside(o, t, choices[i].name),
				     .text = choices[i].text},
		      1,
		      arena_printf(offer_arena(o), "%s beside %s",
				   choices[i].name, t->shown));
	}
}

/* ---- items -------------------------------------------------------------- */

/* One item has another's coding, too, which is then taken away or not. */
static void offer_crossed_pair(struct offers *o, const struct target *t,
			       size_t to, size_t from)
{
	struct arena *a = offer_arena(o);
	const char *item = arena_printf(a, "[%zu]", from);
	const struct json *coding =
	    gen_find(t->v, arena_printf(a, "%s.code.coding[0]", item));
	struct buf b;

	if (!coding)
		return;
	buf_init(&b, a);
	json_write(&b, coding, false);
	const struct edit e[] = {
	    {.kind = EDIT_PUT,
	     .path = below(o, t, arena_printf(a, "[%zu].code.coding[99]", to)),
	     .text = b.p},
	    {.kind = EDIT_REMOVE, .path = below(o, t, item)},
	};
	const char *what =
	    arena_printf(a, "%s[%zu].code has the coding of %s%s", t->shown, to,
			 t->shown, item);
	offer(o, "0018 0019 0020 0021 0080", e, 1, what);
	offer(o, "0021", e, 2, arena_printf(a, "%s, which is gone", what));
}

/* Items that are in two slices. */
static void offer_crossed(struct offers *o, const struct target *t)
{
	const size_t n = json_count(t->v);

	for (size_t to = 0; to < n; to++)
		for (size_t from = 0; from < n; from++)
			if (to != from)
				offer_crossed_pair(o, t, to, from);
}

void offer_items(struct offers *o, const struct target *t)
{
	static const struct {
		const char *name, *text, *what;
	} items[] = {
	    {"coding",
	     "{\"system\":\"http://example.org/codes\",\"code\":\"x\","
	     "\"display\":\"x\"}",
	     "a coding of another system"},
	    {"coding", "{\"display\":\"x\"}", "a coding without a code"},
	    {"category", CODED, "another category"},
	    {"component", "{\"code\":" CODED ",\"valueString\":\"x\"}",
	     "a component of another code"},
	    {"performer", "{\"reference\":\"Patient/7\"}", "another performer"},
	    {"identifier", "{\"value\":\"x\"}", "an identifier without system"},
	    {"identifier",
	     "{\"system\":\"http://example.org/id\",\"value\":\"x\"}",
	     "another identifier"},
	    {"extension", "{\"valueString\":\"x\"}",
	     "an extension without url"},
	    {"note", "{\"text\":\"x\",\"authorString\":\"x\"}",
	     "a note with an author"},
	};

	if (json_kind(t->v) != JSON_ARRAY)
		return;
	for (size_t i = 0; i < LEN(items); i++)
		if (text_is(json_name(t->v), items[i].name))
			offer(o, "0014 0015 0018 0019 0020 0080 0023 0046 0025",
			      &(struct edit){.kind = EDIT_PUT,
					     .path = below(o, t, "[99]"),
					     .text = items[i].text},
			      1,
			      arena_printf(offer_arena(o), "%s has %s",
					   t->shown, items[i].what));
	offer_crossed(o, t);
}

/* ---- extensions, contained resources ------------------------------------ */

struct put {
	const char *path, *text, *means, *what;
};

static void offer_puts(struct offers *o, const struct target *t,
		       const struct put *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		offer(o, p[i].means,
		      &(struct edit){.kind = EDIT_PUT,
				     .path = below(o, t, p[i].path),
				     .text = p[i].text},
		      1,
		      arena_printf(offer_arena(o), "%s has %s", t->shown,
				   p[i].what));
}

#define EXTENSION(value, means, what)                                          \
	{                                                                      \
		"extension[99]", X value "}", means, "an extension with " what \
	}

/* Of formats, of types that hold others, and of what is within them. */
static const struct put extensions[] = {
    EXTENSION("\"valueString\":\"x\",\"valueInteger\":1", "0017", "two values"),
    EXTENSION("\"id\":\"n\"", "0057", "neither value nor extensions"),
    EXTENSION("\"valueString\":\"x\",\"extension\":[{\"url\":"
	      "\"http://example.org/part\",\"valueString\":\"x\"}]",
	      "0057 0080", "both a value and extensions"),
    EXTENSION("\"valueSentence\":\"x\"", "0003 0016",
	      "a value of a type that FHIR does not have"),
    EXTENSION("\"valueOid\":\"urn:oid:x.1\"", "0032", "an OID that is none"),
    EXTENSION("\"valueOid\":\"1.2.246\"", "0032", "an OID without urn:oid:"),
    EXTENSION("\"valueId\":\"a b\"", "0034", "an id with a space"),
    EXTENSION("\"valueCode\":\"a  b\"", "0035", "a code with two spaces"),
    EXTENSION("\"valueUri\":\"http://a b\"", "0031", "a URI with a space"),
    EXTENSION("\"valueUri\":\"oid:1.2.246\"", "0031",
	      "a URI that begins with oid:"),
    EXTENSION("\"valueUri\":\"urn:uuid:X\"", "0033 0031",
	      "a URI that is no uuid"),
    EXTENSION("\"valueUuid\":\"urn:uuid:X\"", "0033", "a UUID that is none"),
    EXTENSION("\"valueDate\":\"2026-02-30\"", "0037", "the date 2026-02-30"),
    EXTENSION("\"valueDateTime\":\"2026-03-09T07:10:00\"", "0039",
	      "a time without a zone"),
    EXTENSION("\"valueInstant\":\"2026-03-09\"", "0040",
	      "an instant without a time"),
    EXTENSION("\"valueTime\":\"25:00:00\"", "0041", "the time 25:00:00"),
    EXTENSION("\"valueTime\":\"07:10:00.5\"", "0137", "a time with fractions"),
    EXTENSION("\"valueInteger\":1.5", "0042", "the integer 1.5"),
    EXTENSION("\"valuePositiveInt\":0", "0043", "the positiveInt 0"),
    EXTENSION("\"valueUnsignedInt\":-1", "0043", "the unsignedInt -1"),
    EXTENSION("\"valueDecimal\":1e3", "0044", "a decimal with an exponent"),
    EXTENSION("\"valueBase64Binary\":\"YQ\"", "0045", "base64 that is cut off"),
    EXTENSION("\"valueBoolean\":\"true\"", "0012", "a boolean in quotes"),
    EXTENSION("\"valueString\":\"a\\u0007b\"", "0069", "a control character"),
    EXTENSION("\"valueDate\":\"1492-10-12\"", "0036", "the year 1492"),
    EXTENSION("\"valueQuantity\":{\"value\":1,\"comparator\":\"~\"}", "0046",
	      "an unknown comparator"),
    EXTENSION("\"valueQuantity\":{\"value\":1,\"code\":\"kg\"}", "0080",
	      "a unit code without system"),
    EXTENSION("\"valuePeriod\":{\"start\":\"2026-03-09\","
	      "\"end\":\"2026-03-08\"}",
	      "0080", "a period that ends before it starts"),
    EXTENSION("\"valueRange\":{\"low\":{\"value\":2},"
	      "\"high\":{\"value\":1}}",
	      "0080", "a range that ends below its start"),
    EXTENSION("\"valueAttachment\":{\"data\":\"YQ==\"}", "0080",
	      "an attachment without a type"),
    EXTENSION("\"valueAttachment\":{\"contentType\":\"text/plain\","
	      "\"language\":\"no_such\",\"data\":\"YQ==\"}",
	      "0050 0046", "an attachment of an unknown language"),
    EXTENSION("\"valueReference\":{\"display\":\"x\","
	      "\"reference\":\"#nobody\"}",
	      "0053", "a reference to nobody"),
    EXTENSION("\"valueReference\":{\"reference\":\"Patient/7\","
	      "\"type\":\"Group\"}",
	      "0100", "a reference that says another type"),
    EXTENSION("\"valueCoding\":{\"system\":"
	      "\"http://hl7.org/fhir/observation-status\","
	      "\"code\":\"x\"}",
	      "0125", "a code that its system does not have"),
    EXTENSION("\"valueCoding\":{\"system\":\"http://hl7.org/fhir/"
	      "ValueSet/observation-status\",\"code\":\"final\"}",
	      "0132", "a value set in place of a code system"),
    EXTENSION("\"valueCoding\":{\"system\":\"codes\",\"code\":\"x\"}", "0073",
	      "a code system that is no absolute URL"),
    EXTENSION("\"valueIdentifier\":{\"system\":\"ids\","
	      "\"value\":\"x\"}",
	      "0073", "an identifier's system that is no URL"),
};

void offer_extensions(struct offers *o, const struct target *t)
{
	if (t->v == t->root)
		offer_puts(o, t, extensions, LEN(extensions));
}

#define P "http://phr.kanta.fi/StructureDefinition/"
#define KNOWN                                                                  \
	"\"url\":\"http://hl7.org/fhir/StructureDefinition/"                   \
	"data-absent-reason\","
#define EMPTY "{\"resourceType\":\"Patient\"}"

/* By the name of the object, "" for the resource; the type where it matters. */
void offer_insides(struct offers *o, const struct target *t)
{
	static const struct put resource[] = {
	    {"id", "\"a b\"", "0034", "an id with a space"},
	    {"implicitRules", "\"a b\"", "0031", "implicitRules with a space"},
	    {"modifierExtension[99]", "{" KNOWN "\"valueCode\":\"unknown\"}",
	     "0121 0015", "a modifier extension that modifies nothing"},
	    {"extension[99]", "{" KNOWN "\"valueString\":\"x\"}", "0122",
	     "a known extension with a value of another type"},
	    {"extension", "[]", "0009", "an empty list of extensions"},
	    {"_implicitRules", "{\"id\":\"a\"}", "0013",
	     "_implicitRules with nothing but an id"},
	    {"meta.profile[99]", "\"" P "fiphr-sd-no-such\"", "0064 0015 0019",
	     "another profile that nobody knows"},
	    {"meta.profile[99]", "\"" P "fiphr-sd-patient\"", "0066 0015 0019",
	     "another profile, of another type"},
	    {"meta.profile[99]", "\"" P "fiphr-sd-bodyweight\"",
	     "0066 0015 0019", "another profile, of another type"},
	    {"meta.profile[99]", "\"" P "fiphr-patient-stu3\"",
	     "0066 0015 0019", "another profile, of another type"},
	    {"meta.profile[99]", "\"" P "fiphr-bodyweight-stu3\"",
	     "0066 0015 0019", "another profile, of another type"},
	    {"meta.profile[99]", "\"" P "fiphr-sd-fitness\"", "0065 0015",
	     "another profile, which is abstract"},
	    {"communication[99]",
	     "{\"language\":{\"coding\":[{\"system\":\"urn:ietf:bcp:47\","
	     "\"code\":\"no_such\"}]}}",
	     "0050", "an unknown language of communication"},
	    {"contained[99]", "{\"resourceType\":\"Patient\",\"id\":\"p\"}",
	     "0108 0015", "a contained resource that nothing refers to"},
	    {"contained[99]", EMPTY, "0106 0108 0015",
	     "a contained resource without id"},
	    {"item[99]",
	     "{\"linkId\":\"another\",\"type\":\"string\",\"text\":\"x\","
	     "\"enableWhen\":[{\"question\":\"nothing\",\"operator\":"
	     "\"exists\",\"answerBoolean\":true}]}",
	     "0185", "a question that depends on one that is not there"},
	    {"item[99]",
	     "{\"linkId\":\"another\",\"type\":\"string\",\"text\":\"x\","
	     "\"enableWhen\":[{\"question\":\"nothing\",\"hasAnswer\":true}]}",
	     "0185", "a question that depends on one that is not there"},
	    {"item[99]", "{\"linkId\":\"another\",\"text\":\"x\"}", "0014",
	     "a question without type"},
	    {"item[99]",
	     "{\"linkId\":\"another\",\"type\":\"group\",\"text\":\"x\"}",
	     "0080", "a group without questions"},
	    {"item[99]",
	     "{\"linkId\":\"another\",\"type\":\"choice\",\"text\":\"x\","
	     "\"maxLength\":3}",
	     "0080", "a choice with a longest length"},
	    {"item[99]",
	     "{\"linkId\":\"another\",\"answer\":[{\"valueString\":\"x\"}],"
	     "\"item\":[{\"linkId\":\"inner\"}]}",
	     "0080", "an item with both answers and items"},
	    {"text.status", "\"no-such\"", "0046", "a narrative of no status"},
	    {"meta.tag[99]", "{\"system\":\"tags\",\"code\":\"x\"}", "0073",
	     "a tag whose system is no URL"},
	};
	static const struct put quantity[] = {
	    {"comparator", "\"~\"", "0046", "an unknown comparator"},
	};
	const char *name = json_name(t->v);

	if (json_kind(t->v) != JSON_OBJECT)
		return;
	if (t->v == t->root)
		offer_puts(o, t, resource, LEN(resource));
	if (text_is(name, "valueQuantity"))
		offer_puts(o, t, quantity, LEN(quantity));
}

void offer_codings(struct offers *o, const struct target *t)
{
	static const struct put coding[] = {
	    {"userSelected", "\"yes\"", "0012", "userSelected in quotes"},
	};

	if (!json_name(t->v) && t->parent &&
	    text_is(json_name(t->parent), "coding"))
		offer_puts(o, t, coding, LEN(coding));
}

/* Contained resources that are referred to, as they must be, and are wrong. */
void offer_contained(struct offers *o, const struct target *t)
{
	static const struct put inside[] = {
	    {"contained[99]", "{\"id\":\"inside\"}", "0001",
	     "a contained resource without type"},
	    {"contained[99]",
	     "{\"resourceType\":\"Measurement\",\"id\":\"inside\"}", "0002",
	     "a contained resource of an unknown type"},
	    {"contained[99]",
	     "{\"resourceType\":\"Patient\",\"id\":\"inside\",\"contained\":["
	     "{\"resourceType\":\"Patient\",\"id\":\"deeper\"}]}",
	     "0055 0080", "a contained resource that contains another"},
	    {"contained[99]",
	     "{\"resourceType\":\"Patient\",\"id\":\"inside\",\"meta\":{"
	     "\"versionId\":\"1\"}}",
	     "0080", "a contained resource with a version"},
	    {"contained[99]",
	     "{\"resourceType\":\"Patient\",\"id\":\"inside\","
	     "\"gender\":\"nainen\"}",
	     "0046", "a contained resource with an unknown code"},
	};

	for (size_t i = 0; t->v == t->root && i < LEN(inside); i++) {
		const struct edit e[] = {
		    {.kind = EDIT_PUT,
		     .path = inside[i].path,
		     .text = inside[i].text},
		    {.kind = EDIT_PUT,
		     .path = "extension[99]",
		     .text =
			 X "\"valueReference\":{\"reference\":\"#inside\"}}"}};
		offer(o, inside[i].means, e, LEN(e),
		      arena_printf(offer_arena(o), "%s has %s", t->shown,
				   inside[i].what));
	}
}
