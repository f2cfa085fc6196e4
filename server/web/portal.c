/* SPDX-License-Identifier: Apache-2.0
 *
 * The self-service portal below {authorization server}/applications: the public
 * list of applications, and registering, changing and deleting one.
 *
 * Facts: kanta.md 2, 3.4.
 */
#include "web/web_int.h"

static bool list(struct rq *rq);

static const struct route routes[] = {
    {"GET", "/", list, ACCESS_OPEN, 0, "the applications"},
};

static bool list(struct rq *rq)
{
	return site_page(rq, 200, SAY("Applications"), "server/web/portal.html",
			 &(struct page_values){NULL, 0}, "");
}

void web_portal_group(struct web *w, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = w->prefix,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = w,
	    .refuse = web_refuse,
	};
}
