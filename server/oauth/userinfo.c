/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is the citizen? (OpenID Connect Core 5.3; oauth.md section 2.)
 *
 * For tokens whose scope has openid, which is offered by its switch alone. The
 * answer is the Patient id and nothing else: an application never learns the
 * name or the personal identity code. The token is the guard's business, so
 * refusals are those of any token's.
 */
#include "oauth/oauth_int.h"

bool oauth_userinfo(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	if (!scope_has(rq->grant->scope, "openid"))
		return oauth_bearer_refuse(
		    rq, ERR_FORBIDDEN, "insufficient_scope",
		    "The token's scope does not hold openid", "openid");
	jw_open(&w, NULL, '{');
	jw_str(&w, "sub", rq->grant->patient);
	jw_close(&w);
	return oauth_json(rq, 200);
}
