/* SPDX-License-Identifier: Apache-2.0
 *
 * sharing: consents, refusals and relationships of treatment.
 *
 * A citizen may consent that providers of social welfare and health care see
 * what he or she has stored, take it back, or refuse it to some; besides, there
 * must be a relationship of treatment, and the application must be one for
 * professionals. Here these facts are checked and kept, each for its span of
 * time: who is meant exists, and is a professional application where one is
 * named. What follows from them (may this application read?) professional.c
 * decides.
 *
 *	consent		{"hetu", "decision":"consent"|"refusal", "client_id"?,
 *			 "from"?, "until"?}
 *	treatment	{"hetu", "client_id", "from"?, "until"?}
 *
 * Facts: kanta.md section 5, contracts.md section 3.
 */
#include "record/record_int.h"

#include <string.h>

static bool check_client(struct record *r, struct arena *a,
			 const char *client_id, struct err *e)
{
	struct store_client c;

	if (!store_client_find(r->store, a, client_id, &c))
		return err_set(e, ERR_NOT_FOUND, "unknown_client", "client_id",
			       "there is no application \"%.128s\"", client_id);
	if (strcmp(c.kind, "professional") == 0)
		return true;
	return err_set(e, ERR_INVALID, "not_professional", "client_id",
		       "\"%.128s\" is no application for professionals: "
		       "register it with \"kind\": \"professional\"",
		       client_id);
}

/* Whom it is about, and when. */
static bool read_common(struct record *r, struct arena *a, const struct json *v,
			struct store_sharing *x, struct err *e)
{
	struct store_citizen citizen;
	const char *hetu;

	if (!record_needed_text(v, "hetu", &hetu, e) ||
	    !record_text(v, "client_id", &x->client_id, e) ||
	    !record_time(v, "from", record_now_ms(r), &x->from_ms, e) ||
	    !record_time(v, "until", INT64_MAX, &x->until_ms, e))
		return false;
	if (!store_citizen_find(r->store, a, hetu_canonical(a, hetu), NULL,
				&citizen))
		return err_set(e, ERR_NOT_FOUND, "unknown_citizen", "hetu",
			       "there is no such citizen");
	x->hetu = citizen.hetu;
	if (x->until_ms <= x->from_ms)
		return err_set(e, ERR_INVALID, "invalid_fixture", "until",
			       "must be later than from");
	return x->client_id == NULL || check_client(r, a, x->client_id, e);
}

static void put(struct record *r, struct arena *a, struct store_sharing *x)
{
	x->id = record_uuid(r, a,
			    &(struct chance){"sharing", x->hetu, x->client_id});
	if (x->client_id == NULL)
		x->client_id = "";
	store_sharing_put(r->store, x);
}

static const char *const consent_members[] = {"hetu", "decision", "client_id",
					      "from", "until"};

const char *record_consent_member(size_t i)
{
	return i < LEN(consent_members) ? consent_members[i] : NULL;
}

bool record_consent(struct record *r, struct arena *a, const struct json *v,
		    struct store_sharing *out, struct err *e)
{
	const char *decision;

	if (!record_only(v, consent_members, LEN(consent_members), e) ||
	    !record_needed_text(v, "decision", &decision, e))
		return false;
	if (strcmp(decision, "consent") != 0 &&
	    strcmp(decision, "refusal") != 0)
		return err_set(e, ERR_INVALID, "invalid_fixture", "decision",
			       "must be \"consent\" or \"refusal\"");
	*out = (struct store_sharing){
	    .kind = *decision == 'c' ? SHARING_CONSENT : SHARING_REFUSAL};
	if (!read_common(r, a, v, out, e))
		return false;
	put(r, a, out);
	return true;
}

static const char *const treatment_members[] = {"hetu", "client_id", "from",
						"until"};

const char *record_treatment_member(size_t i)
{
	return i < LEN(treatment_members) ? treatment_members[i] : NULL;
}

bool record_treatment(struct record *r, struct arena *a, const struct json *v,
		      struct store_sharing *out, struct err *e)
{
	const char *client_id;

	*out = (struct store_sharing){.kind = SHARING_TREATMENT};
	if (!record_only(v, treatment_members, LEN(treatment_members), e) ||
	    !record_needed_text(v, "client_id", &client_id, e) ||
	    !read_common(r, a, v, out, e))
		return false;
	put(r, a, out);
	return true;
}
