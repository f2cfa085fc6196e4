/* SPDX-License-Identifier: Apache-2.0
 *
 * decision: which of the checks refused a request.
 *
 * Those that a request passed are noted by their names where they stand
 * (rq_passed); the one that refused is known by the rule that it names. Rules
 * have a check each; the errors of OAuth are fewer than its checks, so there
 * the parameter decides that is said to be wrong, and else the first check of
 * the endpoint that was not passed.
 */
#include "admin/admin_int.h"

#include <string.h>

struct belongs {
	const char *code; /* its beginning is enough */
	const char *check;
};

static const struct belongs rules[] = {
    {"KPHR-PROF", "profile"},
    {"KPHR-TERM", "profile"},
    {"KPHR-REST-0101", "format"},
    {"KPHR-REST-0102", "format"},
    {"KPHR-REST-0103", "json"},
    {"KPHR-REST-0104", "type"},
    {"KPHR-REST-0105", "id"},
    {"KPHR-REST-0110", "type"},
    {"KPHR-REST-0111", "interaction"},
    {"KPHR-REST-0113", "precondition"},
    {"KPHR-REST-0114", "interaction"},
    {"KPHR-REST-0115", "bundle"},
    {"KPHR-REST-0116", "bundle"},
    {"KPHR-REST-0117", "interaction"},
    {"KPHR-REST-0120", "patient"},
    {"KPHR-REST-0121", "owner"},
    {"KPHR-REST-012", "parameter"},
    {"KPHR-REST-0148", "parameter"},
    {"KPHR-REST-0149", "interaction"},
    {"KPHR-REST-014", "definition"},
    {"KPHR-REST-0160", "id"},
    {"KPHR-REST-0161", "id"},
    {"KPHR-REST-0162", "precondition"},
    {"KPHR-REST-0163", "owner"},
    {"KPHR-REST-0164", "owner"},
    {"KPHR-REST-0165", "owner"},
    {"KPHR-REST-0166", "interaction"},
    {"KPHR-REST-0167", "reference"},
    {"KPHR-REST-0168", "reference"},
    {"KPHR-REST-0169", "reference"},
    {"KPHR-REST-0170", "reference"},
    {"KPHR-REST-018", "professional"},
    {"KPHR-REST-019", "certificate"},
    {"not-found", "resource"},
    {"not_found", "resource"},
    {"deleted", "resource"},
    {"forbidden", "owner"},
    {"unauthorized", "token"},
    {"invalid_token", "token"},
    {"insufficient_scope", "scope"},
    {"invalid_scope", "scope"},
    {"unsupported_grant_type", "grant"},
    {"unsupported_response_type", "response_type"},
    {"access_denied", "consent"},
    {"login_required", "login"},
    {"consent_required", "consent"},
};

/* The checks of an endpoint in order, with spaces between. */
static const struct belongs orders[] = {
    {"token", "client grant redirect_uri pkce scope"},
    {"authorize", "client redirect_uri response_type scope login consent"},
    {"login", "login"},
    {"introspect", "client token"},
    {"revoke", "client token"},
    {"register", "json client"},
};

static const char *const parameters[] = {"redirect_uri", "scope", "client_id",
					 "response_type", NULL};

static bool passed(const struct seen *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->passed_count; i++)
		if (strlen(s->passed[i]) == n &&
		    memcmp(s->passed[i], name, n) == 0)
			return true;
	return false;
}

/* The first that was not passed; as the whole list is literal, it is told by
 * its place in the table of names. */
static const char *next(const struct seen *s, const char *order)
{
	static const char *const names[] = {
	    "client", "grant",	 "redirect_uri",  "pkce",  "scope",
	    "login",  "consent", "response_type", "token", "json"};

	while (*order != '\0') {
		const size_t n = strcspn(order, " ");

		for (size_t i = 0; i < LEN(names); i++)
			if (strlen(names[i]) == n &&
			    memcmp(names[i], order, n) == 0 &&
			    !passed(s, order, n))
				return names[i];
		order += n + (order[n] == ' ');
	}
	return "request";
}

static const char *by_order(const struct seen *s)
{
	for (size_t i = 0; i < LEN(orders); i++)
		if (strcmp(orders[i].code, s->endpoint) == 0)
			return next(s, orders[i].check);
	return "request";
}

const char *decision_check(const struct seen *s)
{
	const bool fhir = strcmp(s->endpoint, "fhir") == 0 ||
			  strcmp(s->endpoint, "userinfo") == 0;

	if (strcmp(s->kind, "tls") == 0)
		return "certificate";
	for (size_t i = 0; i < LEN(rules); i++)
		if (text_begins(s->outcome_code, rules[i].code) &&
		    (fhir || strcmp(rules[i].check, "token") != 0))
			return rules[i].check;
	for (size_t i = 0; !fhir && parameters[i]; i++)
		if (strcmp(s->where, parameters[i]) == 0)
			return strcmp(s->where, "client_id") == 0
				   ? "client"
				   : parameters[i];
	return fhir ? "request" : by_order(s);
}
