/* SPDX-License-Identifier: Apache-2.0
 *
 * professional: may an application for professionals read a citizen's data?
 *
 * THE ASSUMPTION. That professionals read with the citizen's consent and in a
 * relationship of treatment, through an application that Kela has registered
 * technically with its service provider and access point, and that they store
 * nothing, is published. How such an application gets its tokens is not.
 * Assumed is, here and in oauth/professional.c and nowhere else:
 *
 * The application authenticates itself at the token endpoint (in production by
 * the certificate of its access point) and asks, by grant_type
 * client_credentials, for a token about one citizen, who is named by his or her
 * personal identity code in the form member patient_hetu, never in a URL. The
 * answer is the usual one, with the Patient's id as sub and without a refresh
 * token: whoever treats on asks again. Each request with the token is judged
 * anew, so what the citizen changes in My Kanta holds from the next request on.
 * A relationship of treatment is one of the citizen with the application, since
 * the application stands for its service provider.
 *
 * The conditions are a table, in the order in which they are looked at; the
 * first that does not hold is what a refusal names. Of the consents and
 * refusals that are in force now and concern the application (those that name
 * it, and those that name none), the one that began last counts; of the same
 * instant, the refusal. So who refused and consents later is read again, and a
 * consent with an end gives way to what held before it.
 *
 * Facts: kanta.md 2.2, 5; oauth.md 20.
 */
#include "record/record_int.h"

#include <string.h>

#define OID_BYTES 128

struct use {
	struct record *r;
	struct arena *a;
	const char *client_id, *hetu;
	struct store_client client;
	struct store_citizen citizen;
	const struct json *metadata;
	const struct store_sharing *sharing; /* all of the citizen */
	size_t n;
};

/* ---- the application -------------------------------------------------- */

bool record_professional_oid(const char *text)
{
	if (text == NULL)
		return true;
	if (strlen(text) > OID_BYTES || *text < '0' || *text > '2')
		return false;
	for (const char *p = text;; p++) {
		size_t n = strspn(p, "0123456789");

		if (n == 0 || (n > 1 && *p == '0'))
			return false;
		p += n;
		if (*p != '.')
			return *p == '\0' && p > text + 1;
	}
}

static bool is_professional(struct use *u)
{
	return store_client_find(u->r->store, u->a, u->client_id, &u->client) &&
	       strcmp(u->client.kind, "professional") == 0;
}

static bool is_registered(const struct use *u, const char *member)
{
	const char *oid = json_get_text(u->metadata, member);

	return oid != NULL && *oid != '\0';
}

static bool has_provider(struct use *u)
{
	struct err e = {.kind = ERR_NONE};

	u->metadata = json_parse(u->a, u->client.metadata,
				 strlen(u->client.metadata), &e);
	return is_registered(u, "service_provider");
}

static bool has_access_point(struct use *u)
{
	return is_registered(u, "access_point");
}

/* ---- the citizen ------------------------------------------------------ */

static bool is_citizen(struct use *u)
{
	struct store_sharing *sharing;

	if (!store_citizen_find(u->r->store, u->a,
				hetu_canonical(u->a, u->hetu), NULL,
				&u->citizen))
		return false;
	u->n = store_sharing_list(u->r->store, u->a, u->citizen.hetu, &sharing);
	u->sharing = sharing;
	return true;
}

/* The one of that kind that is in force, concerns the application and began
 * last; NULL when there is none. */
static const struct store_sharing *latest(const struct use *u,
					  enum sharing_kind kind)
{
	const struct store_sharing *found = NULL;
	int64_t now_ms = record_now_ms(u->r);

	for (size_t i = 0; i < u->n; i++) {
		const struct store_sharing *x = &u->sharing[i];

		if (x->kind != kind || now_ms < x->from_ms ||
		    now_ms >= x->until_ms ||
		    (*x->client_id != '\0' &&
		     strcmp(x->client_id, u->client_id) != 0))
			continue;
		if (found == NULL || x->from_ms > found->from_ms)
			found = x;
	}
	return found;
}

static bool is_treated(struct use *u)
{
	return latest(u, SHARING_TREATMENT) != NULL;
}

static bool refuses_not(struct use *u)
{
	const struct store_sharing *refusal = latest(u, SHARING_REFUSAL);
	const struct store_sharing *consent = latest(u, SHARING_CONSENT);

	return refusal == NULL ||
	       (consent != NULL && consent->from_ms > refusal->from_ms);
}

static bool consents(struct use *u)
{
	return latest(u, SHARING_CONSENT) != NULL;
}

/* ---- the conditions --------------------------------------------------- */

static const struct {
	bool (*holds)(struct use *u);
	const char *rule, *text;
} conditions[] = {
    {is_professional, RULE_NOT_PROFESSIONAL,
     "the application is not registered as one for professionals (kind)"},
    {has_provider, RULE_UNREGISTERED,
     "the application is registered without the OID of its service provider "
     "(service_provider)"},
    {has_access_point, RULE_UNREGISTERED,
     "the application is registered without the OID of its access point "
     "(access_point)"},
    {is_citizen, RULE_NO_CITIZEN, "there is no such citizen"},
    {is_treated, RULE_NO_TREATMENT,
     "no relationship of treatment between the citizen and the application's "
     "service provider is in force"},
    {refuses_not, RULE_REFUSED,
     "the citizen refuses to let professionals see the data through this "
     "application"},
    {consents, RULE_NO_CONSENT,
     "no consent of the citizen that professionals see the data is in force"},
};

static bool check(struct use *u, struct err *e)
{
	for (size_t i = 0; i < LEN(conditions); i++) {
		if (!conditions[i].holds(u))
			return err_set(e, ERR_FORBIDDEN, conditions[i].rule,
				       NULL, "%s", conditions[i].text);
	}
	return true;
}

bool record_professional(struct record *r, struct arena *a,
			 const char *client_id, const char *hetu, struct err *e)
{
	struct use u = {.r = r, .a = a, .client_id = client_id, .hetu = hetu};

	return check(&u, e);
}

/* ---- the grant -------------------------------------------------------- */

struct reading {
	struct buf granted;
	const char *allowed;
	bool all; /* nothing was asked for: what does not read is left out */
	struct err *e;
};

static bool reads(const char *word)
{
	size_t n = strlen(word);

	return text_begins(word, "patient/") && n > 5 &&
	       strcmp(word + n - 5, ".read") == 0;
}

static bool add_word(const char *word, void *ctx)
{
	struct reading *g = ctx;

	if (reads(word) && scope_has(g->allowed, word)) {
		scope_add(&g->granted, word, strlen(word));
		return true;
	}
	return g->all ||
	       err_set(g->e, ERR_INVALID, "invalid_scope", "scope",
		       "an application for professionals is given what it is "
		       "registered for, and of that only patient/[type].read; "
		       "not %.64s",
		       word);
}

static bool read_scope(struct use *u, const char *scope, const char **out,
		       struct err *e)
{
	struct reading g = {
	    .allowed = u->client.scope, .all = scope == NULL, .e = e};

	buf_init(&g.granted, u->a);
	if (!scope_each(u->a, scope != NULL ? scope : u->client.scope, add_word,
			&g))
		return false;
	*out = g.granted.p;
	return g.granted.len > 0 || err_set(e, ERR_INVALID, "invalid_scope",
					    "scope", "no scope is granted");
}

bool record_professional_grant(struct record *r, struct arena *a,
			       const struct store_client *c, const char *hetu,
			       const char *scope, struct grant *out,
			       struct err *e)
{
	struct use u = {
	    .r = r, .a = a, .client_id = c->client_id, .hetu = hetu};
	const char *granted;

	if (!check(&u, e) || !read_scope(&u, scope, &granted, e))
		return false;
	*out = (struct grant){
	    .id = record_uuid(
		r, a, &(struct chance){"grant", u.citizen.hetu, c->client_id}),
	    .client_id = c->client_id,
	    .hetu = u.citizen.hetu,
	    .patient = u.citizen.patient,
	    .scope = granted,
	    .created_ms = record_now_ms(r),
	    .professional = true,
	};
	store_grant_put(r->store, out);
	return true;
}
