/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_context.c: what a definition says about the surroundings of its
 * instances, compiled: where an extension may stand
 * (StructureDefinition.context), and how a reference may reach its target
 * (ElementDefinition.type.aggregation and versioning).
 *
 * STU3 has one contextType for a list of strings, which may hold several names
 * between commas and a star for everything; R4 has pairs of type and
 * expression. Both become pairs of kind and expression. FHIR R4 2.4.1.1,
 * ElementDefinition.
 */
#include "compile_int.h"

#include <string.h>

/* ---- contexts --------------------------------------------------------- */

static enum context_kind kind_of(const char *type)
{
	if (text_is(type, "extension"))
		return CONTEXT_EXTENSION;
	if (text_is(type, "fhirpath"))
		return CONTEXT_FHIRPATH;
	return CONTEXT_ELEMENT;
}

/* Adds the names between commas; out NULL: counts them. */
static size_t add_names(struct build *b, enum context_kind kind, const char *s,
			struct context *out)
{
	size_t n = 0;
	while (*s) {
		s += strspn(s, ", ");
		size_t len =
		    kind == CONTEXT_FHIRPATH ? strlen(s) : strcspn(s, ", ");
		if (len == 0)
			break;
		if (out && text_is(s, "*"))
			out[n].expression = build_text(b, "Element");
		else if (out)
			out[n].expression = build_textn(b, s, len);
		if (out)
			out[n].kind = kind;
		n++;
		s += len;
	}
	return n;
}

static size_t read_contexts(struct build *b, const struct json *sd,
			    struct context *out)
{
	const char *all = json_get_text(sd, "contextType");
	const struct json *v = json_first(json_get(sd, "context"));
	size_t n = 0;

	for (; v; v = json_next(v)) {
		bool pair = json_kind(v) == JSON_OBJECT;
		const char *type = pair ? json_get_text(v, "type") : all;
		const char *text =
		    pair ? json_get_text(v, "expression") : json_text(v);
		if (text)
			n += add_names(b, kind_of(type), text,
				       out ? out + n : NULL);
	}
	return n;
}

void compile_contexts(struct build *b, const struct item *it)
{
	struct sd *sd = heap_at(b->p, it->rec);
	unsigned extension = find_type(b->p, "Extension", 9);

	if (sd->type != extension || !(sd->flags & SD_CONSTRAINT))
		return;
	size_t n = read_contexts(b, it->json, NULL);
	if (n == 0)
		return;
	sd->contexts = heap_alloc(b->p, n * sizeof(struct context));
	sd->n_contexts = (uint32_t)n;
	read_contexts(b, it->json, heap_at(b->p, sd->contexts));
}

/* ---- references ------------------------------------------------------- */

uint16_t reference_modes(const struct json *type)
{
	static const struct {
		const char *name;
		uint16_t mode;
	} places[] = {{"contained", MODE_CONTAINED},
		      {"referenced", MODE_REFERENCED},
		      {"bundled", MODE_BUNDLED}};
	const struct json *v = json_first(json_get(type, "aggregation"));
	const char *versioning = json_get_text(type, "versioning");
	uint16_t modes = 0;

	for (; v; v = json_next(v)) {
		for (size_t i = 0; i < LEN(places); i++) {
			if (text_is(json_text(v), places[i].name))
				modes |= places[i].mode;
		}
	}
	if (text_is(versioning, "specific"))
		modes |= MODE_SPECIFIC;
	if (text_is(versioning, "independent"))
		modes |= MODE_INDEPENDENT;
	return modes;
}
