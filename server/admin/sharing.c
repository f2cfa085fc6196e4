/* SPDX-License-Identifier: Apache-2.0
 *
 * sharing: what a citizen shares with professionals, and who treats him or her,
 * from outside.
 *
 * Two lists over one table: /consents has consents and refusals, /treatments
 * the relationships of treatment. What may be put there record decides
 * (record_consent(), record_treatment()), as for fixtures; here it is said in
 * JSON, and a refusal names the member. A list is told, and emptied, for all or
 * for those of a citizen or an application (?hetu=, ?client_id=); a name that
 * nobody has is refused, so that a test does not go on with what it believes
 * gone. What is without client_id is about all applications, what is without
 * until has no end.
 *
 * Facts: contracts.md section 3, kanta.md section 5.
 */
#include "admin/admin_int.h"

#include <string.h>

/* ---- telling -------------------------------------------------------- */

static void time_write(struct jw *w, const char *name, int64_t ms)
{
	char text[TIME_TEXT];

	if (ms == INT64_MAX)
		return;
	time_finnish(text, ms);
	jw_str(w, name, text);
}

static void sharing_write(struct jw *w, const struct store_sharing *x)
{
	static const char *const decision[] = {
	    [SHARING_CONSENT] = "consent",
	    [SHARING_REFUSAL] = "refusal",
	    [SHARING_TREATMENT] = NULL,
	};

	jw_open(w, NULL, '{');
	jw_str(w, "id", x->id);
	jw_str(w, "hetu", x->hetu);
	jw_str(w, "decision", decision[x->kind]);
	jw_str(w, "client_id", *x->client_id != '\0' ? x->client_id : NULL);
	time_write(w, "from", x->from_ms);
	time_write(w, "until", x->until_ms);
	jw_close(w);
}

static bool reply_sharing(struct rq *rq, int status,
			  const struct store_sharing *x)
{
	struct jw w = {.b = &rq->out};

	sharing_write(&w, x);
	return reply_json(rq, status);
}

/* ---- which ---------------------------------------------------------- */

struct which {
	bool treatments;
	const char *hetu, *client_id; /* NULL: any */
};

/* Both lists have the same handlers. */
static bool of_treatments(const struct rq *rq)
{
	return text_begins(rq->route->path, "/treatments");
}

static bool read_one(struct rq *rq, const struct http_pair *p, struct which *f)
{
	struct nearest near = {.word = p->name};
	struct store_citizen citizen;
	struct store_client client;

	if (strcmp(p->name, "hetu") == 0) {
		if (!citizen_get(rq, p->value, &citizen))
			return false;
		f->hetu = citizen.hetu;
		return true;
	}
	if (strcmp(p->name, "client_id") == 0) {
		f->client_id = p->value;
		return client_get(rq, p->value, &client);
	}
	nearest_try(&near, "hetu");
	nearest_try(&near, "client_id");
	return refuse_unknown(rq, &near);
}

static bool read_which(struct rq *rq, struct which *f)
{
	struct http_pair *pair;
	size_t n;

	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!read_one(rq, &pair[i], f))
			return false;
	}
	return true;
}

static bool is_meant(const struct store_sharing *x, const struct which *f)
{
	return (x->kind == SHARING_TREATMENT) == f->treatments &&
	       (f->client_id == NULL ||
		strcmp(x->client_id, f->client_id) == 0);
}

/* ---- lists ---------------------------------------------------------- */

bool admin_sharings(struct rq *rq)
{
	struct which f = {.treatments = of_treatments(rq)};
	struct jw w = {.b = &rq->out};
	struct store_sharing *x;

	if (!read_which(rq, &f))
		return false;
	size_t n = store_sharing_list(store_of(rq), rq->arena, f.hetu, &x);
	jw_open(&w, NULL, '{');
	jw_open(&w, f.treatments ? "treatments" : "consents", '[');
	for (size_t i = 0; i < n; i++) {
		if (is_meant(&x[i], &f))
			sharing_write(&w, &x[i]);
	}
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_sharings_delete(struct rq *rq)
{
	struct which f = {.treatments = of_treatments(rq)};
	struct jw w = {.b = &rq->out};
	struct store_sharing *x;
	int64_t count = 0;

	if (!read_which(rq, &f))
		return false;
	size_t n = store_sharing_list(store_of(rq), rq->arena, f.hetu, &x);
	for (size_t i = 0; i < n; i++) {
		if (is_meant(&x[i], &f))
			count += store_sharing_delete(store_of(rq), x[i].id);
	}
	jw_open(&w, NULL, '{');
	jw_int(&w, "count", count);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* ---- one ------------------------------------------------------------ */

/* Finds the one of the path, or refuses: 404. */
static bool get(struct rq *rq, struct store_sharing *out)
{
	const struct which f = {.treatments = of_treatments(rq)};
	const char *id = rq_param(rq, "id");
	struct store_sharing *x;
	size_t n = store_sharing_list(store_of(rq), rq->arena, NULL, &x);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(x[i].id, id) == 0 && is_meant(&x[i], &f)) {
			*out = x[i];
			return true;
		}
	}
	return err_set(&rq->err, ERR_NOT_FOUND,
		       f.treatments ? "unknown_treatment" : "unknown_consent",
		       "/id", "There is no %s \"%.64s\".",
		       f.treatments ? "treatment" : "consent or refusal", id);
}

bool admin_sharing(struct rq *rq)
{
	struct store_sharing x;

	return get(rq, &x) && reply_sharing(rq, 200, &x);
}

bool admin_sharing_delete(struct rq *rq)
{
	struct store_sharing x = {0};

	if (!get(rq, &x))
		return false;
	store_sharing_delete(store_of(rq), x.id);
	rq_header(rq, "Cache-Control", "no-store");
	return rq_reply(rq, 204, NULL);
}

/* ---- a new one ------------------------------------------------------ */

/* What record says of a fixture's member ("is missing", "must be ..."), as a
 * sentence of the control API. */
static bool refuse(struct rq *rq)
{
	struct err e = rq->err;

	if (strcmp(e.code, "invalid_fixture") == 0)
		(void)err_set(&rq->err, e.kind, "invalid_value", e.where,
			      "\"%s\" %s.", e.where, e.text);
	return refuse_member(rq);
}

bool admin_sharing_post(struct rq *rq)
{
	struct record *r = admin_of(rq)->record;
	const struct json *body;
	struct store_sharing x;

	if (!body_object(rq, &body))
		return false;
	if (!(of_treatments(rq) ? record_treatment : record_consent)(
		r, rq->arena, body, &x, &rq->err))
		return refuse(rq);
	return reply_sharing(rq, 201, &x);
}
