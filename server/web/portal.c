/* SPDX-License-Identifier: Apache-2.0
 *
 * The self-service portal below {authorization server}/applications: the public
 * list of applications, and registering, changing and deleting one.
 *
 *	portal_list.c	who is registered, and what they may access
 *	portal_lock.c	who may change an application
 *	portal_form.c	the form: a new one's on one page, later a page a part
 *	portal_fields.c	its parts, both ways (portal_access.c: of the scope)
 *	portal_edit.c	what the forms do
 *	portal_secrets.c what is shown once
 *
 * What may be registered is decided in record/, as for every other way in; the
 * portal only says it beside the field. Nothing here needs a script.
 *
 * Facts: kanta.md 2, 3.4; oauth.md 10, 13, 18.
 */
#include "web/portal_int.h"

#include <string.h>

#define FORM HTTP_FORM_BODY_BYTES

static const struct route routes[] = {
    {"GET", "/", portal_list, ACCESS_OPEN, 0, "the applications", "list"},
    {"POST", "/", portal_create, ACCESS_OPEN, FORM, "registers one", "create"},
    {"GET", "/new", portal_new, ACCESS_OPEN, 0, "the form for that", "new"},
    {"GET", "/:id", portal_main_get, ACCESS_OPEN, 0, "tab Main", "main_get"},
    {"POST", "/:id", portal_main_post, ACCESS_OPEN, FORM, "its form",
     "main_post"},
    {"GET", "/:id/access", portal_access_get, ACCESS_OPEN, 0, "tab Access",
     "access_get"},
    {"POST", "/:id/access", portal_access_post, ACCESS_OPEN, FORM, "its form",
     "access_post"},
    {"GET", "/:id/credentials", portal_credentials_get, ACCESS_OPEN, 0,
     "tab Credentials", "credentials_get"},
    {"POST", "/:id/credentials", portal_credentials_post, ACCESS_OPEN, FORM,
     "its form", "credentials_post"},
    {"POST", "/:id/secret", portal_secret_post, ACCESS_OPEN, FORM,
     "a new client secret", "secret_post"},
    {"GET", "/:id/delete", portal_delete_get, ACCESS_OPEN, 0, "asks first",
     "delete_get"},
    {"POST", "/:id/delete", portal_delete_post, ACCESS_OPEN, FORM, "deletes it",
     "delete_post"},
    {"GET", "/:id/unlock", portal_unlock_get, ACCESS_OPEN, 0,
     "asks for its secret", "unlock_get"},
    {"POST", "/:id/unlock", portal_unlock_post, ACCESS_OPEN, FORM,
     "lets this browser change it", "unlock_post"},
};

const char *portal_url(const struct rq *rq, const char *below)
{
	return arena_cat(rq->arena, rq->origin, web_of(rq)->prefix, below,
			 NULL);
}

const char *portal_url_of(const struct rq *rq, const char *client_id,
			  const char *below)
{
	struct buf b;

	buf_init(&b, rq->arena);
	buf_putc(&b, '/');
	http_escape(&b, client_id);
	buf_puts(&b, below);
	return portal_url(rq, b.p);
}

const char *portal_name(const struct store_client *c)
{
	return c->name[0] != '\0' ? c->name : c->client_id;
}

void web_portal_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = w->prefix,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = w,
	    .refuse = web_refuse,
	    .kind = "page",
	};
}
