/* SPDX-License-Identifier: Apache-2.0
 *
 * value_binding.c: codes against value sets. A required binding makes an error,
 * an extensible one a warning. Of a required one a code of which it cannot be
 * told whether it is in the set makes a warning that says why. A code that is
 * refused by a grammar alone (a language, a mime type, a currency, a unit) is
 * an error for today's validator only: that of 2018 did not know them. Nor did
 * that mind a Coding without system, whose code then may be any of the set's.
 * FHIR R4 4.1.5; texts of the HL7 validator of 2018.
 */
#include "term_int.h"

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

/* What a code is compared with. */
struct bound {
	const char *url;
	const struct value_set *vs; /* NULL: it is not loaded */
	enum grammar grammar;	    /* of a set that is known by its URL */
};

/* The value set now: a later definition of the same URL counts. */
static struct bound set_of(const struct profiles *p, ref url, ref vs)
{
	struct bound set = {.url = text_at(p, url)};
	if (p->vs_override || !vs)
		vs = find_vs(p, set.url);
	if (vs)
		set.vs = rec_at(p, vs);
	else
		set.grammar = grammar_of_set(set.url);
	return set;
}

/* ---- membership ------------------------------------------------------- */

struct asked {
	const struct profiles *p;
	struct bound set;
	bool strict; /* a Coding without system is in no set */
};

static int code_in(const struct asked *q, const char *system, const char *code)
{
	if (q->set.grammar)
		return grammar_has(q->set.grammar, code);
	return q->set.vs ? value_set_has(q->p, q->set.vs, system, code) : -1;
}

static int coding_in(const struct asked *q, const struct json *coding)
{
	const char *code = json_get_text(coding, "code");
	const char *system = json_get_text(coding, "system");
	if (!code || (!system && q->strict))
		return 0;
	return code_in(q, system, code);
}

static int concept_in(const struct asked *q, const struct json *concept)
{
	const struct json *v = json_first(json_get(concept, "coding"));
	int result = 0;
	for (; v; v = json_next(v)) {
		int has = coding_in(q, v);
		if (has == 1)
			return 1;
		if (has < 0)
			result = -1;
	}
	return result;
}

/* 1 in the set, 0 not, -1 cannot be told. */
static int value_in(const struct asked *q, enum coded kind,
		    const struct json *v)
{
	if (kind == NOT_CODED || (!q->set.vs && !q->set.grammar))
		return -1;
	if (kind == CODED_SIMPLE)
		return json_kind(v) == JSON_STRING
			   ? code_in(q, NULL, json_text(v))
			   : -1;
	if (json_kind(v) != JSON_OBJECT)
		return -1;
	return kind == CODED_CONCEPT ? concept_in(q, v) : coding_in(q, v);
}

int binding_has(const struct profiles *p, const struct node *n, unsigned type,
		const struct json *v)
{
	const struct binding *b = rec_at(p, n->binding);
	struct asked q = {.p = p, .set = set_of(p, b->url, b->vs)};
	return value_in(&q, coded_kind(p, type), v);
}

/* Does the set consist of grammars? */
static bool by_grammar(const struct asked *q)
{
	const struct value_set *vs = q->set.vs;
	const struct part *part = vs ? rec_at(q->p, vs->parts) : NULL;

	for (uint32_t i = 0; vs && i < vs->n; i++) {
		if (part[i].kind != PART_GRAMMAR)
			return false;
	}
	return q->set.grammar || (vs && vs->n > 0);
}

/* ---- texts ------------------------------------------------------------ */

static const char *codes_text(struct check *c, enum coded kind,
			      const struct json *v)
{
	struct buf b;
	const struct json *coding = v;

	if (is_quiet(c))
		return "";
	if (kind == CODED_SIMPLE)
		return say(c, "%.100s", json_text(v));
	if (kind == CODED_CONCEPT)
		coding = json_first(json_get(v, "coding"));
	buf_init(&b, c->a);
	for (int i = 0; coding && i < 8; i++) {
		if (i > 0)
			buf_puts(&b, ", ");
		buf_printf(&b, "%.120s#%.80s",
			   text_or_empty(json_get_text(coding, "system")),
			   text_or_empty(json_get_text(coding, "code")));
		coding = kind == CODED_CONCEPT ? json_next(coding) : NULL;
	}
	return b.p;
}

static uint32_t code_count(const struct profiles *p, const struct part *part)
{
	if (part->kind == PART_MAYBE)
		return 0;
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
		if (part[i].kind == PART_OPEN || part[i].kind == PART_GRAMMAR)
			return 0;
		n += code_count(p, &part[i]);
	}
	return n;
}

/* The code of the set that was meant, perhaps. */
struct guess {
	ref system;	  /* the same, but of this system */
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
		for (uint32_t k = 0; k < code_count(c->p, &part[i]); k++) {
			const char *code = code_of(c->p, &part[i], k);
			guess_try(&g, code);
			if (strcmp(code, g.near.word) == 0)
				g.system = part[i].system;
		}
	}
	if (g.system && kind != CODED_SIMPLE)
		return say(c, "write system \"%.200s\": \"%.60s\" is of that",
			   text_at(c->p, g.system), g.near.word);
	if (strlen(g.near.word) < 3) /* of two letters one is half of it */
		g.near.best = NULL;
	const char *best = g.same ? g.same : g.stem ? g.stem : g.near.best;
	return best ? say(c, "did you mean \"%s\"?", best) : NULL;
}

/* "use one of: a, b, c" when the set is small, else the nearest code. Nothing
 * once the list of issues is full: then it would hardly be shown. */
static const char *codes_hint(struct check *c, const struct value_set *vs,
			      enum coded kind, const struct json *v)
{
	const struct part *part = vs ? rec_at(c->p, vs->parts) : NULL;
	size_t n = vs ? total(c->p, vs) : 0;
	struct buf b;

	if (c->dry || c->stop || c->out->n == PROFILE_ISSUES || n == 0 ||
	    n > NEAR_CODES)
		return NULL;
	if (n > SHOWN_CODES) {
		const char *near = near_hint(c, vs, kind, v);
		return near || !strstr(text_at(c->p, vs->url), "/languages")
			   ? near
			   : "write a language tag: \"fi\", \"sv\", \"en\"";
	}
	buf_init(&b, c->a);
	for (uint32_t i = 0; i < vs->n; i++) {
		for (uint32_t k = 0; k < code_count(c->p, &part[i]); k++) {
			buf_puts(&b, b.len > 0 ? ", " : "use one of: ");
			buf_puts(&b, code_of(c->p, &part[i], k));
		}
	}
	return b.p;
}

/* For a language, a mime type and the like: what is wrong with it. */
static const char *refused_hint(struct check *c, const struct asked *q,
				enum coded kind, const struct json *v)
{
	if (!by_grammar(q))
		return codes_hint(c, q->set.vs, kind, v);
	return "correct the code: it does not follow the rules of its system";
}

static void not_in(struct check *c, const struct spot *s, enum coded kind,
		   const struct asked *q, bool required)
{
	const char *url = q->set.url;
	const char *codes = codes_text(c, kind, s->value);
	const char *hint = refused_hint(c, q, kind, s->value);
	enum rule rule = !required	 ? RULE_BINDING_EXTENSIBLE
			 : by_grammar(q) ? RULE_GRAMMAR_CODE
					 : RULE_BINDING;
	const char *must =
	    required ? "a code is required from this value set"
		     : "a code should come from this value set unless "
		       "it has no suitable code";

	if (kind == CODED_SIMPLE)
		report(c, rule, s->at, s->value, url, hint,
		       "The value provided ('%s') is not in the value set %s "
		       "(%s, and %s)",
		       codes, url, url, must);
	else if (kind == CODED_CODING)
		report(c, rule, s->at, s->value, url, hint,
		       "The Coding provided is not in the value set %s (%s, "
		       "and %s) (codes = %s)",
		       url, url, must, codes);
	else
		report(c, rule, s->at, s->value, url, hint,
		       "None of the codes provided are in the value set %s "
		       "(%s, and %s) (codes = %s)",
		       url, url,
		       required ? "a code from this value set is required"
				: must,
		       codes);
}

/* ---- why it cannot be told -------------------------------------------- */

static const char *why_part(struct check *c, const struct part *part,
			    const char *system, const char *code)
{
	const char *own = text_at(c->p, part->system);

	if ((own && system && strcmp(own, system) != 0) ||
	    part_has(c->p, part, code) >= 0)
		return NULL;
	if (part->text)
		return text_at(c->p, part->text);
	return own ? say(c, "the code system %s is not loaded", own)
		   : "one of its code systems is not loaded";
}

static const char *why_coding(struct check *c, const struct asked *q,
			      const char *system, const char *code)
{
	const struct value_set *vs = q->set.vs;
	const struct part *part = rec_at(c->p, vs->parts);
	const char *why = NULL;

	for (uint32_t i = 0; code && i < vs->n && !why; i++)
		why = why_part(c, &part[i], system, code);
	return why;
}

static const char *why_not(struct check *c, const struct asked *q,
			   enum coded kind, const struct json *v)
{
	const char *why = NULL;

	if (!q->set.vs)
		return "the value set is not loaded";
	if (kind == CODED_SIMPLE)
		return why_coding(c, q, NULL, json_text(v));
	if (kind == CODED_CODING)
		return why_coding(c, q, json_get_text(v, "system"),
				  json_get_text(v, "code"));
	v = json_first(json_get(v, "coding"));
	for (; v && !why; v = json_next(v))
		why = why_coding(c, q, json_get_text(v, "system"),
				 json_get_text(v, "code"));
	return why;
}

static void cannot_tell(struct check *c, const struct spot *s, enum coded kind,
			const struct asked *q)
{
	const char *why = c->dry ? NULL : why_not(c, q, kind, s->value);
	report(c, RULE_BINDING_UNKNOWN, s->at, s->value, q->set.url, NULL,
	       "Could not confirm that the codes provided are in the value set "
	       "%s (codes = %s): %s",
	       q->set.url, codes_text(c, kind, s->value),
	       why ? why : "there is no code");
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

/* Codings, none of which has a code: nothing that the rules of 2018 could look
 * up. */
static bool names_no_code(enum coded kind, const struct json *concept)
{
	const struct json *v = json_first(json_get(concept, "coding"));
	if (kind != CODED_CONCEPT)
		return false;
	while (v && !json_get(v, "code"))
		v = json_next(v);
	return !v;
}

/* Does the set list nothing? Then no code is known to be outside of it. */
static bool all_open(const struct asked *q)
{
	const struct value_set *vs = q->set.vs;
	if (q->set.grammar)
		return false;
	const struct part *part = vs ? rec_at(q->p, vs->parts) : NULL;
	for (uint32_t i = 0; vs && i < vs->n; i++) {
		if (part[i].kind != PART_OPEN)
			return false;
	}
	return true;
}

static void check_max(struct check *c, const struct spot *s, enum coded kind,
		      const struct binding *b)
{
	struct asked q = {c->p, set_of(c->p, b->max_url, b->max_vs),
			  c->rules == RULES_CURRENT};
	const char *url = q.set.url;

	bool none = has_no_code(kind, s->value);
	if (none && (c->rules == RULES_KANTA || kind != CODED_CONCEPT))
		return;
	if (!none && (all_open(&q) || value_in(&q, kind, s->value) != 0))
		return;
	enum rule rule = by_grammar(&q) ? RULE_GRAMMAR_CODE : RULE_BINDING_MAX;
	/* today what is recommended has no limit */
	report_as(
	    c,
	    c->rules == RULES_CURRENT && b->strength != BIND_EXTENSIBLE
		? ISSUE_WARNING
		: rule_table[rule].severity[c->rules],
	    rule, s->at, s->value, url, refused_hint(c, &q, kind, s->value),
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

/* R4's vital signs bind the components' values to common units as required;
 * today's validator reads that as extensible, for there are other components
 * (and other values) than quantities. */
static bool is_required(const struct check *c, const struct binding *b)
{
	static const char units[] =
	    "http://hl7.org/fhir/ValueSet/ucum-vitals-common";

	if (b->strength != BIND_REQUIRED)
		return false;
	return c->rules == RULES_KANTA ||
	       strcmp(text_at(c->p, b->url), units) != 0;
}

void check_binding_absent(struct check *c, const struct spot *s)
{
	const struct binding *b = rec_at(c->p, s->node->binding);

	if (c->rules == RULES_CURRENT && b->url && b->strength == BIND_REQUIRED)
		report(c, RULE_BINDING_NO_CODE, s->at, s->companion,
		       text_at(c->p, b->url), "give a code of the value set",
		       "No code provided, and a code is required from the "
		       "value set %s",
		       text_at(c->p, b->url));
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
	struct asked q = {c->p, set_of(c->p, b->url, b->vs),
			  c->rules == RULES_CURRENT};
	int has = value_in(&q, kind, s->value);
	if (has == 0 && !q.strict && names_no_code(kind, s->value))
		has = -1;
	if (has == 0)
		not_in(c, s, kind, &q, is_required(c, b));
	else if (has < 0 && is_required(c, b))
		cannot_tell(c, s, kind, &q);
}
