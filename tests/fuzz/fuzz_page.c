/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of what pages make of strangers' texts. The input's first line is
 * a list of languages, the second an English text, the rest a value.
 *
 * A language that is wanted is named in the list (or anything is, by an
 * asterisk), whatever else stands there, and is wanted too when it stands
 * before that list. A value comes into a page escaped, wherever a template puts
 * it: the page has the tags of the template and no others, and what is read out
 * of it is the value.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with page
 * and base.
 */
#include "page/page.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- languages ------------------------------------------------------------
 */

static void check_languages(struct arena *a, const char *list)
{
	enum page_language l = PAGE_LANGUAGES, again;

	if (!page_language_wanted(list, &l)) {
		assert(l == PAGE_LANGUAGES);
		return;
	}
	assert(l < PAGE_LANGUAGES);
	assert(strcasestr(list, page_language_code(l)) || strchr(list, '*'));
	assert(page_language_wanted(page_language_code(l), &again) &&
	       again == l);
	/* what is first and has no weight wins over everything behind it */
	assert(page_language_wanted(
		   arena_printf(a, "%s,%s", page_language_code(l), list),
		   &again) &&
	       again == l);
}

/* ---- escaping -------------------------------------------------------------
 */

static const struct {
	const char *escaped, *text;
} entity[] = {{"&amp;", "&"},
	      {"&lt;", "<"},
	      {"&gt;", ">"},
	      {"&quot;", "\""},
	      {"&#39;", "'"}};

/* What a browser reads; an & that begins no entity of ours is an error. */
static const char *read_back(struct arena *a, const char *html)
{
	struct buf b;

	buf_init(&b, a);
	while (*html) {
		size_t i = 0;

		if (*html != '&') {
			buf_putc(&b, *html++);
			continue;
		}
		while (i < LEN(entity) && !text_begins(html, entity[i].escaped))
			i++;
		assert(i < LEN(entity));
		buf_puts(&b, entity[i].text);
		html += strlen(entity[i].escaped);
	}
	return b.p;
}

static const char *within(struct arena *a, const char *page, const char *open,
			  const char *close)
{
	const char *p = strstr(page, open), *end;

	assert(p);
	p += strlen(open);
	end = strstr(p, close);
	assert(end);
	return arena_strndup(a, p, (size_t)(end - p));
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

static void check_page(struct arena *a, const struct page_locale *l,
		       const char *english, const char *value)
{
	static const char template[] =
	    "<i>{{value}}</i><a title=\"{{value}}\">{{#row}}<b>{{value}}</b>"
	    "{{/row}}{{#empty}}<u>{{/empty}}{{_ Mock of {value}}}";
	const struct page_value row[] = {{.name = "value", .text = value}};
	const struct page_values rows = {row, LEN(row)};
	const struct page_value v[] = {
	    {.name = "value", .text = value},
	    {.name = "row", .rows = &rows, .row_count = 1},
	    {.name = "empty", .text = ""},
	};
	const struct page_values values = {v, LEN(v)};
	struct buf b;

	buf_init(&b, a);
	page_render(&b, l, template, &values);
	assert(strcmp(read_back(a, within(a, b.p, "<i>", "</i>")), value) == 0);
	assert(strcmp(read_back(a, within(a, b.p, "<b>", "</b>")), value) == 0);
	assert(strcmp(read_back(a, within(a, b.p, "title=\"", "\">")), value) ==
	       0);
	assert(count(b.p, '<') == 5 && count(b.p, '"') == 2);
	assert(*page_word(l, english) || !*english);
	(void)page_say(a, l, english, &values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *boot;
	static struct page_words *words;
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *line[2];

	if (!boot) {
		boot = arena_new(0);
		words = page_words_new(boot);
	}
	for (size_t i = 0; i < LEN(line); i++) {
		size_t n = strcspn(text, "\n");

		line[i] = arena_strndup(a, text, n);
		text += n + (text[n] != '\0');
	}
	check_languages(a, line[0]);
	for (int l = 0; l < PAGE_LANGUAGES; l++)
		check_page(a,
			   &(struct page_locale){words, (enum page_language)l},
			   line[1], text);
	arena_free(a);
	return 0;
}
