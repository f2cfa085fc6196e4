/* SPDX-License-Identifier: Apache-2.0
 *
 * regex_parse: a regular expression, compiled for regex.c.
 *
 * What Java and ECMAScript have in common, as FHIR's definitions use it:
 * classes, \d \w \s \b \uXXXX \p{L}, groups of all kinds, alternatives, greedy,
 * lazy and possessive repetition, anchors, lookahead, references back, and the
 * flags (?ism). Not: lookbehind, and sets within sets. The dot takes line ends
 * too, unless (?-s) says otherwise, as matches() is defined in single-line
 *mode.
 *
 *	pattern	    = sequence { "|" sequence }
 *	sequence    = { piece }
 *	piece	    = atom [ ("*" | "+" | "?" | "{" n [ "," [ m ] ] "}") [ "?" |
 *"+" ] ]
 *
 * Code is emitted in the order of the text. What turns out to be repeated is
 * moved up to make room before it, which is why places are relative. A counted
 * repetition is a loop with a counter, never a copy of its body, so that code
 * is at most a few times as long as the pattern. A body that can match nothing
 * is watched (MARK, MOVED), so that no loop stands still.
 *
 * Limits: pattern 8 KiB, nesting 50, groups 20, loops with registers 40.
 */
#include "fhirpath/regex_int.h"

#include <string.h>

#define PATTERN_MAX 8192
#define NESTING	    50
#define REPEAT_MAX  100000
#define NAMES	    REGEX_GROUPS

struct parse {
	struct arena *arena;
	const char *p, *end;
	struct regex_inst *code;
	unsigned n, cap;
	uint32_t *ranges;
	unsigned range_count, range_cap;
	struct regex_name names[NAMES];
	unsigned name_count;
	unsigned groups, registers;
	unsigned flags; /* RE_FOLD, RE_DOTS, RE_LINES */
	int nesting;
	bool bad, back;
};

static bool bad(struct parse *s)
{
	s->bad = true;
	return true;
}

static bool at_end(const struct parse *s)
{
	return s->bad || s->p == s->end;
}

static bool next_is(const struct parse *s, char c)
{
	return !at_end(s) && *s->p == c;
}

static bool take(struct parse *s, const char *word)
{
	size_t n = strlen(word);

	if (s->bad || (size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static uint32_t take_char(struct parse *s)
{
	size_t length;
	uint32_t c;

	if (at_end(s)) {
		bad(s);
		return 0;
	}
	c = char_at(s->p, (size_t)(s->end - s->p), &length);
	s->p += length;
	return c;
}

/* ---- code -------------------------------------------------------- */

static struct regex_inst *room(struct parse *s, unsigned at, unsigned n)
{
	if (s->n + n > s->cap) {
		struct regex_inst *old = s->code;

		s->cap = s->cap * 2 + n;
		s->code = arena_alloc(s->arena, s->cap * sizeof(*old));
		memcpy(s->code, old, s->n * sizeof(*old));
	}
	memmove(s->code + at + n, s->code + at,
		(s->n - at) * sizeof(s->code[0]));
	memset(s->code + at, 0, n * sizeof(s->code[0]));
	s->n += n;
	return s->code + at;
}

static struct regex_inst *insert(struct parse *s, unsigned at, enum regex_op op)
{
	struct regex_inst *i = room(s, at, 1);

	i->op = (unsigned char)op;
	return i;
}

static struct regex_inst *emit(struct parse *s, enum regex_op op, int x)
{
	struct regex_inst *i = insert(s, s->n, op);

	i->x = x;
	i->flags = (unsigned char)s->flags;
	return i;
}

static int new_register(struct parse *s)
{
	if (s->registers == REGEX_REGS) {
		bad(s);
		return REGEX_REGS - 1;
	}
	return (int)s->registers++;
}

static void add_range(struct parse *s, uint32_t from, uint32_t to)
{
	if (s->range_count + 2 > s->range_cap) {
		uint32_t *old = s->ranges;

		s->range_cap = s->range_cap * 2 + 16;
		s->ranges =
		    arena_alloc(s->arena, s->range_cap * sizeof(s->ranges[0]));
		if (old)
			memcpy(s->ranges, old, s->range_count * sizeof(*old));
	}
	s->ranges[s->range_count++] = from;
	s->ranges[s->range_count++] = to;
}

/* ---- characters and classes -------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t take_hex(struct parse *s, int digits)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++, s->p++) {
		if (at_end(s) || hex_digit(*s->p) < 0) {
			bad(s);
			return 0;
		}
		c = c << 4 | (uint32_t)hex_digit(*s->p);
	}
	return c;
}

/* Behind \u; two halves of a surrogate pair are one character. */
static uint32_t take_unicode(struct parse *s)
{
	uint32_t c = 0, low;

	if (take(s, "{")) {
		while (!at_end(s) && *s->p != '}' && c < 0x110000)
			c = c << 4 | take_hex(s, 1);
		return take(s, "}") && c < 0x110000 ? c : bad(s);
	}
	c = take_hex(s, 4);
	if (c < 0xd800 || c > 0xdbff || !take(s, "\\u"))
		return c;
	low = take_hex(s, 4);
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* A character behind a backslash that stands for one character. */
static uint32_t take_escaped(struct parse *s)
{
	static const char from[] = "nrtfvae0", to[] = "\n\r\t\f\v\a\033\0";
	uint32_t c = take_char(s);
	const char *known = c && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (known)
		return (unsigned char)to[known - from];
	if (c == 'x')
		return take_hex(s, 2);
	if (c == 'u')
		return take_unicode(s);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '1' && c <= '9'))
		bad(s);
	return c;
}

/* The class behind \p, by its first letters: 'L' letters, 'u' capitals, ... */
static uint32_t take_property(struct parse *s)
{
	static const struct {
		const char *name;
		char class;
	} known[] = {
	    {"L", 'L'},
	    {"IsL", 'L'},
	    {"IsAlphabetic", 'L'},
	    {"Alpha", 'A'},
	    {"Lu", 'U'},
	    {"IsUppercase", 'U'},
	    {"Upper", 'U'},
	    {"Ll", 'l'},
	    {"IsLowercase", 'l'},
	    {"Lower", 'l'},
	    {"N", 'd'},
	    {"Nd", 'd'},
	    {"IsDigit", 'd'},
	    {"Digit", 'd'},
	    {"Alnum", 'N'},
	    {"P", 'P'},
	    {"Punct", 'P'},
	    {"IsPunctuation", 'P'},
	    {"S", 'P'},
	    {"Z", 'Z'},
	    {"Zs", 'Z'},
	    {"Space", 's'},
	    {"IsWhite_Space", 'Z'},
	};
	const char *start;
	size_t n;

	if (!take(s, "{")) { /* \pL */
		start = s->p;
		n = 1;
		take_char(s);
	} else {
		start = s->p;
		while (!at_end(s) && *s->p != '}')
			s->p++;
		n = (size_t)(s->p - start);
		if (!take(s, "}"))
			bad(s);
	}
	for (size_t i = 0; i < LEN(known) && !s->bad; i++)
		if (strlen(known[i].name) == n &&
		    !memcmp(known[i].name, start, n))
			return (unsigned char)known[i].class;
	return bad(s);
}

/* Behind a backslash: a class of several characters? Its pair, then. */
static bool take_class(struct parse *s, uint32_t *which, bool *negated)
{
	static const char letters[] = "dDwWsSpP";
	char c = s->p < s->end ? *s->p : 0;

	if (!c || !strchr(letters, c))
		return false;
	s->p++;
	*negated = c >= 'A' && c <= 'Z';
	*which = (unsigned char)(c | 0x20);
	if (c == 'p' || c == 'P')
		*which = take_property(s);
	return true;
}

static void add_class(struct parse *s, uint32_t which, bool negated)
{
	add_range(s, REGEX_CLASS | (negated ? 1 : 0), which);
}

/* One member of a set; false when it is a class, which cannot begin a range. */
static bool take_member(struct parse *s, uint32_t *c)
{
	uint32_t which;
	bool negated;

	if (!next_is(s, '\\')) {
		*c = take_char(s);
		return true;
	}
	s->p++;
	if (take_class(s, &which, &negated)) {
		add_class(s, which, negated);
		return false;
	}
	*c = take(s, "b") ? '\b' : take_escaped(s);
	return true;
}

static void parse_set(struct parse *s)
{
	int first = (int)s->range_count;
	bool negated = take(s, "^");
	struct regex_inst *i;
	uint32_t from, to;

	while (!at_end(s) && *s->p != ']') {
		if (!take_member(s, &from))
			continue;
		to = from;
		if (next_is(s, '-') && s->end - s->p > 1 && s->p[1] != ']') {
			const char *dash = s->p++;

			if (!take_member(s, &to)) { /* [a-\d]: a dash */
				to = from;
				add_range(s, (unsigned char)*dash, '-');
			}
		}
		if (to < from)
			bad(s);
		add_range(s, from, to);
	}
	if (!take(s, "]"))
		bad(s);
	i = emit(s, RE_SET, first);
	i->y = ((int)s->range_count - first) / 2;
	if (negated)
		i->flags |= RE_NOT;
}

static void parse_char(struct parse *s, uint32_t c)
{
	if (s->flags & RE_FOLD)
		c = char_lower(c);
	emit(s, RE_CHAR, (int)c);
}

/* ---- groups ------------------------------------------------------ */

static bool parse_pattern(struct parse *s);

static const char *take_name(struct parse *s, size_t *n)
{
	const char *start = s->p;

	while (!at_end(s) && *s->p != '>')
		s->p++;
	*n = (size_t)(s->p - start);
	if (!*n || !take(s, ">"))
		bad(s);
	return start;
}

static bool parse_capture(struct parse *s, bool named)
{
	unsigned group = s->groups++;
	bool empty;

	if (group >= REGEX_GROUPS)
		return bad(s);
	if (named) {
		struct regex_name *name = &s->names[s->name_count++];

		name->p = take_name(s, &name->n);
		name->group = group;
	}
	emit(s, RE_SAVE, (int)group * 2);
	empty = parse_pattern(s);
	emit(s, RE_SAVE, (int)group * 2 + 1);
	return empty;
}

/* A pattern of its own: (?=...), (?!...), (?>...). */
static bool parse_inner(struct parse *s, enum regex_op op, bool negated)
{
	unsigned at = s->n;
	bool empty;

	emit(s, op, 0);
	if (negated)
		s->code[at].flags |= RE_NOT;
	empty = parse_pattern(s);
	emit(s, RE_DONE, 0);
	s->code[at].x = (int)(s->n - at);
	return empty || op == RE_LOOK;
}

/* (?i) for the rest of the group that it stands in, (?i:...) for its own. */
static bool parse_flags(struct parse *s, bool *own)
{
	static const char letters[] = "ism";
	static const unsigned flags[] = {RE_FOLD, RE_DOTS, RE_LINES};
	bool off = false;

	*own = true;
	while (!at_end(s) && *s->p != ')' && *s->p != ':') {
		const char *known = strchr(letters, *s->p);

		if (*s->p == '-')
			off = true;
		else if (!known || !*known)
			return bad(s);
		else if (off)
			s->flags &= ~flags[known - letters];
		else
			s->flags |= flags[known - letters];
		s->p++;
	}
	*own = take(s, ":");
	return *own ? parse_pattern(s) : true;
}

/* Behind "(". */
static bool parse_group(struct parse *s)
{
	unsigned outer = s->flags;
	bool empty, own = true;

	if (++s->nesting > NESTING)
		return bad(s);
	if (!take(s, "?"))
		empty = parse_capture(s, false);
	else if (take(s, ":"))
		empty = parse_pattern(s);
	else if (take(s, "="))
		empty = parse_inner(s, RE_LOOK, false);
	else if (take(s, "!"))
		empty = parse_inner(s, RE_LOOK, true);
	else if (take(s, ">"))
		empty = parse_inner(s, RE_ATOM, false);
	else if (take(s, "<=") || take(s, "<!"))
		empty = bad(s);
	else if (take(s, "<") || take(s, "P<"))
		empty = parse_capture(s, true);
	else
		empty = parse_flags(s, &own);
	s->nesting--;
	if (own)
		s->flags = outer;
	if (!take(s, ")"))
		bad(s);
	return empty;
}

/* ---- repetition -------------------------------------------------- */

static unsigned take_count(struct parse *s, bool *some)
{
	unsigned n = 0;

	*some = false;
	for (; !at_end(s) && *s->p >= '0' && *s->p <= '9'; s->p++) {
		n = n * 10 + (unsigned)(*s->p - '0');
		*some = true;
		if (n > REPEAT_MAX)
			bad(s);
	}
	return n;
}

/* {n}, {n,}, {n,m}; anything else in braces is text. */
static bool take_bounds(struct parse *s, unsigned *min, unsigned *max)
{
	const char *start = s->p++;
	bool some, more;

	*max = *min = take_count(s, &some);
	if (some && take(s, ",")) {
		*max = take_count(s, &more);
		if (!more)
			*max = REGEX_MANY;
	}
	if (some && take(s, "}"))
		return *min <= *max || bad(s);
	s->p = start;
	return false;
}

static bool take_repeat(struct parse *s, unsigned *min, unsigned *max)
{
	*min = next_is(s, '+');
	*max = next_is(s, '?') ? 1 : REGEX_MANY;
	if (at_end(s))
		return false;
	if (*s->p == '{')
		return take_bounds(s, min, max);
	return take(s, "*") || take(s, "+") || take(s, "?");
}

/* The body is watched if it can match nothing; leads to the end then. */
static void watch(struct parse *s, unsigned at, bool empty, int *mark)
{
	if (!empty)
		return;
	*mark = new_register(s);
	insert(s, at, RE_MARK)->x = *mark;
	emit(s, RE_MOVED, *mark);
}

/* Lets the MOVED that ends the body, if there is one, lead to the end. */
static void watched(struct parse *s, unsigned moved, bool empty)
{
	if (empty)
		s->code[moved].y = (int)(s->n - moved);
}

static void repeat_counted(struct parse *s, unsigned at, bool empty,
			   unsigned min, unsigned max, unsigned mode)
{
	int counter = new_register(s), mark;
	struct regex_inst *i;
	unsigned moved;

	watch(s, at, empty, &mark);
	moved = s->n - 1;
	i = room(s, at, 2);
	i[0] = (struct regex_inst){.op = RE_ZERO, .x = counter};
	i[1] = (struct regex_inst){.op = RE_LOOP, .x = counter};
	i[1].min = min;
	i[1].max = max;
	i[1].flags = (unsigned char)mode;
	emit(s, RE_JUMP, (int)(at + 1) - (int)s->n);
	s->code[at + 1].y = (int)(s->n - at - 1);
	watched(s, moved + 2, empty);
}

/* A choice at "at": first, or (lazy: rather) second. */
static void split(struct parse *s, unsigned at, int first, int second,
		  unsigned mode)
{
	struct regex_inst *i = insert(s, at, RE_SPLIT);

	i->x = mode & RE_LAZY ? second : first;
	i->y = mode & RE_LAZY ? first : second;
}

static void repeat_plain(struct parse *s, unsigned at, bool empty, bool plus,
			 unsigned mode)
{
	unsigned moved;
	int mark;

	watch(s, at, empty, &mark);
	moved = s->n - 1;
	if (plus) {
		split(s, s->n, (int)at - (int)s->n, 1, mode);
		watched(s, moved, empty);
		return;
	}
	emit(s, RE_JUMP, (int)at - (int)s->n - 1);
	split(s, at, 1, (int)(s->n - at) + 1, mode);
	watched(s, moved + 1, empty);
}

static bool is_single(const struct parse *s, unsigned at)
{
	return s->n == at + 1 && s->code[at].op <= RE_SET;
}

/* What was emitted since "at" is repeated. */
static void repeat(struct parse *s, unsigned at, bool empty, unsigned min,
		   unsigned max, unsigned mode)
{
	if (is_single(s, at)) {
		struct regex_inst *i = insert(s, at, RE_REP);

		i->min = min;
		i->max = max;
		i->flags = (unsigned char)mode;
		return;
	}
	if (!max) {
		s->n = at;
		return;
	}
	if (min == 0 && max == 1)
		split(s, at, 1, (int)(s->n - at) + 1, mode);
	else if (min <= 1 && max == REGEX_MANY)
		repeat_plain(s, at, empty, min == 1, mode);
	else if (max > 1)
		repeat_counted(s, at, empty, min, max, mode);
	if (mode & RE_POSSESSIVE) {
		insert(s, at, RE_ATOM);
		emit(s, RE_DONE, 0);
		s->code[at].x = (int)(s->n - at);
	}
}

/* ---- the grammar ------------------------------------------------- */

/* Behind a backslash. Answers whether it can match nothing. */
static bool parse_escape(struct parse *s)
{
	uint32_t which;
	bool negated;
	char c = s->p < s->end ? *s->p : 0;

	if (c == 'b' || c == 'B') {
		s->p++;
		if (c == 'B')
			emit(s, RE_WORD, 0)->flags |= RE_NOT;
		else
			emit(s, RE_WORD, 0);
		return true;
	}
	if (c == 'A' || c == 'z' || c == 'Z') {
		s->p++;
		emit(s, c == 'A' ? RE_BEGIN : RE_END, 0)->flags = 0;
		return true;
	}
	if (c >= '1' && c <= '9') {
		s->p++;
		s->back = true;
		if ((unsigned)(c - '0') >= s->groups)
			bad(s);
		emit(s, RE_BACK, c - '0');
		return true;
	}
	if (take_class(s, &which, &negated)) {
		emit(s, RE_SET, (int)s->range_count)->y = 1;
		add_class(s, which, negated);
		return false;
	}
	parse_char(s, take_escaped(s));
	return false;
}

static bool parse_atom(struct parse *s)
{
	unsigned min, max;
	char c = *s->p;

	switch (c) {
	case '(': s->p++; return parse_group(s);
	case '[':
		s->p++;
		parse_set(s);
		return false;
	case '.':
		s->p++;
		emit(s, RE_ANY, 0);
		return false;
	case '^':
		s->p++;
		emit(s, RE_BEGIN, 0);
		return true;
	case '$':
		s->p++;
		emit(s, RE_END, 0);
		return true;
	case '\\': s->p++; return parse_escape(s);
	case '*':
	case '+':
	case '?':
	case '{':
		if (take_repeat(s, &min, &max))
			return bad(s);
		/* fall through */
	default: parse_char(s, take_char(s)); return false;
	}
}

static bool parse_piece(struct parse *s)
{
	unsigned at = s->n, min, max, mode = 0;
	bool empty = parse_atom(s);

	if (!take_repeat(s, &min, &max))
		return empty;
	if (take(s, "?"))
		mode = RE_LAZY;
	else if (take(s, "+"))
		mode = RE_POSSESSIVE;
	repeat(s, at, empty, min, max, mode);
	return empty || min == 0;
}

static bool parse_sequence(struct parse *s)
{
	bool empty = true;

	while (!at_end(s) && *s->p != '|' && *s->p != ')')
		empty &= parse_piece(s);
	return empty;
}

/* Alternatives. The jumps from their ends are chained by x until the end is
 * known. */
static bool parse_pattern(struct parse *s)
{
	unsigned at = s->n, chain = 0, jump;
	bool empty = parse_sequence(s);

	while (take(s, "|")) {
		split(s, at, 1, (int)(s->n - at) + 2, 0);
		emit(s, RE_JUMP, (int)chain);
		chain = s->n - 1;
		at = s->n;
		empty |= parse_sequence(s);
	}
	for (; chain; chain = jump) {
		jump = (unsigned)s->code[chain].x;
		s->code[chain].x = (int)(s->n - chain);
	}
	return empty;
}

/* ---- the whole --------------------------------------------------- */

/* Failures are remembered where nothing but the position decides: outside of
 * counted loops and of patterns with an end of their own. */
static void number_slots(struct regex *re, struct regex_inst *code)
{
	unsigned until = 0;

	for (unsigned i = 0; i < re->n; i++) {
		struct regex_inst *at = &code[i];
		int end = at->op == RE_LOOP ? at->y : at->x;
		bool inner =
		    at->op == RE_LOOP || at->op == RE_LOOK || at->op == RE_ATOM;

		if (i >= until && (at->op == RE_SPLIT || at->op == RE_REP))
			at->slot = (unsigned short)++re->slots;
		if (inner && i + (unsigned)end > until)
			until = i + (unsigned)end;
	}
}

struct regex *regex_compile(struct arena *a, const char *pattern, size_t n)
{
	struct regex_inst small[96];
	struct parse s = {.arena = a,
			  .p = pattern,
			  .end = pattern + n,
			  .code = small,
			  .cap = LEN(small),
			  .groups = 1,
			  .registers = REGEX_MARKED,
			  .flags = RE_DOTS};
	struct regex_inst *code;
	struct regex_name *names;
	struct regex *re;

	if (n > PATTERN_MAX)
		return NULL;
	parse_pattern(&s);
	emit(&s, RE_MATCH, 0);
	if (s.bad || s.p != s.end)
		return NULL;
	re = arena_alloc(a, sizeof(*re));
	re->n = s.n;
	re->code = code = arena_alloc(a, s.n * sizeof(*code));
	memcpy(code, s.code, s.n * sizeof(*code));
	names = arena_alloc(a, s.name_count * sizeof(*names));
	memcpy(names, s.names, s.name_count * sizeof(*names));
	re->names = names;
	re->name_count = s.name_count;
	re->ranges = s.ranges;
	re->groups = s.groups;
	re->remembers = !s.back;
	re->anchored = code[0].op == RE_BEGIN && !(code[0].flags & RE_LINES);
	number_slots(re, code);
	return re;
}

unsigned regex_group(const struct regex *re, const char *name, size_t n)
{
	for (unsigned i = 0; i < re->name_count; i++)
		if (re->names[i].n == n && !memcmp(re->names[i].p, name, n))
			return re->names[i].group;
	return 0;
}
