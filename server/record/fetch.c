/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch: the Questionnaire that a response names, from what is stored.
 *
 * The rule engine judges a QuestionnaireResponse against its questions. Those
 * that came with the definitions it knows; those that applications have stored
 * it asks for here, by canonical URL (R4) or by reference (STU3: Questionnaire/
 * id, relative or below the own base). Of several with one URL the version
 * behind '|' decides, and without one the newest counts.
 *
 * Nothing is looked for unless the engine asks, so other checks pay nothing.
 * Limits: of one URL the newest FETCH_VERSIONS are looked through.
 *
 * Facts: kanta.md 4.6; fhir-rest.md 4.6.
 */
#include "record/record_int.h"

#include <string.h>

#define FETCH_VERSIONS 50
#define KIND	       "Questionnaire"

static const struct json *parsed(const struct fetch *f,
				 const struct store_resource *found)
{
	struct err ignored;

	return json_parse(f->arena, found->text, found->text_len, &ignored);
}

static const struct json *by_id(const struct fetch *f, const char *id)
{
	struct store_resource found;

	if (!store_resource_find(f->record->store, f->arena, (int)f->fhir, KIND,
				 id, 0, &found) ||
	    found.deleted)
		return NULL;
	return parsed(f, &found);
}

static const struct json *by_url(const struct fetch *f, const char *url,
				 const char *version)
{
	const struct store_value value = {.op = OP_URI, .value = url};
	const struct store_clause clause = {
	    .param = "url", .value = &value, .n = 1};
	const struct store_sort newest = {.param = "_lastUpdated",
					  .descending = true};
	const struct store_query query = {
	    .fhir = (int)f->fhir,
	    .type = KIND,
	    .clause = &clause,
	    .clause_count = 1,
	    .sort = &newest,
	    .sort_count = 1,
	    .limit = *version != '\0' ? FETCH_VERSIONS : 1,
	};
	struct store_found found;
	struct err ignored;

	if (!store_search(f->record->store, f->arena, &query, &found, &ignored))
		return NULL;
	for (size_t i = 0; i < found.n; i++) {
		const struct json *q = parsed(f, &found.v[i]);
		const char *its = json_get_text(q, "version");

		if (*version == '\0' ||
		    (its != NULL && strcmp(its, version) == 0))
			return q;
	}
	return NULL;
}

const struct json *record_fetch(void *ctx, const char *canonical)
{
	const struct fetch *f = ctx;
	size_t n = strcspn(canonical, "|");
	const char *version = canonical + n + (canonical[n] == '|');
	const char *url = arena_strndup(f->arena, canonical, n);
	const char *local = record_reference(f->arena, url, f->own_base);

	if (local != NULL && strncmp(local, KIND "/", sizeof KIND) == 0)
		return by_id(f, local + sizeof KIND);
	return by_url(f, url, version);
}
