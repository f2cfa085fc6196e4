/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person reads of a resource: values of each shape, times in three
 * languages, narratives without markup, every line, numbers that can be drawn,
 * kinds and shelves. Needs no rules: a resource is read as it stands.
 */
#include "record/display_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct t {
	struct arena *a;
	struct log log;
	struct record r;
	struct page_locale locale[PAGE_LANGUAGES];
	struct err e;
};

static int setup(void **state)
{
	struct t *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->a = arena_new(0);
	t->log.format = LOG_OFF;
	t->r.store = store_open(":memory:", &t->log, &t->e);
	assert_non_null(t->r.store);
	for (int l = 0; l < PAGE_LANGUAGES; l++) {
		t->locale[l].words = page_words_new(t->a);
		t->locale[l].language = (enum page_language)l;
	}
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct t *t = *state;

	record_close(&t->r);
	store_close(t->r.store);
	arena_free(t->a);
	free(t);
	return 0;
}

/* JSON with ' for ". */
static const struct json *J(struct t *t, const char *text)
{
	char *s = arena_strdup(t->a, text);

	for (char *c = s; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	const struct json *v = json_parse(t->a, s, strlen(s), &t->e);
	if (v == NULL)
		fail_msg("%s: %s", text, t->e.text);
	return v;
}

static struct record_display show(struct t *t, enum page_language l,
				  const char *text)
{
	struct record_display d;

	record_display(&t->r, t->a, &t->locale[l], J(t, text), &d);
	return d;
}

/* "label=value" of each line, deeper ones with dots before. */
static const char *lines(struct t *t, const struct record_display *d)
{
	struct buf b;

	buf_init(&b, t->a);
	for (size_t i = 0; i < d->rows; i++)
		buf_printf(&b, "%s%.*s%s=%s", i > 0 ? "|" : "",
			   (int)d->row[i].depth, ".....", d->row[i].label,
			   d->row[i].value);
	return b.p;
}

/* ---- values ---------------------------------------------------------- */

#define LOINC(code) "{'system':'http://loinc.org','code':'" code "'}"
#define KG	    "'unit':'kg','code':'kg'"
#define PART(code, value)                                                      \
	"{'code':{'coding':[" LOINC(code) "]},'valueQuantity':{'value':" value \
					  ",'unit':'mm[Hg]'}}"

static const struct {
	const char *resource, *value;
} values[] = {
    {"{}", ""},
    {"{'valueQuantity':{'value':72.50," KG "}}", "72.50 kg"},
    {"{'valueQuantity':{'value':1e2," KG "}}", "1e2 kg"},
    {"{'valueQuantity':{'value':-0.0,'code':'[iU]'}}", "-0.0 IU"},
    {"{'valueQuantity':{'comparator':'<','value':3,'unit':'g'}}", "<3 g"},
    {"{'valueQuantity':{'value':8431,'unit':'1','code':'1'}}", "8431"},
    {"{'valueQuantity':{'value':5}}", ""},
    {"{'valueString':'<b>'}", "<b>"},
    {"{'valueBoolean':true}", "Yes"},
    {"{'valueInteger':7}", "7"},
    {"{'valueCodeableConcept':{'text':'Mine'}}", "Mine"},
    {"{'valueCodeableConcept':{'coding':[{'code':'a','display':'B'}],"
     "'text':'C'}}",
     "C"},
    {"{'valueCodeableConcept':{'coding':[{'code':'a','display':'B'}]}}", "B"},
    {"{'valueCodeableConcept':{'coding':[{'code':'a'}]}}", "a"},
    {"{'valueRange':{'low':{'value':1," KG "},'high':{'value':2.0," KG "}}}",
     "1 kg – 2.0 kg"},
    {"{'valueRatio':{'numerator':{'value':1," KG "},'denominator':"
     "{'value':2,'unit':'d'}}}",
     "1 kg / 2 d"},
    {"{'component':[" PART("8480-6", "128") "," PART("8462-4", "82.0") "]}",
     "128/82.0 mmHg"},
    {"{'component':[" PART("8462-4", "82") "," PART("8480-6", "128") "]}",
     "128/82 mmHg"},
    {"{'component':[" PART("8480-6", "128") "]}", "128 mmHg"},
    {"{'component':[{'valueQuantity':{'value':35,'unit':'min'}},"
     "{'valueCodeableConcept':{'text':'Hard'}}]}",
     "35 min; Hard"},
    {"{'dosage':{'dose':{'value':18,'unit':'IU'},'text':'x'}}", "18 IU"},
    {"{'dosage':{'text':'One at night'}}", "One at night"},
    {"{'dosage':[{'text':'One at night'}]}", "One at night"},
    {"{'title':'Walk','description':'More'}", "Walk"},
    {"{'description':'More'}", "More"},
    {"{'item':[{'linkId':'1','answer':[{'valueInteger':1}]}]}", "1 answer"},
    {"{'item':[{'linkId':'1','item':[{'answer':[{'valueInteger':1}]},"
     "{'answer':[]}]}]}",
     "2 answers"},
    {"{'item':[]}", ""},
    {"{'dataAbsentReason':{'text':'Broken meter'}}", "Broken meter"},
    /* what is of no shape that it should be */
    {"{'valueQuantity':[],'component':{},'dosage':7,'item':'x'}", ""},
    {"{'valueQuantity':{'value':{},'unit':[]}}", ""},
    {"{'component':[1,null,'x']}", ""},
    {"{'code':[],'category':'x','dosage':[]}", ""},
};

static void test_values(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(values); i++) {
		struct record_display d = show(t, PAGE_EN, values[i].resource);

		if (strcmp(d.value, values[i].value) != 0)
			fail_msg("%s: \"%s\"", values[i].resource, d.value);
	}
}

/* ---- times ----------------------------------------------------------- */

static const struct {
	const char *sent, *said[PAGE_LANGUAGES];
} times[] = {
    {"2026", {"2026", "2026", "2026"}},
    {"2026-03", {"2026-03", "3/2026", "3/2026"}},
    {"2026-03-09", {"2026-03-09", "9.3.2026", "9.3.2026"}},
    {"2026-03-09T07:10:00+02:00",
     {"2026-03-09 07:10", "9.3.2026 klo 7.10", "9.3.2026 kl. 7.10"}},
    {"2026-03-09T07:10:05.250+02:00",
     {"2026-03-09 07:10:05", "9.3.2026 klo 7.10.05", "9.3.2026 kl. 7.10.05"}},
    {"2026-07-09T22:10:00Z",
     {"2026-07-10 01:10", "10.7.2026 klo 1.10", "10.7.2026 kl. 1.10"}},
    {"1969-12-31T23:00:00Z",
     {"1970-01-01 01:00", "1.1.1970 klo 1.00", "1.1.1970 kl. 1.00"}},
    {"1899-12-31", {"1899-12-31", "31.12.1899", "31.12.1899"}},
    {"2026-02-30", {"2026-02-30", "2026-02-30", "2026-02-30"}},
    {"soon", {"soon", "soon", "soon"}},
    {"", {"", "", ""}},
};

static void test_times(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(times); i++)
		for (int l = 0; l < PAGE_LANGUAGES; l++)
			assert_string_equal(
			    record_when(t->a, &t->locale[l], times[i].sent),
			    times[i].said[l]);
	assert_string_equal(record_when(t->a, NULL, NULL), "");
	assert_string_equal(record_when_ms(t->a, NULL, 0), "1970-01-01 02:00");
}

static const struct {
	const char *resource, *when;
} whens[] = {
    {"{'effectiveDateTime':'2026-03-09','issued':'2026-03-10'}", "2026-03-09"},
    {"{'effectivePeriod':{'start':'2026-03-09T07:10:00+02:00',"
     "'end':'2026-03-09T08:00:00+02:00'}}",
     "2026-03-09 07:10 – 08:00"},
    {"{'effectivePeriod':{'start':'2026-03-09T07:10:00+02:00',"
     "'end':'2026-03-10T08:00:00+02:00'}}",
     "2026-03-09 07:10 – 2026-03-10 08:00"},
    {"{'period':{'start':'2026-03-09','end':'2026-03-09'}}",
     "2026-03-09 – 2026-03-09"},
    {"{'period':{'start':'2026-03-09'}}", "2026-03-09 – "},
    {"{'period':{'end':'2026-03-09'}}", " – 2026-03-09"},
    {"{'period':{}}", ""},
    {"{'period':'2026'}", ""},
    {"{'effectiveDateTime':{}}", ""},
    {"{'issued':'2026-03-10'}", "2026-03-10"},
    {"{}", ""},
};

static void test_when(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(whens); i++) {
		struct record_display d = show(t, PAGE_EN, whens[i].resource);

		if (strcmp(d.when, whens[i].when) != 0)
			fail_msg("%s: \"%s\"", whens[i].resource, d.when);
	}
	struct record_display d =
	    show(t, PAGE_EN, "{'authored':'2026-03-09T07:10:00+02:00'}");
	assert_string_equal(d.sent, "2026-03-09T07:10:00+02:00");
	assert_true(d.at_ms == INT64_C(1773033000000));
	assert_true(show(t, PAGE_EN, "{}").at_ms == INT64_MIN);
}

/* ---- narratives ------------------------------------------------------ */

static const struct {
	const char *div, *text;
} narratives[] = {
    {"", ""},
    {"<div>Weight: 72.5 kg</div>", "Weight: 72.5 kg"},
    {"<div>One<br/>Two<br>Three</div>", "One\nTwo\nThree"},
    {"<div><p>One</p>\n  <p> Two </p></div>", "One\nTwo"},
    {"<div>A <b>bold</b>  word\n here</div>", "A bold word here"},
    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
     "a b\nc"},
    {"&lt;script&gt;x&lt;/script&gt; &amp;amp; &quot;&apos;&nbsp;&deg;",
     "<script>x</script> &amp; \"' \xc2\xb0"},
    {"&#65;&#x42;&#228;&#x20AC;&#128512;",
     "AB\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"x&#0;&#x1F;&#xD800;&#99999999999;y", "x   &#99999999999;y"},
    {"a & b &unknown; &#; &#x; &", "a & b &unknown; &#; &#x; &"},
    {"a<unfinished", "a"},
    {"a<", "a"},
    {"<", ""},
    {"<script>alert(1)</script>", "alert(1)"},
};

static void test_narratives(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(narratives); i++) {
		const char *text = display_narrative(t->a, narratives[i].div);

		if (strcmp(text, narratives[i].text) != 0)
			fail_msg("%s: \"%s\"", narratives[i].div, text);
	}
	assert_string_equal(display_narrative(t->a, NULL), "");
}

/* ---- lines ----------------------------------------------------------- */

static const struct {
	const char *resource, *lines;
} rows[] = {
    {"{'resourceType':'Observation','id':'x','meta':{'profile':['y']},"
     "'subject':{'reference':'Patient/1'},'status':'final',"
     "'text':{'div':'z'}}",
     "Status=Final"},
    {"{'status':'draft','_status':{'id':'x'},'madeUp':3}",
     "Status=draft|madeUp=3"},
    {"{'note':[{'text':'One'},{'time':'2026-03-09','text':'Two'}]}",
     "Comment=One|Comment=|.Time=2026-03-09|.Text=Two"},
    {"{'identifier':[{'system':'s','value':'v'},{'value':'w'}]}",
     "Identifier=v|Identifier=|.value=w"},
    {"{'performer':[{'reference':'Patient/1','display':'Me'},"
     "{'reference':'Patient/1'}]}",
     "Made by=Me|Made by=Patient/1"},
    {"{'component':[{'code':{'text':'C'},'valueQuantity':{'value':1.0,"
     "'unit':'g'},'interpretation':[{'text':'High'}]}]}",
     "C=1.0 g|.Interpretation=High"},
    {"{'identifier':{'use':'official','system':'s','value':'v','period':"
     "{'start':'2026'}},'note':{}}",
     "Identifier=v|.Use=official|.Time=2026 – |Comment="},
    {"{'referenceRange':[{'low':{'value':1,'unit':'g'},'text':'Own'}]}",
     "Reference range=|.At least=1 g|.Text=Own"},
    {"{'item':[{'linkId':'1','text':'Q','answer':[{'valueInteger':1},"
     "{'valueString':'two','item':[{'linkId':'1.1','answer':"
     "[{'valueBoolean':false}]}]}],'item':[{'linkId':'1.2'}]}]}",
     "Q=1, two|.1.2=|.1.1=No"},
    {"{'extension':[{'url':'http://phr.kanta.fi/StructureDefinition/"
     "fiphr-ext-creatingapplication','extension':[{'url':'name',"
     "'valueString':'App'}]},{'url':'urn:own','valueInteger':4}]}",
     "Application that made it=|.Name=App|urn:own=4"},
    {"{'valueQuantity':{'value':8.4,'unit':'mmol/l','extension':[{'url':"
     "'x/fiphr-ext-pq-translation','valueQuantity':{'value':151,"
     "'unit':'mg/dl'}}]}}",
     "Value=8.4 mmol/l|.In another unit=151 mg/dl"},
    {"{'contained':[{'resourceType':'Device','model':'M'}]}",
     "contained=|.resourceType=Device|.model=M"},
    {"{'extension':{},'component':7,'item':null,'note':[[1]]}",
     "=|=|=|Comment="},
};

static void test_lines(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct record_display d = show(t, PAGE_EN, rows[i].resource);

		if (strcmp(lines(t, &d), rows[i].lines) != 0)
			fail_msg("%s:\n%s", rows[i].resource, lines(t, &d));
	}
}

/* What was sent is there, though it is called something else. */
static void test_codes_are_told(void **state)
{
	struct t *t = *state;
	struct record_display d =
	    show(t, PAGE_FI,
		 "{'code':{'coding':[{'system':'http://loinc.org','code':"
		 "'8867-4','display':'Pulse'},{'code':'x'}],'text':'Mine'},"
		 "'category':{'coding':[{'system':'urn:s','code':'c',"
		 "'display':'D'}],'text':'D'},'valueQuantity':{'value':1,"
		 "'unit':'kcal','system':'urn:u','code':'k'}}");

	assert_string_equal(d.row[0].value, "Syke");
	assert_string_equal(d.row[0].more,
			    "8867-4 Pulse (http://loinc.org), x, Mine");
	assert_string_equal(d.row[1].value, "D");
	assert_string_equal(d.row[1].more, "c (urn:s)");
	assert_string_equal(d.row[2].value, "1 kcal");
	assert_string_equal(d.row[2].more, "k (urn:u)");
}

/* The deepest that JSON may be, and more than is shown. */
static void test_lines_are_bounded(void **state)
{
	struct t *t = *state;
	struct record_display d;
	struct buf b;

	buf_init(&b, t->a);
	for (int i = 0; i < 60; i++)
		buf_puts(&b, "{'item':[");
	buf_puts(&b, "{}");
	for (int i = 0; i < 60; i++)
		buf_puts(&b, "]}");
	d = show(t, PAGE_EN, b.p);
	assert_int_equal(d.rows, 60);
	assert_true(d.row[59].depth < 10);

	buf_init(&b, t->a);
	buf_puts(&b, "{'note':[");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, i > 0 ? ",{'text':'x'}" : "{'text':'x'}");
	buf_puts(&b, "]}");
	d = show(t, PAGE_FI, b.p);
	assert_int_equal(d.rows, 500);
	assert_string_equal(d.row[499].label,
			    "Tallennettuna on enemmän kuin tässä näytetään.");
}

/* ---- names and points ------------------------------------------------ */

static void test_names_of_codes(void **state)
{
	static const char insulin[] =
	    "{'medicationCodeableConcept':{'coding':[{'code':"
	    "'ins-short-fast','display':'Own','system':'http://phr.kanta.fi/"
	    "CodeSystem/fiphr-cs-insulincode'}],'text':'Text'}}";
	static const char *const names[PAGE_LANGUAGES] = {
	    "Fast-acting insulin", "Lyhytvaikutteinen insuliini",
	    "Direktverkande insulin"};
	struct t *t = *state;

	for (int l = 0; l < PAGE_LANGUAGES; l++) {
		struct record_display d =
		    show(t, (enum page_language)l, insulin);

		assert_string_equal(d.name, names[l]);
	}
	const struct telling tell = {&t->r, t->a, &t->locale[PAGE_FI]};
	assert_string_equal(display_code(&tell, "http://loinc.org", "8867-4"),
			    "Syke");
	assert_null(display_code(&tell, "http://loinc.org", "0-0"));
	assert_null(display_code(&tell, "urn:x", "8867-4"));
	assert_null(display_code(&tell, NULL, "8867-4"));
	/* of several national codes the others say more than the first */
	struct record_display d =
	    show(t, PAGE_FI,
		 "{'code':{'coding':[" LOINC("8867-4") "," LOINC(
		     "41924-2") "]},'valueQuantity':{'value':61,'unit':'x'}}");
	assert_string_equal(d.name, "Sydämen syke 24 h keskiarvo");
	assert_int_equal(d.points, 1);
	assert_string_equal(d.point[0].series, d.name);
}

static void test_points(void **state)
{
	struct t *t = *state;
	struct record_display d =
	    show(t, PAGE_EN,
		 "{'component':[" PART("8480-6", "128.0") "," PART("8462-4",
								   "82") "]}");

	assert_int_equal(d.points, 2);
	assert_string_equal(d.point[0].text, "128.0");
	assert_true(d.point[0].value == 128 && d.point[1].value == 82);
	assert_true(d.point[0].part);
	assert_string_equal(d.point[1].unit, "mmHg");
	d = show(t, PAGE_EN, "{'valueQuantity':{'value':1,'unit':'1'}}");
	assert_false(d.point[0].part);
	assert_string_equal(d.point[0].unit, "");
	/* what is no number, or only a bound of one */
	assert_int_equal(
	    show(t, PAGE_EN, "{'valueQuantity':{'value':'1'}}").points, 0);
	assert_int_equal(
	    show(t, PAGE_EN, "{'valueQuantity':{'value':1e999}}").points, 0);
	assert_int_equal(
	    show(t, PAGE_EN, "{'valueQuantity':{'comparator':'>','value':1}}")
		.points,
	    0);
	assert_int_equal(show(t, PAGE_EN, "{'valueString':'1'}").points, 0);
}

/* ---- kinds and shelves ----------------------------------------------- */

static void test_kinds(void **state)
{
	struct t *t = *state;
	const struct record_kind *k, *last = NULL;

	for (size_t i = 0; (k = record_kind_at(i)) != NULL; i++, last = k) {
		assert_ptr_equal(record_kind_find(k->key), k);
		for (size_t p = 0; p < RECORD_KIND_PROFILES; p++)
			if (k->profile[p] != NULL)
				assert_ptr_equal(record_kind_of(k->profile[p]),
						 k);
		assert_string_not_equal(
		    page_word(&t->locale[PAGE_SV], k->title),
		    page_word(&t->locale[PAGE_FI], k->title));
	}
	assert_string_equal(last->key, "other");
	assert_ptr_equal(record_kind_of(NULL), last);
	assert_ptr_equal(record_kind_of("urn:x"), last);
	assert_null(record_kind_find("nothing"));

	/* a profile that is known wins, wherever it stands */
	struct record_display d =
	    show(t, PAGE_EN,
		 "{'meta':{'profile':['urn:own','http://phr.kanta.fi/"
		 "StructureDefinition/fiphr-sd-bodyweight']}}");
	assert_string_equal(d.title, "Weight");
	d = show(t, PAGE_EN,
		 "{'resourceType':'Observation',"
		 "'meta':{'profile':['urn:own']}}");
	assert_string_equal(d.title, "Observation");
	assert_string_equal(d.profile, "urn:own");
}

static void store(struct t *t, int fhir, const char *type, const char *id,
		  const char *patient, const char *profile, const char *date,
		  int64_t at_ms)
{
	const struct store_index_row row[] = {
	    {.kind = INDEX_URI, .param = "_profile", .value = profile},
	    {.kind = INDEX_DATE,
	     .param = date,
	     .lo_ms = at_ms,
	     .hi_ms = at_ms + 1},
	};
	const struct store_resource r = {
	    .fhir = fhir,
	    .type = type,
	    .id = id,
	    .version = 1,
	    .updated_ms = 5000,
	    .patient = patient,
	    .client_id = "app",
	    .method = "POST",
	    .text = "{}",
	    .text_len = 2,
	};

	store_resource_put(t->r.store, &r, row, at_ms < 0 ? 1 : 2);
}

#define OF(name) "http://phr.kanta.fi/StructureDefinition/" name

static const char *ids(struct t *t, const struct record_shelf *s)
{
	struct buf b;

	buf_init(&b, t->a);
	for (size_t i = 0; i < s->n; i++) {
		struct store_resource r;

		assert_true(
		    store_glance_read(t->r.store, t->a, &s->v[i], 2, &r));
		assert_string_equal(r.text, "{}");
		buf_puts(&b, r.id);
	}
	return b.p;
}

static void test_shelves(void **state)
{
	struct t *t = *state;
	struct record_shelf *s;

	assert_int_equal(record_shelves(&t->r, t->a, "p", &s), 0);
	store(t, FHIR_R4, "Observation", "a", "p", OF("fiphr-sd-bodyweight"),
	      "date", 1000);
	store(t, FHIR_STU3, "Observation", "b", "p",
	      OF("fiphr-bodyweight-stu3"), "date", 3000);
	store(t, FHIR_R4, "Observation", "c", "p", OF("fiphr-sd-bodyweight"),
	      "date", 2000);
	/* without a date, by when it was stored */
	store(t, FHIR_R4, "Observation", "d", "p", OF("fiphr-sd-bodyweight"),
	      "date", -1);
	store(t, FHIR_R4, "Observation", "e", "q", OF("fiphr-sd-bodyweight"),
	      "date", 1000);
	store(t, FHIR_R4, "CarePlan", "f", "p", "urn:own", "date", 1000);
	store(t, FHIR_R4, "MedicationAdministration", "g", "p",
	      OF("fiphr-sd-insulindosing-r4"), "effective-time", 1000);
	store(t, FHIR_R4, "Patient", "p", "p", OF("fiphr-sd-patient"), "date",
	      -1);
	assert_int_equal(record_shelves(&t->r, t->a, "p", &s), 3);
	assert_string_equal(s[0].kind->key, "bodyweight");
	assert_string_equal(ids(t, &s[0]), "dbca");
	assert_string_equal(s[1].kind->key, "insulindosing");
	assert_string_equal(ids(t, &s[1]), "g");
	assert_string_equal(s[2].kind->key, "other");
	assert_string_equal(ids(t, &s[2]), "f");
	assert_int_equal(record_shelves(&t->r, t->a, "q", &s), 1);

	/* a text that is too large is left where it is */
	struct store_resource small;
	assert_true(store_glance_read(t->r.store, t->a, &s[0].v[0], 1, &small));
	assert_null(small.text);
	assert_string_equal(small.id, "e");

	/* what is deleted is on no shelf */
	const struct store_resource gone = {
	    .fhir = FHIR_R4,
	    .type = "Observation",
	    .id = "c",
	    .version = 2,
	    .updated_ms = 6000,
	    .patient = "p",
	    .client_id = "",
	    .method = "DELETE",
	    .deleted = true,
	};
	store_resource_put(t->r.store, &gone, NULL, 0);
	assert_int_equal(record_shelves(&t->r, t->a, "p", &s), 3);
	assert_string_equal(ids(t, &s[0]), "dba");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_values),	    T(test_times),
	    T(test_when),	    T(test_narratives),
	    T(test_lines),	    T(test_lines_are_bounded),
	    T(test_codes_are_told), T(test_names_of_codes),
	    T(test_points),	    T(test_kinds),
	    T(test_shelves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
