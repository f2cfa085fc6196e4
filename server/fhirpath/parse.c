/* SPDX-License-Identifier: Apache-2.0
 *
 * parse: from text to tree.
 *
 * A Pratt parser: one table says of every operator how tightly it binds and
 * what node it makes; parse_expression(level) reads an operand and then
 * operators that bind at least that tightly. All operators lean to the left.
 *
 * Whatever can be done once is done here: literals become values, function
 * names become rows of the tables with the number of arguments checked, the
 * names of types are known as such, a path step knows its companion's name.
 * Evaluating allocates nothing for the tree.
 *
 * Limits: FP_TEXT bytes; FP_DEPTH levels of nesting (brackets, arguments,
 * signs); TREE_DEPTH links of a chain like a.b.c or a or b or c, which cost
 * no nesting here but do when they are evaluated.
 *
 * FHIRPath N1, section 6.7 (precedence) and its grammar.
 */
#include "fhirpath/fhirpath_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH 1000
#define ARGS_MAX   64

enum level {
	LOWEST = 1,
	IMPLIES = 1,
	OR,
	AND,
	MEMBERSHIP,
	EQUALITY,
	INEQUALITY,
	UNION,
	TYPE,
	ADDITIVE,
	MULTIPLICATIVE,
	SIGN,
	INDEXER,
	INVOCATION
};

static const struct binary {
	const char *text;
	enum level level;
	enum node_kind kind;
} operators[] = {
    {"implies", IMPLIES, N_IMPLIES},
    {"or", OR, N_OR},
    {"xor", OR, N_XOR},
    {"and", AND, N_AND},
    {"in", MEMBERSHIP, N_IN},
    {"contains", MEMBERSHIP, N_CONTAINS},
    {"=", EQUALITY, N_EQUAL},
    {"!=", EQUALITY, N_UNEQUAL},
    {"~", EQUALITY, N_ALIKE},
    {"!~", EQUALITY, N_UNALIKE},
    {"<", INEQUALITY, N_LESS},
    {">", INEQUALITY, N_GREATER},
    {"<=", INEQUALITY, N_NOT_GREATER},
    {">=", INEQUALITY, N_NOT_LESS},
    {"|", UNION, N_UNION},
    {"is", TYPE, N_IS},
    {"as", TYPE, N_AS},
    {"+", ADDITIVE, N_ADD},
    {"-", ADDITIVE, N_SUBTRACT},
    {"&", ADDITIVE, N_CONCAT},
    {"*", MULTIPLICATIVE, N_MULTIPLY},
    {"/", MULTIPLICATIVE, N_DIVIDE},
    {"div", MULTIPLICATIVE, N_DIV},
    {"mod", MULTIPLICATIVE, N_MOD},
    {"[", INDEXER, N_ITEM},
    {".", INVOCATION, N_STEP},
};

/* Functions whose argument is the name of a type. */
static const char *const of_type[] = {"is", "as", "ofType"};

/* Functions whose answer depends on the order of their input. */
static const char *const of_order[] = {"first", "last", "tail", "skip", "take"};

struct parser {
	struct lexer lex;
	unsigned nesting;
};

static struct node *parse_expression(struct parser *p, enum level level);

/* ---- small things ------------------------------------------------ */

static struct node *refuse(struct parser *p, unsigned offset, const char *what)
{
	(void)lex_refuse(p->lex.text, p->lex.e, offset, "%s", what);
	return NULL;
}

static const char *shown(struct parser *p)
{
	const struct token *t = &p->lex.now;

	if (t->kind == TOK_END)
		return "the end";
	return arena_printf(p->lex.arena, "'%.*s'",
			    (int)(t->n < 40 ? t->n : 40), t->p);
}

static struct node *expected(struct parser *p, const char *what)
{
	(void)lex_refuse(p->lex.text, p->lex.e, p->lex.now.offset,
			 "expected %s but found %s", what, shown(p));
	return NULL;
}

static bool is_symbol(const struct parser *p, const char *s)
{
	return p->lex.now.kind == TOK_SYMBOL && lex_is(&p->lex, s);
}

/* Moves over a symbol that must be there. */
static bool skip(struct parser *p, const char *s)
{
	if (!is_symbol(p, s)) {
		(void)expected(p, arena_printf(p->lex.arena, "'%s'", s));
		return false;
	}
	return lex_next(&p->lex);
}

static bool among(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

static unsigned depth_of(const struct node *n)
{
	return n ? n->depth : 0;
}

/* NULL when the tree gets too deep. */
static struct node *make(struct parser *p, enum node_kind kind, unsigned offset,
			 const struct node *left, const struct node *right)
{
	struct node *n = arena_alloc(p->lex.arena, sizeof(*n));
	const unsigned l = depth_of(left), r = depth_of(right);

	*n = (struct node){.kind = kind,
			   .offset = offset,
			   .depth = 1 + (l > r ? l : r),
			   .left = left,
			   .right = right};
	if (n->depth > TREE_DEPTH)
		return refuse(p, offset, "the expression is too long a chain");
	return n;
}

static struct node *literal(struct parser *p, unsigned offset,
			    struct fp_item value)
{
	struct node *n = make(p, N_LITERAL, offset, NULL, NULL);

	if (n)
		n->u.literal = value;
	return n;
}

/* ---- literals ---------------------------------------------------- */

static struct fp_item decimal_item(struct parser *p, struct fp_decimal d)
{
	struct fp_decimal *v = arena_alloc(p->lex.arena, sizeof(*v));

	*v = d;
	return (struct fp_item){.kind = FP_DECIMAL, .u.decimal = v};
}

static bool number_value(struct parser *p, const struct token *t,
			 struct fp_item *out)
{
	const bool is_long = t->p[t->n - 1] == 'L';
	const size_t n = t->n - is_long;
	struct fp_decimal d;

	if (!decimal_parse(t->p, n, &d))
		return lex_refuse(p->lex.text, p->lex.e, t->offset,
				  "a number has at most %d digits",
				  DECIMAL_DIGITS);
	if (memchr(t->p, '.', n) || d.n > INT64_MAX) {
		*out = decimal_item(p, d);
		return true;
	}
	*out = (struct fp_item){.kind = is_long || d.n > INT32_MAX ? FP_LONG
								   : FP_INTEGER,
				.u.integer = (int64_t)d.n};
	return true;
}

static bool is_calendar_word(const struct token *t)
{
	static const char *const units[] = {
	    "year",   "years",	 "month",	"months",
	    "week",   "weeks",	 "day",		"days",
	    "hour",   "hours",	 "minute",	"minutes",
	    "second", "seconds", "millisecond", "milliseconds"};

	return t->kind == TOK_NAME && among(t->p, units, LEN(units));
}

static struct node *parse_quantity(struct parser *p, const struct token *number)
{
	const struct token *unit = &p->lex.now;
	const bool word = unit->kind == TOK_NAME;
	struct fp_quantity *q = arena_alloc(p->lex.arena, sizeof(*q));
	const char *text = arena_printf(
	    p->lex.arena, word ? "%s %s" : "%s '%s'", number->p, unit->p);

	if (!quantity_read(p->lex.arena, text, strlen(text), q))
		return refuse(p, number->offset, "this is no quantity");
	if (!lex_next(&p->lex))
		return NULL;
	return literal(p, number->offset,
		       (struct fp_item){.kind = FP_QUANTITY, .u.quantity = q});
}

static struct node *parse_number(struct parser *p)
{
	const struct token number = p->lex.now;
	struct fp_item value;

	if (!lex_next(&p->lex))
		return NULL;
	if (p->lex.now.kind == TOK_STRING || is_calendar_word(&p->lex.now))
		return parse_quantity(p, &number);
	if (!number_value(p, &number, &value))
		return NULL;
	return literal(p, number.offset, value);
}

static struct node *parse_time(struct parser *p)
{
	const struct token t = p->lex.now;
	const char *mark = memchr(t.p, 'T', t.n);
	struct fp_time *v = arena_alloc(p->lex.arena, sizeof(*v));
	enum fp_kind kind = FP_DATE;
	size_t n = t.n;

	if (mark == t.p)
		kind = FP_TIME;
	else if (mark)
		kind = FP_DATETIME;
	if (mark && mark == t.p + t.n - 1)
		n--; /* @2015T: a dateTime of which the year is known */
	if (!time_read(t.p, n, kind, v))
		return refuse(p, t.offset, "there is no such date or time");
	if (!lex_next(&p->lex))
		return NULL;
	return literal(p, t.offset,
		       (struct fp_item){.kind = kind, .u.time = v});
}

static struct node *parse_string(struct parser *p)
{
	const struct token t = p->lex.now;

	if (!lex_next(&p->lex))
		return NULL;
	return literal(
	    p, t.offset,
	    (struct fp_item){.kind = FP_STRING, .u.string = {t.p, t.n}});
}

/* ---- types ------------------------------------------------------- */

static enum fp_kind system_kind(const char *name)
{
	static const struct {
		const char *name;
		enum fp_kind kind;
	} kinds[] = {{"Boolean", FP_BOOLEAN},	{"Integer", FP_INTEGER},
		     {"Long", FP_LONG},		{"Decimal", FP_DECIMAL},
		     {"String", FP_STRING},	{"Date", FP_DATE},
		     {"DateTime", FP_DATETIME}, {"Time", FP_TIME},
		     {"Quantity", FP_QUANTITY}};

	for (size_t i = 0; i < LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return FP_NODE;
}

static bool is_word(const struct parser *p)
{
	return p->lex.now.kind == TOK_NAME ||
	       p->lex.now.kind == TOK_DELIMITED ||
	       p->lex.now.kind == TOK_STRING;
}

/* [space .] name */
static struct node *parse_type(struct parser *p)
{
	struct node *n = make(p, N_TYPE, p->lex.now.offset, NULL, NULL);
	const char *name = p->lex.now.p, *space = NULL;

	if (!n)
		return NULL;
	if (!is_word(p))
		return expected(p, "the name of a type");
	if (!lex_next(&p->lex))
		return NULL;
	if (is_symbol(p, ".")) {
		if (!lex_next(&p->lex))
			return NULL;
		if (!is_word(p))
			return expected(p, "the name of a type");
		space = name;
		name = p->lex.now.p;
		if (!lex_next(&p->lex))
			return NULL;
	}
	if (space && strcmp(space, "System") != 0 && strcmp(space, "FHIR") != 0)
		return refuse(p, n->offset,
			      "types are in System or FHIR, nowhere else");
	n->u.type.name = name;
	n->u.type.space = !space	  ? SPACE_ANY
			  : *space == 'S' ? SPACE_SYSTEM
					  : SPACE_FHIR;
	if (n->u.type.space != SPACE_FHIR)
		n->u.type.system = system_kind(name);
	n->u.type.cache = arena_alloc(p->lex.arena, sizeof(struct type_cache));
	return n;
}

/* ---- paths and functions ----------------------------------------- */

static struct node *make_step(struct parser *p, const struct node *left,
			      const struct token *name)
{
	struct node *n = make(p, N_STEP, name->offset, left, NULL);

	if (!n)
		return NULL;
	n->u.step.name = name->p;
	n->u.step.n = name->n;
	n->u.step.companion = arena_printf(p->lex.arena, "_%s", name->p);
	n->u.step.type_like = !left && isupper((unsigned char)*name->p);
	n->u.step.cache = arena_alloc(p->lex.arena, sizeof(struct step_cache));
	return n;
}

static struct node *parse_argument(struct parser *p, const char *function)
{
	struct node *n;

	if (among(function, of_type, LEN(of_type)))
		return parse_type(p);
	n = parse_expression(p, LOWEST);
	if (!n || strcmp(function, "sort") != 0)
		return n;
	n->descends = lex_is(&p->lex, "desc");
	if ((n->descends || lex_is(&p->lex, "asc")) && !lex_next(&p->lex))
		return NULL;
	return n;
}

/* argument {"," argument} ")" */
static bool parse_arguments(struct parser *p, struct node *call)
{
	const struct node *arg[ARGS_MAX];
	struct call *c = &call->u.call.call;

	while (!is_symbol(p, ")")) {
		if (c->n == ARGS_MAX)
			return refuse(p, p->lex.now.offset,
				      "too many arguments") != NULL;
		if (c->n > 0 && !skip(p, ","))
			return false;
		arg[c->n] = parse_argument(p, c->name);
		if (!arg[c->n])
			return false;
		if (arg[c->n]->depth >= call->depth)
			call->depth = arg[c->n]->depth + 1;
		c->n++;
	}
	c->arg = arena_alloc(p->lex.arena, (c->n + 1) * sizeof(*c->arg));
	if (c->n > 0)
		memcpy((void *)c->arg, arg, c->n * sizeof(*c->arg));
	return lex_next(&p->lex);
}

static struct node *unknown_function(struct parser *p, const struct token *name)
{
	const char *near = function_nearest(name->p);

	(void)lex_refuse(p->lex.text, p->lex.e, name->offset,
			 near ? "there is no function %.60s(); did you mean "
				"%s()?"
			      : "there is no function %.60s()",
			 name->p, near);
	return NULL;
}

static struct node *wrong_count(struct parser *p, const struct token *name,
				const struct function *f)
{
	if (f->min_args == f->max_args)
		(void)lex_refuse(p->lex.text, p->lex.e, name->offset,
				 "%s() takes %d argument%s", f->name,
				 f->min_args, f->min_args == 1 ? "" : "s");
	else
		(void)lex_refuse(p->lex.text, p->lex.e, name->offset,
				 "%s() takes %d to %d arguments", f->name,
				 f->min_args, f->max_args);
	return NULL;
}

/* The current token is the opening bracket. */
static struct node *parse_call(struct parser *p, const struct node *left,
			       const struct token *name)
{
	const struct function *f = function_find(name->p);
	struct node *n;
	struct call *c;

	if (!f)
		return unknown_function(p, name);
	n = make(p, N_CALL, name->offset, left, NULL);
	if (!n || !lex_next(&p->lex))
		return NULL;
	c = &n->u.call.call;
	c->name = f->name;
	c->offset = name->offset;
	n->u.call.fn = f->fn;
	n->u.call.ordered = among(f->name, of_order, LEN(of_order));
	if (!parse_arguments(p, n))
		return NULL;
	if ((int)c->n < f->min_args || (int)c->n > f->max_args)
		return wrong_count(p, name, f);
	n->u.call.truth = truth_find(f->name);
	return n->depth > TREE_DEPTH
		   ? refuse(p, n->offset, "the expression is too long a chain")
		   : n;
}

/* name | name "(" ... */
static struct node *parse_invocation(struct parser *p, const struct node *left)
{
	const struct token name = p->lex.now;

	if (!lex_next(&p->lex))
		return NULL;
	if (name.kind != TOK_STRING && is_symbol(p, "("))
		return parse_call(p, left, &name);
	return make_step(p, left, &name);
}

/* Behind a dot. */
static struct node *parse_member(struct parser *p, struct node *left)
{
	if (is_word(p) && !(p->lex.now.kind == TOK_STRING &&
			    p->lex.text[p->lex.now.offset] == '\''))
		return parse_invocation(p, left);
	return expected(p, "a name");
}

/* ---- what begins an operand -------------------------------------- */

/* $this, $index, $total */
static struct node *parse_special(struct parser *p)
{
	static const struct {
		const char *name;
		enum node_kind kind;
	} special[] = {
	    {"this", N_THIS}, {"index", N_INDEX}, {"total", N_TOTAL}};
	const unsigned offset = p->lex.now.offset;

	if (!lex_next(&p->lex))
		return NULL;
	for (size_t i = 0; i < LEN(special); i++)
		if (lex_is(&p->lex, special[i].name))
			return lex_next(&p->lex) ? make(p, special[i].kind,
							offset, NULL, NULL)
						 : NULL;
	return refuse(p, offset, "there are $this, $index and $total alone");
}

/* %name, %`name`, %'name'; %vs-name and %ext-name may have their hyphens bare
 */
static struct node *parse_variable(struct parser *p)
{
	const unsigned offset = p->lex.now.offset;
	const char *name;
	struct node *n;

	if (!lex_next(&p->lex))
		return NULL;
	if (!is_word(p))
		return expected(p, "the name of a variable");
	name = p->lex.now.p;
	if (p->lex.now.kind == TOK_NAME && *p->lex.p == '-' &&
	    (strcmp(name, "vs") == 0 || strcmp(name, "ext") == 0)) {
		const char *from = p->lex.p;

		while (isalnum((unsigned char)*p->lex.p) ||
		       (*p->lex.p && strchr("-_.", *p->lex.p)))
			p->lex.p++;
		name = arena_printf(p->lex.arena, "%s%.*s", name,
				    (int)(p->lex.p - from), from);
	}
	if (!lex_next(&p->lex))
		return NULL;
	n = make(p, N_VARIABLE, offset, NULL, NULL);
	if (n) {
		n->u.variable.name = name;
		n->u.variable.n = strlen(name);
	}
	return n;
}

static struct node *parse_bracket(struct parser *p)
{
	struct node *n;

	if (!lex_next(&p->lex))
		return NULL;
	n = parse_expression(p, LOWEST);
	return n && skip(p, ")") ? n : NULL;
}

static struct node *parse_sign(struct parser *p)
{
	const enum node_kind kind = is_symbol(p, "-") ? N_MINUS : N_PLUS;
	const unsigned offset = p->lex.now.offset;
	struct node *n;

	if (!lex_next(&p->lex))
		return NULL;
	n = parse_expression(p, SIGN);
	return n ? make(p, kind, offset, n, NULL) : NULL;
}

static struct node *parse_symbol(struct parser *p)
{
	const unsigned offset = p->lex.now.offset;

	switch (*p->lex.now.p) {
	case '(': return parse_bracket(p);
	case '+':
	case '-': return parse_sign(p);
	case '$': return parse_special(p);
	case '%': return parse_variable(p);
	case '{':
		if (!lex_next(&p->lex) || !skip(p, "}"))
			return NULL;
		return make(p, N_EMPTY, offset, NULL, NULL);
	default: return expected(p, "an operand");
	}
}

static struct node *parse_name(struct parser *p)
{
	static const char *const operator_only[] = {"and",     "or",  "xor",
						    "implies", "div", "mod"};
	const struct token t = p->lex.now;
	const bool yes = lex_is(&p->lex, "true");

	if (among(t.p, operator_only, LEN(operator_only)))
		return expected(p, "an operand");
	if (!yes && !lex_is(&p->lex, "false"))
		return parse_invocation(p, NULL);
	if (!lex_next(&p->lex))
		return NULL;
	return literal(p, t.offset,
		       (struct fp_item){.kind = FP_BOOLEAN, .u.boolean = yes});
}

static struct node *parse_operand(struct parser *p)
{
	switch (p->lex.now.kind) {
	case TOK_NAME: return parse_name(p);
	case TOK_DELIMITED: return parse_invocation(p, NULL);
	case TOK_STRING: return parse_string(p);
	case TOK_NUMBER: return parse_number(p);
	case TOK_TIME: return parse_time(p);
	case TOK_SYMBOL: return parse_symbol(p);
	case TOK_END: break;
	}
	return expected(p, "an operand");
}

/* ---- operators --------------------------------------------------- */

static const struct binary *current_operator(const struct parser *p)
{
	for (size_t i = 0; i < LEN(operators); i++)
		if (lex_is(&p->lex, operators[i].text))
			return &operators[i];
	return NULL;
}

/* The current token is behind the operator. */
static struct node *parse_rest(struct parser *p, const struct binary *op,
			       unsigned offset, struct node *left)
{
	struct node *right;

	if (op->kind == N_STEP)
		return parse_member(p, left);
	if (op->kind == N_IS || op->kind == N_AS)
		right = parse_type(p);
	else if (op->kind == N_ITEM)
		right = parse_expression(p, LOWEST);
	else
		right = parse_expression(p, op->level + 1);
	if (!right || (op->kind == N_ITEM && !skip(p, "]")))
		return NULL;
	return make(p, op->kind, offset, left, right);
}

static struct node *parse_expression(struct parser *p, enum level level)
{
	const struct binary *op;
	struct node *left;

	if (++p->nesting > FP_DEPTH)
		return refuse(p, p->lex.now.offset,
			      "the expression is nested too deeply");
	left = parse_operand(p);
	while (left && (op = current_operator(p)) && op->level >= level) {
		const unsigned offset = p->lex.now.offset;

		left =
		    lex_next(&p->lex) ? parse_rest(p, op, offset, left) : NULL;
	}
	p->nesting--;
	return left;
}

/* ---- the door ---------------------------------------------------- */

static bool text_ok(const char *text, struct err *e)
{
	const size_t n = strlen(text);
	size_t i = 0, step = 1;

	if (n > FP_TEXT)
		return lex_refuse(
		    "", e, 0, "an expression has at most %d bytes", FP_TEXT);
	for (; i < n && step > 0; i += step)
		step = utf8_char(text + i, n - i);
	return step > 0 ||
	       lex_refuse(text, e, (unsigned)i, "these bytes are no UTF-8");
}

struct fp_expr *fp_compile(struct arena *a, const char *text, struct err *e)
{
	struct parser p = {.lex = {.arena = a, .e = e}};
	struct fp_expr *x;
	struct node *root;

	if (!text_ok(text, e))
		return NULL;
	x = arena_alloc(a, sizeof(*x));
	x->text = p.lex.text = p.lex.p = arena_strdup(a, text);
	if (!lex_next(&p.lex))
		return NULL;
	root = parse_expression(&p, LOWEST);
	if (root && p.lex.now.kind != TOK_END)
		root = expected(&p, "an operator or the end");
	x->root = root;
	return root ? x : NULL;
}

void fp_explain(struct buf *out, const char *text, const struct err *e)
{
	const char *line = text;
	size_t n;

	for (unsigned i = 1; i < e->line && strchr(line, '\n'); i++)
		line = strchr(line, '\n') + 1;
	n = strcspn(line, "\n");
	buf_add(out, line, n);
	buf_putc(out, '\n');
	for (unsigned i = 1; i < e->column && n > 0; n--, line++) {
		/* once for a character of several bytes */
		i += ((unsigned char)line[1] & 0xc0) != 0x80;
		if (((unsigned char)*line & 0xc0) != 0x80)
			buf_putc(out, *line == '\t' ? '\t' : ' ');
	}
	buf_printf(out, "^\n%s\n", e->text);
}
