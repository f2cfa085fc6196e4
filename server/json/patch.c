/* SPDX-License-Identifier: Apache-2.0
 *
 * patch: JSON Patch (RFC 6902) on a text.
 *
 * A tree is never changed, so each operation is done on the text: the place
 * that the path leads to is cut out, or something is put in, and the result is
 * read again for the next one. What an operation does not touch keeps every
 * byte, so a decimal stays as it was written. The cost is one reading for each
 * operation; there are PATCH_MAX at most.
 *
 * A copy of the whole into itself doubles it, so forty of them would fill any
 * memory: what all operations together make is bounded, by PATCH_BYTES.
 * What one of them made goes when the next but one is done: the text that is
 * moved still lies in the document from which it was taken.
 *
 * An operation that cannot be done (the path leads nowhere, a test fails) ends
 * it with nothing done (RFC 6902 5).
 */
#include "json/json_int.h"

#include <string.h>

#define PATCH_MAX   50
#define PATCH_BYTES (64u << 20)
#define KEPT	    3 /* documents at a time */

/* A patch under way. */
struct patching {
	struct arena *arena;	     /* of the result */
	struct arena *scratch[KEPT]; /* of what is on the way to it, by turns */
	size_t turn, bytes;
	const struct json *doc; /* as it is now */
	struct err *e;
	const char *op, *path, *from;
	const struct json *value;
};

/* Where bytes of the document are replaced by others. */
struct cut {
	uint32_t from, to;
	const char *before; /* of what is put in: a comma, a name */
	const char *text;
	size_t n;
	const char *behind;
};

static bool refuse(struct patching *p, const char *path, const char *why)
{
	return err_set(p->e, ERR_INVALID, "json_patch", path,
		       "json_patch: %s \"%.200s\": %s", p->op, path, why);
}

/* ---- one operation's form ------------------------------------------- */

static bool known_op(const char *op)
{
	static const char *const known[] = {"add",  "remove", "replace",
					    "move", "copy",   "test"};

	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(known[i], op) == 0)
			return true;
	return false;
}

static bool needs_value(const char *op)
{
	return strcmp(op, "add") == 0 || strcmp(op, "replace") == 0 ||
	       strcmp(op, "test") == 0;
}

static bool needs_from(const char *op)
{
	return strcmp(op, "move") == 0 || strcmp(op, "copy") == 0;
}

static bool read_operation(struct patching *p, const struct json *v)
{
	p->op = text_or_empty(json_get_text(v, "op"));
	p->path = json_get_text(v, "path");
	p->from = json_get_text(v, "from");
	p->value = json_get(v, "value");
	if (!known_op(p->op))
		return refuse(p, text_or_empty(p->path),
			      "op must be add, remove, replace, move, copy or "
			      "test");
	if (!p->path || !json_pointer_ok(p->path))
		return refuse(p, text_or_empty(p->path),
			      "path must be a JSON Pointer");
	if (needs_value(p->op) && !p->value)
		return refuse(p, p->path, "value is missing");
	if (needs_from(p->op) && (!p->from || !json_pointer_ok(p->from)))
		return refuse(p, p->path, "from must be a JSON Pointer");
	return true;
}

bool json_patch_ok(const struct json *patch, struct err *e)
{
	struct patching p = {.e = e};

	if (json_kind(patch) != JSON_ARRAY || json_count(patch) == 0 ||
	    json_count(patch) > PATCH_MAX)
		return err_set(e, ERR_INVALID, "json_patch", NULL,
			       "json_patch must be a list of 1 to %d "
			       "operations (RFC 6902).",
			       PATCH_MAX);
	for (const struct json *v = json_first(patch); v; v = json_next(v))
		if (!read_operation(&p, v))
			return false;
	return true;
}

/* ---- cutting -------------------------------------------------------- */

/* Is there room for so many bytes more? */
static bool affordable(struct patching *p, size_t n)
{
	p->bytes += n;
	return p->bytes <= PATCH_BYTES ||
	       refuse(p, p->path, "makes more than 64 MiB of JSON");
}

static struct arena *scratch(struct patching *p)
{
	struct arena **a = &p->scratch[p->turn++ % KEPT];

	if (*a)
		arena_clear(*a);
	else
		*a = arena_new(0);
	return *a;
}

static bool put(struct patching *p, const struct cut *c)
{
	const struct json_doc *d = p->doc->doc;
	struct arena *a;
	struct buf b;

	if (!affordable(p, d->n + c->n))
		return false;
	a = scratch(p);
	buf_init(&b, a);
	buf_add(&b, d->text, c->from);
	buf_puts(&b, text_or_empty(c->before));
	buf_add(&b, c->text, c->n);
	buf_puts(&b, text_or_empty(c->behind));
	buf_add(&b, d->text + c->to, d->n - c->to);
	p->doc = json_parse(a, b.p, b.len, p->e);
	return p->doc != NULL;
}

/* The container of what the path names, and the last step. */
static const struct json *parent(struct patching *p, const char *path,
				 const char **step)
{
	const char *slash = strrchr(path, '/');

	*step = slash ? slash + 1 : "";
	if (!slash)
		return NULL;
	return json_pointer(
	    p->doc, arena_strndup(p->arena, path, (size_t)(slash - path)));
}

static uint32_t begin_of(const struct json *v)
{
	return v->node.string ? v->name_start : v->start;
}

static bool cut_out(struct patching *p, const char *path)
{
	const struct json *v = json_pointer(p->doc, path), *next, *before;
	struct cut c = {.text = ""};

	if (!v)
		return refuse(p, path, "leads nowhere");
	if (v == p->doc)
		return refuse(p, path, "the whole document cannot go");
	next = json_next(v);
	before = json_of(v->node.prev); /* of the first: the last */
	c.from = begin_of(v);
	c.to = next ? begin_of(next) : v->end;
	if (!next && before->end < v->start)
		c.from = before->end;
	return put(p, &c);
}

static bool replace(struct patching *p, const char *path, const char *text,
		    size_t n)
{
	const struct json *v = json_pointer(p->doc, path);

	if (!v)
		return refuse(p, path, "leads nowhere");
	return put(p, &(struct cut){v->start, v->end, NULL, text, n, NULL});
}

static const char *name_of(struct patching *p, const char *step)
{
	struct buf plain, quoted;

	buf_init(&plain, p->arena);
	for (; *step; step++) {
		if (*step == '~')
			buf_putc(&plain, *++step == '1' ? '/' : '~');
		else
			buf_putc(&plain, *step);
	}
	buf_init(&quoted, p->arena);
	json_quote(&quoted, plain.p, plain.len);
	buf_putc(&quoted, ':');
	return quoted.p;
}

static bool add_member(struct patching *p, const struct json *in,
		       const char *step, const char *text, size_t n)
{
	const char *name = name_of(p, step);
	struct cut c = {in->end - 1, in->end - 1, name, text, n, NULL};

	if (in->size > 0)
		c.before = arena_cat(p->arena, ",", name, NULL);
	return put(p, &c);
}

static bool add_item(struct patching *p, const struct json *in,
		     const char *step, const char *text, size_t n)
{
	const struct json *v = json_first(in);
	struct cut c = {in->end - 1, in->end - 1, NULL, text, n, NULL};
	size_t i = in->size;

	if (strcmp(step, "-") != 0 &&
	    !json_pointer_index(step, strlen(step), &i))
		return refuse(p, p->path, "items have numbers, or -");
	if (i > in->size)
		return refuse(p, p->path, "is behind the end of the list");
	if (i == in->size) {
		c.before = in->size > 0 ? "," : NULL;
		return put(p, &c);
	}
	while (i-- > 0)
		v = json_next(v);
	c.from = c.to = v->start;
	c.behind = ",";
	return put(p, &c);
}

static bool add(struct patching *p, const char *text, size_t n)
{
	const struct json *in;
	const char *step;

	in = parent(p, p->path, &step);
	if (*p->path == '\0')
		return replace(p, p->path, text, n);
	if (in && json_kind(in) == JSON_ARRAY)
		return add_item(p, in, step, text, n);
	if (!in || json_kind(in) != JSON_OBJECT)
		return refuse(p, p->path, "there is nothing to add it to");
	return json_pointer(p->doc, p->path) ? replace(p, p->path, text, n)
					     : add_member(p, in, step, text, n);
}

/* ---- the operations ------------------------------------------------- */

static bool move(struct patching *p)
{
	const struct json *v = json_pointer(p->doc, p->from);
	const size_t n = strlen(p->from);
	const char *text;
	size_t len;

	if (!v)
		return refuse(p, p->from, "leads nowhere");
	text = json_source(v, &len);
	if (strcmp(p->op, "copy") == 0)
		return add(p, text, len);
	if (strcmp(p->from, p->path) == 0)
		return true;
	if (strncmp(p->path, p->from, n) == 0 && p->path[n] == '/')
		return refuse(p, p->path, "is within what is moved");
	return cut_out(p, p->from) && add(p, text, len);
}

static bool operate(struct patching *p)
{
	const char *text = "";
	size_t n = 0;

	if (p->value)
		text = json_source(p->value, &n);
	if (strcmp(p->op, "add") == 0)
		return add(p, text, n);
	if (strcmp(p->op, "remove") == 0)
		return cut_out(p, p->path);
	if (strcmp(p->op, "replace") == 0)
		return replace(p, p->path, text, n);
	if (strcmp(p->op, "test") != 0)
		return move(p);
	const struct json *v = json_pointer(p->doc, p->path);
	return (v && json_equal(v, p->value)) ||
	       refuse(p, p->path, "is not that value");
}

/* Out of the scratch, for the caller. */
static const struct json *result(struct patching *p)
{
	const struct json_doc *d = p->doc->doc;

	if (p->turn == 0)
		return p->doc;
	return json_parse(p->arena, arena_strndup(p->arena, d->text, d->n),
			  d->n, p->e);
}

const struct json *json_patch(struct arena *a, const struct json *doc,
			      const struct json *patch, struct err *e)
{
	struct patching p = {.arena = a, .doc = doc, .e = e};
	bool ok = true;

	for (const struct json *v = json_first(patch); ok && v;
	     v = json_next(v))
		ok = read_operation(&p, v) && operate(&p);
	doc = ok ? result(&p) : NULL;
	for (size_t i = 0; i < KEPT; i++)
		if (p.scratch[i])
			arena_free(p.scratch[i]);
	return doc;
}
