/* SPDX-License-Identifier: Apache-2.0
 *
 * client_own: the mock's own members of a registration, which make one
 * application different from the others for a test: switches that it has for
 * itself, approval without pages, what the service settles by contract.
 *
 * They count when the person who runs the mock sets them, by fixtures or the
 * control API. An application that registers or changes itself cannot: what it
 * sends of them is passed over, and a change leaves them as they were. It may
 * name its certificate when it registers, which is of use to nobody else.
 *
 * set is an object of switch names and values, as in --set. Only switches that
 * are asked when the application is known can be there: what is decided before
 * (how a form is read) or for all (what the metadata say) is the server's.
 *
 * Facts: oauth.md 1, 4, 10; kanta.md 5.
 */
#include "record/client_int.h"

#include <string.h>

#define REFRESH_SECONDS 0 /* unlimited */

static const char *const own_switches[] = {
    "oauth_errors",
    "authorize_order",
    "refresh_rotation",
    "refresh_grace_s",
    "refresh_idle_d",
    "refresh_absolute_d",
    "code_s",
    "code_replay_revokes",
    "foreign_code",
    "foreign_refresh_token",
    "pkce_methods",
    "pkce_required",
    "pkce_downgrade_check",
    "iss_parameter",
    "enforce_auth_method",
    "introspection_needs_permission",
    "introspection_answer",
    "loopback_redirect_port",
    "access_token_format",
    "token_patient_member",
    "openid",
    "scope_wildcards",
    "terms",
    "client_auth",
    "fhir_certificate",
    "bind_tokens",
};

const struct json *client_own(const struct registration *g, const char *name)
{
	return g->chosen ? client_sent(g, name) : json_get(g->old_kept, name);
}

/* ---- switches --------------------------------------------------------- */

static bool is_own_switch(const char *name)
{
	for (size_t i = 0; i < LEN(own_switches); i++)
		if (strcmp(own_switches[i], name) == 0)
			return true;
	return false;
}

static bool refuse_set(struct registration *g, const char *text)
{
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "set", "set: %s",
		       arena_strdup(g->a, text));
}

/* One switch: known, with a value that it has, and one of an application? */
static bool take_switch(struct registration *g, const struct json *v)
{
	const char *name = json_name(v);

	if (json_kind(v) != JSON_STRING)
		return refuse_set(
		    g, arena_printf(g->a, "the value of %.64s must be a string",
				    name));
	if (!settings_set(&g->settings, name, json_text(v), g->e))
		return refuse_set(g, g->e->text);
	if (!is_own_switch(name))
		return refuse_set(
		    g, arena_printf(g->a,
				    "%s holds for the whole server, not for an "
				    "application: start it with --set %s=%s",
				    name, name, json_text(v)));
	return true;
}

static bool take_set(struct registration *g)
{
	const struct json *set = client_own(g, "set");

	g->settings = g->r->settings;
	for (const struct json *v = json_first(set); v; v = json_next(v)) {
		if (!take_switch(g, v))
			return false;
	}
	return true;
}

struct settings record_client_settings(const struct record *r, struct arena *a,
				       const struct store_client *c)
{
	struct settings s = r->settings;
	const struct json *set = record_client_member(a, c, "set");
	struct err e;

	for (const struct json *v = json_first(set); v; v = json_next(v))
		settings_set(&s, json_name(v), json_text(v), &e);
	return s;
}

/* ---- approval --------------------------------------------------------- */

static bool check_auto_approve(struct registration *g)
{
	const struct json *v = client_own(g, "auto_approve");
	struct err e;

	if (v == NULL || client_form_ok(F_BOOL, v))
		return true;
	if (json_kind(v) == JSON_STRING &&
	    (strcmp(json_text(v), "deny") == 0 || hetu_check(json_text(v), &e)))
		return true;
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "auto_approve",
		       "auto_approve must be true, false, \"deny\" or the "
		       "personal identity code of a test citizen");
}

bool client_take_own(struct registration *g)
{
	g->c.kind = g->old != NULL && !g->chosen
			? g->old->kind
			: client_sent_text(g, "kind", "citizen");
	return take_set(g) && check_auto_approve(g);
}

/* ---- kind, certificate, life times ------------------------------------ */

static bool reads_only(const char *word, void *ctx)
{
	const struct registration *g = ctx;
	size_t n = strlen(word);

	if (n < 6 || strcmp(word + n - 6, ".write") != 0)
		return true;
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "scope",
		       "applications for professionals read and do not write: "
		       "leave out %.64s",
		       word);
}

static bool oid_ok(struct registration *g, const char *name)
{
	const struct json *v = client_own(g, name);

	return record_professional_oid(v != NULL ? json_text(v) : NULL) ||
	       err_set(g->e, ERR_INVALID, BAD_METADATA, name,
		       "%s must be an OID, like 1.2.246.10.99999999.10.1",
		       name);
}

/* Not for everybody to become (kanta.md section 5). */
static bool check_professional(struct registration *g)
{
	if (!g->chosen && g->old == NULL)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "kind",
			       "applications for professionals cannot "
			       "register themselves: a fixture or POST "
			       "/__admin/clients makes one");
	return oid_ok(g, "service_provider") && oid_ok(g, "access_point") &&
	       scope_each(g->a, g->c.scope, reads_only, g);
}

/* Who registers itself has the service's. */
static int64_t life_s(const struct registration *g, const char *name,
		      int64_t usual)
{
	return g->chosen ? client_sent_count(g, name, usual) : usual;
}

static void keep_rest(struct registration *g)
{
	g->c.certificate_serial_number = g->old->certificate_serial_number;
	g->c.access_token_seconds = g->old->access_token_seconds;
	g->c.refresh_token_seconds = g->old->refresh_token_seconds;
}

bool client_take_kind(struct registration *g)
{
	g->c.certificate_serial_number =
	    client_sent_text(g, "certificate_serial_number", "");
	g->c.access_token_seconds =
	    life_s(g, "access_token_seconds", g->r->settings.access_token_s);
	g->c.refresh_token_seconds =
	    life_s(g, "refresh_token_seconds", REFRESH_SECONDS);
	if (g->old != NULL && !g->chosen)
		keep_rest(g);
	if (g->c.access_token_seconds == 0)
		return err_set(g->e, ERR_INVALID, BAD_METADATA,
			       "access_token_seconds",
			       "access_token_seconds must be at least 1");
	if (strcmp(g->c.kind, "professional") == 0)
		return check_professional(g);
	if (strcmp(g->c.kind, "citizen") != 0)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "kind",
			       "kind must be citizen or professional");
	return true;
}
