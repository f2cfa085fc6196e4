/* SPDX-License-Identifier: Apache-2.0
 *
 * The refusals of the token endpoint and of what else applications call with
 * their credentials: one row each, in both wordings that the switch
 * oauth_errors knows (oauth.md 5.1, 5.3, 5.4).
 *
 * mitreid: as clients of the stock software know them, odd codes and
 * challenges included. rfc: the codes of RFC 6749 5.2. There a challenge goes
 * with credentials of the Authorization header alone (and when there were no
 * credentials at all): libraries that see one do not read the OAuth error
 * beside it.
 *
 * Some stock messages show the value that was presented. In the body it is a
 * JSON string like any other; in the WWW-Authenticate header only printable
 * ASCII without quotes and backslashes is left of it, since there it would be
 * an injection. Where that value is a token or a code, the error says from
 * where on its text is secret.
 *
 * Before the client is known the server's settings decide, so that the wording
 * cannot tell whether it exists; behind that the client's own.
 */
#include "oauth/oauth_int.h"

#include <assert.h>
#include <string.h>

/* Which WWW-Authenticate goes with it. */
enum challenge {
	NONE,
	FORM,  /* the filter that reads credentials from the form */
	REALM, /* the entry point of the whole server */
	PLAIN, /* the endpoint itself */
	BASIC, /* RFC 7617, without an error */
	TOKEN, /* RFC 6750, without an error: there was no token */
	BAD_TOKEN
};

struct wording {
	enum err_kind kind;
	enum challenge challenge;
	const char *code;
	const char *text;
	bool shows_value;
};

#define WHO ERR_UNAUTHORIZED
#define BAD ERR_INVALID

static const struct {
	struct wording mitreid, rfc;
} refusals[REFUSALS] = {
    [REFUSE_NO_CREDENTIALS] =
	{{WHO, REALM, "unauthorized",
	  "Full authentication is required to access this resource", false},
	 {WHO, BASIC, "invalid_client",
	  "The application must authenticate itself: send its client_id and "
	  "client_secret",
	  false}},
    [REFUSE_BAD_BASIC] =
	{{WHO, REALM, "unauthorized", "Bad credentials", false},
	 {WHO, BASIC, "invalid_client",
	  "The application is unknown or its credentials are wrong", false}},
    [REFUSE_BAD_FORM] =
	{{WHO, FORM, "invalid_client", "Bad client credentials", false},
	 {WHO, NONE, "invalid_client",
	  "The application is unknown or its credentials are wrong", false}},
    [REFUSE_BAD_ASSERTION] = {{WHO, FORM, "invalid_client",
			       "Bad client credentials", false},
			      {WHO, NONE, "invalid_client",
			       "The client_assertion is not accepted: ", true}},
    [REFUSE_CERTIFICATE] = {{WHO, FORM, "invalid_client", "", true},
			    {WHO, NONE, "invalid_client", "", true}},
    [REFUSE_NO_CERTIFICATE] = {{BAD, NONE, "invalid_client", "", true},
			       {BAD, NONE, "invalid_client", "", true}},
    [REFUSE_OTHER_CLIENT_ID] =
	{{WHO, PLAIN, "invalid_client",
	  "Given client ID does not match authenticated client", false},
	 {BAD, NONE, "invalid_request",
	  "client_id is not that of the application that authenticated itself",
	  false}},
    [REFUSE_TWO_METHODS] =
	{{BAD, NONE, "invalid_request",
	  "More than one mechanism is used to authenticate the client", false},
	 {BAD, NONE, "invalid_request",
	  "The application must authenticate itself in one way, not in two",
	  false}},
    [REFUSE_SECRET_IN_QUERY] =
	{{BAD, NONE, "invalid_request",
	  "Credentials must not be sent in the query", false},
	 {BAD, NONE, "invalid_request",
	  "Credentials must not be sent in the query: put them into the body "
	  "or into the Authorization header",
	  false}},
    [REFUSE_DUPLICATE] = {{BAD, NONE, "invalid_request",
			   "Duplicate parameter: ", true},
			  {BAD, NONE, "invalid_request",
			   "This parameter was sent more than once: ", true}},
    [REFUSE_NO_GRANT_TYPE] = {{BAD, NONE, "invalid_request",
			       "Missing grant type", false},
			      {BAD, NONE, "invalid_request",
			       "The parameter grant_type is missing", false}},
    [REFUSE_IMPLICIT] =
	{{BAD, NONE, "invalid_grant",
	  "Implicit grant type not supported from token endpoint", false},
	 {BAD, NONE, "unsupported_grant_type",
	  "The grant_type must be authorization_code or refresh_token", false}},
    [REFUSE_GRANT_TYPE] =
	{{BAD, NONE, "unsupported_grant_type", "Unsupported grant type", false},
	 {BAD, NONE, "unsupported_grant_type",
	  "The grant_type must be authorization_code or refresh_token", false}},
    [REFUSE_GRANT_NOT_ALLOWED] =
	{{WHO, PLAIN, "invalid_client", "Unauthorized grant type", false},
	 {BAD, NONE, "unauthorized_client",
	  "The application is not registered for this grant_type", false}},
    [REFUSE_NO_CODE] = {{BAD, NONE, "invalid_request",
			 "An authorization code must be supplied.", false},
			{BAD, NONE, "invalid_request",
			 "The parameter code is missing", false}},
    [REFUSE_CODE] =
	{{BAD, NONE, "invalid_grant",
	  "JpaAuthorizationCodeRepository: no authorization code found for "
	  "value ",
	  true},
	 {BAD, NONE, "invalid_grant",
	  "The code is unknown, was used before or has expired", false}},
    [REFUSE_REDIRECT] =
	{{BAD, NONE, "invalid_grant", "Redirect URI mismatch.", false},
	 {BAD, NONE, "invalid_grant",
	  "redirect_uri is not that of the authorization request", false}},
    [REFUSE_CODE_OF_OTHER] = {{WHO, PLAIN, "invalid_client",
			       "Client ID mismatch", false},
			      {BAD, NONE, "invalid_grant",
			       "The code was given to another application",
			       false}},
    [REFUSE_VERIFIER] = {{BAD, NONE, "invalid_request",
			  "Code challenge and verifier do not match", false},
			 {BAD, NONE, "invalid_grant",
			  "code_verifier is not that of the code_challenge",
			  false}},
    [REFUSE_NO_CHALLENGE] =
	{{BAD, NONE, "invalid_request",
	  "Code challenge and verifier do not match", false},
	 {BAD, NONE, "invalid_grant",
	  "There was no code_challenge in the authorization request", false}},
    [REFUSE_NO_REFRESH_TOKEN] = {{BAD, NONE, "invalid_request",
				  "refresh_token parameter not provided",
				  false},
				 {BAD, NONE, "invalid_request",
				  "The parameter refresh_token is missing",
				  false}},
    [REFUSE_REFRESH_TOKEN] =
	{{WHO, PLAIN, "invalid_token", "Invalid refresh token: ", true},
	 {BAD, NONE, "invalid_grant",
	  "The refresh token is unknown, has expired or was revoked", false}},
    [REFUSE_REFRESH_OF_OTHER] =
	{{WHO, PLAIN, "invalid_client",
	  "Client does not own the presented refresh token", false},
	 {BAD, NONE, "invalid_grant",
	  "The refresh token was given to another application", false}},
    [REFUSE_SCOPE] = {{BAD, NONE, "invalid_scope",
		       "Invalid scope; requested:", true},
		      {BAD, NONE, "invalid_scope",
		       "The application is not registered for that scope",
		       false}},
    [REFUSE_UPSCOPING] = {{BAD, NONE, "invalid_scope",
			   "Up-scoping is not allowed.", false},
			  {BAD, NONE, "invalid_scope",
			   "The citizen did not grant that scope", false}},
    [REFUSE_CONTENT_TYPE] =
	{{BAD, NONE, "invalid_request",
	  "The body must be application/x-www-form-urlencoded", false},
	 {BAD, NONE, "invalid_request",
	  "The body must be application/x-www-form-urlencoded", false}},
    [REFUSE_NO_TOKEN] = {{BAD, NONE, "invalid_request",
			  "Required String parameter 'token' is not present",
			  false},
			 {BAD, NONE, "invalid_request",
			  "The parameter token is missing", false}},
    [REFUSE_TOKEN_OF_OTHER] = {{BAD, NONE, "invalid_request",
				"Client does not own the presented token",
				false},
			       {BAD, NONE, "invalid_request",
				"The token was given to another application",
				false}},
    [REFUSE_NO_REGISTRATION] =
	{{WHO, REALM, "unauthorized",
	  "Full authentication is required to access this resource", false},
	 {WHO, TOKEN, "unauthorized",
	  "The registration access token is required: send Authorization: "
	  "Bearer and the token",
	  false}},
    [REFUSE_REGISTRATION] =
	{{WHO, REALM, "invalid_token", "Invalid access token: ", true},
	 {WHO, BAD_TOKEN, "invalid_token",
	  "The registration access token is not one of a registration", false}},
};

static const char *const challenges[] = {
    [BAD_TOKEN] = "Bearer realm=\"oauth\", ",
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

static void put_challenge(struct rq *rq, const struct wording *w)
{
	if (w->challenge == BASIC || w->challenge == TOKEN)
		rq_header(rq, "WWW-Authenticate", "%s realm=\"oauth\"",
			  w->challenge == BASIC ? "Basic" : "Bearer");
	else if (w->challenge != NONE)
		rq_header(rq, "WWW-Authenticate",
			  "%serror=\"%s\", error_description=\"%s\"",
			  challenges[w->challenge], w->code,
			  oauth_header_text(rq->arena, rq->err.text));
}

/* Is the value that was presented a token or a code? */
static bool of_secret(enum oauth_refusal which)
{
	return which == REFUSE_CODE || which == REFUSE_REFRESH_TOKEN ||
	       which == REFUSE_REGISTRATION;
}

bool oauth_refusal_as(struct rq *rq, const struct settings *s,
		      enum oauth_refusal which, const char *value)
{
	const struct wording *w = s->oauth_errors == 0
				      ? &refusals[which].mitreid
				      : &refusals[which].rfc;

	assert(w->code != NULL);
	if (!w->shows_value || value == NULL)
		value = "";
	err_set(&rq->err, w->kind, w->code, NULL, "%s%s", w->text, value);
	if (value[0] != '\0' && of_secret(which))
		rq->err.secret_at = (unsigned)strlen(w->text);
	put_challenge(rq, w);
	return false;
}

bool oauth_refusal(struct rq *rq, enum oauth_refusal which, const char *value)
{
	return oauth_refusal_as(rq, &oauth_of(rq)->site.record->settings, which,
				value);
}

bool oauth_refusal_scope(struct rq *rq, const struct settings *s,
			 const char *asked, const char *allowed)
{
	oauth_refusal_as(rq, s, REFUSE_SCOPE,
			 oauth_scope_shown(rq->arena, asked));
	if (s->oauth_errors != 0)
		return false;
	/* the one stock body with a third member */
	oauth_error_write(rq, rq->err.code, rq->err.text, allowed);
	return oauth_json(rq, http_status(rq->err.kind));
}
