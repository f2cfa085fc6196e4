/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of words: what an application used of the service, each once. It grows
 * with the journal, so it is a hash table; it is told in the order of the
 * letters, so that two reports of the same requests are the same.
 */
#include "admin/report_int.h"

#include <stdlib.h>

#define SLOTS 64

void report_words_init(struct report_words *w, struct arena *a)
{
	*w = (struct report_words){.arena = a};
}

static uint32_t *slot_of(const struct report_words *w, const char *text)
{
	size_t i = hash_text(text) & (w->slots - 1);

	while (w->slot[i] != 0 && strcmp(w->v[w->slot[i] - 1], text) != 0)
		i = (i + 1) & (w->slots - 1);
	return &w->slot[i];
}

static void grow(struct report_words *w)
{
	const char **v;

	w->slots = w->slots == 0 ? SLOTS : w->slots * 2;
	w->cap = w->slots / 2;
	v = arena_alloc(w->arena, w->cap * sizeof(char *));
	for (size_t i = 0; i < w->n; i++)
		v[i] = w->v[i];
	w->v = v;
	w->slot = arena_alloc(w->arena, w->slots * sizeof(uint32_t));
	for (size_t i = 0; i < w->n; i++)
		*slot_of(w, w->v[i]) = (uint32_t)i + 1;
}

size_t report_words_add(struct report_words *w, const char *text)
{
	uint32_t *slot;

	if (w->n == w->cap)
		grow(w);
	slot = slot_of(w, text);
	if (*slot != 0)
		return *slot - 1;
	w->v[w->n++] = arena_strdup(w->arena, text);
	*slot = (uint32_t)w->n;
	return w->n - 1;
}

bool report_words_has(const struct report_words *w, const char *text)
{
	return w->n > 0 && *slot_of(w, text) != 0;
}

void report_words_forget(struct report_words *w)
{
	*slot_of(w, w->v[w->n - 1]) = 0;
	w->n--;
}

static int by_letters(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

void report_words_sort(struct report_words *w)
{
	if (w->n == 0)
		return;
	qsort(w->v, w->n, sizeof(char *), by_letters);
	memset(w->slot, 0, w->slots * sizeof(uint32_t));
	for (size_t i = 0; i < w->n; i++)
		*slot_of(w, w->v[i]) = (uint32_t)i + 1;
}
