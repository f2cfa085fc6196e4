/* SPDX-License-Identifier: Apache-2.0
 *
 * oauth: the authorization server and the bearer guard. authorize with login
 * and consent pages, token, introspect, revoke, register, userinfo, metadata.
 * Facts: oauth.md. Switches decide how it behaves: as clients of the real,
 * MITREid-based service saw it, or as the RFCs have it.
 */
#ifndef OAUTH_H
#define OAUTH_H

#include "site/site.h"

struct oauth {
	struct site site;	  /* its path: "/phr-authserver-sandbox" */
	const char *auto_approve; /* NULL: pages; "": the first citizen of the
				   * fixtures; else a hetu (--auto-approve) */
};

/* Fills the group of routes below path, which needs no guards; o must outlive
 * it. */
void oauth_group(struct oauth *o, struct http_group *out);

/* The metadata where RFC 8414 3.1 looks for them; prefix, which must outlive
 * the group: OAUTH_ROOT and the path of the authorization server. */
#define OAUTH_ROOT "/.well-known/oauth-authorization-server"
void oauth_root_group(struct oauth *o, const char *prefix,
		      struct http_group *out);

/* The guard that asks who: routes other than ACCESS_OPEN need a live access
 * token (RFC 6750 header only); puts the grant on the request. Refusals carry
 * WWW-Authenticate as oauth.md 11.2. ctx: struct oauth. */
bool oauth_guard_bearer(struct rq *rq, void *ctx);

/* The guard that asks what for: ACCESS_READ and ACCESS_WRITE need the scope
 * patient/<:type>.read or .write in the grant. ctx: struct oauth. */
bool oauth_guard_scope(struct rq *rq, void *ctx);

#endif
