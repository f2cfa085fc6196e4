/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_build.c: what the compiler's files share: interned texts, and the
 * refusal that says where in which file a definition is wrong.
 *
 * Texts are interned for the time of one profile_compile(), so that a name that
 * occurs a thousand times is kept once; two refs made in one compilation are
 * equal when their texts are.
 */
#include "compile_int.h"

#include <stdio.h>
#include <string.h>

bool build_fail(struct build *b, const char *code, const char *fmt, ...)
{
	char text[512], where[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	const char *source = b->item ? b->item->source : "";
	const char *type =
	    b->item ? json_get_text(b->item->json, "resourceType") : NULL;
	if (!type)
		type = "definition";
	if (b->part)
		snprintf(where, sizeof(where), "%s: %s.%s.element[%u]%s",
			 source, type, b->part, b->element,
			 b->inside ? b->inside : "");
	else
		snprintf(where, sizeof(where), "%s: %s%s", source, type,
			 b->inside ? b->inside : "");
	if (b->item && b->item->url)
		return err_set(b->e, ERR_INVALID, code, where, "%s (in %s)",
			       text, b->item->url);
	return err_set(b->e, ERR_INVALID, code, where, "%s", text);
}

static void put(struct build *b, ref r)
{
	const char *s = text_at(b->p, r);
	size_t i = hash_text(s) & (b->cap_strings - 1);
	while (b->strings[i])
		i = (i + 1) & (b->cap_strings - 1);
	b->strings[i] = r;
}

static void grow(struct build *b)
{
	ref *old = b->strings;
	size_t n = b->cap_strings;
	b->cap_strings = n ? n * 2 : 4096;
	b->strings = arena_alloc(b->tmp, b->cap_strings * sizeof(ref));
	for (size_t i = 0; i < n; i++) {
		if (old[i])
			put(b, old[i]);
	}
}

ref build_textn(struct build *b, const char *s, size_t n)
{
	if (b->n_strings * 2 >= b->cap_strings)
		grow(b);
	size_t i = hash_textn(s, n) & (b->cap_strings - 1);
	for (; b->strings[i]; i = (i + 1) & (b->cap_strings - 1)) {
		const char *t = text_at(b->p, b->strings[i]);
		if (strncmp(t, s, n) == 0 && t[n] == '\0')
			return b->strings[i];
	}
	ref r = heap_alloc(b->p, n + 1);
	memcpy(heap_at(b->p, r), s, n);
	b->strings[i] = r;
	b->n_strings++;
	return r;
}

ref build_text(struct build *b, const char *s)
{
	return s ? build_textn(b, s, strlen(s)) : 0;
}

void *build_room(struct build *b, void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 64;
	void *room = arena_alloc(b->tmp, *cap * size);
	if (n > 0)
		memcpy(room, v, n * size);
	return room;
}

const char *json_tail(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}
