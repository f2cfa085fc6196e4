/* SPDX-License-Identifier: Apache-2.0
 *
 * Registration of applications by themselves, and its management (RFC 7591,
 * 7592; oauth.md section 10): metadata in, the field set of the real answer
 * out. What holds of the metadata is the record's to decide, since the control
 * API registers too.
 *
 * Secrets and tokens are stored as digests alone, so the answer to a
 * registration is the only one that has the secret; a registration that is read
 * or changed shows the registration access token that was presented, and the
 * secret when a change made a new one. Made-up tokens are 401, another
 * application's is 403, so a registration that is gone looks like one that
 * never was. Where the service registers applications (self_service), all but
 * reading is refused.
 */
#include "oauth/oauth_int.h"

#include <assert.h>
#include <string.h>

#define BAD_METADATA "invalid_client_metadata"

static bool answer(struct rq *rq, int status, const struct store_client *c,
		   const struct record_secrets *secrets)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	record_client_write(
	    &w, c, secrets, oauth_issuer(rq),
	    oauth_of(rq)->site.record->settings.registration_nulls);
	jw_close(&w);
	return oauth_json(rq, status);
}

/* The body, or NULL: refused (*done: it is answered). */
static const struct json *metadata(struct rq *rq, bool *done)
{
	struct err e;
	const struct json *v =
	    json_parse(rq->arena, rq->body, rq->body_len, &e);

	*done = false;
	if (v != NULL)
		return v;
	if (oauth_of(rq)->site.record->settings.oauth_errors == 0) {
		*done = oauth_refuse_empty(
		    rq, ERR_INVALID,
		    arena_printf(rq->arena, "the body is not JSON: %s",
				 e.text));
		return NULL;
	}
	err_set(&rq->err, ERR_INVALID, BAD_METADATA, e.where,
		"The body is not JSON: %s (%s)", e.text, e.where);
	return NULL;
}

bool oauth_register(struct rq *rq)
{
	struct store_client client;
	struct record_secrets secrets;
	bool done;

	if (!site_self_service(rq))
		return false;
	const struct json *m = metadata(rq, &done);
	if (m == NULL)
		return done;
	if (!record_client(oauth_of(rq)->site.record, rq->arena, m, false,
			   &client, &secrets, &rq->err))
		return false;
	return answer(rq, 201, &client, &secrets);
}

/* ---- management ------------------------------------------------------- */

/* The application whose registration the path names, and the token that says
 * so. False: refused (*done: it is answered). */
static bool managed(struct rq *rq, struct store_client *c,
		    struct record_secrets *secrets, bool *done)
{
	const char *header = rq_header_in(rq, "Authorization");
	const char *token = header && oauth_scheme(header, "Bearer")
				? oauth_bearer_read(rq->arena, header)
				: NULL;

	*done = false;
	if (header == NULL || !oauth_scheme(header, "Bearer"))
		return oauth_refusal(rq, REFUSE_NO_REGISTRATION, NULL);
	if (token == NULL || rq_header_count(rq, "Authorization") != 1 ||
	    !record_client_of_token(oauth_of(rq)->site.record, rq->arena, token,
				    c))
		return oauth_refusal(rq, REFUSE_REGISTRATION, token);
	*secrets = (struct record_secrets){.registration_access_token = token};
	if (strcmp(c->client_id, rq_param(rq, "client_id")) == 0)
		return true;
	*done = oauth_refuse_empty(rq, ERR_FORBIDDEN,
				   "the registration access token is that of "
				   "another application");
	return false;
}

bool oauth_register_get(struct rq *rq)
{
	struct store_client c = {0};
	struct record_secrets secrets = {0};
	bool done;

	if (!managed(rq, &c, &secrets, &done))
		return done;
	return answer(rq, 200, &c, &secrets);
}

/* Does the body say that it is another application's? */
static bool is_other(const struct json *m, const char *client_id)
{
	assert(client_id != NULL);
	const char *id =
	    json_kind(m) == JSON_OBJECT ? json_get_text(m, "client_id") : NULL;

	return id != NULL && strcmp(id, client_id) != 0;
}

bool oauth_register_put(struct rq *rq)
{
	struct store_client old = {0}, new;
	struct record_secrets kept = {0}, secrets;
	bool done;

	if (!managed(rq, &old, &kept, &done))
		return done;
	if (!site_self_service(rq))
		return false;
	const struct json *m = metadata(rq, &done);
	if (m == NULL)
		return done;
	if (is_other(m, old.client_id))
		return oauth_refuse_empty(rq, ERR_FORBIDDEN,
					  "client_id in the body is another "
					  "application's");
	if (!record_client_change_self(oauth_of(rq)->site.record, rq->arena,
				       &old, m, &new, &secrets, &rq->err))
		return false;
	secrets.registration_access_token = kept.registration_access_token;
	return answer(rq, 200, &new, &secrets);
}

bool oauth_register_delete(struct rq *rq)
{
	struct store_client c = {0};
	struct record_secrets secrets = {0};
	bool done;

	if (!managed(rq, &c, &secrets, &done))
		return done;
	if (!site_self_service(rq))
		return false;
	store_client_delete(oauth_of(rq)->site.record->store, c.client_id);
	return oauth_empty(rq, 204);
}
