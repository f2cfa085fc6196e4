/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's certificate at token, introspect and revoke (kanta.md 3.2;
 * oauth.md 5.1; RFC 8705 2).
 *
 * It is asked about twice. Before anybody is known: one that was presented must
 * be sound, and where all applications need one it must be there; that answer
 * is the same for everybody, so it may say all. Then, when the application is
 * known: is a certificate demanded of it, or what it authenticates itself by,
 * and is this one its own?
 *
 * An application that has proved itself by a secret or a signature is told what
 * its certificate should have been. Of one that has only named itself nobody
 * knows whether it is that application, so it is answered like a name that does
 * not exist: the text speaks of what was presented, and the journal (rq->why)
 * of what is registered. FHIR's side is guard.c; the answers themselves are
 * record/certificate.c's.
 */
#include "oauth/oauth_int.h"

struct record_presented oauth_presented(const struct rq *rq)
{
	return (struct record_presented){rq->peer, rq->asked};
}

bool oauth_certificate_policy(struct rq *rq, struct record *r, struct err *e)
{
	const struct settings *s = &r->settings;
	const struct record_presented p = oauth_presented(rq);

	if (s->client_certificate == CERTIFICATE_OFF ||
	    (p.peer == NULL &&
	     !record_certificate_demanded(rq->arena, s, NULL)))
		return true;
	return record_certificate_good(r, rq->arena, s, &p, e);
}

/* In the wording that s chooses. Always false. */
static bool refuse(struct rq *rq, const struct settings *s, const struct err *e)
{
	rq->certificate =
	    rq->why != NULL ? rq->why : arena_strdup(rq->arena, e->text);
	return oauth_refusal_as(rq, s,
				e->kind == ERR_INVALID ? REFUSE_NO_CERTIFICATE
						       : REFUSE_CERTIFICATE,
				e->text);
}

bool oauth_certificate_first(struct rq *rq)
{
	struct record *r = oauth_of(rq)->site.record;
	struct err e = {.kind = ERR_NONE};

	return oauth_certificate_policy(rq, r, &e) ||
	       refuse(rq, &r->settings, &e);
}

bool oauth_certificate_refuse(struct rq *rq, const char *client_id)
{
	struct record *r = oauth_of(rq)->site.record;
	const struct settings *s = &r->settings;
	const struct record_presented p = oauth_presented(rq);
	struct err e = {.kind = ERR_NONE};

	if (p.peer == NULL && s->client_certificate == CERTIFICATE_OFF)
		return oauth_refusal(rq, REFUSE_BAD_FORM, NULL);
	if (record_certificate_good(r, rq->arena, s, &p, &e))
		err_set(&e, ERR_UNAUTHORIZED, NULL, NULL,
			"No client_secret was sent, and %s is not registered "
			"for the application %.80s, or there is none of that "
			"client_id. %s. What it should have been stands in "
			"the server's journal (GET /__admin/requests)",
			record_certificate_shown(rq->arena, p.peer), client_id,
			record_certificate_advice(p.peer));
	else
		err_set(&e, e.kind, NULL, NULL,
			"%s. No client_secret was sent either",
			arena_strdup(rq->arena, e.text));
	return refuse(rq, s, &e);
}

bool oauth_by_certificate(struct rq *rq, const struct store_client *c)
{
	struct record *r = oauth_of(rq)->site.record;
	const struct settings s = record_client_settings(r, rq->arena, c);
	const struct record_presented p = oauth_presented(rq);
	struct err e = {.kind = ERR_NONE};

	if (!record_by_certificate(rq->arena, &s, c))
		return false;
	if (record_certificate_own(r, rq->arena, &s, c, &p, &e))
		return true;
	rq->why = arena_strdup(rq->arena, e.text);
	return false;
}

bool oauth_certificate_of(struct rq *rq, const struct store_client *c,
			  bool proved)
{
	struct record *r = oauth_of(rq)->site.record;
	const struct settings s = record_client_settings(r, rq->arena, c);
	const struct record_presented p = oauth_presented(rq);
	struct err e = {.kind = ERR_NONE};

	rq->why = NULL;
	if (!record_certificate_demanded(rq->arena, &s, c) &&
	    !record_by_certificate(rq->arena, &s, c))
		return true;
	if (record_certificate_own(r, rq->arena, &s, c, &p, &e))
		return true;
	if (proved)
		return refuse(rq, &s, &e);
	rq->why = arena_strdup(rq->arena, e.text);
	return oauth_certificate_refuse(rq, c->client_id);
}
