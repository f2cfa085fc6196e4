/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files about applications share: the members of a registration, their
 * forms, and a registration under way.
 */
#ifndef CLIENT_INT_H
#define CLIENT_INT_H

#include "record/record_int.h"

#define BAD_METADATA	 "invalid_client_metadata"
#define BAD_REDIRECT_URI "invalid_redirect_uri"

/* ---- client_members.c: the members ------------------------------------ */

enum form { F_TEXT, F_LINK, F_LIST, F_BOOL, F_COUNT, F_OBJECT, F_ANY };

/* Where the answer takes a member from. */
enum from {
	KEPT,  /* the metadata as sent */
	FIXED, /* always the same; accepted and ignored when sent */
	CLIENT_ID,
	CLIENT_SECRET,
	REDIRECT_URIS,
	CLIENT_NAME,
	AUTH_METHOD,
	SCOPE,
	GRANT_TYPES,
	ISSUED_AT,
	REGISTRATION_TOKEN,
	REGISTRATION_URI,
	/* The mock's own members, no part of the registration answer: */
	OWN_KEPT, /* the metadata; only the person who runs the mock sets it */
	OWN_KIND,
	OWN_CERTIFICATE,
	OWN_ACCESS,
	OWN_REFRESH
};

struct client_member {
	const char *name;
	enum form form;
	enum from from;
	const char *absent; /* JSON in the answer when it was not sent; NULL: it
			     * is left out */
};
/* In the order of the service's answer, then the mock's own; NULL behind the
 * last. */
const struct client_member *client_member_at(size_t i);
const struct client_member *client_member_find(const char *name);

/* Has the value that form? */
bool client_form_ok(enum form form, const struct json *v);
/* "a list of at most 20 strings ..." */
const char *client_form_what(enum form form);

/* The length of the scheme in front of an absolute URI (RFC 3986 3.1) all of
 * whose characters are URI characters; 0 when it is none. */
size_t client_uri_scheme(const char *s);
/* Is it a scheme of the web, and is there a host behind such a one? */
bool client_uri_is_web(const char *s, size_t scheme);
bool client_uri_has_host(const char *s, size_t scheme);

/* ---- a registration under way ----------------------------------------- */

struct registration {
	struct record *r;
	struct arena *a;
	const struct json *m;
	const struct store_client *old; /* being changed, or NULL */
	const struct json *old_kept;	/* its metadata, or NULL */
	bool chosen;
	struct settings settings; /* that hold for it */
	struct store_client c;
	struct record_secrets secrets;
	struct err *e;
};

/* A member that was sent, and not as null. */
const struct json *client_sent(const struct registration *g, const char *name);
const char *client_sent_text(const struct registration *g, const char *name,
			     const char *otherwise);
int64_t client_sent_count(const struct registration *g, const char *name,
			  int64_t otherwise);

/* A member of the mock's own, as it will hold: what was sent by who may, else
 * what it was. */
const struct json *client_own(const struct registration *g, const char *name);

/* ---- client_certificate.c ---------------------------------------------- */

/* The first of the members that name a certificate (RFC 8705 2.1.2) that was
 * sent; NULL: none. */
const char *client_certificate_rule(const struct registration *g);

/* Is there at most one, and can a certificate be that? False: g->e. */
bool client_check_certificate(struct registration *g);

/* ---- client_own.c, client_secrets.c: steps of a registration ------------ */

/* Each checks and takes a part. False: g->e. */
bool client_take_own(struct registration *g); /* kind, settings: comes first */
bool client_take_kind(struct registration *g);
bool client_take_method(struct registration *g);
bool client_take_id(struct registration *g);
bool client_take_secrets(struct registration *g);

#endif
