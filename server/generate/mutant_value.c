/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_value.c: operators that give a value another value, by the name it
 * has: a status, code, system, unit, language, profile, date, reference, or
 * the narrative.
 *
 * Rows are tried for every value of the name; which of them is wrong under a
 * profile ("preliminary" where final is fixed, "active" where a plan must be
 * completed) is the judge's to say. Rows that differ in what they break stand
 * side by side: a code that is unknown, one of another thing, one that is no
 * code at all.
 */
#include "generate/mutant_int.h"

/* ---- by name ------------------------------------------------------------ */

#define ANY NULL
#define P   "http://phr.kanta.fi/StructureDefinition/"

static const struct row {
	const char *name; /* of the value, or of the array it is an item of */
	const char *text; /* JSON */
	const char *means;
} rows[] = {
    {"status", "\"preliminary\"", "0023 0046 0080"},
    {"status", "\"active\"", "0023 0046 0080"},
    {"status", "\"in-progress\"", "0023 0046 0080"},
    {"status", "\"no-such-status\"", "0046"},
    {"status", "\" final\"", "0035"},
    {"intent", "\"order\"", "0023 0046"},
    {"language", "\"fi-FI\"", "0046 0050"},
    {"language", "\"suomi\"", "0046 0050"},
    {"profile", "\"" P "fiphr-sd-no-such\"", "0064"},
    {"profile", "\"" P "fiphr-sd-patient\"", "0066"},
    {"profile", "\"" P "fiphr-patient-stu3\"", "0066"},
    {"profile", "\"" P "fiphr-sd-bodyweight\"", "0066 0023 0018"},
    {"profile", "\"" P "fiphr-sd-fitness\"", "0065"},
    {"profile", "\"" P "fiphr-sd-nutrition\"", "0065"},
    {"profile", "\"http://hl7.org/fhir/StructureDefinition/Observation\"",
     "0063 0067"},
    {"code", "\"no-such-code\"", "*"},
    {"code", "\"8867-4\"", "0018 0020 0023 0080 0046"},
    {"code", "\"mg\"", "0023 0046 0020 0018"},
    {"code", "\"a  b\"", "0035"},
    {"system", "\"http://example.org/codes\"",
     "0018 0020 0023 0046 0047 0080 0015"},
    {"system", "\"http://snomed.info/sct\"", "0018 0020 0023 0046 0047 0080"},
    {"system", "\"loinc.org\"", "0073"},
    {"system", "\"http://hl7.org/fhir/ValueSet/observation-status\"", "0132"},
    {"unit", "\"mg\"", "0023"},
    {"unit", "\"Mmol/L\"", "0023"},
    {"use", "\"no-such-use\"", "0046"},
    {"comparator", "\"~\"", "0046"},
    {"gender", "\"nainen\"", "0046"},
    {"type", "\"no-such-type\"", "0046"},
    {"linkId", "\"no-such-item\"", "0154 0080"},
    {"subjectType", "\"Group\"", "0023"},
    {"url", "\"http://example.org/another\"", "0018 0020 0023"},
    {"url", "\"a b\"", "0031"},
    {"questionnaire", "\"a b\"", "0031"},
    {"value", "\"urn:uuid: 1\"", "0031 0136"},
    {"valueUnsignedInt", "-1", "0043"},
    {"valueUnsignedInt", "1.5", "0042"},
    {"valuePositiveInt", "0", "0043"},
    {"valueInteger", "1.5", "0042"},
    {"valueInteger", "3000000000", "0042"},
    {"valueDecimal", "1e3", "0044"},
    {"valueTime", "\"25:00:00\"", "0041"},
    {"valueTime", "\"07:10:00.5\"", "0137"},
};

/* Its name, or that of the array it is an item of. */
static const char *name_of(const struct target *t)
{
	const char *name = json_name(t->v);

	if (!name && t->parent)
		name = json_name(t->parent);
	return name;
}

static bool is_simple(const struct target *t)
{
	return json_text(t->v) != NULL;
}

static void offer_text(struct offers *o, const struct target *t,
		       const char *text, const char *means)
{
	offer(o, means,
	      &(struct edit){.kind = EDIT_PUT, .path = t->path, .text = text},
	      1, arena_printf(offer_arena(o), "%s is %s", t->shown, text));
}

void offer_values(struct offers *o, const struct target *t)
{
	if (!is_simple(t) || !name_of(t))
		return;
	for (size_t i = 0; i < LEN(rows); i++)
		if (text_is(name_of(t), rows[i].name))
			offer_text(o, t, rows[i].text, rows[i].means);
}

/* A character that no text may have. */
void offer_controls(struct offers *o, const struct target *t)
{
	static const char *const names[] = {"text", "title", "display",
					    "description", "valueString"};

	for (size_t i = 0; is_simple(t) && i < LEN(names); i++)
		if (text_is(json_name(t->v), names[i]))
			offer_text(o, t, "\"a\\u0007b\"", "0069");
}

/* ---- dates -------------------------------------------------------------- */

#define DATES "0037 0038 0039 0040 0080"

static bool is_date(const struct target *t)
{
	struct time_span span;

	return json_kind(t->v) == JSON_STRING && json_len(t->v) >= 10 &&
	       time_parse(json_text(t->v), json_len(t->v), &span);
}

static void offer_ends(struct offers *o, const struct target *t)
{
	if (text_is(json_name(t->v), "start"))
		offer_text(o, t, "\"2099-01-01T00:00:00+02:00\"", "0080");
	if (text_is(json_name(t->v), "end"))
		offer_text(o, t, "\"1999-01-01T00:00:00+02:00\"", "0080");
}

void offer_dates(struct offers *o, const struct target *t)
{
	static const char *const texts[] = {
	    "\"2026-03-09\"",
	    "\"9.3.2026 7.10\"",
	    "\"2026-03\"",
	    "\"2026-13-09\"",
	    "\"2026-03-09T7:10:00+02:00\"",
	    "\"2026-03-09T07:10+02:00\"",
	    "\"2026-03-09T07:10:00+02:00\"",
	};
	struct arena *a = offer_arena(o);

	if (!is_date(t))
		return;
	offer_ends(o, t);
	if (strchr(json_text(t->v), 'T'))
		offer(o, DATES,
		      &(struct edit){.kind = EDIT_NO_ZONE, .path = t->path}, 1,
		      arena_printf(a, "%s without a time zone", t->shown));
	offer(o, DATES, &(struct edit){.kind = EDIT_FEBRUARY, .path = t->path},
	      1, arena_printf(a, "%s is on the 30th of February", t->shown));
	for (size_t i = 0; i < LEN(texts); i++)
		offer_text(o, t, texts[i], DATES);
	offer_text(o, t, "\"1492-10-12\"", "0036 0037 0038");
	offer_text(o, t, "\"1492-10-12T07:10:00+02:00\"", "0036");
}

/* ---- references --------------------------------------------------------- */

/* A contained one that its profile allows. */
#define PATIENT(profile)                                                       \
	"Patient\",\"meta\":{\"profile\":[\"" P profile "\"]},"                \
	"\"identifier\":[{\"system\":\"urn:ietf:rfc:3986\",\"value\":"         \
	"\"urn:uuid:0b1d0b5c-3f5e-4d6a-8f0c-6f6a4d1f2a10\"}]"

/* A contained resource and a reference to it. type goes on behind its quote. */
static void offer_inside(struct offers *o, const struct target *t,
			 const char *type, const char *means)
{
	struct arena *a = offer_arena(o);
	const struct edit e[] = {
	    {.kind = EDIT_PUT,
	     .path = "contained[99]",
	     .text = arena_printf(
		 a, "{\"resourceType\":\"%s,\"id\":\"inside\"}", type)},
	    {.kind = EDIT_PUT, .path = t->path, .text = "\"#inside\""},
	};

	offer(o, means, e, LEN(e),
	      arena_printf(a, "%s leads to a contained %.*s", t->shown,
			   (int)strcspn(type, "\""), type));
}

void offer_references(struct offers *o, const struct target *t)
{
	static const struct row is[] = {
	    {ANY, "\"Practitioner/7\"", "0052 0103 0054"},
	    {ANY, "\"http://example.org/fhir/Practitioner/7\"", "0052"},
	    {ANY, "\"http://example.org/fhir/Patient/7\"", "0052 0051"},
	    {ANY, "\"#nobody\"", "0053"},
	    {ANY, "\"urn:uuid:0b1d0b5c-3f5e-4d6a-8f0c-6f6a4d1f2a10\"", "0068"},
	    {ANY, "\"010190-900P\"", "0051 0052"},
	    {ANY, "\"Patient 7\"", "0031 0051"},
	    {ANY, "\"Patient/a_b\"", "0051 0052"},
	};
	struct arena *a = offer_arena(o);

	if (!text_is(json_name(t->v), "reference") || !is_simple(t))
		return;
	for (size_t i = 0; i < LEN(is); i++)
		offer_text(o, t, is[i].text, is[i].means);
	offer_inside(o, t, "Practitioner\"", "0052 0103 0054 0104");
	offer_inside(o, t, "Patient\"", "0103 0054 0104");
	offer_inside(o, t, PATIENT("fiphr-sd-patient"), "0104 0015");
	offer_inside(o, t, PATIENT("fiphr-patient-stu3"), "0104 0015");
	offer(o, "0100",
	      &(struct edit){.kind = EDIT_PUT,
			     .path = arena_printf(a, "%.*stype",
						  (int)(strlen(t->path) - 9),
						  t->path),
			     .text = "\"Group\""},
	      1, arena_printf(a, "%s says the type Group", t->shown));
}

/* ---- the narrative ------------------------------------------------------ */

#define XHTML "http://www.w3.org/1999/xhtml"

void offer_narratives(struct offers *o, const struct target *t)
{
	static const struct {
		const char *find, *with, *means, *what;
	} within[] = {
	    {"</div>", "<script>alert(1)</script></div>", "0143 0071",
	     "with a script"},
	    {" xmlns=\"" XHTML "\"", "", "0061", "without its namespace"},
	    {XHTML, "http://www.w3.org/1999/html", "0061",
	     "of another namespace"},
	    {"</div>", "<blink>x</blink></div>", "0071",
	     "with the element blink"},
	    {"</div>", "<b onclick=\"x()\">x</b></div>", "0072",
	     "with the attribute onclick"},
	    {"</div>", "&nosuch;</div>", "0070", "with the entity &nosuch;"},
	    {"</div>", "<br></div>", "0059", "with a <br> that is not closed"},
	    {"</div>", "<a href=\"javascript:x()\">x</a></div>", "0143",
	     "with a link that is a script"},
	    {"</div>", "", "0059", "without </div>"},
	    {"</div>", " & </div>", "0059 0070", "with a bare &"},
	};
	static const struct row whole[] = {
	    {ANY, "\"<div xmlns=\\\"" XHTML "\\\"></div>\"", "0062"},
	    {ANY, "\"<p xmlns=\\\"" XHTML "\\\">x</p>\"", "0060"},
	    {ANY, "\"Tulos: 1\"", "0059 0060"},
	};

	if (!text_is(json_name(t->v), "div") || !is_simple(t))
		return;
	for (size_t i = 0; i < LEN(within); i++)
		offer(o, within[i].means,
		      &(struct edit){.kind = EDIT_REPLACE,
				     .path = t->path,
				     .text = within[i].find,
				     .with = within[i].with},
		      1,
		      arena_printf(offer_arena(o), "%s %s", t->shown,
				   within[i].what));
	for (size_t i = 0; i < LEN(whole); i++)
		offer_text(o, t, whole[i].text, whole[i].means);
}
