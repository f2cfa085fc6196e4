/* SPDX-License-Identifier: Apache-2.0
 *
 * constant.c: the values that definitions give: fixed[x] and pattern[x].
 *
 * A constant is the JSON value as a chain of small records. A fixed value must
 * be equal: the same members with the same values, arrays in the same order,
 * numbers by their text (a decimal's precision counts). A pattern must be
 * found: each of its members is there, each item of its arrays fits some item.
 * FHIR R4 ElementDefinition.fixed[x], pattern[x].
 */
#include "profile_int.h"

#include <string.h>

ref compile_constant(struct build *b, const struct json *v)
{
	ref r = heap_alloc(b->p, sizeof(struct constant));
	struct constant *c = heap_at(b->p, r);
	ref *tail = &c->first;

	c->kind = json_kind(v);
	c->name = build_text(b, json_name(v));
	c->text = build_text(b, json_text(v));
	for (v = json_first(v); v; v = json_next(v)) {
		*tail = compile_constant(b, v);
		struct constant *child = heap_at(b->p, *tail);
		tail = &child->next;
	}
	return r;
}

/* The value as one word for a person, or as JSON. */
static void write(const struct profiles *p, struct buf *out, ref r)
{
	const struct constant *c = rec_at(p, r);
	const char *text = text_at(p, c->text);
	bool array = c->kind == JSON_ARRAY;

	if (c->kind == JSON_STRING)
		json_quote(out, text, strlen(text));
	else if (text)
		buf_puts(out, text);
	if (c->kind != JSON_ARRAY && c->kind != JSON_OBJECT)
		return;
	buf_putc(out, array ? '[' : '{');
	for (ref m = c->first; m;) {
		const struct constant *child = rec_at(p, m);
		if (!array)
			buf_printf(out, "\"%s\":", text_at(p, child->name));
		write(p, out, m);
		m = child->next;
		if (m)
			buf_putc(out, ',');
	}
	buf_putc(out, array ? ']' : '}');
}

const char *constant_text(const struct profiles *p, struct arena *a, ref r)
{
	const struct constant *c = rec_at(p, r);
	if (c->text)
		return text_at(p, c->text);
	struct buf b;
	buf_init(&b, a);
	write(p, &b, r);
	return b.p;
}

static bool equal(const struct profiles *p, const struct constant *c,
		  const struct json *v);

static bool members_equal(const struct profiles *p, const struct constant *c,
			  const struct json *v)
{
	size_t n = 0;
	for (ref r = c->first; r; n++) {
		const struct constant *m = rec_at(p, r);
		const struct json *o = json_get(v, text_at(p, m->name));
		if (!o || !equal(p, m, o))
			return false;
		r = m->next;
	}
	return n == json_count(v);
}

static bool items_equal(const struct profiles *p, const struct constant *c,
			const struct json *v)
{
	const struct json *o = json_first(v);
	for (ref r = c->first; r; o = json_next(o)) {
		const struct constant *m = rec_at(p, r);
		if (!o || !equal(p, m, o))
			return false;
		r = m->next;
	}
	return !o;
}

static bool equal(const struct profiles *p, const struct constant *c,
		  const struct json *v)
{
	if (c->kind != (uint32_t)json_kind(v))
		return false;
	if (c->kind == JSON_OBJECT)
		return members_equal(p, c, v);
	if (c->kind == JSON_ARRAY)
		return items_equal(p, c, v);
	return strcmp(text_at(p, c->text), json_text(v)) == 0;
}

bool constant_equal(const struct profiles *p, ref r, const struct json *v)
{
	return equal(p, rec_at(p, r), v);
}

static bool within(const struct profiles *p, const struct constant *c,
		   const struct json *v);

static bool some_item(const struct profiles *p, const struct constant *c,
		      const struct json *array)
{
	for (const struct json *v = json_first(array); v; v = json_next(v)) {
		if (within(p, c, v))
			return true;
	}
	return false;
}

static bool within(const struct profiles *p, const struct constant *c,
		   const struct json *v)
{
	if (c->kind != (uint32_t)json_kind(v))
		return false;
	if (c->kind != JSON_OBJECT && c->kind != JSON_ARRAY)
		return strcmp(text_at(p, c->text), json_text(v)) == 0;
	for (ref r = c->first; r;) {
		const struct constant *m = rec_at(p, r);
		if (c->kind == JSON_ARRAY) {
			if (!some_item(p, m, v))
				return false;
		} else {
			const struct json *o = json_get(v, text_at(p, m->name));
			if (!o || !within(p, m, o))
				return false;
		}
		r = m->next;
	}
	return true;
}

bool constant_within(const struct profiles *p, ref r, const struct json *v)
{
	return within(p, rec_at(p, r), v);
}
