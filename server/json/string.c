/* SPDX-License-Identifier: Apache-2.0
 *
 * string: the strings of JSON (RFC 8259 7 and 8).
 *
 * Two passes over each: the first checks every character and finds the closing
 * quote, the second copies, decoding escapes. The second is a plain copy for
 * the strings without escapes, that is, nearly all. Decoding never lengthens:
 * an escape of six bytes becomes three at most, a pair of twelve becomes four.
 *
 * What is refused: control characters, unknown escapes, a surrogate without its
 * other half, \u0000 (the texts are NUL-terminated from here on) and bytes that
 * are not UTF-8. Each is told where it stands, but a missing closing quote is
 * told where the string begins, since that is where one has to look.
 */
#include "json/json_int.h"

#include <string.h>

/* Bytes that stand for themselves and need no further look. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The letters behind a backslash and what they stand for. */
static char escape_value(char letter)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *at = letter ? strchr(letters, letter) : NULL;

	return at ? values[at - letters] : '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of \uXXXX at p (its backslash); -1 when it is none. */
static int code_unit(const char *p, const char *end)
{
	int unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int h = hex_value(p[i]);

		if (h < 0)
			return -1;
		unit = unit * 16 + h;
	}
	return unit;
}

static bool is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* ---- first pass: is it a string, and where does it end? --------------- */

static bool check_unicode_escape(struct json_scan *in)
{
	int unit = code_unit(in->p, in->end);

	if (unit < 0)
		return json_refuse(in, in->p,
				   "\\u must be followed by four hexadecimal "
				   "digits");
	if (unit == 0)
		return json_refuse(in, in->p,
				   "the character \\u0000 is not allowed");
	if (is_low(unit) ||
	    (is_high(unit) && !is_low(code_unit(in->p + 6, in->end))))
		return json_refuse(in, in->p,
				   "\\u%04x is one half of a surrogate pair "
				   "and the other is missing",
				   (unsigned)unit);
	in->p += is_high(unit) ? 12 : 6;
	return true;
}

/* At a backslash. */
static bool check_escape(struct json_scan *in)
{
	if (in->end - in->p < 2) {
		in->p = in->end; /* the string has no end: told by the caller */
		return true;
	}
	if (in->p[1] == 'u')
		return check_unicode_escape(in);
	if (!escape_value(in->p[1]))
		return json_refuse(in, in->p,
				   "a backslash in a string must be followed "
				   "by one of \" \\ / b f n r t u");
	in->p += 2;
	return true;
}

static bool refuse_control(struct json_scan *in)
{
	unsigned c = (unsigned char)*in->p;

	switch (c) {
	case '\n':
		return json_refuse(in, in->p,
				   "the line ends within a string; write a "
				   "line break as \\n");
	case '\t':
		return json_refuse(in, in->p,
				   "a tab within a string must be written as "
				   "\\t");
	default: break;
	}
	return json_refuse(in, in->p,
			   "the control character 0x%02x within a string must "
			   "be written as \\u%04x",
			   c, c);
}

/* At a byte that is not plain and not the closing quote. */
static bool check_special(struct json_scan *in)
{
	unsigned char c = (unsigned char)*in->p;
	size_t k;

	if (c == '\\')
		return check_escape(in);
	if (c < 0x20)
		return refuse_control(in);
	k = utf8_char(in->p, (size_t)(in->end - in->p));
	if (!k)
		return json_refuse(in, in->p,
				   "the byte 0x%02x is not part of a UTF-8 "
				   "character",
				   c);
	in->p += k;
	return true;
}

/* Eight bytes at a time as long as all are plain: the high bit of a byte of the
 * sum below is set when it is beyond ASCII, a control character, a quote or a
 * backslash; after one of those it may be set in the next one too. */
static const char *skip_plain(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x;

	for (; end - p >= (ptrdiff_t)sizeof(x); p += sizeof(x)) {
		memcpy(&x, p, sizeof(x));
		if (((x | (x - 0x20 * ones) | ((x ^ '"' * ones) - ones) |
		      ((x ^ '\\' * ones) - ones)) &
		     0x80 * ones) != 0)
			break;
	}
	while (p < end && plain((unsigned char)*p))
		p++;
	return p;
}

/* ---- second pass: the decoded text ----------------------------------- */

static char *put_utf8(char *out, unsigned c)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		*out = (char)c;
		return out + 1;
	}
	for (int i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return out + n;
}

/* The escape at *p, which has been checked, to out. */
static char *decode_escape(char *out, const char **p, const char *end)
{
	unsigned unit, low;

	if ((*p)[1] != 'u') {
		*out++ = escape_value((*p)[1]);
		*p += 2;
		return out;
	}
	unit = (unsigned)code_unit(*p, end);
	*p += 6;
	if (is_high((int)unit)) {
		low = (unsigned)code_unit(*p, end);
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		*p += 6;
	}
	return put_utf8(out, unit);
}

static uint32_t decode(char *out, const char *p, const char *end)
{
	char *start = out;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		size_t n = (size_t)((escape ? escape : end) - p);

		memcpy(out, p, n);
		out += n;
		p += n;
		if (escape)
			out = decode_escape(out, &p, end);
	}
	return (uint32_t)(out - start);
}

/* string = quotation-mark *char quotation-mark */
bool json_scan_string(struct json_scan *in, char **text, uint32_t *len)
{
	struct arena *a = in->doc->arena;
	const char *quote = in->p++;
	bool escapes = false;
	size_t n;

	for (;;) {
		in->p = skip_plain(in->p, in->end);
		if (in->p == in->end)
			return json_refuse(in, quote,
					   "the string that begins here has "
					   "no closing quote");
		if (*in->p == '"')
			break;
		escapes |= *in->p == '\\';
		if (!check_special(in))
			return false;
	}
	n = (size_t)(in->p++ - quote) - 1;
	*len = (uint32_t)n;
	if (!escapes) {
		*text = arena_strndup(a, quote + 1, n);
		return true;
	}
	*text = arena_alloc(a, n + 1);
	*len = decode(*text, quote + 1, quote + 1 + n);
	return true;
}
