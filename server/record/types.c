/* SPDX-License-Identifier: Apache-2.0
 *
 * types: which resource types each FHIR base serves, with which interactions
 * and search parameters.
 *
 * One table is the source of indexing, of search, of the CapabilityStatement
 * and of the list in "Server knows how to handle". It holds what works: an
 * interaction comes in together with its code. The parameters are those of the
 * service's capability statement; the first row of each list, _security, is
 * STU3's alone, so R4 begins behind it.
 *
 * The path of the owner says whose a resource is: see owner.c. Questionnaires
 * and definitions have none: they belong to nobody, and everybody who has the
 * scope reads them.
 *
 * Facts: kanta.md 4.1.
 */
#include "record/record_int.h"

#include <string.h>

#define STU3 (1u << FHIR_STU3)
#define R4   (1u << FHIR_R4)
#define ALL                                                                    \
	(IA_READ | IA_VREAD | IA_CREATE | IA_SEARCH | IA_UPDATE | IA_DELETE |  \
	 IA_HISTORY)

/* ---- search parameters ------------------------------------------------ */

#define INSULIN "http://phr.kanta.fi/CodeSystem/fiphr-cs-insulincode"
#define FORMS	": [code] or [system]|[code]"

#define ROW(name_, type_, what_)                                               \
	{                                                                      \
		.name = (name_), .type = (type_), .what = (what_)              \
	}
#define TOKEN(name_, what_)	ROW(name_, PARAM_TOKEN, what_)
#define DATE(name_, what_)	ROW(name_, PARAM_DATE, what_)
#define REFERENCE(name_, what_) ROW(name_, PARAM_REFERENCE, what_)
#define URI(name_, what_)	ROW(name_, PARAM_URI, what_)

#define ROW_SECURITY                                                           \
	TOKEN("_security", "Whether viewing the resource is restricted" FORMS)
#define ROW_ID(type) TOKEN("_id", "The id of the " type)
#define ROWS_COMMON(type)                                                      \
	ROW_SECURITY, ROW_ID(type),                                            \
	    DATE("_lastUpdated", "When this version was stored"),              \
	    TOKEN("_total",                                                    \
		  "none: the answer does without the number of matches")
#define ROW_IDENTIFIER(type)                                                   \
	TOKEN("identifier", type ".identifier: [value] or [system]|[value]")
#define ROW_PATIENT(of_, path_)                                                \
	{                                                                      \
		.name = "patient", .type = PARAM_REFERENCE, .mandatory = true, \
		.what = of_ "." path_ "; mandatory search parameter"           \
	}
#define ROW_END                                                                \
	{                                                                      \
		.name = NULL                                                   \
	}

static const struct record_param patient_params[] = {
    ROW_ID("Patient"),
    ROW_END,
};

static const struct record_param observation_params[] = {
    ROWS_COMMON("Observation"),
    TOKEN("category", "Observation.category" FORMS),
    {.name = "code",
     .type = PARAM_TOKEN,
     .default_system = "http://loinc.org",
     .what = "Observation.code" FORMS "; with several codes and no system, "
	     "http://loinc.org is meant"},
    DATE("date",
	 "Observation.effective[x]; of a period, a date that falls in it"),
    ROW_IDENTIFIER("Observation"),
    ROW_PATIENT("Observation", "subject"),
    ROW_END,
};

static const struct record_param administration_params[] = {
    ROWS_COMMON("MedicationAdministration"),
    {.name = "code",
     .type = PARAM_TOKEN,
     .default_system = INSULIN,
     .what = "MedicationAdministration.medicationCodeableConcept" FORMS
	     "; with several codes and no system, " INSULIN " is meant"},
    DATE("effective-time", "MedicationAdministration.effective[x]"),
    ROW_IDENTIFIER("MedicationAdministration"),
    ROW_PATIENT("MedicationAdministration", "subject"),
    ROW_END,
};

static const struct record_param plan_params[] = {
    ROWS_COMMON("CarePlan"),
    TOKEN("category", "CarePlan.category" FORMS),
    DATE("date", "CarePlan.period; a date that falls in it"),
    ROW_IDENTIFIER("CarePlan"),
    REFERENCE("patient", "CarePlan.subject"),
    TOKEN("status", "CarePlan.status"),
    {.name = "supporting-info",
     .type = PARAM_REFERENCE,
     .expression = "CarePlan.supportingInfo",
     .target = "QuestionnaireResponse",
     .what = "CarePlan.supportingInfo"},
    ROW_END,
};

static const struct record_param questionnaire_params[] = {
    ROWS_COMMON("Questionnaire"),
    {.name = "code",
     .type = PARAM_TOKEN,
     .expression = "Questionnaire.code | Questionnaire.repeat(item).code",
     .what = "A code that corresponds to the questionnaire or one of its "
	     "groups" FORMS},
    ROW_IDENTIFIER("Questionnaire"),
    URI("url", "Questionnaire.url"),
    ROW_END,
};

static const struct record_param response_params[] = {
    ROWS_COMMON("QuestionnaireResponse"),
    DATE("authored", "QuestionnaireResponse.authored"),
    ROW_IDENTIFIER("QuestionnaireResponse"),
    ROW_PATIENT("QuestionnaireResponse", "subject"),
    REFERENCE("questionnaire",
	      "QuestionnaireResponse.questionnaire: the url of a "
	      "Questionnaire, with or without |version, or Questionnaire/[id]"),
    ROW_END,
};

/* STU3's drafts; what could be searched for is not told (kanta.md 4.1), so it
 * is what all types have. */
static const struct record_param consent_params[] = {
    ROWS_COMMON("Consent"),
    ROW_IDENTIFIER("Consent"),
    ROW_PATIENT("Consent", "patient"),
    ROW_END,
};

static const struct record_param statement_params[] = {
    ROWS_COMMON("MedicationStatement"),
    ROW_IDENTIFIER("MedicationStatement"),
    ROW_PATIENT("MedicationStatement", "subject"),
    ROW_END,
};

static const struct record_param definition_params[] = {
    ROW_ID("definition"),
    URI("url", "The canonical URL by which it is known"),
    ROW_END,
};

/* ---- types ------------------------------------------------------------ */

/* A citizen's, or (owner NULL) nobody's, in both bases; of the parameters, R4
 * has those behind _security. */
#define BOTH(type_, params_, owner_, what_)                                    \
	{.type = (type_),                                                      \
	 .fhir = STU3,                                                         \
	 .interactions = ALL,                                                  \
	 .param = (params_),                                                   \
	 .owner = (owner_),                                                    \
	 .shared = (owner_) == NULL,                                           \
	 .what = (what_)},                                                     \
	{                                                                      \
		.type = (type_), .fhir = R4, .interactions = ALL,              \
		.param = (params_) + 1, .owner = (owner_),                     \
		.shared = (owner_) == NULL, .what = (what_)                    \
	}
/* Of FHIR itself. The service keeps its own, so nobody deletes one. */
#define DEFINITION(type_, what_)                                               \
	{                                                                      \
		.type = (type_), .fhir = STU3 | R4,                            \
		.interactions = ALL & ~(unsigned)IA_DELETE,                    \
		.param = definition_params, .shared = true,                    \
		.definition = true, .what = (what_)                            \
	}

static const struct record_type types[] = {
    BOTH("CarePlan", plan_params, "subject",
	 "A citizen's own plan of care, completed"),
    DEFINITION("CodeSystem", "Codes and what they mean"),
    {.type = "Consent",
     .fhir = STU3,
     .interactions = ALL,
     .param = consent_params,
     .owner = "patient",
     .what = "What a citizen lets providers of care see; a draft"},
    BOTH("MedicationAdministration", administration_params, "subject",
	 "Doses that a citizen took, insulin above all"),
    {.type = "MedicationStatement",
     .fhir = STU3,
     .interactions = ALL,
     .param = statement_params,
     .owner = "subject",
     .what = "What medicines a citizen takes; a draft"},
    BOTH("Observation", observation_params, "subject",
	 "Measurements of a citizen"),
    {.type = "Patient",
     .fhir = STU3 | R4,
     .interactions = ALL & ~(unsigned)IA_DELETE,
     .param = patient_params,
     .what = "A citizen, by pseudonym alone; made when he or she first logs "
	     "in"},
    BOTH("Questionnaire", questionnaire_params, NULL,
	 "Questions; they belong to no citizen"),
    BOTH("QuestionnaireResponse", response_params, "subject",
	 "A citizen's answers"),
    DEFINITION("StructureDefinition",
	       "A profile: what a resource may hold and what it must"),
    DEFINITION("ValueSet", "Codes to choose from"),
};

const struct record_type *record_type_at(enum fhir_version v, size_t i)
{
	for (size_t at = 0; at < LEN(types); at++) {
		if ((types[at].fhir & (1u << v)) == 0)
			continue;
		if (i-- == 0)
			return &types[at];
	}
	return NULL;
}

const struct record_type *record_type_find(enum fhir_version v,
					   const char *type)
{
	for (size_t at = 0; at < LEN(types); at++) {
		if ((types[at].fhir & (1u << v)) != 0 &&
		    strcmp(types[at].type, type) == 0)
			return &types[at];
	}
	return NULL;
}

const struct record_type *record_type_get(struct arena *a, enum fhir_version v,
					  const char *type, struct err *e)
{
	const struct record_type *t = record_type_find(v, type);
	struct buf known;

	if (t != NULL)
		return t;
	buf_init(&known, a);
	for (size_t i = 0; (t = record_type_at(v, i)) != NULL; i++)
		buf_printf(&known, "%s%s", i == 0 ? "" : ", ", t->type);
	err_set(e, ERR_NOT_FOUND, "not-supported", NULL,
		"Unknown resource type '%.64s' - Server knows how to handle: "
		"[%s]",
		type, known.p);
	return NULL;
}
