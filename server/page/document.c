/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole document: the frame around a page's own body.
 *
 * Nothing but our own templates may bring markup, so the body is not a value
 * of the frame. The frame is cut at a marker instead and the body is rendered
 * between the halves. Both see the page's values; the frame also uses
 *	title	the document's title, given apart
 *	lang	the language of the page
 *	languages	links to the page in the others
 *	style	the URL of the style sheet: the policy of every page forbids
 *		inline styles, so the page's service serves style.css
 *	script	the URL of a script, or none
 *	rail, rail.on	the ways through a large site: rows of url, name and
 *		here; and "1" if there are any
 *	frame.done	what has just been done, above the page
 *	frame.trouble, frame.where	what was refused and, in the API's words
 *		(English), why; and which member of a request
 *	twin, call	where programs read the same, and what it is called
 *	icon	the URL of the icon: without it a browser asks for one where
 *		there is none
 */
#include "page/page.h"

#include <assert.h>
#include <string.h>

#define MARKER "<!-- body -->\n"

struct page_values page_row(struct arena *a, const struct page_value *v,
			    size_t n)
{
	struct page_value *copy = arena_alloc(a, n * sizeof(*v));

	memcpy(copy, v, n * sizeof(*v));
	return (struct page_values){copy, n};
}

void page_document(struct buf *b, const struct page_locale *l,
		   const char *title, const char *body_template,
		   const struct page_values *values)
{
	const struct page_asset *frame = page_asset("server/page/frame.html");
	assert(frame != NULL);
	const char *text = (const char *)frame->bytes;
	const char *cut = strstr(text, MARKER);
	assert(cut != NULL);

	size_t n = values->n + 2;
	struct page_value *v = arena_alloc(b->arena, n * sizeof(*v));
	v[0] =
	    (struct page_value){.name = "title", .text = page_word(l, title)};
	v[1] = (struct page_value){
	    .name = "lang",
	    .text = page_language_code(l != NULL ? l->language : PAGE_EN)};
	if (values->n > 0)
		memcpy(v + 2, values->v, values->n * sizeof(*v));
	struct page_values all = {v, n};

	page_render(b, l, arena_strndup(b->arena, text, (size_t)(cut - text)),
		    &all);
	page_render(b, l, body_template, values);
	page_render(b, l, cut + strlen(MARKER), &all);
}
