/* SPDX-License-Identifier: Apache-2.0
 *
 * fhir: the search grammar and the OperationOutcome writer.
 *
 * A query is shown as the text of the clauses that it becomes, one line a case;
 * an outcome as the JSON text that goes out.
 */
#include "fhir/fhir_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SELF "3f0c2a8e-0000-4000-8000-000000000001"
#define BASE "http://127.0.0.1:8080/phr-resourceserver/baseR4"

static const struct record_param params[] = {
    {.name = "_id", .kind = INDEX_TOKEN},
    {.name = "code", .kind = INDEX_TOKEN, .default_system = "http://loinc.org"},
    {.name = "date", .kind = INDEX_DATE},
    {.name = "identifier", .kind = INDEX_TOKEN},
    {.name = "patient", .kind = INDEX_REFERENCE, .mandatory = true},
    {.name = "supporting-info", .kind = INDEX_REFERENCE},
    {.name = "url", .kind = INDEX_URI},
    {.name = NULL},
};
static const struct record_type type = {
    .type = "Observation",
    .interactions = IA_SEARCH,
    .param = params,
};

static struct arena *arena;
static const struct log quiet = {LOG_OFF, 2};

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

/* ---- queries --------------------------------------------------------- */

static const char *const op_name[] = {
    [OP_TOKEN] = "token",
    [OP_NOT_TOKEN] = "not",
    [OP_ID] = "id",
    [OP_REFERENCE] = "ref",
    [OP_URI] = "uri",
    [OP_DATE_EQ] = "eq",
    [OP_DATE_NE] = "ne",
    [OP_DATE_GT] = "gt",
    [OP_DATE_GE] = "ge",
    [OP_DATE_LT] = "lt",
    [OP_DATE_LE] = "le",
    [OP_DATE_SA] = "sa",
    [OP_DATE_EB] = "eb",
    [OP_UPDATED_GE] = "from",
    [OP_UPDATED_LT] = "before",
};

static void show_value(struct buf *b, const struct store_value *v)
{
	buf_printf(b, "%s:", op_name[v->op]);
	if (v->system)
		buf_printf(b, "%s|", v->system);
	if (v->value)
		buf_puts(b, v->value);
	if (v->op == OP_UPDATED_GE)
		buf_printf(b, "%lld", (long long)v->lo_ms);
	else if (v->op == OP_UPDATED_LT)
		buf_printf(b, "%lld", (long long)v->hi_ms);
	else if (v->op >= OP_DATE_EQ && v->op <= OP_DATE_EB)
		buf_printf(b, "%lld..%lld", (long long)v->lo_ms,
			   (long long)v->hi_ms);
}

/* "code(token:a or token:b) date(ge:1..2)" */
static const char *show(const struct search *s)
{
	struct buf b;

	buf_init(&b, arena);
	for (size_t i = 0; i < s->query.clause_count; i++) {
		const struct store_clause *c = &s->query.clause[i];

		buf_printf(&b, "%s%s(", i > 0 ? " " : "", c->param);
		for (size_t k = 0; k < c->n; k++) {
			buf_puts(&b, k > 0 ? " or " : "");
			show_value(&b, &c->value[k]);
		}
		buf_putc(&b, ')');
	}
	for (size_t i = 0; i < s->query.sort_count; i++)
		buf_printf(&b, " %s%s", s->query.sort[i].descending ? "-" : "+",
			   s->query.sort[i].param);
	return b.p;
}

static bool parse_with(const char *query, const struct settings *settings,
		       enum prefer_handling handling, struct search *s,
		       struct err *e)
{
	const struct search_rules rules = {
	    .type = &type,
	    .settings = settings,
	    .own_base = BASE,
	    .patient = SELF,
	    .handling = handling,
	    .now_ms = 1000000,
	    .log = &quiet,
	};
	struct http_pair *pair;
	size_t n;

	memset(e, 0, sizeof(*e));
	assert_true(http_form(arena, query, strlen(query), &pair, &n, e));
	return fhir_search_parse(arena, &rules, pair, n, s, e);
}

static bool parse(const char *query, struct search *s, struct err *e)
{
	struct settings settings;

	settings_init(&settings);
	return parse_with(query, &settings, HANDLING_OPEN, s, e);
}

/* patient= goes without saying: it is put in front of every query. */
static const struct {
	const char *query;
	const char *clauses;
} good[] = {
    {"", ""},
    {"code=a", "code(token:a)"},
    {"code=", ""},
    {"code=a,b", "code(token:http://loinc.org|a or token:http://loinc.org|b)"},
    {"code=a,s|b", "code(token:http://loinc.org|a or token:s|b)"},
    {"code=s|a", "code(token:s|a)"},
    {"code=|a", "code(token:|a)"},
    {"code=s|", "code(token:s|)"},
    {"code=a&code=b", "code(token:a) code(token:b)"},
    {"code=a%5C,b", "code(token:a,b)"},
    {"code=a%5C%7Cb", "code(token:a|b)"},
    {"code=a%5C%5Cb", "code(token:a\\b)"},
    {"code=a%5C", "code(token:a\\)"},
    {"code=a,,b", "code(token:http://loinc.org|a or token:http://loinc.org|b)"},
    {"code:not=a", "code(not:a)"},
    {"code:not=a|x,b|y", "code(not:a|x) code(not:b|y)"},
    {"identifier=urn:uuid:1", "identifier(token:urn:uuid:1)"},
    {"identifier=a,b", "identifier(token:a or token:b)"},
    {"_id=x,y", "_id(id:x or id:y)"},
    {"_id=,", ""},
    {"code=,,", ""},
    {"date=,", ""},
    {"_lastUpdated=,", ""},
    {"code:not=,", ""},
    {"code=%7C", "code(token:|)"},
    {"supporting-info=Observation/1", "supporting-info(ref:Observation/1)"},
    {"supporting-info=" BASE "/Observation/1",
     "supporting-info(ref:Observation/1)"},
    {"url=http://a/b", "url(uri:http://a/b)"},
    {"date=1970-01-02T00:00:00Z", "date(eq:86400000..86401000)"},
    {"date=ge1970-01-02T00:00:00Z&date=lt1970-01-03T00:00:00Z",
     "date(ge:86400000..86401000) date(lt:172800000..172801000)"},
    {"date=ne1970-01-02T00:00:00Z,eb1970-01-02T00:00:00Z",
     "date(ne:86400000..86401000 or eb:86400000..86401000)"},
    {"date=ge1970-01-02T02:00:00%2B02:00", "date(ge:86400000..86401000)"},
    /* 1970-01-02 in Finland, where it was UTC+2 */
    {"date=1970-01-02", "date(eq:79200000..165600000)"},
    /* now is 1000 s; 100 s before it is 900 s: a tenth of 99 s is 9.9 s */
    {"date=ap1970-01-01T00:15:00Z", "date(eq:890100..910900)"},
    {"_lastUpdated=ge1970-01-02T00:00:00Z", "_lastUpdated(from:86400000)"},
    {"_lastUpdated=gt1970-01-02T00:00:00Z", "_lastUpdated(from:86401000)"},
    {"_lastUpdated=lt1970-01-02T00:00:00Z", "_lastUpdated(before:86400000)"},
    {"_lastUpdated=le1970-01-02T00:00:00Z", "_lastUpdated(before:86401000)"},
    {"_lastUpdated=1970-01-02T00:00:00Z",
     "_lastUpdated(from:86400000) _lastUpdated(before:86401000)"},
    {"_lastUpdated=ne1970-01-02T00:00:00Z",
     "_lastUpdated(before:86400000 or from:86401000)"},
    {"_sort=-date,code", " -date +code"},
    {"_sort:desc=_lastUpdated", " -_lastUpdated"},
    {"unheard-of=1", ""},
    {"patient=Patient/" SELF, ""},
    {"patient=" BASE "/Patient/" SELF, ""},
    {"patient:Patient=" SELF, ""},
};

static void test_good_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		struct search s;
		struct err e;
		const char *query =
		    arena_printf(arena, "patient=" SELF "&%s", good[i].query);

		if (!parse(query, &s, &e))
			fail_msg("%s: %s", good[i].query, e.text);
		if (strcmp(show(&s), good[i].clauses) != 0)
			fail_msg("%s: %s instead of %s", good[i].query,
				 show(&s), good[i].clauses);
		assert_string_equal(s.query.patient, SELF);
	}
}

static const struct {
	const char *query;
	enum err_kind kind;
	const char *code;
} bad[] = {
    {"", ERR_INVALID, RULE_PATIENT},
    {"patient=", ERR_INVALID, RULE_PATIENT},
    {"patient=someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {"patient=" SELF ",someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {"patient=http://elsewhere/Patient/" SELF, ERR_FORBIDDEN,
     RULE_OTHER_PATIENT},
    {"patient:identifier=" SELF, ERR_INVALID, RULE_MODIFIER},
    {"patient=" SELF "&code:in=x", ERR_INVALID, RULE_MODIFIER},
    {"patient=" SELF "&date:missing=true", ERR_INVALID, RULE_MODIFIER},
    {"patient=" SELF "&date=yesterday", ERR_INVALID, RULE_VALUE},
    {"patient=" SELF "&date=xx2020", ERR_INVALID, RULE_VALUE},
    {"patient=" SELF "&date=2020-02-30", ERR_INVALID, RULE_VALUE},
    {"patient=" SELF "&date=ge", ERR_INVALID, RULE_VALUE},
    {"patient=" SELF "&_lastUpdated=2020,2021", ERR_INVALID, RULE_VALUE},
    {"patient=" SELF "&_sort=length", ERR_INVALID, RULE_SORT},
    {"patient=" SELF "&_getpages=x", ERR_GONE, RULE_PAGE},
    {"patient=" SELF "&_getpages=0", ERR_GONE, RULE_PAGE},
    {"patient=" SELF "&_getpages=1&_getpagesoffset=-1", ERR_GONE, RULE_PAGE},
};

static void test_bad_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct search s;
		struct err e;

		if (parse(bad[i].query, &s, &e))
			fail_msg("%s: accepted", bad[i].query);
		if (e.kind != bad[i].kind || strcmp(e.code, bad[i].code) != 0)
			fail_msg("%s: %d %s %s", bad[i].query, (int)e.kind,
				 e.code, e.text);
	}
}

/* What to do about it is said only where a '+' was meant. */
static void test_lost_plus(void **state)
{
	static const struct {
		const char *query;
		bool told;
	} c[] = {
	    {"date=2026-01-01T10:00:00+02:00", true},
	    {"date=ge2026-01-01T10:00:00+02:00", true},
	    {"_lastUpdated=lt2026-01-01T10:00:00.123+02:00", true},
	    {"date=2026-01-01+10:00:00", false},
	    {"date=2026-01-01T10:00:00+02:00+", false},
	    {"date=+", false},
	    {"date=ge", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		struct search s;
		struct err e;

		assert_false(parse(
		    arena_printf(arena, "patient=" SELF "&%s", c[i].query), &s,
		    &e));
		if ((strstr(e.text, "write + as %2B") != NULL) != c[i].told)
			fail_msg("%s: %s", c[i].query, e.text);
	}
}

static void test_page_size(void **state)
{
	static const struct {
		const char *count;
		int64_t limit;
	} c[] = {
	    {"", 50},
	    {"&_count=7", 7},
	    {"&_count=x", 50},
	    {"&_count=-1", 50},
	    {"&_count=0", 0},
	    {"&_count=99999", 20000},
	    {"&_count=99999999999999999999", 50},
	    {"&_summary=count", 0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		struct search s;
		struct err e;

		assert_true(
		    parse(arena_printf(arena, "patient=" SELF "%s", c[i].count),
			  &s, &e));
		if (s.query.limit != c[i].limit)
			fail_msg("%s: %d", c[i].count, (int)s.query.limit);
		assert_int_equal(s.count_only, c[i].limit == 0);
	}
}

static void test_too_many_values(void **state)
{
	struct search s;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, arena);
	buf_puts(&b, "patient=" SELF "&_id=1");
	for (int i = 2; i < 200; i++) /* patient is one of them */
		buf_puts(&b, ",1");
	assert_true(parse(b.p, &s, &e));
	buf_puts(&b, ",1");
	assert_false(parse(b.p, &s, &e));
	assert_int_equal(e.kind, ERR_INVALID);
}

static void test_switches(void **state)
{
	struct settings settings;
	struct search s;
	struct err e;

	(void)state;
	settings_init(&settings);
	settings.missing_patient = 0;
	assert_true(parse_with("code=a", &settings, HANDLING_OPEN, &s, &e));
	assert_true(s.nothing);

	settings.code_default_system = 1;
	assert_true(parse_with("patient=" SELF "&code=a", &settings,
			       HANDLING_OPEN, &s, &e));
	assert_string_equal(show(&s), "code(token:http://loinc.org|a)");

	settings.patient_mismatch_status = 404;
	assert_false(parse_with("patient=x", &settings, HANDLING_OPEN, &s, &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void test_unknown_parameter(void **state)
{
	const char *query = "patient=" SELF "&x=1";
	struct settings settings;
	struct search s;
	struct err e;

	(void)state;
	settings_init(&settings);
	assert_true(parse_with(query, &settings, HANDLING_OPEN, &s, &e));
	assert_false(parse_with(query, &settings, HANDLING_STRICT, &s, &e));
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(
	    e.text, "Unknown search parameter \"x\". Value search parameters "
		    "for this search are: [_count, _format, _id, _lastUpdated, "
		    "_pretty, _sort, _summary, _total, code, date, identifier, "
		    "patient, supporting-info, url]");
	settings.unknown_search_param = 400;
	assert_false(parse_with(query, &settings, HANDLING_OPEN, &s, &e));
	assert_true(parse_with(query, &settings, HANDLING_LENIENT, &s, &e));
}

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

	return cmocka_run_group_tests(tests, NULL, NULL);
}
