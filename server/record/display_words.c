/* SPDX-License-Identifier: Apache-2.0
 *
 * display_words: what the national definitions call a code, in three languages.
 *
 * The code systems and value sets of the national data content give most of
 * their codes names in Finnish, Swedish and English; for LOINC codes the value
 * sets are where the names stand. They are among the embedded files of the
 * profiles, so they are read from there, once, when first needed (a few
 * milliseconds), into one sorted list. Where a code is named more than once the
 * first file's name counts: R4's before STU3's.
 *
 * Names of other systems are not known here: then the resource's own display
 * is shown.
 */
#include "record/display_int.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	const char *system, *code;
	const char *text[PAGE_LANGUAGES];
	size_t order;
};

struct display_words {
	struct arena *arena;
	struct entry *v;
	size_t n, cap;
};

static const char *const folders[] = {"profiles/finnish-phr-r4/",
				      "profiles/finnish-phr-stu3/"};

static void add(struct display_words *w, const struct entry *e)
{
	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 256 : 2 * w->cap;
		struct entry *v = arena_alloc(w->arena, w->cap * sizeof(*v));
		if (w->n > 0)
			memcpy(v, w->v, w->n * sizeof(*v));
		w->v = v;
	}
	w->v[w->n] = *e;
	w->v[w->n].order = w->n;
	w->n++;
}

static void take_designation(struct entry *e, const struct json *d)
{
	const char *language = json_get_text(d, "language");

	for (size_t l = 0; l < PAGE_LANGUAGES; l++)
		if (text_is(language,
			    page_language_code((enum page_language)l)))
			e->text[l] = json_get_text(d, "value");
}

static void take_concepts(struct display_words *w, const char *system,
			  const struct json *concepts)
{
	const struct json *c = json_first(concepts);

	for (; c != NULL; c = json_next(c)) {
		struct entry e = {.system = system,
				  .code = json_get_text(c, "code")};
		const struct json *d = json_first(json_get(c, "designation"));

		e.text[PAGE_EN] = json_get_text(c, "display");
		for (; d != NULL; d = json_next(d))
			take_designation(&e, d);
		if (e.system != NULL && e.code != NULL)
			add(w, &e);
	}
}

static void take_file(struct display_words *w, const struct page_asset *f)
{
	struct err ignored;
	const struct json *v =
	    json_parse(w->arena, (const char *)f->bytes, f->n, &ignored);
	const struct json *include =
	    json_first(json_get(json_get(v, "compose"), "include"));

	if (text_is(json_get_text(v, "resourceType"), "CodeSystem"))
		take_concepts(w, json_get_text(v, "url"),
			      json_get(v, "concept"));
	for (; include != NULL; include = json_next(include))
		take_concepts(w, json_get_text(include, "system"),
			      json_get(include, "concept"));
}

static int by_code(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;
	int d = strcmp(p->code, q->code);

	return d != 0 ? d : strcmp(p->system, q->system);
}

static int in_order(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;
	int d = by_code(x, y);

	return d != 0 ? d : (p->order > q->order) - (p->order < q->order);
}

/* Of several entries of a code the first one is left, with names that it lacks
 * from the others. */
static void unite(struct display_words *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct entry *last = n > 0 ? &w->v[n - 1] : NULL;

		if (last == NULL || by_code(last, &w->v[i]) != 0) {
			w->v[n++] = w->v[i];
			continue;
		}
		for (size_t l = 0; l < PAGE_LANGUAGES; l++)
			if (last->text[l] == NULL)
				last->text[l] = w->v[i].text[l];
	}
	w->n = n;
}

static bool is_terms(const char *name)
{
	const char *file = strrchr(name, '/');

	return file != NULL && (text_begins(file, "/fiphr-cs-") ||
				text_begins(file, "/fiphr-vs-"));
}

static struct display_words *words_new(void)
{
	struct arena *a = arena_new(0);
	struct display_words *w = arena_alloc(a, sizeof(*w));
	const struct page_asset *f;

	w->arena = a;
	for (size_t k = 0; k < LEN(folders); k++)
		for (size_t i = 0;
		     (f = page_asset_below(folders[k], i)) != NULL; i++)
			if (is_terms(f->name))
				take_file(w, f);
	if (w->n > 0)
		qsort(w->v, w->n, sizeof(*w->v), in_order);
	unite(w);
	return w;
}

void record_display_close(struct record *r)
{
	if (r->display_words != NULL)
		arena_free(r->display_words->arena);
	r->display_words = NULL;
}

const char *display_code(const struct telling *t, const char *system,
			 const char *code)
{
	enum page_language l =
	    t->locale != NULL ? t->locale->language : PAGE_EN;
	struct entry key = {.system = system, .code = code};

	if (system == NULL || code == NULL)
		return NULL;
	if (t->record->display_words == NULL)
		t->record->display_words = words_new();
	const struct display_words *w = t->record->display_words;
	const struct entry *e =
	    w->n == 0 ? NULL : bsearch(&key, w->v, w->n, sizeof(key), by_code);
	return e != NULL ? e->text[l] : NULL;
}
