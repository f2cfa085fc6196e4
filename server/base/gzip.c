/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip: bytes packed in one go (RFC 1952).
 *
 * For answers that leave at once, so it is the fast level that is chosen: a
 * page of resources becomes a tenth at level 1, and hardly less at level 6,
 * which takes three times as long. zlib's memory comes from the arena of the
 * output, a smaller window than usual keeps it at some 70 KB; the output is
 * reserved once, at the most that deflate can make of the input.
 */
#include "base/base.h"

#include <assert.h>
#include <limits.h>
#include <zlib.h>

#define GZIP_HEADER 16 /* added to the window's bits */
#define WINDOW_BITS 14 /* 16 KB */
#define MEMORY	    7
#define LEVEL	    1

static void *z_alloc(void *arena, unsigned n, unsigned size)
{
	return arena_alloc(arena, (size_t)n * size);
}

static void z_free(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

void gzip_pack(struct buf *out, const void *p, size_t n)
{
	z_stream z = {.zalloc = z_alloc, .zfree = z_free, .opaque = out->arena};
	int done =
	    deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_HEADER + WINDOW_BITS,
			 MEMORY, Z_DEFAULT_STRATEGY);
	size_t most;
	char *to;

	assert(done == Z_OK && n <= UINT_MAX / 2);
	most = deflateBound(&z, n);
	to = arena_alloc(out->arena, most);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (unsigned)n;
	z.next_out = (Bytef *)to;
	z.avail_out = (unsigned)most;
	done = deflate(&z, Z_FINISH);
	assert(done == Z_STREAM_END);
	(void)done;
	buf_add(out, to, most - z.avail_out);
}
