/* SPDX-License-Identifier: Apache-2.0
 *
 * The template engine: one pass over the template's text, no compiled form.
 *
 * Templates are ours, values are anybody's. So every value is escaped on its
 * way out and there is no syntax to switch that off; a broken template is a
 * programmer's error and asserts. A section that is not shown is still walked,
 * with nothing written, so that a mistake in it is found by the first page
 * that uses the template, not by the first that happens to show the section.
 *
 * {{_ words}} is a text of the page itself: it is looked up in the language,
 * and only then are the values put in. So the words of a value are never looked
 * up, and what a value says never becomes markup.
 *
 * Names are looked up from the innermost row outwards. Nesting of sections is
 * bounded by the C stack alone: only our templates decide it.
 */
#include "page/page.h"

#include <assert.h>
#include <string.h>

/* The rows we are inside of, innermost first. */
struct scope {
	const struct page_values *values;
	const struct scope *outer;
	const struct page_locale *locale;
};

/* A tag {{...}}: its kind ('#', '^', '/', '_' for words, or 0 for a
 * value) and its name. */
struct tag {
	char kind;
	const char *name;
	size_t name_len;
	const char *end; /* behind the braces */
};

static const char *entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

void page_escape(struct buf *b, const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "&<>\"'");
		buf_add(b, s, n);
		s += n;
		if (*s == '\0')
			return;
		buf_puts(b, entity(*s++));
	}
}

static bool same(const struct tag *t, const char *name)
{
	return strncmp(t->name, name, t->name_len) == 0 &&
	       name[t->name_len] == '\0';
}

static const struct page_value *find(const struct scope *s, const struct tag *t)
{
	for (; s != NULL; s = s->outer)
		for (size_t i = 0; i < s->values->n; i++)
			if (same(t, s->values->v[i].name))
				return &s->values->v[i];
	return NULL;
}

static bool has_something(const struct page_value *v)
{
	if (v == NULL)
		return false;
	return v->row_count > 0 || (v->text != NULL && v->text[0] != '\0');
}

static struct tag read_tag(const char *open)
{
	struct tag t = {.name = open + 2};
	if (*t.name != '\0' && strchr("#^/_", *t.name) != NULL)
		t.kind = *t.name++;
	if (t.kind == '_')
		t.name += strspn(t.name, " \t\n");
	const char *close = strstr(t.name, "}}");
	assert(close != NULL);
	while (t.kind == '_' && close[2] == '}') /* "{name}}}" */
		close++;
	t.name_len = (size_t)(close - t.name);
	assert(t.name_len > 0);
	t.end = close + 2;
	return t;
}

static const char *render(struct buf *b, const char *p, const struct scope *s,
			  const struct tag *inside, bool show);

/* The section whose opening tag is t; the result stands behind its end. */
static const char *section(struct buf *b, const struct scope *s,
			   const struct tag *t, bool show)
{
	const struct page_value *v = show ? find(s, t) : NULL;
	bool wanted = show && has_something(v) == (t->kind == '#');
	if (!wanted || t->kind == '^' || v->row_count == 0)
		return render(b, t->end, s, t, wanted);
	const char *end = NULL;
	for (size_t i = 0; i < v->row_count; i++) {
		struct scope row = {&v->rows[i], s, s->locale};
		end = render(b, t->end, &row, t, true);
	}
	return end;
}

/* ---- words ----------------------------------------------------------- */

static void put(struct buf *b, const char *text, bool escaped)
{
	if (escaped)
		page_escape(b, text);
	else
		buf_puts(b, text);
}

/* Goes through a text with {name} in it; escaped: as HTML. */
static void fill(struct buf *b, const char *text, const struct scope *s,
		 bool escaped)
{
	for (;;) {
		size_t n = strcspn(text, "{");
		const char *close = strchr(text + n, '}');

		if (close == NULL) {
			put(b, text, escaped);
			return;
		}
		put(b, arena_strndup(b->arena, text, n), escaped);
		struct tag t = {.name = text + n + 1};
		t.name_len = (size_t)(close - t.name);
		const struct page_value *v = find(s, &t);
		if (v != NULL && v->text != NULL)
			put(b, v->text, escaped);
		text = close + 1;
	}
}

/* In a template words may go on in the next line; white space is one space. */
static void words(struct buf *b, const struct scope *s, const struct tag *t)
{
	char *english = arena_strndup(b->arena, t->name, t->name_len);
	size_t n = 0;

	for (const char *c = english; *c != '\0'; c++) {
		bool space = strchr(" \t\n", *c) != NULL;
		if (!space || (n > 0 && english[n - 1] != ' '))
			english[n++] = space ? ' ' : *c;
	}
	english[n] = '\0';
	fill(b, page_word(s->locale, english), s, true);
}

const char *page_say(struct arena *a, const struct page_locale *l,
		     const char *english, const struct page_values *values)
{
	static const struct page_values none = {NULL, 0};
	struct scope s = {values ? values : &none, NULL, l};
	struct buf b;

	buf_init(&b, a);
	fill(&b, page_word(l, english), &s, false);
	return b.p;
}

/* ---- the whole ------------------------------------------------------- */

/* Writes the template from p to the end of the section inside (NULL: to the
 * end of the text); the result stands behind that end. */
static const char *render(struct buf *b, const char *p, const struct scope *s,
			  const struct tag *inside, bool show)
{
	for (;;) {
		const char *open = strstr(p, "{{");
		size_t n = open != NULL ? (size_t)(open - p) : strlen(p);
		if (show)
			buf_add(b, p, n);
		if (open == NULL) {
			assert(inside == NULL);
			return p + n;
		}
		struct tag t = read_tag(open);
		p = t.end;
		if (t.kind == '/') {
			assert(inside != NULL);
			assert(t.name_len == inside->name_len);
			assert(memcmp(t.name, inside->name, t.name_len) == 0);
			return p;
		}
		if (t.kind == '_') {
			if (show)
				words(b, s, &t);
			continue;
		}
		if (t.kind != 0) {
			p = section(b, s, &t, show);
			continue;
		}
		const struct page_value *v = show ? find(s, &t) : NULL;
		if (v != NULL && v->text != NULL)
			page_escape(b, v->text);
	}
}

void page_render(struct buf *b, const struct page_locale *l,
		 const char *template, const struct page_values *values)
{
	struct scope s = {values, NULL, l};
	render(b, template, &s, NULL, true);
}
