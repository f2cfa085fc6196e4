/* SPDX-License-Identifier: Apache-2.0
 *
 * From an entry of the journal to what an application did: about which type and
 * profiles, with which resource, and what came of it.
 *
 * A profile is known from what was sent, else from what was answered (a read, a
 * search), else from what is remembered of the resource by its id (a delete).
 * A batch is an event for each of its entries, with the entry's own status; and
 * once more as if the entry had come alone, for who asks about content and not
 * about functions. Of OAuth, the type is in the scope: that of an authorization
 * stands in its query, and holds for what the browser sends of it afterwards.
 *
 * Bodies are kept only so far, so what does not parse is told by what the
 * journal says of it (type, profile). Nothing here fails.
 */
#include "admin/report_int.h"

#include <stdlib.h>

/* ---- profiles ---- */

static void add_profile(struct report_event *e, struct arena *a,
			const char *url, size_t n)
{
	n = strcspn(url, "| ") < n ? strcspn(url, "| ") : n;
	if (n == 0 || e->profiles == EVENT_PROFILES)
		return;
	for (size_t i = 0; i < e->profiles; i++)
		if (strlen(e->profile[i]) == n &&
		    memcmp(e->profile[i], url, n) == 0)
			return;
	e->profile[e->profiles++] = arena_strndup(a, url, n);
}

static void add_of_resource(struct report_event *e, struct arena *a,
			    const struct json *resource)
{
	const struct json *v =
	    json_first(json_get(json_get(resource, "meta"), "profile"));

	for (; v; v = json_next(v))
		if (json_kind(v) == JSON_STRING)
			add_profile(e, a, json_text(v), json_len(v));
}

static void add_of_words(struct report_event *e, struct arena *a,
			 const char *words)
{
	while (words && *words) {
		const size_t n = strcspn(words, " ");

		add_profile(e, a, words, n);
		words += n;
		words += strspn(words, " ");
	}
}

/* The answer's resource, or those of its Bundle that are of the type. */
static void add_of_answer(struct report_event *e, struct arena *a)
{
	const struct json *v = json_first(json_get(e->answer, "entry"));

	if (text_is(json_get_text(e->answer, "resourceType"), e->type))
		add_of_resource(e, a, e->answer);
	for (; v; v = json_next(v)) {
		const struct json *one = json_get(v, "resource");

		if (text_is(json_get_text(one, "resourceType"), e->type))
			add_of_resource(e, a, one);
	}
}

/* ---- what is remembered of resources ---- */

static const char *resource_key(struct arena *a, const struct report_event *e,
				const char *id)
{
	return arena_printf(a, "%s %s/%s", report_fhir(e->fhir), e->type, id);
}

/* "Type/id" of a path; NULL: it names no resource. */
static const char *id_of_path(struct arena *a, const char *path,
			      const char *type)
{
	const char *at = strstr(path, arena_cat(a, "/", type, "/", NULL));

	if (!at)
		return NULL;
	at += strlen(type) + 2;
	return arena_strndup(a, at, strcspn(at, "/"));
}

static void remember(struct report *r, struct arena *a,
		     const struct report_event *e)
{
	const char *id = json_get_text(e->answer, "id");
	struct buf b;
	size_t i;

	if (!id || e->profiles == 0 ||
	    !text_is(json_get_text(e->answer, "resourceType"), e->type))
		return;
	i = report_words_add(&r->met_resource, resource_key(a, e, id));
	if (i >= r->met_cap) {
		const size_t cap = r->met_resource.cap;
		const char **v = arena_alloc(r->arena, cap * sizeof(char *));

		for (size_t k = 0; k < r->met_cap; k++)
			v[k] = r->met_profiles[k];
		r->met_profiles = v;
		r->met_cap = cap;
	}
	if (r->met_profiles[i])
		return;
	buf_init(&b, r->arena);
	for (size_t k = 0; k < e->profiles; k++)
		buf_printf(&b, "%s%s", k > 0 ? " " : "", e->profile[k]);
	r->met_profiles[i] = b.p;
}

static void recall(struct report *r, struct arena *a, struct report_event *e)
{
	const char *id = id_of_path(a, e->seen->path, e->type);
	size_t i, before = r->met_resource.n;

	if (!id)
		return;
	i = report_words_add(&r->met_resource, resource_key(a, e, id));
	if (i < before && i < r->met_cap)
		add_of_words(e, a, r->met_profiles[i]);
}

static void find_profiles(struct report *r, struct arena *a,
			  struct report_event *e)
{
	if (e->resource)
		add_of_resource(e, a, e->resource);
	else if (!e->entry)
		add_of_words(e, a, e->seen->profile);
	if (e->profiles == 0 && e->status < 300)
		add_of_answer(e, a);
	if (e->profiles == 0)
		recall(r, a, e);
	remember(r, a, e);
}

/* ---- batches ---- */

static const char *entry_interaction(const char *method, const char *url)
{
	const char *slash = strchr(url, '/');
	const bool instance = slash && slash[1] != '\0';

	if (strcmp(method, "POST") == 0)
		return "create";
	if (strcmp(method, "PUT") == 0)
		return "update";
	if (strcmp(method, "DELETE") == 0)
		return "delete";
	return instance ? "read" : "search-type";
}

static bool see_entry(struct report *r, struct arena *a,
		      const struct report_event *whole, const struct json *in,
		      const struct json *out, report_see see)
{
	const struct json *request = json_get(in, "request");
	const char *method = json_get_text(request, "method");
	const char *url = json_get_text(request, "url");
	const char *status = json_get_text(json_get(out, "response"), "status");
	struct report_event e = *whole;
	struct seen alone = *whole->seen;

	if (!method || !url)
		return false;
	e.resource = json_get(in, "resource");
	e.answer = json_get(out, "resource");
	e.type = json_get_text(e.resource, "resourceType");
	if (!e.type)
		e.type = arena_strndup(a, url, strcspn(url, "/?"));
	e.status = status ? (int)strtol(status, NULL, 10) : whole->status;
	e.refused = e.status >= 400;
	alone.path = arena_cat(a, "/", url, NULL);
	e.seen = &alone;
	find_profiles(r, a, &e);
	e.seen = whole->seen;
	see(r, a, &e);
	e.seen = &alone;
	e.entry = true;
	e.first = false;
	alone.interaction = entry_interaction(method, url);
	alone.method = method;
	alone.type = e.type;
	alone.path = whole->seen->path;
	see(r, a, &e);
	return true;
}

static bool see_entries(struct report *r, struct arena *a,
			const struct report_event *whole,
			const struct json *bundle, report_see see)
{
	const struct json *in = json_first(json_get(bundle, "entry"));
	const struct json *out = json_first(json_get(whole->answer, "entry"));
	struct report_event e = *whole;

	for (; in; in = json_next(in), out = out ? json_next(out) : NULL)
		if (see_entry(r, a, &e, in, out, see))
			e.first = false;
	return !e.first;
}

/* ---- OAuth ---- */

static const char *parameter(struct arena *a, const char *query,
			     const char *name)
{
	struct http_pair *pair;
	size_t n;
	struct err e;

	if (!http_form(a, query, strlen(query), &pair, &n, &e))
		return NULL;
	return http_form_get(pair, n, name);
}

static const char *scope_told(struct arena *a, const struct report_event *e)
{
	const struct seen *s = e->seen;
	const char *scope = json_get_text(e->answer, "scope");

	if (scope)
		return scope;
	if (*text_or_empty(s->scope))
		return s->scope;
	scope = parameter(a, text_or_empty(s->query), "scope");
	return scope || s->body_len == 0 ? scope
					 : parameter(a, s->body, "scope");
}

/* The browser's answer to the consent page does not say it again. */
static const char *scope_of(struct report *r, struct arena *a,
			    const struct report_event *e)
{
	const char *scope = scope_told(a, e);

	if (scope && !text_is(e->client->scope, scope))
		e->client->scope = arena_strdup(r->arena, scope);
	return e->client->scope;
}

/* ---- all ---- */

static const struct json *parsed(struct arena *a, const char *text, size_t n)
{
	struct err ignored = {.kind = ERR_NONE};

	return text && n > 0 && (*text == '{' || *text == '[')
		   ? json_parse(a, text, n, &ignored)
		   : NULL;
}

static bool sends(const char *interaction)
{
	return text_is(interaction, "create") || text_is(interaction, "update");
}

void report_events(struct report *r, struct arena *a, const struct seen *s,
		   bool others, report_see see)
{
	const struct json *sent = parsed(a, s->body, s->body_len);
	struct report_event e = {
	    .seen = s,
	    .client =
		report_client(r, others ? "" : text_or_empty(s->client_id)),
	    .first = true,
	    .others = others,
	    .is_fhir = text_is(s->endpoint, "fhir"),
	    .fhir = text_is(s->fhir_version, "stu3") ? FHIR_STU3 : FHIR_R4,
	    .status = s->status,
	    .refused = s->status >= 400 || *text_or_empty(s->error),
	    .answer = parsed(a, s->answer, s->answer_len),
	    .why = text_or_empty(s->error),
	};

	if (!others && (e.is_fhir || text_is(s->endpoint, "token") ||
			text_is(s->endpoint, "authorize")))
		e.client->requests++;
	if (!e.is_fhir) {
		e.scope = scope_of(r, a, &e);
		see(r, a, &e);
		return;
	}
	if (text_is(s->interaction, "batch") &&
	    see_entries(r, a, &e, sent, see))
		return;
	if (*text_or_empty(s->type))
		e.type = s->type;
	if (sends(s->interaction))
		e.resource = sent;
	if (e.type)
		find_profiles(r, a, &e);
	see(r, a, &e);
}
