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
};

/* A tag {{...}}: its kind ('#', '^', '/' or 0 for a value) and its name. */
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
	if (*t.name != '\0' && strchr("#^/", *t.name) != NULL)
		t.kind = *t.name++;
	const char *close = strstr(t.name, "}}");
	assert(close != NULL);
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
		struct scope row = {&v->rows[i], s};
		end = render(b, t->end, &row, t, true);
	}
	return end;
}

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
		if (t.kind != 0) {
			p = section(b, s, &t, show);
			continue;
		}
		const struct page_value *v = show ? find(s, &t) : NULL;
		if (v != NULL && v->text != NULL)
			page_escape(b, v->text);
	}
}

void page_render(struct buf *b, const char *template,
		 const struct page_values *values)
{
	struct scope s = {values, NULL};
	render(b, template, &s, NULL, true);
}
