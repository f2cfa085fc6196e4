/* SPDX-License-Identifier: Apache-2.0
 *
 * regex: runs what regex_parse.c compiled, within bounds.
 *
 * A backtracking machine: it goes on until an operation fails, and then takes
 * back the last choice. Choices, and the registers' values before they were
 * changed, are on a stack of its own, so that the text's length does not become
 * depth of the C stack; only lookahead and atomic groups call run() again, as
 * deep as the pattern is nested.
 *
 * Patterns like (a+)+$ make backtracking exponential. What stops that: once a
 * match has become long, the machine remembers each place of the code and
 * position of the text that it has been at. Whoever comes there again comes
 * after it failed (or it would have matched), so it fails at once, and the cost
 * is at most the product of both lengths. Where more than place and position
 * decide (references back, counters, inner patterns) nothing is remembered, and
 * a budget of steps, linear in the text, has the last word: -1, too costly.
 *
 * Positions are bytes; characters of UTF-8 are taken whole. \d, \w, \s and \b
 * are of ASCII, as in Java.
 */
#include "fhirpath/regex_int.h"

#include <string.h>

#define STEPS	    1000000 /* about 5 ms; and for each byte of the text: */
#define STEPS_BYTE  64
#define CAREFREE    2000	/* steps before anything is remembered */
#define COMPILING   1000	/* what a pattern costs, in steps */
#define MEMORY_BITS (16u << 20) /* 2 MiB */
#define STACK_MAX   (1u << 18)
#define STACK_SMALL 64
#define TEXT_MAX    (64u << 20)

enum verdict { GO, FAIL, DONE, COSTLY };

/* What is taken back: a register's value, or a choice. */
enum undo {
	UNDO_REGISTER,
	UNDO_BRANCH,
	UNDO_SHORTEN,
	UNDO_LENGTHEN,
	UNDO_LOOP
};
struct entry {
	unsigned what : 3, pc : 29; /* pc: or register */
	uint32_t at;		    /* position, or value */
	uint32_t limit;
};

struct machine {
	const struct regex *re;
	const char *text;
	uint32_t n;
	bool whole;
	uint32_t end; /* of the match */
	size_t steps, allowed;
	struct arena *arena; /* when the small stack does not do */
	struct entry *stack;
	uint32_t top, cap;
	uint64_t *seen;
	bool seen_refused;
	uint32_t reg[REGEX_REGS];
	struct entry small[STACK_SMALL];
};

struct place {
	uint32_t pc, at;
};

/* ---- the stack and the memory ------------------------------------ */

static struct arena *own_arena(struct machine *m)
{
	if (!m->arena)
		m->arena = arena_new(0);
	return m->arena;
}

static bool push_entry(struct machine *m, enum undo what, uint32_t pc,
		       uint32_t at, uint32_t limit)
{
	if (m->top == m->cap) {
		struct entry *old = m->stack;

		if (m->cap >= STACK_MAX)
			return false;
		m->stack = arena_alloc(own_arena(m), (size_t)m->cap * 4 *
							 sizeof(struct entry));
		memcpy(m->stack, old, m->cap * sizeof(*old));
		m->cap *= 4;
	}
	m->stack[m->top++] = (struct entry){
	    .what = what, .pc = pc & 0x1fffffff, .at = at, .limit = limit};
	return true;
}

static bool set(struct machine *m, int reg, uint32_t value)
{
	uint32_t old = m->reg[reg];

	m->reg[reg] = value;
	/* without a choice before it nobody ever asks for the old value */
	return !m->top || push_entry(m, UNDO_REGISTER, (uint32_t)reg, old, 0);
}

static void start_memory(struct machine *m)
{
	size_t bits = ((size_t)m->n + 1) * m->re->slots;

	m->seen_refused = !m->re->remembers || bits > MEMORY_BITS;
	if (m->seen_refused)
		return;
	m->seen = arena_alloc(own_arena(m), bits / 8 + 8);
	m->steps += bits / 256; /* it is not for nothing */
}

/* Has this place been at this position before? From now on, yes. */
static bool been_here(struct machine *m, const struct regex_inst *i,
		      uint32_t at)
{
	size_t bit;
	uint64_t mask, before;

	if (!i->slot || m->steps < CAREFREE)
		return false;
	if (!m->seen && !m->seen_refused)
		start_memory(m);
	if (!m->seen)
		return false;
	bit = (size_t)(i->slot - 1) * (m->n + 1) + at;
	mask = UINT64_C(1) << bit % 64;
	before = m->seen[bit / 64] & mask;
	m->seen[bit / 64] |= mask;
	return before != 0;
}

/* ---- characters -------------------------------------------------- */

static bool between(uint32_t c, char from, char to)
{
	return c >= (unsigned char)from && c <= (unsigned char)to;
}

static bool is_word(uint32_t c)
{
	return between(c, 'a', 'z') || between(c, 'A', 'Z') ||
	       between(c, '0', '9') || c == '_';
}

static bool is_ascii_space(uint32_t c)
{
	return c == ' ' || between(c, '\t', '\r');
}

static bool is_punctuation(uint32_t c)
{
	return c > ' ' && c != 0x7f && !is_ascii_space(c) && !char_space(c) &&
	       !char_letter(c) && !between(c, '0', '9');
}

static bool in_class(uint32_t which, uint32_t c)
{
	switch (which) {
	case 'd': return between(c, '0', '9');
	case 'w': return is_word(c);
	case 's': return is_ascii_space(c);
	case 'Z': return char_space(c);
	case 'L': return char_letter(c);
	case 'A': return c < 0x80 && char_letter(c);
	case 'N': return c < 0x80 && is_word(c) && c != '_';
	case 'U': return char_lower(c) != c;
	case 'l': return char_upper(c) != c;
	default: return is_punctuation(c);
	}
}

static bool in_ranges(const struct machine *m, const struct regex_inst *i,
		      uint32_t c)
{
	for (int k = 0; k < i->y; k++) { /* [] has none */
		const uint32_t *r = m->re->ranges + i->x + 2 * (size_t)k;

		if (r[0] & REGEX_CLASS) {
			if (in_class(r[1], c) != (r[0] & 1))
				return true;
		} else if (c >= r[0] && c <= r[1]) {
			return true;
		}
	}
	return false;
}

static bool is_line_end(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 ||
	       c == 0x2029;
}

/* Does the character match the instruction, one that takes a character? */
static bool fits(const struct machine *m, const struct regex_inst *i,
		 uint32_t c)
{
	bool in;

	if (i->op == RE_CHAR)
		return (i->flags & RE_FOLD ? char_lower(c) : c) ==
		       (uint32_t)i->x;
	if (i->op == RE_ANY)
		return i->flags & RE_DOTS || !is_line_end(c);
	in = in_ranges(m, i, c);
	if (!in && i->flags & RE_FOLD)
		in = in_ranges(m, i, char_lower(c)) ||
		     in_ranges(m, i, char_upper(c));
	return in != !!(i->flags & RE_NOT);
}

/* Steps over one character that fits. */
static bool step_over(const struct machine *m, const struct regex_inst *i,
		      uint32_t *at)
{
	size_t length = 1;
	uint32_t c;

	if (*at >= m->n)
		return false;
	c = (unsigned char)m->text[*at];
	if (c >= 0x80)
		c = char_at(m->text + *at, m->n - *at, &length);
	if (!fits(m, i, c))
		return false;
	*at += (uint32_t)length;
	return true;
}

static uint32_t step_back(const struct machine *m, uint32_t at)
{
	do {
		at--;
	} while (at && ((unsigned char)m->text[at] & 0xc0) == 0x80);
	return at;
}

/* ---- operations -------------------------------------------------- */

typedef enum verdict op_fn(struct machine *m, const struct regex_inst *i,
			   struct place *p);

static int run(struct machine *m, struct place p);

static enum verdict op_single(struct machine *m, const struct regex_inst *i,
			      struct place *p)
{
	p->pc++;
	return step_over(m, i, &p->at) ? GO : FAIL;
}

/* As many as there may be; the choices are to take fewer (lazy: more). */
static enum verdict op_rep(struct machine *m, const struct regex_inst *i,
			   struct place *p)
{
	uint32_t pc = p->pc, least, from = p->at;
	unsigned k = 0;
	bool lazy = i->flags & RE_LAZY;

	for (; k < i->min; k++)
		if (!step_over(m, i + 1, &p->at)) {
			m->steps += k;
			return FAIL;
		}
	least = p->at;
	p->pc += 2;
	if (lazy) {
		m->steps += (least - from) / 8;
		return i->max == i->min || push_entry(m, UNDO_LENGTHEN, pc,
						      least, i->max - i->min)
			   ? GO
			   : COSTLY;
	}
	while (k < i->max && step_over(m, i + 1, &p->at))
		k++;
	m->steps += (p->at - from) / 8;
	if (p->at == least || i->flags & RE_POSSESSIVE)
		return GO;
	if (!push_entry(m, UNDO_SHORTEN, pc, p->at, least))
		return COSTLY;
	return been_here(m, i, p->at) ? FAIL : GO;
}

static enum verdict op_split(struct machine *m, const struct regex_inst *i,
			     struct place *p)
{
	uint32_t pc = p->pc;

	if (been_here(m, i, p->at))
		return FAIL;
	p->pc = (uint32_t)((int)pc + i->x);
	return push_entry(m, UNDO_BRANCH, (uint32_t)((int)pc + i->y), p->at, 0)
		   ? GO
		   : COSTLY;
}

static enum verdict op_jump(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	(void)m;
	p->pc = (uint32_t)((int)p->pc + i->x);
	return GO;
}

static enum verdict op_save(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	p->pc++;
	return set(m, i->x, p->at) ? GO : COSTLY;
}

static enum verdict op_moved(struct machine *m, const struct regex_inst *i,
			     struct place *p)
{
	p->pc += m->reg[i->x] == p->at ? (uint32_t)i->y : 1;
	return GO;
}

static enum verdict op_zero(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	p->pc++;
	return set(m, i->x, 0) ? GO : COSTLY;
}

static enum verdict op_loop(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	uint32_t count = m->reg[i->x], pc = p->pc;
	bool ok = true;

	if (count >= i->max || (count >= i->min && i->flags & RE_LAZY)) {
		if (count < i->max)
			ok = push_entry(m, UNDO_LOOP, pc, p->at, 0);
		p->pc += (uint32_t)i->y;
		return ok ? GO : COSTLY;
	}
	if (count >= i->min)
		ok = push_entry(m, UNDO_BRANCH, pc + (uint32_t)i->y, p->at, 0);
	p->pc++;
	return ok && set(m, i->x, count + 1) ? GO : COSTLY;
}

static enum verdict op_begin(struct machine *m, const struct regex_inst *i,
			     struct place *p)
{
	p->pc++;
	if (!p->at)
		return GO;
	return i->flags & RE_LINES && m->text[p->at - 1] == '\n' ? GO : FAIL;
}

static enum verdict op_end(struct machine *m, const struct regex_inst *i,
			   struct place *p)
{
	p->pc++;
	if (p->at == m->n)
		return GO;
	return i->flags & RE_LINES && m->text[p->at] == '\n' ? GO : FAIL;
}

static enum verdict op_word(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	bool before = p->at && is_word((unsigned char)m->text[p->at - 1]);
	bool after = p->at < m->n && is_word((unsigned char)m->text[p->at]);

	p->pc++;
	return (before != after) != !!(i->flags & RE_NOT) ? GO : FAIL;
}

/* The choices of an inner pattern are over; its registers can still be taken
 * back (keep), or are at once. */
static void forget(struct machine *m, uint32_t base, bool keep)
{
	uint32_t kept = base;

	if (keep) {
		for (uint32_t k = base; k < m->top; k++)
			if (m->stack[k].what == UNDO_REGISTER)
				m->stack[kept++] = m->stack[k];
		m->top = kept;
		return;
	}
	while (m->top > base) {
		const struct entry *e = &m->stack[--m->top];

		if (e->what == UNDO_REGISTER)
			m->reg[e->pc] = e->at;
	}
}

static enum verdict op_inner(struct machine *m, const struct regex_inst *i,
			     struct place *p)
{
	bool negated = i->flags & RE_NOT && i->op == RE_LOOK;
	uint32_t base, end = m->end;
	int found;

	/* a choice that is none, so that registers are put on the stack */
	if (!push_entry(m, UNDO_REGISTER, 0, m->reg[0], 0))
		return COSTLY;
	base = m->top;
	found = run(m, (struct place){p->pc + 1, p->at});
	if (found < 0)
		return COSTLY;
	forget(m, base, found && !negated);
	if ((found == 1) == negated)
		return FAIL;
	if (i->op == RE_ATOM)
		p->at = m->end;
	m->end = end;
	p->pc += (uint32_t)i->x;
	return GO;
}

static enum verdict op_done(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	(void)i;
	m->end = p->at;
	return DONE;
}

static enum verdict op_back(struct machine *m, const struct regex_inst *i,
			    struct place *p)
{
	const uint32_t *span = m->reg + 2 * (size_t)i->x;
	uint32_t from = span[0], to = span[1];

	p->pc++;
	if (from > to || to == UINT32_MAX || m->n - p->at < to - from ||
	    memcmp(m->text + p->at, m->text + from, to - from) != 0)
		return FAIL;
	m->steps += to - from;
	p->at += to - from;
	return GO;
}

static enum verdict op_match(struct machine *m, const struct regex_inst *i,
			     struct place *p)
{
	return m->whole && p->at != m->n ? FAIL : op_done(m, i, p);
}

static op_fn *const operations[RE_OPS] = {
    [RE_CHAR] = op_single, [RE_ANY] = op_single,  [RE_SET] = op_single,
    [RE_REP] = op_rep,	   [RE_SPLIT] = op_split, [RE_JUMP] = op_jump,
    [RE_SAVE] = op_save,   [RE_MARK] = op_save,	  [RE_MOVED] = op_moved,
    [RE_ZERO] = op_zero,   [RE_LOOP] = op_loop,	  [RE_BEGIN] = op_begin,
    [RE_END] = op_end,	   [RE_WORD] = op_word,	  [RE_LOOK] = op_inner,
    [RE_ATOM] = op_inner,  [RE_DONE] = op_done,	  [RE_BACK] = op_back,
    [RE_MATCH] = op_match,
};

/* ---- the machine ------------------------------------------------- */

/* Goes on behind a repetition that is shorter by a character, or by as many as
 * it takes to come where it has not been. */
static bool shorten(struct machine *m, struct entry e, struct place *p)
{
	const struct regex_inst *i = &m->re->code[e.pc];
	bool seen;

	do {
		p->at = step_back(m, p->at);
		seen = p->at < e.limit || been_here(m, i, p->at);
	} while (seen && p->at > e.limit);
	m->steps += (e.at - p->at) / 8;
	if (p->at > e.limit)
		push_entry(m, UNDO_SHORTEN, e.pc, p->at, e.limit);
	return !seen;
}

static bool lengthen(struct machine *m, struct entry e, struct place *p)
{
	const struct regex_inst *i = &m->re->code[e.pc];

	if (!step_over(m, i + 1, &p->at))
		return false;
	if (e.limit > 1)
		push_entry(m, UNDO_LENGTHEN, e.pc, p->at, e.limit - 1);
	return !been_here(m, i, p->at);
}

/* Takes back the last choice above base; false: there is none. */
static bool backtrack(struct machine *m, uint32_t base, struct place *p)
{
	while (m->top > base) {
		struct entry e = m->stack[--m->top];

		m->steps++;
		switch ((enum undo)e.what) {
		case UNDO_REGISTER: m->reg[e.pc] = e.at; break;
		case UNDO_BRANCH: *p = (struct place){e.pc, e.at}; return true;
		case UNDO_LOOP:
			*p = (struct place){e.pc + 1, e.at};
			set(m, m->re->code[e.pc].x,
			    m->reg[m->re->code[e.pc].x] + 1);
			return true;
		case UNDO_SHORTEN:
		case UNDO_LENGTHEN:
			/* there is room again: this entry's own */
			*p = (struct place){e.pc + 2, e.at};
			if ((e.what == UNDO_SHORTEN ? shorten : lengthen)(m, e,
									  p))
				return true;
			break;
		}
	}
	return false;
}

/* 1: it matches from there (m->end), 0: not, -1: too costly. */
static int run(struct machine *m, struct place p)
{
	uint32_t base = m->top;

	for (;;) {
		const struct regex_inst *i = &m->re->code[p.pc];
		enum verdict r = operations[i->op](m, i, &p);

		if (r == DONE)
			return 1;
		if (r == COSTLY || ++m->steps > m->allowed)
			return -1;
		if (r == FAIL && !backtrack(m, base, &p))
			return 0;
	}
}

static int try_from(struct machine *m, size_t at)
{
	memset(m->reg, 0xff, (size_t)2 * m->re->groups * sizeof(m->reg[0]));
	m->top = 0;
	return run(m, (struct place){0, (uint32_t)at});
}

static void report(const struct machine *m, size_t from,
		   struct regex_span span[REGEX_GROUPS])
{
	span[0] = (struct regex_span){from, m->end};
	for (size_t g = 1; g < REGEX_GROUPS; g++) {
		uint32_t a = m->reg[2 * g], b = m->reg[2 * g + 1];

		span[g] = (struct regex_span){1, 0};
		if (g < m->re->groups && b != UINT32_MAX)
			span[g] = (struct regex_span){a, b};
	}
}

/* Where a match can begin at the earliest; SIZE_MAX: nowhere. */
static size_t next_start(const struct machine *m, size_t at)
{
	const struct regex_inst *i = &m->re->code[0];
	const char *p;

	if (i->op != RE_CHAR || i->flags & RE_FOLD || i->x >= 0x80)
		return at;
	p = memchr(m->text + at, i->x, m->n - at);
	return p ? (size_t)(p - m->text) : SIZE_MAX;
}

int regex_search(const struct regex *re, const char *text, size_t n, size_t at,
		 bool whole, struct regex_span span[REGEX_GROUPS],
		 size_t *steps)
{
	struct machine m;
	size_t length;
	int found = 0;

	if (n > TEXT_MAX || at > n)
		return at > n ? 0 : -1;
	m.re = re;
	m.text = text;
	m.n = (uint32_t)n;
	m.whole = whole;
	m.steps = 0;
	m.allowed = STEPS + STEPS_BYTE * (n - at);
	m.arena = NULL;
	m.stack = m.small;
	m.cap = STACK_SMALL;
	m.seen = NULL;
	m.seen_refused = false;
	m.end = 0;
	memset(m.reg, 0xff, sizeof(m.reg));
	for (; !found && at <= n; at += length) {
		if (!whole && (at = next_start(&m, at)) == SIZE_MAX)
			break;
		found = try_from(&m, at);
		if (found == 1 && span)
			report(&m, at, span);
		if (whole || re->anchored || at == n)
			break;
		char_at(text + at, n - at, &length);
	}
	arena_free(m.arena);
	if (steps)
		*steps += m.steps;
	return found;
}

int fp_regex(const char *pattern, const char *text, bool whole, size_t *steps)
{
	struct arena *a = arena_new(0);
	struct regex *re = regex_compile(a, pattern, strlen(pattern));
	int found = -1;

	if (re)
		found =
		    regex_search(re, text, strlen(text), 0, whole, NULL, steps);
	if (steps)
		*steps += COMPILING + strlen(pattern);
	arena_free(a);
	return found;
}
