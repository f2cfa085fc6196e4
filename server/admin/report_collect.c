/* SPDX-License-Identifier: Apache-2.0
 *
 * The report, made: one pass over the journal, in which each entry is judged,
 * looked at for habits, and counted for coverage.
 *
 * What is needed of an entry for a moment (its body and answer, parsed) is in a
 * scratch arena that is cleared behind it; what the report says is in the
 * report's own. So a journal of ten thousand entries costs the time to parse
 * it, and memory for what it is about.
 *
 * Facts: stand-in.md 11.
 */
#include "admin/report_int.h"

/* ---- tables that grow ---- */

/* Room for one more of the n elements of so many bytes at v. */
static void *room(struct arena *a, void *v, size_t n, size_t *cap, size_t bytes)
{
	void *more;

	if (n < *cap)
		return v;
	*cap = *cap == 0 ? 16 : *cap * 2;
	more = arena_alloc(a, *cap * bytes);
	if (n > 0)
		memcpy(more, v, n * bytes);
	return more;
}

struct report_client *report_client(struct report *r, const char *client_id)
{
	struct store_client known;
	struct report_client *c;

	for (size_t i = r->clients; i > 0; i--)
		if (strcmp(r->client[i - 1]->client_id, client_id) == 0)
			return r->client[i - 1];
	c = arena_alloc(r->arena, sizeof(*c));
	c->client_id = arena_strdup(r->arena, client_id);
	c->name = "";
	report_words_init(&c->agents, r->arena);
	if (r->record && *client_id &&
	    store_client_find(r->record->store, r->arena, client_id, &known))
		c->name = text_or_empty(known.name);
	r->client = room(r->arena, r->client, r->clients, &r->client_cap,
			 sizeof(struct report_client *));
	r->client[r->clients++] = c;
	return c;
}

/* ---- evidence ---- */

const char *report_evidence_text(struct arena *a, const struct seen *s)
{
	struct buf b;

	buf_init(&b, a);
	buf_printf(&b, "%lld\n%s\n%lld\n%s\n%s\n%s\n%d\n%s\n",
		   (long long)s->seq, s->id, (long long)s->at_ms,
		   text_or_empty(s->method), text_or_empty(s->path),
		   text_or_empty(s->query), s->status, text_or_empty(s->fault));
	buf_add(&b, text_or_empty(s->body), s->body ? s->body_len : 0);
	buf_putc(&b, '\n');
	buf_add(&b, text_or_empty(s->answer), s->answer ? s->answer_len : 0);
	return b.p;
}

static size_t evidence(struct report *r, const struct seen *s)
{
	struct report_evidence *e;
	char when[TIME_TEXT];
	const char *text;

	for (size_t i = r->evidences; i > 0; i--)
		if (r->evidence[i - 1].seq == s->seq)
			return i - 1;
	r->evidence = room(r->arena, r->evidence, r->evidences,
			   &r->evidence_cap, sizeof(*e));
	e = &r->evidence[r->evidences];
	time_finnish(when, s->at_ms);
	*e = (struct report_evidence){
	    .seq = s->seq,
	    .id = arena_strdup(r->arena, s->id),
	    .at = arena_strdup(r->arena, when),
	    .method = arena_strdup(r->arena, text_or_empty(s->method)),
	    .path = arena_strdup(r->arena, text_or_empty(s->path)),
	    .query = arena_strdup(r->arena, text_or_empty(s->query)),
	    .fault = arena_strdup(r->arena, text_or_empty(s->fault)),
	    .status = s->status,
	};
	text = report_evidence_text(r->scratch, s);
	jose_digest(e->digest, text, strlen(text));
	return r->evidences++;
}

void report_cite(struct report *r, struct report_cited *c, const struct seen *s)
{
	struct seen whole = *s;
	size_t i;

	if (c->n == REPORT_CITED)
		return;
	/* an entry of a batch is evidence as the batch that it came in */
	if (r->journal->at(r->journal->of, r->now, &whole) &&
	    whole.seq == s->seq)
		s = &whole;
	i = evidence(r, s);
	if (c->n == 0 || c->of[c->n - 1] != i)
		c->of[c->n++] = i;
}

/* ---- the pass ---- */

static void see(struct report *r, struct arena *scratch,
		const struct report_event *e)
{
	report_judge(r, scratch, e);
	report_cover(r, scratch, e);
	report_habits(r, scratch, e);
}

static bool is_wanted(const struct report_wanted *w, const struct seen *s)
{
	return (!w->patient || text_same(w->patient, s->patient) ||
		*text_or_empty(s->patient) == '\0') &&
	       s->seq > w->since && s->at_ms >= w->since_ms &&
	       !text_is(s->kind, "control");
}

/* Of the application that was asked for? What browsers send to pages, and
 * handshakes, are nobody's. */
static bool is_others(const struct report_wanted *w, const struct seen *s)
{
	return (w->client_id && !text_is(s->client_id, w->client_id)) ||
	       (w->patient && !text_is(s->patient, w->patient) &&
		text_is(s->endpoint, "fhir"));
}

static void add_entry(struct report *r, const struct seen *s)
{
	const bool others = is_others(&r->wanted, s);

	if (!others) {
		if (r->entries++ == 0)
			r->first = s->seq;
		r->last = s->seq;
		if (*text_or_empty(s->patient))
			report_words_add(&r->met_patient, s->patient);
	}
	report_events(r, r->scratch, s, others, see);
	arena_clear(r->scratch);
}

void report_make(struct report *r, const struct report_journal *j)
{
	struct seen s;

	r->journal = j;
	r->dropped = j->dropped;
	r->complete = j->dropped == 0;
	for (int i = 0; i < USEDS; i++)
		report_words_init(&r->used[i], r->arena);
	report_words_init(&r->met_resource, r->arena);
	report_words_init(&r->met_patient, r->arena);
	r->scratch = arena_new(256u << 10);
	report_subjects(r);
	report_cells(r);
	for (r->now = 0; j->at(j->of, r->now, &s); r->now++)
		if (is_wanted(&r->wanted, &s))
			add_entry(r, &s);
	report_habits_end(r, j);
	report_verdicts(r);
	for (int i = 0; i < USEDS; i++)
		report_words_sort(&r->used[i]);
	arena_free(r->scratch);
	r->scratch = NULL;
}
