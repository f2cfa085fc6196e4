/* SPDX-License-Identifier: Apache-2.0
 *
 * tree: reading what was scanned.
 *
 * The tree is cJSON's (see json_int.h) and look-ups by name are cJSON's own.
 * Every function takes NULL where a look-up may have found nothing, so that
 * look-ups chain.
 *
 * Line and column are wanted for few values, and then often for many of one
 * text. So nodes keep their offset alone, and the first question makes a table
 * of the position of every 4 KiB: each question after that reads 4 KiB at most.
 * The table is filled in behind a const tree; one thread serves all requests.
 */
#include "json/json_int.h"

#include <assert.h>
#include <string.h>

#define MARK_BYTES 4096

struct json_mark {
	unsigned line, column;
};

enum json_kind json_kind(const struct json *v)
{
	/* cJSON's types are single bits. */
	static const unsigned char kinds[] = {
	    JSON_FALSE,	 JSON_TRUE,  JSON_NULL,	  0,
	    JSON_STRING, JSON_ARRAY, JSON_OBJECT, JSON_NUMBER};

	return (enum json_kind)kinds[__builtin_ctz((unsigned)v->node.type)];
}

const char *json_text(const struct json *v)
{
	switch (json_kind(v)) {
	case JSON_NULL: return "null";
	case JSON_FALSE: return "false";
	case JSON_TRUE: return "true";
	default: return v->node.valuestring;
	}
}

size_t json_len(const struct json *v)
{
	return json_kind(v) < JSON_ARRAY ? v->size : 0;
}

const char *json_name(const struct json *v)
{
	return v->node.string;
}

const struct json *json_first(const struct json *v)
{
	return v ? json_of(v->node.child) : NULL;
}

const struct json *json_next(const struct json *v)
{
	return json_of(v->node.next);
}

size_t json_count(const struct json *v)
{
	return v && json_kind(v) >= JSON_ARRAY ? v->size : 0;
}

const struct json *json_get(const struct json *v, const char *name)
{
	size_t n;

	if (!v || v->node.type != cJSON_Object)
		return NULL;
	n = strlen(name);
	for (const cJSON *c = v->node.child; c; c = c->next) {
		/* most differ in length */
		if (json_of(c)->name_len == n &&
		    memcmp(c->string, name, n) == 0)
			return json_of(c);
	}
	return NULL;
}

const char *json_get_text(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m && m->node.type == cJSON_String ? m->node.valuestring : NULL;
}

const char *json_source(const struct json *v, size_t *n)
{
	*n = v->end - v->start;
	return v->doc->text + v->start;
}

/* ---- positions ------------------------------------------------------- */

void json_locate(const char *text, uint32_t from, uint32_t to, unsigned *line,
		 unsigned *column)
{
	for (const char *p = text + from; p < text + to; p++) {
		if (*p == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)*p & 0xc0) != 0x80) {
			++*column;
		}
	}
}

static void make_marks(struct json_doc *doc)
{
	struct json_mark now = {1, 1};
	uint32_t last = doc->n / MARK_BYTES;

	doc->marks = arena_alloc(doc->arena, (last + 1) * sizeof(now));
	for (uint32_t i = 0; i < last; i++) {
		doc->marks[i] = now;
		json_locate(doc->text, i * MARK_BYTES, (i + 1) * MARK_BYTES,
			    &now.line, &now.column);
	}
	doc->marks[last] = now;
}

void json_position(const struct json *v, unsigned *line, unsigned *column)
{
	struct json_doc *doc = v->doc;
	uint32_t i = v->start / MARK_BYTES;

	if (!doc->marks)
		make_marks(doc);
	*line = doc->marks[i].line;
	*column = doc->marks[i].column;
	json_locate(doc->text, i * MARK_BYTES, v->start, line, column);
}

/* ---- equality -------------------------------------------------------- */

static bool equal_items(const struct json *x, const struct json *y)
{
	const struct json *i = json_first(x), *j = json_first(y);

	for (; i; i = json_next(i), j = json_next(j))
		if (!json_equal(i, j))
			return false;
	return true;
}

static bool equal_few_members(const struct json *x, const struct json *y)
{
	for (const struct json *m = json_first(x); m; m = json_next(m)) {
		const struct json *other = json_get(y, json_name(m));

		if (!other || !json_equal(m, other))
			return false;
	}
	return true;
}

static bool equal_many_members(const struct json *x, const struct json *y)
{
	struct arena *scratch = arena_new(0);
	const struct json **xs = json_sorted(scratch, x);
	const struct json **ys = json_sorted(scratch, y);
	bool equal = true;

	for (uint32_t i = 0; equal && i < x->size; i++)
		equal =
		    json_same_name(xs[i], ys[i]) && json_equal(xs[i], ys[i]);
	arena_free(scratch);
	return equal;
}

bool json_equal(const struct json *x, const struct json *y)
{
	if (x->node.type != y->node.type || x->size != y->size)
		return false;
	switch (json_kind(x)) {
	case JSON_NUMBER:
	case JSON_STRING:
		return memcmp(x->node.valuestring, y->node.valuestring,
			      x->size) == 0;
	case JSON_ARRAY: return equal_items(x, y);
	case JSON_OBJECT:
		return x->size <= JSON_SMALL ? equal_few_members(x, y)
					     : equal_many_members(x, y);
	default: return true;
	}
}
