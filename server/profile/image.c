/* SPDX-License-Identifier: Apache-2.0
 *
 * image.c: the compiled set as a file, and the file as a compiled set.
 *
 * The image is the heap of the definition compiler, byte for byte, behind a
 * header that says where the tables are; a ref in it is an offset from its
 * first byte. Opening it checks the header and keeps the pointer: pages that no
 * check touches are never read. The format is that of the machine it was made
 * for; it is only ever embedded in a binary built with it, and the header says
 * so.
 *
 * A layer is the heap of a set that has an image below it: the national
 * profiles as the build compiled them. It is copied into the heap of a set with
 * that image, since definitions that come later may replace its records.
 */
#include "form_int.h"

#include <assert.h>
#include <string.h>

#define MAGIC  "KPHRDEF"
#define FORMAT 4U

/* What is found by URL: arrays of refs, and where they are. */
struct tables {
	ref sd, vs, cs;
	uint32_t n_sd, n_vs, n_cs;
};

struct image_head {
	char magic[8];
	uint32_t format;
	uint32_t layout; /* of the records */
	uint32_t version;
	uint32_t bytes;
	ref types, search;
	uint32_t n_types, n_search, n_expr;
	struct tables by_url;
};
_Static_assert(sizeof(struct image_head) <= IMAGE_HEAD, "header");

/* Changes when a record does. */
static uint32_t layout(void)
{
	return (uint32_t)(sizeof(struct node) + sizeof(struct type) * 3 +
			  sizeof(struct slicing) * 5 + sizeof(struct sd) * 7 +
			  sizeof(struct part) * 11 +
			  sizeof(struct constraint) * 13 +
			  sizeof(struct code_system) * 13 +
			  sizeof(struct concept) * 17);
}

static ref put_table(struct profiles *p, const struct table *t)
{
	ref r = heap_alloc(p, t->n * sizeof(ref));
	if (t->n > 0)
		memcpy(heap_at(p, r), t->v, t->n * sizeof(ref));
	return r;
}

/* They go behind the rest: that changes no record. */
static struct tables put_tables(struct profiles *p)
{
	return (struct tables){
	    .sd = put_table(p, &p->sd),
	    .vs = put_table(p, &p->vs),
	    .cs = put_table(p, &p->cs),
	    .n_sd = (uint32_t)p->sd.n,
	    .n_vs = (uint32_t)p->vs.n,
	    .n_cs = (uint32_t)p->cs.n,
	};
}

static void take_tables(const struct profiles *p, const struct tables *t,
			struct table *sd, struct table *vs, struct table *cs)
{
	*sd = (struct table){rec_at(p, t->sd), t->n_sd};
	*vs = (struct table){rec_at(p, t->vs), t->n_vs};
	*cs = (struct table){rec_at(p, t->cs), t->n_cs};
}

/* The ref of a pointer into the heap. */
static ref ref_of(const struct profiles *p, const void *at)
{
	for (size_t i = 0; i < p->chunks; i++) {
		const char *c = p->chunk[i];
		if ((const char *)at >= c && (const char *)at < c + CHUNK_BYTES)
			return (ref)(i * CHUNK_BYTES +
				     (size_t)((const char *)at - c));
	}
	return 0;
}

static void add_heap(struct buf *out, const struct profiles *p)
{
	for (size_t i = 0; i < p->chunks; i++) {
		size_t n = p->top - i * CHUNK_BYTES;
		buf_add(out, p->chunk[i], n < CHUNK_BYTES ? n : CHUNK_BYTES);
	}
}

bool profile_write_image(const struct profiles *set, struct buf *out,
			 struct err *e)
{
	struct profiles copy = *set, *p = &copy;
	if (p->image_bytes > 0)
		return err_set(e, ERR_INVALID, "invalid", NULL,
			       "only a set without an image can be written");
	struct image_head h = {
	    .format = FORMAT, .layout = layout(), .version = p->version};
	memcpy(h.magic, MAGIC, sizeof(MAGIC));
	h.types = ref_of(p, p->types);
	h.n_types = p->n_types;
	h.search = ref_of(p, p->search);
	h.n_search = (uint32_t)p->n_search;
	h.by_url = put_tables(p);
	h.n_expr = p->n_expr;
	h.bytes = p->top;
	memcpy(p->chunk[0], &h, sizeof(h));
	add_heap(out, p);
	return true;
}

static bool table_fits(const struct image_head *h, ref r, uint32_t n,
		       size_t record)
{
	return r % 4 == 0 && r <= h->bytes && n <= (h->bytes - r) / record;
}

static bool head_fits(const struct image_head *h, enum fhir_version v, size_t n)
{
	const struct tables *t = &h->by_url;

	return memcmp(h->magic, MAGIC, sizeof(MAGIC)) == 0 &&
	       h->format == FORMAT && h->layout == layout() &&
	       h->version == (uint32_t)v && h->bytes == n && n % 4 == 0 &&
	       table_fits(h, h->types, h->n_types, sizeof(struct type)) &&
	       table_fits(h, t->sd, t->n_sd, sizeof(ref)) &&
	       table_fits(h, t->vs, t->n_vs, sizeof(ref)) &&
	       table_fits(h, t->cs, t->n_cs, sizeof(ref)) &&
	       table_fits(h, h->search, h->n_search,
			  sizeof(struct search_param)) &&
	       h->n_types < NO_TYPE && h->n_expr <= h->bytes;
}

struct profiles *profile_open(struct arena *boot, enum fhir_version v,
			      const void *image, size_t n, struct err *e)
{
	const struct image_head *h = image;

	assert((uintptr_t)image % 4 == 0);
	if (n < IMAGE_HEAD || n > UINT32_MAX || !head_fits(h, v, n)) {
		err_set(e, ERR_INTERNAL, "exception", NULL,
			"the definitions do not fit this build");
		return NULL;
	}
	struct profiles *p = profile_new(boot, v);
	p->image = image;
	p->image_bytes = p->frozen = h->bytes;
	p->types = rec_at(p, h->types);
	p->n_types = h->n_types;
	take_tables(p, &h->by_url, &p->image_sd, &p->image_vs, &p->image_cs);
	p->search = rec_at(p, h->search);
	p->n_search = h->n_search;
	p->n_expr = p->cap_expr = h->n_expr;
	p->expr = arena_alloc(boot, (h->n_expr + 1) * sizeof(*p->expr));
	know_types(p);
	return p;
}

/* ---- a layer ------------------------------------------------------------ */

#define LAYER "KPHRLAY"

struct layer_head {
	char magic[8];
	uint32_t format;
	uint32_t layout; /* of the records */
	uint32_t version;
	uint32_t image_bytes; /* of the image below it */
	uint32_t bytes;	      /* behind this head */
	struct tables by_url;
	uint32_t n_expr;
	uint32_t vs_override;
};

static bool is_of_image(const struct profiles *p, const void *at)
{
	return (const char *)at >= p->image &&
	       (const char *)at < p->image + p->image_bytes;
}

bool profile_write_layer(const struct profiles *set, struct buf *out,
			 struct err *e)
{
	struct profiles copy = *set, *p = &copy;
	if (p->image_bytes == 0 || !is_of_image(p, p->search) ||
	    p->n_globals > 0 || p->questionnaires)
		return err_set(e, ERR_INVALID, "invalid", NULL,
			       "a layer holds profiles, value sets and code "
			       "systems on top of an image, nothing else");
	struct layer_head h = {.format = FORMAT,
			       .layout = layout(),
			       .version = p->version,
			       .image_bytes = p->image_bytes,
			       .n_expr = p->n_expr,
			       .vs_override = p->vs_override};
	memcpy(h.magic, LAYER, sizeof(LAYER));
	h.by_url = put_tables(p);
	h.bytes = p->top;
	buf_add(out, (const char *)&h, sizeof(h));
	add_heap(out, p);
	return true;
}

static bool layer_fits(const struct profiles *p, const struct layer_head *h,
		       size_t n)
{
	return n >= sizeof(*h) && memcmp(h->magic, LAYER, sizeof(LAYER)) == 0 &&
	       h->format == FORMAT && h->layout == layout() &&
	       h->version == (uint32_t)p->version &&
	       h->image_bytes == p->image_bytes && h->bytes == n - sizeof(*h) &&
	       h->n_expr >= p->n_expr;
}

/* The heap of the layer becomes that of the set. */
static void copy_heap(struct profiles *p, const char *bytes, size_t n)
{
	ref r = heap_alloc(p, n);

	assert(r == p->image_bytes);
	for (size_t i = 0; i < p->chunks && i * CHUNK_BYTES < n; i++) {
		size_t left = n - i * CHUNK_BYTES;
		memcpy(p->chunk[i], bytes + i * CHUNK_BYTES,
		       left < CHUNK_BYTES ? left : CHUNK_BYTES);
	}
}

bool profile_add_layer(struct profiles *p, const void *layer, size_t n,
		       struct err *e)
{
	const struct layer_head *h = layer;

	assert(p->image_bytes > 0 && p->chunks == 0);
	if (!layer_fits(p, h, n))
		return err_set(e, ERR_INTERNAL, "exception", NULL,
			       "the national definitions do not fit this "
			       "build");
	copy_heap(p, (const char *)(h + 1), h->bytes);
	take_tables(p, &h->by_url, &p->sd, &p->vs, &p->cs);
	p->vs_override = h->vs_override;
	p->n_expr = p->cap_expr = h->n_expr;
	p->expr = arena_alloc(p->arena, (h->n_expr + 1) * sizeof(*p->expr));
	return true;
}
