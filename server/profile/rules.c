/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c: every rule that the check can report. The ids are promises to users:
 * a rule keeps its id for good, a new rule takes the next free one. The source
 * says where the rule comes from; the texts are where it is reported.
 */
#include "profile_int.h"

/* Severity under the two rule sets: kanta, current. */
#define SEV(kanta, current)                                                    \
	{                                                                      \
		ISSUE_##kanta, ISSUE_##current                                 \
	}
#define E	    SEV(ERROR, ERROR)
#define W	    SEV(WARNING, WARNING)
#define I	    SEV(INFO, INFO)
#define JSON_FORMAT "FHIR JSON format"
#define DATATYPES   "FHIR data types"
#define PROFILING   "FHIR ElementDefinition"
#define SLICING	    "FHIR profiling, slicing"
#define TERMINOLOGY "FHIR terminologies, binding strengths"
#define KANTA	    "Finnish PHR, notes related to all resource types"

const struct rule_info rule_table[RULES] = {
    [RULE_NO_TYPE] = {"KPHR-PROF-0001", "resourceType is there",
		      SEV(FATAL, FATAL), "structure", JSON_FORMAT},
    [RULE_UNKNOWN_TYPE] = {"KPHR-PROF-0002", "resourceType is known",
			   SEV(FATAL, FATAL), "structure", JSON_FORMAT},
    [RULE_UNKNOWN_ELEMENT] = {"KPHR-PROF-0003", "no unknown elements", E,
			      "structure", JSON_FORMAT},
    [RULE_NOT_ARRAY] = {"KPHR-PROF-0004", "repeating elements are arrays", E,
			"structure", JSON_FORMAT},
    [RULE_IS_ARRAY] = {"KPHR-PROF-0005", "single elements are no arrays", E,
		       "structure", JSON_FORMAT},
    [RULE_NOT_SIMPLE] = {"KPHR-PROF-0006", "primitives are simple values", E,
			 "structure", JSON_FORMAT},
    [RULE_NOT_OBJECT] = {"KPHR-PROF-0007", "complex elements are objects", E,
			 "structure", JSON_FORMAT},
    [RULE_COMPANION] = {"KPHR-PROF-0008", "_name is an object", E, "structure",
			JSON_FORMAT},
    [RULE_EMPTY_ARRAY] = {"KPHR-PROF-0009", "no empty arrays", E, "structure",
			  JSON_FORMAT},
    [RULE_EMPTY_OBJECT] = {"KPHR-PROF-0010", "no empty objects", E, "structure",
			   "ele-1"},
    [RULE_NULL] = {"KPHR-PROF-0011", "null only beside a _name", E, "structure",
		   JSON_FORMAT},
    [RULE_JSON_KIND] = {"KPHR-PROF-0012", "booleans and numbers are not quoted",
			E, "structure", JSON_FORMAT},
    [RULE_NO_VALUE] = {"KPHR-PROF-0013",
		       "a primitive has a value or "
		       "extensions",
		       E, "structure", "ele-1"},
    [RULE_MIN] = {"KPHR-PROF-0014", "minimum number of elements", E, "required",
		  PROFILING},
    [RULE_MAX] = {"KPHR-PROF-0015", "maximum number of elements", E,
		  "structure", PROFILING},
    [RULE_CHOICE_TYPE] = {"KPHR-PROF-0016", "type of a choice is allowed", E,
			  "structure", PROFILING},
    [RULE_CHOICE_TWICE] = {"KPHR-PROF-0017", "a choice is made once", E,
			   "structure", JSON_FORMAT},
    [RULE_SLICE_MIN] = {"KPHR-PROF-0018", "minimum number in a slice", E,
			"required", SLICING},
    [RULE_SLICE_MAX] = {"KPHR-PROF-0019", "maximum number in a slice", E,
			"structure", SLICING},
    [RULE_SLICE_CLOSED] = {"KPHR-PROF-0020", "closed slicing", E, "structure",
			   SLICING},
    [RULE_SLICE_TWO] = {"KPHR-PROF-0021", "an element is in one slice", E,
			"structure", SLICING},
    [RULE_SLICE_ORDER] = {"KPHR-PROF-0022", "order of slices", E, "structure",
			  SLICING},
    [RULE_FIXED] = {"KPHR-PROF-0023", "fixed value", E, "value", PROFILING},
    [RULE_FIXED_COMPLEX] = {"KPHR-PROF-0024", "fixed complex value", E, "value",
			    PROFILING},
    [RULE_PATTERN] = {"KPHR-PROF-0025", "pattern", E, "value", PROFILING},
    [RULE_MAX_LENGTH] = {"KPHR-PROF-0026", "length of a string", E, "value",
			 PROFILING},
    [RULE_MIN_VALUE] = {"KPHR-PROF-0027", "minimum value", E, "value",
			PROFILING},
    [RULE_MAX_VALUE] = {"KPHR-PROF-0028", "maximum value", E, "value",
			PROFILING},
    [RULE_STRING] = {"KPHR-PROF-0029", "no empty strings", E, "value",
		     DATATYPES},
    [RULE_STRING_SPACE] = {"KPHR-PROF-0030",
			   "strings without white space at "
			   "the ends",
			   W, "value", DATATYPES},
    [RULE_URI] = {"KPHR-PROF-0031", "format of uri", E, "value", DATATYPES},
    [RULE_OID] = {"KPHR-PROF-0032", "format of oid", E, "value", DATATYPES},
    [RULE_UUID] = {"KPHR-PROF-0033", "format of uuid", E, "value", DATATYPES},
    [RULE_ID] = {"KPHR-PROF-0034", "format of id", E, "value", DATATYPES},
    [RULE_CODE] = {"KPHR-PROF-0035", "format of code", E, "value", DATATYPES},
    [RULE_YEAR] = {"KPHR-PROF-0036", "year between 1800 and 2100", E, "value",
		   DATATYPES},
    [RULE_DATE] = {"KPHR-PROF-0037", "format of date", E, "value", DATATYPES},
    [RULE_DATETIME] = {"KPHR-PROF-0038", "format of dateTime", E, "value",
		       DATATYPES},
    [RULE_ZONE] = {"KPHR-PROF-0039", "a time of day has a time zone", E,
		   "value", DATATYPES},
    [RULE_INSTANT] = {"KPHR-PROF-0040", "format of instant", E, "value",
		      DATATYPES},
    [RULE_TIME] = {"KPHR-PROF-0041", "format of time", E, "value", DATATYPES},
    [RULE_INTEGER] = {"KPHR-PROF-0042", "format of integer", E, "value",
		      DATATYPES},
    [RULE_INTEGER_LOW] = {"KPHR-PROF-0043",
			  "range of unsignedInt and "
			  "positiveInt",
			  E, "value", DATATYPES},
    [RULE_DECIMAL] = {"KPHR-PROF-0044", "format of decimal", E, "value",
		      DATATYPES},
    [RULE_BASE64] = {"KPHR-PROF-0045", "format of base64Binary", E, "value",
		     DATATYPES},
    [RULE_BINDING] = {"KPHR-PROF-0046", "required binding", E, "code-invalid",
		      TERMINOLOGY},
    [RULE_BINDING_NO_CODE] = {"KPHR-PROF-0047",
			      "required binding needs a "
			      "code",
			      E, "code-invalid", TERMINOLOGY},
    [RULE_BINDING_EXTENSIBLE] = {"KPHR-PROF-0048", "extensible binding", W,
				 "code-invalid", TERMINOLOGY},
    [RULE_BINDING_UNKNOWN] = {"KPHR-PROF-0049",
			      "binding that cannot be "
			      "checked here",
			      I, "not-supported", TERMINOLOGY},
    [RULE_BINDING_MAX] = {"KPHR-PROF-0050", "maximum value set", E,
			  "code-invalid", TERMINOLOGY},
    [RULE_REFERENCE_FORM] = {"KPHR-PROF-0051", "form of a reference", E,
			     "structure", "FHIR references"},
    [RULE_REFERENCE_TARGET] = {"KPHR-PROF-0052",
			       "type of a reference's "
			       "target",
			       E, "structure", "FHIR references"},
    [RULE_REFERENCE_CONTAINED] = {"KPHR-PROF-0053", "#id is contained", E,
				  "not-found", "ref-1"},
    [RULE_PROFILE_CHOICE] = {"KPHR-PROF-0054", "one of several profiles fits",
			     E, "structure", PROFILING},
    [RULE_CONTAINED_NESTED] = {"KPHR-PROF-0055",
			       "contained resources contain "
			       "none",
			       E, "invariant", "dom-2"},
    [RULE_RESOURCE_TYPE] = {"KPHR-PROF-0056", "type of a resource inside", E,
			    "structure", PROFILING},
    [RULE_EXTENSION_VALUE] = {"KPHR-PROF-0057",
			      "an extension has a value or "
			      "extensions",
			      E, "invariant", "ext-1"},
    [RULE_EXTENSION_UNKNOWN] = {"KPHR-PROF-0058", "extension is known", I,
				"informational", "FHIR extensibility"},
    [RULE_XHTML] = {"KPHR-PROF-0059", "narrative is well-formed", E,
		    "structure", "txt-1"},
    [RULE_XHTML_ROOT] = {"KPHR-PROF-0060", "narrative is a div", E, "structure",
			 "txt-1"},
    [RULE_XHTML_NAMESPACE] = {"KPHR-PROF-0061",
			      "narrative names its "
			      "namespace",
			      E, "structure", "FHIR narrative"},
    [RULE_XHTML_EMPTY] = {"KPHR-PROF-0062", "narrative has content", E,
			  "invariant", "txt-2"},
    [RULE_PROFILE_REQUIRED] = {"KPHR-PROF-0063", "a national profile is named",
			       E, "required", KANTA},
    [RULE_PROFILE_UNKNOWN] = {"KPHR-PROF-0064", "profile is known", E,
			      "not-found", KANTA},
    [RULE_PROFILE_ABSTRACT] = {"KPHR-PROF-0065", "profile is not abstract", E,
			       "structure", KANTA},
    [RULE_PROFILE_TYPE] = {"KPHR-PROF-0066", "profile is for this type", E,
			   "structure", PROFILING},
    [RULE_PROFILE_FOREIGN] = {"KPHR-PROF-0067",
			      "foreign profile is not "
			      "checked",
			      I, "informational", KANTA},
    [RULE_REFERENCE_URN] = {"KPHR-PROF-0068",
			    "urn: references only in a Bundle", E, "not-found",
			    "FHIR references"},
    [RULE_CONTROL] = {"KPHR-PROF-0069", "strings without control characters", E,
		      "value", DATATYPES},
    [RULE_XHTML_ENTITY] = {"KPHR-PROF-0070", "entities of the narrative", E,
			   "structure", "txt-1"},
    [RULE_XHTML_ELEMENT] = {"KPHR-PROF-0071", "elements of the narrative", E,
			    "structure", "txt-1"},
    [RULE_XHTML_ATTRIBUTE] = {"KPHR-PROF-0072", "attributes of the narrative",
			      E, "structure", "txt-1"},
    [RULE_SYSTEM] = {"KPHR-PROF-0073",
		     "absolute system of a code or identifier", E,
		     "code-invalid", DATATYPES},

    /* 0080: invariants */
    [RULE_INVARIANT] = {"KPHR-PROF-0080", "invariant", E, "invariant",
			PROFILING},
    [RULE_INVARIANT_WARNING] = {"KPHR-PROF-0081", "invariant, recommended", W,
				"invariant", PROFILING},
    [RULE_INVARIANT_ERROR] = {"KPHR-PROF-0082",
			      "invariant that cannot be evaluated", E,
			      "invariant", PROFILING},

    /* 0090: definitions, slices */
    [RULE_FIXED_EXTENSION] = {"KPHR-PROF-0090",
			      "a fixed value without extensions allows none", E,
			      "value", PROFILING},
    [RULE_WORK] = {"KPHR-PROF-0091", "profiles lead to profiles within bounds",
		   E, "too-costly", PROFILING},

    /* 0100: references, extensions, bundles */

    /* 0125: terminology, values */

    /* 0150: questionnaires */

    /* 0190: conformance resources */
};
