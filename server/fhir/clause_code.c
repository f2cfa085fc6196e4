/* SPDX-License-Identifier: Apache-2.0
 *
 * clause_code: what codes of a search mean beyond themselves.
 *
 * A code without a system means the parameter's own system: always, or (as the
 * statement of the service words it) when several codes are given.
 *
 * :in and :not-in name a value set, by its canonical URL or as ValueSet/id;
 * :above and :below a code, with its system. Both are enumerated by the
 * definitions in force (profile/term_list.c), and the codes become the values
 * of an ordinary clause. What cannot be enumerated is refused with the reason.
 *
 * FHIR R4 3.1.1.5.5; facts: fhir-rest.md 4.3, kanta.md 4.1.
 */
#include "fhir/search_int.h"

#include <string.h>

void fhir_default_system(const struct reading *g, const struct record_param *p,
			 struct store_value *v, size_t n)
{
	if (!p->default_system ||
	    (n < 2 && !g->rules->settings->code_default_system))
		return;
	for (size_t i = 0; i < n; i++)
		if (!v[i].system)
			v[i].system = p->default_system;
}

/* The canonical URL of "ValueSet/id", which is stored here. */
static const char *stored_url(const struct search_rules *r, struct arena *a,
			      const char *text)
{
	const struct json *v;
	struct store_resource found;
	struct err ignored;
	const char *url;

	if (!text_begins(text, "ValueSet/") || !r->record->store ||
	    !store_resource_find(r->record->store, a, (int)r->fhir, "ValueSet",
				 text + 9, 0, &found) ||
	    found.deleted)
		return text;
	v = json_parse(a, found.text, found.text_len, &ignored);
	url = json_get_text(v, "url");
	return url ? url : text;
}

static bool list_codes(struct reading *g, const struct named *q,
		       const struct store_value *v, struct profile_code **out,
		       size_t *n)
{
	const struct profiles *p =
	    record_profiles(g->rules->record, g->rules->fhir);
	const bool above = text_is(q->modifier, "above");
	const char *url = v->value;

	if (above || text_is(q->modifier, "below")) {
		if (!v->system || !*v->system || !v->value)
			return fhir_bad_value(g, q->name, "write system|code");
		return profile_code_tree(p, g->arena, v->system, v->value,
					 above, out, n, g->err);
	}
	if (v->system) /* url|version */
		url = arena_printf(g->arena, "%s|%s", v->system,
				   text_or_empty(v->value));
	return profile_value_set_codes(
	    p, g->arena, stored_url(g->rules, g->arena, url), out, n, g->err);
}

static bool refused(struct reading *g)
{
	if (!text_begins(g->err->code, "KPHR-"))
		(void)err_set(g->err, g->err->kind, RULE_VALUE, NULL, "%s",
			      arena_strdup(g->arena, g->err->text));
	return false;
}

bool fhir_add_codes(struct reading *g, struct clauses *c,
		    const struct record_param *p, const struct named *q)
{
	struct store_value *asked, *v;
	struct store_clause *clause;
	size_t n, all = 0;

	if (!fhir_read_list(g, q->value, fhir_value_token, &asked, &n))
		return false;
	v = arena_alloc(g->arena, STORE_SEARCH_VALUES * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		struct profile_code *code = NULL;
		size_t codes = 0;

		if (!list_codes(g, q, &asked[i], &code, &codes))
			return refused(g);
		if (all + codes > STORE_SEARCH_VALUES - SEARCH_VALUES)
			return fhir_bad_value(g, q->name,
					      "these are too many codes");
		for (size_t k = 0; k < codes; k++)
			v[all++] =
			    (struct store_value){.op = OP_TOKEN,
						 .system = code[k].system,
						 .value = code[k].code};
	}
	if (n == 0)
		return true;
	if (all == 0) /* an empty set has no code at all */
		v[all++] = (struct store_value){.op = OP_TOKEN, .value = ""};
	clause = fhir_new_clause(g, c);
	if (!clause)
		return false;
	clause->param = fhir_param_row(p, &clause->also);
	clause->value = v;
	clause->n = all;
	clause->negative = text_is(q->modifier, "not-in");
	return true;
}
