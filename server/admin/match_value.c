/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands behind the members of a match, read into criteria.
 *
 * Everything is copied into the arena of the match: it outlives the request
 * that brought it. Lists are any of them. What can never match is refused: a
 * word that is none of the known ones, a type of resource that the server does
 * not have, a pattern that does not compile, a status that no answer has.
 */
#include "admin/match_int.h"

#include "fhirpath/fhirpath.h"

#include <ctype.h>
#include <string.h>

#define WORDS_MAX     20
#define WORD_BYTES    1024
#define PATTERN_BYTES 256

static bool wrong(struct reading *in, const char *what)
{
	return err_set(&in->rq->err, ERR_INVALID, "invalid_value", in->where,
		       "\"%s\" must be %s.", in->c->field, what);
}

/* ---- words ---------------------------------------------------------- */

static bool known_word(struct reading *in, const char *word)
{
	const char *const *known = in->c->known->words;
	struct nearest near = {.word = word};

	if (!known)
		return true;
	for (; *known; known++) {
		if (strcmp(*known, word) == 0 ||
		    (in->c->known->how == HOW_FOLDED &&
		     strcasecmp(*known, word) == 0))
			return true;
		nearest_try(&near, *known);
	}
	return err_set(&in->rq->err, ERR_INVALID, "invalid_value", in->where,
		       "\"%s\" is never \"%.64s\"%s", in->c->field, word,
		       nearest_hint(&near, in->rq->arena));
}

static bool add_word(struct reading *in, const struct json *v,
		     bool (*ok)(struct reading *in, const char *word))
{
	struct criterion *c = in->c;
	const bool text = json_kind(v) == JSON_STRING;
	const bool number =
	    json_kind(v) == JSON_NUMBER && c->known->how == HOW_STATUS;

	if ((!text && !number) || json_len(v) == 0)
		return wrong(in, c->known->type);
	if (json_len(v) > WORD_BYTES)
		return wrong(in, "shorter");
	if (!ok(in, json_text(v)))
		return false;
	c->word[c->words++] = arena_strdup(in->arena, json_text(v));
	return true;
}

static bool read_words(struct reading *in, const struct json *v,
		       bool (*ok)(struct reading *in, const char *word))
{
	struct criterion *c = in->c;

	c->word = arena_alloc(in->arena, WORDS_MAX * sizeof(*c->word));
	if (json_kind(v) != JSON_ARRAY)
		return add_word(in, v, ok);
	if (json_count(v) == 0 || json_count(v) > WORDS_MAX)
		return wrong(in, "a list of 1 to 20");
	for (const struct json *x = json_first(v); x; x = json_next(x))
		if (!add_word(in, x, ok))
			return false;
	return true;
}

bool match_read_words(struct reading *in, const struct json *v)
{
	return read_words(in, v, known_word);
}

static bool known_type(struct reading *in, const char *word)
{
	struct nearest near = {.word = word};
	const struct record_type *t;

	for (int f = 0; f < FHIR_VERSIONS; f++) {
		if (record_type_find((enum fhir_version)f, word))
			return true;
		for (size_t i = 0;
		     (t = record_type_at((enum fhir_version)f, i)); i++)
			nearest_try(&near, t->type);
	}
	return err_set(
	    &in->rq->err, ERR_INVALID, "invalid_value", in->where,
	    "There are no resources of the type \"%.64s\" here%s%s%s", word,
	    near.best ? "; did you mean \"" : "", text_or_empty(near.best),
	    near.best ? "\"?" : ".");
}

bool match_read_types(struct reading *in, const struct json *v)
{
	return read_words(in, v, known_type);
}

static bool is_status(struct reading *in, const char *word)
{
	const bool form =
	    strlen(word) == 3 && word[0] >= '1' && word[0] <= '5' &&
	    (strcmp(word + 1, "xx") == 0 || strspn(word, "0123456789") == 3);

	return form || wrong(in, "a status like 404 or \"4xx\"");
}

bool match_read_status(struct reading *in, const struct json *v)
{
	return read_words(in, v, is_status);
}

bool match_read_truth(struct reading *in, const struct json *v)
{
	if (json_kind(v) != JSON_TRUE && json_kind(v) != JSON_FALSE)
		return wrong(in, in->c->known->type);
	in->c->number = json_kind(v) == JSON_TRUE;
	return true;
}

/* ---- patterns ------------------------------------------------------- */

static bool pattern_ok(struct reading *in, const char *pattern)
{
	if (strlen(pattern) > PATTERN_BYTES)
		return wrong(in, "a shorter regular expression");
	return fp_regex(pattern, "", false, NULL) >= 0 ||
	       wrong(in, "a regular expression that can be read");
}

/* "/a/b" is a beginning, "/a.b/" an expression: in doubt it is one, which finds
 * what begins so as well. */
static bool path_ok(struct reading *in, const char *word)
{
	const size_t n = strlen(word);

	if (word[0] != '/')
		return wrong(in, "the beginning of a path (\"/phr-...\") or "
				 "/a regular expression/");
	return n < 3 || word[n - 1] != '/' ||
	       pattern_ok(in, arena_strndup(in->arena, word + 1, n - 2));
}

bool match_read_path(struct reading *in, const struct json *v)
{
	return read_words(in, v, path_ok);
}

/* ---- who, and since when -------------------------------------------- */

bool match_read_hetu(struct reading *in, const struct json *v)
{
	struct criterion *c = in->c;
	struct err e = {.kind = ERR_NONE};
	char *hetu;

	if (json_kind(v) != JSON_STRING)
		return wrong(in, c->known->type);
	if (!hetu_check(json_text(v), &e))
		return err_set(&in->rq->err, ERR_INVALID, "invalid_hetu",
			       in->where, "%s", e.text);
	hetu = arena_strdup(in->arena, json_text(v));
	for (char *p = hetu; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	c->word = arena_alloc(in->arena, sizeof(*c->word));
	c->word[c->words++] = hetu;
	return true;
}

bool match_read_since(struct reading *in, const struct json *v)
{
	struct criterion *c = in->c;
	struct time_span t;

	if (json_kind(v) == JSON_NUMBER && json_len(v) <= 15 &&
	    strspn(json_text(v), "0123456789") == json_len(v)) {
		for (const char *p = json_text(v); *p; p++)
			c->number = c->number * 10 + (*p - '0');
		return true;
	}
	if (json_kind(v) != JSON_STRING ||
	    !time_parse(json_text(v), json_len(v), &t))
		return wrong(in, "a number of the journal, or a time like "
				 "2026-03-01T10:00:00+02:00");
	c->number = t.lo_ms;
	c->words = 1; /* it is a time */
	return true;
}

/* ---- what stands in a header, a parameter, a body -------------------- */

/* {"matches": "..."}, {"absent": true}; false without an error: neither. */
static bool read_special(struct reading *in, const struct json *v)
{
	const struct json *m = json_first(v);
	struct criterion *c = in->c;

	if (json_kind(v) != JSON_OBJECT || json_count(v) != 1)
		return false;
	if (strcmp(json_name(m), "absent") == 0 && json_kind(m) == JSON_TRUE) {
		c->how = HOW_ABSENT;
		return true;
	}
	if (strcmp(json_name(m), "matches") != 0 || json_kind(m) != JSON_STRING)
		return false;
	c->how = HOW_REGEX;
	c->word = arena_alloc(in->arena, sizeof(*c->word));
	c->word[c->words++] = arena_strdup(in->arena, json_text(m));
	return pattern_ok(in, json_text(m));
}

bool match_read_test(struct reading *in, const struct json *v)
{
	if (read_special(in, v))
		return true;
	if (in->rq->err.kind != ERR_NONE)
		return false;
	if (json_kind(v) >= JSON_ARRAY || json_kind(v) == JSON_NULL ||
	    json_len(v) > WORD_BYTES)
		return wrong(in, "a string, {\"matches\": \"a regular "
				 "expression\"} or {\"absent\": true}");
	in->c->word = arena_alloc(in->arena, sizeof(*in->c->word));
	in->c->word[in->c->words++] = arena_strdup(in->arena, json_text(v));
	return true;
}

bool match_read_value(struct reading *in, const struct json *v)
{
	struct err never;
	const char *text;
	size_t n;

	if (!json_pointer_ok(in->c->key))
		return wrong(in, "named by a JSON Pointer (\"/code/text\")");
	if (read_special(in, v))
		return true;
	if (in->rq->err.kind != ERR_NONE)
		return false;
	text = json_source(v, &n);
	in->c->value =
	    json_parse(in->arena, arena_strndup(in->arena, text, n), n, &never);
	return true;
}
