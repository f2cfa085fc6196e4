/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement: which cells there are, and what each says.
 *
 * A case (report_cases.c) makes a cell for the application, for each resource
 * type that is served and offers what the case needs, or for each national
 * profile of such a type. A request that a case is about is a try: passed when
 * it was answered as the case expects, else failed; one with a fault injected
 * is counted apart, whatever its answer, because it says how the application
 * was tried and not what it does. Of functions one try that passed is enough:
 * an application may well have asked for what is not there. Of content one that
 * failed is enough (all): what was refused once does not conform.
 *
 * Facts: stand-in.md 11.
 */
#include "admin/report_int.h"

#include <assert.h>
#include <strings.h>

#define CITED_GOOD                                                             \
	2 /* so many of those that passed; the rest is for failures            \
	   */
#define WHY_BYTES 300

/* ---- subjects ---- */

static void add_subject(struct report *r, const struct report_subject *s)
{
	r->subject[r->subjects++] = *s;
}

static bool offered_profile(const struct report *r, enum fhir_version v,
			    size_t i, struct profile_info *out)
{
	const struct profiles *p =
	    r->record ? record_profiles(r->record, v) : NULL;

	return p && profile_list(p, i, out) && out->national;
}

static size_t profile_count(const struct report *r, enum fhir_version v)
{
	struct profile_info info;
	size_t n = 0;

	while (offered_profile(r, v, n, &info))
		n++;
	return n;
}

static void add_type(struct report *r, enum fhir_version v,
		     const struct record_type *t)
{
	struct profile_info info;

	add_subject(r, &(struct report_subject){
			   .fhir = v,
			   .type = t->type,
			   .title = "",
			   .offered = t->interactions,
		       });
	for (size_t i = 0; offered_profile(r, v, i, &info); i++)
		if (!info.abstract && strcmp(info.type, t->type) == 0)
			add_subject(r, &(struct report_subject){
					   .fhir = v,
					   .type = t->type,
					   .profile = info.url,
					   .title = info.title,
					   .offered = t->interactions,
				       });
}

/* There are environments without R4. */
static bool is_served(const struct report *r, enum fhir_version v)
{
	return v != FHIR_R4 || !r->record || r->record->settings.fhir_r4;
}

void report_subjects(struct report *r)
{
	static const enum fhir_version order[] = {FHIR_R4, FHIR_STU3};
	const struct record_type *t;
	size_t max = 0;

	for (size_t k = 0; k < LEN(order); k++) {
		max += profile_count(r, order[k]);
		for (size_t i = 0; record_type_at(order[k], i); i++)
			max++;
	}
	r->subject = arena_alloc(r->arena, max * sizeof(*r->subject));
	for (size_t k = 0; k < LEN(order); k++)
		for (size_t i = 0; (t = record_type_at(order[k], i)); i++)
			if (is_served(r, order[k]))
				add_type(r, order[k], t);
	assert(r->subjects <= max);
}

struct report_subject *report_subject(struct report *r, enum fhir_version v,
				      const char *type, const char *profile)
{
	for (size_t i = 0; type && i < r->subjects; i++) {
		struct report_subject *s = &r->subject[i];

		if (s->fhir == v && text_same(s->profile, profile) &&
		    strcmp(s->type, type) == 0)
			return s;
	}
	return NULL;
}

/* ---- cells ---- */

static struct report_cell **slot(const struct report *r,
				 const struct report_case *c,
				 const struct report_subject *s)
{
	const size_t i = (size_t)(c - r->cases->of);
	const size_t k = s ? (size_t)(s - r->subject) + 1 : 0;

	return &r->at[i * (r->subjects + 1) + k];
}

struct report_cell *report_cell_at(const struct report *r,
				   const struct report_case *c,
				   const struct report_subject *s)
{
	return *slot(r, c, s);
}

static void add_cell(struct report *r, const struct report_case *c,
		     const struct report_subject *s)
{
	struct report_cell *cell = &r->cell[r->cells++];

	*cell = (struct report_cell){.of = c, .subject = s};
	*slot(r, c, s) = cell;
}

static bool is_about(const struct report_case *c,
		     const struct report_subject *s)
{
	return (c->per & (s->profile ? PER_PROFILE : PER_TYPE)) &&
	       (s->offered & c->needs) == c->needs;
}

void report_cells(struct report *r)
{
	const size_t all = r->cases->n * (r->subjects + 1);

	r->cell = arena_alloc(r->arena, all * sizeof(*r->cell));
	r->at = arena_alloc(r->arena, all * sizeof(*r->at));
	for (size_t i = 0; i < r->cases->n; i++) {
		const struct report_case *c = &r->cases->of[i];

		if (c->per & PER_APPLICATION)
			add_cell(r, c, NULL);
		for (size_t k = 0; k < r->subjects; k++)
			if (is_about(c, &r->subject[k]))
				add_cell(r, c, &r->subject[k]);
	}
}

/* ---- a try ---- */

bool report_status_in(const struct json *list, int status)
{
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		const char *want = text_or_empty(json_text(v));

		if (strlen(want) != 3 || want[0] - '0' != status / 100)
			continue;
		if (strcmp(want + 1, "xx") == 0 ||
		    ((want[1] - '0') * 10 + (want[2] - '0') == status % 100))
			return true;
	}
	return false;
}

/* Of what My Kanta shows. */
static const char *not_shown(struct report *r, struct arena *a,
			     const struct report_event *e)
{
	const struct json *v = e->resource ? e->resource : e->answer;
	const bool measured = text_is(e->type, "Observation") ||
			      text_is(e->type, "MedicationAdministration");
	struct record_display d;

	if (!r->record || !v)
		return NULL;
	record_display_brief(r->record, a, &r->locale, v, &d);
	if (*text_or_empty(d.name) == '\0' && *text_or_empty(d.title) == '\0')
		return SAY("My Kanta has nothing to call it by");
	if (measured && *text_or_empty(d.when) == '\0')
		return SAY("My Kanta shows no time of it");
	if (measured && *text_or_empty(d.value) == '\0')
		return SAY("My Kanta shows no value of it");
	return NULL;
}

static const char *not_national(struct report *r, const struct report_event *e)
{
	for (size_t i = 0; i < e->profiles; i++)
		if (report_subject(r, e->fhir, e->type, e->profile[i]))
			return NULL;
	return SAY("meta.profile names no profile of the national data "
		   "content");
}

/* NULL: as it should be. */
static const char *fault_of(struct report *r, struct arena *a,
			    const struct report_case *c,
			    const struct report_event *e)
{
	const char *code = text_or_empty(e->seen->outcome_code);

	if (c->look == LOOK_NATIONAL)
		return not_national(r, e);
	if (report_status_in(c->expect, e->status) && e->refused == c->refused)
		return c->look == LOOK_DISPLAY ? not_shown(r, a, e) : NULL;
	return arena_printf(a, "%d %s%s%s", e->status, code,
			    *code && *e->why ? ": " : "", e->why);
}

static void try_cell(struct report *r, struct report_cell *cell,
		     const struct report_event *e, const char *why)
{
	if (!cell)
		return;
	if (*text_or_empty(e->seen->fault))
		cell->faulted++;
	else if (why)
		cell->failed++;
	else
		cell->passed++;
	if (why && !*text_or_empty(e->seen->fault) && !cell->why)
		cell->why = arena_strndup(r->arena, why,
					  strlen(why) < WHY_BYTES ? strlen(why)
								  : WHY_BYTES);
	if (cell->cited.n < (why ? REPORT_CITED : CITED_GOOD))
		report_cite(r, &cell->cited, e->seen);
}

static void try_case(struct report *r, const struct report_case *c,
		     const struct report_event *e, const char *why)
{
	const struct report_subject *s =
	    report_subject(r, e->fhir, e->type, NULL);

	try_cell(r, report_cell_at(r, c, NULL), e, why);
	if (s)
		try_cell(r, report_cell_at(r, c, s), e, why);
	for (size_t i = 0; i < e->profiles; i++) {
		s = report_subject(r, e->fhir, e->type, e->profile[i]);
		if (s)
			try_cell(r, report_cell_at(r, c, s), e, why);
	}
}

/* Does a scope speak of the type? "patient/Observation.read", "patient/ *.*" */
static bool scope_speaks(const char *scope, const char *type)
{
	return scope && (scope_allows(scope, type, false) ||
			 scope_allows(scope, type, true));
}

static void try_scope(struct report *r, const struct report_case *c,
		      const struct report_event *e, const char *why)
{
	try_cell(r, report_cell_at(r, c, NULL), e, why);
	for (size_t i = 0; i < r->subjects; i++) {
		const struct report_subject *s = &r->subject[i];

		if (!s->profile && scope_speaks(e->scope, s->type))
			try_cell(r, report_cell_at(r, c, s), e, why);
	}
}

static bool named(const struct json *list, const char *word)
{
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (text_is(json_text(v), word))
			return true;
	return false;
}

static const char *location_of(const struct seen *s)
{
	struct http_pair h;

	for (size_t i = 0; s->header_at && s->header_at(s, true, i, &h); i++)
		if (strcasecmp(h.name, "Location") == 0)
			return h.value;
	return NULL;
}

/* Does the redirect carry one of the parameters? What is none does. */
static bool carries(const struct json *names, const struct report_event *e)
{
	const char *at = e->status / 100 == 3 ? location_of(e->seen) : NULL;

	if (!names || !at)
		return true;
	at += strcspn(at, "?#");
	while (*at) {
		const size_t n = strcspn(++at, "=&#");

		for (const struct json *v = json_first(names); v;
		     v = json_next(v))
			if (json_len(v) == n &&
			    strncmp(at, text_or_empty(json_text(v)), n) == 0)
				return true;
		at += strcspn(at, "&#");
	}
	return false;
}

/* Of the application that is asked about, or of a citizen of its own. */
static bool is_ours(const struct report *r, const struct report_case *c,
		    const struct report_event *e)
{
	return !e->others ||
	       (c->anybody &&
		report_words_has(&r->met_patient,
				 text_or_empty(e->seen->patient)));
}

static bool is_try(const struct report *r, const struct report_case *c,
		   const struct report_event *e)
{
	return (!e->entry || c->batch) && is_ours(r, c, e) &&
	       !report_status_in(c->neither, e->status) &&
	       !named(c->neither, text_or_empty(e->seen->outcome_code)) &&
	       match_is(c->match, e->seen) && carries(c->redirect, e);
}

void report_judge(struct report *r, struct arena *a,
		  const struct report_event *e)
{
	for (size_t i = 0; i < r->cases->n; i++) {
		const struct report_case *c = &r->cases->of[i];

		if (!is_try(r, c, e))
			continue;
		if (e->is_fhir)
			try_case(r, c, e, fault_of(r, a, c, e));
		else
			try_scope(r, c, e, fault_of(r, a, c, e));
	}
}

/* ---- the verdicts ---- */

static enum verdict verdict_of(const struct report_cell *c)
{
	if (c->failed > 0 && (c->of->all || c->passed == 0))
		return VERDICT_FAILED;
	if (c->passed > 0)
		return VERDICT_PASSED;
	return c->faulted > 0 ? VERDICT_FAULT : VERDICT_UNTRIED;
}

void report_verdicts(struct report *r)
{
	for (size_t i = 0; i < r->cells; i++)
		r->cell[i].verdict = verdict_of(&r->cell[i]);
}
