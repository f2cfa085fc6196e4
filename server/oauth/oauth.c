/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization server's routes: the paths of the real sandbox that work
 * here. The others (introspect, revoke, userinfo, reading a registration) are
 * absent and answer 404, as does everything that nobody used.
 *
 * No guard: who may do what is decided by the endpoints' own protocols (a
 * session with a form token, client credentials), not by a token.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static bool preflight(struct rq *rq);
static bool portal(struct rq *rq);

static const struct route routes[] = {
    {"GET", "/authorize", oauth_authorize_get, ACCESS_OPEN, 0,
     "an application asks for access: login, consent or redirect"},
    {"POST", "/authorize", oauth_authorize_post, ACCESS_OPEN,
     HTTP_FORM_BODY_BYTES, "the same as a form, or the citizen's decision"},
    {"GET", "/login", oauth_login_get, ACCESS_OPEN, 0, "the login page"},
    {"POST", "/login", oauth_login_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "log in with a test personal identity code"},
    {"POST", "/terms", oauth_terms_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "the terms of use are accepted, or not"},
    {"GET", "/logout", site_logout_get, ACCESS_OPEN, 0, "the logout page"},
    {"POST", "/logout", site_logout_post, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "end the session"},
    {"POST", "/token", oauth_token, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "tokens for a code or a refresh token"},
    {"POST", "/register", oauth_register, ACCESS_OPEN, HTTP_FORM_BODY_BYTES,
     "register an application"},
    {"GET", "/jwk", oauth_jwk, ACCESS_OPEN, 0, "the signing key"},
    {"GET", "/.well-known/openid-configuration", oauth_discovery, ACCESS_OPEN,
     0, "where the endpoints are and what they can do"},
    {"OPTIONS", "/token", preflight, ACCESS_OPEN, 0, "CORS preflight"},
    {"OPTIONS", "/register", preflight, ACCESS_OPEN, 0, "CORS preflight"},
    {"OPTIONS", "/jwk", preflight, ACCESS_OPEN, 0, "CORS preflight"},
    {"OPTIONS", "/.well-known/openid-configuration", preflight, ACCESS_OPEN, 0,
     "CORS preflight"},
    {"GET", "/", portal, ACCESS_OPEN, 0, "leads to the self-service portal"},
    {"GET", "/style.css", site_style, ACCESS_OPEN, 0,
     "the style sheet of every page"},
};

/* Pages of any origin may call what programs call, never with cookies; the
 * pages for people are not among them (so the group as a whole is not open). */
static bool preflight(struct rq *rq)
{
	struct buf allow;

	buf_init(&allow, rq->arena);
	for (size_t i = 0; i < LEN(routes); i++)
		if (strcmp(routes[i].path, rq->route->path) == 0)
			buf_printf(&allow, "%s%s", allow.len > 0 ? ", " : "",
				   routes[i].method);
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
	    .refuse = oauth_refuse,
	};
}
