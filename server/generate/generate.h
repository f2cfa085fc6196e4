/* SPDX-License-Identifier: Apache-2.0
 *
 * generate: plausible wellbeing data for any national profile, and mutants of
 * it that break one rule each.
 *
 * What the data looks like is data too: for each profile a plan
 * (fixtures/generate/NAME.json, NAME the last segment of its canonical URL)
 * says when resources are made, of which example resources
 * (fixtures/examples/NAME-min.json, NAME-max.json) they are copies, how their
 * values behave and which members take them. fixtures/README.md describes the
 * files. So a new profile is three files and no code.
 *
 * Deterministic: a resource depends on the seed, the citizen, the profile, the
 * day and its place in the day alone, never on what was made before it, on the
 * machine or on the real time.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "profile/profile.h"

struct generate_citizen {
	const char *hetu;
	const char *patient_id;
};

#define GENERATE_DAYS 36600 /* at most: a hundred years */

struct generate_options {
	uint64_t seed;
	int64_t until_ms; /* data is of the days before this one, in Finland */
	unsigned days;
	const struct generate_citizen *citizen;
	size_t citizen_count;
	/* Canonical URLs, their last segments, or what these are about, in both
	 * versions: "bodyweight"; none: all there are. */
	const char *const *profile;
	size_t profile_count;
	bool fhir[FHIR_VERSIONS]; /* which versions are wanted */
	/* Mutants instead: a rule ("KPHR-PROF-0012"), the key of an invariant
	 * ("PHR-2"), "all" that any validator refuses, "apart": the others, or
	 * "list": each there is; NULL: valid resources. Mutants are judged
	 * while they are looked for, by these definitions. */
	const char *invalid;
	const struct profiles *judge[FHIR_VERSIONS];
};

/* What a resource is made by. */
struct generate_plan {
	const char *profile; /* canonical URL */
	const char *type;    /* "Observation" */
	enum fhir_version fhir;
};

/* The one rule that a mutant breaks, and how. */
struct generate_mutation {
	const char *rule;  /* "KPHR-PROF-0012" */
	const char *key;   /* of an invariant, "PHR-2"; else NULL */
	const char *path;  /* where it is refused, "Observation.code" */
	const char *what;  /* what was done: "without Observation.code" */
	const char *apart; /* why it is not among "all"; NULL: it is */
};

struct generated {
	const struct generate_plan *plan;
	const struct generate_citizen *citizen;
	const struct generate_mutation *mutation; /* NULL: it is valid */
	const char *uuid; /* of its identifier; "" without one */
	const char *text; /* JSON, one line, good until the next one */
	size_t len;
};

struct generator;

/* The i-th plan there is; false behind the last. Plans come by FHIR version,
 * then by URL. False also with e set when a built-in file is broken, which a
 * test rules out. */
bool generate_plan(struct arena *a, size_t i, struct generate_plan *out,
		   struct err *e);

/* Lives in the arena, as must the options and what they point to. NULL with e
 * set (ERR_INVALID) when a profile is not among the plans (where: "profile",
 * the text names the nearest), the days reach too far back ("days") or no
 * mutant breaks the rule that is asked for ("invalid"). */
struct generator *
generate_open(struct arena *a, const struct generate_options *o, struct err *e);

/* How many there will be, for a progress bar. */
size_t generate_count(const struct generator *g);

/* The next one, by citizen and then in the order of time; false behind the
 * last. Of a mutation one mutant is made for each citizen. */
bool generate_next(struct generator *g, struct generated *out);

/* A uuid that is always the same for a name, and another one for each. */
void generate_uuid(char out[UUID_TEXT], const char *name);

#endif
