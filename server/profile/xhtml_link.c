/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml_link.c: a link of a narrative to "#x" leads to something of that name
 * in the same resource: an element of a narrative with that id or name, or an
 * element or a contained resource with that id. What stands in other entries of
 * a Bundle does not count: the narratives are not one document. The resource is
 * searched for each link, so their number is bounded by the caller. FHIR R4
 * 2.1.0.3.4 (references in narratives).
 */
#include "term_int.h"

#include <string.h>

#define NAME_MAX_BYTES 255

static bool ends_with(const char *from, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - from) > n && memcmp(end - n, word, n) == 0 &&
	       (end[-(long)n - 1] == ' ' || end[-(long)n - 1] == '\n' ||
		end[-(long)n - 1] == '\t');
}

/* Has the narrative an id="name" or a name="name"? */
static bool text_has(const char *div, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = strstr(div, name); p; p = strstr(p + 1, name)) {
		if (p < div + 2 || (p[-1] != '"' && p[-1] != '\'') ||
		    p[n] != p[-1] || p[-2] != '=')
			continue;
		if (ends_with(div, p - 2, "id") ||
		    ends_with(div, p - 2, "name"))
			return true;
	}
	return false;
}

bool has_anchor(const struct json *v, const char *name)
{
	const char *own = json_name(v);
	if (json_kind(v) == JSON_STRING && own) {
		if (strcmp(own, "id") == 0)
			return strcmp(json_text(v), name) == 0;
		return strcmp(own, "div") == 0 && text_has(json_text(v), name);
	}
	for (v = json_first(v); v; v = json_next(v)) {
		if (has_anchor(v, name))
			return true;
	}
	return false;
}

void check_link(struct check *c, const struct spot *s, const char *href,
		size_t n, const char *place)
{
	char name[NAME_MAX_BYTES + 1];

	n--; /* without # */
	if (is_quiet(c) || n > NAME_MAX_BYTES)
		return;
	memcpy(name, href + 1, n);
	name[n] = '\0';
	if (text_has(json_text(s->value), name) || has_anchor(c->root, name))
		return;
	const char *text = strchr(href, '>');
	int length = text ? (int)strcspn(text + 1, "<") : 0;
	report(
	    c, RULE_XHTML_LINK, s->at, s->value, say(c, "#%s", name),
	    say(c, "give an element the id \"%s\", or remove the link", name),
	    "Hyperlink '#%.100s' at '%s' for '%.*s' does not resolve", name,
	    place, length < 80 ? length : 80, text ? text + 1 : "");
}
