/* SPDX-License-Identifier: Apache-2.0
 *
 * lex: the tokens of an expression.
 *
 * One token is looked at, ever. Texts of strings and names come out with their
 * quotes and escapes resolved, dates without the @; a symbol is the one or two
 * characters of the text itself. Which word is an operator and which a name,
 * the parser decides by where it stands.
 *
 * Taken beyond the grammar, because published expressions have them: strings
 * in double quotes, and an escape that is none, of which the backslash is
 * dropped. A time of day with a zone is refused here: FHIRPath has none.
 *
 * FHIRPath N1, section 5 (lexical elements) and its grammar.
 */
#include "fhirpath/fhirpath_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void lex_place(const char *text, unsigned offset, unsigned *line,
	       unsigned *column)
{
	*line = *column = 1;
	for (unsigned i = 0; i < offset && text[i]; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

bool lex_refuse(const char *text, struct err *e, unsigned offset,
		const char *fmt, ...)
{
	char what[512];
	va_list list;

	va_start(list, fmt);
	vsnprintf(what, sizeof(what), fmt, list);
	va_end(list);
	(void)err_set(e, ERR_INVALID, "invalid", NULL, "%s", what);
	lex_place(text, offset, &e->line, &e->column);
	return false;
}

static unsigned offset_of(const struct lexer *l, const char *p)
{
	return (unsigned)(p - l->text);
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool lex_is(const struct lexer *l, const char *word)
{
	return (l->now.kind == TOK_SYMBOL || l->now.kind == TOK_NAME) &&
	       strlen(word) == l->now.n &&
	       memcmp(word, l->now.p, l->now.n) == 0;
}

/* ---- between tokens ---------------------------------------------- */

static bool skip_comment(struct lexer *l)
{
	const char *end = strstr(l->p + 2, "*/");

	if (!end)
		return lex_refuse(l->text, l->e, offset_of(l, l->p),
				  "a comment is not finished");
	l->p = end + 2;
	return true;
}

static bool skip_space(struct lexer *l)
{
	for (;;) {
		l->p += strspn(l->p, " \t\r\n");
		if (l->p[0] == '/' && l->p[1] == '/')
			l->p += strcspn(l->p, "\r\n");
		else if (l->p[0] != '/' || l->p[1] != '*')
			return true;
		else if (!skip_comment(l))
			return false;
	}
}

/* ---- quoted text ------------------------------------------------- */

static bool hex4(const char *p, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		const char c = p[i];

		if (!isxdigit((unsigned char)c))
			return false;
		*out =
		    *out * 16 +
		    (unsigned)(ascii_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
	}
	return true;
}

/* l->p is behind "\u". */
static bool add_unicode(struct lexer *l, struct buf *b)
{
	const char *at = l->p - 2;
	unsigned c, low;

	if (!hex4(l->p, &c))
		return lex_refuse(l->text, l->e, offset_of(l, at),
				  "\\u needs four hexadecimal digits");
	l->p += 4;
	if (c >= 0xd800 && c < 0xdc00 && l->p[0] == '\\' && l->p[1] == 'u' &&
	    hex4(l->p + 2, &low) && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		l->p += 6;
	}
	if (c == 0 || (c >= 0xd800 && c < 0xe000))
		return lex_refuse(l->text, l->e, offset_of(l, at),
				  "\\u%04x is no character", c);
	buf_put_char(b, c);
	return true;
}

/* l->p is behind the backslash. */
static bool add_escape(struct lexer *l, struct buf *b)
{
	static const char from[] = "rntf", to[] = "\r\n\t\f";
	const char c = *l->p;
	const char *known = c ? strchr(from, c) : NULL;

	if (!c)
		return true; /* the missing quote is noticed there */
	l->p++;
	if (c == 'u')
		return add_unicode(l, b);
	buf_putc(b, known ? to[known - from] : c);
	return true;
}

/* l->p is at the opening quote. */
static bool read_quoted(struct lexer *l, enum token_kind kind)
{
	const char quote = *l->p++;
	const char stop[] = {quote, '\\', '\0'};
	struct buf b;

	buf_init(&b, l->arena);
	for (;;) {
		const size_t n = strcspn(l->p, stop);

		buf_add(&b, l->p, n);
		l->p += n;
		if (*l->p != '\\')
			break;
		l->p++;
		if (!add_escape(l, &b))
			return false;
	}
	if (*l->p != quote)
		return lex_refuse(l->text, l->e, l->now.offset,
				  "the text that begins here has no closing %c",
				  quote);
	l->p++;
	l->now.kind = kind;
	l->now.p = b.p;
	l->now.n = b.len;
	return true;
}

/* ---- numbers, dates, names --------------------------------------- */

static void take(struct lexer *l, enum token_kind kind, const char *from)
{
	l->now.kind = kind;
	l->now.n = (size_t)(l->p - from);
	l->now.p = arena_strndup(l->arena, from, l->now.n);
}

static void skip_digits(struct lexer *l)
{
	while (ascii_digit(*l->p))
		l->p++;
}

static void read_number(struct lexer *l)
{
	const char *from = l->p;

	skip_digits(l);
	if (l->p[0] == '.' && ascii_digit(l->p[1])) {
		l->p++;
		skip_digits(l);
	} else if (*l->p == 'L' && !is_name(l->p[1])) {
		l->p++; /* 5L: a Long */
	}
	take(l, TOK_NUMBER, from);
}

/* A separator with digits behind it. */
static bool skip_part(struct lexer *l, char separator)
{
	if (l->p[0] != separator || !ascii_digit(l->p[1]))
		return false;
	l->p++;
	skip_digits(l);
	return true;
}

static void skip_clock(struct lexer *l)
{
	int parts = 0; /* minutes, seconds */

	skip_digits(l);
	while (parts < 2 && skip_part(l, ':'))
		parts++;
	if (parts == 2)
		(void)skip_part(l, '.');
}

static void skip_zone(struct lexer *l)
{
	if (*l->p == 'Z') {
		l->p++;
	} else if ((*l->p == '+' || *l->p == '-') && ascii_digit(l->p[1]) &&
		   ascii_digit(l->p[2]) && l->p[3] == ':') {
		l->p += 4;
		skip_digits(l);
	}
}

/* l->p is at the @. */
static bool read_time(struct lexer *l)
{
	const char *from = ++l->p;
	const bool no_date = *l->p == 'T';

	if (!no_date && !ascii_digit(*l->p))
		return lex_refuse(l->text, l->e, l->now.offset,
				  "expected a date or time behind @");
	skip_digits(l);
	for (int parts = 0; parts < 2 && skip_part(l, '-');)
		parts++;
	if (*l->p == 'T') {
		l->p++;
		if (ascii_digit(*l->p)) {
			skip_clock(l);
			if (!no_date)
				skip_zone(l);
		}
	}
	take(l, TOK_TIME, from);
	if (no_date && (*l->p == 'Z' || *l->p == '+' || *l->p == '-') &&
	    (*l->p == 'Z' || ascii_digit(l->p[1])))
		return lex_refuse(l->text, l->e, offset_of(l, l->p),
				  "a time of day has no zone");
	return true;
}

static void read_name(struct lexer *l)
{
	const char *from = l->p;

	while (is_name(*l->p))
		l->p++;
	take(l, TOK_NAME, from);
}

static bool read_symbol(struct lexer *l)
{
	static const char two[][3] = {"!=", "!~", "<=", ">="};
	static const char one[] = "()[]{}.,+-*/&|<>=~%$";

	l->now.kind = TOK_SYMBOL;
	l->now.p = l->p;
	l->now.n = 1;
	for (size_t i = 0; i < LEN(two); i++)
		if (strncmp(l->p, two[i], 2) == 0)
			l->now.n = 2;
	if (l->now.n == 1 && !strchr(one, *l->p))
		return lex_refuse(l->text, l->e, l->now.offset,
				  (unsigned char)*l->p < 0x20 ||
					  (unsigned char)*l->p >= 0x7f
				      ? "a character that has no meaning here"
				      : "'%c' has no meaning here",
				  *l->p);
	l->p += l->now.n;
	return true;
}

bool lex_next(struct lexer *l)
{
	if (!skip_space(l))
		return false;
	l->now = (struct token){.offset = offset_of(l, l->p), .p = ""};
	switch (*l->p) {
	case '\0': return true;
	case '\'':
	case '"': return read_quoted(l, TOK_STRING);
	case '`': return read_quoted(l, TOK_DELIMITED);
	case '@': return read_time(l);
	default: break;
	}
	if (ascii_digit(*l->p)) {
		read_number(l);
		return true;
	}
	if (is_name_start(*l->p)) {
		read_name(l);
		return true;
	}
	return read_symbol(l);
}
