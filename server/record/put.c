/* SPDX-License-Identifier: Apache-2.0
 *
 * put: storing a resource, checked.
 *
 * The order of the checks is what an application's developer wants to see
 * first: is the type served, does the resource keep to its profile (all issues
 * at once), and then, is it about the citizen who allowed the application.
 * Whose a resource is, the table of types says: the path of its owner. Who is
 * said to have made it must be the same citizen, by the same kind of reference:
 * Patient/{id}, relative or below the own base. A type that is shared
 * (Questionnaire) is nobody's.
 *
 * What is stored is the client's own text. The server's id, versionId and
 * lastUpdated are written in front, every other member follows in the client's
 * order with the very characters it was sent with, but for the white space
 * between them: so 72.50 stays 72.50. What a client says of these three itself
 * is dropped. Under creating_application=add the extension that names the
 * application is written behind the client's own, unless it is there.
 *
 * Facts: fhir-rest.md 2.1; kanta.md 4.3, 4.5.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- rules ------------------------------------------------------------ */

const struct issues *record_check(struct record *r, struct arena *a,
				  enum fhir_version v,
				  const struct json *resource,
				  const char *own_base)
{
	struct profile_options o = settings_rules(&r->settings);
	struct fetch f = {
	    .record = r, .arena = a, .fhir = v, .own_base = own_base};

	o.fetch = record_fetch;
	o.fetch_ctx = &f;
	o.own_base = own_base;
	o.other = record_profiles(r, v == FHIR_R4 ? FHIR_STU3 : FHIR_R4);
	o.now_ms = clock_now_ms(&r->clock);
	return record_definition_issues(
	    r, a, v, resource,
	    profile_check(record_profiles(r, v), a, resource, &o));
}

/* The refusal carries the first error; the caller shows all of them. */
static bool refuse_issues(const struct issues *issues, struct err *e)
{
	for (size_t i = 0; i < issues->n; i++) {
		const struct issue *issue = &issues->v[i];

		if (issue->severity <= ISSUE_ERROR)
			return err_set(e, ERR_UNPROCESSABLE, issue->code,
				       issue->path, "%s", issue->text);
	}
	assert(!"errors were counted that are not in the list");
	return false;
}

/* ---- type ------------------------------------------------------------- */

/* The resource's type if it can be created; NULL with e set otherwise. */
static const struct record_type *creatable(struct arena *a, enum fhir_version v,
					   const struct json *resource,
					   struct err *e)
{
	const char *name = json_get_text(resource, "resourceType");
	const struct record_type *type;

	if (name == NULL) {
		err_set(e, ERR_INVALID, "structure", NULL,
			"Failed to parse request body as JSON resource. Error "
			"was: Invalid JSON content detected, missing required "
			"element: 'resourceType'");
		return NULL;
	}
	type = record_type_get(a, v, name, e);
	if (type == NULL)
		return NULL;
	if ((type->interactions & IA_CREATE) == 0) {
		err_set(e, ERR_INVALID, "not-supported", NULL,
			"Invalid request: The FHIR endpoint on this server "
			"does not know how to handle POST operation[%s] with "
			"parameters [[]]",
			name);
		return NULL;
	}
	return type;
}

/* ---- whose it is ------------------------------------------------------ */

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
	patient = local != NULL && strncmp(local, "Patient/", 8) == 0;
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

	o->path = type->owner;
	assert(o->path != NULL);
	record_walk(resource, o->path, see_patient, o);
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

/* ---- the stored text -------------------------------------------------- */

static bool is_servers(const char *name)
{
	return strcmp(name, "resourceType") == 0 || strcmp(name, "id") == 0 ||
	       strcmp(name, "meta") == 0;
}

static void merge_meta(struct jw *w, const struct json *meta, int version,
		       int64_t updated_ms)
{
	char updated[TIME_TEXT];
	const struct json *m;

	time_finnish(updated, updated_ms);
	jw_open(w, "meta", '{');
	jw_str(w, "versionId", arena_printf(w->b->arena, "%d", version));
	jw_str(w, "lastUpdated", updated);
	if (meta != NULL && json_kind(meta) != JSON_OBJECT)
		meta = NULL;
	for (m = json_first(meta); m != NULL; m = json_next(m)) {
		if (strcmp(json_name(m), "versionId") != 0 &&
		    strcmp(json_name(m), "lastUpdated") != 0)
			jw_value(w, json_name(m), m);
	}
	jw_close(w);
}

static void add_part(struct jw *w, const char *url, const char *value)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", url);
	jw_str(w, "valueString", value);
	jw_close(w);
}

/* The extensions of a resource, and behind them the one that names creator. */
static void merge_extensions(struct jw *w, const struct json *list,
			     const struct store_client *creator)
{
	jw_open(w, "extension", '[');
	for (const struct json *v = json_first(list); v; v = json_next(v))
		jw_value(w, NULL, v);
	jw_open(w, NULL, '{');
	jw_str(w, "url", PROFILE_CREATOR);
	jw_open(w, "extension", '[');
	add_part(w, "name", creator->name);
	add_part(w, "applicationId", creator->client_id);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

/* Is the application to be named in the stored resource? By *out. */
static bool creator_missing(const struct record *r, struct arena *a,
			    const struct put *p, const struct json *resource,
			    struct store_client *out)
{
	const struct json *v = json_first(json_get(resource, "extension"));

	if (r->settings.creating_application != CREATOR_ADD ||
	    p->client_id == NULL ||
	    !profile_has_creator(r->profiles[p->fhir], p->type->type))
		return false;
	for (; v; v = json_next(v))
		if (text_is(json_get_text(v, "url"), PROFILE_CREATOR))
			return false;
	return store_client_find(r->store, a, p->client_id, out) &&
	       out->name[0] != '\0';
}

void record_merge(struct buf *b, const struct json *resource, const char *id,
		  int version, int64_t updated_ms,
		  const struct store_client *creator)
{
	struct jw w = {.b = b};
	const struct json *m, *list = NULL;

	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", json_get_text(resource, "resourceType"));
	jw_str(&w, "id", id);
	merge_meta(&w, json_get(resource, "meta"), version, updated_ms);
	for (m = json_first(resource); m != NULL; m = json_next(m)) {
		if (creator != NULL && strcmp(json_name(m), "extension") == 0)
			list = m;
		else if (!is_servers(json_name(m)))
			jw_value(&w, json_name(m), m);
	}
	if (creator != NULL)
		merge_extensions(&w, list, creator);
	jw_close(&w);
}

/* ---- storing ---------------------------------------------------------- */

bool record_put(struct record *r, struct arena *a, const struct put *p,
		const struct json *resource, struct store_resource *out,
		struct err *e)
{
	struct store_resource before;
	struct store_client creator;
	struct store_index_row *rows;
	struct buf text;
	size_t n;
	bool again = store_resource_find(r->store, a, (int)p->fhir,
					 p->type->type, p->id, 0, &before);

	if (again && !before.deleted)
		return err_set(e, ERR_CONFLICT, "conflict", NULL,
			       "Resource %s/%s is there already", p->type->type,
			       p->id);
	*out = (struct store_resource){
	    .fhir = (int)p->fhir,
	    .type = p->type->type,
	    .id = p->id,
	    .version = again ? before.version + 1 : 1,
	    .updated_ms = record_now_ms(r),
	    .patient = p->patient,
	    .client_id = p->client_id != NULL ? p->client_id : "",
	    .method = "POST",
	};
	/* The clock may stand still or have been set back. */
	if (again && out->updated_ms <= before.updated_ms)
		out->updated_ms = before.updated_ms + 1;
	buf_init(&text, a);
	record_merge(&text, resource, p->id, out->version, out->updated_ms,
		     creator_missing(r, a, p, resource, &creator) ? &creator
								  : NULL);
	out->text = text.p;
	out->text_len = text.len;
	rows = record_index(r, a, p->fhir, p->type, resource, p->own_base, &n);
	store_resource_put(r->store, out, rows, n);
	return true;
}

static const char *fresh_id(struct arena *a)
{
	char id[UUID_TEXT];

	uuid_make(id);
	return arena_strdup(a, id);
}

bool record_create(struct record *r, struct arena *a, enum fhir_version v,
		   const struct grant *grant, const struct json *resource,
		   const char *own_base, const char *id, const char *client_id,
		   struct store_resource *out, const struct issues **issues,
		   struct err *e)
{
	const struct issues *found;
	struct owner owner = {.arena = a, .own_base = own_base};
	struct put p = {
	    .fhir = v, .client_id = client_id, .own_base = own_base};

	*issues = NULL;
	p.type = creatable(a, v, resource, e);
	if (p.type == NULL)
		return false;
	found = record_check(r, a, v, resource, own_base);
	if (found->errors > 0) {
		*issues = found;
		return refuse_issues(found, e);
	}
	owner.patient = grant != NULL ? grant->patient : NULL;
	if (!p.type->shared && !owned(r, p.type, resource, &owner, e))
		return false;
	p.patient = p.type->shared ? "" : owner.patient;
	p.id = id != NULL ? arena_strdup(a, id) : fresh_id(a);
	return record_put(r, a, &p, resource, out, e);
}

bool record_store_new(struct record *r, struct arena *a,
		      const struct record_write *w, const struct json *resource,
		      struct store_resource *out, const struct issues **issues,
		      struct err *e)
{
	return record_create(r, a, w->fhir, w->grant, resource, w->own_base,
			     w->id, w->client_id, out, issues, e);
}

bool record_update(struct record *r, struct arena *a,
		   const struct record_write *w, const struct json *resource,
		   struct store_resource *out, enum record_done *done,
		   const struct issues **issues, struct err *e)
{
	(void)r, (void)a, (void)w, (void)resource, (void)out;
	(void)done, (void)issues;
	return err_set(e, ERR_NOT_IMPLEMENTED, "not-supported", NULL,
		       "update is not there yet");
}

bool record_delete(struct record *r, struct arena *a,
		   const struct record_write *w, const struct record_type *t,
		   struct store_resource *out, int *count, struct err *e)
{
	(void)r, (void)a, (void)w, (void)t, (void)out, (void)count;
	return err_set(e, ERR_NOT_IMPLEMENTED, "not-supported", NULL,
		       "delete is not there yet");
}
