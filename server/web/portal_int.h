/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the portal share.
 */
#ifndef PORTAL_INT_H
#define PORTAL_INT_H

#include "web/web_int.h"

/* A browser at an application. */
struct portal_visit {
	struct store_client client;
	struct site_post post; /* its session; of a form, what was sent */
};

/* The parts of a registration: a tab each, or all of them in one form. */
enum portal_part { PART_MAIN = 1, PART_ACCESS = 2, PART_CREDENTIALS = 4 };
#define PART_ALL 7

/* A form to be shown or taken. */
struct portal_form {
	unsigned parts;
	const struct store_client *client; /* NULL: it registers a new one */
	const struct site_session *session;
	const struct site_post *post; /* what was typed; NULL: what is stored */
	const struct json
	    *stored; /* record_client_metadata(); NULL: a new one */
	const struct err *refused; /* where names the member; or NULL */
};

/* ---- portal.c -------------------------------------------------------- */

static inline struct record *portal_record(const struct rq *rq)
{
	return site_of(rq)->record;
}
/* "http://host/phr-authserver-sandbox/applications" and below. */
const char *portal_url(const struct rq *rq, const char *below);
/* The same for an application, below such as "/access". */
const char *portal_url_of(const struct rq *rq, const char *client_id,
			  const char *below);
/* What people call it: its name, or its client_id. */
const char *portal_name(const struct store_client *c);

/* ---- portal_lock.c: who may ------------------------------------------ */

/* Who opens the page of an application: the client of the path. False: rq->err
 * (there is none). *done: the browser was sent to unlock it first. */
bool portal_enter(struct rq *rq, struct portal_visit *v, bool *done);
/* The same of whoever sent a form. False: rq->err. */
bool portal_enter_form(struct rq *rq, struct portal_visit *v);
/* From now on this session may change the application. */
void portal_allow(struct rq *rq, struct site_session *s, const char *client_id);
void portal_disallow(struct rq *rq, struct site_session *s,
		     const char *client_id);

/* ---- portal_fields.c, portal_access.c: a form's parts ------------------ */

/* The rows of the text fields of a part. */
size_t portal_fields(struct rq *rq, const struct portal_form *f,
		     enum portal_part part, struct page_values **rows);
/* A field's label as an English text, NULL for what is no member of a form. */
const char *portal_label(const char *member);
/* What is wrong with a member, in the page's language, or NULL; *detail: the
 * same in English where it says more. */
const char *portal_wrong(struct rq *rq, const struct portal_form *f,
			 const char *member, const char **detail);
/* The rows of authentication methods. */
size_t portal_methods(struct rq *rq, const struct portal_form *f,
		      struct page_values **rows);

/* Rows of types with the scopes that read and write them; and of the other
 * words that an application can have. */
size_t portal_types(struct rq *rq, const struct portal_form *f,
		    struct page_values **rows);
size_t portal_words(struct rq *rq, const struct portal_form *f,
		    struct page_values **rows);
/* The scope that the form says, with those words of the stored one that no form
 * shows. */
const char *portal_scope(struct rq *rq, const struct portal_form *f);

/* The metadata that the form makes of the stored one. NULL: e says what is
 * wrong. secret: a new client_secret, or NULL. */
const struct json *portal_metadata(struct rq *rq, const struct portal_form *f,
				   const char *secret, struct err *e);

/* ---- portal_form.c, portal_secrets.c: pages -------------------------- */

bool portal_form_page(struct rq *rq, const struct portal_form *f);
/* What is shown once. title: an English text. */
bool portal_secrets_page(struct rq *rq, const char *title,
			 const struct store_client *c,
			 const struct record_secrets *secrets);

/* ---- handlers -------------------------------------------------------- */

bool portal_list(struct rq *rq);
bool portal_new(struct rq *rq);
bool portal_create(struct rq *rq);
bool portal_main_get(struct rq *rq);
bool portal_main_post(struct rq *rq);
bool portal_access_get(struct rq *rq);
bool portal_access_post(struct rq *rq);
bool portal_credentials_get(struct rq *rq);
bool portal_credentials_post(struct rq *rq);
bool portal_secret_post(struct rq *rq);
bool portal_delete_get(struct rq *rq);
bool portal_delete_post(struct rq *rq);
bool portal_unlock_get(struct rq *rq);
bool portal_unlock_post(struct rq *rq);

#endif
