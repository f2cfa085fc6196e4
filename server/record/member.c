/* SPDX-License-Identifier: Apache-2.0
 *
 * member: the members of a fixture's objects, read strictly.
 *
 * Fixtures are written by hand, so what is not understood is a typing error:
 * a member that nobody knows is refused with the nearest one that exists, and
 * one of a wrong kind by its name. A refusal names the member alone; where in
 * the document it stands, the caller knows.
 */
#include "record/record_int.h"

#include <stdlib.h>
#include <string.h>

static bool refuse(struct err *e, const char *name, const char *why)
{
	return err_set(e, ERR_INVALID, "invalid_fixture", name, "%s", why);
}

static bool refuse_unknown(const char *name, const char *const *known, size_t n,
			   struct err *e)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < n; i++)
		nearest_try(&near, known[i]);
	return record_unknown_member(e, &near);
}

bool record_only(const struct json *v, const char *const *known, size_t n,
		 struct err *e)
{
	if (v == NULL || json_kind(v) != JSON_OBJECT)
		return refuse(e, NULL, "must be a JSON object");
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		size_t i = 0;

		while (i < n && strcmp(known[i], json_name(v)) != 0)
			i++;
		if (i == n)
			return refuse_unknown(json_name(v), known, n, e);
	}
	return true;
}

bool record_text(const struct json *v, const char *name, const char **out,
		 struct err *e)
{
	*out = json_get_text(v, name);
	return *out != NULL || json_get(v, name) == NULL ||
	       refuse(e, name, "must be a string");
}

bool record_needed_text(const struct json *v, const char *name,
			const char **out, struct err *e)
{
	return record_text(v, name, out, e) &&
	       (*out != NULL || refuse(e, name, "is missing"));
}

bool record_true(const struct json *v, const char *name, bool *out,
		 struct err *e)
{
	const struct json *m = json_get(v, name);

	*out = m != NULL && json_kind(m) == JSON_TRUE;
	return m == NULL || *out || json_kind(m) == JSON_FALSE ||
	       refuse(e, name, "must be true or false");
}

bool record_years(const struct json *v, const char *name, int *out,
		  struct err *e)
{
	const struct json *m = json_get(v, name);
	size_t n;

	*out = -1;
	if (m == NULL)
		return true;
	n = json_kind(m) == JSON_NUMBER ? json_len(m) : 0;
	if (n == 0 || n > 3 || strspn(json_text(m), "0123456789") != n)
		return err_set(e, ERR_INVALID, "invalid_age", name,
			       "must be a whole number of years");
	*out = (int)strtol(json_text(m), NULL, 10);
	return true;
}

bool record_time(const struct json *v, const char *name, int64_t otherwise,
		 int64_t *out, struct err *e)
{
	struct time_span span;
	const char *text;

	*out = otherwise;
	if (!record_text(v, name, &text, e))
		return false;
	if (text == NULL)
		return true;
	if (!time_parse(text, strlen(text), &span))
		return refuse(e, name,
			      "must be a date or a time with its zone, like "
			      "2026-03-02T07:15:00+02:00");
	*out = span.lo_ms;
	return true;
}
