/* SPDX-License-Identifier: Apache-2.0
 *
 * environment: the environments of the service that the server can be, as one
 * table: what is there in each, and which switches differ from the defaults of
 * settings.c. What the user sets by name wins over a preset.
 *
 * The sandbox that asks for no token (sandbox-open) holds the same data as the
 * one that does: in both its bases are reachable below /open as well. Only the
 * sandboxes let applications store definitions and Questionnaires. Production
 * has no R4 as far as is known. Beside the environments stand the two
 * behaviours of the authorization server, which can be combined with any of
 * them.
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
    {"public_clients", "off"},
    {"terms", "on"},
    {NULL, NULL},
};

/* oauth.md section 1, column strict */
static const char *const strict_oauth[][2] = {
    {"oauth_errors", "rfc"},
    {"authorize_order", "request-first"},
    {"refresh_rotation", "rotate"},
    {"refresh_idle_d", "90"},
    {"refresh_absolute_d", "365"},
    {"code_s", "60"},
    {"consent_form_s", "600"},
    {"code_replay_revokes", "on"},
    {"foreign_code", "kept"},
    {"foreign_refresh_token", "kept"},
    {"pkce_methods", "S256"},
    {"pkce_required", "public"},
    {"pkce_downgrade_check", "on"},
    {"iss_parameter", "on"},
    {"issuer_trailing_slash", "off"},
    {"duplicate_parameters", "reject"},
    {"two_auth_methods", "reject"},
    {"credentials_in_query", "off"},
    {"introspection_needs_permission", "off"},
    {"introspection_answer", "rfc"},
    {"rfc8414_document", "on"},
    {"registration_nulls", "off"},
    {"bind_tokens", "on"},
    {NULL, NULL},
};

static const struct {
	const char *name;
	const char *const (*preset)[2];
} behaviours[] = {{"kanta", sandbox}, {"strict", strict_oauth}};

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

const struct environment *environment_find(const char *name)
{
	for (size_t i = 0; i < LEN(environments); i++)
		if (strcmp(environments[i].name, name) == 0)
			return &environments[i];
	return NULL;
}

static void apply(const char *const (*preset)[2], struct settings *s)
{
	struct err e;

	for (const char *const(*p)[2] = preset; (*p)[0] != NULL; p++) {
		bool known = settings_set(s, (*p)[0], (*p)[1], &e);

		assert(known);
		(void)known;
	}
}

void environment_apply(const struct environment *env, struct settings *s)
{
	apply(env->preset, s);
}

bool oauth_behaviour_apply(const char *name, struct settings *s)
{
	for (size_t i = 0; i < LEN(behaviours); i++) {
		if (strcmp(behaviours[i].name, name) != 0)
			continue;
		apply(behaviours[i].preset, s);
		return true;
	}
	return false;
}
