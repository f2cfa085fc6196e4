/* SPDX-License-Identifier: Apache-2.0
 *
 * scan: JSON text to tree, in one pass (RFC 8259).
 *
 * cJSON's own parser takes 01, trailing text, twins and broken UTF-8, so it is
 * not used; this one refuses whatever the grammar does not have. Recursive
 * descent, one function for each rule of the grammar, the rule above it. Every
 * function moves in->p behind what it took, or refuses.
 *
 * Beyond the grammar it refuses what RFC 8259 leaves open and FHIR cannot
 * carry: duplicate member names (4), a byte order mark (8.1), \u0000 and lone
 * surrogates (8.2), more than JSON_MAX_DEPTH levels (9). The depth bounds the
 * recursion, so no input can exhaust the stack.
 *
 * Messages are for the developer whose request is refused: what was expected,
 * what stood there instead, and where.
 */
#include "json/json_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX	 20 /* of a word that stood where it should not */
#define NAME_SHOWN_BYTES 100

static bool scan_value(struct json_scan *in, struct json *v);

/* ---- refusing -------------------------------------------------------- */

bool json_refuse(struct json_scan *in, const char *at, const char *fmt, ...)
{
	unsigned line = 1, column = 1;
	char where[64], text[256];
	va_list ap;

	json_locate(in->text, 0, (uint32_t)(at - in->text), &line, &column);
	snprintf(where, sizeof(where), "line %u, column %u", line, column);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(in->e, ERR_INVALID, NULL, where, "%s", text);
	in->e->line = line;
	in->e->column = column;
	return false;
}

/* What stands at p, for a person: a word, a character or a byte. */
static void describe(char *out, size_t size, const char *p, const char *end)
{
	size_t left = (size_t)(end - p), word = 0;
	size_t k = utf8_char(p, left);
	unsigned char c = left ? (unsigned char)*p : 0;

	while (word < left && word < WORD_MAX &&
	       isalnum((unsigned char)p[word]))
		word++;
	if (!left)
		snprintf(out, size, "the end of the text");
	else if (word)
		snprintf(out, size, "'%.*s'", (int)word, p);
	else if (k && c >= 0x20 && c != 0x7f)
		snprintf(out, size, "'%.*s'", (int)k, p);
	else
		snprintf(out, size, "the byte 0x%02x", c);
}

/* The character before p that is no white space; 0: there is none. */
static char before(const struct json_scan *in)
{
	const char *p = in->p;

	while (p > in->text && isspace((unsigned char)p[-1]))
		p--;
	return p > in->text ? p[-1] : '\0';
}

/* What other notations have and JSON has not; "" when it is nothing of that. */
static const char *advice(const struct json_scan *in)
{
	const char c = in->p < in->end ? *in->p : '\0';
	const bool comma = before(in) == ',';

	if (comma && (c == '}' || c == ']'))
		return "; remove the comma before it";
	if (comma && isdigit((unsigned char)c) && in->p[-1] == ',')
		return "; a decimal is written with a point";
	if (c == '/' || c == '#')
		return "; JSON has no comments";
	if (c == '\'')
		return "; texts stand in double quotes";
	if (c == '<' && before(in) == '\0')
		return "; XML is not taken, only JSON";
	if (c == '"' && before(in) != ':' && !comma)
		return "; a comma is missing";
	return "";
}

bool json_expected(struct json_scan *in, const char *what)
{
	char found[64];

	describe(found, sizeof(found), in->p, in->end);
	return json_refuse(in, in->p, "expected %s but found %s%s", what, found,
			   advice(in));
}

/* ---- tokens ---------------------------------------------------------- */

static void skip_space(struct json_scan *in)
{
	const char *p = in->p;

	while (p < in->end &&
	       (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	in->p = p;
}

static bool at(const struct json_scan *in, char c)
{
	return in->p < in->end && *in->p == c;
}

static bool take(struct json_scan *in, char c)
{
	if (!at(in, c))
		return false;
	in->p++;
	return true;
}

static bool at_digit(const struct json_scan *in)
{
	return in->p < in->end && *in->p >= '0' && *in->p <= '9';
}

/* 1*DIGIT */
static bool scan_digits(struct json_scan *in)
{
	if (!at_digit(in))
		return json_expected(in, "a digit");
	while (at_digit(in))
		in->p++;
	return true;
}

/* number = [ "-" ] ( "0" / digit1-9 *DIGIT ) [ "." 1*DIGIT ]
 *	    [ ( "e" / "E" ) [ "-" / "+" ] 1*DIGIT ] */
static bool scan_number(struct json_scan *in, struct json *v)
{
	const char *start = in->p;

	take(in, '-');
	if (take(in, '0')) {
		if (at_digit(in))
			return json_refuse(in, start,
					   "a number must not begin with a "
					   "zero that is followed by a digit");
	} else if (!scan_digits(in)) {
		return false;
	}
	if (take(in, '.') && !scan_digits(in))
		return false;
	if (take(in, 'e') || take(in, 'E')) {
		if (!take(in, '-'))
			take(in, '+');
		if (!scan_digits(in))
			return false;
	}
	v->node.type = cJSON_Raw;
	v->size = (uint32_t)(in->p - start);
	v->node.valuestring = arena_strndup(in->doc->arena, start, v->size);
	return true;
}

struct literal {
	const char *text;
	uint32_t len;
	int type;
};

/* "true" / "false" / "null" */
static bool scan_literal(struct json_scan *in, struct json *v)
{
	static const struct literal literals[] = {
	    {"true", 4, cJSON_True},
	    {"false", 5, cJSON_False},
	    {"null", 4, cJSON_NULL},
	};

	for (size_t i = 0; i < LEN(literals); i++) {
		const struct literal *l = &literals[i];
		const char *behind = in->p + l->len;

		if ((size_t)(in->end - in->p) < l->len ||
		    memcmp(in->p, l->text, l->len) != 0)
			continue;
		if (behind < in->end && isalnum((unsigned char)*behind))
			break;
		in->p = behind;
		v->node.type = l->type;
		v->size = l->len;
		return true;
	}
	return json_expected(in, "a value");
}

/* ---- containers ------------------------------------------------------ */

static struct json *new_value(struct json_scan *in)
{
	struct json *v = arena_alloc(in->doc->arena, sizeof(*v));

	v->doc = in->doc;
	return v;
}

/* The first child's prev is the last one. */
static void append(struct json *parent, struct json *child)
{
	cJSON *first = parent->node.child, *c = &child->node;

	if (first) {
		c->prev = first->prev;
		first->prev->next = c;
		first->prev = c;
	} else {
		parent->node.child = c;
		c->prev = c;
	}
	parent->size++;
}

static bool enter(struct json_scan *in)
{
	if (++in->depth > JSON_MAX_DEPTH)
		return json_refuse(in, in->p, "nested deeper than %d levels",
				   JSON_MAX_DEPTH);
	in->p++;
	skip_space(in);
	return true;
}

/* begin-array [ value *( value-separator value ) ] end-array */
static bool scan_array(struct json_scan *in, struct json *v)
{
	v->node.type = cJSON_Array;
	if (!enter(in))
		return false;
	if (!at(in, ']')) {
		do {
			struct json *item = new_value(in);

			skip_space(in);
			if (!scan_value(in, item))
				return false;
			append(v, item);
			skip_space(in);
		} while (take(in, ','));
	}
	in->depth--;
	return take(in, ']') || json_expected(in, "',' or ']'");
}

/* member = string name-separator value */
static bool scan_member(struct json_scan *in, struct json *v)
{
	skip_space(in);
	if (!at(in, '"'))
		return json_expected(in, "a member name in double quotes");
	v->name_start = (uint32_t)(in->p - in->text);
	if (!json_scan_string(in, &v->node.string, &v->name_len))
		return false;
	v->name_end = (uint32_t)(in->p - in->text);
	skip_space(in);
	if (!take(in, ':'))
		return json_expected(in, "':'");
	skip_space(in);
	return scan_value(in, v);
}

/* How much of s to show: whole characters, NAME_SHOWN_BYTES at most. */
static int shown(const char *s, size_t n)
{
	size_t i = 0, k;

	for (; i < n; i += k) {
		k = utf8_char(s + i, n - i);
		if (i + k > NAME_SHOWN_BYTES)
			break;
	}
	return (int)i;
}

static bool check_names(struct json_scan *in, const struct json *v)
{
	unsigned line = 1, column = 1;
	const struct json *earlier, *d = json_duplicate(v, &earlier);

	if (!d)
		return true;
	json_locate(in->text, 0, earlier->name_start, &line, &column);
	return json_refuse(in, in->text + d->name_start,
			   "the member name \"%.*s\" stands already in line "
			   "%u, column %u",
			   shown(d->node.string, d->name_len), d->node.string,
			   line, column);
}

/* begin-object [ member *( value-separator member ) ] end-object */
static bool scan_object(struct json_scan *in, struct json *v)
{
	v->node.type = cJSON_Object;
	if (!enter(in))
		return false;
	if (!at(in, '}')) {
		do {
			struct json *member = new_value(in);

			if (!scan_member(in, member))
				return false;
			append(v, member);
			skip_space(in);
		} while (take(in, ','));
	}
	in->depth--;
	if (!take(in, '}'))
		return json_expected(in, "',' or '}'");
	return check_names(in, v);
}

static bool scan_by_first(struct json_scan *in, struct json *v)
{
	switch (in->p < in->end ? *in->p : '\0') {
	case '{': return scan_object(in, v);
	case '[': return scan_array(in, v);
	case '"':
		v->node.type = cJSON_String;
		return json_scan_string(in, &v->node.valuestring, &v->size);
	case '-': return scan_number(in, v);
	default: break;
	}
	return at_digit(in) ? scan_number(in, v) : scan_literal(in, v);
}

/* value = false / null / true / object / array / number / string */
static bool scan_value(struct json_scan *in, struct json *v)
{
	v->start = (uint32_t)(in->p - in->text);
	if (++in->values > JSON_MAX_VALUES)
		return json_refuse(in, in->p, "more than %u values",
				   JSON_MAX_VALUES);
	if (!scan_by_first(in, v))
		return false;
	v->end = (uint32_t)(in->p - in->text);
	return true;
}

/* JSON-text = ws value ws */
static bool scan_text(struct json_scan *in, struct json *root)
{
	if (in->end - in->p >= 3 && memcmp(in->p, "\xef\xbb\xbf", 3) == 0)
		return json_refuse(in, in->p,
				   "the text begins with a byte order mark; "
				   "JSON is sent without one");
	skip_space(in);
	if (in->p == in->end)
		return json_refuse(in, in->p, "the text is empty");
	if (!scan_value(in, root))
		return false;
	skip_space(in);
	return in->p == in->end || json_expected(in, "the end of the text");
}

const struct json *json_parse(struct arena *a, const char *text, size_t n,
			      struct err *e)
{
	struct json_doc *doc = arena_alloc(a, sizeof(*doc));
	struct json_scan in = {
	    .doc = doc, .text = text, .p = text, .end = text + n, .e = e};
	struct json *root;

	if (n > UINT32_MAX) {
		err_set(e, ERR_INVALID, NULL, "line 1, column 1",
			"the text is longer than 4 GiB");
		return NULL;
	}
	*doc = (struct json_doc){.arena = a, .text = text, .n = (uint32_t)n};
	root = new_value(&in);
	return scan_text(&in, root) ? root : NULL;
}
