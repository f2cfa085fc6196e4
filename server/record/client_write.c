/* SPDX-License-Identifier: Apache-2.0
 *
 * client_write: what is shown of a registration, and what is kept of it.
 *
 * The registration answer has the members and the order of the real service's,
 * so that an application's tests may compare it. The mock's own members are
 * not in it: the control API shows them behind it. Secrets are known when they
 * are made, and to who presents them; at other times the member is left out
 * (client_secret) or null (registration_access_token). The real answer has
 * null for each member without a value; libraries that take such an answer for
 * their settings stumble over those, so they can be left out.
 *
 * Facts: kanta.md 3.4; oauth.md 10; RFC 7591 3.2.1; RFC 7592 3.
 */
#include "record/client_int.h"

#include <string.h>

struct answer {
	struct jw *w;
	const struct store_client *c;
	const struct record_secrets *secrets;
	const struct json *kept;
	const char *issuer;
	bool nulls; /* members without a value are there */
};

/* What stands for a member that has no value. */
static void write_absent(const struct answer *x, const struct client_member *m)
{
	if (m->absent != NULL && (x->nulls || strcmp(m->absent, "null") != 0))
		jw_raw(x->w, m->name, m->absent, strlen(m->absent));
}

/* What was kept of the member, or what stands for it. */
static void write_kept(const struct answer *x, const struct client_member *m)
{
	const struct json *v = json_get(x->kept, m->name);

	if (v != NULL && (x->nulls || json_kind(v) != JSON_NULL))
		jw_value(x->w, m->name, v);
	else
		write_absent(x, m);
}

static void write_text(const struct answer *x, const struct client_member *m,
		       const char *text)
{
	if (text != NULL && *text != '\0')
		jw_str(x->w, m->name, text);
	else
		write_absent(x, m);
}

static const char *client_uri(const struct answer *x)
{
	size_t n;

	if (x->issuer == NULL)
		return NULL;
	n = strlen(x->issuer);
	return arena_printf(x->w->b->arena, "%s%sregister/%s", x->issuer,
			    n > 0 && x->issuer[n - 1] == '/' ? "" : "/",
			    x->c->client_id);
}

static void write_member(const struct answer *x, const struct client_member *m)
{
	const struct record_secrets *secrets = x->secrets;
	const struct store_client *c = x->c;
	struct jw *w = x->w;

	switch (m->from) {
	case CLIENT_ID: jw_str(w, m->name, c->client_id); break;
	case CLIENT_SECRET:
		jw_str(w, m->name, secrets ? secrets->client_secret : NULL);
		break;
	case REDIRECT_URIS: scope_write(w, m->name, c->redirect_uris); break;
	case AUTH_METHOD: jw_str(w, m->name, c->auth_method); break;
	case SCOPE: jw_str(w, m->name, c->scope); break;
	case GRANT_TYPES: scope_write(w, m->name, c->grant_types); break;
	case ISSUED_AT: jw_int(w, m->name, c->issued_ms / 1000); break;
	case CLIENT_NAME: write_text(x, m, c->name); break;
	case REGISTRATION_TOKEN:
		write_text(x, m,
			   secrets ? secrets->registration_access_token : NULL);
		break;
	case REGISTRATION_URI: write_text(x, m, client_uri(x)); break;
	case OWN_KIND: jw_str(w, m->name, c->kind); break;
	case OWN_CERTIFICATE:
		jw_str(w, m->name, c->certificate_serial_number);
		break;
	case OWN_ACCESS: jw_int(w, m->name, c->access_token_seconds); break;
	case OWN_REFRESH: jw_int(w, m->name, c->refresh_token_seconds); break;
	case KEPT:
	case OWN_KEPT:
	case FIXED: write_kept(x, m); break;
	}
}

static void write_all(struct answer *x, bool own)
{
	const struct client_member *m;
	struct err e;

	x->kept = json_parse(x->w->b->arena, x->c->metadata,
			     strlen(x->c->metadata), &e);
	for (size_t i = 0; (m = client_member_at(i)) != NULL; i++)
		if ((m->from >= OWN_KEPT) == own)
			write_member(x, m);
}

void record_client_write(struct jw *w, const struct store_client *c,
			 const struct record_secrets *secrets,
			 const char *issuer, bool nulls)
{
	write_all(&(struct answer){.w = w,
				   .c = c,
				   .secrets = secrets,
				   .issuer = issuer,
				   .nulls = nulls},
		  false);
}

void record_client_write_own(struct jw *w, const struct store_client *c)
{
	write_all(&(struct answer){.w = w, .c = c, .nulls = true}, true);
}

const struct json *record_client_member(struct arena *a,
					const struct store_client *c,
					const char *name)
{
	const struct json *kept;
	struct err e;

	if (strstr(c->metadata, arena_printf(a, "\"%s\"", name)) == NULL)
		return NULL;
	kept = json_parse(a, c->metadata, strlen(c->metadata), &e);
	return json_get(kept, name);
}

/* ---- the metadata, as they could have been sent ----------------------- */

/* Of what the answer has: is it the application's to say? */
static bool is_said(const struct answer *x, const struct client_member *m)
{
	switch (m->from) {
	case KEPT:
	case OWN_KEPT: return json_get(x->kept, m->name) != NULL;
	case OWN_CERTIFICATE: return *x->c->certificate_serial_number != '\0';
	case REDIRECT_URIS:
	case CLIENT_NAME:
	case AUTH_METHOD:
	case SCOPE:
	case GRANT_TYPES:
	case OWN_KIND:
	case OWN_ACCESS:
	case OWN_REFRESH: return true;
	default: return false;
	}
}

const struct json *record_client_metadata(struct arena *a,
					  const struct store_client *c)
{
	const struct client_member *m;
	struct buf b;
	struct jw w = {.b = &b};
	struct answer x = {.w = &w, .c = c};
	struct err e;

	x.kept = json_parse(a, c->metadata, strlen(c->metadata), &e);
	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	for (size_t i = 0; (m = client_member_at(i)) != NULL; i++)
		if (is_said(&x, m))
			write_member(&x, m);
	jw_close(&w);
	return json_parse(a, b.p, b.len, &e);
}
