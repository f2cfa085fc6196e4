/* SPDX-License-Identifier: Apache-2.0
 *
 * The SMART configuration of a base: where the authorization server is and what
 * it can do, for applications that find it from here. Open to all.
 *
 * An addition for SMART clients; the real service is not known to have it. It
 * says what works, by the switches that decide it. Of the methods of PKCE it
 * names S256 alone, whatever else is taken, since SMART forbids plain. There is
 * no issuer and no key set in it: those belong to single sign-on, which is not
 * among the capabilities (the metadata of the authorization server have them).
 *
 * SMART App Launch 2.0 (conformance); facts: oauth.md 12, 15.5.
 */
#include "fhir/fhir_int.h"

#include <string.h>

const char *fhir_auth_url(const struct rq *rq, const char *end)
{
	const struct fhir *f = rq->ctx;

	return arena_printf(rq->arena, "%s%s%s", rq->origin, f->auth_path, end);
}

/* A member, or a word of a list, there always or where a switch is on. */
struct offer {
	const char *word;
	size_t offset; /* of the switch in the settings; 0: always */
};
#define ALWAYS	 0
#define IF(name) offsetof(struct settings, name)

static const struct {
	struct offer member;
	const char *path;
} endpoints[] = {
    {{"authorization_endpoint", ALWAYS}, "/authorize"},
    {{"token_endpoint", ALWAYS}, "/token"},
    {{"registration_endpoint", IF(self_service)}, "/register"},
    {{"introspection_endpoint", ALWAYS}, "/introspect"},
    {{"revocation_endpoint", ALWAYS}, "/revoke"},
};

static const struct offer methods[] = {
    {"client_secret_post", ALWAYS},
    {"client_secret_basic", ALWAYS},
    {"private_key_jwt", ALWAYS},
    {"none", IF(public_clients)},
};
static const struct offer grants[] = {
    {"authorization_code", ALWAYS},
    {"refresh_token", ALWAYS},
};
static const struct offer responses[] = {{"code", ALWAYS}};
static const struct offer pkce[] = {{"S256", ALWAYS}};
static const struct offer capabilities[] = {
    {"launch-standalone", ALWAYS},
    {"client-confidential-symmetric", ALWAYS},
    {"client-confidential-asymmetric", ALWAYS},
    {"client-public", IF(public_clients)},
    {"context-standalone-patient", IF(token_patient_member)},
    {"permission-patient", ALWAYS},
    {"permission-offline", ALWAYS},
    {"permission-v1", ALWAYS},
};

static bool is_offered(const struct offer *o, const struct settings *s)
{
	/* the first setting is none of these, so 0 is free to mean always */
	return o->offset == ALWAYS ||
	       *(const int *)((const char *)s + o->offset) != 0;
}

static void add_list(struct jw *w, const struct settings *s, const char *name,
		     const struct offer *o, size_t n)
{
	jw_open(w, name, '[');
	for (size_t i = 0; i < n; i++)
		if (is_offered(&o[i], s))
			jw_str(w, NULL, o[i].word);
	jw_close(w);
}

bool fhir_smart(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	for (size_t i = 0; i < LEN(endpoints); i++)
		if (is_offered(&endpoints[i].member, s))
			jw_str(&w, endpoints[i].member.word,
			       fhir_auth_url(rq, endpoints[i].path));
	add_list(&w, s, "token_endpoint_auth_methods_supported", methods,
		 LEN(methods));
	add_list(&w, s, "grant_types_supported", grants, LEN(grants));
	add_list(&w, s, "response_types_supported", responses, LEN(responses));
	add_list(&w, s, "code_challenge_methods_supported", pkce, LEN(pkce));
	scope_write(&w, "scopes_supported",
		    scope_offered(rq->arena, s, 1u << f->version));
	add_list(&w, s, "capabilities", capabilities, LEN(capabilities));
	jw_close(&w);
	return rq_reply(rq, 200, "application/json");
}
