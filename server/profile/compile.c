/* SPDX-License-Identifier: Apache-2.0
 *
 * compile.c: StructureDefinitions to element trees.
 *
 * A type's own definition (every resource and data type) is the matter of
 * compile_base.c. All others are profiles: a copy of the base's root on which
 * the elements of the differential are laid (compile_overlay.c). Where the
 * differential or the base is missing, the snapshot is laid on the type itself
 * instead: it is only a longer differential.
 *
 * A profile may need another one compiled first (its base, or the profile of an
 * element's type); that happens on the way. A definition that needs itself as
 * its base is refused.
 */
#include "compile_int.h"

#include <string.h>

#define NESTED_MAX 64

struct item *item_find(struct item **v, size_t n, const char *url)
{
	size_t lo = 0, hi = n, len = url ? canonical_len(url) : 0;
	struct item *found = NULL;

	while (url && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strncmp(v[mid]->url, url, len);
		if (d == 0)
			d = v[mid]->url[len] != '\0';
		if (d == 0)
			found = v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return found;
}

/* Versions of one URL stand together. */
struct item *item_of(struct build *b, ref sd)
{
	const ref *url = sd ? rec_at(b->p, sd) : NULL;
	const char *text = url ? text_at(b->p, *url) : NULL;
	struct item *it = item_find(b->sd, b->n_sd, text);
	while (it && it->rec != sd)
		it = it->later && strcmp(it->later->url, text) == 0 ? it->later
								    : NULL;
	return it;
}

/* "a, based on b, based on a" */
static bool ring(struct build *b, const struct item *it)
{
	const struct item *chain[8];
	struct buf names;
	size_t n = 0;

	for (const struct item *i = b->item; i && n < LEN(chain);
	     i = i->asker) {
		chain[n++] = i;
		if (i == it)
			break;
	}
	buf_init(&names, b->tmp);
	while (n > 0)
		buf_printf(&names, "%.100s, based on ", chain[--n]->url);
	b->part = NULL;
	return build_fail(b, "invalid", "a ring of definitions: %s%.100s",
			  names.p, it->url);
}

/* A definition by canonical, compiled if need be; 0 with no error when it is
 * unknown. */
static bool compiled(struct build *b, const char *url, ref *out)
{
	*out = find_sd(b->p, url);
	struct item *it = item_of(b, *out);
	if (!it)
		return true;
	if (it == b->item) {
		b->part = NULL;
		return build_fail(b, "invalid", "it is its own base");
	}
	if (it->state == ITEM_BUSY)
		return ring(b, it);
	return compile_sd(b, it);
}

/* The list of elements of a "snapshot" or "differential"; NULL when there is
 * none. */
static bool elements_of(struct build *b, const struct item *it,
			const char *part, const struct json **out)
{
	const struct json *whole = json_get(it->json, part);

	*out = json_get(whole, "element");
	b->part = NULL;
	if (whole && json_kind(whole) != JSON_OBJECT)
		return build_fail(b, "invalid", "%s is not an object", part);
	if (*out && json_kind(*out) != JSON_ARRAY)
		return build_fail(b, "invalid", "%s.element is not an array",
				  part);
	return true;
}

/* Which tree to start from, and which elements to lay on it. */
static bool start(struct build *b, const struct item *it, ref *from,
		  const struct json **elements)
{
	const char *base = json_get_text(it->json, "baseDefinition");
	const char *type = defined_type(it->json);
	ref r = 0;

	if (base && !compiled(b, base, &r))
		return false;
	const struct json *full;
	if (!elements_of(b, it, "differential", elements) ||
	    !elements_of(b, it, "snapshot", &full))
		return false;
	b->part = "differential";
	if (!r || json_count(*elements) == 0) {
		unsigned t =
		    type ? find_type(b->p, type, strlen(type)) : NO_TYPE;
		if (json_count(full) > 0 && t != NO_TYPE) {
			*elements = full;
			b->part = "snapshot";
			r = b->p->types[t].sd;
		}
	}
	if (!r) {
		b->part = NULL;
		return build_fail(b, "not-found", "unknown baseDefinition %s",
				  base ? base : "(none)");
	}
	*from = r;
	return true;
}

static bool check_type(struct build *b, const struct item *it, ref from)
{
	const struct sd *base = rec_at(b->p, from);
	const char *want = defined_type(it->json);
	const char *is = text_at(b->p, b->p->types[base->type].name);

	if (!want || strcmp(want, is) == 0)
		return true;
	b->part = NULL;
	return build_fail(b, "invalid",
			  "type is \"%s\", but that of the base is \"%s\"",
			  want, is);
}

/* The elements on a copy of a definition's tree; 0: refused. */
static ref laid_on(struct build *b, ref from, const struct json *elements)
{
	struct profiles *p = b->p;
	const struct sd *base = rec_at(p, from);
	ref mark = heap_alloc(p, 0);
	ref root = heap_alloc(p, sizeof(struct node));
	struct node *n = heap_at(p, root);

	*n = *node_at(p, base->root);
	n->owner = 0;
	n->flags &= (uint16_t)~NODE_DONE;
	n->flags |= NODE_CONSTRAINED;
	if (!overlay_elements(b, root, text_at(p, p->types[base->type].name),
			      elements) ||
	    !overlay_contents(b, root, base->root) ||
	    !resolve_slicing(b, root, mark))
		return 0;
	return root;
}

static bool compile_profile(struct build *b, struct item *it)
{
	const struct json *elements = NULL;
	struct sd *sd = heap_at(b->p, it->rec);
	ref from = 0;

	if (!read_sd_marks(b, it->json, &sd->confidence) ||
	    !start(b, it, &from, &elements) || !check_type(b, it, from))
		return false;
	const struct sd *base = rec_at(b->p, from);
	sd->type = base->type;
	if (b->p->types[sd->type].kind != KIND_RESOURCE)
		sd->flags |= SD_DATATYPE;
	b->base = false;
	b->confidence = sd->confidence;
	sd->root = laid_on(b, from, elements);
	return sd->root != 0;
}

bool compile_sd(struct build *b, struct item *it)
{
	struct build saved = *b;

	/* a ring of profiles on types is cut here, one of bases in compiled()
	 */
	if (it->state != ITEM_NEW)
		return true;
	b->item = it;
	if (b->depth >= NESTED_MAX)
		return build_fail(b, "too-long", "bases are nested too deep");
	it->state = ITEM_BUSY;
	it->asker = saved.item;
	b->depth++;
	bool ok = defines_type(b->p, it->json) ? compile_base(b, it)
					       : compile_profile(b, it);
	if (!ok)
		return false;
	compile_contexts(b, it);
	it->state = ITEM_DONE;
	b->depth--;
	b->item = saved.item;
	b->part = saved.part;
	b->element = saved.element;
	b->base = saved.base;
	b->confidence = saved.confidence;
	return true;
}

bool compile_definitions(struct build *b)
{
	struct type *types = NULL;

	for (int bases = 1; bases >= 0; bases--) {
		for (size_t i = 0; i < b->n_sd; i++) {
			if (defines_type(b->p, b->sd[i]->json) != (bases == 1))
				continue;
			if (!compile_sd(b, b->sd[i]))
				return false;
		}
		if (bases == 0 || b->p->image_bytes > 0)
			continue;
		/* what types this set has was its own to say */
		types = (struct type *)(uintptr_t)b->p->types;
		for (size_t i = 0; i < b->p->n_types; i++) {
			const struct sd *sd = rec_at(b->p, types[i].sd);
			types[i].root = sd->root;
		}
	}
	return true;
}
