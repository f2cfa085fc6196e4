/* SPDX-License-Identifier: Apache-2.0
 *
 * behaviour: how a test citizen behaves, in words.
 *
 * Some of them are asked again and again, where it matters: whoever logs in
 * (minor, deceased), meets the terms of use (no-terms-accepted) or gives
 * permission (refuses-consent, deceased). The others are done when they are
 * said: the citizen deletes everything (empty), has ten thousand measurements
 * (heavy), withdraws every permission (withdrawn), consents to professional use
 * (professional-consent). All of them are kept, so that whoever looks at the
 * citizen sees why; heavy is done once.
 *
 * That answers come late is nothing that a citizen does, but a fault, and the
 * refusal of "slow" says how to arm one.
 *
 * Facts: stand-in.md 4.2.
 */
#include "record/record_int.h"

#include <string.h>

#define HEAVY	    10000
#define HEAVY_EVERY INT64_C(3600000) /* one an hour, back from now */

struct change {
	struct record *r;
	struct arena *a;
	const struct store_citizen *c;
	struct err *e;
};

/* ---- what is done at once ---------------------------------------------- */

static bool make_empty(struct change *x)
{
	store_resource_erase(x->r->store, x->c->patient);
	return record_patients(x->r, x->a, x->c->patient, x->e);
}

static bool withdraw_all(struct change *x)
{
	store_grant_withdraw(x->r->store, NULL, x->c->hetu);
	return true;
}

static bool consent(struct change *x)
{
	struct store_sharing done;
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, x->a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "hetu", x->c->hetu);
	jw_str(&w, "decision", "consent");
	jw_close(&w);
	return record_consent(x->r, x->a, json_parse(x->a, b.p, b.len, x->e),
			      &done, x->e);
}

/* The i-th measurement: a weight that goes up and down. */
static const struct json *measurement(struct change *x, struct arena *a, int i)
{
	static const char form[] =
	    "{\"resourceType\":\"Observation\",\"meta\":{\"profile\":["
	    "\"http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight\"]},"
	    "\"language\":\"fi\",\"text\":{\"status\":\"generated\",\"div\":"
	    "\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Paino: %d.%d kg"
	    "</div>\"},\"identifier\":[{\"system\":\"urn:ietf:rfc:3986\","
	    "\"value\":\"urn:uuid:%s\"}],\"status\":\"final\",\"category\":[{"
	    "\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
	    "observation-category\",\"code\":\"vital-signs\"}]}],\"code\":{"
	    "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\","
	    "\"display\":\"Paino\"}]},\"subject\":{\"reference\":"
	    "\"Patient/%s\"},\"performer\":[{\"reference\":\"Patient/%s\"}],"
	    "\"effectiveDateTime\":\"%s\",\"issued\":\"%s\","
	    "\"valueQuantity\":{\"value\":%d.%d,\"unit\":\"kg\",\"system\":"
	    "\"http://unitsofmeasure.org\",\"code\":\"kg\"}}";
	const char *patient = x->c->patient;
	const struct chance chance = {"heavy", patient, NULL};
	const char *id = record_uuid(x->r, a, &chance);
	const int kg = 70 + i / 24 % 7, tenth = i % 10;
	char when[TIME_TEXT];
	const char *text;

	record_instant(x->r, when, record_now_ms(x->r) - i * HEAVY_EVERY);
	text = arena_printf(a, form, kg, tenth, id, patient, patient, when,
			    when, kg, tenth);
	return json_parse(a, text, strlen(text), x->e);
}

static bool make_heavy(struct change *x)
{
	const struct grant owner = {
	    .id = "", .hetu = x->c->hetu, .patient = x->c->patient};
	const struct record_write w = {
	    .fhir = FHIR_R4, .grant = &owner, .seed = true};
	struct arena *tmp = arena_new((size_t)64 << 10);
	struct store_resource done;
	const struct issues *issues;
	bool ok = true;

	for (int i = 0; ok && i < HEAVY; i++) {
		const struct arena_mark mark = arena_mark(tmp);
		const struct json *v = measurement(x, tmp, i);

		ok = v != NULL &&
		     record_store_new(x->r, tmp, &w, v, &done, &issues, x->e);
		arena_rewind(tmp, &mark);
	}
	arena_free(tmp);
	return ok;
}

/* ---- the words ---------------------------------------------------------- */

static const struct behaviour {
	const char *word;
	bool (*now)(struct change *x); /* NULL: it is asked where it matters */
	bool once; /* not again while the citizen is said to behave so */
} behaviours[] = {
    {"minor", NULL, false},
    {"deceased", NULL, false},
    {"no-terms-accepted", NULL, false},
    {"refuses-consent", NULL, false},
    {"empty", make_empty, false},
    {"heavy", make_heavy, true},
    {"withdrawn", withdraw_all, false},
    {"professional-consent", consent, true},
};

static bool refuse(const char *word, const char *best, struct arena *a,
		   struct err *e)
{
	struct buf all;

	if (strcmp(word, "slow") == 0)
		return err_set(e, ERR_INVALID, "unknown_behaviour",
			       "behaviours",
			       "answers that come late are a fault: POST "
			       "/__admin/faults {\"match\":{\"hetu\":\"...\"},"
			       "\"action\":{\"delay_ms\":2000}}");
	buf_init(&all, a);
	for (size_t i = 0; i < LEN(behaviours); i++)
		buf_printf(&all, "%s%s",
			   i == 0		      ? ""
			   : i + 1 == LEN(behaviours) ? " and "
						      : ", ",
			   behaviours[i].word);
	return err_set(e, ERR_INVALID, "unknown_behaviour", "behaviours",
		       "there is no behaviour \"%.64s\"%s%s%s; known are %s",
		       word, best ? ", did you mean \"" : "", best ? best : "",
		       best ? "\"?" : "", all.p);
}

static const struct behaviour *find(const struct json *v, struct arena *a,
				    struct err *e)
{
	struct nearest near = {.word = json_text(v)};

	if (json_kind(v) != JSON_STRING) {
		err_set(e, ERR_INVALID, "invalid_behaviour", "behaviours",
			"must be a list of words");
		return NULL;
	}
	for (size_t i = 0; i < LEN(behaviours); i++) {
		if (strcmp(behaviours[i].word, near.word) == 0)
			return &behaviours[i];
		nearest_try(&near, behaviours[i].word);
	}
	refuse(near.word, near.best, a, e);
	return NULL;
}

bool record_behaves(const struct store_citizen *c, const char *behaviour)
{
	return scope_has(c->behaviours, behaviour);
}

/* In the order of the table: one who is empty and heavy has new data. */
static bool do_now(struct change *x, const char *before)
{
	for (size_t i = 0; i < LEN(behaviours); i++) {
		const struct behaviour *b = &behaviours[i];

		if (b->now == NULL || !record_behaves(x->c, b->word) ||
		    (b->once && scope_has(before, b->word)))
			continue;
		if (!b->now(x))
			return false;
	}
	return true;
}

bool record_behaviours(struct record *r, struct arena *a,
		       const struct json *words, struct store_citizen *c,
		       struct err *e)
{
	struct change x = {r, a, c, e};
	const char *before = c->behaviours;
	struct buf b;

	if (json_kind(words) != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "invalid_behaviour",
			       "behaviours", "must be a list of words");
	buf_init(&b, a);
	for (words = json_first(words); words; words = json_next(words)) {
		if (find(words, a, e) == NULL)
			return false;
		scope_add(&b, json_text(words), json_len(words));
	}
	c->behaviours = b.p;
	store_citizen_put(r->store, c);
	return do_now(&x, before);
}
