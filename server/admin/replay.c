/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: a request of the journal as it can be sent again: as a line of curl
 * (/requests/:id.curl), or as a file that editors send (/requests/:id.http).
 *
 * What was secret was never kept. In its place stands a variable with the name
 * that the secret had, in capitals: "$CLIENT_SECRET" for the shell,
 * {{CLIENT_SECRET}} in the file; a personal code is $HETU, the bearer's token
 * $TOKEN. What redact.c leaves of each is known by its form.
 *
 * In single quotes the shell takes everything as it stands but for the quote
 * itself, so each variable ends them and begins them again. Headers that a
 * client makes by itself are left out, and so is a body that was not kept
 * whole.
 *
 * Facts: stand-in.md 5.
 */
#include "admin/admin_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define GONE "***"

/* How a variable is written, and what has to be escaped. */
struct form {
	const char *open, *close;
	bool shell;
};

static const struct form curl = {"'\"$", "\"'", true};
static const struct form file = {"{{", "}}", false};

/* How long what stands for a secret is that s begins with; 0: none. */
static size_t mark(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	if (text_begins(s, GONE))
		return strspn(s, "*") == 3 ? 3 : 0;
	if (!text_begins(s, "sha256:") || strspn(s + 7, hex) < 6)
		return 0;
	return 7 + 6;
}

/* A personal code without its end. */
static bool code_at(const char *s)
{
	return strspn(s, "0123456789") == 6 && s[6] != '\0' &&
	       text_begins(s + 7, "****");
}

static void variable(struct buf *out, const struct form *f, const char *name,
		     size_t n)
{
	buf_puts(out, f->open);
	for (size_t i = 0; i < n; i++)
		buf_putc(out, isalnum((unsigned char)name[i])
				  ? (char)toupper((unsigned char)name[i])
				  : '_');
	buf_puts(out, f->close);
}

/* The name that stands before at, behind "=" or "\":\"". */
static void variable_before(struct buf *out, const struct form *f,
			    const char *text, const char *at,
			    const char *otherwise)
{
	const char *end = at, *from;

	while (end > text && strchr("=:\"\\ ", end[-1]))
		end--;
	from = end;
	while (from > text &&
	       (isalnum((unsigned char)from[-1]) || from[-1] == '_'))
		from--;
	if (from == end || end == at)
		variable(out, f, otherwise, strlen(otherwise));
	else
		variable(out, f, from, (size_t)(end - from));
}

/* The text, with variables for what is gone. */
static void put(struct buf *out, const struct form *f, const char *text,
		const char *name)
{
	for (const char *p = text; *p != '\0';) {
		const size_t n = mark(p);

		if (n > 0) {
			variable_before(out, f, text, p, name);
			p += n;
		} else if (code_at(p)) {
			variable(out, f, "hetu", 4);
			p += 11;
		} else if (*p == '\'' && f->shell) {
			buf_puts(out, "'\\''");
			p++;
		} else {
			buf_putc(out, *p++);
		}
	}
}

static void put_url(struct buf *out, const struct form *f, const struct rq *rq,
		    const struct seen *s)
{
	struct buf path;

	buf_init(&path, rq->arena);
	for (const char *p = s->path; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || strchr("-._~/%$:@!,;=*", *p))
			buf_putc(&path, *p);
		else
			buf_printf(&path, "%%%02X", (unsigned char)*p);
	buf_puts(out, rq->origin);
	put(out, f, path.p, "value");
	if (*s->query != '\0') {
		buf_putc(out, '?');
		put(out, f, s->query, "value");
	}
}

/* Made by whoever sends the request. */
static bool by_itself(const char *name)
{
	static const char *const names[] = {"Host",	  "Content-Length",
					    "Connection", "Accept-Encoding",
					    "Expect",	  "Transfer-Encoding",
					    "User-Agent", "Content-Encoding",
					    "Referer",	  "Origin"};

	for (size_t i = 0; i < LEN(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void put_client(struct buf *out, const struct form *f,
		       const struct seen *s)
{
	if (*s->client_id != '\0')
		put(out, f, s->client_id, "client_id");
	else
		variable(out, f, "client_id", 9);
}

static void put_header(struct buf *out, const struct form *f,
		       const struct seen *s, const struct http_pair *h)
{
	const bool who = strcasecmp(h->name, "Authorization") == 0;

	if (who && f->shell && text_begins(h->value, "Basic ")) {
		buf_printf(out, " \\\n  -u '");
		put_client(out, f, s);
		buf_puts(out, ":'\"$CLIENT_SECRET\"");
		return;
	}
	buf_puts(out, f->shell ? " \\\n  -H '" : "");
	put(out, f, h->name, "name");
	buf_puts(out, ": ");
	if (who && text_begins(h->value, "Bearer ")) {
		buf_puts(out, "Bearer ");
		variable(out, f, "token", 5);
	} else if (who && text_begins(h->value, "Basic ")) {
		buf_puts(out, "Basic ");
		put_client(out, f, s);
		buf_puts(out, " ");
		variable(out, f, "client_secret", 13);
	} else {
		put(out, f, h->value, h->name);
	}
	buf_puts(out, f->shell ? "'" : "\n");
}

static void put_headers(struct buf *out, const struct form *f,
			const struct seen *s)
{
	struct http_pair h;

	for (size_t i = 0; s->header_at(s, false, i, &h); i++)
		if (!by_itself(h.name))
			put_header(out, f, s, &h);
}

static bool whole(const struct seen *s)
{
	return s->body_len > 0 && s->body_bytes <= JOURNAL_BODY;
}

/* Any client may have invented it, and a pipe may stand in it. */
static void put_method(struct buf *out, const char *method)
{
	const bool plain =
	    strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method);

	buf_puts(out, plain ? "-X " : "-X '");
	put(out, &curl, method, "method");
	buf_puts(out, plain ? " " : "' ");
}

static void write_curl(struct buf *out, const struct rq *rq,
		       const struct seen *s)
{
	if (s->body_bytes > 0 && !whole(s))
		buf_printf(out, "# its body of %zu bytes was not kept whole\n",
			   s->body_bytes);
	buf_puts(out, "curl -i ");
	if (strcmp(s->method, "HEAD") == 0)
		buf_puts(out, "-I ");
	else if (strcmp(s->method, "GET") != 0 || s->body_bytes > 0)
		put_method(out, s->method);
	buf_putc(out, '\'');
	put_url(out, &curl, rq, s);
	buf_putc(out, '\'');
	put_headers(out, &curl, s);
	if (whole(s)) {
		buf_puts(out, " \\\n  --data-binary '");
		put(out, &curl, s->body, "value");
		buf_putc(out, '\'');
	}
	buf_putc(out, '\n');
}

static void write_file(struct buf *out, const struct rq *rq,
		       const struct seen *s)
{
	buf_printf(out, "### %s: %d\n", s->id, s->status);
	if (s->body_bytes > 0 && !whole(s))
		buf_printf(out, "# its body of %zu bytes was not kept whole\n",
			   s->body_bytes);
	buf_printf(out, "%s ", s->method);
	put_url(out, &file, rq, s);
	buf_puts(out, " HTTP/1.1\n");
	put_headers(out, &file, s);
	if (whole(s)) {
		buf_putc(out, '\n');
		put(out, &file, s->body, "value");
	}
	buf_putc(out, '\n');
}

bool replay(struct rq *rq, const struct seen *s, const char *as)
{
	if (s->alert != 0)
		return err_set(&rq->err, ERR_CONFLICT, "no_request", "/id",
			       "This is a handshake that was refused: there "
			       "is no request to be sent again.");
	rq_header(rq, "Cache-Control", "no-store");
	if (strcmp(as, ".curl") == 0)
		write_curl(&rq->out, rq, s);
	else
		write_file(&rq->out, rq, s);
	return rq_reply(rq, 200, "text/plain; charset=utf-8");
}
