/* SPDX-License-Identifier: Apache-2.0
 *
 * meta.c: what is demanded of the metadata of every resource, contained ones
 * too, beyond its definition: the security labels are a set of system and
 * code, so none comes twice. Of very many only the first are compared. Today's
 * validator alone looks. FHIR R4 2.27.1 (security labels).
 */
#include "reference_int.h"

#include <string.h>

#define LABELS_MAX 64

static bool same_label(const struct json *x, const struct json *y)
{
	return text_same(json_get_text(x, "system"),
			 json_get_text(y, "system")) &&
	       text_same(json_get_text(x, "code"), json_get_text(y, "code"));
}

void check_meta(struct check *c, const struct json *resource,
		const struct at *at)
{
	const struct at meta = {at, "meta", -1};
	const struct json *first =
	    json_first(json_get(json_get(resource, "meta"), "security"));
	long i = 0;

	if (c->rules != RULES_CURRENT)
		return;
	for (const struct json *v = first; v && i < LABELS_MAX;
	     v = json_next(v), i++) {
		const struct at here = {&meta, "security", i};
		const struct json *before = first;
		while (before != v && !same_label(before, v))
			before = json_next(before);
		if (before == v || json_kind(v) != JSON_OBJECT)
			continue;
		report(c, RULE_SECURITY_SAME, &here, v, "another label",
		       "remove the label that is repeated",
		       "Duplicate Security Label %.200s#%.100s",
		       text_or_empty(json_get_text(v, "system")),
		       text_or_empty(json_get_text(v, "code")));
	}
}
