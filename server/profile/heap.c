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
 * later wins. Several versions of one URL may be there: "url|version" finds
 * that one; where it is missing, or none is said, the first stands for all: of
 * those that were put on top of others the latest (what has no version counts
 * as the latest: somebody is working on it).
 */
#include "form_int.h"

#include <assert.h>
#include <string.h>

void *heap_at(struct profiles *p, ref r)
{
	assert(r >= p->frozen);
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

int version_cmp(const char *x, const char *y)
{
	if (!x || !y)
		return (x != NULL) - (y != NULL);
	while (*x && *y) {
		size_t n = strspn(x, "0123456789"), m = strspn(y, "0123456789");
		if (n > 0 && m > 0) {
			while (n > 1 && *x == '0')
				x++, n--;
			while (m > 1 && *y == '0')
				y++, m--;
			int d = n != m ? (n < m ? 1 : -1) : strncmp(y, x, n);
			if (d != 0)
				return d;
			x += n;
			y += m;
		} else if (*x != *y) {
			return *x < *y ? 1 : -1;
		} else {
			x++;
			y++;
		}
	}
	/* "1.0.0-ballot" comes before "1.0.0", "1.0.1" after "1.0" */
	if (*x == '-' || *y == '-')
		return *x == '-' ? 1 : -1;
	return (*y != '\0') - (*x != '\0');
}

static bool is_version(const struct profiles *p, const struct canonical *c,
		       const char *want)
{
	const char *have = text_at(p, c->version);
	size_t n = strlen(want);
	return have && strncmp(have, want, n) == 0 &&
	       (have[n] == '\0' || have[n] == '.');
}

static int url_cmp(const struct profiles *p, const struct canonical *c,
		   const char *url, size_t n)
{
	const char *s = text_at(p, c->url);
	int d = strncmp(s, url, n);
	return d != 0 ? d : s[n] != '\0';
}

ref table_find(const struct profiles *p, const struct table *t, const char *url,
	       bool exact)
{
	size_t lo = 0, hi = t->n, n = canonical_len(url);
	const char *version = url[n] == '|' ? url + n + 1 : NULL;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (url_cmp(p, rec_at(p, t->v[mid]), url, n) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == t->n || url_cmp(p, rec_at(p, t->v[lo]), url, n) != 0)
		return 0;
	for (size_t i = lo; version && i < t->n; i++) {
		const struct canonical *c = rec_at(p, t->v[i]);
		if (url_cmp(p, c, url, n) != 0)
			break;
		if (is_version(p, c, version))
			return t->v[i];
	}
	return version && exact ? 0 : t->v[lo];
}

static ref find(const struct profiles *p, const struct table *heap,
		const struct table *image, const char *url)
{
	if (!url)
		return 0;
	ref r = 0;
	if (url[canonical_len(url)]) {
		r = table_find(p, heap, url, true);
		if (!r)
			r = table_find(p, image, url, true);
	}
	if (!r)
		r = table_find(p, heap, url, false);
	return r ? r : table_find(p, image, url, false);
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
		int d =
		    n > 0 ? (unsigned char)s[0] - (unsigned char)name[0] : 1;
		if (d == 0)
			d = strncmp(s, name, n);
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
    [T_CONCEPTMAP] = "ConceptMap",
};

void know_types(struct profiles *p)
{
	for (size_t i = 0; i < T_KNOWN; i++)
		p->known[i] = (uint16_t)find_type(p, known_names[i],
						  strlen(known_names[i]));
}
