/* SPDX-License-Identifier: Apache-2.0
 *
 * fhir: the search grammar and the OperationOutcome writer.
 *
 * A query is shown as the text of the clauses that it becomes, one line a case;
 * an outcome as the JSON text that goes out.
 */
#include "fhir/search_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#include "fhir_search.h"

/* ---- outcomes -------------------------------------------------------- */

static struct issue unit = {
    .severity = ISSUE_ERROR,
    .code = "value",
    .rule = "KPHR-PROF-0012",
    .path = "Observation.component[0].valueQuantity.unit",
    .text = "Value is \"kg\" but must be \"mmHg\"",
    .profile = "http://phr.kanta.fi/StructureDefinition/x",
    .expected = "mmHg",
    .hint = "Write mmHg",
    .line = 3,
    .column = 14,
};

static const char *outcome(struct issue *i, size_t n, int style, bool narrative)
{
	const struct issues list = {.v = i, .n = n, .errors = n};
	struct buf b;

	buf_init(&b, arena);
	fhir_outcome(&b, &list, style, narrative);
	return b.p;
}

static void test_outcome_kanta(void **state)
{
	(void)state;
	assert_string_equal(
	    outcome(&unit, 1, ERRORS_KANTA, false),
	    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{"
	    "\"severity\":\"error\",\"code\":\"processing\","
	    "\"diagnostics\":\"Value is \\\"kg\\\" but must be \\\"mmHg\\\"\","
	    "\"location\":[\"Observation.component[0].valueQuantity.unit\"],"
	    "\"expression\":"
	    "[\"Observation.component[0].valueQuantity.unit\"]}]}");
}

static void test_outcome_explain(void **state)
{
	(void)state;
	assert_string_equal(
	    outcome(&unit, 1, ERRORS_EXPLAIN, false),
	    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{"
	    "\"extension\":[{\"url\":\"urn:mock-kanta-phr:profile\","
	    "\"valueUri\":\"http://phr.kanta.fi/StructureDefinition/x\"},"
	    "{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
	    "operationoutcome-issue-line\",\"valueInteger\":3},"
	    "{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
	    "operationoutcome-issue-col\",\"valueInteger\":14}],"
	    "\"severity\":\"error\",\"code\":\"value\","
	    "\"details\":{\"coding\":[{\"system\":\"urn:mock-kanta-phr:rule\","
	    "\"code\":\"KPHR-PROF-0012\"}],\"text\":\"Write mmHg\"},"
	    "\"diagnostics\":\"Value is \\\"kg\\\" but must be \\\"mmHg\\\" "
	    "(expected: mmHg)\","
	    "\"location\":[\"Observation.component[0].valueQuantity.unit\"],"
	    "\"expression\":"
	    "[\"Observation.component[0].valueQuantity.unit\"]}]}");
}

static void test_outcome_narrative(void **state)
{
	struct issue two[] = {
	    {.severity = ISSUE_ERROR, .text = "<b>&\"'\x01</b>"},
	    {.severity = ISSUE_WARNING, .path = "A.b", .text = "t"},
	};
	struct err e;
	const char *text = outcome(two, 2, ERRORS_KANTA, true);
	const struct json *v = json_parse(arena, text, strlen(text), &e);

	(void)state;
	assert_non_null(v);
	assert_string_equal(json_get_text(json_get(v, "text"), "status"),
			    "generated");
	assert_string_equal(
	    json_get_text(json_get(v, "text"), "div"),
	    "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
	    "<h1>Operation Outcome</h1><table border=\"0\">"
	    "<tr><td style=\"font-weight: bold;\">ERROR</td><td>[]</td>"
	    "<td><pre>&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD&lt;/b&gt;</pre>"
	    "</td>\n\t\t\t</tr>\n\t\t\t"
	    "<tr><td style=\"font-weight: bold;\">WARNING</td><td>[A.b]</td>"
	    "<td><pre>t</pre></td>\n\t\t\t</tr>\n\t\t</table>\n\t</div>");
}

static void test_outcome_position(void **state)
{
	struct issue i = {
	    .severity = ISSUE_FATAL, .text = "t", .line = 2, .column = 5};

	(void)state;
	assert_string_equal(outcome(&i, 1, ERRORS_KANTA, false),
			    "{\"resourceType\":\"OperationOutcome\","
			    "\"issue\":[{\"severity\":\"fatal\","
			    "\"code\":\"processing\",\"diagnostics\":\"t\","
			    "\"location\":[\"Line[2] Col[5]\"]}]}");
}

static void test_outcome_nothing(void **state)
{
	(void)state;
	assert_string_equal(
	    outcome(NULL, 0, ERRORS_KANTA, false),
	    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{"
	    "\"severity\":\"information\",\"code\":\"informational\","
	    "\"diagnostics\":\"No issues detected during validation\"}]}");
}

/* ---- words in headers ------------------------------------------------ */

static void test_header_words(void **state)
{
	static const struct {
		const char *text, *word;
		bool found;
	} c[] = {
	    {"return=minimal", "return=minimal", true},
	    {"a, return=minimal ;b", "return=minimal", true},
	    {"Return=Minimal", "return=minimal", true},
	    {"return=minimally", "return=minimal", false},
	    {"", "x", false},
	    {NULL, "x", false},
	    {"text/html,application/fhir+xml;q=0.9", "application/fhir+xml",
	     true},
	};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++)
		if (fhir_names(c[i].text, c[i].word) != c[i].found)
			fail_msg("%s in %s", c[i].word, c[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good_queries, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_queries, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lost_plus, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_page_size, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_many_values, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_switches, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unknown_parameter, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_open_sandbox, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_scope, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_includes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_subset_words, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_subset, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_outcome_kanta, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_outcome_explain, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_outcome_narrative, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_outcome_position, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_outcome_nothing, setup,
					    teardown),
	    cmocka_unit_test(test_header_words),
	};

	return cmocka_run_group_tests(tests, open_record, close_record);
}
