/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: every behaviour switch in one table.
 *
 * A row says what a switch is called, where its value lies in struct settings,
 * which words it takes (or which range of numbers), what it is without being
 * told, and what it means. Setting, listing, the help text and the control API
 * all read this table, so a new switch is one row and one member.
 *
 * Each meaning ends with the mark of where the default comes from: [Q] official
 * text, [C] seen in a client or in data, [M] stock behaviour of the software
 * the real service was built on, [I] inference. Where a choice is a status, its
 * value is the status itself, so that code reads settings.validation_status.
 *
 * Facts: kanta.md section 9, fhir-rest.md.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct choice {
	const char *text; /* NULL ends the list */
	int value;
};

struct row {
	const char *name;
	uint32_t offset;
	bool at_start;		     /* it has no effect later */
	const struct choice *choice; /* NULL: a number in min..max */
	int min, max;
	int initial;
	const char *what;
};

static const struct choice errors[] = {
    {"kanta", ERRORS_KANTA},
    {"explain", ERRORS_EXPLAIN},
    {NULL, 0},
};
static const struct choice required[] = {
    {"all", REQUIRED_ALL},
    {"not-patient", REQUIRED_NOT_PATIENT},
    {"off", REQUIRED_OFF},
    {NULL, 0},
};
static const struct choice reject_warn[] = {
    {"reject", 0}, {"warn", 1}, {NULL, 0}};
static const struct choice rule_sets[] = {
    {"kanta", RULES_KANTA}, {"current", RULES_CURRENT}, {NULL, 0}};
static const struct choice validation[] = {
    {"422", 422}, {"412", 412}, {"400", 400}, {NULL, 0}};
static const struct choice hidden[] = {{"403", 403}, {"404", 404}, {NULL, 0}};
static const struct choice missing[] = {{"400", 400}, {"empty", 0}, {NULL, 0}};
static const struct choice unknown[] = {{"ignore", 0}, {"400", 400}, {NULL, 0}};
static const struct choice systems[] = {
    {"multiple", 0}, {"always", 1}, {NULL, 0}};
static const struct choice on_off[] = {{"on", 1}, {"off", 0}, {NULL, 0}};
static const struct choice allow_reject[] = {
    {"allow", 0}, {"reject", 1}, {NULL, 0}};
static const struct choice creator[] = {
    {"optional", CREATOR_OPTIONAL},
    {"required", CREATOR_REQUIRED},
    {"add", CREATOR_ADD},
    {NULL, 0},
};
static const struct choice stu3_rules[] = {
    {"effective", 0}, {"draft2017", 1}, {NULL, 0}};
/* What a statement weighs that names the switch. */
static const struct choice reject_allow[] = {
    {"reject", WEIGHT_STATED}, {"allow", WEIGHT_SILENT}, {NULL, 0}};
static const struct choice off_on[] = {
    {"off", WEIGHT_STATED}, {"on", WEIGHT_SILENT}, {NULL, 0}};
static const struct choice enforce_warn[] = {
    {"enforce", WEIGHT_STATED}, {"warn", WEIGHT_WARNING}, {NULL, 0}};
static const struct choice displays[] = {
    {"by-rules", SAY_BY_RULES}, {"off", SAY_OFF}, {"warn", SAY_WARNING},
    {"error", SAY_ERROR},	{NULL, 0},
};
static const struct choice unknown_codes[] = {{"by-rules", SAY_BY_RULES},
					      {"warn", SAY_WARNING},
					      {"error", SAY_ERROR},
					      {NULL, 0}};

#define AT(member)    #member, offsetof(struct settings, member), false
#define START(member) #member, offsetof(struct settings, member), true
#define PAGE_MAX      20000 /* what clients ask for at most */

static const struct row rows[] = {
    {AT(errors), errors, 0, 0, ERRORS_KANTA,
     "how much an OperationOutcome says: as the real stack words it, or with "
     "the rule, what was expected and a hint [I]"},
    {AT(rules), rule_sets, 0, 0, RULES_KANTA,
     "which checks are errors: those of the service's era, or today's [I]"},
    {AT(example_urls), on_off, 0, 0, 1,
     "URLs that are meant for examples (example.org, acme.com): of the rules "
     "of today, are they allowed [I]"},
    {AT(profile_required), required, 0, 0, REQUIRED_ALL,
     "which resources must name a national profile [Q]"},
    {AT(unknown_profile), reject_warn, 0, 0, 0,
     "a profile in meta.profile that this server does not know [Q]"},
    {AT(validation_status), validation, 0, 0, 422,
     "status of a resource that breaks its profile [M]"},
    {AT(patient_mismatch_status), hidden, 0, 0, 403,
     "status when a resource or a search names another citizen [I]"},
    {AT(foreign_read), hidden, 0, 0, 403,
     "status when another citizen's resource is read [I]"},
    {AT(missing_patient), missing, 0, 0, 400,
     "a search without its mandatory patient parameter [I]"},
    {AT(unknown_search_param), unknown, 0, 0, 0,
     "a search parameter that the type does not have [C]"},
    {AT(code_default_system), systems, 0, 0, 0,
     "when a searched code without a system means the default system [Q]"},
    {AT(page_default), NULL, 1, PAGE_MAX, 50,
     "entries in a page of search results without _count [I]"},
    {AT(page_max), NULL, 1, PAGE_MAX, PAGE_MAX,
     "entries in a page of search results at most [C]"},
    {AT(oo_narrative), on_off, 0, 0, 1, "an OperationOutcome carries text [I]"},
    {AT(foreign_profiles), allow_reject, 0, 0, 0,
     "a profile of somebody else in meta.profile, beside the national one [Q]"},
    {AT(creating_application), creator, 0, 0, CREATOR_OPTIONAL,
     "the extension that names the application: not needed, demanded, or added "
     "by the server to what it stores [C]"},
    {AT(glucose_pair), enforce_warn, 0, 0, WEIGHT_STATED,
     "blood glucose: 15074-8 and 14743-9 go together [Q]"},
    {AT(snapshot_literal), off_on, 0, 0, WEIGHT_STATED,
     "R4 blood pressure and weight take hasMember, as their own snapshots have "
     "it and not their base [Q]"},
    {AT(stu3_bp_55284), off_on, 0, 0, WEIGHT_STATED,
     "STU3 blood pressure may be coded 55284-4, as an older page has it [Q]"},
    {AT(stu3_extra_codings), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3: codings beside those of the profile [Q]"},
    {AT(stu3_device), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3 Observation.device [C]"},
    {AT(stu3_method), reject_allow, 0, 0, WEIGHT_STATED,
     "STU3 Observation.method [C]"},
    {START(stu3_rules), stu3_rules, 0, 0, 0,
     "STU3: what production took, or the drafts of 2017, which are stricter "
     "[C]"},
    {AT(display_check), displays, 0, 0, SAY_BY_RULES,
     "a display that the code system does not have; by-rules: a warning, for "
     "rules=current an error [C]"},
    {AT(unknown_code), unknown_codes, 0, 0, SAY_BY_RULES,
     "a code that its code system, known in full, does not have (astext in R4, "
     "as an older guide says); by-rules: a warning, for rules=current an error "
     "[I]"},
};

static int *value_of(struct settings *s, const struct row *row)
{
	return (int *)((char *)s + row->offset);
}

struct profile_options settings_rules(const struct settings *s)
{
	return (struct profile_options){
	    .required = (enum profile_required)s->profile_required,
	    .unknown_warns = s->unknown_profile != 0,
	    .explain = s->errors == ERRORS_EXPLAIN,
	    .rules = (enum rule_set)s->rules,
	    .no_examples = s->example_urls == 0,
	    .foreign_rejected = s->foreign_profiles != 0,
	    .creator_required = s->creating_application == CREATOR_REQUIRED,
	    .display = (enum profile_say)s->display_check,
	    .unknown_code = (enum profile_say)s->unknown_code,
	    .weight =
		{
		    [SWITCH_GLUCOSE_PAIR] = (uint8_t)s->glucose_pair,
		    [SWITCH_STU3_BP_55284] = (uint8_t)s->stu3_bp_55284,
		    [SWITCH_STU3_EXTRA_CODINGS] =
			(uint8_t)s->stu3_extra_codings,
		    [SWITCH_SNAPSHOT_LITERAL] = (uint8_t)s->snapshot_literal,
		    [SWITCH_STU3_DEVICE] = (uint8_t)s->stu3_device,
		    [SWITCH_STU3_METHOD] = (uint8_t)s->stu3_method,
		},
	};
}

void settings_init(struct settings *s)
{
	for (size_t i = 0; i < LEN(rows); i++)
		*value_of(s, &rows[i]) = rows[i].initial;
}

/* ---- setting and listing ---------------------------------------------- */

static bool refuse_unknown(const char *name, struct err *e)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < LEN(rows); i++)
		nearest_try(&near, rows[i].name);
	if (near.best == NULL)
		return err_set(e, ERR_INVALID, "unknown_setting", name,
			       "there is no setting \"%s\"", name);
	return err_set(e, ERR_INVALID, "unknown_setting", name,
		       "there is no setting \"%s\"; did you mean \"%s\"?", name,
		       near.best);
}

/* "422 | 412 | 400" or "1..20000" */
static const char *allowed(struct arena *a, const struct row *row)
{
	struct buf b;

	if (row->choice == NULL)
		return arena_printf(a, "%d..%d", row->min, row->max);
	buf_init(&b, a);
	for (const struct choice *c = row->choice; c->text != NULL; c++)
		buf_printf(&b, "%s%s", c == row->choice ? "" : " | ", c->text);
	return b.p;
}

static bool parse(const struct row *row, const char *text, int *out)
{
	char *end;
	long n;

	for (const struct choice *c = row->choice; c && c->text; c++) {
		if (strcmp(c->text, text) != 0)
			continue;
		*out = c->value;
		return true;
	}
	if (row->choice != NULL || text[0] < '0' || text[0] > '9')
		return false;
	n = strtol(text, &end, 10); /* LONG_MAX on overflow: out of range */
	if (*end != '\0' || n < row->min || n > row->max)
		return false;
	*out = (int)n;
	return true;
}

static bool refuse_value(const struct row *row, const char *value,
			 struct err *e)
{
	struct arena *a = arena_new(0);

	err_set(e, ERR_INVALID, "invalid_value", row->name,
		"\"%s\" is no value of %s; allowed: %s", value, row->name,
		allowed(a, row));
	arena_free(a);
	return false;
}

bool settings_set(struct settings *s, const char *name, const char *value,
		  struct err *e)
{
	for (size_t i = 0; i < LEN(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!parse(&rows[i], value, value_of(s, &rows[i])))
			return refuse_value(&rows[i], value, e);
		return true;
	}
	return refuse_unknown(name, e);
}

bool settings_change(struct settings *s, const char *name, const char *value,
		     struct err *e)
{
	struct settings changed = *s;

	if (!settings_set(&changed, name, value, e))
		return false;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (rows[i].at_start && strcmp(rows[i].name, name) == 0 &&
		    *value_of(&changed, &rows[i]) != *value_of(s, &rows[i]))
			return err_set(e, ERR_INVALID, "only_at_start", name,
				       "%s is decided when the server starts: "
				       "start it with --set %s=%s",
				       name, name, value);
	}
	*s = changed;
	return true;
}

static const char *value_text(struct arena *a, const struct row *row, int value)
{
	for (const struct choice *c = row->choice; c && c->text; c++) {
		if (c->value == value)
			return c->text;
	}
	return arena_printf(a, "%d", value);
}

bool settings_list(const struct settings *s, struct arena *a, size_t i,
		   struct setting_info *out)
{
	const struct row *row;

	if (i >= LEN(rows))
		return false;
	row = &rows[i];
	out->name = row->name;
	out->value =
	    value_text(a, row, *(const int *)((const char *)s + row->offset));
	out->allowed = allowed(a, row);
	out->what = row->what;
	out->at_start = row->at_start;
	return true;
}

enum err_kind record_status_kind(int status)
{
	static const struct {
		int status;
		enum err_kind kind;
	} kinds[] = {
	    {400, ERR_INVALID},	      {403, ERR_FORBIDDEN},
	    {404, ERR_NOT_FOUND},     {412, ERR_PRECONDITION},
	    {422, ERR_UNPROCESSABLE},
	};

	for (size_t i = 0; i < LEN(kinds); i++) {
		if (kinds[i].status == status)
			return kinds[i].kind;
	}
	assert(!"a status that no setting can have");
	return ERR_INTERNAL;
}
