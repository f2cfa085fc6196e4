/* SPDX-License-Identifier: Apache-2.0
 *
 * test_define.c: definitions that applications store: when they take effect and
 * when no more, which are refused, and that it costs next to nothing while
 * there are none. Runs from the repository's root, on the images that the build
 * made of the official definitions.
 */
#include "record_setup.h"

#define THIRD	"'" KANTA "','http://example.org/x'"
#define BASE_R4 "http://hl7.org/fhir/StructureDefinition/Observation"
#define BOTH	"'" KANTA "','" OWN "'"
#define SD	"StructureDefinition"
#define OWN	"http://example.org/fhir/StructureDefinition/weight"
#define KANTA	"http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight"

/* A profile on the national one, with one more demand. */
static const struct json *profile(struct t *t, const char *id, const char *url,
				  const char *base, const char *element)
{
	return J(t, arena_printf(t->a,
				 "{'resourceType':'" SD "','id':'%s',"
				 "'url':'%s','name':'OwnWeight',"
				 "'status':'draft','fhirVersion':'4.0.1',"
				 "'kind':'resource','abstract':false,"
				 "'type':'Observation','baseDefinition':'%s',"
				 "'derivation':'constraint','differential':{"
				 "'element':[{'id':'Observation','path':"
				 "'Observation'},%s]}}",
				 id, url, base, element));
}

#define NOTED "{'id':'Observation.note','path':'Observation.note','min':1}"
#define WORDY                                                                  \
	"{'id':'Observation.comment','path':'Observation.comment','min':1}"

/* A set of one code of one system. */
static const struct json *terms(struct t *t, const char *type, const char *id,
				const char *code)
{
	const char *head =
	    arena_printf(t->a,
			 "{'resourceType':'%s','id':'%s','url':"
			 "'http://example.org/fhir/%s/%s','status':'active',",
			 type, id, type, id);

	if (strcmp(type, "CodeSystem") == 0)
		return J(t,
			 arena_printf(t->a,
				      "%s'content':'complete','caseSensitive':"
				      "true,'concept':[{'code':'%s'}]}",
				      head, code));
	return J(t, arena_printf(t->a,
				 "%s'compose':{'include':[{'system':"
				 "'http://example.org/fhir/CodeSystem/%s'}]}}",
				 head, code));
}

/* As an application's request does it, at the next version. */
static void keep(struct t *t, enum fhir_version v, const struct json *resource)
{
	const char *type = json_get_text(resource, "resourceType");
	const char *id = json_get_text(resource, "id");
	struct store_resource before, r = {
					  .fhir = (int)v,
					  .type = type,
					  .id = id,
					  .version = 1,
					  .updated_ms = record_now_ms(&t->r),
					  .patient = "",
					  .client_id = "app",
					  .method = "POST",
				      };
	struct buf text;

	if (store_resource_find(t->r.store, t->a, (int)v, type, id, 0,
				&before)) {
		r.version = before.version + 1;
		r.updated_ms = before.updated_ms + 1;
	}
	buf_init(&text, t->a);
	json_write(&text, resource, false);
	r.text = text.p;
	r.text_len = text.len;
	store_resource_put(t->r.store, &r, NULL, 0);
	record_definition_stored(&t->r, v, &r);
}

/* The first error of a body weight that names the profiles; "" for none. A
 * profile that is not known is no error beside a national one. */
static const char *error_of(struct t *t, enum fhir_version v,
			    const char *profiles, const char *more)
{
	static const char text[] = WEIGHT;
	const struct json *resource;
	const struct issues *found;

	resource =
	    J(t, arena_printf(t->a, "%.*s%s'meta':{'profile':[%s%s",
			      (int)(strstr(text, "'meta'") - text), text, more,
			      profiles, strstr(text, "]},'language'")));
	found = record_check(&t->r, t->a, v, resource, OWN_BASE);
	for (size_t i = 0; i < found->n; i++)
		if (found->v[i].severity <= ISSUE_ERROR)
			return found->v[i].text;
	return "";
}

#define NOTE "'note':[{'text':'x'}],"

static void test_takes_effect_at_once(void **state)
{
	struct t *t = *state;
	const struct profiles *base = t->r.profiles[FHIR_R4];

	assert_ptr_equal(record_profiles(&t->r, FHIR_R4), base);
	assert_string_equal(error_of(t, FHIR_R4, BOTH, ""), "");
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	assert_ptr_not_equal(record_profiles(&t->r, FHIR_R4), base);
	has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
	assert_string_equal(error_of(t, FHIR_R4, BOTH, NOTE), "");
	/* and so does its next version */
	keep(t, FHIR_R4,
	     profile(t, "w", OWN, KANTA,
		     "{'path':'Observation.bodySite','min':1}"));
	has(error_of(t, FHIR_R4, BOTH, NOTE), "Observation.bodySite");
	/* the versions of FHIR are apart */
	assert_ptr_equal(record_profiles(&t->r, FHIR_STU3),
			 t->r.profiles[FHIR_STU3]);
}

/* Terminology that comes after the profile that is bound to it. */
static void test_order_does_not_matter(void **state)
{
	struct t *t = *state;
	static const char bound[] =
	    "{'path':'Observation.interpretation','min':1,'binding':"
	    "{'strength':'required','valueSet':"
	    "'http://example.org/fhir/ValueSet/mood'}}";
#define MOOD(code)                                                             \
	"'interpretation':[{'coding':[{'system':"                              \
	"'http://example.org/fhir/CodeSystem/moods','code':'" code "'}]}],"

	keep(t, FHIR_R4, profile(t, "w", OWN, BASE_R4, bound));
	assert_string_equal(error_of(t, FHIR_R4, "'" OWN "'", MOOD("bad")), "");
	keep(t, FHIR_R4, terms(t, "ValueSet", "mood", "moods"));
	assert_string_equal(error_of(t, FHIR_R4, "'" OWN "'", MOOD("bad")), "");
	keep(t, FHIR_R4, terms(t, "CodeSystem", "moods", "good"));
	has(error_of(t, FHIR_R4, "'" OWN "'", MOOD("bad")), "mood");
	assert_string_equal(error_of(t, FHIR_R4, "'" OWN "'", MOOD("good")),
			    "");
}

/* The later of two with one canonical counts, whatever their ids. */
static void test_the_later_one_counts(void **state)
{
	struct t *t = *state;

	keep(t, FHIR_R4, profile(t, "a", OWN, KANTA, NOTED));
	keep(t, FHIR_R4,
	     profile(t, "b", OWN, KANTA,
		     "{'path':'Observation.bodySite','min':1}"));
	has(error_of(t, FHIR_R4, BOTH, NOTE), "Observation.bodySite");
	keep(t, FHIR_R4, profile(t, "a", OWN, KANTA, NOTED));
	assert_string_equal(error_of(t, FHIR_R4, BOTH, NOTE), "");
}

/* One that cannot be used, until what it is based on comes. */
static void test_base_comes_later(void **state)
{
	struct t *t = *state;

	keep(t, FHIR_R4,
	     profile(t, "x", "http://example.org/x", OWN,
		     "{'path':'Observation.bodySite','min':1}"));
	assert_string_equal(error_of(t, FHIR_R4, THIRD, ""), "");
	keep(t, FHIR_R4,
	     profile(t, "y", "http://example.org/y", BASE_R4, NOTED));
	assert_string_equal(error_of(t, FHIR_R4, THIRD, ""), "");
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	has(error_of(t, FHIR_R4, THIRD, NOTE), "Observation.bodySite");
	has(error_of(t, FHIR_R4, "'http://example.org/y'", ""),
	    "Observation.note");
}

/* What went on top by itself is what a new start makes of everything. */
static void test_one_by_one(void **state)
{
	struct t *t = *state;
	const struct profiles *first;

	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	first = record_profiles(&t->r, FHIR_R4);
	for (int i = 0; i < 30; i++) {
		keep(
		    t, FHIR_R4,
		    profile(t, arena_printf(t->a, "w%d", i),
			    arena_printf(t->a, OWN "-%d", i),
			    i == 0 ? OWN : arena_printf(t->a, OWN "-%d", i - 1),
			    i == 20 ? "{'path':'Observation.bodySite',"
				      "'min':1}"
				    : NOTED));
		/* on the same set: nothing was compiled again */
		assert_ptr_equal(record_profiles(&t->r, FHIR_R4), first);
	}
	for (int round = 0; round < 2; round++) {
		has(error_of(t, FHIR_R4, "'" KANTA "','" OWN "-29'", NOTE),
		    "Observation.bodySite");
		assert_string_equal(
		    error_of(t, FHIR_R4, "'" KANTA "','" OWN "-19'", NOTE), "");
		record_close(&t->r);
	}
}

static void test_mentions(void **state)
{
	static const struct {
		const char *url;
		bool there;
	} rows[] = {
	    {"http://a.example/x", true},
	    {"http://a.example/", false},
	    {"http://a.example/xy", false},
	    {"urn:oid:1.2", true},
	    {"http://b.example/e", true},
	    {"name:x", false},
	    {"", true},
	    {"plain", true},
	    {"http://a.example/(x)", true},
	};
	struct t *t = *state;
	struct mentions m = {.n = 0};

	assert_false(mentions_have(&m, "http://a.example/x"));
	mentions_add(&m, t->a,
		     J(t, "{'a':['http://a.example/x|1.0',{'name:x':1}],"
			  "'b':'urn:oid:1.2','plain':'plain','path':"
			  "'extension(`http://b.example/e`).value'}"));
	for (size_t i = 0; i < LEN(rows); i++)
		if (mentions_have(&m, rows[i].url) != rows[i].there)
			fail_msg("%s", rows[i].url);
	for (int i = 0; i < 5000; i++)
		mentions_add(&m, t->a,
			     J(t, arena_printf(t->a, "['x:%d','x:%d']", i, i)));
	assert_int_equal(m.n, 5003);
	assert_true(mentions_have(&m, "x:4999"));
	assert_false(mentions_have(&m, "x:5000"));
	assert_true(mentions_have(&m, "http://a.example/x"));
}

static void test_rolled_back(void **state)
{
	struct t *t = *state;
	struct store *s = t->r.store;

	for (int round = 0; round < 3; round++) {
		store_enter(s);
		keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
		has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
		assert_true(store_leave(s, false));
		assert_string_equal(error_of(t, FHIR_R4, BOTH, ""), "");
	}
	store_enter(s);
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	assert_true(store_leave(s, true));
	assert_true(store_commit(s));
	/* what a refused update had in force goes, what was there stays */
	store_enter(s);
	keep(t, FHIR_R4,
	     profile(t, "w", OWN, KANTA,
		     "{'path':'Observation.bodySite','min':1}"));
	has(error_of(t, FHIR_R4, BOTH, NOTE), "Observation.bodySite");
	assert_true(store_leave(s, false));
	assert_string_equal(error_of(t, FHIR_R4, BOTH, NOTE), "");
}

static void test_reset_takes_them(void **state)
{
	struct t *t = *state;

	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
	assert_true(record_reset(&t->r, t->a, &t->e));
	assert_string_equal(error_of(t, FHIR_R4, BOTH, ""), "");
	assert_ptr_equal(record_profiles(&t->r, FHIR_R4),
			 t->r.profiles[FHIR_R4]);
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
}

/* Another start, with what the file holds and other profiles: what cannot be
 * used any more is left out, and what has become official. */
static void test_another_start(void **state)
{
	struct t *t = *state;
	static const char other[] = "http://example.org/other";
	const void *image;
	struct err e;
	size_t n;

	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	keep(t, FHIR_R4, profile(t, "x", "http://example.org/x", OWN, NOTED));
	keep(t, FHIR_R4, profile(t, "o", other, BASE_R4, NOTED));
	has(error_of(t, FHIR_R4, THIRD, ""), "Observation.note");
	record_close(&t->r);
	has(error_of(t, FHIR_R4, THIRD, ""), "Observation.note");
	record_close(&t->r);
	image = slurp(t->a, "build/image/r4.img", &n);
	t->r.profiles[FHIR_R4] = profile_open(t->a, FHIR_R4, image, n, &e);
	assert_true(
	    profile_add(t->r.profiles[FHIR_R4],
			profile(t, "p", other, BASE_R4,
				"{'path':'Observation.bodySite','min':1}"),
			"package", &e));
	assert_true(profile_compile(t->r.profiles[FHIR_R4], &e));
	t->r.settings.unknown_profile = 1;
	t->r.settings.profile_required = REQUIRED_OFF;
	assert_string_equal(error_of(t, FHIR_R4, BOTH, ""), "");
	has(error_of(t, FHIR_R4, "'http://example.org/other'", NOTE),
	    "Observation.bodySite");
}

/* ---- refusals --------------------------------------------------------- */

static void test_not_to_be_used(void **state)
{
	static const struct {
		const char *base, *element, *path, *text;
	} rows[] = {
	    {KANTA, WORDY, SD ".differential.element[1]", "comment"},
	    {KANTA,
	     NOTED ",{'id':'Observation.note:n','path':'Observation.note',"
		   "'sliceName':'n'}",
	     SD ".differential.element[2]", "without slicing"},
	    {"http://example.org/nowhere", NOTED, SD, "nowhere"},
	    {OWN, NOTED, SD, "its own base"},
	    {KANTA,
	     "{'id':'Observation.note','path':'Observation.note','constraint':["
	     "{'key':'n-1',"
	     "'severity':'error','human':'h','expression':'a.b('}]}",
	     SD ".differential.element[1].constraint[0].expression",
	     "FHIRPath"},
	};
	struct t *t = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct json *r =
		    profile(t, "w", OWN, rows[i].base, rows[i].element);
		const struct issues *found =
		    record_check(&t->r, t->a, FHIR_R4, r, OWN_BASE);

		if (found->errors != 1)
			fail_msg("row %zu: %zu errors: %s", i, found->errors,
				 found->n ? found->v[0].text : "");
		assert_string_equal(found->v[0].path, rows[i].path);
		assert_string_equal(found->v[0].rule, RULE_DEFINITION_UNUSABLE);
		has(found->v[0].text, rows[i].text);
		assert_true(found->v[0].line > 0);
	}
	assert_int_equal(record_check(&t->r, t->a, FHIR_R4,
				      profile(t, "w", OWN, KANTA, NOTED),
				      OWN_BASE)
			     ->errors,
			 0);
}

/* An update that would take the base of another one away. */
static void test_others_stay_usable(void **state)
{
	struct t *t = *state;
	static const char slice[] =
	    "{'path':'Observation.note','slicing':{'discriminator':"
	    "[{'type':'value','path':'text'}],'rules':'open'}}";
	static const char named[] =
	    "{'path':'Observation.note','sliceName':'n'}";
	const struct issues *found;

	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, slice));
	keep(t, FHIR_R4, profile(t, "x", "http://example.org/x", OWN, named));
	found = record_check(&t->r, t->a, FHIR_R4,
			     profile(t, "w", OWN, KANTA, NOTED), OWN_BASE);
	assert_int_equal(found->errors, 1);
	has(found->v[0].text, SD "/x");
	has(found->v[0].text, "without slicing");
	assert_string_equal(found->v[0].path, SD);
	/* beside it there is no harm in it */
	found = record_check(
	    &t->r, t->a, FHIR_R4,
	    profile(t, "w", "http://example.org/z", KANTA, NOTED), OWN_BASE);
	assert_int_equal(found->errors, 0);
}

static void test_permission(void **state)
{
	static const char *const urls[] = {
	    KANTA,
	    KANTA "|9.9",
	    "http://phr.kanta.fi/StructureDefinition/of-tomorrow",
	    "http://hl7.org/fhir/StructureDefinition/Observation",
	    "http://hl7.org/fhir/StructureDefinition/mine",
	};
	struct t *t = *state;
	struct grant g = {.client_id = "app"};
	struct record_write w = {.fhir = FHIR_R4, .grant = &g};

	for (size_t i = 0; i < LEN(urls); i++) {
		assert_false(record_definition_check(
		    &t->r, t->a, &w, profile(t, "w", urls[i], BASE_R4, NOTED),
		    &t->e));
		assert_int_equal(t->e.kind, ERR_FORBIDDEN);
		assert_string_equal(t->e.code, RULE_DEFINITION_OFFICIAL);
		assert_string_equal(t->e.where, SD ".url");
		has(t->e.text, "cannot be overwritten");
	}
	assert_false(record_definition_check(
	    &t->r, t->a, &w,
	    J(t, "{'resourceType':'CodeSystem','url':'urn:ietf:bcp:47'}"),
	    &t->e));
	assert_true(record_definition_check(
	    &t->r, t->a, &w, profile(t, "w", OWN, KANTA, NOTED), &t->e));
	t->r.settings.allow_test_profiles = 0;
	assert_false(record_definition_check(
	    &t->r, t->a, &w, profile(t, "w", OWN, KANTA, NOTED), &t->e));
	assert_string_equal(t->e.code, RULE_DEFINITIONS_OFF);
	has(t->e.text, "allow_test_profiles=on");
	assert_true(
	    record_definition_check(&t->r, t->a, &w, J(t, WEIGHT), &t->e));
	w.grant = NULL; /* a fixture */
	assert_true(record_definition_check(
	    &t->r, t->a, &w, profile(t, "w", OWN, KANTA, NOTED), &t->e));
}

/* Definitions that are data like any other: without effect, whatever they are.
 */
static void test_inert(void **state)
{
	struct t *t = *state;
	const struct json *broken = profile(t, "w", OWN, OWN, NOTED);

	assert_int_equal(
	    record_check(&t->r, t->a, FHIR_R4, broken, OWN_BASE)->errors, 1);
	t->r.settings.allow_test_profiles = TEST_PROFILES_INERT;
	assert_int_equal(
	    record_check(&t->r, t->a, FHIR_R4, broken, OWN_BASE)->errors, 0);
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	assert_string_equal(error_of(t, FHIR_R4, BOTH, ""), "");
	assert_ptr_equal(record_profiles(&t->r, FHIR_R4),
			 t->r.profiles[FHIR_R4]);
	/* when they are let to, they take effect, in whatever version */
	t->r.settings.allow_test_profiles = TEST_PROFILES_ON;
	has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
	t->r.settings.allow_test_profiles = TEST_PROFILES_INERT;
	keep(t, FHIR_R4,
	     profile(t, "w", OWN, KANTA,
		     "{'path':'Observation.bodySite','min':1}"));
	t->r.settings.allow_test_profiles = TEST_PROFILES_ON;
	has(error_of(t, FHIR_R4, BOTH, NOTE), "Observation.bodySite");
}

static void test_room(void **state)
{
	struct t *t = *state;
	struct record_write w = {.fhir = FHIR_R4};
	const struct json *one = terms(t, "CodeSystem", "one", "a");

	store_enter(t->r.store);
	for (int i = 0; i < DEFINITIONS_MAX; i++) {
		assert_true(
		    record_definition_check(&t->r, t->a, &w, one, &t->e));
		keep(t, FHIR_R4,
		     terms(t, "CodeSystem", arena_printf(t->a, "c%d", i), "a"));
	}
	assert_false(record_definition_check(&t->r, t->a, &w, one, &t->e));
	assert_string_equal(t->e.code, RULE_DEFINITIONS_FULL);
	has(t->e.text, "200");
	w.id = "new";
	assert_false(record_definition_check(&t->r, t->a, &w, one, &t->e));
	w.id = "c1";
	assert_true(record_definition_check(&t->r, t->a, &w, one, &t->e));
	w.id = NULL;
	w.fhir = FHIR_STU3;
	assert_true(record_definition_check(&t->r, t->a, &w, one, &t->e));
	assert_true(store_leave(t->r.store, false));
	w.fhir = FHIR_R4;
	assert_true(record_definition_check(&t->r, t->a, &w, one, &t->e));
}

/* ---- official ones as resources ---------------------------------------- */

#define OFFICIAL(version)                                                      \
	"{\"resourceType\":\"CodeSystem\",\"id\":\"official\","                \
	"\"extension\":[{\"url\":\"urn:mock-kanta-phr:confidence\","           \
	"\"valueCode\":\"stock\"}],\"url\":\"http://phr.kanta.fi/x\","         \
	"\"version\":\"" version "\",\"status\":\"active\","                   \
	"\"content\":\"complete\",\"concept\":[{\"extension\":[{\"url\":"      \
	"\"urn:mock-kanta-phr:switch\",\"valueCode\":\"x\"},{\"url\":"         \
	"\"http://example.org/y\",\"valueBoolean\":true}],\"code\":\"a\"}]}"

static void official(struct t *t, const char *text)
{
	struct record_official *o = arena_alloc(t->a, sizeof(*o));

	*o = (struct record_official){text, strlen(text)};
	t->r.official[FHIR_R4] = o;
	t->r.official_count[FHIR_R4] = 1;
	record_official(&t->r, t->a, FHIR_R4);
}

static int version_of(struct t *t, struct store_resource *out)
{
	return store_resource_find(t->r.store, t->a, FHIR_R4, "CodeSystem",
				   "official", 0, out)
		   ? out->version
		   : 0;
}

static void test_official(void **state)
{
	struct t *t = *state;
	struct store_resource found;

	store_enter(t->r.store);
	official(t, OFFICIAL("1"));
	assert_int_equal(version_of(t, &found), 1);
	assert_true(store_leave(t->r.store, false));
	assert_int_equal(version_of(t, &found), 0);
	record_official(&t->r, t->a, FHIR_R4);
	record_official(&t->r, t->a, FHIR_R4);
	assert_int_equal(version_of(t, &found), 1);
	assert_string_equal(
	    found.text,
	    "{\"resourceType\":\"CodeSystem\",\"id\":\"official\",\"meta\":"
	    "{\"versionId\":\"1\",\"lastUpdated\":"
	    "\"2021-11-24T00:00:00.000+02:00\"},"
	    "\"url\":\"http://phr.kanta.fi/x\",\"version\":\"1\","
	    "\"status\":\"active\",\"content\":\"complete\",\"concept\":[{"
	    "\"extension\":[{\"url\":\"http://example.org/y\","
	    "\"valueBoolean\":true}],\"code\":\"a\"}]}");
	/* the rows themselves judge nothing */
	assert_ptr_equal(record_profiles(&t->r, FHIR_R4),
			 t->r.profiles[FHIR_R4]);
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	has(error_of(t, FHIR_R4, BOTH, ""), "Observation.note");
	/* a newer program */
	t->r.official_epoch[FHIR_R4] = 0;
	official(t, OFFICIAL("1"));
	assert_int_equal(version_of(t, &found), 1);
	t->r.official_epoch[FHIR_R4] = 0;
	official(t, OFFICIAL("2"));
	assert_int_equal(version_of(t, &found), 2);
	assert_true(record_reset(&t->r, t->a, &t->e));
	assert_int_equal(version_of(t, &found), 0);
	record_official(&t->r, t->a, FHIR_R4);
	assert_int_equal(version_of(t, &found), 1);
}

static void test_official_is_not_updated(void **state)
{
	struct t *t = *state;
	struct record_write w = {.fhir = FHIR_R4, .id = "official"};

	official(t, OFFICIAL("1"));
	assert_false(record_definition_check(
	    &t->r, t->a, &w, terms(t, "CodeSystem", "c", "a"), &t->e));
	assert_string_equal(t->e.code, RULE_DEFINITION_OFFICIAL);
	has(t->e.text, "CodeSystem/official");
}

/* ---- cost ------------------------------------------------------------- */

/* Issues do not hang on the definitions that they name. */
static void test_issues_outlast(void **state)
{
	struct t *t = *state;
	const char *text;

	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	text = error_of(t, FHIR_R4, BOTH, "");
	keep(t, FHIR_R4, profile(t, "w", OWN, KANTA, NOTED));
	assert_non_null(record_profiles(&t->r, FHIR_R4));
	has(text, OWN);
	record_close(&t->r);
	has(text, "Observation.note");
}

static void test_cost(void **state)
{
	struct t *t = *state;
	int64_t start = clock_steady_us(), us;

	for (int i = 0; i < 1000000; i++)
		(void)record_profiles(&t->r, FHIR_R4);
	us = clock_steady_us() - start;
	print_message("         %.3f us to know what is in force\n",
		      (double)us / 1e6);
	for (int i = 0; i < 20; i++) {
		start = clock_steady_us();
		keep(t, FHIR_R4,
		     profile(t, arena_printf(t->a, "w%d", i),
			     arena_printf(t->a, OWN "%d", i), KANTA, NOTED));
		(void)record_profiles(&t->r, FHIR_R4);
	}
	us = clock_steady_us() - start;
	print_message("         %lld us when the 20th has come\n",
		      (long long)us);
	assert_true(us < 1000000);
}

static int setup_with_rules(void **state)
{
	if (rules.of[FHIR_R4] == NULL || rules.of[FHIR_STU3] == NULL)
		fail_msg("the build's images are missing");
	(void)setup(state);
	citizen(*state, HETU, PATIENT);
	client(*state, APP);
	return 0;
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, setup_with_rules, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_takes_effect_at_once),
	    T(test_order_does_not_matter),
	    T(test_the_later_one_counts),
	    T(test_base_comes_later),
	    T(test_one_by_one),
	    T(test_mentions),
	    T(test_rolled_back),
	    T(test_reset_takes_them),
	    T(test_another_start),
	    T(test_not_to_be_used),
	    T(test_others_stay_usable),
	    T(test_permission),
	    T(test_inert),
	    T(test_room),
	    T(test_official),
	    T(test_official_is_not_updated),
	    T(test_issues_outlast),
	    T(test_cost),
	};

	return cmocka_run_group_tests(tests, open_rules, close_rules);
}
