/* SPDX-License-Identifier: Apache-2.0
 *
 * issue_cause.c: the order of the issues, and which of them only follow from
 * others.
 *
 * One mistake breaks several rules: a misspelled unit is no code of the value
 * set, no unit of UCUM and not the fixed value; who reads the list wants to
 * know of the last, since it says what to write. Each row of the table names a
 * rule, a rule that may be its cause, and how the places of the two have to lie
 * to each other. An issue with a cause is put behind the errors that have none;
 * what would be said twice is left out when explanations are wanted. Without
 * them nothing is left out: the validator of 2018 told all of it.
 *
 * Errors come first, then warnings, then the rest; each in document order.
 *
 * Invariants: a cause weighs at least as much as what follows from it, and the
 * rows lead in no circle (a rule never follows from one that follows from it,
 * and what is banned from nothing); so an error is left, and the verdict stays.
 * Limit: only pairs are looked at, of at most PROFILE_ISSUES issues.
 */
#include "profile_int.h"

#include <string.h>

/* How the place of a cause lies to that of what follows from it. */
enum relation {
	SAME,	 /* the same path */
	WITHIN,	 /* the same, or somewhere in it */
	AROUND,	 /* the same, or something it is in */
	PLACE,	 /* the same path, or the same place in the text */
	NAMED,	 /* a member that the invariant speaks of */
	BESIDE,	 /* another member of the same object */
	MEANT,	 /* the same, and its hint names this one */
	CODED,	 /* the same, or its code or system */
	NEARLY,	 /* in the item that its hint tells to change */
	BANNED,	 /* the same profile wants nothing there at all */
	BENEATH, /* nor around it */
	ANY
};

enum verdict { FIRST, STAYS, LAST, TWICE };

struct row {
	enum rule rule;
	enum rule cause;
	enum relation relation;
	enum verdict verdict;
};

static const struct row rows[] = {
    {RULE_PROFILE_REQUIRED, RULE_PROFILE_UNKNOWN, WITHIN, TWICE},
    {RULE_PROFILE_REQUIRED, RULE_PROFILE_TYPE, WITHIN, TWICE},
    {RULE_PROFILE_REQUIRED, RULE_NOT_ARRAY, AROUND, TWICE},
    {RULE_PROFILE_REQUIRED, RULE_NOT_OBJECT, AROUND, TWICE},
    {RULE_PROFILE_REQUIRED, RULE_IS_ARRAY, AROUND, TWICE},
    {RULE_PROFILE_REQUIRED, RULE_NULL, AROUND, TWICE},
    {RULE_PROFILE_UNKNOWN, RULE_URI, SAME, TWICE},
    {RULE_EMPTY_OBJECT, RULE_PROFILE_REQUIRED, WITHIN, TWICE},
    {RULE_UNKNOWN_ELEMENT, RULE_PROFILE_TYPE, ANY, LAST},
    {RULE_MIN, RULE_PROFILE_TYPE, ANY, LAST},
    {RULE_BINDING, RULE_PROFILE_TYPE, ANY, LAST},
    {RULE_INVARIANT, RULE_PROFILE_TYPE, ANY, LAST},

    /* what is not there, or in the wrong form */
    {RULE_MIN, RULE_UNKNOWN_ELEMENT, MEANT, TWICE},
    {RULE_MIN, RULE_UNKNOWN_ELEMENT, BESIDE, LAST},
    {RULE_MIN, RULE_NOT_ARRAY, SAME, LAST},
    {RULE_MIN, RULE_SLICE_MIN, SAME, TWICE},
    {RULE_EMPTY_OBJECT, RULE_MIN, WITHIN, TWICE},
    {RULE_EMPTY_ARRAY, RULE_MIN, SAME, TWICE},
    {RULE_EMPTY_ARRAY, RULE_SLICE_MIN, SAME, TWICE},
    {RULE_MAX, RULE_SLICE_CLOSED, WITHIN, TWICE},
    {RULE_MAX, RULE_SLICE_MAX, SAME, TWICE},
    {RULE_CHOICE_TYPE, RULE_EXTENSION_TYPE, SAME, TWICE},
    {RULE_CODE, RULE_FIXED, SAME, TWICE},
    {RULE_URI, RULE_FIXED, SAME, TWICE},
    {RULE_SYSTEM, RULE_FIXED, SAME, TWICE},

    /* an item is in no slice, since something in it is wrong */
    {RULE_SLICE_MIN, RULE_SLICE_CLOSED, NEARLY, TWICE},
    {RULE_SLICE_MIN, RULE_CODE, NEARLY, TWICE},
    {RULE_SLICE_MIN, RULE_CODE_UNKNOWN, NEARLY, TWICE},
    {RULE_SLICE_MIN, RULE_JSON_KIND, NEARLY, TWICE},
    {RULE_SLICE_MIN, RULE_SLICE_CLOSED, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_CODE, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_CODE_UNKNOWN, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_JSON_KIND, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_UNKNOWN_ELEMENT, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_NOT_ARRAY, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_IS_ARRAY, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_NOT_OBJECT, WITHIN, LAST},
    {RULE_SLICE_MIN, RULE_NULL, WITHIN, LAST},
    {RULE_SLICE_CLOSED, RULE_CODE, WITHIN, TWICE},
    {RULE_SLICE_CLOSED, RULE_CODE_UNKNOWN, WITHIN, TWICE},
    {RULE_SLICE_CLOSED, RULE_JSON_KIND, WITHIN, TWICE},
    {RULE_SLICE_CLOSED, RULE_UNKNOWN_ELEMENT, WITHIN, LAST},
    {RULE_SLICE_CLOSED, RULE_NOT_ARRAY, WITHIN, LAST},
    {RULE_SLICE_CLOSED, RULE_IS_ARRAY, WITHIN, LAST},
    {RULE_SLICE_CLOSED, RULE_NOT_OBJECT, WITHIN, LAST},
    {RULE_SLICE_CLOSED, RULE_NULL, WITHIN, LAST},

    /* the same code, judged again */
    {RULE_BINDING, RULE_FIXED, CODED, TWICE},
    {RULE_BINDING, RULE_CODE, CODED, TWICE},
    {RULE_BINDING, RULE_CODE_UNKNOWN, CODED, TWICE},
    {RULE_BINDING, RULE_JSON_KIND, CODED, TWICE},
    {RULE_BINDING, RULE_SYSTEM, CODED, TWICE},
    {RULE_BINDING, RULE_SLICE_MIN, PLACE, TWICE},
    {RULE_BINDING_NO_CODE, RULE_MIN, WITHIN, TWICE},
    {RULE_BINDING_NO_CODE, RULE_SLICE_MIN, WITHIN, TWICE},
    {RULE_BINDING_NO_CODE, RULE_EMPTY_ARRAY, WITHIN, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_BINDING, SAME, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_FIXED, CODED, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_CODE, CODED, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_CODE_UNKNOWN, CODED, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_JSON_KIND, CODED, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_SYSTEM, CODED, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_MIN, WITHIN, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_EMPTY_ARRAY, WITHIN, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_SLICE_MIN, WITHIN, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_SLICE_MIN, AROUND, TWICE},
    {RULE_BINDING_EXTENSIBLE, RULE_SLICE_CLOSED, AROUND, TWICE},
    {RULE_GRAMMAR_CODE, RULE_BINDING, CODED, TWICE},
    {RULE_GRAMMAR_CODE, RULE_FIXED, SAME, TWICE},
    {RULE_SYSTEM_HL7, RULE_SLICE_MIN, AROUND, TWICE},
    {RULE_SYSTEM_HL7, RULE_FIXED, SAME, TWICE},
    {RULE_EXTENSION_PART, RULE_SLICE_MIN, AROUND, TWICE},
    {RULE_EXTENSION_UNKNOWN, RULE_SLICE_MIN, AROUND, TWICE},

    /* the same rule of a base, that only warned */
    {RULE_REFERENCE_FORM, RULE_REFERENCE_FORM, SAME, TWICE},
    {RULE_REFERENCE_TARGET, RULE_REFERENCE_TARGET, SAME, TWICE},

    /* a reference that leads nowhere, or where it must not */
    {RULE_REFERENCE_AGGREGATION, RULE_REFERENCE_CONTAINED, SAME, TWICE},
    {RULE_REFERENCE_PROFILE, RULE_REFERENCE_AGGREGATION, SAME, TWICE},

    /* an invariant about what is missing, not wanted or misspelled */
    {RULE_INVARIANT, RULE_MIN, NAMED, TWICE},
    {RULE_INVARIANT, RULE_SLICE_MIN, NAMED, TWICE},
    {RULE_INVARIANT, RULE_DATETIME, SAME, TWICE},
    {RULE_INVARIANT, RULE_UNKNOWN_ELEMENT, NAMED, LAST},
    {RULE_INVARIANT, RULE_NOT_ARRAY, NAMED, LAST},
    {RULE_INVARIANT, RULE_NOT_OBJECT, NAMED, LAST},
    {RULE_INVARIANT_ERROR, RULE_JSON_KIND, NAMED, TWICE},
    {RULE_INVARIANT_WARNING, RULE_MIN, NAMED, TWICE},
    {RULE_INVARIANT_WARNING, RULE_NOT_OBJECT, NAMED, TWICE},
    {RULE_INVARIANT_WARNING, RULE_UNKNOWN_ELEMENT, NAMED, TWICE},
    {RULE_EXTENSION_VALUE, RULE_SLICE_MIN, NAMED, TWICE},
    {RULE_EXTENSION_VALUE, RULE_MAX, NAMED, TWICE},
};

/* Of what a profile does not want at all it says no more, whatever the rule. */
static const struct row banned = {RULE_MAX, RULE_MAX, BANNED, TWICE};
static const struct row beneath = {RULE_MAX, RULE_SLICE_MAX, BENEATH, TWICE};

/* ---- places ------------------------------------------------------------ */

/* "Observation.code" of "Observation.code.coding[0]"; or equal. */
static bool is_within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return strncmp(inner, outer, n) == 0 &&
	       (inner[n] == '\0' || inner[n] == '.' || inner[n] == '[');
}

static size_t parent_len(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? (size_t)(dot - path) : 0;
}

static bool same_parent(const char *x, const char *y)
{
	size_t n = parent_len(x);
	return n == parent_len(y) && strncmp(x, y, n) == 0;
}

static bool same_place(const struct issue *x, const struct issue *y)
{
	return x->line == y->line && x->column == y->column &&
	       same_parent(x->path, y->path);
}

static bool is_coded(const char *path)
{
	const char *name = path + parent_len(path);
	return strcmp(name, ".code") == 0 || strcmp(name, ".system") == 0;
}

/* The first n characters of name as a word of the text. */
static bool has_word(const char *text, const char *name, size_t n)
{
	for (const char *s = text; (s = strchr(s, *name)) != NULL; s++) {
		if (strncmp(s, name, n) == 0 && !ascii_letter(s[n]) &&
		    (s == text || !ascii_letter(s[-1])))
			return true;
	}
	return false;
}

/* Does an expression speak of a member of the element at path? A choice goes
 * there by its stem: value for valueQuantity. */
static bool speaks_of(const struct issue *x, const char *path)
{
	const char *text = x->key ? x->expected : x->text;
	size_t up = strlen(x->path);
	const char *name = path + up + 1;
	size_t n = 0;

	if (strncmp(path, x->path, up) != 0 || path[up] != '.' || !text ||
	    (strchr(name, '.') && x->severity <= ISSUE_ERROR))
		return false;
	while (ascii_letter(name[n]))
		n++;
	for (; n > 0; n--) {
		bool end = !ascii_letter(name[n]) || name[n] < 'a';
		if (end && has_word(text, name, n))
			return true;
	}
	return false;
}

static bool names(const struct issue *cause, const struct issue *x)
{
	const char *name = x->path + parent_len(x->path) + 1;
	const char *found = cause->hint ? strstr(cause->hint, name) : NULL;
	return found && found[-1] == '"' && found[strlen(name)] == '"' &&
	       same_parent(cause->path, x->path);
}

/* "in component[0] write ..." of component, and something in that item. */
static bool is_nearly(const struct issue *x, const struct issue *cause)
{
	size_t n = strlen(x->path) - parent_len(x->path) - 1;
	const char *item = x->hint ? x->hint + 3 : "";
	const char *name = x->path + parent_len(x->path) + 1;

	return is_within(cause->path, x->path) && x->hint &&
	       strncmp(x->hint, "in ", 3) == 0 && strncmp(item, name, n) == 0 &&
	       strncmp(item + n, cause->path + strlen(x->path),
		       strcspn(item + n, " ")) == 0;
}

/* "at most 0", or "at most 0 of" a slice */
static bool bans(const struct issue *i)
{
	static const char none[] = "at most 0";

	return i->expected && strncmp(i->expected, none, strlen(none)) == 0;
}

static bool is_banned(const struct issue *x, const struct issue *cause)
{
	return is_within(x->path, cause->path) && bans(cause) && x->profile &&
	       cause->profile && strcmp(x->profile, cause->profile) == 0;
}

static bool is_beneath(const struct issue *x, const struct issue *cause)
{
	return is_banned(x, cause) && strlen(x->path) > strlen(cause->path);
}

static bool relates(enum relation r, const struct issue *x,
		    const struct issue *cause)
{
	switch (r) {
	case SAME: return strcmp(x->path, cause->path) == 0;
	case WITHIN: return is_within(cause->path, x->path);
	case AROUND: return is_within(x->path, cause->path);
	case PLACE: return same_place(x, cause);
	case NAMED: return speaks_of(x, cause->path);
	case BESIDE: return same_parent(x->path, cause->path);
	case MEANT: return names(cause, x);
	case NEARLY: return is_nearly(x, cause);
	case BANNED: return is_banned(x, cause);
	case BENEATH: return is_beneath(x, cause);
	case CODED:
		return strcmp(x->path, cause->path) == 0 ||
		       (is_within(cause->path, x->path) &&
			is_coded(cause->path));
	default: return true;
	}
}

/* ---- the list ---------------------------------------------------------- */

static enum verdict verdict_by(const struct check *c, size_t x,
			       const struct row *row)
{
	const struct issue *v = c->out->v;
	bool same_rule = c->keys[x].rule == row->cause;

	for (size_t i = 0; i < c->out->n; i++) {
		if (c->keys[i].rule == row->cause &&
		    v[i].severity + same_rule <= v[x].severity && i != x &&
		    relates(row->relation, &v[x], &v[i]))
			return row->verdict;
	}
	return STAYS;
}

static enum verdict verdict_on(const struct check *c, size_t x)
{
	enum verdict worst = STAYS;

	/* so it follows from nothing that is in it */
	if (c->keys[x].rule == RULE_MAX && bans(&c->out->v[x]))
		return verdict_by(c, x, &beneath);
	if (verdict_by(c, x, &banned) == TWICE)
		return TWICE;
	for (size_t i = 0; i < LEN(rows) && worst != TWICE; i++) {
		if (rows[i].rule != c->keys[x].rule)
			continue;
		enum verdict v = verdict_by(c, x, &rows[i]);
		if (v > worst)
			worst = v;
	}
	return worst;
}

static int weight(const struct issue *i)
{
	return i->severity <= ISSUE_ERROR ? ISSUE_ERROR : (int)i->severity;
}

struct placed {
	struct issue issue;
	enum verdict verdict;
};

static bool before(const struct placed *x, const struct placed *y)
{
	if (weight(&x->issue) != weight(&y->issue))
		return weight(&x->issue) < weight(&y->issue);
	if (x->verdict != y->verdict)
		return x->verdict < y->verdict;
	if (x->issue.line != y->issue.line)
		return x->issue.line < y->issue.line;
	return x->issue.column < y->issue.column;
}

/* Insertion: there are few, mostly in order, and equals must keep theirs. */
static void sort(struct placed *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct placed x = v[i];
		size_t k = i;
		for (; k > 0 && before(&x, &v[k - 1]); k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

void issues_settle(struct check *c)
{
	struct issues *out = c->out;
	size_t n = out->n;

	if (n < 2)
		return;
	struct placed *v = arena_alloc(c->a, n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct placed){
		    out->v[i], c->keys[i].first ? FIRST : verdict_on(c, i)};
	sort(v, n);
	out->n = out->errors = 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i].verdict == TWICE && c->o->explain)
			continue;
		out->v[out->n++] = v[i].issue;
		out->errors += v[i].issue.severity <= ISSUE_ERROR;
	}
}
