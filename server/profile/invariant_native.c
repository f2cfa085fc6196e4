/* SPDX-License-Identifier: Apache-2.0
 *
 * invariant_native.c: invariants in C, because the published expression is
 * wrong or too slow (invariant_fixes.c says which). Each function answers for
 * one element whether the invariant holds. What lists must not have twice is
 * sorted, so that a Bundle of a thousand entries costs no more than a thousand
 * small ones.
 */
#include "profile_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- per-1 ------------------------------------------------------------ */

static bool period(struct check *c, const struct spot *s)
{
	const char *start = json_get_text(s->value, "start");
	const char *end = json_get_text(s->value, "end");
	int order;

	(void)c;
	return !start || !end || !fp_time_compare(start, end, &order) ||
	       order <= 0;
}

/* ---- rng-2 ------------------------------------------------------------ */

static bool has_text(const struct json *v, const char *name, const char *text)
{
	const char *s = json_get_text(v, name);
	return s && strcmp(s, text) == 0;
}

static bool is_ucum(const struct json *quantity)
{
	return has_text(quantity, "system", "http://unitsofmeasure.org") &&
	       json_get_text(quantity, "code");
}

static bool same_unit(const struct json *x, const struct json *y)
{
	const char *unit = json_get_text(x, "unit");

	if (unit && has_text(y, "unit", unit))
		return true;
	return text_same(json_get_text(x, "code"), json_get_text(y, "code")) &&
	       text_same(json_get_text(x, "system"),
			 json_get_text(y, "system"));
}

/* False: there is a value missing, or the units do not go together. */
static bool compare(const struct json *x, const struct json *y, int *order)
{
	const struct json *a = json_get(x, "value"), *b = json_get(y, "value");

	if (!a || !b || json_kind(a) != JSON_NUMBER ||
	    json_kind(b) != JSON_NUMBER)
		return false;
	if (is_ucum(x) && is_ucum(y) &&
	    fp_ucum_compare(json_text(a), json_get_text(x, "code"),
			    json_text(b), json_get_text(y, "code"), order))
		return true;
	if (!same_unit(x, y))
		return false;
	*order = fp_decimal_compare(json_text(a), json_text(b));
	return true;
}

/* By the unit's name too: systems that differ are another rule's matter. */
static bool range(struct check *c, const struct spot *s)
{
	const struct json *low = json_get(s->value, "low");
	const struct json *high = json_get(s->value, "high");
	int order;

	(void)c;
	return !low || !high || (compare(low, high, &order) && order <= 0);
}

/* ---- dom-6 ------------------------------------------------------------ */

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

static bool none_twice(struct check *c, const struct json *v,
		       void (*collect)(struct check *, const struct json *,
				       struct texts *))
{
	struct arena *a = c->ev->env.arena;
	struct arena_mark mark = arena_mark(a);
	struct texts t = {.a = a};

	collect(c, v, &t);
	bool ok = distinct(&t);
	arena_rewind(a, &mark);
	return ok;
}

/* bdl-7: of R4 a history may have an entry twice. */
static bool full_urls_differ(struct check *c, const struct spot *s)
{
	if (c->p->version != FHIR_STU3 && has_text(s->value, "type", "history"))
		return true;
	return none_twice(c, s->value, full_urls);
}

static bool link_ids_differ(struct check *c, const struct spot *s)
{
	return none_twice(c, s->value, link_ids);
}

static bool codes_differ(struct check *c, const struct spot *s)
{
	return none_twice(c, s->value, concept_codes);
}

/* ---- elements of a StructureDefinition ---------------------------------- */

static const struct json *elements(const struct json *sd, const char *part)
{
	return json_get(json_get(sd, part), "element");
}

static void paths(struct check *c, const struct json *v, struct texts *out)
{
	(void)c;
	for (v = json_first(v); v; v = json_next(v))
		add(out, json_get_text(v, "path"));
}

static void ids(struct check *c, const struct json *v, struct texts *out)
{
	(void)c;
	for (v = json_first(v); v; v = json_next(v))
		add(out, json_get_text(v, "id"));
}

static bool all_have_ids(const struct check *c, const struct json *list)
{
	if (c->p->version == FHIR_STU3)
		return true; /* sdf-14 says so */
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		if (!json_get(v, "id"))
			return false;
	}
	return true;
}

/* sdf-1 */
static bool paths_differ(struct check *c, const struct spot *s)
{
	return has_text(s->value, "derivation", "constraint") ||
	       none_twice(c, elements(s->value, "snapshot"), paths);
}

/* sdf-16 */
static bool snapshot_ids(struct check *c, const struct spot *s)
{
	const struct json *list = elements(s->value, "snapshot");
	return all_have_ids(c, list) && none_twice(c, list, ids);
}

/* sdf-17 */
static bool differential_ids(struct check *c, const struct spot *s)
{
	const struct json *list = elements(s->value, "differential");
	return all_have_ids(c, list) && none_twice(c, list, ids);
}

/* Do all paths but the first begin with these n bytes and a dot? */
static bool all_below(const struct json *list, const char *root, size_t n)
{
	const struct json *v = json_first(list);
	for (v = v ? json_next(v) : NULL; v; v = json_next(v)) {
		const char *path = json_get_text(v, "path");
		if (!path || strncmp(path, root, n) != 0 || path[n] != '.')
			return false;
	}
	return true;
}

/* sdf-8 */
static bool snapshot_root(struct check *c, const struct spot *s)
{
	const struct json *list = json_get(s->value, "element");
	const char *first = json_get_text(json_first(list), "path");

	if (!first || (!has_text(c->resource, "kind", "logical") &&
		       !has_text(c->resource, "type", first)))
		return false;
	return all_below(list, first, strlen(first));
}

/* sdf-8a */
static bool differential_root(struct check *c, const struct spot *s)
{
	const struct json *list = json_get(s->value, "element");
	const char *first = json_get_text(json_first(list), "path");
	const char *type = json_get_text(c->resource, "type");
	bool logical = c->p->version != FHIR_STU3 &&
		       has_text(c->resource, "kind", "logical");

	if (!first ||
	    (!logical && (!type || strncmp(first, type, strlen(type)) != 0)))
		return false;
	if (c->p->version == FHIR_STU3)
		return all_below(list, type, strlen(type));
	return all_below(list, first, strcspn(first, "."));
}

/* ---- the table -------------------------------------------------------- */

static bool (*const natives[NATIVES])(struct check *, const struct spot *) = {
    [NATIVE_PERIOD] = period,
    [NATIVE_RANGE] = range,
    [NATIVE_NARRATIVE] = narrative,
    [NATIVE_FULL_URLS] = full_urls_differ,
    [NATIVE_LINK_IDS] = link_ids_differ,
    [NATIVE_CONCEPT_CODES] = codes_differ,
    [NATIVE_PATHS] = paths_differ,
    [NATIVE_SNAPSHOT_IDS] = snapshot_ids,
    [NATIVE_DIFFERENTIAL_IDS] = differential_ids,
    [NATIVE_SNAPSHOT_ROOT] = snapshot_root,
    [NATIVE_DIFFERENTIAL_ROOT] = differential_root,
};

bool native_holds(struct check *c, enum native which, const struct spot *s)
{
	return natives[which](c, s);
}
