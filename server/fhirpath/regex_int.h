/* SPDX-License-Identifier: Apache-2.0
 *
 * regex_int.h: patterns, compiled and searched for.
 */
#ifndef REGEX_INT_H
#define REGEX_INT_H

#include "value_int.h"

/* regex_parse.c: a pattern compiled into the arena; NULL when it is wrong, or
 * too large. */
#define REGEX_GROUPS 20
#define REGEX_REGS   128 /* two for each group, the rest for loops */
struct regex_inst {
	unsigned char op, flags;
	unsigned short slot; /* of the memory of failures; 0: none */
	int x, y;	     /* operands; places are relative to this one */
	unsigned min, max;
};
struct regex_name {
	const char *p;
	size_t n;
	unsigned group;
};
struct regex {
	const struct regex_inst *code;
	unsigned n;
	const uint32_t *ranges; /* of sets, in pairs */
	const struct regex_name *names;
	unsigned name_count;
	unsigned groups; /* the whole match is group 0 */
	unsigned slots;
	bool remembers; /* a failure depends on place and position alone */
	bool anchored;	/* begins with ^ */
};
struct regex *regex_compile(struct arena *a, const char *pattern, size_t n);
/* The number of a named group; 0: none. */
unsigned regex_group(const struct regex *re, const char *name, size_t n);
/* regex.c: searches from byte "at" on (whole: the text from there to its end
 * must match). 1 found (span[0] is the match), 0 not, -1 too costly. steps,
 * unless NULL, grows by what it cost. */
struct regex_span {
	size_t from, to; /* bytes; from > to: the group took no part */
};
int regex_search(const struct regex *re, const char *text, size_t n, size_t at,
		 bool whole, struct regex_span span[REGEX_GROUPS],
		 size_t *steps);

/* what the two files agree on: operations, flags, classes */
enum regex_op {
	RE_CHAR, /* x */
	RE_ANY,
	RE_SET,	  /* y pairs from x on */
	RE_REP,	  /* min..max times the next, one of the above */
	RE_SPLIT, /* x, then y */
	RE_JUMP,  /* x */
	RE_SAVE,  /* the position, in register x */
	RE_MARK,  /* the same, where a loop's body begins */
	RE_MOVED, /* since mark x? else y */
	RE_ZERO,  /* register x */
	RE_LOOP,  /* count in x, leave to y */
	RE_BEGIN, /* ^ */
	RE_END,	  /* $ */
	RE_WORD,  /* \b */
	RE_LOOK,  /* what follows, up to RE_DONE, matches here; then to x */
	RE_ATOM,  /* the same, and moves on */
	RE_DONE,
	RE_BACK, /* the text of group x again */
	RE_MATCH,
	RE_OPS
};
enum regex_flag {
	RE_FOLD = 1,  /* case does not count */
	RE_NOT = 2,   /* set, look, word */
	RE_DOTS = 4,  /* . is also a line's end */
	RE_LINES = 8, /* ^ and $ at lines */
	RE_LAZY = 16,
	RE_POSSESSIVE = 32
};
#define REGEX_MANY   UINT32_MAX
#define REGEX_CLASS  0x80000000u /* first of a pair: class, second: which */
#define REGEX_MARKED (2 * REGEX_GROUPS)

#endif
