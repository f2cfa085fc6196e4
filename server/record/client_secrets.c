/* SPDX-License-Identifier: Apache-2.0
 *
 * client_secrets: how an application is known. Its id, the method by which it
 * authenticates itself, its secret, and the token by which its registration is
 * managed.
 *
 * Secrets are made here, shown once, and stored as SHA-256 alone. Only the
 * person who runs the mock chooses ids and secrets, for tests that have them
 * written down: a slow digest would guard nothing there, and cost each request
 * for tokens its time. A registration that is changed keeps both. What a method
 * cannot work without is asked for: keys by value for private_key_jwt (no
 * address is ever fetched), a certificate's subject for tls_client_auth. An
 * application without a secret and without a certificate is public: it may
 * register itself where the switch public_clients says so.
 *
 * A registration access token ends with the client's id. So whose it is can be
 * told without going through all of them: a stranger's is another refusal
 * (403) than a made-up one (401).
 *
 * Facts: oauth.md 4, 10, 18.3; RFC 7591 2; RFC 7592; RFC 8705 2.
 */
#include "record/client_int.h"

#include <string.h>

#define METHOD		   "token_endpoint_auth_method"
#define SECRET_BYTES	   64
#define REGISTRATION_CHARS 43
#define ID_CHARS	   128

/* ---- the method ------------------------------------------------------- */

static bool has_keys(const struct registration *g)
{
	const struct json *keys = json_get(client_sent(g, "jwks"), "keys");

	return keys != NULL && json_kind(keys) == JSON_ARRAY &&
	       json_count(keys) > 0;
}

static bool has_subject(const struct registration *g)
{
	return *g->c.certificate_serial_number != '\0' ||
	       client_certificate_rule(g) != NULL;
}

static bool may_be_public(const struct registration *g)
{
	return g->chosen || g->r->settings.public_clients || has_subject(g);
}

static bool any(const struct registration *g)
{
	(void)g;
	return true;
}

static const struct {
	const char *name;
	bool secret;
	bool (*ok)(const struct registration *g);
	const char *member; /* that is wrong when it is not ok; why */
	const char *otherwise;
} methods[] = {
    {"client_secret_basic", true, any, NULL, NULL},
    {"client_secret_post", true, any, NULL, NULL},
    {"none", false, may_be_public, METHOD,
     "applications without a secret and without a certificate cannot register "
     "themselves here: choose client_secret_basic"},
    {"private_key_jwt", false, has_keys, "jwks",
     "private_key_jwt needs the public keys by value: jwks with a list keys"},
    {"tls_client_auth", false, has_subject, METHOD,
     "tls_client_auth needs the certificate's subject: "
     "certificate_serial_number, tls_client_auth_subject_dn, "
     "tls_client_auth_san_dns, _san_uri, _san_ip or _san_email"},
};

bool client_take_method(struct registration *g)
{
	const char *method = client_sent_text(g, METHOD, methods[0].name);

	if (!client_check_certificate(g))
		return false;
	for (size_t i = 0; i < LEN(methods); i++) {
		if (strcmp(method, methods[i].name) != 0)
			continue;
		g->c.auth_method = methods[i].name;
		return methods[i].ok(g) ||
		       err_set(g->e, ERR_INVALID, BAD_METADATA,
			       methods[i].member, "%s", methods[i].otherwise);
	}
	return err_set(g->e, ERR_INVALID, BAD_METADATA, METHOD,
		       "Unknown authentication method");
}

static bool has_secret(const char *method)
{
	for (size_t i = 0; i < LEN(methods); i++)
		if (strcmp(method, methods[i].name) == 0)
			return methods[i].secret;
	return false;
}

/* ---- the id ----------------------------------------------------------- */

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

bool client_take_id(struct registration *g)
{
	const char *wanted =
	    g->chosen ? client_sent_text(g, "client_id", NULL) : NULL;
	struct store_client taken;

	if (g->old != NULL)
		return keep_id(g, wanted);
	if (wanted == NULL) {
		/* by its name: whoever registers meanwhile has another */
		g->c.client_id = record_uuid(
		    g->r, g->a,
		    &(struct chance){CHANCE_CLIENT, NULL, g->c.name});
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

/* ---- the secrets ------------------------------------------------------ */

static const char *digest_of(struct arena *a, const char *secret)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, secret, strlen(secret));
	return arena_strdup(a, digest);
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
	    g->chosen ? client_sent_text(g, "client_secret", NULL) : NULL;
	unsigned char random[SECRET_BYTES];

	g->c.secret_digest = "";
	if (!has_secret(g->c.auth_method)) {
		if (wanted == NULL)
			return true;
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "client_secret",
			       "an application whose authentication method is "
			       "%s has no client_secret",
			       g->c.auth_method);
	}
	if (wanted != NULL && (*wanted == '\0' || !is_secret(wanted)))
		return err_set(g->e, ERR_INVALID, BAD_METADATA, "client_secret",
			       "client_secret must be printable ASCII "
			       "characters without spaces");
	if (wanted == NULL && g->old != NULL && *g->old->secret_digest) {
		g->c.secret_digest = g->old->secret_digest;
		return true;
	}
	if (wanted == NULL) {
		record_random(g->r,
			      &(struct chance){"secret", NULL, g->c.client_id},
			      random, sizeof random);
		wanted = jose_b64url(g->a, random, sizeof random);
	}
	g->secrets.client_secret = wanted;
	g->c.secret_digest = digest_of(g->a, wanted);
	return true;
}

/* The token of the registration: random characters, a dot, the id. */
static void take_registration_token(struct registration *g)
{
	char random[REGISTRATION_CHARS + 1];

	if (g->old != NULL) {
		g->c.registration_digest = g->old->registration_digest;
		return;
	}
	record_random_text(
	    g->r, &(struct chance){"registration", NULL, g->c.client_id},
	    random, REGISTRATION_CHARS);
	g->secrets.registration_access_token =
	    arena_printf(g->a, "%s.%s", random, g->c.client_id);
	g->c.registration_digest =
	    digest_of(g->a, g->secrets.registration_access_token);
}

bool client_take_secrets(struct registration *g)
{
	if (!take_secret(g))
		return false;
	take_registration_token(g);
	return true;
}

bool record_client_of_token(struct record *r, struct arena *a,
			    const char *token, struct store_client *out)
{
	const char *dot = strchr(token, '.');
	char digest[JOSE_DIGEST];

	if (dot == NULL || !is_id(dot + 1) ||
	    !store_client_find(r->store, a, dot + 1, out))
		return false;
	jose_digest(digest, token, strlen(token));
	return jose_equal(digest, out->registration_digest);
}
