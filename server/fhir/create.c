/* SPDX-License-Identifier: Apache-2.0
 *
 * create: POST Type, with If-None-Exist.
 *
 * The request is refused step by step in the order in which the real stack
 * meets the faults: media type, JSON, resource type, condition, and last the
 * content against its profile. Only then something is stored, so a refused
 * request leaves no trace. What a profile refuses is answered with all issues
 * and the status of the switch validation_status; everything else is one
 * refusal.
 *
 * A conditional create looks for an existing resource by identifier, the only
 * condition that the service allows, and only in the caller's own record: one
 * match is answered with 200 as if it had just been stored, which is what lets
 * an application repeat a request whose answer got lost.
 *
 * FHIR R4 3.1.0.8, 3.1.0.8.1; facts: fhir-rest.md 1.4, 2.1, 2.2, kanta.md 4.4.
 */
#include "fhir/fhir_int.h"

#include <assert.h>

/* ---- the handlers ---------------------------------------------------- */

static bool create_new(struct rq *rq, const struct wish *w,
		       const struct json *resource)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, NULL);
	const struct issues *issues = NULL;
	struct store_resource r;

	if (!record_store_new(f->record, rq->arena, &write, resource, &r,
			      &issues, &rq->err))
		return fhir_refuse_write(rq, w, issues);
	fhir_passed_write(rq, &write);
	fhir_version_headers(rq, &r, true);
	return fhir_reply_resource(rq, w, 201, &r, "created");
}

/* A request that is repeated is answered as the first one was; what its body
 * breaks is still told, as the real stack looks at the body first. */
static bool answer_existing(struct rq *rq, const struct wish *w,
			    const struct json *resource,
			    const struct store_resource *r)
{
	const struct fhir *f = rq->ctx;
	const struct issues *issues = record_check(
	    f->record, rq->arena, f->version, resource, fhir_own_base(rq));

	if (issues->errors > 0)
		return fhir_reply_issues(
		    rq, w, f->record->settings.validation_status, issues);
	fhir_version_headers(rq, r, true);
	return fhir_reply_resource(rq, w, 200, r, "found");
}

/* The header, but of an early STU3 service, which did not know it. */
static const char *condition_of(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;

	if (f->version == FHIR_STU3 && !f->record->settings.if_none_exist_stu3)
		return NULL;
	return rq_header_in(rq, "If-None-Exist");
}

bool fhir_create(struct rq *rq)
{
	const char *condition = condition_of(rq);
	struct store_resource found;
	const struct record_type *t;
	const struct json *resource;
	size_t n = 0;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !fhir_offers(rq, IA_CREATE, &t))
		return false;
	resource = fhir_body_of(rq, t->type);
	if (!resource)
		return false;
	if (condition && *condition &&
	    !fhir_condition_find(rq, t, condition, "CREATE", &found, &n))
		return false;
	if (n == 0)
		return create_new(rq, &w, resource);
	return answer_existing(rq, &w, resource, &found);
}

bool fhir_create_with_id(struct rq *rq)
{
	const char *id = rq_param(rq, "id");

	if (*id == '_' || *id == '$')
		return fhir_unknown(rq);
	return err_set(&rq->err, ERR_INVALID, RULE_BODY_ID, NULL,
		       "Can not create resource with ID \"%.100s\", ID must "
		       "not be supplied on a create (POST) operation (use an "
		       "HTTP PUT / update operation if you wish to supply an "
		       "ID)",
		       id);
}
