/* SPDX-License-Identifier: Apache-2.0
 *
 * The refusals of the token endpoint, as clients of the stock software know
 * them (oauth.md 5.1 and 5.4, column kanta): one row each.
 *
 * Some messages show the value that was presented. In the body it is a JSON
 * string like any other; in the WWW-Authenticate header only printable ASCII
 * without quotes and backslashes is left of it, since there it would be an
 * injection.
 */
#include "oauth/oauth_int.h"

#include <assert.h>
#include <string.h>

/* Which WWW-Authenticate goes with it. */
enum challenge {
	NONE,
	FORM,  /* the filter that reads credentials from the form */
	REALM, /* the entry point of the whole server */
	PLAIN  /* the endpoint itself */
};

static const struct {
	enum err_kind kind;
	enum challenge challenge;
	const char *code;
	const char *text;
	bool shows_value;
} refusals[REFUSALS] = {
    [REFUSE_NO_CREDENTIALS] =
	{ERR_UNAUTHORIZED, REALM, "unauthorized",
	 "Full authentication is required to access this resource", false},
    [REFUSE_BAD_BASIC] = {ERR_UNAUTHORIZED, REALM, "unauthorized",
			  "Bad credentials", false},
    [REFUSE_BAD_FORM] = {ERR_UNAUTHORIZED, FORM, "invalid_client",
			 "Bad client credentials", false},
    [REFUSE_OTHER_CLIENT_ID] =
	{ERR_UNAUTHORIZED, PLAIN, "invalid_client",
	 "Given client ID does not match authenticated client", false},
    [REFUSE_NO_GRANT_TYPE] = {ERR_INVALID, NONE, "invalid_request",
			      "Missing grant type", false},
    [REFUSE_IMPLICIT] =
	{ERR_INVALID, NONE, "invalid_grant",
	 "Implicit grant type not supported from token endpoint", false},
    [REFUSE_GRANT_TYPE] = {ERR_INVALID, NONE, "unsupported_grant_type",
			   "Unsupported grant type", false},
    [REFUSE_GRANT_NOT_ALLOWED] = {ERR_UNAUTHORIZED, PLAIN, "invalid_client",
				  "Unauthorized grant type", false},
    [REFUSE_NO_CODE] = {ERR_INVALID, NONE, "invalid_request",
			"An authorization code must be supplied.", false},
    [REFUSE_CODE] =
	{ERR_INVALID, NONE, "invalid_grant",
	 "JpaAuthorizationCodeRepository: no authorization code found for "
	 "value ",
	 true},
    [REFUSE_REDIRECT] = {ERR_INVALID, NONE, "invalid_grant",
			 "Redirect URI mismatch.", false},
    [REFUSE_CODE_OF_OTHER] = {ERR_UNAUTHORIZED, PLAIN, "invalid_client",
			      "Client ID mismatch", false},
    [REFUSE_VERIFIER] = {ERR_INVALID, NONE, "invalid_request",
			 "Code challenge and verifier do not match", false},
    [REFUSE_NO_REFRESH_TOKEN] = {ERR_INVALID, NONE, "invalid_request",
				 "refresh_token parameter not provided", false},
    [REFUSE_REFRESH_TOKEN] = {ERR_UNAUTHORIZED, PLAIN, "invalid_token",
			      "Invalid refresh token: ", true},
    [REFUSE_REFRESH_OF_OTHER] =
	{ERR_UNAUTHORIZED, PLAIN, "invalid_client",
	 "Client does not own the presented refresh token", false},
    [REFUSE_UPSCOPING] = {ERR_INVALID, NONE, "invalid_scope",
			  "Up-scoping is not allowed.", false},
    [REFUSE_CONTENT_TYPE] =
	{ERR_INVALID, NONE, "invalid_request",
	 "The body must be application/x-www-form-urlencoded", false},
};

static const char *const challenges[] = {
    [FORM] = "Form realm=\"oauth\", ",
    [REALM] = "Bearer realm=\"openidconnect\", ",
    [PLAIN] = "Bearer ",
};

const char *oauth_header_text(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, a);
	for (; *text != '\0'; text++)
		if (*text >= ' ' && *text <= '~' && *text != '"' &&
		    *text != '\\')
			buf_putc(&b, *text);
	return b.p;
}

bool oauth_refusal(struct rq *rq, enum oauth_refusal which, const char *value)
{
	assert(refusals[which].code != NULL);
	if (!refusals[which].shows_value || value == NULL)
		value = "";
	err_set(&rq->err, refusals[which].kind, refusals[which].code, NULL,
		"%s%s", refusals[which].text, value);
	if (refusals[which].challenge != NONE)
		rq_header(rq, "WWW-Authenticate",
			  "%serror=\"%s\", error_description=\"%s\"",
			  challenges[refusals[which].challenge],
			  refusals[which].code,
			  oauth_header_text(rq->arena, rq->err.text));
	return false;
}
