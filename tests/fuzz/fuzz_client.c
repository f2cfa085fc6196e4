/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of registration metadata: what a stranger may make of an
 * application. The input is the JSON, behind a letter: who sends it (an
 * application itself, or c: the person who runs the mock).
 *
 * What is taken has redirect URIs without fragments and without characters that
 * could end a header or an attribute; an application that registered itself is
 * a citizen's, under an id that it did not choose; its secret is shown once,
 * stored as a digest, and is neither in the metadata nor in the second answer.
 * Both answers are JSON and name the client_id. What is stored reads as it was
 * given out; the same metadata, sent as a change, is taken too and gives the
 * same, and so does what is told of it for changes. A refusal names its code.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with record
 * and the layers below it.
 */
#include "jose/jose.h"
#include "record/record.h"

#include <assert.h>
#include <string.h>

#define ISSUER "http://h/phr-authserver-sandbox/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record *world(void)
{
	static const struct log quiet = {LOG_OFF, 2};
	static struct record r = {.log = &quiet};
	struct err e = {.kind = ERR_NONE};

	if (r.store)
		return &r;
	r.store = store_open(":memory:", &quiet, &e);
	assert(r.store);
	r.clock.mode = CLOCK_FROZEN;
	settings_init(&r.settings);
	r.settings.public_clients = 1;
	r.settings.openid = 1;
	r.settings.scope_wildcards = 1;
	return &r;
}

static bool same(const char *x, const char *y)
{
	return strcmp(x, y) == 0;
}

static void same_client(const struct store_client *x,
			const struct store_client *y)
{
	assert(same(x->client_id, y->client_id) && same(x->name, y->name));
	assert(same(x->secret_digest, y->secret_digest));
	assert(same(x->redirect_uris, y->redirect_uris));
	assert(same(x->scope, y->scope) && same(x->kind, y->kind));
	assert(same(x->grant_types, y->grant_types));
	assert(same(x->auth_method, y->auth_method));
	assert(same(x->metadata, y->metadata));
	assert(
	    same(x->certificate_serial_number, y->certificate_serial_number));
	assert(x->access_token_seconds == y->access_token_seconds);
	assert(x->refresh_token_seconds == y->refresh_token_seconds);
}

/* Can it stand in a Location header, in an attribute, in a policy? */
static void check_redirects(const char *uris)
{
	for (const char *p = uris; *p; p++)
		assert(*p >= ' ' && *p <= '~' && !strchr("\"<>#\\", *p));
	for (size_t n; *(uris += strspn(uris, " ")); uris += n) {
		n = strcspn(uris, " ");
		assert(memchr(uris, ':', n) && *uris != ':');
		assert(strncasecmp(uris, "javascript:", 11) != 0);
		assert(strncasecmp(uris, "data:", 5) != 0);
	}
}

static const struct json *answer(struct arena *a, const struct store_client *c,
				 const struct record_secrets *secrets)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v;
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	record_client_write(&w, c, secrets, ISSUER, secrets != NULL);
	record_client_write_own(&w, c);
	jw_close(&w);
	v = json_parse(a, b.p, b.len, &e);
	assert(v && same(json_get_text(v, "client_id"), c->client_id));
	assert(same(json_get_text(v, "scope"), c->scope));
	return v;
}

/* Without secrets to tell, their members are null or not there. A secret that
 * was sent may stand in other members, too: of those that the server makes it
 * is known that they do not. */
static void check_secrets(struct arena *a, const struct store_client *c,
			  const struct record_secrets *s, const char *sent)
{
	const struct json *again = answer(a, c, NULL);
	const char *secret = s->client_secret;
	char digest[JOSE_DIGEST];

	answer(a, c, s);
	assert(!json_get_text(again, "registration_access_token"));
	assert(!json_get_text(again, "client_secret"));
	if (!secret) {
		assert(!*c->secret_digest);
		return;
	}
	jose_digest(digest, secret, strlen(secret));
	assert(same(digest, c->secret_digest));
	assert((sent && same(secret, sent)) || !strstr(c->metadata, secret));
}

static void check_change(struct record *r, struct arena *a,
			 const struct json *metadata, bool chosen,
			 const struct store_client *c)
{
	struct record_secrets secrets = {0};
	struct err e = {.kind = ERR_NONE};
	struct store_client changed;
	bool ok = (chosen ? record_client_change : record_client_change_self)(
	    r, a, c, metadata, &changed, &secrets, &e);

	/* one that names another client_id, or a secret that is another's */
	if (!ok)
		assert(!chosen && *e.code);
	else
		same_client(&changed, c);
	e.kind = ERR_NONE;
	assert(record_client_change(r, a, c, record_client_metadata(a, c),
				    &changed, &secrets, &e));
	same_client(&changed, c);
}

static void check(struct record *r, struct arena *a,
		  const struct json *metadata, bool chosen)
{
	struct record_secrets secrets = {0};
	struct err e = {.kind = ERR_NONE};
	struct store_client c, found;

	if (!record_client(r, a, metadata, chosen, &c, &secrets, &e)) {
		assert(e.kind != ERR_NONE && e.kind != ERR_INTERNAL);
		assert(*e.code && *e.text);
		return;
	}
	assert(store_client_find(r->store, a, c.client_id, &found));
	same_client(&c, &found);
	check_redirects(c.redirect_uris);
	assert(chosen || same(c.kind, "citizen"));
	assert(chosen || uuid_ok(c.client_id));
	assert(c.access_token_seconds > 0 && c.refresh_token_seconds >= 0);
	assert(*c.scope && *c.grant_types);
	check_secrets(a, &c, &secrets,
		      chosen ? json_get_text(metadata, "client_secret") : NULL);
	(void)record_client_settings(r, a, &c);
	check_change(r, a, metadata, chosen, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record *r = world();
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const struct json *v;

	if (size > 0 &&
	    (v = json_parse(a, (const char *)data + 1, size - 1, &e)) != NULL) {
		store_enter(r->store);
		check(r, a, v, data[0] == 'c');
		store_leave(r->store, false);
	}
	arena_free(a);
	return 0;
}
