/* SPDX-License-Identifier: Apache-2.0
 *
 * One value of a search parameter: from the text to what the store compares.
 *
 *	token	:= code | system '|' code | '|' code | system '|'
 *	date	:= [prefix] date or dateTime
 *	prefix	:= eq | ne | gt | ge | lt | le | sa | eb | ap
 *
 * A backslash takes the meaning from the ',', '|', '$' or '\' behind it. A
 * date stands for the span of time that it leaves open, in Finland's time when
 * it names no other; ap (about) becomes a wider eq. _lastUpdated is an instant,
 * so two bounds say everything about it. References to our own base are stored
 * without it and so are looked for without it.
 *
 * FHIR R4 3.1.1.4; facts: fhir-rest.md section 4.
 */
#include "fhir/fhir_int.h"

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

static const char *unescaped(struct arena *a, const char *p, size_t n)
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
		v->value = unescaped(c->arena, part, k);
		return true;
	}
	v->system = unescaped(c->arena, part, k);
	v->value = *rest ? unescaped(c->arena, rest, strlen(rest)) : NULL;
	return true;
}

bool fhir_value_id(const struct value_context *c, const char *p, size_t n,
		   struct store_value *v)
{
	v->op = OP_ID;
	v->value = unescaped(c->arena, p, n);
	return true;
}

/* ---- date ------------------------------------------------------------ */

static const struct {
	char prefix[3];
	enum store_op op;
} date_op[] = {
    {"eq", OP_DATE_EQ}, {"ne", OP_DATE_NE}, {"gt", OP_DATE_GT},
    {"ge", OP_DATE_GE}, {"lt", OP_DATE_LT}, {"le", OP_DATE_LE},
    {"sa", OP_DATE_SA}, {"eb", OP_DATE_EB},
};

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

/* The operator of a two-letter prefix; false for other letters. */
static bool date_prefix(const char *p, enum store_op *op, bool *about)
{
	*about = strncmp(p, "ap", 2) == 0;
	for (size_t i = 0; i < LEN(date_op); i++) {
		if (strncmp(p, date_op[i].prefix, 2) != 0)
			continue;
		*op = date_op[i].op;
		return true;
	}
	return *about;
}

bool fhir_value_date(const struct value_context *c, const char *p, size_t n,
		     struct store_value *v)
{
	struct time_span span;
	bool about = false;
	size_t skip = 0;

	*v = (struct store_value){.op = OP_DATE_EQ};
	if (n > 2 && (p[0] < '0' || p[0] > '9')) {
		if (!date_prefix(p, &v->op, &about))
			return bad_date(p, n, false, c->err);
		skip = 2;
	}
	if (!time_parse(p + skip, n - skip, &span))
		return bad_date(p, n, lost_plus(p + skip, n - skip), c->err);
	v->lo_ms = span.lo_ms;
	v->hi_ms = span.hi_ms;
	if (about)
		widen(v, c->rules->now_ms);
	return true;
}

/* ---- _lastUpdated: an instant, so two bounds say everything ---------- */

size_t fhir_value_updated(const struct store_value *d, struct store_value *v,
			  bool *both)
{
	const struct store_value from_lo = {.op = OP_UPDATED_GE,
					    .lo_ms = d->lo_ms};
	const struct store_value from_hi = {.op = OP_UPDATED_GE,
					    .lo_ms = d->hi_ms};
	const struct store_value to_lo = {.op = OP_UPDATED_LT,
					  .hi_ms = d->lo_ms};
	const struct store_value to_hi = {.op = OP_UPDATED_LT,
					  .hi_ms = d->hi_ms};

	switch (d->op) {
	case OP_DATE_GE: v[0] = from_lo; return 1;
	case OP_DATE_GT:
	case OP_DATE_SA: v[0] = from_hi; return 1;
	case OP_DATE_LT:
	case OP_DATE_EB: v[0] = to_lo; return 1;
	case OP_DATE_LE: v[0] = to_hi; return 1;
	case OP_DATE_NE:
		v[0] = to_lo;
		v[1] = from_hi;
		return 2;
	default:
		v[0] = from_lo;
		v[1] = to_hi;
		*both = true;
		return 2;
	}
}

/* ---- reference, uri -------------------------------------------------- */

/* The reference as it is stored: our own base taken off. */
static const char *local_reference(const struct search_rules *r,
				   const char *ref)
{
	const char *base = r->own_base;
	size_t n = strlen(base);

	if (strncmp(ref, base, n) == 0 && ref[n] == '/')
		return ref + n + 1;
	return ref;
}

bool fhir_value_reference(const struct value_context *c, const char *p,
			  size_t n, struct store_value *v)
{
	v->op = OP_REFERENCE;
	v->value = local_reference(c->rules, unescaped(c->arena, p, n));
	return true;
}

bool fhir_value_uri(const struct value_context *c, const char *p, size_t n,
		    struct store_value *v)
{
	v->op = OP_URI;
	v->value = unescaped(c->arena, p, n);
	return true;
}
