/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_answer.c: one answer of a response: its value is of the type that the
 * question asks for, then it is held against the options (quest_option.c) and
 * what extensions demand (quest_limit.c). A choice has codes, texts, integers,
 * dates and times, whatever its options are; references, which FHIR allows as
 * options, no HL7 validator takes for an answer. Values that no type of
 * question has are refused by the definition already. FHIR R4
 * QuestionnaireResponse.item.answer (2.36).
 */
#include "quest_int.h"

#include <string.h>

#define BIT(kind) (1u << (kind))

static const char *kind_names(struct response *r, unsigned kinds)
{
	struct buf b;

	if (r->c->stop || r->c->dry)
		return "";
	buf_init(&b, r->c->a);
	for (unsigned i = 1; i < Q_KINDS; i++) {
		if (!(kinds & BIT(i)))
			continue;
		if (b.len > 0)
			buf_puts(&b, ", ");
		buf_puts(&b, q_kind_name((enum q_kind)i));
	}
	return b.p;
}

static void wrong_type(struct response *r, const struct q_item *item,
		       const struct q_value *v, unsigned kinds,
		       const struct at *at)
{
	const char *names = kind_names(r, kinds);

	report(r->c, RULE_QR_TYPE, at, v->json, names,
	       say(r->c, "the question is of type %s",
		   q_type_name((enum q_type)item->type)),
	       "Answer value must be of type %s, not %s", names,
	       q_kind_name(v->kind));
}

/* A value of another shape is refused by the definition. */
static bool is_sound(const struct q_value *v)
{
	bool object = v->kind == QK_ATTACHMENT || v->kind == QK_CODING ||
		      v->kind == QK_QUANTITY || v->kind == QK_REFERENCE;

	return json_kind(v->json) != JSON_NULL &&
	       json_kind(v->json) != JSON_ARRAY &&
	       (json_kind(v->json) == JSON_OBJECT) == object;
}

void check_answer(struct response *r, const struct q_item *item,
		  const struct json *answer, size_t count, const struct at *at)
{
	struct q_value v;
	unsigned kinds = q_type_kinds((enum q_type)item->type);

	if (!kinds || !q_value_of(answer, "value", &v) || v.kind == QK_NONE ||
	    !is_sound(&v))
		return;
	const struct at here = {at, json_name(v.json), -1};
	if (!(kinds & BIT(v.kind))) {
		wrong_type(r, item, &v, kinds, &here);
		return;
	}
	check_option(r, item, &v, count, at, &here);
	check_answer_limits(r, item, &v, at, &here);
}
