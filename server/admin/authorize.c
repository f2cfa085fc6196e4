/* SPDX-License-Identifier: Apache-2.0
 *
 * authorize: a citizen's decision about an application without a browser. The
 * answer is the URL to which the browser would have been sent, so a test can
 * hand it to its application as it is, or change it first (another state, no
 * code).
 *
 * The code is made by the same operation as on the consent page. What would
 * have stopped the request there stops it here: an address that is not the
 * application's, a scope it may not have, a challenge that cannot be. Whether
 * the citizen is old enough to log in, nobody asks: there is no login.
 *
 * Facts: stand-in.md 4, oauth.md 16.
 */
#include "admin/admin_int.h"

#include <string.h>

#include "site/site.h"

struct decision {
	const struct json *body;
	struct store_client client;
	struct store_citizen citizen;
	struct settings set;
	const char *redirect_uri; /* where the answer goes */
	const char *scope;	  /* granted; NULL: all of the application's */
	bool approve;
};

static bool take_redirect_uri(struct rq *rq, struct decision *d)
{
	const char *sent = member_text(d->body, "redirect_uri");
	const char *all = d->client.redirect_uris;

	d->redirect_uri =
	    sent != NULL ? sent
			 : arena_strndup(rq->arena, all, strcspn(all, " "));
	if (d->redirect_uri[0] != '\0' && scope_has(all, d->redirect_uri))
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_redirect_uri",
		       "/redirect_uri",
		       "The redirect_uri must be one that the application has "
		       "registered.");
}

/* What is granted may be less than what was asked for, not more. */
static bool take_scope(struct rq *rq, struct decision *d)
{
	const char *asked = member_text(d->body, "scope");
	const char *granted = member_text(d->body, "granted_scope");

	d->scope = granted != NULL ? granted : asked;
	if (asked == NULL || granted == NULL)
		return true;
	for (const char *p = granted; *(p += strspn(p, " ")) != '\0';) {
		size_t n = strcspn(p, " ");

		if (!scope_has(asked, arena_strndup(rq->arena, p, n)))
			return err_set(&rq->err, ERR_INVALID, "invalid_scope",
				       "/granted_scope",
				       "granted_scope holds \"%.*s\", which "
				       "is not in scope.",
				       (int)(n < 64 ? n : 64), p);
		p += n;
	}
	return true;
}

static bool take_decision(struct rq *rq, struct decision *d)
{
	const char *word = member_text(d->body, "decision");

	d->approve = strcmp(word, "approve") == 0;
	if (d->approve || strcmp(word, "deny") == 0)
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_decision", "/decision",
		       "decision must be approve or deny.");
}

static bool check_challenge(struct rq *rq, const struct decision *d)
{
	const char *challenge = member_text(d->body, "code_challenge");
	const char *text =
	    challenge == NULL
		? NULL
		: record_challenge_fault(
		      &d->set, challenge,
		      member_text(d->body, "code_challenge_method"));

	return text == NULL || err_set(&rq->err, ERR_INVALID, "invalid_request",
				       "/code_challenge", "%s", text);
}

/* The code; NULL when access is denied, or with rq->err for another reason. */
static const char *code_of(struct rq *rq, const struct decision *d)
{
	const char *challenge = member_text(d->body, "code_challenge");
	const char *method = member_text(d->body, "code_challenge_method");
	const struct record_authorization x = {
	    .client = &d->client,
	    .hetu = d->citizen.hetu,
	    .scope = d->scope,
	    .code =
		{
		    .redirect_uri = member_text(d->body, "redirect_uri"),
		    .challenge = challenge,
		    .challenge_method = challenge == NULL ? NULL
					: method != NULL  ? method
							  : "plain",
		    .nonce = member_text(d->body, "nonce"),
		},
	};

	if (!d->approve)
		return NULL;
	const char *code =
	    record_authorize(admin_of(rq)->record, rq->arena, &x, &rq->err);
	if (code == NULL && strcmp(rq->err.code, "access_denied") == 0)
		rq->err = (struct err){0};
	return code;
}

static bool answer(struct rq *rq, const struct decision *d, const char *code)
{
	const bool denied = code == NULL;
	const struct http_pair pair[] = {
	    {"code", code},
	    {"error", denied ? "access_denied" : NULL},
	    {"error_description", denied ? "User denied access" : NULL},
	    {"state", member_text(d->body, "state")},
	    {"iss", d->set.iss_parameter != 0 ? issuer_of(rq) : NULL},
	};
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "redirect_url",
	       site_redirect_uri(rq->arena, d->redirect_uri, pair, LEN(pair)));
	jw_close(&w);
	return reply_json(rq, 200);
}

static const struct member authorize[] = {
    {"client_id", MEMBER_TEXT, true},
    {"redirect_uri", MEMBER_TEXT, false},
    {"scope", MEMBER_TEXT, false},
    {"state", MEMBER_TEXT, false},
    {"hetu", MEMBER_TEXT, true},
    {"decision", MEMBER_TEXT, true},
    {"granted_scope", MEMBER_TEXT, false},
    {"code_challenge", MEMBER_TEXT, false},
    {"code_challenge_method", MEMBER_TEXT, false},
    {"nonce", MEMBER_TEXT, false},
};
const struct body authorize_body = BODY_OF(authorize);

bool admin_authorize(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	struct decision d = {0};

	if (!body_read(rq, &authorize_body, &d.body) ||
	    !client_get(rq, member_text(d.body, "client_id"), &d.client))
		return false;
	d.set = record_client_settings(r, rq->arena, &d.client);
	if (!take_decision(rq, &d) || !take_redirect_uri(rq, &d) ||
	    !take_scope(rq, &d) || !check_challenge(rq, &d))
		return false;
	if (!record_citizen(r, rq->arena, member_text(d.body, "hetu"), -1, NULL,
			    &d.citizen, &rq->err))
		return refuse_member(rq);
	const char *code = code_of(rq, &d);
	if (rq->err.kind != ERR_NONE)
		return refuse_member(rq);
	return answer(rq, &d, code);
}
