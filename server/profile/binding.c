/* SPDX-License-Identifier: Apache-2.0
 *
 * binding.c: codes against value sets. A required binding makes an error, an
 * extensible one a warning; a code of which it cannot be told whether it is in
 * the set makes neither. FHIR R4 4.1.5; texts of the HL7 validator of 2018.
 */
#include "profile_int.h"

#include <string.h>
#include <strings.h>

#define SHOWN_CODES 12
#define NEAR_CODES  512 /* among so many the nearest is looked for */

enum coded { NOT_CODED, CODED_SIMPLE, CODED_CODING, CODED_CONCEPT };

static enum coded coded_kind(const struct profiles *p, unsigned type)
{
	switch (p->types[type].prim) {
	case PRIM_CODE:
	case PRIM_STRING:
	case PRIM_URI: return CODED_SIMPLE;
	case PRIM_NONE: break;
	default: return NOT_CODED;
	}
	if (type == p->known[T_CODEABLECONCEPT])
		return CODED_CONCEPT;
	if (type == p->known[T_CODING] ||
	    type_is_a(p, type, p->known[T_QUANTITY]))
		return CODED_CODING;
	return NOT_CODED;
}

/* The value set now: a later definition of the same URL counts. */
static const struct value_set *set_of(const struct profiles *p, ref url, ref vs)
{
	if (p->vs_override || !vs)
		vs = find_vs(p, text_at(p, url));
	return vs ? rec_at(p, vs) : NULL;
}

/* ---- membership ------------------------------------------------------- */

static const char *text_of(const struct json *v, const char *name)
{
	const char *s = json_get_text(v, name);
	return s ? s : "";
}

static int coding_in(const struct profiles *p, const struct value_set *vs,
		     const struct json *coding)
{
	const char *code = json_get_text(coding, "code");
	if (!code)
		return 0;
	/* without a system it may be any of the set's */
	return value_set_has(p, vs, json_get_text(coding, "system"), code);
}

static int concept_in(const struct profiles *p, const struct value_set *vs,
		      const struct json *concept)
{
	const struct json *v = json_first(json_get(concept, "coding"));
	int result = 0;
	for (; v; v = json_next(v)) {
		int has = coding_in(p, vs, v);
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

/* 1 in the set, 0 not, -1 cannot be told. */
static int value_in(const struct profiles *p, const struct value_set *vs,
		    enum coded kind, const struct json *v)
{
	if (!vs || kind == NOT_CODED)
		return -1;
	if (kind == CODED_SIMPLE)
		return json_kind(v) == JSON_STRING
			   ? value_set_has(p, vs, NULL, json_text(v))
			   : -1;
	if (json_kind(v) != JSON_OBJECT)
		return -1;
	return kind == CODED_CONCEPT ? concept_in(p, vs, v)
				     : coding_in(p, vs, v);
}

int binding_has(const struct profiles *p, const struct node *n, unsigned type,
		const struct json *v)
{
	const struct binding *b = rec_at(p, n->binding);
	return value_in(p, set_of(p, b->url, b->vs), coded_kind(p, type), v);
}

/* ---- texts ------------------------------------------------------------ */

static const char *codes_text(struct check *c, enum coded kind,
			      const struct json *v)
{
	struct buf b;
	const struct json *coding = v;

	if (kind == CODED_SIMPLE)
		return say(c, "%.100s", json_text(v));
	if (kind == CODED_CONCEPT)
		coding = json_first(json_get(v, "coding"));
	buf_init(&b, c->a);
	for (int i = 0; coding && i < 8; i++) {
		if (i > 0)
			buf_puts(&b, ", ");
		buf_printf(&b, "%.120s#%.80s", text_of(coding, "system"),
			   text_of(coding, "code"));
		coding = kind == CODED_CONCEPT ? json_next(coding) : NULL;
	}
	return b.p;
}

static uint32_t code_count(const struct profiles *p, const struct part *part)
{
	if (part->kind != PART_WHOLE)
		return part->n;
	const struct code_system *cs = rec_at(p, part->cs);
	return cs->n;
}

static const char *code_of(const struct profiles *p, const struct part *part,
			   uint32_t i)
{
	if (part->kind != PART_WHOLE) {
		const ref *codes = rec_at(p, part->codes);
		return text_at(p, codes[i]);
	}
	const struct code_system *cs = rec_at(p, part->cs);
	const struct concept *concepts = rec_at(p, cs->concepts);
	return text_at(p, concepts[i].code);
}

/* How many codes the set lists; 0: that cannot be told. */
static size_t total(const struct profiles *p, const struct value_set *vs)
{
	const struct part *part = rec_at(p, vs->parts);
	size_t n = 0;
	for (uint32_t i = 0; i < vs->n; i++) {
		if (part[i].kind == PART_OPEN)
			return 0;
		n += code_count(p, &part[i]);
	}
	return n;
}

/* The code of the set that was meant, perhaps. */
struct guess {
	const char *same; /* but for capital letters */
	const char *stem; /* fi for fi-FI */
	struct nearest near;
};

static void guess_try(struct guess *g, const char *code)
{
	const char *word = g->near.word;
	size_t stem = strcspn(word, "-");
	if (strcasecmp(word, code) == 0)
		g->same = code;
	if (word[stem] && strncmp(word, code, stem) == 0 && !code[stem])
		g->stem = code;
	nearest_try(&g->near, code);
}

static const char *near_hint(struct check *c, const struct value_set *vs,
			     enum coded kind, const struct json *v)
{
	const struct part *part = rec_at(c->p, vs->parts);
	struct guess g = {.same = NULL};

	if (kind == CODED_CONCEPT)
		v = json_first(json_get(v, "coding"));
	g.near.word =
	    kind == CODED_SIMPLE ? json_text(v) : json_get_text(v, "code");
	if (!g.near.word)
		return NULL;
	for (uint32_t i = 0; i < vs->n; i++) {
		for (uint32_t k = 0; k < code_count(c->p, &part[i]); k++)
			guess_try(&g, code_of(c->p, &part[i], k));
	}
	const char *best = g.same ? g.same : g.stem ? g.stem : g.near.best;
	return best ? say(c, "did you mean \"%s\"?", best) : NULL;
}

/* "use one of: a, b, c" when the set is small, else the nearest code. Nothing
 * once the list of issues is full: then it would hardly be shown. */
static const char *codes_hint(struct check *c, const struct value_set *vs,
			      enum coded kind, const struct json *v)
{
	const struct part *part = rec_at(c->p, vs->parts);
	size_t n = total(c->p, vs);
	struct buf b;

	if (c->dry || c->stop || c->out->n == PROFILE_ISSUES || n == 0 ||
	    n > NEAR_CODES)
		return NULL;
	if (n > SHOWN_CODES)
		return near_hint(c, vs, kind, v);
	buf_init(&b, c->a);
	for (uint32_t i = 0; i < vs->n; i++) {
		for (uint32_t k = 0; k < code_count(c->p, &part[i]); k++) {
			buf_puts(&b, b.len > 0 ? ", " : "use one of: ");
			buf_puts(&b, code_of(c->p, &part[i], k));
		}
	}
	return b.p;
}

static void not_in(struct check *c, const struct spot *s, enum coded kind,
		   const struct binding *b, const struct value_set *vs)
{
	const char *url = text_at(c->p, b->url);
	const char *codes = codes_text(c, kind, s->value);
	bool required = b->strength == BIND_REQUIRED;
	enum rule rule = required ? RULE_BINDING : RULE_BINDING_EXTENSIBLE;
	const char *must =
	    required ? "a code is required from this value set"
		     : "a code should come from this value set unless "
		       "it has no suitable code";

	if (kind == CODED_SIMPLE)
		report(c, rule, s->at, s->value, url,
		       codes_hint(c, vs, kind, s->value),
		       "The value provided ('%s') is not in the value set %s "
		       "(%s, and %s)",
		       codes, url, url, must);
	else if (kind == CODED_CODING)
		report(c, rule, s->at, s->value, url,
		       codes_hint(c, vs, kind, s->value),
		       "The Coding provided is not in the value set %s (%s, "
		       "and %s) (codes = %s)",
		       url, url, must, codes);
	else
		report(c, rule, s->at, s->value, url,
		       codes_hint(c, vs, kind, s->value),
		       "None of the codes provided are in the value set %s "
		       "(%s, and %s) (codes = %s)",
		       url, url,
		       required ? "a code from this value set is required"
				: must,
		       codes);
}

/* ---- the check -------------------------------------------------------- */

/* A concept in words only. */
static bool has_no_code(enum coded kind, const struct json *v)
{
	if (json_kind(v) != JSON_OBJECT)
		return false;
	if (kind == CODED_CONCEPT)
		return json_count(json_get(v, "coding")) == 0;
	return kind == CODED_CODING && !json_get(v, "code");
}

/* Does the set list nothing? Then no code is known to be outside of it. */
static bool all_open(const struct profiles *p, const struct value_set *vs)
{
	const struct part *part = rec_at(p, vs->parts);
	for (uint32_t i = 0; i < vs->n; i++) {
		if (part[i].kind != PART_OPEN)
			return false;
	}
	return true;
}

static void check_max(struct check *c, const struct spot *s, enum coded kind,
		      const struct binding *b)
{
	const struct value_set *vs = set_of(c->p, b->max_url, b->max_vs);
	const char *url = text_at(c->p, b->max_url);

	if (!vs || all_open(c->p, vs) || has_no_code(kind, s->value) ||
	    value_in(c->p, vs, kind, s->value) != 0)
		return;
	report(c, RULE_BINDING_MAX, s->at, s->value, url,
	       codes_hint(c, vs, kind, s->value),
	       "None of the codes provided are in the maximum value set %s "
	       "(%s, and a code from this value set is required) (codes = %s)",
	       url, url, codes_text(c, kind, s->value));
}

static void no_code(struct check *c, const struct spot *s,
		    const struct binding *b)
{
	const char *url = text_at(c->p, b->url);
	if (b->strength == BIND_REQUIRED)
		report(c, RULE_BINDING_NO_CODE, s->at, s->value, url, NULL,
		       "No code provided, and a code is required from the "
		       "value set %s (%s)",
		       url, url);
	else
		report(c, RULE_BINDING_EXTENSIBLE, s->at, s->value, url, NULL,
		       "No code provided, and a code should be provided from "
		       "the value set %s (%s)",
		       url, url);
}

/* A required set that is not loaded, or not in full. Single codes are left
 * alone: their open sets are mime types and currencies. */
static void cannot_tell(struct check *c, const struct spot *s, enum coded kind,
			const struct binding *b)
{
	const char *url = text_at(c->p, b->url);
	if (b->strength != BIND_REQUIRED || kind == CODED_SIMPLE)
		return;
	report(c, RULE_BINDING_UNKNOWN, s->at, s->value, url, NULL,
	       "Could not confirm that the codes provided are in the value set "
	       "%s (codes = %s)",
	       url, codes_text(c, kind, s->value));
}

void check_binding(struct check *c, const struct spot *s)
{
	const struct binding *b = rec_at(c->p, s->node->binding);
	enum coded kind = coded_kind(c->p, s->type);

	if (kind == NOT_CODED)
		return;
	if (b->max_url)
		check_max(c, s, kind, b);
	if (b->strength < BIND_EXTENSIBLE || !b->url)
		return;
	if (has_no_code(kind, s->value)) {
		/* a Quantity without a unit is another matter */
		if (kind == CODED_CONCEPT)
			no_code(c, s, b);
		return;
	}
	const struct value_set *vs = set_of(c->p, b->url, b->vs);
	int has = value_in(c->p, vs, kind, s->value);
	if (has == 0)
		not_in(c, s, kind, b, vs);
	else if (has < 0)
		cannot_tell(c, s, kind, b);
}
