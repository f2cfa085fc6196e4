/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization server's routes: the paths of the real sandbox that work
 * here. Stock paths that nobody used (endsession, devicecode, ...) are absent
 * and answer 404.
 *
 * Who may do what is decided by the endpoints' own protocols (a session with a
 * form token, client credentials); the guard asks for a token where a route
 * says so, which is userinfo alone.
 *
 * RFC 8414 3.1 puts the metadata where the path of the issuer comes behind
 * /.well-known/, which is outside of the group: it has one of its own.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static bool preflight(struct rq *rq);
static bool portal(struct rq *rq);

static const struct route routes[] = {
    {"GET", "/authorize", oauth_authorize_get, ACCESS_OPEN, 0,
     "an application asks for access: login, consent or redirect", "authorize"},
    {"POST", "/authorize", oauth_authorize_post, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "the same as a form, or the citizen's decision",
     "authorize"},
    {"GET", "/login", oauth_login_get, ACCESS_OPEN, 0, "the login page",
     "login"},
    {"POST", "/login", oauth_login_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "log in with a test personal identity code", "login"},
    {"POST", "/terms", oauth_terms_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "the terms of use are accepted, or not", "terms"},
    {"GET", "/logout", site_logout_get, ACCESS_OPEN, 0, "the logout page",
     "logout"},
    {"POST", "/logout", site_logout_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "end the session", "logout"},
    {"POST", "/token", oauth_token, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "tokens for a code or a refresh token", "token"},
    {"POST", "/introspect", oauth_introspect, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "what a token is", "introspect"},
    {"POST", "/revoke", oauth_revoke, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "give a token back", "revoke"},
    {"POST", "/register", oauth_register, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "register an application", "register"},
    {"GET", "/register/:client_id", oauth_register_get, ACCESS_OPEN, 0,
     "its registration", "register"},
    {"PUT", "/register/:client_id", oauth_register_put, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "change it", "register"},
    {"DELETE", "/register/:client_id", oauth_register_delete, ACCESS_OPEN, 0,
     "withdraw it", "register"},
    {"GET", "/userinfo", oauth_userinfo, ACCESS_READ, 0, "who the citizen is",
     "userinfo"},
    {"POST", "/userinfo", oauth_userinfo, ACCESS_READ, HTTP_FORM_BODY_BYTES,
     "the same", "userinfo"},
    {"GET", "/jwk", oauth_jwk, ACCESS_OPEN, 0, "the signing key", "jwk"},
    {"GET", "/.well-known/openid-configuration", oauth_discovery, ACCESS_OPEN,
     0, "where the endpoints are and what they can do", "metadata"},
    {"GET", "/.well-known/oauth-authorization-server", oauth_metadata,
     ACCESS_OPEN, 0, "the same; by switch", "metadata"},
    {"OPTIONS", "/token", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/introspect", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/revoke", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/register", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/register/:client_id", preflight, ACCESS_OPEN, 0,
     "CORS preflight", "preflight"},
    {"OPTIONS", "/userinfo", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/jwk", preflight, ACCESS_OPEN, 0, "CORS preflight",
     "preflight"},
    {"OPTIONS", "/.well-known/openid-configuration", preflight, ACCESS_OPEN, 0,
     "CORS preflight", "preflight"},
    {"OPTIONS", "/.well-known/oauth-authorization-server", preflight,
     ACCESS_OPEN, 0, "CORS preflight", "preflight"},
    {"GET", "/", portal, ACCESS_OPEN, 0, "leads to the self-service portal",
     "portal"},
    {"GET", "/style.css", site_style, ACCESS_OPEN, 0,
     "the style sheet of every page", "style"},
    {"GET", "/icon.svg", site_icon, ACCESS_OPEN, 0, "its icon", "icon"},
};

/* At the root of the host, below RFC 8414's path. */
static const struct route root_routes[] = {
    {"GET", "/", oauth_metadata, ACCESS_OPEN, 0, "the metadata; by switch",
     "metadata"},
    {"OPTIONS", "/", preflight, ACCESS_OPEN, 0, "CORS preflight", "preflight"},
};

static void add_methods(struct buf *b, const struct route *r)
{
	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", r->method);
	if (strcmp(r->method, "GET") == 0)
		buf_puts(b, ", HEAD");
}

/* Pages of any origin may call what programs call, never with cookies; the
 * pages for people are not among them (so the group as a whole is not open). */
static bool preflight(struct rq *rq)
{
	bool root = rq->route == &root_routes[LEN(root_routes) - 1];
	const struct route *r = root ? root_routes : routes;
	size_t n = root ? LEN(root_routes) : LEN(routes);
	struct buf allow;

	buf_init(&allow, rq->arena);
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].path, rq->route->path) == 0)
			add_methods(&allow, &r[i]);
	rq_header(rq, "Allow", "%s", allow.p);
	rq_header(rq, "Access-Control-Allow-Origin", "*");
	rq_header(rq, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
	rq_header(rq, "Access-Control-Allow-Headers",
		  "X-Requested-With,Origin,Content-Type, Accept, "
		  "Authorization");
	return rq_reply(rq, 200, NULL);
}

static bool portal(struct rq *rq)
{
	return site_go(rq, 302, site_url(rq, "/applications"));
}

void oauth_group(struct oauth *o, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = o->site.path,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = o,
	    .guard = {{oauth_guard_bearer, o}},
	    .refuse = oauth_refuse,
	    .faults = true,
	    .kind = "oauth",
	};
}

void oauth_root_group(struct oauth *o, const char *prefix,
		      struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = prefix,
	    .routes = root_routes,
	    .route_count = LEN(root_routes),
	    .ctx = o,
	    .refuse = oauth_refuse,
	    .faults = true,
	    .kind = "oauth",
	};
}
