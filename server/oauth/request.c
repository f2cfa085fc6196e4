/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization request (RFC 6749 4.1.1): reading it, and the first of its
 * two rings of checks. Before the client and its redirect URI are sound nothing
 * may be redirected at all, so what is wrong with them is shown as a page (RFC
 * 9700 4.11); what is wrong behind that is told to the application (fault.c).
 *
 * Redirect URIs are compared octet for octet. One switch lets the port of a
 * loopback address differ (RFC 8252 7.3), for applications that take any port
 * that is free; all the rest of it still has to be the same.
 *
 * A request may also come as a form (RFC 6749 3.1). It is put into the form of
 * a query first, so that it can be gone on with by a GET.
 */
#include "oauth/oauth_int.h"

#include <stddef.h>
#include <string.h>

/* ---- reading --------------------------------------------------------- */

#define AT(member) offsetof(struct oauth_request, member)

static const struct {
	const char *name;
	size_t to;
	bool ring; /* of the first ring */
} known[] = {
    {"response_type", AT(response_type), false},
    {"client_id", AT(client_id), true},
    {"redirect_uri", AT(redirect_uri), true},
    {"scope", AT(scope), false},
    {"state", AT(state), false},
    {"code_challenge", AT(challenge), false},
    {"code_challenge_method", AT(method), false},
    {"prompt", AT(prompt), false},
    {"login_hint", AT(login_hint), false},
    {"max_age", AT(max_age), false},
    {"nonce", AT(nonce), false},
    {"aud", AT(audience), false},
};

static void add_pairs(struct buf *b, const struct http_pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (b->len > 0)
			buf_putc(b, '&');
		http_escape(b, p[i].name);
		buf_putc(b, '=');
		http_escape(b, p[i].value);
	}
}

bool oauth_request_text(struct rq *rq, const char **text)
{
	struct http_pair *p;
	struct buf b;
	size_t n;

	*text = rq->query;
	if (strcmp(rq->method, "POST") != 0)
		return true;
	buf_init(&b, rq->arena);
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &p, &n,
		       &rq->err))
		return false;
	add_pairs(&b, p, n);
	if (!http_form(rq->arena, rq->body, rq->body_len, &p, &n, &rq->err))
		return false;
	add_pairs(&b, p, n);
	*text = b.p;
	return true;
}

void oauth_request_know(struct rq *rq, struct oauth_request *q)
{
	struct record *r = oauth_of(rq)->site.record;

	q->set = r->settings;
	q->known =
	    q->client_id != NULL &&
	    store_client_find(r->store, rq->arena, q->client_id, &q->client);
	if (!q->known)
		return;
	q->set = record_client_settings(r, rq->arena, &q->client);
	rq->client_id = q->client.client_id;
}

static size_t count_of(const struct http_pair *p, size_t n, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += strcmp(p[i].name, name) == 0;
	return count;
}

/* The RFC has a parameter without a value count as left out (3.1), and cannot
 * tell which of two states is meant. */
static void by_rfc(struct oauth_request *q, size_t states)
{
	if (q->state == NULL)
		return;
	if (q->state[0] == '\0' && q->set.oauth_errors != 0)
		q->state = NULL;
	if (states > 1 && q->set.duplicate_parameters != 0)
		q->state = NULL;
}

bool oauth_request_read(struct rq *rq, const char *text,
			struct oauth_request *q)
{
	struct http_pair *p;
	size_t n;

	*q = (struct oauth_request){.text = text};
	oauth_request_know(rq, q);
	if (!http_form(rq->arena, text, strlen(text), &p, &n, &rq->err))
		return false;
	for (size_t i = 0; i < LEN(known); i++) {
		const char *value = http_form_get(p, n, known[i].name);

		if (value != NULL &&
		    (value[0] != '\0' || known[i].to == AT(state)))
			*(const char **)((char *)q + known[i].to) = value;
		if (count_of(p, n, known[i].name) < 2)
			continue;
		q->repeated = known[i].name;
		q->unclear = q->unclear || known[i].ring;
	}
	q->redirect_given = q->redirect_uri != NULL;
	oauth_request_know(rq, q);
	by_rfc(q, count_of(p, n, "state"));
	return true;
}

bool oauth_prompts(const struct oauth_request *q, const char *word)
{
	return q->prompt != NULL && scope_has(q->prompt, word);
}

/* ---- the first ring -------------------------------------------------- */

/* What is said, by the switch oauth_errors. */
struct unsound {
	const char *where;
	struct {
		enum err_kind kind;
		const char *code, *text;
	} by[2];
};

static const struct unsound no_client = {
    "client_id",
    {{ERR_UNAUTHORIZED, "invalid_client", SAY("A client id must be provided")},
     {ERR_INVALID, "invalid_request",
      SAY("The parameter client_id is missing.")}}};
static const struct unsound unknown_client = {
    "client_id",
    {{ERR_UNAUTHORIZED, "invalid_client", SAY("Bad client credentials")},
     {ERR_INVALID, "invalid_client",
      SAY("The application is not registered here.")}}};
static const struct unsound no_redirect = {
    "redirect_uri",
    {{ERR_INVALID, "invalid_grant",
      SAY("Invalid redirect uri does not match one of the registered "
	  "values.")},
     {ERR_INVALID, "invalid_request",
      SAY("The parameter redirect_uri is missing, and the application has "
	  "not registered exactly one.")}}};
static const struct unsound wrong_redirect = {
    "redirect_uri",
    {{ERR_INVALID, "invalid_grant",
      SAY("Invalid redirect uri does not match one of the registered "
	  "values.")},
     {ERR_INVALID, "invalid_request",
      SAY("The redirect_uri is not one that the application has "
	  "registered.")}}};
static const struct unsound unclear = {
    "",
    {{ERR_INVALID, "invalid_request",
      SAY("The client_id or the redirect_uri is there more than once.")},
     {ERR_INVALID, "invalid_request",
      SAY("The client_id or the redirect_uri is there more than once.")}}};

static bool refuse(struct rq *rq, const struct oauth_request *q,
		   const struct unsound *u)
{
	size_t i = q->set.oauth_errors != 0;

	return err_set(&rq->err, u->by[i].kind, u->by[i].code, u->where, "%s",
		       u->by[i].text);
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

/* What stands behind the address of this machine and its port; NULL when the
 * URI does not lead to this machine. */
static const char *behind_port(const char *uri)
{
	static const char *const hosts[] = {"http://127.0.0.1", "http://[::1]"};

	for (size_t i = 0; i < LEN(hosts); i++) {
		if (!text_begins(uri, hosts[i]))
			continue;
		const char *p = uri + strlen(hosts[i]);
		if (*p == ':')
			p += 1 + strspn(p + 1, "0123456789");
		return *p == '/' || *p == '?' || *p == '\0' ? p : NULL;
	}
	return NULL;
}

static bool same_but_port(const char *uri, const char *other)
{
	const char *p = behind_port(uri), *o = behind_port(other);

	/* the ninth character of both tells their hosts apart: 1 or ] */
	return p != NULL && o != NULL && uri[7] == other[7] &&
	       strcmp(p, o) == 0;
}

static bool registered(struct rq *rq, const struct oauth_request *q)
{
	const char *uris = q->client.redirect_uris;
	size_t n;

	if (scope_has(uris, q->redirect_uri))
		return true;
	if (q->set.loopback_redirect_port == 0)
		return false;
	for (const char *w; (w = oauth_word(&uris, &n)) != NULL;)
		if (same_but_port(arena_strndup(rq->arena, w, n),
				  q->redirect_uri))
			return true;
	return false;
}

bool oauth_request_client(struct rq *rq, struct oauth_request *q)
{
	if (q->unclear && q->set.duplicate_parameters != 0)
		return refuse(rq, q, &unclear);
	if (!q->known)
		return refuse(
		    rq, q, q->client_id == NULL ? &no_client : &unknown_client);
	rq_passed(rq, "client");
	if (q->redirect_uri == NULL)
		q->redirect_uri = only_uri(rq->arena, q->client.redirect_uris);
	if (q->redirect_uri == NULL)
		return refuse(rq, q, &no_redirect);
	if (!registered(rq, q))
		return refuse(rq, q, &wrong_redirect);
	rq_passed(rq, "redirect_uri");
	return true;
}

/* ---- for its developer ----------------------------------------------- */

const char *oauth_request_hint(struct rq *rq)
{
	const struct err refusal = rq->err;
	struct oauth_request q = {0};
	const char *text;
	bool sound =
	    oauth_request_text(rq, &text) && oauth_request_read(rq, text, &q);

	rq->err = refusal;
	if (!sound || q.client_id == NULL)
		return NULL;
	const struct page_value v[] = {
	    {.name = "client_id", .text = q.client_id},
	    {.name = "sent", .text = text_or_empty(q.redirect_uri)},
	    {.name = "registered",
	     .text = q.known ? q.client.redirect_uris : ""},
	};
	const struct page_values values = {v, LEN(v)};
	if (strcmp(refusal.where, "client_id") == 0)
		return site_say(rq,
				SAY("No application is registered here with "
				    "the client_id \"{client_id}\"."),
				&values);
	if (strcmp(refusal.where, "redirect_uri") != 0 || !q.known)
		return NULL;
	return site_say(rq,
			SAY("The redirect_uri sent is \"{sent}\"; registered, "
			    "and compared octet by octet, are: {registered}"),
			&values);
}
