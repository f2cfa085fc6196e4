/* SPDX-License-Identifier: Apache-2.0
 *
 * ucum: what a unit's code says.
 *
 *	main	  = ["/"] term
 *	term	  = component { ("." | "/") component }
 *	component = "(" term ")" | number | symbol [exponent] | annotation
 *	symbol	  = [prefix] atom	exponent = ["+" | "-"] digits
 *
 * and an annotation, {anything}, may follow a component. A division takes one
 * component: a/b.c is (a/b).c. One pass checks the code and multiplies its
 *atoms to a number times a product of the seven base units; an atom's own
 *definition is such a code again (ucum_units.c). An arbitrary unit ([iU]) and a
 *scale of its own (pH) are commensurable with themselves alone: each leaves its
 *mark, a sum of random numbers, one for an atom, so that marks are equal when
 *the atoms are. A zero of its own (Cel, [degF]) counts where the unit stands
 * alone; within J/Cel it is a difference.
 *
 * Depth of parentheses is bounded, powers are cut at a size that no unit needs;
 * the cost is linear in the code. The case-sensitive form only.
 *
 * UCUM 2.1, sections 2 and 4; annotations may hold blanks, as is often met.
 */
#include "fhirpath/value_int.h"

#include <string.h>

#define PARENTHESES  20
#define DEFINITIONS  12 /* of definitions: table rows have at most 6 */
#define EXPONENT_MAX 60
#define CODE_MAX     1000
#define SCALE_MAX    5000 /* powers of ten of a long double */

struct code {
	const char *p;	   /* reads here */
	const char *wrong; /* the first character that is wrong */
	int depth;
	int definitions;
	bool grammar; /* only: nothing is worked out */
};

static bool wrong(struct code *c, const char *at)
{
	if (!c->wrong)
		c->wrong = at;
	return false;
}

/* ---- products ---------------------------------------------------- */

/* Powers of ten go into e10 before m can overflow or vanish. */
static void normalize(struct ucum *u)
{
	for (; u->m >= 1e18L; u->e10++)
		u->m /= 10;
	for (; u->m < 1e-18L; u->e10--)
		u->m *= 10;
}

static void multiply(struct ucum *to, const struct ucum *by, int exponent)
{
	int times = exponent < 0 ? -exponent : exponent;

	for (int i = 0; i < times; i++) {
		to->m = exponent < 0 ? to->m / by->m : to->m * by->m;
		normalize(to);
	}
	to->e10 += exponent * by->e10;
	to->mark += (uint32_t)exponent * by->mark;
	for (int i = 0; i < UCUM_BASES; i++)
		to->dim[i] = (signed char)(to->dim[i] + exponent * by->dim[i]);
}

long double ucum_scaled(long double v, int e10)
{
	int times = e10 < 0 ? -e10 : e10;

	for (times = times > SCALE_MAX ? SCALE_MAX : times; times > 0; times--)
		v = e10 < 0 ? v / 10 : v * 10;
	return v;
}

static const struct ucum one_unit = {.m = 1};

/* ---- symbols ----------------------------------------------------- */

static bool read_main(struct code *c, struct ucum *out);

static uint32_t mark_of(const struct ucum_atom *atom)
{
	return hash_text(atom->code) | 1;
}

static bool define(struct code *c, const struct ucum_atom *atom,
		   struct ucum *out)
{
	struct code inner = {.p = atom->unit,
			     .definitions = c->definitions + 1};

	*out = one_unit;
	if (c->grammar)
		return true;
	if (atom->flags & UCUM_BASE) {
		out->dim[atom->m] = 1;
		return true;
	}
	if (atom->flags & UCUM_OWN) {
		out->mark = mark_of(atom);
		return true;
	}
	if (inner.definitions > DEFINITIONS)
		return false;
	if (atom->unit && !read_main(&inner, out))
		return false;
	out->m *= (long double)atom->m;
	out->e10 += atom->e10;
	normalize(out);
	if (atom->zero)
		out->offset = ucum_scaled(out->m * atom->zero, out->e10 - 2);
	return true;
}

/* The atom alone, or behind a prefix: the longest atom wins, so that cd is
 * candela and not a hundredth of a day. */
static const struct ucum_atom *find_symbol(const char *s, size_t n,
					   const struct ucum_prefix **prefix)
{
	const struct ucum_atom *atom = ucum_atom(s, n);

	*prefix = NULL;
	if (atom)
		return atom;
	for (size_t i = 0; (*prefix = ucum_prefix(i)); i++) {
		size_t skip = strlen((*prefix)->code);

		if (skip >= n || memcmp(s, (*prefix)->code, skip) != 0)
			continue;
		atom = ucum_atom(s + skip, n - skip);
		if (atom && (atom->flags & UCUM_METRIC))
			return atom;
	}
	return NULL;
}

static size_t symbol_length(const char *s)
{
	size_t n = 0;

	if (s[0] == '1' && s[1] == '0' && (s[2] == '*' || s[2] == '^'))
		return 3;
	while (s[n] && !strchr("./(){}+-0123456789", s[n])) {
		if (s[n] == '[')
			n += strcspn(s + n, "]");
		n += s[n] != 0;
	}
	return n;
}

static bool read_number(struct code *c, struct ucum *out)
{
	*out = one_unit;
	out->m = 0;
	for (; ascii_digit(*c->p); c->p++) {
		out->m = out->m * 10 + (*c->p - '0');
		if (out->m > 0)
			normalize(out);
	}
	if (out->m > 0)
		return true;
	out->m = 1;
	return wrong(c, c->p);
}

static bool read_exponent(struct code *c, int *out)
{
	bool minus = *c->p == '-';
	const char *start = c->p;
	int e = 0;

	*out = 1;
	if (*c->p == '-' || *c->p == '+')
		c->p++;
	else if (*c->p < '0' || *c->p > '9')
		return true;
	if (*c->p < '0' || *c->p > '9')
		return wrong(c, c->p);
	for (; ascii_digit(*c->p); c->p++)
		e = e < 1000 ? e * 10 + (*c->p - '0') : e;
	*out = minus ? -e : e;
	return e <= EXPONENT_MAX || wrong(c, start);
}

static bool read_symbol(struct code *c, struct ucum *out)
{
	size_t n = symbol_length(c->p);
	const struct ucum_prefix *prefix;
	const struct ucum_atom *atom;
	const char *start = c->p;
	struct ucum u;
	int exponent;

	if (!n || !(atom = find_symbol(c->p, n, &prefix)))
		return wrong(c, start);
	c->p += n;
	if (!read_exponent(c, &exponent) || !define(c, atom, &u))
		return wrong(c, start);
	if (prefix) {
		u.m *= (long double)prefix->m;
		u.e10 += prefix->e10;
	}
	*out = one_unit;
	multiply(out, &u, exponent);
	out->offset = exponent == 1 ? u.offset : 0;
	return true;
}

/* ---- the grammar ------------------------------------------------- */

static bool read_annotation(struct code *c)
{
	const char *start = c->p++;

	while (*c->p >= ' ' && *c->p <= '~' && *c->p != '{' && *c->p != '}')
		c->p++;
	if (*c->p != '}')
		return wrong(c, *c->p ? c->p : start);
	c->p++;
	return true;
}

static bool read_term(struct code *c, struct ucum *out);

static bool read_group(struct code *c, struct ucum *out)
{
	const char *start = c->p++;

	if (c->depth == PARENTHESES)
		return wrong(c, start);
	c->depth++;
	if (!read_term(c, out))
		return false;
	c->depth--;
	if (*c->p != ')')
		return wrong(c, *c->p ? c->p : start);
	c->p++;
	out->offset = 0;
	return true;
}

static bool read_component(struct code *c, struct ucum *out)
{
	bool ok;

	*out = one_unit;
	if (*c->p == '{')
		return read_annotation(c);
	if (*c->p == '(')
		ok = read_group(c, out);
	else if (ascii_digit(*c->p) && symbol_length(c->p) != 3)
		ok = read_number(c, out);
	else
		ok = read_symbol(c, out);
	return ok && (*c->p != '{' || read_annotation(c));
}

static bool read_term(struct code *c, struct ucum *out)
{
	struct ucum next;
	int sign;

	if (!read_component(c, out))
		return false;
	while (*c->p == '.' || *c->p == '/') {
		sign = *c->p++ == '/' ? -1 : 1;
		if (!read_component(c, &next))
			return false;
		multiply(out, &next, sign);
		out->offset = 0;
	}
	return true;
}

static bool read_main(struct code *c, struct ucum *out)
{
	struct ucum term;

	if (*c->p != '/')
		return read_term(c, out) && (!*c->p || wrong(c, c->p));
	c->p++;
	if (!read_term(c, &term))
		return false;
	*out = one_unit;
	multiply(out, &term, -1);
	return !*c->p || wrong(c, c->p);
}

static bool read_code(struct code *c, struct ucum *out, const char **bad)
{
	const char *code = c->p;
	bool ok = strnlen(code, CODE_MAX + 1) <= CODE_MAX && read_main(c, out);

	if (!ok && bad)
		*bad = c->wrong ? c->wrong : code;
	return ok;
}

bool ucum_read(const char *code, struct ucum *out, const char **bad)
{
	struct code c = {.p = code};

	return read_code(&c, out, bad);
}

bool fp_ucum_ok(const char *code, const char **bad)
{
	struct code c = {.p = code, .grammar = true};
	struct ucum u;

	return read_code(&c, &u, bad);
}
