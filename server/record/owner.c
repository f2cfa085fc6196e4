/* SPDX-License-Identifier: Apache-2.0
 *
 * owner: whose a resource is, and which application may change it.
 *
 * Whose a resource is, the table of types says: the path of its owner. Who is
 * said to have made it must be the same citizen, by the same kind of reference:
 * Patient/{id}, relative or below the own base. A type that is shared
 * (Questionnaire) is nobody's; a Patient is its own.
 *
 * With a token the owner must be the token's citizen. Without one (the open
 * sandbox, fixtures) it is whom the resource names. There, under
 * references=free, what names no Patient is nobody's, and who made it is not
 * looked at: so any resource of FHIR can be kept.
 *
 * The application that stored the first version is the one that may update and
 * delete a resource (update_by_other=allow: update, any). What no known
 * application stored, none may change; but for the Patient, which the server
 * made and which every application of the citizen keeps up. In the open sandbox
 * everybody may change everything.
 *
 * Facts: kanta.md 4.5, fhir-rest.md 4.9.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Where a resource names those who made it. */
static const char *const actors[] = {"performer", "performer.actor", "author",
				     "consentingParty", "source"};

struct owner {
	struct arena *arena;
	const char *own_base;
	const char *patient; /* the id that must be named; NULL: the first */
	const char *path;    /* being walked */
	bool named;	     /* has a Patient been named there? */
	const char *other;   /* a reference that was not to him or her */
	const char *other_path;
};

bool record_is_patient(const struct record_type *type)
{
	return strcmp(type->type, "Patient") == 0;
}

/* ---- whose it is ------------------------------------------------------ */

/* Sees every reference at the owner's path and at those of the actors: one that
 * is not Patient/{id} of the citizen is another's, be it absolute, urn:, into
 * the resource itself or to another type. Does not see a Reference that has
 * only an identifier or a display, nor references anywhere else. */
static void see_patient(const struct json *v, void *ctx)
{
	struct owner *o = ctx;
	const char *text = json_get_text(v, "reference");
	const char *local;
	bool patient;

	if (text == NULL)
		return;
	local = record_reference(o->arena, text, o->own_base);
	patient = local != NULL && text_begins(local, "Patient/");
	o->named |= patient;
	if (patient && o->patient == NULL)
		o->patient = local + 8;
	if (o->other != NULL || (patient && strcmp(local + 8, o->patient) == 0))
		return;
	o->other = local != NULL ? local : text;
	o->other_path = o->path;
}

static bool refuse_owner(const struct record_type *type, enum err_kind kind,
			 const char *path, struct err *e, const char *why)
{
	char where[128];

	snprintf(where, sizeof where, "%s.%s", type->type, path);
	return err_set(e, kind, "forbidden", where, "%s %s", where, why);
}

/* Is everybody in the resource the citizen o->patient? Fills o->patient when it
 * was NULL. */
static bool owned(const struct record *r, const struct record_type *type,
		  const struct json *resource, struct owner *o, struct err *e)
{
	enum err_kind kind =
	    record_status_kind(r->settings.patient_mismatch_status);

	if (!o->named)
		return refuse_owner(
		    type, kind, o->path, e,
		    arena_printf(o->arena,
				 "must refer to the Patient whose data this "
				 "is%s%.200s",
				 o->other ? ", not to " : "",
				 o->other ? o->other : ""));
	for (size_t i = 0; i < LEN(actors); i++) {
		o->path = actors[i];
		record_walk(resource, o->path, see_patient, o);
	}
	if (o->other == NULL)
		return true;
	return refuse_owner(type, kind, o->other_path, e,
			    arena_printf(o->arena,
					 "refers to %.200s, but only data of "
					 "Patient/%.64s may be stored here",
					 o->other, o->patient));
}

/* There is one Patient for each citizen, and he or she has it. */
static bool own_patient(struct record *r, const char *citizen, const char *id,
			struct err *e)
{
	if (id == NULL)
		return err_set(e, ERR_CONFLICT, RULE_ONE_PATIENT, "Patient",
			       "The citizen of the token has a Patient, made "
			       "at the first login: change it with PUT "
			       "Patient/%.64s",
			       citizen);
	if (strcmp(id, citizen) == 0)
		return true;
	return err_set(e,
		       record_status_kind(r->settings.patient_mismatch_status),
		       "forbidden", "Patient.id",
		       "Patient/%.64s is not the citizen of the token, who is "
		       "Patient/%.64s",
		       id, citizen);
}

bool record_owner(struct record *r, struct arena *a,
		  const struct record_write *w, const struct record_type *type,
		  const struct json *resource, const char *id,
		  const char **patient, struct err *e)
{
	const char *citizen = w->grant != NULL ? w->grant->patient : NULL;
	struct owner o = {
	    .arena = a, .own_base = w->own_base, .patient = citizen};

	*patient = "";
	if (type->shared)
		return true;
	if (record_is_patient(type)) {
		*patient = id;
		return citizen == NULL || own_patient(r, citizen, id, e);
	}
	o.path = type->owner;
	assert(o.path != NULL);
	record_walk(resource, o.path, see_patient, &o);
	if (citizen == NULL && w->grant != NULL &&
	    r->settings.references == 0) {
		*patient = o.patient != NULL ? o.patient : "";
		return true;
	}
	if (!owned(r, type, resource, &o, e))
		return false;
	*patient = o.patient;
	return true;
}

/* ---- whose application it was ------------------------------------------ */

static bool created_by(struct record *r, struct arena *a,
		       const struct store_resource *current, const char *client)
{
	struct store_resource first;

	if (current->version == 1)
		return strcmp(current->client_id, client) == 0;
	return store_resource_find(r->store, a, current->fhir, current->type,
				   current->id, 1, &first) &&
	       strcmp(first.client_id, client) == 0;
}

bool record_may_change(struct record *r, struct arena *a,
		       const struct record_write *w,
		       const struct store_resource *current, const char *what,
		       struct err *e)
{
	if (w->grant == NULL || w->grant->patient == NULL ||
	    strcmp(current->type, "Patient") == 0)
		return true;
	if (w->client_id != NULL && *w->client_id != '\0' &&
	    created_by(r, a, current, w->client_id))
		return true;
	return err_set(e, ERR_FORBIDDEN, RULE_APPLICATION, NULL,
		       "Resource %s/%s can be %s only by the application that "
		       "stored it (the citizen can delete it in My Kanta)",
		       current->type, current->id, what);
}
