/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_vital_signs.c: an Observation whose code is a vital sign conforms to the
 * vital signs profile of that code, whether it names it or not. Today's
 * validator holds R4 Observations to this; that of 2018 did not.
 *
 * The rows are tried in their order, and the first that has one of the
 * Observation's codes counts. The first LOINC code of a row is the one that its
 * profile demands beside whatever other codes there are. What the profile says
 * is checked once, also when it is named in meta.profile.
 * FHIR R4 10.1.6 (observation-vitalsigns).
 */
#include "term_int.h"

#include <string.h>

#define LOINC  "http://loinc.org"
#define SNOMED "http://snomed.info/sct"
#define BASE   "http://hl7.org/fhir/StructureDefinition/"

static const struct {
	const char *url;
	const char *loinc;
	const char *snomed;
} signs[] = {
    {BASE "vitalspanel", "85353-1", ""},
    {BASE "resprate",
     "9279-1 76170-0 76172-6 76171-8 19840-8 33438-3 76270-8 11291-2",
     "86290005"},
    {BASE "heartrate",
     "8867-4 60978-4 73795-7 73799-9 76476-1 76477-9 8889-8 8890-6 8891-4 "
     "8892-2 8893-0 40443-4 55425-3 68999-2 11328-2 69000-8 8886-4",
     "364075005"},
    {BASE "oxygensat",
     "2708-6 19224-5 20564-1 2709-4 2710-2 2713-6 51733-4 59408-5 59417-6 "
     "89276-0 97549-0",
     "431314004"},
    {BASE "bodytemp",
     "8310-5 60834-9 60835-6 60836-4 60838-0 60955-2 61009-7 75539-7 75987-8 "
     "76010-8 76011-6 76278-1 8309-7 8328-7 8329-5 8330-3 8331-1 8332-9 8333-7 "
     "8334-5 91371-5 98657-0 98663-8",
     "276885007 386725007"},
    {BASE "bodyheight", "8302-2 3137-7 3138-5 8306-3 8308-9", "50373000"},
    {BASE "headcircum", "9843-4 8287-5", "363812007"},
    {BASE "bodyweight", "29463-7 3141-9 3142-7 75292-3 79348-9 8350-1 8351-9",
     "27113001"},
    {BASE "bmi", "39156-5 89270-3", "60621009"},
    {BASE "bp", "85354-9 35094-2 8459-0 76534-7 55284-4 8480-6", "75367002"},
};

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = list; *p; p += strcspn(p, " ")) {
		p += *p == ' ';
		if (strcspn(p, " ") == n && n > 0 && memcmp(p, word, n) == 0)
			return true;
	}
	return false;
}

/* The coding that makes it a vital sign of that row. */
static const struct json *sign_coding(const struct json *code, size_t row)
{
	const struct json *v = json_first(json_get(code, "coding"));
	for (; v; v = json_next(v)) {
		const char *system = json_get_text(v, "system");
		const char *k = json_get_text(v, "code");
		if (!system || !k)
			continue;
		if ((strcmp(system, LOINC) == 0 &&
		     has_word(signs[row].loinc, k)) ||
		    (strcmp(system, SNOMED) == 0 &&
		     has_word(signs[row].snomed, k)))
			return v;
	}
	return NULL;
}

static bool is_named(const struct json *resource, const char *url)
{
	const struct json *v =
	    json_first(json_get(json_get(resource, "meta"), "profile"));
	for (; v; v = json_next(v)) {
		if (json_text(v) && strcmp(json_text(v), url) == 0)
			return true;
	}
	return false;
}

static void check_code(struct check *c, const struct spot *s, size_t row,
		       const char *url)
{
	const struct at here = {s->at, "code", -1};
	const struct json *code = json_get(s->value, "code");
	const char *want = say(c, "%.*s", (int)strcspn(signs[row].loinc, " "),
			       signs[row].loinc);

	if (c->dry || has_coding(code, LOINC, want))
		return;
	report(c, RULE_VITAL_CODE, &here, code, want,
	       say(c, "add a coding of LOINC with the code %s", want),
	       "magic LOINC code %s required, but not found (from %s). Note "
	       "that other Observation codes are allowed in addition to this "
	       "required magic code",
	       want, url);
}

void check_vital_signs(struct check *c, const struct spot *s)
{
	const struct json *coding = NULL;
	const struct json *code = json_get(s->value, "code");
	size_t row = 0;

	if (c->rules != RULES_CURRENT || c->p->version != FHIR_R4)
		return;
	for (; row < LEN(signs) && !coding; row++)
		coding = sign_coding(code, row);
	ref r = coding ? find_sd(c->p, signs[--row].url) : 0;
	if (!r)
		return;
	const struct sd *sd = rec_at(c->p, r);
	const char *url = signs[row].url, *title = text_at(c->p, sd->title);
	bool loinc = strcmp(json_get_text(coding, "system"), LOINC) == 0;

	report(c, RULE_VITAL_SIGN, s->at, s->value, NULL, NULL,
	       "Validate Observation against the %s profile (%s) which is "
	       "required by the FHIR specification because the %s code %.20s "
	       "was found",
	       title ? title : "", url, loinc ? "LOINC" : "SNOMED CT",
	       json_get_text(coding, "code"));
	check_code(c, s, row, url);
	if (!is_named(s->value, url))
		check_definition(c, r, s->value, s->at);
}
