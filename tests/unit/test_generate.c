/* SPDX-License-Identifier: Apache-2.0
 *
 * generate: that plans are read strictly, that values stay what their models
 * say, that days are Finnish days, and that what comes depends on the arguments
 * alone.
 */
#include "generate/generate_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define URL	 "http://phr.kanta.fi/StructureDefinition/"
#define PRESSURE "fiphr-sd-bloodpressure"
#define DAY_MS	 INT64_C(86400000)

static const struct generate_citizen people[] = {
    {"010190-900P", "90090090-0900-4900-8900-900900900900"},
    {"150785-901A", "90190190-1901-4901-8901-901901901901"},
};

/* The text of a whole run, and how many resources it has. */
struct output {
	struct arena *arena;
	struct buf text;
	size_t n, counted;
	struct err e;
};

static struct generate_options usual(void)
{
	return (struct generate_options){
	    .seed = 1,
	    .until_ms = date_days(2026, 4, 10) * DAY_MS + DAY_MS / 2,
	    .days = 20,
	    .citizen = people,
	    .citizen_count = 2,
	    .fhir = {true, true},
	};
}

static bool run(struct output *out, const struct generate_options *o)
{
	struct generator *g;
	struct generated one;

	*out = (struct output){.arena = arena_new(0)};
	buf_init(&out->text, out->arena);
	g = generate_open(out->arena, o, &out->e);
	if (!g)
		return false;
	out->counted = generate_count(g);
	while (generate_next(g, &one)) {
		buf_add(&out->text, one.text, one.len);
		buf_putc(&out->text, '\n');
		out->n++;
	}
	return true;
}

static bool same(const struct generate_options *x,
		 const struct generate_options *y)
{
	struct output a, b;
	bool is;

	assert_true(run(&a, x));
	assert_true(run(&b, y));
	is = strcmp(a.text.p, b.text.p) == 0;
	arena_free(a.arena);
	arena_free(b.arena);
	return is;
}

/* ---- the built-in plans ------------------------------------------------- */

static void test_plans(void **state)
{
	struct arena *all = arena_new(0);
	struct generate_plan p, before = {.profile = ""};
	struct err e = {.kind = ERR_NONE};
	size_t n = 0;

	(void)state;
	for (bool there = true; there; n++) {
		struct arena *a = arena_new(0);

		there = generate_plan(a, n, &p, &e);
		assert_string_equal(e.where, "");
		if (there) {
			assert_non_null(p.type);
			assert_true(p.fhir > before.fhir ||
				    (p.fhir == before.fhir &&
				     strcmp(p.profile, before.profile) > 0));
			before = p;
			before.profile = arena_strdup(all, p.profile);
		}
		arena_free(a);
	}
	assert_true(n > 20);
	arena_free(all);
}

static void test_whole_run(void **state)
{
	const struct generate_options o = usual();
	struct output out;
	struct err e = {.kind = ERR_NONE};
	const char *line;

	(void)state;
	assert_true(run(&out, &o));
	assert_int_equal(out.n, out.counted);
	assert_true(out.n > 1000);
	for (line = out.text.p; *line; line = strchr(line, '\n') + 1) {
		const struct json *v =
		    json_parse(out.arena, line, strcspn(line, "\n"), &e);

		assert_non_null(v);
		assert_non_null(json_get_text(v, "resourceType"));
		assert_null(strchr(json_get_text(v, "resourceType"), '{'));
	}
	arena_free(out.arena);
}

/* ---- what it depends on
 * ------------------------------------------------------ */

static void test_same_bytes(void **state)
{
	struct generate_options x = usual(), y = usual();

	(void)state;
	assert_true(same(&x, &y));
	y.until_ms += DAY_MS / 3; /* the same day */
	assert_true(same(&x, &y));
	y = usual();
	y.seed = 2;
	assert_false(same(&x, &y));
	y = usual();
	y.until_ms -= DAY_MS;
	assert_false(same(&x, &y));
}

/* What is about citizens, in both versions. */
static struct generate_options personal(void)
{
	static const char *const about[] = {"bloodglucose", "exercisetracking",
					    "insulindosing", "patient"};
	struct generate_options o = usual();

	o.profile = about;
	o.profile_count = LEN(about);
	return o;
}

/* A run is the end of a longer one of the same citizen, and part of one of more
 * citizens. */
static void test_parts(void **state)
{
	struct generate_options o = personal();
	struct output part, longer, both;

	(void)state;
	o.citizen_count = 1;
	assert_true(run(&part, &o));
	o.days = 50;
	assert_true(run(&longer, &o));
	assert_true(longer.text.len > part.text.len);
	assert_string_equal(longer.text.p + longer.text.len - part.text.len,
			    part.text.p);
	o = personal();
	assert_true(run(&both, &o));
	assert_memory_equal(both.text.p, part.text.p, part.text.len);
	o.citizen = people + 1;
	o.citizen_count = 1;
	arena_free(longer.arena);
	assert_true(run(&longer, &o));
	assert_string_equal(both.text.p + part.text.len, longer.text.p);
	arena_free(part.arena);
	arena_free(longer.arena);
	arena_free(both.arena);
}

/* What is nobody's is made once, and the same for whomever. */
static void test_shared(void **state)
{
	static const char *const about[] = {"questionnaire"};
	struct generate_options o = usual();
	struct output all, one;

	(void)state;
	o.profile = about;
	o.profile_count = LEN(about);
	assert_true(o.citizen_count > 1 && run(&all, &o));
	o.citizen = people + 1;
	o.citizen_count = 1;
	assert_true(run(&one, &o));
	assert_true(one.text.len > 0);
	assert_string_equal(all.text.p, one.text.p);
	arena_free(all.arena);
	arena_free(one.arena);
}

static void test_one_profile(void **state)
{
	static const char *const name[] = {PRESSURE};
	static const char *const url[] = {URL PRESSURE};
	struct generate_options x = usual(), y = usual();
	struct output all, one;
	char *line;

	(void)state;
	x.profile = name;
	x.profile_count = 1;
	y.profile = url;
	y.profile_count = 1;
	assert_true(same(&x, &y));
	y = usual();
	assert_true(run(&one, &x));
	assert_true(run(&all, &y));
	for (line = one.text.p; *line; line = strchr(line, '\n') + 1)
		assert_non_null(
		    strstr(all.text.p, arena_strndup(one.arena, line,
						     strcspn(line, "\n"))));
	arena_free(all.arena);
	arena_free(one.arena);
}

static void test_order(void **state)
{
	static const char *const name[] = {PRESSURE};
	struct generate_options o = usual();
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	struct generated one;
	struct generator *g;
	const char *hetu = "";
	int64_t before = 0;

	(void)state;
	o.profile = name;
	o.profile_count = 1;
	g = generate_open(a, &o, &e);
	assert_non_null(g);
	while (generate_next(g, &one)) {
		const char *text = json_get_text(
		    json_parse(a, one.text, one.len, &e), "effectiveDateTime");
		struct time_span t;

		assert_true(time_parse(text, strlen(text), &t));
		assert_true(t.has_zone);
		assert_true(t.lo_ms < date_days(2026, 4, 10) * DAY_MS);
		assert_true(t.lo_ms >= date_days(2026, 3, 20) * DAY_MS);
		if (strcmp(hetu, one.citizen->hetu) == 0)
			assert_true(t.lo_ms >= before);
		else
			assert_true(strcmp(hetu, one.citizen->hetu) < 0);
		assert_true(uuid_ok(one.uuid));
		assert_non_null(strstr(one.text, one.uuid));
		assert_non_null(strstr(one.text, one.citizen->patient_id));
		hetu = one.citizen->hetu;
		before = t.lo_ms;
	}
	arena_free(a);
}

static void test_unknown_profile(void **state)
{
	static const char *const typo[] = {"fiphr-sd-bloodpresure"};
	static const char *const known[] = {PRESSURE};
	struct generate_options o = usual();
	struct output out;

	(void)state;
	o.profile = typo;
	o.profile_count = 1;
	assert_false(run(&out, &o));
	assert_non_null(strstr(out.e.text, "did you mean " PRESSURE));
	arena_free(out.arena);
	o.profile = known;
	o.fhir[FHIR_R4] = false;
	assert_false(run(&out, &o));
	assert_non_null(strstr(out.e.text, "other FHIR version"));
	arena_free(out.arena);
}

/* ---- plans of our own
 * --------------------------------------------------------- */

#define FILE_NAME "fixtures/generate/" PRESSURE ".json"
#define HEAD	  "{\"profile\":\"" URL PRESSURE "\",\"fhir\":\"r4\""
#define SHAPES	  ",\"shapes\":[{\"example\":\"" PRESSURE "-min\"}]"
#define WHEN	  ",\"when\":[{\"at\":\"12:00\"}]"

static bool open_plan(struct arena *a, const char *text, struct plan *p,
		      struct err *e)
{
	return gen_plan_read(a, FILE_NAME, text, strlen(text), p, e) &&
	       gen_plan_open(a, p, e);
}

static const struct {
	const char *text, *where, *why;
} broken[] = {
    {"{\"fhir\":\"r4\",", "line 1", "expected"},
    {"{\"fhir\":\"r4\"}", "profile", "must be a URL"},
    {"{\"profile\":\"" URL "other\",\"fhir\":\"r4\"}", "profile",
     "name of the file"},
    {"{\"profile\":\"" URL PRESSURE "\",\"fhir\":\"r5\"}", "fhir", "stu3"},
    {HEAD SHAPES "}", "when", "must be a list"},
    {HEAD WHEN "}", "when[0].shapes", "must be a list"},
    {HEAD SHAPES WHEN ",\"wen\":1}", "the plan", "did you mean when"},
    {HEAD SHAPES ",\"when\":[{\"at\":\"25:00\"}]}", "when[0].at", "07:15"},
    {HEAD SHAPES ",\"when\":[{\"at\":\"5:00\",\"chanse\":1}]}", "when[0]",
     "did you mean chance"},
    {HEAD SHAPES ",\"when\":[{\"at\":\"5:00\",\"chance\":2}]}", "when[0]",
     "0 to 1"},
    {HEAD SHAPES ",\"when\":[{\"at\":\"5:00\",\"weekdays\":[1]}]}",
     "when[0].weekdays", "7 numbers"},
    {HEAD SHAPES ",\"when\":[{\"at\":\"5:00\",\"every_days\":0}]}", "when[0]",
     "every_days"},
    {HEAD ",\"shapes\":[{\"example\":\"nowhere\"}]" WHEN "}",
     "fixtures/examples/nowhere.json", "no such file"},
    {HEAD ",\"shapes\":[{\"example\":\"fiphr-sd-patient-min\"},"
	  "{\"example\":\"" PRESSURE "-min\"}]" WHEN "}",
     "shapes[1]", "type"},
    {HEAD ",\"shapes\":[{\"example\":\"" PRESSURE
	  "-min\",\"remove\":[\"nothing\"]}]" WHEN "}",
     "shapes[0].remove.nothing", "does not have it"},
    {HEAD SHAPES WHEN ",\"set\":{\"efective\":\"{time}\"}}", "set.efective",
     "none of the examples"},
    {HEAD SHAPES WHEN ",\"set\":{\"effectiveDateTime\":\"{tim}\"}}",
     "set.effectiveDateTime", "{tim} is no value"},
    {HEAD SHAPES WHEN ",\"set\":{\"effectiveDateTime\":\"{time:no}\"}}",
     "set.effectiveDateTime", "fi, sv or en"},
    {HEAD SHAPES WHEN ",\"set\":{\"effectiveDateTime\":\"{time\"}}",
     "set.effectiveDateTime", "brace"},
    {HEAD SHAPES WHEN ",\"set\":{\"code\":\"{time}\"}}", "set.code",
     "no single value"},
    {HEAD SHAPES WHEN ",\"set\":{\"component[0].valueQuantity.value\":"
		      "\"x\"}}",
     "set.component[0].valueQuantity.value", "one slot"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{}}}", "values.a", "needs a base"},
    {HEAD SHAPES WHEN ",\"values\":{\"A\":{\"base\":1}}}", "values.A",
     "small letters"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"base\":[2,1]}}}", "values.a.base",
     "lower bound"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"base\":1e3}}}", "values.a.base",
     "four millions"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"of\":\"b\"},\"b\":{\"base\":1}}}",
     "values.a.of", "before it"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"base\":1,\"noize\":1}}}",
     "values.a", "did you mean noise"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"base\":1,\"hours\":{\"24\":1}}}}",
     "values.a.hours", "0 to 23"},
    {HEAD SHAPES WHEN ",\"values\":{\"a\":{\"choice\":[]}}}", "values.a",
     "must be a list"},
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(broken); i++) {
		struct arena *a = arena_new(0);
		struct err e = {.kind = ERR_NONE};
		struct plan p;

		if (open_plan(a, broken[i].text, &p, &e))
			fail_msg("taken: %s", broken[i].text);
		if (!strstr(e.where, broken[i].where) ||
		    !strstr(e.text, broken[i].why))
			fail_msg("%s: %s: %s", broken[i].text, e.where, e.text);
		arena_free(a);
	}
}

#define MODEL                                                                  \
	HEAD SHAPES                                                            \
	    ",\"when\":[{\"at\":\"03:30\",\"spread_min\":20},"                 \
	    "{\"at\":\"12:45\",\"spread_min\":5},"                             \
	    "{\"at\":\"23:50\",\"spread_min\":60,\"chance\":0.5}],"            \
	    "\"values\":{"                                                     \
	    "\"plain\":{\"base\":[10,20],\"digits\":2},"                       \
	    "\"tight\":{\"base\":[10,20],\"noise\":40,\"min\":5,\"max\":25,"   \
	    "\"digits\":1},"                                                   \
	    "\"hour\":{\"base\":0,\"hours\":{\"4\":0,\"12\":8},\"digits\":3}," \
	    "\"meal\":{\"base\":0,\"meals\":{\"at\":[\"12:00\"],"              \
	    "\"rise\":[2,3],\"peak_min\":45,\"fall_min\":120},\"digits\":3},"  \
	    "\"twice\":{\"of\":\"plain\",\"times\":2,\"plus\":1,"              \
	    "\"digits\":2},"                                                   \
	    "\"sunday\":{\"base\":7,\"weekdays\":[1,1,1,1,1,1,0]},"            \
	    "\"word\":{\"choice\":[{\"fi\":\"a\",\"n\":1},{\"weight\":3,"      \
	    "\"fi\":\"b\",\"n\":2}]},"                                         \
	    "\"count\":{\"of\":\"word.n\",\"times\":\"plain\",\"digits\":2}"   \
	    "},\"set\":{\"component[0].valueQuantity.value\":\"{plain}\","     \
	    "\"component[1].valueQuantity.value\":\"{hour+1}\","               \
	    "\"effectiveDateTime\":\"{time}\"}}"

enum { PLAIN, TIGHT, HOUR, MEAL, TWICE, SUNDAY, WORD, COUNT };

static int64_t value_in(const struct event *e, size_t i, int64_t lo, int64_t hi)
{
	const int64_t x = gen_value(e, i);

	assert_true(x >= lo && x <= hi);
	return x;
}

static void check_event(const struct event *e)
{
	const int64_t plain = value_in(e, PLAIN, 10 * MILLION, 20 * MILLION);
	const bool noon = e->place == 1;

	value_in(e, TIGHT, 5 * MILLION, 25 * MILLION);
	assert_int_equal(gen_value(e, TIGHT) % 100000, 0);
	assert_int_equal(gen_value(e, TWICE), 2 * plain + MILLION);
	assert_int_equal(gen_value(e, SUNDAY),
			 gen_local(e->time_ms).weekday == 6 ? 0 : 7 * MILLION);
	assert_int_equal(gen_value(e, COUNT), plain * (gen_word(e, WORD) + 1));
	if (noon) {
		value_in(e, HOUR, 7 * MILLION, 8 * MILLION);
		value_in(e, MEAL, MILLION, 3 * MILLION);
	} else {
		value_in(e, HOUR, 0, 4 * MILLION);
		assert_int_equal(gen_value(e, MEAL), 0);
	}
}

static void test_models(void **state)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const int64_t first = date_days(2026, 1, 1);
	size_t late = 0, words[2] = {0, 0};
	struct plan p;
	uint64_t key;

	(void)state;
	if (!open_plan(a, MODEL, &p, &e))
		fail_msg("%s: %s", e.where, e.text);
	key = gen_citizen_key(1, &p, people);
	for (int64_t day = first; day < first + 400; day++)
		for (unsigned i = 0; i < p.when_count; i++) {
			struct event x;
			const bool is =
			    gen_event(&p, people, key, day, first + 399, i, &x);

			assert_true(is || i == 2);
			if (!is)
				continue;
			late += i == 2;
			assert_int_equal(gen_day(x.time_ms), day);
			check_event(&x);
			words[gen_word(&x, WORD)]++;
		}
	assert_in_range(late, 150, 250);
	assert_in_range(words[0] * 3, words[1] / 2, words[1] * 2);
	arena_free(a);
}

/* ---- days
 * ---------------------------------------------------------------------- */

static void test_clock_changes(void **state)
{
	static const struct {
		int month, day, hours;
	} days[] = {{3, 28, 24},  {3, 29, 23},	{3, 30, 24},
		    {10, 24, 24}, {10, 25, 25}, {10, 26, 24}};

	(void)state;
	for (size_t i = 0; i < LEN(days); i++) {
		const int64_t day = date_days(2026, days[i].month, days[i].day);
		const int64_t from = gen_instant(day, 0);

		assert_int_equal(gen_instant(day + 1, 0) - from,
				 days[i].hours * INT64_C(3600000));
		for (int64_t s = 0; s < 86400; s += 900) {
			const struct local t = gen_local(gen_instant(day, s));

			assert_int_equal(t.day, day);
			assert_int_equal(t.date.day, days[i].day);
			/* the hour that is skipped is an hour later */
			if (days[i].hours != 23 || s / 3600 != 3)
				assert_int_equal(t.hour, s / 3600);
			assert_int_equal(t.minute, s / 60 % 60);
		}
	}
	assert_int_equal(
	    gen_local(gen_instant(date_days(2026, 3, 29), 0)).zone_h, 2);
	assert_int_equal(
	    gen_local(gen_instant(date_days(2026, 3, 29), 5 * 3600)).zone_h, 3);
}

/* What is rendered of the plan above: a number where the example has one, the
 * value of the next event, the offset of the day. */
static void test_rendered(void **state)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const int64_t day = date_days(2026, 3, 28);
	const struct json *v, *c;
	char uuid[UUID_TEXT];
	struct event x;
	struct plan p;
	struct buf b;

	(void)state;
	assert_true(open_plan(a, MODEL, &p, &e));
	buf_init(&b, a);
	assert_true(gen_event(&p, people, gen_citizen_key(1, &p, people), day,
			      day, 0, &x));
	gen_render(&x, NULL, &b, uuid);
	v = json_parse(a, b.p, b.len, &e);
	assert_non_null(v);
	c = gen_find(v, "component[0].valueQuantity.value");
	assert_int_equal(json_kind(c), JSON_NUMBER);
	assert_string_equal(
	    json_text(c),
	    arena_printf(a, "%.2f", (double)gen_value(&x, PLAIN) / 1e6));
	/* at noon of the same day */
	c = gen_find(v, "component[1].valueQuantity.value");
	assert_in_range((int)json_text(c)[0], '7', '8');
	assert_memory_equal(json_get_text(v, "effectiveDateTime"),
			    "2026-03-28T03:", 14);
	assert_non_null(
	    strstr(json_get_text(v, "effectiveDateTime"), "+02:00"));
	assert_string_equal(json_text(gen_find(v, "identifier[0].value")) + 9,
			    uuid);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plans),
	    cmocka_unit_test(test_whole_run),
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_shared),
	    cmocka_unit_test(test_one_profile),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_unknown_profile),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_models),
	    cmocka_unit_test(test_clock_changes),
	    cmocka_unit_test(test_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
