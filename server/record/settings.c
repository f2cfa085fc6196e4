/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: every behaviour switch in one table.
 *
 * A row says what a switch is called, where its value lies in struct settings,
 * which words it takes (or which range of numbers), what it is without being
 * told, and what it means. Setting, listing, the help text and the control API
 * all read this table, so a new switch is one row and one member.
 *
 * Each meaning ends with the mark of where the default comes from: [Q] official
 * text, [C] seen in a client or in data, [M] stock behaviour of the software
 * the real service was built on, [I] inference. Where a choice is a status, its
 * value is the status itself, so that code reads settings.validation_status.
 *
 * Facts: kanta.md sections 2, 9, fhir-rest.md.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct choice {
	const char *text; /* NULL ends the list */
	int value;
};

struct row {
	const char *name;
	uint32_t offset;
	bool at_start;		     /* it has no effect later */
	const struct choice *choice; /* NULL: a number in min..max */
	int min, max;
	int initial;
	const char *what;
};

static const struct choice errors[] = {
    {"kanta", ERRORS_KANTA},
    {"explain", ERRORS_EXPLAIN},
    {NULL, 0},
};
static const struct choice required[] = {
    {"all", REQUIRED_ALL},
    {"not-patient", REQUIRED_NOT_PATIENT},
    {"off", REQUIRED_OFF},
    {NULL, 0},
};
static const struct choice reject_warn[] = {
    {"reject", 0}, {"warn", 1}, {NULL, 0}};
static const struct choice rule_sets[] = {
    {"kanta", RULES_KANTA}, {"current", RULES_CURRENT}, {NULL, 0}};
static const struct choice validation[] = {
    {"422", 422}, {"412", 412}, {"400", 400}, {NULL, 0}};
static const struct choice hidden[] = {{"403", 403}, {"404", 404}, {NULL, 0}};
static const struct choice missing[] = {{"400", 400}, {"empty", 0}, {NULL, 0}};
static const struct choice unknown[] = {{"ignore", 0}, {"400", 400}, {NULL, 0}};
static const struct choice systems[] = {
    {"multiple", 0}, {"always", 1}, {NULL, 0}};
static const struct choice on_off[] = {{"on", 1}, {"off", 0}, {NULL, 0}};
static const struct choice allow_reject[] = {
    {"allow", 0}, {"reject", 1}, {NULL, 0}};
static const struct choice creator[] = {
    {"optional", CREATOR_OPTIONAL},
    {"required", CREATOR_REQUIRED},
    {"add", CREATOR_ADD},
    {NULL, 0},
};
static const struct choice stu3_rules[] = {
    {"effective", 0}, {"draft2017", 1}, {NULL, 0}};
/* What a statement weighs that names the switch. */
static const struct choice reject_allow[] = {
    {"reject", WEIGHT_STATED}, {"allow", WEIGHT_SILENT}, {NULL, 0}};
static const struct choice off_on[] = {
    {"off", WEIGHT_STATED}, {"on", WEIGHT_SILENT}, {NULL, 0}};
static const struct choice enforce_warn[] = {
    {"enforce", WEIGHT_STATED}, {"warn", WEIGHT_WARNING}, {NULL, 0}};
static const struct choice displays[] = {
    {"by-rules", SAY_BY_RULES}, {"off", SAY_OFF}, {"warn", SAY_WARNING},
    {"error", SAY_ERROR},	{NULL, 0},
};
static const struct choice unknown_codes[] = {{"by-rules", SAY_BY_RULES},
					      {"warn", SAY_WARNING},
					      {"error", SAY_ERROR},
					      {NULL, 0}};

static const struct choice references[] = {
    {"enforced", 1}, {"free", 0}, {NULL, 0}};
static const struct choice noop[] = {
    {"keep", 0}, {"new-version", 1}, {NULL, 0}};
static const struct choice creating_update[] = {
    {"by-type", UPDATE_CREATE_BY_TYPE},
    {"on", UPDATE_CREATE_ON},
    {"off", UPDATE_CREATE_OFF},
    {NULL, 0},
};
static const struct choice reject_or_allow[] = {
    {"reject", 0}, {"allow", 1}, {NULL, 0}};
static const struct choice test_profiles[] = {
    {"on", TEST_PROFILES_ON},
    {"off", TEST_PROFILES_OFF},
    {"inert", TEST_PROFILES_INERT},
    {NULL, 0},
};
static const struct choice stale[] = {{"409", 409}, {"412", 412}, {NULL, 0}};
static const struct choice deleted[] = {{"200", 200}, {"204", 204}, {NULL, 0}};
static const struct choice histories[] = {
    {"instance", HISTORY_INSTANCE},
    {"all", HISTORY_ALL},
    {"off", HISTORY_OFF},
    {NULL, 0},
};
static const struct choice invalid_status[] = {
    {"200", 200}, {"412", 412}, {NULL, 0}};
static const struct choice media_status[] = {
    {"400", 400}, {"415", 415}, {NULL, 0}};
static const struct choice xml[] = {{"406", 406}, {"json", 0}, {NULL, 0}};
static const struct choice method_status[] = {
    {"405", 405}, {"400", 400}, {NULL, 0}};
static const struct choice outcome_style[] = {
    {"hapi3", 3}, {"hapi8", 8}, {NULL, 0}};
static const struct choice zones[] = {
    {"Europe/Helsinki", 0}, {"UTC", 1}, {NULL, 0}};
static const struct choice entry_type[] = {
    {"resource", 0}, {"strict", 1}, {NULL, 0}};
static const struct choice entry_etag[] = {{"weak", 0}, {"bare", 1}, {NULL, 0}};
static const struct choice error_style[] = {
    {"mitreid", 0}, {"rfc", 1}, {NULL, 0}};
static const struct choice order[] = {
    {"login-first", 0}, {"request-first", 1}, {NULL, 0}};
static const struct choice rotation[] = {
    {"reuse", 0}, {"rotate", 1}, {NULL, 0}};
static const struct choice foreign_code[] = {
    {"burnt", 0}, {"kept", 1}, {NULL, 0}};
static const struct choice foreign_refresh[] = {
    {"deleted", 0}, {"kept", 1}, {NULL, 0}};
static const struct choice pkce_methods[] = {
    {"plain S256", 0}, {"S256", 1}, {NULL, 0}};
static const struct choice pkce_demanded[] = {{"never", PKCE_NEVER},
					      {"public", PKCE_PUBLIC},
					      {"all", PKCE_ALL},
					      {NULL, 0}};
static const struct choice public_offer[] = {
    {"pkce", 1}, {"off", 0}, {NULL, 0}};
static const struct choice duplicates[] = {
    {"first", 0}, {"reject", 1}, {NULL, 0}};
static const struct choice two_methods[] = {
    {"basic", 0}, {"reject", 1}, {NULL, 0}};
static const struct choice token_format[] = {
    {"jwt", 0}, {"opaque", 1}, {NULL, 0}};
static const struct choice demanded[] = {{"off", CERTIFICATE_OFF},
					 {"optional", CERTIFICATE_OPTIONAL},
					 {"required", CERTIFICATE_REQUIRED},
					 {NULL, 0}};
static const struct choice missing_certificate[] = {
    {"by-policy", MISSING_BY_POLICY},
    {"alert", MISSING_ALERT},
    {"400", MISSING_400},
    {"401", MISSING_401},
    {NULL, 0},
};
static const struct choice client_auth[] = {
    {"basic+post", 0}, {"certificate", 1}, {NULL, 0}};
static const struct choice whose[] = {
    {"application", 1}, {"any", 0}, {NULL, 0}};
static const struct choice clocks[] = {{"virtual", 1}, {"real", 0}, {NULL, 0}};
static const struct choice statements[] = {
    {"production", 0}, {"testing", 1}, {NULL, 0}};
static const struct choice who_may[] = {
    {"any", 0}, {"registered", 1}, {NULL, 0}};
static const struct choice zero[] = {{"count", 1}, {"absent", 0}, {NULL, 0}};
static const struct choice date_search[] = {
    {"spec", 0}, {"hapi", 1}, {NULL, 0}};
static const struct choice period_eq[] = {
    {"overlap", 0}, {"contain", 1}, {NULL, 0}};

#define AT(member)    #member, offsetof(struct settings, member), false
#define START(member) #member, offsetof(struct settings, member), true
#define PAGE_MAX      20000 /* what clients ask for at most */
#define DAY_S	      86400
#define YEARS_D	      3650

static const struct row rows[] = {
    {AT(errors), errors, 0, 0, ERRORS_KANTA,
     "how much an OperationOutcome says: as the real stack words it, or with "
     "the rule, what was expected and a hint [I]"},
    {AT(rules), rule_sets, 0, 0, RULES_KANTA,
     "which checks are errors: those of the service's era, or today's [I]"},
    {AT(example_urls), on_off, 0, 0, 1,
     "URLs that are meant for examples (example.org, acme.com): of the rules "
     "of today, are they allowed [I]"},
    {AT(profile_required), required, 0, 0, REQUIRED_ALL,
     "which resources must name a national profile [Q]"},
    {AT(unknown_profile), reject_warn, 0, 0, 0,
     "a profile in meta.profile that this server does not know [Q]"},
    {AT(validation_status), validation, 0, 0, 422,
     "status of a resource that breaks its profile [M]"},
    {AT(patient_mismatch_status), hidden, 0, 0, 403,
     "status when a resource or a search names another citizen [I]"},
    {AT(foreign_read), hidden, 0, 0, 403,
     "status when another citizen's resource is read [I]"},
    {AT(missing_patient), missing, 0, 0, 400,
     "a search without its mandatory patient parameter [I]"},
    {AT(unknown_search_param), unknown, 0, 0, 0,
     "a search parameter that the type does not have [C]"},
    {AT(code_default_system), systems, 0, 0, 0,
     "when a searched code without a system means the default system [Q]"},
    {AT(page_default), NULL, 1, PAGE_MAX, 50,
     "entries in a page of search results without _count [I]"},
    {AT(page_max), NULL, 1, PAGE_MAX, PAGE_MAX,
     "entries in a page of search results at most [C]"},
    {AT(oo_narrative), on_off, 0, 0, 1, "an OperationOutcome carries text [I]"},
    {AT(foreign_profiles), allow_reject, 0, 0, 0,
     "a profile of somebody else in meta.profile, beside the national one [Q]"},
    {AT(creating_application), creator, 0, 0, CREATOR_OPTIONAL,
     "the extension that names the application: not needed, demanded, or added "
     "by the server to what it stores [C]"},
    {AT(glucose_pair), enforce_warn, 0, 0, WEIGHT_STATED,
     "blood glucose: 15074-8 and 14743-9 go together [Q]"},
    {AT(snapshot_literal), off_on, 0, 0, WEIGHT_STATED,
     "R4 blood pressure and weight take hasMember, as their own snapshots have "
     "it and not their base [Q]"},
    {AT(stu3_bp_55284), off_on, 0, 0, WEIGHT_STATED,
     "STU3 blood pressure may be coded 55284-4, as an older page has it [Q]"},
    {AT(stu3_extra_codings), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3: codings beside those of the profile [Q]"},
    {AT(stu3_device), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3 Observation.device [C]"},
    {AT(stu3_method), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3 Observation.method [C]"},
    {START(stu3_rules), stu3_rules, 0, 0, 0,
     "STU3: what production took, or the drafts of 2017, which are stricter "
     "[C]"},
    {AT(display_check), displays, 0, 0, SAY_BY_RULES,
     "a display that the code system does not have; by-rules: a warning, for "
     "rules=current an error [C]"},
    {AT(unknown_code), unknown_codes, 0, 0, SAY_BY_RULES,
     "a code that its code system, known in full, does not have (astext in R4, "
     "as an older guide says); by-rules: a warning, for rules=current an error "
     "[I]"},
    {AT(references), references, 0, 0, 1,
     "references in what is stored: must they lead to something that is here "
     "[Q]"},
    {AT(noop_update), noop, 0, 0, 0,
     "an update that changes nothing: the version stays, or there is a new one "
     "[M]"},
    {AT(update_create), creating_update, 0, 0, UPDATE_CREATE_BY_TYPE,
     "may an update make a resource under the client's id; by-type: a Patient "
     "[Q]"},
    {AT(update_by_other), reject_or_allow, 0, 0, 0,
     "update of what another application stored [I]"},
    {AT(if_match_status), stale, 0, 0, 409,
     "status when If-Match names another version than the current one [M]"},
    {AT(conditional_update), on_off, 0, 0, 0, "PUT Type?identifier=.. [Q]"},
    {AT(conditional_delete), on_off, 0, 0, 0, "DELETE Type?identifier=.. [Q]"},
    {AT(delete_status), deleted, 0, 0, 200,
     "status of a deletion: 200 with an OperationOutcome, or 204 [M]"},
    {AT(delete_integrity), on_off, 0, 0, 1,
     "what others refer to cannot be deleted [M]"},
    {AT(history), histories, 0, 0, HISTORY_ALL,
     "history of a resource, or of types and the whole server too [I]"},
    {AT(meta_merge), on_off, 0, 0, 0,
     "an update keeps tags, security labels and profiles of the version before "
     "[M]"},
    {AT(validate_op), on_off, 0, 0, 1, "the operation $validate [I]"},
    {AT(validate_op_status), invalid_status, 0, 0, 200,
     "status of $validate when there are errors [I]"},
    {AT(content_type_status), media_status, 0, 0, 400,
     "status of a body that says it is no JSON [M]"},
    {AT(xml), xml, 0, 0, 406,
     "what a client gets that takes XML alone: 406, or JSON all the same [Q]"},
    {AT(hapi_unknown_method), method_status, 0, 0, 405,
     "status of an interaction that the type does not offer for an id [I]"},
    {AT(x_powered_by), on_off, 0, 0, 0,
     "answers name the software of the service's time [M]"},
    {AT(oo_style), outcome_style, 0, 0, 3,
     "shape of an OperationOutcome: HAPI 3.6, or its successors [M]"},
    {AT(timezone), zones, 0, 0, 0, "zone of meta.lastUpdated [C]"},
    {AT(if_none_exist_stu3), on_off, 0, 0, 1,
     "STU3: conditional create; off: If-None-Exist is ignored, as early in "
     "2019 [C]"},
    {AT(allow_test_profiles), test_profiles, 0, 0, TEST_PROFILES_ON,
     "applications may store StructureDefinitions, ValueSets and CodeSystems "
     "of their own, which take effect at once; inert: any, without effect [Q]"},
    {AT(store_questionnaires), on_off, 0, 0, 1,
     "applications may store Questionnaires [Q]"},
    {AT(batch_stu3), on_off, 0, 0, 0, "STU3: batch and transaction [C]"},
    {AT(batch_r4), on_off, 0, 0, 1, "R4: batch and transaction [Q]"},
    {AT(batch_url_type), entry_type, 0, 0, 0,
     "an entry to be created whose url names another type: its own type "
     "decides, or it is refused [C]"},
    {AT(batch_etag), entry_etag, 0, 0, 0,
     "etag of an entry's response: W/\"1\", or 1 [M]"},
    {AT(batch_max), NULL, 1, 10000, 1000, "entries in a Bundle at most [I]"},
    {AT(count_zero), zero, 0, 0, 1,
     "_count=0: the number alone, or as if it were not there [M]"},
    {AT(missing_modifier), on_off, 0, 0, 1, "the modifier :missing [I]"},
    {AT(search_dates), date_search, 0, 0, 0,
     "how dates are searched: as FHIR has it, or HAPI 3.6 [I]"},
    {AT(date_eq_period), period_eq, 0, 0, 0,
     "a date equals a period when it falls in it, or when it holds all of it "
     "[Q]"},
    {AT(oauth_errors), error_style, 0, 0, 0,
     "errors of the OAuth endpoints: as the service's software worded them, or "
     "as the RFCs have them [M]"},
    {AT(authorize_order), order, 0, 0, 0,
     "authorize: the login page comes before the request is looked at, or "
     "after [M]"},
    {AT(refresh_rotation), rotation, 0, 0, 0,
     "a refresh answers with the same refresh token again, or with a new one; "
     "then a used one that comes again ends its whole family [M]"},
    {AT(refresh_grace_s), NULL, 0, DAY_S, 0,
     "rotate: for so many seconds a used refresh token gives the same "
     "successor "
     "again [I]"},
    {AT(refresh_idle_d), NULL, 0, YEARS_D, 0,
     "a refresh token ends after so many days without use; 0: it does not "
     "[M]"},
    {AT(refresh_absolute_d), NULL, 0, YEARS_D, 0,
     "refresh tokens end so many days after the authorization; 0: they do not "
     "[M]"},
    {AT(code_s), NULL, 1, 600, 300, "seconds that a code is good for [M]"},
    {AT(consent_form_s), NULL, 1, DAY_S, 1800,
     "seconds that the form on the consent page is good for [M]"},
    {AT(code_replay_revokes), on_off, 0, 0, 0,
     "a code that comes again ends the tokens that were issued for it [M]"},
    {AT(foreign_code), foreign_code, 0, 0, 0,
     "a code that another application presents is used up, or stays good [M]"},
    {AT(foreign_refresh_token), foreign_refresh, 0, 0, 0,
     "a refresh token that another application presents is deleted, or stays "
     "[M]"},
    {AT(pkce_methods), pkce_methods, 0, 0, 0,
     "code_challenge_methods that are taken [M]"},
    {AT(pkce_required), pkce_demanded, 0, 0, PKCE_NEVER,
     "which applications must send a code_challenge [M]"},
    {AT(pkce_downgrade_check), on_off, 0, 0, 0,
     "a code_verifier without a code_challenge before it is refused [M]"},
    {AT(public_clients), public_offer, 0, 0, 1,
     "applications without a secret may register [Q]"},
    {AT(iss_parameter), on_off, 0, 0, 0,
     "answers of authorize carry iss, and the metadata say so [M]"},
    {AT(issuer_trailing_slash), on_off, 0, 0, 1,
     "the issuer ends with a slash [C]"},
    {AT(duplicate_parameters), duplicates, 0, 0, 0,
     "a parameter that is sent twice: the first counts, or it is refused [M]"},
    {AT(two_auth_methods), two_methods, 0, 0, 0,
     "credentials in the header and in the form: the header's count, or they "
     "are refused [M]"},
    {AT(enforce_auth_method), on_off, 0, 0, 0,
     "an application must authenticate by the method it registered [C]"},
    {AT(credentials_in_query), on_off, 0, 0, 1,
     "token: the query's parameters count, a client_secret too [M]"},
    {AT(bearer_in_query), on_off, 0, 0, 0,
     "FHIR: an access_token in the query counts [M]"},
    {AT(introspection_needs_permission), on_off, 0, 0, 1,
     "introspect is for applications that are registered for it; off: any may "
     "ask about its own tokens [M]"},
    {AT(introspection_answer), error_style, 0, 0, 0,
     "members of the introspect answer: as the service's software has them, or "
     "as RFC 7662 [M]"},
    {AT(rfc8414_document), on_off, 0, 0, 0,
     "the metadata are served as oauth-authorization-server, too [M]"},
    {AT(registration_nulls), on_off, 0, 0, 1,
     "the answer of register has members without a value, as null [C]"},
    {AT(loopback_redirect_port), on_off, 0, 0, 0,
     "redirect URIs of 127.0.0.1 and [::1] match with any port (RFC 8252) [I]"},
    {AT(access_token_format), token_format, 0, 0, 0,
     "access tokens are signed JWTs, or random texts [M]"},
    {AT(token_patient_member), on_off, 0, 0, 0,
     "the token answer has the member patient, for SMART clients [C]"},
    {AT(openid), on_off, 0, 0, 0,
     "the scope openid is offered, with an ID token and userinfo [C]"},
    {AT(scope_wildcards), on_off, 0, 0, 0,
     "the scopes patient/*.read and patient/*.write are offered [I]"},
    {AT(terms), on_off, 0, 0, 0,
     "the terms of use are accepted at the first login [Q]"},
    {AT(client_certificate), demanded, 0, 0, CERTIFICATE_OFF,
     "token and FHIR demand a client certificate: of no application, of those "
     "that are registered with one, or of every one [C]"},
    {AT(on_missing_certificate), missing_certificate, 0, 0, MISSING_BY_POLICY,
     "without a good certificate: a TLS alert in the handshake, or that "
     "status; "
     "by-policy: alert when required, else 401 [I]"},
    /* Counts only while certificates are demanded (client_certificate is not
     * off): else nobody could authenticate. */
    {AT(client_auth), client_auth, 0, 0, 0,
     "token: applications authenticate by a secret, or by their client_id and "
     "certificate; the latter where certificates are demanded [C]"},
    {AT(fhir_certificate), whose, 0, 0, 1,
     "FHIR: the certificate is that of the token's application, or any sound "
     "one [I]"},
    {AT(bind_tokens), on_off, 0, 0, 0,
     "a token is good with the certificate alone with which it was issued "
     "(RFC 8705) [I]"},
    {AT(cert_clock), clocks, 0, 0, 1,
     "by which clock certificates are valid: the server's, which tests move, "
     "or "
     "the machine's [I]"},
    {AT(crl_strict), on_off, 0, 0, 0,
     "a CRL that is out of date refuses every certificate of its issuer [I]"},
    {AT(token_required), on_off, 0, 0, 1,
     "the FHIR bases need an access token; off: anybody reads and changes all "
     "[C]"},
    {AT(open_sandbox), on_off, 0, 0, 1,
     "the same data without a token below /open, and for the Host "
     "fhirsandbox.kanta.fi [Q]"},
    {AT(fhir_r4), on_off, 0, 0, 1, "there is a baseR4 beside baseStu3 [C]"},
    {AT(capability_statement), statements, 0, 0, 0,
     "which of the published CapabilityStatements of R4 metadata names: that "
     "of production, or of acceptance testing [I]"},
    {AT(citizens), who_may, 0, 0, 0,
     "who may log in: any sound test code, or the test citizens alone that "
     "fixtures or the control API registered [C]"},
    {AT(login_age), NULL, 0, HETU_AGE_MAX, 16,
     "years of age from which on citizens may log in [Q]"},
    {AT(self_service), on_off, 0, 0, 1,
     "applications may register themselves, in the portal or at register [C]"},
    {AT(access_token_s), NULL, 1, YEARS_D *DAY_S, 3600,
     "seconds that access tokens live of an application that is registered "
     "without access_token_seconds [M]"},
};

static int *value_of(struct settings *s, const struct row *row)
{
	return (int *)((char *)s + row->offset);
}

struct profile_options settings_rules(const struct settings *s)
{
	return (struct profile_options){
	    .required = (enum profile_required)s->profile_required,
	    .unknown_warns = s->unknown_profile != 0,
	    .explain = s->errors == ERRORS_EXPLAIN,
	    .rules = (enum rule_set)s->rules,
	    .no_examples = s->example_urls == 0,
	    .foreign_rejected = s->foreign_profiles != 0,
	    .creator_required = s->creating_application == CREATOR_REQUIRED,
	    .display = (enum profile_say)s->display_check,
	    .unknown_code = (enum profile_say)s->unknown_code,
	    .weight =
		{
		    [SWITCH_GLUCOSE_PAIR] = (uint8_t)s->glucose_pair,
		    [SWITCH_STU3_BP_55284] = (uint8_t)s->stu3_bp_55284,
		    [SWITCH_STU3_EXTRA_CODINGS] =
			(uint8_t)s->stu3_extra_codings,
		    [SWITCH_SNAPSHOT_LITERAL] = (uint8_t)s->snapshot_literal,
		    [SWITCH_STU3_DEVICE] = (uint8_t)s->stu3_device,
		    [SWITCH_STU3_METHOD] = (uint8_t)s->stu3_method,
		},
	};
}

void settings_init(struct settings *s)
{
	for (size_t i = 0; i < LEN(rows); i++)
		*value_of(s, &rows[i]) = rows[i].initial;
}

/* ---- setting and listing ---------------------------------------------- */

static bool refuse_unknown(const char *name, struct err *e)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < LEN(rows); i++)
		nearest_try(&near, rows[i].name);
	if (near.best == NULL)
		return err_set(e, ERR_INVALID, "unknown_setting", name,
			       "there is no setting \"%s\"; serve --help lists "
			       "them all",
			       name);
	return err_set(e, ERR_INVALID, "unknown_setting", name,
		       "there is no setting \"%s\"; did you mean \"%s\"?", name,
		       near.best);
}

/* "422 | 412 | 400" or "1..20000" */
static const char *allowed(struct arena *a, const struct row *row)
{
	struct buf b;

	if (row->choice == NULL)
		return arena_printf(a, "%d..%d", row->min, row->max);
	buf_init(&b, a);
	for (const struct choice *c = row->choice; c->text != NULL; c++)
		buf_printf(&b, "%s%s", c == row->choice ? "" : " | ", c->text);
	return b.p;
}

static bool parse(const struct row *row, const char *text, int *out)
{
	char *end;
	long n;

	for (const struct choice *c = row->choice; c && c->text; c++) {
		if (strcmp(c->text, text) != 0)
			continue;
		*out = c->value;
		return true;
	}
	if (row->choice != NULL || text[0] < '0' || text[0] > '9')
		return false;
	n = strtol(text, &end, 10); /* LONG_MAX on overflow: out of range */
	if (*end != '\0' || n < row->min || n > row->max)
		return false;
	*out = (int)n;
	return true;
}

static bool refuse_value(const struct row *row, const char *value,
			 struct err *e)
{
	struct arena *a = arena_new(0);

	err_set(e, ERR_INVALID, "invalid_value", row->name,
		"\"%s\" is no value of %s; allowed: %s", value, row->name,
		allowed(a, row));
	arena_free(a);
	return false;
}

bool settings_set(struct settings *s, const char *name, const char *value,
		  struct err *e)
{
	for (size_t i = 0; i < LEN(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!parse(&rows[i], value, value_of(s, &rows[i])))
			return refuse_value(&rows[i], value, e);
		return true;
	}
	return refuse_unknown(name, e);
}

bool settings_change(struct settings *s, const char *name, const char *value,
		     struct err *e)
{
	struct settings changed = *s;

	if (!settings_set(&changed, name, value, e))
		return false;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (rows[i].at_start && strcmp(rows[i].name, name) == 0 &&
		    *value_of(&changed, &rows[i]) != *value_of(s, &rows[i]))
			return err_set(e, ERR_INVALID, "only_at_start", name,
				       "%s is decided when the server starts: "
				       "start it with --set %s=%s",
				       name, name, value);
	}
	*s = changed;
	return true;
}

static const char *value_text(struct arena *a, const struct row *row, int value)
{
	for (const struct choice *c = row->choice; c && c->text; c++) {
		if (c->value == value)
			return c->text;
	}
	return arena_printf(a, "%d", value);
}

bool settings_list(const struct settings *s, struct arena *a, size_t i,
		   struct setting_info *out)
{
	const struct row *row;

	if (i >= LEN(rows))
		return false;
	row = &rows[i];
	out->name = row->name;
	out->value =
	    value_text(a, row, *(const int *)((const char *)s + row->offset));
	out->allowed = allowed(a, row);
	out->what = row->what;
	out->at_start = row->at_start;
	return true;
}

enum err_kind record_status_kind(int status)
{
	static const struct {
		int status;
		enum err_kind kind;
	} kinds[] = {
	    {400, ERR_INVALID},	     {403, ERR_FORBIDDEN},
	    {404, ERR_NOT_FOUND},    {409, ERR_CONFLICT},
	    {412, ERR_PRECONDITION}, {422, ERR_UNPROCESSABLE},
	};

	for (size_t i = 0; i < LEN(kinds); i++) {
		if (kinds[i].status == status)
			return kinds[i].kind;
	}
	assert(!"a status that no setting can have");
	return ERR_INTERNAL;
}
