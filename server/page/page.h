/* SPDX-License-Identifier: Apache-2.0
 *
 * page: what every HTML page is made with. Templates that escape by default
 * and cannot be told not to, a shared frame, the embedded files, and the
 * languages.
 *
 * A template is text with {{name}} (the value, escaped for HTML text and quoted
 * attributes), {{#name}}...{{/name}} (once for each row of a list, or once when
 * a value is present and not empty), {{^name}}...{{/name}} (when it is
 * absent or empty) and {{_ words}} (an English text in the page's language, in
 * which {name} is the value, escaped). Unknown names are empty.
 */
#ifndef PAGE_H
#define PAGE_H

#include "base/base.h"

/* One named value: text (NULL: absent), or a list of rows that are lists of
 * values. All of it stays the caller's. */
struct page_value {
	const char *name;
	const char *text;
	const struct page_values *rows;
	size_t row_count;
};
struct page_values {
	const struct page_value *v;
	size_t n;
};

/* The n values as a row that outlives the caller's array; their texts are not
 * copied. */
struct page_values page_row(struct arena *a, const struct page_value *v,
			    size_t n);

/* ---- languages ------------------------------------------------------- */

enum page_language { PAGE_EN, PAGE_FI, PAGE_SV, PAGE_LANGUAGES };

/* "en", "fi", "sv" (BCP 47), and what the language calls itself. */
const char *page_language_code(enum page_language l);
const char *page_language_name(enum page_language l);

/* The first language of a list that there is: an Accept-Language header (RFC
 * 9110 12.5.4, by its weights) or words like those of ui_locales ("sv fi-FI").
 * False when it names none of them, or is NULL. */
bool page_language_wanted(const char *list, enum page_language *out);

/* The texts of the pages in all languages: what the embedded files
 * server/x/x.words say, in entries of three lines ("en ", "fi ", "sv "). Made
 * once, in the boot arena (0.1 ms); asserts that every entry is whole. */
struct page_words;
struct page_words *page_words_new(struct arena *boot);

/* In which language a page is. NULL stands for English, wherever it may be
 * given. */
struct page_locale {
	const struct page_words *words;
	enum page_language language;
};

/* An English text in the language: the catalogue's, or english itself when
 * there is no such text; nothing is allocated. Whoever
 * keeps one for later marks it with SAY(), which the lint looks for. */
#define SAY(english) (english)
const char *page_word(const struct page_locale *l, const char *english);

/* The same with {name} replaced by values (NULL: none), as plain text in the
 * arena. */
const char *page_say(struct arena *a, const struct page_locale *l,
		     const char *english, const struct page_values *values);

/* ---- templates ------------------------------------------------------- */

/* Appends the template, filled. Inside a row its own names win over the outer
 * ones. Asserts when the template itself is broken: templates are ours. */
void page_render(struct buf *b, const struct page_locale *l,
		 const char *template, const struct page_values *values);

/* Appends a whole document: the frame (title, style, languages, the banner that
 * says mock, not Kanta, no real data) around a filled body template. title is
 * an English text (page_word). The frame itself uses some of the values:
 *	style		the URL under which server/page/style.css is
 *	icon		and server/page/icon.svg, or none
 *	multilingual	"1" to show the languages
 *	languages	rows of code, name, url (empty: the page's own)
 *	script, rail, twin and call	see document.c */
void page_document(struct buf *b, const struct page_locale *l,
		   const char *title, const char *body_template,
		   const struct page_values *values);

/* HTML-escapes s: & < > " ' */
void page_escape(struct buf *b, const char *s);

/* ---- files embedded in the binary at build time ---------------------- */

struct page_asset {
	const char *name; /* path below the repository: "fixtures/x.json" */
	const unsigned char *bytes; /* of the binary; a NUL behind them */
	size_t n;
	uint64_t digest; /* hash_bytes(): tells versions of a file apart */
};
/* By exact name, or NULL. */
const struct page_asset *page_asset(const char *name);
/* The i-th asset whose name begins with prefix, in name order, or NULL behind
 * the last. */
const struct page_asset *page_asset_below(const char *prefix, size_t i);

#endif
