/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's filter: one line of words, as they are typed.
 *
 *	client:app status:4xx citizen:010190-900P type:Observation
 *	path:Observation is:refused kind:tls method:POST rule:KPHR-PROF-0012
 *
 * Each word becomes a parameter of GET /__admin/requests; "path" without a
 * slash in front means anywhere in it, and a word without a colon is such a
 * path. A name that is not in the table goes to the API as it is, which takes
 * it or says what it should have been. A value with spaces stands in quotes.
 */
#include "web/console_int.h"

#include <string.h>

static const struct {
	const char *word, *parameter;
} names[] = {
    {"client", "client_id"},  {"app", "client_id"},
    {"citizen", "hetu"},      {"cert", "certificate"},
    {"rule", "outcome_code"}, {"error", "outcome_code"},
    {"fhir", "fhir_version"},
};

static const char *parameter_of(struct arena *a, const char *word, size_t n)
{
	for (size_t i = 0; i < LEN(names); i++)
		if (strlen(names[i].word) == n &&
		    memcmp(names[i].word, word, n) == 0)
			return names[i].parameter;
	return arena_strndup(a, word, n);
}

static void add(struct buf *b, const char *name, const char *value)
{
	buf_putc(b, '&');
	http_escape(b, name);
	buf_putc(b, '=');
	http_escape(b, value);
}

static void add_path(struct buf *b, const char *value)
{
	if (*value == '/')
		add(b, "path", value);
	else
		add(b, "path", arena_cat(b->arena, "/", value, "/", NULL));
}

/* One word, n bytes long. */
static void add_word(struct buf *b, const char *word, size_t n)
{
	struct arena *a = b->arena;
	const char *colon = memchr(word, ':', n);

	if (!colon || word[0] == '/') {
		add_path(b, arena_strndup(a, word, n));
		return;
	}
	const char *name = parameter_of(a, word, (size_t)(colon - word));
	const char *value =
	    arena_strndup(a, colon + 1, n - (size_t)(colon + 1 - word));
	const size_t len = strlen(value);
	if (len > 1 && value[0] == '"' && value[len - 1] == '"')
		value = arena_strndup(a, value + 1, len - 2);
	if (strcmp(name, "path") == 0)
		add_path(b, value);
	else if (strcmp(name, "is") == 0)
		add(b, value, "true");
	else
		add(b, name, value);
}

/* To the end of a word; what is in quotes belongs to it. */
static size_t word_len(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] != '\0' && (quoted || s[n] != ' '); n++)
		quoted ^= s[n] == '"';
	return n;
}

const char *console_requests_call(struct rq *rq)
{
	const char *filter = text_or_empty(web_query(rq, "q"));
	struct buf b;

	buf_init(&b, rq->arena);
	buf_puts(&b, "/requests?limit=100&order=newest");
	for (size_t n; *(filter += strspn(filter, " ")) != '\0'; filter += n) {
		n = word_len(filter);
		add_word(&b, filter, n);
	}
	return b.p;
}

/* How many requests the journal forgot; nothing for none. */
void console_forgotten(struct console_view *v, const struct json *of)
{
	const char *n = console_said(of, "dropped");

	if (strcmp(n, "0") != 0)
		console_text(v, "forgotten", n);
}

const char *console_status_class(const char *status)
{
	switch (status[0]) {
	case '4': return "badge warn";
	case '2':
	case '3': return "badge good";
	default: return "badge bad";
	}
}

static struct page_values row_of(struct arena *a, const struct json *entry)
{
	const struct page_value whole = console_value(a, "", entry);
	const char *at = text_or_empty(json_get_text(entry, "at"));
	const char *t = strchr(at, 'T');
	const size_t n = whole.row_count == 1 ? whole.rows[0].n : 0;
	struct page_value *v = arena_alloc(a, (n + 2) * sizeof(*v));

	v[0] = (struct page_value){
	    .name = "class",
	    .text = console_status_class(console_said(entry, "status"))};
	v[1] = (struct page_value){
	    .name = "time",
	    .text = t ? arena_strndup(a, t + 1, strcspn(t + 1, "+-Z")) : at};
	if (n > 0)
		memcpy(v + 2, whole.rows[0].v, n * sizeof(*v));
	return (struct page_values){v, n + 2};
}

void console_requests_more(struct console_view *v, const struct json *answer)
{
	struct arena *a = v->rq->arena;
	const struct json *list = json_get(answer, "requests");
	const char *guard = web_of(v->rq)->admin_token;
	const char *q = web_query(v->rq, "q");
	const size_t n = json_count(list);
	struct page_values *row = arena_alloc(a, n * sizeof(*row));
	size_t i = 0;
	struct buf escaped;

	for (const struct json *e = json_first(list); e; e = json_next(e))
		row[i++] = row_of(a, e);
	buf_init(&escaped, a);
	http_escape(&escaped, text_or_empty(q));
	console_text(v, "q", q);
	console_text(v, "q_url", escaped.p);
	console_forgotten(v, answer);
	/* a browser cannot show the token to a stream */
	console_text(v, "stream",
		     guard == NULL || strcmp(guard, "none") == 0
			 ? "/__admin/requests/stream"
			 : "");
	console_rows(v, "rows", n > 0 ? row : NULL, n);
}
