/* SPDX-License-Identifier: Apache-2.0
 *
 * definition_mentions: what definitions speak of.
 *
 * A new definition can be put on top of those in force by itself, unless one of
 * them speaks of it and was compiled without it: then all have to be compiled
 * again. Which, this set tells: it holds every piece of text in the definitions
 * that may be a canonical URL, as a hash. A definition speaks of itself, so
 * another one of its URL is known as well. A piece that is taken for one by
 * mistake costs time and nothing else.
 */
#include "record/record_int.h"

#include <string.h>

/* Where a URL ends: in a FHIRPath expression, or before its version. */
#define DELIMITERS " \t\r\n'\"`()[]{}<>,|"

static uint64_t hash_of(const char *s, size_t n)
{
	const uint64_t h = hash_bytes(HASH_START, s, n);

	return h ? h : 1; /* 0: an empty slot */
}

static uint64_t *slot(const struct mentions *m, uint64_t h)
{
	size_t i = h & (m->cap - 1);

	while (m->v[i] != 0 && m->v[i] != h)
		i = (i + 1) & (m->cap - 1);
	return &m->v[i];
}

static void add(struct mentions *m, struct arena *a, uint64_t h)
{
	const struct mentions old = *m;

	if (2 * m->n >= m->cap) {
		m->cap = m->cap ? 2 * m->cap : 256;
		m->v = arena_alloc(a, m->cap * sizeof(*m->v));
		for (size_t i = 0; i < old.cap; i++)
			if (old.v[i] != 0)
				*slot(m, old.v[i]) = old.v[i];
	}
	uint64_t *at = slot(m, h);
	m->n += *at == 0;
	*at = h;
}

static void add_text(struct mentions *m, struct arena *a, const char *s)
{
	while (*s != '\0') {
		const size_t n = strcspn(s, DELIMITERS);

		if (memchr(s, ':', n) != NULL)
			add(m, a, hash_of(s, n));
		s += n + (s[n] != '\0');
	}
}

void mentions_add(struct mentions *m, struct arena *a, const struct json *v)
{
	if (json_kind(v) == JSON_STRING)
		add_text(m, a, json_text(v));
	if (json_kind(v) != JSON_OBJECT && json_kind(v) != JSON_ARRAY)
		return;
	for (v = json_first(v); v; v = json_next(v))
		mentions_add(m, a, v);
}

bool mentions_have(const struct mentions *m, const char *url)
{
	const size_t n = strlen(url);

	/* not in one piece, or none that is kept */
	if (strcspn(url, DELIMITERS) != n || strchr(url, ':') == NULL)
		return true;
	return m->n > 0 && *slot(m, hash_of(url, n)) != 0;
}
