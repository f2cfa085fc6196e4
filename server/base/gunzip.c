/* SPDX-License-Identifier: Apache-2.0
 *
 * gunzip: what gzip packed, unpacked piece by piece: zlib's door.
 *
 * The packed bytes are all there; what comes out is asked for in portions of
 * the caller's size, so that a large archive never stands unpacked in memory.
 * Two limits hold a bomb off: the bytes that may come out in all, and how many
 * times more than what went in (deflate itself reaches a thousand; text that
 * means something stays below thirty). zlib's own memory, some 40 KB, comes
 * from the caller's arena, so there is nothing to close.
 *
 * Every member of the file is read (RFC 1952 2.2) with its checksum and length;
 * what is behind the last one must be zeros, as tapes and tar leave them.
 */
#include "base/base.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define RATIO_MAX  200
#define RATIO_FROM ((size_t)4 << 20) /* less than this is no bomb */
#define GZIP_ONLY  (15 + 16)	     /* inflateInit2: no zlib header */

struct gunzip {
	z_stream z;
	size_t total; /* bytes that went in */
	size_t max;   /* that may come out */
	size_t out;   /* that came out */
	bool started;
	bool ended;
};

static void *z_alloc(void *arena, unsigned n, unsigned size)
{
	return arena_alloc(arena, (size_t)n * size);
}

static void z_free(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

struct gunzip *gunzip_open(struct arena *a, const void *packed, size_t n,
			   size_t max)
{
	struct gunzip *g = arena_alloc(a, sizeof(*g));

	g->z.zalloc = z_alloc;
	g->z.zfree = z_free;
	g->z.opaque = a;
	g->z.next_in = (Bytef *)(uintptr_t)packed;
	g->z.avail_in = n > UINT_MAX ? UINT_MAX : (unsigned)n;
	g->total = g->z.avail_in;
	g->max = max;
	return g;
}

static bool broken(const struct gunzip *g, struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "gzip", NULL,
		       "%s (at byte %zu of the gzip data)", what,
		       g->total - g->z.avail_in);
}

static bool is_member(const struct gunzip *g)
{
	return g->z.avail_in >= 2 && g->z.next_in[0] == 0x1f &&
	       g->z.next_in[1] == 0x8b;
}

static bool start(struct gunzip *g, struct err *e)
{
	g->started = true;
	if (!is_member(g))
		return broken(g, e,
			      "this is not gzip: its first bytes are "
			      "others");
	return inflateInit2(&g->z, GZIP_ONLY) == Z_OK ||
	       broken(g, e, "zlib does not start");
}

/* Behind a member: another one, or zeros to the end. */
static bool next_member(struct gunzip *g, struct err *e)
{
	if (is_member(g))
		return inflateReset(&g->z) == Z_OK ||
		       broken(g, e, "zlib does not start again");
	g->ended = true;
	for (; g->z.avail_in > 0; g->z.avail_in--, g->z.next_in++)
		if (*g->z.next_in != 0)
			return broken(g, e, "something stands behind its end");
	return true;
}

static bool within(const struct gunzip *g, struct err *e)
{
	const size_t in = g->total - g->z.avail_in;

	if (g->out > g->max)
		return err_set(e, ERR_TOO_LARGE, "gzip", NULL,
			       "unpacked it is larger than %zu MB",
			       g->max >> 20);
	if (g->out > RATIO_FROM && g->out / RATIO_MAX > in)
		return err_set(e, ERR_TOO_LARGE, "gzip", NULL,
			       "it unpacks to more than %d times its size",
			       RATIO_MAX);
	return true;
}

/* What zlib answered, when it was neither progress nor an end. */
static bool refuse(const struct gunzip *g, int answer, struct err *e)
{
	const char *why = g->z.msg ? g->z.msg : "";

	if (answer == Z_BUF_ERROR || (answer == Z_OK && g->z.avail_in == 0))
		return broken(g, e, "it is cut short");
	if (strstr(why, "data check") || strstr(why, "length check"))
		return broken(g, e, "its checksum or length is wrong");
	return broken(g, e, "it is damaged");
}

bool gunzip_read(struct gunzip *g, void *out, size_t n, size_t *got,
		 struct err *e)
{
	*got = 0;
	if (!g->started && !start(g, e))
		return false;
	while (*got < n && !g->ended) {
		const size_t want = n - *got > INT_MAX ? INT_MAX : n - *got;
		int answer;

		g->z.next_out = (Bytef *)out + *got;
		g->z.avail_out = (unsigned)want;
		answer = inflate(&g->z, Z_NO_FLUSH);
		*got += want - g->z.avail_out;
		g->out += want - g->z.avail_out;
		if (!within(g, e))
			return false;
		if (answer == Z_STREAM_END
			? !next_member(g, e)
			: answer != Z_OK ||
			      (g->z.avail_in == 0 && g->z.avail_out > 0))
			return g->ended ? false : refuse(g, answer, e);
	}
	return true;
}
