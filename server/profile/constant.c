/* SPDX-License-Identifier: Apache-2.0
 *
 * constant.c: the values that definitions give: fixed[x] and pattern[x].
 *
 * A constant is the JSON value as a chain of small records. A fixed value must
 * be equal: the same members with the same values (but for an id), arrays in
 * the same order, numbers by their text (a decimal's precision counts). A
 * pattern must be found: each of its members is there, each item of its arrays
 * fits some item. When one is to be reported, the first member that differs is
 * looked for (constant_miss), in the order in which the value is read. Slices
 * may be told apart by a part of a constant: constant_along follows a path
 * through both. FHIR R4 ElementDefinition.fixed[x], pattern[x].
 */
#include "compile_int.h"

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
static void write(const struct profiles *p, struct buf *out,
		  const struct constant *c)
{
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
		write(p, out, child);
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
	write(p, &b, c);
	return b.p;
}

void constant_print(const struct profiles *p, struct buf *out,
		    const struct constant *c)
{
	write(p, out, c);
}

static bool fits(const struct profiles *p, const struct constant *c,
		 const struct json *v, bool pattern);

static bool is_id(const char *name)
{
	return name[0] == 'i' && name[1] == 'd' && !name[2];
}

static const struct constant *
member_of(const struct profiles *p, const struct constant *c, const char *name)
{
	for (ref r = c->first; r;) {
		const struct constant *m = rec_at(p, r);
		if (strcmp(text_at(p, m->name), name) == 0)
			return m;
		r = m->next;
	}
	return NULL;
}

/* The first member that a fixed value does not have. */
static const struct json *surplus(const struct profiles *p,
				  const struct constant *c,
				  const struct json *v)
{
	for (v = json_first(v); v; v = json_next(v)) {
		if (!is_id(json_name(v)) && !member_of(p, c, json_name(v)))
			return v;
	}
	return NULL;
}

static bool members_fit(const struct profiles *p, const struct constant *c,
			const struct json *v, bool pattern)
{
	for (ref r = c->first; r;) {
		const struct constant *m = rec_at(p, r);
		const struct json *o = json_get(v, text_at(p, m->name));
		if (!o || !fits(p, m, o, pattern))
			return false;
		r = m->next;
	}
	return pattern || !surplus(p, c, v);
}

static bool some_item(const struct profiles *p, const struct constant *c,
		      const struct json *array)
{
	for (const struct json *v = json_first(array); v; v = json_next(v)) {
		if (fits(p, c, v, true))
			return true;
	}
	return false;
}

static bool items_fit(const struct profiles *p, const struct constant *c,
		      const struct json *v, bool pattern)
{
	const struct json *o = json_first(v);
	for (ref r = c->first; r;) {
		const struct constant *m = rec_at(p, r);
		if (pattern ? !some_item(p, m, v) : !o || !fits(p, m, o, false))
			return false;
		r = m->next;
		if (!pattern)
			o = json_next(o);
	}
	return pattern || !o;
}

static bool fits(const struct profiles *p, const struct constant *c,
		 const struct json *v, bool pattern)
{
	if (c->kind != (uint32_t)json_kind(v))
		return false;
	if (c->kind == JSON_OBJECT)
		return members_fit(p, c, v, pattern);
	if (c->kind == JSON_ARRAY)
		return items_fit(p, c, v, pattern);
	return strcmp(text_at(p, c->text), json_text(v)) == 0;
}

bool constant_equal(const struct profiles *p, ref r, const struct json *v)
{
	return fits(p, rec_at(p, r), v, false);
}

bool constant_within(const struct profiles *p, ref r, const struct json *v)
{
	return fits(p, rec_at(p, r), v, true);
}

/* ---- where it differs ------------------------------------------------- */

static bool differs(struct miss *m, enum miss_kind kind,
		    const struct constant *want, const struct json *is)
{
	m->kind = kind;
	m->want = want;
	m->is = is;
	return true;
}

static void step_to(struct miss *m, const char *name, long index)
{
	if (name)
		buf_printf(&m->path, "%s%s", m->path.len > 0 ? "." : "", name);
	else
		buf_printf(&m->path, "[%ld]", index);
}

static void step_back(struct miss *m, size_t len)
{
	m->path.len = len;
	if (m->path.p)
		m->path.p[len] = '\0';
}

static bool miss_in(const struct profiles *p, const struct constant *c,
		    const struct json *v, bool pattern, struct miss *m);

static bool member_miss(const struct profiles *p, const struct constant *c,
			const struct json *v, bool pattern, struct miss *m)
{
	for (ref r = c->first; r;) {
		const struct constant *want = rec_at(p, r);
		const char *name = text_at(p, want->name);
		const struct json *o = json_get(v, name);
		size_t len = m->path.len;

		step_to(m, name, 0);
		if (!o)
			return differs(m, MISS_ABSENT, want, NULL);
		if (miss_in(p, want, o, pattern, m))
			return true;
		step_back(m, len);
		r = want->next;
	}
	const struct json *more = pattern ? NULL : surplus(p, c, v);
	if (!more)
		return false;
	step_to(m, json_name(more), 0);
	return differs(m, MISS_SURPLUS, NULL, more);
}

/* In an array: the wanted item that has no partner. With a single candidate it
 * is said what is wrong with that. */
static bool item_miss(const struct profiles *p, const struct constant *c,
		      const struct json *v, bool pattern, struct miss *m)
{
	const struct json *o = json_first(v);
	size_t len = m->path.len;
	long i = 0;

	for (ref r = c->first; r; i++) {
		const struct constant *want = rec_at(p, r);
		r = want->next;
		if (pattern && some_item(p, want, v))
			continue;
		if (pattern && json_count(v) > 1)
			return differs(m, MISS_VALUE, want, NULL);
		const struct json *one = pattern ? json_first(v) : o;
		step_to(m, NULL, pattern ? 0 : i);
		if (!one)
			return differs(m, MISS_ABSENT, want, NULL);
		if (miss_in(p, want, one, pattern, m))
			return true;
		step_back(m, len);
		if (!pattern)
			o = json_next(o);
	}
	if (pattern || !o)
		return false;
	step_to(m, NULL, i);
	return differs(m, MISS_SURPLUS, NULL, o);
}

static bool miss_in(const struct profiles *p, const struct constant *c,
		    const struct json *v, bool pattern, struct miss *m)
{
	if (c->kind != (uint32_t)json_kind(v))
		return differs(m, MISS_VALUE, c, v);
	if (c->kind == JSON_OBJECT)
		return member_miss(p, c, v, pattern, m);
	if (c->kind == JSON_ARRAY)
		return item_miss(p, c, v, pattern, m);
	if (strcmp(text_at(p, c->text), json_text(v)) == 0)
		return false;
	return differs(m, MISS_VALUE, c, v);
}

bool constant_miss(const struct profiles *p, struct arena *a, ref r,
		   const struct json *v, bool pattern, struct miss *out)
{
	buf_init(&out->path, a);
	return miss_in(p, rec_at(p, r), v, pattern, out);
}

/* ---- a part of it ----------------------------------------------------- */

static bool has(const struct profiles *p, const struct constant *c,
		const struct path_step *step, unsigned n)
{
	if (c->kind == JSON_ARRAY) {
		for (ref r = c->first; r;) {
			const struct constant *m = rec_at(p, r);
			if (has(p, m, step, n))
				return true;
			r = m->next;
		}
		return false;
	}
	if (n == 0)
		return true;
	if (step->op != STEP_CHILD || c->kind != JSON_OBJECT)
		return false;
	c = member_of(p, c, text_at(p, step->name));
	return c && has(p, c, step + 1, n - 1);
}

bool constant_has(const struct profiles *p, ref r, const struct path_step *step,
		  unsigned n)
{
	return has(p, rec_at(p, r), step, n);
}

static bool along(const struct profiles *p, const struct constant *c,
		  const struct path_step *step, unsigned n, bool pattern,
		  const struct json *v)
{
	if (c->kind == JSON_ARRAY) {
		for (ref r = c->first; r;) {
			const struct constant *m = rec_at(p, r);
			if (has(p, m, step, n) &&
			    !along(p, m, step, n, pattern, v))
				return false;
			r = m->next;
		}
		return true;
	}
	if (json_kind(v) == JSON_ARRAY) {
		for (v = json_first(v); v; v = json_next(v)) {
			if (along(p, c, step, n, pattern, v))
				return true;
		}
		return false;
	}
	if (n == 0)
		return fits(p, c, v, pattern);
	const char *name = text_at(p, step->name);
	const struct constant *m = member_of(p, c, name);
	v = json_get(v, name);
	return m && v && along(p, m, step + 1, n - 1, pattern, v);
}

bool constant_along(const struct profiles *p, ref r,
		    const struct path_step *step, unsigned n, bool pattern,
		    const struct json *v)
{
	return along(p, rec_at(p, r), step, n, pattern, v);
}
