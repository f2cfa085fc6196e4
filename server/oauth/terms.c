/* SPDX-License-Identifier: Apache-2.0
 *
 * The terms of use: between the first login and the first consent the citizen
 * accepts them, once for all applications (kanta.md sections 3.1, 5).
 *
 * The switch terms says whether they are asked for; a test citizen who behaves
 * as "no-terms-accepted" meets them either way. When the citizen says no, the
 * application is told that access was denied. The page is only a stop on the
 * way: its form carries the request on in its address and leads back to it, so
 * a login that was made for the request still counts, and nothing but the
 * acceptance is stored.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static bool citizen_of(struct rq *rq, const struct site_session *s,
		       struct store_citizen *c)
{
	return s->hetu != NULL &&
	       store_citizen_find(oauth_of(rq)->site.record->store, rq->arena,
				  s->hetu, NULL, c);
}

bool oauth_terms_due(struct rq *rq, const struct oauth_request *q,
		     const struct site_session *s)
{
	struct store_citizen c;

	return citizen_of(rq, s, &c) && c.terms_ms == 0 &&
	       (q->set.terms != 0 || record_behaves(&c, "no-terms-accepted"));
}

bool oauth_terms_page(struct rq *rq, const struct oauth_request *q,
		      const struct site_session *s)
{
	const struct page_value v[] = {
	    {.name = "hetu", .text = s->hetu},
	    {.name = "csrf", .text = site_csrf(rq, s)},
	    {.name = "request", .text = q->text},
	};

	return site_page(rq, 200, SAY("Terms of use"),
			 "server/oauth/terms.html",
			 &(struct page_values){v, LEN(v)},
			 site_policy_source(rq->arena, q->redirect_uri));
}

/* Tells the application of the request that is in the address. */
static bool declined(struct rq *rq)
{
	struct oauth_request q;

	return oauth_request_read(rq, rq->query, &q) &&
	       oauth_request_client(rq, &q) && oauth_request_deny(rq, &q);
}

bool oauth_terms_post(struct rq *rq)
{
	struct site_post p;
	struct store_citizen c;

	if (!site_form(rq, &p))
		return false;
	if (site_field(&p, "decline") != NULL)
		return declined(rq);
	if (site_field(&p, "accept") != NULL &&
	    citizen_of(rq, &p.session, &c)) {
		c.terms_ms = site_now_ms(rq);
		store_citizen_put(oauth_of(rq)->site.record->store, &c);
	}
	return site_go(rq, 303,
		       arena_printf(rq->arena, "%s?%s",
				    site_url(rq, "/authorize"), rq->query));
}
