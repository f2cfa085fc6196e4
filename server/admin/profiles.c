/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /profiles: what the server judges by. The national profiles and those of
 * the user's packages, of each FHIR version that is served, with the type each
 * is for, where it comes from, and how sure it is that the service has it so.
 * What applications stored themselves is among them, as it is in force.
 *
 * FHIR's own definitions are counted and not listed: they are the same
 * everywhere.
 *
 * contracts.md section 3.
 */
#include "admin/report_int.h"

/* Returns how many of FHIR's own there are besides. */
static int64_t write_version(struct jw *w, struct record *r,
			     enum fhir_version v)
{
	const struct profiles *set = record_profiles(r, v);
	struct profile_info p;
	int64_t others = 0;

	for (size_t i = 0; set && profile_list(set, i, &p); i++) {
		if (p.national)
			profile_info_write(w, &p, report_fhir(v));
		else
			others++;
	}
	return others;
}

bool admin_profiles(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	struct jw w = {.b = &rq->out};
	int64_t others = 0;

	jw_open(&w, NULL, '{');
	jw_open(&w, "profiles", '[');
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (v != FHIR_R4 || r->settings.fhir_r4)
			others += write_version(&w, r, (enum fhir_version)v);
	jw_close(&w);
	jw_int(&w, "official", others);
	jw_close(&w);
	return reply_json(rq, 200);
}
