/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as lines of a page: indented, each part with its own class, and marks at
 * the places that were complained of.
 *
 * A line knows its FHIRPath as issues have it ("Observation.category[0].code"),
 * so an issue finds its line by comparing texts; one about an element that is
 * not there marks the nearest one around it.
 *
 * Limits: LINES_MAX lines; what is behind them is told to be missing. The depth
 * is the parser's.
 */
#include "web/console_int.h"

#include <string.h>

#define LINES_MAX 4000
#define INDENT	  2

struct line {
	const char *path, *key, *value, *kind, *tail;
	unsigned depth;
	const char *mark;
	struct said *said;
};
struct said {
	const char *text;
	struct said *next;
};

struct lines {
	struct arena *arena;
	struct line *v;
	size_t n, cap;
};

static struct line *add(struct lines *l, struct line line)
{
	if (l->n == l->cap) {
		struct line *more =
		    arena_alloc(l->arena, 2 * l->cap * sizeof(*more));

		memcpy(more, l->v, l->n * sizeof(*more));
		l->v = more;
		l->cap *= 2;
	}
	l->v[l->n] = line;
	return &l->v[l->n++];
}

/* ---- from JSON to lines ---------------------------------------------- */

static void walk(struct lines *l, const struct json *v, struct line at,
		 const char *comma);

static const char *below(struct arena *a, const char *path,
			 const struct json *v, bool array, size_t i)
{
	if (array)
		return arena_printf(a, "%s[%zu]", path, i);
	return arena_cat(a, path, path[0] != '\0' ? "." : "", json_name(v),
			 NULL);
}

static void walk_container(struct lines *l, const struct json *v,
			   struct line at, const char *comma)
{
	const bool array = json_kind(v) == JSON_ARRAY;
	const char *end = array ? "]" : "}";
	size_t i = 0;

	at.tail = array ? "[" : "{";
	if (!json_first(v))
		at.tail = arena_cat(l->arena, at.tail, end, comma, NULL);
	add(l, at);
	if (!json_first(v))
		return;
	for (const struct json *m = json_first(v); m && l->n < LINES_MAX;
	     m = json_next(m), i++)
		walk(l, m,
		     (struct line){
			 .path = below(l->arena, at.path, m, array, i),
			 .key = array ? NULL : json_name(m),
			 .depth = at.depth + 1,
		     },
		     json_next(m) ? "," : "");
	add(l, (struct line){.path = "",
			     .depth = at.depth,
			     .tail = arena_cat(l->arena, end, comma, NULL)});
}

static void walk(struct lines *l, const struct json *v, struct line at,
		 const char *comma)
{
	static const char *const kinds[] = {
	    [JSON_NULL] = "n",	 [JSON_FALSE] = "n",  [JSON_TRUE] = "n",
	    [JSON_NUMBER] = "n", [JSON_STRING] = "s",
	};
	const enum json_kind kind = json_kind(v);
	size_t n;

	if (kind == JSON_ARRAY || kind == JSON_OBJECT) {
		walk_container(l, v, at, comma);
		return;
	}
	const char *source = json_source(v, &n);
	at.value = arena_strndup(l->arena, source, n);
	at.kind = kinds[kind];
	at.tail = comma;
	add(l, at);
}

/* ---- marks ----------------------------------------------------------- */

static struct line *line_at(struct lines *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].path, path) == 0)
			return &l->v[i];
	return NULL;
}

/* Without its last step: "a.b[0]" becomes "a.b", and that "a". */
static bool shorten(char *path)
{
	char *dot = strrchr(path, '.'), *bracket = strrchr(path, '[');
	char *cut = bracket > dot || !dot ? bracket : dot;

	if (!cut)
		return false;
	*cut = '\0';
	return true;
}

static void mark(struct lines *l, const char *where, const char *text, bool bad)
{
	char *path = arena_strdup(l->arena, where);
	struct line *line = line_at(l, path);
	struct said *said = arena_alloc(l->arena, sizeof(*said));

	while (!line && shorten(path))
		line = line_at(l, path);
	if (!line && l->n > 0)
		line = &l->v[0];
	if (!line)
		return;
	if (bad || !line->mark)
		line->mark = bad ? "bad" : "warn";
	said->text = text;
	struct said **end = &line->said;
	while (*end)
		end = &(*end)->next;
	*end = said;
}

/* ---- as rows ---------------------------------------------------------- */

static struct page_value said_rows(struct arena *a, const struct said *said)
{
	struct page_values *row;
	size_t n = 0;

	for (const struct said *s = said; s; s = s->next)
		n++;
	row = arena_alloc(a, n * sizeof(*row));
	n = 0;
	for (const struct said *s = said; s; s = s->next) {
		const struct page_value v = {.name = "says", .text = s->text};

		row[n++] = page_row(a, &v, 1);
	}
	return (struct page_value){
	    .name = "said", .rows = n > 0 ? row : NULL, .row_count = n};
}

static struct page_values row_of(struct arena *a, const struct line *l)
{
	const size_t n = (size_t)l->depth * INDENT;
	char *indent = arena_alloc(a, n + 1);

	memset(indent, ' ', n);
	const struct page_value v[] = {
	    {.name = "indent", .text = indent},
	    {.name = "key",
	     .text = l->key ? arena_cat(a, "\"", l->key, "\"", NULL) : NULL},
	    {.name = "value", .text = l->value},
	    {.name = "kind", .text = l->kind},
	    {.name = "tail", .text = l->tail},
	    {.name = "mark", .text = l->mark},
	    said_rows(a, l->said),
	};
	return page_row(a, v, LEN(v));
}

void console_lines(struct console_view *v, const char *name,
		   const struct json *json, const struct console_marks *marks)
{
	struct arena *a = v->rq->arena;
	struct lines l = {.arena = a, .cap = 64};
	const char *type = json_get_text(json, "resourceType");

	if (!json)
		return;
	l.v = arena_alloc(a, l.cap * sizeof(*l.v));
	walk(&l, json, (struct line){.path = text_or_empty(type)}, "");
	for (size_t i = 0; marks && i < marks->n; i++)
		mark(&l, marks->v[i].path, marks->v[i].text, marks->v[i].bad);
	struct page_values *row = arena_alloc(a, l.n * sizeof(*row));
	for (size_t i = 0; i < l.n; i++)
		row[i] = row_of(a, &l.v[i]);
	console_rows(v, name, row, l.n);
	if (l.n >= LINES_MAX)
		console_text(v, "cut", "1");
}

void console_lines_of(struct console_view *v, const char *name,
		      const char *text, const struct console_marks *marks)
{
	struct err ignored;
	const struct json *json =
	    text ? json_parse(v->rq->arena, text, strlen(text), &ignored)
		 : NULL;

	if (json)
		console_lines(v, name, json, marks);
	else
		console_text(v, arena_cat(v->rq->arena, name, "_text", NULL),
			     text);
}
