/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers that are still to come; each moves to its own file.
 */
#include "fhir/fhir_int.h"

static bool later(struct rq *rq)
{
	return err_set(&rq->err, ERR_INVALID, RULE_LATER, NULL,
		       "%s %s is not available in this version", rq->method,
		       rq->path);
}

bool fhir_search_post(struct rq *rq)
{
	return later(rq);
}

bool fhir_everything(struct rq *rq)
{
	return later(rq);
}
