/* SPDX-License-Identifier: Apache-2.0
 *
 * openapi: the control API, told as OpenAPI 3.1.
 *
 * What there is comes from the tables that do the work: paths, methods and
 * summaries from the routes, a body's members from the table that its handler
 * checks with (openapi_calls.c), the switches from settings_list(). What no
 * table knows stands in openapi.json: what a member means, what is answered. A
 * text there about something that is not, or something here without a text, is
 * found by test_openapi.c; that answers are as told, by test_openapi.py.
 *
 * Nothing is kept: the document is made when it is asked for, which is seldom.
 *
 * Facts: contracts.md section 3; OpenAPI 3.1.0, JSON Schema 2020-12.
 */
#include "admin/admin_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "page/page.h"

#define PREFIX "/__admin"

struct telling {
	const struct openapi *of;
	const struct json *texts;
	struct arena *arena;
	struct jw w;
};

/* ---- schemas --------------------------------------------------------- */

/* Does the text say itself what may stand there? */
static bool has_schema(const struct json *text)
{
	return json_get(text, "type") || json_get(text, "$ref") ||
	       json_get(text, "anyOf") || json_get(text, "enum");
}

/* The members of the object, into the one that is open. */
static void put_members(struct jw *w, const struct json *object)
{
	for (const struct json *v = json_first(object); v; v = json_next(v))
		jw_value(w, json_name(v), v);
}

/* A member of a body: its schema from the table, then what the text adds. */
static void put_property(struct telling *t, const char *name,
			 const char *schema, const struct json *text)
{
	struct err ignored;
	const struct json *base =
	    json_parse(t->arena, schema, strlen(schema), &ignored);

	jw_open(&t->w, name, '{');
	for (const struct json *v = json_first(base); v; v = json_next(v))
		if (!has_schema(text) && !json_get(text, json_name(v)))
			jw_value(&t->w, json_name(v), v);
	put_members(&t->w, text);
	jw_close(&t->w);
}

/* Words about what may stand somewhere, as a schema; the first that fits. */
static const struct {
	const char *begins, *schema;
} told_types[] = {
    {"a string or", "{}"},
    {"a string, or", "{}"},
    {"a number or", "{}"},
    {"a number, or", "{}"},
    {"a number", "{\"type\":\"number\"}"},
    {"0 to 1", "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}"},
    {"a list of objects", "{\"type\":\"array\"}"},
    {"an object, or", "{}"},
    {"an object or", "{}"},
    {"a string", "{\"type\":\"string\"}"},
    {"an http or https URL", "{\"type\":\"string\",\"format\":\"uri\"}"},
    {"a list of at most",
     "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"},
    {"a whole number", "{\"type\":\"integer\",\"minimum\":0}"},
    {"true or false", "{\"type\":\"boolean\"}"},
    {"an object", "{\"type\":\"object\"}"},
};

static const char *told_schema(const char *type)
{
	for (size_t i = 0; i < LEN(told_types); i++)
		if (text_begins(type, told_types[i].begins))
			return told_types[i].schema;
	return "{}";
}

/* The same of a member that somebody else reads, and describes. */
static void put_told(struct telling *t, const struct member_told *m,
		     const struct json *text)
{
	const char *schema = told_schema(m->type);
	struct buf b;
	struct jw w = {.b = &b};
	struct err ignored;

	if (json_get(text, "description") || *m->what == '\0') {
		put_property(t, m->name, schema, text);
		return;
	}
	buf_init(&b, t->arena);
	jw_open(&w, NULL, '{');
	put_members(&w, json_parse(t->arena, schema, strlen(schema), &ignored));
	jw_str(&w, "description",
	       arena_printf(t->arena, "%s (%s)", m->what, m->type));
	jw_close(&w);
	put_property(t, m->name, b.p, text);
}

static void put_required(struct telling *t, const struct body *b)
{
	bool any = false;

	for (size_t i = 0; i < b->n; i++)
		any |= b->m[i].required;
	if (!any)
		return;
	jw_open(&t->w, "required", '[');
	for (size_t i = 0; i < b->n; i++)
		if (b->m[i].required)
			jw_str(&t->w, NULL, b->m[i].name);
	jw_close(&t->w);
}

/* An object of these members alone; texts: of them, by name. */
static void put_object(struct telling *t, const char *name,
		       const struct body *b, const struct json *texts)
{
	struct member_told m;

	jw_open(&t->w, name, '{');
	jw_str(&t->w, "type", "object");
	jw_open(&t->w, "properties", '{');
	for (size_t i = 0; i < b->n; i++)
		put_property(t, b->m[i].name, member_schema(b->m[i].kind),
			     json_get(texts, b->m[i].name));
	for (size_t i = 0; b->told && b->told(i, &m); i++)
		put_told(t, &m, json_get(texts, m.name));
	jw_close(&t->w);
	put_required(t, b);
	jw_bool(&t->w, "additionalProperties", false);
	jw_close(&t->w);
}

/* ---- switches -------------------------------------------------------- */

/* The next of "a | b | c", in the arena; NULL behind the last. */
static const char *next_word(struct arena *a, const char **rest)
{
	const char *word = *rest, *bar;

	if (!word)
		return NULL;
	bar = strstr(word, " | ");
	*rest = bar ? bar + strlen(" | ") : NULL;
	return bar ? arena_strndup(a, word, (size_t)(bar - word)) : word;
}

static bool all_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* As they may be sent: a number as such, and true and false for on and off. */
static void put_word_as_sent(struct jw *w, const char *word)
{
	if (all_digits(word))
		jw_int(w, NULL, strtoll(word, NULL, 10));
	if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)
		jw_bool(w, NULL, word[1] == 'n');
}

static void put_range(struct telling *t, const char *range, bool sent)
{
	const char *dots = strstr(range, "..");

	if (!sent) {
		jw_str(&t->w, "type", "string");
		jw_str(&t->w, "pattern", "^[0-9]+$");
		return;
	}
	jw_open(&t->w, "anyOf", '[');
	jw_open(&t->w, NULL, '{');
	jw_str(&t->w, "type", "integer");
	jw_int(&t->w, "minimum", strtoll(range, NULL, 10));
	jw_int(&t->w, "maximum", strtoll(dots + 2, NULL, 10));
	jw_close(&t->w);
	jw_open(&t->w, NULL, '{');
	jw_str(&t->w, "type", "string");
	jw_str(&t->w, "pattern", "^[0-9]+$");
	jw_close(&t->w);
	jw_close(&t->w);
}

static void put_switch(struct telling *t, const struct setting_info *s,
		       bool sent)
{
	const char *rest = s->allowed, *word;

	jw_open(&t->w, s->name, '{');
	jw_str(&t->w, "description", s->what);
	if (strstr(s->allowed, "..")) {
		put_range(t, s->allowed, sent);
	} else {
		jw_open(&t->w, "enum", '[');
		while ((word = next_word(t->arena, &rest))) {
			jw_str(&t->w, NULL, word);
			if (sent)
				put_word_as_sent(&t->w, word);
		}
		jw_close(&t->w);
	}
	jw_close(&t->w);
}

/* All of them as they are told; or those that may be changed, as sent. */
static void put_switches(struct telling *t, const char *name, bool sent)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	jw_open(&t->w, name, '{');
	jw_str(&t->w, "type", "object");
	jw_open(&t->w, "properties", '{');
	for (size_t i = 0; settings_list(&s, t->arena, i, &info); i++)
		if (!sent || !info.at_start)
			put_switch(t, &info, sent);
	jw_close(&t->w);
	jw_bool(&t->w, "additionalProperties", false);
	jw_close(&t->w);
}

/* ---- one call -------------------------------------------------------- */

static const struct json *text_of(const struct telling *t,
				  const struct route *r)
{
	return json_get(json_get(t->texts, "calls"), r->name);
}

/* "citizens" of "/citizens/:hetu" */
static const char *tag_of(struct arena *a, const char *path)
{
	return arena_strndup(a, path + 1, strcspn(path + 1, "/."));
}

static void put_parameter(struct telling *t, const char *in, const char *name,
			  const struct json *text)
{
	const struct json *schema = json_get(text, "schema");

	jw_open(&t->w, NULL, '{');
	jw_str(&t->w, "name", name);
	jw_str(&t->w, "in", in);
	jw_str(&t->w, "description", json_get_text(text, "description"));
	if (strcmp(in, "path") == 0)
		jw_bool(&t->w, "required", true);
	if (schema)
		jw_value(&t->w, "schema", schema);
	else
		jw_raw(&t->w, "schema", "{\"type\":\"string\"}", 17);
	jw_close(&t->w);
}

/* A member of a match, where a query can have it. */
static void put_match_parameter(struct telling *t, const struct member_told *m)
{
	jw_open(&t->w, NULL, '{');
	jw_str(&t->w, "name", m->name);
	jw_str(&t->w, "in", "query");
	jw_str(&t->w, "description", m->what);
	jw_raw(&t->w, "schema", "{\"type\":\"string\"}", 17);
	jw_close(&t->w);
}

static void put_parameters(struct telling *t, const struct route *r)
{
	const struct json *query = json_get(text_of(t, r), "query");
	const struct json *known = json_get(t->texts, "parameters");

	const struct json *matched = json_get(text_of(t, r), "matched");
	struct member_told m;

	if (!strchr(r->path, ':') && !query)
		return;
	jw_open(&t->w, "parameters", '[');
	for (const char *p = r->path; (p = strchr(p, ':')); p++) {
		const char *name =
		    arena_strndup(t->arena, p + 1, strcspn(p + 1, "/."));

		put_parameter(t, "path", name, json_get(known, name));
	}
	for (const struct json *v = json_first(query); v; v = json_next(v))
		put_parameter(t, "query", json_name(v), v);
	for (size_t i = 0; matched && match_member(i, &m); i++)
		if (!text_begins(m.type, "an object") &&
		    !json_get(query, m.name))
			put_match_parameter(t, &m);
	jw_close(&t->w);
}

static void put_body(struct telling *t, const struct route *r)
{
	const struct body *b = call_body(r);
	const struct json *text = text_of(t, r);
	const struct json *schema = json_get(text, "schema");
	const struct json *example = json_get(text, "example");

	if (!b)
		return;
	jw_open(&t->w, "requestBody", '{');
	jw_open(&t->w, "content", '{');
	jw_open(&t->w, "application/json", '{');
	if (schema)
		jw_value(&t->w, "schema", schema);
	else
		put_object(t, "schema", b, json_get(text, "members"));
	if (example)
		jw_value(&t->w, "example", example);
	jw_close(&t->w);
	jw_close(&t->w);
	jw_close(&t->w);
}

/* The content of an answer: of one kind, or of those that it names. */
static void put_content(struct telling *t, const struct json *answer)
{
	const struct json *schema = json_get(answer, "schema");
	const struct json *content = json_get(answer, "content");
	const char *media = json_get_text(answer, "media");

	if (content)
		jw_value(&t->w, "content", content);
	if (!schema)
		return;
	jw_open(&t->w, "content", '{');
	jw_open(&t->w, media ? media : "application/json", '{');
	jw_value(&t->w, "schema", schema);
	jw_close(&t->w);
	jw_close(&t->w);
}

static void put_answers(struct telling *t, const struct route *r)
{
	const struct json *all = json_get(text_of(t, r), "answers");

	jw_open(&t->w, "responses", '{');
	for (const struct json *v = json_first(all); v; v = json_next(v)) {
		jw_open(&t->w, json_name(v), '{');
		jw_str(&t->w, "description", json_get_text(v, "description"));
		put_content(t, v);
		jw_close(&t->w);
	}
	jw_open(&t->w, "4XX", '{');
	jw_str(&t->w, "$ref", "#/components/responses/Error");
	jw_close(&t->w);
	jw_close(&t->w);
}

static void put_operation(struct telling *t, const struct route *r)
{
	char method[16];
	size_t n = 0;

	for (; r->method[n] != '\0' && n + 1 < sizeof(method); n++)
		method[n] = (char)tolower((unsigned char)r->method[n]);
	method[n] = '\0';
	jw_open(&t->w, method, '{');
	jw_str(&t->w, "operationId", r->name);
	jw_str(&t->w, "summary", r->what);
	jw_str(&t->w, "description",
	       json_get_text(text_of(t, r), "description"));
	jw_open(&t->w, "tags", '[');
	jw_str(&t->w, NULL, tag_of(t->arena, r->path));
	jw_close(&t->w);
	if (r->access == ACCESS_OPEN) {
		jw_open(&t->w, "security", '[');
		jw_close(&t->w);
	}
	put_parameters(t, r);
	put_body(t, r);
	put_answers(t, r);
	jw_close(&t->w);
}

/* ---- the whole ------------------------------------------------------- */

/* "/__admin/citizens/{hetu}" */
static const char *path_told(struct arena *a, const char *path)
{
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, PREFIX);
	while (*path) {
		size_t n = strcspn(path, ":");

		buf_add(&b, path, n);
		path += n;
		if (*path != ':')
			break;
		n = strcspn(++path, "/.");
		buf_printf(&b, "{%.*s}", (int)n, path);
		path += n;
	}
	return b.p;
}

static bool first_of_path(const struct openapi *x, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(x->routes[k].path, x->routes[i].path) == 0)
			return false;
	return true;
}

static void put_paths(struct telling *t)
{
	const struct openapi *x = t->of;

	jw_open(&t->w, "paths", '{');
	for (size_t i = 0; i < x->n; i++) {
		if (!first_of_path(x, i))
			continue;
		jw_open(&t->w, path_told(t->arena, x->routes[i].path), '{');
		for (size_t k = i; k < x->n; k++)
			if (strcmp(x->routes[k].path, x->routes[i].path) == 0)
				put_operation(t, &x->routes[k]);
		jw_close(&t->w);
	}
	jw_close(&t->w);
}

static bool first_of_tag(struct telling *t, size_t i, const char *tag)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(tag_of(t->arena, t->of->routes[k].path), tag) == 0)
			return false;
	return true;
}

static void put_tags(struct telling *t)
{
	const struct json *texts = json_get(t->texts, "tags");

	jw_open(&t->w, "tags", '[');
	for (size_t i = 0; i < t->of->n; i++) {
		const char *tag = tag_of(t->arena, t->of->routes[i].path);

		if (!first_of_tag(t, i, tag))
			continue;
		jw_open(&t->w, NULL, '{');
		jw_str(&t->w, "name", tag);
		jw_str(&t->w, "description", json_get_text(texts, tag));
		jw_close(&t->w);
	}
	jw_close(&t->w);
}

static void put_info(struct telling *t)
{
	jw_open(&t->w, "info", '{');
	put_members(&t->w, json_get(t->texts, "info"));
	jw_str(&t->w, "version", t->of->version);
	jw_close(&t->w);
	jw_open(&t->w, "servers", '[');
	jw_open(&t->w, NULL, '{');
	jw_str(&t->w, "url", t->of->server);
	jw_close(&t->w);
	jw_close(&t->w);
	jw_value(&t->w, "security", json_get(t->texts, "security"));
}

static void put_components(struct telling *t)
{
	const struct json *parts = json_get(t->texts, "parts");
	const struct body *part;
	const char *name;

	jw_open(&t->w, "components", '{');
	jw_open(&t->w, "schemas", '{');
	put_members(&t->w, json_get(t->texts, "schemas"));
	put_switches(t, "Settings", false);
	put_switches(t, "SettingsChange", true);
	for (size_t i = 0; (part = call_part(i, &name)); i++)
		put_object(t, name, part, json_get(parts, name));
	jw_close(&t->w);
	jw_value(&t->w, "responses", json_get(t->texts, "responses"));
	jw_value(&t->w, "securitySchemes",
		 json_get(t->texts, "securitySchemes"));
	jw_close(&t->w);
}

bool openapi_write(struct buf *b, const struct openapi *x, struct err *e)
{
	const struct page_asset *file = page_asset(OPENAPI_TEXTS);
	struct telling t = {.of = x, .arena = b->arena, .w = {.b = b}};

	t.texts = json_parse(t.arena, (const char *)file->bytes, file->n, e);
	if (!t.texts)
		return false;
	jw_open(&t.w, NULL, '{');
	jw_str(&t.w, "openapi", "3.1.0");
	put_info(&t);
	put_tags(&t);
	put_paths(&t);
	put_components(&t);
	jw_close(&t.w);
	return true;
}

bool admin_openapi(struct rq *rq)
{
	struct openapi x = {
	    .version = admin_of(rq)->version,
	    .server = rq->origin,
	};

	x.routes = admin_routes(&x.n);
	if (!openapi_write(&rq->out, &x, &rq->err)) {
		rq->err.kind = ERR_INTERNAL;
		return false;
	}
	return reply_json(rq, 200);
}
