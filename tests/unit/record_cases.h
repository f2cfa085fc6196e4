/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables that the tests of record walk through.
 */
#ifndef RECORD_CASES_H
#define RECORD_CASES_H

#include "record_setup.h"

#define HEAD "{\"resourceType\":\"X\",\"id\":\"i\","
#define META "\"meta\":{\"versionId\":\"3\",\"lastUpdated\":\"" NOW_TEXT "\""

static const struct {
	const char *name, *value;
	bool ok;
	const char *word; /* in the refusal */
} setting_rows[] = {
    {"errors", "explain", true, NULL},
    {"errors", "verbose", false, "kanta | explain"},
    {"example_urls", "off", true, NULL},
    {"profile_required", "not-patient", true, NULL},
    {"unknown_profile", "warn", true, NULL},
    {"validation_status", "412", true, NULL},
    {"validation_status", "404", false, "422 | 412 | 400"},
    {"patient_mismatch_status", "404", true, NULL},
    {"foreign_read", "404", true, NULL},
    {"missing_patient", "empty", true, NULL},
    {"unknown_search_param", "400", true, NULL},
    {"code_default_system", "always", true, NULL},
    {"oo_narrative", "off", true, NULL},
    {"page_default", "1", true, NULL},
    {"page_default", "0", false, "1..20000"},
    {"page_default", "20001", false, "1..20000"},
    {"page_default", "99999999999999999999", false, "1..20000"},
    {"page_default", "", false, "1..20000"},
    {"page_default", " 5", false, "1..20000"},
    {"page_default", "5x", false, "1..20000"},
    {"page_default", "-5", false, "1..20000"},
    {"foreign_profiles", "reject", true, NULL},
    {"creating_application", "add", true, NULL},
    {"creating_application", "always", false, "optional | required | add"},
    {"stu3_rules", "draft2017", true, NULL},
    {"display_check", "off", true, NULL},
    {"display_check", "loud", false, "by-rules | off | warn | error"},
    {"unknown_code", "off", false, "by-rules | warn | error"},
    {"page_defualt", "5", false, "did you mean \"page_default\""},
    {"validation-status", "422", false, "\"validation_status\""},
    {"Errors", "kanta", false, "\"errors\""},
};

static const struct {
	const char *name;
	const char *value;
	int which;  /* enum profile_switch */
	int weight; /* enum profile_weight */
} weight_rows[] = {
    {"glucose_pair", "warn", SWITCH_GLUCOSE_PAIR, WEIGHT_WARNING},
    {"snapshot_literal", "on", SWITCH_SNAPSHOT_LITERAL, WEIGHT_SILENT},
    {"stu3_bp_55284", "on", SWITCH_STU3_BP_55284, WEIGHT_SILENT},
    {"stu3_extra_codings", "allow", SWITCH_STU3_EXTRA_CODINGS, WEIGHT_SILENT},
    {"stu3_device", "allow", SWITCH_STU3_DEVICE, WEIGHT_SILENT},
    {"stu3_method", "allow", SWITCH_STU3_METHOD, WEIGHT_SILENT},
};

static const struct {
	const char *hetu;
	const char *refusal; /* NULL: sound */
} hetu_rows[] = {
    {"010190-900P", NULL},
    {"150785-901A", NULL},
    {"240306A902J", NULL},
    {"310712A903V", NULL},
    {"080452-9980", NULL},
    {"290200A999J", NULL},
    {"290200a999j", NULL},
    {"010190Y900P", NULL},
    {"010190u900P", NULL},
    {"010190+900P", NULL},
    {"240306F902J", NULL},
    {"", "11 characters"},
    {"010190-900", "11 characters"},
    {"010190-900PP", "11 characters"},
    {" 010190-900P", "11 characters"},
    {"01O190-900P", "digits"},
    {"010190-9O0P", "digits"},
    {"010190/900P", "century sign"},
    {"010190G900P", "century sign"},
    {"010190-900Q", "check character"},
    {"010190-900R", "check character"},
    {"010190-900O", "check character"},
    {"310490-900F", "no such day"},
    {"300290-9007", "no such day"},
    {"290200-999J", "no such day"}, /* 1900 was no leap year */
    {"290201A900L", "no such day"},
    {"000190-9002", "no such day"},
    {"010090-900W", "no such day"},
    {"010190-001P", "002"},
    {"010190-000N", "002"},
    {"010190-123M", "real person"},
    {"010190-899N", "real person"},
};

static const struct {
	const char *word;
	bool has, known;
} scope_rows[] = {
    {"offline_access", true, true},
    {"offline", false, false},
    {"patient/Observation.read", true, true},
    {"patient/Observation.write", false, true},
    {"patient/Consent.read", false, true},
    {"registration-token", false, true},
    {"patient/*.read", false, false},
    {"patient/Observation.rs", false, false},
    {"patient/Observation.", false, false},
    {"patient/Encounter.read", false, false},
    {"user/Observation.read", false, false},
    {"openid", false, false},
    {"", false, false},
};

static const struct {
	const char *metadata, *code, *word;
} client_rows[] = {
    {"[]", "invalid_client_metadata", "object"},
    {"{}", "invalid_redirect_uri", "at least one redirect URI"},
    {"{'redirect_uris':[]}", "invalid_redirect_uri", "at least one"},
    {"{'redirect_uris':'https://a.example/'}", "invalid_redirect_uri",
     "must be a list"},
    {"{'redirect_uris':[1]}", "invalid_redirect_uri", "must be a list"},
    {"{'redirect_uris':['https://a.example/#x']}", "invalid_redirect_uri",
     "can not have a fragment"},
    {"{'redirect_uris':['/cb']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['a.example/cb']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['localhost:1300/cb']}", "invalid_redirect_uri",
     "begin with http"},
    {"{'redirect_uris':['a.example:443']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['https:']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['https:/a']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['https:///a']}", "invalid_redirect_uri", "absolute"},
    {"{'redirect_uris':['javascript:alert(1)']}", "invalid_redirect_uri",
     "redirected to"},
    {"{'redirect_uris':['DATA:text/html,x']}", "invalid_redirect_uri",
     "redirected to"},
    {"{'redirect_uris':['https://a.example/a b']}", "invalid_redirect_uri",
     "absolute"},
    {"{'redirect_uris':['https://a.example/\\u00e4']}", "invalid_redirect_uri",
     "absolute"},
    {"{'redirect_uris':['https://a.example/\\u000d\\u000aX: 1']}",
     "invalid_redirect_uri", "control"},
    {"{" U ",'scope':'patient/Observation.read fly'}",
     "invalid_client_metadata", "\"fly\""},
    {"{" U ",'scope':['offline_access']}", "invalid_client_metadata",
     "scope must be a string"},
    {"{" U ",'grant_types':['password']}", "invalid_client_metadata",
     "The password grant type is not allowed in dynamic registration "
     "on this server."},
    {"{" U ",'grant_types':['implicit']}", "invalid_client_metadata",
     "\"implicit\""},
    {"{" U ",'response_types':['token']}", "invalid_client_metadata",
     "\"token\""},
    {"{" U ",'token_endpoint_auth_method':'client_secret_jwt'}",
     "invalid_client_metadata", "Unknown authentication method"},
    {"{" U ",'token_endpoint_auth_method':'private_key_jwt'}",
     "invalid_client_metadata", "jwks with a list keys"},
    {"{" U ",'token_endpoint_auth_method':'private_key_jwt',"
     "'jwks':{'keys':[]}}",
     "invalid_client_metadata", "jwks with a list keys"},
    {"{" U ",'token_endpoint_auth_method':'private_key_jwt',"
     "'jwks_uri':'https://a.example/keys'}",
     "invalid_client_metadata", "by value"},
    {"{" U ",'token_endpoint_auth_method':'tls_client_auth'}",
     "invalid_client_metadata", "needs the certificate's subject"},
    {"{" U ",'token_endpoint_auth_method':'private_key_jwt',"
     "'jwks':{'keys':[{}]},'client_secret':'x'}",
     "invalid_client_metadata", "private_key_jwt has no client_secret"},
    {"{" U ",'set':[]}", "invalid_client_metadata", "set must be an object"},
    {"{" U ",'set':{'code_s':300}}", "invalid_client_metadata",
     "the value of code_s must be a string"},
    {"{" U ",'set':{'code_s':'0'}}", "invalid_client_metadata", "1..600"},
    {"{" U ",'set':{'cod_s':'1'}}", "invalid_client_metadata",
     "did you mean \"code_s\""},
    {"{" U ",'set':{'page_max':'1'}}", "invalid_client_metadata",
     "--set page_max=1"},
    {"{" U ",'scope':'openid'}", "invalid_client_metadata", "\"openid\""},
    {"{" U ",'auto_approve':'yes'}", "invalid_client_metadata", "\"deny\""},
    {"{" U ",'auto_approve':'010190-123M'}", "invalid_client_metadata",
     "test citizen"},
    {"{" U ",'auto_approve':1}", "invalid_client_metadata", "\"deny\""},
    {"{" U ",'allow_introspection':'yes'}", "invalid_client_metadata",
     "true or false"},
    {"{" U ",'client_uri':'javascript:alert(1)'}", "invalid_client_metadata",
     "client_uri must be an http"},
    {"{" U ",'client_name':5}", "invalid_client_metadata",
     "client_name must be a string"},
    {"{" U ",'client_name':'a\\u0007'}", "invalid_client_metadata",
     "client_name"},
    {"{" U ",'jwks':[]}", "invalid_client_metadata", "an object"},
    {"{" U ",'require_auth_time':1}", "invalid_client_metadata",
     "true or false"},
    {"{" U ",'access_token_seconds':-1}", "invalid_client_metadata",
     "whole number"},
    {"{" U ",'access_token_seconds':1.5}", "invalid_client_metadata",
     "whole number"},
    {"{" U ",'access_token_seconds':1000000000}", "invalid_client_metadata",
     "whole number"},
    {"{" U ",'access_token_seconds':0}", "invalid_client_metadata",
     "at least 1"},
    {"{" U ",'kind':'robot'}", "invalid_client_metadata", "citizen"},
    {"{" U ",'kind':'professional','scope':'patient/Observation.read "
     "patient/Observation.write'}",
     "invalid_client_metadata", "leave out patient/Observation.write"},
    {"{" U ",'client_id':'a b'}", "invalid_client_metadata",
     "client_id must be"},
    {"{" U ",'client_id':''}", "invalid_client_metadata", "client_id"},
    {"{" U ",'client_id':'app'}", "client_id_taken", "registered"},
    {"{" U ",'client_secret':''}", "invalid_client_metadata", "printable"},
    {"{" U ",'client_secret':'a b'}", "invalid_client_metadata", "printable"},
    {"{" U ",'client_secret':'x','token_endpoint_auth_method':'none'}",
     "invalid_client_metadata", "has no client_secret"},
    {"{" U ",'redirect_uri':'x'}", "unknown_member",
     "did you mean \"redirect_uris\"?"},
};

static const struct {
	const char *text, *local;
} reference_rows[] = {
    {"Patient/1", "Patient/1"},
    {"Patient/1/_history/3", "Patient/1"},
    {OWN_BASE "/Patient/1", "Patient/1"},
    {OWN_BASE "/Patient/1/_history/3", "Patient/1"},
    {OWN_BASE "Patient/1", OWN_BASE "Patient/1"},
    {OWN_BASE "/", OWN_BASE "/"},
    {"http://elsewhere.example/Patient/1",
     "http://elsewhere.example/Patient/1"},
    {"http://elsewhere.example/Patient/1/_history/3",
     "http://elsewhere.example/Patient/1/_history/3"},
    {"urn:uuid:" PATIENT, "urn:uuid:" PATIENT},
    {"Patient", "Patient"},
    {"Patient/", "Patient/"},
    {"", ""},
    {"#contained", NULL},
};

static const struct {
	const char *type, *params; /* without _security, which STU3 has */
	bool stu3_only;
} type_rows[] = {
    {"CarePlan",
     "_id _lastUpdated _total category date identifier patient "
     "status supporting-info ",
     false},
    {"CodeSystem", "_id url ", false},
    {"Consent", "_id _lastUpdated _total identifier patient! ", true},
    {"MedicationAdministration",
     "_id _lastUpdated _total code effective-time "
     "identifier patient! ",
     false},
    {"MedicationStatement", "_id _lastUpdated _total identifier patient! ",
     true},
    {"Observation",
     "_id _lastUpdated _total category code date identifier patient! ", false},
    {"Patient", "_id ", false},
    {"Questionnaire", "_id _lastUpdated _total code identifier url ", false},
    {"QuestionnaireResponse",
     "_id _lastUpdated _total authored identifier patient! questionnaire ",
     false},
    {"StructureDefinition", "_id url ", false},
    {"ValueSet", "_id url ", false},
};

static const struct {
	const char *in, *out;
} merge_rows[] = {
    {"{\"resourceType\":\"X\"}", HEAD META "}}"},
    {"{\"resourceType\":\"X\",\"meta\":{}}", HEAD META "}}"},
    {" {\n \"v\" : 72.50 ,\t\"w\":[ 1.0, 1e3 , -0 ,1E+2],"
     "\"resourceType\":\"X\" } ",
     HEAD META "},\"v\":72.50,\"w\":[1.0,1e3,-0,1E+2]}"},
    {"{\"resourceType\":\"X\",\"a\":\"\\u00e4 \\/ \\ud83d\\ude00\xc3"
     "\xa4  b\\n\"}",
     HEAD META "},\"a\":\"\\u00e4 \\/ \\ud83d\\ude00\xc3\xa4  "
	       "b\\n\"}"},
    {"{\"id\":\"mine\",\"meta\":{\"tag\":[{\"code\" : \"t\"}],"
     "\"versionId\":\"9\",\"lastUpdated\":\"2000-01-01T00:00:00Z\","
     "\"profile\":[ \"p\" ]},\"resourceType\":\"X\",\"z\":1,\"b\":2}",
     HEAD META ",\"tag\":[{\"code\":\"t\"}],\"profile\":[\"p\"]},"
	       "\"z\":1,\"b\":2}"},
    {"{\"resourceType\":\"X\",\"n\":{\"id\":\"k\",\"meta\":{\"versionId"
     "\":\"9\"},\"resourceType\":\"Y\"}}",
     HEAD META "},\"n\":{\"id\":\"k\",\"meta\":{\"versionId\":\"9\"},"
	       "\"resourceType\":\"Y\"}}"},
};

static const struct {
	const char *type, *id;
	int version, foreign;
	enum err_kind kind; /* ERR_NONE: read */
	const char *text;
} read_rows[] = {
    {"Observation", "mine", 0, 403, ERR_NONE, NULL},
    {"Observation", "mine", 1, 403, ERR_NONE, NULL},
    {"Observation", "mine", 9, 403, ERR_NOT_FOUND,
     "Version \"9\" is not valid for resource Observation/mine"},
    {"Observation", "mine", -1, 403, ERR_NOT_FOUND, "Version \"-1\""},
    {"Observation", "none", 0, 403, ERR_NOT_FOUND,
     "Resource Observation/none is not known"},
    {"Patient", "mine", 0, 403, ERR_NOT_FOUND,
     "Resource Patient/mine is not known"},
    {"Observation", "theirs", 0, 403, ERR_FORBIDDEN, "another patient"},
    {"Observation", "theirs", 1, 403, ERR_FORBIDDEN, "another patient"},
    {"Observation", "theirs", 9, 403, ERR_FORBIDDEN, "another patient"},
    {"Observation", "theirs", 0, 404, ERR_NOT_FOUND,
     "Resource Observation/theirs is not known"},
    {"Observation", "theirs", 9, 404, ERR_NOT_FOUND,
     "Resource Observation/theirs is not known"},
    {"Observation", "gone", 0, 403, ERR_GONE,
     "Resource was deleted at 2026-11-21T12:00:01.000+02:00"},
    {"Observation", "gone", 2, 403, ERR_GONE, "deleted at"},
    {"Observation", "gone", 1, 403, ERR_NONE, NULL},
    {"Patient", PATIENT, 0, 403, ERR_NONE, NULL},
    {"Patient", STRANGER, 0, 403, ERR_FORBIDDEN, "another patient"},
};

static const struct {
	const char *resource;
	int mismatch;
	enum err_kind kind; /* ERR_NONE: stored */
	bool issues;
	const char *where, *text;
} create_rows[] = {
    {WEIGHT, 403, ERR_NONE, false, NULL, NULL},
    {WEIGHT_OF(OWN_BASE "/" ME, ME "/_history/1", "kg", "1"), 403, ERR_NONE,
     false, NULL, NULL},
    {WEIGHT_OF(THEM, THEM, "kg", "1"), 403, ERR_FORBIDDEN, false,
     "Observation.subject", "refers to " THEM},
    {WEIGHT_OF(THEM, THEM, "kg", "1"), 404, ERR_NOT_FOUND, false,
     "Observation.subject", "refers to"},
    {WEIGHT_OF(ME, THEM, "kg", "1"), 403, ERR_FORBIDDEN, false,
     "Observation.performer", "refers to " THEM},
    {WEIGHT_OF(OWN_BASE "/" THEM, ME, "kg", "1"), 403, ERR_FORBIDDEN, false,
     "Observation.subject", "refers to " THEM},
    {WEIGHT_OF(ME, "http://evil.example/fhir/" ME, "kg", "1"), 403,
     ERR_FORBIDDEN, false, "Observation.performer",
     "refers to http://evil.example/fhir/" ME},
    {WEIGHT_OF(ME, STU3_BASE "/" ME, "kg", "1"), 403, ERR_FORBIDDEN, false,
     "Observation.performer", "refers to " STU3_BASE "/" ME},
    {WEIGHT_OF("http://evil.example/fhir/" ME, ME, "kg", "1"), 403,
     ERR_FORBIDDEN, false, "Observation.subject", "must refer to the Patient"},
    /* the profile takes no reference to what is contained */
    {WITH_CONTAINED(ME, "#a"), 403, ERR_UNPROCESSABLE, true,
     "Observation.performer[0]", NULL},
    {WITH_CONTAINED("#a", ME), 403, ERR_UNPROCESSABLE, true,
     "Observation.subject", NULL},
    /* nobody refers to what it contains */
    {WITH_CONTAINED(ME, ME), 403, ERR_UNPROCESSABLE, true,
     "Observation.contained[0]", NULL},
    {WEIGHT_OF(ME, "urn:uuid:" PATIENT, "kg", "1"), 403, ERR_UNPROCESSABLE,
     true, "Observation.performer[0].reference", NULL},
    /* The profile is told first. */
    {WEIGHT_OF(THEM, THEM, "g", "1"), 403, ERR_UNPROCESSABLE, true,
     "Observation.valueQuantity", NULL},
    {"{'resourceType':'Medication'}", 403, ERR_NOT_FOUND, false, "",
     "Unknown resource type 'Medication' - Server knows how to handle: "
     "[CarePlan, CodeSystem, MedicationAdministration, Observation, "
     "Patient, Questionnaire, QuestionnaireResponse, StructureDefinition, "
     "ValueSet]"},
    {"{'resourceType':7}", 403, ERR_INVALID, false, "",
     "missing required element: 'resourceType'"},
    {"[]", 403, ERR_INVALID, false, "", "'resourceType'"},
};

static const struct {
	const char *doc;
	enum err_kind kind;
	const char *where, *text;
} refusal_rows[] = {
    {"[]", ERR_INVALID, "f.json", "JSON object"},
    {"{'citizen':[]}", ERR_INVALID, "f.json: /citizen",
     "did you mean \"citizens\"?"},
    {"{'citizens':{}}", ERR_INVALID, "f.json: /citizens", "must be a list"},
    {"{'citizens':['010190-900P']}", ERR_INVALID, "f.json: /citizens/0",
     "JSON object"},
    {"{'citizens':[{},{'hetu':'010190-123M'}]}", ERR_INVALID,
     "f.json: /citizens/1", "real person"},
    {"{'citizens':[{'hetu':5}]}", ERR_INVALID, "f.json: /citizens/0",
     "hetu: must be a string"},
    {"{'citizens':[{'age':-1}]}", ERR_INVALID, "f.json: /citizens/0",
     "age: must be a whole number"},
    {"{'citizens':[{'age':121}]}", ERR_INVALID, "f.json: /citizens/0",
     "0 to 120"},
    {"{'citizens':[{'patientid':'x'}]}", ERR_INVALID, "f.json: /citizens/0",
     "did you mean \"patient_id\"?"},
    {"{'clients':[{}]}", ERR_INVALID, "f.json: /clients/0",
     "redirect_uris: Clients using"},
    {"{'clients':[" APP "," APP "]}", ERR_CONFLICT, "f.json: /clients/1",
     "registered already"},
    {"{'citizens':[{'behaviours':'minor'}]}", ERR_INVALID,
     "f.json: /citizens/0", "behaviours: must be a list"},
    {"{'citizens':[{'behaviours':['minor','refuse-consent']}]}", ERR_INVALID,
     "f.json: /citizens/0",
     "known are minor, deceased, no-terms-accepted, refuses-consent, empty, "
     "heavy, withdrawn and professional-consent"},
    {"{'citizens':[{'behaviours':[7]}]}", ERR_INVALID, "f.json: /citizens/0",
     "must be a list of words"},
    {"{'permissions':[{}]}", ERR_INVALID, "f.json: /permissions/0",
     "client_id: is missing"},
    {"{'permissions':[{'client_id':'app','hetu':'" HETU "','scopes':'x'}]}",
     ERR_INVALID, "f.json: /permissions/0", "did you mean \"scope\"?"},
    {"{'permissions':[{'client_id':'app','hetu':'" HETU "'}]}", ERR_NOT_FOUND,
     "f.json: /permissions/0", "no application \"app\""},
    {"{" TWO ",'permissions':[{'client_id':'app','hetu':'" OTHER "'}]}",
     ERR_NOT_FOUND, "f.json: /permissions/0", "no such citizen"},
    {"{" TWO ",'permissions':[{'client_id':'app','hetu':'" HETU
     "','scope':'patient/CarePlan.read'}]}",
     ERR_INVALID, "f.json: /permissions/0", "patient/CarePlan.read"},
    {"{" TWO ",'permissions':[{'client_id':'app','hetu':'" HETU
     "','withdrawn':'yes'}]}",
     ERR_INVALID, "f.json: /permissions/0", "withdrawn: must be true or false"},
    {"{" TWO ",'permissions':[{'client_id':'app','hetu':'" HETU
     "','at':'yesterday'}]}",
     ERR_INVALID, "f.json: /permissions/0", "at: must be a date"},
    {"{" TWO ",'permissions':[{'client_id':'pro','hetu':'" HETU "'}]}",
     ERR_FORBIDDEN, "f.json: /permissions/0", "for professionals"},
    {"{'citizens':[{'hetu':'" HETU "','behaviours':['refuses-consent']}],"
     "'clients':[" APP "],'permissions':[{'client_id':'app','hetu':'" HETU
     "'}]}",
     ERR_FORBIDDEN, "f.json: /permissions/0", "refuses-consent"},
    {"{'consents':[{}]}", ERR_INVALID, "f.json: /consents/0",
     "decision: is missing"},
    {"{'consents':[{'decision':'yes','hetu':'" HETU "'}]}", ERR_INVALID,
     "f.json: /consents/0", "\"consent\" or \"refusal\""},
    {"{'consents':[{'decision':'consent','hetu':'" HETU "'}]}", ERR_NOT_FOUND,
     "f.json: /consents/0", "no such citizen"},
    {"{" TWO ",'consents':[{'decision':'refusal','hetu':'" HETU
     "','client_id':'app'}]}",
     ERR_INVALID, "f.json: /consents/0", "no application for professionals"},
    {"{" TWO ",'consents':[{'decision':'consent','hetu':'" HETU
     "','from':'2026-02-01','until':'2026-01-01'}]}",
     ERR_INVALID, "f.json: /consents/0", "until: must be later"},
    {"{'treatments':[{'hetu':'" HETU "'}]}", ERR_INVALID,
     "f.json: /treatments/0", "client_id: is missing"},
    {"{'treatments':[{'citizen':'" HETU "'}]}", ERR_INVALID,
     "f.json: /treatments/0", "unknown member \"citizen\""},
    {"{" TWO ",'treatments':[{'hetu':'" HETU "','client_id':'no'}]}",
     ERR_NOT_FOUND, "f.json: /treatments/0", "no application \"no\""},
    {"{'resources':[{'fhir':'r5','resource':{}}]}", ERR_INVALID,
     "f.json: /resources/0", "fhir: must be \"stu3\" or \"r4\""},
    {"{'resources':[{'fhir':'r4'}]}", ERR_INVALID, "f.json: /resources/0",
     "resource: must be a JSON object"},
    {"{'resources':[{'fhir':'r4','hetu':'" OTHER "','resource':{}}]}",
     ERR_NOT_FOUND, "f.json: /resources/0", "no such citizen"},
    {"{'resources':[{'fhir':'r4','client_id':'x','resource':{}}]}",
     ERR_NOT_FOUND, "f.json: /resources/0", "no application \"x\""},
    {"{'resources':[{'fhir':'r4','resource':{'id':'a b'}}]}", ERR_INVALID,
     "f.json: /resources/0", "resource.id: is no FHIR id"},
    {"{'resources':[{'fhir':'r4','resource':{}}]}", ERR_INVALID,
     "f.json: /resources/0", "'resourceType'"},
};

static const struct {
	const char *item;
	enum err_kind kind; /* ERR_NONE: loaded */
	const char *text;
} fixture_rows[] = {
    {"{'fhir':'r4','resource':" WEIGHT "}", ERR_NONE, NULL},
    {"{'fhir':'r4','hetu':'010190-900p','client_id':'app','resource'"
     ":" WEIGHT "}",
     ERR_NONE, NULL},
    {"{'fhir':'r4','hetu':'" OTHER "','resource':" WEIGHT "}", ERR_FORBIDDEN,
     "Observation.subject: Observation.subject refers"},
    {"{'fhir':'r4','resource':" WEIGHT_OF("Patient/nobody", "Patient/nobody",
					  "kg", "1") "}",
     ERR_NOT_FOUND, "Patient/nobody is no citizen here"},
    {"{'fhir':'r4','resource':" WEIGHT_OF(ME, ME, "g", "1") "}",
     ERR_UNPROCESSABLE, "Observation.valueQuantity"},
    {"{'fhir':'stu3','resource':" WEIGHT "}", ERR_UNPROCESSABLE, "Observation"},
};

#endif
