/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person reads about a word of scope: on the consent page, in the list
 * of applications, in My Kanta.
 *
 * Reading and writing have a sentence each for every type, since a sentence
 * that is put together from parts is right in English at most. A type that is
 * not in the table is named by its code; what is no scope of a citizen's data
 * at all is shown as it is. The types are those of oauth.md section 8, in the
 * order in which a person would name them.
 */
#include "site/site.h"

#include <string.h>

static const struct {
	const char *type, *name, *read, *write;
} types[] = {
    {"Observation", SAY("Measurements and activity"),
     SAY("Read your measurements and activity"),
     SAY("Save and change your measurements and activity")},
    {"MedicationAdministration", SAY("Medicines taken"),
     SAY("Read the medicines you have taken"),
     SAY("Save and change the medicines you have taken")},
    {"MedicationStatement", SAY("Medicines in use"),
     SAY("Read the medicines you use"),
     SAY("Save and change the medicines you use")},
    {"CarePlan", SAY("Plans and goals"), SAY("Read your plans and goals"),
     SAY("Save and change your plans and goals")},
    {"Questionnaire", SAY("Questionnaires"), SAY("Read questionnaires"),
     SAY("Save and change questionnaires")},
    {"QuestionnaireResponse", SAY("Answers to questionnaires"),
     SAY("Read your answers to questionnaires"),
     SAY("Save and change your answers to questionnaires")},
    {"Patient", SAY("Basic data"), SAY("Read the basic data about you"),
     SAY("Save and change the basic data about you")},
    {"Consent", SAY("Consents"), SAY("Read your consents"),
     SAY("Save and change your consents")},
    {"*", SAY("All data"), SAY("Read all your data"),
     SAY("Save and change all your data")},
};

/* Words that are no type and its action. */
static const char *const others[][2] = {
    {"offline_access", SAY("Go on using these permissions while you are away")},
    {"openid", SAY("Know that it is you, by an identifier")},
};

const char *site_scope_type(size_t i, const char **name)
{
	if (i >= LEN(types) || types[i].type[0] == '*')
		return NULL;
	*name = types[i].name;
	return types[i].type;
}

/* Of a type that has no sentence. */
static const char *unknown(struct arena *a, const struct page_locale *l,
			   const char *type, bool write)
{
	const struct page_value v[] = {{.name = "type", .text = type}};

	return page_say(a, l,
			write ? SAY("Save and change your data of the type "
				    "{type}")
			      : SAY("Read your data of the type {type}"),
			&(struct page_values){v, LEN(v)});
}

const char *site_scope_say(struct arena *a, const struct page_locale *l,
			   const char *word)
{
	for (size_t i = 0; i < LEN(others); i++)
		if (text_is(word, others[i][0]))
			return page_word(l, others[i][1]);
	if (!text_begins(word, "patient/"))
		return word;
	const char *type = word + strlen("patient/");
	size_t n = strcspn(type, ".");
	bool write = strcmp(type + n, ".write") == 0;
	if (!write && strcmp(type + n, ".read") != 0)
		return word;
	const char *code = arena_strndup(a, type, n);
	for (size_t i = 0; i < LEN(types); i++)
		if (strcmp(types[i].type, code) == 0)
			return page_word(l, write ? types[i].write
						  : types[i].read);
	return unknown(a, l, code, write);
}

const char *site_scope_text(struct rq *rq, const char *word)
{
	struct page_locale l = site_locale(rq);

	return site_scope_say(rq->arena, &l, word);
}
