/* SPDX-License-Identifier: Apache-2.0
 *
 * An authorization request that waits for the citizen's decision.
 *
 * It is kept here and not in the form: the form carries a one-use token of
 * which the digest is the request's key, and the request belongs to the session
 * that asked. A used token leaves a mark, so that a form sent twice is told
 * apart from one that was never ours. How long a form is good, the switch
 * consent_form_s says.
 *
 * What was checked when the page was made may hold no longer when its form
 * comes back: an application that has lost its redirect URI or some of its
 * scope meanwhile gets no answer.
 *
 * Facts: oauth.md 3.4, 14, 18.5, 18.6.
 */
#include "oauth/oauth_int.h"

#include "jose/jose.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct oauth_request, member)

/* What is kept of it, as texts. */
static const struct {
	const char *name;
	size_t member;
} members[] = {
    {"client_id", AT(client_id)}, {"redirect_uri", AT(redirect_uri)},
    {"scope", AT(scope)},	  {"state", AT(state)},
    {"challenge", AT(challenge)}, {"method", AT(method)},
    {"nonce", AT(nonce)},	  {"audience", AT(audience)},
};

static int64_t good_until(struct rq *rq)
{
	const struct record *r = oauth_of(rq)->site.record;

	return site_now_ms(rq) + (int64_t)r->settings.consent_form_s * 1000;
}

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
	jw_str(&w, "redirect_given", q->redirect_given ? "1" : NULL);
	for (size_t i = 0; i < LEN(members); i++)
		jw_str(&w, members[i].name,
		       *(const char *const *)((const char *)q +
					      members[i].member));
	jw_close(&w);
	store_ticket_put(oauth_of(rq)->site.record->store,
			 site_digest(rq, "request", csrf), "request", b.p,
			 good_until(rq));
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
			 good_until(rq));
}

static void read_kept(struct oauth_request *q, const struct json *v)
{
	*q = (struct oauth_request){
	    .redirect_given = json_get_text(v, "redirect_given") != NULL,
	};
	for (size_t i = 0; i < LEN(members); i++)
		*(const char **)((char *)q + members[i].member) =
		    json_get_text(v, members[i].name);
}

bool oauth_request_take(struct rq *rq, const char *csrf,
			const struct site_session *s, struct oauth_request *q)
{
	csrf = text_or_empty(csrf);
	const struct json *v = kept(rq, "request", csrf, s);

	rq->why = "the decision had been sent before";
	if (v == NULL && kept(rq, "used", csrf, s) != NULL)
		return err_set(&rq->err, ERR_INVALID, "invalid_request", NULL,
			       SAY("Cannot approve uninitialized authorization "
				   "request."));
	rq->why = "no request waits under this form's token: it is of another "
		  "session, or older than consent_form_s";
	if (v == NULL || s->hetu == NULL)
		return err_set(
		    &rq->err, ERR_FORBIDDEN, "invalid_csrf", "_csrf",
		    SAY("This form does not belong to your session, or the "
			"session has ended. Go back to the application and "
			"start again."));
	rq->why = NULL;
	mark_used(rq, csrf, s);
	read_kept(q, v);
	oauth_request_know(rq, q);
	if (oauth_request_client(rq, q) &&
	    oauth_scope_within(q->scope, q->client.scope))
		return true;
	return err_set(&rq->err, ERR_INVALID, "invalid_request", NULL,
		       SAY("Changes were detected from the original "
			   "authorization request."));
}
