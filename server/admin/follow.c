/* SPDX-License-Identifier: Apache-2.0
 *
 * follow: the journal as it comes, as server-sent events.
 *
 *	GET /requests/stream?client_id=my-app
 *
 *	id: 1043
 *	event: request
 *	data: {"seq":1043, ...}
 *
 * An event for each entry that matches, which is asked for as in GET /requests;
 * its id is the entry's number, so that a browser that lost the connection goes
 * on where it was (Last-Event-ID). Without that and without since it begins
 * with what comes next. Entries that went before they could be sent are told by
 * an event of their own ("dropped"), with how many went in all.
 *
 * Each look takes a bounded number of entries; where there is nothing to tell
 * for a while, a comment keeps proxies from closing the connection.
 *
 * Facts: stand-in.md 5; HTML Living Standard 9.2 (server-sent events).
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

#define PULSE_MS 1000
#define QUIET_MS 15000 /* then a comment is sent */
#define AT_ONCE	 2000  /* entries that are looked at */

struct follower {
	struct journal_wanted want;
	int64_t looked; /* up to that number */
	int64_t told_us;
};

static void tell(const struct journal *j, struct arena *scrap, struct buf *out,
		 const struct seen *s)
{
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, scrap);
	seen_write(&w, j, s, false);
	buf_printf(out, "id: %lld\nevent: request\ndata: ", (long long)s->seq);
	buf_add(out, b.p, b.len);
	buf_puts(out, "\n\n");
}

static void tell_dropped(const struct journal *j, struct follower *f,
			 struct buf *out)
{
	if (journal_lost(j) <= f->looked)
		return;
	buf_printf(out, "event: dropped\ndata: {\"dropped\":%lld}\n\n",
		   (long long)journal_dropped(j));
	f->looked = journal_lost(j);
}

static void more(struct rq *rq, struct arena *scrap, struct buf *out,
		 void *state)
{
	const struct journal *j = admin_of(rq)->journal;
	const int64_t now_us = clock_steady_us();
	struct follower *f = state;
	struct seen s;
	size_t i;

	match_again(f->want.match, store_of(rq), rq->arena);
	tell_dropped(j, f, out);
	i = journal_behind(j, f->looked);
	for (size_t n = 0; n < AT_ONCE && journal_at(j, i, &s); n++, i++) {
		f->looked = s.seq;
		if (match_is(f->want.match, &s))
			tell(j, scrap, out, &s);
	}
	if (out->len == 0 && now_us - f->told_us >= QUIET_MS * INT64_C(1000))
		buf_puts(out, ":\n\n");
	if (out->len > 0)
		f->told_us = now_us;
}

/* Where to begin: behind what was had, behind since, or now. */
static bool begin(struct rq *rq, struct follower *f)
{
	const char *last = rq_header_in(rq, "Last-Event-ID");
	const size_t n = last != NULL ? strspn(last, "0123456789") : 0;

	f->looked = journal_last(admin_of(rq)->journal);
	if (f->want.has_since)
		f->looked = f->want.since;
	if (last == NULL || *last == '\0')
		return true;
	if (n == 0 || n > 15 || last[n] != '\0')
		return err_set(&rq->err, ERR_INVALID, "invalid_value",
			       "Last-Event-ID",
			       "Last-Event-ID must be the number of an entry, "
			       "not \"%.40s\".",
			       last);
	f->looked = strtoll(last, NULL, 10);
	return true;
}

bool admin_requests_stream(struct rq *rq)
{
	struct follower *f = arena_alloc(rq->arena, sizeof(*f));

	if (!requests_wanted(rq, &f->want) || !begin(rq, f))
		return false;
	f->told_us = 0; /* so that something comes at once */
	return rq_stream(rq, "text/event-stream", PULSE_MS, more, f);
}
