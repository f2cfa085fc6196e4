/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of oauth share: words and scopes, answers, the authorization
 * request, its pages and its ends, credentials, refusals.
 */
#ifndef OAUTH_INT_H
#define OAUTH_INT_H

#include "oauth/oauth.h"

#define OAUTH_REMEMBER_HOUR_MS ((int64_t)60 * 60 * 1000)
#define OAUTH_SCOPE_BYTES      2048
#define OAUTH_JSON	       "application/json;charset=UTF-8"

/* ---- words.c: lists of words in one text ----------------------------- */

/* Goes through the words of a text: first call with *p at its beginning. NULL
 * behind the last; else the word's start, its length in *n. */
const char *oauth_word(const char **p, size_t *n);

/* The scope that is meant by the requested words (NULL or empty: all that the
 * client may have): in their order, each once, without reserved words. NULL
 * when the client may not have one of them or when nothing is left. */
const char *oauth_scope_wanted(struct arena *a, const char *requested,
			       const char *client_scope);

/* Does each word of inner occur in outer? */
bool oauth_scope_within(const char *inner, const char *outer);

/* "[a, b]": how the stock messages show a scope. */
const char *oauth_scope_shown(struct arena *a, const char *scope);

/* ---- reply.c --------------------------------------------------------- */

struct oauth *oauth_of(const struct rq *rq);
/* Byte for byte what tokens, metadata and iss say; ends with a slash by the
 * switch issuer_trailing_slash. */
const char *oauth_issuer(const struct rq *rq);

/* Replies with the JSON in rq->out, for programs of any origin. */
bool oauth_json(struct rq *rq, int status);

/* The same without a body. */
bool oauth_empty(struct rq *rq, int status);

/* Refuses without a word, as the stock software does here and there: only the
 * journal says why. Always true. */
bool oauth_refuse_empty(struct rq *rq, enum err_kind kind, const char *why);

/* Writes an OAuth error object into rq->out; scope may be NULL. */
void oauth_error_write(struct rq *rq, const char *error, const char *text,
		       const char *scope);

/* The group's error page: HTML for people, JSON for programs. */
void oauth_refuse(struct rq *rq);

/* ---- request.c: the authorization request ---------------------------- */

struct oauth_request {
	const char *text; /* the whole, as a query */
	/* as sent; NULL when absent */
	const char *response_type, *client_id, *redirect_uri, *scope, *state;
	const char *challenge, *method, *prompt, *login_hint, *max_age;
	const char *nonce, *audience;
	const char *repeated; /* a parameter that is there twice, or NULL */
	bool unclear;	      /* client_id or redirect_uri is */
	/* found out about it */
	bool known; /* there is such a client: */
	struct store_client client;
	struct settings set; /* that hold for it, or the server's */
	bool redirect_given;
};

/* The request as a query: that of a GET, or of a POST with its form. False:
 * rq->err (the form cannot be read). */
bool oauth_request_text(struct rq *rq, const char **text);

/* Reads the parameters of a query. False: rq->err. */
bool oauth_request_read(struct rq *rq, const char *text,
			struct oauth_request *q);

/* Looks for its client, and for the settings that hold for it. */
void oauth_request_know(struct rq *rq, struct oauth_request *q);

/* Is that one of the words of its prompt? */
bool oauth_prompts(const struct oauth_request *q, const char *word);

/* Client and redirect URI: what must hold before anything may be redirected.
 * False: rq->err, to be shown as a page. */
bool oauth_request_client(struct rq *rq, struct oauth_request *q);

/* After such a refusal: what its developer should look at, or NULL. */
const char *oauth_request_hint(struct rq *rq);

/* ---- fault.c: what the application is told through the browser -------- */

struct oauth_fault {
	const char *error, *text, *scope;
};

/* Everything else that may be wrong; scope becomes what is wanted. True: a
 * fault. */
bool oauth_request_fault(struct rq *rq, struct oauth_request *q,
			 struct oauth_fault *f);

/* Its first part: what the stock software looks at before the client. */
bool oauth_request_type_fault(const struct oauth_request *q,
			      struct oauth_fault *f);

/* ---- answer.c: the two ends of a request ------------------------------ */

/* Sends the browser back with a fault. */
bool oauth_request_error(struct rq *rq, const struct oauth_request *q,
			 int status, const struct oauth_fault *f);

/* The same, when the citizen said no. */
bool oauth_request_deny(struct rq *rq, const struct oauth_request *q);

/* Records the permission and sends the browser back with a code for it. */
struct oauth_yes {
	const char *hetu, *scope;
	int64_t remember_until_ms;
	int64_t login_ms; /* 0: now */
};
bool oauth_request_grant(struct rq *rq, const struct oauth_request *q,
			 const struct oauth_yes *yes);

/* ---- pending.c: waiting for the decision ------------------------------ */

/* Keeps a checked request until its form comes back; the result is the form's
 * token. */
const char *oauth_request_keep(struct rq *rq, const struct oauth_request *q,
			       const struct site_session *s);

/* Finds it again, once. False: rq->err. */
bool oauth_request_take(struct rq *rq, const char *csrf,
			const struct site_session *s, struct oauth_request *q);

/* ---- pages ----------------------------------------------------------- */

/* consent.c: the page that asks the citizen. */
bool oauth_consent_page(struct rq *rq, const struct oauth_request *q,
			const struct site_session *s);

/* login.c: sends the browser there; the request is gone on with afterwards. */
bool oauth_login_first(struct rq *rq, const struct oauth_request *q,
		       struct site_session *s);

/* terms.c: must the terms of use be accepted first? The page, if so. */
bool oauth_terms_due(struct rq *rq, const struct oauth_request *q,
		     const struct site_session *s);
bool oauth_terms_page(struct rq *rq, const struct oauth_request *q,
		      const struct site_session *s);

/* ---- headless.c ------------------------------------------------------ */

/* Who decides without pages: the registration's auto_approve, or the server's.
 * False: nobody, so there are pages. */
struct oauth_headless {
	bool deny;
	const char *hetu; /* "": the first citizen there is */
};
bool oauth_headless_find(struct rq *rq, const struct oauth_request *q,
			 struct oauth_headless *h);

/* Answers the request at once. */
bool oauth_headless_authorize(struct rq *rq, struct oauth_request *q,
			      const struct oauth_headless *h);

/* ---- credentials.c --------------------------------------------------- */

struct oauth_credentials {
	const char *id;
	const char *secret;
};

/* Reads an Authorization header of the scheme Basic; raw is what it says,
 * decoded the same with percent-encoding taken off (id NULL if that is
 * broken). False when it is malformed. */
bool oauth_basic_read(struct arena *a, const char *header,
		      struct oauth_credentials *raw,
		      struct oauth_credentials *decoded);

/* Is the header's scheme this one, in any case? */
bool oauth_scheme(const char *header, const char *scheme);

/* The client that authenticates itself, in whatever way. False: rq->err. */
struct oauth_form;
bool oauth_client(struct rq *rq, const struct oauth_form *f,
		  struct store_client *out);

/* ---- certificate.c --------------------------------------------------- */

struct record_presented oauth_presented(const struct rq *rq);

/* What holds for every application: a certificate that was presented is sound,
 * and where all need one it is there. False: e. */
bool oauth_certificate_policy(struct rq *rq, struct record *r, struct err *e);
/* The same for OAuth's own endpoints. False: rq->err. */
bool oauth_certificate_first(struct rq *rq);

/* Does the application authenticate itself by a certificate, and is it the one
 * that was presented? If it only is not, rq->why says how. */
bool oauth_by_certificate(struct rq *rq, const struct store_client *c);

/* Is the certificate there that is demanded of the application? proved: by
 * something else it has authenticated itself. False: rq->err. */
bool oauth_certificate_of(struct rq *rq, const struct store_client *c,
			  bool proved);

/* Refuses one that has sent its name and no secret, whether it exists or not.
 * Always false. */
bool oauth_certificate_refuse(struct rq *rq, const char *client_id);

/* ---- assertion.c ----------------------------------------------------- */

/* The same by what it signed (private_key_jwt). */
bool oauth_assertion(struct rq *rq, const struct oauth_form *f,
		     struct store_client *out);

/* ---- form.c ---------------------------------------------------------- */

/* Parameters of query and form together. */
struct oauth_form {
	struct http_pair *query;
	size_t query_n;
	struct http_pair *body;
	size_t body_n;
	bool query_counts; /* by the switch credentials_in_query */
};

/* Reads them. False: rq->err (another content type, broken text, a parameter
 * twice, credentials in the query). */
bool oauth_form_read(struct rq *rq, struct oauth_form *f);

/* The first value of that name, NULL when it is absent or empty. */
const char *oauth_form_get(const struct oauth_form *f, const char *name);

/* ---- refusal.c: what the token endpoint refuses, in both wordings ----- */

enum oauth_refusal {
	REFUSE_NO_CREDENTIALS,
	REFUSE_BAD_BASIC,
	REFUSE_BAD_FORM,
	REFUSE_BAD_ASSERTION,
	REFUSE_CERTIFICATE,
	REFUSE_NO_CERTIFICATE, /* as a front end says it, with a 400 */
	REFUSE_OTHER_CLIENT_ID,
	REFUSE_TWO_METHODS,
	REFUSE_SECRET_IN_QUERY,
	REFUSE_DUPLICATE,
	REFUSE_NO_GRANT_TYPE,
	REFUSE_IMPLICIT,
	REFUSE_GRANT_TYPE,
	REFUSE_GRANT_NOT_ALLOWED,
	REFUSE_NO_CODE,
	REFUSE_CODE,
	REFUSE_REDIRECT,
	REFUSE_CODE_OF_OTHER,
	REFUSE_VERIFIER,
	REFUSE_NO_CHALLENGE,
	REFUSE_NO_REFRESH_TOKEN,
	REFUSE_REFRESH_TOKEN,
	REFUSE_REFRESH_OF_OTHER,
	REFUSE_SCOPE,
	REFUSE_UPSCOPING,
	REFUSE_CONTENT_TYPE,
	REFUSE_NO_TOKEN,
	REFUSE_TOKEN_OF_OTHER,
	REFUSE_NO_REGISTRATION, /* no token for it */
	REFUSE_REGISTRATION,
	REFUSALS
};

/* Fills rq->err and the challenge, in the wording that the settings choose;
 * value is appended to the message where that shows what was presented, and may
 * be NULL. Always false. */
bool oauth_refusal_as(struct rq *rq, const struct settings *s,
		      enum oauth_refusal which, const char *value);

/* The same by the server's settings: while the client is not known. */
bool oauth_refusal(struct rq *rq, enum oauth_refusal which, const char *value);

/* REFUSE_SCOPE, whose stock body has a third member: the scope that the client
 * may have. Replies (true) or leaves it to oauth_refuse() (false). */
bool oauth_refusal_scope(struct rq *rq, const struct settings *s,
			 const char *asked, const char *allowed);

/* What of a text may stand inside quotes in a header. */
const char *oauth_header_text(struct arena *a, const char *text);

/* ---- token.c, grant_code.c, grant_refresh.c, professional.c ------------ */

/* A request for tokens by a client that has authenticated itself. */
struct oauth_exchange {
	const struct oauth_form *form;
	struct store_client client;
	struct settings settings; /* the client's */
};

/* One for each grant_type: its own checks, and the answer with tokens. False:
 * rq->err; what was used up all the same stays so (rq->keep). */
bool oauth_grant_code(struct rq *rq, const struct oauth_exchange *x);
bool oauth_grant_refresh(struct rq *rq, const struct oauth_exchange *x);
bool oauth_grant_professional(struct rq *rq, const struct oauth_exchange *x);

/* For what tokens are made in answer to the request: bound to its certificate,
 * if that is to be. */
struct record_tokens_for oauth_tokens_for(const struct rq *rq,
					  const struct oauth_exchange *x,
					  const char *scope);

/* Replies with tokens. */
bool oauth_tokens(struct rq *rq, const struct record_tokens *t);

/* ---- introspect.c ---------------------------------------------------- */

/* A token of either kind that has not expired; a refresh token also when it has
 * a successor. */
bool oauth_token_find(struct rq *rq, const char *text, struct store_token *t,
		      struct grant *g);

/* ---- guard.c --------------------------------------------------------- */

/* The token of an Authorization header of the scheme Bearer; NULL when the
 * header is malformed. */
const char *oauth_bearer_read(struct arena *a, const char *header);

/* Refuses with a challenge that says why (RFC 6750 3); scope: which one is
 * needed, or NULL. Always false. */
bool oauth_bearer_refuse(struct rq *rq, enum err_kind kind, const char *error,
			 const char *text, const char *scope);

/* ---- handlers -------------------------------------------------------- */

bool oauth_authorize_get(struct rq *rq);
bool oauth_authorize_post(struct rq *rq);
bool oauth_terms_post(struct rq *rq);
bool oauth_login_get(struct rq *rq);
bool oauth_login_post(struct rq *rq);
bool oauth_token(struct rq *rq);
bool oauth_introspect(struct rq *rq);
bool oauth_revoke(struct rq *rq);
bool oauth_register(struct rq *rq);
bool oauth_register_get(struct rq *rq);
bool oauth_register_put(struct rq *rq);
bool oauth_register_delete(struct rq *rq);
bool oauth_userinfo(struct rq *rq);
bool oauth_jwk(struct rq *rq);
bool oauth_discovery(struct rq *rq);
bool oauth_metadata(struct rq *rq);

#endif
