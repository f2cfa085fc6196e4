/* SPDX-License-Identifier: Apache-2.0
 *
 * reindex: a file whose index is not as this program makes it is indexed anew.
 *
 * That is one of an older schema, and one that was written when resources gave
 * other rows: INDEX_VERSION counts up with every change of what record_index()
 * makes of a resource, and stands among the settings of the file (not there:
 * 1). All current resources are read, parsed and indexed, some thousands a
 * second, in transactions of REINDEX_TURN. Whoever is interrupted begins again
 * at the next start; until the end the file's version is the old one.
 *
 * What the own base was when a resource was stored is not known: a reference
 * below any host's /...baseR4 counts as local, if that is where ours is.
 */
#include "record/index_int.h"

#define INDEX_VERSION "1"
#define INDEX_SETTING "index_version"
#define REINDEX_TURN  1000

/* The host and path before the first reference in the text that lies below the
 * path of a base of ours; NULL: there is none. */
static const char *base_in(struct arena *a, const char *text, const char *path)
{
	const size_t n = path ? strlen(path) : 0;
	const char *at = text, *from;

	while (n > 0 && (at = strstr(at, path)) != NULL) {
		for (from = at; from > text && from[-1] != '"';)
			from--;
		if (at[n] == '/' && text_begins(from, "http"))
			return arena_strndup(a, from, (size_t)(at + n - from));
		at += n;
	}
	return NULL;
}

static void index_one(struct record *r, struct arena *a,
		      const struct store_resource *s)
{
	const enum fhir_version v = (enum fhir_version)s->fhir;
	const struct record_type *type = record_type_find(v, s->type);
	struct err e = {.kind = ERR_NONE};
	const struct json *resource =
	    type ? json_parse(a, s->text, s->text_len, &e) : NULL;
	struct store_index_row *rows = NULL;
	size_t n = 0;

	if (resource)
		rows = record_index(r, a, v, type, resource,
				    base_in(a, s->text, r->fhir_base[v]), &n);
	store_index_put(r->store, s, rows, n);
}

/* As many as a transaction takes; how many those were. */
static size_t turn(struct record *r, struct arena *a, int64_t *after)
{
	struct store_resource s;
	size_t n = 0;

	store_enter(r->store);
	while (n < REINDEX_TURN) {
		const struct arena_mark m = arena_mark(a);
		const bool some = store_index_next(r->store, a, after, &s);

		if (some)
			index_one(r, a, &s);
		arena_rewind(a, &m);
		if (!some)
			break;
		n++;
	}
	if (!store_leave(r->store, true) || !store_commit(r->store))
		log_line(r->log, "index", "a part could not be stored");
	return n;
}

bool record_reindex(struct record *r, struct arena *a)
{
	const char *version = store_setting(r->store, a, INDEX_SETTING);
	const bool same = text_is(version ? version : "1", INDEX_VERSION);
	int64_t after = 0;
	size_t n, all = 0;

	if (same && !store_must_index(r->store))
		return false;
	log_line(r->log, "index", "the resources are indexed anew");
	do {
		n = turn(r, a, &after);
		all += n;
	} while (n == REINDEX_TURN);
	store_setting_put(r->store, INDEX_SETTING, INDEX_VERSION);
	log_line(r->log, "index", "%zu resources were indexed anew", all);
	return true;
}
