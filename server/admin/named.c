/* SPDX-License-Identifier: Apache-2.0
 *
 * named: which profiles a resource names, read from as much of its text as the
 * journal keeps.
 *
 * A body may have been cut off, and of what is no JSON at all there is an entry
 * as well, so this is no parser: it walks through the members of the outermost
 * object up to "meta", and through those of that up to "profile", whose strings
 * are the answer. It stops there; resources begin with their meta, nearly
 * always. A name or a profile that is written with escapes is not known.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	const char *p, *end;
};

static void space(struct walk *w)
{
	while (w->p < w->end && (ascii_space(*w->p) || *w->p == ','))
		w->p++;
}

/* Past the string that begins here; false: there is none, or it has no end. */
static bool string(struct walk *w, struct octets *out)
{
	const char *from;

	space(w);
	if (w->p >= w->end || *w->p != '"')
		return false;
	from = ++w->p;
	while (w->p < w->end && *w->p != '"')
		w->p += *w->p == '\\' ? 2 : 1;
	if (w->p >= w->end)
		return false;
	*out = (struct octets){(const unsigned char *)from,
			       (size_t)(w->p++ - from)};
	return true;
}

/* Past a value of any kind. */
static bool value(struct walk *w)
{
	struct octets ignored;
	size_t depth = 0;

	do {
		space(w);
		if (w->p >= w->end)
			return false;
		if (*w->p == '"') {
			if (!string(w, &ignored))
				return false;
			continue;
		}
		if (depth == 0 && strchr("}]", *w->p))
			return true;
		depth += *w->p == '{' || *w->p == '[';
		depth -= *w->p == '}' || *w->p == ']';
		if (strchr("{}[]:", *w->p))
			w->p++;
		else
			while (w->p < w->end && !strchr(",}] \t\r\n", *w->p))
				w->p++;
	} while (depth > 0);
	return true;
}

/* In an object: to the value of that member. */
static bool member(struct walk *w, const char *name)
{
	const size_t len = strlen(name);
	struct octets has;

	space(w);
	if (w->p >= w->end || *w->p++ != '{')
		return false;
	while (string(w, &has)) {
		space(w);
		if (w->p >= w->end || *w->p++ != ':')
			return false;
		space(w);
		if (has.n == len && memcmp(has.p, name, len) == 0)
			return true;
		if (!value(w))
			return false;
	}
	return false;
}

char *profiles_named(const char *text, size_t n)
{
	struct walk w = {text, text + n};
	char *out = malloc(n + 1), *to = out;
	struct octets url;

	if (out == NULL)
		abort();
	*out = '\0';
	if (!member(&w, "meta") || !member(&w, "profile") || w.p >= w.end)
		return out;
	w.p += *w.p == '[';
	while (string(&w, &url)) {
		if (to > out)
			*to++ = ' ';
		memcpy(to, url.p, url.n);
		to += url.n;
	}
	*to = '\0';
	to = realloc(out, (size_t)(to - out) + 1);
	return to != NULL ? to : out;
}
