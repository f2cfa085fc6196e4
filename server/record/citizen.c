/* SPDX-License-Identifier: Apache-2.0
 *
 * citizen: test persons, and their Patient resources.
 *
 * The service knows a citizen by a personal identity code and shows
 * applications a pseudonym alone: one uuid, which is the OAuth subject, the id
 * of the Patient and the uuid in its only identifier. The Patient exists in
 * both FHIR bases under that id from the moment the citizen is first seen, so
 * every token has the Patient that it names.
 *
 * The Patient is the server's own resource, so it does not pass the profile
 * check: it must also be there when no national profiles are loaded. The unit
 * test checks that it conforms to the profiles it claims.
 *
 * Facts: kanta.md 2.1, 4.5; kanta-profiles-r4.md 3.14, kanta-profiles-stu3.md
 * 3.6.
 */
#include "record/record_int.h"

#include <assert.h>
#include <string.h>

static const char *const patient_profile[FHIR_VERSIONS] = {
    [FHIR_STU3] = "http://phr.kanta.fi/StructureDefinition/fiphr-patient-stu3",
    [FHIR_R4] = "http://phr.kanta.fi/StructureDefinition/fiphr-sd-patient",
};

/* ---- the Patient resource --------------------------------------------- */

static const struct json *patient_resource(struct arena *a, enum fhir_version v,
					   const char *id, struct err *e)
{
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "Patient");
	jw_open(&w, "meta", '{');
	jw_open(&w, "profile", '[');
	jw_str(&w, NULL, patient_profile[v]);
	jw_close(&w);
	jw_close(&w);
	jw_open(&w, "identifier", '[');
	jw_open(&w, NULL, '{');
	jw_str(&w, "system", "urn:ietf:rfc:3986");
	jw_str(&w, "value", arena_printf(a, "urn:uuid:%s", id));
	jw_close(&w);
	jw_close(&w);
	jw_close(&w);
	return json_parse(a, b.p, b.len, e);
}

bool record_patients(struct record *r, struct arena *a, const char *id,
		     struct err *e)
{
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		struct put p = {
		    .fhir = (enum fhir_version)v,
		    .type = record_type_find((enum fhir_version)v, "Patient"),
		    .id = id,
		    .patient = id,
		};
		const struct json *patient = patient_resource(a, p.fhir, id, e);
		struct store_resource stored;

		assert(patient != NULL);
		if (!record_put(r, a, &p, patient, &stored, e))
			return false;
	}
	return true;
}

/* ---- citizens --------------------------------------------------------- */

#define ADULT	   20
#define ADULT_SPAN 60
#define TRIES	   200

static int some_adult_age(struct record *r)
{
	unsigned char random;

	record_random(r, &(struct chance){.purpose = "age"}, &random,
		      sizeof random);
	return ADULT + random % ADULT_SPAN;
}

/* A code that no citizen has yet; NULL with e set when there seems to be none.
 */
static const char *fresh_hetu(struct record *r, struct arena *a, int age,
			      struct err *e)
{
	struct store_citizen taken;
	char hetu[HETU_TEXT];

	if (age > HETU_AGE_MAX) {
		err_set(e, ERR_INVALID, "invalid_age", "age",
			"a citizen's age is 0 to %d years", HETU_AGE_MAX);
		return NULL;
	}
	for (int i = 0; i < TRIES; i++) {
		if (!hetu_make(r, hetu, age < 0 ? some_adult_age(r) : age,
			       record_now_ms(r)))
			break;
		if (!store_citizen_find(r->store, a, hetu, NULL, &taken))
			return arena_strdup(a, hetu);
	}
	err_set(e, ERR_CONFLICT, "no_hetu_left", "age",
		"no unused personal identity code was found for that age");
	return NULL;
}

/* The Patient id for a new citizen: the wanted one, if it is sound and free. */
static const char *patient_id(struct record *r, struct arena *a,
			      const char *hetu, const char *wanted,
			      struct err *e)
{
	struct store_citizen taken;

	if (wanted == NULL)
		return record_uuid(
		    r, a,
		    &(struct chance){.purpose = "patient", .citizen = hetu});
	if (!uuid_ok(wanted)) {
		err_set(e, ERR_INVALID, "invalid_patient_id", "patient_id",
			"a Patient id must be a uuid");
		return NULL;
	}
	if (store_citizen_find(r->store, a, NULL, wanted, &taken)) {
		err_set(e, ERR_CONFLICT, "patient_id_taken", "patient_id",
			"Patient/%s is another citizen", wanted);
		return NULL;
	}
	return arena_strdup(a, wanted);
}

/* Finds the citizen. Another Patient id than the stored one cannot be had. */
static bool known(struct record *r, struct arena *a, const char *hetu,
		  const char *patient, struct store_citizen *out, bool *ok,
		  struct err *e)
{
	if (!store_citizen_find(r->store, a, hetu, NULL, out))
		return false;
	*ok = patient == NULL || strcmp(patient, out->patient) == 0;
	if (!*ok)
		err_set(e, ERR_CONFLICT, "citizen_known", "patient_id",
			"the citizen is known already, as Patient/%s",
			out->patient);
	return true;
}

bool record_citizen(struct record *r, struct arena *a, const char *hetu,
		    int age, const char *patient, struct store_citizen *out,
		    struct err *e)
{
	bool ok;

	if (hetu != NULL && !hetu_check(hetu, e))
		return false;
	hetu =
	    hetu != NULL ? hetu_canonical(a, hetu) : fresh_hetu(r, a, age, e);
	if (hetu == NULL)
		return false;
	if (known(r, a, hetu, patient, out, &ok, e))
		return ok;
	patient = patient_id(r, a, hetu, patient, e);
	if (patient == NULL)
		return false;
	*out = (struct store_citizen){
	    .hetu = hetu,
	    .patient = patient,
	    .created_ms = record_now_ms(r),
	    .behaviours = "",
	};
	store_citizen_put(r->store, out);
	return record_patients(r, a, patient, e);
}

bool record_citizen_known(const struct record *r, struct arena *a,
			  const char *hetu)
{
	struct store_citizen c;

	return record_citizen_find(r, a, hetu, &c);
}

bool record_citizen_find(const struct record *r, struct arena *a,
			 const char *hetu, struct store_citizen *out)
{
	return store_citizen_find(r->store, a, hetu_canonical(a, hetu), NULL,
				  out);
}

bool record_citizen_delete(struct record *r, struct arena *a, const char *hetu,
			   struct err *e)
{
	struct store_citizen c;

	if (!store_citizen_find(r->store, a, hetu_canonical(a, hetu), NULL, &c))
		return err_set(e, ERR_NOT_FOUND, "unknown_citizen", "hetu",
			       "there is no such citizen");
	store_resource_erase(r->store, c.patient);
	store_citizen_delete(r->store, c.hetu);
	return true;
}
