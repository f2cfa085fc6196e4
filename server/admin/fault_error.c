/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors by their names: which status belongs to them, and where they can be
 * told.
 *
 * OAuth: RFC 6749 4.1.2.1 (through the browser) and 5.2 (to programs), RFC 6750
 * 3.1 (resources), RFC 7009 2.2.1, RFC 7591 3.2.2, OpenID Connect Core 3.1.2.6.
 * FHIR: the codes of IssueType that a server can be thought to answer with, and
 * the status of each (R4 3.1.0.1.5; where it says nothing, HAPI's). Of a status
 * the first row with it is the code.
 *
 * The names that the SMART launcher has for simulated errors stand for whole
 * actions (stand-in.md 2.2).
 */
#include "admin/fault_int.h"

static const struct fault_oauth_error errors[] = {
    {"invalid_request", 400, true, true,
     "The request is missing a parameter, or malformed"},
    {"invalid_client", 401, false, false,
     "The application is unknown or its credentials are wrong"},
    {"invalid_grant", 400, false, false,
     "The code or the refresh token is unknown, was used before or has "
     "expired"},
    {"unauthorized_client", 400, true, false,
     "The application may not do that"},
    {"unsupported_grant_type", 400, false, false,
     "The grant_type is not supported"},
    {"unsupported_response_type", 400, true, false,
     "The response_type is not supported"},
    {"invalid_scope", 400, true, false,
     "The scope is unknown, malformed or more than may be had"},
    {"access_denied", 400, true, false, "User denied access"},
    {"server_error", 500, true, false,
     "The server met an unexpected condition"},
    {"temporarily_unavailable", 503, true, false,
     "The server is overloaded or under maintenance"},
    {"invalid_token", 401, false, true, "The access token expired"},
    {"insufficient_scope", 403, false, true,
     "The token's scope does not hold what is needed"},
    {"unsupported_token_type", 400, false, false,
     "Tokens of this kind cannot be revoked"},
    {"invalid_redirect_uri", 400, false, false,
     "A redirect_uri is not acceptable"},
    {"invalid_client_metadata", 400, false, false,
     "The registration is not acceptable"},
    {"invalid_target", 400, true, false, "The resource is unknown"},
    {"login_required", 400, true, false, "The citizen is not logged in"},
    {"interaction_required", 400, true, false, "The citizen has to be asked"},
    {"consent_required", 400, true, false, "The citizen has to consent"},
    {"account_selection_required", 400, true, false,
     "The citizen has to choose"},
};

const struct fault_oauth_error *fault_oauth_error(size_t i)
{
	return i < LEN(errors) ? &errors[i] : NULL;
}

const struct fault_oauth_error *fault_oauth_error_find(const char *error)
{
	for (size_t i = 0; error && i < LEN(errors); i++)
		if (strcmp(errors[i].error, error) == 0)
			return &errors[i];
	return NULL;
}

static const struct fault_outcome outcomes[] = {
    {"invalid", 400},	    {"structure", 400},
    {"required", 400},	    {"value", 400},
    {"invariant", 422},	    {"login", 401},
    {"expired", 401},	    {"unknown", 401},
    {"forbidden", 403},	    {"security", 403},
    {"suppressed", 403},    {"not-found", 404},
    {"not-supported", 405}, {"conflict", 409},
    {"duplicate", 409},	    {"deleted", 410},
    {"too-long", 413},	    {"processing", 422},
    {"business-rule", 422}, {"code-invalid", 422},
    {"extension", 422},	    {"multiple-matches", 412},
    {"throttled", 429},	    {"exception", 500},
    {"no-store", 500},	    {"incomplete", 500},
    {"transient", 503},	    {"lock-error", 503},
    {"timeout", 504},	    {"too-costly", 403},
};

const struct fault_outcome *fault_outcome(size_t i)
{
	return i < LEN(outcomes) ? &outcomes[i] : NULL;
}

int fault_outcome_status(const char *code)
{
	for (size_t i = 0; i < LEN(outcomes); i++)
		if (strcmp(outcomes[i].code, code) == 0)
			return outcomes[i].status;
	return 500;
}

const char *fault_outcome_of(int status)
{
	for (size_t i = 0; i < LEN(outcomes); i++)
		if (outcomes[i].status == status)
			return outcomes[i].code;
	return status >= 500 ? "exception" : "processing";
}

static const struct fault_alias aliases[] = {
    {"auth_invalid_client_id", "authorize", "{\"refuse\":\"client_id\"}"},
    {"auth_invalid_redirect_uri", "authorize", "{\"refuse\":\"redirect_uri\"}"},
    {"auth_invalid_scope", "authorize", "{\"oauth_error\":\"invalid_scope\"}"},
    {"auth_invalid_client_secret", "token",
     "{\"oauth_error\":\"invalid_client\"}"},
    {"token_invalid_token", "token", "{\"oauth_error\":\"invalid_grant\"}"},
    {"token_expired_refresh_token", "token", "{\"expire_token\":true}"},
    {"token_expired_registration_token", "token",
     "{\"oauth_error\":\"invalid_client\"}"},
    {"token_invalid_scope", "token", "{\"oauth_error\":\"invalid_scope\"}"},
    {"token_invalid_jti", "token", "{\"oauth_error\":\"invalid_client\"}"},
    {"request_invalid_token", "fhir", "{\"oauth_error\":\"invalid_token\"}"},
    {"request_expired_token", "fhir", "{\"expire_token\":true}"},
};

const struct fault_alias *fault_alias(size_t i)
{
	return i < LEN(aliases) ? &aliases[i] : NULL;
}
