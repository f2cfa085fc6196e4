/* SPDX-License-Identifier: Apache-2.0
 *
 * The languages of the pages.
 *
 * A text is known by its English form, as it stands in a template or in the
 * code, so both can be read without a catalogue beside them. What it is in the
 * other languages stands in files beside the templates, in entries of three
 * lines, each of which begins with the code of its language and a space:
 *
 *	en Log in
 *	fi Kirjaudu sisään
 *	sv Logga in
 *
 * Other lines (empty, "# ...") are nobody's. {name} in a text is a value; all
 * three forms have the same ones (linted). The catalogue is sorted once, at the
 * start; a text that it does not have is shown in English.
 */
#include "page/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct entry {
	const char *text[PAGE_LANGUAGES];
};

struct page_words {
	struct entry *v;
	size_t n;
};

static const struct {
	const char *code, *name;
} languages[PAGE_LANGUAGES] = {
    [PAGE_EN] = {"en", "English"},
    [PAGE_FI] = {"fi", "Suomi"},
    [PAGE_SV] = {"sv", "Svenska"},
};

const char *page_language_code(enum page_language l)
{
	return languages[l].code;
}

const char *page_language_name(enum page_language l)
{
	return languages[l].name;
}

/* ---- which one ------------------------------------------------------- */

static bool is_language(const char *word, size_t n, enum page_language *out)
{
	for (size_t i = 0; i < PAGE_LANGUAGES; i++) {
		const char *code = languages[i].code;

		if (n < 2 || strncasecmp(word, code, 2) != 0 ||
		    (n > 2 && word[2] != '-'))
			continue;
		*out = (enum page_language)i;
		return true;
	}
	return false;
}

/* The weight behind a language, in thousandths: ";q=0.5". */
static int weight_of(const char *word, size_t n)
{
	const char *q = memchr(word, 'q', n);
	int weight = 0, unit = 100;

	if (q == NULL || q[1] != '=')
		return 1000;
	if (q[2] == '1')
		return 1000;
	if (q[2] != '0' || q[3] != '.')
		return 0;
	for (q += 4; *q >= '0' && *q <= '9' && unit > 0; q++, unit /= 10)
		weight += (*q - '0') * unit;
	return weight;
}

bool page_language_wanted(const char *list, enum page_language *out)
{
	int best = 0;

	while (list != NULL && *(list += strspn(list, ", \t")) != '\0') {
		size_t whole = strcspn(list, ",");
		size_t tag = strcspn(list, ";, \t");
		const char *semicolon = memchr(list, ';', whole);
		enum page_language l;
		int weight = 1000;

		if (semicolon != NULL)
			weight = weight_of(semicolon,
					   whole - (size_t)(semicolon - list));

		if (is_language(list, tag, &l) && weight > best) {
			best = weight;
			*out = l;
		}
		list += semicolon != NULL ? whole : tag;
	}
	return best > 0;
}

/* ---- the catalogue --------------------------------------------------- */

static bool is_words(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && strcmp(dot, ".words") == 0;
}

/* The text of a line in that language, or NULL. */
static const char *line_text(struct arena *a, const char *line, size_t n,
			     size_t language)
{
	const char *code = languages[language].code;

	if (n < 4 || memcmp(line, code, 2) != 0 || line[2] != ' ')
		return NULL;
	return arena_strndup(a, line + 3, n - 3);
}

/* Counts the entries of a file, or takes them too. */
static void take_file(struct arena *a, const char *text, struct page_words *w,
		      bool take)
{
	size_t next = PAGE_EN; /* the language that the next line is in */

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		const char *said = n >= 4 ? line_text(a, text, n, next) : NULL;

		if (said != NULL && take)
			w->v[w->n].text[next] = said;
		if (said != NULL && ++next == PAGE_LANGUAGES) {
			next = PAGE_EN;
			w->n++;
		}
		text += n + (text[n] == '\n');
	}
	assert(next == PAGE_EN);
}

static void take_files(struct arena *a, struct page_words *w, bool take)
{
	const struct page_asset *f;

	w->n = 0;
	for (size_t i = 0; (f = page_asset_below("server/", i)) != NULL; i++)
		if (is_words(f->name))
			take_file(a, (const char *)f->bytes, w, take);
}

static int by_english(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;

	return strcmp(p->text[PAGE_EN], q->text[PAGE_EN]);
}

struct page_words *page_words_new(struct arena *boot)
{
	struct page_words *w = arena_alloc(boot, sizeof(*w));
	struct arena *tmp = arena_new(0);

	take_files(tmp, w, false);
	arena_free(tmp);
	w->v = arena_alloc(boot, w->n * sizeof(*w->v));
	take_files(boot, w, true);
	if (w->n > 0)
		qsort(w->v, w->n, sizeof(*w->v), by_english);
	return w;
}

const char *page_word(const struct page_locale *l, const char *english)
{
	struct entry key = {.text = {[PAGE_EN] = english}};
	const struct entry *e;

	if (l == NULL || l->words == NULL || l->words->n == 0 ||
	    l->language == PAGE_EN)
		return english;
	e = bsearch(&key, l->words->v, l->words->n, sizeof(key), by_english);
	return e != NULL ? e->text[l->language] : english;
}
