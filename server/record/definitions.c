/* SPDX-License-Identifier: Apache-2.0
 *
 * definitions: those that applications store, beside those of the start.
 */
#include "record/record_int.h"

const struct profiles *record_profiles(struct record *r, enum fhir_version v)
{
	return r->profiles[v];
}

bool record_definition_check(struct record *r, struct arena *a,
			     enum fhir_version v, const struct json *resource,
			     const char *id, struct err *e)
{
	(void)r, (void)a, (void)v, (void)resource, (void)id;
	return err_set(e, ERR_NOT_IMPLEMENTED, "not-supported", NULL,
		       "definitions cannot be stored yet");
}

void record_definition_stored(struct record *r, enum fhir_version v)
{
	(void)r, (void)v;
}
