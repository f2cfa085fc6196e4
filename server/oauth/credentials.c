/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is the application? Its credentials in the Authorization header or in the
 * form (RFC 6749 2.3.1; oauth.md 5.1); what it signed instead is assertion.c's.
 *
 * Basic wins over the form, unless two_auth_methods refuses both together. The
 * RFC wants its two halves percent-encoded and many clients do not do it, so
 * both readings are tried. Where credentials come from decides how a refusal is
 * worded; whether the client exists does not: an unknown one is compared with a
 * digest that nothing has, so that neither the answer nor the work done tells
 * them apart.
 *
 * The method that a client registered need not be the one it uses, unless
 * enforce_auth_method says so.
 *
 * A client registered with the method none and without a certificate is public:
 * its empty secret equals the empty secret. One with a certificate sends its
 * client_id alone and is known by the certificate of the connection, as the
 * real service's applications are in production; by the switch client_auth
 * every one is, and a secret that is sent all the same must be right.
 * Who has authenticated itself by other means may need a certificate, too: what
 * it takes is said in certificate.c.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>
#include <strings.h>

/* No SHA-256 ends up here. */
static const char no_digest[] =
    "----------------------------------------------------------------";

/* ---- the header ------------------------------------------------------ */

bool oauth_scheme(const char *header, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(header, scheme, n) == 0 &&
	       (header[n] == ' ' || header[n] == '\0');
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes form encoding off; NULL when it is broken or hides a NUL. */
static const char *decoded_text(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*p++ = *s == '+' ? ' ' : *s;
			continue;
		}
		int hi = hex(s[1]);
		int lo = hi < 0 ? -1 : hex(s[2]);
		if (lo < 0 || hi * 16 + lo == 0)
			return NULL;
		*p++ = (char)(hi * 16 + lo);
		s += 2;
	}
	return out;
}

bool oauth_basic_read(struct arena *a, const char *header,
		      struct oauth_credentials *raw,
		      struct oauth_credentials *decoded)
{
	size_t n;

	if (!oauth_scheme(header, "Basic"))
		return false;
	const char *text = header + strlen("Basic");
	text += strspn(text, " ");
	char *pair = jose_b64_decode(a, text, strlen(text), &n);
	if (pair == NULL || memchr(pair, '\0', n) != NULL)
		return false;
	char *colon = strchr(pair, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	*raw = (struct oauth_credentials){pair, colon + 1};
	*decoded = (struct oauth_credentials){decoded_text(a, raw->id),
					      decoded_text(a, raw->secret)};
	if (decoded->id == NULL || decoded->secret == NULL)
		*decoded = (struct oauth_credentials){NULL, NULL};
	return true;
}

/* ---- the check ------------------------------------------------------- */

/* For the journal: which half of the credentials is wrong. */
static const char *why(struct arena *a, bool found,
		       const struct store_client *c, const char *secret)
{
	if (!found)
		return "no application has this client_id";
	if (record_is_public(a, c))
		return "the application has no secret (its method is none), "
		       "and one was sent";
	if (c->secret_digest[0] == '\0')
		return "the application has no secret: it must authenticate "
		       "itself by the method that it registered";
	return secret[0] == '\0' ? "the client_secret is missing"
				 : "the client_secret is not the application's";
}

static bool known(struct rq *rq, const char *id, const char *secret,
		  struct store_client *out)
{
	struct store *store = oauth_of(rq)->site.record->store;
	bool found = store_client_find(store, rq->arena, id, out);
	const char *wanted = found ? out->secret_digest : no_digest;
	char digest[JOSE_DIGEST];

	jose_digest(digest, secret, strlen(secret));
	rq->client_id = found ? out->client_id : NULL;
	rq->why = why(rq->arena, found, out, secret);
	if (jose_equal(digest, wanted))
		return true;
	return found && secret[0] == '\0' &&
	       (record_is_public(rq->arena, out) ||
		oauth_by_certificate(rq, out));
}

/* What was sent, and what came of it. */
struct attempt {
	const char *header; /* of the scheme Basic, or NULL */
	const char *id, *secret;
	bool assertion;
	const char *method; /* what it amounts to */
};

static bool by_header(struct rq *rq, struct attempt *t,
		      struct store_client *out)
{
	struct oauth_credentials raw, decoded;

	t->method = "client_secret_basic";
	rq->why = "the Authorization header is not Basic and the Base64 of "
		  "client_id:client_secret";
	if (!oauth_basic_read(rq->arena, t->header, &raw, &decoded))
		return false;
	if (known(rq, raw.id, raw.secret, out))
		return true;
	return decoded.id != NULL && known(rq, decoded.id, decoded.secret, out);
}

static bool by_form(struct rq *rq, struct attempt *t, struct store_client *out)
{
	t->method = t->secret != NULL ? "client_secret_post" : "none";
	return known(rq, t->id, t->secret != NULL ? t->secret : "", out);
}

static void read_attempt(struct rq *rq, const struct oauth_form *f,
			 struct attempt *t)
{
	const char *header = rq_header_in(rq, "Authorization");
	bool basic = header != NULL && oauth_scheme(header, "Basic");

	*t = (struct attempt){
	    .header = basic ? header : NULL,
	    .id = oauth_form_get(f, "client_id"),
	    .secret = oauth_form_get(f, "client_secret"),
	    .assertion = oauth_form_get(f, "client_assertion") != NULL ||
			 oauth_form_get(f, "client_assertion_type") != NULL,
	};
}

static bool in_two_ways(const struct rq *rq, const struct attempt *t)
{
	return (t->header != NULL) + (t->secret != NULL) + t->assertion > 1 ||
	       rq_header_count(rq, "Authorization") > 1;
}

/* The refusal says no more than that the credentials are wrong. */
static bool by_its_method(struct rq *rq, const struct attempt *t,
			  const struct store_client *c)
{
	const struct record *r = oauth_of(rq)->site.record;
	const struct settings s = record_client_settings(r, rq->arena, c);

	rq->why = NULL;
	if (strcmp(t->method, c->auth_method) == 0 || !s.enforce_auth_method)
		return true;
	if (strcmp(t->method, "none") == 0 &&
	    record_by_certificate(rq->arena, &s, c))
		return true;
	rq->why = arena_printf(rq->arena,
			       "the application used the method %s and is "
			       "registered for %s (enforce_auth_method)",
			       t->method, c->auth_method);
	return false;
}

bool oauth_client(struct rq *rq, const struct oauth_form *f,
		  struct store_client *out)
{
	const struct settings *s = &oauth_of(rq)->site.record->settings;
	struct attempt t;

	if (!oauth_certificate_first(rq))
		return false;
	read_attempt(rq, f, &t);
	if (s->two_auth_methods != 0 && in_two_ways(rq, &t))
		return oauth_refusal(rq, REFUSE_TWO_METHODS, NULL);
	if (t.header != NULL) {
		if (!by_header(rq, &t, out) || !by_its_method(rq, &t, out))
			return oauth_refusal(rq, REFUSE_BAD_BASIC, NULL);
		if (t.id != NULL && strcmp(t.id, out->client_id) != 0)
			return oauth_refusal(rq, REFUSE_OTHER_CLIENT_ID, NULL);
		return oauth_certificate_of(rq, out, true);
	}
	if (t.assertion)
		return oauth_assertion(rq, f, out) &&
		       oauth_certificate_of(rq, out, true);
	if (t.id == NULL)
		return oauth_refusal(rq, REFUSE_NO_CREDENTIALS, NULL);
	if (by_form(rq, &t, out) && by_its_method(rq, &t, out))
		return oauth_certificate_of(rq, out, t.secret != NULL);
	return t.secret != NULL ? oauth_refusal(rq, REFUSE_BAD_FORM, NULL)
				: oauth_certificate_refuse(rq, t.id);
}
