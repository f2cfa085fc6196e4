/* SPDX-License-Identifier: Apache-2.0
 *
 * fixtures: loading one document of test data.
 *
 *	{"citizens":[{"hetu","age","patient_id"}],
 *	 "clients":[registration metadata],
 *	 "permissions":[], "consents":[], "treatments":[],
 *	 "resources":[{"fhir":"stu3"|"r4","hetu","client_id","resource"}]}
 *
 * Every member is optional, but for fhir and resource. Whatever their order in
 * the document, citizens and applications come first, because resources refer
 * to them. A resource keeps its own id, so that tests can name it, and is
 * judged by the same rules as one that an application sends: a fixture that
 * does not conform is refused, with its first issue. What a later version will
 * load is refused too, rather than passed over.
 *
 * The whole document holds or none of it: the caller's savepoint is rolled back
 * when it is refused. Messages say where: "source: /resources/3".
 *
 * Facts: contracts.md --fixtures, section 3.
 */
#include "record/record_int.h"

#include <stdlib.h>
#include <string.h>

struct load {
	struct record *r;
	struct arena *a;
	const char *source;
	struct err *e;
};

/* ---- where it is wrong ------------------------------------------------ */

/* Names the place in the document; the place that the refusal itself named goes
 * in front of its text. Always false. */
static bool at(struct load *l, const char *list, size_t i)
{
	struct err inner = *l->e;

	return err_set(l->e, inner.kind, inner.code,
		       arena_printf(l->a, "%s: /%s/%zu", l->source, list, i),
		       "%s%s%s", inner.where, *inner.where ? ": " : "",
		       inner.text);
}

static bool refuse_member(struct load *l, const char *name,
			  const char *const *known, size_t n)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < n; i++)
		nearest_try(&near, known[i]);
	return record_unknown_member(l->e, &near);
}

static bool only_members(struct load *l, const struct json *v,
			 const char *const *known, size_t n)
{
	if (json_kind(v) != JSON_OBJECT)
		return err_set(l->e, ERR_INVALID, "invalid_fixture", NULL,
			       "must be a JSON object");
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		size_t i = 0;

		while (i < n && strcmp(known[i], json_name(v)) != 0)
			i++;
		if (i == n)
			return refuse_member(l, json_name(v), known, n);
	}
	return true;
}

/* A member that is a string, or absent (*out NULL). */
static bool text_member(struct load *l, const struct json *v, const char *name,
			const char **out)
{
	const struct json *m = json_get(v, name);

	*out = json_get_text(v, name);
	if (m != NULL && *out == NULL)
		return err_set(l->e, ERR_INVALID, "invalid_fixture", name,
			       "must be a string");
	return true;
}

/* ---- one item of each list -------------------------------------------- */

static bool age_member(struct load *l, const struct json *v, int *out)
{
	const struct json *age = json_get(v, "age");
	size_t n;

	*out = -1;
	if (age == NULL)
		return true;
	n = json_kind(age) == JSON_NUMBER ? json_len(age) : 0;
	if (n == 0 || n > 3 || strspn(json_text(age), "0123456789") != n)
		return err_set(l->e, ERR_INVALID, "invalid_age", "age",
			       "must be a whole number of years");
	*out = (int)strtol(json_text(age), NULL, 10);
	return true;
}

static bool load_citizen(struct load *l, const struct json *v)
{
	static const char *const known[] = {"hetu", "age", "patient_id"};
	const char *hetu, *patient;
	struct store_citizen c;
	int age;

	return only_members(l, v, known, LEN(known)) &&
	       text_member(l, v, "hetu", &hetu) && age_member(l, v, &age) &&
	       text_member(l, v, "patient_id", &patient) &&
	       record_citizen(l->r, l->a, hetu, age, patient, &c, l->e);
}

static bool load_client(struct load *l, const struct json *v)
{
	struct store_client c;
	const char *secret;

	return record_client(l->r, l->a, v, true, &c, &secret, l->e);
}

static bool not_yet(struct load *l, const struct json *v)
{
	(void)v;
	return err_set(l->e, ERR_INVALID, "not_implemented", NULL,
		       "fixtures of this kind cannot be loaded yet");
}

static bool fhir_member(struct load *l, const struct json *v,
			enum fhir_version *out)
{
	const char *fhir = json_get_text(v, "fhir");

	if (fhir != NULL && strcmp(fhir, "stu3") == 0) {
		*out = FHIR_STU3;
		return true;
	}
	if (fhir != NULL && strcmp(fhir, "r4") == 0) {
		*out = FHIR_R4;
		return true;
	}
	return err_set(l->e, ERR_INVALID, "invalid_fixture", "fhir",
		       "must be \"stu3\" or \"r4\"");
}

/* The citizen whose resource it is: the one of hetu, else the one that the
 * resource itself names. */
static bool find_owner(struct load *l, const char *hetu, struct grant *g)
{
	struct store_citizen c;

	if (!store_citizen_find(l->r->store, l->a, hetu_canonical(l->a, hetu),
				NULL, &c))
		return err_set(l->e, ERR_NOT_FOUND, "unknown_citizen", "hetu",
			       "there is no such citizen");
	g->hetu = c.hetu;
	g->patient = c.patient;
	return true;
}

static bool check_application(struct load *l, const char *client_id)
{
	struct store_client c;

	if (client_id == NULL ||
	    store_client_find(l->r->store, l->a, client_id, &c))
		return true;
	return err_set(l->e, ERR_NOT_FOUND, "unknown_client", "client_id",
		       "there is no application \"%.128s\"", client_id);
}

/* FHIR's form of an id (2.24.0.1): 1-64 of letters, digits, '-' and '.'. */
static bool id_ok(const char *id)
{
	size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return n > 0 && n <= 64 && id[n] == '\0';
}

static bool put_resource(struct load *l, const struct json *resource,
			 enum fhir_version v, const struct grant *g,
			 const char *client_id)
{
	const char *id = json_get_text(resource, "id");
	const struct issues *issues;
	struct store_resource stored;
	struct store_citizen owner;

	if (id != NULL && !id_ok(id))
		return err_set(l->e, ERR_INVALID, "invalid_fixture",
			       "resource.id", "is no FHIR id");
	if (!record_create(l->r, l->a, v, g, resource, NULL, id, client_id,
			   &stored, &issues, l->e))
		return false;
	if (g != NULL || *stored.patient == '\0' ||
	    store_citizen_find(l->r->store, l->a, NULL, stored.patient, &owner))
		return true;
	return err_set(l->e, ERR_NOT_FOUND, "unknown_citizen", NULL,
		       "Patient/%.64s is no citizen here", stored.patient);
}

static bool load_resource(struct load *l, const struct json *v)
{
	static const char *const known[] = {"fhir", "hetu", "client_id",
					    "resource"};
	const char *hetu, *client_id;
	const struct json *resource = json_get(v, "resource");
	struct grant g = {.id = ""};
	enum fhir_version fhir = FHIR_R4;

	if (!only_members(l, v, known, LEN(known)) ||
	    !fhir_member(l, v, &fhir) || !text_member(l, v, "hetu", &hetu) ||
	    !text_member(l, v, "client_id", &client_id) ||
	    !check_application(l, client_id))
		return false;
	if (resource == NULL || json_kind(resource) != JSON_OBJECT)
		return err_set(l->e, ERR_INVALID, "invalid_fixture", "resource",
			       "must be a JSON object");
	if (hetu != NULL && !find_owner(l, hetu, &g))
		return false;
	return put_resource(l, resource, fhir, hetu != NULL ? &g : NULL,
			    client_id);
}

/* ---- the document ----------------------------------------------------- */

/* In the order of loading. */
static const struct {
	const char *name;
	bool (*load)(struct load *l, const struct json *v);
} lists[] = {
    {"citizens", load_citizen}, {"clients", load_client},
    {"permissions", not_yet},	{"consents", not_yet},
    {"treatments", not_yet},	{"resources", load_resource},
};

static bool load_list(struct load *l, const struct json *doc, size_t which)
{
	const struct json *list = json_get(doc, lists[which].name);
	size_t i = 0;

	if (list == NULL)
		return true;
	if (json_kind(list) != JSON_ARRAY)
		return err_set(
		    l->e, ERR_INVALID, "invalid_fixture",
		    arena_printf(l->a, "%s: /%s", l->source, lists[which].name),
		    "must be a list");
	for (list = json_first(list); list != NULL; list = json_next(list)) {
		if (!lists[which].load(l, list))
			return at(l, lists[which].name, i);
		i++;
	}
	return true;
}

bool record_fixtures(struct record *r, struct arena *a, const struct json *doc,
		     const char *source, struct err *e)
{
	struct load l = {.r = r, .a = a, .source = source, .e = e};
	const char *known[LEN(lists)];

	for (size_t i = 0; i < LEN(lists); i++)
		known[i] = lists[i].name;
	if (!only_members(&l, doc, known, LEN(lists))) {
		const char *place =
		    *e->where ? arena_printf(a, "%s: /%s", source, e->where)
			      : source;

		return err_set(e, e->kind, "unknown_member", place, "%s",
			       arena_strdup(a, e->text));
	}
	for (size_t i = 0; i < LEN(lists); i++) {
		if (!load_list(&l, doc, i))
			return false;
	}
	return true;
}
