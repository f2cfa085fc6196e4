/* SPDX-License-Identifier: Apache-2.0
 *
 * mutant_answers.c: responses that do not fit their questionnaire.
 *
 * A questionnaire is somewhere else, and what is generated is checked by
 * itself; so the response gets a small one of its own, contained in it, and
 * other answers. The rows below it are answers, each with one fault. STU3 names
 * a questionnaire by a Reference, R4 by a canonical, and they differ in how
 * options and conditions are written.
 */
#include "generate/mutant_int.h"

/* A question each: a group, a number, a choice of two kinds, a display, and
 * one that depends on the number. */
#define QUESTIONS(condition, options, value_set)                               \
	"{\"resourceType\":\"Questionnaire\",\"id\":\"asked\",\"url\":"        \
	"\"http://example.org/asked\",\"status\":\"active\",\"item\":["        \
	"{\"linkId\":\"g\",\"type\":\"group\",\"text\":\"G\",\"item\":["       \
	"{\"linkId\":\"g1\",\"type\":\"string\",\"text\":\"G1\"}]},"           \
	"{\"linkId\":\"n\",\"type\":\"integer\",\"text\":\"N\","               \
	"\"required\":true},"                                                  \
	"{\"linkId\":\"c\",\"type\":\"choice\",\"text\":\"C\"," options "},"   \
	"{\"linkId\":\"v\",\"type\":\"choice\",\"text\":\"V\"," value_set "}," \
	"{\"linkId\":\"d\",\"type\":\"display\",\"text\":\"D\"},"              \
	"{\"linkId\":\"e\",\"type\":\"string\",\"text\":\"E\","                \
	"\"enableWhen\":[{\"question\":\"n\"," condition "}]}]}"
#define STATUSES "http://hl7.org/fhir/ValueSet/observation-status"

static const struct {
	const char *questionnaire, *named;
} asked[FHIR_VERSIONS] = {
    [FHIR_STU3] = {QUESTIONS("\"answerInteger\":2",
			     "\"option\":[{\"valueCoding\":{\"code\":\"a\"}}]",
			     "\"options\":{\"reference\":\"" STATUSES "\"}"),
		   "{\"reference\":\"#asked\"}"},
    [FHIR_R4] = {QUESTIONS("\"operator\":\"=\",\"answerInteger\":2",
			   "\"answerOption\":[{\"valueCoding\":"
			   "{\"code\":\"a\"}}]",
			   "\"answerValueSet\":\"" STATUSES "\""),
		 "\"#asked\""},
};

#define ANSWER(id, value) "{\"linkId\":\"" id "\",\"answer\":[{" value "}]}"
#define ONE		  "\"valueInteger\":1"
#define X		  "\"valueString\":\"x\""
#define N		  ANSWER("n", ONE)

static const struct {
	const char *items, *means, *what;
} rows[] = {
    {"[" N "," ANSWER("nobody-asked", X) "]", "0154",
     "an item that the questionnaire does not have"},
    {"[" N "," ANSWER("g1", X) "]", "0155", "an item out of its group"},
    {"[" ANSWER("d", X) "," N "]", "0156 0164", "items in another order"},
    {"[" ANSWER("c", "\"valueCoding\":{\"code\":\"a\"}") "," N "]", "0156",
     "items in another order"},
    {"[" N "," N "]", "0157", "an item twice that does not repeat"},
    {"[{\"linkId\":\"n\",\"answer\":[{" ONE "},{\"valueInteger\":2}]}]", "0158",
     "two answers to a question that does not repeat"},
    {"[{\"linkId\":\"n\",\"text\":\"M\",\"answer\":[{" ONE "}]}]", "0159",
     "another text than the question's"},
    {"[" ANSWER("c", "\"valueCoding\":{\"code\":\"a\"}") "]", "0160",
     "no answer to a required question"},
    {"[" ANSWER("g", X) "," N "]", "0161", "an answer to a group"},
    {"[" N ",{\"linkId\":\"d\",\"item\":[{\"linkId\":\"g1\"}]}]", "0163",
     "an item below a display"},
    {"[" ANSWER("n", X) "]", "0166", "a string that should be an integer"},
    {"[" N "," ANSWER("c", "\"valueCoding\":{\"code\":\"b\"}") "]", "0167",
     "an answer that is none of the options"},
    {"[" N "," ANSWER("v", "\"valueCoding\":{\"system\":"
			   "\"http://example.org/codes\",\"code\":\"b\"}") "]",
     "0168", "an answer that is not in the value set of the options"},
    {"[" N "," ANSWER("e", X) "]", "0171",
     "an answer to a question that is not asked after this one"},
};

void offer_answers(struct offers *o, const struct target *t)
{
	const enum fhir_version v = t->plan->about.fhir;

	if (t->v != t->root || !text_is(json_get_text(t->root, "resourceType"),
					"QuestionnaireResponse"))
		return;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct edit e[] = {
		    {.kind = EDIT_PUT,
		     .path = "contained[99]",
		     .text = asked[v].questionnaire},
		    {.kind = EDIT_PUT,
		     .path = "questionnaire",
		     .text = asked[v].named},
		    {.kind = EDIT_PUT, .path = "item", .text = rows[i].items},
		};

		offer(o, rows[i].means, e, LEN(e),
		      arena_printf(offer_arena(o), "%s has %s", t->shown,
				   rows[i].what));
	}
}
