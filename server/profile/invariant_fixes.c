/* SPDX-License-Identifier: Apache-2.0
 *
 * invariant_fixes.c: published invariants that are not evaluated as they are
 * written.
 *
 * Some are wrong (they fail where the text says they hold, or the reverse),
 * some can be held far faster by code, some are held by other rules of the
 * engine. One table says which; a row is found by the key and by how the
 * published expression begins, so that a profile may use a key for something
 * else. In the image only the outcome is kept.
 *
 * Sources: HL7's own corrections of the published packages (fhirpath fixes of
 * its validator), and the behaviour on the official examples.
 */
#include "compile_int.h"

#include <string.h>

#define STU3 (1U << FHIR_STU3)
#define R4   (1U << FHIR_R4)
#define BOTH (STU3 | R4)

static const struct fix table[] = {
    /* held elsewhere: walk.c, item.c, check.c, extension.c, reference.c,
       xhtml.c */
    {"ele-1", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"ext-1", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"dom-2", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"dom-3", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"ref-1", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"txt-1", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},
    {"txt-2", NULL, NULL, BOTH, FIX_ELSEWHERE, 0},

    /* undecidable when the precisions differ: then it holds */
    {"per-1", "start.", NULL, BOTH, FIX_NATIVE, NATIVE_PERIOD},
    /* the units may be named, not coded */
    {"rng-2", "low.empty()", NULL, BOTH, FIX_NATIVE, NATIVE_RANGE},
    /* contained resources need no narrative */
    {"dom-6", "text.", NULL, R4, FIX_NATIVE, NATIVE_NARRATIVE},
    /* as published, at a cost that grows with the square of the size */
    {"bdl-7", NULL, NULL, BOTH, FIX_NATIVE, NATIVE_FULL_URLS},
    {"que-2", "descendants()", NULL, BOTH, FIX_NATIVE, NATIVE_LINK_IDS},
    {"csd-1", "concept.code.combine", NULL, R4, FIX_NATIVE,
     NATIVE_CONCEPT_CODES},
    {"sdf-1", "derivation = 'constraint' or", NULL, BOTH, FIX_NATIVE,
     NATIVE_PATHS},
    {"sdf-8", "(%resource.kind = 'logical'", NULL, BOTH, FIX_NATIVE,
     NATIVE_SNAPSHOT_ROOT},
    {"sdf-8a", NULL, NULL, BOTH, FIX_NATIVE, NATIVE_DIFFERENTIAL_ROOT},
    {"sdf-16", "snapshot.element", NULL, BOTH, FIX_NATIVE, NATIVE_SNAPSHOT_IDS},
    {"sdf-17", "differential.element", NULL, BOTH, FIX_NATIVE,
     NATIVE_DIFFERENTIAL_IDS},
    /* a union never has anything twice */
    {"csd-1", "(concept.code |", NULL, STU3, FIX_NEVER, 0},
    /* compares concepts with a string; its correction cannot fail either */
    {"con-3", "clinicalStatus.exists()", NULL, R4, FIX_NEVER, 0},

    /* empty without a name; the name is matched as a whole */
    {NULL, "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
     "name.empty() or name.matches('[A-Z]([A-Za-z0-9_]){0,254}')", R4, FIX_TEXT,
     0},
    /* empty without a fullUrl */
    {"bdl-8", "fullUrl.contains",
     "fullUrl.empty() or fullUrl.contains('/_history/').not()", BOTH, FIX_TEXT,
     0},
    /* only a boolean can be false */
    {"con-4", "abatement.empty() or (abatement as boolean)",
     "abatement.empty() or (abatement is boolean).not() or abatement = false "
     "or clinicalStatus = 'resolved' or clinicalStatus = 'remission' or "
     "clinicalStatus = 'inactive'",
     STU3, FIX_TEXT, 0},
    /* empty without a probability, and with one of another type */
    {"ras-2", "probability is decimal",
     "probability.where($this is decimal).all($this <= 100)", BOTH, FIX_TEXT,
     0},
    /* several times of day cannot be "in" */
    {"tim-9", "offset.empty()",
     "offset.empty() or (when.exists() and when.where($this in ('C' | 'CM' | "
     "'CD' | 'CV')).empty())",
     BOTH, FIX_TEXT, 0},
    /* Boolean is the System type */
    {"que-7", "operator = 'exists'",
     "operator = 'exists' implies (answer is boolean)", R4, FIX_TEXT, 0},
    /* two are more than one too */
    {"que-12", "enableWhen.count() > 2",
     "enableWhen.count() > 1 implies enableBehavior.exists()", R4, FIX_TEXT, 0},
    /* the names of resources are types as well */
    {"opd-3", "targetProfile.exists()",
     "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' "
     "or type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))",
     R4, FIX_TEXT, 0},
    /* empty without a searchType */
    {"opd-2", "searchType implies",
     "searchType.exists() implies type = 'string'", STU3, FIX_TEXT, 0},
    /* undecidable when the precisions differ */
    {"mdd-1", "whenHandedOver.empty()",
     "iif(whenHandedOver < whenPrepared, false, true)", BOTH, FIX_TEXT, 0},
    {"inv-1", "lastModified.exists().not()",
     "iif(lastModified < authoredOn, false, true)", BOTH, FIX_TEXT, 0},
    /* a boolean is no string */
    {"mad-3", "reasonCode.empty()",
     "reasonCode.empty() or notGiven.empty() or notGiven = false", STU3,
     FIX_TEXT, 0},
    /* what cannot be resolved may be right */
    {"ctm-1", "onBehalfOf.exists() implies (member.resolve() is",
     "onBehalfOf.exists() implies (member.resolve().empty() or "
     "(member.resolve() is Practitioner))",
     STU3, FIX_TEXT, 0},
    {"cmr-1", "(agent.resolve() is",
     "onBehalfOf.empty() or agent.resolve().empty() or (agent.resolve() is "
     "Practitioner) or (agent.resolve() is Device)",
     STU3, FIX_TEXT, 0},
    {"rfr-1", "(agent.resolve() is",
     "onBehalfOf.empty() or agent.resolve().empty() or (agent.resolve() is "
     "Practitioner) or (agent.resolve() is Device)",
     STU3, FIX_TEXT, 0},
};

const struct fix *fix_find(enum fhir_version v, const char *key,
			   const char *expression)
{
	for (size_t i = 0; i < LEN(table); i++) {
		const struct fix *f = &table[i];
		if (!(f->versions & 1U << v))
			continue;
		if (f->key && strcmp(f->key, key) != 0)
			continue;
		if (!f->published || strncmp(expression, f->published,
					     strlen(f->published)) == 0)
			return f;
	}
	return NULL;
}
