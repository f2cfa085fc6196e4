/* SPDX-License-Identifier: Apache-2.0
 *
 * read: plans and examples are our own files, and are read as strictly as a
 * stranger's.
 *
 * An unknown member, a number out of bounds or a path that leads nowhere is
 * refused with the file and the place in it, so a plan that is written wrongly
 * is seen at once by who wrote it, and not in data that look odd.
 *
 * Numbers become whole millionths from their own text; floating point is never
 * in between. Exponents are refused: nobody writes them in such files.
 */
#include "generate/generate_int.h"
#include "page/page.h"

#include <stdio.h>

bool gen_refuse(const struct reader *r, const char *place, const char *fmt, ...)
{
	char text[512];
	va_list list;

	va_start(list, fmt);
	vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	return err_set(r->e, ERR_INVALID, "plan",
		       arena_printf(r->arena, "%s: %s", r->file, place), "%s",
		       text);
}

static bool unknown_member(const struct reader *r, const struct json *m,
			   const char *place, const char *const *names)
{
	struct nearest near = {.word = json_name(m)};

	for (; *names; names++)
		nearest_try(&near, *names);
	return gen_refuse(r, place, "there is no member \"%s\" here%s%s",
			  json_name(m), near.best ? "; did you mean " : "",
			  text_or_empty(near.best));
}

static bool among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

bool gen_only(const struct reader *r, const struct json *v, const char *place,
	      const char *const *names)
{
	if (!v || json_kind(v) != JSON_OBJECT)
		return gen_refuse(r, place, "must be an object");
	for (v = json_first(v); v; v = json_next(v))
		if (!among(json_name(v), names))
			return unknown_member(r, v, place, names);
	return true;
}

bool gen_is_list(const struct reader *r, const struct json *v,
		 const char *place)
{
	return (v && json_kind(v) == JSON_ARRAY && json_first(v)) ||
	       gen_refuse(r, place, "must be a list that is not empty");
}

/* ---- numbers ------------------------------------------------------------- */

/* The text of a JSON number; false: an exponent, too large, too exact. */
static bool millionths(const char *s, int64_t *out)
{
	const bool minus = *s == '-';
	int64_t n = 0, unit = MILLION;

	for (s += minus; ascii_digit(*s); s++) {
		n = n * 10 + (*s - '0') * MILLION;
		if (n > NUMBER_MAX)
			return false;
	}
	if (*s == '.')
		s++;
	for (; ascii_digit(*s) && unit > 1; s++) {
		unit /= 10;
		n += (*s - '0') * unit;
	}
	*out = minus ? -n : n;
	return !*s;
}

static bool number(const struct reader *r, const struct json *v,
		   const char *place, const char *name, int64_t *out)
{
	if (json_kind(v) == JSON_NUMBER && millionths(json_text(v), out))
		return true;
	return gen_refuse(r, arena_printf(r->arena, "%s.%s", place, name),
			  "must be a number of at most four millions, with at "
			  "most six digits behind the point");
}

bool gen_number(const struct reader *r, const struct json *v, const char *place,
		const char *name, int64_t *out)
{
	const struct json *m = json_get(v, name);

	return !m || number(r, m, place, name, out);
}

bool gen_numbers(const struct reader *r, const struct json *v,
		 const char *place, const char *name, int64_t *out, size_t n)
{
	const struct json *m = json_get(v, name);

	if (!m)
		return true;
	if (json_kind(m) != JSON_ARRAY || json_count(m) != n)
		return gen_refuse(r,
				  arena_printf(r->arena, "%s.%s", place, name),
				  "must be a list of %zu numbers", n);
	for (m = json_first(m); m; m = json_next(m), out++)
		if (!number(r, m, place, name, out))
			return false;
	return true;
}

bool gen_clock(const char *s, int64_t *out)
{
	int64_t part[2] = {0, 0};

	for (size_t i = 0; i < 2; i++) {
		size_t digits = 0;

		for (; ascii_digit(*s) && digits < 2; s++, digits++)
			part[i] = part[i] * 10 + (*s - '0');
		if (digits == 0)
			return false;
		if (i == 1 || *s != ':')
			break;
		s++;
	}
	*out = part[0] * 3600 + part[1] * 60;
	return !*s && part[0] < 24 && part[1] < 60;
}

/* ---- files --------------------------------------------------------------- */

const struct json *gen_asset(struct arena *a, const char *file, struct err *e)
{
	const struct page_asset *asset = page_asset(file);
	struct err bad = {.kind = ERR_NONE};
	const struct json *v;

	if (!asset) {
		(void)err_set(e, ERR_INVALID, "plan", file,
			      "there is no such file");
		return NULL;
	}
	v = json_parse(a, (const char *)asset->bytes, asset->n, &bad);
	if (!v)
		(void)err_set(e, ERR_INVALID, "plan", file, "%s: %s", bad.where,
			      bad.text);
	return v;
}
