/* SPDX-License-Identifier: Apache-2.0
 *
 * types: which resource types each FHIR base serves, with which interactions
 * and search parameters.
 *
 * One table is the source of indexing, of search, of the CapabilityStatement
 * and of the list in "Server knows how to handle". It holds what works: a type
 * comes in together with its national profile, an interaction together with its
 * code. The parameters are those of the service's capability statement.
 *
 * A parameter "patient" also says whose a resource is: see put.c.
 *
 * Facts: kanta.md 4.1.
 */
#include "record/record_int.h"

#include <string.h>

#define STU3 (1u << FHIR_STU3)
#define R4   (1u << FHIR_R4)

static const struct record_param patient_params[] = {
    {.name = "_id",
     .kind = INDEX_TOKEN,
     .fhir_type = "token",
     .what = "The id of the Patient"},
    {.name = NULL},
};

static const struct record_param observation_params[] = {
    {.name = "_id",
     .kind = INDEX_TOKEN,
     .fhir_type = "token",
     .what = "The id of the Observation"},
    {.name = "_lastUpdated",
     .kind = INDEX_DATE,
     .fhir_type = "date",
     .what = "When this version was stored"},
    {.name = "category",
     .kind = INDEX_TOKEN,
     .path = "category",
     .fhir_type = "token",
     .what = "Observation.category: [code] or [system]|[code]"},
    {.name = "code",
     .kind = INDEX_TOKEN,
     .path = "code",
     .fhir_type = "token",
     .default_system = "http://loinc.org",
     .what = "Observation.code: [code] or [system]|[code]; with several codes "
	     "and no system, http://loinc.org is meant"},
    {.name = "date",
     .kind = INDEX_DATE,
     .path = "effective[x]",
     .fhir_type = "date",
     .what = "Observation.effective[x]; of a period, a date that falls in it"},
    {.name = "identifier",
     .kind = INDEX_TOKEN,
     .path = "identifier",
     .fhir_type = "token",
     .what = "Observation.identifier: [value] or [system]|[value]"},
    {.name = "patient",
     .kind = INDEX_REFERENCE,
     .mandatory = true,
     .path = "subject",
     .fhir_type = "reference",
     .what = "Observation.subject; mandatory search parameter"},
    {.name = NULL},
};

static const struct record_type types[] = {
    {"Observation", STU3 | R4, IA_READ | IA_VREAD | IA_CREATE | IA_SEARCH,
     observation_params, "Measurements of a citizen"},
    {"Patient", STU3 | R4, IA_READ | IA_VREAD | IA_SEARCH, patient_params,
     "A citizen, by pseudonym alone; made when he or she first logs in"},
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
