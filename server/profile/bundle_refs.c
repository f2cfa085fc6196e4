/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_refs.c: documents and messages hold together. What the Composition
 * names as its subject, authors, sections' entries and so on, and what a
 * MessageHeader focuses on, is an entry; and each entry is reached from the
 * first one by following references, forwards or, less properly, backwards.
 *
 * The entries are a graph: one walk over each collects the texts that name
 * another entry. Every text that does counts, in whatever element. The search
 * from the first entry goes along the edges until nothing is added, then takes
 * in, one by one, what refers to something reached. All of it is linear in the
 * size of the Bundle.
 *
 * Relative references are resolved by the base of the fullUrl; where that is
 * not where the resource can be read, the validator of 2018 went by type and
 * id. FHIR R4 2.36.4, 3.3.1, 3.4.
 */
#include "reference_int.h"

#include <assert.h>
#include <string.h>

/* ---- one reference ---------------------------------------------------- */

static bool ends_with(const char *s, const char *type, const char *id)
{
	size_t n = strlen(s), t = strlen(type), i = strlen(id);
	return n > t + i && strcmp(s + n - i, id) == 0 && s[n - i - 1] == '/' &&
	       strncmp(s + n - i - 1 - t, type, t) == 0;
}

/* May the reference go by type and id alone? */
static bool by_type_and_id(const struct check *c)
{
	const char *url = json_get_text(c->entry, "fullUrl");
	const char *type = json_get_text(c->root, "resourceType");
	const char *id = json_get_text(c->root, "id");

	if (!url)
		return true;
	return c->rules == RULES_KANTA &&
	       !(type && id && ends_with(url, type, id));
}

/* The entry that a reference in c->entry leads to. */
static bool find_entry(const struct check *c, const char *s, uint32_t *index)
{
	struct reached f;

	find_target(c, s, &f);
	if (f.entry) {
		*index = f.index;
		return true;
	}
	if (is_absolute(s) || !by_type_and_id(c))
		return false;
	const char *history = strstr(s, "/_history/");
	const char *key =
	    history ? arena_strndup(c->a, s, (size_t)(history - s)) : s;
	const struct lookup_row *r =
	    lookup_first(c, c->entries, BY_TYPE_ID, key);
	if (r)
		*index = r->index;
	return r != NULL;
}

/* ---- what has to be there --------------------------------------------- */

struct demand {
	struct check *c;
	const char *label;
	enum issue_severity severity;
};

static void check_one(const struct demand *d, const struct json *v,
		      const struct at *at)
{
	const char *s = json_get_text(v, "reference");
	const struct at here = {at, "reference", -1};
	uint32_t index;

	if (!s || !*s || s[0] == '#' || find_entry(d->c, s, &index))
		return;
	report_as(d->c, d->severity, RULE_BUNDLE_TARGET, &here,
		  json_get(v, "reference"), "an entry of the Bundle",
		  "add the resource as an entry with a fullUrl that the "
		  "reference leads to",
		  "Can't find '%.200s' in the bundle (%s)", s, d->label);
}

/* The references at "attester.party", through lists. */
static void check_path(const struct demand *d, const struct json *v,
		       const char *path, const struct at *at)
{
	size_t n = strcspn(path, ".");
	const char *name = arena_strndup(d->c->a, path, n);
	const struct json *m = json_get(v, name);
	bool list = m && json_kind(m) == JSON_ARRAY;
	const struct json *x = list ? json_first(m) : m;

	for (long i = 0; x && !d->c->stop; i++) {
		const struct at here = {at, name, list ? i : -1};
		if (path[n])
			check_path(d, x, path + n + 1, &here);
		else
			check_one(d, x, &here);
		x = list ? json_next(x) : NULL;
	}
}

static void check_sections(struct demand *d, const struct json *v,
			   const struct at *at)
{
	const struct json *s = json_first(json_get(v, "section"));

	for (long i = 0; s && !d->c->stop; s = json_next(s), i++) {
		const struct at here = {at, "section", i};
		d->label = "Section.author";
		check_path(d, s, "author", &here);
		d->label = "Section.focus";
		check_path(d, s, "focus", &here);
		d->label = "Section Entry";
		check_path(d, s, "entry", &here);
		check_sections(d, s, &here);
	}
}

static void check_composition(struct demand *d, const struct json *r,
			      const struct at *at)
{
	static const char *const paths[][2] = {
	    {"subject", "Composition.subject"},
	    {"author", "Composition.author"},
	    {"encounter", "Composition.encounter"},
	    {"custodian", "Composition.custodian"},
	    {"attester.party", "Composition.attester.party"},
	    {"event.detail", "Composition.event.detail"}};

	for (size_t i = 0; i < LEN(paths); i++) {
		d->label = paths[i][1];
		check_path(d, r, paths[i][0], at);
	}
	check_sections(d, r, at);
}

void check_bundle_targets(struct check *c, const struct spot *s, bool document)
{
	const struct json *entry = lookup_entry(c->entries, 0);
	const struct json *r = json_get(entry, "resource");
	const struct at first = {s->at, "entry", 0};
	const struct at here = {&first, "resource", -1};
	const struct check before = *c;
	struct demand d = {c, "MessageHeader Data", ISSUE_ERROR};

	scope_enter_entry(c, r, entry, &here);
	if (document) {
		check_composition(&d, r, &here);
	} else {
		if (c->rules == RULES_KANTA)
			d.severity = ISSUE_WARNING;
		check_path(&d, r, "focus", &here);
	}
	scope_leave(c, &before);
}

/* ---- the graph -------------------------------------------------------- */

struct edge {
	uint32_t from, to;
	uint32_t next_out, next_in; /* 1 + edge */
};
struct graph {
	struct check *c;
	const struct at *at; /* of the Bundle */
	struct edge *edge;
	size_t edges, cap;
	uint32_t *out, *in; /* 1 + first edge of an entry */
	bool *seen;
	uint32_t *queue;
	size_t head, tail;
};

static void add_edge(struct graph *g, uint32_t from, uint32_t to)
{
	if (g->edges == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 256;
		struct edge *v = arena_alloc(g->c->a, cap * sizeof(*v));
		if (g->edges > 0)
			memcpy(v, g->edge, g->edges * sizeof(*v));
		g->edge = v;
		g->cap = cap;
	}
	g->edge[g->edges] = (struct edge){from, to, g->out[from], g->in[to]};
	g->edges++;
	g->out[from] = (uint32_t)g->edges;
	g->in[to] = (uint32_t)g->edges;
}

/* A text that can be a reference to an entry. */
static bool may_lead(const char *s)
{
	size_t n = strcspn(s, " <>\"\n");
	return s[0] != '#' && s[n] == '\0' && n < 2000 &&
	       (strchr(s, '/') || is_urn(s));
}

/* A relative reference that leads nowhere, though an entry has that type and
 * id: its fullUrl has another base. What the first entry names is demanded
 * anyway. */
static void apparent(struct graph *g, const struct json *v, uint32_t from)
{
	struct check *c = g->c;
	const char *s = json_text(v), *name = json_name(v);
	const struct at here = {g->at, "entry", (long)from};

	if (from == 0 || c->rules != RULES_CURRENT ||
	    c->p->version == FHIR_STU3 || !name ||
	    strcmp(name, "reference") != 0 || is_absolute(s) ||
	    !lookup_first(c, c->entries, BY_TYPE_ID, s))
		return;
	report(c, RULE_BUNDLE_TARGET, &here, v, "an entry of the Bundle",
	       "let the fullUrls of both entries have the same base, or refer "
	       "to the fullUrl",
	       "Can't find '%.200s' in the bundle. There is a resource of this "
	       "type and id, but its fullUrl does not match",
	       s);
}

static void collect(struct graph *g, const struct json *v, uint32_t from)
{
	uint32_t to;

	if (json_kind(v) == JSON_STRING) {
		if (!may_lead(json_text(v)))
			return;
		if (!find_entry(g->c, json_text(v), &to))
			apparent(g, v, from);
		else if (to != from)
			add_edge(g, from, to);
		return;
	}
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		const char *name = json_name(m);
		if (name && (strcmp(name, "system") == 0 ||
			     strcmp(name, "profile") == 0))
			continue;
		collect(g, m, from);
	}
}

static void visit(struct graph *g, uint32_t i)
{
	if (g->seen[i])
		return;
	g->seen[i] = true;
	g->queue[g->tail++] = i;
}

/* Everything that is reached from what is in the queue. */
static void flood(struct graph *g)
{
	while (g->head < g->tail) {
		uint32_t e = g->out[g->queue[g->head++]];
		for (; e; e = g->edge[e - 1].next_out) {
			assert(g->edge);
			visit(g, g->edge[e - 1].to);
		}
	}
}

static const char *url_of(const struct json *entry)
{
	const char *url = json_get_text(entry, "fullUrl");
	return url ? url : "";
}

static void backwards(struct graph *g, uint32_t i, const struct at *at)
{
	struct check *c = g->c;
	const struct json *entry = lookup_entry(c->entries, i);
	const char *type =
	    json_get_text(json_get(entry, "resource"), "resourceType");
	const struct at here = {at, "entry", (long)i};

	if (c->rules == RULES_KANTA || !type || strcmp(type, "Provenance") == 0)
		return;
	report_as(c, ISSUE_WARNING, RULE_BUNDLE_REACH, &here, entry, NULL, NULL,
		  "Entry '%.200s' isn't reachable by traversing forwards from "
		  "the first entry",
		  url_of(entry));
}

/* What refers to something reached is reached, and all that it refers to. */
static void flood_back(struct graph *g, const struct at *at)
{
	for (size_t k = 0; k < g->tail; k++) {
		uint32_t e = g->in[g->queue[k]];
		for (; e; e = g->edge[e - 1].next_in) {
			assert(g->edge);
			uint32_t from = g->edge[e - 1].from;
			if (g->seen[from])
				continue;
			backwards(g, from, at);
			visit(g, from);
			flood(g);
		}
	}
}

static void orphan(struct graph *g, uint32_t i, bool document,
		   const struct at *at)
{
	const struct json *entry = lookup_entry(g->c->entries, i);
	const struct at here = {at, "entry", (long)i};

	report_as(g->c, document ? ISSUE_ERROR : ISSUE_WARNING,
		  RULE_BUNDLE_REACH, &here, entry, "a reference to it",
		  "refer to it from an entry that belongs to the rest, or "
		  "remove it",
		  "Entry %.200s isn't reachable by traversing links (forward "
		  "or backward) from the %s",
		  url_of(entry), document ? "Composition" : "MessageHeader");
}

static void make_graph(struct graph *g, const struct at *at)
{
	size_t n = lookup_count(g->c->entries);
	struct arena *a = g->c->a;
	const struct check before = *g->c;

	g->out = arena_alloc(a, n * sizeof(*g->out));
	g->in = arena_alloc(a, n * sizeof(*g->in));
	g->seen = arena_alloc(a, n * sizeof(*g->seen));
	g->queue = arena_alloc(a, n * sizeof(*g->queue));
	for (uint32_t i = 0; i < n; i++) {
		const struct json *e = lookup_entry(g->c->entries, i);
		const struct json *r = json_get(e, "resource");
		if (!r)
			continue;
		scope_enter_entry(g->c, r, e, at);
		collect(g, r, i);
	}
	scope_leave(g->c, &before);
}

void check_bundle_reach(struct check *c, const struct spot *s, bool document)
{
	struct graph g = {.c = c, .at = s->at};
	size_t n = lookup_count(c->entries);

	make_graph(&g, s->at);
	visit(&g, 0);
	flood(&g);
	flood_back(&g, s->at);
	for (uint32_t i = 0; i < n && !c->stop; i++) {
		const struct json *e = lookup_entry(c->entries, i);
		if (!g.seen[i] && json_get(e, "resource"))
			orphan(&g, i, document, s->at);
	}
}
