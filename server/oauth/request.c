/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization request (RFC 6749 4.1.1, RFC 7636 4.3): reading it, its
 * checks, keeping it while the citizen decides, and its two answers.
 *
 * Two rings of checks. Before the client and its redirect URI are sound nothing
 * may be redirected at all: those refusals are pages (RFC 9700 4.11). What is
 * wrong behind that is told to the application through the browser. Redirect
 * URIs are compared octet for octet.
 *
 * A request that waits for a decision is kept here, not in the form: the form
 * carries a one-use token of which the digest is the request's key, and the
 * request belongs to the session that asked. A used token leaves a mark, so
 * that a form sent twice is told apart from one that was never ours.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <string.h>

/* ---- reading and checking -------------------------------------------- */

bool oauth_request_read(struct rq *rq, const char *query,
			struct oauth_request *q)
{
	struct http_pair *p;
	size_t n;

	*q = (struct oauth_request){0};
	if (!http_form(rq->arena, query, strlen(query), &p, &n, &rq->err))
		return false;
	const struct {
		const char *name, **to;
		bool empty_counts;
	} wanted[] = {
	    {"response_type", &q->response_type, false},
	    {"client_id", &q->client_id, false},
	    {"redirect_uri", &q->redirect_uri, false},
	    {"scope", &q->scope, false},
	    {"state", &q->state, true},
	    {"code_challenge", &q->challenge, false},
	    {"code_challenge_method", &q->method, false},
	    {"prompt", &q->prompt, false},
	    {"login_hint", &q->login_hint, false},
	    {"max_age", &q->max_age, false},
	};
	for (size_t i = 0; i < LEN(wanted); i++) {
		const char *value = http_form_get(p, n, wanted[i].name);
		if (value != NULL &&
		    (value[0] != '\0' || wanted[i].empty_counts))
			*wanted[i].to = value;
	}
	q->redirect_given = q->redirect_uri != NULL;
	return true;
}

bool oauth_prompts(const struct oauth_request *q, const char *word)
{
	return q->prompt != NULL && oauth_has_word(q->prompt, word);
}

/* The only registered redirect URI; NULL when there are more, or none. */
static const char *only_uri(struct arena *a, const char *uris)
{
	size_t n, more;
	const char *first = oauth_word(&uris, &n);

	if (first == NULL || oauth_word(&uris, &more) != NULL)
		return NULL;
	return arena_strndup(a, first, n);
}

bool oauth_request_client(struct rq *rq, struct oauth_request *q)
{
	struct store *store = oauth_of(rq)->site.record->store;

	if (q->client_id == NULL)
		return err_set(&rq->err, ERR_UNAUTHORIZED, "invalid_client",
			       "client_id", "A client id must be provided");
	if (!store_client_find(store, rq->arena, q->client_id, &q->client))
		return err_set(&rq->err, ERR_UNAUTHORIZED, "invalid_client",
			       "client_id", "Bad client credentials");
	if (q->redirect_uri == NULL)
		q->redirect_uri = only_uri(rq->arena, q->client.redirect_uris);
	if (q->redirect_uri == NULL ||
	    !oauth_has_word(q->client.redirect_uris, q->redirect_uri))
		return err_set(&rq->err, ERR_INVALID, "invalid_grant",
			       "redirect_uri",
			       "Invalid redirect uri does not match one of the "
			       "registered values.");
	return true;
}

const char *oauth_request_hint(struct rq *rq)
{
	struct store *store = oauth_of(rq)->site.record->store;
	const struct err refusal = rq->err;
	struct oauth_request q;
	bool sound = oauth_request_read(rq, rq->query, &q);

	rq->err = refusal;
	if (!sound || q.client_id == NULL)
		return NULL;
	if (strcmp(refusal.where, "client_id") == 0)
		return arena_printf(rq->arena,
				    "No application is registered here with "
				    "the client_id \"%s\".",
				    q.client_id);
	if (strcmp(refusal.where, "redirect_uri") != 0 ||
	    !store_client_find(store, rq->arena, q.client_id, &q.client))
		return NULL;
	return arena_printf(rq->arena,
			    "The redirect_uri sent is \"%s\"; registered, and "
			    "compared octet by octet, are: %s",
			    q.redirect_uri != NULL ? q.redirect_uri : "",
			    q.client.redirect_uris);
}

static bool challenge_fault(const struct oauth_request *q,
			    struct oauth_fault *f)
{
	if (q->challenge == NULL)
		return false;
	f->error = "invalid_request";
	if (q->method == NULL || strcmp(q->method, "plain") == 0) {
		f->text = "code_challenge must be 43 to 128 unreserved "
			  "characters";
		/* it is its own verifier */
		return !jose_pkce_ok(q->challenge, q->challenge, "plain");
	}
	if (strcmp(q->method, "S256") == 0) {
		f->text = "code_challenge must be 43 characters of base64url";
		return !jose_pkce_challenge_ok(q->challenge);
	}
	f->text = "transform algorithm not supported";
	return true;
}

bool oauth_request_fault(struct rq *rq, struct oauth_request *q,
			 struct oauth_fault *f)
{
	const char *type = q->response_type != NULL ? q->response_type : "";

	*f = (struct oauth_fault){0};
	/* no client here may have a token from this endpoint */
	if (!oauth_has_word(type, "code") || oauth_has_word(type, "token")) {
		f->error = "unsupported_response_type";
		f->text = "Unsupported response types";
		return true;
	}
	if (!oauth_has_word(q->client.grant_types, "authorization_code")) {
		f->error = "unauthorized_client";
		f->text = "Unauthorized grant type";
		return true;
	}
	if (strcmp(q->client.kind, "professional") == 0) {
		f->error = "unauthorized_client";
		f->text = "Applications for professionals are not authorized "
			  "by citizens";
		return true;
	}
	const char *wanted =
	    oauth_scope_wanted(rq->arena, q->scope, q->client.scope);
	if (wanted == NULL) {
		const char *asked = q->scope != NULL ? q->scope : "";
		f->error = "invalid_scope";
		f->text = arena_printf(rq->arena, "Invalid scope; requested:%s",
				       oauth_scope_shown(rq->arena, asked));
		f->scope = q->client.scope;
		return true;
	}
	q->scope = wanted;
	return challenge_fault(q, f);
}

const struct oauth_fault oauth_denied = {.error = "access_denied",
					 .text = "User denied access"};

/* ---- the two answers ------------------------------------------------- */

bool oauth_request_error(struct rq *rq, const struct oauth_request *q,
			 int status, const struct oauth_fault *f)
{
	const struct http_pair pair[] = {{"error", f->error},
					 {"error_description", f->text},
					 {"state", q->state},
					 {"scope", f->scope}};

	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(
	    rq, status,
	    oauth_redirect_uri(rq->arena, q->redirect_uri, pair, LEN(pair)));
}

/* A citizen who always says no says it to the application; any other refusal is
 * answered here. */
static bool no_grant(struct rq *rq, const struct oauth_request *q)
{
	if (strcmp(rq->err.code, "access_denied") != 0)
		return false;
	rq->err = (struct err){0};
	return oauth_request_error(rq, q, 303, &oauth_denied);
}

bool oauth_request_grant(struct rq *rq, const struct oauth_request *q,
			 const char *hetu, const char *scope,
			 int64_t remember_until_ms)
{
	struct record *r = oauth_of(rq)->site.record;
	struct grant g;

	if (!record_grant(r, rq->arena, q->client.client_id, hetu, scope,
			  remember_until_ms, &g, &rq->err))
		return no_grant(rq, q);
	const char *code = record_code(
	    r, rq->arena, &g,
	    &(struct record_code_for){
		.redirect_uri = q->redirect_given ? q->redirect_uri : NULL,
		.challenge = q->challenge,
		.challenge_method = q->challenge == NULL ? NULL
				    : q->method != NULL	 ? q->method
							 : "plain",
		.life_s = r->settings.code_s,
	    });
	const struct http_pair pair[] = {{"code", code}, {"state", q->state}};

	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(
	    rq, 303,
	    oauth_redirect_uri(rq->arena, q->redirect_uri, pair, LEN(pair)));
}

/* ---- waiting for the decision ---------------------------------------- */

const char *oauth_request_keep(struct rq *rq, const struct oauth_request *q,
			       const struct site_session *s)
{
	char *csrf = arena_alloc(rq->arena, SITE_SECRET_CHARS + 1);
	struct buf b;
	struct jw w = {.b = &b};

	jose_random_text(csrf, SITE_SECRET_CHARS);
	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	jw_str(&w, "session", site_digest(rq, "owner", s->id));
	jw_str(&w, "client_id", q->client_id);
	jw_str(&w, "redirect_uri", q->redirect_uri);
	jw_str(&w, "redirect_given", q->redirect_given ? "1" : NULL);
	jw_str(&w, "scope", q->scope);
	jw_str(&w, "state", q->state);
	jw_str(&w, "challenge", q->challenge);
	jw_str(&w, "method", q->method);
	jw_close(&w);
	store_ticket_put(oauth_of(rq)->site.record->store,
			 site_digest(rq, "request", csrf), "request", b.p,
			 site_now_ms(rq) + OAUTH_REQUEST_MS);
	return csrf;
}

/* The kept text of that kind when it belongs to the session, else NULL. */
static const struct json *kept(struct rq *rq, const char *kind,
			       const char *csrf, const struct site_session *s)
{
	struct err ignored;
	const char *text = store_ticket_find(
	    oauth_of(rq)->site.record->store, rq->arena,
	    site_digest(rq, kind, csrf), kind, site_now_ms(rq));

	if (text == NULL || s->id[0] == '\0')
		return NULL;
	const struct json *v =
	    json_parse(rq->arena, text, strlen(text), &ignored);
	const char *owner = json_get_text(v, "session");
	if (owner == NULL ||
	    !jose_equal(owner, site_digest(rq, "owner", s->id)))
		return NULL;
	return v;
}

static void mark_used(struct rq *rq, const char *csrf,
		      const struct site_session *s)
{
	struct store *store = oauth_of(rq)->site.record->store;

	rq->keep = true; /* single use, also when it is refused further on */
	store_ticket_delete(store, site_digest(rq, "request", csrf), "request");
	store_ticket_put(store, site_digest(rq, "used", csrf), "used",
			 arena_printf(rq->arena, "{\"session\":\"%s\"}",
				      site_digest(rq, "owner", s->id)),
			 site_now_ms(rq) + OAUTH_REQUEST_MS);
}

bool oauth_request_take(struct rq *rq, const char *csrf,
			const struct site_session *s, struct oauth_request *q)
{
	if (csrf == NULL)
		csrf = "";
	const struct json *v = kept(rq, "request", csrf, s);

	if (v == NULL && kept(rq, "used", csrf, s) != NULL)
		return err_set(&rq->err, ERR_INVALID, "invalid_request", NULL,
			       "Cannot approve uninitialized authorization "
			       "request.");
	if (v == NULL || s->hetu == NULL)
		return err_set(&rq->err, ERR_FORBIDDEN, "invalid_csrf", "_csrf",
			       "This form does not belong to your session, or "
			       "the session has ended. Go back to the "
			       "application and start again.");
	mark_used(rq, csrf, s);
	*q = (struct oauth_request){
	    .client_id = json_get_text(v, "client_id"),
	    .redirect_uri = json_get_text(v, "redirect_uri"),
	    .redirect_given = json_get_text(v, "redirect_given") != NULL,
	    .scope = json_get_text(v, "scope"),
	    .state = json_get_text(v, "state"),
	    .challenge = json_get_text(v, "challenge"),
	    .method = json_get_text(v, "method"),
	};
	/* the registration may have changed while the page was open */
	if (oauth_request_client(rq, q))
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_request", NULL,
		       "Changes were detected from the original authorization "
		       "request.");
}
