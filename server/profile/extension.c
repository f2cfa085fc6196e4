/* SPDX-License-Identifier: Apache-2.0
 *
 * extension.c: what holds for every extension: a value or extensions inside,
 * never both (ext-1); and if its URL names a definition that is loaded, that
 * definition. Unknown extensions are allowed. FHIR R4 2.4.
 */
#include "profile_int.h"

#include <string.h>

static bool has_value(const struct json *extension)
{
	for (const struct json *m = json_first(extension); m;
	     m = json_next(m)) {
		const char *name = json_name(m);
		name += name[0] == '_';
		if (strncmp(name, "value", 5) == 0 && name[5] >= 'A' &&
		    name[5] <= 'Z')
			return true;
	}
	return false;
}

void check_extension(struct check *c, const struct spot *s)
{
	const char *url = json_get_text(s->value, "url");
	bool value = has_value(s->value);
	bool inner = json_get(s->value, "extension") != NULL;

	if (value == inner)
		report(c, RULE_EXTENSION_VALUE, s->at, s->value,
		       "a value or extensions",
		       value ? "remove the value or the extensions"
			     : "add a value",
		       "Must have either extensions or value[x], not both "
		       "[extension.exists() != value.exists()]");
	/* inside of an extension relative URLs name its parts */
	if (!url || !strchr(url, ':'))
		return;
	ref sd = find_sd(c->p, url);
	if (!sd) {
		const struct at here = {s->at, "url", -1};
		report(c, RULE_EXTENSION_UNKNOWN, &here,
		       json_get(s->value, "url"), NULL, NULL,
		       "Unknown extension %.200s", url);
		return;
	}
	const struct sd *def = rec_at(c->p, sd);
	if (def->type == c->p->known[T_EXTENSION])
		check_definition(c, sd, s->value, s->at);
}
