/* SPDX-License-Identifier: Apache-2.0
 *
 * read: one resource by its id, for the citizen of a grant.
 *
 * Whether an id is unknown, deleted or another citizen's is decided on the
 * current version, before an old one is looked for: so who may not see a
 * resource learns nothing about its versions. What another citizen's resource
 * answers is a switch (foreign_read): "forbidden", or the very words of an
 * unknown id. What is nobody's is everybody's to read.
 *
 * Facts: fhir-rest.md 2.3.
 */
#include "record/record_int.h"

#include <string.h>

static bool refuse_unknown(const char *type, const char *id, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "not-found", NULL,
		       "Resource %s/%.128s is not known", type, id);
}

static bool refuse_foreign(const struct record *r, const char *type,
			   const char *id, struct err *e)
{
	if (r->settings.foreign_read == 404)
		return refuse_unknown(type, id, e);
	return err_set(e, ERR_FORBIDDEN, "forbidden", NULL,
		       "Resource %s/%s belongs to another patient", type, id);
}

static bool refuse_deleted(const struct store_resource *res, struct err *e)
{
	char when[TIME_TEXT];

	time_finnish(when, res->updated_ms);
	return err_set(e, ERR_GONE, "deleted", NULL,
		       "Resource was deleted at %s", when);
}

bool record_read(struct record *r, struct arena *a, enum fhir_version v,
		 const struct grant *grant, const char *type, const char *id,
		 int version, struct store_resource *out, struct err *e)
{
	if (!store_resource_find(r->store, a, (int)v, type, id, 0, out))
		return refuse_unknown(type, id, e);
	if (grant != NULL && *out->patient != '\0' &&
	    strcmp(out->patient, grant->patient) != 0)
		return refuse_foreign(r, type, id, e);
	if (version != 0 &&
	    !store_resource_find(r->store, a, (int)v, type, id, version, out))
		return err_set(e, ERR_NOT_FOUND, "not-found", NULL,
			       "Version \"%d\" is not valid for resource %s/%s",
			       version, type, id);
	if (out->deleted)
		return refuse_deleted(out, e);
	return true;
}
