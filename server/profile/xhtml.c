/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml.c: the narrative: one well-formed div of the XHTML namespace with some
 * content. FHIR R4 2.1.0.3 (Narrative), txt-1 and txt-2.
 *
 * A scanner over the text: tags close in the order they were opened, attributes
 * are quoted, entities end. The open elements are a stack of places in the
 * text, bounded like the depth of JSON. The first element, attribute and entity
 * that are not among the known words (xhtml_words.c) are kept and told. Of the
 * values of attributes those are looked at that lead somewhere (href, src: no
 * scripts; xhtml_url.c; xhtml_link.c for those within the resource) and the
 * language of the div. Today's validator is stricter with entities, addresses
 * and paragraphs, and has a more lenient parser.
 */
#include "term_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 128
#define LINKS_MAX 64 /* so many are followed */
#define XHTML	  "http://www.w3.org/1999/xhtml"

struct word {
	const char *s; /* NULL: none */
	size_t n;
};

struct scan {
	struct check *c;
	const struct spot *spot;
	const char *p;
	const char *open[DEPTH_MAX]; /* names of the open elements */
	size_t depth;
	size_t roots;
	unsigned links; /* within the resource */
	bool content;	/* text that is no white space, or an image */
	bool space;	/* white space inside */
	const char *wrong;
	struct word root; /* name of the first element */
	struct word xmlns;
	struct word lang, xml_lang; /* of the first element */
	struct word script;	    /* a link that is a script */
	struct word bad_entity, bad_element;
	struct word bad_attribute, bad_attribute_of;
	/* by the rules of today */
	bool today;
	struct word bad_block; /* within a paragraph */
	struct word bad_space; /* xmlns of an inner element */
	struct word bad_url;
	const char *bad_url_why;
};

static bool is_name(char ch)
{
	return ascii_letter(ch) || ascii_digit(ch) || ch == ':' || ch == '_' ||
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
	while (ascii_space(*s->p))
		s->p++;
}

static size_t name_len(const char *p)
{
	size_t n = 0;
	while (is_name(p[n]))
		n++;
	return n;
}

/* The first of its kind stays. */
static void keep(struct word *w, const char *name, size_t n)
{
	if (!w->s)
		*w = (struct word){name, n};
}

/* Digits, and the number of a character that XML has (XML 1.0 2.2). */
static bool is_number(const char *p, size_t n)
{
	bool hex = n > 0 && *p == 'x';
	size_t digits =
	    strspn(p + hex, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (digits == 0 || digits + hex != n)
		return false;
	unsigned long ch = strtoul(p + hex, NULL, hex ? 16 : 10);
	if (ch < ' ')
		return ch == '\t' || ch == '\n' || ch == '\r';
	return ch < 0xd800 || (ch > 0xdfff && ch < 0xfffe) ||
	       (ch > 0xffff && ch <= 0x10ffff);
}

/* The "&" at p; NULL with s->wrong set: it is no entity, else behind it. */
static const char *entity(struct scan *s, const char *p)
{
	bool number = *++p == '#';
	p += number;
	size_t n = name_len(p);
	if (n == 0 || p[n] != ';') {
		fail(s, "an entity does not end");
		return NULL;
	}
	if (!s->bad_entity.s &&
	    (number ? !is_number(p, n)
		    : !(s->today ? xml_entity(p, n) : xhtml_entity(p, n))))
		keep(&s->bad_entity, p - number, n + number);
	return p + n + 1;
}

static bool skip_to(struct scan *s, const char *end)
{
	const char *q = strstr(s->p, end);
	if (!q)
		return fail(s, "a comment or section does not end");
	s->p = q + strlen(end);
	return true;
}

static bool entities_in(struct scan *s, const char *p, const char *end)
{
	while ((p = memchr(p, '&', (size_t)(end - p))) != NULL) {
		p = entity(s, p);
		if (!p || p > end)
			return fail(s, "an entity does not end");
	}
	return true;
}

static bool is_word(const char *name, size_t n, const char *want)
{
	return strlen(want) == n && memcmp(name, want, n) == 0;
}

/* As browsers read it: without white space before, in any case. */
static bool is_script(const char *value, const char *end)
{
	static const char scheme[] = "javascript:";
	size_t k = 0;
	for (; value < end && scheme[k]; value++) {
		if ((unsigned char)*value <= ' ')
			continue;
		if ((*value | (*value == ':' ? 0 : 32)) != scheme[k])
			return false;
		k++;
	}
	return scheme[k] == '\0';
}

/* At most 12 bytes of a name. */
static size_t put_name(char *out, const char *name, const char *behind)
{
	size_t n = name_len(name);
	return (size_t)snprintf(out, 16, "%.*s%s", n < 12 ? (int)n : 12, name,
				behind);
}

static void check_target(struct scan *s, const char *element, const char *value,
			 const char *end)
{
	size_t len = 0, n = (size_t)(end - value);
	char place[80];

	if (is_script(value, end))
		keep(&s->script, value, n);
	if (!s->today)
		return;
	const char *why = url_problem(value, n);
	if (why && !s->bad_url.s) {
		keep(&s->bad_url, value, n);
		s->bad_url_why = why;
	}
	if (*value != '#' || n < 2 || s->links++ >= LINKS_MAX)
		return;
	for (size_t i = 0; i < s->depth && len + 32 < sizeof(place); i++)
		len += put_name(place + len, s->open[i], "/");
	put_name(place + len, element, "");
	check_link(s->c, s->spot, value, n, place);
}

static void look_at(struct scan *s, const char *element, struct word name,
		    const char *value, const char *end)
{
	size_t n = (size_t)(end - value);

	size_t k = name_len(element);

	if ((is_word(name.s, name.n, "href") && is_word(element, k, "a")) ||
	    (is_word(name.s, name.n, "src") && is_word(element, k, "img")))
		check_target(s, element, value, end);
	else if ((is_word(name.s, name.n, "href") ||
		  is_word(name.s, name.n, "src")) &&
		 is_script(value, end))
		keep(&s->script, value, n);
	if (s->depth > 0) {
		if (s->today && is_word(name.s, name.n, "xmlns") &&
		    !is_word(value, n, XHTML))
			keep(&s->bad_space, value, n);
		return;
	}
	if (is_word(name.s, name.n, "xmlns"))
		keep(&s->xmlns, value, n);
	else if (is_word(name.s, name.n, "lang"))
		keep(&s->lang, value, n);
	else if (is_word(name.s, name.n, "xml:lang"))
		keep(&s->xml_lang, value, n);
}

static void check_attribute(struct scan *s, const char *element,
			    struct word name)
{
	size_t n = name_len(element);

	if (s->bad_attribute.s || xhtml_attribute(element, n, name.s, name.n))
		return;
	s->bad_attribute = name;
	keep(&s->bad_attribute_of, element, n);
}

/* The value of an attribute, in quotes; today it may go without. False with
 * s->wrong set: there is none. */
static bool value_of(struct scan *s, struct word *out)
{
	char quote = *s->p;
	const char *end;

	if (quote == '"' || quote == '\'') {
		s->p++;
		end = strchr(s->p, quote);
	} else if (s->today) {
		quote = '\0';
		end = s->p + strcspn(s->p, "/>");
	} else {
		return fail(s, "the value of an attribute is not quoted");
	}
	if (!end || memchr(s->p, '<', (size_t)(end - s->p)))
		return fail(s, "the value of an attribute does not end");
	*out = (struct word){s->p, (size_t)(end - s->p)};
	s->p = end + (quote != '\0');
	return true;
}

static bool attribute(struct scan *s, const char *element)
{
	struct word name = {s->p, name_len(s->p)}, value;

	if (name.n == 0)
		return fail(s, "there is no attribute name");
	s->p += name.n;
	skip_space(s);
	if (*s->p != '=') {
		if (!s->today)
			return fail(s, "an attribute has no value");
		check_attribute(s, element, name);
		return true;
	}
	s->p++;
	skip_space(s);
	if (!value_of(s, &value))
		return false;
	look_at(s, element, name, value.s, value.s + value.n);
	check_attribute(s, element, name);
	return entities_in(s, value.s, value.s + value.n);
}

/* A paragraph holds no blocks. */
static bool is_misplaced(const struct scan *s, const char *name, size_t n)
{
	static const char *const blocks[] = {"div", "blockquote", "table",
					     "ol",  "ul",	  "p"};
	bool block = false;

	for (size_t i = 0; i < LEN(blocks); i++)
		block = block || is_word(name, n, blocks[i]);
	for (size_t i = 0; block && i < s->depth; i++) {
		if (is_word(s->open[i], name_len(s->open[i]), "p"))
			return true;
	}
	return false;
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
	keep(&s->root, name, n);
	if (!root && !xhtml_element(name, n))
		keep(&s->bad_element, name, n);
	if (s->today && is_misplaced(s, name, n))
		keep(&s->bad_block, name, n);
	if (n == 3 && strncmp(name, "img", 3) == 0)
		s->content = true;
	s->p += n;
	for (skip_space(s); *s->p && *s->p != '>' && *s->p != '/';
	     skip_space(s)) {
		if (!attribute(s, name))
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
	if (strncmp(s->p, "<![CDATA[", 9) == 0 && s->depth > 0) {
		s->content |= s->p[9 + strspn(s->p + 9, " \t\r\n")] != ']';
		return skip_to(s, "]]>");
	}
	if (s->today && strncmp(s->p, "<?", 2) == 0)
		return skip_to(s, ">");
	if (strncmp(s->p, "<?", 2) == 0 || strncmp(s->p, "<!", 2) == 0)
		return fail(s, "there is a processing instruction or a "
			       "declaration");
	return s->p[1] == '/' ? close_tag(s) : open_tag(s);
}

static bool text(struct scan *s)
{
	if ((unsigned char)*s->p < ' ' && !strchr("\t\n\r", *s->p) && !s->today)
		return fail(s, "there is a control character");
	if (!ascii_space(*s->p)) {
		if (s->depth == 0)
			return fail(s, "there is text outside of the div");
		s->content = true;
	}
	s->space |= s->depth > 0;
	s->p++;
	return true;
}

/* Today what comes behind the element is not read, and one that does not end is
 * ended. */
static bool scan(struct scan *s)
{
	while (*s->p && !(s->today && s->roots > 0 && s->depth == 0)) {
		if (*s->p == '<') {
			if (!markup(s))
				return false;
		} else if (*s->p == '&') {
			s->p = entity(s, s->p);
			if (!s->p)
				return false;
			s->content = true;
		} else if (!text(s)) {
			return false;
		}
	}
	return s->depth == 0 || s->today || fail(s, "an element is not closed");
}

/* A word as it is shown: %.*s of at most 40 bytes. */
#define SHOWN(w) (int)((w).n < 40 ? (w).n : 40), (w).s ? (w).s : ""

static void check_words(struct check *c, const struct spot *spot,
			const struct scan *s)
{
	if (s->bad_entity.s)
		report(c, RULE_XHTML_ENTITY, spot->at, spot->value, NULL,
		       "write the character itself, or its number: &#160;",
		       "Invalid entity in the XHTML ('%.*s')",
		       SHOWN(s->bad_entity));
	if (s->bad_element.s)
		report(c, RULE_XHTML_ELEMENT, spot->at, spot->value, NULL,
		       say(c, "remove <%.*s>", SHOWN(s->bad_element)),
		       "Illegal element name in the XHTML ('%.*s')",
		       SHOWN(s->bad_element));
	if (s->bad_attribute.s)
		report(c, RULE_XHTML_ATTRIBUTE, spot->at, spot->value, NULL,
		       say(c, "remove the attribute %.*s",
			   SHOWN(s->bad_attribute)),
		       "Illegal attribute name in the XHTML ('%.*s' on '%.*s')",
		       SHOWN(s->bad_attribute), SHOWN(s->bad_attribute_of));
	if (s->bad_block.s)
		report(c, RULE_XHTML_BLOCK, spot->at, spot->value, NULL,
		       say(c, "end the paragraph before <%.*s>",
			   SHOWN(s->bad_block)),
		       "Invalid element name inside in a paragraph in the "
		       "XHTML ('%.*s')",
		       SHOWN(s->bad_block));
	if (s->bad_space.s)
		report(c, RULE_XHTML_NAMESPACE, spot->at, spot->value, XHTML,
		       "remove the xmlns of the inner element",
		       "Wrong namespace on the XHTML ('%.*s')",
		       SHOWN(s->bad_space));
	if (s->bad_url.s && !s->script.s)
		report(c, RULE_XHTML_URL, spot->at, spot->value, NULL,
		       "correct the address, or remove it",
		       "URL is invalid ('%.*s'): %s", SHOWN(s->bad_url),
		       s->bad_url_why);
	if (s->script.s)
		report(c, RULE_XHTML_SCRIPT, spot->at, spot->value, NULL,
		       "remove the link",
		       "The narrative has a link that is a script ('%.*s')",
		       SHOWN(s->script));
}

static bool same_language(struct word w, const char *language)
{
	return !w.s || is_word(w.s, w.n, language);
}

/* The language of the resource and that of its narrative. */
static void check_language(struct check *c, const struct spot *spot,
			   const struct scan *s)
{
	const char *language = json_get_text(c->resource, "language");
	const struct json *text = json_get(c->resource, "text");

	if (!language || json_get(text, "div") != spot->value)
		return;
	if (!s->lang.s && !s->xml_lang.s)
		report(c, RULE_XHTML_LANGUAGE, spot->at, spot->value, NULL,
		       say(c,
			   "add lang=\"%.20s\" xml:lang=\"%.20s\" to the div",
			   language, language),
		       "Resource has a language, but the XHTML does not have "
		       "an lang or an xml:lang tag");
	else if (!same_language(s->lang, language) ||
		 !same_language(s->xml_lang, language))
		report(c, RULE_XHTML_LANGUAGE, spot->at, spot->value, NULL,
		       NULL,
		       "Resource has a language (%.20s), and the XHTML has a "
		       "language (%.*s), but they differ",
		       language,
		       SHOWN(same_language(s->lang, language) ? s->xml_lang
							      : s->lang));
}

/* What to do about those that are met most. */
static const char *mend(const char *wrong)
{
	static const char *const hints[][2] = {
	    {"an entity does not end", "write & as &amp;"},
	    {"elements are not closed in their order",
	     "close each element: <br/>, <p>...</p>"},
	    {"an element is not closed",
	     "close each element: <br/>, <p>...</p>"},
	    {"a \"<\" is no tag", "write < as &lt;"},
	    {"there is text outside of the div", "put the text into a div"},
	    {"the value of an attribute is not quoted",
	     "put the value of each attribute into quotes"},
	};
	for (size_t i = 0; wrong && i < LEN(hints); i++) {
		if (strcmp(hints[i][0], wrong) == 0)
			return hints[i][1];
	}
	return "write well-formed XHTML";
}

void check_xhtml(struct check *c, const struct spot *spot)
{
	static const char form[] = "<div xmlns=\"" XHTML "\">...</div>";
	struct scan s = {.c = c,
			 .spot = spot,
			 .p = json_text(spot->value),
			 .today = c->rules == RULES_CURRENT};

	if (!scan(&s) || s.roots == 0) {
		report(c, RULE_XHTML, spot->at, spot->value, form,
		       mend(s.wrong), "Error parsing XHTML: %s",
		       s.wrong ? s.wrong : "there is no element");
		return;
	}
	if (s.root.n != 3 || strncmp(s.root.s, "div", 3) != 0)
		report(c, RULE_XHTML_ROOT, spot->at, spot->value, form,
		       "put it into a div",
		       "Wrong name on the XHTML ('%.*s') - must start with "
		       "div",
		       SHOWN(s.root));
	if (s.xmlns.n != strlen(XHTML) ||
	    strncmp(s.xmlns.s, XHTML, s.xmlns.n) != 0)
		report(c, RULE_XHTML_NAMESPACE, spot->at, spot->value, form,
		       "add xmlns=\"" XHTML "\" to the div",
		       "Wrong namespace on the XHTML ('%.*s')", SHOWN(s.xmlns));
	check_words(c, spot, &s);
	check_language(c, spot, &s);
	/* official examples have white space only: tolerated */
	if (!s.content)
		report_as(
		    c, s.space ? ISSUE_WARNING : ISSUE_ERROR, RULE_XHTML_EMPTY,
		    spot->at, spot->value, "text in the div",
		    "say in words what the resource holds",
		    "The narrative SHALL have some non-whitespace content");
}
