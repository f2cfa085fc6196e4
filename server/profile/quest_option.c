/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_option.c: the lists that an answer is chosen from: the item's own
 * options (answerOption; STU3: option), or the value set it names
 * (answerValueSet; STU3: options), contained ones included, which are read as
 * they are.
 *
 * A code is compared by system and code, other values by their text. What
 * stands in the options of an open-choice may be replaced by a text, by no
 * other value. An exclusive option must be the only answer. Membership has
 * three values; what cannot be told is a warning.
 * FHIR R4 Questionnaire.item.answer[x] (2.35), STU3 4.21.
 */
#include "quest_int.h"
#include "term_int.h"

#include <string.h>
#include <strings.h>

#define EXCLUSIVE                                                              \
	"http://hl7.org/fhir/StructureDefinition/"                             \
	"questionnaire-optionExclusive"
#define SHOWN 12

static bool is_stu3(const struct response *r)
{
	return r->c->p->version == FHIR_STU3;
}

static const char *text_of(const struct json *v, const char *name)
{
	const char *s = json_get_text(v, name);
	return s ? s : "";
}

bool q_same_choice(const struct q_value *x, const struct q_value *y)
{
	const char *xs = json_text(x->json), *ys = json_text(y->json);

	if (x->kind != y->kind)
		return false;
	if (x->kind == QK_CODING)
		return strcmp(text_of(x->json, "code"),
			      text_of(y->json, "code")) == 0 &&
		       strcmp(text_of(x->json, "system"),
			      text_of(y->json, "system")) == 0;
	if (x->kind == QK_REFERENCE)
		return strcmp(text_of(x->json, "reference"),
			      text_of(y->json, "reference")) == 0;
	return xs && ys && strcmp(xs, ys) == 0;
}

static const struct json *options_of(const struct response *r,
				     const struct q_item *item)
{
	return q_list(item->json, is_stu3(r) ? "option" : "answerOption");
}

/* ---- the item's own options ------------------------------------------- */

/* "a, b, c": what can be chosen */
static const char *option_names(struct response *r, const struct json *list)
{
	const struct json *o = json_first(list);
	struct q_value v;
	struct buf b;

	buf_init(&b, r->c->a);
	for (unsigned n = 0; o && n < SHOWN; o = json_next(o), n++) {
		const char *s = NULL;
		if (!q_value_of(o, "value", &v))
			continue;
		if (v.kind == QK_CODING)
			s = json_get_text(v.json, "code");
		else if (v.kind == QK_REFERENCE)
			s = json_get_text(v.json, "reference");
		else
			s = json_text(v.json);
		if (s)
			buf_printf(&b, "%s%.60s", b.len ? ", " : "", s);
	}
	if (o)
		buf_puts(&b, ", ...");
	return b.p;
}

static void no_such_option(struct response *r, const struct json *list,
			   const struct q_value *v, const struct at *at)
{
	const char *names = option_names(r, list);
	const char *hint = say(r->c, "use one of: %.400s", names);

	if (v->kind == QK_CODING)
		report(r->c, RULE_QR_OPTION, at, v->json, names, hint,
		       "The code %.200s::%.100s is not a valid option",
		       text_of(v->json, "system"), text_of(v->json, "code"));
	else
		report(r->c, RULE_QR_OPTION, at, v->json, names, hint,
		       "The %s %.200s is not a valid option",
		       q_kind_name(v->kind),
		       v->kind == QK_REFERENCE ? text_of(v->json, "reference")
		       : json_text(v->json)    ? json_text(v->json)
					       : "");
}

/* A text that somebody typed though there is a code for it. */
static bool is_code_of(const struct q_value *v, const struct q_value *option)
{
	const char *s = json_text(v->json);

	return v->kind == QK_STRING && option->kind == QK_CODING && s &&
	       (strcasecmp(s, text_of(option->json, "display")) == 0 ||
		strcasecmp(s, text_of(option->json, "code")) == 0);
}

static void like_code(struct response *r, const struct q_value *v,
		      const struct at *at)
{
	report(r->c, RULE_QR_LIKE_CODE, at, v->json, NULL, "answer by the code",
	       "The string value '%.200s' matches an entry in the list of "
	       "valid Codings, so this is probably an error",
	       json_text(v->json));
}

static void not_exclusive(struct response *r, const struct q_value *v,
			  const struct at *answer)
{
	const char *name = v->kind == QK_CODING ? text_of(v->json, "code")
						: json_text(v->json);
	report(r->c, RULE_QR_EXCLUSIVE, answer, v->json, "no other answer",
	       "remove this answer or the others",
	       "Selected answer %.200s is an exclusive option - can't select "
	       "anything else at the same time",
	       name ? name : "");
}

/* Only codes are. */
static bool is_exclusive(const struct json *option)
{
	return json_get(option, "valueCoding") &&
	       q_is_true(q_extension(option, NULL, EXCLUSIVE), "valueBoolean");
}

/* There are no options of type dateTime and decimal: dates stand for these, and
 * for numbers whatever is written so. */
static bool is_same_text(const struct q_item *item, const struct q_value *v,
			 const struct q_value *option)
{
	const char *xs = json_text(v->json), *ys = json_text(option->json);

	if (!(v->kind == QK_DATETIME && option->kind == QK_DATE) &&
	    !(v->kind == QK_DECIMAL && item->type == Q_DECIMAL) &&
	    !(v->kind == QK_INTEGER && item->type == Q_INTEGER))
		return false;
	return xs && ys && strcmp(xs, ys) == 0;
}

/* Of a choice no date is among the options for the HL7 validators, which
 * compare a date with its text. */
static bool is_option(const struct q_item *item, const struct q_value *v,
		      const struct q_value *option)
{
	if (v->kind == QK_DATE && item->type != Q_DATE)
		return false;
	return q_same_choice(v, option) || is_same_text(item, v, option);
}

static void check_list(struct response *r, const struct q_item *item,
		       const struct json *list, const struct q_value *v,
		       size_t count, const struct at *answer,
		       const struct at *at)
{
	const struct json *o = json_first(list);
	bool like = false, open = item->type == Q_OPEN_CHOICE;
	struct q_value option;

	for (; o; o = json_next(o)) {
		if (!response_spend(r, 2))
			return;
		if (!q_value_of(o, "value", &option))
			continue;
		if (is_option(item, v, &option))
			break;
		like |= is_code_of(v, &option);
	}
	if (o && count > 1 && is_exclusive(o))
		not_exclusive(r, v, answer);
	if (o)
		return;
	if (!open || v->kind != QK_STRING)
		no_such_option(r, list, v, at);
	else if (like)
		like_code(r, v, answer);
}

/* ---- a value set as it was written ------------------------------------ */

/* 1, 0, -1. Also of its nested concepts. */
static int listed(struct response *r, const struct json *list,
		  const char *system, const char *code, bool expansion)
{
	const struct json *k = json_first(list);

	for (; k; k = json_next(k)) {
		const char *s = json_get_text(k, "system");
		const char *have = json_get_text(k, "code");
		if (!response_spend(r, 1))
			return -1;
		if (have && strcmp(have, code) == 0 &&
		    (!system || !s || strcmp(s, system) == 0))
			return 1;
		if (expansion &&
		    listed(r, q_list(k, "contains"), system, code, true) == 1)
			return 1;
	}
	return 0;
}

static int code_in_system(const struct profiles *p, const char *system,
			  const char *code)
{
	ref cs = system ? find_cs(p, system) : 0;

	if (!cs)
		return -1;
	if (concept_find(p, rec_at(p, cs), code))
		return 1;
	const struct code_system *s = rec_at(p, cs);
	return s->content == CONTENT_COMPLETE ? 0 : -1;
}

/* All of the value sets that a part includes have to have it. */
static int in_sets(struct response *r, const struct json *sets,
		   const char *system, const char *code)
{
	const struct json *s = json_first(sets);
	int result = 1;

	for (; s; s = json_next(s)) {
		const char *url = json_text(s);
		int has =
		    url ? profile_code_in(r->c->p, url, system, code) : -1;
		if (has < result)
			result = has;
		if (has == 0)
			return 0;
	}
	return result;
}

/* Is it in one include or exclude? */
static int in_part(struct response *r, const struct json *part,
		   const char *system, const char *code)
{
	const char *own = json_get_text(part, "system");
	const struct json *sets = q_list(part, "valueSet");
	int has = 1;

	if (own && system && strcmp(own, system) != 0)
		return 0;
	if (json_get(part, "concept"))
		has = listed(r, q_list(part, "concept"), NULL, code, false);
	else if (json_get(part, "filter"))
		has = -1;
	else if (own)
		has = code_in_system(r->c->p, own, code);
	if (has == 0 || !sets)
		return has;
	int also = in_sets(r, sets, system, code);
	return also < has ? also : has;
}

static int in_parts(struct response *r, const struct json *parts,
		    const char *system, const char *code)
{
	const struct json *part = json_first(parts);
	int result = 0;

	for (; part; part = json_next(part)) {
		int has = in_part(r, part, system, code);
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

static int in_value_set(struct response *r, const struct json *vs,
			const char *system, const char *code)
{
	const struct json *compose = json_get(vs, "compose");
	const struct json *expansion = json_get(vs, "expansion");

	if (!compose)
		return expansion ? listed(r, q_list(expansion, "contains"),
					  system, code, true)
				 : -1;
	int has = in_parts(r, q_list(compose, "include"), system, code);
	if (has == 0)
		return 0;
	int out = in_parts(r, q_list(compose, "exclude"), system, code);
	if (out == 1)
		return 0;
	return out < 0 ? -1 : has;
}

/* ---- the value set of an item ----------------------------------------- */

static const char *value_set_of(const struct response *r,
				const struct q_item *item)
{
	if (!is_stu3(r))
		return json_get_text(item->json, "answerValueSet");
	return json_get_text(json_get(item->json, "options"), "reference");
}

static const struct json *contained_set(const struct response *r,
					const char *id)
{
	const struct json *v =
	    json_first(q_list(r->quest->container, "contained"));

	for (; v; v = json_next(v)) {
		if (strcmp(text_of(v, "id"), id) == 0)
			return v;
	}
	return NULL;
}

/* 1, 0, -1; *known: is the value set at hand at all? Contained ones are for
 * codes, not for texts. */
static int in_set(struct response *r, const char *url, bool text,
		  const char *system, const char *code, bool *known)
{
	const struct json *vs;

	*known = false;
	if (text && url[0] == '#')
		return -1;
	if (url[0] != '#') {
		*known = find_vs(r->c->p, url) != 0;
		return profile_code_in(r->c->p, url, system, code);
	}
	vs = contained_set(r, url + 1);
	*known = vs != NULL;
	return vs ? in_value_set(r, vs, system, code) : -1;
}

static void not_in_set(struct response *r, const char *url, const char *system,
		       const char *code, const struct q_value *v,
		       const struct at *at)
{
	report(r->c, RULE_QR_OPTION_SET, at, v->json, say(r->c, "%.200s", url),
	       "use a code of the value set",
	       "The value provided (%.200s::%.100s) is not in the options "
	       "value set in the questionnaire",
	       system ? system : "", code);
}

static void cannot_tell(struct response *r, const char *url, bool known,
			const struct q_value *v, const struct at *at)
{
	if (r->c->out->n == PROFILE_ISSUES)
		return;
	report(r->c, RULE_QR_OPTION_UNKNOWN, at, v->json, NULL, NULL,
	       known ? "Could not confirm that the answer is in the value set "
		       "%.200s"
		     : "The value set %.200s of the options was not found",
	       url);
}

static void check_set(struct response *r, const char *url, bool open,
		      const struct q_value *v, const struct at *at)
{
	bool coding = v->kind == QK_CODING, known;
	const char *system = coding ? json_get_text(v->json, "system") : NULL;
	const char *code =
	    coding ? json_get_text(v->json, "code") : json_text(v->json);

	/* the validators of 2019 took a Coding's display for a text */
	if (coding && open && !code && !system && r->c->rules == RULES_KANTA)
		return;
	if (coding && !system)
		system = ""; /* such a code has no meaning: it is in no set */
	if (!code)
		code = "";
	int has = in_set(r, url, !coding, system, code, &known);
	if (has == 0 && r->c->rules == RULES_CURRENT && coding && *system &&
	    !system_is_known(r->c->p, system))
		has = -1;
	if (has == 0)
		not_in_set(r, url, system, code, v, at);
	else if (has < 0)
		cannot_tell(r, url, known, v, at);
}

/* ---- the check -------------------------------------------------------- */

static void no_options(struct response *r, const struct q_value *v,
		       const struct at *at)
{
	if (v->kind == QK_CODING)
		report(r->c, RULE_QR_NO_OPTIONS, at, v->json, NULL, NULL,
		       "Cannot validate options because no option or options "
		       "are provided");
	else
		report(r->c, RULE_QR_NO_OPTIONS, at, v->json, NULL, NULL,
		       "Cannot validate %s answer option because no option "
		       "list is provided",
		       q_kind_name(v->kind));
}

static bool is_choice(const struct q_item *item)
{
	return item->type == Q_CHOICE || item->type == Q_OPEN_CHOICE;
}

/* Options of other types of questions count since 2024. */
static bool may_have_options(const struct response *r,
			     const struct q_item *item)
{
	static const unsigned types =
	    1u << Q_INTEGER | 1u << Q_DECIMAL | 1u << Q_DATE |
	    1u << Q_DATETIME | 1u << Q_TIME | 1u << Q_STRING | 1u << Q_QUANTITY;

	return is_choice(item) || (r->c->rules == RULES_CURRENT &&
				   (types & 1u << item->type) != 0);
}

void check_option(struct response *r, const struct q_item *item,
		  const struct q_value *v, size_t count,
		  const struct at *answer, const struct at *at)
{
	const struct json *list = options_of(r, item);
	const char *url = value_set_of(r, item);
	bool open = item->type == Q_OPEN_CHOICE;

	if (!may_have_options(r, item))
		return;
	if (json_first(list))
		check_list(r, item, list, v, count, answer, at);
	else if (url && (v->kind == QK_CODING ||
			 (v->kind == QK_STRING && item->type == Q_STRING)))
		check_set(r, url, open, v, at);
	else if (is_choice(item))
		no_options(r, v, answer);
}
