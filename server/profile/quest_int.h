/* SPDX-License-Identifier: Apache-2.0
 *
 * quest_int.h: a questionnaire and a response as the checks of both see them;
 * for quest.c, quest_definition.c, quest_response.c, quest_enable.c,
 * quest_answer.c, quest_option.c and quest_limit.c alone.
 */
#ifndef QUEST_INT_H
#define QUEST_INT_H

#include "profile_int.h"

enum q_type {
	Q_UNKNOWN,
	Q_GROUP,
	Q_DISPLAY,
	Q_QUESTION,
	Q_BOOLEAN,
	Q_DECIMAL,
	Q_INTEGER,
	Q_DATE,
	Q_DATETIME,
	Q_TIME,
	Q_STRING,
	Q_TEXT,
	Q_URL,
	Q_CHOICE,
	Q_OPEN_CHOICE,
	Q_ATTACHMENT,
	Q_REFERENCE,
	Q_QUANTITY,
	Q_TYPES
};

/* The type of an answer[x], value[x], initial[x]. */
enum q_kind {
	QK_NONE,
	QK_BOOLEAN,
	QK_DECIMAL,
	QK_INTEGER,
	QK_DATE,
	QK_DATETIME,
	QK_TIME,
	QK_STRING,
	QK_URI,
	QK_ATTACHMENT,
	QK_CODING,
	QK_QUANTITY,
	QK_REFERENCE,
	Q_KINDS
};
struct q_value {
	const struct json *json;
	enum q_kind kind; /* QK_NONE: one that no answer has */
};

/* An item of a questionnaire. They are one array in the order of the document;
 * the first stands for the questionnaire itself. */
struct q_item {
	const struct json *json;
	const char *link; /* or NULL */
	uint32_t up;	  /* the item around it */
	uint32_t end;	  /* behind the last item in it */
	uint32_t order;	  /* among its siblings */
	uint32_t must;	  /* the first required item right in it; 0: none */
	uint32_t also;	  /* the next required one beside it */
	uint8_t type;	  /* enum q_type */
	bool required, repeats;
	bool conditional; /* has enableWhen, or an expression for it */
	/* of the response under way */
	uint32_t level, count; /* how many of it in that level */
	int8_t enabled;	       /* in that level; 2: not asked yet */
	int8_t holds;	       /* its expression; 2: not asked yet */
	const struct fp_expr *expression;
};

struct quest {
	struct quest *next; /* of the check */
	const struct json *json;
	const struct json *container; /* of what it contains */
	struct q_item *v;
	uint32_t n;
	uint32_t *link, *place; /* open addressing, by linkId, and parent */
	uint32_t mask;
	uint32_t level; /* stamps given out */
	bool conditional;
};

/* quest.c */
/* An array member, whatever else stands there counts as none. */
const struct json *q_list(const struct json *holder, const char *name);
/* The stem's member: "value" finds valueCoding; false: there is none. */
bool q_value_of(const struct json *holder, const char *stem,
		struct q_value *out);
const char *q_kind_name(enum q_kind kind); /* "Coding" */
const char *q_type_name(enum q_type type); /* "open-choice" */
/* What answers a question may have: bits of enum q_kind. */
unsigned q_type_kinds(enum q_type type);
bool q_is_true(const struct json *holder, const char *name);
/* The text of a member that is a string, number or boolean; or NULL. */
const char *q_text(const struct json *holder, const char *name);
/* The next extension of that URL behind prev (NULL: the first). */
const struct json *q_extension(const struct json *holder,
			       const struct json *prev, const char *url);
struct quest *quest_open(struct check *c, const struct json *questionnaire,
			 const struct json *container);
uint32_t quest_find(const struct quest *q, const char *link); /* 0: none */
uint32_t quest_child(const struct quest *q, uint32_t up, const char *link);
static inline bool quest_within(const struct quest *q, uint32_t i, uint32_t up)
{
	return i >= up && i < q->v[up].end;
}
/* By canonical (or reference); NULL: it is not at hand. *container is what
 * contains it, or itself. */
const struct json *quest_locate(struct check *c, const char *canonical,
				const struct json **container);

/* An item of a response; one array, as above. */
struct r_item {
	const struct json *json;
	uint32_t q; /* item of the questionnaire; 0: it has none such */
	uint32_t up, end;
	long index;  /* in its array */
	long answer; /* of the item around it; -1: right in the item */
};

struct response {
	struct check *c;
	struct quest *quest;
	const struct json *json;
	struct r_item *v;
	uint32_t n;
	uint32_t *start; /* by item of the questionnaire: where in of */
	uint32_t *of;	 /* its items in v, ascending */
	bool complete;	 /* required answers have to be there */
	bool broke;	 /* the budget is used up */
	const struct at *at;
};

/* quest_response.c: takes n steps off the budget; false when it is used up. */
bool response_spend(struct response *r, size_t n);

/* quest_enable.c: is the item enabled where the item up of the response holds
 * it? 1, 0; -1: it cannot be told. */
int question_enabled(struct response *r, uint32_t q, uint32_t up);

/* quest_answer.c: one answer of so many */
void check_answer(struct response *r, const struct q_item *item,
		  const struct json *answer, size_t count, const struct at *at);

/* quest_option.c: the lists that an answer is chosen from */
void check_option(struct response *r, const struct q_item *item,
		  const struct q_value *v, size_t count,
		  const struct at *answer, const struct at *at);
/* Do they mean the same choice? */
bool q_same_choice(const struct q_value *x, const struct q_value *y);

/* quest_enable.c: the order of two dates or dateTimes by when they begin: a
 * year does on its first of January. False: one of them is none. */
bool q_dates_order(const char *x, const char *y, int *order);

/* quest_limit.c: what the item's extensions demand of an answer */
void check_answer_limits(struct response *r, const struct q_item *item,
			 const struct q_value *v, const struct at *answer,
			 const struct at *at);

#endif
