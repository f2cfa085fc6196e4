/* SPDX-License-Identifier: Apache-2.0
 *
 * reference_canonical.c: a canonical URL that names a definition which is at
 * hand has to name one of the right type: a QuestionnaireResponse answers no
 * ValueSet. What is not at hand cannot be told, and a URL that several
 * definitions have in common is right if one of them is. R4 alone says which
 * types are meant. FHIR R4 2.24.0.7 (canonical).
 */
#include "reference_int.h"

#include <string.h>

static bool is_type(const struct profiles *p, unsigned type, const char *name)
{
	return strcmp(text_at(p, p->types[type].name), name) == 0;
}

static bool allows(const struct profiles *p, const struct use *u,
		   const char *name)
{
	const struct target *t = rec_at(p, u->targets);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = target_sd(p, &t[i]);
		if (!sd || is_type(p, sd->type, "Resource") ||
		    is_type(p, sd->type, name))
			return true;
	}
	return false;
}

/* The type of a definition by this URL that is not allowed; NULL: there is
 * none, or there is one that is. */
static const char *wrong_type(const struct profiles *p, const struct use *u,
			      const char *url)
{
	const struct {
		ref r;
		const char *type;
	} known[] = {{find_sd(p, url), "StructureDefinition"},
		     {find_vs(p, url), "ValueSet"},
		     {find_cs(p, url), "CodeSystem"}};
	const char *wrong = NULL;

	for (size_t i = 0; i < LEN(known); i++) {
		if (!known[i].r)
			continue;
		if (allows(p, u, known[i].type))
			return NULL;
		wrong = known[i].type;
	}
	return wrong;
}

static const char *names(struct check *c, const struct use *u)
{
	const struct target *t = rec_at(c->p, u->targets);
	struct buf b;

	buf_init(&b, c->a);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = target_sd(c->p, &t[i]);
		buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			   sd ? text_at(c->p, c->p->types[sd->type].name)
			      : text_at(c->p, t[i].url));
	}
	return b.p;
}

void check_canonical(struct check *c, const struct spot *s)
{
	const struct use *u = node_use(c->p, s->node, s->type);
	const char *url = json_text(s->value);

	if (rule_table[RULE_CANONICAL_TYPE].severity[c->rules] == ISSUE_NONE ||
	    !u || u->n_targets == 0 || !is_absolute(url))
		return;
	const char *wrong = wrong_type(c->p, u, url);
	if (!wrong)
		return;
	const char *want = c->dry ? "" : names(c, u);
	report(c, RULE_CANONICAL_TYPE, s->at, s->value, want,
	       say(c, "name a %s", want),
	       "Canonical URL '%.200s' refers to a resource that has the wrong "
	       "type. Found %s expecting one of [%s]",
	       url, wrong, want);
}
