/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_enable.c: is an item of the questionnaire enabled?
 *
 * By an expression of an extension (FHIRPath over the response: the Finnish
 * one, and that of Structured Data Capture), else by enableWhen. Which answers
 * a condition looks at: the nearest item of the questionnaire that holds both
 * the conditional item and the question asked for (or is that question) is the
 * scope; of the response, what stands in the nearest item of the scope around.
 * One answer that meets the condition is enough. Several conditions of STU3 are
 * alternatives; of R4, what enableBehavior says.
 *
 * The answers to a question are found by binary search in a list made once for
 * a response; how many are compared is bounded by the response's budget.
 * FHIR R4 Questionnaire.item.enableWhen (2.35.7.4); STU3 4.21.
 */
#include "quest_int.h"

#include <stdio.h>
#include <string.h>

#define FINNISH                                                                \
	"http://phr.kanta.fi/StructureDefinition/"                             \
	"fiphr-ext-questionnaire-enablewhen"
#define SDC                                                                    \
	"http://hl7.org/fhir/uv/sdc/StructureDefinition/"                      \
	"sdc-questionnaire-enableWhenExpression"

/* ---- one answer and what is wanted ------------------------------------ */

enum op { OP_NONE, OP_EXISTS, OP_EQ, OP_NE, OP_GT, OP_LT, OP_GE, OP_LE };
static const char *const ops[] = {
    [OP_NONE] = "", [OP_EXISTS] = "exists", [OP_EQ] = "=",  [OP_NE] = "!=",
    [OP_GT] = ">",  [OP_LT] = "<",	    [OP_GE] = ">=", [OP_LE] = "<=",
};

static enum op op_of(const char *text)
{
	for (unsigned i = 1; text && i < LEN(ops); i++) {
		if (strcmp(ops[i], text) == 0)
			return (enum op)i;
	}
	return OP_NONE;
}

static bool by_order(enum op op, int order)
{
	switch (op) {
	case OP_EQ: return order == 0;
	case OP_NE: return order != 0;
	case OP_GT: return order > 0;
	case OP_LT: return order < 0;
	case OP_GE: return order >= 0;
	case OP_LE: return order <= 0;
	default: return false;
	}
}

static bool is_number(enum q_kind kind)
{
	return kind == QK_INTEGER || kind == QK_DECIMAL;
}

static bool is_day(enum q_kind kind)
{
	return kind == QK_DATE || kind == QK_DATETIME;
}

static bool is_comparable(enum q_kind x, enum q_kind y)
{
	return x == y || (is_number(x) && is_number(y)) ||
	       (is_day(x) && is_day(y));
}

/* "2024" begins as "2024-01-01T00:00:00Z" does. */
static const char *start_of(const char *date, char buf[32])
{
	static const char rest[] = "0000-01-01T00:00:00Z";
	size_t n = strlen(date);

	if (n != 4 && n != 7 && n != 10)
		return date;
	snprintf(buf, 32, "%s%s", date, rest + n);
	return buf;
}

bool q_dates_order(const char *x, const char *y, int *order)
{
	char xs[32], ys[32];
	return fp_time_compare(start_of(x, xs), start_of(y, ys), order);
}

/* By their values alone, whatever the units: so do the HL7 validators. */
static bool order_quantities(const struct json *x, const struct json *y,
			     int *order)
{
	const char *xv = q_text(x, "value");
	const char *yv = q_text(y, "value");

	if (!xv || !yv)
		return false;
	*order = fp_decimal_compare(xv, yv);
	return true;
}

/* False: they have no order. */
static bool order_values(const struct q_value *x, const struct q_value *y,
			 int *order)
{
	const char *xs = json_text(x->json), *ys = json_text(y->json);

	if (x->kind == QK_QUANTITY)
		return order_quantities(x->json, y->json, order);
	if (!xs || !ys)
		return false;
	if (is_number(x->kind))
		*order = fp_decimal_compare(xs, ys);
	else if (is_day(x->kind))
		return q_dates_order(xs, ys, order);
	else if (x->kind == QK_TIME)
		return fp_time_compare(xs, ys, order);
	else
		*order = strcmp(xs, ys);
	return true;
}

/* A condition without a system asks for the code alone. */
static bool is_wanted(const struct q_value *is, const struct q_value *want)
{
	const char *code = json_get_text(is->json, "code");
	const char *wanted = json_get_text(want->json, "code");

	if (want->kind != QK_CODING || json_get_text(want->json, "system"))
		return q_same_choice(is, want);
	return code && wanted ? strcmp(code, wanted) == 0 : code == wanted;
}

static bool meets(const struct q_value *is, enum op op,
		  const struct q_value *want)
{
	int order;

	if (!is_comparable(is->kind, want->kind))
		return op == OP_NE;
	if (want->kind == QK_CODING || want->kind == QK_REFERENCE)
		return is_wanted(is, want) ? op == OP_EQ : op == OP_NE;
	return order_values(is, want, &order) && by_order(op, order);
}

/* ---- one condition ---------------------------------------------------- */

struct condition {
	enum op op;
	struct q_value want;
	bool exists; /* of OP_EXISTS */
};

/* STU3 has hasAnswer or answer[x] and no operator. */
static bool read_condition(const struct json *when, struct condition *out)
{
	const struct json *has = json_get(when, "hasAnswer");

	out->op = op_of(json_get_text(when, "operator"));
	if (has) {
		out->op = OP_EXISTS;
		out->exists = json_kind(has) == JSON_TRUE;
		return true;
	}
	if (!q_value_of(when, "answer", &out->want))
		return false;
	out->exists = json_kind(out->want.json) == JSON_TRUE;
	if (!json_get(when, "operator"))
		out->op = OP_EQ;
	return out->op != OP_NONE;
}

/* Does an item of the response answer so? *some: it has an answer at all. */
static bool answers_so(struct response *r, const struct json *item,
		       const struct condition *k, bool *some)
{
	const struct json *a = json_first(q_list(item, "answer"));

	for (; a; a = json_next(a)) {
		struct q_value v;
		if (!response_spend(r, 1))
			return false;
		*some |= json_kind(a) == JSON_OBJECT && json_first(a);
		if (!q_value_of(a, "value", &v))
			continue;
		if (k->op != OP_EXISTS && meets(&v, k->op, &k->want))
			return true;
	}
	return false;
}

/* The first of the question's items that is not before the item up. */
static uint32_t first_in(const struct response *r, uint32_t q, uint32_t up)
{
	uint32_t lo = r->start[q], hi = r->start[q + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (r->of[mid] < up)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The item of the response, up or around it, that the condition looks into. */
static uint32_t scope_of(const struct response *r, uint32_t q, uint32_t target,
			 uint32_t up)
{
	const struct quest *quest = r->quest;
	uint32_t group = target;

	while (group && (group == q || !quest_within(quest, q, group)))
		group = quest->v[group].up;
	while (up && r->v[up].q != group)
		up = r->v[up].up;
	return up;
}

static int condition_met(struct response *r, uint32_t q, uint32_t up,
			 const struct json *when)
{
	const char *question = json_get_text(when, "question");
	uint32_t target = question ? quest_find(r->quest, question) : 0;
	struct condition k = {.op = OP_NONE};
	bool some = false;

	if (!read_condition(when, &k))
		return 0;
	if (target) {
		uint32_t scope = scope_of(r, q, target, up);
		uint32_t i = first_in(r, target, scope);
		for (; i < r->start[target + 1] && r->of[i] < r->v[scope].end;
		     i++) {
			if (answers_so(r, r->v[r->of[i]].json, &k, &some))
				return 1;
		}
	}
	if (r->broke)
		return -1;
	return k.op == OP_EXISTS && some == k.exists;
}

/* enableBehavior is all, any, or (STU3) not known. With several conditions R4
 * demands one; without it nothing is disabled. */
static int conditions_met(struct response *r, uint32_t q, uint32_t up)
{
	const struct json *item = r->quest->v[q].json;
	const struct json *list = q_list(item, "enableWhen");
	const struct json *when = json_first(list);
	const char *behavior = json_get_text(item, "enableBehavior");
	bool all = behavior && strcmp(behavior, "all") == 0;

	if (!when)
		return 1;
	if (r->c->p->version != FHIR_STU3 && !behavior && json_next(when))
		return 1;
	for (; when; when = json_next(when)) {
		int met = condition_met(r, q, up, when);
		if (met < 0 || met != all)
			return met;
	}
	return all;
}

/* ---- an expression ---------------------------------------------------- */

static const char *expression_of(const struct json *item)
{
	const struct json *e = q_extension(item, NULL, FINNISH);
	const char *language;

	if (e)
		return json_get_text(e, "valueString");
	e = json_get(q_extension(item, NULL, SDC), "valueExpression");
	language = json_get_text(e, "language");
	if (!language || strcmp(language, "text/fhirpath") != 0)
		return NULL;
	return json_get_text(e, "expression");
}

static void expression_failed(struct response *r, const struct q_item *item,
			      const char *text, const struct err *e)
{
	report(
	    r->c, RULE_QR_EXPRESSION, r->at, r->json,
	    say(r->c, "condition of %s", item->link ? item->link : "?"),
	    "correct the questionnaire's expression",
	    "The condition of the item '%.80s' could not be evaluated: %.200s "
	    "[%.300s]",
	    item->link ? item->link : "?", e->text, text);
}

static int evaluate(struct check *c, const struct json *response,
		    const struct fp_expr **x, const char *text, struct err *e)
{
	struct evaluation *ev = c->ev;
	struct fp_item focus = {.kind = FP_NODE,
				.type = ev->model.resource(c->p, response),
				.u.node = {response, NULL}};

	if (!*x)
		*x = fp_compile(c->a, text, e);
	ev->env.spent = 0;
	if (!*x)
		return -1;
	if (!ev->env.arena)
		ev->env.arena = arena_new(0);
	struct arena_mark mark = arena_mark(ev->env.arena);
	evaluation_at(ev, c);
	int holds = fp_holds(*x, &ev->env, &focus, e);
	evaluation_rewind(ev, c, &mark);
	return holds;
}

/* It is over the whole response: so its answer holds for every place. */
static int expression_holds(struct response *r, struct q_item *item,
			    const char *text)
{
	struct err e = {.kind = ERR_NONE};

	if (item->holds != 2)
		return item->holds;
	item->holds =
	    (int8_t)evaluate(r->c, r->json, &item->expression, text, &e);
	if (!response_spend(r, r->c->ev->env.spent))
		item->holds = -1;
	else if (item->holds < 0)
		expression_failed(r, item, text, &e);
	return item->holds;
}

int question_enabled(struct response *r, uint32_t q, uint32_t up)
{
	struct q_item *item = &r->quest->v[q];
	const char *text;

	if (!item->conditional)
		return 1;
	text = expression_of(item->json);
	if (text)
		return expression_holds(r, item, text);
	return conditions_met(r, q, up);
}
