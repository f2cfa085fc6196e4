/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of web share.
 */
#ifndef WEB_INT_H
#define WEB_INT_H

#include "web/web.h"

static inline struct web *web_of(const struct rq *rq)
{
	return rq->ctx;
}

/* The refusals of both groups. */
void web_refuse(struct rq *rq);

#endif
