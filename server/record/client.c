/* SPDX-License-Identifier: Apache-2.0
 *
 * client: registering an application (an OAuth client).
 *
 * Registration metadata is what a stranger sends: every member is checked for
 * its form before anything is done with it, lists and texts are capped, and
 * what will be put into a page or a Location header later (redirect URIs,
 * links) may hold nothing but URI characters. No address in it is ever fetched.
 *
 * One table names the members that are known, in the order of the service's
 * answer. Members with a column of their own go there; the others that are
 * part of the answer are kept as they were sent, as one JSON object, and come
 * back in their places. Unknown members are ignored when an application
 * registers itself (RFC 7591 2) and refused by name when the person who runs
 * the mock writes them (chosen), because there they are typing errors.
 *
 * Facts: oauth.md 4, 8, 10, 18.8; kanta.md 3.4; RFC 7591.
 */
#include "record/record_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES	 2048
#define LIST_ITEMS	 20
#define METADATA_BYTES	 (16u << 10)
#define COUNT_DIGITS	 9
#define SECRET_BYTES	 64
#define ACCESS_SECONDS	 3600
#define REFRESH_SECONDS	 0 /* unlimited */
#define ID_CHARS	 128
#define BAD_METADATA	 "invalid_client_metadata"
#define BAD_REDIRECT_URI "invalid_redirect_uri"

/* ---- the members ------------------------------------------------------ */

enum form { F_TEXT, F_LINK, F_LIST, F_BOOL, F_COUNT, F_OBJECT, F_ANY };

/* Where the answer takes a member from. */
enum from {
	KEPT,  /* the metadata as sent */
	EXTRA, /* the same, but part of the answer only when it was sent */
	FIXED, /* always the same; accepted and ignored when sent */
	CLIENT_ID,
	CLIENT_SECRET,
	REDIRECT_URIS,
	CLIENT_NAME,
	AUTH_METHOD,
	SCOPE,
	GRANT_TYPES,
	ISSUED_AT,
	NOT_SHOWN /* the mock's own members: not part of the answer */
};

struct member {
	const char *name;
	enum form form;
	enum from from;
	const char *absent; /* JSON in the answer when it was not sent */
};

static const struct member members[] = {
    {"client_id", F_TEXT, CLIENT_ID, NULL},
    {"client_secret", F_TEXT, CLIENT_SECRET, NULL},
    {"redirect_uris", F_LIST, REDIRECT_URIS, NULL},
    {"client_name", F_TEXT, CLIENT_NAME, "null"},
    {"client_uri", F_LINK, KEPT, "null"},
    {"logo_uri", F_LINK, KEPT, "null"},
    {"logoId", F_TEXT, KEPT, "null"},
    {"contacts", F_LIST, KEPT, "[]"},
    {"tos_uri", F_LINK, KEPT, "null"},
    {"token_endpoint_auth_method", F_TEXT, AUTH_METHOD, NULL},
    {"scope", F_TEXT, SCOPE, NULL},
    {"grant_types", F_LIST, GRANT_TYPES, NULL},
    {"response_types", F_LIST, KEPT, "[\"code\"]"},
    {"policy_uri", F_LINK, KEPT, "null"},
    {"jwks_uri", F_LINK, KEPT, "null"},
    {"jwks", F_OBJECT, KEPT, "null"},
    {"jwksType", F_TEXT, KEPT, "\"URI\""},
    {"sector_identifier_uri", F_LINK, KEPT, "null"},
    {"request_object_signing_alg", F_TEXT, KEPT, "null"},
    {"userinfo_signed_response_alg", F_TEXT, KEPT, "null"},
    {"userinfo_encrypted_response_alg", F_TEXT, KEPT, "null"},
    {"userinfo_encrypted_response_enc", F_TEXT, KEPT, "null"},
    {"id_token_signed_response_alg", F_TEXT, KEPT, "null"},
    {"id_token_encrypted_response_alg", F_TEXT, KEPT, "null"},
    {"id_token_encrypted_response_enc", F_TEXT, KEPT, "null"},
    {"default_max_age", F_COUNT, KEPT, "60000"},
    {"require_auth_time", F_BOOL, KEPT, "true"},
    {"default_acr_values", F_LIST, KEPT, "[]"},
    {"initiate_login_uri", F_LINK, KEPT, "null"},
    {"post_logout_redirect_uris", F_LIST, KEPT, "[]"},
    {"claims_redirect_uris", F_LIST, KEPT, "[]"},
    {"request_uris", F_LIST, KEPT, "[]"},
    {"software_statement", F_TEXT, KEPT, "null"},
    {"software_id", F_TEXT, KEPT, "null"},
    {"software_version", F_TEXT, KEPT, "null"},
    {"code_challenge_method", F_TEXT, KEPT, "null"},
    /* A registration cannot be read or changed later (RFC 7592) yet. */
    {"registration_access_token", F_ANY, FIXED, "null"},
    {"registration_client_uri", F_ANY, FIXED, "null"},
    {"softwareId", F_TEXT, KEPT, "null"},
    {"softwareVersion", F_TEXT, KEPT, "null"},
    {"token_endpoint_auth_signing_alg", F_TEXT, KEPT, "null"},
    {"client_secret_expires_at", F_ANY, FIXED, "0"},
    {"client_id_issued_at", F_ANY, ISSUED_AT, NULL},
    /* The pages': who made it, and a sentence about it. */
    {"supplier", F_TEXT, EXTRA, NULL},
    {"client_description", F_TEXT, EXTRA, NULL},
    /* Of applications for professionals: see professional.c. */
    {"service_provider", F_TEXT, EXTRA, NULL},
    {"access_point", F_TEXT, EXTRA, NULL},
    {"kind", F_TEXT, NOT_SHOWN, NULL},
    {"certificate_serial_number", F_TEXT, NOT_SHOWN, NULL},
    {"access_token_seconds", F_COUNT, NOT_SHOWN, NULL},
    {"refresh_token_seconds", F_COUNT, NOT_SHOWN, NULL},
};

static const struct member *member_find(const char *name)
{
	for (size_t i = 0; i < LEN(members); i++) {
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	}
	return NULL;
}

/* ---- forms of values -------------------------------------------------- */

static bool is_text(const struct json *v)
{
	const char *s;

	if (json_kind(v) != JSON_STRING || json_len(v) > TEXT_BYTES)
		return false;
	for (s = json_text(v); *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

/* The length of the scheme in front of an absolute URI (RFC 3986 3.1) all of
 * whose characters are URI characters; 0 when it is none. */
static size_t uri_scheme(const char *s)
{
	size_t n = 0;

	for (const char *c = s; *c != '\0'; c++) {
		if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}", *c))
			return 0;
	}
	if (!isalpha((unsigned char)s[0]))
		return 0;
	while (isalnum((unsigned char)s[n]) || strchr("+-.", s[n] ? s[n] : '!'))
		n++;
	return s[n] == ':' && s[n + 1] != '\0' ? n : 0;
}

static bool is_web(const char *s, size_t scheme)
{
	return (scheme == 4 && strncasecmp(s, "http", 4) == 0) ||
	       (scheme == 5 && strncasecmp(s, "https", 5) == 0);
}

/* Is there a host behind the scheme of a web address? */
static bool has_host(const char *s, size_t scheme)
{
	return strncmp(s + scheme, "://", 3) == 0 &&
	       strchr("/?#:@", s[scheme + 3]) == NULL;
}

static bool is_link(const struct json *v)
{
	size_t scheme;

	if (!is_text(v))
		return false;
	scheme = uri_scheme(json_text(v));
	return is_web(json_text(v), scheme) && has_host(json_text(v), scheme);
}

static bool is_list(const struct json *v)
{
	if (json_kind(v) != JSON_ARRAY || json_count(v) > LIST_ITEMS)
		return false;
	for (v = json_first(v); v != NULL; v = json_next(v)) {
		if (!is_text(v))
			return false;
	}
	return true;
}

static bool is_bool(const struct json *v)
{
	return json_kind(v) == JSON_TRUE || json_kind(v) == JSON_FALSE;
}

static bool is_count(const struct json *v)
{
	size_t n = json_len(v);

	return json_kind(v) == JSON_NUMBER && n <= COUNT_DIGITS &&
	       strspn(json_text(v), "0123456789") == n;
}

static bool is_object(const struct json *v)
{
	return json_kind(v) == JSON_OBJECT;
}

static bool is_any(const struct json *v)
{
	(void)v;
	return true;
}

static const struct {
	bool (*ok)(const struct json *v);
	const char *what;
} forms[] = {
    [F_TEXT] = {is_text, "a string of at most 2048 bytes without control "
			 "characters"},
    [F_LINK] = {is_link, "an http or https URL"},
    [F_LIST] = {is_list, "a list of at most 20 strings of at most 2048 bytes "
			 "without control characters"},
    [F_BOOL] = {is_bool, "true or false"},
    [F_COUNT] = {is_count, "a whole number below 1000000000"},
    [F_OBJECT] = {is_object, "an object"},
    [F_ANY] = {is_any, "anything"},
};

/* ---- a registration under way ----------------------------------------- */

struct registration {
	struct record *r;
	struct arena *a;
	const struct json *m;
	const struct store_client *old; /* being changed, or NULL */
	bool chosen;
	struct store_client c;
	struct record_secrets secrets;
	struct err *e;
};

/* A member that was sent, and not as null. */
static const struct json *sent(const struct registration *g, const char *name)
{
	const struct json *v = json_get(g->m, name);

	return v == NULL || json_kind(v) == JSON_NULL ? NULL : v;
}

static const char *sent_text(const struct registration *g, const char *name,
			     const char *otherwise)
{
	const struct json *v = sent(g, name);

	return v != NULL ? json_text(v) : otherwise;
}

static int64_t sent_count(const struct registration *g, const char *name,
			  int64_t otherwise)
{
	const struct json *v = sent(g, name);

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

	for (size_t i = 0; i < LEN(members); i++)
		nearest_try(&near, members[i].name);
	return record_unknown_member(g->e, &near);
}

static bool check_forms(struct registration *g)
{
	for (const struct json *v = json_first(g->m); v; v = json_next(v)) {
		const struct member *m = member_find(json_name(v));

		if (m == NULL && g->chosen)
			return refuse_member(g, json_name(v));
		if (m == NULL || json_kind(v) == JSON_NULL ||
		    forms[m->form].ok(v))
			continue;
		return err_set(
		    g->e, ERR_INVALID,
		    m->from == REDIRECT_URIS ? BAD_REDIRECT_URI : BAD_METADATA,
		    m->name, "%s must be %s", m->name, forms[m->form].what);
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
	for (const struct json *v = json_first(sent(g, name)); v;
	     v = json_next(v)) {
		if (!ok(g, json_text(v)))
			return false;
		if (!scope_has(b.p, json_text(v)))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
				   json_text(v));
	}
	*out = b.p;
	return true;
}

static bool take_method(struct registration *g)
{
	static const char *const methods[] = {"client_secret_basic",
					      "client_secret_post", "none"};
	const char *method =
	    sent_text(g, "token_endpoint_auth_method", methods[0]);

	for (size_t i = 0; i < LEN(methods); i++) {
		if (strcmp(method, methods[i]) == 0) {
			g->c.auth_method = method;
			return true;
		}
	}
	return err_set(g->e, ERR_INVALID, BAD_METADATA,
		       "token_endpoint_auth_method",
		       "Unknown authentication method");
}

static bool scope_word_ok(const char *word, void *ctx)
{
	struct registration *g = ctx;

	if (scope_known(word))
		return true;
	return err_set(g->e, ERR_INVALID, BAD_METADATA, "scope",
		       "unknown scope \"%.64s\"; known are offline_access, "
		       "registration-token and patient/<Type>.read and .write",
		       word);
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

	g->c.scope = scope_words(g->a, sent_text(g, "scope", ""));
	if (*g->c.scope == '\0')
		g->c.scope = all;
	return scope_each(g->a, g->c.scope, scope_word_ok, g);
}

static bool is_professional(const struct registration *g)
{
	return strcmp(sent_text(g, "kind", "citizen"), "professional") == 0;
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
	for (const struct json *v = json_first(sent(g, "response_types")); v;
	     v = json_next(v)) {
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

static bool redirect_uri_ok(struct registration *g, const char *uri)
{
	size_t scheme = uri_scheme(uri);

	if (strchr(uri, '#') != NULL)
		return err_set(g->e, ERR_INVALID, BAD_REDIRECT_URI,
			       "redirect_uris",
			       "Redirect URI can not have a fragment");
	if (scheme == 0 || is_dangerous(uri, scheme) ||
	    (is_web(uri, scheme) && !has_host(uri, scheme)))
		return err_set(g->e, ERR_INVALID, BAD_REDIRECT_URI,
			       "redirect_uris",
			       "\"%.128s\" is not an absolute URI that can be "
			       "redirected to",
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
	return record_professional_oid(sent_text(g, name, NULL)) ||
	       err_set(g->e, ERR_INVALID, BAD_METADATA, name,
		       "%s must be an OID, like 1.2.246.10.99999999.10.1",
		       name);
}

/* Not for everybody to become (kanta.md section 5). */
static bool check_professional(struct registration *g)
{
	if (!g->chosen)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "kind",
			       "applications for professionals cannot "
			       "register themselves");
	return oid_ok(g, "service_provider") && oid_ok(g, "access_point") &&
	       scope_each(g->a, g->c.scope, reads_only, g);
}

static bool take_rest(struct registration *g)
{
	g->c.name = sent_text(g, "client_name", "");
	g->c.kind = sent_text(g, "kind", "citizen");
	g->c.certificate_serial_number =
	    sent_text(g, "certificate_serial_number", "");
	g->c.access_token_seconds =
	    sent_count(g, "access_token_seconds", ACCESS_SECONDS);
	g->c.refresh_token_seconds =
	    sent_count(g, "refresh_token_seconds", REFRESH_SECONDS);
	g->c.issued_ms = g->old ? g->old->issued_ms : record_now_ms(g->r);
	if (g->c.access_token_seconds == 0)
		return err_set(g->e, ERR_INVALID, BAD_METADATA,
			       "access_token_seconds",
			       "access_token_seconds must be at least 1");
	if (is_professional(g))
		return check_professional(g);
	if (strcmp(g->c.kind, "citizen") != 0)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "kind",
			       "kind must be citizen or professional");
	return true;
}

/* Characters that need no escape anywhere a client_id is put. */
static bool is_id(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-._~");

	return n > 0 && n <= ID_CHARS && s[n] == '\0';
}

static bool keep_id(struct registration *g, const char *wanted)
{
	g->c.client_id = g->old->client_id;
	return wanted == NULL || strcmp(wanted, g->c.client_id) == 0 ||
	       err_set(g->e, ERR_INVALID, BAD_METADATA, "client_id",
		       "The client_id cannot be changed.");
}

static bool take_id(struct registration *g)
{
	const char *wanted = g->chosen ? sent_text(g, "client_id", NULL) : NULL;
	struct store_client taken;
	char id[UUID_TEXT];

	if (g->old != NULL)
		return keep_id(g, wanted);
	if (wanted == NULL) {
		uuid_make(id);
		g->c.client_id = arena_strdup(g->a, id);
		return true;
	}
	g->c.client_id = wanted;
	if (!is_id(wanted))
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "client_id",
			       "client_id must be 1 to %d letters, digits or "
			       "-._~",
			       ID_CHARS);
	if (store_client_find(g->r->store, g->a, wanted, &taken))
		return err_set(
		    g->e, ERR_CONFLICT, "client_id_taken", "client_id",
		    "an application \"%s\" is registered already", wanted);
	return true;
}

static bool is_secret(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	}
	return true;
}

static bool take_secret(struct registration *g)
{
	const char *wanted =
	    g->chosen ? sent_text(g, "client_secret", NULL) : NULL;
	unsigned char random[SECRET_BYTES];
	char digest[JOSE_DIGEST];

	g->c.secret_digest = "";
	if (strcmp(g->c.auth_method, "none") == 0) {
		if (wanted == NULL)
			return true;
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "client_secret",
			       "an application whose authentication method is "
			       "none has no client_secret");
	}
	if (wanted != NULL && (*wanted == '\0' || !is_secret(wanted)))
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "client_secret",
			       "client_secret must be printable ASCII "
			       "characters without spaces");
	if (wanted == NULL && g->old != NULL && *g->old->secret_digest) {
		g->c.secret_digest = g->old->secret_digest;
		return true;
	}
	jose_random(random, sizeof random);
	const char *secret =
	    wanted ? wanted : jose_b64url(g->a, random, sizeof random);
	g->secrets.client_secret = secret;
	jose_digest(digest, secret, strlen(secret));
	g->c.secret_digest = arena_strdup(g->a, digest);
	return true;
}

static bool take_kept(struct registration *g)
{
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, g->a);
	jw_open(&w, NULL, '{');
	for (size_t i = 0; i < LEN(members); i++) {
		const struct json *v = sent(g, members[i].name);

		if (v != NULL &&
		    (members[i].from == KEPT || members[i].from == EXTRA))
			jw_value(&w, members[i].name, v);
	}
	jw_close(&w);
	g->c.metadata = b.p;
	if (b.len > METADATA_BYTES)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, NULL,
			       "the metadata is longer than %u bytes",
			       METADATA_BYTES);
	return true;
}

static bool take_all(struct registration *g, struct store_client *out,
		     struct record_secrets *secrets)
{
	static bool (*const steps[])(struct registration *) = {
	    check_forms,	  take_method,
	    take_scope,		  take_grant_types,
	    take_redirect_uris,	  take_rest,
	    check_response_types, take_id,
	    take_secret,	  take_kept,
	};

	if (json_kind(g->m) != JSON_OBJECT)
		return err_set(g->e, ERR_INVALID, BAD_METADATA, NULL,
			       "registration metadata must be a JSON object");
	for (size_t i = 0; i < LEN(steps); i++) {
		if (!steps[i](g))
			return false;
	}
	store_client_put(g->r->store, &g->c);
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

bool record_client_change(struct record *r, struct arena *a,
			  const struct store_client *old,
			  const struct json *metadata, struct store_client *out,
			  struct record_secrets *secrets, struct err *e)
{
	struct registration g = {
	    .r = r, .a = a, .m = metadata, .old = old, .chosen = true, .e = e};

	return take_all(&g, out, secrets);
}

/* ---- the answer ------------------------------------------------------- */

static bool add_word(const char *word, void *ctx)
{
	jw_str(ctx, NULL, word);
	return true;
}

static void write_words(struct jw *w, const char *name, const char *words)
{
	jw_open(w, name, '[');
	scope_each(w->b->arena, words, add_word, w);
	jw_close(w);
}

static void write_member(struct jw *w, const struct member *m,
			 const struct store_client *c,
			 const struct record_secrets *secrets,
			 const struct json *kept)
{
	const struct json *v = json_get(kept, m->name);

	switch (m->from) {
	case CLIENT_ID: jw_str(w, m->name, c->client_id); break;
	case CLIENT_SECRET:
		jw_str(w, m->name, secrets ? secrets->client_secret : NULL);
		break;
	case REDIRECT_URIS: write_words(w, m->name, c->redirect_uris); break;
	case AUTH_METHOD: jw_str(w, m->name, c->auth_method); break;
	case SCOPE: jw_str(w, m->name, c->scope); break;
	case GRANT_TYPES: write_words(w, m->name, c->grant_types); break;
	case ISSUED_AT: jw_int(w, m->name, c->issued_ms / 1000); break;
	case NOT_SHOWN: break;
	case EXTRA:
		if (v != NULL)
			jw_value(w, m->name, v);
		break;
	case CLIENT_NAME:
		if (*c->name != '\0') {
			jw_str(w, m->name, c->name);
			break;
		}
		/* fall through */
	case KEPT:
	case FIXED:
		if (v != NULL)
			jw_value(w, m->name, v);
		else
			jw_raw(w, m->name, m->absent, strlen(m->absent));
		break;
	}
}

void record_client_write(struct jw *w, const struct store_client *c,
			 const struct record_secrets *secrets,
			 const char *issuer)
{
	struct err e;
	const struct json *kept =
	    json_parse(w->b->arena, c->metadata, strlen(c->metadata), &e);

	for (size_t i = 0; i < LEN(members); i++)
		write_member(w, &members[i], c, secrets, kept);
	(void)issuer;
}

struct settings record_client_settings(const struct record *r, struct arena *a,
				       const struct store_client *c)
{
	(void)a, (void)c;
	return r->settings;
}
