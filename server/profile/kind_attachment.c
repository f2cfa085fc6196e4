/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_attachment.c: base64, and the size that an attachment states of its
 * data. What is decoded is only counted. FHIR R4 2.24.0.6 (Attachment),
 * 2.24.0.1 (base64Binary); RFC 4648 4.
 */
#include "term_int.h"

#include <stdlib.h>
#include <string.h>

struct base64 {
	size_t letters; /* padding too */
	size_t pads;
	bool space;
	bool ok;
};

static bool is_letter(char ch)
{
	return ascii_letter(ch) || ascii_digit(ch) || ch == '+' || ch == '/';
}

static struct base64 scan(const char *t, size_t n)
{
	struct base64 b = {.ok = true};
	for (const char *end = t + n; t < end && b.ok; t++) {
		if (*t == ' ' || (*t >= '\t' && *t <= '\r')) {
			b.space = true;
			continue;
		}
		b.letters++;
		if (*t == '=')
			b.pads++;
		else
			b.ok = b.pads == 0 && is_letter(*t);
	}
	b.ok = b.ok && b.letters % 4 == 0 && b.pads <= 2;
	return b;
}

bool base64_ok(const char *s, size_t n)
{
	return scan(s, n).ok;
}

void check_base64(struct check *c, const struct spot *s)
{
	struct base64 b = scan(json_text(s->value), json_len(s->value));
	if (!b.ok)
		report(c, RULE_BASE64, s->at, s->value, "base64", NULL,
		       "The value \"%.100s\" is not a valid Base64 value",
		       json_text(s->value));
	else if (b.space)
		report(c, RULE_BASE64_SPACE, s->at, s->value, NULL,
		       "remove the white space",
		       "The base64 value should have no white space");
}

void check_attachment(struct check *c, const struct spot *s)
{
	const struct at here = {s->at, "size", -1};
	const struct json *size = json_get(s->value, "size");
	const char *data = json_get_text(s->value, "data");

	if (!size || !data || json_kind(size) != JSON_NUMBER)
		return;
	struct base64 b = scan(data, strlen(data));
	size_t n = b.letters / 4 * 3 - b.pads;
	if (!b.ok || strtoul(json_text(size), NULL, 10) == n)
		return;
	report(c, RULE_ATTACHMENT_SIZE, &here, size, say(c, "%zu", n),
	       say(c, "write %zu, or leave it out", n),
	       "Stated Attachment Size %.20s does not match actual attachment "
	       "size %zu",
	       json_text(size), n);
}
