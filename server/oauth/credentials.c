/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is the application? Its credentials in the Authorization header or in the
 * form (RFC 6749 2.3.1; oauth.md 5.1, column kanta).
 *
 * Basic wins over the form. The RFC wants its two halves percent-encoded and
 * many clients do not do it, so both readings are tried. Where credentials
 * come from decides how a refusal is worded; whether the client exists does
 * not: an unknown one is compared with a digest that nothing has, so that
 * neither the answer nor the work done tells them apart.
 *
 * A client registered with the method none and without a certificate is public:
 * its empty secret equals the empty secret. One with a certificate cannot be
 * known yet, since no listener asks for certificates.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>
#include <strings.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

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

/* ---- the form -------------------------------------------------------- */

static bool is_form(struct rq *rq)
{
	const char *type = rq_header_in(rq, "Content-Type");
	size_t n = strlen(FORM_TYPE);

	return rq->body_len == 0 ||
	       (type != NULL && strncasecmp(type, FORM_TYPE, n) == 0 &&
		strchr("; \t", type[n]) != NULL);
}

bool oauth_form_read(struct rq *rq, struct oauth_form *f)
{
	if (!is_form(rq))
		return oauth_refusal(rq, REFUSE_CONTENT_TYPE, NULL);
	return http_form(rq->arena, rq->query, strlen(rq->query), &f->query,
			 &f->query_n, &rq->err) &&
	       http_form(rq->arena, rq->body, rq->body_len, &f->body,
			 &f->body_n, &rq->err);
}

const char *oauth_form_get(const struct oauth_form *f, const char *name)
{
	const char *value = http_form_get(f->query, f->query_n, name);

	if (value == NULL)
		value = http_form_get(f->body, f->body_n, name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ---- the check ------------------------------------------------------- */

static bool is_public(const struct store_client *c)
{
	return strcmp(c->auth_method, "none") == 0 &&
	       c->secret_digest[0] == '\0' &&
	       c->certificate_serial_number[0] == '\0';
}

static bool known(struct rq *rq, const char *id, const char *secret,
		  struct store_client *out)
{
	struct store *store = oauth_of(rq)->site.record->store;
	bool found = store_client_find(store, rq->arena, id, out);
	const char *wanted = found ? out->secret_digest : no_digest;
	char digest[JOSE_DIGEST];

	jose_digest(digest, secret, strlen(secret));
	if (jose_equal(digest, wanted))
		return true;
	return found && is_public(out) && secret[0] == '\0';
}

static bool known_by_header(struct rq *rq, const char *header,
			    struct store_client *out)
{
	struct oauth_credentials raw, decoded;

	if (!oauth_basic_read(rq->arena, header, &raw, &decoded))
		return false;
	if (known(rq, raw.id, raw.secret, out))
		return true;
	return decoded.id != NULL && known(rq, decoded.id, decoded.secret, out);
}

bool oauth_client(struct rq *rq, const struct oauth_form *f,
		  struct store_client *out)
{
	const char *header = rq_header_in(rq, "Authorization");
	const char *id = oauth_form_get(f, "client_id");
	const char *secret = oauth_form_get(f, "client_secret");

	if (header != NULL && oauth_scheme(header, "Basic")) {
		if (!known_by_header(rq, header, out))
			return oauth_refusal(rq, REFUSE_BAD_BASIC, NULL);
		if (id != NULL && strcmp(id, out->client_id) != 0)
			return oauth_refusal(rq, REFUSE_OTHER_CLIENT_ID, NULL);
		return true;
	}
	if (id == NULL)
		return oauth_refusal(rq, REFUSE_NO_CREDENTIALS, NULL);
	if (!known(rq, id, secret != NULL ? secret : "", out))
		return oauth_refusal(rq, REFUSE_BAD_FORM, NULL);
	return true;
}
