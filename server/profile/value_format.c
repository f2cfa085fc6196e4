/* SPDX-License-Identifier: Apache-2.0
 *
 * value_format.c: the formats of primitive values, coded natively: what the
 * regular expressions of the definitions say, and the calendar, which they
 * cannot.
 *
 * A table gives each primitive its JSON kind and its check. Dates and times:
 * FHIR R4 2.24.0.1 (the forms of STU3 and R4 are the same), seconds may be 60,
 * zones reach from -14:00 to +14:00. STU3 decimals have no exponent.
 */
#include "term_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX ((size_t)1 << 20)

static bool is_alnum(char ch)
{
	return ascii_digit(ch) || ascii_letter(ch);
}

static bool has_space(const char *s)
{
	for (; *s; s++) {
		if (ascii_space(*s))
			return true;
	}
	return false;
}

/* A value as it is shown in a text. */
static const char *shown(const struct spot *s)
{
	return json_text(s->value);
}

/* Without white space at the ends, and one space within for several. */
static const char *spaced(struct check *c, const char *t)
{
	struct buf b;

	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	for (; *t; t++) {
		if (!ascii_space(*t))
			buf_putc(&b, *t);
		else if (b.len > 0 && t[1] && !ascii_space(t[1]))
			buf_putc(&b, ' ');
	}
	return b.len > 0 ? b.p : "";
}

/* An issue without a hint; the format has one %s. */
#define bad(c, rule, s, expected, fmt, arg)                                    \
	report(c, rule, (s)->at, (s)->value, expected, NULL, fmt, arg)

/* ---- dates ------------------------------------------------------------ */

/* n digits at *s; -1: there are not. */
static int number(const char **s, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if (!ascii_digit((*s)[i]))
			return -1;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += n;
	return v;
}

struct moment {
	int year;
	int parts; /* 1 year, 2 month, 3 day */
	bool time;
	bool zone;
};

static bool scan_date(const char **s, struct moment *m)
{
	int month, day;
	m->year = number(s, 4);
	m->parts = 1;
	if (m->year < 1)
		return false;
	if (**s != '-')
		return true;
	++*s;
	month = number(s, 2);
	m->parts = 2;
	if (month < 1 || month > 12)
		return false;
	if (**s != '-')
		return true;
	++*s;
	day = number(s, 2);
	m->parts = 3;
	return day >= 1 && day <= date_month_days(m->year, month);
}

static bool scan_time(const char **s)
{
	int hour = number(s, 2);
	if (hour < 0 || hour > 23 || *(*s)++ != ':')
		return false;
	int minute = number(s, 2);
	if (minute < 0 || minute > 59 || *(*s)++ != ':')
		return false;
	int second = number(s, 2);
	if (second < 0 || second > 60)
		return false;
	if (**s != '.')
		return true;
	++*s;
	if (!ascii_digit(**s))
		return false;
	while (ascii_digit(**s))
		++*s;
	return true;
}

static bool scan_zone(const char **s)
{
	if (**s == 'Z') {
		++*s;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	++*s;
	int hour = number(s, 2);
	if (hour < 0 || hour > 14 || *(*s)++ != ':')
		return false;
	int minute = number(s, 2);
	return minute >= 0 && minute <= 59 && (hour < 14 || minute == 0);
}

/* A date, or a date and time; false: it is neither. */
static bool scan_moment(const char *s, struct moment *m)
{
	*m = (struct moment){0};
	if (!scan_date(&s, m))
		return false;
	if (*s == '\0')
		return true;
	if (*s++ != 'T' || m->parts != 3 || !scan_time(&s))
		return false;
	m->time = true;
	m->zone = *s != '\0';
	return !m->zone || (scan_zone(&s) && *s == '\0');
}

/* The rules of 2018 end in 2100, today's eighty years from now. */
static int last_year(const struct check *c)
{
	const struct clock real = {.mode = CLOCK_REAL};
	int64_t now = c->o->now_ms;

	if (c->rules == RULES_KANTA)
		return 2100;
	if (now == 0)
		now = clock_now_ms(&real);
	return 1970 + (int)(now / 31556952000LL) + 80;
}

static void check_year(struct check *c, const struct spot *s, int year)
{
	if (year >= 1800 && (year <= 2050 || year <= last_year(c)))
		return;
	bad(c, RULE_YEAR, s, say(c, "1800 to %d", last_year(c)),
	    c->rules == RULES_KANTA
		? "The value '%.100s' does not have a valid year"
		: "The value '%.100s' is outside the range of reasonable years "
		  "- check for data entry error",
	    shown(s));
}

static void check_date(struct check *c, const struct spot *s)
{
	struct moment m;
	if (!scan_moment(shown(s), &m) || m.time)
		report(c, RULE_DATE, s->at, s->value,
		       "YYYY, YYYY-MM or YYYY-MM-DD",
		       date_hint(c, shown(s), PRIM_DATE),
		       "Not a valid date ('%.100s')", shown(s));
	else
		check_year(c, s, m.year);
}

static void check_datetime(struct check *c, const struct spot *s)
{
	struct moment m;
	if (!scan_moment(shown(s), &m)) {
		report(c, RULE_DATETIME, s->at, s->value,
		       "YYYY, YYYY-MM, YYYY-MM-DD or "
		       "YYYY-MM-DDThh:mm:ss+zz:zz",
		       date_hint(c, shown(s), PRIM_DATETIME),
		       "Not a valid date time ('%.100s')", shown(s));
		return;
	}
	if (m.time && !m.zone)
		report(
		    c, RULE_ZONE, s->at, s->value,
		    "a time zone, such as +02:00 or Z",
		    date_hint(c, shown(s), PRIM_DATETIME),
		    "if a date has a time, it must have a timezone ('%.100s')",
		    shown(s));
	check_year(c, s, m.year);
}

static void check_instant(struct check *c, const struct spot *s)
{
	struct moment m;
	if (!scan_moment(shown(s), &m) || !m.time || !m.zone)
		report(c, RULE_INSTANT, s->at, s->value,
		       "YYYY-MM-DDThh:mm:ss+zz:zz",
		       date_hint(c, shown(s), PRIM_INSTANT),
		       "The instant '%.100s' is not valid (by regex)",
		       shown(s));
	else
		check_year(c, s, m.year);
}

static void check_time(struct check *c, const struct spot *s)
{
	const char *t = shown(s);
	if (!scan_time(&t) || *t)
		bad(c, RULE_TIME, s, "hh:mm:ss", "Not a valid time ('%.100s')",
		    shown(s));
	else if (strchr(shown(s), '.'))
		bad(c, RULE_TIME_FRACTION, s, "hh:mm:ss",
		    "Not a valid time ('%.100s')", shown(s));
}

/* ---- numbers ---------------------------------------------------------- */

static void check_integer(struct check *c, const struct spot *s)
{
	static const struct {
		uint8_t prim;
		long low;
		const char *expected;
	} lows[] = {{PRIM_UNSIGNEDINT, 0, "at least 0"},
		    {PRIM_POSITIVEINT, 1, "at least 1"}};
	const char *t = shown(s);
	char *end;

	errno = 0;
	long v = strtol(t, &end, 10);
	if (*end || errno || v > INT32_MAX || v < INT32_MIN) {
		bad(c, RULE_INTEGER, s, "a whole number of 32 bits",
		    "The value '%.100s' is not a valid integer", t);
		return;
	}
	for (size_t i = 0; i < LEN(lows); i++) {
		if (c->p->types[s->type].prim == lows[i].prim &&
		    v < lows[i].low)
			report(c, RULE_INTEGER_LOW, s->at, s->value,
			       lows[i].expected, NULL,
			       "value is less than permitted minimum value of "
			       "%ld",
			       lows[i].low);
	}
}

static void check_decimal(struct check *c, const struct spot *s)
{
	if (c->p->version == FHIR_STU3 && strpbrk(shown(s), "eE"))
		bad(c, RULE_DECIMAL, s, "digits without an exponent",
		    "The value '%.100s' is not a valid decimal (no exponents)",
		    shown(s));
}

/* ---- texts ------------------------------------------------------------ */

/* The first character that no text may have: below space, but not TAB, LF, CR;
 * 0: there is none. */
static unsigned control(const char *s)
{
	for (; *s; s++) {
		unsigned ch = (unsigned char)*s;
		if (ch < ' ' && ch != '\t' && ch != '\n' && ch != '\r')
			return ch;
	}
	return 0;
}

static void check_string(struct check *c, const struct spot *s)
{
	size_t n = json_len(s->value);
	const char *t = shown(s);
	unsigned ch = control(t);

	if (ch)
		report(c, RULE_CONTROL, s->at, s->value,
		       "no control characters but TAB, LF and CR",
		       say(c, "remove the character U+%04X", ch),
		       "value has the control character U+%04X", ch);
	if (n > STRING_MAX)
		report(c, RULE_MAX_LENGTH, s->at, s->value,
		       "at most 1048576 bytes", NULL,
		       "value is longer than permitted maximum length of 1 MB "
		       "(1048576 bytes)");
	if (n > 0 && (ascii_space(t[0]) || ascii_space(t[n - 1])))
		report(c, RULE_STRING_SPACE, s->at, s->value, NULL,
		       "remove the white space",
		       "value should not start or finish with whitespace");
}

static void check_uri(struct check *c, const struct spot *s)
{
	const char *t = shown(s);
	check_url(c, s);
	if (has_space(t))
		report(c, RULE_URI, s->at, s->value, "no white space",
		       has_space(spaced(c, t))
			   ? "remove it, or write %20"
			   : say(c, "write \"%.200s\"", spaced(c, t)),
		       "URI values cannot have whitespace");
	else if (strncmp(t, "oid:", 4) == 0)
		report(c, RULE_URI, s->at, s->value, "urn:oid:...",
		       "write urn:oid:", "URI values cannot start with oid:");
	else if (strncmp(t, "uuid:", 5) == 0)
		report(c, RULE_URI, s->at, s->value, "urn:uuid:...",
		       "write urn:uuid:", "URI values cannot start with uuid:");
}

static void check_oid(struct check *c, const struct spot *s)
{
	const char *t = shown(s);
	if (strncmp(t, "urn:oid:", 8) != 0)
		report(c, RULE_OID, s->at, s->value, "urn:oid:...", NULL,
		       "OIDs must start with urn:oid:");
	else if (!oid_ok(t + 8))
		report(c, RULE_OID, s->at, s->value, "urn:oid:...", NULL,
		       "OIDs must be valid");
}

static void check_uuid(struct check *c, const struct spot *s)
{
	const char *t = shown(s);
	bool lower = true;
	for (const char *x = t; *x; x++)
		lower = lower && !(*x >= 'A' && *x <= 'Z');
	if (strncmp(t, "urn:uuid:", 9) != 0)
		report(c, RULE_UUID, s->at, s->value, "urn:uuid:...", NULL,
		       "UUIDs must start with urn:uuid:");
	else if (!uuid_ok(t + 9) || !lower)
		bad(c, RULE_UUID, s, "urn:uuid: and a uuid in lower case",
		    "UUIDs must be valid (%.100s)", t);
}

static void check_id(struct check *c, const struct spot *s)
{
	const char *t = shown(s), *x = t;
	while (is_alnum(*x) || *x == '-' || *x == '.')
		x++;
	if (*x || x == t || x - t > 64)
		bad(c, RULE_ID, s, "1 to 64 letters, digits, hyphens and dots",
		    "id value '%.100s' is not valid", t);
}

static void check_code(struct check *c, const struct spot *s)
{
	const char *t = shown(s);
	bool ok = true;
	for (size_t i = 0; t[i] && ok; i++) {
		if (ascii_space(t[i]))
			ok = t[i] == ' ' && i > 0 && t[i + 1] &&
			     !ascii_space(t[i + 1]);
	}
	if (!ok)
		report(c, RULE_CODE, s->at, s->value,
		       "no white space but single spaces between words",
		       say(c, "write \"%.200s\"", spaced(c, t)),
		       "The code '%.100s' is not valid (whitespace rules)", t);
}

static void check_marked(struct check *c, const struct spot *s)
{
	check_string(c, s);
	check_markdown(c, s);
}

/* ---- the table -------------------------------------------------------- */

enum shape { A_STRING, A_NUMBER, A_BOOLEAN };

static const struct {
	enum shape shape;
	void (*check)(struct check *, const struct spot *);
} formats[] = {
    [PRIM_NONE] = {A_STRING, NULL},
    [PRIM_BASE64] = {A_STRING, check_base64},
    [PRIM_BOOLEAN] = {A_BOOLEAN, NULL},
    [PRIM_CANONICAL] = {A_STRING, check_uri},
    [PRIM_CODE] = {A_STRING, check_code},
    [PRIM_DATE] = {A_STRING, check_date},
    [PRIM_DATETIME] = {A_STRING, check_datetime},
    [PRIM_DECIMAL] = {A_NUMBER, check_decimal},
    [PRIM_ID] = {A_STRING, check_id},
    [PRIM_INSTANT] = {A_STRING, check_instant},
    [PRIM_INTEGER] = {A_NUMBER, check_integer},
    [PRIM_MARKDOWN] = {A_STRING, check_marked},
    [PRIM_OID] = {A_STRING, check_oid},
    [PRIM_POSITIVEINT] = {A_NUMBER, check_integer},
    [PRIM_STRING] = {A_STRING, check_string},
    [PRIM_TIME] = {A_STRING, check_time},
    [PRIM_UNSIGNEDINT] = {A_NUMBER, check_integer},
    [PRIM_URI] = {A_STRING, check_uri},
    [PRIM_URL] = {A_STRING, check_uri},
    [PRIM_UUID] = {A_STRING, check_uuid},
    [PRIM_XHTML] = {A_STRING, check_xhtml},
};

static bool has_shape(enum shape shape, enum json_kind kind)
{
	if (shape == A_BOOLEAN)
		return kind == JSON_TRUE || kind == JSON_FALSE;
	return kind == (shape == A_NUMBER ? JSON_NUMBER : JSON_STRING);
}

/* A number that was written as a text: its comma is a point. */
static const char *as_number(struct check *c, const char *text)
{
	char *s = arena_strdup(c->a, text);
	char *comma = strchr(s, ',');

	if (comma)
		*comma = '.';
	for (size_t i = *s == '-'; s[i]; i++) {
		if (!ascii_digit(s[i]) && (s[i] != '.' || i == 0))
			return NULL;
	}
	return *s ? s : NULL;
}

/* What is to stand there instead of a value of another JSON type. */
static const char *shape_hint(struct check *c, const struct spot *s,
			      enum shape shape, enum json_kind kind)
{
	unsigned prim = c->p->types[s->type].prim;
	const char *t = shown(s);

	if (is_quiet(c))
		return NULL;
	if (shape == A_NUMBER && kind == JSON_STRING) {
		t = as_number(c, t);
		return t ? say(c, "write %.40s without quotes", t)
			 : "write the number alone";
	}
	if (shape == A_BOOLEAN)
		return "write true or false, without quotes";
	if (prim == PRIM_DATE)
		return "write a date, such as \"2026-03-01\"";
	if (prim == PRIM_DATETIME || prim == PRIM_INSTANT)
		return "write a date and time, such as "
		       "\"2026-03-01T08:00:00+02:00\"";
	return t ? say(c, "write \"%.40s\" with quotes", t) : "write a text";
}

void check_primitive(struct check *c, const struct spot *s)
{
	static const char *const names[] = {"a string", "a number",
					    "a boolean"};
	unsigned prim = c->p->types[s->type].prim;
	enum shape shape = formats[prim].shape;
	enum json_kind kind = json_kind(s->value);

	if (!has_shape(shape, kind)) {
		report(c, RULE_JSON_KIND, s->at, s->value, names[shape],
		       shape_hint(c, s, shape, kind),
		       "Error parsing JSON: the primitive value must be %s",
		       names[shape]);
		return;
	}
	if (kind == JSON_STRING && json_len(s->value) == 0) {
		report(c, RULE_STRING, s->at, s->value, "a value",
		       say(c, "give \"%s\" a value, or remove it", s->at->name),
		       "@value cannot be empty");
		return;
	}
	if (formats[prim].check)
		formats[prim].check(c, s);
}
