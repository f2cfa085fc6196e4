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
 * three forms have the same ones, and there is one entry for a text (both
 * linted). The catalogue is sorted once, at the start; a text that it does not
 * have is shown in English.
 *
 * Which language a reader gets follows Accept-Language (RFC 9110 12.5.4) with
 * the lookup of RFC 4647 3.4 made simple: ours have no regions, so of a range
 * only its first subtag counts.
 */
#include "page/page_int.h"

#include <assert.h>
#include <stdint.h>
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

/* The weight among the parameters of a language, in thousandths: ";q=0.5". */
static int weight_of(const char *parameters, size_t n)
{
	int weight = 0, unit = 100;
	const char *q = parameters;

	while (q < parameters + n && strncasecmp(q, "q=", 2) != 0) {
		q += strcspn(q, ";,");
		q += strspn(q, "; \t");
	}
	if (q >= parameters + n || q[2] == '1')
		return 1000;
	if (q[2] != '0' || q[3] != '.')
		return 0;
	for (q += 4; *q >= '0' && *q <= '9' && unit > 0; q++, unit /= 10)
		weight += (*q - '0') * unit;
	return weight;
}

/* What a list says about each language. */
struct wishes {
	int weight[PAGE_LANGUAGES];   /* -1: not named */
	size_t place[PAGE_LANGUAGES]; /* in the list, from 1 */
	int others;		      /* weight of "*" */
};

static void wish(struct wishes *w, const char *word, size_t n, int weight,
		 size_t place)
{
	enum page_language l;

	if (n == 1 && word[0] == '*')
		w->others = weight;
	if (!is_language(word, n, &l) || weight <= w->weight[l])
		return;
	w->weight[l] = weight;
	w->place[l] = place;
}

/* The heaviest; of equals the one named first, then those not named. */
static bool heaviest(const struct wishes *w, enum page_language *out)
{
	int best = 0;
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < PAGE_LANGUAGES; i++) {
		bool named = w->weight[i] >= 0;
		int weight = named ? w->weight[i] : w->others;
		size_t place = named ? w->place[i] : SIZE_MAX;

		if (weight < best || (weight == best && place >= first))
			continue;
		best = weight;
		first = place;
		*out = (enum page_language)i;
	}
	return best > 0;
}

bool page_language_wanted(const char *list, enum page_language *out)
{
	struct wishes w = {.others = 0};
	enum page_language l = PAGE_EN;

	for (size_t i = 0; i < PAGE_LANGUAGES; i++)
		w.weight[i] = -1;
	for (size_t place = 1;
	     list != NULL && *(list += strspn(list, ", \t")) != '\0'; place++) {
		size_t whole = strcspn(list, ",");
		size_t tag = strcspn(list, ";, \t");
		size_t before = tag + strspn(list + tag, " \t");
		bool more = list[before] == ';';

		wish(&w, list, tag,
		     more ? weight_of(list + before, whole - before) : 1000,
		     place);
		list += more ? whole : tag;
	}
	if (!heaviest(&w, &l))
		return false;
	*out = l;
	return true;
}

/* ---- the catalogue --------------------------------------------------- */

/* In which language a line says something, or PAGE_LANGUAGES. */
static size_t line_language(const char *line, size_t n)
{
	size_t i = 0;

	while (i < PAGE_LANGUAGES &&
	       (n < 3 || memcmp(line, languages[i].code, 2) != 0 ||
		line[2] != ' '))
		i++;
	return i;
}

/* Counts the entries of a file, or (w) takes them. An entry that lacks a line,
 * or has them in another order, would shift all that follow: it asserts. */
static size_t take_file(struct arena *a, const char *text, struct page_words *w)
{
	size_t next = PAGE_EN, entries = 0;

	for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		size_t l = line_language(text, n);

		if (l == PAGE_LANGUAGES)
			continue;
		assert(l == next && n > 3);
		if (w != NULL)
			w->v[w->n + entries].text[l] =
			    arena_strndup(a, text + 3, n - 3);
		next = (next + 1) % PAGE_LANGUAGES;
		entries += next == PAGE_EN;
	}
	assert(next == PAGE_EN);
	return entries;
}

static int by_english(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;

	return strcmp(p->text[PAGE_EN], q->text[PAGE_EN]);
}

struct page_words *page_words_of(struct arena *boot, const char *const *file,
				 size_t n)
{
	struct page_words *w = arena_alloc(boot, sizeof(*w));
	size_t entries = 0;

	for (size_t i = 0; i < n; i++)
		entries += take_file(boot, file[i], NULL);
	w->v = arena_alloc(boot, (entries + 1) * sizeof(*w->v));
	w->n = 0;
	for (size_t i = 0; i < n; i++)
		w->n += take_file(boot, file[i], w);
	qsort(w->v, w->n, sizeof(*w->v), by_english);
	return w;
}

static bool is_words(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && strcmp(dot, ".words") == 0;
}

struct page_words *page_words_new(struct arena *boot)
{
	const struct page_asset *f;
	size_t n = 0;

	while (page_asset_below("server/", n) != NULL)
		n++;
	const char **file = arena_alloc(boot, (n + 1) * sizeof(*file));
	n = 0;
	for (size_t i = 0; (f = page_asset_below("server/", i)) != NULL; i++)
		if (is_words(f->name))
			file[n++] = (const char *)f->bytes;
	return page_words_of(boot, file, n);
}

const char *page_word(const struct page_locale *l, const char *english)
{
	struct entry key = {.text = {[PAGE_EN] = english}};
	const struct entry *e;

	if (l == NULL || l->words == NULL || l->language == PAGE_EN)
		return english;
	e = bsearch(&key, l->words->v, l->words->n, sizeof(key), by_english);
	return e != NULL ? e->text[l->language] : english;
}
