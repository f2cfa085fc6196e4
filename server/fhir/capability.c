/* SPDX-License-Identifier: Apache-2.0
 *
 * What the base says of itself: the CapabilityStatement, open to all.
 *
 * The statement is written from the table of resource types, the profiles that
 * are loaded and the routes' real abilities, so it cannot promise what does
 * not work. What it says of each type is what the environment's official
 * statement says (instantiates names that); what is served besides (history,
 * $validate, parameters of FHIR itself, batch) is not stated, as it is not
 * there. kind is "instance", as this is a running server, and it carries no
 * canonical URL, as it is not one of the official ones. The date is a constant:
 * it changes with the program, not with the calendar.
 *
 * SMART clients find the authorization server here, or in the configuration of
 * smart.c; both are additions to what the real service is known to say.
 *
 * FHIR R4 and STU3 CapabilityStatement, SMART App Launch 1.0 (oauth-uris);
 * facts: kanta.md 2.3, 4.1, fhir-rest.md 2.8, oauth.md 12.
 */
#include "fhir/fhir_int.h"

#include <string.h>

#define STATEMENT_DATE "2026-11-22"
#define OAUTH_URIS                                                             \
	"http://fhir-registry.smarthealthit.org/StructureDefinition/"          \
	"oauth-uris"
#define DEFINITION "http://hl7.org/fhir/StructureDefinition/"

/* What the two versions of FHIR say differently. */
#define PUBLISHED "http://phr.kanta.fi/capabilitystatement"

static const struct {
	const char *fhir_version;
	const char *security_system;
	bool accept_unknown;	 /* a mandatory member */
	bool profile_reference;	 /* profile is a Reference, not a canonical */
	const char *official[2]; /* what it keeps to; by capability_statement */
} form[FHIR_VERSIONS] = {
    [FHIR_STU3] = {"3.0.1",
		   "http://hl7.org/fhir/restful-security-service",
		   true,
		   true,
		   {PUBLISHED, PUBLISHED}},
    [FHIR_R4] = {"4.0.1",
		 "http://terminology.hl7.org/CodeSystem/"
		 "restful-security-service",
		 false,
		 false,
		 {PUBLISHED "R4", PUBLISHED "ATR4"}},
};

static const struct {
	unsigned bit;
	const char *code;
} interaction[] = {
    {IA_CREATE, "create"}, {IA_DELETE, "delete"},      {IA_READ, "read"},
    {IA_UPDATE, "update"}, {IA_SEARCH, "search-type"}, {IA_VREAD, "vread"},
};

/* Types of which the official statement does not say how versions are kept. */
static const char *const silent[] = {"CarePlan", "Questionnaire",
				     "QuestionnaireResponse"};

/* ---- parts of the statement ------------------------------------------ */

static void add_software(struct jw *w, const struct fhir *f, struct arena *a)
{
	const char *space = strchr(f->software, ' ');
	size_t n = space ? (size_t)(space - f->software) : strlen(f->software);

	jw_open(w, "software", '{');
	jw_str(w, "name", arena_strndup(a, f->software, n));
	jw_str(w, "version", space ? space + 1 : NULL);
	jw_close(w);
}

static void add_uri(struct jw *w, const char *url, const char *value)
{
	jw_open(w, NULL, '{');
	jw_str(w, "url", url);
	jw_str(w, "valueUri", value);
	jw_close(w);
}

static void add_security(struct jw *w, struct rq *rq, enum fhir_version v)
{
	static const char *const uris[] = {"authorize", "token", "register",
					   "introspect", "revoke"};

	jw_open(w, "security", '{');
	jw_open(w, "extension", '[');
	jw_open(w, NULL, '{');
	jw_str(w, "url", OAUTH_URIS);
	jw_open(w, "extension", '[');
	for (size_t i = 0; i < LEN(uris); i++)
		add_uri(
		    w, uris[i],
		    fhir_auth_url(rq, arena_printf(rq->arena, "/%s", uris[i])));
	jw_close(w);
	jw_close(w);
	jw_close(w);
	jw_bool(w, "cors", true);
	jw_open(w, "service", '[');
	jw_open(w, NULL, '{');
	jw_open(w, "coding", '[');
	jw_open(w, NULL, '{');
	jw_str(w, "system", form[v].security_system);
	jw_str(w, "code", "SMART-on-FHIR");
	jw_close(w);
	jw_close(w);
	jw_str(w, "text", "OAuth");
	jw_close(w);
	jw_close(w);
	jw_str(w, "description",
	       "The usage of OAuth 2.0 with Finnish PHR can be found at "
	       "kanta.fi");
	jw_close(w);
}

static void add_canonical(struct jw *w, const char *name, const char *url,
			  enum fhir_version v)
{
	if (!form[v].profile_reference) {
		jw_str(w, name, url);
		return;
	}
	jw_open(w, name, '{');
	jw_str(w, "reference", url);
	jw_close(w);
}

/* The national profiles that are loaded: of one type, or (type NULL) all. */
static void add_profiles(struct jw *w, const struct fhir *f, const char *name,
			 const char *type)
{
	const struct profiles *p = record_profiles(f->record, f->version);
	struct profile_info info;

	jw_open(w, name, '[');
	for (size_t i = 0; profile_list(p, i, &info) && info.national; i++)
		if (!type || strcmp(info.type, type) == 0)
			add_canonical(w, NULL, info.url, f->version);
	jw_close(w);
}

static bool any_profile(const struct fhir *f, const char *type)
{
	const struct profiles *p = record_profiles(f->record, f->version);
	struct profile_info info;

	for (size_t i = 0; profile_list(p, i, &info) && info.national; i++)
		if (!type || strcmp(info.type, type) == 0)
			return true;
	return false;
}

static void add_interactions(struct jw *w, const struct record_type *t)
{
	jw_open(w, "interaction", '[');
	for (size_t i = 0; i < LEN(interaction); i++) {
		if (!(t->interactions & interaction[i].bit))
			continue;
		jw_open(w, NULL, '{');
		jw_str(w, "code", interaction[i].code);
		jw_close(w);
	}
	jw_close(w);
}

/* STU3 knows no parameter of the type "special". */
static const char *stated_type(const struct record_param *p,
			       enum fhir_version v)
{
	if (strcmp(p->name, "_total") != 0)
		return record_param_type(p->type);
	return v == FHIR_R4 ? "special" : "token";
}

static void add_params(struct jw *w, const struct record_type *t,
		       enum fhir_version v)
{
	if (!t->param->name)
		return;
	jw_open(w, "searchParam", '[');
	for (const struct record_param *p = t->param; p->name; p++) {
		jw_open(w, NULL, '{');
		jw_str(w, "name", p->name);
		jw_str(w, "type", stated_type(p, v));
		jw_str(w, "documentation", p->what);
		jw_close(w);
	}
	jw_close(w);
}

static void add_reference_policy(struct jw *w, const struct settings *set)
{
	jw_open(w, "referencePolicy", '[');
	jw_str(w, NULL, "literal");
	if (set->references)
		jw_str(w, NULL, "enforced");
	jw_str(w, NULL, "local");
	jw_close(w);
}

static bool update_creates(const struct settings *set,
			   const struct record_type *t)
{
	return set->update_create == UPDATE_CREATE_ON ||
	       (set->update_create == UPDATE_CREATE_BY_TYPE &&
		strcmp(t->type, "Patient") == 0);
}

static void add_versions(struct jw *w, const struct settings *set,
			 const struct record_type *t)
{
	for (size_t i = 0; i < LEN(silent); i++)
		if (strcmp(t->type, silent[i]) == 0)
			return;
	jw_str(w, "versioning", "versioned-update");
	jw_bool(w, "readHistory", true);
	jw_bool(w, "updateCreate", update_creates(set, t));
}

static void add_type(struct jw *w, const struct fhir *f, struct arena *a,
		     const struct record_type *t)
{
	const struct settings *set = &f->record->settings;

	jw_open(w, NULL, '{');
	jw_str(w, "type", t->type);
	add_canonical(w, "profile", arena_printf(a, DEFINITION "%s", t->type),
		      f->version);
	if (f->version == FHIR_R4 && any_profile(f, t->type))
		add_profiles(w, f, "supportedProfile", t->type);
	jw_str(w, "documentation", t->what);
	add_interactions(w, t);
	add_versions(w, set, t);
	jw_bool(w, "conditionalCreate", (t->interactions & IA_CREATE) != 0);
	jw_bool(w, "conditionalUpdate", set->conditional_update != 0);
	jw_str(w, "conditionalDelete",
	       set->conditional_delete ? "single" : "not-supported");
	add_reference_policy(w, set);
	add_params(w, t, f->version);
	jw_close(w);
}

static void add_rest(struct jw *w, struct rq *rq, const struct fhir *f)
{
	const struct record_type *t;

	jw_open(w, "rest", '[');
	jw_open(w, NULL, '{');
	jw_str(w, "mode", "server");
	add_security(w, rq, f->version);
	jw_open(w, "resource", '[');
	for (size_t i = 0; (t = record_type_at(f->version, i)); i++)
		add_type(w, f, rq->arena, t);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

static void add_head(struct jw *w, struct rq *rq, const struct fhir *f)
{
	const int which = f->record->settings.capability_statement;
	const char *official = form[f->version].official[which];

	jw_str(w, "resourceType", "CapabilityStatement");
	jw_str(w, "name", "MockKantaPhr");
	jw_str(w, "title", "A stand-in for Kanta PHR; not the real service");
	jw_str(w, "status", "active");
	jw_str(w, "date", STATEMENT_DATE);
	jw_str(w, "kind", "instance");
	jw_open(w, "instantiates", '[');
	jw_str(w, NULL, official);
	jw_close(w);
	add_software(w, f, rq->arena);
	jw_open(w, "implementation", '{');
	jw_str(w, "description", "mock-kanta-phr: no real data");
	jw_str(w, "url", fhir_own_base(rq));
	jw_close(w);
	jw_str(w, "fhirVersion", form[f->version].fhir_version);
	if (form[f->version].accept_unknown)
		jw_str(w, "acceptUnknown", "no");
	jw_open(w, "format", '[');
	jw_str(w, NULL, "json");
	jw_close(w);
	if (f->version == FHIR_STU3 && any_profile(f, NULL))
		add_profiles(w, f, "profile", NULL);
}

/* ---- the handler ----------------------------------------------------- */

bool fhir_metadata(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	struct jw w = {.b = &rq->out};
	struct wish wish;

	if (!fhir_wish(rq, &wish))
		return false;
	jw_open(&w, NULL, '{');
	add_head(&w, rq, f);
	add_rest(&w, rq, f);
	jw_close(&w);
	return fhir_reply(rq, &wish, 200);
}
