/* SPDX-License-Identifier: Apache-2.0
 *
 * page: what every HTML page is made with. Templates that escape by default
 * and cannot be told not to, a shared frame, and the embedded files.
 *
 * A template is text with {{name}} (the value, escaped for HTML text and quoted
 * attributes), {{#name}}...{{/name}} (once for each row of a list, or once when
 * a value is present and not empty) and {{^name}}...{{/name}} (when it is
 * absent or empty). Unknown names are empty.
 */
#ifndef PAGE_H
#define PAGE_H

#include "base/base.h"

/* One named value: text, or a list of rows that are lists of values. */
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

/* Appends the template, filled. Inside a row its own names win over the outer
 * ones. Asserts when the template itself is broken: templates are ours. */
void page_render(struct buf *b, const char *template,
		 const struct page_values *values);

/* Appends a whole document: the frame (title, style, the banner that says mock,
 * not Kanta, no real data) around a filled body template. The frame itself uses
 * one of the values: style, the URL under which server/page/style.css is. */
void page_document(struct buf *b, const char *title, const char *body_template,
		   const struct page_values *values);

/* HTML-escapes s: & < > " ' */
void page_escape(struct buf *b, const char *s);

/* ---- files embedded in the binary at build time ---------------------- */

struct page_asset {
	const char *name; /* path below the repository: "fixtures/x.json" */
	const unsigned char *bytes;
	size_t n;
};
/* By exact name, or NULL. */
const struct page_asset *page_asset(const char *name);
/* The i-th asset whose name begins with prefix, in name order, or NULL. */
const struct page_asset *page_asset_below(const char *prefix, size_t i);

#endif
