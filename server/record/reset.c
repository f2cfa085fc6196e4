/* SPDX-License-Identifier: Apache-2.0
 *
 * reset: back to a fresh start, as a whole or in part.
 *
 * All rows go but the signing key (so that a key set an application has fetched
 * stays good), and the fixtures that the server was started with are loaded
 * again. With a seed every id is then the one of the first start; without one
 * random ids differ, and what a fixture names is the same. Settings and the
 * clock are the control API's.
 *
 * A part is taken away, and of the fixtures what belongs to it comes again.
 * What that refers to is not brought back with it: a resource of a fixture
 * whose citizen has been removed since stays away. What is reckoned from a seed
 * begins again with a citizen or with resources, but not with tokens, or those
 * from before would be good again.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1, 7, 8.
 */
#include "record/record_int.h"

#include <string.h>

bool record_reset(struct record *r, struct arena *a, struct err *e)
{
	store_reset(r->store);
	record_definitions_reset(r, a);
	record_official_reset(r, a);
	return record_fill(r, a, e);
}

/* ---- resources -------------------------------------------------------- */

static bool reset_all_data(struct record *r, struct arena *a, struct err *e)
{
	const struct fill f = {.lists = FILL_RESOURCES};
	struct store_citizen *c;
	size_t n = store_citizen_list(r->store, a, &c);

	store_reset_resources(r->store);
	record_definitions_reset(r, a);
	record_official_reset(r, a);
	for (size_t i = 0; i < n; i++)
		if (!record_patients(r, a, c[i].patient, e))
			return false;
	return record_fill_part(r, a, &f, e);
}

static bool reset_data_of(struct record *r, struct arena *a,
			  const struct store_citizen *c, struct err *e)
{
	const struct fill f = {
	    .lists = FILL_RESOURCES, .hetu = c->hetu, .patient = c->patient};

	store_reset_resources_of(r->store, c->patient);
	return record_patients(r, a, c->patient, e) &&
	       record_fill_part(r, a, &f, e);
}

/* ---- permissions and applications -------------------------------------- */

static bool reset_permissions(struct record *r, struct arena *a,
			      const char *hetu, const char *client_id,
			      struct err *e)
{
	const struct fill f = {.lists = FILL_PERMISSIONS | FILL_SHARINGS,
			       .hetu = hetu,
			       .client_id = client_id};
	struct store_sharing *x;
	size_t n = store_sharing_list(r->store, a, hetu, &x);

	store_grant_withdraw(r->store, client_id, hetu);
	for (size_t i = 0; i < n; i++)
		if (client_id == NULL || strcmp(x[i].client_id, client_id) == 0)
			store_sharing_delete(r->store, x[i].id);
	return record_fill_part(r, a, &f, e);
}

static bool reset_clients(struct record *r, struct arena *a,
			  const char *client_id, struct err *e)
{
	const struct fill f = {
	    .lists = FILL_CLIENTS | FILL_PERMISSIONS | FILL_SHARINGS,
	    .client_id = client_id != NULL ? client_id : "",
	};
	struct store_client *c;
	size_t n = store_client_list(r->store, a, &c);

	for (size_t i = 0; i < n; i++)
		if (client_id == NULL || strcmp(c[i].client_id, client_id) == 0)
			store_client_delete(r->store, c[i].client_id);
	if (client_id == NULL)
		store_chance_delete(r->store, CHANCE_CLIENT, NULL);
	return record_fill_part(r, a, &f, e);
}

bool record_reset_part(struct record *r, struct arena *a, unsigned what,
		       const char *hetu, const char *client_id, struct err *e)
{
	struct store_citizen c;

	if (hetu != NULL &&
	    !store_citizen_find(r->store, a, hetu_canonical(a, hetu), NULL, &c))
		return err_set(e, ERR_NOT_FOUND, "unknown_citizen", "hetu",
			       "there is no such citizen");
	if (hetu != NULL)
		hetu = c.hetu;
	if ((what & RESET_CLIENTS) && !reset_clients(r, a, client_id, e))
		return false;
	if ((what & RESET_PERMISSIONS) &&
	    !reset_permissions(r, a, hetu, client_id, e))
		return false;
	if (what & RESET_TOKENS)
		store_reset_tokens(r->store, client_id, hetu);
	if ((what & RESET_DATA) && hetu != NULL)
		return reset_data_of(r, a, &c, e);
	return !(what & RESET_DATA) || reset_all_data(r, a, e);
}

/* ---- a citizen -------------------------------------------------------- */

bool record_reset_citizen(struct record *r, struct arena *a, const char *hetu,
			  struct err *e)
{
	struct fill f = {.lists = FILL_CITIZENS | FILL_PERMISSIONS |
				  FILL_SHARINGS | FILL_RESOURCES};
	struct err gone = {.kind = ERR_NONE};
	struct store_citizen c;
	const struct json *fixture;

	f.hetu = hetu_canonical(a, hetu);
	fixture = record_fixture_citizen(r, a, f.hetu);
	if (!record_citizen_delete(r, a, f.hetu, &gone) && fixture == NULL) {
		*e = gone;
		return false;
	}
	f.patient = json_get_text(fixture, "patient_id");
	if (f.patient == NULL &&
	    store_citizen_find(r->store, a, f.hetu, NULL, &c))
		f.patient = c.patient;
	return fixture == NULL || record_fill_part(r, a, &f, e);
}
