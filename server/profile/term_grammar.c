/* SPDX-License-Identifier: Apache-2.0
 *
 * term_grammar.c: code systems whose codes are not a list in a file but follow
 * from a grammar or a small table: languages, mime types, units, countries and
 * currencies. A value set that takes in all of such a system is a part of kind
 * PART_GRAMMAR. Two sets of STU3 exist by their URL alone.
 */
#include "fhirpath/fhirpath.h"
#include "term_int.h"

#include <string.h>

static const struct {
	enum grammar grammar;
	const char *system;
} systems[] = {
    {GRAMMAR_UCUM, "http://unitsofmeasure.org"},
    {GRAMMAR_LANGUAGE, "urn:ietf:bcp:47"},
    {GRAMMAR_MIME, "urn:ietf:bcp:13"},
    {GRAMMAR_COUNTRY, "urn:iso:std:iso:3166"},
    {GRAMMAR_CURRENCY, "urn:iso:std:iso:4217"},
};

static const struct {
	enum grammar grammar;
	const char *url;
} sets[] = {
    {GRAMMAR_MIME, "http://www.rfc-editor.org/bcp/bcp13.txt"},
    {GRAMMAR_LANGUAGE, "http://tools.ietf.org/html/bcp47"},
};

enum grammar grammar_of_system(const char *system)
{
	for (size_t i = 0; system && i < LEN(systems); i++) {
		if (strcmp(systems[i].system, system) == 0)
			return systems[i].grammar;
	}
	return GRAMMAR_NONE;
}

enum grammar grammar_of_set(const char *url)
{
	for (size_t i = 0; url && i < LEN(sets); i++) {
		if (strcmp(sets[i].url, url) == 0)
			return sets[i].grammar;
	}
	return GRAMMAR_NONE;
}

bool grammar_has(enum grammar g, const char *code)
{
	switch (g) {
	case GRAMMAR_LANGUAGE: return language_ok(code);
	case GRAMMAR_MIME: return mime_ok(code);
	case GRAMMAR_UCUM: return fp_ucum_ok(code, NULL);
	case GRAMMAR_COUNTRY: return country_ok(code);
	case GRAMMAR_CURRENCY: return currency_ok(code);
	case GRAMMAR_NONE: break;
	}
	return true;
}
