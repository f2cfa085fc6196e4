/* SPDX-License-Identifier: Apache-2.0
 *
 * The page that shows what is shown once: the client secret and the
 * registration access token, of which only digests are stored, and lines to
 * copy that use them: an authorization request and a token request in the way
 * the application authenticates itself.
 *
 * The lines are for a POSIX shell. Every value in them stands in single quotes,
 * with those in the value itself escaped, so that copying a line never runs
 * anything that somebody wrote into a registration.
 */
#include "web/portal_int.h"

#include <string.h>

/* The example of RFC 7636, appendix B: for lines that work as they stand. */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void quoted(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s != '\0'; s++)
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *s);
	buf_putc(b, '\'');
}

/* ` \` and a new line with an argument: -d 'name=value'. */
static void argument(struct buf *b, const char *option, const char *name,
		     const char *value)
{
	buf_printf(b, " \\\n  %s ", option);
	quoted(b, arena_cat(b->arena, name, value, NULL));
}

static void parameter(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "&%s=", name);
	http_escape(b, value);
}

static const char *first_word(struct arena *a, const char *list)
{
	return arena_strndup(a, list, strcspn(list, " "));
}

/* What the citizen's browser is sent to. */
static const char *authorize_url(struct rq *rq, const struct store_client *c)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_printf(&b, "%s?response_type=code", site_url(rq, "/authorize"));
	parameter(&b, "client_id", c->client_id);
	parameter(&b, "redirect_uri", first_word(rq->arena, c->redirect_uris));
	parameter(&b, "scope", c->scope);
	parameter(&b, "state", "xyz");
	if (strcmp(c->auth_method, "none") == 0)
		buf_puts(&b, "&code_challenge=" CHALLENGE
			     "&code_challenge_method=S256");
	return b.p;
}

static const char *authorize_line(struct rq *rq, const char *url)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_puts(&b, "curl -si ");
	quoted(&b, url);
	return b.p;
}

/* Does a citizen's browser go to it, or does it ask for tokens by itself
 * (professional use)? */
static bool by_browser(const struct store_client *c)
{
	return scope_has(c->grant_types, "authorization_code");
}

static void credentials(struct buf *b, const struct store_client *c,
			const char *secret)
{
	if (strcmp(c->auth_method, "client_secret_basic") == 0) {
		argument(b, "-u", arena_cat(b->arena, c->client_id, ":", NULL),
			 secret);
		return;
	}
	argument(b, "-d", "client_id=", c->client_id);
	if (strcmp(c->auth_method, "client_secret_post") == 0)
		argument(b, "-d", "client_secret=", secret);
	if (record_has_certificate(b->arena, c)) {
		argument(b, "--cert", "", "application.pem");
		argument(b, "--key", "", "application.key");
	}
	if (strcmp(c->auth_method, "none") == 0 && by_browser(c))
		argument(b, "-d", "code_verifier=", VERIFIER);
	if (strcmp(c->auth_method, "private_key_jwt") != 0)
		return;
	argument(b, "-d", "client_assertion_type=",
		 "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	argument(b, "-d", "client_assertion=", "JWT");
}

/* Where it presents its certificate, if it has one. */
static const char *token_url(struct rq *rq, const struct store_client *c)
{
	const struct site *site = &web_of(rq)->site;
	const char *mtls = site->record->mtls_origin;

	return mtls != NULL && record_has_certificate(rq->arena, c)
		   ? arena_cat(rq->arena, mtls, site->path, "/token", NULL)
		   : site_url(rq, "/token");
}

static const char *token_line(struct rq *rq, const struct store_client *c,
			      const char *secret)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_puts(&b, "curl -s ");
	quoted(&b, token_url(rq, c));
	credentials(&b, c, secret != NULL ? secret : "SECRET");
	if (!by_browser(c)) {
		argument(&b, "-d", "grant_type=", "client_credentials");
		argument(&b, "-d", "patient_hetu=", "HETU");
		return b.p;
	}
	argument(&b, "-d", "grant_type=", "authorization_code");
	argument(&b, "-d", "code=", "CODE");
	argument(&b, "--data-urlencode",
		 "redirect_uri=", first_word(rq->arena, c->redirect_uris));
	return b.p;
}

bool portal_secrets_page(struct rq *rq, const char *title,
			 const struct store_client *c,
			 const struct record_secrets *secrets)
{
	const char *registration =
	    arena_cat(rq->arena, "/register/", c->client_id, NULL);
	const char *token = secrets->registration_access_token;
	const char *url = authorize_url(rq, c);

	struct page_value v[] = {
	    {.name = "list", .text = portal_url(rq, "")},
	    {.name = "title", .text = site_word(rq, title)},
	    {.name = "name", .text = portal_name(c)},
	    {.name = "id", .text = c->client_id},
	    {.name = "secret", .text = secrets->client_secret},
	    {.name = "token", .text = token},
	    {.name = "shown_once",
	     .text =
		 secrets->client_secret != NULL || token != NULL ? "1" : ""},
	    {.name = "registration", .text = site_url(rq, registration)},
	    {.name = "url", .text = by_browser(c) ? url : ""},
	    {.name = "authorize", .text = authorize_line(rq, url)},
	    {.name = "exchange",
	     .text = token_line(rq, c, secrets->client_secret)},
	    {.name = "edit", .text = portal_url_of(rq, c->client_id, "")},
	};
	return site_page(rq, 200, title, "server/web/portal_secrets.html",
			 &(struct page_values){v, LEN(v)}, "");
}
