/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_apart.c: mutants that are refused here and not by the HL7 validator of
 * the service's time, with the official package: they are not among "all", so
 * that "all" is what both refuse. Asked for by their rule they are made like
 * any other, and "list" says why they are apart.
 *
 * There are four kinds. What the service alone can know: whom a reference
 * leads to, and that a national profile must be named. What its parser refuses
 * before a validator sees it. What FHIR or the national profiles forbid in
 * words, while the validator looks elsewhere. And years, which were an error
 * in the service's time and a warning ever since.
 *
 * A row is only added for what that validator was seen to accept
 * (tests/conformance/generated.py); fixtures/README.md has the same rows in
 * words.
 */
#include "generate/mutant_int.h"

#define FOLLOWS	 "the server's to check: a validator follows no reference"
#define PROFILE	 "only the service demands a national profile that it knows"
#define OPEN	 "a validator takes the slicing by type to be open"
#define SNAPSHOT "the published snapshot has lost it (setting snapshot_literal)"
#define NO_URL	 "a validator does not look for it at Extension.url"

static const struct apart {
	const char *rule;    /* or an invariant's key */
	const char *profile; /* last segment; NULL: any */
	const char *what;    /* part of what was done; "": anything */
	const char *why;
} apart[] = {
    {"KPHR-PROF-0009", NULL, "",
     "the JSON format forbids it; a validator skips what is empty"},
    {"KPHR-PROF-0014", NULL, "without url", NO_URL},
    {"KPHR-PROF-0014", NULL, "].url", NO_URL},
    {"KPHR-PROF-0015", "fiphr-sd-bloodpressure", "Observation.hasMember",
     SNAPSHOT},
    {"KPHR-PROF-0015", "fiphr-sd-bodyweight", "Observation.hasMember",
     SNAPSHOT},
    {"KPHR-PROF-0016", "fiphr-sd-bloodglucose", "Observation.effective", OPEN},
    {"KPHR-PROF-0016", "fiphr-sd-bloodpressure", "Observation.effective", OPEN},
    {"KPHR-PROF-0016", "fiphr-sd-bloodpressure", "with Observation.value",
     OPEN},
    {"KPHR-PROF-0016", "fiphr-sd-bodyweight", "Observation.effective", OPEN},
    {"KPHR-PROF-0034", NULL, " has an id with",
     "R4 calls Resource.id a string, to a validator"},
    {"KPHR-PROF-0034", NULL, ".id is",
     "R4 calls Resource.id a string, to a validator"},
    {"KPHR-PROF-0036", NULL, "",
     "an error in the service's time, a warning in later validators"},
    {"KPHR-PROF-0051", NULL, "", FOLLOWS},
    {"KPHR-PROF-0052", NULL, "reference is", FOLLOWS},
    {"KPHR-PROF-0059", NULL, "without </div>",
     "the parser's to refuse: a validator closes it at the end"},
    {"KPHR-PROF-0062", NULL, "",
     "FHIR demands content in words; a validator counts the div"},
    {"KPHR-PROF-0063", NULL, "", PROFILE},
    {"KPHR-PROF-0064", NULL, "", PROFILE},
    {"KPHR-PROF-0068", NULL, "", FOLLOWS},
    {"KPHR-PROF-0069", NULL, "",
     "FHIR forbids it in words; the pattern of a string does not"},
    {"KPHR-PROF-0143", NULL, "",
     "FHIR forbids scripts in words; a validator takes any link"},
    {"vs-1", NULL, "", "a validator measures another text of the time"},
    {"que-13", NULL, "].item[",
     "a validator does not look at invariants of items within items"},
};

static bool is_of(const struct apart *row, const struct generate_mutation *m,
		  const char *profile)
{
	const char *name = strrchr(profile, '/');

	return (strcmp(row->rule, m->rule) == 0 ||
		text_is(m->key, row->rule)) &&
	       (!row->profile ||
		strcmp(row->profile, name ? name + 1 : profile) == 0) &&
	       strstr(m->what, row->what);
}

const char *mutant_apart(const struct generate_mutation *m, const char *profile)
{
	for (size_t i = 0; i < LEN(apart); i++)
		if (is_of(&apart[i], m, profile))
			return apart[i].why;
	return NULL;
}
