/* SPDX-License-Identifier: Apache-2.0
 *
 * arena: memory that ends together.
 *
 * A request makes thousands of small objects that all die with its answer, so
 * they are carved from blocks and never freed one by one. A block is got
 * zeroed from calloc and handed out from front to back. Blocks double up to
 * 1 MiB; a request for more than a quarter of the next block gets a block of
 * its own, put behind the current one so that the current one's rest is still
 * used. Growing a text to n bytes therefore costs O(n), whatever n.
 *
 * Invariants: memory beyond `used` is zero and, under AddressSanitizer,
 * poisoned; between two allocations at least GAP poisoned bytes remain, so an
 * overrun by one is reported as it would be with malloc. Without the sanitizer
 * there is no gap.
 *
 * A rewind gives back what came after a mark, zeroed and poisoned again; to
 * clear gives back all, but for a block that whoever comes next begins with.
 *
 * Limits: running out of memory aborts; inputs are capped before they get here.
 */
#include "base/base_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define GAP	       ((size_t)16)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP	       ((size_t)0)
#endif

#define ALIGN	      ((size_t)16)
#define BLOCK_DEFAULT ((size_t)16 * 1024)
#define BLOCK_MAX     ((size_t)1024 * 1024)

struct block {
	struct block *next;
	size_t used; /* of data */
	size_t cap;
	size_t unused; /* keeps data aligned */
	char data[];
};

struct arena {
	struct block *current; /* head of the list of all blocks */
	size_t first_bytes;    /* size of the first ordinary block */
	size_t next_bytes;     /* size of the next one */
	size_t handed_out;
};

_Static_assert(sizeof(struct block) % ALIGN == 0, "data is aligned");

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) & ~(ALIGN - 1);
}

static void *zeroed(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fputs("mock-kanta-phr: out of memory\n", stderr);
		abort();
	}
	return p;
}

static struct block *block_new(size_t cap)
{
	struct block *b = zeroed(sizeof(*b) + cap);

	b->cap = cap;
	POISON(b->data, cap);
	return b;
}

static void *carve(struct block *b, size_t n, size_t step)
{
	void *p = b->data + b->used;

	b->used += step;
	UNPOISON(p, n);
	return p;
}

static void *alloc_own_block(struct arena *a, size_t n, size_t step)
{
	struct block *b = block_new(step);

	if (a->current) {
		b->next = a->current->next;
		a->current->next = b;
	} else {
		a->current = b;
	}
	return carve(b, n, step);
}

struct arena *arena_new(size_t block_bytes)
{
	struct arena *a = zeroed(sizeof(*a));

	a->first_bytes = round_up(block_bytes ? block_bytes : BLOCK_DEFAULT);
	a->next_bytes = a->first_bytes;
	return a;
}

/* Frees the blocks from b up to, but not including, end. */
static void free_blocks(struct block *b, const struct block *end)
{
	for (struct block *next; b != end; b = next) {
		next = b->next;
		UNPOISON(b->data, b->cap);
		free(b);
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_blocks(a->current, NULL);
	free(a);
}

/* What was carved from a block beyond the first `used` bytes. */
static void give_back(struct block *b, size_t used)
{
	size_t n = b->used - used;

	UNPOISON(b->data + used, n);
	memset(b->data + used, 0, n);
	POISON(b->data + used, n);
	b->used = used;
}

struct arena_mark arena_mark(const struct arena *a)
{
	struct block *b = a->current;
	return (struct arena_mark){.block = b,
				   .next = b ? b->next : NULL,
				   .used = b ? b->used : 0,
				   .next_bytes = a->next_bytes,
				   .handed_out = a->handed_out};
}

/* Newer than the mark are the blocks before the one that was current then, and
 * those of their own that were put behind it since. */
void arena_rewind(struct arena *a, const struct arena_mark *m)
{
	struct block *b = m->block;

	free_blocks(a->current, b);
	a->current = b;
	a->next_bytes = m->next_bytes;
	a->handed_out = m->handed_out;
	if (!b)
		return;
	free_blocks(b->next, m->next);
	b->next = m->next;
	give_back(b, m->used);
}

void arena_clear(struct arena *a)
{
	struct block *kept = a->current;

	while (kept && kept->cap != a->first_bytes)
		kept = kept->next;
	free_blocks(a->current, kept);
	a->current = kept;
	a->next_bytes = a->first_bytes;
	a->handed_out = 0;
	if (!kept)
		return;
	free_blocks(kept->next, NULL);
	kept->next = NULL;
	give_back(kept, 0);
	if (a->next_bytes < BLOCK_MAX)
		a->next_bytes *= 2;
}

void *arena_alloc(struct arena *a, size_t n)
{
	assert(n < SIZE_MAX / 4);
	size_t step = round_up(n ? n : 1) + GAP;
	struct block *b = a->current;

	a->handed_out += n;
	if (b && b->cap - b->used >= step)
		return carve(b, n, step);
	if (step > a->next_bytes / 4)
		return alloc_own_block(a, n, step);
	b = block_new(a->next_bytes);
	b->next = a->current;
	a->current = b;
	if (a->next_bytes < BLOCK_MAX)
		a->next_bytes *= 2;
	return carve(b, n, step);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_cat(struct arena *a, const char *first, ...)
{
	va_list ap;
	size_t n = 0;
	char *all, *p;

	va_start(ap, first);
	for (const char *s = first; s; s = va_arg(ap, const char *))
		n += strlen(s);
	va_end(ap);
	all = p = arena_alloc(a, n + 1);
	va_start(ap, first);
	for (const char *s = first; s; s = va_arg(ap, const char *))
		p = stpcpy(p, s);
	va_end(ap);
	return all;
}

/* Most texts are short: those are formatted once. */
char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char text[256];
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	assert(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(text))
		memcpy(p, text, (size_t)n);
	else
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->handed_out;
}
