/* SPDX-License-Identifier: Apache-2.0
 *
 * update: PUT Type/id, and PUT Type?condition where that is switched on.
 *
 * The body must carry the id of the URL: the real stack insists, and its words
 * are known to those who met them. What is then made of the resource, the
 * record decides: a next version, a first one (a Patient under the client's own
 * id), or nothing when nothing changes. The answer is that of a create but for
 * Location, which only an answer to POST has.
 *
 * The service states that it has no conditional update; the switch
 * conditional_update adds HAPI's: no match creates, one is updated, several are
 * refused.
 *
 * FHIR R4 3.1.0.4; facts: fhir-rest.md 2.4, 2.5.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <string.h>

#define MUST_HAVE_ID                                                           \
	"Can not update resource, resource body must contain an ID element "   \
	"for update (PUT) operation"
#define MUST_MATCH                                                             \
	"Can not update resource, resource body must contain an ID element "   \
	"which matches the request URL for update (PUT) operation - "          \
	"Resource body ID of \"%.100s\" does not match URL ID of \"%.100s\""
#define URL_HAS_NO_ID                                                          \
	"Can not update resource, request URL must contain an ID element for " \
	"update (PUT) operation (it must be of the form [base]/[resource "     \
	"type]/[id])"

bool fhir_update_id(const struct json *resource, const char *want, bool needed,
		    struct err *e)
{
	const char *id = json_get_text(resource, "id");

	if (id == NULL && json_get(resource, "id") == NULL && !needed)
		return true;
	if (id == NULL)
		return err_set(e, ERR_INVALID, RULE_UPDATE_ID, "id",
			       MUST_HAVE_ID);
	if (strcmp(id, want) == 0)
		return true;
	return err_set(e, ERR_INVALID, RULE_UPDATE_ID, "id", MUST_MATCH, id,
		       want);
}

static bool update(struct rq *rq, const struct wish *w,
		   const struct json *resource, const char *id)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, id);
	const struct issues *issues = NULL;
	struct store_resource r;
	enum record_done done;

	if (!record_update(f->record, rq->arena, &write, resource, &r, &done,
			   &issues, &rq->err))
		return fhir_refuse_write(rq, w, issues);
	fhir_passed_write(rq, &write);
	fhir_version_headers(rq, &r, false);
	return fhir_reply_resource(rq, w, done == DONE_CREATED ? 201 : 200, &r,
				   done == DONE_CREATED ? "created"
							: "updated");
}

bool fhir_update(struct rq *rq)
{
	const char *id = rq_param(rq, "id");
	const struct record_type *t;
	const struct json *resource;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !fhir_offers(rq, IA_UPDATE, &t))
		return false;
	resource = fhir_body_of(rq, t->type);
	return resource && fhir_update_id(resource, id, true, &rq->err) &&
	       update(rq, &w, resource, id);
}

/* ---- PUT Type?condition ---------------------------------------------- */

static bool create(struct rq *rq, const struct wish *w,
		   const struct json *resource)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, NULL);
	const struct issues *issues = NULL;
	struct store_resource r;

	if (write.if_match_count > 0)
		return err_set(&rq->err, ERR_PRECONDITION, RULE_VERSION, NULL,
			       "No resource matches the condition, so there is "
			       "no version that If-Match could name");
	if (!record_store_new(f->record, rq->arena, &write, resource, &r,
			      &issues, &rq->err))
		return fhir_refuse_write(rq, w, issues);
	fhir_passed_write(rq, &write);
	fhir_version_headers(rq, &r, false);
	return fhir_reply_resource(rq, w, 201, &r, "created");
}

bool fhir_update_conditional(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t;
	const struct json *resource;
	struct store_resource found;
	const char *condition;
	struct wish w;
	size_t n = 0;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !fhir_offers(rq, IA_UPDATE, &t))
		return false;
	condition = fhir_condition_query(rq, &w);
	if (*condition == '\0')
		return err_set(&rq->err, ERR_INVALID, RULE_UPDATE_ID, NULL,
			       URL_HAS_NO_ID);
	if (!f->record->settings.conditional_update)
		return fhir_unknown(rq);
	resource = fhir_body_of(rq, t->type);
	if (!resource ||
	    !fhir_condition_find(rq, t, condition, "UPDATE", &found, &n))
		return false;
	if (n == 0)
		return create(rq, &w, resource);
	return fhir_update_id(resource, found.id, false, &rq->err) &&
	       update(rq, &w, resource, found.id);
}
