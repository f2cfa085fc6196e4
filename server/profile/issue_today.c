/* SPDX-License-Identifier: Apache-2.0
 *
 * issue_today.c: how today's validator files an issue, where that differs from
 * ours: the kind of issue (its IssueType), and the element that it names. It
 * tells of what is missing, is too many, or does not belong there at the
 * element around it, and of what is wrong with a part of a reference, an
 * extension or an attachment at the whole. We go on to tell the part, which is
 * what has to be changed; who compares outcomes is given both.
 */
#include "profile_int.h"

static const struct {
	enum rule rule;
	unsigned up; /* so many steps */
	const char *code;
} rows[] = {
    {RULE_UNKNOWN_ELEMENT, 1, "structure"},
    {RULE_CHOICE_TWICE, 1, "structure"},
    {RULE_MIN, 1, "structure"},
    {RULE_MAX, 1, "structure"},
    {RULE_SLICE_MIN, 1, "structure"},
    {RULE_SLICE_MAX, 1, "structure"},
    {RULE_SLICE_CLOSED, 0, "invalid"},
    {RULE_SLICE_TWO, 0, "invalid"},
    {RULE_SLICE_ORDER, 0, "invalid"},
    /* JSON */
    {RULE_NOT_ARRAY, 0, "invalid"},
    {RULE_IS_ARRAY, 0, "invalid"},
    {RULE_NOT_SIMPLE, 0, "invalid"},
    {RULE_NOT_OBJECT, 0, "invalid"},
    {RULE_COMPANION, 0, "invalid"},
    {RULE_EMPTY_ARRAY, 0, "invalid"},
    {RULE_EMPTY_OBJECT, 0, "invalid"},
    {RULE_NULL, 0, "invalid"},
    {RULE_JSON_KIND, 0, "invalid"},
    {RULE_NO_VALUE, 0, "invalid"},
    {RULE_NO_TYPE, 0, "invalid"},
    /* primitives */
    {RULE_MAX_LENGTH, 0, "invalid"},
    {RULE_MIN_VALUE, 0, "invalid"},
    {RULE_MAX_VALUE, 0, "invalid"},
    {RULE_STRING, 0, "invalid"},
    {RULE_STRING_SPACE, 0, "invalid"},
    {RULE_CONTROL, 0, "invalid"},
    {RULE_URI, 0, "invalid"},
    {RULE_OID, 0, "invalid"},
    {RULE_UUID, 0, "invalid"},
    {RULE_ID, 0, "invalid"},
    {RULE_CODE, 0, "invalid"},
    {RULE_YEAR, 0, "invalid"},
    {RULE_DATE, 0, "invalid"},
    {RULE_DATETIME, 0, "invalid"},
    {RULE_ZONE, 0, "invalid"},
    {RULE_INSTANT, 0, "invalid"},
    {RULE_TIME, 0, "invalid"},
    {RULE_TIME_FRACTION, 0, "invalid"},
    {RULE_INTEGER, 0, "invalid"},
    {RULE_INTEGER_LOW, 0, "invalid"},
    {RULE_DECIMAL, 0, "invalid"},
    {RULE_BASE64, 0, "invalid"},
    {RULE_BASE64_SPACE, 0, "invalid"},
    {RULE_XHTML, 0, "invalid"},
    {RULE_XHTML_ROOT, 0, "invalid"},
    {RULE_XHTML_NAMESPACE, 0, "invalid"},
    {RULE_XHTML_ENTITY, 0, "invalid"},
    {RULE_XHTML_ELEMENT, 0, "invalid"},
    {RULE_XHTML_ATTRIBUTE, 0, "invalid"},
    /* data types */
    {RULE_ATTACHMENT_SIZE, 1, "structure"},
    {RULE_IDENTIFIER_URI, 1, "code-invalid"},
    {RULE_IDENTIFIER_UUID, 1, "code-invalid"},
    {RULE_SYSTEM, 1, "code-invalid"},
    /* references, extensions, Bundles */
    {RULE_REFERENCE_FORM, 1, "invalid"},
    {RULE_REFERENCE_TARGET, 1, "structure"},
    {RULE_REFERENCE_CONTAINED, 1, "structure"},
    {RULE_REFERENCE_TYPE, 1, "structure"},
    {RULE_REFERENCE_PROFILE, 1, "structure"},
    {RULE_REFERENCE_MULTIPLE, 1, "forbidden"},
    {RULE_REFERENCE_AGGREGATION, 1, "structure"},
    {RULE_CONTAINED_UNUSED, 0, "invalid"},
    {RULE_EXTENSION_UNKNOWN, 1, "structure"},
    {RULE_EXTENSION_CONTEXT, 1, "structure"},
    {RULE_EXTENSION_URL, 1, "invalid"},
    {RULE_EXTENSION_PART, 1, "invalid"},
    {RULE_BUNDLE_TARGET, 1, "invalid"},
    /* definitions */
    {RULE_OD_PROFILE, 0, "invalid"},
};

const char *today_code(enum rule rule, const struct at **at)
{
	for (size_t i = 0; i < LEN(rows); i++) {
		if (rows[i].rule != rule)
			continue;
		for (unsigned up = rows[i].up; up > 0 && (*at)->up; up--)
			*at = (*at)->up;
		return rows[i].code;
	}
	return rule_table[rule].code;
}
