/* SPDX-License-Identifier: Apache-2.0
 *
 * world: what is put into the server beside what it started with: a fixture
 * document as a whole, all of it or nothing, and a citizen's permission without
 * its page.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1, 4.2.
 */
#include "admin/admin_int.h"

#include <string.h>

bool admin_fixtures(struct rq *rq)
{
	const struct json *body;
	struct jw w = {.b = &rq->out};

	if (!body_object(rq, &body))
		return false;
	jw_open(&w, NULL, '{');
	if (!record_fixtures_told(admin_of(rq)->record, rq->arena, body, &w,
				  &rq->err)) {
		buf_init(&rq->out, rq->arena); /* nothing was made */
		return false;
	}
	jw_close(&w);
	return reply_json(rq, 201);
}

static const struct member permission_post[] = {
    {"client_id", MEMBER_TEXT, true},
    {"hetu", MEMBER_TEXT, true},
    {"scope", MEMBER_TEXT, false},
};
const struct body permission_post_body = BODY_OF(permission_post);

bool admin_permission_post(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	struct jw w = {.b = &rq->out};
	struct store_citizen citizen;
	struct store_client client;
	const struct json *body;
	struct grant g;

	if (!body_read(rq, &permission_post_body, &body) ||
	    !client_get(rq, member_text(body, "client_id"), &client))
		return false;
	if (!record_citizen(r, rq->arena, member_text(body, "hetu"), -1, NULL,
			    &citizen, &rq->err) ||
	    !record_grant(r, rq->arena, client.client_id, citizen.hetu,
			  member_text(body, "scope"), INT64_MAX, &g, &rq->err))
		return refuse_member(rq);
	jw_open(&w, NULL, '{');
	jw_str(&w, "id", g.id);
	jw_str(&w, "client_id", g.client_id);
	jw_str(&w, "hetu", g.hetu);
	jw_str(&w, "patient_id", g.patient);
	jw_str(&w, "scope", g.scope);
	jw_close(&w);
	return reply_json(rq, 201);
}
