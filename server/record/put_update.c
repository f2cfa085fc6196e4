/* SPDX-License-Identifier: Apache-2.0
 *
 * put_update: the next version of a resource.
 *
 * The body is judged first, as the real stack does, then what is there: is it
 * known, may the caller see it, is it deleted, is the version the one that the
 * client means, and may this application change it. Whose it is never changes.
 *
 * A Patient may be made by an update, under the client's own id, which is how
 * applications of the open sandbox make one; update_create extends this to all
 * types or ends it. As in the real stack, an id of digits alone is the server's
 * to give. Of a deleted Patient the version numbers go on.
 *
 * An update that changes nothing makes no version (noop_update): an application
 * that sends the same again finds what it had.
 *
 * Facts: fhir-rest.md 2.4; kanta.md 4.1, 4.5.
 */
#include "record/record_int.h"

#include <string.h>

struct update {
	struct record *r;
	struct arena *a;
	const struct record_write *w;
	struct put put;
	struct store_resource current;
	bool known;   /* has there ever been one? */
	bool present; /* and is it not deleted? */
	struct err *e;
};

/* ---- preconditions ---------------------------------------------------- */

static bool refuse_stale(const struct record *r, const struct record_write *w,
			 const struct store_resource *current, const char *what,
			 struct err *e)
{
	return err_set(e, record_status_kind(r->settings.if_match_status),
		       RULE_VERSION, NULL,
		       "Trying to %s %s/%.64s/_history/%d but this is not "
		       "the current version",
		       what, current->type, w->id,
		       w->if_match_count > 0 ? w->if_match[0]
					     : current->version);
}

bool record_version_holds(const struct record *r, const struct record_write *w,
			  const struct store_resource *current,
			  const char *what, struct err *e)
{
	for (size_t i = 0; i < w->if_match_count && !w->outrun; i++)
		if (w->if_match[i] == 0 || w->if_match[i] == current->version)
			return true;
	return (w->if_match_count == 0 && !w->outrun) ||
	       refuse_stale(r, w, current, what, e);
}

/* ---- a resource that is not there -------------------------------------- */

static bool creates(const struct record *r, const struct record_type *type)
{
	if (r->settings.update_create == UPDATE_CREATE_BY_TYPE)
		return record_is_patient(type);
	return r->settings.update_create == UPDATE_CREATE_ON;
}

static bool check_new_id(const char *id, struct err *e)
{
	if (strspn(id, "0123456789") == strlen(id))
		return err_set(e, ERR_INVALID, RULE_NEW_ID, NULL,
			       "Can not create resource with ID[%s], no "
			       "resource with this ID exists and clients may "
			       "only assign IDs which contain at least one "
			       "non-numeric character",
			       id);
	return true;
}

static bool check_absent(struct update *u)
{
	const struct record_type *type = u->put.type;

	if (u->known && !record_may_see(u->r, u->w->grant, &u->current, u->e))
		return false;
	if (u->w->if_match_count > 0)
		return err_set(u->e, ERR_PRECONDITION, RULE_VERSION, NULL,
			       "Resource %s/%.64s is not there, so it has no "
			       "version that If-Match could name",
			       type->type, u->w->id);
	if (creates(u->r, type))
		return u->known || check_new_id(u->w->id, u->e);
	if (u->known)
		return record_refuse_deleted(u->r, &u->current, u->e);
	return record_refuse_unknown(type->type, u->w->id, u->e);
}

/* ---- one that is ------------------------------------------------------ */

static bool check_present(struct update *u)
{
	const struct store_resource *c = &u->current;

	if (!record_may_see(u->r, u->w->grant, c, u->e))
		return false;
	if (u->w->if_none_match)
		return err_set(u->e, ERR_PRECONDITION, RULE_VERSION, NULL,
			       "Resource %s/%s is there already, as version %d "
			       "(If-None-Match: *)",
			       c->type, c->id, c->version);
	if (!record_version_holds(u->r, u->w, c, "update", u->e))
		return false;
	return u->r->settings.update_by_other ||
	       record_may_change(u->r, u->a, u->w, c, "updated", u->e);
}

static bool same_owner(const struct update *u)
{
	if (!u->known || strcmp(u->current.patient, u->put.patient) == 0)
		return true;
	return err_set(u->e, ERR_FORBIDDEN, RULE_OWNER, NULL,
		       "Whose data a resource is cannot be changed: %s/%s is "
		       "of %s%.64s",
		       u->current.type, u->current.id,
		       *u->current.patient != '\0' ? "Patient/" : "nobody",
		       u->current.patient);
}

/* Does the next version say what the current one says? Both with all that the
 * server adds. */
static bool unchanged(const struct update *u, const struct store_resource *next)
{
	struct err ignored;

	return u->present && u->r->settings.noop_update == 0 &&
	       record_same(
		   u->a,
		   json_parse(u->a, u->current.text, u->current.text_len,
			      &ignored),
		   json_parse(u->a, next->text, next->text_len, &ignored));
}

/* ---- the whole -------------------------------------------------------- */

static bool check(struct update *u, const struct json *resource,
		  const struct issues **issues)
{
	struct put *p = &u->put;

	p->type = record_storable(u->r, u->a, u->w, resource, IA_UPDATE, u->e);
	if (p->type == NULL ||
	    !record_conforms(u->r, u->a, u->w, resource, issues, u->e))
		return false;
	u->known = store_resource_find(u->r->store, u->a, (int)p->fhir,
				       p->type->type, p->id, 0, &u->current);
	u->present = u->known && !u->current.deleted;
	return (u->present ? check_present(u) : check_absent(u)) &&
	       record_owner(u->r, u->a, u->w, p->type, resource, p->id,
			    &p->patient, u->e) &&
	       same_owner(u) &&
	       record_refs_check(u->r, u->a, u->w, p->type, resource, p->id,
				 true, u->e);
}

bool record_update(struct record *r, struct arena *a,
		   const struct record_write *w, const struct json *resource,
		   struct store_resource *out, enum record_done *done,
		   const struct issues **issues, struct err *e)
{
	struct update u = {
	    .r = r,
	    .a = a,
	    .w = w,
	    .put = {.fhir = w->fhir,
		    .id = arena_strdup(a, w->id),
		    .client_id = w->client_id,
		    .own_base = w->own_base},
	    .e = e,
	};

	*issues = NULL;
	if (!check(&u, resource, issues))
		return false;
	record_put_make(r, a, &u.put, u.known ? &u.current : NULL, "PUT",
			resource, out);
	*done = u.present ? DONE_UPDATED : DONE_CREATED;
	if (unchanged(&u, out)) {
		*out = u.current;
		*done = DONE_UNCHANGED;
		return true;
	}
	if (w->last)
		store_settle(r->store);
	record_put_store(r, a, &u.put, resource, out);
	return true;
}
