/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: what tokens are signed with.
 *
 * The key is made when it is first needed, since that takes a while, and kept
 * in the database. It can be followed by another one (rotation), which signs
 * from then on under a name of its own: rsa1, rsa2, ... The ones before stay in
 * the key set, the newest KEYS_SHOWN of them, so that tokens of before can
 * still be verified by an application that fetches the set again when it meets
 * a name that it does not know; the test is for those that do not.
 *
 * How many there have been is a setting beside the keys, so a rollback and a
 * snapshot bring the right one back; what the record keeps in memory is good as
 * long as its number is that one. With a seed every key follows from it.
 *
 * Facts: oauth.md 11.1; stand-in.md 4.3.
 */
#include "record/record_int.h"

#include <stdlib.h>
#include <string.h>

#define KEY_SETTING   "signing_key" /* the first; then signing_key.2, ... */
#define COUNT_SETTING "signing_keys"
#define KEYS_SHOWN    3

static int newest(const struct record *r, struct arena *a)
{
	const char *text = store_setting(r->store, a, COUNT_SETTING);

	return text != NULL ? (int)strtol(text, NULL, 10) : 1;
}

static const char *setting_of(struct arena *a, int number)
{
	return number == 1 ? KEY_SETTING
			   : arena_printf(a, KEY_SETTING ".%d", number);
}

static const char *name_of(struct arena *a, int number)
{
	return arena_printf(a, "rsa%d", number);
}

static struct jose_key *make(const struct record *r, struct arena *a,
			     int number)
{
	if (r->seed == NULL)
		return jose_key_new();
	return jose_key_of(
	    number == 1 ? r->seed : arena_printf(a, "%s\n%d", r->seed, number));
}

struct jose_key *record_key(struct record *r, struct arena *a)
{
	const int number = newest(r, a);
	const char *setting = setting_of(a, number);
	const char *pem = store_setting(r->store, a, setting);

	if (r->key != NULL && r->key_number != number) {
		jose_key_free(r->key);
		r->key = NULL;
	}
	r->key_number = number;
	if (r->key == NULL && pem != NULL)
		r->key = jose_key_read(pem);
	if (r->key == NULL) {
		r->key = make(r, a, number);
		pem = NULL;
	}
	/* Also when the request that made the key was rolled back. */
	if (pem == NULL)
		store_setting_put(r->store, setting, jose_key_pem(a, r->key));
	return r->key;
}

const char *record_key_id(struct record *r, struct arena *a)
{
	return name_of(a, newest(r, a));
}

const char *record_key_rotate(struct record *r, struct arena *a)
{
	(void)record_key(r, a); /* the one before, should it not be there yet */
	store_setting_put(r->store, COUNT_SETTING,
			  arena_printf(a, "%d", newest(r, a) + 1));
	(void)record_key(r, a);
	return record_key_id(r, a);
}

void record_keys_write(struct jw *w, const char *name, struct record *r,
		       struct arena *a)
{
	const int last = newest(r, a);
	const char *jwk = jose_key_jwk(a, record_key(r, a), name_of(a, last));

	jw_open(w, name, '[');
	jw_raw(w, NULL, jwk, strlen(jwk));
	for (int i = last - 1; i > 0 && i > last - KEYS_SHOWN; i--) {
		const char *pem = store_setting(r->store, a, setting_of(a, i));
		struct jose_key *old = pem != NULL ? jose_key_read(pem) : NULL;

		if (old == NULL)
			continue;
		jwk = jose_key_jwk(a, old, name_of(a, i));
		jw_raw(w, NULL, jwk, strlen(jwk));
		jose_key_free(old);
	}
	jw_close(w);
}
