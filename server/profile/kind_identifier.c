/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_identifier.c: the system of an identifier is absolute; one of the system
 * urn:ietf:rfc:3986 is itself a URI, with its scheme. What the scheme is, and
 * whether the URI leads anywhere, does not matter.
 * FHIR R4 2.24.0.11 (Identifier), RFC 3986.
 */
#include "term_int.h"

#include <string.h>

void check_identifier(struct check *c, const struct spot *s)
{
	const struct at here = {s->at, "value", -1};
	const char *system = json_get_text(s->value, "system");
	const char *value = json_get_text(s->value, "value");

	check_system(c, s);
	if (!system || !value || strcmp(system, "urn:ietf:rfc:3986") != 0 ||
	    is_absolute(value))
		return;
	report(c, RULE_IDENTIFIER_URI, &here, json_get(s->value, "value"),
	       "a URI, such as urn:uuid:... or urn:oid:...",
	       "begin it with its scheme",
	       "if identifier.system is 'urn:ietf:rfc:3986', then the "
	       "identifier.value must be a full URI (e.g. start with a "
	       "scheme), not '%.100s'",
	       value);
}
