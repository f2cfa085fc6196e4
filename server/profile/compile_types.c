/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_types.c: the table of types: one row for each resource and data type,
 * sorted by name, with its kind, its parent, and whether the code knows it by
 * name. It is made once, with the image; users' definitions add none.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

#define SD_PREFIX "http://hl7.org/fhir/StructureDefinition/"

/* A type's own definition? Those come with the image. */
bool defines_type(const struct profiles *p, const struct json *sd)
{
	const char *derivation = json_get_text(sd, "derivation");
	return p->image_bytes == 0 &&
	       (!derivation || strcmp(derivation, "constraint") != 0);
}

const char *defined_type(const struct json *sd)
{
	const char *type = json_get_text(sd, "type");
	return type ? type : json_get_text(sd, "id");
}

static enum prim primitive(const char *name)
{
	static const struct {
		const char *name;
		enum prim prim;
	} table[] = {
	    {"base64Binary", PRIM_BASE64},
	    {"boolean", PRIM_BOOLEAN},
	    {"canonical", PRIM_CANONICAL},
	    {"code", PRIM_CODE},
	    {"date", PRIM_DATE},
	    {"dateTime", PRIM_DATETIME},
	    {"decimal", PRIM_DECIMAL},
	    {"id", PRIM_ID},
	    {"instant", PRIM_INSTANT},
	    {"integer", PRIM_INTEGER},
	    {"markdown", PRIM_MARKDOWN},
	    {"oid", PRIM_OID},
	    {"positiveInt", PRIM_POSITIVEINT},
	    {"string", PRIM_STRING},
	    {"time", PRIM_TIME},
	    {"unsignedInt", PRIM_UNSIGNEDINT},
	    {"uri", PRIM_URI},
	    {"url", PRIM_URL},
	    {"uuid", PRIM_UUID},
	    {"xhtml", PRIM_XHTML},
	};
	for (size_t i = 0; i < LEN(table); i++) {
		if (strcmp(name, table[i].name) == 0)
			return table[i].prim;
	}
	return PRIM_NONE;
}

static int by_type_name(const void *x, const void *y)
{
	const struct item *const *a = x, *const *b = y;
	return strcmp(defined_type((*a)->json), defined_type((*b)->json));
}

static void fill_type(struct build *b, struct type *t, const struct item *it)
{
	const char *kind = json_get_text(it->json, "kind");
	const struct json *abstract = json_get(it->json, "abstract");
	const char *name = defined_type(it->json);

	t->name = build_text(b, name);
	t->sd = it->rec;
	t->prim = (uint8_t)primitive(name);
	t->kind = KIND_COMPLEX;
	if (t->prim)
		t->kind = KIND_PRIMITIVE;
	else if (kind && strcmp(kind, "resource") == 0)
		t->kind = KIND_RESOURCE;
	t->abstract = abstract && json_kind(abstract) == JSON_TRUE;
	t->parent = NO_TYPE;
	for (unsigned i = T_RESOURCE + 1; i < T_KNOWN; i++) {
		if (strcmp(name, known_names[i]) == 0)
			t->known = (uint8_t)(i + 1);
	}
}

/* Age is a Quantity. */
static uint8_t inherited(const struct type *types, unsigned i)
{
	while (!types[i].known && types[i].parent != NO_TYPE)
		i = types[i].parent;
	return types[i].known;
}

static unsigned parent_type(const struct profiles *p, const struct json *sd)
{
	const char *url = json_get_text(sd, "baseDefinition");
	if (!url || strncmp(url, SD_PREFIX, strlen(SD_PREFIX)) != 0)
		return NO_TYPE;
	url += strlen(SD_PREFIX);
	return find_type(p, url, canonical_len(url));
}

/* The table of types, made once: with the image, or from the definitions. */
bool compile_types(struct build *b)
{
	struct profiles *p = b->p;
	size_t n = 0;

	if (p->n_types > 0)
		return true;
	struct item **base = arena_alloc(b->tmp, b->n_sd * sizeof(*base));
	for (size_t i = 0; i < b->n_sd; i++) {
		b->item = b->sd[i];
		if (!defines_type(b->p, b->sd[i]->json))
			continue;
		if (!defined_type(b->sd[i]->json))
			return build_fail(b, "required", "type is missing");
		base[n++] = b->sd[i];
	}
	if (n >= NO_TYPE)
		return build_fail(b, "too-long", "too many types");
	qsort(base, n, sizeof(*base), by_type_name);
	ref r = heap_alloc(p, n * sizeof(struct type));
	struct type *t = heap_at(p, r);
	for (size_t i = 0; i < n; i++) {
		fill_type(b, &t[i], base[i]);
		struct sd *sd = heap_at(p, base[i]->rec);
		sd->type = (uint16_t)i;
	}
	p->types = t;
	p->n_types = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		t[i].parent = (uint16_t)parent_type(p, base[i]->json);
	for (size_t i = 0; i < n; i++)
		t[i].known = inherited(t, (unsigned)i);
	know_types(p);
	return true;
}
