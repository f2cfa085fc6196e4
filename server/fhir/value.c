/* SPDX-License-Identifier: Apache-2.0
 *
 * One value of a search parameter: from the text to what the store compares.
 * (Numbers and quantities: value_number.c.)
 *
 *	token	:= code | system '|' code | '|' code | system '|'
 *	date	:= [prefix] date or dateTime
 *	prefix	:= eq | ne | gt | ge | lt | le | sa | eb | ap
 *	string	:= text, searched folded (without case and marks)
 *
 * A backslash takes the meaning from the ',', '|', '$' or '\' behind it. A
 * date stands for the span of time that it leaves open, in Finland's time when
 * it names no other; ap (about) becomes a wider eq. References to our own base
 *are stored without it and so are looked for without it.
 *
 * FHIR R4 3.1.1.4; facts: fhir-rest.md section 4.
 */
#include "fhir/search_int.h"

#include <string.h>

/* ---- text with escapes ----------------------------------------------- */

size_t fhir_value_part(const char **s, char sep, const char **part)
{
	const char *p = *s;
	size_t n = 0;

	while (p[n] && p[n] != sep)
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	*part = p;
	*s = p[n] ? p + n + 1 : NULL;
	return n;
}

char *fhir_unescaped(struct arena *a, const char *p, size_t n)
{
	char *out = arena_strndup(a, p, n);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n && strchr(",|$\\", p[i + 1]))
			i++;
		out[k++] = p[i];
	}
	out[k] = '\0';
	return out;
}

/* ---- token, id ------------------------------------------------------- */

bool fhir_value_token(const struct value_context *c, const char *p, size_t n,
		      struct store_value *v)
{
	const char *rest = arena_strndup(c->arena, p, n);
	const char *part;
	size_t k = fhir_value_part(&rest, '|', &part);

	v->op = OP_TOKEN;
	if (!rest) {
		v->value = fhir_unescaped(c->arena, part, k);
		return true;
	}
	v->system = fhir_unescaped(c->arena, part, k);
	v->value = *rest ? fhir_unescaped(c->arena, rest, strlen(rest)) : NULL;
	return true;
}

bool fhir_value_id(const struct value_context *c, const char *p, size_t n,
		   struct store_value *v)
{
	v->op = OP_ID;
	v->value = fhir_unescaped(c->arena, p, n);
	return true;
}

/* What it is called; it begins with the value. */
bool fhir_value_token_text(const struct value_context *c, const char *p,
			   size_t n, struct store_value *v)
{
	v->op = OP_TOKEN_TEXT;
	v->value = record_fold(c->arena, fhir_unescaped(c->arena, p, n));
	return true;
}

/* ---- string ---------------------------------------------------------- */

static bool read_string(const struct value_context *c, const char *p, size_t n,
			enum store_op op, struct store_value *v)
{
	char *text = fhir_unescaped(c->arena, p, n);
	size_t characters = 0;

	for (const char *s = text; *s; s++)
		characters += ((unsigned char)*s & 0xC0) != 0x80;
	if (characters > SEARCH_TEXT)
		return err_set(c->err, ERR_INVALID, RULE_VALUE, NULL,
			       "A string to search for may have at most %d "
			       "characters",
			       SEARCH_TEXT);
	v->op = op;
	v->value = op == OP_STRING_EXACT ? text : record_fold(c->arena, text);
	return true;
}

bool fhir_value_string(const struct value_context *c, const char *p, size_t n,
		       struct store_value *v)
{
	return read_string(c, p, n, OP_STRING, v);
}

bool fhir_value_string_exact(const struct value_context *c, const char *p,
			     size_t n, struct store_value *v)
{
	return read_string(c, p, n, OP_STRING_EXACT, v);
}

bool fhir_value_string_contains(const struct value_context *c, const char *p,
				size_t n, struct store_value *v)
{
	return read_string(c, p, n, OP_STRING_CONTAINS, v);
}

/* ---- date ------------------------------------------------------------ */

static const struct date_op {
	char prefix[3];
	enum store_op op;
	enum store_op hapi; /* search_dates = hapi */
} date_op[] = {
    {"eq", OP_DATE_EQ, OP_DATE_HAPI_EQ}, {"ne", OP_DATE_NE, OP_DATE_HAPI_NE},
    {"gt", OP_DATE_GT, OP_DATE_HAPI_GT}, {"ge", OP_DATE_GE, OP_DATE_HAPI_GE},
    {"lt", OP_DATE_LT, OP_DATE_LT},	 {"le", OP_DATE_LE, OP_DATE_LE},
    {"sa", OP_DATE_SA, OP_DATE_SA},	 {"eb", OP_DATE_EB, OP_DATE_HAPI_EB},
    {"ap", OP_DATE_EQ, OP_DATE_EQ},
};

/* How the settings have dates compared. What a date equals may be a matter of
 * its own: a period that it falls in, or one that lies within it. */
static enum store_op date_how(const struct settings *s, const struct date_op *d)
{
	if (s->search_dates)
		return d->hapi;
	if (!s->date_eq_period || strcmp(d->prefix, "ap") == 0)
		return d->op;
	if (d->op == OP_DATE_EQ)
		return OP_DATE_EQ_CONTAIN;
	return d->op == OP_DATE_NE ? OP_DATE_NE_CONTAIN : d->op;
}

/* About: a tenth of the distance from now, on both sides. */
static void widen(struct store_value *v, int64_t now_ms)
{
	int64_t distance =
	    v->lo_ms > now_ms ? v->lo_ms - now_ms : now_ms - v->hi_ms;

	if (distance < 0)
		return;
	v->lo_ms -= distance / 10;
	v->hi_ms += distance / 10;
}

/* A '+' that was not escaped arrives as a space. */
static bool lost_plus(const char *p, size_t n)
{
	char text[64];
	struct time_span span;
	char *space;

	if (n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	space = strchr(text, ' ');
	if (!space)
		return false;
	*space = '+';
	return time_parse(text, n, &span);
}

static bool bad_date(const char *p, size_t n, bool plus, struct err *e)
{
	return err_set(e, ERR_INVALID, RULE_VALUE, NULL,
		       "Invalid date/time format: \"%.*s\"%s",
		       n > 100 ? 100 : (int)n, p,
		       plus ? " (in a URL write + as %2B)" : "");
}

/* A two-letter prefix; NULL for other letters. */
static const struct date_op *date_prefix(const char *p)
{
	for (size_t i = 0; i < LEN(date_op); i++)
		if (strncmp(p, date_op[i].prefix, 2) == 0)
			return &date_op[i];
	return NULL;
}

bool fhir_value_date(const struct value_context *c, const char *p, size_t n,
		     struct store_value *v)
{
	const struct date_op *d = &date_op[0];
	struct time_span span;
	size_t skip = 0;

	if (n > 2 && !ascii_digit(*p)) {
		d = date_prefix(p);
		if (!d)
			return bad_date(p, n, false, c->err);
		skip = 2;
	}
	if (!time_parse(p + skip, n - skip, &span))
		return bad_date(p, n, lost_plus(p + skip, n - skip), c->err);
	*v = (struct store_value){.op = date_how(c->rules->settings, d),
				  .lo_ms = span.lo_ms,
				  .hi_ms = span.hi_ms};
	if (strcmp(d->prefix, "ap") == 0)
		widen(v, c->rules->now_ms);
	return true;
}

/* ---- reference, uri -------------------------------------------------- */

/* The reference as it is stored: our own base taken off, and a version. */
static const char *local_reference(const struct search_rules *r, char *ref)
{
	const char *base = r->own_base;
	size_t n = strlen(base);
	char *version;

	if (strncmp(ref, base, n) == 0 && ref[n] == '/')
		ref += n + 1;
	version = strstr(ref, "/_history/");
	if (version && !strchr(ref, ':'))
		*version = '\0';
	return ref;
}

bool fhir_value_reference(const struct value_context *c, const char *p,
			  size_t n, struct store_value *v)
{
	v->op = OP_REFERENCE;
	v->value = local_reference(c->rules, fhir_unescaped(c->arena, p, n));
	return true;
}

bool fhir_value_uri(const struct value_context *c, const char *p, size_t n,
		    struct store_value *v)
{
	v->op = OP_URI;
	v->value = fhir_unescaped(c->arena, p, n);
	return true;
}

bool fhir_value_uri_above(const struct value_context *c, const char *p,
			  size_t n, struct store_value *v)
{
	v->op = OP_URI_ABOVE;
	v->value = fhir_unescaped(c->arena, p, n);
	return true;
}

bool fhir_value_uri_below(const struct value_context *c, const char *p,
			  size_t n, struct store_value *v)
{
	v->op = OP_URI_BELOW;
	v->value = fhir_unescaped(c->arena, p, n);
	return true;
}
