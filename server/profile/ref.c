/* SPDX-License-Identifier: Apache-2.0
 *
 * ref.c: Reference.reference: its form, that "#id" is contained, and the type
 * of what it refers to, as far as the reference itself tells. An absolute
 * reference below our own base counts as a relative one; other absolute ones
 * are taken as they are. So are urn:uuid: and urn:oid: by the base definitions;
 * where a profile states targets they are refused outside of a Bundle, since
 * only the entries of one resolve them. FHIR R4 2.3 (References), Bundle,
 * ref-1.
 */
#include "profile_int.h"

#include <string.h>

/* ---- target types ----------------------------------------------------- */

static bool allows(const struct profiles *p, const struct use *u, unsigned type)
{
	const struct target *t = rec_at(p, u->targets);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = t[i].sd ? rec_at(p, t[i].sd) : NULL;
		if (!sd || type_is_a(p, type, sd->type))
			return true;
	}
	return u->n_targets == 0;
}

/* "Patient, Group" */
static const char *target_names(struct check *c, const struct use *u)
{
	const struct target *t = rec_at(c->p, u->targets);
	struct buf b;

	if (c->dry || c->stop)
		return "";
	buf_init(&b, c->a);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = t[i].sd ? rec_at(c->p, t[i].sd) : NULL;
		if (i > 0)
			buf_puts(&b, ", ");
		buf_puts(&b, sd ? text_at(c->p, c->p->types[sd->type].name)
				: text_at(c->p, t[i].url));
	}
	return b.p;
}

/* What the base definition of a type allows is a warning, as it was in the
 * validator of 2018 for references that are not resolved; what a profile
 * narrows is an error. */
static enum issue_severity severity(const struct check *c)
{
	return c->base ? ISSUE_WARNING : ISSUE_ERROR;
}

static void wrong_target(struct check *c, const struct use *u,
			 const struct json *where, unsigned type,
			 const struct at *at)
{
	const char *want = target_names(c, u);
	report_as(c, severity(c), RULE_REFERENCE_TARGET, at, where, want,
		  say(c, "refer to %s", want),
		  "Invalid Resource target type. Found %s, but expected one of "
		  "(%s)",
		  text_at(c->p, c->p->types[type].name), want);
}

/* ---- the check -------------------------------------------------------- */

static void wrong_form(struct check *c, const struct use *u, const char *text,
		       const struct json *where, const struct at *at)
{
	const char *types = u ? target_names(c, u) : "Type";
	report_as(c, severity(c), RULE_REFERENCE_FORM, at, where,
		  say(c, "%s/id", types[0] ? types : "Type"), NULL,
		  "Relative URLs must be of the format [ResourceName]/[id].  "
		  "Encountered %.200s",
		  text);
}

static bool is_urn(const char *s)
{
	return strncmp(s, "urn:uuid:", 9) == 0 ||
	       strncmp(s, "urn:oid:", 8) == 0;
}

static bool in_bundle(const struct at *at)
{
	while (at->up)
		at = at->up;
	return strcmp(at->name, "Bundle") == 0;
}

static void check_urn(struct check *c, const struct use *u, const char *text,
		      const struct json *where, const struct at *at)
{
	if (c->base || !u || u->n_targets == 0 || !is_urn(text) ||
	    in_bundle(at))
		return;
	const char *types = target_names(c, u);
	report(
	    c, RULE_REFERENCE_URN, at, where, say(c, "%s/{id}", types),
	    say(c, "use %s/{id}", types),
	    "Unable to resolve resource '%.200s': it is no entry of a Bundle",
	    text);
}

/* The type that the reference tells; NO_TYPE: none, and complaints are made. */
static unsigned target_type(struct check *c, const struct use *u,
			    const struct json *where, const struct at *at)
{
	const char *text = json_text(where);
	if (text[0] == '#') {
		unsigned found;
		const struct json *r =
		    text[1] ? resolve(c, text, &found) : NULL;
		if (!r && text[1] && c->base)
			report(c, RULE_REFERENCE_CONTAINED, at, where, NULL,
			       "contain the resource, or refer to another",
			       "Unable to resolve resource '%.200s'", text);
		return r ? found : NO_TYPE;
	}
	const char *local = local_part(c, text);
	if (!local) {
		check_urn(c, u, text, where, at);
		return NO_TYPE;
	}
	unsigned type = literal_type(c->p, local);
	if (type == NO_TYPE && !is_search(c->p, local))
		wrong_form(c, u, text, where, at);
	return type;
}

void check_reference(struct check *c, const struct spot *s)
{
	const struct json *where = json_get(s->value, "reference");
	const struct use *u = node_use(c->p, s->node, s->type);
	const struct at here = {s->at, "reference", -1};

	if (!where || json_kind(where) != JSON_STRING || json_len(where) == 0)
		return;
	unsigned type = target_type(c, u, where, &here);
	if (type != NO_TYPE && u && !allows(c->p, u, type))
		wrong_target(c, u, where, type, &here);
}
