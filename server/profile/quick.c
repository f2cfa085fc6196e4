/* SPDX-License-Identifier: Apache-2.0
 *
 * quick.c: the plain invariants without the FHIRPath engine.
 *
 * Most invariants only say which elements go together: "value.empty() or
 * system.exists()", "type = 'display' implies item.empty()". Those are met on
 * nearly every element, so they are recognised when they are first needed and
 * judged straight from the JSON members, without making a collection. The
 * grammar, tightest first:
 *
 *	atom:    path.exists() | path.empty() | ( term ) , each with .not()s
 *	         | name = literal | name != literal | name in (literal | ...)
 *	equal:   atom (= | !=) atom
 *	and, or and xor, implies: left to right
 *
 * Literals are strings, true, false and %ucum. Any other text goes to the
 * engine, and so does an atom whose value is no single string or boolean. What
 * follows the last "or" or "implies" may be anything: what stands before often
 * decides alone. The logic is FHIRPath's, of three values; an element is there
 *as the engine sees it: with a value, or with extensions alone (_name).
 */
#include "profile_int.h"

#include <string.h>

#define NESTED	  16
#define WORDS_MAX 12 /* steps of a path, literals of a list */

enum { NO, YES, EMPTY = -1, UNKNOWN = -2 };

enum op {
	OP_EXISTS,
	OP_IS,
	OP_NOT,
	OP_EQUAL,
	OP_AND,
	OP_OR,
	OP_XOR,
	OP_IMPLIES,
	OP_REST /* what this file cannot read */
};

struct quick {
	enum op op;
	bool same; /* OP_EQUAL: = and not != */
	unsigned n_step, n_literal;
	const char *step[WORDS_MAX];
	const char *literal[WORDS_MAX];
	const struct quick *left, *right;
};

/* ---- reading ---------------------------------------------------------- */

struct reader {
	struct arena *a;
	const char *s;
	unsigned depth;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static void space(struct reader *r)
{
	while (*r->s == ' ')
		r->s++;
}

static bool take(struct reader *r, const char *text)
{
	size_t n = strlen(text);
	space(r);
	if (strncmp(r->s, text, n) != 0 ||
	    (is_word(text[n - 1]) && is_word(r->s[n])))
		return false;
	r->s += n;
	return true;
}

static struct quick *make(struct reader *r, enum op op,
			  const struct quick *left, const struct quick *right)
{
	struct quick *q = arena_alloc(r->a, sizeof(*q));
	q->op = op;
	q->left = left;
	q->right = right;
	return q;
}

static const char *literal(struct reader *r)
{
	space(r);
	if (take(r, "true"))
		return "true";
	if (take(r, "false"))
		return "false";
	if (take(r, "%ucum"))
		return "http://unitsofmeasure.org";
	if (*r->s != '\'')
		return NULL;
	size_t n = strcspn(r->s + 1, "'\\");
	if (r->s[1 + n] != '\'')
		return NULL;
	const char *text = arena_strndup(r->a, r->s + 1, n);
	r->s += n + 2;
	return text;
}

static struct quick *literals(struct reader *r, struct quick *q)
{
	bool many = take(r, "in");

	if (many && !take(r, "("))
		return NULL;
	do {
		const char *s = literal(r);
		if (!s || q->n_literal == WORDS_MAX)
			return NULL;
		q->literal[q->n_literal++] = s;
	} while (many && take(r, "|"));
	return !many || take(r, ")") ? q : NULL;
}

static struct quick *negated(struct reader *r, struct quick *q)
{
	return q ? make(r, OP_NOT, q, NULL) : NULL;
}

static struct quick *path(struct reader *r)
{
	struct quick *q = make(r, OP_EXISTS, NULL, NULL);

	for (;;) {
		size_t n = 0;
		while (is_word(r->s[n]))
			n++;
		if (*r->s < 'a' || *r->s > 'z' || r->s[n] == '(' ||
		    q->n_step == WORDS_MAX)
			return NULL;
		q->step[q->n_step++] = arena_strndup(r->a, r->s, n);
		r->s += n;
		if (take(r, ".exists()"))
			return q;
		if (take(r, ".empty()"))
			return negated(r, q);
		if (*r->s != '.')
			break;
		r->s++;
	}
	if (q->n_step > 1)
		return NULL;
	q->op = OP_IS;
	space(r);
	if (take(r, "!="))
		return negated(r, literals(r, q));
	if (take(r, "=") || strncmp(r->s, "in ", 3) == 0)
		return literals(r, q);
	return NULL;
}

static struct quick *term(struct reader *r);

static struct quick *atom(struct reader *r)
{
	struct quick *q;

	space(r);
	if (take(r, "(")) {
		if (r->depth++ >= NESTED)
			return NULL;
		q = term(r);
		r->depth--;
		if (!take(r, ")"))
			return NULL;
	} else {
		q = path(r);
	}
	while (q && take(r, ".not()"))
		q = negated(r, q);
	return q && *r->s != '.' ? q : NULL;
}

static struct quick *equal(struct reader *r)
{
	struct quick *q = atom(r);
	bool same = q && take(r, "=");

	if (!same && !(q && take(r, "!=")))
		return q;
	struct quick *right = atom(r);
	if (!right)
		return NULL;
	q = make(r, OP_EQUAL, q, right);
	q->same = same;
	return q;
}

static struct quick *both(struct reader *r)
{
	struct quick *q = equal(r);
	while (q && take(r, "and")) {
		struct quick *right = equal(r);
		q = right ? make(r, OP_AND, q, right) : NULL;
	}
	return q;
}

/* Anything up to the end, if nothing there binds more loosely. */
static struct quick *rest(struct reader *r, const char *from)
{
	if (r->depth > 0 || strstr(from, "implies") || strstr(from, "xor"))
		return NULL;
	r->s = from + strlen(from);
	return make(r, OP_REST, NULL, NULL);
}

static struct quick *either(struct reader *r)
{
	struct quick *q = both(r);
	for (;;) {
		enum op op = q && take(r, "or") ? OP_OR : OP_XOR;
		if (!q || (op == OP_XOR && !take(r, "xor")))
			return q;
		const char *from = r->s;
		struct quick *right = both(r);
		if (!right && op == OP_OR)
			right = rest(r, from);
		q = right ? make(r, op, q, right) : NULL;
	}
}

static struct quick *term(struct reader *r)
{
	struct quick *q = either(r);
	while (q && take(r, "implies")) {
		const char *from = r->s;
		struct quick *right = either(r);
		if (!right)
			right = rest(r, from);
		q = right ? make(r, OP_IMPLIES, q, right) : NULL;
	}
	return q;
}

const struct quick *quick_compile(struct arena *a, const char *text)
{
	struct reader r = {.a = a, .s = text};
	struct quick *q = term(&r);
	space(&r);
	return *r.s == '\0' ? q : NULL;
}

/* ---- what is there ------------------------------------------------------ */

struct scope {
	const struct fp_model *model;
	struct fp_type type;
	const struct json *object;
};

static bool has_value(const struct json *v)
{
	if (json_kind(v) != JSON_ARRAY)
		return json_kind(v) != JSON_NULL;
	for (v = json_first(v); v; v = json_next(v)) {
		if (json_kind(v) != JSON_NULL)
			return true;
	}
	return false;
}

/* Is this member the element, or one of its choices? */
static bool is_of(const struct scope *in, const char *name, const char *step,
		  size_t n)
{
	struct fp_type ignored;

	if (strncmp(name, step, n) != 0)
		return false;
	if (name[n] == '\0')
		return true;
	return name[n] >= 'A' && name[n] <= 'Z' &&
	       in->model->element(in->model->set, in->type, step, &ignored) ==
		   FP_CHOICE;
}

static bool exists(const struct scope *in, const char *const *step, unsigned n);

static bool exists_in(const struct scope *in, const struct json *m,
		      const char *const *step, unsigned n)
{
	struct scope inner = {.model = in->model};
	const char *name = json_name(m);

	if (!in->model->member(in->model->set, in->type, name, &inner.type))
		return false;
	bool list = json_kind(m) == JSON_ARRAY;
	for (m = list ? json_first(m) : m; m; m = list ? json_next(m) : NULL) {
		if (json_kind(m) != JSON_OBJECT)
			continue;
		inner.object = m;
		if (json_get(m, "resourceType"))
			inner.type = in->model->resource(in->model->set, m);
		if (exists(&inner, step, n))
			return true;
	}
	return false;
}

static bool exists(const struct scope *in, const char *const *step, unsigned n)
{
	size_t len = strlen(step[0]);

	for (const struct json *m = json_first(in->object); m;
	     m = json_next(m)) {
		const char *name = json_name(m);
		bool companion = name[0] == '_';
		if (name[companion] != step[0][0] ||
		    !is_of(in, name + companion, step[0], len))
			continue;
		if (n == 1 ? has_value(m)
			   : !companion && exists_in(in, m, step + 1, n - 1))
			return true;
	}
	return false;
}

/* ---- judging ------------------------------------------------------------ */

static int is_literal(const struct quick *q, const struct scope *in)
{
	const struct json *v = json_get(in->object, q->step[0]);
	const char *text = v ? json_text(v) : NULL;

	if (!exists(in, q->step, 1))
		return EMPTY;
	if (!text || json_kind(v) == JSON_NULL || json_kind(v) == JSON_NUMBER)
		return UNKNOWN;
	bool boolean = json_kind(v) != JSON_STRING;
	for (unsigned i = 0; i < q->n_literal; i++) {
		const char *s = q->literal[i];
		bool word = strcmp(s, "true") == 0 || strcmp(s, "false") == 0;
		if (word != boolean)
			return UNKNOWN;
		if (strcmp(s, text) == 0)
			return YES;
	}
	return NO;
}

static int join(const struct quick *q, int x, int y)
{
	switch (q->op) {
	case OP_AND:
		if (x == NO || y == NO)
			return NO;
		return x == YES && y == YES ? YES : EMPTY;
	case OP_OR:
		if (x == YES || y == YES)
			return YES;
		return x == NO && y == NO ? NO : EMPTY;
	case OP_IMPLIES:
		if (x == NO || y == YES)
			return YES;
		return x == YES && y == NO ? NO : EMPTY;
	default:
		if (x == EMPTY || y == EMPTY)
			return EMPTY;
		return (x == y) == (q->op == OP_EQUAL && q->same) ? YES : NO;
	}
}

/* What the left side alone decides. */
static bool decides(const struct quick *q, int x)
{
	return (q->op == OP_AND && x == NO) || (q->op == OP_OR && x == YES) ||
	       (q->op == OP_IMPLIES && x == NO);
}

static int eval(const struct quick *q, const struct scope *in)
{
	if (q->op == OP_EXISTS)
		return exists(in, q->step, q->n_step) ? YES : NO;
	if (q->op == OP_IS)
		return is_literal(q, in);
	if (q->op == OP_REST)
		return UNKNOWN;
	int x = eval(q->left, in);
	if (x == UNKNOWN)
		return UNKNOWN;
	if (q->op == OP_NOT)
		return x == EMPTY ? EMPTY : !x;
	int y = decides(q, x) ? x : eval(q->right, in);
	return y == UNKNOWN ? UNKNOWN : join(q, x, y);
}

int quick_holds(const struct quick *q, const struct fp_model *model,
		const struct fp_item *focus)
{
	const struct scope in = {model, focus->type, focus->u.node.value};

	if (!in.object || json_kind(in.object) != JSON_OBJECT)
		return -1;
	int x = eval(q, &in);
	return x == UNKNOWN ? -1 : x == YES;
}
