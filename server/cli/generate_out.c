/* SPDX-License-Identifier: Apache-2.0
 *
 * What is generated, as text on standard output.
 *
 *	ndjson	a resource a line; a mutant with what it breaks beside it:
 *		{"resource":{...},"valid":false,"rule":...,"key":...,"path":...,
 *		"what":...,"profile":...}
 *	json	the same as one list
 *	list	in place of a mutant, a line that says what it would be
 *	bundle	a transaction: every entry is a POST that happens once, however
 *		often the Bundle is sent (ifNoneExist by the identifier)
 *
 * Texts are gathered and written in large pieces, short writes are gone on
 * with, and a full disk or a reader that has gone away is noticed and told.
 */
#include "cli/cli_int.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)256 << 10)

void sink_start(struct sink *s, struct arena *a, const char *format)
{
	*s = (struct sink){.format = format};
	buf_init(&s->b, a);
	if (strcmp(format, "json") == 0)
		buf_puts(&s->b, "[");
	if (strcmp(format, "bundle") == 0)
		buf_puts(&s->b, "{\"resourceType\":\"Bundle\","
				"\"type\":\"transaction\"");
}

/* ---- entries ------------------------------------------------------------ */

static void add_mutant(struct buf *b, const struct generated *g)
{
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	jw_raw(&w, "resource", g->text, g->len);
	jw_bool(&w, "valid", false);
	jw_str(&w, "rule", g->mutation->rule);
	jw_str(&w, "key", g->mutation->key);
	jw_str(&w, "path", g->mutation->path);
	jw_str(&w, "what", g->mutation->what);
	jw_str(&w, "profile", g->plan->profile);
	jw_close(&w);
}

/* Of --invalid list: what there is, in columns. */
static void add_row(struct buf *b, const struct generated *g)
{
	const struct generate_mutation *m = g->mutation;
	const char *name = strrchr(g->plan->profile, '/');

	buf_printf(b, "%-34s %s %-7s %-5s %-50s %s%s%s%s\n",
		   name ? name + 1 : g->plan->profile, m->rule,
		   m->key ? m->key : "-", m->apart ? "apart" : "all", m->path,
		   m->what, m->apart ? " (apart: " : "",
		   m->apart ? m->apart : "", m->apart ? ")" : "");
}

static void add_plain(struct buf *b, const struct generated *g)
{
	if (g->mutation)
		add_mutant(b, g);
	else
		buf_add(b, g->text, g->len);
}

static void add_entry(struct buf *b, const struct generated *g, size_t i)
{
	char text[128], uuid[UUID_TEXT];
	struct jw w = {.b = b};

	/* what has no identifier has no name but its place */
	snprintf(text, sizeof(text), "%s %zu", g->citizen->hetu, i);
	generate_uuid(uuid, text);
	snprintf(text, sizeof(text), "urn:uuid:%s", *g->uuid ? g->uuid : uuid);
	jw_open(&w, NULL, '{');
	jw_str(&w, "fullUrl", text);
	jw_raw(&w, "resource", g->text, g->len);
	jw_open(&w, "request", '{');
	jw_str(&w, "method", "POST");
	jw_str(&w, "url", g->plan->type);
	snprintf(text, sizeof(text), "identifier=urn:ietf:rfc:3986|urn:uuid:%s",
		 g->uuid);
	jw_str(&w, "ifNoneExist", *g->uuid ? text : NULL);
	jw_close(&w);
	jw_close(&w);
}

/* ---- writing ------------------------------------------------------------ */

static bool flush(struct sink *s)
{
	size_t done = 0;

	while (done < s->b.len && s->error == 0) {
		const ssize_t n = write(1, s->b.p + done, s->b.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			s->error = errno;
	}
	s->b.len = 0;
	return s->error == 0;
}

bool sink_add(struct sink *s, const struct generated *g)
{
	if (*s->format == 'b') {
		buf_puts(&s->b, s->n ? ",\n" : ",\"entry\":[\n");
		add_entry(&s->b, g, s->n);
	} else if (*s->format == 'l') {
		add_row(&s->b, g);
	} else if (*s->format == 'j') {
		buf_puts(&s->b, s->n ? ",\n" : "\n");
		add_plain(&s->b, g);
	} else {
		add_plain(&s->b, g);
		buf_putc(&s->b, '\n');
	}
	s->n++;
	return s->b.len < PIECE_BYTES || flush(s);
}

bool sink_end(struct sink *s)
{
	if (*s->format == 'b')
		buf_puts(&s->b, s->n ? "\n]}\n" : "}\n");
	if (*s->format == 'j')
		buf_puts(&s->b, s->n ? "\n]\n" : "]\n");
	return flush(s);
}
