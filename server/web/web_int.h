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

/* A parameter of the query, decoded, in the request's arena; NULL when it is
 * absent or the query is no form. */
const char *web_query(struct rq *rq, const char *name);

/* A number as text, in the request's arena. */
const char *web_number(struct rq *rq, int64_t n);

/* A list on several pages: which one the query asks for, from 1 to the last;
 * and the link to one, NULL where there is none. */
int64_t web_page(struct rq *rq, int64_t last);
const char *web_page_link(struct rq *rq, int64_t page, int64_t last);

#endif
