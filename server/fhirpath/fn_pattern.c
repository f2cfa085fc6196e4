/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_pattern: matches, matchesFull, replaceMatches.
 *
 * A pattern is searched anywhere in the text; matchesFull, and matches under
 * FP_ANCHORED, want all of it. Lines do not count (. takes their ends), unless
 * the flags say so: a second (third) argument may hold i and m.
 *
 * In a replacement $1 and ${name} stand for groups, $$ or \$ for a dollar. A
 * match of nothing is not replaced at the text's ends alone, as elsewhere: an
 * empty pattern leaves the text as it is.
 *
 * A pattern is compiled when it is met; that costs less than its match. Both
 * are bounded (regex.c) and paid for in the evaluation's steps.
 *
 * FHIRPath 2.0, sections 5.6.9 and 5.6.10, and its successor's matchesFull.
 */
#include "fhirpath/fhirpath_int.h"
#include "fhirpath/regex_int.h"

#include <string.h>

#define REGEX_A_STEP 4

/* What is matched with what. */
struct job {
	const char *s, *pattern;
	size_t n, pattern_n;
	struct regex *re;
};

static bool compile(struct eval *v, const struct call *c, struct job *j,
		    const char *flags)
{
	struct arena *a = eval_arena(v);
	const char *text = j->pattern;

	if (strspn(flags, "ims") != strlen(flags))
		return fail(v, c, "%s(): flags are i and m", c->name);
	if (*flags)
		text = arena_printf(a, "(?%s)%s", flags, j->pattern);
	j->re = regex_compile(a, text, strlen(text));
	if (!j->re)
		return fail(v, c,
			    "%s(): not a regular expression that is "
			    "understood here: %.80s",
			    c->name, j->pattern);
	return spend(v, 1 + j->pattern_n / REGEX_A_STEP, c->offset);
}

/* The text, the pattern and the flags at that argument; *some: all there. */
static bool read_job(struct eval *v, const struct call *c,
		     const struct fp_list *focus, unsigned flags_at,
		     struct job *j, bool *some)
{
	const char *flags = "";
	size_t flags_n = 0;
	bool given, flagged;

	*j = (struct job){0};
	if (!one_string(v, c, focus, &j->s, &j->n, some) ||
	    !arg_string(v, c, 0, &j->pattern, &j->pattern_n, &given))
		return false;
	if (c->n > flags_at &&
	    !arg_string(v, c, flags_at, &flags, &flags_n, &flagged))
		return false;
	*some = *some && given;
	return !*some || compile(v, c, j, flags_n ? flags : "");
}

/* 1, 0, or -1 with the error set. */
static int search(struct eval *v, const struct call *c, const struct job *j,
		  size_t at, bool whole, struct regex_span *span)
{
	size_t steps = 0;
	int found = regex_search(j->re, j->s, j->n, at, whole, span, &steps);

	if (found < 0) {
		charge(v, steps / REGEX_A_STEP);
		fail(v, c, "%s(): matching %.80s takes too long", c->name,
		     j->pattern);
		return -1;
	}
	return spend(v, steps / REGEX_A_STEP, c->offset) ? found : -1;
}

static bool match(struct eval *v, const struct call *c,
		  const struct fp_list *focus, struct list *out, bool whole)
{
	struct job j;
	bool some;
	int found;

	if (!read_job(v, c, focus, 1, &j, &some) || !some)
		return !v->failed;
	found = search(v, c, &j, 0, whole, NULL);
	if (found < 0)
		return false;
	push_boolean(v, out, found);
	return true;
}

bool fn_matches(struct eval *v, const struct call *c,
		const struct fp_list *focus, struct list *out)
{
	return match(v, c, focus, out, eval_env(v)->flags & FP_ANCHORED);
}

bool fn_matches_full(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	return match(v, c, focus, out, true);
}

/* ---- replacing --------------------------------------------------- */

struct replacement {
	const struct job *j;
	const char *by;
	size_t n;
};

static void put_group(struct buf *b, const struct job *j,
		      const struct regex_span *span, unsigned g)
{
	if (g < j->re->groups && span[g].from <= span[g].to)
		buf_add(b, j->s + span[g].from, span[g].to - span[g].from);
}

/* At a dollar: the bytes of what it stands for, 0 when for nothing. */
static size_t put_reference(struct buf *b, const struct replacement *r,
			    size_t at, const struct regex_span *span)
{
	const char *p = r->by + at;
	size_t left = r->n - at, name;

	if (left > 1 && p[1] >= '0' && p[1] <= '9') {
		put_group(b, r->j, span, (unsigned)(p[1] - '0'));
		return 2;
	}
	if (left > 1 && p[1] == '$') {
		buf_putc(b, '$');
		return 2;
	}
	if (left < 3 || p[1] != '{')
		return 0;
	name = strcspn(p + 2, "}");
	if (name + 2 >= left)
		return 0;
	if (p[2] >= '0' && p[2] <= '9')
		put_group(b, r->j, span, (unsigned)(p[2] - '0'));
	else
		put_group(b, r->j, span, regex_group(r->j->re, p + 2, name));
	return name + 3;
}

static void put_replacement(struct buf *b, const struct replacement *r,
			    const struct regex_span *span)
{
	size_t used;

	for (size_t i = 0; i < r->n; i += used) {
		used = r->by[i] == '$' ? put_reference(b, r, i, span) : 0;
		if (used)
			continue;
		used = 1;
		if (r->by[i] == '\\' && i + 1 < r->n)
			i++; /* the next one as it is */
		buf_putc(b, r->by[i]);
	}
}

static bool replace(struct eval *v, const struct call *c,
		    const struct replacement *r, struct buf *b)
{
	struct regex_span span[REGEX_GROUPS];
	const struct job *j = r->j;
	size_t done = 0, at = 0, length;
	int found;

	while (at <= j->n && b->len <= TEXT_LIMIT) {
		found = search(v, c, j, at, false, span);
		if (found < 0)
			return false;
		if (!found)
			break;
		buf_add(b, j->s + done, span[0].from - done);
		put_replacement(b, r, span);
		at = done = span[0].to;
		if (span[0].to > span[0].from)
			continue;
		if (at == j->n)
			break;
		char_at(j->s + at, j->n - at, &length);
		at += length;
	}
	buf_add(b, j->s + done, j->n - done);
	return true;
}

bool fn_replace_matches(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	struct replacement r;
	struct job j;
	struct buf b;
	bool some, given;

	if (!read_job(v, c, focus, 2, &j, &some) ||
	    !arg_string(v, c, 1, &r.by, &r.n, &given))
		return false;
	if (!some || !given)
		return true;
	if (!j.pattern_n)
		return give_text(v, c, out, j.s, j.n);
	r.j = &j;
	buf_init(&b, eval_arena(v));
	return replace(v, c, &r, &b) && give_text(v, c, out, b.p, b.len);
}
