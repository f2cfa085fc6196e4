/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_string: functions of text.
 *
 * Text is UTF-8 and is counted in characters: places are found as bytes and
 * told as characters. An empty input, or an empty argument, gives the empty
 * collection.
 *
 * What is computed costs steps by its length, and no text grows beyond 4 MiB:
 * replace() within replace() would otherwise multiply a text as often as the
 * expression has room for it.
 *
 * FHIRPath 2.0, section 5.6, and lastIndexOf, trim, split, join of its
 * successor.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

#define BYTES_A_STEP 16

/* The text before the dot, and the first argument if there is one. */
struct texts {
	const char *s, *arg;
	size_t n, arg_n;
};

/* *some: both are there. */
static bool read_texts(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct texts *t, bool *some)
{
	bool given;

	*t = (struct texts){0};
	if (!one_string(v, c, focus, &t->s, &t->n, some))
		return false;
	if (!c->n)
		return true;
	if (!arg_string(v, c, 0, &t->arg, &t->arg_n, &given))
		return false;
	*some = *some && given;
	return !*some || spend(v, t->n / BYTES_A_STEP, c->offset);
}

bool give_text(struct eval *v, const struct call *c, struct list *out,
	       const char *s, size_t n)
{
	if (n > TEXT_LIMIT)
		return fail(v, c, "%s(): the text becomes too long", c->name);
	if (!spend(v, n / BYTES_A_STEP, c->offset))
		return false;
	push_string(v, out, s, n);
	return true;
}

/* ---- places ------------------------------------------------------ */

static const char *find(const char *s, size_t n, const char *what, size_t k)
{
	return k ? memmem(s, n, what, k) : s;
}

static const char *find_last(const char *s, size_t n, const char *what,
			     size_t k)
{
	if (!k)
		return s;
	for (size_t i = n; i-- > 0;)
		if (n - i >= k && s[i] == *what && !memcmp(s + i, what, k))
			return s + i;
	return NULL;
}

static bool push_place(struct eval *v, struct list *out, const struct texts *t,
		       const char *at)
{
	int64_t place = -1;

	if (at)
		place = (int64_t)char_count(t->s, (size_t)(at - t->s));
	push_integer(v, out, place);
	return true;
}

static bool fn_index_of(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	return push_place(v, out, &t, find(t.s, t.n, t.arg, t.arg_n));
}

static bool fn_last_index_of(struct eval *v, const struct call *c,
			     const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	/* it compares at each place, though few begin alike */
	return spend(v, t.n / BYTES_A_STEP * t.arg_n / BYTES_A_STEP,
		     c->offset) &&
	       push_place(v, out, &t, find_last(t.s, t.n, t.arg, t.arg_n));
}

/* Bytes of the first "count" characters. */
static size_t skip_chars(const char *s, size_t n, int64_t count)
{
	size_t at = 0, length;

	for (; count > 0 && at < n; count--, at += length)
		char_at(s + at, n - at, &length);
	return at;
}

static bool fn_substring(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	int64_t start = 0, length = INT64_MAX;
	bool some, given, limited = false;
	size_t n, from, k;
	const char *s;

	if (!one_string(v, c, focus, &s, &n, &some) ||
	    !arg_integer(v, c, 0, &start, &given) ||
	    (c->n > 1 && !arg_integer(v, c, 1, &length, &limited)))
		return false;
	if (!some || !given || start < 0)
		return true;
	from = skip_chars(s, n, start);
	if (from == n)
		return true;
	k = limited ? skip_chars(s + from, n - from, length) : n - from;
	return give_text(v, c, out, s + from, k);
}

/* ---- questions --------------------------------------------------- */

static bool fn_starts_with(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some))
		return false;
	if (some)
		push_boolean(v, out,
			     t.arg_n <= t.n && !memcmp(t.s, t.arg, t.arg_n));
	return true;
}

static bool fn_ends_with(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some))
		return false;
	if (some)
		push_boolean(v, out,
			     t.arg_n <= t.n &&
				 !memcmp(t.s + t.n - t.arg_n, t.arg, t.arg_n));
	return true;
}

static bool fn_contains(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some))
		return false;
	if (some)
		push_boolean(v, out, find(t.s, t.n, t.arg, t.arg_n) != NULL);
	return true;
}

static bool fn_length(struct eval *v, const struct call *c,
		      const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some))
		return false;
	if (some)
		push_integer(v, out, (int64_t)char_count(t.s, t.n));
	return true;
}

/* ---- changes ----------------------------------------------------- */

static bool change_case(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out,
			uint32_t (*change)(uint32_t))
{
	struct texts t;
	struct buf b;
	size_t length;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	buf_init(&b, eval_arena(v));
	for (size_t i = 0; i < t.n; i += length)
		buf_put_char(&b, change(char_at(t.s + i, t.n - i, &length)));
	return give_text(v, c, out, b.p, b.len);
}

static bool fn_upper(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	return change_case(v, c, focus, out, char_upper);
}

static bool fn_lower(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	return change_case(v, c, focus, out, char_lower);
}

/* An empty pattern is found before, between and behind the characters. */
static void replace_nothing(struct buf *b, const struct texts *t,
			    const char *by, size_t by_n)
{
	size_t length;

	for (size_t i = 0; i < t->n && b->len <= TEXT_LIMIT; i += length) {
		buf_add(b, by, by_n);
		char_at(t->s + i, t->n - i, &length);
		buf_add(b, t->s + i, length);
	}
	buf_add(b, by, by_n);
}

static void replace_all(struct buf *b, const struct texts *t, const char *by,
			size_t by_n)
{
	const char *p = t->s, *end = t->s + t->n, *at;

	while ((at = memmem(p, (size_t)(end - p), t->arg, t->arg_n)) &&
	       b->len <= TEXT_LIMIT) {
		buf_add(b, p, (size_t)(at - p));
		buf_add(b, by, by_n);
		p = at + t->arg_n;
	}
	buf_add(b, p, (size_t)(end - p));
}

static bool fn_replace(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	const char *by;
	struct texts t;
	struct buf b;
	size_t by_n;
	bool some, given;

	if (!read_texts(v, c, focus, &t, &some) ||
	    !arg_string(v, c, 1, &by, &by_n, &given))
		return false;
	if (!some || !given)
		return true;
	buf_init(&b, eval_arena(v));
	(t.arg_n ? replace_all : replace_nothing)(&b, &t, by, by_n);
	return give_text(v, c, out, b.p, b.len);
}

static bool fn_trim(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	struct texts t;
	size_t length, last = 0;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	while (t.n && char_space(char_at(t.s, t.n, &length))) {
		t.s += length;
		t.n -= length;
	}
	for (size_t i = 0; i < t.n; i += length)
		if (!char_space(char_at(t.s + i, t.n - i, &length)))
			last = i + length;
	return give_text(v, c, out, t.s, last);
}

/* ---- one and many ------------------------------------------------ */

static bool push_chars(struct eval *v, const struct call *c,
		       const struct texts *t, struct list *out)
{
	size_t length;

	if (!spend(v, t->n, c->offset))
		return false;
	for (size_t i = 0; i < t->n; i += length) {
		char_at(t->s + i, t->n - i, &length);
		push_string(v, out, t->s + i, length);
	}
	return true;
}

static bool fn_to_chars(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	return push_chars(v, c, &t, out);
}

static bool fn_split(struct eval *v, const struct call *c,
		     const struct fp_list *focus, struct list *out)
{
	const char *p, *end, *at;
	struct texts t;
	bool some;

	if (!read_texts(v, c, focus, &t, &some) || !some)
		return !v->failed;
	if (!t.arg_n)
		return push_chars(v, c, &t, out);
	end = t.s + t.n;
	for (p = t.s; (at = memmem(p, (size_t)(end - p), t.arg, t.arg_n));
	     p = at + t.arg_n) {
		push_string(v, out, p, (size_t)(at - p));
		if (!spend(v, 1, c->offset))
			return false;
	}
	return give_text(v, c, out, p, (size_t)(end - p));
}

static bool fn_join(struct eval *v, const struct call *c,
		    const struct fp_list *focus, struct list *out)
{
	const char *by = "";
	bool given = true;
	size_t by_n = 0;
	struct buf b;

	if (c->n && !arg_string(v, c, 0, &by, &by_n, &given))
		return false;
	if (!focus->n)
		return true;
	buf_init(&b, eval_arena(v));
	for (size_t i = 0; i < focus->n && b.len <= TEXT_LIMIT; i++) {
		struct fp_list item = {&focus->v[i], 1};
		const char *s;
		size_t n;
		bool some;

		if (!one_string(v, c, &item, &s, &n, &some))
			return false;
		if (i && given)
			buf_add(&b, by, by_n);
		if (some)
			buf_add(&b, s, n);
	}
	return give_text(v, c, out, b.p, b.len);
}

const struct function fn_string[] = {
    {"indexOf", 1, 1, fn_index_of},
    {"lastIndexOf", 1, 1, fn_last_index_of},
    {"substring", 1, 2, fn_substring},
    {"startsWith", 1, 1, fn_starts_with},
    {"endsWith", 1, 1, fn_ends_with},
    {"contains", 1, 1, fn_contains},
    {"upper", 0, 0, fn_upper},
    {"lower", 0, 0, fn_lower},
    {"replace", 2, 2, fn_replace},
    {"matches", 1, 2, fn_matches},
    {"matchesFull", 1, 2, fn_matches_full},
    {"replaceMatches", 2, 3, fn_replace_matches},
    {"length", 0, 0, fn_length},
    {"toChars", 0, 0, fn_to_chars},
    {"trim", 0, 0, fn_trim},
    {"split", 1, 1, fn_split},
    {"join", 0, 1, fn_join},
    {"encode", 1, 1, fn_encode},
    {"decode", 1, 1, fn_decode},
    {"escape", 1, 1, fn_escape},
    {"unescape", 1, 1, fn_unescape},
    {NULL, 0, 0, NULL},
};
