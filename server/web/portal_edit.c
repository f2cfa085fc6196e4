/* SPDX-License-Identifier: Apache-2.0
 *
 * What the portal's forms do: register an application, change a part of it,
 * give it a new secret, delete it.
 *
 * Registering answers the form itself, since a secret that is shown once must
 * not stand at an address. So that going back or pressing twice does not
 * register twice, each form has a name of its own, which is noted under the
 * application that it made. Everything else ends with a redirect.
 *
 * A change begins with what is stored, whole, and replaces the members of the
 * part that was sent (portal_fields.c): the id, permissions, tokens and secret
 * of an application, and whatever no form shows, stay. The real portal lost
 * applications to its forms for a while (kanta.md 2).
 */
#include "web/portal_int.h"

#include "jose/jose.h"

#include <string.h>

#define SECRET_BYTES 64

/* ---- registering ----------------------------------------------------- */

bool portal_new(struct rq *rq)
{
	struct site_session s;
	struct portal_form f = {.parts = PART_ALL, .session = &s};

	if (!site_self_service(rq))
		return false;
	site_session_find(rq, &s);
	if (s.id[0] == '\0')
		site_session_begin(rq, &s);
	site_session_put(rq, &s);
	return portal_form_page(rq, &f);
}

/* Shows the form again with what is wrong; or false: it was not the form. */
static bool again(struct rq *rq, const struct portal_form *f)
{
	struct err refused = rq->err;
	struct portal_form shown = *f;

	if (refused.kind == ERR_INTERNAL)
		return false;
	rq->err = (struct err){0};
	shown.refused = &refused;
	if (!portal_form_page(rq, &shown))
		return false;
	rq->err = refused; /* for the journal */
	return true;
}

/* The digest by which it is known that the form was sent before. */
static bool form_name(struct rq *rq, const struct site_post *p,
		      const char **digest)
{
	const char *once = text_or_empty(site_field(p, "once"));

	*digest = site_digest(rq, "once",
			      arena_cat(rq->arena, p->session.id, once, NULL));
	return strlen(once) == SITE_SECRET_CHARS ||
	       err_set(&rq->err, ERR_INVALID, "invalid_request", "once",
		       SAY("The form was not sent whole. Open it again."));
}

static bool sent_before(struct rq *rq, const char *client_id)
{
	struct page_value v[] = {
	    {.name = "list", .text = portal_url(rq, "")},
	    {.name = "new", .text = portal_url(rq, "/new")},
	    {.name = "id", .text = client_id},
	    {.name = "url",
	     .text = portal_url_of(rq, client_id, "/credentials")},
	};

	return site_page(rq, 409, SAY("Registered already"),
			 "server/web/portal_again.html",
			 &(struct page_values){v, LEN(v)}, "");
}

bool portal_create(struct rq *rq)
{
	struct record *r = portal_record(rq);
	int64_t now = site_now_ms(rq);
	struct record_secrets secrets;
	struct store_client c;
	struct site_post p;
	const char *digest;

	if (!site_self_service(rq) || !site_form(rq, &p) ||
	    !form_name(rq, &p, &digest))
		return false;
	const char *made =
	    store_ticket_find(r->store, rq->arena, digest, "form", now);
	if (made != NULL)
		return sent_before(rq, made);
	struct portal_form f = {
	    .parts = PART_ALL, .session = &p.session, .post = &p};
	const struct json *m = portal_metadata(rq, &f, NULL, &rq->err);
	if (m == NULL ||
	    !record_client(r, rq->arena, m, false, &c, &secrets, &rq->err))
		return again(rq, &f);
	store_ticket_put(r->store, digest, "form", c.client_id,
			 now + SITE_SESSION_MS);
	portal_allow(rq, &p.session, c.client_id);
	site_session_put(rq, &p.session);
	return portal_secrets_page(rq, SAY("The application is registered"), &c,
				   &secrets);
}

/* ---- changing -------------------------------------------------------- */

static bool show(struct rq *rq, enum portal_part part)
{
	struct portal_visit v;
	bool done;

	if (!portal_enter(rq, &v, &done) || done)
		return done;
	struct portal_form f = {
	    .parts = part,
	    .client = &v.client,
	    .session = &v.post.session,
	    .stored = record_client_metadata(rq->arena, &v.client)};
	return portal_form_page(rq, &f);
}

/* Whether an application may be public, a switch decides when it becomes so, as
 * when it registers itself; one that is public may be changed all the same. */
static bool put_change(struct rq *rq, const struct store_client *old,
		       const struct json *m, struct store_client *c,
		       struct record_secrets *secrets)
{
	const char *method = json_get_text(m, "token_endpoint_auth_method");
	bool same = text_is(method, old->auth_method);

	return (same ? record_client_change : record_client_change_self)(
	    portal_record(rq), rq->arena, old, m, c, secrets, &rq->err);
}

/* Changes the part as the form says; or, with a secret, that alone. */
static bool change(struct rq *rq, enum portal_part part, const char *secret,
		   const char *below)
{
	struct record_secrets secrets;
	struct portal_visit v;
	struct store_client c;

	if (!portal_enter_form(rq, &v))
		return false;
	struct portal_form f = {
	    .parts = part,
	    .client = &v.client,
	    .session = &v.post.session,
	    .post = secret == NULL ? &v.post : NULL,
	    .stored = record_client_metadata(rq->arena, &v.client)};
	const struct json *m = portal_metadata(rq, &f, secret, &rq->err);
	if (m == NULL || !put_change(rq, &v.client, m, &c, &secrets))
		return again(rq, &f);
	if (secrets.client_secret != NULL) /* its new method may need one */
		return portal_secrets_page(
		    rq, SAY("The application has a new secret"), &c, &secrets);
	return site_go(
	    rq, 303,
	    portal_url_of(rq, c.client_id,
			  arena_cat(rq->arena, below, "?saved=1", NULL)));
}

bool portal_main_get(struct rq *rq)
{
	return show(rq, PART_MAIN);
}

bool portal_main_post(struct rq *rq)
{
	return change(rq, PART_MAIN, NULL, "");
}

bool portal_access_get(struct rq *rq)
{
	return show(rq, PART_ACCESS);
}

bool portal_access_post(struct rq *rq)
{
	return change(rq, PART_ACCESS, NULL, "/access");
}

bool portal_credentials_get(struct rq *rq)
{
	return show(rq, PART_CREDENTIALS);
}

bool portal_credentials_post(struct rq *rq)
{
	return change(rq, PART_CREDENTIALS, NULL, "/credentials");
}

/* ---- a new secret ---------------------------------------------------- */

bool portal_secret_post(struct rq *rq)
{
	unsigned char random[SECRET_BYTES];

	jose_random(random, sizeof(random));
	return change(rq, PART_CREDENTIALS,
		      jose_b64url(rq->arena, random, sizeof(random)),
		      "/credentials");
}

/* ---- deleting -------------------------------------------------------- */

bool portal_delete_get(struct rq *rq)
{
	struct portal_visit v;
	bool done;

	if (!portal_enter(rq, &v, &done) || done)
		return done;
	const char *id = v.client.client_id;
	struct page_value values[] = {
	    {.name = "name", .text = portal_name(&v.client)},
	    {.name = "id", .text = id},
	    {.name = "csrf", .text = site_csrf(rq, &v.post.session)},
	    {.name = "action", .text = portal_url_of(rq, id, "/delete")},
	    {.name = "back", .text = portal_url_of(rq, id, "")},
	    {.name = "list", .text = portal_url(rq, "")},
	};
	return site_page(rq, 200, SAY("Delete an application"),
			 "server/web/portal_delete.html",
			 &(struct page_values){values, LEN(values)}, "");
}

bool portal_delete_post(struct rq *rq)
{
	struct portal_visit v;

	if (!portal_enter_form(rq, &v))
		return false;
	store_client_delete(portal_record(rq)->store, v.client.client_id);
	portal_disallow(rq, &v.post.session, v.client.client_id);
	site_session_put(rq, &v.post.session);
	return site_go(rq, 303, portal_url(rq, "?deleted=1"));
}
