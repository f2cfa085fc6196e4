/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_response.c: a QuestionnaireResponse beside its questionnaire.
 *
 * The response's items become one array in document order, each with the item
 * of the questionnaire that it answers. Then level by level, a level being the
 * items right in the response, in a group, or in one answer: is each of them of
 * the questionnaire, in its place and order, not too often, enabled; is what is
 * required there; and each answer by itself (quest_answer.c).
 *
 * An item under a disabled one is disabled; only the outermost is reported
 * (today's validator misses what is required in a disabled group that is there
 * and empty: matched).
 * What is required is an error in a response that is completed or amended, and
 * a warning in one that is not; by the rules of 2019 in every one that is not
 * in progress. These took an item of nothing but a linkId for one that is not
 * there. What has no rule in --rules kanta came later (rules.c).
 *
 * Cost is linear in the response and the questionnaire but for conditions,
 * options, and required items of repeated groups. These share a budget, one of
 * the whole check, Bundles included; what exceeds it is refused with a clear
 * error. FHIR R4 QuestionnaireResponse (2.36), STU3 4.22.
 */
#include "quest_int.h"

#include <stdlib.h>
#include <string.h>

#define BUDGET	   8000000 /* steps: answers, options, required items */
#define NEAR_LINKS 1024	   /* among so many the nearest is looked for */

bool response_spend(struct response *r, size_t n)
{
	if (!r->broke && n <= BUDGET - r->c->quest_steps) {
		r->c->quest_steps += (uint32_t)n;
		return true;
	}
	if (!r->broke)
		report(r->c, RULE_QR_BUDGET, r->at, r->json, "fewer answers",
		       "shorten the response or the questionnaire's options",
		       "The response is too costly to check against its "
		       "questionnaire: conditions, options and required items "
		       "multiply");
	r->broke = true;
	return false;
}

/* ---- the items in one array ------------------------------------------- */

static uint32_t count_items(const struct json *holder, bool item)
{
	const struct json *i = json_first(q_list(holder, "item"));
	uint32_t n = 0;

	for (; i; i = json_next(i))
		n += 1 + count_items(i, true);
	if (!item)
		return n;
	i = json_first(q_list(holder, "answer"));
	for (; i; i = json_next(i))
		n += count_items(i, false);
	return n;
}

/* The questionnaire's item of that linkId: the one that belongs here, or one
 * elsewhere; 0: none. */
static uint32_t question_of(const struct quest *q, uint32_t up,
			    const char *link)
{
	uint32_t i = link && *link ? quest_child(q, up, link) : 0;

	if (i || !link)
		return i;
	return quest_find(q, link);
}

static void add_item(struct response *r, const struct json *item, uint32_t up,
		     long answer, long index);

static void add_items(struct response *r, const struct json *holder,
		      uint32_t up, long answer)
{
	const struct json *i = json_first(q_list(holder, "item"));
	long index = 0;
	for (; i; i = json_next(i))
		add_item(r, i, up, answer, index++);
}

static void add_item(struct response *r, const struct json *item, uint32_t up,
		     long answer, long index)
{
	uint32_t me = r->n++;
	const char *link = json_get_text(item, "linkId");
	long k = 0;

	r->v[me] = (struct r_item){.json = item,
				   .q = question_of(r->quest, r->v[up].q, link),
				   .up = up,
				   .index = index,
				   .answer = answer};
	add_items(r, item, me, -1);
	for (const struct json *a = json_first(q_list(item, "answer")); a;
	     a = json_next(a))
		add_items(r, a, me, k++);
	r->v[me].end = r->n;
}

/* Lists the response's items by item of the questionnaire. */
static void sort_items(struct response *r)
{
	uint32_t n = r->quest->n;
	uint32_t *fill = arena_alloc(r->c->a, n * sizeof(*fill));

	r->start = arena_alloc(r->c->a, (n + 1) * sizeof(*r->start));
	r->of = arena_alloc(r->c->a, r->n * sizeof(*r->of));
	for (uint32_t i = 1; i < r->n; i++)
		r->start[r->v[i].q + 1]++;
	for (uint32_t i = 0; i < n; i++) {
		r->start[i + 1] += r->start[i];
		fill[i] = r->start[i];
	}
	for (uint32_t i = 1; i < r->n; i++)
		r->of[fill[r->v[i].q]++] = i;
}

static void read_items(struct response *r)
{
	uint32_t n = 1 + count_items(r->json, false);

	r->v = arena_alloc(r->c->a, n * sizeof(*r->v));
	r->n = 1;
	r->v[0] = (struct r_item){.json = r->json};
	add_items(r, r->json, 0, -1);
	r->v[0].end = r->n;
	if (!r->quest->conditional)
		return;
	sort_items(r);
	for (uint32_t i = 0; i < r->quest->n; i++)
		r->quest->v[i].holds = 2;
}

/* ---- one level -------------------------------------------------------- */

struct level {
	uint32_t q;  /* item of the questionnaire whose children are here */
	uint32_t up; /* item of the response that holds them */
	long answer; /* in this answer of it; -1: right in it */
	bool enabled;
	uint32_t first, end; /* items that may be of this level */
	uint32_t stamp;
	const struct json *holder; /* the item, answer or response */
	const struct at *at;	   /* its place */
};

static bool here(const struct response *r, const struct level *l, uint32_t i)
{
	return i < l->end && r->v[i].answer == l->answer;
}

static const struct json *place_of(const struct r_item *i)
{
	const struct json *link = json_get(i->json, "linkId");
	return link ? link : i->json;
}

static void unknown_link(struct response *r, const struct r_item *i,
			 const struct at *at)
{
	const char *link = json_get_text(i->json, "linkId");
	const struct quest *q = r->quest;
	struct nearest near = {.word = link};

	if (!link || r->c->stop)
		return;
	for (uint32_t k = 1; k < q->n && k < NEAR_LINKS; k++) {
		if (q->v[k].link)
			nearest_try(&near, q->v[k].link);
	}
	report(r->c, RULE_QR_LINK, at, place_of(i),
	       "a linkId of the questionnaire",
	       near.best ? say(r->c, "did you mean \"%.100s\"?", near.best)
			 : "remove the item",
	       "LinkId \"%.100s\" not found in questionnaire", link);
}

static void wrong_place(struct response *r, const struct r_item *i,
			const struct at *at)
{
	const struct quest *q = r->quest;
	uint32_t up = q->v[i->q].up;
	const char *link = up ? q->v[up].link : NULL;

	report(r->c, RULE_QR_PLACE, at, place_of(i),
	       up ? say(r->c, "in the item %.100s", link ? link : "?")
		  : "right in the response",
	       "move the item to where the questionnaire has it",
	       "Structural Error: item is in the wrong place (linkId %.100s)",
	       q->v[i->q].link);
}

static void out_of_order(struct response *r, const struct r_item *i,
			 const struct at *at)
{
	report(r->c, RULE_QR_ORDER, at, place_of(i),
	       "the questionnaire's order", "move the item up",
	       "Structural Error: items are out of order");
}

static void once(struct response *r, const struct r_item *i,
		 const struct q_item *q, const struct at *at)
{
	if (q->count != 2 || q->repeats)
		return;
	report(r->c, RULE_QR_ITEM_ONCE, at, place_of(i), "one item",
	       "keep one of the items, or let the question repeat",
	       "Only one response item with this linkId allowed - %.100s",
	       q->link);
}

static bool has_content(const struct json *item)
{
	return json_first(q_list(item, "answer")) ||
	       json_first(q_list(item, "item"));
}

static bool is_absent(const struct response *r, const struct r_item *i)
{
	return r->c->rules == RULES_KANTA && !has_content(i->json);
}

/* Sees which items of the questionnaire are there. */
static void note_items(struct response *r, const struct level *l)
{
	uint32_t last = 0;

	for (uint32_t i = l->first; here(r, l, i); i = r->v[i].end) {
		const struct r_item *item = &r->v[i];
		const struct at at = {l->at, "item", item->index};
		struct q_item *q = &r->quest->v[item->q];
		if (!item->q) {
			unknown_link(r, item, &at);
			continue;
		}
		if (q->up != l->q) {
			wrong_place(r, item, &at);
			continue;
		}
		if (q->order < last)
			out_of_order(r, item, &at);
		last = q->order;
		if (is_absent(r, item))
			continue;
		if (q->level != l->stamp) {
			q->level = l->stamp;
			q->count = 0;
			q->enabled = 2;
		}
		q->count++;
		once(r, item, q, &at);
	}
}

/* 1, 0, -1 as question_enabled() says, asked once in a level. */
static int enabled_here(struct response *r, const struct level *l, uint32_t q)
{
	struct q_item *item = &r->quest->v[q];

	if (!l->enabled)
		return 0;
	if (item->level != l->stamp)
		return question_enabled(r, q, l->up);
	if (item->enabled == 2)
		item->enabled = (int8_t)question_enabled(r, q, l->up);
	return item->enabled;
}

static void missing(struct response *r, const struct q_item *q,
		    const struct json *where, const struct at *at)
{
	const char *text = json_get_text(q->json, "text");

	if (!r->complete && r->c->out->n == PROFILE_ISSUES)
		return;
	report_as(
	    r->c, r->complete ? ISSUE_ERROR : ISSUE_WARNING, RULE_QR_REQUIRED,
	    at, where, say(r->c, "an answer to %.100s", q->link),
	    text ? say(r->c, "answer \"%.200s\"", text) : "answer the question",
	    "No response found for required item %.100s", q->link);
}

static void check_missing(struct response *r, const struct level *l)
{
	const struct quest *q = r->quest;

	for (uint32_t i = q->v[l->q].must; i && !r->c->stop; i = q->v[i].also) {
		if (!response_spend(r, 1))
			return;
		if (q->v[i].level != l->stamp && enabled_here(r, l, i) == 1)
			missing(r, &q->v[i], l->holder, l->at);
	}
}

/* ---- one item --------------------------------------------------------- */

static void disabled(struct response *r, const struct r_item *i,
		     const struct at *at)
{
	const char *link = r->quest->v[i->q].link;
	report(r->c, RULE_QR_DISABLED, at, place_of(i), "no answer",
	       "remove the item, or answer so that it is enabled",
	       "Item has answer, even though it is not enabled (item id = "
	       "'%.100s')",
	       link);
}

static void check_text(struct response *r, const struct r_item *i,
		       const struct q_item *q, const struct at *at)
{
	const char *text = json_get_text(i->json, "text");
	const char *want = json_get_text(q->json, "text");
	const struct at here = {at, "text", -1};

	if (!text || !*text || (want && strcmp(text, want) == 0))
		return;
	report(r->c, RULE_QR_TEXT, &here, json_get(i->json, "text"),
	       want ? say(r->c, "%.300s", want) : "no text",
	       "copy the questionnaire's text, or leave it out",
	       "If text exists, it must match the questionnaire definition for "
	       "linkId %.100s",
	       q->link);
}

static void check_group(struct response *r, const struct r_item *i,
			const struct q_item *q, size_t answers,
			const struct at *at)
{
	if (answers > 0)
		report(r->c, RULE_QR_GROUP_ANSWER, at,
		       json_get(i->json, "answer"), "items",
		       "put the items right into the group",
		       "Items of type group should not have answers");
	if (q->required && !json_first(q_list(i->json, "item")))
		report(r->c, RULE_QR_GROUP_EMPTY, at, i->json, "an item",
		       "answer a question of the group",
		       "The group %.100s is required, but there is nothing in "
		       "it",
		       q->link);
}

static void check_display(struct response *r, const struct r_item *i,
			  const struct q_item *q, size_t answers,
			  const struct at *at)
{
	if (answers > 0)
		report(r->c, RULE_QR_DISPLAY_ANSWER, at,
		       json_get(i->json, "answer"), "no answer",
		       "remove the answer",
		       "Items of type 'display' cannot have answers");
	if (json_first(q_list(i->json, "item")))
		report(r->c, RULE_QR_DISPLAY_ITEM, at,
		       json_get(i->json, "item"), "no items",
		       "remove the items",
		       "Items not of type DISPLAY should not have items - "
		       "linkId %.100s",
		       q->link);
}

static void no_type(struct response *r, const struct r_item *i,
		    const struct q_item *q, const struct at *at)
{
	report(r->c, RULE_QR_TYPE, at, i->json, "a type of question",
	       "give the questionnaire's item a type",
	       "The item %.100s of the questionnaire has no type, so its "
	       "answers cannot be validated",
	       q->link);
}

static void check_question(struct response *r, const struct r_item *i,
			   const struct q_item *q, size_t answers,
			   const struct at *at)
{
	if (json_first(q_list(i->json, "item")))
		report(r->c, RULE_QR_OUTSIDE, at, json_get(i->json, "item"),
		       "answer.item", "put the items into the answer",
		       "Items not of type group should not have items outside "
		       "answers (use answer.item not .item)");
	if (answers > 1 && !q->repeats)
		report(r->c, RULE_QR_ANSWER_ONCE, at,
		       json_next(json_first(json_get(i->json, "answer"))),
		       "one answer", "keep one of the answers",
		       "Only one response answer item with this linkId "
		       "allowed");
}

/* minOccurs, maxOccurs. They are of answers, also of a group's, which has none:
 * so has it today's validator. */
static void check_occurs(struct response *r, const struct r_item *i,
			 const struct q_item *q, size_t n, const struct at *at,
			 bool least)
{
	const struct json *e =
	    q_extension(q->json, NULL,
			least ? "http://hl7.org/fhir/StructureDefinition/"
				"questionnaire-minOccurs"
			      : "http://hl7.org/fhir/StructureDefinition/"
				"questionnaire-maxOccurs");
	const char *bound = q_text(e, "valueInteger");
	unsigned long than = bound ? strtoul(bound, NULL, 10) : 0;

	if (!bound || bound[0] == '-' || (least ? n >= than : n <= than))
		return;
	report(r->c, RULE_QR_OCCURS, at, i->json,
	       say(r->c, "at %s %.20s", least ? "least" : "most", bound),
	       least ? "answer more often" : "answer less often",
	       "The %s number of answers is %.20s but this has %zu answers",
	       least ? "minimum" : "maximum", bound, n);
}

static void check_shape(struct response *r, const struct r_item *i,
			const struct q_item *q, size_t answers, int enabled,
			const struct at *at)
{
	bool group = q->type == Q_GROUP;

	check_text(r, i, q, at);
	if (group)
		check_group(r, i, q, answers, at);
	else if (q->type == Q_DISPLAY)
		check_display(r, i, q, answers, at);
	else if (!json_get(q->json, "type"))
		no_type(r, i, q, at);
	else
		check_question(r, i, q, answers, at);
	if (!group && q->required && answers == 0 && enabled == 1)
		missing(r, q, i->json, at);
	if (rule_table[RULE_QR_OCCURS].severity[r->c->rules] == ISSUE_NONE ||
	    !json_get(q->json, "extension"))
		return;
	check_occurs(r, i, q, answers, at, true);
	check_occurs(r, i, q, answers, at, false);
}

/* ---- down ------------------------------------------------------------- */

static uint32_t check_level(struct response *r, struct level *l);

/* The answers of a question, and what is in each of them. */
static void check_answers(struct response *r, uint32_t i, size_t answers,
			  bool enabled, uint32_t next, const struct at *at)
{
	const struct r_item *item = &r->v[i];
	const struct q_item *q = &r->quest->v[item->q];
	const struct json *a = json_first(q_list(item->json, "answer"));
	long k = 0;

	for (; a && !r->c->stop && !r->broke; a = json_next(a), k++) {
		const struct at here = {at, "answer", k};
		struct level l = {.q = item->q,
				  .up = i,
				  .answer = k,
				  .enabled = enabled,
				  .first = next,
				  .end = item->end,
				  .holder = a,
				  .at = &here};
		check_answer(r, q, a, answers, &here);
		next = check_level(r, &l);
	}
}

static void answered_item(struct response *r, uint32_t i, bool enabled,
			  int asked, const struct at *at)
{
	const struct r_item *item = &r->v[i];
	const struct q_item *q = &r->quest->v[item->q];
	size_t answers = json_count(q_list(item->json, "answer"));
	struct level l = {.q = item->q,
			  .up = i,
			  .answer = -1,
			  .enabled = enabled,
			  .first = i + 1,
			  .end = item->end,
			  .holder = item->json,
			  .at = at};

	check_shape(r, item, q, answers, asked, at);
	if (q->type == Q_GROUP) {
		check_level(r, &l);
		return;
	}
	if (q->type == Q_DISPLAY)
		return;
	while (here(r, &l, l.first)) /* reported as outside of answers */
		l.first = r->v[l.first].end;
	check_answers(r, i, answers, enabled, l.first, at);
}

/* Is what is required in the item asked for? Not in a disabled one; but today's
 * validator looks at nothing around, and reports one that has content. */
static bool asks_inside(const struct response *r, const struct r_item *i,
			int enabled)
{
	return enabled != 0 ||
	       (r->c->rules == RULES_CURRENT && !has_content(i->json));
}

/* Returns the item behind the level. */
static uint32_t check_level(struct response *r, struct level *l)
{
	uint32_t i = l->first;

	l->stamp = ++r->quest->level;
	note_items(r, l);
	check_missing(r, l);
	for (; here(r, l, i); i = r->v[i].end) {
		const struct r_item *item = &r->v[i];
		const struct at at = {l->at, "item", item->index};
		bool misplaced = r->quest->v[item->q].up != l->q;
		int asked;

		if (!item->q || r->c->stop || r->broke || is_absent(r, item))
			continue;
		asked = misplaced ? 1 : enabled_here(r, l, item->q);
		if (asked == 0 && l->enabled && has_content(item->json))
			disabled(r, item, &at);
		answered_item(r, i, asks_inside(r, item, asked), asked, &at);
	}
	return i;
}

/* ---- the whole -------------------------------------------------------- */

static bool is_completed(const struct check *c, const struct json *response)
{
	const char *s = json_get_text(response, "status");

	if (c->rules == RULES_KANTA)
		return !s || strcmp(s, "in-progress") != 0;
	return s && (strcmp(s, "completed") == 0 || strcmp(s, "amended") == 0);
}

static void check_authored(struct response *r)
{
	const struct json *v = json_get(r->json, "authored");
	const struct json *period = json_get(r->quest->json, "effectivePeriod");
	const char *authored = q_text(r->json, "authored");
	const char *start = json_get_text(period, "start");
	const char *end = json_get_text(period, "end");
	const struct at here = {r->at, "authored", -1};
	int order;

	if (!authored)
		return;
	if (start && fp_time_compare(authored, start, &order) && order < 0)
		report(r->c, RULE_QR_AUTHORED, &here, v,
		       say(r->c, "from %.40s", start), NULL,
		       "The authored date '%.40s' is before the start of the "
		       "permitted period defined in the Questionnaire "
		       "('%.40s')",
		       authored, start);
	if (end && fp_time_compare(authored, end, &order) && order > 0)
		report(r->c, RULE_QR_AUTHORED, &here, v,
		       say(r->c, "until %.40s", end), NULL,
		       "The authored date '%.40s' is after the end of the "
		       "permitted period defined in the Questionnaire "
		       "('%.40s')",
		       authored, end);
}

static void check_against(struct check *c, const struct spot *s,
			  const struct json *questionnaire,
			  const struct json *container)
{
	struct response r = {.c = c,
			     .json = s->value,
			     .complete = is_completed(c, s->value),
			     .at = s->at};
	struct level l = {.answer = -1,
			  .enabled = true,
			  .first = 1,
			  .holder = s->value,
			  .at = s->at};

	r.quest = quest_open(c, questionnaire, container);
	read_items(&r);
	l.end = r.n;
	check_authored(&r);
	check_level(&r, &l);
}

static void not_found(struct check *c, const char *canonical,
		      const struct json *where, const struct at *at)
{
	report(c, RULE_QR_NOT_FOUND, at, where, NULL,
	       "load the questionnaire with --package, or contain it",
	       "The questionnaire \"%.200s\" could not be resolved, so no "
	       "validation can be performed against the base questionnaire",
	       canonical);
}

static bool is_questionnaire(const struct json *r)
{
	const char *type = json_get_text(r, "resourceType");
	return type && strcmp(type, "Questionnaire") == 0;
}

void check_response(struct check *c, const struct spot *s)
{
	const struct json *q = json_get(s->value, "questionnaire");
	const struct json *where = json_get(q, "reference");
	const struct json *container, *found;
	const struct at here = {s->at, "questionnaire", -1};

	if (q && json_kind(q) == JSON_STRING)
		where = q;
	if (!where || json_kind(where) != JSON_STRING || !json_len(where)) {
		report(c, RULE_QR_NONE, s->at, s->value, NULL,
		       "name the questionnaire",
		       "No questionnaire is identified, so no validation can "
		       "be performed against the base questionnaire");
		return;
	}
	found = quest_locate(c, json_text(where), &container);
	if (!is_questionnaire(found)) {
		not_found(c, json_text(where), where, &here);
		return;
	}
	check_against(c, s, found, container);
}
