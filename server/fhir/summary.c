/* SPDX-License-Identifier: Apache-2.0
 *
 * summary: parts of a resource, by _summary and _elements.
 *
 *	_summary=true	what its definition calls a summary
 *	_summary=text	the narrative
 *	_summary=data	all but the narrative
 *	_elements=a,b	these
 *
 * What is mandatory is always there, as are id and meta, and with _elements
 * what modifies the meaning of others; else the part could not be read. The
 * definitions say which elements that is (profile_element()). meta gets the tag
 * SUBSETTED, so that nobody takes the part for the whole and stores it.
 *
 * An element goes or stays as a whole; only within backbone elements a summary
 * goes on. _summary=count and false leave a single resource as it is.
 *
 * FHIR R4 3.1.1.6.5, 3.1.1.6.6; facts: fhir-rest.md 2.3, 4.1.
 */
#include "fhir/search_int.h"

#include <string.h>

/* ---- what is asked for ------------------------------------------------- */

static bool bad_summary(struct err *e, const char *text)
{
	return err_set(e, ERR_INVALID, RULE_SUMMARY, NULL, "%s", text);
}

static bool read_summary(const char *list, struct subset *out, struct err *e)
{
	static const struct {
		const char *word;
		enum summary summary;
	} words[] = {
	    {"true", SUMMARY_TRUE},   {"text", SUMMARY_TEXT},
	    {"data", SUMMARY_DATA},   {"count", SUMMARY_COUNT},
	    {"false", SUMMARY_FALSE},
	};

	for (size_t i = 0; i < LEN(words); i++) {
		if (strcmp(words[i].word, list) != 0)
			continue;
		out->summary = words[i].summary;
		return true;
	}
	if (strchr(list, ',') && strstr(list, "text"))
		return bad_summary(e, "Can not combine _summary=text with other"
				      " values for _summary");
	return err_set(e, ERR_INVALID, RULE_SUMMARY, NULL,
		       "Invalid _summary value \"%.40s\": use one of true, "
		       "text, data, count, false",
		       list);
}

bool fhir_subset_read(const struct http_pair *pair, size_t n,
		      struct subset *out, struct err *e)
{
	const char *summary = http_form_get(pair, n, "_summary");
	const char *elements = http_form_get(pair, n, "_elements");

	*out = (struct subset){.summary = SUMMARY_FALSE};
	if (summary && *summary && !read_summary(summary, out, e))
		return false;
	if (!elements || !*elements)
		return true;
	if (out->summary != SUMMARY_FALSE)
		return bad_summary(e, "Can not combine _summary and _elements");
	out->elements = elements;
	return true;
}

bool fhir_subset_asked(const struct subset *s)
{
	return s->elements ||
	       (s->summary != SUMMARY_FALSE && s->summary != SUMMARY_COUNT);
}

/* ---- which elements ------------------------------------------------------ */

struct part {
	const struct profiles *profiles;
	struct arena *arena;
	const struct subset *subset;
	const char *type;
	enum fhir_version fhir;
};

/* Does the list name the element? "value" names valueQuantity; "Type.code" and
 * "code.coding" name code. */
static bool is_listed(const struct part *s, const char *name)
{
	const size_t type = strlen(s->type);
	const char *list = s->subset->elements;

	while (list && *list) {
		size_t all = strcspn(list, ","), n;
		const char *p = list;

		if (strncmp(p, s->type, type) == 0 && p[type] == '.')
			p += type + 1;
		n = strcspn(p, ".,");
		if (n > 0 && strncmp(name, p, n) == 0 &&
		    (name[n] == '\0' || (name[n] >= 'A' && name[n] <= 'Z')))
			return true;
		list += all + (list[all] == ',');
	}
	return false;
}

static bool is_wanted(const struct part *s, const char *name, unsigned flags)
{
	if (flags & PROFILE_ELEMENT_MANDATORY)
		return true;
	if (s->subset->elements)
		return (flags & PROFILE_ELEMENT_MODIFIER) || is_listed(s, name);
	switch (s->subset->summary) {
	case SUMMARY_TRUE: return (flags & PROFILE_ELEMENT_SUMMARY) != 0;
	case SUMMARY_TEXT: return strcmp(name, "text") == 0;
	case SUMMARY_DATA: return strcmp(name, "text") != 0;
	default: return true;
	}
}

/* ---- writing ---------------------------------------------------------------
 */

static void write_object(struct jw *w, const struct part *s, const char *name,
			 const struct json *v, const char *path);

static void write_element(struct jw *w, const struct part *s,
			  const struct json *v, const char *path,
			  unsigned flags)
{
	if (!(flags & PROFILE_ELEMENT_BACKBONE) ||
	    s->subset->summary != SUMMARY_TRUE ||
	    (json_kind(v) != JSON_OBJECT && json_kind(v) != JSON_ARRAY)) {
		jw_value(w, json_name(v), v);
		return;
	}
	if (json_kind(v) == JSON_OBJECT) {
		write_object(w, s, json_name(v), v, path);
		return;
	}
	jw_open(w, json_name(v), '[');
	for (const struct json *i = json_first(v); i; i = json_next(i)) {
		if (json_kind(i) == JSON_OBJECT)
			write_object(w, s, NULL, i, path);
		else
			jw_value(w, NULL, i);
	}
	jw_close(w);
}

static void write_member(struct jw *w, const struct part *s,
			 const struct json *v, const char *above)
{
	const char *name = json_name(v), *path;
	unsigned flags;

	name += *name == '_'; /* what a primitive has beside its value */
	path = above ? arena_printf(s->arena, "%s.%s", above, name) : name;
	flags = profile_element(s->profiles, s->type, path);
	if (is_wanted(s, name, flags))
		write_element(w, s, v, path, flags);
}

static void write_object(struct jw *w, const struct part *s, const char *name,
			 const struct json *v, const char *path)
{
	jw_open(w, name, '{');
	for (v = json_first(v); v; v = json_next(v))
		write_member(w, s, v, path);
	jw_close(w);
}

/* meta as it is, and one more tag. */
static void write_meta(struct jw *w, const struct part *s,
		       const struct json *meta)
{
	static const char *const system[] = {
	    [FHIR_STU3] = "http://hl7.org/fhir/v3/ObservationValue",
	    [FHIR_R4] =
		"http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
	};
	const struct json *v;

	jw_open(w, "meta", '{');
	for (v = json_first(meta); v; v = json_next(v))
		if (strcmp(json_name(v), "tag") != 0)
			jw_value(w, json_name(v), v);
	jw_open(w, "tag", '[');
	for (v = json_first(json_get(meta, "tag")); v; v = json_next(v))
		jw_value(w, NULL, v);
	jw_open(w, NULL, '{');
	jw_str(w, "system", system[s->fhir]);
	jw_str(w, "code", "SUBSETTED");
	jw_str(w, "display", "Resource encoded in summary mode");
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

static void write_part(struct buf *b, const struct part *s,
		       const struct json *resource)
{
	struct jw w = {.b = b};
	bool meta = false;

	jw_open(&w, NULL, '{');
	for (const struct json *v = json_first(resource); v; v = json_next(v)) {
		const char *name = json_name(v);

		if (strcmp(name, "meta") == 0) {
			write_meta(&w, s, v);
			meta = true;
		} else if (strcmp(name, "resourceType") == 0 ||
			   strcmp(name, "id") == 0) {
			jw_value(&w, name, v);
		} else {
			write_member(&w, s, v, NULL);
		}
	}
	if (!meta)
		write_meta(&w, s, NULL);
	jw_close(&w);
}

void fhir_subset(struct buf *b, const struct fhir *f, const struct subset *s,
		 const struct store_resource *r)
{
	const struct part part = {
	    .profiles = f->record->profiles[f->version],
	    .arena = b->arena,
	    .subset = s,
	    .type = r->type,
	    .fhir = f->version,
	};
	const struct json *v = NULL;
	struct err ignored;

	if (fhir_subset_asked(s))
		v = json_parse(b->arena, r->text, r->text_len, &ignored);
	if (v)
		write_part(b, &part, v);
	else
		buf_add(b, r->text, r->text_len);
}
