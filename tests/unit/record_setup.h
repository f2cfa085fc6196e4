/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of record stand on: an empty database and a clock that stands
 * still for each test, the rules opened once, and short ways to write things.
 */
#ifndef RECORD_SETUP_H
#define RECORD_SETUP_H

#include "record/record_int.h"
#include "slurp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>

#define NOW	 "2026-11-21T12:00:00+02:00"
#define NOW_TEXT "2026-11-21T12:00:00.000+02:00"
#define HETU	 "010190-900P"
#define OTHER	 "150785-901A"
#define PATIENT	 "90090090-0900-4900-8900-900900900900"
#define STRANGER "90190190-1901-4901-8901-901901901901"
#define OWN_BASE "http://127.0.0.1:8080/phr-resourceserver/baseR4"

/* An application, in full. */
#define APP                                                                    \
	"{'client_id':'app','client_secret':'app-secret',"                     \
	"'redirect_uris':['https://app.example/cb'],"                          \
	"'scope':'patient/Observation.read registration-token "                \
	"patient/Observation.write offline_access'}"

/* One for professionals. */
#define PRO                                                                    \
	"{'client_id':'pro','kind':'professional',"                            \
	"'redirect_uris':['https://pro.example/cb'],"                          \
	"'scope':'patient/Observation.read'}"

/* A citizen and both applications, as members of a fixture document. */
#define TWO "'citizens':[{'hetu':'" HETU "'}],'clients':[" APP "," PRO "]"

/* What every registration needs. */
#define U "'redirect_uris':['https://a.example/cb']"

/* A blood glucose would need more; body weight is the least Observation. */
#define WEIGHT_OF(who, by, unit, value) WEIGHT_AND(who, by, unit, value, "")
#define WEIGHT_AND(who, by, unit, value, more)                                 \
	"{'resourceType':'Observation'," more "'meta':{'profile':["            \
	"'http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight']},"     \
	"'language':'fi','text':{'status':'generated',"                        \
	"'div':'<div xmlns=\\'http://www.w3.org/1999/xhtml\\'>"                \
	"Paino</div>'},'identifier':[{'system':'urn:ietf:rfc:3986',"           \
	"'value':'urn:uuid:90000000-0000-4000-8000-000000000009'}],"           \
	"'status':'final','category':[{'coding':[{'system':"                   \
	"'http://terminology.hl7.org/CodeSystem/observation-category',"        \
	"'code':'vital-signs'}]}],'code':{'coding':[{'system':"                \
	"'http://loinc.org','code':'29463-7','display':'Paino'}]},"            \
	"'subject':{'reference':'" who "'},"                                   \
	"'effectiveDateTime':'2026-03-02T07:15:00+02:00',"                     \
	"'issued':'2026-03-02T07:15:00+02:00',"                                \
	"'performer':[{'reference':'" by "'}],"                                \
	"'valueQuantity':{'value':" value ",'unit':'" unit "',"                \
	"'system':'http://unitsofmeasure.org','code':'" unit "'}}"
#define ME     "Patient/" PATIENT
#define THEM   "Patient/" STRANGER
#define WEIGHT WEIGHT_OF(ME, ME, "kg", "72.50")

#define STU3_BASE "http://127.0.0.1:8080/phr-resourceserver/baseStu3"
/* With a Patient inside, which "#a" names. */
#define WITH_CONTAINED(who, by)                                                \
	WEIGHT_AND(who, by, "kg", "1",                                         \
		   "'contained':[{'resourceType':'Patient','id':'a',"          \
		   "'meta':{'profile':['http://phr.kanta.fi/"                  \
		   "StructureDefinition/fiphr-sd-patient']},"                  \
		   "'identifier':[{'system':'urn:ietf:rfc:3986','value':"      \
		   "'urn:uuid:" PATIENT "'}]}],")

struct t {
	struct arena *a;
	struct log log;
	struct record r;
	struct err e;
};

static struct {
	struct arena *arena;
	struct profiles *of[FHIR_VERSIONS];
} rules;

/* ---- helpers ---------------------------------------------------------- */

static int64_t ms(const char *text)
{
	struct time_span span;

	assert_true(time_parse(text, strlen(text), &span));
	return span.lo_ms;
}

/* JSON with ' for ", so that it can be read in a C string. */
static const struct json *J(struct t *t, const char *text)
{
	char *s = arena_strdup(t->a, text);
	const struct json *v;

	for (char *c = s; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	v = json_parse(t->a, s, strlen(s), &t->e);
	if (v == NULL)
		fail_msg("%s: %s: %s", text, t->e.where, t->e.text);
	return v;
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

static int setup(void **state)
{
	struct t *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->a = arena_new(0);
	t->log.format = LOG_OFF;
	t->r.store = store_open(":memory:", &t->log, &t->e);
	assert_non_null(t->r.store);
	t->r.clock.mode = CLOCK_FROZEN;
	t->r.clock.frozen_ms = ms(NOW);
	t->r.log = &t->log;
	t->r.fhir_base[FHIR_STU3] = "/phr-resourceserver/baseStu3";
	t->r.fhir_base[FHIR_R4] = "/phr-resourceserver/baseR4";
	t->r.profiles[FHIR_STU3] = rules.of[FHIR_STU3];
	t->r.profiles[FHIR_R4] = rules.of[FHIR_R4];
	settings_init(&t->r.settings);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct t *t = *state;

	record_close(&t->r);
	store_close(t->r.store);
	arena_free(t->a);
	free(t);
	return 0;
}

static void citizen(struct t *t, const char *hetu, const char *patient)
{
	struct store_citizen c;

	assert_true(record_citizen(&t->r, t->a, hetu, -1, patient, &c, &t->e));
	assert_string_equal(c.patient, patient);
}

static struct store_client client(struct t *t, const char *metadata)
{
	struct store_client c;
	struct record_secrets secrets;

	if (!record_client(&t->r, t->a, J(t, metadata), true, &c, &secrets,
			   &t->e))
		fail_msg("%s: %s", metadata, t->e.text);
	return c;
}

/* ---- opening the rules once -------------------------------------------- */

static void add_folder(struct profiles *p, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct err e;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *path =
		    arena_printf(rules.arena, "%s/%s", folder, entry->d_name);
		const struct json *v;
		const char *text;
		size_t n;

		if (strstr(entry->d_name, ".json") == NULL)
			continue;
		text = slurp(rules.arena, path, &n);
		v = json_parse(rules.arena, text, n, &e);
		if (v == NULL || !profile_add(p, v, path, &e))
			fail_msg("%s: %s: %s", path, e.where, e.text);
	}
	closedir(dir);
}

static int open_rules(void **state)
{
	static const struct {
		const char *image, *folder;
	} of[FHIR_VERSIONS] = {
	    {"build/image/stu3.img", "profiles/finnish-phr-stu3"},
	    {"build/image/r4.img", "profiles/finnish-phr-r4"},
	};
	struct err e;

	(void)state;
	rules.arena = arena_new(1 << 20);
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		size_t n;
		const void *image = slurp(rules.arena, of[v].image, &n);

		if (image == NULL)
			continue;
		rules.of[v] = profile_open(rules.arena, (enum fhir_version)v,
					   image, n, &e);
		if (rules.of[v] == NULL)
			fail_msg("%s: %s", of[v].image, e.text);
		add_folder(rules.of[v], of[v].folder);
		if (!profile_compile(rules.of[v], &e))
			fail_msg("%s: %s", e.where, e.text);
	}
	return 0;
}

static int close_rules(void **state)
{
	(void)state;
	arena_free(rules.arena);
	return 0;
}

#endif
