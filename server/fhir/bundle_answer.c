/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to a Bundle: one entry for each of the request, in its order.
 *
 *	{"response": {"status": "201 Created",
 *		      "location": "Observation/../_history/1",
 *		      "etag": "W/\"1\"", "lastModified": "2026-.."}}
 *
 * The resource is there when it was read, or when the client prefers to have
 * back what it stored; an outcome when the entry was refused, or when the
 * client prefers those. A delete that succeeded is "204 No Content", as the
 * stack has it in Bundles, though a delete that comes alone is answered with an
 * outcome.
 *
 * Reading is what could make an answer large without end: when it has reached
 * ANSWER_BYTES, further reads are refused in their entries.
 *
 * FHIR R4 and STU3 3.1.0.11.2; facts: fhir-rest.md 3.
 */
#include "fhir/bundle_int.h"

#include <string.h>

#define ANSWER_BYTES ((size_t)32 << 20)

/* The names of statuses in the service's time, where they are others now. */
static const char *reason_of(int status)
{
	switch (status) {
	case 413: return "Payload Too Large";
	case 422: return "Unprocessable Entity";
	default: return http_reason(status);
	}
}

static const char *status_text(const struct bundle *b,
			       const struct bundle_entry *e,
			       const struct rq *in)
{
	if (e->step == STEP_DELETE && in->status == 200 &&
	    b->wish.answer != RETURN_OUTCOME)
		return "204 No Content";
	return arena_printf(b->scratch, "%d %s", in->status,
			    reason_of(in->status));
}

/* The JSON of the answer, where it has its place in the entry. */
static void add_body(struct jw *w, const char *name, const struct rq *in)
{
	if (in->out.len > 0)
		jw_raw(w, name, in->out.p, in->out.len);
}

/* Is the body of the answer what was asked for? Of a GET, and of an operation
 * or a search by POST, which store nothing. */
static bool is_result(const struct bundle_entry *e, const struct rq *in,
		      const struct store_resource *done)
{
	return in->status == 200 && !in->head &&
	       (e->step == STEP_GET ||
		(e->step == STEP_POST && done->version == 0));
}

static void add_resource(struct jw *w, const struct bundle *b,
			 const struct bundle_entry *e, const struct rq *in,
			 const struct store_resource *done)
{
	if (is_result(e, in, done))
		add_body(w, "resource", in);
	else if (b->representation && e->step != STEP_GET &&
		 e->step != STEP_DELETE && in->status < 300 &&
		 done->version > 0 && done->text)
		jw_raw(w, "resource", done->text, done->text_len);
}

static void add_version(struct jw *w, const struct bundle *b,
			const struct bundle_entry *e,
			const struct store_resource *done)
{
	const struct fhir *f = b->rq->ctx;
	struct arena *a = b->scratch;
	char when[TIME_TEXT];

	if (done->version == 0)
		return;
	if (e->step == STEP_POST || e->step == STEP_PUT)
		jw_str(w, "location",
		       arena_printf(a, "%s/%s/_history/%d", done->type,
				    done->id, done->version));
	jw_str(w, "etag",
	       arena_printf(a,
			    f->record->settings.batch_etag ? "%d" : "W/\"%d\"",
			    done->version));
	record_instant(f->record, when, done->updated_ms);
	jw_str(w, "lastModified", when);
}

static void add_response(struct jw *w, const struct bundle *b,
			 const struct bundle_entry *e, const struct rq *in,
			 const struct store_resource *done)
{
	jw_open(w, "response", '{');
	jw_str(w, "status", status_text(b, e, in));
	if (in->status < 400)
		add_version(w, b, e, done);
	if (in->status >= 400 ||
	    (b->wish.answer == RETURN_OUTCOME && e->step != STEP_GET &&
	     !is_result(e, in, done)))
		add_body(w, "outcome", in);
	jw_close(w);
}

void bundle_answer_entry(struct bundle *b, struct bundle_entry *e,
			 const struct rq *in, const struct store_resource *done)
{
	struct buf out;
	struct jw w = {.b = &out};

	buf_init(&out, b->scratch);
	jw_open(&w, NULL, '{');
	add_resource(&w, b, e, in, done);
	add_response(&w, b, e, in, done);
	jw_close(&w);
	e->answer = arena_strndup(b->rq->arena, out.p, out.len);
	e->answer_len = out.len;
	b->answer_bytes += out.len;
}

bool bundle_too_much(struct bundle *b, struct bundle_entry *e)
{
	if (e->step != STEP_GET || e->refused || b->answer_bytes < ANSWER_BYTES)
		return false;
	return !bundle_refuse(b, e, ERR_TOO_LARGE, NULL,
			      "The answer to this Bundle has become larger "
			      "than %zu bytes: ask for less at a time",
			      ANSWER_BYTES);
}

bool bundle_reply(struct bundle *b)
{
	struct rq *rq = b->rq;
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "resourceType", "Bundle");
	jw_str(&w, "id", fhir_answer_id(rq, "response"));
	jw_str(&w, "type",
	       b->transaction ? "transaction-response" : "batch-response");
	jw_open(&w, "link", '[');
	jw_open(&w, NULL, '{');
	jw_str(&w, "relation", "self");
	jw_str(&w, "url", b->base);
	jw_close(&w);
	jw_close(&w);
	if (b->n > 0) {
		jw_open(&w, "entry", '[');
		for (size_t i = 0; i < b->n; i++)
			jw_raw(&w, NULL, b->v[i].answer, b->v[i].answer_len);
		jw_close(&w);
	}
	jw_close(&w);
	return fhir_reply(rq, &b->wish, 200);
}
