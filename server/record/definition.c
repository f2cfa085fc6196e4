/* SPDX-License-Identifier: Apache-2.0
 *
 * definition: may this StructureDefinition, ValueSet or CodeSystem be stored?
 *
 * Whether an application may store one at all, and that one, is a question of
 * permission: not where the environment does not let it
 * (allow_test_profiles), nor in the place of a definition that is official,
 * built in or came in a package, nor more than there is room for. Whether it
 * can be used is part of its content, so it is an issue like all others, for
 * $validate too: the definition is compiled together with those that are
 * stored (on top of them, if they do not speak of it), and what the compiler
 * has against it is told with the place in the definition. An update that would
 * make another definition useless is refused in the same way.
 *
 * Issues name definitions by texts of the set that judged. While there are
 * definitions of applications in force, that set may be another one before the
 * answer is written (a Bundle that holds a definition); so the texts are then
 * copied.
 *
 * Facts: kanta.md sections 2 and 4.1.
 */
#include "record/record_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENT "-" /* the source of the one that is judged */

/* ---- permission ------------------------------------------------------- */

static const char *const official[] = {
    "http://phr.kanta.fi/",
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/",
};

static bool is_official(const struct record *r, enum fhir_version v,
			const char *type, const char *url)
{
	for (size_t i = 0; i < LEN(official); i++)
		if (text_begins(url, official[i]))
			return true;
	return profile_knows(r->profiles[v], type, url);
}

/* The URL is another one's, or what is to be updated is not an application's.
 */
static bool overwrites(struct record *r, struct arena *a,
		       const struct record_write *w, const char *type,
		       const char *url, const struct store_resource *current,
		       struct err *e)
{
	if (is_official(r, w->fhir, type, url))
		return !err_set(e, ERR_FORBIDDEN, RULE_DEFINITION_OFFICIAL,
				arena_printf(a, "%s.url", type),
				"The official %s %.300s cannot be overwritten: "
				"give this one a URL of its own, for example "
				"below http://example.org/",
				type, url);
	if (current != NULL && strcmp(current->client_id, OFFICIAL_CLIENT) == 0)
		return !err_set(e, ERR_FORBIDDEN, RULE_DEFINITION_OFFICIAL,
				NULL,
				"%s/%.64s is an official one and cannot be "
				"overwritten: store this one as a new "
				"resource, by POST",
				type, w->id);
	return false;
}

bool record_definition_check(struct record *r, struct arena *a,
			     const struct record_write *w,
			     const struct json *resource, struct err *e)
{
	const char *type = json_get_text(resource, "resourceType");
	const char *url = text_or_empty(json_get_text(resource, "url"));
	struct store_resource current;
	bool update;

	if (!definition_is(resource))
		return true;
	if (w->grant != NULL && !w->seed && !r->settings.allow_test_profiles)
		return err_set(e, ERR_FORBIDDEN, RULE_DEFINITIONS_OFF, NULL,
			       "Applications cannot store a %s here: set "
			       "allow_test_profiles=on, as it is in the "
			       "sandboxes, or give it to the server with "
			       "--package",
			       type);
	url = arena_strndup(a, url, strcspn(url, "|"));
	update = w->id != NULL && store_resource_find(r->store, a, (int)w->fhir,
						      type, w->id, 0, &current);
	if (overwrites(r, a, w, type, url, update ? &current : NULL, e))
		return false;
	if (!update && !definition_room(r, w->fhir))
		return err_set(e, ERR_TOO_LARGE, RULE_DEFINITIONS_FULL, NULL,
			       "There is no room for more than %d definitions "
			       "of applications, or %d MiB: update one that is "
			       "stored, reset the server, or give them to it "
			       "with --package",
			       DEFINITIONS_MAX, DEFINITIONS_BYTES >> 20);
	return true;
}

/* ---- issues ----------------------------------------------------------- */

static const char *kept(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

/* A copy of the issues with room for one more. */
static struct issues *copied(struct arena *a, const struct issues *found)
{
	struct issues *out = arena_alloc(a, sizeof(*out));

	*out = *found;
	out->v = arena_alloc(a, (found->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < found->n; i++) {
		struct issue *v = &out->v[i];

		*v = found->v[i];
		v->path = kept(a, v->path);
		v->place = kept(a, v->place);
		v->text = kept(a, v->text);
		v->profile = kept(a, v->profile);
		v->expected = kept(a, v->expected);
		v->hint = kept(a, v->hint);
		v->key = kept(a, v->key);
	}
	return out;
}

/* The value at "Type.differential.element[3].max"; as much of the way as there
 * is. */
static const struct json *at_path(const struct json *v, const char *path)
{
	const char *s = strchr(path, '.');
	char name[64];

	while (s != NULL && *s == '.') {
		const size_t n = strcspn(++s, ".[");
		const struct json *next;
		char *end;

		snprintf(name, sizeof name, "%.*s", (int)n, s);
		next = json_get(v, name);
		for (s += n; next && *s == '['; s = strchr(s, ']') + 1) {
			unsigned long i = strtoul(s + 1, &end, 10);

			for (next = json_first(next); next && i > 0; i--)
				next = json_next(next);
			if (*end != ']')
				return v;
		}
		if (next == NULL)
			return v;
		v = next;
	}
	return v;
}

static const struct issues *refuse(struct arena *a, const struct issues *found,
				   const struct json *resource,
				   const char *path, const struct err *e,
				   const char *text)
{
	struct issues *out = copied(a, found);
	struct issue *v = out->v;

	/* errors come first, and there is no other */
	memmove(v + 1, v, out->n * sizeof(*v));
	*v = (struct issue){
	    .severity = ISSUE_ERROR,
	    .code = arena_strdup(a, e->code),
	    .rule = RULE_DEFINITION_UNUSABLE,
	    .path = path,
	    .text = text,
	    .expected = "a definition that can be applied",
	};
	json_position(at_path(resource, path), &v->line, &v->column);
	out->n++;
	out->errors++;
	return out;
}

/* ---- can it be used? -------------------------------------------------- */

struct trial {
	struct record *record;
	enum fhir_version fhir;
	const struct json *resource;
	const char *type, *url;
	const struct profiles *base; /* what the list is compiled on */
	size_t used;		     /* by what is on it already */
	struct definition_list list;
};

/* All that are stored. An update takes the place of what it updates. */
static void gather_all(struct trial *t, struct arena *tmp)
{
	const char *id = text_or_empty(json_get_text(t->resource, "id"));

	t->base = t->record->profiles[t->fhir];
	definition_list(t->record, tmp, t->fhir, &t->list);
	for (size_t i = 0; i < t->list.n; i++) {
		struct definition *d = &t->list.v[i];

		d->out =
		    profile_knows(t->record->profiles[t->fhir], d->type,
				  d->url) ||
		    (strcmp(d->type, t->type) == 0 && strcmp(d->id, id) == 0 &&
		     strcmp(d->url, t->url) == 0);
	}
}

/* What has to be compiled with this one, and this one behind it. */
static void gather(struct trial *t, struct arena *tmp)
{
	if (definition_is_mentioned(t->record, t->fhir, t->url)) {
		gather_all(t, tmp);
	} else {
		t->base = record_profiles(t->record, t->fhir);
		t->used = definition_used(t->record, t->fhir);
		t->list.v = arena_alloc(tmp, sizeof(*t->list.v));
	}
	t->list.v[t->list.n++] = (struct definition){.json = t->resource,
						     .source = SENT,
						     .type = t->type,
						     .id = "",
						     .url = t->url};
}

/* Another one was blamed: was it in force? If not, it goes without. */
static bool goes_without(const struct trial *t, struct definition *blamed)
{
	const struct profiles *now = record_profiles(t->record, t->fhir);

	if (profile_knows(now, blamed->type, blamed->url))
		return false;
	return blamed->out = true;
}

/* False with e set; *blamed is whose fault it is. */
static bool compiles(struct trial *t, struct definition **blamed, struct err *e)
{
	struct definition *last = &t->list.v[t->list.n - 1];
	bool again = true, ok = false;

	while (again) {
		struct arena *a = arena_new((size_t)64 << 10);

		ok = definition_compile(t->base, &t->list, a, e) != NULL;
		*blamed = ok ? last : definition_blamed(&t->list, e);
		again = !ok && *blamed && *blamed != last &&
			goes_without(t, *blamed);
		if (ok && t->used + arena_used(a) > DEFINITIONS_COMPILED)
			ok = err_set(e, ERR_TOO_LARGE, "too-long", "-: ",
				     "compiled, the definitions of "
				     "applications would take more than %d MiB",
				     DEFINITIONS_COMPILED >> 20);
		arena_free(a);
	}
	return ok;
}

static const struct issues *judge(struct trial *t, struct arena *a,
				  const struct issues *found)
{
	struct definition *blamed;
	struct err e;
	const char *path;

	if (compiles(t, &blamed, &e))
		return found;
	path = strstr(e.where, ": ");
	if (blamed == NULL || strcmp(blamed->source, SENT) == 0)
		return refuse(a, found, t->resource,
			      path && path[2] ? arena_strdup(a, path + 2)
					      : t->type,
			      &e, arena_strdup(a, e.text));
	return refuse(a, found, t->resource, t->type, &e,
		      arena_printf(a,
				   "%s, which is stored, could no longer be "
				   "used: %s",
				   blamed->source, e.text));
}

const struct issues *record_definition_issues(struct record *r, struct arena *a,
					      enum fhir_version v,
					      const struct json *resource,
					      const struct issues *found)
{
	struct arena *tmp;
	const char *url;

	if (record_profiles(r, v) != r->profiles[v])
		found = copied(a, found);
	if (found->errors > 0 || !definition_is(resource) || record_inert(r))
		return found;
	tmp = arena_new(0);
	url = text_or_empty(json_get_text(resource, "url"));
	struct trial t = {.record = r,
			  .fhir = v,
			  .resource = resource,
			  .type = json_get_text(resource, "resourceType"),
			  .url = arena_strndup(tmp, url, strcspn(url, "|"))};
	gather(&t, tmp);
	found = judge(&t, a, found);
	arena_free(tmp);
	return found;
}
