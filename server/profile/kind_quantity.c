/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_quantity.c: the code of a quantity in UCUM follows UCUM's grammar. That
 * a code needs a system is an invariant (qty-3); which units an element takes
 * is a matter of its binding. The unit for people is not looked at. FHIR R4
 * 2.24.0.9 (Quantity), UCUM 2.1.
 */
#include "fhirpath/fhirpath.h"
#include "term_int.h"

#include <string.h>

void check_units(struct check *c, const struct spot *s)
{
	const struct at here = {s->at, "code", -1};
	const char *system = json_get_text(s->value, "system");
	const char *code = json_get_text(s->value, "code");
	const char *bad = NULL;

	if (!system || !code || grammar_of_system(system) != GRAMMAR_UCUM ||
	    fp_ucum_ok(code, &bad))
		return;
	report(c, RULE_GRAMMAR_CODE, &here, json_get(s->value, "code"),
	       "a unit of UCUM, such as mm[Hg]",
	       bad && *bad ? say(c, "\"%.40s\" is no unit of UCUM", bad)
			   : "the unit is not complete",
	       "Unknown code: %s / %.100s", system, code);
}
