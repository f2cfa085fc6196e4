/* SPDX-License-Identifier: Apache-2.0
 *
 * told: a definition as it is listed.
 *
 * The command (profiles --format json) and the control API (GET /profiles) tell
 * of a profile with the same members, so that a script can read either. What is
 * not known of it is null; the name of the FHIR version is the caller's, who
 * knows which set he lists.
 *
 * Facts: contracts.md sections 1 and 3.
 */
#include "profile/profile_int.h"

void profile_info_write(struct jw *w, const struct profile_info *info,
			const char *fhir)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", info->url);
	jw_str(w, "fhir", fhir);
	jw_str(w, "type", info->type);
	jw_str(w, "base", *info->base ? info->base : NULL);
	jw_str(w, "title", *info->title ? info->title : NULL);
	jw_bool(w, "abstract", info->abstract);
	jw_str(w, "source", info->source);
	jw_str(w, "confidence", info->confidence);
	jw_close(w);
}
