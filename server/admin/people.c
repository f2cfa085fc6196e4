/* SPDX-License-Identifier: Apache-2.0
 *
 * people: citizens and applications, from outside.
 *
 * Both are made by record, which checks what may be made at all; here it is
 * only said in JSON. A citizen who exists already is answered as if just made,
 * so that a test may begin with the same line every time; behaviours, when they
 * are given, replace the former ones.
 *
 * An application is registered with registration metadata and the mock's own
 * members; a secret is shown when it is made, and never again. PUT replaces the
 * metadata (RFC 7592 2.2) but leaves the secret, the permissions and the
 * tokens, unless a new secret is given.
 *
 * Facts: contracts.md section 3, stand-in.md 4.2 and 4.3, oauth.md 10.
 */
#include "admin/admin_int.h"

#include <string.h>

/* ---- citizens ------------------------------------------------------- */

static void citizen_write(struct jw *w, const struct store_citizen *c)
{
	jw_open(w, NULL, '{');
	jw_str(w, "hetu", c->hetu);
	jw_str(w, "patient_id", c->patient);
	jw_words(w, "behaviours", c->behaviours);
	jw_close(w);
}

static bool reply_citizen(struct rq *rq, int status,
			  const struct store_citizen *c)
{
	struct jw w = {.b = &rq->out};

	citizen_write(&w, c);
	return reply_json(rq, status);
}

bool admin_citizens(struct rq *rq)
{
	struct jw w = {.b = &rq->out};
	struct store_citizen *c;
	size_t n = store_citizen_list(store_of(rq), rq->arena, &c);

	jw_open(&w, NULL, '{');
	jw_open(&w, "citizens", '[');
	for (size_t i = 0; i < n; i++)
		citizen_write(&w, &c[i]);
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

static const struct member citizen_post[] = {
    {"hetu", MEMBER_TEXT, false},
    {"age", MEMBER_COUNT, false},
    {"behaviours", MEMBER_LIST, false},
};
const struct body citizen_post_body = BODY_OF(citizen_post);

bool admin_citizen_post(struct rq *rq)
{
	struct store_citizen c;
	const struct json *body;

	if (!body_read(rq, &citizen_post_body, &body))
		return false;
	const char *hetu = member_text(body, "hetu");
	int64_t age = member_count(body, "age", -1);
	if (hetu != NULL && age >= 0)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/age",
			       "\"hetu\" tells the age already.");
	if (age > 150)
		return err_set(&rq->err, ERR_INVALID, "invalid_value", "/age",
			       "\"age\" is too high for a person.");
	const struct json *words = json_get(body, "behaviours");
	struct record *r = admin_of(rq)->record;
	if (!record_citizen(r, rq->arena, hetu, (int)age, NULL, &c, &rq->err))
		return refuse_member(rq);
	if (words != NULL && json_kind(words) != JSON_NULL &&
	    !record_behaviours(r, rq->arena, words, &c, &rq->err))
		return refuse_member(rq);
	return reply_citizen(rq, 201, &c);
}

bool admin_citizen(struct rq *rq)
{
	struct store_citizen c;

	if (!citizen_get(rq, rq_param(rq, "hetu"), &c))
		return false;
	return reply_citizen(rq, 200, &c);
}

bool admin_citizen_delete(struct rq *rq)
{
	struct store_citizen c;

	if (!citizen_get(rq, rq_param(rq, "hetu"), &c) ||
	    !record_citizen_delete(admin_of(rq)->record, rq->arena, c.hetu,
				   &rq->err))
		return false;
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 204, NULL);
}

/* ---- applications --------------------------------------------------- */

/* The registration answer with the mock's own members behind it. */
static void client_write(struct jw *w, const struct store_client *c,
			 const struct record_secrets *secrets,
			 const char *issuer)
{
	jw_open(w, NULL, '{');
	record_client_write(w, c, secrets, issuer, true);
	record_client_write_own(w, c);
	jw_close(w);
}

static bool reply_client(struct rq *rq, int status,
			 const struct store_client *c,
			 const struct record_secrets *secrets)
{
	struct jw w = {.b = &rq->out};

	client_write(&w, c, secrets, issuer_of(rq));
	return reply_json(rq, status);
}

bool admin_clients(struct rq *rq)
{
	struct jw w = {.b = &rq->out};
	struct store_client *c;
	size_t n = store_client_list(store_of(rq), rq->arena, &c);

	jw_open(&w, NULL, '{');
	jw_open(&w, "clients", '[');
	for (size_t i = 0; i < n; i++)
		client_write(&w, &c[i], NULL, issuer_of(rq));
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_client_post(struct rq *rq)
{
	const struct json *body;
	struct record_secrets secrets = {0};
	struct store_client c;

	if (!body_object(rq, &body))
		return false;
	if (!record_client(admin_of(rq)->record, rq->arena, body, true, &c,
			   &secrets, &rq->err))
		return refuse_member(rq);
	return reply_client(rq, 201, &c, &secrets);
}

bool admin_client(struct rq *rq)
{
	struct store_client c;

	if (!client_get(rq, rq_param(rq, "client_id"), &c))
		return false;
	return reply_client(rq, 200, &c, NULL);
}

bool admin_client_put(struct rq *rq)
{
	struct store_client old, new;
	const struct json *body;
	struct record_secrets secrets = {0};

	if (!client_get(rq, rq_param(rq, "client_id"), &old) ||
	    !body_object(rq, &body))
		return false;
	if (!record_client_change(admin_of(rq)->record, rq->arena, &old, body,
				  &new, &secrets, &rq->err))
		return refuse_member(rq);
	return reply_client(rq, 200, &new, &secrets);
}

bool admin_client_delete(struct rq *rq)
{
	struct store_client c;

	if (!client_get(rq, rq_param(rq, "client_id"), &c))
		return false;
	store_client_delete(store_of(rq), c.client_id);
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 204, NULL);
}
