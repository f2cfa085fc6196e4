/* SPDX-License-Identifier: Apache-2.0
 *
 * native.c: invariants in C, because the published expression is wrong or too
 * slow (fixes.c says which). Each function answers for one element whether the
 * invariant holds. What lists must not have twice is sorted, so that a Bundle
 * of a thousand entries costs no more than a thousand small ones.
 */
#include "profile_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- per-1, dom-6 ----------------------------------------------------- */

static bool period(struct check *c, const struct spot *s)
{
	const char *start = json_get_text(s->value, "start");
	const char *end = json_get_text(s->value, "end");
	int order;

	(void)c;
	return !start || !end || !fp_time_compare(start, end, &order) ||
	       order <= 0;
}

static bool narrative(struct check *c, const struct spot *s)
{
	return c->resource != c->root ||
	       json_get(json_get(s->value, "text"), "div");
}

/* ---- nothing twice ---------------------------------------------------- */

struct texts {
	struct arena *a;
	const char **v;
	size_t n, cap;
};

static void add(struct texts *t, const char *s)
{
	if (!s)
		return;
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 32;
		const char **v = arena_alloc(t->a, t->cap * sizeof(*v));
		if (t->n > 0)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
	}
	t->v[t->n++] = s;
}

static int by_text(const void *x, const void *y)
{
	const char *const *a = x, *const *b = y;
	return strcmp(*a, *b);
}

static bool distinct(struct texts *t)
{
	if (t->n < 2)
		return true;
	qsort(t->v, t->n, sizeof(*t->v), by_text);
	for (size_t i = 1; i < t->n; i++) {
		if (strcmp(t->v[i - 1], t->v[i]) == 0)
			return false;
	}
	return true;
}

static void full_urls(struct check *c, const struct json *v, struct texts *out)
{
	(void)c;
	for (v = json_first(json_get(v, "entry")); v; v = json_next(v)) {
		const char *url = json_get_text(v, "fullUrl");
		const struct json *meta =
		    json_get(json_get(v, "resource"), "meta");
		const char *version = json_get_text(meta, "versionId");
		if (url && version)
			url = arena_printf(out->a, "%s%s", url, version);
		add(out, url);
	}
}

/* Every member of this name below. */
static void below(const struct json *v, const char *name, struct texts *out)
{
	for (v = json_first(v); v; v = json_next(v)) {
		const char *have = json_name(v);
		if (have && json_kind(v) == JSON_STRING) {
			if (strcmp(have, name) == 0)
				add(out, json_text(v));
		} else {
			below(v, name, out);
		}
	}
}

static void link_ids(struct check *c, const struct json *v, struct texts *out)
{
	(void)c;
	below(v, "linkId", out);
}

static void concept_codes(struct check *c, const struct json *v,
			  struct texts *out)
{
	for (v = json_first(json_get(v, "concept")); v; v = json_next(v)) {
		add(out, json_get_text(v, "code"));
		concept_codes(c, v, out);
	}
}

static bool none_twice(struct check *c, const struct spot *s,
		       void (*collect)(struct check *, const struct json *,
				       struct texts *))
{
	struct arena *a = c->ev->env.arena;
	struct arena_mark mark = arena_mark(a);
	struct texts t = {.a = a};

	collect(c, s->value, &t);
	bool ok = distinct(&t);
	arena_rewind(a, &mark);
	return ok;
}

/* bdl-7: of R4 a history may have an entry twice. */
static bool is_free(struct check *c, const struct spot *s)
{
	const char *type = json_get_text(s->value, "type");
	return c->p->version != FHIR_STU3 && type &&
	       strcmp(type, "history") == 0;
}

bool native_holds(struct check *c, enum native which, const struct spot *s)
{
	switch (which) {
	case NATIVE_PERIOD: return period(c, s);
	case NATIVE_NARRATIVE: return narrative(c, s);
	case NATIVE_FULL_URLS:
		return is_free(c, s) || none_twice(c, s, full_urls);
	case NATIVE_LINK_IDS: return none_twice(c, s, link_ids);
	case NATIVE_CONCEPT_CODES: return none_twice(c, s, concept_codes);
	case NATIVE_NONE:
	case NATIVES: break;
	}
	return true;
}
