/* SPDX-License-Identifier: Apache-2.0
 *
 * display_kind: the kinds of data as people think of them.
 *
 * A citizen does not ask by which profile of which FHIR version a weight was
 * stored. So the profiles of both are one kind, known by a key and a title; a
 * new national profile is a row of the table. What names none of them (an
 * application's own profile, none at all) is of the last kind, and is called
 * what its code says.
 *
 * A shelf is what a citizen has of one kind, in order. All of them are made at
 * once, by one look at the index (store/glance.c); no resource is read.
 *
 * Facts: kanta.md sections 4 and 5; profiles/README.md.
 */
#include "record/display_int.h"

#include <string.h>

#define PHR "http://phr.kanta.fi/StructureDefinition/"

static const struct record_kind kinds[] = {
    {"bloodpressure",
     SAY("Blood pressure"),
     {PHR "fiphr-sd-bloodpressure", PHR "fiphr-bloodpressure-stu3"}},
    {"bodyweight",
     SAY("Weight"),
     {PHR "fiphr-sd-bodyweight", PHR "fiphr-bodyweight-stu3"}},
    {"bodyheight",
     SAY("Height"),
     {PHR "fiphr-sd-bodyheight", PHR "fiphr-bodyheight-stu3"}},
    {"bloodglucose",
     SAY("Blood glucose"),
     {PHR "fiphr-sd-bloodglucose", PHR "fiphr-bloodglucose-stu3"}},
    {"heartrate", SAY("Heart rate"), {PHR "fiphr-heartrate-stu3"}},
    {"bodytemperature",
     SAY("Body temperature"),
     {PHR "fiphr-bodytemperature-stu3"}},
    {"respiratoryrate",
     SAY("Respiratory rate"),
     {PHR "fiphr-respiratoryrate-stu3"}},
    {"pef", SAY("Peak expiratory flow"), {PHR "fiphr-pef-stu3"}},
    {"vitalsigns",
     SAY("Other vital signs"),
     {PHR "fiphr-sd-vitalsigns", PHR "fiphr-vitalsigns-stu3"}},
    {"stepstaken",
     SAY("Steps"),
     {PHR "fiphr-sd-stepstaken", PHR "fiphr-stepstaken-stu3"}},
    {"distance",
     SAY("Distance"),
     {PHR "fiphr-sd-distance", PHR "fiphr-distance-stu3"}},
    {"moderatetovigorouspatime",
     SAY("Brisk and strenuous activity"),
     {PHR "fiphr-sd-moderatetovigorouspatime",
      PHR "fiphr-moderatetovigorouspatime-stu3"}},
    {"exercisetracking",
     SAY("Exercise"),
     {PHR "fiphr-sd-exercisetracking", PHR "fiphr-sd-exercisetracking-stu3"}},
    {"metbystandardrmr",
     SAY("Metabolic equivalent (MET)"),
     {PHR "fiphr-sd-metbystandardrmr"}},
    {"caloriesburned",
     SAY("Calories burned"),
     {PHR "fiphr-caloriesburned-stu3"}},
    {"calorieintake",
     SAY("Calorie intake"),
     {PHR "fiphr-sd-calorieintake", PHR "fiphr-sd-calorieintake-stu3"}},
    {"macronutrientintake",
     SAY("Nutrients"),
     {PHR "fiphr-sd-macronutrientintake",
      PHR "fiphr-sd-macronutrientintake-stu3"}},
    {"fluidintake", SAY("Fluid intake"), {PHR "fiphr-sd-fluidintake-stu3"}},
    {"insulindosing",
     SAY("Insulin"),
     {PHR "fiphr-sd-insulindosing-r4", PHR "fiphr-sd-insulindosing-stu3"}},
    {"medicationadministration",
     SAY("Medicines taken"),
     {PHR "fiphr-medicationadministration-stu3"}},
    {"selfcareplan",
     SAY("Plans of self-care"),
     {PHR "fiphr-sd-selfcareplan-r4", PHR "fiphr-sd-selfcareplan-stu3"}},
    {"questionnaireresponse",
     SAY("Answers to questionnaires"),
     {PHR "fiphr-sd-questionnaireresponse-r4",
      PHR "fiphr-sd-questionnaireresponse-stu3"}},
    {"consent", SAY("Recorded consents"), {PHR "fiphr-consent-stu3"}},
    {"other", SAY("Other data"), {NULL}},
};
#define OTHER (LEN(kinds) - 1)

static const struct store_glance_type types[] = {
    {FHIR_STU3, "Observation", "date"},
    {FHIR_R4, "Observation", "date"},
    {FHIR_STU3, "MedicationAdministration", "effective-time"},
    {FHIR_R4, "MedicationAdministration", "effective-time"},
    {FHIR_STU3, "MedicationStatement", "effective"},
    {FHIR_STU3, "CarePlan", "date"},
    {FHIR_R4, "CarePlan", "date"},
    {FHIR_STU3, "QuestionnaireResponse", "authored"},
    {FHIR_R4, "QuestionnaireResponse", "authored"},
    {FHIR_STU3, "Consent", "date"},
};

const struct record_kind *record_kind_at(size_t i)
{
	return i < LEN(kinds) ? &kinds[i] : NULL;
}

const struct record_kind *record_kind_find(const char *key)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (strcmp(kinds[i].key, key) == 0)
			return &kinds[i];
	return NULL;
}

const struct record_kind *record_kind_of(const char *profile)
{
	for (size_t i = 0; i < OTHER * RECORD_KIND_PROFILES; i++) {
		const struct record_kind *k = &kinds[i / RECORD_KIND_PROFILES];

		if (text_is(profile, k->profile[i % RECORD_KIND_PROFILES]))
			return k;
	}
	return &kinds[OTHER];
}

/* ---- shelves --------------------------------------------------------- */

/* The profiles of all kinds, and whose each is. */
struct profile_names {
	const char *url[LEN(kinds) * RECORD_KIND_PROFILES];
	size_t kind[LEN(kinds) * RECORD_KIND_PROFILES];
	size_t n;
};

static void name_profiles(struct profile_names *p)
{
	p->n = 0;
	for (size_t i = 0; i < LEN(kinds) * RECORD_KIND_PROFILES; i++) {
		size_t kind = i / RECORD_KIND_PROFILES;
		const char *url = kinds[kind].profile[i % RECORD_KIND_PROFILES];

		if (url == NULL)
			continue;
		p->kind[p->n] = kind;
		p->url[p->n++] = url;
	}
}

static size_t kind_of(const struct profile_names *p,
		      const struct store_glance *g)
{
	return g->word == STORE_GLANCE_NONE ? OTHER : p->kind[g->word];
}

size_t record_shelves(struct record *r, struct arena *a, const char *patient,
		      struct record_shelf **out)
{
	struct record_shelf *s = arena_alloc(a, LEN(kinds) * sizeof(*s));
	struct profile_names p;
	struct store_glance *all;
	size_t shelves = 0;

	name_profiles(&p);
	size_t n = store_glance(r->store, a, patient, types, LEN(types), p.url,
				p.n, &all);
	struct store_glance *v = arena_alloc(a, (n + 1) * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		s[kind_of(&p, &all[i])].n++;
	for (size_t k = 0; k < LEN(kinds); v += s[k].n, k++)
		s[k] = (struct record_shelf){&kinds[k], v, s[k].n};
	for (size_t k = 0; k < LEN(kinds); k++)
		s[k].n = 0;
	for (size_t i = 0; i < n; i++) {
		struct record_shelf *to = &s[kind_of(&p, &all[i])];
		to->v[to->n++] = all[i];
	}
	for (size_t k = 0; k < LEN(kinds); k++)
		if (s[k].n > 0)
			s[shelves++] = s[k];
	*out = s;
	return shelves;
}
