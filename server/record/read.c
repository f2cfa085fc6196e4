/* SPDX-License-Identifier: Apache-2.0
 *
 * read: one resource by its id, for the citizen of a grant.
 *
 * Whether an id is unknown, deleted or another citizen's is decided on the
 * current version, before an old one is looked for: so who may not see a
 * resource learns nothing about its versions. What another citizen's resource
 * answers is a switch (foreign_read): "forbidden", or the very words of an
 * unknown id. What is nobody's is everybody's to read, and a grant without a
 * patient (the open sandbox) reads everything.
 *
 * Facts: fhir-rest.md 2.3.
 */
#include "record/record_int.h"

#include <string.h>

void record_instant(const struct record *r, char out[TIME_TEXT], int64_t ms)
{
	if (r->settings.timezone != 0)
		time_greenwich(out, ms);
	else
		time_finnish(out, ms);
}

bool record_refuse_unknown(const char *type, const char *id, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "not-found", NULL,
		       "Resource %s/%.128s is not known", type, id);
}

bool record_refuse_deleted(const struct record *r,
			   const struct store_resource *res, struct err *e)
{
	char when[TIME_TEXT];

	record_instant(r, when, res->updated_ms);
	return err_set(e, ERR_GONE, "deleted", NULL,
		       "Resource was deleted at %s", when);
}

bool record_may_see(const struct record *r, const struct grant *grant,
		    const struct store_resource *res, struct err *e)
{
	if (grant == NULL || grant->patient == NULL || *res->patient == '\0' ||
	    strcmp(res->patient, grant->patient) == 0)
		return true;
	if (r->settings.foreign_read == 404)
		return record_refuse_unknown(res->type, res->id, e);
	return err_set(e, ERR_FORBIDDEN, "forbidden", NULL,
		       "Resource %s/%s belongs to another patient", res->type,
		       res->id);
}

bool record_read(struct record *r, struct arena *a, enum fhir_version v,
		 const struct grant *grant, const char *type, const char *id,
		 int version, struct store_resource *out, struct err *e)
{
	if (!store_resource_find(r->store, a, (int)v, type, id, 0, out))
		return record_refuse_unknown(type, id, e);
	if (!record_may_see(r, grant, out, e))
		return false;
	if (version != 0 &&
	    !store_resource_find(r->store, a, (int)v, type, id, version, out))
		return err_set(e, ERR_NOT_FOUND, "not-found", NULL,
			       "Version \"%d\" is not valid for resource %s/%s",
			       version, type, id);
	if (out->deleted)
		return record_refuse_deleted(r, out, e);
	return true;
}
