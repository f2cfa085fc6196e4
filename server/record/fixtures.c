/* SPDX-License-Identifier: Apache-2.0
 *
 * fixtures: loading one document of test data.
 *
 *	{"citizens":[{"hetu","age","patient_id","behaviours"}],
 *	 "clients":[registration metadata],
 *	 "permissions":[{"client_id","hetu","scope","withdrawn","at"}],
 *	 "consents":[{"hetu","decision","client_id","from","until"}],
 *	 "treatments":[{"hetu","client_id","from","until"}],
 *	 "resources":[{"fhir":"stu3"|"r4","hetu","client_id","resource"}]}
 *
 * Every member is optional, but for those that say who and what. Whatever their
 * order in the document, citizens and applications come first, because the rest
 * refers to them. A resource keeps its own id, so that tests can name it, and
 * is judged by the same rules as one that an application sends: a fixture that
 * does not conform is refused, with its first issue. Only the application that
 * made it need not be named in it: where that is demanded of applications, the
 * server names the fixture's client_id. A permission is remembered
 * until it is withdrawn: the citizen is not asked for it again.
 *
 * The whole document holds or none of it: the caller's savepoint is rolled back
 * when it is refused. Messages say where: "source: /resources/3".
 *
 * Facts: contracts.md --fixtures, section 3.
 */
#include "record/record_int.h"

#include <string.h>

struct load {
	struct record *r;
	struct arena *a;
	const char *source;
	bool built_in;
	const struct fill *fill; /* NULL: all of it */
	struct jw *told;	 /* NULL: nobody asks what was made */
	struct err *e;
};

/* ---- where it is wrong ------------------------------------------------ */

/* "source: /clients/3"; what came with a request has no source. */
static const char *place(const struct load *l, const char *pointer)
{
	if (l->source == NULL)
		return pointer;
	return *pointer == '\0'
		   ? l->source
		   : arena_cat(l->a, l->source, ": ", pointer, NULL);
}

/* Names the place in the document; the place that the refusal itself named goes
 * in front of its text. Always false. */
static bool at(struct load *l, const char *list, size_t i)
{
	struct err inner = *l->e;

	return err_set(l->e, inner.kind, inner.code,
		       place(l, arena_printf(l->a, "/%s/%zu", list, i)),
		       "%s%s%s", inner.where, *inner.where ? ": " : "",
		       inner.text);
}

/* ---- what was made ---------------------------------------------------- */

static bool tell_citizen(struct load *l, const struct store_citizen *c)
{
	if (l->told == NULL)
		return true;
	jw_open(l->told, NULL, '{');
	jw_str(l->told, "hetu", c->hetu);
	jw_str(l->told, "patient_id", c->patient);
	jw_close(l->told);
	return true;
}

static bool tell_client(struct load *l, const struct store_client *c,
			const struct record_secrets *secrets)
{
	if (l->told == NULL)
		return true;
	jw_open(l->told, NULL, '{');
	record_client_write(l->told, c, secrets, NULL, false);
	record_client_write_own(l->told, c);
	jw_close(l->told);
	return true;
}

static bool tell_grant(struct load *l, const struct grant *g, bool withdrawn)
{
	if (l->told == NULL)
		return true;
	jw_open(l->told, NULL, '{');
	jw_str(l->told, "id", g->id);
	jw_str(l->told, "client_id", g->client_id);
	jw_str(l->told, "hetu", g->hetu);
	jw_str(l->told, "scope", g->scope);
	jw_bool(l->told, "withdrawn", withdrawn);
	jw_close(l->told);
	return true;
}

static bool tell_sharing(struct load *l, const struct store_sharing *x)
{
	if (l->told == NULL)
		return true;
	jw_open(l->told, NULL, '{');
	jw_str(l->told, "id", x->id);
	jw_str(l->told, "hetu", x->hetu);
	jw_str(l->told, "client_id", *x->client_id ? x->client_id : NULL);
	jw_close(l->told);
	return true;
}

static bool tell_resource(struct load *l, const struct store_resource *r)
{
	if (l->told == NULL)
		return true;
	jw_open(l->told, NULL, '{');
	jw_str(l->told, "fhir", r->fhir == FHIR_R4 ? "r4" : "stu3");
	jw_str(l->told, "type", r->type);
	jw_str(l->told, "id", r->id);
	jw_int(l->told, "version", r->version);
	jw_close(l->told);
	return true;
}

/* ---- one item of each list -------------------------------------------- */

static bool load_citizen(struct load *l, const struct json *v)
{
	static const char *const known[] = {"hetu", "age", "patient_id",
					    "behaviours"};
	const struct json *words = json_get(v, "behaviours");
	const char *hetu, *patient;
	struct store_citizen c;
	int age;

	return record_only(v, known, LEN(known), l->e) &&
	       record_text(v, "hetu", &hetu, l->e) &&
	       record_years(v, "age", &age, l->e) &&
	       record_text(v, "patient_id", &patient, l->e) &&
	       record_citizen(l->r, l->a, hetu, age, patient, &c, l->e) &&
	       (words == NULL ||
		record_behaviours(l->r, l->a, words, &c, l->e)) &&
	       tell_citizen(l, &c);
}

static bool load_client(struct load *l, const struct json *v)
{
	struct store_client c;
	struct record_secrets secrets;

	return record_client(l->r, l->a, v, true, &c, &secrets, l->e) &&
	       tell_client(l, &c, &secrets);
}

/* Given for good; or given once and withdrawn, as a citizen does it. */
static bool load_permission(struct load *l, const struct json *v)
{
	static const char *const known[] = {"client_id", "hetu", "scope",
					    "withdrawn", "at"};
	const char *client_id, *hetu, *scope;
	struct grant g;
	bool withdrawn;
	int64_t at_ms;

	if (!record_only(v, known, LEN(known), l->e) ||
	    !record_needed_text(v, "client_id", &client_id, l->e) ||
	    !record_needed_text(v, "hetu", &hetu, l->e) ||
	    !record_text(v, "scope", &scope, l->e) ||
	    !record_true(v, "withdrawn", &withdrawn, l->e) ||
	    !record_time(v, "at", record_now_ms(l->r), &at_ms, l->e) ||
	    !record_grant(l->r, l->a, client_id, hetu, scope, INT64_MAX, &g,
			  l->e))
		return false;
	g.created_ms = at_ms;
	store_grant_put(l->r->store, &g);
	if (withdrawn)
		store_grant_withdraw(l->r->store, g.client_id, g.hetu);
	return tell_grant(l, &g, withdrawn);
}

static bool load_consent(struct load *l, const struct json *v)
{
	struct store_sharing x;

	return record_consent(l->r, l->a, v, &x, l->e) && tell_sharing(l, &x);
}

static bool load_treatment(struct load *l, const struct json *v)
{
	struct store_sharing x;

	return record_treatment(l->r, l->a, v, &x, l->e) && tell_sharing(l, &x);
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

static bool put_resource(struct load *l, const struct json *resource,
			 enum fhir_version v, const struct grant *g,
			 const char *client_id)
{
	const char *id = json_get_text(resource, "id");
	const struct issues *issues;
	struct store_resource stored;
	struct store_citizen owner;
	const struct record_write w = {
	    .fhir = v,
	    .grant = g,
	    .seed = true,
	    .client_id = client_id,
	    .id = id,
	};

	if (id != NULL && !record_id_ok(id))
		return err_set(l->e, ERR_INVALID, "invalid_fixture",
			       "resource.id", "is no FHIR id");
	if (!record_store_new(l->r, l->a, &w, resource, &stored, &issues, l->e))
		return false;
	if (g != NULL || *stored.patient == '\0' ||
	    store_citizen_find(l->r->store, l->a, NULL, stored.patient, &owner))
		return tell_resource(l, &stored);
	return err_set(l->e, ERR_NOT_FOUND, "unknown_citizen", NULL,
		       "Patient/%.64s is no citizen here", stored.patient);
}

/* The server shall start under any rules: its own world gives way. */
static bool pass_over(struct load *l, const struct json *resource)
{
	const char *id = json_get_text(resource, "id");

	if (!l->built_in || l->e->kind != ERR_UNPROCESSABLE)
		return false;
	if (l->r->log != NULL)
		log_line(l->r->log, "fixtures", "%s: left out %s: %s",
			 l->source, id ? id : "one without id", l->e->text);
	l->e->kind = ERR_NONE;
	return true;
}

static bool load_resource(struct load *l, const struct json *v)
{
	static const char *const known[] = {"fhir", "hetu", "client_id",
					    "resource"};
	const char *hetu, *client_id;
	const struct json *resource = json_get(v, "resource");
	struct grant g = {.id = ""};
	enum fhir_version fhir = FHIR_R4;

	if (!record_only(v, known, LEN(known), l->e) ||
	    !fhir_member(l, v, &fhir) || !record_text(v, "hetu", &hetu, l->e) ||
	    !record_text(v, "client_id", &client_id, l->e) ||
	    !check_application(l, client_id))
		return false;
	if (resource == NULL || json_kind(resource) != JSON_OBJECT)
		return err_set(l->e, ERR_INVALID, "invalid_fixture", "resource",
			       "must be a JSON object");
	if (hetu != NULL && !find_owner(l, hetu, &g))
		return false;
	return put_resource(l, resource, fhir, hetu != NULL ? &g : NULL,
			    client_id) ||
	       pass_over(l, resource);
}

/* ---- the document ----------------------------------------------------- */

/* In the order of loading. */
static const struct {
	const char *name;
	bool (*load)(struct load *l, const struct json *v);
	unsigned bit;
} lists[] = {
    {"citizens", load_citizen, FILL_CITIZENS},
    {"clients", load_client, FILL_CLIENTS},
    {"permissions", load_permission, FILL_PERMISSIONS},
    {"consents", load_consent, FILL_SHARINGS},
    {"treatments", load_treatment, FILL_SHARINGS},
    {"resources", load_resource, FILL_RESOURCES},
};

/* ---- a part of it, again ------------------------------------------------ */

static bool is_of_client(const struct fill *f, const struct json *v)
{
	const char *client = json_get_text(v, "client_id");

	return f->client_id == NULL ||
	       (client != NULL &&
		(*f->client_id == '\0' || strcmp(client, f->client_id) == 0));
}

/* A resource that names nobody beside it is that of the Patient in it. */
static bool is_of_citizen(struct load *l, const struct json *v)
{
	const struct fill *f = l->fill;
	const struct json *resource = json_get(v, "resource");
	const char *hetu = json_get_text(v, "hetu"), *owner;
	const struct record_type *t;
	struct err ignored = {.kind = ERR_NONE};
	enum fhir_version fhir = FHIR_R4;
	struct load quiet = *l;

	if (f->hetu == NULL)
		return true;
	if (hetu != NULL)
		return strcmp(hetu_canonical(l->a, hetu), f->hetu) == 0;
	quiet.e = &ignored;
	if (resource == NULL || f->patient == NULL ||
	    !fhir_member(&quiet, v, &fhir))
		return false;
	t = record_type_find(
	    fhir, text_or_empty(json_get_text(resource, "resourceType")));
	return t != NULL &&
	       record_owner(l->r, l->a, &(struct record_write){.fhir = fhir}, t,
			    resource, json_get_text(resource, "id"), &owner,
			    &ignored) &&
	       text_same(owner, f->patient);
}

/* Is it left out, because it is not meant? */
static bool is_apart(struct load *l, size_t which, const struct json *v)
{
	const struct fill *f = l->fill;

	if (f == NULL || json_kind(v) != JSON_OBJECT)
		return false;
	return !(f->lists & lists[which].bit) || !is_of_client(f, v) ||
	       !is_of_citizen(l, v) ||
	       (lists[which].bit == FILL_CITIZENS &&
		json_get_text(v, "hetu") == NULL);
}

/* Of a part: whom it speaks of may have gone meanwhile, or permit nothing any
 * more. */
static bool is_orphan(struct load *l)
{
	if (l->fill == NULL ||
	    (l->e->kind != ERR_NOT_FOUND && l->e->kind != ERR_FORBIDDEN))
		return false;
	l->e->kind = ERR_NONE;
	return true;
}

static bool load_list(struct load *l, const struct json *doc, size_t which)
{
	const struct json *list = json_get(doc, lists[which].name);
	size_t i = 0;

	if (list == NULL)
		return true;
	if (json_kind(list) != JSON_ARRAY)
		return err_set(
		    l->e, ERR_INVALID, "invalid_fixture",
		    place(l, arena_printf(l->a, "/%s", lists[which].name)),
		    "must be a list");
	if (l->told != NULL)
		jw_open(l->told, lists[which].name, '[');
	for (list = json_first(list); list != NULL; list = json_next(list)) {
		if (!is_apart(l, which, list) && !lists[which].load(l, list) &&
		    !is_orphan(l))
			return at(l, lists[which].name, i);
		i++;
	}
	if (l->told != NULL)
		jw_close(l->told);
	return true;
}

static bool load_document(struct record *r, struct arena *a,
			  const struct fixture *f, const struct fill *fill,
			  struct jw *told, struct err *e)
{
	struct load l = {.r = r,
			 .a = a,
			 .source = f->source,
			 .built_in = f->built_in,
			 .fill = fill,
			 .told = told,
			 .e = e};
	const char *known[LEN(lists)];

	for (size_t i = 0; i < LEN(lists); i++)
		known[i] = lists[i].name;
	if (!record_only(f->doc, known, LEN(lists), e)) {
		const char *where =
		    *e->where ? arena_cat(a, "/", e->where, NULL) : "";

		return err_set(e, e->kind, "unknown_member", place(&l, where),
			       "%s", arena_strdup(a, e->text));
	}
	const struct settings settings = r->settings;
	bool ok = true;

	if (settings.creating_application == CREATOR_REQUIRED)
		r->settings.creating_application = CREATOR_ADD;
	for (size_t i = 0; ok && i < LEN(lists); i++)
		ok = load_list(&l, f->doc, i);
	r->settings = settings;
	return ok;
}

bool record_fixtures(struct record *r, struct arena *a, const struct fixture *f,
		     struct err *e)
{
	return load_document(r, a, f, NULL, NULL, e);
}

bool record_fixtures_told(struct record *r, struct arena *a,
			  const struct json *doc, struct jw *w, struct err *e)
{
	const struct fixture f = {.doc = doc};

	return load_document(r, a, &f, NULL, w, e);
}

bool record_fill_part(struct record *r, struct arena *a, const struct fill *f,
		      struct err *e)
{
	for (size_t i = 0; i < r->fixture_count; i++)
		if (!load_document(r, a, &r->fixtures[i], f, NULL, e))
			return false;
	return true;
}

bool record_fill(struct record *r, struct arena *a, struct err *e)
{
	return record_fill_part(r, a, NULL, e);
}

const struct json *record_fixture_citizen(const struct record *r,
					  struct arena *a, const char *hetu)
{
	for (size_t i = 0; i < r->fixture_count; i++) {
		const struct json *v = json_get(r->fixtures[i].doc, "citizens");

		v = v != NULL ? json_first(v) : NULL;
		for (; v != NULL; v = json_next(v)) {
			const char *other = json_get_text(v, "hetu");

			if (other != NULL &&
			    strcmp(hetu_canonical(a, other), hetu) == 0)
				return v;
		}
	}
	return NULL;
}
