/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_code: encode, decode, escape, unescape.
 *
 * Text as hexadecimal digits, base64 or its variant for URLs (both padded, as
 * in the specification's example), and text with what is special in HTML or
 * JSON written otherwise. A name that is none of these, and a text that is not
 * of that kind, give the empty collection.
 *
 * Decoding makes bytes; only when they are UTF-8 again are they a text.
 *
 * FHIRPath's successor to 2.0, section "Additional String Functions"; RFC 4648
 * sections 4, 5 and 8; RFC 8259 section 7.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char hex[] = "0123456789abcdef";

typedef bool change_fn(struct buf *b, const char *s, size_t n);

struct format {
	const char *name;
	change_fn *change;
};

/* ---- encode and decode ------------------------------------------- */

static bool put_hex(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_putc(b, hex[(unsigned char)s[i] >> 4]);
		buf_putc(b, hex[s[i] & 15]);
	}
	return true;
}

static void put_base64_of(struct buf *b, const char *s, size_t n,
			  const char *digits)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t group = 0;
		size_t bytes = n - i < 3 ? n - i : 3;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 |
				(k < bytes ? (unsigned char)s[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_putc(b, k > bytes
					? '='
					: digits[group >> (18 - 6 * k) & 63]);
	}
}

static bool put_base64(struct buf *b, const char *s, size_t n)
{
	put_base64_of(b, s, n, base64);
	return true;
}

static bool put_base64url(struct buf *b, const char *s, size_t n)
{
	put_base64_of(b, s, n, base64url);
	return true;
}

static int digit(const char *digits, char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int hex_value(char c)
{
	return digit(hex, c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c);
}

static bool take_hex(struct buf *b, const char *s, size_t n)
{
	if (n % 2)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		int high = hex_value(s[i]), low = hex_value(s[i + 1]);

		if (high < 0 || low < 0)
			return false;
		buf_putc(b, (char)(high << 4 | low));
	}
	return true;
}

static bool take_base64_of(struct buf *b, const char *s, size_t n,
			   const char *digits)
{
	uint32_t group = 0;
	unsigned bits = 0;

	for (int pad = 0; pad < 2 && n && s[n - 1] == '='; pad++)
		n--;
	for (size_t i = 0; i < n; i++) {
		int d = digit(digits, s[i]);

		if (d < 0)
			return false;
		group = (group << 6 | (uint32_t)d) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_putc(b, (char)(group >> bits & 0xff));
		}
	}
	return bits < 6;
}

static bool take_base64(struct buf *b, const char *s, size_t n)
{
	return take_base64_of(b, s, n, base64);
}

static bool take_base64url(struct buf *b, const char *s, size_t n)
{
	return take_base64_of(b, s, n, base64url);
}

/* ---- escape and unescape ----------------------------------------- */

struct pair {
	char c;
	const char *escaped;
};

static const struct pair html[] = {{'<', "&lt;"},
				   {'>', "&gt;"},
				   {'&', "&amp;"},
				   {'"', "&quot;"},
				   {'\'', "&#39;"}};
static const struct pair json[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"},
				   {'\r', "\\r"}, {'\t', "\\t"},  {'\f', "\\f"},
				   {'\b', "\\b"}, {'/', "\\/"}};
#define JSON_ESCAPED (LEN(json) - 1) /* a solidus need not be */

static const char *escaped(const struct pair *pairs, size_t n, char c)
{
	for (size_t i = 0; i < n; i++)
		if (pairs[i].c == c)
			return pairs[i].escaped;
	return NULL;
}

static bool escape_html(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *by = escaped(html, LEN(html), s[i]);

		by ? buf_puts(b, by) : buf_putc(b, s[i]);
	}
	return true;
}

static bool escape_json(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *by = escaped(json, JSON_ESCAPED, s[i]);

		if (by)
			buf_puts(b, by);
		else if ((unsigned char)s[i] < ' ')
			buf_printf(b, "\\u%04x", s[i]);
		else
			buf_putc(b, s[i]);
	}
	return true;
}

/* The pair whose escaped form s begins with. */
static const struct pair *begins(const struct pair *pairs, size_t count,
				 const char *s, size_t n)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = strlen(pairs[i].escaped);

		if (k <= n && !memcmp(s, pairs[i].escaped, k))
			return &pairs[i];
	}
	return NULL;
}

/* digits of a base, the number they make; false: none, or no character */
static bool take_number(const char *s, size_t n, unsigned base, uint32_t *c)
{
	*c = 0;
	for (size_t i = 0; i < n; i++) {
		int d = hex_value(s[i]);

		if (d < 0 || (unsigned)d >= base || *c > 0x10ffff)
			return false;
		*c = *c * base + (unsigned)d;
	}
	return n && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff);
}

/* &#39; and &#x27; : how many bytes, 0 when it is none */
static size_t take_entity(struct buf *b, const char *s, size_t n)
{
	size_t end = strcspn(s, ";"), skip;
	uint32_t c;

	if (n < 4 || end >= n || end > 10 || s[0] != '&' || s[1] != '#')
		return 0;
	skip = s[2] == 'x' || s[2] == 'X' ? 3 : 2;
	if (!take_number(s + skip, end - skip, skip == 3 ? 16 : 10, &c))
		return 0;
	buf_put_char(b, c);
	return end + 1;
}

static bool unescape_html(struct buf *b, const char *s, size_t n)
{
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		const struct pair *p = begins(html, LEN(html), s + i, n - i);

		used = p ? strlen(p->escaped) : 0;
		if (p)
			buf_putc(b, p->c);
		else
			used = take_entity(b, s + i, n - i);
		if (used)
			continue;
		buf_putc(b, s[i]);
		used = 1;
	}
	return true;
}

static bool is_half(const char *s, size_t n, char from, char to)
{
	return n >= 6 && s[0] == '\\' && s[1] == 'u' && (s[2] | 0x20) == 'd' &&
	       (s[3] | 0x20) >= from && (s[3] | 0x20) <= to;
}

/* \uXXXX, two of them for a pair of surrogates */
static size_t take_unicode(struct buf *b, const char *s, size_t n)
{
	uint32_t c, high, low;

	if (n < 6 || s[1] != 'u')
		return 0;
	if (take_number(s + 2, 4, 16, &c)) {
		buf_put_char(b, c);
		return 6;
	}
	if (n < 12 || !is_half(s, n, '8', 'b') ||
	    !is_half(s + 6, n - 6, 'c', 'f') ||
	    !take_number(s + 3, 3, 16, &high) ||
	    !take_number(s + 9, 3, 16, &low))
		return 0;
	buf_put_char(b, 0x10000 + ((high - 0x800) << 10) + (low - 0xc00));
	return 12;
}

static bool unescape_json(struct buf *b, const char *s, size_t n)
{
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		const struct pair *p = begins(json, LEN(json), s + i, n - i);

		used = 1;
		if (p) {
			buf_putc(b, p->c);
			used = 2;
		} else if (s[i] != '\\') {
			buf_putc(b, s[i]);
		} else if (!(used = take_unicode(b, s + i, n - i))) {
			return false;
		}
	}
	return true;
}

/* ---- the functions ----------------------------------------------- */

static const struct format encodings[] = {{"hex", put_hex},
					  {"base64", put_base64},
					  {"urlbase64", put_base64url},
					  {NULL, NULL}};
static const struct format decodings[] = {{"hex", take_hex},
					  {"base64", take_base64},
					  {"urlbase64", take_base64url},
					  {NULL, NULL}};
static const struct format escapes[] = {
    {"html", escape_html}, {"json", escape_json}, {NULL, NULL}};
static const struct format unescapes[] = {
    {"html", unescape_html}, {"json", unescape_json}, {NULL, NULL}};

static bool is_utf8(const struct buf *b)
{
	size_t length;

	for (size_t i = 0; i < b->len; i += length)
		if (!(length = utf8_char(b->p + i, b->len - i)))
			return false;
	return true;
}

static bool change(struct eval *v, const struct call *c,
		   const struct fp_list *focus, struct list *out,
		   const struct format *formats)
{
	const char *s, *name;
	size_t n, name_n;
	bool some, given;
	struct buf b;

	if (!one_string(v, c, focus, &s, &n, &some) ||
	    !arg_string(v, c, 0, &name, &name_n, &given))
		return false;
	if (!some || !given)
		return true;
	for (; formats->name && strcmp(formats->name, name) != 0; formats++)
		;
	buf_init(&b, eval_arena(v));
	if (!formats->name || !formats->change(&b, s, n) || !is_utf8(&b))
		return true;
	return give_text(v, c, out, b.p, b.len);
}

bool fn_encode(struct eval *v, const struct call *c,
	       const struct fp_list *focus, struct list *out)
{
	return change(v, c, focus, out, encodings);
}

bool fn_decode(struct eval *v, const struct call *c,
	       const struct fp_list *focus, struct list *out)
{
	return change(v, c, focus, out, decodings);
}

bool fn_escape(struct eval *v, const struct call *c,
	       const struct fp_list *focus, struct list *out)
{
	return change(v, c, focus, out, escapes);
}

bool fn_unescape(struct eval *v, const struct call *c,
		 const struct fp_list *focus, struct list *out)
{
	return change(v, c, focus, out, unescapes);
}
