/* SPDX-License-Identifier: Apache-2.0
 *
 * profile_sets.h: sets of definitions as a whole: several versions of one
 * canonical, definitions that come later, sets that do not compile, and
 * definitions that would grow or take work without end. Part of test_profile.c.
 */

#define SD_HEAD                                                                \
	"{\"resourceType\":\"StructureDefinition\",\"kind\":\"resource\","     \
	"\"derivation\":\"constraint\",\"url\":\"http://example.org/%s\","     \
	"%s\"type\":\"%s\",\"baseDefinition\":\"%s\",\"differential\":{"       \
	"\"element\":["
#define HL7 "http://hl7.org/fhir/StructureDefinition/"

static const char *profile_text(struct arena *a, const char *name,
				const char *version, const char *type,
				const char *base, const char *elements)
{
	const char *v =
	    version ? arena_printf(a, "\"version\":\"%s\",", version) : "";
	return arena_printf(a, SD_HEAD "%s]}}", name, v, type, base, elements);
}

/* Adds a profile on Patient that demands one element. */
static void add_patient(struct arena *a, struct profiles *p, const char *name,
			const char *version, const char *base,
			const char *element)
{
	struct err e = {0};
	const char *elements =
	    arena_printf(a, "{\"path\":\"Patient.%s\",\"min\":1}", element);
	assert_true(add_text(
	    a, p, profile_text(a, name, version, "Patient", base, elements),
	    &e));
}

static void compile(struct profiles *p)
{
	struct err e = {0};
	if (!profile_compile(p, &e))
		fail_msg("%s: %s", e.where, e.text);
}

/* The path of the first error of an empty Patient; "" when there is none. */
static const char *lacks(struct arena *a, const struct profiles *p,
			 const char *url)
{
	static const char text[] = "{\"resourceType\":\"Patient\","
				   "\"active\":true}";
	struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = &url, .extra_count = 1};
	const struct issues *is =
	    profile_check(p, a, parse(a, text, strlen(text)), &o);
	for (size_t i = 0; i < is->n; i++) {
		if (is->v[i].severity <= ISSUE_ERROR)
			return is->v[i].path;
	}
	return "";
}

static void test_versions(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	static const char x[] = "http://example.org/x";

	add_patient(a, p, "x", "1.10.0", HL7 "Patient", "name");
	add_patient(a, p, "x", "1.9.0", HL7 "Patient", "gender");
	add_patient(a, p, "x", "1.10.0-beta", HL7 "Patient", "photo");
	add_patient(a, p, "of-9", NULL, "http://example.org/x|1.9.0", "active");
	add_patient(a, p, "of-any", NULL, "http://example.org/x", "active");
	add_patient(a, p, "of-none", NULL, "http://example.org/x|7", "active");
	compile(p);
	assert_string_equal(lacks(a, p, x), "Patient.name");
	assert_string_equal(lacks(a, p, "http://example.org/x|1.9.0"),
			    "Patient.gender");
	assert_string_equal(lacks(a, p, "http://example.org/x|1.9"),
			    "Patient.gender");
	assert_string_equal(lacks(a, p, "http://example.org/x|1.10.0-beta"),
			    "Patient.photo");
	assert_string_equal(lacks(a, p, "http://example.org/x|3"),
			    "Patient.name");
	assert_string_equal(lacks(a, p, "http://example.org/of-9"),
			    "Patient.gender");
	assert_string_equal(lacks(a, p, "http://example.org/of-any"),
			    "Patient.name");
	assert_string_equal(lacks(a, p, "http://example.org/of-none"),
			    "Patient.name");
	arena_free(a);
}

/* The set that a fork is made of stays what it was, byte for byte. */
static void test_fork(void **state)
{
	(void)state;
	struct arena *a = arena_new(0), *own = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	static const char x[] = "http://example.org/x",
			  y[] = "http://example.org/y";
	struct buf before, after;
	struct err e = {0};

	add_patient(a, p, "x", "1", HL7 "Patient", "name");
	compile(p);
	buf_init(&before, a);
	buf_init(&after, a);
	assert_true(profile_write_layer(p, &before, &e));
	struct profiles *f = profile_fork(p, own);
	add_patient(own, f, "x", "1", HL7 "Patient", "gender");
	add_patient(own, f, "y", NULL, x, "photo");
	compile(f);
	assert_string_equal(lacks(a, f, x), "Patient.gender");
	assert_string_equal(lacks(a, f, y), "Patient.gender");
	/* one that grew from a fork, and one that does not compile */
	struct profiles *g = profile_fork(f, own);
	add_patient(own, g, "z", NULL, y, "contact");
	compile(g);
	assert_string_equal(lacks(a, g, "http://example.org/z"),
			    "Patient.gender");
	g = profile_fork(f, own);
	add_patient(own, g, "z", NULL, x, "tail");
	assert_false(profile_compile(g, &e));
	assert_string_equal(lacks(a, f, y), "Patient.gender");
	arena_free(own);
	assert_string_equal(lacks(a, p, x), "Patient.name");
	assert_false(profile_knows(p, "StructureDefinition", y));
	assert_true(profile_write_layer(p, &after, &e));
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.p, before.p, before.len);
	arena_free(a);
}

/* What a fork takes is its own, and goes with its arena. */
static void test_fork_again(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	size_t used = 0, first = 0;

	for (int i = 0; i < 1000; i++) {
		struct arena *own = arena_new(0);
		struct profiles *f = profile_fork(p, own);
		const char *element = i % 2 ? "gender" : "photo";

		add_patient(own, f, "x", "1", HL7 "Patient", element);
		compile(f);
		if (i % 100 < 2) {
			struct arena *tmp = arena_new(0);
			assert_string_equal(
			    lacks(tmp, f, "http://example.org/x"),
			    i % 2 ? "Patient.gender" : "Patient.photo");
			arena_free(tmp);
		}
		if (i == 1) {
			/* the base's invariants have been compiled by now */
			used = arena_used(a);
			first = arena_used(own);
		}
		assert_true(i == 0 || arena_used(own) <= first + 64);
		arena_free(own);
	}
	assert_int_equal(arena_used(a), used);
	arena_free(a);
}

static void test_knows(void **state)
{
	(void)state;
	static const struct {
		const char *type, *url;
		bool known;
	} rows[] = {
	    {"StructureDefinition", HL7 "Patient", true},
	    {"StructureDefinition", HL7 "Patience", false},
	    {"StructureDefinition", "http://hl7.org/fhir/ValueSet/languages",
	     false},
	    {"ValueSet", "http://hl7.org/fhir/ValueSet/languages", true},
	    {"ValueSet", "http://example.org/vs", false},
	    {"CodeSystem", "http://hl7.org/fhir/observation-status", true},
	    {"CodeSystem", "http://unitsofmeasure.org", true},
	    {"CodeSystem", "urn:ietf:bcp:13", true},
	    {"CodeSystem", "http://example.org/cs", false},
	    {"Patient", HL7 "Patient", false},
	};
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);

	for (size_t i = 0; i < LEN(rows); i++) {
		if (profile_knows(p, rows[i].type, rows[i].url) !=
		    rows[i].known)
			fail_msg("%s %s", rows[i].type, rows[i].url);
	}
	arena_free(a);
}

/* Definitions that come while the set is in use. */
static void test_more_later(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	struct profile_info info;
	static const char x[] = "http://example.org/x";

	add_patient(a, p, "x", "1", HL7 "Patient", "name");
	compile(p);
	add_patient(a, p, "y", NULL, x, "gender");
	compile(p);
	assert_string_equal(lacks(a, p, x), "Patient.name");
	assert_true(profile_find(p, "http://example.org/y", &info));
	/* a new version beside the old one, then one in its place */
	add_patient(a, p, "x", "2", HL7 "Patient", "photo");
	compile(p);
	assert_string_equal(lacks(a, p, x), "Patient.photo");
	assert_string_equal(lacks(a, p, "http://example.org/x|1"),
			    "Patient.name");
	add_patient(a, p, "x", "2", HL7 "Patient", "gender");
	compile(p);
	assert_string_equal(lacks(a, p, x), "Patient.gender");
	/* without a version it is what somebody is working on */
	add_patient(a, p, "x", NULL, HL7 "Patient", "contact");
	compile(p);
	assert_string_equal(lacks(a, p, x), "Patient.contact");
	compile(p); /* nothing was added */
	assert_string_equal(lacks(a, p, x), "Patient.contact");
	arena_free(a);
}

/* What names a definition that was replaced means the new one; a profile that
 * was not there when it was named is found when it comes. */
static void test_named_before(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	static const char entry[] =
	    "{\"path\":\"Bundle.entry.resource\",\"type\":[{\"code\":"
	    "\"Patient\",\"profile\":[\"http://example.org/x\"]}]}";
	static const char text[] =
	    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	    "{\"fullUrl\":\"urn:uuid:b7b795c0-9343-41b4-910b-361c93d5497c\","
	    "\"resource\":{\"resourceType\":\"Patient\",\"active\":true}}]}";
	const char *url = "http://example.org/b";
	struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = &url, .extra_count = 1};
	const struct json *r = parse(a, text, strlen(text));

	assert_true(add_text(
	    a, p, profile_text(a, "b", NULL, "Bundle", HL7 "Bundle", entry),
	    &e));
	compile(p);
	assert_int_equal(profile_check(p, a, r, &o)->errors, 0);
	add_patient(a, p, "x", NULL, HL7 "Patient", "active");
	compile(p);
	assert_int_equal(profile_check(p, a, r, &o)->errors, 0);
	add_patient(a, p, "x", NULL, HL7 "Patient", "name");
	compile(p);
	const struct issues *is = profile_check(p, a, r, &o);
	assert_int_equal(is->errors, 1);
	arena_free(a);
}

static void test_failure_changes_nothing(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	struct profile_info info;

	add_patient(a, p, "x", NULL, HL7 "Patient", "name");
	compile(p);
	add_patient(a, p, "x", NULL, HL7 "Patient", "gender");
	add_patient(a, p, "y", NULL, HL7 "Patient", "colour");
	assert_false(profile_compile(p, &e));
	assert_string_equal(lacks(a, p, "http://example.org/x"),
			    "Patient.name");
	assert_false(profile_find(p, "http://example.org/y", &info));
	add_patient(a, p, "y", NULL, "http://example.org/x", "gender");
	compile(p);
	assert_string_equal(lacks(a, p, "http://example.org/y"),
			    "Patient.name");
	arena_free(a);
}

/* ---- without end ------------------------------------------------------ */

static int64_t elapsed_ms(const struct timespec *from)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 +
	       (now.tv_nsec - from->tv_nsec) / 1000000;
}

/* The product has a second; sanitizers take their part of it. */
#define PATIENCE_MS 8000

/* Items four deep, at each depth n slices by what decide() says of them; each
 * slice has all that is below. */
static const char *deep_slices(struct arena *a, int n,
			       const char *discriminator, bool nested_names)
{
	struct buf b;
	const char *prefix = "";

	buf_init(&b, a);
	for (int depth = 4; depth > 0; depth--) {
		char path[64] = "Questionnaire";
		for (int i = 0; i < depth; i++)
			memcpy(path + strlen(path), ".item", 6);
		buf_printf(&b,
			   "%s{\"id\":\"%s\",\"path\":\"%s\",\"slicing\":{"
			   "\"rules\":\"open\",\"discriminator\":[{\"type\":"
			   "\"exists\",\"path\":\"%s\"}]}}",
			   prefix, path, path, discriminator);
		prefix = ",";
		const char *name = "s";
		for (int i = 0; i < n; i++) {
			name = nested_names && i ? arena_printf(a, "%s/s", name)
						 : arena_printf(a, "s%d", i);
			buf_printf(&b,
				   ",{\"id\":\"%s:%s\",\"path\":\"%s\","
				   "\"sliceName\":\"%s\"}",
				   path, name, path, name);
			if (nested_names)
				buf_printf(&b,
					   ",{\"id\":\"%s:%s.linkId\","
					   "\"path\":\"%s.linkId\",\"min\":1}",
					   path, name, path);
		}
	}
	return b.p;
}

static void test_slices_multiply(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	struct timespec from;
	const char *url = "http://example.org/deep";
	struct profile_options o = {
	    .required = REQUIRED_OFF, .extra = &url, .extra_count = 1};
	static const char text[] =
	    "{\"resourceType\":\"Questionnaire\",\"status\":\"draft\",\"item\":"
	    "[{\"linkId\":\"1\",\"type\":\"group\",\"item\":["
	    "{\"linkId\":\"2\",\"type\":\"group\",\"item\":["
	    "{\"linkId\":\"3\",\"type\":\"group\",\"item\":["
	    "{\"linkId\":\"4\",\"type\":\"display\"}]}]}]}]}";

	/* each item is in all of them, since each is in the one before */
	assert_true(add_text(a, p,
			     profile_text(a, "deep", NULL, "Questionnaire",
					  HL7 "Questionnaire",
					  deep_slices(a, 60, "linkId", true)),
			     &e));
	clock_gettime(CLOCK_MONOTONIC, &from);
	compile(p);
	const struct issues *is =
	    profile_check(p, a, parse(a, text, strlen(text)), &o);
	assert_true(elapsed_ms(&from) < PATIENCE_MS);
	assert_int_equal(is->errors, 1);
	for (size_t i = 0; i < is->n; i++) {
		if (is->v[i].severity <= ISSUE_ERROR)
			assert_string_equal(is->v[i].rule, "KPHR-PROF-0091");
	}

	/* and so many that it is not even told what decides */
	p = open_image(a, FHIR_R4);
	assert_true(add_text(
	    a, p,
	    profile_text(a, "deep", NULL, "Questionnaire", HL7 "Questionnaire",
			 deep_slices(a, 64, "item.item.item.colour", false)),
	    &e));
	clock_gettime(CLOCK_MONOTONIC, &from);
	profile_compile(p, &e);
	assert_true(elapsed_ms(&from) < PATIENCE_MS);
	arena_free(a);
}

/* Extensions within extensions, each of one of two profiles that say the same
 * of what is inside. */
static void test_profiles_multiply(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	struct timespec from;
	static const char inside[] =
	    "{\"path\":\"Extension.extension\",\"type\":[{\"code\":"
	    "\"Extension\",\"profile\":[\"http://example.org/e0\","
	    "\"http://example.org/e1\"]}]},"
	    "{\"path\":\"Extension.value[x]\",\"max\":\"0\"}";
	struct buf b;
	int depth = 22;

	for (int i = 0; i < 2; i++)
		assert_true(
		    add_text(a, p,
			     profile_text(a, i ? "e1" : "e0", NULL, "Extension",
					  HL7 "Extension", inside),
			     &e));
	compile(p);
	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}");
	for (int i = 0; i < depth; i++)
		buf_printf(&b, ",\"extension\":[{\"url\":\"%s\"",
			   i ? "x" : "http://example.org/e0");
	buf_puts(&b, ",\"valueCode\":\"x\"");
	for (int i = 0; i < depth; i++)
		buf_puts(&b, "}]");
	buf_puts(&b, "}");
	struct profile_options o = {.required = REQUIRED_OFF};
	clock_gettime(CLOCK_MONOTONIC, &from);
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_true(is->errors > 0);
	assert_true(elapsed_ms(&from) < PATIENCE_MS);
	arena_free(a);
}

/* Each answer is sought among all options, and there are thousands of both. */
static void test_options_multiply(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct profiles *p = open_image(a, FHIR_R4);
	struct timespec from;
	struct buf b;
	int many = 3000;

	buf_init(&b, a);
	buf_puts(&b, "{\"resourceType\":\"QuestionnaireResponse\","
		     "\"status\":\"completed\",\"questionnaire\":\"#q\","
		     "\"contained\":[{\"resourceType\":\"Questionnaire\","
		     "\"id\":\"q\",\"status\":\"active\",\"item\":[{"
		     "\"linkId\":\"1\",\"type\":\"choice\","
		     "\"repeats\":true,\"answerOption\":[");
	for (int i = 0; i < many; i++)
		buf_printf(&b, "%s{\"valueInteger\":%d}", i ? "," : "", i);
	buf_puts(&b, "]}]}],\"item\":[{\"linkId\":\"1\",\"answer\":[");
	for (int i = 0; i < many; i++)
		buf_printf(&b, "%s{\"valueInteger\":%d}", i ? "," : "",
			   many - 1);
	buf_puts(&b, "]}]}");
	struct profile_options o = {.required = REQUIRED_OFF};
	clock_gettime(CLOCK_MONOTONIC, &from);
	const struct issues *is = profile_check(p, a, parse(a, b.p, b.len), &o);
	assert_true(elapsed_ms(&from) < PATIENCE_MS);
	assert_int_equal(is->errors, 1);
	for (size_t i = 0; i < is->n; i++) {
		if (is->v[i].severity <= ISSUE_ERROR)
			assert_string_equal(is->v[i].rule, "KPHR-PROF-0184");
	}
	arena_free(a);
}

/* A hundred thousand elements, each at a place of its own. */
static void test_many_elements(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct err e = {0};
	struct profiles *p = open_image(a, FHIR_R4);
	struct timespec from;
	struct buf b;
	static const char *const leaves[] = {"text",	 "prefix",  "repeats",
					     "readOnly", "initial", "code",
					     "linkId"};

	buf_init(&b, a);
	buf_puts(&b, "{\"path\":\"Questionnaire.item\",\"slicing\":{\"rules\":"
		     "\"open\",\"discriminator\":[{\"type\":\"value\","
		     "\"path\":\"linkId\"}]}}");
	for (int i = 0; i < 100000; i++) {
		const char *leaf = leaves[i % LEN(leaves)];
		char path[256] = "";
		for (int k = 0; k < i / 60 % 30; k++)
			memcpy(path + strlen(path), ".item", 6);
		buf_printf(
		    &b,
		    ",{\"id\":\"Questionnaire.item:s%d%s.%s\","
		    "\"path\":\"Questionnaire.item%s.%s\",\"max\":\"1\"}",
		    i % 60, path, leaf, path, leaf);
	}
	const char *text = profile_text(a, "many", NULL, "Questionnaire",
					HL7 "Questionnaire", b.p);
	if (!text)
		fail();
	assert_true(add_text(a, p, text, &e));
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (!profile_compile(p, &e))
		assert_non_null(strstr(e.text, "too large"));
	assert_true(elapsed_ms(&from) < PATIENCE_MS);
	arena_free(a);
}
