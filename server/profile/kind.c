/* SPDX-License-Identifier: Apache-2.0
 *
 * kind.c: what is special about a type beyond its definition: one function for
 * each type that has something special, called after its children have been
 * checked against the definition. A new such rule is a row here, and a function
 * in the file of its subject.
 */
#include "reference_int.h"
#include "term_int.h"

static void (*const kinds[T_KNOWN])(struct check *, const struct spot *) = {
    [T_EXTENSION] = check_extension,
    [T_BUNDLE] = check_bundle,
    [T_CODING] = check_coding,
    [T_IDENTIFIER] = check_identifier,
    [T_QUANTITY] = check_units,
    [T_ATTACHMENT] = check_attachment,
    [T_OBSERVATION] = check_vital_signs,
    [T_QUESTIONNAIRE] = check_questionnaire,
    [T_RESPONSE] = check_response,
    [T_STRUCTUREDEFINITION] = check_structure_definition,
    [T_VALUESET] = check_value_set,
    [T_CODESYSTEM] = check_code_system,
    [T_SEARCHPARAMETER] = check_search_parameter,
    [T_OPERATIONDEFINITION] = check_operation_definition,
    [T_CONCEPTMAP] = check_concept_map,
};

void check_kind(struct check *c, const struct spot *s)
{
	unsigned known = c->p->types[s->type].known;

	if (known && kinds[known - 1] && !c->stop)
		kinds[known - 1](c, s);
}
