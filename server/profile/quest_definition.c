/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_definition.c: what holds for a Questionnaire beyond its definition and
 * the invariants que-*: the question that enableWhen names is another one, not
 * inside of the item, and comes before it; what it is compared with fits its
 * type, as do initial values and options; and what is derived from another
 * questionnaire keeps to it (its types, nothing repeats that did not, nothing
 * that was required is left open, no new options).
 *
 * The linkIds are indexed once (quest.c): cost is linear. FHIR R4 Questionnaire
 * (2.35); the derivation by the extension questionnaire-derivationType.
 */
#include "quest_int.h"

#include <string.h>

#define DERIVATION                                                             \
	"http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
#define BIT(kind) (1u << (kind))

struct review {
	struct check *c;
	const struct quest *q;
	const struct quest *base; /* that it is derived from; or NULL */
	bool extends;		  /* new items are allowed */
};

static const char *link_of(const struct q_item *i)
{
	return i->link ? i->link : "?";
}

/* ---- enableWhen ------------------------------------------------------- */

static void wrong_target(struct review *v, uint32_t i, const char *question,
			 const struct json *where, const struct at *at,
			 const char *why)
{
	struct nearest near = {.word = question};

	for (uint32_t k = 1; k < v->q->n && k < 1024 && !v->c->stop; k++) {
		if (v->q->v[k].link && k != i)
			nearest_try(&near, v->q->v[k].link);
	}
	report_as(
	    v->c, v->c->p->version == FHIR_STU3 ? ISSUE_WARNING : ISSUE_ERROR,
	    RULE_Q_TARGET, at, where, "the linkId of a question before it",
	    near.best ? say(v->c, "did you mean \"%.100s\"?", near.best)
		      : "name another question",
	    "%s (question '%.100s', linkId '%.100s')", why, question,
	    link_of(&v->q->v[i]));
}

static void check_when_type(struct review *v, const struct q_item *target,
			    const struct json *when, const struct at *at)
{
	const char *op = json_get_text(when, "operator");
	unsigned kinds = q_type_kinds((enum q_type)target->type);
	struct q_value want;

	if ((op && strcmp(op, "exists") == 0) ||
	    !q_value_of(when, "answer", &want) || kinds == 0 ||
	    (kinds & BIT(want.kind)) || want.kind == QK_NONE)
		return;
	const struct at here = {at, json_name(want.json), -1};
	report(v->c, RULE_Q_TYPE, &here, want.json, NULL, NULL,
	       "The condition compares with a %s, but the question '%.100s' "
	       "is of type %s",
	       q_kind_name(want.kind), link_of(target),
	       q_type_name((enum q_type)target->type));
}

static void check_when(struct review *v, uint32_t i, const struct json *when,
		       const struct at *at)
{
	const struct json *where = json_get(when, "question");
	const char *question = json_get_text(when, "question");
	const struct at here = {at, "question", -1};
	uint32_t target = question ? quest_find(v->q, question) : 0;

	if (!question)
		return;
	if (!target)
		wrong_target(v, i, question, where, &here,
			     "Unable to find the target of this enableWhen");
	else if (target == i)
		wrong_target(v, i, question, where, &here,
			     "enableWhen cannot refer to its own item");
	else if (quest_within(v->q, target, i))
		wrong_target(v, i, question, where, &here,
			     "enableWhen cannot refer to an item inside of "
			     "its own");
	else if (target > i)
		report(v->c, RULE_Q_LATER, &here, where, NULL, NULL,
		       "The target of this enableWhen rule (%.100s) comes "
		       "after the question itself",
		       question);
	if (target && target != i)
		check_when_type(v, &v->q->v[target], when, at);
}

static void check_whens(struct review *v, uint32_t i, const struct at *at)
{
	const struct json *w =
	    json_first(q_list(v->q->v[i].json, "enableWhen"));
	long k = 0;

	for (; w && !v->c->stop; w = json_next(w), k++) {
		const struct at here = {at, "enableWhen", k};
		check_when(v, i, w, &here);
	}
}

/* ---- initial values and options --------------------------------------- */

static void check_value(struct review *v, const struct q_item *item,
			const struct json *holder, const char *stem,
			const struct at *at)
{
	unsigned kinds = q_type_kinds((enum q_type)item->type);
	struct q_value value;

	if (!q_value_of(holder, stem, &value) || value.kind == QK_NONE)
		return;
	if (item->type == Q_CHOICE || item->type == Q_OPEN_CHOICE)
		kinds |= BIT(QK_REFERENCE);
	if (kinds & BIT(value.kind))
		return;
	const struct at here = {at, json_name(value.json), -1};
	report(v->c, RULE_Q_TYPE, &here, value.json, NULL, NULL,
	       "The value is a %s, but the item '%.100s' is of type %s",
	       q_kind_name(value.kind), link_of(item),
	       q_type_name((enum q_type)item->type));
}

static void check_values(struct review *v, const struct q_item *item,
			 const char *name, const struct at *at)
{
	const struct json *o = json_first(q_list(item->json, name));
	long k = 0;

	for (; o && !v->c->stop; o = json_next(o), k++) {
		const struct at here = {at, name, k};
		check_value(v, item, o, "value", &here);
	}
}

/* ---- derivation ------------------------------------------------------- */

static void not_derived(struct review *v, const struct q_item *i,
			const char *name, const char *want, const char *why,
			const struct at *at)
{
	const struct json *where = json_get(i->json, name);
	const struct at here = {at, name, -1};

	report(v->c, RULE_Q_DERIVED, where ? &here : at,
	       where ? where : i->json, want, "keep to the base questionnaire",
	       "The item '%.100s' is derived from the questionnaire %.200s, "
	       "but %s",
	       link_of(i), json_get_text(v->base->json, "url"), why);
}

/* All options have to be among those of the base. */
static void check_new_options(struct review *v, const struct q_item *i,
			      const struct q_item *base, const struct at *at)
{
	const struct json *mine = q_list(i->json, "answerOption");
	const struct json *theirs = q_list(base->json, "answerOption");
	const struct json *o = json_first(mine), *b;
	size_t left = 100000; /* more are not compared */
	struct q_value x, y;

	if (!theirs)
		return;
	if (!o || json_get(i->json, "answerValueSet"))
		not_derived(v, i, "answerValueSet", "answerOption",
			    "its options are replaced", at);
	for (; o && left > 0; o = json_next(o)) {
		if (!q_value_of(o, "value", &x))
			continue;
		for (b = json_first(theirs); b && left > 0; b = json_next(b)) {
			left--;
			if (q_value_of(b, "value", &y) && q_same_choice(&x, &y))
				break;
		}
		if (!b)
			not_derived(v, i, "answerOption", NULL,
				    "it has an option that its base has not",
				    at);
	}
}

static void check_max_length(struct review *v, const struct q_item *i,
			     const struct q_item *base, const struct at *at)
{
	const struct json *is = json_get(i->json, "maxLength");
	const struct json *max = json_get(base->json, "maxLength");
	const char *bound = max ? json_text(max) : NULL;

	if (!bound || (is && json_text(is) &&
		       fp_decimal_compare(json_text(is), bound) <= 0))
		return;
	not_derived(v, i, "maxLength", say(v->c, "at most %.10s", bound),
		    "it may be longer", at);
}

static void check_derived(struct review *v, const struct q_item *i,
			  const struct at *at)
{
	uint32_t k = i->link ? quest_find(v->base, i->link) : 0;
	const struct q_item *base = &v->base->v[k];

	if (!k && !v->extends)
		not_derived(v, i, "linkId", NULL, "there is no such item there",
			    at);
	if (!k)
		return;
	if (base->type != i->type)
		not_derived(v, i, "type", q_type_name((enum q_type)base->type),
			    "it is of another type", at);
	if (i->repeats && !base->repeats)
		not_derived(v, i, "repeats", "false", "it repeats", at);
	if (base->required && !i->required && json_get(i->json, "required"))
		not_derived(v, i, "required", "true",
			    "it is no longer required", at);
	check_max_length(v, i, base, at);
	check_new_options(v, i, base, at);
	if (json_get(base->json, "answerValueSet") &&
	    json_get(i->json, "answerOption"))
		not_derived(v, i, "answerOption", "answerValueSet",
			    "its value set is replaced", at);
}

/* ---- the items -------------------------------------------------------- */

static void review_item(struct review *v, uint32_t i, const struct at *at)
{
	const struct q_item *item = &v->q->v[i];
	bool stu3 = v->c->p->version == FHIR_STU3;

	if (json_get(item->json, "enableWhen"))
		check_whens(v, i, at);
	if (stu3)
		check_value(v, item, item->json, "initial", at);
	else
		check_values(v, item, "initial", at);
	check_values(v, item, stu3 ? "option" : "answerOption", at);
	if (v->base)
		check_derived(v, item, at);
}

static void review_items(struct review *v, uint32_t up, const struct at *at)
{
	const struct q_item *items = v->q->v;
	long k = 0;

	for (uint32_t i = up + 1; i < items[up].end && !v->c->stop;
	     i = items[i].end, k++) {
		const struct at here = {at, "item", k};
		review_item(v, i, &here);
		review_items(v, i, &here);
	}
}

/* ---- what it is derived from ------------------------------------------ */

/* "extends" or "compliesWith"; NULL: neither, or it is not said. */
static const char *derivation_of(const struct json *companion)
{
	static const char own[] =
	    "http://hl7.org/fhir/questionnaire-derivationType";
	const struct json *e = q_extension(companion, NULL, DERIVATION);
	const struct json *coding = json_get(e, "valueCoding");
	const char *system = json_get_text(coding, "system");
	const char *code = json_get_text(coding, "code");

	if (system && strcmp(system, own) == 0 && code &&
	    (strcmp(code, "extends") == 0 || strcmp(code, "compliesWith") == 0))
		return code;
	return NULL;
}

static void check_from(struct review *v, const struct json *from,
		       const struct json *companion, const struct at *at)
{
	const char *kind = derivation_of(companion);
	const struct json *container, *base;

	if (json_kind(from) != JSON_STRING)
		return;
	base = quest_locate(v->c, json_text(from), &container);
	if (!base) {
		report(v->c, RULE_Q_DERIVED_FROM, at, from, NULL, NULL,
		       "The questionnaire %.200s is not known, so the "
		       "derivation cannot be checked",
		       json_text(from));
		return;
	}
	if (!kind)
		return;
	struct review derived = *v;
	derived.base = quest_open(v->c, base, container);
	derived.extends = strcmp(kind, "extends") == 0;
	review_items(&derived, 0, at->up);
}

void check_questionnaire(struct check *c, const struct spot *s)
{
	struct review v = {.c = c, .q = quest_open(c, s->value, c->root)};
	const struct json *from = json_first(q_list(s->value, "derivedFrom"));
	const struct json *companion =
	    json_first(q_list(s->value, "_derivedFrom"));

	review_items(&v, 0, s->at);
	if (c->rules == RULES_KANTA)
		return;
	for (long k = 0; from && k < 8; from = json_next(from), k++) {
		const struct at here = {s->at, "derivedFrom", k};
		check_from(&v, from, companion, &here);
		companion = companion ? json_next(companion) : NULL;
	}
}
