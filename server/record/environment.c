/* SPDX-License-Identifier: Apache-2.0
 *
 * environment: the environments of the service that the server can be, as one
 * table: what is there in each, and which switches differ from the defaults of
 * settings.c. What the user sets by name wins over a preset.
 *
 * The sandbox that asks for no token (sandbox-open) holds the same data as the
 * one that does: in both its bases are reachable below /open as well. Only the
 * sandboxes let applications store definitions and Questionnaires. Production
 * has no R4 as far as is known.
 *
 * Facts: kanta.md sections 2, 2.3, 4.1, 9; stand-in.md 9.1.
 */
#include "record/record_int.h"

#include <assert.h>
#include <string.h>

#define STATEMENT_STU3 "http://phr.kanta.fi/capabilitystatement"
#define STATEMENT_R4   "http://phr.kanta.fi/capabilitystatementR4"
#define STATEMENT_TEST "http://phr.kanta.fi/capabilitystatementATR4"

static const char *const sandbox_open[][2] = {
    {"profile_required", "not-patient"},
    {NULL, NULL},
};
static const char *const sandbox[][2] = {{NULL, NULL}};
static const char *const strict[][2] = {
    {"allow_test_profiles", "off"},
    {"store_questionnaires", "off"},
    {NULL, NULL},
};

static const struct environment environments[] = {
    {"sandbox-open",
     true,
     true,
     true,
     {STATEMENT_STU3, STATEMENT_R4},
     sandbox_open},
    {"sandbox", true, false, true, {STATEMENT_STU3, STATEMENT_R4}, sandbox},
    {"client-test",
     false,
     false,
     true,
     {STATEMENT_STU3, STATEMENT_TEST},
     strict},
    {"production", false, false, false, {STATEMENT_STU3, NULL}, strict},
};

const struct environment *environment_at(size_t i)
{
	return i < LEN(environments) ? &environments[i] : NULL;
}

const struct environment *environment_find(const char *name)
{
	for (size_t i = 0; i < LEN(environments); i++)
		if (strcmp(environments[i].name, name) == 0)
			return &environments[i];
	return NULL;
}

void environment_apply(const struct environment *env, struct settings *s)
{
	struct err e;

	for (const char *const(*p)[2] = env->preset; (*p)[0] != NULL; p++) {
		bool known = settings_set(s, (*p)[0], (*p)[1], &e);

		assert(known);
		(void)known;
	}
}
