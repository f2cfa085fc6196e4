/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_coding.c: a code against its own system, whatever the element is bound
 * to.
 *
 * A system has to be absolute, a system and no value set, and if it is loaded
 * in full, the code has to be in it; of a system by grammar it has to follow
 * the grammar. Systems that are neither are no matter for the rules of 2018;
 * today's warn, but for the large terminologies of which everybody knows that
 * they exist. The record of the system is found once for each coding.
 * FHIR R4 2.24.0.7 (Coding), 4.2 (code systems); texts of the HL7 validator.
 */
#include "term_int.h"

#include <string.h>

/* Not loaded here, and known to exist: what they begin with. */
static const char *const large[] = {
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/",
    "http://www.ama-assn.org/go/cpt",
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://www.whocc.no/atc",
    "http://nucc.org/provider-taxonomy",
    "http://fdasis.nlm.nih.gov",
    "http://varnomen.hgvs.org",
    "http://www.genenames.org",
    "http://unstats.un.org/unsd/methods/m49/m49.htm",
    "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
    "http://hl7.org/fhir/test",
    "urn:iso:std:iso:3166:-2",
    "urn:iso:std:iso:11073:10101",
    "urn:ietf:rfc:",
};

static bool is_large(const char *system)
{
	for (size_t i = 0; i < LEN(large); i++) {
		if (strncmp(system, large[i], strlen(large[i])) == 0)
			return true;
	}
	return false;
}

bool system_is_known(const struct profiles *p, const char *system)
{
	return find_cs(p, system) || grammar_of_system(system) ||
	       is_large(system);
}

void check_system(struct check *c, const struct spot *s)
{
	const struct json *system = json_get(s->value, "system");
	const struct at here = {s->at, "system", -1};

	if (!system || json_kind(system) != JSON_STRING || !json_len(system) ||
	    is_absolute(json_text(system)))
		return;
	report(c, RULE_SYSTEM, &here, system, "an absolute URI",
	       "begin it with http:, urn:oid: or the like",
	       "%s.system must be an absolute reference, not a local reference",
	       text_at(c->p, c->p->types[s->type].name));
}

static void unknown_system(struct check *c, const struct spot *s,
			   const char *system)
{
	const struct at here = {s->at, "system", -1};
	const struct json *where = json_get(s->value, "system");

	if (!is_absolute(system) || is_large(system))
		return;
	if (find_vs(c->p, system))
		report(c, RULE_SYSTEM_VALUE_SET, &here, where,
		       "the URL of a code system",
		       "use the code system that the value set takes its codes "
		       "from",
		       "The Coding references a value set, not a code system "
		       "(\"%.200s\")",
		       system);
	else if (strncmp(system, "http://hl7.org/fhir/", 20) == 0)
		report(c, RULE_SYSTEM_HL7, &here, where,
		       "a code system of this FHIR version",
		       "look up how the system is spelled",
		       "Unknown Code System %.200s", system);
	else
		report(c, RULE_SYSTEM_UNKNOWN, &here, where, NULL,
		       "load it with --package",
		       "A definition for CodeSystem '%.200s' could not be "
		       "found, so the code cannot be validated",
		       system);
}

/* The code that was meant, perhaps. */
static const char *near_code(struct check *c, const struct code_system *cs,
			     const char *code)
{
	const struct concept *v = rec_at(c->p, cs->concepts);
	struct nearest near = {.word = code};

	if (c->dry || c->stop || c->out->n == PROFILE_ISSUES || cs->n > 2000)
		return NULL;
	for (uint32_t i = 0; i < cs->n; i++)
		nearest_try(&near, text_at(c->p, v[i].code));
	return near.best ? say(c, "did you mean \"%s\"?", near.best)
			 : "use a code of the code system";
}

static void unknown_code(struct check *c, const struct spot *s,
			 const struct code_system *cs, const char *code)
{
	const struct at here = {s->at, "code", -1};
	const struct json *where = json_get(s->value, "code");
	const char *url = text_at(c->p, cs->url);

	if (cs->content == CONTENT_COMPLETE)
		report_as(c, said(c, c->o->unknown_code, RULE_CODE_UNKNOWN),
			  RULE_CODE_UNKNOWN, &here, where, url,
			  near_code(c, cs, code), "Unknown code: %s / %.100s",
			  url, code);
	else if (cs->content == CONTENT_FRAGMENT)
		report(c, RULE_CODE_FRAGMENT, &here, where, url, NULL,
		       "Unknown code: %s / %.100s (of the code system only a "
		       "part is loaded, so it may be valid)",
		       url, code);
}

static void check_use(struct check *c, const struct spot *s,
		      const struct concept *k)
{
	const struct at here = {s->at, "code", -1};
	const struct json *where = json_get(s->value, "code");
	const char *code = text_at(c->p, k->code);

	if (k->abstract)
		report(c, RULE_CODE_ABSTRACT, &here, where, NULL,
		       "use a code below it",
		       "The code '%s' is abstract: it groups others and is not "
		       "meant to be chosen",
		       code);
	if (k->inactive)
		report(c, RULE_CODE_INACTIVE, &here, where, NULL,
		       "use its successor",
		       "The code '%s' is inactive and its use should be "
		       "reviewed",
		       code);
}

static void bad_grammar(struct check *c, const struct spot *s,
			const char *system, const char *code)
{
	const struct at here = {s->at, "code", -1};
	report(c, RULE_GRAMMAR_CODE, &here, json_get(s->value, "code"), system,
	       "correct the code: it does not follow the rules of its system",
	       "Unknown code: %s / %.100s", system, code);
}

static void check_code(struct check *c, const struct spot *s,
		       const char *system, const char *code)
{
	ref r = find_cs(c->p, system);
	const struct code_system *cs = r ? rec_at(c->p, r) : NULL;
	enum grammar g = cs ? GRAMMAR_NONE : grammar_of_system(system);

	if (g) {
		if (code && !grammar_has(g, code))
			bad_grammar(c, s, system, code);
		return;
	}
	if (!cs) {
		unknown_system(c, s, system);
		return;
	}
	const struct concept *k = code ? concept_find(c->p, cs, code) : NULL;
	if (!k) {
		if (code)
			unknown_code(c, s, cs, code);
		return;
	}
	if (k->abstract || k->inactive)
		check_use(c, s, k);
	check_display(c, s, cs, k);
}

/* A version of the system that is not the loaded one: its codes may be others.
 */
static bool other_version(const struct check *c, const struct json *coding,
			  const char *system)
{
	const char *version = json_get_text(coding, "version");
	ref r = version ? find_cs(c->p, system) : 0;
	if (!r)
		return false;
	const struct code_system *cs = rec_at(c->p, r);
	const char *own = text_at(c->p, cs->version);
	return own && strcmp(own, version) != 0;
}

void check_coding(struct check *c, const struct spot *s)
{
	const char *system = json_get_text(s->value, "system");
	const char *code = json_get_text(s->value, "code");

	check_system(c, s);
	if (system && *system) {
		if (c->rules == RULES_KANTA ||
		    !other_version(c, s->value, system))
			check_code(c, s, system, code);
		return;
	}
	if (code)
		report(c, RULE_SYSTEM_MISSING, s->at, s->value, "a system",
		       "add \"system\"",
		       "A code with no system has no defined meaning, and it "
		       "cannot be validated. A system should be provided");
}

bool has_coding(const struct json *concept, const char *system,
		const char *code)
{
	const struct json *v = json_first(json_get(concept, "coding"));
	for (; v; v = json_next(v)) {
		const char *s = json_get_text(v, "system");
		const char *k = json_get_text(v, "code");
		if (s && k && strcmp(s, system) == 0 && strcmp(k, code) == 0)
			return true;
	}
	return false;
}
