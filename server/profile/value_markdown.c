/* SPDX-License-Identifier: Apache-2.0
 *
 * value_markdown.c: markdown in FHIR has no HTML: what looks like a tag in it
 * is told, but not inside of code (between backticks) and not behind a
 * backslash. The text is read once; it is no parser of markdown. FHIR R4
 * 2.24.0.1 (markdown).
 */
#include "term_int.h"

#include <string.h>

/* "<b>", "</b>", "<br/>", "<a href...>"; an address between brackets is none.
 */
static bool is_tag(const char *s)
{
	s += 1 + (s[1] == '/');
	if (!ascii_letter(*s))
		return false;
	while (ascii_letter(*s) || ascii_digit(*s))
		s++;
	if (*s != '>' && *s != '/' && *s != ' ')
		return false;
	return s[strcspn(s, "<>")] == '>';
}

static const char *find_tag(const char *s)
{
	for (; *s; s++) {
		if (*s == '`') {
			size_t n = strspn(s, "`");
			const char *end = strstr(s + n, n > 2 ? "```" : "`");
			if (!end)
				return NULL;
			s = end + (n > 2 ? 2 : 0);
		} else if (*s == '\\' && s[1]) {
			s++;
		} else if (*s == '<' && is_tag(s)) {
			return s;
		}
	}
	return NULL;
}

void check_markdown(struct check *c, const struct spot *s)
{
	const char *tag = find_tag(json_text(s->value));
	if (!tag)
		return;
	int n = (int)strcspn(tag, " >") + 1;
	report(c, RULE_MARKDOWN_HTML, s->at, s->value, NULL,
	       "use markdown, or escape it: \\<",
	       "The markdown contains content that appears to be an embedded "
	       "HTML tag starting at '%.*s'",
	       n < 40 ? n : 40, tag);
}
