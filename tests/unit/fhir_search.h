/* SPDX-License-Identifier: Apache-2.0
 *
 * The search grammar: a query is shown as the text of the clauses that it
 * becomes, one line a case. The types and their parameters are the real ones.
 */
#ifndef FHIR_SEARCH_H
#define FHIR_SEARCH_H

#include "fhir/search_int.h"

#include <stdio.h>
#include <string.h>

#define SELF "3f0c2a8e-0000-4000-8000-000000000001"
#define BASE "http://127.0.0.1:8080/phr-resourceserver/baseR4"
#define SET  "http://hl7.org/fhir/ValueSet/"

static const struct log quiet = {LOG_OFF, 2};
static struct record record;
static struct arena *of_record;

static void *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	long size;
	void *p;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	p = arena_alloc(of_record, (size_t)size);
	*n = fread(p, 1, (size_t)size, f);
	assert_int_equal(*n, size);
	fclose(f);
	return p;
}

static int open_record(void **state)
{
	static const char *const image[] = {"build/image/stu3.img",
					    "build/image/r4.img"};
	struct err e;
	size_t n;

	(void)state;
	of_record = arena_new(0);
	record.log = &quiet;
	record.store = store_open(":memory:", &quiet, &e);
	assert_non_null(record.store);
	settings_init(&record.settings);
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		const void *bytes = slurp(image[v], &n);

		record.profiles[v] =
		    profile_open(of_record, (enum fhir_version)v, bytes, n, &e);
		assert_non_null(record.profiles[v]);
	}
	return 0;
}

static int close_record(void **state)
{
	(void)state;
	record_close(&record);
	store_close(record.store);
	arena_free(of_record);
	return 0;
}

/* ---- what a query becomes, as text ------------------------------------- */

static const char *const op_name[] = {
    [OP_TOKEN] = "token",
    [OP_ID] = "id",
    [OP_REFERENCE] = "ref",
    [OP_URI] = "uri",
    [OP_URI_BELOW] = "below",
    [OP_URI_ABOVE] = "above",
    [OP_TOKEN_TEXT] = "text",
    [OP_STRING] = "string",
    [OP_STRING_EXACT] = "exact",
    [OP_STRING_CONTAINS] = "contains",
    [OP_ANY] = "any",
    [OP_NUMBER_EQ] = "eq",
    [OP_NUMBER_NE] = "ne",
    [OP_NUMBER_GT] = "gt",
    [OP_NUMBER_GE] = "ge",
    [OP_NUMBER_LT] = "lt",
    [OP_NUMBER_LE] = "le",
    [OP_NUMBER_SA] = "sa",
    [OP_NUMBER_EB] = "eb",
    [OP_NUMBER_AP] = "ap",
    [OP_DATE_EQ] = "eq",
    [OP_DATE_NE] = "ne",
    [OP_DATE_EQ_CONTAIN] = "contain",
    [OP_DATE_NE_CONTAIN] = "not-contain",
    [OP_DATE_GT] = "gt",
    [OP_DATE_GE] = "ge",
    [OP_DATE_LT] = "lt",
    [OP_DATE_LE] = "le",
    [OP_DATE_SA] = "sa",
    [OP_DATE_EB] = "eb",
    [OP_DATE_HAPI_EQ] = "hapi-eq",
    [OP_DATE_HAPI_NE] = "hapi-ne",
    [OP_DATE_HAPI_GT] = "hapi-gt",
    [OP_DATE_HAPI_GE] = "hapi-ge",
    [OP_DATE_HAPI_EB] = "hapi-eb",
    [OP_UPDATED_GE] = "from",
    [OP_UPDATED_LT] = "before",
};

static void show_value(struct buf *b, const struct store_value *v)
{
	assert_true(v->op < LEN(op_name) && op_name[v->op]);
	buf_printf(b, "%s:", op_name[v->op]);
	if (v->op >= OP_NUMBER_EQ && v->op <= OP_NUMBER_AP)
		buf_printf(b, "%.17g..%.17g ", v->number_lo, v->number_hi);
	if (v->system)
		buf_printf(b, "%s|", v->system);
	if (v->value)
		buf_puts(b, v->value);
	if (v->op == OP_UPDATED_GE)
		buf_printf(b, "%lld", (long long)v->lo_ms);
	else if (v->op == OP_UPDATED_LT)
		buf_printf(b, "%lld", (long long)v->hi_ms);
	else if (v->op >= OP_DATE_EQ && v->op <= OP_DATE_HAPI_EB)
		buf_printf(b, "%lld..%lld", (long long)v->lo_ms,
			   (long long)v->hi_ms);
}

static void show_clauses(struct buf *b, const struct store_clause *c, size_t n);

static void show_sub(struct buf *b, const struct store_clause *c)
{
	buf_puts(b, c->kind == CLAUSE_CHAIN ? "->" : "<-");
	for (size_t i = 0; c->types[i]; i++)
		buf_printf(b, "%s%s", i > 0 ? "/" : "", c->types[i]);
	buf_putc(b, '[');
	show_clauses(b, c->sub, c->sub_count);
	buf_putc(b, ']');
}

static void show_clause(struct buf *b, const struct store_clause *c)
{
	const bool pairs = c->kind == CLAUSE_COMPOSITE;

	buf_printf(b, "%s%s", c->negative ? "!" : "", c->param);
	if (c->also)
		buf_printf(b, "/%s", c->also);
	if (c->param2)
		buf_printf(b, "+%s", c->param2);
	if (c->also2)
		buf_printf(b, "/%s", c->also2);
	if (c->kind == CLAUSE_CHAIN || c->kind == CLAUSE_REVERSE) {
		show_sub(b, c);
		return;
	}
	buf_putc(b, '(');
	for (size_t k = 0; k < c->n; k++) {
		const char *between = pairs && k % 2 ? " and " : " or ";

		buf_puts(b, k > 0 ? between : "");
		show_value(b, &c->value[k]);
	}
	buf_putc(b, ')');
}

static void show_clauses(struct buf *b, const struct store_clause *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? " " : "");
		show_clause(b, &c[i]);
	}
}

/* "code(token:a or token:b) date(ge:1..2)" */
static const char *show(const struct search *s)
{
	struct buf b;

	buf_init(&b, arena);
	show_clauses(&b, s->query.clause, s->query.clause_count);
	for (size_t i = 0; i < s->query.sort_count; i++)
		buf_printf(&b, " %s%s", s->query.sort[i].descending ? "-" : "+",
			   s->query.sort[i].param);
	return b.p;
}

/* ---- reading ----------------------------------------------------------- */

static struct search_rules rules_of(const char *type)
{
	return (struct search_rules){
	    .record = &record,
	    .fhir = FHIR_R4,
	    .type = record_type_find(FHIR_R4, type),
	    .settings = &record.settings,
	    .own_base = BASE,
	    .patient = SELF,
	    .now_ms = 1000000,
	    .log = &quiet,
	};
}

static bool parse_by(const struct search_rules *rules, const char *query,
		     struct search *s, struct err *e)
{
	struct http_pair *pair;
	size_t n;

	memset(e, 0, sizeof(*e));
	assert_true(http_form(arena, query, strlen(query), &pair, &n, e));
	return fhir_search_parse(arena, rules, pair, n, s, e);
}

static bool parse_with(const char *query, const struct settings *settings,
		       enum prefer_handling handling, struct search *s,
		       struct err *e)
{
	struct search_rules rules = rules_of("Observation");

	rules.settings = settings;
	rules.handling = handling;
	return parse_by(&rules, query, s, e);
}

static bool parse(const char *query, struct search *s, struct err *e)
{
	return parse_with(query, &record.settings, HANDLING_OPEN, s, e);
}

/* patient= goes without saying: it is put in front of every query. */
struct query_case {
	const char *query;
	const char *clauses;
};
static const struct query_case good[] = {
    {"", ""},
    /* token */
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
    {"code:not=a", "!code(token:a)"},
    {"code:not=a|x,b|y", "!code(token:a|x or token:b|y)"},
    {"code:text=%C3%A4ni,B", "code(text:ANI or text:B)"},
    {"code:missing=true", "!code(any:)"},
    {"code:missing=false", "code(any:)"},
    {"code:not=,", ""},
    {"code=,,", ""},
    {"code=%7C", "code(token:|)"},
    {"identifier=urn:uuid:1", "identifier(token:urn:uuid:1)"},
    {"identifier=a,b", "identifier(token:a or token:b)"},
    {"code:below=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",
     "code(token:http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R)"},
    /* _id */
    {"_id=x,y", "_id(id:x or id:y)"},
    {"_id:not=x", "!_id(id:x)"},
    {"_id:missing=true", "_id(id:)"},
    {"_id:missing=false", ""},
    {"_id=,", ""},
    /* reference, uri */
    {"encounter=Encounter/1", "encounter(ref:Encounter/1)"},
    {"encounter=" BASE "/Encounter/1", "encounter(ref:Encounter/1)"},
    {"encounter=Encounter/1/_history/2", "encounter(ref:Encounter/1)"},
    {"encounter=http://elsewhere/Encounter/1",
     "encounter(ref:http://elsewhere/Encounter/1)"},
    {"encounter=urn:uuid:1", "encounter(ref:urn:uuid:1)"},
    {"has-member:Observation=1", "has-member(ref:Observation/1)"},
    {"has-member=1",
     "has-member(ref:Observation/1 or ref:MolecularSequence/1 or "
     "ref:QuestionnaireResponse/1)"},
    {"has-member:identifier=s|1", "has-member:identifier(token:s|1)"},
    /* date */
    {"date=,", ""},
    {"date:missing=true", "!date(any:)"},
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
    {"_lastUpdated=,", ""},
    {"_lastUpdated=ge1970-01-02T00:00:00Z", "_lastUpdated(from:86400000)"},
    {"_lastUpdated=gt1970-01-02T00:00:00Z", "_lastUpdated(from:86401000)"},
    {"_lastUpdated=lt1970-01-02T00:00:00Z", "_lastUpdated(before:86400000)"},
    {"_lastUpdated=le1970-01-02T00:00:00Z", "_lastUpdated(before:86401000)"},
    {"_lastUpdated=1970-01-02T00:00:00Z",
     "_lastUpdated(from:86400000) _lastUpdated(before:86401000)"},
    {"_lastUpdated=1970-01-03T00:00:00Z,1970-01-02T00:00:00Z",
     "_lastUpdated(from:86400000) _lastUpdated(before:86401000 or "
     "from:172800000) _lastUpdated(before:172801000)"},
    {"_lastUpdated=1970-01-02T00:00:00Z,1970-01-02T00:00:01Z,"
     "1970-01-02T00:00:00Z",
     "_lastUpdated(from:86400000) _lastUpdated(before:86402000)"},
    {"_lastUpdated=ge1970-01-03T00:00:00Z,lt1970-01-02T00:00:00Z",
     "_lastUpdated(before:86400000 or from:172800000)"},
    {"_lastUpdated=lt1970-01-03T00:00:00Z,gt1970-01-02T00:00:00Z", ""},
    {"_lastUpdated=ne1970-01-02T00:00:00Z",
     "_lastUpdated(before:86400000 or from:86401000)"},
    /* string */
    {"value-string=%C3%84iti", "value-string(string:AITI)"},
    {"value-string:exact=%C3%84iti", "value-string(exact:\xC3\x84iti)"},
    {"value-string:contains=it", "value-string(contains:IT)"},
    /* quantity */
    {"value-quantity=100", "value-quantity(eq:99.5..100.5 )"},
    {"value-quantity=5.40",
     "value-quantity(eq:5.3949999999999996..5.4050000000000002 )"},
    {"value-quantity=5.4",
     "value-quantity(eq:5.3499999999999996..5.4500000000000002 )"},
    {"value-quantity=-5.4",
     "value-quantity(eq:-5.4500000000000002..-5.3499999999999996 )"},
    {"value-quantity=0", "value-quantity(eq:-0.5..0.5 )"},
    {"value-quantity=1.00", "value-quantity(eq:0.995..1.0049999999999999 )"},
    {"value-quantity=1e2", "value-quantity(eq:50..150 )"},
    {"value-quantity=1.0E-1",
     "value-quantity(eq:0.095000000000000001..0.105 )"},
    {"value-quantity=gt5.4",
     "value-quantity(gt:5.4000000000000004..5.4000000000000004 )"},
    {"value-quantity=ne10,le2", "value-quantity(ne:9.5..10.5  or le:2..2 )"},
    {"value-quantity=ap100", "value-quantity(ap:90..110 )"},
    {"value-quantity=ap-100", "value-quantity(ap:-110..-90 )"},
    {"value-quantity=sa1|http://unitsofmeasure.org|kg",
     "value-quantity(sa:1..1 http://unitsofmeasure.org|kg)"},
    {"value-quantity=eb1||kg", "value-quantity(eb:1..1 kg)"},
    {"value-quantity=1|s|", "value-quantity(eq:0.5..1.5 s|)"},
    /* two parameters in one */
    {"combo-code=x", "code/component-code(token:x)"},
    {"code-value-quantity=s|a$gt100",
     "code+value-quantity(token:s|a and gt:100..100 )"},
    {"component-code-value-quantity=a$gt1,b$lt2",
     "component-code+component-value-quantity(token:a and gt:1..1  or token:b "
     "and lt:2..2 )"},
    {"combo-code-value-quantity=a$1",
     "code/component-code+value-quantity/component-value-quantity(token:a and "
     "eq:0.5..1.5 )"},
    /* chains */
    {"patient.identifier=x", "subject->Patient[identifier(token:x)]"},
    {"subject:Patient.identifier=x", "subject->Patient[identifier(token:x)]"},
    {"subject.identifier=x", "subject->Patient[identifier(token:x)]"},
    {"subject:Patient._id=x", "subject->Patient[_id(id:x)]"},
    {"has-member.code=x", "has-member->Observation[code(token:x)]"},
    {"has-member:Observation.code:not=x",
     "has-member->Observation[!code(token:x)]"},
    {"has-member:Observation.has-member:Observation.code=x",
     "has-member->Observation[has-member->Observation[code(token:x)]]"},
    {"_has:Observation:has-member:code=x",
     "has-member<-Observation[code(token:x)]"},
    {"_has:Observation:has-member:_has:Observation:has-member:code:not=x",
     "has-member<-Observation[has-member<-Observation[!code(token:x)]]"},
    {"_has:Observation:derived-from:has-member.code=x",
     "derived-from<-Observation[has-member->Observation[code(token:x)]]"},
    /* about the answer */
    {"_sort=-date,code", " -date +code"},
    {"_sort=patient", " +subject"},
    {"_sort:desc=_lastUpdated", " -_lastUpdated"},
    {"unheard-of=1", ""},
    {"_text=1&_content=2&_query=3&_filter=4&_list=5", ""},
    {"_format=json&_pretty=true&_elements=a", ""},
    {"patient=Patient/" SELF, ""},
    {"patient=" BASE "/Patient/" SELF, ""},
    {"patient:Patient=" SELF, ""},
    {"subject=" SELF, ""},
    {"subject=Patient/" SELF, ""},
    {"subject:Patient=" SELF, ""},
    {"patient:identifier=x", "subject:identifier(token:x)"},
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

#define ME "patient=" SELF "&"
static const struct {
	const char *query;
	enum err_kind kind;
	const char *code;
} bad[] = {
    {"", ERR_INVALID, RULE_PATIENT},
    {"patient=", ERR_INVALID, RULE_PATIENT},
    {"patient=someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {"subject=someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {ME "subject=someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {ME "subject=Group/" SELF, ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {"patient=" SELF ",someone-else", ERR_FORBIDDEN, RULE_OTHER_PATIENT},
    {"patient=http://elsewhere/Patient/" SELF, ERR_FORBIDDEN,
     RULE_OTHER_PATIENT},
    /* modifiers */
    {"patient:fish=" SELF, ERR_INVALID, RULE_MODIFIER},
    {ME "code:fish=x", ERR_INVALID, RULE_MODIFIER},
    {ME "code:exact=x", ERR_INVALID, RULE_MODIFIER},
    {ME "date:not=2020", ERR_INVALID, RULE_MODIFIER},
    {ME "value-quantity:above=1", ERR_INVALID, RULE_MODIFIER},
    {ME "value-string:below=1", ERR_INVALID, RULE_MODIFIER},
    {ME "has-member:Patient=1", ERR_INVALID, RULE_MODIFIER},
    {ME "code-value-quantity:not=a$1", ERR_INVALID, RULE_MODIFIER},
    {ME "_count:x=1", ERR_INVALID, RULE_MODIFIER},
    {ME "_sort:up=date", ERR_INVALID, RULE_MODIFIER},
    {ME "_id:exact=1", ERR_INVALID, RULE_MODIFIER},
    {ME "code:missing=perhaps", ERR_INVALID, RULE_VALUE},
    /* values */
    {ME "date=yesterday", ERR_INVALID, RULE_VALUE},
    {ME "date=xx2020", ERR_INVALID, RULE_VALUE},
    {ME "date=2020-02-30", ERR_INVALID, RULE_VALUE},
    {ME "date=ge", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=x", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=1.", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=.5", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=1.2.3", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=1e", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=1e999", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=0x10", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=nan", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=|s|kg", ERR_INVALID, RULE_VALUE},
    {ME "value-quantity=1|s|kg|x", ERR_INVALID, RULE_VALUE},
    {ME "code-value-quantity=a", ERR_INVALID, RULE_VALUE},
    {ME "code-value-quantity=a$", ERR_INVALID, RULE_VALUE},
    {ME "code-value-quantity=a$1$2", ERR_INVALID, RULE_VALUE},
    {ME "code-value-quantity=a$x", ERR_INVALID, RULE_VALUE},
    {ME "code:in=http://nowhere/vs", ERR_INVALID, RULE_VALUE},
    {ME "code:below=x", ERR_INVALID, RULE_VALUE},
    {ME "code:below=http://loinc.org|x", ERR_INVALID, RULE_VALUE},
    {ME "_total=some", ERR_INVALID, RULE_VALUE},
    /* chains */
    {ME "subject.fish=1", ERR_INVALID, RULE_CHAIN},
    {ME "subject:Fish.identifier=1", ERR_INVALID, RULE_CHAIN},
    {ME "subject.=1", ERR_INVALID, RULE_CHAIN},
    {ME "code.x=1", ERR_INVALID, RULE_CHAIN},
    {ME "_has=1", ERR_INVALID, RULE_CHAIN},
    {ME "_has:Observation=1", ERR_INVALID, RULE_CHAIN},
    {ME "_has:Fish:patient:code=1", ERR_INVALID, RULE_CHAIN},
    {ME "_has:Observation:fish:code=1", ERR_INVALID, RULE_CHAIN},
    {ME "_has:Observation:has-member:fish=1", ERR_INVALID, RULE_CHAIN},
    /* has-member leads to Observations, patient does not */
    {ME "_has:Observation:patient:code=1", ERR_INVALID, RULE_CHAIN},
    {ME "has-member:Observation.has-member:Observation.has-member:Observation."
	"has-member:Observation.has-member:Observation.code=1",
     ERR_INVALID, RULE_CHAIN},
    /* about the answer */
    {ME "_sort=length", ERR_INVALID, RULE_SORT},
    {ME "_sort=code-value-quantity", ERR_INVALID, RULE_SORT},
    {ME "_include=fish", ERR_INVALID, RULE_INCLUDE},
    {ME "_include=Observation:fish", ERR_INVALID, RULE_INCLUDE},
    {ME "_include=Observation:code", ERR_INVALID, RULE_INCLUDE},
    {ME "_include=CarePlan:patient", ERR_INVALID, RULE_INCLUDE},
    {ME "_include=Observation:patient:Fish", ERR_INVALID, RULE_INCLUDE},
    {ME "_revinclude=Observation:patient", ERR_INVALID, RULE_INCLUDE},
    {ME "_include:fish=*", ERR_INVALID, RULE_MODIFIER},
    {ME "_summary=some", ERR_INVALID, RULE_SUMMARY},
    {ME "_summary=text,data", ERR_INVALID, RULE_SUMMARY},
    {ME "_summary=true&_elements=code", ERR_INVALID, RULE_SUMMARY},
};

static void test_bad_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct search s;
		struct err e;

		if (parse(bad[i].query, &s, &e))
			fail_msg("%s: accepted: %s", bad[i].query, show(&s));
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

		assert_false(
		    parse(arena_printf(arena, ME "%s", c[i].query), &s, &e));
		if ((strstr(e.text, "write + as %2B") != NULL) != c[i].told)
			fail_msg("%s: %s", c[i].query, e.text);
	}
}

/* ---- pages, limits ---------------------------------------------------------
 */

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
	    {"&_count=99999&_include=*", SEARCH_INCLUDED},
	    {"&_count=99999999999999999999", 50},
	    {"&_summary=count", 0},
	};
	struct settings settings;
	struct search s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		assert_true(
		    parse(arena_printf(arena, "patient=" SELF "%s", c[i].count),
			  &s, &e));
		if (s.query.limit != c[i].limit)
			fail_msg("%s: %d", c[i].count, (int)s.query.limit);
		assert_int_equal(s.count_only, c[i].limit == 0);
	}
	settings_init(&settings);
	settings.count_zero = 0;
	assert_true(
	    parse_with(ME "_count=0", &settings, HANDLING_OPEN, &s, &e));
	assert_int_equal(s.query.limit, 50);
	assert_false(s.count_only);
}

static const char *repeated(const char *start, const char *more, int n)
{
	struct buf b;

	buf_init(&b, arena);
	buf_puts(&b, start);
	for (int i = 0; i < n; i++)
		buf_puts(&b, more);
	return b.p;
}

static void test_too_many_values(void **state)
{
	struct search s;
	struct err e;

	(void)state;
	/* patient is one of them */
	assert_true(
	    parse(repeated(ME "_id=1", ",1", SEARCH_VALUES - 2), &s, &e));
	assert_false(
	    parse(repeated(ME "_id=1", ",1", SEARCH_VALUES - 1), &s, &e));
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(e.code, RULE_VALUE);
	assert_true(parse(repeated(ME "value-string=", "\xC3\xA4", SEARCH_TEXT),
			  &s, &e));
	assert_false(parse(
	    repeated(ME "value-string=", "\xC3\xA4", SEARCH_TEXT + 1), &s, &e));
	assert_string_equal(e.code, RULE_VALUE);
	assert_false(parse(repeated(ME "value-quantity=", "1", 61), &s, &e));
	assert_string_equal(e.code, RULE_VALUE);
	assert_false(
	    parse(repeated(ME "_sort=date", ",date", SEARCH_SORTS), &s, &e));
	assert_string_equal(e.code, RULE_VALUE);
	assert_false(
	    parse(repeated(ME "_include=*", ",*", SEARCH_INCLUDES), &s, &e));
	assert_string_equal(e.code, RULE_VALUE);
}

/* ---- switches
 * ------------------------------------------------------------------ */

static const char *shown_with(const char *query, const struct settings *x)
{
	struct search s;
	struct err e;

	if (!parse_with(query, x, HANDLING_OPEN, &s, &e))
		return arena_strdup(arena, e.text);
	return show(&s);
}

static void test_switches(void **state)
{
	struct settings x;
	struct search s;
	struct err e;

	(void)state;
	settings_init(&x);
	x.missing_patient = 0;
	assert_true(parse_with("code=a", &x, HANDLING_OPEN, &s, &e));
	assert_true(s.nothing);
	x.code_default_system = 1;
	assert_string_equal(shown_with(ME "code=a", &x),
			    "code(token:http://loinc.org|a)");
	assert_string_equal(shown_with(ME "code:not=a", &x),
			    "!code(token:http://loinc.org|a)");
	x.missing_modifier = 0;
	assert_string_equal(shown_with(ME "code:missing=true", &x),
			    ":missing modifier is disabled on this server");
	assert_false(
	    parse_with(ME "_id:missing=true", &x, HANDLING_OPEN, &s, &e));
	assert_int_equal(e.kind, ERR_METHOD);
	x.date_eq_period = 1;
	assert_string_equal(
	    shown_with(ME "date=1970-01-02,ne1970-01-02,ge1970-01-02", &x),
	    "date(contain:79200000..165600000 or not-contain:79200000.."
	    "165600000 or ge:79200000..165600000)");
	x.search_dates = 1;
	assert_string_equal(
	    shown_with(ME "date=1970-01-02,gt1970-01-02,le1970-01-02", &x),
	    "date(hapi-eq:79200000..165600000 or hapi-gt:79200000..165600000 "
	    "or le:79200000..165600000)");
	assert_string_equal(
	    shown_with(ME "_lastUpdated=gt1970-01-02,eb1970-01-02", &x),
	    "_lastUpdated(before:79200000 or from:165600000)");
	x.patient_mismatch_status = 404;
	assert_false(parse_with("patient=x", &x, HANDLING_OPEN, &s, &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void test_unknown_parameter(void **state)
{
	const char *query = ME "fish=1";
	struct settings settings;
	struct search s;
	struct err e;

	(void)state;
	settings_init(&settings);
	assert_true(parse_with(query, &settings, HANDLING_OPEN, &s, &e));
	assert_int_equal(s.ignored_count, 1);
	assert_string_equal(s.ignored[0], "fish");
	assert_false(parse_with(query, &settings, HANDLING_STRICT, &s, &e));
	assert_int_equal(e.kind, ERR_INVALID);
	assert_true(text_begins(
	    e.text, "Unknown search parameter \"fish\". Value search "
		    "parameters for this search are: [_count, _elements, "
		    "_format, _has, _id, _include, "));
	assert_non_null(strstr(e.text, ", code, "));
	assert_null(strstr(e.text, "_text"));
	settings.unknown_search_param = 400;
	assert_false(parse_with(query, &settings, HANDLING_OPEN, &s, &e));
	assert_true(parse_with(query, &settings, HANDLING_LENIENT, &s, &e));
}

/* ---- who may look at what ---------------------------------------------------
 */

static void test_open_sandbox(void **state)
{
	static const struct query_case c[] = {
	    {"patient=x", "x: "},
	    {"subject=Patient/x", "x: "},
	    {"patient=x&subject=x", "x: subject(ref:Patient/x)"},
	    {"patient=x,y", "-: subject(ref:Patient/x or ref:Patient/y)"},
	    {"patient=x&patient=y", "x: subject(ref:Patient/y)"},
	    {"patient=x&subject=Group/1", "x: subject(ref:Group/1)"},
	    {"patient.identifier=1",
	     "-: subject->Patient[identifier(token:1)]"},
	};
	struct search_rules rules = rules_of("Observation");

	(void)state;
	rules.patient = NULL;
	for (size_t i = 0; i < LEN(c); i++) {
		struct search s;
		struct err e;
		const char *got;

		if (!parse_by(&rules, c[i].query, &s, &e))
			fail_msg("%s: %s", c[i].query, e.text);
		got = arena_printf(arena, "%s: %s",
				   s.query.patient ? s.query.patient : "-",
				   show(&s));
		assert_string_equal(got, c[i].clauses);
	}
}

static void test_scope(void **state)
{
	static const struct {
		const char *query;
		bool allowed;
	} c[] = {
	    {"code=1", true},
	    {"has-member:Observation.code=1", true},
	    {"has-member.code=1", true},
	    {"subject:Patient.identifier=1", false},
	    {"patient.identifier=1", false},
	    {"_has:Observation:has-member:code=1", true},
	    {"_has:QuestionnaireResponse:subject:status=1", false},
	};
	struct search_rules rules = rules_of("Observation");

	(void)state;
	rules.scope = "patient/Observation.read patient/Patient.write";
	for (size_t i = 0; i < LEN(c); i++) {
		struct search s;
		struct err e;
		const char *query = arena_printf(arena, ME "%s", c[i].query);

		if (parse_by(&rules, query, &s, &e) != c[i].allowed)
			fail_msg("%s: %s", c[i].query, e.text);
		assert_true(c[i].allowed || e.kind == ERR_FORBIDDEN);
	}
}

static void test_includes(void **state)
{
	struct search s;
	struct err e;

	(void)state;
	assert_true(parse(ME "_include=Observation:patient:Patient,*"
			     "&_include:iterate=CarePlan:supporting-info"
			     "&_revinclude:recurse=Observation:has-member"
			     "&_revinclude=CarePlan:*",
			  &s, &e));
	assert_int_equal(s.includes, 5);
	assert_string_equal(s.include[0].type->type, "Observation");
	assert_string_equal(s.include[0].param->name, "patient");
	assert_string_equal(s.include[0].target, "Patient");
	assert_false(s.include[0].iterate || s.include[0].reverse);
	assert_true(!s.include[1].type && !s.include[1].param);
	assert_true(s.include[2].iterate && !s.include[2].reverse);
	assert_true(s.include[3].iterate && s.include[3].reverse);
	assert_true(s.include[4].type && !s.include[4].param);
	assert_false(parse(ME "_include=Observation:fish", &s, &e));
	assert_true(text_begins(e.text, "Invalid _include parameter value: "
					"\"Observation:fish\". Valid values "
					"are: [*, Observation:"));
}

/* ---- parts of a resource
 * ------------------------------------------------------ */

static void test_subset_words(void **state)
{
	static const struct {
		const char *value;
		enum summary summary;
	} c[] = {
	    {"true", SUMMARY_TRUE},   {"text", SUMMARY_TEXT},
	    {"data", SUMMARY_DATA},   {"count", SUMMARY_COUNT},
	    {"false", SUMMARY_FALSE}, {"", SUMMARY_FALSE},
	};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		const struct http_pair pair = {"_summary", c[i].value};
		struct subset s;
		struct err e;

		assert_true(fhir_subset_read(&pair, 1, &s, &e));
		assert_int_equal(s.summary, c[i].summary);
		assert_int_equal(fhir_subset_asked(&s), i < 3);
	}
}

#define TAG                                                                    \
	"\"meta\":{\"versionId\":\"1\",\"tag\":[{\"system\":\"http://"         \
	"terminology.hl7.org/CodeSystem/v3-ObservationValue\",\"code\":"       \
	"\"SUBSETTED\",\"display\":\"Resource encoded in summary mode\"}]}"
#define HEAD "{\"resourceType\":\"Observation\",\"id\":\"1\"," TAG

static void test_subset(void **state)
{
	static const char text[] =
	    "{\"resourceType\":\"Observation\",\"id\":\"1\",\"meta\":"
	    "{\"versionId\":\"1\"},\"text\":{\"status\":\"empty\"},"
	    "\"status\":\"final\",\"_status\":{\"id\":\"s\"},"
	    "\"code\":{\"text\":\"c\"},\"valueQuantity\":{\"value\":1.50},"
	    "\"note\":[{\"text\":\"n\"}],\"component\":[{\"code\":{},"
	    "\"interpretation\":[{}]}]}";
	static const struct {
		struct subset s;
		const char *want;
	} c[] = {
	    {{SUMMARY_FALSE, NULL}, NULL},
	    {{SUMMARY_COUNT, NULL}, NULL},
	    {{SUMMARY_TRUE, NULL},
	     HEAD ",\"status\":\"final\",\"_status\":{\"id\":\"s\"},"
		  "\"code\":{\"text\":\"c\"},\"valueQuantity\":{\"value\":"
		  "1.50},\"component\":[{\"code\":{}}]}"},
	    {{SUMMARY_TEXT, NULL},
	     HEAD ",\"text\":{\"status\":\"empty\"},\"status\":\"final\","
		  "\"_status\":{\"id\":\"s\"},\"code\":{\"text\":\"c\"}}"},
	    {{SUMMARY_DATA, NULL},
	     HEAD ",\"status\":\"final\",\"_status\":{\"id\":\"s\"},"
		  "\"code\":{\"text\":\"c\"},\"valueQuantity\":{\"value\":"
		  "1.50},\"note\":[{\"text\":\"n\"}],\"component\":[{\"code\":"
		  "{},\"interpretation\":[{}]}]}"},
	    {{SUMMARY_FALSE, "value,Observation.component.code"},
	     HEAD ",\"status\":\"final\",\"_status\":{\"id\":\"s\"},"
		  "\"code\":{\"text\":\"c\"},\"valueQuantity\":{\"value\":"
		  "1.50},\"component\":[{\"code\":{},\"interpretation\":"
		  "[{}]}]}"},
	};
	const struct fhir f = {.record = &record, .version = FHIR_R4};
	const struct store_resource r = {
	    .type = "Observation", .text = text, .text_len = sizeof(text) - 1};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		struct buf b;

		buf_init(&b, arena);
		fhir_subset(&b, &f, &c[i].s, &r);
		assert_string_equal(b.p, c[i].want ? c[i].want : text);
	}
}

#endif
