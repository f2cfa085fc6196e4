/* SPDX-License-Identifier: Apache-2.0
 *
 * profile_fhirpath.h: what the rule engine does for FHIRPath and with it: the
 * definitions as a model, the answers of the host, and the budget of steps.
 * Part of test_profile.c.
 */

/* ---- the definitions as FHIRPath sees them ------------------------------ */

static struct fp_type typed(const struct fp_model *m, const char *name)
{
	uint32_t t = m->type_find(m->set, name, strlen(name));
	assert_int_not_equal(t, FP_NO_TYPE);
	return (struct fp_type){NULL, t};
}

static const char *member_type(const struct fp_model *m, struct fp_type of,
			       const char *name)
{
	struct fp_type child;
	if (!m->member(m->set, of, name, &child))
		return NULL;
	return m->type_name(m->set, child.id);
}

static void test_model(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct fp_model m = profile_model(open_image(a, FHIR_R4));
	static const char text[] = "{\"resourceType\":\"Observation\"}";
	struct fp_type obs = m.resource(m.set, parse(a, text, strlen(text)));
	struct fp_type c;

	assert_string_equal(m.type_name(m.set, obs.id), "Observation");
	assert_int_equal(m.element(m.set, obs, "value", &c), FP_CHOICE);
	assert_int_equal(m.element(m.set, obs, "valueQuantity", &c), FP_ABSENT);
	assert_int_equal(m.element(m.set, obs, "val", &c), FP_ABSENT);
	assert_string_equal(member_type(&m, obs, "valueQuantity"), "Quantity");
	assert_string_equal(member_type(&m, obs, "contained"), "Resource");
	assert_null(member_type(&m, obs, "value"));
	assert_null(member_type(&m, obs, "resourceType"));

	assert_int_equal(m.element(m.set, obs, "component", &c), FP_PLAIN);
	assert_string_equal(m.type_name(m.set, c.id), "BackboneElement");
	assert_string_equal(member_type(&m, c, "valueString"), "string");
	/* its content is defined elsewhere */
	assert_int_equal(m.element(m.set, c, "referenceRange", &c), FP_PLAIN);
	assert_string_equal(member_type(&m, c, "low"), "Quantity");
	/* a primitive has an id and extensions */
	assert_string_equal(member_type(&m, typed(&m, "code"), "extension"),
			    "Extension");
	/* a stem that another name begins with */
	assert_int_equal(
	    m.element(m.set, typed(&m, "ElementDefinition"), "min", &c),
	    FP_PLAIN);

	assert_true(m.type_is_a(m.set, obs.id, typed(&m, "Resource").id));
	assert_false(m.type_is_a(m.set, obs.id, typed(&m, "Element").id));
	assert_int_equal(m.system_kind(m.set, typed(&m, "Age").id),
			 FP_QUANTITY);
	assert_int_equal(m.system_kind(m.set, typed(&m, "url").id), FP_STRING);
	assert_int_equal(m.system_kind(m.set, typed(&m, "Period").id), FP_NODE);
	assert_int_equal(m.type_find(m.set, "None", 4), FP_NO_TYPE);
	arena_free(a);
}

static void test_search_params(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	struct search_info info;
	size_t n = 0, resource = 0;

	for (; profile_search_param(p, "Observation", n, &info); n++)
		resource += strcmp(info.code, "_profile") == 0;
	assert_int_equal(resource, 1);
	assert_true(n > 40);
	/* its own come first */
	assert_true(profile_search_param(p, "Observation", 0, &info));
	assert_string_equal(info.code, "amino-acid-change");
	assert_true(
	    profile_search_find(p, "Observation", "derived-from", &info));
	assert_string_equal(info.type, "reference");
	assert_string_equal(info.expression, "Observation.derivedFrom");
	assert_string_equal(info.targets,
			    "Media Observation ImagingStudy MolecularSequence "
			    "QuestionnaireResponse DocumentReference");
	assert_true(profile_search_find(p, "Observation", "_text", &info));
	assert_null(info.expression);
	assert_null(info.targets);
	/* no DomainResource */
	assert_false(profile_search_find(p, "Bundle", "_text", &info));
	assert_true(profile_search_find(p, "Bundle", "_tag", &info));
	assert_false(profile_search_find(p, "Observation", "dat", &info));
	assert_false(profile_search_find(p, "Patients", "_tag", &info));
	assert_false(profile_search_param(p, "Patients", 0, &info));
	arena_free(a);
}

/* ---- the host's answers ------------------------------------------------- */

static const char host_text[] =
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\","
    "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\"}],"
    "\"subject\":{\"reference\":\"#p\"},"
    "\"performer\":[{\"reference\":\"Practitioner/1\"}],"
    "\"text\":{\"status\":\"empty\",\"div\":"
    "\"<div xmlns='http://www.w3.org/1999/xhtml'>x</div>\"},"
    "\"code\":{\"coding\":[{\"code\":\"ACT\",\"system\":"
    "\"http://terminology.hl7.org/CodeSystem/v3-ActClass\"},"
    "{\"code\":\"OBS\",\"system\":"
    "\"http://terminology.hl7.org/CodeSystem/v3-ActClass\"}]}}";

#define VS "http://hl7.org/fhir/ValueSet/"
#define SD "http://hl7.org/fhir/StructureDefinition/"
static const struct {
	const char *text;
	int holds;
} host_cases[] = {
    {"subject.resolve() is Patient", 1},
    {"subject.resolve().id = 'p'", 1},
    {"performer.resolve().empty()", 1},
    {"contained.all(%rootResource.id = 'o')", 1},
    {"status.memberOf('" VS "observation-status')", 1},
    {"status.memberOf('" VS "administrative-gender')", 0},
    {"status.memberOf('http://example.org/none')", 0},
    {"code.memberOf('http://terminology.hl7.org/ValueSet/v3-ActClass')", 1},
    {"code.memberOf('" VS "observation-status')", 0},
    {"conformsTo('" SD "Observation')", 1},
    {"conformsTo('" SD "Patient')", 0},
    {"conformsTo('" SD "vitalsigns')", 0},
    {"conformsTo('http://example.org/none')", 0},
    {"code.coding.first().subsumes(%resource.code.coding.last())", 1},
    {"code.coding.last().subsumes(%resource.code.coding.first())", 0},
    {"text.div.htmlChecks()", 1},
};
#undef VS
#undef SD

static void test_host(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	const struct json *r = parse(a, host_text, strlen(host_text));
	struct fp_env env = {.steps = 0};

	profile_fhirpath(p, a, r, &env);
	for (size_t i = 0; i < LEN(host_cases); i++) {
		struct err e = {0};
		const struct fp_expr *x = fp_compile(a, host_cases[i].text, &e);
		assert_non_null(x);
		int got = fp_holds(x, &env, &env.resource, &e);
		if (got != host_cases[i].holds)
			fail_msg("%s: %d %s", host_cases[i].text, got, e.text);
	}
	arena_free(a);
}

/* ---- the budget --------------------------------------------------------- */

/* A profile whose invariant looks at the whole for each of its parts is told
 * so, in a time that does not depend on how many there are. */
static void test_budget(void **state)
{
	(void)state;
	static const char profile[] =
	    "{\"resourceType\":\"StructureDefinition\",\"url\":"
	    "\"http://example.org/s\",\"kind\":\"resource\",\"type\":"
	    "\"Observation\",\"derivation\":\"constraint\","
	    "\"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/"
	    "Observation\",\"differential\":{\"element\":[{\"id\":"
	    "\"Observation.component\",\"path\":\"Observation.component\","
	    "\"constraint\":[{\"key\":\"s-1\",\"severity\":\"error\","
	    "\"human\":\"slow\",\"expression\":\"%resource.descendants()"
	    ".select(children().count()).where($this > 100).empty()\"}]}]}}";
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	const char *extra[] = {"http://example.org/s"};
	struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = extra, .extra_count = 1};
	struct buf b;

	assert_true(add_text(a, p, profile, &e));
	assert_true(profile_compile(p, &e));
	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\","
		     "\"code\":{\"text\":\"x\"},\"component\":[");
	for (int i = 0; i < 4000; i++)
		buf_printf(&b, "%s{\"code\":{\"text\":\"x\"}}", i ? "," : "");
	buf_puts(&b, "]}");
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	const struct issue *found = NULL;
	for (size_t i = 0; i < is->n; i++)
		if (strcmp(is->v[i].rule, "KPHR-PROF-0091") == 0)
			found = &is->v[i];
	assert_non_null(found);
	assert_true(is->n < PROFILE_ISSUES);
	assert_int_equal(found->severity, ISSUE_ERROR);
	assert_non_null(strstr(found->text, "too many steps"));
	arena_free(a);
}
