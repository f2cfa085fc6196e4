/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_identifier.c: the system of an identifier is absolute; one of the system
 * urn:ietf:rfc:3986 is itself a URI, with its scheme. Whether the URI leads
 * anywhere does not matter. Today's validator takes
 * fewer schemes for the system, and looks at UUIDs. FHIR R4 2.24.0.11
 * (Identifier), RFC 3986.
 */
#include "term_int.h"

#include <string.h>

#define UUID_SYSTEM "https://tools.ietf.org/html/rfc4122"

/* Today's validator takes these schemes only. */
static void check_scheme(struct check *c, const struct spot *s,
			 const char *system)
{
	static const char *const schemes[] = {
	    "http:", "https:", "urn:", "ldap:"};
	const struct at here = {s->at, "system", -1};

	for (size_t i = 0; i < LEN(schemes); i++) {
		if (strncmp(system, schemes[i], strlen(schemes[i])) == 0)
			return;
	}
	if (!is_absolute(system))
		return;
	report(c, RULE_SYSTEM, &here, json_get(s->value, "system"),
	       "a URI that begins with http:, https: or urn:",
	       "begin it with http:, urn:oid: or the like",
	       "Identifier.system must be an absolute reference, not a local "
	       "reference");
}

/* The value is the bare UUID; one with urn:uuid: before it is not well said,
 * but understood. */
static void check_uuid(struct check *c, const struct spot *s, const char *value)
{
	const struct at here = {s->at, "value", -1};

	if (uuid_ok(value) || strncmp(value, "urn:uuid:", 9) == 0)
		return;
	report(c, RULE_IDENTIFIER_UUID, &here, json_get(s->value, "value"),
	       "a UUID", "write a UUID, or use another system",
	       "if identifier.system is '" UUID_SYSTEM "', then the "
	       "identifier.value must be a UUID, not '%.100s'",
	       value);
}

/* Nobody else would notice: a warning, which validators do not give. */
static void check_urn(struct check *c, const struct spot *s, const char *value)
{
	const struct at here = {s->at, "value", -1};

	if (strncmp(value, "urn:uuid:", 9) != 0 || uuid_ok(value + 9))
		return;
	report_as(c, ISSUE_WARNING, RULE_IDENTIFIER_URI, &here,
		  json_get(s->value, "value"), "urn:uuid: and a UUID",
		  "write a whole UUID behind urn:uuid:",
		  "UUIDs must be valid (%.100s)", value);
}

void check_identifier(struct check *c, const struct spot *s)
{
	const struct at here = {s->at, "value", -1};
	const char *system = json_get_text(s->value, "system");
	const char *value = json_get_text(s->value, "value");

	check_system(c, s);
	if (system && c->rules == RULES_CURRENT)
		check_scheme(c, s, system);
	if (system && value && strcmp(system, UUID_SYSTEM) == 0)
		check_uuid(c, s, value);
	if (!system || !value || strcmp(system, "urn:ietf:rfc:3986") != 0)
		return;
	check_urn(c, s, value);
	if (is_absolute(value))
		return;
	report(c, RULE_IDENTIFIER_URI, &here, json_get(s->value, "value"),
	       "a URI, such as urn:uuid:... or urn:oid:...",
	       uuid_ok(value) ? say(c, "write \"urn:uuid:%s\"", value)
			      : "begin it with its scheme, as in urn:uuid:",
	       "if identifier.system is 'urn:ietf:rfc:3986', then the "
	       "identifier.value must be a full URI (e.g. start with a "
	       "scheme), not '%.100s'",
	       value);
}
