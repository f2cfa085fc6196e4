/* SPDX-License-Identifier: Apache-2.0
 *
 * edit: changes of a resource, made while it is written.
 *
 * A tree of json/ is never changed, so a change is a place (path) and what
 * stands there in place of the value; everything else is copied with its own
 * bytes. Several edits are one after the other: the text is read again, which
 * is cheap enough for what is made once.
 *
 * A path that leads further than the resource does is made for EDIT_PUT: the
 * missing members and items come at the end of the last container there is.
 * Other edits need their value.
 */
#include "generate/mutant_int.h"

#include <stdlib.h>

/* ---- places ------------------------------------------------------------- */

/* How far a path leads: rest is what of it is not there, "" for nothing. */
struct place {
	const struct json *at;
	const char *rest;
};

static const struct json *item_at(const struct json *v, size_t i)
{
	if (json_kind(v) != JSON_ARRAY)
		return NULL;
	v = json_first(v);
	while (v && i-- > 0)
		v = json_next(v);
	return v;
}

/* The first step of a path: a name, or an index (name is NULL). */
struct step {
	const char *name;
	size_t len, index;
	const char *next;
};

static struct step step_of(const char *path)
{
	struct step s = {NULL, 0, 0, path};
	char *end;

	if (*path == '[') {
		s.index = strtoul(path + 1, &end, 10);
		s.next = *end == ']' ? end + 1 : end;
	} else {
		s.name = path;
		s.len = strcspn(path, ".[");
		s.next = path + s.len;
	}
	if (*s.next == '.')
		s.next++;
	return s;
}

static const struct json *member_of(const struct json *v, const struct step *s)
{
	if (json_kind(v) != JSON_OBJECT)
		return NULL;
	for (v = json_first(v); v; v = json_next(v))
		if (strlen(json_name(v)) == s->len &&
		    memcmp(json_name(v), s->name, s->len) == 0)
			return v;
	return NULL;
}

static struct place place_of(const struct json *resource, const char *path)
{
	struct place p = {resource, path};

	while (*p.rest) {
		const struct step s = step_of(p.rest);
		const struct json *v =
		    s.name ? member_of(p.at, &s) : item_at(p.at, s.index);
		if (!v)
			break;
		p = (struct place){v, s.next};
	}
	return p;
}

/* ---- what stands there -------------------------------------------------- */

struct writer {
	struct jw w;
	struct arena *arena;
	const struct edit *e;
	struct place place;
};

static void put_text(struct writer *w, const char *name, const char *text)
{
	jw_raw(&w->w, name, text, strlen(text));
}

/* A value below members and items that are not there. */
static const char *made(struct arena *a, const char *path, const char *text)
{
	const struct step s = step_of(path);

	if (!*path)
		return text;
	text = made(a, s.next, text);
	return s.name
		   ? arena_printf(a, "{\"%.*s\":%s}", (int)s.len, s.name, text)
		   : arena_printf(a, "[%s]", text);
}

static void put_made(struct writer *w)
{
	const struct step s = step_of(w->place.rest);
	const char *text = made(w->arena, s.next, w->e->text);

	put_text(w, s.name ? arena_strndup(w->arena, s.name, s.len) : NULL,
		 text);
}

static const char *replaced(struct arena *a, const char *in, const char *find,
			    const char *with)
{
	const char *at = strstr(in, find);

	return arena_printf(a, "%.*s%s%s", (int)(at - in), in, with,
			    at + strlen(find));
}

/* "2026-03-09T07:10:00+02:00" up to the zone. */
static const char *zoneless(struct arena *a, const char *in)
{
	const char *t = strchr(in, 'T');

	return arena_strndup(a, in, (size_t)(t - in) + strcspn(t, "+-Z"));
}

static void put_backwards(struct writer *w, const struct json *v)
{
	jw_open(&w->w, json_name(v), '[');
	for (size_t i = json_count(v); i > 0; i--)
		jw_value(&w->w, NULL, item_at(v, i - 1));
	jw_close(&w->w);
}

static void put_edited(struct writer *w, const struct json *v)
{
	const struct edit *e = w->e;
	const char *name = json_name(v), *text = json_text(v);

	switch (e->kind) {
	case EDIT_PUT: put_text(w, name, e->text); return;
	case EDIT_REMOVE: return;
	case EDIT_RENAME: jw_value(&w->w, e->text, v); return;
	case EDIT_QUOTE: jw_str(&w->w, name, text); return;
	case EDIT_WRAP:
		jw_open(&w->w, name, '[');
		jw_value(&w->w, NULL, v);
		jw_close(&w->w);
		return;
	case EDIT_UNWRAP: jw_value(&w->w, name, json_first(v)); return;
	case EDIT_TWICE:
		jw_value(&w->w, NULL, v);
		jw_value(&w->w, NULL, v);
		return;
	case EDIT_REPLACE:
		jw_str(&w->w, name, replaced(w->arena, text, e->text, e->with));
		return;
	case EDIT_NO_ZONE:
		jw_str(&w->w, name, zoneless(w->arena, text));
		return;
	case EDIT_FEBRUARY:
		jw_str(&w->w, name,
		       arena_printf(w->arena, "%.4s-02-30%s", text, text + 10));
		return;
	case EDIT_BACKWARDS: put_backwards(w, v); return;
	}
}

/* ---- writing ------------------------------------------------------------ */

static void put_value(struct writer *w, const struct json *v)
{
	const enum json_kind k = json_kind(v);
	const bool here = v == w->place.at;

	if (here && !*w->place.rest) {
		put_edited(w, v);
		return;
	}
	if (k != JSON_OBJECT && k != JSON_ARRAY) {
		jw_value(&w->w, json_name(v), v);
		return;
	}
	jw_open(&w->w, json_name(v), k == JSON_OBJECT ? '{' : '[');
	for (const struct json *x = json_first(v); x; x = json_next(x))
		put_value(w, x);
	if (here)
		put_made(w);
	jw_close(&w->w);
}

/* Is the value such as the edit needs? */
static bool fits(const struct edit *e, const struct json *v)
{
	const char *text = json_text(v);

	switch (e->kind) {
	case EDIT_PUT:
	case EDIT_REMOVE:
	case EDIT_WRAP: return true;
	case EDIT_RENAME: return json_name(v) != NULL;
	case EDIT_QUOTE: return text != NULL;
	case EDIT_UNWRAP: return json_kind(v) == JSON_ARRAY && json_first(v);
	case EDIT_TWICE: return json_name(v) == NULL;
	case EDIT_REPLACE: return text && strstr(text, e->text);
	case EDIT_NO_ZONE: return text && strchr(text, 'T');
	case EDIT_FEBRUARY: return text && strlen(text) >= 10;
	case EDIT_BACKWARDS: return json_kind(v) == JSON_ARRAY;
	}
	return false;
}

static bool possible(const struct edit *e, const struct json *root,
		     const struct place *p)
{
	if (!*p->rest)
		return (p->at != root || e->kind == EDIT_PUT) && fits(e, p->at);
	return e->kind == EDIT_PUT &&
	       json_kind(p->at) ==
		   (step_of(p->rest).name ? JSON_OBJECT : JSON_ARRAY);
}

static bool apply(struct buf *b, const struct json *root, const struct edit *e)
{
	struct writer w = {.w = {.b = b}, .arena = b->arena, .e = e};

	w.place = place_of(root, e->path);
	if (!possible(e, root, &w.place))
		return false;
	put_value(&w, root);
	return true;
}

const char *edit_apply(struct arena *a, const struct json *resource,
		       const struct edit *e, size_t n, size_t *len)
{
	struct err err = {.kind = ERR_NONE};
	struct buf b;

	buf_init(&b, a);
	json_write(&b, resource, false);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			resource = json_parse(a, b.p, b.len, &err);
		buf_init(&b, a);
		if (!resource || !apply(&b, resource, &e[i]))
			return NULL;
	}
	*len = b.len;
	return b.p;
}
