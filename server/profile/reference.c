/* SPDX-License-Identifier: Apache-2.0
 *
 * reference.c: a Reference: its form, what it leads to, and whether that is
 * what the definition wants: its type, its profile, and how it may be reached.
 *
 * What is at hand (contained resources, entries of the Bundle around) is judged
 * by what it is; of the rest the reference itself may tell the type. There the
 * official definitions warn and a national profile refuses: validators of 2018
 * and of today leave references alone that they cannot follow, but the national
 * service took no other subject than a Patient. An absolute reference below our
 * own base counts as a relative one. Where a profile states targets, urn:uuid:
 * is refused outside of a Bundle, since only the entries of one resolve it.
 *
 * The base pass looks at the reference once; a profile's pass comes back where
 * the profile narrows its type. FHIR R4 2.3 (References), 2.36.4, ref-1.
 */
#include "reference_int.h"

#include <string.h>

/* One reference that is being checked. */
struct link {
	const struct use *use;	  /* or NULL */
	const struct json *where; /* its member "reference" */
	const char *text;
	const struct at *at; /* of that member */
	struct reached found;
};

/* ---- target types ----------------------------------------------------- */

static bool allows(const struct profiles *p, const struct use *u, unsigned type)
{
	const struct target *t = rec_at(p, u->targets);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = target_sd(p, &t[i]);
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

	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	for (unsigned i = 0; i < u->n_targets; i++) {
		const struct sd *sd = target_sd(c->p, &t[i]);
		if (i > 0)
			buf_puts(&b, ", ");
		buf_puts(&b, sd ? text_at(c->p, c->p->types[sd->type].name)
				: text_at(c->p, t[i].url));
	}
	return b.p;
}

static enum issue_severity severity(const struct check *c)
{
	bool national = c->sd && (c->sd->flags & SD_NATIONAL);
	return c->base || !national ? ISSUE_WARNING : ISSUE_ERROR;
}

static void check_type(struct check *c, const struct link *l)
{
	unsigned type = l->found.type;
	if (type == NO_TYPE || !l->use || allows(c->p, l->use, type))
		return;
	/* the resource around was not looked at in 2018 */
	if (!l->text[1] && c->rules == RULES_KANTA)
		return;
	const char *want = target_names(c, l->use);
	report_as(c, l->found.resource ? ISSUE_ERROR : severity(c),
		  RULE_REFERENCE_TARGET, l->at, l->where, want,
		  say(c, "refer to %s", want),
		  "Invalid Resource target type. Found %s, but expected one of "
		  "(%s)",
		  text_at(c->p, c->p->types[type].name), want);
}

/* ---- the profile of what is at hand ----------------------------------- */

struct choice {
	unsigned fit, tried;
	const char *why;
};

/* What is at hand has to be judged by it. */
static void unknown_target(struct check *c, const struct link *l,
			   const char *url)
{
	report(c, RULE_PROFILE_OF_TYPE, l->at, l->where, "a known profile",
	       "load the package that defines it",
	       "Unable to resolve the profile reference '%.200s'", url);
}

static void try_profiles(struct check *c, const struct link *l,
			 struct choice *out)
{
	const struct target *t = rec_at(c->p, l->use->targets);
	for (unsigned i = 0; i < l->use->n_targets; i++) {
		const struct sd *sd = target_sd(c->p, &t[i]);
		bool any = !sd || !(sd->flags & SD_CONSTRAINT);
		if (sd && !type_is_a(c->p, l->found.type, sd->type))
			continue;
		if (!sd && c->rules == RULES_CURRENT) {
			unknown_target(c, l, text_at(c->p, t[i].url));
			continue;
		}
		out->tried++;
		out->fit +=
		    any || conforms(c, target_ref(c->p, &t[i]), &l->found,
				    out->why ? NULL : &out->why);
	}
}

static const char *target_urls(struct check *c, const struct use *u)
{
	const struct target *t = rec_at(c->p, u->targets);
	struct buf b;

	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	for (unsigned i = 0; i < u->n_targets && b.len < 400; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			   text_at(c->p, t[i].url));
	return b.p;
}

static void check_profile(struct check *c, const struct link *l)
{
	struct choice choice = {.fit = 0};

	if (!l->use || l->use->n_targets == 0 || l->found.type == NO_TYPE)
		return;
	try_profiles(c, l, &choice);
	if (choice.tried > 0 && choice.fit == 0)
		report(c, RULE_REFERENCE_PROFILE, l->at, l->where,
		       target_urls(c, l->use), choice.why,
		       "Unable to find matching profile among choices: %s",
		       target_urls(c, l->use));
	else if (choice.fit > 1 && !c->base)
		report_as(c, ISSUE_WARNING, RULE_REFERENCE_PROFILE, l->at,
			  l->where, target_urls(c, l->use), NULL,
			  "Found multiple matching profiles among choices: %s",
			  target_urls(c, l->use));
}

/* ---- how it is reached ------------------------------------------------ */

static const char *place_name(enum reference_mode place)
{
	return place == MODE_CONTAINED ? "contained"
	       : place == MODE_BUNDLED ? "bundled"
				       : "referenced";
}

static const char *wanted_place(struct check *c, unsigned modes)
{
	static const struct {
		unsigned mode;
		const char *name;
	} places[] = {{MODE_CONTAINED, "contained"},
		      {MODE_REFERENCED, "referenced"},
		      {MODE_BUNDLED, "bundled"}};
	struct buf b;

	buf_init(&b, c->a);
	for (size_t i = 0; i < LEN(places); i++) {
		if (modes & places[i].mode)
			buf_printf(&b, "%s%s", b.len > 0 ? " or " : "",
				   places[i].name);
	}
	return b.p;
}

static const char *wanted_hint(unsigned modes)
{
	return modes & MODE_REFERENCED
		   ? "refer to a resource of its own, as Type/id"
		   : "let the reference lead there";
}

static void check_modes(struct check *c, const struct link *l)
{
	unsigned modes = l->use ? l->use->modes : 0;
	unsigned place = l->found.place;
	bool version = strstr(l->text, "/_history/") != NULL;

	/* an entry is referenced, too */
	if (place == MODE_BUNDLED)
		place |= MODE_REFERENCED;
	if ((modes & MODE_ANY_PLACE) && !(modes & place)) {
		report(c, RULE_REFERENCE_AGGREGATION, l->at, l->where,
		       wanted_place(c, modes), wanted_hint(modes),
		       "Reference is %s which isn't supported by the specified "
		       "aggregation mode(s) for the reference",
		       place_name(l->found.place));
	}
	if (place != MODE_CONTAINED &&
	    (modes & (version ? MODE_INDEPENDENT : MODE_SPECIFIC)))
		report_as(c, ISSUE_WARNING, RULE_REFERENCE_AGGREGATION, l->at,
			  l->where, version ? "no version" : "a version", NULL,
			  "The reference '%.200s' should %s a version", l->text,
			  version ? "not have" : "have");
}

/* ---- form ------------------------------------------------------------- */

static void wrong_form(struct check *c, const struct link *l)
{
	const char *types = l->use ? target_names(c, l->use) : "Type";
	const char *id = strrchr(l->text, '/');
	bool one = types[0] && !strchr(types, ',');

	report_as(
	    c, c->bundle ? ISSUE_ERROR : severity(c), RULE_REFERENCE_FORM,
	    l->at, l->where, say(c, "%s/id", types[0] ? types : "Type"),
	    one ? say(c, "write \"%s/%.64s\"", types, id ? id + 1 : l->text)
		: "write the type and the id, as in Patient/1",
	    "Relative URLs must be of the format [ResourceName]/[id].  "
	    "Encountered %.200s",
	    l->text);
}

/* "Type?parameters" stands in what is carried out. */
static bool may_search(const struct check *c)
{
	const char *type = json_get_text(c->bundle, "type");
	return !type || strcmp(type, "transaction") == 0 ||
	       strcmp(type, "batch") == 0;
}

static bool is_word(char ch, bool first)
{
	return ascii_letter(ch) || ch == '_' || (!first && ascii_digit(ch));
}

/* "name=value&name=value" */
static bool query_ok(const char *s)
{
	for (;; s++) {
		if (!is_word(*s, true))
			return false;
		while (is_word(*s, false))
			s++;
		if (*s++ != '=')
			return false;
		s += strcspn(s, "=&");
		if (*s != '&')
			return *s == '\0';
	}
}

static size_t segments(const char *s)
{
	size_t n = 1;
	for (; *s; s++)
		n += *s == '/';
	return n;
}

/* In a Bundle the HL7 validator counts the segments and no more. */
static void check_relative(struct check *c, const struct link *l,
			   const char *local)
{
	if (literal_type(c->p, local) != NO_TYPE)
		return;
	if (is_search(c->p, local) && !query_ok(strchr(local, '?') + 1) &&
	    c->rules == RULES_CURRENT) {
		if (c->base)
			report(c, RULE_REFERENCE_FORM, l->at, l->where,
			       "Type?name=value",
			       "write a search with parameters and values",
			       "Conditional reference is not valid: %.200s",
			       l->text);
		return;
	}
	if (is_search(c->p, local)
		? may_search(c)
		: c->bundle && (segments(local) == 2 || segments(local) == 4))
		return;
	wrong_form(c, l);
}

static void check_urn(struct check *c, const struct link *l)
{
	if (!is_urn(l->text) || l->found.resource)
		return;
	if (c->bundle && c->base) {
		report_as(c, ISSUE_WARNING, RULE_REFERENCE_URN, l->at, l->where,
			  NULL, NULL,
			  "URN reference is not locally contained within the "
			  "bundle %.200s",
			  l->text);
	} else if (!c->bundle && !c->base && l->use && l->use->n_targets > 0) {
		const char *types = target_names(c, l->use);
		report(c, RULE_REFERENCE_URN, l->at, l->where,
		       say(c, "%s/{id}", types), say(c, "use %s/{id}", types),
		       "Unable to resolve resource '%.200s': it is no entry of "
		       "a Bundle",
		       l->text);
	}
}

static void check_space(struct check *c, const struct link *l)
{
	if (!c->base || !l->text[strcspn(l->text, " \t\r\n")])
		return;
	report_as(c, c->rules == RULES_CURRENT ? ISSUE_ERROR : ISSUE_WARNING,
		  RULE_REFERENCE_FORM, l->at, l->where, "no white space",
		  "remove the white space",
		  "The reference '%.200s' is not valid: it has white space",
		  l->text);
}

/* Who refers to something from within a Bundle says where it is itself; what is
 * answered need not. */
static void check_entry_url(struct check *c, const struct link *l)
{
	const char *type = json_get_text(c->bundle, "type");

	if (!c->base || c->rules != RULES_CURRENT || !c->entry || !type ||
	    l->text[0] == '#' || json_get(c->entry, "fullUrl") ||
	    (strcmp(type, "transaction") != 0 && strcmp(type, "batch") != 0))
		return;
	report(c, RULE_BUNDLE_FULLURL, l->at, l->where, "a fullUrl",
	       "give the entry a fullUrl, such as a urn:uuid:",
	       "Bundle entry missing fullUrl");
}

static void check_form(struct check *c, const struct link *l)
{
	check_space(c, l);
	check_entry_url(c, l);
	if (l->text[0] == '#') {
		if (!l->found.resource && c->base)
			report(c, RULE_REFERENCE_CONTAINED, l->at, l->where,
			       NULL,
			       "contain the resource, or refer to another",
			       "Unable to resolve resource '%.200s'", l->text);
		return;
	}
	const char *local = local_part(c, l->text);
	if (local)
		check_relative(c, l, local);
	else
		check_urn(c, l);
	if (l->found.matches > 1 && c->base)
		report(c, RULE_REFERENCE_MULTIPLE, l->at, l->where,
		       "one entry with this fullUrl",
		       "give each entry a fullUrl of its own, or name the "
		       "version",
		       "Multiple matches in bundle for reference %.200s",
		       l->text);
}

/* ---- beside the reference --------------------------------------------- */

/* The type that an absolute reference ends with, for today's rules. */
static unsigned implied_type(const struct check *c, const char *text)
{
	const char *end = strstr(text, "/_history/");
	const char *slash = end ? end : text + strlen(text);

	if (c->rules != RULES_CURRENT || !is_absolute(text))
		return NO_TYPE;
	while (slash > text && slash[-1] != '/')
		slash--;
	if (slash == text)
		return NO_TYPE;
	end = slash - 1;
	for (slash = end; slash > text && slash[-1] != '/';)
		slash--;
	return find_type(c->p, slash, (size_t)(end - slash));
}

/* Reference.type: an absolute URL, or the name of a type. */
static void check_stated(struct check *c, const struct spot *s,
			 const struct use *u, unsigned found)
{
	static const char prefix[] = "http://hl7.org/fhir/StructureDefinition/";
	const struct json *where = json_get(s->value, "type");
	const struct at here = {s->at, "type", -1};
	const char *name = json_get_text(s->value, "type");

	if (!name)
		return;
	if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		name += sizeof(prefix) - 1;
	unsigned type = find_type(c->p, name, strlen(name));
	if (u && !(type == NO_TYPE ? u->n_targets == 0 : allows(c->p, u, type)))
		report(c, RULE_REFERENCE_TYPE, &here, where, target_names(c, u),
		       "state one of these types",
		       "The type '%.100s' is not a valid Target for this "
		       "element (must be one of %s)",
		       name, target_names(c, u));
	else if (found != NO_TYPE && c->base &&
		 (found != type ||
		  (c->rules == RULES_CURRENT && name != json_text(where))))
		report(c, RULE_REFERENCE_TYPE, &here, where,
		       text_at(c->p, c->p->types[found].name),
		       "state the type of what is referred to",
		       "The specified type '%.100s' does not match the found "
		       "type '%s'",
		       name, text_at(c->p, c->p->types[found].name));
}

static void check_empty(struct check *c, const struct spot *s)
{
	const struct json *id = json_get(s->value, "identifier");
	const char *system = json_get_text(id, "system");
	const char *value = json_get_text(id, "value");

	if (!c->base || !json_first(s->value) || (system && *system) ||
	    (value && *value) || json_get_text(s->value, "display"))
		return;
	report(c, RULE_REFERENCE_DISPLAY, s->at, s->value,
	       "a reference, an identifier or a display", "add a \"display\"",
	       "A Reference without an actual reference or identifier should "
	       "have a display");
}

void check_reference(struct check *c, const struct spot *s)
{
	const struct json *where = json_get(s->value, "reference");
	const struct at here = {s->at, "reference", -1};
	struct link l = {.where = where, .at = &here};

	l.use = node_use(c->p, s->node, s->type);
	l.found.type = NO_TYPE;
	if (!where || json_kind(where) != JSON_STRING || json_len(where) == 0) {
		check_empty(c, s);
		check_stated(c, s, l.use, NO_TYPE);
		return;
	}
	l.text = json_text(where);
	find_target(c, l.text, &l.found);
	check_form(c, &l);
	check_stated(c, s, l.use,
		     l.found.type == NO_TYPE ? implied_type(c, l.text)
					     : l.found.type);
	check_type(c, &l);
	check_modes(c, &l);
	if (l.found.resource && l.text[1])
		check_profile(c, &l);
}
