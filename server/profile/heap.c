/* SPDX-License-Identifier: Apache-2.0
 *
 * heap.c: where compiled records live, and how they are found by URL or name.
 *
 * A ref below image_bytes is an offset in the image, above it in the heap. The
 * heap grows by chunks that never move, so a pointer to a record stays good
 * while others are made; a record larger than a chunk gets several chunks in
 * one piece. Nothing is ever given back: the heap ends with its arena.
 *
 * Tables are arrays of refs sorted by the URL that each record begins with. The
 * heap's tables are searched before the image's, so that a definition that came
 * later wins. A "|version" behind a canonical URL is not compared: there is one
 * version of everything here.
 */
#include "profile_int.h"

#include <assert.h>
#include <string.h>

void *heap_at(struct profiles *p, ref r)
{
	assert(r >= p->image_bytes);
	r -= p->image_bytes;
	return p->chunk[r / CHUNK_BYTES] + r % CHUNK_BYTES;
}

static void add_chunks(struct profiles *p, size_t n)
{
	size_t cap = p->chunk_cap;
	while (p->chunks + n > cap)
		cap = cap ? cap * 2 : 16;
	if (cap > p->chunk_cap) {
		char **v = arena_alloc(p->arena, cap * sizeof(*v));
		if (p->chunks > 0)
			memcpy(v, p->chunk, p->chunks * sizeof(*v));
		p->chunk = v;
		p->chunk_cap = cap;
	}
	char *block = arena_alloc(p->arena, n * CHUNK_BYTES);
	for (size_t i = 0; i < n; i++)
		p->chunk[p->chunks + i] = block + i * CHUNK_BYTES;
	p->chunks += n;
}

ref heap_alloc(struct profiles *p, size_t n)
{
	/* nothing has a place too: no ref may lie behind the end */
	n = n ? (n + 3) & ~(size_t)3 : 4;
	if (n > p->end - p->top) {
		size_t chunks = (n + CHUNK_BYTES - 1) / CHUNK_BYTES;
		size_t room = UINT32_MAX - p->image_bytes - p->end;
		assert(chunks * CHUNK_BYTES < room);
		add_chunks(p, chunks);
		p->top = p->end;
		p->end += (uint32_t)(chunks * CHUNK_BYTES);
	}
	ref r = p->image_bytes + p->top;
	p->top += (uint32_t)n;
	return r;
}

/* ---- tables ----------------------------------------------------------- */

size_t canonical_len(const char *url)
{
	return strcspn(url, "|");
}

ref table_find(const struct profiles *p, const struct table *t, const char *url,
	       size_t n)
{
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const ref *record = rec_at(p, t->v[mid]);
		const char *s = text_at(p, *record);
		int d = strncmp(s, url, n);
		if (d == 0)
			d = s[n] != '\0';
		if (d == 0)
			return t->v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static ref find(const struct profiles *p, const struct table *heap,
		const struct table *image, const char *url)
{
	if (!url)
		return 0;
	size_t n = canonical_len(url);
	ref r = table_find(p, heap, url, n);
	return r ? r : table_find(p, image, url, n);
}

ref find_sd(const struct profiles *p, const char *url)
{
	return find(p, &p->sd, &p->image_sd, url);
}

ref find_vs(const struct profiles *p, const char *url)
{
	return find(p, &p->vs, &p->image_vs, url);
}

ref find_cs(const struct profiles *p, const char *url)
{
	return find(p, &p->cs, &p->image_cs, url);
}

/* ---- types ------------------------------------------------------------ */

unsigned find_type(const struct profiles *p, const char *name, size_t n)
{
	unsigned lo = 0, hi = p->n_types;
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		const char *s = text_at(p, p->types[mid].name);
		int d = strncmp(s, name, n);
		if (d == 0)
			d = s[n] != '\0';
		if (d == 0)
			return mid;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NO_TYPE;
}

bool type_is_a(const struct profiles *p, unsigned type, unsigned ancestor)
{
	/* a chain longer than there are types would be a ring */
	for (unsigned i = 0; i <= p->n_types && type < p->n_types; i++) {
		if (type == ancestor)
			return true;
		type = p->types[type].parent;
	}
	return false;
}

const char *const known_names[T_KNOWN] = {
    [T_ELEMENT] = "Element",
    [T_RESOURCE] = "Resource",
    [T_EXTENSION] = "Extension",
    [T_REFERENCE] = "Reference",
    [T_CODING] = "Coding",
    [T_IDENTIFIER] = "Identifier",
    [T_CODEABLECONCEPT] = "CodeableConcept",
    [T_QUANTITY] = "Quantity",
    [T_ATTACHMENT] = "Attachment",
    [T_PERIOD] = "Period",
    [T_NARRATIVE] = "Narrative",
    [T_BUNDLE] = "Bundle",
    [T_OBSERVATION] = "Observation",
    [T_QUESTIONNAIRE] = "Questionnaire",
    [T_RESPONSE] = "QuestionnaireResponse",
    [T_STRUCTUREDEFINITION] = "StructureDefinition",
    [T_VALUESET] = "ValueSet",
    [T_CODESYSTEM] = "CodeSystem",
    [T_SEARCHPARAMETER] = "SearchParameter",
    [T_OPERATIONDEFINITION] = "OperationDefinition",
};

void know_types(struct profiles *p)
{
	for (size_t i = 0; i < T_KNOWN; i++)
		p->known[i] = (uint16_t)find_type(p, known_names[i],
						  strlen(known_names[i]));
}
