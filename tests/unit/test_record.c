/* SPDX-License-Identifier: Apache-2.0
 *
 * record: settings, personal identity codes, citizens, applications, grants and
 * tokens, the types, the stored text, checked create and read, fixtures, reset.
 *
 * Runs from the repository's root. Each test has an empty database of its own
 * and a clock that stands at NOW. The tests that need the rules open the
 * compiled definitions and the national profiles once; without the images they
 * are skipped.
 */
#include "record_clients.h"
#include "record_environment.h"

/* ---- settings --------------------------------------------------------- */

static void test_settings_values(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(setting_rows); i++) {
		bool ok = settings_set(&t->r.settings, setting_rows[i].name,
				       setting_rows[i].value, &t->e);

		if (ok != setting_rows[i].ok)
			fail_msg("%s=%s", setting_rows[i].name,
				 setting_rows[i].value);
		if (!ok)
			has(t->e.text, setting_rows[i].word);
	}
	assert_int_equal(t->r.settings.validation_status, 412);
	assert_int_equal(t->r.settings.profile_required, REQUIRED_NOT_PATIENT);
	assert_int_equal(t->r.settings.missing_patient, 0);
	assert_int_equal(t->r.settings.page_default, 1);
	assert_false(settings_set(&t->r.settings, "zzzzzzzzzzzz", "1", &t->e));
	assert_string_equal(t->e.code, "unknown_setting");
	assert_null(strstr(t->e.text, "did you mean"));
}

static const struct {
	const char *name, *value;
} defaults[] = {
    {"errors", "kanta"},
    {"rules", "kanta"},
    {"example_urls", "on"},
    {"profile_required", "all"},
    {"unknown_profile", "reject"},
    {"validation_status", "422"},
    {"patient_mismatch_status", "403"},
    {"foreign_read", "403"},
    {"missing_patient", "400"},
    {"unknown_search_param", "ignore"},
    {"code_default_system", "multiple"},
    {"page_default", "50"},
    {"page_max", "20000"},
    {"oo_narrative", "on"},
    {"foreign_profiles", "allow"},
    {"creating_application", "optional"},
    {"glucose_pair", "enforce"},
    {"snapshot_literal", "off"},
    {"stu3_bp_55284", "off"},
    {"stu3_extra_codings", "reject"},
    {"stu3_device", "reject"},
    {"stu3_method", "reject"},
    {"stu3_rules", "effective"},
    {"display_check", "by-rules"},
    {"unknown_code", "by-rules"},
    {"references", "enforced"},
    {"noop_update", "keep"},
    {"update_create", "by-type"},
    {"update_by_other", "reject"},
    {"if_match_status", "409"},
    {"conditional_update", "off"},
    {"conditional_delete", "off"},
    {"delete_status", "200"},
    {"delete_integrity", "on"},
    {"history", "all"},
    {"meta_merge", "off"},
    {"validate_op", "on"},
    {"validate_op_status", "200"},
    {"content_type_status", "400"},
    {"xml", "406"},
    {"hapi_unknown_method", "405"},
    {"x_powered_by", "off"},
    {"oo_style", "hapi3"},
    {"timezone", "Europe/Helsinki"},
    {"if_none_exist_stu3", "on"},
    {"allow_test_profiles", "on"},
    {"store_questionnaires", "on"},
    {"batch_stu3", "off"},
    {"batch_r4", "on"},
    {"batch_url_type", "resource"},
    {"batch_etag", "weak"},
    {"batch_max", "1000"},
    {"count_zero", "count"},
    {"missing_modifier", "on"},
    {"search_dates", "spec"},
    {"date_eq_period", "overlap"},
    {"oauth_errors", "mitreid"},
    {"authorize_order", "login-first"},
    {"refresh_rotation", "reuse"},
    {"refresh_grace_s", "0"},
    {"refresh_idle_d", "0"},
    {"refresh_absolute_d", "0"},
    {"code_s", "300"},
    {"consent_form_s", "1800"},
    {"code_replay_revokes", "off"},
    {"foreign_code", "burnt"},
    {"foreign_refresh_token", "deleted"},
    {"pkce_methods", "plain S256"},
    {"pkce_required", "never"},
    {"pkce_downgrade_check", "off"},
    {"public_clients", "pkce"},
    {"iss_parameter", "off"},
    {"issuer_trailing_slash", "on"},
    {"duplicate_parameters", "first"},
    {"two_auth_methods", "basic"},
    {"enforce_auth_method", "off"},
    {"credentials_in_query", "on"},
    {"bearer_in_query", "off"},
    {"introspection_needs_permission", "on"},
    {"introspection_answer", "mitreid"},
    {"rfc8414_document", "off"},
    {"registration_nulls", "on"},
    {"loopback_redirect_port", "off"},
    {"access_token_format", "jwt"},
    {"token_patient_member", "off"},
    {"openid", "off"},
    {"scope_wildcards", "off"},
    {"terms", "off"},
    {"client_certificate", "off"},
    {"on_missing_certificate", "by-policy"},
    {"client_auth", "basic+post"},
    {"fhir_certificate", "application"},
    {"bind_tokens", "off"},
    {"cert_clock", "virtual"},
    {"crl_strict", "off"},
    {"token_required", "on"},
    {"open_sandbox", "on"},
    {"fhir_r4", "on"},
    {"capability_statement", "production"},
    {"citizens", "any"},
    {"login_age", "16"},
    {"self_service", "on"},
    {"access_token_s", "3600"},
};

static void test_settings_list(void **state)
{
	struct t *t = *state;
	struct setting_info info;
	size_t i;

	for (i = 0; settings_list(&t->r.settings, t->a, i, &info); i++) {
		assert_in_range(i, 0, LEN(defaults) - 1);
		assert_string_equal(info.name, defaults[i].name);
		assert_string_equal(info.value, defaults[i].value);
		assert_true(
		    settings_set(&t->r.settings, info.name, info.value, &t->e));
		assert_true(strlen(info.what) > 10);
		/* where the default comes from */
		assert_non_null(strstr(" [Q] [C] [M] [I]",
				       info.what + strlen(info.what) - 4));
		assert_int_equal(info.at_start,
				 strcmp(info.name, "stu3_rules") == 0);
	}
	assert_int_equal(i, LEN(defaults));
	assert_true(settings_set(&t->r.settings, "errors", "explain", &t->e));
	assert_true(settings_list(&t->r.settings, t->a, 0, &info));
	assert_string_equal(info.value, "explain");
}

/* What the rule engine is told: nothing of it but by default. */
static void test_settings_rules(void **state)
{
	struct t *t = *state;
	struct settings *s = &t->r.settings;
	struct profile_options o = settings_rules(s);

	for (int i = 0; i < PROFILE_SWITCHES; i++)
		assert_int_equal(o.weight[i], WEIGHT_STATED);
	assert_false(o.foreign_rejected);
	assert_false(o.creator_required);
	assert_int_equal(o.display, SAY_BY_RULES);
	assert_int_equal(o.unknown_code, SAY_BY_RULES);
	for (size_t i = 0; i < LEN(weight_rows); i++) {
		assert_true(settings_set(s, weight_rows[i].name,
					 weight_rows[i].value, &t->e));
		o = settings_rules(s);
		for (int k = 1; k < PROFILE_SWITCHES; k++)
			assert_int_equal(o.weight[k],
					 k == weight_rows[i].which
					     ? weight_rows[i].weight
					     : WEIGHT_STATED);
		settings_init(s);
	}
	assert_true(settings_set(s, "foreign_profiles", "reject", &t->e));
	assert_true(settings_set(s, "creating_application", "add", &t->e));
	assert_true(settings_set(s, "display_check", "off", &t->e));
	assert_true(settings_set(s, "unknown_code", "warn", &t->e));
	o = settings_rules(s);
	assert_true(o.foreign_rejected);
	assert_false(o.creator_required);
	assert_int_equal(o.display, SAY_OFF);
	assert_int_equal(o.unknown_code, SAY_WARNING);
	assert_true(settings_set(s, "creating_application", "required", &t->e));
	assert_true(settings_rules(s).creator_required);
}

/* What counts at the start alone cannot be changed later. */
static void test_settings_change(void **state)
{
	struct t *t = *state;
	struct settings *s = &t->r.settings;

	assert_true(settings_change(s, "stu3_device", "allow", &t->e));
	assert_int_equal(s->stu3_device, WEIGHT_SILENT);
	assert_true(settings_change(s, "stu3_rules", "effective", &t->e));
	assert_false(settings_change(s, "stu3_rules", "draft2017", &t->e));
	assert_string_equal(t->e.code, "only_at_start");
	has(t->e.text, "--set stu3_rules=draft2017");
	assert_int_equal(s->stu3_rules, 0);
	assert_false(settings_change(s, "stu3_rules", "new", &t->e));
	assert_string_equal(t->e.code, "invalid_value");
	assert_true(settings_set(s, "stu3_rules", "draft2017", &t->e));
	assert_true(settings_change(s, "stu3_rules", "draft2017", &t->e));
	assert_false(settings_change(s, "stu3_rules", "effective", &t->e));
}

/* ---- personal identity codes ------------------------------------------ */

static void test_hetu_check(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(hetu_rows); i++) {
		bool ok = hetu_check(hetu_rows[i].hetu, &t->e);

		if (ok != (hetu_rows[i].refusal == NULL))
			fail_msg("%s: %s", hetu_rows[i].hetu, t->e.text);
		if (ok)
			continue;
		assert_int_equal(t->e.kind, ERR_INVALID);
		has(t->e.text, hetu_rows[i].refusal);
		if (strlen(hetu_rows[i].hetu) > 5)
			assert_null(strstr(t->e.text, hetu_rows[i].hetu));
	}
}

static void test_hetu_age(void **state)
{
	static const struct {
		const char *hetu, *now;
		int age;
	} rows[] = {
	    {"310712A903V", "2028-07-30T23:59:59+03:00", 15},
	    {"310712A903V", "2028-07-31T00:00:00+03:00", 16},
	    {"310712A903V", "2028-07-30T21:00:00Z", 16}, /* a Finnish day */
	    {"310712A903V", "2012-07-30T12:00:00Z", -1},
	    {"310712A903V", "2012-07-31T12:00:00Z", 0},
	    {"290200A999J", "2018-02-28T12:00:00Z", 17},
	    {"290200A999J", "2018-03-01T12:00:00Z", 18},
	    {"010190-900P", "2026-11-21T12:00:00Z", 36},
	    {"010190+900P", "2026-11-21T12:00:00Z", 136},
	    {"010190Y900P", "2026-11-21T12:00:00Z", 36},
	    {"240306B902J", "2026-11-21T12:00:00Z", 20},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		int age = hetu_age(rows[i].hetu, ms(rows[i].now));

		if (age != rows[i].age)
			fail_msg("%s at %s: %d", rows[i].hetu, rows[i].now,
				 age);
	}
}

static void test_hetu_fresh(void **state)
{
	struct t *t = *state;
	static const char *const days[] = {
	    "2026-11-21T12:00:00Z", "2024-02-29T12:00:00Z",
	    "2026-01-01T00:00:00Z", "2026-12-31T23:30:00Z"};
	static const int ages[] = {0, 1, 15, 16, 18, 26, 27, 64, 120};
	char hetu[HETU_TEXT];
	char signs[256] = {0};

	for (size_t d = 0; d < LEN(days); d++)
		for (size_t i = 0; i < 40 * LEN(ages); i++) {
			int age = ages[i % LEN(ages)];

			assert_true(hetu_make(&t->r, hetu, age, ms(days[d])));
			if (!hetu_check(hetu, &t->e))
				fail_msg("%s: %s", hetu, t->e.text);
			assert_int_equal(hetu[7], '9');
			assert_int_equal(hetu_age(hetu, ms(days[d])), age);
			signs[(unsigned char)hetu[6]] = 1;
		}
	assert_true(signs['-'] && signs['A'] && !signs['+']);
	assert_false(hetu_make(&t->r, hetu, 120, ms("1910-01-01T00:00:00Z")));
}

/* ---- citizens --------------------------------------------------------- */

static void test_citizen_patient(void **state)
{
	struct t *t = *state;
	static const char *const profile[] = {"fiphr-patient-stu3",
					      "fiphr-sd-patient"};
	struct store_citizen again;
	struct store_resource p;
	struct store_counts n;

	citizen(t, HETU, PATIENT);
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		assert_true(store_resource_find(t->r.store, t->a, v, "Patient",
						PATIENT, 0, &p));
		assert_string_equal(
		    p.text,
		    arena_printf(
			t->a,
			"{\"resourceType\":\"Patient\",\"id\":\"" PATIENT "\","
			"\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"
			"\"" NOW_TEXT "\",\"profile\":[\"http://phr.kanta.fi/"
			"StructureDefinition/%s\"]},\"identifier\":[{"
			"\"system\":\"urn:ietf:rfc:3986\",\"value\":"
			"\"urn:uuid:" PATIENT "\"}]}",
			profile[v]));
		assert_string_equal(p.patient, PATIENT);
	}
	/* The same one again, also by small letters. */
	assert_true(record_citizen(&t->r, t->a, "010190-900p", -1, NULL, &again,
				   &t->e));
	assert_string_equal(again.patient, PATIENT);
	assert_string_equal(again.hetu, HETU);
	assert_true(
	    record_citizen(&t->r, t->a, HETU, -1, PATIENT, &again, &t->e));
	store_count(t->r.store, &n);
	assert_int_equal(n.citizens, 1);
	assert_int_equal(n.resources, 2);
}

static void test_citizen_refusals(void **state)
{
	struct t *t = *state;
	static const struct {
		const char *hetu;
		int age;
		const char *patient;
		enum err_kind kind;
		const char *code;
	} rows[] = {
	    {"010190-123M", -1, NULL, ERR_INVALID, "real_hetu"},
	    {"010190-900X", -1, NULL, ERR_INVALID, "invalid_hetu"},
	    {NULL, 121, NULL, ERR_INVALID, "invalid_age"},
	    {OTHER, -1, "1", ERR_INVALID, "invalid_patient_id"},
	    {OTHER, -1, PATIENT, ERR_CONFLICT, "patient_id_taken"},
	    {HETU, -1, STRANGER, ERR_CONFLICT, "citizen_known"},
	};
	struct store_citizen c;
	struct store_counts n;

	citizen(t, HETU, PATIENT);
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_false(record_citizen(&t->r, t->a, rows[i].hetu,
					    rows[i].age, rows[i].patient, &c,
					    &t->e));
		assert_int_equal(t->e.kind, rows[i].kind);
		assert_string_equal(t->e.code, rows[i].code);
	}
	store_count(t->r.store, &n);
	assert_int_equal(n.citizens, 1);
}

static void test_citizen_fresh_and_delete(void **state)
{
	struct t *t = *state;
	static const int ages[] = {-1, -1, 15, 0, 99};
	struct store_citizen c;
	struct store_resource p;
	struct store_counts n;

	for (size_t i = 0; i < LEN(ages); i++) {
		int age;

		assert_true(record_citizen(&t->r, t->a, NULL, ages[i], NULL, &c,
					   &t->e));
		assert_true(uuid_ok(c.patient));
		assert_true(hetu_check(c.hetu, &t->e));
		age = hetu_age(c.hetu, ms(NOW));
		assert_true(ages[i] < 0 ? age >= 18 && age < 100
					: age == ages[i]);
		assert_true(record_citizen_delete(&t->r, t->a, c.hetu, &t->e));
		assert_false(store_resource_find(t->r.store, t->a, FHIR_R4,
						 "Patient", c.patient, 0, &p));
		assert_false(record_citizen_delete(&t->r, t->a, c.hetu, &t->e));
		assert_int_equal(t->e.kind, ERR_NOT_FOUND);
	}
	store_count(t->r.store, &n);
	assert_int_equal(n.citizens + n.resources + n.versions, 0);
}

/* ---- references, types ------------------------------------------------ */

static void test_references(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(reference_rows); i++) {
		const char *local =
		    record_reference(t->a, reference_rows[i].text, OWN_BASE);

		if (reference_rows[i].local == NULL)
			assert_null(local);
		else
			assert_string_equal(local, reference_rows[i].local);
	}
	assert_string_equal(record_reference(t->a, OWN_BASE "/Patient/1", NULL),
			    OWN_BASE "/Patient/1");
}

/* The names of the parameters, each with a space behind it, in the order of
 * the list; a mandatory one with '!'. */
static const char *print_params(struct t *t, const struct record_type *type)
{
	struct buf b;

	buf_init(&b, t->a);
	for (const struct record_param *p = type->param; p->name; p++)
		buf_printf(&b, "%s%s ", p->name, p->mandatory ? "!" : "");
	return b.p;
}

/* Is it among the stated parameters of STU3? Data of citizens alone. */
static bool has_security(const struct record_type *type)
{
	return !type->definition && strcmp(type->type, "Patient") != 0;
}

static void test_types(void **state)
{
	struct t *t = *state;
	const struct record_type *type;

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		enum fhir_version f = (enum fhir_version)v;

		size_t at = 0;

		for (size_t i = 0; i < LEN(type_rows); i++) {
			if (f == FHIR_R4 && type_rows[i].stu3_only)
				continue;
			type = record_type_at(f, at++);
			assert_non_null(type);
			assert_string_equal(type->type, type_rows[i].type);
			assert_string_equal(
			    print_params(t, type),
			    arena_printf(t->a, "%s%s",
					 f == FHIR_STU3 && has_security(type)
					     ? "_security "
					     : "",
					 type_rows[i].params));
		}
		assert_null(record_type_at(f, at));
		assert_null(record_type_find(f, "observation"));
		assert_null(record_type_find(f, "Medication"));
		type = record_type_find(f, "Patient");
		assert_int_equal(type->interactions,
				 IA_READ | IA_VREAD | IA_SEARCH | IA_CREATE |
				     IA_UPDATE | IA_HISTORY);
		assert_string_equal(type->param[0].name, "_id");
		assert_null(type->param[1].name);
	}
}

/* ---- storing and reading without the rules ----------------------------- */

static struct store_resource put(struct t *t, const char *id,
				 const char *patient)
{
	struct put p = {
	    .fhir = FHIR_R4,
	    .type = record_type_find(FHIR_R4, "Observation"),
	    .id = id,
	    .patient = patient,
	    .client_id = "app",
	    .own_base = OWN_BASE,
	};
	struct store_resource out;
	const char *text = arena_printf(
	    t->a,
	    "{'resourceType':'Observation','code':{'coding':[{'code':'c'}]},"
	    "'subject':{'reference':'Patient/%s'}}",
	    patient);

	if (!record_put(&t->r, t->a, &p, J(t, text), &out, &t->e))
		out.version = -1;
	return out;
}

static void test_put_versions(void **state)
{
	struct t *t = *state;
	struct store_resource first = put(t, "o", PATIENT), gone, next;

	assert_int_equal(first.version, 1);
	assert_string_equal(first.method, "POST");
	assert_int_equal(put(t, "o", PATIENT).version, -1);
	assert_int_equal(t->e.kind, ERR_CONFLICT);

	gone = first;
	gone.version = 2;
	gone.updated_ms = first.updated_ms + 5000;
	gone.deleted = true;
	gone.method = "DELETE";
	gone.text = NULL;
	gone.text_len = 0;
	store_resource_put(t->r.store, &gone, NULL, 0);
	/* The clock stands still; the version's time does not. */
	next = put(t, "o", PATIENT);
	assert_int_equal(next.version, 3);
	assert_int_equal(next.updated_ms, gone.updated_ms + 1);
	has(next.text, "\"versionId\":\"3\",\"lastUpdated\":"
		       "\"2026-11-21T12:00:05.001+02:00\"");
}

static void test_put_is_found(void **state)
{
	struct t *t = *state;
	static const struct store_value value = {.op = OP_TOKEN, .value = "c"};
	static const struct store_clause clause = {
	    .param = "code", .value = &value, .n = 1};
	struct store_query q = {
	    .fhir = FHIR_R4,
	    .type = "Observation",
	    .patient = PATIENT,
	    .clause = &clause,
	    .clause_count = 1,
	    .limit = 10,
	};
	struct store_found found;

	put(t, "mine", PATIENT);
	put(t, "theirs", STRANGER);
	assert_true(store_search(t->r.store, t->a, &q, &found, &t->e));
	assert_int_equal(found.total, 1);
	assert_string_equal(found.v[0].id, "mine");
	assert_string_equal(found.v[0].client_id, "app");
}

static void test_read(void **state)
{
	struct t *t = *state;
	struct store_resource out;
	struct grant g;

	citizen(t, HETU, PATIENT);
	citizen(t, OTHER, STRANGER);
	client(t, APP);
	g = granted(t, NULL);
	put(t, "mine", PATIENT);
	put(t, "theirs", STRANGER);
	out = put(t, "gone", PATIENT);
	out.version = 2;
	out.updated_ms += 1000;
	out.deleted = true;
	out.text = NULL;
	store_resource_put(t->r.store, &out, NULL, 0);
	for (size_t i = 0; i < LEN(read_rows); i++) {
		bool ok;

		t->r.settings.foreign_read = read_rows[i].foreign;
		ok = record_read(&t->r, t->a, FHIR_R4, &g, read_rows[i].type,
				 read_rows[i].id, read_rows[i].version, &out,
				 &t->e);
		if (ok != (read_rows[i].kind == ERR_NONE))
			fail_msg("row %zu: %s", i, t->e.text);
		if (ok) {
			assert_string_equal(out.id, read_rows[i].id);
			continue;
		}
		assert_int_equal(t->e.kind, read_rows[i].kind);
		has(t->e.text, read_rows[i].text);
	}
	/* The bases hold separate resources. */
	assert_false(record_read(&t->r, t->a, FHIR_STU3, &g, "Observation",
				 "mine", 0, &out, &t->e));
	assert_true(record_read(&t->r, t->a, FHIR_R4, NULL, "Observation",
				"theirs", 0, &out, &t->e));
}

/* ---- with the rules ---------------------------------------------------- */

static bool without_rules(void)
{
	return rules.of[FHIR_R4] == NULL || rules.of[FHIR_STU3] == NULL;
}

static void test_patient_conforms(void **state)
{
	struct t *t = *state;

	if (without_rules())
		skip();
	citizen(t, HETU, PATIENT);
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		struct store_resource p;
		const struct issues *issues;

		assert_true(store_resource_find(t->r.store, t->a, v, "Patient",
						PATIENT, 0, &p));
		issues = record_check(
		    &t->r, t->a, (enum fhir_version)v,
		    json_parse(t->a, p.text, p.text_len, &t->e), NULL);
		if (issues->errors > 0)
			fail_msg("%s: %s", issues->v[0].path,
				 issues->v[0].text);
	}
}

#include "record_writes.h"

/* ---- fixtures and reset ------------------------------------------------ */

static bool loads(struct t *t, const struct json *doc, bool built_in)
{
	const struct fixture f = {doc, "f.json", built_in};

	return record_fixtures(&t->r, t->a, &f, &t->e);
}

static void test_fixture_refusals(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(refusal_rows); i++) {
		store_enter(t->r.store);
		if (loads(t, J(t, refusal_rows[i].doc), false))
			fail_msg("%s", refusal_rows[i].doc);
		store_leave(t->r.store, false);
		if (t->e.kind != refusal_rows[i].kind)
			fail_msg("%s: %s", refusal_rows[i].doc, t->e.text);
		assert_string_equal(t->e.where, refusal_rows[i].where);
		has(t->e.text, refusal_rows[i].text);
		assert_true(store_is_empty(t->r.store));
	}
}

#define PEOPLE                                                                 \
	"'citizens':[{'hetu':'" HETU "','patient_id':'" PATIENT "'},"          \
	"{'hetu':'" OTHER "','patient_id':'" STRANGER "'},{'age':15}],"        \
	"'clients':[" APP "],'permissions':[],'consents':[],'treatments':[]"

static void test_fixture_resources(void **state)
{
	struct t *t = *state;

	if (without_rules())
		skip();
	for (size_t i = 0; i < LEN(fixture_rows); i++) {
		/* Resources first: they are loaded last all the same. */
		const char *doc =
		    arena_printf(t->a, "{'resources':[%s]," PEOPLE "}",
				 fixture_rows[i].item);
		bool ok;

		store_enter(t->r.store);
		ok = loads(t, J(t, doc), false);
		store_leave(t->r.store, false);
		if (ok != (fixture_rows[i].kind == ERR_NONE))
			fail_msg("row %zu: %s", i, t->e.text);
		if (ok)
			continue;
		store_enter(t->r.store);
		bool passed = loads(t, J(t, doc), true);
		store_leave(t->r.store, false);
		assert_int_equal(passed,
				 fixture_rows[i].kind == ERR_UNPROCESSABLE);
		if (passed)
			continue;
		assert_int_equal(t->e.kind, fixture_rows[i].kind);
		assert_string_equal(t->e.where, "f.json: /resources/0");
		has(t->e.text, fixture_rows[i].text);
	}
}

#include "record_authorize.h"
#include "record_chance.h"
#include "record_professional.h"

/* ---- questionnaires ----------------------------------------------------- */

static void put_questionnaire(struct t *t, const char *id, const char *url,
			      const char *version)
{
	struct put p = {
	    .fhir = FHIR_R4,
	    .type = record_type_find(FHIR_R4, "Questionnaire"),
	    .id = id,
	    .patient = "",
	};
	struct store_resource out;
	const char *text =
	    arena_printf(t->a,
			 "{'resourceType':'Questionnaire','url':'%s',"
			 "'version':'%s'}",
			 url, version);

	t->r.clock.frozen_ms += 1000;
	assert_true(record_put(&t->r, t->a, &p, J(t, text), &out, &t->e));
}

static const char *fetched(struct t *t, enum fhir_version v,
			   const char *canonical)
{
	struct fetch f = {
	    .record = &t->r, .arena = t->a, .fhir = v, .own_base = OWN_BASE};
	const struct json *q = record_fetch(&f, canonical);

	return q != NULL ? json_get_text(q, "id") : "";
}

static void test_fetch(void **state)
{
	struct t *t = *state;

	put_questionnaire(t, "a", "http://q.example/q", "1");
	put_questionnaire(t, "c", "http://q.example/q", "3");
	put_questionnaire(t, "b", "http://q.example/q", "2");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/q"), "b");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/q|"), "b");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/q|1"), "a");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/q|3"), "c");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/q|4"), "");
	assert_string_equal(fetched(t, FHIR_R4, "http://q.example/other"), "");
	assert_string_equal(fetched(t, FHIR_STU3, "http://q.example/q"), "");
	assert_string_equal(fetched(t, FHIR_R4, "Questionnaire/a"), "a");
	assert_string_equal(fetched(t, FHIR_R4, OWN_BASE "/Questionnaire/c"),
			    "c");
	assert_string_equal(fetched(t, FHIR_R4, "Questionnaire/x"), "");
	assert_string_equal(fetched(t, FHIR_R4, "#a"), "");
	assert_string_equal(fetched(t, FHIR_R4, ""), "");
}

static void test_questionnaires_are_nobodys(void **state)
{
	struct t *t = *state;
	struct grant g = {.patient = PATIENT};
	struct store_resource r;

	put_questionnaire(t, "a", "http://q.example/q", "1");
	assert_true(record_read(&t->r, t->a, FHIR_R4, &g, "Questionnaire", "a",
				0, &r, &t->e));
	assert_string_equal(r.patient, "");
}

static void test_reset(void **state)
{
	struct t *t = *state;
	struct store_citizen c;
	struct store_counts n;
	const char *key;

	const struct fixture own = {J(t, "{" PEOPLE "}"), "f.json", false};

	t->r.fixtures = &own;
	t->r.fixture_count = 1;
	for (int i = 0; i < 2; i++) {
		store_enter(t->r.store);
		assert_true(record_reset(&t->r, t->a, &t->e));
		assert_true(store_leave(t->r.store, true));
		assert_true(store_commit(t->r.store));
		store_count(t->r.store, &n);
		assert_int_equal(n.citizens, 3);
		assert_int_equal(n.clients, 1);
		assert_int_equal(n.resources, 6);
		assert_int_equal(n.versions, 6);
		assert_int_equal(n.grants, 0);
		/* What the next round must make undone. */
		assert_true(
		    record_citizen(&t->r, t->a, NULL, -1, NULL, &c, &t->e));
		granted(t, NULL);
		key = jose_key_pem(t->a, record_key(&t->r, t->a));
	}
	record_close(&t->r);
	assert_string_equal(jose_key_pem(t->a, record_key(&t->r, t->a)), key);
}

/* ---- what the server is shipped with ------------------------------------ */

static int is_document(const struct dirent *d)
{
	return strstr(d->d_name, ".json") != NULL;
}

/* Loads one of its documents; how many items of that name it holds. */
static size_t ship(struct t *t, const char *file, const char *const *list,
		   size_t n, size_t *held)
{
	const char *path = arena_printf(t->a, "fixtures/%s", file);
	size_t size;
	const char *text = slurp(t->a, path, &size);
	const struct fixture f = {json_parse(t->a, text, size, &t->e), path,
				  false};

	if (f.doc == NULL || !record_fixtures(&t->r, t->a, &f, &t->e))
		fail_msg("%s: %s", t->e.where, t->e.text);
	for (size_t i = 0; i < n; i++)
		held[i] += json_count(json_get(f.doc, list[i]));
	return size;
}

/* All of it loads, in the order of the names, and none of it twice. */
static void test_shipped_fixtures(void **state)
{
	static const char *const lists[] = {"citizens", "clients", "resources",
					    "consents", "treatments"};
	struct t *t = *state;
	struct store_counts n;
	struct dirent **file;
	size_t held[LEN(lists)] = {0}, bytes = 0;
	int files;

	if (without_rules())
		skip();
	files = scandir("fixtures", &file, is_document, alphasort);
	assert_true(files > 0);
	for (int i = 0; i < files; i++) {
		bytes += ship(t, file[i]->d_name, lists, LEN(lists), held);
		free(file[i]);
	}
	free(file);
	assert_true(bytes < 250000); /* read at every start */
	store_count(t->r.store, &n);
	assert_int_equal(n.citizens, held[0]);
	assert_int_equal(n.clients, held[1]);
	assert_int_equal(n.resources, 2 * held[0] + held[2]);
	assert_int_equal(n.consents, held[3]);
	assert_int_equal(n.treatments, held[4]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_settings_values),
	    T(test_settings_list),
	    T(test_settings_rules),
	    T(test_settings_change),
	    T(test_environment_rows),
	    T(test_environment_applies),
	    T(test_environment_defaults),
	    T(test_environment_notes),
	    T(test_access_token_life),
	    T(test_hetu_check),
	    T(test_hetu_age),
	    T(test_hetu_fresh),
	    T(test_citizen_patient),
	    T(test_citizen_refusals),
	    T(test_citizen_fresh_and_delete),
	    T(test_scopes),
	    T(test_wildcard_scopes),
	    T(test_client_refusals),
	    T(test_client_caps),
	    T(test_client_defaults),
	    T(test_registration_token),
	    T(test_client_own),
	    T(test_client_metadata),
	    T(test_public_clients),
	    T(test_client_methods),
	    T(test_client_answer),
	    T(test_grant_scope),
	    T(test_tokens),
	    T(test_token_lifetimes),
	    T(test_code),
	    T(test_chance_by_citizen),
	    T(test_chance_without_seed),
	    T(test_chance_begins_again),
	    T(test_chance_texts),
	    T(test_authorize),
	    T(test_challenges),
	    T(test_hetu_fault),
	    T(test_signing_key_is_kept),
	    T(test_secrets_not_in_the_file),
	    T(test_references),
	    T(test_types),
	    T(test_fixture_permissions),
	    T(test_fixture_sharings),
	    T(test_behaviours),
	    T(test_professional_conditions),
	    T(test_professional_times),
	    T(test_professional_grant),
	    T(test_oids),
	    T(test_fetch),
	    T(test_questionnaires_are_nobodys),
	    T(test_merge_is_exact),
	    T(test_merge_names_creator),
	    T(test_put_versions),
	    T(test_put_is_found),
	    T(test_read),
	    T(test_patient_conforms),
	    T(test_create_table),
	    T(test_create_keeps_the_text),
	    T(test_updates),
	    T(test_update_versions),
	    T(test_merge_keeps_labels),
	    T(test_same),
	    T(test_reference_forms),
	    T(test_reference_paths),
	    T(test_expected_references),
	    T(test_seed),
	    T(test_owners),
	    T(test_instants),
	    T(test_fixture_refusals),
	    T(test_fixture_resources),
	    T(test_reset),
	    T(test_shipped_fixtures),
	};

	return cmocka_run_group_tests(tests, open_rules, close_rules);
}
