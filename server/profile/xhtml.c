/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml.c: the narrative: one well-formed div of the XHTML namespace with some
 * content. FHIR R4 2.1.0.3 (Narrative), txt-1 and txt-2.
 *
 * A scanner over the text: tags close in the order they were opened, attributes
 * are quoted, entities end. The open elements are a stack of places in the
 * text, bounded like the depth of JSON. Which elements and attributes are
 * allowed is not looked at here.
 */
#include "profile_int.h"

#include <string.h>

#define DEPTH_MAX 128
#define XHTML	  "http://www.w3.org/1999/xhtml"

struct scan {
	const char *p;
	const char *open[DEPTH_MAX]; /* names of the open elements */
	size_t depth;
	size_t roots;
	bool content; /* text that is no white space, or an image */
	bool space;   /* white space inside */
	const char *wrong;
	const char *root; /* name of the first element */
	size_t root_n;
	const char *xmlns;
	size_t xmlns_n;
};

static bool is_space(char ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static bool is_name(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	       (ch >= '0' && ch <= '9') || ch == ':' || ch == '_' ||
	       ch == '-' || ch == '.' || (unsigned char)ch >= 0x80;
}

static bool fail(struct scan *s, const char *why)
{
	if (!s->wrong)
		s->wrong = why;
	return false;
}

static void skip_space(struct scan *s)
{
	while (is_space(*s->p))
		s->p++;
}

static size_t name_len(const char *p)
{
	size_t n = 0;
	while (is_name(p[n]))
		n++;
	return n;
}

static bool entity(struct scan *s)
{
	const char *q = s->p + 1;
	if (*q == '#')
		q++;
	size_t n = name_len(q);
	if (n == 0 || q[n] != ';')
		return fail(s, "an entity does not end");
	s->p = q + n + 1;
	s->content = true;
	return true;
}

static bool skip_to(struct scan *s, const char *end)
{
	const char *q = strstr(s->p, end);
	if (!q)
		return fail(s, "a comment or section does not end");
	s->p = q + strlen(end);
	return true;
}

static bool attribute(struct scan *s, bool root)
{
	const char *name = s->p;
	size_t n = name_len(name);
	if (n == 0)
		return fail(s, "there is no attribute name");
	s->p += n;
	skip_space(s);
	if (*s->p != '=')
		return fail(s, "an attribute has no value");
	s->p++;
	skip_space(s);
	char quote = *s->p;
	if (quote != '"' && quote != '\'')
		return fail(s, "the value of an attribute is not quoted");
	const char *value = s->p + 1;
	const char *end = strchr(value, quote);
	if (!end || memchr(value, '<', (size_t)(end - value)))
		return fail(s, "the value of an attribute does not end");
	s->p = end + 1;
	if (root && n == 5 && strncmp(name, "xmlns", 5) == 0) {
		s->xmlns = value;
		s->xmlns_n = (size_t)(end - value);
	}
	return true;
}

static bool open_tag(struct scan *s)
{
	const char *name = ++s->p;
	size_t n = name_len(name);
	bool root = s->depth == 0;

	if (n == 0)
		return fail(s, "a \"<\" is no tag");
	if (root && s->roots++ > 0)
		return fail(s, "there is more than one element");
	if (root) {
		s->root = name;
		s->root_n = n;
	}
	if (n == 3 && strncmp(name, "img", 3) == 0)
		s->content = true;
	s->p += n;
	for (skip_space(s); *s->p && *s->p != '>' && *s->p != '/';
	     skip_space(s)) {
		if (!attribute(s, root))
			return false;
	}
	if (*s->p == '/') {
		if (*++s->p != '>')
			return fail(s, "a tag does not end");
		s->p++;
		return true;
	}
	if (*s->p != '>')
		return fail(s, "a tag does not end");
	s->p++;
	if (s->depth == DEPTH_MAX)
		return fail(s, "elements are nested too deep");
	s->open[s->depth++] = name;
	return true;
}

static bool close_tag(struct scan *s)
{
	const char *name = s->p + 2;
	size_t n = name_len(name);
	if (s->depth == 0)
		return fail(s, "an element is closed that is not open");
	const char *open = s->open[--s->depth];
	if (n == 0 || name_len(open) != n || strncmp(open, name, n) != 0)
		return fail(s, "elements are not closed in their order");
	s->p = name + n;
	skip_space(s);
	if (*s->p != '>')
		return fail(s, "a closing tag does not end");
	s->p++;
	return true;
}

static bool markup(struct scan *s)
{
	if (strncmp(s->p, "<!--", 4) == 0)
		return skip_to(s, "-->");
	if (strncmp(s->p, "<?", 2) == 0 || strncmp(s->p, "<!", 2) == 0)
		return fail(s, "there is a processing instruction or a "
			       "declaration");
	return s->p[1] == '/' ? close_tag(s) : open_tag(s);
}

static bool scan(struct scan *s)
{
	while (*s->p) {
		if (*s->p == '<') {
			if (!markup(s))
				return false;
		} else if (*s->p == '&') {
			if (!entity(s))
				return false;
		} else {
			if (!is_space(*s->p)) {
				if (s->depth == 0)
					return fail(s, "there is text outside "
						       "of the div");
				s->content = true;
			}
			s->space |= s->depth > 0;
			s->p++;
		}
	}
	return s->depth == 0 || fail(s, "an element is not closed");
}

void check_xhtml(struct check *c, const struct spot *spot)
{
	static const char form[] = "<div xmlns=\"" XHTML "\">...</div>";
	struct scan s = {.p = json_text(spot->value)};

	if (!scan(&s) || s.roots == 0) {
		report(c, RULE_XHTML, spot->at, spot->value, form, NULL,
		       "Error parsing XHTML: %s",
		       s.wrong ? s.wrong : "there is no element");
		return;
	}
	if (s.root_n != 3 || strncmp(s.root, "div", 3) != 0)
		report(c, RULE_XHTML_ROOT, spot->at, spot->value, form, NULL,
		       "Wrong name on the XHTML ('%.*s') - must start with "
		       "div",
		       (int)(s.root_n < 40 ? s.root_n : 40), s.root);
	if (s.xmlns_n != strlen(XHTML) ||
	    strncmp(s.xmlns, XHTML, s.xmlns_n) != 0)
		report(c, RULE_XHTML_NAMESPACE, spot->at, spot->value, form,
		       "add xmlns=\"" XHTML "\" to the div",
		       "Wrong namespace on the XHTML ('%.*s')",
		       (int)(s.xmlns_n < 100 ? s.xmlns_n : 100),
		       s.xmlns ? s.xmlns : "");
	/* the official examples have white space only: tolerated */
	if (!s.content)
		report_as(
		    c, s.space ? ISSUE_WARNING : ISSUE_ERROR, RULE_XHTML_EMPTY,
		    spot->at, spot->value, NULL, NULL,
		    "The narrative SHALL have some non-whitespace content");
}
