/* SPDX-License-Identifier: Apache-2.0
 *
 * POST [base]: a Bundle of requests.
 *
 * Each entry is a request within the request (http_nested): it goes through the
 * same guards and handlers as if it had been sent alone, so it may do what the
 * token may do, is checked as a single resource is, and is answered the same.
 * Deletes come first, then creates, updates and reads; the answers stand in the
 * order of the entries.
 *
 * In a batch an entry stands for itself: what is wrong with it is its own
 * answer. A transaction is one: first its entries learn of each other
 * (bundle_link.c), then the first one that is refused ends it. The answer is
 * that entry's outcome, and everything that was written before is taken back
 * with the request's savepoint (rq->undo).
 *
 * Requests within live in an arena of their own, which is emptied after each of
 * them: a Bundle needs no more memory than its largest entry and its answer.
 *
 * FHIR R4 and STU3 3.1.0.11; facts: fhir-rest.md 3, kanta.md 4.4.
 */
#include "fhir/bundle_int.h"

#include <string.h>

/* ---- one entry -------------------------------------------------------- */

static struct rq *ask(struct bundle *b, struct bundle_entry *e,
		      struct store_resource *done)
{
	struct fhir_within *in = arena_alloc(b->scratch, sizeof(*in));
	const struct http_nested n = {
	    .method = e->method ? e->method : "POST",
	    .url = text_or_empty(e->url),
	    .header = e->header,
	    .header_count = e->headers,
	    .within = in,
	    .arena = b->scratch,
	    .refused = e->refused,
	};

	in->resource = e->resource;
	in->id = e->id;
	in->expected = b->expected;
	in->expected_count = b->expected_count;
	in->leaving = b->leaving;
	in->leaving_count = b->leaving_count;
	in->done = done;
	in->moved = e->moved;
	in->place = b->transaction
			? arena_printf(b->scratch, "Bundle.entry[%zu]", e->i)
			: NULL;
	return http_nested(b->rq, &n);
}

/* Replies with the outcome of the entry on which the transaction failed, and
 * takes back what was written. Always false. */
static bool fail(struct bundle *b, const struct rq *in)
{
	const char *challenge = rq_header_out(in, "WWW-Authenticate");
	struct rq *rq = b->rq;

	if (challenge)
		rq_header_text(rq, "WWW-Authenticate", challenge);
	rq->undo = true;
	buf_init(&rq->out, rq->arena);
	buf_add(&rq->out, in->out.p, in->out.len);
	(void)fhir_reply(rq, &b->wish, in->status);
	return false;
}

/* References to what is new were resolved to the id that it was going to have;
 * a condition that found what an earlier entry had created leads to another. */
static bool as_expected(struct bundle *b, struct bundle_entry *e,
			const struct store_resource *done)
{
	if (!e->id || done->version == 0 || strcmp(done->id, e->id) == 0)
		return true;
	return bundle_refuse(
	    b, e, ERR_INVALID,
	    e->step == STEP_PUT ? "request.url" : "request.ifNoneExist",
	    "Unable to process transaction - Request would cause multiple "
	    "resources to match URL: \"%.300s\". Does transaction request "
	    "contain duplicates?",
	    text_or_empty(bundle_condition(e)));
}

/* False: a transaction failed on it, and is answered. */
static bool carry_out(struct bundle *b, struct bundle_entry *e)
{
	const struct arena_mark mark = arena_mark(b->scratch);
	struct store_resource done = {.version = 0};
	const struct rq *in;

	(void)bundle_too_much(b, e);
	in = ask(b, e, &done);
	if (b->transaction && in->status < 400 && !as_expected(b, e, &done))
		in = ask(b, e, &done);
	if (b->transaction && in->status >= 400)
		return fail(b, in);
	bundle_answer_entry(b, e, in, &done);
	arena_rewind(b->scratch, &mark);
	return true;
}

/* ---- all of them ------------------------------------------------------ */

static bool steps(struct bundle *b, enum bundle_step from, enum bundle_step to)
{
	for (enum bundle_step s = from; s <= to; s++)
		for (size_t i = 0; i < b->n; i++)
			if (b->v[i].step == s && !carry_out(b, &b->v[i]))
				return false;
	return true;
}

static struct bundle_entry *unsound(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].refused)
			return &b->v[i];
	return NULL;
}

static bool transaction(struct bundle *b)
{
	struct bundle_entry *bad = unsound(b);

	if (!bad)
		bad = bundle_twice(b);
	if (bad)
		return carry_out(b, bad);
	bundle_leaving(b);
	if (!steps(b, STEP_DELETE, STEP_DELETE))
		return false;
	bundle_targets(b);
	bad = bundle_link(b);
	if (bad)
		return carry_out(b, bad);
	return steps(b, STEP_POST, STEP_GET);
}

/* ---- the handler ------------------------------------------------------ */

/* Where Bundles are not taken, the real stack has no method for them. */
static bool offered(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;
	const bool r4 = f->version == FHIR_R4;

	if (r4 ? s->batch_r4 : s->batch_stu3)
		return true;
	return err_set(&rq->err, ERR_INVALID, RULE_BATCH_OFF, NULL,
		       "Invalid request: The FHIR endpoint on this server does "
		       "not know how to handle POST operation[null] with "
		       "parameters [[]]: Bundles are not taken at this base "
		       "(setting %s = off)",
		       r4 ? "batch_r4" : "batch_stu3");
}

static const char *prefer_of(struct rq *rq, const struct wish *w)
{
	static const char *const handling[] = {
	    [HANDLING_OPEN] = "",
	    [HANDLING_STRICT] = "; handling=strict",
	    [HANDLING_LENIENT] = "; handling=lenient",
	};

	return arena_cat(rq->arena,
			 w->answer == RETURN_OUTCOME ? "return=OperationOutcome"
						     : "return=minimal",
			 handling[w->handling], NULL);
}

bool fhir_bundle(struct rq *rq)
{
	struct bundle b = {.rq = rq};
	bool done;

	if (rq->within)
		return err_set(&rq->err, ERR_INVALID, RULE_BUNDLE, NULL,
			       "An entry of a Bundle cannot be a Bundle");
	if (!fhir_wish(rq, &b.wish) || !offered(rq))
		return false;
	b.base = fhir_own_base(rq);
	b.prefer = prefer_of(rq, &b.wish);
	b.representation =
	    fhir_names(rq_header_in(rq, "Prefer"), "return=representation");
	if (!bundle_read(&b))
		return false;
	b.scratch = arena_new(0);
	done =
	    b.transaction ? transaction(&b) : steps(&b, STEP_DELETE, STEP_GET);
	arena_free(b.scratch);
	return !done || bundle_reply(&b);
}
