/* SPDX-License-Identifier: Apache-2.0
 *
 * definitions: the definitions in force, those of applications among them.
 *
 * In the sandboxes an application may store StructureDefinitions, ValueSets and
 * CodeSystems of its own, and the next resource is judged by them. What is in
 * force of a FHIR version is therefore a fork of the set that the server
 * started with (profile_fork), with everything on it that is stored. It never
 * matters in which order definitions came: a new one of which no other speaks
 * (definition_mentions.c) goes on top of them, and after any other change all
 * are compiled again. A definition takes some 50 microseconds.
 *
 * Which state of the database a fork stands for, a stamp tells: a setting with
 * a random text, written in the savepoint of the definition itself. So a
 * request that is rolled back, a restart and a restored file need no care: the
 * stamp is then another one, or the old one again. It is looked at only when
 * the store says that some setting may have changed. Behind a new definition it
 * tells the stamp before and what was added: "stamp before Type/id".
 *
 * What does not compile is never stored (definition.c); but the server may be
 * started with other packages or other profiles. Then what cannot be used is
 * left out, with a line in the log, and so is what has become official.
 *
 * Limits: definition_list has the oldest DEFINITIONS_MAX of each type.
 */
#include "record/record_int.h"

#include <stdio.h>
#include <string.h>

/* Of one FHIR version. */
struct in_force {
	struct arena *arena;  /* of set */
	struct profiles *set; /* NULL: nothing is stored */
	char stamp[UUID_TEXT];
	uint64_t epoch; /* at which the stamp was looked at */
	bool looked;	/* has it ever been? */
	size_t n, bytes;
	struct mentions mentions; /* in the arena */
};
struct definitions {
	struct arena *arena; /* of itself */
	struct in_force of[FHIR_VERSIONS];
};

static const char *const stamp_name[FHIR_VERSIONS] = {
    [FHIR_STU3] = "definitions-stu3",
    [FHIR_R4] = "definitions-r4",
};

static const char *const kinds[] = {"CodeSystem", "StructureDefinition",
				    "ValueSet"};

bool definition_is(const struct json *resource)
{
	const char *type = json_get_text(resource, "resourceType");

	for (size_t i = 0; i < LEN(kinds); i++)
		if (text_is(type, kinds[i]))
			return true;
	return false;
}

/* ---- what is stored --------------------------------------------------- */

static void take(struct definition_list *list, struct arena *a,
		 const struct store_resource *found)
{
	struct definition *d = &list->v[list->n];
	struct err ignored;
	const char *url;

	if (strcmp(found->client_id, OFFICIAL_CLIENT) == 0)
		return; /* in force without these rows */
	d->json = json_parse(a, found->text, found->text_len, &ignored);
	if (d->json == NULL)
		return;
	url = text_or_empty(json_get_text(d->json, "url"));
	d->type = found->type;
	d->id = found->id;
	d->url = arena_strndup(a, url, strcspn(url, "|"));
	d->source = arena_printf(a, "%s/%s", d->type, d->id);
	list->n++;
	list->bytes += found->text_len;
}

void definition_list(struct record *r, struct arena *a, enum fhir_version v,
		     struct definition_list *out)
{
	struct store_found found[LEN(kinds)];
	struct err ignored;
	const int64_t limit = DEFINITIONS_MAX + (int64_t)r->official_count[v];
	size_t n = 1; /* room for one more */

	for (size_t i = 0; i < LEN(kinds); i++) {
		const struct store_query query = {
		    .fhir = (int)v, .type = kinds[i], .limit = limit};

		if (!store_search(r->store, a, &query, &found[i], &ignored))
			found[i].n = 0;
		n += found[i].n;
	}
	*out =
	    (struct definition_list){.v = arena_alloc(a, n * sizeof(*out->v))};
	for (size_t i = 0; i < LEN(kinds); i++)
		for (size_t k = 0; k < found[i].n; k++)
			take(out, a, &found[i].v[k]);
}

/* ---- compiling -------------------------------------------------------- */

struct profiles *definition_compile(const struct profiles *base,
				    const struct definition_list *list,
				    struct arena *a, struct err *e)
{
	struct profiles *set = profile_fork(base, a);

	for (size_t i = 0; i < list->n; i++) {
		const struct definition *d = &list->v[i];

		if (!d->out && !profile_add(set, d->json, d->source, e))
			return NULL;
	}
	return profile_compile(set, e) ? set : NULL;
}

struct definition *definition_blamed(const struct definition_list *list,
				     const struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const size_t n = strlen(list->v[i].source);

		if (strncmp(e->where, list->v[i].source, n) == 0 &&
		    (e->where[n] == ':' || e->where[n] == '\0'))
			return &list->v[i];
	}
	return NULL;
}

static void leave_out(const struct record *r, struct definition *d,
		      const char *why)
{
	d->out = true;
	if (r->log != NULL)
		log_line(r->log, "definitions", "%s is left out: %s", d->source,
			 why);
}

/* What is built in now, or came in a package, is not overwritten by what was
 * stored before. */
static void leave_out_official(const struct record *r, enum fhir_version v,
			       struct definition_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct definition *d = &list->v[i];

		if (profile_knows(r->profiles[v], d->type, d->url))
			leave_out(r, d, "there is an official one of its URL");
	}
}

/* What can be compiled of the list; each round leaves out one more. */
static void compile(const struct record *r, enum fhir_version v,
		    struct definition_list *list, struct in_force *now)
{
	struct definition *blamed;
	struct err e;

	leave_out_official(r, v, list);
	for (size_t i = 0; i <= list->n && !now->set; i++) {
		arena_free(now->arena);
		now->arena = arena_new((size_t)64 << 10);
		now->set =
		    definition_compile(r->profiles[v], list, now->arena, &e);
		blamed = now->set ? NULL : definition_blamed(list, &e);
		if (blamed)
			leave_out(r, blamed, e.text);
	}
}

/* ---- in force --------------------------------------------------------- */

static void forget(struct in_force *now)
{
	arena_free(now->arena);
	*now = (struct in_force){.set = NULL};
}

/* What a setting says; *added is "Type/id" or NULL. */
struct state {
	char stamp[UUID_TEXT];	/* "": nothing is stored */
	char before[UUID_TEXT]; /* the same */
	const char *added;
};

static void read_state(struct state *out, const char *text)
{
	const size_t n = strcspn(text, " ");
	const char *before = text + n + (text[n] == ' ');
	const size_t m = strcspn(before, " ");

	*out = (struct state){.added = before[m] ? before + m + 1 : NULL};
	snprintf(out->stamp, sizeof out->stamp, "%.*s", (int)n, text);
	if (*before != '-')
		snprintf(out->before, sizeof out->before, "%.*s", (int)m,
			 before);
}

/* Makes it what the state is, from all that is stored. */
static void renew(struct record *r, enum fhir_version v, struct arena *tmp,
		  const struct state *state, struct in_force *now)
{
	struct definition_list list;

	forget(now);
	if (state->stamp[0] != '\0') {
		definition_list(r, tmp, v, &list);
		if (list.n == 0)
			return; /* it could not be read: again next time */
		compile(r, v, &list, now);
		now->n = list.n;
		now->bytes = list.bytes;
		/* what was left out, too: its base may still come */
		for (size_t i = 0; i < list.n; i++)
			mentions_add(&now->mentions, now->arena,
				     list.v[i].json);
	}
	now->looked = true;
}

/* The one that was added; false: it is no more what it was. */
static bool find_added(struct record *r, enum fhir_version v, struct arena *tmp,
		       const char *added, struct definition *out, size_t *bytes)
{
	const size_t n = strcspn(added, "/");
	struct definition_list one = {.v = out};
	struct store_resource found;

	if (!store_resource_find(r->store, tmp, (int)v,
				 arena_strndup(tmp, added, n), added + n + 1, 0,
				 &found) ||
	    found.version != 1 || found.deleted)
		return false;
	take(&one, tmp, &found);
	*bytes = one.bytes;
	return one.n == 1;
}

/* Puts one more on top, if that is all that has changed. */
static bool grow(struct record *r, enum fhir_version v, struct arena *tmp,
		 const struct state *state, struct in_force *now)
{
	struct definition d = {.out = false};
	struct err ignored;
	size_t bytes;

	if (!now->looked || !state->added ||
	    strcmp(now->stamp, state->before) != 0 ||
	    !find_added(r, v, tmp, state->added, &d, &bytes) ||
	    mentions_have(&now->mentions, d.url) ||
	    profile_knows(r->profiles[v], d.type, d.url))
		return false;
	if (now->set == NULL) {
		now->arena = arena_new((size_t)64 << 10);
		now->set = profile_fork(r->profiles[v], now->arena);
	}
	if (!profile_add(now->set, d.json, d.source, &ignored) ||
	    !profile_compile(now->set, &ignored))
		return false;
	mentions_add(&now->mentions, now->arena, d.json);
	now->n++;
	now->bytes += bytes;
	return true;
}

static struct in_force *in_force(struct record *r, enum fhir_version v)
{
	const uint64_t epoch = store_setting_epoch(r->store);
	struct in_force *now;
	struct arena *tmp;
	struct state state;

	if (r->definitions == NULL) {
		tmp = arena_new(sizeof(*r->definitions) * 2);
		r->definitions = arena_alloc(tmp, sizeof(*r->definitions));
		r->definitions->arena = tmp;
	}
	now = &r->definitions->of[v];
	if (now->looked && now->epoch == epoch)
		return now;
	tmp = arena_new(0);
	read_state(&state,
		   text_or_empty(store_setting(r->store, tmp, stamp_name[v])));
	if (!now->looked || strcmp(state.stamp, now->stamp) != 0) {
		if (!grow(r, v, tmp, &state, now))
			renew(r, v, tmp, &state, now);
		memcpy(now->stamp, state.stamp, sizeof now->stamp);
	}
	now->epoch = epoch;
	arena_free(tmp);
	return now;
}

const struct profiles *record_profiles(struct record *r, enum fhir_version v)
{
	const struct in_force *now;

	if (r->profiles[v] == NULL || record_inert(r))
		return r->profiles[v];
	now = in_force(r, v);
	return now->set ? now->set : r->profiles[v];
}

bool record_inert(const struct record *r)
{
	return r->settings.allow_test_profiles == TEST_PROFILES_INERT;
}

bool definition_room(struct record *r, enum fhir_version v)
{
	const struct in_force *now = in_force(r, v);

	return now->n < DEFINITIONS_MAX && now->bytes < DEFINITIONS_BYTES;
}

bool definition_is_mentioned(struct record *r, enum fhir_version v,
			     const char *url)
{
	return mentions_have(&in_force(r, v)->mentions, url);
}

size_t definition_used(struct record *r, enum fhir_version v)
{
	const struct in_force *now = in_force(r, v);

	return now->arena ? arena_used(now->arena) : 0;
}

/* ---- changes ---------------------------------------------------------- */

void record_definition_stored(struct record *r, enum fhir_version v,
			      const struct store_resource *version)
{
	char stamp[UUID_TEXT];
	struct state before;
	struct arena *tmp = arena_new(0);
	const char *text = stamp;

	uuid_make(stamp);
	read_state(&before,
		   text_or_empty(store_setting(r->store, tmp, stamp_name[v])));
	if (version->version == 1)
		text = arena_printf(tmp, "%s %s %s/%s", stamp,
				    before.stamp[0] ? before.stamp : "-",
				    version->type, version->id);
	store_setting_put(r->store, stamp_name[v], text);
	arena_free(tmp);
}

void record_definitions_reset(struct record *r, struct arena *a)
{
	for (int v = 0; v < FHIR_VERSIONS; v++)
		if (store_setting(r->store, a, stamp_name[v]) != NULL)
			store_setting_put(r->store, stamp_name[v], "");
}

void record_definitions_close(struct record *r)
{
	struct definitions *d = r->definitions;

	for (int v = 0; d != NULL && v < FHIR_VERSIONS; v++)
		arena_free(d->of[v].arena);
	if (d != NULL)
		arena_free(d->arena);
	r->definitions = NULL;
}
