/* SPDX-License-Identifier: Apache-2.0
 *
 * From JSON to the values of a page, the same way for every page: so a page is
 * a template alone, and what the control API tells anew needs no C to be shown.
 *
 * Names stay what they are in the answer, and a member of a nested object is
 * reached inside of its section: {{#clock}}{{now}}{{/clock}}. An object of
 * which nobody knows the names (switches, headers) is walked as NAME.each; what
 * stands around the rows of a list asks for NAME.on. The
 * values point into the answer; only texts that are put together are new.
 *
 * Limits: DEPTH levels; what is below them has its text and no names, as no
 * template reaches that far, and each level is a copy of all below it.
 */
#include "web/console_int.h"

#include <string.h>

#define DEPTH 12

/* That a list has rows, for what stands around them. */
static struct page_value there(struct arena *a, const char *name)
{
	return (struct page_value){.name = arena_cat(a, name, ".on", NULL),
				   .text = "1"};
}

void console_view_init(struct console_view *v, struct rq *rq)
{
	*v = (struct console_view){.rq = rq, .cap = 32};
	v->v = arena_alloc(rq->arena, v->cap * sizeof(*v->v));
}

void console_put(struct console_view *v, struct page_value value)
{
	if (v->n == v->cap) {
		struct page_value *more =
		    arena_alloc(v->rq->arena, 2 * v->cap * sizeof(*more));

		memcpy(more, v->v, v->n * sizeof(*more));
		v->v = more;
		v->cap *= 2;
	}
	v->v[v->n++] = value;
}

void console_text(struct console_view *v, const char *name, const char *text)
{
	console_put(v, (struct page_value){.name = name, .text = text});
}

void console_rows(struct console_view *v, const char *name,
		  const struct page_values *row, size_t n)
{
	console_put(
	    v, (struct page_value){.name = name, .rows = row, .row_count = n});
	if (n > 0)
		console_put(v, there(v->rq->arena, name));
}

const char *console_said(const struct json *object, const char *name)
{
	const struct json *v = json_get(object, name);

	return v ? text_or_empty(json_text(v)) : "";
}

/* ---- JSON ------------------------------------------------------------ */

static bool container(const struct json *v)
{
	return json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY;
}

static const char *text_of(struct arena *a, const struct json *v)
{
	size_t n;

	switch (json_kind(v)) {
	case JSON_NULL:
	case JSON_FALSE: return NULL;
	case JSON_OBJECT:
	case JSON_ARRAY: {
		const char *source = json_source(v, &n);
		return arena_strndup(a, source, n);
	}
	default: return json_text(v);
	}
}

/* The n members of an object as rows of key, the value's own members, value,
 * and has: there is one. */
static struct page_value each(struct arena *a, const char *name,
			      const struct page_value *member, size_t n)
{
	struct page_values *row = arena_alloc(a, n * sizeof(*row));

	for (size_t i = 0; i < n; i++) {
		const struct page_value *of = &member[i];
		const size_t more = of->row_count == 1 ? of->rows[0].n : 0;
		struct page_value *v = arena_alloc(a, (more + 3) * sizeof(*v));

		v[0] = (struct page_value){.name = "key", .text = of->name};
		if (more > 0)
			memcpy(v + 1, of->rows[0].v, more * sizeof(*v));
		v[more + 1] = *of;
		v[more + 1].name = "value";
		v[more + 2] = (struct page_value){
		    .name = "has",
		    .text = text_or_empty(of->text)[0] != '\0' ? "1" : NULL};
		row[i] = (struct page_values){v, more + 3};
	}
	return (struct page_value){.name = arena_cat(a, name, ".each", NULL),
				   .rows = row,
				   .row_count = n};
}

static struct page_value value(struct arena *a, const char *name,
			       const struct json *json, int depth);

/* The members, and behind them those that can be walked. */
static struct page_values members(struct arena *a, const struct json *object,
				  int depth)
{
	const size_t n = json_count(object);
	struct page_value *v = arena_alloc(a, 2 * n * sizeof(*v));
	size_t i = 0, walks = n;

	for (const struct json *m = json_first(object); m;
	     m = json_next(m), i++) {
		v[i] = value(a, json_name(m), m, depth - 1);
		if (json_kind(m) == JSON_ARRAY && v[i].row_count > 0)
			v[walks++] = there(a, json_name(m));
		if (json_kind(m) == JSON_OBJECT && v[i].row_count == 1)
			v[walks++] = each(a, json_name(m), v[i].rows[0].v,
					  json_count(m));
	}
	return (struct page_values){v, walks};
}

/* A text for a list of words. */
static const char *words(struct arena *a, const struct json *list)
{
	struct buf b;

	buf_init(&b, a);
	for (const struct json *m = json_first(list); m; m = json_next(m)) {
		if (b.len > 0)
			buf_putc(&b, ' ');
		buf_puts(&b, text_or_empty(text_of(a, m)));
	}
	return b.p;
}

static struct page_values item(struct arena *a, const struct json *v, int depth)
{
	struct page_value it;

	if (json_kind(v) == JSON_OBJECT)
		return members(a, v, depth);
	it = value(a, "item", v, depth);
	return page_row(a, &it, 1);
}

static struct page_value list(struct arena *a, const char *name,
			      const struct json *v, int depth)
{
	const size_t n = json_count(v);
	struct page_values *row = arena_alloc(a, n * sizeof(*row));
	const struct json *first = json_first(v);
	size_t i = 0;

	for (const struct json *m = first; m; m = json_next(m), i++)
		row[i] = item(a, m, depth - 1);
	return (struct page_value){
	    .name = name,
	    .text = n == 0	       ? NULL
		    : container(first) ? arena_printf(a, "%zu", n)
				       : words(a, v),
	    .rows = n > 0 ? row : NULL,
	    .row_count = n,
	};
}

static struct page_value value(struct arena *a, const char *name,
			       const struct json *json, int depth)
{
	struct page_values *row;

	if (json_kind(json) == JSON_ARRAY && depth > 0)
		return list(a, name, json, depth);
	if (json_kind(json) != JSON_OBJECT || !json_first(json) || depth <= 0)
		return (struct page_value){.name = name,
					   .text = container(json) &&
							   !json_first(json)
						       ? NULL
						       : text_of(a, json)};
	row = arena_alloc(a, sizeof(*row));
	*row = members(a, json, depth);
	return (struct page_value){.name = name,
				   .text = text_of(a, json),
				   .rows = row,
				   .row_count = 1};
}

struct page_value console_value(struct arena *a, const char *name,
				const struct json *json)
{
	if (!json)
		return (struct page_value){.name = name};
	return value(a, name, json, DEPTH);
}

void console_bind(struct console_view *v, const struct json *object)
{
	struct page_value it = console_value(v->rq->arena, "it", object);

	if (!object || json_kind(object) != JSON_OBJECT || it.row_count == 0)
		return;
	for (size_t i = 0; i < it.rows[0].n; i++)
		console_put(v, it.rows[0].v[i]);
	console_put(v, it);
	console_put(v,
		    each(v->rq->arena, "it", it.rows[0].v, json_count(object)));
}
