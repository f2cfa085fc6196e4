/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole document: the frame around a page's own body.
 *
 * Nothing but our own templates may bring markup, so the body is not a value
 * of the frame. The frame is cut at a marker instead and the body is rendered
 * between the halves. Both see the page's values; the frame also uses
 *	title	the document's title, given apart
 *	style	the URL of the style sheet: the policy of every page forbids
 *		inline styles, so the page's service serves style.css
 */
#include "page/page.h"

#include <assert.h>
#include <string.h>

#define MARKER "<!-- body -->\n"

void page_document(struct buf *b, const char *title, const char *body_template,
		   const struct page_values *values)
{
	const struct page_asset *frame = page_asset("server/page/frame.html");
	assert(frame != NULL);
	const char *text = (const char *)frame->bytes;
	const char *cut = strstr(text, MARKER);
	assert(cut != NULL);

	size_t n = values->n + 1;
	struct page_value *v = arena_alloc(b->arena, n * sizeof(*v));
	v[0] = (struct page_value){.name = "title", .text = title};
	if (values->n > 0)
		memcpy(v + 1, values->v, values->n * sizeof(*v));
	struct page_values all = {v, n};

	page_render(b, arena_strndup(b->arena, text, (size_t)(cut - text)),
		    &all);
	page_render(b, body_template, values);
	page_render(b, cut + strlen(MARKER), &all);
}
