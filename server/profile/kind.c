/* SPDX-License-Identifier: Apache-2.0
 *
 * kind.c: what is special about a type beyond its definition: one function for
 * each type that has something special, called after its children have been
 * checked against the definition. A new such rule is a row here, and a function
 * in the file of its subject.
 */
#include "profile_int.h"

#include <string.h>

/* What names a code system or a space of identifiers is the same everywhere. */
static void check_system(struct check *c, const struct spot *s)
{
	const struct json *system = json_get(s->value, "system");
	const struct at here = {s->at, "system", -1};

	if (!system || json_kind(system) != JSON_STRING || !json_len(system) ||
	    is_absolute(json_text(system)))
		return;
	report(c, RULE_SYSTEM, &here, system, "an absolute URI",
	       "begin it with http:, urn:oid: or the like",
	       "%s.system must be an absolute reference, not a local reference",
	       text_at(c->p, c->p->types[s->type].name));
}

static void (*const kinds[T_KNOWN])(struct check *, const struct spot *) = {
    [T_EXTENSION] = check_extension, [T_CODING] = check_system,
    [T_IDENTIFIER] = check_system,   [T_QUESTIONNAIRE] = check_questionnaire,
    [T_RESPONSE] = check_response,
};

void check_kind(struct check *c, const struct spot *s)
{
	unsigned known = c->p->types[s->type].known;

	if (known && kinds[known - 1] && !c->stop)
		kinds[known - 1](c, s);
}
