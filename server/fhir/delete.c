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

static bool reply_outcome(struct rq *rq, const struct wish *w,
			  struct issue *one)
{
	const struct fhir *f = rq->ctx;
	const int status = f->record->settings.delete_status;
	const struct issues issues = {.v = one, .n = 1};

	if (status == 204 || w->answer == RETURN_MINIMAL)
		return rq_reply(rq, status, NULL);
	return fhir_reply_issues(rq, w, status, &issues);
}

static bool delete (struct rq *rq, const struct wish *w,
		    const struct record_type *t, const char *id)
{
	const struct fhir *f = rq->ctx;
	const int64_t began_us = clock_steady_us();
	const struct record_write write = fhir_write(rq, id);
	struct issue done = {.severity = ISSUE_INFO, .code = "informational"};
	struct store_resource r;
	int count;

	if (!record_delete(f->record, rq->arena, &write, t, &r, &count,
			   &rq->err))
		return fhir_refuse_write(rq, w, NULL);
	rq_header(rq, "ETag", "W/\"%d\"", r.version);
	done.text = arena_printf(
	    rq->arena, "Successfully deleted %d resource(s) in %dms", count,
	    (int)((clock_steady_us() - began_us) / 1000));
	return reply_outcome(rq, w, &done);
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
	struct issue none = {
	    .severity = ISSUE_WARNING,
	    .code = "not-found",
	    .text = arena_printf(rq->arena,
				 "Unable to find resource matching URL "
				 "\"%s?%.300s\". Deletion failed.",
				 t->type, rq->query),
	};

	return reply_outcome(rq, w, &none);
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
