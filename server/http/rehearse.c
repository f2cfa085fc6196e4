/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that is answered to see what would come of it, before it is
 * answered in earnest: by the same guards and the same handler, on a copy of
 * it, in a savepoint that is rolled back whatever happens. Who asks for that
 * has changed something first, a switch for instance, and changes it back.
 *
 * The copy shares what came in and nothing else: what it finds out (grant,
 * why), its answer and its headers are its own and end with its arena. It is no
 * request of its own: it has the outer one's id, and neither the log nor the
 * journal hears of it. Only a failure inside is logged, as it would have
 * been.
 *
 * What a handler keeps outside of the database is not taken back. There are
 * caches alone (names, tokens, definitions in force, verdicts on certificates),
 * which have to live with the rollback of any refused request, and the signing
 * key, which is stored again by whoever needs it next.
 */
#include "http/http_int.h"

#include <stdio.h>
#include <string.h>

/* Does the answer send the browser back with a refusal (RFC 6749 4.1.2.1)?
 * Then that is its code. */
static bool told_by_redirect(const struct rq *rq, struct err *e)
{
	const char *location = rq_header_out(rq, "Location");
	const char *at =
	    location && rq->status / 100 == 3 ? strpbrk(location, "?#") : NULL;

	for (; at; at = strpbrk(at + 1, "?#&")) {
		if (!text_begins(at + 1, "error="))
			continue;
		if (e->kind == ERR_NONE)
			err_set(e, ERR_INVALID, "", NULL, "%s", "");
		if (e->code[0] == '\0')
			snprintf(e->code, sizeof(e->code), "%.*s",
				 (int)strcspn(at + 7, "&#"), at + 7);
		return true;
	}
	return false;
}

void http_rehearse(const struct rq *rq, struct arena *a,
		   struct http_rehearsed *out)
{
	struct rq_private *p = arena_alloc(a, sizeof(*p));

	*p = *rq->private;
	p->rq.arena = a;
	p->rq.private = p;
	p->aside = true;
	http_reply_reset(p);
	buf_init(&p->rq.out, a);
	*out = (struct http_rehearsed){.status = 0};
	if (!http_dispatch_rehearsal(p))
		return;
	out->status = p->rq.status;
	out->err = p->rq.err;
	out->refused =
	    p->rq.status >= 400 || told_by_redirect(&p->rq, &out->err);
}
