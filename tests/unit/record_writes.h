/* SPDX-License-Identifier: Apache-2.0
 *
 * Create, update and delete, and the text that is stored: a part of
 * test_record.c.
 */
#ifndef RECORD_WRITES_H
#define RECORD_WRITES_H

/* ---- the stored text -------------------------------------------------- */

static void test_merge_is_exact(void **state)
{
	const struct stamp stamp = {
	    .id = "i", .version = 3, .updated = NOW_TEXT};
	struct t *t = *state;

	for (size_t i = 0; i < LEN(merge_rows); i++) {
		const struct json *v = json_parse(
		    t->a, merge_rows[i].in, strlen(merge_rows[i].in), &t->e);
		struct buf b;

		assert_non_null(v);
		buf_init(&b, t->a);
		record_merge(&b, v, &stamp);
		assert_string_equal(b.p, merge_rows[i].out);
	}
}

/* The application is named behind the extensions of the client. */
static void test_merge_names_creator(void **state)
{
	struct t *t = *state;
	static const struct store_client creator = {.client_id = "app-1",
						    .name = "The \"app\""};
	static const char name[] =
	    "{\"url\":\"" PROFILE_CREATOR "\",\"extension\":[{\"url\":"
	    "\"name\",\"valueString\":\"The \\\"app\\\"\"},{\"url\":"
	    "\"applicationId\",\"valueString\":\"app-1\"}]}]}";
	const struct stamp stamp = {
	    .id = "i", .version = 1, .updated = NOW_TEXT, .creator = &creator};
	struct buf b;

	buf_init(&b, t->a);
	record_merge(&b, J(t, "{'resourceType':'X','a':1.50}"), &stamp);
	has(b.p, arena_printf(t->a, "},\"a\":1.50,\"extension\":[%s", name));
	buf_init(&b, t->a);
	record_merge(&b,
		     J(t, "{'resourceType':'X','extension':[{'url':'u'}],"
			  "'a':1.50}"),
		     &stamp);
	has(b.p, arena_printf(t->a,
			      "},\"a\":1.50,\"extension\":[{\"url\":\"u\"},"
			      "%s",
			      name));
}

/* Profiles, labels and tags of the version before stay behind the new ones. */
static void test_merge_keeps_labels(void **state)
{
	struct t *t = *state;
	const struct stamp stamp = {
	    .id = "i",
	    .version = 3,
	    .updated = NOW_TEXT,
	    .before = J(t, "{'meta':{'profile':['p','q'],'tag':[{'system':'s',"
			   "'code':'a','display':'A'}],'source':'no'}}"),
	};
	struct buf b;

	buf_init(&b, t->a);
	record_merge(&b,
		     J(t, "{'resourceType':'X','meta':{'x':1,'tag':[{'system':"
			  "'s','code':'b'},{'code':'a','system':'s'}],"
			  "'profile':['q','r']}}"),
		     &stamp);
	assert_string_equal(b.p, HEAD META
			    ",\"x\":1,\"profile\":[\"q\",\"r\",\"p\"],"
			    "\"tag\":[{\"system\":\"s\",\"code\":\"b\"},"
			    "{\"code\":\"a\",\"system\":\"s\"}]}}");
}

#define VERSION_1 "'meta':{'versionId':'1','lastUpdated':'2026-01-01T00:00:00Z'"

static const struct {
	const char *next;
	bool same;
} same_rows[] = {
    {"{'resourceType':'X','id':'i'," VERSION_1 "},'a':1.5,'b':[1,2]}", true},
    {"{'b':[1,2],'a':1.5,'resourceType':'X'}", true},
    {"{'b':[1,2],'a':1.5,'resourceType':'X','meta':{'versionId':'7'}}", true},
    {"{'b':[1,2],'a':1.50,'resourceType':'X'}", false},
    {"{'b':[2,1],'a':1.5,'resourceType':'X'}", false},
    {"{'b':[1,2],'resourceType':'X'}", false},
    {"{'b':[1,2],'a':1.5,'c':1,'resourceType':'X'}", false},
    {"{'b':[1,2],'a':1.5,'resourceType':'X','meta':{'tag':[]}}", false},
};

static void test_same(void **state)
{
	struct t *t = *state;
	const struct json *stored =
	    J(t,
	      "{'resourceType':'X','id':'i'," VERSION_1 "},'a':1.5,'b':[1,2]}");

	for (size_t i = 0; i < LEN(same_rows); i++)
		if (record_same(t->a, stored, J(t, same_rows[i].next)) !=
		    same_rows[i].same)
			fail_msg("%s", same_rows[i].next);
}

/* ---- create ------------------------------------------------------------ */

static bool create(struct t *t, const struct grant *g, const char *resource,
		   struct store_resource *out, const struct issues **issues)
{
	const struct record_write w = {.fhir = FHIR_R4,
				       .grant = g,
				       .own_base = OWN_BASE,
				       .client_id = "app"};

	return record_store_new(&t->r, t->a, &w, J(t, resource), out, issues,
				&t->e);
}

/* What the citizen lets the application do. */
static struct grant permission(struct t *t)
{
	if (without_rules())
		skip();
	citizen(t, HETU, PATIENT);
	client(t, APP);
	return granted(t, NULL);
}

static void test_create_table(void **state)
{
	struct t *t = *state;
	const struct grant g = permission(t);

	for (size_t i = 0; i < LEN(create_rows); i++) {
		const struct issues *issues;
		struct store_resource out;
		bool ok;

		t->r.settings.patient_mismatch_status = create_rows[i].mismatch;
		t->e.kind = ERR_NONE;
		ok = create(t, &g, create_rows[i].resource, &out, &issues);
		if (ok != (create_rows[i].kind == ERR_NONE))
			fail_msg("row %zu: %s: %s", i, t->e.where, t->e.text);
		assert_int_equal(issues != NULL, create_rows[i].issues);
		if (ok) {
			assert_true(uuid_ok(out.id));
			assert_string_equal(out.patient, PATIENT);
			continue;
		}
		assert_int_equal(t->e.kind, create_rows[i].kind);
		has(t->e.where, create_rows[i].where);
		has(t->e.text, create_rows[i].text ? create_rows[i].text : "");
	}
}

static void test_create_keeps_the_text(void **state)
{
	struct t *t = *state;
	const struct issues *issues;
	struct store_resource out, found;
	const struct grant g = permission(t);

	assert_true(create(t, &g, WEIGHT, &out, &issues));
	assert_true(record_read(&t->r, t->a, FHIR_R4, &g, "Observation", out.id,
				0, &found, &t->e));
	assert_int_equal(found.version, 1);
	assert_string_equal(found.client_id, "app");
	has(found.text, "\"value\":72.50,");
	has(found.text,
	    arena_printf(t->a,
			 "{\"resourceType\":\"Observation\",\"id\":"
			 "\"%s\",\"meta\":{\"versionId\":\"1\","
			 "\"lastUpdated\":\"" NOW_TEXT "\",\"profile\":[",
			 out.id));
	/* Without the demand for a profile, somebody must still be named. */
	assert_true(
	    settings_set(&t->r.settings, "profile_required", "off", &t->e));
	assert_false(
	    create(t, &g,
		   "{'resourceType':'Observation','status':'final','code':{"
		   "'text':'x'},'subject':{'reference':'Group/1'}}",
		   &out, &issues));
	assert_int_equal(t->e.kind, ERR_FORBIDDEN);
	assert_string_equal(t->e.where, "Observation.subject");
}

/* ---- update and delete ------------------------------------------------- */

enum act { CREATE, UPDATE, DELETE };

/* One write of a citizen's application, or of nobody's in the open sandbox. */
static const struct act_row {
	enum act act;
	const char *who; /* the application; "open", "them": another citizen */
	const char *id, *resource;
	int if_match; /* 0: not asked */
	enum err_kind kind;
	int version; /* of what is stored then */
	const char *text;
} act_rows[] = {
#define O(text)                                                                \
	"{'resourceType':'Observation','status':'final','code':{'text':'" text \
	"'},'subject':{'reference':'" ME "'}}"
    {UPDATE, "app", "o", O("1"), 0, ERR_NOT_FOUND, 0,
     "Resource Observation/o is not known"},
    {UPDATE, "app", "o", O("1"), 1, ERR_PRECONDITION, 0, "If-Match"},
    {DELETE, "app", "o", NULL, 0, ERR_NOT_FOUND, 0, "is not known"},
    {CREATE, "app", "o", O("1"), 0, ERR_NONE, 1, NULL},
    {CREATE, "app", "o", O("2"), 0, ERR_CONFLICT, 1, "is there already"},
    {UPDATE, "app", "o", O("1"), 0, ERR_NONE, 1, NULL},
    {UPDATE, "app", "o", O("2"), 2, ERR_CONFLICT, 1,
     "Trying to update Observation/o/_history/2 but this is not the current "
     "version"},
    {UPDATE, "app", "o", O("2"), 1, ERR_NONE, 2, NULL},
    {UPDATE, "other", "o", O("3"), 0, ERR_FORBIDDEN, 2,
     "only by the application that stored it"},
    {UPDATE, "", "o", O("3"), 0, ERR_FORBIDDEN, 2, "only by the application"},
    {UPDATE, "them", "o", O("3"), 0, ERR_FORBIDDEN, 2, "another patient"},
    {UPDATE, "open", "o", O("3"), 0, ERR_NONE, 3, NULL},
    {UPDATE, "app", "o", O("4"), 0, ERR_NONE, 4, NULL},
    {DELETE, "other", "o", NULL, 0, ERR_FORBIDDEN, 4, "only by the"},
    {DELETE, "them", "o", NULL, 0, ERR_FORBIDDEN, 4, "another patient"},
    {DELETE, "app", "o", NULL, 3, ERR_CONFLICT, 4, "not the current"},
    {DELETE, "app", "o", NULL, 4, ERR_NONE, 5, NULL},
    {DELETE, "app", "o", NULL, 4, ERR_NONE, 5, NULL},
    {UPDATE, "app", "o", O("5"), 0, ERR_GONE, 5, "Resource was deleted at"},
    {UPDATE, "app", "o", O("5"), 5, ERR_PRECONDITION, 5, "not there"},
    {UPDATE, "open", "17", "{'resourceType':'Patient','active':true}", 0,
     ERR_INVALID, 0, "at least one non-numeric character"},
    {UPDATE, "open", "p-1", "{'resourceType':'Patient','active':true}", 0,
     ERR_NONE, 1, NULL},
    {UPDATE, "app", "p-2", "{'resourceType':'Patient','active':true}", 0,
     ERR_FORBIDDEN, 0, "is not the citizen of the token"},
#undef O
};

static bool acts(struct t *t, const struct act_row *row,
		 const struct record_write *w, struct store_resource *out)
{
	const struct issues *issues;
	enum record_done done;
	int count;

	switch (row->act) {
	case CREATE:
		return record_store_new(&t->r, t->a, w, J(t, row->resource),
					out, &issues, &t->e);
	case UPDATE:
		return record_update(&t->r, t->a, w, J(t, row->resource), out,
				     &done, &issues, &t->e);
	default:
		return record_delete(&t->r, t->a, w,
				     record_type_find(FHIR_R4, "Observation"),
				     out, &count, &t->e);
	}
}

static void test_updates(void **state)
{
	static const struct grant mine = {.patient = PATIENT},
				  theirs = {.patient = STRANGER},
				  nobodys = {.patient = NULL};
	struct t *t = *state;

	if (without_rules())
		skip();
	t->r.settings.profile_required = REQUIRED_OFF;
	citizen(t, HETU, PATIENT);
	citizen(t, OTHER, STRANGER);
	for (size_t i = 0; i < LEN(act_rows); i++) {
		const struct act_row *row = &act_rows[i];
		const bool open = strcmp(row->who, "open") == 0;
		const bool them = strcmp(row->who, "them") == 0;
		const struct record_write w = {
		    .fhir = FHIR_R4,
		    .grant = open   ? &nobodys
			     : them ? &theirs
				    : &mine,
		    .own_base = OWN_BASE,
		    .client_id = open	? ""
				 : them ? "app"
					: row->who,
		    .id = row->id,
		    .if_match = &row->if_match,
		    .if_match_count = row->if_match != 0,
		};
		struct store_resource out = {.version = 0};

		t->e.kind = ERR_NONE;
		(void)acts(t, row, &w, &out);
		if (t->e.kind != row->kind)
			fail_msg("row %zu: %s", i, t->e.text);
		if (row->text != NULL)
			has(t->e.text, row->text);
		(void)store_resource_find(
		    t->r.store, t->a, FHIR_R4,
		    strncmp(row->id, "o", 1) == 0 ? "Observation" : "Patient",
		    row->id, 0, &out);
		assert_int_equal(out.version, row->version);
	}
}

/* The clock may be set back: a resource's times grow all the same. */
static void test_update_versions(void **state)
{
	struct t *t = *state;
	const struct grant g = {.patient = PATIENT};
	const struct record_write w = {.fhir = FHIR_R4,
				       .grant = &g,
				       .own_base = OWN_BASE,
				       .client_id = "app",
				       .id = PATIENT};
	struct store_resource out;
	int64_t before = ms(NOW);

	if (without_rules())
		skip();
	t->r.settings.profile_required = REQUIRED_OFF;
	citizen(t, HETU, PATIENT);
	for (int i = 2; i < 5; i++) {
		const struct issues *issues;
		enum record_done done;

		t->r.clock.frozen_ms -= 1000;
		assert_true(record_update(
		    &t->r, t->a, &w,
		    J(t, arena_printf(t->a,
				      "{'resourceType':'Patient','id':'x',"
				      "'multipleBirthInteger':%d}",
				      i)),
		    &out, &done, &issues, &t->e));
		assert_int_equal(done, DONE_UPDATED);
		assert_int_equal(out.version, i);
		assert_true(out.updated_ms > before);
		before = out.updated_ms;
		has(out.text, "\"id\":\"" PATIENT "\"");
	}
}

/* ---- references -------------------------------------------------------- */

/* A CarePlan that refers to text. */
static bool refers(struct t *t, const struct record_write *w, const char *text)
{
	const char *plan = arena_printf(
	    t->a,
	    "{'resourceType':'CarePlan','subject':{'reference':'" ME "'},"
	    "'activity':[{},{'reference':{'reference':'%s'}}]}",
	    text);

	t->e.kind = ERR_NONE;
	return record_refs_check(&t->r, t->a, w,
				 record_type_find(FHIR_R4, "CarePlan"),
				 J(t, plan), "self", false, &t->e);
}

static const struct {
	const char *reference, *text; /* NULL: it holds */
} reference_form_rows[] = {
    {"", NULL},
    {"#x", NULL},
    {ME, NULL},
    {ME "/_history/1", NULL},
    {"CarePlan/self", NULL},
    {OWN_BASE "/" ME, NULL},
    {OWN_BASE "/CarePlan/self", NULL},
    {ME "/_history/2", "Resource " ME "/_history/2 not found, specified in "
		       "path: CarePlan.activity.reference"},
    {ME "/_history/x", "Resource " ME "/_history/x not found"},
    {ME "/_history/99999999999", "not found"},
    {THEM, "which belongs to another patient"},
    {"Patient/99", "Resource Patient/99 not found, specified in path: "},
    {"Observation/99", "Resource Observation/99 not found"},
    {"Medication/1", "Resource type is unknown or not supported on this "
		     "server - Medication/1"},
    {"patient/1", "Resource type is unknown"},
    {"Patient", "not of the form Type/id - Patient"},
    {"Patient/", "not of the form"},
    {"Patient/a/b", "not of the form"},
    {"Patient?identifier=x", "not of the form"},
    {"/Patient/1", "not of the form"},
    {"Patient/a b", "not of the form"},
    {STU3_BASE "/" ME, "external reference to URL \"" STU3_BASE},
    {OWN_BASE "/", "external reference"},
    {"http://x.test", "external reference to URL \"http://x.test\""},
    {"ftp://x.test/Patient/1", "external reference"},
    {"urn:uuid:" PATIENT, "Unable to satisfy placeholder ID urn:uuid:" PATIENT
			  " found in element named 'reference' within "
			  "resource of type: CarePlan"},
    {"urn:oid:1.2", "Unable to satisfy placeholder ID urn:oid:1.2"},
};

static void test_reference_forms(void **state)
{
	static const struct grant g = {.patient = PATIENT};
	const struct record_write w = {
	    .fhir = FHIR_R4, .grant = &g, .own_base = OWN_BASE};
	struct t *t = *state;

	citizen(t, HETU, PATIENT);
	citizen(t, OTHER, STRANGER);
	for (size_t i = 0; i < LEN(reference_form_rows); i++) {
		const char *text = reference_form_rows[i].text;

		if (refers(t, &w, reference_form_rows[i].reference) !=
		    (text == NULL))
			fail_msg("%s: %s", reference_form_rows[i].reference,
				 t->e.text);
		if (text == NULL)
			continue;
		has(t->e.text, text);
		assert_string_equal(t->e.where,
				    "CarePlan.activity[1].reference");
	}
	t->r.settings.references = 0;
	assert_true(refers(t, &w, "Patient/99"));
}

static void test_expected_references(void **state)
{
	static const struct grant g = {.patient = PATIENT};
	static const char *const expected[] = {"Observation/later",
					       "urn:uuid:" STRANGER};
	const struct record_write w = {.fhir = FHIR_R4,
				       .grant = &g,
				       .own_base = OWN_BASE,
				       .expected = expected,
				       .expected_count = LEN(expected)};
	struct t *t = *state;

	citizen(t, HETU, PATIENT);
	assert_true(refers(t, &w, "Observation/later"));
	assert_true(refers(t, &w, OWN_BASE "/Observation/later"));
	assert_true(refers(t, &w, "urn:uuid:" STRANGER));
	assert_false(refers(t, &w, "Observation/never"));
	assert_false(refers(t, &w, "urn:uuid:" PATIENT));
}

static void test_reference_paths(void **state)
{
	struct t *t = *state;
	const struct json *plan =
	    J(t, "{'resourceType':'CarePlan','contained':[{'resourceType':"
		 "'Task','focus':{'reference':'Observation/1'}}],'subject':{"
		 "'reference':'Patient/1'},'activity':[{'x':[[1]]},{"
		 "'reference':{'reference':'" OWN_BASE
		 "/Observation/1/_history/2'}}]}");

	assert_string_equal(
	    record_refs_path(t->a, plan, OWN_BASE, "Observation/1"),
	    "CarePlan.activity.reference");
	assert_string_equal(record_refs_path(t->a, plan, NULL, "Patient/1"),
			    "CarePlan.subject");
	assert_null(record_refs_path(t->a, plan, OWN_BASE, "Patient/2"));
}

/* Fixtures and generated data refer to what is not there yet, and hold types
 * that applications may not store. */
static void test_seed(void **state)
{
	static const struct grant g = {.patient = PATIENT};
	const struct json *form = NULL;
	struct record_write w = {.fhir = FHIR_R4, .grant = &g};
	const struct issues *issues;
	struct store_resource out;
	struct t *t = *state;

	if (without_rules())
		skip();
	citizen(t, HETU, PATIENT);
	t->r.settings.profile_required = REQUIRED_OFF;
	t->r.settings.store_questionnaires = 0;
	form = J(t, "{'resourceType':'Questionnaire','status':'active'}");
	assert_false(
	    record_store_new(&t->r, t->a, &w, form, &out, &issues, &t->e));
	assert_int_equal(t->e.kind, ERR_FORBIDDEN);
	has(t->e.text, "store_questionnaires");
	w.seed = true;
	assert_true(
	    record_store_new(&t->r, t->a, &w, form, &out, &issues, &t->e));
	assert_string_equal(out.patient, "");
	assert_true(refers(t, &w, "Observation/99"));
	w.seed = false;
	assert_false(refers(t, &w, "Observation/99"));
	w.grant = NULL;
	assert_true(refers(t, &w, "Observation/99"));
}

/* ---- owners ------------------------------------------------------------ */

static const struct {
	const char *type, *resource;
	const char *citizen; /* of the token; NULL: the open sandbox */
	bool free;	     /* references */
	const char *patient; /* NULL: refused */
} owner_rows[] = {
#define S(who) "{'subject':{'reference':'" who "'}}"
    {"Observation", S(ME), PATIENT, false, PATIENT},
    {"Observation", S(OWN_BASE "/" ME), PATIENT, true, PATIENT},
    {"Observation", S(THEM), PATIENT, false, NULL},
    {"Observation", S(THEM), PATIENT, true, NULL},
    {"Observation", S(THEM), NULL, false, STRANGER},
    {"Observation", "{}", PATIENT, true, NULL},
    {"Observation", "{}", NULL, false, NULL},
    {"Observation", "{}", NULL, true, ""},
    {"Observation", S("Group/1"), NULL, true, ""},
    {"Observation", S("Group/1"), NULL, false, NULL},
    {"Observation",
     "{'subject':{'reference':'" ME "'},'performer':[{'reference':'" THEM
     "'}]}",
     NULL, false, NULL},
    {"Observation",
     "{'subject':{'reference':'" ME "'},'performer':[{'reference':'" THEM
     "'}]}",
     NULL, true, PATIENT},
    {"Questionnaire", S(THEM), PATIENT, false, ""},
    {"Patient", "{}", PATIENT, false, NULL},
    {"Patient", "{}", NULL, false, "i"},
#undef S
};

static void test_owners(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(owner_rows); i++) {
		const struct grant g = {.patient = owner_rows[i].citizen};
		const struct record_write w = {
		    .fhir = FHIR_R4, .grant = &g, .own_base = OWN_BASE};
		const char *patient = NULL;
		bool ok;

		t->r.settings.references = !owner_rows[i].free;
		ok = record_owner(&t->r, t->a, &w,
				  record_type_find(FHIR_R4, owner_rows[i].type),
				  J(t, owner_rows[i].resource), "i", &patient,
				  &t->e);
		if (ok != (owner_rows[i].patient != NULL))
			fail_msg("row %zu: %s", i, t->e.text);
		if (ok)
			assert_string_equal(patient, owner_rows[i].patient);
	}
}

static void test_instants(void **state)
{
	struct t *t = *state;
	char text[TIME_TEXT];

	record_instant(&t->r, text, ms(NOW));
	assert_string_equal(text, NOW_TEXT);
	t->r.settings.timezone = 1;
	record_instant(&t->r, text, ms(NOW));
	assert_string_equal(text, "2026-11-21T10:00:00.000+00:00");
}

#endif
