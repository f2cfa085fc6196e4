/* SPDX-License-Identifier: Apache-2.0
 *
 * put_delete: the version that says that a resource is no more.
 *
 * Only the application that stored it deletes a resource (owner.c), and only
 * when nothing else here refers to it: then a client is told what does, and
 * where (delete_integrity). What was deleted before is deleted still: that is
 * no refusal, so an application may repeat a request whose answer got lost; a
 * version it names is not asked then.
 *
 * Within a transaction what is deleted or updated besides does not count: its
 * new references are judged for themselves. What was there stays in the
 * history; the next version goes on counting.
 *
 * Facts: fhir-rest.md 2.6; kanta.md 4.5.
 */
#include "record/record_int.h"

#include <string.h>

/* Where the referrer does so, for the refusal. */
static const char *place(struct arena *a, const struct record_write *w,
			 const struct store_resource *by, const char *local,
			 const char *param)
{
	struct err ignored;
	const struct json *v = json_parse(a, by->text, by->text_len, &ignored);
	const char *path =
	    v != NULL ? record_refs_path(a, v, w->own_base, local) : NULL;

	return path != NULL ? path : arena_printf(a, "%s.%s", by->type, param);
}

static bool unreferred(struct record *r, struct arena *a,
		       const struct record_write *w,
		       const struct store_resource *current, struct err *e)
{
	const char *local =
	    arena_printf(a, "%s/%s", current->type, current->id);
	struct store_resource by;
	const char *param = "";

	if (!r->settings.delete_integrity ||
	    !store_referrer(r->store, a, current->fhir, local, w->leaving,
			    w->leaving_count, &by, &param))
		return true;
	return err_set(
	    e, ERR_CONFLICT, RULE_REFERRED_TO, NULL,
	    "Unable to delete %s because at least one resource has a reference "
	    "to this resource. First reference found was resource %s/%s in "
	    "path %s",
	    local, by.type, by.id, place(a, w, &by, local, param));
}

static void put_deleted(struct record *r, const struct record_write *w,
			const struct record_type *t,
			const struct store_resource *current,
			struct store_resource *out)
{
	*out = (struct store_resource){
	    .fhir = current->fhir,
	    .type = t->type,
	    .id = current->id,
	    .version = current->version + 1,
	    .updated_ms = record_put_ms(r, current),
	    .patient = current->patient,
	    .client_id = text_or_empty(w->client_id),
	    .deleted = true,
	    .method = "DELETE",
	};
	store_resource_put(r->store, out, NULL, 0);
	if (t->definition)
		record_definition_stored(r, w->fhir, out);
}

bool record_delete(struct record *r, struct arena *a,
		   const struct record_write *w, const struct record_type *t,
		   struct store_resource *out, int *count, struct err *e)
{
	struct store_resource current;

	*count = 0;
	if (!store_resource_find(r->store, a, (int)w->fhir, t->type, w->id, 0,
				 &current))
		return record_refuse_unknown(t->type, w->id, e);
	if (!record_may_see(r, w->grant, &current, e) ||
	    !record_may_change(r, a, w, &current, "deleted", e))
		return false;
	*out = current;
	if (current.deleted)
		return true;
	if (!record_version_holds(r, w, &current, "delete", e) ||
	    !unreferred(r, a, w, &current, e))
		return false;
	if (w->last)
		store_settle(r->store);
	put_deleted(r, w, t, &current, out);
	*count = 1;
	return true;
}
