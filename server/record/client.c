/* SPDX-License-Identifier: Apache-2.0
 *
 * client: registering an application (an OAuth client).
 *
 * Registration metadata is what a stranger sends: every member is checked for
 * its form before anything is done with it, then part by part for what it says.
 * No address in it is ever fetched. Nothing is stored unless all of it holds.
 *
 * The members and their forms stand in one table (client_members.c), the mock's
 * own ones in client_own.c. Unknown members are ignored when an application
 * registers itself (RFC 7591 2) and refused by name when the person who runs
 * the mock writes them (chosen), because there they are typing errors.
 *
 * Facts: oauth.md 4, 8, 10, 18.8; kanta.md 3.4; RFC 7591.
 */
#include "record/client_int.h"

#include <stdlib.h>
#include <string.h>

#define METADATA_BYTES (16u << 10)

/* ---- a registration under way ----------------------------------------- */

/* A member that was sent, and not as null. */
const struct json *client_sent(const struct registration *g, const char *name)
{
	const struct json *v = json_get(g->m, name);

	return v == NULL || json_kind(v) == JSON_NULL ? NULL : v;
}

const char *client_sent_text(const struct registration *g, const char *name,
			     const char *otherwise)
{
	const struct json *v = client_sent(g, name);

	return v != NULL ? json_text(v) : otherwise;
}

int64_t client_sent_count(const struct registration *g, const char *name,
			  int64_t otherwise)
{
	const struct json *v = client_sent(g, name);

	return v != NULL ? strtoll(json_text(v), NULL, 10) : otherwise;
}

bool record_unknown_member(struct err *e, const struct nearest *near)
{
	const char *best = near->best;

	return err_set(e, ERR_INVALID, "unknown_member", near->word,
		       "unknown member \"%.64s\"%s%s%s", near->word,
		       best ? "; did you mean \"" : "", best ? best : "",
		       best ? "\"?" : "");
}

static bool refuse_member(const struct registration *g, const char *name)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; client_member_at(i) != NULL; i++)
		nearest_try(&near, client_member_at(i)->name);
	return record_unknown_member(g->e, &near);
}

static bool check_forms(struct registration *g)
{
	for (const struct json *v = json_first(g->m); v; v = json_next(v)) {
		const struct client_member *m =
		    client_member_find(json_name(v));

		if (m == NULL && g->chosen)
			return refuse_member(g, json_name(v));
		bool counts = m != NULL && (m->from != OWN_KEPT || g->chosen);
		if (!counts || json_kind(v) == JSON_NULL ||
		    client_form_ok(m->form, v))
			continue;
		return err_set(g->e, ERR_INVALID,
			       m->from == REDIRECT_URIS ? BAD_REDIRECT_URI
							: BAD_METADATA,
			       m->name, "%s must be %s", m->name,
			       client_form_what(m->form));
	}
	return true;
}

/* A list of words, each of which ok() accepts, joined by spaces. */
static bool take_words(struct registration *g, const char *name,
		       bool (*ok)(struct registration *g, const char *word),
		       const char **out)
{
	struct buf b;

	buf_init(&b, g->a);
	for (const struct json *v = json_first(client_sent(g, name)); v;
	     v = json_next(v)) {
		if (!ok(g, json_text(v)))
			return false;
		scope_add(&b, json_text(v), json_len(v));
	}
	*out = b.p;
	return true;
}

static bool scope_word_ok(const char *word, void *ctx)
{
	struct registration *g = ctx;

	if (scope_known(&g->settings, word))
		return true;
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "scope",
		       "unknown scope \"%.64s\"; known are offline_access, "
		       "registration-token and patient/<Type>.read and .write",
		       word);
}

static bool is_professional(const struct registration *g)
{
	return strcmp(g->c.kind, "professional") == 0;
}

static bool take_scope(struct registration *g)
{
	/* What is served, for who does not ask for anything. */
	static const char all[] =
	    "offline_access patient/Observation.read "
	    "patient/Observation.write "
	    "patient/MedicationAdministration.read "
	    "patient/MedicationAdministration.write "
	    "patient/CarePlan.read patient/CarePlan.write "
	    "patient/Questionnaire.read "
	    "patient/QuestionnaireResponse.read "
	    "patient/QuestionnaireResponse.write "
	    "patient/Patient.read";

	/* The same without what professionals never do. */
	static const char reads[] =
	    "patient/Observation.read patient/MedicationAdministration.read "
	    "patient/CarePlan.read patient/Questionnaire.read "
	    "patient/QuestionnaireResponse.read patient/Patient.read";

	g->c.scope = scope_words(g->a, client_sent_text(g, "scope", ""));
	if (*g->c.scope == '\0')
		g->c.scope = is_professional(g) ? reads : all;
	return scope_each(g->a, g->c.scope, scope_word_ok, g);
}

static bool grant_type_ok(struct registration *g, const char *word)
{
	if (strcmp(word, "authorization_code") == 0 ||
	    strcmp(word, "refresh_token") == 0)
		return true;
	if (strcmp(word, "client_credentials") == 0)
		return is_professional(g) ||
		       err_set(g->e, ERR_INVALID, BAD_METADATA, "grant_types",
			       "client_credentials is for applications for "
			       "professionals");
	if (strcmp(word, "password") == 0)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "grant_types",
			       "The password grant type is not allowed in "
			       "dynamic registration on this server.");
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "grant_types",
		       "unknown grant type \"%.64s\"", word);
}

static bool take_grant_types(struct registration *g)
{
	if (!take_words(g, "grant_types", grant_type_ok, &g->c.grant_types))
		return false;
	if (*g->c.grant_types != '\0')
		return true;
	if (is_professional(g)) {
		g->c.grant_types = "client_credentials";
		return true;
	}
	g->c.grant_types = scope_has(g->c.scope, "offline_access")
			       ? "authorization_code refresh_token"
			       : "authorization_code";
	return true;
}

static bool check_response_types(struct registration *g)
{
	for (const struct json *v =
		 json_first(client_sent(g, "response_types"));
	     v; v = json_next(v)) {
		if (strcmp(json_text(v), "code") != 0 &&
		    strcmp(json_text(v), "code id_token") != 0)
			return err_set(
			    g->e, ERR_INVALID, BAD_METADATA, "response_types",
			    "unknown response type \"%.64s\"", json_text(v));
	}
	return true;
}

/* Schemes that a browser would run or open from the disk. */
static bool is_dangerous(const char *uri, size_t scheme)
{
	static const char *const words[] = {"javascript", "data", "vbscript",
					    "file",	  "blob", "about"};

	for (size_t i = 0; i < LEN(words); i++) {
		if (strlen(words[i]) == scheme &&
		    strncasecmp(uri, words[i], scheme) == 0)
			return true;
	}
	return false;
}

/* localhost:3000/cb: what looks like a scheme is a host with its port. */
static bool lacks_scheme(const char *uri, size_t scheme)
{
	const char *port = uri + scheme + 1;
	size_t n = strspn(port, "0123456789");

	return n > 0 && (port[n] == '\0' || port[n] == '/');
}

static bool redirect_uri_ok(struct registration *g, const char *uri)
{
	size_t scheme = client_uri_scheme(uri);

	if (strchr(uri, '#') != NULL)
		return err_set(g->e, ERR_INVALID, BAD_REDIRECT_URI,
			       "redirect_uris",
			       "Redirect URI can not have a fragment");
	if (scheme == 0 || is_dangerous(uri, scheme) ||
	    lacks_scheme(uri, scheme) ||
	    (client_uri_is_web(uri, scheme) &&
	     !client_uri_has_host(uri, scheme)))
		return err_set(
		    g->e, ERR_INVALID, BAD_REDIRECT_URI, "redirect_uris",
		    "\"%.128s\" is not an absolute URI that can be "
		    "redirected to: begin with http://, https:// or a "
		    "scheme of your own",
		    uri);
	return true;
}

static bool take_redirect_uris(struct registration *g)
{
	if (!take_words(g, "redirect_uris", redirect_uri_ok,
			&g->c.redirect_uris))
		return false;
	if (*g->c.redirect_uris != '\0' ||
	    !scope_has(g->c.grant_types, "authorization_code"))
		return true;
	return err_set(g->e, ERR_INVALID, BAD_REDIRECT_URI, "redirect_uris",
		       "Clients using a redirect-based grant type must "
		       "register at least one redirect URI.");
}

/* What is kept of the member: as sent, or of the mock's own as it was. */
static const struct json *kept_value(const struct registration *g,
				     const struct client_member *m)
{
	if (m->from == KEPT)
		return client_sent(g, m->name);
	return m->from == OWN_KEPT ? client_own(g, m->name) : NULL;
}

/* Did it come by itself, with nobody who runs the server having looked at it?
 * The consent page says so. */
static bool is_self_registered(const struct registration *g)
{
	return g->old == NULL
		   ? !g->chosen
		   : json_get(g->old_kept, "self_registered") != NULL;
}

static bool take_kept(struct registration *g)
{
	const struct client_member *m;
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, g->a);
	jw_open(&w, NULL, '{');
	for (size_t i = 0; (m = client_member_at(i)) != NULL; i++) {
		const struct json *v = kept_value(g, m);

		if (v != NULL)
			jw_value(&w, m->name, v);
	}
	if (is_self_registered(g))
		jw_bool(&w, "self_registered", true);
	jw_close(&w);
	g->c.metadata = b.p;
	if (b.len > METADATA_BYTES)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, NULL,
			       "the metadata is longer than %u bytes",
			       METADATA_BYTES);
	return true;
}

static bool take_rest(struct registration *g)
{
	g->c.name = client_sent_text(g, "client_name", "");
	g->c.issued_ms = g->old ? g->old->issued_ms : record_now_ms(g->r);
	return true;
}

static bool take_all(struct registration *g, struct store_client *out,
		     struct record_secrets *secrets)
{
	static bool (*const steps[])(struct registration *) = {
	    check_forms,	client_take_own,     take_scope,
	    client_take_kind,	client_take_method,  take_grant_types,
	    take_redirect_uris, take_rest,	     check_response_types,
	    client_take_id,	client_take_secrets, take_kept,
	};

	if (json_kind(g->m) != JSON_OBJECT)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, NULL,
			       "registration metadata must be a JSON object");
	for (size_t i = 0; i < LEN(steps); i++) {
		if (!steps[i](g))
			return false;
	}
	store_client_put(g->r->store, &g->c);
	/* citizens allow nothing to an application for professionals */
	if (g->old != NULL && strcmp(g->old->kind, g->c.kind) != 0 &&
	    is_professional(g))
		store_grant_withdraw(g->r->store, g->c.client_id, NULL);
	*out = g->c;
	*secrets = g->secrets;
	return true;
}

bool record_client(struct record *r, struct arena *a,
		   const struct json *metadata, bool chosen,
		   struct store_client *out, struct record_secrets *secrets,
		   struct err *e)
{
	struct registration g = {
	    .r = r, .a = a, .m = metadata, .chosen = chosen, .e = e};

	return take_all(&g, out, secrets);
}

static bool change(struct registration *g, struct store_client *out,
		   struct record_secrets *secrets)
{
	struct err e;

	g->old_kept =
	    json_parse(g->a, g->old->metadata, strlen(g->old->metadata), &e);
	return take_all(g, out, secrets);
}

bool record_client_change(struct record *r, struct arena *a,
			  const struct store_client *old,
			  const struct json *metadata, struct store_client *out,
			  struct record_secrets *secrets, struct err *e)
{
	return change(&(struct registration){.r = r,
					     .a = a,
					     .m = metadata,
					     .old = old,
					     .chosen = true,
					     .e = e},
		      out, secrets);
}

bool record_client_change_self(struct record *r, struct arena *a,
			       const struct store_client *old,
			       const struct json *metadata,
			       struct store_client *out,
			       struct record_secrets *secrets, struct err *e)
{
	return change(
	    &(struct registration){
		.r = r, .a = a, .m = metadata, .old = old, .e = e},
	    out, secrets);
}
