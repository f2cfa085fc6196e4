/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement of the joint-testing report, as tables: what entries of a
 * journal make of a cell, of an application's habits, and of the words that it
 * used. The entries are made by hand; there is no server and no database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "admin/report_int.h"

#define ENTRIES 12

static const char cases_text[] =
    "{\"title\":{\"en\":\"t\",\"fi\":\"t\",\"sv\":\"t\"},"
    "\"notice\":{\"en\":\"n\",\"fi\":\"n\",\"sv\":\"n\"},"
    "\"sources\":[{\"id\":\"s\",\"title\":\"S\",\"url\":\"http://s/\"}],"
    "\"groups\":[{\"id\":\"g\",\"title\":{\"en\":\"G\",\"fi\":\"G\","
    "\"sv\":\"G\"},\"source\":\"s\",\"mark\":\"S\"}],"
    "\"cases\":[%s]}";
#define CASE(id, rest)                                                         \
	"{\"id\":\"" id "\",\"group\":\"g\",\"source\":\"s\","                 \
	"\"mark\":\"I\",\"requirement\":{\"en\":\"r\",\"fi\":\"r\","           \
	"\"sv\":\"r\"}," rest "}"

/* any: one that passed is enough; all: one that failed is. */
static const char two_cases[] =
    CASE("any", "\"per\":\"type\",\"match\":{\"interaction\":"
		"\"create\"},"
		"\"expect\":[\"201\",\"3xx\"],\"neither\":["
		"\"409\"]") "," CASE("all", "\"per\":\"type\",\"match\":"
					    "{\"interaction\":"
					    "\"create\"},"
					    "\"expect\":[\"201\","
					    "\"3xx\"],\"neither\":["
					    "\"409\"],"
					    "\"all\":true,\"batch\":"
					    "true");

struct world {
	struct arena *arena;
	struct rq rq;
	struct record record;
	struct admin admin;
	struct seen entry[ENTRIES];
	size_t n;
	struct report_cases cases;
	struct report report;
};

static bool entry_at(const void *of, size_t i, struct seen *out)
{
	const struct world *f = of;

	if (i >= f->n)
		return false;
	*out = f->entry[i];
	return true;
}

static int setup(void **state)
{
	struct arena *a = arena_new(0);
	struct world *f = arena_alloc(a, sizeof(*f));

	f->arena = f->rq.arena = a;
	f->admin.record = &f->record;
	f->rq.ctx = &f->admin;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	arena_free(((struct world *)*state)->arena);
	return 0;
}

/* Zeroed texts are what a journal has where there is nothing to say. */
static struct seen *add(struct world *f, const char *interaction, int status)
{
	struct seen *s = &f->entry[f->n++];

	assert_true(f->n <= ENTRIES);
	*s = (struct seen){
	    .seq = (int64_t)f->n,
	    .at_ms = 1000,
	    .id = arena_printf(f->arena, "id-%zu", f->n),
	    .kind = "request",
	    .method = "POST",
	    .path = "/baseR4/Observation",
	    .query = "",
	    .endpoint = "fhir",
	    .interaction = interaction,
	    .fhir_version = "r4",
	    .type = "Observation",
	    .client_id = "app",
	    .status = status,
	};
	return s;
}

static void make(struct world *f, const char *cases)
{
	const char *text = arena_printf(f->arena, cases_text, cases);
	const struct report_journal j = {entry_at, f, 0};

	if (!report_cases_read(&f->rq, text, strlen(text), &f->cases))
		fail_msg("%s: %s", f->rq.err.where, f->rq.err.text);
	f->report = (struct report){.arena = f->arena, .cases = &f->cases};
	report_make(&f->report, &j);
}

static const struct report_cell *cell(struct world *f, size_t i)
{
	return report_cell_at(
	    &f->report, &f->cases.of[i],
	    report_subject(&f->report, FHIR_R4, "Observation", NULL));
}

/* ---- verdicts --------------------------------------------------------- */

static void judges(void **state)
{
	static const struct {
		int status[4]; /* negative: with a fault */
		enum verdict any, all;
	} rows[] = {
	    {{0}, VERDICT_UNTRIED, VERDICT_UNTRIED},
	    {{201}, VERDICT_PASSED, VERDICT_PASSED},
	    {{302}, VERDICT_PASSED, VERDICT_PASSED},
	    {{200}, VERDICT_FAILED, VERDICT_FAILED},
	    {{422}, VERDICT_FAILED, VERDICT_FAILED},
	    {{409}, VERDICT_UNTRIED, VERDICT_UNTRIED},
	    {{422, 201}, VERDICT_PASSED, VERDICT_FAILED},
	    {{201, 422}, VERDICT_PASSED, VERDICT_FAILED},
	    {{201, 409}, VERDICT_PASSED, VERDICT_PASSED},
	    {{-503}, VERDICT_FAULT, VERDICT_FAULT},
	    {{-201}, VERDICT_FAULT, VERDICT_FAULT},
	    {{-503, 201}, VERDICT_PASSED, VERDICT_PASSED},
	    {{-503, 422}, VERDICT_FAILED, VERDICT_FAILED},
	    {{-503, 422, 201, 201}, VERDICT_PASSED, VERDICT_FAILED},
	};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		f->n = 0;
		for (size_t k = 0; k < 4 && rows[i].status[k] != 0; k++) {
			const int status = rows[i].status[k];
			struct seen *s = add(f, "create", abs(status));

			s->fault = status < 0 ? "f1" : "";
		}
		make(f, two_cases);
		if (cell(f, 0)->verdict != rows[i].any ||
		    cell(f, 1)->verdict != rows[i].all)
			fail_msg("row %zu: %d, %d", i, cell(f, 0)->verdict,
				 cell(f, 1)->verdict);
	}
}

static void counts_statuses(void **state)
{
	static const struct {
		const char *list;
		int status;
		bool in;
	} rows[] = {
	    {"[\"2xx\"]", 200, true},	  {"[\"2xx\"]", 299, true},
	    {"[\"2xx\"]", 300, false},	  {"[\"404\"]", 404, true},
	    {"[\"404\"]", 405, false},	  {"[\"404\",\"5xx\"]", 503, true},
	    {"[]", 200, false},		  {"[404]", 404, true},
	    {"[\"\",\"4\"]", 404, false}, {"[{}]", 404, false},
	};
	struct world *f = *state;
	struct err e;

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct json *list = json_parse(f->arena, rows[i].list,
						     strlen(rows[i].list), &e);

		assert_non_null(list);
		if (report_status_in(list, rows[i].status) != rows[i].in)
			fail_msg("row %zu", i);
	}
	assert_false(report_status_in(NULL, 200));
}

static void cites_each_entry_once(void **state)
{
	struct world *f = *state;

	for (int i = 0; i < 9; i++)
		add(f, "create", i < 6 ? 201 : 422);
	make(f, two_cases);
	assert_int_equal(cell(f, 0)->passed, 6);
	assert_int_equal(cell(f, 0)->failed, 3);
	/* two that passed are enough, failures have room */
	assert_int_equal(cell(f, 0)->cited.n, 5);
	assert_int_equal(f->report.evidences, 5);
	assert_int_equal(f->report.evidence[0].seq, 1);
	assert_int_equal(f->report.evidence[4].seq, 9);
	assert_int_equal(strlen(f->report.evidence[0].digest), 64);
	assert_string_not_equal(f->report.evidence[0].digest,
				f->report.evidence[1].digest);
}

/* ---- batches ------------------------------------------------------------ */

static void entries_of_a_batch(void **state)
{
	static const char body[] =
	    "{\"entry\":[{\"resource\":{\"resourceType\":\"Observation\"},"
	    "\"request\":{\"method\":\"POST\",\"url\":\"Observation\"}},"
	    "{\"resource\":{\"resourceType\":\"Observation\"},"
	    "\"request\":{\"method\":\"POST\",\"url\":\"Observation/\"}},"
	    "{\"request\":{\"method\":\"GET\",\"url\":\"Observation/1\"}}]}";
	static const char answer[] =
	    "{\"entry\":[{\"response\":{\"status\":\"201 Created\"}},"
	    "{\"response\":{\"status\":\"422 Unprocessable\"}},"
	    "{\"response\":{\"status\":\"200 OK\"}}]}";
	struct world *f = *state;
	struct seen *s = add(f, "batch", 200);

	s->type = "";
	s->body = body;
	s->body_len = strlen(body);
	s->answer = answer;
	s->answer_len = strlen(answer);
	make(f, two_cases);
	/* "any" is about functions: a batch is another one */
	assert_int_equal(cell(f, 0)->verdict, VERDICT_UNTRIED);
	assert_int_equal(cell(f, 1)->passed, 1);
	assert_int_equal(cell(f, 1)->failed, 1);
	assert_int_equal(f->report.evidences, 1);
	assert_int_equal(f->report.met[200], 1);
}

static void bodies_that_are_cut(void **state)
{
	static const char *const bodies[] = {
	    "{",
	    "",
	    "[",
	    "{\"entry\":[{\"request\":{}}]}",
	    "{\"entry\":5}",
	    "{\"entry\":[{\"request\":{\"method\":\"POST\",\"url\":\"\"}}]}",
	    "{\"meta\":{\"profile\":[\"\",5,\"x|1\"]},\"identifier\":[{}]}"};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(bodies); i++) {
		f->n = 0;
		for (int k = 0; k < 2; k++) {
			struct seen *s = add(f, k ? "create" : "batch", 400);

			s->body = s->answer = bodies[i];
			s->body_len = s->answer_len = strlen(bodies[i]);
		}
		make(f, two_cases);
		assert_int_equal(cell(f, 0)->failed, 1);
	}
}

/* ---- habits ---------------------------------------------------------------
 */

static const struct report_habit *habit(struct world *f, const char *id)
{
	for (size_t i = 0; i < f->report.habits; i++)
		if (strcmp(f->report.habit[i].id, id) == 0)
			return &f->report.habit[i];
	return NULL;
}

static struct seen *get(struct world *f, int status, int64_t wall_ms)
{
	struct seen *s = add(f, "search-type", status);

	s->method = "GET";
	s->wall_ms = wall_ms;
	return s;
}

static void backs_off(void **state)
{
	static const struct {
		int status;
		int64_t after_ms;
		bool found;
	} rows[] = {
	    {503, 10, true},	{429, 999, true}, {503, 1000, false},
	    {503, 5000, false}, {500, 10, false}, {200, 10, false},
	};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		f->n = 0;
		get(f, rows[i].status, 100000);
		get(f, 200, 100000 + rows[i].after_ms);
		make(f, two_cases);
		if ((habit(f, "no-back-off") != NULL) != rows[i].found)
			fail_msg("row %zu", i);
	}
	f->n = 0; /* another question is none */
	get(f, 503, 100000);
	get(f, 200, 100001)->query = "x=1";
	make(f, two_cases);
	assert_null(habit(f, "no-back-off"));
	f->n = 0; /* nobody knows how fast it was */
	get(f, 503, 0);
	get(f, 200, 0);
	make(f, two_cases);
	assert_null(habit(f, "no-back-off"));
}

static void polls(void **state)
{
	struct world *f = *state;

	for (int i = 0; i < 3; i++)
		get(f, 200, 1000 + i * 300);
	make(f, two_cases);
	assert_non_null(habit(f, "polling"));
	assert_int_equal(habit(f, "polling")->count, 1);
	f->n = 0;
	for (int i = 0; i < 6; i++)
		get(f, 200, 1000 + i * 1000);
	make(f, two_cases);
	assert_null(habit(f, "polling"));
}

static void handshakes(void **state)
{
	static const struct {
		int alert;
		const char *id;
	} rows[] = {{70, "old-tls"}, {116, "no-certificate"}};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		f->n = 0;
		f->entry[f->n++] = (struct seen){.seq = 1,
						 .id = "x",
						 .kind = "tls",
						 .method = "",
						 .path = "",
						 .alert = rows[i].alert};
		make(f, two_cases);
		assert_int_equal(f->report.habits, 1);
		assert_non_null(habit(f, rows[i].id));
	}
}

static void personal_codes(void **state)
{
	static const struct {
		const char *query;
		bool found;
	} rows[] = {
	    {"identifier=010190-****", true},
	    {"identifier=010190-900P", true},
	    {"010190-900P", true},
	    {"identifier=010190-900X", false}, /* not its check character */
	    {"identifier=x010190-900P", false},
	    {"identifier=010190-90", false},
	    {"_id=5c1e0101-9090-4000-8000-000000000000", false},
	    {"", false},
	};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		f->n = 0;
		get(f, 200, 0)->query = rows[i].query;
		make(f, two_cases);
		if ((habit(f, "hetu-in-url") != NULL) != rows[i].found)
			fail_msg("%s", rows[i].query);
	}
}

/* ---- what was asked for, words --------------------------------------------
 */

static void keeps_applications_apart(void **state)
{
	struct world *f = *state;
	const char *text = arena_printf(f->arena, cases_text, two_cases);
	const struct report_journal j = {entry_at, f, 3};

	add(f, "create", 201)->client_id = "one";
	add(f, "create", 422)->client_id = "two";
	add(f, "create", 422)->kind = "control";
	assert_true(report_cases_read(&f->rq, text, strlen(text), &f->cases));
	f->report = (struct report){.arena = f->arena,
				    .cases = &f->cases,
				    .wanted = {.client_id = "two"}};
	report_make(&f->report, &j);
	assert_int_equal(f->report.entries, 1);
	assert_int_equal(cell(f, 0)->verdict, VERDICT_FAILED);
	assert_false(f->report.complete);
	assert_int_equal(f->report.dropped, 3);
}

static void words(void **state)
{
	struct world *f = *state;
	struct report_words w;

	report_words_init(&w, f->arena);
	assert_false(report_words_has(&w, "a"));
	report_words_sort(&w);
	for (int i = 999; i >= 0; i--)
		report_words_add(&w, arena_printf(f->arena, "%03d", i % 500));
	assert_int_equal(w.n, 500);
	assert_int_equal(report_words_add(&w, "new"), 500);
	report_words_forget(&w);
	assert_false(report_words_has(&w, "new"));
	report_words_sort(&w);
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(strtol(w.v[i], NULL, 10), i);
	assert_true(report_words_has(&w, "499"));
}

/* ---- the cases -------------------------------------------------------------
 */

static void wrong_cases(void **state)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
	    {"{\"id\":\"x\"}", "/cases/0"},
	    {CASE("x", "\"expect\":[\"200\"],\"match\":{}"), "/cases/0"},
	    {CASE("x", "\"per\":\"all\",\"expect\":[],\"match\":{}"),
	     "/cases/0"},
	    {CASE("x", "\"per\":\"type\",\"match\":{}"), "/cases/0"},
	    {CASE("x", "\"per\":\"type\",\"expect\":[]"), "/cases/0"},
	    {CASE("x", "\"per\":\"type\",\"expect\":[],\"match\":{},"
		       "\"needs\":\"wings\""),
	     "/cases/0"},
	    {CASE("x", "\"per\":\"type\",\"expect\":[],\"match\":{},"
		       "\"look\":\"twice\""),
	     "/cases/0"},
	    {CASE("x", "\"per\":\"type\",\"expect\":[],\"match\":{},"
		       "\"wing\":1"),
	     "/cases/0/wing"},
	    {CASE("x", "\"per\":\"type\",\"expect\":[],"
		       "\"match\":{\"colour\":\"red\"}"),
	     "/cases/0/match/colour"},
	};
	struct world *f = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		const char *text =
		    arena_printf(f->arena, cases_text, rows[i].text);

		f->rq.err = (struct err){.kind = ERR_NONE};
		assert_false(
		    report_cases_read(&f->rq, text, strlen(text), &f->cases));
		assert_string_equal(f->rq.err.where, rows[i].where);
	}
}

static void own_cases(void **state)
{
	const struct page_asset *asset =
	    page_asset("fixtures/report/cases.json");
	struct world *f = *state;
	unsigned groups = 0;

	assert_non_null(asset);
	if (!report_cases_read(&f->rq, (const char *)asset->bytes, asset->n,
			       &f->cases))
		fail_msg("%s", f->rq.err.text);
	assert_int_equal(f->cases.groups, 4);
	for (size_t i = 0; i < f->cases.n; i++)
		groups |= 1u << (f->cases.of[i].group - f->cases.group);
	assert_int_equal(groups, 15);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(judges),
	    TEST(counts_statuses),
	    TEST(cites_each_entry_once),
	    TEST(entries_of_a_batch),
	    TEST(bodies_that_are_cut),
	    TEST(backs_off),
	    TEST(polls),
	    TEST(handshakes),
	    TEST(personal_codes),
	    TEST(keeps_applications_apart),
	    TEST(words),
	    TEST(wrong_cases),
	    TEST(own_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
