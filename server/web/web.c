/* SPDX-License-Identifier: Apache-2.0
 *
 * What both sites have in common.
 *
 * Everything on them is a page, so their refusals are pages too; whoever does
 * not get further reads what to do about it there. Who may do what is decided
 * in the handlers by the browser's session and the token of each form: there
 * are no guards, since a token of an application opens nothing here.
 */
#include "web/web_int.h"

#include <stdlib.h>
#include <string.h>

void web_refuse(struct rq *rq)
{
	site_refuse(rq, NULL, false);
}

const char *web_query(struct rq *rq, const char *name)
{
	struct http_pair *pair;
	struct err ignored;
	size_t n;

	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &ignored))
		return NULL;
	return http_form_get(pair, n, name);
}

int64_t web_page(struct rq *rq, int64_t last)
{
	const char *said = web_query(rq, "page");
	int64_t n = said != NULL ? strtoll(said, NULL, 10) : 1;

	return n < 1 ? 1 : n > last ? last : n;
}

const char *web_number(struct rq *rq, int64_t n)
{
	return arena_printf(rq->arena, "%lld", (long long)n);
}

const char *web_page_link(struct rq *rq, int64_t page, int64_t last)
{
	if (page < 1 || page > last)
		return NULL;
	return arena_cat(rq->arena, "?page=", web_number(rq, page), NULL);
}
