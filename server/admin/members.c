/* SPDX-License-Identifier: Apache-2.0
 *
 * members: what a request's body may hold, told by a table.
 *
 * The control API is written by hand into test code, so what it does not
 * understand is a typing error: unknown members are refused by name, with the
 * nearest one that exists (stand-in.md 4). A member that is null counts as
 * absent. Numbers are whole, not negative and short enough for any sum here;
 * others are refused by their text and never converted.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_DIGITS 12

bool admin_unknown(struct rq *rq, const struct nearest *near, const char *where)
{
	return err_set(&rq->err, ERR_INVALID, "unknown_member", where,
		       "There is no member \"%.64s\" here%s", near->word,
		       nearest_hint(near, rq->arena));
}

bool refuse_unknown(struct rq *rq, const struct nearest *near)
{
	return admin_unknown(rq, near,
			     arena_printf(rq->arena, "/%s", near->word));
}

bool refuse_member(struct rq *rq)
{
	struct err *e = &rq->err;
	size_t n = strlen(e->where);

	if (n > 0 && n < sizeof e->where - 1 && e->where[0] != '/') {
		memmove(e->where + 1, e->where, n + 1);
		e->where[0] = '/';
	}
	return false;
}

/* ---- kinds ---------------------------------------------------------- */

static bool is_text(const struct json *v)
{
	return json_kind(v) == JSON_STRING;
}

static bool is_count(const struct json *v)
{
	return json_kind(v) == JSON_NUMBER && json_len(v) <= COUNT_DIGITS &&
	       strspn(json_text(v), "0123456789") == json_len(v);
}

static bool is_object(const struct json *v)
{
	return json_kind(v) == JSON_OBJECT;
}

static bool is_list(const struct json *v)
{
	return json_kind(v) == JSON_ARRAY;
}

static bool is_flag(const struct json *v)
{
	return json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE;
}

static const struct {
	bool (*ok)(const struct json *v);
	const char *what;
	const char *schema;
} kinds[] = {
    [MEMBER_TEXT] = {is_text, "a string", "{\"type\":\"string\"}"},
    [MEMBER_COUNT] = {is_count, "a whole number from 0 to 999999999999",
		      "{\"type\":\"integer\",\"minimum\":0,"
		      "\"maximum\":999999999999}"},
    [MEMBER_LIST] = {is_list, "a list", "{\"type\":\"array\"}"},
    [MEMBER_OBJECT] = {is_object, "an object", "{\"type\":\"object\"}"},
    [MEMBER_FLAG] = {is_flag, "true or false", "{\"type\":\"boolean\"}"},
};

const char *member_schema(enum member_kind kind)
{
	return kinds[kind].schema;
}

/* ---- bodies --------------------------------------------------------- */

struct table {
	const struct member *m;
	size_t n;
};

static const struct member *find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->m[i].name, name) == 0)
			return &t->m[i];
	}
	return NULL;
}

bool body_object(struct rq *rq, const struct json **out)
{
	bool absent = rq->body_len == 0;

	*out = json_parse(rq->arena, absent ? "{}" : rq->body,
			  absent ? 2 : rq->body_len, &rq->err);
	if (*out == NULL)
		return false;
	if (json_kind(*out) == JSON_OBJECT)
		return true;
	return err_set(&rq->err, ERR_INVALID, "not_an_object", "",
		       "The body must be a JSON object.");
}

static bool check_member(struct rq *rq, const struct table *t,
			 const struct json *v)
{
	const struct member *m = find(t, json_name(v));
	struct nearest near = {.word = json_name(v)};

	for (size_t i = 0; m == NULL && i < t->n; i++)
		nearest_try(&near, t->m[i].name);
	if (m == NULL)
		return refuse_unknown(rq, &near);
	if (json_kind(v) == JSON_NULL || kinds[m->kind].ok(v))
		return true;
	return err_set(&rq->err, ERR_INVALID, "wrong_type",
		       arena_printf(rq->arena, "/%s", m->name),
		       "\"%s\" must be %s.", m->name, kinds[m->kind].what);
}

static const struct json *given(const struct json *body, const char *name)
{
	const struct json *v = json_get(body, name);
	return v != NULL && json_kind(v) != JSON_NULL ? v : NULL;
}

bool body_members(struct rq *rq, const struct member *m, size_t n,
		  const struct json **out)
{
	struct table t = {m, n};

	if (!body_object(rq, out))
		return false;
	for (const struct json *v = json_first(*out); v; v = json_next(v)) {
		if (!check_member(rq, &t, v))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (m[i].required && given(*out, m[i].name) == NULL)
			return err_set(
			    &rq->err, ERR_INVALID, "missing_member",
			    arena_printf(rq->arena, "/%s", m[i].name),
			    "\"%s\" is missing.", m[i].name);
	}
	return true;
}

bool body_read(struct rq *rq, const struct body *b, const struct json **out)
{
	return body_members(rq, b->m, b->n, out);
}

const char *member_text(const struct json *body, const char *name)
{
	return json_get_text(body, name);
}

int64_t member_count(const struct json *body, const char *name,
		     int64_t otherwise)
{
	const struct json *v = given(body, name);
	return v != NULL ? strtoll(json_text(v), NULL, 10) : otherwise;
}

bool member_flag(const struct json *body, const char *name)
{
	const struct json *v = json_get(body, name);
	return v != NULL && json_kind(v) == JSON_TRUE;
}
