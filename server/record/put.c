/* SPDX-License-Identifier: Apache-2.0
 *
 * put: storing a resource, checked.
 *
 * The order of the checks is what an application's developer wants to see
 * first: is the type served, may applications store it, does the resource keep
 * to its profile (all issues at once), is it about the citizen who allowed the
 * application (owner.c), and do its references lead somewhere (refs.c). Only
 * then is something stored, so a refused request leaves no trace.
 *
 * Versions and times of a resource always grow, whatever the clock does: it may
 * stand still or have been set back. The text of a version is put_text.c's.
 *
 * Facts: fhir-rest.md 2.1; kanta.md 4.1, 4.5.
 */
#include "record/record_int.h"

#include <assert.h>
#include <string.h>

/* ---- rules ------------------------------------------------------------ */

const struct issues *record_check(struct record *r, struct arena *a,
				  enum fhir_version v,
				  const struct json *resource,
				  const char *own_base)
{
	return record_check_as(r, a, v, resource, own_base, NULL, 0);
}

const struct issues *record_check_as(struct record *r, struct arena *a,
				     enum fhir_version v,
				     const struct json *resource,
				     const char *own_base,
				     const char *const *profiles, size_t n)
{
	struct profile_options o = settings_rules(&r->settings);
	struct fetch f = {
	    .record = r, .arena = a, .fhir = v, .own_base = own_base};

	o.fetch = record_fetch;
	o.fetch_ctx = &f;
	o.own_base = own_base;
	o.extra = profiles;
	o.extra_count = n;
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
			return err_set(e, ERR_UNPROCESSABLE,
				       issue->rule ? issue->rule : issue->code,
				       issue->path, "%s", issue->text);
	}
	assert(!"errors were counted that are not in the list");
	return false;
}

bool record_conforms(struct record *r, struct arena *a,
		     const struct record_write *w, const struct json *resource,
		     const struct issues **issues, struct err *e)
{
	const struct issues *found =
	    record_check(r, a, w->fhir, resource, w->own_base);

	*issues = NULL;
	if (found->errors == 0)
		return true;
	*issues = found;
	return refuse_issues(found, e);
}

/* ---- type ------------------------------------------------------------- */

/* What an environment keeps to itself. */
static bool may_store(struct record *r, struct arena *a,
		      const struct record_write *w,
		      const struct record_type *type,
		      const struct json *resource, struct err *e)
{
	if (type->definition && !record_inert(r))
		return record_definition_check(r, a, w, resource, e);
	if (w->seed || w->grant == NULL)
		return true;
	if (strcmp(type->type, "Questionnaire") == 0 &&
	    !r->settings.store_questionnaires)
		return err_set(e, ERR_FORBIDDEN, RULE_SWITCHED_OFF, NULL,
			       "Applications cannot store a Questionnaire in "
			       "this environment: outside the sandboxes Kela "
			       "does (store_questionnaires)");
	return true;
}

const struct record_type *record_storable(struct record *r, struct arena *a,
					  const struct record_write *w,
					  const struct json *resource,
					  enum interaction ia, struct err *e)
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
	type = record_type_get(a, w->fhir, name, e);
	if (type == NULL)
		return NULL;
	if ((type->interactions & (unsigned)ia) == 0) {
		err_set(e, ERR_INVALID, "not-supported", NULL,
			"Invalid request: The FHIR endpoint on this server "
			"does not know how to handle %s operation[%s] with "
			"parameters [[]]",
			ia == IA_CREATE ? "POST" : "PUT", name);
		return NULL;
	}
	return may_store(r, a, w, type, resource, e) ? type : NULL;
}

bool record_id_ok(const char *id)
{
	size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return n > 0 && n <= 64 && id[n] == '\0';
}

/* ---- storing ---------------------------------------------------------- */

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

int64_t record_put_ms(const struct record *r,
		      const struct store_resource *before)
{
	const int64_t now = record_now_ms(r);

	return before != NULL && now <= before->updated_ms
		   ? before->updated_ms + 1
		   : now;
}

/* What of the version before stays in the next one. */
static const struct json *kept(const struct record *r, struct arena *a,
			       const struct store_resource *before)
{
	struct err ignored;

	if (!r->settings.meta_merge || before == NULL || before->deleted)
		return NULL;
	return json_parse(a, before->text, before->text_len, &ignored);
}

void record_put_make(struct record *r, struct arena *a, const struct put *p,
		     const struct store_resource *before, const char *method,
		     const struct json *resource, struct store_resource *out)
{
	char updated[TIME_TEXT];
	struct store_client creator;
	struct stamp stamp = {.id = p->id, .updated = updated};
	struct buf text;

	*out = (struct store_resource){
	    .fhir = (int)p->fhir,
	    .type = p->type->type,
	    .id = p->id,
	    .version = before != NULL ? before->version + 1 : 1,
	    .updated_ms = record_put_ms(r, before),
	    .patient = p->patient,
	    .client_id = p->client_id != NULL ? p->client_id : "",
	    .method = method,
	};
	record_instant(r, updated, out->updated_ms);
	stamp.version = out->version;
	stamp.before = kept(r, a, before);
	if (creator_missing(r, a, p, resource, &creator))
		stamp.creator = &creator;
	buf_init(&text, a);
	record_merge(&text, resource, &stamp);
	out->text = text.p;
	out->text_len = text.len;
}

void record_put_store(struct record *r, struct arena *a, const struct put *p,
		      const struct json *resource,
		      const struct store_resource *version)
{
	size_t n;
	const struct store_index_row *rows =
	    record_index(r, a, p->fhir, p->type, resource, p->own_base, &n);

	store_resource_put(r->store, version, rows, n);
	if (p->type->definition)
		record_definition_stored(r, p->fhir, version);
}

bool record_put(struct record *r, struct arena *a, const struct put *p,
		const struct json *resource, struct store_resource *out,
		struct err *e)
{
	struct store_resource before;
	bool again = store_resource_find(r->store, a, (int)p->fhir,
					 p->type->type, p->id, 0, &before);

	if (again && !before.deleted)
		return err_set(e, ERR_CONFLICT, "conflict", NULL,
			       "Resource %s/%s is there already", p->type->type,
			       p->id);
	record_put_make(r, a, p, again ? &before : NULL, "POST", resource, out);
	record_put_store(r, a, p, resource, out);
	return true;
}

/* A Patient that is nobody's yet is whoever its id says, so that comes first; a
 * citizen gets no second one, and anything else has its id by its owner. */
static const char *id_before(struct record *r, struct arena *a,
			     const struct record_write *w,
			     const struct record_type *type)
{
	if (w->id != NULL)
		return arena_strdup(a, w->id);
	if (!record_is_patient(type) ||
	    (w->grant != NULL && w->grant->patient != NULL))
		return NULL;
	return record_resource_id(r, a, NULL);
}

bool record_store_new(struct record *r, struct arena *a,
		      const struct record_write *w, const struct json *resource,
		      struct store_resource *out, const struct issues **issues,
		      struct err *e)
{
	struct put p = {.fhir = w->fhir,
			.client_id = w->client_id,
			.own_base = w->own_base};

	*issues = NULL;
	p.type = record_storable(r, a, w, resource, IA_CREATE, e);
	if (p.type == NULL || !record_conforms(r, a, w, resource, issues, e))
		return false;
	p.id = id_before(r, a, w, p.type);
	if (!record_owner(r, a, w, p.type, resource, p.id, &p.patient, e))
		return false;
	if (p.id == NULL)
		p.id = record_resource_id(r, a, p.patient);
	if (!record_refs_check(r, a, w, p.type, resource, p.id, false, e))
		return false;
	if (w->last)
		store_settle(r->store);
	return record_put(r, a, &p, resource, out, e);
}
