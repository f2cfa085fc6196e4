/* SPDX-License-Identifier: Apache-2.0
 *
 * shape: an example becomes a row of pieces, bytes and slots.
 *
 * The example is written out once, without white space. Where its plan sets a
 * member, the plan's text with its slots stands in place of the value; a few
 * members are slots without being named: references to the patient, the uuid of
 * an identifier, the time of issue. Making a resource is then copying pieces
 * (render.c), which is what lets it be made in a microsecond.
 *
 * What a shape removes is passed over with all that is below it. A path of a
 * plan need not lead anywhere in each of its examples, since small and large
 * ones share a plan, but it must in one of them.
 */
#include "generate/generate_int.h"

#include <stdlib.h>

/* A value of the example that the plan sets, or removes (text NULL). */
struct change {
	const struct json *at; /* NULL: this example does not have it */
	const char *place;     /* in the plan */
	const struct json *text;
};

/* One example while it is compiled. */
struct compile {
	const struct reader *r;
	const struct plan *plan;
	struct shape *shape;
	struct change *change;
	size_t change_count;
	unsigned identifiers;
};

/* ---- paths ----------------------------------------------------------------
 */

static const struct json *item_at(const struct json *v, unsigned long i)
{
	if (json_kind(v) != JSON_ARRAY)
		return NULL;
	for (v = json_first(v); v && i > 0; i--)
		v = json_next(v);
	return v;
}

static const struct json *member_at(const struct json *v, const char *name,
				    size_t n)
{
	if (json_kind(v) != JSON_OBJECT)
		return NULL;
	for (v = json_first(v); v; v = json_next(v))
		if (strlen(json_name(v)) == n &&
		    memcmp(json_name(v), name, n) == 0)
			return v;
	return NULL;
}

const struct json *gen_find(const struct json *v, const char *path)
{
	while (v && *path) {
		const size_t n = strcspn(path, ".[");
		char *end;

		if (*path == '[') {
			v = item_at(v, strtoul(path + 1, &end, 10));
			path = end + (*end == ']');
		} else {
			v = member_at(v, path, n);
			path += n;
		}
		if (*path == '.')
			path++;
	}
	return v;
}

/* ---- what is set -----------------------------------------------------------
 */

static void add_change(struct compile *c, const char *path,
		       const struct json *text, const char *place)
{
	c->change[c->change_count++] = (struct change){
	    .at = gen_find(c->shape->tree, path),
	    .place = arena_printf(c->r->arena, "%s.%s", place, path),
	    .text = text,
	};
}

/* Of a shape's own, each must lead somewhere. */
static bool own_changes(struct compile *c)
{
	struct shape *s = c->shape;
	const char *set = arena_printf(c->r->arena, "%s.set", s->place);
	const char *remove = arena_printf(c->r->arena, "%s.remove", s->place);
	const struct json *v;

	if (s->set && json_kind(s->set) != JSON_OBJECT)
		return gen_refuse(c->r, set, "must be an object");
	for (v = json_first(s->remove); v; v = json_next(v))
		add_change(c, json_text(v), NULL, remove);
	for (v = json_first(s->set); v; v = json_next(v))
		add_change(c, json_name(v), v, set);
	for (size_t i = 0; i < c->change_count; i++)
		if (!c->change[i].at)
			return gen_refuse(c->r, c->change[i].place,
					  "%s does not have it", s->example);
	return true;
}

static const struct change *change_at(const struct compile *c,
				      const struct json *v)
{
	for (size_t i = 0; i < c->change_count; i++)
		if (c->change[i].at == v)
			return &c->change[i];
	return NULL;
}

/* ---- values ----------------------------------------------------------------
 */

#define UUID_URN "urn:uuid:"

/* Where in the resource a value stands, as far as it matters. */
enum spot { SPOT_ROOT, SPOT_IDENTIFIER, SPOT_ELSEWHERE };

static void bytes(struct compile *c, const char *s)
{
	gen_bytes(c->r->arena, c->shape, s, strlen(s));
}

static void slot(struct compile *c, const char *before, enum piece_kind kind,
		 unsigned nth)
{
	bytes(c, "\"");
	bytes(c, before);
	*gen_piece(c->r->arena, c->shape) =
	    (struct piece){.kind = kind, .nth = nth};
	bytes(c, "\"");
}

/* A member that is a slot without being named. */
static bool implied(struct compile *c, const struct json *v, enum spot spot)
{
	const char *name = text_or_empty(json_name(v));
	const char *text = json_text(v);

	if (json_kind(v) != JSON_STRING)
		return false;
	if (strcmp(name, "reference") == 0 && text_begins(text, "Patient/"))
		slot(c, "Patient/", PIECE_PATIENT, 0);
	else if (spot == SPOT_ROOT && strcmp(name, "issued") == 0)
		slot(c, "", PIECE_TIME, 0);
	else if (spot == SPOT_IDENTIFIER && strcmp(name, "value") == 0 &&
		 text_begins(text, UUID_URN))
		slot(c, UUID_URN, PIECE_UUID, c->identifiers++);
	else
		return false;
	return true;
}

/* The identifier's value is one that render.c knows. */
static void notice_uuid(struct compile *c, const struct json *v,
			const char *text)
{
	const bool patient = text_is(c->plan->about.type, "Patient");

	if (text_is(json_name(v), "value") &&
	    (text_begins(text, UUID_URN "{uuid}") ||
	     (patient && text_begins(text, UUID_URN "{patient}"))))
		c->shape->has_uuid = true;
}

static void as_it_is(struct compile *c, const struct json *v)
{
	struct buf b;

	buf_init(&b, c->r->arena);
	json_write(&b, v, false);
	gen_bytes(c->r->arena, c->shape, b.p, b.len);
}

static bool changed(struct compile *c, const struct json *v,
		    const struct change *change, enum spot spot)
{
	const char *text = json_text(change->text);

	if (json_kind(change->text) != JSON_STRING) {
		as_it_is(c, change->text);
		return true;
	}
	if (json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY)
		return gen_refuse(c->r, change->place,
				  "is no single value in %s",
				  c->shape->example);
	if (spot == SPOT_IDENTIFIER)
		notice_uuid(c, v, text);
	return gen_text_compile(c->r, c->plan, c->shape, change->place, text,
				json_kind(v) != JSON_STRING);
}

static enum spot spot_of(const struct json *member, enum spot of_parent)
{
	if (of_parent == SPOT_IDENTIFIER && !json_name(member))
		return SPOT_IDENTIFIER; /* an item of the list */
	if (of_parent == SPOT_ROOT && text_is(json_name(member), "identifier"))
		return SPOT_IDENTIFIER;
	return SPOT_ELSEWHERE;
}

static bool is_removed(const struct compile *c, const struct json *v)
{
	const struct change *change = change_at(c, v);

	return change && !change->text;
}

static bool value(struct compile *c, const struct json *v, enum spot spot);

static bool container(struct compile *c, const struct json *v, enum spot spot)
{
	const bool object = json_kind(v) == JSON_OBJECT;
	const struct json *m;
	struct buf name;
	bool some = false;

	bytes(c, object ? "{" : "[");
	for (m = json_first(v); m; m = json_next(m)) {
		if (is_removed(c, m))
			continue;
		if (some)
			bytes(c, ",");
		some = true;
		buf_init(&name, c->r->arena);
		if (object) {
			json_quote(&name, json_name(m), strlen(json_name(m)));
			buf_putc(&name, ':');
			bytes(c, name.p);
		}
		if (!value(c, m, spot))
			return false;
	}
	bytes(c, object ? "}" : "]");
	return true;
}

/* spot is that of the parent. */
static bool value(struct compile *c, const struct json *v, enum spot spot)
{
	const struct change *change = change_at(c, v);

	if (change)
		return changed(c, v, change, spot);
	if (implied(c, v, spot)) {
		c->shape->has_uuid |= spot == SPOT_IDENTIFIER;
		return true;
	}
	if (json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY)
		return container(c, v, spot_of(v, spot));
	as_it_is(c, v);
	return true;
}

/* ---- a plan's shapes --------------------------------------------------------
 */

static bool shape_compile(struct compile *c, const struct json *all)
{
	const struct shape *s = c->shape;
	const size_t most =
	    json_count(s->set) + json_count(s->remove) + json_count(all);

	c->change = arena_alloc(c->r->arena, (most + 1) * sizeof(*c->change));
	if (!own_changes(c))
		return false;
	/* behind its own, which have the last word */
	for (all = json_first(all); all; all = json_next(all))
		add_change(c, json_name(all), all, "set");
	return container(c, s->tree, SPOT_ROOT);
}

/* Does every path of the plan lead somewhere? */
static bool all_used(const struct reader *r, const struct plan *p,
		     const struct json *set)
{
	for (set = json_first(set); set; set = json_next(set)) {
		size_t i = 0;

		while (i < p->shape_count &&
		       !gen_find(p->shape[i].tree, json_name(set)))
			i++;
		if (i == p->shape_count)
			return gen_refuse(
			    r, arena_printf(r->arena, "set.%s", json_name(set)),
			    "none of the examples has it");
	}
	return true;
}

bool gen_shapes_compile(const struct reader *r, struct plan *p)
{
	const struct json *set = json_get(p->doc, "set");

	if (set && json_kind(set) != JSON_OBJECT)
		return gen_refuse(r, "set", "must be an object");
	for (size_t i = 0; i < p->shape_count; i++) {
		struct compile c = {r, p, &p->shape[i], NULL, 0, 0};

		if (!shape_compile(&c, set))
			return false;
	}
	return all_used(r, p, set);
}
