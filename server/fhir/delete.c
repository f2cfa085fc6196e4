/* SPDX-License-Identifier: Apache-2.0
 *
 * delete: DELETE Type/id, and DELETE Type?condition where that is switched on.
 *
 * The record decides who may; here is how it is answered: 200 with an
 * OperationOutcome in the words of the real stack, which counts what was
 * deleted (nothing, when it was before), or 204.
 *
 * The service states that it has no conditional delete; the switch
 * conditional_delete adds HAPI's: no match is a warning, several are refused.
 *
 * FHIR R4 3.1.0.7; facts: fhir-rest.md 1.1, 2.6.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <string.h>

/* ---- answers --------------------------------------------------------- */

static bool wants_no_body(struct rq *rq, const struct wish *w)
{
	const struct fhir *f = rq->ctx;

	return f->record->settings.delete_status == 204 ||
	       w->answer == RETURN_MINIMAL;
}

static bool delete (struct rq *rq, const struct wish *w,
		    const struct record_type *t, const char *id)
{
	const struct fhir *f = rq->ctx;
	const int status = f->record->settings.delete_status;
	const struct record_write write = fhir_write(rq, id);
	struct store_resource r;
	int count;

	if (!record_delete(f->record, rq->arena, &write, t, &r, &count,
			   &rq->err))
		return fhir_refuse_write(rq, w, NULL);
	rq_passed(rq, "owner");
	if (write.if_match_count > 0)
		rq_passed(rq, "precondition");
	rq_header(rq, "ETag", "W/\"%d\"", r.version);
	if (wants_no_body(rq, w))
		return rq_reply(rq, status, NULL);
	return fhir_reply_done(
	    rq, w, status,
	    count > 0 ? "SUCCESSFUL_DELETE"
		      : "SUCCESSFUL_DELETE_ALREADY_DELETED",
	    arena_printf(rq->arena, "Successfully deleted %d resource(s)",
			 count));
}

/* ---- the handlers ---------------------------------------------------- */

bool fhir_delete(struct rq *rq)
{
	const struct record_type *t;
	struct wish w;

	assert(rq->grant);
	return fhir_wish(rq, &w) && fhir_offers(rq, IA_DELETE, &t) &&
	       delete (rq, &w, t, rq_param(rq, "id"));
}

static bool reply_nothing(struct rq *rq, const struct wish *w,
			  const struct record_type *t)
{
	const struct fhir *f = rq->ctx;
	const int status = f->record->settings.delete_status;
	struct issue none = {
	    .severity = ISSUE_WARNING,
	    .code = "not-found",
	    .key = "SUCCESSFUL_DELETE_NOT_FOUND",
	    .text = arena_printf(rq->arena,
				 "Unable to find resource matching URL "
				 "\"%s?%.300s\". Deletion failed.",
				 t->type, rq->query),
	};
	const struct issues issues = {.v = &none, .n = 1};

	if (wants_no_body(rq, w))
		return rq_reply(rq, status, NULL);
	return fhir_reply_issues(rq, w, status, &issues);
}

bool fhir_delete_conditional(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t;
	struct store_resource found;
	struct wish w;
	size_t n = 0;

	assert(rq->grant);
	if (!fhir_wish(rq, &w) || !fhir_offers(rq, IA_DELETE, &t))
		return false;
	if (!f->record->settings.conditional_delete)
		return fhir_unknown(rq);
	if (!fhir_condition_find(rq, t, fhir_condition_query(rq, &w), "DELETE",
				 &found, &n))
		return false;
	if (n == 0)
		return reply_nothing(rq, &w, t);
	return delete (rq, &w, t, found.id);
}
