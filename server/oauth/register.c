/* SPDX-License-Identifier: Apache-2.0
 *
 * Dynamic client registration (RFC 7591; oauth.md section 10).
 *
 * What is accepted is decided in record/, where fixtures and the control API
 * register applications too; here the body is read and the answer sent. A
 * registration cannot be read or changed afterwards (RFC 7592), so the answer
 * names no address and no token for that: both members are null.
 */
#include "oauth/oauth_int.h"

#include <string.h>

#define BAD_METADATA "invalid_client_metadata"

bool oauth_register(struct rq *rq)
{
	struct jw w = {.b = &rq->out};
	struct store_client client;
	struct record_secrets secrets;
	struct err e;
	const struct json *metadata =
	    json_parse(rq->arena, rq->body, rq->body_len, &e);

	if (metadata == NULL)
		return err_set(&rq->err, ERR_INVALID, BAD_METADATA, e.where,
			       "The body is not JSON: %s (%s)", e.text,
			       e.where);
	if (!record_client(oauth_of(rq)->site.record, rq->arena, metadata,
			   false, &client, &secrets, &rq->err))
		return false;
	jw_open(&w, NULL, '{');
	record_client_write(&w, &client, &secrets, site_url(rq, "/"));
	jw_close(&w);
	return oauth_json(rq, 201);
}
