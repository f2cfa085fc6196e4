/* SPDX-License-Identifier: Apache-2.0
 *
 * The references of a transaction: names within the Bundle become "Type/id".
 *
 * Resolved are references (the name itself, or relative ones by the rules of
 * fullUrl), elements of type uri and its kinds that are a name and nothing
 * else, and searches that stand for a resource ("Patient?identifier=..", which
 * must find exactly one). Which element is a uri, the definitions say: an
 * identifier that has the same text as a placeholder, as clients like to make
 * them, is a string and stays. So does narrative. In URLs and conditions it is
 * the value of a parameter, but for identifiers.
 *
 * A placeholder that nothing in the Bundle has as its name is refused.
 *
 * The text of a resource is changed in those places alone, and read again: what
 * is stored is the client's own otherwise, to the byte.
 *
 * FHIR R4 and STU3 3.1.0.11.2, R4 2.36.4.1; facts: fhir-rest.md 3.
 */
#include "fhir/bundle_int.h"

#include <assert.h>
#include <string.h>

/* A Bundle may hold this many different searches in place of references, and a
 * fullUrl that names neighbours is this long at most. */
#define SEARCHES 2000
#define FULL_URL 400

/* All that names become, in one Bundle: as much as a body may hold. Short names
 * for long ones would make more of it than there is memory. */
#define LINKED_BYTES ((size_t)HTTP_FHIR_BODY_BYTES)

struct splice {
	struct splice *next;
	const struct json *old; /* a string */
	const char *text;	/* what it becomes */
};

struct link {
	struct bundle *b;
	struct bundle_entry *e;
	const char *root; /* of the entry's fullUrl */
	struct fp_model model;
	uint32_t uri;
	struct splice *first, **last; /* in document order */
	size_t searches, bytes;	      /* so far, of all entries */
};

/* ---- what a name becomes ---------------------------------------------- */

/* What stands before "Type/id" in the entry's fullUrl; NULL when that is no
 * URL. */
static const char *root_of(const struct link *l)
{
	const char *full = text_or_empty(l->e->full_url);
	size_t n = strlen(full);

	if (n > FULL_URL || !strstr(full, "://"))
		return NULL;
	for (int slashes = 0; n > 0; n--) {
		slashes += full[n - 1] == '/';
		if (slashes == 2)
			return arena_strndup(l->b->rq->arena, full, n);
	}
	return NULL;
}

/* "Type/id" in an entry whose fullUrl is a URL means a neighbour of that. */
static const char *neighbour(const struct link *l, const char *text)
{
	struct arena *a = l->b->scratch;
	const struct arena_mark mark = arena_mark(a);
	const char *to;

	if (!l->root || strstr(text, "://"))
		return NULL;
	to = bundle_map_get(&l->b->links, arena_cat(a, l->root, text, NULL));
	arena_rewind(a, &mark);
	return to;
}

/* "Type?" and a query: its type, or NULL. */
static const struct record_type *search_type(const struct link *l,
					     const char *text)
{
	const struct fhir *f = l->b->rq->ctx;
	size_t n = 0;

	while (ascii_letter(text[n]))
		n++;
	if (n == 0 || text[n] != '?')
		return NULL;
	return record_type_find(f->version,
				arena_strndup(l->b->rq->arena, text, n));
}

static bool find_one(struct link *l, const struct record_type *t,
		     const char *text, const char **out)
{
	struct rq *rq = l->b->rq;
	struct store_resource found;
	size_t n;

	if (l->searches++ == SEARCHES)
		return bundle_refuse(l->b, l->e, ERR_TOO_LARGE, "resource",
				     "The Bundle has more than %d different "
				     "searches in place of references",
				     SEARCHES);
	if (!fhir_condition_find(rq, t, text, NULL, &found, &n)) {
		const struct err err = rq->err;

		rq->err = (struct err){.kind = ERR_NONE};
		return bundle_refuse(l->b, l->e, err.kind, "resource", "%s",
				     err.text);
	}
	if (n != 1)
		return bundle_refuse(
		    l->b, l->e, ERR_PRECONDITION, "resource",
		    "Invalid match URL \"%.300s\" - %s resources match this "
		    "search",
		    text, n == 0 ? "No" : "Multiple");
	*out = arena_cat(rq->arena, t->type, "/", found.id, NULL);
	/* the next one that says the same */
	bundle_map_put(&l->b->links, text, *out);
	return true;
}

/* What a reference becomes; *out stays NULL when it is no name. */
static bool resolve(struct link *l, const char *text, const char *element,
		    const char **out)
{
	const struct record_type *t;

	if (*text == '#')
		return true;
	*out = bundle_map_get(&l->b->links, text);
	if (*out)
		return true;
	if (text_begins(text, "urn:uuid:") || text_begins(text, "urn:oid:"))
		return bundle_refuse(
		    l->b, l->e, ERR_INVALID, "resource",
		    "Unable to satisfy placeholder ID %.200s found in element "
		    "named '%.64s' within resource of type: %.64s",
		    text, element,
		    json_get_text(l->e->resource, "resourceType"));
	t = search_type(l, text);
	if (t)
		return find_one(l, t, text, out);
	*out = neighbour(l, text);
	return true;
}

/* ---- through a resource ------------------------------------------------ */

static bool replace(struct link *l, const struct json *old, const char *text)
{
	struct splice *s = arena_alloc(l->b->rq->arena, sizeof(*s));

	l->bytes += strlen(text);
	if (l->bytes > LINKED_BYTES)
		return bundle_refuse(l->b, l->e, ERR_TOO_LARGE, "resource",
				     "What the references of the Bundle become "
				     "is larger than %zu bytes",
				     LINKED_BYTES);
	s->old = old;
	s->text = text;
	*l->last = s;
	l->last = &s->next;
	return true;
}

/* A string; element: the member that holds the object it stands in. */
static bool see(struct link *l, const struct json *v, struct fp_type type,
		const char *element)
{
	const char *text = json_text(v), *to = NULL;

	if (text_is(json_name(v), "reference")) {
		if (!resolve(l, text, element, &to))
			return false;
	} else if (type.id != FP_NO_TYPE &&
		   l->model.type_is_a(l->model.set, type.id, l->uri)) {
		to = bundle_map_get(&l->b->links, text);
	}
	return !to || replace(l, v, to);
}

static struct fp_type type_below(const struct link *l, struct fp_type of,
				 const struct json *member)
{
	struct fp_type none = {NULL, FP_NO_TYPE}, child;
	const char *name = json_name(member);

	if (!name)
		return of; /* an item has the type of its list */
	if (of.id == FP_NO_TYPE || *name == '_' ||
	    !l->model.member(l->model.set, of, name, &child))
		return none;
	return child;
}

static bool walk(struct link *l, const struct json *v, struct fp_type type,
		 const char *element)
{
	if (json_kind(v) == JSON_STRING)
		return see(l, v, type, element);
	if (json_kind(v) == JSON_OBJECT && json_get_text(v, "resourceType"))
		type = l->model.resource(l->model.set, v);
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		const char *name = json_name(v) ? json_name(v) : element;

		if (!walk(l, m, type_below(l, type, m), name))
			return false;
	}
	return true;
}

/* The resource's text with the splices, read again. */
static const struct json *spliced(const struct link *l)
{
	struct arena *a = l->b->rq->arena;
	struct err ignored = {.kind = ERR_NONE};
	const char *p, *end, *at;
	struct buf out;
	size_t n;

	p = json_source(l->e->resource, &n);
	end = p + n;
	buf_init(&out, a);
	for (const struct splice *s = l->first; s; s = s->next) {
		at = json_source(s->old, &n);
		buf_add(&out, p, (size_t)(at - p));
		json_quote(&out, s->text, strlen(s->text));
		p = at + n;
	}
	buf_add(&out, p, (size_t)(end - p));
	return json_parse(a, out.p, out.len, &ignored);
}

static bool link_resource(struct link *l)
{
	const struct fp_type none = {NULL, FP_NO_TYPE};

	if (!l->e->resource || json_kind(l->e->resource) != JSON_OBJECT ||
	    !json_get_text(l->e->resource, "resourceType"))
		return true;
	l->first = NULL;
	l->last = &l->first;
	if (!walk(l, l->e->resource, none, ""))
		return false;
	if (l->first) {
		l->e->resource = spliced(l);
		l->e->moved = true;
		assert(l->e->resource);
	}
	return true;
}

/* ---- in a URL ---------------------------------------------------------- */

/* The query with the names in it resolved; NULL when there are none. */
static const char *link_query(struct link *l, const char *query)
{
	struct arena *a = l->b->rq->arena;
	struct err ignored = {.kind = ERR_NONE};
	struct http_pair *pair;
	bool any = false;
	struct buf out;
	size_t n;

	if (!http_form(a, query, strlen(query), &pair, &n, &ignored))
		return NULL;
	buf_init(&out, a);
	for (size_t i = 0; i < n; i++) {
		const char *to =
		    strcmp(pair[i].name, "identifier") != 0
			? bundle_map_get(&l->b->links, pair[i].value)
			: NULL;

		any |= to != NULL;
		buf_puts(&out, i > 0 ? "&" : "");
		http_escape(&out, pair[i].name);
		buf_putc(&out, '=');
		http_escape(&out, to ? to : pair[i].value);
	}
	return any ? out.p : NULL;
}

static void link_url(struct link *l)
{
	struct bundle_entry *e = l->e;
	struct arena *a = l->b->rq->arena;
	const size_t n = strcspn(e->url, "?");
	const char *path = arena_strndup(a, e->url, n);
	const char *to = bundle_map_get(&l->b->links, path);
	const char *query = e->url[n] ? link_query(l, e->url + n + 1) : NULL;

	if (to && text_begins(path, "urn:"))
		e->url = arena_cat(a, to, e->url + n, NULL);
	else if (query)
		e->url = arena_cat(a, path, "?", query, NULL);
}

struct bundle_entry *bundle_link(struct bundle *b)
{
	const struct fhir *f = b->rq->ctx;
	struct link l = {.b = b};

	l.model = profile_model(record_profiles(f->record, f->version));
	l.uri = l.model.type_find(l.model.set, "uri", 3);
	for (size_t i = 0; i < b->n; i++) {
		l.e = &b->v[i];
		if (l.e->step == STEP_DELETE)
			continue;
		l.root = root_of(&l);
		link_url(&l);
		if (!link_resource(&l))
			return l.e;
	}
	return NULL;
}
