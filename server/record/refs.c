/* SPDX-License-Identifier: Apache-2.0
 *
 * refs: do the references of a resource lead to something here?
 *
 * The service states that it enforces literal, local references: what a
 * Reference's "reference" names must be a current resource of the same base
 * (or, with /_history/n, that version of one). The walk goes through the whole
 * resource but for what is contained; the first reference that does not hold is
 * refused in the words of the real stack, with its path. References into the
 * resource itself ("#x") and logical ones (identifier alone) are not looked
 * for. Canonical elements (R4 QuestionnaireResponse.questionnaire) are no
 * references; STU3's Reference there may be the url of a stored Questionnaire.
 * A urn:uuid: means something only within a transaction, which
 * tells what it stores later.
 *
 * What refers to another citizen's resource is refused as that citizen's. The
 * supportingInfo of a CarePlan is not looked at when it is updated: so the
 * service states it.
 *
 * A citizen's own Patient is there as long as the token is, so the most common
 * reference costs nothing.
 *
 * Facts: fhir-rest.md 2.1, 3 (placeholders); kanta.md 4.1, 4.6.
 */
#include "record/record_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the walk is: the member, and in what. */
struct place {
	const struct place *up;
	const char *name;
	long item; /* of a list; -1: none */
};

struct refs {
	struct record *r;
	struct arena *a;
	const struct record_write *w;
	const char *own;  /* "Type/id" of the resource itself, or NULL */
	const char *skip; /* a member of the resource, or NULL */
	const char *last; /* the last one that held */
	const char *want; /* the one whose path is looked for */
	const char *found;
	/* What is done with each reference; true: go on. */
	bool (*see)(struct refs *x, const struct place *p, const char *text);
	struct err *e;
};

/* ---- paths ------------------------------------------------------------ */

/* "Observation.performer[0]", or without the number. */
static void add_path(struct buf *b, const struct place *p, bool items)
{
	if (p->up != NULL)
		add_path(b, p->up, items);
	if (p->up != NULL)
		buf_putc(b, '.');
	buf_puts(b, p->name);
	if (items && p->item >= 0)
		buf_printf(b, "[%ld]", p->item);
}

static const char *path_of(const struct refs *x, const struct place *p,
			   bool items)
{
	struct buf b;

	buf_init(&b, x->a);
	add_path(&b, p, items);
	return b.p;
}

/* ---- refusals --------------------------------------------------------- */

static bool refuse_missing(const struct refs *x, const struct place *p,
			   const char *local, const char *how)
{
	return err_set(x->e, ERR_INVALID, RULE_REFERENCE, path_of(x, p, true),
		       "Resource %.200s %s, specified in path: %.240s", local,
		       how, path_of(x, p, false));
}

static bool refuse_form(const struct refs *x, const struct place *p,
			const char *text, const char *why)
{
	return err_set(x->e, ERR_INVALID, RULE_REFERENCE, path_of(x, p, true),
		       "Invalid resource reference found at path[%.240s] - %s "
		       "- %.200s",
		       path_of(x, p, false), why, text);
}

static bool refuse_external(const struct refs *x, const struct place *p,
			    const char *text)
{
	return err_set(x->e, ERR_INVALID, RULE_EXTERNAL, path_of(x, p, true),
		       "Resource contains external reference to URL \"%.300s\" "
		       "but this server is not configured to allow external "
		       "references",
		       text);
}

static bool refuse_placeholder(const struct refs *x, const struct place *p,
			       const char *text)
{
	const struct place *root = p;

	while (root->up != NULL)
		root = root->up;
	return err_set(x->e, ERR_INVALID, RULE_PLACEHOLDER, path_of(x, p, true),
		       "Unable to satisfy placeholder ID %.200s found in "
		       "element named '%.64s' within resource of type: %.64s",
		       text, p->name, root->name);
}

static bool refuse_foreign(const struct refs *x, const struct place *p,
			   const char *local)
{
	const char *path = path_of(x, p, false);

	return err_set(
	    x->e, record_status_kind(x->r->settings.patient_mismatch_status),
	    "forbidden", path_of(x, p, true),
	    "%.240s refers to %.200s, which belongs to another patient", path,
	    local);
}

/* ---- one reference ---------------------------------------------------- */

static int by_text(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static bool expected(const struct refs *x, const char *text)
{
	const struct record_write *w = x->w;

	return w->expected_count > 0 &&
	       bsearch(text, w->expected, w->expected_count,
		       sizeof(*w->expected), by_text) != NULL;
}

/* The version behind "/_history/"; 0: none is named, -1: it is no number. */
static int version_of(const char *text)
{
	const char *v = strstr(text, "/_history/");
	size_t digits;

	if (v == NULL)
		return 0;
	v += strlen("/_history/");
	digits = strspn(v, "0123456789");
	if (digits == 0 || digits > 9 || v[digits] != '\0' || *v == '0')
		return -1; /* which no resource has */
	return (int)strtol(v, NULL, 10);
}

/* The citizen's own Patient, in whatever version there is. */
static bool is_citizen(const struct refs *x, const char *local, int version)
{
	const struct grant *g = x->w->grant;

	return version == 0 && g != NULL && g->patient != NULL &&
	       text_begins(local, "Patient/") &&
	       strcmp(local + 8, g->patient) == 0;
}

static bool leads_somewhere(struct refs *x, const struct place *p,
			    const char *text, const char *local, int version)
{
	const size_t n = strcspn(local, "/");
	const char *type = arena_strndup(x->a, local, n);
	const struct grant *g = x->w->grant;
	const char *id = local + n + 1;
	const int v = (int)x->w->fhir;
	struct store_resource r;

	if (record_type_find(x->w->fhir, type) == NULL)
		return refuse_form(x, p, local,
				   "Resource type is unknown or not supported "
				   "on this server");
	if (!store_resource_find(x->r->store, x->a, v, type, id, 0, &r))
		return refuse_missing(x, p, local, "not found");
	if (g != NULL && g->patient != NULL && *r.patient != '\0' &&
	    strcmp(r.patient, g->patient) != 0)
		return refuse_foreign(x, p, local);
	if (r.deleted)
		return refuse_missing(x, p, local, "is deleted");
	if (version != 0 &&
	    !store_resource_find(x->r->store, x->a, v, type, id, version, &r))
		return refuse_missing(x, p,
				      arena_printf(x->a, "%s%s", local,
						   strstr(text, "/_history/")),
				      "not found");
	return true;
}

static bool is_local(const char *s)
{
	const size_t n = strcspn(s, "/");

	return n > 0 && s[n] == '/' && record_id_ok(s + n + 1);
}

/* STU3's QuestionnaireResponse.questionnaire is a Reference, and should be the
 * url of a stored Questionnaire (kanta.md 4.6). */
static bool is_questionnaire(const struct refs *x, const struct place *p,
			     const char *text)
{
	struct fetch f = {.record = x->r,
			  .arena = x->a,
			  .fhir = x->w->fhir,
			  .own_base = x->w->own_base};

	return p->up != NULL && p->up->up == NULL &&
	       strcmp(p->up->name, "QuestionnaireResponse") == 0 &&
	       strcmp(p->name, "questionnaire") == 0 &&
	       record_fetch(&f, text) != NULL;
}

static bool holds(struct refs *x, const struct place *p, const char *text)
{
	const char *local = record_reference(x->a, text, x->w->own_base);
	const int version = version_of(text);

	if (local == NULL || *text == '\0' || expected(x, text) ||
	    text_same(text, x->last))
		return true;
	if (!is_local(local) && is_questionnaire(x, p, text))
		return true;
	if (text_begins(text, "urn:"))
		return refuse_placeholder(x, p, text);
	if (!is_local(local)) {
		if (strchr(text, ':') != NULL)
			return refuse_external(x, p, text);
		return refuse_form(x, p, text, "It is not of the form Type/id");
	}
	if (expected(x, local) || text_same(local, x->own) ||
	    is_citizen(x, local, version))
		return true;
	x->last = text;
	return leads_somewhere(x, p, text, local, version);
}

static bool is_not_wanted(struct refs *x, const struct place *p,
			  const char *text)
{
	const char *local = record_reference(x->a, text, x->w->own_base);

	if (!text_same(local, x->want))
		return true;
	x->found = path_of(x, p, false);
	return false;
}

/* ---- the walk --------------------------------------------------------- */

static bool walk(struct refs *x, const struct place *at, const struct json *v);

/* A member's value, and the items of a list. */
static bool walk_member(struct refs *x, const struct place *up,
			const struct json *v)
{
	struct place p = {.up = up, .name = json_name(v), .item = -1};

	if (json_kind(v) != JSON_ARRAY)
		return walk(x, &p, v);
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		p.item++;
		if (!walk(x, &p, v))
			return false;
	}
	return true;
}

/* True: go on. */
static bool walk(struct refs *x, const struct place *at, const struct json *v)
{
	const char *text = json_get_text(v, "reference");

	if (json_kind(v) != JSON_OBJECT)
		return true;
	if (text != NULL && !x->see(x, at, text))
		return false;
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (at->up == NULL && (strcmp(json_name(v), "contained") == 0 ||
				       text_same(json_name(v), x->skip)))
			continue;
		if (!walk_member(x, at, v))
			return false;
	}
	return true;
}

bool record_refs_check(struct record *r, struct arena *a,
		       const struct record_write *w,
		       const struct record_type *type,
		       const struct json *resource, const char *id, bool update,
		       struct err *e)
{
	const struct place root = {.name = type->type, .item = -1};
	struct refs x = {.r = r, .a = a, .w = w, .see = holds, .e = e};

	/* what a definition names may well be published elsewhere */
	if (r->settings.references == 0 || w->grant == NULL || w->seed ||
	    type->definition)
		return true;
	if (id != NULL)
		x.own = arena_printf(a, "%s/%s", type->type, id);
	if (update && strcmp(type->type, "CarePlan") == 0)
		x.skip = "supportingInfo";
	return walk(&x, &root, resource);
}

const char *record_refs_path(struct arena *a, const struct json *resource,
			     const char *own_base, const char *local)
{
	const struct record_write w = {.own_base = own_base};
	const struct place root = {
	    .name = text_or_empty(json_get_text(resource, "resourceType")),
	    .item = -1};
	struct refs x = {.a = a, .w = &w, .want = local, .see = is_not_wanted};

	(void)walk(&x, &root, resource);
	return x.found;
}
