/* SPDX-License-Identifier: Apache-2.0
 *
 * environment: what differs between the environments of the service, as one
 * table, and between the two behaviours of the authorization server as another
 * of the same form.
 *
 * A row is a switch of settings.c, or an option of the command line. A cell is
 * its value in one environment, with the mark of where that is known from: [Q]
 * official text, [S] official text as others quote it, [P] a presentation of
 * the service's own, [C] seen in a client or in data, [M] stock behaviour of
 * the software the service was built on, [I] inference, [?] nobody knows. Each
 * value says what it means for an application.
 *
 * A preset is its column and nothing else: no code asks which environment it
 * is, but what a switch says. What the user sets by name wins over a preset;
 * the behaviours can be combined with any environment, and win over it.
 *
 * Facts: kanta.md sections 2, 2.3, 3.2, 4.1, 9; stand-in.md 9.1; oauth.md 1.
 */
#include "record/record_int.h"

#include <assert.h>
#include <string.h>

#define COLUMNS 4
#define MEANT	3

struct cell {
	const char *value, *mark;
};

struct row {
	const char *name;
	bool option;
	struct cell in[COLUMNS];
	struct {
		const char *value; /* NULL: whatever it is */
		const char *text;
	} means[MEANT];
};

/* clang-format off */

/* sandbox-open, sandbox, client-test, production */
static const struct row environments[] = {
    {"token_required", false,
     {{"off", "[Q]"}, {"on", "[C]"}, {"on", "[C]"}, {"on", "[C]"}},
     {{"on", "Every FHIR request needs an access token, which a citizen "
	     "allowed; it is for that citizen's data alone. Without one: 401."},
      {"off", "The FHIR bases need no token: anybody reads, changes and "
	      "deletes all there is."}}},
    {"open_sandbox", false,
     {{"on", "[Q]"}, {"on", "[Q]"}, {"off", "[I]"}, {"off", "[I]"}},
     {{"on", "The same data is reachable without a token as well: below /open, "
	     "and for the Host fhirsandbox.kanta.fi."},
      {"off", "There is no door without a token: paths below /open are 404."}}},
    {"fhir_r4", false,
     {{"on", "[C]"}, {"on", "[C]"}, {"on", "[Q]"}, {"off", "[Q]"}},
     {{"on", "baseR4 is there beside baseStu3; the two hold separate "
	     "resources."},
      {"off", "There is no baseR4: use baseStu3 and the STU3 profiles."}}},
    {"capability_statement", false,
     {{"production", "[I]"}, {"production", "[I]"}, {"testing", "[Q]"},
      {"production", "[Q]"}},
     {{"production", "metadata names the CapabilityStatements published for "
		     "production."},
      {"testing", "metadata of R4 names the CapabilityStatement published for "
		  "acceptance testing; what it offers is the same."}}},
    {"auth-path", true,
     {{"/phr-authserver-sandbox", "[I]"}, {"/phr-authserver-sandbox", "[C]"},
      {"/phr-authserver", "[I]"}, {"/phr-authserver", "[I]"}},
     {{NULL, "The authorization server has this path. The real URLs are not "
	     "published but given to suppliers: keep every URL in your "
	     "configuration."}}},
    {"client_certificate", false,
     {{"off", "[S]"}, {"off", "[S]"}, {"required", "[S]"}, {"required", "[C]"}},
     {{"required", "Token and FHIR demand your client certificate on every "
		   "request; pages, authorize and metadata do not. Give it to "
		   "your HTTP client for all of them, refreshes too."},
      {"off", "No client certificate is asked for."},
      {"optional", "Only applications registered with a certificate must "
		   "present it."}}},
    {"on_missing_certificate", false,
     {{"by-policy", "[I]"}, {"by-policy", "[I]"}, {"by-policy", "[I]"},
      {"by-policy", "[I]"}},
     {{NULL, "Where certificates are required, a missing or bad one ends the "
	     "TLS handshake with an alert: your HTTP client reports a "
	     "connection error, not a status."}}},
    {"fhir_certificate", false,
     {{"application", "[I]"}, {"application", "[I]"}, {"application", "[I]"},
      {"application", "[I]"}},
     {{NULL, "Where certificates are demanded, FHIR takes that of the token's "
	     "application, as its OID says, and no other."}}},
    {"client_auth", false,
     {{"basic+post", "[I]"}, {"basic+post", "[C]"}, {"certificate", "[C]"},
      {"certificate", "[C]"}},
     {{"certificate", "At the token endpoint send client_id and present your "
		      "certificate; no client_secret is needed "
		      "(token_endpoint_auth_method none)."},
      {"basic+post", "At the token endpoint send your client_secret, in the "
		     "form or as HTTP Basic."}}},
    {"self_service", false,
     {{"on", "[I]"}, {"on", "[C]"}, {"off", "[S]"}, {"off", "[S]"}},
     {{"on", "Register your application yourself, in the portal or by POST "
	     "/register."},
      {"off", "Kela registers applications: the portal and /register only "
	      "show them. Here POST /__admin/clients or a fixture does it."}}},
    {"public_clients", false,
     {{"pkce", "[Q]"}, {"pkce", "[Q]"}, {"off", "[I]"}, {"off", "[I]"}},
     {{"pkce", "Applications without a back-end may register, without a "
	       "secret, and use PKCE."},
      {"off", "Applications without a secret and without a certificate cannot "
	      "register themselves: they need a back-end."}}},
    {"citizens", false,
     {{"any", "[Q]"}, {"any", "[C]"}, {"registered", "[Q]"},
      {"registered", "[I]"}},
     {{"any", "Log in with any sound personal identity code of the 900 series; "
	      "a new one is a new citizen."},
      {"registered", "Only test citizens that are known can log in: those of "
		     "the fixtures and of POST /__admin/citizens."}}},
    {"login_age", false,
     {{"16", "[I]"}, {"16", "[I]"}, {"16", "[I]"}, {"16", "[Q]"}},
     {{NULL, "Citizens who are younger cannot log in."}}},
    {"terms", false,
     {{"off", "[I]"}, {"off", "[I]"}, {"on", "[Q]"}, {"on", "[Q]"}},
     {{"on", "At the first login the citizen meets the terms of use before "
	     "your application is asked about: one more page for scripted "
	     "logins."},
      {"off", "Nobody is asked to accept terms of use."}}},
    {"access_token_s", false,
     {{"3600", "[M]"}, {"3600", "[C]"}, {"3600", "[?]"}, {"3600", "[?]"}},
     {{NULL, "Seconds that an access token lives. Go by expires_in of the "
	     "answer, not by a number of your own."}}},
    {"refresh_idle_d", false,
     {{"0", "[M]"}, {"0", "[M]"}, {"0", "[?]"}, {"0", "[?]"}},
     {{NULL, "Days without use after which a refresh token ends (0: none). Be "
	     "ready to send the citizen through authorize again."}}},
    {"refresh_absolute_d", false,
     {{"0", "[M]"}, {"0", "[M]"}, {"0", "[?]"}, {"0", "[?]"}},
     {{NULL, "Days after the authorization when refresh tokens end (0: none). "
	     "Be ready to send the citizen through authorize again."}}},
    {"profile_required", false,
     {{"not-patient", "[C]"}, {"all", "[S]"}, {"all", "[S]"}, {"all", "[S]"}},
     {{"all", "Every resource names a national profile in meta.profile, the "
	      "Patient too."},
      {"not-patient", "A Patient may be stored without a profile, any other "
		      "resource must name one."},
      {"off", "Resources need not name a profile."}}},
    {"unknown_profile", false,
     {{"reject", "[S]"}, {"reject", "[S]"}, {"reject", "[S]"},
      {"reject", "[S]"}},
     {{"reject", "A profile that the server does not know is refused."},
      {"warn", "A profile that the server does not know is passed over."}}},
    {"allow_test_profiles", false,
     {{"on", "[P]"}, {"on", "[P]"}, {"off", "[I]"}, {"off", "[I]"}},
     {{"on", "Store StructureDefinitions, ValueSets and CodeSystems of your "
	     "own beside the national ones; they take effect at once."},
      {"inert", "Definitions may be stored, without effect."},
      {"off", "Definitions of your own are refused: what you store keeps to "
	      "the national profiles."}}},
    {"store_questionnaires", false,
     {{"on", "[Q]"}, {"on", "[Q]"}, {"off", "[I]"}, {"off", "[I]"}},
     {{"on", "Store Questionnaires yourself."},
      {"off", "Questionnaires are there or are not: your responses refer to "
	      "what the service holds."}}},
    {"batch_stu3", false,
     {{"off", "[C]"}, {"off", "[C]"}, {"off", "[C]"}, {"off", "[C]"}},
     {{"off", "STU3 takes no batch and no transaction: send resources one by "
	      "one."},
      {"on", "STU3 takes batches and transactions."}}},
};

/* kanta, strict */
static const struct row behaviours[] = {
    {"oauth_errors", false,
     {{"mitreid", "[M]"}, {"rfc", "[RFC 6749 5.2]"}},
     {{"mitreid", "Errors are worded as the service's software does: a dead "
		  "refresh token is 401 invalid_token."},
      {"rfc", "Errors have the codes of the RFC: a dead refresh token is 400 "
	      "invalid_grant."}}},
    {"authorize_order", false,
     {{"login-first", "[M]"}, {"request-first", "[RFC 6749 4.1.2.1]"}},
     {{"login-first", "The citizen logs in before your request is looked at."},
      {"request-first", "A wrong authorize request is refused before anybody "
			"logs in."}}},
    {"refresh_rotation", false,
     {{"reuse", "[M]"}, {"rotate", "[RFC 9700 4.14.2]"}},
     {{"reuse", "The refresh token stays good; the answer repeats it."},
      {"rotate", "Each refresh answers with a new refresh token: store it at "
		 "once. A used one that comes again ends all tokens."}}},
    {"refresh_idle_d", false,
     {{"0", "[M]"}, {"90", "[RFC 9700 4.14.2]"}},
     {{"0", "A refresh token does not end for want of use."},
      {NULL, "A refresh token ends after so many days without use."}}},
    {"refresh_absolute_d", false,
     {{"0", "[M]"}, {"365", "[I]"}},
     {{"0", "Refresh tokens do not end by age."},
      {NULL, "So many days after the authorization the citizen must be sent "
	     "through authorize again."}}},
    {"code_s", false,
     {{"300", "[M]"}, {"60", "[RFC 6749 4.1.2]"}},
     {{NULL, "Seconds in which the code must be exchanged."}}},
    {"consent_form_s", false,
     {{"1800", "[M]"}, {"600", "[I]"}},
     {{NULL, "Seconds that the citizen has on the consent page."}}},
    {"code_replay_revokes", false,
     {{"off", "[M]"}, {"on", "[RFC 6749 4.1.2]"}},
     {{"off", "A code that comes again is refused, nothing else."},
      {"on", "A code that comes again ends the tokens that were issued for "
	     "it: never retry an exchange."}}},
    {"foreign_code", false,
     {{"burnt", "[M]"}, {"kept", "[RFC 6749 5.2]"}},
     {{"burnt", "A code that another application presents is used up."},
      {"kept", "A code that another application presents stays good for its "
	       "own."}}},
    {"foreign_refresh_token", false,
     {{"deleted", "[M]"}, {"kept", "[RFC 6749 5.2]"}},
     {{"deleted", "A refresh token that another application presents is "
		  "gone."},
      {"kept", "A refresh token that another application presents stays good "
	       "for its own."}}},
    {"pkce_methods", false,
     {{"plain S256", "[M]"}, {"S256", "[RFC 9700 2.1.1]"}},
     {{"plain S256", "code_challenge_method may be plain or S256."},
      {"S256", "code_challenge_method must be S256."}}},
    {"pkce_required", false,
     {{"never", "[M]"}, {"public", "[RFC 9700 2.1.1]"}},
     {{"never", "PKCE is not demanded."},
      {"public", "An application without a secret must send a "
		 "code_challenge."}}},
    {"pkce_downgrade_check", false,
     {{"off", "[M]"}, {"on", "[RFC 9700 2.1.1]"}},
     {{"off", "A code_verifier without a code_challenge before it is passed "
	      "over."},
      {"on", "A code_verifier without a code_challenge before it is "
	     "refused."}}},
    {"iss_parameter", false,
     {{"off", "[M]"}, {"on", "[RFC 9207 2]"}},
     {{"off", "The callback has no iss."},
      {"on", "The callback has iss: compare it with the issuer."}}},
    {"issuer_trailing_slash", false,
     {{"on", "[C]"}, {"off", "[RFC 8414 3.1]"}},
     {{"on", "The issuer ends with a slash."},
      {"off", "The issuer ends without a slash."}}},
    {"duplicate_parameters", false,
     {{"first", "[M]"}, {"reject", "[RFC 6749 3.1]"}},
     {{"first", "Of a parameter that is sent twice the first counts."},
      {"reject", "A parameter that is sent twice is refused."}}},
    {"two_auth_methods", false,
     {{"basic", "[M]"}, {"reject", "[RFC 6749 2.3]"}},
     {{"basic", "Credentials in header and form: the header's count."},
      {"reject", "Credentials in header and form are refused: send them "
		 "once."}}},
    {"credentials_in_query", false,
     {{"on", "[M]"}, {"off", "[RFC 6749 2.3.1]"}},
     {{"on", "A client_secret in the query of token counts."},
      {"off", "A client_secret in the query of token is refused."}}},
    {"introspection_needs_permission", false,
     {{"on", "[M]"}, {"off", "[RFC 7662 2.1]"}},
     {{"on", "introspect is for applications that are registered for it."},
      {"off", "introspect answers any application, about its own tokens."}}},
    {"introspection_answer", false,
     {{"mitreid", "[M]"}, {"rfc", "[RFC 7662 2.2]"}},
     {{"mitreid", "introspect answers with the members of the service's "
		  "software."},
      {"rfc", "introspect answers with the members of the RFC: exp is a "
	      "number."}}},
    {"rfc8414_document", false,
     {{"off", "[M]"}, {"on", "[RFC 8414 3]"}},
     {{"off", "The metadata are at openid-configuration alone."},
      {"on", "The metadata are at oauth-authorization-server, too."}}},
    {"registration_nulls", false,
     {{"on", "[C]"}, {"off", "[RFC 7591 3.2.1]"}},
     {{"on", "The answer of register has members without a value, as null."},
      {"off", "The answer of register leaves out what has no value."}}},
    {"bind_tokens", false,
     {{"off", "[?]"}, {"on", "[RFC 8705 3]"}},
     {{"off", "Tokens are not bound to a certificate."},
      {"on", "A token is good with the certificate alone with which it was "
	     "issued: a new certificate needs new tokens."}}},
};
/* clang-format on */

static const struct column {
	const char *name;
	const struct row *rows;
	size_t n;
	size_t at;
} columns[] = {
    {"sandbox-open", environments, LEN(environments), 0},
    {"sandbox", environments, LEN(environments), 1},
    {"client-test", environments, LEN(environments), 2},
    {"production", environments, LEN(environments), 3},
    {"kanta", behaviours, LEN(behaviours), 0},
    {"strict", behaviours, LEN(behaviours), 1},
};

static const struct environment known[COLUMNS] = {
    {"sandbox-open"}, {"sandbox"}, {"client-test"}, {"production"}};

/* ---- looking up ------------------------------------------------------- */

const struct environment *environment_find(const char *name)
{
	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

static const struct column *column_find(const char *name)
{
	for (size_t i = 0; i < LEN(columns); i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

const char *environment_name(size_t i)
{
	return i < LEN(columns) ? columns[i].name : NULL;
}

static const char *meaning(const struct row *row, const char *value)
{
	for (size_t i = 0; i < MEANT; i++) {
		if (row->means[i].text == NULL)
			break;
		if (row->means[i].value == NULL ||
		    strcmp(row->means[i].value, value) == 0)
			return row->means[i].text;
	}
	return "";
}

static void fill(const struct row *row, size_t at, struct preset *out)
{
	*out = (struct preset){
	    .name = row->name,
	    .value = row->in[at].value,
	    .mark = row->in[at].mark,
	    .option = row->option,
	    .means = meaning(row, row->in[at].value),
	};
}

bool environment_row(const char *name, size_t i, struct preset *out)
{
	const struct column *c = column_find(name);

	if (c == NULL || i >= c->n)
		return false;
	fill(&c->rows[i], c->at, out);
	return true;
}

bool environment_preset(const char *name, size_t i, struct preset *out)
{
	for (size_t row = 0; environment_row(name, row, out); row++) {
		if (!out->option && i-- == 0)
			return true;
	}
	return false;
}

const char *environment_option(const struct environment *env,
			       const char *option)
{
	struct preset p;

	for (size_t i = 0; environment_row(env->name, i, &p); i++)
		if (p.option && strcmp(p.name, option) == 0)
			return p.value;
	return NULL;
}

/* ---- putting into force ----------------------------------------------- */

static void apply(const char *name, struct settings *s)
{
	struct preset p;
	struct err e;

	for (size_t i = 0; environment_preset(name, i, &p); i++) {
		bool ok = settings_set(s, p.name, p.value, &e);

		assert(ok);
		(void)ok;
	}
}

void environment_apply(const struct environment *env, struct settings *s)
{
	apply(env->name, s);
}

/* "kanta" is what the environments have: there is nothing to change. */
bool oauth_behaviour_apply(const char *name, struct settings *s)
{
	if (strcmp(name, "kanta") == 0)
		return true;
	if (strcmp(name, "strict") != 0)
		return false;
	apply(name, s);
	return true;
}

/* ---- what is not known for certain ------------------------------------- */

const char *record_preset_note(const struct record *r, struct arena *a,
			       const char *name)
{
	struct settings s = r->settings;
	struct preset p;
	struct err e;

	if (r->environment == NULL)
		return NULL;
	for (size_t i = 0; environment_preset(r->environment->name, i, &p);
	     i++) {
		if (strcmp(p.name, name) != 0)
			continue;
		if (strcmp(p.mark, "[I]") != 0 && strcmp(p.mark, "[?]") != 0)
			return NULL;
		if (!settings_set(&s, p.name, p.value, &e) ||
		    memcmp(&s, &r->settings, sizeof s) != 0)
			return NULL; /* the user says otherwise */
		return arena_printf(
		    a,
		    "%s=%s decided, which the environment %s has by %s, not by "
		    "what is known of the service %s",
		    p.name, p.value, r->environment->name,
		    p.mark[1] == 'I' ? "inference" : "assumption", p.mark);
	}
	return NULL;
}
