/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts against patterns, and what is inside of a request.
 *
 * Patterns come from test code and texts from the application under test, and
 * neither may hold the loop: a glob costs the product of both lengths at most,
 * a regular expression has the budget of the engine (fhirpath/regex.c), and is
 * searched for in the first TEXT_BYTES only.
 *
 * A query and a body are read when the first criterion asks for them, into an
 * arena of the look, and then stay. A body that is no JSON is looked at as a
 * form, so that "/grant_type" finds a parameter of the token endpoint.
 */
#include "admin/match_int.h"

#include "fhirpath/fhirpath.h"

#include <string.h>

#define TEXT_BYTES (64u << 10)

int match_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = text;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

int match_pattern(const char *pattern, const char *text)
{
	struct arena *a;
	int found;

	if (strlen(text) <= TEXT_BYTES)
		return fp_regex(pattern, text, false, NULL);
	a = arena_new(TEXT_BYTES + 1);
	found =
	    fp_regex(pattern, arena_strndup(a, text, TEXT_BYTES), false, NULL);
	arena_free(a);
	return found;
}

struct arena *match_arena(struct look *l)
{
	if (!l->arena)
		l->arena = arena_new(0);
	return l->arena;
}

static struct http_pair *pairs(struct look *l, const char *text, size_t len,
			       size_t *n)
{
	struct http_pair *pair;
	struct err ignored;

	if (!http_form(match_arena(l), text, len, &pair, n, &ignored))
		*n = 0;
	return pair;
}

/* ?code=x, and what a POST to _search has in its form. */
const char *match_query(struct look *l, const char *name)
{
	const char *query = text_or_empty(l->s->query);
	const char *path = text_or_empty(l->s->path);
	const size_t len = strlen(path);
	struct http_pair *pair;
	const char *value;
	size_t n;

	pair = pairs(l, query, strlen(query), &n);
	value = n > 0 ? http_form_get(pair, n, name) : NULL;
	if (value || len < 8 || strcmp(path + len - 8, "/_search") != 0)
		return value;
	return match_form(l, name);
}

static void read_body(struct look *l)
{
	const struct seen *s = l->s;
	struct err ignored;

	if (l->body_read)
		return;
	l->body_read = true;
	if (!s->body || s->body_len == 0)
		return;
	l->doc = json_parse(match_arena(l), s->body, s->body_len, &ignored);
	if (!l->doc)
		l->form = pairs(l, s->body, s->body_len, &l->forms);
}

const struct json *match_body(struct look *l, const char *pointer)
{
	read_body(l);
	return l->doc ? json_pointer(l->doc, pointer) : NULL;
}

const char *match_form(struct look *l, const char *name)
{
	read_body(l);
	return l->forms > 0 ? http_form_get(l->form, l->forms, name) : NULL;
}
