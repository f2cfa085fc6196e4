/* SPDX-License-Identifier: Apache-2.0
 *
 * client_members: what a registration may hold, and in which form.
 *
 * One table names the members that are known, in the order of the service's
 * answer. Members with a column of their own go there; the others that are
 * part of the answer are kept as they were sent, as one JSON object, and come
 * back in their places. Behind them stand the mock's own members: what the
 * service settles by contract or by hand (the certificate, life times, who is a
 * professional), and what tests wish for.
 *
 * Lists and texts are capped; what will be put into a page or a Location header
 * later (redirect URIs, links) may hold nothing but URI characters.
 *
 * Facts: kanta.md 3.4; oauth.md 4, 18.8; RFC 7591; RFC 8705 2.1.2.
 */
#include "record/client_int.h"

#include <ctype.h>
#include <string.h>

#define TEXT_BYTES   2048
#define LIST_ITEMS   20
#define COUNT_DIGITS 9

/* ---- the members ------------------------------------------------------ */

static const struct client_member members[] = {
    {"client_id", F_TEXT, CLIENT_ID, NULL},
    {"client_secret", F_TEXT, CLIENT_SECRET, NULL},
    {"redirect_uris", F_LIST, REDIRECT_URIS, NULL},
    {"client_name", F_TEXT, CLIENT_NAME, "null"},
    {"client_uri", F_LINK, KEPT, "null"},
    {"logo_uri", F_LINK, KEPT, "null"},
    {"logoId", F_TEXT, KEPT, "null"},
    {"contacts", F_LIST, KEPT, "[]"},
    {"tos_uri", F_LINK, KEPT, "null"},
    {"token_endpoint_auth_method", F_TEXT, AUTH_METHOD, NULL},
    {"scope", F_TEXT, SCOPE, NULL},
    {"grant_types", F_LIST, GRANT_TYPES, NULL},
    {"response_types", F_LIST, KEPT, "[\"code\"]"},
    {"policy_uri", F_LINK, KEPT, "null"},
    {"jwks_uri", F_LINK, KEPT, "null"},
    {"jwks", F_OBJECT, KEPT, "null"},
    {"jwksType", F_TEXT, KEPT, "\"URI\""},
    {"sector_identifier_uri", F_LINK, KEPT, "null"},
    {"request_object_signing_alg", F_TEXT, KEPT, "null"},
    {"userinfo_signed_response_alg", F_TEXT, KEPT, "null"},
    {"userinfo_encrypted_response_alg", F_TEXT, KEPT, "null"},
    {"userinfo_encrypted_response_enc", F_TEXT, KEPT, "null"},
    {"id_token_signed_response_alg", F_TEXT, KEPT, "null"},
    {"id_token_encrypted_response_alg", F_TEXT, KEPT, "null"},
    {"id_token_encrypted_response_enc", F_TEXT, KEPT, "null"},
    {"default_max_age", F_COUNT, KEPT, "60000"},
    {"require_auth_time", F_BOOL, KEPT, "true"},
    {"default_acr_values", F_LIST, KEPT, "[]"},
    {"initiate_login_uri", F_LINK, KEPT, "null"},
    {"post_logout_redirect_uris", F_LIST, KEPT, "[]"},
    {"claims_redirect_uris", F_LIST, KEPT, "[]"},
    {"request_uris", F_LIST, KEPT, "[]"},
    {"software_statement", F_TEXT, KEPT, "null"},
    {"software_id", F_TEXT, KEPT, "null"},
    {"software_version", F_TEXT, KEPT, "null"},
    {"code_challenge_method", F_TEXT, KEPT, "null"},
    {"registration_access_token", F_ANY, REGISTRATION_TOKEN, "null"},
    {"registration_client_uri", F_ANY, REGISTRATION_URI, "null"},
    {"softwareId", F_TEXT, KEPT, "null"},
    {"softwareVersion", F_TEXT, KEPT, "null"},
    {"token_endpoint_auth_signing_alg", F_TEXT, KEPT, "null"},
    {"client_secret_expires_at", F_ANY, FIXED, "0"},
    {"client_id_issued_at", F_ANY, ISSUED_AT, NULL},
    /* Not of the real answer; there when they were sent. The pages': who made
     * it, and a sentence about it. */
    {"supplier", F_TEXT, KEPT, NULL},
    {"client_description", F_TEXT, KEPT, NULL},
    {"tls_client_auth_subject_dn", F_TEXT, KEPT, NULL},
    {"tls_client_auth_san_dns", F_TEXT, KEPT, NULL},
    {"tls_client_auth_san_uri", F_TEXT, KEPT, NULL},
    {"tls_client_auth_san_ip", F_TEXT, KEPT, NULL},
    {"tls_client_auth_san_email", F_TEXT, KEPT, NULL},
    {"tls_client_certificate_bound_access_tokens", F_BOOL, KEPT, NULL},
    /* the mock's own */
    {"kind", F_TEXT, OWN_KIND, NULL},
    {"certificate_serial_number", F_TEXT, OWN_CERTIFICATE, NULL},
    {"access_token_seconds", F_COUNT, OWN_ACCESS, NULL},
    {"refresh_token_seconds", F_COUNT, OWN_REFRESH, NULL},
    {"allow_introspection", F_BOOL, OWN_KEPT, "false"},
    {"auto_approve", F_ANY, OWN_KEPT, "false"},
    {"set", F_OBJECT, OWN_KEPT, "{}"},
    {"service_provider", F_TEXT, OWN_KEPT, "null"},
    {"access_point", F_TEXT, OWN_KEPT, "null"},
};

const struct client_member *client_member_at(size_t i)
{
	return i < LEN(members) ? &members[i] : NULL;
}

const struct client_member *client_member_find(const char *name)
{
	for (size_t i = 0; i < LEN(members); i++) {
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	}
	return NULL;
}

/* ---- forms of values -------------------------------------------------- */

static bool is_text(const struct json *v)
{
	const char *s;

	if (json_kind(v) != JSON_STRING || json_len(v) > TEXT_BYTES)
		return false;
	for (s = json_text(v); *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

size_t client_uri_scheme(const char *s)
{
	size_t n = 0;

	for (const char *c = s; *c != '\0'; c++) {
		if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}", *c))
			return 0;
	}
	if (!isalpha((unsigned char)s[0]))
		return 0;
	while (isalnum((unsigned char)s[n]) || strchr("+-.", s[n] ? s[n] : '!'))
		n++;
	return s[n] == ':' && s[n + 1] != '\0' ? n : 0;
}

bool client_uri_is_web(const char *s, size_t scheme)
{
	return (scheme == 4 && strncasecmp(s, "http", 4) == 0) ||
	       (scheme == 5 && strncasecmp(s, "https", 5) == 0);
}

bool client_uri_has_host(const char *s, size_t scheme)
{
	return strncmp(s + scheme, "://", 3) == 0 &&
	       strchr("/?#:@", s[scheme + 3]) == NULL;
}

static bool is_link(const struct json *v)
{
	size_t scheme;

	if (!is_text(v))
		return false;
	scheme = client_uri_scheme(json_text(v));
	return client_uri_is_web(json_text(v), scheme) &&
	       client_uri_has_host(json_text(v), scheme);
}

static bool is_list(const struct json *v)
{
	if (json_kind(v) != JSON_ARRAY || json_count(v) > LIST_ITEMS)
		return false;
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (!is_text(v))
			return false;
	}
	return true;
}

static bool is_bool(const struct json *v)
{
	return json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE;
}

static bool is_count(const struct json *v)
{
	size_t n = json_len(v);

	return json_kind(v) == JSON_NUMBER && n <= COUNT_DIGITS &&
	       strspn(json_text(v), "0123456789") == n;
}

static bool is_object(const struct json *v)
{
	return json_kind(v) == JSON_OBJECT;
}

static bool is_any(const struct json *v)
{
	(void)v;
	return true;
}

static const struct {
	bool (*ok)(const struct json *v);
	const char *what;
} forms[] = {
    [F_TEXT] = {is_text, "a string of at most 2048 bytes without control "
			 "characters"},
    [F_LINK] = {is_link, "an http or https URL"},
    [F_LIST] = {is_list, "a list of at most 20 strings of at most 2048 bytes "
			 "without control characters"},
    [F_BOOL] = {is_bool, "true or false"},
    [F_COUNT] = {is_count, "a whole number below 1000000000"},
    [F_OBJECT] = {is_object, "an object"},
    [F_ANY] = {is_any, "anything"},
};

const char *record_client_told(size_t i, const char **what)
{
	if (i >= LEN(members))
		return NULL;
	*what = forms[members[i].form].what;
	return members[i].name;
}

bool client_form_ok(enum form form, const struct json *v)
{
	return forms[form].ok(v);
}

const char *client_form_what(enum form form)
{
	return forms[form].what;
}
