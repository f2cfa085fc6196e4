/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta below /omakanta: what is stored about a test citizen, and who may
 * see it.
 *
 * Facts: kanta.md 5.
 */
#include "web/web_int.h"

static bool front(struct rq *rq);

static const struct route routes[] = {
    {"GET", "/", front, ACCESS_OPEN, 0, "the front page"},
};

static bool front(struct rq *rq)
{
	return site_page(rq, 200, SAY("My Kanta"), "server/web/omakanta.html",
			 &(struct page_values){NULL, 0}, "");
}

void web_omakanta_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = w->prefix,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = w,
	    .refuse = web_refuse,
	};
}
