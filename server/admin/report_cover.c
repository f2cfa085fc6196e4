/* SPDX-License-Identifier: Apache-2.0
 *
 * What an application used: functions, types, profiles, scopes and codes; of
 * each profile which elements it ever sent; which errors it ever met.
 *
 * Elements are those of the definition (profile_parts()), counted over all that
 * was sent and not refused for its form: what an application sends only in
 * resources that are refused it does not yet send. Codes are those of every
 * Coding in a resource, whatever element it is in, but for its metadata.
 *
 * Facts: stand-in.md 11 (coverage).
 */
#include "admin/report_int.h"

#define DEEP 12

static const int errors[] = {400, 401, 403, 404, 409, 410, 412,
			     422, 429, 500, 502, 503, 504};

int report_error_status(size_t i)
{
	return i < LEN(errors) ? errors[i] : 0;
}

/* ---- codes ---- */

static void add_code(struct report *r, struct arena *a,
		     struct report_subject *s, const struct json *v)
{
	const char *code = json_get_text(v, "code");
	const char *system = json_get_text(v, "system");
	const char *word;

	if (!code || !system)
		return;
	word = arena_cat(a, system, "|", code, NULL);
	report_words_add(&r->used[USED_CODES], word);
	if (!s->codes) {
		s->codes = arena_alloc(r->arena, sizeof(*s->codes));
		report_words_init(s->codes, r->arena);
	}
	report_words_add(s->codes, word);
}

static void add_codes(struct report *r, struct arena *a,
		      struct report_subject *s, const struct json *v,
		      unsigned deep)
{
	const bool object = json_kind(v) == JSON_OBJECT;

	if (deep == 0 || (!object && json_kind(v) != JSON_ARRAY))
		return;
	if (object)
		add_code(r, a, s, v);
	for (const struct json *m = json_first(v); m; m = json_next(m))
		if (!text_is(json_name(m), "meta") &&
		    !text_is(json_name(m), "contained"))
			add_codes(r, a, s, m, deep - 1);
}

/* ---- elements ---- */

static void add_parts(struct report *r, struct arena *a,
		      struct report_subject *s, const struct json *resource)
{
	const struct profiles *p = record_profiles(r->record, s->fhir);
	struct profile_part *part;
	const size_t n = profile_parts(p, a, s->profile, resource, &part);

	if (!s->part && n > 0)
		s->parts =
		    profile_parts(p, r->arena, s->profile, NULL, &s->part);
	for (size_t i = 0; i < n && i < s->parts; i++)
		s->part[i].count += part[i].count;
}

bool report_never_sent(const struct report_subject *s, size_t i)
{
	const char *path = s->part[i].path;
	const char *dot = strrchr(path, '.');
	const size_t n = dot ? (size_t)(dot - path) : 0;

	if (s->part[i].count > 0)
		return false;
	for (size_t k = i; dot && k > 0; k--) {
		const char *above = s->part[k - 1].path;

		if (strlen(above) == n && strncmp(above, path, n) == 0)
			return s->part[k - 1].count > 0;
	}
	return true;
}

bool report_is_stated(const struct report_subject *s, size_t i)
{
	return s->part[i].mandatory || s->part[i].stated;
}

static bool sends(const struct report_event *e)
{
	const char *ia = e->seen->interaction;

	return e->resource && (text_is(ia, "create") || text_is(ia, "update") ||
			       text_is(ia, "batch"));
}

static void add_profile(struct report *r, struct arena *a,
			struct report_subject *s, const struct report_event *e)
{
	s->kept++;
	if (e->status > 0 && (size_t)e->status < LEN(s->met))
		s->met[e->status]++;
	if (!sends(e) || e->refused || !r->record)
		return;
	s->resources++;
	add_parts(r, a, s, e->resource);
	add_codes(r, a, s, e->resource, DEEP);
}

/* ---- functions, scopes ---- */

static void use(struct report *r, enum report_used which, const char *word)
{
	report_words_add(&r->used[which], word);
}

static void use_scopes(struct report *r, struct arena *a, const char *scope)
{
	while (scope && *scope) {
		const size_t n = strcspn(scope, " ");

		if (n > 0)
			use(r, USED_SCOPES, arena_strndup(a, scope, n));
		scope += n;
		scope += strspn(scope, " ");
	}
}

static void use_fhir(struct report *r, struct arena *a,
		     const struct report_event *e)
{
	const char *fhir = report_fhir(e->fhir);

	use(r, USED_FUNCTIONS,
	    arena_cat(a, fhir, " ", e->type ? e->type : "", e->type ? " " : "",
		      e->seen->interaction, NULL));
	if (e->type)
		use(r, USED_TYPES, arena_cat(a, fhir, " ", e->type, NULL));
	use_scopes(r, a, e->seen->scope);
	for (size_t i = 0; i < e->profiles; i++)
		use(r, USED_PROFILES, e->profile[i]);
}

static void use_oauth(struct report *r, struct arena *a,
		      const struct report_event *e)
{
	const struct seen *s = e->seen;

	if (text_is(s->endpoint, "token") && e->status == 200) {
		use_scopes(r, a, e->scope);
		use(r, USED_FUNCTIONS,
		    arena_cat(a, "oauth token ", text_or_empty(s->grant_type),
			      NULL));
	} else if (text_is(s->endpoint, "authorize") ||
		   text_is(s->endpoint, "introspect") ||
		   text_is(s->endpoint, "revoke") ||
		   text_is(s->endpoint, "register") ||
		   text_is(s->endpoint, "userinfo")) {
		use(r, USED_FUNCTIONS,
		    arena_cat(a, "oauth ", s->endpoint, NULL));
	}
}

void report_cover(struct report *r, struct arena *a,
		  const struct report_event *e)
{
	struct report_subject *s;

	if (e->entry || e->others)
		return;
	if (e->first && e->seen->status > 0 &&
	    (size_t)e->seen->status < LEN(r->met))
		r->met[e->seen->status]++;
	if (!e->is_fhir) {
		if (!e->refused)
			use_oauth(r, a, e);
		return;
	}
	if (e->first && text_is(e->seen->interaction, "search-type"))
		r->searches++;
	if (!e->refused)
		use_fhir(r, a, e);
	s = report_subject(r, e->fhir, e->type, NULL);
	if (s)
		s->kept++;
	for (size_t i = 0; i < e->profiles; i++) {
		s = report_subject(r, e->fhir, e->type, e->profile[i]);
		if (s)
			add_profile(r, a, s, e);
	}
}
