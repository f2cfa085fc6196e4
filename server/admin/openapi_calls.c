/* SPDX-License-Identifier: Apache-2.0
 *
 * openapi_calls: which call takes what, one row for each that takes a body.
 *
 * A row names the table that the handler checks with, so what is documented is
 * what is enforced; test_openapi.c demands a row for every route that takes
 * anything. Who adds a route writes three things: its row in admin.c, its row
 * here (when it takes a body), and its texts in openapi.json: what it answers,
 * and of each member and parameter what it means.
 */
#include "admin/admin_int.h"

#include <string.h>

/* What is there and is empty: a body that may hold nothing. */
static const struct body nothing_body = {NULL, 0, NULL};

/* ---- members that others read --------------------------------------- */

static bool client_told(size_t i, struct member_told *out)
{
	*out = (struct member_told){.what = ""};
	out->name = record_client_told(i, &out->type);
	return out->name != NULL;
}

static bool consent_told(size_t i, struct member_told *out)
{
	*out = (struct member_told){record_consent_member(i), "a string", ""};
	return out->name != NULL;
}

static bool treatment_told(size_t i, struct member_told *out)
{
	*out = (struct member_told){record_treatment_member(i), "a string", ""};
	return out->name != NULL;
}

/* openapi.json names the schema, which is made of the switches */
static const struct body settings_body = {NULL, 0, NULL};
/* A fault counts what it matches, too. */
static bool fault_match_told(size_t i, struct member_told *out)
{
	size_t n = 0;

	while (match_member(n, out))
		n++;
	return i < n ? match_member(i, out) : fault_counting_member(i - n, out);
}

/* A question to the journal may be about several requests in a row. */
static bool asked_told(size_t i, struct member_told *out)
{
	size_t n = 0;

	while (match_member(n, out))
		n++;
	if (i < n)
		return match_member(i, out);
	*out = (struct member_told){"in_order", "a list of objects",
				    "requests of which each came behind the "
				    "one before it"};
	return i == n;
}

static const struct member fixtures[] = {
    {"citizens", MEMBER_LIST, false},	 {"clients", MEMBER_LIST, false},
    {"permissions", MEMBER_LIST, false}, {"consents", MEMBER_LIST, false},
    {"treatments", MEMBER_LIST, false},	 {"resources", MEMBER_LIST, false},
};
static const struct body fixtures_body = BODY_OF(fixtures);
static const struct body fault_body = {NULL, 0, fault_member};
static const struct body client_body = {NULL, 0, client_told};
static const struct body consent_body = {NULL, 0, consent_told};
static const struct body treatment_body = {NULL, 0, treatment_told};

/* ---- the calls ------------------------------------------------------ */

static const struct {
	const char *name; /* the route's */
	const struct body *body;
} calls[] = {
    {"reset", &reset_body},
    {"settings_put", &settings_body},
    {"citizen_post", &citizen_post_body},
    {"citizen_age", &citizen_age_body},
    {"citizen_delete_data", &citizen_delete_data_body},
    {"permission_post", &permission_post_body},
    {"fixtures", &fixtures_body},
    {"keys_rotate", &nothing_body},
    {"client_post", &client_body},
    {"client_put", &client_body},
    {"tokens_post", &tokens_post_body},
    {"tokens_expire", &tokens_end_body},
    {"tokens_revoke", &tokens_end_body},
    {"authorize", &authorize_body},
    {"withdraw", &withdraw_body},
    {"consent_post", &consent_body},
    {"treatment_post", &treatment_body},
    {"certificate_post", &certificate_post_body},
    {"certificate_revoke", &nothing_body},
    {"fault_post", &fault_body},
    {"requests_count", &requests_count_body},
    {"requests_wait", &requests_wait_body},
    {"snapshot_post", &snapshot_post_body},
    {"snapshot_restore", &nothing_body},
    {"clock_put", &clock_put_body},
    {"clock_advance", &clock_advance_body},
};

const struct body *call_body(const struct route *r)
{
	for (size_t i = 0; i < LEN(calls); i++)
		if (strcmp(calls[i].name, r->name) == 0)
			return calls[i].body;
	return NULL;
}

const struct body *call_part(size_t i, const char **name)
{
	static const struct {
		const char *name;
		struct body body;
	} parts[] = {
	    {"Match", {NULL, 0, match_member}},
	    {"AskedMatch", {NULL, 0, asked_told}},
	    {"FaultMatch", {NULL, 0, fault_match_told}},
	    {"FaultAction", {NULL, 0, fault_action_member}},
	};

	if (i >= LEN(parts))
		return NULL;
	*name = parts[i].name;
	return &parts[i].body;
}

const char *call_name(size_t i)
{
	return i < LEN(calls) ? calls[i].name : NULL;
}
