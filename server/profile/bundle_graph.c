/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_graph.c: documents and messages hold together: each entry is reached
 * from the first one by following references, forwards or, less properly,
 * backwards.
 *
 * The entries are a graph: one walk over each collects what names another
 * entry. In 2018 every text that did counted, in whatever element; today what
 * is a Reference, a uri or a url by its type does. The search from the first
 * entry goes along the edges until nothing is added, then takes in, one by one,
 * what refers to something reached. All of it is linear in the size of the
 * Bundle. FHIR R4 2.36.4, 3.3.1, 3.4.
 */
#include "form_int.h"
#include "reference_int.h"

#include <assert.h>
#include <string.h>

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

/* ---- what refers ------------------------------------------------------ */

/* Whatever names an entry, as in 2018. */
static void collect(struct graph *g, const struct json *v, uint32_t from)
{
	uint32_t to;

	if (json_kind(v) == JSON_STRING) {
		if (may_lead(json_text(v)) &&
		    lead_to(g->c, json_text(v), &to) == LED_TO_ENTRY &&
		    to != from)
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

/* What today's validator follows: a Reference, a uri, a url. */
struct follow {
	struct graph *g;
	struct fp_model model;
	uint32_t from;
};

static void follow(const struct follow *f, const struct json *v,
		   const struct at *at)
{
	const char *s = json_text(v);
	uint32_t to = 0;

	if (json_kind(v) != JSON_STRING || *s == '#' || *s == '\0')
		return;
	enum led led = lead_to(f->g->c, s, &to);
	if (led == LED_TO_SEVERAL || led == LED_BESIDE)
		misled(f->g->c, led, s, at->name, at, v);
	else if (led == LED_TO_ENTRY && to != f->from)
		add_edge(f->g, f->from, to);
}

/* It identifies something, or is an address. */
static bool no_link(const struct profiles *p, struct fp_type around,
		    const char *name)
{
	static const char *const names[] = {"system", "fullUrl", "endpoint",
					    "address"};
	const struct type *t =
	    around.id < p->n_types ? &p->types[around.id] : NULL;

	for (size_t i = 0; i < LEN(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return t &&
	       ((t->known == T_EXTENSION + 1 && strcmp(name, "url") == 0) ||
		strcmp(text_at(p, t->name), "Meta") == 0);
}

static void follow_object(const struct follow *f, const struct json *v,
			  struct fp_type t, const struct at *at);

static void follow_value(const struct follow *f, const struct json *v,
			 struct fp_type t, struct fp_type around,
			 const struct at *at)
{
	const struct profiles *p = f->g->c->p;
	const struct type *type = t.id < p->n_types ? &p->types[t.id] : NULL;

	if (json_kind(v) == JSON_STRING) {
		if (type &&
		    (type->prim == PRIM_URI || type->prim == PRIM_URL) &&
		    !no_link(p, around, at->name))
			follow(f, v, at);
		return;
	}
	if (json_kind(v) != JSON_OBJECT)
		return;
	if (type && type->kind == KIND_RESOURCE) {
		t = f->model.resource(p, v);
		if (t.id == FP_NO_TYPE ||
		    text_is(json_get_text(v, "resourceType"), "Bundle"))
			return;
	} else if (type && type->known == T_REFERENCE + 1 &&
		   json_get(v, "reference")) {
		const struct at here = {at, "reference", -1};
		follow(f, json_get(v, "reference"), &here);
	}
	follow_object(f, v, t, at);
}

static void follow_object(const struct follow *f, const struct json *v,
			  struct fp_type t, const struct at *at)
{
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		const char *name = json_name(m);
		struct fp_type child;
		long i = 0;

		name += *name == '_';
		if (!f->model.member(f->model.set, t, name, &child))
			continue;
		if (json_kind(m) != JSON_ARRAY) {
			const struct at here = {at, name, -1};
			follow_value(f, m, child, t, &here);
			continue;
		}
		const struct json *x = json_first(m);
		for (; x; x = json_next(x)) {
			const struct at here = {at, name, i++};
			follow_value(f, x, child, t, &here);
		}
	}
}

/* ---- what is reached -------------------------------------------------- */

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
		const struct at list = {at, "entry", (long)i};
		const struct at here = {&list, "resource", -1};
		if (!r)
			continue;
		scope_enter_entry(g->c, r, e, at);
		const struct follow f = {g, profile_model(g->c->p), i};
		if (g->c->rules == RULES_KANTA)
			collect(g, r, i);
		else
			follow_object(&f, r, f.model.resource(g->c->p, r),
				      &here);
	}
	scope_leave(g->c, &before);
}

/* A stylesheet that is an entry belongs to the document. */
static void visit_styles(struct graph *g, const struct json *bundle)
{
	const struct json *l = json_first(json_get(bundle, "link"));

	for (; l; l = json_next(l)) {
		const struct lookup_row *r = style_entry(g->c, l);
		if (r)
			visit(g, r->index);
	}
}

void check_bundle_reach(struct check *c, const struct spot *s, bool document)
{
	struct graph g = {.c = c, .at = s->at};
	size_t n = lookup_count(c->entries);

	make_graph(&g, s->at);
	visit(&g, 0);
	flood(&g);
	if (c->rules == RULES_CURRENT)
		visit_styles(&g, s->value);
	flood_back(&g, s->at);
	for (uint32_t i = 0; i < n && !c->stop; i++) {
		const struct json *e = lookup_entry(c->entries, i);
		if (!g.seen[i] && json_get(e, "resource"))
			orphan(&g, i, document, s->at);
	}
}
