/* SPDX-License-Identifier: Apache-2.0
 *
 * display_text: a narrative as plain text.
 *
 * The div of a narrative is XHTML that an application made. None of its markup
 * ever reaches a page of ours: tags are dropped, those that end a line become
 * one, and the few entities that a narrative may have become characters. What
 * is left is a text like any other, which the page escapes. So it does not
 * matter what the markup was, or whether it was sound.
 *
 * Facts: FHIR R4 2.4 (Narrative).
 */
#include "record/display_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTITY_MAX 10

static const struct {
	const char *name, *text;
} entities[] = {
    {"amp;", "&"},  {"lt;", "<"},   {"gt;", ">"},	  {"quot;", "\""},
    {"apos;", "'"}, {"nbsp;", " "}, {"deg;", "\xc2\xb0"},
};

static const char *const line_ends[] = {"br", "p",  "div", "tr", "li", "h1",
					"h2", "h3", "h4",  "h5", "h6"};

/* One that no text may have is a space. */
static void put_character(struct buf *b, unsigned long c)
{
	bool none = c < 0x20 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000);

	buf_put_char(b, none ? ' ' : (uint32_t)c);
}

/* &name; or &#n; at p: what stands behind it. What is none is a character. */
static const char *entity(struct buf *b, const char *p)
{
	for (size_t i = 0; i < LEN(entities); i++) {
		if (!text_begins(p + 1, entities[i].name))
			continue;
		buf_puts(b, entities[i].text);
		return p + 1 + strlen(entities[i].name);
	}
	if (p[1] == '#' && strcspn(p, ";") < ENTITY_MAX) {
		bool hex = p[2] == 'x';
		char *end;
		unsigned long c = strtoul(p + 2 + hex, &end, hex ? 16 : 10);

		if (*end == ';' && end[-1] != '#' && end[-1] != 'x') {
			put_character(b, c);
			return end + 1;
		}
	}
	buf_putc(b, *p);
	return p + 1;
}

static void end_line(struct buf *b)
{
	while (b->len > 0 && b->p[b->len - 1] == ' ')
		b->p[--b->len] = '\0';
	if (b->len > 0 && b->p[b->len - 1] != '\n')
		buf_putc(b, '\n');
}

/* A tag at p: what stands behind it. */
static const char *tag(struct buf *b, const char *p)
{
	const char *name = p + 1 + (p[1] == '/');
	size_t n = strcspn(name, " \t\r\n/>");
	size_t whole = strcspn(p, ">");

	for (size_t i = 0; i < LEN(line_ends); i++)
		if (strlen(line_ends[i]) == n &&
		    strncasecmp(line_ends[i], name, n) == 0)
			end_line(b);
	if (n == 2 && p[1] == '/' &&
	    (strncasecmp(name, "td", n) == 0 ||
	     strncasecmp(name, "th", n) == 0))
		buf_putc(b, ' ');
	return p + whole + (p[whole] == '>');
}

const char *display_narrative(struct arena *a, const char *div)
{
	struct buf b;

	buf_init(&b, a);
	for (const char *p = text_or_empty(div); *p != '\0';) {
		if (*p == '<') {
			p = tag(&b, p);
		} else if (*p == '&') {
			p = entity(&b, p);
		} else if (ascii_space(*p)) {
			if (b.len > 0 && b.p[b.len - 1] != ' ' &&
			    b.p[b.len - 1] != '\n')
				buf_putc(&b, ' ');
			p++;
		} else {
			buf_putc(&b, *p++);
		}
	}
	while (b.len > 0 && ascii_space(b.p[b.len - 1]))
		b.p[--b.len] = '\0';
	return b.p;
}
